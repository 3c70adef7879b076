"""How is a run kept? (frames and documents -> an immutable folder that appears whole or not at all)

    DIR/manifest.json      what was run on what, hashes of every file, the certificate
    DIR/timings.json       wall times; outside all hashes
    DIR/inputs/            the scenario and its ledger as they were read
    DIR/problem/CASE/      the market problem as a folder of CSV files; readable by `polynya market solve`
    DIR/answer/CASE/       the solver's answer, one Parquet file a table
    DIR/tables/            results in the user's terms, both cases in one table each
    DIR/summary.json, DIR/report.html

Everything is written to a hidden sibling folder, synced, and renamed: a killed run leaves no half folder.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from polynya.errors import InputError, NotFoundError, StorageError, UsageError, did_you_mean

if TYPE_CHECKING:
    from polynya.results.notebook import Plots

SCHEMA = "polynya.run/1"
UNHASHED = ("manifest.json", "timings.json")


def require_free(folder: Path) -> None:
    """Raises UsageError unless the folder can become a run: it does not exist, or is an empty folder."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists and is not empty; a run is never overwritten.", fix="Choose another --out.")


def free(wanted: Path) -> Path:
    """The wanted folder, or the first of its name with a number that does not exist."""
    if not wanted.exists():
        return wanted
    n = 2
    while (candidate := wanted.with_name(f"{wanted.name}-{n}")).exists():
        n += 1
    return candidate


@contextmanager
def hold(target: Path) -> Iterator[Path]:
    """A hidden sibling folder to write into; it becomes `target` when the block ends well, and is gone otherwise."""
    require_free(target)
    target.parent.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
    try:
        yield folder
        folder.chmod(0o755)  # mkdtemp made it private
        if target.exists():
            target.rmdir()
        folder.rename(target)
    except OSError as error:
        raise StorageError.of(error, target) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class RunWriter:
    """Collects a run in a temporary folder; `finish` puts it in place in one step."""

    def __init__(self, target: Path) -> None:
        require_free(target)
        self.target = target
        target.parent.mkdir(parents=True, exist_ok=True)
        self.folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))

    def __enter__(self) -> RunWriter:
        return self

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        if isinstance(error, OSError):
            raise StorageError.of(error, self.target) from None

    def path(self, name: str) -> Path:
        """Where a file of the run is written; its folder exists."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path

    def text(self, name: str, content: str) -> None:
        """Write a text file."""
        self.path(name).write_text(content, encoding="utf-8")

    def json(self, name: str, document: Any) -> None:
        """Write a JSON document: sorted keys, no NaN."""
        self.text(name, json.dumps(document, ensure_ascii=False, allow_nan=False, sort_keys=True, indent=1) + "\n")

    def frame(self, name: str, frame: pl.DataFrame) -> None:
        """Write a table as Parquet."""
        whole = io.BytesIO()  # a full disk is then an OSError like any other
        frame.write_parquet(whole, compression="zstd", statistics=False)
        self.path(name + ".parquet").write_bytes(whole.getvalue())

    def finish(self, manifest: Mapping[str, Any], timings: Mapping[str, float]) -> Path:
        """Write timings and manifest with the hash of every file, sync, and move into place."""
        self.json("timings.json", dict(timings))
        self.json("manifest.json", {"schema": SCHEMA, **manifest, "files": hashes(self.folder)})
        for path in self.folder.rglob("*"):
            if path.is_file():
                _sync(path)
        self.folder.chmod(0o755)  # mkdtemp made it private
        if self.target.exists():
            self.target.rmdir()
        self.folder.rename(self.target)
        _sync(self.target.parent)
        return self.target


@dataclass(frozen=True)
class Run:
    """A finished run, read from its folder."""

    folder: Path

    @cached_property
    def manifest(self) -> dict[str, Any]:
        """The manifest. Raises NotFoundError or InputError when this is not a run."""
        document = read_manifest(self.folder)
        if document.get("schema") != SCHEMA:
            raise InputError(f"not a manifest of {SCHEMA}", where=str(self.folder / "manifest.json"))
        return document

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The summary document."""
        document: dict[str, Any] = json.loads((self.folder / "summary.json").read_text(encoding="utf-8"))
        return document

    def table(self, name: str) -> pl.DataFrame:
        """A table of `tables/`. Raises NotFoundError with a did-you-mean."""
        path = self.folder / "tables" / f"{name}.parquet"
        known = [p.stem for p in sorted((self.folder / "tables").glob("*.parquet"))]
        if name not in known:
            raise NotFoundError(f'the run has no table "{name}".', fix=did_you_mean(name, known))
        return pl.read_parquet(path)

    def tables(self) -> list[str]:
        """Names of the result tables."""
        return [p.stem for p in sorted((self.folder / "tables").glob("*.parquet"))]

    @property
    def plot(self) -> Plots:
        """Altair charts of the run; needs the extra `plot`."""
        from polynya.results.notebook import Plots

        return Plots(self)

    def _repr_html_(self) -> str:
        from polynya.results.notebook import summary_html

        return summary_html(self.summary, f"Run folder: {self.folder}")

    def altered(self) -> list[str]:
        """Files whose bytes are not those of the manifest, and files that are missing or were added."""
        return altered(self.folder, self.manifest)


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run or an ensemble. Raises NotFoundError when there is none, InputError when it is damaged."""
    path = folder / "manifest.json"
    if not path.is_file():
        raise NotFoundError(f"{folder} is not a run: it has no manifest.json.")
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InputError(f"not a manifest: {error}", where=str(path)) from None
    if not isinstance(document, dict) or not isinstance(document.get("files"), dict):
        raise InputError(f"not a manifest of {SCHEMA}", where=str(path))
    return document


def altered(folder: Path, manifest: Mapping[str, Any]) -> list[str]:
    """Files whose bytes are not those that a manifest lists, and files that are missing or were added."""
    listed: dict[str, str] = manifest["files"]
    now = hashes(folder)
    return sorted(n for n in {*listed, *now} if listed.get(n) != now.get(n))


def hashes(folder: Path) -> dict[str, str]:
    """File name -> sha256 of every file below a folder, manifest and timings left out."""
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in UNHASHED:
            found[name] = hashlib.sha256(path.read_bytes()).hexdigest()
    return found


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def open_run(folder: Path | str) -> Run:
    """A finished run. Raises NotFoundError or InputError when the folder is not one; `polynya verify` checks its hashes."""
    run = Run(Path(folder))
    _ = run.manifest
    return run
