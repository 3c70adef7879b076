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
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import polars as pl

from polynya.errors import Fault, InputError, NotFoundError, StorageError, did_you_mean
from polynya.tables import read_json
from polynya.whole import require_free, settle, sync

if TYPE_CHECKING:
    from polynya.results.notebook import Plots

SCHEMA = "polynya.run/1"
AGAIN = "Run it again; `polynya verify RUN` names every file that is not as it was written."
MAX_JSON_BYTES = 256 * 1024 * 1024
UNHASHED = ("manifest.json", "timings.json")


def free(wanted: Path) -> Path:
    """The wanted folder, or the first of its name with a number that does not exist."""
    if not wanted.exists():
        return wanted
    n = 2
    while (candidate := wanted.with_name(f"{wanted.name}-{n}")).exists():
        n += 1
    return candidate


class RunWriter:
    """Collects a run in a temporary folder; `finish` puts it in place in one step."""

    def __init__(self, target: Path) -> None:
        require_free(target)
        self.target = target
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            self.folder = Path(tempfile.mkdtemp(prefix=f".{target.name}-", dir=target.parent))
        except OSError as error:
            raise StorageError.of(error, target) from None

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
        settle(self.folder)
        if self.target.exists():
            self.target.rmdir()
        self.folder.rename(self.target)
        sync(self.target.parent)
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
            raise InputError(f"not a manifest of {SCHEMA}", where=str(self.folder / "manifest.json"), fix=AGAIN)
        return document

    @cached_property
    def summary(self) -> dict[str, Any]:
        """The summary document. Raises InputError when it is damaged or missing."""
        return stored_json(self.folder / "summary.json")

    def table(self, name: str) -> pl.DataFrame:
        """A table of `tables/`. Raises NotFoundError with a did-you-mean, InputError when it is damaged."""
        path = self.folder / "tables" / f"{name}.parquet"
        known = [p.stem for p in sorted((self.folder / "tables").glob("*.parquet"))]
        if name not in known:
            raise NotFoundError(f'the run has no table "{name}".', fix=did_you_mean(name, known))
        return stored_table(path)

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

    def require_unaltered(self) -> None:
        """Raises InputError when a file of the manifest is not as it was written; files that were added do no harm."""
        changed = [n for n in self.altered() if n in self.manifest["files"]]
        if changed:
            raise InputError(
                f"altered since it was written: {', '.join(changed[:5])}{' and more' if len(changed) > 5 else ''}",
                where=str(self.folder),
                fix="Run it again.",
            )


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of a run or an ensemble. Raises NotFoundError when there is none, InputError when it is damaged."""
    path = folder / "manifest.json"
    if not path.is_file():
        raise NotFoundError(f"{folder} is not a run: it has no manifest.json.")
    document = stored_json(path)
    files = document.get("files")
    if not isinstance(files, dict) or not all(isinstance(h, str) for h in files.values()):
        raise InputError(f"not a manifest of {SCHEMA}", where=str(path), fix=AGAIN)
    return document


def stored_json(path: Path) -> dict[str, Any]:
    """A JSON object of a run's folder. Raises InputError when it is missing or damaged."""
    try:
        document = read_json(path, MAX_JSON_BYTES)
    except NotFoundError:
        raise InputError("the run lacks this file", where=str(path), fix=AGAIN) from None
    if not isinstance(document, dict):
        raise InputError(Fault("a JSON object is needed", str(path), 1, 1, fix=AGAIN, code="json"))
    return document


def stored_table(path: Path) -> pl.DataFrame:
    """A Parquet table of a run's folder. Raises InputError when it is missing or damaged."""
    try:
        return pl.read_parquet(path)
    except (OSError, pl.exceptions.PolarsError, pl.exceptions.PanicException) as error:
        said = str(error).splitlines()[0][:200]
        raise InputError(f"this table of the run cannot be read: {said}", where=str(path), fix=AGAIN) from None


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
            with path.open("rb") as handle:
                found[name] = hashlib.file_digest(handle, "sha256").hexdigest()
    return found


def open_run(folder: Path | str) -> Run:
    """A finished run. Raises NotFoundError or InputError when the folder is not one; `polynya verify` checks its hashes."""
    run = Run(Path(folder))
    _ = run.manifest
    return run
