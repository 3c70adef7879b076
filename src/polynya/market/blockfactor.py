"""How is one Newton system of the market solved by blocks? (Structure, diagonal -> factor -> direction)

The system  [H G'; G -d] [u; v] = [a; b]  with a positive diagonal H is condensed to the unknowns of `Structure` (rows,
kept columns K, condensed columns C), with N = G_C inv(H_C) G_C':

    [ N + d    -G_K ] [v  ]   [ G_C inv(H_C) a_C - b ]
    [ -G_K'    -H_K ] [u_K] = [        -a_K          ]

It is quasi-definite, so every order of elimination has a Cholesky factor with fixed signs (Vanderbei 1995, "Symmetric
quasidefinite matrices", SIAM J. Optim. 5): + for rows, - for kept columns. Leaves are eliminated with dense Cholesky
and triangular solves straight into one panel per period, one rank-k update then makes the period's core, another one
its border, and the border's dense fronts follow in the order of time. LAPACK does the work; Python loops over blocks.

All values come from one sparse product (entries of the condensed matrix are linear in 1/H), written into flat buffers
that the factor overwrites; nothing is allocated between two factorisations but the fronts.
Not here: the order (`blockstructure`), regularisation and refinement (`blockipm`).
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.linalg import blas, lapack

from polynya.market.blockstructure import Ints, Structure

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]


class NotDefiniteError(ArithmeticError):
    """A pivot block lost its sign: the caller regularises more and tries again."""


@dataclass(frozen=True, slots=True)
class _Place:
    """Where the rows of a smaller matrix stand in a larger one: `index`, and as runs (there, here) of consecutive ones."""

    index: Ints
    runs: tuple[tuple[slice, slice], ...]

    @staticmethod
    def of(index: Ints) -> _Place:
        """Runs only where they are few: adding to slices needs no gather."""
        cuts = np.concatenate([[0], np.flatnonzero(np.diff(index) != 1) + 1, [index.size]]).astype(int).tolist()
        if index.size == 0 or len(cuts) > 9:
            return _Place(index, ())
        spans = itertools.pairwise(cuts)
        return _Place(index, tuple((slice(int(index[a]), int(index[a]) + b - a), slice(a, b)) for a, b in spans))

    def add(self, large: Matrix, small: Matrix) -> None:
        """large[index, index] += small."""
        if not self.runs:
            large[np.ix_(self.index, self.index)] += small
        for there, here in self.runs:
            for to, of in self.runs:
                large[there, to] += small[here, of]

    def add_columns(self, large: Matrix, small: Matrix) -> None:
        """large[:, index] += small."""
        if not self.runs:
            large[:, self.index] += small
        for there, here in self.runs:
            large[:, there] += small[:, here]


_NOTHING = _Place(np.zeros(0, dtype=np.int64), ())


@dataclass(slots=True)
class _Leaf:
    """A leaf: `rows`, its columns `first:last` in the panel, its square block `square`, and what it has in the border."""

    rows: Ints
    first: int
    last: int
    square: Matrix
    border: Ints
    place: _Place
    outer: Matrix


@dataclass(slots=True)
class _Period:
    """One period's buffers, all views of `buffer` in Fortran order, overwritten by the factor.

    `panel` [core, leaf rows], `core_square` [core, core], `core_border` [core, border]. `values`: which entries of the
    product go to which place of the buffer. `front_at`: places of the period's border in its front.
    """

    buffer: Vector
    target: Ints
    values: slice
    leaves: list[_Leaf]
    leaf_rows: Ints
    core: Ints
    panel: Matrix
    core_square: Matrix
    core_border: Matrix
    border: Ints
    front_at: _Place


@dataclass(slots=True)
class _Front:
    """The dense end of a period: `unknowns` (positions in the border), of which the first `plus` rows and then `minus`
    kept columns are eliminated; `carry`: where the rest goes in the next front."""

    unknowns: Ints
    plus: int
    minus: int
    target: Ints
    values: slice
    carry: _Place
    plus_square: Matrix
    plus_rest: Matrix
    minus_square: Matrix
    minus_rest: Matrix


class BlockFactor:
    """Symbolic once, numeric for every diagonal: `factor(h, d)`, then `solve(a, b)` as often as needed."""

    def __init__(self, G: sparse.csc_array, layout: Structure) -> None:
        self.G = G
        self.GT: sparse.csc_array = sparse.csc_array(G.T)
        self.rows, self.columns = int(G.shape[0]), int(G.shape[1])
        self.layout = layout
        self.kept = layout.kept
        self.h: Vector = np.ones(self.columns)
        self._place(layout)

    # --- symbolic -----------------------------------------------------------------------------------------------

    def _place(self, s: Structure) -> None:
        unknowns = self.rows + s.kept.size
        early, late, source, weight = self._products()
        periods = len(s.cores)
        # group ids in order of elimination: leaves of period 0, core 0, leaves of 1, ..., then fronts
        group = np.full(unknowns, -1, dtype=np.int64)
        local = np.zeros(unknowns, dtype=np.int64)
        leaf_group: list[list[int]] = []
        core_group: list[int] = []
        count = 0
        for leaves, core in zip(s.leaves, s.cores, strict=True):
            mine = []
            for rows in (*leaves, core):
                group[rows] = count
                local[rows] = np.arange(rows.size)
                mine.append(count)
                count += 1
            leaf_group.append(mine[:-1])
            core_group.append(mine[-1])
        front_group = count
        group[s.border] = front_group + s.stage
        place = np.full(unknowns, -1, dtype=np.int64)
        place[s.border] = np.arange(s.border.size)
        local[s.border] = place[s.border]

        swap = (group[early] > group[late]) | ((group[early] == group[late]) & (local[early] > local[late]))
        early, late = np.where(swap, late, early), np.where(swap, early, late)
        # entries of one place are summed by the product: sort by (group, early, late)
        key = (group[early] * unknowns + local[early] % unknowns) * (2 * unknowns) + np.where(
            group[late] == group[early], local[late], unknowns + late
        )
        _, first, entry = np.unique(key, return_index=True, return_inverse=True)
        self.product = sparse.csr_array(
            (weight, (entry, source)), shape=(first.size, self.columns + self.rows + 1 + s.kept.size)
        )
        early, late = early[first], late[first]
        bounds = np.searchsorted(group[early], np.arange(front_group + periods + 1))

        self.periods: list[_Period] = []
        for p in range(periods):
            a, b = int(bounds[(leaf_group[p] or [core_group[p]])[0]]), int(bounds[core_group[p] + 1])
            self.periods.append(
                self._period(s, p, early[a:b], late[a:b], slice(a, b), group, local, place, leaf_group[p], bounds)
            )
        self.fronts: list[_Front] = []
        for p in range(periods):
            a, b = int(bounds[front_group + p]), int(bounds[front_group + p + 1])
            unknown = s.fronts[p]
            size = unknown.size
            done = int(np.count_nonzero(s.stage[unknown] == p))
            plus = int(np.count_nonzero(s.border[unknown[:done]] < self.rows))
            i, j = np.searchsorted(unknown, place[late[a:b]]), np.searchsorted(unknown, place[early[a:b]])
            rest = unknown[done:]
            carry = np.searchsorted(s.fronts[p + 1], rest) if p + 1 < periods else np.zeros(0, dtype=np.int64)
            empty = np.zeros((0, 0), order="F")
            self.fronts.append(
                _Front(
                    unknown, plus, done - plus, i + j * size, slice(a, b), _Place.of(carry), empty, empty, empty, empty
                )
            )
            period = self.periods[p]
            period.front_at = _Place.of(np.searchsorted(unknown, period.border))

    def _products(self) -> tuple[Ints, Ints, Ints, Vector]:
        """Every contribution to the condensed matrix: unknown, unknown, which entry of [1/H, d, 1, H_K], times what."""
        G, kept = self.G, self.kept
        number = np.full(self.columns, -1, dtype=np.int64)
        number[kept] = np.arange(kept.size)
        size = np.diff(G.indptr)
        early, late, source, weight = [], [], [], []
        condensed = number < 0
        for width in np.unique(size[condensed]):
            if width == 0:
                continue
            columns = np.flatnonzero(condensed & (size == width))
            at = G.indptr[columns].astype(np.int64)[:, None] + np.arange(width)
            index, value = G.indices[at].astype(np.int64), G.data[at]
            i, j = np.tril_indices(int(width))
            early.append(index[:, j].ravel())
            late.append(index[:, i].ravel())
            weight.append((value[:, i] * value[:, j]).ravel())
            source.append(np.repeat(columns, i.size))
        every = np.arange(self.rows, dtype=np.int64)
        early.append(every)
        late.append(every)
        source.append(self.columns + every)
        weight.append(np.ones(self.rows))
        for k, column in enumerate(kept):
            a, b = G.indptr[column], G.indptr[column + 1]
            early.append(G.indices[a:b].astype(np.int64))
            late.append(np.full(b - a, self.rows + k))
            source.append(np.full(b - a, self.columns + self.rows))
            weight.append(-G.data[a:b])
        own = self.rows + np.arange(kept.size, dtype=np.int64)
        early.append(own)
        late.append(own)
        source.append(self.columns + self.rows + 1 + np.arange(kept.size))
        weight.append(-np.ones(kept.size))
        return np.concatenate(early), np.concatenate(late), np.concatenate(source), np.concatenate(weight)

    def _period(
        self,
        s: Structure,
        p: int,
        early: Ints,
        late: Ints,
        values: slice,
        group: Ints,
        local: Ints,
        place: Ints,
        leaf_groups: list[int],
        bounds: Ints,
    ) -> _Period:
        leaves, core = s.leaves[p], s.cores[p]
        into = place[late]
        border = np.unique(into[into >= 0])
        sizes = np.array([rows.size for rows in leaves], dtype=np.int64)
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        inner, c, b = int(starts[-1]), core.size, border.size
        target = np.empty(early.size, dtype=np.int64)
        offset = values.start
        position = c * inner
        outer_lists, square_at, outer_at = [], [], []
        for k, g in enumerate(leaf_groups):
            part = slice(int(bounds[g]) - offset, int(bounds[g + 1]) - offset)
            e, lt, out = local[early[part]], late[part], into[part]
            mine = np.unique(out[out >= 0])
            square_at.append(position)
            outer_at.append(position + int(sizes[k]) ** 2)
            place_in = np.where(
                out >= 0,
                outer_at[k] + np.searchsorted(mine, out) + e * mine.size,
                np.where(group[lt] == g, square_at[k] + local[lt] + e * sizes[k], local[lt] + (starts[k] + e) * c),
            )
            target[part] = place_in
            outer_lists.append(mine)
            position += int(sizes[k]) ** 2 + int(sizes[k]) * mine.size
        core_at, core_border_at = position, position + c * c
        part = slice(int(bounds[leaf_groups[-1] + 1]) - offset if leaf_groups else 0, None)
        e, lt, out = local[early[part]], late[part], into[part]
        target[part] = np.where(
            out >= 0, core_border_at + e + np.searchsorted(border, out) * c, core_at + local[lt] + e * c
        )
        buffer = np.zeros(core_border_at + c * b)

        def view(start: int, height: int, width: int) -> Matrix:
            return buffer[start : start + height * width].reshape((height, width), order="F")

        made = [
            _Leaf(
                rows=rows,
                first=int(starts[k]),
                last=int(starts[k + 1]),
                square=view(square_at[k], rows.size, rows.size),
                border=outer_lists[k],
                place=_Place.of(np.searchsorted(border, outer_lists[k])),
                outer=view(outer_at[k], outer_lists[k].size, rows.size),
            )
            for k, rows in enumerate(leaves)
        ]
        return _Period(
            buffer=buffer,
            target=target,
            values=values,
            leaves=made,
            leaf_rows=np.concatenate(leaves) if leaves else np.zeros(0, dtype=np.int64),
            core=core,
            panel=view(0, c, inner),
            core_square=view(core_at, c, c),
            core_border=view(core_border_at, c, b),
            border=border,
            front_at=_NOTHING,
        )

    # --- numeric ------------------------------------------------------------------------------------------------

    def factor(self, h: Vector, d: Vector) -> None:
        """Factor for the diagonal `h` [columns] > 0 and the shift `d` [rows] > 0.

        Raises NotDefiniteError when a pivot block is not definite in floating point.
        """
        self.h = h
        values = self.product @ np.concatenate([1.0 / h, d, [1.0], h[self.kept]])
        carry: Matrix = np.zeros((0, 0), order="F")
        where = _NOTHING
        for period, front in zip(self.periods, self.fronts, strict=True):
            border = self._eliminate_period(period, values)
            size = front.unknowns.size
            dense = np.zeros((size, size), order="F")
            dense.reshape(-1, order="F")[front.target] = values[front.values]
            if carry.size:
                where.add(dense, carry)
            if border.size:
                period.front_at.add(dense, border)
            carry, where = self._eliminate_front(front, dense), front.carry

    def _eliminate_period(self, period: _Period, values: Vector) -> Matrix:
        """Leaves and core; what they leave to the border (lower triangle)."""
        period.buffer.fill(0.0)
        period.buffer[period.target] = values[period.values]
        size = period.border.size
        border: Matrix = np.zeros((size, size), order="F")
        core = period.core.size
        for leaf in period.leaves:
            _cholesky(leaf.square)
            panel = period.panel[:, leaf.first : leaf.last]
            if core:
                _right(leaf.square, panel)
            if leaf.border.size:
                _right(leaf.square, leaf.outer)
                if core:
                    leaf.place.add_columns(period.core_border, -blas.dgemm(1.0, panel, leaf.outer, trans_b=1))
                leaf.place.add(border, -blas.dgemm(1.0, leaf.outer, leaf.outer, trans_b=1))
        if core:
            if period.leaf_rows.size:
                blas.dsyrk(-1.0, period.panel, beta=1.0, c=period.core_square, lower=1, overwrite_c=1)
            _cholesky(period.core_square)
            if size:
                blas.dtrsm(1.0, period.core_square, period.core_border, side=0, lower=1, overwrite_b=1)
                border = blas.dsyrk(-1.0, period.core_border, beta=1.0, c=border, trans=1, lower=1, overwrite_c=1)
        return border

    def _eliminate_front(self, front: _Front, dense: Matrix) -> Matrix:
        """The rows, then the kept columns that end here; what they leave to the next front (lower triangle)."""
        n = front.plus
        if n:
            front.plus_square = np.asfortranarray(dense[:n, :n])
            _cholesky(front.plus_square)
            if n == dense.shape[0]:
                return np.zeros((0, 0), order="F")
            front.plus_rest = np.asfortranarray(dense[n:, :n])
            _right(front.plus_square, front.plus_rest)
            dense = np.asfortranarray(dense[n:, n:])
            blas.dsyrk(-1.0, front.plus_rest, beta=1.0, c=dense, lower=1, overwrite_c=1)
        n = front.minus
        if n:
            front.minus_square = np.asfortranarray(-dense[:n, :n])
            _cholesky(front.minus_square)
            if n == dense.shape[0]:
                return np.zeros((0, 0), order="F")
            front.minus_rest = np.asfortranarray(dense[n:, :n])
            _right(front.minus_square, front.minus_rest)
            dense = np.asfortranarray(dense[n:, n:])
            blas.dsyrk(1.0, front.minus_rest, beta=1.0, c=dense, lower=1, overwrite_c=1)
        return dense

    # --- solve --------------------------------------------------------------------------------------------------

    def solve(self, a: Vector, b: Vector) -> tuple[Vector, Vector]:
        """u [columns] and v [rows] of [H G'; G -d] [u; v] = [a; b] by one forward and one backward sweep."""
        kept, s = self.kept, self.layout
        scaled = a / self.h
        scaled[kept] = 0.0
        x = np.concatenate([self.G @ scaled - b, -a[kept]])
        border = x[s.border]
        for period, front in zip(self.periods, self.fronts, strict=True):
            core = x[period.core]
            part = x[period.leaf_rows]
            for leaf in period.leaves:
                v = _lower(leaf.square, part[leaf.first : leaf.last])
                part[leaf.first : leaf.last] = v
                if leaf.border.size:
                    border[leaf.border] -= leaf.outer @ v
            x[period.leaf_rows] = part
            if core.size:
                core -= period.panel @ part
                core = _lower(period.core_square, core)
                x[period.core] = core
                if period.border.size:
                    border[period.border] -= core @ period.core_border
            n, k = front.plus, front.plus + front.minus
            unknown = front.unknowns
            if front.plus:
                v = _lower(front.plus_square, border[unknown[:n]])
                border[unknown[:n]] = v
                if n < unknown.size:
                    border[unknown[n:]] -= front.plus_rest @ v
            if front.minus:
                v = _lower(front.minus_square, border[unknown[n:k]])
                border[unknown[n:k]] = v
                if k < unknown.size:
                    border[unknown[k:]] += front.minus_rest @ v
        for period, front in zip(reversed(self.periods), reversed(self.fronts), strict=True):
            n, k = front.plus, front.plus + front.minus
            unknown = front.unknowns
            if front.minus:
                v = border[unknown[n:k]]
                if k < unknown.size:
                    v = v - border[unknown[k:]] @ front.minus_rest
                border[unknown[n:k]] = -_upper(front.minus_square, v)
            if front.plus:
                v = border[unknown[:n]]
                if n < unknown.size:
                    v = v - border[unknown[n:]] @ front.plus_rest
                border[unknown[:n]] = _upper(front.plus_square, v)
            core = x[period.core]
            part = x[period.leaf_rows]
            if core.size:
                if period.border.size:
                    core -= period.core_border @ border[period.border]
                core = _upper(period.core_square, core)
                x[period.core] = core
                part -= core @ period.panel
            for leaf in period.leaves:
                v = part[leaf.first : leaf.last]
                if leaf.border.size:
                    v = v - border[leaf.border] @ leaf.outer
                part[leaf.first : leaf.last] = _upper(leaf.square, v)
            x[period.leaf_rows] = part
        x[s.border] = border
        v = x[: self.rows]
        u = (a - self.GT @ v) / self.h
        u[kept] = x[self.rows :]
        return u, v


def _cholesky(square: Matrix) -> None:
    """Lower factor in place."""
    if square.shape[0] == 1:
        if not square[0, 0] > 0.0:
            raise NotDefiniteError
        square[0, 0] = np.sqrt(square[0, 0])
        return
    _, info = lapack.dpotrf(square, lower=1, clean=0, overwrite_a=1)
    if info != 0:
        raise NotDefiniteError


def _right(square: Matrix, panel: Matrix) -> None:
    """panel <- panel inv(L') in place."""
    blas.dtrsm(1.0, square, panel, side=1, lower=1, trans_a=1, overwrite_b=1)


def _lower(square: Matrix, right: Vector) -> Any:
    """inv(L) right."""
    return blas.dtrsv(square, right, lower=1)


def _upper(square: Matrix, right: Vector) -> Any:
    """inv(L') right."""
    return blas.dtrsv(square, right, lower=1, trans=1)
