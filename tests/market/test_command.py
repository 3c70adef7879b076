"""`polynya market solve DIR --json` as a user meets it: one document, the exit code, the place of the fault."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from polynya.cli import main

FILES = {
    "periods": "period,weight\n1,1\n",
    "nodes": "node\nA\nB\n",
    "traders": "trader\nt\nu\n",
    "conduct": "trader,node,theta\nt,B,1\nu,B,1\n",
    "demand": "node,period,intercept,slope,fixed,value_of_lost_load\nB,*,10,1,,\n",
    "production": "trader,node,period,step,capacity,cost,cost_slope\nt,A,*,1,100,1,0\nu,B,*,1,100,1,0\n",
    "arcs": "arc,from,to,period,capacity,cost,loss\nab,A,B,*,,0,0\n",
}
FIXED = "node,period,intercept,slope,fixed,value_of_lost_load\nB,*,,,{q},{v}\n"


def solve(folder: Path, capsys: pytest.CaptureFixture[str], **changed: str | None) -> tuple[int, dict[str, Any]]:
    for name, text in {**FILES, **changed}.items():
        if text is not None:
            (folder / f"{name}.csv").write_text(text)
    code = main(["market", "solve", str(folder), "--json"])
    document: dict[str, Any] = json.loads(capsys.readouterr().out)  # exactly one document, or this fails
    return code, document


def price(document: dict[str, Any], node: str = "B") -> float:
    return next(float(p["price"]) for p in document["prices"] if p["node"] == node)


def test_cournot_duopoly(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = solve(tmp_path, capsys)
    assert code == 0
    assert price(document) == pytest.approx(4.0, abs=1e-7)  # (a + 2c) / 3 with a = 10, c = 1
    assert document["certificate"]["passed"] is True
    assert {"primal", "dual", "price", "balance", "gap", "markup", "best_response"} <= set(document["certificate"])
    assert {
        "status",
        "welfare",
        "prices",
        "sales",
        "flows",
        "production",
        "storage",
        "rents",
        "markups",
        "investments",
    } <= set(document)


COLUMNS = {
    "prices": {"node", "period", "price", "determined", "price_lo", "price_hi"},
    "consumption": {"node", "period", "quantity", "unserved"},
    "sales": {"trader", "node", "period", "quantity"},
    "flows": {"arc", "trader", "period", "quantity"},
    "production": {"trader", "node", "step", "period", "quantity"},
    "markups": {"trader", "node", "period", "theta", "price", "value", "markup"},
    "rents": {"kind", "id", "period", "rent"},
}


def test_the_document_has_the_keys_that_are_documented_and_no_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Keys of the document in docs/problem-folder.md, terms of the certificate, columns of the rows."""
    _, document = solve(tmp_path, capsys, arcs=FILES["arcs"].replace(",,0,0", ",1,0,0"))
    tables = {"storage", "investments", "conversions", "values", "classes"} | COLUMNS.keys()
    assert document.keys() == {"status", "welfare", "certificate", "solver"} | tables
    told = (Path(__file__).parents[2] / "docs" / "problem-folder.md").read_text(encoding="utf-8")
    assert all(f"`{key}`" in told for key in document)
    assert document["welfare"].keys() == {"consumers", "producers", "operators", "states", "total"}
    terms = {"primal", "dual", "price", "balance", "gap", "markup", "best_response"}
    assert document["certificate"].keys() == terms | {"passed", "worst"}
    for table, columns in COLUMNS.items():
        assert document[table], table
        assert all(row.keys() == columns for row in document[table]), table


def test_a_group_acts_as_one_seller(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = solve(tmp_path, capsys, traders="trader,group\nt,g\nu,g\n")
    assert (code, price(document)) == (0, pytest.approx(5.5, abs=1e-7))  # monopoly: (a + c) / 2


def test_price_takers_sell_at_cost(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = solve(tmp_path, capsys, conduct=None)
    assert (code, price(document)) == (0, pytest.approx(1.0, abs=1e-7))


def test_a_shortage_names_the_culprit_and_the_repair(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = solve(tmp_path, capsys, conduct=None, demand=FIXED.format(q=500, v=""))
    assert code == 4
    assert "node B, 1: fixed demand of 500 exceeds what can arrive, 200" in document["error"]["message"]
    assert "by 300" in document["error"]["fix"]  # 500 wanted, two wells of 100


def test_a_value_of_lost_load_makes_the_shortage_solvable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, document = solve(tmp_path, capsys, conduct=None, demand=FIXED.format(q=500, v=99))
    assert (code, price(document)) == (0, pytest.approx(99.0, abs=1e-6))


@pytest.mark.parametrize(
    ("changed", "where", "text"),
    [
        ({"demand": FIXED.format(q=5, v="")}, "conduct.csv:2:5", "demand is fixed"),
        (
            {"traders": "trader,group\nt,g\nu,g\n", "conduct": "trader,node,theta\nt,B,1\nu,B,0.5\n"},
            "conduct.csv:3:5",
            "unequal conduct",
        ),
        ({"demand": FILES["demand"].replace(",10,", ",nan,")}, "demand.csv:2:5", "not a finite number"),
        ({"production": FILES["production"].replace(",100,", ",-1,", 1)}, "production.csv:2:9", "at least 0"),
        ({"arcs": FILES["arcs"].replace("ab,A,B", "ab,A,C")}, "arcs.csv:2:6", "C"),
        ({"arcs": FILES["arcs"] + "ab,A,B,1,,0,0\nab,A,B,1,,0,0\n"}, "arcs.csv:4:1", "a second row"),
        ({"arcs": FILES["arcs"].replace("loss", "los")}, "arcs.csv:1:", "los"),
    ],
)
def test_bad_input_has_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], changed: dict[str, str], where: str, text: str
) -> None:
    code, document = solve(tmp_path, capsys, **changed)
    assert code == 3
    faults = document["error"]["faults"]
    assert any(where in f["where"] and text in f["message"] + f["fix"] for f in faults), faults


def test_no_such_folder(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["market", "solve", "no-such-folder", "--json"]) == 6
    assert json.loads(capsys.readouterr().out)["error"]["code"] == "not_found"
