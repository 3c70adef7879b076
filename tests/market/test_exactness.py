"""What must not change the answer does not; what must agree agrees."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polynya.errors import NoSolutionError
from polynya.market.problem import Problem, read_problem, write_problem
from polynya.market.solve import solve
from tests.market.folder import total
from tests.market.random_problem import tables

SEEDS = st.integers(0, 5000)
SOME = settings(max_examples=12, deadline=None, derandomize=True)


def determined(answer) -> dict[tuple[str, str], float]:
    """Prices that something pins."""
    return {(r["node"], r["period"]): r["price"] for r in answer.prices.filter("determined").iter_rows(named=True)}


def same_prices(one, other, tolerance: float = 1e-6) -> None:
    a, b = determined(one), determined(other)
    assert a.keys() == b.keys()
    for key, value in a.items():
        assert value == pytest.approx(b[key], rel=tolerance, abs=tolerance), key


@SOME
@given(SEEDS)
def test_merged_equals_unmerged(seed):
    """Price takers as one commodity, or each alone: same prices and consumption, same welfare of each party."""
    asked = Problem.from_tables(tables(seed))
    merged, apart = solve(asked), solve(asked, merge=False)
    same_prices(merged, apart)
    for party, money in merged.welfare.items():
        assert money == pytest.approx(apart.welfare[party], rel=1e-6, abs=1e-5), party
    assert merged.classes["class"].n_unique() <= apart.classes["class"].n_unique()


@SOME
@given(SEEDS)
def test_piqp_and_clarabel_agree(seed):
    asked = Problem.from_tables(tables(seed))
    same_prices(solve(asked, solver="piqp"), solve(asked, solver="clarabel"))


@SOME
@given(SEEDS)
def test_three_solvers_agree_on_a_linear_market(seed):
    asked = Problem.from_tables(tables(seed, price_taking=True, linear=True))
    answers = [solve(asked, solver=s) for s in ("highs", "piqp", "clarabel")]
    for other in answers[1:]:
        same_prices(answers[0], other)
        assert answers[0].welfare["total"] == pytest.approx(other.welfare["total"], rel=1e-7, abs=1e-6)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(SEEDS, st.integers(0, 100))
def test_closing_an_arc_never_raises_welfare_of_price_takers(seed, which):
    """Holds for price takers only; with market power a closed arc can raise welfare, so it is not asserted there.

    Investments and contracts stay: they are part of what everybody optimises.
    """
    given_ = tables(seed, price_taking=True)
    if given_["arcs"].is_empty():
        return
    asked = Problem.from_tables(given_)
    arc = given_["arcs"]["arc"][which % given_["arcs"].height]
    ban = pl.DataFrame(
        [("*", None, arc, None, None, "closed")],
        schema=dict.fromkeys(["trader", "node", "arc", "first_period", "last_period", "reason"], pl.String), orient="row",
    )  # fmt: skip
    bans = pl.concat([given_["bans"], ban]) if "bans" in given_ else ban
    closed = Problem.from_tables({**given_, "bans": bans})
    before = solve(asked).welfare["total"]
    assert solve(closed).welfare["total"] <= before + 1e-7 * max(1.0, abs(before))


@SOME
@given(SEEDS, st.randoms(use_true_random=False))
def test_the_order_of_rows_means_nothing(seed, random):
    """Rows of every table but periods shuffled: the same problem, hence the same answer to the last bit."""
    given_ = tables(seed)
    mixed = {}
    for name, frame in given_.items():
        order = list(range(frame.height))
        if name != "periods":
            random.shuffle(order)
        mixed[name] = frame[order]
    one, other = solve(Problem.from_tables(given_)), solve(Problem.from_tables(mixed))
    for name, frame in one.frames().items():
        assert frame.equals(other.frames()[name]), name


@SOME
@given(SEEDS, st.sampled_from([1e-3, 1e3]), st.sampled_from([1e-2, 1e2]))
def test_units_mean_nothing(seed, quantity, money):
    """Quantities times k and prices times c: prices times c, consumption times k, welfare times both."""
    given_ = tables(seed)
    per_quantity = {
        "capacity",
        "fixed",
        "ship_days",
        "working",
        "injection",
        "withdrawal",
        "initial",
        "final",
        "minimum_fill",
        "minimum",
        "maximum",
    }
    per_money = {"intercept", "value_of_lost_load", "cost", "tariff", "tax", "price"}
    scaled = {}
    for name, frame in given_.items():
        for column in frame.columns:
            if column in per_quantity and not (name == "arcs" and column == "ship_days"):
                frame = frame.with_columns(pl.col(column) * quantity)
            if column in per_money:
                frame = frame.with_columns(pl.col(column) * money)
            if column in ("slope", "cost_slope"):
                frame = frame.with_columns(pl.col(column) * (money / quantity))
            if column == "inframarginal":
                frame = frame.with_columns((pl.col(column).cast(pl.Float64) * quantity).cast(pl.String))
        scaled[name] = frame
    one, other = solve(Problem.from_tables(given_)), solve(Problem.from_tables(scaled))
    a, b = determined(one), determined(other)
    assert a.keys() == b.keys()
    for key, value in a.items():
        assert value * money == pytest.approx(b[key], rel=1e-6, abs=1e-6 * money)
    assert one.welfare["total"] * money * quantity == pytest.approx(other.welfare["total"], rel=1e-6, abs=1e-6)


def test_zero_edits_and_edit_with_inverse_change_nothing(tmp_path):
    """Written and read again, or an arc closed and opened again: equal problems, equal bytes, equal answers."""
    asked = Problem.from_tables(tables(7))
    write_problem(asked, tmp_path / "a")
    again = read_problem(tmp_path / "a")
    closed = replace(asked, arcs=asked.arcs.with_columns(pl.lit(0.0).alias("capacity")))
    write_problem(closed, tmp_path / "c")
    opened = replace(read_problem(tmp_path / "c"), arcs=asked.arcs)
    for other in (again, opened):
        write_problem(other, tmp_path / "b")
        for path in sorted((tmp_path / "a").iterdir()):
            assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes(), path.name
        first, second = solve(asked), solve(other)
        assert first.welfare == second.welfare
        assert first.prices.equals(second.prices)


def naive_equilibrium(cost, capacity, freight, intercept, slope, theta, rounds=400):
    """Diagonalisation: each seller in turn does its best against the others' sales, until nobody moves.

    One seller's best reply over its markets with one capacity: marginal revenue equals a common value in every market it
    serves; the value is found by bisection. Written to be read, not to be fast.
    """
    sellers, markets = freight.shape
    sales = np.zeros((sellers, markets))
    for _ in range(rounds):
        before = sales.copy()
        for t in range(sellers):
            others = sales.sum(axis=0) - sales[t]

            def reply(value, t=t, others=others):
                margin = intercept - slope * others - freight[t] - value
                return np.maximum(0.0, margin / (slope * (1 + theta[t])))

            low, high = cost[t], cost[t] + 1000.0
            if reply(low).sum() > capacity[t]:
                for _ in range(200):
                    middle = (low + high) / 2
                    low, high = (middle, high) if reply(middle).sum() > capacity[t] else (low, middle)
            sales[t] = reply(low)
        if np.abs(sales - before).max() < 1e-12:
            break
    return sales


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.integers(0, 10_000))
def test_against_naive_diagonalisation(seed):
    """Random Cournot games with one plant each and freight to every market, against best replies in turn."""
    rng = np.random.default_rng(seed)
    sellers, markets = int(rng.integers(2, 5)), int(rng.integers(1, 4))
    cost, capacity = rng.uniform(1, 4, sellers), rng.uniform(2, 12, sellers)
    freight, theta = rng.uniform(0.2, 4, (sellers, markets)), rng.uniform(0.3, 1.0, sellers)
    intercept, slope = rng.uniform(10, 25, markets), rng.uniform(0.5, 2, markets)
    answer = solve(
        Problem.from_tables(
            {
                "periods": pl.DataFrame({"period": ["1"], "weight": [1.0]}),
                "nodes": pl.DataFrame({"node": [f"P{t}" for t in range(sellers)] + [f"M{n}" for n in range(markets)]}),
                "traders": pl.DataFrame({"trader": [f"t{t}" for t in range(sellers)]}),
                "conduct": pl.DataFrame({"trader": [f"t{t}" for t in range(sellers)], "node": ["*"] * sellers, "theta": theta}),
                "demand": pl.DataFrame({"node": [f"M{n}" for n in range(markets)], "period": ["*"] * markets, "intercept": intercept, "slope": slope}),
                "production": pl.DataFrame({"trader": [f"t{t}" for t in range(sellers)], "node": [f"P{t}" for t in range(sellers)], "period": ["*"] * sellers, "step": ["1"] * sellers, "capacity": capacity, "cost": cost}),
                "arcs": pl.DataFrame([(f"a{t}{n}", f"P{t}", f"M{n}", "*", None, freight[t, n], 0.0) for t in range(sellers) for n in range(markets)], schema=["arc", "from", "to", "period", "capacity", "cost", "loss"], orient="row"),
            }
        )
    )  # fmt: skip
    expected = naive_equilibrium(cost, capacity, freight, intercept, slope, theta)
    got = np.zeros_like(expected)
    for r in answer.sales.iter_rows(named=True):
        got[int(r["trader"][1:]), int(r["node"][1:])] = r["quantity"]
    assert got == pytest.approx(expected, abs=1e-6)


def test_random_markets_with_obligations_are_certified_or_named():
    """Minima that may be impossible: either a certified answer, or a culprit; never anything else."""
    named = met = 0
    for seed in range(12):
        given_ = tables(seed)
        contract = pl.DataFrame(
            {"contract": ["must"], "trader": ["t1"], "node": [given_["demand"]["node"][0]], "first_period": ["*"], "last_period": ["*"], "minimum": [3.0], "maximum": [None]},
            schema_overrides={"maximum": pl.Float64},
        )  # fmt: skip
        asked = Problem.from_tables({**given_, "contracts": contract})
        try:
            answer = solve(asked)
        except NoSolutionError as error:
            named += "contract must of t1" in str(error)
        else:
            assert answer.certificate["passed"]
            assert total(answer.sales, trader=_class_of(answer, "t1"), node=contract["node"][0]) >= 3.0 - 1e-6
            met += 1
    assert named > 0
    assert met > 0
    assert named + met == 12


def _class_of(answer, trader: str) -> str:
    return answer.classes.filter(trader=trader)["class"].item()
