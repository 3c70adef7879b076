"""Which time series do modellers of energy systems expect? (run -> iamc.csv, wide, one column a month)

The IAMC format (model, scenario, region, variable, unit, time columns); both cases are scenarios of one model. Variables
follow the IAMC's pattern of names; quantities are bcm of the month, so that nothing is annualised that is not a year
(1 bcm = 0.04 EJ gross). A trade flow has the region `From>To`, both cases' LNG summed over its fleets. Prices that
nothing pins are left out: a blank cell. Regions are the names of the nodes.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from polynya.results.case import BASELINE, SCENARIO
from polynya.results.exports.sheet import csv_text, month_start
from polynya.results.folder import Run

PRICE, CONSUMPTION, PRODUCTION = "Price|Primary Energy|Gas", "Primary Energy|Gas", "Resource|Extraction|Gas"
TRADE = "Trade|Primary Energy|Gas|Volume"
WAYS = {"pipeline": "Pipeline", "ship": "LNG"}
BCM, MONEY = "bcm", "USD/MMBtu"


def files(run: Run) -> Iterator[tuple[str, str]]:
    """iamc.csv."""
    yield "iamc.csv", csv_text(iamc(run))


def iamc(run: Run) -> pl.DataFrame:
    """Model, Scenario, Region, Variable, Unit and one column a month, `YYYY-MM-01`."""
    nodes = run.table("nodes")
    name = {i: _region(n) for i, n in nodes.select("id", "name").iter_rows()}
    parts = []
    for case in (BASELINE, SCENARIO):
        prices = run.table("prices").filter(pl.col("determined")).select("node", "period", _value(f"price_{case}"))
        parts.append(_series(prices, case, PRICE, MONEY, name))
        used = run.table("consumption").select("node", "period", _value(f"quantity_{case}"))
        parts.append(_series(used, case, CONSUMPTION, BCM, name))
        made = run.table("production").select("node", "period", _value(f"quantity_{case}"))
        parts.append(_series(made, case, PRODUCTION, BCM, name))
        flows = run.table("flows").filter(pl.col("kind").is_in(list(WAYS)))
        between = flows.select(
            pl.concat_str(_end("from", name), pl.lit(">"), _end("to", name)).alias("node"),
            pl.col("kind").replace_strict(WAYS, return_dtype=pl.String).alias("way"),
            "period",
            _value(f"quantity_{case}"),
        )
        for (way,), part in between.group_by(["way"], maintain_order=True):
            parts.append(_series(part.drop("way"), case, f"{TRADE}|{way}", BCM, {}))
    long = pl.concat(parts).filter(pl.col("value").is_not_null() & pl.col("value").is_finite())
    months = sorted(run.table("prices")["period"].unique().to_list())
    wide = long.pivot("period", index=["case", "region", "variable", "unit"], values="value")
    stem = run.manifest["scenario"]["id"]
    absent = [m for m in months if m not in wide.columns]
    return (
        wide.with_columns(pl.lit(None, dtype=pl.Float64).alias(m) for m in absent)
        .sort("variable", "region", "case")
        .select(
            pl.lit(f"Polynya {run.manifest['polynya']}").alias("Model"),
            pl.concat_str(pl.lit(f"{stem} "), pl.col("case")).alias("Scenario"),
            pl.col("region").alias("Region"),
            pl.col("variable").alias("Variable"),
            pl.col("unit").alias("Unit"),
            *[pl.col(m).alias(month_start(m)) for m in months],
        )
    )


def _value(column: str) -> pl.Expr:
    return pl.col(column).alias("value")


def _end(column: str, name: dict[str, str]) -> pl.Expr:
    node = pl.col(column).str.split("@").list.first()
    return node.replace_strict(name, default=node, return_dtype=pl.String)


def _region(name: str) -> str:
    """The sign between the ends of a flow cannot stand in a name, nor the one between levels of a variable."""
    return name.replace(">", " ").replace("|", " ")


def _series(frame: pl.DataFrame, case: str, variable: str, unit: str, name: dict[str, str]) -> pl.DataFrame:
    region = pl.col("node").replace_strict(name, default=pl.col("node"), return_dtype=pl.String)
    rows = frame.group_by("node", "period").agg(pl.col("value").sum() if unit == BCM else pl.col("value").first())
    return rows.select(
        pl.lit(case).alias("case"),
        region.alias("region"),
        pl.lit(variable).alias("variable"),
        pl.lit(unit).alias("unit"),
        "period",
        "value",
    )
