"""What worlds share: a world made of another answers as one that was read from scratch, and keeps what did not change."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from polynya.ensemble.choice import TODAY, Choice, Chosen, choose
from polynya.ensemble.ledger import pack, unpack
from polynya.ensemble.work import ground, plain, pose, solved
from polynya.handover import Laws, permissions
from polynya.pipeline import FOUNDING, ready
from polynya.results.answer import Question
from polynya.scenario import apply, load_scenario
from polynya.world import World, load_world

CAPACITY = "capacity_bcm_per_year"
DAYS = [date(2021, 2, 3), date(2025, 12, 15), date(2026, 6, 1)]


@pytest.fixture(scope="module")
def worlds() -> tuple[World, World]:
    """The reference world, asked before, and one made of it: the founding scenario's, with one fact said anew."""
    base = load_world(None)
    assert base.resolve("brotherhood", CAPACITY, DAYS[1]) is not None
    row = (
        base.table("facts")
        .filter((pl.col("subject") == "brotherhood") & (pl.col("attribute") == CAPACITY))
        .row(0, named=True)
    )
    said = {**row, "value": 1, "valid_from": date(2025, 1, 1), "valid_to": None}  # a whole number, as YAML may have it
    scenario = apply(load_scenario(FOUNDING, base), base).world
    return base, scenario.with_rows("facts", [said])


def test_a_world_made_of_another_says_what_one_from_scratch_says(worlds: tuple[World, World]) -> None:
    base, derived = worlds
    fresh = plain(derived)
    assert derived.facts == fresh.facts
    assert derived.facts != base.facts
    for subject, attribute in derived.facts:
        for day in DAYS:
            assert derived.resolve(subject, attribute, day) == fresh.resolve(subject, attribute, day)
    new = derived.resolve("brotherhood", CAPACITY, DAYS[1])
    old = base.resolve("brotherhood", CAPACITY, DAYS[1])  # the first world has not learned what holds in the second
    assert new is not None
    assert old is not None
    assert new.value == 1.0
    assert old == plain(base).resolve("brotherhood", CAPACITY, DAYS[1]) != new


def test_what_a_change_does_not_touch_is_not_indexed_again(worlds: tuple[World, World]) -> None:
    base, derived = worlds
    kept = sum(derived.facts[about] is known for about, known in base.facts.items())
    assert kept > 0.99 * len(base.facts)


def test_a_source_that_facts_cite_already_is_read_anew(worlds: tuple[World, World]) -> None:
    base, _ = worlds
    cited = base.table("facts")["source"][0]
    row = {"id": cited, "title": "t", "publisher": "p", "licence": "l", "reliability": "own"}
    other = base.with_rows("sources", [row])
    assert {f.reliability for facts in other.facts.values() for f in facts if f.source == cited} == {"own"}


def test_the_law_is_worked_out_once_for_worlds_that_do_not_differ_in_it(worlds: tuple[World, World]) -> None:
    base, derived = worlds
    laws = Laws()
    first = laws.of(base, date(2026, 10, 1), 2, None)
    assert laws.of(plain(base), date(2026, 10, 1), 2, None) is first
    other = laws.of(derived, date(2026, 10, 1), 2, None)  # the scenario lifts measures
    assert other.bans.equals(permissions(derived, date(2026, 10, 1), 2).bans)
    assert not other.bans.equals(first.bans)
    assert laws.of(base, date(2026, 10, 1), 3, None) is not first  # other months


def test_large_worlds_start_from_todays_answer_and_say_the_same_whoever_solves_them(
    small: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The start depends on the question alone: a worker that has solved other worlds before gives the same bytes."""
    r = ready(Question(scenario=small / "coins.yaml", world=small))
    away = choose(r.scenario, Choice((("peace", False), ("cold", False))))
    come = choose(r.scenario, Choice((("peace", True), ("buyer", True), ("cold", True))))
    cold = pose(one := ground(replace(r, base=plain(r.base)), "auto", []), come)
    before = solved(one, cold)
    assert not cold.warm
    monkeypatch.setattr("polynya.ensemble.work.WARM", 0)
    records = []
    for first in ([], [Chosen(r.scenario, frozenset(), TODAY), away]):
        g = ground(replace(r, base=plain(r.base)), "auto", [])  # as in a process of its own
        for chosen in first:
            solved(g, pose(g, chosen))
        found = pose(g, come)
        assert found.warm
        assert found.record["solution"] != cold.record["solution"]  # another way to the answer, another last digit
        records.append((found.record["solution"], pack(solved(g, found))))
        assert not pose(g, away).warm  # nothing happens there: today's answer itself
    assert records[0] == records[1]
    after = unpack(records[0][1])
    assert after is not None
    assert after["certificate"]["passed"]
    assert after["prices"]["BB"] == pytest.approx(before["prices"]["BB"], rel=1e-6)
