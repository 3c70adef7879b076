"""How fast are voyages? (python benchmarks/voyages.py) -> medians beside SciPy's Dijkstra on the same graph

Reports: loading; one static Dijkstra of SciPy over the whole network; 100 x 100 distances; one ice-aware query through the
general search and through the compiled one; resident memory.
"""

from __future__ import annotations

import resource
import statistics
import time
from collections.abc import Callable
from datetime import date

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra

from polynya.commands.voyage import data_folder
from polynya.voyages.bundle import read_bundle
from polynya.voyages.calendar import day_of_year
from polynya.voyages.ice import climatology
from polynya.voyages.matrix import distance_matrix
from polynya.voyages.passages import edge_delays, passage_state
from polynya.voyages.places import find_place
from polynya.voyages.route import allowed_edges, search
from polynya.voyages.voyage import Context


def median_ms(work: Callable[[], object], repeats: int) -> float:
    times = []
    for _ in range(repeats):
        begun = time.perf_counter()
        work()
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times)


def main() -> None:
    begun = time.perf_counter()
    bundle = read_bundle(data_folder())
    network = bundle.network
    print(
        f"load tables and network          {1000 * (time.perf_counter() - begun):8.0f} ms, {network.size} nodes, {len(network.nm)} arcs"
    )
    begun = time.perf_counter()
    context = Context(bundle, climatology(network.lat, network.lon, bundle.ice))
    print(f"ice on the network               {1000 * (time.perf_counter() - begun):8.0f} ms")
    ship = bundle.ships["lng-arc7"]
    state = passage_state(bundle.passage_facts, ship, date(2025, 8, 15))
    gates = [g for g in state.shut if g in network.gate_ids]
    allowed = allowed_edges(network, network.mask_of(gates), ship.draught_m)
    delay = edge_delays(network, state)
    graph = csr_matrix((network.nm, network.head, network.indptr), shape=(network.size, network.size))
    start = np.array([network.port_node["sabetta"]])
    print(f"SciPy Dijkstra, one to all       {median_ms(lambda: dijkstra(graph, indices=start), 9):8.1f} ms")
    ports = [find_place(network, bundle.ports, p["id"]) for p in bundle.ports[:100]]
    begun = time.perf_counter()
    nodes = np.array([p.ends.nodes[0] for p in ports])
    dijkstra(graph, indices=nodes)
    print(f"SciPy Dijkstra, 100 to all       {1000 * (time.perf_counter() - begun):8.0f} ms")
    begun = time.perf_counter()
    distance_matrix(network, ports, ports, allowed)
    print(f"100 x 100 distances              {1000 * (time.perf_counter() - begun):8.0f} ms")
    conditions = context.conditions(ship, date(2025, 8, 15), "auto")
    origin, goal = (find_place(network, bundle.ports, n).ends for n in ("Sabetta", "Tokyo"))
    day = day_of_year(date(2025, 8, 15))
    for name, fast in (("general", False), ("compiled", True)):
        search(network, conditions, origin, goal, day, allowed, delay, fast=fast)
        ms = median_ms(lambda fast=fast: search(network, conditions, origin, goal, day, allowed, delay, fast=fast), 5)
        print(f"ice-aware query, {name:9}       {ms:8.1f} ms")
        print(f"peak resident memory             {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:8.0f} MB")


if __name__ == "__main__":
    main()
