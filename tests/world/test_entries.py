"""Do lines end where the gas would arrive? (a line into the wrong market area stands behind a bottleneck that it avoids)"""

from __future__ import annotations

from polynya.world import load_world


def test_power_of_siberia_2_ends_in_the_area_that_inner_mongolia_belongs_to() -> None:
    """In the north-east it would push the first Power of Siberia out of its own market instead of adding to it."""
    world = load_world()
    [end] = [r["to_node"] for r in world.table("corridors").to_dicts() if r["id"] == "power-of-siberia-2"]
    [note] = [r["note"] for r in world.table("nodes").to_dicts() if r["id"] == end]
    assert "Inner Mongolia" in note
