"""What does the answer of one market say about another that is nearly the same? (Start, new program -> x, y to guess from)

Scenarios differ from their baseline, months with late deliveries from months without, in few places. Columns and rows
are matched by what they stand for (class, node, arc, store, period: by name), never by number. What has no counterpart
is guessed as zero. A guess can cost time, never exactness: `sift` checks it and the certificate judges the answer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from polynya.market.classes import Classes
from polynya.market.coded import Coded, Ints
from polynya.market.formulation import Layout
from polynya.market.qp import QP, Vector

COLUMNS = (
    "production", "flow", "activity", "sales", "demand", "transit", "level", "injection", "withdrawal", "initial",
)  # fmt: skip
ROWS = (
    "node_balance", "market_balance", "transit_balance", "arc_capacity", "conversion_capacity", "plant_capacity",
    "storage_balance", "storage_working", "storage_minimum", "storage_injection", "storage_withdrawal", "storage_initial", "storage_final",
    "fleet", "hub",
)  # fmt: skip
Key = list[tuple[Sequence[str], Ints]]


@dataclass(frozen=True)
class Start:
    """A solved market as others can start from it: what its columns and rows stand for, quantities and multipliers."""

    coded: Coded
    classes: Classes
    layout: Layout
    x: Vector
    y: Vector


def guess(start: Start, coded: Coded, classes: Classes, layout: Layout, qp: QP) -> tuple[Vector, Vector]:
    """Quantities [columns] and multipliers [rows] of `start`, put where they belong in another program."""
    x, y = np.zeros(qp.columns), np.zeros(qp.rows)
    for families, values, into in ((COLUMNS, start.x, x), (ROWS, start.y, y)):
        for family in families:
            old, new = getattr(start.layout, family), getattr(layout, family)
            there = _key(family, start.coded, start.classes, start.layout)
            here = _key(family, coded, classes, layout)
            at, found = _matched(there, here)
            new.take(into)[found] = old.take(values)[at[found]]
    if len(layout.transit) and not len(start.layout.transit):
        _put_at_sea(coded, layout, qp, x, y)
    return x, y


def _put_at_sea(coded: Coded, layout: Layout, qp: QP, x: Vector, y: Vector) -> None:
    """What a market with prompt deliveries says of gas in transit: what was sent, and that it is worth what gas is worth there."""
    _, N, M = coded.shape
    here, there = layout.transit, layout.node_balance
    place = (there["k"] * N + there["n"]) * M + there["m"]
    sorted_at = np.searchsorted(place, (here["k"] * N + here["n"]) * M + here["m"])
    layout.transit_balance.take(y)[:] = layout.node_balance.take(y)[sorted_at]
    layout.transit.take(x)[:] = -layout.transit_balance.take(np.asarray(qp.A @ x))


def _key(family: str, coded: Coded, classes: Classes, layout: Layout) -> Key:
    """What tells the members of a family apart: lists of names, and for each member its place in them."""
    of = getattr(layout, family).of
    a, c, d, p, s = coded.arcs, coded.conversions, coded.demand, coded.production, coded.storage
    periods, nodes = coded.period_ids, coded.node_ids
    users: Key = [(classes.names, of["k"])] if "k" in of else []
    if family == "production":
        e = of["e"]
        return [(coded.trader_ids, p.t[e]), (nodes, p.n[e]), (coded.step_ids, p.step[e]), (periods, p.m[e])]
    if family in ("flow", "arc_capacity"):
        return [*users, (coded.arc_ids, a.arc[of["e"]]), (periods, a.m[of["e"]])]
    if family in ("activity", "conversion_capacity"):
        return [*users, (coded.conversion_ids, c.conversion[of["e"]]), (periods, c.m[of["e"]])]
    if family in ("sales", "demand", "market_balance"):
        return [*users, (nodes, d.n[of["e"]]), (periods, d.m[of["e"]])]
    if family in ("transit", "transit_balance", "node_balance"):
        return [*users, (nodes, of["n"]), (periods, of["m"])]
    if family == "fleet":
        return [(coded.fleet_ids, of["fleet"]), (periods, of["m"])]
    if family == "hub":
        return [(coded.hub_ids, of["hub"]), (periods, of["m"])]
    if family == "plant_capacity":
        return [(coded.plant_ids, of["plant"]), (periods, of["m"])]
    holders: Key = [(["", *classes.names], of["u"] + 1)] if "u" in of else []
    return [*holders, (coded.store_ids, s.store[of["e"]]), (periods, s.m[of["e"]])]


def _matched(there: Key, here: Key) -> tuple[Ints, npt.NDArray[np.bool_]]:
    """For every member here its place there, and whether it has one."""
    count, size = there[0][1].size, here[0][1].size
    if not count or not size:
        return np.zeros(size, dtype=np.int64), np.zeros(size, dtype=bool)
    old, new = np.zeros(count, dtype=np.int64), np.zeros(size, dtype=np.int64)
    for (names_there, index_there), (names_here, index_here) in zip(there, here, strict=True):
        place = {name: i for i, name in enumerate(names_here)}
        translated = np.array([place.get(name, -1) for name in names_there], dtype=np.int64)[index_there]
        old = np.where((translated < 0) | (old < 0), -1, old * len(names_here) + translated)
        new = new * len(names_here) + index_here
    order = np.argsort(old, kind="stable")
    at = order[np.minimum(np.searchsorted(old[order], new), count - 1)]
    return at, np.asarray(old[at] == new)
