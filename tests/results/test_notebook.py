"""A run in a notebook: it says its answer, nothing in it can act, and its charts hold the run's own numbers."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import polynya
from polynya.errors import NotFoundError
from tests.report import made
from tests.results.test_run import files, run  # noqa: F401  fixtures


def test_a_run_shows_its_answer(run: Path) -> None:  # noqa: F811
    html = polynya.open_run(run)._repr_html_()
    assert "The line opens" in html
    assert "1 of 1" in html
    assert "Certificate passed" in html


def test_text_stays_text() -> None:
    from polynya.results.notebook import summary_html

    html = summary_html(made.summary(made.EVIL), made.EVIL)
    assert set(re.findall(r"</?(\w+)", html)) <= {
        "div", "p", "b", "br", "i", "table", "caption", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip
    assert "&lt;img src=x" in html


def test_a_folder_that_is_no_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no manifest\.json"):
        polynya.open_run(tmp_path)


def test_prices_are_drawn_for_both_cases(run: Path) -> None:  # noqa: F811
    chart = polynya.open_run(run).plot()
    rows = {(r["case"], r["period"]): r["price"] for r in chart.data.to_dicts()}
    assert rows["baseline", "2021-01"] == pytest.approx(8.0, abs=1e-6)
    assert rows["scenario", "2021-02"] == pytest.approx(5.0, abs=1e-6)
    assert chart.to_dict()["encoding"]["y"]["title"] == "USD/MMBtu"


def test_flows_supply_and_gains_are_valid_charts(run: Path) -> None:  # noqa: F811
    plot = polynya.open_run(run).plot
    assert plot.flow("aa-bb").to_dict()["title"] == "Flows [bcm in the month]"
    assert {r["supplier"] for r in plot.supply("BB").data.to_dicts()} == {"AA", "BB"}
    assert plot.gains("consumers").to_dict()["mark"]["type"] == "bar"


def test_an_unknown_name_is_answered_with_the_nearest(run: Path) -> None:  # noqa: F811
    with pytest.raises(NotFoundError, match="Did you mean aa-bb"):
        polynya.open_run(run).plot.flow("aa-b")


def test_an_answer_shows_itself_before_it_is_written(files: Path) -> None:  # noqa: F811
    answer = polynya.run(files / "s.yaml", world=files)
    assert "Certificate passed" in answer._repr_html_()
