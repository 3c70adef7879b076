"""Who may sail where, and when? (ship, ice, rules -> risk index and admission per place and half-month)

POLARIS (IMO MSC.1/Circ.1519): risk index outcome RIO = sum over ice types of tenths times the class's risk value, open water
counted; RIO >= 0 normal; -10 <= RIO < 0 elevated, with a speed limit, for PC1-PC7 only; an escort adds 10.
Ice is one type by its thickness, at concentration times chance. Admission to the Northern Sea Route: dated rows, of which the
first that fits holds; where no row is known nothing is refused on that ground, and the answer says so.
Not here: sanctions and flags (control), speed, routes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from polynya.voyages.calendar import in_period, middle_days

Array = np.ndarray[Any, Any]
# Upper limits of thickness by WMO stage of development [m]; sources: WMO No. 259, limits as in POLARIS
STAGES = (
    ("new", 0.10),
    ("grey", 0.15),
    ("grey_white", 0.30),
    ("thin_fy_1", 0.50),
    ("thin_fy_2", 0.70),
    ("medium_fy_lt1m", 1.00),
    ("medium_fy", 1.20),
    ("thick_fy", 2.00),
    ("second_year", 2.50),
    ("light_my_lt2.5m", 3.00),
    ("heavy_my", np.inf),
)
ESCORT_BONUS = 10.0
HEAVY_M, MEDIUM_M = 1.2, 0.7  # heavy, medium, light ice of the NSR rules read as thick, medium, thinner first-year ice
HEAVY_COVER = 0.7
RUSSIAN = {"PC4": "Arc7", "PC7": "Arc4", "PC6": "Arc6", "IA Super": "Arc5", "IA": "Ice3", "IB": "Ice2", "IC": "Ice1"}


@dataclass(frozen=True, slots=True)
class Polaris:
    """Risk values of one class, and the speed limit at elevated risk (None: elevated risk is not allowed)."""

    ice_class: str
    ice_free: float
    values: tuple[float, ...]  # one per stage
    elevated_limit_kn: float | None


@dataclass(frozen=True, slots=True)
class Admission:
    """One dated row of the rules of navigation."""

    ice_class: str
    escort: str  # independent | icebreaker | any
    area: str  # NSR area or *
    heavy: bool
    medium: bool
    light: bool
    from_day: str
    to_day: str
    valid_from: date | None
    valid_to: date | None
    source: str
    locator: str


def rio(polaris: Polaris, concentration: Array, thickness_m: Array) -> Array:
    """Risk index outcome of ice of one thickness at a cover of 0..1. [points]"""
    limits = np.array([limit for _, limit in STAGES[:-1]])
    stage = np.searchsorted(limits, np.asarray(thickness_m), side="right")
    tenths = 10.0 * np.asarray(concentration)
    values = np.asarray(polaris.values, tenths.dtype)
    return np.asarray((10.0 - tenths) * polaris.ice_free + tenths * values[stage])


def acceptable(polaris: Polaris, outcome: Array) -> Array:
    """Whether a risk index outcome lets the class sail at all."""
    return np.asarray(outcome) >= (-10.0 if polaris.elevated_limit_kn is not None else 0.0)


def severity(frequency: Array, concentration: Array, thickness_m: Array) -> Array:
    """Ice conditions as the NSR rules name them: 0 open, 1 light, 2 medium, 3 heavy."""
    cover = frequency * concentration
    out = np.where(
        (thickness_m >= HEAVY_M) & (cover >= HEAVY_COVER), 3, np.where((thickness_m >= MEDIUM_M) & (cover >= 0.4), 2, 1)
    )
    return np.where(cover < 0.05, 0, out)


def admitted(
    rules: tuple[Admission, ...],
    ice_class: str,
    escort: bool,
    nsr_area: tuple[str, ...],
    area: Array,
    severe: Array,
    when: date,
) -> tuple[Array, list[Admission]]:
    """Admission by the rules in force at `when`: bool [24, k], True outside the NSR, and the rows that were used."""
    days = middle_days()
    mine = [r for r in rules if r.ice_class == ice_class and _in_force(r, when)]
    kinds = ("any", "icebreaker" if escort else "independent")
    out = np.ones(severe.shape, bool)
    used: list[Admission] = []
    for k, name in enumerate(nsr_area):
        cells = np.flatnonzero(area == k)
        if not name or not len(cells):
            continue
        for period, day in enumerate(days):
            rows = [
                r
                for r in mine
                if r.escort in kinds and r.area in (name, "*") and in_period(float(day), r.from_day, r.to_day)
            ]
            if not rows:
                continue
            row = sorted(rows, key=lambda r: r.area == "*")[0]
            used.append(row)
            s = severe[period, cells]
            ok = (
                (s == 3) & row.heavy
                | (s == 2) & row.medium
                | (s == 1) & row.light
                | (s == 0) & (row.light or row.medium)
            )
            out[period, cells] = ok
    return out, list(dict.fromkeys(used))


def _in_force(rule: Admission, when: date) -> bool:
    return (rule.valid_from is None or rule.valid_from <= when) and (rule.valid_to is None or when <= rule.valid_to)
