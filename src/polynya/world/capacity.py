"""How much can a thing carry in a month? (World + subject + month -> bcm, with every fact, limit and gate behind it)

capacity of a month = sum over days of min(technical maximum, dated limits) x availability / days of the year,
and nothing on a day on which a gate is shut. Limits, availability and gates of the asset a corridor belongs to, and of
what that asset is part of, count too. An event in mid-month is therefore prorated.
"""

from __future__ import annotations

from calendar import isleap, monthrange
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from polynya.world.fact import Fact, resolve
from polynya.world.world import World

CAPACITY = "capacity_bcm_per_year"
LIMIT = "capacity_limit_bcm_per_year"
AVAILABILITY = "availability_share"


@dataclass(frozen=True, slots=True)
class MonthCapacity:
    """What a subject can carry in one month. `bcm` is None when no capacity is known. Missing is not zero."""

    bcm: float | None
    facts: tuple[Fact, ...]
    closed_gates: tuple[str, ...]  # gates shut on every day of the month


@lru_cache(maxsize=1024)
def month_bounds(month: date) -> tuple[date, date]:
    """First and last day of the month."""
    return month.replace(day=1), month.replace(day=monthrange(month.year, month.month)[1])


def add_months(month: date, n: int) -> date:
    """The first day of the month `n` months later."""
    total = month.year * 12 + month.month - 1 + n
    return date(total // 12, total % 12 + 1, 1)


class CapacityReader:
    """Reads monthly capacities of one world; keeps the small look-ups it needs between calls."""

    def __init__(
        self,
        world: World,
        parent: Mapping[str, str] | None = None,
        by_subject: Mapping[str, list[dict[str, Any]]] | None = None,
    ) -> None:
        """`parent` and `by_subject`: those of another reader, of a world with the same assets, corridors, gates and measures."""
        self.world = world
        self.parent = _parents(world) if parent is None else parent
        self.by_subject = _gates(world) if by_subject is None else by_subject

    def chain(self, subject: str) -> list[str]:
        """The subject, the asset it belongs to, and what that is part of."""
        found = [subject]
        while found[-1] in self.parent and self.parent[found[-1]] not in found:
            found.append(self.parent[found[-1]])
        return found

    def gates(self, subject: str) -> list[dict[str, Any]]:
        """Every gate that concerns the subject, with the end that follows from the measures behind it."""
        return [g for s in self.chain(subject) for g in self.by_subject.get(s, ())]

    def shut_gates(self, day: date) -> set[str]:
        """The gates that are shut on a day, by id."""
        return {
            g["id"]
            for gates in self.by_subject.values()
            for g in gates
            if g["valid_from"] <= day and (g["valid_to"] is None or day <= g["valid_to"])
        }

    def month(self, subject: str, month: date) -> MonthCapacity:
        """Capacity [bcm] of a subject in the month that begins on `month`."""
        first, last = month_bounds(month)
        chain = self.chain(subject)
        capacity = self._facts(subject, CAPACITY)
        bounds = [f for s in chain for f in self._facts(s, LIMIT)]
        available = {s: self._facts(s, AVAILABILITY) for s in chain}
        gates = self.gates(subject)
        cuts = {first}
        spans = [
            (f.valid_from, f.valid_to) for f in (*capacity, *bounds, *(f for fs in available.values() for f in fs))
        ]
        for start, end in [*spans, *((g["valid_from"], g["valid_to"]) for g in gates)]:
            if start and first < start <= last:
                cuts.add(start)
            if end and first <= end < last:
                cuts.add(end + timedelta(days=1))
        starts = sorted(cuts)
        total, known, used = 0.0, False, {}
        shut_always = {g["id"] for g in gates}
        for start, end in zip(starts, [*(s - timedelta(days=1) for s in starts[1:]), last], strict=True):
            shut = {
                g["id"] for g in gates if g["valid_from"] <= start and (g["valid_to"] is None or start <= g["valid_to"])
            }
            shut_always &= shut
            found = resolve([f for f in capacity if f.holds_on(start)], "precedence")
            if found is None:
                continue
            known = True
            used.update({f.key: f for f in found.facts})
            rate = found.value
            for limit in (f for f in bounds if f.holds_on(start)):
                used[limit.key] = limit
                rate = min(rate, limit.value)
            for facts in available.values():
                share = resolve([f for f in facts if f.holds_on(start)], "minimum")
                if share is not None:
                    rate *= share.value
                    used.update({f.key: f for f in share.facts})
            if not shut:
                total += rate * ((end - start).days + 1) / (366 if isleap(start.year) else 365)
        return MonthCapacity(total if known else None, tuple(used.values()), tuple(sorted(shut_always)))

    def _facts(self, subject: str, attribute: str) -> tuple[Fact, ...]:
        return self.world.facts.get((subject, attribute), ())


def _parents(world: World) -> dict[str, str]:
    """Asset or corridor -> the asset that it is part of."""
    found = {r["id"]: r["part_of"] for r in world.table("assets").iter_rows(named=True) if r["part_of"]}
    return found | {r["id"]: r["asset"] for r in world.table("corridors").iter_rows(named=True) if r["asset"]}


def _gates(world: World) -> dict[str, list[dict[str, Any]]]:
    """Subject -> its gates, with the ends that follow from the measures behind them."""
    ends = measure_ends(world)
    found: dict[str, list[dict[str, Any]]] = {}
    for r in world.table("gates").iter_rows(named=True):
        found.setdefault(r["subject"], []).append({**r, "valid_to": gate_end(r, ends)})
    return found


def measure_ends(world: World) -> dict[str, date | None]:
    """Measure id -> last day on which it is in force (None: open), for gates that rest on a measure."""
    if "measures" not in world.tables:
        return {}
    return dict(world.table("measures").select("id", "valid_to").iter_rows())


def gate_end(gate: dict[str, Any], ends: dict[str, date | None]) -> date | None:
    """When a gate opens: its own end, or when the last of the measures that shut it ends, whichever is first.

    A measure that is no longer in the table was lifted before it began, and shuts nothing.
    """
    measures = (gate["measure"] or "").split()
    own: date | None = gate["valid_to"]
    if not measures or not ends:
        return own
    left = [ends[m] for m in measures if m in ends]
    if any(e is None for e in left):
        return own
    last = max((e for e in left if e is not None), default=gate["valid_from"] - timedelta(days=1))
    return last if own is None else min(own, last)
