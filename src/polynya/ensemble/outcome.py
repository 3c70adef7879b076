"""What does one world say beside today's course? (records of two solutions -> named numbers)

A measure is (what, item): the change of a price, a flow, a supply, a gain, or a level. Prices are weighted with the
consumption of today's course, as in the summary of a run; quantities are per year, money over the horizon.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from polynya.results.summary import HUBS

Vector = NDArray[np.float64]
EUROPE = "Europe"


@dataclass(frozen=True, slots=True, order=True)
class Measure:
    """A number that every world has. `unit` belongs to `what`."""

    what: str
    item: str


UNITS = {
    "price": "USD/MMBtu",
    "price_change": "USD/MMBtu",
    "price_change_percent": "%",
    "pipeline_change": "bcm/year",
    "supply_change": "bcm/year",
    "gain": "million USD",
}


class Comparer:
    """Turns records into measures, all beside one record of today's course."""

    def __init__(self, base: Mapping[str, Any], europe: Sequence[str]) -> None:
        self.base = base
        self.years = float(base["years"])
        self.places: dict[str, Sequence[str]] = {EUROPE: europe, **HUBS}
        self._nodes = [n for n in sorted(base["consumption"]) if n in base["prices"]]
        self._weight = _array(base["consumption"], self._nodes)
        self._price = _array(base["prices"], self._nodes)
        self._supply = _supply(base)
        self._gains = {(g, i): v for g, i, v in base["gains_musd"]}

    def measures(self, record: Mapping[str, Any]) -> dict[Measure, float]:
        """Every measure of one world; a price that nothing pins is left out."""
        found: dict[Measure, float] = {}
        price = _array(record["prices"], self._nodes)
        for place, nodes in self.places.items():
            before, after = self._mean(self._price, nodes), self._mean(price, nodes)
            if math.isfinite(before) and math.isfinite(after):
                found[Measure("price", place)] = after
                found[Measure("price_change", place)] = after - before
                found[Measure("price_change_percent", place)] = 100.0 * (after / before - 1.0)
        now, then = record["pipelines_bcm"], self.base["pipelines_bcm"]
        for arc in sorted({*now, *then}):
            found[Measure("pipeline_change", arc)] = (now.get(arc, 0.0) - then.get(arc, 0.0)) / self.years
        supply = _supply(record)
        for supplier in sorted({*supply, *self._supply}):
            change = supply.get(supplier, 0.0) - self._supply.get(supplier, 0.0)
            found[Measure("supply_change", supplier)] = change / self.years
        gains = {(g, i): v for g, i, v in record["gains_musd"]}
        for group, identity in sorted({*gains, *self._gains}):
            change = gains.get((group, identity), 0.0) - self._gains.get((group, identity), 0.0)
            found[Measure("gain", f"{group}/{identity}")] = change
        return found

    def by_month(self, record: Mapping[str, Any], place: str) -> Vector:
        """Change of a place's price, month by month [USD/MMBtu]; not a number where nothing pins it."""
        price = _array(record["prices"], self._nodes)
        rows = self._rows(self.places[place])
        after, before = (_weighted(p, self._weight, rows, axis=0) for p in (price, self._price))
        return np.asarray(after - before)

    def _rows(self, nodes: Sequence[str]) -> list[int]:
        wanted = set(nodes)
        return [i for i, n in enumerate(self._nodes) if n in wanted]

    def _mean(self, price: Vector, nodes: Sequence[str]) -> float:
        return float(_weighted(price, self._weight, self._rows(nodes), axis=None))


def complete_with_zero(worlds: Mapping[str, Mapping[Measure, float]]) -> dict[str, dict[Measure, float]]:
    """The same measures for every world: a line, supplier or party that a world lacks does not move there; a price
    that nothing pins in some world is left out of all."""
    every = set().union(*worlds.values())
    kept = [m for m in every if not m.what.startswith("price") or all(m in w for w in worlds.values())]
    return {name: {m: w.get(m, 0.0) for m in kept} for name, w in worlds.items()}


def _weighted(price: Vector, weight: Vector, rows: list[int], axis: int | None) -> Any:
    p, w = price[rows], weight[rows]
    known = np.isfinite(p) & np.isfinite(w)
    total = np.where(known, w, 0.0).sum(axis=axis)
    spent = np.where(known, w * np.where(known, p, 0.0), 0.0).sum(axis=axis)
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(total > 0, spent / np.where(total > 0, total, 1.0), np.nan)


def _array(rows: Mapping[str, Sequence[float | None]], nodes: Sequence[str]) -> Vector:
    return np.array([rows[n] for n in nodes], dtype=float) if nodes else np.empty((0, 0))


def _supply(record: Mapping[str, Any]) -> dict[str, float]:
    return {supplier: bcm for region, supplier, bcm in record["supply_bcm"] if region == EUROPE}


def quantile(values: Vector, weights: Vector, share: float) -> float:
    """The smallest value at or below which at least `share` of the weight lies."""
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order]) / weights.sum()
    return float(values[order][min(int(np.searchsorted(reached, share - 1e-12)), values.size - 1)])
