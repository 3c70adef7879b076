"""To whom does the income of a thing go in the end? (graph, id -> exact shares of ultimate holders, adding up to one)

Every holder passes on all it receives to its own holders by title, until someone without recorded holders keeps it:
x = e + A'x, solved exactly in rationals, strongly connected component by component (integrated ownership after
Brioschi, Buzzacchi and Colombo 1989, recalled, not looked up; the correction for self-holdings is the geometric sum).
A self-holding therefore raises the others: 40.4 % beside 9.6 % of own shares is 40.4 / 90.4 = 44.69 %.

What nobody is recorded to hold, and what an unknown or ranged share leaves open, stays with "unrecorded holders of X":
never spread over the others. A loop that holds itself to 100 % has no ultimate holder and is refused with its members.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from polynya.control.graph import Edge, Graph
from polynya.control.shares import WHOLE
from polynya.errors import InputError

UNRECORDED = "unrecorded:"  # prefix of the pseudo-holder of what nobody is recorded to hold


@dataclass(frozen=True, slots=True)
class Distribution:
    """Ultimate holder -> share of one, exact; `through` holds what passes each id on the way; both from one source."""

    of: str
    ultimate: Mapping[str, Fraction]
    through: Mapping[str, Fraction]
    unknown: tuple[Edge, ...]

    def share_of(self, holder: str) -> Fraction:
        """What reaches or passes a holder."""
        return self.through.get(holder, self.ultimate.get(holder, Fraction(0)))


def economic_share(graph: Graph, identity: str) -> Distribution:
    """Where the income of an id goes. Raises InputError that names a loop holding itself to 100 %."""
    upstream = _upstream(graph, identity)
    passed: dict[str, Fraction] = dict.fromkeys(upstream, Fraction(0))
    passed[identity] = Fraction(1)
    ultimate: dict[str, Fraction] = {}
    unknown: list[Edge] = []
    for members in _components(graph, upstream, identity):
        _solve_component(graph, members, passed)
        for node in members:
            holders = title_holders(graph, node)
            unknown += [e for e in holders if not e.exact]
            if not holders:
                ultimate[node] = ultimate.get(node, Fraction(0)) + passed[node]
                continue
            for e in holders:
                if e.owner not in members:
                    passed[e.owner] += passed[node] * Fraction(e.share_min, WHOLE)
            left = WHOLE - sum(e.share_min for e in holders)
            if left:
                ultimate[UNRECORDED + node] = passed[node] * Fraction(left, WHOLE)
    kept = {k: v for k, v in sorted(ultimate.items()) if v}
    return Distribution(identity, kept, {k: v for k, v in sorted(passed.items()) if v}, tuple(unknown))


def title_holders(graph: Graph, identity: str) -> tuple[Edge, ...]:
    """The title holdings into an id."""
    return tuple(e for e in graph.holders_of.get(identity, ()) if e.kind == "title")


def _upstream(graph: Graph, identity: str) -> list[str]:
    seen, queue = {identity}, [identity]
    while queue:
        for e in title_holders(graph, queue.pop()):
            if e.owner not in seen:
                seen.add(e.owner)
                queue.append(e.owner)
    return sorted(seen)


def _components(graph: Graph, nodes: list[str], start: str) -> list[list[str]]:
    """Strongly connected components, owned before owners (Tarjan 1972, without recursion)."""
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    found: list[list[str]] = []
    for root in [start, *nodes]:
        if root in number:
            continue
        work = [(root, iter([e.owner for e in title_holders(graph, root)]))]
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while work:
            node, owners = work[-1]
            advanced = False
            for owner in owners:
                if owner not in number:
                    number[owner] = low[owner] = len(number)
                    stack.append(owner)
                    on_stack.add(owner)
                    work.append((owner, iter([e.owner for e in title_holders(graph, owner)])))
                    advanced = True
                    break
                if owner in on_stack:
                    low[node] = min(low[node], number[owner])
            if advanced:
                continue
            work.pop()
            if work:
                low[work[-1][0]] = min(low[work[-1][0]], low[node])
            if low[node] == number[node]:
                members = []
                while True:
                    top = stack.pop()
                    on_stack.discard(top)
                    members.append(top)
                    if top == node:
                        break
                found.append(sorted(members))
    return found[::-1]


def _solve_component(graph: Graph, members: list[str], passed: dict[str, Fraction]) -> None:
    """Turn what enters a component from outside into what passes each member: x = b + A'x, exact elimination."""
    inside = {m: i for i, m in enumerate(members)}
    loops = [e for m in members for e in title_holders(graph, m) if e.owner in inside and e.share_min]
    if not loops:
        return
    leaks = any(sum(e.share_min for e in title_holders(graph, m) if e.owner in inside) < WHOLE for m in members)
    if not leaks:
        raise InputError(
            f"{', '.join(members)} hold themselves to 100 %: nobody outside receives what they earn",
            fix="Check these holdings; a closed loop has no economic owner.",
        )
    n = len(members)
    rows = [[Fraction(int(i == j)) for j in range(n)] + [passed[members[i]]] for i in range(n)]
    for e in loops:
        rows[inside[e.owner]][inside[e.owned]] -= Fraction(e.share_min, WHOLE)
    for k in range(n):
        pivot = next(i for i in range(k, n) if rows[i][k])
        rows[k], rows[pivot] = rows[pivot], rows[k]
        rows[k] = [v / rows[k][k] for v in rows[k]]
        for i in range(n):
            if i != k and rows[i][k]:
                factor = rows[i][k]
                rows[i] = [a - factor * b for a, b in zip(rows[i], rows[k], strict=True)]
    for i, m in enumerate(members):
        passed[m] = rows[i][n]
