"""Which market problem does a world pose? (World + months + tables from voyages and control -> problem tables)

Quantities in bcm (40 MJ/m3), prices in USD/MMBtu, months as periods. LNG runs over two helper nodes: what is loaded at
node N stands at `N@FOB`, what arrives at M stands at `M@DES`:  N -(plant)-> N@FOB -(ship)-> M@DES -(terminal)-> M.
Every row that rests on facts leaves them in `trace`, so that a number can be explained. Not here: solving, and any
judgement about who may deal with whom (that comes as a table of bans).
"""

from __future__ import annotations

import math
from calendar import isleap
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, TypeVar

import polars as pl

from polynya.errors import InputError
from polynya.market import stocks
from polynya.market.kept import Kept, Part, Row, Watch
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
# Tables whose rows the parts are made of; all parts rest on them.
_RESTS_ON = ("nodes", "traders", "supplies", "corridors", "assets", "frictions", "attributes")
_NOBODY: Mapping[str, frozenset[str]] = {}
T = TypeVar("T")
_Arc = tuple[str, str, str, str, str | None]  # id, start, end, kind, fleet
_Friction = tuple[date | None, date | None, float, float]  # first and last day, friction, its rise


@dataclass(frozen=True, eq=False)
class _The:
    """One and the same thing: what is handed over as a table, compared by where it lies."""

    thing: object

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _The) and other.thing is self.thing

    def __hash__(self) -> int:
        return id(self.thing)


@dataclass(frozen=True)
class MarketInputs:
    """The tables of a problem folder, what each rests on, and what could not be used."""

    tables: Mapping[str, pl.DataFrame]
    parts: tuple[Part, ...]  # what the tables were made of, and what that rests on
    gates: pl.DataFrame  # subject, gate, period, kind, name, source, measure: gates shut for a whole month
    notes: tuple[str, ...] = ()
    # arc, payer (a trader), period, musd: fees owed whether a line is used or not. Sunk, so that no flow depends on them
    # and the problem does not hold them; who pays whom does.
    fees: pl.DataFrame = field(
        default_factory=lambda: pl.DataFrame(
            schema={"arc": pl.String, "payer": pl.String, "period": pl.String, "musd": pl.Float64}
        )
    )

    @cached_property
    def trace(self) -> pl.DataFrame:
        """table, id, attribute, fact key: which facts stand behind a row's numbers."""
        rows: set[tuple[str, str, str, str]] = set().union(*(p.trace for p in self.parts))
        schema = dict.fromkeys(("table", "id", "attribute", "fact"), pl.String)
        return pl.DataFrame(sorted(rows), schema=schema, orient="row")

    @cached_property
    def facts(self) -> Mapping[str, Fact]:
        """Fact key -> fact, of all that the tables rest on."""
        return {f.key: f for f in {i: f for p in self.parts for i, f in p.facts.items()}.values()}

    @property
    def sources(self) -> frozenset[str]:
        """The sources of those facts."""
        return frozenset[str]().union(*(p.sources for p in self.parts))


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
    kept: Kept | None = None,
) -> MarketInputs:
    """Build the problem of `months` months from `first`.

    `bans` (trader, node, arc, first_period, last_period, reason) and `caps` (trader, node, period, maximum, reason)
    come from control, `legs` (from_node, to_node,
    period, fleet, days, cost_usd_per_mmbtu, boil_off_share, ship_days_per_bcm, lag_share, hub), `fleets` (fleet, period,
    ship_days), `hubs` (hub, period, capacity_bcm) and `served` (fleet -> the sellers it alone carries) from voyages; without legs
    the distance is the great circle times a stated detour. `anchor` maps (item, node, period) to the user's value.
    `kept` remembers rows for worlds that are posed one after another; the result is the same to the last bit.
    Raises InputError when a number that the problem needs is not in the world.
    """
    build = _Builder(world, first, months, anchor or {}, kept or Kept())
    build.periods()
    build.demand()
    build.production()
    build.pipelines()
    build.lng(legs, fleets, hubs, lags)
    if legs is not None and not lags:
        build.note("LNG arrives in the month in which it is loaded (--lags carries it over).")
    build.storage()
    build.contracts()
    build.ship_or_pay()
    build.rules(bans, caps, deterrents, served or _NOBODY)
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
    build = _Builder(world, first, months, anchor or {}, Kept())
    build.periods()
    build.demand()
    build.production()
    build.pipelines()
    build.lng(legs, fleets, hubs, lags)
    build.storage()
    build.contracts()
    build.look_round()
    build.make("conduct", "", build.conduct)
    tables: dict[str, list[Row]] = {}
    for section in build.sections.values():
        for part in section:
            for table, rows in part.rows.items():
                tables.setdefault(table, []).extend(rows)
    return tables


class _Builder:
    """Makes one part after another; `self.part` is the one that is being made."""

    def __init__(
        self, world: World, first: date, months: int, anchor: Mapping[tuple[str, str, str], float], kept: Kept
    ) -> None:
        self.months = [add_months(first, i) for i in range(months)]
        self.names = [m.strftime("%Y-%m") for m in self.months]
        self.anchor = anchor
        rests_on = [world.tables.get(name) for name in _RESTS_ON]
        self.kept = kept.branch(first, months, anchor, *rests_on)
        self.nodes: Mapping[str, Row] = self._once("nodes", lambda: _by_id(world.table("nodes")))
        self.traders: Mapping[str, Row] = self._once("traders", lambda: _by_id(world.table("traders")))
        self.friction: Mapping[str, list[_Friction]] = self._once("frictions", lambda: _frictions(world))
        parent = self._once("parent", lambda: CapacityReader(world).parent)
        self.watch = Watch.of(world, CapacityReader(world, parent))
        self.world, self.reader = self.watch.world, self.watch.reader
        self.sections: dict[str, list[Part]] = {}
        self.part = Part()
        self._keys: dict[int, str] = {}  # of a fact's place in memory: most are read for every month
        self._onward: dict[str, set[tuple[str, str]]] | None = None  # start -> arc, end
        self._shut: tuple[int, dict[str, set[str]]] = (0, {})  # of so many bans: seller -> arcs

    def _once(self, name: str, make: Callable[[], T]) -> T:
        if name not in self.kept.made:
            self.kept.made[name] = make()
        found: T = self.kept.made[name]
        return found

    def make(self, section: str, name: str, rows: Callable[..., None], *given: Any, on: object = None) -> None:
        """Add a part: rows(*given) makes it, unless the same was made of another world. `on`: what it rests on beside the world."""

        def anew() -> Part:
            self.part = Part()
            rows(*given)
            return self.part

        self.sections.setdefault(section, []).append(self.kept.part((section, name), on, self.watch, anew))

    def note(self, text: str) -> None:
        """Add a note that rests on nothing but the question."""
        self.sections.setdefault("notes", []).append(Part(notes=[text]))

    def rows(self, table: str) -> Iterable[Row]:
        """The rows of a table so far."""
        return (r for parts in self.sections.values() for p in parts for r in p.rows.get(table, ()))

    def add(self, table: str, **row: Any) -> None:
        self.part.rows.setdefault(table, []).append(row)

    def rest(self, table: str, identity: str, attribute: str, facts: Iterable[Fact]) -> None:
        """Note the facts that a row rests on."""
        for fact in facts:
            key = self._keys.get(id(fact))
            if key is None:
                key = self._keys[id(fact)] = fact.key
            self.part.facts[id(fact)] = fact
            self.part.trace.add((table, identity, attribute, key))

    def need(self, subject: str, attribute: str, on: date, table: str, identity: str) -> float:
        found = self.world.resolve(subject, attribute, on)
        if found is None:
            self.part.missing.append(f"{attribute} of {subject} on {on}")
            return 0.0
        self.rest(table, identity, attribute, found.facts)
        return found.value

    def maybe(self, subject: str, attribute: str, on: date, table: str, identity: str, default: float = 0.0) -> float:
        for s in self.reader.chain(subject):
            found = self.world.resolve(s, attribute, on)
            if found is not None:
                self.rest(table, identity, attribute, found.facts)
                return found.value
        return default

    def parameter(self, name: str) -> float:
        return self.need(MODEL, f"parameter_{name}", self.months[0], "model", name)

    # -- time ---------------------------------------------------------------------------------------------------------

    def periods(self) -> None:
        self.make("periods", "", self._periods)

    def _periods(self) -> None:
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
            self.make("demand", node, self._demand, node)
        self._note_fallen_back()

    def _demand(self, node: str) -> None:
        if not self.world.facts.get((node, "consumption_bcm")):
            return
        elasticity = self.need(node, "price_elasticity_medium", self.months[0], "demand", node)
        if elasticity >= 0.0:
            self.part.missing.append(f"a negative price_elasticity_medium of {node}")
            return
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

    def _reference(self, node: str, name: str, month: date) -> tuple[float, float]:
        pair = self._pair(node, month.year)
        if pair is None:
            self.part.missing.append(
                f"consumption_bcm and reference_price_usd_per_mmbtu of {node} for one and the same year"
            )
            return 0.0, 0.0
        year, annual, price = pair
        anchored = all((item, node, name) in self.anchor for item in ("demand_bcm", "price_usd_per_mmbtu"))
        later = {f.valid_from.year for f in self.world.facts[node, "consumption_bcm"] if f.valid_from}
        if not anchored and (year > month.year or any(year < y <= month.year for y in later)):
            self.part.fallen_back.add((month.year, year, node))
        elif not anchored and year < month.year:
            self.part.carried_on.add((year, month.year, node))
        self.rest("demand", node, "consumption_bcm", annual.facts)
        self.rest("demand", node, "reference_price_usd_per_mmbtu", price.facts)
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
                self.rest("demand", node, "demand_growth_share_per_year", found.facts)
                self.part.moved.add(node)
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
        parts = self.sections.get("demand", ())
        fallen_back: dict[tuple[int, int], set[str]] = {}
        for wanted, year, node in {f for p in parts for f in p.fallen_back}:
            fallen_back.setdefault((wanted, year), set()).add(node)
        carried_on: dict[int, dict[int, set[str]]] = {}
        for year, wanted, node in {c for p in parts for c in p.carried_on}:
            carried_on.setdefault(year, {}).setdefault(wanted, set()).add(node)
        moved = {n for p in parts for n in p.moved}
        for (wanted, year), nodes in sorted(fallen_back.items()):
            why = (
                "consumption of a later year is known, but not its price"
                if year < wanted
                else "no earlier year has both quantity and price"
            )
            self.note(f"Demand of {wanted} lies on the curve of {year} ({why}): {', '.join(sorted(nodes))}.")
        for year, later in sorted(carried_on.items()):
            span = f"{min(later)}" if len(later) == 1 else f"{min(later)} to {max(later)}"
            on = set[str]().union(*later.values())
            still = sorted(on - moved)
            said = f"Demand of {span} lies on the curve of {year}, the last year known"
            if len(still) < len(on):
                said += f", moved by the yearly growth of dated outlooks at {len(on) - len(still)} of {len(on)} nodes"
            self.note(said + (f"; no growth is assumed at {', '.join(still)}." if still else "."))

    # -- supply -------------------------------------------------------------------------------------------------------

    def production(self) -> None:
        for supply in self._sorted("supplies"):
            self.make("production", supply["id"], self._production, supply)

    def _sorted(self, table: str) -> Sequence[Row]:
        """The rows of a table that all parts rest on, by id."""
        return self._once(table, lambda: self.world.table(table).sort("id").to_dicts())

    def _production(self, supply: Row) -> None:
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
            self.rest("production", identity, "production_capacity_bcm_per_year", found.facts)
            total += days * found.value / (366 if isleap(month.year) else 365)
        shares = added(days * (1.0 if a is None else a.value) for days, a in availability) / sum(
            d for d, _ in availability
        )
        for _, a in availability:
            self.rest("production", identity, "availability_share", a.facts if a else ())
        shut = [
            g
            for g in self.reader.gates(identity)
            if g["valid_from"] <= first and (g["valid_to"] is None or g["valid_to"] >= last)
        ]
        return 0.0 if shut else (total * shares if known else None)

    # -- pipelines ----------------------------------------------------------------------------------------------------

    def pipelines(self) -> None:
        for corridor in self._sorted("corridors"):
            self.make("pipelines", corridor["id"], self._pipeline, corridor)

    def _pipeline(self, corridor: Row) -> None:
        identity = corridor["id"]
        for name, month in zip(self.names, self.months, strict=True):
            capacity = self._capacity("arcs", identity, name, month)
            if capacity is None or capacity <= 0.0:
                continue
            self._arc(identity, corridor["from_node"], corridor["to_node"], name, month, capacity, "pipeline")

    def _capacity(self, table: str, identity: str, name: str, month: date) -> float | None:
        found = self.reader.month(identity, month)
        self.rest(table, identity, "capacity_bcm_per_year", found.facts)
        for gate in found.closed_gates:
            self.part.gates.append({"subject": identity, "gate": gate, "period": name})
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

    def lng(
        self, legs: pl.DataFrame | None, fleets: pl.DataFrame | None, hubs: pl.DataFrame | None, lags: bool
    ) -> None:
        for plant in self._once("plants", self._plants):
            self.make("plants", plant["id"], self._plant, plant)
        loading: dict[str, set[str]] = {}
        landing: dict[str, set[str]] = {}
        for part in self.sections.get("plants", ()):
            for row in part.rows.get("arcs", ()):
                exports = row["kind"] == "liquefaction"
                node = row["from"] if exports else row["to"]
                (loading if exports else landing).setdefault(row["period"], set()).add(node)
        ends = tuple(frozenset((m, n) for m, nodes in side.items() for n in nodes) for side in (loading, landing))
        if legs is None:
            self.make("ships", "", self._great_circles, loading, landing, on=ends)
            return
        self.make("ships", "", self._voyage_legs, legs, loading, landing, lags, on=(ends, lags, _The(legs)))
        self.make("fleets", "", self._fleets, fleets, hubs, on=(_The(fleets), _The(hubs)))

    def _plants(self) -> Sequence[Row]:
        assets = self.world.table("assets")
        kinds = pl.col("kind").is_in(["lng-export", "lng-import"]) & pl.col("node").is_not_null()
        return assets.filter(kinds).sort("id").to_dicts()

    def _plant(self, plant: Row) -> None:
        exports = plant["kind"] == "lng-export"
        for name, month in zip(self.names, self.months, strict=True):
            capacity = self._capacity("arcs", plant["id"], name, month)
            if capacity is None or capacity <= 0.0:
                continue
            # facts count a plant's LNG out and a terminal's gas out; an arc counts what enters it
            capacity /= 1.0 - self.maybe(plant["id"], "loss_share", month, "arcs", plant["id"])
            node = plant["node"]
            start, end = (node, f"{node}@FOB") if exports else (f"{node}@DES", node)
            self._arc(plant["id"], start, end, name, month, capacity, "liquefaction" if exports else "regasification")

    def _fleets(self, fleets: pl.DataFrame | None, hubs: pl.DataFrame | None) -> None:
        for row in fleets.iter_rows(named=True) if fleets is not None else ():
            self.add("fleets", fleet=row["fleet"], period=row["period"], ship_days=row["ship_days"])
        for row in hubs.iter_rows(named=True) if hubs is not None else ():
            self.add("hubs", hub=row["hub"], period=row["period"], capacity=row["capacity_bcm"])

    def _voyage_legs(
        self, legs: pl.DataFrame, loading: Mapping[str, set[str]], landing: Mapping[str, set[str]], lags: bool
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
                lag=(leg["lag_share"] or None) if lags else None,
            )

    def _great_circles(self, loading: Mapping[str, set[str]], landing: Mapping[str, set[str]]) -> None:
        detour = self.parameter("lng_detour_factor")
        per_1000 = self.parameter("shipping_cost_usd_per_mmbtu_per_1000nm")
        boil_off = self.parameter("boil_off_share_per_1000nm")
        self.part.notes.append("LNG distances are great circles times a stated detour, not voyages.")
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
        for store in self._once("stores", self._stores):
            self.make("storage", store["id"], self._storage, store)

    def _stores(self) -> Sequence[Row]:
        assets = self.world.table("assets")
        return assets.filter((pl.col("kind") == "gas-storage") & pl.col("node").is_not_null()).sort("id").to_dicts()

    def _storage(self, store: Row) -> None:
        identity, node = store["id"], store["node"]
        first = self.months[0]
        working = self.world.resolve(identity, "working_bcm", first)
        if working is None or working.value <= 0.0:
            return
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
            self.rest("storage", identity, "fill_bcm", seen[1])
            return seen[0]
        best = stocks.near(known, day)
        if best is not None:
            self.rest("storage", identity, "fill_bcm", [best])
            return best.value
        usual = stocks.same_season(known, day)
        if usual:
            self.rest("storage", identity, "fill_bcm", usual)
            self.part.notes.append(
                f"{identity}: no stock known near {day}; mean of {len(usual)} other years at that time of the year."
            )
            return added(f.value for f in usual) / len(usual)
        # Half full is where a store stands on average; said aloud, since nothing better is known.
        self.part.notes.append(f"{identity}: no stock known near {day}; half of the working gas is assumed.")
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
        self.rest("storage", identity, "minimum_fill_share", [best])
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
            self.rest("storage", identity, "parameter_most_storage_duty_share_of_use", most.facts)
            for used in uses:
                self.rest("storage", identity, "consumption_bcm", used.facts)
        return min(best.value * size, cap)

    # -- contracts, conduct, law --------------------------------------------------------------------------------------

    def contracts(self) -> None:
        self.make("contracts", "", self._contracts)

    def _contracts(self) -> None:
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
        for corridor in self._sorted("corridors"):
            self.make("fees", corridor["id"], self._fee, corridor["id"])

    def _fee(self, identity: str) -> None:
        attribute = "ship_or_pay_musd_per_year"
        if not self.world.facts.get((identity, attribute)):
            return
        for name, month in zip(self.names, self.months, strict=True):
            year = 366 if isleap(month.year) else 365
            owed = 0.0
            for days, found in self.world.over_days(identity, attribute, *month_bounds(month)):
                if found is not None:
                    owed += days * found.value / year
                    self.rest("fees", identity, attribute, found.facts)
            payer = self._holder(identity, month)
            if owed > 0.0 and payer is None:
                self.part.notes.append(
                    f"{identity}: nobody alone holds this line, so its unavoidable fee has no payer."
                )
            elif owed > 0.0:
                self.part.fees.append({"arc": identity, "payer": payer, "period": name, "musd": owed})

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

    def look_round(self) -> None:
        """Which arcs, sellers and markets there are."""
        parts = [p for section in self.sections.values() for p in section]
        self.arcs = frozenset[_Arc]().union(*(p.arcs for p in parts))
        self.made = frozenset[tuple[str, str]]().union(*(p.made for p in parts))
        self.active = {trader for trader, _ in self.made}
        self.selling = frozenset[str]().union(*(p.selling for p in parts))

    def rules(
        self,
        bans: pl.DataFrame | None,
        caps: pl.DataFrame | None,
        deterrents: pl.DataFrame | None,
        served: Mapping[str, frozenset[str]],
    ) -> None:
        """Who may do what. Rests on which things there are, not on how large they are or what they cost."""
        self.look_round()
        given = (bans, caps, deterrents, served)
        on = (self.arcs, self.made, self.selling, *map(_The, given))
        self.make("rules", "", self._rules, *given, on=on)

    def _rules(
        self,
        bans: pl.DataFrame | None,
        caps: pl.DataFrame | None,
        deterrents: pl.DataFrame | None,
        served: Mapping[str, frozenset[str]],
    ) -> None:
        self.conduct()
        self.access()
        self.foreign_plants()
        self.sold_where_landed()
        self.fleets_of_others(served)
        self.law(bans, caps, deterrents)

    def conduct(self) -> None:
        active = self.active
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
        selling = self.selling
        for (trader, node), (_, theta) in sorted(chosen.items()):
            if theta > 0.0 and node in selling:
                self.add("conduct", trader=trader, node=node, theta=theta)

    def access(self) -> None:
        """Corridors and plants that belong to some sellers alone are shut to all others."""
        active = sorted(self.active)
        used = {arc for arc, *_ in self.arcs}
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
        if self._onward is None:
            self._onward = {}
            for arc, start, end, *_ in self.arcs:
                self._onward.setdefault(start, set()).add((arc, end))
        return self._onward

    def _shut_to(self, trader: str) -> set[str]:
        """The arcs that a seller may not use in some month. Bans are only ever added."""
        bans = self.part.rows.get("bans", [])
        read, shut = self._shut
        for r in bans[read:]:
            if r["node"] is None:
                shut.setdefault(r["trader"], set()).add(r["arc"])
        self._shut = (len(bans), shut)
        return shut.get(trader, set())

    def _reach(self, trader: str) -> set[str]:
        """The nodes that a seller's gas can get to at all; a ban anywhere else would only keep it from being merged."""
        shut, onward = self._shut_to(trader), self._links()
        seen = {node for who, node in self.made if who == trader}
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
        named |= {r["trader"] for r in self.part.rows.get("conduct", ())}
        plants = {arc: start for arc, start, _, kind, _ in self.arcs if kind == "liquefaction"}
        for trader in sorted(named & self.active):
            for plant, node in sorted(plants.items()):
                if self.nodes[node]["country"] != self.traders[trader]["country"]:
                    self._ban(trader, None, plant, self.names[0], self.names[-1], "loads LNG only in its own country")

    def sold_where_landed(self) -> None:
        """A price-taking seller of one plant's LNG sells it where it lands; who buys there may pipe it on.

        With price-taking buyers on every pipeline this gives the same prices, and a far smaller problem.
        """
        moved = {r["trader"] for r in self.part.rows.get("conduct", ())}
        plants = {arc for arc, _, _, kind, _ in self.arcs if kind == "liquefaction"}
        rows = self.world.table("access").filter(pl.col("subject").is_in(sorted(plants)))
        sellers = {t for r in rows.iter_rows(named=True) for t in r["traders"].split()} - moved
        pipes = {arc: start for arc, start, _, kind, _ in self.arcs if kind == "pipeline"}
        for trader in sorted(sellers & self.active):
            for arc, start in sorted(pipes.items()):
                if self.nodes[start]["country"] != self.traders[trader]["country"]:
                    self._ban(trader, None, arc, self.names[0], self.names[-1], "sells its LNG where it lands")

    def fleets_of_others(self, served: Mapping[str, frozenset[str]]) -> None:
        """A fleet that serves some plants carries no other seller's gas."""
        routes = {arc: (start, fleet) for arc, start, _, _, fleet in self.arcs if fleet in served}
        if not routes:
            return
        for trader in sorted(self.active):
            reach = self._reach(trader)
            for arc, (start, fleet) in sorted(routes.items()):
                if start in reach and trader not in served[fleet or ""]:
                    self._ban(
                        trader, None, arc, self.names[0], self.names[-1], f"the fleet {fleet} serves other plants"
                    )

    def _ban(self, trader: str, node: str | None, arc: str | None, first: str, last: str, reason: str) -> None:
        self.add("bans", trader=trader, node=node, arc=arc, first_period=first, last_period=last, reason=reason)

    def law(self, bans: pl.DataFrame | None, caps: pl.DataFrame | None, deterrents: pl.DataFrame | None) -> None:
        """What control hands over, as far as this problem has the sellers, nodes and arcs."""
        active: set[str | None] = {*self.active, "*", None}
        selling: set[str | None] = {*self.selling, None}
        arcs: set[str | None] = {None, *(arc for arc, *_ in self.arcs)}
        ends = {arc: (start,) for arc, start, *_ in self.arcs}
        reach = {t: self._reach(t) for t in self.active}
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
            self.part.notes.append(
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
        caps = self.part.rows.setdefault("caps", [])
        for row in caps:
            if (row["trader"], row["node"], row["period"]) == (trader, node, period):
                if maximum < row["maximum"]:
                    row.update(maximum=maximum, reason=reason)
                return
        caps.append({"trader": trader, "node": node, "period": period, "maximum": maximum, "reason": reason})

    # -- hand-over ----------------------------------------------------------------------------------------------------

    def done(self) -> MarketInputs:
        parts = tuple(p for section in self.sections.values() for p in section)
        missing = {m for p in parts for m in p.missing}
        if missing:
            listed = sorted(missing)
            shown = "; ".join(listed[:8]) + (f"; and {len(listed) - 8} more" if len(listed) > 8 else "")
            raise InputError(
                f"the market needs facts that the world does not have: {shown}.",
                where="world",
                fix="Add them, as an assumption if need be.",
            )
        used = {*self.selling, *(node for _, node in self.made), *(r["node"] for r in self.rows("storage"))}
        used |= {node for _, start, end, *_ in self.arcs for node in (start, end)}
        self.make("nodes", "", self._used, used, on=used)
        by_table: dict[str, list[list[Part]]] = {}
        for section in self.sections.values():
            for table in dict.fromkeys(t for p in section for t, rows in p.rows.items() if rows):
                by_table.setdefault(table, []).append([p for p in section if p.rows.get(table)])
        names = {g["id"]: g for g in self.watch.tables.of["gates"].iter_rows(named=True)}
        gates = [
            {
                **g,
                "kind": names[g["gate"]]["gate"],
                "name": names[g["gate"]]["name"],
                "source": names[g["gate"]]["source"],
                "measure": names[g["gate"]]["measure"],
            }
            for p in parts
            for g in p.gates
        ]
        gate_schema = dict.fromkeys(("subject", "gate", "period", "kind", "name", "source", "measure"), pl.String)
        return MarketInputs(
            tables={table: self.kept.frame(table, sections, _NUMBERS) for table, sections in by_table.items()},
            parts=parts,
            gates=pl.DataFrame(gates, schema=gate_schema),
            notes=tuple(dict.fromkeys(n for p in parts for n in p.notes)),
            fees=pl.DataFrame(
                [f for p in parts for f in p.fees],
                schema={"arc": pl.String, "payer": pl.String, "period": pl.String, "musd": pl.Float64},
            ),
        )

    def _used(self, nodes: Iterable[str]) -> None:
        for node in sorted(nodes):
            self.add("nodes", node=node)


def _by_id(frame: pl.DataFrame) -> dict[str, Row]:
    return {r["id"]: r for r in frame.iter_rows(named=True)}


def _frictions(world: World) -> dict[str, list[_Friction]]:
    """Way -> first and last day, friction, and its rise."""
    found: dict[str, list[_Friction]] = {}
    for r in world.table("frictions").iter_rows(named=True) if "frictions" in world.tables else ():
        pair = (r["friction_usd_per_mmbtu"], r["slope_usd_per_mmbtu_per_bcm_per_year"])
        found.setdefault(r["way"], []).append((r["valid_from"], r["valid_to"], *pair))
    return found


def ship_arc(start: str, end: str, fleet: str | None = None, hub: str | None = None) -> str:
    """The id of a shipping arc, readable in a flow's address."""
    return f"ship-{start}-{end}" + (f"-{fleet}" if fleet else "") + (f"-by-{hub}" if hub else "")


def welfare_unit_musd(value: float) -> float:
    """Bcm x USD/MMBtu, the unit in which the problem's welfare comes -> million USD."""
    return value * MMBTU_PER_BCM / 1e6


_NUMBERS = frozenset(
    {
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
)
