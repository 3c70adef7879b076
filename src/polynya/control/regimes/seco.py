"""The Swiss test: whose funds count as a listed person's in Switzerland?"""

from __future__ import annotations

from collections.abc import Sequence

from polynya.control.regimes.wave import Wave, needed_by, one_by_one, together
from polynya.control.rules import Rule


def seco(listed: Sequence[str], rule: Rule, joint: Sequence[frozenset[str]] = ()) -> list[Wave]:
    """SECO guidance of 2024-05-16 and 2024-06-13.

    More than 50 %, the shares of several listed persons generally added up, plus a list of control criteria, all
    rebuttable. Whether Switzerland followed the European Union to 50 % or more is not known here; the rule says so.
    """
    needed = needed_by(rule)
    return together(listed, needed) if rule.aggregated else one_by_one(listed, needed, joint)
