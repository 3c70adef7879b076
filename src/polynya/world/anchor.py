"""How do today's levels reach the model? (a user's CSV of forward prices, demand, stocks, rates -> values by node and month)

    item,node,period,value,unit
    price_usd_per_mmbtu,DE,2026-01,10.4,usd_per_mmbtu     reference price of the demand curve in that month
    demand_bcm,DE,2026-01,9.8,bcm                         reference quantity
    storage_fill_bcm,DE,2025-10,18.2,bcm                  stock at the start of the month
    usd_per_eur,,2026-01,1.17,1                           for display

Without an anchor, levels after the last calibrated year are not to be read, only differences.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from polynya.errors import Fault, InputError, did_you_mean
from polynya.tables import Column, cell_position, read_table
from polynya.world.world import World

ITEMS = {"price_usd_per_mmbtu": "usd_per_mmbtu", "demand_bcm": "bcm", "storage_fill_bcm": "bcm", "usd_per_eur": "1"}
COLUMNS = (
    Column("item", nullable=False, options=tuple(ITEMS)),
    Column("node"),
    Column("period", nullable=False, pattern=r"\d{4}-(0[1-9]|1[0-2])"),
    Column("value", "number", nullable=False, minimum=0.0),
    Column("unit", nullable=False),
)


KNOWN = "Codes of nodes are those of nodes.csv: NL, DE, US-GULF, ..."


@dataclass(frozen=True)
class Anchor:
    """The user's levels; empty when there is no file."""

    values: Mapping[tuple[str, str, str], float] = field(default_factory=dict)
    file: str = ""
    sha256: str = ""

    @property
    def given(self) -> bool:
        """Whether prices are anchored."""
        return any(item == "price_usd_per_mmbtu" for item, _, _ in self.values)


def read_anchor(path: Path | None, world: World) -> Anchor:
    """Read an anchor file. Raises InputError with every fault, NotFoundError when it does not exist."""
    if path is None:
        return Anchor()
    frame = read_table(path, COLUMNS)
    nodes = set(world.table("nodes")["id"].to_list())
    values: dict[tuple[str, str, str], float] = {}
    faults: list[Fault] = []
    for i, row in enumerate(frame.iter_rows(named=True)):
        key = (row["item"], row["node"] or "", row["period"])
        for column, wrong, fix in (
            ("unit", row["unit"] != ITEMS[row["item"]], f"{row['item']} is given in {ITEMS[row['item']]}."),
            (
                "node",
                row["item"] != "usd_per_eur" and row["node"] not in nodes,
                did_you_mean(row["node"] or "", nodes) or KNOWN,
            ),
            ("item", key in values, "Keep one of the two rows."),
        ):
            if wrong:
                line, at = cell_position(path, i, column)
                faults.append(Fault(f'"{row[column] or ""}" cannot stand here', str(path), line, at, fix=fix))
        values[key] = row["value"]
    if faults:
        raise InputError(faults)
    return Anchor(values, path.name, hashlib.sha256(path.read_bytes()).hexdigest())
