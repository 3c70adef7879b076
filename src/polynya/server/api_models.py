"""Which forms do requests and errors have? (pydantic models, and what every route needs)"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from fastapi import Depends, Path, Query, Request
from pydantic import BaseModel, ConfigDict, Field, StrictBool, StringConstraints

from polynya.server.folders import NAME_PATTERN
from polynya.server.planner import Escort, Objective
from polynya.server.scenarios import RUN, Draft, require_own_capacity
from polynya.server.service import Service
from polynya.server.variant import Edits, variant

Json = dict[str, Any]


def service_of(request: Request) -> Service:
    """The service behind the application."""
    found: Service = request.app.state.service
    return found


def today() -> date:
    """The day that counts where none is given."""
    return date.today()


ServiceDep = Annotated[Service, Depends(service_of)]
RunName = Annotated[str, Path(pattern=NAME_PATTERN, max_length=120, description="A run's name.")]
Name = Annotated[str, StringConstraints(pattern=NAME_PATTERN, max_length=120)]
Word = Annotated[str, Path(min_length=1, max_length=120, description="An id of the registry.")]
Day = Annotated[date | None, Query(description="The day; today if left out.", ge=date(1900, 1, 1), le=date(2200, 1, 1))]


class Fault(BaseModel):
    """One fault in one place."""

    code: str
    message: str
    where: str
    fix: str


class Error(Fault):
    """What went wrong, where, and what to do about it."""

    faults: list[Fault] = []


class Problem(BaseModel):
    """The body of every error."""

    error: Error


class Body(BaseModel):
    """A request's body: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Base(Body):
    """A scenario that is there: an example, a saved one, or that of a run."""

    kind: Annotated[str, Field(pattern="^(example|saved|run)$")]
    name: Name


class Asked(Body):
    """A scenario: one that is there with edits, or the text of a file (and of its ledger)."""

    base: Base | None = None
    edits: Edits = Edits()
    text: Annotated[str, Field(max_length=2_000_000)] | None = None
    ledger: Annotated[str, Field(max_length=3_000_000)] = ""

    def draft(self, service: Service) -> Draft:
        """The files that are meant. Raises NotFoundError, InputError, UsageError."""
        for capacity in self.edits.capacities:
            require_own_capacity(service.world, capacity.subject)
        if self.base is not None:
            base = service.scenarios.get(self.base.kind, self.base.name)
            if self.text is not None:
                base = Draft(f"text, {base.origin}", self.text, self.ledger or base.ledger)
            origin = base.origin if self.base.kind != RUN else f"run {self.base.name}"
            return Draft(origin, variant(base.text, self.edits, origin), base.ledger)
        return Draft("text", variant(self.text or "", self.edits, "a text"), self.ledger)


class Saved(Asked):
    """A scenario to be kept under a name."""

    name: Name


class AskedMany(Asked):
    """An ensemble of a scenario: how many draws, from which seed, by how many processes (which change no result)."""

    draws: Annotated[int, Field(ge=2, le=100_000, strict=True, examples=[64])] = 64
    seed: Annotated[int, Field(ge=0, le=2**53 - 1, strict=True)] = 1
    processes: Annotated[int, Field(ge=1, le=256, strict=True)] = 1


class VoyageAsked(Body):
    """A voyage: ports by name, UN/LOCODE, registry id or `lat,lon`."""

    origin: Annotated[str, Field(min_length=1, max_length=120, examples=["Sabetta"])]
    destination: Annotated[str, Field(min_length=1, max_length=120, examples=["Yokohama"])]
    depart: Annotated[date, Field(examples=["2025-08-15"])]
    ship: Annotated[str, Field(max_length=80, examples=["lng-arc7"])] = "lng-174k"
    via: Annotated[str, Field(max_length=80)] = "auto"
    objective: Objective = "time"
    avoid: Annotated[list[Annotated[str, Field(max_length=80)]], Field(max_length=20)] = []
    escort: Escort = "auto"
    heed_security: StrictBool = False


class Token(Body):
    """The server's token."""

    token: Annotated[str, Field(max_length=400)]
