"""Where does the calibrated overlay lie, and what does it say of itself? (folder -> overlays of a run, base years and errors)

The overlay ships with the reference world and lies on top of it unless it is switched off; a user's own world has none. It is
written by `polynya calibrate`, never by hand.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from polynya.world.load import REFERENCE

CALIBRATED = REFERENCE / "calibrated"
LAYER = CALIBRATED.name
TARGETS = CALIBRATED / "targets.csv"


def layers(world: Path | str | None, overlays: Sequence[Path | str], *, uncalibrated: bool = False) -> list[Path | str]:
    """The overlays to load: the calibrated one first, where the reference world is used and it was not switched off."""
    there = world is None and not uncalibrated and (CALIBRATED / "summary.json").is_file()
    return [*([CALIBRATED] if there else []), *overlays]


def calibration_of(world_layers: Sequence[str]) -> dict[str, Any] | None:
    """What the overlay says of its fit, for a world that has it; None for one that has not."""
    if LAYER not in world_layers:
        return None
    found: dict[str, Any] = json.loads((CALIBRATED / "summary.json").read_text(encoding="utf-8"))
    return found
