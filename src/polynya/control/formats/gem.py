"""Global Energy Monitor's ownership tracker: the columns of its entity ownership sheet, saved as CSV <-> edges.

Subject Entity ID and Name are what is held, Interested Party ID and Name the holder; `% Share of Ownership` may be
blank (unknown), and `Share Imputed?` says that the tracker worked it out: such shares stay marked. Extra columns of
the workbook are ignored. The tracker is CC BY 4.0: cite it.
"""

from __future__ import annotations

import csv
import io
from pathlib import Path

from polynya.control.formats.exchange import Exchange
from polynya.control.graph import Edge
from polynya.control.shares import WHOLE, format_share, parse_share
from polynya.errors import Fault, InputError
from polynya.tables import Column, cell_position, read_table

COLUMNS = (
    Column("Subject Entity ID", nullable=False),
    Column("Subject Entity Name"),
    Column("Interested Party ID", nullable=False),
    Column("Interested Party Name"),
    Column("% Share of Ownership"),
    Column("Share Imputed?", present=False),
    Column("Data Source URL", present=False),
)
IMPUTED = "imputed value"


def read_gem(path: Path) -> Exchange:
    """Read the sheet. Raises InputError with file:line:column for unreadable shares and repeated rows."""
    frame = read_table(path, COLUMNS, extra=True)
    faults: list[Fault] = []
    names: dict[str, str] = {}
    edges: list[Edge] = []
    seen: dict[tuple[str, str], int] = {}
    for i, r in enumerate(frame.iter_rows(named=True)):
        owned, owner = r["Subject Entity ID"], r["Interested Party ID"]
        names.setdefault(owned, r["Subject Entity Name"] or owned)
        names.setdefault(owner, r["Interested Party Name"] or owner)
        text = r["% Share of Ownership"]
        try:
            low = None if text is None else parse_share(text.removesuffix("%").strip())
        except ValueError as error:
            line, at = cell_position(path, i, "% Share of Ownership")
            faults.append(
                Fault(
                    str(error),
                    str(path),
                    line,
                    at,
                    fix="Percent as in 33.3333, or blank for unknown.",
                    code="bad_share",
                )
            )
            continue
        if (owner, owned) in seen:
            line, at = cell_position(path, i, "Subject Entity ID")
            faults.append(
                Fault(f"{owner} holds {owned} in two rows", str(path), line, at, fix="Keep one.", code="duplicate_row")
            )
            continue
        seen[owner, owned] = i
        imputed = (r["Share Imputed?"] or "").strip().casefold() == IMPUTED
        edges.append(
            Edge(
                owner,
                owned,
                0 if low is None else low,
                WHOLE if low is None else low,
                source="gem-ownership-tracker",
                locator=r["Data Source URL"] or f"data row {i + 1}",
                imputed=imputed,
            )
        )
    if faults:
        raise InputError(faults)
    return Exchange(tuple(edges), names, dict.fromkeys(names, "company"))


def write_gem(exchange: Exchange) -> str:
    """The sheet as CSV; one row a title holding. Ranges have no column there: they are left blank, as unknown."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow([c.name for c in COLUMNS])
    for e in sorted(exchange.edges, key=lambda e: (e.owned, e.owner, e.id)):
        if e.kind != "title" or e.status != "closed":
            continue
        writer.writerow(
            [
                e.owned,
                exchange.names.get(e.owned, e.owned),
                e.owner,
                exchange.names.get(e.owner, e.owner),
                format_share(e.share_min) if e.exact else "",
                IMPUTED if e.imputed else "",
                e.locator,
            ]
        )
    return out.getvalue()
