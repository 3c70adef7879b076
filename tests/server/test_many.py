"""Ensembles that the app starts: what is uncertain, bounds, the same numbers as the command line, cancel, kill, going on."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from polynya.cli import main
from polynya.ensemble.pool import cores
from polynya.server.catalogue import Catalogue
from polynya.server.folders import RunsFolder
from tests.ensemble.conftest import COINS, HEAD, MIXED, OPEN, make_world
from tests.server.conftest import QUICK, Served, serve
from tests.server.test_jobs import alive, start

CERTAIN = HEAD + "changes:\n" + OPEN.replace("when: [buyer]", "from: 2021-01-01")
LONG = {"text": MIXED, "draws": 1024, "seed": 5, "processes": 1}  # as many worlds: still at work when one looks


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_world(tmp_path_factory.mktemp("world") / "small")


@pytest.fixture(scope="module")
def odds(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    yield from serve(tmp_path_factory.mktemp("runs"), world=small)


def asked(served: Served, document: Any) -> dict[str, Any]:
    answer = served.post("/api/v1/ensembles", document)
    assert answer.status_code == 202, answer.text
    job: dict[str, Any] = answer.json()
    return job


def workers(folder: Path) -> list[int]:
    """Processes of an ensemble's pool, found by the log that they share with their job."""
    return alive(folder, b"polynya.ensemble.worker")


def test_what_is_uncertain_is_told_before_one_asks(odds: Served) -> None:
    coins = odds.post("/api/v1/scenarios/preview", {"text": COINS}).json()["likely"]
    assert [(t["id"], t["kind"], t["low"], t["high"]) for t in coins["things"]] == [
        ("peace", "condition", 0.4, 0.6),
        ("buyer", "condition", 0.8, 0.8),
        ("cold", "change", 0.5, 0.5),
    ]
    assert coins["ways"] == 8  # three coins, no number with a range
    mixed = odds.post("/api/v1/scenarios/preview", {"text": MIXED}).json()["likely"]
    assert [t["kind"] for t in mixed["things"]] == ["condition", "condition", "range"]
    assert mixed["ways"] is None
    certain = odds.post("/api/v1/scenarios/preview", {"text": CERTAIN}).json()["likely"]
    assert "nothing in this scenario is uncertain" in certain["why_not"]


@pytest.mark.parametrize(
    ("more", "status", "said"),
    [
        ({"text": CERTAIN}, 422, "nothing in this scenario is uncertain"),
        ({"text": COINS, "draws": 1025}, 400, "1024"),
        ({"text": COINS, "processes": cores() + 1}, 400, f"({cores()})"),
        ({"text": COINS, "draws": 1}, 422, "greater than or equal to 2"),
        ({"text": COINS, "seed": -1}, 422, "greater than or equal to 0"),
        ({"text": COINS, "draws": 2.5}, 422, "integer"),
        ({"text": COINS, "cluster": "tcp://elsewhere"}, 422, "Extra inputs"),
    ],
)
def test_what_cannot_be_asked_is_refused_before_it_is_queued(
    odds: Served, more: dict[str, Any], status: int, said: str
) -> None:
    answer = odds.post("/api/v1/ensembles", more)
    assert (answer.status_code, said in answer.json()["error"]["message"]) == (status, True), answer.text
    assert not list((odds.runs / ".polynya" / "jobs").iterdir())


def test_its_numbers_are_those_of_the_command_line(odds: Served, small: Path, tmp_path: Path) -> None:
    """The same scenario, draws and seed: the same bytes of every file but the times."""
    job = odds.wait(asked(odds, {"text": MIXED, "draws": 8, "seed": 7})["id"])
    assert (job["state"], job["kind"]) == ("done", "ensemble"), job
    assert odds.get(f"/api/v1/ensembles/{job['run']}").json()["summary"]["draws"] == 8
    scenario = tmp_path / "scenario.yaml"
    scenario.write_text(MIXED, encoding="utf-8")
    told = [str(scenario), "--world", str(small), "-n", "8", "--seed", "7", "--workers", "2", "--quiet"]
    assert main(["ensemble", *told, "--out", str(tmp_path / "cli")]) == 0
    for path in sorted((tmp_path / "cli").rglob("*")):
        name = path.relative_to(tmp_path / "cli")
        if path.is_file() and name.name != "timings.json":
            assert (odds.runs / job["run"] / name).read_bytes() == path.read_bytes(), name
    again = odds.wait(asked(odds, {"text": MIXED, "draws": 8, "seed": 7})["id"])
    assert again["run"] == job["run"], "the same answer is kept once"


def test_a_range_that_was_set_by_hand_counts(odds: Served) -> None:
    """A change without a range gets one in the app; one that has no number is refused."""
    odds.post("/api/v1/scenarios", {"text": COINS, "name": "coins"}).raise_for_status()
    base = {"kind": "saved", "name": "coins"}
    ranged = {"base": base, "edits": {"changes": {"cold": {"range": {"low": 1.0, "high": 1.2}, "likelihood": None}}}}
    found = odds.post("/api/v1/scenarios/preview", ranged).json()
    assert [(t["id"], t["low"], t["high"]) for t in found["likely"]["things"] if t["kind"] == "range"] == [
        ("cold", 1.0, 1.2)
    ]
    refused = odds.post(
        "/api/v1/scenarios/preview", {"base": base, "edits": {"changes": {"open": {"range": {"low": 0, "high": 1}}}}}
    )
    assert (refused.status_code, "no number" in refused.json()["error"]["message"]) == (400, True)


def test_oil_is_refused_in_words(served: Served) -> None:
    answer = served.post("/api/v1/ensembles", {"base": {"kind": "example", "name": "refineries-2025"}})
    assert answer.status_code == 422
    assert "gas market" in answer.json()["error"]["message"]


def test_cancel_ends_every_process_within_two_seconds_and_keeps_what_was_solved(odds: Served) -> None:
    before = set(odds.runs.iterdir())
    job = asked(odds, LONG)
    end = time.monotonic() + 120
    while not re.search(r" [1-9]\d* solved", step := odds.get(f"/api/v1/jobs/{job['id']}").json()["step"]):
        assert time.monotonic() < end, step
        time.sleep(0.02)
    assert workers(odds.runs)
    begun = time.monotonic()
    assert odds.post(f"/api/v1/jobs/{job['id']}/cancel").json()["state"] == "cancelled"
    while workers(odds.runs) or alive(odds.runs):
        assert time.monotonic() - begun < 2.0, "a process goes on"
        time.sleep(0.01)
    assert set(odds.runs.iterdir()) - before <= {odds.runs / "ledger"}, "half a result was left"
    again = asked(odds, LONG)
    while "known" not in (step := odds.get(f"/api/v1/jobs/{again['id']}").json()["step"]):
        assert "looked" not in step, "how many worlds are known was not told"
        assert time.monotonic() < end, step
        time.sleep(0.002)
    assert " 0 of them known" not in step, "it begins from nothing"
    odds.post(f"/api/v1/jobs/{again['id']}/cancel")


@pytest.mark.slow
def test_a_kill_of_the_server_ends_the_pool_and_the_next_server_goes_on(small: Path, tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    process, client = start(runs, "--world", str(small))
    with client:
        job = client.post("/api/v1/ensembles", json={**LONG, "draws": 64}).json()
        end = time.monotonic() + 120
        while not re.search(r" [1-9]\d* solved", client.get(f"/api/v1/jobs/{job['id']}").json()["step"]):
            assert time.monotonic() < end
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGKILL)
        process.wait(10)
    end = time.monotonic() + 5
    while workers(runs) or alive(runs):
        assert time.monotonic() < end, "a process outlives the server"
        time.sleep(0.02)
    known = len(list((runs / "ledger" / "solved").glob("*/*")))
    for served in serve(runs, QUICK, world=small):
        found = served.wait(job["id"], seconds=120)
        assert (found["state"], found["attempts"], found["kind"]) == ("done", 2, "ensemble"), found
        times = json.loads((runs / found["run"] / "timings.json").read_text(encoding="utf-8"))
        every = len(list((runs / "ledger" / "solved").glob("*/*")))
        assert known >= 1
        assert times["problems_solved"] == every - known, "what was solved before the kill was solved again"


def test_a_catalogue_that_knew_only_runs_as_jobs_is_taken_over(tmp_path: Path) -> None:
    """Version 2 had no kind of a job: what waited then was a run."""
    first = Catalogue(RunsFolder(tmp_path))
    old = first.add_job("old", {"scenario.yaml": "x"}, {}, 5)
    first._db.execute("ALTER TABLE jobs DROP COLUMN kind")
    first._db.execute("PRAGMA user_version = 2")
    first.close()
    second = Catalogue(RunsFolder(tmp_path))
    new = second.add_job("new", {"scenario.yaml": "x"}, {"ensemble": {"draws": 2}}, 5)
    assert [(j["id"], j["kind"]) for j in second.jobs()] == [(new, "ensemble"), (old, "run")]
    second.close()
    for damage in ("catalogue.sqlite", "catalogue.sqlite-wal", "catalogue.sqlite-shm"):
        (tmp_path / ".polynya" / damage).unlink(missing_ok=True)
    third = Catalogue(RunsFolder(tmp_path))
    assert {(j["id"], j["kind"]) for j in third.jobs()} == {(new, "ensemble"), (old, "run")}
    third.close()


def test_a_ledger_that_leads_elsewhere_is_not_followed(small: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "ledger").symlink_to(tmp_path / "elsewhere")
    for served in serve(tmp_path / "runs", world=small):
        job = served.wait(asked(served, LONG)["id"])
        assert job["state"] == "failed"
        assert not list((tmp_path / "elsewhere").iterdir())
