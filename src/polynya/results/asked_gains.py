"""How does what somebody gains hang on an answer? (one side + group + id -> discounted million USD, readout)

The accounts of `market.welfare`, written so that they can be differentiated. With the first-order conditions of its flows a seller's
account is what it earns above the value of its gas, the rent of its fields, and half of what its ways cost more with each
unit; an operator's is tariff and congestion rent; a store's what it earns between the months; a state's its taxes. A merged price taker
has the rent of its fields (`results.gains`). Fees owed whether a line is used or not do not move with the market and are left out.

Not here: conversions, priced contracts and stores of a seller's own; the caller compares every value with the stored account.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from polynya.errors import UsageError
from polynya.market.formulation import DESK
from polynya.market.inputs import welfare_unit_musd
from polynya.market.sensitivity import Cell, Readout, Sensitivity

Vector = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
GROUPS = ("consumers", "producers", "operators", "states")


@dataclass
class _Account:
    """An account under construction: its value, and its derivatives by columns, rows and cells."""

    of: Sensitivity

    def __post_init__(self) -> None:
        self.value = 0.0
        self.x, self.y = np.zeros(self.of.qp.columns), np.zeros(self.of.qp.rows)
        self.cells: dict[Cell, Vector] = {}

    def cell(self, table: str, column: str, where: Ints, what: Vector) -> None:
        """Add to the derivative by cells."""
        size = self.of.problem.tables()[table].height
        found = np.bincount(where, weights=what, minlength=size).astype(float)
        self.cells[table, column] = self.cells.get((table, column), np.zeros(size)) + found

    def done(self) -> tuple[float, Readout]:
        """In million USD."""
        return welfare_unit_musd(self.value), Readout(self.x, self.y, self.cells) * welfare_unit_musd(1.0)


def account(
    side: Sensitivity, group: str, names: Sequence[str], state_of_arc: Mapping[str, str]
) -> tuple[float, Readout]:
    """Value and readout of one party's account. Raises UsageError for a market whose accounts hold more than this reads."""
    problem = side.problem
    if (
        problem.contracts["price"].is_not_null().any()
        or problem.conversions.height
        or problem.storage["trader"].is_not_null().any()
    ):
        raise UsageError(
            "gains rest on conversions, priced contracts or own stores here.", fix="Ask for prices and flows."
        )
    made = _Account(side)
    if group == "consumers":
        _surplus(made, names)
    elif group == "producers":
        _seller(made, names[0])
    elif group == "operators":
        _operator(made, names[0])
    else:
        _taxes(made, [arc for arc in side.coded.arc_ids if state_of_arc.get(arc, "unknown") == names[0]])
    return made.done()


def _surplus(made: _Account, nodes: Sequence[str]) -> None:
    """D b Q^2 / 2 under each demand curve."""
    side = made.of
    d, span = side.coded.demand, side.layout.demand
    wanted = np.isin(np.array(side.coded.node_ids)[d.n], nodes)
    if not d.elastic[wanted].all():
        raise UsageError("what these consumers gain rests on fixed demand.", fix="Ask for prices and consumption.")
    e = span["e"]
    here = wanted[e]
    e, q, D = e[here], span.take(side.x)[here], side.coded.weight[d.m[span["e"]]][here]
    made.value += float(np.sum(D * d.b[e] * q**2) / 2.0)
    made.x[span.ids[here]] += D * d.b[e] * q
    made.cell("demand", "slope", e, D * q**2 / 2.0)
    made.cell("periods", "weight", d.m[e], d.b[e] * q**2 / 2.0)


def _seller(made: _Account, trader: str) -> None:
    """Rent of its fields; for one who is not merged also its markups and the rising cost of its ways."""
    side = made.of
    c, lay, classes = side.coded, side.layout, side.classes
    if trader not in c.trader_ids:  # it sells nothing in this case
        return
    t = list(c.trader_ids).index(trader)
    k = int(classes.of[t])
    p, span = c.production, lay.production
    here = p.t[span["e"]] == t
    e, x, D = span["e"][here], span.take(side.x)[here], c.weight[p.m[span["e"]]][here]
    row = side.node_rows(np.full(e.size, k), p.n[e], p.m[e])
    value = side.y[row]
    made.value += float(np.sum(value * x - D * (p.cost[e] * x + p.slope[e] * x**2 / 2.0)))
    made.x[span.ids[here]] += value - D * (p.cost[e] + p.slope[e] * x)
    np.add.at(made.y, row, x)
    made.cell("production", "cost", e, -D * x)
    made.cell("production", "cost_slope", e, -D * x**2 / 2.0)
    made.cell("periods", "weight", p.m[e], -(p.cost[e] * x + p.slope[e] * x**2 / 2.0))
    if len(classes.members[k]) > 1:
        return
    d, span = c.demand, lay.sales
    here = span["k"] == k
    e, s = span["e"][here], span.take(side.x)[here]
    row, market = side.node_rows(np.full(e.size, k), d.n[e], d.m[e]), lay.market_balance.ids[e]
    # price x weight is the multiplier of the market's balance
    made.value += float(np.sum((side.y[market] - side.y[row]) * s))
    made.x[span.ids[here]] += side.y[market] - side.y[row]
    np.add.at(made.y, market, s)
    np.add.at(made.y, row, -s)
    a, span = c.arcs, lay.flow
    here = span["k"] == k
    e, f, D = span["e"][here], span.take(side.x)[here], c.weight[a.m[span["e"]]][here]
    made.value += float(np.sum(D * a.slope[e] * f**2) / 2.0)
    made.x[span.ids[here]] += D * a.slope[e] * f
    made.cell("arcs", "cost_slope", e, D * f**2 / 2.0)
    made.cell("periods", "weight", a.m[e], a.slope[e] * f**2 / 2.0)


def _operator(made: _Account, name: str) -> None:
    """Tariff and congestion of an arc, the rent of a fleet or a hub, what a store earns."""
    side = made.of
    c = side.coded
    if name in c.store_ids:
        _store(made, list(c.store_ids).index(name))
    elif name in c.fleet_ids or name in c.hub_ids:
        _shared(made, name)
    elif name in c.arc_ids:  # a line that is shut has no rows
        _line(made, list(c.arc_ids).index(name))


def _line(made: _Account, arc: int) -> None:
    side = made.of
    a, span, D = side.coded.arcs, side.layout.flow, side.coded.weight
    here = a.arc[span["e"]] == arc
    e, f, columns = span["e"][here], span.take(side.x)[here], span.ids[here]
    w = D[a.m[e]]
    made.value += float(np.sum(w * a.tariff[e] * f))
    made.x[columns] += w * a.tariff[e]
    made.cell("arcs", "tariff", e, w * f)
    made.cell("periods", "weight", a.m[e], a.tariff[e] * f)
    shared = side.layout.arc_capacity
    row = np.full(a.m.size, -1)
    row[shared["e"]] = shared.ids
    many = row[e] >= 0
    made.value += float(np.sum(side.y[row[e]][many] * f[many]))
    made.x[columns[many]] += side.y[row[e]][many]
    np.add.at(made.y, row[e][many], f[many])
    full = ~many & side.high[columns]  # its only user's bound: the rent follows from stationarity
    if full.any() and a.lag[e][full].any():
        raise UsageError("what an arc with late deliveries gains cannot be read.", fix="Ask for its flow.")
    j, ef, ff, wf = columns[full], e[full], f[full], w[full]
    pushed = side.qp.A[:, j]
    against = np.asarray(pushed.T @ side.y)
    unit = a.cost[ef] + a.tariff[ef] + a.tax[ef] + a.slope[ef] * ff
    made.value += float(np.sum(-(wf * unit + against) * ff))
    made.x[j] += -(wf * (unit + a.slope[ef] * ff) + against)
    made.y += np.asarray(-(pushed @ ff))
    for column, what in (("cost", -wf * ff), ("tariff", -wf * ff), ("tax", -wf * ff), ("cost_slope", -wf * ff**2)):
        made.cell("arcs", column, ef, what)
    arrives = side.node_rows(span["k"][here][full], a.j[ef], a.m[ef])
    made.cell("arcs", "loss", ef, -side.y[arrives] * ff)
    made.cell("periods", "weight", a.m[ef], -unit * ff)


def _shared(made: _Account, name: str) -> None:
    side = made.of
    c, a, span = side.coded, side.coded.arcs, side.layout.flow
    M, e, f = c.shape[2], span["e"], span.take(side.x)
    if name in c.fleet_ids:
        which, rows, amount, key = list(c.fleet_ids).index(name), side.layout.fleet, a.ship_days, "fleet"
        here = a.fleet[e] == which
    else:
        which, rows, amount, key = list(c.hub_ids).index(name), side.layout.hub, np.ones(a.m.size), "hub"
        here = a.hub[e] == which
    at = np.full(M, -1)
    mine = rows[key] == which
    at[rows["m"][mine]] = rows.ids[mine]
    row = at[a.m[e]]
    here &= row >= 0
    e, f, row, columns = e[here], f[here], row[here], span.ids[here]
    made.value += float(np.sum(side.y[row] * amount[e] * f))
    made.x[columns] += side.y[row] * amount[e]
    np.add.at(made.y, row, amount[e] * f)
    if key == "fleet":
        made.cell("arcs", "ship_days", e, side.y[row] * f)


def _store(made: _Account, store: int) -> None:
    side = made.of
    c, s, lay = side.coded, side.coded.storage, side.layout
    market = np.full((c.shape[1], c.shape[2]), -1)
    market[c.demand.n, c.demand.m] = lay.market_balance.ids
    for span, sign in ((lay.withdrawal, 1.0), (lay.injection, -1.0)):
        here = s.store[span["e"]] == store
        e, u, q, columns = span["e"][here], span["u"][here], span.take(side.x)[here], span.ids[here]
        own = side.node_rows(np.maximum(u, 0), s.n[e], s.m[e])
        row = np.where(u == DESK, market[s.n[e], s.m[e]], own)
        made.value += float(np.sum(sign * side.y[row] * q))
        made.x[columns] += sign * side.y[row]
        np.add.at(made.y, row, sign * q)
        if sign < 0:
            w = c.weight[s.m[e]]
            made.value -= float(np.sum(w * s.cost[e] * q))
            made.x[columns] -= w * s.cost[e]
            made.cell("storage", "cost", e, -w * q)
            made.cell("periods", "weight", s.m[e], -s.cost[e] * q)


def _taxes(made: _Account, arcs: Sequence[str]) -> None:
    side = made.of
    a, span = side.coded.arcs, side.layout.flow
    here = np.isin(np.array(side.coded.arc_ids)[a.arc[span["e"]]], arcs)
    e, f = span["e"][here], span.take(side.x)[here]
    w = side.coded.weight[a.m[e]]
    made.value += float(np.sum(w * a.tax[e] * f))
    made.x[span.ids[here]] += w * a.tax[e]
    made.cell("arcs", "tax", e, w * f)
    made.cell("periods", "weight", a.m[e], a.tax[e] * f)
