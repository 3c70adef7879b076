"""Do the attributions of sources travel with what control and voyages print?"""

from __future__ import annotations

import json

import pytest

from polynya.cli import main
from polynya.world import load_world
from polynya.world.notices import cited, notices_of


def test_sources_are_found_at_any_depth_and_only_where_one_is_named() -> None:
    document = {
        "source": "a",
        "rows": [{"source": "b", "what": "c"}, {"deep": ({"sources": ["d", "e"]},)}],
        "sources": {"source": "f"},
        "kind": "g",
        "note": "source",
    }
    assert cited(document) == {"a", "b", "d", "e", "f"}
    assert cited([]) == cited("a") == cited(None) == set()


def test_a_notice_is_the_publisher_s_own_or_title_and_publisher() -> None:
    rows = [
        {"id": "a", "licence": "CC BY 4.0", "notice": "A, CC BY 4.0", "title": "T", "publisher": "P"},
        {"id": "b", "licence": "CC BY 4.0", "notice": None, "title": "T", "publisher": "P"},
        {"id": "c", "licence": "facts", "notice": None, "title": "T", "publisher": "P"},
        {"id": "unnamed", "licence": "MIT", "notice": "never", "title": "T", "publisher": "P"},
    ]
    told = notices_of(rows, {"rows": [{"source": i} for i in "abc"]})
    assert [(n["licence"], n["notice"], n["sources"]) for n in told] == [
        ("CC BY 4.0", "A, CC BY 4.0", ["a"]),
        ("CC BY 4.0", "T, P", ["b"]),
        ("facts", "single facts, cited from each source by itself", ["c"]),
    ]


@pytest.mark.parametrize(
    "command",
    [
        ["screen", "gazprom", "--regime", "ofac", "--as-of", "2025-06-01"],
        ["owners", "sakhalin-energy-llc", "--as-of", "2022-08-10"],
        ["exposure", "--party", "totalenergies", "--as-of", "2025-03-13"],
        ["voyage", "Sabetta", "Zeebrugge", "--ship", "lng-arc7", "--depart", "2025-08-15"],
    ],
    ids=lambda c: c[0],
)
def test_every_source_of_an_answer_is_attributed(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*command, "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    attributed = {s for n in document["notices"] for s in n["sources"]}
    known = set(load_world().table("sources")["id"])
    assert attributed == cited({k: v for k, v in document.items() if k != "notices"}) & known
    assert attributed
    assert main(command) == 0
    text = capsys.readouterr().out
    assert "licences and notices" in text
    assert all(n["notice"] in text for n in document["notices"])
