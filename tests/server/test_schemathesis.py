"""Schemathesis, in an environment of its own, asks the API whatever its description allows and what it does not.

POLYNYA_PEERS names a folder with a ready environment `schemathesis`; without it one is made anew. Bounded in time and
number, and sent to the loopback only. `positive_data_acceptance` is left out: a form cannot say which ids, ports and
scenarios exist, so that well-formed requests are rightly refused.
"""

from __future__ import annotations

import os
import subprocess
import venv
from collections.abc import Iterator
from pathlib import Path

import pytest

from polynya.server.settings import Limits
from tests.server.conftest import ONE_MONTH, Served, serve

pytestmark = pytest.mark.peer
SECONDS = 120


@pytest.fixture(scope="module")
def tool(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if given := os.environ.get("POLYNYA_PEERS"):
        return Path(given) / "schemathesis" / "bin" / "schemathesis"
    folder = tmp_path_factory.mktemp("peers") / "schemathesis"
    venv.create(folder, with_pip=True)
    subprocess.run([folder / "bin" / "python", "-m", "pip", "install", "-q", "schemathesis>=4.10"], check=True)
    return folder / "bin" / "schemathesis"


@pytest.fixture(scope="module")
def patient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server with the limits that users get."""
    yield from serve(tmp_path_factory.mktemp("runs"), Limits())


def test_no_request_breaks_the_api(patient: Served, tool: Path, tmp_path: Path) -> None:
    patient.wait(patient.job(ONE_MONTH)["id"])
    run = subprocess.run(
        [
            str(tool),
            "run",
            f"{patient.url}/openapi.json",
            "--max-time",
            str(SECONDS),
            "-n",
            "15",
            "--phases",
            "examples,coverage,fuzzing",
            "--continue-on-failure",
            "--exclude-checks",
            "positive_data_acceptance",
            "--seed",
            "1",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=SECONDS + 300,
        check=False,
    )
    print(run.stdout[-3000:])
    assert run.returncode == 0, run.stdout[-6000:]
