"""The map of a page: distances and directions that can be checked by hand, an SVG that parses, notices per licence."""

from __future__ import annotations

import json
import math
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polynya.cli import main
from polynya.world import load_world
from polynya.world.map import (
    EARTH_RADIUS_KM,
    Place,
    bearing_degrees,
    chart,
    chart_svg,
    chart_text,
    compass,
    distance_km,
    project,
)
from polynya.world.notices import notices
from tests.world.conftest import facts

SVG = "{http://www.w3.org/2000/svg}"
QUARTER = EARTH_RADIUS_KM * math.pi / 2
angles = st.tuples(st.floats(-89, 89), st.floats(-179, 179))


def at(lat: float, lon: float) -> Place:
    return Place("p", "P", lat, lon, "end")


@pytest.mark.parametrize(
    ("a", "b", "km", "towards"),
    [
        ((0, 0), (0, 90), QUARTER, "E"),  # a quarter of the equator
        ((0, 0), (90, 0), QUARTER, "N"),  # from the equator to the pole
        ((0, 179), (0, -179), EARTH_RADIUS_KM * math.radians(2), "E"),  # across the date line, not around the world
        ((10, 20), (0, 20), EARTH_RADIUS_KM * math.radians(10), "S"),
    ],
)
def test_distance_and_course(a: tuple[int, int], b: tuple[int, int], km: float, towards: str) -> None:
    assert distance_km(at(*a), at(*b)) == pytest.approx(km)
    assert compass(bearing_degrees(at(*a), at(*b))) == towards


@given(angles, angles)
def test_the_projection_keeps_distance_and_course_from_the_middle(
    middle: tuple[float, float], point: tuple[float, float]
) -> None:
    """That is what azimuthal equidistant means. Distance and course come from other formulas than the projection."""
    x, y = project(*point, *middle)
    km = distance_km(at(*middle), at(*point))
    assert math.hypot(x, y) == pytest.approx(km, abs=1e-6)
    if 1.0 < km < 0.999 * math.pi * EARTH_RADIUS_KM:  # there is no course to oneself, nor to the antipode
        course = math.radians(bearing_degrees(at(*middle), at(*point)))
        assert (x / km, y / km) == pytest.approx((math.sin(course), math.cos(course)), abs=1e-6)


def test_a_node_shows_its_neighbour_with_distance_and_ways(tiny: Path) -> None:
    """Aland lies 10 degrees north of Beland: 1,112 km. There is one corridor, from Aland to Beland."""
    facts(tiny)
    shown = chart(load_world(tiny), "BB")
    assert [(p.id, p.role) for p in shown.places] == [("BB", "self"), ("AA", "end")]
    [row] = [line for line in chart_text(shown) if line.startswith("    AA")]
    assert "1,112 km N" in row
    assert row.endswith("flow from")


def test_the_text_map_has_north_at_the_top_and_every_label_within(tiny: Path) -> None:
    facts(tiny)
    text = chart_text(chart(load_world(tiny), "BB"))
    rows = [line for line in text if line.startswith("    |")]
    assert "* AA" in rows[0]
    assert "@ BB" in rows[-1]


def test_a_corridor_shows_its_ends(tiny: Path) -> None:
    facts(tiny)
    shown = chart(load_world(tiny), "aa-bb")
    assert {p.id for p in shown.places} == {"AA", "BB"}
    assert [(x.start, x.end) for x in shown.lines] == [("AA", "BB")]


@pytest.mark.parametrize("identity", ["DE", "JP", "RU-SAKH", "nord-stream-1", "yamal-lng", "gazprom"])
def test_svg_parses_and_keeps_everything_inside(identity: str) -> None:
    shown = chart(load_world(), identity)
    assert shown.places
    root = ET.fromstring(chart_svg(shown, f"<{identity} & co>"))
    circles = root.findall(f"{SVG}circle")
    assert len(circles) == len(shown.places)
    for c in circles:
        assert 0 < float(c.attrib["cx"]) < 640
        assert 0 < float(c.attrib["cy"]) < 440
    corridors = [p for p in root.findall(f"{SVG}path") if p.attrib["class"] == "corridor"]
    assert len(corridors) == len(shown.lines)
    assert root.findtext(f"{SVG}title") == f"<{identity} & co>"


def test_what_has_no_place_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="nothing to draw"):
        chart_svg(chart(load_world(), "model"), "model")


def test_every_node_can_be_drawn() -> None:
    world = load_world()
    for node in world.table("nodes")["id"]:
        shown = chart(world, node)
        ET.fromstring(chart_svg(shown, node))
        assert all(len(line) <= 120 for line in chart_text(shown)), node


def test_the_command_writes_the_file_and_the_map_stands_in_the_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "map.svg"
    assert main(["world", "show", "AT", "--svg", str(file), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert {"DE", "SK", "IT"} <= {p["id"] for p in document["map"]["places"]}
    assert ET.parse(file).getroot().tag == f"{SVG}svg"


def test_what_has_no_place_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["world", "show", "model", "--svg", str(tmp_path / "x.svg")]) == 6
    assert "no map to draw" in capsys.readouterr().err


def test_a_page_ends_with_the_notice_that_each_licence_asks_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["world", "show", "DE"]) == 0
    out = capsys.readouterr().out
    assert "World Bank Commodity Price Data (The Pink Sheet), CC BY 4.0" in out.split("licences and notices")[1]


def test_sources_of_one_notice_share_a_line_and_a_licence_without_one_names_title_and_publisher() -> None:
    rows = [
        {"id": "a", "title": "A", "publisher": "P", "licence": "facts", "notice": None},
        {"id": "b", "title": "B", "publisher": "P", "licence": "facts", "notice": None},
        {"id": "c", "title": "C", "publisher": "Q", "licence": "CC BY 4.0", "notice": None},
        {"id": "d", "title": "D", "publisher": "R", "licence": "CC BY 4.0", "notice": "R, 2024, CC BY 4.0"},
    ]
    assert [(n["notice"], n["sources"]) for n in notices(rows)] == [
        ("C, Q", ["c"]),
        ("R, 2024, CC BY 4.0", ["d"]),
        ("single facts, cited from each source by itself", ["a", "b"]),
    ]
