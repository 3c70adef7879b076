"""Scenarios over HTTP: examples and saved ones, what edits would do, saving, downloading."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response

from polynya.server.api_models import Asked, Json, RunName, Saved, ServiceDep
from polynya.server.scenarios import check, shown
from polynya.server.variant import falls, read

router = APIRouter(tags=["scenarios"])


@router.get("/scenarios")
def scenarios(service: ServiceDep) -> Json:
    """Examples and saved scenarios."""
    return {"scenarios": list(service.scenarios.listing())}


@router.get("/scenarios/{kind}/{name}")
def scenario(kind: Annotated[str, Path(pattern="^(example|saved|run)$")], name: RunName, service: ServiceDep) -> Json:
    """A scenario with its claims."""
    return shown(service.scenarios.get(kind, name))


@router.post("/scenarios/preview")
def preview(asked: Asked, service: ServiceDep) -> Json:
    """The edited file, and what each change would do."""
    draft = asked.draft(service)
    with service.turn():
        found = check(draft, service.world)
    fallen = (
        falls(read(service.scenarios.get(asked.base.kind, asked.base.name).text), asked.edits.off)
        if asked.base
        else None
    )
    return {
        "text": draft.text,
        **found,
        "falls": {"conditions": dict(fallen.conditions), "changes": dict(fallen.changes)} if fallen else None,
    }


@router.post("/scenarios/download", response_class=Response)
def download(asked: Asked, service: ServiceDep) -> Response:
    """The edited file and its ledger as a zip."""
    draft = asked.draft(service)
    with service.turn():
        check(draft, service.world)
    return Response(draft.zipped(), media_type="application/zip")


@router.post(
    "/scenarios",
    status_code=201,
    responses={409: {"description": "The name is taken"}},
)
def save(asked: Saved, service: ServiceDep) -> Json:
    """Keep a scenario under a name."""
    draft = asked.draft(service)
    with service.turn():
        check(draft, service.world)
    folder = service.scenarios.save(asked.name, draft)
    return {"kind": "saved", "name": asked.name, "run_with": f"polynya run {folder / 'scenario.yaml'}"}
