"""Who may deal with a party, and what stands in the way? (finding, measures, licences, day -> standing per jurisdiction)

The overlay on the ownership tests: a party can be not blocked and yet not investable. It lists what bars, deters or
conditions, act by act, and what relieves. It never says that a deal is legal.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from polynya.control.measures import (
    IN_FORCE,
    INVESTMENT_EFFECTS,
    UNKNOWN,
    Licence,
    Measure,
    licences_for,
    measures_in_force,
)
from polynya.control.screen import NOT, Finding

JURISDICTION_OF = {
    "ofac": ("US",),
    "ssi-2": ("US",),
    "ssi-4": ("US",),
    "bis-affiliates": ("US",),
    "eu": ("EU", "DE", "BE", "DK", "FI", "SE"),
    "uk": ("UK",),
    "seco": ("CH",),
}
# Measures on Russia as a whole that reach any Russian company, and not only what it sells.
ORIGIN_EFFECTS = ("investment_ban", "facilitation_ban", "listing_authority", "transfer_ban")


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known about dealing with a party.

    `relieved` maps a measure to the licences in force that set it off altogether, `eased` to those that do so only for
    what they name, or of which it is not known whether they still hold.
    """

    id: str
    bars: tuple[Measure, ...]
    deters: tuple[Measure, ...]
    conditions: tuple[Measure, ...]
    others: tuple[Measure, ...]
    licences: tuple[Licence, ...]
    relieved: Mapping[str, tuple[str, ...]]
    eased: Mapping[str, tuple[str, ...]]

    @property
    def investment_bars(self) -> tuple[Measure, ...]:
        """What bars a new stake or loan, licences left aside."""
        return tuple(m for m in self.bars if m.effect in INVESTMENT_EFFECTS)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """All of them, in order of id."""
        return tuple(sorted((*self.bars, *self.deters, *self.conditions, *self.others), key=lambda m: m.id))


def may_deal(
    identity: str,
    measures: Iterable[Measure],
    licences: Iterable[Licence],
    as_of: date,
    *,
    regimes: Iterable[str] = (),
    also: Iterable[str] = (),
    country: str = "",
    findings: Mapping[str, Finding] | None = None,
) -> Standing:
    """Bars, deterrents, conditions and reliefs that touch a party on a day.

    `regimes` keeps the jurisdictions of these regimes (none = all). `also` adds ids that stand for the party, such as
    the thing it owns. Measures on a whole country reach its companies. Listings found in `findings` bring the measure
    under which they were made, and their holders' licences extend to what they own.
    """
    every = list(measures)
    named = {identity, *also}
    chain: set[str] = set()
    by_listing: set[str] = set()
    for finding in (findings or {}).values():
        if finding.blocked != NOT:
            chain |= {e.owner for e in finding.proof}
            by_listing |= {x.measure for x in finding.listings if x.measure}
    table = {m.id: m for m in every}
    wanted = {j for r in regimes for j in JURISDICTION_OF.get(r, ())}
    found = {m.id: m for m in measures_in_force(every, named, as_of)}
    if country:
        for m in measures_in_force(every, [f"origin:{country}"], as_of):
            if m.effect in ORIGIN_EFFECTS:
                found[m.id] = m
    for m in every:
        if m.id in by_listing and m.state(as_of, table) in (IN_FORCE, UNKNOWN):
            found[m.id] = m
    kept = [m for _, m in sorted(found.items()) if not wanted or m.jurisdiction in wanted]
    covering = [
        x
        for x in licences_for(licences, named | chain, as_of)
        if not wanted or wanted & ({x.jurisdiction} | {table[i].jurisdiction for i in x.measures if i in table})
    ]
    relieved = {m.id: tuple(x.id for x in covering if _relieves(x, m, as_of)) for m in kept}
    eased = {m.id: tuple(x.id for x in covering if m.id in x.measures and x.id not in relieved[m.id]) for m in kept}
    by_mode: dict[str, list[Measure]] = {}
    for m in kept:
        by_mode.setdefault(m.mode, []).append(m)
    return Standing(
        identity,
        tuple(by_mode.get("prohibits", ())),
        tuple(by_mode.get("deters", ())),
        tuple(by_mode.get("conditions", ())),
        tuple(m for mode in ("permits", "announces", "prolongs", "defines") for m in by_mode.get(mode, ())),
        tuple(covering),
        {k: v for k, v in relieved.items() if v},
        {k: v for k, v in eased.items() if v},
    )


def _relieves(licence: Licence, measure: Measure, day: date) -> bool:
    """Whether a licence known to be in force sets a measure off altogether for what it covers."""
    return measure.id in licence.measures and not licence.partial and licence.state(day) == IN_FORCE
