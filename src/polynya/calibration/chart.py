"""Where do model and actual stand to each other? (scored series -> one SVG: model over actual, both on a logarithmic scale)

Quantities only; a series that is zero on either side cannot be shown on this scale and is counted below the chart. The diagonal is a perfect
model, the band 25 % either way. Filled: found by the model; hollow: given to it. Every point has its name as a title.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from html import escape

from polynya.calibration.score import Scored

WIDTH, HEIGHT, EDGE = 760, 620, 70
COLOURS = ("#1b6ca8", "#c1502e", "#3d8b37", "#7a4fa3", "#b8860b", "#4a4a4a", "#0f8b8d", "#a83279")
LOWEST = 0.1


def chart(series: Iterable[Scored]) -> str:
    """The chart as an SVG document."""
    rows = [s for s in series if s.bcm]
    points = [(s, s.actual * s.factor, s.model * s.factor) for s in rows]
    shown = [(s, a, m) for s, a, m in points if a >= LOWEST and m >= LOWEST]
    top = 10.0 ** math.ceil(math.log10(max([10.0, *(max(a, m) for _, a, m in shown)])))
    metrics = sorted({s.metric for s, _, _ in shown})
    side = HEIGHT - 2 * EDGE

    def at(value: float) -> float:
        return side * (math.log10(value) - math.log10(LOWEST)) / (math.log10(top) - math.log10(LOWEST))

    def x(value: float) -> float:
        return EDGE + at(value)

    def y(value: float) -> float:
        return HEIGHT - EDGE - at(value)

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif" font-size="12" role="img" aria-label="Model over actual">',
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
    ]
    decade = LOWEST
    while decade <= top * 1.001:
        parts.append(
            f'<path d="M{x(decade):.1f} {y(LOWEST):.1f}V{y(top):.1f}M{x(LOWEST):.1f} {y(decade):.1f}H{x(top):.1f}" stroke="#ddd" fill="none"/>'
        )
        parts.append(f'<text x="{x(decade):.1f}" y="{y(LOWEST) + 18:.1f}" text-anchor="middle">{decade:g}</text>')
        parts.append(f'<text x="{x(LOWEST) - 8:.1f}" y="{y(decade) + 4:.1f}" text-anchor="end">{decade:g}</text>')
        decade *= 10.0
    for factor, dash in ((1.0, ""), (1.25, "4 4"), (0.8, "4 4")):
        start, end = (LOWEST, top / factor) if factor >= 1.0 else (LOWEST / factor, top)
        parts.append(
            f'<path d="M{x(start):.1f} {y(start * factor):.1f}L{x(end):.1f} {y(end * factor):.1f}" stroke="#999" stroke-dasharray="{dash}" fill="none"/>'
        )
    for s, a, m in shown:
        colour = COLOURS[metrics.index(s.metric) % len(COLOURS)]
        fill = "none" if s.input else colour
        title = escape(f"{s.year} {s.item}: model {m:.1f}, actual {a:.1f} bcm")
        parts.append(
            f'<circle cx="{x(a):.1f}" cy="{y(m):.1f}" r="4" fill="{fill}" fill-opacity="0.65" stroke="{colour}"><title>{title}</title></circle>'
        )
    for i, metric in enumerate(metrics):
        parts.append(f'<circle cx="{EDGE + side + 16}" cy="{EDGE + 18 * i}" r="4" fill="{COLOURS[i % len(COLOURS)]}"/>')
        parts.append(f'<text x="{EDGE + side + 26}" y="{EDGE + 18 * i + 4}" font-size="10">{escape(metric)}</text>')
    years = ", ".join(str(v) for v in sorted({s.year for s in rows}))
    left = len(points) - len(shown)
    parts += [
        f'<text x="{EDGE + side / 2}" y="{HEIGHT - 22}" text-anchor="middle">actual [bcm a year]</text>',
        f'<text x="22" y="{HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 22 {HEIGHT / 2})">model [bcm a year]</text>',
        f'<text x="{EDGE}" y="30" font-size="14">Model over actual, {years}; band 25 %, hollow: given to the model</text>',
        f'<text x="{EDGE}" y="{HEIGHT - 6}" font-size="10">{left} series below {LOWEST:g} bcm on one side are not shown</text>',
        "</svg>",
    ]
    return "\n".join(parts) + "\n"
