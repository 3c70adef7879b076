"""What could be expected on a day: nothing that came later is seen, and what came later is met as it came."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from polynya import cli
from polynya.calibration.actuals import Actual, value_of
from polynya.calibration.backcast import Backcast, document, foresight_of
from polynya.calibration.expected import ahead, as_it_stood, last_use, stocks_left
from polynya.calibration.score import Scored
from polynya.calibration.year import HindcastOptions, SolvedYear, known_by, solve_year
from polynya.world import World, load_world
from polynya.world.calibrated import layers


@pytest.fixture(scope="module")
def world() -> World:
    return load_world(None, layers(None, ()))


def test_a_cut_that_comes_later_is_not_seen_and_one_in_force_has_no_end(world: World) -> None:
    """Nord Stream 1 on 30 June 2022: cut to 40 % on 16 June; the cut to 20 % of 27 July and the stop of 31 August are not known."""
    true = [world.resolve("nord-stream-1-a", "capacity_limit_bcm_per_year", date(2022, m, 1)) for m in (7, 8, 9)]
    assert [t.value if t else None for t in true] == [11.37, 5.6, 0.0]
    then = as_it_stood(world, date(2022, 6, 30))
    for month in (7, 8, 9, 12):
        stands = then.resolve("nord-stream-1-a", "capacity_limit_bcm_per_year", date(2022, month, 1))
        assert stands is not None
        assert stands.value == 11.37
    caps = then.table("offer_caps").filter(pl.col("trader") == "gazprom")
    assert {"PL", "BG", "NL"} <= set(caps["node"])
    assert "FR" not in set(caps["node"])  # deliveries to Engie stopped on 1 September
    shut = then.table("gates").filter(pl.col("subject") == "nord-stream-1-a")["id"].to_list()
    assert "nord-stream-1-a-repair" not in shut


def test_what_is_being_built_is_known_before_it_is_there(world: World) -> None:
    """Cameron's third train: August 2020."""
    then = as_it_stood(world, date(2020, 3, 31))
    later = then.resolve("cameron-lng", "capacity_bcm_per_year", date(2020, 9, 1))
    assert later is not None
    assert later.value == pytest.approx(18.36)


def test_use_ahead_is_that_of_the_last_year(world: World) -> None:
    """Germany in 2021: of the use of 2020, and not of 2021, the share of November."""
    seen = known_by(world, 2021, HindcastOptions(base_years=(2019,)), [])
    values = ahead(seen, 2021, [date(2021, 11, 1)])
    share = world.resolve("DE", "demand_share_m11", date(2021, 11, 1))
    used = {y: world.resolve("DE", "consumption_bcm", date(y, 1, 1)) for y in (2020, 2021)}
    assert share is not None
    assert used[2020] is not None
    assert used[2021] is not None
    assert values["demand_bcm", "DE", "2021-11"] == pytest.approx(used[2020].value * share.value)
    assert values["demand_bcm", "DE", "2021-11"] != pytest.approx(used[2021].value * share.value)
    assert {item for item, _, _ in values} == {"demand_bcm"}  # the price level stays what it is
    assert last_use(seen, "DE", 2019) is None  # the world begins with 2019


def test_what_is_left_in_spring_is_the_mean_of_springs_known_then(world: World) -> None:
    seen = known_by(world, 2021, HindcastOptions(), [])
    springs = [
        f.value
        for f in seen.facts["storage-de", "fill_bcm"]
        if f.valid_from and f.valid_from.month == 4 and f.valid_from.year <= 2020
    ]
    assert springs
    assert stocks_left(seen, date(2022, 4, 1))["storage-de"] == pytest.approx(sum(springs) / len(springs))


@pytest.fixture(scope="module")
def year(world: World) -> SolvedYear:
    return solve_year(world, 2022, HindcastOptions(expected=True))


def test_windows_reach_through_the_next_winter_and_each_begins_with_the_stocks_of_the_one_before(
    year: SolvedYear,
) -> None:
    assert year.passed
    assert [m for months in year.kept for m in months] == [f"2022-{m:02d}" for m in range(1, 13)]
    for case in year.cases:
        assert case.stocks()["period"].max() == "2023-03"
    for before, months, after in zip(year.cases, year.kept, year.cases[1:], strict=False):
        left = dict(before.stocks().filter(pl.col("period") == months[-1]).select("storage", "level").iter_rows())
        begins = after.problem.storage.filter(pl.col("initial").is_not_null()).select("storage", "initial")
        for store, level in begins.iter_rows():
            assert level == pytest.approx(left[store], abs=1e-6)


def test_a_cut_comes_as_a_surprise(year: SolvedYear) -> None:
    """From April 2022 Nord Stream 1 is expected to run in winter; from October on, ruptured, it is not."""

    def winter(case: int) -> float:
        flows = year.cases[case].flows().filter(pl.col("arc").str.starts_with("nord-stream-1"))
        return float(flows.filter(pl.col("period") >= "2022-11")["quantity"].sum())

    assert winter(1) > 5.0
    assert winter(3) == pytest.approx(0.0, abs=1e-6)


def test_foresight_is_named_and_refused_when_it_is_none(capsys: pytest.CaptureFixture[str]) -> None:
    assert foresight_of(HindcastOptions()) == "year"
    assert foresight_of(HindcastOptions(foresight_months=4)) == "4"
    assert foresight_of(HindcastOptions(expected=True)) == "expected"
    for wrong in ("soon", "-1", "4.5", "99"):
        assert cli.main(["backcast", "--years", "2022", "--actuals", "none.csv", "--foresight", wrong]) == 2
        assert "--foresight" in capsys.readouterr().err


def test_expected_errors_are_shares_of_the_figure_or_points() -> None:
    """A price of 20 with a share of 0.4 is off by 8; a fill of 80 % with 5 points is off by 5; an input and a metric unknown by nothing."""
    price = Scored(2022, "price_annual_avg", "TTF", "USD/MMBtu", 20.0, 25.0, None, None, False, bcm=False)
    fill = Scored(2022, "eu_storage_fill", "1 Nov", "%", 80.0, 90.0, None, None, False, bcm=False)
    given = Scored(2022, "consumption", "Germany", "bcm", 77.0, 77.0, None, None, True)
    other = Scored(2022, "lng_export", "US", "bcm", 100.0, 104.0, None, None, False)
    result = Backcast((2022,), (price, fill, given, other), (), (), HindcastOptions(expected=True))
    errors = {"price_annual_avg": {"error": 0.4}, "eu_storage_fill": {"error": 5.0}, "consumption": {"error": 0.01}}
    told = document(result, {"years": [2020, 2021], "errors": {"expected": errors}})
    assert [s["expected_error"] for s in told["series"]] == [8.0, 5.0, None, None]
    assert told["summary"]["lng_export"]["expected_error"] is None
    assert told["expected_error_from"] == [2020, 2021]
    assert document(result)["expected_error_from"] is None
    assert all(s["expected_error"] is None for s in document(result)["series"])


@pytest.mark.parametrize(
    ("metric", "unit", "fits"),
    [
        ("lng_import", "bcm (40 MJ/m3)", True), ("lng_import", "TWh", True), ("lng_import", "USD/MMBtu", False), ("lng_import", "%", False),
        ("price_annual_avg", "USD/MMBtu", True), ("price_annual_avg", "bcm", False), ("price_annual_avg", "EUR/MWh", False),
        ("eu_storage_fill", "% full", True), ("eu_storage_fill", "TWh", False),
    ],
)  # fmt: skip
def test_a_unit_fits_its_metric(metric: str, unit: str, fits: bool) -> None:
    assert (Actual(2022, metric, "x", 1.0, unit).misfit is None) is fits


def test_the_year_before_is_found_in_another_unit_or_spelling_too() -> None:
    """75 Mt are 102 bcm of 40 MJ (1.36 bcm a Mt); a misfit unit is no year before."""
    now = Actual(2022, "lng_import", "Japan", 100.0, "bcm (40 MJ/m3)")
    then = Actual(2021, "LNG_import", "JAPAN", 75.0, "Mt")
    assert value_of(now, 2021, [then]) == pytest.approx(102.0)
    exact = Actual(2021, "lng_import", "Japan", 101.3, "bcm (40 MJ/m3)")
    assert value_of(now, 2021, [then, exact]) == 101.3
    assert value_of(now, 2021, [Actual(2021, "lng_import", "Japan", 9.0, "USD/MMBtu")]) is None
    assert value_of(now, 2020, [then, exact]) is None
