"""Which passages are open to this ship on this day, at what price and delay? (dated rows -> state)

Facts in force: `closed`, `draught_limit_m`, `transit_days`, `toll_usd_per_gt`, `security` (an advisory: shown, and heeded only
when asked), `off_lane` (no surveyed lane: used only when named in `via`).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from polynya.errors import UsageError, did_you_mean
from polynya.voyages.network import COMPOSITES, Network
from polynya.voyages.ships import Ship

Array = np.ndarray[Any, Any]
VIA = {"suez": ("suez",), "cape": ("cape",), "panama": ("panama",), "nsr": ("nsr",), "nwp": ("nwp",)}


@dataclass(frozen=True)
class PassageState:
    """What holds for one ship on one day."""

    shut: dict[str, str]  # passage -> why
    toll_usd: dict[str, float]
    delay_days: dict[str, float]
    advisories: dict[str, str]
    sources: dict[str, str] = field(default_factory=dict)


def passage_state(
    facts: Iterable[Mapping[str, Any]],
    ship: Ship,
    when: date,
    avoid: Sequence[str] = (),
    named: Sequence[str] = (),
    heed_security: bool = False,
) -> PassageState:
    """Dated facts -> which passages are shut to the ship and why; tolls and delays of the others."""
    shut: dict[str, str] = {}
    toll: dict[str, float] = {}
    delay: dict[str, float] = {}
    advice: dict[str, str] = {}
    sources: dict[str, str] = {}
    for row in facts:
        if (row["valid_from"] and when < row["valid_from"]) or (row["valid_to"] and when > row["valid_to"]):
            continue
        gate, value = str(row["passage"]), float(row["value"])
        sources[f"{gate}/{row['fact']}"] = str(row["source"])
        match row["fact"]:
            case "closed":
                shut[gate] = f"{gate} is closed on {when}: {row['locator']}"
            case "draught_limit_m" if ship.draught_m > value:
                shut[gate] = f"{gate} takes at most {value:g} m of draught, the ship needs {ship.draught_m:g} m"
            case "transit_days":
                delay[gate] = value
            case "toll_usd_per_gt":
                toll[gate] = value * ship.gross_tonnage
            case "security":
                advice[gate] = f"{gate}: {row['locator']}"
                if heed_security:
                    shut[gate] = f"{gate} is avoided: {row['locator']}"
            case "off_lane" if gate not in named:
                shut[gate] = f"{gate} is no surveyed lane"
    for name in avoid:
        for gate in COMPOSITES.get(name, (name,)):
            shut[gate] = f"{name} is to be avoided"
        if name in ("nsr", "northern-sea-route"):
            shut["transpolar"] = f"{name} is to be avoided"
    return PassageState(shut, toll, delay, advice, sources)


def check_names(network: Network, names: Sequence[str], option: str) -> None:
    """Raises UsageError for a passage that does not exist."""
    known = [*network.gate_ids, *COMPOSITES]
    for name in names:
        if name not in known:
            hint = did_you_mean(name, known) or f"Known passages: {', '.join(sorted(known))}."
            raise UsageError(f'{option}: no passage "{name}"', fix=hint)


def edge_delays(network: Network, state: PassageState) -> Array:
    """Extra days of canals and convoys per directed edge."""
    out = np.zeros(len(network.nm))
    for gate, days in state.delay_days.items():
        if gate in network.gate_ids:
            out[(network.bits & np.uint64(network.mask_of([gate]))) != 0] = days
    return out
