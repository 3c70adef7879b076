"""Which numbers of the world made which cell of a problem, and with what derivative? (World + Problem -> inputs, cells by inputs)

The world is posed once more with numbers that carry their derivatives (`duals`): every cell that is computed from facts,
fitted frictions, conduct, contracts or voyages then says what it was made of, exactly. Each computed cell has to be the one of
the problem; where it is not, the world is another one than the problem was posed from, and the error says so.

Voyages are computed from ships and miles elsewhere; here they enter as one factor each on their cost, boil-off and ship-days.
Not here: derivatives of the answer by cells (`market.sensitivity`), and how far an input may be wrong (`results.uncertainty`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
from scipy import sparse

from polynya.duals import Dual
from polynya.errors import InputError
from polynya.handover import Voyages
from polynya.market.inputs import build_numbers
from polynya.market.problem import Problem
from polynya.market.schema import BY_NAME
from polynya.market.sensitivity import Cell
from polynya.world import World
from polynya.world.anchor import Anchor
from polynya.world.fact import Fact

Vector = npt.NDArray[np.float64]
SAME = 1e-12
# Tables beside the facts whose numbers reach the problem: table -> what names a row, and its numbers with their units.
TABLES: Mapping[str, tuple[tuple[str, ...], Mapping[str, str]]] = {
    "frictions": (
        ("way",),
        {"friction_usd_per_mmbtu": "usd_per_mmbtu", "slope_usd_per_mmbtu_per_bcm_per_year": "usd_per_mmbtu"},
    ),
    "conduct": (("trader", "node"), {"theta": "1"}),
    "contracts": (("id",), {"annual_bcm": "bcm", "minimum_share": "1"}),
    "offer_caps": (("trader", "node"), {"maximum_bcm_per_year": "bcm_per_year"}),
}
VOYAGES = {
    "cost_usd_per_mmbtu": "voyage_cost",
    "boil_off_share": "voyage_boil_off",
    "ship_days_per_bcm": "voyage_ship_days",
}


@dataclass(frozen=True, slots=True)
class Input:
    """One number that a problem was made of: a fact, a row of a table beside the facts, or a factor on all voyages."""

    table: str
    id: str
    subject: str
    attribute: str
    value: float
    unit: str
    valid_from: date | None
    valid_to: date | None
    kind: str
    source: str
    locator: str


Number = Callable[[Input], float]


@dataclass(frozen=True)
class Cells:
    """`by[cell]` is [rows of the table, inputs]: the derivative of each cell by each input."""

    inputs: Sequence[Input]
    by: Mapping[Cell, sparse.csr_array]

    def through(self, gradient: Mapping[Cell, Vector]) -> Vector:
        """d number / d input [inputs], from d number / d cell."""
        total = np.zeros(len(self.inputs))
        for cell, derivative in self.by.items():
            if cell in gradient:
                total += derivative.T @ gradient[cell]
        return total


def cells(world: World, problem: Problem, first: date, months: int, sea: Voyages | None, anchor: Anchor) -> Cells:
    """What every computed cell of the problem was made of. Raises InputError when this world does not pose this problem."""
    inputs: list[Input] = []

    def carried(one: Input) -> float:
        inputs.append(one)
        return Dual(one.value, {len(inputs) - 1: 1.0})

    lifted = with_numbers(world, carried)
    sailed = with_voyages(sea, carried) if sea is not None else None
    rows = build_numbers(
        lifted,
        first,
        months,
        legs=sailed.legs if sailed else None,
        fleets=sailed.fleets if sailed else None,
        hubs=sailed.hubs if sailed else None,
        lags=problem.arcs["lag"].fill_null(0.0).fill_nan(0.0).max() != 0.0,
        anchor=anchor.values,
    )
    by: dict[Cell, sparse.csr_array] = {}
    for table, made in rows.items():
        if made:
            by |= _of_table(table, made, problem.tables()[table], len(inputs))
    return Cells(inputs, by)


def with_numbers(world: World, number: Number) -> World:
    """The world with every number that can reach a gas market replaced by `number` of it."""
    facts = {about: tuple(replace(f, value=number(_of_fact(f))) for f in known) for about, known in world.facts.items()}
    tables = dict(world.tables)
    for name, (key, columns) in TABLES.items():
        if name not in tables:
            continue
        frame = tables[name]
        for column, unit in columns.items():
            found = [
                None if r[column] is None else number(_of_row(name, r, key, column, unit))
                for r in frame.iter_rows(named=True)
            ]
            plain = not any(isinstance(v, Dual) for v in found)
            frame = frame.with_columns(pl.Series(column, found, dtype=pl.Float64 if plain else pl.Object))
        tables[name] = frame
    other = replace(world, tables=tables)
    other.__dict__["facts"] = facts
    return other


def with_voyages(sea: Voyages, number: Number) -> Voyages:
    """Voyages with one factor each on cost, boil-off, ship-days a cargo, ship-days of every fleet and room of every hub."""
    legs = sea.legs
    for column, name in VOYAGES.items():
        legs = _times(legs, column, number(_factor("voyages", name)))
    fleets, hubs = sea.fleets, sea.hubs
    for fleet in fleets["fleet"].unique().sort():
        fleets = _times(fleets, "ship_days", number(_factor(fleet, "fleet_ship_days")), pl.col("fleet") == fleet)
    for hub in hubs["hub"].unique().sort():
        hubs = _times(hubs, "capacity_bcm", number(_factor(hub, "hub_capacity")), pl.col("hub") == hub)
    return replace(sea, legs=legs, fleets=fleets, hubs=hubs)


def _times(frame: pl.DataFrame, column: str, factor: float, where: pl.Expr | None = None) -> pl.DataFrame:
    """A column times a factor, which may carry a derivative."""
    here = frame.select(pl.lit(True) if where is None else where).to_series()
    chosen = here.to_list() if here.len() == frame.height else [True] * frame.height
    values = [factor * v if c and v is not None else v for v, c in zip(frame[column].to_list(), chosen, strict=True)]
    dual = isinstance(factor, Dual) or frame[column].dtype == pl.Object
    return frame.with_columns(pl.Series(column, values, dtype=pl.Object if dual else pl.Float64))


def _of_fact(f: Fact) -> Input:
    return Input(
        "facts", f"{f.key}/{f.layer}/{f.row}", f.subject, f.attribute, f.value, f.unit, f.valid_from, f.valid_to, f.kind,
        f.source, f.locator,
    )  # fmt: skip


def _of_row(table: str, row: Mapping[str, Any], key: Sequence[str], column: str, unit: str) -> Input:
    subject = "/".join(str(row[k]) for k in key)
    start = row.get("valid_from")
    return Input(
        table, f"{table}/{subject}/{column}/{start or 'always'}/{row['_layer']}/{row['_row']}", subject, column, row[column],
        unit, start, row.get("valid_to"), row.get("kind") or "assumption", row["source"], row["locator"],
    )  # fmt: skip


def _factor(subject: str, attribute: str) -> Input:
    return Input(
        "voyages", f"voyages/{subject}/{attribute}", subject, attribute, 1.0, "factor", None, None, "derived",
        "polynya-voyages", "computed from ships, miles, ice, fuel and charter rates; a factor on all of them",
    )  # fmt: skip


def _of_table(
    table: str, made: Sequence[Mapping[str, Any]], frame: pl.DataFrame, count: int
) -> dict[Cell, sparse.csr_array]:
    """Match computed rows to the problem's by their key, and check every computed cell against it."""
    key = BY_NAME[table].key
    place = {k: i for i, k in enumerate(frame.select(key).iter_rows())}
    at = [place.get(tuple(r[k] for k in key), -1) for r in made]
    if -1 in at or len(at) != frame.height:
        lost = next((made[i] for i, p in enumerate(at) if p < 0), None)
        named = "" if lost is None else f" ({' '.join(str(lost[k]) for k in key)} is not in it)"
        raise _another_world(f"its table {table} has other rows{named}")
    out: dict[Cell, sparse.csr_array] = {}
    for column in [c for c in made[0] if c not in key and c in frame.columns]:
        i: list[int] = []
        j: list[int] = []
        v: list[float] = []
        values = frame[column].to_list() if frame[column].dtype == pl.Float64 else []
        for p, row in zip(at, made, strict=True):
            cell = row[column]
            if not isinstance(cell, Dual):
                continue
            if abs(cell - values[p]) > SAME * (1.0 + abs(values[p])):
                what = " ".join(str(row[k]) for k in key)
                raise _another_world(f"{table}.{column} of {what} is {values[p]:.6g} in it and {float(cell):.6g} here")
            i += [p] * len(cell.grad)
            j += cell.grad.keys()
            v += cell.grad.values()
        if v:
            out[table, column] = sparse.csr_array(sparse.coo_array((v, (i, j)), shape=(frame.height, count)))
    return out


def _another_world(why: str) -> InputError:
    return InputError(
        f"the run was made from another world or with other options: {why}",
        where="run",
        fix="Give the --world, --overlay and --anchor it was made with, or run it again.",
    )
