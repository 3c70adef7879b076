"""What does a deal change: exact transfers, what flips and why, rights in the way, exposure before and after."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from polynya.control.dealing import may_deal
from polynya.control.deals import Transfer, apply_transfers, compare
from polynya.control.exposure import Holder, Volume, exposure
from polynya.control.graph import build_graph
from polynya.control.inputs import TABLES, inputs_from_tables
from polynya.control.measures import Licence, Measure, licences_for, measures_in_force
from polynya.control.shares import PERCENT
from polynya.errors import InputError
from polynya.world import load_world

from .conftest import DAY, held

FOUNDING = date(2025, 3, 13)


@pytest.fixture(scope="module")
def registry():
    world = load_world()
    return inputs_from_tables({n: world.tables[n].iter_rows(named=True) for n in TABLES})


def title(edges, day):
    return {(e.owner, e.owned): e.share_text() for e in build_graph(edges, day).edges}


def test_part_of_a_stake_moves_on_its_day_and_not_before():
    edges = [held("S", "A", "60"), held("T", "A", "40")]
    after = apply_transfers(edges, [Transfer("A", "S", "B", 15 * PERCENT, DAY)])
    assert title(after, date(2024, 12, 31)) == {("S", "A"): "60", ("T", "A"): "40"}
    assert title(after, DAY) == {("S", "A"): "45", ("B", "A"): "15", ("T", "A"): "40"}


def test_nobody_sells_what_is_not_held_or_not_known():
    for edges in ([held("S", "A", "10")], [held("S", "A", None)], [held("S", "A", "60", status="agreed")]):
        with pytest.raises(InputError, match="to sell"):
            apply_transfers(edges, [Transfer("A", "S", "B", 15 * PERCENT, DAY)])


def test_selling_and_buying_back_leaves_the_holdings_as_they_were():
    edges = [held("S", "A", "60")]
    there = apply_transfers(edges, [Transfer("A", "S", "B", 60 * PERCENT, DAY)])
    back = apply_transfers(there, [Transfer("A", "B", "S", 60 * PERCENT, date(2025, 6, 1))])
    assert title(back, date(2025, 6, 1)) == {("S", "A"): "60"}


def test_the_reported_refinery_deal(registry):
    """US buyers take the Rosneft units: title, not the trusteeship; the ministry's approval stands in the way."""
    day = date(2025, 11, 1)
    sale = [
        Transfer(unit, "rosneft", "us-companies", 100 * PERCENT, day)
        for unit in ("rosneft-deutschland", "rn-refining-marketing")
    ]
    after = replace(registry, edges=tuple(apply_transfers(registry.edges, sale)))
    found = compare(registry, after, day, ["ofac"], registry.transfer_rights)
    flips = {f["id"]: (f["before"], f["after"]) for f in found["flips"]}
    assert flips == dict.fromkeys(
        ("rosneft-deutschland", "rn-refining-marketing", "pck-raffinerie", "pck-schwedt"), ("certain", "not")
    )
    assert {(o["right"], o["owned"]) for o in found["objections"]} == {
        ("approval", "rosneft-deutschland"),
        ("approval", "rn-refining-marketing"),
    }


def test_a_pre_emption_right_is_named_when_a_stake_in_the_refinery_itself_moves(registry):
    """Rosneft used it against the sale of Shell's 37.5 %; the buyer is not asked, the other holders are."""
    sale = [Transfer("pck-raffinerie", "shell-deutschland", "prax", 375 * PERCENT // 10, FOUNDING)]
    after = replace(registry, edges=tuple(apply_transfers(registry.edges, sale)))
    (objection,) = compare(registry, after, FOUNDING, ["ofac"], registry.transfer_rights)["objections"]
    assert objection["right"] == "pre_emption"
    assert {"rosneft-deutschland", "rn-refining-marketing"} <= set(objection["asked"])


def test_lifting_the_american_listing_does_not_open_nord_stream_2(registry):
    """With the designations gone the company passes OFAC's test, and Article 5af still bars it."""
    day = date(2025, 9, 1)
    gone = ("us-ns2ag-peesa-designation", "us-ns2ag-eo-14024-designation")
    after = replace(registry, measures=tuple(m for m in registry.measures if m.id not in gone))
    found = compare(registry, after, day, ["ofac"])
    flip = next(f for f in found["flips"] if f["id"] == "nord-stream-2-ag")
    assert (flip["before"], flip["after"]) == ("certain", "not")
    assert "eu-833-2014-5af-nord-stream" in {m["id"] for m in flip["still_barred_by"]}
    assert {m["id"]: m["after"] for m in found["measures"]} == dict.fromkeys(gone, "absent")


def test_no_change_flips_nothing(registry):
    found = compare(registry, registry, FOUNDING, ["ofac", "eu", "uk", "seco"], registry.transfer_rights)
    assert found["flips"] == found["stakes"] == found["measures"] == found["licences"] == found["objections"] == []


def test_measures_and_licences_by_date(registry):
    def ids(day):
        return {m.id for m in measures_in_force(registry.measures, ["nord-stream-2"], day)}

    assert "eu-833-2014-5af-nord-stream" not in ids(date(2025, 7, 19))
    assert "eu-833-2014-5af-nord-stream" in ids(date(2025, 7, 20))
    covering = {x.id for x in licences_for(registry.licences, ["rosneft-deutschland"], date(2026, 1, 1))}
    assert covering == {"us-gl-129", "uk-int-2025-7598960"}


def test_a_partial_licence_eases_and_does_not_relieve(registry):
    """A licence for Sakhalin-2 does not set the designation of Gazprombank off."""
    standing = may_deal("gazprombank", registry.measures, registry.licences, date(2024, 12, 1))
    assert standing.relieved == {}
    assert "us-gl-55c" in standing.eased["us-eo-14024-gazprombank"]


def test_states():
    base = Measure(
        "b",
        "EU",
        "A",
        "",
        "",
        "",
        (),
        "prolongation",
        "prolongs",
        valid_from=DAY,
        valid_to=date(2025, 6, 30),
        end_known="unknown",
    )
    hangs = Measure(
        "m", "EU", "A", "", "", "", ("x",), "import_ban", "prohibits", valid_from=date(2024, 1, 1), rests_on="b"
    )
    every = {"b": base, "m": hangs}
    assert [hangs.state(d, every) for d in (date(2023, 1, 1), date(2025, 6, 30), date(2025, 7, 1))] == [
        "not_yet",
        "in_force",
        "unknown",
    ]
    licence = Licence("l", "US", "ofac", "", ("x",), "", ("m",), DAY, date(2025, 2, 1), "ended")
    assert [licence.state(d) for d in (date(2024, 1, 1), DAY, date(2025, 2, 2))] == ["not_yet", "in_force", "ended"]


def test_what_india_and_china_hold_in_russia(registry):
    """Vankor 26 + 23.9 = 49.9 %, Sakhalin-1 20 %, Taas-Yuryakh 29.9 % with an unknown split; Yamal 29.9 %, Arctic LNG 2 20 %."""
    graph = registry.graph(FOUNDING)

    def lines(country):
        found = exposure(registry, graph, Holder(country), FOUNDING, located="RU")
        return {x["id"]: (round(x["share_percent"], 9), round(x["share_max_percent"], 9)) for x in found["holdings"]}

    assert lines("IN") == {"vankor": (49.9, 49.9), "sakhalin-1": (20.0, 20.0), "taas-yuryakh": (0.0, 29.9)}
    assert lines("CN") == {"yamal-lng": (29.9, 29.9), "arctic-lng-2": (20.0, 20.0)}


def test_exposure_multiplies_and_leaves_unknown_blank(registry):
    graph = registry.graph(FOUNDING)
    found = exposure(
        registry,
        graph,
        Holder(party="totalenergies"),
        FOUNDING,
        volumes={"yamal-lng": Volume(26.0, "test")},
        income_musd={"yamal-lng": 1000.0},
        located="RU",
    )
    line = {x["id"]: x for x in found["holdings"]}
    share = 0.2 + 0.501 * 0.194  # 20 % itself and 19.4 % of Novatek's 50.1 %
    assert line["yamal-lng"]["share_of_volume_bcm_per_year"] == pytest.approx(26 * share)
    assert line["yamal-lng"]["share_of_income_musd"] == pytest.approx(1000 * share)
    assert line["arctic-lng-2"]["share_of_income_musd"] is None
    assert found["share_of_income_musd"] is None  # one income is missing: no total


def test_what_cannot_be_taken_out_names_whom_the_rule_names(registry):
    graph = registry.graph(FOUNDING)

    def named(country, thing):
        found = exposure(registry, graph, Holder(country), FOUNDING, located="RU")
        line = next(x for x in found["holdings"] if x["id"] == thing)
        return {m["measure"]: m["names_this_holder"] for m in line["cannot_be_taken_out"]}

    assert named("JP", "sakhalin-2")["ru-decree-254-dividends"] is True
    assert named("CN", "yamal-lng")["ru-decree-254-dividends"] is False
