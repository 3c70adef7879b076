"""The one-screen story of the whole program.

    claims -> scenario -> world' -> (control, voyages) -> market -> results -> report

Engines never meet: what control permits and what voyages cost reach the market as plain tables, handed over here.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from polynya import handover, handover_oil
from polynya.ensemble.ledger import Ledger
from polynya.ensemble.many import Ensemble, Plan, run_ensemble
from polynya.ensemble.work import Ground, ground, plain
from polynya.errors import NoSolutionError, UsageError
from polynya.market.answer import Solution
from polynya.market.problem import Problem
from polynya.market.seasons import Period, horizon_months, joined_legs, plan
from polynya.market.solve import solve
from polynya.report import report_html
from polynya.results.answer import Answer, Question
from polynya.results.case import BASELINE, SCENARIO, Case
from polynya.results.summary import summarise, summary_text
from polynya.results.write import result_tables, write_run
from polynya.scenario import Scenario, apply, load_scenario
from polynya.world import World, load_world
from polynya.world.anchor import Anchor, read_anchor
from polynya.world.calibrated import layers
from polynya.world.check import WorldReport, require_sound

_HERE = Path(__file__).resolve().parent
# In a wheel the examples lie inside the package, in a checkout at its root.
EXAMPLES = next((p for p in (_HERE / "examples", _HERE.parents[1] / "examples") if p.is_dir()), _HERE / "examples")
FOUNDING = EXAMPLES / "gazprom-arctic-2025" / "scenario.yaml"
Say = Callable[[str], None]


@dataclass(frozen=True)
class Ready:
    """What was read and checked for a question, before any market is posed."""

    question: Question
    base: World
    report: WorldReport
    anchor: Anchor
    scenario: Scenario
    first: date
    months: int
    periods: Sequence[Period]
    sea: handover.Voyages | None
    miles: Mapping[tuple[str, str], float] = field(default_factory=dict)  # of crude by sea, where oil is asked about
    before: handover.Before = field(default_factory=handover.Before)

    def pose(self, world: World) -> handover.Posed:
        """The market problem of today's world or of another one, over the months of the question."""
        if self.scenario.file.market == "oil":
            return handover_oil.pose(world, self.first, self.months, self.miles)
        return handover.pose(
            world,
            self.first,
            self.months,
            sea=self.sail(world),
            anchor=self.anchor,
            lags=self.question.lags,
            periods=self.periods,
            before=self.before,
        )

    def sail(self, world: World) -> handover.Voyages | None:
        """Voyages of a world: today's, unless its passages or its listings of ships differ."""
        if self.sea is None:
            return None
        passages, listings = handover.passages_of(world, self.first, self.months), handover.listings_of(world)
        if passages == self.sea.passages and listings == self.sea.listings:
            return self.sea
        return handover.voyages(world, self.first, self.months)


def ready(question: Question, say: Say = lambda _: None, clock: _Clock | None = None) -> Ready:
    """Load and check: world, anchor, scenario, voyages. Raises what `errors.py` lists."""
    clock = clock or _Clock(say)
    with clock("reading the world"):
        base = load_world(question.world, layers(question.world, question.overlays, uncalibrated=question.uncalibrated))
        report = require_sound(base)
        anchor = read_anchor(question.anchor, base)
    with clock("reading the scenario"):
        scenario = load_scenario(question.scenario, base, question.without)
    first = question.first or date.fromisoformat(scenario.file.horizon.from_ + "-01")
    single = question.months or scenario.file.horizon.months
    until = question.horizon or scenario.file.horizon.until
    months, periods = horizon_months(first, single, until), plan(first, single, until)
    if scenario.file.market == "oil":
        if question.anchor is not None or until is not None:
            raise UsageError(
                "anchors and horizons in seasons are for the gas market.",
                fix="Set prices as facts (set_fact) of the scenario, and give the months.",
            )
        with clock("how far ports are"):
            miles = handover_oil.sea_miles(base, first)
        return Ready(question, base, report, anchor, scenario, first, months, periods, None, miles)
    with clock("what voyages cost"):
        sea = handover.voyages(base, first, months)
    return Ready(question, base, report, anchor, scenario, first, months, periods, sea)


def answer(question: Question, say: Say = lambda _: None) -> Answer:
    """Load, check, apply, compute. Raises what `errors.py` lists; nothing is written here."""
    clock = _Clock(say)
    r = ready(question, say, clock)
    with clock("applying the scenario"):
        applied = apply(r.scenario, r.base, without=question.without)
    cases: dict[str, Case] = {}
    legs: dict[str, pl.DataFrame] = {}
    for name, world in ((BASELINE, r.base), (SCENARIO, applied.world)):
        with clock(f"{name}: who may deal"):
            posed = r.pose(world)
            legs |= {name: joined_legs(posed.legs, r.periods)} if posed.legs is not None else {}
        with clock(f"{name}: solving {len(r.periods)} periods"):
            try:
                solution = _solved(posed.problem, cases.get(BASELINE), question.solver, say)
            except NoSolutionError as error:
                raise _with_remedy(error, name) from None
            cases[name] = Case(name, posed.inputs, posed.problem, solution, posed.bans)
    return Answer(
        question,
        r.scenario,
        applied,
        r.base,
        r.report,
        r.anchor,
        r.first,
        r.months,
        cases,
        clock.times,
        legs,
        r.periods,
    )


def many(question: Question, plan: Plan, ledger: Ledger, say: Say = lambda _: None) -> tuple[Ensemble, Ground]:
    """Many worlds of one question instead of two; what the ledger has is not solved again. Nothing else is written here.

    Raises UsageError for the oil market, and what `answer` and `run_ensemble` raise.
    """
    r = ready(question, say)
    require_many(r.scenario)
    asked = [repr(r.periods), r.anchor.sha256, f"lags {question.lags}"]
    g = ground(replace(r, base=plain(r.base)), question.solver, asked)
    return run_ensemble(r.scenario, g, plan, ledger, say), g


def require_many(scenario: Scenario) -> None:
    """Raises UsageError where ensembles know nothing of the market that is asked about."""
    if scenario.file.market != "gas":
        raise UsageError(
            "ensembles are drawn over the gas market: their statements, quantiles and drivers are those of its summary.",
            fix="Ask for each way by itself: polynya run SCENARIO --without ID, then polynya compare.",
        )


def _solved(problem: Problem, before: Case | None, solver: str, say: Say) -> Solution:
    """The market's answer, from the baseline's where there is one; an unchanged market has the same answer to the last bit."""
    if before is None:
        return solve(problem, solver=solver, progress=say)
    if all(frame.equals(before.problem.tables()[name]) for name, frame in problem.tables().items()):
        return before.solution
    return solve(problem, solver=solver, progress=say, start=before.solution.start)


REMEDIES = {
    "final stock": "A closing stock is the run's own condition: give another one with --anchor (storage_fill_bcm of the node in the month "
    "after the last), or ask for whole years, whose stores need only end as they began.",
    "minimum fill": "A filling obligation is law: a scenario's set_fact of minimum_fill_share of the store changes it.",
    "initial stock": "The stock at the start can be given with --anchor (storage_fill_bcm of the node in the first month).",
}


def _with_remedy(error: NoSolutionError, case: str) -> NoSolutionError:
    """The same error with the case in which it arose, and how a user carries out the repair that it names."""
    ways = [way for what, way in REMEDIES.items() if what in error.fix]
    return NoSolutionError(f"{case}: {error.message}", where=error.where, fix=" ".join([error.fix, *ways]))


def run(scenario: Path | str | None = None, **options: Any) -> Answer:
    """From Python: the founding scenario, or a file, with the fields of `Question` as options. Nothing is written.

    `run(months=12).cases["scenario"].prices()` is a polars frame; `publish` writes a run folder.
    """
    return answer(Question(scenario=Path(scenario) if scenario is not None else FOUNDING, **options))


@dataclass(frozen=True)
class Published:
    """A written run: its folder, the summary, and the same as a text."""

    folder: Path
    summary: dict[str, Any]
    text: str


def publish(found: Answer, folder: Path) -> Published:
    """Tables, summary, report and manifest of an answer as a run folder, which appears in one step or not at all."""
    tables = result_tables(found)
    summary = summarise(found, tables)
    text = summary_text(summary)
    return Published(
        write_run(found, folder, tables, summary, text, report_html(found, tables, summary)), summary, text
    )


class _Clock:
    """Says what has begun and notes how long it took."""

    def __init__(self, say: Say) -> None:
        self.say = say
        self.times: dict[str, float] = {}
        self._step = ""

    def __call__(self, step: str) -> _Clock:
        self._step = step
        return self

    def __enter__(self) -> None:
        self.say(self._step)
        self._started = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        self.times[self._step] = round(time.perf_counter() - self._started, 3)
