"""What is written of an answer? (Answer -> run folder: tables in the user's terms, problems, answers, manifest)"""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import polars as pl

from polynya import __version__
from polynya.market.problem import write_problem
from polynya.results import compare
from polynya.results.answer import Answer
from polynya.results.case import BASELINE, SCENARIO, Case
from polynya.results.folder import RunWriter
from polynya.results.gains import gain_terms, total
from polynya.results.owners import owner_terms, owners_of, paid_for_stakes
from polynya.results.rules import rule_tables
from polynya.results.summary import last_calibrated_year
from polynya.results.supply import supply_matrix
from polynya.world.capacity import add_months
from polynya.world.notices import notices, notices_text

LEAST_VOYAGE_BCM = 1e-4


def result_tables(answer: Answer) -> dict[str, pl.DataFrame]:
    """The tables of `tables/`: both cases side by side, what was changed, and what everything rests on."""
    if answer.market == "oil":
        from polynya.results.oil import oil_tables

        return {**oil_tables(answer), **account_tables(answer)}
    cases, world = answer.cases, answer.base
    country = dict(world.table("nodes").select("id", "country").iter_rows())
    start = dict(world.table("corridors").select("id", "from_node").iter_rows())
    state_of_arc = {arc: str(country.get(node, node)) for arc, node in start.items()}
    supply = {n: supply_matrix(c, country) for n, c in cases.items()}
    terms = {n: gain_terms(c, state_of_arc) for n, c in cases.items()}
    gains = {n: total(t) for n, t in terms.items()}
    shared = {
        n: (gains[n], w, _last_day(answer), paid)
        for n, w, paid in (
            (BASELINE, world, {}),
            (SCENARIO, answer.applied.world, paid_for_stakes(answer.scenario, answer.applied)),
        )
    }
    tables = {
        "prices": compare.prices(cases),
        "flows": compare.flows(cases),
        "consumption": compare.side_by_side(
            {n: c.consumption() for n, c in cases.items()}, ["node", "period"], ["quantity"]
        ),
        "production": compare.side_by_side(
            {n: c.production() for n, c in cases.items()}, ["supply", "trader", "node", "period"], ["quantity"]
        ),
        "supply": compare.side_by_side({n: _totals(f) for n, f in supply.items()}, ["supplier", "node"], ["bcm"]),
        "owners": compare.side_by_side({n: owners_of(*given) for n, given in shared.items()}, ["holder"], ["musd"]),
        "owner_terms": compare.side_by_side(
            {n: owner_terms(*given) for n, given in shared.items()}, ["holder", "of"], ["share", "musd"]
        ),
        "gain_terms": compare.side_by_side(terms, ["group", "id", "kind"], ["musd"]),
        "gains": compare.side_by_side(gains, ["group", "id"], ["musd"]),
        "storage": compare.side_by_side(
            {n: c.stocks() for n, c in cases.items()}, ["storage", "period"], ["level", "injection", "withdrawal"]
        ),
        "rents": compare.side_by_side({n: c.rents() for n, c in cases.items()}, ["kind", "id", "period"], ["rent"]),
        "markups": compare.side_by_side(
            {n: c.solution.markups for n, c in cases.items()}, ["trader", "node", "period"], ["markup"]
        ),
        **account_tables(answer),
        "fleets": compare.side_by_side(
            {n: c.problem.fleets.select("fleet", "period", "ship_days") for n, c in cases.items()},
            ["fleet", "period"],
            ["ship_days"],
        ),
        "nodes": world.table("nodes").select("id", "name", "region", "country", "lat", "lon"),
    }
    if answer.periods:
        tables["periods"] = periods_table(answer)
    if answer.legs:
        tables["legs"] = legs_table(answer.legs, tables["flows"])
    return tables


def account_tables(answer: Answer) -> dict[str, pl.DataFrame]:
    """What was changed, what shuts what, and what everything rests on; the same for every market."""
    cases, rules = answer.cases, rule_tables(answer)
    return {
        "measures": measures_table(answer),
        "gates": pl.concat([c.inputs.gates.with_columns(pl.lit(n).alias("case")) for n, c in cases.items()]),
        "bans": pl.concat([c.bans.with_columns(pl.lit(n).alias("case")) for n, c in cases.items()]),
        "changes": changes_table(answer),
        "conditions": conditions_table(answer),
        "claims": claims_table(answer),
        "trace": pl.concat([c.inputs.trace.with_columns(pl.lit(n).alias("case")) for n, c in cases.items()]),
        "facts": facts_table(cases),
        "sources": sources_table(answer, rules),
        **rules,
    }


def periods_table(answer: Answer) -> pl.DataFrame:
    """period, first_month, last_month, months: what each period consists of; a season has more than one month."""
    rows = [(p.name, p.months[0], p.months[-1], len(p.months)) for p in answer.periods]
    return pl.DataFrame(rows, schema=["period", "first_month", "last_month", "months"], orient="row")


def legs_table(legs: Mapping[str, pl.DataFrame], flows: pl.DataFrame) -> pl.DataFrame:
    """Way, days, miles and cost of the voyages that either case makes; one row per shipping arc and month.

    Figures are those of the scenario, or of the baseline where only it has the voyage; `passages` names those of both.
    """
    made = flows.filter(pl.max_horizontal("quantity_baseline", "quantity_scenario") >= LEAST_VOYAGE_BCM)
    key = ["arc", "period"]
    columns = ("fleet", "via", "days", "distance_nm", "cost_usd_per_mmbtu", "boil_off_share")
    sides = []
    for case in (SCENARIO, BASELINE):
        direct = pl.concat_str(pl.lit("ship"), "from_node", "to_node", "fleet", separator="-")
        transshipped = pl.concat_str(direct, pl.lit("-by-"), "hub")
        arc = pl.when(pl.col("hub") == "").then(direct).otherwise(transshipped).alias("arc")
        rows = legs[case].filter(pl.col("feasible")).select(arc, "period", *columns, "passages")
        sides.append(rows.join(made.select(key), on=key, how="semi"))
    both = sides[0].join(sides[1], on=key, how="full", coalesce=True, suffix="_baseline")
    crossed = pl.concat_str(
        pl.col("passages").fill_null(""), pl.col("passages_baseline").fill_null(""), separator=" "
    ).str.strip_chars()
    return both.select(
        *key,
        *(pl.coalesce(c, f"{c}_baseline").alias(c) for c in columns),
        pl.col("via_baseline"),
        pl.col("days_baseline"),
        crossed.str.split(" ").list.unique(maintain_order=True).list.join(" ").alias("passages"),
    ).sort(key)


def _totals(supply: pl.DataFrame) -> pl.DataFrame:
    return supply.group_by("supplier", "node", maintain_order=True).agg(pl.col("bcm").sort().sum())


def _last_day(answer: Answer) -> date:
    return add_months(answer.first, answer.months - 1)


def measures_table(answer: Answer) -> pl.DataFrame:
    """The acts that shut something in either case: those that a ban cites, and those that a gate rests on."""
    columns = ("id", "jurisdiction", "act", "article", "object", "mode", "valid_from", "valid_to", "source", "locator")
    schema = {c: pl.Date if c.startswith("valid") else pl.String for c in columns}
    if not answer.base.table("measures").height:
        return pl.DataFrame(schema=schema)
    cited = {m for c in answer.cases.values() for m in c.bans["measure"].drop_nulls()}
    cited |= {m for c in answer.cases.values() for cell in c.inputs.gates["measure"].drop_nulls() for m in cell.split()}
    return answer.base.table("measures").filter(pl.col("id").is_in(sorted(cited))).select(columns).sort("id")


def changes_table(answer: Answer) -> pl.DataFrame:
    """One row per change: what became of it and what it touches."""
    rows = [
        {
            "id": c.id,
            "type": c.type,
            "text": c.text,
            "status": c.status,
            "effect": c.effect,
            "from": c.from_day.isoformat() if c.from_day else None,
            "because": " ".join(c.because),
            "when": " ".join(c.when),
            "touches": " ".join(c.touches),
        }
        for c in answer.applied.changes
    ]
    schema = dict.fromkeys(("id", "type", "text", "status", "effect", "from", "because", "when", "touches"), pl.String)
    return pl.DataFrame(rows, schema=schema)


def conditions_table(answer: Answer) -> pl.DataFrame:
    """One row per condition: how this scenario takes it."""
    rows = [
        {
            "id": c.id,
            "text": c.text,
            "assume": c.assume,
            "on": c.on.isoformat() if c.on else None,
            "requires": " ".join(c.requires),
            "because": " ".join(c.because),
        }
        for c in answer.scenario.file.conditions
    ]
    return pl.DataFrame(rows, schema=dict.fromkeys(("id", "text", "assume", "on", "requires", "because"), pl.String))


def claims_table(answer: Answer) -> pl.DataFrame:
    """One row per claim of the ledger and per stated assumption."""
    rows = [
        {
            "id": c.id,
            "kind": "claim",
            "text": c.text,
            "attribution": c.attribution,
            "factuality": c.factuality,
            "stage": c.stage,
            "conditions": "; ".join(c.conditions),
            "review": c.review,
        }
        for c in answer.scenario.claims.values()
    ]
    rows += [
        {
            "id": a.id,
            "kind": "assumption",
            "text": a.text,
            "attribution": "author of the scenario",
            "factuality": "",
            "stage": "",
            "conditions": "",
            "review": "",
        }
        for a in answer.scenario.file.assumptions
    ]
    return pl.DataFrame(
        rows,
        schema=dict.fromkeys(
            ("id", "kind", "text", "attribution", "factuality", "stage", "conditions", "review"), pl.String
        ),
    )


def facts_table(cases: Mapping[str, Case]) -> pl.DataFrame:
    """Every fact that stands behind a number of either case."""
    facts = {k: f for c in cases.values() for k, f in c.inputs.facts.items()}
    columns = (
        "subject",
        "attribute",
        "value",
        "unit",
        "valid_from",
        "valid_to",
        "source",
        "locator",
        "original_value",
        "kind",
        "note",
    )
    rows = [{"fact": k, **{c: getattr(f, c) for c in columns}} for k, f in sorted(facts.items())]
    text = dict.fromkeys(("fact", *columns), pl.String)
    return pl.DataFrame(rows, schema={**text, "value": pl.Float64, "valid_from": pl.Date, "valid_to": pl.Date})


def sources_table(answer: Answer, rules: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The sources behind those facts, and behind gates, bans, acts, holdings and findings, with licence and notice."""
    used = {f.source for c in answer.cases.values() for f in c.inputs.facts.values()}
    used |= {s for c in answer.cases.values() for t in (c.inputs.gates, c.bans) for s in t["source"].drop_nulls()}
    used |= set(measures_table(answer)["source"].drop_nulls())
    used |= {s for f in rules.values() for s in f["source"].drop_nulls()}
    frame = answer.applied.world.table("sources").filter(pl.col("id").is_in(sorted(used)))
    return frame.select("id", "title", "publisher", "url", "published", "licence", "reliability", "notice").sort("id")


def notice_of(sources: pl.DataFrame) -> str:
    """The attributions that the licences of the sources ask for, as a text."""
    head = "Sources of the facts behind this run (each by itself in tables/sources.parquet), and what their licences ask for"
    return "\n".join([head, *notices_text(notices(sources.iter_rows(named=True)))]) + "\n"


def manifest_of(answer: Answer, summary: Mapping[str, Any]) -> dict[str, Any]:
    """Who made this from what; the certificate; nothing that differs between equal runs."""
    certificate = {n: dict(c.certificate) for n, c in answer.cases.items()}
    return {
        "polynya": __version__,
        "python": platform.python_version(),
        "solvers": {p: version(p) for p in ("piqp", "clarabel", "highspy", "numpy", "scipy")},
        "scenario": {
            "id": answer.scenario.file.id,
            "title": answer.scenario.file.title,
            "sha256": answer.scenario.sha256,
            "ledger_sha256": answer.scenario.ledger_sha256,
        },
        "world": {
            "layers": list(answer.base.layers),
            "digest": answer.base.digest,
            "facts": dict(answer.report.facts_by_kind),
        },
        "as_of": answer.scenario.file.as_of.isoformat(),
        "from": answer.first.strftime("%Y-%m"),
        "months": answer.months,
        "periods": len(answer.cases[BASELINE].problem.periods),
        "without": list(answer.question.without),
        "anchor": {"file": answer.anchor.file, "sha256": answer.anchor.sha256} if answer.anchor.file else None,
        "last_calibrated_year": last_calibrated_year(answer.base.layers) if answer.market == "gas" else None,
        "solver": answer.question.solver,
        **({"market": answer.market} if answer.market != "gas" else {}),
        "seed": None,
        "certificate": {"passed": all(c["passed"] for c in certificate.values()), **certificate},
        "summary": summary.get("headline"),
    }


def run_name(answer: Answer) -> str:
    """A name that equal questions share: the scenario's id and a hash of everything that goes in."""
    parts = (
        answer.scenario.sha256,
        answer.scenario.ledger_sha256,
        answer.base.digest,
        answer.anchor.sha256,
        answer.first.isoformat(),
        str(answer.months),
        *([str(len(answer.periods))] if len(answer.periods) != answer.months else []),
        *answer.question.without,
    )
    return f"{answer.scenario.file.id}-{hashlib.sha256('|'.join(parts).encode()).hexdigest()[:4]}"


def write_run(
    answer: Answer, target: Path, tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Any], text: str, html: str
) -> Path:
    """Write the whole run; it appears at `target` in one step or not at all."""
    with RunWriter(target) as run:
        run.text("inputs/scenario.yaml", Path(answer.scenario.path).read_text(encoding="utf-8"))
        if answer.scenario.ledger_path:
            run.text(
                "inputs/claims.yaml",
                (Path(answer.scenario.path).parent / answer.scenario.ledger_path).read_text(encoding="utf-8"),
            )
        for name, case in answer.cases.items():
            write_problem(case.problem, run.path(f"problem/{name}/periods.csv").parent)
            for table, frame in case.solution.frames().items():
                run.frame(f"answer/{name}/{table}", frame)
            run.json(
                f"answer/{name}/solution.json",
                {
                    "status": case.solution.status,
                    "welfare": case.solution.welfare,
                    "certificate": case.solution.certificate,
                },
            )
        for table, frame in tables.items():
            run.frame(f"tables/{table}", frame)
        run.json("summary.json", summary)
        run.text("summary.txt", text)
        run.text("NOTICE.txt", notice_of(tables["sources"]))
        run.text("report.html", html)
        return run.finish(manifest_of(answer, summary), answer.timings)
