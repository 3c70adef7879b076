"""A lifted deterrent that moves nothing says where its effect on a plant stands."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace

import polars as pl
import pytest

from polynya.results.silent import _law
from polynya.scenario import apply, load_scenario
from polynya.world import load_world

FILE = """schema: polynya.scenario/1
id: freed
title: The US delists Arctic LNG 2
as_of: 2025-11-01
horizon: {from: 2026-06, months: 1}
assumptions: [{id: a1, text: taken as given}]
changes:
  - {id: delist, type: lift_measure, measures: [us-eo-14024-arctic-lng-2], from: 2026-06-01, because: [a1]}
  - {id: ship, type: lift_measure, measures: [eu-833-2014-3s-arc7], targets: [christophe-de-margerie], from: 2026-06-01, because: [a1]}
"""


@pytest.mark.parametrize("sailing", [False, True])
def test_a_law_that_moves_nothing_says_why(tmp_path: Path, sailing: bool) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(FILE)
    world = load_world()
    fleets = [pl.DataFrame({"fleet": ["arc7-yamal"], "ship_days": [d]}) for d in (400.0, 380.0 if sailing else 400.0)]
    cases = {
        n: SimpleNamespace(problem=SimpleNamespace(fleets=f))
        for n, f in zip(("baseline", "scenario"), fleets, strict=True)
    }
    asked = SimpleNamespace(
        base=world, applied=apply(load_scenario(path, world), world), cases=cases, first=date(2026, 6, 1)
    )
    told = list(_law(asked))  # type: ignore[arg-type]
    assert "arctic-lng-2 is at 20 % of its capacity on 2026-06-01" in told[0]
    assert "restore_capacity" in told[0]
    assert len(told) == (1 if sailing else 2)  # a fleet that gains or loses days is an answer by itself
