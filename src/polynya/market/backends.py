"""How do solvers solve the program? (QP -> Raw, by PIQP, Clarabel, HiGHS simplex or our own blocks)

Every solver sees the program in its own scale (`Scale`): quantities and prices near 1, whatever units the folder has.
Every solver answers in the sign convention of `qp`. What an answer is worth is decided elsewhere.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from polynya.market.blockipm import solve_block
from polynya.market.qp import QP, Raw, Vector

Solver = Callable[[QP], Raw]


@dataclass(frozen=True)
class Scale:
    """x = quantity * x', objective = quantity * price * objective': two numbers, so that the structure stays as it is."""

    quantity: float
    price: float

    @staticmethod
    def of(qp: QP) -> Scale:
        """The typical finite bound, and the typical linear cost, of a program."""
        bounds = np.concatenate([qp.row_lower, qp.row_upper, qp.upper])
        return Scale(_typical(bounds), _typical(qp.q))

    def shrink(self, qp: QP) -> QP:
        """The program in its own scale."""
        s = self.quantity
        return replace(
            qp, p=qp.p * (s / self.price), q=qp.q / self.price, row_lower=qp.row_lower / s, row_upper=qp.row_upper / s,
            lower=qp.lower / s, upper=qp.upper / s,
        )  # fmt: skip

    def grow(self, raw: Raw) -> Raw:
        """The answer in the program's units."""
        return Raw(raw.x * self.quantity, raw.y * self.price, raw.z * self.price, raw.info)


def _typical(numbers: Vector) -> float:
    """A power of two near the geometric mean of the sizes; powers of two scale without rounding."""
    sizes = np.abs(numbers[np.isfinite(numbers) & (numbers != 0)])
    return float(2.0 ** np.round(np.log2(sizes).mean())) if sizes.size else 1.0


def solve_with(name: str, qp: QP) -> Raw:
    """Solve by name: `piqp`, `clarabel`, `block` or `highs` (linear programs only)."""
    scale = Scale.of(qp)
    started = time.perf_counter()
    raw = scale.grow(SOLVERS[name](scale.shrink(qp)))
    raw.info["seconds"] = time.perf_counter() - started
    return raw


def piqp(qp: QP, accuracy: float = 1e-10) -> Raw:
    """PIQP, a proximal interior-point method (Schwan et al. 2023)."""
    import piqp as library

    equal, between = _kinds(qp)
    rows = sparse.csr_array(qp.A)
    solver = library.SparseSolver()
    solver.settings.eps_abs = accuracy
    solver.settings.eps_rel = accuracy
    solver.settings.eps_duality_gap_abs = accuracy
    solver.settings.eps_duality_gap_rel = accuracy
    solver.settings.max_iter = 150
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        solver.setup(
            sparse.csc_matrix(sparse.diags(qp.p)), qp.q,
            sparse.csc_matrix(rows[equal]), qp.row_lower[equal],
            sparse.csc_matrix(rows[between]), qp.row_lower[between], qp.row_upper[between],
            qp.lower, qp.upper,
        )  # fmt: skip
        status = solver.solve()
    result = solver.result
    y = np.zeros(qp.rows)
    y[equal] = result.y
    y[between] = np.asarray(result.z_u) - np.asarray(result.z_l)
    z = np.asarray(result.z_bu) - np.asarray(result.z_bl)
    words = {
        library.PIQP_SOLVED: "solved",
        library.PIQP_PRIMAL_INFEASIBLE: "infeasible",
        library.PIQP_DUAL_INFEASIBLE: "unbounded",
    }
    return Raw(
        np.array(result.x), y, z,
        {"solver": "piqp", "status": words.get(status, "stopped"), "iterations": int(result.info.iter)},
    )  # fmt: skip


def clarabel(qp: QP, accuracy: float = 1e-11) -> Raw:
    """Clarabel, a homogeneous interior-point method (Goulart & Chen 2024)."""
    import clarabel as library

    equal, between = _kinds(qp)
    rows = sparse.csr_array(qp.A)
    identity = sparse.csr_array(sparse.identity(qp.columns, format="csr"))
    row_up, row_down = (
        np.flatnonzero(between & np.isfinite(qp.row_upper)),
        np.flatnonzero(between & np.isfinite(qp.row_lower)),
    )
    up, down = np.flatnonzero(np.isfinite(qp.upper)), np.flatnonzero(np.isfinite(qp.lower))
    matrix = sparse.vstack([rows[equal], rows[row_up], -rows[row_down], identity[up], -identity[down]], format="csc")
    bound = np.concatenate(
        [qp.row_lower[equal], qp.row_upper[row_up], -qp.row_lower[row_down], qp.upper[up], -qp.lower[down]]
    )
    equalities = int(equal.sum())
    cones = [library.ZeroConeT(equalities), library.NonnegativeConeT(bound.size - equalities)]
    settings = library.DefaultSettings()
    settings.verbose = False
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = accuracy
    solution = library.DefaultSolver(
        sparse.csc_matrix(sparse.diags(qp.p)), qp.q, sparse.csc_matrix(matrix), bound, cones, settings
    ).solve()
    dual = np.array(solution.z)
    y, z = np.zeros(qp.rows), np.zeros(qp.columns)
    y[equal] = dual[:equalities]
    parts = np.split(dual[equalities:], np.cumsum([row_up.size, row_down.size, up.size]))
    y[row_up] += parts[0]
    y[row_down] -= parts[1]
    z[up] += parts[2]
    z[down] -= parts[3]
    word = str(solution.status)
    status = (
        "solved" if word in ("Solved", "AlmostSolved")
        else "infeasible" if "PrimalInfeasible" in word
        else "unbounded" if "DualInfeasible" in word
        else "stopped"
    )  # fmt: skip
    return Raw(
        np.array(solution.x), y, z, {"solver": "clarabel", "status": status, "iterations": int(solution.iterations)}
    )


def highs(qp: QP, seconds: float = float("inf")) -> Raw:
    """HiGHS simplex (Huangfu & Hall 2018), for linear programs; "stopped" when `seconds` have passed."""
    if not qp.linear:
        raise ValueError("HiGHS is asked for linear programs only")
    solver = highs_model(qp)
    solver.setOptionValue("solver", "simplex")
    solver.setOptionValue("primal_feasibility_tolerance", 1e-9)
    solver.setOptionValue("dual_feasibility_tolerance", 1e-9)
    solver.setOptionValue("time_limit", seconds)
    solver.run()
    word = solver.modelStatusToString(solver.getModelStatus())
    status = {"Optimal": "solved", "Infeasible": "infeasible", "Unbounded": "unbounded"}.get(word, "stopped")
    if status == "stopped" and "nfeasible" in word:
        status = "infeasible"
    solution = solver.getSolution()
    x = np.array(solution.col_value)
    y, z = -np.array(solution.row_dual), -np.array(solution.col_dual)
    if x.size != qp.columns or y.size != qp.rows:
        x, y, z = np.zeros(qp.columns), np.zeros(qp.rows), np.zeros(qp.columns)
    return Raw(
        x, y, z, {"solver": "highs", "status": status, "iterations": int(solver.getInfo().simplex_iteration_count)}
    )


def highs_model(qp: QP) -> Any:
    """The program's linear part, passed to HiGHS."""
    import highspy

    lp = highspy.HighsLp()
    lp.num_col_, lp.num_row_ = qp.columns, qp.rows
    lp.col_cost_, lp.col_lower_, lp.col_upper_ = qp.q, qp.lower, qp.upper
    lp.row_lower_, lp.row_upper_ = qp.row_lower, qp.row_upper
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_, lp.a_matrix_.value_ = qp.A.indptr, qp.A.indices, qp.A.data
    solver: Any = highspy.Highs()  # type: ignore[no-untyped-call]
    solver.setOptionValue("output_flag", False)
    solver.setOptionValue("threads", 1)
    solver.passModel(lp)
    return solver


def _kinds(qp: QP) -> tuple[np.ndarray[Any, np.dtype[np.bool_]], np.ndarray[Any, np.dtype[np.bool_]]]:
    """Rows that are equalities, and rows that have one or two different limits."""
    equal = qp.row_lower == qp.row_upper
    return equal, ~equal & (np.isfinite(qp.row_lower) | np.isfinite(qp.row_upper))


SOLVERS: dict[str, Solver] = {"piqp": piqp, "clarabel": clarabel, "highs": highs, "block": solve_block}
