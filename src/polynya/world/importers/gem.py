"""What do Global Energy Monitor's trackers say about terminals and pipelines? (workbook or CSV -> dated capacities)

LNG terminals: the units of a terminal that operate are summed year by year, so each start and stop year gives a step of
`capacity_bcm_per_year`; a registry asset that stands for a whole country takes the sum of the country's units. Pipelines:
segments whose corridor is named in the map or has an equal name. Units: bcm a year as printed, else Mt a year times 1.36.
Not here: planned units (listed as left out), and owners.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace

from polynya.errors import Fault, InputError
from polynya.units import bcm_from_mt_lng
from polynya.world.importers.document import NEGATIVE, Document, Header, Sheet, cell, find_header
from polynya.world.importers.imported import Imported, ImportedFact, LeftOut
from polynya.world.importers.names import Names, country

NAME = ("TerminalName", "Terminal", "Terminal name")
TYPE = ("FacilityType", "Facility type", "Type")
COUNTRY = ("Country/Area", "Country")
BCM = ("CapacityInBcm/y", "CapacityBcm/y", "Capacity (bcm/y)", "capacity_bcm_y")
MTPA = ("CapacityInMtpa", "Capacity (mtpa)", "capacity_mtpa")
START = ("StartYear1", "StartYear", "Start year", "ActualStartYear", "StartYearEarliest")
STOP = ("StopYear", "Stop year", "StoppedYear")
PIPELINE = ("PipelineName", "Pipeline", "Pipeline name")
IN_SERVICE = ("operating", "retired", "mothballed", "idle")
NO_START = "1900-01-01"  # a unit without a start year is counted as old


@dataclass(frozen=True, slots=True)
class _Unit:
    row: int
    sheet: Sheet
    capacity: float
    printed: str
    start: int | None
    stop: int | None
    remark: str


def read(document: Document, names: Names) -> Imported:
    """Facts of every sheet that has the columns of a tracker. Raises InputError when no sheet has them."""
    units: dict[str, list[_Unit]] = defaultdict(list)
    left: list[LeftOut] = []
    found = False
    for sheet in document.sheets:
        header = find_header(sheet, NAME, TYPE, COUNTRY, (*BCM, *MTPA))
        if header is not None:
            found = True
            _terminals(document, sheet, header, names, units, left)
            continue
        header = find_header(sheet, PIPELINE, ("Status",), BCM)
        if header is not None:
            found = True
            _pipelines(document, sheet, header, names, units, left)
    if not found:
        raise InputError(
            Fault(
                "no sheet has the columns of GEM's LNG terminals or gas pipelines",
                str(document.path),
                1,
                1,
                fix="Expected for example TerminalName, FacilityType, Country/Area, CapacityInBcm/y.",
                code="columns",
            )
        )
    return Imported(
        publisher="gem",
        title="Global Gas Infrastructure Tracker",
        url="https://globalenergymonitor.org/projects/global-gas-infrastructure-tracker/",
        licence="CC BY 4.0",
        notice="Global Energy Monitor, Global Gas Infrastructure Tracker, CC BY 4.0",
        facts=[fact for subject in sorted(units) for fact in _steps(subject, units[subject])],
        left_out=left,
    )


def _terminals(
    document: Document,
    sheet: Sheet,
    header: Header,
    names: Names,
    units: dict[str, list[_Unit]],
    left: list[LeftOut],
) -> None:
    name, unit, kind, nation = (
        header.find(*NAME),
        header.find("UnitName", "Unit", "Unit name"),
        header.find(*TYPE),
        header.find(*COUNTRY),
    )
    identity = header.find("TerminalID", "ProjectID", "ComboID", "gem_id")
    for row, cells in header.data(sheet):
        shown = " ".join(x for x in (cell(cells, name), cell(cells, unit)) if x)
        facility = cell(cells, kind).lower()
        asset_kind = {"export": "lng-export", "import": "lng-import"}.get(facility)
        if asset_kind is None:
            left.append(
                LeftOut(sheet.at(row), shown, f'facility type "{cell(cells, kind)}" is neither import nor export')
            )
            continue
        made = _unit(document, sheet, header, row, cells, shown, left)
        if made is None:
            continue
        iso = names.isos.get(country(cell(cells, nation)), "")
        subject, remark = names.asset(asset_kind, iso, cell(cells, identity), cell(cells, name))
        if subject is None:
            left.append(LeftOut(sheet.at(row), shown, remark))
        else:
            units[subject].append(replace(made, remark=remark))


def _pipelines(
    document: Document,
    sheet: Sheet,
    header: Header,
    names: Names,
    units: dict[str, list[_Unit]],
    left: list[LeftOut],
) -> None:
    name, segment = header.find(*PIPELINE), header.find("SegmentName", "Segment", "Segment name")
    identity = header.find("ProjectID", "Project ID", "gem_id")
    for row, cells in header.data(sheet):
        whole = " ".join(x for x in (cell(cells, name), cell(cells, segment)) if x)
        made = _unit(document, sheet, header, row, cells, whole, left)
        if made is None:
            continue
        subject, remark = names.corridor(cell(cells, identity), whole, cell(cells, name))
        if subject is None:
            left.append(LeftOut(sheet.at(row), whole, remark))
        else:
            units[subject].append(made)


def _unit(
    document: Document,
    sheet: Sheet,
    header: Header,
    row: int,
    cells: tuple[str, ...],
    shown: str,
    left: list[LeftOut],
) -> _Unit | None:
    """The unit of a row, or None when it is not in service or has no capacity. Raises InputError for a bad value."""
    status = cell(cells, header.find("Status")).lower()
    start, stop = _year(document, sheet, header, row, START), _year(document, sheet, header, row, STOP)
    if status not in IN_SERVICE or (status != "operating" and (start is None or stop is None)):
        left.append(LeftOut(sheet.at(row), shown, f'status "{status}": not in service, or no years given'))
        return None
    capacity, printed = _capacity(document, sheet, header, row)
    if capacity is None:
        left.append(LeftOut(sheet.at(row), shown, "no capacity given; missing is not zero"))
        return None
    if capacity < 0 or (start is not None and stop is not None and stop < start):
        raise InputError(
            Fault(
                f"{shown}: a negative capacity, or it stops before it starts",
                str(document.path),
                row,
                1,
                fix=NEGATIVE,
                code="value",
            )
        )
    return _Unit(row, sheet, capacity, printed, start, stop if status != "operating" else None, "")


def _capacity(document: Document, sheet: Sheet, header: Header, row: int) -> tuple[float | None, str]:
    column = header.find(*BCM)
    if column is not None:
        bcm = document.number(sheet, row, column)
        if bcm is not None:
            return bcm, f"{bcm:g} bcm/y"
    column = header.find(*MTPA)
    mt = document.number(sheet, row, column) if column is not None else None
    return (None, "") if mt is None else (bcm_from_mt_lng(mt), f"{mt:g} mtpa")


def _year(document: Document, sheet: Sheet, header: Header, row: int, spellings: tuple[str, ...]) -> int | None:
    column = header.find(*spellings)
    value = document.number(sheet, row, column) if column is not None else None
    return None if value is None else int(value)


def _steps(subject: str, units: list[_Unit]) -> list[ImportedFact]:
    """One fact for each span of years in which the sum of the units in service stays the same."""
    years = sorted({y for u in units for y in (u.start, u.stop) if y is not None})
    starts: list[int | None] = [None, *years] if any(u.start is None for u in units) else [*years]
    facts = []
    for i, year in enumerate(starts):
        there = [
            u
            for u in units
            if (u.start is None or (year is not None and u.start <= year))
            and (u.stop is None or year is None or year < u.stop)
        ]
        ends = _before(starts[i + 1]) if i + 1 < len(starts) else ""
        rows: dict[str, list[int]] = defaultdict(list)
        for u in there:
            rows[u.sheet.name].append(u.row)
        sheets = {u.sheet.name: u.sheet for u in there}
        undated = sum(u.start is None for u in there)
        remarks = [f"{undated} of {len(there)} units without a start year, counted as old"] if undated else []
        remarks += sorted({u.remark for u in there if u.remark})
        facts.append(
            ImportedFact(
                subject,
                "capacity_bcm_per_year",
                sum(u.capacity for u in there),
                "bcm_per_year",
                NO_START if year is None else f"{year}-01-01",
                ends,
                "; ".join(sheets[s].at(*r) for s, r in rows.items()) or "no unit in service",
                " + ".join(u.printed for u in there[:6]) + (" + ..." if len(there) > 6 else ""),
                "reported" if len(there) == 1 else "derived",
                "; ".join(remarks),
            )
        )
    return facts


def _before(year: int | None) -> str:
    return "" if year is None else f"{year - 1}-12-31"
