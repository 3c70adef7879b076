"""How do others read a ledger? (ledger -> schema.org JSON-LD, PROV-O JSON-LD, CSV)

schema.org `Claim` for every row that was not rejected; `ClaimReview` only where a named human rated one, with the
Admiralty letter and digit as the rating's name: it says how good the information is thought to be, not that it is
true. PROV-O (W3C 2013) keeps assertion, derivation and responsibility apart, as nanopublications do. CSV cells that a
spreadsheet would run as a formula are prefixed with an apostrophe. The article's words are in none of them.
"""

from __future__ import annotations

import csv
import io
from typing import Any

from polynya.claims.ledger import Attribution, Claim, Ledger
from polynya.claims.origins import chain
from polynya.tables import plain_cell

_TYPES = {"named_person": "Person", "outlet": "NewsMediaOrganization", "named_org": "Organization"}
_CONTEXT_PROV = {
    "prov": "http://www.w3.org/ns/prov#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "schema": "https://schema.org/",
    "oa": "http://www.w3.org/ns/oa#",
    "polynya": "urn:polynya:",
}


def claims_jsonld(ledger: Ledger, name: str) -> dict[str, Any]:
    """schema.org Claim (and ClaimReview for signed ratings)."""
    work = _work(ledger)
    graph: list[dict[str, Any]] = []
    for claim in _kept(ledger):
        node: dict[str, Any] = {
            "@type": "Claim",
            "@id": f"urn:polynya:{name}:{claim.id}",
            "identifier": claim.id,
            "text": claim.text,
            "appearance": {**work, "position": f"{claim.selector.start}-{claim.selector.end}"},
            "about": [{"@type": "Thing", "identifier": m} for m in dict.fromkeys(m.id for m in claim.entities)],
            "creativeWorkStatus": claim.review.status,
        }
        author = _author(claim.attribution[0])
        if author:
            node["author"] = author
        if claim.review.by:
            node["claimInterpreter"] = {"@type": "Person", "name": claim.review.by}
        graph.append(node)
        rating = claim.rating
        if rating is not None and rating.assessed_by and rating.credibility is not None:
            graph.append(
                {
                    "@type": "ClaimReview",
                    "@id": f"urn:polynya:{name}:{claim.id}:rating",
                    "itemReviewed": {"@id": f"urn:polynya:{name}:{claim.id}"},
                    "claimReviewed": claim.text,
                    "author": {"@type": "Person", "name": rating.assessed_by},
                    **({"datePublished": rating.at} if rating.at else {}),
                    "reviewRating": {
                        "@type": "Rating",
                        "ratingValue": 7 - rating.credibility,
                        "bestRating": 6,
                        "worstRating": 1,
                        "alternateName": f"{rating.source_reliability or 'F'}{rating.credibility}",
                        "ratingExplanation": rating.why
                        or "Admiralty code: reliability of the source A-F, credibility of the content 1-6",
                    },
                }
            )
    return {"@context": "https://schema.org", "@graph": graph}


def prov_jsonld(ledger: Ledger, name: str) -> dict[str, Any]:
    """PROV-O: claims derived from the article, attributed to sources, drafted and reviewed by whom and when."""
    about = ledger.document
    article = f"polynya:article:{about.sha256}"
    graph: list[dict[str, Any]] = [
        {
            "@id": article,
            "@type": ["prov:Entity", "schema:Article"],
            **({"schema:url": {"@id": about.url}} if about.url else {}),
            **({"schema:datePublished": about.published} if about.published else {}),
            "schema:sha256": about.sha256,
        }
    ]
    agents: dict[str, dict[str, Any]] = {}

    def agent(identity: str, label: str, kind: str) -> dict[str, str]:
        agents.setdefault(identity, {"@id": identity, "@type": ["prov:Agent", kind], "schema:name": label})
        return {"@id": identity}

    for claim in _kept(ledger):
        node = f"polynya:{name}:{claim.id}"
        sources = []
        for number, source in enumerate(claim.attribution, 1):
            label = source.name or source.id or source.kind.replace("_", " ")
            named = f"polynya:agent:{source.id}" if source.id else f"{node}:source:{number}"
            sources.append(agent(named, label, "prov:Person" if source.kind == "named_person" else "prov:Organization"))
        graph.append(
            {
                "@id": node,
                "@type": ["prov:Entity", "schema:Claim"],
                "schema:text": claim.text,
                "polynya:factuality": claim.factuality.value,
                "prov:wasDerivedFrom": {"@id": article},
                "prov:wasAttributedTo": sources,
                "oa:hasSelector": {
                    "@type": "oa:TextPositionSelector",
                    "oa:start": claim.selector.start,
                    "oa:end": claim.selector.end,
                },
            }
        )
        if claim.draft is not None:
            drafter = agent(f"polynya:drafter:{claim.draft.method}", claim.draft.method, "prov:SoftwareAgent")
            activity = f"{node}:draft"
            graph.append({"@id": activity, "@type": "prov:Activity", "prov:wasAssociatedWith": drafter})
            graph[-2]["prov:wasGeneratedBy"] = {"@id": activity}
        if claim.review.by:
            reviewer = agent(f"polynya:reviewer:{claim.review.by.replace(' ', '-')}", claim.review.by, "prov:Person")
            graph.append(
                {
                    "@id": f"{node}:review",
                    "@type": "prov:Activity",
                    "prov:used": {"@id": node},
                    "prov:wasAssociatedWith": reviewer,
                    "polynya:decision": claim.review.status,
                    **({"prov:endedAtTime": _instant(claim.review.at)} if claim.review.at else {}),
                }
            )
    return {"@context": _CONTEXT_PROV, "@graph": graph + list(agents.values())}


COLUMNS = (
    "id text layer source_kind who factuality according_to stage event conditions entities time start end sha256 "
    "rating likelihood assessed_by review reviewed_by reviewed_at"
).split()


def to_csv(ledger: Ledger) -> str:
    """One row per claim, rejected ones included and marked."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    for claim in ledger.claims:
        rating, time = claim.rating, claim.time
        writer.writerow(
            [
                _cell(value)
                for value in (
                    claim.id,
                    claim.text,
                    claim.layer,
                    claim.attribution[0].kind,
                    chain(claim, ledger.document),
                    claim.factuality.value,
                    claim.factuality.according_to,
                    claim.stage,
                    claim.event.type,
                    "; ".join(f"{c.text} ({c.status})" for c in claim.conditions),
                    " ".join(dict.fromkeys(m.id for m in claim.entities)),
                    (time.value or time.inferred) if time else None,
                    claim.selector.start,
                    claim.selector.end,
                    claim.selector.sha256,
                    f"{rating.source_reliability or 'F'}{rating.credibility or 6}" if rating else None,
                    rating.likelihood if rating else None,
                    rating.assessed_by if rating else None,
                    claim.review.status,
                    claim.review.by,
                    claim.review.at,
                )
            ]
        )
    return stream.getvalue()


def _cell(value: object) -> str:
    if value is None:
        return ""
    return plain_cell(value) if isinstance(value, str) else str(value)


def _kept(ledger: Ledger) -> list[Claim]:
    return [c for c in ledger.claims if c.review.status != "rejected"]


def _work(ledger: Ledger) -> dict[str, Any]:
    about = ledger.document
    work: dict[str, Any] = {"@type": "NewsArticle", "sha256": about.sha256}
    if about.url:
        work["url"] = about.url
    if about.published:
        work["datePublished"] = about.published
    if about.outlet or about.publisher:
        work["publisher"] = {"@type": "Organization", "name": about.publisher or about.outlet}
    return work


def _author(source: Attribution) -> dict[str, Any] | None:
    if source.kind == "author":
        return None
    node: dict[str, Any] = {"@type": _TYPES.get(source.kind, "Thing")}
    node["name"] = source.name or source.id or source.kind.replace("_", " ")
    if source.id:
        node["identifier"] = source.id
    return node


def _instant(at: str) -> dict[str, str]:
    return {"@value": at, "@type": "xsd:dateTime" if "T" in at else "xsd:date"}
