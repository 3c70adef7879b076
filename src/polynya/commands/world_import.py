"""`polynya world import ...`: turn a user's own download into an overlay."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from polynya.commands.world import Json, Overlays, WorldDir, group


def register(app: typer.Typer) -> None:
    group.command("import")(import_)


def import_(
    publisher: Annotated[str, typer.Argument(metavar="PUBLISHER", help="gem, ei, entsog or gie.")],
    file: Annotated[Path, typer.Argument(metavar="FILE", help="The workbook, CSV or JSON as downloaded.")],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="Folder of the overlay; new or empty.")],
    names: Annotated[
        Path | None, typer.Option("--map", metavar="CSV", help="Your own names: columns name,id; they come first.")
    ] = None,
    published: Annotated[
        str, typer.Option("--published", metavar="DATE", help="When the publisher issued the file.")
    ] = "",
    world: WorldDir = None,
    overlay: Overlays = None,
    json: Json = False,
) -> None:
    """Read a publisher's file into an overlay: the world's own tables, each fact with its sheet and row.

    Rows whose name is not the registry's are listed in left_out.csv with the reason; name them in --map.

    Example: polynya world import gem GEM-GGIT-LNG-Terminals.xlsx --out my-gem && polynya world check --overlay my-gem
    """
    from datetime import date
    from importlib import import_module

    from polynya.console import emit_json, say, table
    from polynya.errors import UsageError, did_you_mean
    from polynya.tables import parse_date
    from polynya.world import load_world
    from polynya.world.importers import PUBLISHERS, Names, read_document, write_overlay

    if publisher not in PUBLISHERS:
        hint = did_you_mean(publisher, PUBLISHERS) or f"One of: {', '.join(PUBLISHERS)}."
        raise UsageError(f'there is no importer "{publisher}".', fix=hint)
    if published:
        try:
            parse_date(published)
        except ValueError as error:
            raise UsageError(f"{error}.", fix="For example 2025-02-01.") from None
    given = Names.of(load_world(world, overlay or ()), names)
    imported = import_module(f"polynya.world.importers.{publisher}").read(read_document(file), given)
    written = write_overlay(imported, out, file_name=file.name, published=published, accessed=date.today().isoformat())
    reasons: dict[str, int] = {}
    for x in imported.left_out:
        reasons[x.reason] = reasons.get(x.reason, 0) + 1
    subjects = len({f.subject for f in imported.facts})
    if json:
        emit_json(
            {
                "overlay": str(out),
                "files": [str(p) for p in written],
                "facts": len(imported.facts),
                "subjects": subjects,
                "left_out": [{"locator": x.locator, "name": x.name, "reason": x.reason} for x in imported.left_out],
            }
        )
        return
    say(f"{out}: {len(imported.facts):,} facts about {subjects} things; {len(imported.left_out):,} rows left out.")
    if reasons:
        most = sorted(reasons.items(), key=lambda kv: -kv[1])
        say(table(["rows", "left out because"], [[f"{n:,}", reason] for reason, n in most[:10]]))
        say(f"  All of them: {out / 'left_out.csv'}. Name them with --map (columns name,id).")
    say(f"Next: polynya world check --overlay {out}")
