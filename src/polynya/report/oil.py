"""How does a run about refineries become one file? (tables + summary -> HTML without script, that needs no network)

Tables and charts are drawn here, as text and SVG: utilisation and prices month by month, both cases in one frame. A strict
Content-Security-Policy allows the page's own style and nothing else; every text is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import polars as pl
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from polynya.report.html import policy
from polynya.report.payload import Labels
from polynya.report.sentences import condition_of

WIDTH, HEIGHT, LEFT, TOP, BOTTOM = 640, 220, 44, 14, 26
CSS = """
:root{color-scheme:light dark;--ink:#16202a;--soft:#5b6873;--line:#d5dbe1;--paper:#fff;--base:#8b97a3;--scen:#b3401f;--note:#fff6e0}
@media (prefers-color-scheme:dark){:root{--ink:#e7ecf0;--soft:#a2aeb8;--line:#36424d;--paper:#131a20;--base:#8b97a3;--scen:#f08a63;--note:#2c2616}}
body{margin:0 auto;max-width:66rem;padding:1.5rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1{font-size:1.5rem;line-height:1.25;margin:.2rem 0}h2{font-size:1.1rem;margin:2rem 0 .4rem;border-bottom:1px solid var(--line)}
.lead{font-size:1.15rem}.soft{color:var(--soft)}.banner{background:var(--note);padding:.5rem .8rem;border-radius:.3rem}
table{border-collapse:collapse;width:100%;font-size:.9rem}caption{text-align:left;color:var(--soft)}th,td{padding:.2rem .5rem;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}.wide{overflow-x:auto}tr.moved td{font-weight:600}
figure{margin:.6rem 0}svg{max-width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:var(--soft)}
.grid{stroke:var(--line)}.b{stroke:var(--base);fill:none;stroke-width:2;stroke-dasharray:5 4}.s{stroke:var(--scen);fill:none;stroke-width:2.4}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(25rem,1fr));gap:.5rem 1.5rem}
ul{padding-left:1.2rem}code{font-size:.85em}.key b{font-weight:600}.key .kb{color:var(--base)}.key .ks{color:var(--scen)}
"""
TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">
<title>{{ s.title }}</title><style>{{ css }}</style></head><body><main>
<p class="soft">Polynya, refineries</p><h1>{{ s.title }}</h1><p>{{ s.question }}</p>
<p class="lead">{{ s.headline }}</p>{% for b in s.below_least_load %}<p class="banner">{{ b.name }} would run below {{ num(b.least_percent, 0) }} % of capacity in {{ b.months.scenario }} months (baseline: {{ b.months.baseline }}). Below that it is said not to run at all ({{ b.source }}), which the market does not know.</p>{% endfor %}<p>{{ condition }}</p><p class="banner">{{ s.trust.banner }}</p>
{% macro three(v, d=1, sign=true) %}<td class="n">{{ num(v.baseline, d) }}</td><td class="n">{{ num(v.scenario, d) }}</td><td class="n">{{ signed(v.change, d) }}</td>{% endmacro %}
{% macro head(names) %}<thead><tr>{% for n in names %}<th scope="col"{% if n in right %} class="n"{% endif %}>{{ n }}</th>{% endfor %}</tr></thead>{% endmacro %}
<h2 id="runs">What the refineries run</h2>
<div class="wide"><table><caption>Mean of the horizon. Utilisation is the crude run over capacity on paper; kbd at 7.33 barrels a tonne.</caption>
{{ head(["refinery", "baseline %", "scenario %", "change", "last month %", "then", "baseline Mt/year", "scenario", "baseline kbd", "scenario kbd"]) }}<tbody>
{% for r in s.refineries %}<tr><td>{{ r.name }}</td>{{ three(r.utilisation_percent) }}<td class="n">{{ num(r.last_month_percent.baseline, 1) }}</td><td class="n">{{ num(r.last_month_percent.scenario, 1) }}</td>
<td class="n">{{ num(r.crude_mt_per_year.baseline, 2) }}</td><td class="n">{{ num(r.crude_mt_per_year.scenario, 2) }}</td><td class="n">{{ num(r.crude_kbd.baseline, 0) }}</td><td class="n">{{ num(r.crude_kbd.scenario, 0) }}</td></tr>{% endfor %}</tbody></table></div>
<p class="key soft">In the charts: <b class="kb">dashed: today's course</b>, <b class="ks">solid: if it came true</b>.</p>
<div class="charts">{% for c in runs %}{{ c }}{% endfor %}</div>
<h2 id="crude">Crude by route</h2>
<div class="wide"><table>{{ head(["route", "crude", "baseline Mt/year", "scenario", "change"]) }}<tbody>
{% for r in s.crude %}<tr{% if r.change|abs >= 0.05 %} class="moved"{% endif %}><td>{{ r.name }}</td><td>{{ r.crude }}</td>{{ three(r, 2) }}</tr>{% endfor %}</tbody></table></div>
<h2 id="gates">Gates</h2>{% if s.gates %}<ul>{% for g in s.gates %}<li>{{ names.get(g.subject, g.subject) }}: {{ g.opened }} of {{ g.gates }} opened{% for c in g.still_closed %}{{ "; still closed: " if loop.first else ", " }}{{ c.name }}{% endfor %}</li>{% endfor %}</ul>{% else %}<p>No gate is touched.</p>{% endif %}
{% if shut %}<div class="wide"><table><caption>Gates shut in some month, with the number of months</caption>{{ head(["route", "gate", "kind", "baseline", "scenario", "source"]) }}<tbody>
{% for g in shut %}<tr><td>{{ names.get(g.subject, g.subject) }}</td><td>{{ g.name }}</td><td>{{ g.kind }}</td><td class="n">{{ g.baseline }}</td><td class="n">{{ g.scenario }}</td><td><code>{{ g.source }}</code></td></tr>{% endfor %}</tbody></table></div>{% endif %}
<h2 id="short">What the regions lack, and what they pay</h2>
<div class="wide"><table><caption>Shortfall: what is brought in from elsewhere, or not used because it is dearer than at the coast. Premium: over the price at the coast.</caption>
{{ head(["product and region", "short baseline Mt/year", "scenario", "change", "price baseline USD/bbl", "scenario", "change", "premium", "then"]) }}<tbody>
{% for r in s.regions %}<tr{% if r.shortfall_mt_per_year.change|abs >= 0.05 or r.price_usd_per_bbl.change|abs >= 0.05 %} class="moved"{% endif %}><td>{{ r.name }}</td>{{ three(r.shortfall_mt_per_year, 2) }}{{ three(r.price_usd_per_bbl, 2) }}<td class="n">{{ signed(r.premium_usd_per_bbl.baseline, 2) }}</td><td class="n">{{ signed(r.premium_usd_per_bbl.scenario, 2) }}</td></tr>{% endfor %}</tbody></table></div>
<div class="charts">{% for c in short %}{{ c }}{% endfor %}</div>
<h2 id="margins">Margin of each holder's share</h2>
<div class="wide"><table><caption>Million USD over the horizon, discounted: products less crude, freight, tariffs and the cost of running. Before fixed costs.</caption>
{{ head(["refinery", "holder", "baseline", "scenario", "change"]) }}<tbody>
{% for r in s.margins %}<tr{% if r.change|abs >= 1 %} class="moved"{% endif %}><td>{{ names.get(r.refinery, r.refinery) }}</td><td>{{ r.name }}</td>{{ three(r, 0) }}</tr>{% endfor %}</tbody></table></div>
<h2 id="stakes">Title, votes and economic share</h2>
<div class="wide"><table><caption>Percent in the last month. Title: direct holders of the firm. Votes: who casts them, a trustee where there is one. Economic: where the income goes in the end.</caption>
{{ head(["refinery", "kind", "holder", "baseline", "scenario", "change"]) }}<tbody>
{% for r in s.stakes %}<tr{% if r.change|abs >= 0.005 %} class="moved"{% endif %}><td>{{ names.get(r.refinery, r.refinery) }}</td><td>{{ r.kind }}</td><td>{{ r.name }}</td>{{ three(r, 2) }}</tr>{% endfor %}</tbody></table></div>
<div class="wide"><table><caption>Income behind the holders and lines, by economic share [million USD over the horizon]: owners of the last month for all months; what a trustee keeps back and what a buyer pays is not counted</caption>{{ head(["ultimate holder", "change"]) }}<tbody>
{% for o in s.owners %}<tr><td>{{ o.name }}</td><td class="n">{{ signed(o.musd, 0) }}</td></tr>{% endfor %}</tbody></table></div>
<h2 id="control">What flips in control</h2>
{% if s.flips %}<div class="wide"><table><caption>Last month of the horizon. A test says what is met, not what is legal.</caption>{{ head(["what", "about", "regime", "before", "after", "note"]) }}<tbody>
{% for f in s.flips %}<tr><td>{{ f.what }}</td><td>{{ names.get(f.id, f.id) }}</td><td>{{ f.regime }}</td><td>{{ f.before }}</td><td>{{ f.after }}</td><td>{{ f.note }}</td></tr>{% endfor %}</tbody></table></div>{% else %}<p>Nothing flips.</p>{% endif %}
{% if bans %}<div class="wide"><table><caption>Sales and routes that are closed to a holder</caption>{{ head(["case", "holder", "what", "from", "to", "reason", "source"]) }}<tbody>
{% for b in bans %}<tr><td>{{ b.case }}</td><td>{{ names.get(b.trader, b.trader) }}</td><td>{{ names.get(b.arc, b.arc) if b.arc else "every sale" }}</td><td>{{ b.first_period }}</td><td>{{ b.last_period }}</td><td>{{ b.reason }}{% if b.measure %} ({{ b.measure }}){% endif %}</td><td><code>{{ b.source }}</code></td></tr>{% endfor %}</tbody></table></div>{% endif %}
<h2 id="gains">Who gains</h2>
<div class="wide"><table><caption>Million USD, {{ s.gains.note }}; all together {{ signed(s.gains.total_musd, 0) }}</caption>{{ head(["group", "who", "change"]) }}<tbody>
{% for c in s.gains.consumers %}<tr><td>consumers</td><td>{{ c.region }}</td><td class="n">{{ signed(c.musd, 0) }}</td></tr>{% endfor %}
{% for g in s.gains.largest_gains %}<tr><td>{{ g.group }}</td><td>{{ names.get(g.id, g.id) }}</td><td class="n">{{ signed(g.musd, 0) }}</td></tr>{% endfor %}
{% for g in s.gains.largest_losses|reverse %}<tr><td>{{ g.group }}</td><td>{{ names.get(g.id, g.id) }}</td><td class="n">{{ signed(g.musd, 0) }}</td></tr>{% endfor %}</tbody></table></div>
<h2 id="changes">What was changed, and because of what</h2>
<div class="wide"><table>{{ head(["change", "status", "from", "effect", "because"]) }}<tbody>{% for c in changes %}<tr><td>{{ c.text }} <code>{{ c.id }}</code></td><td>{{ c.status.replace("_", " ") }}</td><td>{{ c["from"] or "" }}</td><td>{{ c.effect }}</td><td>{{ c.because }}</td></tr>{% endfor %}</tbody></table></div>
<div class="wide"><table><caption>Claims and assumptions behind them</caption>{{ head(["id", "kind", "text", "who says so", "how firmly", "stage"]) }}<tbody>{% for c in claims %}<tr><td><code>{{ c.id }}</code></td><td>{{ c.kind }}</td><td>{{ c.text }}</td><td>{{ c.attribution }}</td><td>{{ c.factuality }}</td><td>{{ c.stage }}</td></tr>{% endfor %}</tbody></table></div>
<h2 id="facts">Facts behind the numbers</h2><p class="soft">Where a number comes from: <code>polynya explain RUN utilisation/pck-schwedt/{{ s.from }}</code></p>
<details><summary>{{ facts|length }} facts</summary><div class="wide"><table>{{ head(["about", "attribute", "value", "unit", "from", "to", "kind", "source", "where, and why"]) }}<tbody>{% for f in facts %}<tr><td>{{ f.subject }}</td><td>{{ f.attribute }}</td><td class="n">{{ f.value }}</td><td>{{ f.unit }}</td><td>{{ f.valid_from or "" }}</td><td>{{ f.valid_to or "" }}</td><td>{{ f.kind }}</td><td><code>{{ f.source }}</code></td><td>{{ f.locator }}{% if f.note %}; {{ f.note }}{% endif %}</td></tr>{% endfor %}</tbody></table></div></details>
<details><summary>{{ sources|length }} sources</summary><ul>{% for x in sources %}<li><code>{{ x.id }}</code> {{ x.title }}, {{ x.publisher }}{% if x.published %}, {{ x.published }}{% endif %}{% if x.url %}, <span class="soft">{{ x.url }}</span>{% endif %}{% if x.notice %}. {{ x.notice }}{% endif %}</li>{% endfor %}</ul></details>
<h2 id="trust">Trust</h2><p>Certificate {{ "passed" if s.trust.certificate_passed else "FAILED" }}; worst residual {{ "%.1e"|format(s.trust.worst_residual) }}. Facts behind it: {% for k, v in s.trust.facts_percent.items() %}{{ v }} % {{ k }}{{ ", " if not loop.last }}{% endfor %}.</p>
<ul>{% for n in s.does_not_move %}<li>{{ n }}</li>{% endfor %}{% for n in s.trust.notes %}<li>{{ n }}</li>{% endfor %}</ul>
<p class="soft">{% for k, v in made.items() %}{{ k }} {{ v }}{{ "; " if not loop.last }}{% endfor %}</p>
</main></body></html>
"""
RIGHT_HEADS = frozenset(
    {
        "baseline", "scenario", "change", "then", "premium", "value", "baseline %", "scenario %", "last month %",
        "baseline Mt/year", "short baseline Mt/year", "price baseline USD/bbl", "baseline kbd", "scenario kbd",
    }
)  # fmt: skip


def oil_page(tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Any], labels: Labels) -> str:
    """The page from the tables and the summary of an oil run."""
    names = labels.names
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(TEMPLATE)
    return template.render(
        s=summary,
        names=names,
        right=RIGHT_HEADS,
        num=lambda v, d: "" if v is None else f"{v:,.{d}f}",
        signed=lambda v, d: "" if v is None else f"{v + 0.0:+,.{d}f}",
        condition=condition_of(summary),
        runs=_charts(tables["utilisation"], ["refinery"], "utilisation_share", names, 100.0, "%", 0.0),
        short=_charts(
            tables["balance"].filter(pl.col("region") == "east"), ["product", "region"], "price_premium_usd_per_bbl", names, 1.0, "USD/bbl over the coast", None,
        ),
        shut=_shut(tables["gates"]),
        bans=tables["bans"].to_dicts(),
        changes=tables["changes"].to_dicts(),
        claims=_used(tables),
        facts=tables["facts"].to_dicts(),
        sources=tables["sources"].to_dicts(),
        made=labels.made_by,
        policy=policy(CSS, ""),
        css=Markup(CSS),  # noqa: S704  our own style, held to its hash
    )  # fmt: skip


def _used(tables: Mapping[str, pl.DataFrame]) -> list[dict[str, Any]]:
    """The claims and assumptions that a change or a condition rests on."""
    cells = [*tables["changes"]["because"].to_list(), *tables["conditions"]["because"].to_list()]
    wanted = {w for cell in cells for w in (cell or "").split()}
    return tables["claims"].filter(pl.col("id").is_in(sorted(wanted))).to_dicts()


def _shut(gates: pl.DataFrame) -> list[dict[str, Any]]:
    months = gates.group_by("subject", "gate", "kind", "name", "source", maintain_order=True).agg(
        (pl.col("case") == c).sum().alias(c) for c in ("baseline", "scenario")
    )
    return months.sort("subject", "gate").to_dicts()


def _charts(
    frame: pl.DataFrame, keys: Sequence[str], value: str, names: Mapping[str, str], scale: float, unit: str, floor: float | None
) -> list[Markup]:  # fmt: skip
    """One chart per key: the baseline dashed, the scenario solid, a point a month."""
    found = []
    for key, rows in frame.sort("period").group_by(list(keys), maintain_order=True):
        lines = [[scale * v for v in rows[f"{value}_{c}"].to_list()] for c in ("baseline", "scenario")]
        title = ", ".join(names.get(str(k), str(k)).split(":")[0] for k in key)
        found.append(chart(title, rows["period"].to_list(), lines, unit, floor))
    return found


def chart(
    title: str, months: Sequence[str], lines: Sequence[Sequence[float]], unit: str, floor: float | None
) -> Markup:
    """Two lines over months as a figure of SVG; `floor`: where the axis begins, None for the data's own."""
    low = min(v for line in lines for v in line) if floor is None else floor
    high = max(v for line in lines for v in line)
    pad = max(0.08 * (high - low), 0.5 - (high - low) / 2)  # rounding must not look like movement
    top = max(high, 100.0) if unit == "%" else high + pad
    low, high = (low if floor is not None else low - pad), top

    def x(i: float) -> float:
        return LEFT + (WIDTH - LEFT - 16) * i / max(len(months), 1)

    def y(v: float) -> float:
        return TOP + (HEIGHT - TOP - BOTTOM) * (high - v) / (high - low)

    parts = []
    for i in range(5):
        v = low + (high - low) * i / 4
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - 16}" y1="{y(v):.1f}" y2="{y(v):.1f}"/>')
        parts.append(
            f'<text x="{LEFT - 6}" y="{y(v) + 4:.1f}" text-anchor="end">{v:.{0 if high - low > 8 else 1}f}</text>'
        )
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
    text = f"{escape(title)} [{escape(unit)}]"
    body = "".join(parts)
    return Markup(  # noqa: S704  numbers and escaped text
        f'<figure><figcaption>{text}</figcaption><svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{text}">{body}</svg></figure>'
    )
