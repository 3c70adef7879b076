"""What did the solver say, when only the answer was kept? (Problem + Solution's frames -> Start, or None)

Every quantity of an answer is in its frames, and every multiplier is a price, a value or a rent there. Columns and rows
are filled from them; what no frame holds (joint sales, gas in transit) follows from one condition each. The result counts only if
it meets the program's own first-order conditions; otherwise None, and the market has to be solved again: a store that must end its
cycle as it began, say, has a multiplier that no frame holds.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from polynya.market.answer import Solution
from polynya.market.backends import Scale
from polynya.market.classes import Classes, classify
from polynya.market.coded import Coded, Ints, code
from polynya.market.formulation import Layout, formulate
from polynya.market.problem import Problem
from polynya.market.qp import QP, Raw, Vector, residuals
from polynya.market.start import Start

FITS = 1e-7  # in the program's own scale


def restore(problem: Problem, solution: Solution) -> Start | None:
    """The columns and multipliers behind stored frames; None where they do not meet the optimality conditions."""
    coded = code(problem)
    classes = classify(problem, coded)
    qp, layout = formulate(problem, coded, classes)
    x, y = _filled(problem, coded, classes, layout, qp, solution)
    scale = Scale.of(qp)
    small = scale.shrink(qp)
    own, price = x / scale.quantity, y / scale.price
    z = -(small.p * own + small.q + small.A.T @ price)
    z = np.where((own <= small.lower + FITS) | (own >= small.upper - FITS), z, 0.0)
    wrong = residuals(small, Raw(own, price, z))
    if wrong.primal > FITS or wrong.dual > FITS:
        return None
    return Start(coded, classes, layout, x, y)


def _filled(
    problem: Problem, coded: Coded, classes: Classes, layout: Layout, qp: QP, solution: Solution
) -> tuple[Vector, Vector]:
    a, c, d, s, lay = coded.arcs, coded.conversions, coded.demand, coded.storage, layout
    _, N, M = coded.shape
    D, x, y = coded.weight, np.zeros(qp.columns), np.zeros(qp.rows)

    def when(m: Ints) -> pl.Series:
        return _named(coded.period_ids, m)

    def who(k: Ints) -> pl.Series:
        return _named(classes.names, k)

    def user(u: Ints) -> pl.Series:
        return _named(["", *classes.names], u + 1)

    # quantities
    steps = problem.production.select("trader", "node", "step", "period")
    lay.production.take(x)[:] = _look(steps[lay.production["e"]], solution.production, "quantity")
    e = lay.flow["e"]
    keys = {"arc": _named(coded.arc_ids, a.arc[e]), "trader": who(lay.flow["k"]), "period": when(a.m[e])}
    lay.flow.take(x)[:] = _look(pl.DataFrame(keys), solution.flows, "quantity")
    e = lay.activity["e"]
    names = _named(coded.conversion_ids, c.conversion[e])
    keys = {"conversion": names, "trader": who(lay.activity["k"]), "period": when(c.m[e])}
    lay.activity.take(x)[:] = _look(pl.DataFrame(keys), solution.conversions, "quantity")
    e = lay.sales["e"]
    keys = {"trader": who(lay.sales["k"]), "node": _named(coded.node_ids, d.n[e]), "period": when(d.m[e])}
    lay.sales.take(x)[:] = _look(pl.DataFrame(keys), solution.sales, "quantity")
    e = lay.demand["e"]
    keys = {"node": _named(coded.node_ids, d.n[e]), "period": when(d.m[e])}
    lay.demand.take(x)[:] = _look(pl.DataFrame(keys), solution.consumption, "quantity")
    held = solution.storage.with_columns(pl.col("trader").fill_null(""))
    for span, column in (
        (lay.level, "level"), (lay.injection, "injection"), (lay.withdrawal, "withdrawal"), (lay.initial, "before"),
    ):  # fmt: skip
        e = span["e"]
        keys = {"storage": _named(coded.store_ids, s.store[e]), "trader": user(span["u"]), "period": when(s.m[e])}
        span.take(x)[:] = _look(pl.DataFrame(keys), held, column)
    chosen = problem.investments.select("kind", "id", "period")
    lay.investment.take(x)[:] = _look(chosen[lay.investment["row"]], solution.investments, "quantity")
    lay.joint.take(x)[:] = -lay.joint_sales.take(np.asarray(qp.A @ x))
    lay.transit.take(x)[:] = -lay.transit_balance.take(np.asarray(qp.A @ x))

    # multipliers
    n = lay.node_balance
    keys = {"trader": who(n["k"]), "node": _named(coded.node_ids, n["n"]), "period": when(n["m"])}
    n.take(y)[:] = _look(pl.DataFrame(keys), solution.values, "value") * D[n["m"]]
    keys = {"node": _named(coded.node_ids, d.n), "period": when(d.m)}
    lay.market_balance.take(y)[:] = _look(pl.DataFrame(keys), solution.prices, "price") * D[d.m]
    place = (n["k"] * N + n["n"]) * M + n["m"]
    t = lay.transit_balance
    t.take(y)[:] = n.take(y)[np.searchsorted(place, (t["k"] * N + t["n"]) * M + t["m"])]
    joint = lay.joint.ids
    lay.joint_sales.take(y)[:] = -(qp.p[joint] * x[joint] + qp.q[joint])
    e = lay.level["e"]
    keys = {"storage": _named(coded.store_ids, s.store[e]), "trader": user(lay.level["u"]), "period": when(s.m[e])}
    lay.storage_balance.take(y)[:] = _look(pl.DataFrame(keys), held, "value") * D[s.m[e]]

    def rent(kind: str, names: pl.Series, m: Ints) -> Vector:
        known = solution.rents.filter(pl.col("kind") == kind)
        return _look(pl.DataFrame({"id": names, "period": when(m)}), known, "rent") * D[m]

    whole = steps.select(pl.concat_str(["trader", "node", "step"], separator="/").alias("id"))["id"]
    e = lay.production_capacity["e"]
    lay.production_capacity.take(y)[:] = rent("production", whole.gather(e), coded.production.m[e])
    e = lay.arc_capacity["e"]
    lay.arc_capacity.take(y)[:] = rent("arc", _named(coded.arc_ids, a.arc[e]), a.m[e])
    e = lay.conversion_capacity["e"]
    lay.conversion_capacity.take(y)[:] = rent("conversion", _named(coded.conversion_ids, c.conversion[e]), c.m[e])
    p = lay.plant_capacity
    p.take(y)[:] = rent("plant", _named(coded.plant_ids, p["plant"]), p["m"])
    for span, kind, sign in (
        (lay.storage_working, "storage", 1.0), (lay.storage_working, "minimum_fill", -1.0),
        (lay.storage_minimum, "minimum_fill", -1.0), (lay.storage_injection, "injection", 1.0),
        (lay.storage_withdrawal, "withdrawal", 1.0), (lay.storage_initial, "initial", 1.0), (lay.storage_final, "final", -1.0),
    ):  # fmt: skip
        e = span["e"]
        limit = qp.row_upper if sign > 0 else qp.row_lower
        found = sign * rent(kind, _named(coded.store_ids, s.store[e]), s.m[e])
        span.take(y)[:] += np.where(np.isfinite(limit[span.ids]), found, 0.0)
    lay.fleet.take(y)[:] = rent("fleet", _named(coded.fleet_ids, lay.fleet["fleet"]), lay.fleet["m"])
    lay.hub.take(y)[:] = rent("hub", _named(coded.hub_ids, lay.hub["hub"]), lay.hub["m"])
    agreed = solution.rents.filter(pl.col("kind") == "contract")
    names = problem.contracts["contract"].gather(lay.contract["row"])
    lay.contract.take(y)[:] = _look(pl.DataFrame({"id": names}), agreed, "rent")
    return x, y


def _named(known: Sequence[str], which: Ints) -> pl.Series:
    return pl.Series(list(known), dtype=pl.String).gather(which)


def _look(keys: pl.DataFrame, frame: pl.DataFrame, column: str) -> Vector:
    """The value of each key; nought where the frame, which leaves noughts out, has none."""
    if not keys.height or not frame.height:
        return np.zeros(keys.height)
    wanted = frame.select(*keys.columns, pl.col(column).alias("_value"))
    found = keys.join(wanted, on=keys.columns, how="left", maintain_order="left")["_value"]
    return np.asarray(found.fill_null(0.0).to_numpy())
