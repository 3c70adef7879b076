"""What else does the registry say about a thing? (World + id -> the rows of other tables that name it)

One entry for each kind of link, each a list of plain rows with their source. Rows come in the order of time where they
have dates. Not here: facts about the thing itself, and the page they stand on (`page`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from polynya.world.world import IDENTITY_TABLES, World


@dataclass(frozen=True)
class Link:
    """A section of the page: which rows of which table, and the columns worth showing."""

    key: str
    title: str
    table: str
    columns: tuple[str, ...]
    rows: Callable[[str], pl.Expr]
    order: str = ""


def _is(*columns: str) -> Callable[[str], pl.Expr]:
    return lambda identity: pl.any_horizontal(pl.col(c) == identity for c in columns)


def _among(column: str) -> Callable[[str], pl.Expr]:
    """Whether the id stands in a cell that lists several, also as `trader:ID`."""

    def wanted(identity: str) -> pl.Expr:
        cell = pl.col(column).fill_null("").str.split(" ")
        return cell.list.contains(identity) | cell.list.contains(f"trader:{identity}")

    return wanted


LINKS = (
    Link("corridors", "corridors", "corridors", ("id", "from_node", "to_node", "name"), _is("from_node", "to_node", "asset")),
    Link("assets", "assets", "assets", ("id", "kind", "name"), _is("node", "part_of", "operator")),
    Link("supplies", "production", "supplies", ("id", "node", "trader", "name"), _is("node", "trader")),
    Link("traders", "sells as", "traders", ("id", "name", "country"), _is("entity")),
    Link(
        "holders", "held by", "ownership",
        ("owner", "kind", "share", "share_max", "status", "valid_from", "valid_to", "source"), _is("owned"), "valid_from",
    ),
    Link(
        "holdings", "holds", "ownership",
        ("owned", "kind", "share", "share_max", "status", "valid_from", "valid_to", "source"), _is("owner"), "valid_from",
    ),
    Link(
        "contracts", "contracts", "contracts",
        ("id", "seller", "buyer", "node", "annual_bcm", "index", "valid_from", "valid_to", "source"),
        _is("seller", "node", "corridor"), "valid_from",
    ),
    Link("conduct", "conduct towards markets", "conduct", ("trader", "node", "theta", "kind", "source"), _is("trader", "node")),
    Link(
        "offer_caps", "own limits on sales", "offer_caps",
        ("trader", "node", "maximum_bcm_per_year", "valid_from", "valid_to", "reason", "source"), _is("trader", "node"), "valid_from",
    ),
    Link(
        "access", "who alone may use it", "access",
        ("subject", "traders", "valid_from", "valid_to", "reason", "source"),
        lambda i: _is("subject")(i) | _among("traders")(i), "valid_from",
    ),
    Link(
        "designations", "listed", "designations",
        ("regime", "programme", "list_id", "valid_from", "valid_to", "source"), _is("entity"), "valid_from",
    ),
    Link(
        "measures", "measures that name it", "measures",
        ("id", "jurisdiction", "effect", "object", "valid_from", "valid_to", "source"), _among("targets"), "valid_from",
    ),
)  # fmt: skip


def related(world: World, identity: str) -> dict[str, list[dict[str, Any]]]:
    """Key of a link -> its rows. Empty where nothing names the thing; tables that the world lacks are skipped."""
    out: dict[str, list[dict[str, Any]]] = {}
    for link in LINKS:
        out[link.key] = []
        if link.table not in world.tables:
            continue
        frame = world.table(link.table)
        wanted = link.rows(identity)
        if link.key == "contracts":
            wanted = wanted | pl.col("seller").is_in(_sellers(world, identity))
        hit = frame.filter(wanted)
        if link.order:
            hit = hit.sort(link.order, nulls_last=False, maintain_order=True)
        columns = [c for c in link.columns if c in frame.columns]
        out[link.key] = [{c: plain(v) for c, v in r.items()} for r in hit.select(columns).iter_rows(named=True)]
    return out


def _sellers(world: World, identity: str) -> list[str]:
    """Who alone sells what a liquefaction plant makes, or the plants that are part of a project."""
    assets = world.table("assets").filter(pl.col("kind") == "lng-export")
    plants = assets.filter((pl.col("id") == identity) | (pl.col("part_of") == identity))["id"].to_list()
    if not plants or "access" not in world.tables:
        return []
    held = world.table("access").filter(pl.col("subject").is_in(plants))["traders"].to_list()
    return sorted({t for cell in held if cell for t in cell.split(" ")})


def namesakes(world: World, identity: str) -> list[dict[str, str]]:
    """Other things of the registry with the same id: a seller is called as the project or the company behind it."""
    found = []
    for name in IDENTITY_TABLES:
        if name in world.tables:
            for r in world.table(name).filter(pl.col("id") == identity).iter_rows(named=True):
                kind = (
                    r.get("kind")
                    if name in ("assets", "entities")
                    else name.removesuffix("s").replace("supplie", "supply")
                )
                found.append(
                    {"table": name, "kind": str(kind), "name": r.get("name") or "", "note": r.get("note") or ""}
                )
    return found[1:]


def plain(value: Any) -> Any:
    """A date as text, everything else as it is."""
    return value.isoformat() if isinstance(value, date) else value
