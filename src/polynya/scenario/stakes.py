"""How does a stake move from one holder to another? (ownership edges + transfer -> edges; shares exact, never floats)"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from polynya.scenario.schema import TransferStake


def transfer(frame: pl.DataFrame, change: TransferStake, day: date, source: str) -> tuple[pl.DataFrame, str, str, str]:
    """Move `share_percent` of each kind of edge. Returns (edges, effect, problem, fix); a problem leaves edges as they were."""
    rows: list[dict[str, Any]] = list(frame.iter_rows(named=True))
    moved: list[str] = []
    share = Decimal(change.share_percent)
    for kind in change.kinds:
        held = next((r for r in rows if _holds(r, change.from_owner, change.owned, kind, day)), None)
        if held is None:
            continue
        had = Decimal(held["share"])
        if share > had:
            return (
                frame,
                "",
                f"{change.from_owner} holds {held['share']} % of {change.owned} ({kind}), not {change.share_percent} %",
                "Move what is held.",
            )
        rows.remove(held)
        rows.append({**held, "valid_to": day - timedelta(days=1)})
        if had > share:
            rows.append(
                {
                    **held,
                    **_named(held, f"{held.get('id')}.after.{change.id}"),
                    "share": _text(had - share),
                    "valid_from": day,
                    "_file": "scenario",
                }
            )
        already = next((r for r in rows if _holds(r, change.to_owner, change.owned, kind, day)), None)
        total = share
        if already is not None:
            rows.remove(already)
            rows.append({**already, "valid_to": day - timedelta(days=1)})
            total += Decimal(already["share"])
        rows.append(
            {
                **held,
                "owner": change.to_owner,
                "share": _text(total),
                "valid_from": day,
                "valid_to": change.to,
                "status": "closed",
                "source": source,
                "locator": f"change {change.id}",
                "_file": "scenario",
                **_named(held, f"{change.to_owner}.{change.owned}.{kind}.{change.id}"),
            }
        )
        moved.append(kind)
    if not moved:
        return (
            frame,
            "",
            f"{change.from_owner} holds nothing of {change.owned} on {day}",
            "See: polynya owners " + change.owned,
        )
    effect = f"{change.share_percent} % of {change.owned} ({', '.join(moved)}) moves from {change.from_owner} to {change.to_owner}"
    return pl.DataFrame(rows, schema=frame.schema), effect, "", ""


def _holds(row: dict[str, Any], owner: str, owned: str, kind: str, day: date) -> bool:
    in_force = (row["valid_from"] is None or row["valid_from"] <= day) and (
        row["valid_to"] is None or day <= row["valid_to"]
    )
    known = row["share"] not in (None, "")
    return (
        known
        and in_force
        and row["owner"] == owner
        and row["owned"] == owned
        and row["kind"] == kind
        and row.get("status") in (None, "closed")
    )


def _named(row: dict[str, Any], identity: str) -> dict[str, str]:
    """The id of a new row, where the table has ids."""
    return {"id": identity} if "id" in row else {}


def _text(share: Decimal) -> str:
    text = format(share, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text
