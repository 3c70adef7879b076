"""What does the app show of an ensemble? (folder written by `polynya ensemble` -> entry of the list, document of its page)

A folder of the runs folder whose manifest says that it is one. It has no baseline and no trace, so it is never a run.
"""

from __future__ import annotations

import json
from typing import Any

from polynya.errors import NotFoundError
from polynya.results.folder import Run
from polynya.server.folders import RunsFolder

SCHEMA = "polynya.ensemble/1"


def manifest_of(folder: RunsFolder, found: Run) -> dict[str, Any] | None:
    """The manifest if the folder is an ensemble, else None. Raises ValueError where it is no JSON."""
    document = json.loads(folder.file(found, "manifest.json").read_text(encoding="utf-8"))
    return document if isinstance(document, dict) and document.get("schema") == SCHEMA else None


def entry(folder: RunsFolder, found: Run, manifest: dict[str, Any]) -> dict[str, Any]:
    """What the list says. Every world of an ensemble has passed its certificate; one without an answer is counted apart."""
    s = _summary(folder, found)
    price = s["europe_price_change_percent"]
    low, middle, high = (_percent(price[k]) for k in ("p05", "p50", "p95")) if price else ("", "", "")
    spread = f"{middle} % (5 to 95 %: {low} to {high})" if price else "not told"
    return {
        "scenario": str(manifest["scenario"]["id"]),
        "title": str(s["title"]),
        "headline": f"{int(manifest['draws'])} draws. Change of Europe's price: {spread}.",
        "as_of": str(s["as_of"]),
        "from": str(s["from"]),
        "months": int(s["months"]),
        "certificate_passed": True,
        "without": [str(w) for w in manifest.get("without", [])],
        "polynya": str(manifest["polynya"]),
    }


def page_of(folder: RunsFolder, name: str) -> dict[str, Any]:
    """Summary, prices by month and quantiles of every number. Raises NotFoundError."""
    found = ensemble(folder, name)
    manifest = manifest_of(folder, found) or {}
    tables = {t: _rows(folder, found, t) for t in ("months", "quantiles")}
    kept = {k: v for k, v in manifest.items() if k not in ("files", "problems")}
    return {"name": name, "manifest": kept, "summary": _summary(folder, found), **tables}


def ensemble(folder: RunsFolder, name: str) -> Run:
    """An ensemble by its name. Raises NotFoundError, also where it is a run."""
    found = folder.run(name)
    try:
        if manifest_of(folder, found) is not None:
            return found
    except ValueError:
        pass
    raise NotFoundError(f"{name} is not an ensemble.", fix=f"Open runs/{name}.")


def _percent(value: float) -> str:
    return "0.0" if f"{value:.1f}" in ("0.0", "-0.0") else f"{value:+.1f}"


def _summary(folder: RunsFolder, found: Run) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(folder.file(found, "summary.json").read_text(encoding="utf-8"))
    return document


def _rows(folder: RunsFolder, found: Run, table: str) -> list[dict[str, Any]]:
    import polars as pl

    return pl.read_parquet(folder.file(found, f"tables/{table}.parquet")).to_dicts()
