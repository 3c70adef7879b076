"""Derivatives of answers: closed forms first, then differences of answers computed again."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from polynya.market.answer import NOTHING
from polynya.market.classes import classify
from polynya.market.coded import code
from polynya.market.formulation import formulate
from polynya.market.problem import Problem
from polynya.market.sensitivity import Sensitivity
from polynya.market.solve import attempts, solve
from tests.market.folder import problem
from tests.market.random_problem import tables

NEAR = 1e-7


def price_of(asked: Problem, node: str = "A", period: str = "1") -> tuple[Sensitivity, dict]:
    """The gradient of one price by every cell."""
    found = Sensitivity(asked, solve(asked).start)
    here = ((asked.demand["node"] == node) & (asked.demand["period"] == period)).to_numpy().astype(float)
    return found, found.gradient(found.prices(here))


@pytest.mark.parametrize("theta", [0.25, 0.5, 1.0])
def test_one_seller_with_conduct(theta):
    """P = a - b Q and P - c = theta b Q give Q = (a - c) / (b (1 + theta)); a = 10, b = 2, c = 4."""
    asked = problem(
        nodes="node\nA",
        traders="trader\nfirm",
        conduct=f"trader,node,theta\nfirm,A,{theta}",
        demand="node,period,intercept,slope\nA,1,10,2",
        production="trader,node,period,step,capacity,cost\nfirm,A,1,s,,4",
    )
    found, g = price_of(asked)
    assert g["production", "cost"].item() == pytest.approx(1 / (1 + theta), abs=NEAR)  # half of it at Cournot
    assert g["demand", "intercept"].item() == pytest.approx(theta / (1 + theta), abs=NEAR)
    assert g["demand", "slope"].item() == pytest.approx(0, abs=NEAR)  # a monopolist's price does not hang on it
    assert g["conduct", "theta"].item() == pytest.approx(6 / (1 + theta) ** 2, abs=NEAR)  # d of a - 6 / (1 + theta)
    q = found.gradient(found.consumption(np.ones(1)))
    assert q["production", "cost"].item() == pytest.approx(-1 / (2 * (1 + theta)), abs=NEAR)
    assert q["demand", "slope"].item() == pytest.approx(-6 / (4 * (1 + theta)), abs=NEAR)
    assert found.kinks == 0


def test_duopoly_passes_on_a_third_of_one_firms_cost():
    """Cournot with two firms: P = (a + c1 + c2) / 3, whatever the slope."""
    _, g = price_of(
        problem(
            nodes="node\nA",
            traders="trader\none\ntwo",
            conduct="trader,node,theta\n*,A,1",
            demand="node,period,intercept,slope\nA,1,10,1",
            production="trader,node,period,step,capacity,cost\none,A,1,s,,1\ntwo,A,1,s,,2",
        )
    )
    assert g["production", "cost"] == pytest.approx([1 / 3, 1 / 3], abs=NEAR)
    assert g["demand", "intercept"].item() == pytest.approx(1 / 3, abs=NEAR)
    assert g["conduct", "theta"].sum() == pytest.approx((3.3333333 + 2.3333333) / 3, abs=1e-6)  # sum of s_i over n + 1


def test_full_field_moves_the_price_by_the_slope_and_its_cost_by_nothing():
    """With x = 3 at its limit P = a - b x: dP/dx = -b, dP/dc = 0, and dP/db = -x."""
    _, g = price_of(
        problem(
            nodes="node\nA",
            traders="trader\nfirm",
            demand="node,period,intercept,slope\nA,1,10,2",
            production="trader,node,period,step,capacity,cost\nfirm,A,1,s,3,1",
        )
    )
    assert g["production", "capacity"].item() == pytest.approx(-2, abs=NEAR)
    assert g["production", "cost"].item() == pytest.approx(0, abs=NEAR)
    assert g["demand", "slope"].item() == pytest.approx(-3, abs=NEAR)


def test_two_users_of_a_full_pipe_share_its_limit():
    """P(B) = 20 - 2 (1 - loss) K at K = 4, loss = 0.1: by K -1.8, by the loss +8. Costs of a full pipe move nothing."""
    _, g = price_of(
        problem(
            nodes="node\nA\nB",
            traders="trader\none\ntwo",
            conduct="trader,node,theta\none,B,0.2",
            demand="node,period,intercept,slope\nB,1,20,2",
            production="trader,node,period,step,capacity,cost\n*,A,1,s,,1",
            arcs="arc,from,to,period,capacity,cost,loss\npipe,A,B,1,4,1,0.1",
        ),
        "B",
    )
    assert g["arcs", "capacity"].item() == pytest.approx(-1.8, abs=NEAR)
    assert g["arcs", "loss"].item() == pytest.approx(8, abs=NEAR)
    assert g["arcs", "cost"].item() == pytest.approx(0, abs=NEAR)


def test_marginal_supplier_behind_a_lossy_pipe():
    """P(B) = (c + k) / (1 - loss) at c = 2, k = 1, loss = 0.2: by c and k 1.25, by the loss 3 / 0.64."""
    _, g = price_of(
        problem(
            nodes="node\nA\nB",
            traders="trader\none",
            demand="node,period,intercept,slope\nB,1,20,2",
            production="trader,node,period,step,capacity,cost\none,A,1,s,,2",
            arcs="arc,from,to,period,capacity,cost,loss\npipe,A,B,1,,1,0.2",
        ),
        "B",
    )
    assert g["production", "cost"].item() == pytest.approx(1.25, abs=NEAR)
    assert g["arcs", "cost"].item() == pytest.approx(1.25, abs=NEAR)
    assert g["arcs", "loss"].item() == pytest.approx(3 / 0.64, abs=1e-6)


def test_a_store_ties_two_months_by_what_it_costs_to_inject():
    """Undiscounted P2 = P1 + 0.5 while the store works; x = 4 each month at its limit, P = a - Q with a = 10 and 14.

    Q1 = 4 - i, Q2 = 4 + i: 14 - 4 - i = 10 - 4 + i + 0.5, i = 1.75. P2 = 8.25 moves by half of each intercept, by half of
    the cost, and a fuller month 1 lowers both prices by half. With the store's injection at its limit of 1: by that limit -1.
    """
    text = {
        "periods": "period,weight\n1,1\n2,1",
        "nodes": "node\nA",
        "traders": "trader\nfirm",
        "demand": "node,period,intercept,slope\nA,1,10,1\nA,2,14,1",
        "production": "trader,node,period,step,capacity,cost\nfirm,A,*,s,4,1",
    }
    store = "storage,node,period,working,injection,withdrawal,cost,initial,final\nw,A,1,9,{0},9,0.5,1,\nw,A,2,9,{0},9,0.5,,1"
    _, g = price_of(problem(**text, storage=store.format(9)), period="2")
    assert g["demand", "intercept"] == pytest.approx([0.5, 0.5], abs=NEAR)
    assert g["production", "capacity"] == pytest.approx([-0.5, -0.5], abs=NEAR)
    assert g["storage", "cost"] == pytest.approx([0.5, 0], abs=NEAR)
    assert g["storage", "initial"][0] == pytest.approx(-0.5, abs=NEAR)
    _, g = price_of(problem(**text, storage=store.format(1)), period="2")
    assert g["storage", "injection"] == pytest.approx([-1, 0], abs=NEAR)
    assert g["storage", "cost"] == pytest.approx([0, 0], abs=NEAR)


def test_take_or_pay_that_binds_moves_the_price_by_the_slope():
    """A seller that must deliver 5 where it would sell less: P = 10 - 5, by the minimum -1."""
    _, g = price_of(
        problem(
            nodes="node\nA",
            traders="trader\nfirm",
            conduct="trader,node,theta\nfirm,A,1",
            demand="node,period,intercept,slope\nA,1,10,1",
            production="trader,node,period,step,capacity,cost\nfirm,A,1,s,,4",
            contracts="contract,trader,node,first_period,last_period,minimum,maximum,inframarginal\nk,firm,A,,,5,,0",
        )
    )
    assert g["contracts", "minimum"].item() == pytest.approx(-1, abs=NEAR)


def answered(asked: Problem) -> np.ndarray:
    """Prices straight from the solver: from the inverse demand where something is bought, else the balance's multiplier."""
    coded = code(asked)
    qp, layout = formulate(asked, coded, classify(asked, coded))
    raw = next(iter(attempts(qp, "piqp", lambda text: None)))
    d = coded.demand
    quantity = np.zeros(d.m.size)
    quantity[layout.demand["e"]] = layout.demand.take(raw.x)
    bought = d.elastic & (quantity > NOTHING * max(quantity.max(), 1e-300))
    return np.where(bought, d.a - d.b * quantity, layout.market_balance.take(raw.y) / coded.weight[d.m])


def moved(asked: Problem, table: str, column: str, row: int, by: float) -> Problem:
    """The problem with one number moved."""
    frame = asked.tables()[table]
    values = frame[column].to_list()
    values[row] += by
    return replace(asked, **{table: frame.with_columns(pl.Series(column, values, dtype=pl.Float64))})


SEEDS = [3, 11, 16, 31]
STEP = 1e-5


def compared(seed: int, cells: int = 1) -> Counter:
    """How many cells agree with the differences on both sides, have two different ones (a kink), or one that is not found."""
    asked = Problem.from_tables(tables(seed))
    answer = solve(asked)
    found = Sensitivity(asked, answer.start)
    pinned = asked.demand.join(answer.prices, on=["node", "period"], how="left", maintain_order="left")["determined"]
    rng = np.random.default_rng(seed)
    weight = rng.uniform(0.5, 1.5, asked.demand.height) * pinned.to_numpy()
    gradient = found.gradient(found.prices(weight))
    base = float(weight @ answered(asked))
    verdict: Counter = Counter()
    for (table, column), g in gradient.items():
        frame = asked.tables()[table]
        if not frame.height or frame[column].dtype != pl.Float64:
            continue
        known = np.flatnonzero(frame[column].is_not_null().to_numpy())
        for row in known[np.argsort(-np.abs(g[known]))[:cells]].tolist():
            sides = []
            for by in (STEP, -STEP):
                try:
                    sides.append((float(weight @ answered(moved(asked, table, column, row, by))) - base) / by)
                except Exception:  # below nought, say: this side does not exist
                    continue
            if not sides:
                continue
            near = 2e-4 * (1 + abs(g[row]))
            smooth = len(sides) == 2 and abs(sides[0] - sides[1]) < near
            if all(abs(s - g[row]) < near for s in sides):
                verdict["agree"] += 1
            elif smooth:
                verdict["none"] += 1
                verdict[f"{seed}: {table}.{column}[{row}]: {g[row]:.6g} beside {sides}"] += 1
            else:
                verdict["kink"] += 1
    return verdict


def test_random_markets_against_answers_computed_again():
    """Storage, Cournot sellers, groups, contracts, caps, ships, hubs, lags, losses, investments: the largest of every column."""
    verdict = sum((compared(seed) for seed in SEEDS), Counter())
    assert verdict["none"] == 0, verdict
    assert verdict["agree"] > 60
    assert verdict["kink"] < 0.08 * verdict["agree"]


@pytest.mark.slow
def test_many_random_markets_against_answers_computed_again():
    """The same of sixty markets."""
    verdict = sum((compared(seed, 3) for seed in range(100, 160)), Counter())
    assert verdict["none"] == 0, verdict
    assert verdict["kink"] < 0.08 * verdict["agree"]
