"""How does a person review a ledger at a terminal? (rows one by one; after each decision the ledger is saved)

The loop asks through functions that its caller gives, so that a test can answer. Interrupting it loses nothing: what
was decided is on disk, and the next call begins with the first row that is still a draft.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from polynya.claims import review
from polynya.claims.article import ArticleText
from polynya.claims.ledger import Claim, Ledger, Rating
from polynya.claims.origins import chain
from polynya.claims.show import safe
from polynya.errors import PolynyaError, UsageError

HELP = "a accept · e edit · r reject · s split · m merge · t rate · n next · q quit · ? help"
_EXPLAINED = f"""  {HELP}
  e: field and value, such as `text In our own words`, `factuality PS+`, `stage negotiating`, `event stake_sale`,
     `source named_person vladimir-putin`, `condition 1 met`, `date 2025-03-13`; several edits, then an empty line.
  s: the words of the article with which the second half begins, then a text for each half.
  t: letter A-F for the source, digit 1-6 for the content, then optionally a likelihood
     (almost_no_chance very_unlikely unlikely roughly_even likely very_likely almost_certain) and a reason."""


@dataclass(slots=True)
class Session:
    """What the loop needs from outside."""

    article: ArticleText
    by: str
    ask: Callable[[str], str]  # raises EOFError at the end of input
    say: Callable[[str], None]
    save: Callable[[Ledger], None]
    now: Callable[[], str]


def run(ledger: Ledger, session: Session, *, everything: bool = False) -> tuple[Ledger, int]:
    """Review every draft (or every row). Returns the ledger and the number of decisions taken."""
    decided = 0
    seen: set[str] = set()
    while True:
        claim = next(
            (c for c in ledger.claims if c.id not in seen and (everything or c.review.status == "draft")), None
        )
        if claim is None:
            return ledger, decided
        left = sum(c.review.status == "draft" for c in ledger.claims)
        session.say(card(ledger, claim, session.article, left))
        try:
            changed = _one(ledger, claim, session)
        except EOFError:
            return ledger, decided
        if changed is None:
            return ledger, decided
        if changed is not ledger:
            ledger = changed
            session.save(ledger)
            decided += 1
        seen.add(claim.id)


def _one(ledger: Ledger, claim: Claim, session: Session) -> Ledger | None:
    """The ledger after one row; the same ledger when it was left; None to stop."""
    rated = ledger
    while True:
        answer = session.ask(f"{claim.id} [a/e/r/s/m/t/n/q/?] ").strip().lower()
        by, at = session.by, session.now()
        try:
            if answer in ("a", "accept"):
                return review.decide(rated, claim.id, "accepted", by, at)
            if answer in ("r", "reject"):
                return review.decide(rated, claim.id, "rejected", by, at, session.ask("why? ").strip() or None)
            if answer in ("e", "edit"):
                changes = _changes(session)
                if changes:
                    return review.edit(rated, claim.id, changes, by, at)
            elif answer in ("s", "split"):
                return _split(rated, claim, session, by, at)
            elif answer in ("m", "merge"):
                other = session.ask("merge with which id? ").strip()
                text = session.ask("text of the whole, in our own words: ").strip() or claim.text
                return review.merge(rated, claim.id, other, text, session.article, by, at)
            elif answer in ("t", "rate"):
                rated = review.rate(rated, claim.id, _rating(session), by, at)
                session.save(rated)
                session.say("  rated; now decide about the row itself")
            elif answer in ("n", "next", ""):
                return rated
            elif answer in ("q", "quit"):
                return None
            else:
                session.say(_EXPLAINED)
        except PolynyaError as error:
            session.say(f"  {safe(str(error))}")


def _changes(session: Session) -> dict[str, str]:
    changes: dict[str, str] = {}
    while True:
        line = session.ask("field value (empty line: done) ").strip()
        if not line:
            return changes
        name, _, value = line.partition(" ")
        changes[name] = value


def _split(ledger: Ledger, claim: Claim, session: Session, by: str, at: str) -> Ledger:
    words = session.ask("the second half begins with the words: ").strip()
    start, end = claim.selector.start, claim.selector.end
    offset = session.article.text.find(words, start + 1, end) if words else -1
    if offset < 0:
        raise UsageError("these words do not stand in the span.")
    first = session.ask("text of the first half: ").strip() or claim.text
    second = session.ask("text of the second half: ").strip() or claim.text
    return review.split(ledger, claim.id, offset, (first, second), session.article, by, at)


def _rating(session: Session) -> Rating:
    from pydantic import ValidationError

    parts = session.ask("rating, such as B2 likely because ...: ").split(None, 2)
    if not parts or len(parts[0]) != 2:
        raise UsageError("a rating is a letter and a digit, such as B2.")
    likelihood = parts[1] if len(parts) > 1 else None
    try:
        return Rating.model_validate(
            {
                "source_reliability": parts[0][0].upper(),
                "credibility": int(parts[0][1]) if parts[0][1].isdigit() else parts[0][1],
                "likelihood": likelihood,
                "why": parts[2] if len(parts) > 2 else None,
            }
        )
    except ValidationError as error:
        raise UsageError(f"not a rating: {error.errors()[0]['msg']}") from None


def card(ledger: Ledger, claim: Claim, article: ArticleText, left: int) -> str:
    """One row as the reviewer sees it, with the article's own words around it."""
    start, end = claim.selector.start, claim.selector.end
    before = article.text[max(0, start - 90) : start].replace("\n", " ")
    after = article.text[end : end + 90].replace("\n", " ")
    lines = [
        "",
        f"--- {claim.id} · {claim.review.status} · {left} drafts left ---",
        f"  article    ...{before}[[{article.text[start:end]}]]{after}...",
        f"  text       {claim.text}",
        f"  who        {chain(claim, ledger.document)} ({claim.layer})"
        + (f", carried over from {claim.carried_from}" if claim.carried_from else ""),
        f"  how firmly {claim.factuality.value}   stage {claim.stage or '-'}   event {claim.event.type}",
    ]
    lines += [f"  condition  {i}: {c.marker or ''} {c.text} ({c.status})" for i, c in enumerate(claim.conditions, 1)]
    if claim.entities:
        lines.append(f"  about      {', '.join(dict.fromkeys(m.id for m in claim.entities))}")
    if claim.time:
        lines.append(
            f"  when       {claim.time.text or ''} -> {claim.time.value or claim.time.inferred or 'not resolved'}"
        )
    if claim.draft:
        lines += [f"  unsure     {doubt}" for doubt in claim.draft.unsure]
    return safe("\n".join(lines))
