"""Does a trace name what truly touches a number? (tables made by hand instead of a run)"""

from __future__ import annotations

import polars as pl
import pytest

from polynya.results.explain import _changes, _number
from polynya.results.summary import undone_lines


class Made:
    """The tables that a trace of changes reads."""

    def __init__(self) -> None:
        self.made = {
            "gates": pl.DataFrame(
                {"subject": ["line"], "gate": ["line-law"], "measure": ["ban-1 ban-2"], "period": ["2026-01"]}
            ),
            "bans": pl.DataFrame(
                {"trader": ["seller"], "node": [None], "arc": ["other"], "measure": ["ban-3"]},
                schema_overrides={"node": pl.String},
            ),
            "changes": pl.DataFrame(
                {
                    "id": ["lift-gate-law", "lift-ban", "sell-stake", "elsewhere"],
                    "type": ["lift_measure", "lift_measure", "transfer_stake", "lose_capacity"],
                    "status": ["applied"] * 4,
                    "touches": ["ban-2", "ban-3", "company buyer", "plant"],
                }
            ),
        }

    def table(self, name: str) -> pl.DataFrame:
        return self.made[name]

    def tables(self) -> list[str]:
        return list(self.made)


@pytest.mark.parametrize(
    ("item", "kind", "named"),
    [
        ("line", "flows", ["lift-gate-law"]),  # it opens a gate of the line, by the act behind it
        ("other", "flows", ["lift-ban"]),  # it lifts what bars the route
        ("NODE", "prices", ["lift-gate-law", "lift-ban", "elsewhere"]),  # a price is moved by everything but a stake
        ("holder", "owners", ["lift-gate-law", "lift-ban", "sell-stake", "elsewhere"]),
    ],
)
def test_a_trace_names_what_touches_a_number_and_nothing_else(item: str, kind: str, named: list[str]) -> None:
    assert [c["id"] for c in _changes(Made(), [item], kind)] == named  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "shown"), [(28841.6, "28,842"), (2.0861, "2.086"), (0.0, "0"), (-1234.4, "-1,234")])
def test_large_numbers_are_written_out(value: float, shown: str) -> None:
    assert _number(value) == shown


def test_a_note_names_what_does_not_happen_and_why() -> None:
    changes = [
        {"id": "pipe", "status": "condition_not_met"},
        {"id": "law", "status": "left_out"},
        {"id": "rest", "status": "applied"},
    ]
    [line] = undone_lines({"changes": changes, "conditions_not_met": ["peace"]})
    assert line == "  Does not happen in this run (not met: peace): pipe, law."
    assert undone_lines({"changes": changes[2:], "conditions_not_met": []}) == []
