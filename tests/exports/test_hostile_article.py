"""Formulas and elements in an article do nothing at the other end: in the report, the exports and the notebook."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from polynya.results.exports import export
from polynya.results.folder import Run
from tests.hostile import hostile_run
from tests.report.test_html import read


@pytest.fixture(scope="module")
def harmed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return hostile_run(tmp_path_factory.mktemp("harm"))


def test_nothing_of_the_article_becomes_an_element_of_the_report(harmed: Path) -> None:
    html = (harmed / "report.html").read_text(encoding="utf-8")
    found = read(html).found
    assert [tag for tag, _ in found].count("script") == 2  # the data and the bundle
    assert not {"img", "iframe", "object", "embed", "form", "svg"} & {tag for tag, _ in found}
    assert not any(name.startswith("on") or name == "style" for _, attributes in found for name in attributes)
    assert "TurkStream by half" in html  # the sentence went the whole way


@pytest.mark.parametrize("name", ["csv", "iamc", "pypsa"])
def test_no_cell_of_an_export_begins_a_formula(harmed: Path, tmp_path: Path, name: str) -> None:
    export(Run(harmed), name, tmp_path / name)
    seen = ""
    for path in (tmp_path / name).rglob("*.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            for cell in (c for row in csv.reader(file) for c in row):
                seen += cell
                if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")):
                    float(cell)  # only a number may begin so
    assert name != "csv" or "'=HYPERLINK" in seen  # the harm was there to be stopped


def test_the_notebook_shows_it_as_text(harmed: Path) -> None:
    html = Run(harmed)._repr_html_()
    assert "<img" not in html
    assert "<svg" not in html
