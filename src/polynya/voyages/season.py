"""When does which way win? (two places, ship, year -> twelve months by several ways)

One voyage on the 15th of every month by each way, for time and cost. Not here: drawing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from polynya.voyages.calendar import MONTHS
from polynya.voyages.ice import IceField
from polynya.voyages.voyage import Context, Found, Question, days_by_year, make_range, solve

WAYS = ("nsr", "suez", "cape", "panama")


def season(
    context: Context, q: Question, ways: Sequence[str] = WAYS, years: Mapping[int, IceField] | None = None
) -> dict[str, Any]:
    """Twelve rows, each with the best way and every way's days and cost; None where a way does not exist."""
    rows: list[dict[str, Any]] = []
    still: dict[str, Found | None] = {}
    for number, month in enumerate(MONTHS, start=1):
        depart = date(q.depart.year, number, 15)
        best = solve(context, replace(q, depart=depart, via="auto"))
        row: dict[str, Any] = {
            "month": month,
            "depart": depart.isoformat(),
            "feasible": best is not None,
            "days": None if best is None else round(best.path.total_days, 2),
            "distance_nm": None if best is None else round(best.distance_nm),
            "cost_musd": None if best is None else round(best.cost.total_musd, 3),
            "via": "" if best is None else way_of(best),
            "escorted_nm": None if best is None else round(best.escorted_nm),
            "range_days": None,
            "ways": {},
        }
        if best is not None:
            then = replace(q, depart=depart, via="auto")
            each = days_by_year(context, then, years)
            row["range_days"] = make_range(context, then, best, each)["days"]
        for way in ways:
            if way in still and (other := still[way]) is not None and other.ice_nm == 0.0:
                found: Found | None = other  # no ice on this way in one month: for a southern way in none
            else:
                found = solve(context, replace(q, depart=depart, via=way))
                if way in ("suez", "cape", "panama") and found is not None and _southern(found, context):
                    still[way] = found
            row["ways"][way] = (
                None
                if found is None
                else {
                    "days": round(found.path.total_days, 2),
                    "cost_musd": round(found.cost.total_musd, 3),
                    "distance_nm": round(found.distance_nm),
                    "escorted_nm": round(found.escorted_nm),
                }
            )
        rows.append(row)
    return {
        "from": q.origin.name,
        "to": q.destination.name,
        "ship": q.ship.id,
        "year": q.depart.year,
        "escort": q.escort,
        "ice": context.field.label,
        "months": rows,
        "summary": summary(rows),
    }


def _southern(found: Found, context: Context) -> bool:
    """Whether the way touches no place that ever has ice."""
    return bool((found.conditions.place[found.path.nodes] < 0).all())


def way_of(found: Found) -> str:
    """One word for the way taken."""
    for gates, name in (
        (("vilkitsky", "shokalsky", "severnaya-zemlya-north"), "nsr"),
        (("nwp",), "nwp"),
        (("suez",), "suez"),
        (("panama",), "panama"),
        (("cape",), "cape"),
        (("cape-horn", "magellan"), "cape-horn"),
    ):
        if any(g in found.gates for g in gates):
            return name
    return "direct"


def summary(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """In which months the Northern Sea Route exists and beats the best other way, in days and in cost."""
    out: dict[str, Any] = {
        "nsr_open": [],
        "nsr_faster": [],
        "nsr_cheaper": [],
        "best_gain_days": None,
        "best_gain_musd": None,
    }
    for row in rows:
        nsr = row["ways"].get("nsr")
        others = [w for k, w in row["ways"].items() if k != "nsr" and w is not None]
        if nsr is None:
            continue
        out["nsr_open"].append(row["month"])
        if not others:
            continue
        gain = min(w["days"] for w in others) - nsr["days"]
        money = min(w["cost_musd"] for w in others) - nsr["cost_musd"]
        if gain > 0:
            out["nsr_faster"].append(row["month"])
        if money > 0:
            out["nsr_cheaper"].append(row["month"])
        out["best_gain_days"] = round(
            max(gain, out["best_gain_days"] if out["best_gain_days"] is not None else gain), 2
        )
        out["best_gain_musd"] = round(
            max(money, out["best_gain_musd"] if out["best_gain_musd"] is not None else money), 3
        )
    return out
