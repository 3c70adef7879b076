"""What does the registry rest on, and where is it thin? (World -> counts of facts by kind, region, year and group)

Every count says how many of the facts are assumptions. A year counts each fact that holds on at least one of its days
(of a yearly total: the total of that year); undated facts hold always and are counted apart. A fact about a pipeline
belongs to the region of both ends, or to "between regions". Not here: whether a fact is right (`world.check`).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from polynya.console import table
from polynya.world.fact import KINDS, Fact
from polynya.world.world import MODEL, World

FIRST_YEAR = 2019
BETWEEN, NOWHERE, WHOLE_MODEL = "between regions", "no region", "whole model"
# Attribute, or its beginning, -> what it is about. The longest beginning that fits decides.
GROUPS: Mapping[str, str] = {
    "consumption_": "demand",
    "demand_": "demand",
    "price_elasticity_": "demand",
    "power_switch_": "demand",
    "reference_price_": "prices",
    "hub_price_": "prices",
    "import_price_": "prices",
    "production_": "production",
    "production_cost_": "costs and fees",
    "capacity_": "capacity",
    "availability_": "capacity",
    "nameplate_": "capacity",
    "tariff_": "costs and fees",
    "transport_cost_": "costs and fees",
    "tax_": "costs and fees",
    "loss_": "costs and fees",
    "liquefaction_fixed_fee_": "costs and fees",
    "ship_or_pay_": "costs and fees",
    "storage_cost_": "costs and fees",
    "working_": "storage",
    "injection_": "storage",
    "withdrawal_": "storage",
    "fill_": "storage",
    "minimum_fill_": "storage",
    "ship_capacity_": "shipping",
    "passage_": "shipping",
    "nsr_": "shipping",
    "observed_flow_": "observed flows",
    "crude_": "refineries",
    "bbl_per_t": "refineries",
    "product_crack_": "refineries",
    "refinery_": "refineries",
    "yield_": "refineries",
    "route_": "refineries",
    "petrol_demand_": "refineries",
    "distillate_demand_": "refineries",
    "observed_utilisation_": "refineries",
    "observed_crude_": "refineries",
    "observed_route_": "refineries",
    "parameter_": "model parameters",
}


@dataclass(frozen=True, slots=True)
class Coverage:
    """Label -> kind -> number of facts, in four cuts, and the nodes that rest on assumptions most."""

    total: Mapping[str, int]
    by_region: Mapping[str, Mapping[str, int]]
    by_year: Mapping[str, Mapping[str, int]]
    by_group: Mapping[str, Mapping[str, int]]
    by_node: Mapping[str, Mapping[str, int]]

    def as_json(self) -> dict[str, Any]:
        """The counts as a JSON object; every entry carries all kinds, the sum and the share of assumptions."""
        cuts = {"region": self.by_region, "year": self.by_year, "group": self.by_group, "node": self.by_node}
        return {
            "total": _entry(self.total),
            **{f"by_{name}": {k: _entry(v) for k, v in cut.items()} for name, cut in cuts.items()},
        }


def cover(world: World) -> Coverage:
    """Count the facts of a world."""
    facts = [f for group in world.facts.values() for f in group]
    place = _places(world)
    nodes = set(world.table("nodes")["id"].to_list())
    return Coverage(
        total=Counter(f.kind for f in facts),
        by_region=_count(facts, lambda f: place.get(f.subject, NOWHERE)),
        by_year=_by_year(world, facts),
        by_group=_count(facts, lambda f: group_of(f.attribute)),
        by_node=_count([f for f in facts if f.subject in nodes], lambda f: f.subject),
    )


def group_of(attribute: str) -> str:
    """What an attribute is about. An attribute that no beginning fits stands as a group of its own name."""
    fitting = [b for b in GROUPS if attribute.startswith(b)]
    return GROUPS[max(fitting, key=len)] if fitting else attribute


def coverage_text(found: Coverage, nodes: int = 10) -> str:
    """The counts as tables."""
    lines = []
    for title, cut in (("region", found.by_region), ("year", found.by_year), ("about", found.by_group)):
        lines += [_table(title, cut, found.total if title != "year" else None), ""]
    weak = sorted(found.by_node.items(), key=lambda kv: (-_share(kv[1]), kv[0]))[:nodes]
    lines += ["  nodes whose own facts are assumptions most", _table("node", dict(weak), None)]
    total = sum(found.total.values())
    lines += [
        "",
        f"  {total:,} facts, {found.total.get('assumption', 0):,} of them assumptions of this project or its user.",
    ]
    return "\n".join(lines)


def _table(title: str, cut: Mapping[str, Mapping[str, int]], total: Mapping[str, int] | None) -> str:
    listed = [*cut.items(), *([("all", total)] if total is not None else [])]
    rows = [
        [label, *(f"{kinds.get(k, 0):,}" for k in KINDS), f"{sum(kinds.values()):,}", f"{100 * _share(kinds):.0f} %"]
        for label, kinds in listed
    ]
    return table([title, *KINDS, "facts", "assumed"], rows)


def _share(kinds: Mapping[str, int]) -> float:
    total = sum(kinds.values())
    return kinds.get("assumption", 0) / total if total else 0.0


def _entry(kinds: Mapping[str, int]) -> dict[str, Any]:
    return {
        **{k: kinds.get(k, 0) for k in KINDS},
        "facts": sum(kinds.values()),
        "assumption_share": round(_share(kinds), 4),
    }


def _count(facts: list[Fact], label: Callable[[Fact], Hashable]) -> dict[str, Counter[str]]:
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for f in facts:
        found[str(label(f))][f.kind] += 1
    return dict(sorted(found.items(), key=lambda kv: (-sum(kv[1].values()), kv[0])))


def _by_year(world: World, facts: list[Fact]) -> dict[str, Counter[str]]:
    last = max((f.valid_from.year for f in facts if f.valid_from), default=FIRST_YEAR)
    found: dict[str, Counter[str]] = {"undated": Counter()}
    found |= {str(y): Counter() for y in range(FIRST_YEAR, last + 1)}
    for f in facts:
        over_time = world.attributes[f.attribute]["over_time"]
        if f.valid_from is None and f.valid_to is None:
            found["undated"][f.kind] += 1
            continue
        start = (f.valid_from or date(FIRST_YEAR, 1, 1)).year
        # a total of a year or a state on a day belongs to one year, whatever its last day says
        end = start if over_time in ("year", "day") else min((f.valid_to or date(last, 12, 31)).year, last)
        for year in range(max(start, FIRST_YEAR), end + 1):
            found[str(year)][f.kind] += 1
    return found


def _places(world: World) -> dict[str, str]:
    """Subject -> region: of the node, of the node it stands at, of both ends, or of the asset it belongs to."""
    region = dict(world.table("nodes").select("id", "region").iter_rows())
    place = {**region, MODEL: WHOLE_MODEL}
    for r in world.table("supplies").iter_rows(named=True):
        place[r["id"]] = region.get(r["node"], NOWHERE)
    ends: dict[str, set[str]] = defaultdict(set)
    for r in world.table("corridors").iter_rows(named=True):
        both = {region.get(r["from_node"], NOWHERE), region.get(r["to_node"], NOWHERE)}
        place[r["id"]] = both.pop() if len(both) == 1 else BETWEEN
        if r["asset"]:
            ends[r["asset"]] |= both or {place[r["id"]]}
    for r in world.table("assets").iter_rows(named=True):
        if r["node"]:
            place[r["id"]] = region.get(r["node"], NOWHERE)
        elif ends.get(r["id"]):
            place[r["id"]] = next(iter(ends[r["id"]])) if len(ends[r["id"]]) == 1 else BETWEEN
    return place
