"""A run that is killed or meets a full disk: it is whole, or it is not there; the listing never takes a remnant for a run."""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import time
from pathlib import Path

import pytest

from polynya.cli import main
from polynya.results.listing import listing
from tests.crash import ENVIRONMENT, kill_after, seconds_of, start
from tests.ensemble.conftest import small as small


def command(small: Path, out: Path) -> tuple[object, ...]:
    return ("run", small / "mixed.yaml", "--world", small, "--out", out, "-q")


def kill_at_random(small: Path, folder: Path, kills: int, seed: int) -> None:
    took = seconds_of(*command(small, folder / "reference"))
    reference = (folder / "reference" / "manifest.json").read_bytes()
    moments = random.Random(seed)
    done = attempts = 0
    while done < kills:
        attempts += 1  # a folder of its own for each: over a finished one the command ends before it can be killed
        out = folder / f"run-{attempts}"
        # the last third of the time is when files are written; half of the kills go there
        least = 0.6 if done % 2 else 0.0
        done += kill_after(start(*command(small, out)), moments.uniform(least * took, 1.05 * took))
        if out.exists():
            assert (out / "manifest.json").read_bytes() == reference
            assert main(["verify", str(out)]) == 0
    entries = {Path(e.folder).name: e.state for e in listing(folder)}
    for path in folder.iterdir():
        assert entries[path.name] == ("cut_off" if path.name.startswith(".") else "whole")


def test_killed_runs_are_whole_or_not_there(small: Path, tmp_path: Path) -> None:
    kill_at_random(small, tmp_path, kills=3, seed=1)


@pytest.mark.slow
def test_a_hundred_killed_runs(small: Path, tmp_path: Path) -> None:
    kill_at_random(small, tmp_path, kills=100, seed=2)


def test_a_remnant_is_listed_as_cut_off_and_swept_when_old(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fresh, old = tmp_path / ".mine-abc", tmp_path / ".mine-def"
    for folder in (fresh, old):
        folder.mkdir()
        (folder / "summary.json").write_text("{}")
    os.utime(old, (time.time() - 7200, time.time() - 7200))
    assert main(["runs", str(tmp_path), "--json"]) == 0
    assert {e["state"] for e in json.loads(capsys.readouterr().out)["runs"]} == {"cut_off"}
    assert main(["verify", str(fresh)]) == 6  # not a run
    assert main(["runs", str(tmp_path), "--clean"]) == 0
    assert fresh.exists()  # its program may still be at work
    assert not old.exists()


def test_a_run_without_one_of_its_files_is_incomplete_and_does_not_verify(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["run", str(small / "mixed.yaml"), "--world", str(small), "--out", str(tmp_path / "r"), "-q"]) == 0
    (tmp_path / "r" / "tables" / "prices.parquet").unlink()
    assert [e.state for e in listing(tmp_path)] == ["incomplete"]
    assert main(["verify", str(tmp_path / "r")]) == 5
    assert "tables/prices.parquet" in capsys.readouterr().err


def test_a_disk_that_fills_up_is_said_in_one_line_and_leaves_nothing(small: Path, tmp_path: Path) -> None:
    """The report is the largest file; a limit on the size of files stands in for the end of the disk."""
    for limit in (200, 20_000):
        process = subprocess.run(
            [sys.executable, "-m", "polynya.cli", *map(str, command(small, tmp_path / "out"))],
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            check=False,
            preexec_fn=lambda limit=limit: resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit)),
        )
        assert process.returncode == 1, process.stderr
        assert "cannot write here" in process.stderr
        assert "Traceback" not in process.stderr
        assert list(tmp_path.iterdir()) == []
