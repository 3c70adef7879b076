"""Which market problem do the refineries pose? (World + months + tables from control and voyages -> problem tables)

The same engine as for gas, price-taking, with more commodities. A node is a good at a place (`kebco.schwedt`,
`distillate.east`). Quantities in million barrels, prices in USD a barrel, so money is million USD; activity of pipelines and
refineries in million tonnes (their capacities come in tonnes). Each holder of a refinery is a trader: it buys crude, runs its share
of the plant (a tolling refinery) and sells what comes out. Who may use a pipeline into it has a right to it by the same
shares; what one leaves, the others may take. Products are sold in the refinery's region, against imports that cost more the more is needed, or go
to the coast, where the price is given: the price of a region lies between what an export fetches and what an import costs.

Not here: who holds what and who is barred, and how far ports are (the caller hands that over); solving; any judgement.
"""

from __future__ import annotations

from calendar import isleap
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

import polars as pl

from polynya.errors import InputError
from polynya.market.inputs import MarketInputs
from polynya.market.kept import Part
from polynya.market.schema import BY_NAME
from polynya.world import World
from polynya.world.capacity import AVAILABILITY, CapacityReader, add_months, month_bounds
from polynya.world.fact import Fact, Resolved
from polynya.world.world import MODEL

SELLER = "product-market"  # who sells imports at the price of the coast
PRODUCTS = ("petrol", "distillate", "other")
DEMANDED = ("petrol", "distillate")
KIND = {"number": pl.Float64, "text": pl.String, "integer": pl.Int64}


@dataclass(frozen=True)
class OilTerms:
    """What control and voyages hand over.

    `shares`: (refinery, month) -> holder -> share of capacity [1]. `closed`: (route, holder, month) that may not be used.
    `bans`: rows for the problem's bans (trader, node, arc, first_period, last_period, reason, measure, source). `miles`:
    (from node, to node) of a sea route -> distance [nm].
    """

    shares: Mapping[tuple[str, date], Mapping[str, float]]
    closed: frozenset[tuple[str, str, date]]
    bans: pl.DataFrame
    miles: Mapping[tuple[str, str], float]


@dataclass
class _Trace:
    rows: set[tuple[str, str, str, str]] = field(default_factory=set)
    facts: dict[str, Fact] = field(default_factory=dict)


def build_oil(world: World, first: date, months: int, terms: OilTerms) -> MarketInputs:
    """Build the problem of `months` months from `first`. Raises InputError when a number it needs is not in the world."""
    build = _Builder(world, first, months, terms)
    build.periods()
    build.crude()
    build.by_sea()
    build.pipelines()
    build.refineries()
    build.products()
    build.law()
    return build.done()


class _Builder:
    def __init__(self, world: World, first: date, months: int, terms: OilTerms) -> None:
        self.world, self.terms = world, terms
        self.months = [add_months(first, i) for i in range(months)]
        self.names = {m: m.strftime("%Y-%m") for m in self.months}
        self.reader = CapacityReader(world)
        self.trace = _Trace()
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self.gates: list[dict[str, Any]] = []
        self.missing: set[str] = set()
        self.carried: dict[int, set[int]] = {}  # last year known -> later years that carry it on
        self.routes = {r["id"]: r for r in world.table("oil_routes").sort("id").iter_rows(named=True)}
        self.recipes = list(world.table("oil_recipes").sort("id").iter_rows(named=True))
        self.refinery_at = {r["node"]: r["refinery"] for r in self.recipes}
        self.holders = sorted({h for shares in terms.shares.values() for h in shares})
        if not self.recipes:
            raise InputError("the world has no refinery with recipes", where="oil_recipes.csv")

    def add(self, table: str, **row: Any) -> None:
        self.tables.setdefault(table, []).append(row)

    # -- reading facts ------------------------------------------------------------------------------------------------

    def note(self, table: str, identity: str, attribute: str, found: Resolved | None) -> None:
        for fact in found.facts if found else ():
            self.trace.rows.add((table, identity, attribute, fact.key))
            self.trace.facts[fact.key] = fact

    def need(self, subject: str, attribute: str, month: date, table: str, identity: str) -> float:
        """A value in force in mid-month; a `year` attribute may be carried on from the last year known, and that is noted."""
        day = month.replace(day=15)
        found = self.world.resolve(subject, attribute, day)
        if found is None and self.world.attributes[attribute]["over_time"] == "year":
            latest = self.world.latest_year(subject, attribute, month.year)
            if latest is not None:
                self.carried.setdefault(latest[0], set()).add(month.year)
                found = latest[1]
        if found is None:
            self.missing.add(f"{attribute} of {subject} on {day}")
            return 0.0
        self.note(table, identity, attribute, found)
        return found.value

    def maybe(self, subject: str, attribute: str, month: date, table: str, identity: str, default: float) -> float:
        found = self.world.resolve(subject, attribute, month.replace(day=15))
        self.note(table, identity, attribute, found)
        return default if found is None else found.value

    def parameter(self, name: str, month: date, table: str, identity: str) -> float:
        return self.need(MODEL, f"parameter_{name}", month, table, identity)

    def tonnes(self, good: str, table: str, identity: str) -> float:
        """Barrels in a tonne of a good."""
        return self.need(good, "bbl_per_t", self.months[0], table, identity)

    def price_at_coast(self, product: str, month: date, table: str, identity: str) -> float:
        """What a product fetches in north-west Europe. [USD/bbl]"""
        brent = self.parameter("brent_usd_per_bbl", month, table, identity)
        return brent + self.need(product, "product_crack_usd_per_bbl", month, table, identity)

    def capacity(self, subject: str, attribute: str, month: date, table: str, chain: Sequence[str]) -> float | None:
        """Million tonnes in the month, with availability and gates by day; None where no limit is ever known."""
        first, last = month_bounds(month)
        gates = [g for s in chain for g in self.reader.gates(s)]
        shut_always = {g["id"] for g in gates}
        total, known, day = 0.0, False, first
        for days, found in self.world.over_days(subject, attribute, first, last):
            self.note(table, subject, attribute, found)
            share = 1.0
            for s in chain:
                at = self.world.resolve(s, AVAILABILITY, day)
                self.note(table, subject, AVAILABILITY, at)
                share *= 1.0 if at is None else at.value
            for i in range(days):
                on = day + timedelta(days=i)
                shut = {
                    g["id"] for g in gates if g["valid_from"] <= on and (g["valid_to"] is None or on <= g["valid_to"])
                }
                shut_always &= shut
                if found is not None and not shut:
                    total += found.value * share / (366 if isleap(month.year) else 365)
            known |= found is not None
            day += timedelta(days=days)
        for gate in sorted(shut_always):
            self.gates.append({"subject": subject, "gate": gate, "period": self.names[month]})
        if known:
            return total
        # known at other times: it is not there now; never known: no limit
        return 0.0 if shut_always or self.world.facts.get((subject, attribute)) else None

    # -- the families -------------------------------------------------------------------------------------------------

    def periods(self) -> None:
        rate = self.parameter("discount_rate_per_year", self.months[0], "model", "discount_rate_per_year")
        for i, month in enumerate(self.months):
            first, last = month_bounds(month)
            days = float((last - first).days + 1)
            self.add("periods", period=self.names[month], weight=(1.0 + rate) ** (-i / 12.0), days=days)
        for holder in (*self.holders, SELLER):
            self.add("traders", trader=holder)

    def crude(self) -> None:
        """Crude is for sale where its first route begins, in any quantity, at Brent and its differential."""
        legs = [(g, r) for r in self.routes.values() if r["kind"] in ("sea", "pipeline") for g in r["goods"].split()]
        ends = {(g, r["to_node"]) for g, r in legs}
        for good, node in sorted({(g, r["from_node"]) for g, r in legs} - ends):
            for month in self.months:
                brent = self.parameter("brent_usd_per_bbl", month, "production", good)
                price = brent + self.need(good, "crude_differential_usd_per_bbl", month, "production", good)
                price += self.maybe(good, "crude_discount_shift_usd_per_bbl", month, "production", good, 0.0)
                for holder in self.holders:
                    self.add(
                        "production", trader=holder, node=f"{good}.{node}", period=self.names[month], step=good,
                        capacity=None, cost=price, cost_slope=0.0,
                    )  # fmt: skip

    def by_sea(self) -> None:
        for identity, route in self.routes.items():
            if route["kind"] != "sea":
                continue
            miles = self.terms.miles.get((route["from_node"], route["to_node"]))
            if miles is None:
                self.missing.add(f"a sea distance for {identity}")
                continue
            for month in self.months:
                capacity = self.capacity(identity, "route_capacity_mt_per_year", month, "arcs", [identity])
                if capacity == 0.0:
                    continue
                freight = self.parameter("crude_freight_usd_per_bbl", month, "arcs", identity)
                per = self.parameter("crude_freight_usd_per_bbl_per_1000nm", month, "arcs", identity)
                self._arcs(identity, route, month, freight + per * miles / 1000.0, None)

    def _arcs(self, identity: str, route: Mapping[str, Any], month: date, cost: float, capacity: float | None) -> None:
        goods = route["goods"].split()
        for good in goods:
            self.add(
                "arcs", arc=identity if len(goods) == 1 else f"{identity}.{good}", period=self.names[month],
                **{"from": f"{good}.{route['from_node']}", "to": f"{good}.{route['to_node']}"}, capacity=capacity,
                cost=cost, kind=route["kind"],
            )  # fmt: skip

    def pipelines(self) -> None:
        """A line carries several crudes; who may use it has a right by its share, and what one leaves others may take.

        The right bounds each crude by itself. Using another holder's right costs a little, so that each uses its own first.
        """
        for identity, route in self.routes.items():
            if route["kind"] != "pipeline":
                continue
            only = set((route["exclusive_to"] or "").split())
            chain = [identity, *(self.reader.chain(route["asset"]) if route["asset"] else ())]
            chain = [s for s in chain if s != self.refinery_at[route["to_node"]]]
            for month in self.months:
                capacity = self.capacity(identity, "route_capacity_mt_per_year", month, "conversions", chain)
                if capacity == 0.0:
                    continue
                cost = self.need(identity, "route_cost_usd_per_bbl", month, "conversions", identity)
                shares = {
                    h: s
                    for h, s in self.terms.shares[self.refinery_at[route["to_node"]], month].items()
                    if (not only or h in only) and (identity, h, month) not in self.terms.closed
                }
                swap = self.parameter("line_swap_usd_per_bbl", month, "conversions", identity)
                self._plant(identity, month, capacity)
                for holder, share in shares.items():
                    right = None if capacity is None else capacity * share / sum(shares.values())
                    for good in route["goods"].split():
                        size = self.tonnes(good, "conversions", identity)
                        legs = {f"{good}.{route['from_node']}": -size, f"{good}.{route['to_node']}": size}
                        way = f"{identity}.{good}.{holder}"
                        self._convert(way, month, holder, identity, right, 0.0, cost * size, legs, "pipeline")
                        if right is not None and len(shares) > 1:
                            dear = (cost + swap) * size
                            self._convert(f"{way}.swap", month, holder, identity, None, 0.0, dear, legs, "pipeline")

    def refineries(self) -> None:
        for recipe in self.recipes:
            refinery, crude = recipe["refinery"], recipe["crude"]
            for month in self.months:
                for holder, share in self.terms.shares[refinery, month].items():
                    self._plant(f"{refinery}.{holder}", month, share * self.room(refinery, month))
                    size = self.tonnes(crude, "conversions", recipe["id"])
                    legs = {f"{crude}.{recipe['node']}": -size}
                    for p in PRODUCTS:
                        made = self.need(recipe["id"], f"yield_{p}_share", month, "conversions", recipe["id"])
                        legs[f"{p}.{recipe['region']}"] = made * self.tonnes(p, "conversions", recipe["id"])
                    cost = self.need(refinery, "refinery_cost_usd_per_bbl", month, "conversions", recipe["id"])
                    self._convert(
                        f"{recipe['id']}.{holder}",
                        month,
                        holder,
                        f"{refinery}.{holder}",
                        None,
                        cost * size,
                        0.0,
                        legs,
                        "refining",
                    )

    def room(self, refinery: str, month: date) -> float:
        """What a refinery can run in the month, stops and turnarounds off. [Mt]"""
        first, last = month_bounds(month)
        full = self.capacity(refinery, "refinery_capacity_mt_per_year", month, "plants", [refinery])
        if full is None:
            self.missing.add(f"refinery_capacity_mt_per_year of {refinery} in {self.names[month]}")
            return 0.0
        usual = self.need(refinery, "refinery_availability_share", month, "plants", refinery)
        pieces = self.world.over_days(refinery, "refinery_turnaround_share", first, last)
        for _, found in pieces:
            self.note("plants", refinery, "refinery_turnaround_share", found)
        left = sum(days * (usual if at is None else min(usual, at.value)) for days, at in pieces)
        return full * left / sum(days for days, _ in pieces)

    def _plant(self, plant: str, month: date, capacity: float | None) -> None:
        row = {"plant": plant, "period": self.names[month], "capacity": capacity}
        if row not in self.tables.setdefault("plants", []):
            self.tables["plants"].append(row)

    def _convert(
        self, identity: str, month: date, holder: str, plant: str, capacity: float | None, cost: float, tariff: float,
        legs: Mapping[str, float], kind: str,
    ) -> None:  # fmt: skip
        self.add(
            "conversions", conversion=identity, period=self.names[month], trader=holder, plant=plant, capacity=capacity,
            cost=cost, tariff=tariff, kind=kind,
        )  # fmt: skip
        for node, amount in legs.items():
            row = {"conversion": identity, "node": node, "amount": amount}
            if row not in self.tables.setdefault("yields", []):
                self.tables["yields"].append(row)

    def products(self) -> None:
        """Regional demand through last known quantity and the coast's price; imports by cost; exports to the coast."""
        regions = sorted({r["region"] for r in self.recipes})
        for month in self.months:
            days = month_bounds(month)[1].day / (366 if isleap(month.year) else 365)
            elasticity = self.parameter("fuel_price_elasticity", month, "demand", "fuel_price_elasticity")
            for product in PRODUCTS:
                coast = self.price_at_coast(product, month, "demand", f"{product}.coast")
                self._demand(f"{product}.coast", month, coast, 0.0)
                for region in regions if product in DEMANDED else ():
                    where = f"{product}.{region}"
                    tonnes = self.need(region, f"{product}_demand_mt_per_year", month, "demand", where)
                    tonnes *= self.maybe(region, "demand_factor", month, "demand", where, 1.0)
                    quantity = tonnes * days * self.tonnes(product, "demand", where)
                    price = self.price_at_coast(product, month, "demand", where)
                    slope = price / (-elasticity * quantity)
                    self._demand(where, month, price + slope * quantity, slope)
            for identity, route in self.routes.items():
                if route["kind"] not in ("import", "export"):
                    continue
                cost = self.need(identity, "route_cost_usd_per_bbl", month, "arcs", identity)
                capacity = self.capacity(identity, "route_capacity_mt_per_year", month, "arcs", [identity])
                if route["kind"] == "export":
                    self._arcs(identity, route, month, cost, None)
                    continue
                for product in route["goods"].split():
                    most = None if capacity is None else capacity * self._mix(route["to_node"], product, month)
                    price = self.price_at_coast(product, month, "production", identity)
                    self.add(
                        "production", trader=SELLER, node=f"{product}.{route['to_node']}", period=self.names[month],
                        step=identity, capacity=None if most is None else most * self.tonnes(product, "production", identity),
                        cost=price + cost, cost_slope=0.0,
                    )  # fmt: skip

    def _mix(self, region: str, product: str, month: date) -> float:
        """Share of an import route that a product gets: as in the region's demand."""
        used = {p: self.need(region, f"{p}_demand_mt_per_year", month, "demand", f"{p}.{region}") for p in DEMANDED}
        return used[product] / sum(used.values())

    def _demand(self, node: str, month: date, intercept: float, slope: float) -> None:
        self.add("demand", node=node, period=self.names[month], intercept=intercept, slope=slope)

    def law(self) -> None:
        for row in self.terms.bans.iter_rows(named=True):
            if row["arc"] is None:
                self.add(
                    "bans", **{c: row[c] for c in ("trader", "node", "arc", "first_period", "last_period", "reason")}
                )

    def done(self) -> MarketInputs:
        if self.missing:
            listed = sorted(self.missing)
            raise InputError(
                f"the refineries need facts that the world does not have: {'; '.join(listed[:8])}"
                + (f"; and {len(listed) - 8} more" if len(listed) > 8 else ""),
                where="world",
                fix="Add them, as an assumption if need be.",
            )
        used = {r["node"] for t in ("demand", "production", "yields") for r in self.tables[t]}
        used |= {r[k] for r in self.tables["arcs"] for k in ("from", "to")}
        self.tables["nodes"] = [{"node": n} for n in sorted(used)]
        names = {g["id"]: g for g in self.world.table("gates").iter_rows(named=True)}
        gates = [
            {**g, "kind": names[g["gate"]]["gate"], **{c: names[g["gate"]][c] for c in ("name", "source", "measure")}}
            for g in self.gates
        ]
        gate_schema = dict.fromkeys(("subject", "gate", "period", "kind", "name", "source", "measure"), pl.String)
        return MarketInputs(
            tables={name: _frame(name, rows) for name, rows in self.tables.items()},
            parts=(Part(trace=self.trace.rows, facts={id(f): f for f in self.trace.facts.values()}),),
            gates=pl.DataFrame(gates, schema=gate_schema).unique(maintain_order=True),
            notes=tuple(self._notes()),
        )

    def _notes(self) -> Sequence[str]:
        lines = [
            f"Facts of {year} carried on to {', '.join(str(y) for y in sorted(later))}: no later year is known."
            for year, later in sorted(self.carried.items())
        ]
        return [*lines, "Demand is even over the days of a year: no monthly figure by region was found."]


def _frame(name: str, rows: list[dict[str, Any]]) -> pl.DataFrame:
    schema = {c.name: KIND[c.kind] for c in BY_NAME[name].columns}
    return pl.DataFrame([{c: r.get(c) for c in schema} for r in rows], schema=schema)
