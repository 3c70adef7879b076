"""How fast are the ownership tests on graphs of millions? (edges -> table of processor seconds, medians; peak memory)

    python benchmarks/control.py --edges 1000000 [--peers]
    python benchmarks/control.py --edges 10000000

The graph is synthetic: preferential attachment with cycles, shares that add up to at most 100 % of each id. Measured
are the build of the compressed rows, an OFAC query from 100 listed persons, the worst case (everyone who holds
anything is listed), the possible set, and economic shares of a group. `--peers` adds networkx (a sweep over all ids
until nothing changes) and DuckDB (rounds in SQL) where they are installed; their answers are compared with ours.
"""

from __future__ import annotations

import argparse
import importlib.util
import resource
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from polynya.control.economic_arrays import group_shares, prepare
from polynya.control.fixpoint import Workspace, least_fixpoint
from polynya.control.graph import Track, track_from_arrays
from polynya.control.shares import HALF, PERCENT, WHOLE


def graph(edges: int, seed: int = 7) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, int]:
    """Owners, owned, shares at both ends and the number of ids. A tenth of the shares is a range."""
    rng = np.random.default_rng(seed)
    n = int(edges * 0.7)
    owned = np.sort(rng.integers(0, n, edges).astype(np.int32))
    # popular owners hold much: the square of a uniform number favours low ids; a few point upward and close cycles
    owner = (n * rng.random(edges) ** 3).astype(np.int32)
    owner = np.where(owner == owned, (owner + 1) % n, owner).astype(np.int32)
    weight = rng.choice([1, 2, 5, 10, 20], edges)
    total = np.bincount(owned, weights=weight, minlength=n)
    # hundredths of a percent, so that sums hit 50 % exactly often enough to matter
    hundredths = np.maximum(
        1, (10_000 * weight / np.maximum(total[owned], weight) * rng.choice([0.5, 0.9, 1.0], n)[owned])
    )
    low = hundredths.astype(np.int64) * (PERCENT // 100)
    high = np.where(rng.random(edges) < 0.1, np.minimum(WHOLE, low + 5 * PERCENT), low)
    return owner, owned, low, high, n


def timed(what: Callable[[], Any], times: int) -> tuple[float, Any]:
    """Median processor seconds and the last result: on a shared machine the clock measures the neighbours."""
    seconds = []
    for _ in range(times):
        start = time.process_time()
        result = what()
        seconds.append(time.process_time() - start)
    return statistics.median(seconds), result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--edges", type=int, default=1_000_000)
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--peers", action="store_true")
    options = parser.parse_args()
    owner, owned, low, high, n = graph(options.edges)
    before = peak_mib()
    rows: list[tuple[str, str, str]] = []

    seconds, track = timed(lambda: track_from_arrays(owner, owned, low, high, n), 1)
    rows.append(("build", f"{seconds:.3f} s", f"{n:,} ids"))
    assert int(track.known_total.max()) <= WHOLE
    rng = np.random.default_rng(1)
    listed = rng.choice(n // 1000, 100, replace=False).astype(np.int64)
    tracks = {"title": (track, HALF)}
    work = Workspace(n)
    seconds, reached = timed(lambda: least_fixpoint(tracks, listed, n, work=work), 5)
    rows.append(
        (
            "OFAC query, 100 listed",
            f"{1000 * seconds:.1f} ms",
            f"{len(reached):,} reached, {touched(track, reached):,} edges touched",
        )
    )
    seconds, possible = timed(lambda: least_fixpoint(tracks, listed, n, upper=True, work=work), options.times)
    rows.append(("possible set", f"{1000 * seconds:.1f} ms", f"{len(possible):,} reached"))
    holders = np.flatnonzero(np.diff(track.starts))
    seconds, everything = timed(lambda: least_fixpoint(tracks, holders, n, work=work), options.times)
    rows.append(("worst case, all holders listed", f"{seconds:.3f} s", f"{len(everything):,} reached"))
    query_memory = peak_mib() - before
    group_shares(prepare(small(), 2), np.array([0]))  # compile the kernel where numba is installed
    seconds, order = timed(lambda: prepare(track, n), 1)
    rows.append(
        ("economic: components and order, once", f"{seconds:.2f} s", f"{len(order.block_starts) - 1:,} components")
    )
    seconds, shares = timed(lambda: group_shares(order, listed), options.times)
    rows.append(("economic shares of the group", f"{seconds:.2f} s", f"{int((shares > 0).sum()):,} ids with a share"))
    if options.peers:
        rows += peers(owner, owned, low, n, listed, set(reached.tolist()))
    for row in rows:
        print(f"{row[0]:38s} {row[1]:>12s}   {row[2]}")
    print("processor time of this process; DuckDB may use two threads")
    print(f"memory beside the input: {query_memory:.0f} MiB for the tests, peak {peak_mib():.0f} MiB in all")


def touched(track: Track, reached: np.ndarray) -> int:
    """Edges of the ids reached."""
    return int((track.starts[reached + 1] - track.starts[reached]).sum())


def small() -> Track:
    """Two ids, one holding."""
    half = np.array([HALF], dtype=np.int64)
    return track_from_arrays(np.array([0], dtype=np.int32), np.array([1], dtype=np.int32), half, half, 2)


def peak_mib() -> float:
    """Peak resident memory of this process. [MiB]"""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def peers(
    owner: np.ndarray, owned: np.ndarray, low: np.ndarray, n: int, listed: np.ndarray, expected: set[int]
) -> list[tuple[str, str, str]]:
    """The same OFAC query by others, where they are installed."""
    rows = []
    if importlib.util.find_spec("networkx"):
        rows.append(by_networkx(owner, owned, low, listed, expected))
    if importlib.util.find_spec("duckdb"):
        rows.append(by_duckdb(owner, owned, low, listed, expected))
    return rows or [("peers", "-", "neither networkx nor duckdb is installed")]


def by_networkx(
    owner: np.ndarray, owned: np.ndarray, low: np.ndarray, listed: np.ndarray, expected: set[int]
) -> tuple[str, str, str]:
    import networkx as nx

    g = nx.DiGraph()
    g.add_weighted_edges_from(zip(owner.tolist(), owned.tolist(), low.tolist(), strict=True))
    # a DiGraph keeps one edge a pair: parcels are added up first
    parcels: dict[tuple[int, int], int] = {}
    for a, b, s in zip(owner.tolist(), owned.tolist(), low.tolist(), strict=True):
        parcels[a, b] = parcels.get((a, b), 0) + s
    for (a, b), s in parcels.items():
        g[a][b]["weight"] = s
    start = time.process_time()
    blocked = set(listed.tolist())
    changed = True
    while changed:
        changed = False
        for node in g:
            if (
                node not in blocked
                and sum(d["weight"] for o, _, d in g.in_edges(node, data=True) if o in blocked) >= HALF
            ):
                blocked.add(node)
                changed = True
    seconds = time.process_time() - start
    return (
        "networkx, sweeps (without building)",
        f"{seconds:.2f} s",
        "same set" if blocked == expected else "OTHER SET",
    )


def by_duckdb(
    owner: np.ndarray, owned: np.ndarray, low: np.ndarray, listed: np.ndarray, expected: set[int]
) -> tuple[str, str, str]:
    import duckdb

    db = duckdb.connect()
    db.execute("set threads = 2")
    frame = {"owner": owner, "owned": owned, "share": low}
    db.execute("create table edges as select * from frame")
    seeds = {"id": listed}
    start = time.process_time()
    db.execute("create table blocked as select id from seeds")
    while True:
        new = db.execute(
            "insert into blocked select owned from edges semi join blocked on owner = id "
            "where owned not in (select id from blocked) group by owned having sum(share) >= ? returning id",
            [HALF],
        ).fetchall()
        if not new:
            break
    seconds = time.process_time() - start
    found = {r[0] for r in db.execute("select id from blocked").fetchall()}
    assert len(frame) == 3
    assert len(seeds) == 1
    return ("DuckDB, rounds in SQL (loaded)", f"{seconds:.2f} s", "same set" if found == expected else "OTHER SET")


if __name__ == "__main__":
    main()
