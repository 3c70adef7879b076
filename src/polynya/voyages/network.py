"""What does the sea network look like? (arrays of network.npz -> nodes, edges in both directions, gates, ports)

One frozen object; every search works on its CSR arrays. Built by tools/build_network.py; nothing is computed from coasts here.
Not here: reading the file (bundle.py), ice, ships, search.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from polynya.voyages.geodesy import along, distance_nm

Array = np.ndarray[Any, Any]
GRID_KIND = 1
CHUNK = 1 << 16
MASK_ROWS, MASK_COLUMNS = 5400, 10800  # the packed sea mask: 2 minutes of arc, north first, from 180 W
COMPOSITES = {
    "nsr": ("vilkitsky", "shokalsky", "severnaya-zemlya-north"),
    "northern-sea-route": ("vilkitsky", "shokalsky", "severnaya-zemlya-north"),
    "turkish-straits": ("bosporus", "dardanelles"),
    "cape-of-good-hope": ("cape",),
    "northwest": ("nwp",),
}


@dataclass(frozen=True)
class Network:
    """The sea as a graph. Directed edge k runs from `tail[k]` to `head[k]`; both directions are stored, sorted by tail."""

    lat: Array  # [n] degrees
    lon: Array  # [n] degrees
    kind: Array  # [n] 0 lane, 1 grid, 2 port approach
    indptr: Array  # [n + 1]
    head: Array  # [e]
    tail: Array  # [e]
    nm: Array  # [e] nautical miles
    bits: Array  # [e] uint64, bit g set when the edge crosses gate g
    depth_m: Array  # [e] least charted depth, 255 = deep or not known
    gate_ids: tuple[str, ...]
    port_node: dict[str, int]
    port_stub_nm: dict[str, float]
    sea: Array = field(repr=False)  # packed mask, see is_sea

    @property
    def size(self) -> int:
        """Number of nodes."""
        return len(self.lat)

    def mask_of(self, passages: tuple[str, ...] | list[str]) -> int:
        """Bits of the named passages; composites such as `nsr` stand for their gates. Raises KeyError for unknown ids."""
        bits = 0
        for name in passages:
            for gate in COMPOSITES.get(name, (name,)):
                if gate not in self.gate_ids:
                    raise KeyError(name)
                bits |= 1 << self.gate_ids.index(gate)
        return bits

    def gates_of(self, bits: int) -> list[str]:
        """Ids of the gates in a set of bits."""
        return [g for k, g in enumerate(self.gate_ids) if bits >> k & 1]

    def is_sea(self, lat: Array, lon: Array) -> Array:
        """Whether places lie at sea, to 2 minutes of arc."""
        i = np.clip(((90.0 - np.asarray(lat)) * 30).astype(int), 0, MASK_ROWS - 1)
        j = ((np.asarray(lon) + 180.0) * 30).astype(int) % MASK_COLUMNS
        k = i * MASK_COLUMNS + j
        return np.asarray((self.sea[k >> 3] >> (7 - (k & 7)).astype(np.uint8)) & 1 == 1)

    def land_nm(self, lat1: float, lon1: float, lat2: Array, lon2: Array) -> Array:
        """Length over land, by the 2' mask, of the lines from one place to several. [nm]"""
        lat2, lon2 = np.atleast_1d(lat2), np.atleast_1d(lon2)
        plat, plon = along(np.full(len(lat2), lat1), np.full(len(lat2), lon1), lat2, lon2, np.linspace(0, 1, 65))
        return np.asarray((~self.is_sea(plat, plon)).mean(axis=1) * distance_nm(lat1, lon1, lat2, lon2))

    def near(self, lat: float, lon: float, count: int = 16) -> list[tuple[int, float]]:
        """Network nodes that can be reached from a place at sea without touching land: (node, nm), nearest first."""
        d = distance_nm(lat, lon, self.lat, self.lon)
        order = np.argsort(d)[:400]
        out: list[tuple[int, float]] = []
        for start in range(0, len(order), 40):
            batch = order[start : start + 40]
            land = self.land_nm(lat, lon, self.lat[batch], self.lon[batch])
            out += [(int(k), float(d[k])) for k, over in zip(batch, land, strict=True) if over <= 0.7 and d[k] < 600]
            if len(out) >= count:
                break
        return out[:count]


def build_network(arrays: dict[str, Array], sea: Array) -> Network:
    """Network from the shipped arrays (undirected edges) and the packed sea mask."""
    lat, lon = arrays["lat"].astype(np.float64), arrays["lon"].astype(np.float64)
    a, b = arrays["a"].astype(np.int32), arrays["b"].astype(np.int32)
    nm = np.empty(len(a))
    for k in range(0, len(a), CHUNK):  # in pieces: the formula's temporaries would outweigh the network
        u, v = a[k : k + CHUNK], b[k : k + CHUNK]
        nm[k : k + CHUNK] = distance_nm(lat[u], lon[u], lat[v], lon[v])
    bits = np.zeros(len(a), np.uint64)
    bits[arrays["gated_edge"]] = arrays["gated_bits"]
    tail, head = np.concatenate([a, b]), np.concatenate([b, a])
    order = np.argsort(tail, kind="stable").astype(np.int32)
    indptr = np.zeros(len(lat) + 1, np.int32)
    np.cumsum(np.bincount(tail, minlength=len(lat)), out=indptr[1:])
    ports = [str(p) for p in arrays["port_ids"]]
    return Network(
        lat=lat,
        lon=lon,
        kind=arrays["kind"],
        indptr=indptr,
        head=head[order],
        tail=tail[order],
        nm=np.concatenate([nm, nm])[order],
        bits=np.concatenate([bits, bits])[order],
        depth_m=np.concatenate([arrays["depth_m"], arrays["depth_m"]])[order],
        gate_ids=tuple(str(g) for g in arrays["gate_ids"]),
        port_node=dict(zip(ports, (int(n) for n in arrays["port_node"]), strict=True)),
        port_stub_nm=dict(zip(ports, (float(s) for s in arrays["port_stub_nm"]), strict=True)),
        sea=sea,
    )
