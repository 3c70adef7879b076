"""Sectoral sanctions: to whom do OFAC's Directives 2 and 4 reach?"""

from __future__ import annotations

from collections.abc import Sequence

from polynya.control.graph import Edge
from polynya.control.regimes.wave import Wave, needed_by, together
from polynya.control.rules import Rule
from polynya.control.shares import HALF, PERCENT

PROJECT_SHARE = 33 * PERCENT  # 33 % or greater, Directive 4 as amended 2017-10-31 [1e-14 percent]


def ssi(listed: Sequence[str], rule: Rule, joint: Sequence[frozenset[str]] = ()) -> list[Wave]:
    """Executive Order 13662, Directives 2 and 4, read with the 50 Percent Rule; OFAC FAQ 373.

    An entity owned 50 % or more in the aggregate by persons under one and the same directive is under it too. The
    word is restricted, not blocked: what is barred is the debt or the projects that the directive names.
    """
    return together(listed, {"title": needed_by(rule)["title"]})


def directive_4_project(edges: Sequence[Edge], restricted: frozenset[str]) -> str:
    """Is a project under Directive 4? -> certain, possible or not.

    For oil projects begun on or after 2018-01-29 anywhere (deep water, Arctic offshore, shale): a restricted person,
    its property or its interests has 33 % or more of the ownership, or a majority of the votes. `edges` are the
    holdings in the project, `restricted` the persons under the directive with what it reaches.
    """
    verdict = "not"
    for kind, needed in (("title", PROJECT_SHARE), ("votes", HALF + 1)):
        held = [e for e in edges if e.kind == kind and e.owner in restricted]
        others = sum(e.share_min for e in edges if e.kind == kind and e.owner not in restricted)
        if sum(e.share_min for e in held) >= needed:
            return "certain"
        if min(sum(e.share_max for e in held), 100 * PERCENT - others) >= needed:
            verdict = "possible"
    return verdict
