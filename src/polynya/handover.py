"""What do control and voyages hand to the market? (world -> plain tables of bans, caps, deterrents and voyage legs)

Engines never import each other; this is the only place where their tables pass by.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from polynya.control.market_tables import ban_rows, cap_rows, deterrent_rows, effects_from_tables
from polynya.market.inputs import MarketInputs, build_inputs, ship_arc
from polynya.market.kept import Kept
from polynya.market.problem import Problem
from polynya.market.seasons import Period, joined, joined_bans
from polynya.market.sound import Sound
from polynya.voyages.bundle import read_bundle, read_rows
from polynya.voyages.legs import (
    Passages,
    fleet_days,
    hub_capacity,
    market_legs,
    read_table_file,
    shut_set,
    with_passages,
)
from polynya.voyages.service import plain_name, with_listings
from polynya.world import World
from polynya.world.anchor import Anchor
from polynya.world.capacity import add_months

VOYAGES = Path(__file__).resolve().parent / "data" / "voyages"
_TEXT = ("trader", "node", "arc", "first_period", "last_period", "period", "reason", "measure", "source")
_LAWS = 16  # remembered
_TABLES = ("measures", "licences", "blocs", "nodes", "traders", "supplies", "corridors", "assets", "contracts", "gates")


@dataclass(frozen=True)
class Permissions:
    """What the law does to the market. Every row names measure, reason and source."""

    bans: pl.DataFrame
    caps: pl.DataFrame
    deterrents: pl.DataFrame
    passed_over: Mapping[str, str]  # measures that close no flow by themselves, and why


def permissions(world: World, first: date, months: int, legs: pl.DataFrame | None = None) -> Permissions:
    """Bans, caps and deterrents of the months, from the measures and licences in force; `legs` are the voyages' own."""
    terminals = world.table("assets").filter(pl.col("kind") == "lng-import").select("id", "node").drop_nulls()
    plants = world.table("assets").filter(pl.col("kind") == "lng-export")["node"].drop_nulls().unique()
    sailed = (
        [(start, end, None, None) for start in plants for end in terminals["node"].unique()]
        if legs is None
        else legs.select("from_node", "to_node", "fleet", "hub").unique().rows()
    )
    effects = effects_from_tables(
        {name: list(world.table(name).iter_rows(named=True)) for name in _TABLES},
        [add_months(first, i) for i in range(months)],
        dict(terminals.iter_rows()),
        [(ship_arc(start, end, fleet, hub), start, end) for start, end, fleet, hub in sailed],
    )
    return Permissions(
        bans=_frame(
            ban_rows(effects), ("trader", "node", "arc", "first_period", "last_period", "reason", "measure", "source")
        ),
        caps=_frame(cap_rows(effects), ("trader", "node", "period", "maximum", "reason", "measure", "source")),
        deterrents=_frame(
            deterrent_rows(effects),
            (
                "trader",
                "node",
                "arc",
                "first_period",
                "last_period",
                "discount_low_share",
                "discount_high_share",
                "capacity_low_share",
                "capacity_high_share",
                "measure",
                "reason",
                "source",
            ),
        ),
        passed_over=effects.passed_over,
    )


@dataclass
class Laws:
    """What the law does in the worlds met so far: many differ in nothing that it rests on."""

    known: list[tuple[tuple[Any, ...], list[pl.DataFrame], Permissions]] = field(default_factory=list)

    def of(self, world: World, first: date, months: int, legs: pl.DataFrame | None) -> Permissions:
        """`permissions`, looked up where tables and legs are equal to those of a world met before."""
        span, tables = (first, months, legs is None), [world.table(name) for name in _TABLES]
        tables += [] if legs is None else [legs]
        for over, before, law in self.known:
            if over == span and all(a is b or a.equals(b) for a, b in zip(tables, before, strict=True)):
                return law
        law = permissions(world, first, months, legs)
        self.known = [(span, tables, law), *self.known[: _LAWS - 1]]
        return law


@dataclass(frozen=True)
class Before:
    """What was worked out for worlds posed before: the law, rows, checks that passed."""

    laws: Laws = field(default_factory=Laws)
    kept: Kept = field(default_factory=Kept)
    sound: Sound = field(default_factory=Sound)


def _frame(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> pl.DataFrame:
    schema = {c: pl.String if c in _TEXT else pl.Float64 for c in columns}
    return pl.DataFrame([{c: r[c] for c in columns} for r in rows], schema=schema)


@dataclass(frozen=True)
class Posed:
    """The market problem that one world poses, what it rests on, and what the law closes."""

    inputs: MarketInputs
    problem: Problem
    bans: pl.DataFrame
    legs: pl.DataFrame | None = None  # its voyages, by month


def pose(
    world: World,
    first: date,
    months: int,
    *,
    sea: Voyages | None,
    anchor: Anchor,
    lags: bool = False,
    periods: Sequence[Period] | None = None,
    before: Before | None = None,
) -> Posed:
    """One world's market problem: what control permits and what voyages cost reach it as tables.

    `before` remembers what worlds that are posed one after another over the same months have in common; the problem is the
    same to the last bit. `months` counts every month from `first`; `periods` (a plan of `market.seasons`) joins some of them to seasons.
    """
    before = before or Before()
    law = before.laws.of(world, first, months, sea.legs if sea else None)
    inputs = build_inputs(
        world,
        first,
        months,
        bans=law.bans,
        caps=law.caps,
        deterrents=law.deterrents,
        legs=sea.legs if sea else None,
        fleets=sea.fleets if sea else None,
        hubs=sea.hubs if sea else None,
        served=sea.served if sea else None,
        lags=lags,
        anchor=anchor.values,
        kept=before.kept,
    )
    bans = law.bans
    if periods is not None:
        inputs, bans = joined(inputs, periods), joined_bans(bans, periods)
    return Posed(inputs, Problem.from_tables(dict(inputs.tables), before.sound), bans, sea.legs if sea else None)


@dataclass(frozen=True)
class Voyages:
    """LNG legs by node pair, month, fleet and hub; ship-days of the dated fleets; capacity of hubs; whom each fleet serves."""

    legs: pl.DataFrame
    fleets: pl.DataFrame
    hubs: pl.DataFrame
    served: Mapping[str, frozenset[str]]
    digest: str
    passages: Mapping[date, Passages]  # what the world closes or opens, by month
    listings: Mapping[str, str] = field(default_factory=dict)  # what the world says of ships that are listed themselves


_LISTERS = {"EU": "EU", "UK": "UK", "US": "OFAC"}


def listings_of(world: World) -> Mapping[str, str]:
    """Plain name of each ship of the registry -> its listings, as the voyages read them (`EU 2024-12-16 to 2025-07-18`)."""
    if "assets" not in world.tables or "measures" not in world.tables:
        return {}
    ships = {r["id"]: plain_name(r["name"]) for r in world.table("assets").iter_rows(named=True) if r["kind"] == "ship"}
    said: dict[str, list[str]] = {name: [] for name in ships.values()}
    listing = (
        (pl.col("effect") == "vessel_listing") & (pl.col("mode") == "prohibits") & pl.col("valid_from").is_not_null()
    )
    for m in world.table("measures").filter(listing).sort("valid_from", "id").iter_rows(named=True):
        for ship in set((m["targets"] or "").split()) & set(ships):
            if m["jurisdiction"] in _LISTERS and (m["valid_to"] is None or m["valid_from"] <= m["valid_to"]):
                end = f" to {m['valid_to']}" if m["valid_to"] else ""
                said[ships[ship]].append(f"{_LISTERS[m['jurisdiction']]} {m['valid_from']}{end}")
    return {name: "; ".join(found) for name, found in said.items()}


def passages_of(world: World, first: date, months: int) -> Mapping[date, Passages]:
    """Month -> passages that the world's own facts close or open in the middle of it; months without any are left out."""
    named = world.table("facts").filter(pl.col("attribute") == "passage_open")["subject"].unique().sort().to_list()
    out: dict[date, Passages] = {}
    for month in (add_months(first, i) for i in range(months)):
        found = {p: world.resolve(p, "passage_open", month.replace(day=15)) for p in named}
        closed = frozenset(p for p, fact in found.items() if fact is not None and fact.value < 0.5)
        opened = frozenset(p for p, fact in found.items() if fact is not None and fact.value >= 0.5)
        if closed or opened:
            out[month] = Passages(closed, opened)
    return out


def voyages(world: World, first: date, months: int) -> Voyages | None:
    """LNG legs of the months; None for a world whose LNG nodes are not those of the voyage tables."""
    bundle = read_bundle(VOYAGES)
    lng = world.table("assets").filter(
        pl.col("kind").is_in(["lng-export", "lng-import"]) & pl.col("node").is_not_null()
    )
    loading, landing = (
        sorted(lng.filter(pl.col("kind") == k)["node"].unique().to_list()) for k in ("lng-export", "lng-import")
    )
    ports = {p["node"] for p in bundle.ports}
    if not loading or not set(loading) & ports:
        return None
    span = [add_months(first, i) for i in range(months)]
    listings = listings_of(world)
    ships, hubs = with_listings(read_rows(VOYAGES, "fleet_ships"), listings), read_rows(VOYAGES, "hubs")
    table = read_table_file(VOYAGES / "legs.npz")
    said = passages_of(world, first, months)
    for month, state in said.items():
        for russian in (False, True):
            table = with_passages(bundle, table, shut_set(month, russian, state.opened), state)
    return Voyages(
        legs=market_legs(bundle, table, ships, hubs, loading, landing, span, passages=said),
        fleets=fleet_days(ships, span),
        hubs=hub_capacity(hubs, span),
        served=_served(world, ships),
        digest=hashlib.sha256(b"".join(p.read_bytes() for p in sorted(VOYAGES.iterdir()))).hexdigest(),
        passages=said,
        listings=listings,
    )


def _served(world: World, ships: Sequence[Mapping[str, Any]]) -> Mapping[str, frozenset[str]]:
    """Fleet -> the traders that alone may use the plants it serves."""
    owners = {r["subject"]: r["traders"].split() for r in world.table("access").iter_rows(named=True)}
    served: dict[str, set[str]] = {}
    for ship in ships:
        for plant in str(ship["may_serve"] or "").split(";"):
            served.setdefault(ship["fleet"], set()).update(owners.get(plant, ()))
    return {fleet: frozenset(traders) for fleet, traders in served.items() if traders}
