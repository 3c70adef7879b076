"""Is this scenario file sound? (YAML file + world -> Scenario, with every fault at once)

Checked here, beyond the form: ids exist (did-you-mean), `because:` points to reviewed claims or stated assumptions,
conditions form a DAG, and a claim that is only possible or unknown does not drive an unconditional change.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from polynya import strict_yaml
from polynya.errors import Fault, InputError, NotFoundError, did_you_mean
from polynya.scenario.conflicts import of_scenario
from polynya.scenario.dag import find_cycle
from polynya.scenario.ledger import Claim, read_ledger
from polynya.scenario.schema import RANGED, Change, ScenarioFile
from polynya.strict_yaml import Document
from polynya.world import World
from polynya.world.capacity import AVAILABILITY, CAPACITY, LIMIT

WEAK = ("PS+", "PS-", "Uu", "CTu")


@dataclass(frozen=True)
class Scenario:
    """A checked scenario: the file's content, the claims it rests on, and hashes of both files."""

    file: ScenarioFile
    claims: Mapping[str, Claim]
    path: str
    sha256: str
    ledger_path: str
    ledger_sha256: str

    @property
    def open_conditions(self) -> int:
        """How many open conditions of claims this scenario assumes met."""
        return sum(1 for c in self.file.conditions if c.assume == "met")


def load_scenario(path: Path | str, world: World, without: Iterable[str] = ()) -> Scenario:
    """Read and check a scenario file. `without`: changes or conditions that are left out, and so conflict with nothing.

    Raises InputError with every fault, NotFoundError when a file is missing.
    """
    path = Path(path)
    document = strict_yaml.load(path)
    file = strict_yaml.validate(document, ScenarioFile)
    faults: list[Fault] = []
    claims: Mapping[str, Claim] = {}
    ledger_path = ledger_sha = ""
    if file.claims and Path(file.claims).is_absolute():
        faults.append(
            document.fault(("claims",), "the ledger's path is not relative", fix="Give it relative to this file.")
        )
    elif file.claims:
        ledger = path.parent / file.claims
        try:
            claims = read_ledger(ledger)
            ledger_path, ledger_sha = str(file.claims), _sha256(ledger)
        except NotFoundError:
            faults.append(
                document.fault(("claims",), f"no ledger at {ledger}", fix="Give its path relative to this file.")
            )
    faults += _unique(document, file)
    faults += _reasons(document, file, claims)
    faults += _conditions(document, file)
    faults += _identities(document, file, world)
    if faults:
        raise InputError(faults)
    scenario = Scenario(file, claims, str(path), _sha256(path), ledger_path, ledger_sha)
    faults = list(_conflicts(document, scenario, world, without))
    if faults:
        raise InputError(faults)
    return scenario


def _conflicts(document: Document, scenario: Scenario, world: World, without: Iterable[str]) -> Iterable[Fault]:
    """What cannot all be true at once, at the last change or condition that takes part in it."""
    file = scenario.file
    place = {c.id: ("changes", i) for i, c in enumerate(file.changes)}
    place |= {c.id: ("conditions", i) for i, c in enumerate(file.conditions)}
    for conflict in of_scenario(scenario, world, frozenset(without)):
        at = max(place[i] for i in (conflict.changes or conflict.conditions))
        yield document.fault(at, conflict.message, fix=conflict.fix, code="conflict", key=True)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _unique(document: Document, file: ScenarioFile) -> Iterable[Fault]:
    seen: dict[str, str] = {}
    for part in ("assumptions", "conditions", "changes"):
        for i, entry in enumerate(getattr(file, part)):
            if entry.id in seen:
                yield document.fault(
                    (part, i, "id"), f'the id "{entry.id}" is already used in {seen[entry.id]}', fix="Choose another."
                )
            seen[entry.id] = part


def _reasons(document: Document, file: ScenarioFile, claims: Mapping[str, Claim]) -> Iterable[Fault]:
    known = {*claims, *(a.id for a in file.assumptions)}
    for part in ("conditions", "changes"):
        for i, entry in enumerate(getattr(file, part)):
            for k, reason in enumerate(entry.because):
                if reason not in known:
                    hint = did_you_mean(reason, known) or "Name a claim of the ledger or an assumption of this file."
                    yield document.fault(
                        (part, i, "because", k), f'"{reason}" is neither a claim nor an assumption', fix=hint
                    )
                elif reason in claims and not claims[reason].reviewed:
                    yield document.fault(
                        (part, i, "because", k),
                        f'claim "{reason}" is not reviewed ({claims[reason].review})',
                        fix="Review it with: polynya claims review.",
                    )
    for i, change in enumerate(file.changes):
        doubts = {r: _doubt(claims[r]) for r in change.because if r in claims}
        weak = [r for r, doubt in doubts.items() if doubt]
        supported = any(not doubts.get(r) for r in change.because)
        if weak and not supported and not change.when and change.type != "carry":
            yield document.fault(
                ("changes", i, "because"),
                f'"{weak[0]}" {doubts[weak[0]]} and cannot drive an unconditional change',
                fix="Add a condition (when:) or an assumption to because:.",
            )


def _doubt(claim: Claim) -> str:
    """Why a claim does not stand by itself; blank when it does."""
    if claim.factuality in WEAK:
        return f"is only {claim.factuality}"
    return f"hangs on an open condition ({claim.pending[0]})" if claim.pending else ""


def _conditions(document: Document, file: ScenarioFile) -> Iterable[Fault]:
    known = {c.id: c for c in file.conditions}
    stated = {a.id for a in file.assumptions}
    for i, condition in enumerate(file.conditions):
        for k, needed in enumerate(condition.requires):
            if needed not in known:
                yield document.fault(
                    ("conditions", i, "requires", k),
                    f'"{needed}" is not a condition of this file',
                    fix=did_you_mean(needed, known),
                )
        if condition.assume == "met" and not any(b in stated for b in condition.because):
            yield document.fault(
                ("conditions", i, "because"),
                f'condition "{condition.id}" is assumed met without an assumption that says so',
                fix="State it under assumptions: and name it in because:.",
            )
        if condition.likelihood is not None and (condition.assume == "failed" or condition.on is None):
            wrong = "is assumed failed" if condition.assume == "failed" else "has no day"
            yield document.fault(
                ("conditions", i, "likelihood"),
                f'condition "{condition.id}" has a likelihood, yet {wrong}',
                fix="Give the day on which it would be met (on:), and assume it met or open.",
            )
    cycle = find_cycle({c.id: [n for n in c.requires if n in known] for c in file.conditions})
    if cycle:
        at = next(i for i, c in enumerate(file.conditions) if c.id == cycle[0])
        yield document.fault(
            ("conditions", at, "requires"),
            f"conditions require each other in a circle: {' -> '.join(cycle)}",
            fix="Remove one of them.",
            code="cycle",
        )
    for i, change in enumerate(file.changes):
        for k, needed in enumerate(change.when):
            if needed not in known:
                yield document.fault(
                    ("changes", i, "when", k),
                    f'"{needed}" is not a condition of this file',
                    fix=did_you_mean(needed, known),
                )
        if change.from_ is None and not change.when and change.type != "carry":
            yield document.fault(
                ("changes", i),
                f'change "{change.id}" has neither a day (from:) nor a condition (when:)',
                fix="Add one.",
                key=True,
            )


def _identities(document: Document, file: ScenarioFile, world: World) -> Iterable[Fault]:
    registry = set(world.ids())
    nodes = set(world.table("nodes")["id"].to_list()) | _ids(world, "oil_nodes")
    nodes |= {f"region:{r}" for r in world.table("nodes")["region"].unique().to_list()}
    single = {
        "subject": registry,
        "owned": registry,
        "from_owner": registry,
        "to_owner": registry,
        "node": nodes,
        "seller": set(world.table("traders")["id"].to_list()),
        "corridor": set(world.table("corridors")["id"].to_list()),
        "attribute": set(world.attributes),
        "passage": _ids(world, "voyages_passages") | {"nsr"},  # the Northern Sea Route as a whole
    }
    several = {
        "gates": _ids(world, "gates"),
        "measures": _ids(world, "measures"),
        "licences": _ids(world, "licences"),
        "subjects": registry,
        "targets": registry,
        "nodes": nodes,
    }
    for i, change in enumerate(file.changes):
        for name, known in single.items():
            value = getattr(change, name, None)
            if isinstance(value, str) and value not in known:
                yield document.fault(
                    ("changes", i, name), f'"{value}" is not in the registry', fix=did_you_mean(value, known)
                )
        for name, known in several.items():
            for k, value in enumerate(getattr(change, name, None) or ()):
                if value not in known:
                    yield document.fault(
                        ("changes", i, name, k), f'"{value}" is not in the registry', fix=did_you_mean(value, known)
                    )
        yield from _about(document, i, change, world)
        yield from _fact_form(document, i, change, world)
        yield from _whole_of_lines(document, i, change, world)
        yield from _range_form(document, i, change, world)


_ATTRIBUTE_OF = {"lose_capacity": AVAILABILITY, "restore_capacity": AVAILABILITY}
_TABLE_OF = {"asset": "assets", "entity": "entities", "supply": "supplies"}


def _about(document: Document, i: int, change: Change, world: World) -> Iterable[Fault]:
    """A number about a thing that has no such number (the capacity of a company, of a country) would move nothing."""
    attribute = _ATTRIBUTE_OF.get(change.type) or getattr(change, "attribute", None)
    subject = getattr(change, "subject", None)
    if not isinstance(attribute, str) or not isinstance(subject, str):
        return
    if attribute not in world.attributes or subject not in world.kinds:
        return
    allowed = world.attributes[attribute]["subjects"].split()
    if "any" in allowed or any(subject in _ids(world, _TABLE_OF.get(a, f"{a}s")) for a in allowed if a != "model"):
        return
    if subject == "model" and "model" in allowed:
        return
    near = sorted(
        r for r in _things_of(world, subject) if any(r in _ids(world, _TABLE_OF.get(a, f"{a}s")) for a in allowed)
    )
    yield document.fault(
        ("changes", i, "subject"),
        f"{subject} is a {world.kinds[subject].replace('-', ' ')}; {attribute} is about {' or '.join(allowed).replace('_', ' ')}",
        fix=f"Name one of its own: {', '.join(near[:5])}." if near else "Name the thing itself.",
    )


def _things_of(world: World, subject: str) -> Iterable[str]:
    """What is produced or liquefied at a node, or by a party."""
    if "supplies" in world.tables and "traders" in world.tables:
        seller = {r["id"]: r["entity"] for r in world.table("traders").iter_rows(named=True)}
        for row in world.table("supplies").iter_rows(named=True):
            if subject in (row["node"], row["trader"], seller.get(row["trader"])):
                yield row["id"]
    if "assets" in world.tables:
        for row in world.table("assets").iter_rows(named=True):
            if subject in (row["node"], row["operator"]) and row["kind"] == "lng-export":
                yield row["id"]


def _whole_of_lines(document: Document, i: int, change: Change, world: World) -> Iterable[Fault]:
    """A capacity set on a whole would move nothing, since flows are bounded part by part; nor would a limit above every part."""
    number = getattr(change, "value", None) if change.type == "set_fact" else None
    sets = (change.type == "set_fact" and change.attribute == CAPACITY) or (
        change.type == "restore_capacity" and change.capacity_bcm_per_year is not None
    )
    limits = change.type == "set_fact" and change.attribute == LIMIT
    if not (sets or limits) or "corridors" not in world.tables:
        return
    subject = getattr(change, "subject", None)
    corridors, assets = world.table("corridors"), world.table("assets")
    if subject in set(corridors["id"].to_list()):
        return
    lines = sorted(i for i, asset in corridors.select("id", "asset").iter_rows() if asset == subject)
    plants = sorted(i for i, whole in assets.select("id", "part_of").iter_rows() if whole == subject)
    parts, kind = (lines, "lines") if lines else (plants, "plants")
    if not parts:
        return
    named = f"{', '.join(parts[:4])}{f' and {len(parts) - 4} more' if len(parts) > 4 else ''}"
    if sets:
        yield document.fault(
            ("changes", i, "subject"),
            f"{subject} has several {kind}, each with a capacity of its own ({named}); a capacity of the whole moves nothing",
            fix=f"Set the capacity of one of them, or lose_capacity with a share, or {LIMIT}, which binds each by itself.",
        )
        return
    known = [f.value for part in parts for f in world.facts.get((part, CAPACITY), ())]
    if number is not None and known and number >= max(known):
        yield document.fault(
            ("changes", i, "value"),
            f"a limit of {subject} binds each of its {kind} by itself ({named}), not their sum; none is larger than {max(known):g} bcm a year",
            fix="Use lose_capacity with remaining_share, which leaves each that share, or limit them one by one.",
        )


def _range_form(document: Document, i: int, change: Change, world: World) -> Iterable[Fault]:
    """A range holds the written value, and both its ends could stand in its place."""
    spread = getattr(change, "range", None)
    if spread is None:
        return
    name = RANGED[change.type]
    value = getattr(change, name)
    if value is None:
        yield document.fault(("changes", i, "range"), f"a range needs its number ({name})", fix=f"Add {name}.")
        return
    if not spread.low <= value <= spread.high:
        yield document.fault(
            ("changes", i, "range"),
            f"{name} is {value:g}, outside its range {spread.low:g} to {spread.high:g}",
            fix="Widen the range or mend the number.",
        )
    for end in (spread.low, spread.high):
        try:
            type(change).model_validate({**change.model_dump(by_alias=True), name: end})
        except ValueError:
            yield document.fault(("changes", i, "range"), f"{name} cannot be {end:g}", fix="Narrow the range.")
    if change.type == "set_fact" and change.attribute in world.attributes:
        meta = world.attributes[change.attribute]
        low, high = meta["minimum"], meta["maximum"]
        if (low is not None and spread.low < low) or (high is not None and spread.high > high):
            yield document.fault(
                ("changes", i, "range"),
                f"{change.attribute} from {spread.low:g} to {spread.high:g} {change.unit}; plausible is {low:g} to {high:g}",
                fix="Check the unit.",
            )


def _fact_form(document: Document, i: int, change: Change, world: World) -> Iterable[Fault]:
    if change.type != "set_fact" or change.attribute not in world.attributes:
        return
    meta = world.attributes[change.attribute]
    if change.unit != meta["unit"]:
        yield document.fault(
            ("changes", i, "unit"),
            f'{change.attribute} is measured in {meta["unit"]}, not in "{change.unit}"',
            fix="Convert the value.",
        )
    low, high = meta["minimum"], meta["maximum"]
    if (low is not None and change.value < low) or (high is not None and change.value > high):
        yield document.fault(
            ("changes", i, "value"),
            f"{change.attribute} is {change.value:g} {change.unit}; plausible is {low:g} to {high:g}",
            fix="Check the unit.",
        )


def _ids(world: World, table: str) -> set[str]:
    if table not in world.tables or "id" not in world.tables[table].columns:
        return set()
    return set(world.tables[table]["id"].drop_nulls().to_list())
