"""`polynya ensemble`: many worlds instead of one, and how likely each statement is."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polynya.commands.world import Json, Overlays, Uncalibrated, WorldDir


def register(app: typer.Typer) -> None:
    app.command("ensemble")(ensemble)


def ensemble(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO.yaml", help="With likelihoods or ranges in it.")],
    n: Annotated[int, typer.Option("-n", "--draws", min=2, max=100_000, help="How many draws.")] = 64,
    seed: Annotated[int, typer.Option("--seed", min=0, help="The same seed gives the same result bytes.")] = 1,
    workers: Annotated[
        int | None, typer.Option("--workers", min=1, max=256, help="Processes; default: one a core. Changes no result.")
    ] = None,
    cluster: Annotated[
        str, typer.Option("--cluster", metavar="tcp://HOST:PORT", help="A Dask scheduler instead of processes.")
    ] = "",
    resume: Annotated[
        Path | None,
        typer.Option(
            "--resume", metavar="DIR", help="Ledger of solved worlds to go on with. Default: runs/ledger, kept."
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="DIR", help="The result; a non-empty folder is refused. Default: runs/<name>."),
    ] = None,
    sampler: Annotated[
        str, typer.Option("--sampler", help="auto (every way if no more than n, else sobol), sobol, latin-hypercube.")
    ] = "auto",
    first: Annotated[str, typer.Option("--from", metavar="YYYY-MM", help="First month.")] = "",
    months: Annotated[int | None, typer.Option("--months", min=1, max=240, help="How many months.")] = None,
    horizon: Annotated[
        int | None,
        typer.Option(
            "--horizon", metavar="YEAR", min=2019, max=2060, help="Seasons up to this year; see `polynya run`."
        ),
    ] = None,
    anchor: Annotated[Path | None, typer.Option("--anchor", metavar="FILE", help="Your levels (CSV).")] = None,
    without: Annotated[
        list[str] | None, typer.Option("--without", metavar="ID", help="Leave out a change or condition.")
    ] = None,
    solver: Annotated[str, typer.Option("--solver", help="auto, piqp, clarabel, highs or block.")] = "auto",
    lags: Annotated[bool, typer.Option("--lags", help="As in `polynya run`.")] = False,
    uncalibrated: Uncalibrated = False,
    world: WorldDir = None,
    overlay: Overlays = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress.")] = False,
    json: Json = False,
) -> None:
    """How likely is each statement of a scenario, and what drives the spread?

    Conditions and changes with a likelihood, rated claims and numbers with a range are drawn; equal worlds are solved
    once and kept, so that a run that was cut off goes on where it stopped. See docs/ensemble.md.

    Examples: polynya ensemble my-scenario.yaml -n 256 --seed 7    polynya ensemble my-scenario.yaml --workers 8 --json
    """
    from polynya.commands.options import month
    from polynya.console import Progress, emit_json, say
    from polynya.ensemble.files import ensemble_name, summary_of, summary_text, write_ensemble
    from polynya.ensemble.ledger import Ledger
    from polynya.ensemble.many import Plan
    from polynya.ensemble.pool import cores
    from polynya.errors import UsageError
    from polynya.pipeline import many
    from polynya.results.answer import Question
    from polynya.results.folder import free
    from polynya.whole import require_free

    if sampler not in ("auto", "sobol", "latin-hypercube"):
        raise UsageError(f'unknown sampler "{sampler}".', fix="One of: auto, sobol, latin-hypercube.")
    if out is not None:
        require_free(out)
    if resume is not None and resume.exists() and not resume.is_dir():
        raise UsageError(f"{resume} is a file, not a ledger.", fix="Name a folder; a new one is made.")
    progress = Progress(quiet=quiet)
    question = Question(
        scenario=scenario,
        world=world,
        overlays=tuple(overlay or ()),
        first=month(first) if first else None,
        uncalibrated=uncalibrated,
        months=months,
        horizon=horizon,
        anchor=anchor,
        without=tuple(without or ()),
        solver=solver,
        lags=lags,
    )
    ledger = Ledger(resume or (out.parent if out is not None else Path("runs")) / "ledger")
    plan = Plan(n, seed, sampler, workers or cores(), cluster, tuple(without or ()))  # type: ignore[arg-type]
    found, g = many(question, plan, ledger, progress)
    target = out or free(Path("runs") / ensemble_name(found, g))
    folder = write_ensemble(found, g, target)
    progress.done()
    summary = summary_of(found, g)
    if json:
        emit_json({"ensemble": str(folder), "ledger": str(ledger.folder), "summary": summary})
        return
    say(summary_text(summary))
    say(f"Next: open {folder}/ensemble.html · tables in {folder}/tables · solved worlds in {ledger.folder}")
    say(str(folder))
