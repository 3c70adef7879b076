"""The reference world's LNG: plants and terminals can do what was observed, outages stop them, transit is not total.

Observed figures are single values of the Energy Institute's Statistical Review 2024 [bcm]; a month's capacity comes from
`CapacityReader`, so the sum over a year tests trains, outages and feed-gas limits together.
"""

from __future__ import annotations

from datetime import date
from functools import cache

import polars as pl
import pytest

from polynya.world import World, load_world
from polynya.world.capacity import CapacityReader


@cache
def world() -> World:
    return load_world()


@cache
def reader() -> CapacityReader:
    return CapacityReader(world())


@cache
def year(kind: str, nodes: tuple[str, ...], y: int) -> float:
    """Capacity of every plant or terminal at the nodes (all nodes if none are named) in a year [bcm]."""
    assets = world().table("assets").filter((pl.col("kind") == kind) & pl.col("node").is_not_null())
    if nodes:
        assets = assets.filter(pl.col("node").is_in(nodes))
    return sum(reader().month(a, date(y, m, 1)).bcm or 0.0 for a in assets["id"] for m in range(1, 13))


@pytest.mark.parametrize(
    ("y", "observed"),
    [
        (2019, 484.2),  # world LNG exports
        (2021, 515.9),
    ],
)
def test_all_plants_together_can_export_what_the_world_exported_and_little_more(y: int, observed: float) -> None:
    assert observed * 0.99 <= year("lng-export", (), y) <= observed * 1.05


@pytest.mark.parametrize(
    ("nodes", "in_2019", "in_2021"),
    [
        (("QA",), 105.8, 106.8),
        (("US-GULF", "US-REST"), 47.4, 94.5),
        (("AU-E", "AU-W"), 104.7, 108.5),
        (("RU-YAM", "RU-BALT", "RU-SAKH"), 39.1, 39.5),
        (("NG",), 28.8, 23.4),
        (("DZ",), 16.8, 15.6),
        (("EG",), 4.7, 9.1),
        (("TT",), 17.1, 9.1),
    ],
)
def test_an_exporter_can_export_what_it_did(nodes: tuple[str, ...], in_2019: float, in_2021: float) -> None:
    for y, observed in ((2019, in_2019), (2021, in_2021)):
        assert observed * 0.985 <= year("lng-export", nodes, y) <= observed * 1.10  # nearest: rounding of the shares


@pytest.mark.parametrize(
    ("nodes", "in_2019", "in_2021"),
    [
        (("GB",), 17.1, 15.0),
        (("BE",), 7.3, 5.4),
        (("FR",), 23.2, 17.6),
        (("ES",), 22.0, 20.4),
        (("IT",), 13.5, 9.5),
        (("TR",), 12.9, 13.9),
        (("JP",), 105.5, 101.2),
        (("KR",), 55.6, 64.1),
        (("CN-COAST", "CN-NE"), 84.7, 110.1),
        (("IN",), 32.4, 33.8),
        (("TW",), 22.8, 26.7),
        (("PK",), 11.8, 12.2),
        (("TH",), 6.7, 9.2),
        (("BR",), 3.2, 10.1),
        (("KW",), 5.1, 7.7),
    ],
)
def test_an_importer_can_land_what_it_did(nodes: tuple[str, ...], in_2019: float, in_2021: float) -> None:
    assert year("lng-import", nodes, 2019) >= in_2019
    assert year("lng-import", nodes, 2021) >= in_2021


@pytest.mark.parametrize(
    ("plant", "month"),
    [
        ("hammerfest-lng", date(2021, 1, 1)),  # fire 2020-09-28 to 2022-06-01
        ("freeport-lng", date(2022, 10, 1)),  # fire 2022-06-08 to 2023-02-11
        ("prelude-flng", date(2020, 7, 1)),
        ("ras-laffan", date(2026, 5, 1)),  # stopped 2026-03-02
        ("yemen-lng", date(2023, 1, 1)),
        ("damietta-lng", date(2020, 1, 1)),
    ],
)
def test_a_plant_that_stood_still_loads_nothing(plant: str, month: date) -> None:
    assert reader().month(plant, month).bcm == 0.0


def test_a_stop_in_mid_month_is_prorated() -> None:
    """Freeport, 15 mtpa = 20.4 bcm a year: seven of thirty days of June 2022, at 95 % availability."""
    assert reader().month("freeport-lng", date(2022, 6, 1)).bcm == pytest.approx(20.4 * 0.95 * 7 / 365, rel=1e-9)


def test_every_terminal_and_plant_knows_its_loss_and_cost_itself_or_through_its_group() -> None:
    assets = world().table("assets").filter(pl.col("kind").is_in(["lng-export", "lng-import"]))
    for plant in assets["id"]:
        for attribute in ("loss_share", "transport_cost_usd_per_mmbtu"):
            assert any(world().resolve(s, attribute, date(2024, 1, 1)) for s in reader().chain(plant)), (
                plant,
                attribute,
            )


def test_transit_is_a_small_part_of_the_cargo_of_the_northern_sea_route() -> None:
    for y in range(2018, 2026):
        total = world().resolve("northern-sea-route", "nsr_total_cargo_mt", date(y, 7, 1))
        transit = world().resolve("northern-sea-route", "nsr_transit_cargo_mt", date(y, 7, 1))
        assert total is not None
        assert transit is not None
        assert 0.0 < transit.value < 0.1 * total.value  # 0.04 of 34 Mt in 2022, 3.1 of 37.9 in the record year 2024


def test_a_contract_bound_in_the_market_has_a_take_or_pay_share() -> None:
    bound = world().table("contracts").filter(pl.col("in_market"))
    assert bound.height > 0
    assert bound["minimum_share"].null_count() == 0
