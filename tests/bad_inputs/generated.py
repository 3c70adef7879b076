"""Bad files made by rule: every table of the world with every kind of bad cell, every text reader with every bad form.

Where the fault must be reported is counted here from the text, not asked of the reader.
"""

from __future__ import annotations

from collections.abc import Iterator

from polynya.tables import Column
from polynya.world.load import package_of
from polynya.world.schema import Resource
from tests.bad_inputs.corpus import (
    ACTUALS,
    ANCHOR,
    BODS,
    EDGES,
    EI,
    FTM,
    LEDGER,
    MAY_SERVE,
    PROBLEM,
    SHIP,
    Bad,
)
from tests.ensemble.conftest import COINS

TABLES = {r.path.replace("*", "f"): r for r in package_of().resources}


def _good(column: Column) -> str:
    if column.kind == "number":
        return f"{column.minimum or 0.0:g}"
    if column.kind == "integer":
        return f"{int(column.minimum or 1)}"
    return {"date": "2020-01-01", "boolean": "true"}.get(column.kind) or (column.options or ("x",))[0]


def _text(cells: list[str]) -> str:
    return ",".join(f'"{c}"' if "," in c else c for c in cells)


def _place(cells: list[str], index: int) -> str:
    """Of a cell in the first row below the header."""
    return f":2:{len(_text(cells[:index])) + (2 if index else 1)}"


BAD_CELLS = {  # what a column of that kind must not hold: (name, cell, words of the refusal)
    "number": (("decimal comma", "1,5", "point"), ("not available", "NaN", "finite"), ("endless", "1e999", "finite")),
    "integer": (("half", "1.5", "whole number"),),
    "date": (("31 February", "2020-02-31", "YYYY-MM-DD"), ("the American way", "02/28/2020", "YYYY-MM-DD")),
    "boolean": (("yes", "yes", "true or false"),),
}


def table_cases(path: str, resource: Resource) -> Iterator[Bad]:
    """One bad cell of each kind, and what is wrong with a whole line."""
    columns, reader = resource.columns, f"table:{path}"
    header, good = [c.name for c in columns], [_good(c) for c in columns]

    def case(name: str, index: int, cell: str, words: str) -> Bad:
        cells = [*good[:index], cell, *good[index + 1 :]]
        return Bad(name, reader, f"{_text(header)}\n{_text(cells)}\n", _place(cells, index), words)

    done: set[str] = set()
    for i, column in enumerate(columns):
        kinds = [] if column.options else [(n, c, w) for n, c, w in BAD_CELLS.get(column.kind, ()) if n not in done]
        for name, cell, words in kinds[:1]:  # the kinds take turns over the columns
            done.add(name)
            yield case(f"{name} in {column.name}", i, cell, words)
        if column.options and "option" not in done:
            done.add("option")
            yield case(f"an unknown word in {column.name}", i, "zzz", "zzz")
        if not column.nullable and "blank" not in done:
            done.add("blank")
            yield case(f"{column.name} is blank", i, "", "blank")
    last = f":1:{len(_text(header)) + 2}"
    yield Bad("a column too many", reader, f"{_text(header)},surplus\n{_text(good)},1\n", last, "surplus")


def form_cases(reader: str, good: str) -> Iterator[Bad]:
    """A good file spoilt as a whole: coding, signs that are not seen."""
    first, line = good.split("\n", 1)[0], good.count("\n") + 1
    yield Bad("UTF-16 with its mark", reader, good.encode("utf-16"), ":1:1", "not UTF-8")
    yield Bad("Latin-1 at the end", reader, good.encode() + b"\xe9\n", f":{line}:1", "not UTF-8")
    yield Bad("NUL in the first line", reader, f"{first}\x00{good[len(first) :]}", f":1:{len(first) + 1}", "NUL")
    yield Bad("a sign that turns text around", reader, f"\u2067{good}", ":1:1", "U+2067")


def separator_cases(reader: str, good: str) -> Iterator[Bad]:
    """A good table saved by a spreadsheet of another country."""
    yield Bad("semicolons", reader, good.replace(",", ";"), ":1:1", "semicolons")
    yield Bad("tabs", reader, good.replace(",", "\t"), ":1:1", "tabs")


TEXTS = {
    "scenario": COINS,
    "claims": LEDGER,
    "anchor": ANCHOR,
    "edges": EDGES,
    "ship": SHIP,
    "bods": BODS,
    "ftm": FTM,
    "actuals": ACTUALS,
    "base-actuals": ACTUALS,
    "problem": PROBLEM,
    "may-serve": MAY_SERVE,
    "ei": EI,
    "keep": COINS,
    "map": "name,id\nAland,AA\n",
    "article": "Gas flows.\n",
    "table:ownership.csv": _text([c.name for c in TABLES["ownership.csv"].columns]) + "\n",
}
COMMAS = ("anchor", "edges", "actuals", "base-actuals", "problem", "may-serve", "map", "table:ownership.csv")

GENERATED = [
    *(bad for path, resource in TABLES.items() for bad in table_cases(path, resource)),
    *(bad for reader, good in TEXTS.items() for bad in form_cases(reader, good)),
    *(bad for reader in COMMAS for bad in separator_cases(reader, TEXTS[reader])),
]
