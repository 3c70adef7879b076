"""Which ship sails? (row of ships.csv, or a user's YAML mapping -> Ship)

A user's ship names the class it is `like` and whatever differs from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from polynya.errors import InputError, NotFoundError, did_you_mean

if TYPE_CHECKING:
    from polynya.strict_yaml import Document

NUMBER = "Write digits with a decimal point, such as 17.5."


@dataclass(frozen=True, slots=True)
class Ship:
    """A class of ships, or one ship."""

    id: str
    name: str
    cargo: str
    ice_class: str  # POLARIS class: PC1-PC7, IA Super, IA, IB, IC, none
    speed_kn: float  # open water, as sailed
    ice_speed_limit_kn: float  # independent in ice, as sailed
    ice_ref_m: float  # this thickness of level ice ...
    ice_ref_kn: float  # ... is broken at this speed
    escort_max_ice_m: float  # thickest level ice in which the class follows an icebreaker
    draught_m: float
    gross_tonnage: float
    capacity: float
    capacity_unit: str
    fuel_t_per_day: float
    fuel: str  # lng | vlsfo
    boil_off_percent_per_day: float
    heel_percent: float
    port_days: float  # per call
    charter_usd_per_day: float
    double_acting: bool = False
    source: str = ""
    locator: str = ""
    kind: str = "assumption"
    owner: str = ""  # id in the registry, whose designations the ship shares

    @property
    def has_ice_class(self) -> bool:
        """Whether the ship is strengthened for ice at all."""
        return self.ice_class != "none"


def find_ship(ships: Mapping[str, Ship], name: str) -> Ship:
    """The ship of that id. Raises NotFoundError with the nearest names."""
    key = name.strip().casefold()
    if key in ships:
        return ships[key]
    hint = did_you_mean(key, ships) or f"Known classes: {', '.join(sorted(ships))}."
    raise NotFoundError(f'no ship class "{name}"', fix=hint)


def ship_from_mapping(
    given: Mapping[str, Any], read: Document, ships: Mapping[str, Ship], ice_classes: Iterable[str]
) -> Ship:
    """A user's ship: `like: lng-174k` and what differs; `read` knows where it stands.

    Raises InputError for unknown keys, wrong types, and words that nothing is known of.
    """
    known = {f.name: f for f in fields(Ship) if f.name not in ("source", "locator", "kind")}
    words = {w: sorted({str(getattr(s, w)) for s in ships.values()}) for w in ("cargo", "capacity_unit", "fuel")}
    words["ice_class"] = list(ice_classes)
    faults = []
    base = given.get("like")
    if not isinstance(base, str) or base not in ships:
        hint = did_you_mean(str(base), ships) or f"One of: {', '.join(sorted(ships))}."
        raise InputError(read.fault(["like"], f'"like" must name a ship class, not "{base}"', fix=hint))
    changes: dict[str, Any] = {"id": f"{base}-own", "source": "user", "locator": read.file, "kind": "assumption"}
    for key, value in given.items():
        if key == "like":
            continue
        if key not in known:
            hint = did_you_mean(key, known) or f"Known keys: {', '.join(known)}."
            faults.append(read.fault([key], f'unknown key "{key}"', fix=hint, key=True))
        elif isinstance(getattr(ships[base], key), bool):
            if not isinstance(value, bool):
                faults.append(read.fault([key], f'"{key}" must be true or false', fix="Write true or false."))
            changes[key] = value
        elif isinstance(getattr(ships[base], key), float):
            if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
                faults.append(read.fault([key], f'"{key}" must be a number of at least 0', fix=NUMBER))
            else:
                changes[key] = float(value)
        elif not isinstance(value, str):
            faults.append(read.fault([key], f'"{key}" must be a word', fix=f"As in {getattr(ships[base], key)}."))
        elif key in words and value not in words[key]:
            hint = did_you_mean(value, words[key]) or f"One of: {', '.join(words[key])}."
            faults.append(read.fault([key], f'"{key}" cannot be "{value}"', fix=hint))
        else:
            changes[key] = value
    if changes.get("speed_kn", 1.0) <= 0:
        faults.append(read.fault(["speed_kn"], '"speed_kn" must be above 0', fix=NUMBER))
    if faults:
        raise InputError(faults)
    return replace(ships[base], **changes)


def ships_from_rows(rows: Iterable[Mapping[str, Any]]) -> dict[str, Ship]:
    """All ships of a table, by id."""
    return {str(r["id"]): Ship(**{f.name: r[f.name] for f in fields(Ship) if f.name in r}) for r in rows}
