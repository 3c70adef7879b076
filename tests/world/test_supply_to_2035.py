"""Supply to 2035: dated, anchored in the forecasts it names, without steps that no project explains.

Question: does a long run read a path of production, LNG plants and sellers' caps that a reader can check against the
published figure? Expected values are worked out beside the test from the figures in the cited sources [bcm of 40 MJ].
"""

from __future__ import annotations

from datetime import date
from functools import cache
from itertools import pairwise

import polars as pl
import pytest

from polynya.market.inputs import build_inputs
from polynya.world import World, load_world
from polynya.world.capacity import CapacityReader

YEARS = range(2026, 2036)
BCF_PER_DAY = 9.97  # [bcm of 40 MJ a year] in 1 Bcf/d, as the facts say
# A step of more than 15 % in one year is a project with a name, or a plan that says so (Uzbekistan's draft strategy).
STEPS = {
    "ae-fields": {2029},  # Hail and Ghasha
    "bd-fields": {2030},  # 2 bcm less every year until then
    "il-fields": {2030},  # Leviathan's second phase
    "ly-fields": {2028, 2029},  # structures A and E
    "mz-fields": {2028, 2029, 2030},  # Mozambique LNG and Coral North
    "qa-north-field": {2029},  # North Field East
    "ro-fields": {2027},  # Neptun Deep
    "ru-sakh-gazprom": {2028, 2030, 2033},  # South Kirinskoye
    "tr-fields": {2027, 2029},  # phases of Sakarya
    "uz-fields": {2029},
}


@cache
def world() -> World:
    return load_world()


@cache
def reader() -> CapacityReader:
    return CapacityReader(world())


def produced(supply: str, year: int) -> float:
    """Production capacity in the middle of a year [bcm a year]."""
    found = world().resolve(supply, "production_capacity_bcm_per_year", date(year, 7, 1))
    assert found is not None, (supply, year)
    return found.value


def supplies() -> list[str]:
    return world().table("supplies")["id"].to_list()


def year_of(subject: str, year: int) -> float:
    """What a corridor or plant can pass over a year, availability and gates counted [bcm]."""
    months = [reader().month(subject, date(year, m, 1)).bcm for m in range(1, 13)]
    return sum(m for m in months if m is not None)


def test_the_large_producers_have_a_figure_of_their_own_for_the_thirties_or_hold_one() -> None:
    """More than 85 % of the capacity of 2035 has a row that begins after 2025 or, in West Siberia, far exceeds output."""
    facts = world().table("facts").filter(pl.col("attribute") == "production_capacity_bcm_per_year")
    later = set(facts.filter(pl.col("valid_from") > date(2025, 12, 31))["subject"])
    total = sum(produced(s, 2035) for s in supplies())
    west_siberia = {"ru-wsib-gazprom", "ru-wsib-independents"}  # capacity far above output: it limits nothing
    moved = sum(produced(s, 2035) for s in supplies() if s in later | west_siberia)
    assert moved / total > 0.85


@pytest.mark.parametrize("supply", [s for s in load_world().table("supplies")["id"] if s != "ru-sakh-gazprom"])
def test_no_supply_jumps_from_year_to_year_without_a_project(supply: str) -> None:
    for year in YEARS:
        before, after = produced(supply, year - 1), produced(supply, year)
        if year > 2026 and year not in STEPS.get(supply, ()):
            assert abs(after - before) <= max(0.15 * before, 1.5), (year, before, after)


def test_every_named_step_is_one() -> None:
    """The list above holds no excuse that nothing needs."""
    idle = [
        (supply, year)
        for supply, years in STEPS.items()
        for year in years
        if abs(produced(supply, year) - produced(supply, year - 1)) <= max(0.15 * produced(supply, year - 1), 1.5)
    ]
    assert not idle


def test_norway_follows_its_directorate() -> None:
    """Norwegian Offshore Directorate: 123.1 bcm in 2026, 110.8 in 2029; after that a decline, never a rise."""
    assert produced("no-shelf", 2026) == pytest.approx(123.1)
    assert produced("no-shelf", 2029) == pytest.approx(110.8)
    path = [produced("no-shelf", y) for y in YEARS]
    assert all(b <= a for a, b in pairwise(path))


def test_britain_falls_as_its_authority_projects() -> None:
    """7 % less every year by the projection of the North Sea Transition Authority: 0.93**9 = 0.52 after nine years."""
    assert produced("gb-fields", 2035) / produced("gb-fields", 2026) == pytest.approx(0.93**9, rel=0.01)


def test_the_united_states_follow_the_energy_information_administration() -> None:
    """EIA: 109.5 Bcf/d in 2026; the margin of 4.3 % is that of capacity over output in 2019 and 2021."""
    both = produced("us-gulf-fields", 2026) + produced("us-rest-fields", 2026)
    assert both == pytest.approx(109.5 * BCF_PER_DAY * 1.043, rel=0.002)


def test_a_plant_finds_feed_gas_in_its_country_in_every_year_to_2035() -> None:
    """What Qatar and Mozambique can load over its loss is never more than their fields can give."""
    plants = world().table("assets").filter(pl.col("kind") == "lng-export")
    for node, supply in (("QA", "qa-north-field"), ("MZ", "mz-fields")):
        for year in YEARS:
            loaded = sum(year_of(p, year) for p in plants.filter(pl.col("node") == node)["id"])
            assert loaded / 0.91 <= produced(supply, year) + 1e-6, (node, year)


@pytest.mark.parametrize(
    ("plant", "last_empty", "first_full", "mtpa"),
    [
        ("north-field-east", 2027, 2029, 32.0),
        ("north-field-south", 2029, 2030, 16.0),
        ("cp2-lng", 2025, 2031, 28.0),
        ("woodfibre-lng", 2026, 2029, 2.1),
        ("cedar-lng", 2028, 2030, 3.3),
    ],
)
def test_plants_that_are_decided_load_from_their_year_on(
    plant: str, last_empty: int, first_full: int, mtpa: float
) -> None:
    assert year_of(plant, last_empty) == 0.0
    assert year_of(plant, first_full) == pytest.approx(mtpa * 1.36, rel=0.12)  # availability of 0.9 to 1


def test_power_of_siberia_carries_what_was_agreed_in_september_2025_from_the_thirties_on() -> None:
    """44 and 12 bcm in Russian m3 (times 0.93) instead of 38 and 10."""
    assert year_of("power-of-siberia", 2029) == pytest.approx(38 * 0.93, rel=0.12)
    assert year_of("power-of-siberia", 2032) == pytest.approx(44 * 0.93, rel=0.01)
    assert year_of("far-eastern-line", 2032) == pytest.approx(12 * 0.93, rel=0.01)


def test_the_left_bank_of_moldova_has_one_way_in_and_one_seller_until_2025() -> None:
    ways = world().table("corridors").filter(pl.col("to_node") == "MD-LEFT")["id"].to_list()
    assert ways == ["md-md-left"]
    held = world().table("access").filter(pl.col("subject") == "md-md-left")
    assert held["traders"].to_list() == ["gazprom"]
    assert held["valid_to"].to_list() == [date(2024, 12, 31)]


def test_the_left_bank_got_nothing_in_january_2025_and_three_million_a_day_after() -> None:
    """Heating was shut for a month. From 13 February at most 3 mcm a day (20 C): 1.018 bcm a year of 40 MJ."""
    assert reader().month("md-md-left", date(2024, 12, 1)).bcm
    shut = reader().month("md-md-left", date(2025, 1, 1))
    assert shut.bcm == 0.0
    assert "moldova-left-bank-payer" in shut.closed_gates
    assert reader().month("md-md-left", date(2025, 4, 1)).bcm == pytest.approx(3.0 * 30 * 0.93e-3, rel=0.01)


@pytest.mark.parametrize(
    ("gate", "nodes"),
    [
        ("bulgaria-contract", {"BG"}),
        ("denmark-contract", {"DK"}),
        ("moldova-contract", {"MD", "MD-LEFT"}),
        ("ukraine-purchase", {"UA"}),
    ],
)
def test_opening_the_gate_of_a_contract_lifts_the_sellers_cap_and_shuts_or_opens_no_pipe(
    gate: str, nodes: set[str]
) -> None:
    gates = world().table("gates")
    opened = world().with_tables({"gates": gates.filter(pl.col("id") != gate)})
    day = date(2025, 6, 1)
    kept = {r["node"] for r in build_inputs(world(), day, 1).tables["caps"].iter_rows(named=True)}
    left = {r["node"] for r in build_inputs(opened, day, 1).tables["caps"].iter_rows(named=True)}
    assert kept - left == nodes
    pipes = world().table("corridors")["id"]
    changed = CapacityReader(opened)
    assert all(changed.month(p, day).bcm == reader().month(p, day).bcm for p in pipes)


def test_romania_fills_the_line_into_moldova_and_moldova_can_send_gas_back() -> None:
    """The line from Ungheni grew in steps; the way back was opened and is small."""
    steps = [year_of("ro-md", y) for y in (2019, 2021, 2024)]
    assert steps == sorted(steps)
    assert steps[0] > 0.0
    assert 0.0 < year_of("md-ro", 2024) < year_of("ro-md", 2024)
