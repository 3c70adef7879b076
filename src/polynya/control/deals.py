"""What would a deal change, and who could stop it? (edges, transfers -> edges; rights; two registries -> what flips)

A deal is a patch of edges with a date: shares move from seller to buyer, exactly. Nothing else is touched. Rights of
others in the way of a transfer (pre-emption, consent of all, an authority's approval) are named, never assumed waived:
Rosneft used a pre-emption right against the sale of Shell's share of the Schwedt refinery.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from polynya.control.answer import screen_regimes, standing_of
from polynya.control.graph import Edge, Graph
from polynya.control.inputs import ControlInputs
from polynya.control.measures import Licence, Measure
from polynya.control.screen import edge_json
from polynya.control.shares import format_share
from polynya.control.transfer_rights import TransferRight, objections
from polynya.errors import InputError


@dataclass(frozen=True, slots=True)
class Transfer:
    """A share of one kind that moves on a day. [1e-14 percent]"""

    owned: str
    seller: str
    buyer: str
    share: int
    day: date
    kind: str = "title"
    condition: str = ""


def apply_transfers(edges: Iterable[Edge], transfers: Iterable[Transfer]) -> list[Edge]:
    """The edges after the deal. Raises InputError when the seller does not hold, for certain, what it sells."""
    patched = list(edges)
    for t in sorted(transfers, key=lambda t: t.day):
        held = [
            e
            for e in patched
            if (e.owner, e.owned, e.kind, e.status) == (t.seller, t.owned, t.kind, "closed") and e.in_force(t.day)
        ]
        total = sum(e.share_min for e in held)
        if t.share <= 0 or total < t.share or any(not e.exact for e in held):
            has = format_share(total) if all(e.exact for e in held) else "an uncertain share"
            raise InputError(
                f"{t.seller} holds {has} % of {t.owned} ({t.kind}) on {t.day}, not {format_share(t.share)} % to sell",
                fix=f"See: polynya owners {t.owned} --as-of {t.day}",
            )
        left = t.share
        for e in sorted(held, key=lambda e: (e.share_min, e.id)):
            taken = min(left, e.share_min)
            left -= taken
            if not taken:
                continue
            patched.remove(e)
            if e.valid_from is None or e.valid_from < t.day:
                patched.append(replace(e, valid_to=t.day - timedelta(days=1)))
            if e.share_min > taken:
                rest = e.share_min - taken
                patched.append(replace(e, share_min=rest, share_max=rest, valid_from=t.day))
            patched.append(
                replace(
                    e,
                    owner=t.buyer,
                    share_min=taken,
                    share_max=taken,
                    valid_from=t.day,
                    source="deal",
                    note=t.condition,
                )
            )
    return patched


def compare(
    before: ControlInputs,
    after: ControlInputs,
    as_of: date,
    regimes: Sequence[str],
    rights: Iterable[TransferRight] = (),
) -> dict[str, Any]:
    """Run every rule before and after; report what flips, for whom and why, and what stands in the way.

    Keys: as_of, flips, stakes, measures, licences, objections, unchanged.
    """
    graphs = before.graph(as_of), after.graph(as_of)
    flips: list[dict[str, Any]] = []
    unchanged = 0
    for regime in regimes:
        (_, was), (_, now) = (
            screen_regimes(g, x.listed(as_of), x.rules, regime, as_of)[regime]
            for g, x in zip(graphs, (before, after), strict=True)
        )
        for identity in sorted(set(was) | set(now)):
            a, b = was.get(identity), now.get(identity)
            if a is not None and b is not None and a.blocked == b.blocked:
                unchanged += a.blocked != "not"
                continue
            flips.append(
                {
                    "id": identity,
                    "name": after.parties.label(identity),
                    "regime": regime,
                    "before": a.blocked if a else "not",
                    "after": b.blocked if b else "not",
                    "because_before": a.proof_json() if a else [],
                    "because_after": b.proof_json() if b else [],
                    "still_barred_by": still_barred(after, graphs[1], identity, as_of),
                }
            )
    return {
        "as_of": as_of.isoformat(),
        "flips": flips,
        "stakes": _stakes(*graphs),
        "measures": _changed_measures(before.measures, after.measures, as_of),
        "licences": _new_licences(before.licences, after.licences, as_of),
        "objections": objections(*graphs, rights, as_of),
        "unchanged": unchanged,
    }


def still_barred(inputs: ControlInputs, graph: Graph, identity: str, as_of: date) -> list[dict[str, str]]:
    """What bars dealing with an id whatever the ownership tests say, licences set off."""
    standing = standing_of(inputs, graph, identity, "all", as_of)
    return [
        {"id": m.id, "jurisdiction": m.jurisdiction, "act": m.cites, "object": m.object}
        for m in standing.bars
        if m.id not in standing.relieved
    ]


def _stakes(before: Graph, after: Graph) -> list[dict[str, Any]]:
    """Holdings that appear or vanish."""
    was, now = set(before.edges), set(after.edges)

    def key(e: Edge) -> tuple[str, str, str, int, int]:
        return (e.owned, e.owner, e.kind, e.share_min, e.share_max)

    gone = {key(e): e for e in was - now}
    come = {key(e): e for e in now - was}
    rows = [{"change": "ends", **edge_json(e)} for k, e in sorted(gone.items()) if k not in come]
    return rows + [{"change": "begins", **edge_json(e)} for k, e in sorted(come.items()) if k not in gone]


def _changed_measures(before: Sequence[Measure], after: Sequence[Measure], day: date) -> list[dict[str, str]]:
    was, now = {m.id: m for m in before}, {m.id: m for m in after}
    rows = []
    for identity in sorted(set(was) | set(now)):
        a = was[identity].state(day, was) if identity in was else "absent"
        b = now[identity].state(day, now) if identity in now else "absent"
        if a != b:
            m = now.get(identity) or was[identity]
            rows.append({"id": identity, "act": m.cites, "before": a, "after": b, "object": m.object})
    return rows


def _new_licences(before: Sequence[Licence], after: Sequence[Licence], day: date) -> list[dict[str, Any]]:
    known = {x.id for x in before}
    return [x.as_json(day) for x in after if x.id not in known]
