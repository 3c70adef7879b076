"""How are jobs done? (catalogue -> worker processes, events to whoever listens)

One asyncio task per worker takes the job that has waited longest and starts a process group for it. Cancelling kills the
group. Events are noted in the catalogue and told to listeners, so that a page that comes back misses nothing.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping
from typing import Any

from polynya.errors import NotFoundError
from polynya.server.catalogue import CANCELLED, DONE, ENDED, FAILED, Catalogue
from polynya.server.settings import Settings

HEARTBEAT_SECONDS = 10.0
LONGEST_LINE = 1 << 20


class QueueFullError(Exception):
    """As many jobs wait as may wait."""


class Jobs:
    """The queue and its workers; lives in the server's event loop."""

    def __init__(self, catalogue: Catalogue, settings: Settings) -> None:
        self.catalogue = catalogue
        self.settings = settings
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._news: asyncio.Condition = asyncio.Condition()
        self._tasks: list[asyncio.Task[None]] = []
        self._cancelled: set[str] = set()  # being killed: how the process ends says nothing
        self._closing = False

    async def start(self) -> None:
        """Begin to work."""
        self._tasks = [asyncio.create_task(self._work()) for _ in range(self.settings.limits.workers)]

    async def hang_up(self) -> None:
        """End the streams of those who listen: the server is about to stop."""
        self._closing = True
        async with self._news:
            self._news.notify_all()

    async def stop(self) -> None:
        """Kill what runs; it is queued again at the next start."""
        self._closing = True
        for process in self._processes.values():
            _kill(process)
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        async with self._news:
            self._news.notify_all()

    async def submit(self, title: str, files: Mapping[str, str], ensemble: Mapping[str, int] | None = None) -> str:
        """Queue a run, or an ensemble of so many draws. Raises QueueFullError."""
        asked = {"ensemble": dict(ensemble)} if ensemble else {}
        identity = self.catalogue.add_job(title, files, asked, self.settings.limits.queued_jobs)
        if identity is None:
            raise QueueFullError
        await self._tell(identity, {"event": "queued"})
        return identity

    async def cancel(self, identity: str) -> dict[str, Any]:
        """Take a job out of the queue or kill its process; a job that has ended stays as it is. Raises NotFoundError."""
        job = self.catalogue.job(identity)
        if job is None:
            raise NotFoundError("there is no such job.")
        process = self._processes.get(identity)
        if process is not None:
            self._cancelled.add(identity)
            _kill(process)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), 1.5)
        if self.catalogue.end(identity, CANCELLED):
            await self._tell(identity, {"event": CANCELLED})
        return self.catalogue.job(identity) or job

    async def follow(self, identity: str, after: int) -> AsyncIterator[tuple[int, dict[str, Any]] | None]:
        """Events of a job after a number, as they come, until it has ended; None now and then when nothing comes."""
        while not self._closing:
            for number, document in self.catalogue.events(identity, after):
                after = number
                yield number, document
                if document["event"] in ENDED:
                    return
            job = self.catalogue.job(identity)
            if job is None or (job["state"] in ENDED and not self.catalogue.events(identity, after)):
                return
            async with self._news:
                if self.catalogue.events(identity, after) or self._closing:
                    continue
                try:
                    await asyncio.wait_for(self._news.wait(), HEARTBEAT_SECONDS)
                    continue
                except TimeoutError:
                    pass
            yield None

    async def _tell(self, identity: str, document: Mapping[str, Any]) -> None:
        self.catalogue.add_event(identity, document)
        async with self._news:
            self._news.notify_all()

    async def _work(self) -> None:
        while True:
            identity = self.catalogue.claim()
            if identity is None:
                async with self._news:
                    await self._news.wait()
                continue
            try:
                await self._do(identity)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                message = f"the job could not be done: {type(error).__name__}"
                if self.catalogue.end(identity, FAILED, error={"code": "internal", "message": message}):
                    await self._tell(identity, {"event": FAILED, "error": {"code": "internal", "message": message}})

    async def _do(self, identity: str) -> None:
        folder = self.catalogue.folder.jobs / identity
        question = {
            "folder": str(folder),
            "runs": str(self.catalogue.folder.root),
            "world": str(self.settings.world.resolve()) if self.settings.world else "",
            "overlays": [str(o.resolve()) for o in self.settings.overlays],
            "ensemble": self.catalogue.question(identity).get("ensemble"),
            "ledger": str(self.catalogue.folder.ledger()),
        }
        await self._tell(identity, {"event": "started"})
        with (folder / "log.txt").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "polynya.server.worker",
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                start_new_session=True,
                limit=LONGEST_LINE,
            )
        self._processes[identity] = process
        last: dict[str, Any] = {}
        try:
            job = self.catalogue.job(identity)
            if job is None or job["state"] in ENDED:  # cancelled while the process started
                return
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(question).encode() + b"\n")
            await process.stdin.drain()
            async with asyncio.timeout(self.settings.limits.job_seconds):
                async for line in process.stdout:
                    last = json.loads(line)
                    if last["event"] == "progress":
                        self.catalogue.step(identity, last["text"])
                        await self._tell(identity, last)
        except TimeoutError:
            message = f"stopped after {self.settings.limits.job_seconds:g} seconds"
            fix = (
                "The worlds that are solved are kept: ask again, and it goes on from them."
                if question["ensemble"]
                else ""
            )
            last = {"event": FAILED, "error": {"code": "timeout", "message": message, "where": "", "fix": fix}}
        except (BrokenPipeError, ConnectionResetError, ValueError):
            last = {}
        finally:
            _kill(process)
            await process.wait()
            self._processes.pop(identity, None)
        if self._closing or identity in self._cancelled:
            self._cancelled.discard(identity)
            return
        if last.get("event") == DONE:
            ended = self.catalogue.end(identity, DONE, run=last["run"])
        else:
            if last.get("event") != FAILED:
                code = process.returncode
                last = {"event": FAILED, "error": {"code": "internal", "message": f"the worker ended early ({code})"}}
            ended = self.catalogue.end(identity, FAILED, error=last["error"])
        if ended:
            await self._tell(identity, last)


def _kill(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
