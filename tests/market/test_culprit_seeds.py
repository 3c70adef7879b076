"""Planted contradictions are all named (the benchmark's, a few by default, two hundred when slow tests run)."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))
import market_culprit as planted


@pytest.mark.parametrize("count", [21, pytest.param(210, marks=pytest.mark.slow)])
def test_every_planted_contradiction_is_named(count):
    """Seven kinds in turn, 20 nodes x 6 months: demand, contracts, bans, stores, and pairs that only conflict together."""
    seconds, missed = planted.measure(count, nodes=20, months=6)
    assert sum(len(times) for times in seconds.values()) == count
    assert not missed, missed[:3]
