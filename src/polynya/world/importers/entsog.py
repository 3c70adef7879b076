"""What can pipelines carry, and what did they? (ENTSOG Transparency Platform, daily points -> steps by corridor)

`Firm Technical` becomes `capacity_bcm_per_year`, one step for each run of days with the same value. `Physical Flow` becomes
`observed_flow_bcm_per_year`, the mean of each month at a yearly rate. Units kWh/d, MWh/d, GWh/d (gross). A point is looked up
in the map as `point|direction|operator`, `point|direction`, `point` or by its key, then by an equal name of a corridor; several
operators mapped to one corridor are added day by day. Beware: the two sides of a border both report; map one of them.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta

from polynya.errors import Fault, InputError
from polynya.tables import parse_date
from polynya.units import bcm_from_twh
from polynya.world.importers.document import NEGATIVE, Document, Header, Sheet, cell, find_header, key
from polynya.world.importers.imported import Imported, ImportedFact, LeftOut
from polynya.world.importers.names import Names

INDICATORS = {"firmtechnical": "capacity_bcm_per_year", "physicalflow": "observed_flow_bcm_per_year"}
TWH_PER = {"kwhd": 1e-9, "mwhd": 1e-6, "gwhd": 1e-3}
Days = dict[date, dict[str, float]]  # day -> operator -> TWh a day


def read(document: Document, names: Names) -> Imported:
    """Steps and monthly means of every mapped point. Raises InputError without the platform's columns."""
    series: dict[tuple[str, str], Days] = defaultdict(lambda: defaultdict(dict))
    rows: dict[tuple[str, str], list[int]] = defaultdict(list)
    left: dict[str, LeftOut] = {}
    found: Sheet | None = None
    for sheet in document.sheets:
        header = find_header(
            sheet, ("pointLabel", "pointKey"), ("directionKey", "direction"), ("value",), ("periodFrom",)
        )
        if header is None:
            continue
        found = sheet
        for row, cells in header.data(sheet):
            _one(document, sheet, header, row, cells, names, series, rows, left)
    if found is None:
        raise InputError(
            Fault(
                "no table with the platform's columns",
                str(document.path),
                1,
                1,
                fix="Expected indicator, periodFrom, operatorLabel, pointLabel, directionKey, unit, value.",
                code="columns",
            )
        )
    facts: list[ImportedFact] = []
    for (subject, attribute), days in sorted(series.items()):
        at = found.at(*_ends(rows[subject, attribute]))
        make = _steps if attribute == "capacity_bcm_per_year" else _months
        facts += make(subject, days, at)
    return Imported(
        publisher="entsog",
        title="Transparency Platform, operational data",
        url="https://transparency.entsog.eu",
        licence="facts",
        notice="Data from the ENTSOG Transparency Platform",
        facts=facts,
        left_out=list(left.values()),
    )


def _one(
    document: Document,
    sheet: Sheet,
    header: Header,
    row: int,
    cells: tuple[str, ...],
    names: Names,
    series: dict[tuple[str, str], Days],
    rows: dict[tuple[str, str], list[int]],
    left: dict[str, LeftOut],
) -> None:
    point, operator = cell(cells, header.find("pointLabel")), cell(cells, header.find("operatorLabel", "operatorKey"))
    direction = cell(cells, header.find("directionKey", "direction")).lower()
    indicator, unit = cell(cells, header.find("indicator")), cell(cells, header.find("unit"))
    shown = f"{point}|{direction}|{operator}"
    attribute = INDICATORS.get(key(indicator))
    if attribute is None:
        left.setdefault(
            indicator, LeftOut(sheet.at(row), shown, f'indicator "{indicator}" has no place in the registry')
        )
        return
    twh = TWH_PER.get(key(unit))
    if twh is None:
        raise InputError(
            Fault(
                f'unit "{unit}" is not kWh/d, MWh/d or GWh/d',
                str(document.path),
                row,
                1,
                fix="Download flows as energy.",
                code="unit",
            )
        )
    identity = cell(cells, header.find("pointKey"))
    subject, reason = names.corridor(shown, f"{point}|{direction}", point, identity)
    if subject is None:
        left.setdefault(shown, LeftOut(sheet.at(row), shown, reason))
        return
    column = header.columns[key("value")]
    value = document.number(sheet, row, column)
    if value is None:
        left.setdefault(f"{shown} blank", LeftOut(sheet.at(row), shown, "days without a value were not read as zero"))
        return
    if value < 0:
        raise InputError(
            Fault(f"{shown}: a negative value", str(document.path), row, column + 1, fix=NEGATIVE, code="value")
        )
    day = _day(document, row, cell(cells, header.find("periodFrom")))
    slot = series[subject, attribute][day]
    if shown in slot and slot[shown] != value * twh:
        raise InputError(
            Fault(
                f"{shown} has two values on {day}", str(document.path), row, column + 1, fix="Keep one.", code="double"
            )
        )
    slot[shown] = value * twh
    rows[subject, attribute].append(row)


def _day(document: Document, row: int, text: str) -> date:
    try:
        return parse_date(text.split(" ")[0].split("T")[0])
    except ValueError as error:
        raise InputError(
            Fault(str(error), str(document.path), row, 1, fix="Write YYYY-MM-DD.", code="bad_date")
        ) from None


def _ends(rows: list[int]) -> tuple[int, ...]:
    return (min(rows), max(rows)) if len(rows) > 1 else tuple(rows)


def _steps(subject: str, days: Days, at: str) -> list[ImportedFact]:
    """One fact for each run of consecutive days with the same capacity."""
    facts: list[ImportedFact] = []
    ordered = sorted(days)
    start = ordered[0]
    for i, day in enumerate(ordered):
        after = ordered[i + 1] if i + 1 < len(ordered) else None
        now = sum(days[day].values())
        goes_on = after == day + timedelta(days=1) and abs(sum(days[day + timedelta(days=1)].values()) - now) < 1e-12
        if goes_on:
            continue
        operators = len(days[day])
        facts.append(
            ImportedFact(
                subject,
                "capacity_bcm_per_year",
                bcm_from_twh(now * 365.0),
                "bcm_per_year",
                start.isoformat(),
                day.isoformat(),
                at,
                f"{now * 1000.0:g} GWh/d",
                "reported" if operators == 1 else "derived",
                f"{operators} operators added" if operators > 1 else "",
            )
        )
        start = after or day
    return facts


def _months(subject: str, days: Days, at: str) -> list[ImportedFact]:
    """The mean flow of each month at a yearly rate; a month with missing days says so."""
    by_month: dict[tuple[int, int], list[float]] = defaultdict(list)
    for day, parts in days.items():
        by_month[day.year, day.month].append(sum(parts.values()))
    facts = []
    for (year, month), values in sorted(by_month.items()):
        first = date(year, month, 1)
        last = (date(year + month // 12, month % 12 + 1, 1)) - timedelta(days=1)
        mean = sum(values) / len(values)
        missing = last.day - len(values)
        facts.append(
            ImportedFact(
                subject,
                "observed_flow_bcm_per_year",
                bcm_from_twh(mean * 365.0),
                "bcm_per_year",
                first.isoformat(),
                last.isoformat(),
                at,
                f"{mean * 1000.0:.6g} GWh/d",
                "derived",
                f"mean of {len(values)} days" + (f"; {missing} missing" if missing else ""),
            )
        )
    return facts
