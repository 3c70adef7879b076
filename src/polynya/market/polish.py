"""Can a solver's answer be made exact? (QP + Raw -> Raw with residuals near rounding)

Rows and columns on which the answer presses count as active and become equalities, all others are dropped, and
the remaining equality-constrained program is solved once more, for the step from the old answer: quantities and
multipliers that nothing pins stay where they were. Bound multipliers follow from stationarity. Where the step runs
through a limit, or a limit pulls instead of pushing, the active set was wrong there: it is put right and solved again,
a few times (primal and dual active-set steps; Nocedal & Wright 2006, section 16.5).

Not here: the decision whether the result is better; only the certificate can tell.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from polynya.market.backends import Scale, piqp
from polynya.market.qp import QP, Raw, Vector

Flags = npt.NDArray[np.bool_]

PULL = 1e-6  # on step^2 / 2, in the program's own scale: in directions that cost next to nothing nothing moves far
ROUNDS = 6
THROUGH = 1e-8  # beyond a limit, in the program's own scale: it was active after all
PULLS = 1e-6  # a multiplier of the wrong sign larger than this: the limit was not active


def polish(qp: QP, raw: Raw, doubt: float = 1.0) -> Raw:
    """Solve once more with the active set of `raw` fixed, and set right where that shows it to be wrong.

    `doubt`: how many times larger than its slack a multiplier must be for its limit to count as active. Above 1 fewer
    limits are fixed, below 1 more: for answers whose active set is not clear.
    """
    scale = Scale.of(qp)
    small = scale.shrink(qp)
    x, y, z = raw.x / scale.quantity, raw.y / scale.price, raw.z / scale.price
    active = _Active.of(small, x, y, z, doubt)
    best, least = raw, np.inf
    for _ in range(ROUNDS):
        found = _step(small, active, x, y)
        if found is None:
            break
        error, active = active.corrected(small, *found)
        if error < least:
            least, best = error, replace(raw, x=found[0], y=found[1], z=found[2], info={**raw.info, "polished": True})
        if error == 0.0:  # once more from here, which takes out what the pull left
            again = _step(small, active, found[0], found[1])
            if again is not None and active.corrected(small, *again)[0] == 0.0:
                best = replace(best, x=again[0], y=again[1], z=again[2])
            break
    return scale.grow(best) if best is not raw else raw


@dataclass(frozen=True)
class _Active:
    """Columns [n] and rows [m] that count as being on their lower or upper limit; equal limits are both."""

    low: Flags
    high: Flags
    row_low: Flags
    row_high: Flags

    @staticmethod
    def of(qp: QP, x: Vector, y: Vector, z: Vector, doubt: float) -> _Active:
        low = (-z > doubt * (x - qp.lower)) | (qp.lower == qp.upper)
        high = (z > doubt * (qp.upper - x)) & ~low
        activity = qp.A @ x
        equal = qp.row_lower == qp.row_upper
        row_low = equal | (-y > doubt * (activity - qp.row_lower))
        row_high = ~row_low & (y > doubt * (qp.row_upper - activity))
        return _Active(low, high, row_low, row_high)

    def corrected(self, qp: QP, x: Vector, y: Vector, z: Vector) -> tuple[float, _Active]:
        """How wrong the active set was (0: right), and the next one to try."""
        error = 0.0
        found = []
        for value, push, lower, upper, low, high in (
            (x, z, qp.lower, qp.upper, self.low, self.high),
            (qp.A @ x, y, qp.row_lower, qp.row_upper, self.row_low, self.row_high),
        ):
            fixed = lower == upper
            below, above = lower - value > THROUGH, value - upper > THROUGH
            pulls = ~fixed & ((low & (push > PULLS)) | (high & (push < -PULLS)))
            error += float(np.sum((lower - value)[below])) + float(np.sum((value - upper)[above]))
            error += float(np.sum(np.abs(push[pulls])))
            found += [fixed | (low & ~pulls) | below, ~fixed & ((high & ~pulls) | above)]
        return error, _Active(*found)


def _step(qp: QP, active: _Active, x: Vector, y: Vector) -> tuple[Vector, Vector, Vector] | None:
    """Quantities and multipliers with the active set as equalities, by the step from (x, y); None if that fails."""
    fixed = active.low | active.high
    settled = np.where(active.low, qp.lower, np.where(active.high, qp.upper, x))
    kept = np.flatnonzero(active.row_low | active.row_high)
    target = np.where(active.row_high, qp.row_upper, qp.row_lower)[kept]
    free = np.flatnonzero(~fixed)
    step, multipliers = np.zeros(free.size), np.zeros(kept.size)
    if free.size:
        rows = sparse.csr_array(qp.A)[kept]
        gradient = (qp.p * settled + qp.q + rows.T @ y[kept])[free]
        missing = target - rows @ settled
        infinite = np.full(free.size, np.inf)
        core = QP(
            qp.p[free] + PULL, gradient, sparse.csc_array(rows[:, free]), missing, missing, -infinite, infinite,
            qp.col_block[free], qp.row_block[kept],
        )  # fmt: skip
        found = piqp(core, accuracy=1e-13)
        if not (np.isfinite(found.x).all() and np.isfinite(found.y).all()):
            return None
        step, multipliers = found.x, found.y
    settled[free] += step
    exact = np.zeros(qp.rows)
    exact[kept] = y[kept] + multipliers
    z = -(qp.p * settled + qp.q + qp.A.T @ exact)
    z[free] = 0.0
    return settled, exact, z
