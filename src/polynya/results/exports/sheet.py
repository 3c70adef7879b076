"""How is a table written so that every reader sees the same? (frame -> CSV text)

UTF-8, LF, a header row; numbers in the shortest form that reads back the same; blank means missing; text that a
spreadsheet would run as a formula gets an apostrophe before it (`tables.plain_cell`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from polynya.market.seasons import first_day
from polynya.results.folder import Run
from polynya.tables import plain_cell


def csv_text(frame: pl.DataFrame) -> str:
    """A frame as CSV. Column names are guarded like text: in wide tables they are names too."""
    guarded = frame.with_columns(
        pl.col(name).map_elements(plain_cell, return_dtype=pl.String)
        for name, kind in frame.schema.items()
        if kind == pl.String
    )
    guarded = guarded.rename({n: plain_cell(n) for n in guarded.columns if plain_cell(n) != n})
    return guarded.write_csv(line_terminator="\n", null_value="")


def csv_rows(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as CSV; the columns say the order, a row may lack some."""
    data = {c: [r.get(c) for r in rows] for c in columns}
    return csv_text(pl.DataFrame(data, strict=False))


def wide(
    frame: pl.DataFrame, item: str, value: str, periods: Sequence[str], stamps: Sequence[str], index: str
) -> pl.DataFrame:
    """item, period, value -> one row a period (named by its stamp) and one column an item, in order of the names; absent is 0."""
    names = sorted(frame[item].unique().to_list())
    known = {(i, p): v for i, p, v in frame.select(item, "period", value).iter_rows()}
    data: dict[str, Any] = {index: list(stamps)}
    for name in names:
        data[name] = [float(known.get((name, p)) or 0.0) for p in periods]
    return pl.DataFrame(data)


def month_start(period: str) -> str:
    """`2026-01` -> `2026-01-01`; a season is stamped at its first day too."""
    return first_day(period).isoformat()


def lengths(run: Run, periods: Sequence[str]) -> list[int]:
    """Months of each period: 1, or those of a season."""
    if "periods" not in run.tables():
        return [1] * len(periods)
    known = dict(run.table("periods").select("period", "months").iter_rows())
    return [int(known[p]) for p in periods]
