"""Who gets the money in the end? (gains of a case + ownership -> million USD per ultimate holder)

Producers' margins and operators' tariffs and rents go up the chain of title by exact economic share, as it stands in
the last month of the horizon. What has no recorded holder keeps its own name; an unrecorded remainder stays one. The
table adds up to the producers' and operators' rows of the gains. Consumers and states are not owned by anybody. A price
that the scenario gives for a stake goes from buyer to seller, as given; without one the stake is a gift in this table.
Money that an owner cannot take out (trapped dividends, trustees) is not taken off here: see `polynya exposure`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from polynya.control.gains import Gain, by_holder, gains_to_owners
from polynya.control.inputs import inputs_from_tables
from polynya.scenario import Applied, Scenario
from polynya.scenario.schema import TransferStake
from polynya.world import World

GROUPS = ("producers", "operators")


def owners_of(gains: pl.DataFrame, world: World, day: date, paid: Mapping[str, float] | None = None) -> pl.DataFrame:
    """holder, musd: the gains of producers and operators shared out to their ultimate holders on `day`.

    `paid`: million USD that parties get for stakes, or give (negative).
    """
    return held_by(_shared_out(gains, world, day, paid))


def owner_terms(gains: pl.DataFrame, world: World, day: date, paid: Mapping[str, float] | None = None) -> pl.DataFrame:
    """holder, of, share, musd: what of which thing's or party's gain reaches each holder; the rows of a holder add up."""
    return held_of(_shared_out(gains, world, day, paid))


def held_by(shared: list[Gain]) -> pl.DataFrame:
    """holder, musd."""
    return pl.DataFrame(list(by_holder(shared).items()), schema={"holder": pl.String, "musd": pl.Float64}, orient="row")


def held_of(shared: list[Gain]) -> pl.DataFrame:
    """holder, of, share, musd."""
    rows = [(g.holder, g.source, float(g.share), g.musd) for g in shared]
    schema = {"holder": pl.String, "of": pl.String, "share": pl.Float64, "musd": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("holder", "of")


def _shared_out(gains: pl.DataFrame, world: World, day: date, paid: Mapping[str, float] | None) -> list[Gain]:
    inputs = inputs_from_tables(
        {name: list(f.iter_rows(named=True)) for name, f in world.tables.items() if name != "facts"}
    )
    source = _sources(world)
    income: dict[str, float] = dict(paid or {})
    for group, identity, musd in gains.select("group", "id", "musd").iter_rows():
        if group in GROUPS:
            owner = source.get(identity, identity)
            income[owner] = income.get(owner, 0.0) + musd
    return gains_to_owners(income, inputs.graph(day))


def paid_for_stakes(scenario: Scenario, applied: Applied) -> dict[str, float]:
    """Party -> million USD it gets (or gives: negative) for stakes that the scenario sells at a price."""
    done = {c.id for c in applied.changes if c.status == "applied"}
    paid: dict[str, float] = {}
    for change in scenario.file.changes:
        if isinstance(change, TransferStake) and change.id in done and change.price_musd is not None:
            paid[change.from_owner] = paid.get(change.from_owner, 0.0) + change.price_musd
            paid[change.to_owner] = paid.get(change.to_owner, 0.0) - change.price_musd
    return paid


def _sources(world: World) -> Mapping[str, str]:
    """Trader, corridor or plant -> the thing or party of the ownership graph that earns its money."""
    found = {r["id"]: r["entity"] for r in world.table("traders").iter_rows(named=True) if r["entity"]}
    found |= {r["id"]: r["asset"] for r in world.table("corridors").iter_rows(named=True) if r["asset"]}
    return found


def income_of_things(gains: pl.DataFrame, column: str, world: World, per_year: float) -> dict[str, float]:
    """Million USD a year that each asset earns: its own tariffs and rents, its lines', and its seller's margin.

    A seller's margin goes to the LNG plant that its company operates; a company with several plants is left out, since
    nothing says how its margin splits.
    """
    entity = {r["id"]: r["entity"] for r in world.table("traders").iter_rows(named=True) if r["entity"]}
    plants: dict[str, list[str]] = {}
    for asset in world.table("assets").filter(pl.col("kind") == "lng-export").iter_rows(named=True):
        if asset["operator"]:
            plants.setdefault(asset["operator"], []).append(asset["id"])
    line_of = {r["id"]: r["asset"] for r in world.table("corridors").iter_rows(named=True) if r["asset"]}
    income: dict[str, float] = {}
    for group, identity, musd in gains.select("group", "id", column).iter_rows():
        thing = None
        if group == "operators":
            thing = line_of.get(identity, identity)
        elif group == "producers" and len(plants.get(entity.get(identity, ""), ())) == 1:
            thing = plants[entity[identity]][0]
        if thing is not None:
            income[thing] = income.get(thing, 0.0) + musd * per_year
    return income
