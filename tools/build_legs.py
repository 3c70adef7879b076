"""How does the table of LNG voyages come about? (network, ice, ships -> src/polynya/data/voyages/legs.npz)

    python tools/build_legs.py

Takes some minutes on one core; run it after build_network.py or after a change of ships, ice, rules or ports.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from build_network import save
from polynya.voyages.bundle import read_bundle
from polynya.voyages.legs import build_table

DATA = Path(__file__).resolve().parents[1] / "src" / "polynya" / "data" / "voyages"


def main() -> None:
    started = time.monotonic()
    table = build_table(read_bundle(DATA))
    save(
        DATA / "legs.npz",
        origins=np.array(table.origins),
        destinations=np.array(table.destinations),
        days=table.days,
        nm=np.round(table.nm, 1),
        way=table.way,
        zones=table.zones,
        gates=table.gates,
    )
    print(f"{np.isfinite(table.days).sum()} voyages in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
