"""`polynya scenario ...`: is a what-if file sound, and how does one begin?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from polynya.commands.world import Json, Overlays, WorldDir

group = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="What-if files.")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="scenario")


@group.command("check")
def check(
    file: Annotated[Path, typer.Argument(metavar="FILE")],
    world: WorldDir = None,
    overlay: Overlays = None,
    json: Json = False,
) -> None:
    """Check a scenario: form, ids, reasons, conditions; then say what each change would do, and who may not make its deals.

    Example: polynya scenario check my-scenario.yaml
    """
    from polynya.console import emit_json, say, table
    from polynya.results.deals import check_deals, deal_lines
    from polynya.scenario import apply, load_scenario
    from polynya.world import load_world

    base = load_world(world, overlay or ())
    scenario = load_scenario(file, base)
    applied = apply(scenario, base)
    deals = check_deals(scenario, applied)
    rows: list[dict[str, Any]] = [
        {
            "id": c.id,
            "type": c.type,
            "status": c.status,
            "from": c.from_day.isoformat() if c.from_day else None,
            "effect": c.effect,
            "because": list(c.because),
            "when": list(c.when),
        }
        for c in applied.changes
    ]
    if json:
        emit_json(
            {
                "ok": True,
                "id": scenario.file.id,
                "title": scenario.file.title,
                "changes": rows,
                "conditions_not_met": list(applied.not_met),
                "deals": deals,
            }
        )
        return
    say(f"{file}: sound. {scenario.file.title}")
    say(
        table(
            ["change", "status", "from", "because", "effect"],
            [[r["id"], r["status"], r["from"] or "", " ".join(r["because"]), r["effect"]] for r in rows],
        )
    )
    for line in deal_lines(deals):
        say(line)
    if applied.not_met:
        say(f"  Conditions not met: {', '.join(applied.not_met)}.")


@group.command("new")
def new(
    out: Annotated[
        Path, typer.Argument(metavar="FILE", help="Where to write; an existing file is not overwritten.")
    ] = Path("scenario.yaml"),
) -> None:
    """Write a small scenario to start from.

    Example: polynya scenario new my-scenario.yaml
    """
    from polynya.console import say
    from polynya.errors import UsageError
    from polynya.scenario.template import TEMPLATE
    from polynya.whole import write_whole

    if out.exists():
        raise UsageError(f"{out} exists already.", fix="Choose another name.")
    write_whole(out, TEMPLATE)
    say(f"Wrote {out}. Next: polynya scenario check {out}")


@group.command("schema")
def schema() -> None:
    """Print the JSON Schema for editors."""
    from polynya.console import emit_json
    from polynya.scenario.schema import json_schema

    emit_json(json_schema())
