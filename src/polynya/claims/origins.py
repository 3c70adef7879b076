"""How many independent sources stand behind a set of claims? (attribution chains -> a count that errs low)

Outlets that retell one source add nothing to it. A named source counts once however many outlets carry it. Unnamed
sources cannot be told apart, so all of them together count as one, whatever outlets they spoke to; and an article that
only retells counts as none. The count is a floor: at least so many.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from polynya.claims.ledger import Article, Attribution, Claim, Via

UNNAMED = "unnamed"


def origin(attribution: Attribution, document: Article | None = None) -> str:
    """Who the words go back to: a key that is equal for sources that cannot be told apart."""
    if attribution.kind in ("unnamed_single", "unnamed_group"):
        return UNNAMED
    if attribution.kind == "author":
        outlet = (document.outlet or document.publisher or document.id or document.url) if document else None
        return f"author:{(outlet or '').casefold()}"
    name = attribution.id or attribution.name
    return f"{attribution.kind}:{name.casefold()}" if name else UNNAMED


def origins(claims: Iterable[Claim], document: Article | None = None) -> frozenset[str]:
    """The distinct origins behind some claims of one article."""
    return frozenset(origin(a, document) for claim in claims for a in claim.attribution)


def outlets(claim: Claim, document: Article | None = None) -> Iterator[str]:
    """Every outlet that the words passed through, the nearest to the origin first."""
    for attribution in claim.attribution:
        if attribution.kind == "outlet" and (attribution.id or attribution.name):
            yield attribution.id or attribution.name or ""
        via: Via | None = attribution.via
        while via is not None:
            if via.id or via.outlet:
                yield via.id or via.outlet or ""
            via = via.via
    if document is not None and (document.outlet or document.publisher):
        yield document.outlet or document.publisher or ""


def chain(claim: Claim, document: Article | None = None) -> str:
    """The attribution chain in words: `an unnamed source via bloomberg via lao-dong`."""
    first = claim.attribution[0]
    words = {
        "unnamed_single": "an unnamed source",
        "unnamed_group": "unnamed sources",
        "author": "the report itself",
        "document": "a document",
        "other": "a source",
    }
    start = first.id or first.name or words.get(first.kind, first.kind)
    if first.kind in ("unnamed_single", "unnamed_group"):
        start = words[first.kind] + (f" ({first.name})" if first.name else "")
    steps = [o for o in outlets(claim, document) if o != start]
    return " via ".join([start, *dict.fromkeys(steps)])
