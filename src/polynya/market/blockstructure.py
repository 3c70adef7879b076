"""In which order are the rows of a market's normal equations eliminated? (matrix and block ids -> Structure)

Three levels, from the inside out. *Leaves*: the rows of one trader's network in one period; leaves touch each other
only through rows further out. *Cores*: what the traders of one period share (markets, capacities, fleets). *Border*:
what joins periods. A row of storage, an annual contract, or a column that lives in three periods and more (an
investment), which stays a variable instead of being condensed into rows. The border is eliminated period by period, so
that only what is alive between two periods is ever dense together.

Periods that the quadratic program does not tell are found: blocks that share many coupling rows belong together
(traders of a period share some hundred markets and capacities, months of a trader a few annual contracts; where every
terminal joins one month to the next that guess fails, so the market tells). A wrong guess costs time, never
correctness: every entry of the matrix has its place in any case.

Not here: numbers (`blockfactor`), iterations (`blockipm`).
Source of the method: block elimination of a bordered block-diagonal system, Gondzio & Grothey (2007), "Parallel
interior-point solver for structured quadratic programs", Annals of Operations Research 152.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

Ints = npt.NDArray[np.int64]

DENSE_COLUMN = 100  # a column with more entries stays a variable: condensed it would fill 100 x 100 entries
MANY_PERIODS = 2  # a column that lives in more periods than this stays a variable


@dataclass(frozen=True, slots=True)
class Structure:
    """Elimination order of the unknowns: the rows 0..m-1, then the kept columns m, m+1, ... in the order of `kept`.

    `kept` [columns]. `leaves`: per period, the rows of each leaf. `cores`: per period, its shared rows. `border`:
    unknowns of the border in order of elimination. `stage`: for each unknown of the border the period after whose
    assembly it is eliminated. `fronts`: per period, the positions in `border` of the unknowns that are dense together
    when its border is eliminated, those that are eliminated first.
    """

    kept: Ints
    leaves: tuple[tuple[Ints, ...], ...]
    cores: tuple[Ints, ...]
    border: Ints
    stage: Ints
    fronts: tuple[Ints, ...]

    def multiplications(self) -> float:
        """Estimate of the multiplications of one factorisation, for the choice between structures."""
        total = 0.0
        for p, (leaves, core) in enumerate(zip(self.leaves, self.cores, strict=True)):
            c, done = float(core.size), float(np.count_nonzero(self.stage == p))
            alive = float(self.fronts[p].size)
            inner = sum(float(leaf.size) for leaf in leaves)
            total += sum(float(leaf.size) ** 3 / 3 for leaf in leaves)
            total += inner * c * c / 2 + c**3 / 3 + c * alive * alive / 2 + done * alive**2 / 2
        return total


def structure(
    A: sparse.csc_array,
    col_block: npt.NDArray[np.int32],
    row_block: npt.NDArray[np.int32],
    free: npt.NDArray[np.bool_],
    period: npt.NDArray[np.int32] | None = None,
) -> Structure:
    """The cheaper of the structures that the possible ways to group blocks into periods give.

    `A` is the matrix, `free` [columns] marks the columns that are not fixed; a fixed column joins nothing. `period`
    [blocks] tells the periods where they are known; then nothing is guessed.
    """
    entries = _Entries(A, col_block, row_block, free)
    if period is not None:
        return _arrange(entries, period.astype(np.int64))
    found: list[Structure] = []
    seen: set[bytes] = set()
    for share in (0.0, 0.1, 0.4):
        period_of_block = _group(entries, share)
        key = period_of_block.tobytes()
        if key not in seen:
            seen.add(key)
            found.append(_arrange(entries, period_of_block))
    best = found[0]
    for other in found[1:]:
        if 2.0 * other.multiplications() < best.multiplications():
            best = other
    return best


class _Entries:
    """Entries of the free columns as (row, column) pairs, with the blocks of both."""

    def __init__(
        self,
        A: sparse.csc_array,
        col_block: npt.NDArray[np.int32],
        row_block: npt.NDArray[np.int32],
        free: npt.NDArray[np.bool_],
    ) -> None:
        self.rows, self.columns = int(A.shape[0]), int(A.shape[1])
        column = np.repeat(np.arange(self.columns, dtype=np.int64), np.diff(A.indptr))
        keep = free[column]
        self.row = A.indices.astype(np.int64)[keep]
        self.column = column[keep]
        self.row_block = row_block.astype(np.int64)
        self.col_block = col_block.astype(np.int64)
        self.blocks = int(max(self.row_block.max(initial=-1), self.col_block.max(initial=-1))) + 1


def _group(e: _Entries, share: float) -> Ints:
    """Period of each block: blocks joined when they share more coupling rows than `share` of the most any two share."""
    coupling = (e.row_block[e.row] < 0) & (e.col_block[e.column] >= 0)
    rows, blocks = e.row[coupling], e.col_block[e.column[coupling]]
    touch = sparse.csr_array((np.ones(rows.size), (rows, blocks)), shape=(e.rows, e.blocks))
    touch.data[:] = 1.0
    shared = sparse.coo_array(touch.T @ touch)
    i, j = shared.coords
    off = i != j
    weight = shared.data[off]
    strong = weight > share * weight.max(initial=0.0)
    graph = sparse.coo_array((weight[strong], (i[off][strong], j[off][strong])), shape=(e.blocks, e.blocks))
    _, label = sparse.csgraph.connected_components(graph, directed=False)
    return _by_first(label.astype(np.int64))


def _by_first(label: Ints) -> Ints:
    """Labels renumbered in order of first appearance, which for ids that rise with time is the order of time."""
    _, first, inverse = np.unique(label, return_index=True, return_inverse=True)
    rank = np.empty(first.size, dtype=np.int64)
    rank[np.argsort(first)] = np.arange(first.size)
    return rank[inverse]


NONE, SEVERAL = -1, -2
_NOWHERE = np.iinfo(np.int64).max


def _span(index: Ints, period: Ints, size: int) -> tuple[Ints, Ints]:
    """Lowest and highest period among the entries of each index that have one; (big, -1) without any."""
    low = np.full(size, _NOWHERE)
    high = np.full(size, -1, dtype=np.int64)
    has = period >= 0
    np.minimum.at(low, index[has], period[has])
    np.maximum.at(high, index[has], period[has])
    return low, high


def _row_periods(e: _Entries, period_of_block: Ints) -> Ints:
    """Period of each row; SEVERAL for a row that joins periods."""
    period = np.full(e.rows, NONE, dtype=np.int64)
    own = e.row_block >= 0
    period[own] = period_of_block[e.row_block[own]]
    inside = e.col_block[e.column] >= 0
    low, high = _span(e.row[inside], period_of_block[e.col_block[e.column[inside]]], e.rows)
    coupling = ~own & (high >= 0)
    period[coupling] = np.where(low[coupling] == high[coupling], low[coupling], SEVERAL)
    for _ in range(20):  # rows without a block's columns (storage) get the period of the columns they share with others
        low, high = _span(e.column, period[e.row], e.columns)
        single = (low == high)[e.column] & (period[e.row] == NONE)
        if not single.any():
            break
        low, high = _span(e.row[single], low[e.column[single]], e.rows)
        hit = (period == NONE) & (high >= 0)
        period[hit] = np.where(low[hit] == high[hit], low[hit], SEVERAL)
    low, _ = _span(e.column, period[e.row], e.columns)  # rows of columns that join periods only: one of these periods
    known = low[e.column] < _NOWHERE
    low, high = _span(e.row[known], low[e.column[known]], e.rows)
    period = np.where((period == NONE) & (high >= 0), low, period)
    lonely = np.flatnonzero(period == NONE)
    if lonely.size:  # what touches no block at all: each connected part goes to some one period
        inside = period[e.row] == NONE
        graph = sparse.coo_array(
            (np.ones(np.count_nonzero(inside)), (e.row[inside], e.rows + e.column[inside])),
            shape=(e.rows + e.columns, e.rows + e.columns),
        )
        _, label = sparse.csgraph.connected_components(graph, directed=False)
        part = _by_first(label[lonely].astype(np.int64))
        periods = int(period.max(initial=-1)) + 1
        period[lonely] = part % periods if periods else part
    return period


def _arrange(e: _Entries, period_of_block: Ints) -> Structure:
    period = _row_periods(e, period_of_block)
    size = np.bincount(e.column, minlength=e.columns)
    named = period >= 0
    if named.any():  # blocks without rows leave no gap
        period[named] = np.unique(period[named], return_inverse=True)[1]
    wide = e.rows + 2
    pair = np.unique(e.column * wide + period[e.row] + 2)
    lives = np.bincount(pair[pair % wide >= 2] // wide, minlength=e.columns)

    low, high = _span(e.column, e.row_block[e.row], e.columns)
    kept = (lives > MANY_PERIODS) | (size > DENSE_COLUMN) | ((high >= 0) & (low != high) & (lives < 2))
    joining = (lives == 2) & ~kept
    touched = np.unique(e.row[joining[e.column] & (period[e.row] >= 0)])
    if touched.size <= 2 * np.count_nonzero(joining):  # a joining column would be alive in both its periods
        outer_row = np.zeros(e.rows, dtype=bool)
        outer_row[touched] = True
    else:
        kept |= joining
        outer_row = np.zeros(e.rows, dtype=bool)
    outer_row |= period == SEVERAL
    kept_columns = np.flatnonzero(kept)

    # A coupling row with columns of one block only is a row of that leaf, unless a column of no block that it holds
    # would join the leaf to another one. (A store's limits on a price taker and the desk: a third of a core's rows.)
    leaf = e.row_block.copy()
    low, high = _span(e.row, e.col_block[e.column], e.rows)
    claimed = np.where((leaf < 0) & (high >= 0) & (low == high), low, leaf)
    low, high = _span(e.column, claimed[e.row], e.columns)
    joins = (e.col_block < 0) & (low != high) & ~kept
    refused = np.zeros(e.rows, dtype=bool)
    refused[e.row[(joins & (high >= 0))[e.column]]] = True
    private = (leaf < 0) & (claimed >= 0) & ~refused
    leaf[private] = claimed[private]
    leaf[outer_row] = -1

    periods = int(period.max(initial=-1)) + 1
    cores = tuple(np.flatnonzero((leaf < 0) & ~outer_row & (period == p)) for p in range(periods))
    order = np.argsort(leaf, kind="stable")
    order = order[leaf[order] >= 0]
    cuts = np.flatnonzero(np.diff(leaf[order])) + 1
    leaves: list[list[Ints]] = [[] for _ in range(periods)]
    for rows in np.split(order, cuts):
        if rows.size:
            leaves[int(period[rows[0]])].append(rows)

    border = np.concatenate([np.flatnonzero(outer_row), e.rows + np.arange(kept_columns.size)])
    stage = _last_period(e, period, outer_row, kept_columns, periods)[border]
    begins, _ = _span(e.column, period[e.row], e.columns)
    begins = np.concatenate([np.zeros(e.rows, dtype=np.int64), begins[kept_columns]])[border]
    rank = np.lexsort((border, begins, border >= e.rows, stage))
    border, stage = border[rank], stage[rank]
    groups = tuple(tuple(group) for group in leaves)
    fronts = _fronts(e, period, border, stage, kept_columns, periods)
    return Structure(kept_columns, groups, cores, border, stage, fronts)


def _fronts(e: _Entries, period: Ints, border: Ints, stage: Ints, kept: Ints, periods: int) -> tuple[Ints, ...]:
    """Unknowns of the border that are dense together in each period: symbolic elimination in the order of time."""
    place = np.full(e.rows + kept.size, -1, dtype=np.int64)
    place[border] = np.arange(border.size)
    column_place = np.full(e.columns, -1, dtype=np.int64)
    column_place[kept] = place[e.rows + np.arange(kept.size)]
    outer = place[e.row] >= 0
    # An element joins unknowns: a condensed column those of its rows, a kept column itself and each single row.
    element = np.where(column_place[e.column] >= 0, e.columns + np.arange(e.row.size), e.column)
    itself = column_place[e.column] >= 0
    at = np.concatenate([place[e.row[outer]], column_place[e.column[itself]]])
    of = np.concatenate([element[outer], element[itself]])
    width = e.columns + e.row.size
    joins = sparse.csr_array((np.ones(at.size), (at, of)), shape=(border.size, width))
    inner = sparse.csr_array(
        (np.ones(np.count_nonzero(~outer)), (period[e.row[~outer]], element[~outer])), shape=(periods, width)
    )
    touched = sparse.csr_array(inner @ joins.T)
    beside = sparse.csr_array(joins @ joins.T)
    cuts = np.searchsorted(stage, np.arange(periods + 1))
    alive = np.zeros(0, dtype=np.int64)
    fronts = []
    for p in range(periods):
        done = np.arange(cuts[p], cuts[p + 1])
        near = beside.indices[beside.indptr[cuts[p]] : beside.indptr[cuts[p + 1]]]
        mine = touched.indices[touched.indptr[p] : touched.indptr[p + 1]]
        front = np.unique(np.concatenate([alive, mine, near, done]).astype(np.int64))
        front = front[front >= cuts[p]]
        fronts.append(front)
        alive = front[front >= cuts[p + 1]]
    return tuple(fronts)


def _last_period(
    e: _Entries, period: Ints, outer_row: npt.NDArray[np.bool_], kept: Ints, periods: int
) -> npt.NDArray[np.int64]:
    """For rows and kept columns: the last period with an inner row that shares a column with it.

    A row that meets rows of the border only goes out with the first of them.
    """
    inner = ~outer_row[e.row]
    _, high = _span(e.column[inner], period[e.row[inner]], e.columns)
    condensed = np.ones(e.columns, dtype=bool)
    condensed[kept] = False
    through = condensed[e.column]
    row, column = e.row[through], e.column[through]
    _, row_high = _span(row, high[column], e.rows)
    beside, _ = _span(column, row_high[row], e.columns)
    row_low, _ = _span(row, np.where(beside[column] < _NOWHERE, beside[column], NONE), e.rows)
    row_high = np.where((row_high < 0) & (row_low < _NOWHERE), row_low, row_high)
    last = np.concatenate([row_high, high[kept]])
    last[last < 0] = max(periods - 1, 0)
    return last
