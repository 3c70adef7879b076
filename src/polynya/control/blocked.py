"""May one deal with a party that an ownership test blocks? (inputs, graph, regime, day -> free, licensed or barred, per id)

free: no test blocks it. licensed: one does, and a licence in force sets every listing behind it off. barred: one does, and
no licence does. Not here: other measures (`dealing`), and any word of what is legal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from polynya.control.answer import screen_regimes, standing_of
from polynya.control.graph import Graph
from polynya.control.inputs import ControlInputs
from polynya.control.measures import Measure
from polynya.control.screen import NOT

FREE, LICENSED, BARRED = "free", "licensed", "barred"


@dataclass(frozen=True, slots=True)
class Blocked:
    """State of one id under one regime; `by`: the listings that no licence sets off; `sure`: certain or possible."""

    state: str
    by: tuple[Measure, ...] = ()
    sure: str = ""


def blocked_states(
    inputs: ControlInputs, graph: Graph, ids: Iterable[str], regime: str, day: date
) -> Mapping[str, Blocked]:
    """State of each id on a day. Raises UsageError when the regime is unknown or had no rule on that day."""
    findings = screen_regimes(graph, inputs.listed(day), inputs.rules, regime, day)[regime][1]
    found: dict[str, Blocked] = {}
    for identity in ids:
        finding = findings.get(identity)
        if finding is None or finding.blocked == NOT:
            found[identity] = Blocked(FREE)
            continue
        standing = standing_of(inputs, graph, identity, regime, day, {regime: finding})
        left = tuple(m for m in standing.bars if m.effect == "designation" and m.id not in standing.relieved)
        found[identity] = Blocked(BARRED if left else LICENSED, left, finding.blocked)
    return found
