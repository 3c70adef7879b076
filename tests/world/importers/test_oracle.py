"""Dated steps against a naive count: for every day, what the facts say is what the rows say."""

from __future__ import annotations

import json
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polynya.world import World
from polynya.world.importers import Document, ImportedFact, Names, Sheet, entsog, gem, gie, read_document
from tests.world.importers.conftest import small as small
from tests.world.importers.conftest import world as world

ONCE = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
UNITS = st.lists(
    st.tuples(
        st.floats(0.1, 30, allow_nan=False).map(lambda x: round(x, 2)),
        st.none() | st.integers(1990, 2030),
        st.booleans(),
        st.integers(0, 20),
    ),
    min_size=1,
    max_size=8,
)


def in_force(facts: list[ImportedFact], day: date) -> list[ImportedFact]:
    text = day.isoformat()
    return [f for f in facts if f.valid_from <= text and (not f.valid_to or text <= f.valid_to)]


@ONCE
@given(units=UNITS)
def test_gem_steps_are_the_sum_of_the_units_in_service(
    world: World, units: list[tuple[float, int | None, bool, int]]
) -> None:
    header = ("TerminalName", "FacilityType", "Status", "Country", "CapacityInBcm/y", "StartYear1", "StopYear")
    rows = []
    for capacity, start, retired, life in units:
        gone = retired and start is not None
        rows.append(
            (
                "Dragon LNG",
                "Import",
                "Retired" if gone else "Operating",
                "United Kingdom",
                str(capacity),
                "" if start is None else str(start),
                str(start + life) if gone and start is not None else "",
            )
        )
    document = Document(Path("gem.csv"), (Sheet("", (header, *rows)),))
    facts = list(gem.read(document, Names(world)).facts)
    for y in range(1985, 2055):
        naive = sum(
            c for c, start, retired, life in units if start is None or start <= y < (start + life if retired else 9999)
        )
        there = in_force(facts, date(y, 7, 1))
        assert len(there) <= 1  # steps never overlap
        assert sum(f.value for f in there) == pytest.approx(naive)


@ONCE
@given(days=st.dictionaries(st.integers(0, 40), st.integers(0, 3), min_size=1))
def test_entsog_steps_say_of_every_day_what_the_rows_say(world: World, tmp_path: Path, days: dict[int, int]) -> None:
    first = date(2024, 1, 15)
    records = [
        {
            "indicator": "Firm Technical",
            "periodFrom": (first + timedelta(days=d)).isoformat(),
            "pointLabel": "Bacton",
            "operatorLabel": "OP",
            "directionKey": "exit",
            "unit": "GWh/d",
            "value": 100 * v,
        }
        for d, v in days.items()
    ]
    path = tmp_path / "e.json"
    path.write_text(json.dumps({"operationaldatas": records}))
    facts = list(entsog.read(read_document(path), Names(world, {"bacton": "iuk-gb-be"})).facts)
    for d in range(-1, 42):
        there = in_force(facts, first + timedelta(days=d))
        if d not in days:
            assert there == []  # a day without a row is not known, and not zero
        else:
            assert [f.value for f in there] == [pytest.approx(100 * days[d] * 365 / 1000 / (40 / 3.6))]
    runs = sorted(facts, key=lambda f: f.valid_from)
    for a, b in pairwise(runs):  # no step that could have been one with the next
        touching = date.fromisoformat(a.valid_to) + timedelta(days=1) == date.fromisoformat(b.valid_from)
        assert not (touching and a.value == b.value)


@ONCE
@given(days=st.dictionaries(st.integers(0, 70), st.tuples(st.integers(0, 250), st.integers(240, 243)), min_size=1))
def test_agsi_working_gas_holds_until_it_changes(
    world: World, tmp_path: Path, days: dict[int, tuple[int, int]]
) -> None:
    first = date(2024, 1, 15)
    lines = ["code,gasDayStart,gasInStorage,workingGasVolume"]
    lines += [f"DE,{first + timedelta(days=d)},{stock},{volume}" for d, (stock, volume) in days.items()]
    path = tmp_path / "agsi.csv"
    path.write_text("\n".join(lines) + "\n")
    facts = list(gie.read(read_document(path), Names(world)).facts)
    working = [f for f in facts if f.attribute == "working_bcm"]
    for d, (_, volume) in days.items():
        there = in_force(working, first + timedelta(days=d))
        assert [f.value for f in there] == [pytest.approx(volume / (40 / 3.6))]
    fills = {f.valid_from: f.value for f in facts if f.attribute == "fill_bcm"}
    assert fills[(first + timedelta(days=max(days))).isoformat()] == pytest.approx(days[max(days)][0] / (40 / 3.6))


@given(text=st.text(max_size=12))
def test_a_cell_is_a_finite_number_or_blank_or_an_error(text: str) -> None:
    from polynya.errors import InputError

    document = Document(Path("x.csv"), (Sheet("", ((text,),)),))
    try:
        value = document.number(document.sheets[0], 1, 0)
    except InputError:
        return
    assert value is None or abs(value) < 1e15
