"""Who supplies whom? (flows of a case -> bcm by supplying country and consuming node over the horizon)

Where price takers are one commodity, whose molecules arrive is not determined by the equilibrium. The tie-break is
average mixing over the whole horizon: what leaves a node has the composition of what entered it (production and
arrivals; storage only shifts gas in time, so it drops out of sums over its cycle). Strategic traders' own flows are
kept apart and need no tie-break where the trader has one country. Marked `tie_break` in every table that shows it.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl
from scipy.sparse import coo_matrix, identity
from scipy.sparse.linalg import splu

from polynya.results.case import Case

TIE_BREAK = "average mixing over the horizon"
TINY_BCM = 1e-9


def supply_matrix(case: Case, country_of: dict[str, str]) -> pl.DataFrame:
    """supplier (country), node, trader class, bcm consumed, tie_break. `country_of` maps a producing node to its country."""
    flows = case.solution.flows.join(
        case.problem.arcs.select("arc", "from", "to", "period", "loss"), on=["arc", "period"]
    )
    flows = flows.with_columns((pl.col("quantity") * (1 - pl.col("loss").fill_null(0.0))).alias("delivered"))
    moved = flows.group_by("trader", "from", "to", maintain_order=True).agg(
        pl.col("quantity").sort().sum(), pl.col("delivered").sort().sum()
    )
    made = _by_class(case).group_by("trader", "node", maintain_order=True).agg(pl.col("quantity").sort().sum())
    sold = case.solution.sales.group_by("trader", "node", maintain_order=True).agg(pl.col("quantity").sort().sum())
    frames = [
        _mix(
            str(trader),
            moved.filter(pl.col("trader") == trader),
            made.filter(pl.col("trader") == trader),
            sales,
            country_of,
        )
        for (trader,), sales in sold.group_by("trader", maintain_order=True)
    ]
    if not frames:
        return pl.DataFrame(
            schema={
                "supplier": pl.String,
                "node": pl.String,
                "trader": pl.String,
                "bcm": pl.Float64,
                "tie_break": pl.String,
            }
        )
    return pl.concat(frames).sort("node", "supplier", "trader")


def _by_class(case: Case) -> pl.DataFrame:
    """Production with traders renamed to the class in which their flows are reported."""
    of = {member: name for name, members in case.solution.names.items() for member in members}
    return case.solution.production.with_columns(pl.col("trader").replace(of))


def _mix(
    trader: str, moved: pl.DataFrame, made: pl.DataFrame, sold: pl.DataFrame, country_of: dict[str, str]
) -> pl.DataFrame:
    country = pl.col("node").replace_strict(country_of, default=pl.col("node"), return_dtype=pl.String)
    mixed = composition(moved, made.with_columns(country.alias("label")), sold["node"].to_list())
    of: dict[str, list[tuple[str, float]]] = {}
    for node, label, share in mixed.select("node", "label", "share").iter_rows():
        of.setdefault(node, []).append((label, share))
    tie_break = TIE_BREAK if mixed["label"].n_unique() > 1 else ""
    out = [
        (label, node, trader, quantity * share, tie_break)
        for node, quantity in sold.select("node", "quantity").iter_rows()
        for label, share in of.get(node, ())
        if quantity * share > 1e-6
    ]
    return pl.DataFrame(
        out,
        schema={
            "supplier": pl.String,
            "node": pl.String,
            "trader": pl.String,
            "bcm": pl.Float64,
            "tie_break": pl.String,
        },
        orient="row",
    )


def composition(moved: pl.DataFrame, made: pl.DataFrame, further: Sequence[str] = ()) -> pl.DataFrame:
    """node, label, share: what the gas at a node consists of, when whatever leaves it has the mixture of what entered it.

    `moved`: from, to, quantity, delivered; `made`: node, label, quantity; of one seller or class, over the horizon. [bcm]
    """
    nodes = sorted({*moved["from"], *moved["to"], *made["node"], *further})
    at = {n: i for i, n in enumerate(nodes)}
    labels = sorted(made["label"].unique().to_list())
    source = np.zeros((len(nodes), len(labels)))
    for node, label, quantity in made.select("node", "label", "quantity").iter_rows():
        source[at[node], labels.index(label)] += max(quantity, 0.0)
    inflow = source.sum(axis=1)
    rows, columns, values = [], [], []
    for start, end, delivered in moved.select("from", "to", "delivered").iter_rows():
        if delivered > TINY_BCM:
            inflow[at[end]] += delivered
            rows.append(at[end])
            columns.append(at[start])
            values.append(delivered)
    scale = 1.0 / np.maximum(inflow, TINY_BCM)
    weights = coo_matrix(
        (np.array(values), (np.array(rows, dtype=np.int64), np.array(columns, dtype=np.int64))),
        shape=(len(nodes), len(nodes)),
    ).multiply(scale[:, None])
    # A circle of flows without any source in it would make the system singular; a whisper of identity keeps it solvable.
    system = (identity(len(nodes)) * (1.0 + 1e-12) - weights).tocsc()
    mixed = splu(system).solve(source * scale[:, None])
    mixed = mixed / np.maximum(mixed.sum(axis=1, keepdims=True), TINY_BCM)
    found = [
        (n, label, float(mixed[at[n], k])) for n in nodes for k, label in enumerate(labels) if mixed[at[n], k] > 0.0
    ]
    return pl.DataFrame(found, schema={"node": pl.String, "label": pl.String, "share": pl.Float64}, orient="row")
