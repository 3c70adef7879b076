"""What came out of a user's file, and how does it lie on the disk? (facts, source, left-over rows -> overlay folder)

The overlay holds the world's own tables (`sources.csv`, `facts/NAME.csv`), so `--overlay DIR` takes it at once, and
`left_out.csv`, which no reader loads: every row that found no place, with the reason.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from polynya.tables import plain_cell
from polynya.whole import hold

SOURCE_COLUMNS = ("id", "title", "publisher", "url", "published", "accessed", "licence", "reliability", "notice")
FACT_COLUMNS = (
    "subject",
    "attribute",
    "value",
    "unit",
    "valid_from",
    "valid_to",
    "source",
    "locator",
    "original_value",
    "kind",
    "note",
)


@dataclass(frozen=True, slots=True)
class ImportedFact:
    """One fact of the overlay; dates are ISO text, blank where open."""

    subject: str
    attribute: str
    value: float
    unit: str
    valid_from: str
    valid_to: str
    locator: str
    original_value: str
    kind: str = "reported"
    note: str = ""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A row that found no place."""

    locator: str
    name: str
    reason: str


@dataclass(frozen=True)
class Imported:
    """Everything one file gave."""

    publisher: str
    title: str
    url: str
    licence: str
    notice: str
    facts: Sequence[ImportedFact]
    left_out: Sequence[LeftOut] = field(default_factory=tuple)

    @property
    def source(self) -> str:
        """Id of the one source of the overlay."""
        return f"import-{self.publisher}"


def write_overlay(imported: Imported, out: Path, *, file_name: str, published: str, accessed: str) -> list[Path]:
    """Write the overlay into an empty or new folder. Returns the files. Raises UsageError (`out` holds something), StorageError."""
    source = (
        imported.source,
        f"{imported.title} (file {file_name})",
        {
            "gem": "Global Energy Monitor",
            "ei": "Energy Institute",
            "entsog": "ENTSOG",
            "gie": "Gas Infrastructure Europe",
        }[imported.publisher],
        imported.url,
        published,
        accessed,
        imported.licence,
        "database",
        imported.notice,
    )
    facts = [
        (
            f.subject,
            f.attribute,
            f"{f.value:.8g}",
            f.unit,
            f.valid_from,
            f.valid_to,
            imported.source,
            f.locator,
            f.original_value,
            f.kind,
            f.note,
        )
        for f in imported.facts
    ]
    tables: list[tuple[str, tuple[str, ...], Sequence[tuple[str, ...]]]] = [
        ("sources.csv", SOURCE_COLUMNS, [source]),
        (f"facts/{imported.publisher}.csv", FACT_COLUMNS, facts),
    ]
    if imported.left_out:
        # people open this one in a spreadsheet; the facts are read back, and stay as they were given
        rows = [(plain_cell(x.locator), plain_cell(x.name), plain_cell(x.reason)) for x in imported.left_out]
        tables.append(("left_out.csv", ("locator", "name", "reason"), rows))
    with hold(out) as folder:
        (folder / "facts").mkdir()
        for name, header, lines in tables:
            _write(folder / name, header, lines)
    return [out / name for name, _, _ in tables]


def _write(path: Path, header: Iterable[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(tuple(header))
        writer.writerows(rows)
