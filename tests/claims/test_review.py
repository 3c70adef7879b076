"""Reviewing: every decision signed and dated, saved at once, resumable; nothing lost on an interruption."""

from __future__ import annotations

from pathlib import Path

import pytest

from polynya.claims import review
from polynya.claims.article import ArticleText
from polynya.claims.check import check_ledger, load_ledger
from polynya.claims.ledger import Ledger
from polynya.claims.review_loop import Session, run
from polynya.claims.store import save, to_text
from polynya.errors import StorageError, UsageError
from polynya.strict_yaml import parse, validate

from .conftest import REGISTRY, TEXT

ARTICLE = ArticleText(TEXT, "text", "article.txt")
AT = "2026-01-02T03:04:05Z"


@pytest.fixture
def drafts(write, small) -> Path:
    for row in small["claims"]:
        row["review"] = {"status": "draft"}
        row["draft"] = {"method": "rules", "unsure": ["something"]}
    return write(small)


def session(path: Path, answers: list[str | BaseException], said: list[str] | None = None) -> Session:
    left = iter(answers)

    def ask(prompt: str) -> str:
        try:
            answer = next(left)
        except StopIteration:
            raise EOFError from None
        if isinstance(answer, BaseException):
            raise answer
        return answer

    say = (said if said is not None else []).append
    return Session(ARTICLE, "Ada Lovelace", ask, say, lambda ledger: save(path, ledger), lambda: AT)


def test_accept_reject_and_edit_are_signed_and_dated(drafts):
    answers = ["a", "r", "it is no claim", "e", "text Nothing was signed by Novatek.", "factuality PR-", ""]
    _, decided = run(load_ledger(drafts).ledger, session(drafts, answers))
    assert decided == 3
    first, second, third = load_ledger(drafts).ledger.claims
    assert [(c.review.status, c.review.by, c.review.at) for c in (first, second, third)] == [
        ("accepted", "Ada Lovelace", AT),
        ("rejected", "Ada Lovelace", AT),
        ("edited", "Ada Lovelace", AT),
    ]
    assert second.review.history[-1].what == "it is no claim"
    assert (third.text, third.factuality.value) == ("Nothing was signed by Novatek.", "PR-")
    assert check_ledger(load_ledger(drafts), article=ARTICLE, known=REGISTRY).faults == []


def test_an_interruption_loses_nothing_and_the_next_call_goes_on(drafts):
    with pytest.raises(KeyboardInterrupt):
        run(load_ledger(drafts).ledger, session(drafts, ["a", KeyboardInterrupt()]))
    assert [c.review.status for c in load_ledger(drafts).ledger.claims] == ["accepted", "draft", "draft"]
    said: list[str] = []
    run(load_ledger(drafts).ledger, session(drafts, ["a", "q"], said))
    assert [c.review.status for c in load_ledger(drafts).ledger.claims] == ["accepted", "accepted", "draft"]
    assert "--- c02" in said[0]  # it began with the first row that was still a draft


def test_an_interruption_in_the_middle_of_an_edit_changes_nothing(drafts):
    before = drafts.read_bytes()
    with pytest.raises(KeyboardInterrupt):
        run(load_ledger(drafts).ledger, session(drafts, ["e", "text Half of a", KeyboardInterrupt()]))
    assert drafts.read_bytes() == before


def test_a_crash_while_saving_leaves_the_old_ledger_whole(drafts, monkeypatch):
    before = drafts.read_bytes()
    monkeypatch.setattr("pathlib.Path.replace", lambda *_: (_ for _ in ()).throw(OSError("disk full")))
    with pytest.raises(StorageError, match="disk full"):
        run(load_ledger(drafts).ledger, session(drafts, ["a"]))
    assert drafts.read_bytes() == before
    assert sorted(p.name for p in drafts.parent.iterdir()) == ["article.txt", "claims.yaml"]


def test_a_rating_needs_a_person_and_does_not_accept_the_row(drafts):
    run(load_ledger(drafts).ledger, session(drafts, ["t", "B2 likely seen before", "q"]))
    claim = load_ledger(drafts).ledger.claims[0]
    rating = claim.rating
    assert rating is not None
    assert (rating.source_reliability, rating.credibility, rating.likelihood) == ("B", 2, "likely")
    assert (rating.assessed_by, rating.at, rating.why) == ("Ada Lovelace", AT, "seen before")
    assert claim.review.status == "draft"


@pytest.mark.parametrize("bad", ["Z9", "B7", "B2 surely", "B", ""])
def test_a_wrong_rating_is_refused_and_the_loop_goes_on(drafts, bad):
    said: list[str] = []
    run(load_ledger(drafts).ledger, session(drafts, ["t", bad, "a", "q"], said))
    claim = load_ledger(drafts).ledger.claims[0]
    assert claim.rating is None
    assert claim.review.status == "accepted"
    assert any("rating" in line for line in said)


def test_split_keeps_hashes_right_and_gives_a_free_id(drafts):
    answers = ["s", "sell gas", "Gazprom is able to.", "It sells gas."]
    ledger, _ = run(load_ledger(drafts).ledger, session(drafts, [*answers, "q"]))
    assert [c.id for c in ledger.claims] == ["c01", "c04", "c02", "c03"]
    spans = [TEXT[c.selector.start : c.selector.end] for c in ledger.claims[:2]]
    assert spans == ["Gazprom could", "sell gas"]
    assert check_ledger(load_ledger(drafts), article=ARTICLE, known=REGISTRY).faults == []


def test_merge_keeps_the_other_row_as_rejected(drafts):
    ledger = load_ledger(drafts).ledger
    merged = review.merge(ledger, "c02", "c03", "Talks go on without a signature.", ARTICLE, "Ada Lovelace", AT)
    kept, gone = merged.claims[1], merged.claims[2]
    assert TEXT[kept.selector.start : kept.selector.end].startswith("talks go on")
    assert TEXT[kept.selector.start : kept.selector.end].endswith("Novatek signed nothing")
    assert (gone.review.status, gone.review.history[-1].what) == ("rejected", "merged into c02")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"stag": "idea"}, "Did you mean stage?"),
        ({"stage": "soon"}, "does not fit stage"),
        ({"factuality": "maybe"}, "does not fit factuality"),
        ({"condition": "3 met"}, "has 1 conditions"),
        ({"source": "ghost x"}, "Input should be"),
    ],
)
def test_a_wrong_edit_is_refused_with_a_reason(drafts, changes, words):
    with pytest.raises(UsageError) as caught:
        review.edit(load_ledger(drafts).ledger, "c01", changes, "Ada Lovelace", AT)
    assert words in str(caught.value)


def test_an_edit_can_close_a_condition_and_change_the_source(drafts):
    ledger = review.edit(
        load_ledger(drafts).ledger,
        "c01",
        {"condition": "1 met", "source": "named_org gazprom", "date": "2025-03-13"},
        "Ada Lovelace",
        AT,
    )
    claim = ledger.claims[0]
    assert claim.conditions[0].status == "met"
    assert (claim.attribution[0].kind, claim.attribution[0].id) == ("named_org", "gazprom")
    assert claim.time is not None
    assert claim.time.value == "2025-03-13"


@pytest.mark.parametrize("name", ["", "rules", "GPT"])
def test_machines_and_nobody_cannot_review(name):
    with pytest.raises(UsageError):
        review.require_person(name)


def test_the_card_cannot_steer_the_terminal(drafts):
    """An escape sequence in an article is shown as a dot."""
    from polynya.claims.review_loop import card

    ledger = load_ledger(drafts).ledger
    article = ArticleText(TEXT.replace("Gazprom could", "Gaz\x1b[2Jm coul"), "text", "a.txt")
    assert "\x1b" not in card(ledger, ledger.claims[0], article, 3)


def test_writing_keeps_the_head_and_reads_back_the_same(drafts):
    drafts.write_text("# my notes\n# more\n" + drafts.read_text())
    ledger = load_ledger(drafts).ledger
    save(drafts, ledger)
    assert drafts.read_text().startswith("# my notes\n# more\nschema:")
    assert validate(parse(to_text(ledger)), Ledger) == ledger
