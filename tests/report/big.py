"""A run of 3,000 flows, larger than any of ours, on which the page must stay fluid."""

from __future__ import annotations

import csv
import math
from typing import Any

import polars as pl

from polynya.world.load import REFERENCE
from tests.report import made

LINES = 3000
MONTHS = [f"{2025 + m // 12}-{m % 12 + 1:02d}" for m in range(24)]


def big_tables() -> dict[str, pl.DataFrame]:
    """3,000 flows between the reference nodes over 24 months, with a wave so that every month differs."""
    with (REFERENCE / "nodes.csv").open(encoding="utf-8") as file:
        nodes = list(csv.DictReader(file))
    pairs = [(a["id"], b["id"]) for a in nodes for b in nodes if a is not b][:: len(nodes) * len(nodes) // LINES][
        :LINES
    ]
    flows: dict[str, list[Any]] = {
        k: [] for k in ("arc", "from", "to", "kind", "period", "quantity_baseline", "quantity_scenario")
    }
    for i, (a, b) in enumerate(pairs):
        for m, month in enumerate(MONTHS):
            size = 0.2 + 1.5 * (i % 7) * (1.0 + math.sin(0.5 * m + i))
            ends = (a, b) if i % 2 else (f"{a}@FOB", f"{b}@DES")
            row = (
                f"{'pipe' if i % 2 else 'ship'}-{a}-{b}",
                *ends,
                "pipeline" if i % 2 else "ship",
                month,
                size,
                size * (1.3 if i % 3 else 0.6),
            )
            for k, v in zip(flows, row, strict=True):
                flows[k].append(v)
    ids = [n["id"] for n in nodes]
    grid = {"node": [i for i in ids for _ in MONTHS], "period": MONTHS * len(ids)}
    count = len(ids) * len(MONTHS)
    tables = made.tables()
    tables["nodes"] = pl.DataFrame(
        {k: [n[k] for n in nodes] for k in ("id", "name", "region", "country")}
    ).with_columns(
        pl.Series("lat", [float(n["lat"]) for n in nodes]), pl.Series("lon", [float(n["lon"]) for n in nodes])
    )
    tables["flows"] = pl.DataFrame(flows)
    tables["prices"] = pl.DataFrame(
        {**grid, "price_baseline": [8.0] * count, "price_scenario": [7.5] * count, "determined": [True] * count}
    )
    tables["consumption"] = pl.DataFrame(
        {**grid, "quantity_baseline": [1.0] * count, "quantity_scenario": [1.1] * count}
    )
    tables["supply"] = pl.DataFrame(
        {
            "supplier": ["RU", "US", "NO"],
            "node": ["DE", "FR", "GB"],
            "bcm_baseline": [5.0, 6.0, 7.0],
            "bcm_scenario": [9.0, 4.0, 7.5],
        }
    )
    ships = [a for a in dict.fromkeys(flows["arc"]) if a.startswith("ship-")]
    tables["legs"] = pl.DataFrame(
        {
            "arc": [a for a in ships for _ in MONTHS],
            "period": MONTHS * len(ships),
            "via": [("nsr", "suez", "cape")[i % 3] for i in range(len(ships)) for _ in MONTHS],
        }
    )
    return tables
