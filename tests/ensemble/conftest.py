"""A world of two nodes that is solved by hand (see tests/results/test_run.py), with doubts added to its scenario."""

from __future__ import annotations

from pathlib import Path

import pytest

from polynya.world.load import REFERENCE
from tests.results.test_run import FILES

HEAD = """schema: polynya.scenario/1
id: doubt
title: The line may open
as_of: 2021-01-01
horizon: {from: 2021-01, months: 2}
assumptions:
  - {id: a1, text: taken as given}
"""
CONDITIONS = """conditions:
  - {id: peace, text: peace, because: [a1], assume: met, on: 2021-01-01, likelihood: {low: 0.4, high: 0.6}}
  - {id: buyer, text: a buyer, because: [a1], requires: [peace], assume: met, on: 2021-01-01, likelihood: {low: 0.8, high: 0.8}}
"""
OPEN = "  - {id: open, type: open_gate, gates: [g1], when: [buyer], because: [a1]}\n"
COLD = "  - {id: cold, type: shift_demand, nodes: [BB], factor: 1.1, from: 2021-01-01, because: [a1], likelihood: {low: 0.5, high: 0.5}}\n"
RANGE = "  - {id: cold, type: shift_demand, nodes: [BB], factor: 1.1, from: 2021-01-01, because: [a1], range: {low: 0.9, high: 1.3}}\n"
COINS = HEAD + CONDITIONS + "changes:\n" + OPEN + COLD
MIXED = HEAD + CONDITIONS + "changes:\n" + OPEN + RANGE


def make_world(folder: Path) -> Path:
    (folder / "facts").mkdir(parents=True)
    for name in ("datapackage.yaml", "attributes.csv"):
        (folder / name).write_bytes((REFERENCE / name).read_bytes())
    for name, text in FILES.items():
        (folder / name).write_text(text)
    (folder / "coins.yaml").write_text(COINS)
    (folder / "mixed.yaml").write_text(MIXED)
    return folder


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("small") / "world")
