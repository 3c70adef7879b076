"""What does the model say about one past year, knowing only what was exogenous then? (World + year + options -> SolvedYear)

Known: dated capacities, limits, outages, gates, law, contracts, availability, consumption of the year, stocks on its first day. Not known:
prices of the year or of any later one, stocks after its first month, consumption after it. The demand curve of the year goes through its
observed consumption at the price level of an earlier base year (docs/validation/backcast.md says why and what follows from it).

Quantities in bcm, prices in USD/MMBtu. Not here: which published series that answers (`series`), and scoring (`score`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Any

import polars as pl

from polynya import handover
from polynya.calibration.expected import ahead, as_it_stood, stocks_left
from polynya.errors import NotFoundError
from polynya.market.problem import Problem
from polynya.market.solve import solve
from polynya.results.case import Case
from polynya.results.supply import supply_matrix
from polynya.world import World
from polynya.world.anchor import Anchor
from polynya.world.capacity import add_months
from polynya.world.world import MODEL

BASE_YEARS = (2019, 2021)
# Prices are outcomes: nothing of these attributes from the year itself or later reaches a backcast.
PRICE_ATTRIBUTES = ("reference_price_usd_per_mmbtu", "hub_price_usd_per_mmbtu", "import_price_usd_per_mmbtu")
# Usual values of textbooks: a combined-cycle plant, a hard-coal plant, coal of 6000 kcal/kg, IPCC emission factors.
EFFICIENCY_GAS, EFFICIENCY_COAL = 0.55, 0.40
MMBTU_PER_TONNE_COAL = 23.8
USD_PER_EUR = 1.1  # where the world has no rate; within 7 % of every year from 2019 to 2023
TONNES_CO2_PER_MMBTU_COAL, TONNES_CO2_PER_MMBTU_GAS = 0.0996, 0.0592
# A stock-build obligation: what part of the target is due on the first day of a month. Straight from a third on 1 May; the trajectories
# of Regulation (EU) 2022/1032 have the same shape.
BUILD = {5: 1 / 3, 6: 4 / 9, 7: 5 / 9, 8: 2 / 3, 9: 7 / 9, 10: 8 / 9, 11: 1.0}
MOST_OF_USE = 0.35  # no store option asks for more stock than this part of a year's use, as Article 6a(2) of Regulation (EU) 2022/1032 limits the duty
QUARTER = 3  # months that a window of expectations knows as they were: cargoes are nominated two to three months ahead
WINTER = 10  # the month from which stores are drawn
TAIL_MONTHS = 3  # the horizon runs to the end of the winter, so that stores are not emptied on 31 December


@dataclass(frozen=True)
class HindcastOptions:
    """How a past year is posed. Every default was chosen without the actuals of 2022 and 2023."""

    elasticity: str = "short"  # short | medium: how much use gives way within the year
    price_level: str = "fuel"  # fuel: price level of the base year moved with coal and carbon; base: as it was
    risk_premium_usd_per_mmbtu: float = 0.0  # added to what European buyers are ready to pay
    storage_target: float = 0.0  # European stores at least so full on 1 November, on top of the law
    stock_build: float = 0.0  # European stores filled along a straight path to this share: see BUILD
    foresight_months: int = 0  # 0: the whole year and its winter; else a rolling horizon of so many months
    expected: bool = (
        False  # month by month to the end of the next winter, of which only what could be expected is known
    )
    base_years: tuple[int, ...] = BASE_YEARS
    reproduce: bool = False  # a base year as it was: its own price level, the stocks that were left on its last day, what was withheld
    withheld: tuple[
        tuple[str, int, float], ...
    ] = ()  # seller, base year, factor on its conduct in that year alone (from calibration)


@dataclass(frozen=True)
class SolvedYear:
    """One solved year, added up over its twelve months."""

    year: int
    world: World
    cases: tuple[Case, ...]  # one, or one for each window of a rolling horizon
    kept: tuple[tuple[str, ...], ...]  # the months of each case that count
    notes: tuple[str, ...] = ()
    options: HindcastOptions = field(default_factory=HindcastOptions)

    @property
    def passed(self) -> bool:
        """Whether every certificate passed."""
        return all(bool(c.certificate["passed"]) for c in self.cases)

    def _kept(self, read: Callable[[Case], pl.DataFrame]) -> pl.DataFrame:
        frames = [
            read(c).filter(pl.col("period").is_in(list(months)))
            for c, months in zip(self.cases, self.kept, strict=True)
        ]
        return pl.concat(frames)

    @cached_property
    def arcs(self) -> Mapping[str, tuple[str, str, str, float, float]]:
        """Arc -> (from, to, kind, quantity at the sending end, delivered) of the year [bcm]."""
        frame = (
            self._kept(lambda c: c.flows())
            .group_by("arc", "from", "to", "kind")
            .agg(pl.col("quantity").sum(), pl.col("delivered").sum())
        )
        return {r[0]: (r[1], r[2], r[3], r[4], r[5]) for r in frame.iter_rows()}

    @cached_property
    def prices(self) -> Mapping[str, float]:
        """Node -> mean price of the twelve months [USD/MMBtu]."""
        frame = self._kept(lambda c: c.prices()).group_by("node").agg(pl.col("price").mean())
        return dict(frame.iter_rows())

    @cached_property
    def consumption(self) -> Mapping[str, float]:
        """Node -> consumption of the year [bcm]."""
        return dict(self._kept(lambda c: c.consumption()).group_by("node").agg(pl.col("quantity").sum()).iter_rows())

    @cached_property
    def production(self) -> Mapping[str, float]:
        """Node -> production of the year [bcm]."""
        return dict(self._kept(lambda c: c.production()).group_by("node").agg(pl.col("quantity").sum()).iter_rows())

    @cached_property
    def stocks(self) -> Mapping[tuple[str, str], tuple[float, float]]:
        """(node, month) -> (stock at the end of the month, working gas) [bcm]."""
        node_of = dict(
            self.world.table("assets").filter(pl.col("kind") == "gas-storage").select("id", "node").iter_rows()
        )
        total: dict[tuple[str, str], tuple[float, float]] = {}
        for case, months in zip(self.cases, self.kept, strict=True):
            sizes = case.problem.storage.select("storage", "period", "working").iter_rows()
            size = {(r[0], r[1]): r[2] for r in sizes}
            for storage, period, level in case.stocks().select("storage", "period", "level").iter_rows():
                if period in months:
                    have = total.get((node_of[storage], period), (0.0, 0.0))
                    total[node_of[storage], period] = have[0] + level, have[1] + size[storage, period]
        return total

    @cached_property
    def origins(self) -> Mapping[tuple[str, str], float]:
        """(producing country, consuming node) -> bcm over the horizon of the cases, scaled to the year's consumption."""
        country = dict(self.world.table("nodes").select("id", "country").iter_rows())
        total: dict[tuple[str, str], float] = {}
        whole: dict[str, float] = {}
        for case in self.cases:
            for supplier, node, bcm in supply_matrix(case, country).select("supplier", "node", "bcm").iter_rows():
                total[supplier, node] = total.get((supplier, node), 0.0) + bcm
                whole[node] = whole.get(node, 0.0) + bcm
        return {
            (s, n): bcm * self.consumption.get(n, 0.0) / whole[n] for (s, n), bcm in total.items() if whole[n] > 0.0
        }


def known_by(world: World, year: int, options: HindcastOptions, notes: list[str]) -> World:
    """The world as a backcast of `year` may see it. Raises NotFoundError when it has no consumption to start from."""
    covered = years_with_data(world)
    if year not in covered:
        raise NotFoundError(
            f"the world knows no consumption for {year}.", fix=f"Years with data: {', '.join(map(str, covered))}."
        )
    facts = world.table("facts")
    own = 1 if options.reproduce else 0
    future = (
        (pl.col("attribute").is_in(list(PRICE_ATTRIBUTES)) & (pl.col("valid_from").dt.year() >= year + own))
        | ((pl.col("attribute") == "fill_bcm") & (pl.col("valid_from") > date(year + own, 1, 31)))
        | ((pl.col("attribute") == "consumption_bcm") & (pl.col("valid_from").dt.year() > year + 1))
    )
    # An attribute without a date is a constant of the model and stays.
    seen = world.with_tables({"facts": facts.filter(~future.fill_null(False))})
    rows: list[dict[str, Any]] = []
    joined, carried = [], []
    for node in sorted(n for n in world.table("nodes")["id"] if world.facts.get((n, "consumption_bcm"))):
        used, how = _consumption(world, node, year)
        if used is None:
            continue
        if how == "between":
            joined.append(node)
        elif how == "carried":
            carried.append(node)
        price = _base_price(world, node, year, options)
        if price is None:
            continue
        for y in (year, year + 1):  # next winter's use is not known: this year's is repeated
            span = {"valid_from": date(y, 1, 1), "valid_to": date(y, 12, 31)}
            rows.append(_fact(node, "consumption_bcm", used, "bcm", span, "use of the year, for a backcast"))
            rows.append(
                _fact(
                    node, "reference_price_usd_per_mmbtu", price, "usd_per_mmbtu", span, "price level of the base year"
                )
            )
    if joined:
        notes.append(
            f"{year}: consumption between the years before and after, where the year itself is not known: {', '.join(joined)}."
        )
    if carried:
        notes.append(f"{year}: consumption of the nearest year: {', '.join(carried)}.")
    seen = seen.with_rows("facts", rows)
    due = {m: part * options.stock_build for m, part in BUILD.items() if options.stock_build > 0.0}
    if options.storage_target > 0.0:
        due[11] = max(due.get(11, 0.0), options.storage_target)
    seen = _with_stock(seen, year, due) if due else seen
    for seller, when, factor in options.withheld if options.reproduce else ():
        if when == year:
            withheld = pl.when(pl.col("trader") == seller).then(pl.col("theta") * factor).otherwise(pl.col("theta"))
            seen = seen.with_tables({"conduct": seen.table("conduct").with_columns(withheld.alias("theta"))})
    return _short_run(seen) if options.elasticity == "short" else seen


def years_with_data(world: World) -> list[int]:
    """The years for which at least ten nodes have their own consumption."""
    counts: dict[int, int] = {}
    for (_, attribute), facts in world.facts.items():
        if attribute == "consumption_bcm":
            for y in {f.valid_from.year for f in facts if f.valid_from}:
                counts[y] = counts.get(y, 0) + 1
    return sorted(y for y, n in counts.items() if n >= 10)


def base_year_of(year: int, options: HindcastOptions) -> int:
    """The latest base year before the year (a base year that is reproduced: itself); failing that the first base year."""
    if options.reproduce and year in options.base_years:
        return year
    return max((y for y in options.base_years if y < year), default=min(options.base_years))


def solve_year(
    world: World,
    year: int,
    options: HindcastOptions | None = None,
    say: Callable[[str], None] = lambda _: None,
    solver: str = "auto",
) -> SolvedYear:
    """Pose and solve one past year. Raises what the market raises, and NotFoundError for a year without data."""
    options = options or HindcastOptions()
    notes: list[str] = []
    seen = known_by(world, year, options, notes)
    first = date(year, 1, 1)
    if options.reproduce or (options.foresight_months <= 0 and not options.expected):
        say(f"{year}: solving")
        case = _solve(seen, first, 12 if options.reproduce else 12 + TAIL_MONTHS, solver, notes, options.reproduce)
        kept = tuple(add_months(first, i).strftime("%Y-%m") for i in range(12))
        return SolvedYear(year, seen, (case,), (kept,), tuple(dict.fromkeys(notes)), options)
    step = QUARTER if options.expected else max(1, min(QUARTER, options.foresight_months))
    spring = add_months(first, 12 + TAIL_MONTHS)
    usual = stocks_left(seen, spring)
    cases, months = [], []
    for start in range(0, 12, step):
        begin = add_months(first, start)
        say(f"{year}: solving from {begin:%Y-%m}")
        if options.expected:
            case = _solve_expecting(seen, begin, spring, usual, solver, notes)
        else:
            case = _solve(seen, begin, options.foresight_months, solver, notes, short=True)
        keep = tuple(add_months(begin, i).strftime("%Y-%m") for i in range(min(step, 12 - start)))
        cases.append(case)
        months.append(keep)
        levels = case.stocks().filter(pl.col("period") == keep[-1])
        span = {"valid_from": add_months(begin, step), "valid_to": add_months(begin, step)}
        seen = seen.with_rows(
            "facts",
            [
                _fact(s, "fill_bcm", v, "bcm", span, "stock of the window before")
                for s, v in levels.select("storage", "level").iter_rows()
            ],
        )
    return SolvedYear(year, seen, tuple(cases), tuple(months), tuple(dict.fromkeys(notes)), options)


def _solve_expecting(
    seen: World, begin: date, spring: date, usual: Mapping[str, float], solver: str, notes: list[str]
) -> Case:
    """One quarter as it was and the months to `spring` as they were to be expected; `usual`: stocks left there [bcm]."""
    year, last = begin.year, add_months(begin, QUARTER) - timedelta(days=1)
    months = (spring.year - year) * 12 + spring.month - begin.month
    later = [add_months(begin, i) for i in range(QUARTER, months)]
    view = as_it_stood(seen, last)
    posed = pose_year(view, begin, months, expected=ahead(seen, year, later))
    tables = dict(posed.inputs.tables)
    left = pl.col("storage").replace_strict(dict(usual), default=None, return_dtype=pl.Float64)
    initial = pl.col("initial").drop_nulls().first().over("storage")
    asked = pl.coalesce(left, pl.col("final"))
    asked = pl.min_horizontal(asked, initial) if begin.month >= WINTER else asked  # nobody gains in winter
    storage = tables["storage"].with_columns(pl.when(pl.col("final").is_not_null()).then(asked).alias("final"))
    tables["storage"] = _within_reach(storage, _most_of_use(view, year))
    notes += posed.inputs.notes
    problem = Problem.from_tables(tables)
    return Case(str(year), posed.inputs, problem, solve(problem, solver=solver), posed.bans)


def _solve(
    world: World,
    first: date,
    months: int,
    solver: str,
    notes: list[str],
    closing_known: bool = False,
    short: bool = False,
) -> Case:
    posed = pose_year(world, first, months, closing_known)
    if short:
        tables = dict(posed.inputs.tables)
        tables["storage"] = _within_reach(tables["storage"], _most_of_use(world, first.year))
        posed = replace(posed, problem=Problem.from_tables(tables))
    notes += posed.inputs.notes
    return Case(str(first.year), posed.inputs, posed.problem, solve(posed.problem, solver=solver), posed.bans)


def pose_year(
    world: World,
    first: date,
    months: int,
    closing_known: bool = False,
    expected: Mapping[tuple[str, str, str], float] | None = None,
) -> handover.Posed:
    """The market problem of a past year, for the backcast and for calibration; `expected` as `expected.ahead` gives it."""
    sea, anchor = handover.voyages(world, first, months), Anchor(expected or {})
    posed = handover.pose(world, first, months, sea=sea, anchor=anchor)
    if not closing_known:
        return posed
    tables = dict(posed.inputs.tables)
    tables["storage"] = _closing_as_it_was(world, tables["storage"], add_months(first, months))
    return replace(posed, problem=Problem.from_tables(tables))


def _within_reach(storage: pl.DataFrame, most: Mapping[str, float]) -> pl.DataFrame:
    """Stocks asked for at the end of a short window are at most what half of the injection can bring until then, and `most` [bcm]."""
    grown = pl.col("injection").cum_sum().over("storage") * 0.5
    reach = pl.col("initial").drop_nulls().first().over("storage") + grown
    cap = pl.col("storage").replace_strict(most, default=None, return_dtype=pl.Float64)
    return storage.with_columns(
        pl.when(pl.col(c).is_not_null()).then(pl.min_horizontal(pl.col(c), reach, cap)).alias(c)
        for c in ("final", "minimum_fill")
    )


def _most_of_use(world: World, year: int) -> dict[str, float]:
    """Store -> 35 % of a year's use of its country [bcm], where the store holds more than a year and a half of it: Latvia's and Ukraine's."""
    stores = world.table("assets").filter((pl.col("kind") == "gas-storage") & pl.col("node").is_not_null())
    found = {}
    for store, node in stores.select("id", "node").iter_rows():
        size = world.resolve(store, "working_bcm", date(year, 7, 1))
        used, _ = _consumption(world, node, year)
        if size is not None and used is not None and size.value > 1.5 * used:
            found[store] = MOST_OF_USE * used
    return found


def _closing_as_it_was(world: World, storage: pl.DataFrame, day: date) -> pl.DataFrame:
    """The stock to be left at the end is the one known within a month of the day, where there is one."""
    left: dict[str, float] = {}
    for store in storage["storage"].unique():
        near = [
            f for f in world.facts.get((store, "fill_bcm"), ()) if f.valid_from and abs((f.valid_from - day).days) <= 31
        ]
        if near:
            left[store] = min(near, key=lambda f: abs(((f.valid_from or day) - day).days)).value
    known = pl.col("storage").replace_strict(left, default=None, return_dtype=pl.Float64)
    least = pl.min_horizontal(pl.coalesce(known, pl.col("final")), pl.col("working"))
    return storage.with_columns(pl.when(pl.col("final").is_not_null()).then(least).alias("final"))


def _consumption(world: World, node: str, year: int) -> tuple[float | None, str]:
    """Use of the year, else between the nearest years around it, else of the nearest year; and how it was found."""
    own = world.resolve(node, "consumption_bcm", date(year, 1, 1))
    if own is not None:
        return own.value, "own"
    years = sorted({f.valid_from.year for f in world.facts[node, "consumption_bcm"] if f.valid_from})
    before, after = max((y for y in years if y < year), default=None), min((y for y in years if y > year), default=None)
    values = {
        y: found.value
        for y in (before, after)
        if y and (found := world.resolve(node, "consumption_bcm", date(y, 1, 1)))
    }
    if before in values and after in values and before is not None and after is not None:
        weight = (year - before) / (after - before)
        return (1.0 - weight) * values[before] + weight * values[after], "between"
    return (next(iter(values.values())), "carried") if values else (None, "")


def _base_price(world: World, node: str, year: int, options: HindcastOptions) -> float | None:
    base = base_year_of(year, options)
    found = world.resolve(node, "reference_price_usd_per_mmbtu", date(base, 1, 1))
    if found is None:
        return None
    level = found.value
    if options.price_level == "fuel" and year != base and _spot(world, node):
        then, now = competing_fuel(world, base), competing_fuel(world, year)
        if then is not None and now is not None:
            level *= now / then
    european = world.row(node)["region"] == "Europe"
    return level + (options.risk_premium_usd_per_mmbtu if european else 0.0)


def competing_fuel(world: World, year: int) -> float | None:
    """Gas price [USD/MMBtu] at which a gas-fired plant costs as much as a coal-fired one; None where a price is missing.

    P = (eta_gas / eta_coal) (coal + e_coal C) - e_gas C, with the efficiencies and emission factors above.
    """
    coal_price = world.resolve(MODEL, "parameter_coal_usd_per_tonne", date(year, 1, 1))
    allowance = world.resolve(MODEL, "parameter_carbon_eur_per_tonne", date(year, 1, 1))
    if coal_price is None or allowance is None:
        return None
    rate = world.resolve(MODEL, "parameter_usd_per_eur", date(year, 1, 1))
    coal, carbon = coal_price.value, allowance.value * (rate.value if rate else USD_PER_EUR)
    ratio = EFFICIENCY_GAS / EFFICIENCY_COAL
    return (
        ratio * (coal / MMBTU_PER_TONNE_COAL + TONNES_CO2_PER_MMBTU_COAL * carbon) - TONNES_CO2_PER_MMBTU_GAS * carbon
    )


def _spot(world: World, node: str) -> bool:
    """Whether users of a node faced spot prices: its price level of 2021 is near Europe's; elsewhere contracts or regulation hold."""
    own, hub = (world.resolve(n, "reference_price_usd_per_mmbtu", date(2021, 1, 1)) for n in (node, "NL"))
    return own is not None and hub is not None and own.value >= 0.8 * hub.value


def _short_run(world: World) -> World:
    """Use gives way with the short-run elasticity; markups keep the medium-run slope that conduct is declared on."""
    ratio: dict[str, float] = {}
    rows = []
    for node in world.table("nodes")["id"]:
        short, medium = (world.facts.get((node, f"price_elasticity_{k}")) for k in ("short", "medium"))
        if short and medium and short[0].value < 0.0 and medium[0].value < 0.0:
            ratio[node] = short[0].value / medium[0].value
            rows.append(_fact(node, "price_elasticity_medium", short[0].value, "1", {}, "short run, for a year ahead"))
    conduct = world.table("conduct")
    region = dict(world.table("nodes").select("id", "region").iter_rows())
    wide: dict[tuple[str, str], dict[str, Any]] = {}
    for rank in (0, 1, 2):  # the narrower scope wins, as in the market
        for r in conduct.iter_rows(named=True):
            scope = r["node"]
            if rank != (0 if scope == "*" else 1 if scope.startswith("region:") else 2):
                continue
            for node in [n for n in ratio if scope in ("*", n, f"region:{region[n]}")]:
                wide[r["trader"], node] = {**r, "node": node, "theta": r["theta"] * ratio[node]}
    return world.with_rows("facts", rows).with_tables(
        {"conduct": pl.DataFrame(list(wide.values()), schema=conduct.schema)}
    )


def _with_stock(world: World, year: int, due: Mapping[int, float]) -> World:
    """The world with shares of working gas due on the first day of some months, for every European store; where the law asks more, the law's."""
    european = {i for i, r in world.table("nodes").select("id", "region").iter_rows() if r == "Europe"}
    stores = world.table("assets").filter((pl.col("kind") == "gas-storage") & pl.col("node").is_in(list(european)))
    days = {date(year, month, 1): share for month, share in sorted(due.items())}
    size = {s: found.value for s in stores["id"] if (found := world.resolve(s, "working_bcm", date(year, 7, 1)))}
    held: dict[str, float] = {}
    for store, node in stores.select("id", "node").iter_rows():
        held[node] = held.get(node, 0.0) + size.get(store, 0.0)
    rows = []
    for store, node in stores.select("id", "node").iter_rows():
        used, _ = _consumption(world, node, year)
        most = MOST_OF_USE * (used or 0.0) / held[node] if held[node] > 0.0 else 0.0
        law = {f.valid_from: f.value for f in world.facts.get((store, "minimum_fill_share"), ()) if f.valid_from}
        for day, share in days.items():
            asked, span = max(min(share, most), law.get(day, 0.0)), {"valid_from": day, "valid_to": day}
            rows.append(_fact(store, "minimum_fill_share", asked, "1", span, "storage option of the backcast"))
    replaced = (
        (pl.col("attribute") == "minimum_fill_share")
        & pl.col("subject").is_in(stores["id"].to_list())
        & pl.col("valid_from").is_in(list(days))
    )  # the official target of that day would win over an assumption
    facts = world.table("facts").filter(~replaced.fill_null(False))
    return world.with_tables({"facts": facts}).with_rows("facts", rows)


def _fact(subject: str, attribute: str, value: float, unit: str, span: Mapping[str, Any], why: str) -> dict[str, Any]:
    return {
        "subject": subject, "attribute": attribute, "value": value, "unit": unit, **span,
        "source": "polynya-assumption", "locator": why, "kind": "assumption",
    }  # fmt: skip


def with_options(options: HindcastOptions, **changed: Any) -> HindcastOptions:
    """The same options with some of them changed."""
    return replace(options, **changed)
