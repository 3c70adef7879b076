"""A time-dependent Dijkstra written for reading: one heap, plain Python, the weights asked for edge by edge."""

import heapq
import math


def naive_earliest(network, conditions, start, end, start_day, allowed, delay):
    """Days to the destination; math.inf when there is none."""
    slope = conditions.open_slowness / 24.0
    best = {}
    heap = [(float(nm) * slope, int(node)) for node, nm in zip(start.nodes, start.nm, strict=True)]
    heapq.heapify(heap)
    last = {int(node): float(nm) * slope for node, nm in zip(end.nodes, end.nm, strict=True)}
    answer = math.inf
    while heap:
        t, node = heapq.heappop(heap)
        if t >= answer:
            break
        if node in best:
            continue
        best[node] = t
        if node in last:
            answer = min(answer, t + last[node])
        pace, free = pace_at(conditions, node, start_day + t)
        if not free:
            continue
        for e in range(int(network.indptr[node]), int(network.indptr[node + 1])):
            to = int(network.head[e])
            if allowed[e] and to not in best:
                heapq.heappush(heap, (t + float(network.nm[e]) * pace / 24.0 + float(delay[e]), to))
    return answer


def pace_at(conditions, node, day):
    """Hours per mile and openness at one node, by hand."""
    k = int(conditions.place[node])
    if k < 0:
        return conditions.open_slowness, True
    x = (day % 365.25) / (365.25 / 24) - 0.5
    low = math.floor(x)
    share = x - low
    a, b = low % 24, (low + 1) % 24
    near = a if share < 0.5 else b
    pace = conditions.slowness[a, k] * (1 - share) + conditions.slowness[b, k] * share
    return float(pace), bool(conditions.mode[near, k] != 0)
