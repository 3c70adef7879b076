"""The route as a system: sums of what was published, arithmetic of break-even, and what is printed."""

import json
import xml.etree.ElementTree as ET
from types import SimpleNamespace

import pytest

from polynya.commands.voyage import data_folder
from polynya.voyages import nsr as engine
from polynya.voyages.bundle import read_rows
from polynya.voyages.nsr_export import nsr_svg, nsr_text


@pytest.fixture(scope="module")
def cargo():
    return {y["year"]: y for y in engine.cargo_table(read_rows(data_folder(), "nsr_cargo"))}


def test_published_directions_add_up_to_the_total(cargo):
    """2019: 28.4085 out, 2.4255 in, 0.6973 transit make the 31.5312 million t of the Public Council."""
    year = cargo[2019]
    parts = sum(year[flow]["all"]["value"] for flow in ("outbound", "inbound", "transit"))
    assert parts == pytest.approx(year["total"]["all"]["value"], abs=2e-4)


def test_types_of_cargo_never_exceed_the_total(cargo):
    for year in cargo.values():
        for flow in ("total", "transit"):
            given = year.get(flow, {})
            if "all" in given:
                kinds = [k for k, v in given.items() if k != "all" and v["unit"] == "mt"]
                assert sum(given[k]["value"] for k in kinds) <= given["all"]["value"] + 1e-9, (year["year"], flow)


def test_break_even_by_hand(monkeypatch):
    """60 USD/TEU dearer and 3 days quicker: a day must be worth 20. Open in a quarter of years, else 100 dearer and 1 day slower."""
    row = {
        "reliability": 0.25,
        "nsr": {"distance_nm": 8000, "days": 24.0, "usd_per_teu": 410.0},
        "suez": {"distance_nm": 10500, "days": 27.0, "usd_per_teu": 350.0},
    }
    south = SimpleNamespace(path=SimpleNamespace(total_days=28.0), cost=None)
    monkeypatch.setattr(engine.money, "per_unit", lambda *_: {"usd_per_teu": 450.0})
    got = engine._against(row, "suez", south, SimpleNamespace(ship=None), {})
    assert got["shorter_than_suez_nm"] == 2500
    assert got["break_even_usd_per_teu_day_suez"] == 20.0
    assert got["expected_gap_usd_per_teu_suez"] == 0.25 * 60 + 0.75 * 100
    assert got["expected_quicker_days_suez"] == 0.25 * 3 - 0.75 * 1


def test_no_day_saved_has_no_break_even(monkeypatch):
    row = {
        "reliability": 1.0,
        "nsr": {"distance_nm": 8000, "days": 28.0, "usd_per_teu": 410.0},
        "suez": {"distance_nm": 10500, "days": 27.0, "usd_per_teu": 350.0},
    }
    got = engine._against(row, "suez", None, SimpleNamespace(ship=None), {})
    assert got["break_even_usd_per_teu_day_suez"] is None
    assert got["expected_gap_usd_per_teu_suez"] is None


def test_icebreaker_days_of_the_whole_fleet():
    """0.7 Mt at 0.07 Mt a voyage are 10 voyages; 6 led days there and 6 back are 120 days, half of 240."""
    rows = [
        {"month": "mar", "feasible": True, "escort_days": 6.0},
        {"month": "apr", "feasible": False, "escort_days": None},
    ]
    lng = [{"east_china": {"mt": 0.7, "mt_per_voyage": 0.07}}, {"east_china": None}]
    first, second = engine.fleet_east(rows, lng, 240.0)
    assert (first["fleet_voyages"], first["icebreaker_days"], first["share_of_capacity"]) == (10.0, 120.0, 0.5)
    assert second["icebreaker_days"] is None


@pytest.mark.slow
def test_the_command_prints_sentences_tables_and_a_chart(capsys, tmp_path):
    from .test_command import run

    chart = tmp_path / "nsr.svg"
    code, out = run(capsys, "nsr", "--year", "2025", "--json", "--chart", str(chart))
    assert code == 0
    document = json.loads(out.out)
    text = nsr_text(document)
    assert "shorter than by Suez" in text
    assert "icebreaker-days" in text
    assert "break-even USD/TEU a day" in text
    july = next(m for m in document["container_transit"] if m["month"] == "jul")
    assert july["nsr"] is None  # a feeder of class 1A does not get through in the mean ice of July
    assert ET.fromstring(chart.read_text(encoding="utf-8")).tag.endswith("svg")
    assert nsr_svg(document) == chart.read_text(encoding="utf-8")
