"""Timelines, scores and exports."""

from __future__ import annotations

import csv
import io
import json
import math
from pathlib import Path

import pytest

from polynya.claims.check import load_ledger
from polynya.claims.export import claims_jsonld, prov_jsonld, to_csv
from polynya.claims.ledger import Ledger
from polynya.claims.schema import json_schema
from polynya.claims.score import Reported, brier, followed, interval, rates
from polynya.claims.show import grouped, safe
from polynya.claims.timeline import stories
from polynya.strict_yaml import load

ROOT = Path(__file__).parents[2]
SAKHALIN = sorted((ROOT / "examples/sakhalin-2-stake").glob("*.claims.yaml"))


def test_the_stake_that_novatek_was_to_buy():
    """Held by the operator, cleared for Novatek, then cleared for Gazprom's unit and revoked for Novatek."""
    loaded = [load_ledger(p) for p in reversed(SAKHALIN)]
    story = stories([(one.name, one.ledger) for one in loaded])[0]
    assert [(e["date"], e["phase"], e["claim"]) for e in story["entries"]] == [
        ("2022-08", "closed", "sakhalin-2-2022-09#c01"),
        ("2023-04-11", "agreed", "sakhalin-2-2023-04#c01"),
        ("2024-03", "agreed", "sakhalin-2-2024-03#c01"),
        ("2024-03", "revoked", "sakhalin-2-2024-03#c02"),
    ]
    assert story["contradictions"] == [["sakhalin-2-2024-03#c01", "sakhalin-2-2023-04#c01"]]
    assert story["state"] == "agreed, revoked"


def test_unrelated_claims_stay_apart_and_rejected_ones_are_left_out(small):
    small["claims"][2]["review"] = {"status": "rejected", "by": "Ada", "at": "2026-01-01"}
    told = stories([("small", Ledger.model_validate(small))])
    assert [len(s["entries"]) for s in told] == [1, 1]
    assert {e["date"] for s in told for e in s["entries"]} == {"2025-03-15"}  # of publication, for want of a better


def report(identity: str, stage: str, fate: str, **more) -> Reported:
    base = {
        "id": identity,
        "date": "2025-01-01",
        "outlet": "x",
        "subject": "y",
        "event": "stake_sale",
        "what": "z",
        "source_kind": "outlet",
        "stage": stage,
        "condition": "",
        "claims": (),
        "fate": fate,
        "fate_as_of": "2026-01-01",
        "since": "",
    }
    return Reported(**(base | more))


def test_open_reports_are_in_no_rate_and_denials_in_no_count():
    rows = [
        report("a", "idea", "done"),
        report("b", "idea", "cancelled"),
        report("c", "idea", "open"),
        report("d", "denied", "holds"),
    ]
    assert [
        (g["group"], g["reports"], g["came_true"], g["did_not"], g["open"], g["rate"]) for g in rates(rows, "stage")
    ] == [("idea", 3, 1, 1, 1, 0.5)]


@pytest.mark.parametrize(
    ("hits", "trials", "low", "high"),
    [
        (0, 3, 0.0, 1 - 0.025 ** (1 / 3)),  # closed form for no hits: 1 - (alpha/2)^(1/n)
        (3, 3, 0.025 ** (1 / 3), 1.0),
        (5, 10, 0.187086, 0.812914),  # Clopper and Pearson's table
        (1, 20, 0.001265, 0.248733),
    ],
)
def test_exact_intervals(hits, trials, low, high):
    found = interval(hits, trials)
    assert found[0] == pytest.approx(low, abs=1e-6)
    assert found[1] == pytest.approx(high, abs=1e-6)


def test_no_trials_no_interval():
    assert interval(0, 0) == (None, None)


def test_only_signed_likelihoods_meet_settled_outcomes(small):
    """`likely` is 55-80 %, so 0.675; the event did not come: 0.675^2."""
    small["claims"][0]["event"] = {"type": "stake_sale"}
    small["claims"][0]["rating"] = {"likelihood": "likely", "assessed_by": "Ada Lovelace"}
    small["claims"][1]["rating"] = {"likelihood": "likely"}  # unsigned: not scored
    ledger = Ledger.model_validate(small)
    rows = [
        report("a", "idea", "cancelled", claims=("small#c01", "small#c02")),
        report("b", "idea", "open", claims=("small#c01",)),
    ]
    scored = brier([("small", ledger)], rows)
    assert scored["rated_and_settled"] == 1
    assert math.isclose(scored["brier"], 0.675**2)
    assert [r["claim"] for r in followed(ledger, "small", rows)] == ["c01", "c02"]


def test_every_deal_of_the_registry_points_to_claims_that_exist():
    from polynya.world import load_world

    ids = {c.id for c in load_ledger(ROOT / "examples/gazprom-arctic-2025/claims.yaml").ledger.claims}
    table = load_world().table("deals")
    assert table.height == 40
    for references in table["claims"].drop_nulls():
        for reference in references.split():
            ledger, _, identity = reference.partition("#")
            assert ledger == "gazprom-arctic-2025"
            assert identity in ids


@pytest.mark.parametrize("by", ["source", "entity", "stage"])
def test_every_claim_is_shown(small, by):
    groups = grouped(Ledger.model_validate(small), by)
    assert {c["id"] for g in groups for c in g["claims"]} == {"c01", "c02", "c03"}


def test_nothing_that_steers_a_terminal_is_shown():
    assert safe("a\x1b[31mb\x07\u202ec\nd") == "a·[31mb··c\nd"


# --- exports ---


def test_a_review_is_exported_only_where_a_person_rated(small):
    small["claims"][0]["rating"] = {
        "source_reliability": "B",
        "credibility": 2,
        "assessed_by": "Ada",
        "at": "2026-01-01",
    }
    small["claims"][2]["review"]["status"] = "rejected"
    graph = claims_jsonld(Ledger.model_validate(small), "small")["@graph"]
    assert [(n["@type"], n["@id"]) for n in graph] == [
        ("Claim", "urn:polynya:small:c01"),
        ("ClaimReview", "urn:polynya:small:c01:rating"),
        ("Claim", "urn:polynya:small:c02"),
    ]
    rating = graph[1]["reviewRating"]
    assert (rating["alternateName"], rating["ratingValue"], rating["bestRating"]) == ("B2", 5, 6)  # 1 best -> 6 best
    assert graph[2]["author"] == {"@type": "NewsMediaOrganization", "name": "Reuters", "identifier": "reuters"}
    assert graph[0]["appearance"]["datePublished"] == "2025-03-15"


def test_prov_keeps_article_source_drafter_and_reviewer_apart(small):
    small["claims"][0]["draft"] = {"method": "rules"}
    graph = prov_jsonld(Ledger.model_validate(small), "small")["@graph"]
    nodes = {n["@id"]: n for n in graph}
    assert len(nodes) == len(graph)  # no two nodes of one name
    claim = nodes["polynya:small:c01"]
    assert claim["prov:wasDerivedFrom"]["@id"] in nodes
    assert claim["prov:wasGeneratedBy"]["@id"] == "polynya:small:c01:draft"
    assert nodes["polynya:small:c01:draft"]["prov:wasAssociatedWith"]["@id"] == "polynya:drafter:rules"
    review = nodes["polynya:small:c01:review"]
    assert review["prov:endedAtTime"] == {"@value": "2026-01-02", "@type": "xsd:date"}
    for node in graph:  # every reference leads somewhere
        for value in node.values():
            for part in value if isinstance(value, list) else [value]:
                if isinstance(part, dict) and set(part) == {"@id"} and part["@id"].startswith("polynya:"):
                    assert part["@id"] in nodes


def test_csv_cells_cannot_run_as_formulas(small):
    small["claims"][0]["text"] = '=HYPERLINK("http://evil.example","x")'
    small["claims"][1]["text"] = "+1 and -1"
    rows = list(csv.DictReader(io.StringIO(to_csv(Ledger.model_validate(small)))))
    assert rows[0]["text"].startswith("'=HYPERLINK")
    assert rows[1]["text"] == "'+1 and -1"
    assert rows[0]["start"] == "29"
    assert rows[1]["conditions"] == ""


def test_no_export_holds_the_words_of_the_article(small):
    ledger = Ledger.model_validate(small)
    for text in (json.dumps(claims_jsonld(ledger, "s")), json.dumps(prov_jsonld(ledger, "s")), to_csv(ledger)):
        assert "could sell gas" not in text


# --- schema ---


def test_the_published_schema_is_the_one_of_the_models():
    published = json.loads((ROOT / "src/polynya/data/schemas/claims.schema.json").read_text(encoding="utf-8"))
    assert published == json_schema()  # write it anew with: polynya claims schema


def test_the_shipped_ledgers_satisfy_the_published_schema():
    import jsonschema

    validator = jsonschema.Draft202012Validator(json_schema())
    jsonschema.Draft202012Validator.check_schema(json_schema())
    for path in [*SAKHALIN, ROOT / "examples/gazprom-arctic-2025/claims.yaml"]:
        data = _typed(load(path).data)
        assert list(validator.iter_errors(data)) == []


def _typed(value):
    """Our reader leaves numbers as text; a JSON Schema wants them as numbers."""
    if isinstance(value, dict):
        return {k: int(v) if k in ("start", "end", "chars") else _typed(v) for k, v in value.items()}
    if isinstance(value, list):
        return [int(v) if isinstance(v, str) and v.isdigit() else _typed(v) for v in value]
    return value
