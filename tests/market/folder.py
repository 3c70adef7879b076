"""Small problem folders written as text, for tests that are read beside their numbers."""

from __future__ import annotations

import io

import polars as pl

from polynya.market.problem import Problem
from polynya.market.schema import BY_NAME


def problem(**tables: str) -> Problem:
    """A problem from CSV texts; `periods` and `traders` may be left out where one of each is enough."""
    tables = {"periods": "period,weight\n1,1\n", **tables}
    frames = {}
    for name, text in tables.items():
        kinds = {c.name: pl.Float64 if c.kind == "number" else pl.String for c in BY_NAME[name].columns}
        lines = "\n".join(line.strip() for line in text.strip().splitlines())
        header = lines.splitlines()[0].split(",")
        frames[name] = pl.read_csv(io.StringIO(lines), schema_overrides={c: kinds.get(c, pl.String) for c in header})
    return Problem.from_tables(frames)


def price(solution, node: str, period: str = "1") -> float:
    """Price of one market."""
    return float(solution.prices.filter((pl.col("node") == node) & (pl.col("period") == period))["price"].item())


def total(frame: pl.DataFrame, **where: str) -> float:
    """Sum of `quantity` over the rows with these ids."""
    for column, value in where.items():
        frame = frame.filter(pl.col(column) == value)
    return float(frame["quantity"].sum())
