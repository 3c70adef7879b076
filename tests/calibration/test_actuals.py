"""A file of actuals: units, extra columns, and faults with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from polynya.calibration.actuals import Actual, read_actuals
from polynya.errors import InputError, NotFoundError


def write(folder: Path, text: str) -> Path:
    path = folder / "actuals.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_extra_columns_are_allowed_and_order_is_free(tmp_path: Path) -> None:
    path = write(tmp_path, "id,item,metric,year,unit,value,source\n1,US,lng_export,2022,bcm (40 MJ/m3),104.3,x\n")
    assert read_actuals(path) == (Actual(2022, "lng_export", "US", 104.3, "bcm (40 MJ/m3)", 2),)


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("bcm (40 MJ/m3)", 1.0),
        ("bcm", 1.0),
        ("Mt", 1.36),
        ("TWh GCV", 1 / 11.11),
        ("bcm (Russian m3)", 0.93),
        ("USD/MMBtu", 1.0),
        ("% full", 1.0),
    ],
)
def test_units_become_the_models(unit: str, factor: float) -> None:
    assert Actual(2022, "m", "i", 1.0, unit).factor == pytest.approx(factor)


def test_an_unknown_unit_has_no_factor() -> None:
    assert Actual(2022, "m", "i", 1.0, "furlongs").factor is None


def test_a_bad_cell_is_named_with_line_and_column(tmp_path: Path) -> None:
    path = write(tmp_path, "year,metric,item,value,unit\n2022,lng_export,US,lots,bcm\n")
    with pytest.raises(InputError) as caught:
        read_actuals(path)
    assert caught.value.where == f"{path}:2:20"


@pytest.mark.parametrize("text", ["year,metric,item,value\n2022,a,b,1\n", "year,metric,item,value,unit\n", ""])
def test_a_missing_column_or_row_is_an_error(tmp_path: Path, text: str) -> None:
    with pytest.raises(InputError):
        read_actuals(write(tmp_path, text))


def test_no_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError):
        read_actuals(tmp_path / "none.csv")
