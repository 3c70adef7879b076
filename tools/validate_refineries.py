"""What would the facts have told of Schwedt's runs, and what was published? (reference world -> tables in a page)

Computes the years and half-years for which a utilisation of PCK Schwedt is published and rewrites the tables of
`docs/validation/refineries.md` between its markers. Nothing is tuned to the published runs, and nothing is fetched.

    python tools/validate_refineries.py            rewrite the tables
    python tools/validate_refineries.py --check    exit 1 if the page is not what this script says
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from polynya.handover_oil import pose, sea_miles
from polynya.market.solve import solve
from polynya.results.case import Case
from polynya.results.oil import crude_of, runs_of, utilisation_of
from polynya.world import World, load_world
from polynya.world.capacity import add_months

PAGE = Path(__file__).resolve().parents[1] / "docs" / "validation" / "refineries.md"
REFINERY = "pck-schwedt"


@dataclass(frozen=True)
class Span:
    """Months for which something is published."""

    name: str
    first: date
    months: int


SPANS = (
    Span("2021", date(2021, 1, 1), 12),
    Span("2023", date(2023, 1, 1), 12),
    Span("2024, first half", date(2024, 1, 1), 6),
    Span("2025, first half", date(2025, 1, 1), 6),
)


def fact(subject: str, attribute: str, value: float, unit: str, first: date, last: date | None) -> dict[str, Any]:
    """A fact of a variant."""
    return {
        "subject": subject, "attribute": attribute, "value": value, "unit": unit, "valid_from": first, "valid_to": last,
        "source": "polynya-assumption", "locator": "a variant of the validation", "kind": "assumption",
    }  # fmt: skip


def compute(world: World, span: Span, miles: dict[tuple[str, str], float]) -> tuple[float, float, dict[str, float]]:
    """Utilisation [1], crude run [Mt], and Mt by route. Raises CertificateError when the answer is not certified."""
    posed = pose(world, span.first, span.months, miles)
    case = Case(span.name, posed.inputs, posed.problem, solve(posed.problem), posed.bans)
    use = utilisation_of(runs_of(case, world), world).filter(pl.col("refinery") == REFINERY)
    run = float(use["crude_mt"].sum())
    days = sum((add_months(m, 1) - m).days for m in (add_months(span.first, i) for i in range(span.months)))
    capacity = world.resolve(REFINERY, "refinery_capacity_mt_per_year", span.first)
    assert capacity is not None
    year = (date(span.first.year + 1, 1, 1) - date(span.first.year, 1, 1)).days
    routes = crude_of(case).filter(pl.col("refinery") == REFINERY).group_by("route").agg(pl.col("crude_mt").sum())
    return run / (capacity.value * days / year), run, dict(routes.sort("route").iter_rows())


def published(world: World, span: Span) -> float:
    """The published utilisation."""
    found = world.resolve(REFINERY, "observed_utilisation_share", span.first)
    assert found is not None, span
    return found.value


def variants(world: World) -> dict[str, World]:
    """Other readings of the same sources, for 2023."""
    year = date(2023, 1, 1), date(2023, 12, 31)
    line, slots, kazakh = (f"{r}-schwedt" for r in ("rostock", "gdansk", "druzhba"))
    rate = "route_capacity_mt_per_year"
    return {
        "as in the tables": world,
        "Rostock line 6.8 Mt/y all year, as stated in July": world.with_rows("facts", [fact(line, rate, 6.8, "mt_per_year", *year)]),
        "Rostock line 6.0 Mt/y all year, as landed in 2024": world.with_rows("facts", [fact(line, rate, 6.0, "mt_per_year", *year)]),
        "Gdansk 200 kt a month, as planned in January": world.with_rows("facts", [fact(slots, rate, 2.4, "mt_per_year", date(2023, 1, 20), year[1])]),
        "Kazakh 0.72 Mt, as processed, not 0.99 as shipped": world.with_rows(
            "facts", [fact(f"{kazakh}-kazakh", rate, 0.72 * 365 / 310, "mt_per_year", date(2023, 2, 25), year[1])]
        ),
        "no turnaround in April and May": world.with_rows("facts", [fact(REFINERY, "refinery_turnaround_share", 0.95, "1", date(2023, 4, 15), date(2023, 5, 31))]),
        "capacity used in full, no stops": world.with_rows("facts", [fact(REFINERY, "refinery_availability_share", 1.0, "1", date(2019, 1, 1), None)]),
    }  # fmt: skip


def points(value: float) -> str:
    """Percentage points with a sign."""
    return f"{100 * value:+.1f}"


def blocks(world: World) -> dict[str, str]:
    """Marker -> table."""
    miles = {s.first: sea_miles(world, s.first) for s in SPANS}
    found = {s.name: compute(world, s, miles[s.first]) for s in SPANS}
    runs = ["|months|published [%]|computed [%]|error [points]|computed run [Mt]|", "|---|---:|---:|---:|---:|"]
    for s in SPANS:
        use, run, _ = found[s.name]
        runs.append(
            f"|{s.name}|{100 * published(world, s):.1f}|{100 * use:.1f}|{points(use - published(world, s))}|{run:.2f}|"
        )
    names = dict(world.table("oil_routes").select("id", "name").iter_rows())
    mix = ["|route|2021 [Mt]|2021 [%]|2023 [Mt]|2023 [%]|", "|---|---:|---:|---:|---:|"]
    for route in sorted({r for s in ("2021", "2023") for r in found[s][2]}):
        cells = []
        for s in ("2021", "2023"):
            got = found[s][2].get(route, 0.0)
            cells += [f"{got:.2f}", f"{100 * got / found[s][1]:.0f}"]
        mix.append(f"|{names[route]}|{'|'.join(cells)}|")
    readings = ["|reading of the sources|computed 2023 [%]|error [points]|", "|---|---:|---:|"]
    span = SPANS[1]
    for name, other in variants(world).items():
        use, _, _ = compute(other, span, miles[span.first])
        readings.append(f"|{name}|{100 * use:.1f}|{points(use - published(world, span))}|")
    return {"runs": "\n".join(runs), "mix": "\n".join(mix), "readings": "\n".join(readings)}


def rewritten(page: str, tables: dict[str, str]) -> str:
    """The page with its tables between the markers replaced."""
    for name, text in tables.items():
        begin, end = f"<!-- {name} -->", f"<!-- /{name} -->"
        head, rest = page.split(begin)
        page = head + begin + "\n" + text + "\n" + end + rest.split(end)[1]
    return page


def main() -> int:
    """Rewrite or check the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true")
    check = parser.parse_args().check
    old = PAGE.read_text(encoding="utf-8")
    new = rewritten(old, blocks(load_world()))
    if check:
        return 0 if new == old else 1
    PAGE.write_text(new, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
