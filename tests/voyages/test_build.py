"""The shipped network is what the builder makes of the shipped ports and passages."""

import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

from polynya.commands.voyage import data_folder

TOOLS = Path(__file__).resolve().parents[2] / "tools"


def held():
    lines = (TOOLS / "network.sha256").read_text().splitlines()
    return {name: digest for digest, name in (line.split() for line in lines)}


@pytest.mark.parametrize("name", ["network.npz", "seamask.npz", "ports.csv", "passages.csv"])
def test_files_are_those_of_the_last_build(name):
    """A port or gate edited without a new network would be missing from it; rebuild and note the hashes."""
    assert hashlib.sha256((data_folder() / name).read_bytes()).hexdigest() == held()[name]


@pytest.mark.peer
@pytest.mark.slow
def test_building_again_gives_the_same_bytes(tmp_path):
    """Some 15 to 50 minutes; needs tools/requirements-voyages.txt and POLYNYA_ETOPO5, the path of etopo5.cdf."""
    etopo = os.environ.get("POLYNYA_ETOPO5")
    if not etopo:
        pytest.skip("POLYNYA_ETOPO5 is not set")
    root = TOOLS.parent
    for part in ("src/polynya", "tools"):
        (tmp_path / part).parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "-r", str(root / part), str(tmp_path / part)], check=True)
    subprocess.run([sys.executable, "tools/build_network.py", "--etopo", etopo], cwd=tmp_path, check=True)
    for name in ("network.npz", "seamask.npz"):
        made = (tmp_path / "src" / "polynya" / "data" / "voyages" / name).read_bytes()
        assert hashlib.sha256(made).hexdigest() == held()[name]
