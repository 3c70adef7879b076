"""How much ice is where, and when? (points with monthly ice, or a user's file -> frequency and thickness per node and half-month)

The bundled field: share of the years 2010-2022 in which the month had ice, at some 550 places of our own table, carried to
the nodes by inverse-distance weights of the nearest places; concentration inside the pack from the hemisphere's area over
extent; thickness by sea and month as a stated assumption. A single year: ice covers the places with the highest frequency
first, until the sea's observed extent of that month is reached. Not here: what ice does to a ship (speed.py, permission.py).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from polynya.voyages.calendar import MONTHS, PERIODS, from_months

Array = np.ndarray[Any, Any]
R_KM = 6371.0
NEIGHBOURS = 6
CLOSED_PACK = 0.97  # shelf seas in winter; area over extent of the hemisphere counts the margins
SOUTH_LIMIT = 42.0  # no bundled ice south of it
MIN_COVER = 0.05  # of a user's file: below it the sea counts as open
MIN_FREQUENCY = 0.03  # below it the sea counts as open


@dataclass(frozen=True)
class IceField:
    """Ice on the `nodes` that ever have any; everywhere else is open water."""

    nodes: Array  # [k] indices into the network
    frequency: Array  # [24, k] chance that there is ice, 0..1
    concentration: Array  # [24, k] cover where there is ice, 0..1
    thickness_m: Array  # [24, k] level ice
    area: Array  # [k] index into `areas`
    areas: tuple[str, ...]  # ids of sea areas
    nsr_area: tuple[str, ...]  # per area, its name in the NSR rules or ""
    label: str
    sources: tuple[str, ...]


def unit_vectors(lat: Array, lon: Array) -> Array:
    """Places -> points on the unit sphere, [n, 3]."""
    p, q = np.radians(lat), np.radians(lon)
    return np.stack([np.cos(p) * np.cos(q), np.cos(p) * np.sin(q), np.sin(p)], axis=-1)


def assign_areas(lat: Array, lon: Array, boxes: list[tuple[float, float, float, float]]) -> Array:
    """Index of the first box (lat min, lat max, lon min, lon max) that holds each place; -1 for none."""
    out = np.full(len(lat), -1, np.int64)
    for k, (a, b, c, d) in enumerate(boxes):
        hit = (out < 0) & (lat >= a) & (lat <= b) & (lon >= c) & (lon <= d)
        out[hit] = k
    return out


def spread(points_lat: Array, points_lon: Array, values: Array, lat: Array, lon: Array) -> Array:
    """Values at points [12, p] -> at places [12, n]: inverse squared distance over the nearest points."""
    from scipy.spatial import cKDTree

    tree = cKDTree(unit_vectors(points_lat, points_lon))
    d, near = tree.query(unit_vectors(lat, lon), k=NEIGHBOURS)
    km = np.maximum(d * R_KM, 15.0)
    w = 1.0 / km**2
    w /= w.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("mnk,nk->mn", values[:, near], w))


@dataclass(frozen=True)
class IceTables:
    """The bundled tables, as arrays."""

    point_lat: Array
    point_lon: Array
    point_frequency: Array  # [12, p]
    areas: tuple[str, ...]
    nsr_area: tuple[str, ...]
    region: tuple[str, ...]  # NSIDC's name of the sea, per area
    boxes: tuple[tuple[float, float, float, float], ...]
    thickness_m: Array  # [12, areas]
    pack: Array  # [12] concentration inside the pack
    extents: dict[tuple[str, int, str], tuple[float, float]]  # (sea, year, month) -> extent, largest extent


def climatology(lat: Array, lon: Array, tables: IceTables, year: int | None = None) -> IceField:
    """The bundled ice at the nodes; with `year` the July-October cover of the NSR seas follows that year's extents."""
    north = np.flatnonzero(np.asarray(lat) > SOUTH_LIMIT)
    la, lo = np.asarray(lat)[north], np.asarray(lon)[north]
    frequency = spread(tables.point_lat, tables.point_lon, tables.point_frequency, la, lo)
    area = assign_areas(la, lo, list(tables.boxes))
    frequency[:, area < 0] = 0.0
    label = "mean of 2010-2022"
    if year is not None:
        frequency = _of_year(frequency, area, la, tables, year)
        label = f"year {year} (July-October cover of the NSR seas; otherwise mean of 2010-2022)"
    keep = frequency.max(axis=0) > MIN_FREQUENCY
    frequency, area, north = frequency[:, keep], area[keep], north[keep]
    half = from_months(frequency)
    half[half < MIN_FREQUENCY] = 0.0
    return IceField(
        nodes=north,
        frequency=half.astype(np.float32),
        concentration=_closed_pack(from_months(tables.pack)[:, None], half).astype(np.float32),
        thickness_m=from_months(tables.thickness_m).astype(np.float32)[:, area],
        area=area,
        areas=tables.areas,
        nsr_area=tables.nsr_area,
        label=label,
        sources=("nsidc-sea-ice-index", "polynya-assumption"),
    )


class YearlyIce(Mapping[int, IceField]):
    """Year -> the bundled ice of that year, made anew when it is asked for: thirteen fields at once would fill the memory."""

    def __init__(self, lat: Array, lon: Array, tables: IceTables, years: Sequence[int]) -> None:
        self._given, self._years = (lat, lon, tables), years

    def __getitem__(self, year: int) -> IceField:
        if year not in self._years:
            raise KeyError(year)
        return climatology(*self._given, year)

    def __iter__(self) -> Iterator[int]:
        return iter(self._years)

    def __len__(self) -> int:
        return len(self._years)


def _closed_pack(pack: Array, frequency: Array) -> Array:
    """Concentration where there is ice: the hemisphere's mean at the margins, nearly closed where ice is certain (assumption)."""
    frozen = np.clip((pack - 0.80) / 0.06, 0.0, 1.0)  # November to May; melting pack stays open
    return np.asarray(pack + (CLOSED_PACK - pack) * frozen * frequency**6)


def _of_year(frequency: Array, area: Array, lat: Array, tables: IceTables, year: int) -> Array:
    out = frequency.copy()
    weight = np.cos(np.radians(lat))
    for region in {r for r in tables.region if r}:
        members = np.isin(area, [k for k, r in enumerate(tables.region) if r == region])
        if not members.any():
            continue
        for m, month in enumerate(MONTHS):
            found = tables.extents.get((region, year, month))
            if found is None:
                continue
            p = frequency[m, members]
            # shift the field so that its mean cover equals the year's share of the sea
            share = min(1.0, found[0] / found[1])
            low, high = -1.5, 1.5
            for _ in range(40):
                shift = 0.5 * (low + high)
                cover = np.average(np.clip((p + shift - 0.5) / 0.3 + 0.5, 0, 1), weights=weight[members])
                low, high = (shift, high) if cover < share else (low, shift)
            out[m, members] = np.clip((p + shift - 0.5) / 0.3 + 0.5, 0, 1)
    return out


def _half_months(values: Array) -> tuple[Array, Array]:
    """Months with gaps [12, n] -> half-months [24, n] and where they are known: by known months for at least half."""
    given = np.isfinite(values)
    weight = from_months(given.astype(float))
    known = weight >= 0.5
    return np.where(known, from_months(np.where(given, values, 0.0)) / np.maximum(weight, 0.5), np.nan), known


def from_fields(
    lat: Array,
    lon: Array,
    tables: IceTables,
    concentration: Array,
    thickness_m: Array | None,
    label: str,
    source: str,
) -> IceField:
    """A user's fields at the network's nodes [12, n] -> IceField. Blank months (NaN) keep the bundled values."""
    base = climatology(lat, lon, tables)
    n = len(lat)
    frequency = np.zeros((PERIODS, n))
    frequency[:, base.nodes] = base.frequency
    cover = np.full((PERIODS, n), 0.9)
    cover[:, base.nodes] = base.concentration
    area_all = assign_areas(np.asarray(lat), np.asarray(lon), list(tables.boxes))
    thick = from_months(tables.thickness_m)[:, np.maximum(area_all, 0)]
    c24, known = _half_months(concentration)
    present = c24 >= MIN_COVER
    frequency = np.where(known, present.astype(float), frequency)
    cover = np.where(known & present, np.clip(c24, 0.0, 1.0), cover)
    if thickness_m is not None:
        t24, t_known = _half_months(thickness_m)
        thick = np.where(t_known, t24, thick)
    keep = np.flatnonzero((frequency.max(axis=0) > MIN_FREQUENCY) & (area_all >= 0))
    return IceField(
        nodes=keep,
        frequency=frequency[:, keep].astype(np.float32),
        concentration=cover[:, keep].astype(np.float32),
        thickness_m=thick[:, keep].astype(np.float32),
        area=area_all[keep],
        areas=tables.areas,
        nsr_area=tables.nsr_area,
        label=label,
        sources=(source,),
    )
