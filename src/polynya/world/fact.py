"""What is one fact, and which of several contradicting facts holds? (rows -> the one in force, and those passed over)

Precedence, declared: the later overlay wins; then official > reported > derived > assumption; then the reliability of
the source, official > company > agency > academic > database > press > own; then the later start; then the later row.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from polynya.units import added

KINDS = ("official", "reported", "derived", "assumption")
RELIABILITY = ("official", "company", "agency", "academic", "database", "press", "own")
_KIND_RANK = {k: i for i, k in enumerate(KINDS)}
_RELIABILITY_RANK = {r: i for i, r in enumerate(RELIABILITY)}


@dataclass(frozen=True, slots=True)
class Fact:
    """One row of the fact tables. `valid_to` is the last day on which it holds; None means open."""

    subject: str
    attribute: str
    value: float
    unit: str
    valid_from: date | None
    valid_to: date | None
    source: str
    locator: str
    original_value: str
    kind: str
    note: str
    reliability: str = "own"
    layer: int = 0
    file: str = ""
    row: int = 0

    def holds_on(self, day: date) -> bool:
        """Whether the fact is in force on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    def overlaps(self, other: Fact) -> bool:
        """Whether the two intervals share a day."""
        first = max(self.valid_from or date.min, other.valid_from or date.min)
        last = min(self.valid_to or date.max, other.valid_to or date.max)
        return first <= last

    @property
    def rank(self) -> tuple[int, int, int, int, int]:
        """Sort key: the smallest wins."""
        start = self.valid_from.toordinal() if self.valid_from else 0
        return (-self.layer, _KIND_RANK[self.kind], _RELIABILITY_RANK.get(self.reliability, 9), -start, -self.row)

    @property
    def key(self) -> str:
        """A short address that a trace can quote."""
        start = self.valid_from.isoformat() if self.valid_from else "always"
        return f"{self.subject}/{self.attribute}/{start}/{self.source}"


@dataclass(frozen=True, slots=True)
class Resolved:
    """The value in force, the facts it rests on, and the contradicting ones that were passed over."""

    value: float
    facts: tuple[Fact, ...]
    passed_over: tuple[Fact, ...] = ()

    @property
    def kind(self) -> str:
        """The weakest kind among the facts behind the value."""
        return max((f.kind for f in self.facts), key=_KIND_RANK.__getitem__)


def resolve(facts: list[Fact], combine: str) -> Resolved | None:
    """Combine facts that are in force at the same time: by precedence, as their minimum, or as their sum."""
    if not facts:
        return None
    ordered = sorted(facts, key=lambda f: f.rank)
    if combine == "minimum":
        lowest = min(ordered, key=lambda f: f.value)
        return Resolved(lowest.value, (lowest,), tuple(f for f in ordered if f is not lowest))
    if combine == "sum":
        return Resolved(added(f.value for f in ordered), tuple(ordered))
    return Resolved(ordered[0].value, (ordered[0],), tuple(ordered[1:]))
