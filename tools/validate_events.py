"""Would the model have told what two cuts of Russian gas did? (reference world with and without the cut -> tables in a page)

Runs both events of `docs/validation/events.md` end to end and rewrites the tables between its markers; the words around
them, and what really happened, stand in the page. Nothing is fetched.

    python tools/validate_events.py                 both events, page rewritten
    python tools/validate_events.py --print ukraine one event, tables on stdout
    python tools/validate_events.py --solver clarabel
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl

from polynya import handover
from polynya.errors import CertificateError, NoSolutionError
from polynya.market.inputs import build_inputs
from polynya.market.problem import Problem
from polynya.market.solve import solve
from polynya.results.case import Case
from polynya.world import World, load_world
from polynya.world.capacity import add_months

PAGE = Path(__file__).resolve().parents[1] / "docs" / "validation" / "events.md"
SOLVERS = ("auto", "clarabel", "block")  # tried in this order when a certificate does not pass
# What flowed at Sudzha in 2024 up to the last days: 42.0 million m3 a day (20 C), news.az 2024-09-23; x 0.93 to 40 MJ.
SUDZHA_BCM_PER_YEAR = 42.0 * 366 / 1000 * 0.93


@dataclass(frozen=True)
class Event:
    """A cut, the months around it, and the same world without it."""

    id: str
    first: date
    months: int
    after: date  # the first month that is wholly after the cut
    prepare: Callable[[World], World]  # what both cases share
    undo: Callable[[World], World]  # the world without the cut
    nodes: tuple[str, ...]  # whose supply is shown
    prices: tuple[str, ...]


def fact(
    subject: str, attribute: str, value: float, unit: str, first: date, last: date | None, why: str
) -> dict[str, Any]:
    return {
        "subject": subject,
        "attribute": attribute,
        "value": value,
        "unit": unit,
        "valid_from": first,
        "valid_to": last,
        "source": "polynya-assumption",
        "locator": why,
        "kind": "assumption",
    }


def opened(world: World, *gates: str) -> World:
    """The gates end the day before they began. They stay in the table: a route is left to the gate that names a measure."""
    frame = world.table("gates")
    missing = set(gates) - set(frame["id"])
    if missing:
        raise SystemExit(f"no such gate: {', '.join(sorted(missing))}")
    before = pl.col("valid_from") - pl.duration(days=1)
    ends = pl.when(pl.col("id").is_in(gates)).then(before).otherwise(pl.col("valid_to")).alias("valid_to")
    return world.with_tables({"gates": frame.with_columns(ends)})


def left_bank_as_before(world: World) -> World:
    """The left bank of Moldova goes on being supplied by Gazprom alone: nobody has to pay, and no commission rations."""
    line = pl.col("subject") == "md-md-left"
    facts, access = world.table("facts"), world.table("access")
    rationed = line & (pl.col("attribute") == "capacity_limit_bcm_per_year")
    if not facts.filter(rationed).height or not access.filter(line).height:
        raise SystemExit("the limits or the holder of the line to the left bank are no longer in the world")
    for_ever = pl.when(line).then(None).otherwise(pl.col("valid_to")).alias("valid_to")
    before = world.with_tables({"facts": facts.filter(~rationed), "access": access.with_columns(for_ever)})
    return opened(before, "moldova-left-bank-payer")


def winter_of_2025(world: World) -> World:
    """One price level for the whole winter, Moldova's demand of before the cut, and the flow that was nominated.

    The last pair of quantity and price before 2025 is that of 2021, which would put a step into the demand of
    January 2025. So 2024 takes its own consumption (else the mean of its neighbours) at the price level of 2025.
    """
    rows = []
    for node in world.table("nodes")["id"]:
        year = {y: world.resolve(node, "consumption_bcm", date(y, 1, 1)) for y in (2023, 2024, 2025)}
        price = world.resolve(node, "reference_price_usd_per_mmbtu", date(2025, 1, 1))
        first, last = date(2024, 1, 1), date(2024, 12, 31)
        if price is None:
            continue
        rows.append(
            fact(node, "reference_price_usd_per_mmbtu", price.value, "usd_per_mmbtu", first, last, "as in 2025")
        )
        before, after = year[2023], year[2025]
        if year[2024] is None and before is not None and after is not None:
            mean = (before.value + after.value) / 2
            rows.append(fact(node, "consumption_bcm", mean, "bcm", first, last, "mean of 2023 and 2025"))
    for node in ("MD", "MD-LEFT"):
        moldova = world.resolve(node, "consumption_bcm", date(2023, 1, 1))
        if moldova is not None:
            why = "as in 2023: the power sold across the river ended with the cut"
            for y in (2024, 2025):
                rows.append(fact(node, "consumption_bcm", moldova.value, "bcm", date(y, 1, 1), date(y, 12, 31), why))
    rows.append(
        fact(
            "brotherhood",
            "capacity_limit_bcm_per_year",
            SUDZHA_BCM_PER_YEAR,
            "bcm_per_year",
            date(2024, 1, 1),
            None,
            "as nominated in 2024",
        )
    )
    return world.with_rows("facts", rows)


def booked_again(world: World) -> World:
    """Yamal-Europe without the missing bookings of December 2021 to May 2022 and without the cuts of spring 2022."""
    frame = world.table("facts")
    unbooked = (
        (pl.col("subject") == "yamal-europe-pl-de")
        & (pl.col("attribute") == "capacity_limit_bcm_per_year")
        & (pl.col("value") == 0.0)
    )
    if frame.filter(unbooked).height == 0:
        raise SystemExit("the limit of the missing bookings is no longer in the world")
    booked = world.with_tables({"facts": frame.filter(~unbooked)})
    return opened(booked, "yamal-europe-contract", "yamal-europe-counter-sanctions")


EVENTS = (
    Event(
        id="ukraine",
        first=date(2024, 10, 1),
        months=6,
        after=date(2025, 1, 1),
        prepare=winter_of_2025,
        undo=lambda w: opened(left_bank_as_before(w), "brotherhood-contract", "brotherhood-repair", "moldova-contract"),
        nodes=("AT", "SK", "MD", "MD-LEFT"),
        prices=("NL", "DE", "AT", "SK", "HU", "IT", "CZ", "UA", "MD", "MD-LEFT", "JP"),
    ),
    Event(
        id="yamal",
        first=date(2022, 1, 1),
        months=6,
        after=date(2022, 1, 1),
        prepare=lambda w: w,
        undo=booked_again,
        nodes=("PL", "DE"),
        prices=("NL", "DE", "PL", "CZ", "AT", "IT", "JP"),
    ),
)


# -- solving ----------------------------------------------------------------------------------------------------------


def solved(
    world: World, event: Event, name: str, sea: handover.Voyages | None, solvers: Iterable[str]
) -> tuple[Case | None, list[str]]:
    """The certified case, or None, with what was tried."""
    law = handover.permissions(world, event.first, event.months)
    inputs = build_inputs(
        world,
        event.first,
        event.months,
        bans=law.bans,
        caps=law.caps,
        deterrents=law.deterrents,
        legs=sea.legs if sea else None,
        fleets=sea.fleets if sea else None,
        hubs=sea.hubs if sea else None,
        served=sea.served if sea else None,
    )
    problem = Problem.from_tables(dict(inputs.tables))
    told = []
    for solver in solvers:
        try:
            answer = solve(problem, solver=solver, progress=lambda text: print(f"  {text}", file=sys.stderr))
        except (CertificateError, NoSolutionError) as error:
            told.append(f"{name}, solver {solver}: {error}")
            continue
        told.append(
            f"{name}: certified (solver {solver}, duality gap {answer.certificate.get('gap', float('nan')):.1e})"
        )
        return Case(name, inputs, problem, answer, law.bans), told
    return None, told


# -- tables -----------------------------------------------------------------------------------------------------------


def markdown(header: list[str], rows: list[list[str]]) -> list[str]:
    line = ["|" + "|".join(header) + "|", "|" + "|".join("---" if i == 0 else "---:" for i in range(len(header))) + "|"]
    return line + ["|" + "|".join(r) + "|" for r in rows] + [""]


def number(value: float) -> str:
    return "0" if abs(value) < 0.005 else f"{value:.2f}"


def signed(value: float) -> str:
    return "0" if abs(value) < 0.005 else f"{value:+.2f}"


def supply_of(case: Case, node: str, periods: list[str]) -> dict[str, float]:
    """Where a node's gas came from over the periods: arcs in, own production, stores (net), arcs out. [bcm]"""
    flows = case.flows().filter(pl.col("period").is_in(periods))
    found: dict[str, float] = {}
    for r in flows.filter(pl.col("to") == node).iter_rows(named=True):
        label = "LNG terminals" if r["kind"] == "regasification" else f"from {r['from']}"
        found[label] = found.get(label, 0.0) + r["delivered"]
    for r in flows.filter((pl.col("from") == node) & (pl.col("kind") == "pipeline")).iter_rows(named=True):
        found[f"to {r['to']}"] = found.get(f"to {r['to']}", 0.0) - r["quantity"]
    produced = case.production().filter((pl.col("node") == node) & pl.col("period").is_in(periods))["quantity"].sum()
    found["own production"] = float(produced)
    stores = case.problem.storage.filter(pl.col("node") == node)["storage"].unique().to_list()
    moved = case.stocks().filter(pl.col("storage").is_in(stores) & pl.col("period").is_in(periods))
    found["from stores, net"] = float(moved["withdrawal"].sum() - moved["injection"].sum())
    used = case.consumption().filter((pl.col("node") == node) & pl.col("period").is_in(periods))["quantity"].sum()
    found["consumption"] = float(used)
    return {k: v for k, v in found.items() if abs(v) > 0.005 or k == "consumption"}


def with_net(*cases: Mapping[str, float]) -> list[dict[str, float]]:
    """Each case with a line for every border that any of them uses both ways: sellers with market power cross flows."""
    ways = {k for supply in cases for k in supply}
    both = sorted(k[5:] for k in ways if k.startswith("from ") and f"to {k[5:]}" in ways)
    return [
        {**supply, **{f"net from {n}": supply.get(f"from {n}", 0.0) + supply.get(f"to {n}", 0.0) for n in both}}
        for supply in cases
    ]


def seller_share(case: Case, node: str, periods: list[str], trader: str) -> float:
    sold = case.solution.sales.filter((pl.col("node") == node) & pl.col("period").is_in(periods))
    total = float(sold["quantity"].sum())
    return float(sold.filter(pl.col("trader") == trader)["quantity"].sum()) / total if total else 0.0


def balance(case: Case, world: World, periods: list[str]) -> dict[str, float]:
    """Europe as one: pipelines from outside by first corridor, LNG, production, stores, consumption. [bcm]"""
    inside = set(world.table("nodes").filter(pl.col("region") == "Europe")["id"]) - {"UA", "MD", "MD-LEFT"}
    flows = case.flows().filter(pl.col("period").is_in(periods))
    lng = flows.filter((pl.col("kind") == "regasification") & pl.col("to").is_in(inside))["delivered"].sum()
    pipes = flows.filter((pl.col("kind") == "pipeline") & pl.col("to").is_in(inside) & ~pl.col("from").is_in(inside))
    back = flows.filter((pl.col("kind") == "pipeline") & pl.col("from").is_in(inside) & ~pl.col("to").is_in(inside))
    stores = case.problem.storage.filter(pl.col("node").is_in(inside))["storage"].unique().to_list()
    moved = case.stocks().filter(pl.col("storage").is_in(stores) & pl.col("period").is_in(periods))
    found = {f"pipeline from {f}": float(p["delivered"].sum()) for (f,), p in sorted(pipes.group_by("from"))}
    return {
        **found,
        "pipelines out": -float(back["quantity"].sum()),
        "LNG landed": float(lng),
        "own production": float(
            case.production().filter(pl.col("node").is_in(inside) & pl.col("period").is_in(periods))["quantity"].sum()
        ),
        "from stores, net": float(moved["withdrawal"].sum() - moved["injection"].sum()),
        "consumption": float(
            case.consumption().filter(pl.col("node").is_in(inside) & pl.col("period").is_in(periods))["quantity"].sum()
        ),
    }


def compared(title: str, cut: Mapping[str, float], uncut: Mapping[str, float]) -> list[str]:
    labels = list(dict.fromkeys([*uncut, *cut]))
    labels.sort(key=lambda k: (k == "consumption", -abs(cut.get(k, 0.0) - uncut.get(k, 0.0))))
    rows = [
        [k, number(uncut.get(k, 0.0)), number(cut.get(k, 0.0)), signed(cut.get(k, 0.0) - uncut.get(k, 0.0))]
        for k in labels
    ]
    return [f"**{title}** [bcm]", "", *markdown(["", "without the cut", "with it", "change"], rows)]


def tables(event: Event, solvers: Iterable[str], world: World) -> list[str]:
    """Markdown of one event."""
    shared = event.prepare(world)
    sea = handover.voyages(shared, event.first, event.months)
    cut, told = solved(shared, event, "with the cut", sea, solvers)
    uncut, more = solved(event.undo(shared), event, "without the cut", sea, solvers)
    lines = [f"- {t}" for t in (*told, *more)] + [""]
    if cut is None or uncut is None:
        return [*lines, "No certified answer, and so no numbers.", ""]
    names = [add_months(event.first, i).strftime("%Y-%m") for i in range(event.months)]
    after = [n for n in names if n >= event.after.strftime("%Y-%m")]
    span = f"{after[0]} to {after[-1]}"
    for node in event.nodes:
        lines += compared(f"{node}, {span}", *with_net(*(supply_of(c, node, after) for c in (cut, uncut))))
    rows = [
        [n, *(f"{100 * seller_share(c, n, after, 'gazprom'):.0f} %" for c in (uncut, cut))]
        for n in dict.fromkeys((*event.nodes, *event.prices))
        if n != "JP"
    ]
    lines += [f"**Share of Gazprom in what was sold, {span}**", "", *markdown(["", "without the cut", "with it"], rows)]
    lines += compared(f"Europe without Ukraine and Moldova, {span}", *(balance(c, world, after) for c in (cut, uncut)))
    prices = []
    for node in event.prices:
        row = [node]
        for name in names:
            a, b = (
                c.prices().filter((pl.col("node") == node) & (pl.col("period") == name))["price"][0]
                for c in (uncut, cut)
            )
            row.append("?" if a is None or b is None else f"{b:.2f} ({signed(b - a)})")
        prices.append(row)
    lines += ["**Price with the cut (change against without)** [USD/MMBtu]", "", *markdown(["", *names], prices)]
    return lines


def rewrite(page: str, name: str, lines: list[str]) -> str:
    """The page with the block between `<!-- name -->` and `<!-- end name -->` replaced."""
    start, end = f"<!-- {name} -->", f"<!-- end {name} -->"
    if page.count(start) != 1 or page.count(end) != 1:
        raise SystemExit(f"{PAGE.name}: markers of {name} not found once each")
    head, rest = page.split(start)
    return head + start + "\n" + "\n".join(lines) + end + rest.split(end)[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("events", nargs="*", metavar="EVENT", help=f"default: {', '.join(e.id for e in EVENTS)}")
    parser.add_argument("--print", action="store_true", help="tables on stdout; the page stays as it is")
    parser.add_argument("--solver", help="only this solver")
    given = parser.parse_args()
    unknown = set(given.events) - {e.id for e in EVENTS}
    if unknown:
        parser.error(f"no event {', '.join(sorted(unknown))}")
    world = load_world()
    for event in EVENTS:
        if given.events and event.id not in given.events:
            continue
        lines = tables(event, (given.solver,) if given.solver else SOLVERS, world)
        if given.print:
            print("\n".join(lines))
        else:
            PAGE.write_text(rewrite(PAGE.read_text(encoding="utf-8"), event.id, lines), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
