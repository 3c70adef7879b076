"""Nothing finished is lost, nothing is done twice, no half result is ever a whole one: ensembles that are killed.

By default a few kills; the slow test does a hundred (and tests/results/test_crash.py a hundred more on `run`).
"""

from __future__ import annotations

import json
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from polynya.ensemble.ledger import SOLVED
from tests.crash import ENVIRONMENT, kill_after, ours, seconds_of, start, workers

DRAWS = ("-n", 24, "--seed", 3, "--workers", 2, "-q")


def command(small: Path, folder: Path, *more: object) -> tuple[object, ...]:
    return ("ensemble", small / "mixed.yaml", "--world", small, "--out", folder / "out", *DRAWS, *more)


def solved(folder: Path) -> set[str]:
    return {p.name for p in (folder / "ledger" / SOLVED).glob("*/*") if not p.name.startswith(".")}


@pytest.fixture(scope="module")
def undisturbed(small: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, float]:
    folder = tmp_path_factory.mktemp("undisturbed")
    took = seconds_of(*command(small, folder))
    return folder, took


def kill_until_done(small: Path, folder: Path, reference: Path, took: float, kills: int, seed: int) -> None:
    """Kill at random moments, look at what is left, go on; then finish and compare every byte."""
    moments = random.Random(seed)
    done = 0
    while done < kills:
        before = solved(folder)
        killed = kill_after(start(*command(small, folder)), moments.uniform(0.0, 1.1 * took))
        assert before <= solved(folder)  # nothing finished is lost
        if (folder / "out").exists():  # whole, or not there
            assert (folder / "out" / "manifest.json").read_bytes() == (reference / "out" / "manifest.json").read_bytes()
            shutil.rmtree(folder / "out")
            shutil.rmtree(folder / "ledger")
        done += killed
    wait_for_workers()
    known = solved(folder)
    process = start(*command(small, folder))
    _, err = process.communicate()
    assert process.returncode == 0, err.decode()
    assert (folder / "out" / "manifest.json").read_bytes() == (reference / "out" / "manifest.json").read_bytes()
    spent = json.loads((folder / "out" / "timings.json").read_text())
    assert spent["problems_solved"] == len(solved(reference)) - len(known)  # nothing is repeated
    assert solved(folder) == solved(reference)
    left = [p.name for p in (folder / "ledger").rglob("*") if p.name.startswith(".")]
    assert left == []


def wait_for_workers() -> None:
    """A worker whose program is gone finishes what it solves, keeps it, and ends."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if not ours("polynya.ensemble.worker"):
            return
        time.sleep(0.2)
    pytest.fail("workers outlive the program that started them")


def test_a_killed_ensemble_goes_on_where_it_stopped(
    small: Path, tmp_path: Path, undisturbed: tuple[Path, float]
) -> None:
    kill_until_done(small, tmp_path, *undisturbed, kills=1, seed=1)


@pytest.mark.slow
def test_a_hundred_kills_of_an_ensemble(small: Path, tmp_path: Path, undisturbed: tuple[Path, float]) -> None:
    kill_until_done(small, tmp_path, *undisturbed, kills=100, seed=2)


def test_killed_workers_are_replaced(small: Path, tmp_path: Path, undisturbed: tuple[Path, float]) -> None:
    reference, _ = undisturbed
    process = start(*command(small, tmp_path))
    killed: list[int] = []
    while process.poll() is None and len(killed) < 2:
        fresh = [pid for pid in workers(process.pid) if pid not in killed]
        if fresh and (not killed or solved(tmp_path)):
            os.kill(fresh[0], signal.SIGKILL)
            killed.append(fresh[0])
        time.sleep(0.02)
    _, err = process.communicate()
    assert process.returncode == 0, err.decode()
    spent = json.loads((tmp_path / "out" / "timings.json").read_text())
    assert spent["workers_died"] >= 1
    assert (tmp_path / "out" / "manifest.json").read_bytes() == (reference / "out" / "manifest.json").read_bytes()


def test_interrupting_ends_the_workers_too(small: Path, tmp_path: Path) -> None:
    process = start(*command(small, tmp_path))
    while process.poll() is None and not workers(process.pid):
        time.sleep(0.02)
    mine = workers(process.pid)
    begun = time.monotonic()
    process.send_signal(signal.SIGINT)
    process.communicate()
    assert process.returncode == 130
    assert time.monotonic() - begun < 15.0  # at once on an idle machine; a busy one needs seconds to end three programs
    deadline = time.monotonic() + 20  # one that was just being started ends by itself, its program being gone
    while [pid for pid in mine if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert not (tmp_path / "out").exists()


def test_a_full_disk_is_said_in_one_line_and_costs_nothing_finished(
    small: Path, tmp_path: Path, undisturbed: tuple[Path, float]
) -> None:
    """A tmpfs of 64 kB where we may mount one; elsewhere a limit on the size of a file stands in."""
    reference, _ = undisturbed
    disk = tmp_path / "disk"
    disk.mkdir()
    mounted = not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)], capture_output=True, check=False
    ).returncode
    try:
        process = subprocess.run(
            [sys.executable, "-m", "polynya.cli", *map(str, command(small, disk))],
            capture_output=True,
            text=True,
            env=ENVIRONMENT,
            check=False,
            preexec_fn=None if mounted else lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400)),
        )
        assert process.returncode == 1, process.stderr
        assert "cannot write here" in process.stderr
        assert "Traceback" not in process.stderr
        assert not (disk / "out").exists()
        kept = solved(disk)
        for name in kept:
            assert (disk / "ledger" / SOLVED / name[:2] / name).read_bytes() == (
                reference / "ledger" / SOLVED / name[:2] / name
            ).read_bytes()
        if mounted:
            assert kept, "a disk of this size holds some records"
            subprocess.run(["mount", "-o", "remount,size=16m", str(disk)], check=True)
        again = start(*command(small, disk))
        _, err = again.communicate()
        assert again.returncode == 0, err.decode()
        assert (disk / "out" / "manifest.json").read_bytes() == (reference / "out" / "manifest.json").read_bytes()
        assert json.loads((disk / "out" / "timings.json").read_text())["problems_solved"] == len(
            solved(reference)
        ) - len(kept)
    finally:
        if mounted:
            subprocess.run(["umount", str(disk)], check=True)
