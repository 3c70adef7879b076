"""Stored frames hold the whole answer: columns and multipliers come back, or the answer is not taken."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from polynya.market.problem import Problem
from polynya.market.restore import restore
from polynya.market.sensitivity import Sensitivity
from polynya.market.solve import solve
from tests.market.random_problem import tables


@pytest.mark.parametrize("seed", [3, 7, 11, 22, 31])
def test_an_answer_comes_back_from_its_frames(seed):
    """Storage, groups, contracts, ships, lags, investments: the quantities are the solver's, and prices have the same derivatives."""
    asked = Problem.from_tables(tables(seed))
    answer = solve(asked)
    back = restore(asked, replace(answer, start=None))
    assert back is not None
    assert back.x == pytest.approx(answer.start.x, abs=1e-9)
    pinned = asked.demand.join(answer.prices, on=["node", "period"], how="left", maintain_order="left")["determined"]
    weight = pinned.to_numpy().astype(float)
    before, after = (Sensitivity(asked, s) for s in (answer.start, back))
    one, two = before.gradient(before.prices(weight)), after.gradient(after.prices(weight))
    for cell in (("demand", "intercept"), ("production", "cost"), ("arcs", "cost"), ("storage", "initial")):
        assert two[cell] == pytest.approx(one[cell], abs=1e-6), cell


def test_a_multiplier_that_no_frame_holds_is_not_guessed():
    """A store that has to end its cycle as it began it has one; such a market is solved again."""
    asked = Problem.from_tables(tables(16))
    assert restore(asked, solve(asked)) is None


def test_an_answer_of_another_problem_is_not_taken():
    """A quantity that breaks the balance of its node is no answer; the market is then solved again."""
    asked = Problem.from_tables(tables(3))
    answer = solve(asked)
    wrong = answer.production.with_columns(pl.col("quantity") * np.float64(1.01))
    assert restore(asked, replace(answer, production=wrong)) is None
