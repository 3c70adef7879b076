"""What is drawn of the sea beside a run's own voyages? (sea/season.csv, sea/ice_edge.csv -> part of the page's document)

Days and cost by way and month for a few voyages, and the median ice edge of 2010-2022, both of the bundled tables; computed
by `tools/build_sea_charts.py`. They do not depend on the run: a passage that a scenario closes is in its own voyages alone.
"""

from __future__ import annotations

import csv
from importlib.resources import files
from typing import Any


def sea() -> dict[str, Any]:
    """`season`: one entry a voyage with twelve months a way (null: no such way); `ice`: per month lines of [lon, lat]."""
    return {"season": _season(), "ice": _ice()}


def _rows(name: str) -> list[dict[str, str]]:
    text = files("polynya.report").joinpath("sea", name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


def _season() -> list[dict[str, Any]]:
    out: dict[tuple[str, str, str, str], dict[str, Any]] = {}
    for r in _rows("season.csv"):
        key = (r["from"], r["to"], r["ship"], r["year"])
        entry = out.setdefault(
            key, {**dict(zip(("from", "to", "ship", "year"), key, strict=True)), "days": {}, "cost_musd": {}}
        )
        for measure in ("days", "cost_musd"):
            entry[measure].setdefault(r["way"], []).append(float(r[measure]) if r[measure] else None)
    return list(out.values())


def _ice() -> list[list[list[list[float]]]]:
    out: list[list[list[list[float]]]] = [[] for _ in range(12)]
    for r in _rows("ice_edge.csv"):
        lines = out[int(r["month"]) - 1]
        if int(r["line"]) > len(lines):
            lines.append([])
        lines[-1].append([float(r["lon"]), float(r["lat"])])
    return out
