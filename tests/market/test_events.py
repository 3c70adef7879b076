"""The two cuts of docs/validation/events.md: the page has its tables, and the first cut does what any cut must do."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from polynya import handover
from polynya.world import load_world

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tool() -> ModuleType:
    spec = importlib.util.spec_from_file_location("validate_events", ROOT / "tools" / "validate_events.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["validate_events"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


def test_the_page_has_both_blocks_filled_and_a_rewrite_keeps_the_words(tool: ModuleType) -> None:
    page = tool.PAGE.read_text(encoding="utf-8")
    for event in tool.EVENTS:
        block = page.split(f"<!-- {event.id} -->")[1].split(f"<!-- end {event.id} -->")[0]
        assert block.count("certified (solver") == 2
        emptied = tool.rewrite(page, event.id, [])
        assert tool.rewrite(emptied, event.id, [*block.strip("\n").split("\n"), ""]) == page


def test_the_end_of_transit_stops_the_flow_raises_prices_and_is_made_up_elsewhere(tool: ModuleType) -> None:
    """Less supply to a connected market: every price up, LNG and stores up, use down; and the sums agree."""
    [event] = [e for e in tool.EVENTS if e.id == "ukraine"]
    world = load_world()
    shared = event.prepare(world)
    sea = handover.voyages(shared, event.first, event.months)
    cut, _ = tool.solved(shared, event, "cut", sea, ["auto"])
    uncut, _ = tool.solved(event.undo(shared), event, "uncut", sea, ["auto"])
    after = ["2025-01", "2025-02", "2025-03"]
    carried = [
        c.flows().filter((pl.col("arc") == "brotherhood") & pl.col("period").is_in(after))["quantity"].sum()
        for c in (uncut, cut)
    ]
    assert carried[0] == pytest.approx(90 * tool.SUDZHA_BCM_PER_YEAR / 365, rel=1e-6)  # full at what was nominated
    assert carried[1] == 0.0
    for node in ("SK", "AT", "HU", "DE", "NL"):
        a, b = (
            c.prices().filter((pl.col("node") == node) & (pl.col("period") == "2025-02"))["price"][0]
            for c in (uncut, cut)
        )
        assert b > a, node
    before, since = (tool.balance(c, world, after) for c in (uncut, cut))
    assert since["LNG landed"] > before["LNG landed"]
    assert since["consumption"] < before["consumption"]
    for node in event.nodes:  # what comes in, less what goes out, is used
        supply = tool.supply_of(cut, node, after)
        assert sum(v for k, v in supply.items() if k != "consumption") == pytest.approx(
            supply["consumption"], abs=0.03
        )  # flows below 0.005 are left out
