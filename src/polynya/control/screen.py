"""Who is blocked on a day, why, and what is not known? (graph, listed, rule -> a finding per id, with its proof)

certain: at the lower ends of all shares. possible: only if ranged or unknown shares turn out high enough; a remainder
that nobody is recorded to hold is not "possible". not: neither. The proof is a list of holdings: those into the id
from holders reached before it, which add up to the threshold, then those that reach these holders, back to the lists.

Never says that a deal is legal: it says which test is met, as of when, and what is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from polynya.control.fixpoint import least_fixpoint
from polynya.control.graph import Edge, Graph
from polynya.control.regimes import READERS, Wave
from polynya.control.rules import Rule
from polynya.control.shares import HALF, WHOLE, format_share

CERTAIN, POSSIBLE, NOT = "certain", "possible", "not"
STRENGTH = {NOT: 0, POSSIBLE: 1, CERTAIN: 2}


@dataclass(frozen=True, slots=True)
class Listing:
    """A person named on a list."""

    id: str
    programme: str = ""
    valid_from: date | None = None
    valid_to: date | None = None
    regime: str = ""
    measure: str = ""
    source: str = ""
    locator: str = ""
    row: str = ""  # id of the designation

    def in_force(self, day: date) -> bool:
        """Whether the person is listed on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)

    def as_json(self) -> dict[str, Any]:
        """The listing as a step of a proof."""
        return {
            "listed": self.id,
            "programme": self.programme,
            "since": self.valid_from.isoformat() if self.valid_from else "",
            "source": self.source,
            "locator": self.locator,
        }


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer for one id: verdict, the listings and holdings that prove it, the holdings that leave it open."""

    id: str
    blocked: str
    listings: tuple[Listing, ...] = ()
    proof: tuple[Edge, ...] = ()
    needed: Mapping[str, int] = field(default_factory=dict)
    unknown: tuple[Edge, ...] = ()

    def proof_json(self) -> list[dict[str, Any]]:
        """Listings and holdings, the nearest first."""
        return [edge_json(e) for e in self.proof] + [listing.as_json() for listing in self.listings]


def edge_json(e: Edge) -> dict[str, Any]:
    """A holding as JSON; shares as exact text, null where unknown."""
    document: dict[str, Any] = {
        "owner": e.owner,
        "owned": e.owned,
        "kind": e.kind,
        "share": None if e.unknown else format_share(e.share_min),
        "share_max": None if e.exact or e.unknown else format_share(e.share_max),
        "valid_from": e.valid_from.isoformat() if e.valid_from else None,
        "valid_to": e.valid_to.isoformat() if e.valid_to else None,
    }
    if e.status != "closed":
        document["status"] = e.status
    if e.imputed:
        document["imputed"] = True
    if e.source:
        document |= {"source": e.source, "locator": e.locator}
    return document


def screen(
    graph: Graph,
    listed: Iterable[Listing],
    rule: Rule,
    as_of: date,
    joint: Sequence[frozenset[str]] = (),
) -> dict[str, Finding]:
    """A finding for every id of the graph under one rule.

    A suspended rule reaches nobody; one of which it is not known whether it applies makes nothing certain.
    `joint` names groups of listed persons whose rights are held under a joint arrangement (United Kingdom).
    Raises nothing of its own; `build_graph` and `rule_on` have refused what cannot be answered.
    """
    live = [entry for entry in listed if entry.in_force(as_of)] if rule.state != "suspended" else []
    by_id: dict[str, list[Listing]] = {}
    for entry in sorted(live, key=lambda x: (x.id, x.programme, x.valid_from or date.min)):
        by_id.setdefault(entry.id, []).append(entry)
    waves = READERS[rule.regime]([i for i in by_id if i in graph.index], rule, joint)
    proofs = {CERTAIN: _Proofs(graph, by_id), POSSIBLE: _Proofs(graph, by_id)}
    certain = {source: wave for wave in waves for source in wave.sources}
    possible = dict(certain)
    for wave in waves:
        for upper, reached in ((False, certain), (True, possible)):
            for identity in _reached(graph, wave, upper):
                reached.setdefault(identity, wave)
    if rule.state == "uncertain":
        certain = {}
    findings = {}
    for identity in graph.ids:
        verdict = CERTAIN if identity in certain else POSSIBLE if identity in possible else NOT
        if verdict == NOT:
            findings[identity] = Finding(identity, NOT, unknown=_open_into(graph, identity))
            continue
        wave = certain[identity] if verdict == CERTAIN else possible[identity]
        chain = proofs[verdict].chain(identity, wave, upper=verdict == POSSIBLE)
        roots = {identity} | {e.owner for e in chain}
        findings[identity] = Finding(
            identity,
            verdict,
            tuple(x for i in sorted(roots & set(wave.sources)) for x in by_id[i]),
            chain,
            wave.needed,
            tuple(e for e in chain if not e.exact) if verdict == POSSIBLE else (),
        )
    return findings


def _reached(graph: Graph, wave: Wave, upper: bool) -> list[str]:
    sources = np.array([graph.index[s] for s in wave.sources], dtype=np.int64)
    found = least_fixpoint(wave.tracks(graph), sources, len(graph.ids), upper=upper)
    return [graph.ids[i] for i in found.tolist()]


def _open_into(graph: Graph, identity: str) -> tuple[Edge, ...]:
    """Holdings into an id whose share is not known exactly: what a "not" rests on."""
    return tuple(e for e in graph.holders_of.get(identity, ()) if not e.exact)


class _Proofs:
    """Proofs of one run; the rounds of a wave are worked out once."""

    def __init__(self, graph: Graph, listed: Mapping[str, list[Listing]]) -> None:
        self.graph = graph
        self.listed = listed
        self._rounds: dict[tuple[tuple[str, ...], bool], tuple[dict[str, int], dict[str, str]]] = {}

    def chain(self, identity: str, wave: Wave, *, upper: bool) -> tuple[Edge, ...]:
        """Holdings that prove an id, the nearest first; empty for a listed person itself."""
        rounds, kinds = self._of(wave, upper)
        chain: list[Edge] = []
        queue, seen = [identity], {identity}
        while queue:
            owned = queue.pop(0)
            if rounds[owned] == 0:
                continue
            for e in self.graph.holders_of.get(owned, ()):
                if e.kind == kinds[owned] and rounds.get(e.owner, rounds[owned]) < rounds[owned] and e.share_max > 0:
                    if not upper and e.share_min == 0:
                        continue
                    chain.append(e)
                    if e.owner not in seen:
                        seen.add(e.owner)
                        queue.append(e.owner)
        return tuple(chain)

    def _of(self, wave: Wave, upper: bool) -> tuple[dict[str, int], dict[str, str]]:
        """Round in which each id was reached, and the kind of holding that reached it."""
        key = (wave.sources, upper)
        if key not in self._rounds:
            rounds = dict.fromkeys(wave.sources, 0)
            kinds: dict[str, str] = {}
            frontier = list(wave.sources)
            number = 0
            while frontier:
                number += 1
                below = sorted({e.owned for i in frontier for e in self.graph.holdings_of.get(i, ())} - set(rounds))
                frontier = []
                for identity in below:
                    kind = _kind_that_meets(self.graph, identity, wave, rounds, upper)
                    if kind:
                        kinds[identity] = kind
                        frontier.append(identity)
                rounds |= dict.fromkeys(frontier, number)
            self._rounds[key] = (rounds, kinds)
        return self._rounds[key]


def _kind_that_meets(graph: Graph, identity: str, wave: Wave, reached: Mapping[str, int], upper: bool) -> str:
    """The first kind of holding on which the holders reached so far meet the test, or an empty string."""
    holders = graph.holders_of.get(identity, ())
    for kind, needed in wave.needed.items():
        inside = [e for e in holders if e.kind == kind and e.owner in reached]
        if sum(e.share_min for e in inside) >= needed:
            return kind
        if upper:
            outside = sum(e.share_min for e in holders if e.kind == kind and e.owner not in reached)
            if min(sum(e.share_max for e in inside), WHOLE - outside) >= needed:
                return kind
    return ""


def strongest(verdicts: Iterable[str]) -> str:
    """certain before possible before not."""
    return max(verdicts, key=STRENGTH.__getitem__, default=NOT)


def test_text(rule: Rule) -> str:
    """The rule's test in words, such as `50 % or more, added up`."""
    size = f"more than {format_share(rule.threshold)} %" if rule.strict else f"{format_share(rule.threshold)} % or more"
    added = "holdings of all listed persons added up" if rule.aggregated else "each listed person alone"
    control = (
        f"; or a majority (more than {format_share(HALF)} %) of votes, seats or contract rights" if rule.control else ""
    )
    return f"{size} of title, {added}{control}"
