"""The committed bundle is what web/ makes: a change there without `make web` is noticed here, without Node.js."""

from __future__ import annotations

import hashlib
import json
import re
from importlib.resources import files
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[2] / "web"
BUNDLE = files("polynya.report").joinpath("bundle")


def built() -> dict[str, str]:
    return json.loads(BUNDLE.joinpath("built.json").read_text(encoding="utf-8"))


@pytest.mark.skipif(not WEB.is_dir(), reason="a wheel has no web/")
def test_the_bundle_was_built_from_these_sources() -> None:
    names = sorted([*(f"src/{p.name}" for p in (WEB / "src").iterdir()), "build.mjs", "package-lock.json"])
    total = hashlib.sha256()
    for name in names:
        total.update(name.encode() + b"\0" + (WEB / name).read_bytes() + b"\0")
    assert total.hexdigest() == built()["sources"], "run `make web`"


@pytest.mark.parametrize("name", ["report.js", "report.css"])
def test_the_bundle_is_as_it_was_built(name: str) -> None:
    assert hashlib.sha256(BUNDLE.joinpath(name).read_bytes()).hexdigest() == built()[name]


@pytest.mark.parametrize("name", ["report.js", "report.css"])
def test_the_bundle_loads_nothing(name: str) -> None:
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
    for way_out in (
        "fetch(",
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


def test_the_bundle_names_the_licences_of_its_parts() -> None:
    head = BUNDLE.joinpath("report.js").read_text(encoding="utf-8").split("*/", 1)[0]
    for part in ("d3-geo", "d3-sankey", "d3-scale", "d3-shape", "topojson-client", "world-atlas"):
        assert part in head


@pytest.mark.skipif(not WEB.is_dir(), reason="a wheel has no web/")
def test_the_lock_names_no_place_to_download_from() -> None:
    assert "resolved" not in (WEB / "package-lock.json").read_text(encoding="utf-8")
