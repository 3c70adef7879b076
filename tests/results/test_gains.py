"""Nothing that the price takers gain belongs to nobody: what ways of rising cost leave is shared out by whose gas it is."""

from __future__ import annotations

import polars as pl
import pytest

from polynya.results.supply import composition


def frame(rows: list[tuple[object, ...]], *columns: str) -> pl.DataFrame:
    return pl.DataFrame(rows, schema=list(columns), orient="row")


def test_what_leaves_a_node_has_the_mixture_of_what_entered_it() -> None:
    """A makes 6 (one half of it lost nowhere) and B makes 2 at N; 4 go on to M, where C makes 1: 3 of A, 1 of B, 1 of C."""
    made = frame([("N", "a", 6.0), ("N", "b", 2.0), ("M", "c", 1.0)], "node", "label", "quantity")
    mixed = composition(frame([("N", "M", 4.0, 4.0)], "from", "to", "quantity", "delivered"), made)
    at = {(n, label): s for n, label, s in mixed.iter_rows()}
    assert at == pytest.approx({("N", "a"): 0.75, ("N", "b"): 0.25, ("M", "a"): 0.6, ("M", "b"): 0.2, ("M", "c"): 0.2})


def test_gas_that_goes_round_keeps_its_mixture() -> None:
    """N and M send each other gas; only N makes any: whatever is anywhere is of N's maker."""
    moved = frame([("N", "M", 5.0, 5.0), ("M", "N", 2.0, 2.0)], "from", "to", "quantity", "delivered")
    mixed = composition(moved, frame([("N", "a", 3.0)], "node", "label", "quantity"))
    assert mixed["share"].to_list() == pytest.approx([1.0, 1.0], rel=1e-9)


def test_the_gains_of_a_month_name_no_nobody_and_add_up_to_welfare() -> None:
    from datetime import date

    from polynya.market.solve import solve
    from polynya.pipeline import FOUNDING, ready
    from polynya.results.answer import Question
    from polynya.results.case import Case
    from polynya.results.gains import gains_of, gap

    r = ready(Question(scenario=FOUNDING, first=date(2025, 4, 1), months=1))
    posed = r.pose(r.base)
    case = Case("baseline", posed.inputs, posed.problem, solve(posed.problem), posed.bans)
    table = gains_of(case, {})
    assert gap(table, case.solution.welfare) < 1e-9
    makers = set(case.problem.production["trader"])
    assert set(table.filter(pl.col("group") == "producers")["id"]) <= makers  # and no row "not shared out"
