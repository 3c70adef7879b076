"""The served app in Debian's Chromium: every interaction, with errors of the page and foreign requests as failures.

Needs `cd web && npm ci` once and a Chromium, as tests/browser/test_report.py. APP_SHOTS=FOLDER keeps the pictures.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from polynya.server.settings import Limits
from tests.browser.test_report import CHROMIUM, WEB
from tests.server.conftest import ONE_MONTH, serve

CHECKS = re.findall(r'^await check\("([^"]+)"', (WEB / "test" / "app.mjs").read_text(encoding="utf-8"), re.M)
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium"),
    pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js"),
    pytest.mark.skipif(not (WEB / "node_modules" / "playwright-core").is_dir(), reason="run `npm ci` in web/"),
]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    shots = Path(os.environ.get("APP_SHOTS", "") or tmp_path_factory.mktemp("shots"))
    shots.mkdir(parents=True, exist_ok=True)
    for served in serve(tmp_path_factory.mktemp("runs"), replace(Limits(), header_seconds=30.0)):
        other = {
            **ONE_MONTH,
            "edits": {
                **ONE_MONTH["edits"],
                "id": "other",
                "capacities": [{"subject": "turkstream-2", "capacity_bcm_per_year": 5, "from": "2025-04-01"}],
            },
        }
        names = []
        for asked in (ONE_MONTH, other):
            job = served.wait(served.job(asked)["id"], seconds=120)
            assert job["state"] == "done", job
            names.append(job["run"])
        run = subprocess.run(
            ["node", "test/app.mjs", f"{served.url}/", str(shots), *names],
            cwd=WEB,
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
    assert run.returncode == 0, run.stderr
    document: dict[str, Any] = json.loads(run.stdout)
    print(json.dumps(document["measured"]))
    return document


@pytest.mark.parametrize("name", CHECKS)
def test_interaction(found: dict[str, Any], name: str) -> None:
    assert found["checks"][name] == "ok"


def test_no_errors_no_warnings_no_foreign_requests(found: dict[str, Any]) -> None:
    assert found["faults"] == []


def test_every_check_ran(found: dict[str, Any]) -> None:
    assert set(found["checks"]) == set(CHECKS)
    assert len(CHECKS) >= 20
