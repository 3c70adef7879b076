"""What is written of an ensemble? (Ensemble -> folder with tables, summary, page and manifest, whole or not at all)

DIR/summary.json, summary.txt, ensemble.html
DIR/tables/statements, quantiles, drivers, months      Parquet, and CSV for spreadsheets
DIR/tables/draws, measures                             every draw: coins, dials, weight, hashes; every number of it
DIR/inputs/                                            the scenario and its ledger as they were read
DIR/manifest.json, timings.json                        hashes of all files; times outside of them
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from polynya import __version__
from polynya.ensemble.many import Ensemble
from polynya.ensemble.outcome import EUROPE, UNITS, Measure, Vector, quantile
from polynya.ensemble.page import page
from polynya.ensemble.work import Ground
from polynya.results.folder import RunWriter
from polynya.results.summary import FORESIGHT
from polynya.tables import spreadsheet_csv
from polynya.world.notices import notices

SCHEMA = "polynya.ensemble/1"
SHARES = {"p05": 0.05, "p25": 0.25, "p50": 0.5, "p75": 0.75, "p95": 0.95}
IN_SUMMARY = 6  # drivers that the text names


def tables_of(e: Ensemble) -> dict[str, pl.DataFrame]:
    """Every table of the folder."""
    return {
        "statements": statements_table(e),
        "quantiles": quantiles_table(e),
        "drivers": drivers_table(e),
        "months": months_table(e),
        "draws": draws_table(e),
        "measures": measures_table(e),
    }


def statements_table(e: Ensemble) -> pl.DataFrame:
    """statement, probability, low, high."""
    rows = [(p.statement.text, p.value, p.low, p.high) for p in e.probabilities]
    schema = {"statement": pl.String, "probability": pl.Float64, "low": pl.Float64, "high": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def quantiles_table(e: Ensemble) -> pl.DataFrame:
    """what, item, unit, written, mean, p05 ... p95: over all draws that have an answer, by their weights."""
    rows = [
        {"what": m.what, "item": m.item, "unit": UNITS[m.what], "written": e.written[m], **_spread(e.values[:, j], e)}
        for j, m in enumerate(e.measures)
    ]
    text = dict.fromkeys(("what", "item", "unit"), pl.String)
    return pl.DataFrame(rows, schema={**text, **dict.fromkeys(("written", "mean", *SHARES), pl.Float64)})


def _spread(values: Vector, e: Ensemble) -> dict[str, float]:
    w = e.weights
    return {"mean": float(values @ w), **{name: quantile(values, w, q) for name, q in SHARES.items()}}


def drivers_table(e: Ensemble) -> pl.DataFrame:
    """what, item, input, kind, first, total, shapley: shares of the variance; effect: what a coin adds (exact only); explained."""
    inputs = [(c.id, c.kind) for c in e.what.coins] + [(d.id, "range") for d in e.what.dials]
    rows = []
    for m, split in e.drivers.items():
        for i, (name, kind) in enumerate(inputs):
            effect = float(e.effects[m][i]) if m in e.effects and i < len(e.what.coins) else None
            shares = (float(split.first[i]), float(split.total[i]), float(split.shapley[i]))
            rows.append((m.what, m.item, name, kind, *shares, effect, split.explained))
    numbers = dict.fromkeys(("first", "total", "shapley", "effect", "explained"), pl.Float64)
    return pl.DataFrame(
        rows, schema={**dict.fromkeys(("what", "item", "input", "kind"), pl.String), **numbers}, orient="row"
    )


def months_table(e: Ensemble) -> pl.DataFrame:
    """place, period, mean, p05 ... p95 of the change of its price [USD/MMBtu]; blank where a draw's price is not pinned."""
    rows = []
    for place, months in e.months.items():
        for j, period in enumerate(e.periods):
            values = months[:, j]
            spread = _spread(values, e) if np.isfinite(values).all() else dict.fromkeys(("mean", *SHARES), None)
            rows.append({"place": place, "period": period, **spread})
    text = {"place": pl.String, "period": pl.String}
    return pl.DataFrame(rows, schema={**text, **dict.fromkeys(("mean", *SHARES), pl.Float64)})


def draws_table(e: Ensemble) -> pl.DataFrame:
    """draw, weight, answered, world, problem; then one column a coin (true: it holds) and one a dial."""
    answered = np.zeros(e.draws.weights.size, dtype=bool)
    answered[e.answered] = True
    columns: dict[str, Any] = {
        "draw": np.arange(1, answered.size + 1),
        "weight": e.draws.weights,
        "answered": answered,
        "world": list(e.keys),
        "problem": list(e.problems),
    }
    columns |= {f"{c.kind}:{c.id}": e.draws.coins[:, i] for i, c in enumerate(e.what.coins)}
    columns |= {f"range:{d.id}": e.draws.dials[:, i] for i, d in enumerate(e.what.dials)}
    return pl.DataFrame(columns)


def measures_table(e: Ensemble) -> pl.DataFrame:
    """draw, what, item, value: every number of every answered draw."""
    n, k = e.values.shape
    return pl.DataFrame(
        {
            "draw": np.repeat(e.answered + 1, k),
            "what": [m.what for m in e.measures] * n,
            "item": [m.item for m in e.measures] * n,
            "value": e.values.reshape(-1),
        }
    )


def summary_of(e: Ensemble, g: Ground) -> dict[str, Any]:
    """The summary document: nothing in it depends on when, where or by how many workers it was computed."""
    file = e.scenario.file
    europe = Measure("price_change_percent", EUROPE)
    at = e.measures.index(europe) if europe in e.measures else None
    used = g.base.table("sources").filter(pl.col("id").is_in(list(e.sources)))
    return {
        "title": file.title,
        "question": file.question,
        "as_of": file.as_of.isoformat(),
        "from": g.first.strftime("%Y-%m"),
        "months": g.months,
        "method": e.draws.method,
        "draws": int(e.draws.weights.size),
        "seed": e.plan.seed,
        "distinct_worlds": len({k for k, w in zip(e.keys, e.draws.weights, strict=True) if w > 0}),
        "distinct_problems": len({p for p in e.problems if p}),
        "uncertain": [
            {"id": c.id, "kind": c.kind, "text": c.text, "low": c.low, "high": c.high, "used": c.p}
            for c in e.what.coins
        ]
        + [{"id": d.id, "kind": "range", "text": d.text, "low": d.low, "high": d.high} for d in e.what.dials],
        "europe_price_change_percent": None
        if at is None
        else {"written": _r(e.written[europe]), **{k: _r(v) for k, v in _spread(e.values[:, at], e).items()}},
        "hubs": [
            {"hub": m.item, "written": _r(e.written[m]), **{k: _r(v) for k, v in _spread(e.values[:, j], e).items()}}
            for j, m in enumerate(e.measures)
            if m.what == "price_change"
        ],
        "statements": [
            {"statement": p.statement.text, "probability": _r(p.value), "low": _r(p.low), "high": _r(p.high)}
            for p in e.probabilities
        ],
        "drivers": _main_drivers(e, europe),
        "no_answer": [{"why": why, "probability": _r(p)} for why, p in sorted(e.unanswered.items())],
        "worst_residual": e.worst,
        "notes": [FORESIGHT, *e.notes],
        "notices": notices(used.iter_rows(named=True)),
    }


def _main_drivers(e: Ensemble, of: Measure) -> dict[str, Any] | None:
    if of not in e.drivers:
        return None
    split = e.drivers[of]
    inputs = [c.id for c in e.what.coins] + [d.id for d in e.what.dials]
    shares = sorted(zip(split.shapley, inputs, strict=True), key=lambda si: (-si[0], si[1]))
    return {
        "of": "europe_price_change_percent",
        "exact": split.exact,
        "explained": _r(split.explained),
        "shapley": [{"id": i, "share": _r(float(s))} for s, i in shares],
    }


def summary_text(d: Mapping[str, Any]) -> str:
    """The summary to be read in a terminal."""
    from polynya.console import table

    how = {"enumeration": "every way the coins can fall, with its exact probability"}.get(
        d["method"], f"{d['draws']} draws ({d['method']}, seed {d['seed']})"
    )
    lines = [d["title"], f"  {how}: {d['distinct_worlds']} distinct worlds, {d['distinct_problems']} distinct markets."]
    for gap in d["no_answer"]:
        lines.append(f"  No answer with probability {gap['probability']:.2f}: {gap['why']}")
    price = d["europe_price_change_percent"]
    if price:
        lines.append(
            f"  Europe's price changes by {price['p50']:+.1f} % (5 to 95 %: {price['p05']:+.1f} to {price['p95']:+.1f}; "
            f"as written {price['written']:+.1f})."
        )
    lines += ["", "How likely the scenario's own statements are"]
    rows = [
        [s["statement"], f"{100 * s['probability']:.0f} %", "" if s["low"] is None else _range(s)]
        for s in d["statements"]
    ]
    span = "over the likelihoods' ranges" if d["method"] == "enumeration" else "95 % interval"
    lines.append(table(["statement", "probability", span], rows))
    lines += ["", "Change of prices [USD/MMBtu]"]
    head = ["hub", "written", "mean", *SHARES]
    lines.append(table(head, [[h["hub"], *(f"{h[c]:+.2f}" for c in head[1:])] for h in d["hubs"]]))
    if d["drivers"]:
        kind = "exact" if d["drivers"]["exact"] else f"estimated, explains {100 * d['drivers']['explained']:.0f} %"
        lines += ["", f"What drives the spread of Europe's price (Shapley shares of the variance, {kind})"]
        top = d["drivers"]["shapley"][:IN_SUMMARY]
        text = {u["id"]: u["text"] for u in d["uncertain"]}
        lines.append(
            table(["input", "share", "text"], [[s["id"], f"{100 * s['share']:.0f} %", text[s["id"]]] for s in top])
        )
    lines += ["", f"Trust: every certificate passed (worst residual {d['worst_residual']:.1e})."]
    lines += [f"  {n}" for n in _gathered(d["notes"])]
    return "\n".join(lines)


def _gathered(notes: Sequence[str]) -> list[str]:
    """Notes that say the same of several things as one; one word before a colon is the thing."""
    same: dict[str, list[str]] = {}
    for note in notes:
        thing, colon, said = note.partition(": ")
        one = bool(colon) and " " not in thing
        same.setdefault(said if one else note, []).extend([thing] if one else [])
    return [f"{', '.join(things)}: {note}" if things else note for note, things in same.items()]


def _range(s: Mapping[str, Any]) -> str:
    return f"{100 * s['low']:.0f} to {100 * s['high']:.0f} %"


def write_ensemble(e: Ensemble, g: Ground, target: Path) -> Path:
    """Write the folder; it appears at `target` in one step or not at all. Raises StorageError, UsageError."""
    tables = tables_of(e)
    summary = summary_of(e, g)
    with RunWriter(target) as out:
        source = Path(e.scenario.path)
        out.text("inputs/scenario.yaml", source.read_text(encoding="utf-8"))
        if e.scenario.ledger_path:
            out.text("inputs/claims.yaml", (source.parent / e.scenario.ledger_path).read_text(encoding="utf-8"))
        for name, frame in tables.items():
            out.frame(f"tables/{name}", frame)
            if name not in ("draws", "measures"):
                out.text(f"tables/{name}.csv", spreadsheet_csv(frame))
        out.json("summary.json", summary)
        out.text("summary.txt", summary_text(summary) + "\n")
        out.text("ensemble.html", page(summary, tables["months"].filter(pl.col("place") == EUROPE).to_dicts()))
        manifest = {
            "schema": SCHEMA,
            "polynya": __version__,
            "ground": g.digest,
            "world": str(g.base.digest),
            "scenario": {"id": e.scenario.file.id, "sha256": e.scenario.sha256},
            "claims_sha256": e.scenario.ledger_sha256,
            "draws": int(e.draws.weights.size),
            "method": e.draws.method,
            "seed": e.plan.seed,
            "without": sorted(e.plan.without),
            "problems": sorted({p for p in e.problems if p}),
        }
        return out.finish(manifest, _times(e))


def _times(e: Ensemble) -> dict[str, float]:
    s = e.spent
    return {
        "workers": float(e.plan.workers),
        "worlds_posed": float(s.posed),
        "problems_solved": float(s.solved),
        "posing_s": round(s.posing, 3),
        "posing_cpu_s": round(s.posing_cpu, 3),
        "solving_s": round(s.solving, 3),
        "solving_cpu_s": round(s.solving_cpu, 3),
        "reading_cpu_s": round(s.reading_cpu, 3),
        "workers_died": float(s.died),
    }


def ensemble_name(e: Ensemble, g: Ground) -> str:
    """A folder name: the scenario's id and a hash of what was asked."""
    asked = f"{g.digest}|{e.scenario.sha256}|{e.scenario.ledger_sha256}|{e.plan.n}|{e.plan.seed}|{e.plan.sampler}|{sorted(e.plan.without)}"
    return f"{e.scenario.file.id}-ensemble-{hashlib.sha256(asked.encode()).hexdigest()[:6]}"


def _r(value: float | None, digits: int = 4) -> float | None:
    return None if value is None else round(value, digits) + 0.0
