"""How are columns, rows and entries collected into one sparse program? (families of columns and rows -> QP)

A `Span` is one family of columns or rows: consecutive numbers, and for each of them what it stands for. Everything is
appended as arrays; nothing loops over single variables. Not here: what the families mean (`formulation`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse

from polynya.market.coded import Ints
from polynya.market.qp import QP, Vector


@dataclass(frozen=True)
class Span:
    """Columns or rows `start ... start + size - 1` of one family; `of[name]` says for each what it belongs to."""

    start: int
    size: int
    of: Mapping[str, Ints]

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, name: str) -> Ints:
        return self.of[name]

    @property
    def ids(self) -> Ints:
        """Column or row numbers."""
        return np.arange(self.start, self.start + self.size)

    def take(self, vector: Vector) -> Vector:
        """The family's part of a solution or multiplier vector."""
        return vector[self.start : self.start + self.size]


@dataclass
class Side:
    """Columns or rows collected so far."""

    size: int = 0
    lower: list[Vector] = field(default_factory=list)
    upper: list[Vector] = field(default_factory=list)
    block: list[Ints] = field(default_factory=list)

    def add(
        self, size: int, lower: npt.ArrayLike, upper: npt.ArrayLike, block: npt.ArrayLike, of: dict[str, Ints]
    ) -> Span:
        """Append one family; scalars stand for every member."""
        self.lower.append(np.broadcast_to(np.asarray(lower, dtype=float), size))
        self.upper.append(np.broadcast_to(np.asarray(upper, dtype=float), size))
        self.block.append(np.broadcast_to(np.asarray(block, dtype=np.int64), size))
        span = Span(self.size, size, of)
        self.size += size
        return span


class Program:
    """A program under construction."""

    def __init__(self) -> None:
        self._columns, self._rows = Side(), Side()
        self._p: list[Vector] = []
        self._q: list[Vector] = []
        self._entries: list[tuple[Ints, Ints, Vector]] = []

    def columns(
        self,
        size: int,
        *,
        lower: npt.ArrayLike = 0.0,
        upper: npt.ArrayLike = np.inf,
        linear: npt.ArrayLike = 0.0,
        quadratic: npt.ArrayLike = 0.0,
        block: npt.ArrayLike = -1,
        **of: Ints,
    ) -> Span:
        """Append a family of variables with cost linear x + 1/2 quadratic x^2."""
        self._q.append(np.broadcast_to(np.asarray(linear, dtype=float), size))
        self._p.append(np.broadcast_to(np.asarray(quadratic, dtype=float), size))
        return self._columns.add(size, lower, upper, block, of)

    def rows(
        self,
        size: int,
        *,
        lower: npt.ArrayLike = -np.inf,
        upper: npt.ArrayLike = np.inf,
        block: npt.ArrayLike = -1,
        **of: Ints,
    ) -> Span:
        """Append a family of constraints."""
        return self._rows.add(size, lower, upper, block, of)

    def enter(self, rows: Ints, columns: Ints, values: npt.ArrayLike) -> None:
        """Add coefficients; a negative row number means that the row was left out, with its entries."""
        keep = rows >= 0
        values = np.broadcast_to(np.asarray(values, dtype=float), rows.shape)
        self._entries.append((rows[keep], columns[keep], values[keep]))

    def finish(self, periods: int) -> QP:
        """Assemble. Block ids, which are class * periods + period, are renumbered 0, 1, 2, ... in their order."""
        rows, columns, values = (np.concatenate(parts) for parts in zip(*self._entries, strict=True))
        shape = (self._rows.size, self._columns.size)
        matrix = sparse.csc_array(sparse.coo_array((values, (rows, columns)), shape=shape))
        matrix.sum_duplicates()
        matrix.eliminate_zeros()
        blocks = np.concatenate([*self._columns.block, *self._rows.block])
        used = np.unique(blocks[blocks >= 0])
        renumbered = np.where(blocks >= 0, np.searchsorted(used, blocks), -1).astype(np.int32)
        return QP(
            np.concatenate(self._p),
            np.concatenate(self._q),
            matrix,
            np.concatenate(self._rows.lower),
            np.concatenate(self._rows.upper),
            np.concatenate(self._columns.lower),
            np.concatenate(self._columns.upper),
            renumbered[: self._columns.size],
            renumbered[self._columns.size :],
            (used % periods).astype(np.int32),
        )


def expanded(mask: npt.NDArray[np.bool_]) -> tuple[Ints, ...]:
    """Indices of the true cells of a mask, in order."""
    return tuple(axis.astype(np.int64) for axis in np.nonzero(mask))
