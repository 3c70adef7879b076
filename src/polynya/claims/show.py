"""How does a ledger read? (ledger -> rows by source, entity or stage; text that is safe on a terminal)"""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Literal

from polynya.claims.downstream import needs_assumption, open_conditions, refusal
from polynya.claims.ledger import Claim, Ledger
from polynya.claims.origins import chain, origins

By = Literal["source", "entity", "stage"]
STAGES = (
    "idea preliminary_contact negotiating agreed signed approved implementing in_force done denied cancelled revoked"
).split()


def safe(text: str) -> str:
    """Text without control characters: an article cannot steer the terminal."""
    return "".join(c if c == "\n" or (c.isprintable()) else "·" for c in text)


def row(ledger: Ledger, claim: Claim) -> dict[str, Any]:
    """One claim, flat."""
    return {
        "id": claim.id,
        "text": claim.text,
        "who": chain(claim, ledger.document),
        "source_kind": claim.attribution[0].kind,
        "layer": claim.layer,
        "factuality": claim.factuality.value,
        "stage": claim.stage,
        "event": claim.event.type,
        "conditions": [{"text": c.text, "status": c.status, "event": c.event} for c in claim.conditions],
        "open_conditions": [c.id for c in open_conditions(ledger, claim.id)],
        "entities": list(dict.fromkeys(m.id for m in claim.entities)),
        "review": claim.review.status,
        "may_go_downstream": not refusal(claim),
        "why_not": refusal(claim) or None,
        "needs_assumption": needs_assumption(ledger, claim.id) or None,
    }


def grouped(ledger: Ledger, by: By) -> list[dict[str, Any]]:
    """Claims by who says so, by what they name, or by stage."""
    groups: dict[str, list[Claim]] = defaultdict(list)
    for claim in ledger.claims:
        if by == "source":
            groups[chain(claim, ledger.document)].append(claim)
        elif by == "stage":
            groups[claim.stage or "no stage"].append(claim)
        else:
            for identity in dict.fromkeys(m.id for m in claim.entities) or ["nothing in the registry"]:
                groups[identity].append(claim)
    names = sorted(groups, key=lambda n: STAGES.index(n) if n in STAGES else 99) if by == "stage" else sorted(groups)
    return [
        {
            "group": name,
            "independent_sources": len(origins(groups[name], ledger.document)),
            "claims": [row(ledger, c) for c in groups[name]],
        }
        for name in names
    ]


def line(shown: dict[str, Any]) -> str:
    """One claim in a line: `c08 PS+ idea  text  [if: sanctions are lifted]`."""
    conditions = "".join(
        f" [{'open' if c['status'] == 'open' else c['status']} condition: {c['text']}]" for c in shown["conditions"]
    )
    mark = {"accepted": " ", "edited": " ", "draft": "?", "rejected": "x"}[shown["review"]]
    return safe(
        f"{mark} {shown['id']:<5} {shown['factuality']:<4} {shown['stage'] or '-':<19} {shown['text']}{conditions}"
    )
