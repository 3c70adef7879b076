"""May this request come in? (ASGI: host, origin, token, kind and size of the body, time; and the headers of every answer)

Works on the wire's own terms, before anything of the app: Host and Origin against DNS rebinding and foreign pages, the
body counted as it streams in (a length that is declared is not believed, a chunked one has none), and within a time.
"""

from __future__ import annotations

import asyncio
import contextlib
import hmac
import json
from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from http.cookies import CookieError, SimpleCookie
from typing import Any

from polynya.errors import InputError
from polynya.server import strict_json
from polynya.server.settings import Limits

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

COOKIE = "polynya"
HEADER_BYTES = 32_768
OPEN_PATHS = (
    "/",
    "/app.js",
    "/app.css",
    "/icon.svg",
    "/api/v1/login",
)  # hold no data: the page that asks for the token
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "x-frame-options": "DENY",
    "cache-control": "no-store",
}


class RefusedError(Exception):
    """The request goes no further."""

    def __init__(
        self, status: int, code: str, message: str, fix: str = "", where: str = "", *, whole: bool = False
    ) -> None:
        super().__init__(message)
        self.whole = whole  # the body has been read to its end
        self.status, self.code, self.message, self.fix, self.where = status, code, message, fix, where


class Guard:
    """Wraps the app. `authorities`: what a Host header may say; `token`: blank for none."""

    def __init__(self, app: App, authorities: Iterable[str], token: str, limits: Limits) -> None:
        self.app = app
        self.authorities = frozenset(authorities)
        self.origins = frozenset(f"{s}://{a}" for a in self.authorities for s in ("http", "https"))
        self.token = token.encode()
        self.limits = limits

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let it through, or answer with the reason."""
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        if scope["type"] != "http":
            raise RuntimeError(f"no {scope['type']} here")
        begun = False

        async def answer(message: Message) -> None:
            nonlocal begun
            if message["type"] == "http.response.start":
                begun = True
                given = {k.lower() for k, _ in message["headers"]}
                extra = [(k.encode(), v.encode()) for k, v in HEADERS.items() if k.encode() not in given]
                message = {**message, "headers": [*message["headers"], *extra]}
            await send(message)

        try:
            headers = _headers(scope)
            self._check(scope, headers)
            body = await self._body(scope, headers, receive)
            await self.app(scope, _replay(body, receive), answer)
        except RefusedError as refusal:
            if begun:
                raise
            await _refuse(refusal, answer)
            if not refusal.whole:
                await _drained(receive, self.limits)
            await answer({"type": "http.response.body", "body": b""})

    def _check(self, scope: Scope, headers: dict[str, list[str]]) -> None:
        if sum(len(k) + len(v) for k, v in scope["headers"]) + len(scope["query_string"]) > HEADER_BYTES:
            raise RefusedError(431, "too_large", f"headers and address may have {HEADER_BYTES:,} bytes.")
        hosts = headers.get("host", [])
        if len(hosts) != 1 or hosts[0].lower() not in self.authorities:
            raise RefusedError(
                421,
                "wrong_host",
                "this server does not answer to that name.",
                "Use the address that `polynya serve` printed.",
            )
        origins = headers.get("origin", [])
        if len(origins) > 1 or any(o not in self.origins for o in origins):
            raise RefusedError(403, "foreign_origin", "a page of another origin may not ask here.")
        site = (headers.get("sec-fetch-site") or ["none"])[0]
        opens_a_page = scope["method"] == "GET" and (headers.get("sec-fetch-mode") or [""])[0] == "navigate"
        if site not in ("same-origin", "none") and not opens_a_page:
            raise RefusedError(403, "foreign_origin", "a page of another origin may not ask here.")
        if self.token and scope["path"] not in OPEN_PATHS and not self._known(headers):
            raise RefusedError(
                401, "token_needed", "this server asks for its token.", "Send it as: Authorization: Bearer TOKEN."
            )

    def _known(self, headers: dict[str, list[str]]) -> bool:
        for value in headers.get("authorization", []):
            scheme, _, given = value.partition(" ")
            if scheme.lower() == "bearer" and hmac.compare_digest(given.strip().encode(), self.token):
                return True
        for value in headers.get("cookie", []):
            try:
                cookie = SimpleCookie(value).get(COOKIE)
            except CookieError:
                continue
            if cookie is not None and hmac.compare_digest(cookie.value.encode(), self.token):
                return True
        return False

    async def _body(self, scope: Scope, headers: dict[str, list[str]], receive: Receive) -> bytes:
        limit = self.limits.body_bytes
        too_large = RefusedError(413, "too_large", f"a body may have {limit:,} bytes.")
        declared = (headers.get("content-length") or ["0"])[0]
        if declared.isdigit() and int(declared[:19]) > limit:
            raise too_large
        parts: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(self.limits.body_seconds):
                while True:
                    message = await receive()
                    if message["type"] == "http.disconnect":
                        raise RefusedError(400, "disconnected", "the request broke off.")
                    part = message.get("body", b"")
                    size += len(part)
                    if size > limit:
                        raise too_large
                    parts.append(part)
                    if not message.get("more_body", False):
                        break
        except TimeoutError:
            raise RefusedError(
                408, "timeout", f"the body did not arrive within {self.limits.body_seconds:g} seconds."
            ) from None
        if not size or scope["method"] == "GET":
            return b""  # a GET has no use for a body; it was counted and is dropped
        kind = (headers.get("content-type") or [""])[0].partition(";")[0].strip().lower()
        if kind != "application/json":
            raise RefusedError(
                415, "not_json", "a body is JSON here.", "Send Content-Type: application/json.", whole=True
            )
        body = b"".join(parts)
        try:
            strict_json.parse(body)
        except InputError as error:
            raise RefusedError(400, "bad_input", error.message, error.faults[0].fix, error.where, whole=True) from None
        return body


def _headers(scope: Scope) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for name, value in scope["headers"]:
        found.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    return found


def _replay(body: bytes, receive: Receive) -> Receive:
    given = False

    async def again() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again


async def _drained(receive: Receive, limits: Limits) -> None:
    """Read on for a moment: closing on unread bytes would take the answer away from who still sends."""
    left = limits.body_bytes
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(min(2.0, limits.body_seconds)):
            while left > 0:
                message = await receive()
                left -= len(message.get("body", b""))
                if message["type"] == "http.disconnect" or not message.get("more_body", False):
                    return


async def _refuse(refusal: RefusedError, send: Send) -> None:
    document = {"error": {"code": refusal.code, "message": refusal.message, "where": refusal.where, "fix": refusal.fix}}
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "replace")
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(body)).encode()),
        (b"connection", b"close"),
    ]
    if refusal.status == 401:
        headers.append((b"www-authenticate", b"Bearer"))
    await send({"type": "http.response.start", "status": refusal.status, "headers": headers})
    await send({"type": "http.response.body", "body": body, "more_body": True})
