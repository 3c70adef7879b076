"""How much gas lies in store? (GIE AGSI download by country -> fill, working gas, injection and withdrawal)

Fill is taken on the first day of each month and on the last day of the file, working gas and the daily capacities at each
change. Units: TWh and GWh a day as AGSI prints them. The store is the node's `gas-storage` asset when it is the only one
there, else what the map says for the country's code or name. Not here: single sites, and LNG terminals (ALSI).
"""

from __future__ import annotations

from collections import defaultdict
from datetime import date

from polynya.errors import Fault, InputError
from polynya.tables import parse_date
from polynya.units import bcm_from_twh
from polynya.world.importers.document import NEGATIVE, Document, Header, Sheet, cell, find_header, key
from polynya.world.importers.imported import Imported, ImportedFact, LeftOut
from polynya.world.importers.names import Names, country

DAY = ("gasDayStart", "Gas Day Start", "Gas Day", "date")
STOCK = ("gasInStorage", "Gas in storage (TWh)", "Gas in storage")
WORKING = ("workingGasVolume", "Working Gas Volume (TWh)", "Working gas volume")
INJECTION = ("injectionCapacity", "Injection capacity (GWh/d)", "Injection capacity")
WITHDRAWAL = ("withdrawalCapacity", "Withdrawal capacity (GWh/d)", "Withdrawal capacity")
PLACE = ("code", "country", "Country code", "name", "Facility/Location", "Country")
STEPS = (
    (WORKING, "working_bcm", "bcm", 1.0, "TWh"),
    (INJECTION, "injection_bcm_per_day", "bcm_per_day", 1e-3, "GWh/d"),
    (WITHDRAWAL, "withdrawal_bcm_per_day", "bcm_per_day", 1e-3, "GWh/d"),
)


def read(document: Document, names: Names) -> Imported:
    """Facts of each country in the file. Raises InputError without AGSI's columns."""
    days: dict[str, dict[date, tuple[Sheet, Header, int]]] = defaultdict(dict)
    left: dict[str, LeftOut] = {}
    found = False
    for sheet in document.sheets:
        header = find_header(sheet, DAY, STOCK)
        if header is None:
            continue
        found = True
        place = next((header.columns[k] for k in map(key, PLACE) if k in header.columns), None)
        for row, cells in header.data(sheet):
            text = cell(cells, place) or document.path.stem
            subject, reason = _store(names, text)
            if subject is None:
                left.setdefault(text, LeftOut(sheet.at(row), text, reason))
                continue
            day = _day(document, row, cell(cells, header.find(*DAY)))
            if day in days[subject]:
                raise InputError(
                    Fault(f"{text} stands twice on {day}", str(document.path), row, 1, fix="Keep one.", code="double")
                )
            days[subject][day] = (sheet, header, row)
    if not found:
        raise InputError(
            Fault(
                "no table with AGSI's columns",
                str(document.path),
                1,
                1,
                fix="Expected gasDayStart and gasInStorage, as AGSI gives them.",
                code="columns",
            )
        )
    facts: list[ImportedFact] = []
    for subject, series in sorted(days.items()):
        facts += _fill(document, subject, series)
        for columns, attribute, unit, scale, printed in STEPS:
            facts += _changes(document, subject, series, columns, attribute, unit, scale, printed)
    return Imported(
        publisher="gie",
        title="AGSI, gas in storage",
        url="https://agsi.gie.eu",
        licence="facts",
        notice="Data from GIE AGSI",
        facts=facts,
        left_out=list(left.values()),
    )


def _store(names: Names, text: str) -> tuple[str | None, str]:
    given = names.mapped(text)
    if given is not None:
        return given, ""
    iso = text.upper() if len(text) == 2 else names.isos.get(country(text), "")
    return names.asset("gas-storage", iso, text) if iso else (None, f'no country "{text}" in the registry: use --map')


def _day(document: Document, row: int, text: str) -> date:
    try:
        return parse_date(text.split(" ")[0].split("T")[0])
    except ValueError as error:
        raise InputError(
            Fault(str(error), str(document.path), row, 1, fix="Write YYYY-MM-DD.", code="bad_date")
        ) from None


def _value(document: Document, place: tuple[Sheet, Header, int], columns: tuple[str, ...]) -> tuple[float | None, str]:
    sheet, header, row = place
    column = header.find(*columns)
    value = document.number(sheet, row, column) if column is not None else None
    if value is not None and value < 0:
        raise InputError(
            Fault("a negative value", str(document.path), row, (column or 0) + 1, fix=NEGATIVE, code="value")
        )
    return value, sheet.at(row)


def _fill(document: Document, subject: str, series: dict[date, tuple[Sheet, Header, int]]) -> list[ImportedFact]:
    wanted = {d for d in series if d.day == 1} | {max(series)}
    facts = []
    for day in sorted(wanted):
        twh, at = _value(document, series[day], STOCK)
        if twh is not None:
            text = day.isoformat()
            facts.append(ImportedFact(subject, "fill_bcm", bcm_from_twh(twh), "bcm", text, text, at, f"{twh:g} TWh"))
    return facts


def _changes(
    document: Document,
    subject: str,
    series: dict[date, tuple[Sheet, Header, int]],
    columns: tuple[str, ...],
    attribute: str,
    unit: str,
    scale: float,
    printed: str,
) -> list[ImportedFact]:
    runs: list[tuple[date, float, str]] = []
    for day in sorted(series):
        value, at = _value(document, series[day], columns)
        if value is not None and (not runs or runs[-1][1] != value):
            runs.append((day, value, at))
    last = max(series)
    facts = []
    for i, (day, value, at) in enumerate(runs):
        ends = date.fromordinal(runs[i + 1][0].toordinal() - 1) if i + 1 < len(runs) else last
        facts.append(
            ImportedFact(
                subject,
                attribute,
                bcm_from_twh(value * scale),
                unit,
                day.isoformat(),
                ends.isoformat(),
                at,
                f"{value:g} {printed}",
            )
        )
    return facts
