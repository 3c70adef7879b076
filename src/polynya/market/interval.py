"""Which prices does nothing pin, and how far could they be? (QP + Raw -> an interval for every row multiplier)

All multipliers that fit the answer's quantities form a polyhedron. A multiplier is pinned when its row of the projector
onto that polyhedron's directions is zero: tested for all rows at once with two random directions (fixed seed). For the
others two linear programs push all of them up, and down, together. With one commodity the multipliers form a lattice
(each condition compares two of them), so both ends are exact; with several commodities sharing a capacity they are
attained, but may not be the widest.

Not here: the price itself (`answer`).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from polynya.market.backends import Scale, highs, piqp
from polynya.market.qp import QP, Raw, Vector

AT_BOUND = 1e-9  # in the program's own scale
MOVES = 1e-6  # share of a random direction that counts as a direction
FAR = 1e4  # times the largest multiplier: as good as no bound


@dataclass(frozen=True)
class Intervals:
    """For each row: pinned, and the multiplier's lowest and highest value (infinite: no bound)."""

    pinned: npt.NDArray[np.bool_]
    low: Vector
    high: Vector


def multiplier_intervals(qp: QP, raw: Raw) -> Intervals:
    """Intervals of all row multipliers at the quantities of `raw`."""
    scale = Scale.of(qp)
    small = scale.shrink(qp)
    x, y = raw.x / scale.quantity, raw.y / scale.price
    above, below = x > small.lower + AT_BOUND, x < small.upper - AT_BOUND
    activity = small.A @ x
    low_row = activity <= small.row_lower + AT_BOUND * (1 + np.abs(activity))
    high_row = activity >= small.row_upper - AT_BOUND * (1 + np.abs(activity))
    active = np.flatnonzero(low_row | high_row)
    inner = np.flatnonzero(above & below)
    rows = sparse.csr_array(small.A)[active]
    moves = _moving(sparse.csc_array(rows)[:, inner])
    pinned = np.ones(qp.rows, dtype=bool)
    pinned[active[moves]] = False
    low, high = y.copy(), y.copy()
    if moves.any():
        loose = active[moves]
        touched = np.flatnonzero(np.asarray(abs(small.A[loose]).sum(axis=0)).ravel() > 0)
        block = sparse.csc_array(sparse.csr_array(small.A)[loose][:, touched])
        slope = small.p[touched] * x[touched] + small.q[touched]
        rest = slope + (small.A[:, touched].T @ y) - block.T @ y[loose]
        top = FAR * (1.0 + float(np.abs(y).max()))
        dual = QP(
            np.zeros(loose.size), np.zeros(loose.size), sparse.csc_array(block.T),
            np.where(below[touched], -rest, -np.inf), np.where(above[touched], -rest, np.inf),
            np.where(low_row[loose], -top, 0.0), np.where(high_row[loose], top, 0.0),
            np.full(loose.size, -1, dtype=np.int32), np.full(touched.size, -1, dtype=np.int32),
        )  # fmt: skip
        for ends, sign in ((low, 1.0), (high, -1.0)):
            found = highs(replace(dual, q=np.full(loose.size, sign)))
            if found.status == "solved":
                ends[loose] = np.where(np.abs(found.x) >= 0.99 * top, -sign * np.inf, found.x)
            else:
                ends[loose] = -sign * np.inf
        low[loose], high[loose] = np.minimum(low, y)[loose], np.maximum(high, y)[loose]
    return Intervals(pinned, low * scale.price, high * scale.price)


def _moving(columns: sparse.csc_array) -> npt.NDArray[np.bool_]:
    """Rows whose multiplier can move while `columns' y` stays: two random vectors projected onto that null space."""
    size, count = columns.shape
    random = np.random.default_rng(20260101)
    moving = np.zeros(size, dtype=bool)
    nowhere = np.zeros(count)
    for _ in range(2):
        direction = random.uniform(0.5, 1.5, size) * random.choice((-1.0, 1.0), size)
        projected = direction
        if count:
            projected = piqp(
                QP(
                    np.ones(size), -direction, sparse.csc_array(columns.T), nowhere, nowhere, np.full(size, -np.inf),
                    np.full(size, np.inf), np.full(size, -1, dtype=np.int32), np.full(count, -1, dtype=np.int32),
                ),
                accuracy=1e-11,
            ).x  # fmt: skip
        moving |= np.abs(projected) > MOVES
    return moving
