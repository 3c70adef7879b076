r"""Is this answer the equilibrium of these tables? (Problem + Solution -> the certificate's terms)

Computed from the tables and the answer alone; nothing of the program that was solved is read, and no solver's word is
taken. The answer's multipliers (values of gas, rents, prices) are witnesses: whoever states them, if they fit every
trader's and operator's first-order conditions, the quantities are the equilibrium, because each party's problem is
concave. Conditions are stated per unit and undiscounted.

Terms, with what passes:
balance 1e-8         what comes to a node is what leaves it, per class, of the node's throughput; the same for stores
primal 1e-6          limits, bans and minima kept, relative to the limit
dual 1e-5            nobody gains by a unit more or less anywhere: reduced costs and rents, relative to 1 + |price|
price 1e-5           |price - marginal value| / (1 + |price|) at every consuming node and period
gap 1e-7             value left on the table by everybody together, relative to the value of what is consumed
markup 1e-5          price - value = theta b (sales - inframarginal volume) for every strategic seller
best_response 1e-6   most that any strategic trader could gain, in its own conjecture, relative to max(1, its profit)

On best_response: a trader expects p(s) = p* - theta b (s - s*), so its conjectured revenue is
(p* + theta b s*) s - theta b s^2, whose slope at s* is p* - theta b s*, the marginal revenue. All prices and rents of
shared capacities are held at the solution. Its problem is concave, so the gain of any other plan is at most the first-
order gain, which the reduced costs bound from above; the term is that bound, not an estimate.

Not here: which prices are pinned (`interval`), and what is done when a term fails (`solve`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from polynya.market.answer import Solution
from polynya.market.checks import inframarginal_volume
from polynya.market.problem import Problem

LIMITS: Mapping[str, float] = {
    "primal": 1e-6,
    "dual": 1e-5,
    "price": 1e-5,
    "balance": 1e-8,
    "gap": 1e-7,
    "markup": 1e-5,
    "best_response": 1e-6,
}
SMALL = 1e-6  # node-periods with less than this share of the largest throughput are measured against that share

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]


def certify(problem: Problem, solution: Solution) -> dict[str, Any]:
    """Every term, `passed`, and under `worst` where each term is worst, in words.

    Never raises on a wrong answer: what cannot be read at all (an unknown id, a row twice, a number that is not one)
    counts as infinitely wrong and is said under `worst`.
    """
    check = _Check(problem, solution)
    if check.readable():
        check.everything()
    terms: dict[str, Any] = {name: check.error[name] for name in LIMITS}
    passed = all(terms[name] <= limit for name, limit in LIMITS.items())
    for name in LIMITS:  # JSON has no infinity
        if not np.isfinite(terms[name]):
            terms[name] = 1e300
    return {"passed": passed, **terms, "worst": {k: check.place[k] for k in LIMITS if k in check.place}}


def _numbers(column: pl.Series, blank: float = float("nan")) -> Floats:
    return column.cast(pl.Float64).fill_null(blank).to_numpy()


def _always(words: str) -> Callable[[int], str]:
    return lambda i: words


class _Check:
    """One answer under examination: arrays of the tables and of the answer, and the worst of every term so far."""

    def __init__(self, problem: Problem, solution: Solution) -> None:
        self.problem, self.solution = problem, solution
        self.error = dict.fromkeys(LIMITS, 0.0)
        self.place: dict[str, str] = {}
        self.nodes = problem.nodes["node"].to_list()
        self.periods = problem.periods["period"].to_list()
        self.classes = solution.classes["class"].unique(maintain_order=True).to_list()
        self.N, self.M, self.K = len(self.nodes), len(self.periods), len(self.classes)
        self.D = problem.periods["weight"].to_numpy()
        self.gap = 0.0
        self.gain = np.zeros(self.K)
        self.profit = np.zeros(self.K)

    # -- reading ------------------------------------------------------------------------------------------------------

    def note(self, term: str, errors: Floats, name: Callable[[int], str]) -> None:
        """Keep the worst of a term; NaN is infinitely wrong."""
        if errors.size == 0:
            return
        errors = np.where(np.isnan(errors), np.inf, errors)
        i = int(np.argmax(errors))
        if errors[i] > self.error[term]:
            self.error[term] = float(errors[i])
            self.place[term] = name(i)

    def wrong(self, term: str, words: str) -> None:
        """Something that no tolerance covers."""
        self.note(term, np.array([np.inf]), _always(words))

    def readable(self) -> bool:
        """Ids known, no row twice, numbers finite and not negative where they are quantities; merging allowed."""
        s, p = self.solution, self.problem
        members = s.classes.group_by("class").len()
        if sorted(s.classes["trader"].to_list()) != sorted(p.traders["trader"].to_list()):
            self.wrong("primal", "the classes are not a partition of the traders")
            return False
        keys: Sequence[tuple[str, pl.DataFrame, list[str], list[str]]] = (
            ("prices", s.prices, ["node", "period"], ["price"]),
            ("sales", s.sales, ["trader", "node", "period"], ["quantity"]),
            ("flows", s.flows, ["arc", "trader", "period"], ["quantity"]),
            ("conversions", s.conversions, ["conversion", "trader", "period"], ["quantity"]),
            ("production", s.production, ["trader", "node", "step", "period"], ["quantity"]),
            (
                "storage",
                s.storage,
                ["storage", "trader", "period"],
                ["before", "injection", "withdrawal", "level", "value"],
            ),
            ("values", s.values, ["trader", "node", "period"], ["value"]),
            ("rents", s.rents, ["kind", "id", "period"], ["rent"]),
            ("investments", s.investments, ["kind", "id", "period"], ["quantity"]),
        )
        fine = True
        known = {"node": self.nodes, "period": self.periods, "arc": p.arcs["arc"].unique().to_list()}
        for name, frame, key, numbers in keys:
            if frame.is_empty():
                continue
            if frame.select(key).is_duplicated().any():
                self.wrong("primal", f"{name} has a row twice")
                fine = False
            if not all(bool(frame[c].is_finite().all()) and frame[c].null_count() == 0 for c in numbers):
                self.wrong("primal", f"{name} has a number that is not one")
                fine = False
            for column, ids in known.items():
                if column in key and not frame[column].drop_nulls().is_in(ids).all():
                    self.wrong("primal", f"{name} names an unknown {column}")
                    fine = False
            if "trader" in key and name != "production" and not frame["trader"].drop_nulls().is_in(self.classes).all():
                self.wrong("primal", f"{name} names an unknown class")
                fine = False
        if not fine:
            return False
        merged = members.filter(pl.col("len") > 1)["class"].to_list()
        return all(self._may_merge(name) for name in merged)

    def _may_merge(self, name: str) -> bool:
        """Price takers with the same law and no ties of their own can be one commodity, others cannot."""
        p = self.problem
        who = self.solution.classes.filter(pl.col("class") == name)["trader"].to_list()
        moving = p.demand.filter(pl.col("slope") > 0)["node"].unique()
        strategic = p.conduct.filter(
            (pl.col("theta") > 0) & pl.col("trader").is_in(who) & pl.col("node").is_in(moving.implode())
        )
        grouped = p.traders.filter(pl.col("trader").is_in(who) & pl.col("group").is_not_null())
        tied = [
            t for f in (p.contracts, p.caps, p.storage, p.conversions) for t in f["trader"].drop_nulls() if t in who
        ]
        no_sale, no_arc, _ = self._bans(who)
        unlike = (no_sale != no_sale[:1]).any() or (no_arc != no_arc[:1]).any()
        if strategic.height or grouped.height or tied or unlike:
            self.wrong("primal", f"the traders of {name} are not alike and cannot be one class")
            return False
        return True

    def _ids(self, column: pl.Series, known: Sequence[Any]) -> Ints:
        if column.is_empty() or not known:
            return np.full(column.len(), -1, dtype=np.int64)
        found = column.replace_strict(list(known), list(range(len(known))), default=-1, return_dtype=pl.Int64)
        return found.to_numpy().astype(np.int64)

    def everything(self) -> None:
        """All terms, in an order in which later ones may use what earlier ones read."""
        self.read()
        self.check_market()
        self.check_production()
        self.check_arcs()
        self.check_conversions()
        self.check_storage()
        self.check_nodes()
        self.check_fleets()
        self.check_hubs()
        self.check_contracts()
        self.check_investments()
        self.check_pruning()
        worth = float((self.D[self.dm] * np.abs(self.price[self.dn, self.dm] * self.Q)).sum())
        self.note("gap", np.array([self.gap / max(1.0, worth)]), lambda i: "all parties together")
        strategic = self.strategic
        self.note(
            "best_response",
            self.gain[strategic] / np.maximum(1.0, np.abs(self.profit[strategic])),
            lambda i: f"trader {self.classes[int(np.flatnonzero(strategic)[i])]}",
        )

    def read(self) -> None:
        """The tables and the answer as arrays [K, N, M]; what is absent is NaN for multipliers and 0 for quantities."""
        p, s = self.problem, self.solution
        K, N, M = self.K, self.N, self.M
        self.class_of = {t: self.classes.index(c) for c, t in s.classes.iter_rows()}
        lead = [s.classes.filter(pl.col("class") == c)["trader"][0] for c in self.classes]
        group = dict(p.traders.select("trader", "group").iter_rows())
        self.group = [group[t] for t in lead]
        theta = np.zeros((K, N))
        rows = p.conduct.filter(pl.col("trader").is_in(lead))
        theta[self._ids(rows["trader"], lead), self._ids(rows["node"], self.nodes)] = rows["theta"].to_numpy()
        self.no_sale, self.no_arc, self.arc_ids = self._bans(lead)

        d = p.demand
        self.dn, self.dm = self._ids(d["node"], self.nodes), self._ids(d["period"], self.periods)
        self.a, self.b = _numbers(d["intercept"]), _numbers(d["slope"])
        self.fixed, self.voll = _numbers(d["fixed"]), _numbers(d["value_of_lost_load"])
        self.elastic = ~np.isnan(self.a)
        slope = np.zeros((N, M))
        slope[self.dn, self.dm] = np.nan_to_num(self.b)
        self.market = np.zeros((N, M), dtype=bool)
        self.market[self.dn, self.dm] = True
        self.steep = theta[:, :, None] * slope[None]
        self.strategic: Bools = np.asarray((self.steep > 0).any(axis=(1, 2)))

        self.price = np.full((N, M), np.nan)
        self.price[self._ids(s.prices["node"], self.nodes), self._ids(s.prices["period"], self.periods)] = s.prices[
            "price"
        ]
        self.price[~self.market] = np.nan  # nothing is bought there
        self.value = np.full((K, N, M), np.nan)
        v = s.values
        self.value[
            self._ids(v["trader"], self.classes), self._ids(v["node"], self.nodes), self._ids(v["period"], self.periods)
        ] = v["value"]
        self.sales = np.zeros((K, N, M))
        q = s.sales
        sk, sn, sm = (
            self._ids(q["trader"], self.classes), self._ids(q["node"], self.nodes), self._ids(q["period"], self.periods),
        )  # fmt: skip
        self.sales[sk, sn, sm] = q["quantity"]
        self.net = np.zeros((K, N, M))  # what comes less what leaves, of a class
        self.through = np.zeros((N, M))
        self.extra = np.zeros((K, N, M))  # cap rents and contract multipliers on sales
        self.desk_net = np.zeros((N, M))
        for name, frame in (
            ("sales", s.sales), ("flows", s.flows), ("conversions", s.conversions), ("production", s.production),
        ):  # fmt: skip
            self.note("primal", -frame["quantity"].to_numpy(), self._row_of(name, frame))
        self.rent: dict[str, dict[tuple[str, str | None], float]] = {}
        self.room = np.zeros(K)  # a bound on what the class can move at all
        supply = p.production.with_columns(pl.col("trader").replace_strict(self.class_of).alias("k"))
        for k, most in supply.group_by("k").agg(pl.col("capacity").sum()).iter_rows():
            self.room[k] = most
        made = float(s.production["quantity"].sum())
        free = supply.filter(pl.col("capacity").is_null())["k"].unique().to_list()
        self.room[free] = np.maximum(self.room[free], 10 * made)
        self.room += float(p.storage["initial"].fill_null(0.0).sum()) + made
        self.room *= self._growth()
        with np.errstate(divide="ignore", invalid="ignore"):
            thirst = np.where(self.elastic, self.a / self.b, self.fixed)
        thirst = thirst[np.isfinite(thirst)]
        self.big = max(float(self.sales.sum(axis=0).max(initial=0.0)), 1e-3 * float(thirst.max(initial=0.0)), 1e-300)

    def _growth(self) -> float:
        """How much more the conversions can deliver than they take, one after the other."""
        amount = pl.col("amount")
        sums = self.problem.yields.group_by("conversion").agg(
            amount.filter(amount > 0).sum().alias("out"), -amount.filter(amount < 0).sum().alias("into")
        )
        return float(np.prod(np.maximum(1.0, (sums["out"] / sums["into"]).to_numpy()))) if sums.height else 1.0

    @staticmethod
    def _row_of(name: str, frame: pl.DataFrame) -> Callable[[int], str]:
        return lambda i: f"{name} below 0: {frame.row(i)}"

    def _rents(self, kind: str, ids: Sequence[str]) -> Floats:
        """Rents of a kind as [ids, M]; rows for no period go to every period."""
        rows = self.solution.rents.filter(pl.col("kind") == kind)
        out = np.zeros((len(ids), self.M))
        i, m = self._ids(rows["id"], ids), self._ids(rows["period"], self.periods)
        if (i < 0).any():
            self.wrong("dual", f"rents of kind {kind} name something that is not there")
        out[i[i >= 0], m[i >= 0]] = rows["rent"].to_numpy()[i >= 0]
        return out

    def _bans(self, lead: Sequence[str]) -> tuple[Bools, Bools, list[str]]:
        arcs = self.problem.arcs["arc"].unique(maintain_order=True).to_list()
        no_sale = np.zeros((len(lead), self.N, self.M), dtype=bool)
        no_arc = np.zeros((len(lead), len(arcs), self.M), dtype=bool)
        for trader, node, arc, first, last, *_ in self.problem.bans.iter_rows():
            who = list(range(len(lead))) if trader == "*" else [k for k, t in enumerate(lead) if t == trader]
            when = slice(self.periods.index(first), self.periods.index(last) + 1)
            if node is not None and not (node == "*" and arc not in (None, "*")):
                here = slice(None) if node == "*" else self.nodes.index(node)
                for k in who:
                    no_sale[k, here, when] = True
            if arc is not None and not (arc == "*" and node not in (None, "*")):
                here = slice(None) if arc == "*" else arcs.index(arc)
                for k in who:
                    no_arc[k, here, when] = True
        return no_sale, no_arc, arcs

    # -- complementarity ----------------------------------------------------------------------------------------------

    def optimal(
        self, reduced: Floats, quantity: Floats, D: Floats, near: Floats, size: Floats, name: Callable[[int], str],
        who: Ints | None = None, room: Floats | None = None,
    ) -> None:  # fmt: skip
        """A quantity >= 0 with reduced cost: the cost is not negative, and it is zero where the quantity is not.

        `near`: price level for the relative error; `size`: the scale of the quantity. `who`: class, for best responses;
        `room`: the most the quantity can be.
        """
        relative = reduced / (1.0 + near)
        self.note("dual", np.maximum(-relative, np.minimum(relative, quantity / size)), name)
        self.gap += float((D * np.abs(reduced) * np.maximum(quantity, 0.0)).sum())
        if who is not None:
            most = self.room[who] if room is None else np.minimum(room, self.room[who])
            gain = D * (
                np.maximum(reduced, 0.0) * np.maximum(quantity, 0.0)
                + np.maximum(-reduced, 0.0) * np.maximum(most - quantity, 0.0)
            )
            np.add.at(self.gain, who, gain)

    def scarce(
        self, rent: Floats, used: Floats, limit: Floats, D: Floats, near: Floats, name: Callable[[int], str],
        who: Ints | None = None,
    ) -> None:  # fmt: skip
        """A limit and its rent: the limit holds, the rent is not negative, and it is zero where there is room."""
        bounded = np.isfinite(limit)
        scale = np.maximum(np.where(bounded, np.abs(limit), 1.0), 1e-3 * self.big)
        slack = np.where(bounded, limit - used, np.inf)
        self.note("primal", -slack / scale, name)
        relative = rent / (1.0 + near)
        self.note("dual", np.maximum(-relative, np.minimum(relative, slack / scale)), name)
        money = D * np.abs(rent) * np.abs(np.where(rent == 0, 0.0, np.where(bounded, slack, self.big)))
        self.gap += float(money.sum())
        if who is not None:
            np.add.at(self.gain, who, money)

    # -- the parties --------------------------------------------------------------------------------------------------

    def check_market(self) -> None:
        """Consumers: price and quantity on the demand curve. Sellers: marginal revenue is the value of the gas."""
        p, s = self.problem, self.solution
        n, m = self.dn, self.dm
        desk = s.storage.filter(pl.col("trader").is_null()).join(
            p.storage.select("storage", "period", "node"), on=["storage", "period"]
        )
        dn, dm = self._ids(desk["node"], self.nodes), self._ids(desk["period"], self.periods)
        np.add.at(self.desk_net, (dn, dm), desk["withdrawal"].to_numpy() - desk["injection"].to_numpy())
        sold = self.sales.sum(axis=0)
        flow = sold + np.abs(self.desk_net)
        self.through = np.maximum(self.through, flow)
        Q = (sold + self.desk_net)[n, m]
        self.Q = Q
        eaten = s.consumption.select("node", "period", "quantity", "unserved")
        place = np.full((self.N, self.M), -1, dtype=np.int64)
        place[n, m] = np.arange(n.size)
        at = place[self._ids(eaten["node"], self.nodes), self._ids(eaten["period"], self.periods)]
        if eaten.height != n.size or (at < 0).any() or np.unique(at).size != n.size:
            self.wrong("balance", "consumption does not list every market once")
            return
        said = np.zeros(n.size)
        said[at] = eaten["quantity"].to_numpy()
        lost = np.zeros(n.size)
        lost[at] = eaten["unserved"].to_numpy()
        throughput = np.maximum(flow[n, m], np.abs(said))
        floor = SMALL * max(float(throughput.max(initial=0.0)), self.big)
        scale = np.maximum(throughput, floor)

        def market(i: int) -> str:
            return f"node {self.nodes[n[i]]}, {self.periods[m[i]]}"

        self.note("balance", np.abs(said - Q) / scale, lambda i: f"consumption at {market(i)}")
        served = np.where(self.elastic, 0.0, np.abs(np.nan_to_num(self.fixed) - Q - lost))
        self.note(
            "balance", served / np.maximum(scale, np.nan_to_num(self.fixed)), lambda i: f"fixed demand at {market(i)}"
        )
        must = ~self.elastic & np.isnan(self.voll)
        self.note(
            "primal", np.where(must, lost, -np.minimum(lost, 0.0)) / scale, lambda i: f"unserved demand at {market(i)}"
        )
        self.note("primal", -Q / scale, lambda i: f"consumption below 0 at {market(i)}")
        here = self.price[n, m]
        if np.isnan(here).any():
            self.wrong("price", "a market has no price")
            return
        near = np.abs(here)
        worth = np.where(self.elastic, self.a - self.b * np.maximum(Q, 0.0), self.voll)
        zero = 1e-9 * scale >= Q
        between = self.elastic | (lost > 1e-9 * scale)
        off = np.where(zero, np.maximum(worth - here, 0.0), np.abs(here - worth))
        full = np.isfinite(self.voll) & (self.fixed > 0)
        off = np.where(between, off, np.where(full, np.maximum(here - np.nan_to_num(worth), 0.0), 0.0))
        self.note("price", off / (1.0 + near), lambda i: f"demand at {market(i)}")
        self.gap += float((self.D[m] * np.where(np.isnan(off), 0.0, off) * np.maximum(Q, 0.0)).sum())

        ends = s.prices.select(
            (pl.col("price_lo").fill_null(-np.inf) - pl.col("price")).alias("l"),
            (pl.col("price") - pl.col("price_hi").fill_null(np.inf)).alias("h"),
        )
        outside = np.maximum(ends["l"].to_numpy(), ends["h"].to_numpy()) / (1.0 + s.prices["price"].abs().to_numpy())
        self.note("price", outside, lambda i: f"interval of {s.prices['node'][i]}, {s.prices['period'][i]}")
        self._prices_without_market()

        # sellers
        joint = self.sales.copy()
        ahead = self._inframarginal()
        for g in {g for g in self.group if g is not None}:
            members = [k for k in range(self.K) if self.group[k] == g]
            joint[members] = joint[members].sum(axis=0)
            ahead[members] = ahead[members].sum(axis=0)
        self.markup = self.steep * (joint - ahead)
        self._caps_and_contracts_on_sales()
        if (self.no_sale & (self.sales > 0)).any():
            self.wrong("primal", "a banned sale")
        if (~self.market[None] & (self.sales > 0)).any():
            self.wrong("primal", "sales where there is no market")
        k_, e_ = np.nonzero(~np.isnan(self.value[:, n, m]) & ~self.no_sale[:, n, m])
        nn, mm = n[e_], m[e_]
        reduced = self.value[k_, nn, mm] - here[e_] + self.markup[k_, nn, mm] + self.extra[k_, nn, mm]
        quantity = self.sales[k_, nn, mm]
        size = scale[e_]

        def seller(i: int) -> str:
            return f"sales of {self.classes[k_[i]]} at {self.nodes[nn[i]]}, {self.periods[mm[i]]}"

        self.optimal(reduced, quantity, self.D[mm], near[e_], size, seller, k_)
        own = np.where(self.strategic[k_], np.minimum(np.abs(reduced) / (1.0 + near[e_]), quantity / size), 0.0)
        self.note("markup", own, seller)
        # the cheapest gas offered, from whichever class or from the store's desk, is what the price must be
        marginal = np.full((self.N, self.M), np.inf)
        np.minimum.at(marginal, (nn, mm), reduced + here[e_])
        stores = p.storage["storage"].unique(maintain_order=True).to_list()
        rent = self._rents("withdrawal", stores)[self._ids(desk["storage"], stores), dm]
        np.minimum.at(
            marginal, (dn, dm), np.where(desk["withdrawal"].to_numpy() > 0, desk["value"].to_numpy() + rent, np.inf)
        )
        offered = marginal[n, m]
        eating = (Q > 0) & np.isfinite(offered)
        off = np.where(eating, np.minimum(np.abs(np.where(eating, here - offered, 0.0)) / (1.0 + near), Q / floor), 0.0)
        self.note("price", off, lambda i: f"supply at {market(i)}")
        missing = np.isnan(self.value) & (self.sales > 0)
        if missing.any():
            self.wrong("dual", "sales of gas that has no value")
        np.add.at(self.profit, k_, self.D[mm] * here[e_] * quantity)
        self._markups_as_said()

    def _prices_without_market(self) -> None:
        """Where nothing is bought the price is the lowest worth of any gas there, and determined only if all have that worth."""
        told = self.solution.prices
        n, m = self._ids(told["node"], self.nodes), self._ids(told["period"], self.periods)
        rows = np.flatnonzero(~self.market[n, m])
        if rows.size == 0:
            return
        worth = self.value[:, n[rows], m[rows]]
        if np.isnan(worth).all(axis=0).any():
            self.wrong("price", "a price of a node where no gas has a value")
            return
        price = told["price"].to_numpy()[rows]
        off = np.abs(price - np.nanmin(worth, axis=0))
        off = np.where(told["determined"].to_numpy()[rows], np.maximum(off, np.nanmax(worth, axis=0) - price), off)
        self.note(
            "price", off / (1.0 + np.abs(price)),
            lambda i: f"worth of gas at {self.nodes[n[rows[i]]]}, {self.periods[m[rows[i]]]}",
        )  # fmt: skip

    def _markups_as_said(self) -> None:
        rows = self.solution.markups
        k, n, m = (
            self._ids(rows["trader"], self.classes), self._ids(rows["node"], self.nodes), self._ids(rows["period"], self.periods),
        )  # fmt: skip
        if (k < 0).any() or (n < 0).any() or (m < 0).any():
            self.wrong("markup", "markups name something unknown")
            return
        off = np.abs(rows["markup"].to_numpy() - self.markup[k, n, m]) / (1.0 + np.abs(rows["price"].to_numpy()))
        self.note("markup", off, lambda i: f"markup of {rows['trader'][i]} at {rows['node'][i]}, {rows['period'][i]}")
        told = np.zeros((self.K, self.N, self.M), dtype=bool)
        told[k, n, m] = True
        floor = 1e-9 * self.big
        if ((self.steep > 0) & (self.sales > floor) & ~told).any():
            self.wrong("markup", "a strategic seller's markup is not reported")

    def _inframarginal(self) -> Floats:
        ahead = np.zeros((self.K, self.N, self.M))
        days = self.problem.periods["days"].fill_null(1.0).to_numpy()
        for r in self.problem.contracts.iter_rows(named=True):
            volume = inframarginal_volume(r["inframarginal"], r["minimum"])
            if volume > 0:
                when = slice(self.periods.index(r["first_period"]), self.periods.index(r["last_period"]) + 1)
                ahead[self.class_of[r["trader"]], self.nodes.index(r["node"]), when] += (
                    volume * days[when] / days[when].sum()
                )
        return ahead

    def _caps_and_contracts_on_sales(self) -> None:
        caps = self.problem.caps
        if not caps.is_empty():
            k = np.array([self.class_of[t] for t in caps["trader"]])
            n, m = self._ids(caps["node"], self.nodes), self._ids(caps["period"], self.periods)
            names = [f"{self.classes[a]}/{self.nodes[b]}" for a, b in zip(k, n, strict=True)]
            unique = list(dict.fromkeys(names))
            rent = self._rents("cap", unique)[[unique.index(x) for x in names], m]
            self.extra[k, n, m] += rent
            price = np.nan_to_num(self.price[n, m])
            self.scarce(
                rent, self.sales[k, n, m], caps["maximum"].to_numpy(), self.D[m], np.abs(price),
                lambda i: f"offer cap of {caps['trader'][i]} at {caps['node'][i]}, {caps['period'][i]}", k,
            )  # fmt: skip
        elif self.solution.rents.filter(pl.col("kind") == "cap").height:
            self.wrong("dual", "rents of offer caps that are not there")
        self.contract = dict(self.solution.rents.filter(pl.col("kind") == "contract").select("id", "rent").iter_rows())
        for r in self.problem.contracts.filter(pl.col("arc").is_null()).iter_rows(named=True):
            when = slice(self.periods.index(r["first_period"]), self.periods.index(r["last_period"]) + 1)
            where = (self.class_of[r["trader"]], self.nodes.index(r["node"]), when)
            self.extra[where] += self.contract.get(r["contract"], 0.0) / self.D[when]

    def check_production(self) -> None:
        """Producers: marginal cost with the step's rent is the value of the gas."""
        p = self.problem.production
        made = p.join(
            self.solution.production, on=["trader", "node", "step", "period"], how="left", maintain_order="left"
        )
        if made["quantity"].drop_nulls().len() != self.solution.production.height:
            self.wrong("primal", "production of a step that is not there")
            return
        x = made["quantity"].fill_null(0.0).to_numpy()
        k = np.array([self.class_of[t] for t in p["trader"]], dtype=np.int64)
        n, m = self._ids(p["node"], self.nodes), self._ids(p["period"], self.periods)
        np.add.at(self.net, (k, n, m), x)
        np.add.at(self.through, (n, m), x)
        steps = p.select(pl.concat_str(["trader", "node", "step"], separator="/").alias("id"))["id"]
        ids = steps.unique(maintain_order=True).to_list()
        rent = self._rents("production", ids)[self._ids(steps, ids), m]
        cost, slope = p["cost"].to_numpy(), p["cost_slope"].to_numpy()
        limit = p["capacity"].fill_null(float("inf")).to_numpy() + self._added("production", steps, m)
        value = self.value[k, n, m]
        there = ~np.isnan(value) & (limit > 0)
        reduced = cost + slope * x + rent - np.nan_to_num(value)

        def step(i: int) -> str:
            return f"production {steps[int(np.flatnonzero(there)[i])]}, {self.periods[m[there][i]]}"

        near = np.abs(np.nan_to_num(value))
        size = np.maximum(np.where(np.isfinite(limit), limit, x), 1e-3 * self.big)
        self.optimal(
            reduced[there], x[there], self.D[m[there]], near[there], size[there], step, k[there], limit[there]
        )  # fmt: skip
        self.scarce(rent, x, limit, self.D[m], near, lambda i: f"capacity of {steps[i]}, {self.periods[m[i]]}", k)
        if ((x > 0) & np.isnan(value)).any():
            self.wrong("dual", "production of gas that has no value")
        np.add.at(self.profit, k, -self.D[m] * (cost * x + slope * x**2 / 2))
        self.made = (k, n, m, limit, cost + rent)

    def _added(self, kind: str, ids: pl.Series, m: Ints) -> Floats:
        """Capacity that earlier investments add to each (id, period)."""
        out = np.zeros(m.size)
        rows = self.solution.investments.filter(pl.col("kind") == kind)
        for name, period, quantity in rows.select("id", "period", "quantity").iter_rows():
            out += quantity * ((ids == name).to_numpy() & (m > self.periods.index(period)))
        return out

    def _following(self) -> Ints:
        cycles = self.problem.periods["cycle"].to_list()
        after = np.zeros(self.M, dtype=np.int64)
        for m in range(self.M):
            more = m + 1 < self.M and cycles[m + 1] == cycles[m]
            after[m] = m + 1 if more else cycles.index(cycles[m])
        return after

    def check_arcs(self) -> None:
        """Shippers: value at the sending end plus all it costs to send is the value of what arrives."""
        a = self.problem.arcs
        self.A = A = a.height
        arc = self._ids(a["arc"], self.arc_ids)
        i, j, m = self._ids(a["from"], self.nodes), self._ids(a["to"], self.nodes), self._ids(a["period"], self.periods)
        loss, lag = _numbers(a["loss"]), _numbers(a["lag"])
        after = self._following()[m]
        at = np.full((len(self.arc_ids), self.M), -1, dtype=np.int64)
        at[arc, m] = np.arange(A)
        f = self.solution.flows
        fk = self._ids(f["trader"], self.classes)
        fe = at[self._ids(f["arc"], self.arc_ids), self._ids(f["period"], self.periods)]
        if (fe < 0).any():
            self.wrong("primal", "a flow over an arc in a period in which it is not there")
            return
        x = f["quantity"].to_numpy()
        prompt, late = (1 - loss) * (1 - lag), (1 - loss) * lag
        np.add.at(self.net, (fk, i[fe], m[fe]), -x)
        np.add.at(self.net, (fk, j[fe], m[fe]), prompt[fe] * x)
        np.add.at(self.net, (fk, j[fe], after[fe]), late[fe] * x)
        out, into = np.zeros((self.N, self.M)), np.zeros((self.N, self.M))
        np.add.at(out, (i[fe], m[fe]), x)
        np.add.at(into, (j[fe], m[fe]), prompt[fe] * x)
        np.add.at(into, (j[fe], after[fe]), late[fe] * x)
        self.through = np.maximum(self.through, np.maximum(out, into))
        total = np.bincount(fe, weights=x, minlength=A).astype(np.float64)
        quantity = np.zeros((self.K, A))
        quantity[fk, fe] = x

        rent = self._rents("arc", self.arc_ids)[arc, m]
        limit = a["capacity"].fill_null(float("inf")).to_numpy() + self._added("arc", a["arc"], m)
        fleets = a["fleet"].drop_nulls().unique().sort().to_list()
        fleet = self._ids(a["fleet"], fleets)
        day = self._rents("fleet", fleets)
        per_unit = np.where(fleet >= 0, day[fleet, m] if fleets else 0.0, 0.0) * _numbers(a["ship_days"])
        hubs = a["hub"].drop_nulls().unique().sort().to_list()
        hub = self._ids(a["hub"], hubs)
        moved = self._rents("hub", hubs)
        per_unit = per_unit + (np.where(hub >= 0, moved[hub, m], 0.0) if hubs else 0.0)
        unit = _numbers(a["cost"]) + _numbers(a["tariff"]) + _numbers(a["tax"]) + rent + per_unit
        extra = np.zeros((self.K, A))
        for r in self.problem.contracts.filter(pl.col("arc").is_not_null()).iter_rows(named=True):
            first, last = self.periods.index(r["first_period"]), self.periods.index(r["last_period"])
            mine = (arc == self.arc_ids.index(r["arc"])) & (m >= first) & (m <= last)
            extra[self.class_of[r["trader"]], mine] += self.contract.get(r["contract"], 0.0) / self.D[m[mine]]
        here, there, next_ = self.value[:, i, m], self.value[:, j, m], self.value[:, j, after]
        worth = np.where(prompt > 0, prompt * there, 0.0) + np.where(
            late > 0, late * self.D[after] / self.D[m] * next_, 0.0
        )
        rising = _numbers(a["cost_slope"])
        reduced = here + unit + rising * quantity + extra - worth
        may = ~self.no_arc[:, arc, m] & (limit > 0)
        k_, e_ = np.nonzero(may & ~np.isnan(reduced))
        near = np.maximum(np.abs(here), np.abs(np.nan_to_num(worth)))[k_, e_]

        def flow(q: int) -> str:
            return f"flow of {self.classes[k_[q]]} over {self.arc_ids[arc[e_[q]]]}, {self.periods[m[e_[q]]]}"

        size = np.maximum(self.through[i, m], SMALL * self.big)[e_]
        self.optimal(reduced[k_, e_], quantity[k_, e_], self.D[m[e_]], near, size, flow, k_, limit[e_])
        if (quantity[~may] > 0).any():
            self.wrong("primal", "a flow over an arc that the trader may not use, or that has no capacity")
        if (quantity[may & np.isnan(reduced)] > 0).any():
            self.wrong("dual", "a flow of gas that has no value")
        self.scarce(
            rent, total, limit, self.D[m], np.zeros(A), lambda q: f"capacity of {a['arc'][q]}, {a['period'][q]}"
        )
        np.add.at(self.profit, fk, -self.D[m[fe]] * (unit[fe] * x + rising[fe] * x**2 / 2))
        self.arcs = (i, j, m, after, prompt, late, may, unit + extra)
        self.ship_days = (fleets, fleet, m, _numbers(a["ship_days"]) * total, day)
        self.transshipped = (hubs, hub, m, total, moved)

    def check_conversions(self) -> None:
        """Plants: what a unit of activity delivers is worth what it takes, its costs and the rents of what is scarce."""
        c = self.problem.conversions
        names = c["conversion"].unique(maintain_order=True).to_list()
        v, m = self._ids(c["conversion"], names), self._ids(c["period"], self.periods)
        legs = (
            c.select("conversion")
            .with_row_index("entry")
            .join(self.problem.yields, on="conversion", maintain_order="left")
        )
        le, ln, la = (
            legs["entry"].to_numpy().astype(np.int64),
            self._ids(legs["node"], self.nodes),
            _numbers(legs["amount"]),
        )
        at = {(a, b): e for e, (a, b) in enumerate(c.select("conversion", "period").iter_rows())}
        r = self.solution.conversions
        rk = self._ids(r["trader"], self.classes)
        re = np.array([at.get(key, -1) for key in r.select("conversion", "period").iter_rows()], dtype=np.int64)
        if (re < 0).any():
            self.wrong("primal", "activity of a conversion in a period in which it is not there")
            self.recipes = (le, ln, la, m, np.zeros((self.K, c.height), dtype=bool), np.zeros(c.height))
            return
        x = r["quantity"].to_numpy()
        quantity = np.zeros((self.K, c.height))
        quantity[rk, re] = x
        total = quantity.sum(axis=0)
        np.add.at(np.moveaxis(self.net, 0, -1), (ln, m[le]), (la * quantity[:, le]).T)
        for sign in (1.0, -1.0):
            moved = np.zeros((self.N, self.M))
            np.add.at(moved, (ln, m[le]), np.maximum(sign * la, 0.0) * total[le])
            self.through = np.maximum(self.through, moved)

        plants = self.problem.plants
        plant_ids = plants["plant"].unique(maintain_order=True).to_list()
        plant = self._ids(c["plant"], plant_ids)
        most = np.zeros((len(plant_ids), self.M))
        most[self._ids(plants["plant"], plant_ids), self._ids(plants["period"], self.periods)] = _numbers(
            plants["capacity"], float("inf")
        )
        own, shared = self._rents("conversion", names)[v, m], self._rents("plant", plant_ids)
        unit = _numbers(c["cost"]) + _numbers(c["tariff"]) + _numbers(c["tax"]) + own
        limit = _numbers(c["capacity"], float("inf"))
        in_plant = np.flatnonzero(plant >= 0)
        unit[in_plant] += shared[plant[in_plant], m[in_plant]]
        room = limit.copy()
        room[in_plant] = np.minimum(room[in_plant], most[plant[in_plant], m[in_plant]])
        owner = np.array([-1 if t is None else self.class_of[t] for t in c["trader"]], dtype=np.int64)
        may = ((owner[None] < 0) | (np.arange(self.K)[:, None] == owner[None])) & (room > 0)[None]
        worth, near = np.zeros((self.K, c.height)), np.zeros((self.K, c.height))
        here = la * self.value[:, ln, m[le]]
        np.add.at(worth.T, le, here.T)  # NaN where one of its nodes has no value
        np.maximum.at(near.T, le, np.abs(np.nan_to_num(here)).T)
        reduced = unit[None] - worth
        k_, e_ = np.nonzero(may & ~np.isnan(reduced))

        def activity(i: int) -> str:
            return f"activity of {c['conversion'][int(e_[i])]} run by {self.classes[k_[i]]}, {c['period'][int(e_[i])]}"

        size = np.maximum(np.where(np.isfinite(room), room, total), 1e-3 * self.big)[e_]
        self.optimal(reduced[k_, e_], quantity[k_, e_], self.D[m[e_]], near[k_, e_], size, activity, k_, room[e_])
        if (quantity[~may] > 0).any():
            self.wrong("primal", "a conversion run by a trader who may not, or without capacity")
        if (quantity[may & np.isnan(reduced)] > 0).any():
            self.wrong("dual", "a conversion of something that has no value")
        self.scarce(
            own, total, limit, self.D[m], np.zeros(m.size),
            lambda i: f"capacity of conversion {c['conversion'][i]}, {c['period'][i]}",
        )  # fmt: skip
        used = np.zeros(most.shape)
        np.add.at(used, (plant[in_plant], m[in_plant]), total[in_plant])
        self.scarce(
            shared.ravel(), used.ravel(), most.ravel(), np.tile(self.D, len(plant_ids)), np.zeros(most.size),
            lambda i: f"capacity of plant {plant_ids[i // self.M]}, {self.periods[i % self.M]}",
        )  # fmt: skip
        np.add.at(self.profit, rk, -self.D[m[re]] * unit[re] * x)
        self.recipes = (le, ln, la, m, may, unit)

    def check_storage(self) -> None:
        """Users of stores: what goes in is worth it, what comes out is worth it, and stock is held while it gains."""
        s, held = self.problem.storage, self.solution.storage
        none = np.zeros(0, dtype=np.int64)
        self.uses = (none, none, none, np.zeros(0), np.zeros(0), np.zeros(0), np.zeros(0))
        if s.is_empty():
            if held.height:
                self.wrong("primal", "stock in a store that is not there")
            return
        stores = s["storage"].unique(maintain_order=True).to_list()
        at = np.full((len(stores), self.M), -1, dtype=np.int64)
        w, m = self._ids(s["storage"], stores), self._ids(s["period"], self.periods)
        at[w, m] = np.arange(s.height)
        e = at[self._ids(held["storage"], stores), self._ids(held["period"], self.periods)]
        if (e < 0).any():
            self.wrong("primal", "stock in a store in a period in which it is not there")
            return
        u = self._ids(held["trader"], self.classes)  # -1: the desk
        owner = s["trader"].to_list()
        self._lessees(w, m)
        for user, entry in {(int(a), int(b)) for a, b in zip(u, w[e], strict=True)}:
            mine = owner[int(np.flatnonzero(w == entry)[0])]
            taker = user >= 0 and self.lessee[user, int(np.flatnonzero(w == entry)[0])]
            if not (
                mine == "*"
                or (mine is None and (user < 0 or taker))
                or (mine is not None and user >= 0 and self.class_of.get(mine) == user)
            ):
                self.wrong("primal", f"store {stores[entry]} is used by someone who may not")
        n = self._ids(s["node"], self.nodes)
        working, injection, withdrawal = (_numbers(s[c], float("inf")) for c in ("working", "injection", "withdrawal"))
        names = s["storage"]
        working = working + self._added("storage", names, m)
        injection = injection + self._added("injection", names, m)
        withdrawal = withdrawal + self._added("withdrawal", names, m)
        least, loss, cost = _numbers(s["minimum_fill"], 0.0), s["loss"].to_numpy(), s["cost"].to_numpy()
        initial, final = _numbers(s["initial"]), _numbers(s["final"])
        level, before, went_in, went_out, value = (
            held[c].to_numpy() for c in ("level", "before", "injection", "withdrawal", "value")
        )

        def use(i: int) -> str:
            return f"store {held['storage'][i]} used by {held['trader'][i] or 'its market desk'}, {held['period'][i]}"

        for numbers in (level, before, went_in, went_out):
            self.note("primal", -numbers / np.maximum(self.big, 1e-300), use)
        scale = np.maximum(np.maximum(level, before), np.maximum(went_in, went_out))
        scale = np.maximum(scale, SMALL * max(float(scale.max(initial=0.0)), self.big))
        self.note("balance", np.abs(level - before - (1 - loss[e]) * went_in + went_out) / scale, use)

        # runs: consecutive periods of one cycle in which the store is there
        cycles = self.problem.periods["cycle"].to_list()
        cyclic = cycles[0] is not None
        order = np.lexsort((m[e], w[e], u))
        first = np.ones(e.size, dtype=bool)
        o = e[order]
        same = (u[order][1:] == u[order][:-1]) & (w[o][1:] == w[o][:-1]) & (m[o][1:] == m[o][:-1] + 1)
        same &= np.array([cycles[x] == cycles[y] for x, y in zip(m[o][1:], m[o][:-1], strict=True)], dtype=bool)
        first[1:] = ~same
        last = np.append(first[1:], True)[: e.size]
        start, end = np.flatnonzero(first), np.flatnonzero(last)
        given, asked = initial[o[start]], final[o[end]]
        closes = cyclic & (np.isnan(given) | np.isnan(asked))
        lv, bf = level[order], before[order]
        previous = np.append(0.0, lv[:-1])[: e.size]
        previous[start] = np.where(closes, lv[end], np.where(np.isnan(given), 0.0, bf[start]))
        self.note("balance", (np.abs(bf - previous) / scale[order]), lambda i: use(int(order[i])))
        for store in np.unique(w[o[start]]):
            for begin in np.unique(m[o[start]][w[o[start]] == store]):
                mine = (w[o[start]] == store) & (m[o[start]] == begin)
                stock = given[mine][0]
                if not np.isnan(stock):
                    off = abs(bf[start][mine].sum() - stock) / max(stock, SMALL * self.big)
                    self.note("balance", np.array([off]), _always(f"initial stock of store {stores[store]}"))
        self._users_complete(w, m, n, owner, stores, u, e)

        # sums over users against the limits
        E = s.height

        def total(x: Floats) -> Floats:
            return np.bincount(e, weights=x, minlength=E).astype(np.float64)

        D = self.D[m]
        near = np.zeros(E)
        np.maximum.at(near, e, np.abs(value))

        def text(kind: str) -> Callable[[int], str]:
            return lambda i: f"{kind} of store {names[i]}, {s['period'][i]}"

        rents = {
            k: self._rents(k, stores)[w, m]
            for k in ("storage", "injection", "withdrawal", "minimum_fill", "final", "initial")
        }
        private = np.array([self.class_of.get(t, -1) if t not in (None, "*") else -1 for t in owner], dtype=np.int64)
        for rent, used, limit, kind in (
            (rents["storage"], total(level), working, "working volume"),
            (rents["injection"], total(went_in), injection, "injection"),
            (rents["withdrawal"], total(went_out), withdrawal, "withdrawal"),
            (rents["minimum_fill"], -total(level), -np.where(least > 0, least, -np.inf), "minimum fill"),
        ):
            self.scarce(rent, used, limit, D, near, text(kind))
        ends = np.zeros(E, dtype=bool)
        ends[o[end]] = True
        must = np.where(ends & (np.nan_to_num(final) > 0), final, -np.inf)
        self.scarce(rents["final"], -total(level), -must, D, near, text("final stock"))
        if (np.nan_to_num(rents["initial"]) != 0)[np.isnan(initial)].any():
            self.wrong("dual", "a value of an initial stock that is not given")

        # first-order conditions of users
        k = np.maximum(u, 0)
        gas = np.where(u < 0, self.price[n[e], m[e]], self.value[k, n[e], m[e]])
        trades = ~np.isnan(gas)
        reduced_in = cost[e] + gas - (1 - loss[e]) * value + rents["injection"][e]
        reduced_out = value - gas + rents["withdrawal"][e]
        put_in, take_out = cost[e] + rents["injection"][e], rents["withdrawal"][e]
        self.uses = (u, n[e], m[e], value, put_in, take_out, loss[e])
        size = np.maximum(scale, 1e-3 * self.big)
        who = np.where(private[e] >= 0, private[e], -1)
        for reduced, x in ((reduced_in, went_in), (reduced_out, went_out)):
            self._store_choice(
                reduced[trades],
                x[trades],
                self.D[m[e]][trades],
                np.abs(gas)[trades],
                size[trades],
                np.flatnonzero(trades),
                use,
                who[trades],
            )
            if (x[~trades] > 0).any():
                self.wrong("dual", "a store is used where there is neither market nor value")
        worth = (self.D[m[e]] * value)[order]
        later = np.append(worth[1:], 0.0)[: e.size]
        feeds = closes & np.isnan(given)
        later[end] = np.where(feeds, worth[start], 0.0)
        stock_value = (D * rents["initial"])[o[start]]
        returned = np.where(closes & ~np.isnan(given), stock_value - worth[start], 0.0)
        net = worth - later + (D * (rents["storage"] - rents["minimum_fill"] - rents["final"]))[o]
        net[end] += returned
        self._store_choice(
            net / self.D[m[o]], lv, self.D[m[o]], np.abs(value[order]), size[order], order, use, who[order]
        )
        opening = np.where(~np.isnan(given) & ~closes, stock_value - worth[start], 0.0)
        self._store_choice(
            opening / self.D[m[o[start]]], bf[start], self.D[m[o[start]]], np.abs(value[order][start]), size[order][start],
            order[start], use, who[order][start],
        )  # fmt: skip
        own = u >= 0
        np.add.at(self.net, (u[own], n[e[own]], m[e[own]]), went_out[own] - went_in[own])
        moved = np.zeros((self.N, self.M))
        np.add.at(moved, (n[e], m[e]), np.maximum(went_in, went_out))
        self.through = np.maximum(self.through, moved)
        mine = who >= 0
        np.add.at(self.profit, who[mine], -(self.D[m[e]] * cost[e] * went_in)[mine])

    def _store_choice(
        self,
        reduced: Floats,
        x: Floats,
        D: Floats,
        near: Floats,
        size: Floats,
        index: Ints,
        use: Callable[[int], str],
        who: Ints,
    ) -> None:
        self.optimal(reduced, x, D, near, size, lambda i: use(int(index[i])))
        mine = who >= 0
        if mine.any():
            gain = D * np.abs(reduced) * np.where(reduced > 0, np.maximum(x, 0.0), self.room[np.maximum(who, 0)])
            np.add.at(self.gain, who[mine], gain[mine])

    def _lessees(self, w: Ints, m: Ints) -> None:
        """Who may lease open stores [K, entries]: price takers of the most numerous kind; all where no market is."""
        p = self.problem
        traders = p.traders["trader"].to_list()
        no_sale, no_arc, _ = self._bans(traders)
        tied = {t for f in (p.contracts, p.caps, p.storage, p.conversions) for t in f["trader"].drop_nulls()}
        tied |= set(p.traders.filter(pl.col("group").is_not_null())["trader"])
        kinds: dict[Any, list[int]] = {}
        for i, t in enumerate(traders):
            if not self.strategic[self.class_of[t]]:
                law = t if t in tied else (np.packbits(no_sale[i]).tobytes(), np.packbits(no_arc[i]).tobytes())
                kinds.setdefault(law, []).append(self.class_of[t])
        most = max((len(k) for k in kinds.values()), default=0)
        leases = np.zeros(self.K, dtype=bool)
        leases[[k for kind in kinds.values() if len(kind) == most for k in kind]] = True
        s = p.storage
        cycle = dict(zip(self.periods, p.periods["cycle"].to_list(), strict=True))
        open_ = self.market[self._ids(s["node"], self.nodes), m]
        closed_runs = {(int(a), cycle[self.periods[b]]) for a, b, o in zip(w, m, open_, strict=True) if not o}
        bare = np.array(
            [(int(a), cycle[self.periods[b]]) in closed_runs for a, b in zip(w, m, strict=True)], dtype=bool
        )
        self.leases = leases
        self.lessee = ~self.strategic[:, None] & (leases[:, None] | bare[None])

    def _users_complete(
        self, w: Ints, m: Ints, n: Ints, owner: Sequence[str | None], stores: Sequence[str], u: Ints, e: Ints
    ) -> None:
        """Everyone who may use a store and has gas at its node is among its users, so that no gain is overlooked."""
        users = set(zip(u.tolist(), w[e].tolist(), strict=True))
        valued = ~np.isnan(self.value)
        for store in range(len(stores)):
            rows = np.flatnonzero(w == store)
            mine = owner[int(rows[0])]
            here = valued[:, n[rows], m[rows]].any(axis=1)
            may = (
                np.ones(self.K, dtype=bool) if mine == "*"
                else self.lessee[:, rows[0]] if mine is None
                else np.arange(self.K) == self.class_of[mine]
            )  # fmt: skip
            for k in np.flatnonzero(here & may):
                if (int(k), store) not in users:
                    self.wrong(
                        "dual", f"store {stores[store]} could be used by {self.classes[k]}, which the answer leaves out"
                    )
            if mine is None and (-1, store) not in users:
                open_ = self.market[n[rows], m[rows]] & (valued & ~self.no_sale & ~self.leases[:, None, None])[
                    :, n[rows], m[rows]
                ].any(axis=0)
                if open_.any():
                    self.wrong("dual", f"store {stores[store]} could trade at its market, which the answer leaves out")

    def check_nodes(self) -> None:
        """Every class's gas balances at every node and period."""
        net = self.net - self.sales
        scale = np.maximum(self.through, SMALL * max(float(self.through.max(initial=0.0)), self.big))
        errors = np.abs(net) / scale[None]

        def place(i: int) -> str:
            k, n, m = np.unravel_index(i, errors.shape)
            return f"gas of {self.classes[k]} at {self.nodes[n]}, {self.periods[m]}"

        self.note("balance", errors.ravel(), place)
        loose = self.D * np.abs(np.nan_to_num(self.value) * net)
        self.gap += float(loose.sum())
        self.gain += loose.sum(axis=(1, 2))

    def check_fleets(self) -> None:
        """Ship-days: no more than there are, and their price is zero while some are left."""
        if self.A == 0:
            return
        self._check_shared("fleet", self.problem.fleets, "ship_days", self.ship_days)

    def check_hubs(self) -> None:
        """Transshipment: no more than the hub can, and its price is zero while some is left."""
        if self.A:
            self._check_shared("hub", self.problem.hubs, "capacity", self.transshipped)

    def _check_shared(
        self, kind: str, table: pl.DataFrame, column: str, of: tuple[list[str], Ints, Ints, Floats, Floats]
    ) -> None:
        names, member, m, taken, rent = of
        used = np.zeros((len(names), self.M))
        np.add.at(used, (member[member >= 0], m[member >= 0]), taken[member >= 0])
        limit = np.full((len(names), self.M), np.inf)
        i, t = self._ids(table[kind], names), self._ids(table["period"], self.periods)
        limit[i[i >= 0], t[i >= 0]] = table[column].fill_null(float("inf")).to_numpy()[i >= 0]
        D = np.broadcast_to(self.D, used.shape).ravel()
        self.scarce(
            rent.ravel(), used.ravel(), limit.ravel(), D, np.abs(rent.ravel()),
            lambda q: f"{kind} {names[q // self.M]}, {self.periods[q % self.M]}",
        )  # fmt: skip

    def check_contracts(self) -> None:
        """Contracts: between their limits, and a multiplier only at a limit."""
        for r in self.problem.contracts.iter_rows(named=True):
            when = slice(self.periods.index(r["first_period"]), self.periods.index(r["last_period"]) + 1)
            k = self.class_of[r["trader"]]
            if r["arc"] is None:
                volume = float(self.sales[k, self.nodes.index(r["node"]), when].sum())
            else:
                f = self.solution.flows.filter((pl.col("arc") == r["arc"]) & (pl.col("trader") == self.classes[k]))
                volume = float(f.filter(pl.col("period").is_in(self.periods[when]))["quantity"].sum())
            y = self.contract.get(r["contract"], 0.0)
            low = r["minimum"] if r["minimum"] is not None else -np.inf
            high = r["maximum"] if r["maximum"] is not None else np.inf
            one, name = np.ones(1), _always(f"contract {r['contract']}")
            self.scarce(
                np.array([max(y, 0.0)]), np.array([volume]), np.array([high]), one, np.zeros(1), name, np.array([k])
            )
            self.scarce(
                np.array([max(-y, 0.0)]), np.array([-volume]), np.array([-low]), one, np.zeros(1), name, np.array([k])
            )
        if any(c not in set(self.problem.contracts["contract"]) for c in self.contract):
            self.wrong("dual", "a multiplier of a contract that is not there")

    def check_investments(self) -> None:
        """New capacity: its discounted rents pay for it, exactly where some is built."""
        table = self.problem.investments
        built = table.join(self.solution.investments, on=["kind", "id", "period"], how="left", maintain_order="left")
        if built["quantity"].drop_nulls().len() != self.solution.investments.height:
            self.wrong("primal", "an investment that was not offered")
            return
        for kind, name, period, maximum, cost, x in built.iter_rows():
            x = x or 0.0
            m = self.periods.index(period)
            rents = self._rents_of(kind, name)
            net = self.D[m] * cost - float((self.D * rents)[m + 1 :].sum())
            limit = np.inf if maximum is None else maximum
            text = _always(f"investment in {kind} {name}, {period}")
            pays = max(-net, 0.0)
            self.scarce(np.array([pays]), np.array([x]), np.array([limit]), np.ones(1), np.array([cost]), text)
            self.optimal(
                np.array([net + pays]), np.array([x]), np.ones(1), np.array([cost]), np.array([max(self.big, x)]), text
            )

    def _rents_of(self, kind: str, name: str) -> Floats:
        rows = self.solution.rents.filter((pl.col("kind") == kind) & (pl.col("id") == name))
        out = np.zeros(self.M)
        out[self._ids(rows["period"], self.periods)] = rows["rent"].to_numpy()
        return out

    def check_pruning(self) -> None:
        """Where the answer has no value for a class's gas, bringing some there and selling it would not pay either.

        Such gas is worth at most what it would cost to bring: the cheapest way from valued node-periods and producers
        (Bellman-Ford). At that worth no sale, no arc to a valued node-period and no injection may gain.
        """
        start, j, m, after, prompt, late, may, unit = self.arcs
        made_k, made_n, made_m, made_limit, made_cost = self.made
        use_k, use_n, use_m, use_value, _, use_out, _ = self.uses
        ahead = self.D[after] / self.D[m] * late
        for k in range(self.K):
            unvalued = np.isnan(self.value[k])
            if not unvalued.any():
                continue
            worth = np.where(unvalued, np.inf, self.value[k])
            mine = (made_k == k) & (made_limit > 0) & unvalued[made_n, made_m]
            np.minimum.at(worth, (made_n[mine], made_m[mine]), made_cost[mine])
            mine = (use_k == k) & unvalued[use_n, use_m]
            np.minimum.at(worth, (use_n[mine], use_m[mine]), (use_value + use_out)[mine])
            e = np.flatnonzero(may[k])
            for _ in range(self.N * self.M):
                spent = worth[start[e], m[e]] + unit[k, e]
                known_now, known_late = ~unvalued[j[e], m[e]], ~unvalued[j[e], after[e]]
                now = np.where(known_now & (prompt[e] > 0), prompt[e] * self.value[k, j[e], m[e]], 0.0)
                then = np.where(known_late & (late[e] > 0), ahead[e] * self.value[k, j[e], after[e]], 0.0)
                open_ = np.where(known_now, 0.0, prompt[e]) + np.where(known_late, 0.0, ahead[e])
                with np.errstate(divide="ignore", invalid="ignore"):
                    bound = np.where(open_ > 0, (spent - now - then) / open_, np.inf)
                grown = worth.copy()
                for head, touches in ((m[e], ~known_now & (prompt[e] > 0)), (after[e], ~known_late & (late[e] > 0))):
                    np.minimum.at(grown, (j[e][touches], head[touches]), bound[touches])
                self._bring_by_conversion(k, unvalued, worth, grown)
                if (grown >= worth - 1e-12 * (1.0 + np.abs(np.where(np.isfinite(worth), worth, 0.0)))).all():
                    break
                worth = grown
            self._unvalued_gains(k, unvalued, worth, e, unit)

    def _bring_by_conversion(self, k: int, unvalued: Bools, worth: Floats, grown: Floats) -> None:
        """Bound the worth of what conversions deliver where nothing is valued: costs less what the valued rest fetches."""
        le, ln, la, m, may, unit = self.recipes
        mine = may[k][le]
        le, ln, la = le[mine], ln[mine], la[mine]
        open_ = (la > 0) & unvalued[ln, m[le]]
        spent, size = unit.copy(), np.zeros(m.size)
        fetched = ~open_
        with np.errstate(invalid="ignore"):
            np.add.at(spent, le[fetched], -la[fetched] * worth[ln[fetched], m[le[fetched]]])
        np.add.at(size, le[open_], la[open_])
        np.minimum.at(grown, (ln[open_], m[le[open_]]), spent[le[open_]] / size[le[open_]])

    def _unvalued_gains(self, k: int, unvalued: Bools, worth: Floats, e: Ints, unit: Floats) -> None:
        """Reduced costs of everything that could be done with gas that the answer leaves out."""
        start, j, m, after, prompt, late, _, _ = self.arcs
        use_k, use_n, use_m, use_value, use_in, _, use_loss = self.uses
        there = unvalued & np.isfinite(worth)
        n_, m_ = np.nonzero(there & self.market & ~self.no_sale[k])
        price = self.price[n_, m_]
        gain = price - self.markup[k, n_, m_] - self.extra[k, n_, m_] - worth[n_, m_]
        self.note(
            "dual", gain / (1.0 + np.abs(price)),
            lambda i: f"{self.classes[k]} could sell at {self.nodes[n_[i]]}, {self.periods[m_[i]]}, which the answer leaves out",
        )  # fmt: skip
        e = e[there[start[e], m[e]] & ~unvalued[j[e], m[e]] & (~unvalued[j[e], after[e]] | (late[e] == 0))]
        into = prompt[e] * np.nan_to_num(self.value[k, j[e], m[e]])
        into = into + late[e] * self.D[after[e]] / self.D[m[e]] * np.nan_to_num(self.value[k, j[e], after[e]])
        gain = into - worth[start[e], m[e]] - unit[k, e]
        self.note(
            "dual", gain / (1.0 + np.abs(into)),
            lambda i: f"{self.classes[k]} could send gas on from {self.nodes[start[e[i]]]}, {self.periods[m[e[i]]]}, which the answer leaves out",
        )  # fmt: skip
        le, ln, la, at, run, cost = self.recipes
        part = run[k][le] & unvalued[ln, at[le]]
        half = np.isin(le, le[part])
        gain, size = -cost, np.zeros(at.size)
        with np.errstate(invalid="ignore"):
            np.add.at(gain, le[half], la[half] * worth[ln[half], at[le[half]]])  # not finite where an input cannot come
            np.maximum.at(size, le[half], np.abs(la[half] * worth[ln[half], at[le[half]]]))
        c = np.unique(le[part])
        c = c[np.isfinite(gain[c])]
        self.note(
            "dual", gain[c] / (1.0 + size[c]),
            lambda i: f"{self.classes[k]} could run a conversion in {self.periods[at[c[i]]]}, which the answer leaves out",
        )  # fmt: skip
        mine = np.flatnonzero((use_k == k) & there[use_n, use_m])
        gain = (1.0 - use_loss[mine]) * use_value[mine] - use_in[mine] - worth[use_n[mine], use_m[mine]]
        self.note(
            "dual", gain / (1.0 + np.abs(use_value[mine])),
            lambda i: f"{self.classes[k]} could store gas at {self.nodes[use_n[mine[i]]]}, {self.periods[use_m[mine[i]]]}, which the answer leaves out",
        )  # fmt: skip
