"""Which number is asked about, and how does it hang on the two answers? (address + both sides -> value, readouts)

Addresses are those of `explain`, and the same without a period for the whole horizon:
prices/NODE[/PERIOD] (mean weighted with the baseline's consumption; `prices/europe`: all market areas of Europe), flows/ARC[/PERIOD],
consumption/NODE[/PERIOD], production/SUPPLY[/PERIOD] (bcm a year over the horizon, bcm in a period), gains/ID, gains/GROUP/ID and
gains/europe (its consumers). Each as the change from baseline to scenario, or in one case alone. Not here: `supply`, whose numbers rest on
a tie-break, and `owners`: see docs/doubts.md.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import polars as pl

from polynya.errors import NotFoundError, UsageError, did_you_mean
from polynya.market.sensitivity import Readout, Sensitivity
from polynya.results.asked_gains import GROUPS, account
from polynya.results.case import BASELINE, SCENARIO

Vector = npt.NDArray[np.float64]
CHANGE = "change"
EUROPE = "europe"
FORMS = ("prices", "flows", "consumption", "production", "gains")
STORED = 1e-4  # relative difference to a stored account that is taken for the same
SIGNS = {BASELINE: -1.0, SCENARIO: 1.0}


@dataclass(frozen=True)
class Asked:
    """One number: its value in both cases, the one that is asked about, and its derivative by the answer of each case."""

    address: str
    case: str
    title: str
    unit: str
    baseline: float
    scenario: float
    value: float
    reads: Mapping[str, Readout]


@dataclass(frozen=True)
class Sides:
    """Both answers, factorised; `regions`: node -> region; `years` of the horizon; who gains, by group; `accounts` as they were
    stored [million USD], to compare with; whose taxes an arc pays."""

    of: Mapping[str, Sensitivity]
    regions: Mapping[str, str]
    years: float
    parties: Mapping[str, Collection[str]] = field(default_factory=dict)
    accounts: Mapping[str, Mapping[tuple[str, str], float]] = field(default_factory=dict)
    state_of_arc: Mapping[str, str] = field(default_factory=dict)

    def ask(self, address: str, case: str = CHANGE) -> Asked:
        """The number at an address. Raises UsageError for an address of no known form, NotFoundError for an unknown item."""
        kind, *keys = [p for p in address.strip().split("/") if p]
        if kind not in FORMS or not 1 <= len(keys) <= 2:
            raise UsageError(
                f'"{address}" is not a number that can be asked about.',
                fix=(did_you_mean(kind, FORMS) or f"Forms: {', '.join(FORMS)}.") + " For example prices/DE/2026-01.",
            )
        item, period = keys[0], keys[1] if len(keys) == 2 else ""
        return {"prices": self._price, "gains": self._gain}.get(kind, self._quantity)(address, case, kind, item, period)

    # -- prices -------------------------------------------------------------------------------------------------------

    def _price(self, address: str, case: str, kind: str, item: str, period: str) -> Asked:
        base, other = self.of[BASELINE], self.of[SCENARIO]
        here = self._rows(base, "demand", "node", self._nodes(item), item, period)
        keys = ["node", "period"]
        if not base.problem.demand.select(keys).equals(other.problem.demand.select(keys)):
            raise UsageError("the two cases have other markets than each other: no price can be compared.")
        bought = np.where(here, consumed(base), 0.0)
        whole = bought.sum()
        if whole <= 0.0:
            raise NotFoundError(f"nothing is consumed at {item}{' in ' + period if period else ''}.")
        weight = bought / whole
        level, reads = {}, {}
        for name, side in self.of.items():
            price = prices(side)
            level[name] = float(weight @ price)
            reads[name] = side.prices(weight)
            # the weights are the baseline's consumption, and move with it
            reads[f"{name} by weight"] = base.consumption(np.where(here, (price - level[name]) / whole, 0.0))
        b, s = level[BASELINE], level[SCENARIO]
        of_base = reads[BASELINE] + reads[f"{BASELINE} by weight"]
        weighed = reads[f"{SCENARIO} by weight"]
        name = "Europe's price" if item == EUROPE else f"Price at {item}"
        title = f"{name}{', ' + period if period else ''}"
        if case == BASELINE:
            return Asked(address, case, title, "USD/MMBtu", b, s, b, {BASELINE: of_base})
        if case == SCENARIO:
            return Asked(address, case, title, "USD/MMBtu", b, s, s, {BASELINE: weighed, SCENARIO: reads[SCENARIO]})
        if item == EUROPE:  # as the headline has it
            by_s, by_b = 100.0 / b, -100.0 * s / b**2
            moved = {BASELINE: weighed * by_s + of_base * by_b, SCENARIO: reads[SCENARIO] * by_s}
            return Asked(address, case, f"{title} change", "%", b, s, 100.0 * (s / b - 1.0), moved)
        moved = {BASELINE: weighed + of_base * -1.0, SCENARIO: reads[SCENARIO]}
        return Asked(address, case, f"{title}, change", "USD/MMBtu", b, s, s - b, moved)

    # -- quantities ---------------------------------------------------------------------------------------------------

    def _quantity(self, address: str, case: str, kind: str, item: str, period: str) -> Asked:
        level, reads = {}, {}
        for name, side in self.of.items():
            if kind == "flows":
                here = self._rows(side, "arcs", "arc", [item], item, period, empty=True)
                read = side.flows(here / (1.0 if period else self.years))
            elif kind == "consumption":
                here = self._rows(side, "demand", "node", self._nodes(item), item, period)
                read = side.consumption(here / (1.0 if period else self.years))
            else:
                here = self._rows(side, "production", "step", self._steps(side, item), item, period, empty=True)
                read = side.production(here / (1.0 if period else self.years))
            reads[name] = read
            fixed = read.cells.get(("demand", "fixed"))
            must = 0.0 if fixed is None else float(fixed @ np.nan_to_num(side.coded.demand.fixed))
            level[name] = float(read.x @ side.x) + must
        if not any(r.x.any() for r in reads.values()):
            known = self.of[SCENARIO].problem.tables()[{"flows": "arcs"}.get(kind, kind)]
            column = {"flows": "arc", "production": "step"}.get(kind, "node")
            names = known[column].str.replace(r"\.\d+$", "").unique().to_list()
            raise NotFoundError(f'nothing is known of "{item}" in {kind}.', fix=did_you_mean(item, names))
        verb = {"flows": "Flow of", "consumption": "Consumption of", "production": "Production of"}[kind]
        unit = "bcm" if period else "bcm/year"
        return _of_case(address, case, f"{verb} {item}{', ' + period if period else ''}", unit, level, reads)

    # -- gains --------------------------------------------------------------------------------------------------------

    def _gain(self, address: str, case: str, kind: str, item: str, period: str) -> Asked:
        group, name = (item, period) if period else (self._group(item), item)
        if group not in GROUPS or (name not in self.parties.get(group, ()) and (group, name) != ("consumers", EUROPE)):
            known = sorted({n for names in self.parties.values() for n in names})
            raise NotFoundError(f'nobody called "{name}" gains.', fix=did_you_mean(name, known))
        names = self._nodes(name) if group == "consumers" else [name]
        level, reads = {}, {}
        for of, side in self.of.items():
            level[of], reads[of] = account(side, group, names, self.state_of_arc)
            stored = self.accounts.get(of, {}).get((group, name))
            if stored is not None and abs(level[of] - stored) > STORED * (1.0 + abs(stored)):
                raise UsageError(
                    f"what {name} gains holds more than can be read here.", fix="Ask for prices and flows."
                )
        whose = "consumers of Europe" if name == EUROPE else f"{group} {name}"
        return _of_case(address, case, f"Gain of {whose}", "million USD", level, reads)

    def _group(self, item: str) -> str:
        """The group of an id; where several have it the address has to say which."""
        if item == EUROPE:
            return "consumers"
        found = [g for g in GROUPS if item in self.parties.get(g, ())]
        if len(found) > 1:
            raise UsageError(
                f'"{item}" is in several groups.', fix=f"gains/{found[0]}/{item}, or {', '.join(found[1:])}."
            )
        return found[0] if found else ""

    # -- rows ---------------------------------------------------------------------------------------------------------

    def _nodes(self, item: str) -> Sequence[str]:
        return [n for n, region in self.regions.items() if region == "Europe"] if item == EUROPE else [item]

    def _steps(self, side: Sensitivity, supply: str) -> Sequence[str]:
        steps = side.problem.production["step"].unique()
        return steps.filter(steps.str.replace(r"\.\d+$", "") == supply).to_list()

    def _rows(
        self, side: Sensitivity, table: str, column: str, wanted: Sequence[str], item: str, period: str, *, empty: bool = False
    ) -> Vector:  # fmt: skip
        """1 for each row of a table that is meant, 0 for the others. Raises NotFoundError unless there may be none."""
        frame = side.problem.tables()[table]
        periods = side.problem.periods["period"].to_list()
        if period and period not in periods:
            raise NotFoundError(f'no period "{period}".', fix=did_you_mean(period, periods) or f"From {periods[0]} on.")
        here = frame[column].is_in(list(wanted))
        if period:
            here &= frame["period"] == period
        if not here.any() and not empty:
            known = sorted(map(str, frame[column].unique().to_list()))
            fix = did_you_mean(item, known) or f"For example {', '.join(known[:3])}."
            raise NotFoundError(f'no {column} "{item}".', fix=fix)
        return np.asarray(here.cast(pl.Float64).to_numpy())


def _of_case(
    address: str, case: str, title: str, unit: str, level: Mapping[str, float], reads: Mapping[str, Readout]
) -> Asked:
    b, s = level[BASELINE], level[SCENARIO]
    if case != CHANGE:
        return Asked(address, case, title, unit, b, s, level[case], {case: reads[case]})
    signed = {name: read * SIGNS[name] for name, read in reads.items()}
    return Asked(address, case, f"{title}, change", unit, b, s, s - b, signed)


def consumed(side: Sensitivity) -> Vector:
    """Consumption of every row of `demand`."""
    quantity = np.nan_to_num(side.coded.demand.fixed)
    quantity[side.layout.demand["e"]] = side.layout.demand.take(side.x)
    return np.asarray(quantity)


def prices(side: Sensitivity) -> Vector:
    """Price of every row of `demand`."""
    d = side.coded.demand
    curve = side.on_curve()
    dual = side.layout.market_balance.take(side.y) / side.coded.weight[d.m]
    return np.asarray(np.where(curve, d.a - d.b * consumed(side), dual))
