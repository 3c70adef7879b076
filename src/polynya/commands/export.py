"""`polynya export`: a run as files that other tools read."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polynya.commands.run import RunDir
from polynya.commands.world import Json

NAMES = ("iamc", "pypsa", "geojson", "netcdf", "csv", "problem")


def _complete(incomplete: str) -> list[str]:
    return [n for n in NAMES if n.startswith(incomplete)]


def register(app: typer.Typer) -> None:
    app.command("export")(export)


def export(
    folder: RunDir,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="FORMAT", help="iamc, pypsa, geojson, netcdf, csv or problem.", autocompletion=_complete
        ),
    ] = "",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out", metavar="DIR", help="A new folder; a non-empty one is refused. Default: RUN-FORMAT here."
        ),
    ] = None,
    json: Json = False,
) -> None:
    """Write a run in a format that other tools read: pyam, PyPSA, GeoPandas, xarray, a spreadsheet.

    The attributions that the sources ask for travel along in NOTICE.txt. A run whose files were altered is refused.

    Examples: polynya export my-run --to iamc    polynya export my-run --to pypsa --out my-network
    """
    from polynya.console import emit_json, say
    from polynya.errors import UsageError
    from polynya.results.exports import FORMATS
    from polynya.results.exports import export as write
    from polynya.results.folder import Run

    if not to:
        raise UsageError("--to names the format.", fix="; ".join(f"{k}: {v}" for k, v in FORMATS.items()) + ".")
    target = out or Path(f"{folder.resolve().name}-{to}")
    written = write(Run(folder), to, target)
    if json:
        files = [{"file": p.relative_to(target).as_posix(), "bytes": p.stat().st_size} for p in written]
        emit_json({"export": str(target), "format": to, "files": files})
        return
    for path in written:
        say(str(path))
