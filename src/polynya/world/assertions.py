"""Do the world's totals agree with what is known about the world? (assertions.yaml -> faults)

An assertion bounds a sum, count, minimum, maximum or share sum of an attribute, and carries the reason beside it.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

from polynya import strict_yaml
from polynya.errors import Fault, did_you_mean
from polynya.world.load import REFERENCE
from polynya.world.world import World

WHATS = ("sum", "count", "min", "max", "share_sum")


def check_assertions(world: World, path: Path | None = None) -> tuple[list[Fault], int]:
    """Evaluate assertions.yaml (the package's own by default). Returns the faults and how many were checked."""
    file = path or Path(world.folder or REFERENCE) / "assertions.yaml"
    if not file.exists() or not world.table("facts").height:
        return [], 0
    entries = strict_yaml.load(file).data or []
    faults = []
    for i, entry in enumerate(entries if isinstance(entries, list) else [entries]):
        try:
            message, fix = _evaluate(world, entry)
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            faults.append(
                Fault(f"assertion {i + 1} does not have the form of one: {error}", file.name, code="assertion")
            )
            continue
        if message:
            faults.append(Fault(f'assertion "{entry.get("id", "?")}": {message}', file.name, fix=fix, code="assertion"))
    return faults, len(entries)


def _evaluate(world: World, entry: dict[str, Any]) -> tuple[str, str]:
    attribute, what = entry["attribute"], entry["what"]
    if what not in WHATS:
        return f'"{what}" is not something to assert', did_you_mean(what, WHATS)
    day = date.fromisoformat(entry["date"]) if "date" in entry else date(int(entry.get("year", 2021)), 1, 1)
    values = []
    for subject in _subjects(world, entry.get("subjects", "all"), attribute):
        found = world.resolve(subject, attribute, day)
        if found is not None:
            values.append(found.value)
    if not values and what != "count":
        return f"no facts for {attribute} on {day}", ""
    measured = {
        "sum": sum(values),
        "share_sum": sum(values),
        "count": float(len(values)),
        "min": min(values, default=0.0),
        "max": max(values, default=0.0),
    }[what]
    low, high = (float(entry[k]) if k in entry else None for k in ("minimum", "maximum"))
    if (low is not None and measured < low) or (high is not None and measured > high):
        return (
            f"{what} of {attribute} is {measured:,.4g} {entry.get('unit', '')}; "
            f"expected {'' if low is None else f'{low:g}'} to {'' if high is None else f'{high:g}'} ({entry.get('reason', 'no reason given')})",
            "Check the units of the facts behind it.",
        )
    return "", ""


def _subjects(world: World, chosen: Any, attribute: str) -> list[str]:
    if isinstance(chosen, list):
        return [str(c) for c in chosen]
    if chosen == "all":
        return sorted({s for s, a in world.facts if a == attribute})
    if isinstance(chosen, str) and chosen.startswith("region:"):
        region = chosen.removeprefix("region:")
        nodes = world.table("nodes")
        return nodes.filter(nodes["region"] == region)["id"].to_list()
    return [str(chosen)]
