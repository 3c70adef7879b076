"""How is a user's ice file read? (NetCDF of OSI-SAF, NSIDC, Copernicus, PIOMAS, CMIP6, ERA5 -> ice at the network's nodes)

A variable is known by its name or standard_name; fraction or percent is decided by `units` and by the largest valid value;
flags above 100 % are dropped; places come from 1-D or 2-D latitude and longitude, else from x and y in EPSG:3411, 3413 or
6931 by their units and the grid mapping. Every node takes the nearest cell within one cell width; several times of one month
are averaged; months that the file does not have keep the bundled climatology. PIOMAS `heff` is thickness over the whole
cell: it is divided by concentration. Needs the extra `netcdf` (h5netcdf or netCDF4). Not here: text and binary products.
"""

from __future__ import annotations

import fnmatch
import math
import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from polynya.errors import Fault, InputError, UsageError
from polynya.tables import require_file
from polynya.voyages.ice import IceField, IceTables, from_fields, unit_vectors

Array = np.ndarray[Any, Any]
CONCENTRATION = (
    "siconc", "siconca", "ice_conc", "cdr_seaice_conc_monthly", "cdr_seaice_conc", "icec", "sic", "z",
    "seaice_conc", "sea_ice_concentration", "*_ICECON", "siconc_*", "aice", "ci",
)  # fmt: skip
THICKNESS = (
    "sithick", "analysis_sea_ice_thickness", "sea_ice_thickness", "sithick_*", "heff", "hiff", "sivol",
)  # fmt: skip
MOST_CELLS = 250_000_000  # of one variable: twenty years of days on a 25 km grid; 2 GB
WHOLE_CELL = ("heff", "hiff", "sivol")  # thickness spread over the whole cell
LATITUDE = ("lat", "latitude", "nav_lat", "TLAT", "yt_ocean", "x_lat")
LONGITUDE = ("lon", "longitude", "nav_lon", "TLON", "xt_ocean")
X_NAMES, Y_NAMES = ("x", "xc", "xgrid", "nx"), ("y", "yc", "ygrid", "ny")
TIMES = ("time", "valid_time", "t", "month")
R_EQUATOR, E2 = 6378273.0, 0.006693883  # Hughes 1980 (EPSG:3411)
WGS84_A, WGS84_E2 = 6378137.0, 0.00669437999014


def read_ice(path: Path, lat: Array, lon: Array, tables: IceTables) -> IceField:
    """Ice of a file at the nodes. Raises NotFoundError, UsageError (extra missing) or InputError (nothing usable in it)."""
    require_file(path)
    try:
        import netCDF4
    except ImportError:
        raise UsageError("reading NetCDF needs the extra `netcdf`", fix="pip install polynya[netcdf]") from None
    try:
        file = netCDF4.Dataset(str(path))
    except OSError as error:
        said = str(error.strerror or error).removeprefix("NetCDF: ")
        raise InputError(
            Fault(f"not a NetCDF file: {said}", str(path), fix="Give the file as downloaded.", code="netcdf")
        ) from None
    try:
        return _read(file, path, lat, lon, tables)
    except (ValueError, TypeError, IndexError, KeyError, ArithmeticError, OSError, RuntimeError, MemoryError) as error:
        # a file is free to hold texts for numbers, axes without length, chunks that cannot be unpacked
        raise InputError(
            Fault(
                f"what the file holds does not fit together: {error}",
                str(path),
                fix="Give a variable of ice on latitude and longitude, or on x and y, by month.",
                code="netcdf",
            )
        ) from None


def _read(file: Any, path: Path, lat: Array, lon: Array, tables: IceTables) -> IceField:
    with file:
        concentration = _variable(file, CONCENTRATION)
        thickness = _variable(file, THICKNESS)
        if concentration is None and thickness is None:
            names = ", ".join(list(file.variables)[:12])
            raise InputError(
                Fault(
                    f"no ice concentration or thickness found among: {names}",
                    file=str(path),
                    fix=f"Known names: {', '.join((*CONCENTRATION[:10], *THICKNESS[:4]))}.",
                    code="no_ice_variable",
                )
            )
        main = concentration if concentration is not None else thickness
        called = main.name
        for variable in (v for v in (concentration, thickness) if v is not None):
            cells = math.prod(int(n) for n in variable.shape)
            if not 0 < cells <= MOST_CELLS:
                raise InputError(
                    Fault(
                        f'"{variable.name}" says it holds {cells:,} numbers; from 1 to {MOST_CELLS:,} are read',
                        file=str(path),
                        fix="Cut out the years that you need.",
                        code="too_large",
                    )
                )
        place_lat, place_lon, shape = _places(file, main, path)
        pick, near = _nearest(place_lat, place_lon, shape, np.asarray(lat), np.asarray(lon))
        cover = (
            None if concentration is None else _monthly(file, concentration, shape, pick, near, len(lat), path, True)
        )
        thick = None if thickness is None else _monthly(file, thickness, shape, pick, near, len(lat), path, False)
        whole = thickness is not None and thickness.name in WHOLE_CELL
    if cover is None:
        assert thick is not None
        cover = np.where(np.isfinite(thick), np.where(thick > 0.05, 0.9, 0.0), np.nan)
        whole = False if thick is None else whole
    if thick is not None and whole:
        with np.errstate(invalid="ignore"):
            thick = thick / np.maximum(np.where(np.isfinite(cover), cover, 1.0), 0.15)
    months = int(np.isfinite(cover).any(axis=1).sum())
    if not months:
        raise InputError(
            Fault(
                f'"{called}" has no value between nothing and full cover where ships go',
                file=str(path),
                fix="Check its units: fraction (1) or percent (%), metres for thickness.",
                code="no_value",
            )
        )
    label = f"{path.name}: {months} of 12 months" + ("" if thick is not None else "; thickness assumed")
    return from_fields(np.asarray(lat), np.asarray(lon), tables, cover, thick, label, "user-file")


def _variable(file: Any, names: tuple[str, ...]) -> Any:
    for pattern in names:
        for name in file.variables:
            if fnmatch.fnmatchcase(name, pattern) and len(file[name].dimensions) >= 2:
                return file[name]
    wanted = "sea_ice_area_fraction" if names is CONCENTRATION else "sea_ice_thickness"
    for name, variable in file.variables.items():
        if getattr(variable, "standard_name", "") == wanted and len(variable.dimensions) >= 2:
            return file[name]
    return None


def _filled(values: Any) -> Array:
    return np.asarray(np.ma.filled(np.ma.asarray(values, float), np.nan))


def _find(file: Any, names: tuple[str, ...]) -> Any:
    return next((file[n] for n in names if n in file.variables), None)


def _places(file: Any, variable: Any, path: Path) -> tuple[Array, Array, tuple[int, int]]:
    shape = (int(variable.shape[-2]), int(variable.shape[-1]))
    la, lo = _find(file, LATITUDE), _find(file, LONGITUDE)
    if la is not None and lo is not None:
        a, b = _filled(la[:]), _filled(lo[:])
        if a.ndim == 1 and b.ndim == 1 and (len(a), len(b)) == shape:
            a, b = np.meshgrid(a, b, indexing="ij")
        elif a.ndim == 3:
            a, b = a[0], b[0]
        if a.shape == shape:
            return a.ravel(), (b.ravel() + 180.0) % 360.0 - 180.0, shape
    x, y = _find(file, X_NAMES), _find(file, Y_NAMES)
    if x is None or y is None or (len(y), len(x)) != shape:
        raise InputError(
            Fault(
                f'"{variable.name}" has no latitude and longitude, and no x and y that fit it',
                file=str(path),
                fix="Give latitude and longitude of the cells, or the x and y of a polar grid.",
                code="no_grid",
            )
        )
    xs, ys = np.meshgrid(_metres(x), _metres(y))
    mapping = str(getattr(variable, "grid_mapping", ""))
    text = " ".join(
        [mapping, *(str(getattr(file[mapping], k)) for k in file[mapping].ncattrs())]
        if mapping in file.variables
        else [mapping]
    ).casefold()
    if "lambert" in text or "ease" in text or "6931" in text:
        a, b = inverse_ease2(xs, ys)
    else:
        wgs = "3413" in text or "wgs" in text or "6378137" in text
        a, b = inverse_stereographic(xs, ys, *((WGS84_A, WGS84_E2) if wgs else (R_EQUATOR, E2)))
    return a.ravel(), b.ravel(), shape


def _metres(axis: Any) -> Array:
    values = np.asarray(axis[:], float)
    units = str(getattr(axis, "units", "")).strip().casefold()
    if "100" in units and "km" in units:
        return values * 1e5
    if units in ("km", "kilometers", "kilometres", "kilometer"):
        return values * 1e3
    if units in ("m", "meters", "metres", "meter", "metre"):
        return values
    return values * (1e5 if np.abs(values).max() < 100 else 1e3 if np.abs(values).max() < 1e4 else 1.0)


def inverse_stereographic(
    x: Array, y: Array, a: float, e2: float, lon_0: float = -45.0, lat_ts: float = 70.0
) -> tuple[Array, Array]:
    """Polar stereographic (Snyder 1987, eqs 21-33 to 21-40) -> latitude, longitude. [m] -> [degrees]"""
    e = np.sqrt(e2)
    ts = np.radians(lat_ts)
    t_c = np.tan(np.pi / 4 - ts / 2) / ((1 - e * np.sin(ts)) / (1 + e * np.sin(ts))) ** (e / 2)
    m_c = np.cos(ts) / np.sqrt(1 - e2 * np.sin(ts) ** 2)
    t = np.hypot(x, y) * t_c / (a * m_c)
    phi = np.pi / 2 - 2 * np.arctan(t)
    for _ in range(6):
        phi = np.pi / 2 - 2 * np.arctan(t * ((1 - e * np.sin(phi)) / (1 + e * np.sin(phi))) ** (e / 2))
    lon = lon_0 + np.degrees(np.arctan2(x, -y))
    return np.degrees(phi), (lon + 180.0) % 360.0 - 180.0


def inverse_ease2(x: Array, y: Array) -> tuple[Array, Array]:
    """EASE-Grid 2.0 North, Lambert azimuthal equal area on WGS84 (Snyder 1987, 24-31) -> latitude, longitude. [degrees]"""
    e2 = WGS84_E2
    e = np.sqrt(e2)
    q_p = 1 - (1 - e2) / (2 * e) * np.log((1 - e) / (1 + e))
    q = q_p - (np.hypot(x, y) / WGS84_A) ** 2
    beta = np.arcsin(np.clip(q / q_p, -1, 1))
    phi = (
        beta
        + (e2 / 3 + 31 * e2**2 / 180 + 517 * e2**3 / 5040) * np.sin(2 * beta)
        + (23 * e2**2 / 360 + 251 * e2**3 / 3780) * np.sin(4 * beta)
        + (761 * e2**3 / 45360) * np.sin(6 * beta)
    )
    return np.degrees(phi), np.degrees(np.arctan2(x, -y))


def _nearest(place_lat: Array, place_lon: Array, shape: tuple[int, int], lat: Array, lon: Array) -> tuple[Array, Array]:
    from scipy.spatial import cKDTree

    good = np.flatnonzero(np.isfinite(place_lat) & np.isfinite(place_lon) & (np.abs(place_lat) <= 90.0))
    tree = cKDTree(unit_vectors(place_lat[good], place_lon[good]))
    grid = unit_vectors(place_lat, place_lon).reshape(*shape, 3)
    steps = [np.linalg.norm(np.diff(grid, axis=axis), axis=-1) for axis in (0, 1) if shape[axis] > 1]
    reach = 0.9 * max(float(np.nanmedian(d[np.isfinite(d)])) for d in steps) + 1e-9
    found = tree.query(unit_vectors(lat, lon), distance_upper_bound=reach)
    d, k = np.asarray(found[0]), np.asarray(found[1])
    pick = np.flatnonzero(np.isfinite(d))
    return pick, good[k[pick]]


def _months(file: Any, steps: int, path: Path) -> list[int]:
    axis = _find(file, TIMES)
    if axis is not None and len(axis[:]) == steps:
        units = str(getattr(axis, "units", ""))
        match = re.match(r"\s*(second|minute|hour|day)s?\s+since\s+(\d{1,4})-(\d{1,2})-(\d{1,2})", units, re.IGNORECASE)
        values = np.asarray(axis[:], float)
        if match:
            scale = {"second": 1 / 86400, "minute": 1 / 1440, "hour": 1 / 24, "day": 1.0}[match[1].lower()]
            origin = datetime(max(1, int(match[2])), int(match[3]), int(match[4]))
            return [(origin + timedelta(days=float(v) * scale)).month for v in values]
        if "since" not in units and steps <= 12 and values.min() >= 1 and values.max() <= 12:
            return [int(v) for v in values]
    if steps == 12:
        return list(range(1, 13))
    match = re.search(r"(19|20)\d{2}[-_]?(0[1-9]|1[0-2])", path.name)
    if steps == 1 and match:
        return [int(match[2])]
    raise InputError(
        Fault(
            f"the months of {steps} time steps cannot be told",
            file=str(path),
            fix='Give a variable time with units "days since YYYY-MM-DD".',
            code="no_time",
        )
    )


def _monthly(
    file: Any, variable: Any, shape: tuple[int, int], pick: Array, near: Array, nodes: int, path: Path, fraction: bool
) -> Array:
    variable.set_auto_maskandscale(True)
    data = _filled(variable[:])
    data = data.reshape((-1, shape[0] * shape[1]))
    data = np.where(np.abs(data) > 1e6, np.nan, data)
    months = _months(file, len(data), path)
    if fraction:
        units = str(getattr(variable, "units", "")).strip().casefold()
        valid = data[np.isfinite(data) & (data >= 0) & (data <= 100.5)]
        percent = units in ("%", "percent", "percentage") or (
            units not in ("1", "fraction") and valid.size > 0 and np.mean(valid > 2.6) > 0.01
        )
        data = data / 100.0 if percent else data
        data = np.where((data < 0) | (data > 1.05), np.nan, np.minimum(data, 1.0))
    else:
        data = np.where((data < 0) | (data > 20.0), np.nan, data)
    out = np.full((12, nodes), np.nan)
    for month in sorted(set(months)):
        block = data[[k for k, m in enumerate(months) if m == month]]
        known = np.isfinite(block)
        total = np.where(known, block, 0.0).sum(axis=0)
        count = known.sum(axis=0)
        mean = np.where(count > 0, total / np.maximum(count, 1), np.nan)
        out[month - 1, pick] = mean[near]
    return out
