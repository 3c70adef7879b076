"""What is asked of the market? (a folder of CSV tables <-> `Problem`, a frozen set of checked, expanded frames)

`read_problem` refuses a folder with any fault and names every one with file:line:column. A `Problem` is normalised:
`*` is expanded in keys, optional numbers have their defaults, rows are in canonical order (periods in the order of
their file, everything else by id), so that equal problems give equal bytes. In `bans`, and for a store that is open
to every trader, `*` stays. A null is "no limit", never zero.

Not here: the columns (`schema`), what makes a table wrong (`checks`), the equations (`formulation`).
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

import polars as pl

from polynya.errors import Fault, InputError, NotFoundError, did_you_mean
from polynya.market import checks
from polynya.market.schema import BY_NAME, EVERY, TABLES, Table
from polynya.market.sound import Sound
from polynya.tables import read_table

DTYPES = {"text": pl.String, "number": pl.Float64, "integer": pl.Int64}


@dataclass(frozen=True)
class Problem:
    """One market problem. Every field is a frame with the columns of `schema.BY_NAME[field]`; optional ones may be empty."""

    periods: pl.DataFrame
    nodes: pl.DataFrame
    traders: pl.DataFrame
    conduct: pl.DataFrame
    demand: pl.DataFrame
    production: pl.DataFrame
    arcs: pl.DataFrame
    conversions: pl.DataFrame
    yields: pl.DataFrame
    plants: pl.DataFrame
    storage: pl.DataFrame
    contracts: pl.DataFrame
    fleets: pl.DataFrame
    hubs: pl.DataFrame
    bans: pl.DataFrame
    caps: pl.DataFrame
    investments: pl.DataFrame

    @staticmethod
    def from_tables(tables: Mapping[str, pl.DataFrame], sound: Sound | None = None) -> Problem:
        """Check and normalise frames that never were files.

        Optional tables and columns may be absent; numbers may be of any numeric type. `sound` remembers what passed, for
        problems that are made one after another. Raises InputError with every fault; a fault's line is the row counted
        from 1.
        """
        sound = sound or Sound()
        unknown = [
            Fault(f'unknown table "{name}"', fix=did_you_mean(name, BY_NAME), code="unknown_table")
            for name in tables
            if name not in BY_NAME
        ]
        if unknown:
            raise InputError(unknown)
        raw: dict[str, pl.DataFrame] = {}
        faults: list[Fault] = []
        for table in TABLES:
            if table.name in tables:
                frame, found = sound.once(f"typed {table.name}", tables, _reader(table), keep=lambda read: not read[1])
                raw[table.name] = frame
                faults += found
            elif table.required:
                faults.append(Fault(f'table "{table.name}" is missing', file=table.name, code="missing_table"))
            else:
                raw[table.name] = empty(table.name)
        if faults:
            raise InputError(faults)
        return _finish(raw, lambda table, row, column: (table, row + 1, 0), sound)

    def tables(self) -> dict[str, pl.DataFrame]:
        """Name -> frame, in the order of the format."""
        return {f.name: getattr(self, f.name) for f in fields(self)}


@cache
def empty(name: str) -> pl.DataFrame:
    """A table without rows, with the right columns and types."""
    return pl.DataFrame(schema={c.name: DTYPES[c.kind] for c in BY_NAME[name].columns})


def read_problem(folder: Path | str) -> Problem:
    """Read a problem folder.

    Raises NotFoundError when there is no such folder, InputError with every fault of every file otherwise.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise NotFoundError(f"no such problem folder: {folder}", where=str(folder))
    raw: dict[str, pl.DataFrame] = {}
    faults: list[Fault] = [
        Fault(
            "this is not a table of a problem folder",
            str(path),
            fix=did_you_mean(path.stem, BY_NAME) or f"Known tables: {', '.join(BY_NAME)}.",
            code="unknown_table",
        )
        for path in sorted(folder.glob("*.csv"))
        if path.stem not in BY_NAME
    ]
    for table in TABLES:
        path = folder / f"{table.name}.csv"
        if not os.path.lexists(path):  # a link to nowhere is no missing table
            raw[table.name] = empty(table.name)
            if table.required:
                faults.append(
                    Fault("this table is needed and is not there", str(path), fix="Add it.", code="missing_table")
                )
            continue
        try:
            raw[table.name] = read_table(path, table.columns)
        except InputError as error:
            faults += error.faults
    if faults:
        raise InputError(faults)
    return _finish(raw, checks.Places(folder), Sound())


def write_problem(problem: Problem, folder: Path | str) -> None:
    """Write a problem folder; equal problems give equal bytes. Empty optional tables and all-blank columns are left out."""
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    for name, frame in problem.tables().items():
        table = BY_NAME[name]
        path = folder / f"{name}.csv"
        if frame.is_empty() and not table.required:
            path.unlink(missing_ok=True)
            continue
        keep = [c.name for c in table.columns if c.present or frame[c.name].null_count() < frame.height]
        numbers = [c.name for c in table.columns if c.kind == "number" and c.name in keep]
        shown = frame.select(keep).with_columns(_shortest(frame[c]) for c in numbers)
        path.write_text(shown.write_csv(line_terminator="\n", null_value=""), encoding="utf-8")


def _shortest(numbers: pl.Series) -> pl.Series:
    """Shortest text that reads back as the same number, without a needless `.0`."""
    text = [None if v is None else (str(int(v)) if v == int(v) and abs(v) < 1e15 else repr(v)) for v in numbers]
    return pl.Series(numbers.name, text, dtype=pl.String)


def _reader(table: Table) -> Callable[[checks.Tables], tuple[pl.DataFrame, list[Fault]]]:
    return lambda tables: _typed(table, tables[table.name])


def _typed(table: Table, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Fault]]:
    """Give a caller's frame the declared columns and types; the faults that a file's reader would have found."""
    faults = []
    known = [c.name for c in table.columns]
    for name in frame.columns:
        if name not in known:
            hint = did_you_mean(name, known) or f"Known columns: {', '.join(known)}."
            faults.append(Fault(f'unknown column "{name}"', table.name, fix=hint, code="unknown_column"))
    columns = []
    for column in table.columns:
        if column.name not in frame.columns:
            if column.present:
                faults.append(Fault(f'column "{column.name}" is missing', table.name, code="missing_column"))
            columns.append(pl.Series(column.name, [None] * frame.height, dtype=DTYPES[column.kind]))
            continue
        try:
            series = frame[column.name].cast(DTYPES[column.kind])
        except pl.exceptions.PolarsError as error:
            faults.append(Fault(f'"{column.name}" is not a {column.kind}: {error}', table.name, code="bad_type"))
            continue
        if column.kind == "text":
            series = series.replace("", None) if (series == "").any() else series
        wrong = _value_faults(series, table.name, column.name, column.minimum, column.maximum, column.nullable)
        if column.options:
            for i, value in enumerate(series):
                if value is not None and value not in column.options:
                    wrong.append(
                        Fault(
                            f'"{column.name}" cannot be "{value}"',
                            table.name,
                            i + 1,
                            fix=did_you_mean(value, column.options),
                        )
                    )
        faults += wrong
        columns.append(series)
    return (pl.DataFrame(columns) if not faults else frame), faults


def _value_faults(
    series: pl.Series, table: str, column: str, low: float | None, high: float | None, nullable: bool
) -> list[Fault]:
    faults = []
    if not nullable:
        for i in series.is_null().arg_true():
            faults.append(Fault(f'"{column}" is blank', table, int(i) + 1, fix="Fill it in; missing is not zero."))
    if series.dtype == pl.Float64:
        for i in series.is_finite().not_().fill_null(False).arg_true():
            faults.append(Fault(f'"{column}" is not a finite number', table, int(i) + 1))
        if low is not None:
            for i in (series < low).fill_null(False).arg_true():
                faults.append(Fault(f'"{column}" is {series[int(i)]:g}; at least {low:g} is needed', table, int(i) + 1))
        if high is not None:
            for i in (series > high).fill_null(False).arg_true():
                faults.append(
                    Fault(f'"{column}" is {series[int(i)]:g}; at most {high:g} is possible', table, int(i) + 1)
                )
    return faults


def _finish(raw: dict[str, pl.DataFrame], where: checks.Locate, sound: Sound) -> Problem:
    """Check what the columns alone cannot tell, then normalise."""
    words = {table.name: sound.words(table, raw[table.name]) for table in TABLES}
    faults = checks.table_faults(raw, words, where, sound)
    if faults:
        raise InputError(faults)
    problem = Problem(**{table.name: _normalised(table, raw, words, sound) for table in TABLES})
    clash = sound.once("clash", raw, checks.may_clash)
    faults = checks.meaning_faults(problem, raw, where) if clash else []
    if faults:
        raise InputError(faults)
    return problem


def _normalised(table: Table, raw: checks.Tables, words: checks.Tables, sound: Sound) -> pl.DataFrame:
    """Words tell which rows there are and in which order; numbers follow."""
    numbers = [c.name for c in table.columns if c.kind != "text"]

    def in_order(tables: checks.Tables) -> pl.DataFrame:
        frame = tables[table.name]
        return _ordered(table, frame.with_row_index("_row") if numbers else frame, tables)

    def beside(tables: checks.Tables) -> pl.DataFrame:
        order, rows = tables["order"], tables["rows"]
        found = rows.select(numbers)[order["_row"]]
        found = found.with_columns(pl.col(n).fill_null(v) for n, v in table.defaults.items() if n in numbers)
        return order.hstack(found).select(c.name for c in table.columns)

    order = sound.once(f"order of {table.name}", words, in_order)
    if not numbers:
        return order
    return sound.once(f"rows of {table.name}", {"order": order, "rows": raw[table.name]}, beside)


def _ordered(table: Table, frame: pl.DataFrame, words: checks.Tables) -> pl.DataFrame:
    """Every row with `*` written out, in canonical order; defaults of words filled in."""
    given = {n: v for n, v in table.defaults.items() if n in frame.columns}
    frame = frame.with_columns(pl.col(name).fill_null(value) for name, value in given.items())
    if table.name == "periods":
        return frame
    for column in ("first_period", "last_period"):
        if column in frame.columns:
            end = words["periods"]["period"][0 if column == "first_period" else -1]
            frame = frame.with_columns(pl.col(column).fill_null(EVERY).replace(EVERY, end))
    if table.expands:
        frame = expand(table, frame, words)
    if table.name in ("bans",):
        return frame.unique().sort(frame.columns, nulls_last=False)
    order = words["periods"]["period"].to_list()
    keys = [pl.col(k).replace_strict(order, list(range(len(order)))) if k == "period" else pl.col(k) for k in table.key]
    return frame.sort(keys)


def expand(table: Table, frame: pl.DataFrame, raw: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """Replace `*` in key columns by every id. A row that names an id wins over one that says `*`; among rows with as
    many `*`, the one whose earlier key column names an id wins. Extra columns (a row index) are carried along."""
    columns = frame.columns
    rank = pl.lit(0)
    for i, name in enumerate(table.expands):
        rank = rank + (pl.col(name) == EVERY).cast(pl.Int32) * (10 ** (len(table.expands) - i) + 100_000)
    frame = frame.with_columns(rank.alias("_rank"))
    for name in table.expands:
        wild = frame.filter(pl.col(name) == EVERY)
        if wild.is_empty():
            continue
        ids = raw[f"{name}s"].select(pl.col(name).cast(pl.String))
        frame = pl.concat(
            [frame.filter(pl.col(name) != EVERY), wild.drop(name).join(ids, how="cross").select(frame.columns)]
        )
    frame = frame.sort("_rank", maintain_order=True).unique(subset=list(table.key), keep="first", maintain_order=True)
    return frame.select(columns)
