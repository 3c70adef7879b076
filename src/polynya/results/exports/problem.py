"""Both market problems as they were solved. (run -> CASE/*.csv that `polynya market solve` reads)

Text is guarded against formulas in the same way in every table, so that names still agree; numbers keep their digits.
"""

from __future__ import annotations

from collections.abc import Iterator

import polars as pl

from polynya.results.case import BASELINE, SCENARIO
from polynya.results.folder import Run
from polynya.tables import plain_cell


def files(run: Run) -> Iterator[tuple[str, str]]:
    """The problem folder of each case."""
    for case in (BASELINE, SCENARIO):
        for path in sorted((run.folder / "problem" / case).glob("*.csv")):
            frame = pl.read_csv(path, infer_schema=False)
            guarded = frame.with_columns(pl.all().map_elements(_guarded, return_dtype=pl.String))
            yield f"{case}/{path.name}", guarded.write_csv(line_terminator="\n", null_value="")


def _guarded(cell: str) -> str:
    try:
        float(cell)
    except ValueError:
        return plain_cell(cell)
    return cell
