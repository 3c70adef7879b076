"""Which place does the user mean? (name, UN/LOCODE, registry id or `lat,lon` -> ends on the network)

Raises NotFoundError with the nearest names, or, for a position, with how far the sea is.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polynya.errors import NotFoundError, UsageError, did_you_mean
from polynya.voyages.network import Network
from polynya.voyages.route import Ends

_NUMBER = r"([+-]?\d+(?:\.\d+)?)"
_POSITION = re.compile(rf"^\s*{_NUMBER}\s*[,;]\s*{_NUMBER}\s*$")
_LETTERED = re.compile(rf"^\s*{_NUMBER}\s*°?\s*([NS])\s*[,; ]\s*{_NUMBER}\s*°?\s*([EW])\s*$", re.IGNORECASE)
# Letters that do not fall apart into a letter and an accent; Russian as the Board on Geographic Names writes it
_LETTERS = {
    "ø": "o", "æ": "ae", "œ": "oe", "ß": "ss", "ł": "l", "đ": "d", "ı": "i", "'": "", "’": "",
    **dict(zip("абвгдежзийклмнопрстуфхцчшщыэюя",
               ("a", "b", "v", "g", "d", "e", "zh", "z", "i", "y", "k", "l", "m", "n", "o", "p", "r", "s", "t", "u", "f",
                "kh", "ts", "ch", "sh", "shch", "y", "e", "yu", "ya"), strict=True)),
    "ё": "e", "ъ": "", "ь": "",
}  # fmt: skip
_PORT_OF = re.compile(r"^(?:the )?port of | (?:port|harbou?r|terminal)$")
SHORE_NM = 6.0  # a position on land this close to water is taken as lying at the water


@dataclass(frozen=True)
class Place:
    """A port or a position."""

    name: str
    lat: float
    lon: float
    ends: Ends
    port: str = ""
    source: str = ""
    country: str = ""  # ISO code; empty for a position


def fold(text: str) -> str:
    """Lower case, without accents and punctuation, for comparing names."""
    latin = "".join(_LETTERS.get(c, c) for c in text.casefold())
    plain = unicodedata.normalize("NFKD", latin).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z0-9]+", " ", plain).strip()


def find_place(
    network: Network,
    ports: Sequence[Mapping[str, Any]],
    text: str,
    registry: Mapping[str, tuple[str, float | None, float | None, str]] | None = None,
) -> Place:
    """The place that `text` names. `registry`: id -> (name, lat, lon, node) of assets the user may name."""
    match = _POSITION.match(text)
    if match:
        return _position(network, ports, float(match[1]), float(match[2]))
    lettered = _LETTERED.match(text)
    if lettered:
        degrees = float(lettered[1]), float(lettered[3])
        north, east = lettered[2].upper() == "N", lettered[4].upper() == "E"
        return _position(network, ports, degrees[0] * (1 if north else -1), degrees[1] * (1 if east else -1))
    wanted = fold(text)
    names: dict[str, Mapping[str, Any]] = {}
    own = [(name, port) for port in ports for name in (port["id"], port["name"], port["locode"])]
    also = [(alias, port) for port in ports for alias in (port["aliases"] or "").split(";")]
    for name, port in (*own, *also):  # a port's own name before another's alias
        if name:
            names.setdefault(fold(name), port)
    port_found = names.get(wanted)
    if port_found is None:
        bare = _PORT_OF.sub("", wanted)
        squeezed = {name.replace(" ", ""): port for name, port in reversed(names.items())}
        port_found = names.get(bare) or squeezed.get(wanted.replace(" ", ""))
    if port_found is None:
        short = {fold(re.sub(r"\(.*?\)", "", p["name"])): p for p in reversed(list(ports))}
        port_found = short.get(wanted)
    if port_found is not None:
        return _port(network, port_found)
    asset = (registry or {}).get(text.strip().casefold())
    if asset is not None:
        name, lat, lon, node = asset
        if lat is not None and lon is not None:
            return _position(network, ports, lat, lon, name)
        for role in ("export", "import", "both"):
            for port in ports:
                if port["node"] == node and port["lng_role"] == role:
                    return _port(network, port)
        raise NotFoundError(f'"{text}" has no place at sea in the registry')
    shown = {fold(p["name"]): p["name"] for p in ports} | {fold(p["id"]): p["id"] for p in ports}
    codes = {fold(p["locode"]) for p in ports if p["locode"]}
    hint = did_you_mean(wanted, [n for n in names if n not in codes or len(wanted) == 5])
    for folded, nice in shown.items():
        hint = re.sub(rf"(?<= ){re.escape(folded)}(?=[ ?])", nice, hint)
    raise NotFoundError(f'no port "{text}"', fix=hint or "Give a port's name, its UN/LOCODE or a position as lat,lon.")


def _port(network: Network, port: Mapping[str, Any]) -> Place:
    node, stub = network.port_node[port["id"]], network.port_stub_nm[port["id"]]
    return Place(
        name=str(port["name"]),
        lat=float(port["lat"]),
        lon=float(port["lon"]),
        ends=Ends(np.array([node]), np.array([stub])),
        port=str(port["id"]),
        source=str(port["source"]),
        country=str(port["country"] or ""),
    )


def _position(network: Network, ports: Sequence[Mapping[str, Any]], lat: float, lon: float, name: str = "") -> Place:
    if not (-90 <= lat <= 90 and -180 <= lon <= 360):
        raise UsageError(
            f"{lat:g},{lon:g} is no position", fix="Latitude comes first, -90 to 90, then longitude, -180 to 180."
        )
    lon = (lon + 180.0) % 360.0 - 180.0
    shown = name or f"{lat:g},{lon:g}"
    if not bool(network.is_sea(np.array([lat]), np.array([lon]))[0]):
        ring = [
            (r, lat + r / 60 * np.cos(b), lon + r / 60 * np.sin(b) / max(0.05, np.cos(np.radians(lat))))
            for r in np.arange(1.0, 61.0)
            for b in np.linspace(0, 2 * np.pi, 24, endpoint=False)
        ]
        wet = network.is_sea(np.array([p[1] for p in ring]), np.array([p[2] for p in ring]))
        hit = np.flatnonzero(wet)
        if not len(hit) or ring[hit[0]][0] > SHORE_NM:
            near = min(ports, key=lambda p: (p["lat"] - lat) ** 2 + ((p["lon"] - lon + 180) % 360 - 180) ** 2)
            far = f"{ring[hit[0]][0]:.0f} nm from the sea" if len(hit) else "more than 60 nm from the sea"
            raise NotFoundError(f"{shown} is on land, {far}", fix=f"The nearest port in the list is {near['name']}.")
        moved = float(ring[hit[0]][0])
        lat, lon = float(ring[hit[0]][1]), (float(ring[hit[0]][2]) + 180.0) % 360.0 - 180.0
    else:
        moved = 0.0
    near_nodes = network.near(lat, lon)
    if not near_nodes:
        raise NotFoundError(f"{shown} has no way by sea to the network", fix="Closed waters are not covered.")
    return Place(
        name=shown,
        lat=lat,
        lon=lon,
        ends=Ends(np.array([k for k, _ in near_nodes]), np.array([d + moved for _, d in near_nodes])),
    )
