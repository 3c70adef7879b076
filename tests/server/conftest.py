"""A real server on a free port of the loopback, and a client that speaks to it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from polynya.server.app import create_app
from polynya.server.listen import bind, make_server
from polynya.server.service import Service
from polynya.server.settings import Limits, Settings

QUICK = Limits(header_seconds=0.6, body_seconds=0.8, queued_jobs=2, connections=40)


@dataclass
class Served:
    """A running server: its address, its runs folder, and how to ask it."""

    port: int
    runs: Path
    service: Service
    client: httpx.Client = field(repr=False)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def get(self, path: str, **more: Any) -> httpx.Response:
        return self.client.get(f"{self.url}{path}", **more)

    def post(self, path: str, document: Any = None, **more: Any) -> httpx.Response:
        return self.client.post(f"{self.url}{path}", json=document, **more)

    def job(self, document: Any) -> dict[str, Any]:
        answer = self.post("/api/v1/jobs", document)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def wait(
        self, identity: str, states: tuple[str, ...] = ("done", "failed", "cancelled"), seconds: float = 120
    ) -> Any:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            job = self.get(f"/api/v1/jobs/{identity}").json()
            if job["state"] in states:
                return job
            time.sleep(0.05)
        raise AssertionError(f"{identity} is still {job['state']}")

    def raw(self, data: bytes, seconds: float = 5.0) -> bytes:
        """What comes back on a plain socket until the server closes it."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=seconds) as s:
            s.sendall(data)
            return read_all(s)


def read_all(s: socket.socket) -> bytes:
    parts = []
    try:
        while part := s.recv(65536):
            parts.append(part)
    except ConnectionResetError:
        pass
    return b"".join(parts)


def serve(runs: Path, limits: Limits = QUICK, **more: Any) -> Iterator[Served]:
    settings = Settings(runs=runs, port=0, limits=limits, **more)
    listening = bind(settings)
    port = listening.getsockname()[1]
    service = Service(settings)
    server = make_server(create_app(service, port), limits, service.jobs.hang_up)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
    thread.start()
    try:
        with httpx.Client(timeout=60, trust_env=False) as client:
            yield Served(port, service.folder.root, service, client)
    finally:
        server.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from serve(tmp_path_factory.mktemp("runs"))


ONE_MONTH = {
    "base": {"kind": "example", "name": "gazprom-arctic-2025"},
    "edits": {"horizon": {"from": "2025-04", "months": 1}},
}


@pytest.fixture(scope="package")
def finished(served: Served) -> dict[str, Any]:
    """The job of one month of the founding scenario, done."""
    job = served.wait(served.job(ONE_MONTH)["id"])
    assert job["state"] == "done", job
    return job
