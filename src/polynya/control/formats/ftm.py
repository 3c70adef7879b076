"""FollowTheMoney JSON lines: entities and `Ownership` links <-> edges.

`percentage` is a text and often missing: then the share is unknown, never zero and never 100. A range `25-50` is kept
as a range. Other links (Directorship, Succession, ...) have no share and are counted in the notes.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from polynya.control.formats.exchange import Exchange
from polynya.control.graph import Edge
from polynya.control.shares import WHOLE, format_share, parse_share
from polynya.errors import Fault, InputError
from polynya.tables import parse_date, read_text

SCHEMA_OF = {"person": "Person", "state": "PublicBody", "authority": "PublicBody", "company": "Company"}
KIND_OF = {"Person": "person", "PublicBody": "authority", "Company": "company", "Organization": "company"}
_RANGE = re.compile(r"^(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)$")


def read_ftm(path: Path) -> Exchange:
    """Read JSON lines. Raises InputError with file:line for dangling links and unreadable shares."""
    file = str(path)
    faults: list[Fault] = []
    names: dict[str, str] = {}
    kinds: dict[str, str] = {}
    countries: dict[str, str] = {}
    links: list[tuple[int, Mapping[str, Any]]] = []
    others: Counter[str] = Counter()
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        try:
            entity = json.loads(line)
            schema, properties = entity["schema"], entity.get("properties") or {}
            identity = entity["id"]
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            why = "nested too deeply" if isinstance(error, RecursionError) else error
            faults.append(Fault(f"not an entity: {why}", file, number, 1, fix="Mend or remove the line.", code="json"))
            continue
        if not isinstance(identity, str) or not isinstance(schema, str) or not _lists(properties):
            faults.append(
                Fault(
                    "not an entity: id and schema are texts, properties lists of texts",
                    file,
                    number,
                    1,
                    fix="Mend or remove the line.",
                    code="json",
                )
            )
            continue
        if schema == "Ownership":
            links.append((number, entity))
        elif "name" in properties or entity.get("caption"):
            names[identity] = _first(properties, "name") or str(entity.get("caption"))
            kinds[identity] = KIND_OF.get(schema, "other")
            code = _first(properties, "jurisdiction") or _first(properties, "country")
            if code:
                countries[identity] = code.upper()
        else:
            others[schema] += 1
    edges = [e for number, link in links for e in _link(number, link, names, file, faults)]
    if faults:
        raise InputError(faults)
    notes = tuple(f"{count} x {schema}: no ownership, left out" for schema, count in sorted(others.items()))
    return Exchange(tuple(edges), names, kinds, countries, notes)


def _lists(properties: object) -> bool:
    return isinstance(properties, dict) and all(
        values is None or (isinstance(values, list) and all(isinstance(v, str | int | float) for v in values))
        for values in properties.values()
    )


def write_ftm(exchange: Exchange) -> str:
    """JSON lines, parties before links, in the order of ids. Only title travels: FtM has no other kind with a share."""
    lines = []
    edges = [e for e in exchange.edges if e.kind == "title" and e.status == "closed"]
    for identity in sorted({e.owner for e in edges} | {e.owned for e in edges}):
        properties = {"name": [exchange.names.get(identity, identity)]}
        code = exchange.countries.get(identity)
        if code:
            properties["country"] = [code.lower()]
        schema = SCHEMA_OF.get(exchange.kinds.get(identity, "company"), "LegalEntity")
        lines.append({"id": identity, "schema": schema, "properties": properties})
    for e in sorted(edges, key=lambda e: (e.owned, e.owner, e.valid_from or date.min, e.id)):
        properties = {"owner": [e.owner], "asset": [e.owned]}
        if e.exact:
            properties["percentage"] = [format_share(e.share_min)]
        elif not e.unknown:
            properties["percentage"] = [f"{format_share(e.share_min)}-{format_share(e.share_max)}"]
        if e.valid_from:
            properties["startDate"] = [e.valid_from.isoformat()]
        if e.valid_to:
            properties["endDate"] = [e.valid_to.isoformat()]
        if e.source:
            properties["publisher"] = [e.source]
        key = f"{e.owner}--{e.owned}--{e.valid_from or 'always'}--{e.id}"
        lines.append({"id": key, "schema": "Ownership", "properties": properties})
    return "".join(json.dumps(x, ensure_ascii=False) + "\n" for x in lines)


def _link(number: int, link: Mapping[str, Any], names: Mapping[str, str], file: str, faults: list[Fault]) -> list[Edge]:
    properties = link.get("properties") or {}
    owners, owned = properties.get("owner") or [], properties.get("asset") or []
    dangling = [x for x in [*owners, *owned] if x not in names]
    if dangling or not owners or not owned:
        what = f"points at {', '.join(map(str, dangling))}, which is not in the file" if dangling else "has no two ends"
        faults.append(Fault(f"ownership {link['id']} {what}", file, number, 1, fix="Add the entity.", code="dangling"))
        return []
    try:
        low, high = _percentage(properties.get("percentage") or [])
        start, end = _day(_first(properties, "startDate")), _day(_first(properties, "endDate"))
    except ValueError as error:
        fix = "percentage is 25, 25.5 or 25-50; dates are YYYY-MM-DD."
        faults.append(Fault(f"ownership {link['id']}: {error}", file, number, 1, fix=fix, code="bad_share"))
        return []
    return [
        Edge(o, d, low, high, "title", start, end, source="ftm", locator=f"line {number}")
        for o in owners
        for d in owned
    ]


def _percentage(values: list[str]) -> tuple[int, int]:
    """Ends in 1e-14 percent; several values are read as the range that they span."""
    ends: list[int] = []
    for value in values:
        text = str(value).strip().removesuffix("%").strip()
        if not text:
            continue
        match = _RANGE.match(text)
        ends += [parse_share(match[1]), parse_share(match[2])] if match else [parse_share(text)]
    return (min(ends), max(ends)) if ends else (0, WHOLE)


def _first(properties: Mapping[str, Any], name: str) -> str:
    values = properties.get(name) or [""]
    return str(values[0] or "")


def _day(text: str) -> date | None:
    return parse_date(text[:10]) if text else None
