"""Which choices are looked at, and what does each weigh? (coins, dials, n, seed -> draws)

Without dials, and when all ways in which the coins can fall are no more than n, every way is looked at once and weighs
its exact probability. Otherwise n points of a scrambled Sobol sequence (Sobol 1967, Owen 1998) or of a Latin hypercube
(McKay et al. 1979), all of one weight: a coin holds where its coordinate lies below its likelihood, a dial goes evenly
from low to high.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.stats import qmc

from polynya.ensemble.choice import Choice
from polynya.ensemble.uncertain import Uncertain

Sampler = Literal["auto", "sobol", "latin-hypercube"]
MAX_COINS = 16  # so that all their subsets fit


@dataclass(frozen=True)
class Draws:
    """coins [n, k] bool, dials [n, r] in their own units, weights [n] that add up to 1."""

    method: str
    coins: NDArray[np.bool_]
    dials: NDArray[np.float64]
    weights: NDArray[np.float64]

    @property
    def exact(self) -> bool:
        """Whether every possible choice is there."""
        return self.method == "enumeration"

    def choices(self, what: Uncertain) -> list[Choice]:
        """One choice a row."""
        return [
            Choice(
                tuple((c.id, bool(h)) for c, h in zip(what.coins, row, strict=True)),
                tuple((d.id, d.field, float(v)) for d, v in zip(what.dials, numbers, strict=True)),
            )
            for row, numbers in zip(self.coins, self.dials, strict=True)
        ]


def draw(what: Uncertain, n: int, seed: int, sampler: Sampler = "auto") -> Draws:
    """The draws. The same arguments give the same draws."""
    k, r = len(what.coins), len(what.dials)
    p = np.array([c.p for c in what.coins])
    if sampler == "auto" and r == 0 and k <= MAX_COINS and 2**k <= n:
        coins = every_way(k)
        weights = np.prod(np.where(coins, p, 1.0 - p), axis=1)
        return Draws("enumeration", coins, np.empty((coins.shape[0], 0)), weights)
    points = _points(sampler, k + r, n, seed)
    low, high = np.array([d.low for d in what.dials]), np.array([d.high for d in what.dials])
    dials = low + points[:, k:] * (high - low)
    method = "latin-hypercube" if sampler == "latin-hypercube" else "sobol"
    return Draws(method, points[:, :k] < p, dials, np.full(n, 1.0 / n))


def every_way(k: int) -> NDArray[np.bool_]:
    """All 2^k ways in which k coins can fall; row i is i in binary, the first coin the highest digit."""
    rows = np.arange(2**k)[:, None]
    return ((rows >> np.arange(k - 1, -1, -1)) & 1).astype(bool)


def _points(sampler: Sampler, dimensions: int, n: int, seed: int) -> NDArray[np.float64]:
    generator = np.random.default_rng(seed)
    if sampler == "latin-hypercube":
        return np.asarray(qmc.LatinHypercube(d=dimensions, rng=generator).random(n))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that n is no power of 2 costs balance, not correctness; the summary says n
        return np.asarray(qmc.Sobol(d=dimensions, scramble=True, rng=generator).random(n))
