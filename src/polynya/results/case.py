"""One solved case in the user's terms. (problem tables + solution -> frames keyed by corridor, node, trader and month)

A case is the baseline or the counterfactual. Frames come in bcm and USD/MMBtu; money in million USD.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from polynya.market.answer import Solution
from polynya.market.inputs import MarketInputs
from polynya.market.problem import Problem

BASELINE, SCENARIO = "baseline", "scenario"


@dataclass(frozen=True)
class Case:
    """One solved world: the problem it posed, the answer, and what the answer rests on."""

    name: str
    inputs: MarketInputs
    problem: Problem
    solution: Solution
    bans: pl.DataFrame  # what the law closes, with measure and source

    @property
    def certificate(self) -> Mapping[str, Any]:
        """The certificate of the answer."""
        return self.solution.certificate

    def flows(self) -> pl.DataFrame:
        """arc, from, to, kind, period, quantity [bcm at the sending end], delivered [bcm], capacity [bcm]; all traders together."""
        arcs = self.problem.arcs.select("arc", "from", "to", "kind", "period", "capacity", "loss")
        total = self.solution.flows.group_by("arc", "period", maintain_order=True).agg(pl.col("quantity").sort().sum())
        return (
            arcs.join(total, on=["arc", "period"], how="left")
            .with_columns(pl.col("quantity").fill_null(0.0))
            .with_columns((pl.col("quantity") * (1.0 - pl.col("loss").fill_null(0.0))).alias("delivered"))
            .drop("loss")
            .sort("arc", "period")
        )

    def prices(self) -> pl.DataFrame:
        """node, period, price [USD/MMBtu], determined, price_lo, price_hi of the real nodes (LNG helper nodes left out)."""
        return self.solution.prices.filter(~pl.col("node").str.contains("@")).sort("node", "period")

    def consumption(self) -> pl.DataFrame:
        """node, period, quantity [bcm]."""
        return self.solution.consumption.select("node", "period", "quantity").sort("node", "period")

    def stocks(self) -> pl.DataFrame:
        """storage, period, level [bcm at the end of the month], injection, withdrawal [bcm]; all users together."""
        columns = ("level", "injection", "withdrawal")
        return (
            self.solution.storage.group_by("storage", "period", maintain_order=True)
            .agg(pl.col(c).sort().sum() for c in columns)
            .sort("storage", "period")
        )

    def rents(self) -> pl.DataFrame:
        """kind, id, period, rent [USD/MMBtu; fleets: per ship-day], dated ones only."""
        return self.solution.rents.filter(pl.col("period").is_not_null())

    def production(self) -> pl.DataFrame:
        """supply, trader, node, period, quantity [bcm]; steps of a supply together."""
        return (
            self.solution.production.with_columns(pl.col("step").str.replace(r"\.\d+$", "").alias("supply"))
            .group_by("supply", "trader", "node", "period", maintain_order=True)
            .agg(pl.col("quantity").sort().sum())
            .sort("supply", "period", "trader", "node")
        )
