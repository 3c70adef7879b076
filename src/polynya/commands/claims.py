"""`polynya claims ...`: what is reported, by whom, how firmly, on which condition?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from polynya.commands.world import Json, Overlays, WorldDir

if TYPE_CHECKING:
    pass

if TYPE_CHECKING:
    from polynya.claims.article import ArticleText
    from polynya.claims.drafting.drafter import Drafter
    from polynya.claims.drafting.link import Linker
    from polynya.claims.ledger import Article
    from polynya.claims.score import Reported
    from polynya.world import World

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
        report = check_ledger(one, article=text, known=known, others={n: o for n, o in others.items() if n != one.name})
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


@group.command("new")
def new(
    article: Annotated[Path, typer.Argument(metavar="ARTICLE", help="Text, Markdown or saved HTML.")],
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write the ledger; without it, the ledger is printed.")
    ] = None,
    outlet: Annotated[str, typer.Option("--outlet", help="Who published it: registry id or name.")] = "",
    published: Annotated[str, typer.Option("--published", metavar="DATE", help="Day of publication.")] = "",
    url: Annotated[str, typer.Option("--url", help="Where it appeared.")] = "",
    drafter: Annotated[str, typer.Option("--drafter", help="rules, or spacy (extra: draft).")] = "rules",
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing ledger.")] = False,
    world: WorldDir = None,
    overlay: Overlays = None,
    json: Json = False,
) -> None:
    """Draft a ledger from an article. Every row is a draft until somebody reviews it.

    Example: polynya claims new report.txt --outlet reuters --published 2025-03-15 --out claims.yaml
    """
    from polynya.claims.article import read_article
    from polynya.claims.drafting.drafter import draft_ledger
    from polynya.claims.show import safe
    from polynya.claims.store import save, to_data, to_text
    from polynya.console import emit_json, note, say
    from polynya.errors import UsageError
    from polynya.world import load_world

    if out is not None and out.exists() and not force:
        raise UsageError(f"{out} exists already.", fix="Choose another name, or add --force.")
    backend = _drafter(drafter)
    base = load_world(world, overlay or ())
    linker = _linker(base)
    text = read_article(article)
    about = _about(text, outlet, published, url, base)
    ledger, refused = draft_ledger(text, backend, linker, about, frozenset(base.ids()))
    unsure = [{"claim": c.id, "doubt": d} for c in ledger.claims for d in (c.draft.unsure if c.draft else [])]
    if about.published is None:
        unsure.insert(0, {"claim": "", "doubt": "the day of publication is not known; give it with --published"})
    unsure += [{"claim": c.id, "doubt": f"refused: {why}"} for c, why in refused]
    if out is not None:
        save(out, ledger, _HEAD)
    if json:
        emit_json({**to_data(ledger), "unsure": unsure, "out": str(out) if out else None})
        return
    for row in unsure:
        note(safe(f"unsure {row['claim'] or 'document'}: {row['doubt']}"))
    if out is None:
        say(to_text(ledger, _HEAD).rstrip())
        return
    say(f"Wrote {out}: {len(ledger.claims)} drafts, {len(unsure)} doubts.")
    say(f"Next: polynya claims review {out} --article {article}")


@group.command("review")
def review(
    file: LedgerFile,
    article: Annotated[Path, typer.Option("--article", help="The article that the ledger reads.")],
    by: Annotated[str, typer.Option("--by", help="Your name; it signs every decision.")] = "",
    everything: Annotated[bool, typer.Option("--all", help="Also the rows that are decided.")] = False,
) -> None:
    """Go through the drafts: accept, edit, reject, split, merge, rate. Saved after every decision.

    Example: polynya claims review claims.yaml --article report.txt --by "Ada Lovelace"
    """
    from datetime import UTC, datetime

    from polynya.claims.article import read_article
    from polynya.claims.check import check_ledger, load_ledger
    from polynya.claims.review import require_person
    from polynya.claims.review_loop import HELP, Session, run
    from polynya.claims.store import save
    from polynya.console import note, say
    from polynya.errors import InputError

    loaded = load_ledger(file)
    text = read_article(article)
    report = check_ledger(loaded, article=text)
    apart = [f for f in report.faults if f.code in ("article_mismatch", "span_mismatch", "bad_span")]
    if apart:
        raise InputError(apart)
    name = require_person(by or _ask("Your name: "))
    say(f"{HELP}   (saved after every decision)")
    session = Session(
        text,
        name,
        _ask,
        say,
        lambda ledger: save(file, ledger),
        lambda: datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z"),
    )
    try:
        ledger, decided = run(loaded.ledger, session, everything=everything)
    except KeyboardInterrupt:
        note(f"\nStopped. Every decision is in {file}; the same command goes on from there.")
        raise
    left = sum(c.review.status == "draft" for c in ledger.claims)
    say(f"{decided} decisions; {left} drafts left in {file}.")


@group.command("show")
def show(
    file: LedgerFile,
    by: Annotated[str, typer.Option("--by", help="source, entity or stage.")] = "source",
    json: Json = False,
) -> None:
    """Print a ledger by who says so, by what is named, or by stage.

    Example: polynya claims show claims.yaml --by stage
    """
    from polynya.claims.check import load_ledger
    from polynya.claims.show import grouped, line, safe
    from polynya.claims.summary import standing
    from polynya.console import emit_json, say
    from polynya.errors import UsageError, did_you_mean

    if by not in ("source", "entity", "stage"):
        hint = did_you_mean(by, ("source", "entity", "stage")) or "One of: source, entity, stage."
        raise UsageError(f'--by cannot be "{by}".', fix=hint)
    loaded = load_ledger(file)
    groups = grouped(loaded.ledger, by)  # type: ignore[arg-type]
    if json:
        emit_json({"file": str(file), "by": by, **standing(loaded.ledger), "groups": groups})
        return
    about = loaded.ledger.document
    say(safe(f"{about.title or file} · published {about.published or 'on an unknown day'} · {about.outlet or ''}"))
    for group_ in groups:
        say()
        say(safe(str(group_["group"])))
        for shown in group_["claims"]:
            say("  " + line(shown))
    counts = standing(loaded.ledger)
    say()
    say(
        f"{counts['claims']} claims, {counts['usable']} may go downstream, {counts['open_conditions']} open conditions, "
        f"at least {counts['independent_sources']} independent sources.  ? draft  x rejected"
    )


@group.command("timeline")
def timeline(
    file: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Ledgers, in any order.")],
    everything: Annotated[bool, typer.Option("--all", help="Also claims that no relation joins.")] = False,
    json: Json = False,
) -> None:
    """Tell what became of what was reported: reported, agreed, closed, denied, revoked.

    Example: polynya claims timeline examples/sakhalin-2-stake/*.claims.yaml
    """
    from polynya.claims.check import check_ledger, load_ledger
    from polynya.claims.show import safe
    from polynya.claims.timeline import stories
    from polynya.console import emit_json, say
    from polynya.errors import InputError

    loaded = [load_ledger(path) for path in file]
    others = {one.name: one.ledger for one in loaded}
    if len(others) < len(loaded):
        names = [one.name for one in loaded]
        twice = next(n for n in names if names.count(n) > 1)
        raise InputError(f'two ledgers are called "{twice}"', where=str(file[0]), fix="Give each a document.id.")
    wanted = ("unknown_claim", "unknown_ledger", "duplicate_id", "cycle")
    faults = [
        f
        for one in loaded
        for f in check_ledger(one, others={n: o for n, o in others.items() if n != one.name}).faults
        if f.code in wanted
    ]
    if faults and len(loaded) > 1:
        raise InputError(faults)
    told = stories([(one.name, one.ledger) for one in loaded])
    shown = [s for s in told if everything or len(s["entries"]) > 1]
    if json:
        emit_json({"stories": shown, "claims_apart": sum(len(s["entries"]) == 1 for s in told)})
        return
    for story in shown:
        say(safe(f"{story['about']}"))
        say(f"  last: {story['state']}; at least {story['independent_sources']} independent sources")
        for entry in story["entries"]:
            links = "".join(f" [{r['type']} {r['claim']}]" for r in entry["relations"])
            say(safe(f"  {entry['date'] or 'undated':<10}  {entry['phase']:<8} {entry['claim']}  {entry['text']}"))
            say(safe(f"              {entry['factuality']}, {entry['who']}{links}"))
        say()
    apart = len(told) - sum(len(s["entries"]) > 1 for s in told)
    if apart and not everything:
        say(f"{apart} claims stand alone (--all shows them).")


@group.command("score")
def score(
    file: Annotated[list[Path] | None, typer.Argument(metavar="[FILE]...", help="Ledgers to follow up.")] = None,
    by: Annotated[str, typer.Option("--by", help="stage, source_kind, event or conditional.")] = "stage",
    world: WorldDir = None,
    overlay: Overlays = None,
    json: Json = False,
) -> None:
    """Compare what was reported, and how firmly, with what happened.

    Example: polynya claims score examples/gazprom-arctic-2025/claims.yaml --by conditional
    """
    from polynya.claims.check import load_ledger
    from polynya.claims.score import brier, followed, rates
    from polynya.claims.show import safe
    from polynya.console import emit_json, say, table
    from polynya.errors import UsageError, did_you_mean
    from polynya.world import load_world

    options = ("stage", "source_kind", "event", "conditional")
    if by not in options:
        raise UsageError(f'--by cannot be "{by}".', fix=did_you_mean(by, options) or f"One of: {', '.join(options)}.")
    reports = _reports(load_world(world, overlay or ()))
    loaded = [load_ledger(path) for path in file or []]
    groups = rates(reports, by)
    total = rates(reports, "all")[0] if reports else None
    ledgers: list[dict[str, Any]] = [
        {"file": one.document.file, "id": one.name, "claims": followed(one.ledger, one.name, reports)} for one in loaded
    ]
    ratings = brier([(one.name, one.ledger) for one in loaded], reports)
    if json:
        emit_json({"by": by, "all": total, "groups": groups, "ledgers": ledgers, "ratings": ratings})
        return
    say(f"{len(reports)} dated reports of the registry, and what became of them; open ones are in no rate.")
    rows = [
        [
            str(g["group"]),
            str(g["reports"]),
            str(g["came_true"]),
            str(g["did_not"]),
            str(g["open"]),
            "-" if g["rate"] is None else f"{100 * g['rate']:.0f} % ({100 * g['low']:.0f}-{100 * g['high']:.0f})",
        ]
        for g in ([*groups, total] if total else groups)
    ]
    say(table([by, "reports", "came true", "did not", "open", "rate (95 %)"], rows))
    for one in ledgers:
        say()
        say(f"{one['file']}: {len(one['claims'])} claims were followed up.")
        for claim in one["claims"]:
            fates = ", ".join(f"{n} {fate.replace('_', ' ')}" for fate, n in claim["fates"].items())
            say(safe(f"  {claim['claim']:<5} {claim['factuality']:<4} {claim['text']}"))
            say(safe(f"        {fates}"))
    if ratings["rated_and_settled"]:
        say(
            f"Brier score of {ratings['rated_and_settled']} signed likelihoods: {ratings['brier']:.3f} (0 best, 0.25 a coin)."
        )
    elif loaded:
        say("No signed likelihoods meet a settled outcome, so nothing is scored.")


@group.command("scenario")
def scenario(
    file: LedgerFile,
    out: Annotated[
        Path | None, typer.Option("--out", help="Where to write; without it, the scenario is printed.")
    ] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep", help="An existing scenario: its changes stay, what is missing is added.")
    ] = None,
    as_of: Annotated[str, typer.Option("--as-of", metavar="DATE", help="Day of the baseline.")] = "",
    first: Annotated[str, typer.Option("--from", metavar="YYYY-MM", help="First month to compute.")] = "",
    months: Annotated[int, typer.Option("--months", min=1, max=240)] = 24,
    assume_met: Annotated[
        str, typer.Option("--assume-met", metavar="DATE", help="Take every reported condition as met on this day.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Overwrite an existing file.")] = False,
    world: WorldDir = None,
    overlay: Overlays = None,
    json: Json = False,
) -> None:
    """Make the skeleton of a scenario whose changes point to claims; conditions stay open unless you assume them met.

    Example: polynya claims scenario claims.yaml --assume-met 2025-10-01 --out scenario.yaml
    """
    import os
    from datetime import date, timedelta

    from polynya.claims.check import check_ledger, load_ledger
    from polynya.claims.show import safe
    from polynya.commands.options import day_or_today, month
    from polynya.console import emit_json, note, say
    from polynya.errors import InputError, UsageError
    from polynya.scenario import load_scenario
    from polynya.scenario.skeleton import skeleton
    from polynya.strict_yaml import dump
    from polynya.whole import write_whole
    from polynya.world import load_world

    if out is not None and out.exists() and not force:
        raise UsageError(f"{out} exists already.", fix="Choose another name, or add --force.")
    base = load_world(world, overlay or ())
    loaded = load_ledger(file)
    faults = check_ledger(loaded, known=frozenset(base.ids())).faults
    if faults:
        raise InputError(faults)
    about = loaded.ledger.document
    day = day_or_today(as_of or about.published or about.published_to or "")
    start = month(first) if first else (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    met: date | None = day_or_today(assume_met) if assume_met else None
    made = skeleton(
        loaded.ledger,
        loaded.name,
        os.path.relpath(file, (out or file).parent).replace(os.sep, "/"),
        base,
        as_of=day,
        first_month=f"{start:%Y-%m}",
        months=months,
        assume_met=met,
        keep=load_scenario(keep, base).file if keep else None,
    )
    text = _SCENARIO_HEAD + dump(made.data)
    if out is not None:
        write_whole(out, text)
    if json:
        emit_json({"scenario": made.data, "left_out": dict(made.left_out), "out": str(out) if out else None})
        return
    for identity, why in made.left_out:
        note(safe(f"left out {identity}: {why}"))
    if out is None:
        say(text.rstrip("\n"))
        return
    changes = made.data["changes"]
    carried = sum(c["type"] == "carry" for c in changes)
    say(
        f"Wrote {out}: {len(changes)} changes ({carried} carried until you decide them), {len(made.data['conditions'])} conditions."
    )
    say(f"Next: polynya scenario check {out}")


@group.command("export")
def export(
    file: LedgerFile,
    form: Annotated[str, typer.Option("--format", help="jsonld (schema.org), prov (PROV-O) or csv.")] = "jsonld",
    out: Annotated[Path | None, typer.Option("--out", help="Where to write; without it, stdout.")] = None,
    reviewed: Annotated[bool, typer.Option("--reviewed", help="Only rows that may go downstream.")] = False,
    json: Json = False,
) -> None:
    """Export a ledger: schema.org Claim and ClaimReview, PROV-O, or CSV.

    Example: polynya claims export claims.yaml --format prov --out claims.prov.jsonld
    """
    import json as json_

    from polynya.claims.check import load_ledger
    from polynya.claims.downstream import refusal
    from polynya.claims.export import claims_jsonld, prov_jsonld, to_csv
    from polynya.console import emit_json, say
    from polynya.errors import UsageError, did_you_mean
    from polynya.whole import write_whole

    forms = ("jsonld", "prov", "csv")
    if form not in forms:
        raise UsageError(
            f'there is no format "{form}".', fix=did_you_mean(form, forms) or f"One of: {', '.join(forms)}."
        )
    loaded = load_ledger(file)
    ledger = loaded.ledger
    if reviewed:
        ledger = ledger.model_copy(update={"claims": [c for c in ledger.claims if not refusal(c)]})
    document = None
    if form == "csv":
        text = to_csv(ledger)
    else:
        document = claims_jsonld(ledger, loaded.name) if form == "jsonld" else prov_jsonld(ledger, loaded.name)
        text = json_.dumps(document, ensure_ascii=False, allow_nan=False, indent=1) + "\n"
    if out is not None:
        write_whole(out, text)
        if json:
            emit_json({"out": str(out), "format": form, "claims": len(ledger.claims)})
        else:
            say(f"Wrote {out}.")
    elif json:
        emit_json(document if document is not None else {"format": "csv", "text": text})
    else:
        say(text.rstrip("\n"))


@group.command("schema")
def schema(json: Json = False) -> None:
    """Print the JSON Schema of a ledger, for editors.

    Example: polynya claims schema > claims.schema.json
    """
    from polynya.claims.schema import json_schema
    from polynya.console import emit_json

    emit_json(json_schema())


_HEAD = """\
# A ledger of claims: what is reported, who says so, how firmly, on which condition.
# Put each text in your own words; the selector keeps the place. Next: polynya claims review FILE --article ARTICLE
"""


_SCENARIO_HEAD = """\
# A what-if made from a ledger. Every change points to the claims that report it, or to an assumption stated here.
# A change of type carry is said in the output but not computed; its reason names what to decide.
"""


def _ask(prompt: str) -> str:
    import sys

    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not line:
        raise EOFError
    return line.rstrip("\n")


def _drafter(name: str) -> Drafter:
    from polynya.errors import UsageError, did_you_mean

    if name == "rules":
        from polynya.claims.drafting.rules import RuleDrafter

        return RuleDrafter()
    if name == "spacy":
        from polynya.claims.drafting.parsed import ParsedDrafter

        return ParsedDrafter()
    raise UsageError(f'there is no drafter "{name}".', fix=did_you_mean(name, ("rules", "spacy")) or "rules or spacy.")


def _linker(world: World) -> Linker:
    from polynya.claims.drafting.link import Linker

    rows = [
        (identity, name, "name", "")
        for table in ("entities", "assets")
        if table in world.tables
        for identity, name in world.table(table).select("id", "name").iter_rows()
    ]
    if "aliases" in world.tables:
        aliases = world.table("aliases").select("id", "alias", "kind", "language").iter_rows()
        rows += [(i, alias or "", kind or "", language or "") for i, alias, kind, language in aliases]
    return Linker(rows, world.kinds)


def _about(text: ArticleText, outlet: str, published: str, url: str, world: World) -> Article:
    import re
    from datetime import date

    from polynya.claims.ledger import Article
    from polynya.errors import UsageError

    day = published or text.published
    if day:
        try:
            date.fromisoformat(day)
        except ValueError:
            raise UsageError(f'"{day}" is not a day.', fix="Write --published YYYY-MM-DD.") from None
        day = date.fromisoformat(day).isoformat()
    address = url or text.url
    if address and not re.match(r"https?://\S+$", address):
        raise UsageError(f'"{address}" is not a web address.', fix="It begins with http:// or https://.")
    named = [outlet] if outlet in world.kinds else _linker(world).identify(outlet)
    identity = next((i for i in named if world.kinds.get(i) == "outlet"), "")
    stem = re.sub(r"[^a-z0-9]+", "-", Path(text.file).stem.lower()).strip("-")
    return Article.model_validate(
        {
            "id": stem or "article",
            "outlet": identity or None,
            "publisher": outlet if outlet and not identity else None,
            "url": address or None,
            "published": day or None,
            "language": text.language or "en",
            "format": text.format,
            "sha256": text.sha256,
            "chars": len(text.text),
            "note": "the day of publication is the one that the page gives" if day and not published else None,
        }
    )


def _reports(world: World) -> list[Reported]:
    from polynya.claims.score import Reported

    if "deals" not in world.tables:
        return []
    return [
        Reported(
            id=r["id"],
            date=r["date"].isoformat() if r["date"] else "",
            outlet=r["outlet"] or "",
            subject=r["subject"] or "",
            event=r["event"] or "",
            what=r["what"] or "",
            source_kind=r["source_kind"] or "",
            stage=r["stage"] or "",
            condition=r["condition"] or "",
            claims=tuple((r["claims"] or "").split()),
            fate=r["fate"] or "open",
            fate_as_of=r["fate_as_of"].isoformat() if r["fate_as_of"] else "",
            since=r["since"] or "",
        )
        for r in world.table("deals").iter_rows(named=True)
    ]
