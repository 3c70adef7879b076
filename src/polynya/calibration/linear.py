"""How do series answer to parameters? (Posed year + parameters + readings -> value and derivative of each series)

The market is a convex quadratic program  min 1/2 x'Px + q'x, A x within bounds.  A parameter moves q (a cost, a friction) or P (conduct).
At a solution (x, y, z) the optimality conditions, differentiated, are one linear system for all parameters at once:

    [ P + Z/X   A' ] [dx]     [ dq + dP x ]
    [ A      -S/Y  ] [dy] = - [     0     ]

Z/X and S/Y are multipliers over distances to bounds. With the distances as they are an unused way would never answer, and every series would be piecewise
linear with kinks; distances are therefore held above a small width (a central-path smoothing, as in interior-point sensitivity; Pirnay,
Lopez-Negrete & Biegler 2012). The step is judged by solving again, so the smoothing changes the path of the fit, not its end.

Units: bcm, USD/MMBtu. Not here: priors and steps (`fit`), which parameters there are (`parameters`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import splu

from polynya.calibration.parameters import Parameter
from polynya.calibration.series import Reading
from polynya.market.backends import solve_with
from polynya.market.classes import classify
from polynya.market.coded import code
from polynya.market.formulation import formulate
from polynya.market.problem import Problem
from polynya.market.qp import QP, Raw

Vector = npt.NDArray[np.float64]
# Distances to a bound below which a monthly quantity still answers: the wide one sees ways that are far from being used, the narrow one is true near the end.
WIDTHS_BCM = (0.05, 0.25)
FLAT = 1e-4  # least curvature, USD/MMBtu per bcm


@dataclass(frozen=True)
class LinearYear:
    """One year's program with what each parameter does to it. T series, n columns, P parameters."""

    qp: QP
    cost: sparse.csc_array  # [n, P] dq / dparameter
    conduct: sparse.csc_array  # [n, P] 1 where a parameter scales the conduct term; factors of several multiply
    room: sparse.csc_array  # [n, P] d upper / d log capacity
    read: sparse.csr_array  # [T, n]
    constant: Vector  # [T]

    def at(self, values: Vector) -> QP:
        """The program at parameter values: costs move by the value, conduct and capacity by the factor exp(value)."""
        moved = self.room @ np.expm1(values)
        upper = np.where(moved != 0.0, self.qp.upper + moved, self.qp.upper)
        return replace(
            self.qp, q=self.qp.q + self.cost @ values, p=self.qp.p * np.exp(self.conduct @ values), upper=upper
        )

    def solve(self, values: Vector) -> tuple[QP, Raw]:
        """The program at parameter values, and its answer."""
        qp = self.at(values)
        return qp, solve_with("piqp", qp)

    def series(self, raw: Raw) -> Vector:
        """Every series [T]."""
        return np.asarray(self.read @ raw.x + self.constant)

    def derivatives(self, values: Vector, qp: QP, raw: Raw, width: float = WIDTHS_BCM[0]) -> Vector:
        """d series / d parameter [T, P] at a solution; `width` is the smoothing [bcm a month]."""
        x, z = raw.x, raw.z
        above = np.maximum(qp.upper - x, width)
        below = np.maximum(x - qp.lower, width)
        stiff = qp.p + np.maximum(z, 0.0) / above + np.maximum(-z, 0.0) / below + FLAT
        activity = qp.A @ x
        room = np.where(raw.y >= 0, qp.row_upper - activity, activity - qp.row_lower)
        slack = np.maximum(np.where(np.isfinite(room), room, 1e6), width)
        equal = qp.row_lower == qp.row_upper
        loose = np.where(equal, 1e-9, slack / np.maximum(np.abs(raw.y), 1e-7))
        matrix = sparse.block_array(
            [[sparse.diags_array(stiff), qp.A.T], [qp.A, sparse.diags_array(-np.minimum(loose, 1e9))]], format="csc"
        )
        factors = splu(matrix, permc_spec="MMD_AT_PLUS_A", options={"SymmetricMode": True}, diag_pivot_thresh=0.0)
        factor = np.exp(values)[None, :]
        force = (self.cost + self.conduct.multiply((qp.p * x)[:, None])).toarray()
        pressed = np.maximum(z, 0.0) / above  # a bound that moves away eases what it pressed on
        force -= self.room.multiply(factor).multiply(pressed[:, None]).toarray()
        right = np.vstack([-force, np.zeros((qp.rows, force.shape[1]))])
        return np.asarray(self.read @ factors.solve(right)[: qp.columns])


def linear_year(problem: Problem, parameters: Sequence[Parameter], readings: Sequence[Reading]) -> LinearYear:
    """Formulate once; note for every parameter the columns it moves, and for every series the columns it reads."""
    coded = code(problem)
    classes = classify(problem, coded)
    qp, layout = formulate(problem, coded, classes)
    arcs, flow, made, sold, used = coded.arcs, layout.flow, layout.production, layout.sales, layout.demand
    arc_of = np.array(coded.arc_ids, dtype=object)[arcs.arc[flow["e"]]]
    step_of = np.array([s.rsplit(".", 1)[0] for s in problem.production["step"]], dtype=object)[made["e"]]
    seller_of = np.array(classes.names, dtype=object)[sold["k"]]
    month_year = np.array([int(name[:4]) for name in coded.period_ids])
    cost: list[tuple[npt.NDArray[np.int64], int, Vector]] = []
    conduct: list[tuple[npt.NDArray[np.int64], int, Vector]] = []
    room: list[tuple[npt.NDArray[np.int64], int, Vector]] = []
    for j, p in enumerate(parameters):
        if p.kind == "way":
            here = np.flatnonzero(np.isin(arc_of, _with_fleets(p.members, coded.arc_ids)))
            if p.year:
                here = here[month_year[arcs.m[flow["e"][here]]] == p.year]
            cost.append((flow.start + here, j, coded.weight[arcs.m[flow["e"][here]]]))
        elif p.kind == "cost":
            here = np.flatnonzero(np.isin(step_of, list(p.members)))
            cost.append((made.start + here, j, coded.weight[coded.production.m[made["e"][here]]]))
        elif p.kind == "room":
            here = made.start + np.flatnonzero(np.isin(step_of, list(p.members)))
            here = here[np.isfinite(qp.upper[here])]
            room.append((here, j, qp.upper[here]))
        else:
            here = np.flatnonzero(np.isin(seller_of, list(p.members)))
            if p.year:
                here = here[month_year[coded.demand.m[sold["e"][here]]] == p.year]
            conduct.append((sold.start + here, j, np.ones(here.size)))
    shape = (qp.columns, len(parameters))
    rows: list[tuple[npt.NDArray[np.int64], int, Vector]] = []
    constant = np.zeros(len(readings))
    node_of_demand = np.array(coded.node_ids, dtype=object)[coded.demand.n[used["e"]]]
    node_of_step = np.array(coded.node_ids, dtype=object)[coded.production.n[made["e"]]]
    by_arc: dict[str, list[int]] = {}
    for i, a in enumerate(arc_of):
        by_arc.setdefault(a, []).append(i)
    months = len(coded.period_ids)
    for t, reading in enumerate(readings):
        constant[t] += reading.constant
        for term in reading.terms:
            if term.kind in ("sent", "delivered"):
                here = np.asarray(by_arc.get(term.id, []), dtype=np.int64)
                kept = 1.0 - arcs.loss[flow["e"][here]] if term.kind == "delivered" else np.ones(here.size)
                rows.append((flow.start + here, t, term.weight * kept))
            elif term.kind == "price":
                here = np.flatnonzero(node_of_demand == term.id)
                e = used["e"][here]
                rows.append((used.start + here, t, -term.weight / months * coded.demand.b[e]))
                constant[t] += term.weight / months * float(coded.demand.a[e].sum())
            elif term.kind == "consumption":
                here = np.flatnonzero(node_of_demand == term.id)
                rows.append((used.start + here, t, np.full(here.size, term.weight)))
            else:
                here = np.flatnonzero(node_of_step == term.id)
                rows.append((made.start + here, t, np.full(here.size, term.weight)))
    read = _matrix(rows, (qp.columns, len(readings))).T.tocsr()
    return LinearYear(qp, _matrix(cost, shape), _matrix(conduct, shape), _matrix(room, shape), read, constant)


def _with_fleets(members: Sequence[str], arcs: Sequence[str]) -> list[str]:
    """The arcs of the ways: a way over sea has one for each fleet (`ship-A-B`, `ship-A-B-arc7`)."""
    ways = set(members)
    ships = tuple(f"{w}-" for w in ways if w.startswith("ship-"))
    return [a for a in arcs if a in ways or (ships and a.startswith("ship-") and _way_of(a) in ways)]


def _way_of(arc: str) -> str:
    """`ship-RU-YAM-NL-arc7` -> `ship-RU-YAM-NL`: a fleet's name is in lower case."""
    return "-".join(p for i, p in enumerate(arc.split("-")) if i == 0 or p.isupper())


def _matrix(parts: Sequence[tuple[npt.NDArray[np.int64], int, Vector]], shape: tuple[int, int]) -> sparse.csc_array:
    if not parts:
        return sparse.csc_array(shape)
    i = np.concatenate([p[0] for p in parts])
    j = np.concatenate([np.full(p[0].size, p[1]) for p in parts])
    v = np.concatenate([p[2] for p in parts])
    return sparse.csc_array(sparse.coo_array((v, (i, j)), shape=shape))
