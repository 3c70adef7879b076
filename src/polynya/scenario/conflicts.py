"""Which parts of a scenario cannot all be true at once? (settled scenario + claims + world -> named irreducible sets)

Each conflict is an irreducible set of changes, conditions, claims and facts: leave out any one of its changes or
conditions and this conflict is gone. It comes with its days, in the user's words, and with the cheapest repair. Families:
    opposite acts on one thing     a gate or passage opened and shut, a measure imposed and lifted or licensed
    two values for one number      the same attribute, demand, capacity or availability, on overlapping days
    stakes                         more sold than held, by whoever does not hold, above 100 %
    obligations above capacity     take-or-pay over a line that the scenario or a fact leaves too small
    time                           over before its condition is met; met although what it requires is not
    reports                        changes on claims of which one contradicts the other, or that is denied

Not here: faults of single entries (`load`), and conflicts that only the market as a whole has (`market.culprit`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import combinations
from typing import Any

from polynya.scenario import schema as s
from polynya.scenario.changes import conditions_met, expand_nodes
from polynya.scenario.ledger import Claim
from polynya.world import World
from polynya.world.capacity import CAPACITY, CapacityReader

TOUCHING = 1e-9  # bcm a year: less is rounding
DENIED = ("denied", "cancelled", "revoked")


@dataclass(frozen=True)
class Conflict:
    """What cannot hold together. `changes`, `conditions`, `claims`: ids; `facts`: rows of the registry, in words."""

    changes: tuple[str, ...]
    message: str
    fix: str
    conditions: tuple[str, ...] = ()
    claims: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Act:
    """A change that happens, with its first and last day."""

    change: Any
    first: date
    last: date

    def overlaps(self, other: _Act) -> bool:
        return self.first <= other.last and other.first <= self.last


def conflicts(
    file: s.ScenarioFile,
    claims: Mapping[str, Claim],
    world: World,
    met: Mapping[str, date],
    without: frozenset[str] = frozenset(),
) -> list[Conflict]:
    """Every conflict among what happens. `met`: condition -> day; `without`: changes left out."""
    acts = []
    found: list[Conflict] = list(_conditions(file, met))
    for change in file.changes:
        if change.id in without or isinstance(change, s.Carry) or any(c not in met for c in change.when):
            continue
        days = [d for d in (change.from_, *(met[c] for c in change.when)) if d is not None]
        first = max(days) if days else file.as_of
        if change.to is not None and change.to < first:
            found.append(_too_late(change, met, first))
            continue
        acts.append(_Act(change, first, change.to or date.max))
    for family in (_opposites, _two_values, _stakes, _obligations):
        found += family(acts, claims, world)
    found += _reports(acts, claims)
    return found


def of_scenario(scenario: Any, world: World, without: frozenset[str] = frozenset()) -> list[Conflict]:
    """The conflicts of a read scenario, with its own conditions."""
    return conflicts(scenario.file, scenario.claims, world, conditions_met(scenario, set(without)), without)


def _name(change: Any, claims: Mapping[str, Claim]) -> str:
    """A change in the user's words, with the claims behind it."""
    text = f' ("{change.text}")' if change.text != "-" else ""
    behind = [b for b in change.because if b in claims]
    return f'"{change.id}"{text}' + (f" by claim {' '.join(behind)}" if behind else "")


def _when(a: _Act, b: _Act) -> str:
    first, last = max(a.first, b.first), min(a.last, b.last)
    return f"from {first} on" if last == date.max else f"from {first} to {last}"


def _repair(a: _Act, b: _Act) -> str:
    """End the earlier one before the later begins; when both begin on one day, leave one out."""
    earlier, later = sorted((a, b), key=lambda x: x.first)
    if earlier.first < later.first:
        end = later.first - timedelta(days=1)
        return f'End "{earlier.change.id}" on {end} (to: {end}), or leave out one: --without {later.change.id}.'
    return f"Leave out one: --without {a.change.id}, or --without {b.change.id}."


def _pair(a: _Act, b: _Act, claims: Mapping[str, Claim], why: str) -> Conflict:
    message = f"{_name(a.change, claims)} and {_name(b.change, claims)} cannot both hold {_when(a, b)}: {why}"
    return Conflict((a.change.id, b.change.id), message, _repair(a, b), claims=_behind((a, b), claims))


def _behind(acts: Iterable[_Act], claims: Mapping[str, Claim]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(b for a in acts for b in a.change.because if b in claims))


def _conditions(file: s.ScenarioFile, met: Mapping[str, date]) -> Iterator[Conflict]:
    """Assumed met, although something that it requires directly is not assumed met."""
    known = {c.id: c for c in file.conditions}
    for condition in file.conditions:
        if condition.assume != "met":
            continue
        for needed in condition.requires:
            other = known.get(needed)
            if other is not None and other.assume == "failed":
                yield Conflict(
                    (),
                    f'condition "{condition.id}" is assumed met, yet it requires "{needed}", which is assumed failed',
                    f'Assume "{needed}" met as well, or "{condition.id}" open.',
                    conditions=(condition.id, needed),
                )


def _too_late(change: Any, met: Mapping[str, date], first: date) -> Conflict:
    late = max((c for c in change.when if met[c] > change.to), key=lambda c: (met[c], c))
    return Conflict(
        (change.id,),
        f'"{change.id}" ends on {change.to}, before its condition "{late}" is met on {met[late]}',
        f'End it after {met[late]}, or let "{late}" be met by {change.to}.',
        conditions=(late,),
    )


def _opposites(acts: Sequence[_Act], claims: Mapping[str, Claim], world: World) -> Iterator[Conflict]:
    subject_of = dict(world.table("gates").select("id", "subject").iter_rows()) if "gates" in world.tables else {}
    for a, b in combinations(acts, 2):
        if not a.overlaps(b):
            continue
        kinds = {a.change.type: a.change, b.change.type: b.change}
        if {"open_gate", "close_gate"} == set(kinds):
            shut = kinds["close_gate"].subject
            opened = [g for g in kinds["open_gate"].gates if subject_of.get(g) == shut]
            if opened:
                yield _pair(a, b, claims, f"{shut} would be opened ({', '.join(opened)}) and shut at once")
        elif {"open_passage", "close_passage"} == set(kinds):
            if a.change.passage == b.change.passage:
                yield _pair(a, b, claims, f"{a.change.passage} would be open and closed at once")
        elif "impose_measure" in kinds and ({"lift_measure", "license_measure"} & set(kinds)):
            both = sorted(set(a.change.measures) & set(b.change.measures))
            if both and _share_targets(a.change, b.change):
                other = "lifted" if "lift_measure" in kinds else "licensed"
                yield _pair(a, b, claims, f"{', '.join(both)} would be put in force and {other} at once")
        elif {"restore_capacity", "lose_capacity"} == set(kinds) and a.change.subject == b.change.subject:
            yield _pair(a, b, claims, f"the capacity of {a.change.subject} would be restored and lost at once")


def _share_targets(a: Any, b: Any) -> bool:
    """Whether two changes of one measure are about the same thing: a listing of one ship does not contradict that of another."""
    mine, theirs = getattr(a, "targets", None), getattr(b, "targets", None)
    if a.type == "license_measure" or b.type == "license_measure":
        return True
    return not mine or not theirs or bool(set(mine) & set(theirs))


def _numbers(act: _Act, world: World) -> Iterator[tuple[tuple[str, str], float, str]]:
    """(thing, attribute), value and words of every number that a change sets."""
    c = act.change
    if c.type == "set_fact":
        if world.attributes[c.attribute]["combine"] != "precedence":
            return  # of several caps the least holds; that is no contradiction
        yield (c.subject, c.attribute), c.value, f"{c.attribute} of {c.subject}"
    elif c.type == "restore_capacity" and c.capacity_bcm_per_year is not None:
        yield (c.subject, CAPACITY), c.capacity_bcm_per_year, f"{CAPACITY} of {c.subject}"
    elif c.type == "shift_demand":
        for node in expand_nodes(world, c.nodes):
            yield (node, "demand_factor"), c.factor, f"the demand factor of {node}"


def _two_values(acts: Sequence[_Act], claims: Mapping[str, Claim], world: World) -> Iterator[Conflict]:
    """Two changes that set one number to two values; the later in the file would win in silence."""
    numbers = [(a, {key: (value, words) for key, value, words in _numbers(a, world)}) for a in acts]
    for (a, mine), (b, other) in combinations([n for n in numbers if n[1]], 2):
        if not a.overlaps(b):
            continue
        differ = [k for k in mine if k in other and mine[k][0] != other[k][0] and _same_time(a, b, k, world)]
        if differ:
            (value, words), second = mine[differ[0]], other[differ[0]][0]
            more = f" (and {len(differ) - 1} more)" if len(differ) > 1 else ""
            yield _pair(a, b, claims, f"{words} would be {value:g} and {second:g}{more}")


def _same_time(a: _Act, b: _Act, key: tuple[str, str], world: World) -> bool:
    """Yearly facts meet only in the same calendar year."""
    meta = world.attributes.get(key[1])
    return meta is None or meta["over_time"] != "year" or a.first.year == b.first.year


def _stakes(acts: Sequence[_Act], claims: Mapping[str, Claim], world: World) -> Iterator[Conflict]:
    """Sellers that sell more than they hold, counting what the scenario itself brings them by then."""
    if "ownership" not in world.tables:
        return
    edges = list(world.table("ownership").iter_rows(named=True))
    transfers = [a for a in acts if a.change.type == "transfer_stake"]
    groups: dict[tuple[str, str], list[_Act]] = {}
    for act in transfers:
        groups.setdefault((act.change.from_owner, act.change.owned), []).append(act)
    for (seller, owned), sales in groups.items():
        bought = [a for a in transfers if a.change.owned == owned and a.change.to_owner == seller]
        seen = _Holding(seller, owned, edges, bought)
        kinds = list(dict.fromkeys(k for a in sales for k in a.change.kinds))
        begun = min(a.first for a in sales)
        for kind in [k for k in kinds if seen.share(k, begun) > 0] or kinds[:1]:
            conflict = _oversold(seen, kind, [a for a in sales if kind in a.change.kinds], claims)
            if conflict is not None:
                yield conflict
                break
    for owned in dict.fromkeys(a.change.owned for a in transfers):
        yield from _above_whole(owned, [a for a in transfers if a.change.owned == owned], edges)


@dataclass(frozen=True)
class _Holding:
    """What somebody holds of something: recorded edges, and what the scenario brings."""

    seller: str
    owned: str
    edges: Sequence[Mapping[str, Any]]
    bought: Sequence[_Act]

    def share(self, kind: str, day: date) -> Decimal:
        """Percent held on a day."""
        rows = [
            e
            for e in self.edges
            if e["owner"] == self.seller
            and e["owned"] == self.owned
            and e["kind"] == kind
            and e["share"]
            and e["status"] in (None, "closed")
            and _holds(e, day)
        ]
        came = [_share(a) for a in self.bought if kind in a.change.kinds and a.first <= day <= a.last]
        return sum((Decimal(e["share"]) for e in rows), Decimal(0)) + sum(came, Decimal(0))


def _oversold(seen: _Holding, kind: str, sales: Sequence[_Act], claims: Mapping[str, Claim]) -> Conflict | None:
    mine = sorted(sales, key=lambda a: a.first)

    def too_much(chosen: Sequence[_Act]) -> tuple[date, Decimal] | None:
        for day in sorted({a.first for a in chosen}):
            sold = sum((_share(a) for a in chosen if a.first <= day <= a.last), Decimal(0))
            if sold > seen.share(kind, day):
                return day, sold - seen.share(kind, day)
        return None

    if too_much(mine) is None:
        return None
    chosen = _irreducible(mine, lambda part: too_much(part) is not None)
    found = too_much(chosen)
    assert found is not None
    day, over = found
    names = ", ".join(_name(a.change, claims) for a in chosen)
    asked = sum((_share(a) for a in chosen), Decimal(0))
    edge = f"{seen.seller} holds {_plain(seen.share(kind, day))} % of {seen.owned} ({kind}) on {day}"
    verb = "moves" if len(chosen) == 1 else "together move"
    small = min(chosen, key=lambda a: (_share(a), a.change.id))
    left = _share(small) - over
    less = f'lower "{small.change.id}" to {_plain(left)} %' if left > 0 else f"--without {small.change.id}"
    return Conflict(
        tuple(a.change.id for a in chosen),
        f"{names} {verb} {_plain(asked)} %, but {edge}",
        f"Move {_plain(over)} % less: {less}. Holders: polynya owners {seen.owned}.",
        claims=_behind(chosen, claims),
        facts=(edge,),
    )


def _above_whole(owned: str, acts: Sequence[_Act], edges: Sequence[Mapping[str, Any]]) -> Iterator[Conflict]:
    """Titles recorded for more than all of a thing whose stakes the scenario moves."""
    day = min(a.first for a in acts)
    titles = [
        e
        for e in edges
        if e["owned"] == owned
        and e["kind"] == "title"
        and e["share"]
        and e["status"] in (None, "closed")
        and _holds(e, day)
    ]
    total = sum((Decimal(e["share"]) for e in titles), Decimal(0))
    if total > 100:
        rows = _irreducible(titles, lambda part: sum((Decimal(e["share"]) for e in part), Decimal(0)) > 100)
        listed = tuple(f"{e['owner']} {e['share']} %" for e in rows)
        yield Conflict(
            tuple(a.change.id for a in acts),
            f"{owned} is held for {_plain(total)} % on {day}, more than all of it: {', '.join(listed)}",
            "Mend the ownership table: end the row of whoever has sold.",
            facts=listed,
        )


def _holds(edge: Mapping[str, Any], day: date) -> bool:
    first, last = edge["valid_from"], edge["valid_to"]
    return (first is None or first <= day) and (last is None or day <= last)


def _share(act: _Act) -> Decimal:
    return Decimal(act.change.share_percent)


def _plain(share: Decimal) -> str:
    text = format(share, "f")
    return text.rstrip("0").rstrip(".") if "." in text else text


def _irreducible(items: Sequence[Any], bad: Callable[[Sequence[Any]], bool]) -> list[Any]:
    """Drop one after the other as long as the rest is still bad."""
    kept = list(items)
    for item in items:
        rest = [k for k in kept if k is not item]
        if bad(rest):
            kept = rest
    return kept


def _obligations(acts: Sequence[_Act], claims: Mapping[str, Claim], world: World) -> Iterator[Conflict]:
    """Take-or-pay of new contracts over a named line, against the line's technical maximum after the scenario's own cuts.

    Gates and dated limits are left to the market, since other changes may lift them.
    """
    lines: dict[str, list[_Act]] = {}
    for a in acts:
        if a.change.type == "add_contract" and a.change.corridor and a.change.minimum_share > 0:
            lines.setdefault(a.change.corridor, []).append(a)
    for line, contracts in lines.items():
        chain = CapacityReader(world).chain(line)
        cuts = [a for a in acts if a.change.type == "lose_capacity" and a.change.subject in chain]
        raised = [
            a
            for a in acts
            if (a.change.type == "restore_capacity" and a.change.subject == line and a.change.capacity_bcm_per_year)
            or (a.change.type == "set_fact" and a.change.subject == line and a.change.attribute == CAPACITY)
        ]

        def over(part: Sequence[_Act], line: str = line, raised: Sequence[_Act] = tuple(raised)) -> tuple[float, date]:
            """bcm a year too much, on the worst first day; at most nought where all of it fits."""
            worst = (0.0, date.min)
            for day in sorted({a.first for a in part}):
                asked = sum(_minimum(a) for a in part if a.change.type == "add_contract" and a.first <= day <= a.last)
                limit = _room(line, day, [*part, *raised], world)
                if asked > 0 and limit is not None and asked - limit > worst[0] + TOUCHING:
                    worst = (asked - limit, day)
            return worst

        if over([*cuts, *contracts])[0] <= 0:
            continue
        chosen = _irreducible([*cuts, *contracts], lambda part: over(part)[0] > 0)
        short, day = over(chosen)
        obliged = [a for a in chosen if a.change.type == "add_contract"]
        asked, last = sum(_minimum(a) for a in obliged if a.first <= day <= a.last), obliged[-1].change
        fits = max(0.0, (_minimum(obliged[-1]) - short) / last.annual_bcm)
        names = " and ".join(_name(a.change, claims) for a in chosen)
        yield Conflict(
            tuple(a.change.id for a in chosen),
            f"{names} cannot hold {'together' if len(chosen) > 1 else 'as it stands'}: at least {asked:.4g} bcm a year must go over {line}, "
            f"which carries {asked - short:.4g} at most on {day}",
            f'Lower the take-or-pay by {short:.4g} bcm a year: minimum_share of "{last.id}" to {fits:.4g}.',
            claims=_behind(chosen, claims),
            facts=(f"{line} carries {asked - short:.4g} bcm a year on {day}",),
        )


def _minimum(act: _Act) -> float:
    return float(act.change.annual_bcm * act.change.minimum_share)


def _room(line: str, day: date, counted: Sequence[_Act], world: World) -> float | None:
    """bcm a year that a line carries at most on a day, after the changes that are counted; None if it is not known."""
    found = world.resolve(line, CAPACITY, day)
    value, share = (found.value if found else None), 1.0
    for a in counted:
        if a.first <= day <= a.last:
            if a.change.type == "lose_capacity":
                share = min(share, a.change.remaining_share)
            elif a.change.type == "set_fact":
                value = a.change.value
            elif a.change.type == "restore_capacity":
                value = a.change.capacity_bcm_per_year
    return None if value is None else value * share


def _reports(acts: Sequence[_Act], claims: Mapping[str, Claim]) -> Iterator[Conflict]:
    """Changes that rest on claims of which one contradicts the other, or on one that is denied or called off."""
    for act in acts:
        for reason in act.change.because:
            claim = claims.get(reason)
            if claim is not None and claim.stage in DENIED and all(b in claims for b in act.change.because):
                yield Conflict(
                    (act.change.id,),
                    f'{_name(act.change, claims)} rests on claim "{reason}", which says that it is {claim.stage}',
                    f"Leave it out (--without {act.change.id}), or add an assumption of your own to because:.",
                    claims=(reason,),
                )
    for a, b in combinations(acts, 2):
        for x in a.change.because:
            for y in b.change.because:
                if x in claims and y in claims and (y in claims[x].contradicts or x in claims[y].contradicts):
                    yield Conflict(
                        (a.change.id, b.change.id),
                        f'{_name(a.change, claims)} and {_name(b.change, claims)} rest on claims that contradict each other: "{x}" and "{y}"',
                        f"Decide which to believe: --without {a.change.id}, or --without {b.change.id}.",
                        claims=(x, y),
                    )
