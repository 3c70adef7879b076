"""Who could stop a transfer of shares? (graphs before and after, rights -> the rights it would have to overcome)

Pre-emption of the other holders, consent of all, approval of an authority: named, never assumed waived. Rosneft used a
pre-emption right against the sale of Shell's share of the Schwedt refinery.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from polynya.control.graph import Graph


@dataclass(frozen=True, slots=True)
class TransferRight:
    """A right in the way of a transfer: `pre_emption`, `consent_of_all` or `approval`."""

    id: str
    owned: str
    holders: tuple[str, ...]
    right: str
    terms: str
    valid_from: date | None = None
    valid_to: date | None = None
    source: str = ""
    locator: str = ""
    note: str = ""


def objections(before: Graph, after: Graph, rights: Iterable[TransferRight], day: date) -> list[dict[str, Any]]:
    """Rights of others that a change of holders between two graphs would have to overcome, with who gains the share.

    A holder of a pre-emption or consent right is asked whenever someone's title in that company grows.
    """
    found = []
    for right in rights:
        if (right.valid_from and day < right.valid_from) or (right.valid_to and day > right.valid_to):
            continue
        grown = _grown(before, after, right.owned)
        if not grown:
            continue
        found.append(
            {
                "right": right.right,
                "owned": right.owned,
                "buyers": sorted(grown),
                "asked": sorted(set(right.holders) - set(grown)),
                "terms": right.terms,
                "source": right.source,
                "locator": right.locator,
                "note": right.note,
            }
        )
    return found


def _grown(before: Graph, after: Graph, owned: str) -> set[str]:
    """Who holds more title than before."""

    def title(graph: Graph) -> dict[str, int]:
        held: dict[str, int] = {}
        for e in graph.holders_of.get(owned, ()):
            if e.kind == "title":
                held[e.owner] = held.get(e.owner, 0) + e.share_max
        return held

    was, now = title(before), title(after)
    return {who for who, share in now.items() if share > was.get(who, 0)}
