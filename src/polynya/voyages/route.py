"""Which way is quickest, given that ice changes while one sails? (network, conditions, departure -> path with times)

Time-dependent least time: t(v) = min over u of t(u) + w(u, v, t(u)), with w from the ice at the tail at the time of leaving.
Solved by repeated static Dijkstra (SciPy) with the weights of the last arrival times until the labels on the way stop moving;
the first labels are those of an ice-free sea, which are nowhere too late; because w changes far slower than time passes (first in, first out), the fixed point is the one of the time-dependent Dijkstra
(Dreyfus 1969), to which it is tested equal. `via`: two layers of the network joined only by edges through the passage, so that
it is crossed exactly once. "No way" is a typed answer, never a number. Not here: money, ports' names, text.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from polynya.voyages.calendar import YEAR_DAYS
from polynya.voyages.conditions import Conditions
from polynya.voyages.fast import kernel
from polynya.voyages.network import Network

Array = np.ndarray[Any, Any]
MAX_TURNS = 30
SETTLED_DAYS = 1e-7


@dataclass(frozen=True)
class Path:
    """Nodes of the way in order, with the time at each. [days since departure]"""

    nodes: Array
    edges: Array
    days: Array  # at each node
    start_nm: float  # from the place of departure to the first node
    end_nm: float
    start_days: float
    end_days: float

    @property
    def total_days(self) -> float:
        """From the place of departure to the destination."""
        return float(self.days[-1] + self.end_days)


@dataclass(frozen=True)
class Ends:
    """A place as nodes of the network with the miles to each."""

    nodes: Array
    nm: Array


def allowed_edges(network: Network, shut_bits: int, draught_m: float) -> Array:
    """Edges that are neither shut nor too shallow for the draught (charted depth needs 1 m more)."""
    ok = (network.bits & np.uint64(shut_bits)) == 0
    return np.asarray(ok & ((network.depth_m == 255) | (network.depth_m >= min(254.0, draught_m + 1.0) * DEPTH_TRUST)))


DEPTH_TRUST = 0.35  # ETOPO5 smooths banks and channels alike: only water far too shallow is refused on its word


def search(
    network: Network,
    conditions: Conditions,
    start: Ends,
    end: Ends,
    start_day: float,
    allowed: Array,
    delay_days: Array,
    via_bits: int = 0,
    fast: bool = False,
) -> Path | None:
    """Quickest path, None when there is none.

    start_day: day of the year of departure. [days]
    allowed: bool per directed edge; delay_days: extra time per edge (canals). [days]
    fast: use the compiled search when numba is installed.
    """
    if fast and (compiled := kernel()) is not None:
        return _search_compiled(compiled, network, conditions, start, end, start_day, allowed, delay_days, via_bits)
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    n = network.size
    layers = 2 if via_bits else 1
    crossing = (network.bits & np.uint64(via_bits)) != 0 if via_bits else np.zeros(len(network.nm), bool)
    source = layers * n
    # CSR with one more row for the place of departure
    lead = start.nm * conditions.open_slowness / 24.0
    order = np.argsort(start.nodes)
    if layers == 1:
        indices = np.concatenate([network.head, start.nodes[order]]).astype(np.int32)
        indptr = np.concatenate([network.indptr, [len(indices)]]).astype(np.int32)
    else:
        lower = np.where(crossing, network.head + n, network.head)
        indices = np.concatenate([lower, network.head + n, start.nodes[order]]).astype(np.int32)
        indptr = np.concatenate([network.indptr, network.indptr[1:] + network.indptr[-1], [len(indices)]]).astype(
            np.int32
        )
    matrix = csr_matrix((np.ones(len(indices)), indices, indptr), shape=(source + 1, source + 1))
    matrix.data[layers * len(network.nm) :] = lead[order]
    usable_low = allowed
    usable_high = allowed & ~crossing
    goal = end.nodes + (n if layers == 2 else 0)
    trail = end.nm * conditions.open_slowness / 24.0

    everywhere = np.arange(n)
    times = np.zeros(layers * n)
    previous: Array | None = None
    limit = np.inf
    for _turn in range(MAX_TURNS):
        for layer in range(layers):
            w = matrix.data[layer * len(network.nm) : (layer + 1) * len(network.nm)]  # in place: the arrays are large
            if _turn:
                t = times[layer * n : (layer + 1) * n]
                slow, free = conditions.at(everywhere, (start_day + np.where(np.isfinite(t), t, 0.0)) % YEAR_DAYS)
                np.take(slow / 24.0, network.tail, out=w)
                w *= network.nm
                w[~free[network.tail]] = np.inf
            else:  # nowhere sooner than without ice: waters that open on the way are asked for when the ship is there
                np.multiply(network.nm, conditions.open_slowness / 24.0, out=w)
            w += delay_days
            w[~(usable_low if layer == 0 else usable_high)] = np.inf
        found = dijkstra(matrix, indices=np.array([source]), return_predecessors=True, limit=float(limit))
        labels, before = found[0][0], found[1][0]
        arrival = labels[goal] + trail
        best = int(np.argmin(arrival))
        if not _turn:
            if not np.isfinite(arrival[best]):
                return None
            times = np.where(np.isfinite(labels[: layers * n]), labels[: layers * n], 0.0)
            continue
        if not np.isfinite(arrival[best]):
            if np.isfinite(limit):
                limit = np.inf
                continue
            if previous is not None and np.array_equal(previous, labels[: layers * n]):
                return None
            previous = labels[: layers * n].copy()
            times = np.where(np.isfinite(previous), previous, times)
            if _turn >= 4:
                return None
            continue
        new = labels[: layers * n]
        reached = new <= arrival[best]
        moved = np.max(np.abs(new[reached] - times[reached])) if reached.any() else 0.0
        times = np.where(np.isfinite(new), new, times)
        limit = float(arrival[best]) * 1.02 + 0.5
        if moved < SETTLED_DAYS:
            break
    chain = [int(goal[best])]
    while chain[-1] != source:
        chain.append(int(before[chain[-1]]))
    walked = np.array(chain[::-1][1:])
    return follow(network, conditions, walked % n, start, end, start_day, delay_days, allowed)


def _least_days(network: Network, conditions: Conditions, end: Ends) -> Array:
    """Lower bound of the days to the destination: straight line, open water (0.5 % off for the shape of the Earth)."""
    lat, lon = np.radians(network.lat), np.radians(network.lon)
    place = np.stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    least = np.full(network.size, np.inf)
    for node, nm in zip(end.nodes, end.nm, strict=True):
        straight = np.arccos(np.clip(place[:, node] @ place, -1.0, 1.0)) * (6371.0 / 1.852)
        least = np.minimum(least, straight * 0.994 + nm)
    return np.asarray(least * conditions.open_slowness / 24.0)


def _search_compiled(
    compiled: Any,
    network: Network,
    conditions: Conditions,
    start: Ends,
    end: Ends,
    start_day: float,
    allowed: Array,
    delay_days: Array,
    via_bits: int,
) -> Path | None:
    n = network.size
    crossing = (network.bits & np.uint64(via_bits)) != 0 if via_bits else np.zeros(len(network.nm), bool)
    goal_days = np.full(n, np.inf)
    goal_days[end.nodes] = end.nm * conditions.open_slowness / 24.0
    before, goal = compiled(
        network.indptr,
        network.head,
        network.nm,
        allowed,
        crossing,
        delay_days,
        conditions.place,
        conditions.slowness,
        conditions.mode,
        conditions.open_slowness,
        start.nodes.astype(np.int64),
        start.nm * conditions.open_slowness / 24.0,
        goal_days,
        _least_days(network, conditions, end),
        start_day,
        2 if via_bits else 1,
    )
    if goal < 0:
        return None
    chain = [int(goal)]
    while before[chain[-1]] >= 0:
        chain.append(int(before[chain[-1]]))
    return follow(network, conditions, np.array(chain[::-1]) % n, start, end, start_day, delay_days, allowed)


def follow(
    network: Network,
    conditions: Conditions,
    nodes: Array,
    start: Ends,
    end: Ends,
    start_day: float,
    delay_days: Array,
    allowed: Array,
) -> Path:
    """Sail along given nodes and note the times."""
    first = int(np.flatnonzero(start.nodes == nodes[0])[0])
    last = int(np.flatnonzero(end.nodes == nodes[-1])[0])
    start_days = float(start.nm[first]) * conditions.open_slowness / 24.0
    days = [start_days]
    edges = []
    for u, v in pairwise(nodes):
        out = np.arange(network.indptr[u], network.indptr[u + 1])
        out = out[(network.head[out] == v) & allowed[out]]
        edge = int(out[np.argmin(network.nm[out])])
        slow, _ = conditions.at(np.array([u]), np.array([(start_day + days[-1]) % YEAR_DAYS]))
        days.append(days[-1] + float(network.nm[edge] * slow[0]) / 24.0 + float(delay_days[edge]))
        edges.append(edge)
    return Path(
        nodes=nodes,
        edges=np.array(edges, np.int64),
        days=np.array(days),
        start_nm=float(start.nm[first]),
        end_nm=float(end.nm[last]),
        start_days=start_days,
        end_days=float(end.nm[last]) * conditions.open_slowness / 24.0,
    )


@dataclass(frozen=True)
class Tree:
    """Quickest ways from one place to every node at one departure."""

    days: Array  # [n] days since departure, infinite where there is no way
    before: Array  # [n] previous node, -9999 at the root
    start: Ends
    open_slowness: float  # [h/nm]

    def way_to(self, node: int) -> Array:
        """Nodes from the first to `node`."""
        chain = [node]
        while 0 <= self.before[chain[-1]] < len(self.days):
            chain.append(int(self.before[chain[-1]]))
        return np.array(chain[::-1])


def tree(
    network: Network,
    conditions: Conditions,
    start: Ends,
    start_day: float,
    allowed: Array,
    delay_days: Array,
    settled_days: float = 1e-4,
) -> Tree:
    """One-to-all least time, by the same fixed point as `search`."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    n = network.size
    order = np.argsort(start.nodes)
    lead = (start.nm * conditions.open_slowness / 24.0)[order]
    indices = np.concatenate([network.head, start.nodes[order]]).astype(np.int32)
    indptr = np.concatenate([network.indptr, [len(indices)]]).astype(np.int32)
    matrix = csr_matrix((np.ones(len(indices)), indices, indptr), shape=(n + 1, n + 1))
    everywhere = np.arange(n)
    times = np.zeros(n)
    before = np.full(n, -9999)
    labels = np.full(n, np.inf)
    for turn in range(MAX_TURNS):
        slow, free = conditions.at(everywhere, (start_day + times) % YEAR_DAYS)
        w = network.nm * (slow / 24.0)[network.tail] + delay_days
        w[~free[network.tail] | ~allowed] = np.inf
        matrix.data = np.concatenate([w, lead])
        found = dijkstra(matrix, indices=np.array([n]), return_predecessors=True)
        labels, before = found[0][0][:n], found[1][0][:n]
        known = np.isfinite(labels)
        moved = float(np.max(np.abs(labels[known] - times[known]))) if known.any() else 0.0
        times = np.where(known, labels, times)
        if turn and moved < settled_days:
            break
    return Tree(days=labels, before=before, start=start, open_slowness=conditions.open_slowness)
