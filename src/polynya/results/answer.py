"""What was asked, and everything that results, report and traces draw on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import polars as pl

from polynya.market.seasons import Period
from polynya.results.case import Case
from polynya.scenario import Applied, Scenario
from polynya.world import World
from polynya.world.anchor import Anchor
from polynya.world.check import WorldReport


@dataclass(frozen=True)
class Question:
    """What is asked: which file, over which world, from which month, for how long."""

    scenario: Path
    world: Path | None = None
    overlays: Sequence[Path] = ()
    uncalibrated: bool = False  # leave out the calibrated costs, frictions and conduct of the reference world
    first: date | None = None
    months: int | None = None
    horizon: int | None = None  # after the months, seasons up to the winter that begins in this year
    anchor: Path | None = None
    without: Sequence[str] = ()
    solver: str = "auto"
    lags: bool = False  # carry what is still at sea at the end of a month into the next: exact, and slower


@dataclass(frozen=True)
class Answer:
    """Everything that results, report and traces draw on."""

    question: Question
    scenario: Scenario
    applied: Applied
    base: World
    report: WorldReport
    anchor: Anchor
    first: date
    months: int  # the whole horizon, seasons included
    cases: Mapping[str, Case]
    timings: Mapping[str, float] = field(default_factory=dict)
    legs: Mapping[str, pl.DataFrame] = field(
        default_factory=dict
    )  # case -> voyages of the periods, where there are any
    periods: Sequence[Period] = ()

    @property
    def market(self) -> str:
        """gas, or oil: the three German refineries."""
        return self.scenario.file.market

    def _repr_html_(self) -> str:
        from polynya.results.notebook import summary_html
        from polynya.results.summary import summarise
        from polynya.results.write import result_tables

        return summary_html(summarise(self, result_tables(self)), "Not written: see pipeline.publish.")
