"""How many threads does the dense linear algebra take while small blocks are factored? (context manager)

Blocks of some hundred rows are too small to share: measured on two cores with other work beside, OpenBLAS on two
threads took 60 times as long as on one for 5 traders x 12 months, waiting at its barriers. `single_thread` sets the
OpenBLAS copies that NumPy and SciPy bring to one thread and sets them back. Where they bring another library it does
nothing. Not here: the threads of solvers.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib import import_module
from typing import Any

_NAMES = ("scipy_openblas_{}_num_threads", "scipy_openblas_{}_num_threads64_", "openblas_{}_num_threads")


@cache
def _controls() -> tuple[tuple[Any, Any], ...]:
    """(get, set) of each OpenBLAS that is loaded."""
    found = []
    for name_of_module in ("numpy._core._multiarray_umath", "scipy.linalg._fblas"):
        try:
            library = ctypes.CDLL(str(import_module(name_of_module).__file__))
        except (ImportError, OSError):
            continue
        for name in _NAMES:
            get, put = getattr(library, name.format("get"), None), getattr(library, name.format("set"), None)
            if get is not None and put is not None:
                put.restype = None
                found.append((get, put))
                break
    return tuple(found)


@contextmanager
def single_thread() -> Iterator[None]:
    """One thread for dense linear algebra inside the block."""
    before = [int(get()) for get, _ in _controls()]
    for _, put in _controls():
        put(1)
    try:
        yield
    finally:
        for (_, put), count in zip(_controls(), before, strict=True):
            put(count)
