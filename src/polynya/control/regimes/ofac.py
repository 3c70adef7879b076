"""OFAC's 50 Percent Rule: what is blocked because blocked persons own it?"""

from __future__ import annotations

from collections.abc import Sequence

from polynya.control.regimes.wave import Wave, needed_by, one_by_one, together
from polynya.control.rules import Rule


def ofac(listed: Sequence[str], rule: Rule, joint: Sequence[frozenset[str]] = ()) -> list[Wave]:
    """31 CFR 587.406; OFAC FAQ 398, 399, 401, 402 (revised guidance of 2014-08-13).

    Property of an entity is blocked when blocked persons own, directly or indirectly, at least 50 % of it in the
    aggregate, across persons and programmes (FAQ 399). Indirectly means through entities that are themselves at
    least 50 % owned in the aggregate by blocked persons (FAQ 401): a fixpoint, not a product of shares. Control
    alone does not block (FAQ 398), so only title is read. `joint` changes nothing where holdings are added up.
    """
    needed = {"title": needed_by(rule)["title"]}
    return together(listed, needed) if rule.aggregated else one_by_one(listed, needed, joint)
