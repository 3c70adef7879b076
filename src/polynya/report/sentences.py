"""What is the answer in three sentences? (summary -> price, flows, who gains; and on which condition)

Every number is one of the summary's; nothing is computed here but signs, rounding and the choice of the largest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

LEAST_BCM_PER_YEAR = 0.5


def sentences(summary: Mapping[str, Any], names: Mapping[str, str]) -> list[str]:
    """Price, flows, gains: one sentence each, with numbers."""
    return [str(summary["headline"]), _flows(summary, names), _gains(summary, names)]


def condition_of(summary: Mapping[str, Any]) -> str:
    """On what the three sentences hang."""
    met, unmet = len(summary["conditions_assumed_met"]), len(summary["conditions_not_met"])
    claims = _count(summary["claims_used"], "claim")
    text = f"This rests on {claims}"
    if met:
        text += (
            f" and holds only if {_count(met, 'open condition')} {'is' if met == 1 else 'are'} met, which is assumed"
        )
    if unmet:
        text += f"; {_count(unmet, 'condition')} taken as not met"
    return text + f". Horizon: {summary.get('span', _count(summary['months'], 'month'))}, from {summary['from']}."


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"


def _flows(summary: Mapping[str, Any], names: Mapping[str, str]) -> str:
    pipes = sorted(summary["corridors"], key=lambda c: -abs(c["change"]))
    sellers = [s for s in summary["suppliers_of_europe"] if abs(s["change"]) >= LEAST_BCM_PER_YEAR]
    if not pipes and not sellers:
        return f"No pipeline and no supplier of Europe moves by {LEAST_BCM_PER_YEAR} bcm a year or more."
    parts = []
    if pipes:
        pipe = pipes[0]
        parts.append(
            f"{names.get(pipe['corridor'], pipe['corridor'])} would carry {pipe['scenario']:.1f} bcm a year"
            f" instead of {pipe['baseline']:.1f}"
        )
    said = [
        f"{names.get(s['supplier'], s['supplier'])} {abs(s['change']):.1f} {'more' if s['change'] > 0 else 'less'}"
        for s in sorted(sellers, key=lambda s: -abs(s["change"]))[:3]
    ]
    if said:
        parts.append("Europe would get from " + ", from ".join(said))
    elif pipes:
        parts.append("no supplier's sales to Europe would move by half a bcm a year")
    return "; ".join(parts) + " (bcm a year)." if said else "; ".join(parts) + "."


def _gains(summary: Mapping[str, Any], names: Mapping[str, str]) -> str:
    gains = summary["gains"]
    europe = next((c["musd"] for c in gains["consumers"] if c["region"] == "Europe"), None)
    parts = [f"Europe's consumers would {_moved(europe)}"] if europe is not None else []
    won, lost = gains["largest_gains"][:1], gains["largest_losses"][:1]
    if won and won[0]["musd"] > 0:
        parts.append(
            f"the largest gain of a seller, operator or state is {_who(won[0], names)} ({won[0]['musd'] / 1000:+.1f})"
        )
    if lost and lost[0]["musd"] < 0:
        parts.append(f"the largest loss is {_who(lost[0], names)} ({lost[0]['musd'] / 1000:+.1f})")
    total = f"all together {gains['total_musd'] / 1000:+.1f}"
    return "; ".join([*parts, total]) + f" (billion USD, {gains['note']})."


def _moved(musd: float) -> str:
    return f"{'gain' if musd >= 0 else 'lose'} {abs(musd) / 1000:.1f}"


def _who(row: Mapping[str, Any], names: Mapping[str, str]) -> str:
    kind = {"operators": "the operator of ", "states": "the state of ", "producers": "", "consumers": "consumers of "}
    return kind.get(str(row["group"]), "") + str(names.get(row["id"], row["id"]))
