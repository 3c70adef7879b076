"""What does the user see: JSON forms, exit codes, faults with file:line:column."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from polynya.cli import main

EDGES = "owner,owned,share,share_max,kind,valid_from,valid_to\n"


def files(tmp_path: Path, edges: str, listed: str = "id\nX\n") -> list[str]:
    (tmp_path / "edges.csv").write_text(edges)
    (tmp_path / "listed.csv").write_text(listed)
    return ["screen", "--edges", str(tmp_path / "edges.csv"), "--listed", str(tmp_path / "listed.csv")]


def ask(capsys, arguments: list[str]) -> tuple[int, dict]:
    code = main([*arguments, "--json"])
    return code, json.loads(capsys.readouterr().out)


def test_graph_form(capsys, tmp_path):
    code, found = ask(
        capsys,
        [
            *files(tmp_path, EDGES + "X,A,50,,,,\nA,B,,,,,\nC,D,10,,,2030-01-01,\n"),
            "--regime",
            "ofac",
            "--as-of",
            "2025-01-01",
        ],
    )
    assert code == 0
    assert set(found) == {"regime", "as_of", "entities"}
    assert (found["regime"], found["as_of"]) == ("ofac", "2025-01-01")
    assert [set(e) for e in found["entities"]] == [{"id", "blocked", "proof", "unknown"}] * 5
    assert {e["id"]: e["blocked"] for e in found["entities"]} == {
        "A": "certain", "B": "possible", "C": "not", "D": "not", "X": "certain",
    }  # fmt: skip
    by_id = {e["id"]: e for e in found["entities"]}
    assert by_id["A"]["proof"][0] | {} == {
        "owner": "X", "owned": "A", "kind": "title", "share": "50", "share_max": None, "valid_from": None,
        "valid_to": None, "source": "edges.csv", "locator": "data row 1",
    }  # fmt: skip
    assert by_id["B"]["unknown"][0]["share"] is None


def test_all_regimes_at_once_keep_each_id_once(capsys, tmp_path):
    code, found = ask(capsys, [*files(tmp_path, EDGES + "X,A,50,,,,\n"), "--regime", "all", "--as-of", "2025-01-01"])
    assert code == 0
    entity = next(e for e in found["entities"] if e["id"] == "A")
    assert entity["blocked"] == "certain"
    assert entity["by_regime"] == {"ofac": "certain", "eu": "certain", "uk": "not", "seco": "not"}
    assert len({e["id"] for e in found["entities"]}) == len(found["entities"]) == 2


@pytest.mark.parametrize(
    ("row", "place", "message"),
    [
        ("X,A,100.1,,,,", ":2:5", "more than 100"),
        ("X,A,33.333333333333333,,,,", ":2:5", "15 decimals"),
        ("X,A,-1,,,,", ":2:5", "not a percentage"),
        ("X,A,5e1,,,,", ":2:5", "not a percentage"),
        ("X,A,nan,,,,", ":2:5", "not a percentage"),
        ("X,A,40,30,,,", ":2:8", "below share"),
        ("X,A,40,,titel,,", ":2:9", 'cannot be "titel"'),
        ("X,A,40,,,2024-13-01,", ":2:10", "not a date"),
        ("X,A,40,,,2024-02-01,2024-01-01", ":2:21", "ends before it begins"),
        (",A,40,,,,", ":2:1", "blank"),
        ("X,A,40,,,,\nX,A,40,,,,", ":3:1", "repeats line 2"),
    ],
)
def test_bad_rows_are_refused_with_their_place(capsys, tmp_path, row, place, message):
    code, found = ask(capsys, [*files(tmp_path, EDGES + row + "\n"), "--regime", "ofac", "--as-of", "2025-01-01"])
    assert code == 3
    assert found["error"]["where"].endswith("edges.csv" + place)
    assert message in found["error"]["message"]


def test_unknown_columns_are_refused(capsys, tmp_path):
    code, found = ask(capsys, [*files(tmp_path, "owner,owned,share,percent\nX,A,5,5\n"), "--regime", "ofac"])
    assert (code, "percent" in found["error"]["message"]) == (3, True)


def test_more_than_all_is_refused(capsys, tmp_path):
    code, found = ask(
        capsys, [*files(tmp_path, EDGES + "X,A,60,,,,\nY,A,50,,,,\n"), "--regime", "ofac", "--as-of", "2025-01-01"]
    )
    assert (code, "110 percent of A" in found["error"]["message"]) == (3, True)


def test_two_parcels_of_one_holder_add_up(capsys, tmp_path):
    _, found = ask(
        capsys, [*files(tmp_path, EDGES + "X,A,30,,,,\nX,A,20,,,,\n"), "--regime", "ofac", "--as-of", "2025-01-01"]
    )
    assert {e["id"]: e["blocked"] for e in found["entities"]}["A"] == "certain"


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["screen", "gazprm", "--regime", "ofac"], 6),
        (["screen", "gazprom", "--regime", "ofca"], 2),
        (["screen", "gazprom", "--as-of", "13.3.2025"], 2),
        (["screen"], 2),
        (["screen", "--edges", "nowhere.csv"], 2),
        (["screen", "--edges", "nowhere.csv", "--listed", "nowhere.csv"], 6),
        (["owners", "gazprom", "--kind", "voting"], 2),
        (["exposure"], 2),
        (["exposure", "--country", "IN", "--party", "ongc"], 2),
    ],
)
def test_exit_codes(capsys, arguments, code):
    found, document = ask(capsys, arguments)
    assert found == code
    assert document["error"]["message"]


def test_did_you_mean(capsys):
    _, found = ask(capsys, ["screen", "gazprm", "--regime", "ofac"])
    assert "gazprom" in found["error"]["fix"]


def test_text_says_not_blocked_and_not_investable(capsys):
    assert main(["screen", "gazprom", "--regime", "ofac", "--as-of", "2025-03-13"]) == 0
    text = capsys.readouterr().out
    assert "does not meet the test" in text
    assert "Executive Order 14066, s. 1(a)(ii)" in text
    assert "not legal advice" in text
    assert "is legal" not in text


def test_owners_economic(capsys):
    code, found = ask(capsys, ["owners", "rosneft", "--kind", "economic", "--as-of", "2025-03-13"])
    assert code == 0
    shares = {e["id"]: e["share"] for e in found["holders"]}
    assert shares["russia"] == "5050/113"  # 40.4 / 0.904 percent


def test_exposure_of_a_country(capsys):
    code, found = ask(capsys, ["exposure", "--country", "cn", "--in", "RU", "--as-of", "2025-03-13"])
    assert code == 0
    assert [x["id"] for x in found["holdings"]] == ["yamal-lng", "arctic-lng-2"]
    assert {c["contract"] for c in found["offtake"]} >= {"contract-yamal-cnpc"}


SCENARIO = """schema: polynya.scenario/1
id: sale
title: Rosneft is delisted and sells
question: What flips?
as_of: 2025-12-01
horizon: {from: 2026-01, months: 12}
assumptions:
  - {id: a1, text: the reported sale happens}
conditions: []
changes:
  - {id: lift, type: lift_measure, measures: [us-eo-14024-rosneft-lukoil], from: 2026-02-01, because: [a1], text: Rosneft is delisted}
  - {id: sale, type: transfer_stake, owned: rosneft-deutschland, from_owner: rosneft, to_owner: exxonmobil, share_percent: "100", from: 2026-02-01, because: [a1], text: sale}
"""


def test_compare_a_scenario(capsys, tmp_path):
    (tmp_path / "s.yaml").write_text(SCENARIO)
    code, found = ask(capsys, ["control", "compare", str(tmp_path / "s.yaml"), "--regime", "ofac"])
    assert code == 0
    assert found["as_of"] == "2026-02-01"
    flips = {f["id"]: (f["before"], f["after"]) for f in found["flips"]}
    assert flips["rosneft"] == flips["vankorneft"] == flips["pck-raffinerie"] == ("certain", "not")
    assert "gazprom-neft" not in flips
    assert {o["owned"] for o in found["objections"]} == {"rosneft-deutschland"}
    assert [m["id"] for m in found["measures"]] == ["us-eo-14024-rosneft-lukoil"]


def test_exposure_before_and_after_a_scenario(capsys, tmp_path):
    (tmp_path / "s.yaml").write_text(SCENARIO)
    code, found = ask(
        capsys,
        ["exposure", "--country", "US", "--in", "DE", "--as-of", "2026-02-01", "--scenario", str(tmp_path / "s.yaml")],
    )
    assert code == 0
    after = {r["id"]: r["share_percent_after"] for r in found["change"]}
    assert after["pck-schwedt"] == pytest.approx(37.5)  # Rosneft Deutschland's part, not that of RN R&M


@pytest.mark.parametrize("form", ["bods", "ftm", "gem"])
def test_export_and_import(capsys, tmp_path, form):
    assert main(["control", "export", "--format", form, "--as-of", "2025-03-13"]) == 0
    file = tmp_path / "x"
    file.write_text(capsys.readouterr().out)
    assert main(["control", "import", str(file), "--format", form]) == 0
    edges = capsys.readouterr().out
    assert "gazprom-international-projects,nord-stream-2-ag,100,,title" in edges
