"""What stands in a user's workbook, CSV or JSON? (path -> sheets of text cells with their row numbers)

Every cell is text; a number is made of it only where one is expected, with the place named when it is none. A JSON
document becomes one sheet whose header is the union of its records' keys.
"""

from __future__ import annotations

import csv
import io
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from polynya.errors import Fault, InputError, UsageError
from polynya.tables import CSV_FIX, MAX_BYTES, read_json, read_text, require_file

MOST_PACKED = 1032  # bytes out of one byte, at the best that deflate can do
CHUNK = 1 << 16
NEGATIVE = "Check the row against the publisher's page; take it out if it is wrong there too."

DELIMITERS = ",;\t|"


@dataclass(frozen=True)
class Sheet:
    """One table as it stands: rows of cells, first row is row 1. `word` is what a row is called in this kind of file."""

    name: str
    rows: tuple[tuple[str, ...], ...]
    word: str = "row"

    def at(self, *rows: int) -> str:
        """Locator of rows, counted from 1: `sheet "LNG Terminals", rows 4, 9`."""
        numbers = ", ".join(str(r) for r in rows[:8]) + (" and more" if len(rows) > 8 else "")
        place = f"{self.word}{'s' if len(rows) > 1 else ''} {numbers}"
        return f'sheet "{self.name}", {place}' if self.name else place


@dataclass(frozen=True)
class Document:
    """A file's sheets."""

    path: Path
    sheets: tuple[Sheet, ...]

    def number(self, sheet: Sheet, row: int, column: int) -> float | None:
        """The number in a cell (row from 1, column from 0); None when it is blank. Raises InputError with the place."""
        cells = sheet.rows[row - 1]
        text = cells[column].strip().replace("\u00a0", "").replace(" ", "") if column < len(cells) else ""
        if text.lower() in ("", "-", "--", "n/a", "na", "tbd", "unknown", "*", "^", "null", "none"):
            return None
        if "," in text and "." in text:
            text = text.replace(",", "")
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not -1e15 < value < 1e15:
            place = f'in sheet "{sheet.name}"' if sheet.name else ""
            raise InputError(
                Fault(
                    f'"{cells[column]}" is not a number {place}'.rstrip(),
                    str(self.path),
                    row,
                    column + 1,
                    fix="Write it with a decimal point, or leave it blank.",
                    code="bad_number",
                )
            )
        return value


@dataclass(frozen=True)
class Header:
    """Where the columns of a table are: evened-out name -> position; data begin after `row`."""

    row: int
    columns: dict[str, int]

    def find(self, *names: str) -> int | None:
        """Position of the first of these columns that exists."""
        return next((self.columns[key(n)] for n in names if key(n) in self.columns), None)

    def data(self, sheet: Sheet) -> Iterator[tuple[int, tuple[str, ...]]]:
        """(row number, cells) of every row below the header that is not blank."""
        for number, cells in enumerate(sheet.rows[self.row :], start=self.row + 1):
            if any(c.strip() for c in cells):
                yield number, cells


def key(name: str) -> str:
    """A column's name without case, blanks and signs: `Capacity (bcm/y)` -> `capacitybcmy`."""
    return "".join(c for c in name.lower() if c.isalnum())


def cell(cells: tuple[str, ...], column: int | None) -> str:
    """The text of a cell, blank where there is none."""
    return cells[column].strip() if column is not None and column < len(cells) else ""


def find_header(sheet: Sheet, *wanted: tuple[str, ...], within: int = 30) -> Header | None:
    """The first row that has, for each of `wanted`, at least one of its spellings."""
    for number, cells in enumerate(sheet.rows[:within], start=1):
        columns: dict[str, int] = {}
        for i, text in enumerate(cells):
            if key(text):
                columns.setdefault(key(text), i)
        if all(any(key(n) in columns for n in names) for names in wanted):
            return Header(number, columns)
    return None


def read_document(path: Path) -> Document:
    """Read an .xlsx, .csv, .tsv, .txt or .json file.

    Raises NotFoundError without the file, InputError when it cannot be read, UsageError for another kind of file or
    when workbooks need the extra `xlsx`.
    """
    kind = path.suffix.lower()
    if kind in (".xlsx", ".xlsm", ".xls", ".ods"):
        return Document(path, _workbook(path))
    if kind == ".json":
        return Document(path, (_json(path),))
    if kind in (".csv", ".tsv", ".txt"):
        return Document(path, (_csv(path),))
    raise UsageError(f'"{path.name}" is neither a workbook nor CSV nor JSON.', fix="Use .xlsx, .csv or .json.")


def _csv(path: Path) -> Sheet:
    text = read_text(path)
    lines = text.splitlines()
    head = "\n".join(lines[:20])
    delimiter = max(DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows: list[tuple[str, ...]] = []
    line = 1
    try:
        for row in reader:
            rows.append(tuple(row))
            line = reader.line_num + 1
    except csv.Error as error:
        raise InputError(Fault(f"not valid CSV: {error}", str(path), line, 1, fix=CSV_FIX, code="csv")) from None
    return Sheet("", tuple(rows))


def _json(path: Path) -> Sheet:
    found = read_json(path)
    records = _records(found)
    if not records:
        raise InputError(
            Fault(
                "no list of records in this JSON", str(path), 1, 1, fix="Download the data, not the page.", code="json"
            )
        )
    names = list(dict.fromkeys(k for r in records for k in r))
    rows = [tuple(names), *(tuple(_text(r.get(n)) for n in names) for r in records)]
    return Sheet("", tuple(rows), word="record")


def _records(found: object) -> list[dict[str, object]]:
    """The longest list of objects at the top or directly below it."""
    candidates = [found, *(found.values() if isinstance(found, dict) else ())]
    lists = [[r for r in c if isinstance(r, dict)] for c in candidates if isinstance(c, list)]
    return max(lists, key=len, default=[])


def _text(value: object) -> str:
    return "" if value is None or isinstance(value, dict | list) else str(value)


def _workbook(path: Path) -> tuple[Sheet, ...]:
    try:
        import fastexcel
    except ImportError:
        raise UsageError(
            "workbooks need the extra `xlsx`.", fix="pip install 'polynya[xlsx]', or save the sheet as CSV."
        ) from None
    _require_size(path)
    _require_no_bomb(path)
    try:
        book = fastexcel.read_excel(path)
        sheets = []
        for name in book.sheet_names:
            frame = book.load_sheet(name, header_row=None, skip_rows=0, dtypes="string").to_polars()
            rows = tuple(tuple("" if c is None else str(c) for c in r) for r in frame.iter_rows())
            sheets.append(Sheet(name, rows))
    except fastexcel.FastExcelError as error:
        raise InputError(
            Fault(
                f"this workbook cannot be read: {str(error).splitlines()[0]}",
                str(path),
                fix="Open it in a spreadsheet and save it again, or save the sheet as CSV.",
                code="workbook",
            )
        ) from None
    return tuple(sheets)


def _require_size(path: Path) -> None:
    """Refuse what does not exist or is too large. Raises NotFoundError, InputError."""
    require_file(path, MAX_BYTES)


def _require_no_bomb(path: Path) -> None:
    """Refuse a workbook that unpacks to more than is read from any file, whatever it says of itself."""
    try:
        with zipfile.ZipFile(path) as book, path.open("rb") as raw:
            parts = book.infolist()
            size = sum(part.file_size for part in parts)
            if size <= MAX_BYTES and path.stat().st_size * MOST_PACKED > MAX_BYTES:
                size = 0
                for part in parts:
                    size += _unpacked(raw, part, MAX_BYTES - size)
    except (zipfile.BadZipFile, zlib.error, struct.error, OSError, ValueError):
        return  # an old .xls is no archive; what is no workbook at all, the reader refuses
    if size > MAX_BYTES:
        raise InputError(
            Fault(
                f"this workbook unpacks to {size:,} bytes or more; at most {MAX_BYTES:,} are read",
                str(path),
                fix="Save the one sheet that is needed as CSV.",
                code="too_large",
            )
        )


def _unpacked(raw: BinaryIO, part: zipfile.ZipInfo, most: int) -> int:
    """How many bytes a part really unpacks to; counting ends beyond `most`."""
    if part.compress_type != zipfile.ZIP_DEFLATED:
        return part.compress_size
    raw.seek(part.header_offset)
    name, extra = struct.unpack("<26x2H", raw.read(30))
    raw.seek(name + extra, 1)
    stream, size = zlib.decompressobj(-zlib.MAX_WBITS), 0
    while not stream.eof and size <= most:
        packed = stream.unconsumed_tail or raw.read(CHUNK)
        if not packed:
            break
        size += len(stream.decompress(packed, 16 * CHUNK))
    return size
