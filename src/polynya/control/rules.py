"""Which ownership rule does a regime apply on a day? (dated rows -> the rule in force)

A rule is data: threshold, whether it must be exceeded, whether holdings of several listed persons are added up, which
kinds of holding it reads, where it is written. The functions in `regimes/` say how each regime reads its rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from polynya.control.shares import HALF, WHOLE
from polynya.errors import UsageError, did_you_mean

REGIMES = ("ofac", "eu", "uk", "seco", "ssi-2", "ssi-4", "bis-affiliates")
ALL_REGIMES = ("ofac", "eu", "uk", "seco")  # what `all` asks: the four asset freezes


@dataclass(frozen=True, slots=True)
class Rule:
    """One dated rule. `threshold` in 1e-14 percent; `strict` means that it must be exceeded."""

    regime: str
    valid_from: date
    valid_to: date | None
    threshold: int
    strict: bool
    aggregated: bool
    control: bool  # whether a majority of votes, of board seats, or a contract counts as well
    rebuttable: bool
    state: str  # in_force | suspended | uncertain
    statement: str
    source: str
    locator: str
    note: str = ""

    def __post_init__(self) -> None:
        if not 0 < self.threshold <= WHOLE:
            raise ValueError("a threshold lies between 0 and 100 percent")

    @property
    def needed(self) -> int:
        """The smallest sum of title that meets the test. [1e-14 percent]"""
        return self.threshold + 1 if self.strict else self.threshold

    @property
    def control_needed(self) -> int:
        """The smallest sum of votes, seats or contract rights that is a majority. [1e-14 percent]"""
        return HALF + 1

    def holds_on(self, day: date) -> bool:
        """Whether the rule is in force on a day."""
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def rule_on(rules: Iterable[Rule], regime: str, day: date) -> Rule:
    """The rule of a regime on a day. Raises UsageError when the regime is unknown or had no rule then."""
    known = [r for r in rules if r.regime == regime]
    if not known:
        every = sorted({r.regime for r in rules} | {"all"})
        hint = did_you_mean(regime, every) or f"One of: {', '.join(every)}."
        raise UsageError(f'there is no regime "{regime}".', fix=hint)
    for rule in known:
        if rule.holds_on(day):
            return rule
    first = min(r.valid_from for r in known)
    raise UsageError(f"no ownership rule of {regime} is known for {day}.", fix=f"The first one starts on {first}.")
