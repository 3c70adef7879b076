"""How do a user's ownership graph and list come in? (CSV files -> edges, listings; every fault with its place)

`edges.csv`: owner, owned, share [percent, exact text], and if wanted share_max, kind, valid_from, valid_to, imputed. A blank
share is unknown, not zero and not 100; with a share_max it lies between 0 and that. `listed.csv`: id, and if wanted
programme, valid_from. Two rows that are the same in every column are refused: whether they are two parcels or one
holding written twice, nobody can tell.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from polynya.control.graph import KINDS, Edge
from polynya.control.screen import Listing
from polynya.control.shares import WHOLE, format_share, parse_share
from polynya.errors import Fault, InputError
from polynya.tables import Column, cell_position, read_table

if TYPE_CHECKING:
    import polars as pl

EDGE_COLUMNS = (
    Column("owner", nullable=False),
    Column("owned", nullable=False),
    Column("share"),
    Column("share_max", present=False),
    Column("kind", present=False, options=KINDS),
    Column("valid_from", "date", present=False),
    Column("valid_to", "date", present=False),
    Column("imputed", "boolean", present=False),
)
LISTED_COLUMNS = (
    Column("id", nullable=False),
    Column("programme", present=False),
    Column("valid_from", "date", present=False),
)


def read_edges(path: Path) -> list[Edge]:
    """Read a graph. Raises InputError with every fault (file:line:column), NotFoundError."""
    frame = read_table(path, EDGE_COLUMNS)
    faults: list[Fault] = []
    edges: list[Edge] = []
    seen: dict[tuple[object, ...], int] = {}
    for i, row in enumerate(frame.iter_rows(named=True)):
        key = tuple(row.values())
        if key in seen:
            first, _ = cell_position(path, seen[key], "owner")
            faults.append(
                _fault(
                    path,
                    i,
                    "owner",
                    f"this row repeats line {first}",
                    "Remove it, or write the sum of both parcels in one row.",
                    "duplicate_row",
                )
            )
            continue
        seen[key] = i
        low, high = share_range(path, i, row["share"], row["share_max"], faults)
        if row["valid_from"] and row["valid_to"] and row["valid_to"] < row["valid_from"]:
            faults.append(
                _fault(path, i, "valid_to", "the holding ends before it begins", "Swap the dates.", "bad_dates")
            )
        edges.append(
            Edge(
                row["owner"],
                row["owned"],
                low,
                high,
                row["kind"] or "title",
                row["valid_from"],
                row["valid_to"],
                source=path.name,
                locator=f"data row {i + 1}",
                imputed=bool(row["imputed"]),
            )
        )
    if faults:
        raise InputError(faults)
    return edges


def write_edges(edges: Iterable[Edge]) -> str:
    """Edges as the text of an edges.csv that `read_edges` reads back."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([c.name for c in EDGE_COLUMNS])
    for e in edges:
        writer.writerow(
            [
                e.owner,
                e.owned,
                "" if e.unknown else format_share(e.share_min),
                "" if e.exact or e.unknown else format_share(e.share_max),
                e.kind,
                e.valid_from or "",
                e.valid_to or "",
                "true" if e.imputed else "",
            ]
        )
    return out.getvalue()


def read_listed(path: Path) -> list[Listing]:
    """Read a list of listed persons. Raises InputError with every fault, NotFoundError."""
    frame: pl.DataFrame = read_table(path, LISTED_COLUMNS)
    return [
        Listing(r["id"], r["programme"] or "", r["valid_from"], source=path.name, locator=f"data row {i + 1}")
        for i, r in enumerate(frame.iter_rows(named=True))
    ]


def share_range(path: Path, i: int, share: str | None, most: str | None, faults: list[Fault]) -> tuple[int, int]:
    """The two ends of a share [1e-14 percent]; faults are appended with their place."""
    ends: list[int | None] = []
    for column, cell in (("share", share), ("share_max", most)):
        try:
            ends.append(None if cell is None else parse_share(cell))
        except ValueError as error:
            faults.append(
                _fault(path, i, column, str(error), "Write percent as plain text, for example 33.3333.", "bad_share")
            )
            ends.append(None)
    low, high = ends
    if low is not None and high is not None and high < low:
        faults.append(_fault(path, i, "share_max", f"share_max {most} is below share {share}", "", "bad_range"))
        return low, low
    if low is None:
        return 0, WHOLE if high is None else high
    return low, low if high is None else high


def _fault(path: Path, row: int, column: str, message: str, fix: str, code: str) -> Fault:
    line, at = cell_position(path, row, column)
    return Fault(message, str(path), line, at, fix=fix, code=code)
