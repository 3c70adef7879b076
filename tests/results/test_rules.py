"""What flips in the founding scenario, held against the screening that a user runs by hand."""

from __future__ import annotations

import json
from datetime import date
from typing import Any, cast

import polars as pl
import pytest

from polynya.control.answer import party_document
from polynya.control.inputs import inputs_from_tables
from polynya.pipeline import FOUNDING
from polynya.results.answer import Answer, Question
from polynya.results.rules import rule_tables
from polynya.scenario import apply, load_scenario
from polynya.world import World, load_world

LAST = date(2027, 3, 1)  # first day of the last of 24 months from April 2025


@pytest.fixture(scope="module")
def answer() -> Answer:
    """The founding question before any market is solved: the rules need none."""
    world = load_world()
    scenario = load_scenario(FOUNDING, world)
    none = cast(Any, None)
    return Answer(
        Question(FOUNDING), scenario, apply(scenario, world), world, none, none, date(2025, 4, 1), 24, cases={}
    )


@pytest.fixture(scope="module")
def tables(answer: Answer) -> dict[str, pl.DataFrame]:
    return rule_tables(answer)


def verdicts(world: World, identity: str) -> dict[str, str]:
    rows = {n: list(f.iter_rows(named=True)) for n, f in world.tables.items() if n != "facts"}
    found: dict[str, str] = party_document(inputs_from_tables(rows), identity, "all", LAST)["by_regime"]
    return found


@pytest.mark.parametrize("identity", ["nord-stream-2-ag", "rosneft-deutschland", "arctic-lng-2-llc", "gazprom-neft"])
def test_findings_are_those_of_the_screening(answer: Answer, tables: dict[str, pl.DataFrame], identity: str) -> None:
    rows = {r["regime"]: r for r in tables["findings"].filter(pl.col("id") == identity).to_dicts()}
    before, after = verdicts(answer.base, identity), verdicts(answer.applied.world, identity)
    for regime in before:
        seen = (rows[regime]["baseline"], rows[regime]["scenario"]) if regime in rows else ("not", "not")
        assert seen == (before[regime], after[regime])


def test_nord_stream_2_comes_off_the_us_list_and_the_proof_names_the_listing(tables: dict[str, pl.DataFrame]) -> None:
    (row,) = tables["findings"].filter((pl.col("id") == "nord-stream-2-ag") & (pl.col("regime") == "ofac")).to_dicts()
    assert (row["baseline"], row["scenario"], row["flips"]) == ("certain", "not", True)
    assert [s["listed"] for s in json.loads(row["proof_baseline"]) if "listed" in s] == ["nord-stream-2-ag"]
    assert json.loads(row["proof_scenario"]) == []


def test_a_stake_that_moves_shows_both_shares(tables: dict[str, pl.DataFrame]) -> None:
    held = tables["ownership"].filter(pl.col("owned") == "nord-stream-2-ag")
    shares = {r["owner"]: (r["baseline"], r["scenario"]) for r in held.to_dicts()}
    assert shares == {"gazprom-international-projects": ("100", "50"), "us-companies": (None, "50")}


def test_holders_are_followed_to_the_top(tables: dict[str, pl.DataFrame]) -> None:
    chain, queue = set(), ["nord-stream-2-ag"]
    edges = list(tables["ownership"].select("owned", "owner").iter_rows())
    while queue:
        owned = queue.pop()
        queue += [o for d, o in edges if d == owned and o not in chain]
        chain |= {o for d, o in edges if d == owned}
    assert {"gazprom", "russia"} <= chain


def test_an_act_that_the_scenario_lifts_no_longer_stands_in_the_way(tables: dict[str, pl.DataFrame]) -> None:
    rows = tables["standing"].filter(pl.col("id") == "nord-stream-2").to_dicts()
    acts = {r["measure"]: (r["baseline"], r["scenario"]) for r in rows}
    assert acts["eu-833-2014-5af-nord-stream"] == ("yes", None)
    assert all(r["act"] and r["source"] for r in rows)
    # Gazprom's own bars in other laws are untouched by it
    kept = tables["standing"].filter((pl.col("id") == "gazprom") & (pl.col("measure") == "uk-reg-18b-investment"))
    assert kept.select("baseline", "scenario").rows() == [("yes", "yes")]
