"""What do the answers of the app draw on? (one object: runs folder, catalogue, jobs, registry, tables of voyages)"""

from __future__ import annotations

import fcntl
import math
import os
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from polynya.control.inputs import TABLES, ControlInputs, inputs_from_tables
from polynya.errors import PolynyaError, UsageError
from polynya.server.catalogue import Catalogue
from polynya.server.folders import RunsFolder
from polynya.server.jobs import Jobs
from polynya.server.planner import Planner
from polynya.server.scenarios import Scenarios
from polynya.server.settings import Settings
from polynya.world import World, load_world
from polynya.world.check import require_sound


class BusyError(PolynyaError):
    """More is asked at once than is computed at once."""

    code = "busy"


class Service:
    """Everything that outlives a request."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.folder = RunsFolder(settings.runs)
        self._held = _hold(self.folder)
        self.catalogue = Catalogue(self.folder)
        self.jobs = Jobs(self.catalogue, settings)
        self.scenarios = Scenarios(self.folder)
        self._turns = threading.BoundedSemaphore(settings.limits.calculations)
        self._waiting = threading.BoundedSemaphore(settings.limits.calculations + settings.limits.waiting)
        self._loading = threading.Lock()

    def close(self) -> None:
        """Let go of the runs folder."""
        self.catalogue.close()
        os.close(self._held)

    @cached_property
    def _world(self) -> World:
        world = load_world(self.settings.world, self.settings.overlays)
        require_sound(world)
        return world

    @property
    def world(self) -> World:
        """The registry that the server was started with; read once. Raises InputError when it is not sound."""
        with self._loading:
            return self._world

    @cached_property
    def _control(self) -> ControlInputs:
        return inputs_from_tables(
            {n: self._world.tables[n].iter_rows(named=True) for n in TABLES if n in self._world.tables}
        )

    @property
    def control(self) -> ControlInputs:
        """What screening reads."""
        with self._loading:
            return self._control

    @cached_property
    def _planner(self) -> Planner:
        return Planner(self._world, self.settings.ice)

    @property
    def planner(self) -> Planner:
        """Voyages."""
        with self._loading:
            return self._planner

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Compute when it is one's turn. Raises BusyError when too many wait."""
        if not self._waiting.acquire(blocking=False):
            raise BusyError("too many calculations wait.", fix="Ask again in a moment.")
        try:
            with self._turns:
                yield
        finally:
            self._waiting.release()


def _hold(folder: RunsFolder) -> int:
    """Lock the runs folder for this process; the lock goes with the process. Raises UsageError."""
    handle = os.open(folder.own / "lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise UsageError(f"another server uses {folder.root}.", fix="Choose another --runs.") from None
    return handle


def document(value: Mapping[str, Any]) -> dict[str, Any]:
    """A mapping made ready for JSON (see `plain`)."""
    return {str(k): plain(v) for k, v in value.items()}


def plain(value: Any) -> Any:
    """JSON-ready: numbers that are not finite become null, days become text."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value.isoformat() if hasattr(value, "isoformat") else value
