"""The overlay that ships: sound, on top of the reference world, complete in what it says of itself, and used by default."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from polynya.calibration.actuals import read_actuals
from polynya.calibration.chart import chart
from polynya.calibration.parameters import parameters, slopes
from polynya.calibration.score import Scored
from polynya.calibration.year import HindcastOptions, known_by
from polynya.market.inputs import build_inputs
from polynya.world import load_world
from polynya.world.calibrated import CALIBRATED, TARGETS, calibration_of, layers, withheld
from polynya.world.check import check_world


def rows(name: str) -> list[dict[str, str]]:
    with (CALIBRATED / name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_the_overlay_is_sound_on_the_reference_world() -> None:
    assert not check_world(load_world(None, layers(None, ()))).faults


def test_layers_are_used_with_the_reference_world_only(tmp_path: Path) -> None:
    assert layers(None, (tmp_path,)) == [CALIBRATED, tmp_path]
    assert layers(None, (), uncalibrated=True) == []
    assert layers(tmp_path, ()) == []
    assert calibration_of(("reference", "calibrated")) is not None
    assert calibration_of(("reference",)) is None


def test_every_parameter_says_its_prior_posterior_and_whether_the_data_identify_it() -> None:
    world = load_world()
    free = {p.id for p in parameters(world, [t for t in read_actuals(TARGETS) if t.year in (2019, 2021)])}
    told = rows("parameters.csv")
    assert {r["parameter"] for r in told} == free
    for r in told:
        assert float(r["posterior_sd"]) <= float(r["prior_sd"]) * 1.001, r["parameter"]
        assert (r["identified"] == "yes") == (float(r["posterior_sd"]) < 0.7 * float(r["prior_sd"])), r["parameter"]
    summary = json.loads((CALIBRATED / "summary.json").read_text())
    assert summary["identified"] == sum(r["identified"] == "yes" for r in told)


def test_the_stated_errors_are_those_of_the_fit_table() -> None:
    """Weighted error of a metric over figures of 2 bcm and more, worked out again from fit.csv."""
    summary = json.loads((CALIBRATED / "summary.json").read_text())
    for year in ("2019", "2021"):
        large = [
            r
            for r in rows("fit.csv")
            if r["year"] == year and r["metric"] == "lng_bilateral" and float(r["actual"]) >= 2
        ]
        error = sum(abs(float(r["model"]) - float(r["actual"])) for r in large) / sum(float(r["actual"]) for r in large)
        assert summary["errors"][year]["by_metric"]["lng_bilateral"]["error"] == pytest.approx(error, abs=2e-3)


def test_no_target_is_later_than_2021_and_every_one_has_a_source() -> None:
    known = set(load_world().table("sources")["id"])
    for r in rows("targets.csv"):
        assert int(r["year"]) <= 2021
        assert r["source"] in known
        assert r["locator"]


def test_a_dated_friction_counts_in_its_months_only_and_frictions_add_up() -> None:
    world = load_world()
    base = {"way": "medgaz", "kind": "assumption", "source": "polynya-assumption", "locator": "test"}
    span = {"valid_from": date(2021, 2, 1), "valid_to": date(2021, 2, 28)}
    changed = world.with_rows(
        "frictions",
        [
            {**base, "friction_usd_per_mmbtu": 0.5, "slope_usd_per_mmbtu_per_bcm_per_year": 0.1},
            {**base, **span, "friction_usd_per_mmbtu": 0.25, "slope_usd_per_mmbtu_per_bcm_per_year": 0.0},
        ],
    )
    before, after = (build_inputs(w, date(2021, 1, 1), 3).tables["arcs"].filter(arc="medgaz") for w in (world, changed))
    assert (after["cost"] - before["cost"]).to_list() == pytest.approx([0.5, 0.75, 0.5])
    assert after["cost_slope"].to_list() == pytest.approx([0.1 * 365 / d for d in (31, 28, 31)])
    assert before["cost_slope"].to_list() == [0.0, 0.0, 0.0]


def test_a_larger_usual_quantity_means_a_gentler_rise() -> None:
    found = slopes(load_world(), [t for t in read_actuals(TARGETS) if t.year in (2019, 2021)])
    assert found["ship-AU-W-JP"] < found["ship-NG-JP"]
    assert all(v > 0.0 for v in found.values())


def test_the_chart_counts_what_it_cannot_show() -> None:
    one = Scored(2022, "lng_export", "A <b>", "bcm", 10.0, 8.0, None, None, False)
    text = chart([one, Scored(2022, "lng_export", "B", "bcm", 0.0, 3.0, None, None, True)])
    assert text.count("<circle") == 2  # one point, one entry of the legend
    assert "1 series below" in text
    assert "A &lt;b&gt;" in text


def test_what_was_withheld_in_a_base_year_is_seen_only_when_that_year_is_reproduced() -> None:
    found = withheld()
    assert [(seller, year) for seller, year, _ in found] == [("gazprom", 2021)]
    factor = found[0][2]
    assert factor > 1.0
    world = load_world(None, layers(None, ()))

    def theta(year: int, reproduce: bool) -> float:
        seen = known_by(world, year, HindcastOptions(elasticity="medium", reproduce=reproduce, withheld=found), [])
        return float(seen.table("conduct").filter(trader="gazprom", node="*")["theta"][0])

    assert theta(2021, True) == pytest.approx(factor * theta(2022, False))
    assert theta(2021, False) == theta(2019, True) == theta(2022, False)
