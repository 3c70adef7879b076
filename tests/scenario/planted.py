"""Scenarios with one planted contradiction each, among innocent changes; who takes part is known beforehand.

Each is a `Planted`: the file's text, the ids of the changes (or conditions) that clash, and words that must appear in the
message. Dates, things, values, order and the number of bystanders are drawn from a seed. Ten families.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from polynya.world import World

HEAD = """schema: polynya.scenario/1
id: planted
title: Planted
as_of: 2025-10-01
horizon: {from: 2025-10, months: 24}
assumptions:
  - {id: a1, text: taken as given}
"""


@dataclass(frozen=True)
class Planted:
    """One file and what is wrong with it."""

    family: str
    text: str
    clash: frozenset[str]
    words: tuple[str, ...]
    without: str  # leaving this one out must make the scenario sound


@dataclass
class Draw:
    """A seeded source of things of the world."""

    world: World
    rng: random.Random

    def day(self, low: int = 0, high: int = 300) -> date:
        return date(2025, 10, 1) + timedelta(days=self.rng.randint(low, high))

    def one(self, table: str, column: str = "id") -> str:
        return str(self.rng.choice(sorted(self.world.table(table)[column].drop_nulls().unique().to_list())))

    def overlapping(self) -> tuple[str, str]:
        """Two spans that share at least a day, written as from/to."""
        a = self.day()
        end = a + timedelta(days=self.rng.randint(30, 200))
        b = a + timedelta(days=self.rng.randint(0, 29))
        spans = [
            f"from: {a}, to: {end}",
            f"from: {b}" + (f", to: {self.day(330, 700)}" if self.rng.random() < 0.5 else ""),
        ]
        self.rng.shuffle(spans)
        return spans[0], spans[1]


def _gate(d: Draw) -> tuple[list[str], set[str], tuple[str, ...]]:
    row = d.rng.choice(d.world.table("gates").sort("id").to_dicts())
    x, y = d.overlapping()
    return (
        [
            f"{{id: opens, type: open_gate, gates: [{row['id']}], {x}, because: [a1]}}",
            f"{{id: shuts, type: close_gate, subject: {row['subject']}, gate: political, name: shut again, {y}, because: [a1]}}",
        ],
        {"opens", "shuts"},
        (row["subject"], row["id"]),
    )


def _measure(d: Draw) -> tuple[list[str], set[str], tuple[str, ...]]:
    one = d.one("measures")
    x, y = d.overlapping()
    other = d.rng.choice(
        [
            f"{{id: ends, type: lift_measure, measures: [{one}], {y}, because: [a1]}}",
            f"{{id: ends, type: license_measure, measures: [{one}], targets: [gazprom], {y}, because: [a1]}}",
        ]
    )
    return (
        [f"{{id: begins, type: impose_measure, measures: [{one}], {x}, because: [a1]}}", other],
        {"begins", "ends"},
        (one,),
    )


def _capacity(d: Draw) -> tuple[list[str], set[str], tuple[str, ...]]:
    line = d.one("corridors")
    x, y = d.overlapping()
    first = f"{{id: says-ten, type: set_fact, subject: {line}, attribute: capacity_bcm_per_year, value: 10, unit: bcm_per_year, {x}, because: [a1]}}"
    second = d.rng.choice(
        [
            f"{{id: says-twenty, type: set_fact, subject: {line}, attribute: capacity_bcm_per_year, value: 20, unit: bcm_per_year, {y}, because: [a1]}}",
            f"{{id: says-twenty, type: restore_capacity, subject: {line}, capacity_bcm_per_year: 20, {y}, because: [a1]}}",
        ]
    )
    return [first, second], {"says-ten", "says-twenty"}, (line, "10", "20")


def _restored_and_lost(d: Draw) -> tuple[list[str], set[str], tuple[str, ...]]:
    line = d.one("corridors")
    x, y = d.overlapping()
    return (
        [
            f"{{id: returns, type: restore_capacity, subject: {line}, {x}, because: [a1]}}",
            f"{{id: fails, type: lose_capacity, subject: {line}, remaining_share: 0.2, {y}, because: [a1]}}",
        ],
        {"returns", "fails"},
        (line, "restored and lost"),
    )


def _demand(d: Draw) -> tuple[list[str], set[str], tuple[str, ...]]:
    node = d.rng.choice(["DE", "NL", "IT", "FR", "PL"])
    x, y = d.overlapping()
    where = d.rng.choice([node, '"region:Europe"'])
    return (
        [
            f"{{id: colder, type: shift_demand, nodes: [{node}], factor: 1.1, {x}, because: [a1]}}",
            f"{{id: milder, type: shift_demand, nodes: [{where}], factor: 0.9, {y}, because: [a1]}}",
        ],
        {"colder", "milder"},
        (node, "1.1", "0.9"),
    )


def _edges(d: Draw) -> list[dict]:
    """Titles of 10 to 100 % that are held by one party all along."""
    day = date(2025, 10, 1)
    rows = [
        e
        for e in d.world.table("ownership").sort("id").to_dicts()
        if e["kind"] == "title"
        and e["share"]
        and e["status"] == "closed"
        and e["valid_to"] is None
        and (e["valid_from"] is None or e["valid_from"] <= day)
        and 10 <= float(e["share"]) <= 100
    ]
    seen = [(e["owner"], e["owned"]) for e in rows]
    return [e for e in rows if seen.count((e["owner"], e["owned"])) == 1]


def _sold_twice(d: Draw) -> tuple[list[str], set[str], tuple[str, ...]]:
    edge = d.rng.choice(_edges(d))
    part = 0.6 * float(edge["share"])
    out = [
        f"{{id: sale-{i}, type: transfer_stake, owned: {edge['owned']}, from_owner: {edge['owner']}, to_owner: us-companies, "
        f'share_percent: "{part:.2f}", kinds: [title], from: {d.day()}, because: [a1]}}'
        for i in (1, 2)
    ]
    return out, {"sale-1", "sale-2"}, (edge["owner"], edge["owned"], "together move")


def _sold_by_another(d: Draw) -> tuple[list[str], set[str], tuple[str, ...]]:
    edge = d.rng.choice(_edges(d))
    holders = {d.world.table("ownership").to_dicts()[i]["owner"] for i in range(d.world.table("ownership").height)}
    of_this = {e["owner"] for e in d.world.table("ownership").to_dicts() if e["owned"] == edge["owned"]}
    seller = d.rng.choice(sorted(holders - of_this))
    return (
        [
            f"{{id: sale, type: transfer_stake, owned: {edge['owned']}, from_owner: {seller}, to_owner: us-companies, "
            f'share_percent: "5", kinds: [title], from: {d.day()}, because: [a1]}}'
        ],
        {"sale"},
        (seller, edge["owned"], "holds 0 %"),
    )


def _obligation(d: Draw) -> tuple[list[str], set[str], tuple[str, ...]]:
    day = date(2025, 10, 1)
    lines = [
        (r["id"], r["to_node"], found.value)
        for r in d.world.table("corridors").sort("id").to_dicts()
        if (found := d.world.resolve(r["id"], "capacity_bcm_per_year", day)) is not None and 1 < found.value < 300
    ]
    line, node, capacity = d.rng.choice(lines)
    contract = (
        f"{{id: pay, type: add_contract, seller: gazprom, node: {node}, corridor: {line}, annual_bcm: {0.8 * capacity:.3f}, "
        f"minimum_share: 1, from: {d.day(0, 100)}, to: {d.day(400, 600)}, because: [a1]}}"
    )
    cut = f"{{id: cut, type: lose_capacity, subject: {line}, remaining_share: 0.5, from: {d.day(101, 300)}, because: [a1]}}"
    return [contract, cut], {"pay", "cut"}, (line, "take-or-pay")


def _too_late(d: Draw) -> tuple[list[str], set[str], tuple[str, ...]]:
    return (
        [
            f"{{id: early, type: restore_capacity, subject: {d.one('corridors')}, from: 2025-10-01, to: {d.day(10, 90)}, when: [later], because: [a1]}}"
        ],
        {"early"},
        ("later", "before its condition"),
    )


def _condition(d: Draw) -> tuple[list[str], set[str], tuple[str, ...]]:
    return [], {"deal", "peace"}, ("assumed met", "assumed failed")


FAMILIES: dict[str, Callable[[Draw], tuple[list[str], set[str], tuple[str, ...]]]] = {
    "gate opened and shut": _gate,
    "measure imposed and ended": _measure,
    "two capacities": _capacity,
    "restored and lost": _restored_and_lost,
    "two demands": _demand,
    "stake sold twice": _sold_twice,
    "sold by who does not hold": _sold_by_another,
    "take-or-pay over a cut line": _obligation,
    "over before its condition": _too_late,
    "met without what it requires": _condition,
}


def planted(world: World, number: int, seed: int) -> Iterator[Planted]:
    """`number` contradictions, the families in turn."""
    for i in range(number):
        name = list(FAMILIES)[i % len(FAMILIES)]
        d = Draw(world, random.Random(f"{seed}-{i}"))
        rows, clash, words = FAMILIES[name](d)
        bystanders = [
            f"{{id: by-{k}, type: shift_cost, subject: {line}, attribute: tariff_usd_per_mmbtu, add_usd_per_mmbtu: 0.1, from: {d.day()}, because: [a1]}}"
            for k, line in enumerate(
                d.rng.sample(sorted(world.table("corridors")["id"].to_list()), d.rng.randint(0, 20))
            )
        ]
        bystanders.append("{id: lift, type: lift_measure, measures: [us-peesa], from: 2025-10-01, because: [a1]}")
        if "us-peesa" in " ".join(rows):
            bystanders.pop()
        changes = [*rows, *bystanders]
        d.rng.shuffle(changes)
        conditions = "conditions:\n  - {id: later, text: later, because: [a1], assume: met, on: 2026-03-01}\n"
        if name == "met without what it requires":
            conditions += "  - {id: peace, text: peace, because: [a1], assume: failed}\n"
            conditions += (
                "  - {id: deal, text: a deal, because: [a1], requires: [peace], assume: met, on: 2025-12-01}\n"
            )
        text = HEAD + conditions + "changes:\n" + "".join(f"  - {c}\n" for c in changes)
        yield Planted(name, text, frozenset(clash), words, sorted(clash)[0] if rows else "")
