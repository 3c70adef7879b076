"""What does a worker do? (ground + choice -> the market problem it poses -> what its solution says)

A record of a solution holds what ensembles read, in sums that add up over the horizon: prices and consumption by node
and month, pipeline flows, who supplies which region, gains, the certificate. A problem without an answer has a record
too: it says why. Large problems are solved from the answer of today's course, which every worker finds for itself, and
never from whatever was solved before: so the same world has the same bytes whoever solves it, and when.
"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, Protocol

import polars as pl

from polynya import handover
from polynya.ensemble.choice import TODAY, Chosen
from polynya.errors import CertificateError, InputError, NoSolutionError, PolynyaError
from polynya.market.answer import Solution
from polynya.market.problem import Problem
from polynya.market.solve import solve
from polynya.market.start import Start
from polynya.results.case import Case
from polynya.results.gains import gains_of
from polynya.results.supply import supply_matrix
from polynya.scenario import apply
from polynya.scenario.conflicts import of_scenario
from polynya.world import World

PACKAGES = ("piqp", "clarabel", "highspy", "numpy", "scipy", "polars")
WARM = 35_000  # rows of arcs: a larger problem gains by a start, a smaller one loses (docs/decisions/ensemble.md)
WORDS = 8  # tables of text of which the hash is remembered, of each kind
TERMS = ("primal", "dual", "price", "balance", "gap", "markup", "best_response")


class Poser(Protocol):
    """What was read for a question, and how it poses a market: `pipeline.Ready`. Travels to the workers."""

    @property
    def base(self) -> World:
        """Today's world."""

    @property
    def first(self) -> date:
        """The first month."""

    @property
    def months(self) -> int:
        """The whole horizon, seasons included."""

    def pose(self, world: World) -> handover.Posed:
        """The market problem of today's world or of another one."""


@dataclass(frozen=True)
class Ground:
    """What all worlds of an ensemble share; `digest` names it with the code and its libraries."""

    poser: Poser
    solver: str
    digest: str
    code: str
    known: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)  # today's course, in this process

    @property
    def base(self) -> World:
        """Today's world."""
        return self.poser.base

    @property
    def first(self) -> date:
        """The first month."""
        return self.poser.first

    @property
    def months(self) -> int:
        """The whole horizon, seasons included."""
        return self.poser.months


def ground(poser: Poser, solver: str, asked: Sequence[str]) -> Ground:
    """Everything shared, with its digest. `asked`: in words, whatever else of the question bears on a posed problem."""
    code = code_digest()
    parts = [code, poser.base.digest, poser.first.isoformat(), str(poser.months), solver, *asked]
    return Ground(poser, solver, hashlib.sha256("|".join(parts).encode()).hexdigest(), code)


def plain(world: World) -> World:
    """The world without what it has worked out so far, which does not travel."""
    return World(world.package, world.tables, world.layers, world.changes, world.folder)


@lru_cache(maxsize=1)
def code_digest() -> str:
    """A hash of this program's own files, its voyage tables, and the versions of what it computes with."""
    h = hashlib.sha256(platform.python_version().encode())
    for name in PACKAGES:
        try:
            h.update(f"{name} {version(name)}".encode())
        except PackageNotFoundError:
            h.update(name.encode())
    root = Path(__file__).resolve().parents[1]
    for path in sorted([*root.rglob("*.py"), *handover.VOYAGES.iterdir()]):
        h.update(path.relative_to(root).as_posix().encode())
        h.update(path.read_bytes())
    return h.hexdigest()


def posed_key(g: Ground, chosen: Chosen) -> str:
    """Under which name the ledger keeps what this choice came to."""
    return hashlib.sha256(f"{g.digest}|{chosen.key}".encode()).hexdigest()


@dataclass(frozen=True)
class PosedCase:
    """The posed problem and its record: the key of the problem's solution, shut gates, cited sources; or why there is none."""

    record: dict[str, Any]
    posed: handover.Posed | None
    warm: bool = False  # to be solved from the answer of today's course


def pose(g: Ground, chosen: Chosen) -> PosedCase:
    """Apply the choice and pose the market problem. A choice that contradicts the world has a record that says so."""
    clashing = of_scenario(chosen.scenario, g.base, chosen.without) if chosen.key != TODAY else []
    if clashing:
        return PosedCase({"error": {"code": "bad_input", "message": clashing[0].message}}, None)
    try:
        world = g.base if chosen.key == TODAY else apply(chosen.scenario, g.base, without=chosen.without).world
        posed = g.poser.pose(world)
    except InputError as error:
        return PosedCase({"error": {"code": error.code, "message": str(error)}}, None)
    key, warm = problem_key(g, posed.problem), False
    if chosen.key == TODAY:
        g.known.setdefault("posed", (posed.problem, key))
    elif posed.problem.arcs.height >= WARM and g.solver == "auto":
        warm = key != _today(g)[1]  # an unchanged market has today's answer
        key = hashlib.sha256(f"{key} from {g.digest}".encode()).hexdigest() if warm else key
    last = f"{posed.problem.periods['period'][-1]}"
    shut = posed.inputs.gates.filter(pl.col("period") == last)
    record = {
        "solution": key,
        "gates": sorted(f"{s}/{gate}" for s, gate in shut.select("subject", "gate").iter_rows()),
        "sources": sorted(posed.inputs.sources),
        "notes": list(posed.inputs.notes),
    }
    return PosedCase(record, posed, warm)


def _today(g: Ground) -> tuple[Problem, str]:
    """Today's market problem and the name of its solution."""
    if "posed" not in g.known:
        problem = g.poser.pose(g.base).problem
        g.known["posed"] = (problem, problem_key(g, problem))
    found: tuple[Problem, str] = g.known["posed"]
    return found


def _start(g: Ground) -> Start | None:
    """The answer of today's course, to start from; none where it has none."""
    if "start" not in g.known:
        try:
            g.known["start"] = solve(_today(g)[0], solver=g.solver).start
        except (NoSolutionError, CertificateError):
            g.known["start"] = None
    found: Start | None = g.known["start"]
    return found


def problem_key(g: Ground, problem: Problem) -> str:
    """Hash of the whole market problem, of what turns its answer into sums, and of what solves it."""
    h = hashlib.sha256(f"{g.code}|{g.solver}".encode())
    for name, frame in problem.tables().items():
        h.update(f"{name} {frame.height} {frame.columns}".encode())
        words = frame.select(pl.selectors.string())
        h.update(_written(g, name, words))
        for column in frame.select(~pl.selectors.string()):
            h.update(column.is_null().to_numpy().tobytes())
            h.update(column.cast(pl.Float64).fill_null(0.0).to_numpy().tobytes())
    h.update(_written(g, "of nodes", g.base.table("nodes").select("id", "country", "region").sort("id")))
    h.update(_written(g, "of corridors", g.base.table("corridors").select("id", "from_node").sort("id")))
    return h.hexdigest()


def _written(g: Ground, name: str, words: pl.DataFrame) -> bytes:
    """The hash of a table of text as it is written; words that are equal to some before are not written again."""
    known: list[tuple[pl.DataFrame, bytes]] = g.known.setdefault(f"words {name}", [])
    for before, digest in known:
        if before.height == words.height and before.equals(words):
            return digest
    digest = hashlib.sha256(words.write_csv().encode()).digest()
    known.insert(0, (words, digest))
    del known[WORDS:]
    return digest


def solved(g: Ground, found: PosedCase) -> dict[str, Any]:
    """Solve and certify; the record of the solution, or of why there is none."""
    return read(g, found, answer(g, found))


def answer(g: Ground, found: PosedCase) -> Solution | PolynyaError:
    """Solve and certify; why there is none where there is none."""
    if found.posed is None:
        raise RuntimeError("nothing was posed")
    try:
        return solve(found.posed.problem, solver=g.solver, start=_start(g) if found.warm else None)
    except (NoSolutionError, CertificateError) as error:
        return error


def read(g: Ground, found: PosedCase, solution: Solution | PolynyaError) -> dict[str, Any]:
    """What the ledger keeps of an answer."""
    case = found.posed
    if case is None or isinstance(solution, PolynyaError):
        code = solution.code if isinstance(solution, PolynyaError) else "internal"
        return {"error": {"code": code, "message": str(solution)}}
    if "posed" in g.known and found.record["solution"] == g.known["posed"][1]:
        g.known["start"] = solution.start
    return _record(g, Case("member", case.inputs, case.problem, solution, case.bans))


def _record(g: Ground, case: Case) -> dict[str, Any]:
    nodes = g.base.table("nodes")
    country = dict(nodes.select("id", "country").iter_rows())
    region = dict(nodes.select("id", "region").iter_rows())
    start = dict(g.base.table("corridors").select("id", "from_node").iter_rows())
    periods = [str(p) for p in case.problem.periods["period"]]
    gains = gains_of(case, {arc: str(country.get(node, node)) for arc, node in start.items()})
    supply = supply_matrix(case, country).with_columns(
        pl.col("node").replace_strict(region, default="other", return_dtype=pl.String).alias("region")
    )
    flows = (
        case.flows()
        .filter(pl.col("kind") == "pipeline")
        .group_by("arc")
        .agg(pl.col("quantity").sort().sum())
        .sort("arc")
    )
    by_region = supply.group_by("region", "supplier").agg(pl.col("bcm").sort().sum()).sort("region", "supplier")
    certificate = case.certificate
    return {
        "periods": periods,
        "years": g.months / 12.0,
        "prices": _by_node(case.prices(), "price", periods),
        "consumption": _by_node(case.consumption(), "quantity", periods),
        "pipelines_bcm": dict(flows.iter_rows()),
        "supply_bcm": [list(row) for row in by_region.iter_rows()],
        "gains_musd": [list(row) for row in _gains(gains, region).iter_rows()],
        "welfare": float(case.solution.welfare["total"]),
        "certificate": {"passed": bool(certificate["passed"]), "worst": max(float(certificate[t]) for t in TERMS)},
    }


def _gains(gains: pl.DataFrame, region: dict[str, str]) -> pl.DataFrame:
    """group, id, musd; consumers by region."""
    named = gains.with_columns(
        pl.when(pl.col("group") == "consumers")
        .then(pl.col("id").replace_strict(region, default="other", return_dtype=pl.String))
        .otherwise(pl.col("id"))
        .alias("id")
    )
    return named.sort("group", "id").group_by("group", "id", maintain_order=True).agg(pl.col("musd").sort().sum())


def _by_node(frame: pl.DataFrame, column: str, periods: list[str]) -> dict[str, list[float | None]]:
    at = {p: i for i, p in enumerate(periods)}
    found: dict[str, list[float | None]] = {}
    for node, period, value in frame.select("node", "period", column).iter_rows():
        found.setdefault(node, [None] * len(periods))[at[str(period)]] = None if value != value else value
    return found
