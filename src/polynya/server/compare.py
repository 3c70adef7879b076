"""What differs between two runs? (two runs -> tables over the months they share: prices, flows, supply, gains)"""

from __future__ import annotations

from typing import Any

import polars as pl

from polynya.errors import UsageError
from polynya.results.folder import Run
from polynya.server.service import plain

CASES = ("baseline", "scenario")
UNITS = {
    "gas": {"prices": "USD/MMBtu, mean of the months", "flows": "bcm/year"},
    "oil": {"prices": "USD/bbl, mean of the months", "flows": "million barrels/year"},
}
DAYS_OF_A_MONTH = 30.4375


def compare(a: Run, b: Run) -> dict[str, Any]:
    """Both cases of both runs side by side. Flows and supply in bcm a year over the shared months, prices as plain means.

    `b_less_a` is the scenario of the second less the scenario of the first: it means something only as far as the two
    baselines agree, so the largest difference of the baselines stands beside it.
    """
    market = _market(a)
    if market != _market(b):
        raise UsageError(
            f"{a.folder.name} is about {market}, {b.folder.name} about {_market(b)}: they cannot be compared."
        )
    lengths = _lengths(a)
    months = sorted(p for p, n in lengths.items() if _lengths(b).get(p) == n)
    notes = []
    if not months:
        notes.append("the two runs have no period in common: there is nothing to compare")
    elif set(months) != lengths.keys() | _lengths(b).keys():
        notes.append(f"only the {len(months)} periods that both cover are compared, {months[0]} to {months[-1]}")
    if a.manifest["world"]["digest"] != b.manifest["world"]["digest"]:
        notes.append("the two runs rest on different registries: differences mix facts and scenarios")
    if a.manifest["polynya"] != b.manifest["polynya"]:
        notes.append("the two runs were made by different versions")
    tables: dict[str, list[dict[str, Any]]] = {"prices": [], "flows": []}
    if months:
        shared = {p: lengths[p] for p in months}
        tables = {
            "prices": _joined(a, b, "prices", ["node"], "price", "mean", shared),
            "flows": _joined(a, b, "flows", ["arc", "from", "to", "kind"], "quantity", "year", shared),
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
        notes.append(f"the two baselines differ: by up to {apart:.3f} {UNITS[market]['prices'].partition(',')[0]}")
    return {
        "a": _head(a),
        "b": _head(b),
        "months": months,
        "notes": notes,
        "units": UNITS[market],
        **plain(tables),
        "changes": _changes(a, b),
    }


def _market(run: Run) -> str:
    return str(run.manifest.get("market") or "gas")


def _lengths(run: Run) -> dict[str, int]:
    """Period -> how many months it stands for: one, or those of a season."""
    days = dict(pl.read_csv(run.folder / "problem" / "baseline" / "periods.csv").select("period", "days").iter_rows())
    known = set(run.table("prices")["period"].unique().to_list())
    return {str(p): max(1, round(float(d) / DAYS_OF_A_MONTH)) for p, d in days.items() if p in known}


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
    a: Run, b: Run, table: str, keys: list[str], value: str, how: str, shared: dict[str, int]
) -> list[dict[str, Any]]:
    weight = pl.col("period").replace_strict(shared, return_dtype=pl.Float64)

    def side(run: Run, letter: str) -> pl.DataFrame:
        frame = run.table(table).filter(pl.col("period").is_in(list(shared)))
        columns = []
        for case in CASES:
            v = pl.col(f"{value}_{case}").fill_nan(None)
            mean = (v * weight).sum() / weight.filter(v.is_not_null()).sum()
            total = v.sum() * 12.0 / sum(shared.values())
            columns.append((mean if how == "mean" else total).fill_nan(None).alias(f"{letter}_{case}"))
        return frame.group_by(keys, maintain_order=True).agg(columns)

    both = side(a, "a").join(side(b, "b"), on=keys, how="full", coalesce=True)
    if how != "mean":
        both = both.with_columns(pl.col(f"{letter}_{c}").fill_null(0.0) for letter in "ab" for c in CASES)
        both = both.filter(pl.max_horizontal(f"{letter}_{c}" for letter in "ab" for c in CASES) >= 0.01)
    both = both.with_columns((pl.col("b_scenario") - pl.col("a_scenario")).alias("b_less_a"))
    order = [pl.col("b_less_a").abs().round(6), *(pl.col(k) for k in keys)]
    return both.sort(order, descending=[True, *[False] * len(keys)], nulls_last=True).to_dicts()


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
