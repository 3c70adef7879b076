"""Who holds a thing, and what does a holder hold? (graph, id -> a tree of holdings, with what is not recorded)"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from polynya.control.economic import UNRECORDED, economic_share
from polynya.control.graph import Edge, Graph
from polynya.control.screen import edge_json
from polynya.control.shares import WHOLE, format_share

CONTROL_KINDS = ("votes", "trustee")
KINDS_SHOWN = ("title", "votes", "economic")


@dataclass(frozen=True)
class Branch:
    """One holding and the holdings behind it. `again` marks an id shown above: a cycle or a second path."""

    edge: Edge
    below: tuple[Branch, ...]
    again: bool = False


def tree(
    graph: Graph, identity: str, *, kind: str = "title", down: bool = False, depth: int = 20
) -> tuple[Branch, ...]:
    """Holdings into an id (or, `down`, of an id), followed to the end. Each id is opened once.

    `votes` reads votes and trusteeships where any is recorded for a thing, else its title, since votes follow shares.
    """
    opened: set[str] = {identity}

    def follow(node: str, left: int) -> tuple[Branch, ...]:
        branches = []
        for e in _edges(graph, node, kind, down):
            nearer = e.owned if down else e.owner
            again = nearer in opened
            opened.add(nearer)
            branches.append(Branch(e, () if again or left <= 1 else follow(nearer, left - 1), again))
        return tuple(branches)

    return follow(identity, depth)


def unrecorded(graph: Graph, identity: str, kind: str = "title") -> int:
    """What nobody is recorded to hold for certain. [1e-14 percent]"""
    holders = [e for e in graph.holders_of.get(identity, ()) if e.kind == kind]
    return WHOLE - sum(e.share_min for e in holders) if holders else WHOLE


def owners_document(
    graph: Graph, identity: str, as_of: date, *, kind: str = "title", down: bool = False
) -> dict[str, Any]:
    """Holders of an id (or, `down`, its holdings) as one JSON-ready mapping.

    `economic` gives the share of income: upward each ultimate holder's, downward what of each thing reaches the id,
    in percent as exact fractions and as numbers. Raises InputError for a loop that holds itself to 100 %.
    """
    document: dict[str, Any] = {
        "id": identity,
        "as_of": as_of.isoformat(),
        "kind": kind,
        "direction": "down" if down else "up",
    }
    if kind == "economic":
        shares, unknown = _economic_down(graph, identity) if down else _economic_up(graph, identity)
        document["holders" if not down else "holdings"] = [
            {
                "id": who,
                "share": str(share * 100),
                "share_percent": float(share * 100),
                "recorded": not who.startswith(UNRECORDED),
            }
            for who, share in sorted(shares.items(), key=lambda kv: (-kv[1], kv[0]))
        ]
        document["unknown"] = [edge_json(e) for e in unknown]
        return document
    document["holdings" if down else "holders"] = tree_json(tree(graph, identity, kind=kind, down=down))
    left = unrecorded(graph, identity, "title") if not down else 0
    document["unrecorded"] = format_share(left) if not down else None
    document["pending"] = [edge_json(e) for e in graph.pending if identity in (e.owner, e.owned)]
    return document


def owners_text(document: dict[str, Any], names: Mapping[str, str]) -> str:
    """The document as text."""
    identity = document["id"]
    down = document["direction"] == "down"
    what = {
        ("title", False): "who holds the shares",
        ("votes", False): "who votes",
        ("economic", False): "where its income goes",
        ("title", True): "what it holds",
        ("votes", True): "where it votes",
        ("economic", True): "what reaches it of the income of",
    }[document["kind"], down]
    lines = [f"{names.get(identity, identity)} ({identity}), {what}, as of {document['as_of']}"]
    entries = document["holdings" if down else "holders"]
    if document["kind"] == "economic":
        for e in entries:
            who = e["id"]
            label = (
                f"no recorded holder of {who.removeprefix(UNRECORDED)}" if not e["recorded"] else names.get(who, who)
            )
            lines.append(f"  {e['share_percent']:10.4f} %  {label}")
        for e in document["unknown"]:
            lines.append(f"  not known: what {e['owner']} holds of {e['owned']}")
        return "\n".join(lines)
    lines += _tree_lines(entries, names, down, 2)
    if not entries:
        lines.append("  Nothing is recorded on that day.")
    elif not down and document["unrecorded"] not in ("0", None):
        lines.append(f"  {document['unrecorded']} % have no recorded holder on that day.")
    for e in document["pending"]:
        share = e["share"] if e["share"] is not None else e["share_max"] or "an unknown share"
        lines.append(f"  {e.get('status', 'closed')}, not counted as held: {e['owner']} -> {e['owned']} {share} %")
    return "\n".join(lines)


def tree_json(branches: tuple[Branch, ...]) -> list[dict[str, Any]]:
    """The tree as JSON."""
    return [{**edge_json(b.edge), "again": b.again, "through": tree_json(b.below)} for b in branches]


def _tree_lines(entries: list[dict[str, Any]], names: Mapping[str, str], down: bool, indent: int) -> list[str]:
    lines = []
    for e in entries:
        who = e["owned"] if down else e["owner"]
        share = "share unknown" if e["share"] is None else f"{e['share']} %"
        if e["share_max"] is not None:
            share = f"{e['share']} to {e['share_max']} %"
        tail = "" if e["kind"] == "title" else f" ({e['kind']})"
        tail += f" [{e['status']}]" if "status" in e else ""
        tail += f", since {e['valid_from']}" if e["valid_from"] else ""
        again = "  (see above)" if e["again"] else ""
        lines.append(f"{' ' * indent}{names.get(who, who)}: {share}{tail}  [{e.get('source', '')}]{again}")
        lines += _tree_lines(e["through"], names, down, indent + 2)
    return lines


def _economic_up(graph: Graph, identity: str) -> tuple[Mapping[str, Fraction], tuple[Edge, ...]]:
    found = economic_share(graph, identity)
    return found.ultimate, found.unknown


def _economic_down(graph: Graph, identity: str) -> tuple[Mapping[str, Fraction], tuple[Edge, ...]]:
    """Share of each thing below that passes through the id."""
    below, queue = {identity}, [identity]
    while queue:
        for e in graph.holdings_of.get(queue.pop(), ()):
            if e.kind == "title" and e.owned not in below:
                below.add(e.owned)
                queue.append(e.owned)
    shares: dict[str, Fraction] = {}
    unknown: dict[tuple[str, str], Edge] = {}
    for thing in sorted(below - {identity}):
        found = economic_share(graph, thing)
        if found.share_of(identity):
            shares[thing] = found.share_of(identity)
        unknown |= {(e.owner, e.owned): e for e in found.unknown if e.owner == identity or e.owner in below}
    return shares, tuple(unknown.values())


def _edges(graph: Graph, node: str, kind: str, down: bool) -> list[Edge]:
    if down:
        every = graph.holdings_of.get(node, ())
        return [e for e in every if _counts(graph, e, kind)]
    return [e for e in graph.holders_of.get(node, ()) if _counts(graph, e, kind)]


def _counts(graph: Graph, e: Edge, kind: str) -> bool:
    if kind != "votes":
        return e.kind == kind
    recorded = any(o.kind in CONTROL_KINDS for o in graph.holders_of.get(e.owned, ()))
    return e.kind in CONTROL_KINDS if recorded else e.kind == "title"
