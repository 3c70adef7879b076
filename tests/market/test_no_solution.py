"""Questions without an answer: exit 4 names the culprit, and the repair it offers works."""

from __future__ import annotations

import pytest

from polynya.errors import NoSolutionError
from polynya.market.solve import solve
from tests.market.folder import problem, total

NODES = "node\nRO\nUA\nMD"
PIPES = "arc,from,to,period,capacity,cost,loss\nro-md,RO,MD,*,1.2,1,0\nua-md,UA,MD,*,1.0,1,0"
SUPPLY = "trader,node,period,step,capacity,cost\nseller,RO,*,1,10,5\nseller,UA,*,1,10,5"


def test_fixed_demand_above_what_can_arrive_names_node_amounts_and_corridors():
    """3.1 asked at MD, 1.2 + 1.0 can arrive: short by 0.9."""
    asked = problem(
        periods="period,weight\n2026-01,1", nodes=NODES, traders="trader\nseller", production=SUPPLY, arcs=PIPES,
        demand="node,period,fixed\nMD,*,3.1",
    )  # fmt: skip
    with pytest.raises(NoSolutionError) as caught:
        solve(asked)
    assert "node MD, 2026-01: fixed demand of 3.1 exceeds what can arrive, 2.2" in str(caught.value)
    assert "ro-md and ua-md" in str(caught.value)
    assert "by 0.9" in caught.value.fix
    assert caught.value.exit_code == 4


def test_a_value_of_lost_load_makes_the_same_market_solvable():
    """The 0.9 that cannot arrive is unserved, and the price is the value of lost load."""
    asked = problem(
        nodes=NODES, traders="trader\nseller", production=SUPPLY, arcs=PIPES,
        demand="node,period,fixed,value_of_lost_load\nMD,*,3.1,100",
    )  # fmt: skip
    answer = solve(asked)
    assert answer.consumption["unserved"].sum() == pytest.approx(0.9, abs=1e-9)
    assert answer.prices.filter(node="MD")["price"].item() == pytest.approx(100)
    assert answer.prices.filter(node="MD")["determined"].item()


@pytest.mark.parametrize("elastic", [True, False])
def test_take_or_pay_above_the_pipe(elastic):
    """A minimum of 3.1 over two pipes of 2.2 together, with elastic demand (QP) or with lost load (LP)."""
    demand = "node,period,intercept,slope\nMD,*,20,1" if elastic else "node,period,fixed,value_of_lost_load\nMD,*,9,50"
    asked = problem(
        periods="period,weight\n2026-01,1", nodes=NODES, traders="trader\nseller", production=SUPPLY, arcs=PIPES,
        demand=demand, contracts="contract,trader,node,first_period,last_period,minimum,maximum\ntop,seller,MD,,,3.1,",
    )  # fmt: skip
    with pytest.raises(NoSolutionError) as caught:
        solve(asked)
    assert "contract top of seller: minimum of 3.1 exceeds what can arrive, 2.2" in str(caught.value)
    assert caught.value.fix == "The cheapest repair: lower the minimum of contract top by 0.9."


def test_a_banned_contract_names_the_ban():
    """A contract whose seller may not sell there."""
    asked = problem(
        nodes=NODES, traders="trader\nseller\nother", production=SUPPLY.replace("seller,UA", "other,UA"), arcs=PIPES,
        demand="node,period,intercept,slope\nMD,*,20,1",
        contracts="contract,trader,node,first_period,last_period,minimum,maximum\ntop,seller,MD,*,*,0.5,",
        bans="trader,node,arc,first_period,last_period,reason\nseller,MD,,*,*,import ban of 2026",
    )  # fmt: skip
    with pytest.raises(NoSolutionError) as caught:
        solve(asked)
    assert "ban on seller selling at MD (import ban of 2026)" in str(caught.value)


def test_a_filling_obligation_that_injection_cannot_reach():
    """Two months of at most 1 fill at most 2; 3 are asked."""
    asked = problem(
        periods="period,weight\na,1\nb,1", nodes="node\nA", traders="trader\nseller",
        demand="node,period,intercept,slope\nA,*,10,1", production="trader,node,period,step,capacity,cost\nseller,A,*,1,,2",
        storage="storage,node,period,working,injection,withdrawal,cost,loss,minimum_fill\nw,A,a,5,1,1,0,0,\nw,A,b,5,1,1,0,0,3",
    )  # fmt: skip
    with pytest.raises(NoSolutionError) as caught:
        solve(asked)
    assert "store w, b: filling obligation of 3 exceeds what can arrive, 2" in str(caught.value)


def test_only_the_conflicting_obligations_are_named():
    """Demand at A and at B can each be met from 2 units of production, not both; C has its own and is not named."""
    asked = problem(
        nodes="node\nP\nA\nB\nC", traders="trader\nseller",
        production="trader,node,period,step,capacity,cost\nseller,P,*,1,2,1\nseller,C,*,1,9,1",
        arcs="arc,from,to,period,capacity,cost,loss\npa,P,A,*,,1,0\npb,P,B,*,,1,0",
        demand="node,period,fixed\nA,*,1.5\nB,*,1.5\nC,*,4",
    )  # fmt: skip
    with pytest.raises(NoSolutionError) as caught:
        solve(asked)
    assert "2 obligations cannot be met together (3 asked, 1 too much)" in str(caught.value)
    assert "node C" not in str(caught.value)


def test_the_cheapest_repair_makes_it_solvable():
    """Lowering what the message says by what it says is enough, and the market is then solved and certified."""
    text = "node,period,fixed\nMD,*,{}"
    asked = {"nodes": NODES, "traders": "trader\nseller", "production": SUPPLY, "arcs": PIPES}
    answer = solve(problem(demand=text.format(3.1 - 0.9), **asked))
    assert answer.certificate["passed"]
    assert total(answer.flows) == pytest.approx(2.2)


def test_money_without_end_is_named():
    """Demand that pays 10 for any quantity, and production without limit at 2."""
    asked = problem(
        nodes="node\nA", traders="trader\nseller", demand="node,period,intercept,slope\nA,*,10,0",
        production="trader,node,period,step,capacity,cost\nseller,A,*,1,,2",
    )  # fmt: skip
    with pytest.raises(NoSolutionError, match="money can be made without end: sales at A, 1"):
        solve(asked)
