"""What holds for both bundles, the report's and the app's: built from these sources, unaltered, loading nothing."""

from __future__ import annotations

import hashlib
import json
import re
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path

import pytest

WEB = Path(__file__).resolve().parents[1] / "web"
needs_web = pytest.mark.skipif(not WEB.is_dir(), reason="a wheel has no web/")
NAMES = {
    "http://www.w3.org/2000/svg",
    "http://www.w3.org/1999/xhtml",
    "http://www.w3.org/1999/xlink",
    "http://www.w3.org/XML/1998/namespace",
    "http://www.w3.org/2000/xmlns/",
}
WAYS_OUT = (
    "XMLHttpRequest",
    "WebSocket",
    "importScripts",
    "sendBeacon",
    "@import",
    "url(",
    "eval(",
    "innerHTML",
)


def bundle_of(package: str) -> Traversable:
    """The folder of a package's bundle."""
    return files(package).joinpath("bundle")


def built(bundle: Traversable) -> dict[str, str]:
    """What the bundle says it was built from."""
    noted: dict[str, str] = json.loads(bundle.joinpath("built.json").read_text(encoding="utf-8"))
    return noted


def source_sum(*folders: str) -> str:
    """sha256 over name and content of every source, in the order of the names; the same sum as web/bundle.mjs."""
    tools = ("build.mjs", "bundle.mjs", "package-lock.json")
    total = hashlib.sha256()
    for name in sorted([*tools, *(f"{f}/{p.name}" for f in folders for p in (WEB / f).iterdir())]):
        total.update(name.encode() + b"\0" + (WEB / name).read_bytes() + b"\0")
    return total.hexdigest()


def require_unaltered(bundle: Traversable, name: str) -> None:
    """The file is the one that was built."""
    assert hashlib.sha256(bundle.joinpath(name).read_bytes()).hexdigest() == built(bundle)[name]


def require_shut(bundle: Traversable, name: str, fetches: int) -> None:
    """The file names no address and has no way out but so many places that ask its own server."""
    code = re.sub(r"/\*.*?\*/", "", bundle.joinpath(name).read_text(encoding="utf-8"), count=1, flags=re.S)
    # the licences at its head name addresses
    assert set(re.findall(r"https?://[\w./-]*", code)) <= NAMES
    assert code.count("fetch(") <= fetches
    for way_out in WAYS_OUT:
        assert way_out not in code, way_out
