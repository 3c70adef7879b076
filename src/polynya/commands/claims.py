"""`polynya claims ...`: what is reported, by whom, how firmly, on which condition?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from polynya.commands.world import Json, Overlays, WorldDir

if TYPE_CHECKING:
    pass

group = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Ledgers of what is reported.")

LedgerFile = Annotated[Path, typer.Argument(metavar="FILE", help="A ledger (claims.yaml).")]
ArticleFile = Annotated[
    Path | None, typer.Option("--article", help="The article that the ledger reads; compares every span.")
]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="claims")


@group.command("check")
def check(
    file: Annotated[list[Path], typer.Argument(metavar="FILE...", help="One or more ledgers.")],
    article: ArticleFile = None,
    world: WorldDir = None,
    overlay: Overlays = None,
    json: Json = False,
) -> None:
    """Check ledgers: spans, ids, conditions, dates, sources, ratings, reviews. Exits 3 on any fault.

    Example: polynya claims check claims.yaml --article report.txt
    """
    from polynya.claims.article import read_article
    from polynya.claims.check import check_ledger, load_ledger
    from polynya.claims.summary import standing
    from polynya.console import emit_json, note, say
    from polynya.errors import InputError, UsageError
    from polynya.world import load_world

    if article is not None and len(file) > 1:
        raise UsageError("--article belongs to one ledger.", fix="Check the ledgers one by one.")
    loaded = [load_ledger(path) for path in file]
    text = read_article(article) if article else None
    known = frozenset(load_world(world, overlay or ()).ids())
    others = {one.name: one.ledger for one in loaded}
    faults, warnings, rows = [], [], []
    for one in loaded:
        report = check_ledger(one, article=text, known=known, others=others)
        faults += report.faults
        warnings += report.warnings
        rows.append({"file": one.document.file, **standing(one.ledger)})
    if faults:
        raise InputError(faults)
    if json:
        emit_json(
            {"ok": True, "faults": [], "warnings": [w.as_json() for w in warnings], "ledgers": rows}
            | (rows[0] if len(rows) == 1 else {})
        )
        return
    for warning in warnings:
        note(f"warning: {warning}")
    for row in rows:
        compared = "compared with the article" if text else "spans not compared (no --article)"
        say(
            f"{row['file']}: sound. {row['claims']} claims, {row['usable']} may go downstream, {row['drafts']} drafts, "
            f"{row['open_conditions']} open conditions, at least {row['independent_sources']} independent sources; {compared}."
        )


@group.command("schema")
def schema(json: Json = False) -> None:
    """Print the JSON Schema of a ledger, for editors.

    Example: polynya claims schema > claims.schema.json
    """
    from polynya.claims.schema import json_schema
    from polynya.console import emit_json

    emit_json(json_schema())
