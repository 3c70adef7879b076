"""How long do PyPSA and linopy take to build and solve the price-taking problem (c)? (problem folder -> JSON)

Runs in the peers' own environment (`market.py --peers` makes it): no polynya here, only the tables. Both build the same
linear program and solve it with HiGHS simplex on one thread, as the market engine does.
Printed: for each peer the seconds from tables to HiGHS' model in memory, those of HiGHS alone, and the objective.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np
import pandas as pd

OPTIONS = {"solver": "simplex", "threads": 1, "output_flag": False}


def read(folder: Path) -> dict[str, pd.DataFrame]:
    return {f.stem: pd.read_csv(f) for f in sorted(folder.glob("*.csv"))}


def linopy_model(t: dict[str, pd.DataFrame]):
    import linopy
    import xarray as xr

    periods, nodes = t["periods"]["period"].to_numpy(), t["nodes"]["node"].to_numpy()
    weight = xr.DataArray(t["periods"]["weight"].to_numpy(), coords={"period": periods})
    arcs, steps, stores = t["arcs"], t["production"], t["storage"]
    demand = t["demand"].pivot(index="node", columns="period", values="fixed").loc[nodes, periods]
    fixed = xr.DataArray(demand.to_numpy(), coords={"node": nodes, "period": periods})

    def data(values, name: str, labels) -> xr.DataArray:
        return xr.DataArray(np.asarray(values), coords={name: np.asarray(labels)})

    def add(m, name: str, labels, upper, label: str):
        most = data(upper, name, labels).broadcast_like(weight)
        return m.add_variables(lower=0.0, upper=most, name=label)

    m = linopy.Model()
    flow = add(m, "arc", arcs["arc"], arcs["capacity"].fillna(np.inf), "flow")
    step_ids = steps["node"] + "/" + steps["step"].astype(str)
    made = add(m, "step", step_ids, steps["capacity"], "made")
    shed = m.add_variables(lower=0.0, upper=fixed, name="shed")
    ids = stores["storage"]
    inject = add(m, "storage", ids, stores["injection"], "inject")
    extract = add(m, "storage", ids, stores["withdrawal"], "extract")
    level = add(m, "storage", ids, stores["working"], "level")

    def at(values, name: str, labels) -> xr.DataArray:
        return data(values, name, labels).rename("node")

    delivered = flow * data(1 - arcs["loss"], "arc", arcs["arc"])
    balance = (
        delivered.groupby(at(arcs["to"], "arc", arcs["arc"])).sum()
        - flow.groupby(at(arcs["from"], "arc", arcs["arc"])).sum()
        + made.groupby(at(steps["node"], "step", step_ids)).sum()
        + (extract - inject).groupby(at(stores["node"], "storage", ids)).sum()
        + shed
    )
    m.add_constraints(balance == fixed, name="balance")
    keeps = data(1 - stores["loss"], "storage", ids)
    m.add_constraints(level - level.roll(period=1) - inject * keeps + extract == 0, name="stock")
    unit = data(arcs["cost"] + arcs["tariff"].fillna(0), "arc", arcs["arc"])
    worth = float(t["demand"]["value_of_lost_load"].iloc[0])
    m.add_objective(
        (flow * unit * weight).sum()
        + (made * data(steps["cost"], "step", step_ids) * weight).sum()
        + (inject * data(stores["cost"], "storage", ids) * weight).sum()
        + (shed * worth * weight).sum()
    )
    return m


def pypsa_network(t: dict[str, pd.DataFrame]):
    import pypsa

    periods, nodes = t["periods"]["period"].to_numpy(), t["nodes"]["node"].to_numpy()
    n = pypsa.Network()
    n.set_snapshots(pd.Index(periods, name="snapshot"))
    n.snapshot_weightings["objective"] = t["periods"]["weight"].to_numpy()
    arcs, steps, stores = t["arcs"], t["production"], t["storage"]
    demand = t["demand"].pivot(index="period", columns="node", values="fixed").loc[periods, nodes]
    worth = float(t["demand"]["value_of_lost_load"].iloc[0])
    n.add("Bus", nodes)
    n.add("Load", nodes, bus=nodes, p_set=demand)
    most = demand.max()
    shed = [f"shed {k}" for k in nodes]
    n.add(
        "Generator", shed, bus=nodes, p_nom=most.to_numpy(), marginal_cost=worth,
        p_max_pu=pd.DataFrame((demand / most).to_numpy(), index=demand.index, columns=shed),
    )  # fmt: skip
    n.add(
        "Generator", (steps["node"] + "/" + steps["step"].astype(str)).to_numpy(), bus=steps["node"].to_numpy(),
        p_nom=steps["capacity"].to_numpy(), marginal_cost=steps["cost"].to_numpy(),
    )  # fmt: skip
    n.add(
        "Link", arcs["arc"].to_numpy(), bus0=arcs["from"].to_numpy(), bus1=arcs["to"].to_numpy(),
        p_nom=arcs["capacity"].fillna(1e6).to_numpy(), efficiency=1 - arcs["loss"].to_numpy(),
        marginal_cost=(arcs["cost"] + arcs["tariff"].fillna(0)).to_numpy(),
    )  # fmt: skip
    ids = stores["storage"].to_numpy()
    n.add("Bus", ids)
    n.add("Store", ids, bus=ids, e_nom=stores["working"].to_numpy(), e_cyclic=True)
    n.add(
        "Link", [f"in {k}" for k in ids], bus0=stores["node"].to_numpy(), bus1=ids, p_nom=stores["injection"].to_numpy(),
        efficiency=1 - stores["loss"].to_numpy(), marginal_cost=stores["cost"].to_numpy(),
    )  # fmt: skip
    n.add(
        "Link",
        [f"out {k}" for k in ids],
        bus0=ids,
        bus1=stores["node"].to_numpy(),
        p_nom=stores["withdrawal"].to_numpy(),
    )
    return n


def handed_over(model):
    """The linopy model in HiGHS, and HiGHS run."""
    from linopy.io import to_highspy

    h = to_highspy(model)
    for key, value in OPTIONS.items():
        h.setOptionValue(key, value)
    built = time.perf_counter()
    h.run()
    return built, time.perf_counter(), float(h.getInfo().objective_function_value), h.getLp().num_col_


def main(folder: Path) -> None:
    tables = read(folder)
    out = {}
    import linopy
    import pypsa

    for name, make in (("linopy", linopy_model), ("pypsa", pypsa_network)):
        start = time.perf_counter()
        model = make(tables)
        if name == "pypsa":
            model.optimize.create_model()
            model = model.model
        built, done, objective, columns = handed_over(model)
        out[name] = {"build": built - start, "solve": done - built, "objective": objective, "columns": columns}
    out["versions"] = {"linopy": linopy.__version__, "pypsa": pypsa.__version__}
    print(json.dumps(out))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
