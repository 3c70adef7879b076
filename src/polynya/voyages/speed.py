r"""How fast does a ship sail through ice? (ship, concentration, thickness -> knots)

Independent: the resistance form of Colbourne (1989) as used for slender hulls in PolarRoute (Smith et al. 2022),
    R = 1/2 k Fr^b rho B h V^2 C^n,   Fr = V / sqrt(g C h),   b = -0.8267, n = 2,
solved for V at constant thrust; the constant drops out when V is anchored at a known speed V0 in level ice h0 (C = 1):
    V = V0 [ (h0/h)^(1 - b/2) C^-(n - b/2) ]^(1/(2 + b)).
Deviations: h is multiplied by a ridge factor, and V is capped by the speed kept in ice as sailed (`ice_speed_limit_kn`);
in young ice (WMO: up to 30 cm) that cap rises to the speed in open water as the ice gets thinner and scarcer.
Escorted: the icebreaker's speed falls linearly to 2 kn at its limit thickness, capped by the convoy's speed `escort_max_kn`,
which is fitted to one convoy of December 2016 and one of September 2018 (docs/validation/voyages.md).
Made good: in closed ice ships sail round ridges and along leads, so miles on the line take `closed_ice_track_factor` longer.
Chance of ice p: time per mile is (1 - p) in open water + p in ice, so the mean of times, not of speeds. Not here: permission.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from polynya.voyages.ships import Ship

Array = np.ndarray[Any, Any]
B, N = -0.8267, 2.0
YOUNG_ICE_M = 0.30
MIN_ALONE_KN = 3.0  # class rules name the ice that a ship goes through at 3 kn; slower is being beset, not sailing
MIN_LED_KN = 2.0
ICEBREAKER_KN = 20.0  # of the nuclear icebreakers in open water
DRIFT_PACK, CLOSED_PACK = 0.80, 0.95  # cover from which leads close, and at which they are closed


def independent_kn(ship: Ship, concentration: Array, thickness_m: Array, ridge_factor: float) -> Array:
    """Speed in ice without an icebreaker; 0 where the ship does not get through. [kn]"""
    c = np.maximum(np.asarray(concentration), 0.02)
    h = np.maximum(np.asarray(thickness_m) * ridge_factor, 0.02)
    v = ship.ice_ref_kn * ((ship.ice_ref_m / h) ** (1 - B / 2) * c ** -(N - B / 2)) ** (1 / (2 + B))
    if not ship.has_ice_class:
        return np.zeros_like(v)
    limit = min(ship.ice_speed_limit_kn, ship.speed_kn)
    young = np.clip(1.0 - c * np.asarray(thickness_m) / YOUNG_ICE_M, 0.0, 1.0)
    v = np.minimum(v, limit + (ship.speed_kn - limit) * young)
    return np.where(v < MIN_ALONE_KN, 0.0, v)


def escorted_kn(
    ship: Ship,
    concentration: Array,
    thickness_m: Array,
    ridge_factor: float,
    escort_ice_m: float,
    escort_max_kn: float,
) -> Array:
    """Speed behind an icebreaker in the channel it breaks; 0 beyond its limit. [kn]"""
    h = np.asarray(thickness_m) * np.asarray(concentration) * ridge_factor
    v = MIN_LED_KN + (ICEBREAKER_KN - MIN_LED_KN) * (1.0 - h / escort_ice_m)
    v = np.minimum(v, min(escort_max_kn, ship.speed_kn))
    v = np.where(np.asarray(thickness_m) <= ship.escort_max_ice_m, v, 0.0)
    return np.where(v < MIN_LED_KN, 0.0, v)


def made_good(kn: Array, concentration: Array, track_factor: float) -> Array:
    """Speed along the line: miles sailed exceed it by up to `track_factor` in closed ice. [kn]"""
    closed = np.clip((np.asarray(concentration) - DRIFT_PACK) / (CLOSED_PACK - DRIFT_PACK), 0.0, 1.0)
    return np.asarray(kn / (1.0 + (track_factor - 1.0) * closed))


def slowness(open_kn: float, ice_kn: Array, frequency: Array) -> Array:
    """Hours per mile with ice at a chance `frequency`; infinite where ice stops the ship. [h/nm]"""
    with np.errstate(divide="ignore"):
        in_ice = np.where(ice_kn > 0, 1.0 / np.maximum(ice_kn, 1e-9), np.inf)
    with np.errstate(invalid="ignore"):
        return np.where(frequency > 0, (1 - frequency) / open_kn + frequency * in_ice, 1.0 / open_kn)
