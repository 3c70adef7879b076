"""What are the prices and flows of this market? (Problem -> Solution, certified or refused)"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from polynya.errors import NoSolutionError, UsageError
from polynya.market.answer import Solution, read_answer
from polynya.market.backends import SOLVERS, solve_with
from polynya.market.certificate import certify
from polynya.market.classes import classify
from polynya.market.coded import code
from polynya.market.formulation import formulate
from polynya.market.problem import Problem
from polynya.market.welfare import accounts, welfare


def solve(
    problem: Problem, *, solver: str = "auto", progress: Callable[[str], None] | None = None, merge: bool = True
) -> Solution:
    """Solve a market."""
    say = progress or (lambda text: None)
    if solver != "auto" and solver not in SOLVERS:
        raise UsageError(f'unknown solver "{solver}"', fix=f"One of: auto, {', '.join(SOLVERS)}.")
    say("building the program")
    coded = code(problem)
    classes = classify(problem, coded, merge=merge)
    qp, layout = formulate(problem, coded, classes)
    say(f"solving {qp.columns:,} variables, {qp.rows:,} rows")
    name = solver if solver != "auto" else "highs" if qp.linear else "piqp"
    raw = solve_with(name, qp)
    if raw.status in ("infeasible", "unbounded"):
        raise NoSolutionError(f"the market is {raw.status}")
    solution = read_answer(problem, coded, classes, qp, layout, raw)
    ledger = accounts(problem, solution)
    solution = replace(solution, accounts=ledger, welfare=welfare(ledger))
    return replace(solution, certificate=certify(problem, solution))
