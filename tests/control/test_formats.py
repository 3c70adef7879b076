"""Do the forms of others come in strictly and go out without loss?"""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from polynya.control.edge_file import read_edges, write_edges
from polynya.control.formats.bods import read_bods, write_bods
from polynya.control.formats.exchange import Exchange
from polynya.control.formats.ftm import read_ftm, write_ftm
from polynya.control.formats.gem import read_gem, write_gem
from polynya.control.shares import PERCENT, WHOLE
from polynya.errors import InputError

from .conftest import DAY, held

NAMES = {"S": "State", "A": "Firm A", "P": "Person"}
KINDS = {"S": "state", "A": "company", "P": "person"}
EDGES = (
    held("S", "A", "50.00000001378317", valid_from=date(2022, 8, 5), valid_to=date(2024, 1, 1)),
    held("A", "A", "49.99999998621683"),
    held("P", "A", None, kind="votes"),
    held("S", "A", "10", "20", kind="trustee"),
)


def content(edges):
    return sorted(
        (e.owner, e.owned, e.share_min, e.share_max, e.kind, str(e.valid_from), str(e.valid_to)) for e in edges
    )


def test_bods_round_trip_keeps_every_digit(tmp_path: Path):
    file = tmp_path / "x.json"
    file.write_text(write_bods(Exchange(EDGES, NAMES, KINDS), DAY, "test"))
    back = read_bods(file)
    assert content(back.edges) == content(EDGES)
    assert {i: back.names[i] for i in NAMES} == NAMES
    assert {i: back.kinds[i] for i in KINDS} == KINDS
    assert '"exact": 50.00000001378317' in file.read_text()


def statement(record: str, kind: str, details: dict) -> dict:
    return {
        "statementId": record.rjust(32, "0"),
        "recordId": record,
        "recordType": kind,
        "recordStatus": "new",
        "recordDetails": details,
    }


def bods(tmp_path: Path, share: dict | None, subject: str = "A", kind: str = "shareholding") -> Path:
    file = tmp_path / "b.json"
    interest = {"type": kind} | ({"share": share} if share is not None else {})
    statements = [
        statement("A", "entity", {"entityType": {"type": "registeredEntity"}, "name": "A"}),
        statement("P", "person", {"names": [{"fullName": "P"}]}),
        statement("r", "relationship", {"subject": subject, "interestedParty": "P", "interests": [interest]}),
    ]
    file.write_text("\n".join(json.dumps(s) for s in statements))  # one a line is accepted as well
    return file


@pytest.mark.parametrize(
    ("share", "ends"),
    [
        ({"exact": 50}, (50 * PERCENT, 50 * PERCENT)),
        ({"minimum": 25, "maximum": 50}, (25 * PERCENT, 50 * PERCENT)),
        ({"exclusiveMinimum": 25, "exclusiveMaximum": 50}, (25 * PERCENT + 1, 50 * PERCENT - 1)),
        ({"minimum": 75}, (75 * PERCENT, WHOLE)),
        ({}, (0, WHOLE)),
        (None, (0, WHOLE)),
    ],
)
def test_bods_shares(tmp_path, share, ends):
    (edge,) = read_bods(bods(tmp_path, share)).edges
    assert (edge.share_min, edge.share_max) == ends


def test_bods_refuses_a_dangling_reference_and_a_bad_share(tmp_path):
    with pytest.raises(InputError, match="nowhere, which is not in the file"):
        read_bods(bods(tmp_path, {"exact": 50}, subject="nowhere"))
    with pytest.raises(InputError, match="more than 100"):
        read_bods(bods(tmp_path, {"exact": 150}))
    file = bods(tmp_path, {"exact": 50})
    file.write_text(file.read_text().replace(": 50}", ": 33.333333333333333}"))
    with pytest.raises(InputError, match="15 decimals"):
        read_bods(file)


def test_bods_names_what_it_leaves_out(tmp_path):
    found = read_bods(bods(tmp_path, None, kind="seniorManagingOfficial"))
    assert found.edges == ()
    assert "seniorManagingOfficial" in found.notes[0]


def ftm(tmp_path: Path, *links: dict) -> Path:
    file = tmp_path / "f.json"
    rows = [{"id": i, "schema": "Company", "properties": {"name": [i]}} for i in "AB"]
    rows += [{"id": f"l{k}", "schema": "Ownership", "properties": p} for k, p in enumerate(links)]
    rows.append({"id": "d", "schema": "Directorship", "properties": {}})
    file.write_text("".join(json.dumps(r) + "\n" for r in rows))
    return file


@pytest.mark.parametrize(
    ("percentage", "ends"),
    [
        (["50"], (50 * PERCENT, 50 * PERCENT)),
        (["50.5%"], (505 * PERCENT // 10, 505 * PERCENT // 10)),
        (["25-50"], (25 * PERCENT, 50 * PERCENT)),
        ([], (0, WHOLE)),
        (None, (0, WHOLE)),
        ([""], (0, WHOLE)),
    ],
)
def test_ftm_percentages_and_null_stays_unknown(tmp_path, percentage, ends):
    found = read_ftm(ftm(tmp_path, {"owner": ["A"], "asset": ["B"], "percentage": percentage}))
    (edge,) = found.edges
    assert (edge.share_min, edge.share_max) == ends
    assert found.notes == ("1 x Directorship: no ownership, left out",)


def test_ftm_refuses_dangling_links_with_their_line(tmp_path):
    with pytest.raises(InputError, match="Z, which is not in the file") as caught:
        read_ftm(ftm(tmp_path, {"owner": ["A"], "asset": ["Z"]}))
    assert caught.value.faults[0].line == 3


def test_ftm_round_trip(tmp_path):
    titles = tuple(e for e in EDGES if e.kind == "title")
    file = tmp_path / "x.json"
    file.write_text(write_ftm(Exchange(titles, NAMES, KINDS)))
    assert content(read_ftm(file).edges) == content(titles)


GEM = """Subject Entity ID,Subject Entity Name,Interested Party ID,Interested Party Name,% Share of Ownership,Last Review Date,Share Imputed?,Data Source URL
E1,Nord Stream AG,E2,Gazprom,51,2025,,https://example.org/a
E1,Nord Stream AG,E3,Others,49,2025,imputed value,
E4,Nord Stream 2 AG,E2,Gazprom,,2025,,
"""


def test_gem_keeps_the_imputed_mark_unknown_shares_and_ids_apart(tmp_path):
    file = tmp_path / "g.csv"
    file.write_text(GEM)
    found = read_gem(file)
    assert [(e.owner, e.owned, e.imputed, e.unknown) for e in found.edges] == [
        ("E2", "E1", False, False),
        ("E3", "E1", True, False),
        ("E2", "E4", False, True),
    ]
    file.write_text(write_gem(found))
    again = read_gem(file)
    assert [(e.imputed, e.share_min) for e in again.edges] == [(e.imputed, e.share_min) for e in found.edges]
    edges = tmp_path / "edges.csv"
    edges.write_text(write_edges(found.edges))
    assert [e.imputed for e in read_edges(edges)] == [False, True, False]


def test_edge_files_round_trip(tmp_path):
    file = tmp_path / "edges.csv"
    file.write_text(write_edges(EDGES))
    assert content(read_edges(file)) == content(EDGES)
