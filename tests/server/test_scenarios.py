"""Turning the knobs of a scenario: the file that comes out, and that the command line runs it to the same bytes."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from polynya.errors import PolynyaError
from polynya.pipeline import FOUNDING
from polynya.results.folder import Run, hashes
from polynya.scenario import apply, load_scenario
from polynya.server.variant import BY_HAND, OFF, Edits, falls, read, variant
from polynya.world import load_world
from tests.server.conftest import Served

TEXT = FOUNDING.read_text(encoding="utf-8")
BASE = {"kind": "example", "name": "gazprom-arctic-2025"}
EDITS: dict[str, Any] = {
    "id": "mine",
    "title": "Ours <b>bold</b>",
    "horizon": {"from": "2025-04", "months": 2},
    "off": ["c19", "stake-sakhalin"],
    "conditions": {"peace-agreement": {"on": "2025-04-01", "likelihood": {"low": 0.2, "high": 0.4}}},
    "changes": {"stake-refineries-1": {"numbers": {"share_percent": 40}}},
    "capacities": [{"subject": "transmed-dz-tn", "capacity_bcm_per_year": 10.5, "from": "2025-05-01"}],
}


def edited(**edits: Any) -> str:
    return variant(TEXT, Edits.model_validate(edits), "test")


def test_nothing_turned_is_the_very_same_file() -> None:
    assert variant(TEXT, Edits(), "test") == TEXT


def test_a_change_falls_when_every_claim_behind_it_is_off_and_not_before() -> None:
    """us-investment rests on c08, c09, c10 and an assumption; the stakes in refineries on c20 and c21."""
    file = read(TEXT)
    assert "us-investment" not in falls(file, ["c08", "c09"]).changes
    assert "us-investment" in falls(file, ["c08", "c09", "c10"]).changes
    assert falls(file, ["c20", "c21"]).changes.keys() == {"stake-refineries-1", "stake-refineries-2", "refinery-runs"}


def test_an_assumption_that_is_off_takes_what_names_it_along() -> None:
    file = read(TEXT)
    found = falls(file, ["a-eu"])
    assert found.conditions.keys() == {"eu-law-changed"}
    assert found.changes.keys() == {"ns2-eu-law"}


def test_what_is_off_stays_in_the_file_and_can_be_switched_on_again() -> None:
    off = edited(off=["c19"])
    file = read(off)
    assert [c.id for c in file.changes if OFF in c.when] == ["ns2-us-sanctions", "stake-nord-stream-2"]
    assert len(file.changes) == len(read(TEXT).changes)
    on = read(variant(off, Edits(on=["stake-nord-stream-2"]), "test"))
    assert [c.id for c in on.changes if OFF in c.when] == ["ns2-us-sanctions"]


def test_a_condition_that_falls_is_open_and_its_changes_are_not_met() -> None:
    world = load_world()
    file = read(edited(off=["a-eu"]))
    condition = next(c for c in file.conditions if c.id == "eu-law-changed")
    assert (condition.assume, condition.on) == ("open", None)
    applied = _applied(edited(off=["a-eu"]), world)
    assert {c.id for c in applied.changes if c.status == "condition_not_met"} == {
        "ns2-certification",
        "ns2-eu-law",
        "ns2-contract",
    }


def test_what_is_set_by_hand_says_so() -> None:
    file = read(edited(conditions={"peace-agreement": {"on": "2026-06-01"}}))
    touched = [c.id for c in (*file.conditions, *file.changes) if BY_HAND in c.because]
    assert touched == ["peace-agreement"]
    assert BY_HAND in {a.id for a in file.assumptions}
    assert BY_HAND not in {a.id for a in read(edited(horizon={"from": "2025-04", "months": 3})).assumptions}, (
        "a question is no assumption"
    )


def test_setting_what_already_holds_changes_nothing() -> None:
    same = edited(conditions={"peace-agreement": {"on": "2025-10-01", "assume": "met"}})
    assert read(same) == read(TEXT)


@pytest.mark.parametrize(
    "edits",
    [
        {"off": ["c99"]},
        {"changes": {"ns2-repair": {"numbers": {"factor": 2}}}},
        {"changes": {"nowhere": {}}},
        {"conditions": {"peace": {}}},
        {"on": ["peace-agreement"]},
    ],
)
def test_what_is_not_there_cannot_be_turned(edits: dict[str, Any]) -> None:
    with pytest.raises(PolynyaError):
        edited(**edits)


KNOBS = [e.id for p in (read(TEXT).assumptions, read(TEXT).conditions, read(TEXT).changes) for e in p] + [
    f"c{n:02d}" for n in (8, 9, 10, 15, 18, 19, 20, 21, 22, 23)
]


@settings(max_examples=15, deadline=None)
@given(
    off=st.lists(st.sampled_from(KNOBS), max_size=8),
    day=st.dates(min_value=read(TEXT).as_of),
    name=st.text(min_size=1, max_size=30),
)
def test_any_knobs_give_a_sound_file(off: list[str], day: Any, name: str) -> None:
    """Whatever is switched off, dated or called: the file is refused in words, or reads back, checks and applies."""
    try:
        edits = Edits.model_validate(
            {"off": off, "title": name, "conditions": {"peace-agreement": {"on": day.isoformat()}}}
        )
        text = variant(TEXT, edits, name)
    except (PolynyaError, ValueError):
        assume(False)
    file = read(text)
    assert file.title == name
    applied = _applied(text, _WORLD)
    gone = falls(read(TEXT), off)
    assert {c.id for c in applied.changes if c.status in ("applied", "carried")}.isdisjoint(gone.changes)
    assert set(gone.conditions) <= set(applied.not_met)


_WORLD = load_world()


def _applied(text: str, world: Any) -> Any:
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "scenario.yaml").write_text(text, encoding="utf-8")
        Path(folder, "claims.yaml").write_bytes(FOUNDING.with_name("claims.yaml").read_bytes())
        return apply(load_scenario(Path(folder, "scenario.yaml"), world), world)


def test_the_saved_file_runs_on_the_command_line_to_the_same_bytes(served: Served, tmp_path: Path) -> None:
    """Edited in the app, run in the app; saved, downloaded, run by `polynya run`: every file of both runs is the same."""
    asked = {"base": BASE, "edits": EDITS}
    preview = served.post("/api/v1/scenarios/preview", asked)
    assert preview.status_code == 200, preview.text
    saved = served.post("/api/v1/scenarios", {**asked, "name": "ours"})
    assert saved.status_code == 201
    assert served.post("/api/v1/scenarios", {**asked, "name": "ours"}).status_code == 409
    archive = zipfile.ZipFile(io.BytesIO(served.post("/api/v1/scenarios/download", asked).content))
    archive.extractall(tmp_path / "download")
    for name in ("scenario.yaml", "claims.yaml"):
        assert (served.runs / "scenarios" / "ours" / name).read_bytes() == (tmp_path / "download" / name).read_bytes()
    assert (tmp_path / "download" / "scenario.yaml").read_text(encoding="utf-8") == preview.json()["text"]
    job = served.wait(served.job(asked)["id"])
    assert job["state"] == "done", job
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "polynya.cli",
            "run",
            str(tmp_path / "download" / "scenario.yaml"),
            "--out",
            str(tmp_path / "cli"),
            "--json",
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    app = served.runs / job["run"]
    assert hashes(app) == hashes(tmp_path / "cli")
    assert json.loads((app / "manifest.json").read_text(encoding="utf-8")) == json.loads(
        (tmp_path / "cli" / "manifest.json").read_text(encoding="utf-8")
    )
    flow = {r["period"]: r for r in Run(app).table("flows").filter(pl.col("arc") == "transmed-dz-tn").to_dicts()}
    assert flow["2025-05"]["quantity_baseline"] > 1.0
    assert flow["2025-05"]["quantity_scenario"] <= 10.5 * 31 / 365 + 1e-9, (
        "the capacity set by hand binds, by days of the month"
    )
    again = served.get(f"/api/v1/scenarios/run/{job['run']}").json()
    assert again["text"] == preview.json()["text"], "the scenario of a run can be opened again"


@pytest.mark.parametrize(
    ("subject", "word"),
    [("turkstream", "turkstream-1 or turkstream-2"), ("turkstrem-2", "Did you mean turkstream-2"), ("DE", "")],
)
def test_a_capacity_is_set_only_where_the_market_reads_it(served: Served, subject: str, word: str) -> None:
    """On a pipeline of two lines it would do nothing, and nobody would notice."""
    asked = {
        "base": BASE,
        "edits": {"capacities": [{"subject": subject, "capacity_bcm_per_year": 5, "from": "2025-05-01"}]},
    }
    answer = served.post("/api/v1/scenarios/preview", asked)
    assert answer.status_code == 400
    assert word in answer.json()["error"]["fix"]


def test_every_example_opens_and_checks(served: Served) -> None:
    listed = [s for s in served.get("/api/v1/scenarios").json()["scenarios"] if s["kind"] == "example"]
    assert {"gazprom-arctic-2025", "refineries-2025", "refineries-2025.licence-lapses", "template"} <= {
        s["name"] for s in listed
    }
    for s in listed:
        assert s["fault"] == ""
        asked = {"base": {"kind": "example", "name": s["name"]}}
        assert served.get(f"/api/v1/scenarios/example/{s['name']}").status_code == 200
        assert served.post("/api/v1/scenarios/preview", asked).status_code == 200, s["name"]
