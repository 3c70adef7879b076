"""The command as a user meets it, on a world solved by hand: probabilities, bounds, ledger, determinism, faults."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from polynya.cli import main
from polynya.ensemble.choice import Choice, choose, claims_that_hold
from polynya.ensemble.draw import draw
from polynya.ensemble.files import summary_text
from polynya.ensemble.ledger import SOLVED, Ledger
from polynya.ensemble.page import page
from polynya.ensemble.pool import how_far
from polynya.ensemble.uncertain import Coin, Dial, Uncertain, uncertain
from polynya.ensemble.work import ground, plain, pose
from polynya.errors import StorageError
from polynya.pipeline import EXAMPLES, FOUNDING, ready
from polynya.results.answer import Question
from polynya.scenario import apply, load_scenario
from polynya.scenario.ledger import Claim
from polynya.scenario.schema import ClosePassage
from polynya.world import load_world
from tests.ensemble.conftest import CONDITIONS, HEAD, OPEN


def run(world: Path, scenario: Path, out: Path, *more: str) -> int:
    return main(["ensemble", str(scenario), "--world", str(world), "--out", str(out), "-q", *more])


@pytest.fixture(scope="module")
def exact_run(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exact") / "out"
    assert run(small, small / "coins.yaml", out, "--workers", "1") == 0
    return out


@pytest.fixture(scope="module")
def sampled_run(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sampled") / "out"
    assert run(small, small / "mixed.yaml", out, "-n", "32", "--seed", "3", "--workers", "2") == 0
    return out


def summary(folder: Path) -> dict:
    return json.loads((folder / "summary.json").read_text())


def statement(folder: Path, text: str) -> dict:
    return next(s for s in summary(folder)["statements"] if s["statement"] == text)


def test_probabilities_are_the_products_worked_out_by_hand(exact_run: Path) -> None:
    # the line opens when there is peace (0.4 to 0.6) and then a buyer (0.8)
    found = statement(exact_run, "Europe pays less for gas")
    assert found["probability"] == pytest.approx(0.5 * 0.8)
    assert (found["low"], found["high"]) == (pytest.approx(0.32), pytest.approx(0.48))
    assert statement(exact_run, "aa-bb has all its gates open at the end")["probability"] == pytest.approx(0.4)
    # consumers gain where the line opens (0.4), or where it is cold (0.5): more gas is wanted at the same price
    assert statement(exact_run, "Europe (consumers) gains")["probability"] == pytest.approx(1 - 0.6 * 0.5)


def test_quantiles_are_those_of_the_two_prices(exact_run: Path) -> None:
    table = pl.read_parquet(exact_run / "tables" / "quantiles.parquet")
    row = table.filter((pl.col("what") == "price_change") & (pl.col("item") == "Europe")).row(0, named=True)
    assert row["written"] == pytest.approx(-3.0, abs=1e-6)  # 8 with the line shut, 5 with it open
    assert row["mean"] == pytest.approx(-3.0 * 0.4, abs=1e-6)
    assert row["p25"] == pytest.approx(-3.0, abs=1e-6)
    assert row["p50"] == pytest.approx(0.0, abs=1e-6)


def test_drivers_are_exact_where_every_way_is_known(exact_run: Path) -> None:
    found = summary(exact_run)["drivers"]
    assert found["exact"] is True
    shares = {s["id"]: s["share"] for s in found["shapley"]}
    assert shares == {"peace": pytest.approx(0.75), "buyer": pytest.approx(0.25), "cold": pytest.approx(0.0, abs=1e-6)}
    table = pl.read_parquet(exact_run / "tables" / "drivers.parquet")
    effect = table.filter((pl.col("what") == "price_change") & (pl.col("item") == "Europe"))
    # the price falls by 3 when both hold: each adds half of it, averaged over the two orders
    assert dict(effect.select("input", "effect").iter_rows())["peace"] == pytest.approx(-1.5, abs=1e-6)


def test_equal_worlds_are_solved_once(exact_run: Path) -> None:
    draws = pl.read_parquet(exact_run / "tables" / "draws.parquet")
    assert draws.height == 8  # three coins
    # without peace, or without a buyer, nothing opens: what remains is cold or not, with the line shut or open
    assert draws["world"].n_unique() == 4
    assert sum(1 for p in (exact_run.parent / "ledger" / SOLVED).glob("*/*")) == 4
    assert json.loads((exact_run / "timings.json").read_text())["problems_solved"] == 4


def test_what_is_in_the_ledger_is_not_solved_again(exact_run: Path, small: Path, tmp_path: Path) -> None:
    ledger = str(exact_run.parent / "ledger")
    assert run(small, small / "coins.yaml", tmp_path / "again", "--resume", ledger) == 0
    assert json.loads((tmp_path / "again" / "timings.json").read_text())["problems_solved"] == 0
    assert (tmp_path / "again" / "manifest.json").read_bytes() == (exact_run / "manifest.json").read_bytes()


def test_the_number_of_workers_changes_no_byte(sampled_run: Path, small: Path, tmp_path: Path) -> None:
    assert run(small, small / "mixed.yaml", tmp_path / "one", "-n", "32", "--seed", "3", "--workers", "1") == 0
    # the manifest holds the hash of every file but the timings
    assert (tmp_path / "one" / "manifest.json").read_bytes() == (sampled_run / "manifest.json").read_bytes()


def test_another_seed_draws_other_worlds(sampled_run: Path, small: Path, tmp_path: Path) -> None:
    ledger = str(sampled_run.parent / "ledger")
    assert run(small, small / "mixed.yaml", tmp_path / "two", "-n", "8", "--seed", "4", "--resume", ledger) == 0
    ours, theirs = (
        pl.read_parquet(d / "tables" / "draws.parquet")["range:cold"] for d in (tmp_path / "two", sampled_run)
    )
    assert set(ours).isdisjoint(set(theirs))


def test_a_sample_comes_near_the_exact_probability(sampled_run: Path) -> None:
    found = statement(sampled_run, "Europe pays less for gas")
    assert found["low"] <= 0.4 <= found["high"]  # Wilson's interval of 32 draws
    assert abs(found["probability"] - 0.4) <= 2 / 32  # a Sobol sequence is balanced: at most two draws away


def test_the_scenario_as_written_gives_the_numbers_of_a_run(sampled_run: Path, small: Path, tmp_path: Path) -> None:
    assert main(["run", str(small / "mixed.yaml"), "--world", str(small), "--out", str(tmp_path / "r"), "-q"]) == 0
    one = summary(tmp_path / "r")
    many = pl.read_parquet(sampled_run / "tables" / "quantiles.parquet")
    written = {(w, i): v for w, i, v in many.select("what", "item", "written").iter_rows()}
    assert written["price_change_percent", "Europe"] == pytest.approx(one["europe_price"]["change_percent"], abs=1e-3)
    for corridor in one["corridors"]:
        assert written["pipeline_change", corridor["corridor"]] == pytest.approx(corridor["change"], abs=1e-3)
    for s in one["suppliers_of_europe"]:
        assert written["supply_change", s["supplier"]] == pytest.approx(s["change"], abs=1e-3)
    for c in one["gains"]["consumers"]:
        assert written["gain", f"consumers/{c['region']}"] == pytest.approx(
            c["musd"], abs=0.6
        )  # shown without decimals


def test_a_torn_record_is_made_again(exact_run: Path, small: Path, tmp_path: Path) -> None:
    ledger = tmp_path / "ledger"
    assert run(small, small / "coins.yaml", tmp_path / "first", "--resume", str(ledger)) == 0
    torn = sorted((ledger / SOLVED).glob("*/*"))
    torn[0].write_bytes(torn[0].read_bytes()[:-7])  # cut short
    raw = bytearray(torn[1].read_bytes())
    raw[-1] ^= 1  # a flipped bit
    torn[1].write_bytes(bytes(raw))
    assert run(small, small / "coins.yaml", tmp_path / "second", "--resume", str(ledger)) == 0
    assert json.loads((tmp_path / "second" / "timings.json").read_text())["problems_solved"] == 2
    assert (tmp_path / "second" / "manifest.json").read_bytes() == (exact_run / "manifest.json").read_bytes()


def test_worlds_without_an_answer_are_counted_and_named(small: Path, tmp_path: Path) -> None:
    body = (
        "changes:\n"
        + "  - {id: open, type: open_gate, gates: [g1], from: 2021-01-01, because: [a1], likelihood: {low: 0.5, high: 0.5}}\n"
        + "  - {id: pay, type: add_contract, seller: seller-a, node: BB, annual_bcm: 12, minimum_share: 1, from: 2021-01-01, to: 2021-12-31, because: [a1], likelihood: {low: 0.3, high: 0.3}}\n"
    )
    (tmp_path / "s.yaml").write_text(HEAD + body)
    code = run(small, tmp_path / "s.yaml", tmp_path / "out")
    assert code == 0
    gaps = summary(tmp_path / "out")["no_answer"]
    # a contract that must deliver has no way while the line is shut: 0.5 x 0.3
    assert sum(g["probability"] for g in gaps) == pytest.approx(0.15)
    assert "contract-pay" in gaps[0]["why"]


@pytest.mark.parametrize(
    ("body", "place", "words"),
    [
        ("changes: []\n", "", "nothing in this scenario is uncertain"),
        (CONDITIONS.replace("0.6}", "60}") + "changes:\n" + OPEN, ":9:", "between 0 and 1"),
        (
            CONDITIONS.replace(", on: 2021-01-01", "", 1).replace("met", "open", 1) + "changes:\n" + OPEN,
            ":9:",
            "has no day",
        ),
        (
            "changes:\n  - {id: c, type: shift_demand, nodes: [BB], factor: 1.5, from: 2021-01-01, because: [a1], range: {low: 1, high: 1.2}}\n",
            ":9:",
            "outside its range",
        ),
        (
            "changes:\n  - {id: c, type: lose_capacity, subject: aa-bb, remaining_share: 0.5, from: 2021-01-01, because: [a1], range: {low: 0, high: 2}}\n",
            ":9:",
            "cannot be 2",
        ),
    ],
)
def test_faults_name_their_place(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], body: str, place: str, words: str
) -> None:
    (tmp_path / "s.yaml").write_text(HEAD + body)
    assert run(small, tmp_path / "s.yaml", tmp_path / "out") == 3
    err = capsys.readouterr().err
    assert place in err
    assert words in err
    assert not (tmp_path / "out").exists()


def test_a_claim_whose_condition_is_not_met_does_not_hold(small: Path) -> None:
    scenario = load_scenario(small / "coins.yaml", load_world(small))

    def claim(identity: str, **more: object) -> Claim:
        return Claim(identity, "t", "x", "CT+", "", (), "accepted", **more)  # type: ignore[arg-type]

    claims = {
        "c1": claim("c1", likelihood=(0.5, 0.5)),
        "c2": claim("c2", needs=("c1",)),  # unrated: it follows what it needs
        "c3": claim("c3", failed=True),
    }
    doubted = type(scenario)(scenario.file, claims, "", "", "", "")
    assert claims_that_hold(doubted, {"c1": False}) == {"c1": False, "c2": False, "c3": False}
    assert claims_that_hold(doubted, {"c1": True}) == {"c1": True, "c2": True, "c3": False}


def test_a_condition_whose_requirement_fails_is_not_met(small: Path) -> None:
    scenario = load_scenario(small / "coins.yaml", load_world(small))
    shut = choose(scenario, Choice((("peace", False), ("buyer", True), ("cold", False))))
    none = choose(scenario, Choice((("peace", True), ("buyer", False), ("cold", False))))
    assert shut.key == none.key == "baseline"  # however it fails, nothing is done


def test_a_latin_hypercube_has_one_point_in_every_slice() -> None:
    what = Uncertain((Coin("a", "change", "a", 0.25, 0.25),), (Dial("d", "factor", "d", 2.0, 4.0),))
    draws = draw(what, 16, 1, "latin-hypercube")
    slices = sorted(int((v - 2.0) / 2.0 * 16) for v in draws.dials[:, 0])
    assert slices == list(range(16))
    assert draws.coins.sum() == 4  # a quarter of 16 points lies below 0.25


def test_notes_that_say_the_same_of_several_things_are_one_line(exact_run: Path) -> None:
    notes = ["all is foreseen.", "store-a: none known", "store-b: none known", "Demand of 2026: unknown", "x: y"]
    lines = summary_text({**summary(exact_run), "notes": notes}).splitlines()
    assert [line.strip() for line in lines[-4:]] == [
        "all is foreseen.",
        "store-a, store-b: none known",
        "Demand of 2026: unknown",
        "x: y",
    ]


def test_the_example_has_something_to_draw() -> None:
    """Its likelihoods are invented and say so; the founding scenario leaves them to the user."""
    scenario = load_scenario(EXAMPLES / "winter-doubts" / "scenario.yaml", load_world(None))
    what = uncertain(scenario)
    assert [c.id for c in what.coins] == ["storm-season", "long-outage", "hammerfest-out"]
    assert [d.id for d in what.dials] == ["weather"]


def test_hostile_text_stays_text_on_the_page(exact_run: Path) -> None:
    s = summary(exact_run)
    html = page({**s, "title": "<script>alert(1)</script>", "question": '"><img src=x onerror=alert(1)>'}, [])
    assert "<script" not in html
    assert "<img" not in html
    assert "default-src 'none'" in html


def test_a_full_disk_leaves_no_half_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(StorageError, match="No space left"):
        Ledger(tmp_path).put(SOLVED, "ab12", {"a": 1})
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_an_ensemble_verifies_until_a_file_is_altered(
    sampled_run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(sampled_run, copy)
    assert main(["verify", str(copy)]) == 0
    (copy / "summary.txt").write_text("all is well")
    assert main(["verify", str(copy)]) == 5
    assert "summary.txt" in capsys.readouterr().err


def test_seasons_count_as_many_months_as_they_have(small: Path, tmp_path: Path) -> None:
    """Beyond two single months come seasons: flows are per year of the whole horizon, in runs and in ensembles alike."""
    more = ("--horizon", "2022")
    assert run(small, small / "mixed.yaml", tmp_path / "many", "-n", "2", *more) == 0
    assert (
        main(["run", str(small / "mixed.yaml"), "--world", str(small), "--out", str(tmp_path / "one"), "-q", *more])
        == 0
    )
    quantiles = pl.read_parquet(tmp_path / "many" / "tables" / "quantiles.parquet")
    written = {(w, i): v for w, i, v in quantiles.select("what", "item", "written").iter_rows()}
    (corridor,) = summary(tmp_path / "one")["corridors"]
    assert written["pipeline_change", corridor["corridor"]] == pytest.approx(corridor["change"], abs=1e-3)
    periods = pl.read_parquet(tmp_path / "many" / "tables" / "months.parquet").filter(pl.col("place") == "Europe")
    assert periods["period"].to_list()[-1] == "2022-winter"


@pytest.mark.slow  # ways around a closed canal are searched anew: a minute and more
def test_voyages_follow_a_passage_that_closes() -> None:
    """Each world is posed as a run poses it, so that a closed canal makes ships go around (no solve here)."""
    question = Question(scenario=FOUNDING, first=date(2025, 4, 1), months=1)
    r = ready(question)
    shut = ClosePassage.model_validate(
        {"id": "shut", "type": "close_passage", "passage": "suez", "from": "2025-04-01", "because": ["a-days"]}
    )
    file = r.scenario.file.model_copy(update={"changes": [shut]})
    chosen = choose(replace(r.scenario, file=file), Choice())
    g = ground(replace(r, base=plain(r.base)), "auto", [])
    closed = pose(g, chosen)
    alone = r.pose(apply(chosen.scenario, r.base).world)
    assert closed.posed is not None
    assert closed.posed.problem.arcs.equals(alone.problem.arcs)
    assert not closed.posed.problem.arcs.equals(r.pose(r.base).problem.arcs)


def test_what_is_left_is_told_at_the_pace_so_far() -> None:
    """A tenth is done before anything is foretold; 10 of 40 in 30 s leave 90 s."""
    assert how_far(1, 40, 1, 3.0) == "1 of 40 worlds looked at, 1 solved"
    assert how_far(10, 40, 8, 30.0).endswith("; about 2 min left")
    assert how_far(30, 40, 8, 30.0).endswith("; about 10 s left")
    assert how_far(40, 40, 30, 30.0) == "40 of 40 worlds looked at, 30 solved"
