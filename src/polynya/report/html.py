"""What does the first page of the report say? (Answer + tables + summary -> one HTML file, everything escaped)"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
from jinja2 import Environment, StrictUndefined

from polynya.results.answer import Answer

TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>{{ s.title }}</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<style>
body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;color:#1a2330}
table{border-collapse:collapse;margin:.5rem 0 1.5rem}th,td{padding:.25rem .75rem;border-bottom:1px solid #d5dbe2;text-align:left}
td.n{text-align:right;font-variant-numeric:tabular-nums}.banner{background:#fff4d6;padding:.75rem 1rem;border-left:4px solid #b97a00}
small{color:#56616e}
</style></head><body>
<h1>{{ s.title }}</h1><p><b>{{ s.question }}</b></p><p>{{ s.headline }}</p>
{% if s.trust.banner %}<p class="banner">{{ s.trust.banner }}</p>{% endif %}
{% macro rows(items, columns) %}<table><thead><tr>{% for c in columns %}<th scope="col">{{ c }}</th>{% endfor %}</tr></thead><tbody>
{% for r in items %}<tr>{% for c in columns %}<td{% if r[c] is number %} class="n"{% endif %}>{{ "" if r[c] is none else r[c] }}</td>{% endfor %}</tr>{% endfor %}
</tbody></table>{% endmacro %}
<h2>Gates</h2><ul>{% for g in s.gates %}<li>{{ g.subject }}: {{ g.opened }} of {{ g.gates }} opened{% for c in g.still_closed %}{{ "; still closed: " if loop.first else ", " }}{{ c.name }}{% endfor %}</li>{% endfor %}</ul>
<h2>Prices [USD/MMBtu]</h2>{{ rows(s.hubs, ["hub", "baseline", "scenario", "change"]) }}
<h2>Pipelines that move most [bcm/year]</h2>{{ rows(s.corridors, ["corridor", "from", "to", "baseline", "scenario", "change"]) }}
<h2>Who supplies Europe [bcm/year]</h2>{{ rows(s.suppliers_of_europe, ["supplier", "baseline", "scenario", "change"]) }}
<h2>Who gains [million USD, discounted over the horizon]</h2>{{ rows(s.gains.consumers, ["region", "musd"]) }}
{{ rows(s.gains.largest_gains, ["group", "id", "musd"]) }}{{ rows(s.gains.largest_losses, ["group", "id", "musd"]) }}
<h2>What was changed, and because of what</h2>{{ rows(changes, ["id", "status", "from", "effect", "because"]) }}
<h2>Claims and assumptions</h2>{{ rows(claims, ["id", "text", "attribution", "factuality", "stage", "conditions"]) }}
<h2>Does not move, or is not computed</h2><ul>{% for n in s.does_not_move %}<li>{{ n }}</li>{% endfor %}</ul>
<h2>Trust</h2><p>Certificate {{ "passed" if s.trust.certificate_passed else "FAILED" }}; worst residual {{ s.trust.worst_residual }}.
Facts behind it: {% for k, v in s.trust.facts_percent.items() %}{{ v }} % {{ k }}{{ ", " if not loop.last }}{% endfor %}.</p>
<ul>{% for n in s.trust.notes %}<li>{{ n }}</li>{% endfor %}</ul>
<h2>Sources and licences</h2><ul>{% for r in sources %}<li><b>{{ r.id }}</b>: {{ r.title }}, {{ r.publisher }} <small>[{{ r.licence }}] {{ r.notice or "" }}</small></li>{% endfor %}</ul>
</body></html>
"""


def report_html(answer: Answer, tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Any]) -> str:
    """The report as one self-contained HTML document."""
    page = Environment(autoescape=True, undefined=StrictUndefined).from_string(TEMPLATE)
    lists = {name: tables[name].to_dicts() for name in ("changes", "claims", "sources")}
    return page.render(s=summary, **lists)
