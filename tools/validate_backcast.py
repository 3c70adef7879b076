"""How far off is the calibrated model on its base years and on years it was not fitted to? (world + targets -> tables in a page)

Rewrites the tables of `docs/validation/backcast.md`, the chart beside it, and the errors that `polynya backcast` prints beside its figures, from
the shipped overlay and targets. Nothing is fetched.

    python tools/validate_backcast.py
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from polynya.calibration.actuals import read_actuals
from polynya.calibration.backcast import backcast, document, foresight_of
from polynya.calibration.chart import chart
from polynya.calibration.series import Said, answer
from polynya.calibration.year import HindcastOptions, competing_fuel, known_by, solve_year
from polynya.world import World, load_world
from polynya.world.calibrated import CALIBRATED, TARGETS, UNFITTED, layers

PAGE = Path(__file__).resolve().parents[1] / "docs" / "validation" / "backcast.md"
# Posed from 2019 alone, so that 2021 is a test of the price level too.
FROM_2019 = (2019,)
TESTED = (2020, 2021)
KEPT = ("n", "error", "naive_error", "skill", "unit", "n_moved", "direction_right")  # of what is shipped
EXPECTED = "`--foresight expected`"
CHOICES = (
    ("fuel-moved price level, short-run elasticity (default)", HindcastOptions(base_years=FROM_2019)),
    ("price level of the base year", HindcastOptions(price_level="base", base_years=FROM_2019)),
    ("medium-run elasticity", HindcastOptions(elasticity="medium", base_years=FROM_2019)),
    ("rolling horizon of four months", HindcastOptions(foresight_months=4, base_years=FROM_2019)),
    (EXPECTED, HindcastOptions(expected=True, base_years=FROM_2019)),
)

# What an option does to 2022 and 2023, without any figure of these years to compare with.
OPTIONS_OF_2022 = (
    ("default", HindcastOptions()),
    ("`--risk-premium 5`", HindcastOptions(risk_premium_usd_per_mmbtu=5.0)),
    ("`--storage-target 0.95`", HindcastOptions(storage_target=0.95)),
    ("`--stock-build 0.95`", HindcastOptions(stock_build=0.95)),
    (EXPECTED, HindcastOptions(expected=True)),
    ("`--foresight 4`", HindcastOptions(foresight_months=4)),
    ("`--foresight 4 --stock-build 0.95`", HindcastOptions(foresight_months=4, stock_build=0.95)),
    ("`--price-level base`", HindcastOptions(price_level="base")),
    ("`--elasticity medium`", HindcastOptions(elasticity="medium")),
)
OPTIONS_OF_2023 = (("default", HindcastOptions()), (EXPECTED, HindcastOptions(expected=True)))
SHOWN = (
    ("TTF", "price_annual_avg", "Europe (TTF)"),
    ("JKM", "price_annual_avg", "JKM spot (annual average)"),
    ("Henry Hub", "price_annual_avg", "US (Henry Hub)"),
    ("LNG landed in the Union [bcm]", "eu27_lng_import_total", "all"),
    ("use of the Union [bcm]", "consumption", "European Union"),
    ("stores on 1 July [%]", "eu_storage_fill", "1 Jul"),
    ("stores on 1 November [%]", "eu_storage_fill", "1 Nov"),
)


def percent(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.0f} %"


def table(header: list[str], rows: list[list[str]]) -> str:
    return "\n".join(["|" + "|".join(r) + "|" for r in [header, ["---", *["---:"] * (len(header) - 1)], *rows]])


def fitted() -> str:
    found = json.loads((CALIBRATED / "summary.json").read_text(encoding="utf-8"))
    years = sorted(found["errors"])
    metrics = sorted({m for y in years for m in found["errors"][y]["by_metric"]})
    rows = [
        [
            "**corridors and pairs above 2 bcm**",
            *(percent(found["errors"][y]["corridors_and_pairs"]["error"]) for y in years),
        ]
    ]
    for m in metrics:
        rows.append([m, *(percent(found["errors"][y]["by_metric"].get(m, {}).get("error")) for y in years)])
    hubs = sorted({h for y in years for h in found["errors"][y]["prices"]})
    for h in hubs:
        rows.append(
            [
                h,
                *(
                    f"{p['model']:.2f} for {p['actual']:.2f} ({100 * p['error']:+.0f} %)"
                    for y in years
                    if (p := found["errors"][y]["prices"][h])
                ),
            ]
        )
    head = f"Base years, in sample: {found['targets']} targets, {found['parameters']} parameters with priors, {found['identified']} of them identified.\n\n"
    return head + table(["", *years], rows)


def tested(shown: dict[str, Any], expecting: dict[str, Any], plain: dict[str, Any]) -> str:
    rows = []
    for year, group in shown["by_year"].items():
        for metric, v in group.items():
            old, other = (d["by_year"][year].get(metric, {}) for d in (plain, expecting))
            say = (lambda e: "-" if e is None else f"{e:.1f} points") if v["unit"] == "points" else percent
            cells = [say(v["naive_error"]), *whole(v, say), *whole(other, say), say(old.get("error"))]
            rows.append([f"{year} {metric}", str(v["n"]), *cells])
    other_price = {(s["year"], s["item"]): s["model"] for s in expecting["series"] if s["metric"] == "price_annual_avg"}
    prices = [
        [
            f"{s['year']} {s['item']}",
            f"{s['model']:.2f}",
            f"{other_price[s['year'], s['item']]:.2f}",
            f"{s['actual']:.2f}",
            "-" if s["naive"] is None else f"{s['naive']:.2f}",
        ]
        for s in shown["series"]
        if s["metric"] == "price_annual_avg"
    ]
    ways = ["error", "skill", "direction right"]
    header = ["", "series", "naive", *ways, *(f"{w}, {EXPECTED}" for w in ways), "error before calibration"]
    columns = ["annual price [USD/MMBtu]", "model", EXPECTED, "actual", "year before"]
    return table(header, rows) + "\n\n" + table(columns, prices)


def whole(v: dict[str, Any], say: Callable[[float | None], str]) -> list[str]:
    """Error, skill and direction of one metric."""
    right = "-" if v["direction_right"] is None else f"{percent(v['direction_right'])} of {v['n_moved']}"
    return [say(v["error"]), "-" if v["skill"] is None else f"{v['skill']:+.2f}", right]


def compared(told: dict[str, Any]) -> list[str]:
    """One way of posing the years in a row: errors and skill, directions right over all metrics that have them, stores."""
    keys = ("price_annual_avg", "eu27_import_by_route", "pipeline_bilateral", "lng_bilateral", "lng_import")
    moved = [v for v in told.values() if v["direction_right"] is not None]
    right, of = sum(round(v["direction_right"] * v["n_moved"]) for v in moved), sum(v["n_moved"] for v in moved)
    cells = [f"{percent(told[k]['error'])} ({told[k]['skill']:+.2f})" for k in keys]
    return [*cells, f"{right} of {of}", f"{told['eu_storage_fill']['error']:.1f}"]


def options_of(world: World, year: int, choices: tuple[tuple[str, HindcastOptions], ...]) -> str:
    rows = []
    for name, options in choices:
        solved = solve_year(world, year, options)
        if not solved.passed:
            raise SystemExit(f"{name}: a certificate failed")
        said = [answer(solved, metric, item) for _, metric, item in SHOWN]
        rows.append([name, *(f"{a.value:.1f}" if isinstance(a, Said) else "-" for a in said)])
    return table([str(year), *(label for label, _, _ in SHOWN)], rows)


def levels(world: World) -> str:
    """Price level at which the demand curve of a year is set, beside what it comes from."""
    rows = []
    for year in (2021, 2022, 2023):
        seen = known_by(world, year, HindcastOptions(reproduce=year == 2021), [])
        dutch, japanese = (seen.resolve(n, "reference_price_usd_per_mmbtu", date(year, 1, 1)) for n in ("NL", "JP"))
        fuel = competing_fuel(world, year)
        cells = (fuel, dutch.value if dutch else None, japanese.value if japanese else None)
        rows.append([str(year), *("-" if c is None else f"{c:.2f}" for c in cells)])
    return table(["[USD/MMBtu]", "gas that costs as much as coal", "level in Europe", "level in north-east Asia"], rows)


def main() -> None:
    observed = read_actuals(TARGETS)
    world, raw = load_world(None, layers(None, ())), load_world()
    results = {name: backcast(world, TESTED, observed, (), options) for name, options in CHOICES}
    default, expecting = results[CHOICES[0][0]], results[EXPECTED]
    shown = document(default)
    plain = document(backcast(raw, TESTED, observed, (), CHOICES[0][1]))
    head = ["2020 and 2021 from 2019: error (skill)", "prices", "routes", "pipelines", "LNG pairs", "LNG importers"]
    rows = [[name, *compared(document(result)["summary"])] for name, result in results.items()]
    parts = {
        "fit": fitted(),
        "test": tested(shown, document(expecting), plain) + "\n\n![Model over actual](backcast.svg)",
        "levels": levels(world),
        "options": options_of(world, 2022, OPTIONS_OF_2022) + "\n\n" + options_of(world, 2023, OPTIONS_OF_2023),
        "defaults": table([*head, "directions right", "stores [points]"], rows),
    }
    text = PAGE.read_text(encoding="utf-8")
    for mark, body in parts.items():
        start, end = f"<!-- {mark} -->", f"<!-- end {mark} -->"
        text = text[: text.index(start) + len(start)] + "\n" + body + "\n" + text[text.index(end) :]
    PAGE.write_text(text, encoding="utf-8")
    PAGE.with_suffix(".svg").write_text(chart(default.series), encoding="utf-8")
    errors = {  # of options that stand for themselves: price level and elasticity as they are by default
        foresight_of(r.options): {
            m: {k: v for k, v in e.items() if k in KEPT} for m, e in document(r)["summary"].items()
        }
        for r in results.values()
        if r.options.price_level == "fuel" and r.options.elasticity == "short"
    }
    UNFITTED.parent.mkdir(exist_ok=True)
    UNFITTED.write_text(
        json.dumps({"years": TESTED, "posed_from": FROM_2019, "errors": errors}, indent=1) + "\n", encoding="utf-8"
    )


if __name__ == "__main__":
    main()
