"""Where can a trader's gas get to, and when? (Coded + masks -> reachable node-periods)

A variable whose gas can never come, or never be sold, is zero in every answer: it is left out before anything is
built. Ship legs of sellers without LNG go this way, and most of a sanctioned trader's network.
"""

from __future__ import annotations

import numpy as np
import polars as pl
from scipy import sparse
from scipy.sparse import csgraph

from polynya.market.classes import Classes, classify
from polynya.market.coded import OPEN_TO_ALL, OPEN_TO_TAKERS, Coded, Ints, Mask, code
from polynya.market.problem import Problem


def reachable(
    coded: Coded, sources: Mask, targets: Mask, usable: Mask, stores: Mask, running: Mask
) -> tuple[Mask, Mask]:
    """Node-periods [N, M] that gas from `sources` can reach, and those from which it can reach `targets`.

    `usable`: which arc entries may be used; `stores`: which storage entries move gas from one period to a later one;
    `running`: which conversion entries may be run. A conversion leads from each of its inputs to each of its outputs:
    more than it can do with one input missing, which keeps too much and never too little.
    """
    _, N, M = coded.shape
    a, s = coded.arcs, coded.storage
    now = usable & (a.lag < 1)
    later = usable & (a.lag > 0)
    hold = np.flatnonzero(stores)
    runs: dict[int, list[int]] = {}
    for e in hold:
        runs.setdefault(int(s.run[e]), []).append(int(e))
    held_from, held_to = [], []
    for entries in runs.values():
        closes = np.isnan(s.initial[entries[0]]) and coded.cyclic
        for here, there in zip(entries, entries[1:] + entries[:1] if closes else entries[1:], strict=False):
            held_from.append(s.n[here] * M + s.m[here])
            held_to.append(s.n[there] * M + s.m[there])
    taken, given = _through(coded, running)
    tail = np.concatenate(
        [a.i[now] * M + a.m[now], a.i[later] * M + a.m[later], np.array(held_from, dtype=np.int64), taken]
    )
    head = np.concatenate(
        [
            a.j[now] * M + a.m[now],
            a.j[later] * M + coded.following[a.m[later]],
            np.array(held_to, dtype=np.int64),
            given,
        ]
    )
    forward = _flood(tail, head, np.flatnonzero(sources.ravel()), N * M)
    backward = _flood(head, tail, np.flatnonzero(targets.ravel()), N * M)
    return forward.reshape(N, M), backward.reshape(N, M)


def _flood(tail: Ints, head: Ints, start: Ints, size: int) -> Mask:
    """All vertices that can be reached from `start`."""
    root = np.full(start.size, size)
    graph = sparse.csr_array(
        (np.ones(tail.size + start.size, dtype=np.int8), (np.append(tail, root), np.append(head, start))),
        shape=(size + 1, size + 1),
    )
    seen = np.zeros(size + 1, dtype=bool)
    seen[csgraph.breadth_first_order(graph, size, return_predecessors=False)] = True
    return np.asarray(seen[:size])


def _through(coded: Coded, running: Mask) -> tuple[Ints, Ints]:
    """Every pair of an input and an output of the conversions that may be run, as node-periods."""
    c, M = coded.conversions, coded.shape[2]
    e = np.flatnonzero(running)
    place, leg = c.legs(e)
    at = c.n[leg] * M + c.m[e[place]]
    taken = np.flatnonzero(c.amount[leg] < 0)
    given = np.flatnonzero(c.amount[leg] > 0)
    first = np.searchsorted(place[taken], place[given])
    count = np.searchsorted(place[taken], place[given], side="right") - first
    within = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    return at[taken[np.repeat(first, count) + within]], at[np.repeat(given, count)]


def conversions_of(coded: Coded, trader: int) -> Mask:
    """Conversion entries that a trader may run."""
    c = coded.conversions
    return np.asarray(((c.t < 0) | (c.t == trader)) & (c.room() > 0))


def sources_of(coded: Coded, owners: Ints, stores: Mask) -> Mask:
    """Node-periods [N, M] in which these traders produce, or a store they use holds something at the beginning."""
    _, N, M = coded.shape
    p, s = coded.production, coded.storage
    start = np.zeros((N, M), dtype=bool)
    mine = np.isin(p.t, owners) & ((p.capacity > 0) | p.grows)
    start[p.n[mine], p.m[mine]] = True
    full = stores & s.first & (np.nan_to_num(s.initial) > 0)
    start[s.n[full], s.m[full]] = True
    return start


def stores_of(coded: Coded, classes: Classes, k: int) -> Mask:
    """Storage entries that a class may keep gas of its own in.

    A price taker of the most numerous kind leases every open store; others deal with the desk at the store's market,
    and lease only where there is no market.
    """
    s = coded.storage
    owner = int(np.flatnonzero(classes.of == k)[0])
    leased = (s.trader == OPEN_TO_TAKERS) & bool(classes.taker[k]) & (bool(classes.leases[k]) | ~s.market)
    return np.asarray((s.trader == owner) | (s.trader == OPEN_TO_ALL) | leased)


def markets_within_reach(problem: Problem) -> pl.DataFrame:
    """Every market (trader, node, period) that a strategic or grouped trader's gas can reach and may be sold at."""
    coded = code(problem)
    classes = classify(problem, coded, merge=False)
    a, d = coded.arcs, coded.demand
    concerned = np.flatnonzero((coded.theta > 0).any(axis=1) | (coded.group >= 0)).tolist()
    everywhere = np.ones(coded.shape[1:], dtype=bool)
    found: list[tuple[str, str, str]] = []
    for t in concerned:
        usable = ~coded.no_arc[t, a.arc, a.m] & ((a.capacity > 0) | a.grows)
        stores = stores_of(coded, classes, t)
        running = conversions_of(coded, t)
        forward, _ = reachable(coded, sources_of(coded, np.array([t]), stores), everywhere, usable, stores, running)
        for e in np.flatnonzero(forward[d.n, d.m] & ~coded.no_sale[t, d.n, d.m]):
            found.append((coded.trader_ids[t], coded.node_ids[d.n[e]], coded.period_ids[d.m[e]]))
    return pl.DataFrame(found, schema={"trader": pl.String, "node": pl.String, "period": pl.String}, orient="row")
