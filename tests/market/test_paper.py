"""The documents say what the code does: they are assembled from it."""

from __future__ import annotations

import inspect
from pathlib import Path

from polynya.market import formulation
from polynya.market.paper import CHAPTERS, SYMBOLS, paper, problem_folder
from polynya.market.schema import BY_NAME, TABLES

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_paper_is_up_to_date():
    """`python -m polynya.market.paper > docs/math/market.md` makes it so."""
    assert (DOCS / "math" / "market.md").read_text(encoding="utf-8") == paper()


def test_the_reference_of_tables_is_up_to_date():
    assert (DOCS / "problem-folder.md").read_text(encoding="utf-8").endswith(problem_folder())


def test_every_equation_family_on_the_contents_page_is_in_the_paper():
    """Each function that `formulate` calls is a section, and each has its equation or its bounds."""
    body = inspect.getsource(formulation.formulate)
    named = [name for _, names in CHAPTERS for name in names]
    for name in named:
        assert f"{name}(" in body, name
        assert "$" in (getattr(formulation, name).__doc__ or ""), name


def test_every_number_of_the_format_has_a_symbol():
    """Symbol -> column -> unit covers every numeric column but the two that carry no mathematics."""
    shown = {(table, column) for _, table, column, _ in SYMBOLS}
    numbers = {(t.name, c.name) for t in TABLES for c in t.columns if c.kind == "number"}
    assert numbers - shown == {("periods", "days"), ("contracts", "price")}
    assert all(column in {c.name for c in BY_NAME[table].columns} for table, column in shown)
