"""How do the effects of the law reach the market? (the world's tables + months -> rows in the market's own form)

`bans` has the market's columns trader, node, arc, first_period, last_period, reason, and beside them measure, source
and assumed_continued; `caps` has trader, node, period, maximum, reason, measure, source; `deterrents` carries ranges.
Periods are named YYYY-MM. Which gas a trader sells is read from its supplies: where a plant makes LNG it can ship.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any

from polynya.control.market_effects import Arc, Bloc, Contract, MarketEffects, Trader, market_effects
from polynya.control.tables import licences_from_rows, measures_from_rows

Row = Mapping[str, Any]


def effects_from_tables(
    tables: Mapping[str, Iterable[Row]],
    months: Sequence[date],
    lng_arcs: Mapping[str, str] | None = None,
    lng_legs: Iterable[tuple[str, str, str]] = (),
) -> MarketEffects:
    """Effects for a world. Routes with a gate that names the measure are left to the gate. `tables` maps table names to rows; `lng_arcs` maps a terminal's id to its node; `lng_legs` are (id, node of loading, node of landing)."""
    rows = {name: list(given) for name, given in tables.items()}
    country = {n["id"]: n["country"] for n in rows["nodes"]}
    arcs = [Arc(c["id"], c["to_node"], "pipeline-gas", c.get("asset") or "") for c in rows.get("corridors", [])] + [
        Arc(i, node, "lng") for i, node in sorted((lng_arcs or {}).items())
    ]
    arcs += [Arc(i, end, "lng", loads_in=country[start]) for i, start, end in sorted(lng_legs)]
    return market_effects(
        measures_from_rows(rows["measures"]),
        licences_from_rows(rows["licences"]),
        months=months,
        traders=_traders(rows),
        nodes=country,
        arcs=arcs,
        blocs=[Bloc(b["bloc"], b["country"], b["valid_from"], b["valid_to"]) for b in rows["blocs"]],
        contracts=[
            Contract(c["seller"], c["node"], c["annual_bcm"], c["valid_from"], c["valid_to"])
            for c in rows.get("contracts", [])
            # a service contract for re-export is not a purchase in the node
            if c["annual_bcm"] is not None and c["node"] and "transshipment" not in c["name"].casefold()
        ],
        gated={(g["subject"], m) for g in rows.get("gates", []) for m in (g["measure"] or "").split()},
    )


def ban_rows(effects: MarketEffects) -> list[dict[str, Any]]:
    """Bans as rows of the market's table."""
    return [
        {
            "trader": b.trader,
            "node": b.node,
            "arc": b.arc,
            "first_period": f"{b.first_month:%Y-%m}",
            "last_period": f"{b.last_month:%Y-%m}",
            "reason": b.reason,
            "measure": b.measure,
            "source": b.source,
            "assumed_continued": b.assumed_continued,
        }
        for b in effects.bans
    ]


def cap_rows(effects: MarketEffects) -> list[dict[str, Any]]:
    """Limits as rows of the market's table of caps. [bcm per period]"""
    return [
        {
            "trader": x.trader,
            "node": x.node,
            "period": f"{x.month:%Y-%m}",
            "maximum": x.maximum_bcm,
            "reason": x.reason,
            "measure": x.measure,
            "source": x.source,
        }
        for x in effects.limits
    ]


def deterrent_rows(effects: MarketEffects) -> list[dict[str, Any]]:
    """Deterrents as rows; shares of one, blank where unstated."""
    return [
        {
            "trader": d.trader,
            "node": d.node,
            "arc": d.arc,
            "first_period": f"{d.first_month:%Y-%m}",
            "last_period": f"{d.last_month:%Y-%m}",
            "discount_low_share": d.discount[0] if d.discount else None,
            "discount_high_share": d.discount[1] if d.discount else None,
            "capacity_low_share": d.capacity[0] if d.capacity else None,
            "capacity_high_share": d.capacity[1] if d.capacity else None,
            "measure": d.measure,
            "reason": d.reason,
            "source": d.source,
        }
        for d in effects.deterrents
    ]


def _traders(rows: Mapping[str, Sequence[Row]]) -> list[Trader]:
    """Sellers with the ways their gas can take: LNG where their nodes have a plant, pipelines where they have a line."""
    plants = {a["node"] for a in rows.get("assets", []) if a["kind"] == "lng-export" and a["node"]}
    onward: dict[str, set[str]] = defaultdict(set)
    for c in rows.get("corridors", []):
        onward[c["from_node"]].add(c["to_node"])
    country = {n["id"]: n["country"] for n in rows["nodes"]}
    sold: dict[str, set[str]] = defaultdict(set)
    for supply in rows["supplies"]:
        home = _domestic(supply["node"], onward, country)
        if home & plants:
            sold[supply["trader"]].add("lng")
        if any(country.get(n) != country.get(supply["node"]) for h in home for n in onward[h]):
            sold[supply["trader"]].add("pipeline-gas")
    return [
        Trader(t["id"], t["country"], frozenset(sold[t["id"]] or {"pipeline-gas"}), t["entity"] or "")
        for t in rows["traders"]
    ]


def _domestic(node: str, onward: Mapping[str, set[str]], country: Mapping[str, str]) -> set[str]:
    """The nodes of the same country that gas reaches from a node."""
    seen, queue = {node}, [node]
    while queue:
        for further in onward.get(queue.pop(), ()):
            if further not in seen and country.get(further) == country.get(node):
                seen.add(further)
                queue.append(further)
    return seen
