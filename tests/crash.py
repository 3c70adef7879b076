"""Helpers that end processes as a power cut would: at a moment drawn at random, without a chance to tidy up."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

MARK = f"POLYNYA_TESTED_BY={os.getpid()}"  # tells our programs from others that run on the machine
ENVIRONMENT = {
    **os.environ,
    **dict([MARK.split("=")]),
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "POLARS_MAX_THREADS": "1",
}


def start(*arguments: object, cwd: Path | None = None) -> subprocess.Popen[bytes]:
    """The command in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "polynya.cli", *map(str, arguments)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        cwd=cwd,
        start_new_session=True,
    )


def kill_after(process: subprocess.Popen[bytes], seconds: float) -> bool:
    """SIGKILL after some time; false when it had finished before."""
    try:
        process.wait(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGKILL)
        process.communicate()
        return True
    process.communicate()
    return False


def children(pid: int) -> list[int]:
    """Processes started by a process, from /proc."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found.append(int(entry.name))
    return found


def workers(pid: int) -> list[int]:
    """Workers of an ensemble that runs in a child of this process."""
    return [worker for child in children(pid) for worker in children(child)]


def ours(words: str) -> list[int]:
    """Processes of this test's programs, and of what they started, whose command line holds the words."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                command = (entry / "cmdline").read_bytes().decode(errors="replace").replace("\0", " ")
                if words in command and MARK.encode() in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
            except OSError:
                continue
    return found


def seconds_of(*arguments: object, cwd: Path | None = None) -> float:
    """How long the command takes when nobody disturbs it."""
    begun = time.monotonic()
    process = start(*arguments, cwd=cwd)
    _, err = process.communicate()
    assert process.returncode == 0, err.decode()
    return time.monotonic() - begun
