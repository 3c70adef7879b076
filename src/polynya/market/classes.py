"""Which traders can share one commodity without changing the answer? (Coded + Problem -> access classes)

Traders with theta = 0 wherever the price can move, no group, contract, cap, own store or own conversion, and identical
bans are one commodity: they are price takers, so who among them delivers is settled by cost alone, and prices and
totals are exact.
A strategic seller keeps its own commodity: netting it against others would hide its markup.

Not here: splitting a class's sales by trader; that is not determined by the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from polynya.market.coded import Coded, Ints, Mask
from polynya.market.problem import Problem
from polynya.market.qp import Vector

MERGED = "price-takers"


@dataclass(frozen=True)
class Classes:
    """K access classes. `members[k]` are trader ids; `of[t]` is the class of trader t; `leads[k]` is its first trader.

    `taker[k]`: no member moves any price. `leases[k]`: a price taker of the most numerous kind, who stores gas of its own
    in open stores even where a desk trades. `theta` [K, N], `no_sale` [K, N, M], `no_arc` [K, arcs, M], `group` [K].
    """

    names: Sequence[str]
    members: Sequence[Sequence[str]]
    of: Ints
    taker: Mask
    leases: Mask
    theta: Vector
    no_sale: Mask
    no_arc: Mask
    group: Ints

    def __len__(self) -> int:
        return len(self.names)


def classify(problem: Problem, coded: Coded, *, merge: bool = True) -> Classes:
    """Group the traders. With `merge=False` everyone stays alone (for checks that merging changes nothing)."""
    T = len(coded.trader_ids)
    elastic = np.zeros(len(coded.node_ids), dtype=bool)
    elastic[coded.demand.n[coded.demand.elastic & (coded.demand.b > 0)]] = True
    taker: Mask = ~np.asarray((coded.theta[:, elastic] > 0).any(axis=1))
    own = set(problem.contracts["trader"]) | set(problem.caps["trader"]) | set(problem.storage["trader"].drop_nulls())
    own |= set(problem.conversions["trader"].drop_nulls())
    alone = (~taker) | (coded.group >= 0) | np.array([t in own for t in coded.trader_ids], dtype=bool)
    alike = _partition(coded, alone)
    counts = np.bincount(alike[taker], minlength=T + 1)
    leases = taker & (counts[alike] == counts.max())
    of = alike if merge else np.arange(T)
    leads = np.unique(of, return_index=True)[1]
    members = [[coded.trader_ids[t] for t in np.flatnonzero(of == k).tolist()] for k in range(leads.size)]
    return Classes(
        _names(members, coded.trader_ids), members, of, taker[leads], leases[leads], coded.theta[leads], coded.no_sale[leads],
        coded.no_arc[leads], coded.group[leads],
    )  # fmt: skip


def _partition(coded: Coded, alone: Mask) -> Ints:
    """Class of each trader, numbered by first appearance: one for each alone, one for each set of bans among the rest."""
    keys: dict[bytes, int] = {}
    of = np.zeros(alone.size, dtype=np.int64)
    for t in range(alone.size):
        law = np.packbits(coded.no_sale[t]).tobytes() + b"|" + np.packbits(coded.no_arc[t]).tobytes()
        of[t] = keys.setdefault(b"alone %d" % t if alone[t] else law, len(keys))
    return of


def _names(members: Sequence[Sequence[str]], traders: Sequence[str]) -> list[str]:
    """A lone trader's own id; `price-takers`, or `price-takers-1`, ... where there are several merged classes."""
    merged = [m for m in members if len(m) > 1]
    base = MERGED
    while any(t == base or t.startswith(base + "-") for t in traders):
        base = "all-" + base
    names, count = [], 0
    for m in members:
        if len(m) == 1:
            names.append(m[0])
        else:
            count += 1
            names.append(base if len(merged) == 1 else f"{base}-{count}")
    return names


def members_table(classes: Classes) -> pl.DataFrame:
    """One row for each trader: class, trader."""
    pairs = [(name, t) for name, members in zip(classes.names, classes.members, strict=True) for t in members]
    return pl.DataFrame(pairs, schema={"class": pl.String, "trader": pl.String}, orient="row")
