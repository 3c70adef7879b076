"""Random small markets that use every table of the format; always solvable unless asked otherwise."""

from __future__ import annotations

import numpy as np
import polars as pl


def tables(seed: int, *, price_taking: bool = False, linear: bool = False) -> dict[str, pl.DataFrame]:
    """Tables of a market with 3 to 6 nodes, 1 to 4 periods and 2 to 6 traders."""
    rng = np.random.default_rng(seed)
    N, M, T = int(rng.integers(3, 7)), int(rng.integers(1, 5)), int(rng.integers(2, 7))
    nodes, periods, traders = [f"n{i}" for i in range(N)], [f"m{i}" for i in range(M)], [f"t{i}" for i in range(T)]
    out: dict[str, pl.DataFrame] = {}
    cyclic = rng.random() < 0.5
    out["periods"] = pl.DataFrame(
        {
            "period": periods,
            "weight": [round(0.99**i, 6) for i in range(M)],
            "cycle": ["c" if cyclic else None] * M,
            "days": [float(rng.integers(28, 32)) for _ in range(M)],
        },
        schema_overrides={"cycle": pl.String},
    )
    out["nodes"] = pl.DataFrame({"node": nodes})
    groups = ["g" if not price_taking and T > 3 and i in (1, 2) and rng.random() < 0.5 else None for i in range(T)]
    if groups.count("g") == 1:
        groups = [None] * T
    out["traders"] = pl.DataFrame({"trader": traders, "group": groups}, schema_overrides={"group": pl.String})
    consuming = [n for n in nodes[1:] if rng.random() < 0.8] or [nodes[-1]]
    fixed = {n for n in consuming if linear or rng.random() < 0.2}
    conduct = []
    for i, t in enumerate(traders):
        strategic = not price_taking and (rng.random() < 0.5 or groups[i] is not None)
        theta = 0.7 if groups[i] is not None else round(float(rng.uniform(0.2, 1.2)), 3)
        conduct += [(t, n, theta if strategic and n not in fixed else 0.0) for n in consuming]
    out["conduct"] = pl.DataFrame(conduct, schema=["trader", "node", "theta"], orient="row")
    demand = []
    for n in consuming:
        for m in periods:
            if n in fixed:
                demand.append((n, m, None, None, float(rng.uniform(1, 5)), float(rng.uniform(40, 60))))
            else:
                demand.append((n, m, float(rng.uniform(10, 30)), float(rng.uniform(0.5, 3)), None, None))
    columns = ["node", "period", "intercept", "slope", "fixed", "value_of_lost_load"]
    out["demand"] = pl.DataFrame(
        demand, schema=dict.fromkeys(columns[:2], pl.String) | dict.fromkeys(columns[2:], pl.Float64), orient="row"
    )
    made = []
    for i, t in enumerate(traders):
        n = nodes[int(rng.integers(0, N))] if i else nodes[0]
        for z in range(int(rng.integers(1, 3))):
            slope = 0.0 if linear or rng.random() < 0.4 else float(rng.uniform(0, 1))
            made.append((t, n, "*", f"s{z}", float(rng.uniform(1, 8)), float(rng.uniform(1, 8)), slope))
    out["production"] = pl.DataFrame(
        made, schema=["trader", "node", "period", "step", "capacity", "cost", "cost_slope"], orient="row"
    )
    arcs = []
    for i in range(N):
        for j in range(N):
            if i != j and rng.random() < 0.5:
                ship = rng.random() < 0.3
                arcs.append(
                    (
                        f"a{i}{j}", nodes[i], nodes[j], "*", float(rng.uniform(0.5, 5)) if rng.random() < 0.7 else None,
                        float(rng.uniform(0.2, 3)), float(rng.choice([0, 0.03, 0.1])), float(rng.choice([0, 0.5])),
                        float(rng.choice([0, 0.3])), "f" if ship else None, 2.0 if ship else 0.0,
                        float(rng.choice([0, 0.4])) if ship else 0.0, "h" if (i + j) % 2 else None,
                    )
                )  # fmt: skip
    names = [
        "arc",
        "from",
        "to",
        "period",
        "capacity",
        "cost",
        "loss",
        "tariff",
        "tax",
        "fleet",
        "ship_days",
        "lag",
        "hub",
    ]
    text = ("arc", "from", "to", "period", "fleet", "hub")
    out["arcs"] = pl.DataFrame(arcs, schema={c: pl.String if c in text else pl.Float64 for c in names}, orient="row")
    out["fleets"] = pl.DataFrame({"fleet": ["f"], "period": ["*"], "ship_days": [float(rng.uniform(2, 8))]})
    out["hubs"] = pl.DataFrame({"hub": ["h"], "period": ["*"], "capacity": [2.5]})
    stores = []
    for w, owner in enumerate([None, "*", traders[-1]][: int(rng.integers(0, 4))]):
        n = str(rng.choice(consuming))
        given = rng.random() < 0.5
        for m, period in enumerate(periods):
            stores.append(
                (
                    f"w{w}", n, period, float(rng.uniform(2, 4)), 2.0, 1.5, 0.2, float(rng.choice([0, 0.02])), owner,
                    1.0 if given and m == 0 else None, 0.5 if given and m == M - 1 and rng.random() < 0.5 else None, None,
                )
            )  # fmt: skip
    names = [
        "storage",
        "node",
        "period",
        "working",
        "injection",
        "withdrawal",
        "cost",
        "loss",
        "trader",
        "initial",
        "final",
        "minimum_fill",
    ]
    text = ("storage", "node", "period", "trader")
    out["storage"] = pl.DataFrame(
        stores, schema={c: pl.String if c in text else pl.Float64 for c in names}, orient="row"
    )
    elastic = [n for n in consuming if n not in fixed]
    if elastic and not linear and rng.random() < 0.6:
        out["contracts"] = pl.DataFrame(
            {
                "contract": ["k0"], "trader": [traders[0]], "node": [elastic[0]], "first_period": [None], "last_period": [None],
                "minimum": [None], "maximum": [float(rng.uniform(0.5, 3))], "inframarginal": [str(round(float(rng.uniform(0, 0.5)), 3))],
            },
            schema_overrides={"first_period": pl.String, "last_period": pl.String, "minimum": pl.Float64},
        )  # fmt: skip
    if rng.random() < 0.5:
        out["caps"] = pl.DataFrame({"trader": [traders[0]], "node": [consuming[0]], "period": ["*"], "maximum": [1.0]})
    if rng.random() < 0.5 and arcs:
        out["bans"] = pl.DataFrame(
            [(traders[-1], None, arcs[0][0], None, None, "test"), (traders[0], consuming[-1], None, periods[-1], None, "test")],
            schema=dict.fromkeys(["trader", "node", "arc", "first_period", "last_period", "reason"], pl.String), orient="row",
        )  # fmt: skip
    limited = [a[0] for a in arcs if a[4] is not None]
    if limited and rng.random() < 0.5:
        out["investments"] = pl.DataFrame(
            {
                "kind": ["arc"],
                "id": [limited[0]],
                "period": [periods[0]],
                "maximum": [float(rng.uniform(0.5, 3))],
                "cost": [1.0],
            }
        )
    return out
