"""What does a country or a party hold, what does it earn there, what does it take, and what can it not take out?

(graph, things, holder -> one line per thing) The share is the economic one: what of the thing's income ends with the
country's holders or passes the party. `share_max` is higher where it depends on holdings whose size is unknown.
Volumes and incomes are the caller's (facts, or a run); where it has none the cell stays empty: missing is not zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from typing import Any

from polynya.control.economic import UNRECORDED, Distribution, economic_share
from polynya.control.graph import Graph
from polynya.control.inputs import ControlInputs
from polynya.control.measures import IN_FORCE, UNKNOWN
from polynya.control.screen import edge_json
from polynya.control.shares import WHOLE

TRAPPING_EFFECTS = ("payment_rule", "transfer_ban")
UNFRIENDLY = "RU-unfriendly"


@dataclass(frozen=True, slots=True)
class Holder:
    """Whose exposure: a country (ISO code) or a party (id)."""

    country: str = ""
    party: str = ""


@dataclass(frozen=True, slots=True)
class Volume:
    """What a thing can move or make a year, and what that number is. [bcm per year]"""

    bcm_per_year: float
    what: str


def exposure(
    inputs: ControlInputs,
    graph: Graph,
    holder: Holder,
    as_of: date,
    *,
    volumes: Mapping[str, Volume] | None = None,
    income_musd: Mapping[str, float] | None = None,
    contracts: Iterable[Mapping[str, Any]] = (),
    located: str = "",
) -> dict[str, Any]:
    """Lines per thing, offtake, and totals. `located` keeps the things of one country.

    Raises InputError for a loop that holds itself to 100 %.
    """
    volumes, income_musd = volumes or {}, income_musd or {}
    lines: list[dict[str, Any]] = []
    for thing in things(inputs, graph):
        where = inputs.parties.countries.get(thing, "")
        if (located and where != located) or (holder.country and where == holder.country):
            continue
        found = economic_share(graph, thing)
        low, high = held_by(inputs, graph, found, holder)
        if high == 0:
            continue
        volume = volumes.get(thing)
        income = income_musd.get(thing)
        lines.append(
            {
                "id": thing,
                "name": inputs.parties.label(thing),
                "country": where,
                "share_percent": float(100 * low),
                "share_max_percent": float(100 * high),
                "through": through(inputs, graph, thing, holder),
                "volume_bcm_per_year": None if volume is None else volume.bcm_per_year,
                "volume_is": None if volume is None else volume.what,
                "share_of_volume_bcm_per_year": None if volume is None else float(low) * volume.bcm_per_year,
                "share_of_income_musd": None if income is None else float(low * Fraction(income)),
                "cannot_be_taken_out": trapped(inputs, graph, thing, holder, as_of),
            }
        )
    lines.sort(key=lambda x: (-x["share_percent"], x["id"]))
    incomes = [x["share_of_income_musd"] for x in lines]
    known = [x["share_of_volume_bcm_per_year"] for x in lines if x["share_of_volume_bcm_per_year"] is not None]
    return {
        "country": holder.country or None,
        "party": holder.party or None,
        "as_of": as_of.isoformat(),
        "holdings": lines,
        "not_closed": not_closed(inputs, graph, holder, located),
        "offtake": offtake(inputs, holder, contracts, as_of, {x["country"] for x in lines}),
        "share_of_volume_bcm_per_year": sum(known) if known else None,
        "share_of_income_musd": sum(incomes) if incomes and None not in incomes else None,
    }


def things(inputs: ControlInputs, graph: Graph) -> list[str]:
    """What is held and holds nothing itself: assets, and companies behind which no asset is recorded."""
    return sorted(
        i
        for i in graph.ids
        if any(e.kind == "title" and e.owner != i for e in graph.holders_of.get(i, ()))
        and not any(e.kind == "title" and e.owned != i for e in graph.holdings_of.get(i, ()))
        and inputs.parties.kinds.get(i) not in ("authority", "state", "person")
    )


def held_by(inputs: ControlInputs, graph: Graph, found: Distribution, holder: Holder) -> tuple[Fraction, Fraction]:
    """What ends with the holder: for certain, and at most if unknown holdings are as large as they can be."""
    if holder.party:
        low = found.share_of(holder.party)
        possible = sum(
            (found.ultimate.get(UNRECORDED + e.owned, Fraction(0)) for e in found.unknown if e.owner == holder.party),
            Fraction(0),
        )
        return low, min(Fraction(1), low + possible)
    low = high = Fraction(0)
    for who, share in found.ultimate.items():
        company = who.removeprefix(UNRECORDED)
        if inputs.parties.countries.get(company) == holder.country:
            low += share
            high += share
        elif who != company:
            vague = [e for e in found.unknown if e.owned == company]
            mine = [e for e in vague if inputs.parties.countries.get(e.owner) == holder.country]
            if mine:
                room = sum(e.share_max - e.share_min for e in mine)
                high += min(share, found.through[company] * Fraction(room, WHOLE))
    return low, high


def through(inputs: ControlInputs, graph: Graph, thing: str, holder: Holder) -> list[str]:
    """The direct holders through which it runs, nearest to the thing: those of the country, or the party's chain."""
    names: list[str] = []
    queue, seen = [thing], {thing}
    while queue:
        node = queue.pop(0)
        for e in graph.holders_of.get(node, ()):
            if e.kind != "title" or e.owner in seen:
                continue
            seen.add(e.owner)
            if holder.country and inputs.parties.countries.get(e.owner) == holder.country:
                names.append(e.owner)
            elif e.owner == holder.party:
                names.append(node if node != thing else e.owner)
            else:
                queue.append(e.owner)
    return names


def trapped(inputs: ControlInputs, graph: Graph, thing: str, holder: Holder, as_of: date) -> list[dict[str, Any]]:
    """Rules of the thing's country that hold back dividends or bar a sale, and whether they name the holder's country."""
    companies = {thing} | {e.owner for e in graph.holders_of.get(thing, ())}
    country = holder.country or inputs.parties.countries.get(holder.party, "")
    unfriendly = any(b.bloc == UNFRIENDLY and b.country == country and b.holds_on(as_of) for b in inputs.blocs)
    where = inputs.parties.countries.get(thing, "")
    every = {m.id: m for m in inputs.measures}
    return [
        {
            "measure": m.id,
            "act": m.cites,
            "what": m.object,
            "state": m.state(as_of, every),
            "names_this_holder": unfriendly,
            "source": m.source,
        }
        for _, m in sorted(every.items())
        if m.jurisdiction == where
        and m.mode == "prohibits"
        and m.effect in TRAPPING_EFFECTS
        and m.state(as_of, every) in (IN_FORCE, UNKNOWN)
        and (companies & set(m.targets) or f"origin:{where}" in m.targets)
    ]


def not_closed(inputs: ControlInputs, graph: Graph, holder: Holder, located: str = "") -> list[dict[str, Any]]:
    """Stakes that were reported or agreed, or revoked again, and are not counted as held."""
    countries = inputs.parties.countries
    return [
        {"status": e.status, "note": e.note, **edge_json(e)}
        for e in graph.pending
        if (e.owner == holder.party if holder.party else countries.get(e.owner) == holder.country)
        and (not located or countries.get(e.owned) == located)
    ]


def offtake(
    inputs: ControlInputs, holder: Holder, contracts: Iterable[Mapping[str, Any]], as_of: date, sellers_in: set[str]
) -> list[dict[str, Any]]:
    """Contracts in force under which the country's buyers, or the party, take gas from the countries of the things."""
    rows = []
    for c in contracts:
        if c["valid_from"] > as_of or (c["valid_to"] is not None and as_of > c["valid_to"]):
            continue
        buyers = inputs.parties.by_name.get((c["buyer"] or "").casefold(), frozenset())
        countries = {inputs.parties.countries.get(b, "") for b in buyers}
        seller_country = inputs.parties.countries.get(c["seller"], "")
        mine = holder.party in buyers if holder.party else holder.country in countries | {c.get("country") or ""}
        if mine and seller_country in sellers_in and seller_country != holder.country:
            rows.append(
                {
                    "contract": c["id"],
                    "seller": c["seller"],
                    "buyer": c["buyer"],
                    "annual_bcm": c["annual_bcm"],
                    "valid_to": c["valid_to"].isoformat() if c["valid_to"] else None,
                    "source": c["source"],
                }
            )
    return rows
