"""The same least-time search, compiled (extra `fast`): one time-dependent A* with a heap, bounded below by the straight
line at open-water speed, that stops at the goal.

Used for many voyages in one go (seasons, ice years); a single voyage costs less than loading the compiler. Same labels as
route.search, to which it is tested equal. Here: the kernel only.
"""

from __future__ import annotations

import heapq
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
_KERNEL: list[Any] = []


def kernel() -> Any:
    """The compiled search, or None when numba is not installed."""
    if not _KERNEL:
        try:
            import numba
        except ImportError:
            _KERNEL.append(None)
        else:
            _KERNEL.append(numba.njit(cache=True)(earliest))
    return _KERNEL[0]


def earliest(
    indptr: Array,
    head: Array,
    nm: Array,
    usable: Array,
    crossing: Array,
    delay_days: Array,
    place: Array,
    slowness: Array,
    mode: Array,
    open_slowness: float,
    start_nodes: Array,
    start_days: Array,
    goal_days: Array,
    least_days: Array,
    start_day: float,
    layers: int,
) -> tuple[Array, int]:
    """Previous node of every settled node (node + n in the second layer, -1 at the start), and the goal reached (-1: none).

    crossing: edges that lead to the second layer. goal_days: days from a node to the destination, infinite elsewhere.
    least_days: lower bound of the days from a node to the destination (A*; zeros give plain Dijkstra).
    """
    n = len(indptr) - 1
    best = np.full(layers * n, np.inf)
    before = np.full(layers * n, -2)
    done = np.zeros(layers * n, np.bool_)
    heap = [(0.0, -1)]
    heap.pop()
    for k in range(len(start_nodes)):
        node = start_nodes[k]
        if start_days[k] < best[node]:
            best[node] = start_days[k]
            before[node] = -1
            heapq.heappush(heap, (start_days[k] + least_days[node], node))
    goal, goal_time = -1, np.inf
    while len(heap) > 0:
        key, state = heapq.heappop(heap)
        if key >= goal_time:
            break
        if done[state]:
            continue
        done[state] = True
        t = best[state]
        layer, node = state // n, state % n
        if layer == layers - 1 and t + goal_days[node] < goal_time:
            goal_time, goal = t + goal_days[node], state
        k = place[node]
        slow = open_slowness
        if k >= 0:
            x = ((start_day + t) % 365.25) / (365.25 / 24) - 0.5
            low = int(np.floor(x))
            share = x - low
            a, b = low % 24, (low + 1) % 24
            if mode[a if share < 0.5 else b, k] == 0:
                continue
            slow = slowness[a, k] + (slowness[b, k] - slowness[a, k]) * share
        for e in range(indptr[node], indptr[node + 1]):
            if not usable[e] or (layer == 1 and crossing[e]):
                continue
            to = head[e] + (n if layer == 1 or crossing[e] else 0)
            arrival = t + nm[e] * (slow / 24.0) + delay_days[e]
            if arrival < best[to]:
                best[to] = arrival
                before[to] = state
                heapq.heappush(heap, (arrival + least_days[head[e]], to))
    return before, goal
