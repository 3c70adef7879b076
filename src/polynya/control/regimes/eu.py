"""The European Union's ownership and control test: whose funds count as a listed person's?"""

from __future__ import annotations

from collections.abc import Sequence

from polynya.control.regimes.wave import Wave, needed_by, one_by_one, together
from polynya.control.rules import Rule


def eu(listed: Sequence[str], rule: Rule, joint: Sequence[frozenset[str]] = ()) -> list[Wave]:
    """Council Best Practices (more than 50 % until 2024-07-02, 50 % or more from 2024-07-03); Commission FAQ 8.

    Title held by listed persons is added up, whether or not they act in concert. Control counts as well: a majority
    of votes, of the seats of the board, or a contract. Control is read here from recorded edges only, summed in the
    same way, and both limbs can be rebutted before a national authority. Indirect holdings run through entities that
    meet the test themselves.
    """
    needed = needed_by(rule)
    return together(listed, needed) if rule.aggregated else one_by_one(listed, needed, joint)
