"""How much gas is in a store on a day, and how much must a short run leave in it? (dated stocks of one store -> bcm, facts read)

A store is filled from about April to about November and emptied from then to April. Between two stocks seen within one
such season the straight line is read; across a turn it would be far off. Failing that, a stock seen near the day.

A short run needs a closing stock, or it would sell the stores out. It is what was or is expected to be in store on that
day, where that is known; else what is there at the start, and no more gain than the store ever had between the same two
days. It is the model's own condition, and no law: filling obligations are separate, and whole years end as they began.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

from polynya.units import added
from polynya.world.fact import Fact

TURNS = ((4, 1), (11, 1))  # month, day
TURN_DAYS = 31  # a stock seen so near a turn still belongs to either season
NEAR_DAYS = 45
SAME_DAYS = 15  # a gain between two days is one of about the same days of another year


def between(known: Sequence[Fact], day: date) -> tuple[float, list[Fact]] | None:
    """The stock on a day: seen on it, or on the line between the last one before and the first one after. [bcm]"""
    before, after = _last(known, day), _first(known, day)
    if before is None or after is None or before.valid_from is None or after.valid_from is None:
        return None
    a, b = before.valid_from, after.valid_from
    if a == b:
        return before.value, [before]
    if any(a + timedelta(TURN_DAYS) < turn < b - timedelta(TURN_DAYS) for turn in _turns(a, b)):
        return None
    part = (day - a).days / (b - a).days
    return before.value + part * (after.value - before.value), [before, after]


def near(known: Sequence[Fact], day: date, days: int = NEAR_DAYS) -> Fact | None:
    """The stock seen nearest to a day, within so many days."""
    found = [(abs((f.valid_from - day).days), f.rank, f) for f in known if f.valid_from]
    found = [x for x in found if x[0] <= days]
    return min(found, key=lambda x: x[:2])[2] if found else None


def same_season(known: Sequence[Fact], day: date) -> list[Fact]:
    """Stocks seen in any year at about that time of the year."""
    return [f for f in known if f.valid_from and days_apart_in_year(f.valid_from, day) <= NEAR_DAYS]


def closing(known: Sequence[Fact], level: float, first: date, end: date) -> float:
    """What must be left on `end` by a run of less than a year that begins on `first` with `level`. [bcm]"""
    seen = between(known, end)
    if seen is not None:
        return seen[0]
    usual = same_season(known, end)
    target = added(f.value for f in usual) / len(usual) if usual else level
    return min(target, level + max([0.0, *gains(known, first, end)]))


def gains(known: Sequence[Fact], first: date, end: date) -> list[float]:
    """What the store gained between the same two days in each year for which both stocks are known. [bcm]"""
    years = {f.valid_from.year for f in known if f.valid_from}
    found = []
    for year in sorted({*years, *(y - 1 for y in years)}):
        start = _in_year(first, year)
        a, b = _about(known, start), _about(known, start + (end - first))
        if a is not None and b is not None and a[1] != b[1]:
            found.append(b[0] - a[0])
    return found


def days_apart_in_year(a: date, b: date) -> int:
    """Days between two dates, their years left aside."""
    gap = abs(a.timetuple().tm_yday - b.timetuple().tm_yday)
    return min(gap, 365 - gap)


def _about(known: Sequence[Fact], day: date) -> tuple[float, list[Fact]] | None:
    seen = between(known, day)
    if seen is not None:
        return seen
    close = near(known, day, SAME_DAYS)
    return (close.value, [close]) if close else None


def _last(known: Sequence[Fact], day: date) -> Fact | None:
    dated = [f for f in known if f.valid_from and f.valid_from <= day]
    return min(dated, key=lambda f: ((day - (f.valid_from or day)).days, f.rank)) if dated else None


def _first(known: Sequence[Fact], day: date) -> Fact | None:
    dated = [f for f in known if f.valid_from and f.valid_from >= day]
    return min(dated, key=lambda f: (((f.valid_from or day) - day).days, f.rank)) if dated else None


def _turns(first: date, last: date) -> list[date]:
    return [date(y, m, d) for y in range(first.year, last.year + 1) for m, d in TURNS]


def _in_year(day: date, year: int) -> date:
    return date(year, 2, 28) if (day.month, day.day) == (2, 29) else day.replace(year=year)
