"""Where does this number come from? (run folder + address -> value, equation, facts, gates, changes, claims)

Addresses: prices/NODE/YYYY-MM, flows/ARC/YYYY-MM, consumption/NODE/YYYY-MM, production/SUPPLY/YYYY-MM, supply/COUNTRY/NODE,
gains/ID, owners/HOLDER. Runs about oil: see `explain_oil`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from polynya.console import table
from polynya.errors import NotFoundError, UsageError, did_you_mean
from polynya.results.case import BASELINE, SCENARIO
from polynya.results.explain_oil import OF_REFINERIES, OIL_EQUATIONS, OIL_FORMS, OIL_UNITS, oil_facts, oil_items
from polynya.results.folder import Run
from polynya.world.capacity import add_months, month_bounds
from polynya.world.notices import notices, notices_text

FORMS = {
    "prices": ("node", "period"),
    "flows": ("arc", "period"),
    "consumption": ("node", "period"),
    "production": ("supply", "period"),
    "supply": ("supplier", "node"),
    "gains": ("id",),
    "owners": ("holder",),
}
EQUATIONS = {
    "prices": "inverse demand: price = intercept - slope x consumption; a seller's markup = price - its delivered marginal cost = theta x slope x its sales",
    "flows": "arc: value at the far end x (1 - loss) - value at the near end = cost + tariff + tax + congestion rent when gas flows; 0 <= rent, and rent only at full capacity",
    "consumption": "consumption = (intercept - price) / slope",
    "production": "marginal cost (cost + cost_slope x quantity of the step) + scarcity rent = value of gas at the node",
    "supply": "composition by average mixing over the horizon where sellers are price takers (tie-break); own flows otherwise",
    "owners": "gains of producers and operators, shared out by exact economic share along the chain of title; a price given for a stake goes from buyer to seller",
    "gains": "welfare split: consumers' surplus, producers' margins, tariffs and rents, taxes; discounted over the horizon",
}
HUB_NODES = {
    hub: f"{hub} is the price at {node}: prices/{node}/YYYY-MM."
    for hub, node in (("TTF", "NL"), ("NBP", "GB"), ("PSV", "IT"), ("THE", "DE"), ("HH", "US-GULF"), ("JKM", "JP"))
}
GAS_UNITS = {"quantity": "bcm", "price": "USD/MMBtu", "rent": "USD/MMBtu"}
OWNERSHIP = ("transfer_stake", "end_holding")  # move money behind the market, and no price or flow in it
EVERYTHING_MOVES = ("prices", "consumption", "supply", "gains", "owners", *OF_REFINERIES)
TRACE_TABLES = {
    "prices": ("demand",),
    "consumption": ("demand",),
    "flows": ("arcs",),
    "production": ("production",),
    "supply": (),
    "owners": (),
    "gains": ("arcs", "production", "demand", "storage"),
}


def explain(run: Run, address: str) -> dict[str, Any]:
    """The trace of one number. Raises UsageError for an address of no known form, NotFoundError for an unknown item."""
    kind, *keys = [p for p in address.strip().split("/") if p] or [""]
    oil = run.manifest.get("market") == "oil"
    forms = OIL_FORMS if oil else FORMS
    if kind not in forms:
        raise UsageError(
            f'"{address}" is not an address.',
            fix=did_you_mean(kind, forms)
            or f"Forms: {', '.join(f'{k}/' + '/'.join(v).upper() for k, v in forms.items())}.",
        )
    names = forms[kind]
    if len(keys) != len(names):
        raise UsageError(
            f"{kind} needs {' and '.join(names)}.", fix=f"For example {kind}/{_example(run, kind, names)}."
        )
    frame = run.table(kind)
    hit = frame
    for name, key in zip(names, keys, strict=True):
        known = hit[name].unique().to_list()
        hit = hit.filter(pl.col(name) == key)
        if not hit.height:
            shut = run.table("gates").filter(
                (pl.col("subject") == keys[0]) & (pl.lit(name == "arc") | (pl.col("period") == key))
            )
            if kind == "flows" and shut.height:
                return _never_open(run, address, keys[0], shut)
            raise NotFoundError(
                f'no {name} "{key}" in {kind}.',
                fix=HUB_NODES.get(key.upper() if name == "node" else "", "")
                or did_you_mean(key, known)
                or f"For example {', '.join(sorted(known)[:3])}.",
            )
    item = keys[0] if kind != "supply" else keys[1]
    period = keys[-1] if names[-1] == "period" else ""
    items = oil_items(run, keys, period) if oil else [item]
    changes = _changes(run, items, kind)
    facts = oil_facts(run, kind, keys, period) if oil else _facts(run, item, TRACE_TABLES[kind], period)
    return {
        "address": address,
        "values": hit.to_dicts(),
        "units": OIL_UNITS if oil else GAS_UNITS,
        "equation": (OIL_EQUATIONS.get(kind) if oil else None) or EQUATIONS[kind],
        "facts": facts,
        "notices": _notices(run, facts),
        "rents": _rents(run, item, period) if kind == "flows" else [],
        "markups": _markups(run, item, period) if kind == "prices" and not oil else [],
        "arrivals": _arrivals(run, item, period) if kind in ("prices", "consumption") else [],
        "gates": _gates(run, items, period),
        "bans": _bans(run, items, period),
        "acts": _acts(run, items, period),
        "changes": changes,
        "claims": _claims(run, changes),
    }


def _never_open(run: Run, address: str, arc: str, closed: pl.DataFrame) -> dict[str, Any]:
    changes = _changes(run, [arc], "flows")
    return {
        "address": address,
        "values": [],
        "units": OIL_UNITS if run.manifest.get("market") == "oil" else GAS_UNITS,
        "equation": "no capacity in either case: every gate must be open before anything flows",
        "facts": _facts(run, arc, ("arcs", "conversions"), ""),
        "rents": [],
        "markups": [],
        "arrivals": [],
        "bans": _bans(run, [arc], ""),
        "acts": _acts(run, [arc], ""),
        "gates": _gate_rows(closed),
        "changes": changes,
        "claims": _claims(run, changes),
    }


def explain_text(d: dict[str, Any]) -> str:
    """The trace as text."""
    lines = [d["address"]]
    for row in d["values"]:
        for name in sorted({k.rsplit("_", 1)[0] for k in row if k.endswith(f"_{BASELINE}")}):
            values = {c: row[f"{name}_{c}"] for c in (BASELINE, SCENARIO)}
            shown = ", ".join(f"{c} {'none' if v is None else _number(v)}" for c, v in values.items())
            lines.append(f"  {name}: {shown}")
        if row.get("determined") is False:
            lines.append("  nothing pins this price: nobody trades here, or several prices would do")
    lines.append(f"  equation: {d['equation']}")
    subject = ["subject"] if d["units"] == OIL_UNITS else []  # several things stand behind one number there
    for title, key, columns in (
        (f"what arrives [{d['units']['quantity']}]", "arrivals", ["arc", "from", "kind", BASELINE, SCENARIO]),
        (f"congestion rent [{d['units']['rent']}]", "rents", ["kind", "period", BASELINE, SCENARIO]),
        (f"markups [{d['units']['price']}]", "markups", ["trader", BASELINE, SCENARIO]),
        ("gates shut for the whole month", "gates", ["case", "kind", "name", "months", "source"]),
        (
            "sales and routes that the law closes",
            "bans",
            ["case", "trader", "first_period", "last_period", "measure", "reason"],
        ),
        ("acts behind gates and bans", "acts", ["id", "act", "article", "valid_from", "valid_to", "source"]),
        ("changes that touch it", "changes", ["id", "status", "from", "effect", "because"]),
        ("claims and assumptions behind them", "claims", ["id", "attribution", "factuality", "stage", "text"]),
        (
            "facts",
            "facts",
            [*subject, "attribute", "value", "unit", "valid_from", "valid_to", "kind", "source", "locator"],
        ),
    ):
        if d[key]:
            lines += [f"  {title}", table(columns, [[_cell(r.get(c)) for c in columns] for r in d[key]], indent=4)]
    if d.get("notices"):
        lines += ["  licences and notices", *notices_text(d["notices"])]
    return "\n".join(lines)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:,.4g}"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return _number(value)
    return "" if value is None else str(value)[:90]


def _example(run: Run, kind: str, names: tuple[str, ...]) -> str:
    row = run.table(kind).head(1).to_dicts()
    return "/".join(str(row[0][n]) for n in names) if row else ""


def _facts(run: Run, item: str, tables: tuple[str, ...], period: str) -> list[dict[str, Any]]:
    trace = run.table("trace").filter((pl.col("id") == item) & pl.col("table").is_in(list(tables)))
    facts = run.table("facts").filter(pl.col("fact").is_in(trace["fact"].unique().to_list()))
    if period:
        first, last = (pl.lit(day) for day in _span_of(run, period))
        yearly = (pl.col("valid_from").dt.year() <= first.dt.year()) & pl.col("attribute").is_in(
            ["consumption_bcm", "reference_price_usd_per_mmbtu", "demand_growth_share_per_year"]
        )
        shares = [f"demand_share_m{m:02d}" for m in _calendar_months(run, period)]
        month = ~pl.col("attribute").str.starts_with("demand_share_m") | pl.col("attribute").is_in(shares)
        live = (pl.col("valid_from").is_null() | (pl.col("valid_from") <= last)) & (
            pl.col("valid_to").is_null() | (pl.col("valid_to") >= first)
        )
        facts = facts.filter((live | yearly) & month)
    rows = facts.drop("fact").sort("attribute", "valid_from").to_dicts()
    return [{k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in r.items()} for r in rows]


def _span_of(run: Run, period: str) -> tuple[date, date]:
    """First and last day of a period; a month needs no table, a season stands in `periods`."""
    first, last = period, period
    if re.fullmatch(r"\d{4}-\d{2}", period) is None:
        [row] = run.table("periods").filter(pl.col("period") == period).to_dicts()
        first, last = row["first_month"], row["last_month"]
    end = date.fromisoformat(f"{last}-01")
    return date.fromisoformat(f"{first}-01"), month_bounds(end)[1]


def _calendar_months(run: Run, period: str) -> list[int]:
    first, last = _span_of(run, period)
    n = (last.year - first.year) * 12 + last.month - first.month + 1
    return [add_months(first, i).month for i in range(min(n, 12))]


def _notices(run: Run, facts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The attributions of the sources of these facts."""
    cited = sorted({str(f["source"]) for f in facts})
    return notices(run.table("sources").filter(pl.col("id").is_in(cited)).iter_rows(named=True))


def _pair(name: str) -> list[pl.Expr]:
    return [pl.col(f"{name}_{c}").alias(c) for c in (BASELINE, SCENARIO)]


def _rents(run: Run, item: str, period: str) -> list[dict[str, Any]]:
    shares = pl.col("id").str.starts_with(f"{item}.")  # of a line that its holders share out
    frame = run.table("rents").filter(((pl.col("id") == item) | shares) & (pl.col("period") == period))
    return frame.select("kind", "period", *_pair("rent")).to_dicts()


def _markups(run: Run, item: str, period: str) -> list[dict[str, Any]]:
    frame = run.table("markups").filter((pl.col("node") == item) & (pl.col("period") == period))
    return frame.select("trader", *_pair("markup")).to_dicts()


def _arrivals(run: Run, item: str, period: str) -> list[dict[str, Any]]:
    frame = run.table("flows").filter((pl.col("to") == item) & (pl.col("period") == period))
    frame = frame.select("arc", "from", "kind", *_pair("delivered")).filter(
        pl.max_horizontal(BASELINE, SCENARIO) > 1e-6
    )
    return frame.sort(SCENARIO, descending=True, maintain_order=True).to_dicts()


def _gates(run: Run, items: Sequence[str], period: str) -> list[dict[str, Any]]:
    frame = run.table("gates").filter(pl.col("subject").is_in(items))
    return _gate_rows(frame.filter(pl.col("period") == period) if period else frame)


def _bans(run: Run, items: Sequence[str], period: str) -> list[dict[str, Any]]:
    """Bans on the arc, at the node or of the seller; in the month asked for, where one was."""
    frame = run.table("bans").filter(pl.any_horizontal(pl.col("arc", "node", "trader").is_in(items)))
    if period:
        frame = frame.filter((pl.col("first_period") <= period) & (pl.col("last_period") >= period))
    return frame.to_dicts()


def _acts(run: Run, items: Sequence[str], period: str) -> list[dict[str, Any]]:
    """The legal acts that those bans and the shut gates rest on."""
    gates = run.table("gates").filter(pl.col("subject").is_in(items))
    if period:
        gates = gates.filter(pl.col("period") == period)
    wanted = {m for cell in gates["measure"].drop_nulls() for m in cell.split()}
    wanted |= {b["measure"] for b in _bans(run, items, period) if b["measure"]}
    rows = run.table("measures").filter(pl.col("id").is_in(sorted(wanted))).to_dicts()
    return [{k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in r.items()} for r in rows]


def _gate_rows(frame: pl.DataFrame) -> list[dict[str, Any]]:
    return (
        frame.group_by("case", "gate", "kind", "name", "source", maintain_order=True)
        .agg(pl.len().alias("months"))
        .sort("case", "kind")
        .to_dicts()
    )


def _passages(run: Run, item: str) -> list[str]:
    """Passages that the voyages of a shipping arc cross in either case; `nsr` when they take the Northern Sea Route."""
    if not item.startswith("ship-") or "legs" not in run.tables():
        return []
    rows = run.table("legs").filter(pl.col("arc") == item)
    found = {p for cell in rows["passages"] for p in cell.split()}
    ways = {w for c in ("via", "via_baseline") for w in rows[c].drop_nulls()}
    return sorted(found | ({"nsr"} if "nsr" in ways else set()))


def _changes(run: Run, items: Sequence[str], kind: str) -> list[dict[str, Any]]:
    """Changes that name an item, one of its gates or a law that closes it; for prices, which everything moves, every applied change but stakes."""
    changes = run.table("changes")
    shut = run.table("gates").filter(pl.col("subject").is_in(items))
    laws = {
        m
        for cell in (*shut["measure"].drop_nulls(), *(b["measure"] or "" for b in _bans(run, items, "")))
        for m in cell.split()
    }
    names = [*items, *shut["gate"].unique(), *sorted(laws), *(p for item in items for p in _passages(run, item))]
    keep = []
    for row in changes.to_dicts():
        touched = (row["touches"] or "").split()
        near = any(n in touched or any(t.startswith(f"{n}-") or n.startswith(f"{t}-") for t in touched) for n in names)
        everywhere = kind in EVERYTHING_MOVES and (kind == "owners" or row["type"] not in OWNERSHIP)
        if near or (everywhere and row["status"] == "applied"):
            keep.append(row)
    return keep


def _claims(run: Run, changes: list[dict[str, Any]]) -> list[dict[str, Any]]:
    conditions = {r["id"]: r for r in run.table("conditions").to_dicts()}
    wanted: list[str] = []
    for change in changes:
        wanted += (change["because"] or "").split()
        for condition in (change["when"] or "").split():
            wanted += (conditions.get(condition, {}).get("because") or "").split()
    return run.table("claims").filter(pl.col("id").is_in(wanted)).to_dicts()
