"""What stands behind a number of the refineries? (address of an oil run -> its forms, equations, facts and what it hangs on)

Addresses: prices/GOOD.REGION/YYYY-MM, flows/ROUTE/YYYY-MM, utilisation/REFINERY/YYYY-MM, crude/REFINERY/ROUTE/YYYY-MM,
balance/REGION/PRODUCT/YYYY-MM, margins/REFINERY/HOLDER, stakes/REFINERY/HOLDER, gains/ID, owners/HOLDER.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from polynya.results.folder import Run

OF_REFINERIES = ("utilisation", "crude", "balance", "margins", "stakes")
OIL_UNITS = {"quantity": "million barrels", "price": "USD/bbl", "rent": "USD/t"}
OIL_FORMS = {
    "prices": ("node", "period"),
    "flows": ("arc", "period"),
    "consumption": ("node", "period"),
    "utilisation": ("refinery", "period"),
    "crude": ("refinery", "route", "period"),
    "balance": ("region", "product", "period"),
    "margins": ("refinery", "holder"),
    "stakes": ("refinery", "holder"),
    "gains": ("id",),
    "owners": ("holder",),
}
OIL_EQUATIONS = {
    "prices": "inverse demand: price = intercept - slope x consumption, all sellers price takers; between what an export fetches and what an import costs",
    "utilisation": "crude run / capacity; a holder runs its share while products fetch more than crude, lines and running cost",
    "crude": "a line is shared out like the refinery among those who may use it; the cheapest crude first",
    "balance": "used = made + brought in - sent out; the price is what an export fetches, what an import costs, or between",
    "margins": "scarcity rents of the holder's share of the plant and of the lines into it: products less crude, freight, tariffs, running",
    "stakes": "title: direct holders of the firm; votes: who casts them, a trustee where there is one; economic: ultimate holders of income",
    "flows": "zero profit: value of what is delivered = value of what is taken + cost + tariff + rents of what is scarce",
}


def oil_items(run: Run, keys: list[str], period: str) -> list[str]:
    """What the number hangs on: the things named, and for a refinery the lines into it, open or shut."""
    named = [k for k in keys if k != period]
    into = run.table("crude").filter(pl.col("refinery").is_in(named))["route"].unique().sort().to_list()
    return list(dict.fromkeys([*named, *into]))


def oil_facts(run: Run, kind: str, keys: list[str], period: str) -> list[dict[str, Any]]:
    """Facts behind a number of the refineries: of the route, the refinery and its recipes, the goods and the region named."""
    trace = run.table("trace")
    ids = pl.col("id")
    named = oil_items(run, keys, period) if kind not in ("gains", "owners", "stakes") else []
    if kind == "balance":
        named = [f"{keys[1]}.{keys[0]}"]
    wanted = pl.lit(False)
    for key in named:
        first, _, place = key.partition(".")
        wanted = wanted | ids.is_in([key, first, f"{first}.coast"]) | ids.str.starts_with(f"{key}-")
        if place:  # a good in a region: what brings it in and out
            wanted = wanted | ids.str.starts_with(f"import-{place}") | (ids == f"export-{place}")
    chosen = trace.filter(wanted)["fact"].unique().to_list()
    facts = run.table("facts").filter(pl.col("fact").is_in(chosen))
    if period:
        day = pl.lit(period + "-15").str.to_date()
        begun = pl.col("valid_from").is_null() | (pl.col("valid_from") <= day)
        live = begun & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day))
        facts = facts.filter(begun).with_columns(live.alias("_live"))
        newest = pl.col("valid_from") == pl.col("valid_from").max().over("subject", "attribute")
        facts = facts.filter(pl.col("_live") | (newest & ~pl.col("_live").any().over("subject", "attribute"))).drop(
            "_live"
        )
    rows = facts.drop("fact").sort("subject", "attribute", "valid_from").to_dicts()
    return [{k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in r.items()} for r in rows]
