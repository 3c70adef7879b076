"""Does a page say everything that other tables know about a thing?"""

from __future__ import annotations

import json
from datetime import date

import pytest

from polynya.cli import main
from polynya.world import load_world
from polynya.world.page import page, page_text, shortened
from polynya.world.related import LINKS, namesakes, related

DAY = date(2026, 6, 1)


def test_a_seller_shows_what_it_produces_where_it_may_not_and_how_it_behaves() -> None:
    found = related(load_world(), "gazprom")
    assert "ru-wsib-gazprom" in {r["id"] for r in found["supplies"]}
    assert {r["node"]: r["maximum_bcm_per_year"] for r in found["offer_caps"]}["PL"] == 0.0
    assert {r["node"]: r["theta"] for r in found["conduct"]}["RU-EUR"] == 0.0
    assert "brotherhood" in {r["subject"] for r in found["access"]}
    assert "russia" in {r["owner"] for r in found["holders"]}


def test_a_company_and_the_seller_named_like_it_stand_on_one_page_and_say_so() -> None:
    document = page(load_world(), "sakhalin-1", DAY)
    assert document["kind"] == "project"
    assert [(n["table"], n["kind"]) for n in document["same_id"]] == [("traders", "trader")]
    assert "the same id names a trader" in page_text(document)
    assert namesakes(load_world(), "DE") == []


def test_every_source_that_a_page_names_is_listed_with_its_notice() -> None:
    document = page(load_world(), "gazprom", DAY)
    listed = {s["id"] for s in document["sources"]}
    named = {r["source"] for link in LINKS for r in document[link.key] if r.get("source")}
    assert named <= listed
    assert {s for n in document["notices"] for s in n["sources"]} == listed


@pytest.mark.parametrize(
    "identity",
    [
        "DE", "US-GULF", "RU-SAKH", "nord-stream-2-b", "turkstream-2", "brotherhood", "yamal-lng", "ras-laffan", "freeport-lng",
        "wilhelmshaven-1-fsru", "storage-de", "sakhalin-2", "gazprom", "equinor", "qatarenergy", "us-producers", "ru-wsib-gazprom",
        "contract-gazprom-pgnig", "eu-2026-261-pipeline-gas", "nord-stream-ag",
    ],
)  # fmt: skip
def test_pages_of_every_kind_can_be_printed_and_read_by_a_program(
    identity: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["world", "show", identity]) == 0
    text = capsys.readouterr().out
    assert text.startswith(identity)
    assert "licences and notices" in text
    assert "None" not in text
    assert main(["world", "show", identity, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["sources"]


def test_a_long_timeline_keeps_what_is_in_force_and_says_what_it_leaves_out() -> None:
    document = page(load_world(), "NL", date(2019, 3, 1))
    text = page_text(document)
    assert "earlier rows: --json shows all" in text
    [price] = [v for v in document["values"] if v["attribute"] == "hub_price_usd_per_mmbtu"]
    assert len(price["timeline"]) > 40
    assert "2019-03-01" in text  # in force on the day, though not among the last rows


def test_what_is_cut_off_is_marked() -> None:
    assert shortened("abcdef", 6) == "abcdef"
    assert shortened("abcdefg", 6) == "abcde…"


@pytest.mark.parametrize(
    ("word", "identity"), [("Equinor", "equinor"), ("de", "DE"), ("Nord-Stream-2-B", "nord-stream-2-b")]
)
def test_an_id_is_found_whatever_its_case(word: str, identity: str) -> None:
    assert page(load_world(), word, DAY)["id"] == identity
