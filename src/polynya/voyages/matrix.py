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
    for i, origin in enumerate(origins):
        best = np.full(network.size, np.inf)
        trees = dijkstra(graph, indices=origin.ends.nodes)
        best = (np.atleast_2d(trees) + origin.ends.nm[:, None]).min(axis=0)
        for j, place in enumerate(destinations):
            out[i, j] = (best[place.ends.nodes] + place.ends.nm).min()
            if place.name == origin.name and place.port == origin.port:
                out[i, j] = 0.0
    return out


def closed_in(conditions: Conditions, period: int, size: int) -> Array:
    """Nodes closed to the ship in one half-month."""
    out = np.zeros(size, bool)
    out[conditions.field.nodes[conditions.mode[period] == CLOSED]] = True
    return out
