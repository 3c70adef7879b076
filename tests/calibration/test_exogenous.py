"""What was exogenous in 2022 and 2023: every row of the page stands in the data, options bind, and nothing flows after its stop."""

from __future__ import annotations

import importlib.util
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from polynya.calibration.series import BRITISH_WITH_NORWEGIAN, Frame, Reading, reading
from polynya.calibration.year import BUILD, HindcastOptions, SolvedYear, known_by, solve_year
from polynya.world import load_world
from polynya.world.calibrated import layers

TOOL = Path(__file__).parents[2] / "tools" / "list_exogenous.py"


def test_the_page_is_what_the_data_say() -> None:
    spec = importlib.util.spec_from_file_location("list_exogenous", TOOL)
    assert spec is not None
    assert spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    assert tool.page(load_world()) == tool.PAGE.read_text(encoding="utf-8"), "run python tools/list_exogenous.py"


@pytest.mark.parametrize(
    ("options", "month", "least"),
    [
        (HindcastOptions(storage_target=0.95), 11, 0.95),
        (HindcastOptions(stock_build=0.9), 8, 0.6),  # two thirds of 0.9
        (HindcastOptions(stock_build=0.9, storage_target=0.95), 11, 0.95),  # the larger of both
    ],
)
def test_storage_options_stand_over_lower_targets_of_the_law(
    options: HindcastOptions, month: int, least: float
) -> None:
    """Italy's official target of 80 % on 1 November 2022 gives way to a higher option; Germany's 95 % does not give way to a lower one."""
    seen = known_by(load_world(), 2022, options, [])
    italian = seen.resolve("storage-it", "minimum_fill_share", date(2022, month, 1))
    assert italian is not None
    assert italian.value == pytest.approx(least)
    german = seen.resolve("storage-de", "minimum_fill_share", date(2022, 11, 1))
    assert german is not None
    assert german.value == pytest.approx(0.95)


def test_the_path_of_a_stock_build_is_straight() -> None:
    steps = [BUILD[m + 1] - BUILD[m] for m in range(5, 11)]
    assert steps == pytest.approx([1 / 9] * 6)


def test_series_are_read_as_their_meters_count() -> None:
    """Ukrainian transit without Hungary in 2021; British gas beside Norwegian; what crosses both ways between Canada and the United States."""
    world = load_world()
    arcs = {"a": ("UA", "HU", "pipeline"), "b": ("UA", "SK", "pipeline"), "c": ("NO", "GB", "pipeline"), "d": ("CA", "US-REST", "pipeline")}  # fmt: skip
    weights = {}
    for year in (2019, 2020, 2021, 2022):
        found = reading(Frame(year, world, arcs), "eu27_import_by_route", "Ukraine transit")
        assert isinstance(found, Reading)
        weights[year] = {t.id: t.weight for t in found.terms}
    assert weights == {
        2019: {"a": 1.0, "b": 1.0}, 2020: {"a": 0.5, "b": 1.0}, 2021: {"a": 0.0, "b": 1.0}, 2022: {"a": 1.0, "b": 1.0},
    }  # fmt: skip
    back = {**arcs, "e": ("PL", "UA", "pipeline"), "f": ("SK", "UA", "pipeline")}
    for year, least in ((2019, {}), (2020, {"e": -0.96, "f": -0.05}), (2021, {"e": -1.0}), (2022, {"e": -1.0})):
        found = reading(Frame(year, world, back), "eu27_import_by_route", "Ukraine transit")
        assert isinstance(found, Reading)
        assert {
            t.id: t.weight for t in found.terms if t.weight < 0.0
        } == least  # taken out of the transit before the border
    british = reading(Frame(2019, world, arcs), "eu27_import_by_route", "Norway->UK")
    assert isinstance(british, Reading)
    assert {(t.kind, t.id): t.weight for t in british.terms} == {
        ("delivered", "c"): 1.0,
        ("production", "GB"): BRITISH_WITH_NORWEGIAN,
    }
    canadian = reading(Frame(2019, world, arcs), "pipeline_bilateral", "Canada->US")
    assert isinstance(canadian, Reading)
    assert canadian.constant == pytest.approx((24.57 + 25.55) / 2, abs=0.1)
    lines = {
        "cac-kz-ru": ("KZ", "RU-EUR", "pipeline"),
        "cac-uz-kz": ("UZ", "KZ", "pipeline"),
        "okarem-beyneu": ("TM", "KZ", "pipeline"),
    }
    for year, own in ((2019, {"cac-kz-ru": 1.0}), (2020, {"cac-kz-ru": 1.0, "cac-uz-kz": -1.0, "okarem-beyneu": -1.0})):
        kazakh = reading(Frame(year, world, lines), "pipeline_bilateral", "Kazakhstan->Russian Federation")
        assert isinstance(kazakh, Reading)
        assert {t.id: t.weight for t in kazakh.terms} == own  # the figure of 2019 holds Turkmen and Uzbek gas
        assert kazakh.constant == pytest.approx((5.13 + 2.70) / 2, abs=0.1)


@pytest.fixture(scope="module")
def shock() -> SolvedYear:
    """2022 as `polynya backcast` solves it by default."""
    return solve_year(load_world(None, layers(None, ())), 2022)


def test_nothing_flows_on_a_route_after_its_stop(shock: SolvedYear) -> None:
    """Months wholly after the stop: Nord Stream from September, the Polish and Finnish entries from June, Sokhranivka from June."""
    assert shock.passed
    flows = shock.cases[0].flows().filter(pl.col("period").is_in(list(shock.kept[0])))
    stopped = {
        "nord-stream-1-a": "2022-09", "nord-stream-1-b": "2022-09", "nord-stream-2-a": "2022-01", "nord-stream-2-b": "2022-01",
        "yamal-europe-by-pl": "2022-06", "by-pl-wysokoje": "2022-06", "imatra-ru-fi": "2022-06", "kotlovka-by-lt": "2022-04",
        "soyuz": "2022-06", "maghreb-europe-dz-ma": "2022-01",
    }  # fmt: skip
    for arc, first in stopped.items():
        late = flows.filter((pl.col("arc") == arc) & (pl.col("period") >= first))["quantity"].sum()
        assert late == pytest.approx(0.0, abs=1e-4), arc
    dated = flows.filter(pl.col("arc") == "nord-stream-1-a")
    july = dated.filter(pl.col("period") == "2022-07")["quantity"].sum()
    # Ten days shut, ten and six at 11.37 and five at 5.6 bcm a year (one of two strings): at most 0.58 bcm.
    assert july <= (16 * 11.37 + 5 * 5.6) / 365 + 1e-3


def test_who_was_cut_off_buys_nothing_from_gazprom(shock: SolvedYear) -> None:
    sales = shock.cases[0].solution.sales.filter(
        (pl.col("trader") == "gazprom") & pl.col("period").is_in(list(shock.kept[0]))
    )
    for node, first in {"UA": "2022-01", "PL": "2022-06", "BG": "2022-06", "FI": "2022-06", "NL": "2022-06", "DK": "2022-06", "LV": "2022-08", "DE": "2022-09", "FR": "2022-09"}.items():  # fmt: skip
        late = sales.filter((pl.col("node") == node) & (pl.col("period") >= first))["quantity"].sum()
        assert late == pytest.approx(0.0, abs=1e-4), node
