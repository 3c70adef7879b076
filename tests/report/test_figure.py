"""Tables and lines of a page without script: what is shown, what is saved, and that no text becomes an element or a formula."""

from __future__ import annotations

import csv
import io
import re
from html import unescape
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polynya.report.figure import Column, Row, chart, shown, table
from tests.report import made

COLUMNS = [Column("who"), Column("change [%]", 1, signed=True)]


def saved(html: str, kind: str) -> list[str]:
    """What the links of a page hand over."""
    found = re.findall(rf'href="data:{re.escape(kind)};charset=utf-8,([^"]*)"', html)
    return [unquote(unescape(f)) for f in found]


@pytest.mark.parametrize(
    ("value", "column", "text"),
    [
        (-0.41, Column("", 2, signed=True), "\N{MINUS SIGN}0.41"),
        (0.41, Column("", 2, signed=True), "+0.41"),
        (0.41, Column("", 2), "0.41"),
        (0.0, Column("", 1, signed=True), "0.0"),
        (-0.0004, Column("", 2, signed=True), "0.00"),  # rounds to nothing: no sign
        (1234567.0, Column("", 0), "1,234,567"),
        (None, Column("", 2), ""),
        ("closed", Column("", 2), "closed"),
    ],
)
def test_a_cell_is_read_as_a_person_would_write_it(value: float | str | None, column: Column, text: str) -> None:
    assert shown(value, column) == text


@given(st.text(max_size=40), st.floats(-1e6, 1e6))
def test_no_text_becomes_an_element_and_every_row_is_saved(text: str, number: float) -> None:
    html = str(table("t", text, COLUMNS, [Row([text, number], f"row/{text}"), Row(["other", 1.0])]))
    assert set(re.findall(r"<(\w+)", html)) <= {"div", "table", "caption", "thead", "tr", "th", "tbody", "td", "a", "p"}
    assert html.count("<tr") == 3
    (document,) = saved(html, "text/csv")
    rows = list(csv.reader(io.StringIO(document, newline="")))
    assert rows[0] == ["who", "change [%]"]
    assert rows[-1] == ["other", "1.0"]


def test_a_formula_is_saved_as_text() -> None:
    (document,) = saved(str(table("t", "", COLUMNS, [Row([made.FORMULA, -2.0])])), "text/csv")
    assert list(csv.reader(io.StringIO(document)))[1] == ["'" + made.FORMULA, "-2.0"]  # numbers stay numbers


def test_a_row_has_an_address() -> None:
    html = str(table("t", "", COLUMNS, [Row(["Schwedt", 1.0], "utilisation/pck-schwedt")]))
    assert 'id="utilisation/pck-schwedt"' in html
    assert 'href="#utilisation/pck-schwedt"' in html


def test_an_empty_table_says_so() -> None:
    assert str(table("t", "", COLUMNS, [])) == "<p>Nothing.</p>"


def ticks(html: str) -> list[str]:
    return re.findall(r'text-anchor="end">([^<]*)<', html.split("<p")[0])


def test_ticks_are_round_numbers_and_hold_every_value() -> None:
    """A constant 3 is drawn in the middle of a span of one, not as a movement: 2.4 to 3.6 by fifths."""
    html = str(chart("c", "Petrol", ["2025-04", "2025-05"], [[3.0, 3.0], [3.0, 3.0]], "USD/bbl", None))
    assert ticks(html) == ["2.4", "2.6", "2.8", "3.0", "3.2", "3.4", "3.6"]
    percent = str(chart("c", "PCK", ["2025-04", "2025-05"], [[82.6, 72.2], [93.3, 95.0]], "%", 0.0))
    assert ticks(percent) == ["0", "20", "40", "60", "80", "100"]


@given(st.lists(st.floats(-500, 500), min_size=2, max_size=2), st.lists(st.floats(-500, 500), min_size=2, max_size=2))
def test_no_line_leaves_its_axis(a: list[float], b: list[float]) -> None:
    html = str(chart("c", "x", ["2025-04", "2025-05"], [a, b], "USD/bbl", None))
    shown_ = [float(t.replace("\N{MINUS SIGN}", "-").replace(",", "")) for t in ticks(html)]
    step = shown_[1] - shown_[0]
    assert 2 <= len(shown_) <= 8
    assert shown_[0] <= min(*a, *b) + 0.01 * step
    assert shown_[-1] >= max(*a, *b) - 0.01 * step


def test_a_saved_picture_stands_alone() -> None:
    html = str(chart("c", made.EVIL, ["2025-04"], [[1.0], [2.0]], "%", 0.0))
    (picture,) = saved(html, "image/svg+xml")
    assert picture.startswith('<svg xmlns="http://www.w3.org/2000/svg"')
    assert "<script" not in picture
    assert "<img" not in picture
    assert "not a forecast" in picture
    (numbers,) = saved(html, "text/csv")
    assert numbers.splitlines() == ['"month","baseline [%]","scenario [%]"', "2025-04,1.0,2.0"]
