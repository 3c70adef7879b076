"""How is a voyage shown? (answer document -> text, GeoJSON, SVG)

Plain strings; no drawing library. The map is a polar view for ways north of 60 N, otherwise plate carree.
"""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

import numpy as np

from polynya.console import table
from polynya.voyages.network import Network

INK, SEA, LAND, WAY, ICE = "#1b2a38", "#e8f0f5", "#c9cfc4", "#b3261e", "#2f7fb5"


def as_text(document: dict[str, Any]) -> str:
    """A voyage in a few lines."""
    d = document
    low, high = d["range"]["days"]
    cost_low, cost_high = d["range"]["cost_musd"]
    lines = [
        f"{d['from']['name']} - {d['to']['name']}, {d['ship']}, leaving {d['depart']}",
        f"  {d['distance_nm']:,.0f} nm, {d['days']:.1f} days ({low:.1f} to {high:.1f}), arriving {d['arrive'][:10]}",
        f"  {d['cost_musd']:.2f} million USD ({cost_low:.2f} to {cost_high:.2f}) for the round trip"
        + "".join(f", {v:g} {k.replace('usd_per_', 'USD/')}" for k, v in d["cost"].items() if k.startswith("usd_per_")),
        f"  through {', '.join(d['passages']) or 'no named passage'}",
    ]
    if d["ice_nm"]:
        lines.append(
            f"  {d['ice_nm']:,.0f} nm in ice, {d['escorted_nm']:,.0f} nm behind an icebreaker; ice: {d['ice']}"
        )
    lines.append(f"  range: {d['range']['basis']}")
    lines += [f"  note: {n}" for n in d["notes"]]
    lines.append(f"  sources: {', '.join(d['sources'])}")
    return "\n".join(lines)


def as_geojson(document: dict[str, Any]) -> dict[str, Any]:
    """The way as one feature; cut where it crosses 180 degrees."""
    parts: list[list[list[float]]] = [[]]
    for leg in document["legs"]:
        point = [leg["lon"], leg["lat"]]
        if parts[-1] and abs(point[0] - parts[-1][-1][0]) > 180:
            parts.append([])
        parts[-1].append(point)
    properties = {k: v for k, v in document.items() if k != "legs"}
    geometry: dict[str, Any] | None = None
    if document["legs"]:
        geometry = {"type": "MultiLineString", "coordinates": [p if len(p) > 1 else p * 2 for p in parts]}
    return {"type": "Feature", "geometry": geometry, "properties": properties}


def as_svg(document: dict[str, Any], network: Network, size: int = 720) -> str:
    """The way on a map of the sea mask."""
    lats = np.array([leg["lat"] for leg in document["legs"]])
    lons = np.array([leg["lon"] for leg in document["legs"]])
    ice = np.array([leg["ice"] for leg in document["legs"]])
    polar = bool((lats > 70).any() and lats.min() > 20)
    if polar:
        edge = max(25.0, float(lats.min()) - 4)
        scale = size / 2 / np.tan(np.radians(90 - edge) / 2)

        def place(lat: Any, lon: Any) -> tuple[Any, Any]:
            r = scale * np.tan(np.radians(90 - lat) / 2)
            return size / 2 + r * np.sin(np.radians(lon - 90)), size / 2 + r * np.cos(np.radians(lon - 90))

        height = size
        grid_lat, grid_lon = np.meshgrid(np.arange(edge, 89, 1.0), np.arange(-180, 180, 2.0))
    else:
        height = size // 2

        def place(lat: Any, lon: Any) -> tuple[Any, Any]:
            return (lon + 180) / 360 * size, (90 - lat) / 180 * height

        grid_lat, grid_lon = np.meshgrid(np.arange(-80, 84, 1.5), np.arange(-180, 180, 1.5))
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {height}" role="img" '
        f'aria-label="{escape(document["from"]["name"])} to {escape(document["to"]["name"])}">',
        f'<rect width="{size}" height="{height}" fill="{SEA}"/>',
    ]
    land = ~network.is_sea(grid_lat.ravel(), grid_lon.ravel())
    x, y = place(grid_lat.ravel()[land], grid_lon.ravel()[land])
    dots = "".join(f"M{a:.0f} {b:.0f}h3v3h-3z" for a, b in zip(x, y, strict=True))
    out.append(f'<path d="{dots}" fill="{LAND}"/>')
    px, py = place(lats, lons)
    for k in range(1, len(lats)):
        if not polar and abs(lons[k] - lons[k - 1]) > 180:
            continue
        colour = ICE if ice[k] >= 0.15 else WAY
        out.append(
            f'<path d="M{px[k - 1]:.1f} {py[k - 1]:.1f}L{px[k]:.1f} {py[k]:.1f}" stroke="{colour}" stroke-width="2" fill="none"/>'
        )
    title = f"{document['from']['name']} - {document['to']['name']}: {document['distance_nm']:,.0f} nm, {document['days']:.1f} days"
    out.append(f'<text x="10" y="20" font-family="sans-serif" font-size="14" fill="{INK}">{escape(title)}</text></svg>')
    return "\n".join(out)


def season_text(document: dict[str, Any]) -> str:
    """Twelve months as a table."""
    ways = list(document["months"][0]["ways"])
    header = ["month", "best", "days", "musd", "escorted nm", *(f"{w} d" for w in ways), *(f"{w} musd" for w in ways)]
    rows = []
    for m in document["months"]:
        cells = [m["month"], m["via"] or "none"]
        cells += (
            [f"{m['days']:.1f}", f"{m['cost_musd']:.2f}", f"{m['escorted_nm']:.0f}"]
            if m["feasible"]
            else ["-", "-", "-"]
        )
        cells += [f"{m['ways'][w]['days']:.1f}" if m["ways"][w] else "-" for w in ways]
        cells += [f"{m['ways'][w]['cost_musd']:.2f}" if m["ways"][w] else "-" for w in ways]
        rows.append(cells)
    s = document["summary"]
    tail = [f"Northern Sea Route open: {', '.join(s['nsr_open']) or 'never'}"]
    if s["best_gain_days"] is not None:
        tail.append(
            f"faster in: {', '.join(s['nsr_faster']) or 'none'} (at best {s['best_gain_days']:g} days); "
            f"cheaper in: {', '.join(s['nsr_cheaper']) or 'none'} (at best {s['best_gain_musd']:g} million USD)"
        )
    head = f"{document['from']} - {document['to']}, {document['ship']}, {document['year']}, escort {document['escort']}; ice: {document['ice']}"
    return "\n".join([head, table(header, rows), *tail])


def season_svg(document: dict[str, Any], width: int = 760, height: int = 320) -> str:
    """Days by month, one line per way; gaps where a way does not exist."""
    months = document["months"]
    ways = list(months[0]["ways"])
    known = [m["ways"][w]["days"] for m in months for w in ways if m["ways"][w]]
    top = max(known, default=1.0) * 1.1
    colours = {"nsr": ICE, "suez": WAY, "cape": INK, "panama": "#7a5c00", "nwp": "#5b3fa0"}
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="days by month">'
    ]
    left, bottom = 48, height - 36

    def at(k: int, days: float) -> tuple[float, float]:
        return left + (k + 0.5) * (width - left - 90) / 12, bottom - days / top * (bottom - 20)

    for tick in np.linspace(0, top, 5):
        y = at(0, float(tick))[1]
        out.append(
            f'<path d="M{left} {y:.0f}H{width - 90}" stroke="#ddd"/><text x="8" y="{y + 4:.0f}" font-size="11" font-family="sans-serif">{tick:.0f} d</text>'
        )
    for k, m in enumerate(months):
        out.append(
            f'<text x="{at(k, 0)[0] - 10:.0f}" y="{height - 14}" font-size="11" font-family="sans-serif">{m["month"]}</text>'
        )
    for n, way in enumerate(ways):
        pen, d = False, ""
        for k, m in enumerate(months):
            found = m["ways"][way]
            if not found:
                pen = False
                continue
            x, y = at(k, found["days"])
            d += f"{'L' if pen else 'M'}{x:.1f} {y:.1f}"
            out.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="{colours.get(way, INK)}"/>')
            pen = True
        out.append(f'<path d="{d}" stroke="{colours.get(way, INK)}" fill="none" stroke-width="2"/>')
        out.append(
            f'<text x="{width - 80}" y="{30 + 18 * n}" font-size="12" font-family="sans-serif" fill="{colours.get(way, INK)}">{escape(way)}</text>'
        )
    return "\n".join([*out, "</svg>"])
