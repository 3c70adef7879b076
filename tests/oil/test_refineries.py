"""The refineries: runs that can be added up by hand, rights to lines, law by owner, and a run from scenario to report."""

from __future__ import annotations

import json
from datetime import date
from html import unescape
from pathlib import Path

import polars as pl
import pytest

from polynya.errors import UsageError
from polynya.handover_oil import oil_terms, part_of, pose, sea_miles
from polynya.market.oil import build_oil
from polynya.market.problem import Problem
from polynya.market.solve import solve
from polynya.pipeline import EXAMPLES, Question, publish, ready, run
from polynya.results.case import Case
from polynya.results.explain import explain, explain_text
from polynya.results.exports import export
from polynya.results.folder import Run
from polynya.results.oil import crude_of, gain_terms, margins_of, runs_of, utilisation_of
from polynya.results.verify import verify
from polynya.results.write import result_tables
from polynya.world import World, load_world

EXAMPLE = EXAMPLES / "refineries-2025"
FEBRUARY = date(2024, 2, 1)


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


@pytest.fixture(scope="module")
def miles(world):
    return sea_miles(world, FEBRUARY)


def case_of(world, miles, first=FEBRUARY, months=1, terms=None) -> Case:
    if terms is None:
        posed = pose(world, first, months, miles)
        return Case("any", posed.inputs, posed.problem, solve(posed.problem), posed.bans)
    inputs = build_oil(world, first, months, terms)
    problem = Problem.from_tables(dict(inputs.tables))
    return Case("any", inputs, problem, solve(problem), terms.bans)


@pytest.fixture(scope="module")
def february(world, miles) -> Case:
    return case_of(world, miles)


def of(frame: pl.DataFrame, value: str, **where: str) -> float:
    for column, key in where.items():
        frame = frame.filter(pl.col(column) == key)
    return float(frame[value].sum())


def test_sea_legs_come_from_the_voyage_engine(miles):
    """Mongstad-Rostock about 605 nm and Novorossiysk-Trieste about 1505 to 1615 in other networks; both go by open sea."""
    assert 520 < miles["mongstad", "rostock-crude"] < 650
    assert 1400 < miles["cpc-terminal", "trieste-crude"] < 1700


def test_schwedt_in_february_2024_is_the_sum_of_its_lines(world, february):
    """6.8 by Rostock, 1.5 by Gdansk, 1.5 Kazakh are 9.8 of 11.5 Mt a year, and no holder's share is full:
    Rosneft's 54.17 % may use 0.5417 x 6.8 + 1.5 = 5.18 of 5.92, Shell and Eni 0.4583 x 6.8 + 1.5 = 4.62 of 5.01."""
    use = utilisation_of(runs_of(february, world), world)
    assert of(use, "utilisation_share", refinery="pck-schwedt") == pytest.approx(9.8 / 11.5, rel=1e-6)
    assert of(use, "crude_mt", refinery="pck-schwedt") == pytest.approx(9.8 * 29 / 366, rel=1e-6)
    runs = runs_of(february, world).filter(pl.col("refinery") == "pck-schwedt")
    western = runs.filter(pl.col("holder").is_in(["shell-deutschland", "eni-deutschland"]))
    assert western["crude_mt"].sum() == pytest.approx((0.4583 * 6.8 + 1.5) * 29 / 366, rel=1e-6)


def test_gdansk_is_closed_by_owner_not_by_pipe(world, miles, february):
    """Shell and Eni use all of it; were it open to all, Rosneft's holders would have a right to their part."""
    sent = february.solution.conversions.filter(pl.col("conversion").str.starts_with("gdansk-schwedt"))
    assert {c.split(".")[2] for c in sent["conversion"]} == {"shell-deutschland", "eni-deutschland"}
    assert of(crude_of(february), "crude_mt", route="gdansk-schwedt") == pytest.approx(1.5 * 29 / 366, rel=1e-6)
    terms = oil_terms(world, FEBRUARY, 1, miles)
    assert {h for _, h, _ in terms.closed} == {"rosneft-deutschland", "rn-refining-marketing"}


def test_who_belongs_to_rosneft(world):
    """All of Rosneft Deutschland, 54.17 % of the Schwedt firm through it, nothing of Shell's."""
    from polynya.handover_oil import control_inputs

    graph = control_inputs(world).graph(FEBRUARY)
    assert part_of(graph, "rosneft-deutschland", "rosneft") == 1
    assert float(part_of(graph, "pck-raffinerie", "rosneft")) == pytest.approx(0.5417)
    assert part_of(graph, "shell-deutschland", "rosneft") == 0


def test_a_right_that_one_holder_leaves_is_used_by_the_others(world, miles):
    """Without Kazakh crude and with Rosneft's holders barred, Shell and Eni take what they can still run, not only their part."""
    law = oil_terms(world, FEBRUARY, 1, miles)
    ban = {"trader": "rosneft-deutschland", "node": "*", "arc": None, "first_period": "2024-02", "last_period": "2024-02",
           "reason": "a test", "measure": None, "source": "a test"}  # fmt: skip
    rows = [ban, {**ban, "trader": "rn-refining-marketing"}]
    barred = type(law)(law.shares, law.closed, pl.DataFrame(rows, schema=law.bans.schema), law.miles)
    runs = runs_of(case_of(world, miles, terms=barred), world).filter(pl.col("refinery") == "pck-schwedt")
    full = 0.4583 * 11.5 * 0.95 * 29 / 366  # what the two may run; their own rights alone would give 4.62 Mt a year
    assert runs["crude_mt"].sum() == pytest.approx(full, rel=1e-6)


def test_a_line_is_not_there_before_its_first_fact(world, miles):
    """Kazakh crude first came on 25 February 2023: none in January, and 4 of 28 days in February at 1.169 Mt a year."""
    early = crude_of(case_of(world, miles, date(2023, 1, 1), 2)).filter(pl.col("route") == "druzhba-schwedt-kazakh")
    assert of(early, "crude_mt", period="2023-01") == 0
    assert of(early, "crude_mt", period="2023-02") == pytest.approx(1.169 * 4 / 365, rel=1e-6)


def test_a_price_in_the_east_lies_between_export_and_import(february):
    """The coast less 2.5 USD, what an export costs, up to the coast plus 6, the dearest import."""
    price = dict(february.solution.prices.select("node", "price").iter_rows())
    for product in ("petrol", "distillate"):
        assert -2.5 - 1e-6 <= price[f"{product}.east"] - price[f"{product}.coast"] <= 6 + 1e-6
    assert price["distillate.east"] - price["distillate.coast"] == pytest.approx(
        3.0
    )  # the coast's step is the marginal one


def test_margin_of_a_share_is_what_a_ledger_of_its_barrels_gives(world, february):
    """Shell at Schwedt: products at regional prices, less crude, freight, tariffs and running, but for rights that it takes over."""
    c, s = february.problem, february.solution
    mine = s.conversions.filter(
        (pl.col("trader") == "shell-deutschland") & pl.col("conversion").str.contains("schwedt")
    )
    price = dict(s.prices.select("node", "price").iter_rows())
    sour = (
        80.7 - 0.5 + 0.6 + 0.4 * sum(q * m for q, m in _legs(february, world))
    )  # USD/bbl landed: Brent, differential, freight by the mix of legs
    money = 0.0
    for name, quantity in mine.select("conversion", "quantity").iter_rows():
        row = c.conversions.filter(pl.col("conversion") == name).row(0, named=True)
        money -= quantity * (row["cost"] + row["tariff"])
        legs = dict(c.yields.filter(pl.col("conversion") == name).select("node", "amount").iter_rows())
        if row["kind"] == "refining":
            money += quantity * sum(a * price[n] for n, a in legs.items() if a > 0)
        else:
            money += quantity * sum(a for a in legs.values() if a < 0) * sour
    found = of(
        margins_of(february, runs_of(february, world)),
        "margin_musd",
        refinery="pck-schwedt",
        holder="shell-deutschland",
    )
    assert found == pytest.approx(money, rel=1e-6)


def _legs(case: Case, world: World) -> list[tuple[float, float]]:
    """Share of Shell's seaborne crude by each leg, and its length in 1000 nm (distances of the voyage engine)."""
    mine = case.solution.conversions.filter(
        (pl.col("trader") == "shell-deutschland") & pl.col("conversion").str.contains("rostock|gdansk")
    )
    far = sea_miles(world, FEBRUARY)
    total = float(mine["quantity"].sum())
    return [
        (q / total, far["mongstad", f"{name.split('-')[0]}-crude"] / 1000)
        for name, q in mine.select("conversion", "quantity").iter_rows()
    ]


def test_gains_add_up_to_welfare(february):
    assert gain_terms(february)["musd"].sum() == pytest.approx(february.solution.welfare["total"], rel=1e-9)


def test_without_loss_of_mass_yields_stay_below_what_goes_in(world):
    """No refinery makes more than it takes: yields of every recipe sum to 0.94 of the crude's mass."""
    for recipe in world.table("oil_recipes")["id"]:
        shares = [world.resolve(recipe, f"yield_{p}_share", FEBRUARY).value for p in ("petrol", "distillate", "other")]
        assert sum(shares) == pytest.approx(0.94)


@pytest.fixture(scope="module")
def peace():
    return run(EXAMPLE / "scenario.yaml")


@pytest.fixture(scope="module")
def folder(peace, tmp_path_factory) -> Path:
    return publish(peace, tmp_path_factory.mktemp("oil") / "run").folder


def test_druzhba_brings_schwedt_to_its_limit(peace):
    """From January 2026 Russian crude fills the plant to its availability (95 %); without it the lines set the run."""
    use = result_tables(peace)["utilisation"].filter(pl.col("refinery") == "pck-schwedt")
    after = use.filter(pl.col("period") >= "2026-01")
    assert after["utilisation_share_scenario"].to_list() == pytest.approx([0.95] * 15)
    lines = after.filter(pl.col("period") < "2026-05")  # Rostock 6.8, Gdansk 1.5, Kazakh 2.5
    assert lines["utilisation_share_baseline"].to_list() == pytest.approx([10.8 / 11.5] * 4)
    stopped = use.filter(pl.col("period") >= "2026-05")  # the Kazakh transit stop: (6.8 + 1.5) / 11.5 is left
    assert stopped["utilisation_share_baseline"].to_list() == pytest.approx([8.3 / 11.5] * 11)


def test_title_votes_and_income_are_three_numbers(peace):
    """After the sale: the same firms hold the shares, the trustee's votes are back with them, the income goes to the buyers."""
    stakes = result_tables(peace)["stakes"].filter(pl.col("refinery") == "pck-schwedt")
    for kind in ("title", "votes", "economic"):
        for c in ("baseline", "scenario"):
            assert of(stakes, f"share_percent_{c}", kind=kind) == pytest.approx(100)
    assert of(stakes, "share_percent_change", kind="title", holder="rosneft-deutschland") == 0
    assert of(stakes, "share_percent_baseline", kind="votes", holder="bundesnetzagentur") == pytest.approx(54.17)
    assert of(stakes, "share_percent_scenario", kind="votes", holder="bundesnetzagentur") == 0
    assert of(stakes, "share_percent_scenario", kind="economic", holder="us-companies") == pytest.approx(54.17)


def test_what_flips_in_control(peace):
    flips = {
        (r["what"], r["id"], r["regime"]): (r["before"], r["after"]) for r in result_tables(peace)["flips"].to_dicts()
    }
    assert flips["ownership test", "rosneft-deutschland", "ofac"] == ("certain", "not")
    assert flips["dealing with", "pck-raffinerie", "uk"] == ("licensed", "free")
    assert ("right of others", "rosneft-deutschland", "") in flips  # the ministry's approval


def test_owners_share_out_what_holders_and_lines_earn(peace):
    tables = result_tables(peace)
    gains = tables["gains"].filter(
        pl.col("group").is_in(["producers", "operators"]) & (pl.col("id") != "product-market")
    )
    for c in ("baseline", "scenario"):
        assert tables["owners"][f"musd_{c}"].sum() == pytest.approx(gains[f"musd_{c}"].sum(), rel=1e-6)


def test_a_lapsed_licence_bars_the_holders_and_is_traced():
    """From January 2026 the two firms sell nothing; Schwedt falls to what Shell and Eni may run, 45.83 % x 95 %."""
    found = run(EXAMPLE / "licence-lapses.yaml", months=8)
    bans = found.cases["scenario"].bans.filter(pl.col("node") == "*")
    assert set(bans["trader"]) == {"rosneft-deutschland", "rn-refining-marketing"}
    assert set(bans["first_period"]) == {"2026-01"}
    assert set(bans["measure"]) == {"us-eo-14024-rosneft-lukoil"}
    use = result_tables(found)["utilisation"].filter(
        (pl.col("refinery") == "pck-schwedt") & (pl.col("period") >= "2026-01")
    )
    assert use["utilisation_share_scenario"].to_list() == pytest.approx([0.4583 * 0.95] * 2)
    from polynya.results.summary import summarise

    said = " ".join(summarise(found, result_tables(found))["does_not_move"])
    assert "itself is blocked by the OFAC test" in said  # more than half of the Schwedt firm is theirs


@pytest.mark.parametrize(
    ("address", "behind"),
    [
        ("utilisation/pck-schwedt/2026-02", "refinery_capacity_mt_per_year"),
        ("prices/distillate.east/2026-02", "product_crack_usd_per_bbl"),
        ("flows/druzhba-schwedt-russian/2026-02", "route_capacity_mt_per_year"),
        ("crude/pck-schwedt/rostock-schwedt/2026-02", "route_cost_usd_per_bbl"),
        ("balance/east/petrol/2026-02", "petrol_demand_mt_per_year"),
        ("margins/pck-schwedt/rosneft-deutschland", "yield_petrol_share"),
    ],
)
def test_every_number_has_its_trace(folder, address, behind):
    found = explain(Run(folder), address)
    assert behind in {f["attribute"] for f in found["facts"]}
    assert found["changes"]
    assert found["claims"]
    assert "USD/MMBtu" not in explain_text(found)


def test_a_shut_line_names_its_gates(folder):
    """Druzhba for Russian crude, in the month before it opens in the scenario: two gates, the act behind one of them."""
    found = explain(Run(folder), "flows/druzhba-schwedt-russian/2025-12")
    assert {g["gate"] for g in found["gates"]} == {"druzhba-german-stop", "druzhba-eu-law"}
    assert "eu-833-2014-3m-crude" in {a["id"] for a in found["acts"]}


def test_a_stored_run_can_be_verified_and_an_altered_one_not(folder, tmp_path):
    assert verify(Run(folder)).passed
    assert export(Run(folder), "problem", tmp_path / "problem")
    assert export(Run(folder), "csv", tmp_path / "csv")
    with pytest.raises(UsageError, match="holds gas"):
        export(Run(folder), "iamc", tmp_path / "iamc")


def test_the_report_needs_no_script_and_says_what_it_rests_on(folder):
    page = (folder / "report.html").read_text()
    summary = json.loads((folder / "summary.json").read_text())
    assert summary["headline"] in page
    assert "<script" not in page
    assert "default-src 'none'" in unescape(page)
    assert "USD/MMBtu" not in page
    for heading in ("What the refineries run", "Title, votes and economic share", "What flips in control", "Trust"):
        assert heading in page
    assert page.count("<svg") == 5  # three refineries, two products of the East


def test_anchors_are_refused(tmp_path):
    (tmp_path / "anchor.csv").write_text("item,node,period,value,unit\n")
    with pytest.raises(UsageError, match="gas market"):
        ready(
            Question(
                scenario=EXAMPLE / "scenario.yaml", anchor=EXAMPLES.parent / "docs" / "data" / "anchor-example.csv"
            )
        )


def test_a_run_below_the_least_load_is_said(peace):
    """Schwedt at 43.5 % is below the 50 % at which it can run: the market does not know, the summary and the headline do."""
    from polynya.results.summary import summarise

    lapse = run(EXAMPLE / "licence-lapses.yaml", first=date(2025, 12, 1), months=3)
    said = summarise(lapse, result_tables(lapse))
    assert said["below_least_load"][0]["months"] == {"baseline": 0, "scenario": 2}
    assert "below the 50 %" in said["headline"]
    assert summarise(peace, result_tables(peace))["below_least_load"] == []


def test_ensembles_are_refused():
    from polynya.commands.ensemble import ensemble

    with pytest.raises(UsageError, match="gas market"):
        ensemble(EXAMPLE / "scenario.yaml", n=2)
