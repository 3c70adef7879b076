"""May the deals of a scenario be made by those who make them? (Scenario + what was applied -> objections, and lines of text)

Every stake that is transferred is asked about on its day, in the world as the scenario's own changes leave it: a buyer
whose sanctions the same scenario lifts is not barred. The method is `control.deal_check`. The run computes the deal all the
same; whether it may be made is said, never assumed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from polynya.control.deal_check import Deal, objections_to
from polynya.control.inputs import TABLES, inputs_from_tables
from polynya.scenario import Applied, Scenario
from polynya.scenario.schema import TransferStake


def deals_of(scenario: Scenario, applied: Applied) -> list[Deal]:
    """The transfers of stakes that are carried out."""
    done = {c.id: c.from_day for c in applied.changes if c.status == "applied"}
    return [
        Deal(c.id, c.owned, c.from_owner, c.to_owner, day)
        for c in scenario.file.changes
        if isinstance(c, TransferStake) and (day := done.get(c.id)) is not None
    ]


def check_deals(scenario: Scenario, applied: Applied) -> dict[str, Any]:
    """asked: how many deals; objections: what stands in their way, as `Objection.as_json`, with names of the parties."""
    deals = deals_of(scenario, applied)
    if not deals:
        return {"asked": 0, "objections": []}
    world = applied.world
    inputs = inputs_from_tables({n: world.tables[n].iter_rows(named=True) for n in TABLES if n in world.tables})
    return {"asked": len(deals), "objections": [o.as_json() for o in objections_to(inputs, deals)]}


def deal_lines(found: Mapping[str, Any]) -> list[str]:
    """What stands in the way, deal by deal, each with its act and source."""
    if not found["asked"]:
        return []
    against: dict[str, list[Mapping[str, Any]]] = {}
    for o in found["objections"]:
        against.setdefault(o["change"], []).append(o)
    free = found["asked"] - len(against)
    lines = [
        "",
        "May these deals be made? (on their day, after the scenario's own changes; computed all the same; not legal advice)",
    ]
    for change, objections in against.items():
        first = objections[0]
        lines.append(
            f"  {change}: {first['buyer']} buys into {first['owned']} from {first['seller']} on {first['day']}"
        )
        lines += [f"    {_line(o)}" for o in objections]
    if free:
        lines.append(
            f"  {free} of {found['asked']}: nothing recorded here was found to bar {'it' if free == 1 else 'them'}."
        )
    return lines


def _line(o: Mapping[str, Any]) -> str:
    eased = f"; eased in part by {', '.join(o['eased_by'])}" if o["eased_by"] else ""
    cited = f"{o['measure']}; {o['source']}" if o["measure"] else o["source"]
    risk = "not bound, yet at risk of a listing: " if o["verdict"] == "risk" else ""
    return f"{risk}{o['text']} [{o['act']}; {cited}]{_because(o['proof'])}{eased}"


def _because(proof: Sequence[Mapping[str, Any]]) -> str:
    listed = [s for s in proof if "listed" in s]
    held = [
        f"{s['owner']} holds {s['share'] or 'an unknown share'}{' %' if s['share'] else ''} of {s['owned']}"
        for s in proof
        if "owner" in s
    ]
    named = [f"{s['listed']} is listed since {s['since']} ({s['programme']})" for s in listed]
    return f": {'; '.join([*held[:3], *named[:3]])}" if proof else ""
