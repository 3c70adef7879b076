"""How does a solver's vector become an answer in the user's words? (Raw + Layout -> Solution)

Prices come from the inverse demand, from a multiplier only where demand is fixed. Money is undiscounted per unit:
multipliers are divided by the period's weight. Quantities below the solver's noise are zero.

Not here: whether the answer is right (`certificate`), which prices nothing pins (`interval`), who gains (`welfare`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import polars as pl

from polynya.market.build import Span
from polynya.market.classes import Classes, members_table
from polynya.market.coded import Coded, Ints
from polynya.market.formulation import DESK, Layout
from polynya.market.interval import Intervals
from polynya.market.problem import Problem
from polynya.market.qp import QP, Raw, Vector
from polynya.market.start import Start

NOTHING = 1e-12  # share of the largest quantity below which nothing is bought
ACTIVITY = {"conversion": pl.String, "trader": pl.String, "period": pl.String, "quantity": pl.Float64}
SAME = 1e-7  # interval ends nearer than this share of 1 + |price| are one price


@dataclass(frozen=True)
class Solution:
    """A market's answer. Zero quantities are left out of the frames, except in `consumption` and `prices`.

    prices        node, period, price, determined, price_lo, price_hi (null: no bound)
    consumption   node, period, quantity, unserved
    sales         trader, node, period, quantity            trader: a class's name where price takers were merged
    flows         arc, trader, period, quantity             at the sending end
    conversions   conversion, trader, period, quantity      activity
    production    trader, node, step, period, quantity      trader: the owner of the step, never a class
    storage       storage, trader, period, before, injection, withdrawal, level, value   trader null: the market's desk
    rents         kind, id, period, rent                    kind: arc, conversion, plant, production, storage,
                                                            injection, withdrawal, minimum_fill, initial, final, fleet, hub, cap, contract (period null)
    markups       trader, node, period, theta, price, value, markup
    values        trader, node, period, value               worth of a unit of the trader's gas there
    investments   kind, id, period, quantity
    accounts      party, id, period, amount                 discounted money (see `welfare`); adds up to the welfare
    classes       class, trader                             who is in each class
    """

    status: str
    prices: pl.DataFrame
    consumption: pl.DataFrame
    sales: pl.DataFrame
    flows: pl.DataFrame
    production: pl.DataFrame
    storage: pl.DataFrame
    rents: pl.DataFrame
    markups: pl.DataFrame
    values: pl.DataFrame
    investments: pl.DataFrame
    classes: pl.DataFrame
    conversions: pl.DataFrame = field(default_factory=lambda: pl.DataFrame(schema=ACTIVITY))
    accounts: pl.DataFrame = field(default_factory=pl.DataFrame)
    welfare: Mapping[str, float] = field(default_factory=dict)
    certificate: Mapping[str, Any] = field(default_factory=dict)
    info: Mapping[str, Any] = field(default_factory=dict)
    start: Start | None = field(
        default=None, repr=False, compare=False
    )  # for `solve(start=)` of a market nearly the same

    @property
    def names(self) -> dict[str, list[str]]:
        """Class name -> its traders."""
        return {
            str(name): part["trader"].to_list()
            for (name,), part in self.classes.group_by(["class"], maintain_order=True)
        }

    def frames(self) -> dict[str, pl.DataFrame]:
        """Name -> frame of everything that is a table."""
        return {k: v for k, v in vars(self).items() if isinstance(v, pl.DataFrame)}


def read_answer(
    problem: Problem, coded: Coded, classes: Classes, qp: QP, layout: Layout, raw: Raw, spread: Intervals
) -> Solution:
    """Translate a raw answer. Its `certificate` and `welfare` are still empty."""
    reader = _Reader(problem, coded, classes, qp, layout, raw, spread)
    prices, consumption = reader.prices()
    sales, markups = reader.sales(prices)
    return Solution(
        status=raw.status,
        prices=prices,
        consumption=consumption,
        sales=sales,
        flows=reader.flows(),
        conversions=reader.conversions(),
        production=reader.production(),
        storage=reader.storage(),
        rents=reader.rents(),
        markups=markups,
        values=reader.values(),
        investments=reader.investments(),
        classes=members_table(classes),
        info=dict(raw.info),
    )


class _Reader:
    """The pieces of one raw answer, and the names they get."""

    def __init__(
        self, problem: Problem, coded: Coded, classes: Classes, qp: QP, layout: Layout, raw: Raw, spread: Intervals
    ) -> None:
        self.problem, self.coded, self.classes, self.qp, self.layout = problem, coded, classes, qp, layout
        self.x, self.y, self.z = raw.x, raw.y, raw.z
        self.D = coded.weight
        self.spread = spread

    def _named(self, known: Sequence[str], which: Ints) -> pl.Series:
        return pl.Series(known, dtype=pl.String).gather(which) if which.size else pl.Series([], dtype=pl.String)

    def _period(self, m: Ints) -> pl.Series:
        return self._named(self.coded.period_ids, m)

    def _class(self, k: Ints) -> pl.Series:
        return self._named(self.classes.names, k)

    def _user(self, u: Ints) -> pl.Series:
        return _nulled(self._class(np.maximum(u, 0)), u == DESK)

    def prices(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        """Price and consumption of every market, and what gas is worth where there is none."""
        d, lay = self.coded.demand, self.layout
        quantity = np.nan_to_num(d.fixed)
        quantity[lay.demand["e"]] = lay.demand.take(self.x)
        D = self.D[d.m]
        bought = quantity > NOTHING * max(float(quantity.max(initial=0.0)), 1e-300)
        # where nobody buys, any price above the intercept will do: the one that the sellers' and stores' values go with
        price = np.where(d.elastic & bought, d.a - d.b * quantity, lay.market_balance.take(self.y) / D)
        unserved = np.where(d.elastic, 0.0, np.maximum(0.0, np.nan_to_num(d.fixed) - quantity))
        place = {"node": self._named(self.coded.node_ids, d.n), "period": self._period(d.m)}
        low, high = (lay.market_balance.take(side) / D for side in (self.spread.low, self.spread.high))
        pinned = self.spread.pinned[lay.market_balance.ids] | (high - low <= SAME * (1 + np.abs(price)))
        markets = pl.DataFrame(
            {
                **place,
                "price": price,
                "determined": pinned,
                "price_lo": np.where(pinned, price, np.minimum(low, price)),
                "price_hi": np.where(pinned, price, np.maximum(high, price)),
            }
        )
        consumption = pl.DataFrame({**place, "quantity": quantity, "unserved": unserved})
        prices = pl.concat([markets, self._without_market()])
        ends = [pl.when(pl.col(c).is_finite()).then(pl.col(c)).alias(c) for c in ("price_lo", "price_hi")]
        return prices.with_columns(ends), consumption

    def _without_market(self) -> pl.DataFrame:
        """Nodes without consumption: the lowest worth of any class's gas; determined where all gas there has one worth."""
        lay = self.layout.node_balance
        _, N, M = self.coded.shape
        market = np.zeros((N, M), dtype=bool)
        market[self.coded.demand.n, self.coded.demand.m] = True
        there = ~market[lay["n"], lay["m"]]
        n, m = lay["n"][there], lay["m"][there]
        D = self.D[m]
        frame = pl.DataFrame(
            {
                "node": self._named(self.coded.node_ids, n),
                "period": self._period(m),
                "price": lay.take(self.y)[there] / D,
                "price_lo": lay.take(self.spread.low)[there] / D,
                "price_hi": lay.take(self.spread.high)[there] / D,
            }
        )
        worth = frame.group_by("node", "period", maintain_order=True).agg(
            pl.col("price").min(), pl.col("price_lo").min(), pl.col("price_hi").max()
        )
        one = pl.col("price_hi") - pl.col("price_lo") <= SAME * (1 + pl.col("price").abs())
        ends = [pl.when(one).then("price").otherwise(c).alias(c) for c in ("price_lo", "price_hi")]
        return worth.select("node", "period", "price", one.alias("determined"), *ends)

    def sales(self, prices: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
        """What each class sells, and the markup of those who move the price."""
        d, lay, c = self.coded.demand, self.layout, self.classes
        k, e = lay.sales["k"], lay.sales["e"]
        quantity = lay.sales.take(self.x)
        place = {
            "trader": self._class(k),
            "node": self._named(self.coded.node_ids, d.n[e]),
            "period": self._period(d.m[e]),
        }
        frame = pl.DataFrame({**place, "quantity": quantity})
        size = d.m.size
        joint = quantity.copy()
        ahead = lay.contract_volume[k, e]
        grouped = c.group[k] >= 0
        key = c.group[k][grouped] * size + e[grouped]
        if key.size:
            for total, part in ((joint, quantity[grouped]), (ahead, ahead[grouped])):
                summed = np.bincount(key, weights=part, minlength=int(key.max()) + 1)
                total[grouped] = summed[key]
        theta = c.theta[k, d.n[e]]
        markup = theta * np.nan_to_num(d.b[e]) * (joint - ahead)
        value = self._value_at(k, d.n[e], d.m[e])
        marked = pl.DataFrame(
            {
                **place,
                "theta": theta,
                "price": prices["price"].gather(e),
                "value": value,
                "markup": markup,
                "_q": quantity,
            }
        ).filter((pl.col("theta") > 0) & (pl.col("_q") > 0))
        return frame.filter(pl.col("quantity") > 0), marked.drop("_q")

    def _value_at(self, k: Ints, n: Ints, m: Ints) -> Vector:
        lay = self.layout.node_balance
        _, N, M = self.coded.shape
        rows = (lay["k"] * N + lay["n"]) * M + lay["m"]
        return (lay.take(self.y) / self.D[lay["m"]])[np.searchsorted(rows, (k * N + n) * M + m)]

    def values(self) -> pl.DataFrame:
        """Worth of a unit of each class's gas at each node."""
        lay = self.layout.node_balance
        return pl.DataFrame(
            {
                "trader": self._class(lay["k"]),
                "node": self._named(self.coded.node_ids, lay["n"]),
                "period": self._period(lay["m"]),
                "value": lay.take(self.y) / self.D[lay["m"]],
            }
        )

    def flows(self) -> pl.DataFrame:
        """Quantities at the sending ends."""
        a, lay = self.coded.arcs, self.layout.flow
        e = lay["e"]
        return pl.DataFrame(
            {
                "arc": self._named(self.coded.arc_ids, a.arc[e]),
                "trader": self._class(lay["k"]),
                "period": self._period(a.m[e]),
                "quantity": lay.take(self.x),
            }
        ).filter(pl.col("quantity") > 0)

    def conversions(self) -> pl.DataFrame:
        """Activity of every conversion, by who runs it."""
        c, lay = self.coded.conversions, self.layout.activity
        return pl.DataFrame(
            {
                "conversion": self._named(self.coded.conversion_ids, c.conversion[lay["e"]]),
                "trader": self._class(lay["k"]),
                "period": self._period(c.m[lay["e"]]),
                "quantity": lay.take(self.x),
            }
        ).filter(pl.col("quantity") > 0)

    def production(self) -> pl.DataFrame:
        """Output of every step, by its owner."""
        lay = self.layout.production
        table = self.problem.production.select("trader", "node", "step", "period")[lay["e"]]
        return table.with_columns(pl.Series("quantity", lay.take(self.x))).filter(pl.col("quantity") > 0)

    def storage(self) -> pl.DataFrame:
        """Every user's stock before and after, what goes in and out, and the worth of a unit in store."""
        s, lay = self.coded.storage, self.layout
        level = lay.level.take(self.x)
        size = s.m.size
        key = (lay.level["u"] + 1) * size + lay.level["e"]
        order = np.argsort(key)

        def spread(span: Span) -> Vector:
            out = np.zeros(level.size)
            out[order[np.searchsorted(key[order], (span["u"] + 1) * size + span["e"])]] = span.take(self.x)
            return out

        injected, withdrawn, start = spread(lay.injection), spread(lay.withdrawal), spread(lay.initial)
        e = lay.level["e"]
        before = level - (1 - s.loss[e]) * injected + withdrawn
        first = s.first[e] & ~np.isnan(s.initial[e])
        before = np.where(first, start, np.where(s.first[e], np.maximum(before, 0.0), np.roll(level, 1)))
        return pl.DataFrame(
            {
                "storage": self._named(self.coded.store_ids, s.store[e]),
                "trader": self._user(lay.level["u"]),
                "period": self._period(s.m[e]),
                "before": before,
                "injection": injected,
                "withdrawal": withdrawn,
                "level": level,
                "value": lay.storage_balance.take(self.y) / self.D[s.m[e]],
            }
        )

    def rents(self) -> pl.DataFrame:
        """Prices of what is scarce, per unit and undiscounted, where they are not zero."""
        c, lay, names = self.coded, self.layout, self.coded.period_ids
        z = np.maximum(self.z, 0.0)
        parts: list[pl.DataFrame] = []

        def add(kind: str, ids: pl.Series, m: Ints | None, rent: Vector) -> None:
            period = self._named(names, m) if m is not None else pl.Series([None] * rent.size, dtype=pl.String)
            parts.append(
                pl.DataFrame({"id": ids.cast(pl.String), "period": period, "rent": rent}).select(
                    pl.lit(kind).alias("kind"), "id", "period", "rent"
                )
            )

        steps = self.problem.production.select(pl.concat_str(["trader", "node", "step"], separator="/").alias("id"))[
            "id"
        ]
        e = lay.production["e"]
        rent = lay.production.take(z)
        place = np.searchsorted(lay.production_capacity["e"], e)
        grows = c.production.grows[e]
        rent[grows] = np.maximum(0.0, lay.production_capacity.take(self.y)[place[grows]])
        add("production", steps.gather(e), c.production.m[e], rent / self.D[c.production.m[e]])

        e = lay.flow["e"]
        alone = np.bincount(e, minlength=c.arcs.m.size)[e] == 1
        alone &= ~c.arcs.grows[e]
        add(
            "arc",
            self._named(c.arc_ids, c.arcs.arc[e[alone]]),
            c.arcs.m[e[alone]],
            lay.flow.take(z)[alone] / self.D[c.arcs.m[e[alone]]],
        )
        e = lay.arc_capacity["e"]
        add(
            "arc",
            self._named(c.arc_ids, c.arcs.arc[e]),
            c.arcs.m[e],
            lay.arc_capacity.take(self.y) / self.D[c.arcs.m[e]],
        )

        e = lay.conversion_capacity["e"]
        where, m = c.conversions.conversion[e], c.conversions.m[e]
        add("conversion", self._named(c.conversion_ids, where), m, lay.conversion_capacity.take(self.y) / self.D[m])
        m = lay.plant_capacity["m"]
        where = lay.plant_capacity["plant"]
        add("plant", self._named(c.plant_ids, where), m, lay.plant_capacity.take(self.y) / self.D[m])

        s = c.storage
        for kind, columns, rows in (
            ("storage", lay.level, lay.storage_working),
            ("injection", lay.injection, lay.storage_injection),
            ("withdrawal", lay.withdrawal, lay.storage_withdrawal),
        ):
            rent = np.zeros(s.m.size)
            np.maximum.at(rent, columns["e"], columns.take(z))
            rent[rows["e"]] += np.maximum(0.0, rows.take(self.y))
            add(kind, self._named(c.store_ids, s.store), s.m, rent / self.D[s.m])
        for rows in (lay.storage_working, lay.storage_minimum):
            e = rows["e"]
            rent = np.maximum(0.0, -rows.take(self.y)) / self.D[s.m[e]]
            add("minimum_fill", self._named(c.store_ids, s.store[e]), s.m[e], rent)
        e = lay.storage_initial["e"]
        add("initial", self._named(c.store_ids, s.store[e]), s.m[e], lay.storage_initial.take(self.y) / self.D[s.m[e]])
        e = lay.storage_final["e"]
        add("final", self._named(c.store_ids, s.store[e]), s.m[e], -lay.storage_final.take(self.y) / self.D[s.m[e]])
        add(
            "fleet",
            self._named(c.fleet_ids, lay.fleet["fleet"]),
            lay.fleet["m"],
            lay.fleet.take(self.y) / self.D[lay.fleet["m"]],
        )
        add("hub", self._named(c.hub_ids, lay.hub["hub"]), lay.hub["m"], lay.hub.take(self.y) / self.D[lay.hub["m"]])
        e, k = lay.sales["e"], lay.sales["k"]
        capped = np.isfinite(self.qp.upper[lay.sales.ids])
        who = pl.Series(
            [f"{self.classes.names[a]}/{c.node_ids[c.demand.n[b]]}" for a, b in zip(k[capped], e[capped], strict=True)],
            dtype=pl.String,
        )
        add("cap", who, c.demand.m[e[capped]], lay.sales.take(z)[capped] / self.D[c.demand.m[e[capped]]])
        add("contract", self.problem.contracts["contract"], None, lay.contract.take(self.y))
        return pl.concat(parts).filter(pl.col("rent") != 0)

    def investments(self) -> pl.DataFrame:
        """Capacity added."""
        table = self.problem.investments.select("kind", "id", "period")
        return table.with_columns(pl.Series("quantity", self.layout.investment.take(self.x))).filter(
            pl.col("quantity") > 0
        )


def _nulled(names: pl.Series, where: Any) -> pl.Series:
    """Null in the places where the mask is true."""
    return (
        pl.DataFrame({"n": names, "w": pl.Series(where, dtype=pl.Boolean)})
        .select(pl.when(pl.col("w")).then(None).otherwise(pl.col("n")))
        .to_series()
    )
