"""What do control and voyages hand to the refineries' market? (world -> shares of capacity, closures, bans, sea miles)

Engines never import each other; the tables of the oil market pass by here, as those of gas do in `handover`.

- A refinery's capacity is shared by the recorded title of the firm that runs it, month by month.
- A holder is barred while an ownership test of the US or the UK blocks it and no licence sets the listing off: its banks,
  suppliers and buyers refuse. Its share then stands idle; nobody else is taken to use it.
- A route is closed to holders of which the named party owns at least half (economic share, through others too).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from typing import Any

import polars as pl

from polynya.control.blocked import blocked_states
from polynya.control.economic import title_holders
from polynya.control.graph import Graph
from polynya.control.inputs import ControlInputs, inputs_from_tables
from polynya.control.shares import WHOLE
from polynya.handover import VOYAGES, Posed
from polynya.market.oil import OilTerms, build_oil
from polynya.market.problem import Problem
from polynya.voyages.bundle import Bundle, read_bundle
from polynya.voyages.matrix import distance_matrix
from polynya.voyages.passages import passage_state
from polynya.voyages.places import find_place
from polynya.voyages.route import allowed_edges
from polynya.world import World
from polynya.world.capacity import add_months

REGIMES = ("ofac", "uk")  # an EU listing of Rosneft's kind forbids dealings with it, not with firms held by a trustee
SHIP = "lng-174k"  # only its draught counts, near that of an Aframax in part cargo
BAN_COLUMNS = ("trader", "node", "arc", "first_period", "last_period", "reason", "measure", "source")


def pose(world: World, first: date, months: int, miles: Mapping[tuple[str, str], float]) -> Posed:
    """The oil market problem that one world poses. `miles`: see `sea_miles`."""
    terms = oil_terms(world, first, months, miles)
    inputs = build_oil(world, first, months, terms)
    return Posed(inputs, Problem.from_tables(dict(inputs.tables)), terms.bans)


def control_inputs(world: World) -> ControlInputs:
    """The control engine's inputs of a world."""
    return inputs_from_tables(
        {name: list(f.iter_rows(named=True)) for name, f in world.tables.items() if name != "facts"}
    )


def operating_company(graph: Graph, asset: str) -> str:
    """The firm whose shares are the refinery's shares: the only holder of the thing, or the thing itself."""
    holders = title_holders(graph, asset)
    return holders[0].owner if len(holders) == 1 and holders[0].share_min == WHOLE else asset


def part_of(graph: Graph, identity: str, party: str, seen: frozenset[str] = frozenset()) -> Fraction:
    """What of an id a party holds by title, directly and through others, at the lower ends of ranges; loops end."""
    if identity == party:
        return Fraction(1)
    if identity in seen:
        return Fraction(0)
    edges = title_holders(graph, identity)
    return sum(
        (Fraction(e.share_min, WHOLE) * part_of(graph, e.owner, party, seen | {identity}) for e in edges), Fraction(0)
    )


def oil_terms(world: World, first: date, months: int, miles: Mapping[tuple[str, str], float]) -> OilTerms:
    """Shares, closures and bans of the months. `miles`: see `sea_miles`."""
    inputs = control_inputs(world)
    span = [add_months(first, i) for i in range(months)]
    refineries = world.table("oil_recipes")["refinery"].unique().sort().to_list()
    closures = list(world.table("oil_closures").iter_rows(named=True))
    shares: dict[tuple[str, date], dict[str, float]] = {}
    closed: set[tuple[str, str, date]] = set()
    rows: list[dict[str, Any]] = []
    for month in span:
        day = month.replace(day=15)
        graph = inputs.graph(day)
        for refinery in refineries:
            edges = title_holders(graph, operating_company(graph, refinery))
            shares[refinery, month] = {e.owner: e.share_min / WHOLE for e in sorted(edges, key=lambda e: e.owner)}
        holders = sorted({h for r in refineries for h in shares[r, month]})
        name = month.strftime("%Y-%m")
        for c in closures:
            if c["valid_from"] <= day and (c["valid_to"] is None or day <= c["valid_to"]):
                for h in holders:
                    if part_of(graph, h, c["party"]) >= Fraction(1, 2):
                        closed.add((c["route"], h, month))
                        rows.append(_ban(h, None, c["route"], name, c["reason"], None, c["source"]))
        rows += _barred(inputs, graph, holders, day, name)
    return OilTerms(shares, frozenset(closed), _merged(rows), miles)


def _barred(inputs: ControlInputs, graph: Graph, holders: list[str], day: date, name: str) -> list[dict[str, Any]]:
    """A ban on every sale of a holder that an ownership test blocks and no licence frees."""
    rows = []
    for regime in REGIMES:
        for holder, found in blocked_states(inputs, graph, holders, regime, day).items():
            reason = f"blocked ({found.sure}) by the {regime.upper()} ownership test; no licence in force"
            rows += [_ban(holder, "*", None, name, reason, m.id, m.source) for m in found.by]
    return rows


def _ban(
    trader: str, node: str | None, arc: str | None, period: str, reason: str, measure: str | None, source: str
) -> dict[str, Any]:
    values = (trader, node, arc, period, period, reason, measure, source)
    return dict(zip(BAN_COLUMNS, values, strict=True))


def _merged(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Bans of consecutive months with the same reason as one row."""
    merged: list[dict[str, Any]] = []
    open_: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        key = tuple(row[c] for c in BAN_COLUMNS if not c.endswith("_period"))
        last = open_.get(key)
        if last is not None and _next(last["last_period"]) == row["first_period"]:
            last["last_period"] = row["last_period"]
        elif last is None or last["last_period"] != row["last_period"]:
            open_[key] = row
            merged.append(row)
    return pl.DataFrame(merged, schema=dict.fromkeys(BAN_COLUMNS, pl.String))


def _next(period: str) -> str:
    return add_months(date.fromisoformat(period + "-01"), 1).strftime("%Y-%m")


def sea_miles(world: World, day: date) -> dict[tuple[str, str], float]:
    """(from node, to node) -> miles of every sea route, over the passages that are open on a day. [nm]"""
    nodes = {r["id"]: r for r in world.table("oil_nodes").iter_rows(named=True)}
    routes = world.table("oil_routes").filter(pl.col("kind") == "sea")
    pairs = sorted(set(routes.select("from_node", "to_node").iter_rows()))
    if not pairs:
        return {}
    bundle: Bundle = read_bundle(VOYAGES)
    ship = bundle.ships[SHIP]
    ends = sorted({n for pair in pairs for n in pair})
    places = {
        n: find_place(bundle.network, bundle.ports, nodes[n]["port"] or f"{nodes[n]['lat']},{nodes[n]['lon']}")
        for n in ends
    }
    state = passage_state(bundle.passage_facts, ship, day)
    shut = bundle.network.mask_of([g for g in state.shut if g in bundle.network.gate_ids])
    allowed = allowed_edges(bundle.network, shut, ship.draught_m)
    starts, stops = sorted({a for a, _ in pairs}), sorted({b for _, b in pairs})
    found = distance_matrix(bundle.network, [places[n] for n in starts], [places[n] for n in stops], allowed)
    return {(a, b): float(found[starts.index(a), stops.index(b)]) for a, b in pairs}
