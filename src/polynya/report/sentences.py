"""What is the answer in three sentences? (summary -> price, flows, who gains; on which condition; how sure)

Every number is one of the summary's; nothing is computed here but signs, rounding and the choice of the largest. A sentence is a
list of parts, each a text and what the page selects to show where the number in it comes from (None: no number). Each
sentence names its condition or its unit itself, since sentences are quoted alone.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

LEAST_BCM_PER_YEAR = 0.5
PRICES, ROUTES = "price_annual_avg", "eu27_import_by_route"  # of the backcast
Part = tuple[str, str | None]
WITH_ARTICLE = frozenset({"United States", "United Kingdom", "United Arab Emirates", "Netherlands", "Philippines"})
MONTHS = "January February March April May June July August September October November December".split()


def parts(summary: Mapping[str, Any], names: Mapping[str, str]) -> list[list[Part]]:
    """Price, flows, gains: one sentence each."""
    return [_price(summary), _flows(summary, names), _gains(summary, names)]


def sentences(summary: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    """The same as plain text."""
    return ["".join(text for text, _ in sentence) for sentence in parts(summary, names)]


def condition_of(summary: Mapping[str, Any]) -> str:
    """On what the three sentences hang."""
    met, unmet = len(summary["conditions_assumed_met"]), len(summary["conditions_not_met"])
    claims = summary["claims_used"]
    text = (
        f"This rests on {_count(claims, 'claim') if claims else 'assumptions alone, on no claim that anybody reported'}"
    )
    if met:
        text += "" if claims else ","
        own = len(summary.get("conditions_without_claim", ()))
        text += (
            f" and holds only if {_count(met, 'open condition')} {'is' if met == 1 else 'are'} met, which is assumed"
        )
        text += f" ({'nobody has reported it' if met == 1 else f'{own} of them reported by nobody'})" if own else ""
    if unmet:
        text += f"; {_count(unmet, 'condition')} taken as not met"
    return text + "."


def trust_of(summary: Mapping[str, Any]) -> str:
    """How sure the numbers are, in words for somebody who has never seen a model; the summary's own where it says more."""
    trust = summary["trust"]
    fitted = trust.get("calibration")
    if trust["anchored"] or not fitted:
        return str(trust["banner"])
    errors = list(fitted["errors"].values())
    flows = round(100 * max(e["corridors_and_pairs"]["error"] for e in errors))
    prices = round(100 * max(abs(p["error"]) for e in errors for p in e["prices"].values()))
    years = " and ".join(str(y) for y in fitted["base_years"])
    return (
        f"How sure? In the years that the model was fitted to ({years}) it misses published prices by up to {prices} % and published "
        f"flows by {flows} % (weighted). {_unfitted(trust.get('unfitted') or {}, fitted['base_years'])}Nothing ties it to actual prices after {max(fitted['base_years'])}: read the difference between the "
        "two cases, not the levels. That difference is a single number: the command polynya doubts says how far the facts leave "
        "it open, polynya ensemble how likely it is."
    )


def _unfitted(found: Mapping[str, Any], base_years: Sequence[int]) -> str:
    """How far off years were that the model was asked about without their own prices; blank where nobody measured it."""
    errors = found.get("errors", {}).get("year", {})
    off = [errors.get(metric, {}).get("error") for metric in (PRICES, ROUTES)]
    if None in off:
        return ""
    prices, routes = (round(100 * e) for e in off)
    seen = sorted(set(found["years"]) & set(base_years))
    known = f" (its costs were fitted to {_all(seen)} as well)" if seen else ""
    return (
        f"Asked about {_all(found['years'])} with nothing but the prices of {_all(found['posed_from'])}{known}, it missed prices by {prices} % "
        f"and Europe's imports by route by {routes} %. "
    )


def _all(years: Sequence[int]) -> str:
    return " and ".join(str(y) for y in years)


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _last_season(summary: Mapping[str, Any]) -> str:
    """`the winter of 2035/36` where the horizon goes on in half-years, else blank."""
    year, _, season = str(summary.get("span", "")).rpartition(" ")[2].partition("-")
    if season not in ("summer", "winter"):
        return ""
    return f"the {season} of {year}" + (f"/{(int(year) + 1) % 100:02d}" if season == "winter" else "")


def _span(summary: Mapping[str, Any]) -> str:
    last = _last_season(summary)
    return f"to {last}" if last else f"over {_count(summary['months'], 'month')}"


def span_of(summary: Mapping[str, Any]) -> str:
    """Which time it is about: `over 24 months from April 2025`, `from April 2025 to the winter of 2035/36`."""
    year, month = summary["from"].split("-")[:2]
    first = f"from {MONTHS[int(month) - 1]} {year}"
    return f"{first} {_span(summary)}" if _last_season(summary) else f"{_span(summary)} {first}"


def opening(summary: Mapping[str, Any]) -> str:
    """How a sentence begins that hangs on what is assumed met."""
    met = len(summary["conditions_assumed_met"])
    return "If this came true" + (f", with {_count(met, 'open condition')} met," if met else ",")


def _price(summary: Mapping[str, Any]) -> list[Part]:
    price = summary["europe_price"]
    usd, eur, change = price["usd_per_mmbtu"], price["eur_per_mwh"], float(price["change_percent"])
    condition, time = opening(summary), f" on average {span_of(summary)}"
    if abs(change) < 0.05:
        same = f" Europe would pay the same for gas, to a twentieth of a per cent{time}: "
        moved: list[Part] = [(same, None)]
    else:
        moved = [
            (" Europe would pay ", None),
            (f"{abs(change):.1f} % {'less' if change < 0 else 'more'}", "mean:Europe"),
            (f" for gas{time}: ", None),
        ]
    return [
        (condition, None),
        *moved,
        (f"{usd['scenario']:.2f} instead of {usd['baseline']:.2f} USD/MMBtu", "mean:Europe"),
        (" (", None),
        (f"{eur['scenario']:.1f} instead of {eur['baseline']:.1f} EUR/MWh", "mean:Europe"),
        (").", None),
    ]


def _flows(summary: Mapping[str, Any], names: Mapping[str, str]) -> list[Part]:
    # A pipe that crosses a border is what one asks about; the country's own lines only feed it.
    pipes = sorted(summary["corridors"], key=lambda c: (_inside(c), -abs(c["change"])))
    sellers = [s for s in summary["suppliers_of_europe"] if abs(s["change"]) >= LEAST_BCM_PER_YEAR]
    if not pipes and not sellers:
        return [(f"No pipeline and no supplier of Europe would move by {LEAST_BCM_PER_YEAR} bcm a year or more.", None)]
    out: list[Part] = []
    if pipes:
        pipe = pipes[0]
        instead = f"{pipe['baseline']:.1f}" if f"{pipe['baseline']:.1f}" != "0.0" else "none"
        out += [
            (f"{names.get(pipe['corridor'], pipe['corridor'])} would then carry ", None),
            (f"{pipe['scenario']:.1f} bcm a year", f"flow:{pipe['corridor']}"),
            (f" instead of {instead}; ", None),
        ]
    if not sellers:
        return [*out, ("no supplier's sales to Europe would move by half a bcm a year.", None)]
    said = sorted(sellers, key=lambda s: -abs(s["change"]))[:3]
    out.append(("Europe would get ", None))
    for i, s in enumerate(said):
        more = "more" if s["change"] > 0 else "less"
        unit = " bcm a year" if i == 0 else ""
        out += [
            ("" if i == 0 else " and " if i == len(said) - 1 else ", ", None),
            (f"{abs(s['change']):.1f}{unit} {more}", f"supply:{s['supplier']}>Europe"),
            (f" from {_the(names.get(s['supplier'], s['supplier']))}", None),
        ]
    return [*out, (".", None)]


def _inside(pipe: Mapping[str, Any]) -> bool:
    """Whether a pipe stays in one country: nodes are named CC or CC-PART."""
    return str(pipe.get("from", "?")).split("-")[0] == str(pipe.get("to", "")).split("-")[0]


def _gains(summary: Mapping[str, Any], names: Mapping[str, str]) -> list[Part]:
    gains = summary["gains"]
    europe = next((c["musd"] for c in gains["consumers"] if c["region"] == "Europe"), None)
    out: list[Part] = []
    if europe is not None:
        out += [
            (f"Europe's consumers would {'gain' if europe >= 0 else 'lose'} ", None),
            (f"{abs(europe) / 1000:.1f} billion USD", "gain:region>Europe"),
            (f" {_span(summary)} ({gains['note']}); ", None),
        ]
    won = [r for r in gains["largest_gains"][:1] if r["musd"] > 0]
    lost = [r for r in gains["largest_losses"][:1] if r["musd"] < 0]
    moved = [(r, verb) for rows, verb in ((won, "gain"), (lost, "lose")) for r in rows]
    if moved:
        out.append(("of all sellers, operators and states ", None))
    for i, (r, verb) in enumerate(moved):
        unit = " billion USD" if europe is None and i == 0 else ""
        out += [
            (f"{' and ' if i else ''}{_who(r, names)} would {verb} most (", None),
            (_signed(r["musd"]) + unit, f"gain:{r['group']}>{r['id']}"),
            (")", None),
        ]
    out.append((("; " if moved else "") + "all parties in the world together: ", None))
    return [*out, (_signed(gains["total_musd"]), "gain:all>all"), (" billion USD." if out else ".", None)]


def _signed(musd: float) -> str:
    return f"{musd / 1000:+.1f}".replace("-", "\N{MINUS SIGN}")


def _the(name: str) -> str:
    return f"the {name}" if name in WITH_ARTICLE else name


def _who(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    name = str(names.get(row["id"], row["id"]))
    kind = {"operators": "the operator of ", "states": "the state of ", "consumers": "consumers of "}
    return kind.get(str(row["group"]), "") + name
