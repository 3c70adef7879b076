"""Distances against closed forms and against geodesics of the ellipsoid computed elsewhere."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polynya.voyages.geodesy import along, distance_nm

LAT, LON = st.floats(-89, 89), st.floats(-180, 180)


def test_quarter_of_the_equator():
    # 90 degrees of the WGS84 equator: 6378.137 km x pi / 2 = 10018.754 km
    assert distance_nm(0, 0, 0, 90) * 1.852 == pytest.approx(10018.754, abs=0.01)


def test_quarter_of_a_meridian():
    # the WGS84 quarter meridian is 10001.966 km; the first-order formula is good to about 10 m
    assert distance_nm(0, 10, 90, 10) * 1.852 == pytest.approx(10001.966, abs=0.03)


def test_geodesic_of_geographiclib():
    # GeographicLib's documentation, GeodSolve: JFK (40.6 N 73.8 W) to Heathrow (51.6 N 0.5 W), 5551.759 km on WGS84
    assert distance_nm(40.6, -73.8, 51.6, -0.5) * 1.852 == pytest.approx(5551.759, abs=0.1)


@given(LAT, LON, LAT, LON)
def test_symmetric_and_not_negative(a, b, c, d):
    forth, back = float(distance_nm(a, b, c, d)), float(distance_nm(c, d, a, b))
    assert forth == pytest.approx(back, rel=1e-9, abs=1e-9)
    assert forth >= 0


@given(LAT, LON, LAT, LON)
def test_points_along_begin_and_end_at_the_ends(a, b, c, d):
    lat, lon = along(a, b, c, d, np.array([0.0, 1.0]))
    assert lat[0, 0] == pytest.approx(a, abs=1e-6)
    if float(distance_nm(a, b, c, d)) < 10500:  # antipodal points have no unique great circle
        assert float(distance_nm(lat[0, 1], lon[0, 1], c, d)) < 0.01
