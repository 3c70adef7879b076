"""What is this program made of? (lock files -> a CycloneDX 1.6 JSON on stdout)

    python tools/sbom.py > build/sbom.cdx.json        or: make sbom

Components: every package of requirements.lock with its pinned version, the hashes that an installation may have and its
environment marker, with the licence that the installed package names where it is installed; and what the browser bundle
holds (web/package-lock.json). Equal lock files give equal bytes: no clock, no machine.
"""

from __future__ import annotations

import base64
import json
import re
import sys
import tomllib
import uuid
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
LOCK, WEB, PROJECT = ROOT / "requirements.lock", ROOT / "web" / "package-lock.json", ROOT / "pyproject.toml"
BUILD_ONLY = ("axe-core", "commander", "esbuild", "playwright-core")  # they make or test the bundle and are not in it
_PIN = re.compile(
    r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)\s*(?:;\s*(?P<marker>[^\\]+?))?\s*\\?$"
)
_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")


def locked(text: str) -> list[dict[str, Any]]:
    """name, version, marker, hashes of every pin. Raises ValueError for a line that is none."""
    found: list[dict[str, Any]] = []
    for number, line in enumerate(text.splitlines(), start=1):
        stripped = line.strip()
        if not stripped or stripped.startswith("#"):
            continue
        if stripped.startswith("--hash="):
            found[-1]["hashes"] += _HASH.findall(stripped)
            continue
        match = _PIN.match(stripped)
        if not match:
            raise ValueError(f"line {number} is no pinned package: {stripped}")
        found.append({**match.groupdict(), "hashes": []})
    bare = [p["name"] for p in found if not p["hashes"]]
    if bare:
        raise ValueError(f"without a hash: {', '.join(bare)}")
    return found


def python_component(pin: dict[str, Any]) -> dict[str, Any]:
    """One package of the lock."""
    component: dict[str, Any] = {
        "type": "library",
        "bom-ref": f"pkg:pypi/{pin['name'].lower()}@{pin['version']}",
        "name": pin["name"],
        "version": pin["version"],
        "purl": f"pkg:pypi/{pin['name'].lower()}@{pin['version']}",
    }
    licence = licence_of(pin["name"], pin["version"])
    if licence:
        component["licenses"] = [{"license": {"name": licence}}]
    # several files of one release may be installed; each hash is one of them
    properties = [{"name": "polynya:lock:sha256", "value": h} for h in sorted(pin["hashes"])]
    if pin["marker"]:
        properties.insert(0, {"name": "polynya:lock:marker", "value": pin["marker"].strip()})
    component["properties"] = properties
    return component


def licence_of(name: str, version: str) -> str:
    """What the installed package of this version says of its licence; blank when it is not installed or says nothing."""
    try:
        found = metadata(name)
    except PackageNotFoundError:
        return ""
    if found["Version"] != version:
        return ""
    named = found.get("License-Expression") or found.get("License") or ""
    if not named or len(named) > 80:
        classified = [c.rpartition(" :: ")[2] for c in found.get_all("Classifier") or [] if c.startswith("License ::")]
        named = " AND ".join(classified) or named[:80]
    return named.splitlines()[0].strip() if named else ""


def web_components(document: dict[str, Any]) -> list[dict[str, Any]]:
    """What the browser bundle is built from, build tools left out."""
    found = []
    for path, package in document["packages"].items():
        name = path.rpartition("node_modules/")[2]
        if not name or name in BUILD_ONLY or name.startswith("@esbuild/"):
            continue
        version = package["version"]
        purl = f"pkg:npm/{name.replace('@', '%40', 1)}@{version}"
        component: dict[str, Any] = {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}
        if package.get("license"):
            component["licenses"] = [{"license": {"name": package["license"]}}]
        if str(package.get("integrity", "")).startswith("sha512-"):
            content = base64.b64decode(package["integrity"].removeprefix("sha512-")).hex()
            component["hashes"] = [{"alg": "SHA-512", "content": content}]
        found.append(component)
    return found


def bom() -> dict[str, Any]:
    """The whole document."""
    lock, web = LOCK.read_text(encoding="utf-8"), WEB.read_text(encoding="utf-8")
    project = tomllib.loads(PROJECT.read_text(encoding="utf-8"))["project"]
    components = [python_component(p) for p in locked(lock)] + web_components(json.loads(web))
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, lock + web)}",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": "polynya",
                "name": "polynya",
                "version": project["version"],
                "licenses": [{"license": {"id": project["license"]}}],
            }
        },
        "components": sorted(components, key=lambda c: c["bom-ref"]),
    }


if __name__ == "__main__":
    json.dump(bom(), sys.stdout, indent=1, sort_keys=True)
    sys.stdout.write("\n")
