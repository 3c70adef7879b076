"""Who gains, who loses? (a case's accounts -> discounted million USD by consumer node, producer, operator and state)

The market engine's accounts add up to welfare: resource cost, tariff and tax are kept apart, operators earn tariffs
and congestion rents, states earn taxes. Here they are summed over the horizon and put in money, and the one account of
the merged price takers is shared out to its producers: a price taker's gain is its scarcity rent, the worth of its gas
at its node less its marginal cost. A way whose cost rises with use leaves something to those who use it: all pay what
the last unit costs, and the first ones cost less. That goes to the price takers whose gas it is, by the mixture at the
sending end (the same tie-break as in `supply`, and marked there). Fees owed whether a line is used or
not go from its holder to its operator. Dividends that cannot be taken out, and owners behind owners, are `control`'s.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from polynya.market.inputs import welfare_unit_musd
from polynya.results.case import Case
from polynya.results.supply import composition

REST = " (not shared out)"
ROUNDING_SHARE = (
    1e-6  # of an account: what is left below it is the solver's rounding, more would be nobody's, and gets a row
)


def gains_of(case: Case, state_of_arc: Mapping[str, str]) -> pl.DataFrame:
    """group (consumers | producers | operators | states), id, musd (discounted over the horizon). Adds up to welfare."""
    return total(gain_terms(case, state_of_arc))


def total(terms: pl.DataFrame) -> pl.DataFrame:
    """The terms of each party together."""
    return terms.group_by("group", "id", maintain_order=True).agg(pl.col("musd").sort().sum()).sort("group", "id")


def gain_terms(case: Case, state_of_arc: Mapping[str, str]) -> pl.DataFrame:
    """group, id, kind, musd: what each party's gain consists of; kinds as in the engine's accounts, and those of shared ones."""
    ledger = case.solution.accounts.group_by("party", "id", "kind", maintain_order=True).agg(
        pl.col("amount").sort().sum()
    )
    merged = [name for name, members in case.solution.names.items() if members != [name]]
    of_merged = (pl.col("party") == "producers") & pl.col("id").is_in(merged)
    states = pl.col("id").replace_strict(dict(state_of_arc), default="unknown", return_dtype=pl.String)
    single = ledger.filter(~of_merged).with_columns(
        pl.when(pl.col("party") == "states").then(states).otherwise(pl.col("id")).alias("id")
    )
    shared = pl.concat(
        [
            _rents_of_price_takers(case, merged).with_columns(pl.lit("scarcity of own gas").alias("kind")),
            *(
                _cheap_ways(case, name).with_columns(pl.lit("ways that cost less than the last unit").alias("kind"))
                for name in merged
            ),
        ]
    )
    given = shared.group_by("class", maintain_order=True).agg(pl.col("amount").sort().sum().alias("given"))
    rest = ledger.filter(of_merged).group_by("party", "id", maintain_order=True).agg(pl.col("amount").sort().sum())
    rest = rest.join(given, left_on="id", right_on="class", how="left").with_columns(
        (pl.col("amount") - pl.col("given").fill_null(0.0)).alias("left")
    )
    rounding = ROUNDING_SHARE * pl.max_horizontal(pl.col("amount").abs(), 1.0)
    columns = ("party", "id", "kind", "amount")
    parts = [
        single.select(columns),
        shared.with_columns(pl.lit("producers").alias("party")).select(columns),
        rest.filter(pl.col("left").abs() > rounding).select(
            "party",
            pl.concat_str(pl.col("id"), pl.lit(REST)).alias("id"),
            pl.lit("remainder").alias("kind"),
            pl.col("left").alias("amount"),
        ),
    ]
    terms = pl.concat(parts).select(
        pl.col("party").alias("group"), "id", "kind", (pl.col("amount") * welfare_unit_musd(1.0)).alias("musd")
    )
    fees = _sunk_fees(case).with_columns(pl.lit("fees owed whether used or not").alias("kind"))
    return (
        pl.concat([terms, fees.select(terms.columns)])
        .group_by("group", "id", "kind", maintain_order=True)
        .agg(pl.col("musd").sort().sum())
        .sort("group", "id", "kind")
    )


def _cheap_ways(case: Case, name: str) -> pl.DataFrame:
    """class, id (producer), amount: slope x quantity^2 / 2 on every way that the class uses, by the mixture where it begins."""
    solution, problem = case.solution, case.problem
    arcs = problem.arcs.select("arc", "from", "to", "period", "loss", "cost_slope")
    used = solution.flows.filter(pl.col("trader") == name).join(arcs, on=["arc", "period"])
    q = pl.col("quantity")
    used = used.join(problem.periods.select("period", "weight"), on="period").with_columns(
        (q * (1.0 - pl.col("loss").fill_null(0.0))).alias("delivered"),
        (pl.col("cost_slope").fill_null(0.0) * q**2 / 2.0 * pl.col("weight")).alias("amount"),
    )
    moved = used.group_by("from", "to", maintain_order=True).agg(
        pl.col(c).sort().sum() for c in ("quantity", "delivered")
    )
    makers = solution.classes.filter(pl.col("class") == name)["trader"].to_list()
    made = solution.production.filter(pl.col("trader").is_in(makers)).rename({"trader": "label"})
    mixed = composition(moved, made.select("node", "label", "quantity"))
    won = used.group_by("from", maintain_order=True).agg(pl.col("amount").sort().sum())
    shared = won.join(mixed, left_on="from", right_on="node", how="inner", maintain_order="left_right")
    return (
        shared.group_by("label", maintain_order=True)
        .agg((pl.col("amount") * pl.col("share")).sort().sum())
        .select(pl.lit(name).alias("class"), pl.col("label").alias("id"), "amount")
    )


def _sunk_fees(case: Case) -> pl.DataFrame:
    """group, id, musd: fees owed whether a line is used or not, from its holder to its operator, discounted. Sums to 0."""
    weights = case.problem.periods.select("period", "weight")
    fees = case.inputs.fees.join(weights, on="period", maintain_order="left")
    owed = (pl.col("musd") * pl.col("weight")).alias("musd")
    return pl.concat(
        [
            fees.select(pl.lit("operators").alias("group"), pl.col("arc").alias("id"), owed),
            fees.select(pl.lit("producers").alias("group"), pl.col("payer").alias("id"), -owed),
        ]
    )


def _rents_of_price_takers(case: Case, merged: list[str]) -> pl.DataFrame:
    """class, id (producer), amount: (value at the node - cost) of what each merged producer made, discounted."""
    solution, problem = case.solution, case.problem
    q = pl.col("quantity")
    made = solution.production.join(solution.classes.filter(pl.col("class").is_in(merged)), on="trader")
    made = made.join(problem.production, on=["trader", "node", "step", "period"]).join(
        problem.periods.select("period", "weight"), on="period"
    )
    made = made.join(solution.values.rename({"trader": "class"}), on=["class", "node", "period"])
    rent = (pl.col("value") * q - pl.col("cost") * q - pl.col("cost_slope") * q**2 / 2.0) * pl.col("weight")
    return made.group_by("class", pl.col("trader").alias("id"), maintain_order=True).agg(
        rent.sort().sum().alias("amount")
    )


def gap(table: pl.DataFrame, welfare: Mapping[str, float]) -> float:
    """Relative gap between the table's total and the engine's welfare."""
    total = welfare_unit_musd(welfare["total"])
    return abs(float(table["musd"].sum()) - total) / max(1.0, abs(total))
