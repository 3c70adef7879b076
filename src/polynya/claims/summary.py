"""How does a ledger stand? (ledger -> a few counts)"""

from __future__ import annotations

from typing import Any

from polynya.claims.downstream import open_conditions, refusal
from polynya.claims.ledger import Ledger
from polynya.claims.origins import origins, outlets


def standing(ledger: Ledger) -> dict[str, Any]:
    """Counts of claims, reviews, conditions and sources. Rejected claims count for no source."""
    kept = [c for c in ledger.claims if c.review.status != "rejected"]
    named = [c for c in kept if c.layer != "author"]
    return {
        "claims": len(ledger.claims),
        "usable": sum(not refusal(c) for c in ledger.claims),
        "drafts": sum(c.review.status == "draft" for c in ledger.claims),
        "rejected": len(ledger.claims) - len(kept),
        "conditional": sum(bool(open_conditions(ledger, c.id)) for c in kept),
        "open_conditions": sum(k.status == "open" for c in kept for k in c.conditions),
        "rated": sum(c.rating is not None for c in ledger.claims),
        "independent_sources": len(origins(named, ledger.document)),
        "sources": sorted(origins(named, ledger.document)),
        "outlets": sorted({o for c in kept for o in outlets(c, ledger.document)}),
    }
