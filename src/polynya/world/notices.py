"""Which attributions go with what is shown? (rows of sources -> one notice per attribution, with the sources it covers)

A source's own notice is repeated as its publisher asks for it. A licence without one is met by title, publisher and
licence. Of sources that are only cited (`facts`) single facts are taken, which needs a citation and no licence.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

CITED_ONLY = "facts"
OWN = "polynya-assumption"


def notices(sources: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """`{licence, notice, sources}` for each distinct attribution, licences first, plain citations last."""
    found: dict[tuple[str, str], list[str]] = {}
    for s in sources:
        if s["id"] == OWN:
            text = "Own estimates of the Polynya developers"
        elif s.get("notice"):
            text = str(s["notice"])
        elif s["licence"] == CITED_ONLY:
            text = "single facts, cited from each source by itself"
        else:
            text = f"{s['title']}, {s['publisher']}"
        found.setdefault((str(s["licence"]), text), []).append(str(s["id"]))
    order = sorted(found.items(), key=lambda kv: (kv[0][0] == CITED_ONLY, kv[0]))
    return [{"licence": licence, "notice": text, "sources": sorted(ids)} for (licence, text), ids in order]


def cited(document: Any) -> set[str]:
    """Ids of sources that a document names, at any depth: under `source`, or in a list under `sources`."""
    if isinstance(document, Mapping):
        found: set[str] = set()
        for key, value in document.items():
            if key == "source" and isinstance(value, str):
                found.add(value)
            elif key == "sources" and isinstance(value, (list, tuple)):
                found |= {v for v in value if isinstance(v, str)}
            found |= cited(value)
        return found
    if isinstance(document, (list, tuple)):
        return set().union(*map(cited, document))
    return set()


def notices_of(sources: Iterable[Mapping[str, Any]], document: Any) -> list[dict[str, Any]]:
    """The notices of the sources that a document names; `sources` are rows of sources.csv."""
    named = cited(document)
    return notices(s for s in sources if s["id"] in named)


def notices_text(listed: Iterable[Mapping[str, Any]]) -> list[str]:
    """One line for each notice."""
    return [f"    [{n['licence']}] {n['notice']} ({_who(n['sources'])})" for n in listed]


def _who(ids: list[str]) -> str:
    return ", ".join(ids) if len(ids) <= 3 else f"{len(ids)} sources"
