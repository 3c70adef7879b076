"""Does the founding question's market have the same prices whoever solves it? (slow: minutes)"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from polynya.market.backends import Scale, highs
from polynya.market.formulation import formulate
from polynya.market.problem import Problem
from polynya.market.solve import solve
from polynya.pipeline import FOUNDING, ready
from polynya.results.answer import Question

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def posed():
    """The baseline of the founding question, first six months."""
    found = ready(Question(scenario=FOUNDING, months=6))
    return found.pose(found.base).problem


def test_piqp_and_clarabel_agree_on_every_determined_price(posed):
    """To 1e-5 relative; both answers certified."""
    one, other = solve(posed, solver="piqp"), solve(posed, solver="clarabel")
    joined = one.prices.filter("determined").join(other.prices.filter("determined"), on=["node", "period"])
    assert joined.height > 300
    gap = (joined["price"] - joined["price_right"]).abs() / (1 + joined["price"].abs())
    assert gap.max() < 1e-5


def test_highs_finds_no_way_to_improve_on_piqp_and_the_same_prices(posed):
    """The market is not linear, so HiGHS cannot solve it; but at the answer's own marginal values it is linear, and the
    simplex method must find nothing better than the answer itself (the gap of Frank & Wolfe 1956).

    The linear program's multipliers are those that fit the answer: where there is only one price it is HiGHS' price too.
    """
    answer = solve(posed, solver="piqp")
    coded, layout, x = answer.start.coded, answer.start.layout, answer.start.x
    qp, _ = formulate(posed, coded, answer.start.classes)
    slope = qp.p * x + qp.q
    scale = Scale.of(qp)
    small = scale.shrink(replace(qp, p=np.zeros(qp.columns), q=slope))
    best = highs(small)
    assert best.status == "solved"
    mine = float(small.q @ (x / scale.quantity))
    assert mine - float(small.q @ best.x) < 1e-6 * (1 + abs(mine))
    markets = layout.market_balance
    theirs = markets.take(best.y) * scale.price / coded.weight[coded.demand.m[markets["e"]]]
    told = answer.prices[: len(markets)]  # markets come first, in their order
    gap = np.abs(told["price"].to_numpy() - theirs) / (1 + told["price"].abs().to_numpy())
    pinned = told["determined"].to_numpy() & (answer.consumption["quantity"].to_numpy() > 0)
    assert pinned.sum() > 300
    assert gap[pinned].max() < 1e-5


def linear(posed: Problem) -> Problem:
    """The founding market with price takers only, who must serve what is eaten today or pay the choke price for it."""
    eaten = solve(posed).consumption
    demand = posed.demand.join(eaten.select("node", "period", "quantity"), on=["node", "period"]).select(
        "node", "period", pl.lit(None, pl.Float64).alias("intercept"), pl.lit(None, pl.Float64).alias("slope"),
        pl.col("quantity").alias("fixed"), (pl.col("intercept") + 1.0).alias("value_of_lost_load"),
    )  # fmt: skip
    flat = {
        n: f.with_columns(pl.lit(0.0).alias("cost_slope"))
        for n, f in posed.tables().items()
        if "cost_slope" in f.columns
    }
    return Problem.from_tables({**posed.tables(), **flat, "demand": demand, "conduct": posed.conduct.clear()})


def test_three_solvers_agree_on_the_prices_of_the_linear_market(posed):
    """Price takers, fixed demand, flat costs: HiGHS simplex, PIQP and Clarabel, to 1e-5 wherever a price is determined."""
    asked = linear(posed)
    one, *others = (solve(asked, solver=s) for s in ("highs", "piqp", "clarabel"))
    assert one.info["solver"] == "highs"
    for other in others:
        joined = one.prices.filter("determined").join(other.prices.filter("determined"), on=["node", "period"])
        assert joined.height > 300
        gap = (joined["price"] - joined["price_right"]).abs() / (1 + joined["price"].abs())
        assert gap.max() < 1e-5
