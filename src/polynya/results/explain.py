"""Where does this number come from? (run folder + address -> value, equation, facts, gates, changes, claims)

Addresses: prices/NODE/YYYY-MM, flows/ARC/YYYY-MM, consumption/NODE/YYYY-MM, production/SUPPLY/YYYY-MM, supply/COUNTRY/NODE.
Sums and means over places, periods and parties (prices/Europe, supply/RU/EU, gains/Asia, owners/gazprom): see `sums`. Rows of the other
tables as they stand, and which number has which address: see `addresses`. Runs about oil: see `explain_oil`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import polars as pl

from polynya.console import table
from polynya.errors import NotFoundError, UsageError, did_you_mean
from polynya.results import sums
from polynya.results.addresses import COUNTED, ROWS
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
    tables = set(run.tables())
    kinds = [
        *forms,
        *dict.fromkeys(COUNTED.values()),
        "gates",
        "deals",
        "trust",
        *(() if oil else ("world",)),
        *(t for t in ROWS if t in tables),
    ]
    kind = next((k for k in kinds if k == kind.casefold() or k.removesuffix("s") == kind.casefold()), kind)
    if kind not in kinds:
        raise UsageError(
            f'"{address}" is not an address.',
            fix=did_you_mean(kind, kinds) or f"What can be asked: polynya explain {run.folder}",
        )
    if kind == "trust" or not keys:
        return _of_the_run(run, kind, keys, address)
    names = forms.get(kind, ())
    if len(keys) == len(names) and kind not in ("gains", "owners"):
        hit = run.table(kind)
        for name, key in zip(names, keys, strict=True):
            hit = hit.filter(pl.col(name) == key)
        if hit.height:
            return _row(run, address, kind, keys, names, hit, oil)
        if kind == "flows":
            shut = run.table("gates").filter(pl.col("subject") == keys[0])
            if shut.height and keys[1] in run.table("prices")["period"]:
                return _never_open(run, address, keys[0], shut)
    found = sums.find(run, kind, keys)
    if found is not None:
        return _sum(run, address, kind, found, oil)
    if kind in ROWS and kind not in names:
        return _plain_row(run, kind, keys, address)
    raise _unknown(run, kind, keys, names)


def _unknown(run: Run, kind: str, keys: Sequence[str], names: Sequence[str]) -> UsageError | NotFoundError:
    """Which part of an address is not known, and what it may have meant."""
    if not names or kind not in run.tables():
        return NotFoundError(
            f'{kind} knows nothing of "{"/".join(keys)}".', fix=f"What can be asked: polynya explain {run.folder}"
        )
    frame = run.table(kind)
    if len(keys) > len(names):
        return UsageError(
            f"{kind} needs {' and '.join(names)}.", fix=f"For example {kind}/{_example(run, kind, tuple(names))}."
        )
    for name, key in zip(names, keys, strict=False):
        known = sorted(map(str, frame[name].unique().to_list()))
        left = frame.filter(pl.col(name) == key)
        if not left.height:
            more = (
                [*known, *sums.places(run), *sums.HUBS] if name in ("node", "id") and "nodes" in run.tables() else known
            )
            hint = HUB_NODES.get(key.upper() if name == "node" else "", "") or did_you_mean(key, more)
            return NotFoundError(f'no {name} "{key}" in {kind}.', fix=hint or f"For example {', '.join(known[:3])}.")
        frame = left
    return UsageError(
        f"{kind} needs {' and '.join(names)}.", fix=f"For example {kind}/{_example(run, kind, tuple(names))}."
    )


def _of_the_run(run: Run, kind: str, keys: Sequence[str], address: str) -> dict[str, Any]:
    """What is about the run as a whole: trust, and how many there are of something."""
    summary = run.summary
    if kind == "trust":
        trust = summary["trust"]
        part = keys[0] if keys else ""
        named = ("certificate_passed", "worst_residual", "facts_percent", "calibration", "banner", "notes", "anchored")
        parts: dict[str, Any] = {k: {k: v} for k, v in trust.items() if k not in named and v is not None}
        parts |= {
            "certificate": {
                "passed": trust["certificate_passed"],
                "worst_residual": trust["worst_residual"],
                **run.manifest["certificate"],
            },
            "facts": {"percent": trust["facts_percent"], "facts": _by_kind(run)},
            "calibration": {"last_calibrated_year": trust["last_calibrated_year"], **(trust.get("calibration") or {})},
            "notes": {"banner": trust["banner"], "notes": trust["notes"]},
        }
        if part not in parts:
            raise NotFoundError(
                f'trust has no part "{part}".' if part else "which part of trust?", fix=f"One of: {', '.join(parts)}."
            )
        equations = {
            "certificate": "largest of the residuals that are worked out again from the stored answer, by case: polynya verify",
            "facts": "facts behind the two problems, by kind / all of them",
            "calibration": "errors of the base years, from the calibrated overlay; method: docs/validation",
            "notes": "said by the model where it falls back or leaves something out",
        }
        return {
            **_nothing(address),
            "values": [_flat(parts[part])],
            "document": parts[part],
            "equation": equations.get(part, "as it is stated with the calibrated overlay"),
        }
    if kind == "deals":
        found = summary.get("deals", {"asked": 0, "objections": []})
        return {
            **_nothing(address),
            "values": [{"asked": found["asked"], "objections": len(found["objections"])}],
            "terms": found["objections"],
            "equation": "transfers of stakes that are carried out, and what stands in their way",
        }
    if kind not in run.tables() and kind not in COUNTED.values():
        raise UsageError(f"{kind} of what?", fix=f"What can be asked: polynya explain {run.folder}")
    frame = run.table(kind) if kind in run.tables() else pl.DataFrame()
    names = FORMS.get(kind, ()) or ROWS.get(kind, ())
    if names and kind not in COUNTED.values():
        raise UsageError(
            f"{kind} needs {' and '.join(names)}.", fix=f"For example {kind}/{_example(run, kind, tuple(names))}."
        )
    value: dict[str, Any] = {"rows": frame.height}
    if kind == "claims":
        value |= {"claims_used": summary["claims_used"]}
    if kind == "periods":
        value |= {"months": summary["months"], "from": summary["from"]}
    if kind == "conditions":
        value |= {k: len(summary[k]) for k in summary if k.startswith("conditions_")}
    return {
        **_nothing(address),
        "values": [value],
        "terms": [_plain(r) for r in frame.to_dicts()],
        "equation": "counted; claims_used: those behind changes that happen and conditions assumed met",
    }


def _by_kind(run: Run) -> dict[str, int]:
    counted: dict[str, int] = {}
    pairs = (
        run.table("trace").select("case", "fact").unique().join(run.table("facts").select("fact", "kind"), on="fact")
    )
    for kind, n in pairs.group_by("kind").len().sort("kind").iter_rows():
        counted[kind] = n
    return counted


def _flat(document: Mapping[str, Any], prefix: str = "") -> dict[str, Any]:
    out: dict[str, Any] = {}
    for key, value in document.items():
        if isinstance(value, Mapping):
            out |= _flat(value, f"{prefix}{key} ")
        elif not isinstance(value, list):
            out[f"{prefix}{key}"] = value
    return out


def _nothing(address: str) -> dict[str, Any]:
    empty: dict[str, Any] = {
        k: []
        for k in (
            "facts",
            "notices",
            "rents",
            "markups",
            "arrivals",
            "gates",
            "bans",
            "acts",
            "changes",
            "claims",
            "terms",
        )
    }
    return {"address": address, "values": [], "units": GAS_UNITS, "equation": "", **empty}


def _plain(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v.isoformat() if hasattr(v, "isoformat") else v for k, v in row.items()}


def _plain_row(run: Run, kind: str, keys: Sequence[str], address: str) -> dict[str, Any]:
    """Rows of a table that needs no sum; fewer keys than it has give all rows of those."""
    names = ROWS[kind]
    frame = run.table(kind)
    whole = pl.concat_str([pl.col(n).cast(pl.String).fill_null("") for n in names], separator="/") == "/".join(keys)
    if frame.filter(whole).height:  # an id of its own may hold a stroke
        frame, keys = frame.filter(whole), ()
    for name, key in zip(names, keys, strict=False):
        known = sorted(str(k) for k in frame[name].unique().to_list() if k is not None)
        frame = frame.filter(pl.col(name).cast(pl.String) == key)
        if not frame.height:
            raise NotFoundError(
                f'no {name} "{key}" in {kind}.', fix=did_you_mean(key, known) or f"For example {', '.join(known[:3])}."
            )
    rows = frame.to_dicts()
    items = [str(rows[0][c]) for c in ("id", "storage", "arc", "fleet", "owned", "subject", "trader") if c in rows[0]][
        :1
    ]
    changes = _changes(run, items, kind) if kind != "changes" else rows
    wanted = {str(r["source"]) for r in rows if r.get("source")}
    cited = run.table("sources").filter(pl.col("id").is_in(sorted(wanted))) if wanted else None
    return {
        **_nothing(address),
        "plain": True,
        "values": [_plain(r) for r in rows[:200]],
        "units": OIL_UNITS if run.manifest.get("market") == "oil" else GAS_UNITS,
        "equation": PLAIN.get(kind, "as it stands in the table"),
        "facts": _facts(run, items[0], ("storage", "arcs", "production", "demand"), "") if items else [],
        "notices": notices(cited.iter_rows(named=True)) if cited is not None else [],
        "changes": [_plain(c) for c in changes],
        "claims": _claims(run, changes),
    }


def _sum(run: Run, address: str, kind: str, found: Mapping[str, Any], oil: bool) -> dict[str, Any]:
    """The trace of a sum: its terms, each of which can be asked about, and the facts behind them."""
    items = list(found["items"])
    changes = _changes(run, items, kind)
    trace = run.table("trace").filter(pl.col("id").is_in(items) & pl.col("table").is_in(list(found["tables"])))
    behind = run.table("facts").filter(pl.col("fact").is_in(trace["fact"].unique().to_list()))
    if oil:
        keys = [k for k in address.split("/")[1:] if k]
        facts = oil_facts(run, kind, keys, "") if kind in OIL_FORMS and kind not in ("gains", "owners") else []
    else:
        rows = behind.drop("fact").sort("subject", "attribute", "valid_from").to_dicts()
        facts = [_plain(r) for r in rows]
    kinds: dict[str, int] = {}
    for f in facts:
        kinds[f["kind"]] = kinds.get(f["kind"], 0) + 1
    return {
        **_nothing(address),
        "values": [found["value"]],
        "units": OIL_UNITS if oil else GAS_UNITS,
        "equation": found["equation"],
        "terms": found["terms"],
        "facts": facts,
        "facts_by_kind": kinds,
        "notices": _notices(run, facts),
        "gates": _gates(run, items, "") if kind in ("flows", "gates") else [],
        "bans": _bans(run, items, "") if kind == "flows" else [],
        "acts": _acts(run, items, "") if kind in ("flows", "gates") else [],
        "changes": changes,
        "claims": _claims(run, changes),
    }


def _row(
    run: Run, address: str, kind: str, keys: list[str], names: Sequence[str], hit: pl.DataFrame, oil: bool
) -> dict[str, Any]:
    item = keys[0] if kind != "supply" else keys[1]
    period = keys[-1] if names[-1] == "period" else ""
    items = oil_items(run, keys, period) if oil else [item]
    changes = _changes(run, items, kind)
    facts = oil_facts(run, kind, keys, period) if oil else _facts(run, item, TRACE_TABLES[kind], period)
    return {
        "address": address,
        "terms": [],
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


PLAIN = {
    "storage": "level = level before + injection x (1 - loss) - withdrawal",
    "rents": "what one more unit of the scarce thing would be worth",
    "markups": "price - delivered marginal cost = theta x slope x own sales",
    "legs": "cheapest admitted voyage of the month: charter, fuel, boil-off, tolls and escort",
    "fleets": "days of the month on which each ship of the fleet is in service and not listed, x availability",
    "ownership": "holdings as recorded; blank: none in that case",
    "findings": "ownership test of the regime on the last day; proof: holdings and listings",
    "owner_terms": "economic share along the chain of title x what the thing gains",
    "gain_terms": "from the accounts of the market, discounted",
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
        "terms": [],
    }


SHOWN_TERMS, SHOWN_FACTS = 20, 60


def _terms_lines(d: Mapping[str, Any]) -> list[str]:
    """The largest terms of a sum, and how many more there are."""
    terms = d.get("terms") or []
    if not terms:
        return []
    columns = list(terms[0])
    rows = [[_cell(t.get(c)) for c in columns] for t in terms[:SHOWN_TERMS]]
    more = len(terms) - SHOWN_TERMS
    tail = [f"    and {more} more (--json has all)"] if more > 0 else []
    return [
        f"  terms ({len(terms)}; ask further by the address in the last column)"
        if "ask" in columns
        else f"  rows ({len(terms)})",
        table(columns, rows, indent=4),
        *tail,
    ]


def _values_lines(row: Mapping[str, Any]) -> list[str]:
    """Pairs of both cases on one line each, and what stands alone."""
    pairs = dict.fromkeys(
        k.removesuffix(f"_{BASELINE}")
        for k, v in row.items()
        if k.endswith(f"_{BASELINE}") and not isinstance(v, str) and f"{k.removesuffix(BASELINE)}{SCENARIO}" in row
    )
    lines = []
    for name in pairs:
        values = {c: row.get(f"{name}_{c}") for c in (BASELINE, SCENARIO, "change")}
        shown = ", ".join(
            f"{c} {'none' if v is None else _cell(v)}" for c, v in values.items() if c != "change" or v is not None
        )
        lines.append(f"  {name}: {shown}")
    taken = {f"{n}_{c}" for n in pairs for c in (BASELINE, SCENARIO, "change")}
    lines += [f"  {k}: {_cell(v)}" for k, v in row.items() if k not in taken and k != "determined" and v is not None]
    return lines


def explain_text(d: dict[str, Any]) -> str:
    """The trace as text."""
    lines = [d["address"]]
    if d.get("plain") or d.get("terms") or d.get("document"):
        for row in d["values"][:SHOWN_TERMS]:
            lines += _values_lines(row)
        d = {**d, "values": []}
        lines += _terms_lines(d)
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
        if key == "facts" and len(d[key]) > SHOWN_FACTS:
            kinds = (
                ", ".join(f"{n} {k}" for k, n in sorted(d["facts_by_kind"].items())) if d.get("facts_by_kind") else ""
            )
            lines.append(
                f"  {len(d[key])} facts stand behind it{f' ({kinds})' if kinds else ''}: ask for a term, or take --json"
            )
        elif d[key]:
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
