"""The command end to end on one year: what is scored, what is skipped, what is marked as given; nothing of later prices gets in."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from polynya import cli
from polynya.calibration.places import EU27, nodes_of
from polynya.calibration.series import Frame, Reading, Unanswered, reading
from polynya.calibration.year import (
    PRICE_ATTRIBUTES,
    HindcastOptions,
    base_year_of,
    competing_fuel,
    known_by,
    years_with_data,
)
from polynya.errors import NotFoundError
from polynya.world import load_world
from polynya.world.calibrated import errors_of_unfitted_years

ROWS = """year,metric,item,value,unit,source
2022,lng_export,Total LNG exports,540,bcm (40 MJ/m3),made up
2021,lng_export,Total LNG exports,516,bcm (40 MJ/m3),made up
2022,consumption,Germany,77,bcm (40 MJ/m3),made up
2022,price_annual_avg,"Japan LNG (import average, mostly oil-indexed)",18,USD/MMBtu,made up
2022,price_annual_avg,Europe (TTF),20,USD/MMBtu,made up
2022,price_annual_avg,JKM spot (annual average),20,USD/MMBtu,made up
2022,lng_import,Atlantis,3,bcm,made up
2022,cheese_import,France,3,bcm,made up
2022,lng_import,Japan,3,furlongs,made up
2022,lng_import,Korea,3,USD/MMBtu,made up
2022,price_annual_avg,Europe (TTF),19,bcm,made up
2022,lng_export,Total LNG exports,530,bcm (40 MJ/m3),made up
2022,lng_import,France,33,bcm (40 MJ/m3),made up
"""


@pytest.fixture(scope="module")
def printed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What `polynya backcast --json` prints, read back."""
    import contextlib
    import io

    path = tmp_path_factory.mktemp("backcast") / "actuals.csv"
    path.write_text(ROWS, encoding="utf-8")
    out = io.StringIO()
    with contextlib.redirect_stdout(out):
        code = cli.main(["backcast", "--years", "2022", "--actuals", str(path), "--json", "--quiet"])
    assert code == 0
    found = json.loads(out.getvalue())
    assert isinstance(found, dict)
    return found


def test_scored_skipped_and_given_are_kept_apart(printed: dict) -> None:  # type: ignore[type-arg]
    assert set(printed["summary"]) == {"lng_export", "lng_import", "price_annual_avg"}
    assert set(printed["inputs"]) == {"consumption", "price_annual_avg"}
    assert printed["summary"]["price_annual_avg"]["n"] == 2  # the hubs; Japan's import price is mostly given, by Brent
    assert {"n", "error", "naive_error", "skill"} <= set(printed["summary"]["lng_export"])
    why = {(s["metric"], s["item"]): s["reason"] for s in printed["skipped"]}
    assert len(why) == len(printed["skipped"]) == 6
    assert "no metric" in why["cheese_import", "France"]
    assert "furlongs" in why["lng_import", "Japan"]


def test_a_unit_of_another_kind_and_a_series_said_twice_are_skipped_with_the_reason(printed: dict) -> None:  # type: ignore[type-arg]
    why = {(s["metric"], s["item"]): s["reason"] for s in printed["skipped"]}
    assert why["lng_import", "Korea"] == 'the unit "USD/MMBtu" does not measure lng_import: bcm, Mt or TWh does'
    assert why["price_annual_avg", "Europe (TTF)"] == 'the unit "bcm" does not measure price_annual_avg: USD/MMBtu does'
    assert "before: 540, which counts" in why["lng_export", "Total LNG exports"]
    assert printed["summary"]["lng_export"]["n"] == 1


def test_without_a_year_before_naive_skill_and_direction_are_absent(printed: dict) -> None:  # type: ignore[type-arg]
    one = next(s for s in printed["series"] if s["item"] == "France" and s["metric"] == "lng_import")
    assert one["naive"] is not None  # from the figures of 2021 that ship
    price = next(s for s in printed["series"] if s["item"].startswith("JKM"))
    assert price["direction_right"] is None
    assert set(printed["summary"]["price_annual_avg"]) >= {"n", "error", "naive_error", "skill"}


def test_beside_each_figure_stands_what_such_figures_were_off_by(printed: dict) -> None:  # type: ignore[type-arg]
    told = errors_of_unfitted_years()
    share = told["errors"]["year"]["price_annual_avg"]["error"]
    ttf = next(s for s in printed["series"] if s["item"].startswith("Europe"))
    assert ttf["expected_error"] == pytest.approx(share * ttf["model"], abs=1e-3)
    assert printed["summary"]["price_annual_avg"]["expected_error"] == share
    assert printed["expected_error_from"] == [2020, 2021]
    given = next(s for s in printed["series"] if s["metric"] == "consumption")
    assert given["expected_error"] is None  # an input is no forecast


def test_japans_import_price_has_its_contracts_formula_and_is_no_spot_price(printed: dict) -> None:  # type: ignore[type-arg]
    """2022: Brent 99.8, and 70.4 the year before; a lag of 3 months of 12 gives 0.75 x 99.8 + 0.25 x 70.4 = 92.45 USD/bbl.
    Contracts 0.145 x 92.45 + 0.95 = 14.355; four fifths of it are 11.484, and the rest pays the spot price that the model finds."""
    one = next(s for s in printed["series"] if s["item"].startswith("Japan LNG"))
    # the mean of Japan and Korea, which are near each other
    asia = next(s["model"] for s in printed["series"] if s["item"].startswith("JKM"))
    assert (one["model"] - 11.484) / 0.2 == pytest.approx(asia, rel=0.05)
    frame = Frame(2022, load_world(), {})
    found = reading(frame, "price_annual_avg", "Japan LNG (import average, mostly oil-indexed)")
    assert isinstance(found, Reading)
    assert found.constant == pytest.approx(11.484, abs=1e-3)
    assert [(t.kind, t.id) for t in found.terms] == [("price", "JP")]
    assert found.terms[0].weight == pytest.approx(0.2)
    before = reading(Frame(2018, load_world(), {}), "price_annual_avg", "Japan LNG")
    assert isinstance(before, Unanswered)  # no Brent of 2017 in the data
    spot_item = reading(frame, "price_annual_avg", "JKM spot (annual average)")
    assert isinstance(spot_item, Reading)
    assert spot_item.constant == 0.0


def test_naive_is_the_actual_of_the_year_before(printed: dict) -> None:  # type: ignore[type-arg]
    one = next(s for s in printed["series"] if s["metric"] == "lng_export")
    assert (one["actual"], one["naive"]) == (540.0, 516.0)
    assert printed["summary"]["lng_export"]["naive_error"] == pytest.approx(24 / 540, abs=1e-4)
    assert printed["certificate"]["passed"] is True


def test_a_year_without_actuals_or_without_data_is_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "a.csv"
    path.write_text("year,metric,item,value,unit\n1995,lng_export,US,1,bcm\n", encoding="utf-8")
    assert cli.main(["backcast", "--years", "2022", "--actuals", str(path)]) == 6
    assert cli.main(["backcast", "--years", "1995", "--actuals", str(path)]) == 6
    assert "Years with data" in capsys.readouterr().err
    assert cli.main(["backcast", "--years", "soon", "--actuals", str(path)]) == 2


@pytest.mark.parametrize("year", [2020, 2022, 2023])
def test_nothing_of_the_years_own_or_later_prices_and_stocks_is_seen(year: int) -> None:
    world = load_world()
    options = HindcastOptions(price_level="base")
    seen = known_by(world, year, options, [])
    for node in ("NL", "JP", "US-GULF", "CN-COAST"):
        for attribute in PRICE_ATTRIBUTES:
            for fact in seen.facts.get((node, attribute), ()):
                if fact.valid_from and fact.valid_from.year >= year:
                    assert (fact.source, fact.locator) == ("polynya-assumption", "price level of the base year")
        given = seen.resolve(node, "reference_price_usd_per_mmbtu", date(year, 1, 1))
        base = world.resolve(node, "reference_price_usd_per_mmbtu", date(base_year_of(year, options), 1, 1))
        assert given is not None
        assert base is not None
        assert given.value == base.value
    late = [
        f
        for (_, a), facts in seen.facts.items()
        if a == "fill_bcm"
        for f in facts
        if f.valid_from and f.valid_from > date(year, 1, 31)
    ]
    assert late == []


def test_consumption_is_that_of_the_year_or_between_its_neighbours() -> None:
    seen = known_by(load_world(), 2022, HindcastOptions(), [])
    german, belgian = (seen.resolve(n, "consumption_bcm", date(2022, 1, 1)) for n in ("DE", "BE"))
    assert german is not None
    assert german.value == pytest.approx(77.54)
    assert belgian is not None
    assert 14.28 <= belgian.value <= 17.74


def test_a_year_that_the_world_does_not_know_is_refused() -> None:
    with pytest.raises(NotFoundError):
        known_by(load_world().with_tables({"facts": load_world().table("facts").clear()}), 2022, HindcastOptions(), [])


def test_base_year_is_the_last_one_before() -> None:
    options = HindcastOptions()
    assert [base_year_of(y, options) for y in (2020, 2021, 2022, 2023)] == [2019, 2019, 2021, 2021]
    assert 2022 in years_with_data(load_world())


def test_places_by_their_printed_names() -> None:
    world = load_world()
    assert nodes_of(world, "Russian Federation") == ("RU-WSIB", "RU-EUR", "RU-YAM", "RU-BALT", "RU-ESIB", "RU-SAKH")
    assert nodes_of(world, "Türkiye") == nodes_of(world, "Turkey") == ("TR",)
    union = nodes_of(world, "European Union") or ()
    assert "GB" not in union
    assert "NO" not in union
    assert {"DE", "BE", "BG"} <= set(union)
    assert len(EU27) == 27
    assert nodes_of(world, "Atlantis") is None


def test_the_price_level_moves_with_the_cost_of_coal_fired_power() -> None:
    """2021: 0.55 / 0.40 x (119.8 / 23.8 + 0.0996 x 54 x 1.1) - 0.0592 x 54 x 1.1 = 11.54 USD/MMBtu."""
    world = load_world()
    assert competing_fuel(world, 2021) == pytest.approx(11.54, abs=0.01)
    now = competing_fuel(world, 2022)
    assert now == pytest.approx(0.55 / 0.40 * (240.6 / 23.8 + 0.0996 * 82.8 * 1.1) - 0.0592 * 82.8 * 1.1)
    seen = known_by(world, 2022, HindcastOptions(), [])
    dutch, american = (seen.resolve(n, "reference_price_usd_per_mmbtu", date(2022, 1, 1)) for n in ("NL", "US-GULF"))
    assert dutch is not None
    assert dutch.value == pytest.approx(16.12 * now / 11.54, rel=1e-3)
    before = world.resolve("US-GULF", "reference_price_usd_per_mmbtu", date(2021, 1, 1))
    assert american is not None
    assert before is not None
    assert american.value == before.value  # no spot price in 2021
    assert competing_fuel(world, 2030) is None
