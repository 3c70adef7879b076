r"""Which quadratic program is the market's equilibrium? (Coded, Classes -> QP and what its columns and rows mean)

Every trader maximises its discounted profit against its conjecture of how far its own sales move the price; every
operator of a pipeline, plant, ship or store takes prices and earns the rent of what is scarce. Inverse demand is
linear. The first-order conditions of all of them together are those of one convex program, for any conduct
$\theta \ge 0$ (Slade 1994; Hobbs 2001; Baltensperger, Egging & Tomasgard 2018), so its solution *is* the equilibrium.
The value of its objective is not welfare: it contains the conduct term.

Reads top to bottom: `formulate` is the contents page, then one function for each family of equations. What is not
here: how it is solved (`solve`), and the proof that an answer is right (`certificate`, which never reads this file).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from polynya.market.build import Program, Span, expanded
from polynya.market.checks import inframarginal_volume
from polynya.market.classes import Classes
from polynya.market.coded import OPEN_TO_TAKERS, Coded, Ints, Mask, ids, limit
from polynya.market.problem import Problem
from polynya.market.qp import QP, Vector
from polynya.market.reach import conversions_of, reachable, sources_of, stores_of

DESK = -1  # the user of a store who buys and sells at its node's market


@dataclass(frozen=True)
class Layout:
    """What the columns and rows of the program stand for: one `Span` for each family, named by its symbol."""

    production: Span
    flow: Span
    activity: Span
    sales: Span
    demand: Span
    transit: Span
    level: Span
    injection: Span
    withdrawal: Span
    initial: Span
    joint: Span
    investment: Span
    node_balance: Span
    market_balance: Span
    transit_balance: Span
    joint_sales: Span
    production_capacity: Span
    arc_capacity: Span
    conversion_capacity: Span
    plant_capacity: Span
    storage_balance: Span
    storage_working: Span
    storage_minimum: Span
    storage_injection: Span
    storage_withdrawal: Span
    storage_initial: Span
    storage_final: Span
    fleet: Span
    hub: Span
    contract: Span
    contract_volume: Vector
    market_of: Ints


@dataclass(frozen=True)
class Pruned:
    """What may be non-zero, class by class: `flow` [K, arc entries], `activity` [K, conversion entries], `sales` [K, demand
    entries], `production` [entries], `stores` (class or DESK, storage run) pairs, `nodes` [K, N, M]."""

    flow: Mask
    activity: Mask
    sales: Mask
    production: Mask
    stores: list[tuple[int, int]]
    nodes: Mask


def formulate(problem: Problem, coded: Coded, classes: Classes) -> tuple[QP, Layout]:
    """The contents page: variables, then constraints, in the order of the paper."""
    pruned = prune(coded, classes)
    volumes = inframarginal(problem, coded, classes)
    program = Program()

    production = produced(program, coded, classes, pruned)
    flow = flows(program, coded, classes, pruned)
    activity = converted(program, coded, pruned)
    sales = sold(program, coded, classes, pruned, volumes, offer_caps(problem, coded, classes))
    demand, market_of = consumed(program, coded)
    transit = in_transit(program, coded, flow)
    level, injection, withdrawal, initial = stored(program, coded, pruned)
    joint = joint_sales_of_groups(program, coded, classes, sales, volumes)
    investment = invested(program, problem, coded)

    node_balance = balance_of_nodes(
        program, coded, classes, production, flow, activity, sales, transit, injection, withdrawal
    )
    market_balance = balance_of_markets(program, coded, sales, demand, injection, withdrawal)
    transit_balance = balance_in_transit(program, coded, flow, transit)
    joint_sales = sum_of_groups(program, coded, classes, sales, joint)
    production_capacity = limit_production(program, problem, coded, production, investment)
    arc_capacity = limit_arcs(program, problem, coded, flow, investment)
    conversion_capacity, plant_capacity = limit_conversions(program, coded, activity)
    balance, working, minimum, inject, withdraw, start, end = limit_storage(
        program, problem, coded, level, injection, withdrawal, initial, investment
    )
    fleet = limit_fleets(program, problem, coded, flow)
    hub = limit_hubs(program, problem, coded, flow)
    contract = limit_contracts(program, problem, coded, classes, flow, sales)
    return program.finish(coded.shape[2]), Layout(
        production, flow, activity, sales, demand, transit, level, injection, withdrawal, initial, joint, investment,
        node_balance, market_balance, transit_balance, joint_sales, production_capacity, arc_capacity,
        conversion_capacity, plant_capacity, balance, working, minimum, inject, withdraw, start, end, fleet, hub, contract,
        volumes, market_of,
    )  # fmt: skip


def prune(coded: Coded, classes: Classes) -> Pruned:
    r"""A variable exists only where gas can come and can be sold.

    A flow of class $k$ on arc $a$ exists in $m$ if the class is not banned from it, the arc has capacity, its sending
    end can be reached from some production or full store of the class, and a market can be reached from its receiving
    end. All others are zero in every equilibrium with costs above zero, and are left out. A conversion exists where all
    its nodes do: with an input that cannot come, or an output that nobody can take, it stands still.
    """
    K = len(classes)
    a, d, p, s = coded.arcs, coded.demand, coded.production, coded.storage
    _, N, M = coded.shape
    after = coded.following[a.m]
    flow = np.zeros((K, a.m.size), dtype=bool)
    activity = np.zeros((K, coded.conversions.m.size), dtype=bool)
    sales = np.zeros((K, d.m.size), dtype=bool)
    production = np.zeros(p.m.size, dtype=bool)
    nodes = np.zeros((K, N, M), dtype=bool)
    stores: list[tuple[int, int]] = []
    runs = np.flatnonzero(s.first)
    for k in range(K):
        owners = np.flatnonzero(classes.of == k)
        usable = ~classes.no_arc[k, a.arc, a.m] & ((a.capacity > 0) | a.grows)
        mine = stores_of(coded, classes, k)
        made = np.isin(p.t, owners) & ((p.capacity > 0) | p.grows)
        may = ~classes.no_sale[k, d.n, d.m]
        markets = np.zeros((N, M), dtype=bool)
        markets[d.n[may], d.m[may]] = True
        # stock that must be there is worth having; and late deliveries that nobody wants may end in store
        wanted = mine & ((s.minimum > 0) | (s.last & ((np.nan_to_num(s.final) > 0) | bool(a.lag.any()))))
        markets[s.n[wanted], s.m[wanted]] = True
        running = conversions_of(coded, int(owners[0]))
        came, useful = reachable(coded, sources_of(coded, owners, mine), markets, usable, mine, running)
        arrives = ((a.lag < 1) & useful[a.j, a.m]) | ((a.lag > 0) & useful[a.j, after])
        kept = usable & came[a.i, a.m] & arrives
        here = nodes[k]
        here |= came & useful
        here[a.j[kept & (a.lag < 1)], a.m[kept & (a.lag < 1)]] = True
        here[a.j[kept & (a.lag > 0)], after[kept & (a.lag > 0)]] = True
        # whatever touches only these node-periods stays, so that their values fit everything that could be done there
        flow[k] = usable & here[a.i, a.m] & (here[a.j, a.m] | (a.lag == 1)) & (here[a.j, after] | (a.lag == 0))
        activity[k] = running & _stands_on(coded, here)
        sales[k] = may & here[d.n, d.m]
        production |= made & here[p.n, p.m]
        stores += [
            (k, int(s.run[e])) for e in runs[mine[runs]] if here[s.n[s.run == s.run[e]], s.m[s.run == s.run[e]]].any()
        ]
    priced = np.zeros((N, M), dtype=bool)
    reached = sales[~classes.leases].any(axis=0)
    priced[d.n[reached], d.m[reached]] = True
    for e in runs:
        r = int(s.run[e])
        in_run = s.run == r
        used = any(run == r for _, run in stores)
        holds = not used and np.nan_to_num(s.initial[e]) > 0  # nobody can use it, but what is in store still has to fit
        if s.trader[e] == OPEN_TO_TAKERS and (holds or priced[s.n[in_run], s.m[in_run]].any()):
            stores.append((DESK, r))
        elif holds:
            stores.append((int(classes.of[s.trader[e]]) if s.trader[e] >= 0 else 0, r))
    return Pruned(flow, activity, sales, production, stores, nodes)


def _stands_on(coded: Coded, here: Mask) -> Mask:
    """Conversion entries all of whose nodes are kept."""
    c = coded.conversions
    place, leg = c.legs(np.arange(c.m.size))
    missing = np.bincount(place, weights=~here[c.n[leg], c.m[place]], minlength=c.m.size)
    return np.asarray(missing == 0)


def inframarginal(problem: Problem, coded: Coded, classes: Classes) -> Vector:
    r"""Contract volume that carries no markup, $\kappa_{tnm}$ [K, demand entries].

    A volume sold ahead at a fixed price earns nothing from a higher spot price (Allaz & Vila 1993), so the trader's
    markup is $\theta b (s - \kappa)$. A contract's volume spreads over its periods in proportion to their days.
    """
    d = coded.demand
    volumes = np.zeros((len(classes), d.m.size))
    for r in problem.contracts.iter_rows(named=True):
        volume = inframarginal_volume(r["inframarginal"], r["minimum"])
        if volume <= 0:
            continue
        first, last = (coded.period_ids.index(r[c]) for c in ("first_period", "last_period"))
        share = coded.days[first : last + 1] / coded.days[first : last + 1].sum()
        k = int(classes.of[coded.trader_ids.index(r["trader"])])
        here = np.flatnonzero((d.n == coded.node_ids.index(r["node"])) & (d.m >= first) & (d.m <= last))
        volumes[k, here] += volume * share[d.m[here] - first]
    return volumes


def offer_caps(problem: Problem, coded: Coded, classes: Classes) -> Vector:
    r"""Most that a trader offers at a market, $\bar s_{tnm}$ [K, demand entries]; political withholding is such a cap."""
    d = coded.demand
    _, N, M = coded.shape
    most = np.full((len(classes), N, M), np.inf)
    c = problem.caps
    k = classes.of[ids(c["trader"], coded.trader_ids)]
    np.minimum.at(
        most, (k, ids(c["node"], coded.node_ids), ids(c["period"], coded.period_ids)), c["maximum"].to_numpy()
    )
    return most[:, d.n, d.m]


def produced(program: Program, coded: Coded, classes: Classes, pruned: Pruned) -> Span:
    r"""Production $0 \le x_{tnzm} \le \bar x_{tnzm}$ of step $z$ costs $c\,x + \tfrac12 c' x^2$.

    Marginal cost rises along the step: $c_{tnzm} + c'_{tnzm}\, x_{tnzm}$.
    """
    p = coded.production
    e = np.flatnonzero(pruned.production)
    D = coded.weight[p.m[e]]
    return program.columns(
        e.size, upper=np.where(p.grows[e], np.inf, p.capacity[e]), linear=D * p.cost[e], quadratic=D * p.slope[e],
        block=_block(coded, classes.of[p.t[e]], p.m[e]), e=e, k=classes.of[p.t[e]],
    )  # fmt: skip


def flows(program: Program, coded: Coded, classes: Classes, pruned: Pruned) -> Span:
    r"""Flows $f_{tam} \ge 0$, counted at the sending end, cost the trader $(c_{am} + g_{am} + h_{am})\,f + \tfrac12 c'_{am} f^2$.

    $c$ is a resource cost that may rise by $c'$ as the trader sends more (price takers together): the cheapest ships, customers
    and months are served first; the tariff $g$ goes to the owner, the tax $h$ to a state; congestion comes on top as a rent.
    """
    a = coded.arcs
    k, e = expanded(pruned.flow)
    unit = a.cost[e] + a.tariff[e] + a.tax[e]
    users = pruned.flow.sum(axis=0)[e]
    bound = np.where((users == 1) & ~a.grows[e], a.capacity[e], np.inf)
    return program.columns(
        e.size, upper=bound, linear=coded.weight[a.m[e]] * unit, quadratic=coded.weight[a.m[e]] * a.slope[e],
        block=_block(coded, k, a.m[e]), e=e, k=k,
    )  # fmt: skip


def converted(program: Program, coded: Coded, pruned: Pruned) -> Span:
    r"""Conversions run at activity $r_{tcm} \ge 0$, which costs the trader $c_{cm} + g_{cm} + h_{cm}$ a unit.

    A unit of activity takes $-\eta_{cn}$ at every node with $\eta_{cn} < 0$ and delivers $\eta_{cn}$ at every node with
    $\eta_{cn} > 0$: commodities are nodes, and a recipe may have several of either. Liquefaction, regasification and
    refining are conversions; an arc with a loss is the conversion with $\eta = (-1, 1 - \lambda)$.
    """
    c = coded.conversions
    k, e = expanded(pruned.activity)
    unit = c.cost[e] + c.tariff[e] + c.tax[e]
    return program.columns(e.size, linear=coded.weight[c.m[e]] * unit, block=_block(coded, k, c.m[e]), e=e, k=k)


def sold(program: Program, coded: Coded, classes: Classes, pruned: Pruned, volumes: Vector, caps: Vector) -> Span:
    r"""Sales $0 \le s_{tnm} \le \bar s_{tnm}$ and the conduct term $\tfrac12\theta_{tn} b_{nm} (s_{tnm} - \kappa_{tnm})^2$.

    It turns price into marginal revenue: $P_{nm} - \theta_{tn} b_{nm} (s_{tnm} - \kappa_{tnm})$. Members of a group have
    theirs on joint sales instead.
    """
    d = coded.demand
    k, e = expanded(pruned.sales)
    steep = (
        np.where(classes.group[k] >= 0, 0.0, classes.theta[k, d.n[e]] * np.nan_to_num(d.b[e])) * coded.weight[d.m[e]]
    )
    return program.columns(
        e.size,
        upper=caps[k, e],
        linear=-steep * volumes[k, e],
        quadratic=steep,
        block=_block(coded, k, d.m[e]),
        e=e,
        k=k,
    )


def consumed(program: Program, coded: Coded) -> tuple[Span, Ints]:
    r"""Consumption $Q_{nm}$ is worth $a Q - \tfrac12 b Q^2$; where demand is fixed, an unserved unit costs its value.

    $P_{nm}(Q) = a_{nm} - b_{nm} Q_{nm}$. With `fixed` and `value_of_lost_load` $v$, $0 \le Q \le \bar Q$ is worth $v Q$;
    without a value everything must be served, and $Q = \bar Q$ is a constant of the market's balance.
    Also returned: the market [demand entry] of each node and period, -1 where there is none, as [N * M].
    """
    d = coded.demand
    _, N, M = coded.shape
    e = np.flatnonzero(d.elastic | np.isfinite(d.voll))
    D = coded.weight[d.m[e]]
    worth = np.where(d.elastic[e], d.a[e], d.voll[e])
    market_of = np.full(N * M, -1, dtype=np.int64)
    market_of[d.n * M + d.m] = np.arange(d.m.size)
    span = program.columns(
        e.size, lower=0.0, upper=np.where(d.elastic[e], np.inf, d.fixed[e]), linear=-D * worth,
        quadratic=D * np.where(d.elastic[e], d.b[e], 0.0), e=e,
    )  # fmt: skip
    return span, market_of


def in_transit(program: Program, coded: Coded, flow: Span) -> Span:
    r"""Gas on the way $u_{tnm}$: what of last period's deliveries to $n$ arrives in $m$."""
    a = coded.arcs
    late = a.lag[flow["e"]] > 0
    e, k = flow["e"][late], flow["k"][late]
    _, N, M = coded.shape
    key = np.unique((k * N + a.j[e]) * M + coded.following[a.m[e]])
    k, n, m = key // (N * M), key // M % N, key % M
    return program.columns(key.size, block=_block(coded, k, m), k=k, n=n, m=m)


def stored(program: Program, coded: Coded, pruned: Pruned) -> tuple[Span, Span, Span, Span]:
    r"""Stock $l_{uwm}$, injection $i_{uwm}$, withdrawal $o_{uwm}$ and first stock of user $u$ in store $w$.

    An open store is leased by the price takers of the most numerous kind for gas of their own; with everybody else a
    desk deals, which buys and sells at the node's market. Where the node has no market every price taker leases. A
    trader's own store is used by that trader, a store open to all (`*`) by everyone. Users share its limits at one
    rent. Injection costs $c_{wm}$.
    """
    s = coded.storage
    _, N, M = coded.shape
    users = np.array(pruned.stores, dtype=np.int64).reshape(-1, 2)
    size_of_run = np.bincount(s.run, minlength=int(s.run.max(initial=-1)) + 1)
    start_of_run = np.flatnonzero(s.first)
    u = np.repeat(users[:, 0], size_of_run[users[:, 1]])
    e = np.concatenate(
        [np.arange(start_of_run[r], start_of_run[r] + size_of_run[r]) for r in users[:, 1]] or [users[:, 0]]
    )
    alone = np.bincount(users[:, 1], minlength=size_of_run.size)[s.run[e]] == 1
    bounded = alone & ~s.grows[e]
    market = np.zeros((N, M), dtype=bool)
    market[coded.demand.n, coded.demand.m] = True
    desk = u == DESK
    n, m = s.n[e], s.m[e]
    k = np.maximum(u, 0)
    inject = withdraw = np.where(desk, market[n, m], pruned.nodes[k, n, m])
    block = np.where(desk, -1, _block(coded, u, m))
    level = program.columns(e.size, upper=np.where(bounded, s.working[e], np.inf), e=e, u=u)
    cost = coded.weight[m] * s.cost[e]
    injection = program.columns(
        int(inject.sum()), upper=np.where(bounded, s.injection[e], np.inf)[inject], linear=cost[inject],
        block=block[inject], e=e[inject], u=u[inject],
    )  # fmt: skip
    withdrawal = program.columns(
        int(withdraw.sum()), upper=np.where(bounded, s.withdrawal[e], np.inf)[withdraw], block=block[withdraw],
        e=e[withdraw], u=u[withdraw],
    )  # fmt: skip
    begins = s.first[e] & ~np.isnan(s.initial[e])
    initial = program.columns(int(begins.sum()), e=e[begins], u=u[begins])
    return level, injection, withdrawal, initial


def joint_sales_of_groups(program: Program, coded: Coded, classes: Classes, sales: Span, volumes: Vector) -> Span:
    r"""Traders of a group $g$ act as one: $\tfrac12\theta b\,(S_{gnm} - \kappa_{gnm})^2$ with $S_{gnm} = \sum_{t \in g} s_{tnm}$."""
    d = coded.demand
    group = classes.group[sales["k"]]
    in_group = group >= 0
    key, first, place = np.unique(
        group[in_group] * d.m.size + sales["e"][in_group], return_index=True, return_inverse=True
    )
    e = key % max(d.m.size, 1)
    k = sales["k"][in_group][first]
    steep = classes.theta[k, d.n[e]] * np.nan_to_num(d.b[e]) * coded.weight[d.m[e]]
    ahead = np.zeros(key.size)
    np.add.at(ahead, place, volumes[sales["k"][in_group], sales["e"][in_group]])
    return program.columns(key.size, linear=-steep * ahead, quadratic=steep, e=e, g=key // max(d.m.size, 1))


def invested(program: Program, problem: Problem, coded: Coded) -> Span:
    r"""New capacity $0 \le d_{im} \le \bar d_{im}$, decided by price-taking operators at cost $I_{im}$ a unit.

    It counts from the next period on; its rents, discounted, pay for it: $\sum_{m' > m} D_{m'} \tau_{im'} \le D_m I_{im}$.
    """
    table = problem.investments
    m = ids(table["period"], coded.period_ids)
    return program.columns(
        table.height, upper=limit(table["maximum"]), linear=coded.weight[m] * table["cost"].to_numpy(),
        row=np.arange(table.height), m=m,
    )  # fmt: skip


def balance_of_nodes(
    program: Program, coded: Coded, classes: Classes, production: Span, flow: Span, activity: Span, sales: Span,
    transit: Span, injection: Span, withdrawal: Span,
) -> Span:  # fmt: skip
    r"""Every class balances its own gas at every node: what leaves equals what comes.

    $$\sum_{a \in n^-} f_{tam} + s_{tnm} + i_{tnm} = \sum_z x_{tnzm} + \sum_c \eta_{cn} r_{tcm}
      + \sum_{a \in n^+} (1-\lambda_a)(1-\ell_a) f_{tam} + u_{tnm} + o_{tnm} \qquad (\varphi_{tnm})$$

    The multiplier $\varphi$ is the value of the trader's gas there: its delivered marginal cost.
    """
    a, c, p, d, s = coded.arcs, coded.conversions, coded.production, coded.demand, coded.storage
    _, N, M = coded.shape
    use = flow["e"]
    run, leg = c.legs(activity["e"])
    own_in, own_out = injection["u"] >= 0, withdrawal["u"] >= 0

    def key(k: Ints, n: Ints, m: Ints) -> Ints:
        return (k * N + n) * M + m

    prompt = a.lag[use] < 1
    touches: list[tuple[Ints, Ints, npt.ArrayLike]] = [
        (key(production["k"], p.n[production["e"]], p.m[production["e"]]), production.ids, -1.0),
        (key(flow["k"], a.i[use], a.m[use]), flow.ids, 1.0),
        (
            key(flow["k"], a.j[use], a.m[use])[prompt],
            flow.ids[prompt],
            -((1 - a.loss[use]) * (1 - a.lag[use]))[prompt],
        ),
        (key(activity["k"][run], c.n[leg], c.m[activity["e"]][run]), activity.ids[run], -c.amount[leg]),
        (key(sales["k"], d.n[sales["e"]], d.m[sales["e"]]), sales.ids, 1.0),
        (key(transit["k"], transit["n"], transit["m"]), transit.ids, -1.0),
        (key(injection["u"], s.n[injection["e"]], s.m[injection["e"]])[own_in], injection.ids[own_in], 1.0),
        (key(withdrawal["u"], s.n[withdrawal["e"]], s.m[withdrawal["e"]])[own_out], withdrawal.ids[own_out], -1.0),
    ]
    rows = np.unique(np.concatenate([t[0] for t in touches]))
    k, n, m = rows // (N * M), rows // M % N, rows % M
    span = program.rows(rows.size, lower=0.0, upper=0.0, block=_block(coded, k, m), k=k, n=n, m=m)
    for keys, columns, value in touches:
        program.enter(span.start + np.searchsorted(rows, keys), columns, value)
    return span


def balance_of_markets(
    program: Program, coded: Coded, sales: Span, demand: Span, injection: Span, withdrawal: Span
) -> Span:
    r"""What is consumed is what is sold, with what the desks of open stores buy and sell.

    $$Q_{nm} + i^{\circ}_{nm} = \sum_t s_{tnm} + o^{\circ}_{nm} \qquad (p_{nm})$$

    The multiplier is the price. It is read from the inverse demand where there is one, $P_{nm}(Q_{nm})$.
    """
    d, s = coded.demand, coded.storage
    _, N, M = coded.shape
    must = np.where(d.elastic | np.isfinite(d.voll), 0.0, -np.nan_to_num(d.fixed))
    span = program.rows(d.m.size, lower=must, upper=must, e=np.arange(d.m.size))
    market = np.full(N * M, -1, dtype=np.int64)
    market[d.n * M + d.m] = span.ids
    program.enter(span.start + demand["e"], demand.ids, 1.0)
    program.enter(span.start + sales["e"], sales.ids, -1.0)
    for store, sign in ((injection, 1.0), (withdrawal, -1.0)):
        desk = store["u"] == DESK
        program.enter(market[s.n[store["e"]] * M + s.m[store["e"]]][desk], store.ids[desk], sign)
    return span


def balance_in_transit(program: Program, coded: Coded, flow: Span, transit: Span) -> Span:
    r"""A share $\ell_a$ of what arrives arrives one period later: ships under way at the end of the month.

    $$u_{tnm} = \sum_{a \in n^+} (1-\lambda_a)\,\ell_a f_{ta,m-1}$$

    After the last period of a cycle comes its first, so that nothing is lost at the end of the horizon and nothing is
    given away at its beginning.
    """
    a = coded.arcs
    _, N, M = coded.shape
    rows = (transit["k"] * N + transit["n"]) * M + transit["m"]
    span = program.rows(len(transit), lower=0.0, upper=0.0, k=transit["k"], n=transit["n"], m=transit["m"])
    program.enter(span.ids, transit.ids, 1.0)
    e = flow["e"]
    late = a.lag[e] > 0
    key = ((flow["k"] * N + a.j[e]) * M + coded.following[a.m[e]])[late]
    program.enter(span.start + np.searchsorted(rows, key), flow.ids[late], -((1 - a.loss[e]) * a.lag[e])[late])
    return span


def sum_of_groups(program: Program, coded: Coded, classes: Classes, sales: Span, joint: Span) -> Span:
    r"""Joint sales of a group: $S_{gnm} = \sum_{t \in g} s_{tnm}$."""
    size = coded.demand.m.size
    span = program.rows(len(joint), lower=0.0, upper=0.0, e=joint["e"], g=joint["g"])
    program.enter(span.ids, joint.ids, 1.0)
    group = classes.group[sales["k"]]
    member = group >= 0
    key = (group * size + sales["e"])[member]
    program.enter(span.start + np.searchsorted(joint["g"] * size + joint["e"], key), sales.ids[member], -1.0)
    return span


def limit_production(program: Program, problem: Problem, coded: Coded, production: Span, investment: Span) -> Span:
    r"""Where a step can grow: $x_{tnzm} \le \bar x_{tnzm} + \sum_{m' < m} d_{im'}$ (elsewhere it is a bound on $x$)."""
    p = coded.production
    e, columns = production["e"], production.ids
    grows = p.grows[e]
    span = program.rows(int(grows.sum()), upper=p.capacity[e[grows]], e=e[grows])
    program.enter(span.ids, columns[grows], 1.0)
    names = problem.production.select(pl.concat_str(["trader", "node", "step"], separator="/").alias("id"))["id"]
    _add_capacity(program, problem, "production", span, names.gather(e[grows]), p.m[e[grows]], investment)
    return span


def limit_arcs(program: Program, problem: Problem, coded: Coded, flow: Span, investment: Span) -> Span:
    r"""All traders share an arc at one congestion rent $\tau$: $\sum_t f_{tam} \le K_{am} + \sum_{m' < m} d_{am'}$.

    An arc that only one class can use has a bound instead of a row; the rent is the bound's multiplier.
    """
    a = coded.arcs
    users = np.bincount(flow["e"], minlength=a.m.size)
    e = np.flatnonzero((users > 0) & np.isfinite(a.capacity) & ((users > 1) | a.grows))
    span = program.rows(e.size, upper=a.capacity[e], e=e)
    row = np.full(a.m.size, -1, dtype=np.int64)
    row[e] = span.ids
    program.enter(row[flow["e"]], flow.ids, 1.0)
    _add_capacity(program, problem, "arc", span, problem.arcs["arc"].gather(e), a.m[e], investment)
    return span


def limit_conversions(program: Program, coded: Coded, activity: Span) -> tuple[Span, Span]:
    r"""All traders share a conversion, and its plant with the plant's other conversions, at one rent each.

    $$\sum_t r_{tcm} \le R_{cm}, \qquad \sum_{t,\, c \in P} r_{tcm} \le R_{Pm}$$
    """
    c, M = coded.conversions, coded.shape[2]
    run = activity["e"]
    e = np.unique(run[np.isfinite(c.capacity[run])])
    own = program.rows(e.size, upper=c.capacity[e], e=e)
    row = np.full(c.m.size, -1, dtype=np.int64)
    row[e] = own.ids
    program.enter(row[run], activity.ids, 1.0)
    most = np.append(c.plant_capacity.ravel(), np.inf)
    key = np.where(c.plant[run] >= 0, c.plant[run] * M + c.m[run], most.size - 1)
    rows = np.unique(key[np.isfinite(most[key])])
    plant = program.rows(rows.size, upper=most[rows], plant=rows // M, m=rows % M)
    row = np.full(most.size, -1, dtype=np.int64)
    row[rows] = plant.ids
    program.enter(row[key], activity.ids, 1.0)
    return own, plant


def limit_storage(
    program: Program, problem: Problem, coded: Coded, level: Span, injection: Span, withdrawal: Span, initial: Span,
    investment: Span,
) -> tuple[Span, Span, Span, Span, Span, Span, Span]:  # fmt: skip
    r"""The stock carries over, and everyone's stock together fits into the store.

    $$l_{uwm} = l_{uw,m-1} + (1-\lambda_w)\, i_{uwm} - o_{uwm}$$
    $$\underline l_{wm} \le \sum_u l_{uwm} \le W_{wm}, \qquad \sum_u i_{uwm} \le I_{wm}, \qquad \sum_u o_{uwm} \le O_{wm}$$

    Before the first period stands the initial stock, $\sum_u l_{uw0} = l_{w0}$; where none is given it is nothing, or,
    in a cycle, the stock after the cycle's last period. After the last one at least the final stock is left. A cycle
    closes ($l_{uwM} = l_{uw0}$) unless both the initial and the final stock are given.
    """
    s = coded.storage
    E = s.m.size
    balance = program.rows(len(level), lower=0.0, upper=0.0, e=level["e"], u=level["u"])
    K = int(level["u"].max(initial=0)) + 2
    at = np.full(K * E, -1, dtype=np.int64)  # (user + 1, entry) -> place in `level`
    at[(level["u"] + 1) * E + level["e"]] = np.arange(len(level))

    def place(span: Span) -> Ints:
        return np.asarray(at[(span["u"] + 1) * E + span["e"]])

    program.enter(balance.ids, level.ids, 1.0)
    program.enter(balance.start + place(injection), injection.ids, -(1 - s.loss[injection["e"]]))
    program.enter(balance.start + place(withdrawal), withdrawal.ids, 1.0)
    inner = ~s.first[level["e"]]
    program.enter(balance.ids[inner], level.ids[np.flatnonzero(inner) - 1], -1.0)
    program.enter(balance.start + place(initial), initial.ids, -1.0)
    ends = np.flatnonzero(s.last[level["e"]])
    starts = np.flatnonzero(s.first[level["e"]])
    e0, e1 = level["e"][starts], level["e"][ends]
    closes = coded.cyclic & (np.isnan(s.initial[e0]) | np.isnan(s.final[e1]))
    fed = closes & np.isnan(s.initial[e0])
    program.enter(balance.ids[starts[fed]], level.ids[ends[fed]], -1.0)
    returns = closes & ~fed
    closing = program.rows(int(returns.sum()), lower=0.0, upper=0.0, e=e1[returns], u=level["u"][ends[returns]])
    program.enter(closing.ids, level.ids[ends[returns]], 1.0)
    first_stock = np.full(len(level), -1, dtype=np.int64)
    first_stock[place(initial)] = initial.ids
    program.enter(closing.ids, first_stock[starts[returns]], -1.0)

    users = np.bincount(level["e"], minlength=E)
    shared = (users > 1) | s.grows
    none, asked_fill = np.full(E, -np.inf), s.minimum > 0
    working = _shared_limit(  # where the store can grow a minimum has a row of its own: it does not grow with the store
        program,
        shared & np.isfinite(s.working) | (asked_fill & ~s.grows),
        np.where(s.grows, -np.inf, s.minimum),
        np.where(shared, s.working, np.inf),
        level,
    )
    minimum = _shared_limit(program, asked_fill & s.grows, s.minimum, np.full(E, np.inf), level)
    inject = _shared_limit(program, shared & np.isfinite(s.injection), none, s.injection, injection)
    withdraw = _shared_limit(program, shared & np.isfinite(s.withdrawal), none, s.withdrawal, withdrawal)
    for kind, span in (("storage", working), ("injection", inject), ("withdrawal", withdraw)):
        _add_capacity(
            program, problem, kind, span, problem.storage["storage"].gather(span["e"]), s.m[span["e"]], investment
        )

    given = np.flatnonzero(s.first & ~np.isnan(s.initial))
    start = program.rows(given.size, lower=s.initial[given], upper=s.initial[given], e=given)
    row = np.full(E, -1, dtype=np.int64)
    row[given] = start.ids
    program.enter(row[initial["e"]], initial.ids, 1.0)
    asked = np.flatnonzero(s.last & (np.nan_to_num(s.final) > 0))
    end = program.rows(asked.size, lower=s.final[asked], e=asked)
    row = np.full(E, -1, dtype=np.int64)
    row[asked] = end.ids
    program.enter(row[level["e"]], level.ids, 1.0)
    return balance, working, minimum, inject, withdraw, start, end


def limit_fleets(program: Program, problem: Problem, coded: Coded, flow: Span) -> Span:
    r"""Ships are scarce: $\sum_{t,a \in F} \sigma_{am} f_{tam} \le \Sigma_{Fm}$ ship-days; the rent is the price of a day."""
    a, table = coded.arcs, problem.fleets
    _, _, M = coded.shape
    most = np.full((len(coded.fleet_ids) + 1) * M, np.inf)
    fleet, m = ids(table["fleet"], coded.fleet_ids), ids(table["period"], coded.period_ids)
    most[(fleet * M + m)[fleet >= 0]] = limit(table["ship_days"])[fleet >= 0]
    e = flow["e"]
    key = np.where((a.fleet[e] >= 0) & (a.ship_days[e] > 0), a.fleet[e] * M + a.m[e], -1)
    key = np.where(np.isfinite(most[key]) & (key >= 0), key, -1)
    rows = np.unique(key[key >= 0])
    span = program.rows(rows.size, upper=most[rows], fleet=rows // M, m=rows % M)
    place = np.where(key >= 0, span.start + np.searchsorted(rows, key), -1)
    program.enter(place, flow.ids, a.ship_days[e])
    return span


def limit_hubs(program: Program, problem: Problem, coded: Coded, flow: Span) -> Span:
    r"""Transshipment is scarce: $\sum_{t,a \in H} f_{tam} \le \overline{T}_{Hm}$; the rent is the price of a unit's transfer."""
    a, table = coded.arcs, problem.hubs
    _, _, M = coded.shape
    most = np.full((len(coded.hub_ids) + 1) * M, np.inf)
    hub, m = ids(table["hub"], coded.hub_ids), ids(table["period"], coded.period_ids)
    most[(hub * M + m)[hub >= 0]] = limit(table["capacity"])[hub >= 0]
    e = flow["e"]
    key = np.where(a.hub[e] >= 0, a.hub[e] * M + a.m[e], -1)
    key = np.where(np.isfinite(most[key]) & (key >= 0), key, -1)
    rows = np.unique(key[key >= 0])
    span = program.rows(rows.size, upper=most[rows], hub=rows // M, m=rows % M)
    program.enter(np.where(key >= 0, span.start + np.searchsorted(rows, key), -1), flow.ids, 1.0)
    return span


def limit_contracts(
    program: Program, problem: Problem, coded: Coded, classes: Classes, flow: Span, sales: Span
) -> Span:
    r"""A contract binds its seller over all its periods together: $\underline V \le \sum_m s_{tnm} \le \overline V$.

    With an arc named, what the trader sends over it counts instead. Take or pay is the minimum.
    """
    table = problem.contracts
    a, d = coded.arcs, coded.demand
    low = np.array([v if v is not None else -np.inf for v in table["minimum"]], dtype=float)
    high = np.array([v if v is not None else np.inf for v in table["maximum"]], dtype=float)
    span = program.rows(table.height, lower=low, upper=high, row=np.arange(table.height))
    for i, r in enumerate(table.iter_rows(named=True)):
        k = int(classes.of[coded.trader_ids.index(r["trader"])])
        first, last = (coded.period_ids.index(r[c]) for c in ("first_period", "last_period"))
        if r["arc"] is None:
            e = sales["e"]
            mine = (
                (sales["k"] == k) & (d.n[e] == coded.node_ids.index(r["node"])) & (d.m[e] >= first) & (d.m[e] <= last)
            )
            columns = sales.ids[mine]
        else:
            e = flow["e"]
            mine = (flow["k"] == k) & (a.arc[e] == coded.arc_ids.index(r["arc"])) & (a.m[e] >= first) & (a.m[e] <= last)
            columns = flow.ids[mine]
        program.enter(np.full(columns.size, span.start + i), columns, 1.0)
    return span


def _block(coded: Coded, k: Ints, m: Ints) -> Ints:
    """Network block of a class and period."""
    return np.asarray(k * len(coded.period_ids) + m)


def _shared_limit(program: Program, wanted: Mask, low: Vector, high: Vector, users: Span) -> Span:
    """One row for each wanted storage entry over all its users' columns."""
    e = np.flatnonzero(wanted)
    span = program.rows(e.size, lower=np.where(low[e] > 0, low[e], -np.inf), upper=high[e], e=e)
    row = np.full(wanted.size, -1, dtype=np.int64)
    row[e] = span.ids
    program.enter(row[users["e"]], users.ids, 1.0)
    return span


def _add_capacity(
    program: Program, problem: Problem, kind: str, rows: Span, names: pl.Series, m: Ints, investment: Span
) -> None:
    """Enter - d into the capacity rows of all periods after the decision."""
    table = problem.investments.with_row_index("_i").filter(pl.col("kind") == kind)
    for name, i in zip(table["id"], table["_i"], strict=True):
        later = np.flatnonzero((names == name).to_numpy() & (m > investment["m"][i]))
        program.enter(rows.ids[later], np.full(later.size, investment.start + i), -1.0)
