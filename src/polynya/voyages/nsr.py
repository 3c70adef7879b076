"""What is the Northern Sea Route as a system? (tables, voyages -> cargo, fleet, icebreakers, containers against Suez and Cape)

Computed: LNG that the Arc7 fleet can move west and east per month; days behind an icebreaker per voyage; container transit
break-even per TEU by month; where the route is the shortest, in miles, days and dollars. Dated: cargo by flow and type, as
published, transit apart from total; nuclear icebreakers. Reliability of a month: share of the years 2010-2022 in which every
bottleneck was open in the monthly mean.
Not here: who may use it (control), prices (market).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from polynya.voyages import cost as money
from polynya.voyages.bundle import Bundle
from polynya.voyages.calendar import MONTHS
from polynya.voyages.legs import LegTable, fleet_days
from polynya.voyages.places import Place
from polynya.voyages.voyage import Context, Found, Question, solve

# A year lets ships through when each group has an open member
BOTTLENECKS = (
    ("kara-gate", "cape-zhelaniya"),
    ("vilkitsky",),
    ("sannikov", "new-siberian-north"),
    ("de-long",),
    ("bering",),
)


def reliability(openings: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Month -> share of years in which the whole way was open in the monthly mean, and those years."""
    months: dict[tuple[str, int], set[str]] = {}
    for row in openings:
        months[str(row["place"]), int(row["year"])] = set(str(row["open_months"] or "").split())
    years = sorted({y for _, y in months})
    out: dict[str, dict[str, Any]] = {}
    for month in MONTHS:
        good = [y for y in years if all(any(month in months.get((p, y), ()) for p in group) for group in BOTTLENECKS)]
        out[month] = {"share": round(len(good) / len(years), 3), "years_open": good, "years": len(years)}
    return out


def lng_capacity(
    bundle: Bundle, legs: LegTable, fleet_ships: Sequence[Mapping[str, Any]], year: int, fleet: str
) -> list[dict[str, Any]]:
    """Per month: LNG that the fleet could carry if all of it sailed west to Zeebrugge, to the Murmansk hub, or east to China. [mt]"""
    ship = bundle.ships["lng-arc7"]
    months = [date(year, m, 1) for m in range(1, 13)]
    days = {r["period"]: r["ship_days"] for r in fleet_days(fleet_ships, months).to_dicts() if r["fleet"] == fleet}
    rows = []
    for month in months:
        available = days.get(f"{month:%Y-%m}", 0.0)
        row: dict[str, Any] = {"month": MONTHS[month.month - 1], "ship_days": round(available, 1)}
        for name, port in (
            ("west_zeebrugge", "zeebrugge"),
            ("west_murmansk_hub", "saam-fsu"),
            ("east_china", "yangshan"),
        ):
            found = legs.get("lng-arc7", "open", "sabetta", port, month.month)
            if found is None:
                row[name] = None
                continue
            trip = 2 * found[0] + 2 * ship.port_days
            cargo_t = money.lng_loaded_t(ship, bundle.parameters) * (
                1 - money.boil_off_share(ship, found[0], bundle.parameters) - ship.heel_percent / 100
            )
            row[name] = {
                "voyage_days": round(found[0], 2),
                "way": found[2],
                "mt": round(available / trip * cargo_t / 1e6, 3),
                "mt_per_voyage": round(cargo_t / 1e6, 5),
            }
        rows.append(row)
    return rows


def escort_days(context: Context, q: Question, icebreakers: float) -> list[dict[str, Any]]:
    """Days behind an icebreaker per transit by month, and how many such transits the icebreakers could lead."""
    rows = []
    for number, month in enumerate(MONTHS, start=1):
        found = solve(context, replace(q, depart=date(q.depart.year, number, 15), via="nsr"))
        if found is None:
            rows.append(
                {"month": month, "feasible": False, "days": None, "escort_days": None, "transits_possible": None}
            )
            continue
        led = _escorted_days(found)
        rows.append(
            {
                "month": month,
                "feasible": True,
                "days": round(found.path.total_days, 2),
                "escort_days": round(led, 2),
                "transits_possible": None if led == 0 else int(icebreakers * 30.4 / (2 * led)),
            }
        )
    return rows


def fleet_east(
    rows: Sequence[Mapping[str, Any]], lng: Sequence[Mapping[str, Any]], capacity_days: float
) -> list[dict[str, Any]]:
    """Icebreaker-days that all of the Arc7 fleet would take if it sailed to China, against those there are.

    rows: of `escort_days`; lng: of `lng_capacity`; a led transit binds an icebreaker for the way there and back.
    """
    out = []
    for row, month in zip(rows, lng, strict=True):
        east = month["east_china"]
        if not row["feasible"] or east is None:
            out.append({**row, "fleet_voyages": None, "icebreaker_days": None, "share_of_capacity": None})
            continue
        voyages = east["mt"] / east["mt_per_voyage"] if east["mt_per_voyage"] else 0.0
        needed = 2.0 * row["escort_days"] * voyages
        out.append(
            {
                **row,
                "fleet_voyages": round(voyages, 1),
                "icebreaker_days": round(needed, 1),
                "share_of_capacity": round(needed / capacity_days, 3) if capacity_days else None,
            }
        )
    return out


def _escorted_days(found: Found) -> float:
    total = found.path.total_days
    return total * found.escorted_nm / found.distance_nm if found.distance_nm else 0.0


def container_break_even(
    context: Context, nsr: Question, liner: Question, open_shares: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """USD/TEU of an ice-classed ship on the NSR against a large liner by Suez and the Cape, one way, by month.

    `gap_usd_per_teu_*` > 0: what must be saved (or paid for speed) before the NSR breaks even; over the days saved it is the
    price of a day at which it does (`break_even_usd_per_teu_day_suez`; None where no day is saved).
    `reliability` is the share of years in which a sailing can be kept. In the others the ice-classed ship takes the southern way
    at once, at its own cost: `expected` weighs both.
    """
    p = context.bundle.parameters
    rows = []
    southern: dict[str, Found | None] = {}
    for way in ("suez", "cape"):
        southern[way] = solve(context, replace(liner, via=way, avoid=("nsr", "nwp")))
    diverted = {w: solve(context, replace(nsr, via=w, avoid=("nsr", "nwp"))) for w in ("suez", "cape")}
    for number, month in enumerate(MONTHS, start=1):
        found = solve(context, replace(nsr, depart=date(nsr.depart.year, number, 15), via="nsr"))
        row: dict[str, Any] = {"month": month, "reliability": open_shares[month]["share"]}
        for name, other, ship in (
            ("nsr", found, nsr.ship),
            ("suez", southern["suez"], liner.ship),
            ("cape", southern["cape"], liner.ship),
        ):
            row[name] = (
                None
                if other is None
                else {
                    "distance_nm": round(other.distance_nm),
                    "days": round(other.path.total_days, 2),
                    "usd_per_teu": round(money.per_unit(ship, other.cost, other.path.total_days, p)["usd_per_teu"], 1),
                }
            )
        for way in ("suez", "cape"):
            if found is not None and row[way] is not None:
                row |= _against(row, way, diverted[way], nsr, p)
        rows.append(row)
    return rows


def _against(
    row: Mapping[str, Any], way: str, diverted: Found | None, nsr: Question, p: Mapping[str, float]
) -> dict[str, Any]:
    """The NSR against one southern way: miles, days, USD/TEU; with the years in which the ship must turn south."""
    mine, other, share = row["nsr"], row[way], row["reliability"]
    gap = mine["usd_per_teu"] - other["usd_per_teu"]
    saved = other["days"] - mine["days"]
    out = {
        f"shorter_than_{way}_nm": other["distance_nm"] - mine["distance_nm"],
        f"quicker_than_{way}_days": round(saved, 2),
        f"gap_usd_per_teu_{way}": round(gap, 1),
        f"break_even_usd_per_teu_day_{way}": round(max(gap, 0.0) / saved, 1) if saved > 0 else None,
        f"expected_gap_usd_per_teu_{way}": None,
        f"expected_quicker_days_{way}": None,
    }
    if diverted is not None:
        days = diverted.path.total_days
        south = money.per_unit(nsr.ship, diverted.cost, days, p)["usd_per_teu"]
        out[f"expected_gap_usd_per_teu_{way}"] = round(share * gap + (1 - share) * (south - other["usd_per_teu"]), 1)
        out[f"expected_quicker_days_{way}"] = round(share * saved + (1 - share) * (other["days"] - days), 2)
    return out


def shortest(
    context: Context,
    nsr: Question,
    liner: Question,
    pairs: Sequence[tuple[Place, Place]],
    open_shares: Mapping[str, Mapping[str, Any]],
) -> list[dict[str, Any]]:
    """Is the route the shortest, and when is it so in days and dollars too? One row per pair of ports, best month by days."""
    out = []
    for origin, destination in pairs:
        months = container_break_even(
            context,
            replace(nsr, origin=origin, destination=destination),
            replace(liner, origin=origin, destination=destination),
            open_shares,
        )
        row: dict[str, Any] = {"from": origin.name, "to": destination.name}
        known = [m for m in months if m["nsr"] is not None]
        row["nsr_nm"] = min((m["nsr"]["distance_nm"] for m in known), default=None)
        for way in ("suez", "cape"):
            there = [m for m in known if m[way] is not None]
            best = max(there, key=lambda m: m[f"quicker_than_{way}_days"], default=None)
            row[way] = {
                "nm": months[0][way]["distance_nm"] if months[0][way] else None,
                "shorter_months": [m["month"] for m in there if m[f"shorter_than_{way}_nm"] > 0],
                "quicker_months": [m["month"] for m in there if m[f"quicker_than_{way}_days"] > 0],
                "cheaper_months": [m["month"] for m in there if m[f"gap_usd_per_teu_{way}"] < 0],
                "best_month": best["month"] if best else None,
                "best_days": best[f"quicker_than_{way}_days"] if best else None,
                "best_usd_per_teu": round(-min(m[f"gap_usd_per_teu_{way}"] for m in there), 1) if there else None,
            }
        out.append(row)
    return out


def cargo_table(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Dated cargo as published, one dict a year: flows apart (total, outbound, inbound, transit), each by type. [mt]"""
    years: dict[int, dict[str, Any]] = {}
    for row in rows:
        year = years.setdefault(int(row["year"]), {"year": int(row["year"])})
        year.setdefault(str(row["flow"]), {})[str(row["cargo"])] = {
            "value": row["value"], "unit": row["unit"], "until": row["until"].isoformat() if row["until"] else None,
            "source": row["source"],
        }  # fmt: skip
    return [years[y] for y in sorted(years)]


def icebreakers_on(rows: Iterable[Mapping[str, Any]], when: date) -> int:
    """Nuclear icebreakers in service on a day; 0 when the table does not reach it."""
    for row in rows:
        if row["valid_from"] <= when and (row["valid_to"] is None or when <= row["valid_to"]):
            return int(row["ships"])
    return 0
