"""The certificate catches what is wrong and nothing else."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from polynya.market.certificate import certify
from polynya.market.problem import Problem
from polynya.market.solve import solve
from tests.market.random_problem import tables

MARKETS = 24


@pytest.fixture(scope="module")
def answers():
    """Certified answers of random markets, strategic, price-taking and linear ones."""
    out = []
    for seed in range(100, 100 + MARKETS):
        kind = {0: {}, 1: {"price_taking": True}, 2: {"price_taking": True, "linear": True}}[seed % 3]
        asked = Problem.from_tables(tables(seed, **kind))
        out.append((asked, solve(asked)))
    return out


def throughput(answer, node: str, period: str) -> float:
    """What is sold at a node, at least."""
    rows = answer.sales.filter((pl.col("node") == node) & (pl.col("period") == period))
    return float(rows["quantity"].sum())


def moved(frame: pl.DataFrame, row: int, column: str, by: float) -> pl.DataFrame:
    values = frame[column].to_numpy().copy()
    values[row] += by
    return frame.with_columns(pl.Series(column, values))


def test_no_false_alarm(answers):
    """Every answer passes when it is examined again, with room to spare: ten times stricter."""
    for asked, answer in answers:
        again = certify(asked, answer)
        assert again["passed"], again["worst"]
        assert again["price"] < 1e-6
        assert again["balance"] < 1e-9


@pytest.mark.parametrize("errors", [160, pytest.param(1000, marks=pytest.mark.slow)])
def test_seeded_errors_are_all_caught(answers, errors):
    """A determined price moved by 1e-4 (1 + |p|), or a flow, sale, output by 1e-6 of its node's throughput: none passes."""
    rng = np.random.default_rng(1)
    missed, done = [], 0
    while done < errors:
        asked, answer = answers[int(rng.integers(len(answers)))]
        what = ["prices", "flows", "sales", "production"][done % 4]
        frame = getattr(answer, what)
        if what == "prices":
            rows = np.flatnonzero(frame["determined"].to_numpy())
        else:
            rows = np.arange(frame.height)
        if rows.size == 0:
            continue
        row = int(rng.choice(rows))
        sign = float(rng.choice([-1.0, 1.0]))
        if what == "prices":
            wrong = moved(frame, row, "price", sign * 1e-4 * (1 + abs(frame["price"][row])))
            wrong = wrong.with_columns(price_lo=pl.col("price"), price_hi=pl.col("price"))
        else:
            wrong = moved(frame, row, "quantity", sign * 1e-6 * _node_throughput(asked, answer, what, row))
        certificate = certify(asked, replace(answer, **{what: wrong}))
        if certificate["passed"]:
            missed.append((what, frame.row(row)))
        done += 1
    assert not missed, f"{len(missed)} of {errors} missed, first {missed[:3]}"


@pytest.mark.parametrize("errors", [60, pytest.param(600, marks=pytest.mark.slow)])
def test_exchanged_rows_and_moved_stocks_are_all_caught(answers, errors):
    """Two quantities of one table and period in each other's place; a stock, injection or withdrawal a little off."""
    rng = np.random.default_rng(2)
    missed, done = [], 0
    while done < errors:
        asked, answer = answers[int(rng.integers(len(answers)))]
        what = ["flows", "sales", "production", "storage"][int(rng.integers(4))]
        frame = getattr(answer, what)
        if frame.is_empty():
            continue
        if what == "storage":
            column = ["injection", "withdrawal", "level"][int(rng.integers(3))]
            row = int(rng.integers(frame.height))
            wrong = moved(frame, row, column, 1e-5 * (1 + abs(frame[column][row])))
        else:
            row = int(rng.integers(frame.height))
            same = frame.with_row_index("_i").filter(pl.col("period") == frame["period"][row])
            other = int(rng.choice(same["_i"].to_numpy()))
            by = frame["quantity"][other] - frame["quantity"][row]
            if abs(by) < 1e-3:
                continue
            wrong = moved(moved(frame, row, "quantity", by), other, "quantity", -by)
        if certify(asked, replace(answer, **{what: wrong}))["passed"]:
            missed.append((what, frame.row(row)))
        done += 1
    assert not missed, f"{len(missed)} of {errors} missed, first {missed[:3]}"


def _node_throughput(asked, answer, what: str, row: int) -> float:
    """The larger of what is produced, sold or sent at the node of the moved quantity."""
    r = getattr(answer, what).row(row, named=True)
    node = r["node"] if "node" in r else asked.arcs.filter(pl.col("arc") == r["arc"])["from"][0]
    starts = asked.arcs.filter(pl.col("from") == node)["arc"]
    sent = answer.flows.filter(pl.col("arc").is_in(starts.implode()) & (pl.col("period") == r["period"]))[
        "quantity"
    ].sum()
    made = answer.production.filter((pl.col("node") == node) & (pl.col("period") == r["period"]))["quantity"].sum()
    return max(float(sent), float(made), throughput(answer, node, r["period"]))


@pytest.mark.parametrize(
    ("what", "edit"),
    [
        ("loss dropped", lambda t: {"arcs": t["arcs"].with_columns(pl.col("loss") * 0)}),
        ("tariff forgotten", lambda t: {"arcs": t["arcs"].with_columns(pl.col("tariff") * 0)}),
        ("slope 0.1 % off", lambda t: {"demand": t["demand"].with_columns(pl.col("slope") * 1.001)}),
        ("costs 1 % off", lambda t: {"production": t["production"].with_columns(pl.col("cost") * 1.01)}),
        ("another conduct", lambda t: {"conduct": t["conduct"].with_columns(pl.col("theta") * 1.01)}),
    ],
)
def test_the_answer_of_a_slightly_different_market_is_refused(what, edit):
    """A bug in the builder would give the right answer to another question: the tables are what counts."""
    refused = tried = 0
    for seed in range(6):
        given = tables(seed)
        other = Problem.from_tables({**given, **edit(given)})
        asked = Problem.from_tables(given)
        mine, theirs = solve(asked).consumption["quantity"], solve(other).consumption["quantity"]
        if (mine - theirs).abs().max() < 1e-6:
            continue  # the edited cells touch nothing that is traded here
        tried += 1
        refused += not certify(asked, solve(other))["passed"]
    assert tried >= 1
    assert refused == tried


def test_classes_of_unlike_traders_are_refused():
    """Two traders under different bans reported as one class."""
    asked, answer = next(
        (p, s)
        for p, s in ((q, solve(q)) for q in (Problem.from_tables(tables(k, price_taking=True)) for k in range(20)))
        if s.classes["class"].n_unique() > 1
    )
    merged = replace(answer, classes=answer.classes.with_columns(pl.lit(answer.classes["class"][0]).alias("class")))
    assert not certify(asked, merged)["passed"]
