"""`polynya scenario ...`: is a what-if file sound, and how does one begin?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polynya.commands.world import Json, Overlays, WorldDir

if TYPE_CHECKING:
    from polynya.scenario import Applied, Scenario

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
    shut = _still_shut(scenario, applied)
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
                "still_shut": shut,
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
    for s in shut:
        say(
            f"  {s['subject']} carries nothing in {s['month']}, whatever {s['change']} does: still shut by {', '.join(s['gates'])} (open_gate)"
        )
    for line in deal_lines(deals):
        say(line)
    if applied.not_met:
        say(f"  Conditions not met: {', '.join(applied.not_met)}.")


def _still_shut(scenario: Scenario, applied: Applied) -> list[dict[str, Any]]:
    """Lines and plants that a change opens or enlarges, and that another gate keeps shut in the last month of the horizon."""
    from datetime import date

    from polynya.world.capacity import CapacityReader, add_months

    world = applied.world
    reader = CapacityReader(world)
    gated = dict(world.table("gates").select("id", "subject").iter_rows()) if "gates" in world.tables else {}
    horizon = scenario.file.horizon
    last = add_months(date.fromisoformat(horizon.from_ + "-01"), horizon.months - 1)
    found = []
    for c in applied.changes:
        if c.status != "applied" or c.type not in ("open_gate", "restore_capacity", "set_fact"):
            continue
        for subject in dict.fromkeys(gated.get(t, t) for t in c.touches):
            if subject in gated.values():
                gates = list(reader.month(subject, last).closed_gates)
                if gates:
                    found.append({"change": c.id, "subject": subject, "month": f"{last:%Y-%m}", "gates": gates})
    return found


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
