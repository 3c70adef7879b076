"""Jobs over HTTP: run a scenario, once or over many worlds; follow it, cancel it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Annotated

from fastapi import APIRouter, Header, Path
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from polynya.errors import InputError, NotFoundError, UsageError
from polynya.server.api_models import Asked, AskedMany, Json, ServiceDep
from polynya.server.jobs import QueueFullError
from polynya.server.scenarios import Draft, check
from polynya.server.service import BusyError, Service
from polynya.server.variant import read

router = APIRouter(tags=["jobs"])
JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


@router.post("/jobs", status_code=202)
async def submit(asked: Asked, service: ServiceDep) -> Json:
    """Run a scenario."""
    return await _queue(*await run_in_threadpool(_checked, asked, service), service)


@router.post("/ensembles", status_code=202)
async def submit_many(asked: AskedMany, service: ServiceDep) -> Json:
    """Ask how likely each statement of a scenario is: a job that draws many worlds."""
    limits = service.settings.limits
    for what, given, most in (("draws", asked.draws, limits.draws), ("processes", asked.processes, limits.processes)):
        if given > most:
            fix = "Ask for fewer" + (", or use `polynya ensemble`." if what == "draws" else ": they change no result.")
            raise UsageError(f"{given} {what} are more than this server gives to one ensemble ({most}).", fix=fix)
    draft, title = await run_in_threadpool(_checked, asked, service, many=True)
    plan = {"draws": asked.draws, "seed": asked.seed, "workers": asked.processes}
    return await _queue(draft, title, service, plan)


async def _queue(draft: Draft, title: str, service: Service, ensemble: dict[str, int] | None = None) -> Json:
    try:
        identity = await service.jobs.submit(title, draft.files(), ensemble)
    except QueueFullError:
        raise BusyError("as many jobs wait as may wait.", fix="Cancel one, or ask again later.") from None
    return service.catalogue.job(identity) or {}


def _checked(asked: Asked, service: Service, many: bool = False) -> tuple[Draft, str]:
    draft = asked.draft(service)
    with service.turn():
        found = check(draft, service.world)
    if many and found["likely"]["why_not"]:
        raise InputError(found["likely"]["why_not"], where="scenario.yaml", fix=found["likely"]["fix"])
    return draft, read(draft.text).title


@router.get("/jobs")
def jobs(service: ServiceDep) -> Json:
    """Jobs, newest first."""
    return {"jobs": service.catalogue.jobs()}


@router.get("/jobs/{identity}")
def job(identity: JobId, service: ServiceDep) -> Json:
    """One job."""
    return _found(service, identity)


@router.post("/jobs/{identity}/cancel")
async def cancel(identity: JobId, service: ServiceDep) -> Json:
    """Cancel a job."""
    return await service.jobs.cancel(identity)


@router.get(
    "/jobs/{identity}/events",
    response_class=StreamingResponse,
    responses={200: {"content": {"text/event-stream": {"schema": {"type": "string"}}}}},
)
async def events(
    identity: JobId, service: ServiceDep, last_event_id: Annotated[str, Header(max_length=20)] = ""
) -> StreamingResponse:
    """What a job does, as server-sent events."""
    _found(service, identity)
    after = int(last_event_id) if last_event_id.isascii() and last_event_id.isdigit() else 0

    async def stream() -> AsyncIterator[str]:
        yield "retry: 1000\n\n"
        async for event in service.jobs.follow(identity, after):
            if event is None:
                yield ": still there\n\n"
            else:
                number, document = event
                yield f"id: {number}\nevent: {document['event']}\ndata: {json.dumps(document, ensure_ascii=True)}\n\n"

    return StreamingResponse(stream(), media_type="text/event-stream")


def _found(service: Service, identity: str) -> Json:
    found = service.catalogue.job(identity)
    if found is None:
        raise NotFoundError("there is no such job.")
    return found
