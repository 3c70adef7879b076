"""How is a CSV file read so that nothing wrong gets through silently? (path + declared columns -> polars frame)

Every column is declared with its type; every fault of the file is reported at once with file:line:column and a fix.
Cells are text until their declared type accepts them: `NO` stays Norway, `010` stays `010` in a text column.
Accepted: UTF-8, with or without BOM, LF or CRLF. Refused: other encodings, NUL bytes, bidirectional controls, NaN,
infinities, duplicate or unknown columns, rows of another width, digits of other scripts, what is no regular file, and
more than `MAX_TABLE_BYTES` or `MAX_ROWS`. Of many faults the first `MAX_FAULTS` are told.
"""

from __future__ import annotations

import csv
import io
import json
import math
import re
import stat
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from polynya.errors import Fault, InputError, NotFoundError, did_you_mean

if TYPE_CHECKING:
    import polars as pl

Kind = Literal["text", "number", "integer", "date", "boolean"]

MAX_BYTES = 512 * 1024 * 1024
MAX_TABLE_BYTES = 128 * 1024 * 1024
MAX_ROWS = 2_000_000
MAX_FAULTS = 200
CSV_FIX = "Close every quote; inside quotes, write a quote twice."
BIDI_CONTROLS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?")
_LINE_END = re.compile(r"\r\n|\r|\n")


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


def require_file(path: Path, max_bytes: int | None = None) -> None:
    """Raises NotFoundError when there is no such file; InputError for a folder, a pipe or device, one too large."""
    try:
        found = path.stat()
    except (FileNotFoundError, NotADirectoryError) as error:
        raise NotFoundError(
            f"no such file: {path}", where=str(path), fix="Check the name, and the folder you are in."
        ) from error
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    if stat.S_ISDIR(found.st_mode):
        raise InputError(
            Fault("this is a folder, not a file", str(path), fix="Name the file in it.", code="not_a_file")
        )
    if not stat.S_ISREG(found.st_mode):
        raise InputError(
            Fault(
                "this is a pipe or a device, not a file",
                str(path),
                fix="Save what it gives in a file, and name that.",
                code="not_a_file",
            )
        )
    if max_bytes is not None and found.st_size > max_bytes:
        raise _too_large(path, found.st_size, max_bytes)


def _unreadable(path: Path, error: OSError | ValueError) -> InputError:
    said = getattr(error, "strerror", None) or str(error)
    return InputError(
        Fault(f"cannot be read: {said}", str(path), fix="Check its name and who may read it.", code="unreadable")
    )


def _too_large(path: Path, size: int, most: int) -> InputError:
    fix = "Keep the rows that are needed."
    return InputError(
        Fault(f"the file has {size:,} bytes; at most {most:,} are read", str(path), fix=fix, code="too_large")
    )


def read_text(path: Path, max_bytes: int = MAX_BYTES) -> str:
    """Read a UTF-8 file, BOM accepted.

    Raises NotFoundError when there is no such file, InputError with line and column when it is not clean text, or is no
    regular file that may be read.
    """
    require_file(path, max_bytes)
    try:
        with path.open("rb") as handle:
            raw = handle.read(max_bytes + 1)  # never more, even of a file that grows meanwhile
    except OSError as error:
        raise _unreadable(path, error) from None
    if len(raw) > max_bytes:
        raise _too_large(path, len(raw), max_bytes)
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


def read_json(path: Path, max_bytes: int = MAX_BYTES, **options: Any) -> Any:
    """What a JSON file holds; options as of `json.loads`. Raises NotFoundError, InputError with line and column."""
    text = read_text(path, max_bytes)
    try:
        return json.loads(text, **options)
    except json.JSONDecodeError as error:
        at, column, said = error.lineno, error.colno, error.msg
    except RecursionError:
        at, column, said = 1, 1, "nested too deeply"
    except ValueError as error:  # a whole number with more digits than Python reads
        at, column, said = 1, 1, str(error)
    fix = "Save or download the file again."
    raise InputError(Fault(f"not valid JSON: {said}", str(path), at, column, fix=fix, code="json"))


def read_table(path: Path | str, columns: Sequence[Column], *, extra: bool = False, shown_as: str = "") -> pl.DataFrame:
    """Read one CSV file into a frame with exactly the declared columns, in declared order.

    Absent optional columns come back as nulls; `extra=True` keeps undeclared columns as text. Numbers are Float64,
    integers Int64, dates `pl.Date` (a year means its first day; `YYYY-MM` the first of the month).
    Raises InputError with every fault, NotFoundError when the file does not exist.
    """
    import polars as pl

    path = Path(path)
    file = shown_as or str(path)
    text = read_text(path, MAX_TABLE_BYTES)
    header, rows, lines = _rows(text, file)
    faults = _header_faults(header, columns, extra, file)
    if faults:
        raise InputError(faults)
    by_name = {name: i for i, name in enumerate(header)}
    place = _Places(text)
    more = 0
    frame: dict[str, pl.Series] = {}
    for column in columns:
        index = by_name.get(column.name)
        cells: list[str] = [r[index] for r in rows] if index is not None else []
        if index is None:
            frame[column.name] = pl.Series(column.name, [None] * len(rows), dtype=_dtype(column.kind))
            continue
        values, bad = _convert(cells, column)
        told = bad[: MAX_FAULTS - len(faults)]
        more += len(bad) - len(told)
        for i, message, fix in told:
            faults.append(Fault(message, file, *place(lines[i], index), fix=fix, code=f"bad_{column.kind}"))
        if not bad:
            frame[column.name] = pl.Series(column.name, values, dtype=_dtype(column.kind))
    if more:
        last = max(f.line for f in faults)
        faults.append(
            Fault(f"and {more:,} more faults", file, last, 1, fix="Mend the ones above first.", code="more_faults")
        )
    if faults:
        raise InputError(faults)
    if extra:
        for name in header:
            if name not in frame:
                frame[name] = pl.Series(name, [r[by_name[name]] or None for r in rows], dtype=pl.String)
    return pl.DataFrame(frame)


def spreadsheet_csv(frame: pl.DataFrame) -> str:
    """A frame as CSV for spreadsheets: text that a spreadsheet would take for a formula gets an apostrophe in front.

    Numbers stay numbers. Not for files that this program reads back.
    """
    import polars as pl

    text = [c for c, kind in frame.schema.items() if kind == pl.String]
    danger = {c: pl.any_horizontal(pl.col(c).str.starts_with(f) for f in FORMULA_SIGNS) for c in text}
    safe = [pl.when(danger[c]).then(pl.lit("'") + pl.col(c)).otherwise(pl.col(c)).alias(c) for c in text]
    return frame.with_columns(safe).write_csv(line_terminator="\n")


def cell_position(path: Path | str, row: int, column: str) -> tuple[int, int]:
    """Line and column, counted from 1, of the cell in data row `row` (from 0): for faults found after reading."""
    path = Path(path)
    found = path.stat()
    header, lines, place = _laid_out(path, found.st_mtime_ns, found.st_size)
    return place(lines[row], header.index(column) if column in header else 0)


@lru_cache(maxsize=1)
def _laid_out(path: Path, _changed: int, _size: int) -> tuple[list[str], list[int], _Places]:
    """The last file asked about, so that a thousand faults do not read it a thousand times."""
    text = read_text(path, MAX_TABLE_BYTES)
    header, _, lines = _rows(text, str(path))
    return header, lines, _Places(text)


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
                if len(faults) < MAX_FAULTS:
                    faults.append(
                        Fault(
                            f"this row has {len(cells)} cells, the header has {len(header)}",
                            file,
                            line,
                            1,
                            fix="Quote cells that contain commas; write decimals with a point.",
                            code="row_width",
                        )
                    )
                continue
            rows.append(cells)
            lines.append(line)
            if len(rows) > MAX_ROWS:
                fix = "Keep the rows that are needed."
                raise InputError(
                    Fault(f"more than {MAX_ROWS:,} rows; no more are read", file, line, 1, fix=fix, code="too_large")
                )
    except csv.Error as error:
        faults.append(Fault(f"not valid CSV: {error}", file, previous + 1, 1, fix=CSV_FIX, code="csv"))
    if faults:
        raise InputError(faults)
    if header is None:
        raise InputError(
            Fault(
                "the file is empty; a header row is needed",
                file,
                1,
                1,
                fix="Write the names of the columns into the first line.",
                code="empty",
            )
        )
    return header, rows, lines


def _header_faults(header: Sequence[str], columns: Sequence[Column], extra: bool, file: str) -> list[Fault]:
    faults = []
    names = [c.name for c in columns]
    if len(header) == 1 and len(names) > 1 and (sign := next((s for s in ";\t|" if s in header[0]), "")):
        word = {";": "semicolons", "\t": "tabs"}.get(sign, "bars")
        fix = "Save the file with commas between cells, and with points for decimals."
        return [Fault(f"cells are parted by {word}, not by commas", file, 1, 1, fix=fix, code="delimiter")]
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
            bad.append((i, f'"{column.name}": {error}', _how_to_write(cell, column.kind)))
            values.append(None)
            continue
        if isinstance(value, float | int) and not isinstance(value, bool):
            if column.minimum is not None and value < column.minimum:
                bad.append((i, f'"{column.name}" is {cell}; at least {column.minimum:g} is needed', _check(column)))
            if column.maximum is not None and value > column.maximum:
                bad.append((i, f'"{column.name}" is {cell}; at most {column.maximum:g} is possible', _check(column)))
        if column.options and cell not in column.options:
            hint = did_you_mean(cell, column.options) or f"One of: {', '.join(column.options)}."
            bad.append((i, f'"{column.name}" cannot be "{cell}"', hint))
        if pattern and not pattern.fullmatch(cell):
            message = f'"{column.name}" is "{cell}", which does not have the form {column.pattern}'
            bad.append((i, message, _EXAMPLES.get(str(column.pattern), "Write it in that form.")))
        values.append(value)
    return values, bad


_EXAMPLES = {
    r"\d{4}-(0[1-9]|1[0-2])": "Write YYYY-MM, such as 2026-01.",
    r"\*|[A-Z]{2}( [A-Z]{2})*": "Write codes of two capitals with blanks between them, such as JP KR, or * for all.",
}
_ABSENT = ("nan", "na", "n/a", "none", "null", "-", "--", "..", "no", "?")
_GROUPED = re.compile(r"[+-]?[0-9]{1,3}(?:[ .,'\u00a0\u2009\u202f][0-9]{3})*(?:[.,][0-9]+)?")


def _how_to_write(cell: str, kind: Kind) -> str:
    """What would be accepted in place of a cell that is not."""
    if kind == "date":
        return "Write YYYY-MM-DD, such as 2026-01-31."
    if kind == "boolean":
        return "Write true or false."
    if kind == "integer":
        return "Write digits only, such as 27."
    if cell.casefold() in _ABSENT:
        return "Write the number, or take the row out: missing is not zero."
    if "inf" in cell.casefold() or re.fullmatch(r"[+-]?[0-9.]+[eE]\+?[0-9]+", cell):
        return "Write a number that can be; for no limit, see what a blank cell means."
    if cell.endswith("%"):
        return "Leave out the percent sign, and check the unit."
    if _GROUPED.fullmatch(cell):
        return "Write a point for decimals, and nothing between thousands: 1234.5."
    return "Write digits with a decimal point: 27.5."


def _check(column: Column) -> str:
    return f"Check sign and unit ({column.unit})." if column.unit else "Check sign and unit."


def _number(cell: str) -> float:
    if "_" in cell or not cell.isascii():
        raise ValueError(f'"{cell}" is not a number')
    try:
        value = float(cell)
    except ValueError:
        raise ValueError(f'"{cell}" is not a number') from None
    if not math.isfinite(value):
        raise ValueError(f'"{cell}" is not a finite number')
    return value


def _integer(cell: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", cell):
        raise ValueError(f'"{cell}" is not a whole number')
    return int(cell)


def parse_date(cell: str) -> date:
    """`YYYY`, `YYYY-MM` or `YYYY-MM-DD` -> the first day it names. Raises ValueError."""
    match = _DATE.fullmatch(cell)
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


class _Places:
    """Where cells stand in a text of CSV: (line in which the row begins, index of the cell) -> line and column from 1.

    Lines are counted as the reader counts them: they end in LF, CR or CR LF, and in nothing else.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self._starts: list[int] = []

    def __call__(self, line: int, index: int) -> tuple[int, int]:
        """Walk from the start of the row; quoted cells may hold commas and ends of lines."""
        if not self._starts:
            self._starts = [0, *(m.end() for m in _LINE_END.finditer(self.text))]
        text, at = self.text, self._starts[min(line, len(self._starts)) - 1]
        start, seen, quoted, fresh = at, 0, False, True
        while seen < index and at < len(text):
            sign = text[at]
            if sign == '"' and (quoted or fresh):
                quoted = not quoted
            elif sign in "\r\n":
                if not quoted:
                    break
                if text[at : at + 2] == "\r\n":
                    at += 1
                line, start = line + 1, at + 1
            elif sign == "," and not quoted:
                seen += 1
            fresh = sign == "," and not quoted
            at += 1
        return line, at - start + 1


FORMULA_SIGNS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def plain_cell(text: str) -> str:
    """Text that no spreadsheet runs as a formula: an apostrophe is put before a first sign that would start one.

    The signs are those of the OWASP page on CSV injection, full-width forms included. Numbers are not text: leave them alone.
    """
    return f"'{text}" if text.startswith(FORMULA_SIGNS) else text
