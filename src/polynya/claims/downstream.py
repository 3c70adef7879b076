"""What may a claim drive? (ledger, claim ids -> why not, and which conditions stay open)

Only what a named human accepted goes downstream. A claim that is put as possible, probable or unknown, or that hangs
on an open condition, may drive a change only under a condition that somebody assumes met by an explicit assumption.
What is denied drives nothing. Reviews are signed: an accepted row without name and date counts as unreviewed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from polynya.claims.ledger import Claim, Ledger

REVIEWED = ("accepted", "edited")
FIRM = ("CT+",)


@dataclass(frozen=True, slots=True)
class OpenCondition:
    """A condition that nobody has shown to be met: whose it is, which one, and in words."""

    claim: str
    number: int
    text: str
    event: str

    @property
    def id(self) -> str:
        """`c08/1`: the first condition of c08."""
        return f"{self.claim}/{self.number}"


def refusal(claim: Claim) -> str:
    """Why a claim may not go downstream at all; blank when it may."""
    review = claim.review
    if review.status == "rejected":
        return f"{claim.id} was rejected" + (f" by {review.by}" if review.by else "")
    if review.status not in REVIEWED:
        return f"{claim.id} is an unreviewed draft"
    if not (review.by and review.at):
        return f"{claim.id} is {review.status}, but nobody signed and dated that"
    return ""


def open_conditions(ledger: Ledger, identity: str) -> list[OpenCondition]:
    """Every open condition of a claim, and of the claims that it depends on, nearest first."""
    by_id: Mapping[str, Claim] = {c.id: c for c in ledger.claims}
    found: list[OpenCondition] = []
    queue, seen = [identity], {identity}
    while queue:
        claim = by_id.get(queue.pop(0))
        if claim is None:
            continue
        needed = [r.claim for r in claim.relations if r.type == "depends_on"]
        for number, condition in enumerate(claim.conditions, 1):
            if condition.status != "met":
                found.append(OpenCondition(claim.id, number, condition.text, condition.event or ""))
            if condition.claim:
                needed.append(condition.claim)
        for other in needed:
            if other not in seen:
                seen.add(other)
                queue.append(other)
    return found


def needs_assumption(ledger: Ledger, identity: str) -> str:
    """Why a claim cannot drive an unconditional change; blank when it can."""
    claim = ledger.claim(identity)
    if claim is None:
        return ""
    if claim.factuality.value.endswith("-"):
        return f"{identity} says that it is not so ({claim.factuality.value})"
    pending = open_conditions(ledger, identity)
    if pending:
        return f"{identity} hangs on an open condition: {pending[0].text}"
    if claim.factuality.value not in FIRM:
        return f"{identity} is only {claim.factuality.value}"
    return ""


def blockers(
    ledger: Ledger, because: Iterable[str], *, conditional: bool = False, assumed: Iterable[str] = ()
) -> list[str]:
    """Why claims may not drive a change. [] when they may.

    `conditional`: the change waits for a condition of its own. `assumed`: addresses (`c08/1`) or kinds of event
    (`sanction_lift`) that the user assumes met by an explicit assumption.
    """
    taken = set(assumed)
    found: list[str] = []
    for identity in because:
        claim = ledger.claim(identity)
        if claim is None:
            found.append(f'no claim is called "{identity}"')
            continue
        reason = refusal(claim)
        if reason:
            found.append(reason)
            continue
        failed = [c for c in claim.conditions if c.status == "failed"]
        pending = open_conditions(ledger, identity)
        left = [c for c in pending if c.id not in taken and c.event not in taken]
        if failed:
            found.append(f"{identity} hangs on a condition that failed: {failed[0].text}")
        elif not conditional and (left or (not pending and claim.factuality.value not in FIRM)):
            found.append(needs_assumption(ledger, identity))
    return found
