"""Which runs lie in a folder, and which are only what a killed program left behind? (folder -> one entry each)

A run or an ensemble is whole when it has its manifest, which is written last, and every file that the manifest lists. A
hidden folder without its final name is what was cut off; it is never taken for a run.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polynya.errors import PolynyaError
from polynya.results.folder import altered, read_manifest

STALE_S = 3600.0  # a hidden folder that nobody has touched for so long belongs to nobody any more
LEDGER = "ledger"


@dataclass(frozen=True, slots=True)
class Entry:
    """One folder: state is whole, incomplete (files of the manifest are missing), or cut_off."""

    folder: str
    kind: str
    state: str
    scenario: str = ""

    def as_json(self) -> dict[str, Any]:
        """The entry as a JSON object."""
        return {"folder": self.folder, "kind": self.kind, "state": self.state, "scenario": self.scenario}


def listing(root: Path) -> list[Entry]:
    """Every run, ensemble and remnant directly below a folder, by name."""
    found = []
    for path in sorted(p for p in root.iterdir() if p.is_dir() and p.name != LEDGER):
        if path.name.startswith("."):
            found.append(Entry(str(path), "", "cut_off"))
            continue
        try:
            manifest = read_manifest(path)
        except PolynyaError:
            continue  # some other folder
        kind = str(manifest.get("schema", "")).removeprefix("polynya.").partition("/")[0]
        whole = all((path / name).is_file() for name in manifest["files"])
        scenario = manifest.get("scenario")
        name = scenario.get("id", "") if isinstance(scenario, dict) else scenario or ""
        found.append(Entry(str(path), kind, "whole" if whole else "incomplete", str(name)))
    return found


def altered_files(entry: Entry) -> list[str]:
    """Files of a whole run that are not as they were written."""
    folder = Path(entry.folder)
    return altered(folder, read_manifest(folder))


def sweep(root: Path) -> list[str]:
    """Remove what was cut off more than an hour ago. Returns the removed folders."""
    gone = []
    for entry in listing(root):
        path = Path(entry.folder)
        if entry.state == "cut_off" and time.time() - path.stat().st_mtime > STALE_S:
            shutil.rmtree(path, ignore_errors=True)
            gone.append(entry.folder)
    return gone
