"""Energy Institute: the workbook's years, countries of several nodes and nodes of several countries."""

from __future__ import annotations

from pathlib import Path

import pytest

from polynya.errors import InputError
from polynya.world import World
from polynya.world.importers import Document, Imported, ImportedFact, Names, Sheet, read_document
from polynya.world.importers.ei import read
from tests.world.importers.conftest import small as small
from tests.world.importers.conftest import world as world
from tests.world.importers.conftest import write

NARROW = """Country,Year,ISO3166_alpha3,Var,Value
Germany,2021,DEU,gascons_bcm,93.3
Germany,2021,DEU,oilcons_kbd,2000
Belgium,2021,BEL,gascons_bcm,17.0
Luxembourg,2021,LUX,gascons_bcm,0.7
Russian Federation,2021,RUS,gascons_bcm,480
Total Europe,2021,,gascons_bcm,571
"""
WIDE = Sheet(
    "Gas Consumption - Bcm",
    (
        ("Gas: Consumption", "", "", "", "", ""),
        ("", "", "", "", "2021", "2021"),
        ("Billion cubic metres", "2019", "2020", "2021", "Growth rate", "2021"),
        ("", "", "", "", "", ""),
        ("United Kingdom", "77.9", "74.5", "76.9", "0.03", "0.019"),
        ("Japan", "108.1", "-", "103.6", "0.01", "0.025"),
        ("Belgium", "17.4", "17.0", "17.1", "0.01", "0.025"),
        ("Source: includes data from others.", "", "", "", "", ""),
    ),
)


def of(result: Imported, subject: str) -> list[ImportedFact]:
    return [f for f in result.facts if f.subject == subject]


def test_the_narrow_file_gives_reported_totals(world: World, tmp_path: Path) -> None:
    result = read(read_document(write(tmp_path, "ei.csv", NARROW)), Names(world))
    germany = of(result, "DE")[0]
    assert (germany.attribute, germany.value, germany.valid_from, germany.valid_to) == (
        "consumption_bcm",
        93.3,
        "2021-01-01",
        "2021-12-31",
    )
    assert germany.kind == "reported"
    assert germany.locator == "row 2"


def test_a_node_of_two_countries_takes_their_sum(world: World, tmp_path: Path) -> None:
    result = read(read_document(write(tmp_path, "ei.csv", NARROW)), Names(world))
    both = of(result, "BE")[0]
    assert both.value == pytest.approx(17.7)  # 17.0 + 0.7
    assert both.kind == "derived"
    assert both.locator == "row 4; row 5"


def test_a_country_of_two_nodes_is_divided_as_the_world_divides_it(world: World, tmp_path: Path) -> None:
    """The world has 300 and 100 in 2021: three quarters of 480 are 360."""
    result = read(read_document(write(tmp_path, "ei.csv", NARROW)), Names(world))
    assert [f.value for f in (*of(result, "RU-EUR"), *of(result, "RU-WSIB"))] == pytest.approx([360.0, 120.0])
    assert {f.kind for f in of(result, "RU-EUR")} == {"derived"}


def test_regional_sums_are_left_out(world: World, tmp_path: Path) -> None:
    result = read(read_document(write(tmp_path, "ei.csv", NARROW)), Names(world))
    assert [x.name for x in result.left_out] == ["Total Europe"]


def test_a_division_the_world_does_not_know_is_left_out(world: World, tmp_path: Path) -> None:
    text = "Country,Year,Var,Value\nRussian Federation,2015,gascons_bcm,408\n"
    result = read(read_document(write(tmp_path, "ei.csv", text)), Names(world))
    assert not result.facts
    assert "does not say how" in result.left_out[0].reason


def test_the_workbook_sheet_reads_years_once_and_no_growth_rates(world: World, tmp_path: Path) -> None:
    result = read(Document(tmp_path / "ei.xlsx", (WIDE,)), Names(world))
    assert [(f.valid_from, f.value) for f in of(result, "GB")] == [
        ("2019-01-01", 77.9),
        ("2020-01-01", 74.5),
        ("2021-01-01", 76.9),  # not 0.019, the share under a second 2021
    ]
    assert of(result, "GB")[0].locator == 'sheet "Gas Consumption - Bcm", row 5, column 2019'
    assert len(of(result, "JP")) == 2  # a dash is no number and no zero
    assert of(result, "BE")[0].note == "without Luxembourg"


def test_another_workbook_is_refused(world: World, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="narrow format"):
        read(
            Document(tmp_path / "x.xlsx", (Sheet("Oil", (("Oil: Production",), ("Thousand barrels",))),)), Names(world)
        )
