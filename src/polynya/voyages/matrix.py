"""How far is every port from every other? (places, open passages -> matrices of miles and days in open water)

Static: one Dijkstra per origin on miles (SciPy). With `avoid_ice` the waters that are closed to the ship in a half-month are
left out. Ice-aware times of single voyages: voyage.py.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from polynya.voyages.conditions import CLOSED, Conditions
from polynya.voyages.network import Network
from polynya.voyages.places import Place

Array = np.ndarray[Any, Any]
TREES = 16


def distance_matrix(
    network: Network,
    origins: Sequence[Place],
    destinations: Sequence[Place],
    allowed: Array,
    closed_nodes: Array | None = None,
) -> Array:
    """Miles from every origin to every destination, infinite where there is no way. [nm]"""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    w = np.where(allowed, network.nm, np.inf)
    if closed_nodes is not None:
        w = np.where(closed_nodes[network.tail], np.inf, w)
    keep = np.isfinite(w)
    indptr = np.concatenate([[0], np.cumsum(np.bincount(network.tail[keep], minlength=network.size))])
    graph = csr_matrix((w[keep], network.head[keep], indptr), shape=(network.size, network.size))
    out = np.full((len(origins), len(destinations)), np.inf)
    goals = np.unique(np.concatenate([p.ends.nodes for p in destinations]))
    spot = [np.searchsorted(goals, p.ends.nodes) for p in destinations]
    starts = [
        (i, int(node), float(nm))
        for i, o in enumerate(origins)
        for node, nm in zip(o.ends.nodes, o.ends.nm, strict=True)
    ]
    best = np.full((len(origins), len(goals)), np.inf)
    for k in range(0, len(starts), TREES):  # trees of several origins in one call, few enough to hold
        part = starts[k : k + TREES]
        trees = dijkstra(graph, indices=[node for _, node, _ in part])[:, goals]
        for (i, _, nm), row in zip(part, trees, strict=True):
            best[i] = np.minimum(best[i], row + nm)
    for j, place in enumerate(destinations):
        out[:, j] = (best[:, spot[j]] + place.ends.nm).min(axis=1)
        for i, origin in enumerate(origins):
            if place.name == origin.name and place.port == origin.port:
                out[i, j] = 0.0
    return out


def closed_in(conditions: Conditions, period: int, size: int) -> Array:
    """Nodes closed to the ship in one half-month."""
    out = np.zeros(size, bool)
    out[conditions.field.nodes[conditions.mode[period] == CLOSED]] = True
    return out
