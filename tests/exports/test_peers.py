"""The tools that the formats are made for read them in environments of their own, and see the run's own numbers.

POLYNYA_PEERS names a folder with ready environments `pypsa` and `pyam`; without it they are made anew (about 2 GB).
"""

from __future__ import annotations

import json
import os
import subprocess
import venv
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from polynya.cli import main
from polynya.results.exports import export
from polynya.results.folder import Run

pytestmark = pytest.mark.peer
READERS = Path(__file__).parent / "peers"
PACKAGES = {
    "pypsa": ["pypsa", "geopandas", "xarray", "netCDF4"],
    "pyam": ["pyam-iamc", "sqlalchemy<2.1"],  # its storage layer does not start with SQLAlchemy 2.1
}


@pytest.fixture(scope="module")
def founding(tmp_path_factory: pytest.TempPathFactory) -> Run:
    out = tmp_path_factory.mktemp("founding") / "run"
    assert main(["run", "--from", "2026-01", "--months", "3", "--out", str(out), "-q"]) == 0
    return Run(out)


@pytest.fixture(scope="module")
def peers(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if given := os.environ.get("POLYNYA_PEERS"):
        return Path(given)
    folder = tmp_path_factory.mktemp("peers")
    for name, packages in PACKAGES.items():
        venv.create(folder / name, with_pip=True)
        subprocess.run([folder / name / "bin" / "python", "-m", "pip", "install", "-q", *packages], check=True)
    return folder


def ask(peers: Path, peer: str, reader: str, *arguments: Path) -> dict[str, Any]:
    command = [str(peers / peer / "bin" / "python"), str(READERS / reader), *map(str, arguments)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    document: dict[str, Any] = json.loads(run.stdout.splitlines()[-1])
    return document


def price_de(run: Run, case: str) -> list[float]:
    return run.table("prices").filter(pl.col("node") == "DE")[f"price_{case}"].to_list()


def test_pypsa_sees_a_balanced_network_with_our_prices(founding: Run, peers: Path, tmp_path: Path) -> None:
    export(founding, "pypsa", tmp_path / "x")
    seen = ask(peers, "pypsa", "read_pypsa.py", tmp_path / "x")
    for case in ("baseline", "scenario"):
        assert seen[case]["snapshots"] == ["2026-01-01 00:00:00", "2026-02-01 00:00:00", "2026-03-01 00:00:00"]
        assert seen[case]["balance"] < 1e-9  # bcm a month, at every node: nothing is lost or made on the way
        assert seen[case]["store"] < 1e-9
        assert seen[case]["over_capacity"] < 1e-9
        assert seen[case]["price_de"] == pytest.approx(price_de(founding, case))
    line = founding.table("flows").filter(pl.col("arc") == "nord-stream-2-b")["quantity_scenario"].to_list()
    assert seen["scenario"]["flow"] == pytest.approx(line)
    assert sum(line) > 0.5
    assert sum(seen["baseline"]["flow"]) == 0


def test_pyam_sees_both_cases_month_by_month(founding: Run, peers: Path, tmp_path: Path) -> None:
    export(founding, "iamc", tmp_path / "x")
    seen = ask(peers, "pyam", "read_pyam.py", tmp_path / "x" / "iamc.csv")
    assert seen["domain"] == "datetime"
    assert seen["units"] == ["USD/MMBtu", "bcm"]
    for case in ("baseline", "scenario"):
        assert seen["price"][f"gazprom-arctic-2025 {case}"] == pytest.approx(price_de(founding, case))
    assert seen["exajoule"] == ["EJ"]


def test_geopandas_and_xarray_see_places_and_arrays(founding: Run, peers: Path, tmp_path: Path) -> None:
    export(founding, "geojson", tmp_path / "g")
    export(founding, "netcdf", tmp_path / "n")
    seen = ask(peers, "pypsa", "read_arrays.py", tmp_path / "g", tmp_path / "n" / "run.nc")
    for name in ("nodes", "flows", "terminals"):
        assert seen[name]["crs"] == "EPSG:4326"
        assert seen[name]["valid"]
        assert -180 <= seen[name]["box"][0] <= seen[name]["box"][2] <= 180
    line = founding.table("flows").filter(pl.col("arc") == "nord-stream-2-b")["quantity_scenario"].sum()
    assert seen["flow"]["nord-stream-2-b"] == pytest.approx(4.0 * line, abs=1e-5)  # three months as a year
    assert seen["time"] == ["2026-01-01", "2026-02-01", "2026-03-01"]
    assert seen["price_de"][1] == pytest.approx(price_de(founding, "scenario"))
    assert seen["flow_sum"] == pytest.approx(founding.table("flows")["quantity_scenario"].sum())
