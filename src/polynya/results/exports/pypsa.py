"""How does PyPSA hold a solved case? (run -> CASE/*.csv, a PyPSA CSV folder for each case)

A month is one snapshot of weighting 1, so that PyPSA's power `p` is bcm of the month and `marginal_price` USD/MMBtu.
Arcs are links (`efficiency` = 1 - loss), steps of production are generators, what is consumed is a load, stores are
storage units. All traders are summed: market power is in the solved prices, not in the network. What is written is the
solved state, with limits and costs, so that nodal balances hold in PyPSA; optimising it there poses another question
(perfect competition, demand fixed at what was consumed). A link or unit without a row in some month is shut there.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from polynya.market.answer import Solution
from polynya.market.problem import Problem, read_problem
from polynya.results.case import BASELINE, SCENARIO
from polynya.results.exports.sheet import csv_text, month_start, wide
from polynya.results.folder import Run
from polynya.results.verify import read_solution

VERSION = "1.0.0"  # of PyPSA's format; lets newer readers convert
INDEX = "snapshot"


def files(run: Run) -> Iterator[tuple[str, str]]:
    """A folder for each case."""
    nodes = run.table("nodes")
    for case in (BASELINE, SCENARIO):
        problem = read_problem(run.folder / "problem" / case)
        for name, frame in network(
            problem, read_solution(run, case), nodes, f"{run.manifest['scenario']['id']} {case}"
        ).items():
            yield f"{case}/{name}.csv", csv_text(frame)


def network(problem: Problem, solution: Solution, nodes: pl.DataFrame, name: str) -> dict[str, pl.DataFrame]:
    """File name -> frame of PyPSA's CSV folder."""
    periods = problem.periods["period"].to_list()
    stamps = [month_start(p) for p in periods]
    ones = [1.0] * len(periods)
    weights = {"objective": problem.periods["weight"].to_list(), "stores": ones, "generators": ones}
    out = {
        "network": pl.DataFrame({"name": [name], "pypsa_version": [VERSION]}),
        "snapshots": pl.DataFrame({"": list(range(len(periods))), INDEX: stamps, **weights}),
        "carriers": pl.DataFrame({"name": _carriers(problem)}),
        "buses": _buses(problem, nodes),
    }
    series = [
        *_links(problem, solution, out),
        *_generators(problem, solution, out),
        *_loads(solution, out),
        *_stores(problem, solution, out),
        (
            "buses-marginal_price",
            solution.prices.select(pl.col("node").alias("id"), "period", pl.col("price").alias("v")),
        ),
    ]
    for file, frame in series:
        if frame.height:
            out[file] = wide(frame.fill_nan(None), "id", "v", periods, stamps, INDEX)
    return {k: v for k, v in out.items() if v.height}


Series = list[tuple[str, pl.DataFrame]]


def _carriers(problem: Problem) -> list[str]:
    return sorted({"gas", *problem.arcs["kind"].drop_nulls().unique().to_list()})


def _buses(problem: Problem, nodes: pl.DataFrame) -> pl.DataFrame:
    """`AE@DES` lies at AE."""
    names = problem.nodes.select(pl.col("node").alias("name"), pl.col("node").str.split("@").list.first().alias("id"))
    placed = names.join(
        nodes.select("id", "country", pl.col("lon").alias("x"), pl.col("lat").alias("y")), on="id", how="left"
    )
    return placed.select("name", "x", "y", "country", pl.lit("gas").alias("carrier"), pl.lit("bcm").alias("unit"))


def _limits(frame: pl.DataFrame, limit: str) -> tuple[pl.DataFrame, pl.DataFrame]:
    """id, p_nom (largest limit; without one in any month, infinite) and id, period, v = share of it in the month."""
    known = frame.group_by("id", maintain_order=True).agg(
        pl.when(pl.col(limit).null_count() > 0).then(float("inf")).otherwise(pl.col(limit).max()).alias("p_nom")
    )
    share = frame.join(known, on="id").select(
        "id",
        "period",
        pl.when(pl.col("p_nom").is_infinite())
        .then(1.0)
        .when(pl.col("p_nom") > 0)
        .then(pl.col(limit) / pl.col("p_nom"))
        .otherwise(0.0)
        .alias("v"),
    )
    return known, share


def _links(problem: Problem, solution: Solution, out: dict[str, pl.DataFrame]) -> Series:
    arcs = problem.arcs.with_columns(
        pl.col("arc").alias("id"), pl.col("cost", "tariff", "tax", "loss", "lag").fill_null(0.0)
    )
    if not arcs.height:
        return []
    size, share = _limits(arcs, "capacity")
    fixed = arcs.group_by("id", maintain_order=True).agg(
        pl.col("from").first().alias("bus0"),
        pl.col("to").first().alias("bus1"),
        pl.col("kind").first().alias("carrier"),
        (1.0 - pl.col("loss").first()).alias("efficiency"),
    )
    out["links"] = fixed.join(size, on="id", maintain_order="left").rename({"id": "name"})
    sent = solution.flows.group_by("arc", "period").agg(pl.col("quantity").sum())
    sent = arcs.join(sent, on=["arc", "period"], how="left").with_columns(pl.col("quantity").fill_null(0.0))
    arrives = sent.select(
        "id", "period", (-pl.col("quantity") * (1.0 - pl.col("loss")) * (1.0 - pl.col("lag"))).alias("v")
    )
    later = _later(
        problem, sent.select("id", "period", (-pl.col("quantity") * (1.0 - pl.col("loss")) * pl.col("lag")).alias("v"))
    )
    arrives = pl.concat([arrives, later]).group_by("id", "period").agg(pl.col("v").sum())
    money = arcs.select("id", "period", (pl.col("cost") + pl.col("tariff") + pl.col("tax")).alias("v"))
    return [
        ("links-p_max_pu", share),
        ("links-efficiency", arcs.select("id", "period", (1.0 - pl.col("loss")).alias("v"))),
        ("links-marginal_cost", money),
        ("links-p0", sent.select("id", "period", pl.col("quantity").alias("v"))),
        ("links-p1", arrives),
    ]


def _later(problem: Problem, sent: pl.DataFrame) -> pl.DataFrame:
    """What is still at sea at the end of a month arrives in the next; after a cycle's last month comes its first."""
    periods = problem.periods
    cycle = periods["cycle"].fill_null("").to_list() if "cycle" in periods.columns else [""] * periods.height
    names = periods["period"].to_list()
    after: dict[str, str] = {}
    for c in dict.fromkeys(cycle):
        ring = [n for n, k in zip(names, cycle, strict=True) if k == c]
        after |= dict(zip(ring, [*ring[1:], ring[0]], strict=True))
    return sent.filter(pl.col("v") != 0.0).with_columns(pl.col("period").replace(after))


def _generators(problem: Problem, solution: Solution, out: dict[str, pl.DataFrame]) -> Series:
    key = pl.concat_str("step", "trader", "node", separator=" ").alias("id")
    steps = problem.production.with_columns(key, pl.col("cost", "cost_slope").fill_null(0.0))
    if not steps.height:
        return []
    size, share = _limits(steps, "capacity")
    fixed = steps.group_by("id", maintain_order=True).agg(
        pl.col("node").first().alias("bus"), pl.lit("gas").first().alias("carrier"), pl.col("trader").first()
    )
    out["generators"] = fixed.join(size, on="id", maintain_order="left").rename({"id": "name"})
    made = solution.production.with_columns(key).group_by("id", "period").agg(pl.col("quantity").sum().alias("v"))
    return [
        ("generators-p_max_pu", share),
        ("generators-marginal_cost", steps.select("id", "period", pl.col("cost").alias("v"))),
        ("generators-marginal_cost_quadratic", steps.select("id", "period", (pl.col("cost_slope") / 2.0).alias("v"))),
        ("generators-p", made),
    ]


def _loads(solution: Solution, out: dict[str, pl.DataFrame]) -> Series:
    used = solution.consumption.select(pl.col("node").alias("id"), "period", pl.col("quantity").alias("v"))
    names = used["id"].unique(maintain_order=True).to_list()
    out["loads"] = pl.DataFrame({"name": names, "bus": names, "carrier": ["gas"] * len(names)})
    return [("loads-p_set", used), ("loads-p", used)]


def _stores(problem: Problem, solution: Solution, out: dict[str, pl.DataFrame]) -> Series:
    store = problem.storage.with_columns(pl.col("storage").alias("id"), pl.col("loss").fill_null(0.0))
    if not store.height:
        return []
    size, share = _limits(store, "withdrawal")
    fixed = store.group_by("id", maintain_order=True).agg(
        pl.col("node").first().alias("bus"),
        pl.lit("gas").first().alias("carrier"),
        (1.0 - pl.col("loss").first()).alias("efficiency_store"),
        pl.col("working").max().alias("working"),
    )
    fixed = fixed.join(size, on="id", maintain_order="left")
    # PyPSA keeps working volume as hours at full withdrawal.
    hours = pl.when((pl.col("p_nom") > 0) & pl.col("p_nom").is_finite()).then(pl.col("working") / pl.col("p_nom"))
    out["storage_units"] = fixed.with_columns(hours.alias("max_hours")).drop("working").rename({"id": "name"})
    p_nom = dict(size.iter_rows())
    fill = store.select(
        "id",
        "period",
        (-pl.col("injection") / pl.col("id").replace_strict(p_nom, return_dtype=pl.Float64)).alias("v"),
    ).filter(pl.col("v").is_finite())
    moved = solution.storage.group_by(pl.col("storage").alias("id"), "period").agg(
        pl.col("injection").sum(), pl.col("withdrawal").sum(), pl.col("level").sum()
    )
    return [
        ("storage_units-p_max_pu", share),
        ("storage_units-p_min_pu", fill),
        ("storage_units-p", moved.select("id", "period", (pl.col("withdrawal") - pl.col("injection")).alias("v"))),
        ("storage_units-p_store", moved.select("id", "period", pl.col("injection").alias("v"))),
        ("storage_units-p_dispatch", moved.select("id", "period", pl.col("withdrawal").alias("v"))),
        ("storage_units-state_of_charge", moved.select("id", "period", pl.col("level").alias("v"))),
    ]
