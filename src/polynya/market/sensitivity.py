r"""How does a number of an answer move with every number of its problem? (Problem + Start + readout -> gradient by cell)

At an answer the active limits are equalities, and the first-order conditions of the program are linear in what moves:

$$\begin{pmatrix} P & A^\top \\ A & 0 \end{pmatrix} \begin{pmatrix} dx \\ dy \end{pmatrix}
  = \begin{pmatrix} -(dq + dP\,x + dA^\top y) \\ db - dA\,x \end{pmatrix}$$

over the columns between their bounds and the rows that bind. For a number $F(x, y)$ one solve with the same matrix and
$(F_x, F_y)$ on the right gives $(u, v)$, and with it the derivative by every cell at once:

$$dF = -u^\top (dq + dP\,x + dA^\top y) + v^\top (db - dA\,x)$$

(the adjoint of Fiacco 1976, as in Amos & Kolter 2017 for quadratic programs). One factorisation for an answer, one backsolve
for a number. Exact while no limit begins or ceases to bind; a limit that binds with a multiplier of nought is a kink,
where left and right differ: `kinks` counts them. Flows that nothing pins take the smallest step that fits.

Shapes: n columns, m rows; a gradient has one entry for each row of the problem's table, in its order. Units: of the number per
unit of the cell. Not here: what made the cells (`doubts`), and how far they may be wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse.linalg import SuperLU, splu

from polynya.market.answer import NOTHING
from polynya.market.backends import Scale
from polynya.market.build import Span
from polynya.market.checks import inframarginal_volume
from polynya.market.coded import Ints, ids
from polynya.market.formulation import formulate
from polynya.market.problem import Problem
from polynya.market.qp import Vector
from polynya.market.start import Start

Cell = tuple[str, str]  # table, column
Flags = npt.NDArray[np.bool_]
PULL, GIVE = 1e-6, 1e-8  # curvature and slack that make the system regular, in the program's own scale; refined away
REFINED = 1e-11
ROUNDS = 12
AT = 1e-9  # nearer to a limit than this, in the program's own scale, is on it
PRESSES = 1e-9


@dataclass(frozen=True)
class Readout:
    """A number of an answer to first order: d number / dx [n], d number / dy [m], and by cells that it reads itself."""

    x: Vector
    y: Vector
    cells: Mapping[Cell, Vector] = field(default_factory=dict)

    def __add__(self, other: Readout) -> Readout:
        cells = dict(self.cells)
        for cell, g in other.cells.items():
            cells[cell] = cells[cell] + g if cell in cells else g
        return Readout(self.x + other.x, self.y + other.y, cells)

    def __mul__(self, by: float) -> Readout:
        return Readout(self.x * by, self.y * by, {c: g * by for c, g in self.cells.items()})


class Sensitivity:
    """One answer, factorised (unless only its values are to be read). `start` is the `start` of its solution."""

    def __init__(self, problem: Problem, start: Start, *, factorise: bool = True) -> None:
        self.problem, self.coded, self.classes = problem, start.coded, start.classes
        self.qp, self.layout = formulate(problem, start.coded, start.classes)
        self.x, self.y = start.x, start.y
        self._active()
        if factorise:
            self._factorise()

    # -- what binds ---------------------------------------------------------------------------------------------------

    def _active(self) -> None:
        scale = Scale.of(self.qp)
        qp = scale.shrink(self.qp)
        x, y = self.x / scale.quantity, self.y / scale.price
        z = -(qp.p * x + qp.q + qp.A.T @ y)
        low, high = x - qp.lower <= AT, qp.upper - x <= AT
        pushed = np.abs(z) > PRESSES
        self.low: Flags = low & (z <= PRESSES) & ~(high & (z > 0))
        self.high: Flags = high & (z >= -PRESSES) & ~self.low
        activity = qp.A @ x
        near = AT * (1.0 + np.abs(activity))
        equal = qp.row_lower == qp.row_upper
        at_low, at_high = activity - qp.row_lower <= near, qp.row_upper - activity <= near
        self.row_low: Flags = ~equal & at_low & (y < -PRESSES)
        self.row_high: Flags = (~equal & at_high & (y > PRESSES)) | equal
        self.kinks = int(np.sum((low | high) & ~pushed & (qp.lower < qp.upper)))
        self.kinks += int(np.sum(~equal & (at_low | at_high) & (np.abs(y) <= PRESSES)))

    def _factorise(self) -> None:
        scale = Scale.of(self.qp)
        small = scale.shrink(self.qp)
        self.free = np.flatnonzero(~(self.low | self.high))
        self.bound = np.flatnonzero(self.low | self.high)
        self.kept = np.flatnonzero(self.row_low | self.row_high)
        A = sparse.csc_array(sparse.csr_array(small.A)[self.kept][:, self.free])
        self._exact = sparse.block_array([[sparse.diags_array(small.p[self.free]), A.T], [A, None]], format="csc")
        pull = np.concatenate([np.full(self.free.size, PULL), np.full(self.kept.size, -GIVE)])
        self._lu: SuperLU = splu(
            sparse.csc_array(self._exact + sparse.diags_array(pull)),
            permc_spec="MMD_AT_PLUS_A",
            options={"SymmetricMode": True},
            diag_pivot_thresh=0.0,
        )
        self._scale = scale

    def _solved(self, right: Vector) -> Vector:
        """The system solved, refined against itself without the pull."""
        found = self._lu.solve(right)
        size = max(float(np.abs(right).max(initial=0.0)), 1e-300)
        best, least = found, np.inf
        for _ in range(ROUNDS):
            rest = right - self._exact @ found
            error = float(np.abs(rest).max(initial=0.0)) / size
            if error < least:
                best, least = found, error
            if error <= REFINED:
                break
            found = found + self._lu.solve(rest)
        self.residual = least
        return best

    # -- gradients ----------------------------------------------------------------------------------------------------

    def gradient(self, read: Readout) -> dict[Cell, Vector]:
        """d number / d cell for every number of the problem's tables (a blank cell's entry means nothing)."""
        s = self._scale
        right = np.concatenate([read.x[self.free] * s.quantity, read.y[self.kept] * s.price])
        found = self._solved(right)
        # own scale -> units: x = quantity x', y = price y'
        u, v = np.zeros(self.qp.columns), np.zeros(self.qp.rows)
        u[self.free] = found[: self.free.size] / s.price
        v[self.kept] = found[self.free.size :] / s.quantity
        room = np.zeros(self.qp.columns)  # d number / d (bound that the column is on)
        room[self.bound] = (read.x - self.qp.A.T @ v)[self.bound]
        out = _Cells(self, u, v, room).all()
        for cell, g in read.cells.items():
            out[cell] = out[cell] + g
        return out

    # -- what can be read ---------------------------------------------------------------------------------------------

    def nothing(self) -> Readout:
        """A number that is always nought."""
        return Readout(np.zeros(self.qp.columns), np.zeros(self.qp.rows))

    def on_curve(self) -> Flags:
        """Rows of `demand` whose price is read from the inverse demand, as in `answer`; the others have a multiplier."""
        d, lay = self.coded.demand, self.layout
        quantity = np.nan_to_num(d.fixed)
        quantity[lay.demand["e"]] = lay.demand.take(self.x)
        return np.asarray(d.elastic & (quantity > NOTHING * max(float(quantity.max(initial=0.0)), 1e-300)))

    def prices(self, weight: Vector) -> Readout:
        """Sum of weight x price over the rows of `demand`: from the inverse demand, or the balance's multiplier."""
        d, lay, D = self.coded.demand, self.layout, self.coded.weight
        found = self.nothing()
        quantity, column = np.zeros(d.m.size), np.full(d.m.size, -1)
        quantity[lay.demand["e"]] = lay.demand.take(self.x)
        column[lay.demand["e"]] = lay.demand.ids
        curve = self.on_curve()
        found.x[column[curve]] = -(weight * d.b)[curve]
        row = lay.market_balance.ids
        dual = ~curve
        found.y[row[dual]] = (weight / D[d.m])[dual]
        by_weight = np.bincount(d.m[dual], weights=(-weight * self.y[row] / D[d.m] ** 2)[dual], minlength=D.size)
        cells = {
            ("demand", "intercept"): np.where(curve, weight, 0.0),
            ("demand", "slope"): np.where(curve, -weight * quantity, 0.0),
            ("periods", "weight"): by_weight,
        }
        return Readout(found.x, found.y, cells)

    def flows(self, weight: Vector) -> Readout:
        """Sum of weight x what all send, over the rows of `arcs`."""
        found = self.nothing()
        found.x[self.layout.flow.ids] = weight[self.layout.flow["e"]]
        return found

    def consumption(self, weight: Vector) -> Readout:
        """Sum of weight x what is consumed, over the rows of `demand`."""
        found = self.nothing()
        found.x[self.layout.demand.ids] = weight[self.layout.demand["e"]]
        must = np.ones(weight.size, dtype=bool)
        must[self.layout.demand["e"]] = False
        return Readout(found.x, found.y, {("demand", "fixed"): np.where(must, weight, 0.0)})

    def production(self, weight: Vector) -> Readout:
        """Sum of weight x what is produced, over the rows of `production`."""
        found = self.nothing()
        found.x[self.layout.production.ids] = weight[self.layout.production["e"]]
        return found

    def node_rows(self, k: Ints, n: Ints, m: Ints) -> Ints:
        """Row of a class's balance at a node and period; -1 where it has none."""
        lay = self.layout.node_balance
        _, N, M = self.coded.shape
        return _place((lay["k"] * N + lay["n"]) * M + lay["m"], (k * N + n) * M + m, lay.start)


@dataclass
class _Cells:
    """The chain from the program's numbers to the cells of the tables, table by table."""

    of: Sensitivity
    u: Vector
    v: Vector
    room: Vector

    def all(self) -> dict[Cell, Vector]:
        out: dict[Cell, Vector] = {}
        for family in (
            self.periods, self.conduct, self.demand, self.production, self.arcs, self.conversions, self.storage, self.contracts,
            self.caps, self.shared, self.investments,
        ):  # fmt: skip
            out |= family()
        return out

    def _entry(self, row: Ints, column: Ints) -> Vector:
        """d number / d coefficient; nought where the row is not there."""
        there = row >= 0
        g = -(self.u[column] * self.of.y[row] + self.v[row] * self.of.x[column])
        return np.asarray(np.where(there, g, 0.0))

    def _high(self, span: Span) -> Vector:
        """d number / d upper bound of each column of a family."""
        return np.asarray(np.where(self.of.high[span.ids], span.take(self.room), 0.0))

    def periods(self) -> dict[Cell, Vector]:
        """Every cost is weighed; a multiplier's weight is in the readout."""
        c, lay, qp = self.of.coded, self.of.layout, self.of.qp
        d, s = c.demand, c.storage
        when = np.full(qp.columns, -1)
        for span, m in (
            (lay.production, c.production.m), (lay.flow, c.arcs.m), (lay.activity, c.conversions.m), (lay.sales, d.m),
            (lay.demand, d.m), (lay.injection, s.m), (lay.joint, d.m),
        ):  # fmt: skip
            when[span.ids] = m[span["e"]]
        when[lay.investment.ids] = lay.investment["m"]
        costed = when >= 0
        worth = -(self.u * (qp.q + qp.p * self.of.x))[costed] / c.weight[when[costed]]
        return {("periods", "weight"): _at(c.weight.size, when[costed], worth)}

    def _steep(self) -> tuple[Vector, Vector, Vector]:
        """d number / d (theta b D) of sales and of joint sales, and d number / d inframarginal volume [K, demand entries]."""
        c, lay, x, u = self.of.coded, self.of.layout, self.of.x, self.u
        d, k, e = c.demand, lay.sales["k"], lay.sales["e"]
        ahead = lay.contract_volume
        sold = -lay.sales.take(u) * (lay.sales.take(x) - ahead[k, e])
        lone = self.of.classes.group[k] < 0
        volume = np.zeros_like(ahead)
        steep = self.of.classes.theta[k, d.n[e]] * np.nan_to_num(d.b[e]) * c.weight[d.m[e]]
        volume[k[lone], e[lone]] = (lay.sales.take(u) * steep)[lone]
        place = np.full(len(lay.sales), -1)
        joint = np.zeros(len(lay.joint))
        if len(lay.joint):
            size = d.m.size
            group = self.of.classes.group[k]
            place = _place(lay.joint["g"] * size + lay.joint["e"], group * size + e, 0)
            place[lone] = -1
            together = np.zeros(len(lay.joint))
            np.add.at(together, place[~lone], ahead[k, e][~lone])
            joint = -lay.joint.take(u) * (lay.joint.take(x) - together)
            volume[k[~lone], e[~lone]] = (lay.joint.take(u)[place] * steep)[~lone]
        return np.where(lone, sold, 0.0), joint, volume

    def conduct(self) -> dict[Cell, Vector]:
        """Nought for merged price takers: what one of them sells is not determined, nor what its first markup would do."""
        c, lay, table = self.of.coded, self.of.layout, self.of.problem.conduct
        d = c.demand
        sold, joint, _ = self._steep()
        g = np.zeros(self.of.classes.theta.shape)
        e = lay.sales["e"]
        np.add.at(g, (lay.sales["k"], d.n[e]), sold * np.nan_to_num(d.b[e]) * c.weight[d.m[e]])
        if len(lay.joint):
            e = lay.joint["e"]
            np.add.at(g, (self._leader(), d.n[e]), joint * np.nan_to_num(d.b[e]) * c.weight[d.m[e]])
        k = self.of.classes.of[ids(table["trader"], c.trader_ids)]
        alone = np.bincount(self.of.classes.of, minlength=len(self.of.classes))[k] == 1
        return {("conduct", "theta"): np.where(alone, g[k, ids(table["node"], c.node_ids)], 0.0)}

    def _leader(self) -> Ints:
        """The class whose conduct each joint sale takes: the first of the group that sells there."""
        lay = self.of.layout
        group = self.of.classes.group[lay.sales["k"]]
        size = self.of.coded.demand.m.size
        inside = group >= 0
        _, first = np.unique(group[inside] * size + lay.sales["e"][inside], return_index=True)
        return np.asarray(lay.sales["k"][inside][first])

    def demand(self) -> dict[Cell, Vector]:
        c, lay, x, u = self.of.coded, self.of.layout, self.of.x, self.u
        d, D = c.demand, c.weight[c.demand.m]
        a, b, fixed, voll = (np.zeros(d.m.size) for _ in range(4))
        e = lay.demand["e"]
        worth = lay.demand.take(u) * D[e]
        a[e] = np.where(d.elastic[e], worth, 0.0)
        voll[e] = np.where(d.elastic[e], 0.0, worth)
        b[e] = np.where(d.elastic[e], -worth * lay.demand.take(x), 0.0)
        fixed[e] = np.where(d.elastic[e], 0.0, self._high(lay.demand))
        must = ~(d.elastic | np.isfinite(d.voll))
        fixed[must] = -lay.market_balance.take(self.v)[must]
        sold, joint, _ = self._steep()
        k, e = lay.sales["k"], lay.sales["e"]
        np.add.at(b, e, sold * self.of.classes.theta[k, d.n[e]] * D[e])
        if len(lay.joint):
            e = lay.joint["e"]
            np.add.at(b, e, joint * self.of.classes.theta[self._leader(), d.n[e]] * D[e])
        return {
            ("demand", "intercept"): a, ("demand", "slope"): b, ("demand", "fixed"): fixed,
            ("demand", "value_of_lost_load"): voll,
        }  # fmt: skip

    def production(self) -> dict[Cell, Vector]:
        p, lay = self.of.coded.production, self.of.layout
        e = lay.production["e"]
        unit = -lay.production.take(self.u) * self.of.coded.weight[p.m[e]]
        capacity = _at(p.m.size, e, self._high(lay.production))
        capacity += _at(p.m.size, lay.production_capacity["e"], lay.production_capacity.take(self.v))
        return {
            ("production", "capacity"): capacity,
            ("production", "cost"): _at(p.m.size, e, unit),
            ("production", "cost_slope"): _at(p.m.size, e, unit * lay.production.take(self.of.x)),
        }

    def arcs(self) -> dict[Cell, Vector]:
        c, lay = self.of.coded, self.of.layout
        a, size = c.arcs, c.arcs.m.size
        _, N, M = c.shape
        e, k, columns = lay.flow["e"], lay.flow["k"], lay.flow.ids
        unit = -lay.flow.take(self.u) * c.weight[a.m[e]]
        cost = _at(size, e, unit)
        capacity = _at(size, e, self._high(lay.flow))
        capacity += _at(size, lay.arc_capacity["e"], lay.arc_capacity.take(self.v))
        prompt = self._entry(np.where(a.lag[e] < 1, self.of.node_rows(k, a.j[e], a.m[e]), -1), columns)
        t = lay.transit_balance
        late_row = _place((t["k"] * N + t["n"]) * M + t["m"], (k * N + a.j[e]) * M + c.following[a.m[e]], t.start)
        late = self._entry(np.where(a.lag[e] > 0, late_row, -1), columns)
        fleet = _place(lay.fleet["fleet"] * M + lay.fleet["m"], a.fleet[e] * M + a.m[e], lay.fleet.start)
        days = self._entry(np.where((a.fleet[e] >= 0) & (a.ship_days[e] > 0), fleet, -1), columns)
        return {
            ("arcs", "cost"): cost, ("arcs", "tariff"): cost, ("arcs", "tax"): cost, ("arcs", "capacity"): capacity,
            ("arcs", "cost_slope"): _at(size, e, unit * lay.flow.take(self.of.x)),
            ("arcs", "loss"): _at(size, e, prompt * (1 - a.lag[e]) + late * a.lag[e]),
            ("arcs", "lag"): _at(size, e, (prompt - late) * (1 - a.loss[e])),
            ("arcs", "ship_days"): _at(size, e, days),
        }  # fmt: skip

    def conversions(self) -> dict[Cell, Vector]:
        c, lay, problem = self.of.coded, self.of.layout, self.of.problem
        r, size = c.conversions, c.conversions.m.size
        e = lay.activity["e"]
        cost = _at(size, e, -lay.activity.take(self.u) * c.weight[r.m[e]])
        run, leg = r.legs(e)
        entry = -self._entry(self.of.node_rows(lay.activity["k"][run], r.n[leg], r.m[e][run]), lay.activity.ids[run])
        order = np.argsort(ids(problem.yields["conversion"], c.conversion_ids), kind="stable")
        amount = np.zeros(problem.yields.height)
        amount[order] = _at(order.size, leg, entry)
        plants, M = problem.plants, c.shape[2]
        most = np.zeros((len(c.plant_ids), M))
        most[lay.plant_capacity["plant"], lay.plant_capacity["m"]] = lay.plant_capacity.take(self.v)
        return {
            ("conversions", "cost"): cost, ("conversions", "tariff"): cost, ("conversions", "tax"): cost,
            ("conversions", "capacity"): _at(size, lay.conversion_capacity["e"], lay.conversion_capacity.take(self.v)),
            ("yields", "amount"): amount,
            ("plants", "capacity"): most[ids(plants["plant"], c.plant_ids), ids(plants["period"], c.period_ids)],
        }  # fmt: skip

    def storage(self) -> dict[Cell, Vector]:
        c, lay, v = self.of.coded, self.of.layout, self.v
        s, size = c.storage, c.storage.m.size
        unit = -lay.injection.take(self.u) * c.weight[s.m[lay.injection["e"]]]
        level = lay.level
        key = (level["u"] + 1) * size + level["e"]
        order = np.argsort(key)
        found = np.searchsorted(key[order], (lay.injection["u"] + 1) * size + lay.injection["e"])
        rows = lay.storage_balance.start + order[found] if len(lay.injection) else np.zeros(0, dtype=np.int64)
        w = lay.storage_working
        upper = self.of.row_high[w.ids]
        working = _at(size, level["e"], self._high(level)) + _at(size, w["e"], np.where(upper, w.take(v), 0.0))
        fill = _at(size, w["e"], np.where(upper, 0.0, w.take(v)))
        fill += _at(size, lay.storage_minimum["e"], lay.storage_minimum.take(v))
        both = {}
        for name, columns, shared in (
            ("injection", lay.injection, lay.storage_injection),
            ("withdrawal", lay.withdrawal, lay.storage_withdrawal),
        ):
            both[name] = _at(size, columns["e"], self._high(columns)) + _at(size, shared["e"], shared.take(v))
        return {
            ("storage", "working"): working, ("storage", "minimum_fill"): fill,
            ("storage", "injection"): both["injection"], ("storage", "withdrawal"): both["withdrawal"],
            ("storage", "cost"): _at(size, lay.injection["e"], unit),
            ("storage", "loss"): _at(size, lay.injection["e"], self._entry(rows, lay.injection.ids)),
            ("storage", "initial"): _at(size, lay.storage_initial["e"], lay.storage_initial.take(v)),
            ("storage", "final"): _at(size, lay.storage_final["e"], lay.storage_final.take(v)),
        }  # fmt: skip

    def contracts(self) -> dict[Cell, Vector]:
        c, lay, table = self.of.coded, self.of.layout, self.of.problem.contracts
        _, _, volume = self._steep()
        d = c.demand
        row_high = self.of.row_high[lay.contract.ids]
        both = lay.contract.take(self.v)
        least, most = np.where(row_high, 0.0, both), np.where(row_high, both, 0.0)
        ahead = np.zeros(table.height)
        for i, r in enumerate(table.iter_rows(named=True)):
            if inframarginal_volume(r["inframarginal"], r["minimum"]) <= 0:
                continue
            first, last = (c.period_ids.index(r[name]) for name in ("first_period", "last_period"))
            share = c.days[first : last + 1] / c.days[first : last + 1].sum()
            k = int(self.of.classes.of[c.trader_ids.index(r["trader"])])
            here = np.flatnonzero((d.n == c.node_ids.index(r["node"])) & (d.m >= first) & (d.m <= last))
            ahead[i] = float(np.dot(volume[k, here], share[d.m[here] - first]))
            if r["inframarginal"] == "true":
                least[i] += ahead[i]
        return {("contracts", "minimum"): least, ("contracts", "maximum"): most, ("contracts", "inframarginal"): ahead}

    def caps(self) -> dict[Cell, Vector]:
        """Of several caps on one class's sales the lowest has the derivative."""
        c, lay, table = self.of.coded, self.of.layout, self.of.problem.caps
        _, N, M = c.shape
        d, e = c.demand, lay.sales["e"]
        g = np.zeros((len(self.of.classes), N, M))
        g[lay.sales["k"], d.n[e], d.m[e]] = self._high(lay.sales)
        k = self.of.classes.of[ids(table["trader"], c.trader_ids)]
        n, m = ids(table["node"], c.node_ids), ids(table["period"], c.period_ids)
        return {("caps", "maximum"): g[k, n, m]}

    def shared(self) -> dict[Cell, Vector]:
        """Ships and hubs."""
        c, lay, problem = self.of.coded, self.of.layout, self.of.problem
        M = c.shape[2]
        out: dict[Cell, Vector] = {}
        for table, key, column, known, span in (
            ("fleets", "fleet", "ship_days", c.fleet_ids, lay.fleet),
            ("hubs", "hub", "capacity", c.hub_ids, lay.hub),
        ):
            frame = problem.tables()[table]
            which, m = ids(frame[key], known), ids(frame["period"], c.period_ids)
            row = _place(span[key] * M + span["m"], which * M + m, span.start)
            out[table, column] = np.where(row >= 0, self.v[row], 0.0)
        return out

    def investments(self) -> dict[Cell, Vector]:
        lay = self.of.layout.investment
        return {
            ("investments", "cost"): -lay.take(self.u) * self.of.coded.weight[lay["m"]],
            ("investments", "maximum"): self._high(lay),
        }


def _at(size: int, where: Ints, what: Vector) -> Vector:
    """Summed by place."""
    return np.bincount(where, weights=what, minlength=size).astype(float) if size else np.zeros(0)


def _place(known: Ints, wanted: Ints, start: int) -> Ints:
    """Row number of each wanted key among sorted known ones; -1 where there is none."""
    if not known.size:
        return np.full(wanted.size, -1, dtype=np.int64)
    at = np.minimum(np.searchsorted(known, wanted), known.size - 1)
    return np.asarray(np.where(known[at] == wanted, start + at, -1))
