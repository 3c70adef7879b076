"""`polynya backcast`: what the model says about past years, beside what happened and beside the naive forecast."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polynya.commands.world import Json, Overlays, Uncalibrated, WorldDir

LONGEST = 24  # months of a window


def register(app: typer.Typer) -> None:
    app.command("backcast")(backcast)


def backcast(
    years: Annotated[str, typer.Option("--years", metavar="Y,Y", help="Past years, separated by commas.")],
    actuals: Annotated[
        Path, typer.Option("--actuals", metavar="FILE", help="CSV with year,metric,item,value,unit: what happened.")
    ],
    base_actuals: Annotated[
        Path | None,
        typer.Option(
            "--base-actuals",
            metavar="FILE",
            help="The same for years before, for the naive forecast; default: the figures of 2019 to 2021 that ship.",
        ),
    ] = None,
    elasticity: Annotated[
        str, typer.Option("--elasticity", help="How much use gives way within the year: short or medium.")
    ] = "short",
    price_level: Annotated[
        str,
        typer.Option(
            "--price-level", help="fuel: price level of the base year moved with coal and carbon; base: as it was."
        ),
    ] = "fuel",
    risk_premium: Annotated[
        float, typer.Option("--risk-premium", metavar="USD/MMBtu", help="Added to what European buyers would pay.")
    ] = 0.0,
    storage_target: Annotated[
        float,
        typer.Option(
            "--storage-target",
            min=0,
            max=1,
            help="European stores at least so full on 1 November, up to 35 % of a year's use.",
        ),
    ] = 0.0,
    stock_build: Annotated[
        float,
        typer.Option(
            "--stock-build",
            min=0,
            max=1,
            help="European stores filled along a straight path: a third of this share on 1 May, all of it on 1 November.",
        ),
    ] = 0.0,
    foresight: Annotated[
        str,
        typer.Option(
            "--foresight",
            metavar="year|expected|MONTHS",
            help="year: all of it and its winter; expected: quarter by quarter, ahead only what could be expected; MONTHS: so many true months.",
        ),
    ] = "year",
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Write a chart of model over actual.")
    ] = None,
    uncalibrated: Uncalibrated = False,
    world: WorldDir = None,
    overlay: Overlays = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
    json: Json = False,
) -> None:
    """Solve past years from what was known from outside the market, and score every series of a file of actuals.

    Price levels: the default. Who supplies whom, which way flows change, how full stores are: --foresight expected, which takes longer.
    Example: polynya backcast --years 2022,2023 --actuals actuals.csv --base-actuals before.csv
    """
    from polynya.calibration.actuals import read_actuals
    from polynya.calibration.backcast import backcast as run
    from polynya.calibration.backcast import document, text
    from polynya.calibration.chart import chart
    from polynya.calibration.year import HindcastOptions
    from polynya.commands.options import one_of, year_list
    from polynya.console import Progress, emit_json, say
    from polynya.whole import write_whole
    from polynya.world import load_world
    from polynya.world.calibrated import TARGETS, errors_of_unfitted_years, layers
    from polynya.world.calibrated import withheld as found_withheld

    wanted = year_list(years)
    options = HindcastOptions(
        elasticity=one_of("--elasticity", elasticity, ("short", "medium")),
        price_level=one_of("--price-level", price_level, ("fuel", "base")),
        risk_premium_usd_per_mmbtu=risk_premium,
        storage_target=storage_target,
        stock_build=stock_build,
        foresight_months=_months(foresight),
        expected=foresight == "expected",
        withheld=() if uncalibrated or world is not None else found_withheld(),
    )
    observed = read_actuals(actuals)
    before = read_actuals(base_actuals or TARGETS)
    progress = Progress(quiet=quiet)
    loaded = load_world(world, layers(world, overlay or (), uncalibrated=uncalibrated))
    result = run(loaded, wanted, observed, before, options, progress)
    progress.done()
    if svg is not None:
        write_whole(svg, chart(result.series))
    unfitted = None if uncalibrated or world is not None or overlay else errors_of_unfitted_years()
    if json:
        emit_json(document(result, unfitted))
    else:
        say(text(result, unfitted))


def _months(foresight: str) -> int:
    """How many true months a window has; 0 where it is not counted in months. Raises UsageError."""
    from polynya.errors import UsageError

    if foresight in ("year", "expected"):
        return 0
    if foresight.isdecimal() and int(foresight) <= LONGEST:
        return int(foresight)
    raise UsageError(
        f'--foresight: "{foresight}" is neither year nor expected nor a number of months up to {LONGEST}.',
        fix="For example --foresight expected.",
    )
