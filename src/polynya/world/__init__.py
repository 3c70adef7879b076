"""The dated, sourced registry: what is known about the gas world, since when, and who says so."""

from polynya.world.fact import Fact, Resolved
from polynya.world.load import load_world
from polynya.world.world import Snapshot, World

__all__ = ["Fact", "Resolved", "Snapshot", "World", "load_world"]
