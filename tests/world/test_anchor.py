"""Does the anchor file of the docs work as its page says?"""

from __future__ import annotations

from pathlib import Path

from polynya.world import load_world
from polynya.world.anchor import ITEMS, read_anchor

DOCS = Path(__file__).parents[2] / "docs" / "data"


def test_the_example_of_the_docs_shows_every_item_and_is_read() -> None:
    anchor = read_anchor(DOCS / "anchor-example.csv", load_world())
    assert {item for item, _, _ in anchor.values} == set(ITEMS)
    assert anchor.values["storage_fill_bcm", "DE", "2026-12"] == 15.5
    page = (DOCS / "anchor.md").read_text(encoding="utf-8")
    assert all(f"| `{item}` | `{unit}` |" in page for item, unit in ITEMS.items())
