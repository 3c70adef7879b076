"""The same ensemble on a Dask cluster of two workers, one of which is killed: the same bytes as from one process."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from polynya.cli import main
from polynya.ensemble.ledger import POSED
from tests.crash import ENVIRONMENT, start


@pytest.fixture
def cluster() -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "env": ENVIRONMENT}
    dask = [sys.executable, "-m", "dask"]
    scheduler = subprocess.Popen(
        [*dask, "scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"], **quiet
    )
    one = ["--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1"]
    workers = [subprocess.Popen([*dask, "worker", address, *one], **quiet) for _ in range(2)]
    yield address, workers
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


@pytest.mark.slow
def test_a_cluster_that_loses_a_worker_gives_the_same_bytes(
    small: Path, tmp_path: Path, cluster: tuple[str, list[subprocess.Popen[bytes]]]
) -> None:
    address, workers = cluster
    wanted = ("ensemble", small / "mixed.yaml", "--world", small, "-n", 24, "--seed", 3, "-q")
    process = start(*wanted, "--out", tmp_path / "many" / "out", "--cluster", address)
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if len(list((tmp_path / "many" / "ledger" / POSED).glob("*/*"))) >= 3:  # both are at work
            os.kill(workers[0].pid, signal.SIGKILL)
            break
        time.sleep(0.01)
    _, err = process.communicate(timeout=300)
    assert process.returncode == 0, err.decode()
    assert workers[0].wait(timeout=5) == -signal.SIGKILL
    assert main([*map(str, wanted), "--out", str(tmp_path / "one" / "out"), "--workers", "1"]) == 0
    assert (tmp_path / "many/out/manifest.json").read_bytes() == (tmp_path / "one/out/manifest.json").read_bytes()
    spent = json.loads((tmp_path / "many" / "out" / "timings.json").read_text())
    assert spent["problems_solved"] >= 10


def test_nobody_at_the_address_is_said(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("polynya.ensemble.cluster.CONNECT_S", 1)
    code = main(
        [
            "ensemble",
            str(small / "coins.yaml"),
            "--world",
            str(small),
            "--out",
            str(tmp_path / "o"),
            "-q",
            "--cluster",
            "tcp://127.0.0.1:1",
        ]
    )
    assert code == 2
    assert "no Dask scheduler at tcp://127.0.0.1:1" in capsys.readouterr().err
