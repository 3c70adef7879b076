"""What does a solved year say about a published series? (SolvedYear + metric + item -> value, or why not)

Each metric is one small function. Where a published series measures something else than the model's quantity (send-out instead of landed
LNG, an oil-indexed contract price instead of a spot price) the docstring says so. Values in bcm, USD/MMBtu or percent.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from polynya.calibration.places import EU27, countries_of, nodes_of
from polynya.calibration.year import SolvedYear

# What ENTSOG's terminals send out over what the importers' statistics say was landed: (81.15 + 67.4) / (89.5 + 79.3) in 2019
# and 2021 for the Union, (16.66 + 13.47) / (17.11 + 15.03) for the United Kingdom; both base years.
SENDOUT_OVER_LANDED = {"EU": 0.88, "GB": 0.94}
# Countries whose LNG output in a year is an input: availability rests on what was exported then (docs/data/lng.md).
GIVEN_EXPORTS = {
    2019: "DZ EG TT NG AO ID BN MY PE AE", 2020: "DZ EG TT NG AO ID BN MY PE AE", 2021: "US DZ EG TT NG AO ID BN MY PE AE",
    2022: "EG NG", 2023: "DZ NG RU", 2024: "DZ NG RU", 2025: "DZ RU",
}  # fmt: skip
# Countries that pass others' gas on: a flow at their border is not their own gas.
TRANSIT = frozenset("UA BY KZ UZ TR GE TN MA DE AT SK CZ HU NL BE FR IT PL CH ES BG RS RO GR DK TM".split())


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


def answer(solved: SolvedYear, metric: str, item: str) -> Answer:
    """The model's value of a series, or the reason why it has none."""
    read = METRICS.get(metric.strip().lower())
    if read is None:
        return Unanswered(f'the model has no metric "{metric}"; known: {", ".join(sorted(METRICS))}')
    return read(solved, item)


def _unknown(item: str) -> Unanswered:
    return Unanswered(f'"{item}" is not a place or route that the world has a node for')


def _eu(solved: SolvedYear) -> tuple[str, ...]:
    return nodes_of(solved.world, "EU27") or ()


def _outside(solved: SolvedYear) -> set[str]:
    return set(solved.world.table("nodes")["id"]) - set(_eu(solved))


def _between(solved: SolvedYear, starts: Iterable[str], ends: Iterable[str]) -> float:
    start, end = set(starts), set(ends)
    return sum(v for (a, b), v in solved.pipes.items() if a in start and b in end)


def _shipped(solved: SolvedYear, starts: Iterable[str], ends: Iterable[str]) -> float:
    start, end = set(starts), set(ends)
    return sum(landed for (a, b), (_, landed) in solved.ships.items() if a in start and b in end)


def _sent_out(solved: SolvedYear, nodes: Iterable[str], share: float) -> Said:
    wanted = set(nodes)
    landed = sum(v for (_, b), (_, v) in solved.ships.items() if b in wanted)
    return Said(share * landed, note=f"landed LNG times {share}, what terminals' meters show of it")


def _route(solved: SolvedYear, item: str) -> Answer:
    """Physical entries at the Union's (or the United Kingdom's) border, by route."""
    eu = _eu(solved)
    russia = nodes_of(solved.world, "Russian Federation") or ()
    key = item.lower()
    if key.startswith("nord stream"):
        return Said(
            sum(v[4] for a, v in solved.arcs.items() if a.startswith("nord-stream-")),
            input=solved.year >= 2022,
            note="limits of the line are dated inputs" if solved.year >= 2022 else "",
        )
    if key.startswith("yamal"):
        return Said(
            _between(solved, ["BY"], ["PL"]),
            input=solved.year >= 2022,
            note="closed by dated gates" if solved.year >= 2022 else "",
        )
    if key.startswith("ukraine"):
        return Said(
            max(0.0, _between(solved, ["UA"], eu) - _between(solved, eu, ["UA"])), note="net of what flows back"
        )
    if key.startswith("turkstream"):
        return Said(sum(v[4] for a, v in solved.arcs.items() if a in ("strandzha-2", "strandzha-1-tr-bg")))
    if key.startswith("russia direct"):
        closed = solved.year >= 2022
        ends = [n for n in eu if n in ("FI", "EE", "LV", "LT")]
        return Said(
            _between(solved, [*russia, "BY"], ends), input=closed, note="closed by dated gates" if closed else ""
        )
    if key == "norway->uk":
        return Said(_between(solved, ["NO"], ["GB"]))
    if key == "norway":
        return Said(_between(solved, ["NO"], eu))
    if key == "algeria":
        return Said(_between(solved, ["DZ", "TN", "MA"], eu))
    if key == "libya":
        return Said(_between(solved, ["LY"], eu))
    if key.startswith("azerbaijan"):
        return Said(sum(v[4] for a, v in solved.arcs.items() if a == "tap-tr-gr"))
    if key in ("lng->eu27", "lng"):
        return _sent_out(solved, eu, SENDOUT_OVER_LANDED["EU"])
    if key == "lng->uk":
        return _sent_out(solved, ["GB"], SENDOUT_OVER_LANDED["GB"])
    return _unknown(item)


def _pipeline_supplier(solved: SolvedYear, item: str) -> Answer:
    """Pipeline gas into the Union by supplier: physical entries of the supplier's routes."""
    nodes = nodes_of(solved.world, item)
    if nodes is None:
        return _unknown(item)
    country = countries_of(solved.world, nodes)
    eu = _eu(solved)
    if country == {"RU"}:
        routes = ("Nord Stream", "Yamal-Europe", "Ukraine transit", "TurkStream", "Russia direct")
        return Said(sum(r.value for r in (_route(solved, name) for name in routes) if isinstance(r, Said)))
    if country == {"AZ"}:
        return _route(solved, "Azerbaijan")
    if country == {"DZ"}:
        return _route(solved, "Algeria")
    if country & EU27:
        return Unanswered("trade inside the Union is not an import of the Union")
    return Said(_between(solved, nodes, eu))


def _lng_total_eu(solved: SolvedYear, item: str) -> Answer:
    """LNG landed in the Union."""
    if nodes_of(solved.world, item) is None and item.lower() != "all":
        return _unknown(item)
    return Said(_shipped(solved, solved.world.table("nodes")["id"], _eu(solved)))


def _lng_supplier_eu(solved: SolvedYear, item: str) -> Answer:
    """LNG landed in the Union by country of loading."""
    nodes = nodes_of(solved.world, item.split(" (")[0])
    return _unknown(item) if nodes is None else Said(_shipped(solved, nodes, _eu(solved)))


def _pair(solved: SolvedYear, item: str) -> tuple[tuple[str, ...], tuple[str, ...]] | None:
    names = [p.strip() for p in item.replace("→", "->").split("->")]
    if len(names) != 2:
        return None
    start, end = (nodes_of(solved.world, n) for n in names)
    return None if start is None or end is None else (start, end)


def _lng_pair(solved: SolvedYear, item: str) -> Answer:
    """LNG from one country landed in another, or in a region."""
    pair = _pair(solved, item)
    return _unknown(item) if pair is None else Said(_shipped(solved, *pair))


def _pipeline_pair(solved: SolvedYear, item: str) -> Answer:
    """Pipeline gas from one country to another: flow at their border; where one of them passes others' gas on, gas of that origin used there.

    Origin is by average mixing, so it is a convention for price takers' gas.
    """
    if item.lower() == "power of siberia":
        return Said(sum(v[4] for a, v in solved.arcs.items() if a == "power-of-siberia"))
    pair = _pair(solved, item)
    if pair is None:
        return _unknown(item)
    starts, ends = pair
    exporter, importer = countries_of(solved.world, starts), countries_of(solved.world, ends)
    joined = any(a in starts and b in ends for a, b in solved.pipes)
    if joined and not exporter & TRANSIT and not importer & TRANSIT:
        return Said(_between(solved, starts, ends))
    wanted = set(ends)
    used = sum(v for (c, n), v in solved.origins.items() if c in exporter and n in wanted)
    return Said(
        max(0.0, used - _shipped(solved, starts, ends)), note="gas of that origin used there, by average mixing"
    )


def _lng_import(solved: SolvedYear, item: str) -> Answer:
    """LNG landed, before the terminal's own use. Trade inside a region counts, as in the publishers' tables."""
    nodes = nodes_of(solved.world, item)
    return _unknown(item) if nodes is None else Said(_shipped(solved, solved.world.table("nodes")["id"], nodes))


def _lng_export(solved: SolvedYear, item: str) -> Answer:
    """LNG loaded."""
    nodes = nodes_of(solved.world, item)
    if nodes is None:
        return _unknown(item)
    wanted = set(nodes)
    given = countries_of(solved.world, nodes) <= set(GIVEN_EXPORTS.get(solved.year, "").split())
    note = "availability of the plants rests on what was exported" if given else ""
    return Said(sum(loaded for (a, _), (loaded, _) in solved.ships.items() if a in wanted), input=given, note=note)


def _sum(values: Mapping[str, float], nodes: Iterable[str]) -> float:
    return sum(values.get(n, 0.0) for n in nodes)


def _consumption(solved: SolvedYear, item: str) -> Answer:
    """Use. The year's observed use is where the demand curve lies, so this is an input and hardly moves."""
    nodes = nodes_of(solved.world, item)
    if nodes is None:
        return _unknown(item)
    return Said(_sum(solved.consumption, nodes), input=True, note="the demand curve lies at the year's observed use")


def _production(solved: SolvedYear, item: str) -> Answer:
    """Marketed production."""
    nodes = nodes_of(solved.world, item)
    return _unknown(item) if nodes is None else Said(_sum(solved.production, nodes))


def _price(solved: SolvedYear, item: str) -> Answer:
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
        return Unanswered("a contract price, mostly indexed to oil: the market's spot price must not be put beside it")
    else:
        return Unanswered(f'"{item}" is no hub of the model')
    return Said(sum(solved.prices[h] for h in hubs) / len(hubs))


def _storage_fill(solved: SolvedYear, item: str) -> Answer:
    """Stock of the Union's stores at the beginning of a day in per cent of working gas; a first of the month only."""
    months = "jan feb mar apr may jun jul aug sep oct nov dec".split()
    words = item.lower().split()
    if len(words) != 2 or words[0] != "1" or words[1][:3] not in months:
        return Unanswered("only the first of a month can be answered")
    before = months.index(words[1][:3])
    if before == 0:
        return Said(_first_fill(solved), input=True, note="stock on the first day is given")
    name = f"{solved.year}-{before:02d}"
    eu = set(_eu(solved))
    parts = [v for (node, period), v in solved.stocks.items() if period == name and node in eu]
    return Said(100.0 * sum(p[0] for p in parts) / sum(p[1] for p in parts))


def _first_fill(solved: SolvedYear) -> float:
    eu = set(_eu(solved))
    case = solved.cases[0]
    node_of = dict(solved.world.table("assets").select("id", "node").iter_rows())
    rows = [
        r
        for r in case.problem.storage.iter_rows(named=True)
        if r["initial"] is not None and node_of[r["storage"]] in eu
    ]
    return 100.0 * float(sum(r["initial"] for r in rows)) / float(sum(r["working"] for r in rows))


def _demand_of(name: str) -> Callable[[SolvedYear, str], Answer]:
    return lambda solved, item: _consumption(solved, name)


METRICS: Mapping[str, Callable[[SolvedYear, str], Answer]] = {
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
    "eu_storage_fill": _storage_fill,
}
