"""ENTSOG and GIE: energy to volume, runs of days to steps, days to months; no zero out of a blank."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polynya.errors import InputError
from polynya.world import World
from polynya.world.importers import Names, entsog, gie, read_document
from tests.world.importers.conftest import small as small
from tests.world.importers.conftest import world as world
from tests.world.importers.conftest import write

BCM_PER_GWH_DAY_YEAR = 365 / 1000 / (40.0 / 3.6)  # 1 GWh/d for 365 days in bcm of 40 MJ/m3


def points(*rows: tuple[str, str, str, str, str, object]) -> str:
    keys = ("indicator", "periodFrom", "operatorLabel", "pointLabel", "directionKey", "value")
    records = [{**dict(zip(keys, r, strict=True)), "unit": "kWh/d", "pointKey": "ITP-1"} for r in rows]
    return json.dumps({"meta": {"total": len(rows)}, "operationaldatas": records})


def test_equal_days_of_technical_capacity_make_one_step(world: World, tmp_path: Path) -> None:
    days = [
        ("Firm Technical", f"2024-01-0{d} 06:00", "OP", "Bacton", "exit", v)
        for d, v in ((1, 600e6), (2, 600e6), (3, 500e6))
    ]
    path = write(tmp_path, "e.json", points(*days))
    result = entsog.read(read_document(path), Names(world, {"bacton exit": "iuk-gb-be"}))
    assert [(f.valid_from, f.valid_to) for f in result.facts] == [
        ("2024-01-01", "2024-01-02"),
        ("2024-01-03", "2024-01-03"),
    ]
    assert result.facts[0].value == pytest.approx(600 * BCM_PER_GWH_DAY_YEAR)  # 19.71 bcm a year
    assert result.facts[0].original_value == "600 GWh/d"


def test_a_missing_day_ends_a_step(world: World, tmp_path: Path) -> None:
    days = [("Firm Technical", f"2024-01-0{d}", "OP", "Bacton", "exit", 600e6) for d in (1, 3)]
    result = entsog.read(read_document(write(tmp_path, "e.json", points(*days))), Names(world, {"bacton": "iuk-gb-be"}))
    assert [(f.valid_from, f.valid_to) for f in result.facts] == [
        ("2024-01-01", "2024-01-01"),
        ("2024-01-03", "2024-01-03"),
    ]


def test_flows_become_the_months_mean_and_say_which_days_miss(world: World, tmp_path: Path) -> None:
    days = [("Physical Flow", f"2024-02-{d:02d}", "OP", "Bacton", "exit", v) for d, v in ((1, 100e6), (2, 300e6))]
    result = entsog.read(read_document(write(tmp_path, "e.json", points(*days))), Names(world, {"bacton": "iuk-gb-be"}))
    (fact,) = result.facts
    assert (fact.attribute, fact.valid_from, fact.valid_to) == (
        "observed_flow_bcm_per_year",
        "2024-02-01",
        "2024-02-29",
    )
    assert fact.value == pytest.approx(200 * BCM_PER_GWH_DAY_YEAR)
    assert fact.note == "mean of 2 days; 27 missing"


def test_operators_mapped_to_one_corridor_are_added(world: World, tmp_path: Path) -> None:
    rows = [("Firm Technical", "2024-01-01", op, "Greifswald", "entry", 300e6) for op in ("NEL", "OPAL")]
    rows.append(("Firm Technical", "2024-01-01", "Other side", "Portovaya", "exit", 600e6))
    result = entsog.read(
        read_document(write(tmp_path, "e.json", points(*rows))), Names(world, {"greifswald entry": "nord-stream-1-a"})
    )
    assert result.facts[0].value == pytest.approx(600 * BCM_PER_GWH_DAY_YEAR)
    assert result.facts[0].note == "2 operators added"
    assert [x.name for x in result.left_out] == ["Portovaya|exit|Other side"]  # the same gas, reported twice


def test_a_day_with_two_values_is_refused(world: World, tmp_path: Path) -> None:
    rows = [("Physical Flow", "2024-01-01", "OP", "Bacton", "exit", v) for v in (1e6, 2e6)]
    with pytest.raises(InputError, match="two values on 2024-01-01"):
        entsog.read(read_document(write(tmp_path, "e.json", points(*rows))), Names(world, {"bacton": "iuk-gb-be"}))


def test_an_unknown_unit_is_refused(world: World, tmp_path: Path) -> None:
    text = points(("Physical Flow", "2024-01-01", "OP", "Bacton", "exit", 1)).replace("kWh/d", "mcm/d")
    with pytest.raises(InputError, match="mcm/d"):
        entsog.read(read_document(write(tmp_path, "e.json", text)), Names(world, {"bacton": "iuk-gb-be"}))


AGSI = """Country;Gas Day Start;Gas in storage (TWh);Full (%);Working Gas Volume (TWh);Injection capacity (GWh/d);Withdrawal capacity (GWh/d)
DE;2024-01-01;222.222;90;246.9;4000;7000
DE;2024-01-02;-;90;246.9;4000;7000
DE;2024-01-03;200;81;250;4000;7000
XX;2024-01-01;5;50;10;1;1
"""


def test_agsi_stock_and_volume_convert_by_energy(world: World, tmp_path: Path) -> None:
    result = gie.read(read_document(write(tmp_path, "agsi.csv", AGSI)), Names(world))
    fill = [f for f in result.facts if f.attribute == "fill_bcm"]
    assert [(f.subject, f.valid_from, round(f.value, 3)) for f in fill] == [
        ("storage-de", "2024-01-01", 20.0),  # 222.222 TWh / 11.111
        ("storage-de", "2024-01-03", 18.0),  # the file's last day
    ]
    working = [(f.valid_from, f.valid_to, round(f.value, 2)) for f in result.facts if f.attribute == "working_bcm"]
    assert working == [("2024-01-01", "2024-01-02", 22.22), ("2024-01-03", "2024-01-03", 22.5)]
    daily = [f for f in result.facts if f.attribute == "withdrawal_bcm_per_day"]
    assert daily[0].value == pytest.approx(0.63)  # 7,000 GWh = 7 TWh = 0.63 bcm
    assert [x.name for x in result.left_out] == ["XX"]


def test_agsi_json_is_the_same(world: World, tmp_path: Path) -> None:
    record = {"name": "Germany", "code": "DE", "gasDayStart": "2024-01-01", "gasInStorage": "111.111", "full": "45"}
    path = write(tmp_path, "agsi.json", json.dumps({"last_page": 1, "data": [record]}))
    result = gie.read(read_document(path), Names(world))
    assert [(f.subject, round(f.value, 3), f.locator) for f in result.facts] == [("storage-de", 10.0, "record 2")]


def test_the_same_day_twice_is_refused(world: World, tmp_path: Path) -> None:
    twice = AGSI + "DE;2024-01-01;1;1;1;1;1\n"
    with pytest.raises(InputError, match="stands twice on 2024-01-01"):
        gie.read(read_document(write(tmp_path, "agsi.csv", twice)), Names(world))
