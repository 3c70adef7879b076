"""What drives the spread? (how the coins fell, where the dials stood, what came out -> share of the variance per input)

The inputs are independent, so the outcome splits into parts of single inputs, pairs and so on, whose variances V_u add
up (Hoeffding 1948, Sobol 1993). In an orthonormal basis a part's variance is the sum of its squared coefficients
(Sudret 2008): a coin with likelihood p has the one function (x - p) / sqrt(p (1 - p)), a dial has Legendre's polynomials.
    first = V_i / V          what the input does alone (first-order Sobol index)
    total = sum of V_u with i in u, over V
    shapley = sum of V_u / |u| with i in u, over V; adds up to 1 (Owen 2014)
Where every way of falling is known the split is exact. Otherwise the coefficients are fitted by least squares, the
basis that leaves the least error at left-out points wins, and `explained` (Q2, one less that error's share of the
variance) says how far to trust it; what is not explained is shared out to nobody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
from numpy.polynomial import legendre
from numpy.typing import NDArray

Vector = NDArray[np.float64]
TINY = 1e-24  # a variance below this share of the squared mean is rounding


@dataclass(frozen=True)
class Drivers:
    """Per input, as shares of the variance; `explained` is 1 where the split is exact."""

    variance: float
    explained: float
    first: Vector
    total: Vector
    shapley: Vector
    exact: bool


def exact(p: Sequence[float], y: Vector) -> Drivers:
    """From all 2^k outcomes: y[i] with i in binary how the coins fell, the first coin the highest digit."""
    k = len(p)
    part = y.reshape((2,) * k).astype(float)
    for axis, chance in enumerate(p):
        tails, heads = np.take(part, 0, axis), np.take(part, 1, axis)
        mean = (1.0 - chance) * tails + chance * heads
        slope = np.sqrt(chance * (1.0 - chance)) * (heads - tails)
        part = np.stack([mean, slope], axis=axis)
    flat = part.reshape(-1)
    variances = {tuple(i for i in range(k) if u >> (k - 1 - i) & 1): float(flat[u] ** 2) for u in range(1, 2**k)}
    return _shares(k, variances, float(flat[0]), explained=1.0, exact=True)


def effects(y: Vector) -> Vector:
    """Shapley value of each coin for y(all heads) - y(all tails): what each adds, averaged over all orders. Adds up."""
    k = int(y.size).bit_length() - 1
    rows = np.arange(y.size)
    sizes = np.array([int(r).bit_count() for r in rows])
    share = np.zeros(k)
    for i in range(k):
        bit = 1 << (k - 1 - i)
        without = rows[(rows & bit) == 0]
        weight = np.array([1.0 / (k * comb(k - 1, int(s))) for s in sizes[without]])
        share[i] = float((weight * (y[without | bit] - y[without])).sum())
    return share


def fitted(p: Sequence[float], coins: NDArray[np.bool_], dials: Vector, y: Vector) -> Drivers:
    """From a sample: coins [n, k], dials [n, r] scaled to 0..1, outcomes [n]."""
    k, r = coins.shape[1], dials.shape[1]
    spread = float(y.var())
    if spread <= TINY * max(1.0, float((y**2).max())):
        return _shares(k + r, {}, float(y.mean()), explained=1.0, exact=False)
    best: tuple[float, dict[tuple[int, ...], float]] | None = None
    for degree, pairs in ((1, False), (2, False), (1, True), (3, False), (2, True), (3, True)):
        columns, of = _basis(p, coins, dials, degree, pairs)
        if columns.shape[1] + 1 > 0.7 * y.size:
            continue
        found = _leave_one_out(columns, y)
        if found is None:
            continue
        q2, coefficients = found
        if best is None or q2 > best[0] + 1e-9:
            parts: dict[tuple[int, ...], float] = {}
            for u, c in zip(of, coefficients, strict=True):
                parts[u] = parts.get(u, 0.0) + float(c) ** 2
            best = (q2, parts)
    if best is None:
        return _shares(k + r, {}, float(y.mean()), explained=0.0, exact=False)
    return _shares(k + r, best[1], float(y.mean()), explained=max(0.0, best[0]), exact=False)


def _basis(
    p: Sequence[float], coins: NDArray[np.bool_], dials: Vector, degree: int, pairs: bool
) -> tuple[Vector, list[tuple[int, ...]]]:
    """Orthonormal functions of single inputs, and products of two first ones; each with the inputs it is of."""
    k = coins.shape[1]
    single: list[tuple[tuple[int, ...], Vector]] = []
    for i in range(k):
        spread = np.sqrt(p[i] * (1.0 - p[i]))
        if spread > 0 and 0 < coins[:, i].sum() < coins.shape[0]:
            single.append(((i,), (coins[:, i] - p[i]) / spread))
    for j in range(dials.shape[1]):
        for d in range(1, degree + 1):
            only = np.zeros(d + 1)
            only[d] = np.sqrt(2.0 * d + 1.0)
            single.append(((k + j,), np.asarray(legendre.legval(2.0 * dials[:, j] - 1.0, only), dtype=np.float64)))
    if pairs:
        first = dict(reversed(single))  # of a dial the straight one
        single += [((*a, *b), first[a] * first[b]) for a, b in combinations(sorted(first), 2)]
    if not single:
        return np.empty((coins.shape[0], 0)), []
    return np.column_stack([c for _, c in single]), [u for u, _ in single]


def _leave_one_out(columns: Vector, y: Vector) -> tuple[float, Vector] | None:
    design = np.column_stack([np.ones(y.size), columns])
    q, r = np.linalg.qr(design)
    if np.abs(np.diag(r)).min() < 1e-8 * np.abs(np.diag(r)).max():
        return None
    coefficients = np.linalg.solve(r, q.T @ y)
    leverage = np.clip((q**2).sum(axis=1), 0.0, 1.0 - 1e-9)
    error = float((((y - design @ coefficients) / (1.0 - leverage)) ** 2).mean())
    return 1.0 - error / float(y.var()), coefficients[1:]


def _shares(n: int, variances: dict[tuple[int, ...], float], mean: float, *, explained: float, exact: bool) -> Drivers:
    whole = sum(variances.values())
    first, total, shapley = np.zeros(n), np.zeros(n), np.zeros(n)
    if whole > TINY * max(1.0, mean**2):
        for u, v in variances.items():
            for i in u:
                total[i] += v / whole
                shapley[i] += v / whole / len(u)
            if len(u) == 1:
                first[u[0]] += v / whole
    else:
        whole = 0.0
    return Drivers(whole, explained, first, total, shapley, exact)
