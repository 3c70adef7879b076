"""Which runs and jobs are there? (SQLite in WAL, beside the runs)

The folders are the truth: what the catalogue says of runs is rebuilt from them whenever a manifest appears, goes or
changes, and a catalogue that cannot be read is thrown away. A job's question lies in its own folder (`job.json`), so jobs
survive that too; a job that was running when the server died is put back into the queue, once.
"""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import threading
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from polynya.errors import PolynyaError
from polynya.server.folders import RunsFolder
from polynya.server.many import entry, manifest_of

QUEUED, RUNNING, DONE, FAILED, CANCELLED = "queued", "running", "done", "failed", "cancelled"
ENDED = (DONE, FAILED, CANCELLED)
RUN, ENSEMBLE = "run", "ensemble"
MOST_ATTEMPTS = 2
KEPT_JOBS = 200
_SCHEMA = """
CREATE TABLE IF NOT EXISTS runs(name TEXT PRIMARY KEY, stamp TEXT NOT NULL, document TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS jobs(
  id TEXT PRIMARY KEY, n INTEGER NOT NULL, state TEXT NOT NULL, title TEXT NOT NULL, attempts INTEGER NOT NULL DEFAULT 0,
  created REAL NOT NULL, started REAL, ended REAL, step TEXT NOT NULL DEFAULT '', run TEXT, error TEXT,
  kind TEXT NOT NULL DEFAULT 'run');
CREATE TABLE IF NOT EXISTS events(job TEXT NOT NULL, n INTEGER NOT NULL, document TEXT NOT NULL, PRIMARY KEY(job, n));
PRAGMA user_version = 3;
"""
_JOB = ("id", "state", "title", "attempts", "created", "started", "ended", "step", "run", "error", "kind")


class Catalogue:
    """Runs and jobs. Safe to use from several threads of one process; one process at a time owns a runs folder."""

    def __init__(self, folder: RunsFolder) -> None:
        self.folder = folder
        self.path = folder.own / "catalogue.sqlite"
        self._lock = threading.RLock()
        try:
            self._db = self._open()
        except sqlite3.DatabaseError:
            for name in ("", "-wal", "-shm"):
                Path(f"{self.path}{name}").unlink(missing_ok=True)
            self._db = self._open()
        self._recover()

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self.path, check_same_thread=False, isolation_level=None, timeout=10.0)
        try:
            db.execute("PRAGMA journal_mode=WAL")
            db.execute("PRAGMA synchronous=NORMAL")
            if db.execute("PRAGMA quick_check").fetchone()[0] != "ok":
                raise sqlite3.DatabaseError("the catalogue is damaged")
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version < 2:  # knew no ensembles: read the folders again
                db.executescript("DROP TABLE IF EXISTS runs")
            if (
                version < 3 and db.execute("SELECT 1 FROM pragma_table_info('jobs')").fetchone()
            ):  # knew only runs as jobs
                db.execute("ALTER TABLE jobs ADD COLUMN kind TEXT NOT NULL DEFAULT 'run'")
            db.executescript(_SCHEMA)
            for table in ("runs", "jobs", "events"):
                db.execute(f"SELECT * FROM {table} LIMIT 1")  # noqa: S608  our own names
        except sqlite3.DatabaseError:
            db.close()
            raise
        return db

    def close(self) -> None:
        """Put the catalogue aside."""
        with self._lock:
            self._db.close()

    # -- runs ------------------------------------------------------------------------------------------------------
    def runs(self) -> list[dict[str, Any]]:
        """Every run as the list shows it, newest first; what changed on disk is read again."""
        with self._lock:
            known = dict(self._db.execute("SELECT name, stamp FROM runs"))
            seen = {}
            for name in self.folder.names():
                with suppress(OSError):
                    seen[name] = _stamp(self.folder.root / name / "manifest.json")
            for name in known.keys() - seen.keys():
                self._db.execute("DELETE FROM runs WHERE name = ?", (name,))
            for name, stamp in seen.items():
                if known.get(name) != stamp:
                    document = json.dumps(_entry(self.folder, name), ensure_ascii=False)
                    self._db.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", (name, stamp, document))
            rows = self._db.execute("SELECT document FROM runs").fetchall()
        return sorted((json.loads(r[0]) for r in rows), key=lambda d: (-d["written"], d["name"]))

    # -- jobs ------------------------------------------------------------------------------------------------------
    def add_job(
        self, title: str, files: Mapping[str, str], question: Mapping[str, Any], most_queued: int
    ) -> str | None:
        """Put a job into the queue; its files are written first. None when the queue is full."""
        with self._lock:
            waiting = self._db.execute("SELECT count(*) FROM jobs WHERE state = ?", (QUEUED,)).fetchone()[0]
            if waiting >= most_queued:
                return None
            identity = uuid.uuid4().hex
            folder = self.folder.jobs / identity
            folder.mkdir(mode=0o700)
            for name, text in files.items():
                (folder / name).write_text(text, encoding="utf-8")
            document = {"id": identity, "title": title, "created": time.time(), **question}
            partial = folder / "job.json.part"
            partial.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
            partial.rename(folder / "job.json")
            self._insert(identity, title, document["created"], _kind(question))
            self._forget_old()
            return identity

    def question(self, identity: str) -> Mapping[str, Any]:
        """What was asked of a job that has not ended, beside its files."""
        return _question(self.folder.jobs / identity) or {}

    def _insert(self, identity: str, title: str, created: float, kind: str) -> None:
        n = self._db.execute("SELECT coalesce(max(n), 0) + 1 FROM jobs").fetchone()[0]
        self._db.execute(
            "INSERT INTO jobs(id, n, state, title, created, kind) VALUES (?, ?, ?, ?, ?, ?)",
            (identity, n, QUEUED, title, created, kind),
        )

    def jobs(self) -> list[dict[str, Any]]:
        """Every job, newest first."""
        with self._lock:
            rows = self._db.execute(f"SELECT {', '.join(_JOB)} FROM jobs ORDER BY n DESC").fetchall()  # noqa: S608
        return [_job(r) for r in rows]

    def job(self, identity: str) -> dict[str, Any] | None:
        """One job, or None."""
        with self._lock:
            row = self._db.execute(f"SELECT {', '.join(_JOB)} FROM jobs WHERE id = ?", (identity,)).fetchone()  # noqa: S608
        return _job(row) if row else None

    def claim(self) -> str | None:
        """The job that has waited longest, now running; None when none waits."""
        with self._lock:
            row = self._db.execute(
                "UPDATE jobs SET state = ?, attempts = attempts + 1, started = ?, step = '' "
                "WHERE id = (SELECT id FROM jobs WHERE state = ? ORDER BY n LIMIT 1) RETURNING id",
                (RUNNING, time.time(), QUEUED),
            ).fetchone()
        return str(row[0]) if row else None

    def step(self, identity: str, text: str) -> None:
        """What a running job does now."""
        with self._lock:
            self._db.execute("UPDATE jobs SET step = ? WHERE id = ?", (text, identity))

    def end(self, identity: str, state: str, *, run: str | None = None, error: Mapping[str, Any] | None = None) -> bool:
        """End a job that waits or runs; False when it had ended already. Its folder goes."""
        with self._lock:
            changed = self._db.execute(
                "UPDATE jobs SET state = ?, ended = ?, run = ?, error = ? WHERE id = ? AND state IN (?, ?)",
                (state, time.time(), run, json.dumps(error) if error else None, identity, QUEUED, RUNNING),
            ).rowcount
        if changed:
            shutil.rmtree(self.folder.jobs / identity, ignore_errors=True)
        return bool(changed)

    def add_event(self, identity: str, document: Mapping[str, Any]) -> int:
        """Note an event of a job; returns its number, from 1."""
        with self._lock:
            row = self._db.execute(
                "INSERT INTO events SELECT ?, coalesce(max(n), 0) + 1, ? FROM events WHERE job = ? RETURNING n",
                (identity, json.dumps(document, ensure_ascii=False), identity),
            ).fetchone()
        return int(row[0])

    def events(self, identity: str, after: int = 0) -> list[tuple[int, dict[str, Any]]]:
        """Events of a job after a number."""
        with self._lock:
            rows = self._db.execute(
                "SELECT n, document FROM events WHERE job = ? AND n > ? ORDER BY n", (identity, after)
            ).fetchall()
        return [(int(n), json.loads(text)) for n, text in rows]

    def _forget_old(self) -> None:
        old = self._db.execute(
            "SELECT id FROM jobs WHERE state IN (?, ?, ?) ORDER BY n DESC LIMIT -1 OFFSET ?", (*ENDED, KEPT_JOBS)
        ).fetchall()
        for (identity,) in old:
            self._db.execute("DELETE FROM events WHERE job = ?", (identity,))
            self._db.execute("DELETE FROM jobs WHERE id = ?", (identity,))

    def _recover(self) -> None:
        """After a kill: jobs that ran are queued again (once), jobs the catalogue lost come back, leftovers go."""
        with self._lock:
            unfinished = self._db.execute(
                "SELECT id, attempts FROM jobs WHERE state IN (?, ?)", (QUEUED, RUNNING)
            ).fetchall()
            for identity, attempts in unfinished:
                if not (self.folder.jobs / identity / "job.json").is_file() or attempts >= MOST_ATTEMPTS:
                    self.end(
                        identity,
                        FAILED,
                        error={"code": "interrupted", "message": "the server was stopped while it ran"},
                    )
                    self.add_event(identity, {"event": FAILED})
                else:
                    self._db.execute("UPDATE jobs SET state = ?, step = '' WHERE id = ?", (QUEUED, identity))
            for folder in sorted(self.folder.jobs.iterdir()):
                job = self.job(folder.name)
                question = _question(folder)
                if job is None and question is not None:
                    title, created = str(question.get("title", "")), float(question.get("created", 0.0))
                    self._insert(folder.name, title, created, _kind(question))
                elif job is None or job["state"] in ENDED:
                    shutil.rmtree(folder, ignore_errors=True)
                else:
                    for half in [*folder.glob(".run-*"), folder / "run"]:
                        shutil.rmtree(half, ignore_errors=True)


def _kind(question: Mapping[str, Any]) -> str:
    return ENSEMBLE if question.get("ensemble") else RUN


def _question(folder: Path) -> dict[str, Any] | None:
    try:
        document = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return document if isinstance(document, dict) and document.get("id") == folder.name else None


def _stamp(path: Path) -> str:
    status = os.stat(path, follow_symlinks=False)
    return f"{status.st_mtime_ns}-{status.st_size}-{status.st_ino}"


def _job(row: tuple[Any, ...]) -> dict[str, Any]:
    found = dict(zip(_JOB, row, strict=True))
    found["error"] = json.loads(found["error"]) if found["error"] else None
    return found


def _entry(folder: RunsFolder, name: str) -> dict[str, Any]:
    """A run as the list shows it; a manifest that cannot be read is shown as such, not left out."""
    written = (folder.root / name / "manifest.json").stat().st_mtime
    try:
        found = folder.run(name)
        if (many := manifest_of(folder, found)) is not None:
            told = entry(folder, found, many)
            return {"name": name, "written": written, "kind": ENSEMBLE, "readable": True, **told}
        m = found.manifest
        return {
            "name": name,
            "written": written,
            "kind": RUN,
            "readable": True,
            "scenario": str(m["scenario"]["id"]),
            "title": str(m["scenario"]["title"]),
            "headline": str(m.get("summary") or ""),
            "as_of": str(m["as_of"]),
            "from": str(m["from"]),
            "months": int(m["months"]),
            "certificate_passed": bool(m["certificate"]["passed"]),
            "without": [str(w) for w in m.get("without", [])],
            "polynya": str(m["polynya"]),
        }
    except (PolynyaError, OSError, KeyError, TypeError, ValueError) as error:
        return {
            "name": name,
            "written": written,
            "kind": RUN,
            "readable": False,
            "title": "",
            "headline": f"its manifest cannot be read ({type(error).__name__})",
        }
