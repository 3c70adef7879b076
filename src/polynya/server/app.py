"""The application: pages, API, errors. (service -> ASGI app behind its guard)"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException
from starlette.routing import Match

from polynya import __version__
from polynya.errors import InputError, NotFoundError, PolynyaError, UsageError
from polynya.server import api_jobs, api_registry, api_runs, api_scenarios, api_session, static
from polynya.server.api_models import Problem
from polynya.server.guard import Guard
from polynya.server.scenarios import ExistsError
from polynya.server.service import BusyError, Service
from polynya.server.settings import authorities

STATUS: tuple[tuple[type[PolynyaError], int], ...] = (
    (NotFoundError, 404),
    (ExistsError, 409),
    (BusyError, 503),
    (UsageError, 400),
    (InputError, 422),
)
REFUSALS = {
    400: "What was asked cannot be asked, or the body is not plain JSON",
    401: "The token is missing",
    403: "A page of another origin asked",
    404: "There is no such thing",
    405: "There is no such method",
    413: "The body is too large",
    415: "The body is not JSON",
    421: "The server does not answer to that name",
    422: "A file or a value is wrong; every fault is listed",
    503: "Too much is asked at once",
}
ABOUT = (
    "What would change if what is reported came true? Runs, scenarios, jobs, the registry, voyages and screening. "
    "Bodies are JSON of at most 5 MB without NaN or infinities. Every error has the form of `Problem`."
)


def create_app(service: Service, port: int) -> Guard:
    """The guarded application. `port` is the one it is reached at."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await service.jobs.start()
        try:
            yield
        finally:
            await service.jobs.stop()
            service.close()

    app = FastAPI(
        title="Polynya",
        version=__version__,
        description=ABOUT,
        docs_url=None,
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=lifespan,
        redirect_slashes=False,
        responses={code: {"model": Problem, "description": text} for code, text in REFUSALS.items()},
    )
    app.state.service = service
    for module in (api_runs, api_scenarios, api_jobs, api_registry, api_session):
        app.include_router(module.router, prefix="/api/v1")
    app.include_router(static.router)
    app.add_exception_handler(PolynyaError, _own)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(Exception, _internal)
    return Guard(app, authorities(service.settings, port), service.settings.token, service.settings.limits)


def _problem(status: int, code: str, message: str, where: str = "", fix: str = "", **more: Any) -> JSONResponse:
    error = {"code": code, "message": message, "where": where, "fix": fix, **more}
    headers = {"retry-after": "2"} if status == 503 else None
    return JSONResponse({"error": error}, status, headers)


async def _own(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, PolynyaError)
    status = next((s for kind, s in STATUS if isinstance(error, kind)), 422)
    return JSONResponse(error.as_json(), status, {"retry-after": "2"} if status == 503 else None)


async def _invalid(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    faults = [
        {"code": "invalid", "message": str(e["msg"]), "where": ".".join(str(p) for p in e["loc"])[:200], "fix": ""}
        for e in error.errors()[:50]
    ]
    first = faults[0] if faults else {"message": "invalid", "where": ""}
    return _problem(422, "bad_input", first["message"], first["where"], faults=faults)


async def _plain(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    codes = {404: "not_found", 405: "method_not_allowed"}
    response = _problem(error.status_code, codes.get(error.status_code, "refused"), str(error.detail).rstrip(".") + ".")
    response.headers.update(error.headers or {})
    if error.status_code == 405:
        response.headers["allow"] = ", ".join(sorted(_methods(request)))
    return response


def _methods(request: Request) -> set[str]:
    """What the path takes; the framework itself names the first route's methods only."""
    found: set[str] = set()
    for method in ("GET", "POST"):
        scope = {**request.scope, "method": method}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            found.add(method)
    return found


async def _internal(_: Request, error: Exception) -> JSONResponse:
    return _problem(500, "internal", f"something went wrong here ({type(error).__name__}).")
