"""How does a page without script show and hand over tables and lines? (rows, series -> HTML and SVG with links that save them)

A link that saves is a `data:` address with `download`: it works from a file, offline, and under a policy that allows no
script. A row has an address of its own (`report.html#utilisation/pck-schwedt`), so that a number can be cited.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape
from urllib.parse import quote

import polars as pl
from markupsafe import Markup

from polynya.tables import spreadsheet_csv

Cell = str | float | int | None
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 640, 220, 44, 14, 26
INKS = {"grid": "#d5dbe1", "b": "#8b97a3", "s": "#b3401f"}  # of a saved picture; on the page the sheet's own
STEPS = (0.1, 0.2, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 25.0, 50.0, 100.0, 200.0, 500.0, 1000.0)


@dataclass(frozen=True)
class Column:
    """A column: `digits` None for text; `signed` for a change."""

    head: str
    digits: int | None = None
    signed: bool = False
    code: bool = False


@dataclass(frozen=True)
class Row:
    """Cells in the order of the columns; `key` is the row's address, `moved` says that it is what to read."""

    cells: Sequence[Cell]
    key: str = ""
    moved: bool = False


def shown(value: Cell, column: Column) -> str:
    """A cell as it is read: a minus that is one, no sign at zero."""
    if value is None:
        return ""
    if column.digits is None or isinstance(value, str):
        return str(value)
    text = f"{abs(value):,.{column.digits}f}"
    if not any(d in text for d in "123456789"):
        return text
    return ("\N{MINUS SIGN}" if value < 0 else "+" if column.signed else "") + text


def table(name: str, caption: str, columns: Sequence[Column], rows: Sequence[Row]) -> Markup:
    """A table that scrolls by itself where it is too wide, with a link that saves it as CSV."""
    if not rows:
        return Markup("<p>Nothing.</p>")
    right = [' class="n"' if c.digits is not None else "" for c in columns]
    heads = "".join(f'<th scope="col"{r}>{escape(c.head)}</th>' for c, r in zip(columns, right, strict=True))
    body = "".join(_row(row, columns, right) for row in rows)
    label = escape(caption or name)
    return Markup(  # noqa: S704  every text is escaped
        f'<div class="wide" tabindex="0" role="region" aria-label="{label}"><table><caption>{escape(caption)}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{body}</tbody></table></div>"
        f'<p class="tools"><a download="{escape(name)}.csv" href="{_data("text/csv", _csv(columns, rows))}" '
        f'aria-label="{label} as CSV">CSV</a></p>'
    )


def _row(row: Row, columns: Sequence[Column], right: Sequence[str]) -> str:
    cells = []
    for i, (value, column) in enumerate(zip(row.cells, columns, strict=True)):
        text = escape(shown(value, column))
        if i == 0 and row.key:
            text = f'<a class="row" href="#{escape(quote(row.key))}">{text}</a>'
        cells.append(f"<td{right[i]}>{f'<code>{text}</code>' if column.code else text}</td>")
    name = f' id="{escape(row.key)}"' if row.key else ""
    moved = ' class="moved"' if row.moved else ""
    return f"<tr{name}{moved}>{''.join(cells)}</tr>"


def _csv(columns: Sequence[Column], rows: Sequence[Row]) -> str:
    frame = pl.DataFrame(
        {
            f"{c.head}{i}": pl.Series([row.cells[i] for row in rows], dtype=pl.String if c.digits is None else pl.Float64, strict=False)
            for i, c in enumerate(columns)
        }
    )  # fmt: skip
    heads = ",".join(f'"{c.head}"' for c in columns)
    return heads + "\n" + spreadsheet_csv(frame).split("\n", 1)[1]


def chart(
    name: str, title: str, months: Sequence[str], lines: Sequence[Sequence[float]], unit: str, floor: float | None
) -> Markup:
    """Two lines over months, baseline dashed and scenario solid, as a figure; `floor`: where the axis begins, None for the data's own."""
    body = _drawing(months, lines, unit, floor)
    text = f"{escape(title)} [{escape(unit)}]"
    view = f'viewBox="0 0 {WIDTH} {HEIGHT}"'
    style = "".join(f".{k}{{stroke:{v};fill:none;stroke-width:2}}" for k, v in INKS.items())
    alone = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 -24 {WIDTH} {HEIGHT + 44}"><style>text{{font:12px sans-serif}}{style}'
        f'.grid{{stroke-width:1}}.b{{stroke-dasharray:5 4}}</style><rect y="-24" width="{WIDTH}" height="{HEIGHT + 44}" fill="#fff"/>'
        f'<text x="6" y="-8">{text}</text>{body}<text x="6" y="{HEIGHT + 14}">Dashed: today\'s course. Solid: if it came true. '
        "Polynya: a conditional answer, not a forecast.</text></svg>"
    )
    numbers = [Row([m, b, s]) for m, b, s in zip(months, *lines, strict=True)]
    csv = _csv([Column("month"), Column(f"baseline [{unit}]", 2), Column(f"scenario [{unit}]", 2)], numbers)
    said = f"{text}: {lines[0][0]:.1f} to {lines[0][-1]:.1f} in today's course, {lines[1][0]:.1f} to {lines[1][-1]:.1f} if it came true"
    return Markup(  # noqa: S704  numbers and escaped text
        f'<figure><figcaption>{text}</figcaption><svg {view} role="img" aria-label="{said}">{body}</svg><p class="tools">'
        f'<a download="{escape(name)}.svg" href="{_data("image/svg+xml", alone)}" aria-label="{text} as SVG">SVG</a> '
        f'<a download="{escape(name)}.csv" href="{_data("text/csv", csv)}" aria-label="{text} as CSV">CSV</a></p></figure>'
    )


def _drawing(months: Sequence[str], lines: Sequence[Sequence[float]], unit: str, floor: float | None) -> str:
    low, high, step = _axis(lines, unit, floor)
    digits = next(d for d in range(3) if abs(round(step, d) - step) < 1e-9)

    def x(i: float) -> float:
        return LEFT + (WIDTH - LEFT - 16) * i / max(len(months), 1)

    def y(v: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - v) / (high - low)

    parts = []
    for i in range(round((high - low) / step) + 1):
        v = low + i * step
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - 16}" y1="{y(v):.1f}" y2="{y(v):.1f}"/>')
        tick = shown(v, Column("", digits))
        parts.append(f'<text x="{LEFT - 6}" y="{y(v) + 4:.1f}" text-anchor="end">{tick}</text>')
    every = max(1, len(months) // 6)
    parts += [
        f'<text x="{x(i + 0.5):.1f}" y="{HEIGHT - 8}" text-anchor="middle">{escape(m)}</text>'
        for i, m in enumerate(months) if i % every == 0
    ]  # fmt: skip
    for name, line in zip("bs", lines, strict=True):  # a month is a step, not a point
        path = " ".join(
            f"{'M' if i == 0 else 'L'}{x(i):.1f},{y(v):.1f} L{x(i + 1):.1f},{y(v):.1f}" for i, v in enumerate(line)
        )
        parts.append(f'<path class="{name}" d="{path}"/>')
    return "".join(parts)


def _axis(lines: Sequence[Sequence[float]], unit: str, floor: float | None) -> tuple[float, float, float]:
    """From, to and step of ticks that are round numbers; at least one unit high, so that rounding does not look like movement."""
    low = min(v for line in lines for v in line) if floor is None else floor
    high = max(v for line in lines for v in line)
    high = max(high, 100.0) if unit == "%" else high
    if high - low < 1.0:
        low, high = (low - 0.5 if floor is None else low), high + 0.5
    step = next((s for s in STEPS if (high - low) / s <= 5.0), (high - low) / 4)
    first = step * (low // step)
    last = first
    while last < high - 1e-9:
        last += step
    return first, last, step


def _data(kind: str, text: str) -> str:
    return f"data:{kind};charset=utf-8,{quote(text)}"


def named(names: Mapping[str, str], identity: str | None) -> str:
    """A name, else the id."""
    return names.get(identity or "", identity or "")
