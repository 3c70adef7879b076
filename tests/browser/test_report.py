"""The report in Debian's Chromium, offline: every interaction, with errors of the page as failures."""

from __future__ import annotations

from typing import Any

import pytest

from polynya.pipeline import EXAMPLES, run
from polynya.report.html import page, report_html
from polynya.results.summary import summarise
from polynya.results.write import result_tables
from tests.browser.drive import checks_of, drive, needs_browser, shots
from tests.report import made
from tests.report.big import big_tables

CHECKS = checks_of("report.mjs")
pytestmark = needs_browser


@pytest.fixture(scope="session")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder = tmp_path_factory.mktemp("browser")
    (folder / "big.html").write_text(page(big_tables(), made.summary(), made.labels()), encoding="utf-8")
    evil = made.FORMULA + made.EVIL
    (folder / "evil.html").write_text(page(made.tables(evil), made.summary(evil), made.labels(evil)), encoding="utf-8")
    lean = made.tables()
    for name in ("production", "legs", "findings", "ownership", "standing"):
        del lean[name]
    (folder / "lean.html").write_text(page(lean, made.summary(), made.labels()), encoding="utf-8")
    oil = run(EXAMPLES / "refineries-2025" / "scenario.yaml")
    tables = result_tables(oil)
    (folder / "oil.html").write_text(report_html(oil, tables, summarise(oil, tables)), encoding="utf-8")
    files = (str(folder / f"{name}.html") for name in ("big", "evil", "lean", "oil"))
    return drive("report.mjs", *files, str(shots(folder)))


@pytest.mark.parametrize("name", CHECKS)
def test_interaction(found: dict[str, Any], name: str) -> None:
    assert found["checks"][name] == "ok"


def test_no_errors_no_warnings_no_requests(found: dict[str, Any]) -> None:
    assert found["faults"] == []


def test_every_check_ran(found: dict[str, Any]) -> None:
    assert set(found["checks"]) == set(CHECKS)
    assert len(CHECKS) >= 20


def test_three_thousand_flows_stay_fluid(found: dict[str, Any]) -> None:
    measured = found["measured"]
    assert measured["month_step_median_ms"] < 50
    assert measured["first_view_ms"] < 2000
