"""Is this world fit to be computed on? (World -> faults with file:line:column, and the counts of what it rests on)

Nothing runs on a broken world. Each check is one function; `check_world` is the contents page.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from pathlib import Path
from typing import Any

import polars as pl

from polynya.errors import Fault, InputError, did_you_mean
from polynya.tables import MAX_FAULTS, cell_position
from polynya.world.assertions import check_assertions
from polynya.world.fact import KINDS, Fact
from polynya.world.schema import REGISTRY, Resource
from polynya.world.world import World

MONTH_SHARES = tuple(f"demand_share_m{m:02d}" for m in range(1, 13))
SHARE_SUM_TOLERANCE = 0.005  # published shares are rounded to four digits


@dataclass(frozen=True, slots=True)
class WorldReport:
    """What was found: faults stop everything, warnings do not, counts say what the world rests on."""

    faults: tuple[Fault, ...]
    warnings: tuple[Fault, ...]
    facts_by_kind: Mapping[str, int]
    rows_by_table: Mapping[str, int]
    assertions: int

    def as_json(self) -> dict[str, Any]:
        """The report as a JSON object."""
        return {
            "ok": not self.faults,
            "faults": [f.as_json() for f in self.faults],
            "warnings": [f.as_json() for f in self.warnings],
            "facts": dict(self.facts_by_kind),
            "rows": dict(self.rows_by_table),
            "assertions": self.assertions,
        }


def check_world(world: World, assertions: Path | None = None) -> WorldReport:
    """Run every check. Returns the report; raises nothing for bad data."""
    faults: list[Fault] = []
    faults += _keys(world)
    faults += _references(world)
    faults += _lists(world)
    faults += _intervals(world)
    faults += _facts(world)
    faults += _overlaps(world)
    warnings: list[Fault] = []
    asserted = 0
    if not faults:
        faults += _seasonality(world)
        faults += _inbound(world)
        more, asserted = check_assertions(world, assertions)
        faults += more
        warnings += _contradictions(world)
    kinds = Counter(world.table("facts")["kind"].to_list())
    return WorldReport(
        faults=tuple(sorted(faults, key=lambda f: (f.file, f.line, f.column))),
        warnings=tuple(warnings),
        facts_by_kind={k: kinds.get(k, 0) for k in KINDS},
        rows_by_table={n: t.height for n, t in world.tables.items()},
        assertions=asserted,
    )


def require_sound(world: World) -> WorldReport:
    """The report of a sound world. Raises InputError with every fault of a broken one."""
    report = check_world(world)
    if report.faults:
        raise InputError(report.faults)
    return report


def fault_at(world: World, table: str, row: Mapping[str, Any], column: str, message: str, fix: str = "") -> Fault:
    """A fault that points at a cell of a row as loaded (needs `_file` and `_row`)."""
    file = row["_file"]
    try:
        line, at = cell_position(file, row["_row"], column)
    except (InputError, OSError, IndexError, ValueError):
        line, at = 0, 0
    return Fault(message, _short(file), line, at, fix=fix, code=f"world_{table}")


def _short(file: str) -> str:
    parts = Path(file).parts
    return str(Path(*parts[parts.index("data") + 1 :])) if "data" in parts and "polynya" in parts else file


def _rows(world: World, name: str) -> Iterator[dict[str, Any]]:
    return world.table(name).iter_rows(named=True)


def _keys(world: World) -> Iterable[Fault]:
    for resource in world.package.resources:
        if not resource.key:
            continue
        frame = world.table(resource.name)
        repeated = frame.filter(pl.struct(resource.key).is_duplicated())
        seen: set[tuple[Any, ...]] = set()
        for row in repeated.iter_rows(named=True):
            key = tuple(row[k] for k in resource.key)
            if key in seen:
                shown = "/".join(str(k) for k in key)
                yield fault_at(
                    world,
                    resource.name,
                    row,
                    resource.key[0],
                    f'"{shown}" stands twice in {resource.name}',
                    "Remove one.",
                )
            seen.add(key)
    owner: dict[str, str] = {}
    for name in ("nodes", "entities", "assets", "corridors", "supplies", "contracts"):
        for row in _rows(world, name):
            other = owner.setdefault(row["id"], name)
            if other != name:
                yield fault_at(
                    world,
                    name,
                    row,
                    "id",
                    f'the id "{row["id"]}" is already used in {other}',
                    "Ids are unique in the registry.",
                )


def _references(world: World) -> Iterable[Fault]:
    for resource in world.package.resources:
        for column, target in resource.references:
            known = set(world.ids()) if target == REGISTRY else _column_values(world, target)
            frame = world.table(resource.name)
            dangling = frame.filter(pl.col(column).is_not_null() & ~pl.col(column).is_in(list(known)))
            where = "the registry" if target == REGISTRY else target
            otherwise = f"Add it to {'one of its tables' if target == REGISTRY else target}, or correct it."
            for row in dangling.head(MAX_FAULTS).iter_rows(named=True):  # the nearest of thousands of ids takes time
                hint = did_you_mean(row[column], known) or otherwise
                yield fault_at(world, resource.name, row, column, f'"{row[column]}" is not in {where}', hint)
            for row in dangling[MAX_FAULTS : MAX_FAULTS + 1].iter_rows(named=True):
                more = dangling.height - MAX_FAULTS
                yield fault_at(
                    world, resource.name, row, column, f"and {more:,} more that are not in {where}", otherwise
                )


def _lists(world: World) -> Iterable[Fault]:
    """Cells that hold several ids, separated by spaces."""
    wanted = [("access", "traders", "traders")]
    if "measures" in world.tables:
        wanted.append(("gates", "measure", "measures"))
    if "offer_caps" in world.tables:
        wanted.append(("offer_caps", "gates", "gates"))
    for table, column, target in wanted:
        known = _column_values(world, f"{target}.id")
        for row in _rows(world, table):
            for identity in (row[column] or "").split():
                if identity not in known:
                    hint = did_you_mean(identity, known) or f"Add it to {target}, or correct it."
                    yield fault_at(world, table, row, column, f'"{identity}" is not in {target}', hint)


def _column_values(world: World, target: str) -> set[str]:
    table, column = target.split(".")
    return set(world.table(table)[column].drop_nulls().to_list())


def _intervals(world: World) -> Iterable[Fault]:
    for resource in world.package.resources:
        names = {c.name for c in resource.columns}
        for first, last in (("valid_from", "valid_to"), ("date", "date_to")):
            if {first, last} <= names:
                frame = world.table(resource.name)
                for row in frame.filter(pl.col(last) < pl.col(first)).iter_rows(named=True):
                    yield fault_at(
                        world,
                        resource.name,
                        row,
                        last,
                        f"ends on {row[last]}, before it begins on {row[first]}",
                        "Swap the dates.",
                    )


def _facts(world: World) -> Iterable[Fault]:
    kinds = world.kinds
    for row in _rows(world, "facts"):
        meta = world.attributes.get(row["attribute"])
        if meta is None:
            continue  # already reported as a dangling reference
        if row["unit"] != meta["unit"]:
            yield fault_at(
                world,
                "facts",
                row,
                "unit",
                f'{row["attribute"]} is stored in {meta["unit"]}, not in "{row["unit"]}"',
                "Convert the value and keep the published one in original_value.",
            )
        low, high = meta["minimum"], meta["maximum"]
        if (low is not None and row["value"] < low) or (high is not None and row["value"] > high):
            yield fault_at(
                world,
                "facts",
                row,
                "value",
                f"{row['attribute']} of {row['subject']} is {row['value']:g} {row['unit']}; plausible is {_span(low, high)}",
                _magnitude_hint(row["value"], low, high),
            )
        if meta["over_time"] == "year" and not _whole_year(row["valid_from"], row["valid_to"]):
            yield fault_at(
                world,
                "facts",
                row,
                "valid_from",
                f"{row['attribute']} needs a calendar year",
                "For example 2021-01-01, 2021-12-31.",
            )
        if meta["over_time"] in ("day", "step") and row["valid_from"] is None:
            yield fault_at(
                world,
                "facts",
                row,
                "valid_from",
                f"{row['attribute']} needs the day from which it holds",
                "Fill in valid_from.",
            )
        subject_kind = kinds.get(row["subject"])
        allowed = meta["subjects"].split()
        if subject_kind is not None and "any" not in allowed and not _fits(subject_kind, allowed):
            yield fault_at(
                world,
                "facts",
                row,
                "subject",
                f"{row['attribute']} is a fact about {' or '.join(allowed)}; {row['subject']} is a {subject_kind}",
                "Give the thing that it is a fact about.",
            )


def _span(low: float | None, high: float | None) -> str:
    if low is None or high is None:
        return f"at most {high:g}" if high is not None else f"at least {low:g}"
    return f"{low:g} to {high:g}"


def _fits(kind: str, allowed: list[str]) -> bool:
    is_asset = kind not in ("node", "corridor", "trader", "supply", "contract", "model") and not kind.startswith("oil_")
    return kind in allowed or (is_asset and ("asset" in allowed or "entity" in allowed))


def _magnitude_hint(value: float, low: float | None, high: float | None) -> str:
    for factor in (0.001, 1000.0, 0.01, 100.0, 1 / 11.111, 11.111):
        guess = value * factor
        if (low is None or guess >= low) and (high is None or guess <= high):
            return f"Did you mean {guess:.4g}?"
    return "Check the unit."


def _whole_year(first: date | None, last: date | None) -> bool:
    if first is None or (first.month, first.day) != (1, 1):
        return False
    return last is None or (last.year == first.year and (last.month, last.day) == (12, 31))


def _overlaps(world: World) -> Iterable[Fault]:
    """Two different values from one source at one time are a mistake; from two sources they are a contradiction."""
    for (subject, attribute), facts in world.facts.items():
        meta = world.attributes.get(attribute)
        if meta is None or meta["combine"] != "precedence" or len(facts) < 2:
            continue
        by_source: dict[tuple[str, int], list[Fact]] = defaultdict(list)
        for fact in facts:
            by_source[fact.source, fact.layer].append(fact)
        for same in by_source.values():
            same.sort(key=lambda f: f.valid_from or date.min)
            for a, b in pairwise(same):
                if meta["over_time"] in ("step", "constant") and a.overlaps(b) and a.layer < len(world.layers):
                    row = {"_file": b.file, "_row": b.row}
                    yield fault_at(
                        world,
                        "facts",
                        row,
                        "valid_from",
                        f"{attribute} of {subject} overlaps another row of the same source ({a.value:g} from {a.valid_from})",
                        "End the earlier row the day before.",
                    )


def _seasonality(world: World) -> Iterable[Fault]:
    day = date(2021, 1, 1)
    for node in _rows(world, "nodes"):
        shares = [world.resolve(node["id"], a, day) for a in MONTH_SHARES]
        known = [s for s in shares if s is not None]
        if not known:
            if world.facts.get((node["id"], "consumption_bcm")):
                yield fault_at(
                    world,
                    "nodes",
                    node,
                    "id",
                    f"{node['id']} has consumption but no month shares",
                    "Add demand_share_m01 to _m12.",
                )
            continue
        total = sum(s.value for s in known)
        if len(known) != 12 or abs(total - 1.0) > SHARE_SUM_TOLERANCE:
            row = {"_file": known[0].facts[0].file, "_row": known[0].facts[0].row}
            yield fault_at(
                world, "facts", row, "value", f"the {len(known)} month shares of {node['id']} sum to {total:.4f}, not 1"
            )


def _inbound(world: World) -> Iterable[Fault]:
    """Every node with consumption needs gas of its own, a corridor in, or a terminal."""
    fed = {r["to_node"] for r in _rows(world, "corridors")}
    fed |= {r["node"] for r in _rows(world, "supplies")}
    fed |= {r["node"] for r in _rows(world, "assets") if r["kind"] == "lng-import"}
    for node in _rows(world, "nodes"):
        if node["id"] not in fed and world.facts.get((node["id"], "consumption_bcm")):
            yield fault_at(
                world,
                "nodes",
                node,
                "id",
                f"{node['id']} ({node['name']}) has demand but no way in",
                "Add a corridor, a supply or a terminal.",
            )


def _contradictions(world: World) -> Iterable[Fault]:
    for (subject, attribute), facts in world.facts.items():
        meta = world.attributes[attribute]
        if meta["combine"] != "precedence":
            continue
        for i, weaker in enumerate(facts):
            stronger = next((s for s in facts[:i] if s.overlaps(weaker) and s.layer == weaker.layer), None)
            if stronger is not None and stronger.value != weaker.value:
                yield Fault(
                    f"{attribute} of {subject}: {weaker.value:g} ({weaker.source}) was passed over for {stronger.value:g} ({stronger.source})",
                    _short(weaker.file),
                    code="contradiction",
                )
                break


def unused_sources(world: World) -> list[str]:
    """Sources that no row of any table cites."""
    cited: set[str] = set()
    for resource in world.package.resources:
        cited |= _cited(world, resource)
    return sorted(set(world.table("sources")["id"].to_list()) - cited)


def _cited(world: World, resource: Resource) -> set[str]:
    if not any(target == "sources.id" for _, target in resource.references):
        return set()
    return set(world.table(resource.name)["source"].drop_nulls().to_list())
