"""What is the Northern Sea Route as a system? (tables, voyages -> cargo, fleet, icebreakers, containers against Suez and Cape)

Computed: LNG that the Arc7 fleet can move west and east per month; days behind an icebreaker per voyage; container transit
break-even per TEU by month. Dated: cargo by flow and type, as published, transit apart from total; nuclear icebreakers.
Reliability of a month: share of the years 2010-2022 in which every bottleneck was open in the monthly mean.
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


def _escorted_days(found: Found) -> float:
    total = found.path.total_days
    return total * found.escorted_nm / found.distance_nm if found.distance_nm else 0.0


def container_break_even(
    context: Context, nsr: Question, liner: Question, open_shares: Mapping[str, Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """USD/TEU of an ice-classed ship on the NSR against a large liner by Suez and the Cape, one way, by month.

    `gap_usd_per_teu` > 0: what must be saved (or paid for speed) before the NSR breaks even. `share` < 1 is the chance that a
    sailing can be kept at all. `shorter` and `quicker` answer whether the shortest way is so in days too.
    """
    p = context.bundle.parameters
    rows = []
    southern: dict[str, Found | None] = {}
    for way in ("suez", "cape"):
        southern[way] = solve(context, replace(liner, via=way, avoid=("nsr", "nwp")))
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
        if found is not None and row["suez"] is not None:
            row["gap_usd_per_teu_suez"] = round(row["nsr"]["usd_per_teu"] - row["suez"]["usd_per_teu"], 1)
            row["gap_usd_per_teu_cape"] = (
                round(row["nsr"]["usd_per_teu"] - row["cape"]["usd_per_teu"], 1) if row["cape"] else None
            )
            row["shorter_than_suez_nm"] = row["suez"]["distance_nm"] - row["nsr"]["distance_nm"]
            row["quicker_than_suez_days"] = round(row["suez"]["days"] - row["nsr"]["days"], 2)
        rows.append(row)
    return rows


def cargo_table(rows: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Dated cargo as published, one dict a year: flows apart (total, outbound, inbound, transit), each by type. [mt]"""
    years: dict[int, dict[str, Any]] = {}
    for row in rows:
        year = years.setdefault(int(row["year"]), {"year": int(row["year"])})
        year.setdefault(str(row["flow"]), {})[str(row["cargo"])] = {
            "value": row["value"], "unit": row["unit"], "source": row["source"],
        }  # fmt: skip
    return [years[y] for y in sorted(years)]


def icebreakers_on(rows: Iterable[Mapping[str, Any]], when: date) -> int:
    """Nuclear icebreakers in service on a day; 0 when the table does not reach it."""
    for row in rows:
        if row["valid_from"] <= when and (row["valid_to"] is None or when <= row["valid_to"]):
            return int(row["ships"])
    return 0
