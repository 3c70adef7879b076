"""Who gets the money in the end? (income per asset or party, graph -> income per ultimate holder, exact to the cent)

Amounts are whole units of a thousandth of a dollar here: an amount is cut into parts by exact economic shares and the
odd units go to the largest remainders (Hamilton's method), so that the parts of every line add up to the line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from polynya.control.economic import UNRECORDED, Distribution, economic_share
from polynya.control.graph import Graph

UNITS_PER_MUSD = 10**9  # a thousandth of a dollar


@dataclass(frozen=True, slots=True)
class Gain:
    """What one ultimate holder gets out of one source of income."""

    source: str
    holder: str
    share: Fraction
    units: int  # [1e-3 USD]

    @property
    def musd(self) -> float:
        """Million dollars."""
        return self.units / UNITS_PER_MUSD

    @property
    def recorded(self) -> bool:
        """Whether the holder is known."""
        return not self.holder.startswith(UNRECORDED)


def gains_to_owners(income_musd: Mapping[str, float], graph: Graph) -> list[Gain]:
    """Distribute the income of assets or parties to their ultimate holders. [million USD]

    An id without recorded holders keeps its own income. The units of each source add up to its income exactly.
    Raises InputError for a loop that holds itself to 100 %.
    """
    rows = []
    for source, musd in sorted(income_musd.items()):
        if source in graph.index:
            shares: Mapping[str, Fraction] = economic_share(graph, source).ultimate
        else:
            shares = {source: Fraction(1)}
        total = round(Fraction(musd) * UNITS_PER_MUSD)
        for (holder, share), units in zip(shares.items(), split(total, list(shares.values())), strict=True):
            rows.append(Gain(source, holder, share, units))
    return rows


def split(total: int, shares: list[Fraction]) -> list[int]:
    """Cut a whole number by exact shares that add up to one; the parts add up to the total."""
    sign, size = (-1, -total) if total < 0 else (1, total)
    exact = [size * s for s in shares]
    parts = [e.numerator // e.denominator for e in exact]
    odd = size - sum(parts)
    by_remainder = sorted(range(len(shares)), key=lambda i: (parts[i] - exact[i], i))
    for i in by_remainder[:odd]:
        parts[i] += 1
    return [sign * p for p in parts]


def by_holder(gains: list[Gain]) -> dict[str, float]:
    """Million dollars per ultimate holder, the largest first."""
    units: dict[str, int] = {}
    for g in gains:
        units[g.holder] = units.get(g.holder, 0) + g.units
    return {k: v / UNITS_PER_MUSD for k, v in sorted(units.items(), key=lambda kv: (-kv[1], kv[0]))}


def distribution_json(distribution: Distribution) -> dict[str, float]:
    """Shares in percent as numbers, for display; the exact ones are in the object."""
    return {k: float(100 * v) for k, v in distribution.ultimate.items()}
