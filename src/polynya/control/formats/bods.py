"""Beneficial Ownership Data Standard 0.4: statements as JSON (an array, or one a line) <-> edges.

Records of entities and persons become ids, relationship records become edges, one an interest. Shares may be exact or
have inclusive or exclusive ends; a share that is not given is unknown. A relationship that points at a record which is
not in the file is refused (dangling reference); an interested party given only as unspecified is noted, not invented.
Written after the published schema of BODS 0.4; `share` numbers keep every digit.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

from polynya.control.formats.exact_json import dumps, exact_number, loads, number_text
from polynya.control.formats.exchange import Exchange
from polynya.control.graph import Edge
from polynya.control.shares import WHOLE, format_share, parse_share
from polynya.errors import Fault, InputError
from polynya.tables import MAX_FAULTS, parse_date, read_text

VERSION = "0.4"
INTEREST_OF = {"title": "shareholding", "votes": "votingRights", "board": "appointmentOfBoard"}
INTEREST_OF |= {"contract": "rightsGrantedByContract", "trustee": "controlByLegalFramework"}
KIND_OF = {v: k for k, v in INTEREST_OF.items()} | {
    "otherInfluenceOrControl": "contract",
    "controlViaCompanyRulesOrArticles": "contract",
    "trustee": "trustee",
}
ENTITY_TYPE = {"state": "state", "authority": "stateBody", "consortium": "arrangement", "fund": "registeredEntity"}


def read_bods(path: Path) -> Exchange:
    """Read statements. Raises InputError with every fault: dangling references, bad shares, unreadable JSON."""
    file = str(path)
    text = read_text(path)
    statements = _statements(text, file)
    try:
        return _read(statements, file)
    except InputError as error:
        raise InputError(_placed(error.faults, text)) from None
    except (AttributeError, TypeError, KeyError) as error:
        for i, s in enumerate(statements):
            try:
                _read([s], file)
            except InputError:
                continue
            except (AttributeError, TypeError, KeyError):
                message = f"statement {i + 1} does not have the form of BODS {VERSION}: {error}"
                fault = Fault(message, file, fix="See the standard's schema.", code="bad_statement")
                raise InputError(_placed([fault], text)) from None
        raise


def _placed(faults: Sequence[Fault], text: str) -> list[Fault]:
    """The first faults, with line and column of the statements that they name."""
    named = {f: int(m[1]) for f in faults[:MAX_FAULTS] if (m := re.match(r"statement (\d+)", f.message))}
    decoder, starts = json.JSONDecoder(), [0]
    at = text.index("[") + 1 if text.lstrip().startswith("[") else 0
    for _ in range(max(named.values(), default=0)):
        while text[at] in " \t\r\n,":
            at += 1
        starts.append(at)
        _, at = decoder.raw_decode(text, at)
    found = []
    for fault in faults[:MAX_FAULTS]:
        start = starts[named.get(fault, 0)]
        line, column = text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start)
        found.append(replace(fault, line=line, column=column) if fault in named else fault)
    return found


def _read(statements: list[Mapping[str, Any]], file: str) -> Exchange:
    faults: list[Fault] = []
    notes: list[str] = []
    names: dict[str, str] = {}
    kinds: dict[str, str] = {}
    countries: dict[str, str] = {}
    relationships = []
    for i, s in enumerate(statements):
        record, kind = s.get("recordId"), s.get("recordType")
        if not isinstance(record, str) or not record or kind not in ("entity", "person", "relationship"):
            faults.append(
                Fault(
                    f"statement {i + 1} has no recordId or no known recordType",
                    file,
                    fix="recordType is entity, person or relationship.",
                    code="bad_statement",
                )
            )
        elif kind == "relationship":
            relationships.append((i, s))
        elif s.get("recordStatus") != "closed":
            details = s.get("recordDetails") or {}
            names[record] = _name(details, kind) or record
            kinds[record] = "person" if kind == "person" else _entity_kind(details)
            code = (details.get("jurisdiction") or {}).get("code")
            if isinstance(code, str):
                countries[record] = code
    edges: list[Edge] = []
    for i, s in relationships:
        edges += _relationship(i, s, names, file, faults, notes)
    if faults:
        raise InputError(faults)
    return Exchange(tuple(edges), names, kinds, countries, tuple(notes))


def write_bods(exchange: Exchange, published: date, publisher: str) -> str:
    """Statements as a JSON array, parties before relationships, in the order of ids."""
    statements = []
    used = sorted({e.owner for e in exchange.edges} | {e.owned for e in exchange.edges})
    for identity in used:
        statements.append(_party(identity, exchange, published, publisher))
    for e in sorted(exchange.edges, key=lambda e: (e.owned, e.owner, e.kind, e.valid_from or date.min, e.id)):
        statements.append(_edge(e, published, publisher))
    return dumps(statements, indent=1)


def _statements(text: str, file: str) -> list[Mapping[str, Any]]:
    number = 1
    try:
        if text.lstrip().startswith("["):
            found = loads(text)
        else:
            found = []
            for line in text.split("\n"):
                if line.strip():
                    found.append(loads(line))
                number += 1
    except ValueError as error:
        at = getattr(error, "lineno", 1) + number - 1, getattr(error, "colno", 1)
        said = getattr(error, "msg", str(error))
        raise InputError(Fault(f"not JSON: {said}", file, *at, fix="Save it as JSON again.", code="json")) from error
    except RecursionError:
        raise InputError(
            Fault("this JSON is nested too deeply", file, number, 1, fix="Flatten it.", code="json")
        ) from None
    if not all(isinstance(s, dict) for s in found):
        raise InputError(
            Fault(
                "every statement is a JSON object",
                file,
                1,
                1,
                fix="Give an array of statements, or one a line.",
                code="json",
            )
        )
    return list(found)


def _relationship(
    i: int, s: Mapping[str, Any], names: Mapping[str, str], file: str, faults: list[Fault], notes: list[str]
) -> list[Edge]:
    details = s.get("recordDetails") or {}
    subject, party = details.get("subject"), details.get("interestedParty")
    where = f"statement {i + 1} ({s.get('recordId')})"
    if s.get("recordStatus") == "closed":
        notes.append(f"{where} is closed and left out")
        return []
    if isinstance(party, dict) or isinstance(subject, dict):
        notes.append(f"{where} names no record on one side; left out")
        return []
    dangling = [x for x in (subject, party) if x not in names]
    if dangling:
        missing = ", ".join(map(str, dangling))
        faults.append(
            Fault(
                f"{where} points at {missing}, which is not in the file", file, fix="Add the record.", code="dangling"
            )
        )
        return []
    edges = []
    for interest in details.get("interests") or [{}]:
        kind = KIND_OF.get(interest.get("type", "unknownInterest"))
        if kind is None:
            notes.append(f"{where}: interest {interest.get('type', 'without a type')} has no counterpart; left out")
            continue
        try:
            low, high = _share(interest.get("share"))
            start, end = (_day(interest.get(k)) for k in ("startDate", "endDate"))
        except ValueError as error:
            fix = "Shares are numbers from 0 to 100, dates YYYY-MM-DD."
            faults.append(Fault(f"{where}: {error}", file, fix=fix, code="bad_share"))
            continue
        edges.append(
            Edge(
                str(party), str(subject), low, high, kind, start, end, source="bods", locator=str(s.get("statementId"))
            )
        )
    return edges


def _share(share: Mapping[str, Any] | None) -> tuple[int, int]:
    """Ends in 1e-14 percent; exclusive ends move in by one unit, which is exact on this grid."""
    if not share:
        return 0, WHOLE
    if share.get("exact") is not None:
        exact = parse_share(number_text(share["exact"]))
        return exact, exact
    low, high = 0, WHOLE
    if share.get("minimum") is not None:
        low = parse_share(number_text(share["minimum"]))
    if share.get("exclusiveMinimum") is not None:
        low = max(low, parse_share(number_text(share["exclusiveMinimum"])) + 1)
    if share.get("maximum") is not None:
        high = parse_share(number_text(share["maximum"]))
    if share.get("exclusiveMaximum") is not None:
        high = min(high, parse_share(number_text(share["exclusiveMaximum"])) - 1)
    if high < low:
        raise ValueError("the maximum of the share is below its minimum")
    return low, high


def _day(text: object) -> date | None:
    return parse_date(text[:10]) if isinstance(text, str) and text else None


def _name(details: Mapping[str, Any], kind: str) -> str:
    if kind == "person":
        names: Iterable[Mapping[str, Any]] = details.get("names") or []
        return next((n["fullName"] for n in names if n.get("fullName")), "")
    return str(details.get("name") or "")


def _entity_kind(details: Mapping[str, Any]) -> str:
    kind = (details.get("entityType") or {}).get("type", "")
    return {"state": "state", "stateBody": "authority", "arrangement": "consortium"}.get(kind, "company")


def _party(identity: str, exchange: Exchange, published: date, publisher: str) -> dict[str, Any]:
    name = exchange.names.get(identity, identity)
    kind = exchange.kinds.get(identity, "company")
    if kind == "person":
        details: dict[str, Any] = {
            "isComponent": False,
            "personType": "knownPerson",
            "names": [{"type": "legal", "fullName": name}],
        }
        record = "person"
    else:
        details = {
            "isComponent": False,
            "entityType": {"type": ENTITY_TYPE.get(kind, "registeredEntity" if kind == "company" else "unknownEntity")},
            "name": name,
        }
        code = exchange.countries.get(identity)
        if code:
            details["jurisdiction"] = {"name": code, "code": code}
        record = "entity"
    return _statement(identity, record, identity, details, published, publisher)


def _edge(e: Edge, published: date, publisher: str) -> dict[str, Any]:
    interest: dict[str, Any] = {
        "type": INTEREST_OF[e.kind],
        "directOrIndirect": "direct",
        "beneficialOwnershipOrControl": False,
    }
    if e.exact:
        interest["share"] = {"exact": exact_number(format_share(e.share_min))}
    elif not e.unknown:
        interest["share"] = {
            "minimum": exact_number(format_share(e.share_min)),
            "maximum": exact_number(format_share(e.share_max)),
        }
    if e.valid_from:
        interest["startDate"] = e.valid_from.isoformat()
    if e.valid_to:
        interest["endDate"] = e.valid_to.isoformat()
    if e.note or e.imputed:
        interest["details"] = "; ".join(x for x in ("share imputed by its publisher" if e.imputed else "", e.note) if x)
    record = f"{e.owner}--{e.owned}--{e.kind}--{e.valid_from or 'always'}--{e.id}"
    details = {"isComponent": False, "subject": e.owned, "interestedParty": e.owner, "interests": [interest]}
    statement = _statement(record, "relationship", e.owned, details, published, publisher)
    if e.source:
        statement["source"] = {"type": ["thirdParty"], "description": f"{e.source}: {e.locator}"}
    return statement


def _statement(
    record: str, kind: str, subject: str, details: dict[str, Any], published: date, publisher: str
) -> dict[str, Any]:
    digest = hashlib.sha256(f"{kind}/{record}/{published}".encode()).hexdigest()
    return {
        "statementId": digest[:40],
        "statementDate": published.isoformat(),
        "declarationSubject": subject,
        "recordId": record,
        "recordType": kind,
        "recordStatus": "new",
        "recordDetails": details,
        "publicationDetails": {
            "publicationDate": published.isoformat(),
            "bodsVersion": VERSION,
            "publisher": {"name": publisher},
        },
    }
