"""Which facts sway a number of a run, and by how much within their own uncertainty? (run folder + addresses -> doubts)

    run folder -> problems, answers -> derivatives by cell (market.sensitivity)
    world, scenario -> derivatives of cells by facts (lift)       both together, with spreads -> ranking (results.doubts)

First order only; `check` moves the weightiest statements for real, poses and solves both cases again, and says what came out.
What is true or not has no derivative: `left_out` solves the scenario again without each change and each condition.
"""

from __future__ import annotations

import math
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from polynya import lift, strict_yaml
from polynya.errors import InputError, UsageError
from polynya.market.inputs import welfare_unit_musd
from polynya.market.problem import Problem, read_problem
from polynya.market.restore import restore
from polynya.market.sensitivity import Sensitivity
from polynya.market.solve import solve
from polynya.market.start import Start
from polynya.pipeline import Ready, Say, ready
from polynya.results.answer import Question
from polynya.results.asked import CHANGE, EUROPE, Asked, Sides
from polynya.results.case import BASELINE, SCENARIO
from polynya.results.doubts import Doubts, Statement, weigh
from polynya.results.folder import Run
from polynya.results.uncertainty import Uncertainty
from polynya.results.verify import read_solution
from polynya.scenario import Applied, apply
from polynya.scenario.schema import ScenarioFile
from polynya.world import World
from polynya.world.calibrated import LAYER

HEADLINE = f"prices/{EUROPE}"
CORRIDORS = 3


@dataclass(frozen=True)
class Doubtful:
    """A run made ready: both answers factorised, and what their cells were made of."""

    run: Run
    ready: Ready
    applied: Applied
    worlds: Mapping[str, World]
    problems: Mapping[str, Problem]
    starts: Mapping[str, Start]
    sides: Sides
    cells: Mapping[str, lift.Cells]
    uncertainty: Uncertainty

    def of(self, address: str, case: str = CHANGE, *, apart: bool = False) -> Doubts:
        """What one number hangs on. Raises UsageError or NotFoundError for an address that the run does not have."""
        asked = self.sides.ask(address, case)
        found: dict[str, tuple[lift.Input, float]] = {}
        for name, read in asked.reads.items():
            through = self.cells[name].through(self.sides.of[name].gradient(read))
            for one, derivative in zip(self.cells[name].inputs, through.tolist(), strict=True):
                if derivative != 0.0:
                    before = found.get(one.id)
                    found[one.id] = (one, derivative + (before[1] if before else 0.0))
        return weigh(asked, found, self.uncertainty, apart=apart)

    def headlines(self) -> list[str]:
        """Addresses of the note's first numbers: Europe, hubs, the lines that move most, Europe's consumers, who gains and loses most."""
        from polynya.results.summary import HUBS

        summary = self.run.summary
        shown = {h["hub"] for h in summary["hubs"] if h["change"]}
        hubs = [f"prices/{nodes[0]}" for name, nodes in HUBS.items() if name in shown]
        lines = [f"flows/{c['corridor']}" for c in summary["corridors"][:CORRIDORS]]
        europe = [HEADLINE] if summary["europe"] else []
        priced = any(p.contracts["price"].is_not_null().any() for p in self.problems.values())
        most = (*summary["gains"]["largest_gains"][:2], *summary["gains"]["largest_losses"][:2])
        gains = [] if priced else [f"gains/{EUROPE}", *(f"gains/{g['group']}/{g['id']}" for g in most)]
        return [*europe, *hubs, *lines, *gains]

    def moved(self, statement: Statement, by: float) -> Mapping[str, float]:
        """Input id -> its value when a statement moves by so many standard deviations, kept above nought where it was."""
        out = {}
        for m in statement.members:
            to = m.input.value + by * m.spread.sd
            out[m.input.id] = max(to, 0.0) if m.input.value > 0.0 and m.input.attribute not in _SIGNED else to
        return out

    def checked(self, statement: Statement, asked: Asked, by: float, say: Say) -> float:
        """The number's real change when a statement moves: both cases posed and solved again."""
        to = self.moved(statement, by)

        def number(one: lift.Input) -> float:
            return to.get(one.id, one.value)

        of: dict[str, Sensitivity] = {}
        for name, world in self.worlds.items():
            r = self.ready
            if r.sea is not None:
                r = replace(r, sea=lift.with_voyages(r.sea, number))
            problem = r.pose(lift.with_numbers(world, number)).problem
            solution = solve(problem, start=self.starts[name])
            if solution.start is None:
                raise InputError("the moved market has no answer to read.", where=name)
            of[name] = Sensitivity(problem, solution.start, factorise=False)
        return replace(self.sides, of=of, accounts={}).ask(asked.address, asked.case).value - asked.value


_SIGNED = ("friction_usd_per_mmbtu", "production_cost_low_usd_per_mmbtu", "demand_growth_share_per_year")


def doubtful(
    folder: Path,
    uncertainty: Uncertainty,
    *,
    world: Path | None = None,
    overlays: Sequence[Path] = (),
    anchor: Path | None = None,
    say: Say = lambda _: None,
) -> Doubtful:
    """Read a run, make its worlds again and differentiate. Raises UsageError for runs about oil or with seasons, InputError when
    the worlds do not pose the stored problems."""
    run = Run(folder)
    m = run.manifest
    if m.get("market") == "oil":
        raise UsageError("doubts are for the gas market.", fix="Run the oil scenario with other facts (--overlay).")
    if m["periods"] != m["months"]:
        raise UsageError("doubts are for runs by the month, without seasons.", fix="Run it without --horizon.")
    say("reading the run")
    problems = {name: read_problem(folder / "problem" / name) for name in (BASELINE, SCENARIO)}
    starts = {name: _start(problems[name], run, name, say) for name in problems}
    question = Question(
        scenario=folder / "inputs" / "scenario.yaml",
        world=world,
        overlays=tuple(overlays),
        uncalibrated=LAYER not in m["world"]["layers"],
        first=date.fromisoformat(f"{m['from']}-01"),
        months=m["months"],
        anchor=anchor,
        without=tuple(m["without"]),
    )
    with _inputs(folder / "inputs") as scenario:
        r = ready(replace(question, scenario=scenario), say)
    applied = apply(r.scenario, r.base, without=question.without)
    worlds = {BASELINE: r.base, SCENARIO: applied.world}
    say("differentiating both answers")
    of = {name: Sensitivity(problems[name], starts[name]) for name in problems}
    cells = {}
    for name, one in worlds.items():
        say(f"{name}: which facts made which number")
        cells[name] = lift.cells(one, problems[name], r.first, r.months, r.sail(one), r.anchor)
    sides = Sides(
        of,
        dict(run.table("nodes").select("id", "region").iter_rows()),
        r.months / 12.0,
        {str(g): set(part["id"]) for (g,), part in run.table("gains").group_by(["group"])},
        {name: _accounts(run, name) for name in problems},
        _state_of_arc(run, r.base),
    )
    return Doubtful(run, r, applied, worlds, problems, starts, sides, cells, uncertainty)


def _accounts(run: Run, case: str) -> dict[tuple[str, str], float]:
    """(group, id) -> what the stored answer's accounts add up to, million USD."""
    stored = read_solution(run, case).accounts.group_by("party", "id").agg(pl.col("amount").sum())
    return {(party, name): welfare_unit_musd(amount) for party, name, amount in stored.iter_rows() if party != "states"}


def _state_of_arc(run: Run, base: World) -> dict[str, str]:
    """Whose taxes a line pays: the country it leaves, as in the run's table of gains."""
    country = dict(run.table("nodes").select("id", "country").iter_rows())
    return {a: str(country.get(n, n)) for a, n in base.table("corridors").select("id", "from_node").iter_rows()}


@contextmanager
def _inputs(folder: Path) -> Iterator[Path]:
    """The scenario as it was read, with its ledger where it says that it lies."""
    scenario = folder / "scenario.yaml"
    named = strict_yaml.validate(strict_yaml.load(scenario), ScenarioFile).claims
    if not named or named == "claims.yaml":
        yield scenario
        return
    with tempfile.TemporaryDirectory() as root:
        deep = Path(root).resolve().joinpath(*"abcdefgh")  # room for ..
        ledger = (deep / named).resolve()
        if not ledger.is_relative_to(Path(root).resolve()):
            raise InputError(f"the ledger's path {named} leads too far away.", where=str(scenario))
        deep.mkdir(parents=True)
        ledger.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(scenario, deep / "scenario.yaml")
        shutil.copyfile(folder / "claims.yaml", ledger)
        yield deep / "scenario.yaml"


def _start(problem: Problem, run: Run, name: str, say: Say) -> Start:
    """The stored answer as the solver had it; solved again where the files do not say it all."""
    kept = restore(problem, read_solution(run, name))
    if kept is not None:
        return kept
    say(f"{name}: solving again")
    found = solve(problem).start
    if found is None:
        raise InputError("the answer cannot be differentiated.", where=str(run.folder))
    return found


def left_out(found: Doubtful, asked: Asked, say: Say) -> list[dict[str, Any]]:
    """What each change and each condition that happened adds to a number: the scenario solved again without it."""
    r, applied = found.ready, found.applied
    conditions = [c for c in r.scenario.file.conditions if c.id not in applied.not_met]
    one_by_one = [(c.id, "change", c.text, tuple(c.because)) for c in applied.changes if c.status == "applied"]
    one_by_one += [(c.id, "condition", c.text, tuple(c.because)) for c in conditions]
    known: list[tuple[Problem, float]] = [(found.problems[SCENARIO], asked.value)]
    out = []
    for identity, kind, said, because in one_by_one:
        say(f"without {identity}")
        without = (*found.run.manifest["without"], identity)
        problem = r.pose(apply(r.scenario, r.base, without=without).world).problem
        value = next((v for p, v in known if _same(p, problem)), None)
        if value is None:
            solution = solve(problem, start=found.starts[SCENARIO])
            if solution.start is None:
                raise InputError("the market without it has no answer to read.", where=identity)
            side = Sensitivity(problem, solution.start, factorise=False)
            sides = replace(found.sides, of={**found.sides.of, SCENARIO: side}, accounts={})
            value = sides.ask(asked.address, asked.case).value
            known.append((problem, value))
        out.append({"id": identity, "kind": kind, "text": said, "because": list(because), "adds": asked.value - value})
    return sorted(out, key=lambda row: (-abs(row["adds"]), row["id"]))


def _same(one: Problem, other: Problem) -> bool:
    return all(frame.equals(other.tables()[name]) for name, frame in one.tables().items())


def check(found: Doubtful, doubts: Doubts, count: int, say: Say) -> list[dict[str, Any]]:
    """For the weightiest statements: change for +1 and -1 standard deviation, to first order and for real."""
    out = []
    for rank, s in enumerate(doubts.statements[:count], start=1):
        say(f"moving {s.id[:60]} for real ({rank} of {count})")
        real = {sign: found.checked(s, doubts.asked, sign, say) for sign in (1.0, -1.0)}
        out.append({"rank": rank, "statement": s.id, "linear": s.change, "plus": real[1.0], "minus": real[-1.0]})
    return out


def together(checked: Sequence[Mapping[str, Any]]) -> tuple[float, float]:
    """Root of the sum of squares of the statements that were moved: to first order, and for real."""
    linear = math.hypot(*(c["linear"] for c in checked))
    return linear, math.hypot(*((c["plus"] - c["minus"]) / 2.0 for c in checked))
