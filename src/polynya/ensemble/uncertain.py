"""What is uncertain in this scenario? (Scenario -> coins: what may or may not hold; dials: numbers with a range)

A coin is a condition or change with a likelihood, or a claim that a named human rated with one. Coins are thrown
independently; what hangs together does so through conditions: a condition holds when its coin says so and everything
it requires holds, a claim when its coin says so and every claim it needs holds and none of its conditions has failed.
A change happens when its conditions are met, its own coin says so and the claims behind it hold. A change with a
likelihood of its own is judged as a whole: the ratings of its claims are then not thrown again.
"""

from __future__ import annotations

from dataclasses import dataclass

from polynya.errors import Fault, InputError
from polynya.scenario import Scenario
from polynya.scenario.dag import find_cycle
from polynya.scenario.schema import RANGED, Carry


@dataclass(frozen=True, slots=True)
class Coin:
    """Something that may or may not hold. `low` and `high`: its likelihood, given that what it requires holds."""

    id: str
    kind: str  # claim | condition | change
    text: str
    low: float
    high: float

    @property
    def p(self) -> float:
        """The likelihood that draws use: the middle of the range."""
        return (self.low + self.high) / 2.0


@dataclass(frozen=True, slots=True)
class Dial:
    """A number of a change that may lie anywhere between `low` and `high`, evenly."""

    id: str  # of the change
    field: str
    text: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Uncertain:
    """Everything uncertain, in the order of the file: claims, conditions, changes."""

    coins: tuple[Coin, ...]
    dials: tuple[Dial, ...]


def uncertain(scenario: Scenario) -> Uncertain:
    """The coins and dials. Raises InputError when there are none, or when claims need each other in a circle."""
    cycle = find_cycle({c.id: [n for n in c.needs if n in scenario.claims] for c in scenario.claims.values()})
    if cycle:
        raise InputError(
            Fault(
                f"claims are conditions of each other in a circle: {' -> '.join(cycle)}",
                scenario.ledger_path,
                fix="Remove one of them.",
                code="cycle",
            )
        )
    file = scenario.file
    judged = [c for c in file.changes if c.likelihood is None and not isinstance(c, Carry)]
    behind = _with_needs(scenario, {b for c in judged for b in c.because if b in scenario.claims})
    coins = [
        Coin(c.id, "claim", c.text, *c.likelihood)
        for c in scenario.claims.values()
        if c.likelihood is not None and c.id in behind
    ]
    for kind, entries in (("condition", file.conditions), ("change", file.changes)):
        for entry in entries:
            if entry.likelihood is not None and not isinstance(entry, Carry):
                text = entry.text if entry.text != "-" else entry.id
                coins.append(Coin(entry.id, kind, text, entry.likelihood.low, entry.likelihood.high))
    dials = []
    for change in file.changes:
        spread = getattr(change, "range", None)
        if spread is not None and spread.low < spread.high:
            text = change.text if change.text != "-" else change.id
            dials.append(Dial(change.id, RANGED[change.type], text, spread.low, spread.high))
    if not coins and not dials:
        raise InputError(
            Fault(
                "nothing in this scenario is uncertain",
                scenario.path,
                fix="Give a condition or a change a likelihood: {low: 0.55, high: 0.8}, a change a range: {low: 1, high: 2}, "
                "or rate a claim (polynya claims review).",
                code="nothing_uncertain",
            )
        )
    return Uncertain(tuple(coins), tuple(dials))


def _with_needs(scenario: Scenario, claims: set[str]) -> set[str]:
    """The claims and all that they need, through every step."""
    found: list[str] = sorted(claims)
    for identity in found:  # grows while it is read
        found += [n for n in scenario.claims[identity].needs if n in scenario.claims and n not in found]
    return set(found)
