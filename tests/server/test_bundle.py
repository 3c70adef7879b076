"""The committed bundle of the app is what web/app makes, loads nothing from elsewhere, and trusts no text."""

from __future__ import annotations

import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[2] / "web"
BUNDLE = files("polynya.server").joinpath("bundle")


def built() -> dict[str, str]:
    return json.loads(BUNDLE.joinpath("built.json").read_text(encoding="utf-8"))


@pytest.mark.skipif(not WEB.is_dir(), reason="a wheel has no web/")
def test_the_bundle_was_built_from_these_sources() -> None:
    """Of web/app alone: modules shared with the report are held by tests/report/test_bundle.py."""
    total = hashlib.sha256()
    for path in sorted((WEB / "app").iterdir()):
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    assert total.hexdigest() == built()["sources"], "run `make web`"


@pytest.mark.parametrize("name", ["app.js", "app.css"])
def test_the_bundle_is_as_it_was_built(name: str) -> None:
    assert hashlib.sha256(BUNDLE.joinpath(name).read_bytes()).hexdigest() == built()[name]


@pytest.mark.parametrize("name", ["app.js", "app.css"])
def test_the_bundle_reaches_nothing_but_its_own_server(name: str) -> None:
    text = BUNDLE.joinpath(name).read_text(encoding="utf-8")
    code = re.sub(r"/\*.*?\*/", "", text, count=1, flags=re.S)  # the licences at its head name addresses
    addresses = set(re.findall(r"https?://[\w./-]*", code))
    assert addresses <= {
        "http://www.w3.org/2000/svg",
        "http://www.w3.org/1999/xhtml",
        "http://www.w3.org/1999/xlink",
        "http://www.w3.org/XML/1998/namespace",
        "http://www.w3.org/2000/xmlns/",
    }
    assert code.count("fetch(") <= 1, "one place asks the server"
    for way_out in (
        "XMLHttpRequest",
        "WebSocket",
        "importScripts",
        "sendBeacon",
        "@import",
        "url(",
        "eval(",
        "innerHTML",
    ):
        assert way_out not in code, way_out
