"""`polynya screen`, `owners`, `exposure`, `control ...`: who owns, who is blocked, who may deal with whom, since when?"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polynya.commands.world import Json, Overlays, WorldDir

if TYPE_CHECKING:
    from collections.abc import Mapping

    from polynya.control.exposure import Volume
    from polynya.control.inputs import ControlInputs
    from polynya.control.rules import Rule
    from polynya.world import World

AsOf = Annotated[str, typer.Option("--as-of", metavar="DATE", help="The day (YYYY-MM-DD); today if left out.")]

group = typer.Typer(rich_markup_mode=None, no_args_is_help=True, help="Deals, imports and exports of ownership.")


def register(app: typer.Typer) -> None:
    app.command("screen")(screen)
    app.command("owners")(owners)
    app.command("exposure")(exposure)
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
    polynya screen christophe-de-margerie --as-of 2025-06-01
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
    loaded = _load(world, overlay)
    inputs = _inputs_of(loaded)
    document = owners_document(inputs.graph(day), inputs.parties.find(identity), day, kind=kind, down=down)
    if json:
        emit_json(_noticed(loaded, document))
    else:
        say(owners_text(document, inputs.parties.names) + _notice_lines(loaded, document))


def exposure(
    who: Annotated[
        str,
        typer.Argument(
            metavar="[WHO]", help="A country (CN, china) or a party (cnpc); --country and --party say which."
        ),
    ] = "",
    country: Annotated[
        str, typer.Option("--country", metavar="XX", help="Whose holders: a country, such as IN or CN.")
    ] = "",
    party: Annotated[str, typer.Option("--party", metavar="ID", help="Or one party of the registry.")] = "",
    located: Annotated[str, typer.Option("--in", metavar="XX", help="Only things in this country.")] = "",
    as_of: AsOf = "",
    income: Annotated[
        Path | None, typer.Option("--income", help="A run folder, or a table id,musd: income of a year per thing.")
    ] = None,
    scenario: Annotated[Path | None, typer.Option("--scenario", help="Show it before and after this scenario.")] = None,
    world: WorldDir = None,
    overlay: Overlays = None,
    json: Json = False,
) -> None:
    """What a country or party holds abroad, what of it reaches them, what they take, what they cannot take out.

    Examples:
    polynya exposure china --in RU
    polynya exposure --country IN --in RU --as-of 2025-03-13
    polynya exposure --party totalenergies --json
    """
    from polynya.commands.options import day_or_today
    from polynya.console import emit_json, say
    from polynya.errors import UsageError
    from polynya.world import load_world

    if [bool(who), bool(country), bool(party)].count(True) != 1:
        raise UsageError("whose exposure?", fix="Give one of: polynya exposure china, --country IN, --party cnpc.")
    day = day_or_today(as_of)
    before = load_world(world, overlay or ())
    if who:
        country, party = _country_or_party(before, who)
    incomes, incomes_after = _incomes(income, before)
    document = _exposure_of(before, country.upper(), party, located.upper(), day, incomes)
    if scenario is not None:
        from polynya.scenario import apply, load_scenario

        applied = apply(load_scenario(scenario, before), before)
        after = _exposure_of(applied.world, country.upper(), party, located.upper(), day, incomes_after)
        document = {
            "scenario": str(scenario),
            "before": document,
            "after": after,
            "change": _exposure_change(document, after),
        }
    if json:
        emit_json(_noticed(before, document))
    else:
        say(_exposure_text(document) + _notice_lines(before, document))


@group.command("compare")
def compare(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO", help="A scenario file.")],
    regime: Annotated[str, typer.Option("--regime", help="One regime, or all.")] = "all",
    as_of: Annotated[
        str, typer.Option("--as-of", metavar="DATE", help="The day; if left out, the day after the last change.")
    ] = "",
    world: WorldDir = None,
    overlay: Overlays = None,
    json: Json = False,
) -> None:
    """Run every ownership rule before and after a scenario: what flips, for whom, why, and what still bars.

    Example: polynya control compare scenario.yaml
    """
    from polynya.commands.options import day_or_today
    from polynya.console import emit_json, say
    from polynya.control.deals import compare as compare_inputs
    from polynya.control.rules import ALL_REGIMES, REGIMES
    from polynya.errors import UsageError, did_you_mean
    from polynya.scenario import apply, load_scenario
    from polynya.world import load_world

    if regime != "all" and regime not in REGIMES:
        raise UsageError(f'there is no regime "{regime}".', fix=did_you_mean(regime, [*REGIMES, "all"]))
    before = load_world(world, overlay or ())
    applied = apply(load_scenario(scenario, before), before)
    days = [c.from_day for c in applied.changes if c.from_day is not None and c.status == "applied"]
    day = day_or_today(as_of) if as_of or not days else max(days)
    inputs = _inputs_of(before), _inputs_of(applied.world)
    regimes = ALL_REGIMES if regime == "all" else (regime,)
    document = {"scenario": str(scenario), **compare_inputs(*inputs, day, regimes, inputs[0].transfer_rights)}
    document["not_met"] = list(applied.not_met)
    if json:
        emit_json(_noticed(applied.world, document))
    else:
        say(_compare_text(document) + _notice_lines(applied.world, document))


@group.command("import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Statements, lines or a sheet.")],
    form: Annotated[
        str, typer.Option("--format", help="bods (0.4), ftm (JSON lines) or gem (ownership sheet as CSV).")
    ],
    json: Json = False,
) -> None:
    """Turn an ownership file of others into an edges.csv for `polynya screen --edges` (on stdout).

    Ids stay as they are; names never merge on similarity. What has no counterpart is named on stderr.

    Example: polynya control import statements.json --format bods > edges.csv
    """
    import sys

    from polynya.console import emit_json, note
    from polynya.control.edge_file import write_edges
    from polynya.control.formats.bods import read_bods
    from polynya.control.formats.ftm import read_ftm
    from polynya.control.formats.gem import read_gem
    from polynya.control.screen import edge_json

    reader = {"bods": read_bods, "ftm": read_ftm, "gem": read_gem}[_form(form)]
    found = reader(file)
    for text in found.notes:
        note(text)
    if json:
        edges = [edge_json(e) for e in found.edges]
        emit_json({"format": form, "edges": edges, "names": dict(found.names), "notes": list(found.notes)})
    else:
        sys.stdout.write(write_edges(found.edges))


@group.command("export")
def export(
    form: Annotated[
        str, typer.Option("--format", help="bods (0.4), ftm (JSON lines) or gem (ownership sheet as CSV).")
    ],
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Only what is held on this day.")] = "",
    world: WorldDir = None,
    overlay: Overlays = None,
) -> None:
    """Write the registry's ownership in a form that others read (on stdout).

    Example: polynya control export --format bods --as-of 2025-03-13 > ownership.json
    """
    import sys

    from polynya.commands.options import day_or_today
    from polynya.console import note
    from polynya.control.formats.bods import write_bods
    from polynya.control.formats.exchange import Exchange
    from polynya.control.formats.ftm import write_ftm
    from polynya.control.formats.gem import write_gem

    chosen = _form(form)
    inputs = _inputs(world, overlay)
    day = day_or_today(as_of)
    edges = tuple(e for e in inputs.edges if e.status == "closed" and (not as_of or e.in_force(day)))
    p = inputs.parties
    exchange = Exchange(edges, p.names, p.kinds, p.countries)
    if chosen == "bods":
        sys.stdout.write(write_bods(exchange, day, "Polynya reference world") + "\n")
    else:
        sys.stdout.write(write_ftm(exchange) if chosen == "ftm" else write_gem(exchange))
    left = sum(e.kind != "title" for e in edges)
    if chosen != "bods" and left:
        note(f"{left} holdings of votes, seats, contracts or trusteeships have no form there and were left out.")


def _form(form: str) -> str:
    from polynya.errors import UsageError, did_you_mean

    forms = ("bods", "ftm", "gem")
    if form not in forms:
        raise UsageError(f'there is no format "{form}".', fix=did_you_mean(form, forms) or "One of: bods, ftm, gem.")
    return form


def _incomes(path: Path | None, loaded: World) -> tuple[dict[str, float], dict[str, float]]:
    """Income of a year per thing [million USD], before and after: from a table for both, or from a run's two cases."""
    if path is None:
        return {}, {}
    if path.is_dir():
        from polynya.results.folder import Run
        from polynya.results.owners import income_of_things

        run = Run(path)
        per_year = 12.0 / run.manifest["months"]
        gains = run.table("gains")
        before, after = (income_of_things(gains, f"musd_{case}", loaded, per_year) for case in ("baseline", "scenario"))
        return before, after
    from polynya.tables import Column, read_table

    frame = read_table(path, (Column("id", nullable=False), Column("musd", "number", nullable=False)))
    given: dict[str, float] = dict(frame.iter_rows())
    return given, given


def _exposure_of(
    loaded: World, country: str, party: str, located: str, day: date, incomes: dict[str, float]
) -> dict[str, Any]:
    from polynya.control.exposure import Holder, exposure

    inputs = _inputs_of(loaded)
    graph = inputs.graph(day)
    holder = Holder(country, inputs.parties.find(party) if party else "")
    node_country = {n["id"]: n["country"] for n in loaded.table("nodes").iter_rows(named=True)}
    contracts = [
        {**c, "country": node_country.get(c["node"], "")} for c in loaded.table("contracts").iter_rows(named=True)
    ]
    return exposure(
        inputs,
        graph,
        holder,
        day,
        volumes=_volumes(loaded, day),
        income_musd=incomes,
        contracts=contracts,
        located=located,
    )


def _volumes(loaded: World, day: date) -> dict[str, Volume]:
    """What things can make or move: production capacity of the seller behind a plant, capacity of a pipeline's lines."""
    from polynya.control.exposure import Volume

    volumes: dict[str, Volume] = {}
    entity = {t["id"]: t["entity"] for t in loaded.table("traders").iter_rows(named=True)}
    operated: dict[str, list[str]] = {}
    for a in loaded.table("assets").iter_rows(named=True):
        if a["operator"]:
            operated.setdefault(a["operator"], []).append(a["id"])
    for supply in loaded.table("supplies").iter_rows(named=True):
        company = entity.get(supply["trader"])
        found = loaded.resolve(supply["id"], "production_capacity_bcm_per_year", day)
        plants = [a for a in operated.get(company or "", ()) if company and a]
        if company and found is not None and company != "gazprom":
            for thing in (company, *plants):
                volumes[thing] = Volume(found.value, f"production capacity of {supply['id']}")
    for line in loaded.table("corridors").iter_rows(named=True):
        found = loaded.resolve(line["id"], "capacity_bcm_per_year", day)
        if found is None:
            continue
        for thing in {line["id"], line["asset"] or line["id"]}:
            known = volumes.get(thing)
            volumes[thing] = Volume((known.bcm_per_year if known else 0.0) + found.value, "capacity of its lines")
    return volumes


def _exposure_change(before: dict[str, Any], after: dict[str, Any]) -> list[dict[str, Any]]:
    was = {x["id"]: x for x in before["holdings"]}
    now = {x["id"]: x for x in after["holdings"]}
    rows = []
    for identity in sorted(was.keys() | now.keys()):
        a, b = was.get(identity), now.get(identity)
        row = {
            "id": identity,
            "share_percent_before": a["share_percent"] if a else 0.0,
            "share_percent_after": b["share_percent"] if b else 0.0,
        }
        if row["share_percent_before"] != row["share_percent_after"]:
            rows.append(row)
    return rows


def _exposure_text(document: dict[str, Any]) -> str:
    if "scenario" in document:
        changed = [
            f"    {r['id']}: {r['share_percent_before']:.2f} % -> {r['share_percent_after']:.2f} %"
            for r in document["change"]
        ]
        text = [f"Before and after {document['scenario']}", "", _exposure_text(document["before"]), ""]
        return "\n".join([*text, "  After the scenario:", *(changed or ["    the same stakes"])])
    from polynya.console import table

    who = document["country"] or document["party"]
    lines = [f"What {who} holds, as of {document['as_of']}"]
    rows = []
    for x in document["holdings"]:
        most = f" to {x['share_max_percent']:.2f}" if x["share_max_percent"] > x["share_percent"] else ""
        volume = x["share_of_volume_bcm_per_year"]
        money = x["share_of_income_musd"]
        rows.append(
            [
                x["name"],
                x["country"],
                f"{x['share_percent']:.2f}{most} %",
                "" if volume is None else f"{volume:.2f}",
                "" if money is None else f"{money:,.1f}",
                ", ".join(x["through"]),
            ]
        )
    if rows:
        lines.append(table(["thing", "in", "economic share", "bcm/y", "million USD/y", "through"], rows))
    else:
        lines.append("  Nothing is recorded.")
    if document["not_closed"]:
        lines += ["", "  Reported, agreed or revoked, not counted as held:"]
        for e in document["not_closed"]:
            share = f"{e['share'] or e['share_max']} %" if e["share"] or e["share_max"] else "a share not known"
            lines.append(f"    {e['owner']} -> {e['owned']}: {share}, {e['status']}; {e['note']} [{e['source']}]")
    if document["offtake"]:
        lines += ["", "  Takes under contract:"]
        for c in document["offtake"]:
            size = "volume not known" if c["annual_bcm"] is None else f"{c['annual_bcm']:.2f} bcm a year"
            lines.append(
                f"    {c['contract']}: {c['buyer']} from {c['seller']}, {size}, to {c['valid_to'] or 'open'} [{c['source']}]"
            )
    held_back: dict[str, list[str]] = {}
    for x in document["holdings"]:
        for m in x["cannot_be_taken_out"]:
            held_back.setdefault(
                f"{m['what']} ({m['act']}; {'names this holder' if m['names_this_holder'] else 'its text names other holders'})",
                [],
            ).append(x["id"])
    if held_back:
        lines += ["", "  Rules on taking money or stakes out:"]
        lines += [f"    {what}: {', '.join(ids)}" for what, ids in held_back.items()]
    lines += ["", "  Blank: not known here. Income comes from a run (--income)."]
    return "\n".join(lines)


def _compare_text(document: dict[str, Any]) -> str:
    lines = [f"Ownership rules before and after {document['scenario']}, as of {document['as_of']}"]
    for row in document["stakes"]:
        lines.append(f"  {row['change']}: {row['owner']} holds {_share(row)}{_kind(row)} of {row['owned']}")
    for m in document["measures"]:
        lines.append(f"  {m['act']}: {m['before']} -> {m['after']} [{m['id']}]")
    for x in document["licences"]:
        lines.append(f"  new licence: {x['name']}, relieves {', '.join(x['relieves'])}")
    lines += ["", f"  {len(document['flips'])} findings flip; {document['unchanged']} stay blocked or possible."]
    for f in document["flips"]:
        lines.append(f"    {f['name']} ({f['id']}), {f['regime']}: {f['before']} -> {f['after']}")
        because = f["because_after"] or f["because_before"]
        lines += [f"        {'' if f['because_after'] else 'no longer: '}{_step_text(s)}" for s in because[:4]]
        if f["still_barred_by"]:
            lines.append(f"        still barred by: {', '.join(m['id'] for m in f['still_barred_by'])}")
    for o in document["objections"]:
        lines.append(
            f"  {o['right'].replace('_', ' ')} on {o['owned']} ({', '.join(o['buyers'])} would gain): {o['terms']}; "
            f"asked: {', '.join(o['asked'])} [{o['source']}]"
        )
    if document["not_met"]:
        lines.append(f"  Conditions not met, so not done: {', '.join(document['not_met'])}")
    lines += ["", "  Which tests are met on what is recorded; not legal advice."]
    return "\n".join(lines)


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

    loaded = _load(world, overlays)
    inputs = _inputs_of(loaded)
    document = party_document(inputs, word, regime, day, joint)
    if json:
        emit_json(_noticed(loaded, document))
    else:
        say(_party_text(document, inputs.parties.names) + _notice_lines(loaded, document))


def _load(world: Path | None, overlays: list[Path] | None) -> World:
    from polynya.world import load_world

    return load_world(world, overlays or ())


def _noticed(loaded: World, document: dict[str, Any]) -> dict[str, Any]:
    """The document with the attributions that the licences of its sources ask for."""
    from polynya.world.notices import notices_of

    return {**document, "notices": notices_of(loaded.table("sources").iter_rows(named=True), document)}


def _notice_lines(loaded: World, document: dict[str, Any]) -> str:
    from polynya.world.notices import notices_text

    lines = notices_text(_noticed(loaded, document)["notices"])
    return "\n".join(["", "", "  licences and notices", *lines]) if lines else ""


def _inputs(world: Path | None, overlays: list[Path] | None) -> ControlInputs:
    return _inputs_of(_load(world, overlays))


def _inputs_of(loaded: World) -> ControlInputs:
    from polynya.control.inputs import TABLES, inputs_from_tables

    return inputs_from_tables({n: loaded.tables[n].iter_rows(named=True) for n in TABLES if n in loaded.tables})


def _party_text(document: dict[str, Any], names: Mapping[str, str]) -> str:
    identity = document["id"]
    lines = [f"{names.get(identity, identity)} ({identity}), as of {document['as_of']}"]
    if ship := document.get("ship"):
        owners = ", ".join(names.get(o, o) for o in ship["owners"]) or "not recorded here"
        lines += [f"  IMO {ship['imo'] or 'number not seen'}; owner: {owners}", f"  {ship['note']}"]
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
    eased += f"; eased in part by {', '.join(m['eased_by'])}" if m["eased_by"] else ""
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


def _country_or_party(world: World, who: str) -> tuple[str, str]:
    """`CN` and `china` are the country, anything else is a party."""
    if len(who) == 2:
        return who.upper(), ""
    states = {r["id"]: r["country"] for r in world.table("entities").iter_rows(named=True) if r["kind"] == "state"}
    found = states.get(who.lower())
    return (found, "") if found else ("", who)
