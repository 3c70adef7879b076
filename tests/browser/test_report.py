"""The report in Debian's Chromium, offline: every interaction, with errors of the page as failures."""

from __future__ import annotations

import csv
import math
from typing import Any

import polars as pl
import pytest

from polynya.report.html import page
from polynya.world.load import REFERENCE
from tests.browser.drive import checks_of, drive, needs_browser, shots
from tests.report import made

LINES = 3000
MONTHS = [f"{2025 + m // 12}-{m % 12 + 1:02d}" for m in range(24)]
CHECKS = checks_of("report.mjs")
pytestmark = needs_browser


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


@pytest.fixture(scope="session")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("browser")
    (folder / "big.html").write_text(page(big_tables(), made.summary(), made.labels()), encoding="utf-8")
    evil = made.FORMULA + made.EVIL
    (folder / "evil.html").write_text(page(made.tables(evil), made.summary(evil), made.labels(evil)), encoding="utf-8")
    lean = made.tables()
    for name in ("production", "legs", "findings", "ownership", "standing"):
        del lean[name]
    (folder / "lean.html").write_text(page(lean, made.summary(), made.labels()), encoding="utf-8")
    files = (str(folder / f"{name}.html") for name in ("big", "evil", "lean"))
    return drive("report.mjs", *files, str(shots(folder)))


@pytest.mark.parametrize("name", CHECKS)
def test_interaction(found: dict[str, Any], name: str) -> None:
    assert found["checks"][name] == "ok"


def test_no_errors_no_warnings_no_requests(found: dict[str, Any]) -> None:
    assert found["faults"] == []


def test_every_check_ran(found: dict[str, Any]) -> None:
    assert set(found["checks"]) == set(CHECKS)
    assert len(CHECKS) >= 20


def test_three_thousand_flows_stay_fluid(found: dict[str, Any]) -> None:
    measured = found["measured"]
    assert measured["month_step_median_ms"] < 50
    assert measured["first_view_ms"] < 2000
