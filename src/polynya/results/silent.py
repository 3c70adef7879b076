"""Which legal acts and stakes of a scenario move nothing in its market, and why? (Answer -> sentences)

To lift a sanction that only deters, or a ban on investing, opens no sale and no route: what flips is in the findings.
A stake moves money behind the market, at no price unless the file gives one. Said, since silence would look like an answer.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from polynya.control.market_effects import ROUTE_EFFECTS
from polynya.results.answer import Answer
from polynya.results.case import BASELINE, SCENARIO
from polynya.world.capacity import AVAILABILITY, add_months

LEGAL = ("lift_measure", "impose_measure", "license_measure")
VESSELS = (
    "vessel listing: no fleet gains or loses a day; the ships named carry cargoes that no buyer outside China takes whoever lists them, "
    "or stand in no fleet that the voyages know by ship"
)
SAME = "The market is the same in both cases, to the last number: nothing in this scenario moves a price or a flow."


def silent(answer: Answer) -> list[str]:
    """A sentence for each applied change that comes too late or moves no market by itself, and one for unpriced stakes."""
    return [*_late(answer), *_law(answer), *_stakes(answer), *_same(answer)]


def _late(answer: Answer) -> Iterator[str]:
    end = add_months(answer.first, answer.months)
    for change in answer.applied.changes:
        if change.status == "applied" and change.from_day is not None and change.from_day >= end:
            yield f"{change.id}: begins on {change.from_day}, after the months computed"


def _law(answer: Answer) -> Iterator[str]:
    if "measures" not in answer.base.tables:
        return
    measures = {r["id"]: r for r in answer.base.table("measures").iter_rows(named=True)}
    gates: list[dict[str, Any]] = answer.base.table("gates").to_dicts() if "gates" in answer.base.tables else []
    gating = {m for row in gates for m in (row["measure"] or "").split()}
    fleets = [answer.cases[c].problem.fleets for c in (BASELINE, SCENARIO)]
    sailing = not fleets[0].equals(fleets[1])
    for change in answer.applied.changes:
        if change.status != "applied" or change.type not in LEGAL:
            continue
        named = [measures[t] for t in change.touches if t in measures]
        why = {m["id"]: _reason(m["mode"], m["effect"], sailing) for m in named if m["id"] not in gating}
        if named and len(why) == len(named) and all(why.values()):
            reasons = dict.fromkeys(str(w) for w in why.values())
            plants = [t for m in named if m["mode"] == "deters" for t in (m["targets"] or "").split()]
            wanted = [t for t in change.touches if t in answer.base.kinds] or plants
            held = _held_back(answer, list(dict.fromkeys((*plants, *wanted))))
            reasons |= dict.fromkeys(held)
            yield f"{change.id}: applied, and moves nothing in the market ({'; '.join(reasons)}); what flips is among the findings"


def _held_back(answer: Answer, things: Sequence[str]) -> Iterator[str]:
    """What a deterrent has really done to a plant stands in the plant's own availability, which no lifting changes by itself."""
    for thing in things:
        found = answer.base.resolve(thing, AVAILABILITY, answer.first)
        if found is not None and found.value < 1.0:
            yield (
                f"{thing} is at {100 * found.value:.0f} % of its capacity on {answer.first} by {found.facts[0].source}, and stays there: "
                "restore_capacity or lose_capacity changes what it makes"
            )


def _reason(mode: str, effect: str, sailing: bool) -> str:
    """Why a measure closes no flow in the base numbers; blank where it may. `sailing`: whether any fleet gains or loses days."""
    if effect == "vessel_listing" and mode == "prohibits":
        return "" if sailing else VESSELS
    if mode == "deters":
        return "it only deters, and what that costs is a range outside the base numbers"
    if mode == "announces":
        return "announced, not in force"
    if mode != "prohibits":
        return f"it {mode}, and closes no sale or route"
    bars = effect.replace("_", " ")
    return "" if effect in ("import_ban", *ROUTE_EFFECTS) else f"{bars}: closes no sale or route by itself"


def _stakes(answer: Answer) -> Iterator[str]:
    price = {c.id: getattr(c, "price_musd", None) for c in answer.scenario.file.changes}
    sold = [c.id for c in answer.applied.changes if c.type == "transfer_stake" and c.status == "applied"]
    unpriced = [c for c in sold if price[c] is None]
    if unpriced:
        yield f"what is paid for stakes is in no number, gains of owners come before it: {', '.join(unpriced)} (price_musd gives it)"


def _same(answer: Answer) -> Iterator[str]:
    before, after = (answer.cases[c].problem.tables() for c in (BASELINE, SCENARIO))
    if all(frame.equals(before[name]) for name, frame in after.items()):
        yield SAME
