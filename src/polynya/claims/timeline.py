"""What became of what was reported? (ledgers over time -> stories, each from report to close or revocation)

Claims that relations join (same_as, corroborates, contradicts, updates), within a ledger or across ledgers, make one
story; its entries stand in order of their dates. A story is as far as its latest entries. Not here: whether the source
was right (see `score.py`).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from polynya.claims.ledger import Claim, Ledger
from polynya.claims.origins import chain, origins

JOINING = ("same_as", "corroborates", "contradicts", "updates")
PHASES = {
    "idea": "reported",
    "preliminary_contact": "reported",
    "negotiating": "reported",
    "agreed": "agreed",
    "signed": "agreed",
    "approved": "agreed",
    "implementing": "closed",
    "in_force": "closed",
    "done": "closed",
    "denied": "denied",
    "cancelled": "revoked",
    "revoked": "revoked",
}


def day_of(claim: Claim, ledger: Ledger) -> str:
    """The date by which a claim is ordered: of its event, as read or inferred, else of publication. Blank: unknown."""
    if claim.time is not None and claim.time.refers_to != "report_date":
        for value in (claim.time.value, claim.time.inferred):
            if value and value[:4].isdigit():
                return value
    about = ledger.document
    return about.published or about.published_from or ""


def stories(ledgers: Sequence[tuple[str, Ledger]]) -> list[dict[str, Any]]:
    """Stories of two and more claims, then every claim that no relation joins, as stories of one. Rejected rows stay out."""
    nodes: dict[str, tuple[str, Ledger, Claim]] = {
        f"{name}#{c.id}": (name, ledger, c)
        for name, ledger in ledgers
        for c in ledger.claims
        if c.review.status != "rejected"
    }
    parent = {key: key for key in nodes}

    def root(key: str) -> str:
        while parent[key] != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    links: list[tuple[str, str, str]] = []
    for key, (name, _, claim) in nodes.items():
        for relation in claim.relations:
            target = relation.claim if "#" in relation.claim else f"{name}#{relation.claim}"
            if relation.type in JOINING and target in nodes:
                links.append((key, relation.type, target))
                parent[root(key)] = root(target)
    members: dict[str, list[str]] = {}
    for key in nodes:
        members.setdefault(root(key), []).append(key)
    told = [_story(keys, nodes, links) for keys in members.values()]
    return sorted(
        told, key=lambda s: (len(s["entries"]) < 2, s["entries"][0]["date"] or "9999", s["entries"][0]["claim"])
    )


def _story(
    keys: list[str], nodes: dict[str, tuple[str, Ledger, Claim]], links: list[tuple[str, str, str]]
) -> dict[str, Any]:
    ordered = sorted(keys, key=lambda k: (day_of(nodes[k][2], nodes[k][1]) or "9999", k))
    entries = []
    distinct: set[str] = set()
    for key in ordered:
        _, ledger, claim = nodes[key]
        distinct |= origins([claim], ledger.document)
        entries.append(
            {
                "date": day_of(claim, ledger),
                "claim": key,
                "phase": PHASES.get(claim.stage or "", "stated"),
                "stage": claim.stage,
                "factuality": claim.factuality.value,
                "text": claim.text,
                "who": chain(claim, ledger.document),
                "relations": [{"type": t, "claim": b} for a, t, b in links if a == key],
            }
        )
    staged = [e for e in entries if e["stage"]]
    latest = [e for e in staged if e["date"] == staged[-1]["date"]]
    return {
        "about": entries[0]["text"],
        "state": ", ".join(dict.fromkeys(str(e["phase"]) for e in latest)) or "stated",
        "stages": list(dict.fromkeys(e["stage"] for e in latest)),
        "independent_sources": len(distinct),
        "contradictions": [[a, b] for a, t, b in links if t == "contradicts" and a in keys],
        "entries": entries,
    }
