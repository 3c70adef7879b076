"""Does the engine name what makes a market impossible, and how long does it take? (seeded contradictions -> table)

    python benchmarks/market_culprit.py                     200 contradictions in markets of 20 nodes x 6 months
    python benchmarks/market_culprit.py --nodes 60 --months 24 --count 24

Each market is generated, sound, and gets one contradiction of which the culprit is known. It counts as named when the
message holds the planted name (and, for a pair, both). Printed: how many of each kind were named, and the median and
longest seconds of processor time for the explanation alone, from the built program to the message.
Not here: how a culprit is found (`polynya.market.culprit`).
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
import polars as pl

import market_generate as generate
from polynya.errors import NoSolutionError
from polynya.market.classes import classify
from polynya.market.coded import code
from polynya.market.culprit import explain_failure
from polynya.market.formulation import formulate
from polynya.market.problem import Problem

Tables = generate.Tables
Planted = tuple[Tables, list[str]]


def _market(nodes: int, months: int, seed: int) -> Tables:
    return generate.cournot(3, months, "competitive", seed, nodes)


def _row(table: pl.DataFrame, **values: object) -> pl.DataFrame:
    """The table with one row more; columns it does not have yet are added."""
    return pl.concat([table, pl.DataFrame([values])], how="diagonal_relaxed")


def _price_takers_at(t: Tables, *nodes: str) -> pl.DataFrame:
    """The conduct, node by node, without these nodes: where demand is fixed nobody may move the price."""
    others = t["nodes"].filter(~pl.col("node").is_in(nodes))
    return t["conduct"].drop("node").join(others, how="cross").select("trader", "node", "theta")


def _arrives(t: Tables, node: str) -> float:
    """More than can ever be at a node in a month: what its arcs carry, what is made and what is stored there."""
    arcs = t["arcs"].filter(pl.col("to") == node)
    made = t["production"]["capacity"].sum() * 1.0
    stored = t["storage"].filter(pl.col("node") == node)["withdrawal"].sum()
    return float(min(arcs["capacity"].fill_null(made).sum(), made) + made + stored)


def fixed_demand(t: Tables, rng: np.random.Generator) -> Planted:
    """A month's demand that must be served is more than can arrive."""
    node, month = str(rng.choice(t["nodes"]["node"])), str(rng.choice(t["periods"]["period"]))
    here = (pl.col("node") == node) & (pl.col("period") == month)
    demand = t["demand"].with_columns(
        fixed=pl.when(here).then(2 * _arrives(t, node)),
        intercept=pl.when(~here).then(pl.col("intercept")),
        slope=pl.when(~here).then(pl.col("slope")),
    )
    return {**t, "demand": demand, "conduct": _price_takers_at(t, node)}, [f"node {node}, {month}", "fixed demand"]


def no_way_in(t: Tables, rng: np.random.Generator) -> Planted:
    """A node with demand that must be served, and no arc."""
    month = str(rng.choice(t["periods"]["period"]))
    nodes = _row(t["nodes"], node="ISLAND")
    demand = _row(t["demand"], node="ISLAND", period=month, fixed=0.5)
    return {**t, "nodes": nodes, "demand": demand, "conduct": _price_takers_at(t)}, [f"node ISLAND, {month}"]


def contract(t: Tables, rng: np.random.Generator) -> Planted:
    """Take or pay for more than can arrive over its months."""
    node, trader = str(rng.choice(t["nodes"]["node"])), str(rng.choice(t["traders"]["trader"]))
    months = t["periods"]["period"].to_list()
    volume = 2 * _arrives(t, node) * len(months)
    row = {"contract": "planted", "trader": trader, "node": node, "first_period": months[0], "last_period": months[-1]}
    return {**t, "contracts": pl.DataFrame([{**row, "minimum": volume, "maximum": None}])}, ["contract planted"]


def banned_contract(t: Tables, rng: np.random.Generator) -> Planted:
    """A contract whose seller may not sell there any more."""
    node, trader = str(rng.choice(t["nodes"]["node"])), str(rng.choice(t["traders"]["trader"]))
    months = t["periods"]["period"].to_list()
    when = {"first_period": months[0], "last_period": months[-1]}
    row = {"contract": "planted", "trader": trader, "node": node, **when, "minimum": 0.1, "maximum": None}
    ban = {"trader": trader, "node": node, "arc": None, **when, "reason": "planted ban"}
    return {**t, "contracts": pl.DataFrame([row]), "bans": pl.DataFrame([ban])}, ["contract planted", "planted ban"]


def _store(t: Tables, rng: np.random.Generator, **given: float | None) -> Tables:
    node = str(rng.choice(t["nodes"]["node"]))
    months = t["periods"]["period"].to_list()
    rows = []
    for m, month in enumerate(months):
        row = {"storage": "planted", "node": node, "period": month, "working": 5.0, "injection": 0.1, "withdrawal": 0.1}
        row |= {"cost": 5.0, "loss": 0.0, "initial": 0.0 if m == 0 else None}
        row["minimum_fill"] = given.get("minimum_fill") if m == 1 else None
        row["final"] = given.get("final") if m == len(months) - 1 else None
        rows.append(row)
    own = pl.DataFrame(rows, schema_overrides=dict.fromkeys(("initial", "minimum_fill", "final"), pl.Float64))
    periods = t["periods"]["period"].to_list()
    wide = t["storage"].drop("period").join(pl.DataFrame({"period": periods}), how="cross")
    return {
        **t,
        "storage": pl.concat([wide, own], how="diagonal_relaxed"),
        "periods": t["periods"].drop("cycle"),
    }


def filling(t: Tables, rng: np.random.Generator) -> Planted:
    """A filling obligation in the second month that injection cannot reach."""
    return _store(t, rng, minimum_fill=3.0), ["store planted", "filling obligation"]


def final_stock(t: Tables, rng: np.random.Generator) -> Planted:
    """A final stock that injection over all months cannot reach."""
    return _store(t, rng, final=4.9), ["store planted", "final stock"]


def pair(t: Tables, rng: np.random.Generator) -> Planted:
    """Two demands, each of which could be met from one source, not both."""
    month = str(rng.choice(t["periods"]["period"]))
    nodes = pl.concat([t["nodes"], pl.DataFrame({"node": ["SOURCE", "EAST", "WEST"]})])
    made = _row(
        t["production"], trader="fringe", node="SOURCE", period="*", step=1, capacity=2.0, cost=10.0, cost_slope=0.0
    )
    arcs = t["arcs"]
    for end in ("EAST", "WEST"):
        arcs = _row(arcs, arc=f"to-{end.lower()}", **{"from": "SOURCE"}, to=end, period="*", cost=1.0, loss=0.0)
    demand = _row(t["demand"], node="EAST", period=month, fixed=1.5)
    demand = _row(demand, node="WEST", period=month, fixed=1.5)
    changed = {"nodes": nodes, "production": made, "arcs": arcs, "demand": demand, "conduct": _price_takers_at(t)}
    return {**t, **changed}, [f"node EAST, {month}", f"node WEST, {month}"]


KINDS: dict[str, Callable[[Tables, np.random.Generator], Planted]] = {
    "fixed demand": fixed_demand, "no way in": no_way_in, "contract": contract, "banned contract": banned_contract,
    "filling": filling, "final stock": final_stock, "pair": pair,
}  # fmt: skip


def explained(tables: Tables) -> tuple[str, float]:
    """What the engine says, and the processor seconds it took to find it."""
    problem = Problem.from_tables(tables)
    coded = code(problem)
    classes = classify(problem, coded)
    qp, layout = formulate(problem, coded, classes)
    start = time.process_time()
    try:
        explain_failure(problem, coded, classes, qp, layout, lambda _: None)
    except NoSolutionError as error:
        return f"{error} | {error.fix}", time.process_time() - start
    return "nothing found", time.process_time() - start


def measure(count: int, nodes: int, months: int, first: int = 0) -> tuple[dict[str, list[float]], list[str]]:
    """Seconds by kind, and the misses in words; kinds take turns."""
    seconds: dict[str, list[float]] = {kind: [] for kind in KINDS}
    missed = []
    for i in range(first, first + count):
        kind = list(KINDS)[i % len(KINDS)]
        tables, names = KINDS[kind](_market(nodes, months, i), np.random.default_rng(i))
        said, took = explained(tables)
        seconds[kind].append(took)
        if not all(name in said for name in names):
            missed.append(f"{kind}, seed {i}: {names} not in: {said[:300]}")
    return seconds, missed


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=200, help="how many contradictions")
    parser.add_argument("--nodes", type=int, default=20)
    parser.add_argument("--months", type=int, default=6)
    args = parser.parse_args()
    seconds, missed = measure(args.count, args.nodes, args.months)
    for kind, times in seconds.items():
        if times:
            print(f"{kind:16} {len(times):4}  median {statistics.median(times):.2f} s  longest {max(times):.2f} s")
    every = [t for times in seconds.values() for t in times]
    print(f"{'all':16} {len(every):4}  median {statistics.median(every):.2f} s  longest {max(every):.2f} s")
    print(f"named {len(every) - len(missed)} of {len(every)}")
    for line in missed:
        print(line)


if __name__ == "__main__":
    main()
