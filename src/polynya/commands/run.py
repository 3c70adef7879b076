"""`polynya run`, `explain`, `verify`: the main job, and where a number of it comes from."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polynya.commands.world import Json, Overlays, Uncalibrated, WorldDir

RunDir = Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.")]


def register(app: typer.Typer) -> None:
    app.command("run")(run)
    app.command("explain")(explain)
    app.command("verify")(verify)


def run(
    scenario: Annotated[
        Path | None, typer.Argument(metavar="[SCENARIO.yaml]", help="Default: the founding report's scenario.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="The run folder; a non-empty one is refused. Default: runs/<scenario>-<hash>."
        ),
    ] = None,
    first: Annotated[
        str, typer.Option("--from", metavar="YYYY-MM", help="First month; default as the scenario says.")
    ] = "",
    months: Annotated[int | None, typer.Option("--months", min=1, max=240, help="How many months.")] = None,
    horizon: Annotated[
        int | None,
        typer.Option(
            "--horizon",
            metavar="YEAR",
            min=2019,
            max=2060,
            help="After the months, gas seasons (summer, winter) to the winter that begins in this year.",
        ),
    ] = None,
    anchor: Annotated[
        Path | None,
        typer.Option("--anchor", metavar="FILE", help="Your forward prices, demand, stocks, exchange rate (CSV)."),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option("--without", metavar="ID", help="Leave out a change or a condition; may be repeated."),
    ] = None,
    solver: Annotated[str, typer.Option("--solver", help="auto, piqp, clarabel, highs or block.")] = "auto",
    lags: Annotated[
        bool,
        typer.Option(
            "--lags",
            help="Carry LNG still at sea at a month's end into the next month; takes three to four times as long.",
        ),
    ] = False,
    uncalibrated: Uncalibrated = False,
    world: WorldDir = None,
    overlay: Overlays = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
    json: Json = False,
) -> None:
    """What would change if this came true? Solves today's course and the scenario month by month, and writes a run folder.

    Examples: polynya run    polynya run my-scenario.yaml --months 12 --out my-run    polynya run --horizon 2035
    """
    from polynya.commands.options import month
    from polynya.console import Progress, emit_json, say
    from polynya.pipeline import FOUNDING, answer, publish
    from polynya.results.answer import Question
    from polynya.results.folder import free
    from polynya.results.write import run_name
    from polynya.whole import require_free

    if out is not None:
        require_free(out)
    progress = Progress(quiet=quiet)
    question = Question(
        scenario=scenario or FOUNDING,
        world=world,
        overlays=tuple(overlay or ()),
        uncalibrated=uncalibrated,
        first=month(first) if first else None,
        months=months,
        horizon=horizon,
        anchor=anchor,
        without=tuple(without or ()),
        solver=solver,
        lags=lags,
    )
    found = answer(question, progress)
    progress("writing the run")
    written = publish(found, out or free(Path("runs") / run_name(found)))
    folder, summary = written.folder, written.summary
    progress.done()
    if json:
        emit_json(
            {"run": str(folder), "certificate": {"passed": summary["trust"]["certificate_passed"]}, "summary": summary}
        )
        return
    say(written.text)
    most = next((h["largest"] for h in summary["hubs"] if h["hub"] == "Germany" and h.get("largest")), None)
    what = "utilisation/pck-schwedt" if found.market == "oil" else "prices/DE"
    hangs_on = "" if found.market == "oil" or len(found.periods) != found.months else f" · polynya doubts {folder}"
    say(
        f"Next: polynya explain {folder} {what}/{most['period'] if most else f'{found.first:%Y-%m}'}{hangs_on} · open {folder}/report.html"
    )
    say(str(folder))


def explain(
    folder: RunDir,
    address: Annotated[
        str,
        typer.Argument(
            metavar="[ADDRESS]",
            help="prices/DE/2026-01, prices/Europe, supply/RU/EU, gains/gazprom, ...; without: what can be asked.",
        ),
    ] = "",
    json: Json = False,
) -> None:
    """Where a number comes from: terms, equation, facts, gates, changes and the claims behind them.

    Without an address: which numbers the note has, and how everything else is asked.

    Examples:
    polynya explain runs/gazprom-arctic-2025-1a2b
    polynya explain runs/gazprom-arctic-2025-1a2b flows/nord-stream-2-b/2026-01
    polynya explain runs/gazprom-arctic-2025-1a2b gains/Europe
    """
    from polynya.console import emit_json, say
    from polynya.results.addresses import asked, asked_text
    from polynya.results.explain import FORMS, explain_text
    from polynya.results.explain import explain as trace
    from polynya.results.explain_oil import OIL_FORMS
    from polynya.results.folder import open_run

    run = open_run(folder)
    run.require_unaltered()
    if not address:
        found = asked(run, OIL_FORMS if run.manifest.get("market") == "oil" else FORMS)
        if json:
            emit_json(found)
        else:
            say(asked_text(found))
        return
    document = trace(run, address)
    if json:
        emit_json(document)
    else:
        say(explain_text(document))


def verify(folder: RunDir, json: Json = False) -> None:
    """Check a stored run: every file's hash, and both certificates again from the stored files alone.

    Of an ensemble the hashes are checked; its worlds were certified when they were solved.

    Example: polynya verify my-run
    """
    from polynya.console import emit_json, say
    from polynya.errors import CertificateError
    from polynya.results.folder import Run
    from polynya.results.verify import hashes_only
    from polynya.results.verify import verify as check

    verdict = hashes_only(folder) or check(Run(folder))
    failed = [n for n, c in verdict.certificates.items() if not c["passed"]]
    if json:
        emit_json(
            {
                "run": str(folder),
                "passed": verdict.passed,
                "altered": list(verdict.altered),
                "certificates": verdict.certificates,
            }
        )
        if not verdict.passed:
            raise typer.Exit(5)
        return
    if not verdict.passed:
        wrong = [f"altered since it was written: {', '.join(verdict.altered)}"] if verdict.altered else []
        wrong += [f"certificate fails: {', '.join(failed)}"] if failed else []
        raise CertificateError("; ".join(wrong), where=str(folder), fix="Run it again.")
    more = "; both certificates pass" if verdict.certificates else ""
    say(f"{folder}: every file is as written{more}.")
