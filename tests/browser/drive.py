"""How is a browser driven from a test? (script of web/test and its arguments -> what it found)

Needs Node.js, `cd web && npm ci` once (playwright-core and axe-core; no browser is fetched) and a Chromium (CHROMIUM names
another than Debian's). `make test-browser` runs all of it; APP_SHOTS=FOLDER keeps the pictures.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

WEB = Path(__file__).resolve().parents[2] / "web"
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
needs_browser = [
    pytest.mark.browser,
    pytest.mark.skipif(not Path(CHROMIUM).exists(), reason="no Chromium"),
    pytest.mark.skipif(shutil.which("node") is None, reason="no Node.js"),
    pytest.mark.skipif(not (WEB / "node_modules" / "playwright-core").is_dir(), reason="run `npm ci` in web/"),
]


def checks_of(script: str) -> list[str]:
    """The names of the checks that a script makes, in order."""
    text = (WEB / "test" / script).read_text(encoding="utf-8")
    return re.findall(r'^await check\("([^"]+)"', text, re.M)


def drive(script: str, *arguments: str) -> dict[str, Any]:
    """checks: name -> "ok" or what is wrong; measured; faults: errors, warnings, dialogs and foreign requests."""
    run = subprocess.run(
        ["node", f"test/{script}", *arguments], cwd=WEB, capture_output=True, text=True, timeout=1500, check=False
    )
    assert run.returncode == 0, run.stderr
    document: dict[str, Any] = json.loads(run.stdout)
    print(json.dumps(document["measured"]))
    return document


def shots(fallback: Path) -> Path:
    """Where pictures are kept."""
    folder = Path(os.environ.get("APP_SHOTS", "") or fallback)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
