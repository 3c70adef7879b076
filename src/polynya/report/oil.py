"""How does a run about refineries become one file? (tables + summary -> HTML without script, that needs no network)

Utilisation, crude, products, margins, holders: both cases beside each other, as tables and SVG that can be saved. A strict
Content-Security-Policy allows the page's own style and nothing else; every text is escaped.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import polars as pl
from jinja2 import Environment, StrictUndefined
from markupsafe import Markup

from polynya.report.figure import Column, Row, chart, named, table
from polynya.report.html import policy
from polynya.report.payload import Labels
from polynya.report.sentences import condition_of, opening, span_of
from polynya.report.words import REGIME, factual, plain, said_by

CSS = """
:root{color-scheme:light dark;--ink:#16202a;--soft:#5b6873;--line:#d5dbe1;--paper:#fff;--base:#687480;--scen:#b3401f;--note:#fff6e0;--link:#0b5394}
@media (prefers-color-scheme:dark){:root{--ink:#e7ecf0;--soft:#a2aeb8;--line:#36424d;--paper:#131a20;--base:#8b97a3;--scen:#f08a63;--note:#2c2616;--link:#8fc1ee}}
body{margin:0 auto;max-width:66rem;padding:1.5rem;font:16px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper);overflow-wrap:anywhere}
h1{font-size:1.5rem;line-height:1.25;margin:.2rem 0}h2{font-size:1.1rem;margin:2rem 0 .4rem;border-bottom:1px solid var(--line)}
.lead{font-size:1.15rem}.soft,caption{color:var(--soft)}.banner{background:var(--note);padding:.5rem .8rem;border-radius:.3rem}
table{border-collapse:collapse;width:100%;font-size:.9rem;overflow-wrap:normal}caption{text-align:left}th,td{padding:.2rem .5rem;text-align:left;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}td.n{white-space:nowrap}.wide{overflow-x:auto}tr.moved td{font-weight:600}tr:target td{background:var(--note)}
a{color:var(--link)}a.row{color:inherit;text-decoration:none}a.row:hover,a.row:focus-visible{text-decoration:underline}.tools{margin:.2rem 0 .8rem;font-size:.85rem}.tools a{margin-right:.6rem}
a:focus-visible,summary:focus-visible,.wide:focus-visible{outline:3px solid var(--link);outline-offset:1px}
figure{margin:.6rem 0}svg{max-width:100%;height:auto}svg text{font:12px system-ui,sans-serif;fill:var(--soft)}
.grid{stroke:var(--line)}.b{stroke:var(--base);fill:none;stroke-width:2;stroke-dasharray:5 4}.s{stroke:var(--scen);fill:none;stroke-width:2.4}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(25rem,100%),1fr));gap:.5rem 1.5rem}
ul{padding-left:1.2rem}code{font-size:.85em}.key b{font-weight:600}.key .kb{color:var(--base)}.key .ks{color:var(--scen)}
@page{size:A4;margin:14mm}@media print{body{font-size:10pt;padding:0;max-width:none}.tools{display:none}.wide{overflow:visible}table{font-size:8pt}tr,figure,li{break-inside:avoid}h2{break-after:avoid}}
"""
TEMPLATE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{{ policy }}">
<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="referrer" content="no-referrer">
<title>{{ s.title }}</title><style>{{ css }}</style></head><body><main>
<p class="soft">Polynya, refineries: a conditional answer {{ span }}, not a forecast. Scenario as of {{ s.as_of }}.</p><h1>{{ s.title }}</h1><p>{{ s.question }}</p>
<p class="lead">{{ opening }} {{ span }}: {{ s.headline }}</p>
{% for b in s.below_least_load %}<p class="banner">{{ b.name }} would run below {{ "%.0f"|format(b.least_percent) }} % of capacity in {{ b.months.scenario }} months (baseline: {{ b.months.baseline }}). Below that it is said not to run at all ({{ b.source }}), which the market does not know.</p>{% endfor %}
<p>{{ condition }}</p><p class="banner">{{ s.trust.banner }} Of the facts behind them {% for k, v in facts_percent %}{{ v }} % are {{ k }}{{ ", " if not loop.last }}{% endfor %}.</p>
<p class="soft">Baseline: today's course. Scenario: if it came true. What moves stands in bold. A change is that of the numbers before they are rounded. The address of a row can be cited: choose its first cell.</p>
<h2 id="runs">What the refineries run</h2>{{ tables.runs }}
<p class="key soft">In the charts: <b class="kb">dashed: today's course</b>, <b class="ks">solid: if it came true</b>.</p>
<div class="charts">{% for c in runs %}{{ c }}{% endfor %}</div>
<h2 id="crude">Crude by route</h2>{{ tables.crude }}
<h2 id="gates">Gates: what must open before crude flows</h2>{% if s.gates %}<ul>{% for g in s.gates %}<li>{{ name(g.subject) }}: {{ g.opened }} of {{ g.gates }} opened{% for c in g.still_closed %}{{ "; still closed: " if loop.first else ", " }}{{ c.name }}{% endfor %}</li>{% endfor %}</ul>{% else %}<p>No gate is touched.</p>{% endif %}
{{ tables.shut }}
<h2 id="short">What the regions lack, and what they pay</h2>{{ tables.regions }}
<div class="charts">{% for c in short %}{{ c }}{% endfor %}</div>
<h2 id="margins">Margin of each holder's share</h2>{{ tables.margins }}
<h2 id="stakes">Title, votes and economic share</h2>{{ tables.stakes_moved }}
{% if tables.stakes_same %}<details><summary>What stays as it is</summary>{{ tables.stakes_same }}</details>{% endif %}
<h2 id="owners">Who is behind them</h2>{{ tables.owners }}
<h2 id="control">What flips in control</h2>{{ tables.flips }}
{% if tables.bans %}<h2 id="bans">What the law closes</h2>{{ tables.bans }}{% endif %}
<h2 id="gains">Who gains</h2>{{ tables.gains }}
<h2 id="still">What does not move, or is not computed</h2><ul>{% for n in s.does_not_move %}<li>{{ n }}</li>{% endfor %}</ul>
<h2 id="changes">What was changed, and because of what</h2>{{ tables.changes }}
<h2 id="claims">Who says so</h2>{{ tables.claims }}
<h2 id="facts">Facts behind the numbers</h2><p class="soft">Where a number comes from, fact by fact: the command polynya explain, with the folder of this run (RUN) and an address such as
<code>utilisation/{{ example.refinery }}/{{ s.from }}</code>, <code>crude/{{ example.refinery }}/{{ example.route }}/{{ s.from }}</code>, <code>balance/{{ region.region }}/{{ region.product }}/{{ s.from }}</code> or <code>margins/{{ margin.refinery }}/{{ margin.holder }}</code>.</p>
<details><summary>{{ count }} facts</summary>{{ tables.facts }}</details>
<details><summary>{{ sources|length }} sources</summary><ul>{% for x in sources %}<li id="source-{{ x.id }}"><code>{{ x.id }}</code> {{ x.title }}, {{ x.publisher }}{% if x.published %}, {{ x.published }}{% endif %}{% if x.url %}, <span class="soft">{{ x.url }}</span>{% endif %}{% if x.notice %}. {{ x.notice }}{% endif %}</li>{% endfor %}</ul></details>
<h2 id="trust">Trust</h2><p>Certificate {{ "passed" if s.trust.certificate_passed else "FAILED" }}; worst residual {{ "%.1e"|format(s.trust.worst_residual) }}. The command polynya verify RUN computes it again from the files of the run alone.</p>
<ul>{% for n in s.trust.notes %}<li>{{ n }}</li>{% endfor %}</ul>
<p class="soft">{% for k, v in made.items() %}{{ k }} {{ v }}{{ "; " if not loop.last }}{% endfor %}</p>
</main></body></html>
"""
CASES = ("baseline", "scenario", "change")
KINDS = {"assumption": "assumptions"}


def oil_page(tables: Mapping[str, pl.DataFrame], summary: Mapping[str, Any], labels: Labels) -> str:
    """The page from the tables and the summary of an oil run."""
    names = labels.names
    template = Environment(autoescape=True, undefined=StrictUndefined).from_string(TEMPLATE)
    percent = sorted(summary["trust"]["facts_percent"].items(), key=lambda kv: -kv[1])
    return template.render(
        s=summary,
        name=lambda i: named(names, i),
        span=span_of(summary),
        opening=opening(summary),
        condition=condition_of(summary),
        facts_percent=[(KINDS.get(k, k), v) for k, v in percent],
        tables={**_numbers(summary, names), **_reasons(tables, summary, names)},
        runs=_charts(tables["utilisation"], ["refinery"], "utilisation_share", names, 100.0, "%", 0.0),
        short=_charts(
            tables["balance"].filter(pl.col("region") == "east"), ["product", "region"], "price_premium_usd_per_bbl", names, 1.0, "USD/bbl over the coast", None,
        ),
        example=summary["crude"][0] if summary["crude"] else {"refinery": "REFINERY", "route": "ROUTE"},
        region=summary["regions"][0] if summary["regions"] else {"region": "REGION", "product": "PRODUCT"},
        margin=summary["margins"][0] if summary["margins"] else {"refinery": "REFINERY", "holder": "HOLDER"},
        count=tables["facts"].height,
        sources=tables["sources"].to_dicts(),
        made=labels.made_by,
        policy=policy(CSS, ""),
        css=Markup(CSS),  # noqa: S704  our own style, held to its hash
    )  # fmt: skip


def _three(cells: Mapping[str, float]) -> list[float]:
    return [cells[c] for c in CASES]


def _both(unit: str, digits: int, change: str = "") -> list[Column]:
    return [
        Column(f"baseline [{unit}]", digits),
        Column(f"scenario [{unit}]", digits),
        Column(f"change [{change or unit}]", digits, signed=True),
    ]


def _numbers(s: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Markup]:
    """The tables of numbers."""
    runs = [
        Row([r["name"], *_three(r["utilisation_percent"]), r["last_month_percent"]["baseline"], r["last_month_percent"]["scenario"], *_three(r["crude_mt_per_year"])[:2], *_three(r["crude_kbd"])[:2]], f"utilisation/{r['refinery']}", abs(r["utilisation_percent"]["change"]) >= 0.05)
        for r in s["refineries"]
    ]  # fmt: skip
    crude = [
        Row([r["name"], named(names, r["refinery"]), r["crude"], *_three(r)], f"crude/{r['refinery']}/{r['route']}", abs(r["change"]) >= 0.05)
        for r in s["crude"]
    ]  # fmt: skip
    regions = [
        Row([r["name"], *_three(r["shortfall_mt_per_year"]), *_three(r["price_usd_per_bbl"]), r["premium_usd_per_bbl"]["baseline"], r["premium_usd_per_bbl"]["scenario"]], f"balance/{r['region']}/{r['product']}", abs(r["shortfall_mt_per_year"]["change"]) >= 0.05 or abs(r["price_usd_per_bbl"]["change"]) >= 0.05)
        for r in s["regions"]
    ]  # fmt: skip
    margins = [
        Row([named(names, r["refinery"]), r["name"], *_three(r)], f"margins/{r['refinery']}/{r['holder']}", abs(r["change"]) >= 1)
        for r in s["margins"]
    ]  # fmt: skip
    stakes = [
        Row([named(names, r["refinery"]), r["kind"], r["name"], *_three(r)], f"stakes/{r['refinery']}/{r['kind']}/{r['holder']}")
        for r in s["stakes"]
    ]  # fmt: skip
    same = [row for row in stakes if abs(float(row.cells[-1] or 0.0)) < 0.005]
    held = "Percent in the last month. Title: direct holders of the firm. Votes: who casts them, a trustee where there is one. Economic: where the income goes in the end."
    holders = [Column("refinery"), Column("kind"), Column("holder"), *_both("%", 2, "points")]
    owners = [Row([_holder(o, names), o["musd"]], f"owners/{o['holder']}") for o in s["owners"]]
    gains = s["gains"]
    who = [Row(["consumers", c["region"], c["musd"]]) for c in gains["consumers"]]
    ranked = [*gains["largest_gains"], *reversed(gains["largest_losses"])]
    who += [Row([g["group"], named(names, g["id"]), g["musd"]], f"gains/{g['group']}/{g['id']}") for g in ranked]
    total = f"{gains['total_musd']:+,.0f}".replace("-", "\N{MINUS SIGN}")
    return {
        "runs": table(
            "refineries",
            "Mean of all months, and the last one. Utilisation is the crude run over the capacity on paper; thousand barrels a day at 7.33 barrels a tonne.",
            [Column("refinery"), *_both("%", 1, "points"), Column("last month, baseline [%]", 1), Column("last month, scenario [%]", 1), Column("baseline [Mt/year]", 2), Column("scenario [Mt/year]", 2), Column("baseline [thousand bbl/day]", 0), Column("scenario [thousand bbl/day]", 0)],
            runs,
        ),
        "crude": table("crude", "Crude taken by each refinery over each route, mean of all months.", [Column("route"), Column("refinery"), Column("crude"), *_both("Mt/year", 2)], crude),
        "regions": table(
            "regions",
            "Shortfall: what is brought in from elsewhere, or not used because it is dearer than at the coast. Premium: over the price at the coast.",
            [Column("product and region"), Column("shortfall, baseline [Mt/year]", 2), Column("scenario [Mt/year]", 2), Column("change [Mt/year]", 2, signed=True), Column("price, baseline [USD/bbl]", 2), Column("scenario [USD/bbl]", 2), Column("change [USD/bbl]", 2, signed=True), Column("premium, baseline [USD/bbl]", 2, signed=True), Column("premium, scenario [USD/bbl]", 2, signed=True)],
            regions,
        ),
        "margins": table("margins", "Over all months, discounted: products less crude, freight, tariffs and the cost of running. Before fixed costs.", [Column("refinery"), Column("holder"), *_both("million USD", 0)], margins),
        "stakes_moved": table("stakes", f"{held} Only what changes.", holders, [r for r in stakes if r not in same]),
        "stakes_same": table("stakes-unchanged", held, holders, same) if same else Markup(""),
        "owners": table("owners", "Income behind the holders and lines, by economic share, over all months: the owners of the last month are taken for all of them; what a trustee keeps back and what a buyer pays is not counted.", [Column("ultimate holder"), Column("change [million USD]", 0, signed=True)], owners),
        "gains": table("gains", f"Over all months, {gains['note']}. All together {total} million USD.", [Column("group"), Column("who"), Column("change [million USD]", 0, signed=True)], who),
    }  # fmt: skip


def _holder(owner: Mapping[str, Any], names: Mapping[str, str]) -> str:
    """An ultimate holder; a thing that nobody is recorded to hold is said to be that."""
    if owner["name"] != owner["holder"]:
        return str(owner["name"])
    return f"{named(names, owner['holder'])}: holders not recorded"


def _reasons(
    tables: Mapping[str, pl.DataFrame], s: Mapping[str, Any], names: Mapping[str, str]
) -> dict[str, Markup | str]:
    """The tables of gates, rules, changes, claims and facts."""
    flips = [
        Row([f["what"], named(names, f["id"]), REGIME.get(f["regime"], f["regime"]), plain(f["before"]), plain(f["after"]), f["note"]])
        for f in s["flips"]
    ]  # fmt: skip
    noted = any(f["note"] for f in s["flips"])
    heads = [Column(h) for h in ("what", "about", "regime", "before", "after", *(["note"] if noted else []))]
    bans = [
        Row([b["case"], named(names, b["trader"]), named(names, b["arc"]) if b["arc"] else "every sale", b["first_period"], b["last_period"], b["reason"] + (f" ({b['measure']})" if b["measure"] else ""), b["source"]])
        for b in tables["bans"].to_dicts()
    ]  # fmt: skip
    shut = [
        Row([named(names, g["subject"]), g["name"], plain(g["kind"]).replace("-", " "), g["baseline"], g["scenario"], g["source"]])
        for g in _shut(tables["gates"])
    ]  # fmt: skip
    changes = [
        Row([c["text"], c["id"], plain(c["status"]), str(c["from"] or ""), c["effect"], c["because"]], f"change/{c['id']}")
        for c in tables["changes"].to_dicts()
    ]  # fmt: skip
    claims = [
        Row([c["id"], c["kind"], c["text"], said_by(c["attribution"]), factual(c["factuality"]), plain(c["stage"])], f"claim/{c['id']}")
        for c in _used(tables)
    ]  # fmt: skip
    facts = [
        Row([f["subject"], plain(f["attribute"]), str(f["value"]), plain(f["unit"]), str(f["valid_from"] or ""), str(f["valid_to"] or ""), f["kind"], f["source"], f"{f['locator']}; {f['note']}" if f["note"] else f["locator"]])
        for f in tables["facts"].to_dicts()
    ]  # fmt: skip
    return {
        "flips": table(
            "flips",
            "Last month. A test says what is met, not what is legal.",
            heads,
            [Row(r.cells[: len(heads)]) for r in flips],
        ),
        "bans": table("bans", "Sales and routes that are closed to a holder.", [*[Column(h) for h in ("case", "holder", "what", "from", "to", "reason")], Column("source", code=True)], bans) if bans else "",
        "shut": table("gates", "Gates that are shut in some month, with the number of months.", [Column("route"), Column("gate"), Column("kind"), Column("baseline [months]", 0), Column("scenario [months]", 0), Column("source", code=True)], shut),
        "changes": table("changes", "", [Column("change"), Column("id", code=True), *[Column(h) for h in ("status", "from", "effect", "because of")]], changes),
        "claims": table("claims", "Claims and assumptions behind the changes and their conditions.", [Column("id", code=True), *[Column(h) for h in ("kind", "text", "who says so", "how firmly", "stage")]], claims),
        "facts": table("facts", "", [*[Column(h) for h in ("about", "attribute", "value", "unit", "from", "to", "kind")], Column("source", code=True), Column("where, and why")], facts),
    }  # fmt: skip


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
    """One chart per key."""
    found = []
    for key, rows in frame.sort("period").group_by(list(keys), maintain_order=True):
        lines = [[scale * v for v in rows[f"{value}_{c}"].to_list()] for c in CASES[:2]]
        title = ", ".join(named(names, str(k)).split(":")[0] for k in key)
        found.append(chart("-".join(str(k) for k in key), title, rows["period"].to_list(), lines, unit, floor))
    return found
