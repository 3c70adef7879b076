"""What passes between a file of others and the engine? (edges with names and kinds of the parties, and what was left out)"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from polynya.control.graph import Edge


@dataclass(frozen=True)
class Exchange:
    """Edges, what their ids are called, and notes on statements that have no counterpart here."""

    edges: tuple[Edge, ...]
    names: Mapping[str, str] = field(default_factory=dict)
    kinds: Mapping[str, str] = field(default_factory=dict)  # id -> company, person, state, ...
    countries: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
