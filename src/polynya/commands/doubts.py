"""`polynya doubts`: which facts a number of a run hangs on, and how far they leave it open."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polynya.commands.run import RunDir
from polynya.commands.world import Json, Overlays, WorldDir


def register(app: typer.Typer) -> None:
    app.command("doubts")(doubts)


def doubts(
    folder: RunDir,
    items: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[ADDRESS ...]",
            help="prices/DE, prices/DE/2026-01, flows/nord-stream-2-b, consumption/IT, production/no-shelf, gains/europe, ... "
            "Default: the numbers the note begins with.",
        ),
    ] = None,
    case: Annotated[
        str, typer.Option("--case", help="change (from baseline to scenario), baseline or scenario.")
    ] = "change",
    top: Annotated[int, typer.Option("--top", min=1, help="How many statements are shown.")] = 10,
    apart: Annotated[
        bool, typer.Option("--apart", help="Every fact by itself, also where one source says them all.")
    ] = False,
    check: Annotated[
        int,
        typer.Option("--check", metavar="N", min=0, help="Move the N weightiest for real and solve again: 20 s each."),
    ] = 0,
    claims: Annotated[
        bool,
        typer.Option("--claims", help="Leave out each change and condition for real: up to 10 s each."),
    ] = False,
    uncertainty: Annotated[
        Path | None,
        typer.Option(
            "--uncertainty", metavar="FILE", help="Your own spreads, before the built-in ones (same columns)."
        ),
    ] = None,
    anchor: Annotated[
        Path | None, typer.Option("--anchor", metavar="FILE", help="The anchor that the run was made with.")
    ] = None,
    world: WorldDir = None,
    overlay: Overlays = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="No progress on stderr.")] = False,
    json: Json = False,
) -> None:
    """Which facts, fitted parameters and assumptions sway a number of a run, and by how much within their own uncertainty?

    First order, by derivatives through the equilibrium. Read docs/doubts.md for what that can and cannot say.

    Examples: polynya doubts my-run    polynya doubts my-run prices/DE/2026-01 --case baseline    polynya doubts my-run --check 5 --claims
    """
    from polynya.commands.options import one_of
    from polynya.console import Progress, emit_json, say, table
    from polynya.doubts import check as check_for_real
    from polynya.doubts import doubtful, left_out, together
    from polynya.results.asked import CHANGE
    from polynya.results.case import BASELINE, SCENARIO
    from polynya.results.doubts import document, line, text
    from polynya.results.uncertainty import read_uncertainty

    one_of("--case", case, (CHANGE, BASELINE, SCENARIO))
    progress = Progress(quiet=quiet)
    found = doubtful(
        folder,
        read_uncertainty(uncertainty),
        world=world,
        overlays=tuple(overlay or ()),
        anchor=anchor,
        say=progress,
    )
    asked = list(items or found.headlines())
    weighed = [found.of(address, case, apart=apart) for address in asked]
    documents = [document(d, top) for d in weighed]
    shown = documents if items else documents[:1]
    for d, of in zip(shown, weighed, strict=False):
        if check:
            d["checked"] = check_for_real(found, of, check, progress)
        if claims and case != BASELINE:
            d["left_out"] = left_out(found, of.asked, progress)
    progress.done()
    if json:
        emit_json({"run": str(folder), "numbers": documents})
        return
    for d in shown:
        say(text(d))
        if "checked" in d:
            rows = [
                [
                    str(c["rank"]),
                    *(f"{c[k]:+.3g}" for k in ("linear", "plus")),
                    f"{-c['linear']:+.3g}",
                    f"{c['minus']:+.3g}",
                ]
                for c in d["checked"]
            ]
            say(f"  moved for real [{d['unit']}]")
            say(table(["#", "+1 sd, linear", "+1 sd, real", "-1 sd, linear", "-1 sd, real"], rows, indent=4))
            linear, real = together(d["checked"])
            say(
                f"    all of these together: +- {linear:.2g} to first order, +- {real:.2g} for real (half of what lies between the sides)"
            )
        if "left_out" in d:
            lines = [[r["id"], r["kind"], f"{r['adds']:+.3g}", " ".join(r["because"])] for r in d["left_out"]]
            say(
                f"  what each change and condition adds [{d['unit']}]: the number with all of them less that without it"
            )
            say(table(["left out", "", "adds", "because"], lines, indent=4))
        say()
    for d in documents[len(shown) :]:
        first = d["statements"][0] if d["statements"] else None
        what = f"; most by {first['members'][0]['attribute']} of {first['members'][0]['subject']}" if first else ""
        say(f"{line(d)}{what}")
