"""Who may draft, and what of a draft is refused? (the `Drafter` interface, and the gate behind it)

Whatever drafts, rules or a model, its rows pass the same gate: the span must stand verbatim in the article, ids must
be the registry's, status must be draft, and no rating may be set. A row that fails is refused and named; it never
enters the ledger.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Protocol

from polynya.claims.article import ArticleText, hash_of
from polynya.claims.drafting.link import Linker
from polynya.claims.ledger import SCHEMA, Article, Claim, Ledger, Via


class Drafter(Protocol):
    """Reads an article and proposes rows."""

    @property
    def method(self) -> str:
        """Name under which rows are marked."""

    def draft(self, article: ArticleText, linker: Linker, published: str | None = None) -> list[Claim]:
        """Rows, all with status draft."""


def refused(rows: Iterable[Claim], article: ArticleText, known: Collection[str] | None) -> list[tuple[Claim, str]]:
    """The rows that may not enter a ledger, each with the reason."""
    found = []
    for row in rows:
        reason = _reason(row, article, known)
        if reason:
            found.append((row, reason))
    return found


def _reason(row: Claim, article: ArticleText, known: Collection[str] | None) -> str:
    start, end = row.selector.start, row.selector.end
    if not 0 <= start < end <= len(article.text):
        return f"the span {start}-{end} lies outside the article"
    if hash_of(article.text[start:end]) != row.selector.sha256:
        return "the span is not verbatim in the article"
    if row.review.status != "draft":
        return "a drafter cannot accept its own rows"
    if row.rating is not None:
        return "a drafter cannot rate"
    if known is not None:
        ids = [m.id for m in row.entities] + [a.id for a in row.attribution if a.id]
        for source in row.attribution:
            via: Via | None = source.via
            while via is not None:
                ids += [via.id] if via.id else []
                via = via.via
        for identity in ids:
            if identity not in known:
                return f'nothing in the registry is called "{identity}"'
    return ""


def draft_ledger(
    article: ArticleText, drafter: Drafter, linker: Linker, about: Article, known: Collection[str] | None = None
) -> tuple[Ledger, list[tuple[Claim, str]]]:
    """A ledger of drafts, and the rows that were refused."""
    rows = drafter.draft(article, linker, about.published)
    bad = refused(rows, article, known)
    out = {id(row) for row, _ in bad}
    kept = [row for row in rows if id(row) not in out]
    return Ledger(schema=SCHEMA, document=about, claims=kept), bad
