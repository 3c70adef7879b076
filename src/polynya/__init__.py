"""Polynya: if what is being reported came true, what would change, and who says so?

The public names are loaded on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

_PUBLIC = {
    "Answer": "polynya.results.answer",
    "Question": "polynya.results.answer",
    "World": "polynya.world",
    "apply": "polynya.scenario",
    "load_scenario": "polynya.scenario",
    "load_world": "polynya.world",
    "open_run": "polynya.results.folder",
    "publish": "polynya.pipeline",
    "run": "polynya.pipeline",
}
__all__ = [
    "Answer",
    "Question",
    "World",
    "__version__",
    "apply",
    "load_scenario",
    "load_world",
    "open_run",
    "publish",
    "run",
]

if TYPE_CHECKING:
    from polynya.pipeline import publish, run
    from polynya.results.answer import Answer, Question
    from polynya.results.folder import open_run
    from polynya.scenario import apply as apply
    from polynya.scenario import load_scenario
    from polynya.world import World, load_world


def __getattr__(name: str) -> Any:
    if name in _PUBLIC:
        from importlib import import_module

        return getattr(import_module(_PUBLIC[name]), name)
    raise AttributeError(f"module 'polynya' has no attribute {name!r}")
