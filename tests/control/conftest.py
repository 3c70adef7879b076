from __future__ import annotations

from datetime import date

import pytest

from polynya.control.graph import Edge, build_graph
from polynya.control.rules import Rule, rule_on
from polynya.control.screen import Listing, screen
from polynya.control.shares import WHOLE, parse_share
from polynya.control.tables import rules_from_rows
from polynya.tables import read_table
from polynya.world.load import REFERENCE, package_of

DAY = date(2025, 1, 1)


@pytest.fixture(scope="session")
def rules() -> list[Rule]:
    return rules_from_rows(
        read_table(REFERENCE / "rules.csv", package_of().resource("rules").columns).iter_rows(named=True)
    )


def held(
    owner: str, owned: str, share: str | None, most: str | None = None, kind: str = "title", **more: object
) -> Edge:
    """A holding as a user writes it: percent as text, None = unknown."""
    low = 0 if share is None else parse_share(share)
    high = parse_share(most) if most is not None else WHOLE if share is None else low
    return Edge(owner, owned, low, high, kind, **more)  # type: ignore[arg-type]


@pytest.fixture
def ask(rules: list[Rule]):
    """ask(edges, listed, regime, day) -> {id: verdict}."""

    def answer(edges, listed, regime="ofac", day=DAY, joint=()):
        graph = build_graph(edges, day)
        found = screen(graph, [Listing(i) for i in listed], rule_on(rules, regime, day), day, joint)
        return {i: f.blocked for i, f in found.items()}

    return answer
