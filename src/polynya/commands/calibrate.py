"""`polynya calibrate`: fit uncertain costs, frictions and conduct to base years, and write the overlay that runs use."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polynya.commands.world import Json, Overlays, WorldDir


def register(app: typer.Typer) -> None:
    app.command("calibrate")(calibrate)


def calibrate(
    base: Annotated[str, typer.Option("--base", metavar="Y,Y", help="Base years, separated by commas.")] = "2019,2021",
    targets: Annotated[
        Path | None,
        typer.Option(
            "--targets", metavar="FILE", help="CSV with year,metric,item,value,unit; default: the targets that ship."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="Where the overlay is written; default: over the one that ships."),
    ] = None,
    steps: Annotated[int, typer.Option("--steps", min=1, max=60, help="At most so many steps.")] = 16,
    world: WorldDir = None,
    overlay: Overlays = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
    json: Json = False,
) -> None:
    """Fit to the trade, routes and prices of base years inside stated priors; say what the data identify; write an overlay.

    Example: polynya calibrate --base 2019,2021 --out my-calibration
    """
    from polynya.calibration.actuals import read_actuals
    from polynya.calibration.calibrate import calibrate as run
    from polynya.calibration.calibrate import summary, text, write_overlay
    from polynya.commands.options import year_list
    from polynya.console import Progress, emit_json, say
    from polynya.world import load_world
    from polynya.world.calibrated import CALIBRATED, TARGETS

    years = year_list(base)
    observed = read_actuals(targets or TARGETS)
    progress = Progress(quiet=quiet)
    loaded = load_world(world, overlay or ())
    found = run(loaded, years, observed, steps, progress)
    folder = out or CALIBRATED
    progress(f"writing {folder.name}")
    write_overlay(loaded, found, folder)
    progress.done()
    if json:
        emit_json({"overlay": str(folder), **summary(found)})
    else:
        say(text(found))
        say(str(folder))
