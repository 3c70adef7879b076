"""Which world follows when the coins have fallen so? (Scenario + choice -> Scenario without doubt, and its key)

The key is a hash of what is then done: the changes that happen, their days and numbers. Choices that come to the same
have the same key, however the coins fell.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace

from polynya.scenario import Scenario
from polynya.scenario.changes import conditions_met
from polynya.scenario.schema import Carry


@dataclass(frozen=True, slots=True)
class Choice:
    """How the coins fell and where the dials stand. What is not named stays as the file has it."""

    heads: tuple[tuple[str, bool], ...] = ()
    values: tuple[tuple[str, str, float], ...] = ()  # change, field, number


@dataclass(frozen=True)
class Chosen:
    """One scenario without doubt: what to apply, what to leave out, and the key of what is then done."""

    scenario: Scenario
    without: frozenset[str]
    key: str


_NO_MATTER = {"likelihood", "range", "because", "when"}  # how likely a change is does not alter what it does
TODAY = "baseline"  # the key of the world in which nothing changes


def choose(scenario: Scenario, choice: Choice) -> Chosen:
    """Settle every condition, change and number."""
    heads = dict(choice.heads)
    numbers = {change: {field: value} for change, field, value in choice.values}
    conditions = [
        c.model_copy(update={"assume": "met" if heads[c.id] else "failed"}) if c.id in heads else c
        for c in scenario.file.conditions
    ]
    changes = [c.model_copy(update=numbers[c.id]) if c.id in numbers else c for c in scenario.file.changes]
    file = scenario.file.model_copy(update={"conditions": conditions, "changes": changes})
    settled = replace(scenario, file=file)
    holding = claims_that_hold(scenario, heads)
    without = {
        c.id
        for c in changes
        if not heads.get(c.id, True)
        or (c.likelihood is None and any(b in holding and not holding[b] for b in c.because))
    }
    met = conditions_met(settled)
    # a coin may say yes to a condition whose requirement has failed: it is not met then, and nobody assumes that it is
    conditions = [
        c.model_copy(update={"assume": "failed"}) if c.id in heads and c.id not in met else c for c in conditions
    ]
    settled = replace(settled, file=file.model_copy(update={"conditions": conditions}))
    done = []
    for change in changes:
        if change.id in without or isinstance(change, Carry) or any(c not in met for c in change.when):
            continue
        days = [d for d in (change.from_, *(met[c] for c in change.when)) if d is not None]
        day = max(days) if days else file.as_of
        done.append([day.isoformat(), change.model_dump(mode="json", exclude=_NO_MATTER)])
    text = json.dumps(done, sort_keys=True, allow_nan=False)
    key = hashlib.sha256(text.encode()).hexdigest() if done else TODAY
    return Chosen(settled, frozenset(without), key)


def claims_that_hold(scenario: Scenario, heads: Mapping[str, bool]) -> dict[str, bool]:
    """Claim -> whether it holds: its coin, the claims it needs, and no failed condition. Unrated claims follow what they need."""
    found: dict[str, bool] = {}

    def holds(identity: str) -> bool:
        if identity not in found:
            claim = scenario.claims[identity]
            own = heads.get(identity, True) and not claim.failed
            found[identity] = own and all(holds(n) for n in claim.needs if n in scenario.claims)
        return found[identity]

    for identity in scenario.claims:
        holds(identity)
    return found
