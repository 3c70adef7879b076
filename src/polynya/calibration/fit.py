"""Which parameters fit the base years best without leaving their priors? (LinearYears + targets + priors -> fit)

Maximum a posteriori with Gaussian errors and priors, by Gauss-Newton steps on the smoothed sensitivities of `linear`, each judged by solving
again (halved until the objective falls). Posterior standard deviations from the Gauss-Newton Hessian at the end (Laplace); a parameter
is called identified when the data at least halve its variance: sd of the posterior below 0.7 of the prior's. Deterministic.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from polynya.calibration.linear import WIDTHS_BCM, LinearYear
from polynya.market.qp import QP, Raw

Vector = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.float64]
IDENTIFIED = 0.7
ENOUGH = 2e-3  # a step that gains less changes the smoothing; when every smoothing gains less in turn, the search ends


@dataclass(frozen=True)
class Fit:
    """values, sd [P]; `objective` after each accepted step; series of each year at the end."""

    values: Vector
    sd: Vector
    objective: tuple[float, ...]
    series: tuple[Vector, ...]


def fit(
    years: Sequence[LinearYear],
    observed: Sequence[Vector],
    sigma: Sequence[Vector],
    prior: Vector,
    sd: Vector,
    lower: Vector,
    upper: Vector,
    steps: int = 16,
    say: Callable[[str], None] = lambda _: None,
    start: Vector | None = None,
) -> Fit:
    """Fit the parameters, from `start` or the prior. `sigma` [T] of each year is the standard error of a target, infinity for one that does not count."""
    values = prior.copy() if start is None else start.copy()
    solved, worth = _solve(years, values), 0.0
    worth = _objective(years, solved, observed, sigma, values, prior, sd)
    history = [worth]
    damping, spent, width = 0.3, 0, 0
    for step in range(steps):
        hessian, gradient = _curvature(years, solved, observed, sigma, values, prior, sd, WIDTHS_BCM[width])
        free = ~(((values <= lower) & (gradient > 0)) | ((values >= upper) & (gradient < 0)))
        better = False
        for _ in range(6):
            block = hessian[np.ix_(free, free)]
            move = np.zeros_like(values)
            move[free] = -np.linalg.solve(block + damping * np.diag(np.diag(block)), gradient[free])
            tried = np.clip(values + np.clip(move, -0.75 * sd, 0.75 * sd), lower, upper)
            answers = _solve(years, tried)
            new = _objective(years, answers, observed, sigma, tried, prior, sd)
            if new < worth * (1.0 - 1e-4):
                better = True
                break
            damping *= 6.0
        say(f"step {step + 1}: objective {worth:.1f} -> {min(new, worth):.1f}")
        gained = 0.0
        if better:
            gained, values, solved, worth = 1.0 - new / worth, tried, answers, new
            history.append(worth)
            damping = max(damping / 6.0, 1e-4)
        spent = spent + 1 if gained < ENOUGH else 0
        if spent == len(WIDTHS_BCM):
            break
        if spent:
            width, damping = (width + 1) % len(WIDTHS_BCM), 1e-2
    hessian, _ = _curvature(years, solved, observed, sigma, values, prior, sd, WIDTHS_BCM[0])
    spread = np.sqrt(np.diag(np.linalg.inv(hessian)))
    return Fit(values, spread, tuple(history), tuple(y.series(r) for y, (_, r) in zip(years, solved, strict=True)))


def _curvature(
    years: Sequence[LinearYear],
    solved: Sequence[tuple[QP, Raw]],
    observed: Sequence[Vector],
    sigma: Sequence[Vector],
    values: Vector,
    prior: Vector,
    sd: Vector,
    width: float,
) -> tuple[Matrix, Vector]:
    """Gauss-Newton Hessian [P, P] and gradient [P] of the objective."""
    hessian, gradient = np.diag(1.0 / sd**2), (values - prior) / sd**2
    with ThreadPoolExecutor(2) as pool:
        given = [(y, values, *answer, width) for y, answer in zip(years, solved, strict=True)]
        found = list(pool.map(lambda a: a[0].derivatives(*a[1:]), given))
    for one, J, answer, target, error in zip(years, found, solved, observed, sigma, strict=True):
        weighted = J / error[:, None]
        hessian = hessian + weighted.T @ weighted
        gradient = gradient + weighted.T @ ((one.series(answer[1]) - target) / error)
    return hessian, gradient


def _solve(years: Sequence[LinearYear], values: Vector) -> list[tuple[QP, Raw]]:
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda y: y.solve(values), years))


def _objective(
    years: Sequence[LinearYear],
    solved: Sequence[tuple[QP, Raw]],
    observed: Sequence[Vector],
    sigma: Sequence[Vector],
    values: Vector,
    prior: Vector,
    sd: Vector,
) -> float:
    off = float((((values - prior) / sd) ** 2).sum())
    for one, (_, raw), target, error in zip(years, solved, observed, sigma, strict=True):
        off += float((((one.series(raw) - target) / error) ** 2).sum())
    return off / 2.0
