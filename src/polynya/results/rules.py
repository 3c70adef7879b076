"""What do the ownership rules find, and what flips? (Answer -> findings, ownership, standing; both cases on the last day)

Asked about are the parties and things that a change names, that a changed measure targets, and whoever holds them. A
finding says whether a regime's ownership test is met, on which holdings and listings; `standing` says act by act what
bars or deters whoever owns the party. Neither says that a deal is legal. Methods: `control.screen`, `control.dealing`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from polynya.control.answer import Findings, standing_of
from polynya.control.graph import Edge, Graph
from polynya.control.inputs import ControlInputs, inputs_from_tables
from polynya.control.rules import ALL_REGIMES, Rule
from polynya.control.screen import NOT, screen, test_text
from polynya.results.answer import Answer
from polynya.results.case import BASELINE, SCENARIO
from polynya.world import World
from polynya.world.capacity import add_months

FINDINGS = "id regime test baseline scenario flips licences proof_baseline proof_scenario day source locator".split()
OWNERSHIP = "owner owned kind baseline scenario source locator note".split()
STANDING = "id measure jurisdiction act article object mode since baseline scenario source locator".split()


@dataclass(frozen=True)
class _Side:
    """One case on the last day."""

    inputs: ControlInputs
    graph: Graph
    findings: Mapping[str, tuple[Rule, Findings]]


def rule_tables(answer: Answer) -> dict[str, pl.DataFrame]:
    """`findings`, `ownership`, `standing`; empty where the world has no rules or nothing is asked about."""
    day = add_months(answer.first, answer.months - 1)
    sides = {
        BASELINE: _side(answer.base, day),
        SCENARIO: _side(answer.applied.world, day),
    }
    asked = focus(answer, sides.values())
    return {
        "findings": _findings(sides, asked, day),
        "ownership": _ownership(sides, asked),
        "standing": _standing(sides, asked, day),
    }


def _side(world: World, day: date) -> _Side:
    tables = {n: list(f.iter_rows(named=True)) for n, f in world.tables.items() if n != "facts"}
    inputs = inputs_from_tables(tables)
    graph = inputs.graph(day)
    listed = inputs.listed(day)
    findings = {}
    for regime in ALL_REGIMES:
        rule = next((r for r in inputs.rules if r.regime == regime and r.holds_on(day)), None)
        if rule is not None:
            who = [*listed.get("*", ()), *listed.get(regime, ())]
            findings[regime] = (rule, screen(graph, who, rule, day))
    return _Side(inputs, graph, findings)


def focus(answer: Answer, sides: Iterable[_Side]) -> list[str]:
    """Ids of the ownership graph that the changes are about: named, targeted by a changed measure, or holding those."""
    touched = {t for c in answer.applied.changes for t in c.touches}
    names: set[str] = set()
    for side in sides:
        targets = {t for m in side.inputs.measures if m.id in touched for t in m.targets}
        direct = {i for i in (touched | targets) if i in side.graph.index and _owned_or_owner(side.graph, i)}
        names |= direct | {e.owner for i in direct & touched for e in side.graph.holders_of.get(i, ())}
    return sorted(names)


def _owned_or_owner(graph: Graph, identity: str) -> bool:
    return bool(graph.holders_of.get(identity) or graph.holdings_of.get(identity))


def _frame(rows: Sequence[Mapping[str, object]], columns: Sequence[str]) -> pl.DataFrame:
    schema = {c: pl.Boolean if c == "flips" else pl.String for c in columns}
    return pl.DataFrame([{c: r.get(c) for c in columns} for r in rows], schema=schema)


def _findings(sides: Mapping[str, _Side], asked: Sequence[str], day: date) -> pl.DataFrame:
    """One row per id and regime whose test is met, or may be, in either case. Proofs are JSON."""
    rows = []
    for identity in asked:
        for regime in ALL_REGIMES:
            found = {}
            for case, side in sides.items():
                if regime in side.findings and identity in side.findings[regime][1]:
                    found[case] = side.findings[regime][1][identity]
            verdict = {c: found[c].blocked if c in found else NOT for c in (BASELINE, SCENARIO)}
            if set(verdict.values()) == {NOT}:
                continue
            rule = next(s.findings[regime][0] for s in sides.values() if regime in s.findings)
            proof = {c: json.dumps(f.proof_json(), ensure_ascii=False) for c, f in found.items()}
            rows.append(
                {
                    "id": identity,
                    "regime": regime,
                    "test": test_text(rule),
                    **verdict,
                    "flips": verdict[BASELINE] != verdict[SCENARIO],
                    "licences": "; ".join(_licences(sides[SCENARIO], identity, regime, day)),
                    "proof_baseline": proof.get(BASELINE, "[]"),
                    "proof_scenario": proof.get(SCENARIO, "[]"),
                    "day": day.isoformat(),
                    "source": rule.source,
                    "locator": rule.locator,
                }
            )
    return _frame(rows, FINDINGS)


def _licences(side: _Side, identity: str, regime: str, day: date) -> list[str]:
    """Licences of the regime that touch the id: they ease dealing, and leave the finding as it is."""
    if identity not in side.graph.index:
        return []
    found = {name: findings[identity] for name, (_, findings) in side.findings.items()}
    standing = standing_of(side.inputs, side.graph, identity, regime, day, found)
    return sorted({x.name for x in standing.licences if x.regime == regime})


def _ownership(sides: Mapping[str, _Side], asked: Sequence[str]) -> pl.DataFrame:
    """Holdings into the ids asked about, and into their holders, up to the top; shares in percent, blank: none."""
    shares: dict[tuple[str, str, str], dict[str, Edge]] = {}
    for case, side in sides.items():
        queue, seen = list(asked), set(asked)
        while queue:
            owned = queue.pop()
            for e in side.graph.holders_of.get(owned, ()):
                shares.setdefault((e.owned, e.owner, e.kind), {})[case] = e
                if e.owner not in seen:
                    seen.add(e.owner)
                    queue.append(e.owner)
    rows: list[dict[str, str | None]] = []
    for (owned, owner, kind), by_case in sorted(shares.items()):
        edge = by_case.get(SCENARIO) or by_case[BASELINE]
        share = {c: by_case[c].share_text() if c in by_case else None for c in (BASELINE, SCENARIO)}
        cited: dict[str, str | None] = {"source": edge.source, "locator": edge.locator, "note": edge.note}
        rows.append({"owner": owner, "owned": owned, "kind": kind, **share, **cited})
    return _frame(rows, OWNERSHIP)


def _standing(sides: Mapping[str, _Side], asked: Sequence[str], day: date) -> pl.DataFrame:
    """Measures that stand in the way of dealing with an id, whoever owns it; `yes` where one does in a case."""
    rows: dict[tuple[str, str], dict[str, str]] = {}
    for case, side in sides.items():
        for identity in asked:
            if identity not in side.graph.index:
                continue
            found = {regime: findings[identity] for regime, (_, findings) in side.findings.items()}
            standing = standing_of(side.inputs, side.graph, identity, "all", day, found)
            for m in (*standing.bars, *standing.deters):
                row = {
                    "id": identity,
                    "measure": m.id,
                    "jurisdiction": m.jurisdiction,
                    "act": m.act,
                    "article": m.article,
                    "object": m.object,
                    "mode": m.mode,
                    "since": m.valid_from.isoformat() if m.valid_from else "",
                    "source": m.source,
                    "locator": m.locator,
                }
                rows.setdefault((identity, m.id), row)[case] = "yes"
    return _frame([rows[k] for k in sorted(rows)], STANDING)
