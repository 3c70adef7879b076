"""Which sales and routes does the law close to whom, in which months? (measures, blocs, the market's ids -> tables)

What binds the buyer or the operator removes a variable (Ban) or leaves only what long contracts allow (Limit); what
only deters carries a discount and a capacity range (Deterrent). Each row names measure, act and source, so that a
vanished flow leads back to the article. Measures that do not close a flow (investment, services, payment) are
returned under `passed_over` with the reason: nothing is dropped silently.

- A month counts when the measure is in force on its 15th day.
- An import ban of a jurisdiction binds the nodes of its countries on that day (blocs), for traders whose gas comes
  from the country that the measure names, and for the commodity it names. A trader that sells both pipeline gas and
  LNG is barred from the node only when both are barred, before that from the routes of the one.
- A ban on short contracts leaves at most what contracts longer than a year, made before the cut-off, allow a month.
- A ban on new contracts closes no flow by itself; it is passed over, and the bans by contract length do the work.
- An end that nobody followed up is not an end: such rows say `assumed_continued`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from polynya.control.measures import IN_FORCE, UNKNOWN, Licence, Measure

ROUTE_EFFECTS = ("transaction_ban", "certification", "flow_stop")
LONG_CONTRACT_DAYS = 366  # longer than a year
GAS = ("lng", "pipeline-gas")


@dataclass(frozen=True, slots=True)
class Trader:
    """A seller: where its gas comes from and how it can be delivered (`lng`, `pipeline-gas`)."""

    id: str
    country: str
    commodities: frozenset[str]
    entity: str = ""


@dataclass(frozen=True, slots=True)
class Arc:
    """A route: a corridor, a terminal, or an LNG leg with the country where it loads."""

    id: str
    to_node: str
    commodity: str
    asset: str = ""
    loads_in: str = ""


@dataclass(frozen=True, slots=True)
class Bloc:
    """A country that a jurisdiction binds."""

    bloc: str
    country: str
    valid_from: date | None = None
    valid_to: date | None = None

    def holds_on(self, day: date) -> bool:
        """Whether it does so on a day."""
        return (self.valid_from is None or self.valid_from <= day) and (self.valid_to is None or day <= self.valid_to)


@dataclass(frozen=True, slots=True)
class Contract:
    """A sales contract, for what a ban on short contracts leaves. [bcm per year]"""

    seller: str
    node: str
    annual_bcm: float
    valid_from: date
    valid_to: date | None


@dataclass(frozen=True, slots=True)
class Ban:
    """A sale (`node`) or a route (`arc`) that does not exist; `*` means every trader. Months are first days."""

    trader: str
    node: str | None
    arc: str | None
    first_month: date
    last_month: date
    measure: str
    reason: str
    source: str
    assumed_continued: bool = False


@dataclass(frozen=True, slots=True)
class Limit:
    """The most a trader may sell at a node in a month. [bcm]"""

    trader: str
    node: str
    month: date
    maximum_bcm: float
    measure: str
    reason: str
    source: str


@dataclass(frozen=True, slots=True)
class Deterrent:
    """What a sanction that only deters does to a trader, node or route: ranges as shares of one, None where unstated."""

    trader: str | None
    node: str | None
    arc: str | None
    first_month: date
    last_month: date
    discount: tuple[float, float] | None
    capacity: tuple[float, float] | None
    measure: str
    reason: str
    source: str


@dataclass(frozen=True)
class MarketEffects:
    """All of it, in a fixed order."""

    bans: tuple[Ban, ...] = ()
    limits: tuple[Limit, ...] = ()
    deterrents: tuple[Deterrent, ...] = ()
    passed_over: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class _Case:
    """What the functions below share."""

    months: Sequence[date]
    traders: Sequence[Trader]
    nodes: Mapping[str, str]  # node -> country
    arcs: Sequence[Arc]
    blocs: Sequence[Bloc]
    contracts: Sequence[Contract]
    licences: Sequence[Licence]
    every: Mapping[str, Measure]
    gated: frozenset[tuple[str, str]]

    def in_force(self, m: Measure, month: date, relieved: Iterable[str]) -> bool:
        """Whether a measure closes something in a month that no licence reopens."""
        day = month.replace(day=15)
        if m.state(day, self.every) not in (IN_FORCE, UNKNOWN):
            return False
        ids = set(relieved)
        return not any(
            m.id in x.measures and not x.partial and ids & set(x.targets) and x.state(day) == IN_FORCE
            for x in self.licences
        )

    def bound(self, jurisdiction: str, month: date) -> list[str]:
        """The nodes that a jurisdiction binds in a month."""
        day = month.replace(day=15)
        countries = {b.country for b in self.blocs if b.bloc == jurisdiction and b.holds_on(day)}
        return [n for n, country in self.nodes.items() if country in countries]


def market_effects(
    measures: Iterable[Measure],
    licences: Iterable[Licence],
    *,
    months: Sequence[date],
    traders: Sequence[Trader],
    nodes: Mapping[str, str],
    arcs: Sequence[Arc],
    blocs: Sequence[Bloc],
    contracts: Sequence[Contract] = (),
    gated: Collection[tuple[str, str]] = (),
) -> MarketEffects:
    """Bans, limits and deterrents of the months given (their first days, in order). `nodes` maps id to country.

    `gated` holds (route or asset, measure) for which a gate of the world already shuts the route; such a route is left
    to its gate, so that what opens the gate opens the flow, and the measure is named under `passed_over`.
    """
    every = {m.id: m for m in measures}
    case = _Case(months, traders, nodes, arcs, blocs, contracts, tuple(licences), every, frozenset(gated))
    bans: list[Ban] = []
    deterrents: list[Deterrent] = []
    passed: dict[str, str] = {}
    imports: list[Measure] = []
    for _, m in sorted(every.items()):
        if m.mode == "prohibits" and m.effect == "import_ban" and _on_gas(m):
            if m.contract == "new":
                passed[m.id] = "bars new contracts; flows are barred by the rows on contract length"
            else:
                imports.append(m)
        elif _by_gates(case, m):
            passed[m.id] = "shuts its routes through the gates that name it"
        elif m.mode == "prohibits" and m.effect in ROUTE_EFFECTS and _routes(case, m):
            bans += _route_bans(case, m)
        elif m.mode == "deters" and (m.discount or m.capacity):
            deterrents += _deterrents(case, m)
        elif m.mode in ("prohibits", "deters"):
            passed[m.id] = f"{m.effect.replace('_', ' ')}: closes no sale or route of the market by itself"
    node_bans, node_limits = _import_bans(case, imports)
    return MarketEffects(
        tuple(sorted(bans + node_bans + _landing_bans(case, imports), key=_ban_order)),
        tuple(sorted(node_limits, key=lambda x: (x.trader, x.node, x.month))),
        tuple(sorted(deterrents, key=lambda d: (d.measure, d.trader or "", d.node or "", d.arc or "", d.first_month))),
        passed,
    )


def _on_gas(m: Measure) -> bool:
    return "any" in m.commodity or bool(set(GAS) & set(m.commodity))


def _covers(m: Measure, commodity: str) -> bool:
    return "any" in m.commodity or commodity in m.commodity


def _origins(m: Measure) -> set[str]:
    return {t.removeprefix("origin:") for t in m.targets if t.startswith("origin:")}


def _import_bans(case: _Case, imports: Sequence[Measure]) -> tuple[list[Ban], list[Limit]]:
    """Per trader, node and month: the measure that closes each commodity, fully or to short contracts."""
    closed: dict[tuple[str, str | None, str | None, str], list[date]] = {}
    limits: list[Limit] = []
    for month in case.months:
        bound = {j: case.bound(j, month) for j in sorted({m.jurisdiction for m in imports})}
        for trader in case.traders:
            touching = [m for m in imports if trader.country in _origins(m)]
            for node in sorted({n for m in touching for n in bound[m.jurisdiction]}):
                relieved = {trader.id, node, trader.entity, f"origin:{trader.country}"} - {""}
                here = [m for m in touching if node in bound[m.jurisdiction] and case.in_force(m, month, relieved)]
                full = {c: _first(here, c, "any", "long") for c in sorted(trader.commodities)}
                short = {c: _first(here, c, "short") for c in sorted(trader.commodities)}
                if full and all(full.values()):
                    # the one that closed the last way
                    measure = max((m for m in full.values() if m), key=lambda m: (m.valid_from or date.min, m.id))
                    closed.setdefault((trader.id, node, None, measure.id), []).append(month)
                    continue
                for commodity, m in full.items():
                    if m is not None:
                        for arc in case.arcs:
                            if arc.to_node == node and arc.commodity == commodity:
                                closed.setdefault((trader.id, None, arc.id, m.id), []).append(month)
                open_ways = [c for c in sorted(trader.commodities) if full[c] is None]
                if open_ways and all(short[c] is not None for c in open_ways):
                    m = next(m for c in open_ways if (m := short[c]) is not None)
                    allowed = _long_contracts(case, trader.id, node, month) / 12.0
                    if allowed <= 0.0:
                        closed.setdefault((trader.id, node, None, m.id), []).append(month)
                    else:
                        limits.append(
                            Limit(
                                trader.id,
                                node,
                                month,
                                allowed,
                                m.id,
                                f"{_reason(m)}; long contracts of {12 * allowed:.2f} bcm a year remain",
                                m.source,
                            )
                        )
    bans = [
        _ban(case, case.every[measure], trader, node, arc, first, last)
        for (trader, node, arc, measure), when in closed.items()
        for first, last in _runs(case.months, when)
    ]
    return bans, limits


def _landing_bans(case: _Case, imports: Sequence[Measure]) -> list[Ban]:
    """Legs on which nobody may land LNG of a barred origin, whoever sells it and wherever it would be piped on.

    LNG has the origin of the country where it was loaded: without this, a neighbour's gas liquefied there would take the
    place of the barred seller's, and the barred seller's would land for a market further on.
    """
    closed: dict[tuple[str, str], list[date]] = {}
    for month in case.months:
        bound = {j: set(case.bound(j, month)) for j in sorted({m.jurisdiction for m in imports})}
        for arc in (a for a in case.arcs if a.loads_in):
            relieved = {arc.id, arc.to_node, f"origin:{arc.loads_in}"}
            relieved |= {x for t in case.traders if t.country == arc.loads_in for x in (t.id, t.entity)} - {""}
            here = [
                m
                for m in imports
                if arc.loads_in in _origins(m)
                and arc.to_node in bound[m.jurisdiction]
                and case.in_force(m, month, relieved)
            ]
            measure = _first(here, arc.commodity, "any", "long")
            if measure is not None:
                closed.setdefault((arc.id, measure.id), []).append(month)
    return [
        _ban(case, case.every[measure], "*", None, arc, first, last)
        for (arc, measure), when in closed.items()
        for first, last in _runs(case.months, when)
    ]


def _first(here: Sequence[Measure], commodity: str, *contracts: str) -> Measure | None:
    """The oldest measure in force on a commodity and kind of contract."""
    hits = [m for m in here if _covers(m, commodity) and m.contract in contracts]
    return min(hits, key=lambda m: (m.valid_from or date.min, m.id), default=None)


def _long_contracts(case: _Case, seller: str, node: str, month: date) -> float:
    """What contracts longer than a year allow at a node, in the month. [bcm per year]"""
    day = month.replace(day=15)
    return sum(
        c.annual_bcm
        for c in case.contracts
        if c.seller == seller
        and c.node == node
        and c.valid_from <= day
        and (c.valid_to is None or day <= c.valid_to)
        and (c.valid_to is None or (c.valid_to - c.valid_from).days >= LONG_CONTRACT_DAYS)
    )


def _routes(case: _Case, m: Measure) -> list[Arc]:
    """The arcs that a measure names, by id or by the asset they belong to, without those left to a gate."""
    return [a for a in _named_routes(case, m) if not {(a.id, m.id), (a.asset, m.id)} & case.gated]


def _named_routes(case: _Case, m: Measure) -> list[Arc]:
    named = set(m.targets)
    return [a for a in case.arcs if a.id in named or a.asset in named]


def _by_gates(case: _Case, m: Measure) -> bool:
    """Whether every route that a measure names is shut by a gate that names the measure."""
    return bool(_named_routes(case, m)) and not _routes(case, m)


def _route_bans(case: _Case, m: Measure) -> list[Ban]:
    """Routes shut to the sellers that a measure names as `trader:ID`, to everybody where it names none."""
    barred = sorted(t.id for t in case.traders if f"trader:{t.id}" in m.targets) or ["*"]
    bans = []
    for arc in _routes(case, m):
        when = [month for month in case.months if case.in_force(m, month, {arc.id, arc.asset} - {""})]
        for trader in barred:
            bans += [_ban(case, m, trader, None, arc.id, first, last) for first, last in _runs(case.months, when)]
    return bans


def _deterrents(case: _Case, m: Measure) -> list[Deterrent]:
    named = set(m.targets)
    places: list[tuple[str | None, str | None, str | None]] = []
    places += [(t.id, None, None) for t in case.traders if f"trader:{t.id}" in named]
    places += [(None, n, None) for n in case.nodes if n in named]
    places += [(None, None, a.id) for a in _routes(case, m)]
    rows = []
    for trader, node, arc in places:
        relieved = {x for x in (trader, node, arc) if x} | {t for t in m.targets if t in (f"trader:{trader}", arc)}
        when = [month for month in case.months if case.in_force(m, month, relieved)]
        for first, last in _runs(case.months, when):
            rows.append(Deterrent(trader, node, arc, first, last, m.discount, m.capacity, m.id, _reason(m), m.source))
    return rows


def _ban(case: _Case, m: Measure, trader: str, node: str | None, arc: str | None, first: date, last: date) -> Ban:
    continued = any(
        m.state(month.replace(day=15), case.every) == UNKNOWN for month in case.months if first <= month <= last
    )
    return Ban(trader, node, arc, first, last, m.id, _reason(m), m.source, continued)


def _reason(m: Measure) -> str:
    return f"{m.object} ({m.cites}) [{m.id}; {m.source}]"


def _runs(months: Sequence[date], chosen: Iterable[date]) -> list[tuple[date, date]]:
    """Stretches of neighbouring months."""
    wanted = set(chosen)
    runs: list[tuple[date, date]] = []
    previous: date | None = None
    for month in months:
        if month in wanted:
            if previous is not None and runs and runs[-1][1] == previous:
                runs[-1] = (runs[-1][0], month)
            else:
                runs.append((month, month))
        previous = month
    return runs


def _ban_order(b: Ban) -> tuple[str, str, str, date, str]:
    return (b.trader, b.node or "", b.arc or "", b.first_month, b.measure)
