"""What does the page look like in a browser? (a page's document -> one HTML file: no script, nothing fetched)

The same document as `world show --json`: values with a timeline drawn to scale, what was passed over, links to other
tables, the map, sources with their addresses, licences. A policy in the file itself forbids scripts and requests.
Not here: what stands on the page (`page`), and interactive maps (the report).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from html import escape
from typing import Any

from polynya.world.map import chart_svg
from polynya.world.page import chart_of, headline, month_shares
from polynya.world.related import LINKS

WIDTH, HEIGHT = 560, 84  # pixels of a timeline
LEFT, RIGHT, TOP, BOTTOM = 18, 92, 10, 18
OWN = "polynya-assumption"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
STYLE = """
:root{color-scheme:light dark;--ink:#1c262d;--dim:#5b6872;--rule:#d5dde3;--paper:#fff;--line:#2b6ca3;--guess:#b3402a}
@media(prefers-color-scheme:dark){:root{--ink:#e6ebef;--dim:#9fadb8;--rule:#3a4750;--paper:#12181c;--line:#7db4e0;--guess:#e58f7c}}
body{font:15px/1.45 system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:64rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem;margin:0}h2{font-size:1.1rem;border-bottom:1px solid var(--rule);margin-top:2rem}h3{font-size:1rem;margin:1.2rem 0 .2rem}
p.dim,td.dim,small{color:var(--dim)}table{border-collapse:collapse;font-size:.85rem;width:100%}
.wide{overflow-x:auto}th{text-align:left;font-weight:600}th,td{padding:.15rem .6rem .15rem 0;vertical-align:top;border-bottom:1px solid var(--rule)}
td.n{text-align:right;font-variant-numeric:tabular-nums}td.d{white-space:nowrap}tr.on td.n{font-weight:700}tr.on td:first-child{box-shadow:inset 3px 0 var(--line);padding-left:.5rem}tr.over td{text-decoration:line-through;color:var(--dim)}
.guess{color:var(--guess)}svg{max-width:100%;height:auto}svg.time .a{stroke:var(--rule)}svg.time .v{stroke:var(--line);stroke-width:2.5}
svg.time .assumption{stroke:var(--guess)}svg.time .x{stroke-dasharray:3 3;opacity:.6}svg.time text{fill:var(--dim);font-size:10px}
svg.time .day{stroke:var(--dim);stroke-dasharray:2 3}dl{display:grid;grid-template-columns:max-content 1fr;gap:.1rem 1rem}dt{color:var(--dim)}dd{margin:0}
"""


def page_html(document: Mapping[str, Any]) -> str:
    """The page as one HTML document."""
    name = str(document["identity"].get("name") or document["id"])
    body = [
        f"<h1>{_t(name)}</h1><p class='dim'>{_t(document['id'])}, {_t(document['kind'])}; as of {_t(document['as_of'])}</p>",
        _identity(document),
    ]
    shares = month_shares(document)
    if shares:
        body.append(f"<h2>Month shares of demand</h2><p>{_t(' · '.join(f'{100 * s:.1f}' for s in shares))} %</p>")
    values = [v for v in document["values"] if not v["attribute"].startswith("demand_share_m")]
    if values:
        body.append("<h2>Values</h2>")
        body += [_value(v, str(document["as_of"])) for v in values]
    for link in LINKS:
        body.append(_rows(link.title, document[link.key]))
    body.append(_rows("gates: nothing flows while one of them is shut", document["gates"], drop=("id",)))
    body.append(_rows("events", document["events"]))
    names = [str(a["alias"]) for a in document["aliases"] if a["kind"] not in ("not_same_as", "related_name")]
    if names:
        body.append(f"<h2>Also called</h2><p>{_t('; '.join(names))}</p>")
    drawn = chart_of(document)
    if drawn.places:
        body.append("<h2>Where it lies</h2>" + chart_svg(drawn, f"{name} ({document['id']})"))
    body.append(_sources(document))
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{_t(name)}: Polynya</title><style>{STYLE}</style></head><body>\n"
        + "\n".join(b for b in body if b)
        + "\n"
        "<p><small>Made by polynya world show. Red: an assumption of the project or its user. Barred at the left: in force on the day. "
        "Struck through: contradicts it and was passed over.</small></p></body></html>\n"
    )


def _identity(document: Mapping[str, Any]) -> str:
    shown = [
        (k, "yes" if v is True else "no" if v is False else f"{v:.15g}" if isinstance(v, float) else v)
        for k, v in document["identity"].items()
        if v not in (None, "") and k not in ("id", "name", "kind")
    ]
    shown += [("same id", f"{n['kind']}: {n['name']} {n['note']}") for n in document["same_id"]]
    also = ", ".join(f"{s['name'] or s['id']} ({s['id']})" for s in document["see_also"])
    shown += [("see also", also)] if also else []
    return "<dl>" + "".join(f"<dt>{_t(k.replace('_', ' '))}</dt><dd>{_t(v)}</dd>" for k, v in shown) + "</dl>"


def _value(value: Mapping[str, Any], day: str) -> str:
    on, over = ({f["key"] for f in value[k]} for k in ("rests_on", "passed_over"))
    rows = []
    for f in value["timeline"]:
        mark = "on" if f["key"] in on else "over" if f["key"] in over else ""
        guess = " class='guess'" if f["kind"] == "assumption" else ""
        rows.append(
            f"<tr class='{mark}'><td class='d'>{_t(f['valid_from'])}</td><td class='d'>{_t(f['valid_to'])}</td><td class='n'>{f['value']:g}</td>"
            f"<td{guess}>{_t(f['kind'])}</td><td>{_t(f['source'])}</td><td>{_t(f['locator'])}</td>"
            f"<td class='dim'>{_t('; '.join(str(x) for x in (f['original_value'], f['note']) if x))}</td></tr>"
        )
    heads = "".join(f"<th>{h}</th>" for h in ("from", "to", "value", "kind", "source", "locator", "as printed; note"))
    return (
        f"<h3>{_t(value['attribute'])}: {_t(headline(dict(value)))}</h3>{_timeline(value, day)}"
        f"<div class='wide'><table><tr>{heads}</tr>{''.join(rows)}</table></div>"
    )


def _timeline(value: Mapping[str, Any], day: str) -> str:
    """Facts as level lines over time, the day as a dotted one; nothing where fewer than two are dated."""
    dated = [f for f in value["timeline"] if f["valid_from"]]
    if len(dated) < 2:
        return ""
    first = min(_year(f["valid_from"]) for f in dated)
    last = max(_year(day), *(_year(f["valid_to"] or f["valid_from"]) for f in dated)) + 0.5
    low, high = min(0.0, *(f["value"] for f in dated)), max(0.0, *(f["value"] for f in dated))
    over = {f["key"] for f in value["passed_over"]}

    def x(year: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * (year - first) / (last - first)

    def y(level: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * ((level - low) / (high - low) if high > low else 0.5)

    parts = [
        _stroke("a", LEFT, y(0.0), WIDTH - RIGHT, y(0.0)),
        _stroke("day", x(_year(day)), TOP, x(_year(day)), HEIGHT - BOTTOM),
    ]
    for f in dated:
        start, end = x(_year(f["valid_from"])), x(_year(f["valid_to"]) if f["valid_to"] else last)
        kind = "v" + (" assumption" if f["kind"] == "assumption" else "") + (" x" if f["key"] in over else "")
        parts.append(_stroke(kind, start, y(f["value"]), max(end, start + 2.5), y(f["value"])))
    step = 1 if last - first <= 10 else 2 if last - first <= 20 else 5
    years = range(int(first) + (first > int(first)), int(last) + 1)
    parts += [f"<text x='{x(n):.0f}' y='{HEIGHT - 4}' text-anchor='middle'>{n}</text>" for n in years if n % step == 0]
    top = high if high > -low else low
    parts.append(f"<text x='{WIDTH - RIGHT + 6}' y='{y(top) + 3:.0f}'>{top:g}</text>")
    label = f"{value['attribute']} over time, {len(dated)} facts"
    return f"<svg class='time' viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}' role='img' aria-label='{_t(label)}'>{''.join(parts)}</svg>"


def _stroke(kind: str, x1: float, y1: float, x2: float, y2: float) -> str:
    return f"<line class='{kind}' x1='{x1:.1f}' y1='{y1:.1f}' x2='{x2:.1f}' y2='{y2:.1f}'/>"


def _year(day: str) -> float:
    at = date.fromisoformat(day)
    return at.year + (at - date(at.year, 1, 1)).days / 365.25


def _rows(title: str, rows: Sequence[Mapping[str, Any]], drop: Iterable[str] = ()) -> str:
    if not rows:
        return ""
    columns = [c for c in rows[0] if c not in drop and any(r[c] not in (None, "") for r in rows)]
    head = "".join(f"<th>{_t(c.replace('valid_', '').replace('_', ' '))}</th>" for c in columns)
    cells = ("".join(_cell(r[c]) for c in columns) for r in rows)
    table = "".join(f"<tr>{row}</tr>" for row in cells)
    return f"<h2>{_t(title[:1].upper() + title[1:])}</h2><div class='wide'><table><tr>{head}</tr>{table}</table></div>"


def _cell(value: Any) -> str:
    if isinstance(value, float):
        return f"<td class='n'>{value:g}</td>"
    return f"<td{' class=d' if _DAY.fullmatch(str(value)) else ''}>{_t(value)}</td>"


def _sources(document: Mapping[str, Any]) -> str:
    items = []
    for s in document["sources"]:
        url = str(s["url"] or "")
        title = _t(s["title"])
        if url.startswith(("https://", "http://")):
            title = f"<a href='{_t(url)}' rel='noreferrer'>{title}</a>"
        dated = f", {_t(s['published'])}" if s["published"] and s["id"] != OWN else ""
        items.append(
            f"<tr><td>{_t(s['id'])}</td><td>{title}, {_t(s['publisher'])}{dated}</td><td>{_t(s['licence'])}</td></tr>"
        )
    asked = [f"<li>[{_t(n['licence'])}] {_t(n['notice'])}</li>" for n in document["notices"]]
    return (
        "<h2>Sources</h2><div class='wide'><table><tr><th>id</th><th>publication</th><th>licence</th></tr>"
        f"{''.join(items)}</table></div><h2>Licences and notices</h2><ul>{''.join(asked)}</ul>"
    )


def _t(value: Any) -> str:
    return "" if value is None else escape(str(value), quote=True)
