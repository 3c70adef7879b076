"""The main job on a world small enough to solve by hand: run folder, summary, trace, verification, exit codes."""

from __future__ import annotations

import json
from pathlib import Path

import polars as pl
import pytest

from polynya.cli import main
from polynya.world.load import REFERENCE

SHARES = "".join(
    f"{{n}},demand_share_m{m:02d},{s},1,,,tso,t,,derived,\n"
    for m, s in zip(range(1, 13), [0.1, 0.1, *[0.08] * 10], strict=True)
)
FACTS = (
    "subject,attribute,value,unit,valid_from,valid_to,source,locator,original_value,kind,note\n"
    "model,parameter_discount_rate_per_year,0,1,,,tso,t,,assumption,\n"
    "model,parameter_lng_detour_factor,1,1,,,tso,t,,assumption,\n"
    "model,parameter_shipping_cost_usd_per_mmbtu_per_1000nm,0.1,usd_per_mmbtu,2020-01-01,,tso,t,,assumption,\n"
    "model,parameter_boil_off_share_per_1000nm,0,1,2020-01-01,,tso,t,,assumption,\n"
    "BB,consumption_bcm,10,bcm,2021-01-01,2021-12-31,tso,t,,reported,\n"
    "BB,reference_price_usd_per_mmbtu,10,usd_per_mmbtu,2021-01-01,2021-12-31,tso,t,,reported,\n"
    "BB,price_elasticity_medium,-0.5,1,,,tso,t,,assumption,\n"
    "well,production_capacity_bcm_per_year,100,bcm_per_year,2020-01-01,,tso,t,,reported,\n"
    "well,production_cost_low_usd_per_mmbtu,4,usd_per_mmbtu,2020-01-01,,tso,t,,assumption,\n"
    "well,production_cost_high_usd_per_mmbtu,4,usd_per_mmbtu,2020-01-01,,tso,t,,assumption,\n"
    "home,production_capacity_bcm_per_year,100,bcm_per_year,2020-01-01,,tso,t,,reported,\n"
    "home,production_cost_low_usd_per_mmbtu,8,usd_per_mmbtu,2020-01-01,,tso,t,,assumption,\n"
    "home,production_cost_high_usd_per_mmbtu,8,usd_per_mmbtu,2020-01-01,,tso,t,,assumption,\n"
    "aa-bb,capacity_bcm_per_year,50,bcm_per_year,2020-01-01,,tso,t,,reported,\n"
    "aa-bb,transport_cost_usd_per_mmbtu,1,usd_per_mmbtu,2020-01-01,,tso,t,,assumption,\n"
) + SHARES.replace("{n}", "BB")
FILES = {
    "sources.csv": "id,title,publisher,url,published,accessed,licence,reliability,notice\ntso,Page,TSO,,,,facts,company,\n",
    "nodes.csv": "id,name,region,country,lat,lon,note\nAA,Aland,Europe,AA,60,10,\nBB,Beland,Europe,BB,50,10,\n",
    "traders.csv": "id,name,entity,country,group,note,source,locator\nseller-a,A,,AA,,,tso,t\nseller-b,B,,BB,,,tso,t\n",
    "supplies.csv": "id,name,node,trader,note,source,locator\nwell,Well,AA,seller-a,,tso,t\nhome,Home,BB,seller-b,,tso,t\n",
    "corridors.csv": "id,name,asset,from_node,to_node,length_km,note,source,locator\naa-bb,Line,,AA,BB,100,,tso,t\n",
    "gates.csv": "id,subject,gate,name,measure,valid_from,valid_to,note,source,locator\ng1,aa-bb,repair,broken,,2020-01-01,,,tso,t\n",
    "facts/f.csv": FACTS,
}
SCENARIO = """schema: polynya.scenario/1
id: hand
title: The line opens
as_of: 2021-01-01
horizon: {from: 2021-01, months: 2}
assumptions:
  - {id: a1, text: taken as given}
changes:
  - {id: open, type: open_gate, gates: [g1], from: 2021-01-01, because: [a1]}
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hand")
    (folder / "facts").mkdir()
    for name in ("datapackage.yaml", "attributes.csv"):
        (folder / name).write_bytes((REFERENCE / name).read_bytes())
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "s.yaml").write_text(SCENARIO)
    return folder


@pytest.fixture(scope="module")
def run(files: Path) -> Path:
    out = files / "out"
    assert main(["run", str(files / "s.yaml"), "--world", str(files), "--out", str(out), "-q"]) == 0
    return out


def test_prices_are_the_hand_solved_ones(run: Path) -> None:
    prices = pl.read_parquet(run / "tables" / "prices.parquet").filter(pl.col("node") == "BB")
    # shut: the home supply sets 8; open: 4 at the well plus 1 for the line, which has room to spare
    assert prices["price_baseline"].to_list() == pytest.approx([8.0, 8.0], abs=1e-6)
    assert prices["price_scenario"].to_list() == pytest.approx([5.0, 5.0], abs=1e-6)


def test_quantities_follow_the_demand_curve(run: Path) -> None:
    used = pl.read_parquet(run / "tables" / "consumption.parquet")
    # 1 bcm a month at 10 with elasticity -0.5: slope 20, intercept 30; at 8: 1.1, at 5: 1.25
    assert used["quantity_baseline"].to_list() == pytest.approx([1.1, 1.1], rel=1e-6)
    assert used["quantity_scenario"].to_list() == pytest.approx([1.25, 1.25], rel=1e-6)


def test_gains_are_the_areas_and_add_up(run: Path) -> None:
    gains = pl.read_parquet(run / "tables" / "gains.parquet")
    consumers = gains.filter(pl.col("group") == "consumers")["musd_change"].sum()
    # two months of 20 x (1.25^2 - 1.1^2) / 2 = 3.525 bcm x USD/MMBtu, and 40e3 / 1055.056 million MMBtu a bcm
    assert consumers == pytest.approx(2 * 3.525 * 40e3 / 1055.05585262, rel=1e-6)
    answer = json.loads((run / "answer" / "scenario" / "solution.json").read_text())
    assert gains["musd_scenario"].sum() == pytest.approx(answer["welfare"]["total"] * 40e3 / 1055.05585262, rel=1e-6)


def test_owners_share_out_what_producers_and_operators_gain(run: Path) -> None:
    gains = pl.read_parquet(run / "tables" / "gains.parquet").filter(pl.col("group").is_in(["producers", "operators"]))
    owners = pl.read_parquet(run / "tables" / "owners.parquet")
    for case in ("baseline", "scenario"):
        assert owners[f"musd_{case}"].sum() == pytest.approx(gains[f"musd_{case}"].sum(), abs=1e-6)


def test_an_exposure_takes_its_income_from_a_run(run: Path, files: Path) -> None:
    from polynya.results.folder import Run
    from polynya.results.owners import income_of_things
    from polynya.world import load_world

    income = income_of_things(Run(run).table("gains"), "musd_scenario", load_world(files), 6.0)
    gains = pl.read_parquet(run / "tables" / "gains.parquet").filter(pl.col("group") == "operators")
    # the line has neither tariff nor scarcity here, and no seller has a company: nothing is made up
    assert income == {r["id"]: pytest.approx(6.0 * r["musd_scenario"]) for r in gains.to_dicts()}


def test_the_folder_is_whole_and_verifies(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    manifest = json.loads((run / "manifest.json").read_text())
    assert manifest["certificate"]["passed"] is True
    assert {"timings.json", "report.html", "summary.json"} <= {p.name for p in run.iterdir()}
    assert not any("timings" in f for f in manifest["files"])
    assert main(["verify", str(run), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["passed"] is True


def test_a_tampered_file_does_not_verify(run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import shutil

    copy = tmp_path / "copy"
    shutil.copytree(run, copy)
    path = copy / "answer" / "scenario" / "prices.parquet"
    pl.read_parquet(path).with_columns(pl.col("price") * 1.001).write_parquet(path)
    assert main(["verify", str(copy)]) == 5
    assert "altered" in capsys.readouterr().err


def test_a_closed_corridor_is_explained_by_its_gate(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(run), "flows/aa-bb/2021-01", "--json"]) == 0
    trace = json.loads(capsys.readouterr().out)
    assert trace["values"][0]["quantity_scenario"] == pytest.approx(1.25, rel=1e-6)
    assert [g["case"] for g in trace["gates"]] == ["baseline"]
    assert [c["id"] for c in trace["changes"]] == ["open"]
    assert [c["id"] for c in trace["claims"]] == ["a1"]
    assert {"capacity_bcm_per_year", "transport_cost_usd_per_mmbtu"} <= {f["attribute"] for f in trace["facts"]}


@pytest.mark.parametrize(
    ("address", "code"),
    [
        ("prices/BB/2021-01", 0),
        ("prices/BX/2021-01", 6),
        ("price/BB/2021-01", 0),  # one price or many
        ("costs/BB/2021-01", 2),
        ("prices/BB", 0),  # the mean of the horizon
        ("prices/Europe", 0),
        ("prices/BB/2021-01/x", 2),
        ("markups", 2),
        ("gains/seller-b", 0),
        ("gains/nobody", 6),
        ("trust/certificate", 0),
        ("trust/nothing", 6),
    ],
)
def test_addresses(run: Path, address: str, code: int) -> None:
    assert main(["explain", str(run), address]) == code


def test_a_number_that_nothing_rests_on_is_said(files: Path, tmp_path: Path) -> None:
    """A cost of the months asked about moves the price; one of a later year and a figure of pages only are said to move nothing."""
    change = (
        "  - {{id: {}, type: set_fact, subject: {}, attribute: {}, value: {}, unit: {}, from: {}, because: [a1]}}\n"
    )
    scenario = SCENARIO + "".join(
        change.format(*c)
        for c in (
            ("dearer", "well", "production_cost_high_usd_per_mmbtu", 5, "usd_per_mmbtu", "2021-01-01"),
            ("later", "aa-bb", "capacity_bcm_per_year", 1, "bcm_per_year", "2031-01-01"),
            ("shown-only", "aa-bb", "observed_flow_bcm_per_year", 3, "bcm_per_year", "2021-01-01"),
        )
    )
    scenario += "  - {id: less, type: shift_demand, nodes: [BB], factor: 0.9, from: 2021-01-01, because: [a1]}\n"
    path = tmp_path / "unread.yaml"
    path.write_text(scenario)
    out = tmp_path / "r"
    assert main(["run", str(path), "--world", str(files), "--out", str(out), "-q"]) == 0
    said = [s for s in json.loads((out / "summary.json").read_text())["does_not_move"] if "rests on" in s]
    assert said == [
        "later: applied, but no number of this market rests on capacity_bcm_per_year of aa-bb then",
        "shown-only: applied, but no number of this market rests on observed_flow_bcm_per_year of aa-bb then",
    ]


def test_same_inputs_same_bytes(run: Path, files: Path) -> None:
    again = files / "again"
    assert main(["run", str(files / "s.yaml"), "--world", str(files), "--out", str(again), "-q"]) == 0
    assert (
        json.loads((again / "manifest.json").read_text())["files"]
        == json.loads((run / "manifest.json").read_text())["files"]
    )


def test_a_run_is_never_overwritten(run: Path, files: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", str(files / "s.yaml"), "--world", str(files), "--out", str(run), "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "usage"


def test_bad_input_leaves_nothing_behind(files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text(SCENARIO.replace("[g1]", "[g2]"))
    out = tmp_path / "out"
    assert main(["run", str(bad), "--world", str(files), "--out", str(out), "--json"]) == 3
    document = json.loads(capsys.readouterr().out)
    assert document["error"]["where"].endswith("bad.yaml:9:41")
    assert list(tmp_path.iterdir()) == [bad]


@pytest.mark.parametrize(
    "arguments", [["run", "--nope"], ["wrold"], ["run", "--months", "0"], ["run", "--from", "2021"]]
)
def test_a_wrong_command_line_is_one_json_document(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*arguments, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "usage"


def test_names_with_markup_do_nothing_in_the_report(files: Path, tmp_path: Path) -> None:
    evil = tmp_path / "evil.yaml"
    evil.write_text(SCENARIO.replace("The line opens", "<script>alert(1)</script>"))
    assert main(["run", str(evil), "--world", str(files), "--out", str(tmp_path / "out"), "-q", "--months", "1"]) == 0
    assert "<script>alert" not in (tmp_path / "out" / "report.html").read_text()


def test_an_anchor_moves_the_level(files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    anchor = tmp_path / "anchor.csv"
    anchor.write_text(
        "item,node,period,value,unit\nprice_usd_per_mmbtu,BB,2021-01,20,usd_per_mmbtu\ndemand_bcm,BB,2021-01,2,bcm\n"
    )
    assert (
        main(
            [
                "run",
                str(files / "s.yaml"),
                "--world",
                str(files),
                "--out",
                str(tmp_path / "o"),
                "-q",
                "--months",
                "1",
                "--anchor",
                str(anchor),
                "--json",
            ]
        )
        == 0
    )
    assert json.loads(capsys.readouterr().out)["summary"]["trust"]["banner"] == ""
    used = pl.read_parquet(tmp_path / "o" / "tables" / "consumption.parquet")
    # 2 bcm at 20 with elasticity -0.5: slope 20, intercept 60; at 8: 2.6
    assert used["quantity_baseline"].to_list() == pytest.approx([2.6], rel=1e-6)


def test_seasons_after_the_months(files: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """January and February 2021, then March (a season of one month is a month), summer and winter: 8 and 5 in each, and a year's use is still a year's."""
    out = tmp_path / "long"
    asked = [
        "run",
        str(files / "s.yaml"),
        "--world",
        str(files),
        "--horizon",
        "2021",
        "--out",
        str(out),
        "-q",
        "--json",
    ]
    assert main(asked) == 0
    summary = json.loads(capsys.readouterr().out)["summary"]
    assert summary["span"] == "3 months and 2 seasons to 2021-winter"
    used = pl.read_parquet(out / "tables" / "consumption.parquet")
    assert used["period"].to_list() == ["2021-01", "2021-02", "2021-03", "2021-summer", "2021-winter"]
    year = used.filter(pl.col("period").is_in(["2021-summer", "2021-winter"]))["quantity_baseline"].sum()
    # April 2021 to March 2022: every month's share of 10 bcm, at 8 instead of 10 USD/MMBtu 10 % more
    assert year == pytest.approx(10 * 1.1, rel=1e-6)
    prices = pl.read_parquet(out / "tables" / "prices.parquet").filter(pl.col("node") == "BB")
    assert prices["price_scenario"].to_list() == pytest.approx([5.0] * 5, abs=1e-6)
    assert main(["explain", str(out), "consumption/BB/2021-summer", "--json"]) == 0
    facts = {f["attribute"] for f in json.loads(capsys.readouterr().out)["facts"]}
    assert "demand_share_m07" in facts
    assert "demand_share_m01" not in facts


def test_a_fee_that_is_owed_anyway_moves_money_and_no_gas(files: Path, tmp_path: Path) -> None:
    """365 million USD a year for the line, whose only holder is seller-a: 59 days from January to February 2021."""
    extra = tmp_path / "fee"
    (extra / "facts").mkdir(parents=True)
    (extra / "access.csv").write_text(
        "subject,traders,valid_from,valid_to,kind,reason,source,locator\naa-bb,seller-a,2020-01-01,,reported,built it,tso,t\n"
    )
    (extra / "facts" / "fee.csv").write_text(
        FACTS.splitlines()[0] + "\naa-bb,ship_or_pay_musd_per_year,365,musd_per_year,2020-01-01,,tso,t,,reported,\n"
    )
    out = tmp_path / "paid"
    asked = ["run", str(files / "s.yaml"), "--world", str(files), "--overlay", str(extra), "--out", str(out), "-q"]
    assert main(asked) == 0
    gains = {(r["group"], r["id"]): r for r in pl.read_parquet(out / "tables" / "gains.parquet").to_dicts()}
    assert gains["operators", "aa-bb"]["musd_baseline"] == pytest.approx(59.0)  # shut, and paid all the same
    assert gains["operators", "aa-bb"]["musd_change"] == pytest.approx(0.0, abs=1e-6)
    assert gains["producers", "seller-a"]["musd_baseline"] == pytest.approx(-59.0)
    used = pl.read_parquet(out / "tables" / "consumption.parquet")
    assert used["quantity_scenario"].to_list() == pytest.approx([1.25, 1.25], rel=1e-6)  # as without the fee
    answer = json.loads((out / "answer" / "scenario" / "solution.json").read_text())
    total = sum(r["musd_scenario"] for r in gains.values())
    assert total == pytest.approx(answer["welfare"]["total"] * 40e3 / 1055.05585262, rel=1e-6)


def test_the_attributions_of_the_sources_travel_with_run_and_trace(
    run: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The only source of this world asks for a citation and no more."""
    assert "[facts] single facts, cited from each source by itself (tso)" in (run / "NOTICE.txt").read_text()
    assert "NOTICE.txt" in json.loads((run / "manifest.json").read_text())["files"]
    assert main(["explain", str(run), "prices/BB/2021-01"]) == 0
    assert "licences and notices" in capsys.readouterr().out
