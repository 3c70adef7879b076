"""What differs between two runs? (two runs -> tables over the months they share: prices, flows, supply, gains)"""

from __future__ import annotations

from typing import Any

import polars as pl

from polynya.errors import UsageError
from polynya.results.folder import Run
from polynya.server.service import plain

CASES = ("baseline", "scenario")


def compare(a: Run, b: Run) -> dict[str, Any]:
    """Both cases of both runs side by side. Flows and supply in bcm a year over the shared months, prices as plain means.

    `b_less_a` is the scenario of the second less the scenario of the first: it means something only as far as the two
    baselines agree, so the largest difference of the baselines stands beside it.
    """
    oil = _about_oil(a)
    if oil != _about_oil(b):
        raise UsageError("one run is about gas and the other about oil: there is nothing to compare.")
    months = sorted(_months(a) & _months(b))
    notes = []
    if not months:
        notes.append("the two runs have no month in common: there is nothing to compare")
    elif months != sorted(_months(a) | _months(b)):
        notes.append(f"only the {len(months)} months that both cover are compared, {months[0]} to {months[-1]}")
    if a.manifest["world"]["digest"] != b.manifest["world"]["digest"]:
        notes.append("the two runs rest on different registries: differences mix facts and scenarios")
    if a.manifest["polynya"] != b.manifest["polynya"]:
        notes.append("the two runs were made by different versions")
    tables: dict[str, list[dict[str, Any]]] = {"prices": [], "flows": []}
    if months:
        tables = {
            "prices": _joined(a, b, "prices", ["node"], "price", "mean", months),
            "flows": _joined(a, b, "flows", ["arc", "from", "to", "kind"], "quantity", "year", months),
        }
    apart = max(
        (
            abs(r["b_baseline"] - r["a_baseline"])
            for r in tables["prices"]
            if None not in (r["a_baseline"], r["b_baseline"])
        ),
        default=0.0,
    )
    if apart > 5e-4:
        notes.append(f"the two baselines differ: by up to {apart:.3f} {'USD/bbl' if oil else 'USD/MMBtu'}")
    return {
        "a": _head(a),
        "b": _head(b),
        "months": months,
        "notes": notes,
        "units": {
            "prices": f"{'USD/bbl' if oil else 'USD/MMBtu'}, mean of the months",
            "flows": f"{'million barrels' if oil else 'bcm'}/year",
        },
        **plain(tables),
        "changes": _changes(a, b),
    }


def _about_oil(run: Run) -> bool:
    return run.manifest.get("market") == "oil"


def _months(run: Run) -> set[str]:
    return set(run.table("prices")["period"].unique().to_list())


def _head(run: Run) -> dict[str, Any]:
    m = run.manifest
    return {
        "name": run.folder.name,
        "title": m["scenario"]["title"],
        "headline": m.get("summary"),
        "from": m["from"],
        "months": m["months"],
    }


def _joined(
    a: Run, b: Run, table: str, keys: list[str], value: str, how: str, months: list[str]
) -> list[dict[str, Any]]:
    def side(run: Run, letter: str) -> pl.DataFrame:
        frame = run.table(table).filter(pl.col("period").is_in(months))
        values = [pl.col(f"{value}_{c}").fill_nan(None) for c in CASES]
        total = [(v.mean() if how == "mean" else v.sum() * 12.0 / len(months)) for v in values]
        return frame.group_by(keys).agg(t.alias(f"{letter}_{c}") for t, c in zip(total, CASES, strict=True))

    both = side(a, "a").join(side(b, "b"), on=keys, how="full", coalesce=True)
    if how != "mean":
        both = both.with_columns(pl.col(f"{letter}_{c}").fill_null(0.0) for letter in "ab" for c in CASES)
        both = both.filter(pl.max_horizontal(f"{letter}_{c}" for letter in "ab" for c in CASES) >= 0.01)
    both = both.with_columns((pl.col("b_scenario") - pl.col("a_scenario")).alias("b_less_a"))
    return both.sort(
        pl.col("b_less_a").abs(), *keys, descending=[True, *[False] * len(keys)], nulls_last=True
    ).to_dicts()


def _changes(a: Run, b: Run) -> list[dict[str, Any]]:
    """Changes of both runs: what became of each, blank where a run does not have it."""
    of = [{r["id"]: r for r in run.table("changes").to_dicts()} for run in (a, b)]
    rows = []
    for identity in dict.fromkeys([*of[0], *of[1]]):
        sides = [x.get(identity) for x in of]
        known = next(s for s in sides if s)
        rows.append(
            {
                "id": identity,
                "text": known["text"],
                **{
                    k: f"{s['status']}{' from ' + s['from'] if s['from'] else ''}" if s else ""
                    for k, s in zip("ab", sides, strict=True)
                },
                "differs": not all(sides) or any(sides[0][k] != sides[1][k] for k in ("status", "from", "effect")),  # type: ignore[index]
            }
        )
    return rows
