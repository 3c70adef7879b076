"""Which arrays does a scientist open? (run -> run.nc, NetCDF-4, CF-1.11)

Dimensions `case` (baseline, scenario), `time` (months, stamped at their first day) and one for each kind of thing; a
month without a row of the table is 0 for quantities and missing for prices that nothing pins. Needs the extra `netcdf`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from polynya.errors import UsageError
from polynya.market.seasons import first_day
from polynya.results.case import BASELINE, SCENARIO
from polynya.results.exports.notice import notice_text
from polynya.results.exports.sheet import lengths
from polynya.results.folder import Run

CASES = (BASELINE, SCENARIO)
EPOCH = date(2000, 1, 1)
VARIABLES = (  # name, table, key, column, unit, meaning
    ("price", "prices", "node", "price", "USD/MMBtu", "price of gas"),
    ("consumption", "consumption", "node", "quantity", "bcm", "consumption of gas"),
    ("production", "production", "supply", "quantity", "bcm", "production of gas"),
    ("flow", "flows", "arc", "quantity", "bcm", "flow of gas at the sending end"),
    ("delivered", "flows", "arc", "delivered", "bcm", "flow of gas at the receiving end"),
    ("stock", "storage", "storage", "level", "bcm", "gas in store at the end of the month"),
)


def files(run: Run) -> Iterator[tuple[str, bytes]]:
    """run.nc. Raises UsageError when the extra is missing."""
    try:
        import netCDF4
    except ImportError:
        raise UsageError("writing NetCDF needs the extra `netcdf`", fix="pip install polynya[netcdf]") from None
    file = netCDF4.Dataset("run.nc", mode="w", memory=1)  # in memory; close() hands the bytes over
    _fill(file, run)
    yield "run.nc", bytes(file.close())


def _fill(file: Any, run: Run) -> None:
    m = run.manifest
    file.setncatts(
        {
            "Conventions": "CF-1.11",
            "title": run.summary["title"],
            "source": f"Polynya {m['polynya']}, scenario {m['scenario']['id']} (sha256 {m['scenario']['sha256']})",
            "comment": notice_text(run, "netcdf"),
        }
    )
    months = sorted(run.table("prices")["period"].unique().to_list())
    stamps = [(first_day(p) - EPOCH).days for p in months]
    file.createDimension("case", len(CASES))
    file.createDimension("time", len(months))
    _put(file, "case", ("case",), np.array(CASES, dtype=object), {"long_name": "today's course, or the scenario"})
    time = {"standard_name": "time", "long_name": "first day of the month or season", "calendar": "standard"}
    _put(file, "time", ("time",), np.array(stamps, dtype=np.int32), {**time, "units": f"days since {EPOCH}"})
    span = np.array(lengths(run, months), dtype=np.int32)
    _put(file, "months", ("time",), span, {"units": "1", "long_name": "months of the period: 1, or those of a season"})
    things: dict[str, list[str]] = {}
    for name, table, key, column, unit, meaning in VARIABLES:
        frame = run.table(table)
        if not frame.height:
            continue
        if key not in things:
            things[key] = sorted(frame[key].unique().to_list())
            file.createDimension(key, len(things[key]))
            _put(file, key, (key,), np.array(things[key], dtype=object), {"long_name": f"id of the {key}"})
        values = _array(frame, key, column, things[key], months)
        cell = {"price": "time: mean", "stock": "time: point"}.get(name, "time: sum")
        about = {"units": unit, "long_name": meaning, "cell_methods": cell}
        _put(file, name, ("case", key, "time"), values, about, fill=name == "price")
    _describe(file, run, things)


def _array(
    frame: pl.DataFrame, key: str, column: str, things: Sequence[str], months: Sequence[str]
) -> np.ndarray[Any, Any]:
    """case x thing x month. Rows of one thing and month are summed (a field that two sellers work)."""
    price = column == "price"
    out = np.full((len(CASES), len(things), len(months)), np.nan if price else 0.0)
    row, col = ({x: i for i, x in enumerate(s)} for s in (things, months))
    kept = frame.filter(pl.col("determined")) if price else frame
    for c, case in enumerate(CASES):
        for thing, period, value in kept.select(key, "period", f"{column}_{case}").iter_rows():
            if price:
                out[c, row[thing], col[period]] = np.nan if value is None else value
            else:
                out[c, row[thing], col[period]] += value or 0.0
    return out


def _describe(file: Any, run: Run, things: dict[str, list[str]]) -> None:
    """Where the nodes lie, and which nodes an arc joins."""
    nodes = {r["id"]: r for r in run.table("nodes").iter_rows(named=True)}
    for name, unit in (("lat", "degrees_north"), ("lon", "degrees_east")):
        values = np.array([nodes[n][name] if n in nodes else np.nan for n in things.get("node", [])])
        long = "latitude" if name == "lat" else "longitude"
        _put(file, name, ("node",), values, {"units": unit, "standard_name": long}, fill=True)
    titles = [nodes[n]["name"] if n in nodes else n for n in things.get("node", [])]
    _put(file, "node_name", ("node",), np.array(titles, dtype=object), {"long_name": "name of the node"})
    ends = {a: (f, t, k) for a, f, t, k in run.table("flows").select("arc", "from", "to", "kind").unique().iter_rows()}
    for i, name in enumerate(("arc_from", "arc_to", "arc_kind")):
        text = np.array([ends[a][i] for a in things.get("arc", [])], dtype=object)
        _put(file, name, ("arc",), text, {"long_name": name.replace("_", " ")})


def _put(
    file: Any,
    name: str,
    dimensions: tuple[str, ...],
    values: np.ndarray[Any, Any],
    attributes: dict[str, str],
    *,
    fill: bool = False,
) -> None:
    kind = str if values.dtype == object else values.dtype
    variable = file.createVariable(name, kind, dimensions, fill_value=np.nan if fill else None)
    variable[:] = values
    variable.setncatts(attributes)
