"""How are costs, frictions and conduct fitted to base years, and what becomes of the fit? (World + targets -> Calibration -> overlay)

The base years are posed as they were: own consumption and price level, stocks at both ends, medium-run demand. Targets are published series that
are sums over the model's quantities. The overlay is a folder of the world's own tables, so that every calibrated number is a fact with prior,
posterior and source; `parameters.csv` and `summary.json` beside it say what the data identified and how far the fit is from the targets.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from polynya.calibration.actuals import Actual
from polynya.calibration.fit import IDENTIFIED, Fit, fit
from polynya.calibration.linear import LinearYear, linear_year
from polynya.calibration.parameters import Parameter, parameters, slopes
from polynya.calibration.places import nodes_of
from polynya.calibration.series import Frame, Reading, Term, reading
from polynya.calibration.year import HindcastOptions, known_by, pose_year
from polynya.errors import InputError, UsageError
from polynya.whole import renewed
from polynya.world import World

Vector = npt.NDArray[np.float64]
SOURCE = "polynya-calibration"
PRICE_ERROR = 0.02  # standard error of an annual price, share
QUANTITY_ERROR = 0.06  # of a quantity, share, and at least
LEAST_ERROR_BCM = 0.5
LARGEST_SPREAD = 4.0 / 3.0
COUNTED_BCM = 2.0  # pairs and corridors below this are fitted, but not judged
# Targets whose published figure is known to measure something else; standard error as a share of the figure.
WIDE = {
    ("pipeline_bilateral", "Kazakhstan->China"): 0.3,  # differences of two large flows of one chain of pipelines
    ("pipeline_bilateral", "Uzbekistan->China"): 0.3,
    ("pipeline_bilateral", "Kazakhstan->Russian Federation"): 0.3,
    ("pipeline_bilateral", "Uzbekistan->Russian Federation"): 0.3,
    ("pipeline_bilateral", "Turkmenistan->Russian Federation"): 0.3,
    ("eu27_import_by_route", "Norway->UK"): 0.12,  # a part of British output is counted with it: a ratio of one year
    ("pipeline_bilateral", "Canada->US"): 0.12,  # both ways cross this border: the part that does is of one year
}
# The same for one year alone: an entry point is missing from the published series, and the model's share of it is uncertain.
WIDE_IN = {("eu27_import_by_route", "Ukraine transit", 2021): 0.12}
# Nearly all of it is the constant that crosses both ways.
LEFT_OUT = {("pipeline_bilateral", "US->Canada"), ("pipeline_bilateral", "Russian Federation->Kazakhstan")}
NOT_FITTED = ("consumption", "eu27_demand", "uk_demand", "eu_storage_fill")
JUDGED = ("eu27_import_by_route", "lng_bilateral", "pipeline_bilateral")
PRICES = "price_annual_avg"


@dataclass(frozen=True)
class Target:
    """One observation of a base year in the model's units, with its standard error."""

    actual: Actual
    value: float
    sigma: float
    reading: Reading


@dataclass(frozen=True)
class Calibration:
    """The fit and all that it rests on."""

    base_years: tuple[int, ...]
    parameters: tuple[Parameter, ...]
    fit: Fit
    targets: tuple[tuple[Target, ...], ...]  # by base year
    slopes: Mapping[str, float]
    factors: Mapping[str, float]  # node -> what its users pay over the price level that the data has for it

    def identified(self, j: int) -> bool:
        """Whether the data at least halved a parameter's variance."""
        return bool(self.fit.sd[j] < IDENTIFIED * self.parameters[j].sd)

    def errors(self) -> dict[str, Any]:
        """Weighted errors of the base years: by metric, and of corridors and pairs above 2 bcm together."""
        found: dict[str, Any] = {}
        for year, targets, series in zip(self.base_years, self.targets, self.fit.series, strict=True):
            rows = [(t, float(v)) for t, v in zip(targets, series, strict=True)]
            large = [(t, v) for t, v in rows if t.actual.metric == PRICES or t.value >= COUNTED_BCM]
            metrics = sorted({t.actual.metric for t, _ in large})
            found[str(year)] = {
                "corridors_and_pairs": _share([(t, v) for t, v in large if t.actual.metric in JUDGED]),
                "by_metric": {m: _share([(t, v) for t, v in large if t.actual.metric == m]) for m in metrics},
                "prices": {
                    t.actual.item: {"model": round(v, 2), "actual": t.value, "error": round(v / t.value - 1.0, 3)}
                    for t, v in rows
                    if t.actual.metric == PRICES
                },
            }
        return found


def _share(rows: Sequence[tuple[Target, float]]) -> dict[str, Any]:
    off, size = sum(abs(v - t.value) for t, v in rows), sum(abs(t.value) for t, _ in rows)
    return {"n": len(rows), "error": round(off / size, 4) if size else None}


def calibrate(
    world: World,
    base_years: Sequence[int],
    observed: Sequence[Actual],
    steps: int = 16,
    say: Callable[[str], None] = lambda _: None,
) -> Calibration:
    """Fit. `world` is the uncalibrated world. Raises UsageError for a base year without prices, InputError without targets."""
    used = [a for a in observed if a.year in base_years]
    for year in base_years:
        if not any(a.year == year for a in used):
            raise InputError(f"there is no target for {year}.", fix="Give a file of targets with rows of that year.")
        if world.resolve("NL", "reference_price_usd_per_mmbtu", date(year, 1, 1)) is None:
            raise UsageError(
                f"{year} cannot be a base year: the world has no price level for it.", fix="For example 2019,2021."
            )
    options = HindcastOptions(elasticity="medium", reproduce=True, base_years=tuple(base_years))
    free = parameters(world, used)
    rise = slopes(world, used)
    steep = world.with_rows("frictions", _frictions(rise, {}, {}))
    say("first pass: what users pay over the price level of the data")
    rough, read, prices = _fit_years(steep, free, base_years, used, options, steps // 2, say)
    hubs = {term.id for ts in read for t in ts if t.actual.metric == PRICES for term in t.reading.terms}
    factors = _factors(prices, hubs)
    placed = steep.with_rows("facts", [{**r, "valid_to": None} for r in _factor_facts(factors, base_years)])
    found, targets, _ = _fit_years(placed, free, base_years, used, options, steps, say, rough.values)
    return Calibration(tuple(base_years), free, found, targets, rise, factors)


def _fit_years(
    world: World,
    free: Sequence[Parameter],
    base_years: Sequence[int],
    used: Sequence[Actual],
    options: HindcastOptions,
    steps: int,
    say: Callable[[str], None],
    start: Vector | None = None,
) -> tuple[Fit, tuple[tuple[Target, ...], ...], list[dict[str, float]]]:
    """Pose the base years and fit. Beside the fit its targets by year, and for each year node -> price over the price level of the data."""
    years: list[LinearYear] = []
    targets: list[tuple[Target, ...]] = []
    levels: list[dict[str, float]] = []
    least: dict[str, float] = {}
    for year in base_years:
        say(f"posing {year}")
        seen = known_by(world, year, options, [])
        posed = pose_year(seen, date(year, 1, 1), 12, closing_known=True)
        table = posed.problem.arcs
        frame = Frame(
            year,
            seen,
            {r[0]: (r[1], r[2], r[3]) for r in table.select("arc", "from", "to", "kind").unique().iter_rows()},
        )
        chosen = tuple(t for a in used if a.year == year and (t := _target(frame, a)) is not None)
        targets.append(chosen)
        level = {
            n: fact.value
            for n in sorted(posed.problem.demand["node"].unique())
            if (fact := seen.resolve(n, "reference_price_usd_per_mmbtu", date(year, 1, 1))) is not None
        }
        levels.append(level)
        paid = [Reading((Term("price", n),)) for n in level]  # read beside the targets, and not fitted
        years.append(linear_year(posed.problem, free, [*(t.reading for t in chosen), *paid]))
        unit = table.select("arc", pl.col("cost") + pl.col("tariff").fill_null(0.0) + pl.col("tax").fill_null(0.0))
        for arc, cost in unit.iter_rows():
            least[arc] = min(least.get(arc, cost), cost)
    lower, upper = _bounds(world, free, least, used)
    prior, sd = np.array([p.prior for p in free]), np.array([p.sd for p in free])
    values = [np.array([*(t.value for t in ts), *level.values()]) for ts, level in zip(targets, levels, strict=True)]
    errors = [
        np.array([*(t.sigma for t in ts), *(np.inf for _ in level)]) for ts, level in zip(targets, levels, strict=True)
    ]
    begin = np.clip(prior, lower, upper) if start is None else np.clip(start, lower, upper)
    found = fit(years, values, errors, np.clip(prior, lower, upper), sd, lower, upper, steps, say, begin)
    fitted = [s[: len(ts)] for s, ts in zip(found.series, targets, strict=True)]
    over = [
        {n: float(p) / level[n] for n, p in zip(level, s[len(ts) :], strict=True)}
        for s, ts, level in zip(found.series, targets, levels, strict=True)
    ]
    return replace(found, series=tuple(fitted)), tuple(targets), over


def _factors(prices: Sequence[Mapping[str, float]], hubs: Collection[str] = ()) -> dict[str, float]:
    """Node -> geometric mean over the base years of the price found over the price level of the data.

    A level that is a hub's stands for many nodes, and a node's users pay the way from there too: a curve through observed use at the hub's
    price would use less than was used. `hubs` have a level of their own and no factor. Left out beyond a third, up or down: there the level is a regulated or contract price, and no spread.
    """
    found = {}
    for node in sorted(set[str]().union(*prices) - set(hubs)):
        factor = float(
            np.exp(np.mean([np.log(year[node]) for year in prices if year.get(node, 0.0) > 0.0] or [np.inf]))
        )
        if 1.0 / LARGEST_SPREAD <= factor <= LARGEST_SPREAD:
            found[node] = round(factor, 4)
    return found


def _factor_facts(factors: Mapping[str, float], base_years: Sequence[int]) -> list[dict[str, Any]]:
    years = ", ".join(map(str, base_years))
    told = f"price of the fit over the price level of the data, mean of {years}"
    return [
        _fact(n, "reference_price_factor", f, "1", date(2019, 1, 1), None, told) for n, f in sorted(factors.items())
    ]


def _target(frame: Frame, a: Actual) -> Target | None:
    key = (a.metric, a.item)
    if a.metric in NOT_FITTED or key in LEFT_OUT or a.item.startswith("Total") or a.factor is None:
        return None
    found = reading(frame, a.metric, a.item)
    if not isinstance(found, Reading) or (
        a.metric == PRICES and found.input
    ):  # a price that is mostly given has nothing to fit
        return None
    value = a.value * a.factor
    usual = PRICE_ERROR if a.metric == PRICES else QUANTITY_ERROR
    share = WIDE_IN.get((*key, a.year), WIDE.get(key, usual))
    sigma = share * value if a.metric == PRICES else max(LEAST_ERROR_BCM, share * value)
    return Target(a, value, sigma, found)


def _bounds(
    world: World, free: Sequence[Parameter], least: Mapping[str, float], used: Sequence[Actual]
) -> tuple[Vector, Vector]:
    """No pipeline is used for less than nothing (a circle of such would never stop), no gas made for less; capacity at most what is stated, at least what came out."""
    lower, upper = [], []
    for p in free:
        low, high = p.prior - 2.5 * p.sd, p.prior + 2.5 * p.sd
        if p.kind == "way" and not p.members[0].startswith("ship-"):
            low = max(low, 0.02 - min(least.get(m, 0.02) for m in p.members))
        elif p.kind == "cost":
            facts = [f.value for m in p.members for f in world.facts.get((m, "production_cost_low_usd_per_mmbtu"), ())]
            low = max(low, min(0.0, 0.05 - min(facts, default=0.05)))
        elif p.kind == "room":
            high, low = 0.0, min(0.0, max(low, _least_room(world, p, used)))
        lower.append(low)
        upper.append(high)
    return np.array(lower), np.array(upper)


def _least_room(world: World, p: Parameter, used: Sequence[Actual]) -> float:
    """Logarithm of the largest share of the stated capacity that a base year's published output took; -infinity where none is published."""
    nodes = set(world.table("supplies").filter(pl.col("id").is_in(list(p.members)))["node"])
    shares = [-np.inf]
    for a in used:
        if a.metric == "production" and a.factor is not None and nodes <= set(nodes_of(world, a.item) or ()):
            if a.item.startswith("Total"):
                continue
            day = date(a.year, 7, 1)
            found = [world.resolve(m, "production_capacity_bcm_per_year", day) for m in p.members]
            stated = sum(f.value for f in found if f is not None)
            if stated > 0.0:
                shares.append(float(np.log(a.value * a.factor / stated)))
    return max(shares)


def _frictions(
    rise: Mapping[str, float],
    moved: Mapping[str, float],
    why: Mapping[str, str],
) -> list[dict[str, Any]]:
    return [
        {
            "way": way, "friction_usd_per_mmbtu": round(moved.get(way, 0.0), 4) + 0.0,
            "slope_usd_per_mmbtu_per_bcm_per_year": float(f"{slope:.4g}"), "valid_from": None, "valid_to": None,
            "kind": "derived", "source": SOURCE, "locator": why.get(way, "rise of cost only: no trade to fit a friction to"),
        }
        for way, slope in sorted(rise.items())
    ]  # fmt: skip


def overlay(world: World, found: Calibration) -> dict[str, str]:
    """File name -> text of the overlay's tables. The same calibration gives the same bytes."""
    values, moved, why = found.fit.values, {}, {}
    facts: list[dict[str, Any]] = []
    conduct: list[dict[str, Any]] = []
    for j, p in enumerate(found.parameters):
        told = _told(found, j)
        if p.year:
            continue  # a decision of one base year: in parameters.csv, but not carried on
        if p.kind == "way":
            for way in p.members:
                moved[way], why[way] = float(values[j]), told
        elif p.kind == "cost":
            facts += [r for m in p.members for r in _moved_costs(world, m, float(values[j]), told)]
        elif p.kind == "room":
            share = round(float(np.exp(values[j])), 4)
            facts += [_fact(m, "availability_share", share, "1", date(2019, 1, 1), None, told) for m in p.members]
        else:
            rows = world.table("conduct").filter(pl.col("trader").is_in(list(p.members)) & (pl.col("node") == "*"))
            for r in rows.iter_rows(named=True):
                theta = round(r["theta"] * float(np.exp(values[j])), 4)
                conduct.append(
                    {
                        "trader": r["trader"],
                        "node": "*",
                        "theta": theta,
                        "kind": "derived",
                        "source": SOURCE,
                        "locator": f"{told}; prior theta {r['theta']:g}",
                    }
                )
    facts += _factor_facts(found.factors, found.base_years)
    rise = {**found.slopes, **{w: 0.0 for w in moved if w not in found.slopes}}
    return {
        "frictions.csv": _csv(_frictions(rise, moved, why)),
        "conduct.csv": _csv(conduct),
        "facts/calibrated.csv": _csv(facts),
        "parameters.csv": _csv([_parameter_row(found, j) for j in range(len(found.parameters))]),
        "fit.csv": _csv(_fit_rows(found)),
        "summary.json": json.dumps(summary(found), indent=1, sort_keys=True) + "\n",
    }


def summary(found: Calibration) -> dict[str, Any]:
    """What the calibration is based on and how near it came."""
    identified = sum(found.identified(j) for j in range(len(found.parameters)))
    return {
        "base_years": list(found.base_years),
        "parameters": len(found.parameters),
        "identified": identified,
        "targets": sum(len(t) for t in found.targets),
        "objective": [round(o, 1) for o in found.fit.objective],
        "errors": found.errors(),
    }


def write_overlay(world: World, found: Calibration, folder: Path) -> None:
    """Write the overlay's tables; files of the folder that are not written by calibration stay."""
    with renewed(folder) as beside:  # tables of two calibrations never lie mixed
        for name, text in overlay(world, found).items():
            path = beside / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")


def _told(found: Calibration, j: int) -> str:
    p = found.parameters[j]
    years = ", ".join(map(str, found.base_years))
    verdict = "identified" if found.identified(j) else "not identified: mostly the prior"
    return f"parameter {p.id}, fitted on {years}: {found.fit.values[j]:.3f} (sd {found.fit.sd[j]:.3f}), prior {p.prior:g} (sd {p.sd:g}); {verdict}"


def _parameter_row(found: Calibration, j: int) -> dict[str, Any]:
    p = found.parameters[j]
    return {
        "parameter": p.id, "kind": p.kind, "unit": "log of a factor" if p.kind in ("conduct", "room") else "usd_per_mmbtu",
        "prior": p.prior, "prior_sd": p.sd, "value": round(float(found.fit.values[j]), 4) + 0.0,
        "posterior_sd": round(float(found.fit.sd[j]), 4), "identified": "yes" if found.identified(j) else "no",
        "members": " ".join(p.members), "prior_rests_on": p.why,
    }  # fmt: skip


def _fit_rows(found: Calibration) -> list[dict[str, Any]]:
    return [
        {
            "year": t.actual.year,
            "metric": t.actual.metric,
            "item": t.actual.item,
            "actual": round(t.value, 3),
            "model": round(float(v), 3) + 0.0,
            "standard_error": round(t.sigma, 3),
        }
        for targets, series in zip(found.targets, found.fit.series, strict=True)
        for t, v in zip(targets, series, strict=True)
    ]


def _moved_costs(world: World, supply: str, by: float, told: str) -> list[dict[str, Any]]:
    rows = []
    for attribute in ("production_cost_low_usd_per_mmbtu", "production_cost_high_usd_per_mmbtu"):
        for f in sorted(world.facts.get((supply, attribute), ()), key=lambda f: (f.valid_from or date.min, f.row)):
            rows.append(
                _fact(
                    supply,
                    attribute,
                    round(f.value + by, 4),
                    f.unit,
                    f.valid_from,
                    f.valid_to,
                    f"{told}; before {f.value:g}",
                )
            )
    return rows


def _fact(
    subject: str, attribute: str, value: float, unit: str, first: date | None, last: date | None, told: str
) -> dict[str, Any]:
    return {
        "subject": subject, "attribute": attribute, "value": value + 0.0, "unit": unit, "valid_from": first or "", "valid_to": last or "",
        "source": SOURCE, "locator": told, "original_value": "", "kind": "derived", "note": "",
    }  # fmt: skip


def _csv(rows: Sequence[Mapping[str, Any]]) -> str:
    out = io.StringIO()
    writer = csv.DictWriter(out, fieldnames=list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue()


def text(found: Calibration) -> str:
    """The fit for a terminal: errors of the base years, prices, conduct, and what the data did not identify."""
    from polynya.console import table

    told = summary(found)
    lines = [
        f"Calibrated on {', '.join(map(str, found.base_years))}: {told['targets']} targets, {told['parameters']} parameters, "
        f"{told['identified']} of them identified by the data (the others stay near their priors).",
    ]
    rows = [
        [year, metric, str(v["n"]), f"{100 * v['error']:.0f} %"]
        for year, e in told["errors"].items()
        for metric, v in (("corridors and pairs above 2 bcm", e["corridors_and_pairs"]), *e["by_metric"].items())
    ]
    lines.append(table(["base year", "series", "n", "weighted error"], rows))
    prices = [
        [year, hub, f"{p['model']:.2f}", f"{p['actual']:.2f}", f"{100 * p['error']:+.0f} %"]
        for year, e in told["errors"].items()
        for hub, p in e["prices"].items()
    ]
    lines += ["", table(["base year", "price [USD/MMBtu]", "model", "actual", "error"], prices)]
    moved = [
        [
            p.id,
            f"{found.fit.values[j]:+.2f}",
            f"{found.fit.sd[j]:.2f}",
            f"{p.prior:+.2f}",
            f"{p.sd:.2f}",
            "yes" if found.identified(j) else "no",
        ]
        for j, p in enumerate(found.parameters)
        if p.kind in ("conduct", "room") or p.id.startswith("border")
    ]
    lines += ["", table(["parameter", "value", "sd", "prior", "prior sd", "identified"], moved)]
    return "\n".join(lines)
