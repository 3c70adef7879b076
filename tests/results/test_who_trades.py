"""Does anybody trade who would not, or through a line that is not open to them? (a winter quarter of the real world)"""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from polynya import handover
from polynya.market.answer import Solution
from polynya.market.solve import solve
from polynya.world import load_world
from polynya.world.anchor import Anchor
from polynya.world.calibrated import layers

FIRST = date(2026, 1, 1)


@pytest.fixture(scope="module")
def winter() -> Solution:
    world = load_world(None, layers(None, (), uncalibrated=False))
    return solve(handover.pose(world, FIRST, 3, sea=handover.voyages(world, FIRST, 3), anchor=Anchor()).problem)


@pytest.mark.parametrize(
    "node",
    [
        "UA",  # resolution 426 of 2022-04-09: no import from Russia
        "GB",  # no seller since the London trading house came under trusteeship
        "PL",  # stopped on 2022-04-27
        "MD",  # stopped on 2025-01-01
    ],
)
def test_gazprom_sells_nothing_where_its_sales_have_ended(winter: Solution, node: str) -> None:
    sold = winter.sales.filter((pl.col("trader") == "gazprom") & (pl.col("node") == node))["quantity"].sum()
    assert sold == pytest.approx(0.0, abs=1e-7)


@pytest.mark.parametrize("arc", ["scp-ge-tr", "tanap-ge-tr", "tap-tr-gr"])
def test_only_the_gas_of_shah_deniz_passes_the_southern_corridor(winter: Solution, arc: str) -> None:
    """Without this, a stop of TurkStream sends Russian gas through Georgia into the Trans-Anatolian pipeline."""
    flows = winter.flows.filter((pl.col("arc") == arc) & (pl.col("quantity") > 1e-7))
    assert set(flows["trader"]) == {"socar"}
