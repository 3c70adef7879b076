"""Which unit is this, and how does it become ours? (source unit -> project unit, both in the function's name)

The project's units: gas in bcm of 40 MJ/m3 gross at 15 C (`_bcm`), prices in `usd_per_mmbtu`, money in `musd`,
distance in `nm`, speed in `kn`, time in `days`, LNG in `mt`, ship size in `m3`.
The constants below are definitions or stated conventions, each with where it comes from.
"""

from __future__ import annotations

from collections.abc import Iterable

MJ_PER_M3_GROSS = 40.0  # the basis of bcm used throughout (bp / Energy Institute convention)
TWH_PER_BCM = 1e9 * MJ_PER_M3_GROSS / 3.6e9  # 11.111
MJ_PER_MMBTU = 1055.05585262  # International Table BTU
MMBTU_PER_BCM = 1e9 * MJ_PER_M3_GROSS / MJ_PER_MMBTU  # 37.91 million
MWH_PER_MMBTU = MJ_PER_MMBTU / 3600.0  # 0.293071
BCM_PER_MT_LNG = 1.36  # Energy Institute conversion table; 15.1 TWh per Mt
RUSSIAN_M3_TO_BCM = 0.93  # m3 at 20 C and about 37.8 MJ/m3 -> m3 of 40 MJ; the facts' own convention
KM_PER_NM = 1.852  # exact, by definition
BBL_PER_T_CRUDE = 7.33  # usual mean for crude; grades differ by a few percent
MW_PER_GWH_PER_DAY = 1000.0 / 24.0


def added(values: Iterable[float]) -> float:
    """The sum from left to right, rounded at each step: `sum` rounds once from Python 3.12 on, and the last digit differs."""
    total = 0.0
    for value in values:
        total = total + value
    return total


def bcm_from_twh(twh: float) -> float:
    """Gross TWh -> bcm."""
    return twh / TWH_PER_BCM


def twh_from_bcm(bcm: float) -> float:
    """Bcm -> gross TWh."""
    return bcm * TWH_PER_BCM


def bcm_per_year_from_gwh_per_day(gwh_per_day: float, days: int = 365) -> float:
    """GWh/day (gross) -> bcm per year of `days` days."""
    return bcm_from_twh(gwh_per_day * days / 1000.0)


def bcm_from_russian_bcm(bcm_20c: float) -> float:
    """Russian bcm (20 C) -> bcm."""
    return bcm_20c * RUSSIAN_M3_TO_BCM


def bcm_from_mt_lng(mt: float) -> float:
    """Million tonnes of LNG -> bcm of gas."""
    return mt * BCM_PER_MT_LNG


def mt_lng_from_bcm(bcm: float) -> float:
    """Bcm of gas -> million tonnes of LNG."""
    return bcm / BCM_PER_MT_LNG


def usd_per_mmbtu_from_usd_per_1000m3(usd: float, russian: bool = True) -> float:
    """USD per 1000 m3 -> USD/MMBtu; Russian m3 by default."""
    factor = RUSSIAN_M3_TO_BCM if russian else 1.0
    return usd * 1e6 / (factor * MMBTU_PER_BCM)


def usd_per_mmbtu_from_eur_per_mwh(eur_per_mwh: float, usd_per_eur: float) -> float:
    """EUR/MWh (gross) at an exchange rate -> USD/MMBtu."""
    return eur_per_mwh * usd_per_eur * MWH_PER_MMBTU


def eur_per_mwh_from_usd_per_mmbtu(usd_per_mmbtu: float, usd_per_eur: float) -> float:
    """USD/MMBtu at an exchange rate -> EUR/MWh (gross)."""
    return usd_per_mmbtu / usd_per_eur / MWH_PER_MMBTU


def musd_from_bcm_at(bcm: float, usd_per_mmbtu: float) -> float:
    """Bcm sold at a price in USD/MMBtu -> million USD."""
    return bcm * MMBTU_PER_BCM * usd_per_mmbtu / 1e6


def nm_from_km(km: float) -> float:
    """Kilometres -> nautical miles."""
    return km / KM_PER_NM


def kbd_from_mt_per_year(mt: float, bbl_per_t: float = BBL_PER_T_CRUDE, days: int = 365) -> float:
    """Million tonnes of crude per year -> thousand barrels per day."""
    return mt * bbl_per_t * 1000.0 / days
