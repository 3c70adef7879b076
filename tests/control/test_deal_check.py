"""Who may make a deal is asked of buyer, seller and thing, on its day, after the scenario's own changes."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from polynya.cli import main
from polynya.pipeline import FOUNDING
from polynya.results.deals import check_deals, deal_lines
from polynya.scenario import apply, load_scenario
from polynya.world import World, load_world

HEAD = """schema: polynya.scenario/1
id: deal
title: A stake is sold
as_of: 2025-11-01
horizon: {from: 2025-11, months: 1}
assumptions:
  - {id: a1, text: taken as given}
changes:
"""
SALE = "id: sale, type: transfer_stake, owned: {}, from_owner: {}, to_owner: {}, share_percent: '{}', kinds: [title], from: {}"


@cache
def reference() -> World:
    return load_world()


def asked(tmp_path: Path, *changes: str) -> dict[str, Any]:
    path = tmp_path / "s.yaml"
    path.write_text(HEAD + "".join(f"  - {{{c}, because: [a1]}}\n" for c in changes))
    scenario = load_scenario(path, reference())
    return check_deals(scenario, apply(scenario, reference()))


def stops(found: dict[str, Any]) -> set[tuple[str, str, str]]:
    return {(o["binds"], o["about"], o["measure"] or o["verdict"]) for o in found["objections"]}


def test_a_us_buyer_may_not_buy_from_a_listed_seller(tmp_path: Path) -> None:
    """Rosneft is listed by OFAC since 22 October 2025; the German company that it sells is held by it and so blocked as well,
    until its licence (GL 126 and its successors) which eases, but covers no purchase. The day before the listing nothing of this holds."""
    sale = SALE.format("rosneft-deutschland", "rosneft", "exxonmobil", "100", "{}")
    late = stops(asked(tmp_path, sale.format("2025-11-01")))
    assert ("exxonmobil", "rosneft", "certain") in late
    early = stops(asked(tmp_path, sale.format("2025-10-21")))
    assert ("exxonmobil", "rosneft", "certain") not in early


def test_the_scenario_s_own_lifting_counts(tmp_path: Path) -> None:
    sale = SALE.format("rosneft-deutschland", "rosneft", "exxonmobil", "100", "2025-11-01")
    lift = "id: lift, type: lift_measure, measures: [us-eo-14024-rosneft-lukoil], from: {}"
    assert ("exxonmobil", "rosneft", "certain") not in stops(asked(tmp_path, lift.format("2025-11-01"), sale))
    assert ("exxonmobil", "rosneft", "certain") in stops(asked(tmp_path, lift.format("2025-12-01"), sale))  # too late


def test_a_blocked_buyer_bars_a_seller_of_that_law(tmp_path: Path) -> None:
    """The acts that bind the seller are asked as well: nobody in the EU may sell to whom its list or state-firm ban names."""
    sale = SALE.format("pck-raffinerie", "eni-deutschland", "rosneft", "8", "2025-11-01")
    found = asked(tmp_path, sale)
    assert ("eni-deutschland", "rosneft", "eu-833-2014-5aa-state-firms") in stops(found)


def test_an_investment_ban_is_about_what_is_bought_and_not_about_who_sells(tmp_path: Path) -> None:
    bought = asked(tmp_path, SALE.format("vostok-oil-llc", "rosneft", "exxonmobil", "10", "2025-10-01"))
    assert ("exxonmobil", "vostok-oil-llc", "us-eo-14066-investment") in stops(bought)
    german = asked(tmp_path, SALE.format("rosneft-deutschland", "rosneft", "exxonmobil", "100", "2025-10-01"))
    assert not [o for o in german["objections"] if "investment ban" in o["text"]]


@pytest.mark.parametrize(("buyer", "needed"), [("exxonmobil", True), ("ongc-videsh", False)])
def test_russia_asks_for_a_permit_only_of_unfriendly_parties(tmp_path: Path, buyer: str, needed: bool) -> None:
    found = asked(tmp_path, SALE.format("vostok-oil-llc", "rosneft", buyer, "10", "2025-10-01"))
    assert (("rosneft", "vostok-oil-llc", "ru-decrees-81-618-deals") in stops(found)) is needed


def test_whom_no_act_binds_may_risk_a_listing_all_the_same(tmp_path: Path) -> None:
    """India is bound by no sanction on Rosneft; since its US listing of 22 October 2025 the buyer runs the risk of one of its own."""
    sale = SALE.format("vostok-oil-llc", "rosneft", "ongc-videsh", "10", "{}")
    [risk] = asked(tmp_path, sale.format("2025-11-01"))["objections"]
    assert (risk["binds"], risk["about"], risk["measure"], risk["verdict"]) == (
        "ongc-videsh",
        "rosneft",
        "us-eo-14024-rosneft-lukoil",
        "risk",
    )


def test_a_deal_that_nothing_bars_is_said_to_be_asked(tmp_path: Path) -> None:
    found = asked(tmp_path, SALE.format("vostok-oil-llc", "rosneft", "ongc-videsh", "10", "2025-10-01"))
    assert found == {"asked": 1, "objections": []}
    assert "nothing recorded here was found to bar it" in "\n".join(deal_lines(found))


def test_without_deals_nothing_is_said(tmp_path: Path) -> None:
    assert deal_lines(asked(tmp_path, "id: n, type: carry, reason: nothing")) == []


def test_the_founding_deals_are_asked_and_each_objection_cites_its_act() -> None:
    scenario = load_scenario(FOUNDING, reference())
    found = check_deals(scenario, apply(scenario, reference()))
    assert found["asked"] == 4
    assert {o["change"] for o in found["objections"]} >= {"stake-refineries-1", "stake-refineries-2"}
    known = set(reference().table("sources")["id"])
    for o in found["objections"]:
        assert o["act"]
        assert o["source"] in known
        assert o["locator"]


def test_scenario_check_names_who_may_not_deal(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["scenario", "check", str(FOUNDING)]) == 0
    text = capsys.readouterr().out
    assert "May these deals be made?" in text
    assert "rosneft is listed since 2025-10-22 (EO 14024)" in text
    assert main(["scenario", "check", str(FOUNDING), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["deals"]["asked"] == 4
