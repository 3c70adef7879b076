"""`polynya claims ...` as a user calls it: exit codes, one JSON document, files."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from polynya.cli import main
from polynya.strict_yaml import dump, load

ROOT = Path(__file__).parents[2]
FOUNDING = str(ROOT / "examples/gazprom-arctic-2025/claims.yaml")
BRIEFING = str(ROOT / "examples/gazprom-arctic-2025/briefing.md")
SAKHALIN = sorted(str(p) for p in (ROOT / "examples/sakhalin-2-stake").glob("*.claims.yaml"))


def run(capsys, *arguments: str) -> tuple[int, str, str]:
    code = main(["claims", *arguments])
    out, err = capsys.readouterr()
    return code, out, err


def test_the_founding_ledger_is_sound(capsys):
    code, out, _ = run(capsys, "check", FOUNDING, "--json")
    document = json.loads(out)
    assert (code, document["ok"], document["claims"], document["usable"]) == (0, True, 24, 24)
    assert document["independent_sources"] == 4  # unnamed ones together, Correctiv, Putin, Trump


@pytest.mark.parametrize("path", SAKHALIN)
def test_the_sakhalin_ledgers_fit_their_notes(capsys, path):
    assert run(capsys, "check", path, "--article", path.replace(".claims.yaml", ".md"))[0] == 0


def test_faults_exit_3_with_every_place_in_one_document(capsys, tmp_path):
    data = load(FOUNDING).data
    data["claims"][0]["entities"][0]["id"] = "rusia"
    data["claims"][1]["carried_from"] = "c99"
    path = tmp_path / "claims.yaml"
    path.write_text(dump(data))
    code, out, _ = run(capsys, "check", str(path), "--json")
    error = json.loads(out)["error"]
    assert code == 3
    assert [f["code"] for f in error["faults"]] == ["unknown_id", "unknown_claim"]
    assert error["faults"][0]["fix"].startswith("Did you mean russia")
    assert error["where"].startswith(f"{path}:")
    assert error["where"].count(":") >= 2


def test_the_wrong_article_exits_3(capsys):
    code, out, _ = run(capsys, "check", FOUNDING, "--article", BRIEFING, "--json")
    codes = {f["code"] for f in json.loads(out)["error"]["faults"]}
    assert code == 3
    assert "article_mismatch" in codes


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["check", "no-such.yaml", "--json"], 6),
        (["new", "no-such.txt", "--json"], 6),
        (["new", BRIEFING, "--published", "2025-02-30", "--json"], 2),
        (["new", BRIEFING, "--url", "javascript:x", "--json"], 2),
        (["new", BRIEFING, "--drafter", "rule", "--json"], 2),
        (["show", FOUNDING, "--by", "sorce", "--json"], 2),
        (["export", FOUNDING, "--format", "xml", "--json"], 2),
        (["score", "--by", "mood", "--json"], 2),
        (["check", FOUNDING, SAKHALIN[0], "--article", BRIEFING, "--json"], 2),
    ],
)
def test_exit_codes(capsys, arguments, code):
    got, out, _ = run(capsys, *arguments)
    assert got == code
    assert json.loads(out)["error"]["message"]


def test_new_writes_drafts_that_check_and_refuses_to_overwrite(capsys, tmp_path):
    out = tmp_path / "claims.yaml"
    code, text, _ = run(
        capsys, "new", BRIEFING, "--out", str(out), "--outlet", "Bloomberg", "--published", "2025-03-15"
    )
    assert code == 0
    assert "drafts" in text
    data = load(out).data
    assert data["document"]["outlet"] == "bloomberg"  # an alias is resolved to the registry's id
    assert {c["review"]["status"] for c in data["claims"]} == {"draft"}
    assert run(capsys, "check", str(out), "--article", BRIEFING)[0] == 0
    assert run(capsys, "new", BRIEFING, "--out", str(out))[0] == 2


def test_new_prints_one_json_document_with_what_it_is_unsure_of(capsys):
    code, out, _ = run(capsys, "new", BRIEFING, "--json")
    document = json.loads(out)
    assert code == 0
    assert document["schema"] == "polynya.claims/1"
    assert len(document["claims"]) >= 15
    assert any("day of publication" in row["doubt"] for row in document["unsure"])


def test_new_without_out_prints_a_ledger(capsys, tmp_path):
    code, out, err = run(capsys, "new", BRIEFING)
    (tmp_path / "c.yaml").write_text(out)
    assert code == 0
    assert "unsure" in err
    assert run(capsys, "check", str(tmp_path / "c.yaml"), "--article", BRIEFING)[0] == 0


def test_review_from_a_pipe_is_saved_and_resumed(capsys, tmp_path, monkeypatch):
    out = str(tmp_path / "claims.yaml")
    run(capsys, "new", BRIEFING, "--out", out)
    monkeypatch.setattr("sys.stdin", io.StringIO("a\nr\nno claim\n"))  # then the input ends
    code, _, _ = run(capsys, "review", out, "--article", BRIEFING, "--by", "Ada Lovelace")
    statuses = [c["review"]["status"] for c in load(out).data["claims"]]
    assert (code, statuses[:3]) == (0, ["accepted", "rejected", "draft"])
    monkeypatch.setattr("sys.stdin", io.StringIO("a\nq\n"))
    run(capsys, "review", out, "--article", BRIEFING, "--by", "Ada Lovelace")
    assert [c["review"]["status"] for c in load(out).data["claims"]][:3] == ["accepted", "rejected", "accepted"]


def test_review_refuses_an_article_that_does_not_fit(capsys, tmp_path):
    code, _, err = run(capsys, "review", FOUNDING, "--article", BRIEFING, "--by", "Ada Lovelace")
    assert code == 3
    assert "is not the text of this ledger" in err


def test_review_refuses_a_machine(capsys, tmp_path):
    out = str(tmp_path / "claims.yaml")
    run(capsys, "new", BRIEFING, "--out", out)
    assert run(capsys, "review", out, "--article", BRIEFING, "--by", "GPT")[0] == 2


def test_an_interrupted_review_exits_130_and_says_where_it_stands(capsys, tmp_path, monkeypatch):
    out = str(tmp_path / "claims.yaml")
    run(capsys, "new", BRIEFING, "--out", out)

    class Interrupted(io.StringIO):
        def readline(self, *_):
            line = super().readline()
            if not line:
                raise KeyboardInterrupt
            return line

    monkeypatch.setattr("sys.stdin", Interrupted("a\n"))
    code, _, err = run(capsys, "review", out, "--article", BRIEFING, "--by", "Ada Lovelace")
    assert code == 130
    assert "goes on from there" in err
    assert load(out).data["claims"][0]["review"]["status"] == "accepted"


def test_timeline_show_score_export_and_schema_speak_json(capsys, tmp_path):
    code, out, _ = run(capsys, "timeline", *SAKHALIN, "--json")
    assert (code, len(json.loads(out)["stories"])) == (0, 1)
    code, out, _ = run(capsys, "show", FOUNDING, "--by", "stage", "--json")
    assert (code, sum(len(g["claims"]) for g in json.loads(out)["groups"])) == (0, 24)
    code, out, _ = run(capsys, "score", FOUNDING, "--json")
    document = json.loads(out)
    assert code == 0
    assert document["all"]["reports"] == 38  # 40 rows without the two denials
    assert document["all"]["came_true"] + document["all"]["did_not"] + document["all"]["open"] == 38
    for form in ("jsonld", "prov"):
        code, out, _ = run(capsys, "export", FOUNDING, "--format", form)
        assert code == 0
        assert json.loads(out)["@graph"]
    code, out, _ = run(capsys, "export", FOUNDING, "--format", "csv", "--out", str(tmp_path / "c.csv"))
    assert code == 0
    assert len((tmp_path / "c.csv").read_text().splitlines()) == 25
    code, out, _ = run(capsys, "schema")
    assert json.loads(out)["$id"] == "polynya.claims/1"


def test_two_ledgers_of_one_name_are_refused(capsys):
    assert run(capsys, "timeline", FOUNDING, FOUNDING)[0] == 3


# --- scenario ---


def test_the_skeleton_of_the_founding_ledger_is_sound_and_open(capsys, tmp_path):
    """Nothing is assumed unless the user says so: every condition is open, every change is carried."""
    (tmp_path / "claims.yaml").write_text(Path(FOUNDING).read_text(encoding="utf-8"), encoding="utf-8")
    out = tmp_path / "scenario.yaml"
    assert run(capsys, "scenario", str(tmp_path / "claims.yaml"), "--out", str(out))[0] == 0
    data = load(out).data
    assert {c["assume"] for c in data["conditions"]} == {"open"}
    assert {c["because"][0] for c in data["changes"]} >= {"c08", "c09", "c19", "c20", "c22"}
    assert not {"c21", "c23", "c24"} & {b for c in data["changes"] for b in c["because"]}  # no changes any more
    assert main(["scenario", "check", str(out)]) == 0


def test_assuming_the_conditions_met_is_written_down(capsys, tmp_path):
    (tmp_path / "claims.yaml").write_text(Path(FOUNDING).read_text(encoding="utf-8"), encoding="utf-8")
    out = tmp_path / "scenario.yaml"
    run(capsys, "scenario", str(tmp_path / "claims.yaml"), "--assume-met", "2025-10-01", "--out", str(out))
    data = load(out).data
    stated = {a["id"] for a in data["assumptions"]}
    for condition in data["conditions"]:
        assert condition["assume"] == "met"
        assert stated & set(condition["because"])
    assert main(["scenario", "check", str(out)]) == 0


def test_unreviewed_claims_never_reach_a_scenario(capsys, tmp_path):
    data = load(FOUNDING).data
    for row in data["claims"]:
        row["review"] = {"status": "draft"}
    (tmp_path / "claims.yaml").write_text(dump(data))
    code, out, _ = run(capsys, "scenario", str(tmp_path / "claims.yaml"), "--json")
    document = json.loads(out)
    assert code == 0
    assert document["scenario"]["changes"] == []
    assert "unreviewed draft" in document["left_out"]["c01"]


def test_the_founding_scenario_is_regenerated_from_its_ledger_unchanged(capsys, tmp_path):
    """Its decided changes stay; the ledger reports nothing that it leaves out, so nothing is added."""
    from polynya.scenario import load_scenario
    from polynya.world import load_world

    original = ROOT / "examples/gazprom-arctic-2025/scenario.yaml"
    (tmp_path / "claims.yaml").write_text(Path(FOUNDING).read_text(encoding="utf-8"), encoding="utf-8")
    out = tmp_path / "scenario.yaml"
    assert run(capsys, "scenario", str(tmp_path / "claims.yaml"), "--keep", str(original), "--out", str(out))[0] == 0
    world = load_world()
    before, after = load_scenario(original, world).file, load_scenario(out, world).file
    assert len(before.changes) > 10
    assert after == before


def test_a_scenario_that_lost_its_changes_gets_them_back_as_reported(capsys, tmp_path):
    data = load(ROOT / "examples/gazprom-arctic-2025/scenario.yaml").data
    data["changes"] = [c for c in data["changes"] if "c20" not in c["because"]]
    (tmp_path / "claims.yaml").write_text(Path(FOUNDING).read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "less.yaml").write_text(dump(data))
    out = tmp_path / "scenario.yaml"
    run(capsys, "scenario", str(tmp_path / "claims.yaml"), "--keep", str(tmp_path / "less.yaml"), "--out", str(out))
    added = [c for c in load(out).data["changes"] if c["because"] == ["c20"]]
    assert [(c["type"], c["when"]) for c in added] == [("carry", ["c20-comes-true"])]
    assert main(["scenario", "check", str(out)]) == 0
