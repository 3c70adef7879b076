"""Generated market problems of every size the speed targets name, as the tables of a problem folder.

Question: which problems are timed? `cournot` (b): 80 nodes, 250 arcs, 40 storages, 5 or 25 strategic traders and a
competitive fringe, storage pooled or owned by trader. `price_taking` (c): a linear program of some 150,000 variables.
`multi_year` (d): 136 nodes, 2,800 arcs, 12 traders, 363 storages, 27 periods, investments, some 300,000 variables.
Out: one polars frame per table, columns as the problem folder has them; `write` makes the folder.

Units: bcm per period, musd, musd per bcm. Everything is invented (seeded), only the shape is that of the gas trade:
prices near 300, elasticity -0.3 to -0.6, winter demand about twice summer's, capacities that bind here and there.
Deterministic for a seed. Not here: solving, timing (`market.py`).
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

Tables = dict[str, pl.DataFrame]

SEASON = 1.0 + 0.35 * np.cos(2 * np.pi * np.arange(12) / 12)


def cournot(strategic: int, periods: int, storage: str = "competitive", seed: int = 1, nodes: int = 80) -> Tables:
    """(b): monthly Cournot game; `storage` is `competitive` (pooled), `trader` (owned) or `none`."""
    rng = np.random.default_rng(seed)
    names = [f"N{i:03d}" for i in range(nodes)]
    months = [f"{2026 + m // 12}-{m % 12 + 1:02d}" for m in range(periods)]
    years = [str(2026 + m // 12) for m in range(periods)]
    place = rng.random((nodes, 2))
    traders = [f"t{k:02d}" for k in range(strategic)] + ["fringe"]
    producing = rng.permutation(nodes)[: nodes // 2]
    owner = _owners(len(producing), strategic)
    reference = rng.lognormal(0.0, 0.8, nodes)  # bcm a month at a price of 300
    pipes = _pipes(place, round(1.875 * nodes), producing)
    ships = _ships(rng, producing, nodes, round(1.25 * nodes))
    size = _sizes(rng, len(producing), reference)

    out: Tables = {
        "periods": pl.DataFrame({"period": months, "weight": [0.995**m for m in range(periods)], "cycle": years}),
        "nodes": pl.DataFrame({"node": names}),
        "traders": pl.DataFrame({"trader": traders}),
        "conduct": pl.DataFrame(
            {
                "trader": traders[:-1],
                "node": ["*"] * strategic,
                "theta": np.round(rng.uniform(0.3, 1.0, strategic), 3),
            }
        ),
        "demand": _demand(rng, names, months, reference),
        "production": _production(rng, names, traders, months, producing, owner, size, steps=3, slope=True),
        "arcs": _arcs(rng, names, ["*"], place, pipes, ships, reference, fleet="world"),
        "fleets": pl.DataFrame(
            {"fleet": ["world"] * periods, "period": months, "ship_days": [12.0 * 0.25 * reference.sum()] * periods}
        ),
    }
    if storage != "none":
        own = traders if storage == "trader" else [None]
        sites = rng.permutation(nodes)[: nodes // 2]
        out["storage"] = _storage(rng, names, sites, reference, own)
    return out


def price_taking(periods: int = 120, nodes: int = 160, seed: int = 2) -> Tables:
    """(c): fixed demand with a value of lost load, stepwise costs, pooled storage: a linear program."""
    rng = np.random.default_rng(seed)
    tables = cournot(0, periods, "competitive", seed, nodes)
    reference = rng.lognormal(0.0, 0.8, nodes)
    names = tables["nodes"]["node"].to_list()
    months = tables["periods"]["period"].to_list()
    month = np.tile(np.arange(periods), nodes)
    tables["demand"] = pl.DataFrame(
        {
            "node": np.repeat(names, periods),
            "period": np.tile(months, nodes),
            "fixed": np.repeat(reference, periods) * SEASON[month % 12] * rng.uniform(0.9, 1.1, nodes * periods),
            "value_of_lost_load": 1500.0,
        }
    )
    tables["production"] = tables["production"].with_columns(cost_slope=pl.lit(0.0))
    tables["periods"] = tables["periods"].with_columns(
        cycle=pl.lit("all")
    )  # one cycle: what PyPSA's stores can say too
    del tables["fleets"]
    tables["arcs"] = tables["arcs"].drop("fleet", "ship_days")
    return tables


def multi_year(years: int = 9, seasons: int = 3, nodes: int = 136, strategic: int = 11, seed: int = 3) -> Tables:
    """(d): seasons of several years; owned storage closes within a year; pipes can be enlarged once a year.

    The nodes lie in twelve regions without pipes between them. A trader loads ships only where it produces (bans), in the
    one or two regions it has, so that only part of the 2,800 arcs is its own.
    """
    rng = np.random.default_rng(seed)
    names = [f"N{i:03d}" for i in range(nodes)]
    season = ["low", "high", "peak"] if seasons == 3 else [f"s{s}" for s in range(seasons)]
    months = [f"{2026 + y}-{s}" for y in range(years) for s in season]
    cycle = [str(2026 + y) for y in range(years) for _ in season]
    region = rng.permutation(nodes) % 12
    place = rng.random((nodes, 2)) + 10.0 * np.stack([region % 4, region // 4], axis=1)
    traders = [f"t{k:02d}" for k in range(strategic)] + ["fringe"]
    producing = rng.permutation(nodes)[: nodes // 2]
    producing = producing[np.argsort(region[producing], kind="stable")]
    owner = np.minimum((np.arange(len(producing)) * (strategic + 1)) // len(producing), strategic)
    reference = 3.0 * rng.lognormal(0.0, 0.8, nodes)
    pipes = _pipes(place, round(440 * nodes / 136), producing, region)
    exporters = rng.choice(producing, size=min(len(producing), round(48 * nodes / 136)), replace=False)
    importers = rng.permutation(nodes)[: round(56 * nodes / 136)]
    ships = [(int(i), int(j)) for i in exporters for j in importers if i != j][: round(2360 * nodes / 136)]
    size = _sizes(rng, len(producing), reference)
    arcs = _arcs(rng, names, ["*"], place, pipes, ships, reference, fleet="by-exporter")
    fleets = sorted(set(arcs["fleet"].drop_nulls().to_list()))
    sites = rng.permutation(nodes)[:30]
    storage = _storage(rng, names, sites, reference, traders).head(363)
    enlargeable = [a for a in arcs["arc"].to_list() if a.startswith("pipe")][:: max(1, len(pipes) // 100)]
    first = [f"{2026 + y}-{season[0]}" for y in range(years - 1)]
    return {
        "periods": pl.DataFrame(
            {"period": months, "weight": [0.95 ** (m // seasons) for m in range(years * seasons)], "cycle": cycle}
        ),
        "nodes": pl.DataFrame({"node": names}),
        "traders": pl.DataFrame({"trader": traders}),
        "conduct": pl.DataFrame(
            {
                "trader": traders[:-1],
                "node": ["*"] * strategic,
                "theta": np.round(rng.uniform(0.3, 1.0, strategic), 3),
            }
        ),
        "demand": _demand(rng, names, months, reference, growth=0.01 / seasons),
        "production": _production(rng, names, traders, months, producing, owner, size, steps=3, slope=True),
        "arcs": arcs,
        "fleets": pl.DataFrame(
            {
                "fleet": np.repeat(fleets, len(months)),
                "period": np.tile(months, len(fleets)),
                "ship_days": np.repeat(12.0 * rng.uniform(0.3, 1.5, len(fleets)) * reference.mean(), len(months)),
            }
        ),
        "storage": storage,
        "bans": _own_gas_only(names, traders, producing, owner, region, ships, months),
        "investments": pl.DataFrame(
            {
                "kind": ["arc"] * (len(enlargeable) * len(first)),
                "id": np.repeat(enlargeable, len(first)),
                "period": np.tile(first, len(enlargeable)),
                "maximum": 2.0,
                "cost": np.tile([400.0 * 0.95**y for y in range(years - 1)], len(enlargeable)),
            }
        ),
    }


def write(tables: Tables, folder: Path) -> None:
    """One CSV per table, nulls blank."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table in tables.items():
        table.write_csv(folder / f"{name}.csv")


def _owners(producers: int, strategic: int) -> np.ndarray:
    """Trader of each producing node: two nodes in three are a strategic trader's (one each at least), others fringe."""
    owner = np.full(producers, strategic)
    if strategic:
        mine = max(strategic, (2 * producers) // 3)
        owner[:mine] = np.arange(mine) % strategic
    return owner


def _sizes(rng: np.random.Generator, producers: int, reference: np.ndarray) -> np.ndarray:
    """Production capacity of each producing node: 1.6 times mean demand in all. [bcm per period]"""
    raw = rng.lognormal(0.0, 1.0, producers)
    return np.asarray(1.6 * reference.sum() * raw / raw.sum())


def _pipes(
    place: np.ndarray, count: int, producing: np.ndarray, region: np.ndarray | None = None
) -> list[tuple[int, int]]:
    """Shortest links between neighbours, both directions, every node linked to its nearest one first."""
    distance = np.linalg.norm(place[:, None] - place[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    if region is not None:
        distance[region[:, None] != region[None]] = np.inf
    found: dict[tuple[int, int], None] = {}
    for rank in range(len(place) - 1):
        nearest = np.argsort(distance, axis=1, kind="stable")[:, rank]
        for i, j in enumerate(nearest):
            if len(found) + 2 > count:
                return list(found)
            if np.isfinite(distance[i, j]):
                found[(i, int(j))] = None
                found[(int(j), i)] = None
    return list(found)


def _ships(rng: np.random.Generator, producing: np.ndarray, nodes: int, count: int) -> list[tuple[int, int]]:
    exporters = producing[: max(2, len(producing) // 4)]
    importers = rng.permutation(nodes)[: max(3, nodes // 3)]
    pairs = [(int(i), int(j)) for i in exporters for j in importers if i != j]
    return [pairs[k] for k in sorted(rng.permutation(len(pairs))[:count])]


def _demand(
    rng: np.random.Generator, names: list[str], months: list[str], reference: np.ndarray, growth: float = 0.0
) -> pl.DataFrame:
    """Linear demand through (300, reference x season) with elasticity -0.3 to -0.6 there."""
    nodes, periods = len(names), len(months)
    step = np.tile(np.arange(periods), nodes)
    season = SEASON[step % 12] if periods % 12 == 0 else 1.0 + 0.35 * np.cos(2 * np.pi * (step % 3 + 1) / 3)
    quantity = np.repeat(reference, periods) * season * (1.0 + growth) ** step
    quantity = quantity * rng.uniform(0.95, 1.05, nodes * periods)
    elasticity = np.repeat(rng.uniform(0.3, 0.6, nodes), periods)
    return pl.DataFrame(
        {
            "node": np.repeat(names, periods),
            "period": np.tile(months, nodes),
            "intercept": 300.0 * (1.0 + 1.0 / elasticity),
            "slope": 300.0 / (elasticity * quantity),
        }
    )


def _production(
    rng: np.random.Generator,
    names: list[str],
    traders: list[str],
    months: list[str],
    producing: np.ndarray,
    owner: np.ndarray,
    size: np.ndarray,
    steps: int,
    slope: bool,
) -> pl.DataFrame:
    """Rising cost steps of 50, 30 and 20 % of capacity."""
    share = np.array([0.5, 0.3, 0.2])[:steps]
    base = rng.uniform(40.0, 160.0, len(producing))
    rows: dict[str, list[object]] = {
        k: [] for k in ("trader", "node", "period", "step", "capacity", "cost", "cost_slope")
    }
    for k, node in enumerate(producing):
        cost = base[k]
        for step in range(steps):
            capacity = float(share[step] * size[k])
            rise = float(rng.uniform(20.0, 60.0)) if slope else 0.0
            rows["trader"].append(traders[owner[k]])
            rows["node"].append(names[node])
            rows["period"].append("*")
            rows["step"].append(step + 1)
            rows["capacity"].append(capacity)
            rows["cost"].append(float(cost))
            rows["cost_slope"].append(rise / capacity)
            cost += rise + 5.0
    return pl.DataFrame(rows)


def _arcs(
    rng: np.random.Generator,
    names: list[str],
    periods: list[str],
    place: np.ndarray,
    pipes: list[tuple[int, int]],
    ships: list[tuple[int, int]],
    reference: np.ndarray,
    fleet: str,
) -> pl.DataFrame:
    """Pipes with a capacity, ships without one but with ship-days of a fleet (of the world, or of each exporter)."""
    rows: list[dict[str, object]] = []
    for i, j in pipes:
        length = float(np.linalg.norm(place[i] - place[j]))
        rows.append(
            {
                "arc": f"pipe-{names[i].lower()}-{names[j].lower()}",
                "from": names[i],
                "to": names[j],
                "period": "*",
                "capacity": float(rng.uniform(0.2, 2.0) * max(reference[i], reference[j])),
                "cost": 5.0 + 60.0 * length,
                "loss": 0.002 + 0.03 * length,
                "tariff": 2.0,
                "kind": "pipe",
            }
        )
    for i, j in ships:
        days = float(rng.uniform(6.0, 24.0))
        rows.append(
            {
                "arc": f"ship-{names[i].lower()}-{names[j].lower()}",
                "from": names[i],
                "to": names[j],
                "period": "*",
                "capacity": None,
                "cost": 60.0 + 2.5 * days,
                "loss": 0.08 + 0.0015 * days,
                "tariff": 0.0,
                "kind": "ship",
                "fleet": "world" if fleet == "world" else f"ships-of-{names[i].lower()}",
                "ship_days": days,
            }
        )
    return pl.DataFrame(rows, infer_schema_length=None)


def _own_gas_only(
    names: list[str],
    traders: list[str],
    producing: np.ndarray,
    owner: np.ndarray,
    region: np.ndarray,
    ships: list[tuple[int, int]],
    months: list[str],
) -> pl.DataFrame:
    """A ban for each trader and ship arc that starts in a region where the trader does not produce."""
    rows = []
    for t, trader in enumerate(traders):
        home = set(region[producing[owner == t]].tolist())
        for i, j in ships:
            if int(region[i]) not in home:
                rows.append((trader, f"ship-{names[i].lower()}-{names[j].lower()}"))
    return pl.DataFrame(
        {
            "trader": [r[0] for r in rows],
            "node": "*",
            "arc": [r[1] for r in rows],
            "first_period": months[0],
            "last_period": months[-1],
            "reason": "loads its own gas only",
        }
    )


def _storage(
    rng: np.random.Generator, names: list[str], sites: np.ndarray, reference: np.ndarray, own: list[str | None]
) -> pl.DataFrame:
    """Working volume of about a month's demand; a fifth of it moves in, three tenths out, per period."""
    rows: list[dict[str, object]] = []
    working = {int(n): float(reference[n] * rng.uniform(0.5, 2.0)) for n in sites}
    for trader in own:
        for n in sites:
            volume = working[int(n)] / len(own)
            rows.append(
                {
                    "storage": f"ugs-{names[n].lower()}" + (f"-{trader}" if trader else ""),
                    "node": names[n],
                    "period": "*",
                    "working": volume,
                    "injection": 0.2 * volume,
                    "withdrawal": 0.3 * volume,
                    "cost": float(rng.uniform(5.0, 15.0)),
                    "loss": 0.01,
                    "trader": trader,
                }
            )
    return pl.DataFrame(rows, infer_schema_length=None)
