"""How far may a number of the world be wrong? (input -> one standard deviation, in its own unit)

By kind and group of attributes, in `data/uncertainty.csv`: every row is an own assumption with its reason. A calibrated number has
what calibration says of its parameter instead; one that the base years did not identify counts as an assumption. The user's own
table (`--uncertainty`, same columns) wins, group by group. Not here: what the number moves (`doubts`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING

from polynya.errors import InputError
from polynya.tables import Column, read_table
from polynya.world.fact import KINDS
from polynya.world.load import REFERENCE

if TYPE_CHECKING:
    from polynya.lift import Input

TABLE = REFERENCE / "uncertainty.csv"
FITTED = "fitted"
ELSE = "anything else"
COLUMNS = (
    Column("group", nullable=False),
    Column("attributes", nullable=False, description="names or patterns, separated by spaces"),
    Column("form", nullable=False, options=("relative", "absolute"), description="share of the value, or its own unit"),
    *(Column(kind, "number", nullable=False, minimum=0.0) for kind in KINDS),
    Column("reason", nullable=False),
    Column("source", nullable=False),
)
_PARAMETER = re.compile(r"parameter (.+?), fitted on [\d, ]+: [-+\d.]+ \(sd ([\d.]+)\).*?; (identified|not identified)")
SLOPE = "slope_"
_FACTORS = ("conduct", "room")  # parameters that multiply; the others are added


@dataclass(frozen=True, slots=True)
class Spread:
    """One standard deviation [unit of the number], the kind it is counted under, the parameter behind it, if fitted, and whether
    only the table's last row, for anything else, has something to say."""

    sd: float
    kind: str
    parameter: str = ""
    unthought: bool = False


@dataclass(frozen=True)
class Uncertainty:
    """Rows of the table: the first whose pattern fits an attribute counts."""

    rows: Sequence[tuple[str, tuple[str, ...], str, dict[str, float]]]

    def of(self, number: Input) -> Spread:
        """The spread of an input. Raises InputError for an attribute that no row names."""
        fitted = _PARAMETER.match(number.locator)
        if fitted is not None and not number.attribute.startswith(SLOPE):
            name, sd, word = fitted.groups()
            scale = abs(number.value) if name.split()[0] in _FACTORS else 1.0
            return Spread(float(sd) * scale, FITTED if word == "identified" else "assumption", name)
        for group, patterns, form, by_kind in self.rows:
            if any(fnmatchcase(number.attribute, p) for p in patterns):
                # set by a rule of ours, however its row of the calibrated overlay is marked
                kind = "assumption" if number.attribute.startswith(SLOPE) else number.kind
                size = by_kind[kind]
                width = size * abs(number.value) if form == "relative" else size
                return Spread(width, kind, unthought=group == ELSE)
        raise InputError(
            f'no row says how far "{number.attribute}" may be wrong.',
            where=str(TABLE),
            fix="Add one to your --uncertainty.",
        )


def read_uncertainty(own: Path | None = None) -> Uncertainty:
    """The table, with the user's rows before it. Raises InputError with every fault, NotFoundError."""
    rows: list[tuple[str, tuple[str, ...], str, dict[str, float]]] = []
    for path in [*([own] if own is not None else []), TABLE]:
        for r in read_table(path, COLUMNS).iter_rows(named=True):
            rows.append((r["group"], tuple(r["attributes"].split()), r["form"], {k: r[k] for k in KINDS}))
    return Uncertainty(rows)
