"""What does the ice mean for this ship? (ship, ice, rules, escort -> speed, permission and mode per icy node and half-month)

Joins physics (speed.py) and permission (permission.py) into the arrays a search reads. Where a ship may sail alone it does;
where not, or where it would crawl, and an icebreaker may lead it, it is escorted; otherwise the place is closed. Not here: the search.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import numpy as np

from polynya.voyages import permission, speed
from polynya.voyages.calendar import PERIODS, position
from polynya.voyages.ice import IceField
from polynya.voyages.permission import Admission, Polaris
from polynya.voyages.ships import Ship

Array = np.ndarray[Any, Any]
CLOSED, ALONE, ESCORTED = 0, 1, 2
MODES = ("closed", "independent", "escorted")
OPEN_WATER_COVER = 0.10  # WMO: open water has less than one tenth of ice
NO_ESCORT_AREAS = ("canadian", "baffin", "hudson", "greenland-sea", "central")  # nobody leads convoys of traders there


@dataclass(frozen=True)
class Conditions:
    """Per icy node and half-month: hours per mile, mode, risk index, cover. Other nodes are open water."""

    open_slowness: float  # [h/nm]
    place: Array  # [n] index among the icy nodes, -1 elsewhere
    slowness: Array  # [24, k] [h/nm]
    mode: Array  # [24, k] CLOSED | ALONE | ESCORTED
    rio: Array  # [24, k]
    cover: Array  # [24, k] expected concentration
    reason: Array  # [24, k] 0 open, 1 ice class, 2 risk index, 3 rules, 4 too thick
    field: IceField
    rules: tuple[Admission, ...]

    def at(self, node: Array, day: Array) -> tuple[Array, Array]:
        """Hours per mile, and whether the place is open, at nodes at days of the year."""
        node = np.asarray(node)
        slow = np.full(node.shape, self.open_slowness)
        free = np.ones(node.shape, bool)
        k = self.place[node]
        icy = k >= 0
        if icy.any():
            low, high, share = position(np.broadcast_to(day, node.shape)[icy])
            k = k[icy]
            a, b = self.slowness[low, k], self.slowness[high, k]
            slow[icy] = a + (b - a) * share
            near = np.where(share < 0.5, low, high)
            free[icy] = self.mode[near, k] != CLOSED
        return slow, free

    def describe(self, node: int, day: float) -> tuple[float, float, str]:
        """Cover, risk index outcome and mode at one node on a day of the year."""
        k = int(self.place[node])
        if k < 0:
            return 0.0, 30.0, MODES[ALONE]
        low, high, share = (x.item() for x in position(np.array(day)))
        near = low if share < 0.5 else high
        cover = (1 - share) * self.cover[low, k] + share * self.cover[high, k]
        outcome = (1 - share) * self.rio[low, k] + share * self.rio[high, k]
        return float(cover), float(outcome), MODES[int(self.mode[near, k])]


def conditions(
    ship: Ship,
    field: IceField,
    nodes: int,
    polaris: dict[str, Polaris],
    rules: tuple[Admission, ...],
    parameters: dict[str, float],
    when: date,
    escort: str = "auto",
    led: bool = False,
) -> Conditions:
    """The arrays for one ship. `escort`: auto, none or required (in every ice).

    led: the waters of the Northern Sea Route are held open: an icebreaker leads every ship that has an ice class through
    them, whatever rules, risk index and the thickness the class may follow in say; its own speed in ice still counts.
    """
    table = polaris[ship.ice_class]
    cover = field.frequency * field.concentration
    frequency = field.frequency
    if not ship.has_ice_class:
        frequency = np.where(cover < OPEN_WATER_COVER, 0.0, frequency)
    kn_alone = speed.independent_kn(ship, field.concentration, field.thickness_m, parameters["ridge_factor"])
    kn_led = speed.escorted_kn(
        ship,
        field.concentration,
        field.thickness_m,
        parameters["ridge_factor"],
        parameters["escort_ice_m"],
        parameters["escort_max_kn"],
    )
    outcome = permission.rio(table, cover, field.thickness_m)
    elevated = outcome < 0
    if table.elevated_limit_kn is not None:
        kn_alone = np.where(elevated, np.minimum(kn_alone, table.elevated_limit_kn), kn_alone)
    severe = permission.severity(field.frequency, field.concentration, field.thickness_m)
    rule_alone, used_alone = permission.admitted(rules, ship.ice_class, False, field.nsr_area, field.area, severe, when)
    rule_led, used_led = permission.admitted(rules, ship.ice_class, True, field.nsr_area, field.area, severe, when)
    open_water = cover < OPEN_WATER_COVER
    class_ok = ship.has_ice_class | open_water
    risk_alone = permission.acceptable(table, outcome) | open_water
    risk_led = permission.acceptable(table, outcome + permission.ESCORT_BONUS) | open_water
    passes_alone = (kn_alone > 0) | (frequency <= 0)
    passes_led = (kn_led > 0) | (frequency <= 0)
    if led and ship.has_ice_class:
        held = np.isin(field.area, [k for k, name in enumerate(field.nsr_area) if name])[None, :]
        forced = speed.escorted_kn(
            replace(ship, escort_max_ice_m=np.inf),
            field.concentration,
            field.thickness_m,
            parameters["ridge_factor"],
            parameters["escort_ice_m"],
            parameters["escort_max_kn"],
        )
        kn_led = np.where(held & (kn_led <= 0), np.maximum(forced, speed.MIN_LED_KN), kn_led)
        rule_led, risk_led, passes_led = rule_led | held, risk_led | held, passes_led | held
    alone = class_ok & risk_alone & rule_alone & passes_alone
    unled = [k for k, a in enumerate(field.areas) if a in NO_ESCORT_AREAS]
    behind = class_ok & risk_led & rule_led & passes_led & ~np.isin(field.area, unled)[None, :]
    if escort == "none":
        behind &= False
    elif escort == "required":
        alone &= open_water & rule_alone
    if escort == "auto":  # who would crawl alone asks for an icebreaker
        slow_ice = (kn_alone < parameters["escort_below_kn"]) & (kn_led > kn_alone) & ~open_water
        alone &= ~(slow_ice & behind & (frequency > 0))
    mode = np.where(alone, ALONE, np.where(behind, ESCORTED, CLOSED)).astype(np.int8)
    track = parameters["closed_ice_track_factor"]
    slow_alone = speed.slowness(ship.speed_kn, speed.made_good(kn_alone, field.concentration, track), frequency)
    slow_led = speed.slowness(ship.speed_kn, speed.made_good(kn_led, field.concentration, track), frequency)
    slow = np.where(mode == ESCORTED, slow_led, np.where(mode == ALONE, slow_alone, 1.0)).astype(np.float64)
    reason = np.where(
        mode != CLOSED,
        0,
        np.where(
            ~class_ok,
            1,
            np.where(~(rule_alone | rule_led), 3, np.where(~(risk_alone | risk_led), 2, np.where(~risk_led, 2, 4))),
        ),
    ).astype(np.int8)
    place = np.full(nodes, -1, np.int64)
    place[field.nodes] = np.arange(len(field.nodes))
    assert slow.shape[0] == PERIODS
    return Conditions(
        open_slowness=1.0 / ship.speed_kn,
        place=place,
        slowness=slow,
        mode=mode,
        rio=outcome,
        cover=cover,
        reason=reason,
        field=field,
        rules=tuple(dict.fromkeys(used_alone + used_led)),
    )
