"""Which tables and columns does a problem folder have? (names, types, defaults, keys)

The folder is a stable, documented format (docs/problem-folder.md). Numbers come in whatever consistent units the user
has; the columns therefore carry no unit. Not here: how the tables are read (`problem`) or checked (`checks`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from polynya.tables import Column

EVERY = "*"  # stands for every period, trader or node


@dataclass(frozen=True, slots=True)
class Table:
    """One table: its columns, what a blank number means, which columns name a row, and where `*` may stand for many."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    required: bool = False
    defaults: Mapping[str, float | str] = field(default_factory=dict)
    expands: tuple[str, ...] = ()


def _text(name: str, description: str, *, present: bool = True, nullable: bool = False) -> Column:
    return Column(name, "text", present=present, nullable=nullable, description=description)


def _number(
    name: str,
    description: str,
    *,
    present: bool = True,
    nullable: bool = True,
    minimum: float | None = None,
    maximum: float | None = None,
) -> Column:
    return Column(
        name, "number", present=present, nullable=nullable, minimum=minimum, maximum=maximum, description=description
    )


PERIODS = Table(
    "periods",
    (
        _text("period", "id; the order of the rows is the order in time"),
        _number("weight", "discount weight of money in this period, above 0", nullable=False),
        _text("cycle", "periods of one cycle repeat for ever: storage closes within it", present=False, nullable=True),
        _number("days", "length; spreads a contract's inframarginal volume over its periods", present=False),
    ),
    ("period",),
    required=True,
)
NODES = Table("nodes", (_text("node", "id of a market, a hub or one end of a plant"),), ("node",), required=True)
TRADERS = Table(
    "traders",
    (
        _text("trader", "id of a seller"),
        _text("group", "traders of a group maximise joint profit", present=False, nullable=True),
    ),
    ("trader",),
    required=True,
)
CONDUCT = Table(
    "conduct",
    (
        _text("trader", "id, or * for every trader"),
        _text("node", "id, or * for every node"),
        _number("theta", "conduct: 0 price taker, 1 Cournot", nullable=False, minimum=0.0),
    ),
    ("trader", "node"),
    expands=("trader", "node"),
)
DEMAND = Table(
    "demand",
    (
        _text("node", "id"),
        _text("period", "id, or *"),
        _number("intercept", "price at which nothing is bought", present=False),
        _number("slope", "fall of the price per unit bought", present=False, minimum=0.0),
        _number("fixed", "quantity that must be served at any price", present=False, minimum=0.0),
        _number(
            "value_of_lost_load", "what an unserved unit costs; blank: it must be served", present=False, minimum=0.0
        ),
    ),
    ("node", "period"),
    required=True,
    expands=("period",),
)
PRODUCTION = Table(
    "production",
    (
        _text("trader", "id, or *"),
        _text("node", "id"),
        _text("period", "id, or *"),
        _text("step", "name of the cost step", present=False, nullable=True),
        _number("capacity", "most that the step gives in the period; blank: no limit", minimum=0.0),
        _number("cost", "marginal cost of the first unit", nullable=False),
        _number("cost_slope", "rise of marginal cost per unit", present=False, minimum=0.0),
    ),
    ("trader", "node", "step", "period"),
    required=True,
    defaults={"step": "1", "cost_slope": 0.0},
    expands=("trader", "period"),
)
ARCS = Table(
    "arcs",
    (
        _text("arc", "id; one direction only"),
        _text("from", "node at the sending end"),
        _text("to", "node at the receiving end"),
        _text("period", "id, or *"),
        _number("capacity", "most that may be sent; blank: no limit", minimum=0.0),
        _number("cost", "resource cost of a unit sent; blank: 0"),
        _number("loss", "share of a unit sent that does not arrive; blank: 0", present=False, minimum=0.0),
        _number("tariff", "paid to the owner per unit sent; blank: 0", present=False),
        _number("tax", "paid to a state per unit sent; blank: 0", present=False),
        _number(
            "cost_slope", "rise of the cost of a unit as a seller sends more; blank: 0", present=False, minimum=0.0
        ),
        _text("kind", "pipeline, ship, ...: carried, not used", present=False, nullable=True),
        _text("fleet", "fleet whose ship-days a unit takes", present=False, nullable=True),
        _number("ship_days", "ship-days that a unit sent takes; blank: 0", present=False, minimum=0.0),
        _text("hub", "hub through which it is transshipped", present=False, nullable=True),
        _number(
            "lag",
            "share of what arrives that arrives in the next period; blank: 0",
            present=False,
            minimum=0,
            maximum=1,
        ),
    ),
    ("arc", "period"),
    defaults={
        "cost": 0.0,
        "loss": 0.0,
        "tariff": 0.0,
        "tax": 0.0,
        "cost_slope": 0.0,
        "ship_days": 0.0,
        "lag": 0.0,
    },
    expands=("period",),
)
CONVERSIONS = Table(
    "conversions",
    (
        _text("conversion", "id: one way to run a plant, with one recipe (its rows in yields.csv)"),
        _text("period", "id, or *"),
        _text("trader", "who alone may run it; blank: every trader", present=False, nullable=True),
        _text("plant", "plant whose capacity it shares; blank: none", present=False, nullable=True),
        _number("capacity", "most activity; blank: no limit", minimum=0.0),
        _number("cost", "resource cost of a unit of activity; blank: 0"),
        _number("tariff", "paid to the plant's owner per unit of activity; blank: 0", present=False),
        _number("tax", "paid to a state per unit of activity; blank: 0", present=False),
        _text("kind", "refining, liquefaction, ...: carried, not used", present=False, nullable=True),
    ),
    ("conversion", "period"),
    defaults={"cost": 0.0, "tariff": 0.0, "tax": 0.0},
    expands=("period",),
)
YIELDS = Table(
    "yields",
    (
        _text("conversion", "id"),
        _text("node", "what is taken or delivered, and where"),
        _number("amount", "per unit of activity: below 0 taken, above 0 delivered", nullable=False),
    ),
    ("conversion", "node"),
)
PLANTS = Table(
    "plants",
    (
        _text("plant", "id"),
        _text("period", "id, or *"),
        _number("capacity", "most activity of all its conversions together; blank: no limit", minimum=0.0),
    ),
    ("plant", "period"),
    expands=("period",),
)
STORAGE = Table(
    "storage",
    (
        _text("storage", "id"),
        _text("node", "id"),
        _text("period", "id, or *"),
        _number("working", "most that may be in store at the end of the period; blank: no limit", minimum=0.0),
        _number("injection", "most that may be injected; blank: no limit", minimum=0.0),
        _number("withdrawal", "most that may be withdrawn; blank: no limit", minimum=0.0),
        _number("cost", "resource cost of a unit injected; blank: 0"),
        _number("loss", "share of a unit injected that is lost; blank: 0", present=False, minimum=0.0),
        _text(
            "trader",
            "whose own store; *: every trader stores; blank: open to price takers",
            present=False,
            nullable=True,
        ),
        _number("initial", "in store before the first period", present=False, minimum=0.0),
        _number("final", "least in store after the last period", present=False, minimum=0.0),
        _number("minimum_fill", "least in store at the end of the period, a quantity", present=False, minimum=0.0),
    ),
    ("storage", "period"),
    defaults={"cost": 0.0, "loss": 0.0},
    expands=("period",),
)
CONTRACTS = Table(
    "contracts",
    (
        _text("contract", "id"),
        _text("trader", "seller"),
        _text("node", "where the gas is sold, or where the arc delivers"),
        _text("arc", "counts what is sent over this arc instead of sales", present=False, nullable=True),
        _text("first_period", "id; blank or *: the first", nullable=True),
        _text("last_period", "id; blank or *: the last", nullable=True),
        _number("minimum", "least over all its periods together (take or pay); blank: none", minimum=0.0),
        _number("maximum", "most over all its periods together; blank: none", minimum=0.0),
        _number("price", "price of the inframarginal volume, for who pays whom", present=False),
        _text(
            "inframarginal",
            "volume over all its periods that carries no markup; true: the minimum; blank: none",
            present=False,
            nullable=True,
        ),
    ),
    ("contract",),
)
FLEETS = Table(
    "fleets",
    (
        _text("fleet", "id"),
        _text("period", "id, or *"),
        _number("ship_days", "ship-days there are; blank or no row: no limit", minimum=0.0),
    ),
    ("fleet", "period"),
    expands=("period",),
)
HUBS = Table(
    "hubs",
    (
        _text("hub", "id"),
        _text("period", "id, or *"),
        _number("capacity", "most that may be transshipped; blank or no row: no limit", minimum=0.0),
    ),
    ("hub", "period"),
    expands=("period",),
)
BANS = Table(
    "bans",
    (
        _text("trader", "id, or * for every trader"),
        _text("node", "may not sell here; * everywhere", nullable=True),
        _text("arc", "may not use this arc; * none", nullable=True),
        _text("first_period", "id; blank or *: the first", nullable=True),
        _text("last_period", "id; blank or *: the last", nullable=True),
        _text("reason", "in words", present=False, nullable=True),
    ),
    (),
)
CAPS = Table(
    "caps",
    (
        _text("trader", "id, or * for each trader"),
        _text("node", "id, or * for each node"),
        _text("period", "id, or *"),
        _number(
            "maximum", "most that the trader offers for sale at the node in the period", nullable=False, minimum=0.0
        ),
        _text("reason", "in words", present=False, nullable=True),
    ),
    ("trader", "node", "period"),
    expands=("trader", "node", "period"),
)
INVESTMENT_KINDS = ("arc", "storage", "injection", "withdrawal", "production")
INVESTMENTS = Table(
    "investments",
    (
        Column("kind", "text", nullable=False, options=INVESTMENT_KINDS, description="what grows"),
        _text("id", "arc id, storage id, or trader/node/step of a production step"),
        _text("period", "when it is decided; the capacity counts from the next period on"),
        _number("maximum", "most capacity that can be added; blank: no limit", minimum=0.0),
        _number("cost", "of a unit of capacity, in money of the period", nullable=False, minimum=0.0),
    ),
    ("kind", "id", "period"),
    expands=("period",),
)

TABLES: tuple[Table, ...] = (
    PERIODS, NODES, TRADERS, CONDUCT, DEMAND, PRODUCTION, ARCS, CONVERSIONS, YIELDS, PLANTS, STORAGE, CONTRACTS, FLEETS,
    HUBS, BANS, CAPS, INVESTMENTS,
)  # fmt: skip
BY_NAME: Mapping[str, Table] = {t.name: t for t in TABLES}
