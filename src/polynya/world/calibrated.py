"""Where does the calibrated overlay lie, and what does it say of itself? (folder -> overlays of a run, base years and errors)

The overlay ships with the reference world and lies on top of it unless it is switched off; a user's own world has none. It is
written by `polynya calibrate`, never by hand.
"""

from __future__ import annotations

import csv
import json
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from polynya.world.load import REFERENCE

CALIBRATED = REFERENCE / "calibrated"
LAYER = CALIBRATED.name
TARGETS = CALIBRATED / "targets.csv"
UNFITTED = REFERENCE / "validation" / "backcast.json"  # written by tools/validate_backcast.py


def layers(world: Path | str | None, overlays: Sequence[Path | str], *, uncalibrated: bool = False) -> list[Path | str]:
    """The overlays to load: the calibrated one first, where the reference world is used and it was not switched off."""
    there = world is None and not uncalibrated and (CALIBRATED / "summary.json").is_file()
    return [*([CALIBRATED] if there else []), *overlays]


def withheld() -> tuple[tuple[str, int, float], ...]:
    """What calibration found of one base year alone: seller, year, factor on its conduct. It is not carried on, and in no other table."""
    path = CALIBRATED / "parameters.csv"
    if not path.is_file():
        return ()
    with path.open(encoding="utf-8", newline="") as file:
        rows = [r for r in csv.DictReader(file) if r["parameter"].startswith("withheld ")]
    return tuple((r["members"], int(r["parameter"].rsplit(" ", 1)[1]), math.exp(float(r["value"]))) for r in rows)


def calibration_of(world_layers: Sequence[str]) -> dict[str, Any] | None:
    """What the overlay says of its fit, for a world that has it; None for one that has not."""
    if LAYER not in world_layers:
        return None
    found: dict[str, Any] = json.loads((CALIBRATED / "summary.json").read_text(encoding="utf-8"))
    return found


def errors_of_unfitted_years() -> dict[str, Any]:
    """What the calibrated world was off by in years that were not fitted: `years`, and `errors` by way of foresight and metric."""
    found: dict[str, Any] = json.loads(UNFITTED.read_text(encoding="utf-8")) if UNFITTED.is_file() else {}
    return found
