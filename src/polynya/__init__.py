"""Polynya: if what is being reported came true, what would change, and who says so?

The public names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_PUBLIC = {
    "load_world": "polynya.world",
    "World": "polynya.world",
}
__all__ = ["World", "__version__", "load_world"]

if TYPE_CHECKING:
    from polynya.world import World, load_world


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        from importlib import import_module

        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'polynya' has no attribute {name!r}")
