"""Passages that a world closes or opens reach the market's legs, and only those legs."""

from datetime import date

import numpy as np
import pytest

from polynya.commands.voyage import data_folder
from polynya.handover import passages_of, voyages
from polynya.market.inputs import build_inputs
from polynya.voyages.bundle import read_rows
from polynya.voyages.legs import Passages, market_legs, read_table_file, shut_set, with_passages
from polynya.world import load_world

MONTH = date(2025, 3, 1)
NODES_OUT, NODES_IN = ["QA", "US-GULF", "RU-YAM", "AU-E"], ["JP", "BE", "IN", "CN-COAST"]


@pytest.fixture(scope="module")
def table():
    return read_table_file(data_folder() / "legs.npz")


@pytest.fixture(scope="module")
def legs(bundle, table):
    ships, hubs = read_rows(data_folder(), "fleet_ships"), read_rows(data_folder(), "hubs")

    def make(said=None):
        grown = table
        for russian in (False, True):
            if said is not None:
                grown = with_passages(bundle, grown, shut_set(MONTH, russian, said.opened), said)
        passages = {} if said is None else {MONTH: said}
        frame = market_legs(bundle, grown, ships, hubs, NODES_OUT, NODES_IN, [MONTH], passages=passages)
        return {(r["from_node"], r["to_node"], r["fleet"], r["hub"]): r for r in frame.iter_rows(named=True)}

    return make


def test_the_table_knows_which_gates_a_way_crosses(bundle, table):
    bits = table.crossed("lng-174k", "open", "ras-laffan", "zeebrugge", 6)
    assert {"hormuz", "bab-el-mandeb", "suez", "gibraltar"} <= set(bundle.network.gates_of(bits))


def test_closing_hormuz_takes_qatar_out_and_leaves_the_rest_alone(legs):
    before, after = legs(), legs(Passages(closed=frozenset({"hormuz"})))
    for key, row in after.items():
        if key[0] == "QA":
            assert not row["feasible"]
            assert row["days"] is None
            assert "hormuz" in row["reason"]
        elif row["feasible"]:
            assert row == before[key]
        else:
            assert not before[key]["feasible"]


def test_opening_the_red_sea_shortens_qatar_to_belgium(legs):
    """Since January 2024 the legs go by the Cape; a scenario that opens Bab-el-Mandeb leads them by Suez again."""
    before, after = legs(), legs(Passages(opened=frozenset({"bab-el-mandeb"})))
    key = ("QA", "BE", "conventional", "")
    assert (before[key]["via"], after[key]["via"]) == ("cape", "suez")
    assert after[key]["days"] < 0.65 * before[key]["days"]  # 6270 nm against some 11 100 nm
    assert after["AU-E", "JP", "conventional", ""] == before["AU-E", "JP", "conventional", ""]


def test_an_nsr_held_open_gives_the_arctic_ships_a_way_east_in_april(bundle, table):
    said = Passages(opened=frozenset({"nsr"}))
    grown = with_passages(bundle, table, "open", said)
    for ship in ("lng-arc7", "lng-arc4"):
        found = grown.get(ship, said.label("open"), "sabetta", "yangshan", 4)
        assert found is not None
        days, _, way, zones = found
        assert way == "nsr"
        assert zones >= 3
        assert days < 40
    assert table.get("lng-arc4", "open", "sabetta", "yangshan", 4) is None
    assert np.array_equal(grown.days[0, -1], grown.days[0, 0], equal_nan=True)  # other ships sail as before


@pytest.mark.slow
def test_what_is_searched_again_equals_a_search_of_everything(bundle, table):
    """The shipped set without Bab-el-Mandeb, made from the open one by closing it."""
    grown = with_passages(bundle, table, "open", Passages(closed=frozenset({"bab-el-mandeb"})))
    label = Passages(closed=frozenset({"bab-el-mandeb"})).label("open")
    one, other = grown.labels.index(label), grown.labels.index("red-sea")
    assert np.allclose(grown.days[0, one], grown.days[0, other], atol=1e-3, equal_nan=True)
    assert np.allclose(grown.days[2, one], grown.days[2, other], atol=1e-3, equal_nan=True)


def test_a_world_says_what_is_closed_month_by_month():
    world = load_world(None, ())
    assert passages_of(world, date(2025, 1, 1), 24) == {}
    fact = {
        "subject": "suez", "attribute": "passage_open", "value": 0.0, "unit": "1", "valid_from": date(2025, 2, 10),
        "valid_to": date(2025, 3, 10), "kind": "assumption", "source": "polynya-assumption", "locator": "a test",
    }  # fmt: skip
    said = passages_of(world.with_rows("facts", [fact]), date(2025, 1, 1), 4)
    assert said == {date(2025, 2, 1): Passages(closed=frozenset({"suez"}))}  # in force on the 15th


def test_a_closed_strait_takes_its_ships_out_of_the_market():
    """The market's own table of arcs: no ship leaves the Gulf while Hormuz is closed."""
    world = load_world(None, ())
    fact = {
        "subject": "hormuz", "attribute": "passage_open", "value": 0.0, "unit": "1", "valid_from": date(2025, 8, 1),
        "kind": "assumption", "source": "polynya-assumption", "locator": "a test",
    }  # fmt: skip
    arcs = {}
    for name, one in (("open", world), ("closed", world.with_rows("facts", [fact]))):
        sea = voyages(one, date(2025, 8, 1), 1)
        assert sea is not None
        tables = build_inputs(one, date(2025, 8, 1), 1, legs=sea.legs, fleets=sea.fleets, served=sea.served).tables
        arcs[name] = set(tables["arcs"].filter(tables["arcs"]["kind"] == "ship")["arc"])
    gone = arcs["open"] - arcs["closed"]
    assert any(a.startswith("ship-QA-JP") for a in gone)
    left = {a.split("-")[2] for a in arcs["closed"] if a.startswith("ship-QA-")}
    assert left <= {"KW", "AE", "SA"}  # inside the Gulf ships still sail; Bahrain's terminal stands at SA
    assert arcs["closed"] < arcs["open"]
    assert {a for a in arcs["open"] if a.startswith("ship-US")} - gone >= {"ship-US-GULF-JP-conventional"}
