"""Which sentences does the scenario's own summary say, and in how many worlds do they hold? (measures -> probabilities)

The sentences are those that hold when the scenario is taken as it is written: a price that falls, a line that carries
more, a seller that gains, a thing whose gates all stand open. Each becomes a question to every world.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polynya.ensemble.outcome import EUROPE, Measure
from polynya.results.summary import SHOWN_FLOW_BCM_PER_YEAR

LEAST = {  # less is no movement
    "price_change_percent": 0.05,
    "price_change": 0.01,
    "pipeline_change": SHOWN_FLOW_BCM_PER_YEAR,
    "supply_change": SHOWN_FLOW_BCM_PER_YEAR,
    "gain": 1.0,
}
SHOWN = 12  # of each kind


@dataclass(frozen=True, slots=True)
class Statement:
    """A sentence with the measure that decides it: it holds where sign x measure >= least; or where a subject's gates stand open."""

    text: str
    measure: Measure | None
    sign: float = 1.0
    least: float = 0.0
    subject: str = ""

    def holds(self, measures: Mapping[Measure, float], shut: Sequence[str]) -> bool:
        """Whether a world with these measures and shut gates makes it true."""
        if self.measure is None:
            return not any(g.startswith(f"{self.subject}/") for g in shut)
        value = measures.get(self.measure)
        return value is not None and self.sign * value >= self.least


def statements(written: Mapping[Measure, float], opened: Sequence[str]) -> list[Statement]:
    """The sentences of the scenario as written. `opened`: subjects that today's course keeps shut and it does not."""
    found = [Statement(f"{s} has all its gates open at the end", None, subject=s) for s in opened]
    kinds = ("price_change_percent", "price_change", "pipeline_change", "supply_change", "gain")
    for kind in kinds:
        moved = [(m, v) for m, v in written.items() if m.what == kind and abs(v) >= LEAST[kind]]
        if kind == "price_change_percent":
            moved = [(m, v) for m, v in moved if m.item == EUROPE]
        if kind == "price_change":
            moved = [(m, v) for m, v in moved if m.item != EUROPE]
        moved.sort(key=lambda mv: (-abs(mv[1]), mv[0]))
        found += [Statement(_text(m, v), m, 1.0 if v > 0 else -1.0, LEAST[kind]) for m, v in moved[:SHOWN]]
    return found


def _text(measure: Measure, value: float) -> str:
    up = value > 0
    item = measure.item
    if measure.what == "price_change_percent":
        return f"{item} pays {'more' if up else 'less'} for gas"
    if measure.what == "price_change":
        return f"the price of {item} {'rises' if up else 'falls'}"
    if measure.what == "pipeline_change":
        return f"{item} carries {'more' if up else 'less'}"
    if measure.what == "supply_change":
        return f"{item} supplies {'more' if up else 'less'} to Europe"
    group, _, who = item.partition("/")
    return f"{who} ({group}) {'gains' if up else 'loses'}"
