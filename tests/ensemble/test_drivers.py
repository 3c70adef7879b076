"""Shares of the variance: closed forms, then a naive second computation from the definition, then samples."""

from __future__ import annotations

from itertools import permutations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polynya.ensemble.draw import every_way
from polynya.ensemble.drivers import effects, exact, fitted


def naive_shapley(n: int, value) -> list[float]:
    """Average over all orders of what each player adds (Shapley 1953)."""
    out = [0.0] * n
    for order in permutations(range(n)):
        before: frozenset[int] = frozenset()
        for i in order:
            out[i] += value(before | {i}) - value(before)
            before |= {i}
    return [v / factorial(n) for v in out]


def naive_explained(p: list[float], y: np.ndarray, u: frozenset[int]) -> float:
    """Var(E[Y | the coins in u]), by looking at every way."""
    ways = every_way(len(p))
    chance = np.prod(np.where(ways, p, 1 - np.array(p)), axis=1)
    means, weights = [], []
    for fixed in every_way(len(u)) if u else np.zeros((1, 0), dtype=bool):
        match = (ways[:, sorted(u)] == fixed).all(axis=1)
        weights.append(chance[match].sum())
        means.append((chance[match] @ y[match]) / chance[match].sum())
    means, weights = np.array(means), np.array(weights)
    return float(weights @ means**2 - (weights @ means) ** 2)


def test_two_coins_in_a_row_share_the_variance_as_worked_out_by_hand() -> None:
    # y = -3 when both hold: V = 9 x 0.4 x 0.6 = 2.16; peace alone 9 x 0.8^2 x 0.25 = 1.44, buyer alone 9 x 0.25 x 0.16 = 0.36,
    # both together the same 0.36, of which each takes half
    split = exact([0.5, 0.8], np.array([0.0, 0.0, 0.0, -3.0]))
    assert split.variance == pytest.approx(2.16, rel=1e-12)
    assert split.first * split.variance == pytest.approx([1.44, 0.36], rel=1e-12)
    assert split.total * split.variance == pytest.approx([1.80, 0.72], rel=1e-12)
    assert split.shapley == pytest.approx([0.75, 0.25], rel=1e-12)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_exact_shares_are_those_of_the_definition(data: st.DataObject) -> None:
    k = data.draw(st.integers(1, 4))
    p = data.draw(st.lists(st.floats(0.05, 0.95), min_size=k, max_size=k))
    y = np.array(data.draw(st.lists(st.floats(-10, 10), min_size=2**k, max_size=2**k)))
    split = exact(p, y)
    whole = naive_explained(p, y, frozenset(range(k)))
    assert split.variance == pytest.approx(whole, rel=1e-9, abs=1e-9)
    if whole < 1e-6:
        return
    oracle = naive_shapley(k, lambda u: naive_explained(p, y, frozenset(u)) / whole)
    assert split.shapley == pytest.approx(oracle, abs=1e-7)
    assert split.first == pytest.approx([naive_explained(p, y, frozenset({i})) / whole for i in range(k)], abs=1e-7)
    assert split.shapley.sum() == pytest.approx(1.0, abs=1e-9)


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_effects_are_shapley_values_and_add_up(data: st.DataObject) -> None:
    k = data.draw(st.integers(1, 4))
    y = np.array(data.draw(st.lists(st.floats(-10, 10), min_size=2**k, max_size=2**k)))
    oracle = naive_shapley(k, lambda u: y[sum(1 << (k - 1 - i) for i in u)])
    assert effects(y) == pytest.approx(oracle, abs=1e-9)
    assert effects(y).sum() == pytest.approx(y[-1] - y[0], abs=1e-9)


def test_a_sample_finds_the_shares_of_a_polynomial() -> None:
    # y = 2 x + 3 u + 4 (x - 0.3)(u - 0.5), x a coin of 0.3, u even on 0..1: variances 4 x 0.21, 9 / 12, 16 x 0.21 / 12
    rng = np.random.default_rng(5)
    x, u = rng.random(400) < 0.3, rng.random(400)
    y = 2 * x + 3 * u + 4 * (x - 0.3) * (u - 0.5)
    split = fitted([0.3], x[:, None], u[:, None], y)
    parts = np.array([0.84, 0.75, 0.28])
    assert split.explained == pytest.approx(1.0, abs=1e-9)  # the basis holds the function
    assert split.first == pytest.approx(parts[:2] / parts.sum(), abs=1e-9)
    assert split.shapley == pytest.approx((parts[:2] + 0.14) / parts.sum(), abs=1e-9)


def test_noise_is_explained_by_nobody() -> None:
    rng = np.random.default_rng(6)
    split = fitted([], np.empty((200, 0), dtype=bool), rng.random((200, 3)), rng.normal(size=200))
    assert split.explained < 0.1  # the error at left-out points is about the variance


def test_an_outcome_that_never_moves_has_no_drivers() -> None:
    assert exact([0.5, 0.5], np.full(4, 7.0)).shapley.tolist() == [0.0, 0.0]
    assert (
        fitted([], np.empty((9, 0), dtype=bool), np.random.default_rng(1).random((9, 1)), np.full(9, 7.0)).variance == 0
    )
