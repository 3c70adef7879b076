"""Global Energy Monitor: units sum to dated steps, names match exactly or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from polynya.errors import InputError
from polynya.world import World
from polynya.world.importers import Imported, Names, read_document
from polynya.world.importers.gem import read
from tests.world.importers.conftest import small as small
from tests.world.importers.conftest import world as world
from tests.world.importers.conftest import write

HEAD = "TerminalID,TerminalName,UnitName,FacilityType,Status,Country/Area,CapacityInMtpa,CapacityInBcm/y,StartYear1,StopYear\n"


def run(world: World, folder: Path, rows: str, head: str = HEAD, **given: str) -> Imported:
    return read(read_document(write(folder, "gem.csv", head + rows)), Names(world, given))


def steps(result: Imported, subject: str) -> list[tuple[str, str, float]]:
    return [(f.valid_from, f.valid_to, round(f.value, 9)) for f in result.facts if f.subject == subject]


def test_units_of_a_terminal_add_up_year_by_year(world: World, tmp_path: Path) -> None:
    rows = """T1,Grain LNG Terminal,Phase 1,Import,Operating,United Kingdom,,4.5,2005,
T1,Grain LNG Terminal,Phase 2,Import,Operating,United Kingdom,,9,2008,
T1,Grain LNG Terminal,Phase 3,Import,Construction,United Kingdom,,5,2025,
"""
    result = run(world, tmp_path, rows)
    assert steps(result, "grain-lng") == [("2005-01-01", "2007-12-31", 4.5), ("2008-01-01", "", 13.5)]
    assert [f.kind for f in result.facts] == ["reported", "derived"]  # one unit is reported, a sum is ours
    assert result.facts[1].locator == "rows 2, 3"
    assert result.left_out[0].locator == "row 4"  # what is only being built is no capacity
    assert "construction" in result.left_out[0].reason


def test_a_retired_unit_counts_to_the_year_before_it_stopped(world: World, tmp_path: Path) -> None:
    rows = """T1,Grain LNG Terminal,A,Import,Operating,United Kingdom,,10,2005,
T1,Grain LNG Terminal,B,Import,Retired,United Kingdom,,4,2005,2015
"""
    assert steps(run(world, tmp_path, rows), "grain-lng") == [
        ("2005-01-01", "2014-12-31", 14.0),
        ("2015-01-01", "", 10.0),
    ]


def test_mtpa_is_converted_where_bcm_is_blank(world: World, tmp_path: Path) -> None:
    result = run(world, tmp_path, "T1,Dragon LNG,,Import,Operating,UK,5.6,,2009,\n")
    assert steps(result, "dragon-lng") == [("2009-01-01", "", 7.616)]  # 5.6 x 1.36
    assert result.facts[0].original_value == "5.6 mtpa"


def test_an_asset_of_a_whole_country_takes_all_its_units(world: World, tmp_path: Path) -> None:
    rows = "T8,Sodegaura,,Import,Operating,Japan,,30,,\nT9,Futtsu,,Import,Operating,Japan,,20,1985,\n"
    result = run(world, tmp_path, rows)
    assert steps(result, "lng-import-japan") == [("1900-01-01", "1984-12-31", 30.0), ("1985-01-01", "", 50.0)]
    assert "1 of 2 units without a start year" in result.facts[1].note


def test_similar_names_do_not_merge_and_the_map_decides(world: World, tmp_path: Path) -> None:
    row = "T7,Grayne LNG,,Import,Operating,United Kingdom,,5,2010,\n"
    result = run(world, tmp_path, row)
    assert not result.facts
    assert "say which in --map" in result.left_out[0].reason
    assert steps(run(world, tmp_path, row, **{"grayne lng": "dragon-lng"}), "dragon-lng") == [("2010-01-01", "", 5.0)]


def test_a_country_without_a_terminal_is_left_out_not_guessed(world: World, tmp_path: Path) -> None:
    result = run(world, tmp_path, "T7,Delimara,,Import,Operating,Malta,,0.7,2017,\n")
    assert not result.facts
    assert result.left_out[0].name == "Delimara"


def test_a_blank_capacity_is_not_zero(world: World, tmp_path: Path) -> None:
    result = run(world, tmp_path, "T1,Dragon LNG,,Import,Operating,United Kingdom,,,2009,\n")
    assert not result.facts
    assert "missing is not zero" in result.left_out[0].reason


def test_pipelines_match_a_corridor_by_name(world: World, tmp_path: Path) -> None:
    head = "PipelineName,SegmentName,Status,CapacityBcm/y,StartYear1\n"
    result = run(world, tmp_path, "Nord Stream 1,String A,Operating,27.5,2011\nSome Pipe,,Operating,3,2001\n", head)
    assert steps(result, "nord-stream-1-a") == [("2011-01-01", "", 27.5)]
    assert [x.name for x in result.left_out] == ["Some Pipe"]


@pytest.mark.parametrize(
    ("row", "place"),
    [
        ("T1,Dragon LNG,,Import,Operating,United Kingdom,,seven,2009,\n", "gem.csv:2:8"),  # not a number
        ("T1,Dragon LNG,,Import,Operating,United Kingdom,,nan,2009,\n", "gem.csv:2:8"),
        ("T1,Dragon LNG,,Import,Operating,United Kingdom,,-7,2009,\n", "gem.csv:2"),
        ("T1,Dragon LNG,,Import,Retired,United Kingdom,,7,2009,2005\n", "gem.csv:2"),  # stops before it starts
    ],
)
def test_a_bad_value_is_named_with_its_place(world: World, tmp_path: Path, row: str, place: str) -> None:
    with pytest.raises(InputError) as error:
        run(world, tmp_path, row)
    assert place in str(error.value)


def test_another_table_is_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no sheet has the columns"):
        run(world, tmp_path, "1,2\n", "a,b\n")
