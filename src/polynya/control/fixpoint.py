"""Which ids are reached by a threshold on summed holdings? (tracks, sources -> the least fixpoint)

B is the smallest set that holds the sources and every id of which holders in B hold at least the needed sum on some
track. Monotone in B, so the least fixpoint is unique, whatever the order of edges and whatever cycles there are: two
firms that own each other by halves do not block one another. It is not a product of shares along paths.

Certain uses the lower ends of shares. Possible uses the upper ends, bounded by what the other holders are known to
hold: holders in B cannot have more than 100 % less the lower ends of holders outside B. Both sums are exact integers.

Frontier rounds over compressed rows (Knuth's worklist for monotone systems, vectorised): only edges below the sources
are touched, O(edges touched).
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from polynya.control.graph import Ints, Track
from polynya.control.shares import WHOLE

Bools = npt.NDArray[np.bool_]


MANY = 16  # above this part of all ids whole arrays are swept instead of single places


class Workspace:
    """Work arrays for ids 0..n-1, kept between queries so that a query pays only for what it touches."""

    def __init__(self, n: int, tracks: int = 1) -> None:
        self.reached: Bools = np.zeros(n, dtype=np.bool_)
        self.sums = [np.zeros(n, dtype=np.int64) for _ in range(tracks)]
        self.known = [np.zeros(n, dtype=np.int64) for _ in range(tracks)]
        self.rough = [np.zeros(n, dtype=np.float64) for _ in range(tracks)]

    def clear(self, reached: Ints, touched: list[Ints]) -> None:
        """Back to zero: only what was touched, or everything when that was much."""
        many = sum(map(len, touched)) > len(self.reached) // MANY
        everywhere: list[Ints | slice] = [slice(None)]
        self.reached[slice(None) if many else reached] = False
        for seen in everywhere if many else touched:
            for array in (*self.sums, *self.known, *self.rough):
                array[seen] = 0


def least_fixpoint(
    tracks: Mapping[str, tuple[Track, int]],
    sources: Ints,
    n: int,
    *,
    upper: bool = False,
    work: Workspace | None = None,
) -> Ints:
    """The ids reached, sources first, in the order of rounds.

    `tracks` maps a kind to its holdings and the sum needed [1e-14 percent]. `upper` asks for the possible set.
    """
    pairs = list(tracks.values())
    work = work or Workspace(n, len(pairs))
    frontier = _distinct(np.asarray(sources, dtype=np.int64), work, n)
    rounds = [frontier]
    touched: list[Ints] = []
    while len(frontier):
        found = [_advance(t, need, frontier, work, k, upper, touched) for k, (t, need) in enumerate(pairs)]
        frontier = _distinct(np.concatenate(found) if found else frontier[:0], work, n)
        rounds.append(frontier)
    everything = np.concatenate(rounds)
    work.clear(everything, touched)
    return everything


def _distinct(found: Ints, work: Workspace, n: int) -> Ints:
    """Those of the ids found that were not reached before, each once and in order; they are marked as reached."""
    fresh = found[~work.reached[found]]
    if len(fresh) < n // MANY:
        fresh = np.unique(fresh)
        work.reached[fresh] = True
        return fresh
    before = work.reached.copy()
    work.reached[fresh] = True
    return np.flatnonzero(work.reached != before)


def _advance(
    track: Track, needed: int, frontier: Ints, work: Workspace, k: int, upper: bool, touched: list[Ints]
) -> Ints:
    """Add the holdings of the frontier; return the ids that now meet the test on this track."""
    edges = _edges_of(track.starts, frontier)
    if not len(edges):
        return np.empty(0, dtype=np.int64)
    owned = track.owned[edges].astype(np.int64)
    touched.append(owned)
    if not (upper and track.uncertain):
        np.add.at(work.sums[k], owned, track.share_min[edges])
        meets: Ints = owned[work.sums[k][owned] >= needed]
        return meets
    # One holding of `needed` already meets the test, so larger ones are cut to it; the float sum only guards against
    # the wrap-around of int64 when more than a thousand uncertain holders meet, where it is far beyond `needed`.
    most = np.minimum(track.share_max[edges], needed)
    np.add.at(work.sums[k], owned, most)
    np.add.at(work.rough[k], owned, most.astype(np.float64))
    np.add.at(work.known[k], owned, track.share_min[edges])
    at_most = (work.sums[k][owned] >= needed) | (work.rough[k][owned] > 4.0 * needed)
    room: Ints = WHOLE - (track.known_total[owned] - work.known[k][owned])
    open_to: Ints = owned[at_most & (room >= needed)]
    return open_to


def _edges_of(starts: Ints, owners: Ints) -> Ints:
    """Positions of all edges of some owners."""
    first, count = starts[owners], starts[owners + 1] - starts[owners]
    busy = count > 0
    first, count = first[busy], count[busy]
    if not len(first):
        return np.empty(0, dtype=np.int64)
    ends = np.cumsum(count)
    positions: Ints = np.arange(ends[-1], dtype=np.int64) + np.repeat(first - (ends - count), count)
    return positions
