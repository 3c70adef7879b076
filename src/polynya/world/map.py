"""Where does a thing lie, and what does it join? (World + id -> places and lines; as text, as SVG)

Places are the thing itself (a node, an asset's own coordinates or its node's) and the far ends of its corridors; lines
are corridors. The SVG is drawn in the azimuthal equidistant projection about the middle of what is shown (Snyder, Map
Projections: a working manual, 1987, ch. 25), on a sphere: distances from the middle are true to scale. Lines are great
circles between nodes, not the routes of pipes. Not here: coasts.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from xml.sax.saxutils import escape

from polynya.world.world import World

EARTH_RADIUS_KM = 6371.0088  # mean radius
COMPASS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
WIDTH, HEIGHT, MARGIN = 640, 440, 60  # pixels
COLUMNS, ROWS = 60, 15  # characters
SMALLEST_KM = 300.0  # half of the smallest stretch that a map shows


@dataclass(frozen=True, slots=True)
class Place:
    """A point. `role` is `self`, `end` (far end of a corridor) or `part` (what belongs to it or stands there)."""

    id: str
    name: str
    lat: float
    lon: float
    role: str


@dataclass(frozen=True, slots=True)
class Line:
    """A corridor between two places, by their ids."""

    id: str
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class Chart:
    """What a map of one thing shows; empty when nothing about it has a place."""

    id: str
    places: tuple[Place, ...]
    lines: tuple[Line, ...]

    def as_json(self) -> dict[str, Any]:
        """The chart as a JSON object."""
        return {
            "places": [
                {"id": p.id, "name": p.name, "lat": p.lat, "lon": p.lon, "role": p.role, **self._from_middle(p)}
                for p in self.places
            ],
            "lines": [{"id": line.id, "from": line.start, "to": line.end} for line in self.lines],
        }

    def _from_middle(self, p: Place) -> dict[str, Any]:
        own = [q for q in self.places if q.role == "self"]
        if len(own) != 1 or p is own[0]:
            return {}
        return {"km": round(distance_km(own[0], p)), "bearing": compass(bearing_degrees(own[0], p))}


def chart(world: World, identity: str) -> Chart:
    """Collect the places and corridors of a thing. Raises NotFoundError for an unknown id."""
    row = world.row(identity)
    nodes = {r["id"]: r for r in world.table("nodes").iter_rows(named=True)}
    places: dict[str, Place] = {}

    def put(identity: str, name: str, lat: float | None, lon: float | None, role: str) -> None:
        if lat is not None and lon is not None and identity not in places:
            places[identity] = Place(identity, name, lat, lon, role)

    def node(code: str | None, role: str) -> None:
        if code is not None and code in nodes:
            put(code, nodes[code]["name"], nodes[code]["lat"], nodes[code]["lon"], role)

    table = row["_table"]
    if table == "nodes":
        node(identity, "self")
    elif table == "corridors":
        pass  # its two ends are all there is
    elif row.get("lat") is not None:
        put(identity, row["name"], row["lat"], row["lon"], "self")
    elif row.get("node"):
        node(row["node"], "self")
    assets = [
        a
        for a in world.table("assets").iter_rows(named=True)
        if identity in (a["node"], a["part_of"], a["operator"]) and a["id"] != identity
    ]
    members = {identity, *(a["id"] for a in assets)} if table in ("assets", "entities") else {identity}
    lines = []
    for c in world.table("corridors").iter_rows(named=True):
        if c["id"] == identity or c["asset"] in members or identity in (c["from_node"], c["to_node"]):
            node(c["from_node"], "end")
            node(c["to_node"], "end")
            lines.append(Line(c["id"], c["from_node"], c["to_node"]))
    for a in assets:
        if a["lat"] is not None:
            put(a["id"], a["name"], a["lat"], a["lon"], "part")
        elif table != "nodes":
            node(a["node"], "part")
    return Chart(identity, tuple(places.values()), tuple(lines))


# -- the sphere -------------------------------------------------------------------------------------------------------


def distance_km(a: Place, b: Place) -> float:
    """Great-circle distance. [km]"""
    return EARTH_RADIUS_KM * _angle(a.lat, a.lon, b.lat, b.lon)


def bearing_degrees(a: Place, b: Place) -> float:
    """Initial course from a to b, clockwise from north. [degrees, 0 to 360)"""
    la, lb, d = math.radians(a.lat), math.radians(b.lat), math.radians(b.lon - a.lon)
    x = math.sin(d) * math.cos(lb)
    y = math.cos(la) * math.sin(lb) - math.sin(la) * math.cos(lb) * math.cos(d)
    return math.degrees(math.atan2(x, y)) % 360.0


def compass(degrees: float) -> str:
    """The nearest of eight points of the compass."""
    return COMPASS[round(degrees / 45.0) % 8]


def project(lat: float, lon: float, lat0: float, lon0: float) -> tuple[float, float]:
    """Azimuthal equidistant projection about (lat0, lon0): east and north of it. [km]

    Snyder (25-4) and (22-4), (22-5). The antipode of the middle, which has no image, is put due north.
    """
    c = _angle(lat0, lon0, lat, lon)
    p, p0, d = math.radians(lat), math.radians(lat0), math.radians(lon - lon0)
    x = math.cos(p) * math.sin(d)
    y = math.cos(p0) * math.sin(p) - math.sin(p0) * math.cos(p) * math.cos(d)
    length = math.hypot(x, y)
    if length < 1e-12:
        return 0.0, EARTH_RADIUS_KM * c
    return EARTH_RADIUS_KM * c * x / length, EARTH_RADIUS_KM * c * y / length


def _angle(lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    u, v = _vector(lat_a, lon_a), _vector(lat_b, lon_b)
    cross = (u[1] * v[2] - u[2] * v[1], u[2] * v[0] - u[0] * v[2], u[0] * v[1] - u[1] * v[0])
    return math.atan2(math.hypot(*cross), sum(a * b for a, b in zip(u, v, strict=True)))


def _vector(lat: float, lon: float) -> tuple[float, float, float]:
    p, q = math.radians(lat), math.radians(lon)
    return math.cos(p) * math.cos(q), math.cos(p) * math.sin(q), math.sin(p)


def _middle(places: Iterable[Place]) -> tuple[float, float]:
    """Direction of the mean vector: no trouble at the date line. [degrees]"""
    x, y, z = (sum(parts) for parts in zip(*(_vector(p.lat, p.lon) for p in places), strict=True))
    return math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))


# -- text -------------------------------------------------------------------------------------------------------------


def chart_text(shown: Chart) -> list[str]:
    """A small map of characters (north up, `@` the thing itself), and the neighbours with distance and course."""
    if not shown.places:
        return []
    own = [p for p in shown.places if p.role == "self"]
    lines = [f"    {p.id} lies at {_degrees(p.lat, 'NS')} {_degrees(p.lon, 'EW')}" for p in own]
    if len(shown.places) > 1:
        lines += ["", *("    " + row for row in _grid(shown))]
    for p in shown.places:
        if p.role == "self":
            continue
        joined = [("to" if line.end == p.id else "from") for line in shown.lines if p.id in (line.start, line.end)]
        ways = " and ".join(sorted(set(joined), reverse=True)) if len(own) == 1 else ""
        km = distance_km(own[0], p) if len(own) == 1 else 0.0
        away = f"{km:,.0f} km {compass(bearing_degrees(own[0], p))}" if km >= 1.0 else ""
        what = f"flow {ways}" if ways and p.role == "end" else ""
        lines.append(
            "    " + f"{p.id:<28} {_degrees(p.lat, 'NS'):>7} {_degrees(p.lon, 'EW'):>8}  {away:>12}  {what}".rstrip()
        )
    return lines


def _grid(shown: Chart) -> list[str]:
    """Ends and the thing itself as labels on a grid; a label that would cover another is left to the list below."""
    points, half = _points(shown)
    # characters are about twice as high as wide
    scale = min((COLUMNS / 2 - 6) / max(half[0], 1.0), (ROWS / 2 - 1) * 2 / max(half[1], 1.0))
    cells = [[" "] * COLUMNS for _ in range(ROWS)]
    order = sorted(shown.places, key=lambda p: ("self", "end", "part").index(p.role))
    for p in order:
        x, y = points[p.id]
        column, row = round(COLUMNS / 2 + x * scale), round(ROWS / 2 - 0.5 - y * scale / 2)
        mark = {"self": "@", "end": "*", "part": "+"}[p.role]
        label = mark if p.role == "part" else f"{mark} {p.id}"
        if column + len(label) > COLUMNS:  # no room to the right: write to the left
            label = f"{p.id} {mark}" if p.role != "part" else mark
            column -= len(label) - 1
        column = max(column, 0)
        span = cells[row][max(column - 1, 0) : column + len(label) + 1]
        if all(c == " " for c in span):
            cells[row][column : column + len(label)] = label
    used = [i for i, row in enumerate(cells) if any(c != " " for c in row)]
    cells = cells[used[0] : used[-1] + 1]
    return ["|" + "".join(row).rstrip() for row in cells]


def _degrees(value: float, letters: str) -> str:
    return f"{abs(value):.1f} {letters[0] if value >= 0 else letters[1]}"


# -- SVG --------------------------------------------------------------------------------------------------------------


def chart_svg(shown: Chart, title: str) -> str:
    """The chart as a self-contained SVG. Raises ValueError when nothing has a place."""
    if not shown.places:
        raise ValueError("nothing to draw")
    lat0, lon0 = _middle(shown.places)
    points, half = _points(shown)
    scale = min((WIDTH / 2 - MARGIN) / half[0], (HEIGHT / 2 - MARGIN) / half[1])

    def at(x: float, y: float) -> tuple[float, float]:
        return WIDTH / 2 + x * scale, HEIGHT / 2 - y * scale

    reach = math.hypot(WIDTH, HEIGHT) / 2 / scale
    body = [_path(line, at, "graticule") for line in _graticule(lat0, lon0, reach)]
    by_id = {p.id: p for p in shown.places}
    for line in shown.lines:
        if line.start in by_id and line.end in by_id:
            way = [project(*q, lat0, lon0) for q in _great_circle(by_id[line.start], by_id[line.end])]
            body.append(_path(way, at, "corridor", f"{line.id}: {line.start} to {line.end}"))
    for p in sorted(shown.places, key=lambda p: p.role != "part"):
        x, y = at(*points[p.id])
        radius = {"self": 6, "end": 4, "part": 3}[p.role]
        body.append(
            f'<circle class="{p.role}" cx="{x:.1f}" cy="{y:.1f}" r="{radius}"><title>{escape(p.name)}</title></circle>'
        )
    taken: list[tuple[float, float]] = []
    for p in sorted(shown.places, key=lambda p: ("self", "end", "part").index(p.role)):
        x, y = at(*points[p.id])
        # a label that would cover another stays in the point's tooltip alone
        if all(abs(y - v) > 12 or abs(x - u) > 7 * len(p.id) + 10 for u, v in taken):
            taken.append((x, y))
            body.append(f'<text class="{p.role}" x="{x + 8:.1f}" y="{y + 4:.1f}">{escape(p.id)}</text>')
    step = _round_length(WIDTH / 5 / scale)
    x1, y1 = 16.0, HEIGHT - 16.0
    body.append(f'<path class="scale" d="M{x1:.1f} {y1:.1f}h{step * scale:.1f}"/>')
    body.append(f'<text class="scale" x="{x1:.1f}" y="{y1 - 6:.1f}">{step:,.0f} km</text>')
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" font-family="sans-serif" font-size="12">',
            f"<title>{escape(title)}</title>",
            "<style>rect{fill:#fff}.graticule{fill:none;stroke:#d5dde3;stroke-width:.7}"
            ".corridor{fill:none;stroke:#2b6ca3;stroke-width:1.6}circle.self{fill:#b3402a}circle.end{fill:#2b6ca3}"
            "circle.part{fill:#7a8791}text{fill:#1c262d}text.self{font-weight:bold}.scale{stroke:#1c262d}"
            "text.scale{stroke:none}</style>",
            f'<rect width="{WIDTH}" height="{HEIGHT}"/>',
            *body,
            f'<text x="16" y="22" font-size="14">{escape(title)}</text>',
            "</svg>",
            "",
        ]
    )


def _points(shown: Chart) -> tuple[Mapping[str, tuple[float, float]], tuple[float, float]]:
    lat0, lon0 = _middle(shown.places)
    points = {p.id: project(p.lat, p.lon, lat0, lon0) for p in shown.places}
    half = [max(SMALLEST_KM, *(abs(q[i]) for q in points.values()), 0.0) for i in (0, 1)]
    return points, (half[0], half[1])


def _great_circle(a: Place, b: Place, pieces: int = 24) -> list[tuple[float, float]]:
    """Points along the shorter great circle, ends included. [degrees]"""
    u, v = _vector(a.lat, a.lon), _vector(b.lat, b.lon)
    angle = _angle(a.lat, a.lon, b.lat, b.lon)
    if angle < 1e-9:
        return [(a.lat, a.lon), (b.lat, b.lon)]
    found = []
    for i in range(pieces + 1):
        s, t = math.sin((1 - i / pieces) * angle) / math.sin(angle), math.sin(i / pieces * angle) / math.sin(angle)
        x, y, z = (s * p + t * q for p, q in zip(u, v, strict=True))
        found.append((math.degrees(math.atan2(z, math.hypot(x, y))), math.degrees(math.atan2(y, x))))
    return found


def _graticule(lat0: float, lon0: float, reach_km: float) -> list[list[tuple[float, float]]]:
    """Meridians and parallels every 10 degrees, cut where they leave the picture. [km]"""
    lines = []
    for lon in range(-180, 180, 10):
        lines += _inside([project(lat, lon, lat0, lon0) for lat in range(-80, 81, 2)], reach_km)
    for lat in range(-80, 81, 10):
        lines += _inside([project(lat, lon, lat0, lon0) for lon in range(-180, 181, 2)], reach_km)
    return lines


def _inside(line: list[tuple[float, float]], reach_km: float) -> list[list[tuple[float, float]]]:
    runs: list[list[tuple[float, float]]] = [[]]
    for q in line:
        if math.hypot(*q) <= reach_km:
            runs[-1].append(q)
        elif runs[-1]:
            runs.append([])
    return [r for r in runs if len(r) > 1]


def _path(line: Iterable[tuple[float, float]], at: Any, kind: str, title: str = "") -> str:
    d = "L".join(f"{x:.1f} {y:.1f}" for x, y in (at(*q) for q in line))
    inner = f"<title>{escape(title)}</title>" if title else ""
    return f'<path class="{kind}" d="M{d}">{inner}</path>' if inner else f'<path class="{kind}" d="M{d}"/>'


def _round_length(km: float) -> float:
    """The largest of 1, 2, 5 times a power of ten that is not longer."""
    power = 10.0 ** math.floor(math.log10(km))
    return max(m * power for m in (1, 2, 5) if m * power <= km)
