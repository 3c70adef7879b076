"""Computes what the report draws of the sea: src/polynya/report/sea/season.csv and ice_edge.csv. Needs half a minute.

season: `voyages.season` for a few pairs, the same as `polynya voyage season`. ice_edge: where the month had ice in half of
the years 2010-2022 (the median edge, as NSIDC draws it), by marching squares over a polar stereographic grid of the
bundled climatology; stretches over land are left out.

    python tools/build_sea_charts.py
"""

from __future__ import annotations

import csv
from datetime import date
from pathlib import Path

import numpy as np

from polynya.voyages import season as engine
from polynya.voyages.bundle import read_bundle
from polynya.voyages.ice import climatology, unit_vectors
from polynya.voyages.places import find_place
from polynya.voyages.voyage import Context, Question

ROOT = Path(__file__).resolve().parents[1] / "src" / "polynya"
OUT = ROOT / "report" / "sea"
PAIRS = (
    ("Sabetta", "Shanghai", "lng-arc7"),
    ("Sabetta", "Shanghai", "lng-arc4"),
    ("Sabetta", "Dahej", "lng-arc7"),
)
WAYS = ("nsr", "suez", "cape")
YEAR = 2025
EARTH_KM, STEP_KM, HALF_KM = 6371.0, 50.0, 5300.0
LEVEL = 0.5
TOLERANCE_KM, SHORTEST_KM = 25.0, 300.0


def seasons(context: Context, bundle) -> list[dict[str, object]]:
    rows = []
    for start, end, ship in PAIRS:
        places = [find_place(bundle.network, bundle.ports, p, {}) for p in (start, end)]
        q = Question(origin=places[0], destination=places[1], ship=bundle.ships[ship], depart=date(YEAR, 1, 15))
        for month in engine.season(context, q, WAYS)["months"]:
            for way in WAYS:
                found = month["ways"][way]
                row = {"from": start, "to": end, "ship": ship, "year": YEAR, "month": month["month"], "way": way}
                rows.append(row | (found or {}))
    return rows


def edges(network, field) -> list[tuple[int, int, list[tuple[float, float]]]]:
    """(month, number, points lon lat) of the median ice edge."""
    from scipy.spatial import cKDTree

    axis = np.arange(-HALF_KM, HALF_KM + 1, STEP_KM)
    x, y = np.meshgrid(axis, axis)
    lat, lon = _inverse(x, y)
    sea_nodes = np.flatnonzero(np.asarray(network.lat) > 38.0)
    value = np.zeros((12, len(network.lat)))
    value[:, field.nodes] = 0.5 * (field.frequency[0::2] + field.frequency[1::2])
    tree = cKDTree(unit_vectors(network.lat[sea_nodes], network.lon[sea_nodes]))
    _, near = tree.query(unit_vectors(lat.ravel(), lon.ravel()), k=4)
    grid = value[:, sea_nodes][:, near].mean(axis=2).reshape(12, *x.shape)
    out = []
    for m in range(12):
        lines = _chains(_segments(axis, grid[m] - LEVEL))
        number = 0
        for line in lines:
            for part in _at_sea(line, network):
                if _length(part) < SHORTEST_KM:
                    continue
                short = _simplify(part)
                la, lo = _inverse(short[:, 0], short[:, 1])
                number += 1
                out.append(
                    (m + 1, number, [(round(float(b), 2), round(float(a), 2)) for a, b in zip(la, lo, strict=True)])
                )
    return out


def _inverse(x, y):
    """Polar stereographic plane (true at the pole, sphere) -> lat, lon (Snyder 1987, ch. 21)."""
    rho = np.hypot(x, y)
    lat = 90.0 - np.degrees(2.0 * np.arctan(rho / (2.0 * EARTH_KM)))
    return lat, np.degrees(np.arctan2(x, -y))


def _segments(axis, v):
    """Marching squares: segments ((x, y), (x, y)) of the zero line, with keys that neighbours share."""
    out = []
    n = len(axis)

    def cross(i, j, k, l):  # noqa: E741
        t = v[i, j] / (v[i, j] - v[k, l])
        return (axis[j] + t * (axis[l] - axis[j]), axis[i] + t * (axis[k] - axis[i]))

    for i in range(n - 1):
        for j in range(n - 1):
            corners = [(i, j), (i, j + 1), (i + 1, j + 1), (i + 1, j)]
            inside = [v[c] > 0 for c in corners]
            if all(inside) or not any(inside):
                continue
            points = []
            for a, b in zip(range(4), (1, 2, 3, 0), strict=True):
                if inside[a] != inside[b]:
                    key = tuple(sorted((corners[a], corners[b])))
                    points.append((key, cross(*key[0], *key[1])))
            for p, q in zip(points[::2], points[1::2], strict=True):
                out.append((p, q))
    return out


def _chains(segments):
    at: dict = {}
    for s in segments:
        for key, _ in s:
            at.setdefault(key, []).append(s)
    used, out = set(), []
    ends = [s for s in segments if any(len(at[k]) == 1 for k, _ in s)]
    for first in [*ends, *segments]:
        if id(first) in used:
            continue
        a, b = first if len(at[first[0][0]]) == 1 else first[::-1]
        used.add(id(first))
        line, key = [a[1], b[1]], b[0]
        while True:
            following = next((s for s in at[key] if id(s) not in used), None)
            if following is None:
                break
            used.add(id(following))
            _, q = following if following[0][0] == key else following[::-1]
            line.append(q[1])
            key = q[0]
        out.append(np.array(line))
    return out


def _at_sea(line, network):
    lat, lon = _inverse(line[:, 0], line[:, 1])
    wet = network.is_sea(lat, lon)
    part: list = []
    for point, ok in zip(line, wet, strict=True):
        if ok:
            part.append(point)
        elif part:
            yield np.array(part)
            part = []
    if part:
        yield np.array(part)


def _length(line) -> float:
    return float(np.hypot(*np.diff(line, axis=0).T).sum()) if len(line) > 1 else 0.0


def _simplify(line):
    """Douglas and Peucker (1973)."""
    if len(line) < 3:
        return line
    a, b = line[0], line[-1]
    d = b - a
    size = np.hypot(*d)
    off = line - a
    away = np.abs(d[0] * off[:, 1] - d[1] * off[:, 0]) / size if size > 1e-9 else np.hypot(off[:, 0], off[:, 1])
    k = int(away.argmax())
    if away[k] <= TOLERANCE_KM:
        return np.array([a, b])
    return np.vstack([_simplify(line[: k + 1])[:-1], _simplify(line[k:])])


def main() -> None:
    bundle = read_bundle(ROOT / "data" / "voyages")
    field = climatology(bundle.network.lat, bundle.network.lon, bundle.ice)
    context = Context(bundle, field)
    OUT.mkdir(exist_ok=True)
    with (OUT / "ice_edge.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["month", "line", "lon", "lat"])
        for month, number, points in edges(bundle.network, field):
            writer.writerows((month, number, *p) for p in points)
    columns = ["from", "to", "ship", "year", "month", "way", "days", "cost_musd", "distance_nm", "escorted_nm"]
    with (OUT / "season.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(seasons(context, bundle))


if __name__ == "__main__":
    main()
