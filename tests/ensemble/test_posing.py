"""Posed after other worlds or from nothing: the same market problem, to the last bit, whatever the worlds differ in."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import date

import polars as pl
import pytest

from polynya.handover import Before, Posed
from polynya.market.kept import Kept, Watched
from polynya.market.problem import Problem
from polynya.market.sound import Sound
from polynya.pipeline import FOUNDING, Ready, ready
from polynya.results.answer import Question
from polynya.world import World

DAYS = (date(2025, 4, 1), date(2025, 4, 20), date(2025, 6, 1))


@pytest.fixture(scope="module")
def founding() -> Ready:
    return ready(Question(scenario=FOUNDING, months=2))


def changed(world: World, dice: random.Random) -> World:
    """A world with some facts said anew and, now and then, a gate or measure that ends, as scenarios do it."""
    numbers = [
        ("availability_share", "corridors", 0.0, 1.0),
        ("availability_share", "supplies", 0.0, 1.0),
        ("capacity_bcm_per_year", "corridors", 1.0, 60.0),
        ("transport_cost_usd_per_mmbtu", "corridors", 0.0, 2.0),
        ("demand_factor", "nodes", 0.8, 1.2),
    ]
    rows = []
    for _ in range(dice.randint(0, 4)):
        attribute, table, low, high = dice.choice(numbers)
        value = low if dice.random() < 0.3 else dice.uniform(low, high)  # an outage takes its rows away
        subjects = world.table(table)["id"].to_list()
        if attribute == "availability_share" and dice.random() < 0.5:
            subjects = world.table("assets").filter(pl.col("kind") == "lng-export")["id"].to_list()
        rows.append(
            {
                "subject": dice.choice(subjects),
                "attribute": attribute,
                "value": value,
                "unit": "1",
                "valid_from": dice.choice(DAYS),
                "valid_to": dice.choice([None, date(2025, 5, 10)]),
                "source": "scenario",
                "locator": "here",
                "kind": "assumption",
                "note": "",
            }
        )
    source = {"id": "scenario", "title": "t", "publisher": "p", "licence": "l", "reliability": "own"}
    world = world.with_rows("sources", [source]).with_rows("facts", rows)
    for table in ("gates", "measures"):
        if dice.random() < 0.3:
            frame = world.table(table)
            chosen = dice.choice(frame["id"].to_list())
            end = pl.when(pl.col("id") == chosen).then(pl.lit(date(2025, 4, 10))).otherwise(pl.col("valid_to"))
            world = world.with_tables({table: frame.with_columns(end.alias("valid_to"))})
    return world


def everything(posed: Posed) -> list[str]:
    """All that is posed and what it rests on, as text."""
    inputs = posed.inputs
    frames = [*posed.problem.tables().values(), *inputs.tables.values(), inputs.gates, inputs.fees, inputs.trace]
    facts = [(key, fact) for key, fact in inputs.facts.items()]
    return [*(f.write_csv() for f in frames), repr(inputs.notes), repr(sorted(inputs.sources)), repr(facts)]


def test_worlds_posed_one_after_another_are_those_posed_from_nothing(founding: Ready) -> None:
    dice = random.Random(20)
    shared = Before()
    seen = set()
    for _ in range(12):
        world = changed(founding.base, dice)
        together = everything(replace(founding, before=shared).pose(world))
        assert together == everything(replace(founding, before=Before()).pose(world))
        seen.add("".join(together))
    assert len(seen) > 8  # the draws do differ


def test_only_what_a_change_touches_is_made_anew(founding: Ready) -> None:
    one = founding.pose(founding.base).inputs
    row = founding.base.table("facts").filter(pl.col("subject") == "medgaz").row(0, named=True)
    world = founding.base.with_rows(
        "facts", [{**row, "value": row["value"] * 0.9, "valid_from": DAYS[0], "valid_to": None}]
    )
    two = founding.pose(world).inputs
    new = [p for p in two.parts if not any(p is q for q in one.parts)]
    assert {r["arc"] for p in new for r in p.rows.get("arcs", ())} == {"medgaz"}
    assert two.tables["demand"] is one.tables["demand"]
    assert two.tables["bans"] is one.tables["bans"]


def test_what_travels_to_a_worker_is_empty(founding: Ready) -> None:
    founding.pose(founding.base)
    kept, sound = founding.before.kept, founding.before.sound
    assert kept.__getstate__() == Kept().__getstate__()
    assert sound.__getstate__() == Sound().__getstate__()


def test_a_watched_mapping_notes_every_way_of_asking() -> None:
    asks = {
        "get": lambda m: m.get("a"),
        "item": lambda m: m["a"],
        "in": lambda m: "a" in m,
        "nothing": lambda m: m.get("z"),
        "values": lambda m: list(m.values()),
        "length": len,
    }
    seen = {}
    for name, ask in asks.items():
        watched = Watched({"a": 1, "b": 2})
        ask(watched)
        seen[name] = dict(watched.seen)
    one, both = {"a": 1}, {"a": 1, "b": 2}
    assert seen == {"get": one, "item": one, "in": one, "nothing": {"z": None}, "values": both, "length": both}


def small(**changed: pl.DataFrame) -> dict[str, pl.DataFrame]:
    return {
        "periods": pl.DataFrame({"period": ["p", "q"], "weight": [1.0, 1.0]}),
        "nodes": pl.DataFrame({"node": ["A", "B"]}),
        "traders": pl.DataFrame({"trader": ["t"]}),
        "demand": pl.DataFrame(
            {"node": ["B", "B"], "period": ["q", "p"], "intercept": [9.0, 8.0], "slope": [1.0, 1.0]}
        ),
        "production": pl.DataFrame({"trader": ["t"], "node": ["A"], "period": ["*"], "capacity": [5.0], "cost": [1.0]}),
        "arcs": pl.DataFrame(
            {"arc": ["l"], "from": ["A"], "to": ["B"], "period": ["*"], "capacity": [3.0], "cost": [0.5]}
        ),
        **changed,
    }


WRONG = {
    "a second row": {"demand": pl.DataFrame({"node": ["B", "B"], "period": ["q", "q"], "intercept": [9.0, 8.0], "slope": [1.0, 1.0]})},
    "an unknown node": {"arcs": pl.DataFrame({"arc": ["l"], "from": ["A"], "to": ["C"], "period": ["*"], "capacity": [3.0], "cost": [0.5]})},
    "a node that is gone": {"nodes": pl.DataFrame({"node": ["B"]})},
    "a negative slope": {"demand": pl.DataFrame({"node": ["B", "B"], "period": ["q", "p"], "intercept": [9.0, 8.0], "slope": [1.0, -1.0]})},
    "a share of one": {"arcs": pl.DataFrame({"arc": ["l"], "from": ["A"], "to": ["B"], "period": ["*"], "capacity": [3.0], "cost": [0.5], "loss": [1.0]})},
    "conduct at fixed demand": {
        "demand": pl.DataFrame({"node": ["B", "B"], "period": ["q", "p"], "fixed": [2.0, 2.0]}),
        "conduct": pl.DataFrame({"trader": ["t"], "node": ["B"], "theta": [1.0]}),
    },
}  # fmt: skip


@pytest.mark.parametrize("wrong", WRONG)
def test_what_passed_before_does_not_hide_a_fault(wrong: str) -> None:
    """Every fault is found in the same words whether a sound problem came before it or none."""
    from polynya.errors import InputError

    sound = Sound()
    Problem.from_tables(small(), sound)
    said = []
    for memory in (sound, None, sound):
        with pytest.raises(InputError) as found:
            Problem.from_tables(small(**WRONG[wrong]), memory)
        said.append(str(found.value))
    assert said[0] == said[1] == said[2]
    assert Problem.from_tables(small(), sound).demand["intercept"].to_list() == [8.0, 9.0]


def test_numbers_follow_the_words_into_order() -> None:
    sound = Sound()
    for top in (9.0, 7.0):
        demand = pl.DataFrame({"node": ["B", "B"], "period": ["q", "p"], "intercept": [top, 8.0], "slope": [1.0, 1.0]})
        found = Problem.from_tables(small(demand=demand), sound)
        assert found.demand.select("period", "intercept").rows() == [("p", 8.0), ("q", top)]
        assert found.arcs["period"].to_list() == ["p", "q"]
