"""How is a share kept exact? (percent as text <-> int64 in units of 1e-14 percent)

100 % is 10**16 units, so every percentage with up to 14 decimals is a whole number and sums are exact: three shares
that add up to 50 % are 50 %, and 49.9999999999 % is not. More digits are refused, never rounded. No floats here.
"""

from __future__ import annotations

import re
from fractions import Fraction

DECIMALS = 14
PERCENT: int = 10**DECIMALS  # one percent [1e-14 percent]
WHOLE = 100 * PERCENT  # 100 % [1e-14 percent]
HALF = WHOLE // 2

_FORM = re.compile(r"^(\d{1,18})(?:\.(\d+))?$")


def parse_share(text: str) -> int:
    """A percentage such as `50` or `33.3333` -> units of 1e-14 percent. Raises ValueError that says what is wrong."""
    match = _FORM.match(text)
    if not match:
        raise ValueError(f'"{text}" is not a percentage such as 12.5')
    whole, decimals = match[1], (match[2] or "").rstrip("0")
    if len(decimals) > DECIMALS:
        raise ValueError(f'"{text}" has {len(decimals)} decimals; at most {DECIMALS} are kept exact, none is rounded')
    units = int(whole) * PERCENT + int(decimals.ljust(DECIMALS, "0"))
    if units > WHOLE:
        raise ValueError(f'"{text}" is more than 100 percent')
    return units


def format_share(units: int) -> str:
    """Units of 1e-14 percent -> the shortest exact text, `50` or `33.3333`."""
    whole, decimals = divmod(units, PERCENT)
    tail = f"{decimals:0{DECIMALS}d}".rstrip("0")
    return f"{whole}.{tail}" if tail else str(whole)


def percent_text(share: Fraction, decimals: int = 4) -> str:
    """A share of one as a percentage for reading, cut to some decimals; exact ones end early."""
    scaled = share * 100
    if (scaled * 10**decimals).denominator == 1:
        text = f"{float(scaled):.{decimals}f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    return f"{float(scaled):.{decimals}f}"
