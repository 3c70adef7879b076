"""How does a nearly right answer become an exact one? (QP + Raw -> Raw with its active set fixed, solved once more)

Interior-point answers stop near their bounds, not on them. Here every bound and limit that is clearly active (its
multiplier is larger than its slack, both in the program's own scale) becomes an equality, all others are dropped, and
the remaining equality-constrained program is solved once more, for the step from the old answer: quantities and
multipliers that nothing pins stay where they were. Bound multipliers follow from stationarity.

Not here: the decision whether the result is better; only the certificate can tell.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy import sparse

from polynya.market.backends import Scale, piqp
from polynya.market.qp import QP, Raw

PULL = 1e-9  # on step^2 / 2, in the program's own scale: directions that cost nothing are not moved in


def polish(qp: QP, raw: Raw, doubt: float = 1.0) -> Raw:
    """Solve once more with the active set of `raw` fixed.

    `doubt`: how many times larger than its slack a multiplier must be for its limit to count as active. Above 1 fewer
    limits are fixed, below 1 more: for answers whose active set is not clear.
    """
    scale = Scale.of(qp)
    small = scale.shrink(qp)
    x, y, z = raw.x / scale.quantity, raw.y / scale.price, raw.z / scale.price
    at_lower = (-z > doubt * (x - small.lower)) | (small.lower == small.upper)
    at_upper = (z > doubt * (small.upper - x)) & ~at_lower
    fixed = at_lower | at_upper
    settled = np.where(at_lower, small.lower, np.where(at_upper, small.upper, x))
    activity = small.A @ x
    equal = small.row_lower == small.row_upper
    row_low = ~equal & (-y > doubt * (activity - small.row_lower))
    row_high = ~equal & (y > doubt * (small.row_upper - activity)) & ~row_low
    kept = np.flatnonzero(equal | row_low | row_high)
    target = np.where(row_high | equal, small.row_upper, small.row_lower)[kept]
    free = np.flatnonzero(~fixed)
    step, multipliers = np.zeros(free.size), np.zeros(kept.size)
    if free.size:
        rows = sparse.csr_array(small.A)[kept]
        gradient = (small.p * settled + small.q + rows.T @ y[kept])[free]
        missing = target - rows @ settled
        infinite = np.full(free.size, np.inf)
        core = QP(
            small.p[free] + PULL, gradient, sparse.csc_array(rows[:, free]), missing, missing, -infinite, infinite,
            small.col_block[free], small.row_block[kept],
        )  # fmt: skip
        found = piqp(core, accuracy=1e-13)
        if not (np.isfinite(found.x).all() and np.isfinite(found.y).all()):
            return raw
        step, multipliers = found.x, found.y
    settled[free] += step
    exact = np.zeros(qp.rows)
    exact[kept] = y[kept] + multipliers
    z = -(small.p * settled + small.q + small.A.T @ exact)
    z[free] = 0.0
    return scale.grow(replace(raw, x=settled, y=exact, z=z, info={**raw.info, "polished": True}))
