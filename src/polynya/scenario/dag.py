"""Do these things require each other in a circle, and in which order do they come? (id -> ids it requires)"""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def find_cycle(requires: Mapping[str, Sequence[str]]) -> list[str]:
    """One cycle, closed (first == last), or an empty list. Iterative: deep chains do not overflow."""
    done: set[str] = set()
    for root in requires:
        if root in done:
            continue
        path: list[str] = []
        stack: list[tuple[str, bool]] = [(root, False)]
        while stack:
            node, leaving = stack.pop()
            if leaving:
                path.pop()
                done.add(node)
                continue
            if node in done:
                continue
            if node in path:
                return [*path[path.index(node) :], node]
            path.append(node)
            stack.append((node, True))
            stack.extend((n, False) for n in requires.get(node, ()))
    return []
