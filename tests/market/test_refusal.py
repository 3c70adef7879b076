"""A solver's own "optimal" counts for nothing: what does not pass its certificate is mended, tried elsewhere or refused."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from polynya.cli import main
from polynya.errors import CertificateError
from polynya.market import backends
from polynya.market import solve as module
from polynya.market.problem import write_problem
from polynya.market.qp import QP, Raw
from polynya.market.solve import solve
from tests.market.folder import price, problem, total

# Two Cournot sellers, P = 10 - Q, cost 1: P = 4, each sells 3 (see test_closed_forms).
DUOPOLY = {
    "nodes": "node\nA", "traders": "trader\nf\ng", "conduct": "trader,node,theta\n*,*,1",
    "demand": "node,period,intercept,slope\nA,*,10,1", "production": "trader,node,period,step,capacity,cost\n*,A,*,1,,1",
}  # fmt: skip


def liar(honest):
    """A solver that says "solved" and gives the optimum of a market whose costs and values are 2 % higher."""

    def solver(qp: QP, *args: object, **kwargs: object) -> Raw:
        raw = honest(replace(qp, q=1.02 * qp.q), *args, **kwargs)
        return replace(raw, info={**raw.info, "status": "solved"})

    return solver


def test_a_wrong_optimum_is_mended_by_the_polish(monkeypatch):
    """The lie has the right active set: fixed and solved once more it is the truth."""
    monkeypatch.setitem(backends.SOLVERS, "piqp", liar(backends.SOLVERS["piqp"]))
    answer = solve(problem(**DUOPOLY), solver="piqp")
    assert answer.certificate["passed"]
    assert price(answer, "A") == pytest.approx(4, abs=1e-8)
    assert answer.info["polished"]


def test_beyond_mending_the_next_solver_is_asked(monkeypatch):
    monkeypatch.setattr(module, "polish", lambda qp, raw, doubt=1.0: raw)
    monkeypatch.setitem(backends.SOLVERS, "piqp", liar(backends.SOLVERS["piqp"]))
    answer = solve(problem(**DUOPOLY))
    assert answer.info["solver"] == "block"
    assert price(answer, "A") == pytest.approx(4, abs=1e-6)


def test_when_every_solver_is_wrong_nothing_is_shown(monkeypatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """Exit 5: the failing terms by name, and not one number of the answer."""
    monkeypatch.setattr(module, "polish", lambda qp, raw, doubt=1.0: raw)
    for name, honest in list(backends.SOLVERS.items()):
        monkeypatch.setitem(backends.SOLVERS, name, liar(honest))
    asked = problem(**DUOPOLY)
    with pytest.raises(CertificateError, match=r"price .* \(limit 1e-05\) at supply at node A, 1"):
        solve(asked)
    write_problem(asked, tmp_path / "m")
    assert main(["market", "solve", str(tmp_path / "m"), "--json"]) == 5
    document = json.loads(capsys.readouterr().out)
    assert document.keys() == {"error"}


def test_the_objective_of_the_program_is_not_the_welfare():
    """P = 4, Q = 6: consumers have 6 x 6 / 2 = 18, each seller 3 x 3 = 9, all 36. The program's optimum, which holds the
    conduct term 1 / 2 x (3^2 + 3^2) = 9, is 27."""
    answer = solve(problem(**DUOPOLY))
    assert answer.welfare["total"] == pytest.approx(36, rel=1e-8)
    assert answer.welfare["consumers"] == pytest.approx(18, rel=1e-8)
    assert answer.welfare["producers"] == pytest.approx(18, rel=1e-8)
    assert total(answer.sales) == pytest.approx(6, rel=1e-8)
