"""`polynya runs`: which runs lie in a folder, and what was cut off."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polynya.commands.world import Json


def register(app: typer.Typer) -> None:
    app.command("runs")(runs)


def runs(
    folder: Annotated[Path, typer.Argument(metavar="[DIR]", help="Where the runs lie.")] = Path("runs"),
    clean: Annotated[
        bool, typer.Option("--clean", help="Remove what killed programs left more than an hour ago.")
    ] = False,
    json: Json = False,
) -> None:
    """List runs and ensembles: whole ones, and what a killed program left behind. Check one with: polynya verify RUN.

    Examples: polynya runs    polynya runs elsewhere --clean
    """
    from polynya.console import emit_json, say, table
    from polynya.errors import NotFoundError
    from polynya.results.listing import listing, sweep

    if not folder.is_dir():
        raise NotFoundError(f"no such folder: {folder}", fix="Make a run first: polynya run.")
    removed = sweep(folder) if clean else []
    found = listing(folder)
    if json:
        emit_json({"runs": [e.as_json() for e in found], "removed": removed})
        return
    if not found:
        say(f"{folder}: no runs.")
    else:
        say(table(["folder", "kind", "state", "scenario"], [[e.folder, e.kind, e.state, e.scenario] for e in found]))
    if removed:
        say(f"Removed: {', '.join(removed)}")
