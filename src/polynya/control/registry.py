"""Which party is meant? (a word of the user, the registry's rows -> one id, and the ids that belong to it)

Ids first, then exact names and aliases, case folded. Names never merge on similarity: `Nord Stream AG` and
`Nord Stream 2 AG` are one character apart and two companies. A word that names several things is refused with all.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from polynya.errors import NotFoundError, UsageError, did_you_mean

Row = Mapping[str, Any]
NOT_NAMES = ("not_same_as", "related_name")


@dataclass(frozen=True)
class Parties:
    """Names, countries and links of everything that can own or be owned."""

    names: Mapping[str, str]
    countries: Mapping[str, str]
    kinds: Mapping[str, str]
    by_name: Mapping[str, frozenset[str]] = field(default_factory=dict)
    entity_of: Mapping[str, str] = field(default_factory=dict)  # trader, corridor or asset -> entity or asset behind it
    notes: Mapping[str, str] = field(default_factory=dict)  # of ships: class, former names, owner of record, manager

    def find(self, word: str) -> str:
        """The id that a word means. Raises NotFoundError with a did-you-mean, UsageError when it means several."""
        if word in self.names:
            return word
        hits = self.by_name.get(word.casefold(), frozenset())
        if len(hits) > 1:
            raise UsageError(f'"{word}" names several things.', fix=f"Which one: {', '.join(sorted(hits))}?")
        if hits:
            return next(iter(hits))
        known = [*self.names, *self.by_name]
        raise NotFoundError(f'nothing in the registry is called "{word}".', fix=did_you_mean(word, known))

    def label(self, identity: str) -> str:
        """Its name, or the id itself."""
        return self.names.get(identity, identity)


def parties_from_rows(
    entities: Iterable[Row],
    aliases: Iterable[Row],
    assets: Iterable[Row] = (),
    corridors: Iterable[Row] = (),
    traders: Iterable[Row] = (),
) -> Parties:
    """The registry's identity tables -> Parties. An id that is both a trader and an asset means the asset."""
    names: dict[str, str] = {}
    countries: dict[str, str] = {}
    kinds: dict[str, str] = {}
    behind: dict[str, str] = {}
    notes: dict[str, str] = {}
    for row in traders:
        names[row["id"]], kinds[row["id"]], countries[row["id"]] = row["name"], "trader", row["country"] or ""
        if row["entity"]:
            behind[row["id"]] = row["entity"]
    for row in corridors:
        names[row["id"]], kinds[row["id"]] = row["name"], "corridor"
        behind.pop(row["id"], None)
        if row["asset"]:
            behind[row["id"]] = row["asset"]
    for row in assets:
        names[row["id"]], kinds[row["id"]], countries[row["id"]] = row["name"], row["kind"], row["country"] or ""
        behind.pop(row["id"], None)
        if row["operator"]:
            behind[row["id"]] = row["operator"]
        if row["kind"] == "ship" and row.get("note"):
            notes[row["id"]] = row["note"]
    for row in entities:
        names[row["id"]], kinds[row["id"]], countries[row["id"]] = row["name"], row["kind"], row["country"] or ""
        behind.pop(row["id"], None)
    by_name: dict[str, set[str]] = defaultdict(set)
    for identity, name in names.items():
        by_name[name.casefold()].add(identity)
    for row in aliases:
        if row["kind"] not in NOT_NAMES and row["id"] in names:
            by_name[row["alias"].casefold()].add(row["id"])
    return Parties(names, countries, kinds, {k: frozenset(v) for k, v in by_name.items()}, behind, notes)
