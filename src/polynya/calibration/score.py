"""How good is the model beside what happened, and beside saying that nothing changes? (values + actuals -> errors and skill)

For each metric: error = sum |model - actual| / sum |actual|, a weighted error, so that a series near zero cannot spoil it and no percentage
of a net or near-zero quantity is ever formed. Naive: the actual of the year before. skill = 1 - error / naive error over the series that
have both. Direction: of the series that moved more than 2 (bcm) against the year before, the share that the model moves the same way.
Storage fill is compared in percentage points. What was an input of the model is kept apart.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

MOVES_BCM = 2.0
POINTS = ("eu_storage_fill",)  # metrics compared in points, not in shares


@dataclass(frozen=True, slots=True)
class Scored:
    """One series of one year. Values in the file's own unit; `naive` and `previous_model` belong to the year before."""

    year: int
    metric: str
    item: str
    unit: str
    model: float
    actual: float
    naive: float | None
    previous_model: float | None
    input: bool
    note: str = ""
    bcm: bool = True  # whether a move can be judged in bcm
    factor: float = 1.0  # the file's unit in bcm

    @property
    def error(self) -> float:
        """Absolute error in the file's unit."""
        return abs(self.model - self.actual)

    @property
    def direction_right(self) -> bool | None:
        """Whether the model moves the way the actual moved; None where that moved at most 2 bcm or is not known."""
        if not self.bcm or self.naive is None or self.previous_model is None:
            return None
        moved = self.actual - self.naive
        if abs(moved) * self.factor <= MOVES_BCM:
            return None
        return (self.model - self.previous_model) * moved > 0.0

    def as_json(self) -> dict[str, Any]:
        """The series as the command prints it."""
        document = {k: v for k, v in asdict(self).items() if k not in ("bcm", "factor")}
        for key in ("model", "actual", "naive", "previous_model"):
            document[key] = None if document[key] is None else round(document[key], 4) + 0.0
        return {**document, "error": round(self.error, 4), "direction_right": self.direction_right}


def summarise(series: Iterable[Scored]) -> dict[str, dict[str, Any]]:
    """metric -> n, error, naive_error, skill and, where moves are judged, direction; shares of the sum of actuals."""
    grouped: dict[str, list[Scored]] = {}
    for s in series:
        grouped.setdefault(s.metric, []).append(s)
    return {metric: _one(metric, members) for metric, members in sorted(grouped.items())}


def _one(metric: str, members: Sequence[Scored]) -> dict[str, Any]:
    paired = [s for s in members if s.naive is not None]
    error = _weighted(members, metric)
    naive = _weighted(paired, metric, naive=True)
    own = _weighted(paired, metric)
    judged = [s.direction_right for s in members if s.direction_right is not None]
    return {
        "n": len(members),
        "error": _round(error),
        "naive_error": _round(naive),
        "skill": None if naive is None or own is None or naive == 0.0 else _round(1.0 - own / naive),
        "n_naive": len(paired),
        "unit": "points" if metric in POINTS else "share of actuals",
        "n_moved": len(judged),
        "direction_right": _round(sum(judged) / len(judged)) if judged else None,
    }


def _weighted(members: Sequence[Scored], metric: str, naive: bool = False) -> float | None:
    if not members:
        return None
    off = sum(abs((s.naive or 0.0) - s.actual) if naive else s.error for s in members)
    size = float(len(members)) if metric in POINTS else sum(abs(s.actual) for s in members)
    return off / size if size > 0.0 else None


def _round(value: float | None) -> float | None:
    return None if value is None else round(value, 4) + 0.0
