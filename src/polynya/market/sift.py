"""Can the program be solved on the few of its columns that matter? (QP, guess of x and y -> Raw, or None)

Most of a market's flows are nought: of some fifty thousand in the reference problem ten thousand are not. Columns that
the guess leaves at nought with a clear reduced cost are put aside, the rest is solved, and the multipliers price what
was put aside: what would gain comes back, until nothing gains. Then the answer is one of the whole program
(sifting: Bixby, Gregory, Lustig, Marsten & Shanno 1992, "Very large-scale linear programming", Operations Research 40).

Balances through which nothing runs have no multiplier of their own; they get the lowest one at which nothing that could
leave there would gain, so that nothing is brought there in vain. The answer is as good as the solver's; the certificate
judges it. None is returned when the parts have no answer: then the whole must be tried.

Not here: where a guess comes from (`start`), polishing, proofs that there is no answer.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from polynya.market.backends import Scale, piqp
from polynya.market.qp import QP, Raw, Vector

Flags = npt.NDArray[np.bool_]

NEAR = 0.005  # of the typical multiplier: columns with a smaller reduced cost are solved from the beginning
WIDER = 0.005  # of it: columns that come in together with those that would gain
GAINS = 1e-8  # of it: reduced cost below which a column would gain
NOTHING = 1e-7  # of the typical quantity
LITTLE = 1e-3  # the same, for a guess and an answer of rough accuracy
FEW, MOST = 5_000, 0.7  # columns, share of them: a larger part is no part, the whole is solved at once
ROUNDS = 12
CHAIN = 60  # nodes in a row through which nothing runs
ROUGH, FINE = 1e-5, 1e-10  # accuracy of the first part, which mostly shows what is missing, and of the others


def sift(qp: QP, x: Vector, y: Vector, say: Callable[[str], None] = lambda _: None) -> Raw | None:
    """Solve `qp` from the guess `x` [columns], `y` [rows]; None when this way leads nowhere."""
    scale = Scale.of(qp)
    small = _Part.of(scale.shrink(qp))
    found = _search(small, x / scale.quantity, y / scale.price, say)
    return scale.grow(found) if found is not None else None


def _search(whole: _Part, x: Vector, y: Vector, say: Callable[[str], None]) -> Raw | None:
    qp = whole.qp
    idle = whole.idle(x, LITTLE)
    size = np.abs(y[~idle & (y != 0)])
    if not size.size:
        return None
    unit = float(np.median(size))
    d = whole.reduced(x, whole.lowest(y, idle))
    at_zero = (qp.lower == 0.0) & ((x <= LITTLE) | (x * unit < d))  # the latter in a guess from halfway
    kept = whole.fed(~at_zero | (d < NEAR * unit), at_zero, idle)
    steps = 0
    for part in range(ROUNDS):
        kept |= whole.needed(kept)
        if np.count_nonzero(kept) > max(FEW, MOST * kept.size):
            return None
        raw, rows = whole.solve(kept, FINE if part else ROUGH)
        steps += int(raw.info.get("iterations", 0))
        if raw.status not in ("solved", "stopped") or not np.isfinite(raw.x).all():
            return None
        x, y = np.zeros(qp.columns), np.zeros(qp.rows)
        x[kept], y[rows] = raw.x, raw.y
        idle = whole.idle(x, NOTHING if part else LITTLE)
        y = whole.lowest(y, idle)
        d = whole.reduced(x, y)
        # A kept column may gain too: where it brings gas to an idle balance whose best way on was put aside.
        gains = (d < -GAINS * unit) & (~kept | (x <= NOTHING)) & whole.movable
        say(f"part {part + 1}: {np.count_nonzero(kept):,} variables, {np.count_nonzero(gains):,} more would gain")
        if part and not gains.any():
            return whole.answer(raw, kept, idle, x, y, steps)
        near = kept | gains | (d < WIDER * unit)
        more = kept | gains | whole.fed(near, (qp.lower == 0.0) & (x <= NOTHING), idle)
        if part and np.array_equal(more, kept):
            return None
        kept = more
    return None


@dataclass(frozen=True)
class _Part:
    """The whole program with its entries as (row, column, value), out of which parts are cut."""

    qp: QP
    row: npt.NDArray[np.int64]
    column: npt.NDArray[np.int64]
    value: Vector

    @staticmethod
    def of(qp: QP) -> _Part:
        column = np.repeat(np.arange(qp.columns, dtype=np.int64), np.diff(qp.A.indptr))
        return _Part(qp, qp.A.indices.astype(np.int64), column, qp.A.data)

    @property
    def movable(self) -> Flags:
        """Columns with room; a sale under an offer cap of nought has none, whatever it would gain."""
        return np.asarray(self.qp.upper - self.qp.lower > NOTHING)

    def reduced(self, x: Vector, y: Vector) -> Vector:
        """Reduced costs: what a unit more of each column costs, all told."""
        return np.asarray(self.qp.p * x + self.qp.q + self.qp.A.T @ y)

    def idle(self, x: Vector, nothing: float) -> Flags:
        """Balances through which nothing runs."""
        running = np.zeros(self.qp.rows, dtype=bool)
        running[self.row[x[self.column] > nothing]] = True
        return np.asarray((self.qp.row_lower == self.qp.row_upper) & ~running)

    def lowest(self, y: Vector, idle: Flags) -> Vector:
        """`y` with the lowest multipliers of the idle balances at which no column that leaves one would gain.

        A balance that nothing leaves has no lowest one: it gets one below everything that is paid.
        """
        out = idle[self.row] & (self.value > 0) & self.movable[self.column]
        r, c, v = self.row[out], self.column[out], self.value[out]
        floor = -(1.0 + float(np.abs(y[~idle]).max(initial=0.0)))
        y = np.where(idle, floor, y)
        for _ in range(CHAIN):
            d = self.qp.q + self.qp.A.T @ y
            new = np.full(y.size, floor)
            np.maximum.at(new, r, y[r] - d[c] / v)
            new = np.where(idle, new, y)
            if np.array_equal(new, y):
                break
            y = new
        return y

    def fed(self, kept: Flags, at_zero: Flags, idle: Flags) -> Flags:
        """`kept` without columns that could only take from an idle balance to which no kept column brings anything."""
        takes, brings = idle[self.row] & (self.value > 0), idle[self.row] & (self.value < 0)
        kept = kept.copy()
        for _ in range(CHAIN):
            reached = np.zeros(self.qp.rows, dtype=bool)
            reached[self.row[brings & kept[self.column]]] = True
            dry = np.zeros(self.qp.columns, dtype=bool)
            dry[self.column[takes & ~reached[self.row]]] = True
            dry &= kept & at_zero
            if not dry.any():
                break
            kept &= ~dry
        return kept

    def needed(self, kept: Flags) -> Flags:
        """Columns of rows that ask for something and have no kept column."""
        has = np.zeros(self.qp.rows, dtype=bool)
        has[self.row[kept[self.column]]] = True
        asks = ~has & ((self.qp.row_lower > 0) | (self.qp.row_upper < 0))
        columns = np.zeros(self.qp.columns, dtype=bool)
        columns[self.column[asks[self.row]]] = True
        return columns

    def solve(self, kept: Flags, accuracy: float) -> tuple[Raw, npt.NDArray[np.int64]]:
        """The part's answer, and the rows it has."""
        qp = self.qp
        columns = np.flatnonzero(kept)
        A = sparse.csr_array(qp.A[:, columns])
        rows = np.flatnonzero(np.diff(A.indptr))
        part = replace(
            qp, p=qp.p[columns], q=qp.q[columns], A=sparse.csc_array(A[rows]), row_lower=qp.row_lower[rows],
            row_upper=qp.row_upper[rows], lower=qp.lower[columns], upper=qp.upper[columns],
            col_block=qp.col_block[columns], row_block=qp.row_block[rows],
        )  # fmt: skip
        return piqp(part, accuracy), rows

    def answer(self, raw: Raw, kept: Flags, idle: Flags, x: Vector, y: Vector, steps: int) -> Raw:
        """The part's answer as one of the whole: what is put aside, or touches an idle balance, is nought."""
        nought = ~kept
        nought[self.column[idle[self.row]]] = True
        nought &= self.qp.lower == 0.0
        x = np.where(nought, 0.0, x)
        d = self.reduced(x, y)
        z = np.where(nought, np.minimum(-d, -np.finfo(float).tiny), -d)
        return Raw(x, y, z, {**raw.info, "iterations": steps, "kept": int(np.count_nonzero(kept))})
