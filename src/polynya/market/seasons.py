"""How do months become seasons? (monthly problem tables + a plan of periods -> the same tables over fewer periods)

For a long horizon the first months stay months and the rest is joined to gas seasons: summer is April to September,
winter October to March, named by the year in which it begins (`2027-summer`, `2027-winter`). Everything is read from
the world month by month first, so a plant that starts in mid-season gives what its months give, and nothing is read twice.

Joining adds up what is a quantity and adds horizontally what is a curve: a season has one price, so its demand is the
sum over its months of what each buys at that price, and its supply likewise. That is exact where the months' prices are
equal, which is what storage and steady supply drive them to; what it cannot see are peaks of single months and stores
that turn over more than once a year. Quantities in bcm, prices in USD/MMBtu. Not here: reading the world (`inputs`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import polars as pl

from polynya.market.inputs import MarketInputs
from polynya.world.capacity import add_months

SUMMER = range(4, 10)
MONTHS_OF_SEASON = 6
# A ban that holds for a part of a season only: the season counts as closed from this share of its days on.
CLOSED_FROM = 0.5
NOTE = (
    "From {first} on, periods are seasons (summer April to September, winter October to March) with one price each: "
    "peaks of single months and stores that turn over within a season are not seen."
)


@dataclass(frozen=True, slots=True)
class Period:
    """A period and the months it consists of, each `YYYY-MM`."""

    name: str
    months: tuple[str, ...]


def horizon_months(first: date, months: int, until: int | None) -> int:
    """How many months from `first` to the end of the last season that begins in the year `until` (at least `months`)."""
    if until is None:
        return months
    end = date(until + 1, 4, 1)
    return max(months, (end.year - first.year) * 12 + end.month - first.month)


def plan(first: date, months: int, until: int | None = None) -> tuple[Period, ...]:
    """`months` single months, then the rest season by season to the winter that begins in `until`.

    A season that the months have begun goes on with the months it has left, and says so: `2021-02-winter`. Names sort in
    the order of time.
    """
    total = [add_months(first, i) for i in range(horizon_months(first, months, until))]
    periods = [Period(f"{m:%Y-%m}", (f"{m:%Y-%m}",)) for m in total[:months]]
    seasons: dict[str, list[str]] = {}
    for m in total[months:]:
        seasons.setdefault(season_of(m), []).append(f"{m:%Y-%m}")
    return (*periods, *(Period(_name(season, of), tuple(of)) for season, of in seasons.items()))


def _name(season: str, months: Sequence[str]) -> str:
    if len(months) == 1:
        return months[0]
    return season if len(months) == MONTHS_OF_SEASON else f"{months[0]}-{season[5:]}"


def season_of(month: date) -> str:
    """`2027-summer` for April to September 2027, `2027-winter` for October 2027 to March 2028."""
    if month.month in SUMMER:
        return f"{month.year}-summer"
    return f"{month.year if month.month > 9 else month.year - 1}-winter"


def first_day(period: str) -> date:
    """`2026-01` -> 1 January 2026; `2027-summer` -> 1 April 2027, `2027-winter` -> 1 October, `2025-07-summer` -> 1 July."""
    year, rest = int(period[:4]), period[5:]
    month = {"summer": 4, "winter": 10}.get(rest)
    return date(year, month if month is not None else int(rest[:2]), 1)


def joined(inputs: MarketInputs, periods: Sequence[Period]) -> MarketInputs:
    """The monthly inputs over the periods of a plan. Months that stay months come out unchanged."""
    if all(len(p.months) == 1 for p in periods):
        return inputs
    t = dict(inputs.tables)
    of = {m: p.name for p in periods for m in p.months}
    order = {p.name: i for i, p in enumerate(periods)}
    days = dict(t["periods"].select("period", "days").iter_rows())
    join = _Join(of, order, days, {p.name: p.months for p in periods})
    t["demand"] = join.demand(t["demand"])
    t["production"] = join.production(t["production"])
    if "arcs" in t:  # ship routes need the plants and fleets of the single months, so arcs come before fleets
        t["arcs"] = join.arcs(t["arcs"], t.get("fleets"))
    bans, caps = t.get("bans"), t.get("caps")
    if bans is not None:
        t["bans"] = join.bans(bans)
    if caps is not None:
        t["caps"] = join.caps(caps, bans)
        if t["caps"].is_empty():
            del t["caps"]
    if "fleets" in t:
        t["fleets"] = join.whole(t["fleets"], ["fleet"], ["ship_days"])
    if "hubs" in t:
        t["hubs"] = join.whole(t["hubs"], ["hub"], ["capacity"])
    if "storage" in t:
        t["storage"] = join.storage(t["storage"])
    if "contracts" in t:
        t["contracts"] = t["contracts"].with_columns(
            pl.col(c).replace_strict(of, return_dtype=pl.String) for c in ("first_period", "last_period")
        )
    t["periods"] = join.periods(t["periods"])
    first = next(p.name for p in periods if len(p.months) > 1)
    fees = inputs.fees.with_columns(pl.col("period").replace(of))
    return replace(
        inputs,
        tables=t,
        gates=join.gates(inputs.gates),
        notes=(*inputs.notes, NOTE.format(first=first)),
        fees=fees.group_by("arc", "payer", "period", maintain_order=True).agg(pl.col("musd").sum()),
    )


def joined_bans(bans: pl.DataFrame, periods: Sequence[Period]) -> pl.DataFrame:
    """The law's bans as shown beside a run: first and last month replaced by the periods they lie in."""
    of = {m: p.name for p in periods for m in p.months}
    return bans.with_columns(pl.col(c).replace(of) for c in ("first_period", "last_period"))


def joined_legs(legs: pl.DataFrame, periods: Sequence[Period]) -> pl.DataFrame:
    """Voyage legs by period: means over the feasible months of a season, and the way that most of them take."""
    of = {m: p.name for p in periods for m in p.months}
    single = {p.name for p in periods if len(p.months) == 1}
    legs = legs.with_columns(pl.col("period").replace(of))
    keys = [c for c in ("from_node", "to_node", "fleet", "hub", "period") if c in legs.columns]
    months, rest = legs.filter(pl.col("period").is_in(single)), legs.filter(~pl.col("period").is_in(single))
    rest = rest.filter(pl.col("feasible"))
    numbers = [c for c, kind in rest.schema.items() if kind.is_float()]
    others = [c for c in rest.columns if c not in (*keys, *numbers)]
    means = rest.group_by(keys, maintain_order=True).agg(
        *(pl.col(c).mean() for c in numbers), *(pl.col(c).mode().sort().first() for c in others)
    )
    return pl.concat([months, means.select(legs.columns)])


@dataclass(frozen=True)
class _Join:
    """The mapping month -> period and the lengths of the months [days]."""

    of: Mapping[str, str]
    order: Mapping[str, int]
    days: Mapping[str, float]
    months: Mapping[str, tuple[str, ...]]

    def split(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Rows of months that stay, unchanged; and the others with `_days` of the month and the season as `period`."""
        stays = [m for m, p in self.of.items() if m == p]
        rest = frame.filter(~pl.col("period").is_in(stays)).with_columns(
            pl.col("period").replace_strict(self.days, return_dtype=pl.Float64).alias("_days"),
            pl.col("period").alias("_month"),
            pl.col("period").replace_strict(self.of, return_dtype=pl.String),
        )
        return frame.filter(pl.col("period").is_in(stays)), rest

    def back(self, whole: pl.DataFrame, rest: pl.DataFrame) -> pl.DataFrame:
        return pl.concat([whole, rest.select(whole.columns)])

    def periods(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Days add up; the discount weight is the mean over the days."""
        whole, rest = self.split(frame)
        rest = rest.group_by("period", maintain_order=True).agg(
            (pl.col("weight") * pl.col("days")).sum() / pl.col("days").sum(),
            pl.col("days").sum(),
            pl.col("cycle").first(),
        )
        return self.back(whole, rest)

    def demand(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Sum of Q_m(P) = (a_m - P) / b_m over the months: again a line, 1/b = sum 1/b_m and a/b = sum a_m/b_m."""
        whole, rest = self.split(frame)
        rest = rest.group_by("node", "period", maintain_order=True).agg(
            ((pl.col("intercept") / pl.col("slope")).sum() / (1.0 / pl.col("slope")).sum()).alias("intercept"),
            (1.0 / (1.0 / pl.col("slope")).sum()).alias("slope"),
            pl.lit(None, dtype=whole.schema["fixed"]).alias("fixed"),
            pl.lit(None, dtype=whole.schema["value_of_lost_load"]).alias("value_of_lost_load"),
        )
        return self.back(whole, rest)

    def production(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Capacities add up; a step's cost is the mean over capacity, its rise the one that reaches the same top."""
        whole, rest = self.split(frame)
        share = pl.col("capacity") / pl.col("capacity").sum()
        rest = rest.group_by("trader", "node", "step", "period", maintain_order=True).agg(
            pl.col("capacity").sum(),
            (pl.col("cost") * share).sum().alias("cost"),
            ((pl.col("cost_slope") * pl.col("capacity") * share).sum() / pl.col("capacity").sum()).alias("cost_slope"),
        )
        return self.back(whole, rest)

    def arcs(self, frame: pl.DataFrame, fleets: pl.DataFrame | None) -> pl.DataFrame:
        """Capacities add up, unit values are means over capacity (over days where there is none), a cost rises more slowly.

        A route without a capacity that is open in some months of the season only carries at most what the plants
        behind it load, and its fleet can carry, in those months.
        """
        whole, rest = self.split(frame)
        weight = pl.when(pl.col("capacity").is_null()).then(pl.col("_days")).otherwise(pl.col("capacity"))
        share = weight / weight.sum()
        # a flow spread over the months like `share` costs the sum of c' (share f)^2 / 2
        rises = "cost_slope" in frame.columns
        rise = [(pl.col("cost_slope").fill_null(0.0) * share**2).sum().alias("cost_slope")] if rises else []
        values = ("cost", "loss", "tariff", "tax", "ship_days")
        length = {p: sum(self.days[m] for m in months) for p, months in self.months.items()}
        last = {p: months[-1] for p, months in self.months.items()}
        bound = self._bound_of_open_months(rest, fleets)
        grouped = rest.join(bound, on=["arc", "period", "_month"], how="left").with_columns(
            pl.col("period").replace_strict(length, return_dtype=pl.Float64).alias("_length"),
            (pl.col("_month") == pl.col("period").replace_strict(last, return_dtype=pl.String)).alias("_is_last"),
        )
        shut_at_times = pl.col("_days").sum() < pl.col("_length").first()
        joined_rows = grouped.group_by("arc", "period", maintain_order=True).agg(
            pl.col("from").first(),
            pl.col("to").first(),
            pl.when(pl.col("capacity").is_null().any())
            .then(pl.when(shut_at_times & pl.col("_bound").is_not_null().all()).then(pl.col("_bound").sum()))
            .otherwise(pl.col("capacity").sum())
            .alias("capacity"),
            *((pl.col(c) * share).sum().alias(c) for c in values if c != "ship_days"),
            pl.when(pl.col("ship_days").is_not_null().any())
            .then((pl.col("ship_days") * share).sum())
            .alias("ship_days"),
            *rise,
            pl.col("kind").first(),
            pl.col("fleet").first(),
            *([pl.col("hub").first()] if "hub" in frame.columns else []),
            # only what sails in the season's last month arrives after it
            (pl.when(pl.col("_is_last")).then(pl.col("lag") * share)).sum().alias("lag"),
        )
        joined_rows = joined_rows.with_columns(
            pl.when(pl.col("lag") > 0).then(pl.col("lag")), pl.col("capacity").cast(pl.Float64)
        )
        return self.back(whole, joined_rows)

    def _bound_of_open_months(self, rest: pl.DataFrame, fleets: pl.DataFrame | None) -> pl.DataFrame:
        """arc, period, _month, _bound [bcm]: what a route without a capacity of its own can carry in each month it is open."""
        loaded = (
            rest.filter(pl.col("kind") == "liquefaction")
            .group_by(pl.col("to").alias("from"), "_month")
            .agg((pl.col("capacity") * (1.0 - pl.col("loss"))).sum().alias("_loaded"))
        )
        routes = rest.filter(pl.col("capacity").is_null()).join(loaded, on=["from", "_month"], how="left")
        if fleets is not None:
            ships = fleets.rename({"period": "_month", "ship_days": "_fleet_days"})
            routes = routes.join(ships, on=["fleet", "_month"], how="left")
        else:
            routes = routes.with_columns(pl.lit(None, dtype=pl.Float64).alias("_fleet_days"))
        by_fleet = pl.when(pl.col("ship_days") > 0).then(pl.col("_fleet_days") / pl.col("ship_days"))
        return routes.select("arc", "period", "_month", pl.min_horizontal("_loaded", by_fleet).alias("_bound"))

    def whole(self, frame: pl.DataFrame, keys: list[str], values: list[str]) -> pl.DataFrame:
        """Limits that add up, where every month of the season has one; a month without one leaves the season without."""
        kept, rest = self.split(frame)
        number = {p: len(months) for p, months in self.months.items()}
        rest = (
            rest.group_by(*keys, "period", maintain_order=True)
            .agg(
                pl.len().alias("_n"),
                *(pl.col(v).sum() for v in values),
                *(pl.col(v).null_count().alias(f"_{v}") for v in values),
            )
            .filter(pl.col("_n") == pl.col("period").replace_strict(number, return_dtype=pl.Int64))
            .with_columns(pl.when(pl.col(f"_{v}") == 0).then(pl.col(v)).alias(v) for v in values)
        )
        return self.back(kept, rest)

    def storage(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Injection and withdrawal add up; the size is the last month's; stock at both ends stays where it was.

        An obligation inside a season binds the stock at the nearer end: 1 November or December is the end of summer.
        """
        whole, rest = self.split(frame)
        moved = self._obligations(frame)
        joined_rows = rest.group_by("storage", "period", maintain_order=True).agg(
            pl.col("node").first(),
            pl.col("working").last(),
            pl.col("injection").sum(),
            pl.col("withdrawal").sum(),
            pl.col("cost").mean(),
            pl.col("loss").mean(),
            pl.col("trader").first(),
            pl.col("initial").first(),
            pl.col("final").last(),
            pl.lit(None, dtype=pl.Float64).alias("minimum_fill"),
        )
        rows = self.back(whole, joined_rows).drop("minimum_fill")
        rows = rows.join(moved, on=["storage", "period"], how="left")
        fits = pl.min_horizontal("minimum_fill", "working")
        return rows.with_columns(pl.when(pl.col("minimum_fill").is_not_null()).then(fits).alias("minimum_fill")).select(
            frame.columns
        )

    def _obligations(self, frame: pl.DataFrame) -> pl.DataFrame:
        """storage, period, minimum_fill: each obligation at the end of the period nearest to it; the highest counts."""
        names = list(self.order)
        rows: list[dict[str, Any]] = []
        for r in frame.filter(pl.col("minimum_fill").is_not_null()).iter_rows(named=True):
            period = self.of[r["period"]]
            months = self.months[period]
            after = months.index(r["period"]) + 1  # months of the season gone by when the obligation falls due
            place = self.order[period]
            if 2 * after < len(months) and place > 0:
                place -= 1
            rows.append({"storage": r["storage"], "period": names[place], "minimum_fill": r["minimum_fill"]})
        schema = {"storage": pl.String, "period": pl.String, "minimum_fill": pl.Float64}
        return pl.DataFrame(rows, schema=schema).group_by("storage", "period").agg(pl.col("minimum_fill").max())

    def bans(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A season is closed when the bans on one sale or route together hold for half of its days or more."""
        rows: list[dict[str, Any]] = []
        for (trader, node, arc), part in frame.group_by("trader", "node", "arc", maintain_order=True):
            reasons = self._closed(part)
            at = {"trader": trader, "node": node, "arc": arc}
            rows += [{**at, "first_period": a, "last_period": b, "reason": r} for a, b, r in self._runs(reasons)]
        return pl.DataFrame(rows, schema=frame.schema)

    def _closed(self, part: pl.DataFrame) -> dict[str, str]:
        """Period -> reason, for the periods that these bans close."""
        month_names = list(self.of)
        at = {m: i for i, m in enumerate(month_names)}
        why: dict[str, str] = {}
        for first, last, reason in part.select("first_period", "last_period", "reason").iter_rows():
            for m in month_names[at[first] : at[last] + 1]:
                why[m] = reason
        closed: dict[str, str] = {}
        for name, months in self.months.items():
            hit = [m for m in months if m in why]
            share = sum(self.days[m] for m in hit) / sum(self.days[m] for m in months)
            if hit and share >= CLOSED_FROM:
                closed[name] = why[hit[-1]]
        return closed

    def _runs(self, reasons: Mapping[str, str]) -> Iterable[tuple[str, str, str]]:
        """Stretches of neighbouring periods closed for one reason."""
        run: list[str] = []
        for name in self.order:
            same = run and name in reasons and reasons[name] == reasons[run[-1]]
            if run and not same:
                yield run[0], run[-1], reasons[run[0]]
                run = []
            if name in reasons:
                run.append(name)
        if run:
            yield run[0], run[-1], reasons[run[0]]

    def caps(self, frame: pl.DataFrame, bans: pl.DataFrame | None) -> pl.DataFrame:
        """Offer caps add up where every month of the season is capped or closed to the seller (which counts as 0)."""
        stays, rest = self.split(frame)
        shut: dict[tuple[str, str], set[str]] = {}
        if bans is not None:
            month_names = list(self.of)
            at = {m: i for i, m in enumerate(month_names)}
            for r in bans.filter(pl.col("node").is_not_null()).iter_rows(named=True):
                months = month_names[at[r["first_period"]] : at[r["last_period"]] + 1]
                shut.setdefault((r["trader"], r["node"]), set()).update(months)
        rows = []
        for (trader, node, period), part in rest.group_by("trader", "node", "period", maintain_order=True):
            known = set(part["_month"]) | shut.get((str(trader), str(node)), set())
            if set(self.months[str(period)]) <= known:
                total = float(part["maximum"].sum())
                rows.append(
                    {"trader": trader, "node": node, "period": period, "maximum": total, "reason": part["reason"][-1]}
                )
        return pl.concat([stays, pl.DataFrame(rows, schema=stays.schema)])

    def gates(self, frame: pl.DataFrame) -> pl.DataFrame:
        """A gate is shut for a season when it is shut in each of its months."""
        stays, rest = self.split(frame)
        number = {p: len(months) for p, months in self.months.items()}
        keys = [c for c in frame.columns if c != "period"]
        rest = (
            rest.group_by(*keys, "period", maintain_order=True)
            .agg(pl.col("_month").n_unique().alias("_n"))
            .filter(pl.col("_n") == pl.col("period").replace_strict(number, return_dtype=pl.Int64))
        )
        return self.back(stays, rest)
