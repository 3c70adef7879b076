"""What does a solver get, and what must it give back? (the quadratic program and its raw answer)

    minimise    1/2 x' diag(p) x + q' x
    subject to  row_lower <= A x <= row_upper     (multiplier y)
                lower     <=   x <= upper         (multiplier z)

One sign convention for every solver: diag(p) x + q + A' y + z = 0, where y and z are >= 0 at an upper bound, <= 0 at a
lower bound and 0 in between. Infinite bounds are `numpy.inf`; an equality has row_lower == row_upper.

Not here: what the columns and rows mean (`formulation`), and which solver is taken (`solve`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

Vector = npt.NDArray[np.float64]
Index = npt.NDArray[np.int32]
Progress = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class QP:
    """A convex quadratic program with a diagonal Hessian, and where its network blocks are.

    Shapes: n columns, m rows. `p` >= 0. `A` is a CSC array (m x n) without explicit zeros and with sorted indices.
    `col_block`, `row_block`: id of the trader-period network block a column or row belongs to (0, 1, 2, ...), -1 for
    what couples blocks (markets, shared capacities, storage, contracts, fleets, investments). A row with a block id
    holds columns of that block or of block -1, never of another block; a column with a block id may have entries in
    coupling rows. `period`: the period of each block, where it is known (it only saves time).
    """

    p: Vector
    q: Vector
    A: sparse.csc_array
    row_lower: Vector
    row_upper: Vector
    lower: Vector
    upper: Vector
    col_block: Index
    row_block: Index
    period: Index | None = None

    def __post_init__(self) -> None:
        m, n = self.A.shape
        for name in ("p", "q", "lower", "upper", "col_block"):
            if getattr(self, name).shape != (n,):
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, the matrix has {n} columns")
        for name in ("row_lower", "row_upper", "row_block"):
            if getattr(self, name).shape != (m,):
                raise ValueError(f"{name} has shape {getattr(self, name).shape}, the matrix has {m} rows")
        if self.p.size and self.p.min() < 0:
            raise ValueError("the Hessian has a negative entry: the program is not convex")

    @property
    def columns(self) -> int:
        """Number of variables."""
        return int(self.q.size)

    @property
    def rows(self) -> int:
        """Number of rows."""
        return int(self.row_lower.size)

    @property
    def linear(self) -> bool:
        """Whether no column has a quadratic cost."""
        return not bool(self.p.any())

    def objective(self, x: Vector) -> float:
        """1/2 x' diag(p) x + q' x."""
        return float(0.5 * np.dot(self.p * x, x) + np.dot(self.q, x))


@dataclass(frozen=True, slots=True)
class Raw:
    """What a solver says: primal x [n], row multipliers y [m], bound multipliers z [n], and `info`.

    `info` has at least `solver` and `status` ("solved", "infeasible", "unbounded", "stopped"); often `iterations` and
    `seconds`. "stopped" may carry a usable x, y, z: the certificate decides, never the solver.
    """

    x: Vector
    y: Vector
    z: Vector
    info: dict[str, Any] = field(default_factory=dict)

    @property
    def status(self) -> str:
        """The solver's own word."""
        return str(self.info.get("status", "stopped"))


@dataclass(frozen=True, slots=True)
class Residuals:
    """How far (x, y, z) is from the optimality conditions, absolute and as the solver sees it."""

    primal: float
    dual: float
    gap: float


def residuals(qp: QP, raw: Raw) -> Residuals:
    """Worst row or bound violation, worst stationarity error with sign errors of the multipliers, and the relative duality gap.

    Sign errors: the part of a multiplier that pushes against a bound that is not there counts as a dual error.
    """
    x, y, z = raw.x, raw.y, raw.z
    activity = qp.A @ x
    primal = max(
        _worst(qp.row_lower - activity),
        _worst(activity - qp.row_upper),
        _worst(qp.lower - x),
        _worst(x - qp.upper),
    )
    stationarity = qp.p * x + qp.q + qp.A.T @ y + z
    wrong = max(_wrong_sign(y, qp.row_lower, qp.row_upper), _wrong_sign(z, qp.lower, qp.upper))
    dual = max(float(np.abs(stationarity).max(initial=0.0)), wrong)
    quadratic = float(np.dot(qp.p * x, x))
    top = 0.5 * quadratic + float(np.dot(qp.q, x))
    bottom = -0.5 * quadratic - _support(y, qp.row_lower, qp.row_upper) - _support(z, qp.lower, qp.upper)
    return Residuals(primal, dual, abs(top - bottom) / max(1.0, abs(top), abs(bottom)))


def _worst(excess: Vector) -> float:
    return max(0.0, float(excess.max(initial=0.0)))


def _wrong_sign(dual: Vector, low: Vector, high: Vector) -> float:
    up = np.where(np.isinf(high), dual, 0.0)
    down = np.where(np.isinf(low), -dual, 0.0)
    return max(_worst(up), _worst(down))


def _support(dual: Vector, low: Vector, high: Vector) -> float:
    """Largest dual' r over low <= r <= high, leaving out bounds that are not there."""
    above = np.where(np.isfinite(high), high, 0.0) * np.maximum(dual, 0.0)
    below = np.where(np.isfinite(low), low, 0.0) * np.minimum(dual, 0.0)
    return float(above.sum() + below.sum())
