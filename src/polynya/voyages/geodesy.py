"""How far apart are two places, and what lies between them? (degrees -> nautical miles, points on the great circle)

Method: Andoyer-Lambert formula for the WGS84 ellipsoid (Thomas 1970, first order in the flattening; error under 10 m on
most lines); points between two places follow the great circle of the sphere. Nothing about sea or land here.
"""

from __future__ import annotations

from typing import Any

import numpy as np

A_KM = 6378.137  # WGS84 semi-major axis
F = 1.0 / 298.257223563  # WGS84 flattening
KM_PER_NM = 1.852

Array = Any  # float or NumPy array; operations broadcast


def distance_nm(lat1: Array, lon1: Array, lat2: Array, lon2: Array) -> Array:
    """Distance on the WGS84 ellipsoid. [degrees] -> [nm], broadcasting."""
    p1, p2 = np.radians(np.asarray(lat1, float)), np.radians(np.asarray(lat2, float))
    dl = np.radians(np.asarray(lon2, float) - np.asarray(lon1, float))
    b1, b2 = np.arctan((1 - F) * np.tan(p1)), np.arctan((1 - F) * np.tan(p2))  # reduced latitudes
    sp, sm = np.sin((b1 + b2) / 2), np.sin((b2 - b1) / 2)
    cp, cm = np.cos((b1 + b2) / 2), np.cos((b2 - b1) / 2)
    h = np.clip(sm**2 + np.cos(b1) * np.cos(b2) * np.sin(dl / 2) ** 2, 0.0, 1.0)
    s = 2 * np.arcsin(np.sqrt(h))
    with np.errstate(divide="ignore", invalid="ignore"):
        x = (s - np.sin(s)) * (sp * cm) ** 2 / np.cos(s / 2) ** 2
        y = (s + np.sin(s)) * (cp * sm) ** 2 / np.sin(s / 2) ** 2
        d = A_KM * (s - F / 2 * (x + y))
    return np.where(s < 1e-12, 0.0, d) / KM_PER_NM


def along(lat1: Array, lon1: Array, lat2: Array, lon2: Array, shares: Array) -> tuple[Array, Array]:
    """Points of the great circle at `shares` (0..1) of the way: arrays [line, share] of latitude and longitude. [degrees]"""
    p1, l1, p2, l2 = (np.radians(np.atleast_1d(np.asarray(v, float)))[:, None] for v in (lat1, lon1, lat2, lon2))
    f = np.asarray(shares, float)[None, :]
    h = np.sin((p2 - p1) / 2) ** 2 + np.cos(p1) * np.cos(p2) * np.sin((l2 - l1) / 2) ** 2
    w = 2 * np.arcsin(np.sqrt(np.clip(h, 0, 1)))
    sw = np.where(w < 1e-9, 1.0, np.sin(w))
    a = np.where(w < 1e-9, 1 - f, np.sin((1 - f) * w) / sw)
    b = np.where(w < 1e-9, f, np.sin(f * w) / sw)
    x = a * np.cos(p1) * np.cos(l1) + b * np.cos(p2) * np.cos(l2)
    y = a * np.cos(p1) * np.sin(l1) + b * np.cos(p2) * np.sin(l2)
    z = a * np.sin(p1) + b * np.sin(p2)
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))
