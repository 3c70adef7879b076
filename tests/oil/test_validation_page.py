"""docs/validation/refineries.md is what its script says."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

from polynya.world import load_world

ROOT = Path(__file__).resolve().parents[2]


def test_the_page_is_what_the_script_says():
    spec = importlib.util.spec_from_file_location("validate_refineries", ROOT / "tools" / "validate_refineries.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["validate_refineries"] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    page = (ROOT / "docs" / "validation" / "refineries.md").read_text(encoding="utf-8")
    assert module.rewritten(page, module.blocks(load_world())) == page
