"""What users pay over the price level of the data: how it is found from base years, and where the demand curve lies with it."""

from __future__ import annotations

from datetime import date

import pytest

from polynya.calibration.calibrate import LARGEST_SPREAD, _factors
from polynya.market.inputs import build_inputs
from polynya.world import load_world


def test_the_factor_is_the_geometric_mean_of_the_base_years() -> None:
    """1.1 and 1.2: the root of 1.32 is 1.1489; where one year has no price the other counts alone."""
    assert _factors([{"DE": 1.1, "IT": 1.05}, {"DE": 1.2}]) == {"DE": 1.1489, "IT": 1.05}


@pytest.mark.parametrize("ratio", [LARGEST_SPREAD * 1.01, 0.99 / LARGEST_SPREAD, 11.0])
def test_a_price_far_from_its_level_is_no_spread(ratio: float) -> None:
    """Iran's use is priced by law: eleven times that in the model says nothing of a way from a hub."""
    assert _factors([{"IR": ratio}, {"IR": ratio}]) == {}


def test_a_hub_has_its_own_level_and_no_factor() -> None:
    assert _factors([{"NL": 1.02, "DE": 1.02}], {"NL"}) == {"DE": 1.02}


def test_a_node_without_a_price_has_no_factor() -> None:
    assert _factors([{"DE": 0.0}, {"DE": -1.0}]) == {}


def test_the_demand_curve_goes_through_the_same_use_at_the_higher_price() -> None:
    """intercept - slope * use is the price at which use is what was used; it grows by the factor, and use at it does not change."""
    world = load_world()
    row = {
        "subject": "DE", "attribute": "reference_price_factor", "value": 1.1, "unit": "1", "valid_from": date(2019, 1, 1), "valid_to": None,
        "source": "polynya-assumption", "locator": "test", "kind": "assumption",
    }  # fmt: skip
    plain, raised = (
        build_inputs(w, date(2021, 1, 1), 1).tables["demand"].filter(node="DE").to_dicts()[0]
        for w in (world, world.with_rows("facts", [row]))
    )
    price = world.resolve("DE", "reference_price_usd_per_mmbtu", date(2021, 1, 1))
    assert price is not None
    used = (plain["intercept"] - price.value) / plain["slope"]
    assert raised["intercept"] - raised["slope"] * used == pytest.approx(1.1 * price.value)
    assert raised["intercept"] / raised["slope"] == pytest.approx(
        plain["intercept"] / plain["slope"]
    )  # same elasticity
