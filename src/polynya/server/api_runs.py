"""Runs and ensembles over HTTP: list, summary, tables, trace of a number, report, comparison."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from fastapi.responses import Response

from polynya.errors import NotFoundError
from polynya.server import many
from polynya.server.api_models import Json, Name, RunName, ServiceDep
from polynya.server.compare import compare
from polynya.server.report import report_response
from polynya.server.service import document

router = APIRouter(tags=["runs"])
Table = Annotated[str, Query(pattern="^[a-z_]{1,40}$")]


@router.get("/runs")
def runs(service: ServiceDep) -> Json:
    """Every run, newest first."""
    return {"runs": service.catalogue.runs()}


@router.get("/runs/{name}")
def run(name: RunName, service: ServiceDep) -> Json:
    """Manifest, summary and tables of a run."""
    found = service.folder.run(name)
    service.folder.file(found, "summary.json")
    manifest = {k: v for k, v in found.manifest.items() if k != "files"}
    return document({"name": name, "manifest": manifest, "summary": found.summary, "tables": found.tables()})


@router.get("/runs/{name}/tables/{table}")
def table(
    name: RunName,
    table: str,
    service: ServiceDep,
    offset: Annotated[int, Query(ge=0, le=100_000_000)] = 0,
    limit: Annotated[int, Query(ge=1, le=10_000)] = 1000,
) -> Json:
    """Rows of a table of a run."""
    found = service.folder.run(name)
    if table not in found.tables():
        raise NotFoundError(f'the run has no table "{table[:80]}".')
    service.folder.file(found, f"tables/{table}.parquet")
    with service.turn():
        frame = found.table(table)
        rows = frame.slice(offset, limit).rows()
    return document({"table": table, "total": frame.height, "offset": offset, "columns": frame.columns, "rows": rows})


@router.get("/runs/{name}/explain")
def explain(
    name: RunName,
    service: ServiceDep,
    address: Annotated[str, Query(min_length=1, max_length=200, examples=["prices/DE/2026-01"])],
) -> Json:
    """Where a number comes from."""
    from polynya.results.explain import explain as trace
    from polynya.results.explain import explain_text

    found = service.folder.run(name)
    with service.turn():
        traced = trace(found, address)
    return document({"trace": traced, "text": explain_text(traced)})


@router.get("/ensembles/{name}")
def ensemble(name: RunName, service: ServiceDep) -> Json:
    """Summary of an ensemble, how prices spread month by month, and quantiles of every number."""
    with service.turn():
        return document(many.page_of(service.folder, name))


@router.get("/ensembles/{name}/page", response_class=Response)
def ensemble_page(name: RunName, service: ServiceDep) -> Response:
    """The same as one page of HTML."""
    return report_response(service.folder.file(many.ensemble(service.folder, name), "ensemble.html"))


@router.get("/runs/{name}/report", response_class=Response)
def report(name: RunName, service: ServiceDep) -> Response:
    """The report, one page of HTML."""
    found = service.folder.run(name)
    return report_response(service.folder.file(found, "report.html"))


@router.get("/compare")
def compare_(a: Annotated[Name, Query()], b: Annotated[Name, Query()], service: ServiceDep) -> Json:
    """Two runs side by side."""
    first, second = service.folder.run(a), service.folder.run(b)
    for found in (first, second):
        for wanted in (
            "tables/prices.parquet",
            "tables/flows.parquet",
            "tables/changes.parquet",
            "problem/baseline/periods.csv",
        ):
            service.folder.file(found, wanted)
    with service.turn():
        return compare(first, second)
