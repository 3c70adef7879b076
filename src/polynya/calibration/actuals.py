"""What does a file of actuals hold? (CSV -> observations in the model's units)

Columns: `year,metric,item,value,unit`; further columns are allowed and ignored. Quantities become bcm at 40 MJ/m3, prices stay USD/MMBtu.
Raises InputError with file:line:column for what cannot be read; a unit that is not known goes to the caller as a reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from polynya.errors import Fault, InputError
from polynya.tables import Column, read_table

COLUMNS = (
    Column("year", "integer", nullable=False, minimum=1990, maximum=2100),
    Column("metric", nullable=False),
    Column("item", nullable=False),
    Column("value", "number", nullable=False),
    Column("unit", nullable=False),
)
MT_TO_BCM = 1.36  # LNG, Energy Institute: 1 Mt is 1.36 bcm of 40 MJ
TWH_PER_BCM = 11.11
# What a metric is measured in; every other one is a quantity of gas.
PRICES, SHARES = ("price_annual_avg",), ("eu_storage_fill",)
WANTED = {"price": "USD/MMBtu", "share": "%", "quantity": "bcm, Mt or TWh"}
RUSSIAN_M3 = 0.93  # a Russian cubic metre (20 C, 37.3 MJ) in cubic metres of 40 MJ


@dataclass(frozen=True, slots=True)
class Actual:
    """One observation. `value` in `unit` as given; `line` of the file, 0 where it came from elsewhere."""

    year: int
    metric: str
    item: str
    value: float
    unit: str
    line: int = 0

    @property
    def key(self) -> tuple[str, str, str]:
        """What makes two observations of different years the same series; one item may be printed in two units."""
        return self.metric.lower(), self.item.casefold(), self.unit

    @property
    def factor(self) -> float | None:
        """What one unit of the file is in the model's unit (bcm, USD/MMBtu, percent); None when the unit is not known."""
        unit = self._plain_unit
        if unit.startswith("bcm") and "russian" in unit:
            return RUSSIAN_M3
        if unit.startswith(("bcm", "usd/mmbtu", "usd per mmbtu", "%")):
            return 1.0
        if unit in ("mt", "mt lng", "million tonnes"):
            return MT_TO_BCM
        if unit.startswith("twh"):
            return 1.0 / TWH_PER_BCM
        return None

    @property
    def _plain_unit(self) -> str:
        return " ".join(self.unit.lower().replace("_", " ").split())

    @property
    def misfit(self) -> str | None:
        """Why the unit cannot be that of the metric; None where it can."""
        if self.factor is None:
            return f'the unit "{self.unit}" is not known'
        metric = self.metric.lower()
        wanted = "price" if metric in PRICES else "share" if metric in SHARES else "quantity"
        given = "price" if self._plain_unit.startswith("usd") else "share" if self.unit.startswith("%") else "quantity"
        return None if given == wanted else f'the unit "{self.unit}" does not measure {metric}: {WANTED[wanted]} does'


def read_actuals(path: Path | str) -> tuple[Actual, ...]:
    """Read a file of actuals. Raises InputError for bad cells, NotFoundError without a file."""
    path = Path(path)
    frame = read_table(path, COLUMNS, extra=True).select([c.name for c in COLUMNS])
    rows = [
        Actual(year, metric.strip(), item.strip(), value, unit, i + 2)
        for i, (year, metric, item, value, unit) in enumerate(frame.iter_rows())
    ]
    if not rows:
        raise InputError(Fault("the file has no observation", str(path), 1, 1, fix="Give at least one row."))
    return tuple(rows)


def value_of(one: Actual, year: int, actuals: Iterable[Actual]) -> float | None:
    """What was observed of a series in another year, in the unit of `one`; the same unit is looked for first, the first row counts."""
    same = [a for a in actuals if a.year == year and a.key[:2] == one.key[:2] and a.misfit is None]
    found = next((a for a in same if a.unit == one.unit), same[0] if same else None)
    if found is None or found.factor is None or one.factor is None:
        return None
    return found.value if found.unit == one.unit else found.value * found.factor / one.factor


def by_year(actuals: Iterable[Actual], year: int) -> tuple[Actual, ...]:
    """The observations of one year, in the order of the file."""
    return tuple(a for a in actuals if a.year == year)
