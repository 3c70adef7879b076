"""What does it take to bring LNG from every plant to every market, month by month? (tables -> the market's legs)

`build_table` searches the ways once (trees per port, month and set of shut passages) and gives arrays that ship with the
package; `market_legs` turns them into dated legs: days, cost, boil-off, ship-days per bcm, share arriving a month later.
Arc7 cargoes go all the way, or to a hub of hubs.csv (near Murmansk; Kamchatka; an EU port until the ban of 2025-03-27) and
on with a conventional ship: each is a leg of its own, only the Arc7 shuttle counts as ship-days, and what a hub can transship
in a month binds in the market (`hub_capacity`).
The way back is sailed at its own date, by the same table. Not here: who may buy (control), how fleets bind (market).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from polynya.units import added
from polynya.voyages import cost as money
from polynya.voyages.bundle import Bundle
from polynya.voyages.calendar import YEAR_DAYS, day_of_year
from polynya.voyages.conditions import Conditions
from polynya.voyages.ice import climatology
from polynya.voyages.passages import edge_delays, passage_state
from polynya.voyages.route import Ends, Tree, allowed_edges, tree
from polynya.voyages.service import Refusal, barred, listed
from polynya.voyages.ships import Ship
from polynya.voyages.voyage import Context

if TYPE_CHECKING:
    import polars as pl

Array = np.ndarray[Any, Any]
# Sets of passages shut together; the first is the normal state
SHUT_SETS: dict[str, tuple[str, ...]] = {
    "open": (),
    "red-sea": ("bab-el-mandeb",),
    "no-panama": ("panama",),
    "red-sea+no-panama": ("bab-el-mandeb", "panama"),
}
SHIPS = ("lng-174k", "lng-ice2", "lng-arc7", "lng-arc4")
ICE_ORIGINS = {
    "lng-ice2": ("vysotsk", "prigorodnoye", "inkoo", "paldiski"),
    "lng-arc7": ("sabetta",),
    "lng-arc4": ("sabetta",),
}
HUBS = ("saam-fsu", "koryak-fsu")
RELOAD = ("zeebrugge", "montoir")
WAYS = ("", "direct", "suez", "cape", "panama", "nsr", "cape-horn", "nwp")
RULE_YEAR = 2025
ICE_FREE_MONTH = 8
OCEAN_PORT = "gibraltar"
CONVENTIONAL = "conventional"
SECURITY_FROM = date(
    2024, 1, 15
)  # LNG carriers other than Russian ones leave the Red Sea (Wood Mackenzie, Kpler: January 2024)
DROUGHT = (date(2023, 8, 1), date(2024, 6, 30))  # Panama cuts the slots of LNG carriers
STS_DAYS = 1.5  # a transfer from ship to ship at a hub (assumption)
NO_BUYER = "no buyer outside China has taken cargoes of the listed plants and ships"
ONLY_CHINA = ("arc7-arctic-lng-2", "arc4-arctic-lng-2", "shadow-arctic-lng-2", "baltic-sanctioned")


@dataclass(frozen=True)
class LegTable:
    """Voyages between LNG ports: arrays [ship, set of shut passages, origin, destination, month]; NaN where there is none."""

    origins: tuple[str, ...]
    destinations: tuple[str, ...]
    days: Array
    nm: Array
    way: Array  # index into WAYS
    zones: Array  # zones of the Northern Sea Route sailed behind an icebreaker
    gates: Array  # uint64, bit g set when the way crosses gate g of the network
    labels: tuple[str, ...] = tuple(SHUT_SETS)  # names of the sets along the second axis

    def get(
        self, ship: str, shut: str, origin: str, destination: str, month: int
    ) -> tuple[float, float, str, int] | None:
        """(days, nm, way, escorted zones) of a voyage that starts in `month` (1-12); None when there is none."""
        k = self._place(ship, shut, origin, destination, month)
        days = float(self.days[k])
        return None if not np.isfinite(days) else (days, float(self.nm[k]), WAYS[int(self.way[k])], int(self.zones[k]))

    def crossed(self, ship: str, shut: str, origin: str, destination: str, month: int) -> int:
        """Bits of the gates that the way crosses."""
        return int(self.gates[self._place(ship, shut, origin, destination, month)])

    def _place(self, ship: str, shut: str, origin: str, destination: str, month: int) -> tuple[int, ...]:
        return (
            SHIPS.index(ship),
            self.labels.index(shut),
            self.origins.index(origin),
            self.destinations.index(destination),
            month - 1,
        )


@dataclass(frozen=True)
class Passages:
    """What a world says of passages in one month, against the dated facts of the shipped tables."""

    closed: frozenset[str] = frozenset()
    opened: frozenset[str] = frozenset()  # `nsr`: icebreakers lead every ice-classed ship through, all year

    @property
    def led(self) -> bool:
        """Whether the Northern Sea Route is held open by icebreakers."""
        return "nsr" in self.opened

    def label(self, base: str) -> str:
        """Name of the set of shut passages that comes of a dated one."""
        parts = [base, *sorted(f"-{p}" for p in self.closed), *(["+nsr"] if self.led else [])]
        return " ".join(parts)


def table_ports(bundle: Bundle) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Origins and destinations of the table: ports with a role in LNG, hubs and reloading ports."""
    exports = [p["id"] for p in bundle.ports if p["lng_role"] in ("export", "both")]
    imports = [p["id"] for p in bundle.ports if p["lng_role"] in ("import", "both")]
    return tuple(exports) + HUBS + RELOAD, tuple(imports) + HUBS


def build_table(
    bundle: Bundle,
    origins: Sequence[str] | None = None,
    ships: Sequence[str] = SHIPS,
    shuts: Sequence[str] | None = None,
    months: Sequence[int] = tuple(range(1, 13)),
) -> LegTable:
    """Search all ways. The arguments narrow what is computed (for tests); the rest stays NaN."""
    all_origins, destinations = table_ports(bundle)
    shape = (len(SHIPS), len(SHUT_SETS), len(all_origins), len(destinations), 12)
    table = LegTable(
        all_origins,
        destinations,
        np.full(shape, np.nan, np.float32),
        np.full(shape, np.nan, np.float32),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.uint8),
        np.zeros(shape, np.uint64),
    )
    network = bundle.network
    context = Context(bundle, climatology(network.lat, network.lon, bundle.ice))
    for s, name in enumerate(SHIPS):
        if name not in ships:
            continue
        starts = [p for p in _starts(table, name) if origins is None or p in origins]
        asked = np.zeros((len(all_origins), len(destinations), 12), bool)
        asked[:, :, [m - 1 for m in months]] = True
        free = asked & _ice_free(bundle, context, table, months) if name == "lng-174k" and starts else asked
        for c, (label, shut) in enumerate(SHUT_SETS.items()):
            if shuts is not None and label not in shuts:
                continue
            if name != "lng-174k" and "panama" in shut:
                twin = list(SHUT_SETS).index("red-sea" if "bab-el-mandeb" in shut else "open")
                for array in (table.days, table.nm, table.way, table.zones, table.gates):
                    array[s, c] = array[s, twin]
                continue  # ships from the north do not go by Panama
            _fill(bundle, context, table, name, c, shut, starts, free if name == "lng-174k" else asked)
    return table


def with_passages(bundle: Bundle, table: LegTable, base: str, passages: Passages) -> LegTable:
    """The table with one more set of shut passages: `base` with the passages of a month closed, or the NSR held open.

    Only ways from ports where something changes are searched again; all others are those of `base`.
    """
    label = passages.label(base)
    if label in table.labels:
        return table
    c = len(table.labels)
    old = table.labels.index(base)

    def grown(array: Array) -> Array:
        return np.concatenate([array, array[:, old : old + 1]], axis=1)

    new = replace(
        table,
        labels=(*table.labels, label),
        days=grown(table.days),
        nm=grown(table.nm),
        way=grown(table.way),
        zones=grown(table.zones),
        gates=grown(table.gates),
    )
    network = bundle.network
    context = Context(bundle, climatology(network.lat, network.lon, bundle.ice))
    closed = np.uint64(network.mask_of(sorted(passages.closed)))
    for s, name in enumerate(SHIPS):
        hit = np.isfinite(new.days[s, c]) & ((new.gates[s, c] & closed) != 0)  # [origin, destination, month]
        led = passages.led and name in ("lng-arc7", "lng-arc4")
        if led:
            hit[[new.origins.index(p) for p in ICE_ORIGINS[name]]] = True
        new.days[s, c][hit] = np.nan
        shut = (*SHUT_SETS[base], *sorted(passages.closed))
        _fill(bundle, context, new, name, c, shut, _starts(new, name), hit & _joined(bundle, new, shut), led)
    return new


def _joined(bundle: Bundle, table: LegTable, shut: Sequence[str]) -> Array:
    """Whether two ports lie on the same water once passages are shut, whatever the ice: [origin, destination, 1]."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import connected_components

    network = bundle.network
    keep = allowed_edges(network, network.mask_of(tuple(shut)), 0.0)
    pairs = (network.tail[keep], network.head[keep])
    graph = csr_matrix((np.ones(len(pairs[0]), np.int8), pairs), shape=(network.size, network.size))
    _, water = connected_components(graph, directed=False)
    start, end = ([water[network.port_node[p]] for p in ports] for ports in (table.origins, table.destinations))
    return np.asarray(np.array(start)[:, None, None] == np.array(end)[None, :, None])


def _starts(table: LegTable, ship: str) -> tuple[str, ...]:
    return table.origins if ship == "lng-174k" else ICE_ORIGINS[ship]


def _fill(
    bundle: Bundle,
    context: Context,
    table: LegTable,
    name: str,
    c: int,
    shut: Sequence[str],
    starts: Sequence[str],
    wanted: Array,
    led: bool = False,
) -> None:
    """Search the `wanted` ways [origin, destination, month] of one ship with some passages shut, into set `c`."""
    if not wanted.any():
        return
    network, ship, s = bundle.network, bundle.ships[name], SHIPS.index(name)
    when = date(RULE_YEAR, 1, 1)
    ends = {p: Ends(np.array([network.port_node[p]]), np.array([network.port_stub_nm[p]])) for p in network.port_node}
    conditions = context.conditions(ship, when, "auto", led)
    aside = (*shut, "panama") if name in ("lng-arc7", "lng-arc4") else (*shut, "nsr")
    if name == "lng-ice2":
        aside = (*aside, "panama")
    state = passage_state(bundle.passage_facts, ship, when, aside)
    closed = network.mask_of([g for g in state.shut if g in network.gate_ids])
    allowed, delay = allowed_edges(network, closed, ship.draught_m), edge_delays(network, state)

    def ways(start: str, month: int, ports: Sequence[str]) -> dict[str, tuple[float, float, int, int, int]]:
        day = day_of_year(date(RULE_YEAR, month, 15))
        found = tree(network, conditions, ends[start], day, allowed, delay)
        return _row(bundle, conditions, ends, start, day, found, allowed, ports)

    for start in starts:
        # the other port, and where its months are kept: ways in ice are searched from the icy port, and hold for both directions
        there = [
            (port, (table.origins.index(start), j))
            for j, port in enumerate(table.destinations)
            if start in table.origins and port != start
        ]
        back = [
            (port, (i, table.destinations.index(start)))
            for i, port in enumerate(table.origins)
            if name == "lng-ice2" and start in table.destinations and port != start
        ]
        asked = [(port, place) for port, place in (*there, *back) if wanted[place].any()]
        ports = tuple(dict.fromkeys(port for port, _ in asked))
        # at one speed on open water one tree serves all months
        ice_free = ways(start, ICE_FREE_MONTH, ports) if name == "lng-174k" and ports else {}
        for month in range(1, 13):
            now = [(port, place) for port, place in asked if wanted[place][month - 1]]
            got = ice_free if name == "lng-174k" or not now else ways(start, month, [port for port, _ in now])
            for port, place in now:
                k = (s, c, *place, month - 1)
                if port in got and not np.isfinite(table.days[k]):
                    _note(table, k, got[port])


def _note(table: LegTable, k: tuple[int, ...], found: tuple[float, float, int, int, int]) -> None:
    days, miles, way, zones, gates = found
    table.days[k], table.nm[k], table.way[k], table.zones[k], table.gates[k] = days, round(miles, 1), way, zones, gates


def _ice_free(bundle: Bundle, context: Context, table: LegTable, months: Sequence[int]) -> Array:
    """Where a ship without ice class gets through: [origin, destination, month], both ports reached from the open ocean."""
    network, ship = bundle.network, bundle.ships["lng-174k"]
    when = date(RULE_YEAR, 1, 1)
    conditions = context.conditions(ship, when, "auto")
    state = passage_state(bundle.passage_facts, ship, when)
    allowed = allowed_edges(network, network.mask_of([g for g in state.shut if g in network.gate_ids]), ship.draught_m)
    ocean = Ends(np.array([network.port_node[OCEAN_PORT]]), np.array([network.port_stub_nm[OCEAN_PORT]]))
    out = np.zeros((len(table.origins), len(table.destinations), 12), bool)
    for month in months:
        day = day_of_year(date(RULE_YEAR, month, 15))
        found = tree(network, conditions, ocean, day, allowed, np.zeros(len(network.nm)), settled_days=30.0)
        _, free = conditions.at(np.arange(network.size), np.full(network.size, day))
        fine = np.isfinite(found.days) & free
        start, end = (
            np.array([fine[network.port_node[p]] for p in ports]) for ports in (table.origins, table.destinations)
        )
        out[:, :, month - 1] = start[:, None] & end[None, :]
    return out


def _row(
    bundle: Bundle,
    conditions: Conditions,
    ends: Mapping[str, Ends],
    start: str,
    day: float,
    found: Tree,
    allowed: Array,
    ports: Sequence[str],
) -> dict[str, tuple[float, float, int, int, int]]:
    """Days, miles, way, escorted zones and gates from one port to those of some ports that it reaches."""
    network = bundle.network
    out: dict[str, tuple[float, float, int, int, int]] = {}
    for port in dict.fromkeys(ports):
        node = int(ends[port].nodes[0])
        if port == start or not np.isfinite(found.days[node]):
            continue
        miles, gates = 0.0, 0
        led: set[str] = set()
        for u, v in pairwise(found.way_to(node)):
            span = np.arange(network.indptr[u], network.indptr[u + 1])
            span = span[(network.head[span] == v) & allowed[span]]
            edge = span[np.argmin(network.nm[span])]
            miles += float(network.nm[edge])
            gates |= int(network.bits[edge])
            if (
                conditions.place[u] >= 0
                and conditions.describe(int(u), (day + float(found.days[u])) % YEAR_DAYS)[2] == "escorted"
            ):
                led.add(conditions.field.nsr_area[int(conditions.field.area[conditions.place[u]])])
        led.discard("")
        stub = float(ends[port].nm[0])
        d = float(found.days[node]) + stub * found.open_slowness / 24.0
        miles += stub + float(ends[start].nm[0])
        out[port] = (d, miles, WAYS.index(_way(network.gates_of(gates))), len(led), gates)
    return out


def _way(gates: Sequence[str]) -> str:
    if {"vilkitsky", "shokalsky"} & set(gates):
        return "nsr"
    for name in ("nwp", "suez", "panama", "cape"):
        if name in gates:
            return name
    return "cape-horn" if {"cape-horn", "magellan"} & set(gates) else "direct"


def shut_set(month: date, russian: bool, opened: frozenset[str] = frozenset()) -> str:
    """Which passages LNG carriers leave aside in a month; `opened` ones they use again."""
    red = month >= SECURITY_FROM.replace(day=1) and not russian and "bab-el-mandeb" not in opened
    dry = DROUGHT[0] <= month <= DROUGHT[1] and "panama" not in opened
    return {
        (False, False): "open",
        (True, False): "red-sea",
        (False, True): "no-panama",
        (True, True): "red-sea+no-panama",
    }[red, dry]


def fleet_days(
    fleet_ships: Iterable[Mapping[str, Any]], months: Sequence[date], availability: float = 0.95
) -> pl.DataFrame:
    """Ship-days of every fleet in every month (fleet, period, ship_days), from the dated ships. [days]

    A ship that is listed drops out of a fleet that serves the ports of who listed it, for the days of its listing.
    availability: share of days in service; 5 % for docking and repair is an assumption.
    """
    import calendar

    import polars as pl

    rows: dict[tuple[str, str], float] = {}
    ships = list(fleet_ships)
    for fleet in dict.fromkeys(str(r["fleet"]) for r in ships):
        for month in months:
            length = calendar.monthrange(month.year, month.month)[1]
            total = 0.0
            for r in ships:
                if r["fleet"] != fleet:
                    continue
                stopped = () if fleet in ONLY_CHINA else listed([r])
                days = [date(month.year, month.month, d) for d in range(1, length + 1)]
                total += sum(_in_force(r, d) and not any(_stops(x, d) for x in stopped) for d in days)
            rows[fleet, f"{month:%Y-%m}"] = total * availability
    return pl.DataFrame(
        [{"fleet": f, "period": p, "ship_days": d} for (f, p), d in rows.items()],
        schema={"fleet": pl.String(), "period": pl.String(), "ship_days": pl.Float64()},
    )


def hub_capacity(hubs: Iterable[Mapping[str, Any]], months: Sequence[date]) -> pl.DataFrame:
    """What every hub can transship in every month (hub, period, capacity_bcm), from its dated rows; 0 while none is in force."""
    import calendar

    import polars as pl

    from polynya.units import bcm_from_mt_lng

    rows = list(hubs)
    out = []
    for hub in dict.fromkeys(str(r["hub"]) for r in rows):
        for month in months:
            days = [
                date(month.year, month.month, d + 1) for d in range(calendar.monthrange(month.year, month.month)[1])
            ]
            year = 366 if calendar.isleap(month.year) else 365
            mt = added(
                float(r["capacity_mt_per_year"]) / year
                for r in rows
                if r["hub"] == hub
                for d in days
                if _in_force(r, d)
            )
            out.append({"hub": hub, "period": f"{month:%Y-%m}", "capacity_bcm": bcm_from_mt_lng(mt)})
    return pl.DataFrame(out, schema={"hub": pl.String(), "period": pl.String(), "capacity_bcm": pl.Float64()})


def _in_force(row: Mapping[str, Any], day: date) -> bool:
    return (row["valid_from"] or date.min) <= day <= (row["valid_to"] or date.max)


def _stops(stop: Refusal, day: date) -> bool:
    """A ship still counts on the day on which it is listed."""
    return (stop.valid_from or date.min) < day <= (stop.valid_to or date.max)


def open_hubs(hubs: Iterable[Mapping[str, Any]], fleet: str, month: date) -> dict[str, str]:
    """Hub -> port, for the hubs that a fleet may use on some day of a month."""
    last = month.replace(day=28)
    return {
        str(r["hub"]): str(r["port"])
        for r in hubs
        if fleet in str(r["fleets"]).split(";") and (_in_force(r, month) or _in_force(r, last))
    }


def market_legs(
    bundle: Bundle,
    legs: LegTable,
    fleet_ships: Iterable[Mapping[str, Any]],
    hubs: Iterable[Mapping[str, Any]],
    loading_nodes: Sequence[str],
    market_nodes: Sequence[str],
    months: Sequence[date],
    charter_usd_per_day: float | None = None,
    shut: str | None = None,
    passages: Mapping[date, Passages] | None = None,
) -> pl.DataFrame:
    """Legs of the market: one row per from_node, to_node, period, fleet and hub (blank: all the way with one ship).

    months: first days of the months. shut: one of SHUT_SETS for all months, else as dated above (Red Sea from 2024-01, Panama
    in the drought). passages: what the world closes or opens in single months, on top of that; the legs must already hold
    the sets that come of it (`with_passages`). charter_usd_per_day: rate of conventional ships, else that of the ship table.
    Infeasible rows carry a reason.
    Columns: from_node, to_node, period, fleet, hub, days, cost_usd_per_mmbtu, boil_off_share, ship_days_per_bcm, lag_share,
    distance_nm, via, passages (ids with blanks), feasible, reason. Nodes without an LNG port are left out.
    """
    import polars as pl

    ports_out = {p["node"]: p["id"] for p in bundle.ports if p["lng_role"] in ("export", "both")}
    ports_in = {p["node"]: p["id"] for p in bundle.ports if p["lng_role"] in ("import", "both")}
    ships, places = list(fleet_ships), list(hubs)
    countries = {str(p["id"]): str(p["country"] or "") for p in bundle.ports}
    fleets: dict[str, str] = {}
    for row in ships:
        fleets.setdefault(str(row["fleet"]), str(row["ship_class"]))
    rows: list[dict[str, Any]] = []
    for month in months:
        for start in loading_nodes:
            if start not in ports_out:
                continue
            arctic = start == "RU-YAM"
            russian = start.startswith("RU-")
            said = (passages or {}).get(month, Passages())
            closed = shut or said.label(shut_set(month, russian, said.opened))
            for end in market_nodes:
                if end not in ports_in or end == start:
                    continue
                base = {"from_node": start, "to_node": end, "period": f"{month:%Y-%m}", "hub": ""}
                if not arctic:
                    rows.append(
                        base
                        | _conventional(
                            bundle, legs, ports_out[start], ports_in[end], month, closed, russian, charter_usd_per_day
                        )
                    )
                    continue
                for fleet, ship_class in fleets.items():
                    if ship_class not in ("lng-arc7", "lng-arc4"):
                        continue
                    if not _alive(ships, fleet, month):
                        continue
                    if why := _shut_out(ships, fleet, end, countries[ports_in[end]], month):
                        rows.append(base | _none(fleet, why))
                        continue
                    rows += [
                        base | {"fleet": fleet} | leg
                        for leg in _arctic(
                            bundle,
                            legs,
                            bundle.ships[ship_class],
                            ports_in[end],
                            month,
                            closed,
                            charter_usd_per_day,
                            open_hubs(places, fleet, month),
                        )
                    ]
    schema = {
        "from_node": pl.String(), "to_node": pl.String(), "period": pl.String(), "fleet": pl.String(),
        "hub": pl.String(), "days": pl.Float64(), "cost_usd_per_mmbtu": pl.Float64(), "boil_off_share": pl.Float64(),
        "ship_days_per_bcm": pl.Float64(), "lag_share": pl.Float64(), "distance_nm": pl.Float64(),
        "via": pl.String(), "passages": pl.String(), "feasible": pl.Boolean(), "reason": pl.String(),
    }  # fmt: skip
    for row in rows:
        said = (passages or {}).get(date.fromisoformat(f"{row['period']}-01"), Passages())
        if not row["feasible"] and said.closed:
            row["reason"] += f"; closed: {', '.join(sorted(said.closed))}"
        row["passages"] = " ".join(bundle.network.gates_of(int(row["passages"] or 0)))
    return pl.DataFrame(rows, schema=schema)


def _alive(ships: Sequence[Mapping[str, Any]], fleet: str, month: date) -> bool:
    return any(
        r["fleet"] == fleet
        and (r["valid_from"] or date.min) <= month.replace(day=28)
        and (r["valid_to"] or date.max) >= month
        for r in ships
    )


def _shut_out(ships: Sequence[Mapping[str, Any]], fleet: str, node: str, country: str, month: date) -> str:
    """Why a fleet may not land in a node; empty when one of its ships may and finds a buyer."""
    if stopped := barred(ships, fleet, country, month.replace(day=15)):
        return "; ".join(r.reason for r in stopped)
    return NO_BUYER if fleet in ONLY_CHINA and node != "CN-COAST" else ""


def _after(month: date, days: float) -> int:
    """Month number in which a ship that left in the middle of `month` turns back after `days`."""
    return (month.month - 1 + int((14 + days) // 30.4)) % 12 + 1


def _none(fleet: str | None, reason: str) -> dict[str, Any]:
    out: dict[str, Any] = dict.fromkeys(
        ("days", "cost_usd_per_mmbtu", "boil_off_share", "ship_days_per_bcm", "lag_share", "distance_nm")
    )
    if fleet is not None:
        out["fleet"] = fleet
    return out | {"via": "", "passages": 0, "feasible": False, "reason": reason}


@dataclass(frozen=True, slots=True)
class _Trip:
    days: float
    nm: float
    way: str
    sea_days: float  # both ways
    tolls_musd: float
    escort_musd: float  # both ways
    gates: int


def _trip(
    bundle: Bundle, legs: LegTable, ship: Ship, origin: str, destination: str, month: date, closed: str
) -> _Trip | None:
    out = legs.get(ship.id, closed, origin, destination, month.month)
    if out is None:
        return None
    days, nm, way, zones = out
    back = legs.get(ship.id, closed, origin, destination, _after(month, days + ship.port_days)) or out
    state = passage_state(bundle.passage_facts, ship, month)
    tolls = (state.toll_usd.get(way, 0.0) + state.toll_usd.get(back[2], 0.0)) / 1e6
    escort = added(
        money.escort_tariff_musd(ship, z, 7 <= month.month <= 11, bundle.tariffs, bundle.parameters)
        for z in (zones, back[3])
    )
    gates = legs.crossed(ship.id, closed, origin, destination, month.month)
    return _Trip(days, nm, way, days + back[0], tolls, escort, gates)


def _lag(days: float) -> float:
    """Share of a month's loadings, spread evenly, that arrives in a later month."""
    return min(1.0, days / 30.4)


def _conventional(
    bundle: Bundle,
    legs: LegTable,
    origin: str,
    destination: str,
    month: date,
    closed: str,
    russian: bool,
    charter: float | None,
) -> dict[str, Any]:
    """Leg of a conventional ship; where ice stops it, of one of class Ice2."""
    for name in ("lng-174k", "lng-ice2") if not russian else ("lng-ice2", "lng-174k"):
        ship = bundle.ships[name]
        trip = _trip(bundle, legs, ship, origin, destination, month, closed)
        if trip is None:
            continue
        if charter is not None:
            ship = replace(ship, charter_usd_per_day=charter)
        total, ship_days = _price(bundle, ship, trip)
        gone = money.boil_off_share(ship, trip.days, bundle.parameters)
        bcm = money.delivered_bcm(ship, trip.days, bundle.parameters)
        return {
            "fleet": CONVENTIONAL,
            "days": trip.days,
            "cost_usd_per_mmbtu": money_per_mmbtu(total, bcm),
            "boil_off_share": gone,
            "ship_days_per_bcm": ship_days / bcm,
            "lag_share": _lag(trip.days),
            "distance_nm": trip.nm,
            "via": trip.way,
            "passages": trip.gates,
            "feasible": True,
            "reason": "",
        }
    return _none(CONVENTIONAL, "ice or shut passages leave no way in this month")


def money_per_mmbtu(total_musd: float, bcm: float) -> float:
    """Million USD over bcm -> USD/MMBtu."""
    from polynya.units import MMBTU_PER_BCM

    return total_musd * 1e6 / (bcm * MMBTU_PER_BCM)


def _price(bundle: Bundle, ship: Ship, trip: _Trip) -> tuple[float, float]:
    """Cost of the round trip without the fuel of the laden way (that is lost cargo), and its days. [million USD], [days]"""
    cost = money.round_trip(
        ship, trip.days, trip.sea_days - trip.days, trip.tolls_musd, trip.escort_musd, bundle.parameters
    )
    laden = trip.days * ship.fuel_t_per_day * money.fuel_price_usd_per_t(ship, bundle.parameters) / 1e6
    return cost.total_musd - laden, cost.days_round_trip


def _arctic(
    bundle: Bundle,
    legs: LegTable,
    ship: Ship,
    destination: str,
    month: date,
    closed: str,
    charter: float | None,
    hubs: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Ways from the Ob: all the way, and by every hub that is not dearer in money and in ship-days than all the way."""
    parameters = bundle.parameters
    found: list[dict[str, Any]] = []
    direct = _trip(bundle, legs, ship, "sabetta", destination, month, closed)
    if direct is not None:
        total, ship_days = _price(bundle, ship, direct)
        bcm = money.delivered_bcm(ship, direct.days, parameters)
        gone = money.boil_off_share(ship, direct.days, parameters)
        found.append(_leg("", total, bcm, gone, ship_days, direct.days, direct.nm, direct.way, direct.gates))
    onward = bundle.ships["lng-174k"]
    if charter is not None:
        onward = replace(onward, charter_usd_per_day=charter)
    for hub, port in hubs.items():
        if port == destination:
            continue
        first = _trip(bundle, legs, ship, "sabetta", port, month, closed)
        if first is None:
            continue
        later = date(month.year, _after(month, first.days), 1)
        second = _trip(bundle, legs, onward, port, destination, later, closed)
        if second is None:
            continue
        total_1, days_1 = _price(bundle, ship, first)
        total_2, _ = _price(bundle, onward, second)
        gone_1 = money.boil_off_share(ship, first.days, parameters)
        gone_2 = money.boil_off_share(onward, second.days, parameters)
        bcm_1 = money.delivered_bcm(ship, first.days, parameters)
        # part of a conventional cargo that one shuttle fills
        share = bcm_1 / money.delivered_bcm(onward, 0.0, parameters)
        leg = _leg(
            hub,
            total_1 + total_2 * share,
            bcm_1 * (1.0 - gone_2),
            1.0 - (1.0 - gone_1) * (1.0 - gone_2),
            days_1 + STS_DAYS,
            first.days + STS_DAYS + second.days,
            first.nm + second.nm,
            f"{hub}+{second.way}",
            first.gates | second.gates,
        )
        dearer = ("cost_usd_per_mmbtu", "ship_days_per_bcm")
        if direct is None or any(leg[k] < found[0][k] for k in dearer):
            found.append(leg)
    return found or [_none(None, "ice and shut passages leave no way in this month")]


def _leg(
    hub: str, total: float, bcm: float, gone: float, ship_days: float, days: float, nm: float, via: str, gates: int
) -> dict[str, Any]:
    return {
        "hub": hub,
        "days": days,
        "cost_usd_per_mmbtu": money_per_mmbtu(total, bcm),
        "boil_off_share": gone,
        "ship_days_per_bcm": ship_days / bcm,
        "lag_share": _lag(days),
        "distance_nm": nm,
        "via": via,
        "passages": gates,
        "feasible": True,
        "reason": "",
    }


def read_table_file(path: Any) -> LegTable:
    """The table that ships with the package."""
    with np.load(path) as f:
        return LegTable(
            tuple(str(p) for p in f["origins"]),
            tuple(str(p) for p in f["destinations"]),
            f["days"],
            f["nm"],
            f["way"],
            f["zones"],
            f["gates"],
        )
