"""The bill of materials names every pinned package with its hashes; an audit that reached nothing never says clean."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import audit  # noqa: E402
import sbom  # noqa: E402


def test_every_pin_of_the_lock_is_a_component_with_hashes() -> None:
    pins = set(re.findall(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", (ROOT / "requirements.lock").read_text(), re.MULTILINE))
    parts = [c for c in sbom.bom()["components"] if c["purl"].startswith("pkg:pypi/")]
    assert {(c["name"], c["version"]) for c in parts} == pins
    assert all(any(p["name"] == "polynya:lock:sha256" for p in c["properties"]) for c in parts)


def test_the_browser_bundles_packages_are_named_with_licence_and_hash() -> None:
    parts = {c["name"]: c for c in sbom.bom()["components"] if c["purl"].startswith("pkg:npm/")}
    assert parts["d3-geo"]["licenses"] == [{"license": {"name": "ISC"}}]
    assert all(len(h["content"]) == 128 for c in parts.values() for h in c["hashes"])


def test_two_runs_give_the_same_bytes() -> None:
    one, two = (
        subprocess.run([sys.executable, str(ROOT / "tools" / "sbom.py")], capture_output=True, check=True).stdout
        for _ in range(2)
    )
    assert one == two
    assert json.loads(one)["specVersion"] == "1.6"


def test_a_pin_without_a_hash_is_refused() -> None:
    with pytest.raises(ValueError, match="without a hash: numpy"):
        sbom.locked("numpy==2.0.0\n")
    with pytest.raises(ValueError, match="no pinned package"):
        sbom.locked("numpy>=2\n")


@pytest.mark.parametrize(
    ("output", "complaint", "code", "words"),
    [
        ('{"dependencies": [{"name": "a", "version": "1", "vulns": []}]}', "", 0, "clean"),
        (
            '{"dependencies": [{"name": "a", "version": "1", "vulns": [{"id": "PYSEC-1", "fix_versions": ["2"]}]}]}',
            "",
            1,
            "PYSEC-1, fixed in 2",
        ),
        ('{"dependencies": [{"name": "a", "skip_reason": "not found on the index"}]}', "", 4, "not audited: 1 of 1"),
        ('{"dependencies": []}', "", 4, "not audited"),
        ("", "ERROR: no connection", 4, "not audited: ERROR: no connection"),
    ],
)
def test_what_was_not_audited_is_never_called_clean(output: str, complaint: str, code: int, words: str) -> None:
    found, text = audit.verdict(output, complaint)
    assert found == code
    assert words in text
    assert (found == 0) == text.startswith("clean")
