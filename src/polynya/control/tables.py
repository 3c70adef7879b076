"""How do the registry's tables become edges, rules, listings, measures and licences? (rows -> objects)

Rows are mappings (for example of a polars frame), so that a scenario may patch them before. Raises InputError that
names the row when a share cannot be read.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from polynya.control.graph import Edge
from polynya.control.measures import Licence, Measure
from polynya.control.rules import Rule
from polynya.control.screen import Listing
from polynya.control.shares import WHOLE, parse_share
from polynya.control.transfer_rights import TransferRight
from polynya.errors import Fault, InputError

Row = Mapping[str, Any]


def edges_from_rows(rows: Iterable[Row]) -> list[Edge]:
    """ownership.csv -> edges."""
    edges, faults = [], []
    for row in rows:
        try:
            low = None if row["share"] is None else parse_share(row["share"])
            high = None if row["share_max"] is None else parse_share(row["share_max"])
            if low is not None and high is not None and high < low:
                raise ValueError(f"share_max {row['share_max']} is below share {row['share']}")
        except ValueError as error:
            faults.append(Fault(f"holding {row['id']}: {error}", str(row.get("_file") or "ownership.csv")))
            continue
        edges.append(
            Edge(
                row["owner"],
                row["owned"],
                low if low is not None else 0,
                high if high is not None else low if low is not None else WHOLE,
                row["kind"],
                row["valid_from"],
                row["valid_to"],
                row["status"],
                row["source"],
                row["locator"],
                row["note"] or "",
                bool(row["imputed"]),
                row["id"],
            )
        )
    if faults:
        raise InputError(faults)
    return edges


def rules_from_rows(rows: Iterable[Row]) -> list[Rule]:
    """rules.csv -> rules."""
    return [
        Rule(
            r["regime"],
            r["valid_from"],
            r["valid_to"],
            parse_share(r["threshold_percent"]),
            r["strict"],
            r["aggregated"],
            r["control"],
            r["rebuttable"],
            r["state"],
            r["statement"],
            r["source"],
            r["locator"],
            r["note"] or "",
        )
        for r in rows
    ]


def listings_from_rows(rows: Iterable[Row]) -> list[Listing]:
    """designations.csv -> listings."""
    return [
        Listing(
            r["entity"],
            r["programme"],
            r["valid_from"],
            r["valid_to"],
            r["regime"],
            r["measure"] or "",
            r["source"],
            r["locator"],
            r["id"],
        )
        for r in rows
    ]


def measures_from_rows(rows: Iterable[Row]) -> list[Measure]:
    """measures.csv -> measures."""
    return [
        Measure(
            r["id"],
            r["jurisdiction"],
            r["act"],
            r["article"] or "",
            r["addressee"],
            r["object"],
            tuple((r["targets"] or "").split()),
            r["effect"],
            r["mode"],
            tuple(r["commodity"].split()),
            r["contract"],
            _range(r["discount_low_share"], r["discount_high_share"]),
            _range(r["capacity_low_share"], r["capacity_high_share"]),
            r["valid_from"],
            r["valid_to"],
            r["end_known"],
            r["rests_on"] or "",
            r["exceptions"] or "",
            r["kind"],
            r["source"],
            r["locator"],
            r["note"] or "",
        )
        for r in rows
    ]


def licences_from_rows(rows: Iterable[Row]) -> list[Licence]:
    """licences.csv -> licences."""
    return [
        Licence(
            r["id"],
            r["jurisdiction"] or "",
            r["regime"] or "",
            r["name"],
            tuple(r["targets"].split()),
            r["what"] or "",
            tuple(r["measures"].split()),
            r["valid_from"],
            r["valid_to"],
            r["end_known"] or "fixed",
            bool(r["partial"]),
            r["conditions"] or "",
            r["source"],
            r["locator"],
            r["note"] or "",
        )
        for r in rows
    ]


def transfer_rights_from_rows(rows: Iterable[Row]) -> list[TransferRight]:
    """transfer_rights.csv -> rights in the way of a transfer."""
    return [
        TransferRight(
            r["id"],
            r["owned"],
            tuple(r["holders"].split()),
            r["right"],
            r["terms"],
            r["valid_from"],
            r["valid_to"],
            r["source"],
            r["locator"],
            r["note"] or "",
        )
        for r in rows
    ]


def _range(low: float | None, high: float | None) -> tuple[float, float] | None:
    return None if low is None or high is None else (low, high)
