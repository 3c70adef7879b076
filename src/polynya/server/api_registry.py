"""The registry, voyages and screening over HTTP."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from polynya.control.rules import REGIMES
from polynya.errors import UsageError, did_you_mean
from polynya.server import pages
from polynya.server.api_models import Day, Json, ServiceDep, VoyageAsked, Word, today
from polynya.server.service import Service
from polynya.voyages.voyage import Question

router = APIRouter()
Text = Annotated[str, Query(max_length=120)]


@router.get("/things", tags=["registry"])
def things(service: ServiceDep, kind: Text = "", words: Text = "") -> Json:
    """Things of the registry by kind and words."""
    return pages.things(service, kind, words)


@router.get("/things/{identity}", tags=["registry"])
def thing(identity: Word, service: ServiceDep, as_of: Day = None) -> Json:
    """Everything known about a thing."""
    with service.turn():
        return pages.thing(service, identity, as_of or today())


@router.get("/sources", tags=["registry"])
def sources(service: ServiceDep) -> Json:
    """Sources with how many rows cite each."""
    with service.turn():
        return {"sources": pages.sources(service)}


@router.get("/sources/{identity}", tags=["registry"])
def source(identity: Word, service: ServiceDep) -> Json:
    """A source and every row that cites it."""
    with service.turn():
        return pages.source(service, identity)


@router.get("/screen/{identity}", tags=["screening"])
def screen(identity: Word, service: ServiceDep, regime: Text = "all", as_of: Day = None) -> Json:
    """Is a party blocked by whom it belongs to?"""
    if regime != "all" and regime not in REGIMES:
        raise UsageError(f'there is no regime "{regime}".', fix=did_you_mean(regime, [*REGIMES, "all"]))
    with service.turn():
        return pages.screening(service, identity, regime, as_of or today())


@router.get("/voyages/options", tags=["voyages"])
def options(service: ServiceDep) -> Json:
    """Ports, ships and passages."""
    with service.turn():
        return service.planner.options()


@router.post("/voyages", tags=["voyages"])
def voyage(asked: VoyageAsked, service: ServiceDep) -> Json:
    """One voyage."""
    with service.turn():
        return service.planner.voyage(_question(asked, service))


@router.post("/voyages/season", tags=["voyages"])
def season(asked: VoyageAsked, service: ServiceDep) -> Json:
    """Twelve months by several ways."""
    with service.turn():
        return service.planner.season(_question(asked, service))


def _question(asked: VoyageAsked, service: Service) -> Question:
    fields = asked.model_dump() | {"avoid": tuple(a.strip().casefold() for a in asked.avoid if a.strip())}
    return service.planner.question(**fields)
