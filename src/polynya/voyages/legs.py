"""What does it take to bring LNG from every plant to every market, month by month? (tables -> the market's legs)

`build_table` searches the ways once (trees per port, month and set of shut passages) and gives arrays that ship with the
package; `market_legs` turns them into dated legs: days, cost, boil-off, ship-days per bcm, share arriving a month later.
Arc7 cargoes go all the way, or to a hub (ship-to-ship near Murmansk or Honningsvag; Kamchatka; an EU port until the ban of
2025-03-27) and on with a conventional ship: of these the cheapest is taken, and only the Arc7 shuttle counts as ship-days.
The way back is sailed at its own date, by the same table. Not here: who may buy (control), how fleets bind (market).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from polynya.voyages import cost as money
from polynya.voyages.bundle import Bundle
from polynya.voyages.calendar import YEAR_DAYS, day_of_year
from polynya.voyages.conditions import Conditions
from polynya.voyages.ice import climatology
from polynya.voyages.passages import edge_delays, passage_state
from polynya.voyages.route import Ends, Tree, allowed_edges, tree
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
RELOAD_BAN = date(2025, 3, 27)  # EU: no reloading of Russian LNG for third countries (FPS Economy)
HUB_FROM = {"saam-fsu": date(2018, 11, 1), "koryak-fsu": date(2024, 12, 26)}
STS_DAYS = 1.5  # a transfer from ship to ship at a hub (assumption)
ONLY_CHINA = ("arc7-arctic-lng-2", "arc4-arctic-lng-2", "shadow-arctic-lng-2", "baltic-sanctioned")


@dataclass(frozen=True)
class LegTable:
    """Voyages between LNG ports: arrays [ship, shut set, origin, destination, month]; NaN where there is none."""

    origins: tuple[str, ...]
    destinations: tuple[str, ...]
    days: Array
    nm: Array
    way: Array  # index into WAYS
    zones: Array  # zones of the Northern Sea Route sailed behind an icebreaker

    def get(
        self, ship: str, shut: str, origin: str, destination: str, month: int
    ) -> tuple[float, float, str, int] | None:
        """(days, nm, way, escorted zones) of a voyage that starts in `month` (1-12); None when there is none."""
        k = (
            SHIPS.index(ship),
            list(SHUT_SETS).index(shut),
            self.origins.index(origin),
            self.destinations.index(destination),
            month - 1,
        )
        days = float(self.days[k])
        return None if not np.isfinite(days) else (days, float(self.nm[k]), WAYS[int(self.way[k])], int(self.zones[k]))


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
    days, nm = np.full(shape, np.nan, np.float32), np.full(shape, np.nan, np.float32)
    way, zones = np.zeros(shape, np.uint8), np.zeros(shape, np.uint8)
    network = bundle.network
    context = Context(bundle, climatology(network.lat, network.lon, bundle.ice))
    when = date(RULE_YEAR, 1, 1)
    ends = {p: Ends(np.array([network.port_node[p]]), np.array([network.port_stub_nm[p]])) for p in network.port_node}
    for s, name in enumerate(SHIPS):
        if name not in ships:
            continue
        ship = bundle.ships[name]
        starts = all_origins if name == "lng-174k" else ICE_ORIGINS[name]
        conditions = context.conditions(ship, when, "auto")
        if name == "lng-174k":
            reach = {m: _connected(bundle, conditions, ends, ship, when, m) for m in months}
        for c, (label, shut) in enumerate(SHUT_SETS.items()):
            if shuts is not None and label not in shuts:
                continue
            if name != "lng-174k" and "panama" in shut:
                twin = list(SHUT_SETS).index("red-sea" if "bab-el-mandeb" in shut else "open")
                for array in (days, nm, way, zones):
                    array[s, c] = array[s, twin]
                continue  # ships from the north do not go by Panama
            aside = (*shut, "nsr", "panama") if name != "lng-174k" else (*shut, "nsr")
            if name in ("lng-arc7", "lng-arc4"):
                aside = (*shut, "panama")
            state = passage_state(bundle.passage_facts, ship, when, aside)
            closed = network.mask_of([g for g in state.shut if g in network.gate_ids])
            allowed, delay = allowed_edges(network, closed, ship.draught_m), edge_delays(network, state)
            for start in starts:
                if origins is not None and start not in origins:
                    continue
                ice_free: dict[str, tuple[float, float, int, int]] = {}
                for month in months:
                    if (
                        name == "lng-174k"
                    ):  # at one speed on open water: one tree serves all months in which both ports are free
                        if not ice_free:
                            day = day_of_year(date(RULE_YEAR, ICE_FREE_MONTH, 15))
                            ice_free = _row(
                                bundle,
                                conditions,
                                ends,
                                start,
                                day,
                                tree(network, conditions, ends[start], day, allowed, delay),
                                allowed,
                            )
                        got = {p: v for p, v in ice_free.items() if p in reach[month] and start in reach[month]}
                    else:
                        day = day_of_year(date(RULE_YEAR, month, 15))
                        got = _row(
                            bundle,
                            conditions,
                            ends,
                            start,
                            day,
                            tree(network, conditions, ends[start], day, allowed, delay),
                            allowed,
                        )
                    for port, (d, miles, kind, led) in got.items():
                        if start in all_origins and port in destinations:
                            k = (s, c, all_origins.index(start), destinations.index(port), month - 1)
                            days[k], nm[k], way[k], zones[k] = d, miles, kind, led
                        if start in destinations and port in all_origins and name == "lng-ice2":
                            k = (s, c, all_origins.index(port), destinations.index(start), month - 1)
                            if not np.isfinite(days[k]):
                                days[k], nm[k], way[k], zones[k] = d, miles, kind, led
    return LegTable(all_origins, destinations, days, nm, way, zones)


def _connected(
    bundle: Bundle, conditions: Conditions, ends: Mapping[str, Ends], ship: Ship, when: date, month: int
) -> set[str]:
    """Ports that a ship can reach from the open ocean in the middle of a month."""
    network = bundle.network
    state = passage_state(bundle.passage_facts, ship, when)
    allowed = allowed_edges(network, network.mask_of([g for g in state.shut if g in network.gate_ids]), ship.draught_m)
    day = day_of_year(date(RULE_YEAR, month, 15))
    found = tree(network, conditions, ends[OCEAN_PORT], day, allowed, np.zeros(len(network.nm)), settled_days=30.0)
    _, free = conditions.at(np.arange(network.size), np.full(network.size, day))
    return {p for p, e in ends.items() if np.isfinite(found.days[int(e.nodes[0])]) and free[int(e.nodes[0])]}


def _row(
    bundle: Bundle,
    conditions: Conditions,
    ends: Mapping[str, Ends],
    start: str,
    day: float,
    found: Tree,
    allowed: Array,
) -> dict[str, tuple[float, float, int, int]]:
    """Days, miles and way from one port to all ports of the table that it reaches."""
    network = bundle.network
    origins, destinations = table_ports(bundle)
    out: dict[str, tuple[float, float, int, int]] = {}
    for port in dict.fromkeys((*destinations, *origins)):
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
        out[port] = (d, miles + stub + float(ends[start].nm[0]), WAYS.index(_way(network.gates_of(gates))), len(led))
    return out


def _way(gates: Sequence[str]) -> str:
    if {"vilkitsky", "shokalsky"} & set(gates):
        return "nsr"
    for name in ("nwp", "suez", "panama", "cape"):
        if name in gates:
            return name
    return "cape-horn" if {"cape-horn", "magellan"} & set(gates) else "direct"


def shut_set(month: date, russian: bool) -> str:
    """Which passages LNG carriers leave aside in a month."""
    red = month >= SECURITY_FROM.replace(day=1) and not russian
    dry = DROUGHT[0] <= month <= DROUGHT[1]
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
                first = r["valid_from"] or date.min
                last = r["valid_to"] or date.max
                total += sum(first <= date(month.year, month.month, d) <= last for d in range(1, length + 1))
            rows[fleet, f"{month:%Y-%m}"] = total * availability
    return pl.DataFrame(
        [{"fleet": f, "period": p, "ship_days": d} for (f, p), d in rows.items()],
        schema={"fleet": pl.String(), "period": pl.String(), "ship_days": pl.Float64()},
    )


def market_legs(
    bundle: Bundle,
    legs: LegTable,
    fleet_ships: Iterable[Mapping[str, Any]],
    loading_nodes: Sequence[str],
    market_nodes: Sequence[str],
    months: Sequence[date],
    charter_usd_per_day: float | None = None,
    shut: str | None = None,
) -> pl.DataFrame:
    """Legs of the market: one row per from_node, to_node, period and fleet.

    months: first days of the months. shut: one of SHUT_SETS for all months, else as dated above (Red Sea from 2024-01, Panama
    in the drought). charter_usd_per_day: rate of conventional ships, else that of the ship table. Infeasible rows carry a reason.
    Columns: from_node, to_node, period, fleet, days, cost_usd_per_mmbtu, boil_off_share, ship_days_per_bcm, lag_share,
    distance_nm, via, feasible, reason. Nodes without an LNG port are left out.
    """
    import polars as pl

    ports_out = {p["node"]: p["id"] for p in bundle.ports if p["lng_role"] in ("export", "both")}
    ports_in = {p["node"]: p["id"] for p in bundle.ports if p["lng_role"] in ("import", "both")}
    ships = list(fleet_ships)
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
            closed = shut or shut_set(month, russian)
            for end in market_nodes:
                if end not in ports_in or end == start:
                    continue
                base = {"from_node": start, "to_node": end, "period": f"{month:%Y-%m}"}
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
                    if fleet in ONLY_CHINA and end != "CN-COAST":
                        continue
                    if not _alive(ships, fleet, month):
                        continue
                    rows.append(
                        base
                        | {"fleet": fleet}
                        | _arctic(
                            bundle,
                            legs,
                            bundle.ships[ship_class],
                            ports_in[end],
                            month,
                            closed,
                            charter_usd_per_day,
                            fleet in ONLY_CHINA,
                        )
                    )
    schema = {
        "from_node": pl.String(), "to_node": pl.String(), "period": pl.String(), "fleet": pl.String(),
        "days": pl.Float64(), "cost_usd_per_mmbtu": pl.Float64(), "boil_off_share": pl.Float64(),
        "ship_days_per_bcm": pl.Float64(), "lag_share": pl.Float64(), "distance_nm": pl.Float64(),
        "via": pl.String(), "feasible": pl.Boolean(), "reason": pl.String(),
    }  # fmt: skip
    return pl.DataFrame(rows, schema=schema)


def _alive(ships: Sequence[Mapping[str, Any]], fleet: str, month: date) -> bool:
    return any(
        r["fleet"] == fleet
        and (r["valid_from"] or date.min) <= month.replace(day=28)
        and (r["valid_to"] or date.max) >= month
        for r in ships
    )


def _after(month: date, days: float) -> int:
    """Month number in which a ship that left in the middle of `month` turns back after `days`."""
    return (month.month - 1 + int((14 + days) // 30.4)) % 12 + 1


def _none(fleet: str | None, reason: str) -> dict[str, Any]:
    out: dict[str, Any] = dict.fromkeys(
        ("days", "cost_usd_per_mmbtu", "boil_off_share", "ship_days_per_bcm", "lag_share", "distance_nm")
    )
    if fleet is not None:
        out["fleet"] = fleet
    return out | {"via": "", "feasible": False, "reason": reason}


@dataclass(frozen=True, slots=True)
class _Trip:
    days: float
    nm: float
    way: str
    sea_days: float  # both ways
    tolls_musd: float
    escort_musd: float  # both ways


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
    escort = sum(
        money.escort_tariff_musd(ship, z, 7 <= month.month <= 11, bundle.tariffs, bundle.parameters)
        for z in (zones, back[3])
    )
    return _Trip(days, nm, way, days + back[0], tolls, escort)


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
    arctic_lng_2: bool,
) -> dict[str, Any]:
    """Cheapest of the ways from the Ob: all the way, or by a hub."""
    parameters = bundle.parameters
    best: dict[str, Any] | None = None

    def offer(total: float, bcm: float, gone: float, ship_days: float, days: float, nm: float, via: str) -> None:
        nonlocal best
        per = money_per_mmbtu(total, bcm)
        if best is None or per < best["cost_usd_per_mmbtu"]:
            best = {
                "days": days,
                "cost_usd_per_mmbtu": per,
                "boil_off_share": gone,
                "ship_days_per_bcm": ship_days / bcm,
                "lag_share": _lag(days),
                "distance_nm": nm,
                "via": via,
                "feasible": True,
                "reason": "",
            }

    direct = _trip(bundle, legs, ship, "sabetta", destination, month, closed)
    if direct is not None:
        total, ship_days = _price(bundle, ship, direct)
        bcm = money.delivered_bcm(ship, direct.days, parameters)
        offer(
            total,
            bcm,
            money.boil_off_share(ship, direct.days, parameters),
            ship_days,
            direct.days,
            direct.nm,
            direct.way,
        )
    onward = bundle.ships["lng-174k"]
    if charter is not None:
        onward = replace(onward, charter_usd_per_day=charter)
    hubs = [h for h in HUBS if month >= HUB_FROM[h].replace(day=1) and (arctic_lng_2 or h != "koryak-fsu")]
    hubs += [p for p in RELOAD if month < RELOAD_BAN.replace(day=1) and p != destination]
    for hub in hubs:
        first = _trip(bundle, legs, ship, "sabetta", hub, month, closed)
        if first is None:
            continue
        later = date(month.year, _after(month, first.days), 1)
        second = _trip(bundle, legs, onward, hub, destination, later, closed)
        if second is None:
            continue
        total_1, days_1 = _price(bundle, ship, first)
        total_2, _ = _price(bundle, onward, second)
        gone_1 = money.boil_off_share(ship, first.days, parameters)
        gone_2 = money.boil_off_share(onward, second.days, parameters)
        bcm_1 = money.delivered_bcm(ship, first.days, parameters)
        bcm = bcm_1 * (1.0 - gone_2)
        share = bcm_1 / money.delivered_bcm(
            onward, 0.0, parameters
        )  # part of a conventional cargo that one shuttle fills
        offer(
            total_1 + total_2 * share,
            bcm,
            1.0 - (1.0 - gone_1) * (1.0 - gone_2),
            days_1 + STS_DAYS,
            first.days + STS_DAYS + second.days,
            first.nm + second.nm,
            f"{hub}+{second.way}",
        )
    return best or _none(None, "ice and shut passages leave no way in this month")


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
        )
