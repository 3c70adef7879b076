"""What does a solved year say about a published series? (SolvedYear + metric + item -> value, or why not)

Each metric is one small function. Where a published series measures something else than the model's quantity (send-out instead of landed
LNG, an oil-indexed contract price instead of a spot price) the docstring says so. Values in bcm, USD/MMBtu or percent.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from polynya.calibration.places import EU27, countries_of, nodes_of
from polynya.calibration.year import SolvedYear
from polynya.world import World
from polynya.world.world import MODEL

# What ENTSOG's terminals send out over what the importers' statistics say was landed: (81.15 + 67.4) / (89.5 + 79.3) in 2019
# and 2021 for the Union, (16.66 + 13.47) / (17.11 + 15.03) for the United Kingdom; both base years.
SENDOUT_OVER_LANDED = {"EU": 0.88, "GB": 0.94}
# British offshore gas that lands with Norwegian gas and is metered with it, as a share of British output: (39.85 metered less 26.63
# traded by pipe) / 39.29 bcm in the base year 2019.
BRITISH_WITH_NORWEGIAN = 0.336
# Since 2020 buyers in Ukraine may take gas out of the transit before it leaves ("virtual reverse"), so that meters show what is left: by border, what
# part of the way back is taken so. 2020: 1.0 of 1.043 bcm from Poland, 1.3 of 2.408 from Hungary, 0.219 of 4.605 from Slovakia by 15 July
# (censor-ua-import-2020, the operator). 2021: 93 % of the first seven months, from Poland and Hungary (myua-import-2021-08).
TAKEN_BEFORE_THE_BORDER: Mapping[int, Mapping[str, float]] = {
    2020: {"PL": 0.96, "HU": 0.54, "SK": 0.05},
    2021: {"PL": 1.0, "HU": 1.0},
}
# The published series has no entry from Ukraine into Hungary from the middle of 2020 to the end of 2021: share of a year that is in it.
HUNGARIAN_ENTRY = {2020: 0.5, 2021: 0.0}
# Gas that crosses the border of the United States and Canada both ways, which one Canadian node cannot show: what was sent north in the base
# years (24.57 and 25.55 bcm; Ontario and Quebec used 3.1 Bcf/d in 2020, of which 1.1 came from western Canada: CER snapshot of 2021-06-30).
# The north-west of Kazakhstan is fed from Russia against gas elsewhere, which one Kazakh node cannot show: 5.13 and 2.70 bcm from Russia in the base years.
BOTH_WAYS = {("CA", "US"): 25.1, ("US", "CA"): 25.1, ("RU", "KZ"): 3.9, ("KZ", "RU"): 3.9}
# A pair whose published figure of some years holds the gas that passes through too. Of the 20.59 bcm from Kazakhstan to Russia in 2019 at most 7.3 can be its
# own beside what is swapped (output 33.5, use 19.7, 6.5 to China); from 2020 on Turkmen gas is printed by itself.
WITH_TRANSIT = {("KZ", "RU"): (2019,)}
# Countries whose LNG output in a year is an input: availability rests on what was exported then (docs/data/lng.md).
GIVEN_EXPORTS = {
    2019: "DZ EG TT NG AO ID BN MY PE AE", 2020: "DZ EG TT NG AO ID BN MY PE AE", 2021: "US DZ EG TT NG AO ID BN MY PE AE",
    2022: "EG NG", 2023: "DZ NG RU", 2024: "DZ NG RU", 2025: "DZ RU",
}  # fmt: skip
# Countries that pass others' gas on: a flow at their border is not their own gas.
TRANSIT = frozenset("UA BY KZ UZ TR GE TN MA DE AT SK CZ HU NL BE FR IT PL CH ES BG RS RO GR DK TM".split())


Kind = Literal["sent", "delivered", "price", "consumption", "production"]


# Pairs whose gas runs in lines of its own: what a line of a chain carries more than the one before comes from the country between.
DEDICATED: Mapping[tuple[str, str], tuple[tuple[str, float], ...]] = {
    ("TM", "CN"): (("cagp-tm-uz", 1.0),),
    ("UZ", "CN"): (("cagp-uz-kz", 1.0), ("cagp-tm-uz", -1.0)),
    ("KZ", "CN"): (("cagp-kz-cn", 1.0), ("cagp-uz-kz", -1.0)),
    ("TM", "RU"): (("okarem-beyneu", 1.0),),
    ("UZ", "RU"): (("cac-uz-kz", 1.0),),
    ("KZ", "RU"): (("cac-kz-ru", 1.0), ("cac-uz-kz", -1.0), ("okarem-beyneu", -1.0)),
    ("DZ", "IT"): (("transmed-tn-it", 1.0),),
    ("DZ", "ES"): (("medgaz", 1.0), ("maghreb-europe-ma-es", 1.0)),
    ("LY", "IT"): (("greenstream", 1.0),),
    ("AZ", "TR"): (("tanap-ge-tr", 1.0), ("scp-ge-tr", 1.0), ("tap-tr-gr", -1.0)),
    ("IR", "TR"): (("ir-tr", 1.0),),
    ("RU", "TR"): (("blue-stream", 1.0), ("turkstream-1", 1.0), ("strandzha-bg-tr", 1.0)),
}


@dataclass(frozen=True, slots=True)
class Term:
    """`weight` times a quantity of the year: what is sent over or delivered by an arc, used or made at a node, or a node's mean price."""

    kind: Kind
    id: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Reading:
    """A series as a sum over quantities of the model: linear, so that calibration can follow it. `input`: given, not found."""

    terms: tuple[Term, ...]
    input: bool = False
    note: str = ""
    floor: bool = False  # a net flow that statistics print only where it is positive
    constant: float = 0.0  # what the published series counts beside the model's quantities


@dataclass(frozen=True, slots=True)
class Said:
    """A value of the model. `input`: given to it, not found by it. `note`: what the reader should know of the definition."""

    value: float
    input: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True)
class Unanswered:
    """Why the model has nothing to say."""

    reason: str


Answer = Said | Unanswered


@dataclass(frozen=True)
class Frame:
    """What a reading needs to know of a year: the nodes of the world, and arc -> (from, to, kind)."""

    year: int
    world: World
    arcs: Mapping[str, tuple[str, str, str]]


def answer(solved: SolvedYear, metric: str, item: str) -> Answer:
    """The model's value of a series, or the reason why it has none."""
    key = metric.strip().lower()
    whole = WHOLE.get(key)
    if whole is not None:
        return whole(solved, item)
    found = reading(frame_of(solved), metric, item)
    if isinstance(found, Unanswered):
        other = _by_origin(solved, item) if key == "pipeline_bilateral" else None
        return other or found
    value = found.constant + sum(t.weight * _quantity(solved, t) for t in found.terms)
    return Said(max(0.0, value) if found.floor else value, found.input, found.note)


def frame_of(solved: SolvedYear) -> Frame:
    """The part of a solved year that says which arcs there are."""
    return Frame(solved.year, solved.world, {a: v[:3] for a, v in solved.arcs.items()})


def reading(frame: Frame, metric: str, item: str) -> Reading | Unanswered:
    """A series as a sum over the model's quantities, where it is one."""
    read = METRICS.get(metric.strip().lower())
    if read is None:
        return Unanswered(f'the model has no metric "{metric}"; known: {", ".join(sorted({*METRICS, *WHOLE}))}')
    return read(frame, item)


def _quantity(solved: SolvedYear, term: Term) -> float:
    if term.kind == "sent":
        return solved.arcs[term.id][3]
    if term.kind == "delivered":
        return solved.arcs[term.id][4]
    if term.kind == "price":
        return solved.prices[term.id]
    values = solved.consumption if term.kind == "consumption" else solved.production
    return values.get(term.id, 0.0)


def _unknown(item: str) -> Unanswered:
    return Unanswered(f'"{item}" is not a place or route that the world has a node for')


def _eu(frame: Frame) -> tuple[str, ...]:
    return nodes_of(frame.world, "EU27") or ()


def _pipes(frame: Frame, starts: Iterable[str], ends: Iterable[str], weight: float = 1.0) -> tuple[Term, ...]:
    start, end = set(starts), set(ends)
    return tuple(
        Term("delivered", a, weight)
        for a, (i, j, kind) in frame.arcs.items()
        if kind == "pipeline" and i in start and j in end
    )


def _lines(frame: Frame, *names: str) -> tuple[Term, ...]:
    return tuple(Term("delivered", a) for a in frame.arcs if a in names)


def _ships(
    frame: Frame, starts: Iterable[str], ends: Iterable[str], what: Kind = "delivered", weight: float = 1.0
) -> tuple[Term, ...]:
    start, end = {f"{n}@FOB" for n in starts}, {f"{n}@DES" for n in ends}
    return tuple(
        Term(what, a, weight) for a, (i, j, kind) in frame.arcs.items() if kind == "ship" and i in start and j in end
    )


def _all(frame: Frame) -> list[str]:
    return frame.world.table("nodes")["id"].to_list()


def _route(frame: Frame, item: str) -> Reading | Unanswered:
    """Physical entries at the Union's (or the United Kingdom's) border, by route."""
    eu, key = _eu(frame), item.lower()
    russia = nodes_of(frame.world, "Russian Federation") or ()
    cut = frame.year >= 2022
    dated = "cuts and closures of the line are dated inputs" if cut else ""
    if key.startswith("nord stream"):
        return Reading(tuple(Term("delivered", a) for a in frame.arcs if a.startswith("nord-stream-")), cut, dated)
    if key.startswith("yamal"):
        return Reading(_pipes(frame, ["BY"], ["PL"]), cut, dated)
    if key.startswith("ukraine"):
        share = HUNGARIAN_ENTRY.get(frame.year, 1.0)
        terms = [*_pipes(frame, ["UA"], [n for n in eu if n != "HU"]), *_pipes(frame, ["UA"], ["HU"], share)]
        for border, part in TAKEN_BEFORE_THE_BORDER.get(min(frame.year, 2021), {}).items():
            terms += _pipes(frame, [border], ["UA"], -part * (share if border == "HU" else 1.0))
        return Reading(tuple(terms), note="as the meters count it: only what is taken before the border is taken off")
    if key.startswith("turkstream"):
        return Reading(_lines(frame, "strandzha-2"))
    if key.startswith("russia direct"):
        return Reading(_pipes(frame, [*russia, "BY"], ["FI", "EE", "LV", "LT"]), cut, dated)
    if key == "norway->uk":
        note = f"with {BRITISH_WITH_NORWEGIAN} of British output, which lands and is metered with it"
        return Reading((*_pipes(frame, ["NO"], ["GB"]), Term("production", "GB", BRITISH_WITH_NORWEGIAN)), note=note)
    if key == "norway":
        return Reading(_pipes(frame, ["NO"], eu))
    if key == "algeria":
        return Reading(_pipes(frame, ["DZ", "TN", "MA"], eu))
    if key == "libya":
        return Reading(_pipes(frame, ["LY"], eu))
    if key.startswith("azerbaijan"):
        return Reading(_lines(frame, "tap-tr-gr"))
    for name, nodes, group in (("lng->eu27", eu, "EU"), ("lng->uk", ("GB",), "GB")):
        if key == name:
            share = SENDOUT_OVER_LANDED[group]
            note = f"landed LNG times {share}: what terminals' meters show of it"
            return Reading(_ships(frame, _all(frame), nodes, weight=share), note=note)
    return _unknown(item)


RUSSIAN_ROUTES = ("Nord Stream", "Yamal-Europe", "Ukraine transit", "TurkStream", "Russia direct")


def _pipeline_supplier(frame: Frame, item: str) -> Reading | Unanswered:
    """Pipeline gas into the Union by supplier: physical entries of the supplier's routes."""
    nodes = nodes_of(frame.world, item)
    if nodes is None:
        return _unknown(item)
    country = countries_of(frame.world, nodes)
    if country == {"RU"}:
        parts = [_route(frame, name) for name in RUSSIAN_ROUTES]
        return Reading(tuple(t for r in parts if isinstance(r, Reading) for t in r.terms))
    if country == {"AZ"}:
        return _route(frame, "Azerbaijan")
    if country == {"DZ"}:
        return _route(frame, "Algeria")
    if country & EU27:
        return Unanswered("trade inside the Union is not an import of the Union")
    return Reading(_pipes(frame, nodes, _eu(frame)))


def _lng_total_eu(frame: Frame, item: str) -> Reading | Unanswered:
    """LNG landed in the Union."""
    if nodes_of(frame.world, item) is None:
        return _unknown(item)
    return Reading(_ships(frame, _all(frame), _eu(frame)))


def _lng_supplier_eu(frame: Frame, item: str) -> Reading | Unanswered:
    """LNG landed in the Union by country of loading."""
    nodes = nodes_of(frame.world, item.split(" (")[0])
    return _unknown(item) if nodes is None else Reading(_ships(frame, nodes, _eu(frame)))


def _pair(world: World, item: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    names = [p.strip() for p in item.replace("→", "->").split("->")]
    if len(names) != 2:
        return None
    start, end = (nodes_of(world, n) for n in names)
    return None if start is None or end is None else (start, end)


def _lng_pair(frame: Frame, item: str) -> Reading | Unanswered:
    """LNG from one country landed in another, or in a region."""
    pair = _pair(frame.world, item)
    return _unknown(item) if pair is None else Reading(_ships(frame, *pair))


def _pipeline_pair(frame: Frame, item: str) -> Reading | Unanswered:
    """Pipeline gas from one country to another as the flow at their border, where neither passes others' gas on."""
    if item.lower() == "power of siberia":
        return Reading(_lines(frame, "power-of-siberia"))
    pair = _pair(frame.world, item)
    if pair is None:
        return _unknown(item)
    starts, ends = pair
    exporter, importer = countries_of(frame.world, starts), countries_of(frame.world, ends)
    if len(exporter) == len(importer) == 1:
        ends_of = (next(iter(exporter)), next(iter(importer)))
        lines = DEDICATED.get(ends_of)
        if lines:
            swapped = BOTH_WAYS.get(ends_of, 0.0)
            whole = frame.year in WITH_TRANSIT.get(ends_of, ())
            read = tuple(Term("delivered", a, w) for a, w in lines if a in frame.arcs and not (whole and w < 0.0))
            return Reading(read, note=_crossing(swapped), floor=True, constant=swapped)
    terms = _pipes(frame, starts, ends)
    if len(exporter) == len(importer) == 1:
        crossing = BOTH_WAYS.get((next(iter(exporter)), next(iter(importer))), 0.0)
        if crossing:
            return Reading(terms, note=_crossing(crossing), constant=crossing)
    if terms and not exporter & TRANSIT and not importer & TRANSIT:
        return Reading(terms)
    return Unanswered("one of the two passes others' gas on")


def _crossing(bcm: float) -> str:
    return f"with {bcm:g} bcm that cross both ways every year" if bcm else ""


def _by_origin(solved: SolvedYear, item: str) -> Answer | None:
    """Pipeline gas of one country used in another: a convention (average mixing) where gas of price takers passes through."""
    pair = _pair(solved.world, item)
    if pair is None:
        return None
    starts, ends = pair
    exporter, wanted = countries_of(solved.world, starts), set(ends)
    used = sum(v for (c, n), v in solved.origins.items() if c in exporter and n in wanted)
    shipped = sum(solved.arcs[t.id][4] for t in _ships(frame_of(solved), starts, ends))
    return Said(max(0.0, used - shipped), note="gas of that origin used there, by average mixing")


def _lng_import(frame: Frame, item: str) -> Reading | Unanswered:
    """LNG landed, before the terminal's own use. Trade inside a region counts, as in the publishers' tables."""
    nodes = nodes_of(frame.world, item)
    return _unknown(item) if nodes is None else Reading(_ships(frame, _all(frame), nodes))


def _lng_export(frame: Frame, item: str) -> Reading | Unanswered:
    """LNG loaded."""
    nodes = nodes_of(frame.world, item)
    if nodes is None:
        return _unknown(item)
    given = countries_of(frame.world, nodes) <= set(GIVEN_EXPORTS.get(frame.year, "").split())
    note = "availability of the plants rests on what was exported" if given else ""
    return Reading(_ships(frame, nodes, _all(frame), "sent"), given, note)


def _at_nodes(kind: Kind, nodes: Iterable[str], given: bool = False, note: str = "") -> Reading:
    return Reading(tuple(Term(kind, n) for n in nodes), given, note)


def _consumption(frame: Frame, item: str) -> Reading | Unanswered:
    """Use. The year's observed use is where the demand curve lies, so this is an input and hardly moves."""
    nodes = nodes_of(frame.world, item)
    if nodes is None:
        return _unknown(item)
    return _at_nodes("consumption", nodes, True, "the demand curve lies at the year's observed use")


def _production(frame: Frame, item: str) -> Reading | Unanswered:
    """Marketed production."""
    nodes = nodes_of(frame.world, item)
    return _unknown(item) if nodes is None else _at_nodes("production", nodes)


def _price(frame: Frame, item: str) -> Reading | Unanswered:
    """Mean of the twelve monthly prices. Asia's spot is the mean of Japan and Korea."""
    key = item.lower()
    hubs: tuple[str, ...]
    if "ttf" in key or key == "europe":
        hubs = ("NL",)
    elif "jkm" in key or "spot" in key:
        hubs = ("JP", "KR")
    elif "henry hub" in key:
        hubs = ("US-GULF",)
    elif "japan" in key:
        return _oil_indexed(frame)
    else:
        return Unanswered(f'"{item}" is no hub of the model')
    return Reading(tuple(Term("price", h, 1.0 / len(hubs)) for h in hubs))


def _oil_indexed(frame: Frame) -> Reading | Unanswered:
    """Japan's mean import price: contracts that follow crude with a lag, and a rest at the spot price of the market.

    P = s (a B + c) + (1 - s) P_spot, with share s, slope a and constant c [USD/MMBtu] as facts of the world, and B the year's Brent
    [USD/bbl] lagged by m months: (12 - m)/12 of the year's mean and m/12 of the year before's.
    """
    names = ("oil_slope", "constant_usd_per_mmbtu", "oil_lag_months", "term_share")
    day = date(frame.year, 1, 1)
    found = [frame.world.resolve(MODEL, f"parameter_japan_lng_{n}", day) for n in names]
    found += [
        frame.world.resolve(MODEL, "parameter_brent_usd_per_bbl", day.replace(year=y)) for y in (day.year, day.year - 1)
    ]
    slope, constant, lag, share, now, before = (f.value if f else math.nan for f in found)
    if math.isnan(slope + constant + lag + share + now + before):
        return Unanswered(
            "a contract price, mostly indexed to oil; Brent of the year or of the year before is not known"
        )
    contract = slope * ((12.0 - lag) * now + lag * before) / 12.0 + constant
    return Reading(
        (Term("price", "JP", 1.0 - share),),
        input=True,  # most of it is Brent's price, which the model is given: no hub price to be scored with the others, nor to be fitted
        note=f"{share:.0%} at {slope:g} of Brent {lag:g} months before and {constant:g} USD/MMBtu, the rest at the spot price",
        constant=share * contract,
    )


def _storage_fill(solved: SolvedYear, item: str) -> Answer:
    """Stock of the Union's stores at the beginning of a day in per cent of working gas; a first of the month only."""
    months = "jan feb mar apr may jun jul aug sep oct nov dec".split()
    words = item.lower().split()
    if len(words) != 2 or words[0] != "1" or words[1][:3] not in months:
        return Unanswered("only the first of a month can be answered")
    eu = set(nodes_of(solved.world, "EU27") or ())
    before = months.index(words[1][:3])
    if before == 0:
        return Said(_first_fill(solved, eu), input=True, note="stock on the first day is given")
    name = f"{solved.year}-{before:02d}"
    parts = [v for (node, period), v in solved.stocks.items() if period == name and node in eu]
    return Said(100.0 * sum(p[0] for p in parts) / sum(p[1] for p in parts))


def _first_fill(solved: SolvedYear, eu: set[str]) -> float:
    node_of = dict(solved.world.table("assets").select("id", "node").iter_rows())
    stores = solved.cases[0].problem.storage.iter_rows(named=True)
    rows = [r for r in stores if r["initial"] is not None and node_of[r["storage"]] in eu]
    return 100.0 * float(sum(r["initial"] for r in rows)) / float(sum(r["working"] for r in rows))


def _demand_of(name: str) -> Callable[[Frame, str], Reading | Unanswered]:
    return lambda frame, item: _consumption(frame, name)


METRICS: Mapping[str, Callable[[Frame, str], Reading | Unanswered]] = {
    "eu27_import_by_route": _route,
    "eu27_pipeline_import_by_supplier": _pipeline_supplier,
    "eu27_lng_import_total": _lng_total_eu,
    "eu27_lng_import_by_supplier": _lng_supplier_eu,
    "pipeline_bilateral": _pipeline_pair,
    "lng_bilateral": _lng_pair,
    "lng_import": _lng_import,
    "lng_export": _lng_export,
    "consumption": _consumption,
    "production": _production,
    "price_annual_avg": _price,
    "eu27_demand": _demand_of("EU27"),
    "uk_demand": _demand_of("United Kingdom"),
}
# Series that are no sum over the year's quantities.
WHOLE: Mapping[str, Callable[[SolvedYear, str], Answer]] = {"eu_storage_fill": _storage_fill}
