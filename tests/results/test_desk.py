"""Desk questions end to end: is the sign what economics says, is nothing lost, does nothing pass what is closed?

No golden numbers: levels move with every better fact. Signs, balances, bans and orderings must not.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest

from polynya.market.inputs import welfare_unit_musd
from polynya.pipeline import EXAMPLES, run
from polynya.results.answer import Answer
from polynya.results.case import BASELINE, SCENARIO, Case
from polynya.results.summary import summarise, summary_text
from polynya.results.write import result_tables
from polynya.scenario.template import TEMPLATE

DESK = sorted((EXAMPLES / "desk").glob("*.yaml"))
MONTHS = 6  # to March 2027: every example has begun by then
Ask = Callable[[str], Answer]
HALF_OF_FREEPORT = ("remaining_share: 0", "remaining_share: 0.5")


@pytest.fixture(scope="module")
def ask(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    known: dict[str, Answer] = {}

    def answer(name: str) -> Answer:
        if name == "freeport-half":
            path = tmp_path_factory.mktemp("half") / "half.yaml"
            path.write_text((EXAMPLES / "desk/freeport-half-year.yaml").read_text().replace(*HALF_OF_FREEPORT))
        else:
            path = EXAMPLES / f"desk/{name}.yaml"
        if name not in known:
            known[name] = run(path, months=MONTHS)
        return known[name]

    return answer


def price(case: Case, *nodes: str) -> float:
    """Plain mean over nodes and months. [USD/MMBtu]"""
    return float(case.prices().filter(pl.col("node").is_in(nodes))["price"].mean())  # type: ignore[arg-type]


def flow(case: Case, arcs: pl.Expr, since: str = "2027-01", until: str = "2027-02") -> float:
    """Sum over arcs and months. [bcm]"""
    return float(
        case.flows().filter(arcs & pl.col("period").is_between(pl.lit(since), pl.lit(until)))["quantity"].sum()
    )


@pytest.mark.parametrize("path", DESK, ids=[p.stem for p in DESK])
def test_nothing_is_lost_in_either_case(ask: Ask, path: Path) -> None:
    """Made = used + lost on the way + what stores keep, over the whole world; and the gains are the change of welfare."""
    found = ask(path.stem)
    for case in found.cases.values():
        lost = (case.flows()["quantity"] - case.flows()["delivered"]).sum()
        kept = (case.stocks()["injection"] - case.stocks()["withdrawal"]).sum()
        made, used = case.production()["quantity"].sum(), case.consumption()["quantity"].sum()
        assert made == pytest.approx(used + lost + kept, rel=1e-7)
    total = {n: welfare_unit_musd(c.solution.welfare["total"]) for n, c in found.cases.items()}
    gains = result_tables(found)["gains"]["musd_change"].sum()
    assert gains == pytest.approx(total[SCENARIO] - total[BASELINE], abs=1e-6 * abs(total[BASELINE]))


@pytest.mark.parametrize(
    ("name", "up"),
    [
        ("hormuz-three-months", True),
        ("freeport-half-year", True),
        ("norway-loses-a-fifth", True),
        ("eu-lng-ban-lifted", False),
        ("ukraine-transit", False),
    ],
)
def test_less_gas_is_dearer_in_europe_and_more_is_cheaper(ask: Ask, name: str, up: bool) -> None:
    cases = ask(name).cases
    change = price(cases[SCENARIO], "DE", "NL", "IT") - price(cases[BASELINE], "DE", "NL", "IT")
    assert change > 0.01 if up else change < -0.01


def test_no_ship_passes_a_closed_strait_and_asia_pays_for_it(ask: Ask) -> None:
    cases = ask("hormuz-three-months").cases
    out = pl.col("arc").str.contains("^ship-QA-(JP|KR|CN-COAST|IN|BE|IT|GB)-")
    assert flow(cases[BASELINE], out) > 1.0
    assert flow(cases[SCENARIO], out) == pytest.approx(0.0, abs=1e-6)
    assert price(cases[SCENARIO], "JP", "KR", "IN") > price(cases[BASELINE], "JP", "KR", "IN")


def test_a_plant_that_stands_still_makes_nothing_and_leaves_its_gas_at_home(ask: Ask) -> None:
    cases = ask("freeport-half-year").cases
    assert flow(cases[SCENARIO], pl.col("arc") == "freeport-lng") == pytest.approx(0.0, abs=1e-6)
    assert price(cases[SCENARIO], "US-GULF") < price(cases[BASELINE], "US-GULF")


def test_a_plant_that_stands_half_still_moves_prices_less(ask: Ask) -> None:
    moved = {
        name: price(ask(name).cases[SCENARIO], "DE") - price(ask(name).cases[BASELINE], "DE")
        for name in ("freeport-half-year", "freeport-half")
    }
    assert 0.0 < moved["freeport-half"] < moved["freeport-half-year"]


def test_norway_makes_at_most_what_is_left(ask: Ask) -> None:
    cases = ask("norway-loses-a-fifth").cases
    made = {
        n: c.production().filter((pl.col("supply") == "no-shelf") & (pl.col("period") >= "2026-11"))["quantity"].sum()
        for n, c in cases.items()
    }
    assert made[SCENARIO] < made[BASELINE]
    rest = {n: c.production().filter(pl.col("supply") != "no-shelf")["quantity"].sum() for n, c in cases.items()}
    assert rest[SCENARIO] >= rest[BASELINE] - 1e-6  # others step in as far as they can: most run full
    used = {n: c.consumption()["quantity"].sum() for n, c in cases.items()}
    assert used[SCENARIO] < used[BASELINE]
    made_less, used_less = made[BASELINE] - made[SCENARIO], used[BASELINE] - used[SCENARIO]
    assert used_less < made_less + 0.1  # what is lost on the way changes a little with the routes


def test_the_transit_brings_gas_only_to_whom_the_law_lets_buy(ask: Ask) -> None:
    """Ukraine buys nothing from Russia, and the Union's ban on short contracts closes buyers without a long one."""
    case = ask("ukraine-transit").cases[SCENARIO]
    assert 0.1 < flow(case, pl.col("arc") == "brotherhood") <= 40.0 * 59 / 365 + 1e-6
    sold = case.solution.sales.filter(pl.col("trader") == "gazprom")
    for node in ("UA", "GB", "DE", "PL", "CZ", "AT"):
        assert sold.filter((pl.col("node") == node) & (pl.col("period") >= "2027-01"))[
            "quantity"
        ].sum() == pytest.approx(0.0, abs=1e-6)


def test_with_one_of_two_bans_left_russian_lng_stays_barred() -> None:
    """What one act allows and the other forbids is forbidden."""
    cases = run(EXAMPLES / "desk/eu-lng-ban-lifted.yaml", months=MONTHS, without=("sanctions",)).cases
    landed = pl.col("arc").str.contains("^ship-RU-(YAM|BALT)-(BE|FR|ES|NL)-")
    assert flow(cases[SCENARIO], landed) == pytest.approx(flow(cases[BASELINE], landed), abs=1e-6)


def test_to_lift_what_only_deters_moves_nothing_and_the_note_says_so() -> None:
    found = run(EXAMPLES / "desk/arctic-lng-2-freed.yaml", months=MONTHS, without=("plant",))
    assert found.cases[SCENARIO].prices().equals(found.cases[BASELINE].prices())
    text = summary_text(summarise(found, result_tables(found)))
    assert "list: applied, and moves nothing in the market (it only deters" in text
    assert "nothing in this scenario moves a price or a flow" in text
    assert "pay the same" in text


def test_the_page_names_every_desk_question() -> None:
    page = (EXAMPLES.parent / "docs" / "desk.md").read_text()
    assert all(f"examples/desk/{p.name}" in page for p in DESK)


def test_a_scenario_without_changes_changes_not_one_number(tmp_path: Path) -> None:
    path = tmp_path / "none.yaml"
    path.write_text(TEMPLATE[: TEMPLATE.index("changes:")] + "changes: []\n")
    found = run(path, months=2)
    tables = result_tables(found)
    for name, columns in {
        "prices": ["price_change"],
        "flows": ["quantity_change", "delivered_change"],
        "gains": ["musd_change"],
        "owners": ["musd_change"],
    }.items():
        for column in columns:
            assert tables[name][column].drop_nulls().abs().max() == 0.0, (name, column)
    summary = summarise(found, tables)
    assert summary["gains"]["largest_gains"] == summary["gains"]["largest_losses"] == []
    assert all(h["largest"] is None for h in summary["hubs"])
