"""The block interior-point solver against closed forms, PIQP, Clarabel and proofs of infeasibility.

Residuals are computed here from the program itself, never taken from the solver.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import sparse

from polynya.market.backends import clarabel, piqp
from polynya.market.blockfactor import BlockFactor, NotDefiniteError
from polynya.market.blockipm import solve_block
from polynya.market.blockstructure import structure
from polynya.market.qp import QP

INF = np.inf


def program(p, q, A, row_lower, row_upper, lower, upper, col_block=None, row_block=None) -> QP:
    A = sparse.csc_array(np.atleast_2d(np.asarray(A, dtype=float)))
    m, n = A.shape
    vector = lambda v, k: np.broadcast_to(np.asarray(v, dtype=float), (k,)).copy()  # noqa: E731
    block = lambda v, k: np.full(k, -1, np.int32) if v is None else np.asarray(v, np.int32)  # noqa: E731
    return QP(
        vector(p, n), vector(q, n), A, vector(row_lower, m), vector(row_upper, m), vector(lower, n), vector(upper, n),
        block(col_block, n), block(row_block, m),
    )  # fmt: skip


def worst(qp: QP, raw) -> float:
    """Worst violation of the optimality conditions, written out once more: bounds, rows, stationarity, complementarity."""
    activity = qp.A @ raw.x
    errors = [0.0]
    for value, low, high, dual in (
        (activity, qp.row_lower, qp.row_upper, raw.y),
        (raw.x, qp.lower, qp.upper, raw.z),
    ):
        for k in range(value.size):
            errors += [low[k] - value[k], value[k] - high[k]]
            # a positive multiplier needs the upper bound to hold with equality, a negative one the lower
            away = high[k] - value[k] if dual[k] > 0 else value[k] - low[k]
            errors.append(min(abs(dual[k]), away))
    errors.append(np.abs(qp.p * raw.x + qp.q + qp.A.T @ raw.y + raw.z).max(initial=0.0))
    return float(max(errors))


def market(rng: np.random.Generator, traders: int, periods: int, nodes: int, storage: str) -> QP:
    """A Cournot market on a ring with losses and shared pipes: the shape the solver is made for, written out plainly."""
    p, q, low, high, cblock, entries = [], [], [], [], [], []
    rlow, rhigh, rblock = [], [], []

    def row(a, b, block):
        rlow.append(a), rhigh.append(b), rblock.append(block)
        return len(rlow) - 1

    def column(quadratic, linear, a, b, block, inside):
        p.append(quadratic), q.append(linear), low.append(a), high.append(b), cblock.append(block)
        entries.extend((r, len(p) - 1, v) for r, v in inside)

    node = {}
    for m in range(periods):
        sold = [row(0.0, 0.0, -1) for _ in range(nodes)]
        slope = rng.uniform(1.0, 4.0, nodes)
        for n in range(nodes):
            column(slope[n], -rng.uniform(20.0, 60.0), 0.0, INF, -1, [(sold[n], -1.0)])
        pipe = [row(-INF, rng.uniform(0.5, 4.0), -1) for _ in range(2 * nodes)]
        for t in range(traders):
            block = t * periods + m
            for n in range(nodes):
                node[t, m, n] = row(0.0, 0.0, block)
            for n in range(nodes):
                column(
                    rng.uniform(0.2, 1.0) * slope[n] if t else 0.0, 0.0, 0.0, INF, block,
                    [(node[t, m, n], -1.0), (sold[n], 1.0)],
                )  # fmt: skip
                for way in (0, 1):
                    start, end = (n, (n + 1) % nodes) if way == 0 else ((n + 1) % nodes, n)
                    column(
                        0.0, rng.uniform(0.1, 3.0), 0.0, INF, block,
                        [(node[t, m, start], -1.0), (node[t, m, end], 0.97), (pipe[2 * n + way], 1.0)],
                    )  # fmt: skip
            for n in {t % nodes, (3 * t + 1) % nodes}:
                column(rng.choice([0.0, 0.5]), rng.uniform(1.0, 20.0), 0.0, 6.0, block, [(node[t, m, n], 1.0)])
    users = range(traders) if storage == "own" else [0] if storage == "shared" else []
    for t in users:
        stock = [row(0.0, 0.0, -1) for _ in range(periods)]
        for m in range(periods):
            column(0.0, 0.3, 0.0, 1.0, -1, [(node[t, m, 0], -1.0), (stock[m], -0.99)])
            column(0.0, 0.0, 0.0, 1.5, -1, [(node[t, m, 0], 1.0), (stock[m], 1.0)])
            after = [(stock[(m + 1) % periods], -1.0)] if periods > 1 else []
            column(0.0, 0.0, 0.0, 3.0, -1, [(stock[m], 1.0), *after])
    if periods > 2:  # an annual contract of trader 0 and an enlargement of a pipe
        contract = row(0.5, INF, -1)
        for m in range(periods):
            column(0.0, 0.0, 0.0, 1.0, m, [(node[0, m, 0], -1.0), (contract, 1.0)])
        offset = [r for r in range(len(rblock)) if rblock[r] == -1 and rlow[r] == -INF and rhigh[r] < INF]
        column(0.0, 1.0, 0.0, 2.0, -1, [(offset[2 * nodes * m], -1.0) for m in range(1, periods)])
    i, j, v = zip(*entries, strict=True)
    A = sparse.csc_array((v, (i, j)), shape=(len(rlow), len(p)))
    A.sort_indices()
    number = lambda s: np.array(s, dtype=float)  # noqa: E731
    ids = lambda s: np.array(s, dtype=np.int32)  # noqa: E731
    return QP(number(p), number(q), A, number(rlow), number(rhigh), number(low), number(high), ids(cblock), ids(rblock))


# --- closed forms ---------------------------------------------------------------------------------------------------


def test_monopoly_sells_half_of_the_competitive_quantity():
    """P = 10 - Q, cost 2, theta 1: marginal revenue 10 - 2Q = 2, so Q = 4 and P = 6."""
    qp = program(
        p=[1.0, 1.0, 0.0], q=[-10.0, 0.0, 2.0], A=[[-1, 1, 0], [0, -1, 1]], row_lower=0, row_upper=0, lower=0, upper=INF,
        col_block=[-1, 0, 0], row_block=[-1, 0],
    )  # fmt: skip
    raw = solve_block(qp)
    assert raw.status == "solved"
    np.testing.assert_allclose(raw.x, 4.0, atol=1e-8)
    np.testing.assert_allclose(raw.y[0], -6.0, atol=1e-7)  # stationarity of Q: Q - 10 - y = 0, the price is -y


@pytest.mark.parametrize("n", [1, 2, 5])
def test_symmetric_cournot(n):
    """n firms, P = 100 - 2Q, unit cost 10: each sells (100 - 10) / (2 (n + 1)), price (100 + 10 n) / (n + 1)."""
    A = np.zeros((n + 1, 2 * n + 1))
    A[0, 0] = -1.0
    for k in range(n):
        A[0, 1 + k] = 1.0
        A[1 + k, [1 + k, 1 + n + k]] = -1.0, 1.0
    qp = program(
        p=[2.0] + [2.0] * n + [0.0] * n, q=[-100.0] + [0.0] * n + [10.0] * n, A=A, row_lower=0, row_upper=0, lower=0,
        upper=INF, col_block=[-1, *range(n), *range(n)], row_block=[-1, *range(n)],
    )  # fmt: skip
    raw = solve_block(qp)
    np.testing.assert_allclose(raw.x[1 : n + 1], 90.0 / (2 * (n + 1)), rtol=1e-8)
    np.testing.assert_allclose(-raw.y[0], (100.0 + 10.0 * n) / (n + 1), rtol=1e-8)


def test_line_that_binds_earns_the_difference_of_prices():
    """Cost 1 at the plant, P = 10 - Q over a line of 3: price 7, so the rent of the line is 7 - 1 = 6."""
    qp = program(
        p=[1.0, 0.0], q=[-10.0, 1.0], A=[[-1, 1], [0, 1]], row_lower=[0, -INF], row_upper=[0, 3], lower=0, upper=INF
    )
    raw = solve_block(qp)
    np.testing.assert_allclose(raw.x, 3.0, atol=1e-8)
    assert raw.y[1] == pytest.approx(6.0, abs=1e-7)


def test_dantzig_transport_costs_153_675():
    """Dantzig (1963), section 3-3: two plants, three markets, least cost 153.675 thousand dollars (a linear program)."""
    cost = 0.09 * np.array([2.5, 1.7, 1.8, 2.5, 1.8, 1.4])
    A = np.vstack([np.kron(np.eye(2), np.ones(3)), np.tile(np.eye(3), 2)])
    qp = program(
        p=0, q=cost, A=A, row_lower=[-INF, -INF, 325, 300, 275], row_upper=[350, 600, INF, INF, INF], lower=0, upper=INF
    )
    raw = solve_block(qp)
    assert qp.objective(raw.x) == pytest.approx(153.675, rel=1e-8)
    assert worst(qp, raw) < 1e-6


# --- the edges of the form -----------------------------------------------------------------------------------------


def test_fixed_columns_keep_their_value_and_get_their_multiplier():
    """min x^2/2 + y^2/2, x + y = 5, x = 2 fixed: y = 3, row multiplier -3, so z_x = -(2 - 3) = 1."""
    qp = program(p=1, q=0, A=[[1, 1]], row_lower=5, row_upper=5, lower=[2, -INF], upper=[2, INF])
    raw = solve_block(qp)
    np.testing.assert_allclose(raw.x, [2.0, 3.0], atol=1e-8)
    np.testing.assert_allclose([raw.y[0], raw.z[0]], [-3.0, 1.0], atol=1e-7)


def test_all_columns_fixed():
    """Nothing to decide: the row holds, the answer is the fixed point."""
    qp = program(p=1, q=1, A=[[1, 1]], row_lower=3, row_upper=3, lower=[1, 2], upper=[1, 2])
    raw = solve_block(qp)
    assert raw.status == "solved"
    np.testing.assert_allclose(raw.x, [1.0, 2.0])
    assert worst(qp, raw) < 1e-9


def test_free_columns_without_curvature():
    """min a, a = b + 1, b free with cost 0 but b >= -2 by a row: a = -1."""
    qp = program(p=0, q=[1, 0], A=[[1, -1], [0, 1]], row_lower=[1, -2], row_upper=[1, INF], lower=-INF, upper=INF)
    raw = solve_block(qp)
    np.testing.assert_allclose(raw.x, [-1.0, -2.0], atol=1e-7)


def test_rows_that_say_the_same_twice_and_rows_that_never_bind():
    """Dependent equalities, an empty row and a row without limits do no harm: x + y = 2, x = y = 1."""
    qp = program(
        p=1, q=0, A=[[1, 1], [1, 1], [2, 2], [0, 0], [1, -3]], row_lower=[2, 2, 4, 0, -INF], row_upper=[2, 2, 4, 0, INF],
        lower=0, upper=INF,
    )  # fmt: skip
    raw = solve_block(qp)
    assert raw.status == "solved"
    np.testing.assert_allclose(raw.x, 1.0, atol=1e-7)
    assert worst(qp, raw) < 1e-6


def test_degenerate_corner():
    """Three limits meet in (1, 1): min -x - y with x <= 1, y <= 1, x + y <= 2."""
    qp = program(p=0, q=-1, A=[[1, 1]], row_lower=-INF, row_upper=2, lower=0, upper=1)
    raw = solve_block(qp)
    np.testing.assert_allclose(raw.x, 1.0, atol=1e-7)


def test_no_rows_at_all():
    """min (x - 2)^2 / 2 over [0, 1] is at 1, z = 1."""
    qp = program(p=1, q=-2, A=np.zeros((0, 1)), row_lower=0, row_upper=0, lower=0, upper=1)
    raw = solve_block(qp)
    np.testing.assert_allclose([raw.x[0], raw.z[0]], [1.0, 1.0], atol=1e-7)


def test_blocks_without_rows_or_columns():
    """Block ids may have gaps; block 7 has a column only, block 3 does not exist."""
    qp = program(
        p=[1.0, 1.0, 0.0], q=[-10.0, 0.0, 2.0], A=[[-1, 1, 0], [0, -1, 1]], row_lower=0, row_upper=0, lower=0,
        upper=[INF, INF, INF], col_block=[7, 5, 5], row_block=[-1, 5],
    )  # fmt: skip
    np.testing.assert_allclose(solve_block(qp).x, 4.0, atol=1e-8)


# --- problems without a solution -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("A", "row_lower", "row_upper", "lower", "upper"),
    [
        ([[1, 1]], 5, 5, 0, 2),  # 2 + 2 < 5
        ([[1, -1], [1, -1]], [1, -INF], [INF, 0], -50, INF),  # x - y >= 1 and <= 0
        ([[1, 0]], 3, 3, [1, 0], [1, 9]),  # a fixed column in a row that wants 3
        ([[1, 1], [1, 0], [0, 1]], [10, -INF, -INF], [INF, 4, 5], 0, INF),  # demand 10, two lines of 4 and 5
        ([[1, 1]], 2, 1, 0, 9),  # a row's limits crossed
    ],
)
def test_infeasible_is_said(A, row_lower, row_upper, lower, upper):
    raw = solve_block(program(0, 1, A, row_lower, row_upper, lower, upper))
    assert raw.status == "infeasible"


def test_feasible_by_a_hair_is_not_called_infeasible():
    """Demand 9 over lines of 4 and 5 can be met in one way only."""
    qp = program(0, 1, [[1, 1], [1, 0], [0, 1]], [9, -INF, -INF], [9, 4, 5], 0, INF)
    raw = solve_block(qp)
    assert raw.status == "solved"
    np.testing.assert_allclose(raw.x, [4, 5], atol=1e-6)


def test_unbounded_is_never_called_solved():
    raw = solve_block(program(0, [-1, 0], [[1, -1]], 0, 0, 0, INF))
    assert raw.status in ("unbounded", "stopped")


def test_infeasible_and_unbounded_at_once_is_not_solved():
    """x - y >= 1 and <= 0, cost falling without end: either word is right, "solved" is not."""
    raw = solve_block(program(0, 1, [[1, -1], [1, -1]], [1, -INF], [INF, 0], -INF, INF))
    assert raw.status in ("infeasible", "unbounded", "stopped")


def test_too_few_iterations_is_not_solved():
    raw = solve_block(market(np.random.default_rng(0), 3, 3, 4, "own"), max_iterations=2)
    assert raw.status == "stopped"
    assert raw.info["reason"] == "too many iterations"


# --- against other solvers ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("storage", ["none", "shared", "own"])
@pytest.mark.parametrize(("traders", "periods", "nodes"), [(1, 1, 3), (2, 3, 4), (4, 4, 5), (3, 7, 3)])
def test_markets_agree_with_piqp_and_clarabel(traders, periods, nodes, storage):
    """Same objective, same consumption (unique: its curvature is positive), same prices, to 1e-6."""
    qp = market(np.random.default_rng(traders + 10 * periods), traders, periods, nodes, storage)
    mine = solve_block(qp)
    assert mine.status == "solved"
    assert worst(qp, mine) < 1e-6
    demand = np.flatnonzero((qp.q < -19.0) & (qp.col_block < 0))
    price = lambda raw: qp.q[demand] + qp.p[demand] * raw.x[demand]  # noqa: E731
    for other in (piqp(qp), clarabel(qp)):
        assert other.status == "solved"
        assert qp.objective(mine.x) == pytest.approx(qp.objective(other.x), rel=1e-6)
        np.testing.assert_allclose(mine.x[demand], other.x[demand], atol=1e-5)
        np.testing.assert_allclose(price(mine), price(other), rtol=1e-6, atol=1e-5)


@settings(max_examples=40, deadline=None)
@given(seed=st.integers(0, 10**6), rows=st.integers(1, 8), columns=st.integers(1, 12), blocks=st.integers(0, 3))
def test_random_programs_are_solved_to_their_conditions(seed, rows, columns, blocks):
    """Any feasible convex program, blocks assigned as the contract allows: the optimality conditions hold to 1e-6."""
    rng = np.random.default_rng(seed)
    col_block = rng.integers(-1, blocks, columns) if blocks else np.full(columns, -1)
    row_block = rng.integers(-1, blocks, rows) if blocks else np.full(rows, -1)
    A = rng.integers(-3, 4, (rows, columns)) * (rng.random((rows, columns)) < 0.6)
    foreign = (row_block[:, None] >= 0) & (col_block[None] >= 0) & (row_block[:, None] != col_block[None])
    A = np.where(foreign, 0, A)
    inside = rng.uniform(-1.0, 1.0, columns)
    activity = A @ inside
    kind = rng.integers(0, 4, rows)  # equality, upper, lower, range
    row_lower = np.where(kind == 1, -INF, activity - np.where(kind == 0, 0.0, rng.random(rows)))
    row_upper = np.where(kind == 2, INF, activity + np.where(kind == 0, 0.0, rng.random(rows)))
    row_upper = np.where(kind == 0, row_lower, row_upper)
    lower = np.where(rng.random(columns) < 0.2, inside, inside - rng.random(columns))
    upper = np.where(rng.random(columns) < 0.2, lower, inside + rng.random(columns))
    upper = np.where(inside > upper, inside, upper)
    p = rng.random(columns) * (rng.random(columns) < 0.5)
    qp = program(p, rng.standard_normal(columns), A, row_lower, row_upper, lower, upper, col_block, row_block)
    raw = solve_block(qp)
    assert raw.status == "solved"
    assert worst(qp, raw) < 1e-6


def test_units_do_not_matter():
    """Quantities in thousands, prices in thousandths: the same answer in the new units."""
    qp = market(np.random.default_rng(5), 3, 3, 4, "shared")
    s, c = 1e3, 1e-3
    scaled = QP(
        qp.p * c / s, qp.q * c, qp.A, qp.row_lower * s, qp.row_upper * s, qp.lower * s, qp.upper * s, qp.col_block,
        qp.row_block,
    )  # fmt: skip
    here, there = solve_block(qp), solve_block(scaled)
    assert there.status == "solved"
    assert qp.objective(there.x / s) == pytest.approx(qp.objective(here.x), rel=1e-8)


# --- the linear algebra ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("storage", ["none", "shared", "own"])
@pytest.mark.parametrize("periods", [1, 2, 3, 6])
def test_block_factor_solves_the_newton_system(storage, periods):
    """[H G'; G -d] [u; v] = [a; b] against a dense solve of the whole system."""
    rng = np.random.default_rng(periods)
    qp = market(rng, 3, periods, 4, storage)
    layout = structure(qp.A, qp.col_block, qp.row_block, np.ones(qp.columns, dtype=bool))
    every = np.concatenate([*(r for g in layout.leaves for r in g), *layout.cores, layout.border])
    assert sorted(every.tolist()) == list(range(qp.rows + layout.kept.size))  # each unknown is eliminated once
    factor = BlockFactor(qp.A, layout)
    h, d = 10 ** rng.uniform(-2, 2, qp.columns), 10 ** rng.uniform(-6, -3, qp.rows)
    a, b = rng.standard_normal(qp.columns), rng.standard_normal(qp.rows)
    factor.factor(h, d)
    u, v = factor.solve(a, b)
    dense = qp.A.toarray()
    exact = np.linalg.solve(np.block([[np.diag(h), dense.T], [dense, -np.diag(d)]]), np.concatenate([a, b]))
    np.testing.assert_allclose(np.concatenate([u, v]), exact, atol=1e-7 * np.abs(exact).max())


def test_periods_are_found_and_what_joins_them_is_the_border():
    """Three traders, four months, own stores: four periods of three leaves; stock rows, contract and pipe between."""
    qp = market(np.random.default_rng(1), 3, 4, 5, "own")
    layout = structure(qp.A, qp.col_block, qp.row_block, np.ones(qp.columns, dtype=bool))
    assert [len(g) for g in layout.leaves] == [3, 3, 3, 3]
    assert [c.size for c in layout.cores] == [15, 15, 15, 15]  # 5 markets and 10 pipes
    assert layout.border.size == 3 * 4 + 1 + 1  # stock rows, the annual contract, the column of the enlargement
    assert layout.kept.size == 1


def test_lost_sign_is_reported():
    """A pivot that is not positive is an error, not a number."""
    qp = program(p=1, q=0, A=[[1.0]], row_lower=0, row_upper=0, lower=0, upper=1)
    layout = structure(qp.A, qp.col_block, qp.row_block, np.ones(1, dtype=bool))
    with pytest.raises(NotDefiniteError):
        BlockFactor(qp.A, layout).factor(np.array([1.0]), np.array([-2.0]))


# --- from a near answer, and with periods told -----------------------------------------------------------------------


@pytest.mark.parametrize("storage", ["shared", "own", "none"])
@pytest.mark.parametrize("noise", [0.0, 0.3, 1e3])
def test_an_answer_nearby_as_start_changes_nothing_but_the_steps(storage, noise):
    """From the answer itself, from one 30 % off, and from nonsense: the same quantities sold, and every condition holds."""
    rng = np.random.default_rng(5)
    qp = market(rng, 4, 4, 5, storage)
    cold = solve_block(qp)
    x = cold.x * (1 + noise * rng.standard_normal(cold.x.size))
    y = cold.y * (1 + noise * rng.standard_normal(cold.y.size))
    near = solve_block(qp, near=(x, y))
    assert near.status == "solved"
    assert worst(qp, near) < 1e-7
    np.testing.assert_allclose(near.x[qp.p > 0], cold.x[qp.p > 0], atol=1e-6)  # the others need not be unique


def test_told_periods_save_work_where_months_are_tied():
    """Every terminal joins each month to the next and the last to the first; the guess of the periods fails there.

    The answer is the same, and the factorisation takes a fraction of the work.
    """
    from polynya.market.classes import classify
    from polynya.market.coded import code
    from polynya.market.formulation import formulate
    from polynya.market.problem import Problem

    months, sellers, markets = [f"2026-{m:02d}" for m in range(1, 13)], range(5), range(4)
    arcs = [
        row
        for n in markets
        for q in range(3)  # three terminals a market, each open to everybody's ships
        for row in (
            *((f"s{t}-{n}{q}", f"P{t}", f"T{n}{q}", "*", None, 1 + (t + n + q) % 4, 0.02, 0.4) for t in sellers),
            (f"r{n}{q}", f"T{n}{q}", f"M{n}", "*", 9.0, 0.1 * q, 0.0, 0.0),
        )
    ]
    made = {
        "periods": pl.DataFrame({"period": months, "weight": 1.0}),
        "nodes": pl.DataFrame({"node": sorted({a[1] for a in arcs} | {a[2] for a in arcs})}),
        "traders": pl.DataFrame({"trader": [f"t{t}" for t in sellers]}),
        "conduct": pl.DataFrame({"trader": ["*"], "node": ["*"], "theta": [1.0]}),
        "demand": pl.DataFrame(
            [(f"M{n}", m, 20.0 + (i * 7 + n) % 5, 1.0) for n in markets for i, m in enumerate(months)],
            schema=["node", "period", "intercept", "slope"], orient="row",
        ),
        "production": pl.DataFrame(
            [(f"t{t}", f"P{t}", "*", "1", 30.0, 1.0 + t) for t in sellers],
            schema=["trader", "node", "period", "step", "capacity", "cost"], orient="row",
        ),
        "arcs": pl.DataFrame(
            arcs, schema=["arc", "from", "to", "period", "capacity", "cost", "loss", "lag"], orient="row"
        ),
    }  # fmt: skip
    asked = Problem.from_tables(made)
    coded = code(asked)
    qp, layout = formulate(asked, coded, classify(asked, coded))
    assert len(layout.transit) > 100
    told, found = solve_block(qp), solve_block(replace(qp, period=None))
    assert told.status == found.status == "solved"
    assert worst(qp, told) < 1e-7
    np.testing.assert_allclose(told.x[qp.p > 0], found.x[qp.p > 0], atol=1e-6)
    every = np.ones(qp.columns, dtype=bool)
    cost = [structure(qp.A, qp.col_block, qp.row_block, every, p).multiplications() for p in (qp.period, None)]
    assert cost[0] < 0.5 * cost[1]


def test_what_is_not_used_is_exactly_nought():
    """An interior point stays off its bounds; what it leaves there in the last digit is not told as a flow."""
    qp = market(np.random.default_rng(6), 3, 3, 5, "shared")
    x = solve_block(qp).x
    assert np.count_nonzero(x == 0.0) > 20
    assert not np.any((x > 0) & (x < 1e-14 * x.mean()))
