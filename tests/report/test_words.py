"""Codes of the ledger in a reader's words, the same ones in the page with a script and in the one without."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest

from polynya.claims.ledger import FactualityValue
from polynya.report.words import FACTUAL, REGIME, factual, plain, said_by

WEB = Path(__file__).resolve().parents[2] / "web" / "src"


def test_every_code_of_the_ledger_has_words() -> None:
    assert set(FACTUAL) == set(get_args(FactualityValue))


def test_both_pages_use_the_same_words() -> None:
    """web/src holds the words of the page with a script: one table, written twice, held together here."""
    text = (WEB / "data.js").read_text(encoding="utf-8")
    block = text.split("const FACTUAL = {")[1].split("};")[0]
    assert {a or b: words for a, b, words in re.findall(r'(?:"([^"]+)"|(\w+)): "([^"]+)"', block)} == FACTUAL
    rules = (WEB / "rules.js").read_text(encoding="utf-8").split("const REGIME = {")[1].split("};")[0]
    assert dict(re.findall(r'(\w+): "([^"]+)"', rules)) == REGIME


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("author", "the author of the article"),
        ("Correctiv (outlet)", "Correctiv (news outlet)"),
        ("unnamed_single via Bloomberg (outlet)", "one unnamed person via Bloomberg (news outlet)"),
        ("Putin (named_person)", "Putin"),
        (None, ""),
    ],
)
def test_who_says_so_is_said_without_codes(code: str | None, words: str) -> None:
    assert said_by(code) == words


def test_what_has_no_words_stays_as_it_is() -> None:
    assert factual("nothing known") == "nothing known"
    assert factual(None) == ""
    assert plain("in_force") == "in force"
