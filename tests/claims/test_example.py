"""The founding ledger that ships in examples/: complete, signed, unrated, and free of the article's words."""

from __future__ import annotations

from pathlib import Path

from polynya.claims.ledger import Ledger
from polynya.strict_yaml import load, validate

LEDGER = Path(__file__).parents[2] / "examples/gazprom-arctic-2025/claims.yaml"


def test_the_founding_ledger_has_its_24_signed_rows_without_ratings():
    ledger = validate(load(LEDGER), Ledger)
    assert [c.id for c in ledger.claims] == [f"c{n:02d}" for n in range(1, 25)]
    assert {(c.review.status, c.review.by) for c in ledger.claims} == {("accepted", "polynya-editors")}
    assert all(c.rating is None for c in ledger.claims)  # nobody signed a rating, so there is none


def test_every_open_condition_of_the_founding_ledger_is_still_open():
    """Four sentences of the report hang on a condition: sanctions (c08, c09), peace (c15), the deal (c18, c22)."""
    ledger = validate(load(LEDGER), Ledger)
    assert {c.id: [k.event for k in c.conditions] for c in ledger.claims if c.conditions} == {
        "c08": ["sanction_lift"],
        "c09": ["sanction_lift"],
        "c15": ["peace_agreement"],
        "c18": ["deal_concluded"],
        "c22": ["deal_concluded"],
    }
    assert all(k.status == "open" for c in ledger.claims for k in c.conditions)
