"""What may go downstream, and on which conditions."""

from __future__ import annotations

import pytest

from polynya.claims.downstream import blockers, needs_assumption, open_conditions, refusal
from polynya.claims.ledger import Ledger
from polynya.claims.origins import origins
from polynya.claims.summary import standing


def made(small, **changes) -> Ledger:
    for name, value in changes.items():
        small["claims"][0][name] = value
    return Ledger.model_validate(small)


@pytest.mark.parametrize(
    ("review", "words"),
    [
        ({"status": "accepted", "by": "Ada", "at": "2026-01-01"}, ""),
        ({"status": "edited", "by": "Ada", "at": "2026-01-01"}, ""),
        ({"status": "draft"}, "unreviewed draft"),
        ({"status": "rejected", "by": "Ada", "at": "2026-01-01"}, "rejected by Ada"),
        ({"status": "accepted"}, "nobody signed"),
        ({"status": "accepted", "by": "Ada"}, "nobody signed"),
    ],
)
def test_only_what_somebody_accepted_and_signed_goes_downstream(small, review, words):
    assert words in refusal(made(small, review=review).claims[0])
    assert bool(refusal(made(small, review=review).claims[0])) == bool(words)


def test_an_open_condition_needs_an_explicit_assumption(small):
    ledger = made(small)
    assert [c.id for c in open_conditions(ledger, "c01")] == ["c01/1"]
    assert "open condition" in needs_assumption(ledger, "c01")
    assert blockers(ledger, ["c01"]) == ["c01 hangs on an open condition: the sanctions go"]
    assert blockers(ledger, ["c01"], assumed=["c01/1"]) == []
    assert blockers(ledger, ["c01"], assumed=["sanction_lift"]) == []
    assert blockers(ledger, ["c01"], conditional=True) == []
    assert blockers(ledger, ["c01"], assumed=["peace_agreement"]) != []


@pytest.mark.parametrize("value", ["PS+", "PR+", "Uu", "CTu"])
def test_a_possible_or_unknown_claim_cannot_drive_an_unconditional_change(small, value):
    ledger = made(small, conditions=[], factuality={"value": value})
    assert blockers(ledger, ["c01"]) == [f"c01 is only {value}"]
    assert blockers(ledger, ["c01"], conditional=True) == []


def test_a_certain_claim_without_conditions_can(small):
    assert blockers(made(small), ["c02"]) == []


def test_a_failed_condition_blocks_even_a_conditional_change(small):
    failed = [{"text": "the sanctions go", "kind": "precondition", "status": "failed"}]
    assert "failed" in blockers(made(small, conditions=failed), ["c01"], conditional=True)[0]


def test_conditions_are_followed_through_other_claims(small):
    small["claims"][1]["relations"] = [{"type": "depends_on", "claim": "c01"}]
    assert [c.id for c in open_conditions(Ledger.model_validate(small), "c02")] == ["c01/1"]


def test_unknown_and_unreviewed_claims_block(small):
    small["claims"][0]["review"] = {"status": "draft"}
    ledger = Ledger.model_validate(small)
    assert blockers(ledger, ["c01", "c9"]) == ["c01 is an unreviewed draft", 'no claim is called "c9"']


def test_one_unnamed_source_in_three_outlets_counts_once(small):
    """Three outlets, one unnamed source: at least one source, not three."""
    row = small["claims"][0]
    small["claims"] = [
        row | {"id": f"c0{n}", "attribution": [{"kind": "unnamed_single", "via": {"outlet": o}}]}
        for n, o in enumerate(("Bloomberg", "Reuters", "AFP"), 1)
    ]
    ledger = Ledger.model_validate(small)
    assert origins(ledger.claims, ledger.document) == {"unnamed"}
    counts = standing(ledger)
    assert counts["independent_sources"] == 1
    assert counts["outlets"] == ["AFP", "Bloomberg", "Reuters", "reuters"]


def test_a_named_source_in_three_outlets_counts_once_and_two_named_ones_twice(small):
    row = small["claims"][0]
    same = [{"kind": "named_person", "name": "Jane Roe", "via": {"outlet": o}} for o in ("A", "B")]
    small["claims"] = [row | {"id": f"c0{n}", "attribution": [a]} for n, a in enumerate(same, 1)]
    small["claims"].append(row | {"id": "c03", "attribution": [{"kind": "named_person", "name": "John Doe"}]})
    assert standing(Ledger.model_validate(small))["independent_sources"] == 2
