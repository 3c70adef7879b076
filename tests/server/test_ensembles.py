"""Ensembles in the app: listed beside runs and told apart from them, shown with their numbers, never taken for a run."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from polynya.cli import main
from polynya.server.catalogue import Catalogue
from polynya.server.folders import RunsFolder
from tests.ensemble.conftest import make_world
from tests.server.conftest import Served, serve


@pytest.fixture(scope="module")
def odds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A server on a folder with one ensemble: two coins of one half each, so four worlds."""
    folder = tmp_path_factory.mktemp("odds")
    small = make_world(folder / "small")
    asked = [str(small / "coins.yaml"), "--world", str(small), "-n", "4", "--out", str(folder / "runs" / "odds")]
    assert main(["ensemble", *asked, "--workers", "1", "--quiet"]) == 0
    yield from serve(folder / "runs")


def test_it_is_listed_as_what_it_is(odds: Served) -> None:
    """The ledger of solved worlds beside it is no run."""
    (entry,) = odds.get("/api/v1/runs").json()["runs"]
    assert (entry["name"], entry["kind"], entry["readable"]) == ("odds", "ensemble", True)
    assert "4 draws" in entry["headline"]


def test_its_numbers_are_those_of_its_tables(odds: Served) -> None:
    d = odds.get("/api/v1/ensembles/odds").json()
    said = pl.read_parquet(odds.runs / "odds" / "tables" / "statements.parquet")
    assert [s["statement"] for s in d["summary"]["statements"]] == said["statement"].to_list()
    assert len(d["quantiles"]) == pl.read_parquet(odds.runs / "odds" / "tables" / "quantiles.parquet").height
    assert {r["period"] for r in d["months"]} == set(
        pl.read_parquet(odds.runs / "odds" / "tables" / "months.parquet")["period"]
    )


def test_its_page_runs_no_script_on_our_origin(odds: Served) -> None:
    answer = odds.get("/api/v1/ensembles/odds/page")
    assert answer.text.startswith("<!doctype html>")
    assert answer.headers["content-security-policy"].startswith("sandbox")


@pytest.mark.parametrize(
    "path",
    ["/api/v1/runs/odds", "/api/v1/runs/odds/explain?address=prices/BB/2021-01", "/api/v1/compare?a=odds&b=odds"],
)
def test_it_is_never_taken_for_a_run(odds: Served, path: str) -> None:
    assert odds.get(path).status_code in (404, 422)


def test_a_catalogue_that_knew_no_ensembles_is_read_anew(odds: Served, tmp_path: Path) -> None:
    """Version 1 kept an ensemble as a run with a broken manifest."""
    shutil.copytree(odds.runs / "odds", tmp_path / "runs" / "odds")
    first = Catalogue(RunsFolder(tmp_path / "runs"))
    first.runs()
    first._db.execute("""UPDATE runs SET document = '{"name": "odds", "readable": false, "written": 0}'""")
    first._db.execute("PRAGMA user_version = 1")
    first.close()
    second = Catalogue(RunsFolder(tmp_path / "runs"))
    assert [(r["kind"], r["readable"]) for r in second.runs()] == [("ensemble", True)]
    second.close()
