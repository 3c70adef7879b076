"""How is a CSV file read so that nothing wrong gets through silently? (path + declared columns -> polars frame)

Every column is declared with its type; every fault of the file is reported at once with file:line:column and a fix.
Cells are text until their declared type accepts them: `NO` stays Norway, `010` stays `010` in a text column.
Accepted: UTF-8, with or without BOM, LF or CRLF. Refused: other encodings, NUL bytes, bidirectional controls, NaN,
infinities, duplicate or unknown columns, rows of another width.
"""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from polynya.errors import Fault, InputError, NotFoundError, did_you_mean

if TYPE_CHECKING:
    import polars as pl

Kind = Literal["text", "number", "integer", "date", "boolean"]

MAX_BYTES = 512 * 1024 * 1024
BIDI_CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_DATE = re.compile(r"^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$")


@dataclass(frozen=True, slots=True)
class Column:
    """One declared column. `present`: the header must have it. `nullable`: a blank cell is allowed."""

    name: str
    kind: Kind = "text"
    present: bool = True
    nullable: bool = True
    minimum: float | None = None
    maximum: float | None = None
    pattern: str | None = None
    options: tuple[str, ...] = ()
    unit: str = ""
    description: str = ""


def read_text(path: Path, max_bytes: int = MAX_BYTES) -> str:
    """Read a UTF-8 file, BOM accepted.

    Raises NotFoundError when there is no such file, InputError with line and column when it is not clean text.
    """
    try:
        size = path.stat().st_size
    except OSError as error:
        raise NotFoundError(f"no such file: {path}", where=str(path)) from error
    if path.is_dir():
        raise InputError(Fault("this is a folder, not a file", file=str(path)))
    if size > max_bytes:
        raise InputError(
            Fault(f"the file has {size:,} bytes; at most {max_bytes:,} are read", file=str(path), code="too_large")
        )
    raw = path.read_bytes()
    if raw.startswith(b"\xef\xbb\xbf"):
        raw = raw[3:]
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        head = raw[: error.start]
        line = head.count(b"\n") + 1
        column = error.start - (head.rfind(b"\n") + 1) + 1
        raise InputError(
            Fault(
                f"byte 0x{raw[error.start]:02x} is not UTF-8",
                str(path),
                line,
                column,
                fix="Save the file as UTF-8.",
                code="encoding",
            )
        ) from error
    for mark, name in [("\x00", "a NUL character")] + [
        (c, f"the bidirectional control U+{ord(c):04X}") for c in BIDI_CONTROLS
    ]:
        at = text.find(mark)
        if at >= 0:
            line = text.count("\n", 0, at) + 1
            column = at - (text.rfind("\n", 0, at) + 1) + 1
            raise InputError(
                Fault(f"{name} is not allowed", str(path), line, column, fix="Remove it.", code="control_character")
            )
    return text


def read_table(path: Path | str, columns: Sequence[Column], *, extra: bool = False, shown_as: str = "") -> pl.DataFrame:
    """Read one CSV file into a frame with exactly the declared columns, in declared order.

    Absent optional columns come back as nulls; `extra=True` keeps undeclared columns as text. Numbers are Float64,
    integers Int64, dates `pl.Date` (a year means its first day; `YYYY-MM` the first of the month).
    Raises InputError with every fault, NotFoundError when the file does not exist.
    """
    import polars as pl

    path = Path(path)
    file = shown_as or str(path)
    text = read_text(path)
    header, rows, lines = _rows(text, file)
    faults = _header_faults(header, columns, extra, file)
    if faults:
        raise InputError(faults)
    by_name = {name: i for i, name in enumerate(header)}
    frame: dict[str, pl.Series] = {}
    for column in columns:
        index = by_name.get(column.name)
        cells: list[str] = [r[index] for r in rows] if index is not None else []
        if index is None:
            frame[column.name] = pl.Series(column.name, [None] * len(rows), dtype=_dtype(column.kind))
            continue
        values, bad = _convert(cells, column)
        for i, message, fix in bad:
            faults.append(
                Fault(message, file, lines[i], _column_of(text, lines[i], index), fix=fix, code=f"bad_{column.kind}")
            )
        if not bad:
            frame[column.name] = pl.Series(column.name, values, dtype=_dtype(column.kind))
    if faults:
        raise InputError(faults)
    if extra:
        for name in header:
            if name not in frame:
                frame[name] = pl.Series(name, [r[by_name[name]] or None for r in rows], dtype=pl.String)
    return pl.DataFrame(frame)


_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def spreadsheet_csv(frame: pl.DataFrame) -> str:
    """A frame as CSV for spreadsheets: text that a spreadsheet would take for a formula gets an apostrophe in front.

    Numbers stay numbers. Not for files that this program reads back.
    """
    import polars as pl

    text = [c for c, kind in frame.schema.items() if kind == pl.String]
    danger = {c: pl.any_horizontal(pl.col(c).str.starts_with(f) for f in _FORMULA) for c in text}
    safe = [pl.when(danger[c]).then(pl.lit("'") + pl.col(c)).otherwise(pl.col(c)).alias(c) for c in text]
    return frame.with_columns(safe).write_csv(line_terminator="\n")


def cell_position(path: Path | str, row: int, column: str) -> tuple[int, int]:
    """Line and column, counted from 1, of the cell in data row `row` (from 0): for faults found after reading."""
    text = read_text(Path(path))
    header, _, lines = _rows(text, str(path))
    index = header.index(column) if column in header else 0
    return lines[row], _column_of(text, lines[row], index)


def _rows(text: str, file: str) -> tuple[list[str], list[list[str]], list[int]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    header: list[str] | None = None
    faults: list[Fault] = []
    previous = 0
    try:
        for row in reader:
            line = previous + 1
            previous = reader.line_num
            if not row or (len(row) == 1 and not row[0].strip()):
                continue
            cells = [c.strip() for c in row]
            if header is None:
                header = cells
                continue
            if len(cells) != len(header):
                faults.append(
                    Fault(
                        f"this row has {len(cells)} cells, the header has {len(header)}",
                        file,
                        line,
                        1,
                        fix="Quote cells that contain commas.",
                        code="row_width",
                    )
                )
                continue
            rows.append(cells)
            lines.append(line)
    except csv.Error as error:
        faults.append(Fault(f"not valid CSV: {error}", file, previous + 1, 1, code="csv"))
    if faults:
        raise InputError(faults)
    if header is None:
        raise InputError(Fault("the file is empty; a header row is needed", file, 1, 1, code="empty"))
    return header, rows, lines


def _header_faults(header: Sequence[str], columns: Sequence[Column], extra: bool, file: str) -> list[Fault]:
    faults = []
    names = [c.name for c in columns]
    for i, name in enumerate(header):
        at = sum(len(h) + 1 for h in header[:i]) + 1
        if name in header[:i]:
            faults.append(
                Fault(f'column "{name}" appears twice', file, 1, at, fix="Remove one.", code="duplicate_column")
            )
        elif name not in names and not extra:
            hint = did_you_mean(name, names) or f"Known columns: {', '.join(names)}."
            faults.append(Fault(f'unknown column "{name}"', file, 1, at, fix=hint, code="unknown_column"))
    for column in columns:
        if column.present and column.name not in header:
            faults.append(
                Fault(
                    f'column "{column.name}" is missing', file, 1, 1, fix="Add it to the header.", code="missing_column"
                )
            )
    return faults


def _convert(cells: Iterable[str], column: Column) -> tuple[list[object], list[tuple[int, str, str]]]:
    values: list[object] = []
    bad: list[tuple[int, str, str]] = []
    convert = _CONVERTERS[column.kind]
    pattern = re.compile(column.pattern) if column.pattern else None
    for i, cell in enumerate(cells):
        if cell == "":
            values.append(None)
            if not column.nullable:
                bad.append((i, f'"{column.name}" is blank', "Fill it in; missing is not zero."))
            continue
        try:
            value = convert(cell)
        except ValueError as error:
            bad.append((i, f'"{column.name}": {error}', ""))
            values.append(None)
            continue
        if isinstance(value, float | int) and not isinstance(value, bool):
            if column.minimum is not None and value < column.minimum:
                bad.append((i, f'"{column.name}" is {cell}; at least {column.minimum:g} is needed', ""))
            if column.maximum is not None and value > column.maximum:
                bad.append((i, f'"{column.name}" is {cell}; at most {column.maximum:g} is possible', ""))
        if column.options and cell not in column.options:
            hint = did_you_mean(cell, column.options) or f"One of: {', '.join(column.options)}."
            bad.append((i, f'"{column.name}" cannot be "{cell}"', hint))
        if pattern and not pattern.fullmatch(cell):
            bad.append((i, f'"{column.name}" is "{cell}", which does not have the form {column.pattern}', ""))
        values.append(value)
    return values, bad


def _number(cell: str) -> float:
    if "_" in cell:
        raise ValueError(f'"{cell}" is not a number')
    try:
        value = float(cell)
    except ValueError:
        raise ValueError(f'"{cell}" is not a number') from None
    if not math.isfinite(value):
        raise ValueError(f'"{cell}" is not a finite number')
    return value


def _integer(cell: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,18}", cell):
        raise ValueError(f'"{cell}" is not a whole number')
    return int(cell)


def parse_date(cell: str) -> date:
    """`YYYY`, `YYYY-MM` or `YYYY-MM-DD` -> the first day it names. Raises ValueError."""
    match = _DATE.match(cell)
    if not match:
        raise ValueError(f'"{cell}" is not a date (YYYY-MM-DD)')
    year, month, day = (int(g) if g else 1 for g in match.groups())
    try:
        return date(year, month, day)
    except ValueError as error:
        raise ValueError(f'"{cell}" is not a date: {error}') from None


def _boolean(cell: str) -> bool:
    if cell in ("true", "false"):
        return cell == "true"
    raise ValueError(f'"{cell}" is neither true nor false')


_CONVERTERS: dict[str, Callable[[str], object]] = {
    "text": str,
    "number": _number,
    "integer": _integer,
    "date": parse_date,
    "boolean": _boolean,
}


def _dtype(kind: Kind) -> pl.DataType:
    import polars as pl

    kinds: dict[str, pl.DataType] = {
        "text": pl.String(),
        "number": pl.Float64(),
        "integer": pl.Int64(),
        "date": pl.Date(),
        "boolean": pl.Boolean(),
    }
    return kinds[kind]


def _column_of(text: str, line: int, index: int) -> int:
    """Where, counted from 1, the cell with this index starts in its line."""
    row = text.splitlines()[line - 1] if line <= text.count("\n") + 1 else ""
    at, quoted, seen = 0, False, 0
    while seen < index and at < len(row):
        if row[at] == '"':
            quoted = not quoted
        elif row[at] == "," and not quoted:
            seen += 1
        at += 1
    return at + 1


FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def plain_cell(text: str) -> str:
    """Text that no spreadsheet runs as a formula: an apostrophe is put before a first sign that would start one.

    The signs are those of the OWASP page on CSV injection, full-width forms included. Numbers are not text: leave them alone.
    """
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text
