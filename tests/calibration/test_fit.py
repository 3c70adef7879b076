"""Sensitivities against finite differences and closed forms; the fit against the answer of linear regression."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from polynya.calibration.fit import fit
from polynya.calibration.linear import linear_year
from polynya.calibration.parameters import Parameter
from polynya.calibration.series import Reading, Term
from polynya.market.qp import Raw
from tests.market.folder import problem

# One seller of cost 2 at A, one way to B for 1 + Q / 2: 20 - Q = 3 + w + Q / 2 with a friction w, so Q = (17 - w) / 1.5.
LINE = problem(
    nodes="node\nA\nB", traders="trader\nf", demand="node,period,intercept,slope\nB,2021-01,20,1",
    periods="period,weight\n2021-01,1",
    production="trader,node,period,step,capacity,cost\nf,A,*,f.1,,2",
    arcs="arc,from,to,period,capacity,cost,loss,kind,cost_slope\nab,A,B,*,,1,0,pipeline,0.5",
)  # fmt: skip
WAY = Parameter("friction", "way", ("ab",), 1.0, "made up")
COST = Parameter("cost", "cost", ("f",), 1.0, "made up")
FLOW, PRICE = Reading((Term("delivered", "ab"),)), Reading((Term("price", "B"),))


def test_a_friction_moves_flow_and_price_as_by_hand() -> None:
    year = linear_year(LINE, [WAY, COST], [FLOW, PRICE])
    zero = np.zeros(2)
    qp, raw = year.solve(zero)
    assert year.series(raw) == pytest.approx([17 / 1.5, 20 - 17 / 1.5], rel=1e-6)
    # dQ/dw = -1 / 1.5 and dP/dw = +1 / 1.5, for a friction and for a cost alike; the smoothing costs a little
    assert year.derivatives(zero, qp, raw) == pytest.approx(np.array([[-1, -1], [1, 1]]) / 1.5, rel=1e-2)


def test_conduct_moves_a_monopolist_as_by_hand() -> None:
    """P = 20 - Q, cost 2, theta t: 20 - Q - t Q = 2, so Q = 18 / (1 + t); d Q / d log t = -18 t / (1 + t)^2 = -4.5 at t = 1."""
    asked = problem(
        nodes="node\nA", traders="trader\nf", conduct="trader,node,theta\nf,A,1", periods="period,weight\n2021-01,1",
        demand="node,period,intercept,slope\nA,*,20,1", production="trader,node,period,step,capacity,cost\nf,A,*,f.1,,2",
    )  # fmt: skip
    year = linear_year(
        asked, [Parameter("conduct", "conduct", ("f",), 1.0, "made up")], [Reading((Term("consumption", "A"),))]
    )
    zero = np.zeros(1)
    qp, raw = year.solve(zero)
    assert year.series(raw) == pytest.approx([9.0], rel=1e-6)
    assert year.derivatives(zero, qp, raw)[0, 0] == pytest.approx(-4.5, rel=1e-2)
    assert year.series(year.solve(np.array([np.log(2.0)]))[1]) == pytest.approx([6.0], rel=1e-6)


def test_room_moves_a_binding_capacity_and_nothing_else() -> None:
    """Capacity 5 binds (17 / 1.5 is wanted): sales follow it one for one; d Q / d log = 5."""
    bound = problem(
        nodes="node\nA\nB", traders="trader\nf", demand="node,period,intercept,slope\nB,*,20,1", periods="period,weight\n2021-01,1",
        production="trader,node,period,step,capacity,cost\nf,A,*,f.1,5,2",
        arcs="arc,from,to,period,capacity,cost,loss,kind\nab,A,B,*,,1,0,pipeline",
    )  # fmt: skip
    year = linear_year(bound, [Parameter("room", "room", ("f",), 0.1, "made up")], [FLOW])
    zero = np.zeros(1)
    qp, raw = year.solve(zero)
    assert year.series(raw) == pytest.approx([5.0], rel=1e-6)
    assert year.derivatives(zero, qp, raw)[0, 0] == pytest.approx(5.0, rel=0.02)
    assert year.series(year.solve(np.log([0.8]))[1]) == pytest.approx([4.0], rel=1e-6)


def test_an_unused_way_still_answers_so_that_it_can_be_found() -> None:
    """A way dearer by 1 carries nothing; without smoothing its gradient would be zero, with it more friction still means less."""
    two = problem(
        nodes="node\nA\nB", traders="trader\nf", demand="node,period,intercept,slope\nB,*,20,1", periods="period,weight\n2021-01,1",
        production="trader,node,period,step,capacity,cost\nf,A,*,f.1,,2",
        arcs="arc,from,to,period,capacity,cost,loss,kind\nab,A,B,*,,1,0,pipeline\nside,A,B,*,,2,0,pipeline",
    )  # fmt: skip
    side = Reading((Term("delivered", "side"),))
    year = linear_year(two, [Parameter("side", "way", ("side",), 1.0, "made up")], [side])
    zero = np.zeros(1)
    qp, raw = year.solve(zero)
    assert year.series(raw) == pytest.approx([0.0], abs=1e-6)
    assert year.derivatives(zero, qp, raw)[0, 0] < -1e-3


@dataclass(frozen=True)
class Straight:
    """A stand-in for a year whose series are J v: then maximum a posteriori has a closed form."""

    J: np.ndarray

    def solve(self, values: np.ndarray) -> tuple[object, Raw]:
        return None, Raw(values, values, values)

    def series(self, raw: Raw) -> np.ndarray:
        return self.J @ raw.x

    def derivatives(self, values: np.ndarray, qp: object, raw: Raw, width: float = 0.0) -> np.ndarray:
        return self.J


def test_the_fit_is_the_posterior_of_linear_regression() -> None:
    """v = (J'J / s^2 + 1 / t^2)^-1 (J'y / s^2 + v0 / t^2), and the same matrix gives the standard deviations."""
    rng = np.random.default_rng(5)
    J, y, prior, sd, error = (
        rng.normal(size=(8, 3)),
        rng.normal(size=8),
        np.array([0.1, -0.2, 0.0]),
        np.ones(3) * 2,
        np.ones(8) * 0.3,
    )
    precision = J.T @ J / 0.09 + np.eye(3) / 4
    expected = np.linalg.solve(precision, J.T @ y / 0.09 + prior / 4)
    wide = np.full(3, 1e3)
    found = fit([Straight(J)], [y], [error], prior, sd, -wide, wide, steps=40)  # type: ignore[list-item]
    assert found.values == pytest.approx(expected, abs=2e-2)
    assert found.sd == pytest.approx(np.sqrt(np.diag(np.linalg.inv(precision))), rel=1e-6)
    assert list(found.objective) == sorted(found.objective, reverse=True)


def test_what_the_data_do_not_touch_keeps_its_prior() -> None:
    J = np.array([[1.0, 0.0]])
    wide = np.full(2, 1e3)
    found = fit(
        [Straight(J)], [np.array([3.0])], [np.array([0.01])], np.array([0.0, 0.5]), np.ones(2), -wide, wide, steps=40
    )  # type: ignore[list-item]
    assert found.values == pytest.approx([3.0, 0.5], abs=0.02)
    assert found.sd[1] == pytest.approx(1.0)


def test_bounds_hold() -> None:
    J = np.eye(1)
    found = fit(
        [Straight(J)],
        [np.array([5.0])],
        [np.array([0.1])],
        np.zeros(1),
        np.ones(1) * 9,
        np.array([-1.0]),
        np.array([2.0]),
        steps=40,
    )  # type: ignore[list-item]
    assert found.values == pytest.approx([2.0])
