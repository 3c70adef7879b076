"""PyPSA and linopy, in an environment of their own, find the same optimum of the same price-taking problem."""

from __future__ import annotations

import json
import subprocess
import venv
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.peer
def test_price_taking_costs_are_those_of_pypsa_and_linopy(tmp_path, monkeypatch):
    """30 nodes x 6 months with pooled storage: value of what is served less costs, plus the constant both leave out."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    import market_generate
    from polynya.market.problem import Problem
    from polynya.market.solve import solve

    tables = market_generate.price_taking(6, 30)
    market_generate.write(tables, tmp_path / "problem")
    venv.create(tmp_path / "env", with_pip=True)
    python = str(tmp_path / "env" / "bin" / "python")
    subprocess.run([python, "-m", "pip", "install", "-q", "pypsa", "linopy", "highspy"], check=True)
    run = subprocess.run(
        [python, str(BENCHMARKS / "market_peer.py"), str(tmp_path / "problem")],
        capture_output=True,
        text=True,
        check=True,
    )
    peers = json.loads(run.stdout.splitlines()[-1])

    problem = Problem.from_tables(tables)
    solution = solve(problem)
    demand = problem.demand.join(problem.periods, on="period")
    everything = float((demand["fixed"] * demand["weight"] * demand["value_of_lost_load"]).sum())
    # The peers pay for unserved demand, welfare counts what is served: the two differ by the value of all demand.
    # Tariffs are a cost to the peers and the owner's income in welfare's total: they are added here.
    tariffs = solution.flows.join(problem.arcs.select("arc", "period", "tariff"), on=["arc", "period"]).join(
        problem.periods.select("period", "weight"), on="period"
    )
    paid = float((tariffs["quantity"] * tariffs["tariff"].fill_null(0.0) * tariffs["weight"]).sum())
    mine = everything - float(solution.welfare["total"]) + paid
    for name in ("linopy", "pypsa"):
        assert mine == pytest.approx(peers[name]["objective"], rel=1e-9), name
