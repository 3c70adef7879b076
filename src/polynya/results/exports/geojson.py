"""What does a map program draw? (run -> nodes.geojson, flows.geojson, terminals.geojson; RFC 7946, WGS 84)

Lines are great circles between the middles of areas, cut at 180 degrees as RFC 7946 (3.1.9) asks: not the routes of
pipes or ships. `baseline`, `scenario` and `change` are means over the months in bcm/year (nodes: price in USD/MMBtu);
`baseline_by_month` and `scenario_by_month` follow `months`, in bcm of the month (of the season, where `months` names
one). Flows of nothing in both cases are left out.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

import polars as pl

from polynya.results.case import BASELINE, SCENARIO
from polynya.results.folder import Run

STEP_DEGREES = 4.0  # between points of a great circle
LEAST_BCM_PER_YEAR = 1e-3
DIGITS = 6
Point = tuple[float, float]  # longitude, latitude


def files(run: Run) -> Iterator[tuple[str, str]]:
    """Three feature collections."""
    place = {i: (lon, lat) for i, lon, lat in run.table("nodes").select("id", "lon", "lat").iter_rows()}
    months = sorted(run.table("prices")["period"].unique().to_list())
    flows = _flows(run, months)
    between = [
        f
        for f in flows
        if _market(f["from"]) != _market(f["to"]) and {_market(f["from"]), _market(f["to"])} <= set(place)
    ]
    at_one = [f for f in flows if _market(f["from"]) == _market(f["to"]) and _market(f["to"]) in place]
    yield "nodes.geojson", _collection(_nodes(run, place), months)
    lines = [(_geometry(place[_market(f["from"])], place[_market(f["to"])]), f) for f in between]
    yield "flows.geojson", _collection(lines, months)
    points = [({"type": "Point", "coordinates": list(place[_market(f["to"])])}, f) for f in at_one]
    yield "terminals.geojson", _collection(points, months)


def _market(node: str) -> str:
    """`AE@DES`, where LNG is handed over, stands at AE."""
    return node.split("@")[0]


def _collection(features: Sequence[tuple[dict[str, Any], dict[str, Any]]], months: Sequence[str]) -> str:
    document = {
        "type": "FeatureCollection",
        "months": list(months),
        "features": [{"type": "Feature", "id": p["id"], "geometry": g, "properties": p} for g, p in features],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"


def _nodes(run: Run, place: dict[str, Point]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    prices = run.table("prices").filter(pl.col("determined"))
    mean = prices.group_by("node").agg(pl.col(f"price_{c}").mean().alias(c) for c in (BASELINE, SCENARIO))
    of = {r["node"]: r for r in mean.iter_rows(named=True)}
    out = []
    for n in run.table("nodes").iter_rows(named=True):
        p = of.get(n["id"], {BASELINE: None, SCENARIO: None})
        both = p[BASELINE] is not None and p[SCENARIO] is not None
        properties = {
            **{k: n[k] for k in ("id", "name", "region", "country")},
            "price_baseline": _short(p[BASELINE]),
            "price_scenario": _short(p[SCENARIO]),
            "price_change": _short(p[SCENARIO] - p[BASELINE]) if both else None,
            "unit": "USD/MMBtu, mean of the months in which something pins it",
        }
        out.append(({"type": "Point", "coordinates": list(place[n["id"]])}, properties))
    return out


def _flows(run: Run, months: Sequence[str]) -> list[dict[str, Any]]:
    out = []
    frame = run.table("flows").sort("arc", "period")
    for (arc, start, end, kind), rows in frame.group_by(["arc", "from", "to", "kind"], maintain_order=True):
        series = {}
        for case in (BASELINE, SCENARIO):
            known = dict(rows.select("period", f"quantity_{case}").iter_rows())
            series[case] = [_short(known.get(m) or 0.0) for m in months]
        yearly = {c: 12.0 * math.fsum(v for v in s if v) / run.manifest["months"] for c, s in series.items()}
        if max(yearly.values()) < LEAST_BCM_PER_YEAR:
            continue
        out.append(
            {
                "id": arc,
                "from": start,
                "to": end,
                "kind": kind,
                **{c: _short(v) for c, v in yearly.items()},
                "change": _short(yearly[SCENARIO] - yearly[BASELINE]),
                "unit": "bcm/year",
                **{f"{c}_by_month": s for c, s in series.items()},
            }
        )
    return out


def _short(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, DIGITS) + 0.0


def _geometry(a: Point, b: Point) -> dict[str, Any]:
    parts = great_circle(a, b)
    if len(parts) == 1:
        return {"type": "LineString", "coordinates": parts[0]}
    return {"type": "MultiLineString", "coordinates": parts}


def great_circle(a: Point, b: Point) -> list[list[list[float]]]:
    """The shortest way on a sphere from a to b (lon, lat) [degrees], in pieces that do not cross 180 degrees."""
    va, vb = _vector(a), _vector(b)
    angle = math.acos(max(-1.0, min(1.0, math.fsum(x * y for x, y in zip(va, vb, strict=True)))))
    steps = max(1, math.ceil(math.degrees(angle) / STEP_DEGREES))
    points = [list(a)]
    for k in range(1, steps):
        # spherical linear interpolation (Shoemake 1985)
        fa, fb = (math.sin(w * angle) / math.sin(angle) for w in (1 - k / steps, k / steps))
        x, y, z = (fa * p + fb * q for p, q in zip(va, vb, strict=True))
        points.append([round(math.degrees(math.atan2(y, x)), 5), round(math.degrees(math.asin(z)), 5)])
    points.append(list(b))
    parts: list[list[list[float]]] = [[points[0]]]
    for p, q in pairwise(points):
        if abs(p[0] - q[0]) > 180.0:
            side = math.copysign(180.0, p[0])
            far = q[0] + 2 * side  # q as seen from p's side
            lat = round(p[1] + (q[1] - p[1]) * (side - p[0]) / (far - p[0]), 5)
            parts[-1].append([side, lat])
            parts.append([[-side, lat]])
        parts[-1].append(q)
    return parts


def _vector(p: Point) -> tuple[float, float, float]:
    lon, lat = math.radians(p[0]), math.radians(p[1])
    return math.cos(lat) * math.cos(lon), math.cos(lat) * math.sin(lon), math.sin(lat)
