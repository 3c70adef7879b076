"""How far off is the calibrated model on its base years and on years it was not fitted to? (world + targets -> tables in a page)

Rewrites the tables of `docs/validation/backcast.md` and the chart beside it from the shipped overlay and targets. Nothing is fetched.

    python tools/validate_backcast.py
"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

from polynya.calibration.actuals import read_actuals
from polynya.calibration.backcast import backcast, document
from polynya.calibration.chart import chart
from polynya.calibration.series import Said, answer
from polynya.calibration.year import HindcastOptions, competing_fuel, known_by, solve_year
from polynya.world import World, load_world
from polynya.world.calibrated import CALIBRATED, TARGETS, layers

PAGE = Path(__file__).resolve().parents[1] / "docs" / "validation" / "backcast.md"
# Posed from 2019 alone, so that 2021 is a test of the price level too.
FROM_2019 = (2019,)
CHOICES = (
    ("fuel-moved price level, short-run elasticity (default)", HindcastOptions(base_years=FROM_2019)),
    ("price level of the base year", HindcastOptions(price_level="base", base_years=FROM_2019)),
    ("medium-run elasticity", HindcastOptions(elasticity="medium", base_years=FROM_2019)),
    ("rolling horizon of four months", HindcastOptions(foresight_months=4, base_years=FROM_2019)),
)

# What an option does to 2022, without any figure of that year to compare with.
OPTIONS_OF_2022 = (
    ("default", HindcastOptions()),
    ("`--risk-premium 5`", HindcastOptions(risk_premium_usd_per_mmbtu=5.0)),
    ("`--storage-target 0.95`", HindcastOptions(storage_target=0.95)),
    ("`--stock-build 0.95`", HindcastOptions(stock_build=0.95)),
    ("`--foresight 4`", HindcastOptions(foresight_months=4)),
    ("`--foresight 4 --stock-build 0.95`", HindcastOptions(foresight_months=4, stock_build=0.95)),
    ("`--price-level base`", HindcastOptions(price_level="base")),
    ("`--elasticity medium`", HindcastOptions(elasticity="medium")),
)
SHOWN_OF_2022 = (
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


def tested(shown: dict[str, Any], plain: dict[str, Any]) -> str:
    rows = []
    for year, group in shown["by_year"].items():
        for metric, v in group.items():
            old = plain["by_year"][year].get(metric, {})
            points = v["unit"] == "points"
            say = (lambda e: "-" if e is None else f"{e:.1f} points") if points else percent
            skill = "-" if v["skill"] is None else f"{v['skill']:+.2f}"
            right = "-" if v["direction_right"] is None else f"{percent(v['direction_right'])} of {v['n_moved']}"
            rows.append(
                [
                    f"{year} {metric}",
                    str(v["n"]),
                    say(v["error"]),
                    say(v["naive_error"]),
                    skill,
                    right,
                    say(old.get("error")),
                ]
            )
    prices = [
        [
            f"{s['year']} {s['item']}",
            f"{s['model']:.2f}",
            f"{s['actual']:.2f}",
            "-" if s["naive"] is None else f"{s['naive']:.2f}",
        ]
        for s in shown["series"]
        if s["metric"] == "price_annual_avg"
    ]
    header = ["", "series", "error", "naive", "skill", "direction right", "error before calibration"]
    return table(header, rows) + "\n\n" + table(["annual price [USD/MMBtu]", "model", "actual", "year before"], prices)


def options_of_2022(world: World) -> str:
    rows = []
    for name, options in OPTIONS_OF_2022:
        solved = solve_year(world, 2022, options)
        if not solved.passed:
            raise SystemExit(f"{name}: a certificate failed")
        said = [answer(solved, metric, item) for _, metric, item in SHOWN_OF_2022]
        rows.append([name, *(f"{a.value:.1f}" if isinstance(a, Said) else "-" for a in said)])
    return table(["2022", *(label for label, _, _ in SHOWN_OF_2022)], rows)


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
    results = [(name, backcast(world, (2020, 2021), observed, (), options)) for name, options in CHOICES]
    shown = document(results[0][1])
    plain = document(backcast(raw, (2020, 2021), observed, (), CHOICES[0][1]))
    rows = []
    for name, result in results:
        told = document(result)["summary"]
        keys = ("price_annual_avg", "eu27_import_by_route", "lng_bilateral")
        rows.append([name, *(f"{percent(told[k]['error'])} ({told[k]['skill']:+.2f})" for k in keys)])
    parts = {
        "fit": fitted(),
        "test": tested(shown, plain) + "\n\n![Model over actual](backcast.svg)",
        "levels": levels(world),
        "options": options_of_2022(world),
        "defaults": table(["2020 and 2021 from 2019: error (skill)", "prices", "routes", "LNG pairs"], rows),
    }
    text = PAGE.read_text(encoding="utf-8")
    for mark, body in parts.items():
        start, end = f"<!-- {mark} -->", f"<!-- end {mark} -->"
        text = text[: text.index(start) + len(start)] + "\n" + body + "\n" + text[text.index(end) :]
    PAGE.write_text(text, encoding="utf-8")
    PAGE.with_suffix(".svg").write_text(chart(results[0][1].series), encoding="utf-8")


if __name__ == "__main__":
    main()
