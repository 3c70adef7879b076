"""No reader breaks on what a coverage-guided fuzzer makes up (Atheris, in a folder of its own beside our environment)."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bad_inputs.test_bad_inputs import FUZZED

pytestmark = pytest.mark.peer
ROOT = Path(__file__).resolve().parents[2]
RUNS = int(os.environ.get("POLYNYA_FUZZ_RUNS", "2000"))


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A folder with Atheris in it. POLYNYA_PEERS names a folder in which `atheris` is ready."""
    if given := os.environ.get("POLYNYA_PEERS"):
        return str(Path(given) / "atheris")
    folder = tmp_path_factory.mktemp("peers") / "atheris"
    wanted = ["install", "-q", "--only-binary", ":all:", "--no-deps", "--target", str(folder), "atheris>=3.0"]
    subprocess.run([sys.executable, "-m", "pip", *wanted], check=True)
    return str(folder)


@pytest.mark.parametrize("reader", sorted(FUZZED))
def test_no_guided_input_breaks_a_reader(reader: str, beside: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bad_inputs.guided", reader, f"-runs={RUNS}", "-seed=1", "-max_len=4096"],
        capture_output=True,
        text=True,
        errors="replace",
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": beside, "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    found = re.search(r"Done (\d+) (in|runs)", done.stderr)
    assert found, done.stderr[-400:]
    assert int(found[1]) >= RUNS
