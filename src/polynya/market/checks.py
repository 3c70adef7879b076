"""Is a problem whole and meaningful? (raw tables -> every fault with its place)

`table_faults` finds what is wrong between cells: references to nothing, rows that say two things, shares that cannot
be. `meaning_faults` finds what cannot be written as one quadratic program: conduct above zero where demand is fixed,
members of a group with different conduct in one market. Not here: types and ranges of single cells (`tables`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl

from polynya.errors import Fault, did_you_mean
from polynya.market.schema import EVERY, TABLES, Table
from polynya.market.sound import Sound, passed
from polynya.tables import cell_position

if TYPE_CHECKING:
    from polynya.market.problem import Problem

Locate = Callable[[str, int, str], tuple[str, int, int]]
Tables = Mapping[str, pl.DataFrame]
Find = Callable[[Tables, Locate], Iterator[Fault]]
MAX_LISTED = 50  # faults of one kind in one table; more of the same help nobody


class Places:
    """Where a cell of a folder's table stands: (table, row from 0, column) -> (file, line, column)."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._position = lru_cache(maxsize=None)(cell_position)

    def __call__(self, table: str, row: int, column: str) -> tuple[str, int, int]:
        """Read the file once more to find the cell; only faults pay for it."""
        path = self.folder / f"{table}.csv"
        line, at = self._position(path, row, column)
        return str(path), line, at


def table_faults(raw: Tables, words: Tables, where: Locate, sound: Sound) -> list[Fault]:
    """Every fault between the cells of a problem's tables. `words`: their columns of text alone."""
    faults: list[Fault] = []
    kinds: Sequence[tuple[Tables, Mapping[str, Find]]] = (
        (raw, {"periods": _periods}),
        (words, {f"keys of {table.name}": partial(_keys, table) for table in TABLES if table.key}),
        (words, {f"references of {table}": partial(_references, table) for table in REFERRING}),
    )
    for tables, finds in kinds:
        faults += _listed(_asked(sound, name, tables, find, where) for name, find in finds.items())
    if faults:
        return faults  # the checks below rely on ids that exist
    for name, tables, find in (
        ("shares", raw, _shares),
        ("demand", raw, _demand),
        ("ends", words, _ends),
        ("arcs", raw, _arcs),
        ("conversions", raw, _conversions),
        ("storage", words, _storage),
        ("contracts", raw, _contracts),
        ("bans", words, _bans),
        ("investments", raw, _investments),
    ):
        faults += _listed([_asked(sound, name, tables, find, where)])
    return faults


def _asked(sound: Sound, name: str, tables: Tables, find: Find, where: Locate) -> list[Fault]:
    return sound.once(name, tables, lambda given: list(find(given, where)), keep=passed)


def _listed(groups: Iterable[list[Fault]]) -> list[Fault]:
    """The first faults of a kind, and how many more there are."""
    found = [fault for group in groups for fault in group]
    if len(found) <= MAX_LISTED:
        return found
    first = found[MAX_LISTED]
    more = f"{len(found) - MAX_LISTED} more faults of this kind"
    return [*found[:MAX_LISTED], Fault(more, first.file, first.line, code=first.code)]


def _fault(
    where: Locate, table: str, row: int, column: str, message: str, fix: str = "", code: str = "invalid"
) -> Fault:
    file, line, at = where(table, row, column)
    return Fault(message, file, line, at, fix=fix, code=code)


def _rows(frame: pl.DataFrame, bad: pl.Expr) -> Iterator[dict[str, object]]:
    yield from frame.with_row_index("_row").filter(bad.fill_null(False)).iter_rows(named=True)


def _row(record: Mapping[str, object]) -> int:
    row = record["_row"]
    assert isinstance(row, int)
    return row


def _periods(raw: Tables, where: Locate) -> Iterator[Fault]:
    frame = raw["periods"]
    for name in ("periods", "nodes", "traders"):
        if raw[name].is_empty():
            yield Fault(f"{name} has no rows", name, code="empty")
    for r in _rows(frame, pl.col("weight") <= 0):
        yield _fault(where, "periods", _row(r), "weight", f'the weight of "{r["period"]}" must be above 0')
    for r in _rows(frame, pl.col("days") <= 0):
        yield _fault(where, "periods", _row(r), "days", f'the days of "{r["period"]}" must be above 0')
    for name in ("periods", "nodes", "traders"):
        for r in _rows(raw[name], pl.col(name[:-1]) == EVERY):
            yield _fault(where, name, _row(r), name[:-1], f'"{EVERY}" stands for all and cannot be an id')
    if frame["cycle"].null_count() not in (0, frame.height):
        for r in _rows(frame, pl.col("cycle").is_null()):
            yield _fault(
                where,
                "periods",
                _row(r),
                "cycle",
                "some periods have a cycle, this one has none",
                "Name the cycle of every period, or of none.",
            )
    cycles = frame["cycle"].to_list()
    seen: set[str] = set()
    for i, cycle in enumerate(cycles):
        if cycle is not None and cycle in seen and cycles[i - 1] != cycle:
            yield _fault(where, "periods", i, "cycle", f'the periods of cycle "{cycle}" do not stand together')
        seen.add(cycle)


def _keys(table: Table, words: Tables, where: Locate) -> Iterator[Fault]:
    """Two rows with the same key say two things."""
    if words[table.name].is_empty():
        return
    frame = words[table.name].with_columns(pl.col(k).fill_null(str(table.defaults.get(k, ""))) for k in table.key)
    again = frame.with_row_index("_row").filter(pl.struct(table.key).is_first_distinct().not_())
    for r in again.iter_rows(named=True):
        said = ", ".join(f"{k} {r[k]}" for k in table.key)
        yield _fault(where, table.name, _row(r), table.key[0], f"a second row for {said}", "Keep one.", "duplicate_row")


REFERENCES: tuple[tuple[str, str, str, bool], ...] = (
    ("conduct", "trader", "traders", True),
    ("conduct", "node", "nodes", True),
    ("demand", "node", "nodes", False),
    ("demand", "period", "periods", True),
    ("production", "trader", "traders", True),
    ("production", "node", "nodes", False),
    ("production", "period", "periods", True),
    ("arcs", "from", "nodes", False),
    ("arcs", "to", "nodes", False),
    ("arcs", "period", "periods", True),
    ("conversions", "trader", "traders", False),
    ("conversions", "plant", "plants", False),
    ("conversions", "period", "periods", True),
    ("yields", "conversion", "conversions", False),
    ("yields", "node", "nodes", False),
    ("plants", "period", "periods", True),
    ("storage", "node", "nodes", False),
    ("storage", "period", "periods", True),
    ("storage", "trader", "traders", True),
    ("contracts", "trader", "traders", False),
    ("contracts", "node", "nodes", False),
    ("contracts", "arc", "arcs", False),
    ("contracts", "first_period", "periods", True),
    ("contracts", "last_period", "periods", True),
    ("fleets", "period", "periods", True),
    ("hubs", "period", "periods", True),
    ("bans", "trader", "traders", True),
    ("bans", "node", "nodes", True),
    ("bans", "arc", "arcs", True),
    ("bans", "first_period", "periods", True),
    ("bans", "last_period", "periods", True),
    ("caps", "trader", "traders", True),
    ("caps", "node", "nodes", True),
    ("caps", "period", "periods", True),
    ("investments", "period", "periods", True),
)  # fmt: skip


REFERRING = tuple(dict.fromkeys(table for table, *_ in REFERENCES))


def _references(named: str, words: Tables, where: Locate) -> Iterator[Fault]:
    if words[named].is_empty():
        return
    for table, column, target, wild in REFERENCES:
        if table != named:
            continue
        used = words[table][column].unique().drop_nulls()
        known = words[target][target[:-1]].unique().to_list()
        allowed = [*known, EVERY] if wild else known
        unknown = used.filter(used.is_in(allowed).not_()).to_list()
        for r in _rows(words[table], pl.col(column).is_in(unknown)) if unknown else ():
            word = str(r[column])
            hint = did_you_mean(word, known) or f"Add it to {target}.csv, or correct it."
            if word == EVERY:
                hint = f'"{EVERY}" cannot be used here.'
            yield _fault(where, table, _row(r), column, f'there is no {target[:-1]} "{word}"', hint, "unknown_id")


def _shares(raw: Tables, where: Locate) -> Iterator[Fault]:
    for table in ("arcs", "storage"):
        for r in _rows(raw[table], pl.col("loss") >= 1):
            yield _fault(
                where,
                table,
                _row(r),
                "loss",
                f'"loss" is {r["loss"]}; it is a share below 1',
                "Divide a percentage by 100.",
            )


def _demand(raw: Tables, where: Locate) -> Iterator[Fault]:
    frame = raw["demand"]
    elastic = pl.col("intercept").is_not_null() | pl.col("slope").is_not_null()
    fixed = pl.col("fixed").is_not_null()
    for r in _rows(frame, elastic & (fixed | pl.col("value_of_lost_load").is_not_null())):
        yield _fault(
            where,
            "demand",
            _row(r),
            "fixed",
            "demand is either intercept and slope, or fixed; this row has cells of both",
            "Leave one pair blank.",
        )
    for r in _rows(frame, elastic & ~fixed & (pl.col("intercept").is_null() | pl.col("slope").is_null())):
        yield _fault(where, "demand", _row(r), "intercept", "price-dependent demand needs both intercept and slope")
    for r in _rows(frame, ~elastic & ~fixed):
        yield _fault(
            where,
            "demand",
            _row(r),
            "intercept",
            "this row has neither intercept and slope nor fixed",
            "Missing is not zero: write fixed 0 for no demand.",
        )


def _ends(raw: Tables, where: Locate) -> Iterator[Fault]:
    for r in _rows(raw["arcs"], pl.col("from") == pl.col("to")):
        yield _fault(where, "arcs", _row(r), "to", f'arc "{r["arc"]}" leads from {r["from"]} to itself')
    for column in ("from", "to"):
        for r in _rows(raw["arcs"], pl.col(column) != pl.col(column).first().over("arc")):
            yield _fault(
                where,
                "arcs",
                _row(r),
                column,
                f'arc "{r["arc"]}" has another "{column}" in an earlier row',
                "Give each direction and each line its own id.",
            )


def _arcs(raw: Tables, where: Locate) -> Iterator[Fault]:
    for r in _rows(raw["arcs"], (pl.col("ship_days") > 0) & pl.col("fleet").is_null()):
        yield _fault(where, "arcs", _row(r), "ship_days", f'arc "{r["arc"]}" takes ship-days but names no fleet')


def _conversions(raw: Tables, where: Locate) -> Iterator[Fault]:
    frame, yields = raw["conversions"], raw["yields"]
    for column in ("trader", "plant"):
        first = pl.col(column).fill_null("").first().over("conversion")
        for r in _rows(frame, pl.col(column).fill_null("") != first):
            yield _fault(
                where,
                "conversions",
                _row(r),
                column,
                f'conversion "{r["conversion"]}" has another "{column}" in an earlier row',
                "Give each way to run a plant its own id.",
            )
    for r in _rows(yields, pl.col("amount") == 0):
        yield _fault(
            where,
            "yields",
            _row(r),
            "amount",
            "nothing is taken or delivered here",
            "Leave the row out, or correct it.",
        )
    for words, sign in (("takes", -1.0), ("delivers", 1.0)):
        does = yields.filter(pl.col("amount") * sign > 0)["conversion"].unique()
        bad = pl.col("conversion").is_in(does.implode()).not_() & pl.col("conversion").is_first_distinct()
        for r in _rows(frame, bad):
            yield _fault(
                where,
                "conversions",
                _row(r),
                "conversion",
                f'conversion "{r["conversion"]}" {words} nothing',
                f"Give it a row in yields.csv with an amount {'below' if sign < 0 else 'above'} 0.",
                "no_recipe",
            )


def _storage(raw: Tables, where: Locate) -> Iterator[Fault]:
    frame = raw["storage"]
    for column in ("node", "trader"):
        for r in _rows(frame, pl.col(column).fill_null("") != pl.col(column).fill_null("").first().over("storage")):
            yield _fault(
                where, "storage", _row(r), column, f'storage "{r["storage"]}" has another "{column}" in an earlier row'
            )
    order = {p: i for i, p in enumerate(raw["periods"]["period"])}
    cycle = dict(zip(raw["periods"]["period"], raw["periods"]["cycle"], strict=True))
    named = frame.with_row_index("_row").filter(
        pl.col("storage").is_in(frame.filter(pl.col("period") == EVERY)["storage"].implode()).not_()
    )
    for _, part in named.group_by(["storage"], maintain_order=True):
        rows = sorted(part.iter_rows(named=True), key=lambda r: order[r["period"]])
        for before, after in pairwise(rows):
            same = cycle[before["period"]] == cycle[after["period"]]
            if same and order[after["period"]] != order[before["period"]] + 1:
                yield _fault(
                    where,
                    "storage",
                    after["_row"],
                    "period",
                    f'storage "{after["storage"]}" has no rows between {before["period"]} and {after["period"]}',
                    "Give it a row in every period from its first to its last.",
                )


def inframarginal_volume(cell: str | None, minimum: float | None) -> float:
    """The volume a contract's `inframarginal` cell names. Raises ValueError when it names none."""
    if cell is None or cell in ("false", "no"):
        return 0.0
    if cell in ("true", "yes"):
        if minimum is None:
            raise ValueError("true means the contract's minimum, which is blank")
        return minimum
    try:
        volume = float(cell)
    except ValueError:
        raise ValueError(f'"{cell}" is neither a volume nor true or false') from None
    if not 0 <= volume < float("inf"):
        raise ValueError(f"{cell} is not a possible volume")
    return volume


def _contracts(raw: Tables, where: Locate) -> Iterator[Fault]:
    frame = raw["contracts"]
    order = {p: i for i, p in enumerate(raw["periods"]["period"])}
    ends = raw["arcs"].unique(subset="arc", keep="first")
    ends_of = dict(zip(ends["arc"], zip(ends["from"], ends["to"], strict=True), strict=True))
    for i, r in enumerate(frame.iter_rows(named=True)):
        name = f'contract "{r["contract"]}"'
        if r["minimum"] is not None and r["maximum"] is not None and r["minimum"] > r["maximum"]:
            yield _fault(
                where,
                "contracts",
                i,
                "minimum",
                f"{name}: the minimum {r['minimum']:g} is above the maximum {r['maximum']:g}",
            )
        if r["minimum"] is None and r["maximum"] is None and r["inframarginal"] is None:
            yield _fault(
                where, "contracts", i, "minimum", f"{name} binds nothing: minimum, maximum and inframarginal are blank"
            )
        first, last = order.get(r["first_period"], 0), order.get(r["last_period"], len(order) - 1)
        if first > last:
            yield _fault(
                where,
                "contracts",
                i,
                "last_period",
                f"{name} ends in {r['last_period']} before it begins in {r['first_period']}",
            )
        if r["arc"] is not None and r["node"] not in ends_of.get(r["arc"], ()):
            yield _fault(where, "contracts", i, "arc", f'{name}: arc "{r["arc"]}" does not touch node {r["node"]}')
        try:
            volume = inframarginal_volume(r["inframarginal"], r["minimum"])
        except ValueError as error:
            yield _fault(where, "contracts", i, "inframarginal", f"{name}: {error}")
            continue
        if volume > 0 and r["arc"] is not None:
            yield _fault(
                where,
                "contracts",
                i,
                "inframarginal",
                f"{name}: an inframarginal volume belongs to sales at a node, not to an arc",
                "Leave the arc blank.",
            )


def _bans(raw: Tables, where: Locate) -> Iterator[Fault]:
    order = {p: i for i, p in enumerate(raw["periods"]["period"])}
    for i, r in enumerate(raw["bans"].iter_rows(named=True)):
        if r["node"] is None and r["arc"] is None:
            yield _fault(where, "bans", i, "node", "this ban names neither a node nor an arc")
        elif r["node"] not in (None, EVERY) and r["arc"] not in (None, EVERY):
            yield _fault(
                where,
                "bans",
                i,
                "arc",
                "a ban is on selling at a node or on using an arc; this row names both",
                "Write two rows, one with a blank arc and one with a blank node.",
            )
        if order.get(r["first_period"], 0) > order.get(r["last_period"], len(order) - 1):
            yield _fault(
                where,
                "bans",
                i,
                "last_period",
                f"the ban ends in {r['last_period']} before it begins in {r['first_period']}",
            )


CAPACITY_OF = {
    "arc": ("arcs", "capacity"),
    "storage": ("storage", "working"),
    "injection": ("storage", "injection"),
    "withdrawal": ("storage", "withdrawal"),
    "production": ("production", "capacity"),
}


def _investments(raw: Tables, where: Locate) -> Iterator[Fault]:
    steps = raw["production"].select(
        pl.concat_str(["trader", "node", pl.col("step").fill_null("1")], separator="/").alias("id"), "capacity"
    )
    for i, r in enumerate(raw["investments"].iter_rows(named=True)):
        table, column = CAPACITY_OF[r["kind"]]
        if r["kind"] == "production":
            there = steps.filter(pl.col("id") == r["id"])["capacity"]
            known = steps["id"].unique().to_list()
        else:
            key = table[:-1] if table == "arcs" else table
            there = raw[table].filter(pl.col(key) == r["id"])[column]
            known = raw[table][key].unique().to_list()
        if there.is_empty():
            yield _fault(
                where,
                "investments",
                i,
                "id",
                f'there is no {r["kind"]} "{r["id"]}" to add capacity to',
                did_you_mean(r["id"], known),
                "unknown_id",
            )
        elif there.null_count() == there.len():
            yield _fault(
                where,
                "investments",
                i,
                "id",
                f'{r["kind"]} "{r["id"]}" has no capacity limit: there is nothing to add to',
            )


def _conduct(raw: Tables) -> pl.DataFrame:
    """trader, node, theta above 0, and the row that says so; `*` written out."""
    from polynya.market.problem import expand
    from polynya.market.schema import BY_NAME

    conduct = expand(BY_NAME["conduct"], raw["conduct"].with_row_index("_row"), raw)
    return conduct.filter(pl.col("theta") > 0).select("trader", "node", "theta", "_row")


def may_clash(raw: Tables) -> bool:
    """Whether `meaning_faults` would find any if every seller's gas reached every market; only then it matters which it does."""
    conduct = _conduct(raw)
    fixed = raw["demand"].filter(pl.col("fixed") > 0)["node"].unique().implode()
    if not conduct.filter(pl.col("node").is_in(fixed)).is_empty():
        return True
    members = raw["traders"].filter(pl.col("group").is_not_null()).with_columns(pl.len().over("group").alias("size"))
    inside = conduct.join(members, on="trader").group_by("group", "node")
    thetas = inside.agg(pl.col("theta").n_unique().alias("thetas"), pl.len().alias("with"), pl.col("size").first())
    return not thetas.filter((pl.col("thetas") > 1) | (pl.col("with") < pl.col("size"))).is_empty()


def meaning_faults(problem: Problem, raw: Tables, where: Locate) -> list[Fault]:
    """Conduct that no quadratic program of this kind can hold.

    A trader with theta > 0 at fixed demand has no best price; unequal theta within a group at one market makes the
    group's first-order conditions asymmetric. Only markets that the trader's gas can reach count.
    """
    from polynya.market.reach import markets_within_reach

    conduct = _conduct(raw)
    reached = markets_within_reach(problem)
    faults = []
    at_fixed = (
        reached.join(problem.demand.filter(pl.col("fixed") > 0), on=["node", "period"])
        .join(conduct, on=["trader", "node"])
        .sort("_row", "node")
        .unique(subset=["_row", "node"], keep="first", maintain_order=True)
    )
    for r in at_fixed.iter_rows(named=True):
        faults.append(
            _fault(
                where,
                "conduct",
                r["_row"],
                "theta",
                f"{r['trader']} has theta {r['theta']:g} at {r['node']}, where demand is fixed ({r['period']}): "
                "a seller who can move the price there has no best price",
                f"Write theta 0 for {r['trader']} at {r['node']}, or give the node intercept and slope.",
                "theta_at_fixed_demand",
            )
        )
    members = problem.traders.filter(pl.col("group").is_not_null())
    both = (
        reached.join(problem.demand.filter(pl.col("slope") > 0), on=["node", "period"])
        .join(members, on="trader")
        .join(conduct, on=["trader", "node"], how="left")
        .with_columns(pl.col("theta").fill_null(0.0))
        .group_by("group", "node")
        .agg(
            pl.col("theta").min().alias("low"),
            pl.col("theta").max().alias("high"),
            pl.col("trader").sort_by("theta").first().alias("softest"),
            pl.col("trader").sort_by("theta").last().alias("hardest"),
            pl.col("_row").max(),
        )
        .filter(pl.col("low") != pl.col("high"))
        .sort("group", "node")
    )
    for r in both.iter_rows(named=True):
        faults.append(
            _fault(
                where,
                "conduct",
                r["_row"],
                "theta",
                f"group {r['group']} has unequal conduct at {r['node']}: {r['softest']} theta {r['low']:g}, {r['hardest']} theta {r['high']:g}; "
                "traders who act jointly need one theta in a market",
                "Give every member of the group the same theta there.",
                "unequal_theta_in_group",
            )
        )
    return faults[:MAX_LISTED]
