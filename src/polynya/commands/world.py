"""`polynya world ...`: what does the registry know, and is it sound?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

WorldDir = Annotated[Path | None, typer.Option("--world", help="A whole data package instead of the reference world.")]
Overlays = Annotated[
    list[Path] | None, typer.Option("--overlay", help="A folder with some of the same tables; may be repeated.")
]
Uncalibrated = Annotated[
    bool, typer.Option("--uncalibrated", help="Leave out the calibrated costs, frictions and conduct.")
]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document.")]

group = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="The dated, sourced registry.")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="world")


@group.command("check")
def check(world: WorldDir = None, overlay: Overlays = None, json: Json = False) -> None:
    """Check every table: sources, references, intervals, units, magnitudes, balances, ways in.

    Example: polynya world check --overlay my-pipeline
    """
    from polynya.console import emit_json, say, table
    from polynya.errors import InputError
    from polynya.world import load_world
    from polynya.world.check import check_world

    loaded = load_world(world, overlay or ())
    report = check_world(loaded)
    if report.faults and not json:
        raise InputError(report.faults)
    if json:
        emit_json({"layers": list(loaded.layers), **report.as_json()})
    else:
        say(f"{' + '.join(loaded.layers)}: sound.")
        total = sum(report.facts_by_kind.values())
        rows = [[k, f"{n:,}", f"{100 * n / total:.0f} %" if total else ""] for k, n in report.facts_by_kind.items()]
        say(table(["facts", "rows", "share"], rows))
        say(
            f"  {total:,} facts; {report.assertions} assertions hold; {len(report.warnings)} contradictions resolved by precedence."
        )
        tables = ", ".join(f"{name} {n}" for name, n in report.rows_by_table.items() if n and name != "facts")
        say(f"  Tables: {tables}.")
    if report.faults:
        raise typer.Exit(3)


@group.command("show")
def show(
    identity: Annotated[
        str, typer.Argument(metavar="ID", help="A node, asset, corridor, party, supply, contract or passage.")
    ],
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="Mark what is in force on this day (YYYY-MM-DD).")
    ] = "",
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Also write the page as one HTML file to hand on.")
    ] = None,
    svg: Annotated[
        Path | None, typer.Option("--svg", metavar="FILE", help="Also write a small map of it, with its corridors.")
    ] = None,
    world: WorldDir = None,
    overlay: Overlays = None,
    json: Json = False,
) -> None:
    """Everything the registry knows about one thing: values over time, sources, what was passed over, where it lies.

    Examples: polynya world show nord-stream-1 --as-of 2022-07-01 --svg nord-stream-1.svg
    polynya world show DE --html germany.html    polynya world show suez
    """
    from polynya.commands.options import day_or_today
    from polynya.console import emit_json, note, say
    from polynya.errors import NotFoundError
    from polynya.whole import write_whole
    from polynya.world import load_world
    from polynya.world.map import chart_svg
    from polynya.world.page import chart_of, page, page_text
    from polynya.world.page_html import page_html

    loaded = load_world(world, overlay or ())
    document = page(loaded, identity, day_or_today(as_of))
    if svg is not None:
        drawn = chart_of(document)
        if not drawn.places:
            raise NotFoundError(f"nothing about {document['id']} has a place: there is no map to draw.")
        write_whole(svg, chart_svg(drawn, f"{document['identity'].get('name', '')} ({document['id']})"))
        note(f"wrote {svg}")
    if html is not None:
        write_whole(html, page_html(document))
        note(f"wrote {html}")
    if json:
        emit_json(document)
    else:
        say(page_text(document))


@group.command("sources")
def sources(world: WorldDir = None, overlay: Overlays = None, json: Json = False) -> None:
    """The sources behind the registry, with licence and how many rows cite each."""
    from polynya.console import emit_json, say, table
    from polynya.world import load_world
    from polynya.world.page import source_list

    rows = source_list(load_world(world, overlay or ()))
    if json:
        emit_json({"sources": rows})
    else:
        say(
            table(
                ["source", "rows", "reliability", "licence", "title"],
                [[r["id"], str(r["rows"]), r["reliability"], r["licence"], r["title"][:70]] for r in rows],
            )
        )


@group.command("list")
def list_(
    kind: Annotated[
        str,
        typer.Argument(
            metavar="KIND", help="nodes, assets, corridors, entities, traders, ... or a kind of asset such as pipeline."
        ),
    ],
    world: WorldDir = None,
    overlay: Overlays = None,
    json: Json = False,
) -> None:
    """List the things of one kind.

    Example: polynya world list lng-export
    """
    from polynya.console import emit_json, say, table
    from polynya.world import load_world
    from polynya.world.page import listing

    rows = listing(load_world(world, overlay or ()), kind)
    if json:
        emit_json({"kind": kind, "items": rows})
    else:
        say(table(["id", "kind", "name"], [[r["id"], r["kind"], r["name"]] for r in rows]))
        say(f"  {len(rows)} in all.")


@group.command("diff")
def diff(
    before: Annotated[
        Path | None, typer.Argument(metavar="[BEFORE]", help="A world's folder; default the reference world.")
    ] = None,
    after: Annotated[Path | None, typer.Argument(metavar="[AFTER]", help="The folder it is compared with.")] = None,
    overlay: Annotated[
        list[Path] | None,
        typer.Option("--overlay", help="A folder laid on top of AFTER (of BEFORE's world when AFTER is left out)."),
    ] = None,
    json: Json = False,
) -> None:
    """What differs between two worlds: rows added, removed, changed, and values that resolve differently.

    With one folder: the reference world against it. With an overlay alone: the reference world without and with it.

    Examples: polynya world diff old-world new-world    polynya world diff --overlay my-pipeline
    """
    from polynya.console import emit_json, say
    from polynya.errors import NotFoundError, UsageError
    from polynya.world import load_world
    from polynya.world.diff import diff_text, diff_worlds

    if before is None and not overlay:
        raise UsageError("there is nothing to compare.", fix="Name one or two folders, or an --overlay.")
    for folder in (before, after):
        if folder is not None and not (folder / "datapackage.yaml").is_file():
            raise NotFoundError(
                f"{folder} is not a world: it has no datapackage.yaml.",
                where=str(folder),
                fix="A folder with some of the tables is an overlay: use --overlay.",
            )
    # one folder and no overlay: the reference comes first
    old, new = (None, before) if after is None and not overlay else (before, after or before)
    found = diff_worlds(load_world(old), load_world(new, overlay or ()))
    if json:
        emit_json(found.as_json())
    else:
        say(diff_text(found))


@group.command("coverage")
def coverage(world: WorldDir = None, overlay: Overlays = None, json: Json = False) -> None:
    """How many facts there are by kind, region, year and subject matter, and how many are assumptions.

    Example: polynya world coverage --json
    """
    from polynya.console import emit_json, say
    from polynya.world import load_world
    from polynya.world.coverage import cover, coverage_text

    loaded = load_world(world, overlay or ())
    found = cover(loaded)
    if json:
        emit_json({"layers": list(loaded.layers), **found.as_json()})
    else:
        say(coverage_text(found))


@group.command("dictionary")
def dictionary_(world: WorldDir = None) -> None:
    """Print the data dictionary: every table, column and attribute (Markdown)."""
    from polynya.console import say
    from polynya.world import load_world
    from polynya.world.dictionary import dictionary

    say(dictionary(load_world(world)).rstrip("\n"))
