"""How is the Northern Sea Route shown as a system? (document of `polynya nsr` -> text to paste into a note, chart as SVG)

Plain strings. Nothing is computed here but sums over months for the sentences at the top.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from polynya.console import table
from polynya.voyages.export import ICE, INK, WAY

CARGO = (
    ("LNG", ("LNG",)),
    ("oil, products", ("crude oil", "oil", "oil and oil products")),
    ("condensate", ("gas condensate",)),
    ("ore, coal, dry bulk", ("iron-ore concentrate", "ore", "coal", "dry bulk")),
    ("containers", ("containers",)),
    ("general, other", ("general cargo", "other cargo")),
)


def nsr_text(document: Mapping[str, Any]) -> str:
    """Sentences first, then the tables they rest on."""
    d = document
    out = [f"Northern Sea Route, {d['year']}", *(f"  {s}" for s in sentences(d)), ""]
    out += [
        "Published cargo, million t; total = outbound + inbound + transit, each by itself where published",
        *_cargo(d["cargo_published"]),
        "",
    ]
    out += [
        "LNG that the Arc7 fleet of Yamal could carry, million t a month, by direction",
        *_lng(d["lng_computed"]),
        "",
    ]
    breakers = d["icebreakers"]
    out += [
        f"Icebreakers: {breakers['nuclear_in_service']} nuclear, {breakers['capacity_days_per_month']:.0f} days a month; "
        "needed if all of the fleet sailed to China",
        *_icebreakers(breakers["arc7_to_china"]),
        "",
    ]
    boxes = d["container_transit"]
    out += [
        f"Container transit {d['container_from']} - {d['container_to']}, one way, USD/TEU (ice-classed feeder north, large liner south)",
        *_boxes(boxes),
        "",
        "The same against each southern way; break-even: what a TEU must gain by a day saved; expected: with the years that stay shut",
        *_break_even(boxes),
        "",
        "Shortest route? NSR against Suez and the Cape, ships as above",
        *_shortest(d["shortest_route"]),
    ]
    return "\n".join([*out, *(f"note: {n}" for n in d["notes"])])


def sentences(d: Mapping[str, Any]) -> list[str]:
    """What a reader takes away, each from the tables below."""
    out = []
    years = [y for y in d["cargo_published"] if y["year"] <= d["year"] and "all" in y.get("total", {})]
    if years:
        last = years[-1]
        total = last["total"]["all"]["value"]
        text = f"{total:.1f} million t of cargo in {last['year']}"
        passed = [y for y in years if "all" in y.get("transit", {})]
        if passed:
            of = passed[-1]
            share = 100 * of["transit"]["all"]["value"] / of["total"]["all"]["value"]
            text += f"; transit {of['transit']['all']['value']:.1f} ({share:.0f} % of the total) in {of['year']}"
        out.append(text + ".")
    lng = d["lng_computed"]
    ways = [
        (n, k)
        for n, k in (
            ("to NW Europe", "west_zeebrugge"),
            ("to a hub at Murmansk", "west_murmansk_hub"),
            ("east to China", "east_china"),
        )
    ]
    amounts = [f"{sum(m[k]['mt'] for m in lng if m[k]):.1f} {name}" for name, k in ways]
    out.append(
        f"The Arc7 fleet of Yamal could carry in the year, if all took one way, million t: {', '.join(amounts)}."
    )
    led = [m for m in d["icebreakers"]["arc7_to_china"] if m["icebreaker_days"]]
    if led:
        peak = max(led, key=lambda m: m["share_of_capacity"])
        out.append(
            f"All of it east would take icebreakers in {_months([m['month'] for m in led])}; most in {peak['month']}: "
            f"{peak['icebreaker_days']:.0f} days, {100 * peak['share_of_capacity']:.0f} % of what the nuclear fleet has."
        )
    for way in ("suez", "cape"):
        out += _verdict(d, way)
    return out


def _verdict(d: Mapping[str, Any], way: str) -> list[str]:
    boxes = [m for m in d["container_transit"] if m["nsr"] and m[way]]
    name = {"suez": "Suez", "cape": "the Cape"}[way]
    if not boxes:
        return [f"No container transit {d['container_from']} - {d['container_to']} by the NSR in any month."]
    nm = max(m[f"shorter_than_{way}_nm"] for m in boxes)
    share = 100 * nm / boxes[0][way]["distance_nm"]
    quicker = [m for m in boxes if m[f"quicker_than_{way}_days"] > 0]
    cheaper = [m["month"] for m in boxes if m[f"gap_usd_per_teu_{way}"] < 0]
    best = max(boxes, key=lambda m: m[f"quicker_than_{way}_days"])
    return [
        f"{d['container_from']} - {d['container_to']} is {nm:,.0f} nm ({share:.0f} %) shorter than by {name} in the {len(boxes)} months that have "
        f"a way; quicker in {_months([m['month'] for m in quicker])} (at best {best[f'quicker_than_{way}_days']:+.1f} days), "
        f"cheaper in {_months(cheaper)} (in {best['month']} {-best[f'gap_usd_per_teu_{way}']:+.0f} USD/TEU); "
        f"the way is open in {100 * best['reliability']:.0f} % of years in {best['month']}."
    ]


def _months(names: Sequence[str]) -> str:
    return ", ".join(names) if names else "no month"


def _cargo(years: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = []
    for year in years:
        for flow in ("total", "outbound", "inbound", "transit"):
            given = year.get(flow, {})
            if not given:
                continue
            whole = f"{given['all']['value']:.2f}" if "all" in given else "-"
            if "export" in given:
                whole = f"{given['export']['value']:.1f} (export)"
            cells = [str(year["year"]), flow, whole]
            for _, kinds in CARGO:
                found = [given[k] for k in kinds if k in given]
                part = any((f["until"] or "")[5:] not in ("", "12-31") for f in found)
                cells.append(f"{sum(f['value'] for f in found):.2f}{'*' if part else ''}" if found else "-")
            voyages = given.get("voyages")
            way = [
                f"{year[f]['laden voyages']['value']:.0f} {name}"
                for f, name in (("transit-east", "east"), ("transit-west", "west"))
                if flow == "transit" and f in year
            ]
            cells.append(
                (f"{voyages['value']:.0f}" if voyages else "-") + (f" ({', '.join(way)} laden)" if way else "")
            )
            rows.append(cells)
    head = ["year", "flow", "all", *(name for name, _ in CARGO), "voyages"]
    return [table(head, rows), "* until September; a dash is a figure not published in the open, not nought"]


def _lng(months: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = []
    for m in months:
        cells = [m["month"], f"{m['ship_days']:.0f}"]
        for name in ("west_zeebrugge", "west_murmansk_hub", "east_china"):
            cells.append("-" if m[name] is None else f"{m[name]['mt']:.2f} ({m[name]['voyage_days']:.1f} d)")
        rows.append(cells)
    return [table(["month", "ship-days", "west: NW Europe", "west: hub at Murmansk", "east: China"], rows)]


def _icebreakers(months: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = []
    for m in months:
        if not m["feasible"]:
            rows.append([m["month"], "-", "-", "-", "no way", "-"])
            continue
        rows.append(
            [
                m["month"],
                f"{m['days']:.1f}",
                f"{m['escort_days']:.1f}",
                "any" if m["transits_possible"] is None else str(m["transits_possible"]),
                "-" if m["fleet_voyages"] is None else f"{m['fleet_voyages']:.1f}",
                "-"
                if m["icebreaker_days"] is None
                else f"{m['icebreaker_days']:.0f} ({100 * m['share_of_capacity']:.0f} %)",
            ]
        )
    return [
        table(
            [
                "month",
                "days to China",
                "of them led",
                "transits they can lead",
                "voyages of the fleet",
                "icebreaker-days",
            ],
            rows,
        )
    ]


def _boxes(months: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = []
    for m in months:
        cells = [m["month"], f"{100 * m['reliability']:.0f} %"]
        for way in ("nsr", "suez", "cape"):
            cells.append(
                "-"
                if m[way] is None
                else f"{m[way]['distance_nm']:,} nm, {m[way]['days']:.1f} d, {m[way]['usd_per_teu']:.0f}"
            )
        rows.append(cells)
    return [table(["month", "years open", "NSR", "Suez", "Cape"], rows)]


def _break_even(months: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = []
    for m in months:
        for way in ("suez", "cape"):
            if f"quicker_than_{way}_days" not in m:
                continue
            price = m[f"break_even_usd_per_teu_day_{way}"]
            gap, days = m[f"expected_gap_usd_per_teu_{way}"], m[f"expected_quicker_days_{way}"]
            rows.append(
                [
                    m["month"], way, f"{m[f'shorter_than_{way}_nm']:,}", f"{m[f'quicker_than_{way}_days']:+.1f}",
                    f"{m[f'gap_usd_per_teu_{way}']:+.0f}", "never" if price is None else f"{price:.0f}",
                    "-" if gap is None else f"{days:+.1f} d, {gap:+.0f} USD/TEU",
                ]
            )  # fmt: skip
    if not rows:
        return ["no month has a way by the NSR"]
    head = [
        "month",
        "against",
        "nm shorter",
        "days quicker",
        "dearer by USD/TEU",
        "break-even USD/TEU a day",
        "expected",
    ]
    return [table(head, rows)]


def _shortest(pairs: Sequence[Mapping[str, Any]]) -> list[str]:
    rows = []
    for p in pairs:
        for way in ("suez", "cape"):
            w = p[way]
            if p["nsr_nm"] is None or w["nm"] is None:
                continue
            rows.append(
                [
                    f"{p['from']} - {p['to']}", way, f"{p['nsr_nm']:,}", f"{w['nm']:,}",
                    "yes" if w["shorter_months"] else "no", _months(w["quicker_months"]),
                    f"{w['best_days']:+.1f} ({w['best_month']})", _months(w["cheaper_months"]), f"{w['best_usd_per_teu']:+.0f}",
                ]
            )  # fmt: skip
    head = [
        "pair", "against", "NSR nm", "its nm", "shorter", "quicker in", "days saved at best", "cheaper in", "USD/TEU saved at best",
    ]  # fmt: skip
    return [table(head, rows)]


def nsr_svg(document: Mapping[str, Any], width: int = 860, height: int = 330) -> str:
    """USD/TEU by month of the three ways, over bars of the share of years in which the northern one is open."""
    months = document["container_transit"]
    colours = {"nsr": ICE, "suez": WAY, "cape": INK}
    names = {"nsr": "NSR", "suez": "Suez", "cape": "Cape"}
    known = [m[w]["usd_per_teu"] for m in months for w in colours if m[w]]
    top, left, bottom, right = max(known, default=1.0) * 1.15, 56, height - 40, width - 120
    title = f"Container transit {document['container_from']} - {document['container_to']}, {document['year']}: USD/TEU one way"
    text = 'font-size="11" font-family="sans-serif"'
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" aria-label="{escape(title)}">',
        f'<text x="{left}" y="16" font-size="13" font-family="sans-serif" fill="{INK}">{escape(title)}</text>',
    ]
    step = (right - left) / 12

    def y(value: float) -> float:
        return bottom - value / top * (bottom - 30)

    for k in range(5):
        value = top * k / 4
        out.append(
            f'<path d="M{left} {y(value):.0f}H{right}" stroke="#ddd"/><text x="8" y="{y(value) + 4:.0f}" {text}>{value:.0f}</text>'
        )
    for k, m in enumerate(months):
        tall = m["reliability"] * (bottom - 30)
        out.append(
            f'<rect x="{left + k * step + 3:.1f}" y="{bottom - tall:.1f}" width="{step - 6:.1f}" height="{tall:.1f}" fill="#e3eef5"/>'
        )
        out.append(f'<text x="{left + (k + 0.5) * step - 10:.1f}" y="{height - 22}" {text}>{m["month"]}</text>')
    for n, (way, colour) in enumerate(colours.items()):
        pen, line = False, ""
        for k, m in enumerate(months):
            if not m[way]:
                pen = False
                continue
            x, at = left + (k + 0.5) * step, y(m[way]["usd_per_teu"])
            line += f"{'L' if pen else 'M'}{x:.1f} {at:.1f}"
            out.append(f'<circle cx="{x:.1f}" cy="{at:.1f}" r="3" fill="{colour}"/>')
            pen = True
        out.append(f'<path d="{line}" stroke="{colour}" fill="none" stroke-width="2"/>')
        out.append(
            f'<text x="{right + 10}" y="{44 + 18 * n}" font-size="12" font-family="sans-serif" fill="{colour}">{names[way]}</text>'
        )
    out.append(f'<text x="{right + 10}" y="{44 + 18 * 3}" {text}>bars: years open</text>')
    return "\n".join(
        [
            *out,
            f'<text x="{left}" y="{height - 6}" {text}>full height of a bar: open in every year of 2010-2022</text>',
            "</svg>",
        ]
    )
