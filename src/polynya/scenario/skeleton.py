"""How does a ledger become the skeleton of a scenario? (ledger + world -> a scenario file that runs as it stands)

Reported conditions become conditions of the scenario, still open unless the caller assumes them met and says so;
reported changes become changes that point to their claims. What a report leaves out (a share, a measure, a gate) is
not made up: such a change is carried, and its reason lists what the registry offers to decide between. Only rows that
a named human accepted are used. With `keep`, an existing scenario is regenerated: its decided changes stay, and what
the ledger reports beyond them is added. Not here: applying a scenario (see `apply.py`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from polynya.claims.downstream import FIRM, refusal
from polynya.claims.ledger import Claim, Ledger
from polynya.scenario.schema import SCHEMA, ScenarioFile
from polynya.world import World

# Reported events that change the world when they come true; talks and background do not.
CHANGING = {
    "stake_sale",
    "joint_project",
    "investment",
    "sanction",
    "sanction_lift",
    "licence",
    "flow_resumption",
    "flow_stop",
    "contract_volume",
    "new_pipeline",
    "infrastructure",
    "repair",
    "nationalisation",
    "route_development",
    "economic_effect",
}
_HAPPENED = ("done", "in_force", "denied", "cancelled", "revoked")


@dataclass(slots=True)
class Skeleton:
    """The scenario as plain data, and what was left out and why."""

    data: dict[str, Any]
    left_out: list[tuple[str, str]] = field(default_factory=list)


def skeleton(
    ledger: Ledger,
    name: str,
    claims_path: str,
    world: World,
    *,
    as_of: date,
    first_month: str,
    months: int = 24,
    assume_met: date | None = None,
    keep: ScenarioFile | None = None,
) -> Skeleton:
    """A scenario for a ledger. `assume_met`: take every reported condition as met on that day, by stated assumptions."""
    left_out: list[tuple[str, str]] = []
    kept = _kept(keep) if keep else {"assumptions": [], "conditions": [], "changes": []}
    referred = {r for part in ("conditions", "changes") for row in kept[part] for r in row["because"]}
    assumptions, conditions, changes = kept["assumptions"], kept["conditions"], kept["changes"]
    taken = {row["id"] for part in (assumptions, conditions, changes) for row in part}
    for claim in ledger.claims:
        why = _why_not(claim)
        if why:
            left_out.append((claim.id, why))
            continue
        if claim.id in referred:
            continue
        when = [_condition(claim, n, conditions, assumptions, assume_met) for n in range(len(claim.conditions))]
        if not when and claim.factuality.value not in FIRM:
            when = [_comes_true(claim, conditions, assumptions, assume_met)]
        changes.append(_change(claim, [w for w in when if w], world, taken))
    head: dict[str, Any] = {
        "schema": SCHEMA,
        "id": keep.id if keep else f"{name}-what-if",
        "title": keep.title if keep else f"If what {name} reports came true",
    }
    head["question"] = keep.question if keep else "What would change if this came true?"
    head["as_of"] = (keep.as_of if keep else as_of).isoformat()
    horizon = keep.horizon if keep else None
    head["horizon"] = {
        "from": horizon.from_ if horizon else first_month,
        "months": horizon.months if horizon else months,
    }
    head["claims"] = claims_path
    return Skeleton({**head, "assumptions": assumptions, "conditions": conditions, "changes": changes}, left_out)


def _kept(file: ScenarioFile) -> dict[str, list[dict[str, Any]]]:
    data = file.model_dump(by_alias=True, mode="json", exclude_defaults=True, exclude_none=True)
    for change in data.get("changes", []):
        change.setdefault("text", "-")
    return {part: [_ordered(row) for row in data.get(part, [])] for part in ("assumptions", "conditions", "changes")}


def _ordered(row: Mapping[str, Any]) -> dict[str, Any]:
    first = [k for k in ("id", "type", "text") if k in row]
    return {k: row[k] for k in [*first, *(k for k in row if k not in first)]}


def _why_not(claim: Claim) -> str:
    reason = refusal(claim)
    if reason:
        return reason
    if claim.factuality.value.endswith("-"):
        return "it says that this is not so"
    if claim.event.type not in CHANGING:
        return f"{claim.event.type.replace('_', ' ')} changes nothing by itself"
    if claim.stage in _HAPPENED:
        return f"it is no change any more: {claim.stage}"
    return ""


def _condition(
    claim: Claim,
    number: int,
    conditions: list[dict[str, Any]],
    assumptions: list[dict[str, Any]],
    assume_met: date | None,
) -> str:
    """The id of the scenario's condition for a reported one; reported twice, it is one. Blank when it is met."""
    reported = claim.conditions[number]
    if reported.status == "met":
        return ""
    identity = (reported.event or f"{claim.id}-{number + 1}").replace("_", "-").lower()
    if reported.event == "other":
        identity = _kebab(f"{claim.id}-{number + 1}")
    text = _sentence(reported.text)
    return _put(identity, text, claim, conditions, assumptions, assume_met, failed=reported.status == "failed")


def _comes_true(
    claim: Claim, conditions: list[dict[str, Any]], assumptions: list[dict[str, Any]], assume_met: date | None
) -> str:
    text = f"What {claim.id} reports comes true (put as {claim.factuality.value})"
    return _put(_kebab(f"{claim.id}-comes-true"), text, claim, conditions, assumptions, assume_met)


def _put(
    identity: str,
    text: str,
    claim: Claim,
    conditions: list[dict[str, Any]],
    assumptions: list[dict[str, Any]],
    assume_met: date | None,
    *,
    failed: bool = False,
) -> str:
    known = next((c for c in conditions if c["id"] == identity), None)
    if known is not None:
        if claim.id not in known["because"]:
            known["because"].insert(0, claim.id)
        return identity
    row: dict[str, Any] = {
        "id": identity,
        "text": text,
        "because": [claim.id],
        "assume": "failed" if failed else "open",
    }
    if assume_met is not None and not failed:
        assumption = f"a-{identity}"
        if not any(a["id"] == assumption for a in assumptions):
            assumptions.append(
                {"id": assumption, "text": f"Taken as met, on a day of our own choice: {text[:1].lower()}{text[1:]}."}
            )
        row["because"].append(assumption)
        row |= {"assume": "met", "on": assume_met.isoformat()}
    conditions.append(row)
    return identity


def _change(claim: Claim, when: list[str], world: World, taken: set[str]) -> dict[str, Any]:
    identity = _kebab(f"{claim.id}-{claim.event.type}")
    while identity in taken:
        identity += "-x"
    taken.add(identity)
    row: dict[str, Any] = {"id": identity, "type": "carry", "text": claim.text}
    stake = _stake(claim) if claim.event.type == "stake_sale" else None
    if stake:
        row |= {"type": "transfer_stake", **stake}
    else:
        subjects = [i for i in dict.fromkeys(m.id for m in claim.entities) if i in world.kinds]
        row |= {"subjects": subjects, "reason": _reason(claim, subjects, world)}
    if when:
        row["when"] = list(dict.fromkeys(when))
    row["because"] = [claim.id]
    return row


def _stake(claim: Claim) -> dict[str, str] | None:
    """A stake's transfer, when the claim itself names what, from whom, to whom and how much; nothing is filled in."""
    roles = {m.role: m.id for m in claim.entities if m.role}
    share = claim.event.args.get("share_percent")
    owned, seller, buyer = roles.get("object"), roles.get("seller"), roles.get("buyer")
    if not (claim.conditions and owned and seller and buyer and isinstance(share, str)):
        return None
    if not re.fullmatch(r"\d{1,3}(\.\d{1,14})?", share):
        return None
    return {"owned": owned, "from_owner": seller, "to_owner": buyer, "share_percent": share}


def _reason(claim: Claim, subjects: Iterable[str], world: World) -> str:
    """What is missing for a change that an engine computes, with what the registry offers."""
    kind = claim.event.type
    if kind in ("flow_resumption", "infrastructure", "repair"):
        gates = [g for s in subjects for g in _gates(world, s)]
        if gates:
            return f"decide which gates open (open_gate); the registry has: {', '.join(dict.fromkeys(gates))}"[:2000]
        return "name a corridor and what opens it (open_gate, restore_capacity, lift_measure)"
    if kind == "stake_sale":
        return "the report names no share and no seller; decide them (transfer_stake). Holders: polynya world show ID"
    if kind in ("sanction_lift", "sanction", "licence"):
        return "name the measures (lift_measure, impose_measure, license_measure); see: polynya world list measures"
    if kind == "contract_volume":
        return "name seller, node and quantity (add_contract, set_fact)"
    if kind == "flow_stop":
        return "name the corridor (close_gate, lose_capacity)"
    return "the report names no quantity that an engine could compute"


def _gates(world: World, subject: str) -> list[str]:
    if "gates" not in world.tables:
        return []
    return [
        row["id"]
        for row in world.table("gates").iter_rows(named=True)
        if row["valid_to"] is None and (row["subject"] == subject or row["subject"].startswith(f"{subject}-"))
    ]


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}"


def _kebab(text: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")
