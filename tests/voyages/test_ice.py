"""Ice, speed and permission: closed forms, published cells, and the record."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from polynya.voyages.calendar import from_months, in_period, position
from polynya.voyages.ice import climatology
from polynya.voyages.permission import acceptable, admitted, rio
from polynya.voyages.speed import escorted_kn, independent_kn, slowness


def test_trial_speed_of_the_yamalmax_is_met(bundle):
    # Maritime Executive 2017: 7.2 kn astern in 1.5 m of level ice
    v = independent_kn(bundle.ships["lng-arc7"], np.array([1.0]), np.array([1.5]), 1.0)
    assert v[0] == pytest.approx(7.2)


def test_speed_follows_the_resistance_form(bundle):
    # doubling h at full cover: V falls by 2 ** -((1 - b/2) / (2 + b)) with b = -0.8267, that is 0.434
    ship = bundle.ships["lng-arc7"]
    a, b = independent_kn(ship, np.ones(2), np.array([1.2, 2.4]), 1.0)
    assert b / a == pytest.approx(2 ** -((1 + 0.8267 / 2) / (2 - 0.8267)))


@given(st.floats(0.05, 1.0), st.floats(0.05, 3.0), st.floats(0.01, 0.5))
def test_more_ice_is_never_faster(c, h, more):
    ship = _arc7()
    base = independent_kn(ship, np.array([c]), np.array([h]), 1.2)[0]
    assert independent_kn(ship, np.array([c]), np.array([h + more]), 1.2)[0] <= base
    assert independent_kn(ship, np.array([min(1.0, c + more)]), np.array([h]), 1.2)[0] <= base
    led = escorted_kn(ship, np.array([c]), np.array([h]), 1.2, 2.9, 10.0)[0]
    assert escorted_kn(ship, np.array([c]), np.array([h + more]), 1.2, 2.9, 10.0)[0] <= led


def _arc7():
    from polynya.commands.voyage import data_folder
    from polynya.voyages.bundle import read_bundle

    return read_bundle(data_folder()).ships["lng-arc7"]


def test_mean_of_times_not_of_speeds():
    # half the time 14 kn, half 7 kn: 1 / mean(1/14, 1/7) = 9.33 kn
    assert 1 / slowness(14.0, np.array([7.0]), np.array([0.5]))[0] == pytest.approx(9.333, abs=1e-3)


@pytest.mark.parametrize(
    ("ice_class", "cover", "thickness", "expected"),
    [
        ("none", 0.0, 1.0, 30.0),  # open water: 10 tenths of +3
        ("none", 1.0, 1.5, -60.0),  # thick first-year ice, value -6 in the circular
        ("PC4", 1.0, 1.5, 20.0),  # +2 for thick first-year ice ... see the table of the circular
        ("PC7", 1.0, 1.5, -20.0),
        ("PC7", 0.5, 0.9, 15.0 + 5 * -1),
    ],
)
def test_risk_index_by_hand(bundle, ice_class, cover, thickness, expected):
    table = bundle.polaris[ice_class]
    stage = {1.5: "thick", 0.9: "medium<1m", 1.0: "any"}[thickness]
    value = {"thick": table.values[7], "medium<1m": table.values[5], "any": 0}[stage]
    by_hand = (10 - 10 * cover) * 3 + 10 * cover * value
    outcome = float(rio(table, np.array([cover]), np.array([thickness]))[0])
    assert outcome == pytest.approx(by_hand)
    if ice_class == "none" and cover == 1.0:
        assert outcome == expected


def test_elevated_risk_is_for_polar_classes_only(bundle):
    assert acceptable(bundle.polaris["PC7"], np.array([-5.0]))[0]
    assert not acceptable(bundle.polaris["PC7"], np.array([-11.0]))[0]
    assert not acceptable(bundle.polaris["IA"], np.array([-1.0]))[0]


def test_decided_rows_of_the_2013_rules(bundle):
    areas = ("Kara SW", "Laptev W")
    severe = np.full((24, 2), 2)  # medium ice all year
    severe[:, 1] = 2
    ok, used = admitted(bundle.admission, "IB", True, areas, np.array([0, 1]), severe, date(2018, 8, 1))
    august = int(position(np.array(226.0))[0])
    assert ok[august, 0]  # Ice2 behind an icebreaker: medium ice in the Kara Sea
    assert not ok[august, 1]  # but not in the Laptev Sea
    assert used


def test_ships_without_class_were_banned_in_winter(bundle):
    severe = np.zeros((24, 1), int)
    ok, _ = admitted(bundle.admission, "none", True, ("Chukchi",), np.array([0]), severe, date(2019, 1, 1))
    assert not ok[0, 0]  # January
    assert not ok[22, 0]  # early December


def test_bundled_ice_follows_the_recent_record(context):
    """September cover of the Northern Hemisphere's shipping seas is small, March's is nearly full (NSIDC 2010-2024)."""
    field = context.field
    kara = field.area == field.areas.index("kara-sw")
    march, september = field.frequency[4, kara].mean(), field.frequency[16, kara].mean()
    assert march > 0.9  # whole Kara Sea: mean share of the sea 0.99 in March
    assert september < 0.08  # 0.08 in September, and the south-west is its open part


def test_bottlenecks_close_first(context, network):
    """Vilkitsky is open in September in all years and closed in June in all (13 fields 2010-2022)."""
    field = context.field
    d = np.hypot(network.lat[field.nodes] - 77.9, (network.lon[field.nodes] - 103.0) * 0.21)
    k = int(np.argmin(d))
    assert field.frequency[16, k] < 0.1
    assert field.frequency[10, k] > 0.9


def test_ice_years_differ_as_the_record_says(bundle, network):
    """East of the Taymyr, August 2020 (58) had less ice than August 2013 (326 thousand km2 in the Laptev Sea)."""
    cover = {}
    for year in (2013, 2020):
        field = climatology(network.lat, network.lon, bundle.ice, year)
        laptev = np.isin(field.area, [field.areas.index("laptev-w"), field.areas.index("laptev-e")])
        cover[year] = np.average(
            field.frequency[14, laptev], weights=np.cos(np.radians(network.lat[field.nodes][laptev]))
        )
    assert cover[2020] < 0.5 * cover[2013]


def test_months_to_half_months_keep_constants():
    assert from_months(np.full(12, 0.37)) == pytest.approx(np.full(24, 0.37))


@pytest.mark.parametrize(("day", "inside"), [(0.0, True), (180.0, False), (330.0, True), (151.5, False)])
def test_periods_may_run_over_new_year(day, inside):
    # 15 November to 31 March; days count from 0
    assert in_period(day, "11-15", "03-31") is inside
