"""How do many processes of one machine share the work? (choices + ledger -> every record is in the ledger)

One thread looks after one worker process: it hands over a choice, hears which market problem that poses, and lets it be
solved unless somebody has solved or is solving the same. A worker that dies is replaced and its choice handed out again;
a choice that has killed three workers is given up, the others are finished, and then it is said. Workers compute on one
thread each, so that results have the same bytes whatever their number.
"""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from polynya.ensemble.choice import Chosen
from polynya.ensemble.ledger import POSED, SOLVED, Ledger
from polynya.ensemble.work import Ground
from polynya.ensemble.worker import receive, send
from polynya.errors import PolynyaError, StorageError

TRIES = 3
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS", "POLARS_MAX_THREADS")
ONE_THREAD = dict.fromkeys(_THREADS, "1")
Say = Callable[[str], None]


@dataclass
class Spent:
    """What was done and how long it took: wall seconds summed over workers. Kept out of every hash."""

    posed: int = 0
    solved: int = 0
    posing: float = 0.0
    posing_cpu: float = 0.0
    solving: float = 0.0
    solving_cpu: float = 0.0
    reading_cpu: float = 0.0  # what a solution says
    died: int = 0
    pids: list[int] = field(default_factory=list)


class Pool:
    """Works through choices with a number of worker processes."""

    def __init__(self, g: Ground, ledger: Ledger, workers: int, say: Say) -> None:
        self.ground = g
        self.ledger = ledger
        self.workers = workers
        self.say = say
        self.spent = Spent()
        self._lock = threading.Lock()
        self._todo: deque[tuple[str, Chosen]] = deque()
        self._tries: dict[str, int] = {}
        self._solving: set[str] = set()
        self._lost: list[str] = []
        self._error: PolynyaError | None = None
        self._processes: set[subprocess.Popen[bytes]] = set()
        self._total = self._done = 0
        self._stopped = False
        self._begun = time.monotonic()

    def work_through(self, choices: Mapping[str, Chosen]) -> None:
        """Return when every choice has its records. Raises StorageError, or PolynyaError when workers kept dying."""
        self._todo.extend(choices.items())
        self._total = len(choices)
        threads = [
            threading.Thread(target=self._look_after, daemon=True) for _ in range(min(self.workers, len(choices)))
        ]
        try:
            for thread in threads:
                thread.start()
            for thread in threads:
                while thread.is_alive():
                    thread.join(0.1)
        finally:
            self._stop()
        if self._error:
            raise self._error
        if self._lost:
            raise PolynyaError(
                f"{len(self._lost)} worlds each ended {TRIES} worker processes and were given up",
                fix="Everything else is kept; see whether memory runs out, use fewer --workers, and repeat the command.",
                code="worker_died",
            )

    def _stop(self) -> None:
        with self._lock:
            self._stopped = True
            self._todo.clear()
            processes = list(self._processes)
        for process in processes:
            with suppress(OSError):
                process.kill()
            process.wait()

    def _look_after(self) -> None:
        process: subprocess.Popen[bytes] | None = None
        while True:
            with self._lock:
                if self._error or not self._todo:
                    break
                key, chosen = self._todo.popleft()
            claimed: list[str] = []
            try:
                if process is None:
                    process = self._start()
                self._one(process, key, chosen, claimed)
            except (EOFError, OSError):
                self._died(process, key, chosen)
                process = None
            except PolynyaError as error:
                with self._lock:
                    self._error = self._error or error
            finally:
                with self._lock:
                    self._solving.difference_update(claimed)
        if process is not None:
            with suppress(OSError):
                if process.stdin:
                    process.stdin.close()
            process.wait()
            with self._lock:
                self._processes.discard(process)

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            [sys.executable, "-m", "polynya.ensemble.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **ONE_THREAD},
            start_new_session=True,  # Ctrl-C reaches the program, which ends its workers
        )
        with self._lock:
            self._processes.add(process)
            self.spent.pids.append(process.pid)
            late = self._stopped
        if late:  # started while everything was being ended
            process.kill()
            process.wait()
            raise EOFError
        assert process.stdin
        send(process.stdin, (self.ground, str(self.ledger.folder)))
        return process

    def _one(self, process: subprocess.Popen[bytes], key: str, chosen: Chosen, claimed: list[str]) -> None:
        assert process.stdin
        assert process.stdout
        send(process.stdin, chosen)
        record, seconds, cpu_seconds = _expect(receive(process.stdout), "posed")
        solution = record.get("solution")
        known = solution is None or self.ledger.has(SOLVED, solution)
        with self._lock:
            self.spent.posed += 1
            self.spent.posing += seconds
            self.spent.posing_cpu += cpu_seconds
            mine = not known and solution not in self._solving
            if mine:
                claimed.append(solution)
                self._solving.add(solution)
        self.ledger.put(POSED, key, record)
        send(process.stdin, "solve" if mine else "skip")
        if mine:
            wall, cpu, reading = _expect(receive(process.stdout), "solved")
            with self._lock:
                self.spent.solved += 1
                self.spent.solving += wall
                self.spent.solving_cpu += cpu
                self.spent.reading_cpu += reading
        with self._lock:
            self._done += 1
            self.say(how_far(self._done, self._total, self.spent.solved, time.monotonic() - self._begun))

    def _died(self, process: subprocess.Popen[bytes] | None, key: str, chosen: Chosen) -> None:
        if process is not None:
            with suppress(OSError):
                process.kill()
            process.wait()
        with self._lock:
            if process is not None:
                self._processes.discard(process)
            self.spent.died += 1
            self._tries[key] = self._tries.get(key, 0) + 1
            if self._tries[key] < TRIES:
                self._todo.append((key, chosen))
            else:
                self._lost.append(key)


def how_far(done: int, total: int, solved: int, seconds: float) -> str:
    """How many worlds are done, and how long the others take at that pace; nothing is foretold from less than a tenth."""
    text = f"{done} of {total} worlds looked at, {solved} solved"
    if done == total or done < max(2, total // 10):
        return text
    left = seconds / done * (total - done)
    return text + (f"; about {left / 60:.0f} min left" if left >= 90 else f"; about {max(1, round(left))} s left")


def _expect(message: tuple[Any, ...], kind: str) -> tuple[Any, ...]:
    """What follows the expected word. Raises what the worker reports instead."""
    if message[0] == kind:
        return message[1:]
    if message[0] == "storage":
        raise StorageError(str(message[1]), where=str(message[2]), fix=str(message[3]))
    raise PolynyaError(f"a worker failed:\n{message[1]}")


def cores() -> int:
    """How many processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:  # not on every system
        return os.cpu_count() or 1
