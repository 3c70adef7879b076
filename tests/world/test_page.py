"""Does the page say what is latest, what is shut, where else to look, and can it be handed on as one harmless file?"""

from __future__ import annotations

import re
from datetime import date
from html.parser import HTMLParser
from pathlib import Path

import pytest

from polynya.cli import main
from polynya.errors import NotFoundError
from polynya.world import load_world
from polynya.world.page import headline, page, page_text
from polynya.world.page_html import page_html
from polynya.world.related import related

DAY = date(2026, 6, 1)


class _Reader(HTMLParser):
    """Open tags, their attributes, and the text of a document; fails on a tag closed out of turn."""

    VOID = frozenset({"meta", "line", "path", "circle", "rect", "br"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def read(text: str) -> _Reader:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    assert reader.open == []
    return reader


def test_a_figure_of_a_past_year_or_day_is_shown_as_the_latest_known() -> None:
    """Nothing of 2026 is known about German use: the figure of 2025 is named with its year, not called missing."""
    world = load_world()
    values = {v["attribute"]: v for v in page(world, "DE", DAY)["values"]}
    used = world.resolve("DE", "consumption_bcm", date(2025, 1, 1))
    assert used is not None
    assert values["consumption_bcm"]["value"] is None
    assert values["consumption_bcm"]["latest"] == {"value": used.value, "of": "2025"}
    assert headline(values["consumption_bcm"]) == f"{used.value:g} bcm (2025, the latest known)"
    [fill] = [v for v in page(world, "storage-de", date(2022, 9, 15))["values"] if v["attribute"] == "fill_bcm"]
    assert fill["latest"]["of"] == "2022-08-30"
    assert page(world, "DE", date(2018, 1, 1))["values"][0].get("latest") is None  # nothing is known before 2019


def test_a_corridor_names_its_pipeline_and_the_state_of_each_gate() -> None:
    document = page(load_world(), "nord-stream-2-b", date(2022, 1, 15))
    assert {(s["id"], s["as"]) for s in document["see_also"]} == {
        ("nord-stream-2", "asset"),
        ("RU-EUR", "from_node"),
        ("DE", "to_node"),
    }
    states = {g["gate"]: g["state"] for g in document["gates"]}
    assert states["certification"] == "shut"  # never certified
    assert states["us-sanctions"] == "open"  # listed on 2022-02-23
    assert "nothing flows while one of them is shut" in page_text(document)


@pytest.mark.parametrize(("identity", "seller"), [("yamal-lng", "novatek-yamal"), ("sakhalin-2", "sakhalin-energy")])
def test_a_plant_and_its_project_show_the_contracts_of_who_alone_sells_from_it(identity: str, seller: str) -> None:
    world = load_world()
    every = world.table("contracts")
    assert {r["id"] for r in related(world, identity)["contracts"]} == set(
        every.filter(every["seller"] == seller)["id"]
    )
    assert related(world, "DE")["contracts"]  # a node's stay its own
    assert {r["node"] for r in related(world, "DE")["contracts"]} == {"DE"}


@pytest.mark.parametrize("word", ["suez", "Suez Canal", "SUEZ"])
def test_a_passage_has_a_page(word: str) -> None:
    document = page(load_world(), word, date(2021, 3, 25))
    assert (document["id"], document["kind"]) == ("suez", "passage")
    assert {v["attribute"]: v["value"] for v in document["values"]}[
        "closed"
    ] == 1  # the Ever Given, 23 to 29 March 2021
    [place] = document["map"]["places"]
    assert (place["lat"], place["lon"]) == (pytest.approx(30.6), pytest.approx(32.35))  # middle of 31.9 and 32.8 E
    later = {v["attribute"]: v["value"] for v in page(load_world(), word, DAY)["values"]}
    assert later["closed"] is None


def test_a_passage_tells_the_events_that_name_it() -> None:
    """Ships turn away from Hormuz in March 2026; the event stands under the plant, its words name the strait."""
    world = load_world()
    told = page(world, "hormuz", DAY)["events"]
    assert "2026-03-02" in {e["date"] for e in told}
    assert all("Hormuz" in e["what"] for e in told)
    assert not page(world, "cape", DAY)["events"]  # "by the Cape" of another sentence is not Cape of Good Hope


def test_a_passage_across_the_date_line_lies_on_it() -> None:
    [place] = page(load_world(), "bering", DAY)["map"]["places"]
    assert abs(place["lon"]) > 165
    assert 60 < place["lat"] < 70


def test_a_misspelt_passage_is_guessed() -> None:
    with pytest.raises(NotFoundError) as caught:
        page(load_world(), "suze", DAY)
    assert "suez" in str(caught.value.fix)


@pytest.mark.parametrize(
    "identity", ["DE", "nord-stream-2-b", "gazprom", "storage-de", "suez", "pck-schwedt", "european-union"]
)
def test_the_file_is_one_well_formed_page_that_fetches_and_runs_nothing(identity: str) -> None:
    document = page(load_world(), identity, DAY)
    text = page_html(document)
    reader = read(text)
    assert not {t for t, _ in reader.tags} & {"script", "link", "img", "iframe", "object", "form"}
    assert not [a for _, attributes in reader.tags for a in attributes if a.startswith("on") or a == "src"]
    assert re.search("default-src 'none'", text)
    shown = "".join(reader.text)
    for f in (f for v in document["values"] for f in v["timeline"] if not v["attribute"].startswith("demand_share_m")):
        assert f["locator"] in shown
    assert all(s["id"] in shown for s in document["sources"])
    assert all(n["notice"] in shown for n in document["notices"])


def test_harmful_text_does_nothing() -> None:
    document = page(load_world(), "suez", DAY)
    bad = "<script>alert(1)</script>' onload='x"
    document["identity"]["name"] = bad
    document["sources"][0]["title"] = bad
    for source in document["sources"]:
        source["url"] = "javascript:alert(1)"
    text = page_html(document)
    reader = read(text)
    assert "script" not in {t for t, _ in reader.tags}
    assert "a" not in {t for t, _ in reader.tags}  # an address that is no web page is no link
    assert not [a for _, attributes in reader.tags for a in attributes if a.startswith("on")]
    assert bad in "".join(reader.text)


def test_a_timeline_is_drawn_to_scale() -> None:
    """Capacity 0 to 2021-09-09, 25.575 since: the level line of zero is where the axis is, the other at the top."""
    document = page(load_world(), "nord-stream-2-b", DAY)
    text = page_html(document)
    start = text.index("aria-label='capacity_bcm_per_year")
    picture = text[start : text.index("</svg>", start)]
    lines = [
        (m["kind"], *(float(m[k]) for k in ("x1", "y1", "x2", "y2")))
        for m in re.finditer(
            r"class='(?P<kind>[^']*)' x1='(?P<x1>[\d.]+)' y1='(?P<y1>[\d.]+)' x2='(?P<x2>[\d.]+)' y2='(?P<y2>[\d.]+)'",
            picture,
        )
    ]
    [axis] = [x for x in lines if x[0] == "a"]
    [zero, full] = [x for x in lines if x[0] == "v"]
    assert zero[2] == axis[2]
    assert full[2] == 10.0  # the upper edge
    assert zero[3] == pytest.approx(full[1], abs=0.2)  # one day lies between them


def test_the_command_writes_the_file(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "germany.html"
    assert main(["world", "show", "DE", "--html", str(out)]) == 0
    assert capsys.readouterr().err.strip().endswith(str(out))
    assert "Germany" in "".join(read(out.read_text(encoding="utf-8")).text)
