"""What do control and voyages hand to the market? (world -> plain tables of bans, caps, deterrents and voyage legs)

Engines never import each other; this is the only place where their tables pass by.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from polynya.control.market_tables import ban_rows, cap_rows, deterrent_rows, effects_from_tables
from polynya.world import World
from polynya.world.capacity import add_months

_TEXT = ("trader", "node", "arc", "first_period", "last_period", "period", "reason", "measure", "source")
_TABLES = ("measures", "licences", "blocs", "nodes", "traders", "supplies", "corridors", "assets", "contracts")


@dataclass(frozen=True)
class Permissions:
    """What the law does to the market. Every row names measure, reason and source."""

    bans: pl.DataFrame
    caps: pl.DataFrame
    deterrents: pl.DataFrame
    passed_over: Mapping[str, str]  # measures that close no flow by themselves, and why


def permissions(world: World, first: date, months: int) -> Permissions:
    """Bans, caps and deterrents of the months, from the measures and licences in force."""
    terminals = world.table("assets").filter(pl.col("kind") == "lng-import").select("id", "node").drop_nulls()
    effects = effects_from_tables(
        {name: list(world.table(name).iter_rows(named=True)) for name in _TABLES},
        [add_months(first, i) for i in range(months)],
        dict(terminals.iter_rows()),
    )
    return Permissions(
        bans=_frame(
            ban_rows(effects), ("trader", "node", "arc", "first_period", "last_period", "reason", "measure", "source")
        ),
        caps=_frame(cap_rows(effects), ("trader", "node", "period", "maximum", "reason", "measure", "source")),
        deterrents=_frame(
            deterrent_rows(effects),
            (
                "trader",
                "node",
                "arc",
                "first_period",
                "last_period",
                "discount_low_share",
                "discount_high_share",
                "capacity_low_share",
                "capacity_high_share",
                "measure",
                "reason",
                "source",
            ),
        ),
        passed_over=effects.passed_over,
    )


def _frame(rows: list[dict[str, Any]], columns: tuple[str, ...]) -> pl.DataFrame:
    schema = {c: pl.String if c in _TEXT else pl.Float64 for c in columns}
    return pl.DataFrame([{c: r[c] for c in columns} for r in rows], schema=schema)


def voyages(world: World, first: date, months: int) -> pl.DataFrame | None:
    """LNG legs of the months; None where the world has no voyage tables."""
    return None
