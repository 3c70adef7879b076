"""How is the market's quadratic program solved by its blocks? (QP -> Raw)

Primal-dual interior-point method: Mehrotra's predictor-corrector (1992) with Gondzio's multiple centrality corrections
(1996) on the regularised Newton system of Friedlander & Orban (2012), whose linear algebra is `blockfactor`'s.

    minimise 1/2 w' P w + c' w   subject to  G w = b,  l <= w <= u,      w = [columns; row slacks]

w stays strictly between its bounds, so only G w = b and stationarity have residuals. Newton directions are refined
against the system without the dual shift. Fixed columns leave; a row that can never bind leaves.

It never takes an infeasible problem for solved: "infeasible" is said only with a proof in hand (multipliers y for which
no w within its bounds can have y' G w = y' b), "unbounded" only with a direction of descent without end; everything
else that does not reach the tolerance is "stopped", with the residuals reached in `info`.
Not here: certificate, active-set polish.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from polynya.market.blasthreads import single_thread
from polynya.market.blockfactor import BlockFactor, NotDefiniteError
from polynya.market.blockstructure import structure
from polynya.market.qp import QP, Progress, Raw

Vector = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]

PRIMAL_SHIFT = 1e-9
DUAL_SHIFT = 1e-10
RELATIVE_SHIFT = 1e-13
REFINE = 1e-11  # of a row's or column's own terms
DEAR = 5e9  # multiplications of a factorisation from which further corrections pay: measured 20 % fewer steps
COARSE = 1e-4  # tolerance from which on directions need no refinement
CENTRE = 0.1  # product of every pair, in mean sizes, where an answer of a market like it is the start
DUST = 1e-14  # of the mean quantity: this near to a bound is on it
PAIRS = 1e-10  # from here on no pair of a bound and its multiplier is in doubt
MEMORY_LIMIT = 4e9  # bytes of dense blocks; a program without blocks that needs more is refused, not tried


def solve_block(
    qp: QP, *, tol: float = 1e-9, max_iterations: int = 100, progress: Progress | None = None, decided: bool = True,
    near: tuple[Vector, Vector] | None = None,
) -> Raw:  # fmt: skip
    """Solve `qp` by interior point and block elimination.

    `tol`: relative to the size of each row's and column's own terms for the residuals, relative to the objective for
    the gap. Then it goes on until every bound is clearly active or clearly not, as far as arithmetic allows, unless that
    need not be `decided`. `near`: quantities [columns] and multipliers [rows] of a market like it, to start from.
    `info`: solver, status, iterations, primal, dual, gap (relative, as just said), pairs (the worst undecided pair),
    regularised (how often the shift had to be raised), and reason when stopped.
    """
    with single_thread():
        return _Solver(qp, tol, max_iterations, progress, decided, near).run()


@dataclass(slots=True)
class _Point:
    """w, y and the multipliers of the lower and upper bounds."""

    w: Vector
    y: Vector
    zl: Vector
    zu: Vector


class _Solver:
    def __init__(
        self, qp: QP, tol: float, max_iterations: int, progress: Progress | None, decided: bool,
        near: tuple[Vector, Vector] | None,
    ) -> None:  # fmt: skip
        self.clear = PAIRS if decided else 1.0
        self.near = near
        self.refinements = 4 if tol < COARSE else 0
        self.qp, self.tol, self.max_iterations, self.progress = qp, tol, max_iterations, progress
        self.info: dict[str, Any] = {"solver": "block", "status": "stopped", "iterations": 0, "regularised": 0}

    # --- the program in w ---------------------------------------------------------------------------------------

    def run(self) -> Raw:
        """Presolve, iterate, and put the answer back into the program's own columns and rows."""
        qp = self.qp
        self.fixed = _pinned(qp.lower, qp.upper)
        if np.any(qp.lower > qp.upper + 1e-9) or np.any(qp.row_lower > qp.row_upper + 1e-9):
            return self._give_up("infeasible", "a lower bound above its upper bound")
        self.x0: Vector = np.zeros(qp.columns)
        self.x0[self.fixed] = 0.5 * (qp.lower[self.fixed] + qp.upper[self.fixed])
        self.free = np.flatnonzero(~self.fixed)
        given = qp.A @ self.x0
        low, high = qp.row_lower - given, qp.row_upper - given
        A: sparse.csc_array = sparse.csc_array(qp.A[:, self.free])
        filled = np.zeros(qp.rows, dtype=bool)
        filled[A.indices[A.data != 0.0]] = True
        slack = 1e-9 * (1.0 + abs(qp.A) @ np.abs(self.x0))
        if np.any(~filled & ((low > slack) | (high < -slack))):
            return self._give_up("infeasible", "a row without free columns cannot hold")
        self.active = np.flatnonzero(filled & (np.isfinite(low) | np.isfinite(high)))
        A = sparse.csc_array(A[self.active])
        low, high = low[self.active], high[self.active]
        equal = _pinned(low, high)
        ranged = np.flatnonzero(~equal)

        every = np.ones(self.free.size, dtype=bool)
        layout = structure(A, qp.col_block[self.free], qp.row_block[self.active], every, qp.period)
        need = 8.0 * sum(
            core.size**2 + sum(leaf.size * (leaf.size + core.size) for leaf in leaves) + 2.0 * front.size**2
            for leaves, core, front in zip(layout.leaves, layout.cores, layout.fronts, strict=True)
        )
        if need > MEMORY_LIMIT:
            return self._give_up("stopped", f"dense blocks would take {need / 1e9:.1f} GB: no block structure to use")

        rows, columns = A.shape
        self.row_scale, self.col_scale = _equilibrate(A)
        A = sparse.csc_array(sparse.diags_array(self.row_scale) @ A @ sparse.diags_array(self.col_scale))
        slack_part = sparse.csc_array((-np.ones(ranged.size), (ranged, np.arange(ranged.size))), (rows, ranged.size))
        self.G = sparse.csc_array(sparse.hstack([A, slack_part], format="csc"))
        self.G.sort_indices()
        self.GT = sparse.csc_array(self.G.T)
        self.absG, self.absGT = abs(self.G), abs(self.GT)
        q, p = qp.q[self.free] * self.col_scale, qp.p[self.free] * self.col_scale**2
        self.cost_scale = 1.0 / max(1e-8, float(np.abs(q).max(initial=0.0)), 1e-3 * float(p.max(initial=0.0)))
        pad = np.zeros(ranged.size)
        self.P = np.concatenate([p, pad]) * self.cost_scale
        self.c = np.concatenate([q, pad]) * self.cost_scale
        self.b = np.where(equal, low * self.row_scale, 0.0)
        self.l = np.concatenate([qp.lower[self.free] / self.col_scale, (low * self.row_scale)[ranged]])
        self.u = np.concatenate([qp.upper[self.free] / self.col_scale, (high * self.row_scale)[ranged]])
        self.has_l, self.has_u = np.isfinite(self.l), np.isfinite(self.u)
        self.l0, self.u0 = np.where(self.has_l, self.l, 0.0), np.where(self.has_u, self.u, 0.0)
        self.pairs = int(self.has_l.sum() + self.has_u.sum())
        self.x_columns = columns
        self.factor = BlockFactor(self.G, layout)
        self.corrections = 2 if layout.multiplications() > DEAR else 0
        return self._answer(self._iterate())

    def _give_up(self, status: str, reason: str) -> Raw:
        self.info.update(status=status, reason=reason)
        return Raw(np.zeros(self.qp.columns), np.zeros(self.qp.rows), np.zeros(self.qp.columns), self.info)

    def _answer(self, at: _Point) -> Raw:
        qp = self.qp
        x = self.x0.copy()
        low, high = qp.lower[self.free], qp.upper[self.free]
        inside = np.clip(at.w[: self.x_columns] * self.col_scale, low, high)
        dust = DUST * float(np.abs(inside).mean()) if inside.size else 0.0
        inside = np.where(inside - low <= dust, low, inside)
        x[self.free] = np.where(high - inside <= dust, high, inside)
        y = np.zeros(qp.rows)
        y[self.active] = at.y * self.row_scale / self.cost_scale
        y[~np.isfinite(qp.row_upper)] = np.minimum(y[~np.isfinite(qp.row_upper)], 0.0)
        y[~np.isfinite(qp.row_lower)] = np.maximum(y[~np.isfinite(qp.row_lower)], 0.0)
        z = -(qp.p * x + qp.q + qp.A.T @ y)
        return Raw(x, y, z, self.info)

    # --- iterations ---------------------------------------------------------------------------------------------

    def _iterate(self) -> _Point:
        at = self._start() if self.near is None else self._start_near(*self.near)
        best, least = at, np.inf
        stall = 0
        for k in range(self.max_iterations + 1):
            rd = self.P * at.w + self.c + self.GT @ at.y - at.zl + at.zu
            rp = self.G @ at.w - self.b
            mu, primal, dual, gap = self._measure(at, rp, rd)
            undecided = self._undecided(at)
            # Once within tolerance only the pairs count: a bound must be clearly active or clearly not.
            error = max(primal, dual, gap)
            rank = min(undecided, 1.0) if error <= self.tol else 1.0 + error / self.tol
            if self.progress is not None:
                self.progress(f"{k:3d}  primal {primal:.1e}  dual {dual:.1e}  gap {gap:.1e}  pairs {undecided:.1e}")
            stall = 0 if rank < 0.9 * least else stall + 1
            if rank < least:
                best, least = at, rank
                self.info.update(iterations=k, primal=primal, dual=dual, gap=gap, pairs=undecided)
            if least <= self.clear or (least <= 1.0 and (stall >= 2 or not error <= self.tol)):
                self.info["status"] = "solved"
                return best
            if primal > self.tol and self._is_infeasible(at.y):
                self.info.update(status="infeasible", iterations=k)
                return at
            if dual > self.tol and self._is_unbounded(at.w):
                self.info.update(status="unbounded", iterations=k)
                return at
            if k == self.max_iterations or stall >= 15:
                break
            moved = self._step(at, rp, rd, mu)
            if moved is None:
                break
            at = moved
        if least <= 1.0:
            self.info["status"] = "solved"
        elif k < self.max_iterations and stall < 15:
            self.info["reason"] = "the Newton system could not be factored"
        else:
            self.info["reason"] = "no further progress" if stall >= 15 else "too many iterations"
        return best

    def _undecided(self, at: _Point) -> float:
        """The worst pair: smaller of distance to the bound (of the mean size of w) and its multiplier (of that of y)."""
        w, y = (float(np.abs(v).mean()) + 1e-12 if v.size else 1.0 for v in (at.w, at.y))
        low = np.minimum((at.w - self.l0) / w, at.zl / y)[self.has_l]
        high = np.minimum((self.u0 - at.w) / w, at.zu / y)[self.has_u]
        return float(max(low.max(initial=0.0), high.max(initial=0.0)))

    def _measure(self, at: _Point, rp: Vector, rd: Vector) -> tuple[float, float, float, float]:
        product = float(at.zl[self.has_l] @ (at.w - self.l0)[self.has_l])
        product += float(at.zu[self.has_u] @ (self.u0 - at.w)[self.has_u])
        mu = product / max(1, self.pairs)
        size = np.abs(self.b) + self.absG @ np.abs(at.w)
        primal = float((np.abs(rp) / (size + 1e-3 * float(size.mean() if size.size else 0.0) + 1e-12)).max(initial=0.0))
        size = np.abs(self.c) + np.abs(self.P * at.w) + self.absGT @ np.abs(at.y)
        dual = float((np.abs(rd) / (size + 1e-3 * float(size.mean() if size.size else 0.0) + 1e-12)).max(initial=0.0))
        objective = 0.5 * float(at.w @ (self.P * at.w)) + float(self.c @ at.w)
        return mu, primal, dual, product / (abs(objective) + 1e-3 * float(np.abs(self.c) @ np.abs(at.w)) + 1e-12)

    def _start(self) -> _Point:
        """Mehrotra's start: least squares point, then pushed inside its bounds."""
        h = self.P + 1.0
        self._factorise(h)
        w, y = self._newton(h, -self.c, self.b, self.refinements)
        both = self.has_l & self.has_u
        width = np.where(both, self.u0 - self.l0, np.inf)
        push = max(1e-2, 10.0 * float(np.abs(w).mean()) if w.size else 1.0)
        margin = np.minimum(push, 0.25 * width)
        w = np.where(self.has_l, np.maximum(w, self.l0 + margin), w)
        w = np.where(self.has_u, np.minimum(w, self.u0 - margin), w)
        reduced = self.P * w + self.c + self.GT @ y
        size = max(1e-3, float(np.abs(reduced).mean()) if w.size else 1.0)
        zl = np.where(self.has_l, np.maximum(reduced, 0.0) + size, 0.0)
        zu = np.where(self.has_u, np.maximum(-reduced, 0.0) + size, 0.0)
        return _Point(w, y, zl, zu)

    def _start_near(self, x: Vector, y: Vector) -> _Point:
        """The centred point nearest to an answer of a market like it.

        A pair of distance d and multiplier z becomes the positive pair with the same d - z, in mean sizes, and the
        product `CENTRE`: what is clearly at a limit stays near it, what is clearly not stays away, and no product is far
        from the others, so that the first steps are long (warm starts off the central path are not).
        """
        x = x[self.free] / self.col_scale
        slack = self.G.indices[self.G.indptr[self.x_columns] :]
        w = np.concatenate([x, (self.G[:, : self.x_columns] @ x)[slack]])
        y = y[self.active] / self.row_scale * self.cost_scale
        reduced = self.P * w + self.c + self.GT @ y
        size, price = (float(np.abs(v).mean()) + 1e-12 if v.size else 1.0 for v in (w, y))
        low = self.has_l & (~self.has_u | (w - self.l0 <= self.u0 - w))
        high = self.has_u & ~low
        distance = np.maximum(np.where(low, w - self.l0, self.u0 - w), 0.0) / size
        lean = distance - np.maximum(np.where(low, reduced, -reduced), 0.0) / price
        root = np.sqrt(lean * lean + 4.0 * CENTRE)
        away = size * np.where(lean > 0, 0.5 * (lean + root), 2.0 * CENTRE / (root - lean))
        away = np.where(self.has_l & self.has_u, np.minimum(away, 0.5 * (self.u0 - self.l0)), away)
        w = np.where(low, self.l0 + away, np.where(high, self.u0 - away, w))
        product = CENTRE * size * price
        zl = np.where(self.has_l, product / np.where(self.has_l, w - self.l0, 1.0), 0.0)
        zu = np.where(self.has_u, product / np.where(self.has_u, self.u0 - w, 1.0), 0.0)
        return _Point(w, y, zl, zu)

    def _factorise(self, h: Vector) -> bool:
        diagonal = self.G.power(2) @ (1.0 / h)
        shift, relative = DUAL_SHIFT, RELATIVE_SHIFT
        for _ in range(5):
            try:
                self.factor.factor(h, shift + relative * diagonal)
            except NotDefiniteError:
                shift, relative = 100.0 * shift, 100.0 * relative
                self.info["regularised"] += 1
            else:
                return True
        return False

    def _newton(self, h: Vector, a: Vector, b: Vector, rounds: int) -> tuple[Vector, Vector]:
        """[H G'; G 0] [u; v] = [a; b], refined at most `rounds` times, while the worse residual halves."""
        u, v = self.factor.solve(a, b)
        worst, kept = np.inf, (u, v)
        for k in range(rounds + 1):
            ra, rb = a - h * u - self.GT @ v, b - self.G @ u
            size = np.abs(b) + self.absG @ np.abs(u)
            error = float((np.abs(rb) / (size + 1e-3 * _mean(size) + 1e-300)).max(initial=0.0))
            size = np.abs(a) + self.absGT @ np.abs(v)
            error = max(error, float((np.abs(ra) / (size + 1e-3 * _mean(size) + 1e-300)).max(initial=0.0)))
            if error > worst:
                return kept
            if k == rounds or error > 0.5 * worst or error < REFINE:
                return u, v
            worst, kept = error, (u, v)
            du, dv = self.factor.solve(ra, rb)
            u, v = u + du, v + dv
        return kept

    def _step(self, at: _Point, rp: Vector, rd: Vector, mu: float) -> _Point | None:
        """Predictor, Mehrotra's corrector, Gondzio's where a factorisation is dear, and the step."""
        with np.errstate(divide="ignore", invalid="ignore"):
            dl = np.where(self.has_l, at.w - self.l0, 1.0)
            du = np.where(self.has_u, self.u0 - at.w, 1.0)
        h = self.P + np.where(self.has_l, at.zl / dl, 0.0) + np.where(self.has_u, at.zu / du, 0.0) + PRIMAL_SHIFT
        if not self._factorise(h):
            return None

        def direction(tl: Vector, tu: Vector, rounds: int) -> _Point:
            """The Newton direction towards the products tl of the lower and tu of the upper pairs."""
            gl, gu = tl / dl - at.zl, tu / du - at.zu
            w, y = self._newton(h, -rd + gl - gu, -rp, rounds)
            return _Point(w, y, gl - at.zl / dl * w, gu + at.zu / du * w)

        def longest(d: _Point) -> float:
            return min(_room(at.w - self.l0, d.w, self.has_l), _room(self.u0 - at.w, -d.w, self.has_u),
                       _room(at.zl, d.zl, self.has_l), _room(at.zu, d.zu, self.has_u))  # fmt: skip

        zero = np.zeros_like(at.w)
        d = direction(zero, zero, 0)
        alpha = min(1.0, longest(d))
        after = float(((at.zl + alpha * d.zl) * (dl + alpha * d.w))[self.has_l].sum())
        after += float(((at.zu + alpha * d.zu) * (du - alpha * d.w))[self.has_u].sum())
        sigma = (max(after, 0.0) / max(1, self.pairs) / mu) ** 3 if mu > 0 else 0.0
        target = min(1.0, max(sigma, 1e-4)) * mu
        tl = np.where(self.has_l, target - d.zl * d.w, 0.0)
        tu = np.where(self.has_u, target + d.zu * d.w, 0.0)
        d = direction(tl, tu, self.refinements)
        alpha = longest(d)
        for _ in range(self.corrections):
            if alpha > 0.95:
                break
            reach = min(1.0, 1.3 * alpha + 0.1)
            vl = (at.zl + reach * d.zl) * (dl + reach * d.w)
            vu = (at.zu + reach * d.zu) * (du - reach * d.w)
            cl = np.where(self.has_l, np.maximum(np.clip(vl, 0.1 * target, 10.0 * target) - vl, -10.0 * target), 0.0)
            cu = np.where(self.has_u, np.maximum(np.clip(vu, 0.1 * target, 10.0 * target) - vu, -10.0 * target), 0.0)
            trial = direction(tl + cl, tu + cu, self.refinements)
            longer = longest(trial)
            if longer < alpha + 0.1 * (reach - alpha):
                break
            tl, tu, d, alpha = tl + cl, tu + cu, trial, longer
        alpha = min(1.0, max(0.99, 1.0 - 10.0 * mu) * alpha)  # never onto a bound
        w = at.w + alpha * d.w
        w = np.where(self.has_l, np.maximum(w, self.l0 + 1e-15 * np.maximum(1e-3, np.abs(self.l0))), w)
        w = np.where(self.has_u, np.minimum(w, self.u0 - 1e-15 * np.maximum(1e-3, np.abs(self.u0))), w)
        return _Point(
            w,
            at.y + alpha * d.y,
            np.where(self.has_l, at.zl + alpha * d.zl, 0.0),
            np.where(self.has_u, at.zu + alpha * d.zu, 0.0),
        )

    # --- proofs that there is no solution ---------------------------------------------------------------------------

    def _is_infeasible(self, y: Vector) -> bool:
        """Whether y' G w cannot be y' b for any w within its bounds (Farkas)."""
        size = float(np.abs(y).max(initial=0.0))
        if size == 0.0:
            return False
        v = self.GT @ (y / size)
        noise = 1e-9
        low = _least(v, self.l, self.u, noise)
        high = -_least(-v, self.l, self.u, noise)
        wanted = float(self.b @ (y / size))
        terms = np.abs(v) * np.where(v > 0, np.abs(self.l0), np.abs(self.u0)) + 0.0
        slack = 1e-7 * (abs(wanted) + float(np.where(np.isfinite(terms), terms, 0.0).sum())) + 1e-9
        return bool(wanted < low - slack or wanted > high + slack)

    def _is_unbounded(self, w: Vector) -> bool:
        """Whether w's own direction goes on without end and lowers the cost."""
        size = float(np.abs(w).max(initial=0.0))
        if size < 1e6:
            return False
        d = w / size
        d = np.where(self.has_l, np.maximum(d, 0.0), d)
        d = np.where(self.has_u, np.minimum(d, 0.0), d)
        return bool(
            np.abs(self.G @ d).max(initial=0.0) < 1e-7
            and np.abs(self.P * d).max(initial=0.0) < 1e-7
            and float(self.c @ d) < -1e-7
        )


def _mean(size: Vector) -> float:
    return float(size.mean()) if size.size else 0.0


def _pinned(low: Vector, high: Vector) -> Flags:
    """Where two bounds leave one value."""
    finite = np.isfinite(low) & np.isfinite(high)
    gap = np.where(finite, high, 1.0) - np.where(finite, low, 0.0)
    return finite & (gap <= 1e-13 * np.maximum(1.0, np.abs(np.where(finite, low, 0.0))))


def _room(distance: Vector, move: Vector, there: Flags) -> float:
    """Longest step, at most 2, at which every distance is still at least zero."""
    shrinking = there & (move < 0.0)
    return float(np.min(-distance[shrinking] / move[shrinking], initial=2.0))


def _least(v: Vector, low: Vector, high: Vector, noise: float) -> float:
    """Least v' w over low <= w <= high; -inf where a bound is missing and v is more than noise."""
    bound = np.where(v > 0, low, high)
    open_end = ~np.isfinite(bound)
    if np.any(open_end & (np.abs(v) > noise)):
        return -np.inf
    return float(np.where(open_end, 0.0, v * np.where(open_end, 0.0, bound)).sum())


def _equilibrate(A: sparse.csc_array) -> tuple[Vector, Vector]:
    """Row and column factors, powers of two, that bring the largest entries near one (Ruiz 2001)."""
    rows, columns = A.shape
    r, c = np.ones(rows), np.ones(columns)
    B: sparse.csc_array = sparse.csc_array(abs(A))
    row = B.indices
    column = np.repeat(np.arange(columns), np.diff(B.indptr))
    for _ in range(4):
        size = B.data * r[row] * c[column]
        top_row, top_column = np.zeros(rows), np.zeros(columns)
        np.maximum.at(top_row, row, size)
        np.maximum.at(top_column, column, size)
        r /= np.sqrt(np.where(top_row > 0, top_row, 1.0))
        c /= np.sqrt(np.where(top_column > 0, top_column, 1.0))
    return np.exp2(np.round(np.log2(r))), np.exp2(np.round(np.log2(c)))
