"""What does the voyage cost? (path, ship, prices -> million USD, per voyage and per unit of cargo)

Round trip: the laden voyage, the way back (same time unless given), and port days at both ends. Charter per day; fuel as the
cube of speed is already in the consumption at service speed, so fuel = days x t/day x price; on LNG carriers fuel is boil-off,
valued at the LNG price; canal tolls both ways; escort tariff of the Northern Sea Route by gross tonnage, zones and season
(FTS order 45-t/1 of 2014: base x zone factor x class factor), for escorted passages only. Ranges come from the ranges of the
parameters. All prices are the tables'; nothing here is a forecast.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from polynya.units import MMBTU_PER_BCM, bcm_from_mt_lng
from polynya.voyages.ships import Ship

ZONE_FACTOR = (0.0, 1.0, 1.2, 1.4, 1.6, 1.8, 2.0, 2.0)  # order 45-t/1, table 8: exact ratios of its row for Arc4
BRACKET_TOP_GT = 40000.0


@dataclass(frozen=True, slots=True)
class Cost:
    """Parts of a round trip. [million USD]"""

    charter_musd: float
    fuel_musd: float
    tolls_musd: float
    escort_musd: float
    port_musd: float
    days_round_trip: float

    @property
    def total_musd(self) -> float:
        """Sum of the parts."""
        return self.charter_musd + self.fuel_musd + self.tolls_musd + self.escort_musd + self.port_musd


def escort_tariff_musd(
    ship: Ship, zones: int, summer: bool, tariffs: Iterable[Mapping[str, Any]], parameters: Mapping[str, float]
) -> float:
    """Escort fee of one passage through `zones` zones of the Northern Sea Route. [million USD]"""
    if zones <= 0:
        return 0.0
    group = "Arc7" if ship.ice_class in ("PC3", "PC4", "PC5", "PC6") else "Arc4"
    base = next(
        float(r["rub_per_gt"])
        for r in tariffs
        if r["ice_class_group"] == group and r["zones"] == 1 and r["season"] == "winter"
    )
    rub_per_gt = base * ZONE_FACTOR[min(zones, 7)]
    if summer:
        rub_per_gt *= parameters["nsr_tariff_summer_share"]
    if ship.gross_tonnage > BRACKET_TOP_GT:
        rub_per_gt *= parameters["nsr_tariff_share_above_40000_gt"]
    return rub_per_gt * ship.gross_tonnage * parameters["usd_per_rub"] / 1e6


def fuel_price_usd_per_t(ship: Ship, parameters: Mapping[str, float]) -> float:
    """Price of the ship's fuel. [USD/t]"""
    if ship.fuel == "lng":
        mmbtu_per_t = bcm_from_mt_lng(1e-6) * MMBTU_PER_BCM
        return parameters["lng_price_usd_per_mmbtu"] * mmbtu_per_t
    return parameters["vlsfo_usd_per_t"]


def round_trip(
    ship: Ship,
    laden_days: float,
    ballast_days: float,
    tolls_musd: float,
    escort_musd: float,
    parameters: Mapping[str, float],
) -> Cost:
    """Cost of the laden voyage, the way back and both calls."""
    sea = laden_days + ballast_days
    days = sea + 2 * ship.port_days
    return Cost(
        charter_musd=ship.charter_usd_per_day * days / 1e6,
        fuel_musd=sea * ship.fuel_t_per_day * fuel_price_usd_per_t(ship, parameters) / 1e6,
        tolls_musd=tolls_musd,
        escort_musd=escort_musd,
        port_musd=2 * parameters["port_cost_usd_per_call"] / 1e6,
        days_round_trip=days,
    )


def lng_loaded_t(ship: Ship, parameters: Mapping[str, float]) -> float:
    """LNG on board after loading (98.5 % full). [t]"""
    return ship.capacity * 0.985 * parameters["lng_t_per_m3"]


def boil_off_share(ship: Ship, laden_days: float, parameters: Mapping[str, float]) -> float:
    """Share of the loaded cargo used up on the laden voyage: the larger of natural boil-off and the fuel burnt."""
    if ship.cargo != "lng":
        return 0.0
    natural = ship.boil_off_percent_per_day / 100.0
    burnt = ship.fuel_t_per_day / lng_loaded_t(ship, parameters)
    return min(0.9, laden_days * max(natural, burnt))


def delivered_bcm(ship: Ship, laden_days: float, parameters: Mapping[str, float]) -> float:
    """Gas discharged per voyage after boil-off and heel. [bcm]"""
    loaded_t = lng_loaded_t(ship, parameters)
    share = 1.0 - boil_off_share(ship, laden_days, parameters) - ship.heel_percent / 100.0
    return bcm_from_mt_lng(loaded_t * share / 1e6)


def per_unit(ship: Ship, cost: Cost, laden_days: float, parameters: Mapping[str, float]) -> dict[str, float]:
    """Cost per unit of cargo; for LNG the fuel of the laden voyage counts as lost cargo, so it is left out of the fee."""
    total = cost.total_musd * 1e6
    if ship.cargo == "lng":
        bcm = delivered_bcm(ship, laden_days, parameters)
        return {"usd_per_mmbtu": total / (bcm * MMBTU_PER_BCM)}
    if ship.capacity_unit == "TEU":
        return {"usd_per_teu": total / 2 / ship.capacity}
    return {"usd_per_t": total / ship.capacity}
