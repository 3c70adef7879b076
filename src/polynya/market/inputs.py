"""Which market problem does a world pose? (World + months + tables from voyages and control -> problem tables)

Quantities in bcm (40 MJ/m3), prices in USD/MMBtu, months as periods. LNG runs over two helper nodes: what is loaded at
node N stands at `N@FOB`, what arrives at M stands at `M@DES`:  N -(plant)-> N@FOB -(ship)-> M@DES -(terminal)-> M.
Every row that rests on facts leaves them in `trace`, so that a number can be explained. Not here: solving, and any
judgement about who may deal with whom (that comes as a table of bans).
"""

from __future__ import annotations

import math
from calendar import isleap
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from polynya.errors import InputError
from polynya.market import stocks
from polynya.units import MMBTU_PER_BCM, added
from polynya.world import World
from polynya.world.capacity import CapacityReader, add_months, month_bounds
from polynya.world.fact import Fact, Resolved
from polynya.world.world import MODEL

# Shape of a supply's marginal cost between its lowest and highest cost: three linear pieces as in the Global Gas
# Model's 2019 documentation (half of the capacity, then 46 %, then the last 4 % steeply). (share, cost position)
COST_PIECES = ((0.50, 0.0, 0.15), (0.46, 0.15, 0.55), (0.04, 0.55, 1.0))
EARTH_RADIUS_NM = 3440.065
DUTY_YEARS = 5  # before the year: over so many the use is averaged that limits a filling obligation


@dataclass(frozen=True)
class MarketInputs:
    """The tables of a problem folder, what each rests on, and what could not be used."""

    tables: Mapping[str, pl.DataFrame]
    trace: pl.DataFrame  # table, id, attribute, fact key: which facts stand behind a row's numbers
    facts: Mapping[str, Fact]
    gates: pl.DataFrame  # subject, gate, period, kind, name, source, measure: gates shut for a whole month
    notes: tuple[str, ...] = ()
    # arc, payer (a trader), period, musd: fees owed whether a line is used or not. Sunk, so that no flow depends on them
    # and the problem does not hold them; who pays whom does.
    fees: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(
            schema={"arc": pl.String, "payer": pl.String, "period": pl.String, "musd": pl.Float64}
        )
    )


@dataclass
class _Trace:
    rows: set[tuple[str, str, str, str]] = field(default_factory=set)
    facts: dict[str, Fact] = field(default_factory=dict)
    keys: dict[int, str] = field(default_factory=dict)  # of a fact's place in memory: most are read for every month

    def add(self, table: str, identity: str, attribute: str, facts: Iterable[Fact]) -> None:
        for fact in facts:
            key = self.keys.get(id(fact))
            if key is None:
                key = self.keys[id(fact)] = fact.key
                self.facts[key] = fact
            self.rows.add((table, identity, attribute, key))


def build_inputs(
    world: World,
    first: date,
    months: int,
    *,
    bans: pl.DataFrame | None = None,
    caps: pl.DataFrame | None = None,
    deterrents: pl.DataFrame | None = None,
    legs: pl.DataFrame | None = None,
    fleets: pl.DataFrame | None = None,
    hubs: pl.DataFrame | None = None,
    served: Mapping[str, frozenset[str]] | None = None,
    lags: bool = True,
    anchor: Mapping[tuple[str, str, str], float] | None = None,
) -> MarketInputs:
    """Build the problem of `months` months from `first`.

    `bans` (trader, node, arc, first_period, last_period, reason) and `caps` (trader, node, period, maximum, reason)
    come from control, `legs` (from_node, to_node,
    period, fleet, days, cost_usd_per_mmbtu, boil_off_share, ship_days_per_bcm, lag_share, hub), `fleets` (fleet, period,
    ship_days), `hubs` (hub, period, capacity_bcm) and `served` (fleet -> the sellers it alone carries) from voyages; without legs
    the distance is the great circle times a stated detour. `anchor` maps (item, node, period) to the user's value.
    Raises InputError when a number that the problem needs is not in the world.
    """
    build = _Builder(world, first, months, anchor or {})
    build.periods()
    build.demand()
    build.production()
    build.pipelines()
    build.lng(legs if lags or legs is None else legs.with_columns(pl.lit(0.0).alias("lag_share")), fleets, hubs)
    if legs is not None and not lags:
        build.notes.append("LNG arrives in the month in which it is loaded (--lags carries it over).")
    build.storage()
    build.contracts()
    build.ship_or_pay()
    build.conduct()
    build.access()
    build.foreign_plants()
    build.sold_where_landed()
    build.fleets_of_others(served or {})
    build.law(bans, caps, deterrents)
    return build.done()


def build_numbers(
    world: World,
    first: date,
    months: int,
    *,
    legs: pl.DataFrame | None = None,
    fleets: pl.DataFrame | None = None,
    hubs: pl.DataFrame | None = None,
    lags: bool = True,
    anchor: Mapping[tuple[str, str, str], float] | None = None,
) -> Mapping[str, Sequence[Mapping[str, Any]]]:
    """The rows of every table of `build_inputs` that holds numbers of the world, as they were computed: whatever the world's
    numbers carry with them (`duals`) is still there. No bans and no caps of the law, which hold none."""
    build = _Builder(world, first, months, anchor or {})
    build.periods()
    build.demand()
    build.production()
    build.pipelines()
    build.lng(legs if lags or legs is None else legs.with_columns(pl.lit(0.0).alias("lag_share")), fleets, hubs)
    build.storage()
    build.contracts()
    build.conduct()
    return build.tables


class _Builder:
    def __init__(self, world: World, first: date, months: int, anchor: Mapping[tuple[str, str, str], float]) -> None:
        self.world = world
        self.months = [add_months(first, i) for i in range(months)]
        self.names = [m.strftime("%Y-%m") for m in self.months]
        self.reader = CapacityReader(world)
        self.trace = _Trace()
        self.tables: dict[str, list[dict[str, Any]]] = {}
        self.gates: list[dict[str, Any]] = []
        self.fees: list[dict[str, Any]] = []
        self.notes: list[str] = []
        self._onward: tuple[int, dict[str, set[tuple[str, str]]]] = (-1, {})  # of so many arcs: start -> arc, end
        self._shut: tuple[int, dict[str, set[str]]] = (0, {})  # of so many bans: seller -> arcs
        self.anchor = anchor
        self.nodes = {r["id"]: r for r in world.table("nodes").iter_rows(named=True)}
        self.traders = {r["id"]: r for r in world.table("traders").iter_rows(named=True)}
        self.missing: list[str] = []
        self.fallen_back: dict[tuple[int, int], set[str]] = {}  # (year wanted, year of the pair) -> nodes
        self.friction: dict[str, list[tuple[date | None, date | None, float, float]]] = {}
        for r in world.table("frictions").iter_rows(named=True) if "frictions" in world.tables else ():
            pair = (r["friction_usd_per_mmbtu"], r["slope_usd_per_mmbtu_per_bcm_per_year"])
            self.friction.setdefault(r["way"], []).append((r["valid_from"], r["valid_to"], *pair))
        self.carried_on: dict[
            int, dict[int, set[str]]
        ] = {}  # year of the last pair -> later year -> nodes on its curve
        self.moved: set[str] = set()  # nodes whose curve an outlook moves

    def add(self, table: str, **row: Any) -> None:
        self.tables.setdefault(table, []).append(row)

    def need(self, subject: str, attribute: str, on: date, table: str, identity: str) -> float:
        found = self.world.resolve(subject, attribute, on)
        if found is None:
            self.missing.append(f"{attribute} of {subject} on {on}")
            return 0.0
        self.trace.add(table, identity, attribute, found.facts)
        return found.value

    def maybe(self, subject: str, attribute: str, on: date, table: str, identity: str, default: float = 0.0) -> float:
        for s in self.reader.chain(subject):
            found = self.world.resolve(s, attribute, on)
            if found is not None:
                self.trace.add(table, identity, attribute, found.facts)
                return found.value
        return default

    def parameter(self, name: str) -> float:
        return self.need(MODEL, f"parameter_{name}", self.months[0], "model", name)

    # -- time ---------------------------------------------------------------------------------------------------------

    def periods(self) -> None:
        rate = self.parameter("discount_rate_per_year")
        for i, (name, month) in enumerate(zip(self.names, self.months, strict=True)):
            first, last = month_bounds(month)
            self.add(
                "periods",
                period=name,
                weight=(1.0 + rate) ** (-i / 12.0),
                cycle="all",
                days=float((last - first).days + 1),
            )

    # -- demand -------------------------------------------------------------------------------------------------------

    def demand(self) -> None:
        """P = intercept - slope Q through the reference quantity and price, with the declared elasticity there."""
        for node in sorted(self.nodes):
            if not self.world.facts.get((node, "consumption_bcm")):
                continue
            elasticity = self.need(node, "price_elasticity_medium", self.months[0], "demand", node)
            if elasticity >= 0.0:
                self.missing.append(f"a negative price_elasticity_medium of {node}")
                continue
            for name, month in zip(self.names, self.months, strict=True):
                quantity, price = self._reference(node, name, month)
                if quantity <= 0.0:
                    continue
                slope = price / (-elasticity * quantity)
                self.add(
                    "demand",
                    node=node,
                    period=name,
                    intercept=price + slope * quantity,
                    slope=slope,
                    fixed=None,
                    value_of_lost_load=None,
                )
        self._note_fallen_back()

    def _reference(self, node: str, name: str, month: date) -> tuple[float, float]:
        pair = self._pair(node, month.year)
        if pair is None:
            self.missing.append(
                f"consumption_bcm and reference_price_usd_per_mmbtu of {node} for one and the same year"
            )
            return 0.0, 0.0
        year, annual, price = pair
        anchored = all((item, node, name) in self.anchor for item in ("demand_bcm", "price_usd_per_mmbtu"))
        later = {f.valid_from.year for f in self.world.facts[node, "consumption_bcm"] if f.valid_from}
        if not anchored and (year > month.year or any(year < y <= month.year for y in later)):
            self.fallen_back.setdefault((month.year, year), set()).add(node)
        elif not anchored and year < month.year:
            self.carried_on.setdefault(year, {}).setdefault(month.year, set()).add(node)
        self.trace.add("demand", node, "consumption_bcm", annual.facts)
        self.trace.add("demand", node, "reference_price_usd_per_mmbtu", price.facts)
        share = self.need(node, f"demand_share_m{month.month:02d}", month, "demand", node)
        quantity = self.anchor.get(("demand_bcm", node, name))
        if quantity is None:
            quantity = annual.value * share * self._growth(node, year, month)
        quantity *= self.maybe(node, "demand_factor", month, "demand", node, 1.0)
        level = price.value * self.maybe(node, "reference_price_factor", month, "demand", node, 1.0)
        level += self.maybe(node, "demand_price_shift_usd_per_mmbtu", month, "demand", node)
        return quantity, self.anchor.get(("price_usd_per_mmbtu", node, name), level)

    def _growth(self, node: str, known: int, month: date) -> float:
        """How much further out the curve of the year known lies in the month's year: the growth of each year between.

        Growth is that of use at unchanged prices: the price of the curve stays, its quantity moves. A year of which no
        outlook says anything adds nothing.
        """
        grown = 1.0
        for year in range(known + 1, month.year + 1):
            found = self.world.resolve(node, "demand_growth_share_per_year", date(year, 1, 1))
            if found is not None:
                self.trace.add("demand", node, "demand_growth_share_per_year", found.facts)
                self.moved.add(node)
                grown *= 1.0 + found.value
        return grown

    def _pair(self, node: str, wanted: int) -> tuple[int, Resolved, Resolved] | None:
        """Consumption and price of one year, the latest up to the wanted one that has both; failing that, the first.

        A quantity says where a demand curve lies only beside the price at which it was used. The consumption of a
        later year without a price is therefore not used, not even as a ratio: in 2022 the price had already cut it,
        and a curve through that quantity and the price of 2021 would count the cut twice. Such nodes are noted.
        """
        consumed, priced = (
            {f.valid_from.year for f in self.world.facts.get((node, attribute), ()) if f.valid_from}
            for attribute in ("consumption_bcm", "reference_price_usd_per_mmbtu")
        )
        both = consumed & priced
        if not both:
            return None
        year = max((y for y in both if y <= wanted), default=min(both))
        on = date(year, 1, 1)
        annual = self.world.resolve(node, "consumption_bcm", on)
        price = self.world.resolve(node, "reference_price_usd_per_mmbtu", on)
        return None if annual is None or price is None else (year, annual, price)

    def _note_fallen_back(self) -> None:
        for (wanted, year), nodes in sorted(self.fallen_back.items()):
            why = (
                "consumption of a later year is known, but not its price"
                if year < wanted
                else "no earlier year has both quantity and price"
            )
            self.notes.append(f"Demand of {wanted} lies on the curve of {year} ({why}): {', '.join(sorted(nodes))}.")
        for year, later in sorted(self.carried_on.items()):
            span = f"{min(later)}" if len(later) == 1 else f"{min(later)} to {max(later)}"
            on = set[str]().union(*later.values())
            still = sorted(on - self.moved)
            said = f"Demand of {span} lies on the curve of {year}, the last year known"
            if len(still) < len(on):
                said += f", moved by the yearly growth of dated outlooks at {len(on) - len(still)} of {len(on)} nodes"
            self.notes.append(said + (f"; no growth is assumed at {', '.join(still)}." if still else "."))

    # -- supply -------------------------------------------------------------------------------------------------------

    def production(self) -> None:
        for supply in self.world.table("supplies").sort("id").iter_rows(named=True):
            identity = supply["id"]
            for name, month in zip(self.names, self.months, strict=True):
                capacity = self._supply_capacity(identity, month)
                if capacity is None or capacity <= 0.0:
                    continue
                low = self.need(identity, "production_cost_low_usd_per_mmbtu", month, "production", identity)
                high = self.need(identity, "production_cost_high_usd_per_mmbtu", month, "production", identity)
                tax = self.maybe(identity, "tax_usd_per_mmbtu", month, "production", identity)
                for step, (share, start, end) in enumerate(COST_PIECES, start=1):
                    size = share * capacity
                    base = low + (high - low) * start + tax
                    self.add(
                        "production",
                        trader=supply["trader"],
                        node=supply["node"],
                        period=name,
                        step=f"{identity}.{step}",
                        capacity=size,
                        cost=base,
                        cost_slope=max(high - low, 0.0) * (end - start) / size,
                    )

    def _supply_capacity(self, identity: str, month: date) -> float | None:
        first, last = month_bounds(month)
        total, known = 0.0, False
        availability = self.world.over_days(identity, "availability_share", first, last)
        for days, found in self.world.over_days(identity, "production_capacity_bcm_per_year", first, last):
            if found is None:
                continue
            known = True
            self.trace.add("production", identity, "production_capacity_bcm_per_year", found.facts)
            total += days * found.value / (366 if isleap(month.year) else 365)
        shares = added(days * (1.0 if a is None else a.value) for days, a in availability) / sum(
            d for d, _ in availability
        )
        for _, a in availability:
            self.trace.add("production", identity, "availability_share", a.facts if a else ())
        shut = [
            g
            for g in self.reader.gates(identity)
            if g["valid_from"] <= first and (g["valid_to"] is None or g["valid_to"] >= last)
        ]
        return 0.0 if shut else (total * shares if known else None)

    # -- pipelines ----------------------------------------------------------------------------------------------------

    def pipelines(self) -> None:
        for corridor in self.world.table("corridors").sort("id").iter_rows(named=True):
            identity = corridor["id"]
            for name, month in zip(self.names, self.months, strict=True):
                capacity = self._capacity("arcs", identity, name, month)
                if capacity is None or capacity <= 0.0:
                    continue
                self._arc(identity, corridor["from_node"], corridor["to_node"], name, month, capacity, "pipeline")

    def _capacity(self, table: str, identity: str, name: str, month: date) -> float | None:
        found = self.reader.month(identity, month)
        self.trace.add(table, identity, "capacity_bcm_per_year", found.facts)
        for gate in found.closed_gates:
            self.gates.append({"subject": identity, "gate": gate, "period": name})
        return found.bcm

    def _arc(
        self,
        identity: str,
        start: str,
        end: str,
        name: str,
        month: date,
        capacity: float | None,
        kind: str,
        **more: Any,
    ) -> None:
        row = {
            "arc": identity,
            "from": start,
            "to": end,
            "period": name,
            "capacity": capacity,
            **self._rubbed(
                identity, self.maybe(identity, "transport_cost_usd_per_mmbtu", month, "arcs", identity), month
            ),
            "loss": self.maybe(identity, "loss_share", month, "arcs", identity),
            "tariff": self.maybe(identity, "tariff_usd_per_mmbtu", month, "arcs", identity),
            "tax": self.maybe(identity, "tax_usd_per_mmbtu", month, "arcs", identity),
            "kind": kind,
            "fleet": None,
            "ship_days": None,
            "hub": None,
            "lag": None,
        }
        self.add("arcs", **{**row, **more})

    def _rubbed(self, way: str, cost: float, month: date) -> dict[str, float]:
        """Cost and rise of cost of a way with the friction that calibration found, which may be below zero."""
        first, last = month_bounds(month)
        here = [
            (f, s)
            for start, end, f, s in self.friction.get(way, ())
            if (start is None or start <= month) and (end is None or last <= end)
        ]
        friction, slope = added(f for f, _ in here), added(s for _, s in here)
        year = 366 if isleap(month.year) else 365
        return {"cost": cost + friction, "cost_slope": slope * year / ((last - first).days + 1)}

    # -- LNG ----------------------------------------------------------------------------------------------------------

    def lng(self, legs: pl.DataFrame | None, fleets: pl.DataFrame | None, hubs: pl.DataFrame | None = None) -> None:
        assets = self.world.table("assets").filter(
            pl.col("kind").is_in(["lng-export", "lng-import"]) & pl.col("node").is_not_null()
        )
        loading: dict[str, set[str]] = {}
        landing: dict[str, set[str]] = {}
        for plant in assets.sort("id").iter_rows(named=True):
            exports = plant["kind"] == "lng-export"
            for name, month in zip(self.names, self.months, strict=True):
                capacity = self._capacity("arcs", plant["id"], name, month)
                if capacity is None or capacity <= 0.0:
                    continue
                # facts count a plant's LNG out and a terminal's gas out; an arc counts what enters it
                capacity /= 1.0 - self.maybe(plant["id"], "loss_share", month, "arcs", plant["id"])
                node = plant["node"]
                start, end = (node, f"{node}@FOB") if exports else (f"{node}@DES", node)
                (loading if exports else landing).setdefault(name, set()).add(node)
                self._arc(
                    plant["id"], start, end, name, month, capacity, "liquefaction" if exports else "regasification"
                )
        if legs is not None:
            self._voyage_legs(legs, loading, landing)
            for row in fleets.iter_rows(named=True) if fleets is not None else ():
                self.add("fleets", fleet=row["fleet"], period=row["period"], ship_days=row["ship_days"])
            for row in hubs.iter_rows(named=True) if hubs is not None else ():
                self.add("hubs", hub=row["hub"], period=row["period"], capacity=row["capacity_bcm"])
        else:
            self._great_circles(loading, landing)

    def _voyage_legs(
        self, legs: pl.DataFrame, loading: Mapping[str, set[str]], landing: Mapping[str, set[str]]
    ) -> None:
        months = dict(zip(self.names, self.months, strict=True))
        for leg in legs.iter_rows(named=True):
            name = leg["period"]
            if (
                not leg["feasible"]
                or leg["from_node"] not in loading.get(name, ())
                or leg["to_node"] not in landing.get(name, ())
            ):
                continue
            self.add(
                "arcs",
                arc=ship_arc(leg["from_node"], leg["to_node"], leg["fleet"], leg.get("hub")),
                **{"from": f"{leg['from_node']}@FOB", "to": f"{leg['to_node']}@DES"},
                period=name,
                capacity=None,
                **self._rubbed(ship_arc(leg["from_node"], leg["to_node"]), leg["cost_usd_per_mmbtu"], months[name]),
                loss=leg["boil_off_share"],
                tariff=0.0,
                tax=0.0,
                kind="ship",
                fleet=leg["fleet"],
                ship_days=leg["ship_days_per_bcm"],
                hub=leg.get("hub") or None,
                lag=leg["lag_share"] or None,
            )

    def _great_circles(self, loading: Mapping[str, set[str]], landing: Mapping[str, set[str]]) -> None:
        detour = self.parameter("lng_detour_factor")
        per_1000 = self.parameter("shipping_cost_usd_per_mmbtu_per_1000nm")
        boil_off = self.parameter("boil_off_share_per_1000nm")
        self.notes.append("LNG distances are great circles times a stated detour, not voyages.")
        for name in self.names:
            for start in sorted(loading.get(name, ())):
                for end in sorted(landing.get(name, ())):
                    if start == end:
                        continue
                    thousand_nm = detour * self._great_circle_nm(start, end) / 1000.0
                    self.add(
                        "arcs",
                        arc=ship_arc(start, end),
                        **{"from": f"{start}@FOB", "to": f"{end}@DES"},
                        period=name,
                        capacity=None,
                        cost=per_1000 * thousand_nm,
                        loss=min(boil_off * thousand_nm, 0.2),
                        tariff=0.0,
                        tax=0.0,
                        kind="ship",
                        fleet=None,
                        ship_days=None,
                        hub=None,
                        lag=None,
                    )

    def _great_circle_nm(self, a: str, b: str) -> float:
        p, q = self.nodes[a], self.nodes[b]
        la, lb = math.radians(p["lat"]), math.radians(q["lat"])
        half = (
            math.sin((lb - la) / 2) ** 2
            + math.cos(la) * math.cos(lb) * math.sin(math.radians(q["lon"] - p["lon"]) / 2) ** 2
        )
        return 2 * EARTH_RADIUS_NM * math.asin(math.sqrt(half))

    # -- storage ------------------------------------------------------------------------------------------------------

    def storage(self) -> None:
        stores = self.world.table("assets").filter((pl.col("kind") == "gas-storage") & pl.col("node").is_not_null())
        for store in stores.sort("id").iter_rows(named=True):
            identity, node = store["id"], store["node"]
            first = self.months[0]
            working = self.world.resolve(identity, "working_bcm", first)
            if working is None or working.value <= 0.0:
                continue
            level = self._fill(identity, node, first, working)
            reach = level  # what a store that only takes gas in holds at the end of a month
            for i, (name, month) in enumerate(zip(self.names, self.months, strict=True)):
                days = (month_bounds(month)[1] - month).days + 1
                size = self.need(identity, "working_bcm", month, "storage", identity)
                injection = days * self.need(identity, "injection_bcm_per_day", month, "storage", identity)
                loss = self.maybe(identity, "loss_share", month, "storage", identity)
                reach = min(size, reach + injection * (1.0 - loss))
                ends = i == len(self.names) - 1
                self.add(
                    "storage",
                    storage=identity,
                    node=node,
                    period=name,
                    working=size,
                    injection=injection,
                    withdrawal=days * self.need(identity, "withdrawal_bcm_per_day", month, "storage", identity),
                    cost=self.maybe(identity, "storage_cost_usd_per_mmbtu", month, "storage", identity),
                    loss=loss,
                    trader=None,
                    initial=min(level, size) if i == 0 else None,
                    final=min(self._closing(identity, node, level, month), reach) if ends else None,
                    minimum_fill=self._obligation(identity, node, month, size),
                )

    def _fill(self, identity: str, node: str, day: date, working: Resolved) -> float:
        if ("storage_fill_bcm", node, day.strftime("%Y-%m")) in self.anchor:
            return self.anchor["storage_fill_bcm", node, day.strftime("%Y-%m")]
        known = self._stocks(identity)
        seen = stocks.between(known, day)
        if seen is not None:
            self.trace.add("storage", identity, "fill_bcm", seen[1])
            return seen[0]
        best = stocks.near(known, day)
        if best is not None:
            self.trace.add("storage", identity, "fill_bcm", [best])
            return best.value
        usual = stocks.same_season(known, day)
        if usual:
            self.trace.add("storage", identity, "fill_bcm", usual)
            self.notes.append(
                f"{identity}: no stock known near {day}; mean of {len(usual)} other years at that time of the year."
            )
            return added(f.value for f in usual) / len(usual)
        # Half full is where a store stands on average; said aloud, since nothing better is known.
        self.notes.append(f"{identity}: no stock known near {day}; half of the working gas is assumed.")
        return 0.5 * working.value

    def _stocks(self, identity: str) -> list[Fact]:
        return [f for f in self.world.facts.get((identity, "fill_bcm"), ()) if f.valid_from]

    def _closing(self, identity: str, node: str, level: float, month: date) -> float:
        """What must be left at the end: the user's own figure; else, of whole years, what was there at the start; of a
        shorter run what `stocks.closing` says; of a longer one the mean of the season."""
        end = add_months(month, 1)
        if ("storage_fill_bcm", node, end.strftime("%Y-%m")) in self.anchor:
            return self.anchor["storage_fill_bcm", node, end.strftime("%Y-%m")]
        if len(self.months) % 12 == 0:
            return level
        known = self._stocks(identity)
        if len(self.months) < 12:
            return stocks.closing(known, level, self.months[0], end)
        usual = stocks.same_season(known, end)
        return added(f.value for f in usual) / len(usual) if usual else 0.0

    def _obligation(self, identity: str, node: str, month: date, size: float) -> float | None:
        """A filling obligation dated the first of the next month, or within this one, binds this month's closing stock.

        It never asks for more than the part of the country's mean yearly use that the law names (35 %: Article 6a(2) of
        Regulation (EU) 2022/1032), the five years before counted as far as they are known.
        """
        first, last = month_bounds(month)
        due = [
            f
            for f in self.world.facts.get((identity, "minimum_fill_share"), ())
            if f.valid_from and (first < f.valid_from <= last or f.valid_from == add_months(month, 1))
        ]
        if not due:
            return None
        best = min(due, key=lambda f: f.rank)
        self.trace.add("storage", identity, "minimum_fill_share", [best])
        most = self.world.resolve(MODEL, "parameter_most_storage_duty_share_of_use", month)
        uses = [
            found
            for year in range(month.year - DUTY_YEARS, month.year)
            if (found := self.world.resolve(node, "consumption_bcm", date(year, 7, 1))) is not None
        ]
        if most is None or not uses:
            return best.value * size
        cap = most.value * added(u.value for u in uses) / len(uses)
        if cap < best.value * size:
            self.trace.add("storage", identity, "parameter_most_storage_duty_share_of_use", most.facts)
            for used in uses:
                self.trace.add("storage", identity, "consumption_bcm", used.facts)
        return min(best.value * size, cap)

    # -- contracts, conduct, law --------------------------------------------------------------------------------------

    def contracts(self) -> None:
        for c in self.world.table("contracts").filter(pl.col("in_market")).sort("id").iter_rows(named=True):
            live = [
                (n, m)
                for n, m in zip(self.names, self.months, strict=True)
                if c["valid_from"] <= m and (c["valid_to"] is None or m <= c["valid_to"])
            ]
            if not live or c["minimum_share"] is None:
                continue
            annual = c["annual_bcm"] * len(live) / 12.0
            self.add(
                "contracts",
                contract=c["id"],
                trader=c["seller"],
                node=c["node"],
                arc=c["corridor"],
                first_period=live[0][0],
                last_period=live[-1][0],
                minimum=annual * c["minimum_share"],
                maximum=None,
                price=c["price_usd_per_mmbtu"],
                inframarginal=None,
            )

    def ship_or_pay(self) -> None:
        """What the holder of a line's capacity owes its operator whether it ships or not, month by month.

        A sunk fee changes no optimum: it is the same whatever flows. It is therefore no cost of an arc but a transfer,
        from the only seller that `access` lets use the line. A fee with no such payer is noted and left out.
        """
        attribute = "ship_or_pay_musd_per_year"
        for corridor in self.world.table("corridors").sort("id").iter_rows(named=True):
            identity = corridor["id"]
            if not self.world.facts.get((identity, attribute)):
                continue
            for name, month in zip(self.names, self.months, strict=True):
                year = 366 if isleap(month.year) else 365
                owed = 0.0
                for days, found in self.world.over_days(identity, attribute, *month_bounds(month)):
                    if found is not None:
                        owed += days * found.value / year
                        self.trace.add("fees", identity, attribute, found.facts)
                payer = self._holder(identity, month)
                if owed > 0.0 and payer is None:
                    self.notes.append(f"{identity}: nobody alone holds this line, so its unavoidable fee has no payer.")
                elif owed > 0.0:
                    self.fees.append({"arc": identity, "payer": payer, "period": name, "musd": owed})

    def _holder(self, subject: str, month: date) -> str | None:
        """The only seller that may use a line in a month."""
        holders = {
            row["traders"]
            for row in self.world.table("access").iter_rows(named=True)
            if row["subject"] == subject
            and row["valid_from"] <= month
            and (row["valid_to"] is None or month <= row["valid_to"])
        }
        only = holders.pop() if len(holders) == 1 else ""
        return only if len(only.split()) == 1 else None

    def conduct(self) -> None:
        active = {r["trader"] for r in self.tables.get("production", ())}
        for trader in sorted(active):
            self.add("traders", trader=trader, group=self.traders[trader]["group"])
        chosen: dict[tuple[str, str], tuple[int, float]] = {}
        for row in self.world.table("conduct").iter_rows(named=True):
            if row["trader"] not in active:
                continue
            scope = row["node"]
            if scope == "*":
                nodes, rank = list(self.nodes), 0
            elif scope.startswith("region:"):
                region = scope.removeprefix("region:")
                nodes, rank = [n for n, r in self.nodes.items() if r["region"] == region], 1
            else:
                nodes, rank = [scope], 2
            for node in nodes:  # the narrower scope wins; within a scope the later row
                if chosen.get((row["trader"], node), (-1, 0.0))[0] <= rank:
                    chosen[row["trader"], node] = (rank, row["theta"])
        selling = {r["node"] for r in self.tables.get("demand", ())}
        for (trader, node), (_, theta) in sorted(chosen.items()):
            if theta > 0.0 and node in selling:
                self.add("conduct", trader=trader, node=node, theta=theta)

    def access(self) -> None:
        """Corridors and plants that belong to some sellers alone are shut to all others."""
        active = sorted({r["trader"] for r in self.tables.get("production", ())})
        used = {r["arc"] for r in self.tables.get("arcs", ())}
        for row in self.world.table("access").sort("subject", "valid_from").iter_rows(named=True):
            live = [
                n
                for n, m in zip(self.names, self.months, strict=True)
                if row["valid_from"] <= m and (row["valid_to"] is None or m <= row["valid_to"])
            ]
            if row["subject"] not in used or not live:
                continue
            allowed = row["traders"].split()
            for trader in active:
                if trader not in allowed:
                    self._ban(trader, None, row["subject"], live[0], live[-1], row["reason"])

    def _links(self) -> dict[str, set[tuple[str, str]]]:
        """Start -> (arc, end) of every arc, its months taken together; every seller asks for them."""
        arcs = self.tables.get("arcs", [])
        if self._onward[0] != len(arcs):
            onward: dict[str, set[tuple[str, str]]] = {}
            for r in arcs:
                onward.setdefault(r["from"], set()).add((r["arc"], r["to"]))
            self._onward = (len(arcs), onward)
        return self._onward[1]

    def _shut_to(self, trader: str) -> set[str]:
        """The arcs that a seller may not use in some month. Bans are only ever added."""
        bans = self.tables.get("bans", [])
        read, shut = self._shut
        for r in bans[read:]:
            if r["node"] is None:
                shut.setdefault(r["trader"], set()).add(r["arc"])
        self._shut = (len(bans), shut)
        return shut.get(trader, set())

    def _reach(self, trader: str) -> set[str]:
        """The nodes that a seller's gas can get to at all; a ban anywhere else would only keep it from being merged."""
        shut, onward = self._shut_to(trader), self._links()
        seen = {r["node"] for r in self.tables.get("production", ()) if r["trader"] == trader}
        queue = list(seen)
        while queue:
            for arc, further in onward.get(queue.pop(), ()):
                if further not in seen and arc not in shut:
                    seen.add(further)
                    queue.append(further)
        return seen

    def foreign_plants(self) -> None:
        """A seller with conduct or access of its own loads LNG only in its own country; price takers may anywhere.

        An assumption: nobody is known to pipe gas abroad and liquefy it there under its own name.
        """
        named = {t for r in self.world.table("access").iter_rows(named=True) for t in r["traders"].split()}
        named |= {r["trader"] for r in self.tables.get("conduct", ())}
        active = {r["trader"] for r in self.tables.get("production", ())}
        plants = {r["arc"]: r["from"] for r in self.tables.get("arcs", ()) if r["kind"] == "liquefaction"}
        for trader in sorted(named & active):
            for plant, node in sorted(plants.items()):
                if self.nodes[node]["country"] != self.traders[trader]["country"]:
                    self._ban(trader, None, plant, self.names[0], self.names[-1], "loads LNG only in its own country")

    def sold_where_landed(self) -> None:
        """A price-taking seller of one plant's LNG sells it where it lands; who buys there may pipe it on.

        With price-taking buyers on every pipeline this gives the same prices, and a far smaller problem.
        """
        moved = {r["trader"] for r in self.tables.get("conduct", ())}
        plants = {r["arc"] for r in self.tables.get("arcs", ()) if r["kind"] == "liquefaction"}
        rows = self.world.table("access").filter(pl.col("subject").is_in(sorted(plants)))
        sellers = {t for r in rows.iter_rows(named=True) for t in r["traders"].split()} - moved
        active = {r["trader"] for r in self.tables.get("production", ())}
        pipes = {r["arc"]: r["from"] for r in self.tables.get("arcs", ()) if r["kind"] == "pipeline"}
        for trader in sorted(sellers & active):
            for arc, start in sorted(pipes.items()):
                if self.nodes[start]["country"] != self.traders[trader]["country"]:
                    self._ban(trader, None, arc, self.names[0], self.names[-1], "sells its LNG where it lands")

    def fleets_of_others(self, served: Mapping[str, frozenset[str]]) -> None:
        """A fleet that serves some plants carries no other seller's gas."""
        routes = {r["arc"]: (r["from"], r["fleet"]) for r in self.tables.get("arcs", ()) if r["fleet"] in served}
        if not routes:
            return
        for trader in sorted({r["trader"] for r in self.tables.get("production", ())}):
            reach = self._reach(trader)
            for arc, (start, fleet) in sorted(routes.items()):
                if start in reach and trader not in served[fleet]:
                    self._ban(
                        trader, None, arc, self.names[0], self.names[-1], f"the fleet {fleet} serves other plants"
                    )

    def _ban(self, trader: str, node: str | None, arc: str | None, first: str, last: str, reason: str) -> None:
        self.add("bans", trader=trader, node=node, arc=arc, first_period=first, last_period=last, reason=reason)

    def law(self, bans: pl.DataFrame | None, caps: pl.DataFrame | None, deterrents: pl.DataFrame | None) -> None:
        """What control hands over, as far as this problem has the sellers, nodes and arcs."""
        active = {r["trader"] for r in self.tables.get("production", ())} | {"*", None}
        selling = {r["node"] for r in self.tables.get("demand", ())} | {None}
        arcs = {r["arc"] for r in self.tables.get("arcs", ())} | {None}
        ends = {r["arc"]: (r["from"],) for r in self.tables.get("arcs", ())}
        reach = {t: self._reach(t) for t in active if t not in ("*", None)}
        for row in bans.iter_rows(named=True) if bans is not None else ():
            places = {row["node"], *ends.get(row["arc"], ())} - {None}
            near = row["trader"] == "*" or places <= reach.get(row["trader"], set())
            if row["trader"] in active and row["node"] in selling and row["arc"] in arcs and near:
                self._ban(*(row[k] for k in ("trader", "node", "arc", "first_period", "last_period", "reason")))
        for row in caps.iter_rows(named=True) if caps is not None else ():
            if row["trader"] in active and row["node"] in selling:
                self.add("caps", **{k: row[k] for k in ("trader", "node", "period", "maximum", "reason")})
        self._withheld(active, selling)
        if deterrents is not None and deterrents.height:
            count = deterrents["measure"].n_unique()
            self.notes.append(
                f"{count} measures that only deter are carried as ranges; they are not in the base numbers."
            )

    def _withheld(self, active: Collection[str | None], selling: Collection[str | None]) -> None:
        """Offer caps that a seller put on itself; like the law's, one counts in a month on whose 15th day it holds."""
        if "offer_caps" not in self.world.tables:
            return
        shut = self.reader.shut_gates
        for row in self.world.table("offer_caps").iter_rows(named=True):
            if row["trader"] not in active or row["node"] not in selling:
                continue
            gates = set((row.get("gates") or "").split())
            for name, month in zip(self.names, self.months, strict=True):
                middle = month.replace(day=15)
                dated = row["valid_from"] <= middle and (row["valid_to"] is None or middle <= row["valid_to"])
                if dated and gates <= shut(middle):
                    days = month_bounds(month)[1].day / (366 if isleap(month.year) else 365)
                    reason = f"{row['reason']} [{row['source']}]"
                    self._cap(row["trader"], row["node"], name, row["maximum_bcm_per_year"] * days, reason)

    def _cap(self, trader: str, node: str, period: str, maximum: float, reason: str) -> None:
        """The lowest cap on one sale counts."""
        caps = self.tables.setdefault("caps", [])
        for row in caps:
            if (row["trader"], row["node"], row["period"]) == (trader, node, period):
                if maximum < row["maximum"]:
                    row.update(maximum=maximum, reason=reason)
                return
        caps.append({"trader": trader, "node": node, "period": period, "maximum": maximum, "reason": reason})

    # -- hand-over ----------------------------------------------------------------------------------------------------

    def done(self) -> MarketInputs:
        if self.missing:
            listed = sorted(set(self.missing))
            shown = "; ".join(listed[:8]) + (f"; and {len(listed) - 8} more" if len(listed) > 8 else "")
            raise InputError(
                f"the market needs facts that the world does not have: {shown}.",
                where="world",
                fix="Add them, as an assumption if need be.",
            )
        used = {r["node"] for t in ("demand", "production", "storage") for r in self.tables.get(t, ())}
        used |= {r[k] for r in self.tables.get("arcs", ()) for k in ("from", "to")}
        self.tables["nodes"] = [{"node": n} for n in sorted(used)]
        names = {g["id"]: g for g in self.world.table("gates").iter_rows(named=True)}
        gates = [
            {
                **g,
                "kind": names[g["gate"]]["gate"],
                "name": names[g["gate"]]["name"],
                "source": names[g["gate"]]["source"],
                "measure": names[g["gate"]]["measure"],
            }
            for g in self.gates
        ]
        gate_schema = dict.fromkeys(("subject", "gate", "period", "kind", "name", "source", "measure"), pl.String)
        trace_schema = dict.fromkeys(("table", "id", "attribute", "fact"), pl.String)
        return MarketInputs(
            tables={name: _frame(name, rows) for name, rows in self.tables.items()},
            trace=pl.DataFrame(sorted(self.trace.rows), schema=trace_schema, orient="row"),
            facts=self.trace.facts,
            gates=pl.DataFrame(gates, schema=gate_schema),
            notes=tuple(dict.fromkeys(self.notes)),
            fees=pl.DataFrame(
                self.fees,
                schema={"arc": pl.String, "payer": pl.String, "period": pl.String, "musd": pl.Float64},
            ),
        )


def ship_arc(start: str, end: str, fleet: str | None = None, hub: str | None = None) -> str:
    """The id of a shipping arc, readable in a flow's address."""
    return f"ship-{start}-{end}" + (f"-{fleet}" if fleet else "") + (f"-by-{hub}" if hub else "")


def welfare_unit_musd(value: float) -> float:
    """Bcm x USD/MMBtu, the unit in which the problem's welfare comes -> million USD."""
    return value * MMBTU_PER_BCM / 1e6


_NUMBERS = {
    "weight",
    "days",
    "theta",
    "intercept",
    "slope",
    "fixed",
    "value_of_lost_load",
    "capacity",
    "cost",
    "cost_slope",
    "loss",
    "tariff",
    "tax",
    "ship_days",
    "lag",
    "working",
    "injection",
    "withdrawal",
    "initial",
    "final",
    "minimum_fill",
    "minimum",
    "maximum",
    "price",
    "inframarginal",
}


def _frame(name: str, rows: Sequence[Mapping[str, Any]]) -> pl.DataFrame:
    schema = {c: pl.Float64 if c in _NUMBERS else pl.String for c in rows[0]}
    return pl.DataFrame(list(rows), schema=schema)
