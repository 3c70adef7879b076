"""What does a reviewer decide? (ledger + decision -> ledger, every decision dated and signed)

Each function returns a new ledger and appends the earlier state of the row to its history; nothing is deleted: a
merged row stays as rejected. Only a person signs, and only a person rates. The terminal loop is in `review_loop.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from polynya.claims.article import ArticleText, hash_of
from polynya.claims.check import is_person
from polynya.claims.ledger import Attribution, Claim, Decision, Ledger, Rating, Review, ReviewStatus, Selector
from polynya.errors import UsageError, did_you_mean


def require_person(name: str) -> str:
    """The name itself. Raises UsageError when it is no person's."""
    name = name.strip()
    if not is_person(name):
        raise UsageError(f'"{name}" cannot sign a review.', fix="Give your name: --by 'Ada Lovelace'.")
    return name


def decide(ledger: Ledger, identity: str, status: ReviewStatus, by: str, at: str, what: str | None = None) -> Ledger:
    """Accept or reject a row."""
    return _change(ledger, identity, lambda c: _signed(c, status, by, at, what))


def edit(ledger: Ledger, identity: str, changes: Mapping[str, str], by: str, at: str) -> Ledger:
    """Change fields of a row and accept it as edited. Raises UsageError on an unknown field or value."""

    def apply(claim: Claim) -> Claim:
        for name, value in changes.items():
            claim = _with_field(claim, name, value)
        return _signed(claim, "edited", by, at, "edited " + ", ".join(changes))

    return _change(ledger, identity, apply)


def rate(ledger: Ledger, identity: str, rating: Rating, by: str, at: str) -> Ledger:
    """Put a person's rating on a row; the review status stays as it is."""
    signed = rating.model_copy(update={"assessed_by": by, "at": at})
    return _change(ledger, identity, lambda c: c.model_copy(update={"rating": signed}))


def split(
    ledger: Ledger, identity: str, at_offset: int, texts: tuple[str, str], article: ArticleText, by: str, at: str
) -> Ledger:
    """Cut a row in two at an offset inside its span; the second half gets the next free id."""
    claim = _require(ledger, identity)
    start, end = claim.selector.start, claim.selector.end
    if not start < at_offset < end:
        raise UsageError(f"{at_offset} does not lie inside the span {start}-{end}.")
    first_end = at_offset
    while first_end > start and not article.text[first_end - 1].isalnum():
        first_end -= 1
    first = _spanned(claim, start, first_end, article).model_copy(update={"text": texts[0]})
    second = _spanned(claim, at_offset, end, article).model_copy(update={"text": texts[1], "id": _free_id(ledger)})
    pair = [_signed(c, "edited", by, at, f"split of {identity}") for c in (first, second)]
    rows = [new for c in ledger.claims for new in (pair if c.id == identity else [c])]
    return ledger.model_copy(update={"claims": rows})


def merge(ledger: Ledger, identity: str, other: str, text: str, article: ArticleText, by: str, at: str) -> Ledger:
    """Take another row into this one; the other stays as rejected, with the reason."""
    claim, taken = _require(ledger, identity), _require(ledger, other)
    if identity == other:
        raise UsageError("a row cannot be merged with itself.")
    start = min(claim.selector.start, taken.selector.start)
    end = max(claim.selector.end, taken.selector.end)
    whole = _spanned(claim, start, end, article).model_copy(
        update={
            "text": text,
            "conditions": [*claim.conditions, *(c for c in taken.conditions if c not in claim.conditions)],
            "entities": [*claim.entities, *(m for m in taken.entities if m not in claim.entities)],
            "modality": [*claim.modality, *(m for m in taken.modality if m not in claim.modality)],
        }
    )
    ledger = _change(ledger, identity, lambda _: _signed(whole, "edited", by, at, f"merged with {other}"))
    return _change(ledger, other, lambda c: _signed(c, "rejected", by, at, f"merged into {identity}"))


FIELDS = ("text", "layer", "factuality", "stage", "event", "polarity", "tier", "source", "condition", "date", "notes")


def _with_field(claim: Claim, name: str, value: str) -> Claim:
    data = claim.model_dump(by_alias=True)
    value = value.strip()
    if name in ("text", "layer", "polarity", "tier", "notes", "stage"):
        data[name] = value or None
    elif name == "factuality":
        data["factuality"]["value"] = value
    elif name == "event":
        data["event"]["type"] = value
    elif name == "date":
        data["time"] = {**(data["time"] or {}), "value": value or None}
    elif name == "source":
        kind, _, identity = value.partition(" ")
        data["attribution"] = [Attribution.model_validate(_checked({"kind": kind, "id": identity.strip() or None}))]
        data["carried_from"] = None
    elif name == "condition":
        number, _, rest = value.partition(" ")
        if not number.isdigit() or not 1 <= int(number) <= len(data["conditions"]):
            raise UsageError(f"{claim.id} has {len(data['conditions'])} conditions.", fix="For example: 1 met")
        row = data["conditions"][int(number) - 1]
        row.update({"status": rest} if rest in ("open", "met", "failed") else {"text": rest})
    else:
        raise UsageError(f'"{name}" cannot be edited here.', fix=did_you_mean(name, FIELDS) or ", ".join(FIELDS))
    return _validated(data, name, value)


def _checked(data: dict[str, Any]) -> dict[str, Any]:
    from pydantic import ValidationError

    try:
        Attribution.model_validate(data)
    except ValidationError as error:
        raise UsageError(_first(error)) from None
    return data


def _validated(data: dict[str, Any], name: str, value: str) -> Claim:
    from pydantic import ValidationError

    try:
        return Claim.model_validate(data)
    except ValidationError as error:
        raise UsageError(f'"{value}" does not fit {name}: {_first(error)}') from None


def _first(error: Any) -> str:
    return str(error.errors()[0]["msg"])


def _signed(claim: Claim, status: ReviewStatus, by: str, at: str, what: str | None) -> Claim:
    decision = Decision(status=status, by=by, at=at, what=what)
    review = Review(status=status, by=by, at=at, history=[*claim.review.history, decision])
    return claim.model_copy(update={"review": review})


def _spanned(claim: Claim, start: int, end: int, article: ArticleText) -> Claim:
    selector = Selector(start=start, end=end, sha256=hash_of(article.text[start:end]))
    inside = [m for m in claim.entities if m.span is None or (start <= m.span[0] and m.span[1] <= end)]
    marks = [m for m in claim.modality if m.span is None or (start <= m.span[0] and m.span[1] <= end)]
    return claim.model_copy(update={"selector": selector, "entities": inside, "modality": marks})


def _free_id(ledger: Ledger) -> str:
    taken = {c.id for c in ledger.claims}
    return next(f"c{n:02d}" for n in range(1, len(taken) + 2) if f"c{n:02d}" not in taken)


def _require(ledger: Ledger, identity: str) -> Claim:
    claim = ledger.claim(identity)
    if claim is None:
        raise UsageError(f'no claim is called "{identity}".', fix=did_you_mean(identity, [c.id for c in ledger.claims]))
    return claim


def _change(ledger: Ledger, identity: str, change: Callable[[Claim], Claim]) -> Ledger:
    _require(ledger, identity)
    return ledger.model_copy(update={"claims": [change(c) if c.id == identity else c for c in ledger.claims]})
