"""What does a regime hand to the fixpoint? (rule, listed -> waves: sources and the holdings that count for them)

A wave is one question: starting from these listed persons together, what do they reach? A regime that adds up the
holdings of all listed persons asks one wave, one that looks at each person asks one wave a person.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from polynya.control.graph import Graph, Track
from polynya.control.rules import Rule

CONTROL_KINDS = ("votes", "board", "contract", "trustee")


@dataclass(frozen=True, slots=True)
class Wave:
    """Listed persons taken together, and the sum needed on each kind of holding. [1e-14 percent]"""

    sources: tuple[str, ...]
    needed: Mapping[str, int]

    def tracks(self, graph: Graph) -> dict[str, tuple[Track, int]]:
        """The graph's tracks that count, with the sum needed on each."""
        return {kind: (graph.tracks[kind], need) for kind, need in self.needed.items() if kind in graph.tracks}


def needed_by(rule: Rule) -> dict[str, int]:
    """Title at the rule's threshold; with control also any majority of votes, seats, contract or trustee rights."""
    needed = {"title": rule.needed}
    if rule.control:
        needed |= dict.fromkeys(CONTROL_KINDS, rule.control_needed)
    return needed


def together(listed: Sequence[str], needed: Mapping[str, int]) -> list[Wave]:
    """All listed persons in one wave."""
    return [Wave(tuple(sorted(set(listed))), needed)] if listed else []


def one_by_one(listed: Sequence[str], needed: Mapping[str, int], joint: Sequence[frozenset[str]]) -> list[Wave]:
    """Each listed person alone; the members of a joint arrangement together."""
    listed_set = set(listed)
    arranged = [tuple(sorted(group & listed_set)) for group in joint]
    waves = [Wave(group, needed) for group in sorted(set(arranged)) if group]
    covered = {p for group in arranged for p in group}
    return waves + [Wave((person,), needed) for person in sorted(listed_set - covered)]
