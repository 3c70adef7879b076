"""What came out for the refineries? (Answer of an oil scenario -> tables, both cases side by side)

Generic tables keep their names (prices, flows, consumption, gains, owners, ...), in million barrels and USD a barrel; what
only oil has carries its unit in the column: utilisation (`_mt`, `_kbd`, `_share`), crude, balance (what a region needs, makes, brings in),
margins (`_musd`, `usd_per_bbl`), stakes (`_percent`). Money is discounted over the horizon, as in `gains`.

Not here: the note (`oil_summary`), the page (`report.oil`).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

import polars as pl

from polynya.control.blocked import blocked_states
from polynya.control.deals import compare as compare_control
from polynya.control.economic import economic_share, title_holders
from polynya.control.gains import Gain, gains_to_owners
from polynya.control.inputs import ControlInputs, inputs_from_tables
from polynya.control.owners import CONTROL_KINDS
from polynya.control.shares import WHOLE
from polynya.results import compare
from polynya.results.answer import Answer
from polynya.results.case import BASELINE, SCENARIO, Case
from polynya.results.gains import total
from polynya.results.owners import held_by, held_of, paid_for_stakes
from polynya.world import World
from polynya.world.capacity import add_months

HELPER = "product-market"
DEMANDED = ("petrol", "distillate")
BBL_PER_T_OF_CAPACITY = 7.33  # the usual barrel of crude, for showing a run in kbd
REGIMES = ("ofac", "uk", "eu")


def oil_tables(answer: Answer) -> dict[str, pl.DataFrame]:
    """Every table of an oil run that is not the same as a gas run's."""
    cases, world = answer.cases, answer.base
    after = answer.applied.world
    last = add_months(answer.first, answer.months - 1).replace(day=15)
    runs = {n: runs_of(c, world) for n, c in cases.items()}
    terms = {n: gain_terms(c) for n, c in cases.items()}
    gains = {n: total(t) for n, t in terms.items()}
    worlds = {BASELINE: world, SCENARIO: after}
    paid = {BASELINE: {}, SCENARIO: paid_for_stakes(answer.scenario, answer.applied)}
    shared = {n: owner_shares(gains[n], worlds[n], last, paid[n]) for n in cases}
    return {
        "prices": compare.prices(cases),
        "flows": compare.side_by_side(
            {n: flows_of(c, world) for n, c in cases.items()},
            ["arc", "from", "to", "kind", "period"],
            ["quantity", "delivered"],
        ),
        "consumption": compare.side_by_side(
            {n: c.consumption().filter(~pl.col("node").str.ends_with(".coast")) for n, c in cases.items()},
            ["node", "period"],
            ["quantity"],
        ),
        "utilisation": compare.side_by_side(
            {n: utilisation_of(r, world) for n, r in runs.items()},
            ["refinery", "period"],
            ["crude_mt", "crude_kbd", "utilisation_share"],
        ),
        "crude": compare.side_by_side(
            {n: crude_of(c) for n, c in cases.items()}, ["refinery", "route", "crude", "period"], ["crude_mt"]
        ),
        "balance": compare.side_by_side(
            {n: balance_of(c, world) for n, c in cases.items()},
            ["region", "product", "period"],
            [
                "price_usd_per_bbl",
                "price_premium_usd_per_bbl",
                "used_mt",
                "made_mt",
                "imported_mt",
                "exported_mt",
                "forgone_mt",
            ],
        ),
        "margins": compare.side_by_side(
            {n: margins_of(c, runs[n]) for n, c in cases.items()}, ["refinery", "holder"], ["crude_mt", "margin_musd"]
        ),
        "gains": compare.side_by_side(gains, ["group", "id"], ["musd"]),
        "owners": compare.side_by_side({n: held_by(g) for n, g in shared.items()}, ["holder"], ["musd"]),
        "owner_terms": compare.side_by_side(
            {n: held_of(g) for n, g in shared.items()}, ["holder", "of"], ["share", "musd"]
        ),
        "gain_terms": compare.side_by_side(terms, ["group", "id", "kind"], ["musd"]),
        "stakes": compare.side_by_side(
            {n: stakes_of(w, last) for n, w in worlds.items()}, ["refinery", "kind", "holder"], ["share_percent"]
        ),
        "flips": flips_of(world, after, last),
        "rents": compare.side_by_side({n: c.rents() for n, c in cases.items()}, ["kind", "id", "period"], ["rent"]),
        "nodes": world.table("oil_nodes").select("id", "name", pl.col("kind").alias("region"), "country", "lat", "lon"),
    }


def _activity(case: Case) -> pl.DataFrame:
    """conversion, plant, kind, holder, thing (refinery or route), period, quantity [Mt]."""
    known = case.problem.conversions.select("conversion", "period", "plant", "kind", pl.col("trader").alias("holder"))
    done = case.solution.conversions.select("conversion", "period", "quantity")
    part = pl.col("plant").str.splitn(".", 2).struct
    return known.join(done, on=["conversion", "period"], how="left").with_columns(
        pl.col("quantity").fill_null(0.0), part[0].alias("thing")
    )


def runs_of(case: Case, world: World) -> pl.DataFrame:
    """refinery, holder, period, crude, crude_mt and room_mt: what each holder runs, and the most its share can."""
    crude = dict(world.table("oil_recipes").select("id", "crude").iter_rows())
    rows = _activity(case).filter(pl.col("kind") == "refining")
    room = case.problem.plants.select("plant", "period", pl.col("capacity").alias("room_mt"))
    recipe = pl.col("conversion").str.splitn(".", 2).struct[0]
    return rows.join(room, on=["plant", "period"]).select(
        pl.col("thing").alias("refinery"), "holder", "period", recipe.replace_strict(crude).alias("crude"),
        pl.col("quantity").alias("crude_mt"), "room_mt",
    )  # fmt: skip


def utilisation_of(runs: pl.DataFrame, world: World) -> pl.DataFrame:
    """refinery, period, crude_mt, crude_kbd, utilisation_share of the capacity on paper, stops and turnarounds not taken off."""
    run = runs.group_by("refinery", "period").agg(pl.col("crude_mt").sum()).sort("refinery", "period")
    days = pl.col("period").str.to_date("%Y-%m").dt.days_in_month()
    year = pl.when(pl.col("period").str.to_date("%Y-%m").dt.is_leap_year()).then(366).otherwise(365)
    full = [
        found.value
        if (found := world.resolve(r, "refinery_capacity_mt_per_year", date.fromisoformat(f"{p}-15")))
        else None
        for r, p in run.select("refinery", "period").iter_rows()
    ]
    return run.with_columns(
        (pl.col("crude_mt") * BBL_PER_T_OF_CAPACITY * 1000.0 / days).alias("crude_kbd"),
        (pl.col("crude_mt") / (pl.Series(full, dtype=pl.Float64) * days / year)).alias("utilisation_share"),
    )


def crude_of(case: Case) -> pl.DataFrame:
    """refinery, route, crude, period, crude_mt: what comes in by which line."""
    rows = _activity(case).filter(pl.col("kind") == "pipeline")
    refinery = _refinery_at(case)
    legs = case.problem.yields.filter(pl.col("amount") > 0).select("conversion", pl.col("node").alias("_to"))
    rows = rows.join(legs, on="conversion").with_columns(pl.col("_to").str.splitn(".", 2).alias("_at"))
    return (
        rows.select(
            pl.col("_at").struct[1].replace_strict(refinery).alias("refinery"), pl.col("thing").alias("route"),
            pl.col("_at").struct[0].alias("crude"), "period", pl.col("quantity").alias("crude_mt"),
        )
        .group_by("refinery", "route", "crude", "period")
        .agg(pl.col("crude_mt").sum())
        .sort("refinery", "route", "crude", "period")
    )  # fmt: skip


def _refinery_at(case: Case) -> dict[str, str]:
    """Place of a refinery -> refinery, from the recipes in the problem."""
    refining = case.problem.conversions.filter(pl.col("kind") == "refining").select("conversion", "plant").unique()
    taken = case.problem.yields.filter(pl.col("amount") < 0).join(refining, on="conversion")
    pairs = taken.select(pl.col("node").str.splitn(".", 2).struct[1], pl.col("plant").str.splitn(".", 2).struct[0])
    return dict(pairs.unique().iter_rows())


def _product_flows(case: Case) -> pl.DataFrame:
    """thing, kind (refining, import, export), good, region, period, quantity [million barrels]."""
    made = (
        _activity(case)
        .filter(pl.col("kind") == "refining")
        .join(case.problem.yields.filter(pl.col("amount") > 0), on="conversion")
        .select("thing", "kind", "node", "period", (pl.col("quantity") * pl.col("amount")).alias("quantity"))
    )
    bought = case.solution.production.filter(pl.col("trader") == HELPER).select(
        pl.col("step").alias("thing"), pl.lit("import").alias("kind"), "node", "period", "quantity"
    )
    exports = case.problem.arcs.filter(pl.col("kind") == "export").select("arc", "period", pl.col("from").alias("node"))
    sent = (
        case.solution.flows.join(exports, on=["arc", "period"])
        .with_columns(pl.col("arc").str.splitn(".", 2).struct[0].alias("thing"), pl.lit("export").alias("kind"))
        .select("thing", "kind", "node", "period", "quantity")
    )
    place = pl.col("node").str.splitn(".", 2).struct
    return (
        pl.concat([made, bought, sent])
        .group_by("thing", "kind", "node", "period")
        .agg(pl.col("quantity").sum())
        .with_columns(place[0].alias("good"), place[1].alias("region"))
        .sort("thing", "node", "period")
    )


def flows_of(case: Case, world: World) -> pl.DataFrame:
    """arc, from, to, kind, period, quantity and delivered [million barrels]: crude by route, products by refinery and route."""
    ends = {r["id"]: (r["from_node"], r["to_node"]) for r in world.table("oil_routes").iter_rows(named=True)}
    place = {refinery: at for at, refinery in _refinery_at(case).items()}
    legs = case.problem.yields.filter(pl.col("amount") > 0)
    piped = (
        _activity(case)
        .filter(pl.col("kind") == "pipeline")
        .join(legs, on="conversion")
        .select(
            pl.col("thing").alias("arc"), "kind", "period", (pl.col("quantity") * pl.col("amount")).alias("quantity")
        )
    )
    sailed = case.flows().filter(pl.col("kind") == "sea").select("arc", "kind", "period", "quantity")
    crude = pl.concat([piped, sailed]).group_by("arc", "kind", "period").agg(pl.col("quantity").sum())
    crude = crude.with_columns(
        pl.col("arc").replace_strict({k: v[0] for k, v in ends.items()}).alias("from"),
        pl.col("arc").replace_strict({k: v[1] for k, v in ends.items()}).alias("to"),
    )
    goods = _product_flows(case)
    leaves = pl.col("kind") == "export"
    origin = pl.col("thing").replace_strict(place, default="coast", return_dtype=pl.String)
    products = goods.select(
        pl.concat_str("thing", "good", separator=".").alias("arc"), "kind", "period", "quantity",
        pl.when(leaves).then(pl.col("node")).otherwise(origin).alias("from"),
        pl.when(leaves).then(pl.lit("coast")).otherwise(pl.col("node")).alias("to"),
    )  # fmt: skip
    both = pl.concat([crude, products.select(crude.columns)])
    return both.with_columns(pl.col("quantity").alias("delivered")).select(
        "arc", "from", "to", "kind", "period", "quantity", "delivered"
    )


def balance_of(case: Case, world: World) -> pl.DataFrame:
    """Per region, product and month: price and premium over the coast, and tonnes used, made, brought in, sent out, forgone.

    `forgone_mt`: what would be used at the coast's price and is not, because the price is higher. `made_mt` counts what the
    region's refinery makes, sent out or not.
    """
    density = {
        good: found.value
        for good in DEMANDED
        if (found := world.resolve(good, "bbl_per_t", date(2021, 1, 1))) is not None
    }
    price = case.solution.prices.select("node", "period", "price")
    place = pl.col("node").str.splitn(".", 2).struct
    rows = price.with_columns(place[0].alias("product"), place[1].alias("region")).filter(
        pl.col("product").is_in(DEMANDED)
    )
    coast = rows.filter(pl.col("region") == "coast").select("product", "period", pl.col("price").alias("coast"))
    demand = case.problem.demand.select("node", "period", "intercept", "slope")
    used = case.solution.consumption.select("node", "period", "quantity")
    rows = rows.filter(pl.col("region") != "coast").join(coast, on=["product", "period"])
    rows = rows.join(demand, on=["node", "period"]).join(used, on=["node", "period"])
    wide = _product_flows(case).group_by("node", "period", "kind").agg(pl.col("quantity").sum())
    for kind, name in (("refining", "made"), ("import", "imported"), ("export", "exported")):
        part = wide.filter(pl.col("kind") == kind).select("node", "period", pl.col("quantity").alias(name))
        rows = rows.join(part, on=["node", "period"], how="left").with_columns(pl.col(name).fill_null(0.0))
    tonnes = pl.col("product").replace_strict(density, return_dtype=pl.Float64)
    wanted = (pl.col("intercept") - pl.col("coast")) / pl.col("slope")
    return rows.select(
        "region", "product", "period", pl.col("price").alias("price_usd_per_bbl"),
        (pl.col("price") - pl.col("coast")).alias("price_premium_usd_per_bbl"), (pl.col("quantity") / tonnes).alias("used_mt"),
        *[(pl.col(n) / tonnes).alias(f"{n}_mt") for n in ("made", "imported", "exported")],
        ((wanted - pl.col("quantity")).clip(lower_bound=0.0) / tonnes).alias("forgone_mt"),
    ).sort("region", "product", "period")  # fmt: skip


def scarcity_of(case: Case) -> pl.DataFrame:
    """thing (refinery or route), holder, musd (discounted): scarcity rents by who has the right to what is scarce.

    A line's rent goes to the holders by their rights in the month, whoever used them: who takes over a right pays what it
    is worth.
    """
    earned = case.solution.accounts.filter((pl.col("party") == "operators") & (pl.col("kind") == "congestion"))
    part = pl.col("id").str.splitn(".", 2).struct
    own = earned.filter(pl.col("id").str.contains(".", literal=True)).select(
        part[0].alias("thing"), part[1].alias("holder"), pl.col("amount").alias("musd")
    )
    rights = (
        case.problem.conversions.filter((pl.col("kind") == "pipeline") & pl.col("capacity").is_not_null())
        .group_by(pl.col("plant").alias("id"), "period", pl.col("trader").alias("holder"))
        .agg(pl.col("capacity").max())
        .with_columns((pl.col("capacity") / pl.col("capacity").sum().over("id", "period")).alias("_share"))
    )
    shared = earned.join(rights, on=["id", "period"]).select(
        pl.col("id").alias("thing"), "holder", (pl.col("amount") * pl.col("_share")).alias("musd")
    )
    return pl.concat([own, shared]).group_by("thing", "holder").agg(pl.col("musd").sum()).sort("thing", "holder")


def margins_of(case: Case, runs: pl.DataFrame) -> pl.DataFrame:
    """refinery, holder, crude_mt over the horizon, margin_musd (discounted).

    The margin is the scarcity rent of the holder's share of the plant and of its rights to the lines into it: what products
    fetch less crude, freight, tariffs and the cost of running, since crude itself is for sale at a given price.
    """
    at = _refinery_at(case)
    ends = case.problem.conversions.filter(pl.col("kind") == "pipeline").select("conversion", "plant").unique()
    to = case.problem.yields.filter(pl.col("amount") > 0).join(ends, on="conversion")
    served = dict(
        to.select("plant", pl.col("node").str.splitn(".", 2).struct[1].replace_strict(at)).unique().iter_rows()
    )
    refinery = pl.col("thing").replace_strict(served, default=pl.col("thing"), return_dtype=pl.String)
    rents = (
        scarcity_of(case).group_by(refinery.alias("refinery"), "holder").agg(pl.col("musd").sum().alias("margin_musd"))
    )
    run = runs.group_by("refinery", "holder").agg(pl.col("crude_mt").sum())
    return (
        run.join(rents, on=["refinery", "holder"], how="left")
        .with_columns(pl.col("margin_musd").fill_null(0.0))
        .sort("refinery", "holder")
    )


def gain_terms(case: Case) -> pl.DataFrame:
    """group, id, kind, musd (discounted over the horizon): what each gain consists of; adds up to welfare.

    A holder's rents on its shares of refineries and lines count as its own (producers); operators are the lines, by tariff.
    """
    rent = (pl.col("party") == "operators") & (pl.col("kind") == "congestion")
    rows = case.solution.accounts.filter(~rent).select(
        pl.col("party").alias("group"), "id", "kind", pl.col("amount").alias("musd")
    )
    scarce = pl.lit("scarcity of own shares").alias("kind")
    held = scarcity_of(case).select(pl.lit("producers").alias("group"), pl.col("holder").alias("id"), scarce, "musd")
    return pl.concat([rows, held]).group_by("group", "id", "kind").agg(pl.col("musd").sum()).sort("group", "id", "kind")


def owner_shares(gains: pl.DataFrame, world: World, day: date, paid: Mapping[str, float]) -> list[Gain]:
    """The refinery holders' and lines' gains up the chain of title, by exact economic share on `day`.

    `paid`: million USD that parties get for stakes, or give (negative).
    """
    held = gains.filter(pl.col("group").is_in(["producers", "operators"]) & (pl.col("id") != HELPER))
    asset = {r["id"]: r["asset"] for r in world.table("oil_routes").iter_rows(named=True) if r["asset"]}
    income: dict[str, float] = dict(paid)
    for identity, musd in held.select("id", "musd").iter_rows():
        owner = asset.get(identity, identity)
        income[owner] = income.get(owner, 0.0) + musd
    return gains_to_owners(income, _control(world).graph(day))


def _control(world: World) -> ControlInputs:
    return inputs_from_tables(
        {name: list(f.iter_rows(named=True)) for name, f in world.tables.items() if name != "facts"}
    )


def stakes_of(world: World, day: date) -> pl.DataFrame:
    """refinery, kind (title | votes | economic), holder, share_percent on `day`; three numbers that are not the same.

    title: direct holders of the firm that runs the refinery. votes: who casts them, which is a trustee where a holder is
    under trusteeship. economic: ultimate holders of the income.
    """
    graph = _control(world).graph(day)
    rows: list[tuple[str, str, str, float]] = []
    for refinery in world.table("oil_recipes")["refinery"].unique().sort():
        above = title_holders(graph, refinery)
        firm = above[0].owner if len(above) == 1 and above[0].share_min == WHOLE else refinery
        votes: dict[str, float] = {}
        for e in title_holders(graph, firm):
            share = 100.0 * e.share_min / WHOLE
            rows.append((refinery, "title", e.owner, share))
            casting = [x.owner for x in graph.holders_of.get(e.owner, ()) if x.kind in CONTROL_KINDS]
            voter = casting[0] if casting else e.owner
            votes[voter] = votes.get(voter, 0.0) + share
        rows += [(refinery, "votes", h, s) for h, s in votes.items()]
        rows += [(refinery, "economic", h, 100.0 * float(s)) for h, s in economic_share(graph, firm).ultimate.items()]
    schema = {"refinery": pl.String, "kind": pl.String, "holder": pl.String, "share_percent": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row").sort("refinery", "kind", "holder")


FLIP = ("what", "id", "regime", "before", "after", "note")


def flips_of(before: World, after: World, day: date) -> pl.DataFrame:
    """What changes in control on `day`: ownership tests, whether one may deal with the holders, measures, licences, rights."""
    was, now = _control(before), _control(after)
    found = compare_control(was, now, day, REGIMES, now.transfer_rights)
    rows: list[tuple[str, ...]] = [
        ("ownership test", f["id"], f["regime"], f["before"], f["after"], "") for f in found["flips"]
    ]
    rows += _dealing_rows(was, now, _parties(before) | _parties(after), day)
    rows += [("measure", m["id"], "", m["before"], m["after"], m["act"]) for m in found["measures"]]
    states = [{x.id: x.state(day) for x in side.licences} for side in (was, now)]
    rows += [
        ("licence", i, "", states[0].get(i, "none"), states[1].get(i, "none"), "")
        for i in sorted(states[0].keys() | states[1].keys())
        if states[0].get(i) != states[1].get(i)
    ]
    rows += [
        ("right of others", o["owned"], "", "", o["right"], f"{', '.join(o['asked'])}: {o['terms']}")
        for o in found["objections"]
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(FLIP, pl.String), orient="row")


def _parties(world: World) -> set[str]:
    """The refineries."""
    return set(world.table("oil_recipes")["refinery"].to_list())


def _dealing_rows(was: ControlInputs, now: ControlInputs, refineries: set[str], day: date) -> list[tuple[str, ...]]:
    """Holders of the refineries with whom one may deal in one case and not in the other."""
    graphs = was.graph(day), now.graph(day)
    firms = {e.owner for g in graphs for r in refineries for e in title_holders(g, r)}
    holders = sorted(firms | {e.owner for g in graphs for f in firms for e in title_holders(g, f)})
    rows: list[tuple[str, ...]] = []
    for regime in REGIMES:
        a, b = (blocked_states(x, g, holders, regime, day) for x, g in zip((was, now), graphs, strict=True))
        rows += [
            ("dealing with", h, regime, a[h].state, b[h].state, ", ".join(m.cites for m in b[h].by))
            for h in holders
            if a[h].state != b[h].state
        ]
    return rows
