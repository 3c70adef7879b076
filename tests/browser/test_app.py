"""The served app in Debian's Chromium: every interaction, with errors of the page and foreign requests as failures."""

from __future__ import annotations

import shutil
from dataclasses import replace
from typing import Any

import pytest

from polynya.cli import main
from polynya.server.settings import Limits
from tests.browser.drive import checks_of, drive, needs_browser, shots
from tests.ensemble.conftest import make_world
from tests.hostile import hostile_run
from tests.server.conftest import ONE_MONTH, serve

# Finland has to take more Russian gas than anything brings: without an answer whatever is known of the world.
IMPOSSIBLE = """schema: polynya.scenario/1
id: impossible
title: More is to be taken than can be brought
as_of: 2025-03-31
horizon: {from: 2025-04, months: 1}
assumptions:
  - {id: a1, text: invented for a test}
changes:
  - id: too-much
    type: add_contract
    text: A buyer must take more than every line and terminal brings
    seller: gazprom
    node: FI
    annual_bcm: 60
    minimum_share: 1.0
    from: 2025-04-01
    because: [a1]
"""

CHECKS = checks_of("app.mjs")
pytestmark = needs_browser


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    runs = tmp_path_factory.mktemp("runs")
    small = make_world(tmp_path_factory.mktemp("small") / "world")
    asked = [str(small / "coins.yaml"), "--world", str(small), "-n", "16", "--workers", "1", "--quiet"]
    assert main(["ensemble", *asked, "--out", str(runs / "odds")]) == 0
    harm = tmp_path_factory.mktemp("harm")
    shutil.copytree(hostile_run(harm), runs / "hostile")
    for served in serve(runs, replace(Limits(), header_seconds=30.0)):
        other = {
            **ONE_MONTH,
            "edits": {
                **ONE_MONTH["edits"],
                "id": "other",
                "capacities": [{"subject": "turkstream-2", "capacity_bcm_per_year": 5, "from": "2025-04-01"}],
            },
        }
        served.post("/api/v1/scenarios", {"text": IMPOSSIBLE, "name": "impossible"}).raise_for_status()
        names = []
        for question in (ONE_MONTH, other):
            job = served.wait(served.job(question)["id"], seconds=240)
            assert job["state"] == "done", job
            names.append(job["run"])
        document = drive("app.mjs", f"{served.url}/", str(shots(tmp_path_factory.mktemp("shots"))), *names)
    return document


@pytest.mark.parametrize("name", CHECKS)
def test_interaction(found: dict[str, Any], name: str) -> None:
    assert found["checks"][name] == "ok"


def test_no_errors_no_warnings_no_foreign_requests(found: dict[str, Any]) -> None:
    assert found["faults"] == []


def test_every_check_ran(found: dict[str, Any]) -> None:
    assert set(found["checks"]) == set(CHECKS)
    assert len(CHECKS) >= 20
