"""Where do the shipped tables of voyages come from? (folder -> frozen Bundle)

The only module of the engine that opens files; commands call it once and hand the result on. Every table is declared and
read strictly. `arrays` come from npz files without pickles.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from polynya.tables import Column, read_table
from polynya.voyages.calendar import MONTHS
from polynya.voyages.ice import IceTables, assign_areas
from polynya.voyages.network import GRID_KIND, Network, build_network
from polynya.voyages.permission import STAGES, Admission, Polaris
from polynya.voyages.ships import Ship, ships_from_rows

Row = dict[str, Any]


@dataclass(frozen=True)
class Bundle:
    """Everything a voyage needs that does not depend on the question."""

    network: Network
    ports: tuple[Row, ...]
    passages: tuple[Row, ...]
    passage_facts: tuple[Row, ...]
    ships: dict[str, Ship]
    ice: IceTables
    polaris: dict[str, Polaris]
    admission: tuple[Admission, ...]
    tariffs: tuple[Row, ...]
    parameters: dict[str, float]
    parameter_ranges: dict[str, tuple[float, float]]
    folder: Path


_T = Column
_SOURCED = [_T("source", nullable=False), _T("locator", nullable=False)]
_KIND = _T("kind", nullable=False, options=("official", "reported", "derived", "assumption"))

COLUMNS: dict[str, list[Column]] = {
    "ports": [
        _T("id", nullable=False), _T("name", nullable=False), _T("locode"), _T("country"),
        _T("lat", "number", nullable=False, minimum=-90, maximum=90),
        _T("lon", "number", nullable=False, minimum=-180, maximum=180),
        _T("node"), _T("lng_role", options=("export", "import", "both", "transship")), _T("aliases"), *_SOURCED,
    ],
    "passages": [
        _T("id", nullable=False), _T("name", nullable=False), _T("gate", nullable=False), _T("seasonal", "boolean"),
        _T("note"), *_SOURCED,
    ],
    "passage_facts": [
        _T("passage", nullable=False), _T("fact", nullable=False), _T("value", "number", nullable=False), _T("unit"),
        _T("valid_from", "date"), _T("valid_to", "date"), _KIND, *_SOURCED,
    ],
    "ships": [
        _T("id", nullable=False), _T("name", nullable=False), _T("cargo", nullable=False), _T("ice_class", nullable=False),
        *[_T(n, "number", nullable=False, minimum=0) for n in
          ("speed_kn", "ice_speed_limit_kn", "ice_ref_m", "ice_ref_kn", "escort_max_ice_m", "draught_m", "gross_tonnage", "capacity")],
        _T("capacity_unit", nullable=False), _T("fuel_t_per_day", "number", nullable=False), _T("fuel", nullable=False),
        *[_T(n, "number", nullable=False, minimum=0) for n in
          ("boil_off_percent_per_day", "heel_percent", "port_days", "charter_usd_per_day")],
        _T("double_acting", "boolean", nullable=False), *_SOURCED, _KIND,
    ],
    "sea_areas": [
        _T("id", nullable=False), _T("name", nullable=False),
        *[_T(n, "number", nullable=False) for n in ("lat_min", "lat_max", "lon_min", "lon_max")],
        _T("nsr_area"), _T("nsidc_region"), *_SOURCED,
    ],
    "ice_points": [
        _T("point", nullable=False), _T("lat", "number", nullable=False), _T("lon", "number", nullable=False),
        *[_T(m, "number", nullable=False, minimum=0, maximum=1) for m in MONTHS], _KIND, *_SOURCED,
    ],
    "ice_thickness": [
        _T("area", nullable=False), *[_T(f"{m}_m", "number", nullable=False, minimum=0, maximum=6) for m in MONTHS],
        _KIND, *_SOURCED,
    ],
    "ice_extents": [
        _T("region", nullable=False), _T("year", "integer", nullable=False), _T("month", nullable=False, options=MONTHS),
        _T("extent_1000km2", "number", nullable=False, minimum=0),
        _T("region_maximum_1000km2", "number", nullable=False, minimum=0), _KIND, *_SOURCED,
    ],
    "polaris": [
        _T("ice_class", nullable=False), _T("russian_class"), _T("ice_free", "number", nullable=False),
        *[_T(s, "number", nullable=False) for s, _ in STAGES], _T("elevated_speed_limit_kn", "number"), *_SOURCED,
    ],
    "admission": [
        _T("ice_class", nullable=False), _T("escort", nullable=False, options=("independent", "icebreaker", "any")),
        _T("area", nullable=False), *[_T(n, "boolean", nullable=False) for n in ("heavy", "medium", "light")],
        _T("from_day", nullable=False, pattern=r"\d\d-\d\d"), _T("to_day", nullable=False, pattern=r"\d\d-\d\d"),
        _T("valid_from", "date"), _T("valid_to", "date"), _KIND, *_SOURCED,
    ],
    "tariffs": [
        _T("ice_class_group", nullable=False), _T("zones", "integer", nullable=False),
        _T("season", nullable=False, options=("winter", "summer")), _T("rub_per_gt", "number", nullable=False, minimum=0),
        _T("gt_from", "number"), _T("gt_to", "number"), _T("valid_from", "date"), _T("valid_to", "date"), _KIND, *_SOURCED,
    ],
    "parameters": [
        _T("parameter", nullable=False), _T("value", "number", nullable=False), _T("low", "number"), _T("high", "number"),
        _T("unit"), _KIND, *_SOURCED,
    ],
    "nsr_cargo": [
        _T("year", "integer", nullable=False), _T("flow", nullable=False, options=("total", "outbound", "inbound", "transit", "transit-east", "transit-west")),
        _T("cargo", nullable=False), _T("value", "number", nullable=False, minimum=0), _T("unit", nullable=False),
        _T("until", "date"), _KIND, *_SOURCED,
    ],
    "icebreakers": [
        _T("fleet", nullable=False), _T("ships", "integer", nullable=False), _T("valid_from", "date", nullable=False),
        _T("valid_to", "date"), _KIND, *_SOURCED,
    ],
    "ice_openings": [
        _T("place", nullable=False), _T("year", "integer", nullable=False), _T("open_months"), _KIND, *_SOURCED,
    ],
    "hubs": [
        _T("hub", nullable=False), _T("port", nullable=False), _T("fleets", nullable=False), _T("valid_from", "date"),
        _T("valid_to", "date"), _T("capacity_mt_per_year", "number", nullable=False, minimum=0), _KIND, *_SOURCED,
    ],
    "fleet_ships": [
        _T("ship", nullable=False), _T("fleet", nullable=False), _T("ship_class", nullable=False),
        _T("valid_from", "date"), _T("valid_to", "date"), _T("owner"), _T("listed_by"), _T("may_serve", nullable=False), _KIND, *_SOURCED,
    ],
}  # fmt: skip


def read_rows(folder: Path, name: str) -> tuple[Row, ...]:
    """All rows of one declared table. Raises InputError with file:line:column."""
    return tuple(read_table(folder / f"{name}.csv", COLUMNS[name]).to_dicts())


@lru_cache(maxsize=2)
def read_bundle(folder: Path) -> Bundle:
    """The shipped tables, read once."""
    with np.load(folder / "network.npz") as f:
        arrays = {name: f[name] for name in f.files}
    with np.load(folder / "seamask.npz") as f:
        sea = f["sea"]
    parameters = read_rows(folder, "parameters")
    values = {r["parameter"]: float(r["value"]) for r in parameters}
    ice = _ice_tables(folder, values)
    return Bundle(
        network=_with_tracks(build_network(arrays, sea), ice, values["nsr_track_factor"]),
        ports=read_rows(folder, "ports"),
        passages=read_rows(folder, "passages"),
        passage_facts=read_rows(folder, "passage_facts"),
        ships=ships_from_rows(read_rows(folder, "ships")),
        ice=ice,
        polaris={
            r["ice_class"]: Polaris(
                r["ice_class"], r["ice_free"], tuple(r[s] for s, _ in STAGES), r["elevated_speed_limit_kn"]
            )
            for r in read_rows(folder, "polaris")
        },
        admission=tuple(Admission(**{k: r[k] for k in Admission.__slots__}) for r in read_rows(folder, "admission")),
        tariffs=read_rows(folder, "tariffs"),
        parameters=values,
        parameter_ranges={
            r["parameter"]: (float(r["low"]), float(r["high"])) for r in parameters if r["low"] is not None
        },
        folder=folder,
    )


def _with_tracks(network: Network, ice: IceTables, factor: float) -> Network:
    """Miles in the waters of the Northern Sea Route as ships track them, not as the crow flies."""
    area = assign_areas(network.lat, network.lon, list(ice.boxes))
    east = [bool(name) and name != "Kara SW" for name in ice.nsr_area]  # the way west from the Ob is sailed straight
    inside = np.array([*east, False])[area] & (network.kind == GRID_KIND)
    both = inside[network.tail] & inside[network.head]
    return replace(network, nm=np.where(both, network.nm * factor, network.nm))


def _ice_tables(folder: Path, parameters: dict[str, float]) -> IceTables:
    points = read_rows(folder, "ice_points")
    areas = read_rows(folder, "sea_areas")
    thickness = {r["area"]: r for r in read_rows(folder, "ice_thickness")}
    return IceTables(
        point_lat=np.array([r["lat"] for r in points]),
        point_lon=np.array([r["lon"] for r in points]),
        point_frequency=np.array([[r[m] for r in points] for m in MONTHS]),
        areas=tuple(r["id"] for r in areas),
        nsr_area=tuple(r["nsr_area"] or "" for r in areas),
        region=tuple(r["nsidc_region"] or "" for r in areas),
        boxes=tuple((r["lat_min"], r["lat_max"], r["lon_min"], r["lon_max"]) for r in areas),
        thickness_m=np.array([[thickness[r["id"]][f"{m}_m"] for r in areas] for m in MONTHS]),
        pack=np.array([parameters[f"pack_concentration_{m}"] for m in MONTHS]),
        extents={
            (r["region"], int(r["year"]), r["month"]): (r["extent_1000km2"], r["region_maximum_1000km2"])
            for r in read_rows(folder, "ice_extents")
        },
    )
