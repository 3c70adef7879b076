"""May this ship call there? (dated rows -> refusals, with reason and source)

A row says that a ship, a class or every ship (`*`) may not serve the ports of some countries from a day on. Rows come from the
listings of the dated fleets, and from a table that control or the user hands over; where no row is given nothing is refused,
and the answer says so. Not here: who owns the cargo, whether a deal is lawful (control).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

EU = tuple("AT BE BG HR CY CZ DK EE FI FR DE GR HU IE IT LV LT LU MT NL PL PT RO SK SI ES SE".split())
# A ship listed by one of these may not enter its ports: Regulation 833/2014 art. 3s (EU), specified ships (UK), blocked
# property (OFAC)
PORTS_OF = {"EU": EU, "UK": ("GB",), "OFAC": ("US",)}
_LISTING = re.compile(r"(EU|UK|OFAC) (\d{4}-\d{2}-\d{2})(?: to (\d{4}-\d{2}-\d{2}))?")


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row: `ship` may not serve ports of `countries` in a span of days."""

    ship: str  # name of a ship, id of a class, or *
    countries: tuple[str, ...]  # ISO codes, or *
    valid_from: date | None
    valid_to: date | None
    reason: str
    source: str

    def holds(self, names: Sequence[str], country: str, when: date) -> bool:
        """Whether it stops one of the names from a port of that country on that day."""
        return (
            (self.ship == "*" or self.ship.casefold() in {n.casefold() for n in names})
            and ("*" in self.countries or country in self.countries)
            and (self.valid_from is None or self.valid_from <= when)
            and (self.valid_to is None or when <= self.valid_to)
        )


def listed(fleet_ships: Iterable[Mapping[str, Any]]) -> tuple[Refusal, ...]:
    """What the listings in the table of dated ships refuse: `EU 2024-12-16`, or `EU 2025-05-20 to 2025-07-18`."""
    out = []
    for row in fleet_ships:
        for body, day, end in _LISTING.findall(str(row["listed_by"] or "")):
            out.append(
                Refusal(
                    str(row["ship"]),
                    PORTS_OF[body],
                    date.fromisoformat(day),
                    date.fromisoformat(end) if end else None,
                    f"{row['ship']} is listed by {body} {f'from {day} to {end}' if end else f'since {day}'}",
                    str(row["source"]),
                )
            )
    return tuple(dict.fromkeys(out))


def designated(designations: Iterable[Mapping[str, Any]], owner: str, ship: str) -> tuple[Refusal, ...]:
    """What the registry's designations of a ship's owner refuse: the ports of the regime that names it."""
    return tuple(
        Refusal(
            ship,
            PORTS_OF[str(row["regime"]).upper()],
            row["valid_from"],
            row["valid_to"],
            f"{owner}, who owns {ship}, is designated by {str(row['regime']).upper()} ({row['programme']}) since {row['valid_from']}",
            str(row["source"]),
        )
        for row in designations
        if owner and row["entity"] == owner and str(row["regime"]).upper() in PORTS_OF
    )


def barred(fleet_ships: Iterable[Mapping[str, Any]], fleet: str, country: str, day: date) -> tuple[Refusal, ...]:
    """Why no ship of a fleet may call in a country on a day; empty while one of them may."""
    sailing = [
        r
        for r in fleet_ships
        if r["fleet"] == fleet and (r["valid_from"] or date.min) <= day <= (r["valid_to"] or date.max)
    ]
    each = [refused(listed([r]), (str(r["ship"]),), (country,), day) for r in sailing]
    return tuple(dict.fromkeys(x for found in each for x in found)) if each and all(each) else ()


def refused(rows: Iterable[Refusal], names: Sequence[str], countries: Sequence[str], when: date) -> tuple[Refusal, ...]:
    """The rows that stop the ship at one of the countries."""
    return tuple(r for r in rows if any(r.holds(names, c, when) for c in countries if c))


def with_listings(
    fleet_ships: Iterable[Mapping[str, Any]], listings: Mapping[str, str]
) -> tuple[Mapping[str, Any], ...]:
    """The dated ships with the listings of a world (folded name of the ship -> what `listed` reads) in place of their own."""
    return tuple({**r, "listed_by": listings.get(plain_name(str(r["ship"])), r["listed_by"])} for r in fleet_ships)


def plain_name(ship: str) -> str:
    """`Arctic Pioneer (ex Pioneer)` and `arctic pioneer` are one ship."""
    return re.sub(r"\s*\(.*?\)", "", ship).casefold()
