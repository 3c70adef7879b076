"""Which part of the year is it? (date -> position among 24 half-months)

Ice and rules are held for 24 half-months, each by its middle day; between two middles values run linearly, so that sailing
later never overtakes sailing earlier by a jump. Rules switch with the nearest middle: on the 1st and the 16th or so.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import numpy as np

PERIODS = 24
YEAR_DAYS = 365.25
STEP_DAYS = YEAR_DAYS / PERIODS
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

Array = np.ndarray[Any, Any]


def day_of_year(when: date | datetime) -> float:
    """Days since the start of the year, with the fraction of the day. [days]"""
    start = datetime(when.year, 1, 1)
    moment = when if isinstance(when, datetime) else datetime(when.year, when.month, when.day)
    return (moment - start).total_seconds() / 86400.0


def position(day: Array) -> tuple[Array, Array, Array]:
    """Day of the year -> (earlier half-month, later half-month, share of the later one)."""
    x = np.asarray(day, float) / STEP_DAYS - 0.5
    low = np.floor(x)
    share = x - low
    low = low.astype(np.int64) % PERIODS
    return low, (low + 1) % PERIODS, share


def middle_days() -> Array:
    """Middle day of each half-month. [day of year]"""
    return (np.arange(PERIODS) + 0.5) * STEP_DAYS


def from_months(values: Array) -> Array:
    """Monthly means [12, ...] -> half-monthly values [24, ...], linear between the middles of months."""
    x = middle_days() / (YEAR_DAYS / 12) - 0.5
    low = np.floor(x).astype(int)
    share = (x - low).reshape((-1,) + (1,) * (values.ndim - 1))
    return np.asarray((1 - share) * values[low % 12] + share * values[(low + 1) % 12])


def in_period(day: float, first: str, last: str) -> bool:
    """Whether a day of the year lies between two `MM-DD` marks, inclusive; the span may run over New Year."""

    def mark(text: str) -> float:
        month, dom = (int(p) for p in text.split("-"))
        return day_of_year(date(2001, month, dom))

    a, b = mark(first), mark(last) + 1.0
    return a <= day < b if a <= b else day >= a or day < b
