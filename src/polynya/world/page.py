"""What does one hand to a colleague who asks about a thing? (World + id -> a page of values, sources, contradictions)"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from polynya.console import table
from polynya.errors import NotFoundError, did_you_mean
from polynya.world.fact import Fact
from polynya.world.map import Chart, Line, Place, chart, chart_text
from polynya.world.notices import notices, notices_text
from polynya.world.passage import PASSAGES, find_passage, passage_parts, told_of
from polynya.world.related import LINKS, namesakes, plain, related
from polynya.world.world import IDENTITY_TABLES, World

SHOWN_ROWS = 30
SEE_ALSO = ("asset", "corridor", "from_node", "to_node", "node", "part_of", "operator", "entity", "trader", "seller")


def page(world: World, identity: str, day: date) -> dict[str, Any]:
    """Identity row, values on a day with what was passed over, all facts in time order, events, gates, neighbours.

    Raises NotFoundError with a did-you-mean (aliases included).
    """
    if identity not in world.kinds:
        passage = find_passage(world, identity)
        if passage is not None:
            row, values, drawn = passage_parts(world, passage, day)
            return _document(world, passage, "passage", day, row, values, drawn)
        identity = _by_alias(world, identity)
    row = {k: plain(v) for k, v in world.row(identity).items() if not k.startswith("_")}
    attributes = sorted({a for s, a in world.facts if s == identity})
    values = [_value(world, identity, a, day) for a in attributes]
    return _document(world, identity, world.kinds[identity], day, row, values, chart(world, identity))


def _value(world: World, identity: str, attribute: str, day: date) -> dict[str, Any]:
    found = world.resolve(identity, attribute, day)
    every = sorted(world.facts[identity, attribute], key=lambda f: f.valid_from or date.min)
    out = {
        "attribute": attribute,
        "unit": world.attributes[attribute]["unit"],
        "value": None if found is None else found.value,
        "rests_on": [] if found is None else [_fact(f) for f in found.facts],
        "passed_over": [] if found is None else [_fact(f) for f in found.passed_over],
        "timeline": [_fact(f) for f in every],
    }
    over_time = world.attributes[attribute]["over_time"]
    if found is None and over_time in ("year", "day"):  # a figure of a year or a day is in force in no other
        past = [f.valid_from for f in every if f.valid_from and f.valid_from <= day]
        last = world.resolve(identity, attribute, past[-1]) if past else None
        if last is not None:
            of = str(past[-1].year) if over_time == "year" else past[-1].isoformat()
            out["latest"] = {"value": last.value, "of": of}
    return out


def _document(
    world: World, identity: str, kind: str, day: date, row: dict[str, Any], values: list[dict[str, Any]], drawn: Chart
) -> dict[str, Any]:
    cited = {f["source"] for v in values for f in v["timeline"]} | ({row["source"]} if row.get("source") else set())
    around = {**related(world, identity), **_told(world, identity, day, passage=kind == "passage")}
    cited |= {r["source"] for rows in around.values() for r in rows if r.get("source")}
    sources = [
        {k: plain(v) for k, v in s.items() if not k.startswith("_")}
        for s in world.table("sources").filter(pl.col("id").is_in(sorted(cited))).iter_rows(named=True)
    ]
    return {
        "id": identity,
        "kind": kind,
        "as_of": day.isoformat(),
        "identity": row,
        "values": values,
        "see_also": [
            {"id": str(v), "as": column, "name": str(world.row(str(v)).get("name") or "")}
            for column, v in row.items()
            if column in SEE_ALSO and v in world.kinds and v != identity
        ],
        "same_id": namesakes(world, identity),
        **around,
        "map": drawn.as_json(),
        "sources": sources,
        "notices": notices(sources),
    }


def headline(value: dict[str, Any]) -> str:
    """The value on the page's day with its unit; for a figure of a year or a day the latest one, dated."""
    unit = "" if value["unit"] == "1" else f" {value['unit']}"
    if value["value"] is not None:
        return f"{value['value']:g}{unit}"
    if "latest" in value:
        return f"{value['latest']['value']:g}{unit} ({value['latest']['of']}, the latest known)"
    return "nothing in force"


def page_text(document: dict[str, Any]) -> str:
    """The page as text."""
    identity = document["identity"]
    lines = [f"{document['id']}  {identity.get('name', '')}  ({document['kind']}), as of {document['as_of']}"]
    lines += [
        f"  {k}: {_text(v)}" for k, v in identity.items() if v not in (None, "") and k not in ("id", "name", "kind")
    ]
    if document["see_also"]:
        lines.append(
            "  see also: " + ", ".join(f"{s['id']} ({s['as'].replace('_', ' ')})" for s in document["see_also"])
        )
    lines += [
        f"  the same id names a {n['kind']}: {n['name']}{' (' + n['note'] + ')' if n['note'] else ''}"
        for n in document["same_id"]
    ]
    shares = month_shares(document)
    if shares:
        lines += ["", "  month shares of demand: " + " ".join(f"{100 * s:.1f}" for s in shares) + " %"]
    for v in document["values"]:
        if v["attribute"].startswith("demand_share_m"):
            continue
        lines += ["", f"  {v['attribute']}: {headline(v)}"]
        rows = []
        on = {f["key"] for f in v["rests_on"]}
        over = {f["key"] for f in v["passed_over"]}
        for f in v["timeline"]:
            mark = ">" if f["key"] in on else ("x" if f["key"] in over else " ")
            rows.append(
                [
                    mark,
                    f["valid_from"] or "",
                    f["valid_to"] or "",
                    f"{f['value']:g}",
                    f["kind"],
                    f["source"],
                    shortened(f["locator"], 60),
                ]
            )
        if len(rows) > SHOWN_ROWS:
            kept = [r for i, r in enumerate(rows) if r[0].strip() or i >= len(rows) - SHOWN_ROWS]
            if len(kept) < len(rows):
                lines.append(f"    ({len(rows) - len(kept)} earlier rows: --json shows all)")
            rows = kept
        lines.append(table(["", "from", "to", "value", "kind", "source", "locator"], rows, indent=4))
    for link in LINKS:
        if document[link.key]:
            lines += ["", f"  {link.title}", _rows_text(document[link.key])]
    if document["gates"]:
        rows = [
            [g["gate"], g["state"], g["valid_from"] or "", g["valid_to"] or "", g["name"], g["source"]]
            for g in document["gates"]
        ]
        head = ["gate", f"on {document['as_of']}", "shut from", "to", "what it is", "source"]
        lines += ["", "  gates: nothing flows while one of them is shut", table(head, rows, indent=4)]
    if document["events"]:
        lines += ["", "  events"]
        lines += [f"    {e['date']}  {e['what']}  ({e['source']})" for e in document["events"]]
    if document["aliases"]:
        names = [a["alias"] for a in document["aliases"] if a["kind"] not in ("not_same_as", "related_name")]
        lines += ["", "  also called: " + "; ".join(names)]
    if document["map"]["places"]:
        lines += ["", "  where it lies", *chart_text(chart_of(document))]
    lines += ["", "  sources"]
    lines += [
        f"    {s['id']}: {s['title']}, {s['publisher']}{', ' + s['url'] if s['url'] else ''} [{s['licence']}]"
        for s in document["sources"]
    ]
    lines += ["", "  licences and notices", *notices_text(document["notices"])]
    if any(v["rests_on"] for v in document["values"]):
        crossed = "   x contradicts and was passed over (precedence: overlay, kind, reliability, date)"
        lines.append("  > in force" + (crossed if any(v["passed_over"] for v in document["values"]) else ""))
    return "\n".join(lines)


def _rows_text(rows: list[dict[str, Any]]) -> str:
    """Rows as a table of the columns that hold something."""
    columns = [c for c in rows[0] if any(r[c] not in (None, "") for r in rows)]
    cells = [["" if r[c] is None else shortened(_text(r[c]), 60) for c in columns] for r in rows]
    return table([c.replace("valid_", "") for c in columns], cells, indent=4)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:.15g}" if isinstance(value, float) else str(value)


def shortened(text: str, most: int) -> str:
    """At most that many characters, with a mark where something was cut off."""
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def month_shares(document: Mapping[str, Any]) -> list[float]:
    """The twelve month shares of a node's demand, or nothing."""
    return [float(v["value"] or 0.0) for v in document["values"] if v["attribute"].startswith("demand_share_m")]


def chart_of(document: Mapping[str, Any]) -> Chart:
    """The map that a page's document holds."""
    places = tuple(Place(p["id"], p["name"], p["lat"], p["lon"], p["role"]) for p in document["map"]["places"])
    return Chart(document["id"], places, tuple(Line(x["id"], x["from"], x["to"]) for x in document["map"]["lines"]))


def source_list(world: World) -> list[dict[str, Any]]:
    """Every source with the number of rows that cite it, most cited first."""
    counts: dict[str, int] = {}
    for resource in world.package.resources:
        for column, target in resource.references:
            if target == "sources.id":
                for source in world.table(resource.name)[column].drop_nulls().to_list():
                    counts[source] = counts.get(source, 0) + 1
    rows = [
        {**{k: plain(v) for k, v in r.items() if not k.startswith("_")}, "rows": counts.get(r["id"], 0)}
        for r in world.table("sources").iter_rows(named=True)
    ]
    return sorted(rows, key=lambda r: (-r["rows"], r["id"]))


def listing(world: World, kind: str) -> list[dict[str, Any]]:
    """The things of one kind: a table's name, its singular, or a kind of asset or entity. Raises NotFoundError."""
    kinds = world.kinds
    rows = []
    for name in IDENTITY_TABLES:
        if name not in world.tables:
            continue
        for r in world.table(name).iter_rows(named=True):
            if kind in (name, name.removesuffix("s"), kinds[r["id"]]):
                rows.append({"id": r["id"], "kind": kinds[r["id"]], "name": r.get("name") or ""})
    if not rows:
        known = sorted({*IDENTITY_TABLES, *kinds.values()})
        raise NotFoundError(
            f'nothing of the kind "{kind}" is in the registry.',
            fix=did_you_mean(kind, known) or f"Known kinds: {', '.join(known)}.",
        )
    return sorted(rows, key=lambda r: str(r["id"]))


def _by_alias(world: World, name: str) -> str:
    folded = name.casefold()
    same = {i for i in world.ids() if i.casefold() == folded}
    if len(same) == 1:
        return same.pop()
    hits = {
        r["id"]
        for r in world.table("aliases").iter_rows(named=True)
        if r["alias"].casefold() == folded and r["kind"] not in ("not_same_as", "related_name")
    }
    hits |= {
        r["id"]
        for t in IDENTITY_TABLES
        if t in world.tables
        for r in world.table(t).iter_rows(named=True)
        if (r.get("name") or "").casefold() == folded
    }
    if len(hits) == 1:
        return str(hits.pop())
    if hits:
        raise NotFoundError(f'"{name}" may mean {" or ".join(sorted(hits))}.', fix="Use the id.")
    known = [*world.kinds, *(world.table(PASSAGES)["id"] if PASSAGES in world.tables else ())]
    raise NotFoundError(f'nothing in the registry is called "{name}".', fix=did_you_mean(name, known))


def _told(world: World, identity: str, day: date, *, passage: bool) -> dict[str, Any]:
    """Events, gates with their state on the day, and other names."""
    picks = {
        "events": world.table("events")
        .filter(told_of(world, identity) if passage else pl.col("subject") == identity)
        .sort("date")
        .select("date", "what", "source"),
        "gates": world.table("gates")
        .filter(pl.col("subject") == identity)
        .select("id", "gate", "name", "valid_from", "valid_to", "source"),
        "aliases": world.table("aliases").filter(pl.col("id") == identity).select("alias", "kind"),
    }
    told = {k: [{c: plain(v) for c, v in r.items()} for r in f.iter_rows(named=True)] for k, f in picks.items()}
    for gate in told["gates"]:
        shut = (gate["valid_from"] or "") <= day.isoformat() <= (gate["valid_to"] or "9999-12-31")
        gate["state"] = "shut" if shut else "open"
    return told


def _fact(fact: Fact) -> dict[str, Any]:
    return {
        "key": fact.key,
        "value": fact.value,
        "valid_from": plain(fact.valid_from),
        "valid_to": plain(fact.valid_to),
        "kind": fact.kind,
        "source": fact.source,
        "locator": fact.locator,
        "original_value": fact.original_value,
        "note": fact.note,
    }
