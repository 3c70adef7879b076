"""Which prices does nothing pin, and how far could they be? (QP + Raw -> an interval for every row multiplier)

All multipliers that fit the answer's quantities form a polyhedron. A multiplier is pinned when its row of the projector
onto that polyhedron's directions is zero: tested for all rows at once with two random directions (fixed seed), after
everything that a chain of single conditions pins has been taken out. For the
others two linear programs push all prices and values up, and down, together. With one commodity the multipliers form a lattice
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
LEAST = 1e-4  # weight of rents beside prices: no larger than they must be
PATIENCE = 120.0  # seconds for each end, usually below one; after that an end counts as not known: no bound
FAR = 1e4  # times the largest multiplier: as good as no bound


@dataclass(frozen=True)
class Intervals:
    """For each row: pinned, and the multiplier's lowest and highest value (infinite: no bound)."""

    pinned: npt.NDArray[np.bool_]
    low: Vector
    high: Vector


def settle(qp: QP, raw: Raw) -> tuple[Raw, Intervals]:
    """The same quantities with the lowest multipliers that fit them, and the intervals of all row multipliers.

    Where nothing pins a price, solvers differ; the lowest one is a rule, so that equal problems have equal answers. A
    multiplier without a lowest value stays where the solver left it.
    """
    scale = Scale.of(qp)
    small = scale.shrink(qp)
    x, y = raw.x / scale.quantity, raw.y / scale.price
    above, below = x > small.lower + AT_BOUND, x < small.upper - AT_BOUND
    activity = small.A @ x
    at_low = activity <= small.row_lower + AT_BOUND * (1 + np.abs(activity))
    at_high = activity >= small.row_upper - AT_BOUND * (1 + np.abs(activity))
    active = np.flatnonzero(at_low | at_high)
    rows = sparse.csr_array(small.A)
    moves = _moving(sparse.csc_array(rows[active])[:, np.flatnonzero(above & below)])
    pinned = np.ones(qp.rows, dtype=bool)
    pinned[active[moves]] = False
    if not moves.any():
        return raw, Intervals(pinned, raw.y, raw.y)

    loose = active[moves]
    part = sparse.csc_array(rows[loose])
    touched = np.flatnonzero(np.diff(part.indptr) > 0)
    part = part[:, touched]
    rest = small.p[touched] * x[touched] + small.q[touched] + small.A[:, touched].T @ y - part.T @ y[loose]
    top = FAR * (1.0 + float(np.abs(y).max()))
    none = np.full(max(loose.size, touched.size), -1, dtype=np.int32)
    free = at_low[loose] & at_high[loose]
    weight = np.where(free, 1.0, np.where(at_high[loose], LEAST, -LEAST))
    fits = QP(
        np.zeros(loose.size), weight, sparse.csc_array(part.T),
        np.where(above[touched] & ~below[touched], -np.inf, -rest), np.where(below[touched] & ~above[touched], np.inf, -rest),
        np.where(at_low[loose], -top, 0.0), np.where(at_high[loose], top, 0.0), none[: loose.size], none[: touched.size],
    )  # fmt: skip
    stuck = ~above[touched] & ~below[touched]
    fits = replace(
        fits, row_lower=np.where(stuck, -np.inf, fits.row_lower), row_upper=np.where(stuck, np.inf, fits.row_upper)
    )
    low, high = y.copy(), y.copy()
    lowest, highest = highs(fits, PATIENCE), highs(replace(fits, q=np.where(free, -1.0, weight)), PATIENCE)
    low[loose] = _end(lowest, top, -np.inf)
    high[loose] = _end(highest, top, np.inf)
    endless = ~np.isfinite(low[loose])
    if endless.any():
        lowest = highs(replace(fits, lower=np.where(endless, np.minimum(y[loose], fits.upper), fits.lower)), PATIENCE)
    settled = y.copy()
    if lowest.status == "solved":
        settled[loose] = lowest.x
    z = -(small.p * x + small.q + small.A.T @ settled)
    z[above & below] = 0.0
    intervals = Intervals(pinned, np.minimum(low, settled) * scale.price, np.maximum(high, settled) * scale.price)
    return Raw(raw.x, settled * scale.price, z * scale.price, raw.info), intervals


def _end(found: Raw, top: float, none: float) -> Vector:
    """One end of the loose multipliers; what runs into the far bound, or could not be said, has no end."""
    if found.status != "solved":
        return np.full(found.x.size, none)
    return np.where(np.abs(found.x) >= 0.99 * top, none, found.x)


def _moving(columns: sparse.csc_array) -> npt.NDArray[np.bool_]:
    """Rows whose multiplier can move while `columns' y` stays: two random vectors projected onto that null space.

    First what needs no arithmetic: a column with one row pins it, and so on along every way that gas takes to a market.
    """
    moving = _not_reached(columns)
    left = np.flatnonzero(moving)
    if left.size:
        columns = sparse.csc_array(sparse.csr_array(columns)[left])
        moving[left] = _projected(columns[:, np.flatnonzero(np.diff(columns.indptr))])
    return moving


def _not_reached(columns: sparse.csc_array) -> npt.NDArray[np.bool_]:
    """Rows that are left when, again and again, every column with a single row left takes it away."""
    row, column = columns.indices, np.repeat(np.arange(columns.shape[1]), np.diff(columns.indptr))
    left = np.ones(columns.shape[0], dtype=bool)
    while row.size:
        lone = np.bincount(column, minlength=columns.shape[1]) == 1
        pinned = row[lone[column]]
        if not pinned.size:
            break
        left[pinned] = False
        stays = left[row]
        row, column = row[stays], column[stays]
    return left


def _projected(columns: sparse.csc_array) -> npt.NDArray[np.bool_]:
    """Rows in which one of two random vectors, projected onto what `columns' y` leaves free, is not nought."""
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
