"""Runs as jobs: progress as it comes, cancel, a full queue, and what a kill at any moment leaves behind."""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import httpx
import pytest

from polynya.results.folder import Run
from polynya.server.catalogue import Catalogue
from polynya.server.folders import RunsFolder
from polynya.server.listen import bind
from polynya.server.settings import Settings
from polynya.server.worker import put
from tests.server.conftest import ONE_MONTH, QUICK, Served, serve

FOUNDING = {"base": {"kind": "example", "name": "gazprom-arctic-2025"}}


def events(served: Served, identity: str, **headers: str) -> list[tuple[int, dict[str, Any], float]]:
    """Every event of a job with its number and when it arrived."""
    found = []
    with served.client.stream("GET", f"{served.url}/api/v1/jobs/{identity}/events", headers=headers) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        number = 0
        for line in stream.iter_lines():
            if line.startswith("id: "):
                number = int(line[4:])
            if line.startswith("data: "):
                found.append((number, json.loads(line[6:]), time.monotonic()))
    return found


def alive(folder: Path, what: bytes = b"polynya.server.worker") -> list[int]:
    """Worker processes of a runs folder, found by their open log."""
    out = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                if what in (process / "cmdline").read_bytes() and str(folder) in os.readlink(process / "fd" / "2"):
                    out.append(int(process.name))
            except OSError:
                continue
    return out


def hidden(runs: Path) -> list[Path]:
    return [p for p in runs.rglob("*") if p.name.startswith(".run-")]


def test_progress_arrives_while_it_runs_and_the_run_is_there_at_the_end(served: Served) -> None:
    job = served.job({**FOUNDING, "edits": {"id": "progress", "horizon": {"from": "2025-04", "months": 1}}})
    begun = time.monotonic()
    found = events(served, job["id"])
    kinds = [d["event"] for _, d, _ in found]
    assert kinds[:2] == ["queued", "started"]
    assert kinds[-1] == "done"
    assert kinds.count("progress") >= 6
    assert found[2][2] - begun < found[-1][2] - begun - 0.5, "all events came at the end"
    assert [n for n, _, _ in found] == list(range(1, len(found) + 1))
    names = [r["name"] for r in served.get("/api/v1/runs").json()["runs"]]
    assert found[-1][1]["run"] in names
    assert not Run(served.runs / found[-1][1]["run"]).altered()
    again = events(served, job["id"], **{"last-event-id": str(len(found) - 2)})
    assert [n for n, _, _ in again] == [len(found) - 1, len(found)], "a page that comes back gets what it missed"


def test_cancel_takes_less_than_two_seconds_and_leaves_nothing(served: Served) -> None:
    before = {p.name for p in served.runs.iterdir()}
    job = served.job(FOUNDING)
    while not served.get(f"/api/v1/jobs/{job['id']}").json()["step"].startswith("solving"):
        time.sleep(0.05)
    begun = time.monotonic()
    ended = served.post(f"/api/v1/jobs/{job['id']}/cancel").json()
    took = time.monotonic() - begun
    assert ended["state"] == "cancelled"
    assert took < 2.0
    assert not alive(served.runs)
    assert {p.name for p in served.runs.iterdir()} == before
    assert not (served.runs / ".polynya" / "jobs" / job["id"]).exists()
    assert events(served, job["id"])[-1][1]["event"] == "cancelled"
    assert served.post(f"/api/v1/jobs/{job['id']}/cancel").json()["state"] == "cancelled", "again changes nothing"


def test_a_full_queue_says_so_and_waiting_jobs_can_be_cancelled(served: Served) -> None:
    """One worker and two places to wait: the fourth is refused."""
    jobs = [served.job(FOUNDING) for _ in range(1)]
    served.wait(jobs[0]["id"], ("running",))
    jobs += [served.job(FOUNDING) for _ in range(2)]
    refused = served.post("/api/v1/jobs", FOUNDING)
    assert refused.status_code == 503
    assert refused.json()["error"]["code"] == "busy"
    assert refused.headers["retry-after"]
    for job in reversed(jobs):
        assert served.post(f"/api/v1/jobs/{job['id']}/cancel").json()["state"] == "cancelled"


def test_a_question_without_an_answer_fails_in_words(served: Served) -> None:
    """Croatia's store held less than the 80 % that were due on 1 November 2022: if nothing can be put in, the market names it."""
    text = (
        "schema: polynya.scenario/1\nid: stuck\ntitle: The compressors stand still\nas_of: 2022-10-01\n"
        "horizon: {from: 2022-10, months: 1}\nassumptions:\n  - {id: a1, text: taken as given}\nchanges:\n"
        "  - {id: stuck, type: set_fact, subject: storage-hr, attribute: injection_bcm_per_day, value: 0.0, "
        "unit: bcm_per_day, from: 2022-10-01, because: [a1]}\n"
    )
    job = served.job({"text": text})
    ended = served.wait(job["id"])
    assert ended["state"] == "failed"
    assert ended["error"]["code"] == "no_solution"
    assert "storage-hr" in ended["error"]["message"]
    assert str(served.runs) not in json.dumps(ended)


def test_a_broken_scenario_is_refused_before_it_is_queued(served: Served) -> None:
    text = "schema: polynya.scenario/1\nid: x\ntitle: x\nas_of: 2025-01-01\nhorizon: {from: 2025-01, months: 1}\nchanges:\n  - id: y\n    type: lift_measure\n    measures: [us-pesa]\n    because: [nobody]\n    from: 2025-01-01\n"
    answer = served.post("/api/v1/jobs", {"text": text})
    assert answer.status_code == 422
    faults = answer.json()["error"]["faults"]
    assert {f["where"] for f in faults} == {"scenario.yaml:9:16", "scenario.yaml:10:15"}
    assert not list((served.runs / ".polynya" / "jobs").iterdir())


@pytest.mark.slow
def test_the_same_question_is_kept_once(served: Served, finished: dict[str, Any]) -> None:
    again = served.wait(served.job(ONE_MONTH)["id"])
    assert again["run"] == finished["run"]


def test_a_name_that_is_taken_gets_a_number(tmp_path: Path) -> None:
    for n, expected in enumerate(("x", "x-2", "x-3")):
        written = tmp_path / "written"
        written.mkdir()
        (written / "manifest.json").write_text(str(n), encoding="utf-8")
        assert put(written, tmp_path, "x") == expected


# -- kill -9 -------------------------------------------------------------------------------------------------------------
def start(runs: Path, *more: str) -> tuple[subprocess.Popen[str], httpx.Client]:
    process = subprocess.Popen(
        [sys.executable, "-m", "polynya.cli", "serve", "--runs", str(runs), "--port", "0", "--json", *more],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    text = ""
    while "}" not in text:
        line = process.stdout.readline()
        assert line, "the server did not start"
        text += line
    return process, httpx.Client(base_url=json.loads(text)["url"], timeout=30, trust_env=False)


def test_who_asks_before_the_server_runs_waits(tmp_path: Path) -> None:
    """The address is told before the first answer can be given; nobody is refused in between."""
    listening = bind(Settings(runs=tmp_path / "runs", port=0))
    with listening, socket.create_connection(listening.getsockname(), timeout=5):
        pass


def test_a_kill_loses_no_job_and_leaves_no_half_run(tmp_path: Path) -> None:
    runs = tmp_path / "runs"
    process, client = start(runs)
    with client:
        job = client.post("/api/v1/jobs", json=ONE_MONTH).json()
        end = time.monotonic() + 90
        while not client.get(f"/api/v1/jobs/{job['id']}").json()["step"]:
            assert time.monotonic() < end
            time.sleep(0.02)
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    end = time.monotonic() + 10
    while alive(runs):
        assert time.monotonic() < end, "the worker outlives its server"
        time.sleep(0.05)
    assert not list(RunsFolder(runs).names())
    (runs / ".polynya" / "jobs" / job["id"] / ".run-half").mkdir()
    for served in serve(runs, QUICK):
        assert served.wait(job["id"], seconds=120)["state"] == "done"
        assert served.get(f"/api/v1/jobs/{job['id']}").json()["attempts"] == 2
        run = served.get("/api/v1/runs").json()["runs"][0]
        assert not Run(runs / run["name"]).altered()
        assert not hidden(runs)


@pytest.mark.slow
def test_killed_again_and_again_at_any_moment(tmp_path: Path) -> None:
    """Eight kills, from before the worker starts to after the run is in place: each restart finds whole runs or none."""
    runs = tmp_path / "runs"
    chance = random.Random(9)
    for n in range(8):
        asked = json.loads(json.dumps(ONE_MONTH))
        asked["edits"]["id"] = f"try-{n}"
        process, client = start(runs)
        with client:
            assert client.post("/api/v1/jobs", json=asked).status_code == 202
            time.sleep(chance.uniform(0.0, 9.0))
            process.send_signal(signal.SIGKILL)
            process.wait(10)
        end = time.monotonic() + 20
        while alive(runs):
            assert time.monotonic() < end, "the worker outlives its server"
            time.sleep(0.05)
        for name in RunsFolder(runs).names():
            assert not Run(runs / name).altered()
    for served in serve(runs, QUICK):
        jobs = served.get("/api/v1/jobs").json()["jobs"]
        assert len(jobs) == 8
        for job in jobs:  # a job that was cut off twice is given up in words, any other is done
            found = served.wait(job["id"], seconds=300)
            assert found["state"] == "done" or found["attempts"] == 2
        names = list(RunsFolder(runs).names())
        assert len(names) >= 4
        for name in names:
            assert not Run(runs / name).altered()
        assert not hidden(runs)


@pytest.mark.parametrize("damage", ["gone", "garbage", "cut"])
def test_a_lost_catalogue_is_rebuilt_from_the_folders(
    served: Served, finished: dict[str, Any], tmp_path: Path, damage: str
) -> None:
    runs = tmp_path / "runs"
    folder = RunsFolder(runs)
    os.symlink(served.runs / finished["run"], runs / "link")
    for name in ("a", "b"):
        (runs / name).mkdir()
        for file in ("manifest.json",):
            (runs / name / file).write_bytes((served.runs / finished["run"] / file).read_bytes())
    catalogue = Catalogue(folder)
    assert [r["name"] for r in catalogue.runs()] in (["a", "b"], ["b", "a"])
    job = catalogue.add_job("kept", {"scenario.yaml": "x"}, {}, 5)
    assert job
    catalogue.close()
    path = runs / ".polynya" / "catalogue.sqlite"
    for more in ("-wal", "-shm"):
        Path(f"{path}{more}").unlink(missing_ok=True)
    if damage == "gone":
        path.unlink()
    elif damage == "garbage":
        path.write_bytes(b"garbage" * 1000)
    else:
        path.write_bytes(path.read_bytes()[:3000])
    again = Catalogue(folder)
    assert {r["name"] for r in again.runs()} == {"a", "b"}
    assert [(j["id"], j["state"], j["title"]) for j in again.jobs()] == [(job, "queued", "kept")]
    again.close()
    with sqlite3.connect(path) as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"


def test_half_made_folders_are_no_runs(tmp_path: Path) -> None:
    folder = RunsFolder(tmp_path)
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "summary.json").write_text("{}", encoding="utf-8")
    (tmp_path / ".run-abc").mkdir()
    (tmp_path / ".run-abc" / "manifest.json").write_text("{}", encoding="utf-8")
    (tmp_path / "<img src=x>").mkdir()
    (tmp_path / "<img src=x>" / "manifest.json").write_text("{}", encoding="utf-8")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "manifest.json").write_text("{", encoding="utf-8")
    catalogue = Catalogue(folder)
    found = catalogue.runs()
    assert [(r["name"], r["readable"]) for r in found] == [("broken", False)], "shown, and said to be unreadable"
    (tmp_path / "broken" / "manifest.json").unlink()
    assert catalogue.runs() == []
    catalogue.close()


def test_one_server_a_folder(served: Served) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "polynya.cli", "serve", "--runs", str(served.runs), "--port", "0", "--json"],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "another server" in json.loads(done.stdout)["error"]["message"]


def test_a_job_that_kills_its_server_twice_is_not_tried_a_third_time(tmp_path: Path) -> None:
    folder = RunsFolder(tmp_path)
    catalogue = Catalogue(folder)
    job = catalogue.add_job("deadly", {"scenario.yaml": "x"}, {}, 5)
    assert job
    for expected in ("running", "running", "failed"):
        catalogue.claim()
        assert catalogue.job(job)["state"] == expected  # type: ignore[index]
        catalogue.close()
        catalogue = Catalogue(folder)
    catalogue.close()
