"""How do the arrays of the sea network come about? (lanes + coast + depth -> src/polynya/data/voyages/network.npz, seamask.npz)

    pip install -r tools/requirements-voyages.txt
    python tools/build_network.py --etopo etopo5.cdf

Steps: take the lanes of searoute; drop or reroute those over land; lay a polar-stereographic grid of 25 km (6.25 km in narrow
waters) with 32 neighbours north of 55 N, no edge over land; join both; lead every port of ports.csv to the network by water;
straighten lanes where a direct line is clear of land and shoals; add the few lanes of lanes_by_hand.csv; mark every edge that
crosses a passage's gate line. `--lanes` adds new lanes by hand to the shipped network instead of building all of it: same bytes.
Same inputs give the same bytes. Distances on WGS84 by the Andoyer-Lambert formula, shared with polynya.voyages.geodesy.
Not here: ice, ships, rules; the core never imports this file.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import sys
import time
import zipfile
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path

import numba as nb
import numpy as np
from scipy import ndimage
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components, dijkstra

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "src"))
from polynya.voyages.geodesy import distance_nm

DATA = Path(__file__).resolve().parents[1] / "src" / "polynya" / "data" / "voyages"
KM_PER_NM = 1.852
R_KM = 6371.0
COARSE_KM, FINE_KM = 25.0, 6.25
GRID_SOUTH = 55.0
SCALE = R_KM * (1.0 + np.sin(np.radians(70.0)))  # stereographic, true scale at 70 N
OFFSETS = [(1, 0), (0, 1), (1, 1), (1, -1)] + [
    (a * s, b) if not swap else (b, a * s)
    for a, b in ((2, 1), (3, 1), (3, 2))
    for s in (1, -1)
    for swap in (False, True)
]
# Narrow waters that 25 km cannot show: lat min, lat max, lon min, lon max
FINE_BOXES = {
    "kara-gate": (69.3, 71.2, 55.5, 62.0),
    "vilkitsky-shokalsky": (76.9, 80.0, 95.0, 106.5),
    "new-siberian-straits": (72.3, 75.4, 138.0, 144.5),
    "ob-gulf": (66.3, 73.3, 71.0, 76.5),
    "yenisei-gulf": (69.3, 73.8, 78.5, 87.0),
    "bering-strait": (65.0, 66.8, -171.5, -166.5),
    "chaun-bay": (69.4, 70.4, 167.5, 172.0),
    "white-sea": (64.3, 67.2, 36.5, 42.5),
}
GRID_NORTH_OF_LANES = 71.5  # beyond it the grid alone carries ships: no long straight lines
MAX_ICE_LINE_NM = 60.0  # in these seas no longer shortcut, so that ice is met on the way and not only at the ends
ICE_SEAS = np.array(
    [[44.0, 63.0, 135.0, 157.5], [57.0, 66.5, 160.0, 180.0], [57.0, 66.5, -180.0, -157.0], [58.0, 66.5, 16.0, 31.0]]
)
STRAITS_BY_WATER = (
    39.5,
    41.0,
    25.5,
    28.9,
)  # Dardanelles and Marmara; the mask shows the Bosporus too broken to lead through
CANALS = ("suez", "panama", "kiel")
FAR_NM, FAR_SECTOR = (
    (60.0, 180.0),
    20,
)  # lanes so far off, one in so many degrees, are led to every port [nm], [degrees]
ON_NODE_NM = 0.5  # a lane by hand ends on a node of the network when it comes so near
CLEAR_END_NM = 6.0  # near a node, lanes may pass close to land
MIN_SHORTCUT_DEPTH_M = 15.0


@nb.njit(cache=True)
def _land_nm(lat1, lon1, lat2, lon2, sea, step_nm):
    """Length over land of the great circle between two points. [nm] (sea: bool [21600, 43200], north first)"""
    d2r = np.pi / 180.0
    p1, l1, p2, l2 = lat1 * d2r, lon1 * d2r, lat2 * d2r, lon2 * d2r
    x1, y1, z1 = np.cos(p1) * np.cos(l1), np.cos(p1) * np.sin(l1), np.sin(p1)
    x2, y2, z2 = np.cos(p2) * np.cos(l2), np.cos(p2) * np.sin(l2), np.sin(p2)
    c = x1 * x2 + y1 * y2 + z1 * z2
    c = min(1.0, max(-1.0, c))
    w = np.arccos(c)
    nm = w / d2r * 60.0
    n = int(np.ceil(nm / step_nm)) + 1
    land = 0.0
    if w < 1e-9:
        return 0.0
    for k in range(n + 1):
        f = k / n
        a, b = np.sin((1 - f) * w) / np.sin(w), np.sin(f * w) / np.sin(w)
        x, y, z = a * x1 + b * x2, a * y1 + b * y2, a * z1 + b * z2
        lat = np.arctan2(z, np.sqrt(x * x + y * y)) / d2r
        lon = np.arctan2(y, x) / d2r
        i = min(21599, max(0, int((90.0 - lat) * 120.0)))
        j = int((lon + 180.0) * 120.0) % 43200
        if not sea[i, j]:
            land += nm / n
    return land


@nb.njit(cache=True)
def _clear(lat1, lon1, lat2, lon2, sea, coarse_sea, deep, step_nm, end_nm):
    """Whether the great circle is a safe shortcut: no land at all, and away from both ends no land within a 2' cell, no shoal."""
    d2r = np.pi / 180.0
    p1, l1, p2, l2 = lat1 * d2r, lon1 * d2r, lat2 * d2r, lon2 * d2r
    x1, y1, z1 = np.cos(p1) * np.cos(l1), np.cos(p1) * np.sin(l1), np.sin(p1)
    x2, y2, z2 = np.cos(p2) * np.cos(l2), np.cos(p2) * np.sin(l2), np.sin(p2)
    w = np.arccos(min(1.0, max(-1.0, x1 * x2 + y1 * y2 + z1 * z2)))
    nm = w / d2r * 60.0
    if nm < 1e-6:
        return False
    n = int(np.ceil(nm / step_nm)) + 1
    for k in range(n + 1):
        f = k / n
        a, b = np.sin((1 - f) * w) / np.sin(w), np.sin(f * w) / np.sin(w)
        x, y, z = a * x1 + b * x2, a * y1 + b * y2, a * z1 + b * z2
        lat = np.arctan2(z, np.sqrt(x * x + y * y)) / d2r
        lon = np.arctan2(y, x) / d2r
        i = min(21599, max(0, int((90.0 - lat) * 120.0)))
        j = int((lon + 180.0) * 120.0) % 43200
        if lat > GRID_NORTH_OF_LANES or not sea[i, j]:
            return False
        if nm > MAX_ICE_LINE_NM:
            for s in range(len(ICE_SEAS)):
                if ICE_SEAS[s, 0] < lat < ICE_SEAS[s, 1] and ICE_SEAS[s, 2] < lon < ICE_SEAS[s, 3]:
                    return False
        away = min(f, 1 - f) * nm
        if away > end_nm:
            if not coarse_sea[i // 4, j // 4]:
                return False
            if away > 2.5 * end_nm and not deep[min(2160, round((lat + 90.0) * 12.0)), int(lon * 12.0 + 4320) % 4320]:
                return False
    return True


@nb.njit(cache=True)
def _many_land(lat, lon, a, b, sea, step_nm):
    out = np.empty(len(a))
    for k in range(len(a)):
        out[k] = _land_nm(lat[a[k]], lon[a[k]], lat[b[k]], lon[b[k]], sea, step_nm)
    return out


def load_mask() -> np.ndarray:
    """GLOBE land mask, bool [21600, 43200], True at sea, row 0 at the north, column 0 at 180 W."""
    spec = find_spec("global_land_mask")
    with np.load(Path(spec.origin).parent / "globe_combined_mask_compressed.npz") as f:
        mask, lat = f["mask"], f["lat"]
    return mask if lat[0] > lat[-1] else mask[::-1]


def load_depth(path: Path) -> np.ndarray:
    """ETOPO5 height, float32 [2161, 4320], row 0 at 90 S, column 0 at 0 E. [m]"""
    import netCDF4

    with netCDF4.Dataset(path) as f:
        z, x = np.asarray(f["ROSE"][:], np.float32), np.asarray(f["ETOPO05_X"][:])
    shift = int(np.argmin(np.abs(x % 360.0)))
    return np.roll(z, -shift, axis=1)


def lanes() -> tuple[list[tuple[float, float]], list[tuple[int, int, str]]]:
    """Nodes (lat, lon) and edges of searoute's network, with its own passage tag."""
    path = Path(find_spec("searoute").origin).parent / "data" / "marnet_searoute.geojson"
    index: dict[tuple[float, float], int] = {}
    edges = {}
    for feature in json.loads(path.read_text())["features"]:
        geometry = feature["geometry"]
        lines = geometry["coordinates"] if geometry["type"] == "MultiLineString" else [geometry["coordinates"]]
        for line in lines:
            ids = []
            for lon, lat in line:
                key = (round(lat, 4), round((lon + 180.0) % 360.0 - 180.0, 4))
                ids.append(index.setdefault(key, len(index)))
            for a, b in pairwise(ids):
                if a != b:
                    edges[min(a, b), max(a, b)] = str(feature["properties"].get("passage"))
    return list(index), [(a, b, tag) for (a, b), tag in edges.items()]


class LocalWater:
    """Shortest water path at full mask resolution in a window around a place."""

    def __init__(self, sea: np.ndarray, lat: float, lon: float, reach_nm: float) -> None:
        self.step = max(1, int(reach_nm // 90))
        dlat = reach_nm / 60.0
        dlon = min(40.0, dlat / max(0.15, np.cos(np.radians(lat))))
        i0, i1 = max(0, int((90 - lat - dlat) * 120)), min(21600, int((90 - lat + dlat) * 120))
        j = np.arange(int((lon - dlon + 180) * 120), int((lon + dlon + 180) * 120), self.step)
        i = np.arange(i0, i1, self.step)
        self.lats, self.lons = 90.0 - (i + 0.5) / 120.0, -180.0 + (j + 0.5) / 120.0
        self.water = sea[np.ix_(i, j % 43200)].copy()
        label, _ = ndimage.label(self.water)  # ponds and closed basins are no water to sail from
        rim = np.unique(np.r_[label[0], label[-1], label[:, 0], label[:, -1]])
        size = np.bincount(label.ravel())
        open_water = [k for k in rim if k and size[k] > 0.02 * self.water.size]
        self.water &= np.isin(label, open_water)
        n, m = self.water.shape
        self.shape = (n, m)
        ids = np.arange(n * m).reshape(n, m)
        rows, cols, vals = [], [], []
        # staying one pixel off the coast where possible: pixels beside land cost more
        near = np.zeros_like(self.water)
        land = ~self.water
        near[1:] |= land[:-1]
        near[:-1] |= land[1:]
        near[:, 1:] |= land[:, :-1]
        near[:, :-1] |= land[:, 1:]
        penalty = np.where(near, 2.0, 1.0)
        y = 60.0 / 120.0 * self.step
        for di, dj in ((0, 1), (1, 0), (1, 1), (1, -1), (1, 2), (2, 1), (1, -2), (2, -1)):
            a = (slice(0, n - di), slice(max(0, -dj), m - max(0, dj)))
            b = (slice(di, n), slice(max(0, dj), m - max(0, -dj)))
            ok = self.water[a] & self.water[b]
            if abs(dj) == 2 or di == 2:  # knight's move: both squares between must be water
                if di == 1:
                    s = 1 if dj > 0 else -1
                    mid1 = self.water[slice(0, n - 1), slice(a[1].start + s, a[1].stop + s)]
                    mid2 = self.water[slice(1, n), slice(a[1].start + s, a[1].stop + s)]
                else:
                    mid1 = self.water[slice(1, n - 1), a[1]]
                    mid2 = self.water[slice(1, n - 1), b[1]]
                ok &= mid1 & mid2
            x = y * np.cos(np.radians(self.lats))[a[0]][:, None]
            w = np.hypot(di * y, dj * x) * 0.5 * (penalty[a] + penalty[b])
            rows.append(ids[a][ok])
            cols.append(ids[b][ok])
            vals.append(np.broadcast_to(w, ok.shape)[ok])
        self.graph = csr_matrix(
            (np.concatenate(vals), (np.concatenate(rows), np.concatenate(cols))), shape=(n * m, n * m)
        )

    def cell(self, lat: float, lon: float, snap: float = 12.0) -> int:
        """Index of the water pixel nearest to a place, -1 when none lies within `snap` nm."""
        dlon = (self.lons - lon + 180.0) % 360.0 - 180.0
        d = np.hypot((self.lats - lat)[:, None] * 60, dlon[None, :] * 60 * np.cos(np.radians(lat)))
        d = np.where(self.water, d, np.inf)
        k = int(np.argmin(d))
        return k if d.flat[k] <= snap else -1

    def point(self, k: int) -> tuple[float, float]:
        i, j = divmod(k, self.shape[1])
        return float(self.lats[i]), float((self.lons[j] + 180.0) % 360.0 - 180.0)

    def tree(self, k: int) -> tuple[np.ndarray, np.ndarray]:
        return dijkstra(self.graph, directed=False, indices=k, return_predecessors=True)


def simplify(points: list[tuple[float, float]], sea: np.ndarray) -> list[tuple[float, float]]:
    """Fewest vertices of a water path so that no leg touches land (greedy, farthest visible)."""
    out, i = [points[0]], 0
    while i < len(points) - 1:
        j = len(points) - 1
        while j > i + 1 and _land_nm(*points[i], *points[j], sea, 0.15) > 0.0:
            j = i + max(1, (j - i) * 3 // 4)
        out.append(points[j])
        i = j
    return out


def polar_xy(lat: np.ndarray, lon: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r = SCALE * np.tan(np.radians(90.0 - lat) / 2.0)
    return r * np.cos(np.radians(lon)), r * np.sin(np.radians(lon))


def polar_grid(spacing: float) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """All cells of the stereographic grid north of GRID_SOUTH: column, row, lat, lon."""
    n = int(SCALE * np.tan(np.radians(90.0 - GRID_SOUTH) / 2.0) // spacing)
    q, p = np.meshgrid(np.arange(-n, n + 1), np.arange(-n, n + 1))
    x, y = (q + 0.5) * spacing, (p + 0.5) * spacing
    lat = 90.0 - 2.0 * np.degrees(np.arctan(np.hypot(x, y) / SCALE))
    keep = lat >= GRID_SOUTH
    return q[keep], p[keep], lat[keep], np.degrees(np.arctan2(y, x))[keep]


def in_boxes(lat: np.ndarray, lon: np.ndarray, margin_deg: float = 0.0) -> np.ndarray:
    hit = np.zeros(lat.shape, bool)
    for a, b, c, d in FINE_BOXES.values():
        e = margin_deg / np.cos(np.radians((a + b) / 2))
        hit |= (lat >= a - margin_deg) & (lat <= b + margin_deg) & (lon >= c - e) & (lon <= d + e)
    return hit


class Net:
    """Nodes and undirected edges as they grow."""

    def __init__(self) -> None:
        self.lat: list[float] = []
        self.lon: list[float] = []
        self.kind: list[int] = []
        self.edges: dict[tuple[int, int], int] = {}

    def node(self, lat: float, lon: float, kind: int) -> int:
        self.lat.append(round(float(lat), 5))
        self.lon.append(round(float(lon), 5))
        self.kind.append(kind)
        return len(self.lat) - 1

    def edge(self, a: int, b: int, kind: int = 0) -> None:
        if a != b:
            self.edges.setdefault((min(a, b), max(a, b)), kind)

    def path(self, points: list[tuple[float, float]], a: int, b: int, kind: int) -> None:
        """Add a water path whose ends are the nodes a and b."""
        previous = a
        for lat, lon in points[1:-1]:
            here = self.node(lat, lon, kind)
            self.edge(previous, here, kind)
            previous = here
        self.edge(previous, b, kind)

    def arrays(self):
        pairs = np.array(sorted(self.edges), np.int64)
        kinds = np.array([self.edges[tuple(p)] for p in pairs.tolist()], np.uint8)
        return np.array(self.lat), np.array(self.lon), np.array(self.kind, np.uint8), pairs[:, 0], pairs[:, 1], kinds


LANE, GRID, APPROACH, CANAL, SHORTCUT, JOIN = 0, 1, 2, 3, 4, 5


def gate_bits(gates, lat, lon, a, b) -> np.ndarray:
    """Bit k of an edge is set when its great circle crosses gate k."""
    bits = np.zeros(len(a), np.uint64)
    p = np.array([0.0])
    la, lo, lb, lob = lat[a], lon[a], lat[b], lon[b]
    from polynya.voyages.geodesy import along

    length = distance_nm(la, lo, lb, lob)
    for pieces in (1, 4, 16, 64):
        low = {1: 0.0, 4: 60.0, 16: 300.0, 64: 1200.0}[pieces]
        high = {1: 60.0, 4: 300.0, 16: 1200.0, 64: 1e9}[pieces]
        pick = np.flatnonzero((length >= low) & (length < high))
        if not len(pick):
            continue
        p = np.linspace(0, 1, pieces + 1)
        plat, plon = along(la[pick], lo[pick], lb[pick], lob[pick], p)  # [edge, point]
        for k, line in enumerate(gates):
            crossings = np.zeros(len(pick), int)
            for (g1, h1), (g2, h2) in pairwise(line):
                x1, x2 = plon[:, :-1], plon[:, 1:]
                base = h1
                u1 = (x1 - base + 180.0) % 360.0 - 180.0
                u2 = u1 + ((x2 - x1 + 180.0) % 360.0 - 180.0)
                v1, v2 = plat[:, :-1], plat[:, 1:]
                gx, gy = (h2 - h1 + 180.0) % 360.0 - 180.0, g2 - g1
                s1 = gx * (v1 - g1) - gy * u1
                s2 = gx * (v2 - g1) - gy * u2
                ex, ey = u2 - u1, v2 - v1
                t1 = ex * (g1 - v1) - ey * (0 - u1)
                t2 = ex * (g2 - v1) - ey * (gx - u1)
                crossings += (((s1 >= 0) != (s2 >= 0)) & ((t1 >= 0) != (t2 >= 0))).sum(axis=1)
            bits[pick] |= np.where(crossings > 0, np.uint64(1 << k), np.uint64(0))
    return bits


def read_gates(path: Path) -> tuple[list[str], list[list[tuple[float, float]]]]:
    ids, gates = [], []
    with path.open(newline="") as f:
        for row in csv.DictReader(f):
            ids.append(row["id"])
            # a hair off round numbers, so that no node of the network lies exactly on a gate
            points = [p.split() for p in row["gate"].split(";")]
            gates.append([(float(a) + 0.00137, float(b) + 0.00171) for a, b in points])
    return ids, gates


def build(etopo: Path, say) -> None:
    """The whole chain; see the module's docstring."""
    sea = load_mask()
    depth = load_depth(etopo)
    coarse_sea = sea.reshape(5400, 4, 10800, 4).all(axis=(1, 3))
    deep = depth <= -MIN_SHORTCUT_DEPTH_M
    gate_ids, gates = read_gates(DATA / "passages.csv")
    say("mask and depth read")

    net = Net()
    nodes, edges = lanes()
    for lat, lon in nodes:
        net.node(lat, lon, LANE)
    lat, lon = np.array(net.lat), np.array(net.lon)
    a = np.array([e[0] for e in edges])
    b = np.array([e[1] for e in edges])
    land = _many_land(lat, lon, a, b, sea, 0.3)
    bits = gate_bits(gates, lat, lon, a, b)
    canal = np.zeros(len(a), bool)
    for name in CANALS:
        canal |= (bits >> np.uint64(gate_ids.index(name))) & np.uint64(1) == 1
    kept = rerouted = dropped = 0
    for k, (u, v, tag) in enumerate(edges):
        if canal[k] or tag in ("suez", "panama", "bosporus", "dardanelles"):
            net.edge(u, v, CANAL)
            continue
        if min(lat[u], lat[v]) > 66.0 and (max(lon[u], lon[v]) > 45.0 or min(lon[u], lon[v]) < -60.0):
            dropped += 1  # the grid covers these waters, and the single lane through them is faulty
            continue
        if land[k] <= 0.3:
            net.edge(u, v, LANE)
            kept += 1
            continue
        length = float(distance_nm(lat[u], lon[u], lat[v], lon[v]))
        mid_lat = (lat[u] + lat[v]) / 2
        mid_lon = lon[u] + ((lon[v] - lon[u] + 180) % 360 - 180) / 2
        window = LocalWater(sea, mid_lat, mid_lon, min(400.0, 0.75 * length + 25.0))
        s, t = window.cell(lat[u], lon[u]), window.cell(lat[v], lon[v])
        if s < 0 or t < 0:
            dropped += 1
            continue
        dist, before = window.tree(s)
        if not np.isfinite(dist[t]) or dist[t] > 3.0 * length + 30.0:
            dropped += 1
            continue
        chain = [t]
        while chain[-1] != s:
            chain.append(int(before[chain[-1]]))
        points = simplify([window.point(c) for c in reversed(chain)], sea)
        points = [(lat[u], lon[u]), *points, (lat[v], lon[v])]
        net.path(points, u, v, LANE)
        rerouted += 1
    say(f"lanes: {kept} kept, {rerouted} led around land, {dropped} dropped")

    q, p, glat, glon = polar_grid(COARSE_KM)
    fq, fp, flat, flon = polar_grid(FINE_KM)
    fine_in = in_boxes(flat, flon)
    fq, fp, flat, flon = fq[fine_in], fp[fine_in], flat[fine_in], flon[fine_in]
    coarse_in = ~in_boxes(glat, glon)
    q, p, glat, glon = q[coarse_in], p[coarse_in], glat[coarse_in], glon[coarse_in]

    def wet(la, lo):
        return sea[np.minimum(21599, ((90 - la) * 120).astype(int)), ((lo + 180) * 120).astype(int) % 43200]

    grids = []
    for qq, pp, la, lo in ((q, p, glat, glon), (fq, fp, flat, flon)):
        keep = wet(la, lo)
        grids.append((qq[keep], pp[keep], la[keep], lo[keep]))
    clat = np.concatenate([g[2] for g in grids])
    clon = np.concatenate([g[3] for g in grids])
    pairs = []
    base = 0
    for qq, pp, _la, _lo in grids:
        index = {(int(x), int(y)): base + k for k, (x, y) in enumerate(zip(qq, pp, strict=True))}
        for (x, y), k in index.items():
            for dx, dy in OFFSETS:
                other = index.get((x + dx, y + dy))
                if other is not None:
                    pairs.append((k, other))
        base += len(qq)
    n_coarse = len(grids[0][0])
    # coarse to fine, across the borders of the boxes
    from scipy.spatial import cKDTree

    def xyz(la, lo):
        la, lo = np.radians(la), np.radians(lo)
        return R_KM * np.c_[np.cos(la) * np.cos(lo), np.cos(la) * np.sin(lo), np.sin(la)]

    fine_tree = cKDTree(xyz(clat[n_coarse:], clon[n_coarse:]))
    border = np.flatnonzero(in_boxes(clat[:n_coarse], clon[:n_coarse], 0.45))
    for k, near in zip(border, fine_tree.query_ball_point(xyz(clat[border], clon[border]), 32.0), strict=True):
        pairs.extend((int(k), n_coarse + j) for j in near)
    pairs = np.array(pairs)
    land = _many_land(clat, clon, pairs[:, 0], pairs[:, 1], sea, 0.3)
    pairs = pairs[land <= 0.0]
    graph = csr_matrix((np.ones(len(pairs)), (pairs[:, 0], pairs[:, 1])), shape=(len(clat), len(clat)))
    _, label = connected_components(graph, directed=False)
    main = label == np.argmax(np.bincount(label))
    say(f"grid: {main.sum()} cells of {len(clat)} connected, {len(pairs)} edges")
    renumber = np.full(len(clat), -1)
    for k in np.flatnonzero(main):
        renumber[k] = net.node(clat[k], clon[k], GRID)
    for u, v in pairs:
        if renumber[u] >= 0 and renumber[v] >= 0:
            net.edge(int(renumber[u]), int(renumber[v]), GRID)

    lat, lon = np.array(net.lat), np.array(net.lon)
    kind = np.array(net.kind)
    cells = np.flatnonzero(kind == GRID)
    tree = cKDTree(xyz(lat[cells], lon[cells]))
    north = np.flatnonzero((kind == LANE) & (lat > GRID_SOUTH - 0.9))
    joins = [
        (int(k), int(cells[j]))
        for k, near in zip(north, tree.query_ball_point(xyz(lat[north], lon[north]), 85.0), strict=True)
        for j in near
    ]
    joins = np.array(joins)
    land = _many_land(lat, lon, joins[:, 0], joins[:, 1], sea, 0.3)
    for u, v in joins[land <= 0.0]:
        net.edge(int(u), int(v), JOIN)
    say(f"joins: {int((land <= 0).sum())}")

    ports = list(csv.DictReader((DATA / "ports.csv").open(newline="")))
    sys.setrecursionlimit(10000)
    port_nodes, port_stub = [], []
    lat, lon = np.array(net.lat), np.array(net.lon)
    base_tree = cKDTree(xyz(lat, lon))
    touched = set()
    unreached: list[str] = []
    for u, v in net.edges:
        touched.add(u)
        touched.add(v)
    for port in ports:
        plat, plon = float(port["lat"]), float(port["lon"])
        found = None
        for reach in (70.0, 140.0, 260.0):
            window = LocalWater(sea, plat, plon, reach)
            s = window.cell(plat, plon, 40.0 if reach > 100 else 20.0)
            if s < 0:
                continue
            dist, before = window.tree(s)
            near = [j for j in base_tree.query_ball_point(xyz(plat, plon)[0], reach * KM_PER_NM * 0.95) if j in touched]
            options = []
            for j in near:
                t = window.cell(lat[j], lon[j], 2.0 * window.step)
                if t >= 0 and np.isfinite(dist[t]):
                    options.append((float(dist[t]), j, t))
            if len(options) >= 3 or (options and reach > 200):
                found = (window, s, before, sorted(options))
                break
        if found is None:
            unreached.append(port["id"])
            continue
        window, s, before, options = found
        slat, slon = window.point(s)
        stub = float(distance_nm(plat, plon, slat, slon))
        here = net.node(slat, slon, APPROACH)
        port_nodes.append(here)
        port_stub.append(stub)
        chosen, bearings = 0, []
        for _d, j, t in options:
            bearing = np.degrees(np.arctan2((lon[j] - slon) * np.cos(np.radians(slat)), lat[j] - slat))
            if any(abs((bearing - x + 180) % 360 - 180) < 20 for x in bearings):
                continue
            bearings.append(bearing)
            chain = [t]
            while chain[-1] != s:
                chain.append(int(before[chain[-1]]))
            points = simplify([window.point(c) for c in reversed(chain)], sea)
            if _land_nm(*points[-1], lat[j], lon[j], sea, 0.15) > 0.3:
                continue
            net.path([*points, (lat[j], lon[j])], here, int(j), APPROACH)
            chosen += 1
            if chosen >= 10:
                break
        chosen += far_approaches(net, here, plat, plon, lat, lon, base_tree, touched, sea, deep)
        if not chosen:
            raise SystemExit(f"port {port['id']} found no clear way to the network")
    if unreached:
        raise SystemExit(f"no water path to the network from: {', '.join(unreached)}")
    say(
        f"ports: {len(ports)}; longest stub over land {max(port_stub):.1f} nm at {ports[int(np.argmax(port_stub))]['id']}"
    )

    straighten(net, gates, gate_ids, port_nodes, sea, coarse_sea, deep, say)
    say(f"straits: {lead_through_straits(net, sea)} lines led through by water")

    say(f"lanes by hand: {add_lanes(net, sea)} edges")

    lat, lon, kind, a, b, edge_kind = net.arrays()
    nm = distance_nm(lat[a], lon[a], lat[b], lon[b])
    # keep what is connected to Rotterdam
    graph = csr_matrix((nm, (a, b)), shape=(len(lat), len(lat)))
    _, label = connected_components(graph, directed=False)
    start = port_nodes[[p["id"] for p in ports].index("rotterdam")]
    main = label == label[start]
    lost = [p["id"] for p, n in zip(ports, port_nodes, strict=True) if not main[n]]
    if lost:
        raise SystemExit(f"ports without connection: {lost}")
    new = np.cumsum(main) - 1
    keep = main[a] & main[b]
    a, b, nm, edge_kind = new[a[keep]], new[b[keep]], nm[keep], edge_kind[keep]
    lat, lon, kind = lat[main], lon[main], kind[main]
    bits = gate_bits(gates, lat, lon, a, b)
    shallow = edge_depth(depth, lat, lon, kind, a, b)
    say(f"network: {len(lat)} nodes, {len(a)} edges")
    save(
        DATA / "network.npz",
        lat=lat.astype(np.float32),
        lon=lon.astype(np.float32),
        kind=kind,
        a=a.astype(np.uint16 if len(lat) < 65536 else np.uint32),
        b=b.astype(np.uint16 if len(lat) < 65536 else np.uint32),
        edge_kind=edge_kind,
        depth_m=shallow,
        gated_edge=np.flatnonzero(bits).astype(np.uint32),
        gated_bits=bits[bits > 0],
        gate_ids=np.array(gate_ids),
        port_ids=np.array([p["id"] for p in ports]),
        port_node=new[np.array(port_nodes)].astype(np.uint32),
        port_stub_nm=np.array(port_stub, np.float32),
    )
    save(
        DATA / "seamask.npz", sea=np.packbits(sea.reshape(5400, 4, 10800, 4).mean(axis=(1, 3), dtype=np.float32) >= 0.5)
    )


def far_approaches(net: Net, here: int, plat, plon, lat, lon, base_tree, touched, sea, deep) -> int:
    """Lead a port round its nearest capes to lanes farther off, one in each direction; how many were found.

    Without these a ship leaves by the nearest lane even when that lies behind it.
    """
    window = LocalWater(sea, plat, plon, FAR_NM[1])
    s = window.cell(net.lat[here], net.lon[here], 3.0 * window.step)
    if s < 0:
        return 0
    dist, before = window.tree(s)
    radians, turns = np.radians([lat, lon]), np.radians([plat, plon])
    at = R_KM * np.array([np.cos(turns[0]) * np.cos(turns[1]), np.cos(turns[0]) * np.sin(turns[1]), np.sin(turns[0])])
    near = np.array([j for j in base_tree.query_ball_point(at, FAR_NM[1] * KM_PER_NM) if j in touched], np.int64)
    if not len(near):
        return 0
    straight = distance_nm(plat, plon, lat[near], lon[near])
    ahead = np.degrees(np.arctan2((radians[1][near] - turns[1]) * np.cos(turns[0]), radians[0][near] - turns[0]))
    done = 0
    for sector in range(-180, 180, FAR_SECTOR):
        inside = (ahead >= sector) & (ahead < sector + FAR_SECTOR) & (straight > FAR_NM[0])
        for k in np.argsort(np.where(inside, straight, np.inf), kind="stable")[: min(4, int(inside.sum()))]:
            j = int(near[k])
            t = window.cell(lat[j], lon[j], 2.0 * window.step)
            if t < 0 or not np.isfinite(dist[t]) or dist[t] > 1.5 * straight[k]:
                continue
            chain = [t]
            while chain[-1] != s:
                chain.append(int(before[chain[-1]]))
            points = simplify([(net.lat[here], net.lon[here])] + [window.point(c) for c in reversed(chain)], sea)
            points = [*points, (lat[j], lon[j])]
            if any(_land_nm(*p, *q, sea, 0.15) > 0.0 for p, q in pairwise(points)) or _shoal(points, deep):
                continue
            net.path(points, here, j, APPROACH)
            done += 1
            break
    return done


def _shoal(points: list[tuple[float, float]], deep: np.ndarray) -> bool:
    """Whether a way crosses water too shallow for a shortcut, away from both of its ends."""
    from polynya.voyages.geodesy import along

    for (a, b), (c, d) in pairwise(points):
        one = [np.array([x]) for x in (a, b, c, d)]
        la, lo = (x[0] for x in along(*one, np.linspace(0, 1, max(2, int(distance_nm(a, b, c, d)) + 1))))
        away = np.minimum(distance_nm(la, lo, *points[0]), distance_nm(la, lo, *points[-1]))
        wet = deep[np.clip(np.round((la + 90) * 12).astype(int), 0, 2160), np.round((lo % 360) * 12).astype(int) % 4320]
        if (~wet & (away > 2.5 * CLEAR_END_NM)).any():
            return True
    return False


def lead_through_straits(net: Net, sea: np.ndarray) -> int:
    """Lines of the lanes that cut corners of land in the Dardanelles and the Sea of Marmara: lead them by water."""
    south, north, west, east = STRAITS_BY_WATER
    done = 0
    for (u, v), kind in sorted(net.edges.items()):
        here = [(net.lat[k], net.lon[k]) for k in (u, v)]
        if kind != CANAL or not all(south < la < north and west < lo < east for la, lo in here):
            continue
        if _land_nm(*here[0], *here[1], sea, 0.3) <= 0.3:
            continue
        window = LocalWater(sea, (here[0][0] + here[1][0]) / 2, (here[0][1] + here[1][1]) / 2, 60.0)
        s, t = window.cell(*here[0]), window.cell(*here[1])
        dist, before = window.tree(s)
        if not np.isfinite(dist[t]):
            raise SystemExit(f"no water between {here[0]} and {here[1]}")
        chain = [t]
        while chain[-1] != s:
            chain.append(int(before[chain[-1]]))
        del net.edges[u, v]
        net.path([here[0], *simplify([window.point(c) for c in reversed(chain)], sea), here[1]], u, v, LANE)
        done += 1
    return done


def add_lanes(net: Net, sea: np.ndarray) -> int:
    """Lanes that the open network lacks, drawn by hand: points on a node of the network join it, others become nodes."""
    added = 0
    old = len(net.lat)
    with (Path(__file__).with_name("lanes_by_hand.csv")).open(newline="") as f:
        rows = list(csv.DictReader(f))
    for row in rows:
        points = [tuple(float(x) for x in p.split()) for p in row["points"].split(";")]
        here = []
        for la, lo in points:
            lat, lon = np.array(net.lat), np.array(net.lon)
            used = np.zeros(len(lat), bool)
            used[np.array(sorted({k for e in net.edges for k in e}))] = True
            d = np.where(used | (np.arange(len(lat)) >= old), distance_nm(la, lo, lat, lon), np.inf)
            k = int(np.argmin(d))
            here.append(k if d[k] < ON_NODE_NM else net.node(la, lo, LANE))
        for u, v in pairwise(here):
            if _land_nm(net.lat[u], net.lon[u], net.lat[v], net.lon[v], sea, 0.3) > 0.0:
                raise SystemExit(f"lanes_by_hand.csv: {row['lane']} touches land")
            net.edge(u, v, SHORTCUT)
            added += 1
    return added


def lanes_only() -> None:
    """The shipped network with the lanes by hand that it lacks."""
    with np.load(DATA / "network.npz") as f:
        old = {name: f[name] for name in f.files}
    net = Net()
    net.lat, net.lon = ([round(float(x), 5) for x in old[k]] for k in ("lat", "lon"))
    net.kind = [int(k) for k in old["kind"]]
    pairs = list(zip(old["a"].tolist(), old["b"].tolist(), strict=True))
    net.edges = dict(zip(pairs, old["edge_kind"].tolist(), strict=True))
    add_lanes(net, load_mask())
    lat, lon, kind, a, b, edge_kind = net.arrays()
    place = {pair: k for k, pair in enumerate(pairs)}
    was = np.array([place.get(pair, -1) for pair in zip(a.tolist(), b.tolist(), strict=True)])
    bits = np.zeros(len(a), np.uint64)
    before = np.zeros(len(pairs), np.uint64)
    before[old["gated_edge"]] = old["gated_bits"]
    bits[was >= 0] = before[was[was >= 0]]
    fresh = np.flatnonzero(was < 0)
    bits[fresh] = gate_bits(read_gates(DATA / "passages.csv")[1], lat, lon, a[fresh], b[fresh])
    depth = np.full(len(a), 255, np.uint8)
    depth[was >= 0] = old["depth_m"][was[was >= 0]]
    save(
        DATA / "network.npz",
        **{
            **old,
            "lat": lat.astype(np.float32),
            "lon": lon.astype(np.float32),
            "kind": kind,
            "a": a.astype(old["a"].dtype),
            "b": b.astype(old["b"].dtype),
            "edge_kind": edge_kind,
            "depth_m": depth,
            "gated_edge": np.flatnonzero(bits).astype(np.uint32),
            "gated_bits": bits[bits > 0],
        },
    )
    print(f"{len(fresh)} edges added; {len(lat)} nodes, {len(a)} edges")


def edge_depth(depth, lat, lon, kind, a, b) -> np.ndarray:
    """Least depth of ETOPO5 along grid edges north of 66 N [m, capped at 255]; 255 elsewhere (ETOPO5 is too coarse near coasts)."""
    from polynya.voyages.geodesy import along

    out = np.full(len(a), 255, np.uint8)
    # only between cells of the coarse grid: in gulfs, straits and at ports a 5' grid says nothing about the channel
    coarse = (kind == GRID) & ~in_boxes(lat, lon, 0.1)
    pick = np.flatnonzero((lat[a] > 66.0) & (lat[b] > 66.0) & coarse[a] & coarse[b])
    plat, plon = along(lat[a[pick]], lon[a[pick]], lat[b[pick]], lon[b[pick]], np.linspace(0, 1, 9))
    i = np.clip(np.round((plat + 90) * 12).astype(int), 0, 2160)
    j = np.round((plon % 360) * 12).astype(int) % 4320
    least = -depth[i, j].max(axis=1)
    out[pick] = np.clip(least, 0, 255).astype(np.uint8)
    return out


def straighten(net, gates, gate_ids, port_nodes, sea, coarse_sea, deep, say) -> None:
    """Add straight edges wherever a path between ports can be cut short without touching land or a shoal."""
    lat, lon = np.array(net.lat), np.array(net.lon)
    kind = np.array(net.kind)
    seen: dict[tuple[int, int], bool] = {}
    shut_sets = [
        (),
        ("suez",),
        ("panama",),
        ("suez", "panama"),
        ("malacca",),
        ("suez", "cape"),
        ("kiel",),
        ("suez", "panama", "cape"),
    ]
    for turn in range(3):
        pairs = np.array(sorted(net.edges), np.int64)
        a, b = pairs[:, 0], pairs[:, 1]
        nm = distance_nm(lat[a], lon[a], lat[b], lon[b])
        bits = gate_bits(gates, lat, lon, a, b)
        added = 0
        for shut in shut_sets:
            mask = np.uint64(sum(1 << gate_ids.index(s) for s in shut))
            ok = (bits & mask) == 0
            # the ice-blind shortest way over the Arctic is nobody's lane: close it while straightening
            arctic = np.uint64(sum(1 << gate_ids.index(s) for s in ("bering", "nwp", "transpolar")))
            ok &= (bits & arctic) == 0
            graph = csr_matrix((nm[ok], (a[ok], b[ok])), shape=(len(lat), len(lat)))
            sources = port_nodes[:: 2 if turn else 1]
            for source in sources:
                labels, previous = dijkstra(graph, directed=False, indices=source, return_predecessors=True)
                dist, before = labels.tolist(), previous.tolist()
                want = set()
                for t in port_nodes:
                    if dist[t] == np.inf:
                        continue
                    chain = [t]
                    while chain[-1] != source:
                        chain.append(before[chain[-1]])
                    i = 0
                    while i < len(chain) - 2:
                        if chain[i] in want:
                            break
                        want.add(chain[i])
                        best = i + 1
                        step = 2
                        while i + step < len(chain):
                            u, v = chain[i], chain[i + step]
                            if kind[u] == GRID and kind[v] == GRID:
                                break
                            if dist[u] - dist[v] > 4500.0:
                                break
                            key = (min(u, v), max(u, v))
                            if key not in seen:
                                seen[key] = bool(
                                    _clear(lat[u], lon[u], lat[v], lon[v], sea, coarse_sea, deep, 0.5, CLEAR_END_NM)
                                )
                            if not seen[key]:
                                break
                            best = i + step
                            step += 1
                        if best > i + 1:
                            key = (min(chain[i], chain[best]), max(chain[i], chain[best]))
                            if key not in net.edges:
                                net.edges[key] = SHORTCUT
                                added += 1
                        i += 1
        say(f"straightening, turn {turn + 1}: {added} edges added, {len(seen)} lines of sight tested")


def save(path: Path, **arrays: np.ndarray) -> None:
    """An .npz without time stamps, so that the same arrays give the same bytes."""
    import io

    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, array in sorted(arrays.items()):
            buffer = io.BytesIO()
            np.lib.format.write_array(buffer, np.ascontiguousarray(array), allow_pickle=False)
            archive.writestr(
                zipfile.ZipInfo(f"{name}.npy", (1980, 1, 1, 0, 0, 0)), buffer.getvalue(), zipfile.ZIP_DEFLATED, 9
            )


HELD = ("network.npz", "seamask.npz", "ports.csv", "passages.csv")  # what was built, and the tables it was built from


def note_hashes() -> None:
    """Write down what was built from what, so that a test sees a table edited without a new network."""
    lines = [f"{hashlib.sha256((DATA / name).read_bytes()).hexdigest()}  {name}" for name in HELD]
    Path(__file__).with_name("network.sha256").write_text("\n".join(lines) + "\n", encoding="utf-8")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--etopo", type=Path, help="etopo5.cdf of Debian's ferret-datasets")
    parser.add_argument("--lanes", action="store_true", help="only add the lanes by hand to the shipped network")
    arguments = parser.parse_args()
    if arguments.lanes:
        lanes_only()
        note_hashes()
        return
    if arguments.etopo is None:
        parser.error("--etopo is needed to build the network")
    started = time.monotonic()
    build(arguments.etopo, lambda text: print(f"[{time.monotonic() - started:6.1f} s] {text}", flush=True))
    note_hashes()


if __name__ == "__main__":
    main()
