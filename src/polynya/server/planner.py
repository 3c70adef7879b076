"""Which way would a ship take? (ports, ship, day -> the document of `polynya voyage`; twelve months of it)"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any, Literal

from polynya.errors import UsageError, did_you_mean
from polynya.handover import VOYAGES
from polynya.voyages.bundle import Bundle, read_bundle
from polynya.voyages.ice import IceField, climatology
from polynya.voyages.passages import check_names
from polynya.voyages.places import find_place
from polynya.voyages.season import season
from polynya.voyages.ships import find_ship
from polynya.voyages.voyage import Context, Question, answer
from polynya.world import World

VIAS = ("auto", "suez", "cape", "panama", "nsr", "nwp")
WAYS = ("nsr", "suez", "cape", "panama")
Escort = Literal["auto", "none", "required"]
Objective = Literal["time", "cost"]


class Planner:
    """The shipped tables of voyages, read once, and the registry's places; ice of a file or the bundled one."""

    def __init__(self, world: World, ice: Path | None = None) -> None:
        self.bundle: Bundle = read_bundle(VOYAGES)
        self.ice = self._field(ice)
        columns = ("id", "name", "lat", "lon", "node")
        self.registry = {
            r[0]: (r[1], r[2], r[3], r[4] or "") for r in world.table("assets").select(columns).iter_rows()
        }

    def _field(self, ice: Path | None) -> IceField:
        network = self.bundle.network
        if ice is None:
            return climatology(network.lat, network.lon, self.bundle.ice)
        from polynya.voyages.netcdf_ice import read_ice

        return read_ice(ice, network.lat, network.lon, self.bundle.ice)

    def options(self) -> dict[str, Any]:
        """What can be chosen."""
        b = self.bundle
        return {
            "ports": [{k: p[k] for k in ("id", "name", "country", "lat", "lon", "lng_role")} for p in b.ports],
            "ships": [{"id": s.id, "ice_class": s.ice_class, "draught_m": s.draught_m} for s in b.ships.values()],
            "passages": [{"id": p["id"], "name": p["name"], "gate": p["gate"]} for p in b.passages],
            "vias": list(dict.fromkeys((*VIAS, *b.network.gate_ids))),
            "ice": self.ice.label,
        }

    def question(
        self,
        origin: str,
        destination: str,
        depart: date,
        ship: str,
        via: str = "auto",
        objective: Objective = "time",
        avoid: tuple[str, ...] = (),
        escort: Escort = "auto",
        heed_security: bool = False,
    ) -> Question:
        """A question to the engine. Raises UsageError and NotFoundError with a did-you-mean."""
        b = self.bundle
        known = list(dict.fromkeys((*VIAS, *b.network.gate_ids)))
        if via not in known:
            raise UsageError(
                f'there is no way "{via[:80]}".', fix=did_you_mean(via, known) or f"One of: {', '.join(known)}."
            )
        check_names(b.network, avoid, "avoid")
        found = Question(
            origin=find_place(b.network, b.ports, origin.strip(), self.registry),
            destination=find_place(b.network, b.ports, destination.strip(), self.registry),
            ship=find_ship(b.ships, ship),
            depart=depart,
            via=via,
            objective=objective,
            avoid=avoid,
            escort=escort,
            heed_security=heed_security,
        )
        if found.origin.name == found.destination.name:
            raise UsageError(f"{found.origin.name} to {found.destination.name} is no voyage.")
        return found

    def voyage(self, question: Question) -> dict[str, Any]:
        """One voyage, as `polynya voyage --json` prints it."""
        return answer(Context(self.bundle, self.ice), question)

    def season(self, question: Question) -> dict[str, Any]:
        """Twelve months by several ways, as `polynya voyage season --json` prints it."""
        return season(Context(self.bundle, self.ice, fast=True), question, WAYS)
