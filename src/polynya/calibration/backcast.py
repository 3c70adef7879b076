"""How near did the model come to some past years? (World + years + actuals -> every series scored, and what could not be)

Each wanted year is solved as `year` poses it; the year before too, so that changes can be compared. Pure: files are read by the command.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from polynya.calibration.actuals import Actual, value_of
from polynya.calibration.score import POINTS, Scored, summarise
from polynya.calibration.series import Said, answer
from polynya.calibration.year import (
    HindcastOptions,
    SolvedYear,
    base_year_of,
    solve_year,
    with_options,
    years_with_data,
)
from polynya.errors import CertificateError, NotFoundError
from polynya.world import World


@dataclass(frozen=True)
class Backcast:
    """What came out. `skipped` holds one row for each observation that the model has no answer to, with the reason."""

    years: tuple[int, ...]
    series: tuple[Scored, ...]
    skipped: tuple[dict[str, Any], ...]
    solved: tuple[SolvedYear, ...]
    options: HindcastOptions


def backcast(
    world: World,
    years: Sequence[int],
    actuals: Sequence[Actual],
    before: Sequence[Actual] = (),
    options: HindcastOptions | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> Backcast:
    """Solve the years and score them. A year without observations is left out, and said; raises NotFoundError if all are, CertificateError for an answer that fails."""
    options = options or HindcastOptions()
    missing = [y for y in years if not any(a.year == y for a in actuals)]
    if missing and len(missing) < len(set(years)):  # score what can be scored
        say(f"the file of actuals has no row for {', '.join(map(str, missing))}: left out")
        years = [y for y in years if y not in missing]
    elif missing:
        there = ", ".join(str(y) for y in sorted({a.year for a in actuals}))
        raise NotFoundError(
            f"the file of actuals has no row for {', '.join(map(str, missing))}.", fix=f"It has rows for {there}."
        )
    solved: dict[tuple[int, bool], SolvedYear] = {}

    def of(year: int, previous: bool) -> SolvedYear:
        own = with_options(options, reproduce=previous and year in options.base_years)
        key = (year, own.reproduce)
        if key not in solved:
            solved[key] = solve_year(world, year, own, say)
            if not solved[key].passed:
                raise CertificateError(f"the solution of {year} did not pass its certificate.", where=str(year))
        return solved[key]

    wanted = [of(y, previous=False) for y in years]
    solvable = years_with_data(world)
    series: list[Scored] = []
    skipped: list[dict[str, Any]] = []
    for year, one in zip(years, wanted, strict=True):
        scored: dict[tuple[str, str, str], float] = {}
        for a in (a for a in actuals if a.year == year):
            factor = a.factor
            said = answer(one, a.metric, a.item)
            reason = a.misfit if isinstance(said, Said) else said.reason
            if reason is None and a.key in scored:
                reason = f"the file says this series of {year} before: {scored[a.key]:g}, which counts"
            scored.setdefault(a.key, a.value)
            if factor is None or not isinstance(said, Said) or reason is not None:
                skipped.append({"year": a.year, "metric": a.metric, "item": a.item, "unit": a.unit, "reason": reason})
                continue
            metric = a.metric.lower()
            naive = value_of(a, year - 1, (*actuals, *before))
            comparable = naive is not None and year - 1 in solvable
            earlier = answer(of(year - 1, previous=True), a.metric, a.item) if comparable else None
            quantity = not metric.startswith("price") and not a.unit.startswith("%")
            series.append(
                Scored(
                    year, metric, a.item, a.unit, said.value / factor, a.value, naive,
                    earlier.value / factor if isinstance(earlier, Said) else None, said.input, said.note, quantity, factor,
                )
            )  # fmt: skip
    return Backcast(tuple(years), tuple(series), tuple(skipped), tuple(wanted), options)


def document(result: Backcast, unfitted: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The whole answer as one document: `summary` without inputs of the model, `inputs` for them, `series`, `skipped`.

    `unfitted`: for each way of foresight the errors by metric on years that were not fitted, as `foresight_of` names the ways. They stand
    beside each figure as `expected_error`, in the figure's own unit: how far off such figures were on average, not a bound.
    """
    errors: Mapping[str, Any] = (unfitted or {}).get("errors", {}).get(foresight_of(result.options), {})
    summary = summarise(s for s in result.series if not s.input)
    return {
        "years": list(result.years),
        "summary": {m: {**v, "expected_error": errors.get(m, {}).get("error")} for m, v in summary.items()},
        "inputs": summarise(s for s in result.series if s.input),
        "by_year": {str(y): summarise(s for s in result.series if s.year == y and not s.input) for y in result.years},
        "series": [{**s.as_json(), "expected_error": _expected_error(s, errors)} for s in result.series],
        "expected_error_from": (unfitted or {}).get("years") if errors else None,
        "skipped": list(result.skipped),
        "options": {
            **asdict(result.options),
            "base_years": list(result.options.base_years),
            "withheld": [list(w) for w in result.options.withheld],
        },
        "price_level_of": {str(y): base_year_of(y, result.options) for y in result.years},
        "certificate": {"passed": all(s.passed for s in result.solved)},
        "notes": list(dict.fromkeys(n for s in result.solved for n in s.notes)),
    }


def foresight_of(options: HindcastOptions) -> str:
    """What the model sees of the months ahead: `year`, `expected`, or so many months."""
    return "expected" if options.expected else str(options.foresight_months) if options.foresight_months else "year"


def _expected_error(one: Scored, errors: Mapping[str, Any]) -> float | None:
    """Mean error of figures of this metric in years not fitted, in the unit of the file; None for inputs and where none is known."""
    share: float | None = None if one.input else errors.get(one.metric, {}).get("error")
    if share is None:
        return None
    return round(share if one.metric in POINTS else share * abs(one.model), 4)


def text(result: Backcast, unfitted: Mapping[str, Any] | None = None) -> str:
    """The answer for a terminal."""
    from polynya.console import table

    shown = document(result, unfitted)
    off = {(s["year"], s["metric"], s["item"], s["unit"]): s["expected_error"] for s in shown["series"]}
    lines = [
        f"Backcast of {', '.join(map(str, result.years))}: errors as shares of the sum of actuals; naive is the year before."
    ]
    for title, group in (
        ("Found by the model", shown["summary"]),
        ("Inputs of the model, not a test of it", shown["inputs"]),
    ):
        if group:
            lines += [
                "",
                title,
                table(
                    ["metric", "series", "error", "naive", "skill", "direction right"],
                    [_row(m, v) for m, v in group.items()],
                ),
            ]
    rows = sorted((s for s in result.series if not s.input), key=lambda s: (s.metric, s.item, s.year))
    lines += ["", "Series", table(
        ["metric", "item", "year", "model", "+/-", "actual", "before", "unit"],
        [[s.metric, s.item, str(s.year), f"{s.model:.2f}", _plain(off[s.year, s.metric, s.item, s.unit]), f"{s.actual:.2f}", "-" if s.naive is None else f"{s.naive:.2f}", s.unit] for s in rows],
    )]  # fmt: skip
    if shown["expected_error_from"]:
        when = " and ".join(map(str, shown["expected_error_from"]))
        lines.append(
            f"+/-: what the model was off by on average for such figures in {when}, which were not fitted; no bound."
        )
    if result.skipped:
        lines += [
            "",
            "Not answered",
            table(
                ["year", "metric", "item", "why"],
                [[str(s["year"]), s["metric"], s["item"], s["reason"]] for s in result.skipped],
            ),
        ]
    lines += ["", f"Trust: certificates {'passed' if shown['certificate']['passed'] else 'FAILED'}."]
    return "\n".join([*lines, *(f"  {n}" for n in shown["notes"])])


def _plain(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _row(metric: str, values: dict[str, Any]) -> list[str]:
    points = values["unit"] == "points"

    def shown(key: str, share: bool = True) -> str:
        v = values[key]
        if v is None:
            return "-"
        return f"{v:.1f} points" if points and share else f"{100 * v:.0f} %"

    skill = "-" if values["skill"] is None else f"{values['skill']:+.2f}"
    moved = "-" if values["direction_right"] is None else f"{shown('direction_right', False)} of {values['n_moved']}"
    return [metric, str(values["n"]), shown("error"), shown("naive_error"), skill, moved]
