"""`polynya screen`, `owners`, `exposure`, `control ...`: who owns, who is blocked, who may deal with whom, since when?"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polynya.commands.world import Json, Overlays, WorldDir

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polynya.control.inputs import ControlInputs
    from polynya.control.rules import Rule
    from polynya.world import World

AsOf = Annotated[str, typer.Option("--as-of", metavar="DATE", help="The day (YYYY-MM-DD); today if left out.")]

group = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Deals, imports and exports of ownership.")


def register(app: typer.Typer) -> None:
    app.command("screen")(screen)
    app.command("owners")(owners)
    app.add_typer(group, name="control")


def screen(
    identity: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="A party or asset of the registry, by id or known name.")
    ] = None,
    regime: Annotated[
        str, typer.Option("--regime", help="ofac, eu, uk, seco, ssi-2, ssi-4, bis-affiliates, or all (the first four).")
    ] = "all",
    as_of: AsOf = "",
    edges: Annotated[
        Path | None,
        typer.Option("--edges", help="Your own graph: owner,owned,share[,share_max,kind,valid_from,valid_to]."),
    ] = None,
    listed: Annotated[Path | None, typer.Option("--listed", help="Who is listed: id[,programme,valid_from].")] = None,
    joint: Annotated[
        list[str] | None,
        typer.Option(
            "--joint", metavar="ID,ID", help="Listed persons under a joint arrangement (UK); may be repeated."
        ),
    ] = None,
    world: WorldDir = None,
    overlay: Overlays = None,
    json: Json = False,
) -> None:
    """Is a party blocked by whom it belongs to, and what else stands in the way?

    Not legal advice: it says which test is met, as of when, on which holdings, and what is unknown.

    Examples:
    polynya screen gazprom --regime ofac --as-of 2025-03-13
    polynya screen --edges edges.csv --listed listed.csv --regime eu --as-of 2024-07-03 --json
    """
    from polynya.commands.options import day_or_today
    from polynya.errors import UsageError

    day = day_or_today(as_of)
    groups = tuple(frozenset(part.strip() for part in text.split(",") if part.strip()) for text in joint or ())
    if edges is not None or listed is not None:
        if edges is None or listed is None:
            raise UsageError(
                "a graph of your own needs both files.", fix="Give --edges edges.csv and --listed listed.csv."
            )
        _screen_file(edges, listed, regime, day, groups, json, world, identity)
        return
    if identity is None:
        raise UsageError("which party?", fix="For example: polynya screen gazprom --regime ofac")
    _screen_registry(identity, regime, day, groups, world, overlay or [], json)


def owners(
    identity: Annotated[
        str, typer.Argument(metavar="ID", help="A party or thing of the registry, by id or known name.")
    ],
    as_of: AsOf = "",
    kind: Annotated[
        str, typer.Option("--kind", help="title (shares), votes (shares, or who exercises them), economic (income).")
    ] = "title",
    down: Annotated[bool, typer.Option("--down", help="What it holds, instead of who holds it.")] = False,
    world: WorldDir = None,
    overlay: Overlays = None,
    json: Json = False,
) -> None:
    """Who holds a party or thing on a day, holder behind holder, each with its source.

    Examples:
    polynya owners sakhalin-energy-llc --as-of 2022-08-10 --kind economic
    polynya owners rosneft --down
    """
    from polynya.commands.options import day_or_today
    from polynya.console import emit_json, say
    from polynya.control.owners import KINDS_SHOWN, owners_document, owners_text
    from polynya.errors import UsageError, did_you_mean

    if kind not in KINDS_SHOWN:
        fix = did_you_mean(kind, KINDS_SHOWN) or f"One of: {', '.join(KINDS_SHOWN)}."
        raise UsageError(f'there is no kind "{kind}" of holding to show.', fix=fix)
    day = day_or_today(as_of)
    inputs = _inputs(world, overlay)
    document = owners_document(inputs.graph(day), inputs.parties.find(identity), day, kind=kind, down=down)
    if json:
        emit_json(document)
    else:
        say(owners_text(document, inputs.parties.names))


def _screen_registry(
    word: str,
    regime: str,
    day: date,
    joint: tuple[frozenset[str], ...],
    world: Path | None,
    overlays: list[Path],
    json: bool,
) -> None:
    from polynya.console import emit_json, say
    from polynya.control.answer import party_document

    inputs = _inputs(world, overlays)
    document = party_document(inputs, word, regime, day, joint)
    if json:
        emit_json(document)
    else:
        say(_party_text(document, inputs.parties.names))


def _inputs(world: Path | None, overlays: list[Path] | None) -> ControlInputs:
    from polynya.world import load_world

    return _inputs_of(load_world(world, overlays or ()))


def _inputs_of(loaded: World) -> ControlInputs:
    from polynya.control.inputs import TABLES, inputs_from_tables

    return inputs_from_tables({n: loaded.tables[n].iter_rows(named=True) for n in TABLES if n in loaded.tables})


def _party_text(document: dict[str, Any], names: Mapping[str, str]) -> str:
    identity = document["id"]
    lines = [f"{names.get(identity, identity)} ({identity}), as of {document['as_of']}"]
    verdicts = document.get("by_regime", {document["regime"]: document["blocked"]})
    for regime, verdict in verdicts.items():
        lines.append(f"  {regime:5s} {VERDICTS[verdict]}")
        for step in document["proof"]:
            if step.get("regime", regime) == regime:
                lines.append("        " + _step_text(step))
    for title, mode in (
        ("Bars", "prohibits"),
        ("Deters", "deters"),
        ("Conditions", "conditions"),
        ("Permits", "permits"),
        ("Announced", "announces"),
    ):
        chosen = [m for m in document["measures"] if m["mode"] == mode]
        if chosen:
            lines += ["", f"  {title}, whoever owns it:"]
            lines += [_measure_line(m) for m in chosen]
    if document["licences"]:
        lines += ["", "  Licences and exemptions (they change who may deal, never who owns):"]
        lines += [
            f"    {x['name']}: {x['what']}, {x['valid_from']} to {x['valid_to'] or 'open'} [{x['state']}; {x['source']}]"
            for x in document["licences"]
        ]
    if document["unknown"]:
        lines += ["", "  Not known:"]
        lines += [f"    {u.get('text') or _step_text(u)}" for u in document["unknown"]]
    lines += ["", "  Which tests are met on what is recorded here; not legal advice."]
    return "\n".join(lines)


VERDICTS = {
    "certain": "meets the test: blocked",
    "possible": "may meet the test: depends on what is not known exactly",
    "not": "does not meet the test",
}


def _step_text(step: dict[str, Any]) -> str:
    if "listed" in step:
        since = f" since {step['since']}" if step["since"] else ""
        return f"{step['listed']} is listed{since} ({step['programme']}) [{step['source']}]"
    return f"{step['owner']} holds {_share(step)}{_kind(step)} of {step['owned']} [{step.get('source', '')}]"


def _measure_line(m: dict[str, Any]) -> str:
    act = f"{m['act']}, {m['article']}" if m["article"] else m["act"]
    since = f" since {m['valid_from']}" if m["valid_from"] else ""
    state = "" if m["state"] == "in_force" else " (whether it still holds was not seen)"
    eased = f"; relieved by {', '.join(m['relieved_by'])}" if m["relieved_by"] else ""
    return f"    {m['jurisdiction']} {m['effect'].replace('_', ' ')}{since}{state}: {m['object']}\n      {act} [{m['id']}; {m['source']}]{eased}"


def _screen_file(
    edges: Path,
    listed: Path,
    regime: str,
    day: date,
    joint: tuple[frozenset[str], ...],
    json: bool,
    world: Path | None,
    only: str | None = None,
) -> None:
    from polynya.console import emit_json, note, say
    from polynya.control.answer import graph_document, screen_regimes, tests_json
    from polynya.control.edge_file import read_edges, read_listed
    from polynya.control.graph import build_graph
    from polynya.errors import NotFoundError, did_you_mean

    graph = build_graph(read_edges(edges), day)
    named = read_listed(listed)
    strangers = sorted({entry.id for entry in named} - set(graph.ids))
    if strangers:
        note(f"Listed but nowhere in the graph: {', '.join(strangers[:8])}{' ...' if len(strangers) > 8 else ''}.")
    answers = screen_regimes(graph, {"*": named}, _rules(world), regime, day, joint)
    document = graph_document(answers, regime, day)
    if only is not None:
        if only not in graph.index:
            raise NotFoundError(f'"{only}" is not in {edges}.', fix=did_you_mean(only, graph.ids))
        document["entities"] = [e for e in document["entities"] if e["id"] == only]
    if json:
        emit_json(document)
        return
    say(_graph_text(document, tests_json(answers)))


def _graph_text(document: dict[str, Any], tests: list[dict[str, Any]]) -> str:
    from polynya.console import table

    lines = [f"As of {document['as_of']}"]
    lines += [f"  {t['regime']}: {t['test']}{_state_note(t)}" for t in tests]
    order = {"certain": 0, "possible": 1, "not": 2}
    entities = sorted(document["entities"], key=lambda e: (order[e["blocked"]], e["id"]))
    rows = [[e["id"], e["blocked"], _why(e)] for e in entities if e["blocked"] != "not"]
    free = sum(e["blocked"] == "not" for e in entities)
    if rows:
        lines += ["", table(["id", "blocked", "because"], rows)]
    lines += ["", f"  {free} of {len(entities)} do not meet the test on what is recorded here."]
    return "\n".join(lines)


def _state_note(test: dict[str, Any]) -> str:
    return {"suspended": " (suspended on that day)", "uncertain": " (whether it applies then was not seen)"}.get(
        test["state"], ""
    )


def _why(entity: dict[str, Any]) -> str:
    steps = entity["proof"]
    direct = [s for s in steps if s.get("owned") == entity["id"]]
    if not direct:
        return "listed" + (f" ({steps[0]['programme']})" if steps and steps[0].get("programme") else "")
    seen = dict.fromkeys(f"{s['owner']} {_share(s)}{_kind(s)}" for s in direct)
    return " + ".join(seen)


def _share(step: dict[str, Any]) -> str:
    if step["share"] is None:
        return "unknown share"
    most = f" to {step['share_max']}" if step["share_max"] is not None else ""
    return f"{step['share']}{most} %"


def _kind(step: dict[str, Any]) -> str:
    return "" if step["kind"] == "title" else f" of {step['kind']}"


def _rules(world: Path | None) -> list[Rule]:
    from polynya.control.tables import rules_from_rows
    from polynya.tables import read_table
    from polynya.world.load import REFERENCE, package_of

    resource = package_of(world).resource("rules")
    base = world if world is not None else REFERENCE
    return rules_from_rows(read_table(base / resource.path, resource.columns).iter_rows(named=True))
