"""What does one hand to a colleague who asks about a strait or canal? (World + id -> the same document as a page)

A passage is a gate line of the sea network with dated facts; what it costs a voyage is `polynya voyage`'s to say.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from polynya.world.map import Chart, Place
from polynya.world.related import plain
from polynya.world.world import World

PASSAGES, FACTS = "voyages_passages", "voyages_passage_facts"
COMMON = re.compile(r"\b(strait of|strait|canal|north of)\b|\(.*\)", re.IGNORECASE)


def find_passage(world: World, word: str) -> str | None:
    """The id of the passage of that id or name, whatever the case; None if there is none."""
    if PASSAGES not in world.tables:
        return None
    folded = word.casefold()
    hits = {r["id"] for r in world.table(PASSAGES).iter_rows(named=True) if folded in (r["id"], r["name"].casefold())}
    return str(hits.pop()) if len(hits) == 1 else None


def passage_parts(world: World, identity: str, day: date) -> tuple[dict[str, Any], list[dict[str, Any]], Chart]:
    """Identity row, values in the form of a page's, and where it lies."""
    row = world.table(PASSAGES).filter(pl.col("id") == identity).row(0, named=True)
    facts = world.table(FACTS).filter(pl.col("passage") == identity) if FACTS in world.tables else pl.DataFrame()
    values = []
    for name in sorted(set(facts["fact"])) if facts.height else ():
        every = [
            _fact(f)
            for f in facts.filter(pl.col("fact") == name).sort("valid_from", nulls_last=False).iter_rows(named=True)
        ]
        live = [f for f in every if (f["valid_from"] or "") <= day.isoformat() <= (f["valid_to"] or "9999-12-31")]
        values.append(
            {
                "attribute": name,
                "unit": every[0]["unit"] or "1",
                "value": live[-1]["value"] if live else None,
                "rests_on": live[-1:],
                "passed_over": [],
                "timeline": every,
            }
        )
    ends = [tuple(float(v) for v in p.split()) for p in str(row["gate"]).split(";")]
    places = [Place(identity, row["name"], sum(p[0] for p in ends) / len(ends), _middle_lon(ends), "self")]
    return {k: plain(v) for k, v in row.items() if not k.startswith("_")}, values, Chart(identity, tuple(places), ())


def told_of(world: World, identity: str) -> pl.Expr:
    """Which events name the passage in their words: it is no registered subject, so none can be filed under it."""
    name = str(world.table(PASSAGES).filter(pl.col("id") == identity)["name"].item())
    proper = " ".join(COMMON.sub(" ", name).split())
    return pl.col("what").str.contains(rf"\b{re.escape(proper)}\b")


def _middle_lon(ends: list[tuple[float, ...]]) -> float:
    """Half-way in longitude, across the date line where that is shorter. [degrees]"""
    first = ends[0][1]
    turned = [((p[1] - first + 180.0) % 360.0) - 180.0 for p in ends]
    return (first + sum(turned) / len(turned) + 180.0) % 360.0 - 180.0


def _fact(row: Mapping[str, Any]) -> dict[str, Any]:
    shown = {k: plain(row[k]) for k in ("value", "unit", "valid_from", "valid_to", "kind", "source", "locator")}
    key = f"{row['passage']}|{row['fact']}|{plain(row['valid_from']) or ''}|{row['source']}|{row['value']:g}"
    return {"key": key, **shown, "original_value": "", "note": ""}
