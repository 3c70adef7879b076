"""How do several machines share the work? (choices + a Dask scheduler -> every record is in the ledger)

Posed problems stay where they were posed; their hashes come back, and each distinct problem is solved once, near where it
lies. Only this process writes to the ledger, so the machines need no common disk. Dask hands out again what a dead
worker had in hand. Start (docs/ensemble.md): `dask scheduler`, and on each machine one worker a core, one thread each.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any

from polynya.ensemble.choice import Chosen
from polynya.ensemble.ledger import POSED, SOLVED, Ledger, pack
from polynya.ensemble.pool import Spent
from polynya.ensemble.work import Ground, PosedCase, code_digest, pose, solved
from polynya.errors import PolynyaError, UsageError

Say = Callable[[str], None]
CONNECT_S = 20


def on_cluster(address: str, g: Ground, choices: Mapping[str, Chosen], ledger: Ledger, say: Say) -> Spent:
    """Return when every choice has its records.

    Raises UsageError when the extra is not installed or nobody answers at the address, PolynyaError when tasks fail.
    """
    try:
        dask: Any = import_module("distributed")
    except ImportError:
        raise UsageError(
            "--cluster needs Dask distributed.", fix="Install it with: pip install 'polynya[cluster]'."
        ) from None
    try:
        client = dask.Client(address, timeout=CONNECT_S, set_as_default=False)
    except (OSError, ValueError) as error:
        raise UsageError(f"no Dask scheduler at {address}: {error}", fix="Start one with: dask scheduler.") from None
    spent = Spent()
    with client:
        shared = client.scatter(g, broadcast=True)
        posing = {
            client.submit(remote_pose, shared, c, key=f"pose-{key}", retries=2): key for key, c in choices.items()
        }
        reading = {client.submit(remote_record, f, key=f"record-{key}"): (key, f) for f, key in posing.items()}
        solving: dict[Any, str] = {}
        wanted: set[str] = set()
        total = len(choices)
        for future in (line := dask.as_completed(list(reading), loop=client.loop)):
            # What a dead worker held looks failed until another one computes it again: only what is still an error then has failed.
            if (failed := future.exception()) is not None:
                raise PolynyaError(f"the cluster gave up: {failed}", code="cluster")
            result = future.result()
            if future in reading:
                key, posed = reading[future]
                record, seconds = result
                spent.posed += 1
                spent.posing += seconds
                ledger.put(POSED, key, record)
                solution = record.get("solution")
                if solution is not None and solution not in wanted and not ledger.has(SOLVED, solution):
                    wanted.add(solution)
                    task = client.submit(remote_solve, shared, posed, key=f"solve-{solution}", retries=2)
                    solving[task] = solution
                    line.add(task)
            else:
                raw, seconds = result
                ledger.put_raw(SOLVED, solving[future], raw)
                spent.solved += 1
                spent.solving += seconds
            say(f"{spent.posed} of {total} worlds looked at, {spent.solved} solved")
    return spent


def remote_pose(g: Ground, chosen: Chosen) -> tuple[PosedCase, float]:
    """On a worker: pose; refuse to compute with other code than the one that asks."""
    if code_digest() != g.code:
        raise RuntimeError("this worker runs another version of polynya or of its libraries")
    started = time.perf_counter()
    return pose(g, chosen), time.perf_counter() - started


def remote_record(posed: tuple[PosedCase, float]) -> tuple[dict[str, Any], float]:
    """On a worker: what travels back of a posed problem."""
    return posed[0].record, posed[1]


def remote_solve(g: Ground, posed: tuple[PosedCase, float]) -> tuple[bytes, float]:
    """On a worker: solve, and pack the record."""
    started = time.perf_counter()
    return pack(solved(g, posed[0])), time.perf_counter() - started
