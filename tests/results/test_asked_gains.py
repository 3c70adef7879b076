"""What somebody gains, written so that it can be differentiated: the stored accounts, and differences of accounts solved again."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from polynya.market.inputs import welfare_unit_musd
from polynya.market.problem import Problem
from polynya.market.sensitivity import Sensitivity
from polynya.market.solve import solve
from polynya.results.asked_gains import account
from tests.market.random_problem import tables
from tests.market.test_sensitivity import moved

CLOSE = {
    ("production", "cost"),
    ("arcs", "cost"),
    ("arcs", "capacity"),
    ("arcs", "loss"),
    ("demand", "slope"),
    ("conduct", "theta"),
}
STEP = 1e-5


def ledger(asked: Problem) -> tuple[Sensitivity, dict[tuple[str, str], float]]:
    """One side, and (party, id) -> what its accounts add up to, in million USD."""
    answer = solve(asked)
    sums = answer.accounts.group_by("party", "id").agg(pl.col("amount").sum())
    assert answer.start is not None
    return Sensitivity(asked, answer.start), {(p, i): welfare_unit_musd(a) for p, i, a in sums.iter_rows()}


def readable(asked: Problem) -> bool:
    """No stores of a seller's own, no fixed demand."""
    return (
        asked.storage["trader"].null_count() == asked.storage.height
        and asked.demand["fixed"].null_count() == asked.demand.height
    )


SEEDS = [s for s in range(60) if readable(Problem.from_tables(tables(s)))][:6]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_account_is_the_stored_one(seed):
    """Consumers, sellers with and without conduct, lines, ships, hubs and stores of random markets. Money that investors spend is apart."""
    asked = Problem.from_tables(tables(seed))
    side, known = ledger(asked)
    merged = {name for name, members in zip(side.classes.names, side.classes.members, strict=True) if len(members) > 1}
    invested = set(asked.investments["id"])
    compared = 0
    for (party, name), stored in known.items():
        if party == "states" or name in merged or name in invested:
            continue
        value, _ = account(side, party, [name], {})
        assert value == pytest.approx(stored, abs=1e-6, rel=1e-6), (party, name)
        compared += 1
    assert compared > 2


@pytest.mark.parametrize("seed", SEEDS[:3])
def test_derivatives_are_those_of_accounts_solved_again(seed):
    """The two largest accounts of each market by the cell of each column that moves them most, both sides where they agree."""
    asked = Problem.from_tables(tables(seed))
    side, known = ledger(asked)
    parties = [k for k in known if k[0] in ("consumers", "producers")]
    parties = [k for k in parties if k[0] == "consumers" or k[1] in asked.traders["trader"].to_list()]
    tried = 0
    for party, name in sorted(parties, key=lambda k: -abs(known[k]))[:2]:
        _, read = account(side, party, [name], {})
        gradient = side.gradient(read)
        for table, column in CLOSE:
            g = gradient[table, column]
            if not g.size:
                continue
            row = int(np.argmax(np.abs(g)))
            if (asked.tables()[table][column][row] or 0.0) < STEP:  # blank, or nothing below it
                continue
            sides = [
                (ledger(moved(asked, table, column, row, h))[1].get((party, name), 0.0) - known[party, name]) / h
                for h in (STEP, -STEP)
            ]
            if abs(sides[0] - sides[1]) > 1e-3 * (1 + abs(sides[0])):
                continue  # a kink
            assert g[row] == pytest.approx(sides[0], rel=2e-3, abs=2e-3), (party, name, table, column)
            tried += 1
    assert tried > 4
