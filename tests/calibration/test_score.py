"""Errors, skill and direction against values worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from polynya.calibration.score import Scored, summarise

ONE = Scored(2022, "lng_export", "US", "bcm", 110.0, 100.0, 90.0, 95.0, False)
TWO = replace(ONE, item="Qatar", model=95.0, actual=100.0, naive=99.0, previous_model=96.0)


def test_errors_are_weighted_by_the_actuals() -> None:
    # |110-100| + |95-100| = 15 of 200; naive |90-100| + |99-100| = 11 of 200; skill 1 - 15/11
    found = summarise([ONE, TWO])["lng_export"]
    assert found["n"] == 2
    assert found["error"] == pytest.approx(0.075)
    assert found["naive_error"] == pytest.approx(0.055)
    assert found["skill"] == pytest.approx(1 - 15 / 11, abs=1e-4)


def test_skill_counts_only_series_with_a_year_before() -> None:
    # the second has no year before: its error counts, but skill compares 10 with 10
    found = summarise([ONE, replace(TWO, naive=None)])["lng_export"]
    assert found["error"] == pytest.approx(0.075)
    assert (found["n"], found["n_naive"], found["skill"]) == (2, 1, 0.0)


def test_without_any_year_before_there_is_no_skill() -> None:
    found = summarise([replace(ONE, naive=None)])["lng_export"]
    assert found["naive_error"] is None
    assert found["skill"] is None


def test_a_perfect_naive_forecast_leaves_no_skill_to_state() -> None:
    assert summarise([replace(ONE, naive=100.0)])["lng_export"]["skill"] is None


def test_direction_is_judged_above_two_bcm_only_and_against_the_models_own_year_before() -> None:
    assert ONE.direction_right is True  # 90 -> 100 up, model 95 -> 110 up
    assert TWO.direction_right is None  # moved by 1 bcm
    assert replace(ONE, previous_model=120.0).direction_right is False
    assert replace(ONE, previous_model=None).direction_right is None
    assert replace(ONE, naive=98.2, factor=1.36).direction_right is True  # 1.8 Mt are 2.4 bcm
    assert replace(ONE, bcm=False).direction_right is None  # a price


def test_a_series_near_zero_does_not_spoil_the_error() -> None:
    # 0.2 instead of 0.01 is twenty times too much, and 0.2 % of the metric
    found = summarise([ONE, replace(TWO, model=0.2, actual=0.01)])["lng_export"]
    assert found["error"] == pytest.approx((10 + 0.19) / 100.01, abs=1e-4)


def test_fill_is_compared_in_points() -> None:
    fill = [
        replace(ONE, metric="eu_storage_fill", item=i, model=m, actual=a)
        for i, m, a in (("1 Apr", 30, 26), ("1 Nov", 90, 96))
    ]
    assert summarise(fill)["eu_storage_fill"]["error"] == pytest.approx(5.0)
