"""The United Kingdom's test: what does a listed person own or control?"""

from __future__ import annotations

from collections.abc import Sequence

from polynya.control.regimes.wave import Wave, needed_by, one_by_one, together
from polynya.control.rules import Rule


def uk(listed: Sequence[str], rule: Rule, joint: Sequence[frozenset[str]] = ()) -> list[Wave]:
    """Russia (Sanctions) (EU Exit) Regulations 2019, reg. 7 and Schedule 1; OFSI general guidance 4.1.4 (2022-03).

    More than 50 % of the shares or of the votes, the right to appoint a majority of the board, or other control.
    OFSI would not simply aggregate the holdings of different listed persons, so each is followed alone, through the
    entities in which that person has a majority; `joint` names persons whose rights are held under a joint
    arrangement, which are added up.
    """
    needed = needed_by(rule)
    return together(listed, needed) if rule.aggregated else one_by_one(listed, needed, joint)
