"""Who waits for whom? (settings -> a bound socket and a running server)

uvicorn by itself waits for ever for the headers of a connection that was opened and left (or fed a byte at a time);
here a connection has `header_seconds` from its opening, or from the first byte of a further request, to say what it wants.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol

from polynya.errors import UsageError
from polynya.server.guard import HEADER_BYTES, App
from polynya.server.settings import Limits, Settings


def protocol(limits: Limits) -> type[H11Protocol]:
    """The HTTP protocol with a deadline for headers."""

    class Timed(H11Protocol):  # type: ignore[misc, unused-ignore]
        _deadline: asyncio.TimerHandle | None = None

        def connection_made(self, transport: Any) -> None:
            super().connection_made(transport)
            self._arm()

        def connection_lost(self, exc: Exception | None) -> None:
            self._disarm()
            super().connection_lost(exc)

        def data_received(self, data: bytes) -> None:
            super().data_received(data)
            if self.cycle is not None and not self.cycle.response_complete:
                self._disarm()
            else:
                self._arm()

        def on_response_complete(self) -> None:
            super().on_response_complete()
            if self.cycle is not None and not self.cycle.response_complete:
                self._disarm()

        def _arm(self) -> None:
            if self._deadline is None and not self.transport.is_closing():
                self._deadline = self.loop.call_later(limits.header_seconds, self._give_up)

        def _disarm(self) -> None:
            if self._deadline is not None:
                self._deadline.cancel()
                self._deadline = None

        def _give_up(self) -> None:
            self._deadline = None
            if not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete):
                self.transport.abort()

    return Timed


def bind(settings: Settings) -> socket.socket:
    """A listening socket: who asks before the server runs waits instead of being refused.

    Raises UsageError when the port is taken or the host is none of this machine's.
    """
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    found = socket.socket(family, socket.SOCK_STREAM)
    found.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        found.bind((settings.host.strip("[]"), settings.port))
        found.listen(settings.limits.connections)
    except OSError as error:
        found.close()
        raise UsageError(
            f"{settings.host}:{settings.port} cannot be used: {error.strerror}.", fix="Choose another --port."
        ) from None
    return found


def make_server(app: App, limits: Limits, hang_up: Callable[[], Awaitable[None]]) -> uvicorn.Server:
    """The server; `run(sockets=[...])` serves until a signal ends it. `hang_up` then ends the streams that are open."""

    class Server(uvicorn.Server):  # type: ignore[misc, unused-ignore]
        async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
            await hang_up()
            await super().shutdown(sockets)

    config = uvicorn.Config(
        app,
        http=protocol(limits),
        ws="none",
        lifespan="on",
        log_level="error",
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_keep_alive=5,
        timeout_graceful_shutdown=2,
        limit_concurrency=limits.connections,
        h11_max_incomplete_event_size=HEADER_BYTES,
    )
    return Server(config)
