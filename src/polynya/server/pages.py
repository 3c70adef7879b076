"""What does one see of a thing, and of a source? (service, id, day -> documents)

A thing's page is that of `polynya world show`; a party's has its holders, its holdings and its screening beside it.
"""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl

from polynya.control.answer import party_document
from polynya.control.owners import owners_document
from polynya.errors import NotFoundError, PolynyaError, did_you_mean
from polynya.server.service import Service, document, plain
from polynya.world.page import page, source_list
from polynya.world.world import IDENTITY_TABLES

MOST_ROWS = 200
MOST_HITS = 200


def things(service: Service, kind: str, words: str) -> dict[str, Any]:
    """Ids, kinds and names that match; kinds with their counts."""
    world = service.world
    wanted = words.casefold().split()
    kinds: dict[str, int] = {}
    hits = []
    for table in IDENTITY_TABLES:
        if table not in world.tables:
            continue
        for row in world.table(table).iter_rows(named=True):
            of = world.kinds[row["id"]]
            name = str(row.get("name") or row.get("act") or "")
            kinds[of] = kinds.get(of, 0) + 1
            text = f"{row['id']} {name}".casefold()
            if kind in ("", of) and all(w in text for w in wanted):
                hits.append({"id": row["id"], "kind": of, "name": name})
    hits.sort(key=lambda h: (h["name"].casefold(), h["id"]))
    return {"kinds": dict(sorted(kinds.items())), "total": len(hits), "items": hits[:MOST_HITS]}


def thing(service: Service, word: str, day: date) -> dict[str, Any]:
    """The page of a node, asset, corridor, party, supply or contract; with control where the engine knows it."""
    found = page(service.world, word, day)
    return {**document(found), "control": _control(service, found["id"], day)}


def _control(service: Service, identity: str, day: date) -> dict[str, Any] | None:
    inputs = service.control
    try:
        node = inputs.parties.find(identity)
        graph = inputs.graph(day)
        return document(
            {
                "holders": {k: owners_document(graph, node, day, kind=k) for k in ("title", "votes")},
                "holdings": owners_document(graph, node, day, kind="title", down=True),
                "names": {i: inputs.parties.names.get(i, i) for i in _ids_in(graph, node)},
            }
        )
    except PolynyaError:
        return None  # a node, a supply, a contract: nobody holds it


def _ids_in(graph: Any, node: str) -> set[str]:
    seen, todo = {node}, [node]
    while todo:
        at = todo.pop()
        for edge in graph.holders_of.get(at, ()):
            if edge.owner not in seen:
                seen.add(edge.owner)
                todo.append(edge.owner)
    down, todo = {node}, [node]
    while todo:
        at = todo.pop()
        for edge in graph.holdings_of.get(at, ()):
            if edge.owned not in down:
                down.add(edge.owned)
                todo.append(edge.owned)
    return seen | down


def screening(service: Service, word: str, regime: str, day: date) -> dict[str, Any]:
    """The document of `polynya screen`, with the names of the ids in it."""
    inputs = service.control
    found = party_document(inputs, word, regime, day)
    steps = [*found["proof"], *found["unknown"]]
    ids = {found["id"]} | {str(s[k]) for s in steps for k in ("owner", "owned", "listed") if s.get(k)}
    return {**document(found), "names": {i: inputs.parties.names.get(i, i) for i in sorted(ids)}}


def source(service: Service, identity: str) -> dict[str, Any]:
    """A source: what it is, and every row of the registry that cites it."""
    world = service.world
    rows = world.table("sources").filter(pl.col("id") == identity)
    if not rows.height:
        raise NotFoundError(
            f'there is no source "{identity[:120]}".',
            fix=did_you_mean(identity, world.table("sources")["id"].to_list()),
        )
    cited: dict[str, Any] = {}
    for resource in world.package.resources:
        columns = [c for c, target in resource.references if target == "sources.id"]
        if not columns or resource.name not in world.tables:
            continue
        frame = world.table(resource.name)
        hit = frame.filter(pl.any_horizontal(pl.col(c) == identity for c in columns))
        if hit.height:
            shown = hit.select(c for c in hit.columns if not c.startswith("_")).head(MOST_ROWS)
            cited[resource.name] = {
                "total": hit.height,
                "columns": shown.columns,
                "rows": plain([list(r) for r in shown.iter_rows()]),
            }
    return {
        "source": plain({k: v for k, v in rows.row(0, named=True).items() if not k.startswith("_")}),
        "cited": cited,
    }


def sources(service: Service) -> list[dict[str, Any]]:
    """Every source with how many rows cite it."""
    found: list[dict[str, Any]] = plain(source_list(service.world))
    return found
