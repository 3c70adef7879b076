"""What does a scenario file look like after somebody turned its knobs? (file + edits -> file)

Nothing is taken out of the file. What is switched off hangs on the condition `switched-off`, which nobody assumes met, so
that the run says what was left undone, and the file can be switched on again. What was set by hand names the assumption
`a-by-hand` among its reasons. The result is a scenario file like any other: the command line runs it.

Switching a claim or an assumption off takes its support away: a condition or change falls when an assumption that it
names is off, or when every claim that it names is off. Pure: texts in, text out.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from polynya import strict_yaml
from polynya.errors import Fault, InputError, UsageError, did_you_mean
from polynya.scenario.schema import RANGED, Horizon, Id, Likelihood, Range, ScenarioFile, Text

OFF = "switched-off"
BY_HAND, LEFT_OUT = "a-by-hand", "a-switched-off"
NOT_TAKEN = "Not taken in this variant: "
NUMBERS = (
    "value",
    "capacity_bcm_per_year",
    "remaining_share",
    "factor",
    "add_usd_per_mmbtu",
    "annual_bcm",
    "minimum_share",
    "share_percent",
    "price_musd",
)
LONGEST = 2000
PLAIN_LEDGER = r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}\.ya?ml"
Finite = Annotated[float, Field(allow_inf_nan=False)]


class Edit(BaseModel):
    """A part of the edits: unknown keys are refused. What is not given stays as it is; null clears it."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class ConditionEdit(Edit):
    """How a condition is taken, and when it is met."""

    assume: Literal["met", "open", "failed"] | None = None
    on: date | None = None
    likelihood: Likelihood | None = None


class ChangeEdit(Edit):
    """Days and numbers of a change."""

    from_: Annotated[date | None, Field(alias="from")] = None
    to: date | None = None
    likelihood: Likelihood | None = None
    range: Range | None = None
    numbers: Annotated[dict[str, Finite], Field(max_length=8)] = {}


class CapacityEdit(Edit):
    """The technical maximum of a corridor or plant from a day on. [bcm per year]"""

    subject: Annotated[str, Field(min_length=1, max_length=120)]
    capacity_bcm_per_year: Annotated[float, Field(ge=0, le=800, allow_inf_nan=False)]
    from_: Annotated[date, Field(alias="from")]


class Edits(Edit):
    """Everything that the app lets one turn."""

    id: Id | None = None
    title: Text | None = None
    horizon: Horizon | None = None
    off: Annotated[list[str], Field(max_length=1000)] = []
    on: Annotated[list[str], Field(max_length=1000)] = []
    conditions: Annotated[dict[str, ConditionEdit], Field(max_length=500)] = {}
    changes: Annotated[dict[str, ChangeEdit], Field(max_length=500)] = {}
    capacities: Annotated[list[CapacityEdit], Field(max_length=100)] = []


@dataclass(frozen=True)
class Falls:
    """What does not hold once some reasons are off: ids of conditions and changes, each with why."""

    conditions: Mapping[str, str]
    changes: Mapping[str, str]


def read(text: str, name: str = "scenario.yaml") -> ScenarioFile:
    """The file behind a text. Raises InputError."""
    return strict_yaml.validate(strict_yaml.parse(text, name), ScenarioFile)


def variant(text: str, edits: Edits, origin: str) -> str:
    """The edited file; without edits the very same text. Raises InputError and UsageError."""
    file = read(text)
    if edits == Edits():
        return text
    _known(file, edits)
    data = _plain(file)
    by_hand = [_edit_horizon(data, edits)]
    by_hand += [
        _edit_condition(c, edits.conditions[c["id"]]) for c in data["conditions"] if c["id"] in edits.conditions
    ]
    by_hand += [_edit_change(c, edits.changes[c["id"]]) for c in data["changes"] if c["id"] in edits.changes]
    by_hand += [_add_capacity(data, n, c) for n, c in enumerate(edits.capacities, start=1)]
    if any(by_hand):
        text_ = "Set by hand in this variant: days, numbers or how conditions are taken. Nobody reported them."
        _assume(data, BY_HAND, text_)
    _switch(data, file, edits)
    for key in ("id", "title"):
        if getattr(edits, key) is not None:
            data[key] = getattr(edits, key)
    shown = re.sub(r"[^A-Za-z0-9 :._-]", "?", origin)[:200]
    return f"# A variant made in the app, from {shown}.\n# Run it with: polynya run FILE\n{strict_yaml.dump(data)}"


def falls(file: ScenarioFile, off: Iterable[str]) -> Falls:
    """What falls when these ids are off (claims, assumptions, conditions, changes)."""
    out = set(off)
    assumptions = {a.id for a in file.assumptions}

    def why(entry: Any) -> str:
        if entry.id in out:
            return "switched off"
        gone = [r for r in entry.because if r in assumptions and r in out]
        if gone:
            return f"{', '.join(gone)} is off" if len(gone) == 1 else f"{', '.join(gone)} are off"
        claims = [r for r in entry.because if r not in assumptions]
        return f"every claim behind it is off ({', '.join(claims)})" if claims and out.issuperset(claims) else ""

    return Falls(
        {c.id: reason for c in file.conditions if (reason := why(c))},
        {c.id: reason for c in file.changes if (reason := why(c))},
    )


def _known(file: ScenarioFile, edits: Edits) -> None:
    reasons = {r for part in (file.conditions, file.changes) for e in part for r in e.because}
    conditions, changes = {c.id for c in file.conditions}, {c.id for c in file.changes}
    every = reasons | {a.id for a in file.assumptions} | conditions | changes
    for given, known in (
        (edits.off, every),
        (edits.on, changes),
        (edits.conditions, conditions),
        (edits.changes, changes),
    ):
        for identity in given:
            if identity not in known:
                raise UsageError(f'"{identity[:80]}" is not in this scenario.', fix=did_you_mean(identity, known))


def _plain(file: ScenarioFile) -> dict[str, Any]:
    """The file as data: what was given, in the order in which a person would write it."""
    data: dict[str, Any] = file.model_dump(by_alias=True, exclude_unset=True)
    for part in ("assumptions", "conditions", "changes"):
        data[part] = [_ordered(entry) for entry in data.get(part, [])]
    return data


def _ordered(entry: dict[str, Any]) -> dict[str, Any]:
    first = [k for k in ("id", "type", "text") if k in entry]
    last = [k for k in ("when", "requires", "because") if k in entry]
    return {k: entry[k] for k in [*first, *(k for k in entry if k not in (*first, *last)), *last]}


def _because(entry: dict[str, Any], reason: str) -> None:
    if reason not in entry["because"]:
        entry["because"] = [*entry["because"], reason]


def _set(entry: dict[str, Any], key: str, value: Any) -> bool:
    """Set or clear a key; whether that changed anything."""
    if entry.get(key) == value:
        return False
    if value is None:
        entry.pop(key, None)
    else:
        entry[key] = value.model_dump() if isinstance(value, BaseModel) else value
    return True


def _edit_horizon(data: dict[str, Any], edits: Edits) -> bool:
    """The horizon is a question, not a claim: it needs no reason."""
    if edits.horizon is not None:
        data["horizon"] = edits.horizon.model_dump(by_alias=True)
    return False


def _edit_condition(entry: dict[str, Any], edit: ConditionEdit) -> bool:
    given = edit.model_fields_set
    moved = [
        _set(entry, k, getattr(edit, k))
        for k in ("assume", "on", "likelihood")
        if k in given and (k != "assume" or edit.assume)
    ]
    if entry["assume"] != "met":
        entry.pop("on", None)
    if any(moved):
        _because(entry, BY_HAND)
    return any(moved)


def _edit_change(entry: dict[str, Any], edit: ChangeEdit) -> bool:
    given = edit.model_fields_set
    if edit.range is not None and entry["type"] not in RANGED:
        raise UsageError(f'the change "{entry["id"]}" has no number that could have a range.')
    moved = [
        _set(entry, k, getattr(edit, a))
        for k, a in (("from", "from_"), ("to", "to"), ("likelihood", "likelihood"), ("range", "range"))
        if a in given
    ]
    for name, value in edit.numbers.items():
        if name not in NUMBERS or (
            name not in entry
            and name not in ("capacity_bcm_per_year", "minimum_share", "remaining_share", "price_musd")
        ):
            have = [n for n in NUMBERS if n in entry]
            raise UsageError(f'the change "{entry["id"]}" has no number "{name[:80]}".', fix=did_you_mean(name, have))
        moved.append(_set(entry, name, f"{value:.14f}".rstrip("0").rstrip(".") if name == "share_percent" else value))
    if any(moved):
        _because(entry, BY_HAND)
    return any(moved)


def _add_capacity(data: dict[str, Any], number: int, edit: CapacityEdit) -> bool:
    taken = {e["id"] for part in ("assumptions", "conditions", "changes") for e in data[part]}
    stem = re.sub(r"[^a-z0-9]+", "-", edit.subject.lower()).strip("-")[:50] or str(number)
    identity = next(i for i in (f"capacity-{stem}", *(f"capacity-{stem}-{k}" for k in range(2, 999))) if i not in taken)
    data["changes"].append(
        {
            "id": identity,
            "type": "set_fact",
            "text": f"Capacity of {edit.subject}, set by hand",
            "subject": edit.subject,
            "attribute": "capacity_bcm_per_year",
            "value": edit.capacity_bcm_per_year,
            "unit": "bcm_per_year",
            "from": edit.from_,
            "because": [BY_HAND],
        }
    )
    return True


def _assume(data: dict[str, Any], identity: str, text: str) -> None:
    if all(a["id"] != identity for a in data["assumptions"]):
        data["assumptions"].append({"id": identity, "text": text})


def _switch(data: dict[str, Any], file: ScenarioFile, edits: Edits) -> None:
    fallen = falls(file, edits.off)
    for entry in data["changes"]:
        if entry["id"] in edits.on and OFF in entry.get("when", []):
            entry["when"] = [w for w in entry["when"] if w != OFF]
    for entry in data["conditions"]:
        if entry["id"] in fallen.conditions and entry["assume"] == "met":
            entry["assume"] = "open"
            entry.pop("on", None)
    for entry in data["changes"]:
        if entry["id"] in fallen.changes and OFF not in entry.get("when", []):
            entry["when"] = [*entry.get("when", []), OFF]
    if edits.off:
        claims = [
            o
            for o in edits.off
            if o not in {e["id"] for p in ("assumptions", "conditions", "changes") for e in data[p]}
        ]
        said = f" Claims taken as not holding: {', '.join(claims)}." if claims else ""
        text = f"What hangs on switched-off is left out by whoever made this variant, not by the report.{said}"
        _assume(data, LEFT_OUT, text[:LONGEST])
        for entry in data["assumptions"]:
            if entry["id"] in edits.off and not entry["text"].startswith(NOT_TAKEN):
                entry["text"] = (NOT_TAKEN + entry["text"])[:LONGEST]
    hanging = any(OFF in c.get("when", []) for c in data["changes"])
    if hanging and all(c["id"] != OFF for c in data["conditions"]):
        _assume(
            data, LEFT_OUT, "What hangs on switched-off is left out by whoever made this variant, not by the report."
        )
        data["conditions"].append(
            {"id": OFF, "text": "Switched off in this variant", "assume": "open", "because": [LEFT_OUT]}
        )


def only_ledger_beside(text: str, file: ScenarioFile) -> str:
    """The plain name of the scenario's ledger, blank for none. Raises InputError when it points anywhere else."""
    if file.claims is None:
        return ""
    if not re.fullmatch(PLAIN_LEDGER, file.claims) or file.claims == "scenario.yaml":
        line = next((n for n, row in enumerate(text.splitlines(), start=1) if row.startswith("claims:")), 0)
        raise InputError(
            Fault("the ledger must lie beside the scenario", "scenario.yaml", line, 1, fix="Write claims: claims.yaml.")
        )
    return file.claims
