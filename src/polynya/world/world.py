"""What does the registry say on a given day? (tables -> values, each with the facts it rests on)

A World is frozen: a changed world is another World, of the same type, made by `with_rows` or `with_tables`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Any

import polars as pl

from polynya.errors import NotFoundError, did_you_mean
from polynya.world.fact import Fact, Resolved, resolve
from polynya.world.schema import Package

# Tables whose first key column names a thing of the registry, in the order in which an id is looked up.
IDENTITY_TABLES = (
    "nodes", "entities", "assets", "corridors", "traders", "supplies", "contracts", "measures", "oil_goods", "oil_nodes",
    "oil_routes", "oil_recipes",
)  # fmt: skip
MODEL = "model"
# What a world has worked out, and the tables it rests on: another world made of it keeps what its changes do not touch.
_RESTS_ON = {
    "kinds": {*IDENTITY_TABLES},
    "attributes": {"attributes"},
    "facts": {"facts", "sources"},
    "_cited": {"facts"},
}


@dataclass(frozen=True)
class World:
    """The whole registry. `tables` maps a resource's name to its frame (with `_file`, `_row`, `_layer`)."""

    package: Package
    tables: Mapping[str, pl.DataFrame]
    layers: tuple[str, ...] = ("reference",)
    changes: tuple[str, ...] = field(default=())
    folder: str = ""  # where the package lies; its assertions.yaml belongs to it

    def table(self, name: str) -> pl.DataFrame:
        """The frame of a resource. Raises NotFoundError."""
        if name not in self.tables:
            raise NotFoundError(f'the world has no table "{name}".', fix=did_you_mean(name, self.tables))
        return self.tables[name]

    @cached_property
    def kinds(self) -> Mapping[str, str]:
        """Id -> kind of thing (`node`, `corridor`, `gas-storage`, `company`, ...) for everything in the registry."""
        found: dict[str, str] = {MODEL: "model"}
        for name in reversed(IDENTITY_TABLES):
            if name not in self.tables:
                continue
            frame = self.tables[name]
            kind_column = "kind" if name in ("entities", "assets") else None
            for row in frame.select(["id", *([kind_column] if kind_column else [])]).iter_rows():
                found[row[0]] = row[1] if kind_column else name.removesuffix("s").replace("supplie", "supply")
        return MappingProxyType(found)

    def ids(self) -> Iterable[str]:
        """Every id of the registry."""
        return self.kinds.keys()

    def require(self, identity: str) -> str:
        """The id itself if the registry knows it. Raises NotFoundError with a did-you-mean."""
        if identity not in self.kinds:
            raise NotFoundError(
                f'nothing in the registry is called "{identity}".', fix=did_you_mean(identity, self.kinds)
            )
        return identity

    def row(self, identity: str) -> dict[str, Any]:
        """The identity row of a thing, with its table's name under `_table`. Raises NotFoundError."""
        self.require(identity)
        for name in IDENTITY_TABLES:
            if name in self.tables:
                hit = self.tables[name].filter(pl.col("id") == identity)
                if hit.height:
                    return {**hit.row(0, named=True), "_table": name}
        return {"id": identity, "_table": MODEL}

    @cached_property
    def attributes(self) -> Mapping[str, Mapping[str, Any]]:
        """Attribute -> its row in attributes.csv."""
        return {r["attribute"]: r for r in self.table("attributes").iter_rows(named=True)}

    @cached_property
    def facts(self) -> Mapping[tuple[str, str], tuple[Fact, ...]]:
        """(subject, attribute) -> every fact about it, the strongest first."""
        return _with_facts({}, _facts_of(self.table("facts").iter_rows(named=True), self._reliability()))

    @cached_property
    def _cited(self) -> frozenset[str]:
        return frozenset(self.table("facts")["source"].unique())

    def _reliability(self) -> dict[str, str]:
        return dict(self.table("sources").select("id", "reliability").iter_rows())

    def resolve(self, subject: str, attribute: str, on: date) -> Resolved | None:
        """The value of an attribute on a day, or None when nothing is known. Missing is not zero."""
        meta = self._attribute(attribute)
        known = self.facts.get((subject, attribute), ())
        asked = (subject, attribute, on)
        before = self._resolved.get(asked)
        if before is None or before[0] is not known:  # worlds made of this one share what they have in common
            before = self._resolved[asked] = (known, self._in_force(known, meta, on))
        return before[1]

    @cached_property
    def _resolved(self) -> dict[tuple[str, str, date], tuple[tuple[Fact, ...], Resolved | None]]:
        return {}

    def _in_force(self, known: tuple[Fact, ...], meta: Mapping[str, Any], on: date) -> Resolved | None:
        if meta["over_time"] == "year":
            in_force = [f for f in known if f.valid_from is not None and f.valid_from.year == on.year]
        elif meta["over_time"] == "day":
            in_force = [f for f in known if f.valid_from == on]
        else:
            in_force = [f for f in known if f.holds_on(on)]
        return resolve(in_force, meta["combine"])

    def latest_year(self, subject: str, attribute: str, year: int) -> tuple[int, Resolved] | None:
        """The value of a `year` attribute in that year or the nearest earlier one, with the year it is from.

        Falls forward to the nearest later year only when there is no earlier one.
        """
        known = self.facts.get((subject, attribute), ())
        years = sorted({f.valid_from.year for f in known if f.valid_from})
        if not years:
            return None
        earlier = [y for y in years if y <= year]
        chosen = earlier[-1] if earlier else years[0]
        found = self.resolve(subject, attribute, date(chosen, 1, 1))
        return None if found is None else (chosen, found)

    def over_days(self, subject: str, attribute: str, first: date, last: date) -> list[tuple[int, Resolved | None]]:
        """Piecewise constant values of a `step` attribute between two days, as (days, value) pieces.

        This is how an event in mid-month is prorated.
        """
        known = self.facts.get((subject, attribute), ())
        cuts = {first}
        for f in known:
            if f.valid_from and first < f.valid_from <= last:
                cuts.add(f.valid_from)
            if f.valid_to and first <= f.valid_to < last:
                cuts.add(f.valid_to + timedelta(days=1))
        starts = sorted(cuts)
        ends = [*(s - timedelta(days=1) for s in starts[1:]), last]
        return [((e - s).days + 1, self.resolve(subject, attribute, s)) for s, e in zip(starts, ends, strict=True)]

    def as_of(self, day: date) -> Snapshot:
        """The facts in force on a day."""
        return Snapshot(self, day)

    def with_tables(self, changed: Mapping[str, pl.DataFrame], change: str = "") -> World:
        """Another world with some tables replaced."""
        notes = (*self.changes, change) if change else self.changes
        other = replace(self, tables={**self.tables, **changed}, changes=notes)
        for name, tables in _RESTS_ON.items():
            if name in self.__dict__ and not changed.keys() & tables:
                other.__dict__[name] = self.__dict__[name]
        if "attributes" not in changed:
            other.__dict__["_resolved"] = self._resolved  # every answer is kept with the facts it is from
        return other

    def with_rows(self, table: str, rows: Iterable[Mapping[str, Any]], change: str = "") -> World:
        """Another world with rows added on top of a table (facts: a new layer, so that they win; the later row first)."""
        frame = self.table(table)
        layer = len(self.layers)
        full = [
            {**dict.fromkeys(frame.columns), **r, "_file": "scenario", "_row": frame.height + i, "_layer": layer}
            for i, r in enumerate(rows)
        ]
        if not full:
            return self
        other = self.with_tables({table: pl.concat([frame, pl.DataFrame(full, schema=frame.schema)])}, change)
        if table == "facts":
            added = other.table("facts").tail(len(full)).iter_rows(named=True)
            other.__dict__["facts"] = _with_facts(self.facts, _facts_of(added, other._reliability()))
        if table == "sources" and not {r["id"] for r in full} & self._cited:
            other.__dict__["facts"] = self.facts
        return other

    @cached_property
    def digest(self) -> str:
        """A hash of all content: equal worlds, equal digest."""
        h = hashlib.sha256()
        for name in sorted(self.tables):
            frame = self.tables[name]
            keep = [c for c in frame.columns if not c.startswith("_")]
            h.update(name.encode())
            h.update(frame.select(sorted(keep)).write_csv().encode())
        return h.hexdigest()

    def _attribute(self, attribute: str) -> Mapping[str, Any]:
        try:
            return self.attributes[attribute]
        except KeyError:
            raise NotFoundError(
                f'"{attribute}" is not an attribute of the registry.', fix=did_you_mean(attribute, self.attributes)
            ) from None


def _facts_of(rows: Iterable[Mapping[str, Any]], reliability: Mapping[str, str]) -> Iterator[Fact]:
    for r in rows:
        yield Fact(
            subject=r["subject"],
            attribute=r["attribute"],
            value=r["value"],
            unit=r["unit"],
            valid_from=r["valid_from"],
            valid_to=r["valid_to"],
            source=r["source"],
            locator=r["locator"],
            original_value=r["original_value"] or "",
            kind=r["kind"],
            note=r["note"] or "",
            reliability=reliability.get(r["source"], "own"),
            layer=r["_layer"],
            file=r["_file"],
            row=r["_row"],
        )


def _with_facts(
    known: Mapping[tuple[str, str], tuple[Fact, ...]], more: Iterable[Fact]
) -> Mapping[tuple[str, str], tuple[Fact, ...]]:
    """The index with more facts; what is said of nothing new keeps its tuple, the strongest first."""
    grouped: dict[tuple[str, str], list[Fact]] = {}
    for fact in more:
        about = (fact.subject, fact.attribute)
        if about not in grouped:
            grouped[about] = list(known.get(about, ()))
        grouped[about].append(fact)
    return {**known, **{k: tuple(sorted(v, key=lambda f: f.rank)) for k, v in grouped.items()}}


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The registry on one day."""

    world: World
    day: date

    def value(self, subject: str, attribute: str) -> Resolved | None:
        """The value in force, or None."""
        return self.world.resolve(subject, attribute, self.day)
