"""How does a problem look as arrays? (`Problem` -> `Coded`: ids as integers, nulls as infinities, bans as masks)

Shapes: T traders, N nodes, M periods; one entry a row for arcs, production, demand and storage. Used by the pruning,
the merging and the formulation. Not used by the certificate, which reads the tables itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from polynya.market.problem import Problem
from polynya.market.qp import Vector
from polynya.market.schema import EVERY

Ints = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Arcs:
    """One entry for each arc and period: arc [id], m, i -> j, capacity (inf: none), unit resource cost, tariff, tax,
    loss [share], rise of unit cost, lag [share], fleet [id or -1], ship_days per unit, hub [id or -1]; `invests`: its capacity can grow."""

    arc: Ints
    m: Ints
    i: Ints
    j: Ints
    capacity: Vector
    cost: Vector
    tariff: Vector
    tax: Vector
    loss: Vector
    slope: Vector
    lag: Vector
    fleet: Ints
    ship_days: Vector
    hub: Ints
    grows: Mask


@dataclass(frozen=True)
class Conversions:
    """One entry for each conversion and period: conversion [id], m, trader (-1: every one), plant [id or -1], capacity
    (its own; inf: none), unit resource cost, tariff, tax; and one leg for each conversion and node, sorted by
    conversion: `first` [ids + 1] its first leg, node `n`, `amount` (below 0: taken). `plant_capacity` [plants, M]."""

    conversion: Ints
    m: Ints
    t: Ints
    plant: Ints
    capacity: Vector
    cost: Vector
    tariff: Vector
    tax: Vector
    first: Ints
    n: Ints
    amount: Vector
    plant_capacity: Vector

    def legs(self, e: Ints) -> tuple[Ints, Ints]:
        """For entries `e`: the place in `e` and the leg, one pair for each leg of each entry."""
        c = self.conversion[e]
        count = self.first[c + 1] - self.first[c]
        place = np.repeat(np.arange(e.size), count)
        within = np.arange(place.size) - np.repeat(np.cumsum(count) - count, count)
        return place, self.first[c][place] + within

    def room(self) -> Vector:
        """Most activity of each entry: its own capacity and its plant's."""
        shared = np.append(self.plant_capacity, np.full((1, self.plant_capacity.shape[1]), np.inf), axis=0)
        return np.asarray(np.minimum(self.capacity, shared[self.plant, self.m]))


@dataclass(frozen=True)
class Production:
    """One entry for each step and period: trader t, node n, period m, step [id], capacity, cost, cost_slope."""

    t: Ints
    n: Ints
    m: Ints
    step: Ints
    capacity: Vector
    cost: Vector
    slope: Vector
    grows: Mask


@dataclass(frozen=True)
class Demand:
    """One entry for each market: node n, period m; P = a - b Q, or `fixed` with `voll` (a, b NaN). inf voll: none."""

    n: Ints
    m: Ints
    a: Vector
    b: Vector
    fixed: Vector
    voll: Vector

    @property
    def elastic(self) -> Mask:
        """Markets whose demand answers to the price."""
        return ~np.isnan(self.a)


@dataclass(frozen=True)
class Storage:
    """One entry for each store and period, stores together and periods in order.

    store [id], node n, period m, working, injection, withdrawal [quantities, inf: none], cost, loss, minimum,
    trader [id], -1 open to price takers, -2 open to every trader. `first`, `last`: entry begins or ends a run of
    periods of one cycle, numbered in `run`; `initial`, `final` (NaN: not given) count at the ends of a run. `market`: the
    node has demand in every period of the run.
    """

    store: Ints
    n: Ints
    m: Ints
    working: Vector
    injection: Vector
    withdrawal: Vector
    cost: Vector
    loss: Vector
    minimum: Vector
    trader: Ints
    initial: Vector
    final: Vector
    first: Mask
    last: Mask
    run: Ints
    market: Mask
    grows: Mask


OPEN_TO_TAKERS = -1
OPEN_TO_ALL = -2


@dataclass(frozen=True)
class Coded:
    """A problem as arrays; ids index the `*_ids` lists."""

    trader_ids: Sequence[str]
    node_ids: Sequence[str]
    period_ids: Sequence[str]
    arc_ids: Sequence[str]
    step_ids: Sequence[str]
    store_ids: Sequence[str]
    fleet_ids: Sequence[str]
    hub_ids: Sequence[str]
    conversion_ids: Sequence[str]
    plant_ids: Sequence[str]
    weight: Vector
    days: Vector
    following: Ints
    cyclic: bool
    group: Ints
    theta: Vector
    arcs: Arcs
    conversions: Conversions
    production: Production
    demand: Demand
    storage: Storage
    no_sale: Mask
    no_arc: Mask

    @property
    def shape(self) -> tuple[int, int, int]:
        """T traders, N nodes, M periods."""
        return len(self.trader_ids), len(self.node_ids), len(self.period_ids)


def code(problem: Problem) -> Coded:
    """Turn the frames into arrays. `theta` is [T, N], `no_sale` [T, N, M], `no_arc` [T, arcs, M]."""
    traders = problem.traders["trader"].to_list()
    nodes = problem.nodes["node"].to_list()
    periods = problem.periods["period"].to_list()
    arc_ids = problem.arcs["arc"].unique(maintain_order=True).to_list()
    steps = problem.production["step"].unique(maintain_order=True).to_list()
    stores = problem.storage["storage"].unique(maintain_order=True).to_list()
    fleets = problem.arcs["fleet"].drop_nulls().unique().sort().to_list()
    hubs = problem.arcs["hub"].drop_nulls().unique().sort().to_list()
    conversions = problem.conversions["conversion"].unique(maintain_order=True).to_list()
    plants = problem.plants["plant"].unique(maintain_order=True).to_list()
    groups = problem.traders["group"].drop_nulls().unique().sort().to_list()
    cycles = problem.periods["cycle"]
    invests = problem.investments
    M = len(periods)
    theta = np.zeros((len(traders), len(nodes)))
    theta[ids(problem.conduct["trader"], traders), ids(problem.conduct["node"], nodes)] = problem.conduct["theta"]
    no_sale, no_arc = _bans(problem, traders, nodes, periods, arc_ids)
    p, a, d = problem.production, problem.arcs, problem.demand
    return Coded(
        traders, nodes, periods, arc_ids, steps, stores, fleets, hubs, conversions, plants,
        problem.periods["weight"].to_numpy().copy(),
        problem.periods["days"].fill_null(1.0).to_numpy().copy(),
        following_period(cycles.to_list(), M),
        cycles.null_count() == 0,
        ids(problem.traders["group"], groups),
        theta,
        Arcs(
            ids(a["arc"], arc_ids), ids(a["period"], periods), ids(a["from"], nodes), ids(a["to"], nodes),
            limit(a["capacity"]), values(a["cost"]), values(a["tariff"]), values(a["tax"]), values(a["loss"]),
            values(a["cost_slope"]), values(a["lag"]), ids(a["fleet"], fleets), values(a["ship_days"]),
            ids(a["hub"], hubs),
            _grows(a, ["arc"], invests, "arc"),
        ),
        _conversions(problem, traders, nodes, periods, conversions, plants),
        Production(
            ids(p["trader"], traders), ids(p["node"], nodes), ids(p["period"], periods), ids(p["step"], steps),
            limit(p["capacity"]), values(p["cost"]), values(p["cost_slope"]),
            _grows(p, ["trader", "node", "step"], invests, "production"),
        ),
        Demand(
            ids(d["node"], nodes), ids(d["period"], periods), values(d["intercept"]), values(d["slope"]),
            values(d["fixed"]), limit(d["value_of_lost_load"]),
        ),
        _storage(problem, traders, nodes, periods, stores),
        no_sale, no_arc,
    )  # fmt: skip


def ids(column: pl.Series, known: Sequence[str]) -> Ints:
    """Position of each id in `known`; -1 for null."""
    if column.is_empty():
        return np.zeros(0, dtype=np.int64)
    if not known:
        return np.full(column.len(), -1, dtype=np.int64)
    found = column.replace_strict(list(known), list(range(len(known))), default=-1, return_dtype=pl.Int64)
    return found.to_numpy().astype(np.int64)


def values(column: pl.Series) -> Vector:
    """Numbers; NaN for null."""
    return column.cast(pl.Float64).fill_null(float("nan")).to_numpy().copy()


def limit(column: pl.Series) -> Vector:
    """Numbers; infinity for null, which means no limit."""
    return column.cast(pl.Float64).fill_null(float("inf")).to_numpy().copy()


def following_period(cycles: Sequence[str | None], M: int) -> Ints:
    """The period in which lagged deliveries arrive: the next one of the cycle, and the cycle's first after its last."""
    after = np.arange(1, M + 1)
    first = 0
    for m in range(M):
        if m and cycles[m] != cycles[m - 1]:
            first = m
        if m == M - 1 or cycles[m + 1] != cycles[m]:
            after[m] = first
    return after.astype(np.int64)


def _grows(frame: pl.DataFrame, key: list[str], invests: pl.DataFrame, kind: str) -> Mask:
    """Rows whose capacity some investment of an earlier period can add to (period by period is decided later)."""
    ids_ = invests.filter(pl.col("kind") == kind)["id"].unique()
    names = frame.select(pl.concat_str(key, separator="/").alias("id"))["id"]
    return names.is_in(ids_.implode()).to_numpy().copy()


def _bans(
    problem: Problem, traders: Sequence[str], nodes: Sequence[str], periods: Sequence[str], arcs: Sequence[str]
) -> tuple[Mask, Mask]:
    no_sale = np.zeros((len(traders), len(nodes), len(periods)), dtype=bool)
    no_arc = np.zeros((len(traders), len(arcs), len(periods)), dtype=bool)
    everything = slice(None)
    at = [{k: i for i, k in enumerate(known)} for known in (traders, nodes, arcs, periods)]
    for r in problem.bans.iter_rows(named=True):
        t = everything if r["trader"] == EVERY else at[0][r["trader"]]
        when = slice(at[3][r["first_period"]], at[3][r["last_period"]] + 1)
        named_node, named_arc = r["node"] not in (None, EVERY), r["arc"] not in (None, EVERY)
        if r["node"] is not None and not (r["node"] == EVERY and named_arc):
            no_sale[t, everything if r["node"] == EVERY else at[1][r["node"]], when] = True
        if r["arc"] is not None and not (r["arc"] == EVERY and named_node):
            no_arc[t, everything if r["arc"] == EVERY else at[2][r["arc"]], when] = True
    return no_sale, no_arc


def _conversions(
    problem: Problem, traders: Sequence[str], nodes: Sequence[str], periods: Sequence[str], known: Sequence[str],
    plants: Sequence[str],
) -> Conversions:  # fmt: skip
    c, y, p = problem.conversions, problem.yields, problem.plants
    leg = ids(y["conversion"], known)
    order = np.argsort(leg, kind="stable")
    most = np.zeros((len(plants), len(periods)))  # no row, no plant
    most[ids(p["plant"], plants), ids(p["period"], periods)] = limit(p["capacity"])
    return Conversions(
        ids(c["conversion"], known), ids(c["period"], periods), ids(c["trader"], traders), ids(c["plant"], plants),
        limit(c["capacity"]), values(c["cost"]), values(c["tariff"]), values(c["tax"]),
        np.searchsorted(leg[order], np.arange(len(known) + 1)), ids(y["node"], nodes)[order], values(y["amount"])[order],
        most,
    )  # fmt: skip


def _storage(
    problem: Problem, traders: Sequence[str], nodes: Sequence[str], periods: Sequence[str], stores: Sequence[str]
) -> Storage:
    s = problem.storage
    store, m = ids(s["storage"], stores), ids(s["period"], periods)
    cycle_of = dict(zip(periods, problem.periods["cycle"].fill_null("").to_list(), strict=True))
    cycle = s["period"].replace_strict(cycle_of, return_dtype=pl.String).rank("dense").to_numpy() if s.height else m
    new_store = np.diff(store, prepend=-1) != 0
    first = new_store | (np.diff(cycle.astype(np.int64), prepend=-1) != 0)
    last = np.append(first[1:], True) if s.height else first
    trader = ids(s["trader"], traders)
    trader[(s["trader"] == EVERY).fill_null(False).to_numpy()] = OPEN_TO_ALL
    grows = np.zeros(s.height, dtype=bool)
    for kind in ("storage", "injection", "withdrawal"):
        grows |= _grows(s, ["storage"], problem.investments, kind)
    n, run = ids(s["node"], nodes), np.cumsum(first) - 1
    here = np.zeros((len(nodes), len(periods)), dtype=bool)
    here[ids(problem.demand["node"], nodes), ids(problem.demand["period"], periods)] = True
    market = np.bincount(run, weights=~here[n, m], minlength=1)[run] == 0
    return Storage(
        store, n, m, limit(s["working"]), limit(s["injection"]), limit(s["withdrawal"]),
        values(s["cost"]), values(s["loss"]), values(s["minimum_fill"].fill_null(0.0)), trader,
        values(s["initial"]), values(s["final"]), first, last, run, market, grows,
    )  # fmt: skip
