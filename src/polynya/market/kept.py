"""Which rows of one world hold in another? (a thing's rows + everything they were read from -> the same rows again)

Worlds of one question differ in a few facts. What a builder makes of one thing (a line, a plant, a market) is a `Part`:
its rows and everything that was asked of the world while they were made, with the answers. Where another world gives
the same answers the same rows follow, so that only what a change touches is made anew. Nothing is guessed: what a
builder asks goes through `Watched` mappings, which note it. Not here: how rows are made (`inputs`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

import polars as pl

from polynya.world import World
from polynya.world.capacity import CapacityReader
from polynya.world.fact import Fact

K = TypeVar("K")
V = TypeVar("V")
VERSIONS = 8  # of one thing; an outage has two, a drawn number as many as there are draws
BRANCHES = 4  # of the tables that every part rests on

Row = dict[str, Any]


class Watched(Mapping[K, V], Generic[K, V]):
    """A mapping that notes what is asked of it and what it says; None stands for nothing."""

    def __init__(self, of: Mapping[K, V]) -> None:
        self.of = of
        self.seen: dict[K, V | None] = {}

    def get(self, key: K, default: Any = None) -> Any:
        """As of any mapping."""
        found = self.seen[key] = self.of.get(key)
        return default if found is None else found

    def __getitem__(self, key: K) -> V:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found  # type: ignore[no-any-return]

    def __contains__(self, key: object) -> bool:
        return self.get(key) is not None  # type: ignore[arg-type]

    def __iter__(self) -> Iterator[K]:
        self.seen.update(self.of)
        return iter(self.of)

    def __len__(self) -> int:
        self.seen.update(self.of)
        return len(self.of)


@dataclass
class Part:
    """What one thing adds to the tables, and what that rests on."""

    rows: dict[str, list[Row]] = field(default_factory=dict)
    trace: set[tuple[str, str, str, str]] = field(default_factory=set)  # table, id, attribute, key of a fact
    facts: dict[int, Fact] = field(
        default_factory=dict
    )  # by their place in memory, in the order in which they were read
    gates: list[Row] = field(default_factory=list)
    fees: list[Row] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    fallen_back: set[tuple[int, int, str]] = field(default_factory=set)  # year wanted, year of the pair, node
    carried_on: set[tuple[int, int, str]] = field(default_factory=set)  # year of the last pair, later year, node
    moved: set[str] = field(default_factory=set)  # nodes whose curve an outlook moves
    read: tuple[dict[Any, Any], ...] = ()  # of each watched mapping: question -> answer
    on: object = None  # what it rests on beside the world

    @cached_property
    def arcs(self) -> frozenset[tuple[str, str, str, str, str | None]]:
        """Arc, start, end, kind and fleet of its arcs, months taken together."""
        return frozenset((r["arc"], r["from"], r["to"], r["kind"], r["fleet"]) for r in self.rows.get("arcs", ()))

    @cached_property
    def made(self) -> frozenset[tuple[str, str]]:
        """Seller and node of what it produces."""
        return frozenset((r["trader"], r["node"]) for r in self.rows.get("production", ()))

    @cached_property
    def selling(self) -> frozenset[str]:
        """Nodes where there is demand."""
        return frozenset(r["node"] for r in self.rows.get("demand", ()))

    @cached_property
    def sources(self) -> frozenset[str]:
        """The sources of its facts."""
        return frozenset(f.source for f in self.facts.values())


@dataclass
class Watch:
    """A world that notes what is asked of it: facts, tables, gates."""

    facts: Watched[tuple[str, str], tuple[Fact, ...]]
    tables: Watched[str, pl.DataFrame]
    gates: Watched[str, list[Row]]
    world: World
    reader: CapacityReader

    @staticmethod
    def of(world: World, reader: CapacityReader) -> Watch:
        """Watch a world. `reader`: one of the same assets, corridors, gates and measures."""
        facts, tables, gates = Watched(world.facts), Watched(world.tables), Watched(reader.by_subject)
        watched = replace(world, tables=tables)
        watched.__dict__.update(facts=facts, attributes=world.attributes, _resolved=world._resolved)
        return Watch(facts, tables, gates, watched, CapacityReader(watched, reader.parent, gates))

    def _all(self) -> tuple[Watched[Any, Any], ...]:
        return (self.facts, self.tables, self.gates)

    def begin(self) -> None:
        """Forget what was asked before."""
        for watched in self._all():
            watched.seen = {}

    def end(self) -> tuple[dict[Any, Any], ...]:
        """What was asked since the beginning, and the answers."""
        return tuple(w.seen for w in self._all())

    def holds(self, part: Part) -> bool:
        """Whether this world gives the answers that a part was made from."""
        for watched, read in zip(self._all(), part.read, strict=True):
            if read:
                now = watched.of.get
                for asked, said in read.items():
                    if now(asked) is not said and not _equal(now(asked), said):
                        return False
        return True


def _equal(a: Any, b: Any) -> bool:
    if a is None or b is None:
        return False
    return bool(a.equals(b)) if isinstance(a, pl.DataFrame) else bool(a == b)


@dataclass
class Kept:
    """Parts and frames of the worlds posed so far for one question. Empty when it travels to another process."""

    _branches: list[tuple[tuple[Any, ...], Branch]] = field(default_factory=list)

    def branch(self, *same: Any) -> Branch:
        """Where everything given is the same (frames: equal), parts can be shared."""
        for known, branch in self._branches:
            if all(a is b or (type(a) is type(b) and _equal(a, b)) for a, b in zip(known, same, strict=True)):
                return branch
        branch = Branch()
        self._branches = [(same, branch), *self._branches[: BRANCHES - 1]]
        return branch

    def __getstate__(self) -> dict[str, Any]:
        return {"_branches": []}


@dataclass
class Branch:
    """Parts that rest on the same tables of the world and on the same months."""

    parts: dict[tuple[str, str], list[Part]] = field(default_factory=dict)
    frames: dict[tuple[str, int], list[_Stack]] = field(default_factory=dict)
    joined: dict[str, list[tuple[tuple[pl.DataFrame, ...], pl.DataFrame]]] = field(default_factory=dict)
    made: dict[str, Any] = field(default_factory=dict)  # small look-ups of the tables that all parts rest on

    def part(self, name: tuple[str, str], on: object, watch: Watch, make: Callable[[], Part]) -> Part:
        """The part as it was made before, where `on` is equal and this world gives the same answers; else as it is made now."""
        known = self.parts.setdefault(name, [])
        for i, part in enumerate(known):
            if part.on == on and watch.holds(part):
                if i:
                    known.insert(0, known.pop(i))
                return part
        watch.begin()
        part = make()
        part.read, part.on = watch.end(), on
        known.insert(0, part)
        del known[VERSIONS:]
        return part

    def frame(self, table: str, sections: Sequence[Sequence[Part]], numbers: frozenset[str]) -> pl.DataFrame:
        """The rows of all parts as one frame, section after section; equal parts give the very same frame."""
        first = next(r for parts in sections for p in parts for r in p.rows[table])
        schema = {c: pl.Float64 if c in numbers else pl.String for c in first}
        frames = tuple(self._section(table, i, parts, schema) for i, parts in enumerate(sections))
        if len(frames) == 1:
            return frames[0]
        for before, whole in self.joined.setdefault(table, []):
            if len(before) == len(frames) and all(a is b for a, b in zip(before, frames, strict=True)):
                return whole
        whole = pl.concat(frames)
        self.joined[table] = [(frames, whole), *self.joined[table][: VERSIONS - 1]]
        return whole

    def _section(self, table: str, at: int, parts: Sequence[Part], schema: dict[str, Any]) -> pl.DataFrame:
        known = self.frames.setdefault((table, at), [])
        for stack in known:
            if len(stack.parts) == len(parts) and all(a is b for a, b in zip(stack.parts, parts, strict=True)):
                return stack.frame
        old = (
            known[-1] if known and known[-1].frame.columns == list(schema) else None
        )  # the first one made, kept for good
        stack = _Stack.of(table, parts, schema, old)
        known.insert(0, stack)
        if len(known) > VERSIONS:
            del known[-2]
        return stack.frame


@dataclass
class _Stack:
    """Parts and their rows, one under the other."""

    parts: Sequence[Part]
    frame: pl.DataFrame

    @cached_property
    def _places(self) -> dict[int, int]:
        return {id(p): i for i, p in enumerate(self.parts)}

    @staticmethod
    def of(table: str, parts: Sequence[Part], schema: dict[str, Any], old: _Stack | None) -> _Stack:
        """Stack the parts; rows of parts that an older stack has are taken from there."""
        if old is None:
            return _Stack(parts, pl.DataFrame([r for p in parts for r in p.rows[table]], schema=schema))
        new = [p for p in parts if id(p) not in old._places]
        fresh = pl.DataFrame([r for p in new for r in p.rows[table]], schema=schema)
        starts = {}
        for stack_parts, which in ((old.parts, 0), (new, 1)):
            at = 0
            for p in stack_parts:
                starts[id(p)] = (which, at)
                at += len(p.rows[table])
        runs: list[list[int]] = []  # which frame, first row, rows
        for p in parts:
            which, at = starts[id(p)]
            size = len(p.rows[table])
            if runs and runs[-1][0] == which and runs[-1][1] + runs[-1][2] == at:
                runs[-1][2] += size
            else:
                runs.append([which, at, size])
        slices = [(old.frame, fresh)[which].slice(at, size) for which, at, size in runs]
        return _Stack(parts, pl.concat(slices) if len(slices) > 1 else slices[0].clone())
