"""What are the prices and flows of this market? (Problem -> Solution, certified or refused)

The way of an answer: code the tables, merge price takers, formulate, solve, polish, read, certify. A solver's own
"optimal" counts for nothing. If the certificate fails, the next solver is tried; if none passes, nothing is presented.

A market that is nearly another one, solved before, can start from it (`start`); a large one with late deliveries starts
from the same market with prompt ones, whose months are not tied by every terminal, a crowded one from a rough answer. A start
saves time and decides nothing: the answer has to pass the same certificate, and when it does not, the market is solved from nothing.

Not here: each step's method; every step is a module of this folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import chain

import numpy as np

from polynya.errors import CertificateError, UsageError
from polynya.market.answer import Solution, read_answer
from polynya.market.backends import SOLVERS, Scale, piqp, solve_with
from polynya.market.blockipm import solve_block
from polynya.market.certificate import certify
from polynya.market.classes import Classes, classify
from polynya.market.coded import Coded, code
from polynya.market.culprit import explain_failure
from polynya.market.formulation import Layout, formulate
from polynya.market.interval import settle
from polynya.market.polish import polish
from polynya.market.problem import Problem
from polynya.market.qp import QP, Raw, Vector, residuals
from polynya.market.sift import ROUGH, sift
from polynya.market.start import Start, guess
from polynya.market.welfare import accounts, welfare

LARGE = 20_000  # columns
MANY_USERS = 5
HALFWAY = 1e-2  # of the block solver's tolerance for a guess
VERY_LARGE = 250_000  # columns; from there on one factorisation of the whole program outgrows its blocks
FEW_STOCKS = 0.05  # of the columns; where every trader has stores of its own the parts are no easier than the whole
SIFTED, BESIDE = "sifted", "beside"  # ways from a near answer: on the columns that matter; on all, by blocks
KEPT = 1e-9  # constraints kept this well, in the program's own scale, come first among polished answers

Say = Callable[[str], None]


def solve(
    problem: Problem,
    *,
    solver: str = "auto",
    progress: Say | None = None,
    merge: bool = True,
    start: Start | None = None,
) -> Solution:
    """Solve a market and certify the answer.

    `solver`: auto, block, piqp, clarabel or highs (linear programs). `merge=False` keeps every trader apart (exactness checks).
    `start`: the `start` of another solution, for a market that differs from it in few places; used with `auto` only.
    Raises NoSolutionError with the culprit's name when there is no answer, CertificateError when no solver's answer
    passes, UsageError for an unknown solver.
    """
    say = progress or (lambda text: None)
    say("building the program")
    coded = code(problem)
    classes = classify(problem, coded, merge=merge)
    qp, layout = formulate(problem, coded, classes)
    chosen = solvers(solver, qp, layout)
    say(f"solving {qp.columns:,} variables, {qp.rows:,} rows")
    refused: Solution | None = None
    near = None
    if solver == "auto" and not qp.linear:
        near = _near(problem, coded, classes, qp, layout, start, say)
        if near is not None:
            chosen = [BESIDE if _late(qp, layout) else SIFTED, *chosen]
    ways = {SIFTED: sifted, BESIDE: beside}
    for name in chosen:
        found = ways[name](qp, *near, say) if name in ways and near else attempts(qp, name, say)
        for raw in found:
            settled, intervals = settle(qp, raw)
            solution = read_answer(problem, coded, classes, qp, layout, settled, intervals)
            ledger = accounts(problem, solution)
            solution = replace(solution, status="solved", accounts=ledger, welfare=welfare(ledger))
            solution = replace(solution, certificate=certify(problem, solution))
            if solution.certificate["passed"]:
                return replace(solution, start=Start(coded, classes, layout, raw.x, raw.y))
            refused = refused or solution
        if name == next(c for c in chosen if c not in ways):  # perhaps there is nothing to find
            explain_failure(problem, coded, classes, qp, layout, say)
        say(f"{name}: no certified answer; trying on")
    raise CertificateError(
        _why(refused), fix="The answer is not shown. Try another --solver, or check the units of the tables."
    )


def solvers(name: str, qp: QP, layout: Layout) -> list[str]:
    """Which solvers are tried, in order."""
    if name == "auto":
        if qp.linear:
            return ["highs", "piqp", "clarabel"]
        return ["block", "piqp", "clarabel"] if _crowded(qp, layout) else ["piqp", "block", "clarabel"]
    if name not in SOLVERS:
        raise UsageError(f'unknown solver "{name}"', fix=f"One of: auto, {', '.join(SOLVERS)}.")
    if name == "highs" and not qp.linear:
        raise UsageError("highs solves linear programs only; this market has a quadratic one", fix="Use --solver auto.")
    return [name]


def _crowded(qp: QP, layout: Layout) -> bool:
    """Whether block elimination is the faster way: a large program in which many classes share most arcs.

    Measured (docs/decisions/market-speed.md, market.md): even at 5 strategic traders x 12 months on one shared network
    (6 classes an arc), ahead from there on. Where each seller has a network of its own, as in the reference problem
    (97,551 variables, 2.1 classes an arc), PIQP is several times as fast, unless its months are tied by late deliveries.
    On the multi-year program (354,769 variables, 3.6 classes an arc) PIQP found nothing in 330 s, where blocks give a
    start in 45.
    """
    sharing = len(layout.flow) / max(np.unique(layout.flow["e"]).size, 1)
    return qp.columns >= VERY_LARGE or (qp.columns >= LARGE and sharing >= MANY_USERS) or _late(qp, layout)


def _late(qp: QP, layout: Layout) -> bool:
    """Whether late deliveries tie the months of a large market: one step of PIQP on it takes four times one by blocks."""
    return qp.columns >= LARGE and len(layout.transit) > 0


def _near(
    problem: Problem, coded: Coded, classes: Classes, qp: QP, layout: Layout, start: Start | None, say: Say
) -> tuple[Vector, Vector] | None:
    """Quantities and multipliers near the answer, where they are cheaper to have than the answer.

    Measured (docs/decisions/market-speed.md): with every terminal of every class joining each month to the next the
    reference problem takes PIQP 80 s of processor time, and without 3. Where many classes share a network, a step on
    the whole program costs five to ten times one on the columns that matter.
    """
    if start is not None:
        return guess(start, coded, classes, layout, qp)
    if qp.columns < LARGE:
        return None
    if _late(qp, layout):
        say("solving with prompt deliveries first")
        prompt = replace(coded, arcs=replace(coded.arcs, lag=np.zeros_like(coded.arcs.lag)))
        part, part_layout = formulate(problem, prompt, classes)
        raw = _roughly(part, part_layout)
        if raw.status != "solved":
            return None
        return guess(Start(prompt, classes, part_layout, raw.x, raw.y), coded, classes, layout, qp)
    if _crowded(qp, layout) and len(layout.level) <= FEW_STOCKS * qp.columns:
        say("solving roughly first")
        raw = _roughly(qp, layout)
        return (raw.x, raw.y) if raw.status == "solved" else None
    return None


def _roughly(qp: QP, layout: Layout) -> Raw:
    """An answer that is good enough to guess from."""
    scale = Scale.of(qp)
    small = scale.shrink(qp)
    return scale.grow(solve_block(small, tol=HALFWAY, decided=False) if _crowded(qp, layout) else piqp(small, ROUGH))


def sifted(qp: QP, x: Vector, y: Vector, say: Say) -> Iterator[Raw]:
    """The answers from a guess, best first; none if it leads nowhere."""
    raw = sift(qp, x, y, say)
    if raw is not None:
        yield from _polished(qp, raw)


def beside(qp: QP, x: Vector, y: Vector, say: Say) -> Iterator[Raw]:
    """The block solver's answer from a guess. Not polished: fixing the limits of such a market costs more than solving it."""
    scale = Scale.of(qp)
    raw = scale.grow(solve_block(scale.shrink(qp), near=(x / scale.quantity, y / scale.price)))
    say(f"from a near answer: {raw.status} after {raw.info.get('iterations', '?')} steps")
    if raw.status == "solved":
        yield raw


def attempts(qp: QP, name: str, say: Say) -> Iterator[Raw]:
    """A solver's answers, best first: polished, in doubt with fewer or more limits fixed, then as it came. None if it found none."""
    raw = solve_with(name, qp)
    say(f"{name}: {raw.status} after {raw.info.get('iterations', '?')} steps")
    if raw.status in ("infeasible", "unbounded"):
        return
    if name == "highs":  # a vertex has nothing to polish
        yield raw
        return
    yield from _polished(qp, raw)


def _polished(qp: QP, raw: Raw) -> Iterator[Raw]:
    """An answer polished, in doubt with fewer or more limits fixed, then as it came; the block solver's as it came first."""
    limit = KEPT * Scale.of(qp).quantity
    before, after = ([raw], []) if raw.info["solver"] == "block" else ([], [raw])  # block stops on its bounds already
    later = []
    for answer in chain(before, (polish(qp, raw, doubt) for doubt in (1.0, 1e3, 1e-3)), after):
        if residuals(qp, answer).primal <= limit:
            yield answer
        else:
            later.append(answer)
    yield from later


def _why(solution: Solution | None) -> str:
    """The certificate's failing terms, in words."""
    from polynya.market.certificate import LIMITS

    if solution is None:
        return "no solver found an answer"
    failing = [
        f"{name} {solution.certificate[name]:.1e} (limit {limit:.0e}) at {solution.certificate['worst'].get(name, '?')}"
        for name, limit in LIMITS.items()
        if solution.certificate[name] > limit
    ]
    return "the answer does not pass its certificate: " + "; ".join(failing)
