"""What would a colleague write about the refineries? (oil Answer + tables -> summary document and its text)

Every sentence is computed. Runs are Mt a year, prices USD a barrel, means over the horizon; money is discounted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from polynya.results.answer import Answer
from polynya.results.case import BASELINE, SCENARIO
from polynya.results.deals import check_deals, deal_lines
from polynya.results.silent import silent
from polynya.results.summary import (
    FORESIGHT,
    _gates,
    _owners,
    _r,
    _trust,
    assumed_text,
    claims_used,
    conditions_without_claim,
    gains_lines,
    trust_lines,
)
from polynya.results.unread import unread

BANNER = (
    "Margins and prices in levels rest on recalled product prices, crude differentials and tariffs: "
    "differences between the two cases are what to read, not levels."
)
NOTES = (
    "Owners are those of the last month; what a trustee or a sanction keeps an owner from taking out is not taken off.",
    "A refinery runs while a barrel more pays; no least load binds it here.",
)
EAST = "east"
LEAST_ROUTE_MT_PER_YEAR = 0.05
CASES = (BASELINE, SCENARIO, "change")


def summarise_oil(answer: Answer, tables: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
    """The summary as a document; keys that a gas run has too mean the same."""
    years = answer.months / 12.0
    names = _names(answer)
    document: dict[str, Any] = {
        "market": "oil",
        "price_unit": "USD/bbl",
        "question": answer.scenario.file.question,
        "title": answer.scenario.file.title,
        "as_of": answer.scenario.file.as_of.isoformat(),
        "world": " + ".join(answer.base.layers),
        "from": answer.first.strftime("%Y-%m"),
        "months": answer.months,
        "claims_used": claims_used(answer),
        "conditions_assumed_met": [c.id for c in answer.scenario.file.conditions if c.id not in answer.applied.not_met],
        "conditions_without_claim": conditions_without_claim(answer),
        "conditions_not_met": list(answer.applied.not_met),
        "refineries": _refineries(tables["utilisation"], names, years, _places(answer)),
        "crude": _crude(tables["crude"], names, years),
        "regions": _regions(tables["balance"], names, years),
        "hubs": _hubs(tables["balance"], names),
        "margins": _margins(tables["margins"], names),
        "stakes": _stakes(tables["stakes"], names),
        "flips": tables["flips"].to_dicts(),
        "gains": _gains(tables["gains"], names),
        "owners": _owners(tables["owners"], answer),
        "gates": _gates(answer),
        "deals": check_deals(answer.scenario, answer.applied),
        "changes": [
            {"id": c.id, "status": c.status, "effect": c.effect, "text": c.text} for c in answer.applied.changes
        ],
        "does_not_move": [
            f"{c.id}: carried, not computed ({c.effect})" for c in answer.applied.changes if c.status == "carried"
        ]
        + _firms_barred(tables["flips"], answer, names),
        "below_least_load": _below_least_load(tables["utilisation"], answer, names),
        "trust": _oil_trust(answer),
    }
    document["does_not_move"] += [
        *(_least_load_text(b) for b in document["below_least_load"]),
        *unread(answer),
        *silent(answer),
    ]
    document["headline"] = _headline(document)
    return document


def _least_load_text(b: Mapping[str, Any]) -> str:
    return (
        f"{b['name']} would run below {b['least_percent']:.0f} % of capacity in {b['months'][SCENARIO]} months "
        f"(baseline: {b['months'][BASELINE]}), down to {b['lowest_percent']:.0f} %, where it is said not to run at all "
        f"({b['source']}). The market does not know that bound: if it stopped, the region would lack all that it makes."
    )


def _below_least_load(frame: pl.DataFrame, answer: Answer, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Refineries that would run below the load at which they can, with the months; the market does not know that bound."""
    found = []
    for refinery in frame["refinery"].unique().sort():
        least = answer.base.resolve(refinery, "refinery_least_load_share", answer.first)
        if least is None:
            continue
        runs = frame.filter(pl.col("refinery") == refinery)
        months = {c: int((runs[f"utilisation_share_{c}"] < least.value).sum()) for c in (BASELINE, SCENARIO)}
        if any(months.values()):
            found.append(
                {
                    "refinery": refinery,
                    "name": names[refinery],
                    "least_percent": _r(100.0 * least.value, 0),
                    "source": least.facts[0].source,
                    "months": months,
                    "lowest_percent": _r(100.0 * float(runs[f"utilisation_share_{SCENARIO}"].min()), 1),  # type: ignore[arg-type]
                }
            )
    return found


def _firms_barred(flips: pl.DataFrame, answer: Answer, names: Mapping[str, str]) -> list[str]:
    """A refinery's own firm that becomes barred is said aloud: the run lets its other holders go on."""
    world = answer.base.table("ownership")
    firms = set(world.filter(pl.col("owned").is_in(answer.base.table("oil_recipes")["refinery"].to_list()))["owner"])
    barred = flips.filter(
        (pl.col("what") == "dealing with") & (pl.col("after") == "barred") & pl.col("id").is_in(firms)
    )
    return [
        f"{names.get(i, i)} itself is blocked by the {r.upper()} test, since its blocked holders own half of it or more, and no "
        "licence frees it. The run lets its other holders go on; if nobody dealt with the firm, the whole refinery would stand still "
        "(to see that, add lose_capacity of the refinery)."
        for i, r in barred.select("id", "regime").iter_rows()
    ]


def _oil_trust(answer: Answer) -> dict[str, Any]:
    """As for gas, with what is special here."""
    trust = {k: v for k, v in _trust(answer).items() if k != "calibration"}  # gas was calibrated, oil was not
    notes = [n for n in trust["notes"] if n != FORESIGHT]
    return {**trust, "banner": BANNER, "last_calibrated_year": None, "anchored": False, "notes": [*notes, *NOTES]}


def _names(answer: Answer) -> dict[str, str]:
    """Names of parties, refineries, goods, routes and places."""
    found: dict[str, str] = {}
    for table in ("oil_nodes", "oil_goods", "oil_routes", "assets", "entities"):
        found |= dict(answer.applied.world.table(table).select("id", "name").iter_rows())
    return found


def _rows(frame: pl.DataFrame, keys: list[str], value: str, *, mean: bool, scale: float = 1.0) -> list[dict[str, Any]]:
    """Per key the baseline, the scenario and the change of a value: mean of the months, or their sum times `scale`."""
    cells = [(pl.col(f"{value}_{c}").mean() if mean else pl.col(f"{value}_{c}").sum() * scale).alias(c) for c in CASES]
    return frame.group_by(keys, maintain_order=True).agg(cells).to_dicts()


def _rounded(row: Mapping[str, Any], digits: int = 3) -> dict[str, Any]:
    return {c: _r(row[c], digits) for c in CASES}


def _places(answer: Answer) -> dict[str, str]:
    """Refinery -> name of its place."""
    world = answer.base
    place = dict(world.table("oil_nodes").select("id", "name").iter_rows())
    return {r: place[n] for r, n in world.table("oil_recipes").select("refinery", "node").unique().iter_rows()}


def _refineries(
    frame: pl.DataFrame, names: Mapping[str, str], years: float, places: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Utilisation of capacity [%], crude run [Mt/year] and [kbd], mean of the horizon and its last month."""
    last = frame["period"].max()
    found = []
    runs = {r["refinery"]: r for r in _rows(frame, ["refinery"], "crude_mt", mean=False, scale=1.0 / years)}
    daily = {r["refinery"]: r for r in _rows(frame, ["refinery"], "crude_kbd", mean=True)}
    ends = {r["refinery"]: r for r in frame.filter(pl.col("period") == last).iter_rows(named=True)}
    for row in _rows(frame, ["refinery"], "utilisation_share", mean=True):
        r = row["refinery"]
        found.append(
            {
                "refinery": r,
                "name": names[r],
                "place": places[r],
                "utilisation_percent": {c: _r(100.0 * row[c], 1) for c in CASES},
                "last_month_percent": {c: _r(100.0 * ends[r][f"utilisation_share_{c}"], 1) for c in CASES},
                "crude_mt_per_year": _rounded(runs[r]),
                "crude_kbd": _rounded(daily[r], 1),
            }
        )
    return found


def _crude(frame: pl.DataFrame, names: Mapping[str, str], years: float) -> list[dict[str, Any]]:
    """What comes in by which route [Mt/year]; routes that carry next to nothing in both cases are left out."""
    rows = _rows(frame, ["refinery", "route", "crude"], "crude_mt", mean=False, scale=1.0 / years)
    return [
        {
            "refinery": r["refinery"],
            "route": r["route"],
            "name": names[r["route"]],
            "crude": names[r["crude"]],
            **_rounded(r),
        }
        for r in rows
        if max(r[BASELINE], r[SCENARIO]) >= LEAST_ROUTE_MT_PER_YEAR
    ]


def _regions(frame: pl.DataFrame, names: Mapping[str, str], years: float) -> list[dict[str, Any]]:
    """Per region and product: shortfall (brought in or forgone) [Mt/year], price and its premium over the coast [USD/bbl]."""
    both = frame.with_columns(
        (pl.col(f"imported_mt_{c}") + pl.col(f"forgone_mt_{c}")).alias(f"short_mt_{c}") for c in CASES
    )
    keys = ["region", "product"]
    short = {(r["region"], r["product"]): r for r in _rows(both, keys, "short_mt", mean=False, scale=1.0 / years)}
    premium = {(r["region"], r["product"]): r for r in _rows(frame, keys, "price_premium_usd_per_bbl", mean=True)}
    return [
        {
            "region": r["region"],
            "product": r["product"],
            "name": f"{names[r['product']]}, {names[r['region']].split(':')[0]}",
            "shortfall_mt_per_year": _rounded(short[r["region"], r["product"]]),
            "price_usd_per_bbl": _rounded(r, 2),
            "premium_usd_per_bbl": _rounded(premium[r["region"], r["product"]], 2),
        }
        for r in _rows(frame, keys, "price_usd_per_bbl", mean=True)
    ]


def _hubs(frame: pl.DataFrame, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Prices by region and product, in the form in which gas runs give prices by hub."""
    rows = _rows(frame, ["region", "product"], "price_usd_per_bbl", mean=True)
    return [{"hub": f"{names[r['product']]}, {names[r['region']].split(':')[0]}", **_rounded(r, 2)} for r in rows]


def _margins(frame: pl.DataFrame, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Margin of each holder's share of each refinery [million USD over the horizon, discounted]."""
    return [
        {
            "refinery": r["refinery"],
            "holder": r["holder"],
            "name": names.get(r["holder"], r["holder"]),
            **{c: _r(r[f"margin_musd_{c}"], 0) for c in CASES},
        }
        for r in frame.iter_rows(named=True)
    ]


def _stakes(frame: pl.DataFrame, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """Title, votes and economic share [%] in the last month: three numbers, kept apart."""
    return [
        {
            "refinery": r["refinery"],
            "kind": r["kind"],
            "holder": r["holder"],
            "name": names.get(r["holder"], r["holder"]),
            **{c: _r(r[f"share_percent_{c}"], 2) for c in CASES},
        }
        for r in frame.iter_rows(named=True)
    ]


def _gains(gains: pl.DataFrame, names: Mapping[str, str]) -> dict[str, Any]:
    consumers = gains.filter(pl.col("group") == "consumers")
    place = pl.col("id").str.splitn(".", 2).struct[1]
    by_region = (
        consumers.group_by(place.alias("region")).agg(pl.col("musd_change").sum()).sort("musd_change", descending=True)
    )
    others = gains.filter(pl.col("group") != "consumers").sort("musd_change", descending=True)

    def listed(frame: pl.DataFrame) -> list[dict[str, Any]]:
        return [
            {"group": g, "id": i, "musd": _r(m, 0)}
            for g, i, m in frame.select("group", "id", "musd_change").iter_rows()
            if abs(m) >= 0.5
        ]

    return {
        "consumers": [
            {"region": names.get(r, r).split(":")[0], "musd": _r(m, 0)}
            for r, m in by_region.iter_rows()
            if r != "coast"
        ],
        "largest_gains": listed(others.filter(pl.col("musd_change") > 0).head(6)),
        "largest_losses": listed(others.filter(pl.col("musd_change") < 0).tail(6).reverse()),
        "total_musd": _r(float(gains["musd_change"].sum()), 0),
        "note": "discounted over the horizon",
    }


def _headline(d: Mapping[str, Any]) -> str:
    """What Schwedt runs, and what the East is short of."""
    schwedt = next((r for r in d["refineries"] if r["refinery"] == "pck-schwedt"), d["refineries"][0])
    use = schwedt["utilisation_percent"]
    parts = [f"{schwedt['place']} would run at {use[SCENARIO]:.0f} % of its capacity instead of {use[BASELINE]:.0f} %"]
    for b in d["below_least_load"]:
        if b["refinery"] == schwedt["refinery"] and b["months"][SCENARIO]:
            parts.append(
                f"in {b['months'][SCENARIO]} months below the {b['least_percent']:.0f} % at which it can run at all"
            )
    east = [r for r in d["regions"] if r["region"] == EAST]
    if east:
        short = {c: sum(r["shortfall_mt_per_year"][c] for r in east) for c in (BASELINE, SCENARIO)}
        parts.append(
            f"the East would have to bring in {short[SCENARIO]:.1f} Mt of fuel a year instead of {short[BASELINE]:.1f}"
        )
        largest = max(east, key=lambda r: abs(r["price_usd_per_bbl"]["change"]))
        change = largest["price_usd_per_bbl"]["change"]
        if abs(change) >= 0.005:
            parts.append(
                f"{largest['name'].split(',')[0].lower()} would cost {abs(change):.2f} USD a barrel "
                f"{'less' if change < 0 else 'more'} there"
            )
        else:
            parts.append("prices there would not move")
    return "; ".join(parts) + "."


def oil_text(d: Mapping[str, Any]) -> str:
    """The note as text, to be read in a terminal."""
    from polynya.console import table

    def shown(cells: Mapping[str, Any], form: str, sign: str) -> list[str]:
        return [format(cells[BASELINE], form), format(cells[SCENARIO], form), format(cells["change"], sign)]

    lines = [
        d["title"],
        f"If this came true ({assumed_text(d)}), against today's course, {d['from']} for {d['months']} months",
        "  " + d["headline"],
        f"  Scenario as of {d['as_of']}; baseline: {d['world']}, events known to it included.",
        "  " + d["trust"]["banner"],
    ]
    for gate in d["gates"]:
        shut = "; ".join(f"{g['kind']}: {g['name']}" for g in gate["still_closed"])
        lines.append(
            f"  {gate['subject']}: {gate['opened']} of {gate['gates']} gates opened"
            + (f"; still closed: {shut}" if shut else "")
        )
    three = ["baseline", "scenario", "change"]
    lines += ["", "Utilisation of capacity [%]"]
    lines.append(
        table(
            ["refinery", *three],
            [[r["name"], *shown(r["utilisation_percent"], ".1f", "+.1f")] for r in d["refineries"]],
        )
    )
    lines += ["", "Crude by route [Mt/year]"]
    lines.append(
        table(["route", "crude", *three], [[r["name"], r["crude"], *shown(r, ".2f", "+.2f")] for r in d["crude"]])
    )
    lines += ["", "Shortfall: brought in or forgone [Mt/year], price and premium over the coast [USD/bbl]"]
    lines.append(
        table(
            ["what", *(f"short {c}" for c in three), *(f"price {c}" for c in three), "premium", "then"],
            [
                [
                    r["name"],
                    *shown(r["shortfall_mt_per_year"], ".2f", "+.2f"),
                    *shown(r["price_usd_per_bbl"], ".2f", "+.2f"),
                    f"{r['premium_usd_per_bbl'][BASELINE]:+.2f}",
                    f"{r['premium_usd_per_bbl'][SCENARIO]:+.2f}",
                ]
                for r in d["regions"]
            ],
        )
    )
    lines += ["", "Margin of each share [million USD over the horizon, discounted]"]
    lines.append(
        table(
            ["refinery", "holder", *three],
            [[r["refinery"], r["name"], *shown(r, ",.0f", "+,.0f")] for r in d["margins"]],
        )
    )
    lines += ["", "Who holds, who votes, who gets the income [%], where it changes"]
    moved = [s for s in d["stakes"] if s["change"]]
    lines.append(
        table(
            ["refinery", "kind", "holder", *three],
            [[s["refinery"], s["kind"], s["name"], *shown(s, ".2f", "+.2f")] for s in moved],
        )
        if moved
        else "  nothing changes"
    )
    lines += ["", "What flips in control, last month"]
    flips = [[f["what"], f["id"], f["regime"], f["before"], f["after"]] for f in d["flips"]]
    lines.append(table(["what", "id", "regime", "before", "after"], flips) if flips else "  nothing flips")
    lines += gains_lines(d["gains"])
    lines += ["", "Behind the refineries' holders, by economic share [million USD]"]
    lines.append(table(["holder", "change"], [[o["name"], f"{o['musd']:+,.0f}"] for o in d["owners"]]))
    lines += deal_lines(d["deals"]) if d.get("deals") else []
    if d["does_not_move"]:
        lines += ["", "Not computed", *(f"  {s}" for s in d["does_not_move"])]
    return "\n".join([*lines, *trust_lines(d["trust"])])
