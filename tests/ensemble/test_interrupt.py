"""Ctrl-C and SIGTERM: over within two seconds, exit code 130, nothing half-written, and the next one goes on from there."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from polynya.processes import GRACE_S
from tests.crash import children, start, workers
from tests.ensemble.test_cluster import cluster  # noqa: F401  a fixture
from tests.ensemble.test_crash import command, solved

SIGNALS = (signal.SIGINT, signal.SIGTERM)
MOST_S = 2.0
# a command whose child ends with a code, by a signal, or is as deaf as a solver written in C
DEAF = """
import os, signal, sys, time
from polynya.processes import end_when_told
code = end_when_told(lambda: sys.stderr.write("interrupted"))
what = sys.argv[1]
if code is not None:
    if what == "slow to end":  # as Python is when much was loaded: handlers are gone by then
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        time.sleep(1.5)
    sys.exit(code)
if what == "deaf":
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    print(os.getpid(), flush=True)
    time.sleep(60)
elif what in ("listening", "slow to end"):
    try:
        print(os.getpid(), flush=True)
        time.sleep(60)
    except KeyboardInterrupt:
        sys.exit(130)
elif what == "killed":
    os.kill(os.getpid(), signal.SIGKILL)
sys.exit(int(what))
"""


def run(what: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", DEAF, what],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


@pytest.mark.parametrize("sent", SIGNALS)
@pytest.mark.parametrize(("what", "said"), [("deaf", "interrupted"), ("listening", "")])
def test_a_program_ends_whatever_it_is_in(what: str, said: str, sent: signal.Signals) -> None:
    process = run(what)
    assert process.stdout
    child = int(process.stdout.readline())
    begun = time.monotonic()
    process.send_signal(sent)
    _, err = process.communicate(timeout=20)
    took = time.monotonic() - begun
    assert (process.returncode, err) == (130, said)
    assert took >= GRACE_S if what == "deaf" else took < GRACE_S
    assert not Path(f"/proc/{child}").exists()


def test_the_clock_does_not_ring_after_the_child_has_ended() -> None:
    process = run("slow to end")
    assert process.stdout
    process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=20)
    assert process.returncode == 130


def test_ctrl_c_at_a_terminal_reaches_the_child_once() -> None:
    """The terminal sends it to the whole group: two signals arrive, tidying up is not interrupted by the second."""
    process = run("listening")
    assert process.stdout
    process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert (process.returncode, err) == (130, "")


@pytest.mark.parametrize(("what", "code"), [("0", 0), ("3", 3), ("killed", 128 + signal.SIGKILL)])
def test_the_exit_code_is_that_of_the_work(what: str, code: int) -> None:
    process = run(what)
    process.communicate(timeout=20)
    assert process.returncode == code


def test_the_work_ends_with_the_program_that_was_killed() -> None:
    process = run("deaf")
    assert process.stdout
    child = int(process.stdout.readline())
    process.kill()
    process.communicate()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{child}").exists() and "Z" not in Path(f"/proc/{child}/stat").read_text().split(")")[1]:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def interrupted(process: subprocess.Popen[bytes], seconds: float, sent: signal.Signals) -> float | None:
    """Interrupt after some time; how long it took to end, or None when it was over before."""
    time.sleep(seconds)
    if process.poll() is not None:
        process.communicate()
        return None
    mine = [*children(process.pid), *workers(process.pid)]
    begun = time.monotonic()
    process.send_signal(sent)
    _, err = process.communicate(timeout=60)
    took = time.monotonic() - begun
    assert process.returncode == 130, err.decode()
    assert b"Traceback" not in err
    deadline = time.monotonic() + 10
    while [pid for pid in mine if Path(f"/proc/{pid}").exists()]:
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return took


def test_an_interrupted_ensemble_goes_on_where_it_stopped(small: Path, tmp_path: Path) -> None:
    """Once in the middle of the work, then to the end: what was solved is not solved again."""
    process = start(*command(small, tmp_path))
    deadline = time.monotonic() + 60
    while process.poll() is None and len(solved(tmp_path)) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.01)
    assert interrupted(process, 0.0, signal.SIGTERM) is not None
    known = solved(tmp_path)
    assert not (tmp_path / "out").exists()
    again = start(*command(small, tmp_path))
    again.communicate()
    assert again.returncode == 0
    spent = json.loads((tmp_path / "out" / "timings.json").read_text())
    assert spent["problems_solved"] == len(solved(tmp_path)) - len(known)


@pytest.mark.slow
def test_an_ensemble_at_random_moments(small: Path, tmp_path: Path) -> None:
    """Reading, posing, solving in workers, writing: forty times, then whole and with the bytes of an undisturbed one."""
    dice = random.Random(5)
    took = []
    while len(took) < 40:
        process = start(*command(small, tmp_path))
        time.sleep(0.8)  # python is up
        once = interrupted(process, dice.uniform(0.0, 4.0), dice.choice(SIGNALS))
        if once is None:
            assert (tmp_path / "out" / "manifest.json").exists()
            for path in sorted(tmp_path.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            continue
        assert not (tmp_path / "out").exists()
        took.append(once)
    assert max(took) < MOST_S
    start(*command(small, tmp_path)).communicate()
    other = tmp_path / "other"
    start(*command(small, other)).communicate()
    assert (tmp_path / "out/manifest.json").read_bytes() == (other / "out/manifest.json").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize(
    "asked",
    [
        ("run", "--months", 24),
        ("ensemble", "examples/winter-doubts/scenario.yaml", "-n", 8),
        ("calibrate", "--base", "2019,2021"),
    ],
    ids=lambda asked: str(asked[0]),
)
def test_the_reference_world_at_random_moments(asked: tuple[object, ...], tmp_path: Path) -> None:
    """A solve of seconds lets no signal through; the command ends all the same."""
    dice = random.Random(6)
    took = []
    for i in range(8):
        process = start(*asked, "--out", tmp_path / "out", cwd=Path(__file__).resolve().parents[2])
        time.sleep(0.8)
        once = interrupted(process, dice.uniform(0.0, 12.0), SIGNALS[i % 2])
        if once is None:  # over before it was told
            shutil.rmtree(tmp_path / "out")
        else:
            assert not (tmp_path / "out").exists()
            took.append(once)
    assert len(took) >= 3
    assert max(took) < MOST_S


@pytest.mark.slow
def test_an_ensemble_on_a_cluster(
    small: Path,
    tmp_path: Path,
    cluster: tuple[str, list[subprocess.Popen[bytes]]],  # noqa: F811
) -> None:
    address, _ = cluster
    took = []
    for seconds, sent in ((2.0, signal.SIGINT), (4.0, signal.SIGTERM), (5.0, signal.SIGINT)):
        process = start(*command(small, tmp_path), "--cluster", address)
        took.append(interrupted(process, seconds, sent))
    assert max(t for t in took if t is not None) < MOST_S
