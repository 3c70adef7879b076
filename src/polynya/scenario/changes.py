"""What does the world look like if this came true? (Scenario + World -> another World, and what was done)

A pure function. Conditions that are not assumed met leave their changes undone, and say so; what no table of the
world can hold is carried, never dropped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from polynya.errors import Fault, InputError
from polynya.scenario import schema as s
from polynya.world import World
from polynya.world.capacity import AVAILABILITY, CAPACITY, LIMIT, CapacityReader

if TYPE_CHECKING:
    from polynya.scenario.load import Scenario

SOURCE = "scenario"
VOYAGE_PASSAGES = "voyages_passages"  # a world without passages cannot open or close any


@dataclass(frozen=True, slots=True)
class AppliedChange:
    """One change and what became of it: applied, condition_not_met, or carried."""

    id: str
    type: str
    text: str
    status: str
    effect: str
    from_day: date | None
    because: tuple[str, ...]
    when: tuple[str, ...]
    touches: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Applied:
    """The counterfactual world and the account of how it was made."""

    world: World
    changes: tuple[AppliedChange, ...]
    not_met: tuple[str, ...]  # conditions that do not hold in this scenario


def apply(scenario: Scenario, world: World, *, without: Iterable[str] = ()) -> Applied:
    """Apply every change whose conditions hold. `without` leaves changes or conditions out by id (ensembles, the app).

    Raises InputError when a change contradicts the world (a stake that the seller does not hold, say).
    """
    left_out = set(without)
    met_on = conditions_met(scenario, left_out)
    account: list[AppliedChange] = []
    changed = _with_source(world, scenario)
    for change in scenario.file.changes:
        failed = [c for c in change.when if c not in met_on]
        touches = tuple(dict.fromkeys(_touched(change)))
        entry = AppliedChange(
            id=change.id,
            type=change.type,
            text=change.text,
            status="applied",
            effect="",
            from_day=None,
            because=tuple(change.because),
            when=tuple(change.when),
            touches=touches,
        )
        if change.id in left_out:
            account.append(replace(entry, status="left_out", effect="left out of this run"))
            continue
        if failed:
            account.append(replace(entry, status="condition_not_met", effect=f"not met: {', '.join(failed)}"))
            continue
        days = [d for d in (change.from_, *(met_on[c] for c in change.when)) if d is not None]
        day = max(days) if days else scenario.file.as_of
        if isinstance(change, s.Carry):
            account.append(replace(entry, status="carried", effect=change.reason, from_day=day if days else None))
            continue
        missing = [t for t in _NEEDS.get(change.type, ()) if t not in changed.tables]
        if missing:
            account.append(
                replace(
                    entry,
                    status="carried",
                    effect=f"not computed yet: the world has no table of {missing[0]}",
                    from_day=day,
                )
            )
            continue
        try:
            changed, effect = _APPLY[change.type](changed, change, day)
        except _ContradictionError as error:
            raise InputError(Fault(f'change "{change.id}": {error}', scenario.path, fix=error.fix)) from None
        account.append(replace(entry, effect=effect, from_day=day))
    not_met = tuple(c.id for c in scenario.file.conditions if c.id not in met_on)
    return Applied(changed, tuple(account), not_met)


def conditions_met(scenario: Scenario, left_out: set[str] = frozenset()) -> Mapping[str, date]:  # type: ignore[assignment]
    """Condition -> day on which it and everything it requires is met. A condition that is not met is absent."""
    known = {c.id: c for c in scenario.file.conditions}
    met: dict[str, date] = {}

    def day_of(identity: str) -> date | None:
        if identity in met:
            return met[identity]
        condition = known[identity]
        if condition.assume != "met" or condition.on is None or identity in left_out:
            return None
        days = [day_of(r) for r in condition.requires]
        if any(d is None for d in days):
            return None
        met[identity] = max([condition.on, *(d for d in days if d is not None)])
        return met[identity]

    for identity in known:
        day_of(identity)
    return met


class _ContradictionError(Exception):
    def __init__(self, message: str, fix: str = "") -> None:
        super().__init__(message)
        self.fix = fix


def _with_source(world: World, scenario: Scenario) -> World:
    row = {
        "id": SOURCE,
        "title": scenario.file.title,
        "publisher": "the scenario's author",
        "licence": "the author's",
        "reliability": "own",
    }
    return world if SOURCE in world.table("sources")["id"].to_list() else world.with_rows("sources", [row])


def _touched(change: s.Change) -> Iterable[str]:
    for name in ("subject", "owned", "from_owner", "to_owner", "node", "seller", "corridor", "passage"):
        value = getattr(change, name, None)
        if isinstance(value, str):
            yield value
    for name in ("gates", "measures", "licences", "subjects", "targets", "nodes"):
        yield from getattr(change, name, None) or ()


def _fact(change: Any, subject: str, attribute: str, value: float, unit: str, day: date) -> dict[str, Any]:
    return {
        "subject": subject,
        "attribute": attribute,
        "value": value,
        "unit": unit,
        "valid_from": day,
        "valid_to": change.to,
        "source": SOURCE,
        "locator": f"change {change.id}",
        "kind": "assumption",
        "note": change.text,
    }


def _set_fact(world: World, change: s.SetFact, day: date) -> tuple[World, str]:
    row = _fact(change, change.subject, change.attribute, change.value, change.unit, day)
    if world.attributes[change.attribute]["over_time"] == "year":
        row |= {"valid_from": date(day.year, 1, 1), "valid_to": date(day.year, 12, 31)}
    return world.with_rows("facts", [row]), f"{change.attribute} of {change.subject} = {change.value:g} {change.unit}"


def _restore(world: World, change: s.RestoreCapacity, day: date) -> tuple[World, str]:
    chain = CapacityReader(world).chain(change.subject)
    cut = pl.col("subject").is_in(chain) & pl.col("attribute").is_in([LIMIT, AVAILABILITY])
    facts = _end(world.table("facts"), cut, day, change.to)
    world = world.with_tables({"facts": facts})
    if change.capacity_bcm_per_year is not None:
        world = world.with_rows(
            "facts", [_fact(change, change.subject, CAPACITY, change.capacity_bcm_per_year, "bcm_per_year", day)]
        )
        return world, f"{change.subject} can carry {change.capacity_bcm_per_year:g} bcm/y again"
    return world, f"cuts, outages and limits of {change.subject} end"


def _lose(world: World, change: s.LoseCapacity, day: date) -> tuple[World, str]:
    row = _fact(change, change.subject, AVAILABILITY, change.remaining_share, "1", day)
    return world.with_rows("facts", [row]), f"{change.subject} keeps {100 * change.remaining_share:g} % of its capacity"


def _open_gates(world: World, change: s.OpenGate, day: date) -> tuple[World, str]:
    gates = _end(world.table("gates"), pl.col("id").is_in(change.gates), day, change.to)
    names = ", ".join(change.gates)
    return world.with_tables({"gates": gates}), f"opened: {names}"


def _close_gate(world: World, change: s.CloseGate, day: date) -> tuple[World, str]:
    row = {
        "id": f"{change.subject}-{change.id}",
        "subject": change.subject,
        "gate": change.gate,
        "name": change.name,
        "valid_from": day,
        "valid_to": change.to,
        "source": SOURCE,
        "locator": f"change {change.id}",
    }
    return world.with_rows("gates", [row]), f"{change.subject} is shut: {change.name}"


def _lift(world: World, change: s.LiftMeasure, day: date) -> tuple[World, str]:
    if change.targets:
        return _lift_for(world, change, day, change.targets)
    ended = _with_dependants(world, change.measures)
    tables = {
        "measures": _known_end(_end(world.table("measures"), pl.col("id").is_in(ended), day, change.to), ended, day)
    }
    if "designations" in world.tables:
        tables["designations"] = _end(world.table("designations"), pl.col("measure").is_in(ended), day, change.to)
    return world.with_tables(tables), f"lifted: {', '.join(ended)}"


def _lift_for(world: World, change: s.LiftMeasure, day: date, freed: Sequence[str]) -> tuple[World, str]:
    """The measures stay for everyone else; what they were for the freed until that day is kept in rows of its own."""
    measures = world.table("measures")
    named = [_own(r) for r in measures.filter(pl.col("id").is_in(change.measures)).iter_rows(named=True)]
    for identity in freed:
        if not any(identity in (r["targets"] or "").split() for r in named):
            raise _ContradictionError(
                f"{identity} is named by none of {', '.join(change.measures)}", f"See: polynya screen {identity}"
            )
    left = {r["id"]: " ".join(t for t in (r["targets"] or "").split() if t not in freed) for r in named}
    others = pl.col("id").replace_strict(left, default=None, return_dtype=pl.String)
    kept = measures.with_columns(
        pl.when(pl.col("id").is_in(list(left))).then(others).otherwise(pl.col("targets")).alias("targets")
    )
    own = [{**r, "targets": " ".join(t for t in (r["targets"] or "").split() if t in freed)} for r in named]
    alone = pl.DataFrame(own, schema={c: t for c, t in measures.schema.items() if not c.startswith("_")})
    ended = _known_end(_end(alone.filter(pl.col("targets") != ""), pl.lit(True), day, change.to), list(left), day)
    rows = [
        {**r, "id": f"{r['id']}-{change.id}{f'-{i}' if i else ''}"} for i, r in enumerate(ended.iter_rows(named=True))
    ]
    changed = world.with_tables({"measures": kept}).with_rows("measures", rows)
    if "designations" in world.tables:
        theirs = pl.col("measure").is_in(change.measures) & pl.col("entity").is_in(list(freed))
        changed = changed.with_tables({"designations": _end(world.table("designations"), theirs, day, change.to)})
    return changed, f"lifted for {', '.join(freed)}: {', '.join(change.measures)}"


def _with_dependants(world: World, measures: Iterable[str]) -> list[str]:
    """The measures, and those that lapse with them."""
    rests_on = {r["id"]: r.get("rests_on") for r in world.table("measures").iter_rows(named=True)}
    ended = list(measures)
    for identity in ended:  # grows while it is read
        ended += [m for m, base in rests_on.items() if base == identity and m not in ended]
    return ended


def _impose(world: World, change: s.ImposeMeasure, day: date) -> tuple[World, str]:
    hit = world.table("measures").filter(pl.col("id").is_in(change.measures))
    again = {
        "valid_from": day,
        "valid_to": change.to,
        "mode": "prohibits",
        "source": SOURCE,
        "locator": f"change {change.id}",
    }
    narrowed = {"targets": " ".join(change.targets)} if change.targets else {}
    rows = [_own(r) | again | narrowed | {"id": f"{r['id']}-{change.id}"} for r in hit.iter_rows(named=True)]
    imposed = world.with_rows("measures", rows)
    if not change.targets:
        return imposed, f"in force: {', '.join(change.measures)}"
    return _named_too(
        imposed, change, day, change.targets
    ), f"in force for {', '.join(change.targets)}: {', '.join(change.measures)}"


def _named_too(world: World, change: s.ImposeMeasure, day: date, targets: Sequence[str]) -> World:
    """Where a measure names whom it reaches on a list, the new ones are on that list as well."""
    if "designations" not in world.tables:
        return world
    lists: dict[tuple[str, str], str] = {}
    for r in world.table("designations").filter(pl.col("measure").is_in(change.measures)).iter_rows(named=True):
        lists.setdefault((r["regime"], r["measure"]), r["programme"])
    rows = [
        {
            "id": f"{regime}-{target}-{change.id}",
            "entity": target,
            "regime": regime,
            "programme": programme,
            "measure": f"{measure}-{change.id}",
            "valid_from": day,
            "valid_to": change.to,
            "kind": "assumption",
            "source": SOURCE,
            "locator": f"change {change.id}",
        }
        for (regime, measure), programme in lists.items()
        for target in targets
    ]
    return world.with_rows("designations", rows)


def _own(row: Mapping[str, Any]) -> dict[str, Any]:
    return {k: v for k, v in row.items() if not k.startswith("_")}


_REGIMES = {"US": "ofac", "EU": "eu", "UK": "uk", "CH": "seco"}


def _license(world: World, change: s.LicenseMeasure, day: date) -> tuple[World, str]:
    by_state: dict[str, list[str]] = {}
    for measure in world.table("measures").filter(pl.col("id").is_in(change.measures)).iter_rows(named=True):
        by_state.setdefault(measure["jurisdiction"], []).append(measure["id"])
    rows = [
        {
            "id": f"{change.id}-{state.lower()}",
            "jurisdiction": state,
            "regime": _REGIMES.get(state, "ofac"),
            "name": change.text,
            "targets": " ".join(change.targets),
            "what": change.text,
            "measures": " ".join(measures),
            "valid_from": day,
            "valid_to": change.to,
            "end_known": "open-ended" if change.to is None else "fixed",
            "kind": "assumption",
            "source": SOURCE,
            "locator": f"change {change.id}",
        }
        for state, measures in by_state.items()
    ]
    return world.with_rows("licences", rows), f"{', '.join(change.targets)} exempt from {', '.join(change.measures)}"


def _end_licence(world: World, change: s.EndLicence, day: date) -> tuple[World, str]:
    licences = _end(world.table("licences"), pl.col("id").is_in(change.licences), day, change.to)
    return world.with_tables(
        {"licences": _known_end(licences, change.licences, day)}
    ), f"lapses: {', '.join(change.licences)}"


def _end_holding(world: World, change: s.EndHolding, day: date) -> tuple[World, str]:
    chosen = (
        (pl.col("owned") == change.owned)
        & (pl.col("owner") == change.from_owner)
        & pl.col("kind").is_in(change.kinds)
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day))
    )
    if not world.table("ownership").filter(chosen).height:
        raise _ContradictionError(
            f"{change.from_owner} holds nothing of {change.owned} ({', '.join(change.kinds)}) on {day}",
            "See: polynya owners " + change.owned,
        )
    ownership = _end(world.table("ownership"), chosen, day, change.to)
    return world.with_tables(
        {"ownership": ownership}
    ), f"{', '.join(change.kinds)} of {change.from_owner} over {change.owned} ends"


def _open_passage(world: World, change: s.OpenPassage, day: date) -> tuple[World, str]:
    return _passage(world, change, day, change.passage, "open")


def _close_passage(world: World, change: s.ClosePassage, day: date) -> tuple[World, str]:
    return _passage(world, change, day, change.passage, "closed")


def _passage(world: World, change: Any, day: date, passage: str, state: str) -> tuple[World, str]:
    value = 1.0 if state == "open" else 0.0
    return world.with_rows("facts", [_fact(change, passage, "passage_open", value, "1", day)]), f"{passage} is {state}"


def _demand(world: World, change: s.ShiftDemand, day: date) -> tuple[World, str]:
    nodes = list(expand_nodes(world, change.nodes))
    rows = [_fact(change, n, "demand_factor", change.factor, "1", day) for n in nodes]
    return world.with_rows("facts", rows), f"demand of {len(nodes)} nodes x {change.factor:g}"


def _cost(world: World, change: s.ShiftCost, day: date) -> tuple[World, str]:
    """What the thing costs in each span of time, its own or of what it is part of, and the shift on top."""
    chain = CapacityReader(world).chain(change.subject)
    known = [f for part in chain for f in world.facts.get((part, change.attribute), ())]
    turns = {f.valid_from for f in known if f.valid_from}
    turns |= {f.valid_to + timedelta(days=1) for f in known if f.valid_to}
    starts = [day, *sorted(t for t in turns if t > day and (change.to is None or t <= change.to))]
    rows, values = [], []
    for start, end in zip(starts, [*(t - timedelta(days=1) for t in starts[1:]), change.to], strict=True):
        found = next((r for part in chain if (r := world.resolve(part, change.attribute, start)) is not None), None)
        values.append((found.value if found else 0.0) + change.add_usd_per_mmbtu)
        row = _fact(change, change.subject, change.attribute, values[-1], "usd_per_mmbtu", start)
        rows.append(row | {"valid_to": end})
    effect = f"{change.attribute} of {change.subject} = {values[0]:g} USD/MMBtu ({change.add_usd_per_mmbtu:+g})"
    return world.with_rows("facts", rows), effect


def _contract(world: World, change: s.AddContract, day: date) -> tuple[World, str]:
    row = {
        "id": f"contract-{change.id}",
        "name": change.text,
        "seller": change.seller,
        "node": change.node,
        "corridor": change.corridor,
        "annual_bcm": change.annual_bcm,
        "minimum_share": change.minimum_share,
        "index": "unknown",
        "valid_from": day,
        "valid_to": change.to,
        "in_market": True,
        "kind": "assumption",
        "source": SOURCE,
        "locator": f"change {change.id}",
    }
    return world.with_rows("contracts", [row]), f"{change.seller} sells {change.annual_bcm:g} bcm/y to {change.node}"


def _transfer(world: World, change: s.TransferStake, day: date) -> tuple[World, str]:
    from polynya.scenario.stakes import transfer  # the only change that needs exact shares

    frame, effect, problem, fix = transfer(world.table("ownership"), change, day, SOURCE)
    if problem:
        raise _ContradictionError(problem, fix)
    return world.with_tables({"ownership": frame}), effect


def expand_nodes(world: World, nodes: Iterable[str]) -> Iterable[str]:
    """Node ids, with `region:NAME` written out."""
    frame = world.table("nodes")
    for node in nodes:
        if node.startswith("region:"):
            yield from frame.filter(pl.col("region") == node.removeprefix("region:"))["id"].to_list()
        else:
            yield node


def _end(frame: pl.DataFrame, chosen: pl.Expr, day: date, to: date | None) -> pl.DataFrame:
    """End the chosen rows the day before `day`; rows that begin later vanish; after `to` they come back."""
    begun = (
        chosen
        & (pl.col("valid_from").is_null() | (pl.col("valid_from") < day))
        & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= day))
    )
    later = chosen & (pl.col("valid_from") >= day)
    ended = frame.with_columns(
        pl.when(begun).then(pl.lit(day - timedelta(days=1))).otherwise(pl.col("valid_to")).alias("valid_to")
    )
    if to is None:
        return ended.filter(~later.fill_null(False))
    back = to + timedelta(days=1)
    again = frame.filter(
        (begun | later).fill_null(False) & (pl.col("valid_to").is_null() | (pl.col("valid_to") >= back))
    )
    again = again.with_columns(pl.max_horizontal(pl.lit(back), pl.col("valid_from")).alias("valid_from"))
    return pl.concat([ended.filter(~later.fill_null(False)), again])


def _known_end(frame: pl.DataFrame, ids: Sequence[str], day: date) -> pl.DataFrame:
    """What a scenario ends has an end that is known; else it would go on as one that nobody followed up."""
    if "end_known" not in frame.columns:
        return frame
    over = pl.col("id").is_in(list(ids)) & (pl.col("valid_to") < day)
    return frame.with_columns(
        pl.when(over.fill_null(False)).then(pl.lit("ended")).otherwise(pl.col("end_known")).alias("end_known")
    )


_NEEDS: dict[str, tuple[str, ...]] = {
    "lift_measure": ("measures",),
    "impose_measure": ("measures",),
    "license_measure": ("licences",),
    "end_licence": ("licences",),
    "end_holding": ("ownership",),
    "transfer_stake": ("ownership",),
    "open_passage": (VOYAGE_PASSAGES,),
    "close_passage": (VOYAGE_PASSAGES,),
}
_APPLY: dict[str, Callable[[World, Any, date], tuple[World, str]]] = {
    "set_fact": _set_fact,
    "restore_capacity": _restore,
    "lose_capacity": _lose,
    "open_gate": _open_gates,
    "close_gate": _close_gate,
    "lift_measure": _lift,
    "impose_measure": _impose,
    "license_measure": _license,
    "end_licence": _end_licence,
    "end_holding": _end_holding,
    "transfer_stake": _transfer,
    "open_passage": _open_passage,
    "close_passage": _close_passage,
    "shift_demand": _demand,
    "shift_cost": _cost,
    "add_contract": _contract,
}
