"""A start saves time and decides nothing: from a good, a poor or a senseless one the answer is the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from polynya.market import solve as module
from polynya.market.classes import classify
from polynya.market.coded import code
from polynya.market.formulation import formulate
from polynya.market.polish import polish
from polynya.market.problem import Problem
from polynya.market.qp import residuals
from polynya.market.sift import sift
from polynya.market.solve import solve
from polynya.market.start import guess
from tests.market.random_problem import tables
from tests.market.test_exactness import same_prices

SEEDS = range(3, 15)


def changed(made: dict[str, pl.DataFrame], seed: int) -> dict[str, pl.DataFrame]:
    """Nearly the same market: other demand, dearer production, a seller who may not sell somewhere, one arc less, and
    all nodes in another order."""
    rng = np.random.default_rng(seed)
    out = dict(made)
    out["nodes"] = made["nodes"].reverse()
    out["demand"] = made["demand"].with_columns(pl.col("intercept") * float(rng.uniform(0.9, 1.2)))
    out["production"] = made["production"].with_columns(pl.col("cost") * 1.05)
    out["caps"] = pl.DataFrame(  # an offer cap of nought: what sells best there has no room
        {
            "trader": [made["traders"]["trader"][1]],
            "node": [made["demand"]["node"][-1]],
            "period": ["*"],
            "maximum": [0.0],
        }
    )
    named = {"bans", "investments"} & made.keys()
    used = set().union(*(made[t]["arc" if t == "bans" else "id"].drop_nulls() for t in named))
    spare = [a for a in made["arcs"]["arc"] if a not in used]
    if spare:
        out["arcs"] = made["arcs"].filter(pl.col("arc") != spare[-1])
    return out


@pytest.mark.parametrize("seed", SEEDS)
def test_a_neighbour_as_start_gives_the_answer_of_a_cold_solve(seed):
    made = tables(seed)
    before, after = Problem.from_tables(made), Problem.from_tables(changed(made, seed))
    cold, warm = solve(after), solve(after, start=solve(before).start)
    assert warm.certificate["passed"]
    same_prices(cold, warm)
    for party, money in cold.welfare.items():
        assert money == pytest.approx(warm.welfare[party], rel=1e-6, abs=1e-5), party


def test_the_start_is_used_and_leaves_columns_aside():
    """Many of a random market's flows are nought; the answer that was found on a part says how many columns it had."""
    used = 0
    for seed in SEEDS:
        asked = Problem.from_tables(tables(seed))
        if asked.demand["intercept"].null_count() < asked.demand.height:
            first = solve(asked)
            again = solve(asked, start=first.start)
            kept = again.info.get("kept")
            used += kept is not None and kept < first.start.x.size
    assert used >= 6


def test_counterparts_are_found_by_name():
    """Nodes in another order: every quantity and multiplier of the old answer lands on its own column and row."""
    made = tables(4)
    one = solve(Problem.from_tables(made))
    turned = Problem.from_tables({**made, "nodes": made["nodes"].reverse()})
    coded = code(turned)
    classes = classify(turned, coded)
    qp, layout = formulate(turned, coded, classes)
    x, y = guess(one.start, coded, classes, layout, qp)
    assert np.abs(x).max() > 0
    # The old answer solves the new program as it stands: with x fitting all rows and y pricing all columns.
    fits = qp.A @ x
    assert np.all(fits >= qp.row_lower - 1e-8)
    assert np.all(fits <= qp.row_upper + 1e-8)
    d = qp.p * x + qp.q + qp.A.T @ y
    assert np.abs(d[(x > 1e-6) & (x < qp.upper - 1e-6)]).max() < 1e-8


@pytest.mark.parametrize("seed", SEEDS)
def test_a_senseless_guess_costs_time_only(seed):
    """Multipliers drawn by lot, quantities all nought: what is missing is priced in, or None is returned."""
    asked = Problem.from_tables(tables(seed))
    coded = code(asked)
    qp, _ = formulate(asked, coded, classify(asked, coded))
    if qp.linear:
        pytest.skip("linear markets go to the simplex method")
    rng = np.random.default_rng(seed)
    raw = sift(qp, np.zeros(qp.columns), rng.uniform(-5, 30, qp.rows))
    if raw is None:
        return
    found = residuals(qp, polish(qp, raw))
    whole = next(module.attempts(qp, "piqp", lambda _: None))
    assert qp.objective(raw.x) == pytest.approx(qp.objective(whole.x), rel=1e-6, abs=1e-5)
    assert found.primal < 1e-8


def test_late_deliveries_start_from_prompt_ones(monkeypatch):
    """A large market with lag is solved from the prompt one; here made "large", and compared with the direct way."""
    compared = 0
    for seed in range(40):
        asked = Problem.from_tables(tables(seed))
        if not asked.arcs["lag"].sum() or asked.demand["intercept"].null_count() == asked.demand.height:
            continue
        direct = solve(asked)
        said: list[str] = []
        monkeypatch.setattr(module, "LARGE", 0)
        staged = solve(asked, progress=said.append)
        monkeypatch.undo()
        if "solving with prompt deliveries first" not in said:
            continue
        same_prices(direct, staged)
        compared += 1
        if compared == 6:
            break
    assert compared == 6


def test_polish_puts_a_wrong_active_set_right():
    """Ten columns that press on nothing are said to be at their limit, ten that do are said to be free."""
    asked = Problem.from_tables(tables(8))
    coded = code(asked)
    qp, _ = formulate(asked, coded, classify(asked, coded))
    right = next(module.attempts(qp, "piqp", lambda _: None))
    inner = np.flatnonzero((right.x > 0.05) & (right.x < qp.upper - 0.05))[:3]
    z = right.z.copy()
    z[inner] = -1.0  # at the lower limit, they say
    x = right.x.copy()
    x[inner] = 0.0
    wrong = replace(right, x=x, z=z)
    mended = polish(qp, wrong)
    assert residuals(qp, mended).primal < 1e-8
    assert qp.objective(mended.x) == pytest.approx(qp.objective(right.x), rel=1e-9)
