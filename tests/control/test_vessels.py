"""Ships as parties: who lists them, who owns them, and what a fleet loses when one is listed."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path

import polars as pl
import pytest

from polynya import handover
from polynya.control.answer import party_document
from polynya.control.inputs import TABLES, inputs_from_tables
from polynya.errors import InputError
from polynya.scenario import apply, load_scenario
from polynya.voyages.bundle import read_rows
from polynya.voyages.legs import fleet_days
from polynya.voyages.service import listed, plain_name, with_listings
from polynya.world import World, load_world

HEAD = """schema: polynya.scenario/1
id: ships
title: Ships are listed and freed
as_of: 2025-06-01
horizon: {from: 2025-06, months: 3}
assumptions:
  - {id: a1, text: taken as given}
changes:
"""
UNTOLD = {"perle"}  # of which only its earlier life was seen


@cache
def reference() -> World:
    return load_world()


def changed(tmp_path: Path, *changes: str) -> World:
    path = tmp_path / "s.yaml"
    path.write_text(HEAD + "".join(f"  - {{{c}, because: [a1]}}\n" for c in changes))
    return apply(load_scenario(path, reference()), reference()).world


def asked(world: World, word: str, day: date) -> dict[str, object]:
    tables = {n: list(world.tables[n].iter_rows(named=True)) for n in TABLES if n in world.tables}
    return party_document(inputs_from_tables(tables), word, "all", day)


def test_every_single_ship_of_the_fleets_stands_in_the_registry() -> None:
    fleets = {plain_name(r["ship"]) for r in read_rows(handover.VOYAGES, "fleet_ships")}
    assert fleets - set(handover.listings_of(reference())) == UNTOLD


def test_the_registry_lists_a_ship_no_later_and_no_less_than_the_fleet_table() -> None:
    """Two tables of one thing may not drift apart. The registry may know of a further list (the UK's of Iris)."""
    known = handover.listings_of(reference())
    for row in read_rows(handover.VOYAGES, "fleet_ships"):
        own = {(r.countries, r.valid_from) for r in listed([row])}
        world = {
            (r.countries, r.valid_from) for r in listed([{**row, "listed_by": known.get(plain_name(row["ship"]))}])
        }
        assert own <= world or plain_name(row["ship"]) in UNTOLD, row["ship"]


def test_today_no_fleet_has_other_days_than_by_its_own_table() -> None:
    rows = read_rows(handover.VOYAGES, "fleet_ships")
    months = [date(y, m, 1) for y in range(2019, 2027) for m in (2, 8)]
    assert fleet_days(with_listings(rows, handover.listings_of(reference())), months).equals(fleet_days(rows, months))


def test_a_ship_is_screened_with_its_number_its_owner_and_its_own_listing() -> None:
    found = asked(reference(), "christophe-de-margerie", date(2025, 6, 1))
    assert found["ship"]["imo"] == "9737187"  # type: ignore[index]
    assert found["ship"]["owners"] == ["sovcomflot"]  # type: ignore[index]
    assert found["by_regime"] == {"ofac": "certain", "eu": "not", "uk": "certain", "seco": "not"}
    barred = {m["id"] for m in found["measures"] if m["effect"] == "vessel_listing"}  # type: ignore[attr-defined]
    assert {"eu-833-2014-3s-arc7", "us-eo-14024-carriers-2025-01"} <= barred


def test_a_ship_under_the_russian_flag_is_no_russian_company() -> None:
    """Bans on investing in Russia reach companies; a flag alone brings none of them."""
    found = asked(reference(), "North Sky", date(2025, 6, 1))  # by its former name
    assert found["id"] == "iris"
    assert {m["effect"] for m in found["measures"]} == {"vessel_listing"}  # type: ignore[attr-defined]


def test_a_ship_of_yamal_lng_is_on_no_list() -> None:
    found = asked(reference(), "boris-vilkitsky", date(2026, 1, 1))
    assert found["blocked"] == "not"
    assert found["measures"] == []


def test_one_ship_is_freed_and_the_others_stay_listed(tmp_path: Path) -> None:
    world = changed(
        tmp_path,
        "id: free, type: lift_measure, measures: [us-eo-14024-carriers-2024-08], targets: [iris], from: 2025-07-01",
    )
    states = {d: asked(world, "iris", d)["by_regime"]["ofac"] for d in (date(2025, 6, 30), date(2025, 7, 1))}  # type: ignore[index]
    assert states == {date(2025, 6, 30): "certain", date(2025, 7, 1): "not"}
    assert asked(world, "voskhod", date(2025, 7, 1))["by_regime"]["ofac"] == "certain"  # type: ignore[index]
    said = handover.listings_of(world)
    assert said["iris"] == "OFAC 2024-08-23 to 2025-06-30; UK 2024-09-26; EU 2024-12-16"
    assert said["voskhod"] == handover.listings_of(reference())["voskhod"]


def test_a_lifting_for_a_while_ends(tmp_path: Path) -> None:
    lift = "id: free, type: lift_measure, measures: [us-eo-14024-carriers-2024-08], targets: [iris], from: 2025-07-01, to: 2025-07-31"
    world = changed(tmp_path, lift)
    assert asked(world, "iris", date(2025, 7, 31))["by_regime"]["ofac"] == "not"  # type: ignore[index]
    assert asked(world, "iris", date(2025, 8, 1))["by_regime"]["ofac"] == "certain"  # type: ignore[index]


def test_a_listed_ship_sails_no_more_in_the_fleet_of_yamal(tmp_path: Path) -> None:
    """Two of fourteen ships after 15 July: 16 of July's 31 days each, at 95 % availability; all of August."""
    listing = "id: list, type: impose_measure, measures: [eu-833-2014-3s-arc7], targets: [boris-vilkitsky, fedor-litke], from: 2025-07-15"
    world = changed(tmp_path, listing)
    rows, months = read_rows(handover.VOYAGES, "fleet_ships"), [date(2025, m, 1) for m in (6, 7, 8)]
    days = [
        dict(
            fleet_days(with_listings(rows, handover.listings_of(w)), months)
            .filter(pl.col("fleet") == "arc7-yamal")
            .select("period", "ship_days")
            .iter_rows()
        )
        for w in (reference(), world)
    ]
    lost = {m: days[0][m] - days[1][m] for m in days[0]}
    assert lost == pytest.approx({"2025-06": 0.0, "2025-07": 2 * 16 * 0.95, "2025-08": 2 * 31 * 0.95})
    assert asked(world, "boris-vilkitsky", date(2025, 8, 1))["measures"]


def test_a_listing_by_the_us_blocks_the_ship(tmp_path: Path) -> None:
    listing = "id: list, type: impose_measure, measures: [us-eo-14024-carriers-2024-08], targets: [fedor-litke], from: 2025-07-15"
    found = asked(changed(tmp_path, listing), "fedor-litke", date(2025, 8, 1))
    assert found["by_regime"]["ofac"] == "certain"  # type: ignore[index]


def test_who_is_on_no_list_cannot_be_freed_from_it(tmp_path: Path) -> None:
    lift = "id: free, type: lift_measure, measures: [eu-833-2014-3s-arc7], targets: [fedor-litke], from: 2025-07-01"
    with pytest.raises(InputError, match="fedor-litke is named by none of eu-833-2014-3s-arc7"):
        changed(tmp_path, lift)


def test_one_ship_listed_and_another_freed_do_not_contradict(tmp_path: Path) -> None:
    both = (
        "id: free, type: lift_measure, measures: [eu-833-2014-3s-arc7], targets: [{}], from: 2025-07-01",
        "id: list, type: impose_measure, measures: [eu-833-2014-3s-arc7], targets: [{}], from: 2025-07-01",
    )
    changed(tmp_path, both[0].format("iris"), both[1].format("fedor-litke"))
    with pytest.raises(InputError, match="in force and lifted at once"):
        changed(tmp_path, both[0].format("iris"), both[1].format("iris"))
