"""One job in a process of its own. (a job's folder -> a run in the runs folder; one JSON line per event on stdout)

Started by jobs.py, which may kill it at any moment. It dies with its server: when standard input ends, and, on Linux, by
signal. The run is written inside the job's folder and moved to its place in one step.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

from polynya.processes import die_with_parent


def main() -> int:
    """Read the job from the first line of standard input, do it, say what happens."""
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # nothing but events may reach the server's end of the pipe
    die_with_parent()
    job = json.loads(sys.stdin.readline())
    threading.Thread(target=_watch, daemon=True).start()
    started = time.monotonic()

    def say(event: str, **more: Any) -> None:
        _line(out, {"event": event, "seconds": round(time.monotonic() - started, 1), **more})

    from polynya.errors import PolynyaError

    folder = Path(job["folder"])
    try:
        work = _ensemble if job.get("ensemble") else _run
        say("done", run=work(job, folder, lambda text: say("progress", text=text)))
    except PolynyaError as error:
        document = error.as_json()["error"]
        say("failed", error=json.loads(json.dumps(document).replace(json.dumps(f"{folder}{os.sep}")[1:-1], "")))
    except Exception as error:
        import traceback

        traceback.print_exc()
        say(
            "failed",
            error={"code": "internal", "message": f"{type(error).__name__}: see log.txt", "where": "", "fix": ""},
        )
    return 0


def _question(job: dict[str, Any], folder: Path) -> Any:
    from polynya.results.answer import Question

    return Question(
        scenario=folder / "scenario.yaml",
        world=Path(job["world"]) if job["world"] else None,
        overlays=tuple(Path(o) for o in job["overlays"]),
    )


def _ensemble(job: dict[str, Any], folder: Path, say: Any) -> str:
    """Many worlds of the question; those that the runs folder's ledger has are not solved again."""
    from polynya.ensemble.files import ensemble_name, write_ensemble
    from polynya.ensemble.ledger import Ledger
    from polynya.ensemble.many import Plan
    from polynya.pipeline import many

    asked = job["ensemble"]
    plan = Plan(asked["draws"], asked["seed"], workers=asked["workers"])
    found, ground = many(_question(job, folder), plan, Ledger(Path(job["ledger"])), say)
    say("writing the result")
    written = write_ensemble(found, ground, folder / "run")
    return put(written, Path(job["runs"]), ensemble_name(found, ground))


def _run(job: dict[str, Any], folder: Path, say: Any) -> str:
    from polynya.pipeline import answer, publish
    from polynya.results.write import run_name

    found = answer(_question(job, folder), say)
    say("writing the run")
    written = publish(found, folder / "run").folder
    return put(written, Path(job["runs"]), run_name(found))


def put(written: Path, runs: Path, name: str) -> str:
    """Move a finished run to its place, with a number when its name is taken; the same run is not kept twice."""
    manifest = (written / "manifest.json").read_bytes()
    for n in range(1, 1000):
        target = runs / (name if n == 1 else f"{name}-{n}")
        with contextlib.suppress(OSError):
            if (target / "manifest.json").read_bytes() == manifest:
                return target.name
        with contextlib.suppress(OSError):
            if not target.exists():
                written.rename(target)
                return target.name
    raise RuntimeError(f"no free name for {name}")


def _line(out: TextIO, document: dict[str, Any]) -> None:
    out.write(json.dumps(document, ensure_ascii=True) + "\n")
    out.flush()


def _watch() -> None:
    """Standard input stays open as long as the server lives."""
    sys.stdin.read()
    os._exit(1)


if __name__ == "__main__":
    sys.exit(main())
