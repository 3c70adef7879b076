"""Problems whose answer is known without a computer."""

from __future__ import annotations

import pytest

from polynya.market.solve import solve
from tests.market.folder import price, problem, total

NEAR = 1e-6


def test_dantzig_1963_costs_153_675():
    """Two canneries, three markets, freight 90 a case and thousand miles (Dantzig 1963, ch. 3.3): least cost 153.675."""
    miles = {
        ("seattle", "new-york"): 2.5, ("seattle", "chicago"): 1.7, ("seattle", "topeka"): 1.8,
        ("san-diego", "new-york"): 2.5, ("san-diego", "chicago"): 1.8, ("san-diego", "topeka"): 1.4,
    }  # fmt: skip
    asked = problem(
        nodes="node\nseattle\nsan-diego\nnew-york\nchicago\ntopeka",
        traders="trader\ncannery",
        demand="node,period,fixed\nnew-york,1,325\nchicago,1,300\ntopeka,1,275",
        production="trader,node,period,step,capacity,cost\ncannery,seattle,1,1,350,0\ncannery,san-diego,1,1,600,0",
        arcs="arc,from,to,period,capacity,cost,loss\n"
        + "\n".join(f"{a}-{b},{a},{b},1,,{0.09 * m},0" for (a, b), m in miles.items()),
    )
    answer = solve(asked)
    sent = answer.flows.join(asked.arcs, on=["arc", "period"])
    assert (sent["quantity"] * sent["cost"]).sum() == pytest.approx(153.675, abs=1e-9)


@pytest.mark.parametrize("n", [1, 2, 3, 7])
@pytest.mark.parametrize("theta", [0.0, 0.5, 1.0])
def test_n_sellers_with_conjectures(n, theta):
    """P = 10 - Q, cost 2: each sells s with 10 - n s - 2 = theta s, so s = 8 / (n + theta), P = 10 - 8 n / (n + theta)."""
    answer = solve(
        problem(
            nodes="node\nA",
            traders="trader\n" + "\n".join(f"firm-{i}" for i in range(n)),
            conduct=f"trader,node,theta\n*,*,{theta}",
            demand="node,period,intercept,slope\nA,*,10,1",
            production="trader,node,period,step,capacity,cost\n*,A,*,1,,2",
        )
    )
    sold = n * 8 / (n + theta) if theta else 8.0  # price takers sell until P = 2
    assert answer.certificate["passed"]
    assert total(answer.sales) == pytest.approx(sold, rel=NEAR)
    assert price(answer, "A") == pytest.approx(10 - sold, rel=NEAR)
