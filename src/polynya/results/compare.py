"""What moved? (two cases -> one table each with both values and the difference)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import polars as pl

from polynya.results.case import BASELINE, SCENARIO, Case


def side_by_side(frames: Mapping[str, pl.DataFrame], keys: Sequence[str], values: Sequence[str]) -> pl.DataFrame:
    """Join the baseline's and the scenario's frame on `keys`; each value comes as `_baseline`, `_scenario`, `_change`.

    A row that only one case has (a corridor that opens) counts as zero flow in the other; a missing price stays null.
    """
    left = frames[BASELINE].select([*keys, *values]).rename({v: f"{v}_{BASELINE}" for v in values})
    right = frames[SCENARIO].select([*keys, *values]).rename({v: f"{v}_{SCENARIO}" for v in values})
    both = left.join(right, on=list(keys), how="full", coalesce=True)
    zero = [v for v in values if not v.startswith("price")]
    both = both.with_columns(pl.col(f"{v}_{c}").fill_null(0.0) for v in zero for c in (BASELINE, SCENARIO))
    both = both.with_columns(
        (pl.col(f"{v}_{SCENARIO}") - pl.col(f"{v}_{BASELINE}")).alias(f"{v}_change") for v in values
    )
    return both.sort(keys)


def flows(cases: Mapping[str, Case]) -> pl.DataFrame:
    """arc, from, to, kind, period, quantity and delivered [bcm] in both cases."""
    return side_by_side(
        {n: c.flows() for n, c in cases.items()}, ["arc", "from", "to", "kind", "period"], ["quantity", "delivered"]
    )


def prices(cases: Mapping[str, Case]) -> pl.DataFrame:
    """node, period, price [USD/MMBtu] in both cases, and whether something pins it in both."""
    both = side_by_side({n: c.prices() for n, c in cases.items()}, ["node", "period"], ["price"])
    pinned = cases[BASELINE].prices().select("node", "period", "determined")
    other = cases[SCENARIO].prices().select("node", "period", pl.col("determined").alias("other"))
    both = both.join(pinned, on=["node", "period"], how="left").join(other, on=["node", "period"], how="left")
    return both.with_columns(
        (pl.col("determined").fill_null(False) & pl.col("other").fill_null(False)).alias("determined")
    ).drop("other")


def weighted_prices(cases: Mapping[str, Case], nodes: Sequence[str]) -> dict[str, float]:
    """Case -> consumption-weighted mean price [USD/MMBtu] over some nodes and the horizon, with the baseline's weights."""
    weights = cases[BASELINE].consumption().filter(pl.col("node").is_in(list(nodes)))
    out = {}
    for name, case in cases.items():
        joined = weights.join(case.prices(), on=["node", "period"]).filter(pl.col("price").is_not_null())
        total = float(joined["quantity"].sum())
        spent = float((joined["quantity"] * joined["price"]).sum())
        out[name] = spent / total if total else float("nan")
    return out
