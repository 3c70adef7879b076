"""Why has this market no answer, and what is the cheapest way out? (program without solution -> the culprit by name)

Everything that a market *must* do is a demand without a value of lost load, a contract's minimum, a filling obligation,
a final or an initial stock; a market that must do none of these can always do nothing. So these are the suspects. A
linear program lets each fall short and finds the cheapest repair (feasibility relaxation); its multipliers are a
Farkas proof, and the suspects in it already conflict. A deletion filter drops one after the other as long as the rest
still conflicts (Chinneck & Dravnieks 1991): what stays is irreducible. The proof's capacities are what stands in the way.

A market can also be unbounded: somebody gains without end on a cycle of negative cost. The improving ray is named.

Not here: faults of single cells (`tables`, `checks`), which are found before anything is built.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from polynya.errors import NoSolutionError
from polynya.market.backends import Scale, highs, highs_model
from polynya.market.build import Span
from polynya.market.classes import Classes
from polynya.market.coded import Coded, Ints
from polynya.market.formulation import Layout
from polynya.market.problem import Problem
from polynya.market.qp import QP, Vector

SHORT = 1e-7  # of the typical quantity: less is no shortfall
PATIENCE = 120.0  # seconds; the explanation usually takes less than one
NAMED = 4  # names of a kind that are listed before the rest is counted


@dataclass(frozen=True)
class Suspect:
    """One thing that must happen: its row, the sign with which a shortfall enters it, its size and its words."""

    row: int
    sign: float
    size: float
    where: str
    what: str
    repair: str


def explain_failure(
    problem: Problem, coded: Coded, classes: Classes, qp: QP, layout: Layout, say: Callable[[str], None]
) -> None:
    """Raise NoSolutionError with the culprit's name and the cheapest repair; return when the market does have an answer."""
    say("looking for what makes the market impossible")
    suspects = must_happen(problem, coded, layout)
    scale = Scale.of(qp)
    small = scale.shrink(qp)
    conflict = _Conflict(small, suspects)
    repair = conflict.shortfalls(range(len(suspects)))
    if repair is None or repair.sum() <= SHORT:
        _explain_unbounded(problem, coded, classes, small, layout)
        return
    guilty = conflict.irreducible()
    alone = conflict.shortfalls(guilty)
    short = float(alone[guilty].sum()) * scale.quantity if alone is not None else float("nan")
    names = [suspects[i] for i in guilty]
    asked = sum(s.size for s in names)
    way = _in_the_way(problem, coded, classes, layout, conflict, names)
    if len(names) == 1:
        s = names[0]
        text = f"{s.where}: {s.what} of {_amount(s.size)} exceeds what can arrive, {_amount(asked - short)}{way}"
    else:
        listed = _listed([f"{s.where}: {s.what} of {_amount(s.size)}" for s in names], "; ")
        text = f"{len(names)} obligations cannot be met together ({_amount(asked)} asked, {_amount(short)} too much): {listed}{way}"
    fixes = [f"{suspects[i].repair} by {_amount(repair[i] * scale.quantity)}" for i in np.flatnonzero(repair > SHORT)]
    raise NoSolutionError(text, where=names[0].where, fix=f"The cheapest repair: {_listed(fixes, '; ')}.")


def must_happen(problem: Problem, coded: Coded, layout: Layout) -> list[Suspect]:
    """Every obligation of the market, in the user's words."""
    d, s, c = coded.demand, coded.storage, coded
    out: list[Suspect] = []
    rows = layout.market_balance.ids
    must = ~d.elastic & ~np.isfinite(d.voll) & (np.nan_to_num(d.fixed) > 0)
    for e in np.flatnonzero(must).tolist():
        where = f"node {c.node_ids[d.n[e]]}, {c.period_ids[d.m[e]]}"
        out.append(
            Suspect(int(rows[e]), -1.0, float(d.fixed[e]), where, "fixed demand", f"lower the fixed demand of {where}")
        )
    for i, r in enumerate(problem.contracts.iter_rows(named=True)):
        if r["minimum"]:
            when = (
                r["first_period"]
                if r["first_period"] == r["last_period"]
                else f"{r['first_period']} to {r['last_period']}"
            )
            over = f" over {r['arc']}" if r["arc"] else ""
            out.append(
                Suspect(
                    layout.contract.start + i, 1.0, r["minimum"], f"node {r['node']}, {when}",
                    f"contract {r['contract']} of {r['trader']}{over}: minimum", f"lower the minimum of contract {r['contract']}",
                )
            )  # fmt: skip
    for span, size, what, repair in (
        (layout.storage_working, np.where(s.grows, 0.0, s.minimum), "filling obligation", "lower the minimum fill"),
        (layout.storage_minimum, s.minimum, "filling obligation", "lower the minimum fill"),
        (layout.storage_final, s.final, "final stock", "lower the final stock"),
        (layout.storage_initial, s.initial, "initial stock", "lower the initial stock"),
    ):
        for row, e in zip(span.ids.tolist(), span["e"].tolist(), strict=True):
            if size[e] > 0:
                name = f"store {c.store_ids[s.store[e]]}, {c.period_ids[s.m[e]]}"
                out.append(Suspect(row, 1.0, float(size[e]), name, what, f"{repair} of {name}"))
    return out


class _Conflict:
    """The market's constraints with a shortfall for every suspect, kept in HiGHS so that each question starts warm."""

    def __init__(self, qp: QP, suspects: list[Suspect]) -> None:
        self.qp, self.suspects = qp, suspects
        k = len(suspects)
        rows = np.array([s.row for s in suspects], dtype=np.int64)
        signs = np.array([s.sign for s in suspects])
        extra = sparse.csc_array((signs, (rows, np.arange(k))), shape=(qp.rows, k))
        none = np.zeros(k)
        free = np.full(k, -1, dtype=np.int32)
        elastic = replace(
            qp, p=np.zeros(qp.columns + k), q=np.concatenate([np.zeros(qp.columns), np.ones(k)]),
            A=sparse.csc_array(sparse.hstack([qp.A, extra], format="csc")),
            lower=np.concatenate([qp.lower, none]), upper=np.concatenate([qp.upper, np.full(k, np.inf)]),
            col_block=np.concatenate([qp.col_block, free]),
        )  # fmt: skip
        self.columns = qp.columns + np.arange(k)
        self.solver = highs_model(elastic)
        self.solver.setOptionValue("solver", "simplex")
        self.solver.setOptionValue(
            "time_limit", PATIENCE
        )  # of all its questions; then it cannot say, and the rest goes on
        self.dual: Vector = np.zeros(qp.rows)

    def shortfalls(self, enforced: Any) -> Vector | None:
        """Least total shortfall if only these must happen; None if even that cannot be said."""
        cost = np.zeros(self.columns.size)
        cost[list(enforced)] = 1.0
        for column, value in zip(self.columns.tolist(), cost.tolist(), strict=True):
            self.solver.changeColCost(column, value)
        self.solver.run()
        if self.solver.modelStatusToString(self.solver.getModelStatus()) != "Optimal":
            return None
        solution = self.solver.getSolution()
        self.dual = -np.array(solution.row_dual)
        return np.array(solution.col_value)[self.columns] * cost

    def irreducible(self) -> list[int]:
        """Suspects that conflict, none of which can be dropped."""
        rows = np.array([s.row for s in self.suspects])
        guilty = np.flatnonzero(np.abs(self.dual[rows]) > 1e-9).tolist()
        for i in sorted(guilty, key=lambda j: self.suspects[j].size):
            if i not in guilty or len(guilty) == 1:
                continue
            rest = [j for j in guilty if j != i]
            short = self.shortfalls(rest)
            if short is not None and short.sum() > SHORT:
                guilty = [j for j in rest if abs(self.dual[rows[j]]) > 1e-9]
        self.shortfalls(guilty)
        return guilty


def _in_the_way(
    problem: Problem, coded: Coded, classes: Classes, layout: Layout, conflict: _Conflict, names: list[Suspect]
) -> str:
    """What the proof of the conflict rests on: capacities, production, fleets, caps; or bans, when nothing can arrive."""
    qp, dual = conflict.qp, conflict.dual
    push = -(qp.A.T @ dual)  # a column that would help has push against its upper bound
    full = (push > 1e-9) & np.isfinite(qp.upper)
    c = coded

    def columns(span: Span, name: Callable[[Ints], list[str]]) -> list[str]:
        return name(np.flatnonzero(full[span.ids]))

    def rows(span: Span, name: Callable[[Ints], list[str]]) -> list[str]:
        return name(np.flatnonzero(dual[span.ids] > 1e-9))

    arcs = columns(layout.flow, lambda i: [c.arc_ids[a] for a in c.arcs.arc[layout.flow["e"][i]]])
    arcs += rows(layout.arc_capacity, lambda i: [c.arc_ids[a] for a in c.arcs.arc[layout.arc_capacity["e"][i]]])
    v = c.conversions
    plants = rows(
        layout.conversion_capacity,
        lambda i: [c.conversion_ids[r] for r in v.conversion[layout.conversion_capacity["e"][i]]],
    )
    plants += rows(layout.plant_capacity, lambda i: [c.plant_ids[r] for r in layout.plant_capacity["plant"][i]])
    p = c.production
    made = columns(
        layout.production,
        lambda i: [f"{c.trader_ids[p.t[e]]} at {c.node_ids[p.n[e]]}" for e in layout.production["e"][i]],
    )
    ships = rows(layout.fleet, lambda i: [c.fleet_ids[f] for f in layout.fleet["fleet"][i]])
    hubs = rows(layout.hub, lambda i: [c.hub_ids[h] for h in layout.hub["hub"][i]])
    caps = columns(layout.sales, lambda i: [classes.names[k] for k in layout.sales["k"][i]])
    most = rows(layout.contract, lambda i: problem.contracts["contract"].gather(i).to_list())
    parts = [
        f"{words} {_listed(sorted(set(found)), ' and ')}"
        for words, found in (
            ("over", arcs), ("through", plants), ("from production of", made), ("with the ships of fleet", ships),
            ("through hub", hubs),
            ("under the offer cap of", caps), ("under the maximum of contract", most),
        )
        if found
    ]  # fmt: skip
    text = ", " + ", ".join(parts) if parts else ""
    bans = _bans_on(problem, coded, names)
    return text + (f"; in force there: {_listed(bans, ', ')}" if bans else "")


def _bans_on(problem: Problem, coded: Coded, names: list[Suspect]) -> list[str]:
    """Bans on the sellers and nodes that the obligations name."""
    nodes = {s.where.removeprefix("node ").split(",")[0] for s in names}
    found = []
    for r in problem.bans.iter_rows(named=True):
        touches = r["node"] in nodes or r["node"] == "*"
        if r["arc"] is not None and r["arc"] != "*":
            ends = problem.arcs.filter(problem.arcs["arc"] == r["arc"]).select("from", "to").rows()
            touches |= any(b in nodes for _, b in ends)
        if touches or r["arc"] == "*":
            who = "everyone" if r["trader"] == "*" else r["trader"]
            what = f"selling at {r['node']}" if r["node"] is not None else f"using {r['arc']}"
            found.append(f"ban on {who} {what}" + (f" ({r['reason']})" if r["reason"] else ""))
    return found


def _explain_unbounded(problem: Problem, coded: Coded, classes: Classes, qp: QP, layout: Layout) -> None:
    """Raise if money can be made without end, naming the flows and sales of the improving ray."""
    n = qp.columns
    grows = ~np.isfinite(qp.upper) & (qp.p == 0)
    ray = highs(
        replace(
            qp, p=np.zeros(n), row_lower=np.where(np.isfinite(qp.row_lower), 0.0, -np.inf),
            row_upper=np.where(np.isfinite(qp.row_upper), 0.0, np.inf), lower=np.zeros(n), upper=np.where(grows, 1.0, 0.0),
        )
    )  # fmt: skip
    if ray.status != "solved" or float(qp.q @ ray.x) > -1e-9:
        return
    moved = ray.x > 1e-9
    a, d, s = coded.arcs, coded.demand, coded.storage
    words = [f"flow over {coded.arc_ids[a.arc[e]]}" for e in layout.flow["e"][moved[layout.flow.ids]]]
    v = coded.conversions.conversion
    words += [f"conversion {coded.conversion_ids[v[e]]}" for e in layout.activity["e"][moved[layout.activity.ids]]]
    words += [
        f"sales at {coded.node_ids[d.n[e]]}, {coded.period_ids[d.m[e]]}"
        for e in layout.demand["e"][moved[layout.demand.ids]]
    ]
    words += [
        f"injection into {coded.store_ids[s.store[e]]}" for e in layout.injection["e"][moved[layout.injection.ids]]
    ]
    raise NoSolutionError(
        f"money can be made without end: {_listed(sorted(set(words)), ', ')}",
        where=words[0] if words else "",
        fix="Give one of them a capacity, a cost above zero, or demand a slope above zero.",
    )


def _amount(quantity: float) -> str:
    """A quantity as a person would write it."""
    return f"{max(quantity, 0.0):.4g}"


def _listed(words: list[str], separator: str) -> str:
    """The first few, and how many more."""
    more = len(words) - NAMED
    return separator.join(words[:NAMED]) + (f"{separator}{more} more" if more > 0 else "")
