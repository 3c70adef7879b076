"""Numbers that carry their derivatives, against differences."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polynya.duals import Dual, grad_of

SOME = st.floats(0.2, 5.0)


def made(a: float, b: float) -> float:
    """Every operation that posing a market uses, as posing writes them."""
    quantity = 0 + a * 0.3 + b / 2.0 + 1.0  # a sum starts from the whole number 0
    slope = b / (-(0.1 - a * 0.5 + 3.0) * quantity)
    return 2.0 - slope * a + (1.0 + b) ** (-7 / 12.0) - (-a) / b + 5.0 / a + max(a + 10.0, 0.0) - min(b, 100.0)


@given(SOME, SOME)
def test_derivatives_are_those_of_the_function(a, b):
    """Both partial derivatives beside central differences of the same function on plain floats; the value is the same to the bit."""
    found = made(Dual(a, {0: 1.0}), Dual(b, {1: 1.0}))
    assert float(found) == made(a, b)
    step = 1e-6
    by_a, by_b = (made(a + step, b) - made(a - step, b)) / 2e-6, (made(a, b + step) - made(a, b - step)) / 2e-6
    assert grad_of(found)[0] == pytest.approx(by_a, rel=1e-5, abs=1e-5)
    assert grad_of(found)[1] == pytest.approx(by_b, rel=1e-5, abs=1e-5)


def test_of_several_limits_the_one_that_binds_has_the_derivative():
    """min(3, 2) is the second."""
    assert grad_of(min(Dual(3.0, {0: 1.0}), Dual(2.0, {1: 1.0}))) == {1: 1.0}


def test_an_ordinary_number_has_no_derivative():
    """2 is 2."""
    assert grad_of(2.0) == {}
