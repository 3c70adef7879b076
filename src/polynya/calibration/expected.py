"""What could be expected on a day of a past year? (World + day -> the world as it stood then; use that was to be expected)

Known on a day: what holds on it, and what was being built for later. Not known: later outages, limits, closures, bans and cuts, nor
the end of those in force. What is expected of use in the months ahead is what the last year known brought in those months.
Quantities in bcm, prices in USD/MMBtu. Not here: solving quarter after quarter (`year`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date

import polars as pl

from polynya.market.stocks import same_season
from polynya.world import World

# Built, agreed or laid down years or months ahead, so that a later value is known; every other dated value comes as it comes.
ANNOUNCED = (
    "capacity_bcm_per_year", "production_capacity_bcm_per_year", "working_bcm", "injection_bcm_per_day", "withdrawal_bcm_per_day",
    "tariff_usd_per_mmbtu", "tax_usd_per_mmbtu", "ship_or_pay_musd_per_year",
)  # fmt: skip
LAW = ("measures", "licences", "gates", "offer_caps")


def as_it_stood(world: World, day: date) -> World:
    """The world without what began after a day and was not announced; what was in force that day has no end yet."""
    steps = [a for a, r in world.attributes.items() if r["over_time"] == "step" and a not in ANNOUNCED]
    comes = pl.col("attribute").is_in(steps)
    facts = world.table("facts")
    facts = facts.filter(~(comes & (pl.col("valid_from") > day)).fill_null(False))
    holds = (comes & (pl.col("valid_to") >= day)).fill_null(False)
    facts = facts.with_columns(pl.when(holds).then(None).otherwise(pl.col("valid_to")).alias("valid_to"))
    law = {n: world.table(n).filter(~(pl.col("valid_from") > day).fill_null(False)) for n in LAW if n in world.tables}
    return world.with_tables({"facts": facts, **law})


def last_use(world: World, node: str, year: int) -> float | None:
    """Use of the last year before that is known by itself [bcm]; None where there is none."""
    known = {f.valid_from.year for f in world.facts.get((node, "consumption_bcm"), ()) if f.valid_from}
    before = [y for y in known if y < year]
    found = world.resolve(node, "consumption_bcm", date(max(before), 1, 1)) if before else None
    return None if found is None else found.value


def ahead(seen: World, year: int, months: Iterable[date]) -> Mapping[tuple[str, str, str], float]:
    """(`demand_bcm`, node, month) -> expected use [bcm] at the price level of the year, for months that are not known yet.

    `seen` holds the use of the years before. A node without an earlier year keeps its own use.
    """
    values: dict[tuple[str, str, str], float] = {}
    for node in seen.table("nodes")["id"]:
        used = last_use(seen, node, year)
        for month in months if used is not None else ():
            share = seen.resolve(node, f"demand_share_m{month.month:02d}", month)
            if used is not None and share is not None:
                values["demand_bcm", node, month.strftime("%Y-%m")] = used * share.value
    return values


def stocks_left(world: World, day: date) -> Mapping[str, float]:
    """Store -> mean of its stocks known near that day of other years [bcm]: what is left to those who come after."""
    left = {}
    for (store, attribute), facts in world.facts.items():
        near = same_season(facts, day) if attribute == "fill_bcm" else []
        if near:
            left[store] = sum(f.value for f in near) / len(near)
    return left
