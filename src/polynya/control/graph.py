"""What is the ownership graph on a day? (edges -> integer arrays by owner, one track per kind of holding)

An edge says that an owner holds a share of something: `title` (shares), `votes`, `board` (seats it appoints),
`contract` (control by agreement) or `trustee` (votes exercised for another). The share lies in [share_min, share_max],
both in units of 1e-14 percent; they are equal when it is exact, and 0 and 100 % when it is unknown.

Several edges of one owner into one thing are parcels and add up. What is known to be held may not exceed 100 %.
Only edges in force on the day and closed count; a reported one counts as possible, an agreed or revoked one not at all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

import numpy as np
import numpy.typing as npt

from polynya.control.shares import WHOLE, format_share
from polynya.errors import Fault, InputError

KINDS = ("title", "votes", "board", "contract", "trustee")
STATUSES = ("closed", "reported", "agreed", "revoked")

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Edge:
    """One holding. Shares in 1e-14 percent; `valid_to` is the last day; None means open."""

    owner: str
    owned: str
    share_min: int
    share_max: int
    kind: str = "title"
    valid_from: date | None = None
    valid_to: date | None = None
    status: str = "closed"
    source: str = ""
    locator: str = ""
    note: str = ""
    imputed: bool = False
    id: str = ""

    @property
    def exact(self) -> bool:
        """Whether the share is one number."""
        return self.share_min == self.share_max

    @property
    def unknown(self) -> bool:
        """Whether nothing is known about the share."""
        return self.share_min == 0 and self.share_max == WHOLE

    def in_force(self, day: date) -> bool:
        """Whether the day lies within the edge's dates."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    def counted(self) -> Edge | None:
        """The edge as the tests count it: closed as it is, reported as merely possible, others not."""
        if self.status == "closed":
            return self
        if self.status == "reported":
            return replace(self, share_min=0)
        return None

    def share_text(self) -> str:
        """`51`, `30 to 40` or `unknown`."""
        if self.exact:
            return format_share(self.share_min)
        if self.unknown:
            return "unknown"
        return f"{format_share(self.share_min)} to {format_share(self.share_max)}"


@dataclass(frozen=True)
class Track:
    """All holdings of one kind in compressed form: the edges of owner i are `starts[i]:starts[i + 1]`."""

    starts: Ints
    owned: npt.NDArray[np.int32]
    share_min: Ints
    share_max: Ints
    known_total: Ints  # what is known to be held of each id [1e-14 percent]
    uncertain: bool  # whether any share is not exact

    @cached_property
    def edges(self) -> int:
        """Number of edges."""
        return len(self.owned)


@dataclass(frozen=True)
class Graph:
    """The graph on one day. `ids` are in order; every id of the input is here, also without an edge in force."""

    ids: tuple[str, ...]
    tracks: Mapping[str, Track]
    edges: tuple[Edge, ...] = ()  # in force and counted; empty for graphs built from arrays
    pending: tuple[Edge, ...] = ()  # agreed or reported on the day, not counted as held
    index: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def holdings_of(self) -> Mapping[str, tuple[Edge, ...]]:
        """Owner -> its edges."""
        return _by(self.edges, "owner")

    @cached_property
    def holders_of(self) -> Mapping[str, tuple[Edge, ...]]:
        """Owned -> the edges into it."""
        return _by(self.edges, "owned")


def build_graph(edges: Iterable[Edge], day: date, ids: Iterable[str] = ()) -> Graph:
    """The graph on a day. Raises InputError when more than 100 % of something is known to be held."""
    every = list(edges)
    names = sorted({e.owner for e in every} | {e.owned for e in every} | set(ids))
    live = [e for e in every if e.in_force(day)]
    counted = sorted((c for e in live if (c := e.counted()) is not None), key=_order)
    pending = tuple(sorted((e for e in live if e.status != "closed"), key=_order))
    check_totals(counted)
    index = {name: i for i, name in enumerate(names)}
    tracks = {}
    for kind in KINDS:
        of_kind = [e for e in counted if e.kind == kind]
        if of_kind:
            tracks[kind] = track_from_arrays(
                np.array([index[e.owner] for e in of_kind], dtype=np.int32),
                np.array([index[e.owned] for e in of_kind], dtype=np.int32),
                np.array([e.share_min for e in of_kind], dtype=np.int64),
                np.array([e.share_max for e in of_kind], dtype=np.int64),
                len(names),
            )
    return Graph(tuple(names), tracks, tuple(counted), pending, index)


def track_from_arrays(
    owner: npt.NDArray[np.int32], owned: npt.NDArray[np.int32], share_min: Ints, share_max: Ints, n: int
) -> Track:
    """One track over ids 0..n-1. Shares in 1e-14 percent. O(edges)."""
    from scipy.sparse import coo_array

    edges = len(owner)
    # a row a holder, a column an edge: the conversion to compressed rows is a stable counting sort, O(edges)
    columns = np.arange(edges, dtype=np.int32)
    rows = coo_array((np.ones(edges, dtype=np.int8), (owner, columns)), shape=(n, edges)).tocsr()
    order = rows.indices
    known = np.zeros(n, dtype=np.int64)
    np.add.at(known, owned, share_min)
    return Track(
        rows.indptr.astype(np.int64),
        owned[order],
        share_min[order],
        share_max[order],
        known,
        bool(np.any(share_min != share_max)),
    )


def check_totals(edges: Sequence[Edge]) -> None:
    """Refuse a world in which more than 100 % of something is known to be held. Raises InputError."""
    totals: dict[tuple[str, str], int] = defaultdict(int)
    for e in edges:
        totals[e.owned, e.kind] += e.share_min
    faults = [
        Fault(
            f"{format_share(total)} percent of {owned} ({kind}) are held on that day",
            fix="Date the holdings, or correct a share; at most 100 percent can be held.",
            code="share_sum",
        )
        for (owned, kind), total in sorted(totals.items())
        if total > WHOLE
    ]
    if faults:
        raise InputError(faults)


def _order(e: Edge) -> tuple[str, str, str, int, int, str]:
    return (e.owned, e.owner, e.kind, -e.share_min, -e.share_max, e.id)


def _by(edges: Iterable[Edge], what: str) -> Mapping[str, tuple[Edge, ...]]:
    grouped: dict[str, list[Edge]] = defaultdict(list)
    for e in edges:
        grouped[getattr(e, what)].append(e)
    return {k: tuple(v) for k, v in grouped.items()}
