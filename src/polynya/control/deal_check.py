"""May these two make this deal? (inputs of the changed world, deal, day -> what stands in the way, each with its citation)

Asked of the buyer, the seller and the thing sold, under what holds on the day of the deal: listings and measures of that
day, holdings of the day before it. An act is asked only of whom it binds:
    a buyer or seller of the act's jurisdiction   may not deal with a counterparty, or for a thing, that meets the test of
                                                  that regime or that one of its acts bars
    an investor of it (investment bans)           may not buy into what the ban names; selling out is left alone
    whoever sells a thing that sits there         (trusteeships, Russia's permits for deals with unfriendly persons)
    a party that no act binds, yet may be listed for the deal: acts that carry a secondary risk name it as a risk, no bar
Licences that set an act off altogether end the objection; those that ease it in part are named beside it.

Never says that a deal is legal: an empty answer means that nothing recorded here was found to bar it.
Not here: rights of other holders (`transfer_rights`), whether the seller holds what it sells (`scenario.stakes`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from polynya.control.answer import Findings, standing_of
from polynya.control.dealing import JURISDICTION_OF, Standing
from polynya.control.graph import Graph
from polynya.control.inputs import ControlInputs
from polynya.control.measures import UNKNOWN, Measure
from polynya.control.rules import ALL_REGIMES, Rule
from polynya.control.screen import NOT, screen, test_text

DEALING = ("designation", "transaction_ban", "sale_ban", "vessel_listing")  # bar a deal with, or for, what they name
BUYING = ("investment_ban",)
AT_HOME = ("trusteeship", "transfer_ban")  # bind whoever sells what sits in their country
REGIMES_OF = {j: [r for r in ALL_REGIMES if j in JURISDICTION_OF[r]] for j in ("US", "EU", "UK", "CH")}
UNFRIENDLY = "RU-unfriendly"
SECONDARY = "secondary risk"  # in the addressee of acts that reach beyond whom they bind


@dataclass(frozen=True, slots=True)
class Deal:
    """Who sells what to whom, and when."""

    change: str
    owned: str
    seller: str
    buyer: str
    day: date


@dataclass(frozen=True, slots=True)
class Objection:
    """One act or test that stands in the way of a deal."""

    deal: Deal
    binds: str  # the party whom the act binds
    jurisdiction: str
    about: str  # the counterparty or thing that the act is about
    verdict: str  # certain | possible of an ownership test; barred of an act (unknown: its end was not seen); risk: not bound by it
    act: str
    measure: str
    text: str
    source: str
    locator: str
    proof: tuple[Mapping[str, Any], ...] = ()
    eased_by: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """The objection as a JSON object."""
        return {
            "change": self.deal.change,
            "owned": self.deal.owned,
            "seller": self.deal.seller,
            "buyer": self.deal.buyer,
            "day": self.deal.day.isoformat(),
            "binds": self.binds,
            "jurisdiction": self.jurisdiction,
            "about": self.about,
            "verdict": self.verdict,
            "act": self.act,
            "measure": self.measure,
            "text": self.text,
            "source": self.source,
            "locator": self.locator,
            "proof": [dict(p) for p in self.proof],
            "eased_by": list(self.eased_by),
        }


def objections_to(inputs: ControlInputs, deals: Sequence[Deal]) -> list[Objection]:
    """Everything recorded that stands in the way of the deals, deal by deal."""
    found: list[Objection] = []
    for deal in deals:
        found += _Asked(inputs, deal).objections()
    return found


class _Asked:
    """One deal, and what holds on its day."""

    def __init__(self, inputs: ControlInputs, deal: Deal) -> None:
        self.inputs, self.deal = inputs, deal
        self.graph: Graph = inputs.graph(deal.day - timedelta(days=1))
        self.findings: dict[str, tuple[Rule, Findings]] = {}
        listed = inputs.listed(deal.day)
        for regime in ALL_REGIMES:
            rule = next((r for r in inputs.rules if r.regime == regime and r.holds_on(deal.day)), None)
            if rule is not None:
                who = [*listed.get("*", ()), *listed.get(regime, ())]
                self.findings[regime] = rule, screen(self.graph, who, rule, deal.day)

    def objections(self) -> list[Objection]:
        d = self.deal
        found = [
            *self._counterparty(d.buyer, {d.seller: DEALING, d.owned: (*DEALING, *BUYING)}),
            *self._counterparty(d.seller, {d.buyer: DEALING, d.owned: DEALING}),
            *self._at_home(),
            *self._secondary(),
        ]
        unique: dict[tuple[str, str, str], Objection] = {}
        for o in found:
            unique.setdefault((o.binds, o.measure or o.act, o.about if not o.measure else ""), o)
        return list(unique.values())

    def _counterparty(self, bound: str, about: Mapping[str, Sequence[str]]) -> Iterator[Objection]:
        """What bars the bound party from dealing with another or for a thing; `about`: whom or what -> effects that matter."""
        for jurisdiction in self._jurisdictions(bound):
            for other, effects in about.items():
                if other == bound or other not in self.graph.index:
                    continue
                told: set[str] = set()
                for regime in REGIMES_OF.get(jurisdiction, ()):
                    for objection in self._test(bound, jurisdiction, regime, other):
                        told |= {x.measure for x in self.findings[regime][1][other].listings}
                        yield objection
                standing = self._standing(other)
                for m in (*standing.bars, *(m for m in standing.deters if m.effect == "designation")):
                    bars = m.jurisdiction == jurisdiction and m.effect in effects and m.id not in standing.relieved
                    if bars and m.id not in told:
                        yield self._act(bound, other, m, standing)

    def _test(self, bound: str, jurisdiction: str, regime: str, other: str) -> Iterator[Objection]:
        if regime not in self.findings:
            return
        rule, findings = self.findings[regime]
        found = findings.get(other)
        if found is None or found.blocked == NOT:
            return
        standing = self._standing(other)
        listings = [x.measure for x in found.listings if x.measure]
        if listings and all(m in standing.relieved for m in listings):
            return
        eased = sorted({x for m in listings for x in (*standing.relieved.get(m, ()), *standing.eased.get(m, ()))})
        yield Objection(
            self.deal,
            bound,
            jurisdiction,
            other,
            found.blocked,
            f"{regime.upper()} {test_text(rule)}",
            "",
            self._words(bound, jurisdiction, other, found.blocked, regime),
            rule.source,
            rule.locator,
            tuple(found.proof_json()),
            tuple(eased),
        )

    def _words(self, bound: str, jurisdiction: str, other: str, verdict: str, regime: str) -> str:
        name = self.inputs.parties.label
        blocked = "is blocked" if verdict == "certain" else "may be blocked"
        return f"{name(bound)} ({jurisdiction}) may not deal with {name(other)}, which {blocked} under {regime.upper()}"

    def _act(self, bound: str, other: str, m: Measure, standing: Standing) -> Objection:
        name = self.inputs.parties.label
        every = {x.id: x for x in self.inputs.measures}
        state = m.state(self.deal.day, every)
        unseen = " (whether it still holds was not seen)" if state == UNKNOWN else ""
        return Objection(
            self.deal,
            bound,
            m.jurisdiction,
            other,
            "unknown" if state == UNKNOWN else "barred",
            m.cites,
            m.id,
            f"{name(bound)}: {m.effect.replace('_', ' ')} on {name(other)}: {m.object}{unseen}",
            m.source,
            m.locator,
            eased_by=tuple(standing.eased.get(m.id, ())),
        )

    def _at_home(self) -> Iterator[Objection]:
        """Acts of the country where the thing sits, on whoever sells it."""
        d = self.deal
        standing = self._standing(d.owned)
        home = self._jurisdictions(d.owned)
        for m in standing.bars:
            if m.jurisdiction in home and m.effect in AT_HOME and m.id not in standing.relieved:
                if m.jurisdiction == "RU" and not self._unfriendly(m):
                    continue
                yield self._act(d.seller, d.owned, m, standing)

    def _secondary(self) -> Iterator[Objection]:
        """Whom an act does not bind, and who yet risks being listed for the deal: acts that say so of others than those they bind."""
        d = self.deal
        for bound, others in ((d.buyer, (d.seller, d.owned)), (d.seller, (d.buyer, d.owned))):
            own = self._jurisdictions(bound)
            for other in (o for o in others if o in self.graph.index):
                standing = self._standing(other)
                for m in (*standing.bars, *standing.deters):
                    named = m.effect in ("designation", "vessel_listing") and SECONDARY in m.addressee
                    if named and m.jurisdiction not in own and m.id not in standing.relieved and bound not in m.targets:
                        yield replace(self._act(bound, other, m, standing), verdict="risk")

    def _unfriendly(self, m: Measure) -> bool:
        """Russia's permits: an act on holders from unfriendly states asks who sells, any other one asks who takes part."""
        parties = (self.deal.seller,) if m.addressee.startswith("holders") else (self.deal.seller, self.deal.buyer)
        countries = {self.inputs.parties.countries.get(p, "") for p in parties}
        return any(
            b.bloc == UNFRIENDLY and b.country in countries and b.holds_on(self.deal.day) for b in self.inputs.blocs
        )

    def _jurisdictions(self, identity: str) -> list[str]:
        """Whose acts bind a party: those of its country, and of the blocs that its country belongs to."""
        country = self.inputs.parties.countries.get(identity, "")
        blocs = {b.bloc for b in self.inputs.blocs if b.country == country and b.holds_on(self.deal.day)} - {UNFRIENDLY}
        return sorted({country, *blocs} - {""})

    def _standing(self, identity: str) -> Standing:
        found = {r: f[identity] for r, (_, f) in self.findings.items() if identity in f}
        return standing_of(self.inputs, self.graph, identity, "all", self.deal.day, found)
