"""Which numbers may calibration move, how far, and why? (world + targets -> parameters with priors)

Four kinds: frictions of ways (what keeps gas from the way that is cheapest on paper: contracts, quality, habit), cost of a supply, and
conduct. Beside them every way of LNG, and every calibrated pipeline, gets a fixed rise of cost with what is sent over it: the first cargo to a
country is dearer to replace than the last, since buyers, ships and months differ. Without it a price taker's cargo goes wherever a cent more is
to be had, and no pattern of trade could be met. (Calibration by such a rising cost is Howitt's positive mathematical programming, 1995.)

Priors are own assumptions, said in `why`; frictions are centred on zero, so that data must speak against the sourced cost.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

import polars as pl

from polynya.calibration.actuals import Actual
from polynya.calibration.places import EU27, nodes_of
from polynya.world import World
from polynya.world.capacity import CapacityReader

LNG_RISE = 1.0  # USD/MMBtu by which a cargo to a country becomes dearer until the usual quantity is reached
PIPE_RISE = 0.4
SMALL_BCM = 0.1
# Usual quantity of a pair that is not among the targets, as a share of proportional trade. At 0.15 the rise kept 26 bcm of the LNG of 2019 from countries that
# have no pair among the targets, and frictions stood on their bounds; the fit of the base years is better by a quarter at 1.
UNUSUAL = 1.0
PAIR_BCM = 2.0
# Snohvit's gas has no pipeline: its plant runs whenever it can, whatever gas is worth on the shelf. One Norwegian node gives it the choice, so
# that the way is centred where LNG wins it; else pipelines have to be dear for LNG to run, and cheap gas stays in the ground when prices fall.
STRANDED = {"NO": -3.0}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A number to be fitted. `way` and `cost` in USD/MMBtu, added; `conduct` and `room` (of capacity) a factor, as its logarithm."""

    id: str
    kind: Literal["way", "cost", "conduct", "room"]
    members: tuple[str, ...]
    sd: float
    why: str
    prior: float = 0.0
    year: int = 0  # for this year alone, not carried on: a decision that was not business


# Corridors whose flow is a published series, by the name that the parameter gets.
BORDERS: Mapping[str, tuple[str, ...]] = {
    "nord-stream": ("nord-stream-1-a", "nord-stream-1-b"),
    "yamal-europe": ("yamal-europe-by-pl", "by-pl-wysokoje"),
    "ukraine": ("brotherhood", "soyuz"),
    "turkstream-europe": ("strandzha-2",),
    "baltics": ("imatra-ru-fi", "varska-ru-ee", "izborsk-ru-lv", "kotlovka-by-lt"),
    "norway-uk": ("langeled", "st-fergus-no-gb"),
    "norway-eu": ("europipe-1", "europipe-2", "norpipe", "zeepipe", "franpipe"),
    "algeria-italy": ("transmed-tn-it",),
    "algeria-spain": ("medgaz", "maghreb-europe-ma-es"),
    "libya": ("greenstream",),
    "tap": ("tap-tr-gr",),
    "russia-turkey": ("blue-stream", "turkstream-1"),
    "iran-turkey": ("ir-tr",),
    "azerbaijan-turkey": ("tanap-ge-tr", "scp-ge-tr"),
    "canada-us": ("ca-us",),
    "us-canada": ("us-ca",),
    "us-mexico": ("us-mx",),
    "turkmenistan-china": ("cagp-tm-uz",),
    "uzbekistan-china": ("cagp-uz-kz",),
    "central-asia-china": ("cagp-kz-cn",),
    "kazakhstan-russia": ("cac-kz-ru",),
    "power-of-siberia": ("power-of-siberia",),
    "myanmar-china": ("sino-myanmar",),
    "myanmar-thailand": ("mm-th",),
    "bolivia-brazil": ("gasbol",),
    "bolivia-argentina": ("bo-ar",),
    "indonesia-singapore": ("id-sg",),
    "dolphin": ("dolphin",),
    "mozambique-south-africa": ("rompco",),
    "russia-kazakhstan": ("ru-kz",),
}
SUPPLIERS: Mapping[str, str] = {
    "RU": "gazprom", "NO": "equinor", "QA": "qatarenergy", "DZ": "sonatrach", "US": "", "CA": "", "TM": "", "KZ": "", "UZ": "",
    "LY": "", "AZ": "", "AU": "", "MY": "", "ID": "", "NG": "", "OM": "", "NL": "", "GB": "", "IR": "", "MM": "", "CN": "", "EG": "", "TT": "", "PE": "", "BN": "",
    "PG": "", "AE": "", "BO": "", "IN": "", "TR": "", "BR": "",
}  # fmt: skip
CONDUCT_SD = 1.0  # a factor of 2.7 either way: published models differ by two to three, and at half of this two of four sellers stood on the bound
WAY_SD = {"pipeline": 1.2, "ship": 1.0}
COST_SD = 0.7
WITHHELD_SD = 1.0
# How far the usable part of a stated production capacity may lie from it, as a factor.
ROOM_SD = {
    "NO": 0.03,
    "DZ": 0.04,
    "QA": 0.02,
    "US": 0.02,
    "CA": 0.03,
    "NL": 0.04,
    "LY": 0.15,
    "RU": 0.03,
    "TM": 0.05,
    "UZ": 0.05,
    "KZ": 0.05,
    "AZ": 0.05,
    "GB": 0.03,
    **dict.fromkeys(("CN", "IN", "ID", "MY", "TH", "PK", "BD", "AU", "EG", "BR", "AR"), 0.03),
}


def usual_flows(world: World, targets: Sequence[Actual]) -> dict[str, float]:
    """Way over sea -> usual quantity [bcm a year]: the mean of the base years' trade of its pair, else a part of proportional trade."""
    reader, table = CapacityReader(world), world.table("assets")
    country = dict(world.table("nodes").select("id", "country").iter_rows())
    size: dict[str, dict[str, float]] = {"lng-export": {}, "lng-import": {}}
    for asset, kind, node in (
        table.filter(pl.col("kind").is_in(list(size)) & pl.col("node").is_not_null())
        .select("id", "kind", "node")
        .iter_rows()
    ):
        best = 0.0
        for year in (2021, 2024):  # plants of later years have no base-year trade, but need a usual quantity too
            found = reader.month(asset, date(year, 7, 1)).bcm
            best = max(best, 12.0 * (found or 0.0))
        size[kind][node] = size[kind].get(node, 0.0) + best
    out, into = size["lng-export"], size["lng-import"]
    pairs = mean_by_item(targets, "lng_bilateral")
    observed: dict[tuple[str, str], float] = {}
    for item, mean in pairs.items():
        exporter, importer = item.split("->")
        starts = [n for n in nodes_of(world, exporter) or () if out.get(n, 0.0) > 0.0]
        ends = [n for n in nodes_of(world, importer) or () if into.get(n, 0.0) > 0.0]
        for (a, b), share in _shares(starts, ends, out, into).items():
            observed[a, b] = mean * share
    whole = sum(0.4 * v for v in into.values()) or 1.0
    flows: dict[str, float] = {}
    for a, can in sorted(out.items()):
        for b, takes in sorted(into.items()):
            if a == b:
                continue
            known = observed.get((a, b))
            proportional = can * 0.4 * takes / whole
            listed = any(country[a] == country[s] and country[b] == country[e] for s, e in observed)
            usual = known if known is not None else (SMALL_BCM if listed else UNUSUAL * proportional)
            flows[f"ship-{a}-{b}"] = max(usual, SMALL_BCM)
    return flows


def _shares(
    starts: Sequence[str], ends: Sequence[str], out: Mapping[str, float], into: Mapping[str, float]
) -> dict[tuple[str, str], float]:
    """How a country pair's trade falls on its nodes: by capacity; Sakhalin alone serves Japan, Korea and Taiwan."""
    if "RU-SAKH" in starts:
        east = any(e in ("JP", "KR", "TW") for e in ends)
        west = not east and not any(e.startswith("CN-") for e in ends)
        starts = ["RU-SAKH"] if east else [s for s in starts if not west or s != "RU-SAKH"]
    a, b = sum(out[s] for s in starts) or 1.0, sum(into[e] for e in ends) or 1.0
    return {(s, e): out[s] * into[e] / (a * b) for s in starts for e in ends}


def mean_by_item(targets: Iterable[Actual], metric: str) -> dict[str, float]:
    """Item -> mean over the years, of one metric."""
    found: dict[str, list[float]] = {}
    for t in targets:
        if t.metric == metric and t.factor is not None:
            found.setdefault(t.item, []).append(t.value * t.factor)
    return {k: sum(v) / len(v) for k, v in sorted(found.items())}


def slopes(world: World, targets: Sequence[Actual], lng: float = LNG_RISE, pipe: float = PIPE_RISE) -> dict[str, float]:
    """Way -> rise of unit cost [USD/MMBtu per bcm a year]."""
    found = {way: lng / flow for way, flow in usual_flows(world, targets).items()}
    reader = CapacityReader(world)
    for members in BORDERS.values():
        for corridor in members:
            can = 12.0 * (reader.month(corridor, date(2021, 7, 1)).bcm or 0.0)
            if can > 0.0:
                found[corridor] = pipe / (0.7 * can)
    return found


def parameters(world: World, targets: Sequence[Actual]) -> tuple[Parameter, ...]:
    """Every parameter, in a fixed order."""
    country = dict(world.table("nodes").select("id", "country").iter_rows())
    ways = usual_flows(world, targets)
    covered: set[str] = set()
    out: list[Parameter] = []
    for item, mean in mean_by_item(targets, "lng_bilateral").items():
        exporter, importer = item.split("->")
        starts, ends = set(nodes_of(world, exporter) or ()), set(nodes_of(world, importer) or ())
        members = tuple(w for w in ways if _ends(w, country) in {(a, b) for a in starts for b in ends})
        if members and mean >= PAIR_BCM / 2:
            covered.update(members)
            out.append(
                Parameter(
                    f"lng {item}",
                    "way",
                    members,
                    WAY_SD["ship"],
                    "own assumption: contracts, quality and habit",
                    prior=-LNG_RISE,
                )
            )
    for code in ("US", "QA", "RU", "NG", "DZ", "TT", "NO", "EG"):
        for name, place in (("rest of the EU", EU27), ("rest of Asia", None)):
            members = tuple(
                w for w in ways
                if w not in covered and country[_ends(w, country)[0]] == code and _lies(world, _ends(w, country)[1], country, place)
            )  # fmt: skip
            if members:
                covered.update(members)
                out.append(
                    Parameter(
                        f"lng {code}->{name}",
                        "way",
                        members,
                        WAY_SD["ship"],
                        "own assumption: contracts, quality and habit",
                        prior=STRANDED.get(code, -LNG_RISE / 2),
                    )
                )
    known = set(world.table("corridors")["id"])
    for name, members in BORDERS.items():
        there = tuple(m for m in members if m in known)
        if there:
            out.append(
                Parameter(
                    f"border {name}",
                    "way",
                    there,
                    WAY_SD["pipeline"],
                    "own assumption: booked capacity, contracts, tariffs not found",
                )
            )
    supplies = world.table("supplies").select("id", "node").iter_rows(named=True)
    of: dict[str, list[str]] = {}
    for row in supplies:
        of.setdefault(country[row["node"]], []).append(row["id"])
    for code in SUPPLIERS:
        if of.get(code):
            out.append(
                Parameter(
                    f"cost {code}",
                    "cost",
                    tuple(of[code]),
                    COST_SD,
                    "own assumption: published break-evens are few and old",
                )
            )
    for code, sd in ROOM_SD.items():
        if of.get(code):
            why = "capacity is observed output and a few per cent more by assumption; how much more is not known"
            out.append(Parameter(f"room {code}", "room", tuple(of[code]), sd, f"own assumption: {why}", prior=-0.02))
    for trader in ("gazprom", "equinor", "qatarenergy", "sonatrach"):
        out.append(
            Parameter(
                f"conduct {trader}",
                "conduct",
                (trader,),
                CONDUCT_SD,
                "own assumption: published conduct differs by a factor of two to three",
            )
        )
    why = "own assumption: in 2021 Gazprom let free capacity idle while prices rose; a decision of that year, not carried on"
    out.append(Parameter("withheld gazprom 2021", "conduct", ("gazprom",), WITHHELD_SD, why, year=2021))
    return tuple(out)


def _ends(way: str, country: Mapping[str, str]) -> tuple[str, str]:
    """`ship-US-GULF-JP` -> its two nodes; node codes may hold a dash, so the split that knows both is taken."""
    parts = way.split("-")[1:]
    for i in range(1, len(parts)):
        a, b = "-".join(parts[:i]), "-".join(parts[i:])
        if a in country and b in country:
            return a, b
    raise KeyError(way)


def _lies(world: World, node: str, country: Mapping[str, str], place: frozenset[str] | None) -> bool:
    return country[node] in place if place is not None else world.row(node)["region"] == "Asia"
