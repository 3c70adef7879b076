"""What changed between two worlds? (World + World -> rows added, removed, changed; facts whose resolved value differs)

Rows are compared by the key of their table, facts (which have none) as whole rows. A row that changed may leave every
value as it was, since another fact wins; so values are resolved on both sides and compared on their own, over every
stretch of days between two dates on which either side begins or ends. Not here: what the change means for a market.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from polynya.console import table
from polynya.world.fact import Fact
from polynya.world.world import World

FACTS = "facts"
SHOWN = 12  # rows of each sort that the text shows; --json has all
Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ChangedRow:
    """A row that both worlds have: column -> (before, after) where they differ."""

    key: tuple[Any, ...]
    columns: Mapping[str, tuple[Any, Any]]


@dataclass(frozen=True, slots=True)
class TableDiff:
    """The rows of one table that are not the same in both worlds."""

    name: str
    key: tuple[str, ...]
    added: tuple[Row, ...]
    removed: tuple[Row, ...]
    changed: tuple[ChangedRow, ...]


@dataclass(frozen=True, slots=True)
class ValueDiff:
    """A stretch of days over which the two worlds resolve an attribute differently. None = nothing known, or open."""

    subject: str
    attribute: str
    unit: str
    first: date | None
    last: date | None
    before: float | None
    after: float | None


@dataclass(frozen=True, slots=True)
class WorldDiff:
    """Everything that differs; tables without a difference are left out."""

    before: tuple[str, ...]
    after: tuple[str, ...]
    tables: tuple[TableDiff, ...]
    values: tuple[ValueDiff, ...]

    def as_json(self) -> dict[str, Any]:
        """The difference as a JSON object."""
        return {
            "before": list(self.before),
            "after": list(self.after),
            "same": not self.tables and not self.values,
            "tables": {
                t.name: {
                    "added": [_plain_row(r) for r in t.added],
                    "removed": [_plain_row(r) for r in t.removed],
                    "changed": [
                        {
                            "key": dict(zip(t.key, map(_plain, c.key), strict=True)),
                            "columns": {
                                k: {"before": _plain(a), "after": _plain(b)} for k, (a, b) in c.columns.items()
                            },
                        }
                        for c in t.changed
                    ],
                }
                for t in self.tables
            },
            "values": [
                {
                    "subject": v.subject,
                    "attribute": v.attribute,
                    "unit": v.unit,
                    "from": _plain(v.first),
                    "to": _plain(v.last),
                    "before": v.before,
                    "after": v.after,
                }
                for v in self.values
            ],
        }


def diff_worlds(before: World, after: World) -> WorldDiff:
    """Compare all rows and all resolved values of two worlds."""
    names = [*before.tables, *(n for n in after.tables if n not in before.tables)]
    tables = [_table(name, before, after) for name in names]
    return WorldDiff(
        before=before.layers,
        after=after.layers,
        tables=tuple(t for t in tables if t.added or t.removed or t.changed),
        values=tuple(_values(before, after)),
    )


def diff_text(found: WorldDiff) -> str:
    """The difference as text, long lists cut (and said so)."""
    lines = [f"{' + '.join(found.before)}  ->  {' + '.join(found.after)}"]
    if not found.tables and not found.values:
        return "\n".join([*lines, "  No row and no value differs."])
    counts = [[t.name, str(len(t.added)), str(len(t.removed)), str(len(t.changed))] for t in found.tables]
    lines += ["", table(["table", "added", "removed", "changed"], counts)]
    for t in found.tables:
        lines += ["", f"  {t.name}"]
        lines += _cut([f"    + {_label(t, r)}" for r in t.added])
        lines += _cut([f"    - {_label(t, r)}" for r in t.removed])
        lines += _cut([f"    ~ {_changed_label(c)}" for c in t.changed])
    lines += ["", f"  values that resolve differently: {len(found.values)}"]
    if found.values:
        rows = [
            [v.subject, v.attribute, _day(v.first), _day(v.last), _number(v.before), _number(v.after), v.unit]
            for v in found.values[: 3 * SHOWN]
        ]
        lines.append(table(["subject", "attribute", "from", "to", "before", "after", "unit"], rows, indent=4))
        if len(found.values) > 3 * SHOWN:
            lines.append(f"    ... and {len(found.values) - 3 * SHOWN} more; --json has all.")
    return "\n".join(lines)


# -- rows -------------------------------------------------------------------------------------------------------------


def _table(name: str, before: World, after: World) -> TableDiff:
    package = after.package if name in after.tables else before.package
    key = package.resource(name).key
    old, new = _rows(before, name), _rows(after, name)
    if not key:
        return _keyless(name, old, new)
    by_old, by_new = ({tuple(r[k] for k in key): r for r in rows} for rows in (old, new))
    changed = []
    for k in sorted(by_old.keys() & by_new.keys(), key=_order):
        a, b = by_old[k], by_new[k]
        columns = {c: (a.get(c), b.get(c)) for c in {**a, **b} if a.get(c) != b.get(c)}
        if columns:
            changed.append(ChangedRow(k, columns))
    return TableDiff(
        name,
        key,
        tuple(by_new[k] for k in sorted(by_new.keys() - by_old.keys(), key=_order)),
        tuple(by_old[k] for k in sorted(by_old.keys() - by_new.keys(), key=_order)),
        tuple(changed),
    )


def _keyless(name: str, old: list[Row], new: list[Row]) -> TableDiff:
    """Whole rows, counted: a row that stands twice on one side and once on the other is one row too many."""
    a, b = (Counter(tuple(sorted(r.items())) for r in rows) for rows in (old, new))
    added, removed = ([dict(r) for r in sorted((x - y).elements(), key=_order)] for x, y in ((b, a), (a, b)))
    return TableDiff(name, (), tuple(added), tuple(removed), ())


def _rows(world: World, name: str) -> list[Row]:
    if name not in world.tables:
        return []
    frame = world.tables[name]
    return list(frame.select(c for c in frame.columns if not c.startswith("_")).iter_rows(named=True))


# -- values -----------------------------------------------------------------------------------------------------------


def _values(before: World, after: World) -> Iterable[ValueDiff]:
    for subject, attribute in sorted({*before.facts, *after.facts}):
        old, new = (w.facts.get((subject, attribute), ()) for w in (before, after))
        rules = [w.attributes.get(attribute) for w in (before, after)]
        # The order is that of precedence: equal values and dates in equal order resolve alike on every day.
        if [_essence(f) for f in old] == [_essence(f) for f in new] and _rule(rules[0]) == _rule(rules[1]):
            continue
        meta = rules[1] or rules[0] or {}
        pieces: list[ValueDiff] = []
        for first, last in _stretches((*old, *new), str(meta.get("over_time"))):
            on = first or last or date(2020, 1, 1)
            a, b = (w.resolve(subject, attribute, on) if attribute in w.attributes else None for w in (before, after))
            x, y = (None if r is None else r.value for r in (a, b))
            if x == y:
                continue
            prior = pieces[-1] if pieces else None
            adjacent = prior and prior.last and first and first - prior.last == timedelta(days=1)
            if prior and adjacent and (prior.before, prior.after) == (x, y) and meta.get("over_time") == "step":
                first = prior.first
                pieces.pop()
            pieces.append(ValueDiff(subject, attribute, str(meta.get("unit", "")), first, last, x, y))
        yield from pieces


def _stretches(facts: Iterable[Fact], over_time: str) -> list[tuple[date | None, date | None]]:
    """Stretches of days within which no fact begins or ends (years, or single days, where the attribute is so dated)."""
    starts = {f.valid_from for f in facts if f.valid_from}
    if over_time == "year":
        return [(date(y, 1, 1), date(y, 12, 31)) for y in sorted({d.year for d in starts})]
    if over_time == "day":
        return [(d, d) for d in sorted(starts)]
    cuts = sorted(starts | {f.valid_to + timedelta(days=1) for f in facts if f.valid_to})
    if not cuts:
        return [(None, None)]
    ends = [c - timedelta(days=1) for c in cuts]
    return list(zip([None, *cuts], [*ends, None], strict=True))


def _essence(fact: Fact) -> tuple[Any, ...]:
    return fact.value, fact.valid_from, fact.valid_to


def _rule(meta: Mapping[str, Any] | None) -> tuple[Any, ...]:
    return () if meta is None else (meta["over_time"], meta["combine"], meta["unit"])


# -- words ------------------------------------------------------------------------------------------------------------


def _label(t: TableDiff, row: Row) -> str:
    if t.name == FACTS:
        span = f"{_day(row['valid_from'])}..{_day(row['valid_to'])}"
        return f"{row['subject']} {row['attribute']} {row['value']:g} {row['unit']} {span} ({row['kind']}, {row['source']})"
    name = row.get("name") or row.get("title") or row.get("what") or ""
    return f"{' / '.join(_day(row[k]) for k in t.key)}  {name}".rstrip()


def _changed_label(c: ChangedRow) -> str:
    what = "; ".join(f"{k}: {_short(a)} -> {_short(b)}" for k, (a, b) in c.columns.items())
    return f"{' / '.join(_day(k) for k in c.key)}  {what}"


def _cut(lines: list[str]) -> list[str]:
    if len(lines) <= SHOWN:
        return lines
    return [*lines[:SHOWN], f"      ... and {len(lines) - SHOWN} more; --json has all."]


def _short(value: Any) -> str:
    text = "(blank)" if value is None else _day(value)
    return text if len(text) <= 50 else text[:49] + "…"


def _day(value: Any) -> str:
    return "" if value is None else str(_plain(value))


def _number(value: float | None) -> str:
    return "unknown" if value is None else f"{value:g}"


def _order(key: tuple[Any, ...]) -> str:
    return repr(key)


def _plain_row(row: Row) -> dict[str, Any]:
    return {k: _plain(v) for k, v in row.items()}


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
