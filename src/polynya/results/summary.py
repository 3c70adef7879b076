"""What would a colleague write in one note? (Answer + tables -> summary document and its text)

Every sentence is computed; none is a template with a number that nobody checks. Means are per year over the horizon.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import polars as pl

from polynya.results import compare
from polynya.results.answer import Answer
from polynya.results.case import BASELINE, SCENARIO
from polynya.results.deals import check_deals, deal_lines
from polynya.results.silent import silent
from polynya.results.unread import unread
from polynya.units import added, eur_per_mwh_from_usd_per_mmbtu
from polynya.world.calibrated import calibration_of, errors_of_unfitted_years
from polynya.world.world import MODEL

HUBS = {
    "TTF (Netherlands)": ("NL",),
    "Germany": ("DE",),
    "Henry Hub (US Gulf)": ("US-GULF",),
    "Japan": ("JP",),
    "South Korea": ("KR",),
    "China coast": ("CN-COAST",),
}
FORESIGHT = "Sellers and stores foresee the whole horizon, so prices can move before a change takes effect."
SHOWN_FLOW_BCM_PER_YEAR = 0.5
SHOWN_MUSD = 0.5
FULL_SHARE = 0.999  # of capacity
ROLES = "An owner's plant, ships, lines and sales stand in rows of their own here; the next table adds them up."
NOT_CALIBRATED = (
    "Levels are neither calibrated nor anchored: differences between the two cases are what to read, not levels."
)
NOT_ANCHORED = (
    "Calibrated on {years}: corridors and trade pairs of those years within {pairs} % (weighted), prices within {prices} %. "
    "Levels are not anchored after {last}: differences between the two cases are what to read, not levels."
)


def summarise(answer: Answer, tables: Mapping[str, pl.DataFrame]) -> dict[str, Any]:
    """The summary as a document: headline, prices by hub, flows by corridor, who supplies Europe, who gains, gates, trust."""
    if answer.market == "oil":
        from polynya.results.oil_summary import summarise_oil

        return summarise_oil(answer, tables)
    years = answer.months / 12.0
    europe = _europe(answer)
    price = compare.weighted_prices(answer.cases, europe)
    rate = _usd_per_eur(answer)
    document: dict[str, Any] = {
        "question": answer.scenario.file.question,
        "title": answer.scenario.file.title,
        "as_of": answer.scenario.file.as_of.isoformat(),
        "world": " + ".join(answer.base.layers),
        "from": answer.first.strftime("%Y-%m"),
        "months": answer.months,
        "span": _span(answer),
        "claims_used": claims_used(answer),
        "conditions_assumed_met": [c.id for c in answer.scenario.file.conditions if c.id not in answer.applied.not_met],
        "conditions_without_claim": conditions_without_claim(answer),
        "conditions_not_met": list(answer.applied.not_met),
        "europe_price": {
            "usd_per_mmbtu": {k: _r(v) for k, v in price.items()},
            "eur_per_mwh": {k: _r(eur_per_mwh_from_usd_per_mmbtu(v, rate)) for k, v in price.items()},
            "change_percent": _r(100.0 * (price[SCENARIO] / price[BASELINE] - 1.0)),
            "usd_per_eur": rate,
        },
        "hubs": [h for h in (_hub(answer, name, nodes) for name, nodes in HUBS.items()) if h["change"] is not None],
        "corridors": _corridors(tables["flows"], years),
        "europe": europe,
        "european_union": sorted(_eu(answer)),
        "suppliers_of_europe": _suppliers(tables["supply"], europe, _eu(answer), years),
        "world_balance": _world_balance(answer, years),
        "gains": _gains(tables["gains"], answer),
        "owners": _owners(tables["owners"], answer),
        "gates": _gates(answer),
        "deals": check_deals(answer.scenario, answer.applied),
        "changes": [
            {"id": c.id, "status": c.status, "effect": c.effect, "text": c.text} for c in answer.applied.changes
        ],
        "does_not_move": [*_still(answer, tables, years), *unread(answer), *silent(answer)],
        "trust": _trust(answer),
    }
    document["headline"] = _headline(document)
    return document


def claims_used(answer: Answer) -> int:
    """How many claims of the ledger stand behind what happens: changes, and the conditions assumed met."""
    met = (c for c in answer.scenario.file.conditions if c.id not in answer.applied.not_met)
    done = (c for c in answer.applied.changes if c.status in ("applied", "carried"))
    reasons = {b for c in done for b in c.because} | {b for c in met for b in c.because}
    return len(reasons & set(answer.scenario.claims))


def conditions_without_claim(answer: Answer) -> list[str]:
    """Conditions assumed met that nobody reported: only the author's own assumptions stand behind them."""
    met = (c for c in answer.scenario.file.conditions if c.id not in answer.applied.not_met)
    return [c.id for c in met if not set(c.because) & set(answer.scenario.claims)]


def assumed_text(d: Mapping[str, Any]) -> str:
    """`16 claims, 6 open conditions assumed met, 3 of them reported by nobody`; gas and oil alike."""
    met, own = len(d["conditions_assumed_met"]), len(d.get("conditions_without_claim", ()))
    claims = f"{d['claims_used']} claim{'' if d['claims_used'] == 1 else 's'}"
    parts = [claims if d["claims_used"] else "no claim behind it, its author's assumptions alone"]
    if met:
        parts.append(f"{met} open condition{'' if met == 1 else 's'} assumed met")
    if met and own and d["claims_used"]:
        parts.append(f"{own} of them reported by nobody")
    return ", ".join(parts)


def _span(answer: Answer) -> str:
    """`24 months`, or `24 months and 18 seasons to 2035-winter`."""
    single = sum(1 for p in answer.periods if len(p.months) == 1)
    if not answer.periods or single == len(answer.periods):
        return f"{answer.months} months"
    return f"{single} months and {len(answer.periods) - single} seasons to {answer.periods[-1].name}"


def _europe(answer: Answer) -> list[str]:
    return answer.base.table("nodes").filter(pl.col("region") == "Europe")["id"].to_list()


def _eu(answer: Answer) -> set[str]:
    """Nodes of the European Union on the first day; empty for a world that knows no blocs."""
    if "blocs" not in answer.base.tables:
        return set()
    blocs = answer.base.table("blocs").filter(
        (pl.col("bloc") == "EU")
        & (pl.col("valid_from").is_null() | (pl.col("valid_from") <= answer.first))
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= answer.first))
    )
    return set(answer.base.table("nodes").filter(pl.col("country").is_in(blocs["country"].to_list()))["id"].to_list())


def _usd_per_eur(answer: Answer) -> float:
    given = [v for (item, _, _), v in answer.anchor.values.items() if item == "usd_per_eur"]
    if given:
        return added(given) / len(given)
    found = answer.base.resolve(MODEL, "parameter_usd_per_eur", answer.first)
    return found.value if found else 1.1


def _hub(answer: Answer, name: str, nodes: Sequence[str]) -> dict[str, Any]:
    price = compare.weighted_prices(answer.cases, nodes)
    return {
        "hub": name,
        "nodes": list(nodes),
        BASELINE: _r(price[BASELINE]),
        SCENARIO: _r(price[SCENARIO]),
        "change": _r(price[SCENARIO] - price[BASELINE]),
        "largest": _largest(compare.prices(answer.cases), nodes),
    }


def _largest(prices: pl.DataFrame, nodes: Sequence[str]) -> dict[str, Any] | None:
    """The month (or season) in which the price at a hub moves most; a mean over years hides a short shock."""
    moved = prices.filter(pl.col("node").is_in(list(nodes)) & (pl.col("price_change").abs() > 0.005))
    if not moved.height:
        return None
    row = moved.sort(pl.col("price_change").abs(), descending=True, maintain_order=True).row(0, named=True)
    return {"period": row["period"], "change": _r(row["price_change"])}


def _corridors(flows: pl.DataFrame, years: float) -> list[dict[str, Any]]:
    moved = (
        flows.filter(pl.col("kind") == "pipeline")
        .group_by("arc", "from", "to", maintain_order=True)
        .agg((pl.col(f"quantity_{c}").sort().sum() / years).alias(c) for c in (BASELINE, SCENARIO))
    )
    moved = moved.with_columns((pl.col(SCENARIO) - pl.col(BASELINE)).alias("change")).filter(
        pl.col("change").abs() >= SHOWN_FLOW_BCM_PER_YEAR
    )
    return [
        {
            "corridor": r["arc"],
            "from": r["from"],
            "to": r["to"],
            **{k: _r(r[k]) for k in (BASELINE, SCENARIO, "change")},
        }
        for r in moved.sort(pl.col("change").abs(), descending=True, maintain_order=True).head(15).iter_rows(named=True)
    ]


def _suppliers(
    supply: pl.DataFrame, europe: Sequence[str], union: Collection[str], years: float
) -> list[dict[str, Any]]:
    """By country of origin; what of it goes to the European Union stands in `eu_` keys, where the world knows who is in."""
    inside = pl.col("node").is_in(list(union))
    to = (
        supply.filter(pl.col("node").is_in(list(europe)))
        .group_by("supplier", maintain_order=True)
        .agg(
            *((pl.col(f"bcm_{c}").sort().sum() / years).alias(c) for c in (BASELINE, SCENARIO)),
            *((pl.col(f"bcm_{c}").filter(inside).sort().sum() / years).alias(f"eu_{c}") for c in (BASELINE, SCENARIO)),
        )
    )
    to = to.with_columns((pl.col(SCENARIO) - pl.col(BASELINE)).alias("change")).sort(
        pl.max_horizontal(BASELINE, SCENARIO), descending=True, maintain_order=True
    )
    return [
        {
            "supplier": r["supplier"],
            **{k: _r(r[k]) for k in (BASELINE, SCENARIO, "change")},
            **({k: _r(r[k]) for k in (f"eu_{BASELINE}", f"eu_{SCENARIO}")} if union else {}),
        }
        for r in to.head(12).iter_rows(named=True)
    ]


def _gains(gains: pl.DataFrame, answer: Answer) -> dict[str, Any]:
    region = dict(answer.base.table("nodes").select("id", "region").iter_rows())
    consumers = gains.filter(pl.col("group") == "consumers").with_columns(
        pl.col("id").replace_strict(region, default="other", return_dtype=pl.String).alias("region")
    )
    by_region = (
        consumers.group_by("region", maintain_order=True)
        .agg(pl.col("musd_change").sort().sum())
        .sort("musd_change", descending=True, maintain_order=True)
    )
    others = gains.filter((pl.col("group") != "consumers") & (pl.col("musd_change").abs() >= SHOWN_MUSD)).sort(
        "musd_change", descending=True, maintain_order=True
    )
    won, lost = others.filter(pl.col("musd_change") > 0), others.filter(pl.col("musd_change") < 0)
    return {
        "consumers": [{"region": r[0], "musd": _r(r[1], 0)} for r in by_region.iter_rows()],
        "largest_gains": [
            {"group": g, "id": i, "musd": _r(m, 0)}
            for g, i, m in won.head(6).select("group", "id", "musd_change").iter_rows()
        ],
        "largest_losses": [
            {"group": g, "id": i, "musd": _r(m, 0)}
            for g, i, m in lost.tail(6).reverse().select("group", "id", "musd_change").iter_rows()
        ],
        "total_musd": _r(float(gains["musd_change"].sum()), 0),
        "note": "discounted over the horizon",
    }


def _owners(owners: pl.DataFrame, answer: Answer) -> list[dict[str, Any]]:
    """Ultimate holders whose gain moves most, with the name of the party where the registry has it."""
    names = {
        t: n for table in ("traders", "entities") for t, n in answer.base.table(table).select("id", "name").iter_rows()
    }
    moved = (
        owners.filter(pl.col("musd_change").abs() >= SHOWN_MUSD)
        .sort(pl.col("musd_change").abs(), descending=True, maintain_order=True)
        .head(8)
        .sort("musd_change", descending=True, maintain_order=True)
    )
    return [
        {"holder": h, "name": _holder(h, names), "musd": _r(m, 0)}
        for h, m in moved.select("holder", "musd_change").iter_rows()
    ]


def _holder(identity: str, names: Mapping[str, str]) -> str:
    known = identity.removeprefix("unrecorded:")
    name = names.get(known, known)
    return name if known == identity else f"{name}: holders not recorded"


def _gates(answer: Answer) -> list[dict[str, Any]]:
    """Per gated subject that a change is about: how many gates it has, which still fail in the scenario's last month, and their names."""
    base, after = answer.cases[BASELINE].inputs.gates, answer.cases[SCENARIO].inputs.gates
    last = f"{answer.cases[SCENARIO].problem.periods['period'][-1]}"
    out = []
    touched = {t for c in answer.applied.changes for t in c.touches}
    rests_on = {r["id"]: set((r["measure"] or "").split()) for r in answer.base.table("gates").iter_rows(named=True)}
    for (subject,), rows in base.group_by("subject", maintain_order=True):
        if not any(subject in touched or g in touched or rests_on[g] & touched for g in rows["gate"].unique()):
            continue
        all_gates = rows.unique("gate", maintain_order=True)
        failing = after.filter((pl.col("subject") == subject) & (pl.col("period") == last))
        out.append(
            {
                "subject": subject,
                "gates": all_gates.height,
                "opened": all_gates.height - failing.filter(pl.col("gate").is_in(all_gates["gate"].to_list())).height,
                "still_closed": [
                    {"gate": r["gate"], "kind": r["kind"], "name": r["name"], "source": r["source"]}
                    for r in failing.iter_rows(named=True)
                ],
            }
        )
    return sorted(out, key=lambda g: str(g["subject"]))


def _still(answer: Answer, tables: Mapping[str, pl.DataFrame], years: float) -> list[str]:
    """Things that a change names but whose flow hardly moves; said, because silence would look like an answer."""
    flows = (
        tables["flows"]
        .group_by("arc", maintain_order=True)
        .agg(
            (pl.col("quantity_change").sort().sum() / years).alias("change"),
            (pl.col(f"quantity_{SCENARIO}").sort().sum() / years).alias("flow"),
        )
    )
    known = {r["arc"]: r for r in flows.iter_rows(named=True)}
    out = []
    for change in answer.applied.changes:
        if change.status == "carried":
            out.append(f"{change.id}: carried, not computed ({change.effect})")
            continue
        for subject in change.touches:
            row = known.get(subject)
            if change.status == "applied" and row is not None and abs(row["change"]) < 0.05:
                out.append(f"{subject}: {row['flow']:.1f} bcm/y in both cases, although {change.id} applies")
    return list(dict.fromkeys(out))


def _trust(answer: Answer) -> dict[str, Any]:
    kinds: dict[str, int] = {}
    for case in answer.cases.values():
        for fact in case.inputs.facts.values():
            kinds[fact.kind] = kinds.get(fact.kind, 0) + 1
    total = sum(kinds.values()) or 1
    worst = max(
        (
            float(c.certificate[k])
            for c in answer.cases.values()
            for k in ("primal", "dual", "price", "balance", "gap", "markup", "best_response")
        ),
        default=0.0,
    )
    notes = [FORESIGHT, *dict.fromkeys(n for c in answer.cases.values() for n in c.inputs.notes)]
    fitted = calibration_of(answer.base.layers)
    last = last_calibrated_year(answer.base.layers)
    banner = NOT_CALIBRATED if fitted is None else NOT_ANCHORED.format(**_fit_in_words(fitted))
    return {
        "certificate_passed": all(c.certificate["passed"] for c in answer.cases.values()),
        "worst_residual": worst,
        "facts_percent": {k: round(100.0 * v / total) for k, v in sorted(kinds.items())},
        "last_calibrated_year": last,
        "calibration": fitted,
        "unfitted": errors_of_unfitted_years() if fitted else {},
        "anchored": answer.anchor.given,
        "banner": "" if answer.anchor.given else banner,
        "notes": notes,
    }


def last_calibrated_year(layers: Sequence[str]) -> int | None:
    """The last year to which costs, frictions and conduct were fitted; None for a world without the calibrated overlay."""
    fitted = calibration_of(layers)
    return None if fitted is None else max(fitted["base_years"])


def _fit_in_words(fitted: Mapping[str, Any]) -> dict[str, Any]:
    errors = list(fitted["errors"].values())
    return {
        "years": " and ".join(str(y) for y in fitted["base_years"]),
        "last": max(fitted["base_years"]),
        "pairs": round(100 * max(e["corridors_and_pairs"]["error"] for e in errors)),
        "prices": round(100 * max(abs(p["error"]) for e in errors for p in e["prices"].values())),
    }


def _headline(d: Mapping[str, Any]) -> str:
    price = d["europe_price"]
    usd, eur = price["usd_per_mmbtu"], price["eur_per_mwh"]
    if abs(price["change_percent"]) < 0.05:
        return f"Europe would pay the same for gas, to a twentieth of a per cent ({usd[BASELINE]:.2f} USD/MMBtu, {eur[BASELINE]:.1f} EUR/MWh)."
    moved = f"{abs(price['change_percent']):.1f} % {'less' if price['change_percent'] < 0 else 'more'}"
    return (
        f"Europe would pay {moved} for gas ({usd[BASELINE]:.2f} -> {usd[SCENARIO]:.2f} USD/MMBtu, "
        f"{eur[BASELINE]:.1f} -> {eur[SCENARIO]:.1f} EUR/MWh)."
    )


def summary_text(d: Mapping[str, Any]) -> str:
    """The note as text, to be read in a terminal."""
    if d.get("market") == "oil":
        from polynya.results.oil_summary import oil_text

        return oil_text(d)
    head = f"If this came true ({assumed_text(d)}), against today's course, {d['from']} for {d['span']}"
    basis = f"  Scenario as of {d['as_of']}; baseline: {d['world']}, events known to it included; last calibrated year: {d['trust']['last_calibrated_year'] or 'none'}."
    lines = [d["title"], head, "  " + d["headline"], basis]
    if d["trust"]["banner"]:
        lines.append("  " + d["trust"]["banner"])
    lines += undone_lines(d)
    for gate in d["gates"]:
        shut = "; ".join(f"{g['kind']}: {g['name']}" for g in gate["still_closed"])
        lines.append(
            f"  {gate['subject']}: {gate['opened']} of {gate['gates']} gates opened"
            + (f"; still closed: {shut}" if shut else "")
        )
    from polynya.console import table

    lines += ["", "Prices [USD/MMBtu], consumption-weighted"]
    lines.append(
        table(
            ["hub", "baseline", "scenario", "change", "largest change"],
            [
                [h["hub"], f"{h[BASELINE]:.2f}", f"{h[SCENARIO]:.2f}", f"{h['change']:+.2f}", _largest_text(h)]
                for h in d["hubs"]
            ],
        )
    )
    if d["corridors"]:
        lines += ["", "Pipelines that move most [bcm/year]"]
        lines.append(
            table(
                ["corridor", "from", "to", "baseline", "scenario", "change"],
                [[*(c[k] for k in ("corridor", "from", "to")), *_three(c)] for c in d["corridors"]],
            )
        )
    else:
        lines += ["", f"No pipeline moves by {SHOWN_FLOW_BCM_PER_YEAR} bcm a year or more."]
    lines += _suppliers_lines(d)
    lines += [*gains_lines(d["gains"]), f"  All groups together: {d['gains']['total_musd']:+,.0f}."]
    if d["owners"]:
        lines += [f"  {ROLES}", "", "Behind producers and operators, by economic share [million USD]"]
        lines.append(table(["holder", "change"], [[o["name"], f"{o['musd']:+,.0f}"] for o in d["owners"]]))
    lines += deal_lines(d["deals"]) if d.get("deals") else []
    if d["does_not_move"]:
        lines += ["", "Does not move, or is not computed"]
        lines += [f"  {s}" for s in d["does_not_move"]]
    lines += trust_lines(d["trust"])
    return "\n".join(lines)


def undone_lines(d: Mapping[str, Any]) -> list[str]:
    """What of the scenario does not happen in this run: left out by hand, or for want of a condition."""
    undone = [c["id"] for c in d["changes"] if c["status"] in ("left_out", "condition_not_met")]
    if not undone:
        return []
    missing = f" (not met: {', '.join(d['conditions_not_met'])})" if d["conditions_not_met"] else ""
    return [f"  Does not happen in this run{missing}: {', '.join(undone)}."]


def _three(row: Mapping[str, Any]) -> tuple[str, str, str]:
    return f"{row[BASELINE]:.1f}", f"{row[SCENARIO]:.1f}", f"{row['change']:+.1f}"


def _largest_text(hub: Mapping[str, Any]) -> str:
    most = hub.get("largest")
    return f"{most['change']:+.2f} in {most['period']}" if most else "none"


def _world_balance(answer: Answer, years: float) -> dict[str, Any]:
    """Made and used in the whole world, and how much of it comes from steps of supply that run full. [bcm/year; share]"""
    out: dict[str, Any] = {}
    for name, case in answer.cases.items():
        made, used = float(case.production()["quantity"].sum()), float(case.consumption()["quantity"].sum())
        out[name] = {"production": _r(made / years), "consumption": _r(used / years)}
    case = answer.cases[BASELINE]
    steps = case.problem.production.join(case.solution.production, on=["trader", "node", "step", "period"])
    full = steps.filter(pl.col("quantity") >= FULL_SHARE * pl.col("capacity"))["quantity"].sum()
    total = steps["quantity"].sum()
    return out | {"full_share": _r(float(full) / float(total)) if total else None}


def _world_line(d: Mapping[str, Any]) -> list[str]:
    world = d.get("world_balance")
    if not world:
        return []
    before, after = world[BASELINE], world[SCENARIO]
    text = (
        f"  World: made {before['production']:,.1f} -> {after['production']:,.1f}, "
        f"used {before['consumption']:,.1f} -> {after['consumption']:,.1f} bcm/year"
    )
    full = world["full_share"]
    known = (
        f"; {100 * full:.0f} % of the baseline's gas comes from fields that run full and cannot step in" if full else ""
    )
    return [text + known + "."]


def _suppliers_lines(d: Mapping[str, Any]) -> list[str]:
    """Who supplies Europe, and the Union within it: the two are easily taken for one another."""
    from polynya.console import table

    union = any(f"eu_{BASELINE}" in s for s in d["suppliers_of_europe"])
    inside = (f"eu_{BASELINE}", f"eu_{SCENARIO}") if union else ()
    rows = [[s["supplier"], *_three(s), *(f"{s[k]:.1f}" for k in inside)] for s in d["suppliers_of_europe"]]
    header = ["supplier", "baseline", "scenario", "change"] + (["EU baseline", "EU scenario"] if union else [])
    note = [f"  Europe is {len(d['europe'])} market areas: {' '.join(d['europe'])}."] if d.get("europe") else []
    title = "Who supplies Europe, own production included [bcm/year; price takers by average mixing]"
    return ["", title, table(header, rows), *note, *_world_line(d)]


def gains_lines(gains: Mapping[str, Any]) -> list[str]:
    """Who gains, as text; gas and oil alike."""
    from polynya.console import table

    rows = [["consumers", c["region"], f"{c['musd']:+,.0f}"] for c in gains["consumers"]]
    rows += [
        [g["group"], g["id"], f"{g['musd']:+,.0f}"]
        for g in (*gains["largest_gains"], *reversed(gains["largest_losses"]))
    ]
    return ["", "Who gains [million USD, discounted over the horizon]", table(["group", "who", "change"], rows)]


def trust_lines(trust: Mapping[str, Any]) -> list[str]:
    """Certificate, kinds of facts and notes, as text; gas and oil alike."""
    passed = "passed" if trust["certificate_passed"] else "FAILED"
    shares = ", ".join(f"{v} % {k}" for k, v in trust["facts_percent"].items())
    certificate = f"Trust: certificate {passed} (worst residual {trust['worst_residual']:.1e})."
    return ["", f"{certificate} Facts behind it: {shares}.", *(f"  {n}" for n in trust["notes"])]


def _r(value: float, digits: int = 3) -> float | None:
    return None if value != value else round(value, digits) + 0.0
