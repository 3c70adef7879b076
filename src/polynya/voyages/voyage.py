"""What is the voyage? (question -> answer with way, days, cost, legs, range, sources, or why there is none)

Puts the parts together: passages, ice, permission, search, cost. Pure: date and tables come in, a plain mapping goes out.
`objective=cost`: the ways round the toll passages are each searched for least time, and the cheapest is taken.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as default
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np

from polynya.voyages import cost as money
from polynya.voyages.bundle import Bundle
from polynya.voyages.calendar import YEAR_DAYS, day_of_year
from polynya.voyages.conditions import ALONE, ESCORTED, Conditions, conditions
from polynya.voyages.geodesy import along
from polynya.voyages.ice import IceField
from polynya.voyages.network import COMPOSITES
from polynya.voyages.passages import VIA, PassageState, edge_delays, passage_state
from polynya.voyages.places import Place
from polynya.voyages.route import Path, allowed_edges, search
from polynya.voyages.service import Refusal, refused
from polynya.voyages.ships import Ship

LANE_VIAS = ("auto", "nsr", "northern-sea-route")  # these leave open on which side of Novaya Zemlya a transit passes
ARCTIC_VIAS = ("nsr", "northern-sea-route", "nwp", "northwest")
SOUTHERN = ("suez", "panama", "cape", "cape-horn", "magellan")
ICE_YEARS = (2010, 2022)  # of the bundled climatology
LEG_NM = 50.0  # longest leg shown
# Half-width of the days: open water | alone in ice, Arc7 (voyages of 2017-2019) | alone, other classes (held out) | escorted
BAND_OPEN, BAND_ICE, BAND_ICE_OTHERS, BAND_ESCORT = 0.07, 0.15, 0.25, 0.25


@dataclass(frozen=True)
class Question:
    """One voyage to be found."""

    origin: Place
    destination: Place
    ship: Ship
    depart: date
    via: str = "auto"
    objective: str = "time"
    avoid: tuple[str, ...] = ()
    escort: str = "auto"
    heed_security: bool = False
    may_serve: tuple[Refusal, ...] | None = None  # None: no table was given

    def refusals(self) -> tuple[Refusal, ...]:
        """What stops the ship from calling at either end."""
        places = (self.origin.country, self.destination.country)
        return refused(self.may_serve or (), (self.ship.id, self.ship.name), places, self.depart)


@dataclass(frozen=True)
class Found:
    """A path with what was decided on the way."""

    path: Path
    conditions: Conditions
    state: PassageState
    gates: tuple[str, ...]
    distance_nm: float
    cost: money.Cost
    ice_nm: float
    escorted_nm: float
    zones: int
    quicker: Found | None = None  # the quickest way, where the recommended lane was taken for a little more time


@dataclass
class Context:
    """What several questions share: the bundle, one ice field, and ship conditions already computed."""

    bundle: Bundle
    field: IceField
    fast: bool = False
    cache: dict[tuple[Any, ...], Conditions] = default(default_factory=dict)

    def conditions(self, ship: Ship, when: date, escort: str, led: bool = False) -> Conditions:
        """Conditions of a ship under the rules of a day; computed once per set of rules in force."""
        b = self.bundle
        force = tuple(
            k
            for k, r in enumerate(b.admission)
            if r.ice_class == ship.ice_class
            and (r.valid_from is None or r.valid_from <= when)
            and (r.valid_to is None or when <= r.valid_to)
        )
        key = (ship, escort, force, led)
        if key not in self.cache:
            self.cache[key] = conditions(
                ship, self.field, b.network.size, b.polaris, b.admission, b.parameters, when, escort, led
            )
        return self.cache[key]


def solve(context: Context, q: Question) -> Found | None:
    """Quickest (or cheapest) way, None when there is none.

    On a transit of the Northern Sea Route the recommended lane by the Kara Gate is taken, as published distances do, unless
    rounding Cape Zhelaniya saves more than the parameter `nsr_lane_preference_days`; `--via cape-zhelaniya` asks for that.
    """
    if q.refusals():
        return None
    if q.objective == "cost":
        return _cheapest(context, q)
    quickest = _quickest(context, q)
    if quickest is None or q.via not in LANE_VIAS or "kara-gate" in q.avoid:
        return quickest
    if "cape-zhelaniya" not in quickest.gates or not set(COMPOSITES["nsr"]) & set(quickest.gates):
        return quickest
    lane = _quickest(context, replace(q, avoid=(*q.avoid, "cape-zhelaniya")))
    allowance = context.bundle.parameters["nsr_lane_preference_days"]
    if lane is None or lane.path.total_days > quickest.path.total_days + allowance:
        return quickest
    return replace(lane, quicker=quickest)


def _cheapest(context: Context, q: Question) -> Found | None:
    """Cheapest of the quickest ways with and without every fee on the way: canals, and icebreakers where one may do without.

    At a fixed speed cost is time times a daily rate plus fees, so a way that shuns no fee is best when it is quickest.
    """
    best: Found | None = None
    named = VIA.get(q.via, (q.via,))
    waiting: list[tuple[tuple[str, ...], str]] = [((), q.escort)]
    tried: set[tuple[frozenset[str], str]] = set()
    while waiting:
        shunned, escort = waiting.pop()
        if (frozenset(shunned), escort) in tried:
            continue
        tried.add((frozenset(shunned), escort))
        found = solve(context, replace(q, objective="time", avoid=q.avoid + shunned, escort=escort))
        if found is None:
            continue
        if best is None or found.cost.total_musd < best.cost.total_musd:
            best = found
        waiting += [((*shunned, g), escort) for g in found.gates if found.state.toll_usd.get(g) and g not in named]
        if found.escorted_nm > 0 and escort == "auto":
            waiting.append((shunned, "none"))
            if "nsr" not in named:
                waiting.append(((*shunned, "nsr"), escort))
    return best


def _quickest(context: Context, q: Question) -> Found | None:
    b = context.bundle
    network = b.network
    named = VIA.get(q.via, (q.via,) if q.via != "auto" else ())
    state = passage_state(b.passage_facts, q.ship, q.depart, q.avoid, named, q.heed_security)
    shut = network.mask_of([g for g in state.shut if g in network.gate_ids])
    if q.via in ARCTIC_VIAS:  # to come round by Suez, the capes or Panama is no way by the Arctic
        shut |= network.mask_of(SOUTHERN)
    via_bits = network.mask_of(list(named)) if q.via != "auto" else 0
    if via_bits and (via_bits & ~shut) == 0:
        return None
    c = context.conditions(q.ship, q.depart, q.escort)
    path = search(
        network,
        c,
        q.origin.ends,
        q.destination.ends,
        day_of_year(q.depart),
        allowed_edges(network, shut, q.ship.draught_m),
        edge_delays(network, state),
        via_bits,
        fast=context.fast,
    )
    if path is None:
        return None
    return _found(context, q, path, c, state)


def _found(context: Context, q: Question, path: Path, c: Conditions, state: PassageState) -> Found:
    network = context.bundle.network
    gates: list[str] = []
    for edge in path.edges:
        gates += [g for g in network.gates_of(int(network.bits[edge])) if g not in gates]
    miles = network.nm[path.edges] if len(path.edges) else np.zeros(0)
    start_day = day_of_year(q.depart)
    tails = path.nodes[:-1]
    cover = np.zeros(len(tails))
    led = np.zeros(len(tails), bool)
    zones: set[str] = set()
    for k, node in enumerate(tails):
        if c.place[node] < 0:
            continue
        cover[k], _, mode = c.describe(int(node), (start_day + path.days[k]) % YEAR_DAYS)
        led[k] = mode == "escorted"
        if led[k]:
            zones.add(c.field.nsr_area[int(c.field.area[c.place[node]])])
    zones.discard("")
    days = path.total_days
    ship, parameters = q.ship, context.bundle.parameters
    tolls = sum(state.toll_usd.get(g, 0.0) for g in gates) * 2 / 1e6
    arrival = q.depart + timedelta(days=days)
    summer = 7 <= arrival.month <= 11
    fee = money.escort_tariff_musd(ship, len(zones), summer, context.bundle.tariffs, parameters)
    return Found(
        path=path,
        conditions=c,
        state=state,
        gates=tuple(gates),
        distance_nm=float(miles.sum()) + path.start_nm + path.end_nm,
        cost=money.round_trip(ship, days, days, tolls, 2 * fee, parameters),
        ice_nm=float(miles[cover >= 0.15].sum()),
        escorted_nm=float(miles[led].sum()),
        zones=len(zones),
    )


def answer(
    context: Context, q: Question, years: Mapping[int, IceField] | None = None, legs: bool = True
) -> dict[str, Any]:
    """The document that `polynya voyage --json` prints."""
    found = solve(context, q)
    each = days_by_year(context, q, years)
    head = {
        "from": {"name": q.origin.name, "lat": q.origin.lat, "lon": q.origin.lon},
        "to": {"name": q.destination.name, "lat": q.destination.lat, "lon": q.destination.lon},
        "depart": q.depart.isoformat(),
        "ship": q.ship.id,
        "via": q.via,
        "objective": q.objective,
        "escort": q.escort,
        "ice": context.field.label,
    }
    if found is None:
        return {
            "feasible": False,
            "reason": why_not(context, q),
            **head,
            "distance_nm": None,
            "days": None,
            "cost_musd": None,
            "passages": [],
            "alternatives": [],
            "legs": [],
            "range": _by_year(each) if any(d is not None for d in each.values()) else None,
            "notes": _notes(context, q, None),
            "sources": _sources(context, q, None),
        }
    arrive = datetime(q.depart.year, q.depart.month, q.depart.day) + timedelta(days=found.path.total_days)
    return {
        "feasible": True,
        "reason": "",
        **head,
        "distance_nm": round(found.distance_nm, 1),
        "days": round(found.path.total_days, 3),
        "arrive": arrive.isoformat(timespec="minutes"),
        "cost_musd": round(found.cost.total_musd, 4),
        "cost": {
            **{k: round(getattr(found.cost, k), 4) for k in type(found.cost).__slots__},
            **{
                k: round(v, 4)
                for k, v in money.per_unit(q.ship, found.cost, found.path.total_days, context.bundle.parameters).items()
            },
            "basis": "round trip with the way back taken as long as the way there, and port days at both ends",
        },
        "boil_off_share": round(money.boil_off_share(q.ship, found.path.total_days, context.bundle.parameters), 5),
        "passages": list(found.gates),
        "ice_nm": round(found.ice_nm, 1),
        "escorted_nm": round(found.escorted_nm, 1),
        "alternatives": _alternatives(found),
        "legs": make_legs(context, q, found) if legs else [],
        "range": make_range(context, q, found, each),
        "notes": _notes(context, q, found),
        "sources": _sources(context, q, found),
    }


def make_legs(context: Context, q: Question, found: Found) -> list[dict[str, Any]]:
    """Points of the way at most LEG_NM apart, each with time, speed made to it, cover of ice and risk index."""
    network, path, c = context.bundle.network, found.path, found.conditions
    start = datetime(q.depart.year, q.depart.month, q.depart.day)
    start_day = day_of_year(q.depart)
    out: list[dict[str, Any]] = []

    def add(lat: float, lon: float, days: float, kn: float, node: int) -> None:
        cover, outcome, mode = c.describe(node, (start_day + days) % YEAR_DAYS)
        out.append(
            {
                "lat": round(lat, 4),
                "lon": round(lon, 4),
                "time": (start + timedelta(days=days)).isoformat(timespec="minutes"),
                "speed_kn": round(kn, 2),
                "ice": round(cover, 3),
                "rio": round(outcome, 1),
                "mode": mode,
            }
        )

    first = int(path.nodes[0])
    add(network.lat[first], network.lon[first], path.start_days, 1.0 / c.open_slowness, first)
    for k, edge in enumerate(path.edges):
        u, v = int(path.nodes[k]), int(path.nodes[k + 1])
        nm, took = float(network.nm[edge]), float(path.days[k + 1] - path.days[k])
        pieces = max(1, int(np.ceil(nm / LEG_NM)))
        lats, lons = along(
            network.lat[u], network.lon[u], network.lat[v], network.lon[v], np.linspace(0, 1, pieces + 1)
        )
        for piece in range(1, pieces + 1):
            at = path.days[k] + took * piece / pieces
            add(
                float(lats[0, piece]), float(lons[0, piece]), float(at), nm / (took * 24.0), v if piece == pieces else u
            )
    return out


def days_by_year(context: Context, q: Question, years: Mapping[int, IceField] | None) -> dict[int, float | None]:
    """Days of the voyage in the ice of each year, None where there is no way. One year's ice is held at a time."""
    out: dict[int, float | None] = {}
    for year in sorted(years or {}):
        found = solve(Context(context.bundle, (years or {})[year], fast=True), q)
        out[year] = None if found is None else round(found.path.total_days, 3)
    return out


def _by_year(each: Mapping[int, float | None]) -> dict[str, Any]:
    """Days in every ice year, where the mean ice leaves no way but some years do."""
    days = {str(y): d for y, d in each.items()}
    known = [d for d in days.values() if d is not None]
    return {
        "days": [min(known), max(known)],
        "cost_musd": None,
        "basis": f"no way in the mean ice; a way in {len(known)} of {len(days)} years",
        "years": days,
    }


def make_range(
    context: Context, q: Question, found: Found, each: Mapping[int, float | None] | None = None
) -> dict[str, Any]:
    """Low and high days and cost: over ice years where given, else the band of the calibration."""
    days, total = found.path.total_days, found.cost.total_musd
    share_led = found.escorted_nm / found.distance_nm
    share_ice = max(0.0, found.ice_nm - found.escorted_nm) / found.distance_nm
    alone = BAND_ICE if q.ship.double_acting else BAND_ICE_OTHERS
    band = BAND_OPEN + (BAND_ESCORT - BAND_OPEN) * min(1, 2 * share_led) + (alone - BAND_OPEN) * min(1, 2 * share_ice)
    band = min(band, BAND_ESCORT)
    basis = f"plus or minus {100 * band:.0f} % as found against real voyages"
    low, high = days * (1 - band), days * (1 + band)
    document: dict[str, Any] = {}
    if each:
        by_year = {str(y): d for y, d in each.items()}
        known = [d for d in by_year.values() if d is not None]
        if known:
            low, high = min(known), max(known)
        basis = f"ice of {min(each)}-{max(each)}; years without a way: {sum(d is None for d in by_year.values())}"
        document["years"] = by_year
    ratio = total / days if days else 0.0
    fee = found.cost.escort_musd
    lo_hi = context.bundle.parameter_ranges["nsr_tariff_share_above_40000_gt"]
    middle = context.bundle.parameters["nsr_tariff_share_above_40000_gt"]
    less, more = (fee * (1 - lo_hi[0] / middle), fee * (lo_hi[1] / middle - 1))
    document |= {
        "days": [round(low, 3), round(high, 3)],
        "cost_musd": [round(total - ratio * (days - low) - less, 4), round(total + ratio * (high - days) + more, 4)],
        "basis": basis,
    }
    return document


def why_not(context: Context, q: Question) -> str:
    """Name what stands in the way, by taking the hindrances away one after another."""
    if stopped := q.refusals():
        return "; ".join(dict.fromkeys(f"{r.reason} ({r.source})" for r in stopped))
    state = passage_state(
        context.bundle.passage_facts, q.ship, q.depart, q.avoid, VIA.get(q.via, (q.via,)), q.heed_security
    )
    named = [g for g in VIA.get(q.via, (q.via,)) if q.via != "auto"]
    via_gates = context.bundle.network.gates_of(context.bundle.network.mask_of(named)) if named else []
    blocked_via = [state.shut[g] for g in via_gates if g in state.shut]
    if via_gates and len(blocked_via) == len(via_gates):
        return "; ".join(dict.fromkeys(blocked_via))
    free = Context(context.bundle, _no_ice(context.field), context.fast)
    if (found := solve(free, q)) is not None:
        return _ice_reason(context, q, found)
    if solve(free, replace(q, ship=replace(q.ship, draught_m=0.0))) is not None:
        limits = [t for t in state.shut.values() if "draught" in t]
        return "the ship draws too much: " + ("; ".join(limits) or f"{q.ship.draught_m:g} m")
    shut = [t for t in state.shut.values() if "surveyed" not in t and "draught" not in t]
    if shut and solve(free, replace(q, avoid=())) is not None:
        return "every way is shut: " + "; ".join(dict.fromkeys(shut))
    if named:
        return f"{q.via} does not lie between {q.origin.name} and {q.destination.name} without turning back"
    for gate in ("transpolar", "severnaya-zemlya-north", "shokalsky"):
        if not named and solve(free, replace(q, via=gate)) is not None:
            return f"no way by surveyed lanes; one crosses {gate}, which is used only when named (--via {gate})"
    return "no way by sea: " + ("; ".join(dict.fromkeys(shut)) or "the places are not connected")


def _no_ice(field_: IceField) -> IceField:
    return replace(
        field_,
        nodes=field_.nodes[:0],
        frequency=field_.frequency[:, :0],
        concentration=field_.concentration[:, :0],
        thickness_m=field_.thickness_m[:, :0],
        area=field_.area[:0],
    )


def _ice_reason(context: Context, q: Question, open_way: Found) -> str:
    c = context.conditions(q.ship, q.depart, q.escort)
    start_day = day_of_year(q.depart)
    network = context.bundle.network
    for node, days in zip(open_way.path.nodes, open_way.path.days, strict=True):
        day = (start_day + days) % YEAR_DAYS
        _, free = c.at(np.array([node]), np.array([day]))
        if free[0]:
            continue
        k = int(c.place[node])
        period = int(day / (YEAR_DAYS / 24)) % 24
        where = context.field.areas[int(context.field.area[k])]
        when = (q.depart + timedelta(days=float(days))).isoformat()
        thick, cover = float(c.field.thickness_m[period, k]), float(c.cover[period, k])
        ice = f"ice of {100 * cover:.0f} % cover and {thick:.1f} m in {where} at {network.lat[node]:.1f}N {network.lon[node]:.1f}E about {when}"
        why = {
            1: "ships without ice class sail in open water only",
            2: f"POLARIS risk index {c.rio[period, k]:.0f} is too low for class {q.ship.ice_class}",
            3: "the rules of the Northern Sea Route do not admit the class there then",
            4: "the ice is too thick for the ship, and no icebreaker is used",
        }.get(int(c.reason[period, k]), "the way is closed by ice")
        return f"{why}: {ice}"
    return "ice closes every way for this ship at that time"


def _notes(context: Context, q: Question, found: Found | None) -> list[str]:
    notes = []
    if q.may_serve is None:
        notes.append("flags and sanctions: no table was given, so no restriction was applied")
    elif not (q.origin.country and q.destination.country):
        notes.append("flags and sanctions: a position has no country, so no table was applied to it")
    if found is None:
        return notes
    first, last = ICE_YEARS
    if found.ice_nm > 0 and "2010-2022" in context.field.label and not first <= q.depart.year <= last:
        notes.append(f"ice is the mean of {first}-{last}; the voyage is of {q.depart.year}")
    notes += [t for g, t in found.state.advisories.items() if g in found.gates]
    if (other := found.quicker) is not None:
        notes.append(
            f"by the recommended lane through the Kara Gate; rounding Cape Zhelaniya takes {other.distance_nm:.0f} nm and "
            f"{other.path.total_days:.1f} days (--via cape-zhelaniya)"
        )
    if found.ice_nm > 0:
        notes.append("ice thickness is a stated assumption by sea and month unless a file was given")
    if (
        any(g in found.gates for g in ("vilkitsky", "shokalsky", "severnaya-zemlya-north"))
        and not found.conditions.rules
    ):
        notes.append(
            f"no admission row of the Northern Sea Route is known for class {q.ship.ice_class}: none was applied"
        )
    if found.escorted_nm > 0:
        notes.append("escort fee: only part of the tariff tables is known; see range")
    return notes


def _alternatives(found: Found) -> list[dict[str, Any]]:
    if found.quicker is None:
        return []
    other = found.quicker
    return [
        {
            "via": "cape-zhelaniya",
            "distance_nm": round(other.distance_nm, 1),
            "days": round(other.path.total_days, 3),
            "cost_musd": round(other.cost.total_musd, 4),
        }
    ]


def _sources(context: Context, q: Question, found: Found | None) -> list[str]:
    out = ["searoute-lanes", "etopo5", q.ship.source, q.origin.source, q.destination.source]
    if found is not None:
        if found.ice_nm > 0:
            out += [*context.field.sources, "imo-msc1-circ1519", *(r.source for r in found.conditions.rules)]
        if found.escorted_nm > 0:
            out.append("fts-order-45-t-2014")
        out += [s for key, s in found.state.sources.items() if key.split("/")[0] in found.gates]
    else:
        out += [*context.field.sources, "imo-msc1-circ1519"]
    return [s for s in dict.fromkeys(out) if s]


__all__ = ["ALONE", "ESCORTED", "Context", "Found", "Question", "answer", "days_by_year", "solve"]
