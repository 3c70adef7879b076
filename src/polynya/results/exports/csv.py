"""Every result table for a spreadsheet. (run -> one CSV file a table, datapackage.json)

datapackage.json follows the Data Package standard (v1: tabular data resources with a table schema); units stand in the
names of columns or in its field descriptions.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import polars as pl

from polynya.results.exports.sheet import csv_text
from polynya.results.folder import Run

TYPES = {pl.String: "string", pl.Float64: "number", pl.Int64: "integer", pl.Boolean: "boolean", pl.Date: "date"}
UNITS = {
    "price": "USD/MMBtu",
    "markup": "USD/MMBtu",
    "rent": "USD/MMBtu; of fleets USD/MMBtu x bcm for a ship-day",
    "quantity": "bcm in the month, at the sending end",
    "delivered": "bcm in the month, at the receiving end",
    "level": "bcm at the end of the month",
    "injection": "bcm in the month",
    "withdrawal": "bcm in the month",
    "bcm": "bcm over all months",
    "musd": "million USD, discounted over all months",
    "days": "days",
    "distance_nm": "nautical miles",
    "cost_usd_per_mmbtu": "USD/MMBtu",
    "boil_off_share": "share of the cargo",
    "lat": "degrees north",
    "lon": "degrees east",
}
OIL = {
    "price": "USD/bbl",
    "rent": "USD/t",
    "quantity": "million barrels in the month, at the sending end",
    "delivered": "million barrels in the month, at the receiving end",
}


def files(run: Run) -> Iterator[tuple[str, str]]:
    """NAME.csv of each result table, and the package that describes them."""
    resources, units = [], UNITS | (OIL if run.manifest.get("market") == "oil" else {})
    for name in run.tables():
        if name == "sources":
            continue  # travels with every export
        frame = run.table(name)
        yield f"{name}.csv", csv_text(frame)
        fields = [_field(c, t, units) for c, t in frame.schema.items()]
        resources.append(
            {
                "name": name,
                "path": f"{name}.csv",
                "profile": "tabular-data-resource",
                "schema": {"fields": fields, "missingValues": [""]},
            }
        )
    package = {
        "profile": "tabular-data-package",
        "name": run.manifest["scenario"]["id"],
        "title": run.summary["title"],
        "description": "Results of a Polynya run; see NOTICE.txt for what they rest on and the attributions of the sources.",
        "resources": resources,
    }
    yield "datapackage.json", json.dumps(package, ensure_ascii=False, indent=1) + "\n"


def _field(column: str, kind: pl.DataType, units: Mapping[str, str]) -> dict[str, str]:
    stem = column
    for ending in ("_baseline", "_scenario", "_change"):
        stem = stem.removesuffix(ending)
    field = {"name": column, "type": TYPES[type(kind)]}
    return {**field, "description": units[stem]} if stem in units else field
