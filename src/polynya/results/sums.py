"""What does a sum or a mean consist of? (run folder + address of one -> value, terms with weights, facts behind them)

The note speaks of regions, of years and of everybody; this finds the rows behind each such number:
    prices/PLACE[/PERIOD]              mean over nodes and periods, weighted by the baseline's consumption
    consumption/PLACE[/PERIOD], production/PLACE|SUPPLY[/PERIOD], supply/COUNTRY/PLACE     sums, and per year
    flows/ARC                          the periods of one line, and per year
    gains/PLACE, gains/GROUP[/PLACE|ID], gains/ID, gains/total       terms by node, by party, by account
    owners/HOLDER                      what of which thing's gain reaches it, by economic share
    world/production|consumption|full-share, gates/SUBJECT
of oil also what stands by refinery, route, region or product: the mean or the sum of its periods.
A PLACE is a node, a hub of the note (TTF), a country, a region (Europe, Middle East), EU, or world.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl

from polynya.results.case import BASELINE, SCENARIO
from polynya.results.folder import Run

CASES = (BASELINE, SCENARIO)
HUBS = {"ttf": "NL", "nbp": "GB", "psv": "IT", "the": "DE", "hh": "US-GULF", "henry-hub": "US-GULF", "jkm": "JP"}
FULL_SHARE = 0.999
MEANS = ("price", "share", "premium", "kbd")  # columns whose periods are averaged, not added up
BY_PERIOD = ("flows", "production", "consumption", "storage", "fleets", "utilisation", "crude", "balance")
WELFARE = ("consumers", "producers", "operators", "states")
EQUATIONS = {
    "prices": "sum of price x weight / sum of weights; weight: what the baseline consumes there in the period [bcm]",
    "consumption": "sum over nodes and periods; per year: sum / months x 12",
    "production": "sum over supplies and periods; per year: sum / months x 12",
    "supply": "sum over nodes of what the supplier's gas is there (average mixing where sellers are price takers); per year: sum / months x 12",
    "gains": "sum of its terms, discounted over the horizon; what each party has comes from the accounts of the market",
    "owners": "sum over things and parties: economic share along the chain of title x what the thing gains; a price for a stake goes from buyer to seller",
    "world": "sum over all nodes; full-share: output of steps that run at 99.9 % of capacity or more / all output, baseline",
    "gates": "gates of the line, and those that fail in the scenario's last period",
    "periods": "sum over the periods, or their mean where the number is a price, a share or a rate",
}
Row = dict[str, Any]


def fold(word: str) -> str:
    """`Middle East` and `middle-east` are one word."""
    return word.strip().casefold().replace(" ", "-")


def months_of(run: Run) -> int:
    """Months of the horizon."""
    return int(run.manifest["months"])


def nodes_of(run: Run, word: str) -> list[str]:
    """The nodes that a place stands for; empty when it is no place of the run."""
    nodes = run.table("nodes")
    key = fold(word)
    if key == "world":
        return nodes["id"].to_list()
    if key in ("eu", "european-union"):
        return list(run.summary.get("european_union", ()))
    if key in HUBS and HUBS[key] in nodes["id"].to_list():
        return [HUBS[key]]
    for column in ("id", "region", "country"):
        named = [
            i
            for i, c in nodes.select("id", column if column != "id" else pl.col("id").alias("c")).iter_rows()
            if fold(c or "") == key
        ]
        if named:
            return named
    hubs = {fold(h["hub"]): h for h in run.summary.get("hubs", ())}
    return list(hubs[key].get("nodes", ())) if key in hubs else []


def places(run: Run) -> list[str]:
    """Words that `nodes_of` knows beside the nodes themselves."""
    regions = sorted(run.table("nodes")["region"].unique().to_list())
    return [*regions, "EU", "world"]


def find(run: Run, kind: str, keys: Sequence[str]) -> Row | None:
    """value, terms and items of a sum or mean; None when the address means none."""
    if kind == "world" and len(keys) == 1:
        return _world(run, fold(keys[0]))
    if kind == "gates" and len(keys) == 1:
        return _gates(run, keys[0])
    if kind == "gains" and keys:
        return _gains(run, keys)
    if kind == "owners" and len(keys) == 1:
        return _owners(run, keys[0])
    if kind == "supply" and len(keys) == 2:
        return _supply(run, *keys)
    if kind == "prices" and keys and "consumption" in run.tables() and run.manifest.get("market") != "oil":
        return _prices(run, keys)
    if kind in ("consumption", "production") and keys:
        found = _places_sum(run, kind, keys)
        if found is not None:
            return found
    return _over_periods(run, kind, keys) if kind in BY_PERIOD else None


def _sides(rows: Sequence[Mapping[str, Any]], name: str) -> Row:
    """Sums of both cases and the change, of rows with `name_baseline` and `name_scenario`."""
    total = {c: sum(r[f"{name}_{c}"] or 0.0 for r in rows) for c in CASES}
    return {f"{name}_{c}": total[c] for c in CASES} | {f"{name}_change": total[SCENARIO] - total[BASELINE]}


def _yearly(values: Mapping[str, Any], months: int, unit: str = "bcm_per_year") -> Row:
    return {f"{unit}_{k.rsplit('_', 1)[1]}": v * 12.0 / months for k, v in values.items()}


def _prices(run: Run, keys: Sequence[str]) -> Row | None:
    nodes = nodes_of(run, keys[0])
    if not nodes or len(keys) > 2:
        return None
    chosen = (
        pl.col("node").is_in(nodes) if len(keys) == 1 else pl.col("node").is_in(nodes) & (pl.col("period") == keys[1])
    )
    weights = (
        run.table("consumption").filter(chosen).select("node", "period", pl.col(f"quantity_{BASELINE}").alias("weight"))
    )
    joined = weights.join(run.table("prices").filter(chosen), on=["node", "period"], maintain_order="left")
    if not joined.height:
        return None
    value: Row = {}
    for c in CASES:
        known = joined.filter(pl.col(f"price_{c}").is_not_null())
        w = float(known["weight"].sum())
        value[f"price_{c}"] = float((known["weight"] * known[f"price_{c}"]).sum()) / w if w else None
    before, after = value[f"price_{BASELINE}"], value[f"price_{SCENARIO}"]
    if before is not None and after is not None:
        value |= {
            "price_change": after - before,
            "price_change_percent": 100.0 * (after / before - 1.0) if before else None,
        }
        rate = run.summary.get("europe_price", {}).get("usd_per_eur")
        if rate:
            from polynya.units import eur_per_mwh_from_usd_per_mmbtu

            value |= {f"eur_per_mwh_{c}": eur_per_mwh_from_usd_per_mmbtu(value[f"price_{c}"], rate) for c in CASES}
            value["usd_per_eur"] = rate
    moved = run.table("prices").filter(chosen & pl.col("price_change").is_not_null())
    if len(keys) == 1 and len(nodes) == 1 and moved.height:
        top = moved.sort(pl.col("price_change").abs(), descending=True, maintain_order=True).row(0, named=True)
        value |= {"largest_change": top["price_change"], "largest_change_period": top["period"]}
    by = "period" if len(nodes) == 1 else "node"
    terms = joined.group_by(by, maintain_order=True).agg(
        pl.col("weight").sum().alias("weight_bcm"),
        *(
            ((pl.col("weight") * pl.col(f"price_{c}")).sum() / pl.col("weight").sum()).alias(f"price_{c}")
            for c in CASES
        ),
    )
    suffix = f"/{keys[1]}" if len(keys) == 2 else ""
    rows = [
        {**r, "ask": f"prices/{r['node']}{suffix}" if by == "node" else f"prices/{nodes[0]}/{r['period']}"}
        for r in terms.sort("weight_bcm", descending=True, maintain_order=True).to_dicts()
    ]
    return {"value": value, "terms": rows, "items": nodes, "tables": ("demand",), "equation": EQUATIONS["prices"]}


def _places_sum(run: Run, kind: str, keys: Sequence[str]) -> Row | None:
    frame = run.table(kind)
    nodes = nodes_of(run, keys[0])
    if not nodes or len(keys) > 2 or "node" not in frame.columns:
        return None
    chosen = frame.filter(pl.col("node").is_in(nodes))
    if len(keys) == 2:
        chosen = chosen.filter(pl.col("period") == keys[1])
    if not chosen.height:
        return None
    by = "node" if kind == "consumption" else "supply"
    terms = chosen.group_by(by, maintain_order=True).agg(pl.col(f"quantity_{c}").sort().sum() for c in CASES)
    suffix = f"/{keys[1]}" if len(keys) == 2 else ""
    rows = [{**r, "ask": f"{kind}/{r[by]}{suffix}"} for r in terms.to_dicts()]
    total = _sides(rows, "quantity")
    value = total | (_yearly(total, months_of(run)) if len(keys) == 1 else {})
    table = "demand" if kind == "consumption" else "production"
    return {
        "value": value,
        "terms": _largest(rows, "quantity"),
        "items": [r[by] for r in rows],
        "tables": (table,),
        "equation": EQUATIONS[kind],
    }


def _supply(run: Run, supplier: str, place: str) -> Row | None:
    frame = run.table("supply").filter(pl.col("supplier") == supplier.upper())
    nodes = nodes_of(run, place)
    rows = frame.filter(pl.col("node").is_in(nodes)).to_dicts()
    if not frame.height or not nodes:
        return None
    terms = [
        {
            "node": r["node"],
            **{f"bcm_{c}": r[f"bcm_{c}"] for c in CASES},
            "ask": f"supply/{supplier.upper()}/{r['node']}",
        }
        for r in rows
    ]
    total = _sides(terms, "bcm")
    home = run.table("nodes").filter(pl.col("country") == supplier.upper())["id"].to_list()
    made = run.table("production").filter(pl.col("node").is_in(home))["supply"].unique().sort().to_list()
    return {
        "value": total | _yearly(total, months_of(run)),
        "terms": _largest(terms, "bcm"),
        "items": made,
        "tables": ("production",),
        "equation": EQUATIONS["supply"],
    }


def _gains(run: Run, keys: Sequence[str]) -> Row | None:
    frame = run.table("gain_terms")
    group = fold(keys[0]) if fold(keys[0]) in WELFARE else ""
    rest = list(keys[1:]) if group else list(keys)
    if len(rest) > 1:
        return None
    if group:
        frame = frame.filter(pl.col("group") == group)
    if not rest or fold(rest[0]) == "total":
        by = "id" if group else "group"
        rows = _grouped(frame, by, lambda r: f"gains/{group}/{r['id']}" if group else f"gains/{r['group']}")
        items: list[str] = []
    elif frame.filter(pl.col("id") == rest[0]).height:
        own = frame.filter(pl.col("id") == rest[0])
        rows = [{**r, "ask": ""} for r in own.drop("musd_change").to_dicts()]
        items = [rest[0], *_supplies_of(run, rest[0])]
    else:
        oil = run.manifest.get("market") == "oil"
        chosen = _in_region(run, rest[0]) if oil else pl.col("id").is_in(nodes_of(run, rest[0]))
        inside = frame.filter((pl.col("group") == "consumers") & chosen)
        if group not in ("", "consumers") or not inside.height:
            return None
        rows = _grouped(inside, "id", lambda r: f"gains/consumers/{r['id']}")
        items = inside["id"].unique().sort().to_list()
    return {
        "value": _sides(rows, "musd"),
        "terms": _largest(rows, "musd"),
        "items": items,
        "tables": ("arcs", "production", "demand", "storage"),
        "equation": EQUATIONS["gains"],
    }


def _in_region(run: Run, word: str) -> pl.Expr:
    """Goods of an oil run in a place, by the id or the name of the place (the note cuts a name at its colon)."""
    names = run.table("nodes").select("id", "name").iter_rows()
    places = [i for i, name in names if fold(word) in (fold(i), fold(name.split(":")[0]))]
    return pl.col("id").str.splitn(".", 2).struct[1].is_in(places)


def _grouped(frame: pl.DataFrame, by: str, ask: Any) -> list[Row]:
    rows = frame.group_by(by, maintain_order=True).agg(pl.col(f"musd_{c}").sort().sum() for c in CASES).to_dicts()
    return [{**r, "ask": ask(r)} for r in rows]


def _supplies_of(run: Run, identity: str) -> list[str]:
    """The supplies of a seller, so that what it gains leads to the facts of its fields."""
    if "production" not in run.tables():
        return []
    made = run.table("production")
    return (
        made.filter(pl.col("trader") == identity)["supply"].unique().sort().to_list()
        if "trader" in made.columns
        else []
    )


def _owners(run: Run, holder: str) -> Row | None:
    names = {fold(o["name"]): o["holder"] for o in run.summary.get("owners", ())}
    identity = names.get(fold(holder), holder)
    frame = run.table("owner_terms").filter(pl.col("holder") == identity)
    if not frame.height:
        return None
    kept = ("of", "share_baseline", "share_scenario", "musd_baseline", "musd_scenario")
    rows = [{**{k: r[k] for k in kept}, "ask": f"gains/{r['of']}"} for r in frame.to_dicts()]
    lines = [r["of"] for r in rows]
    makers = [s for r in rows for s in _supplies_of(run, r["of"])]
    return {
        "value": {"holder": identity, **_sides(rows, "musd")},
        "terms": _largest(rows, "musd"),
        "items": [*lines, *makers],
        "tables": ("arcs", "production", "storage"),
        "equation": EQUATIONS["owners"],
    }


def _world(run: Run, what: str) -> Row | None:
    if what in ("production", "consumption"):
        return _places_sum(run, what, ["world"])
    if what != "full-share":
        return None
    capacity = pl.read_csv(run.folder / "problem" / BASELINE / "production.csv", infer_schema_length=None)
    made = pl.read_parquet(run.folder / "answer" / BASELINE / "production.parquet")
    keys = ["trader", "node", "step", "period"]
    steps = capacity.join(made, on=keys, maintain_order="left").with_columns(
        (pl.col("quantity") >= FULL_SHARE * pl.col("capacity")).alias("full")
    )
    total = float(steps["quantity"].sum())
    by = steps.group_by("node", maintain_order=True).agg(
        pl.col("quantity").sum().alias("made_bcm"), pl.col("quantity").filter(pl.col("full")).sum().alias("at_full_bcm")
    )
    rows = [
        {**r, "ask": f"production/{r['node']}"}
        for r in by.sort("made_bcm", descending=True, maintain_order=True).to_dicts()
    ]
    return {
        "value": {"full_share": float(steps.filter(pl.col("full"))["quantity"].sum()) / total if total else None},
        "terms": rows,
        "items": run.table("production")["supply"].unique().sort().to_list(),
        "tables": ("production",),
        "equation": EQUATIONS["world"],
    }


def _gates(run: Run, subject: str) -> Row | None:
    frame = run.table("gates").filter((pl.col("subject") == subject) & (pl.col("case") == BASELINE))
    if not frame.height:
        return None
    said = next((g for g in run.summary["gates"] if g["subject"] == subject), None)
    shut = {g["gate"] for g in said["still_closed"]} if said else set()
    rows = [
        {
            "gate": r["gate"],
            "kind": r["kind"],
            "name": r["name"],
            "opened": r["gate"] not in shut if said else None,
            "source": r["source"],
        }
        for r in frame.unique("gate", maintain_order=True).to_dicts()
    ]
    value = {"gates": len(rows), "opened": said["opened"] if said else 0}
    return {
        "value": value,
        "terms": rows,
        "items": [subject],
        "tables": ("arcs", "conversions"),
        "equation": EQUATIONS["gates"],
    }


def _over_periods(run: Run, kind: str, keys: Sequence[str]) -> Row | None:
    """A table with periods, asked without one: all rows of the keys given (several keys: all but the period)."""
    frame = run.table(kind)
    names = {"flows": ["arc"], "production": ["supply"], "storage": ["storage"], "fleets": ["fleet"]}.get(kind) or {
        "utilisation": ["refinery"],
        "crude": ["refinery", "route"],
        "balance": ["region", "product"],
        "consumption": ["node"],
    }[kind]
    if len(keys) != len(names) or any(n not in frame.columns for n in names):
        return None
    for name, key in zip(names, keys, strict=True):
        frame = frame.filter(pl.col(name) == key)
    if not frame.height:
        return None
    numbers = [c.removesuffix(f"_{BASELINE}") for c in frame.columns if c.endswith(f"_{BASELINE}")]
    numbers = [n for n in numbers if frame.schema[f"{n}_{BASELINE}"].is_numeric()]
    months = months_of(run)
    value: Row = {}
    by = (
        frame.group_by("period", maintain_order=True)
        .agg(pl.col(f"{n}_{c}").sum() for n in numbers for c in CASES)
        .sort("period")
    )
    for n in numbers:
        for c in CASES:
            column = by[f"{n}_{c}"]
            mean = any(m in n for m in MEANS)
            value[f"{n}_{c}"] = column.mean() if mean else float(column.sum())
            if n.endswith("_mt") or n in ("quantity", "delivered"):
                value[f"{n}_per_year_{c}"] = float(column.sum()) * 12.0 / months
    last = by.row(-1, named=True)
    value |= {f"last_period_{k}": v for k, v in last.items() if kind == "utilisation"}
    if kind == "utilisation":
        value |= {f"utilisation_share_lowest_{c}": by[f"utilisation_share_{c}"].min() for c in CASES}
        least = next((b for b in run.summary.get("below_least_load", ()) if b["refinery"] == keys[0]), None)
        value |= {f"least_load_{k}": v for k, v in (least or {}).items() if k in ("least_percent", "source")}
        if least:
            value |= {f"periods_below_least_load_{c}": least["months"][c] for c in CASES}
    if kind == "balance":
        for c in CASES:
            short = by[f"imported_mt_{c}"] + by[f"forgone_mt_{c}"]
            value[f"shortfall_mt_per_year_{c}"] = float(short.sum()) * 12.0 / months
    changes: Row = {}
    for k, v in value.items():
        other = k.removesuffix(f"_{SCENARIO}") + f"_{BASELINE}"
        if k.endswith(f"_{SCENARIO}") and isinstance(v, int | float) and isinstance(value.get(other), int | float):
            changes[k.removesuffix(f"_{SCENARIO}") + "_change"] = v - value[other]
    rows = [{**r, "ask": f"{kind}/{'/'.join(keys)}/{r['period']}"} for r in by.to_dicts()]
    return {
        "value": value | changes,
        "terms": rows,
        "items": list(keys),
        "tables": {
            "flows": ("arcs",),
            "production": ("production",),
            "storage": ("storage",),
            "consumption": ("demand",),
        }.get(kind, ()),
        "equation": EQUATIONS["periods"],
    }


def _largest(rows: list[Row], name: str) -> list[Row]:
    """The terms that move most first, then the largest."""

    def order(r: Row) -> tuple[float, float]:
        before, after = r[f"{name}_{BASELINE}"] or 0.0, r[f"{name}_{SCENARIO}"] or 0.0
        return -abs(after - before), -max(abs(before), abs(after))

    return sorted(rows, key=order)
