"""What did countries produce and consume? (Energy Institute workbook or narrow CSV -> annual totals by node)

Workbook: sheets whose title row says gas production or consumption and whose unit is billion cubic metres (40 MJ, the
registry's own); the first column holds countries, the next the years; growth and share columns behind them are not read.
Narrow CSV: columns Country, Year, Var, Value with `gasprod_bcm` and `gascons_bcm`. A node of several countries takes their
sum; a country of several nodes is divided as the world divides it in that year, which the fact says (kind derived).
Regional sums and "other" rows are left out. The workbook is the user's own copy under the publisher's terms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from polynya.errors import Fault, InputError
from polynya.world.importers.document import Document, Sheet, cell, find_header, key
from polynya.world.importers.imported import Imported, ImportedFact, LeftOut
from polynya.world.importers.names import MEMBERS, Names, country

VARIABLES = {"gasprodbcm": "production_bcm", "gasconsbcm": "consumption_bcm"}
UNIT = "billion cubic metres"
EARLIEST = 1965  # first year of the Statistical Review


@dataclass(frozen=True, slots=True)
class _Cell:
    attribute: str
    nation: str
    year: int
    value: float
    locator: str


def read(document: Document, names: Names) -> Imported:
    """Annual totals. Raises InputError when neither form of the Review is recognised."""
    cells: list[_Cell] = []
    left: list[LeftOut] = []
    for sheet in document.sheets:
        narrow = find_header(sheet, ("Country",), ("Year",), ("Var",), ("Value",))
        if narrow is not None:
            c, y, v, n = (narrow.columns[key(k)] for k in ("Country", "Year", "Var", "Value"))
            for row, line in narrow.data(sheet):
                attribute = VARIABLES.get(key(cell(line, v)))
                value, year = document.number(sheet, row, n), document.number(sheet, row, y)
                if attribute and value is not None and year is not None:
                    cells.append(_Cell(attribute, cell(line, c), int(year), value, sheet.at(row)))
            continue
        cells += _wide(document, sheet)
    if not cells:
        raise InputError(
            Fault(
                "neither a sheet of gas production or consumption in billion cubic metres nor the narrow format",
                str(document.path),
                1,
                1,
                fix="Use the Review's workbook as downloaded, or its narrow CSV with Country, Year, Var, Value.",
                code="columns",
            )
        )
    return Imported(
        publisher="ei",
        title="Statistical Review of World Energy, the user's own copy",
        url="https://www.energyinst.org/statistical-review",
        licence="the publisher's terms; not for redistribution",
        notice="Energy Institute Statistical Review of World Energy",
        facts=list(_facts(cells, names, left)),
        left_out=left,
    )


def _wide(document: Document, sheet: Sheet) -> Iterator[_Cell]:
    """Cells of a workbook sheet, if it is about gas production or consumption in bcm."""
    title = key(sheet.name + " " + " ".join(cell(r, 0) for r in sheet.rows[:3]))
    attribute = next(
        (a for word, a in (("production", "production_bcm"), ("consumption", "consumption_bcm")) if word in title), None
    )
    if attribute is None or "gas" not in title:
        return
    for number, line in enumerate(sheet.rows[:12], start=1):
        if UNIT not in cell(line, 0).lower():
            continue
        years: dict[int, int] = {}  # only the first run of rising years; what follows are growth rates and shares
        for i, text in enumerate(line[1:], start=1):
            year = _year(text)
            if year is None or (years and year != max(years) + 1):
                if years:
                    break
                continue
            years[year] = i
        for row, cells in enumerate(sheet.rows[number:], start=number + 1):
            nation = cell(cells, 0)
            for year, column in years.items():
                value = _number(document, sheet, row, column) if nation else None
                if value is not None:
                    yield _Cell(attribute, nation, year, value, f"{sheet.at(row)}, column {year}")
        return


def _year(text: str) -> int | None:
    bare = text.strip().removesuffix(".0")
    return int(bare) if bare.isdigit() and EARLIEST <= int(bare) <= 2100 else None


def _number(document: Document, sheet: Sheet, row: int, column: int) -> float | None:
    """A value of a wide sheet; footnotes below the table are not numbers and end it."""
    try:
        return document.number(sheet, row, column)
    except InputError:
        if not any(_is_number(t) for t in sheet.rows[row - 1][1:]):
            return None
        raise


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _facts(cells: list[_Cell], names: Names, left: list[LeftOut]) -> Iterator[ImportedFact]:
    by_place: dict[tuple[str, str, int], _Cell] = {}
    unknown: dict[str, str] = {}
    for c in cells:
        nation = country(c.nation)
        if nation not in names.nodes:
            unknown.setdefault(c.nation, c.locator)
            continue
        if by_place.setdefault((c.attribute, nation, c.year), c) is not c:
            left.append(LeftOut(c.locator, c.nation, f"{c.attribute} of {c.year} stands twice; the first was taken"))
    for name, locator in unknown.items():
        left.append(LeftOut(locator, name, "no node of this country: a regional sum, an `other` row or unknown"))
    grouped = {country(m) for members in MEMBERS.values() for m in members}
    for (attribute, nation, year), c in by_place.items():
        nodes = names.nodes[nation]
        if nation in grouped:
            continue
        if len(nodes) == 1:
            yield _fact(nodes[0], attribute, c.value, year, c.locator, f"{c.value:g} bcm", "reported", "")
        else:
            yield from _divided(names, nodes, attribute, c, left)
    yield from _summed(names, by_place)


def _fact(
    node: str, attribute: str, value: float, year: int, locator: str, original: str, kind: str, note: str
) -> ImportedFact:
    return ImportedFact(node, attribute, value, "bcm", f"{year}-01-01", f"{year}-12-31", locator, original, kind, note)


def _divided(
    names: Names, nodes: tuple[str, ...], attribute: str, c: _Cell, left: list[LeftOut]
) -> Iterator[ImportedFact]:
    """A country of several nodes, divided as the world's own facts of that year divide it."""
    known = {n: names.world.resolve(n, attribute, date(c.year, 7, 1)) for n in nodes}
    values = {n: r.value for n, r in known.items() if r is not None}
    total = sum(values.values())
    if total <= 0.0:
        left.append(
            LeftOut(
                c.locator, c.nation, f"the world does not say how {attribute} of {c.year} lies on {', '.join(nodes)}"
            )
        )
        return
    for node, value in values.items():
        share = value / total
        yield _fact(
            node,
            attribute,
            c.value * share,
            c.year,
            c.locator,
            f"{c.value:g} bcm",
            "derived",
            f"{100 * share:.1f} % of {c.nation}, as the world divides it in {c.year}",
        )


def _summed(names: Names, by_place: dict[tuple[str, str, int], _Cell]) -> Iterator[ImportedFact]:
    """Nodes of several countries: the sum, if the first country is there."""
    present = set(names.world.table("nodes")["id"])
    years: dict[tuple[str, int], None] = defaultdict(lambda: None)
    for attribute, _, year in by_place:
        years[attribute, year] = None
    for node, members in MEMBERS.items():
        if node not in present:
            continue
        for attribute, year in years:
            there = {m: by_place.get((attribute, country(m), year)) for m in members}
            if there[members[0]] is None:
                continue
            got = [c for c in there.values() if c is not None]
            missing = [m for m, c in there.items() if c is None]
            yield _fact(
                node,
                attribute,
                sum(c.value for c in got),
                year,
                "; ".join(c.locator for c in got),
                " + ".join(f"{c.value:g} bcm" for c in got),
                "derived" if len(got) > 1 else "reported",
                f"without {', '.join(missing)}" if missing else "",
            )
