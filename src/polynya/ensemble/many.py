"""What comes out of many worlds? (scenario + ground + plan -> quantiles, probabilities, drivers)

The whole story: what is uncertain -> draws -> choices -> distinct worlds -> the ledger, filled by the pool or a cluster
-> measures of every draw beside today's course -> quantiles, statements, drivers. Nothing here depends on who computed
what or when.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from polynya.ensemble.choice import TODAY, Choice, Chosen, choose
from polynya.ensemble.cluster import on_cluster
from polynya.ensemble.draw import Draws, Sampler, draw, every_way
from polynya.ensemble.drivers import Drivers, effects, exact, fitted
from polynya.ensemble.ledger import POSED, SOLVED, Ledger
from polynya.ensemble.outcome import EUROPE, Comparer, Measure, Vector, complete_with_zero
from polynya.ensemble.pool import Pool, Spent
from polynya.ensemble.statements import Statement, statements
from polynya.ensemble.uncertain import Uncertain, uncertain
from polynya.ensemble.work import Ground, posed_key
from polynya.errors import InputError, NoSolutionError
from polynya.scenario import Scenario

Say = Callable[[str], None]
Rows = NDArray[np.int64]
MAX_BOUNDED = 10  # coins: all corners of the likelihoods' ranges are looked at up to here


@dataclass(frozen=True)
class Plan:
    """What is asked for. `workers` and `cluster` never change a result."""

    n: int
    seed: int
    sampler: Sampler = "auto"
    workers: int = 1
    cluster: str = ""
    without: Sequence[str] = ()


@dataclass(frozen=True)
class Probability:
    """How likely a statement is; `low` and `high`: over the ranges of the likelihoods (exact) or what n leaves open (sampled)."""

    statement: Statement
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Ensemble:
    """Everything that was found. Rows of `draws` that have no answer are in `unanswered` and in nothing else."""

    scenario: Scenario
    plan: Plan
    what: Uncertain
    draws: Draws
    keys: tuple[str, ...]  # of each draw: the hash of what it comes to
    problems: tuple[str, ...]  # of each draw: the hash of the market problem, blank where it poses none
    answered: Rows  # row numbers
    unanswered: Mapping[str, float]  # why -> probability
    written: Mapping[Measure, float]
    measures: tuple[Measure, ...]
    values: Vector  # [answered, measures]
    probabilities: tuple[Probability, ...]
    drivers: Mapping[Measure, Drivers]
    effects: Mapping[Measure, Vector]  # what each coin adds from all tails to all heads; only where every way is known
    periods: tuple[str, ...]
    months: Mapping[str, Vector]  # place -> change of its price [answered, months]
    sources: tuple[str, ...]
    notes: tuple[str, ...]
    worst: float  # residual of any certificate
    spent: Spent = field(default_factory=Spent)

    @property
    def weights(self) -> Vector:
        """Of the answered rows, adding up to 1."""
        w = self.draws.weights[self.answered]
        return np.asarray(w / w.sum())


def run_ensemble(scenario: Scenario, g: Ground, plan: Plan, ledger: Ledger, say: Say) -> Ensemble:
    """Draw, solve what is not solved yet, and read it.

    Raises InputError when nothing is uncertain or the scenario as written contradicts the world, NoSolutionError when
    today's course, the scenario as written, or every draw has no answer.
    """
    what = uncertain(scenario)
    draws = draw(what, plan.n, plan.seed, plan.sampler)
    say(f"{draws.weights.size} draws by {draws.method}")
    chosen = [_choose(scenario, c, plan.without) for c in draws.choices(what)]
    today, written = Chosen(scenario, frozenset(), TODAY), _choose(scenario, Choice(), plan.without)
    distinct = {c.key: c for c in (today, written, *(c for c, w in zip(chosen, draws.weights, strict=True) if w > 0))}
    spent = _fill(g, distinct, ledger, plan, say)
    found = {key: _read(g, c, ledger) for key, c in distinct.items()}
    base, first = found[TODAY], found[written.key]
    for what_for, answer in (("today's course", base), ("the scenario as it is written", first)):
        if "error" in answer:
            kind = InputError if answer["error"]["code"] == "bad_input" else NoSolutionError
            raise kind(f"{what_for}: {answer['error']['message']}")
    europe = g.base.table("nodes").filter(pl.col("region") == EUROPE)["id"].to_list()
    comparer = Comparer(base, europe)
    per_key = {k: comparer.measures(r) for k, r in found.items() if "error" not in r}
    live = draws.weights > 0
    rows = np.array([i for i, c in enumerate(chosen) if live[i] and c.key in per_key], dtype=np.int64)
    unanswered: dict[str, float] = {}
    for i, c in enumerate(chosen):
        if live[i] and c.key not in per_key:
            why = str(found[c.key]["error"]["message"])
            unanswered[why] = unanswered.get(why, 0.0) + float(draws.weights[i])
    if not rows.size:
        raise NoSolutionError(f"no draw has an answer: {next(iter(unanswered))}")
    per_key = complete_with_zero(
        {chosen[i].key: per_key[chosen[i].key] for i in rows} | {written.key: per_key[written.key]}
    )
    measures = tuple(sorted(per_key[written.key]))
    known = set(measures)
    values = np.array([[per_key[chosen[i].key][m] for m in measures] for i in rows])
    opened = sorted({g_.partition("/")[0] for g_ in base["gates"]} - {g_.partition("/")[0] for g_ in first["gates"]})
    said = statements(per_key[written.key], opened)
    hold = np.array([[s.holds(per_key[chosen[i].key], found[chosen[i].key]["gates"]) for s in said] for i in rows])
    weights = draws.weights[rows] / draws.weights[rows].sum()
    decided = [m for m in (s.measure for s in said) if m is not None] + [
        m for m in measures if m.what == "price_change"
    ]
    complete = draws.exact and not unanswered and bool(live.all())
    column = {m: values[:, j] for j, m in enumerate(measures)}
    split = {m: _split(what, draws, rows, column[m], complete) for m in dict.fromkeys(decided)}
    return Ensemble(
        scenario=scenario,
        plan=plan,
        what=what,
        draws=draws,
        keys=tuple(c.key for c in chosen),
        problems=tuple(str(found[c.key].get("solution", "")) if c.key in found else "" for c in chosen),
        answered=rows,
        unanswered=unanswered,
        written=per_key[written.key],
        measures=measures,
        values=values,
        probabilities=tuple(
            Probability(s, float(hold[:, j] @ weights), *_bounds(what, draws, hold[:, j], weights, complete))
            for j, s in enumerate(said)
        ),
        drivers=split,
        effects={m: effects(column[m]) for m in split} if complete else {},
        periods=tuple(base["periods"]),
        months={
            place: np.array([comparer.by_month(found[chosen[i].key], place) for i in rows])
            for place in comparer.places
            if Measure("price", place) in known
        },
        sources=tuple(sorted({s for r in found.values() if "error" not in r for s in r["sources"]})),
        notes=tuple(dict.fromkeys(n for r in found.values() if "error" not in r for n in r["notes"])),
        worst=max(float(r["certificate"]["worst"]) for r in found.values() if "error" not in r),
        spent=spent,
    )


def _choose(scenario: Scenario, choice: Choice, without: Sequence[str]) -> Chosen:
    return choose(scenario, Choice((*choice.heads, *((w, False) for w in without)), choice.values))


def _fill(g: Ground, distinct: Mapping[str, Chosen], ledger: Ledger, plan: Plan, say: Say) -> Spent:
    """See that the ledger has every record."""
    ledger.sweep()
    todo = {posed_key(g, c): c for c in distinct.values() if not _whole(ledger, posed_key(g, c))}
    say(f"{len(distinct)} distinct worlds, {len(distinct) - len(todo)} of them known")
    if not todo:
        return Spent()
    if plan.cluster:
        return on_cluster(plan.cluster, g, todo, ledger, say)
    pool = Pool(g, ledger, plan.workers, say)
    pool.work_through(todo)
    return pool.spent


def _whole(ledger: Ledger, key: str) -> bool:
    record = ledger.get(POSED, key)
    return record is not None and ("error" in record or ledger.has(SOLVED, record["solution"]))


def _read(g: Ground, chosen: Chosen, ledger: Ledger) -> dict[str, Any]:
    """What the ledger says of a choice: both records in one, or the error of either."""
    posed = ledger.get(POSED, posed_key(g, chosen))
    if posed is None or "error" in posed:
        return posed or {"error": {"code": "internal", "message": "its record has vanished from the ledger"}}
    solution = ledger.get(SOLVED, posed["solution"])
    return {**posed, **(solution or {"error": {"code": "internal", "message": "its record has vanished"}})}


def _split(what: Uncertain, draws: Draws, rows: Rows, y: Vector, complete: bool) -> Drivers:
    p = [c.p for c in what.coins]
    if complete:
        return exact(p, y)
    low, high = np.array([d.low for d in what.dials]), np.array([d.high for d in what.dials])
    return fitted(p, draws.coins[rows], (draws.dials[rows] - low) / (high - low), y)


def _bounds(
    what: Uncertain, draws: Draws, hold: Vector, weights: Vector, complete: bool
) -> tuple[float | None, float | None]:
    """Least and greatest probability over the likelihoods' ranges; for samples, Wilson's 95 % interval (1927)."""
    if complete:
        k = len(what.coins)
        if k > MAX_BOUNDED:
            return None, None
        low, high = np.array([c.low for c in what.coins]), np.array([c.high for c in what.coins])
        # a probability is linear in each likelihood by itself, so its extremes lie at corners
        corners = np.where(every_way(k), high, low)
        chance = np.ones((corners.shape[0], hold.size))
        for i in range(k):
            chance *= np.where(draws.coins[:, i], corners[:, i : i + 1], 1.0 - corners[:, i : i + 1])
        found = chance @ hold
        return float(found.min()), float(found.max())
    n, z, p = hold.size, 1.959964, float(hold @ weights)
    if draws.exact:
        return None, None
    middle = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2)) / (1 + z**2 / n)
    return max(0.0, float(middle - half)), min(1.0, float(middle + half))
