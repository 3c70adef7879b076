"""Every fault that can be planted in a ledger is found, at its line and column, with a fix."""

from __future__ import annotations

from typing import Any

import pytest

from polynya.claims.article import ArticleText
from polynya.claims.check import check_ledger, find_cycles, is_person, load_ledger
from polynya.claims.ledger import Ledger
from polynya.errors import InputError

from .conftest import REGISTRY, TEXT, claim

ARTICLE = ArticleText(TEXT, "text", "article.txt")


def checked(path, **more):
    return check_ledger(load_ledger(path), article=ARTICLE, known=REGISTRY, **more)


def line_of(path, words: str, nth: int = 1) -> int:
    hits = [n for n, line in enumerate(path.read_text().splitlines(), 1) if words in line]
    return hits[nth - 1]


def test_a_sound_ledger_has_no_fault_and_no_warning(write, small):
    report = checked(write(small))
    assert report.faults == []
    assert report.warnings == []


def one(row: dict[str, Any], **changes: Any) -> dict[str, Any]:
    return row | changes


PLANTED = [
    # code, how it is planted, the line that must be named, part of the message, part of the fix
    (
        "span_mismatch",
        lambda d: d["claims"][0]["selector"].update(start=30, end=52),
        ("start: 30", 1),
        "is not the one that c01 was taken from",
        "It now stands at start: 29, end: 51.",
    ),
    (
        "bad_span",
        lambda d: d["claims"][1]["selector"].update(end=3),
        ("end: 3", 1),
        "before it begins",
        "end exclusive",
    ),
    (
        "bad_span",
        lambda d: d["claims"][1]["selector"].update(end=9999),
        ("end: 9999", 1),
        "has 150 characters",
        "code points",
    ),
    (
        "article_mismatch",
        lambda d: d["document"].update(sha256="0" * 64),
        ("000000", 1),
        "is not the text of this ledger",
        "draft anew",
    ),
    ("article_mismatch", lambda d: d["document"].update(chars=7), ("chars: 7", 1), "150 characters, not 7", ""),
    (
        "span_mismatch",
        lambda d: d["claims"][0]["entities"][0].update(span=[0, 7]),
        ("span: [0, 7]", 1),
        'does not say "Gazprom"',
        "[29, 36]",
    ),
    (
        "unknown_id",
        lambda d: d["claims"][0]["entities"][0].update(id="gasprom"),
        ("id: gasprom", 1),
        'nothing in the registry is called "gasprom"',
        "Did you mean gazprom?",
    ),
    (
        "unknown_id",
        lambda d: d["claims"][0]["attribution"][0]["via"].update(id="blomberg"),
        ("id: blomberg", 1),
        "blomberg",
        "Did you mean bloomberg?",
    ),
    ("unknown_id", lambda d: d["document"].update(outlet="reuter"), ("outlet: reuter", 1), "reuter", "reuters?"),
    ("duplicate_id", lambda d: d["claims"][1].update(id="c01"), ("id: c01", 2), "taken since line", "Use c02."),
    (
        "unknown_claim",
        lambda d: d["claims"][0]["conditions"][0].update(claim="c20"),
        ("claim: c20", 1),
        'no claim is called "c20"',
        "Did you mean c03 or c02",
    ),
    (
        "unknown_claim",
        lambda d: d["claims"][1].update(carried_from="c1"),
        ("carried_from: c1", 1),
        "no claim",
        "Did you mean c01",
    ),
    (
        "self_reference",
        lambda d: d["claims"][1].update(carried_from="c02"),
        ("carried_from: c02", 1),
        "refers to itself",
        "",
    ),
    (
        "cycle",
        lambda d: (
            d["claims"][0]["conditions"][0].update(claim="c02"),
            d["claims"][1].update(relations=[{"type": "depends_on", "claim": "c01"}]),
        ),
        ("claim: c01", 1),
        "conditions form a circle: c01 -> c02 -> c01",
        "Drop one",
    ),
    (
        "cycle",
        lambda d: d["claims"][0]["conditions"][0].update(claim="c01"),
        ("claim: c01", 1),
        "c01 -> c01",
        "Drop one",
    ),
    (
        "unsigned_rating",
        lambda d: d["claims"][0].update(rating={"source_reliability": "B", "credibility": 2}),
        ("rating:", 1),
        "signed by nobody",
        "assessed_by",
    ),
    (
        "unsigned_rating",
        lambda d: d["claims"][0].update(rating={"likelihood": "likely", "assessed_by": "GPT", "at": "2026-01-01"}),
        ("assessed_by: GPT", 1),
        "not a person",
        "",
    ),
    (
        "relative_date",
        lambda d: (
            d["document"].update(published=None),
            d["claims"][2]["time"].update(value="2025-03-08"),
        ),
        ("2025-03-08", 1),
        '"Last week" is relative to the day of publication, which is not known',
        "document.published",
    ),
    (
        "relative_date",
        lambda d: (
            d["document"].update(published=None),
            d["claims"][2].update(time={"text": "On March 13", "value": "2025-03-13"}),
        ),
        ("2025-03-13", 1),
        "names no year",
        "XXXX",
    ),
    ("bad_date", lambda d: d["document"].update(published="2025-02-30"), ("2025-02-30", 1), "not a date", ""),
    (
        "layer",
        lambda d: d["claims"][2].update(layer="reported"),
        ("layer: reported", 3),
        "needs the source that it reports",
        "",
    ),
    ("layer", lambda d: d["claims"][0].update(layer="author"), ("layer: author", 1), "names somebody else", ""),
    (
        "unnamed",
        lambda d: d["claims"][1].update(attribution=[{"kind": "named_person"}]),
        ("kind: named_person", 1),
        "without a name",
        "",
    ),
]


@pytest.mark.parametrize(("code", "plant", "where", "message", "fix"), PLANTED)
def test_a_planted_fault_is_found_in_its_place(write, small, code, plant, where, message, fix):
    plant(small)
    path = write(small)
    faults = [f for f in checked(path).faults if f.code == code]
    assert len(faults) == 1, checked(path).faults
    assert faults[0].line == line_of(path, *where)
    assert faults[0].column > 0
    assert message in faults[0].message
    assert fix in faults[0].fix


def test_all_planted_faults_of_form_are_reported_at_once(write, small):
    small["claims"][0]["factuality"]["value"] = "PS"
    small["claims"][1]["stage"] = "negotiatin"
    small["claims"][2]["reveiw"] = small["claims"][2].pop("review")
    path = write(small)
    with pytest.raises(InputError) as caught:
        load_ledger(path)
    faults = [(f.line, f.code, f.fix) for f in caught.value.faults]
    assert faults == [
        (line_of(path, "value: PS"), "unknown_value", "Did you mean PS- or PS+?"),
        (line_of(path, "negotiatin"), "unknown_value", "Did you mean negotiating?"),
        (line_of(path, "id: c03"), "missing", 'Add "review:".'),
        (line_of(path, "reveiw"), "unknown_key", "Did you mean review?"),
    ]


def test_a_ledger_never_holds_the_quote(write, small):
    """The selector keeps offsets and a hash; the words stay with the article's owner."""
    small["claims"][0]["selector"]["exact"] = "Gazprom could sell gas"
    with pytest.raises(InputError, match='unknown key "exact"'):
        load_ledger(write(small))


def test_warnings_do_not_fail(write, small):
    small["document"]["published"] = None
    small["claims"][0]["factuality"]["value"] = "CT+"  # certain although conditional
    small["claims"][1]["review"] = {"status": "accepted"}  # not signed
    small["claims"][2]["text"] = "A source told Bloomberg that Gazprom could sell gas if the sanctions end."
    report = checked(write(small))
    assert report.faults == []
    assert [w.code for w in report.warnings] == [
        "no_publication_date",
        "certain_but_conditional",
        "unsigned_review",
        "verbatim",
    ]


def test_one_unnamed_source_in_three_outlets_cannot_corroborate_itself(write, small):
    """Unnamed sources cannot be told apart, so the second and third outlet add nothing."""
    for n, outlet in (("c04", "reuters"), ("c05", "bloomberg")):
        small["claims"].append(
            claim(
                n,
                "Gazprom could sell gas",
                attribution=[{"kind": "unnamed_single", "via": {"outlet": outlet, "id": outlet}}],
                relations=[{"type": "corroborates", "claim": "c01"}],
            )
        )
    path = write(small)
    faults = checked(path).faults
    assert [(f.line, f.code) for f in faults] == [
        (line_of(path, "type: corroborates", 1), "same_source"),
        (line_of(path, "type: corroborates", 2), "same_source"),
    ]
    assert "count once" in faults[0].message


def test_a_named_source_does_corroborate_an_unnamed_one(write, small):
    small["claims"][1]["relations"] = [{"type": "corroborates", "claim": "c01"}]
    assert checked(write(small)).faults == []


def test_a_drafter_cannot_sign_for_itself(write, small):
    small["claims"][0]["draft"] = {"method": "rules"}
    small["claims"][0]["review"]["by"] = "rules"
    assert [f.code for f in checked(write(small)).faults] == ["unsigned_review"]


@pytest.mark.parametrize(
    "name", ["Ada Lovelace", "polynya-editors", "Łukasz Żak", "田中 花子", "Claude Monet", "Ann Rule", "Ai Weiwei"]
)
def test_people_may_sign(name):
    assert is_person(name)


@pytest.mark.parametrize(
    "name", ["", " ", "rules", "GPT", "an AI", "auto", "x", "spaCy", "bot 7", "anonymous", "Claude 4", "gpt-5", "AI"]
)
def test_machines_and_nobody_may_not(name):
    assert not is_person(name)


def test_relations_across_ledgers_are_checked_when_the_other_is_given(write, small):
    small["claims"][1]["relations"] = [{"type": "updates", "claim": "earlier#c9"}]
    path = write(small)
    assert checked(path).faults == []  # the other ledger is not here, so nothing can be said
    other = Ledger.model_validate({**small, "claims": small["claims"][:1]})
    faults = checked(path, others={"earlier": other}).faults
    assert [(f.code, f.fix) for f in faults] == [("unknown_claim", "Claims there: c01.")]
    faults = checked(path, others={"earlie": other}).faults
    assert [(f.code, f.fix) for f in faults] == [("unknown_ledger", "Did you mean earlie?")]


def test_a_long_circle_is_found_once_and_a_long_chain_is_none():
    """2,000 claims: deeper than Python's recursion limit."""
    chain = {str(i): [(str(i + 1), (i,))] for i in range(2000)} | {"2000": []}
    assert list(find_cycles(chain)) == []
    chain["2000"] = [("0", (2000,))]
    cycles = list(find_cycles(chain))
    assert len(cycles) == 1
    assert len(cycles[0][0]) == 2002  # 2,001 claims and the first again


def test_offsets_count_code_points_not_bytes_or_utf16(write, small):
    """An emoji is one code point, two UTF-16 units and four bytes."""
    text = "🚢 Größe: " + TEXT
    shift = len("🚢 Größe: ")
    assert shift == 9
    article = ArticleText(text, "text", "a.txt")
    for row in small["claims"]:
        row["selector"]["start"] += shift
        row["selector"]["end"] += shift
    small["claims"][0]["entities"][0]["span"] = [29 + shift, 36 + shift]
    small["document"].update(sha256=article.sha256, chars=len(text))
    assert check_ledger(load_ledger(write(small)), article=article, known=REGISTRY).faults == []
