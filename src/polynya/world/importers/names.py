"""Which thing of the registry does a publisher's name mean? (name, kind, country -> id or the reason why not)

Two names are the same when they are equal without case, accents, signs and words that say nothing (`LNG`, `terminal`,
`FSRU`, ...). The user's map (columns `name,id`) comes first. Similarity never decides.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from polynya.errors import Fault, InputError, did_you_mean
from polynya.tables import Column, cell_position, read_table
from polynya.world.world import World

# Words of a facility's name that do not tell it from another.
EMPTY_WORDS = frozenset(
    "lng flng fsru terminal plant gas the of export import facility pipeline and natural liquefaction regasification".split()
)

# Nodes of several countries: the first is the one without which nothing is written; the others may be missing in a
# publisher's table (they then stand in its "other" rows), which the fact's note says.
MEMBERS: Mapping[str, tuple[str, ...]] = {
    "BE": ("Belgium", "Luxembourg"),
    "DK": ("Denmark", "Sweden"),
    "RS": ("Serbia", "Bosnia and Herzegovina"),
    "BG": ("Bulgaria", "North Macedonia"),
    "GR": ("Greece", "Albania"),
    "SA": ("Saudi Arabia", "Bahrain"),
    "LEV": ("Syria", "Lebanon"),
}

# Other spellings of countries in the publishers' tables.
SPELLINGS: Mapping[str, str] = {
    "us": "united states",
    "usa": "united states",
    "united states of america": "united states",
    "uk": "united kingdom",
    "great britain": "united kingdom",
    "turkiye": "turkey",
    "russian federation": "russia",
    "czech republic": "czechia",
    "uae": "united arab emirates",
    "republic of korea": "south korea",
    "korea": "south korea",
    "viet nam": "vietnam",
    "trinidad tobago": "trinidad and tobago",
    "taiwan china": "taiwan",
    "china taiwan": "taiwan",
    "macedonia": "north macedonia",
    "bosnia herzegovina": "bosnia and herzegovina",
    "brunei darussalam": "brunei",
    "islamic republic of iran": "iran",
    "syrian arab republic": "syria",
    "slovak republic": "slovakia",
}

# Countries that the registry divides into several nodes.
SPLIT = {"russia": "RU", "united states": "US", "china": "CN", "australia": "AU"}


def plain(text: str) -> str:
    """Lower case, no accents, signs as blanks, single blanks: `Świnoujście (Polskie)` -> `swinoujscie polskie`."""
    text = text.replace("ł", "l").replace("Ł", "L").replace("ı", "i").replace("ø", "o").replace("Ø", "O")
    bare = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in bare.lower()).split())


def telling(text: str) -> str:
    """The words of a facility's name that tell it from others."""
    words = [w for w in plain(text).split() if w not in EMPTY_WORDS]
    return " ".join(words) or plain(text)


def country(text: str) -> str:
    """A country's name in one spelling."""
    bare = plain(text)
    return SPELLINGS.get(bare, bare)


@dataclass(frozen=True)
class Names:
    """The registry's names, and the user's map."""

    world: World
    given: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, world: World, path: Path | None = None) -> Names:
        """With the user's map, a CSV with columns `name,id`. Raises InputError when an id is not in the registry."""
        if path is None:
            return cls(world)
        frame = read_table(path, [Column("name", nullable=False), Column("id", nullable=False)])
        known = world.kinds
        faults = []
        for i, (name, identity) in enumerate(frame.iter_rows()):
            if identity not in known:
                hint = did_you_mean(identity, known) or "Ids are those of `polynya world show`."
                at = cell_position(path, i, "id")
                faults.append(Fault(f'"{identity}" (for "{name}") is not in the registry', str(path), *at, fix=hint))
        if faults:
            raise InputError(faults)
        return cls(world, {plain(name): identity for name, identity in frame.iter_rows()})

    def mapped(self, *names: str) -> str | None:
        """What the user's map says about the first of these names that it knows."""
        return next((self.given[plain(n)] for n in names if n and plain(n) in self.given), None)

    @cached_property
    def _assets(self) -> tuple[dict[str, Any], ...]:
        return tuple(self.world.table("assets").iter_rows(named=True))

    @cached_property
    def _spellings(self) -> Mapping[str, set[str]]:
        found: dict[str, set[str]] = defaultdict(set)
        for table in ("assets", "corridors"):
            for row in self.world.table(table).iter_rows(named=True):
                for text in (row["name"], row["id"]):
                    found[telling(text)].add(row["id"])
        for row in self.world.table("aliases").iter_rows(named=True):
            if row["kind"] not in ("not_same_as", "related_name"):
                found[telling(row["alias"])].add(row["id"])
        return found

    def asset(self, kind: str, iso: str, *names: str) -> tuple[str | None, str]:
        """(id, remark) of a facility: by the map, by an equal name, or as the country's only one of its kind.

        The remark says why there is none, or that the country alone decided.
        """
        given = self.mapped(*names)
        if given is not None:
            return given, ""
        of_kind = {a["id"]: a for a in self._assets if a["kind"] == kind}
        hits = {i for n in names if n for i in self._spellings.get(telling(n), ()) if i in of_kind}
        hits = {i for i in hits if not iso or not of_kind[i]["country"] or of_kind[i]["country"] == iso}
        if len(hits) == 1:
            return hits.pop(), ""
        if len(hits) > 1:
            return None, f"the name means {', '.join(sorted(hits))}: say which in --map"
        there = [i for i, a in of_kind.items() if iso and a["country"] == iso]
        if len(there) == 1:
            return there[0], f"taken for the only {kind} of {iso}"
        if there:
            return None, f"no {kind} of this name; the registry has {len(there)} in {iso}: say which in --map"
        return None, f"no {kind} of this name or country in the registry"

    def corridor(self, *names: str) -> tuple[str | None, str]:
        """(id, reason) of a corridor: by the map or by an equal name."""
        given = self.mapped(*names)
        if given is not None:
            return given, ""
        corridors = set(self.world.table("corridors")["id"])
        hits = {i for n in names if n for i in self._spellings.get(telling(n), ()) if i in corridors}
        if len(hits) == 1:
            return hits.pop(), ""
        if hits:
            return None, f"the name means {', '.join(sorted(hits))}: say which in --map"
        return None, "no corridor of this name in the registry: say which in --map"

    @cached_property
    def nodes(self) -> Mapping[str, tuple[str, ...]]:
        """Country in one spelling -> its nodes; several where the registry divides it."""
        found: dict[str, list[str]] = defaultdict(list)
        grouped = {country(m): node for node, members in MEMBERS.items() for m in members}
        codes = {iso: name for name, iso in SPLIT.items()}
        for row in self.world.table("nodes").iter_rows(named=True):
            if row["id"] in MEMBERS:
                continue
            name = codes.get(row["country"]) if row["country"] in codes else country(row["name"])
            if name:
                found[name].append(row["id"])
        present = set(self.world.table("nodes")["id"])
        for name, node in grouped.items():
            if node in present:
                found[name].append(node)
        return {k: tuple(v) for k, v in found.items()}

    @cached_property
    def isos(self) -> Mapping[str, str]:
        """Country in one spelling -> ISO code, as far as the registry's nodes name it."""
        found = {country(r["name"]): r["country"] for r in self.world.table("nodes").iter_rows(named=True)}
        found.update(SPLIT)
        found.update({"luxembourg": "LU", "sweden": "SE", "belgium": "BE", "denmark": "DK", "greece": "GR"})
        found.update({"dominican republic": "DO", "jamaica": "JM", "hong kong": "HK", "bahrain": "BH", "malta": "MT"})
        found.update({"saudi arabia": "SA", "serbia": "RS", "bulgaria": "BG", "angola": "AO", "cameroon": "CM"})
        found.update({"equatorial guinea": "GQ", "mauritania": "MR", "republic of the congo": "CG", "congo": "CG"})
        return found
