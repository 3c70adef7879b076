"""Which prices are pinned: told by chains of single conditions, and by the projection, alike."""

from __future__ import annotations

import numpy as np
import pytest

from polynya.market import interval
from polynya.market.problem import Problem
from polynya.market.solve import solve
from tests.market.folder import problem
from tests.market.random_problem import tables


@pytest.mark.parametrize("seed", range(60, 72))
def test_chains_take_out_nothing_that_could_move(seed, monkeypatch):
    """The projection of everything, without the chains, finds the same rows pinned and hence the same intervals."""
    asked = Problem.from_tables(tables(seed))
    short = solve(asked)
    monkeypatch.setattr(interval, "_not_reached", lambda columns: np.ones(columns.shape[0], dtype=bool))
    assert short.prices.equals(solve(asked).prices)


def test_two_ways_that_only_compare_values_pin_neither():
    """Gas that nobody buys: a store full of 5 that must stay full, at a node without market. Its worth is not pinned.

    A chain has no end to begin at there; the neighbour's market, with its demand, has.
    """
    answer = solve(
        problem(
            periods="period,weight\n1,1\n2,1", nodes="node\nA\nB", traders="trader\nf",
            demand="node,period,intercept,slope\nA,*,10,1", production="trader,node,period,step,capacity,cost\nf,A,*,1,,2",
            arcs="arc,from,to,period,capacity,cost,loss\nba,B,A,*,,1,0",
            storage="storage,node,period,working,injection,withdrawal,cost,loss,initial,final\nw,B,1,5,5,5,0,0,5,\nw,B,2,5,5,5,0,0,,5",
        )
    )  # fmt: skip
    told = {(r["node"], r["period"]): r for r in answer.prices.iter_rows(named=True)}
    assert told["A", "1"]["determined"]
    assert told["A", "1"]["price"] == pytest.approx(2)
    assert not told["B", "1"]["determined"]
    assert (told["B", "1"]["price_lo"], told["B", "1"]["price_hi"]) == (pytest.approx(1), None)  # 1 net of the way to A
