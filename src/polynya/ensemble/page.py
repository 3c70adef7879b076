"""How does an ensemble look on one page? (summary + months -> HTML without script or network; charts are drawn as SVG)"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

CSS = """body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#1b2733;background:#fff}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}th,td{padding:.2rem .8rem .2rem 0;text-align:left;border-bottom:1px solid #d8dee4}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}svg{width:100%;height:auto}.wide{fill:#bcd6ea}.half{fill:#7fb0d6}
.middle{fill:none;stroke:#0b4f83;stroke-width:2}.axis{stroke:#8a96a3;stroke-width:1}.bar{fill:#3f83b5}.lit{fill:#e6ecf1}
text{font-size:12px;fill:#3b4957}footer{margin-top:2rem;font-size:.85rem;color:#4a5866}"""
WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 800.0, 260.0, 60.0, 12.0, 30.0
TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src '{{ digest }}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">
<title>{{ s.title }}: many worlds</title><style>{{ css }}</style></head><body>
<h1>{{ s.title }}</h1><p>{{ s.question }}</p>
<p>{{ s.draws }} draws ({{ s.method }}, seed {{ s.seed }}), {{ s.distinct_worlds }} distinct worlds, {{ s.distinct_problems }} distinct markets; {{ s.from }} for {{ s.months }} months.</p>
{% for g in s.no_answer %}<p>No answer with probability {{ g.probability }}: {{ g.why }}</p>{% endfor %}
{% if fan %}<h2>Change of Europe's price [USD/MMBtu]</h2>
<svg viewBox="0 0 {{ fan.width }} {{ fan.height }}" role="img" aria-label="Change of Europe's price by month: middle, half and nine tenths of all worlds">
<polygon class="wide" points="{{ fan.wide }}"/><polygon class="half" points="{{ fan.half }}"/><polyline class="middle" points="{{ fan.middle }}"/>
{% for t in fan.ticks %}<line class="axis" x1="{{ fan.left }}" x2="{{ fan.width }}" y1="{{ t.y }}" y2="{{ t.y }}" stroke-opacity=".35"/><text x="{{ fan.left - 6 }}" y="{{ t.y + 4 }}" text-anchor="end">{{ t.text }}</text>{% endfor %}
{% for t in fan.months %}<text x="{{ t.x }}" y="{{ fan.height - 8 }}" text-anchor="middle">{{ t.text }}</text>{% endfor %}</svg>
<p>Line: median. Dark: half of all worlds. Light: nine tenths.</p>{% endif %}
<h2>How likely the scenario's own statements are</h2>
<table><thead><tr><th scope="col">statement</th><th scope="col" class="n">probability</th><th scope="col" class="n">{{ span }}</th><th scope="col"></th></tr></thead><tbody>
{% for p in s.statements %}<tr><td>{{ p.statement }}</td><td class="n">{{ "%.0f"|format(100 * p.probability) }} %</td>
<td class="n">{% if p.low is not none %}{{ "%.0f"|format(100 * p.low) }} to {{ "%.0f"|format(100 * p.high) }} %{% endif %}</td>
<td><svg viewBox="0 0 100 10" width="100" height="10" aria-hidden="true"><rect class="lit" width="100" height="10"/><rect class="bar" width="{{ "%.1f"|format(100 * p.probability) }}" height="10"/></svg></td></tr>{% endfor %}
</tbody></table>
<h2>Change of prices [USD/MMBtu]</h2>
<table><thead><tr>{% for c in columns %}<th scope="col"{% if not loop.first %} class="n"{% endif %}>{{ c }}</th>{% endfor %}</tr></thead><tbody>
{% for h in s.hubs %}<tr><td>{{ h.hub }}</td>{% for c in columns[1:] %}<td class="n">{{ "%+.2f"|format(h[c]) }}</td>{% endfor %}</tr>{% endfor %}</tbody></table>
{% if s.drivers %}<h2>What drives the spread of Europe's price</h2>
<p>Shapley shares of the variance; {% if s.drivers.exact %}exact{% else %}estimated from the draws, {{ "%.0f"|format(100 * s.drivers.explained) }} % explained{% endif %}.</p>
<table><tbody>{% for d in s.drivers.shapley %}<tr><td>{{ d.id }}</td><td>{{ texts[d.id] }}</td><td class="n">{{ "%.0f"|format(100 * d.share) }} %</td></tr>{% endfor %}</tbody></table>{% endif %}
<h2>What is uncertain</h2>
<table><thead><tr><th scope="col">id</th><th scope="col">kind</th><th scope="col">what</th><th scope="col" class="n">low</th><th scope="col" class="n">high</th></tr></thead><tbody>
{% for u in s.uncertain %}<tr><td>{{ u.id }}</td><td>{{ u.kind }}</td><td>{{ u.text }}</td><td class="n">{{ u.low }}</td><td class="n">{{ u.high }}</td></tr>{% endfor %}</tbody></table>
<h2>Trust</h2><p>Every certificate passed; worst residual {{ s.worst_residual }}.</p><ul>{% for n in s.notes %}<li>{{ n }}</li>{% endfor %}</ul>
<footer><p>Data: </p><ul>{% for n in s.notices %}<li>{{ n.notice }} [{{ n.licence }}]</li>{% endfor %}</ul></footer>
</body></html>
"""


def page(summary: Mapping[str, Any], months: Sequence[Mapping[str, Any]]) -> str:
    """The page. Text reaches it escaped; it holds neither scripts nor addresses."""
    digest = "sha256-" + base64.b64encode(hashlib.sha256(CSS.encode()).digest()).decode()
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(TEMPLATE)
    return template.render(
        s=summary,
        css=Markup(CSS),  # noqa: S704  our own, held to its hash
        digest=digest,
        fan=fan(months),
        columns=["hub", "written", "mean", "p05", "p25", "p50", "p75", "p95"],
        span="over the likelihoods' ranges" if summary["method"] == "enumeration" else "95 % interval",
        texts={u["id"]: u["text"] for u in summary["uncertain"]},
    )


def fan(months: Sequence[Mapping[str, Any]]) -> dict[str, Any] | None:
    """Outlines of a fan chart; None without months that have numbers."""
    rows = [r for r in months if r["p50"] is not None]
    if len(rows) < 2:
        return None
    low, high = min(0.0, *(r["p05"] for r in rows)), max(0.0, *(r["p95"] for r in rows))
    reach = (high - low) or 1.0

    def x(i: int) -> float:
        return round(LEFT + (WIDTH - LEFT - 10.0) * i / (len(rows) - 1), 1)

    def y(value: float) -> float:
        return round(float(TOP + (HEIGHT - TOP - BOTTOM) * (high - value) / reach), 1)

    def band(lower: str, upper: str) -> str:
        there = [f"{x(i)},{y(r[upper])}" for i, r in enumerate(rows)]
        back = [f"{x(i)},{y(r[lower])}" for i, r in enumerate(rows)]
        return " ".join([*there, *reversed(back)])

    step = max(1, len(rows) // 8)
    return {
        "width": WIDTH,
        "height": HEIGHT,
        "left": LEFT,
        "wide": band("p05", "p95"),
        "half": band("p25", "p75"),
        "middle": " ".join(f"{x(i)},{y(r['p50'])}" for i, r in enumerate(rows)),
        "ticks": [{"y": y(v), "text": f"{v:+.2f}"} for v in dict.fromkeys((low, 0.0, high))],
        "months": [{"x": x(i), "text": r["period"]} for i, r in enumerate(rows) if i % step == 0],
    }
