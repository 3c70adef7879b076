"""What of a problem's tables need not be checked or sorted again? (checks that passed + the tables they read -> skipped)

Problems that are posed one after another differ in a few tables, and often in numbers only. `Sound` knows which check
passed on which tables; what a check reads it asks of a `Watched` mapping, so that nothing is guessed. A check that is
given the words of a table alone (`words`: its columns of text) cannot depend on the numbers, and words that are equal
to words met before count as the same. Faults are never remembered: a problem that has any is checked in whole.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import polars as pl

from polynya.errors import Fault
from polynya.market.kept import Watched
from polynya.market.schema import Table

T = TypeVar("T")
VERSIONS = 8
Tables = Mapping[str, pl.DataFrame]


def always(_: object) -> bool:
    """Every answer is remembered."""
    return True


def passed(faults: list[Fault]) -> bool:
    """Only that nothing is wrong is remembered."""
    return not faults


@dataclass
class Sound:
    """Results of questions about tables, each with the tables it rests on. Empty when it travels to another process."""

    _known: dict[str, list[tuple[dict[str, pl.DataFrame | None], object]]] = field(default_factory=dict)
    _words: dict[str, list[pl.DataFrame]] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, dict[str, object]]:
        return {"_known": {}, "_words": {}}

    def once(self, name: str, tables: Tables, ask: Callable[[Tables], T], keep: Callable[[T], bool] = always) -> T:
        """ask(tables), unless it was asked of the very same frames before; remembered where keep(answer) says so."""
        known = self._known.setdefault(name, [])
        for i, (seen, answer) in enumerate(known):
            if all(tables.get(table) is frame for table, frame in seen.items()):
                if i:
                    known.insert(0, known.pop(i))
                return answer  # type: ignore[return-value]
        watched = Watched(tables)
        found = ask(watched)
        if keep(found):
            known.insert(0, (watched.seen, found))
            del known[VERSIONS:]
        return found

    def words(self, table: Table, frame: pl.DataFrame) -> pl.DataFrame:
        """The columns of text; the same frame for equal ones."""
        now = frame.select(c.name for c in table.columns if c.kind == "text")
        known = self._words.setdefault(table.name, [])
        for i, before in enumerate(known):
            if before.height == now.height and before.equals(now):
                if i:
                    known.insert(0, known.pop(i))
                return before
        known.insert(0, now)
        del known[VERSIONS:]
        return now
