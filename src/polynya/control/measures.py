"""Which measures and licences touch an id on a day? (dated rows, id, day -> measures in force, ended, or not known)

A measure prohibits, deters, conditions, permits, announces, prolongs or defines. It stands beside the ownership tests:
a firm can be not blocked and yet not investable. Licences, waivers and derogations change who may deal, never who owns.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

IN_FORCE, ENDED, NOT_YET, UNKNOWN = "in_force", "ended", "not_yet", "unknown"
BARRING_MODES = ("prohibits", "deters")
INVESTMENT_EFFECTS = ("investment_ban", "financing_ban")


@dataclass(frozen=True, slots=True)
class Measure:
    """One legal measure. Ranges are shares of one; `valid_to` is the last day."""

    id: str
    jurisdiction: str
    act: str
    article: str
    addressee: str
    object: str
    targets: tuple[str, ...]
    effect: str
    mode: str
    commodity: tuple[str, ...] = ("any",)
    contract: str = "any"
    discount: tuple[float, float] | None = None
    capacity: tuple[float, float] | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    end_known: str = "open-ended"
    rests_on: str = ""
    exceptions: str = ""
    kind: str = "reported"
    source: str = ""
    locator: str = ""
    note: str = ""

    def state(self, day: date, every: Mapping[str, Measure] | None = None) -> str:
        """in_force, ended, not_yet or unknown (its end, or that of the measure it rests on, was not followed up)."""
        if self.valid_from is None:
            return UNKNOWN
        if day < self.valid_from:
            return NOT_YET
        if self.valid_to is not None and day > self.valid_to:
            return UNKNOWN if self.end_known == "unknown" else ENDED
        base = (every or {}).get(self.rests_on)
        if base is not None and self.rests_on != self.id:
            below = base.state(day, every)
            return IN_FORCE if below == NOT_YET else below
        return IN_FORCE

    @property
    def cites(self) -> str:
        """Act and article, as one quotes them."""
        return f"{self.act}, {self.article}" if self.article else self.act


@dataclass(frozen=True, slots=True)
class Licence:
    """A licence, waiver, exemption or derogation."""

    id: str
    jurisdiction: str
    regime: str
    name: str
    targets: tuple[str, ...]
    what: str
    measures: tuple[str, ...]
    valid_from: date | None = None
    valid_to: date | None = None
    end_known: str = "open-ended"
    partial: bool = False  # only for what it names; the measure stands for the rest
    conditions: str = ""
    source: str = ""
    locator: str = ""
    note: str = ""

    def state(self, day: date) -> str:
        """in_force, ended, not_yet or unknown."""
        if self.valid_from is not None and day < self.valid_from:
            return NOT_YET
        if self.valid_to is not None and day > self.valid_to:
            return UNKNOWN if self.end_known == "unknown" else ENDED
        return IN_FORCE

    def as_json(self, day: date) -> dict[str, Any]:
        """The licence as a JSON object."""
        return {
            "id": self.id,
            "name": self.name,
            "jurisdiction": self.jurisdiction,
            "what": self.what,
            "relieves": list(self.measures),
            "partial": self.partial,
            "state": self.state(day),
            "valid_from": _iso(self.valid_from),
            "valid_to": _iso(self.valid_to),
            "conditions": self.conditions,
            "source": self.source,
            "locator": self.locator,
            "note": self.note,
        }


def measure_json(measure: Measure, day: date, every: Mapping[str, Measure]) -> dict[str, Any]:
    """A measure as a JSON object, with its state on a day."""
    return {
        "id": measure.id,
        "jurisdiction": measure.jurisdiction,
        "act": measure.act,
        "article": measure.article,
        "addressee": measure.addressee,
        "object": measure.object,
        "effect": measure.effect,
        "mode": measure.mode,
        "state": measure.state(day, every),
        "valid_from": _iso(measure.valid_from),
        "valid_to": _iso(measure.valid_to),
        "rests_on": measure.rests_on,
        "exceptions": measure.exceptions,
        "kind": measure.kind,
        "source": measure.source,
        "locator": measure.locator,
        "note": measure.note,
    }


def measures_in_force(
    measures: Iterable[Measure], ids: Iterable[str], as_of: date, *, states: Sequence[str] = (IN_FORCE, UNKNOWN)
) -> list[Measure]:
    """The measures that name one of the ids and are in one of the states on a day, in order of id.

    `unknown` is kept by default: an end that nobody followed up is not an end.
    """
    wanted = set(ids)
    every = {m.id: m for m in measures}
    return [m for _, m in sorted(every.items()) if wanted & set(m.targets) and m.state(as_of, every) in states]


def licences_for(
    licences: Iterable[Licence], ids: Iterable[str], as_of: date, *, states: Sequence[str] = (IN_FORCE, UNKNOWN)
) -> list[Licence]:
    """The licences that cover one of the ids and are in one of the states on a day, in order of id."""
    wanted = set(ids)
    return sorted((x for x in licences if wanted & set(x.targets) and x.state(as_of) in states), key=lambda x: x.id)


def _iso(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
