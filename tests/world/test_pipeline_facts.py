"""The reference world's pipelines and production: dated events bite on their day, gates hold, and supply can meet demand.

Expected values are worked out beside the test from the published figures: daily limits in Russian m3 (times 0.93),
days of the month, and single values of the Energy Institute's Statistical Review 2024 [bcm].
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache

import polars as pl
import pytest

from polynya.world import World, load_world
from polynya.world.capacity import CapacityReader

FIRST, LAST = date(2019, 1, 1), date(2027, 12, 31)
NORD_STREAM_2 = ("nord-stream-2-a", "nord-stream-2-b")
FIVE_GATES = {"repair", "certification", "us-sanctions", "eu-law", "contract"}


@cache
def world() -> World:
    return load_world()


@cache
def reader() -> CapacityReader:
    return CapacityReader(world())


def month(corridor: str, day: date) -> float:
    """Capacity of a corridor in a month [bcm]."""
    found = reader().month(corridor, day).bcm
    assert found is not None
    return found


def without_gates(*closed: str) -> CapacityReader:
    """A reader of the world in which only these gates of Nord Stream 2 are left."""
    gates = world().table("gates")
    keep = ~pl.col("subject").is_in(NORD_STREAM_2) | pl.col("id").is_in(closed)
    return CapacityReader(world().with_tables({"gates": gates.filter(keep)}))


@pytest.mark.parametrize("string", NORD_STREAM_2)
def test_five_gates_stand_before_each_string_of_nord_stream_2(string: str) -> None:
    shut = [g for g in reader().gates(string) if g["valid_to"] is None and g["valid_from"] <= date(2026, 1, 1)]
    assert len(shut) == 5
    assert {g["gate"] for g in shut} == FIVE_GATES


@pytest.mark.parametrize("left", sorted(FIVE_GATES))
def test_any_single_gate_left_shut_keeps_string_b_empty_and_is_named(left: str) -> None:
    found = without_gates(f"nord-stream-2-b-{left}").month("nord-stream-2-b", date(2026, 1, 1))
    assert found.bcm == 0.0
    assert found.closed_gates == (f"nord-stream-2-b-{left}",)


def test_all_gates_open_gives_string_b_its_nameplate_and_no_more() -> None:
    open_world = without_gates()
    year = sum(open_world.month("nord-stream-2-b", date(2026, m, 1)).bcm or 0.0 for m in range(1, 13))
    assert year == pytest.approx(27.5 * 0.93)  # 27.5 bcm at 20 C


def test_nord_stream_1_in_june_2022_is_prorated_over_its_three_levels() -> None:
    full, at_100, at_67 = 57.23, 33.95, 22.74  # bcm a year: entry capacity, 100 and 67 mcm a day
    expected = (13 * full + 2 * at_100 + 15 * at_67) / 365  # limits from 14 and from 16 June
    assert month("nord-stream-1-a", date(2022, 6, 1)) + month("nord-stream-1-b", date(2022, 6, 1)) == pytest.approx(
        expected, rel=1e-4
    )


@pytest.mark.parametrize(
    ("corridor", "last_open", "first_shut"),
    [
        ("nord-stream-1-a", date(2022, 8, 1), date(2022, 9, 1)),  # stopped on 31 August, ruptured on 26 September
        ("brotherhood", date(2024, 12, 1), date(2025, 1, 1)),  # end of the transit contract
        ("soyuz", date(2022, 5, 1), date(2022, 6, 1)),  # force majeure of 10 May
        ("yamal-europe-by-pl", date(2022, 4, 1), date(2022, 5, 1)),  # no deliveries to Poland from 27 April
        ("imatra-ru-fi", date(2022, 5, 1), date(2022, 6, 1)),  # cut on 21 May
        ("maghreb-europe-dz-ma", date(2021, 10, 1), date(2021, 11, 1)),  # contract ran out on 31 October
        ("balticconnector-ee-fi", date(2023, 10, 1), date(2023, 11, 1)),  # anchor on 8 October
    ],
)
def test_what_was_cut_is_shut_from_the_month_after(corridor: str, last_open: date, first_shut: date) -> None:
    assert month(corridor, last_open) > 0.0
    assert month(corridor, first_shut) == 0.0


@pytest.mark.parametrize(
    ("corridor", "before", "after"),
    [
        ("turkstream-1", date(2019, 12, 1), date(2020, 1, 1)),
        ("power-of-siberia", date(2019, 11, 1), date(2019, 12, 1)),
        ("tap-tr-gr", date(2020, 11, 1), date(2021, 1, 1)),
        ("baltic-pipe-no-dk", date(2022, 10, 1), date(2022, 11, 1)),
        ("gipl-pl-lt", date(2022, 4, 1), date(2022, 5, 1)),
        ("igb-gr-bg", date(2022, 9, 1), date(2022, 10, 1)),
        ("maghreb-europe-es-ma", date(2022, 5, 1), date(2022, 7, 1)),
        ("cac-kz-uz", date(2023, 9, 1), date(2023, 11, 1)),
        ("balticconnector-fi-ee", date(2024, 3, 1), date(2024, 5, 1)),
        ("far-eastern-line", date(2026, 12, 1), date(2027, 2, 1)),
    ],
)
def test_what_was_opened_is_open_only_afterwards(corridor: str, before: date, after: date) -> None:
    assert month(corridor, before) == 0.0
    assert month(corridor, after) > 0.0


def test_booked_ukrainian_transit_of_2022_is_the_contract_of_40_bcm() -> None:
    """109 mcm a day at 20 C are 39.8 bcm a year; January to April, before Sokhranivka closed."""
    third = sum(month(c, date(2022, m, 1)) for c in ("brotherhood", "soyuz") for m in range(1, 5))
    assert third == pytest.approx(40 * 0.93 * 120 / 365, rel=0.01)


def test_what_was_bought_on_top_in_the_summer_of_2021_is_added() -> None:
    """15 mcm a day at 20 C from May to August: 123 days of it are 1.7 bcm."""
    booked = [sum(month(c, date(2021, m, 1)) for c in ("brotherhood", "soyuz")) for m in range(1, 13)]
    assert sum(booked) == pytest.approx((109 * 365 + 15 * 123) * 0.93e-3, rel=0.002)
    assert booked[6] - booked[9] == pytest.approx(15 * 31 * 0.93e-3, rel=0.01)  # July and October have 31 days


def test_bookings_of_yamal_europe_in_the_autumn_of_2021() -> None:
    """31.4 mcm a day (20 C) in October, next to nothing from 18 December."""
    assert month("yamal-europe-pl-de", date(2021, 10, 1)) == pytest.approx(31.4 * 31 * 0.93e-3, rel=0.01)
    assert month("yamal-europe-pl-de", date(2022, 1, 1)) == 0.0


def test_every_corridor_has_a_capacity_a_tariff_a_cost_and_a_loss_on_every_day() -> None:
    gaps = []
    for corridor in world().table("corridors")["id"]:
        for attribute in (
            "capacity_bcm_per_year",
            "tariff_usd_per_mmbtu",
            "transport_cost_usd_per_mmbtu",
            "loss_share",
        ):
            pieces = world().over_days(corridor, attribute, FIRST, LAST)
            gaps += [f"{corridor} {attribute}" for days, found in pieces if found is None and days]
    assert not gaps


def test_every_supply_has_a_capacity_and_an_increasing_cost_on_every_day() -> None:
    for supply in world().table("supplies")["id"]:
        pieces = world().over_days(supply, "production_capacity_bcm_per_year", FIRST, LAST)
        assert all(found is not None for _, found in pieces), supply
        low = world().resolve(supply, "production_cost_low_usd_per_mmbtu", FIRST)
        high = world().resolve(supply, "production_cost_high_usd_per_mmbtu", FIRST)
        assert low is not None
        assert high is not None
        assert low.value < high.value, supply


def capacity_of_production(node: str, year: int) -> float:
    """Production capacity at a node over a year, day by day [bcm]."""
    supplies = world().table("supplies").filter(pl.col("node") == node)["id"]
    first, last = date(year, 1, 1), date(year, 12, 31)
    days = (last - first + timedelta(1)).days
    return sum(
        n * (found.value if found else 0.0) / days
        for s in supplies
        for n, found in world().over_days(s, "production_capacity_bcm_per_year", first, last)
    )


@pytest.mark.parametrize(("year", "produced"), [(2019, 3964.0), (2021, 4043.7)])
def test_world_production_capacity_is_a_few_percent_above_what_was_produced(year: int, produced: float) -> None:
    total = sum(capacity_of_production(n, year) for n in world().table("nodes")["id"])
    assert produced * 1.02 < total < produced * 1.07


@pytest.mark.parametrize("year", [2019, 2021])
def test_every_node_can_be_supplied_with_what_it_used(year: int) -> None:
    """Production, pipelines in and LNG terminals together exceed consumption at every node."""
    corridors = world().table("corridors")
    terminals = world().table("assets").filter((pl.col("kind") == "lng-import") & pl.col("node").is_not_null())
    short = []
    for node in world().table("nodes")["id"]:
        used = world().resolve(node, "consumption_bcm", date(year, 1, 1))
        if used is None:
            continue
        ways = [
            *corridors.filter(pl.col("to_node") == node)["id"],
            *terminals.filter(pl.col("node") == node)["id"],
        ]
        arriving = sum(reader().month(w, date(year, m, 1)).bcm or 0.0 for w in ways for m in range(1, 13))
        if capacity_of_production(node, year) + arriving < used.value:
            short.append((node, used.value, arriving))
    assert not short


def test_russian_gas_pays_duty_on_every_pipe_to_europe_but_blue_stream() -> None:
    duty = {
        c: world().resolve(c, "tax_usd_per_mmbtu", date(2021, 7, 1))
        for c in ("nord-stream-1-a", "brotherhood", "yamal-europe-by-pl", "turkstream-1", "blue-stream")
    }
    paid = {c: found.value for c, found in duty.items() if found is not None}
    assert paid.pop("blue-stream") == 0.0  # exempt by treaty
    assert list(paid.values()) == pytest.approx([0.3 * 8.51] * 4)  # 30 % at 300 USD per 1000 m3
