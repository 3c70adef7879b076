"""Run in an environment with PyPSA: the worst nodal imbalance and storage step of each case, as PyPSA sees them."""

import json
import logging
import sys
import warnings

import pandas as pd
import pypsa

warnings.simplefilter("ignore")
logging.disable(logging.WARNING)


def balance(n: pypsa.Network) -> float:
    total = pd.DataFrame(0.0, index=n.snapshots, columns=n.buses.index)
    for power, bus, sign in (
        (n.generators_t.p, n.generators.bus, 1),
        (n.loads_t.p_set, n.loads.bus, -1),
        (n.storage_units_t.p, n.storage_units.bus, 1),
        (n.links_t.p0, n.links.bus0, -1),
        (n.links_t.p1, n.links.bus1, -1),
    ):
        total = total.add(sign * power.T.groupby(bus.reindex(power.columns)).sum().T, fill_value=0)
    return float(total.abs().max().max())


out = {}
for case in ("baseline", "scenario"):
    n = pypsa.Network(f"{sys.argv[1]}/{case}")
    soc, store, dispatch = (n.storage_units_t[k] for k in ("state_of_charge", "p_store", "p_dispatch"))
    step = soc.diff().iloc[1:] - (store * n.storage_units.efficiency_store - dispatch).iloc[1:]
    over = n.links_t.p0 - n.get_switchable_as_dense("Link", "p_max_pu") * n.links.p_nom
    out[case] = {
        "snapshots": [str(s) for s in n.snapshots],
        "buses": len(n.buses),
        "balance": balance(n),
        "store": float(step.abs().max().max()),
        "over_capacity": float(over.max().max()),
        "price_de": n.buses_t.marginal_price["DE"].tolist(),
        "flow": n.links_t.p0["nord-stream-2-b"].tolist() if "nord-stream-2-b" in n.links_t.p0 else [],
    }
print(json.dumps(out))
