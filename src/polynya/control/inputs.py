"""What does the control engine need from a world? (the world's tables as rows -> edges, rules, listings, ...)

The caller hands over rows, so that a world changed by a scenario serves in the same way.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from polynya.control.graph import Edge, Graph, build_graph
from polynya.control.market_effects import Bloc
from polynya.control.measures import ENDED, Licence, Measure
from polynya.control.registry import Parties, parties_from_rows
from polynya.control.rules import Rule
from polynya.control.screen import Listing
from polynya.control.tables import (
    edges_from_rows,
    licences_from_rows,
    listings_from_rows,
    measures_from_rows,
    rules_from_rows,
    transfer_rights_from_rows,
)
from polynya.control.transfer_rights import TransferRight

TABLES = (
    "entities",
    "aliases",
    "assets",
    "corridors",
    "traders",
    "ownership",
    "designations",
    "measures",
    "rules",
    "licences",
    "blocs",
    "transfer_rights",
    "identifiers",
    "sources",
)


@dataclass(frozen=True)
class ControlInputs:
    """Everything that the tests and the overlay read."""

    parties: Parties
    edges: tuple[Edge, ...]
    rules: tuple[Rule, ...]
    listings: tuple[Listing, ...]
    measures: tuple[Measure, ...]
    licences: tuple[Licence, ...]
    blocs: tuple[Bloc, ...]
    transfer_rights: tuple[TransferRight, ...]
    sources: Mapping[str, Mapping[str, Any]]
    numbers: Mapping[str, str] = field(default_factory=dict)  # ship -> IMO number

    def graph(self, day: date) -> Graph:
        """The ownership graph on a day; every party and thing of the registry is in it."""
        return build_graph(self.edges, day, self.parties.names)

    def listed(self, day: date) -> dict[str, list[Listing]]:
        """Regime -> who is on its list on a day. A listing ends with the measure under which it was made."""
        every = {m.id: m for m in self.measures}
        found: dict[str, list[Listing]] = {}
        for entry in self.listings:
            if not entry.in_force(day):
                continue
            if entry.measure and (entry.measure not in every or every[entry.measure].state(day, every) == ENDED):
                continue
            found.setdefault(entry.regime, []).append(entry)
        return found


def inputs_from_tables(tables: Mapping[str, Iterable[Mapping[str, Any]]]) -> ControlInputs:
    """The world's tables (see TABLES) -> inputs. Raises InputError when a share cannot be read."""
    rows = {name: list(tables.get(name, ())) for name in TABLES}
    return ControlInputs(
        parties_from_rows(rows["entities"], rows["aliases"], rows["assets"], rows["corridors"], rows["traders"]),
        tuple(edges_from_rows(rows["ownership"])),
        tuple(rules_from_rows(rows["rules"])),
        tuple(listings_from_rows(rows["designations"])),
        tuple(measures_from_rows(rows["measures"])),
        tuple(licences_from_rows(rows["licences"])),
        tuple(Bloc(b["bloc"], b["country"], b["valid_from"], b["valid_to"]) for b in rows["blocs"]),
        tuple(transfer_rights_from_rows(rows["transfer_rights"])),
        {r["id"]: r for r in rows["sources"]},
        {r["id"]: r["value"] for r in rows["identifiers"] if r["scheme"] == "imo"},
    )
