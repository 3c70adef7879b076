"""Does the founding question's market have the same prices whoever solves it? (slow: minutes)"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from polynya.market.backends import Scale, highs, solve_with
from polynya.market.classes import classify
from polynya.market.coded import code
from polynya.market.formulation import formulate
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


def test_highs_finds_no_way_to_improve_on_piqp(posed):
    """The market is not linear, so HiGHS cannot solve it; but at the answer's own marginal values it is linear, and the
    simplex method must find nothing better than the answer itself (the gap of Frank & Wolfe 1956)."""
    coded = code(posed)
    qp, _ = formulate(posed, coded, classify(posed, coded))
    answer = solve_with("piqp", qp)
    slope = qp.p * answer.x + qp.q
    small = Scale.of(qp).shrink(replace(qp, p=np.zeros(qp.columns), q=slope))
    best = highs(small)
    assert best.status == "solved"
    mine = float(small.q @ (answer.x / Scale.of(qp).quantity))
    assert mine - float(small.q @ best.x) < 1e-6 * (1 + abs(mine))
