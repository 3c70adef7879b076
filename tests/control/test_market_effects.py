"""Does each act close the sales and routes it closes, from its month on, and no others?"""

from __future__ import annotations

from datetime import date

import pytest

from polynya.control.market_effects import Arc, Bloc, Contract, Trader, market_effects
from polynya.control.market_tables import ban_rows, cap_rows, deterrent_rows, effects_from_tables
from polynya.control.measures import Licence, Measure
from polynya.world import load_world

MONTHS = [date(y, m, 1) for y in range(2022, 2029) for m in range(1, 13)]
YAMAL = Trader("novatek-yamal", "RU", frozenset({"lng"}))
GAZPROM = Trader("gazprom", "RU", frozenset({"lng", "pipeline-gas"}))
NODES = {"FR": "FR", "HU": "HU", "RS": "RS", "GB": "GB"}
BLOCS = [Bloc("EU", "FR"), Bloc("EU", "HU"), Bloc("EU", "GB", None, date(2020, 1, 31)), Bloc("UK", "GB")]
ARCS = [Arc("pipe-hu", "HU", "pipeline-gas", "line"), Arc("ship-fr", "FR", "lng"), Arc("ship-hu", "HU", "lng")]


def ban(identity: str, commodity: str, start: date, contract: str = "any", **more) -> Measure:
    return Measure(
        identity, "EU", "Act", "Art. 1", "importers", "gas", ("origin:RU",), "import_ban", "prohibits",
        tuple(commodity.split()), contract, valid_from=start, **more,
    )  # fmt: skip


def run(*measures: Measure, traders=(YAMAL, GAZPROM), licences=(), contracts=()):
    return market_effects(
        measures, licences, months=MONTHS, traders=traders, nodes=NODES, arcs=ARCS, blocs=BLOCS, contracts=contracts
    )


def test_a_ban_from_the_25th_counts_from_the_next_month_and_binds_members_only():
    effects = run(ban("b", "lng", date(2026, 4, 25)), traders=[YAMAL])
    assert {(b.trader, b.node, b.first_month, b.last_month) for b in effects.bans} == {
        ("novatek-yamal", n, date(2026, 5, 1), date(2028, 12, 1)) for n in ("FR", "HU")
    }


def test_a_seller_of_both_loses_the_route_first_and_the_node_when_both_are_barred():
    effects = run(
        ban("lng", "lng", date(2027, 1, 1)), ban("pipe", "pipeline-gas", date(2027, 9, 30)), traders=[GAZPROM]
    )
    found = {(b.node, b.arc, b.first_month, b.last_month) for b in effects.bans}
    assert (None, "ship-fr", date(2027, 1, 1), date(2027, 9, 1)) in found
    assert (None, "pipe-hu", date(2027, 1, 1), date(2027, 9, 1)) not in found
    assert ("HU", None, date(2027, 10, 1), date(2028, 12, 1)) in found  # 30 September is after the 15th


def test_nobody_lands_lng_that_was_loaded_where_the_ban_says():
    """Gas of a neighbour liquefied there has that origin; legs that load elsewhere, or land elsewhere, stay open."""
    legs = [
        Arc("ship-ru-fr", "FR", "lng", loads_in="RU"),
        Arc("ship-ru-rs", "RS", "lng", loads_in="RU"),
        Arc("ship-no-fr", "FR", "lng", loads_in="NO"),
    ]
    neighbour = Trader("producers-kz", "KZ", frozenset({"lng"}))
    for measure, expected in [
        (ban("b", "lng", date(2027, 1, 1)), {("*", "ship-ru-fr", date(2027, 1, 1), date(2028, 12, 1))}),
        (ban("b", "pipeline-gas", date(2027, 1, 1)), set()),
        (ban("b", "lng", date(2027, 1, 1), "short"), set()),  # what long contracts bring may still land
    ]:
        effects = market_effects(
            [measure], (), months=MONTHS, traders=(neighbour,), nodes=NODES, arcs=legs, blocs=BLOCS
        )  # fmt: skip
        assert {(b.trader, b.arc, b.first_month, b.last_month) for b in effects.bans} == expected


def test_a_ban_on_short_contracts_leaves_the_long_ones():
    contracts = [
        Contract("novatek-yamal", "FR", 6.0, date(2018, 1, 1), date(2032, 12, 31)),
        Contract("novatek-yamal", "FR", 9.0, date(2026, 1, 1), date(2026, 6, 30)),  # half a year: short
    ]
    effects = run(ban("b", "lng", date(2026, 4, 25), "short"), traders=[YAMAL], contracts=contracts)
    assert {(x.node, x.maximum_bcm) for x in effects.limits} == {("FR", 0.5)}  # 6 bcm a year / 12
    assert {b.node for b in effects.bans} == {"HU"}  # nothing long there


def test_a_ban_on_new_contracts_closes_no_flow_and_is_named():
    effects = run(ban("b", "lng pipeline-gas", date(2026, 3, 17), "new"))
    assert effects.bans == ()
    assert "b" in effects.passed_over


def test_an_end_that_was_not_followed_up_is_assumed_to_go_on_and_says_so():
    base = Measure(
        "base", "EU", "Act", "", "EU persons", "all", (), "prolongation", "prolongs",
        valid_from=date(2014, 8, 1), valid_to=date(2026, 7, 31), end_known="unknown",
    )  # fmt: skip
    rests = ban("b", "lng", date(2026, 5, 1), rests_on="base")
    until = [x for x in run(base, rests, traders=[YAMAL]).bans if x.node == "FR"]
    assert [(x.first_month, x.last_month, x.assumed_continued) for x in until] == [
        (date(2026, 5, 1), date(2028, 12, 1), True)
    ]


def test_a_lapsed_base_ends_what_rests_on_it():
    base = Measure(
        "base", "EU", "Act", "", "EU persons", "all", (), "prolongation", "prolongs",
        valid_from=date(2014, 8, 1), valid_to=date(2026, 7, 31), end_known="ended",
    )  # fmt: skip
    bans = run(base, ban("b", "lng", date(2026, 5, 1), rests_on="base"), traders=[YAMAL]).bans
    assert {b.last_month for b in bans} == {date(2026, 7, 1)}


def test_a_licence_reopens_only_what_it_names():
    licence = Licence("l", "EU", "eu", "derogation", ("HU",), "", ("b",), date(2027, 1, 1), date(2027, 12, 31))
    bans = run(ban("b", "lng", date(2026, 5, 1)), traders=[YAMAL], licences=[licence]).bans
    assert {(b.first_month, b.last_month) for b in bans if b.node == "HU"} == {
        (date(2026, 5, 1), date(2026, 12, 1)),
        (date(2028, 1, 1), date(2028, 12, 1)),
    }
    assert {(b.first_month, b.last_month) for b in bans if b.node == "FR"} == {(date(2026, 5, 1), date(2028, 12, 1))}


def test_other_sellers_are_untouched():
    norway = Trader("equinor", "NO", frozenset({"lng", "pipeline-gas"}))
    assert run(ban("b", "lng pipeline-gas", date(2026, 1, 1)), traders=[norway]).bans == ()


@pytest.fixture(scope="module")
def reference():
    world = load_world()
    tables = {n: list(world.tables[n].iter_rows(named=True)) for n in world.tables}
    return effects_from_tables(tables, MONTHS)


@pytest.fixture(scope="module")
def ungated():
    world = load_world()
    tables = {n: list(world.tables[n].iter_rows(named=True)) for n in world.tables if n != "gates"}
    return effects_from_tables(tables, MONTHS)


def closed(effects, trader: str, node: str) -> list[tuple[str, str, str]]:
    rows = [r for r in ban_rows(effects) if r["trader"] == trader and r["node"] == node]
    return [(r["first_period"], r["last_period"], r["measure"]) for r in rows]


def test_reference_yamal_lng(reference):
    """France keeps its long contract until 2026-12-31; Britain has barred Russian LNG since 2023-01-01."""
    assert closed(reference, "novatek-yamal", "FR") == [("2027-01", "2028-12", "eu-2026-261-lng")]
    assert closed(reference, "novatek-yamal", "GB") == [("2023-01", "2028-12", "uk-2019-regs-lng")]
    caps = {(r["node"], r["period"]): r["maximum"] for r in cap_rows(reference) if r["trader"] == "novatek-yamal"}
    assert caps["FR", "2026-05"] == pytest.approx(6.8 / 12)  # TotalEnergies, 6.8 bcm a year
    assert caps["BE", "2026-05"] == pytest.approx(3.944 / 12)  # not the transshipment contract


def test_reference_turkstream_to_hungary(reference):
    """Long contracts run on until 2027-09-30, so the node closes from October 2027; the US has no say in it."""
    assert closed(reference, "gazprom", "HU") == [("2027-10", "2028-12", "eu-2026-261-pipeline-gas")]
    assert closed(reference, "gazprom", "RS") == []  # Serbia is no member
    assert closed(reference, "gazprom", "TR") == []
    assert closed(reference, "gazprom", "CN-NE") == []


def test_a_route_with_a_gate_of_its_own_is_left_to_the_gate(reference):
    """Opening the gate must open the flow: the measure is named, not counted twice. Without gates it closes the route."""
    assert "gates" in reference.passed_over["eu-833-2014-5af-nord-stream"]
    assert not any("nord-stream" in (r["arc"] or "") for r in ban_rows(reference))


def test_reference_nord_stream(ungated):
    """Article 5af closes all four strings from 2025-07-20, for every trader; certification closed Nord Stream 2 before."""
    reference = ungated
    rows = [r for r in ban_rows(reference) if r["measure"] == "eu-833-2014-5af-nord-stream"]
    assert {r["arc"] for r in rows} == {f"nord-stream-{i}-{s}" for i in (1, 2) for s in "ab"}
    assert {(r["trader"], r["first_period"]) for r in rows} == {("*", "2025-08")}
    assert all(r["assumed_continued"] for r in rows)  # the sanctions term ended 2026-07-31 and renewal was not seen


def test_a_stop_of_routes_that_names_sellers_binds_only_them():
    """Ukraine lets in gas that others own, over the same borders; a stop that names nobody binds everybody."""

    def stop(*targets: str) -> Measure:
        return Measure(
            "s", "UA", "Act", "Art. 1", "carriers", "gas", targets, "flow_stop", "prohibits",
            ("pipeline-gas",), "any", valid_from=date(2025, 1, 1),
        )  # fmt: skip

    found = {(b.trader, b.node, b.arc) for b in run(stop("trader:gazprom", "pipe-hu")).bans}
    assert found == {("gazprom", None, "pipe-hu")}
    assert {(b.trader, b.node, b.arc) for b in run(stop("pipe-hu")).bans} == {("*", None, "pipe-hu")}


def test_reference_gazprom_has_no_way_round_into_ukraine(reference):
    """What came by TurkStream may not go on through Ukraine in Gazprom's hands; European sellers' gas may."""
    into = {"hu-ua", "sk-ua", "pl-ua", "ro-ua", "md-ua"}
    rows = [r for r in ban_rows(reference) if r["arc"] in into and r["last_period"] == "2028-12"]
    assert {r["arc"] for r in rows if r["trader"] == "gazprom"} == into
    assert not [r for r in rows if r["trader"] == "*"]


def test_reference_deterrents_carry_ranges_and_bind_nobody(reference):
    rows = {r["trader"]: r for r in deterrent_rows(reference) if r["trader"]}
    arctic = rows["arctic-lng-2"]
    assert arctic["measure"] == "us-eo-14024-arctic-lng-2"
    assert 0 < arctic["discount_low_share"] < arctic["discount_high_share"] < 1
    assert 0 <= arctic["capacity_low_share"] < arctic["capacity_high_share"] <= 1


def test_reference_transshipment_is_not_an_import_ban(reference):
    """Services for re-export end on 2025-03-27; imports into the EU go on until their own dates."""
    assert "eu-833-2014-3r-lng-transshipment" in reference.passed_over
    assert all(r["measure"] != "eu-833-2014-3r-lng-transshipment" for r in ban_rows(reference))
