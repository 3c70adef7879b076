"""Which folders below the runs folder are runs, and which files of theirs may be read?

A run is a folder with a plain name and a manifest, no link. Whatever is named from outside (a run, a table, a saved
scenario) is matched against a plain pattern first and must resolve to a place inside, links followed. Half-made runs have
no manifest, or lie in hidden folders: neither is ever listed.

    RUNS/NAME/                   a run
    RUNS/scenarios/NAME/         a scenario saved by the app: scenario.yaml, and its ledger
    RUNS/ledger/                 solved worlds of ensembles, the same that `polynya ensemble --out RUNS/NAME` uses
    RUNS/.polynya/               the app's own: catalogue, lock, and one folder a job
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from polynya.errors import InputError, NotFoundError, did_you_mean
from polynya.results.folder import Run

NAME = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]{0,118}[A-Za-z0-9_-])?")
NAME_PATTERN = rf"^{NAME.pattern}$"
SCENARIOS = "scenarios"
LEDGER = "ledger"
OWN = ".polynya"
RESERVED = {SCENARIOS, LEDGER}


class RunsFolder:
    """The runs folder and what may be reached in it."""

    def __init__(self, root: Path) -> None:
        root.mkdir(parents=True, exist_ok=True)
        self.root = root.resolve(strict=True)
        self.own = self._made(OWN)
        self.jobs = self._made(f"{OWN}/jobs")
        self.scenarios = self._made(SCENARIOS)

    def _made(self, name: str) -> Path:
        path = self.root / name
        path.mkdir(exist_ok=True)
        if path.is_symlink() or not path.is_dir():
            raise InputError(f"{path} must be a folder, not a link")
        return path

    def ledger(self) -> Path:
        """Where solved worlds of ensembles are kept; made when it is missing. Raises InputError when it is a link."""
        return self._made(LEDGER)

    def names(self) -> Iterator[str]:
        """Names of the runs, in order."""
        for path in sorted(self.root.iterdir()):
            if path.name not in RESERVED and NAME.fullmatch(path.name) and _is_run(path):
                yield path.name

    def run(self, name: str) -> Run:
        """A run by its name. Raises NotFoundError."""
        if not NAME.fullmatch(name) or name in RESERVED or not _is_run(self.root / name):
            raise NotFoundError(f'there is no run "{name[:120]}".', fix=did_you_mean(name, self.names()))
        return Run(self.root / name)

    def file(self, run: Run, name: str) -> Path:
        """A file of a run; `name` comes from the program. Raises NotFoundError when it is missing or leads elsewhere."""
        path = run.folder / name
        try:
            inside = path.resolve(strict=True).is_relative_to(run.folder.resolve(strict=True))
        except (OSError, RuntimeError):
            inside = False
        if not inside or not path.is_file():
            raise NotFoundError(f"the run {run.folder.name} has no {name}.")
        return path

    def saved(self) -> Iterator[str]:
        """Names of the saved scenarios."""
        for path in sorted(self.scenarios.iterdir()):
            if NAME.fullmatch(path.name) and _holds(path, "scenario.yaml"):
                yield path.name

    def saved_scenario(self, name: str) -> Path:
        """The folder of a saved scenario. Raises NotFoundError."""
        if not NAME.fullmatch(name) or not _holds(self.scenarios / name, "scenario.yaml"):
            raise NotFoundError(f'there is no saved scenario "{name[:120]}".', fix=did_you_mean(name, self.saved()))
        return self.scenarios / name


def _holds(folder: Path, name: str) -> bool:
    path = folder / name
    return folder.is_dir() and not folder.is_symlink() and path.is_file() and not path.is_symlink()


def _is_run(folder: Path) -> bool:
    return _holds(folder, "manifest.json")
