"""Who gains what? (Problem + Solution -> accounts that add up to welfare)

Discounted money. Resource cost, tariff and tax stay apart: consumers have surplus, producers what is left of their
revenue, operators tariffs and rents (less what they invest), states taxes. A transfer is one party's income and another
one's cost, so the total is the worth of consumption less resource costs and investment.

Where demand is fixed without a value of lost load nobody knows what it is worth: its consumers' account is minus what
they pay, and only differences between scenarios mean anything. The program's objective is never used: it contains the
conduct term.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from polynya.market.answer import Solution
from polynya.market.checks import inframarginal_volume
from polynya.market.problem import Problem
from polynya.units import added

PARTIES = ("consumers", "producers", "operators", "states")
SCHEMA = {"party": pl.String, "kind": pl.String, "id": pl.String, "period": pl.String, "amount": pl.Float64}


def accounts(problem: Problem, solution: Solution) -> pl.DataFrame:
    """Party, kind, id, period, amount: node for consumers, trader or class for producers, asset for operators, arc for states."""
    D = problem.periods.select("period", "weight")
    class_of = solution.classes.rename({"class": "_class"})
    price = solution.prices.select("node", "period", "price")
    rent = solution.rents
    parts: list[pl.DataFrame] = []

    def post(frame: pl.DataFrame, party: str, kind: str, id_: str, amount: pl.Expr) -> None:
        parts.append(
            frame.join(D, on="period")
            .select(
                pl.lit(party).alias("party"), pl.lit(kind).alias("kind"), pl.col(id_).alias("id"), "period",
                (amount * pl.col("weight")).alias("amount"),
            )
            .group_by("party", "kind", "id", "period", maintain_order=True)
            .agg(pl.col("amount").sum())
        )  # fmt: skip

    Q, P = pl.col("quantity"), pl.col("price")
    eaten = solution.consumption.join(problem.demand, on=["node", "period"]).join(price, on=["node", "period"])
    worth = pl.coalesce(
        pl.col("intercept") * Q - pl.col("slope") * Q**2 / 2, pl.col("value_of_lost_load") * Q, pl.lit(0.0)
    )
    post(eaten, "consumers", "surplus", "node", worth - P * Q)
    post(solution.sales.join(price, on=["node", "period"]), "producers", "sales", "trader", P * Q)

    made = solution.production.join(problem.production, on=["trader", "node", "step", "period"]).join(
        class_of, on="trader"
    )
    post(made, "producers", "production", "_class", -(pl.col("cost") * Q + pl.col("cost_slope") * Q**2 / 2))

    congestion = rent.filter(pl.col("kind") == "arc").select(pl.col("id").alias("arc"), "period", "rent")
    days = rent.filter(pl.col("kind") == "fleet").select(
        pl.col("id").alias("fleet"), "period", pl.col("rent").alias("day")
    )
    moved = rent.filter(pl.col("kind") == "hub").select(
        pl.col("id").alias("hub"), "period", pl.col("rent").alias("transfer")
    )
    sent = (
        solution.flows.join(problem.arcs, on=["arc", "period"])
        .join(congestion, on=["arc", "period"], how="left")
        .join(days, on=["fleet", "period"], how="left")
        .join(moved, on=["hub", "period"], how="left")
        .with_columns(pl.col("rent", "day", "transfer").fill_null(0.0))
    )
    toll = pl.col("tariff") + pl.col("rent")
    ships = pl.col("day") * pl.col("ship_days")
    freight = (pl.col("cost") + toll + pl.col("tax") + ships + pl.col("transfer")) * Q + pl.col("cost_slope") * Q**2 / 2
    post(sent, "producers", "transport", "trader", -freight)
    post(sent, "operators", "tariff", "arc", pl.col("tariff") * Q)
    post(sent, "operators", "congestion", "arc", pl.col("rent") * Q)
    post(sent.filter(pl.col("fleet").is_not_null()), "operators", "fleet", "fleet", ships * Q)
    post(sent.filter(pl.col("hub").is_not_null()), "operators", "hub", "hub", pl.col("transfer") * Q)
    post(sent, "states", "tax", "arc", pl.col("tax") * Q)

    alone = rent.filter(pl.col("kind") == "conversion").select(pl.col("id").alias("conversion"), "period", "rent")
    shared = rent.filter(pl.col("kind") == "plant").select(
        pl.col("id").alias("plant"), "period", pl.col("rent").alias("share")
    )
    run = (
        solution.conversions.rename({"trader": "user"})
        .join(problem.conversions, on=["conversion", "period"])
        .join(alone, on=["conversion", "period"], how="left")
        .join(shared, on=["plant", "period"], how="left")
        .with_columns(pl.col("rent", "share").fill_null(0.0), pl.coalesce("plant", "conversion").alias("_plant"))
    )
    scarce = pl.col("rent") + pl.col("share")
    post(run, "producers", "conversion", "user", -(pl.col("cost") + pl.col("tariff") + pl.col("tax") + scarce) * Q)
    post(run, "operators", "tariff", "_plant", pl.col("tariff") * Q)
    post(run, "operators", "congestion", "_plant", scarce * Q)
    post(run, "states", "tax", "_plant", pl.col("tax") * Q)

    stores = problem.storage.select("storage", "period", "node", "cost", pl.col("trader").alias("owner"))
    held = (
        solution.storage.join(stores, on=["storage", "period"])
        .join(solution.values.rename({"value": "_value"}), on=["trader", "node", "period"], how="left")
        .join(price, on=["node", "period"], how="left")
        .with_columns(pl.when(pl.col("trader").is_null()).then(P).otherwise("_value").fill_null(0.0).alias("_at"))
    )
    out = pl.col("withdrawal") - pl.col("injection")
    cost = pl.col("cost") * pl.col("injection")
    own = (pl.col("owner") != "*").fill_null(False)
    lent = held.filter(~own)
    post(lent, "operators", "storage", "storage", pl.col("_at") * out - cost)
    post(lent.filter(pl.col("trader").is_not_null()), "producers", "stored", "trader", -pl.col("_at") * out)
    post(held.filter(own), "producers", "storage", "trader", -cost)

    built = solution.investments.join(problem.investments, on=["kind", "id", "period"])
    steps = pl.col("kind") == "production"
    post(built.filter(~steps), "operators", "investment", "id", -pl.col("cost") * Q)
    post(built.filter(steps), "producers", "investment", "id", -pl.col("cost") * Q)
    parts.append(_contracts(problem, solution))
    return pl.concat(parts).filter(pl.col("amount") != 0)


def _contracts(problem: Problem, solution: Solution) -> pl.DataFrame:
    """A volume sold ahead at a fixed price moves money between its seller and the consumers of its node, nothing else."""
    periods = problem.periods["period"].to_list()
    price = {(n, m): p for n, m, p in solution.prices.select("node", "period", "price").iter_rows()}
    days = problem.periods["days"].fill_null(1.0).to_list()
    weight = problem.periods["weight"].to_list()
    rows: list[tuple[str, str, str, str, float]] = []
    for r in problem.contracts.iter_rows(named=True):
        volume = inframarginal_volume(r["inframarginal"], r["minimum"])
        if r["price"] is None or volume <= 0:
            continue
        first, last = periods.index(r["first_period"]), periods.index(r["last_period"])
        for m in range(first, last + 1):
            if (r["node"], periods[m]) in price:
                saved = (
                    weight[m]
                    * volume
                    * days[m]
                    / added(days[first : last + 1])
                    * (price[r["node"], periods[m]] - r["price"])
                )
                rows.append(("consumers", "contract", r["node"], periods[m], saved))
                rows.append(("producers", "contract", r["trader"], periods[m], -saved))
    return pl.DataFrame(rows, schema=SCHEMA, orient="row")


def welfare(ledger: pl.DataFrame) -> Mapping[str, float]:
    """Sum of each party's accounts, and their total."""
    sums = {p: float(ledger.filter(pl.col("party") == p)["amount"].sum()) for p in PARTIES}
    return {**sums, "total": float(added(sums.values()))}
