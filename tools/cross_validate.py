"""How well does the model do on a year when it is fitted to other years alone? (targets of 2019 to 2021 -> a table in a page)

Fits to 2019 alone and to 2021 alone, takes the overlay that ships for both, and scores the years that a fit has not seen. Rewrites one section of
`docs/validation/backcast.md`; the overlay that ships stays as it is. Two fits: some minutes.

    python tools/cross_validate.py
"""

from __future__ import annotations

import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

from polynya.calibration.actuals import Actual, read_actuals
from polynya.calibration.backcast import backcast, document
from polynya.calibration.calibrate import calibrate, write_overlay
from polynya.calibration.year import HindcastOptions
from polynya.world import World, load_world
from polynya.world.calibrated import CALIBRATED, TARGETS, layers, withheld

PAGE = Path(__file__).resolve().parents[1] / "docs" / "validation" / "backcast.md"
START, END = "<!-- cross -->", "<!-- end cross -->"
# Fitted on -> years that the fit has not seen. Level of prices and the year before are posed from the years fitted on.
FOLDS = (((2019,), (2020, 2021)), ((2021,), (2019, 2020)), ((2019, 2021), (2020,)))
SHOWN = (
    ("routes", "eu27_import_by_route"),
    ("LNG pairs", "lng_bilateral"),
    ("pipelines", "pipeline_bilateral"),
    ("LNG imports", "lng_import"),
    ("LNG exports", "lng_export"),
    ("prices", "price_annual_avg"),
)


def fold(world: World, observed: tuple[Actual, ...], base: tuple[int, ...], years: tuple[int, ...]) -> list[list[str]]:
    """Rows of one fit: years tested, error, naive and direction of every metric shown."""
    if list(base) == json.loads((CALIBRATED / "summary.json").read_text(encoding="utf-8"))["base_years"]:
        fitted, factors = load_world(None, layers(None, ())), withheld()
    else:
        found = calibrate(world, base, observed, say=lambda m: print(m, file=sys.stderr))
        factors = tuple(
            (p.members[0], p.year, math.exp(float(v)))
            for p, v in zip(found.parameters, found.fit.values, strict=True)
            if p.year in base
        )
        with tempfile.TemporaryDirectory() as folder:
            write_overlay(world, found, Path(folder))
            fitted = load_world(None, [folder])
    rows = []
    for year in years:
        options = HindcastOptions(base_years=(min(base),), withheld=factors)
        scored = document(backcast(fitted, (year,), observed, (), options))
        by_metric = scored["by_year"][str(year)]
        rows.append([", ".join(map(str, base)), str(year), *(_cell(by_metric.get(m)) for _, m in SHOWN)])
        print(rows[-1], file=sys.stderr)
    return rows


def _cell(values: dict[str, Any] | None) -> str:
    if values is None:
        return "-"
    said = f"{100 * values['error']:.0f} %"
    if values["naive_error"] is not None:
        said += f" ({100 * values['naive_error']:.0f} %)"
    if values["direction_right"] is not None:
        said += f", {values['direction_right'] * values['n_moved']:.0f} of {values['n_moved']}"
    return said


def main() -> None:
    observed, world = read_actuals(TARGETS), load_world()
    rows = [row for base, years in FOLDS for row in fold(world, observed, base, years)]
    header = ["fitted on", "tested on", *(name for name, _ in SHOWN)]
    lines = ["|" + "|".join(r) + "|" for r in [header, ["---", "---", *["---:"] * len(SHOWN)], *rows]]
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(
        text[: text.index(START) + len(START)] + "\n" + "\n".join(lines) + "\n" + text[text.index(END) :],
        encoding="utf-8",
    )


if __name__ == "__main__":
    main()
