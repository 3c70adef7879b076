"""What does the report's page need to know? (result tables + summary + names -> one JSON document)

Tables become columns; text columns are dictionary-encoded where that is shorter; numbers are rounded to what can be
read (flows 0.1 mcm a month, prices 0.001 USD/MMBtu). Flows below 1 mcm in every month of both cases are left out, except
of corridors that a gate closes. Pure: no files, no world; names of ids come with the call. Not here: HTML (html.py).
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import polars as pl

from polynya.report.sea import sea
from polynya.report.sentences import condition_of, parts, trust_of

SCHEMA = "polynya.report/1"
CASES = ("baseline", "scenario")
LEAST_FLOW_BCM = 1e-3
FLOW_DIGITS, PRICE_DIGITS, BCM_PER_YEAR_DIGITS = 4, 3, 3
LEAST_GAIN_MUSD = 0.5
LEAST_MARKUP = 0.01  # USD/MMBtu
LEAST_SUPPLY_BCM_PER_YEAR = 0.02
DICTIONARY_SHARE = 0.6


@dataclass(frozen=True)
class Labels:
    """What the page shows beside the tables: names of ids, the certificate of each case, what made the run."""

    names: Mapping[str, str] = field(default_factory=dict)
    certificates: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    made_by: Mapping[str, str] = field(default_factory=dict)


def payload(tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Any], labels: Labels) -> dict[str, Any]:
    """The document behind the page.

    tables: as of `results.write.result_tables`. summary: as of `results.summary.summarise`. Values are finite or null.
    """
    months = sorted(tables["prices"]["period"].unique().to_list())
    spans = _spans(tables.get("periods"), months)
    years = [n / 12.0 for _, _, n in spans]
    nodes = tables["nodes"]
    where = {n: i for i, n in enumerate(nodes["id"])}
    changes = _changes(tables)
    return {
        "schema": SCHEMA,
        "title": summary["title"],
        "question": summary["question"],
        "sentences": parts(summary, names={**labels.names, **country_names(nodes)}),
        "condition": condition_of(summary),
        "europe_price": dict(summary["europe_price"]),
        "banner": trust_of(summary),
        "first": summary["from"],
        "months": months,
        "spans": [[first, last] for first, last, _ in spans],
        "years": years,
        "nodes": columns(nodes),
        "countries": country_names(nodes),
        "routes": _routes(tables, months, where),
        "prices": _by_month(tables["prices"], ("node",), "price", months, PRICE_DIGITS)
        | {"determined": _determined(tables["prices"], months)},
        "consumption": _by_month(tables["consumption"], ("node",), "quantity", months, FLOW_DIGITS),
        "hubs": list(summary["hubs"]),
        "supply": _supply(tables["supply"], sum(years)),
        "gains": _gains(tables["gains"], dict(nodes.select("id", "region").iter_rows())),
        "owners": _owners(tables["owners"]),
        "gain_totals": summary["gains"],
        "gates": _gates(tables["gates"], months),
        "gate_counts": list(summary["gates"]),
        "changes": changes,
        "conditions": tables["conditions"].to_dicts(),
        "claims": tables["claims"].to_dicts(),
        "bans": _bans(tables["bans"]),
        "rents": _rents(tables["rents"], months),
        "markups": _markups(tables["markups"], months),
        "production": _production(tables.get("production"), months),
        "findings": _findings(tables.get("findings")),
        "ownership": columns(tables["ownership"]) if "ownership" in tables else {},
        "standing": columns(tables["standing"]) if "standing" in tables else {},
        "sea": sea() if tables.get("legs") is not None else {},
        "facts": columns(_used_facts(tables)),
        "trace": _trace(tables),
        "sources": columns(tables["sources"]),
        "does_not_move": list(summary["does_not_move"]),
        "trust": dict(summary["trust"]),
        "certificates": {k: _plain(dict(v)) for k, v in labels.certificates.items()},
        "made_by": dict(labels.made_by),
        "names": _names(labels.names, tables),
    }


def _spans(periods: pl.DataFrame | None, names: Sequence[str]) -> list[tuple[str, str, int]]:
    """First and last day and number of months of each period; a run without seasons needs no table of them."""
    if periods is None:
        return [(f"{m}-01", f"{m}-31", 1) for m in names]
    known = {r["period"]: r for r in periods.iter_rows(named=True)}
    return [(f"{known[m]['first_month']}-01", f"{known[m]['last_month']}-31", known[m]["months"]) for m in names]


def country_names(nodes: pl.DataFrame) -> dict[str, str]:
    """Country code -> the shortest name of its nodes, without what follows a colon."""
    names: dict[str, str] = {}
    for code, name in nodes.select("country", "name").iter_rows():
        short = str(name).split(":")[0].strip()
        if code and (code not in names or len(short) < len(names[code])):
            names[str(code)] = short
    return names


def columns(frame: pl.DataFrame) -> dict[str, Any]:
    """Column -> list, or {"d": distinct values, "i": index of each row} where that is shorter."""
    out: dict[str, Any] = {}
    for name in frame.columns:
        values = [_cell(v) for v in frame[name].to_list()]
        distinct = list(dict.fromkeys(values))
        if frame.schema[name] == pl.String and len(distinct) < DICTIONARY_SHARE * len(values):
            place = {v: i for i, v in enumerate(distinct)}
            out[name] = {"d": distinct, "i": [place[v] for v in values]}
        else:
            out[name] = values
    return out


def _cell(value: Any) -> Any:
    if isinstance(value, float):
        return float(f"{value:.7g}") if math.isfinite(value) else None
    return value.isoformat() if hasattr(value, "isoformat") else value


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    return _cell(value)


def rounded(value: float | None, digits: int) -> float | int | None:
    """A finite number rounded, whole ones without a point; else null."""
    if value is None or not math.isfinite(value):
        return None
    short = round(value, digits)
    return int(short) if short == int(short) else short


def _series(
    frame: pl.DataFrame, value: str, months: Sequence[str], digits: int, absent: float | None
) -> list[float | int | None]:
    known = dict(frame.select("period", value).iter_rows())
    return [rounded(known.get(m, absent), digits) for m in months]


def _by_month(
    frame: pl.DataFrame,
    keys: Sequence[str],
    value: str,
    months: Sequence[str],
    digits: int,
    absent: float | None = None,
) -> dict[str, list[Any]]:
    """keys, b, s: one list of months per case; `absent` stands for a month without a row (no capacity: no flow)."""
    out: dict[str, list[Any]] = {**{k: [] for k in keys}, "b": [], "s": []}
    for key, rows in frame.group_by(list(keys), maintain_order=True):
        for name, k in zip(keys, key, strict=True):
            out[name].append(k)
        for short, case in zip("bs", CASES, strict=True):
            out[short].append(_series(rows, f"{value}_{case}", months, digits, absent))
    return out


def _determined(prices: pl.DataFrame, months: Sequence[str]) -> list[int]:
    """Per node in the order of the prices: 1 where something pins the price in every month."""
    held = prices.group_by("node", maintain_order=True).agg(pl.col("determined").all())
    return [int(v) for v in held["determined"]]


def _routes(tables: Mapping[str, pl.DataFrame], months: Sequence[str], where: Mapping[str, int]) -> dict[str, Any]:
    """arc, from, to (node indices), kind and both cases by month [bcm at the sending end]; `via`, `via_b` where the run knows the way."""
    flows = tables["flows"]
    gated = set(tables["gates"]["subject"].to_list())
    peak = flows.group_by("arc").agg(
        pl.max_horizontal(pl.col("quantity_baseline").max(), pl.col("quantity_scenario").max()).alias("peak")
    )
    kept = set(peak.filter(pl.col("peak") >= LEAST_FLOW_BCM)["arc"]) | (gated & set(peak["arc"]))
    out = _by_month(
        flows.filter(pl.col("arc").is_in(sorted(kept))),
        ("arc", "from", "to", "kind"),
        "quantity",
        months,
        FLOW_DIGITS,
        absent=0.0,
    )
    for end in ("from", "to"):
        out[end] = [where.get(str(n).split("@")[0], -1) for n in out[end]]
    legs = tables.get("legs")
    out["via"] = _ways(legs, "via", out["arc"], months)
    today = _ways(legs, "via_baseline", out["arc"], months)
    # null where today's course takes the same way as the scenario
    out["via_b"] = [b if b is not None and b != v else None for b, v in zip(today, out["via"], strict=True)]
    return out


def _ways(
    legs: pl.DataFrame | None, column: str, arcs: Sequence[str], months: Sequence[str]
) -> list[str | list[str | None] | None]:
    """The way of a voyage where the run carries voyages (arc, period, way): one for all months, or one a month."""
    if legs is None or column not in legs.columns:
        return [None] * len(arcs)
    ways: dict[str, dict[str, str | None]] = {}
    for arc, period, via in legs.select("arc", "period", pl.coalesce(column, "via")).iter_rows():
        ways.setdefault(arc, {})[period] = via
    out: list[str | list[str | None] | None] = []
    for arc in arcs:
        known = ways.get(arc, {})
        distinct = set(known.values())
        out.append(distinct.pop() if len(distinct) == 1 else [known.get(m) for m in months] if distinct else None)
    return out


def _supply(supply: pl.DataFrame, years: float) -> dict[str, Any]:
    """supplier, node, b, s [bcm per year]."""
    yearly = supply.select("supplier", "node", *[(pl.col(f"bcm_{c}") / years).alias(c[0]) for c in CASES]).filter(
        pl.max_horizontal("b", "s") >= LEAST_SUPPLY_BCM_PER_YEAR
    )
    return columns(yearly.with_columns(pl.col("b", "s").round(BCM_PER_YEAR_DIGITS)))


def _gains(gains: pl.DataFrame, region: Mapping[str, str]) -> dict[str, Any]:
    """group, id, region (of consumers), change [million USD]; the rows too small to show are summed per group."""
    big = pl.col("musd_change").abs() >= LEAST_GAIN_MUSD
    shown = gains.filter(big).select("group", "id", pl.col("musd_change").round(2).alias("change"))
    rest = gains.filter(~big).group_by("group", maintain_order=True).agg(pl.col("musd_change").sum(), pl.len())
    out = columns(shown.sort("change", descending=True))
    out["region"] = [region.get(i, "") for i in shown.sort("change", descending=True)["id"]]
    out["rest"] = [
        {"group": g, "rows": n, "change": rounded(v, 2)}
        for g, v, n in rest.select("group", "musd_change", "len").iter_rows()
    ]
    return out


def _owners(owners: pl.DataFrame) -> dict[str, Any]:
    """holder, change: gains of sellers and operators by ultimate holder [million USD]."""
    shown = owners.filter(pl.col("musd_change").abs() >= LEAST_GAIN_MUSD).sort("musd_change", descending=True)
    return columns(shown.select("holder", pl.col("musd_change").round(2).alias("change")))


def _gates(gates: pl.DataFrame, months: Sequence[str]) -> list[dict[str, Any]]:
    """Per gate of a subject: name, kind, source and, per case, one character a month: 1 closed, 0 open."""
    out = []
    for key, rows in gates.group_by(["subject", "gate", "kind", "name", "source"], maintain_order=True):
        shut = {c: set(rows.filter(pl.col("case") == c)["period"]) for c in CASES}
        row = dict(zip(("subject", "gate", "kind", "name", "source"), key, strict=True))
        out.append({**row, **{c[0]: "".join("1" if m in shut[c] else "0" for m in months) for c in CASES}})
    return out


def _bans(bans: pl.DataFrame) -> dict[str, Any]:
    """What the law closes; `case` says baseline, scenario or both."""
    keys = ["measure", "reason", "source", "trader", "node", "arc", "first_period", "last_period"]
    both = bans.group_by(keys, maintain_order=True).agg(pl.col("case").unique().sort())
    both = both.with_columns(
        pl.when(pl.col("case").list.len() > 1).then(pl.lit("both")).otherwise(pl.col("case").list.first()).alias("case")
    )
    return columns(both)


def _rents(rents: pl.DataFrame, months: Sequence[str]) -> dict[str, Any]:
    """Scarcity rents of corridors and terminals that bind in some month [USD/MMBtu]."""
    arcs = rents.filter(pl.col("kind") == "arc")
    peak = arcs.group_by("id").agg(pl.max_horizontal(pl.col("rent_baseline").max(), pl.col("rent_scenario").max()))
    binding = sorted(peak.filter(pl.col(peak.columns[1]) >= 0.005)["id"])
    return _by_month(arcs.filter(pl.col("id").is_in(binding)), ("id",), "rent", months, 2)


def _markups(markups: pl.DataFrame, months: Sequence[str]) -> dict[str, Any]:
    """Markups of strategic sellers by node and month, where they ever reach 0.01 [USD/MMBtu]."""
    high = pl.max_horizontal("markup_baseline", "markup_scenario")
    shown = markups.filter((high.max() >= LEAST_MARKUP).over("trader", "node"))
    return _by_month(shown, ("trader", "node"), "markup", months, PRICE_DIGITS, absent=0.0)


def _production(production: pl.DataFrame | None, months: Sequence[str]) -> dict[str, Any]:
    """Production by field, seller, node and month [bcm in the month]."""
    if production is None:
        return {}
    high = pl.max_horizontal("quantity_baseline", "quantity_scenario")
    shown = production.filter((high.max() >= LEAST_FLOW_BCM).over("supply", "trader", "node"))
    return _by_month(shown, ("supply", "trader", "node"), "quantity", months, FLOW_DIGITS, absent=0.0)


def _findings(findings: pl.DataFrame | None) -> list[dict[str, Any]]:
    """Findings of the ownership rules; proofs as lists of holdings and listings."""
    if findings is None:
        return []
    return [
        {**row, **{f"proof_{c}": json.loads(row[f"proof_{c}"]) for c in CASES}}
        for row in findings.sort("flips", "id", "regime", descending=[True, False, False]).to_dicts()
    ]


def _used_facts(tables: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    return tables["facts"].drop("fact", "original_value")


def _trace(tables: Mapping[str, pl.DataFrame]) -> dict[str, dict[str, list[int]]]:
    """arcs and demand: item -> rows of `facts` behind its numbers, of either case."""
    row = {f: i for i, f in enumerate(tables["facts"]["fact"])}
    wanted = tables["trace"].filter(pl.col("table").is_in(["arcs", "demand", "production"]))
    out: dict[str, dict[str, list[int]]] = {"arcs": {}, "demand": {}, "production": {}}
    for table, item, fact in wanted.select("table", "id", "fact").unique(maintain_order=True).iter_rows():
        if fact in row and not (table == "arcs" and str(item).startswith("ship-")):
            found = out[table].setdefault(item, [])
            if row[fact] not in found:
                found.append(row[fact])
    return out


def _changes(tables: Mapping[str, pl.DataFrame]) -> list[dict[str, Any]]:
    """The changes, each with the corridors (`arcs`) and nodes it acts on through gates, measures and names."""
    gates = tables["gates"].select("subject", "gate").unique(maintain_order=True)
    resting = [r for r in tables["gates"].select("subject", "measure").unique(maintain_order=True).iter_rows() if r[1]]
    bans = tables["bans"].select("measure", "arc", "node").unique(maintain_order=True)
    arcs = set(tables["flows"]["arc"].unique()) | set(gates["subject"])
    nodes = set(tables["nodes"]["id"])
    out = []
    for change in tables["changes"].to_dicts():
        touched = _words(change["touches"])
        hit = [t for t in touched if t in arcs]
        hit += gates.filter(pl.col("gate").is_in(touched))["subject"].to_list()
        hit += [s for s, rests_on in resting if set(rests_on.split()) & set(touched)]
        named = bans.filter(pl.col("measure").is_in(touched))
        hit += [a for a in named["arc"].to_list() if a]
        hit += [a for a in sorted(arcs) for t in touched if _stem(t) and a.startswith(_stem(t))]
        places = [t for t in touched if t in nodes] + [n for n in named["node"].to_list() if n in nodes]
        out.append(
            {
                **change,
                "because": _words(change["because"]),
                "when": _words(change["when"]),
                "touches": touched,
                "arcs": list(dict.fromkeys(hit)),
                "nodes": list(dict.fromkeys(places)),
            }
        )
    return out


def _stem(subject: str) -> str:
    """A firm that bears the name of a pipe stands for it on the map: nord-stream-2-ag -> nord-stream-2-."""
    for ending in ("-ag", "-llc", "-jsc"):
        if subject.endswith(ending):
            return subject.removesuffix(ending) + "-"
    return ""


def _words(text: str | None) -> list[str]:
    return (text or "").split()


def _names(names: Mapping[str, str], tables: Mapping[str, pl.DataFrame]) -> dict[str, str]:
    """Names of ids that occur somewhere on the page."""
    used: set[str] = set(tables["flows"]["arc"].unique()) | set(tables["gains"]["id"]) | set(tables["gates"]["subject"])
    used |= set(tables["owners"]["holder"])
    for table, named in (
        ("production", ("supply", "trader")),
        ("ownership", ("owner", "owned")),
        ("findings", ("id",)),
    ):
        used |= {i for column in named if table in tables for i in tables[table][column]}
    used |= set(tables["bans"]["trader"].drop_nulls()) | set(tables["markups"]["trader"])
    used |= set(_flat(_words(t) for t in tables["changes"]["touches"])) | set(tables["bans"]["measure"].drop_nulls())
    return {i: names[i] for i in sorted(used) if i in names and names[i] != i}


def _flat(lists: Iterable[Iterable[str]]) -> list[str]:
    return [item for one in lists for item in one]
