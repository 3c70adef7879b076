"""The session over HTTP: is the server there, and the token as a cookie for the browser."""

from __future__ import annotations

import hmac

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from polynya import __version__
from polynya.server.api_models import Json, ServiceDep, Token
from polynya.server.guard import COOKIE

router = APIRouter(tags=["session"])


@router.get("/health")
def health(service: ServiceDep) -> Json:
    """Version, registry and limits."""
    with service.turn():
        world = service.world
    limits = service.settings.limits
    return {
        "polynya": __version__,
        "world": {"layers": list(world.layers), "digest": world.digest},
        "body_bytes": limits.body_bytes,
        "queued_jobs": limits.queued_jobs,
        "workers": limits.workers,
        "draws": limits.draws,
        "processes": limits.processes,
    }


@router.post("/login")
def login(given: Token, service: ServiceDep) -> JSONResponse:
    """Give the token once; the browser keeps it as a cookie."""
    token = service.settings.token
    if not token or not hmac.compare_digest(given.token.encode(), token.encode()):
        error = {"code": "token_needed", "message": "that is not the token.", "where": "", "fix": ""}
        return JSONResponse({"error": error}, 401)
    response = JSONResponse({"ok": True})
    response.set_cookie(COOKIE, token, httponly=True, samesite="strict", path="/")
    return response
