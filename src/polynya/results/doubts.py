"""Which facts does a number hang on? (derivatives by inputs + spreads -> statements, ranked by what they leave open)

What one source says in one place about one attribute is a statement: its facts move together, however many there are, and
a calibrated parameter moves all that was fitted with it. Statements are taken to be independent of each other. A statement's weight is
the change of the number for one standard deviation of it; the squares add up to the number's variance, to first order.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from polynya.console import table
from polynya.results.asked import Asked
from polynya.results.uncertainty import SLOPE, Spread, Uncertainty

if TYPE_CHECKING:
    from polynya.lift import Input

CALIBRATION = "polynya-calibration"
WIDE = 1.0  # spread beside the number, from which on a straight line through it says little
WIDE_SAID = "; wider than the number itself: limits bend it long before, first order says little here (--check)"
NAMED = 3  # facts of a statement that a line names


@dataclass(frozen=True)
class Member:
    """One input of a statement: what its own standard deviation does to the number."""

    input: Input
    derivative: float
    spread: Spread

    @property
    def change(self) -> float:
        """Change of the number for one standard deviation."""
        return self.derivative * self.spread.sd


@dataclass(frozen=True)
class Statement:
    """What one source says in one place about one attribute; its members, the weightiest first."""

    id: str
    kind: str
    members: Sequence[Member]

    @property
    def change(self) -> float:
        """Change of the number when every member moves by one standard deviation of its own."""
        return sum(m.change for m in self.members)

    @property
    def per_percent(self) -> float:
        """Change of the number when every member grows by one per cent of its size."""
        return sum(m.derivative * abs(m.input.value) for m in self.members) / 100.0


@dataclass(frozen=True)
class Doubts:
    """A number with everything it hangs on, the weightiest first."""

    asked: Asked
    statements: Sequence[Statement]

    @property
    def variance(self) -> float:
        """First-order variance of the number."""
        return sum(s.change**2 for s in self.statements)

    @property
    def sd(self) -> float:
        """Its root: one standard deviation of the number."""
        return math.sqrt(self.variance)

    def shares(self) -> dict[str, float]:
        """Kind of fact -> share of the variance."""
        found: dict[str, float] = {}
        for s in self.statements:
            found[s.kind] = found.get(s.kind, 0.0) + s.change**2
        return {k: v / self.variance if self.variance else 0.0 for k, v in sorted(found.items())}


def weigh(
    asked: Asked, found: Mapping[str, tuple[Input, float]], uncertainty: Uncertainty, *, apart: bool = False
) -> Doubts:
    """Group the inputs (id -> input, derivative) to statements and rank them. `apart`: every input by itself."""
    groups: dict[str, list[Member]] = {}
    for one, derivative in found.values():
        spread = uncertainty.of(one)
        groups.setdefault(one.id if apart else statement_of(one, spread), []).append(Member(one, derivative, spread))
    statements = [
        Statement(name, members[0].spread.kind, sorted(members, key=lambda m: (-abs(m.change), m.input.id)))
        for name, members in groups.items()
    ]
    return Doubts(asked, sorted(statements, key=lambda s: (-abs(s.change), s.id)))


def statement_of(one: Input, spread: Spread) -> str:
    """What moves together: a calibrated parameter, or one place of one source about one attribute."""
    if spread.parameter:
        return f"parameter {spread.parameter}"
    if one.attribute.startswith(SLOPE):  # set by rule for every way of a kind, whatever else was fitted there
        return f"{one.attribute}/{'ship' if one.subject.startswith('ship-') else 'pipeline'}"
    own = (
        (one.subject,) if one.source == CALIBRATION else ()
    )  # what a fit found of each subject is no one sentence about all
    return "/".join((one.table, one.attribute, one.source, one.locator, one.kind, *own))


def document(doubts: Doubts, top: int) -> dict[str, Any]:
    """Everything as plain values."""
    a, variance = doubts.asked, doubts.variance
    return {
        "address": a.address, "case": a.case, "title": a.title, "unit": a.unit, "value": a.value,
        "baseline": a.baseline, "scenario": a.scenario, "sd": doubts.sd, "variance_share_by_kind": doubts.shares(),
        "statements_in_all": len(doubts.statements),
        "without_a_row": sorted({m.input.attribute for s in doubts.statements for m in s.members if m.spread.unthought}),
        "statements": [
            {
                "rank": i, "statement": s.id, "kind": s.kind, "facts": len(s.members), "change_per_percent": s.per_percent,
                "change_per_sd": s.change, "share": s.change**2 / variance if variance else 0.0,
                "members": [_member(m) for m in s.members],
            }
            for i, s in enumerate(doubts.statements[:top], start=1)
        ],
    }  # fmt: skip


def _member(m: Member) -> dict[str, Any]:
    one = m.input
    return {
        "table": one.table, "subject": one.subject, "attribute": one.attribute, "value": one.value, "unit": one.unit,
        "valid_from": one.valid_from.isoformat() if one.valid_from else None,
        "valid_to": one.valid_to.isoformat() if one.valid_to else None, "kind": one.kind, "source": one.source,
        "locator": one.locator, "sd": m.spread.sd, "derivative": m.derivative, "change_per_sd": m.change,
    }  # fmt: skip


def line(d: Mapping[str, Any]) -> str:
    """The number with its range, as one line."""
    assumed = 100.0 * d["variance_share_by_kind"].get("assumption", 0.0)
    sign = "+" if d["case"] == "change" else ""
    money = d["unit"] == "million USD"
    value, sd = (
        (f"{d['value']:{sign},.0f}", f"{d['sd']:,.0f}") if money else (f"{d['value']:{sign}.3g}", f"{d['sd']:.2g}")
    )
    return (
        f"{d['title']} {value} {d['unit']} (+- {sd} by the facts' own uncertainty, first order); "
        f"assumptions carry {assumed:.0f} % of that variance" + (WIDE_SAID if d["sd"] > WIDE * abs(d["value"]) else "")
    )


def text(d: Mapping[str, Any]) -> str:
    """One number's doubts as a table."""
    rows = []
    for s in d["statements"]:
        first = s["members"][0]
        rows.append(
            [
                str(s["rank"]), _subjects(s), _attribute(first), _value(s), first["valid_from"] or "", s["kind"], first["source"],
                f"{s['change_per_percent']:+.2g}", f"{s['change_per_sd']:+.2g}", f"{100 * s['share']:.1f} %",
            ]
        )  # fmt: skip
    header = ["#", "fact", "attribute", "value", "from", "kind", "source", "for +1 %", "for +1 sd", "share"]
    left = d["statements_in_all"] - len(d["statements"])
    rest = 1.0 - sum(s["share"] for s in d["statements"])
    more = [f"  {left:,} more statements carry {100 * max(rest, 0.0):.1f} %."] if left > 0 else []
    if d["without_a_row"]:
        more.append(f"  Spread by the table's last row, for anything else: {', '.join(d['without_a_row'])}.")
    return "\n".join([line(d), table(header, rows), *more])


def _subjects(s: Mapping[str, Any]) -> str:
    names = list(dict.fromkeys(m["subject"] for m in s["members"]))
    shown = ", ".join(names[:NAMED]) + (f" and {len(names) - NAMED} more" if len(names) > NAMED else "")
    return f"{s['statement']}: {shown}"[:60] if s["statement"].startswith("parameter ") else shown


def _attribute(member: Mapping[str, Any]) -> str:
    name = str(member["attribute"])
    return name.removesuffix("_usd_per_mmbtu").removesuffix("_bcm_per_year").removesuffix("_per_bcm_per_year")


def _value(s: Mapping[str, Any]) -> str:
    low, high = (f(m["value"] for m in s["members"]) for f in (min, max))
    return f"{low:.4g}" if low == high else f"{low:.4g} to {high:.4g}"
