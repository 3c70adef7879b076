"""`polynya serve --ice FILE`: the planner sails through the ice of the file and says whose it is."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np
import pytest

from polynya.cli import main
from tests.server.conftest import serve

ASKED = {"origin": "Sabetta", "destination": "Yokohama", "ship": "lng-arc7", "depart": "2025-09-15", "via": "nsr"}


def field(path: Path, from_north: float) -> Path:
    """September: two metres of whole cover north of a latitude, open water south of it."""
    lat, lon = np.arange(55.0, 90.0, 0.5), np.arange(-180.0, 180.0, 1.0)
    with netCDF4.Dataset(path, "w") as file:
        for name, values, units in (("lat", lat, "degrees_north"), ("lon", lon, "degrees_east")):
            file.createDimension(name, len(values))
            file.createVariable(name, "f8", (name,))[:] = values
            file[name].units = units
        file.createDimension("time", 1)
        file.createVariable("time", "f8", ("time",))[:] = 14
        file["time"].units = "days since 2025-09-01"
        north = np.broadcast_to((lat >= from_north)[None, :, None], (1, len(lat), len(lon)))
        for name, inside, units in (("siconc", 100.0, "%"), ("sithick", 2.0, "m")):
            file.createVariable(name, "f4", ("time", "lat", "lon"))[:] = np.where(north, inside, 0.0)
            file[name].units = units
    return path


def test_the_same_voyage_takes_longer_through_more_ice(tmp_path: Path) -> None:
    days = {}
    for name, from_north in (("open", 89.0), ("ice", 72.0)):
        path = field(tmp_path / f"{name}.nc", from_north)
        for served in serve(tmp_path / name, ice=path):
            assert path.name in served.get("/api/v1/voyages/options").json()["ice"]
            found = served.post("/api/v1/voyages", ASKED).json()
            assert found["feasible"], found
            assert path.name in found["ice"]
            days[name] = found["days"]
    assert days["ice"] > days["open"] + 1.0


@pytest.mark.parametrize(("text", "code"), [(None, 6), ("no ice", 3)])
def test_a_file_without_ice_is_said_before_anything_is_served(tmp_path: Path, text: str | None, code: int) -> None:
    path = tmp_path / "mine.nc"
    if text is not None:
        path.write_text(text)
    assert main(["serve", "--runs", str(tmp_path / "runs"), "--port", "0", "--ice", str(path)]) == code
