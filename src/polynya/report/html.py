"""How does the report become one file? (Answer + tables + summary -> HTML that needs no network)

The bundle (bundle/report.js, report.css, built from web/) is inlined; its hashes stand in the Content-Security-Policy,
which allows nothing else. The document travels as JSON in a data block that the script reads; text reaches the page as
text only. Before the script runs, and without one, the same page shows the summary as plain tables.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

import polars as pl
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from polynya import __version__
from polynya.report.payload import Labels, country_names, payload
from polynya.report.sentences import condition_of, sentences, trust_of
from polynya.report.words import factual, plain, said_by
from polynya.results.answer import Answer
from polynya.world import World
from polynya.world.notices import notices

NAMED_TABLES = (
    "entities",
    "traders",
    "supplies",
    "assets",
    "corridors",
    "measures",
    "gates",
    "oil_nodes",
    "oil_goods",
    "oil_routes",
)
TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">
<title>{{ s.title }}</title><style>{{ css }}</style></head><body>
<div id="app" hidden></div>
<main id="plain">
<h1>{{ s.title }}</h1><p>{{ s.question }}</p>{% for line in lines %}<p>{{ line }}</p>{% endfor %}<p>{{ condition }}</p>
{% if banner %}<p class="banner">{{ banner }}</p>{% endif %}
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
</main>
<footer id="notices"><details><summary>Data: publishers and licences</summary><ul>{% for n in notices %}<li>{{ n.notice }} [{{ n.licence }}]</li>{% endfor %}</ul></details></footer>
<script type="application/json" id="data">{{ data }}</script>
<script>{{ js }}</script></body></html>
"""


def report_html(answer: Answer, tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Any]) -> str:
    """The report as one self-contained HTML document."""
    if answer.market == "oil":
        from polynya.report.oil import oil_page

        return oil_page(tables, summary, labels_of(answer))
    return page(tables, summary, labels_of(answer))


def page(tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Any], labels: Labels) -> str:
    """The same from the tables of a run."""
    css, js = _bundle("report.css"), _bundle("report.js")
    named = {**labels.names, **country_names(tables["nodes"])}
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(TEMPLATE)
    return template.render(
        s=summary,
        lines=sentences(summary, named),
        condition=condition_of(summary),
        banner=trust_of(summary),
        changes=tables["changes"].to_dicts(),
        claims=[_in_words(c) for c in tables["claims"].to_dicts()],
        notices=notices(tables["sources"].to_dicts()) if "sources" in tables else [],
        policy=policy(css, js),
        css=Markup(css),  # noqa: S704  our own bundle, held to its hash by a test
        js=Markup(js),  # noqa: S704
        data=Markup(json_block(payload(tables, summary, labels))),  # noqa: S704  escaped by json_block
    )


def labels_of(answer: Answer) -> Labels:
    """Names from the world of the answer, and what vouches for it."""
    names: dict[str, str] = {}
    for table in NAMED_TABLES:
        frame = answer.applied.world.table(table)
        column = "name" if "name" in frame.columns else "act"
        names |= {str(i): str(n) for i, n in frame.select("id", column).iter_rows() if n}
    return Labels(
        names=_fleets(answer.applied.world, names) | names,
        certificates={name: case.certificate for name, case in answer.cases.items()},
        made_by={
            "polynya": __version__,
            "scenario": f"{answer.scenario.file.id} (sha256 {answer.scenario.sha256})",
            "world": str(answer.base.digest),
            "as of": answer.scenario.file.as_of.isoformat(),
            "solver": answer.question.solver,
        },
    )


def _in_words(claim: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **claim,
        "attribution": said_by(claim["attribution"]),
        "factuality": factual(claim["factuality"]),
        "stage": plain(claim["stage"]),
    }


def _fleets(world: World, names: Mapping[str, str]) -> dict[str, str]:
    """Fleets have an id and no name: the class of their ships and the plants that they serve."""
    if "voyages_fleet_ships" not in world.tables:
        return {}
    serves: dict[str, set[str]] = {}
    for fleet, plants in world.table("voyages_fleet_ships").select("fleet", "may_serve").iter_rows():
        serves.setdefault(str(fleet), set()).update(p.strip() for p in str(plants or "").split(";") if p.strip())
    return {
        fleet: f"{fleet.split('-')[0].capitalize()} ships of {' and '.join(names.get(p, p) for p in sorted(plants))}"
        for fleet, plants in serves.items()
        if plants
    }


def policy(css: str, js: str) -> str:
    """The Content-Security-Policy: this style, this script, pictures the page itself draws; nothing else, from nowhere."""
    return (
        f"default-src 'none'; script-src '{_digest(js)}'; style-src '{_digest(css)}'; img-src data: blob:; "
        "base-uri 'none'; form-action 'none'"
    )


def json_block(document: Mapping[str, Any]) -> str:
    """JSON that cannot end its script element nor open another: <, >, & and line separators are escaped."""
    text = json.dumps(document, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text


def _bundle(name: str) -> str:
    return files("polynya.report").joinpath("bundle", name).read_text(encoding="utf-8")


def _digest(text: str) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
