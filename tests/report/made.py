"""A run of two months and two nodes, made by hand, for the tests of the page."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

import polars as pl

from polynya.report.payload import Labels

MONTHS = ("2026-01", "2026-02")
EVIL = "</script><img src=x onerror=alert(1)>"
FORMULA = '=HYPERLINK("http://evil.example","x")'


def tables(text: str = "plain") -> dict[str, pl.DataFrame]:
    """Tables of a run; `text` stands wherever a user may write."""
    nothing = pl.String()
    proof = [
        {"owner": "mother", "owned": "daughter", "kind": "title", "share": "100", "source": "tso", "locator": text},
        {"listed": "mother", "programme": text, "since": "2022-01-01", "source": "tso", "locator": ""},
    ]
    flows = [
        {
            "arc": "aa-bb",
            "from": "AA",
            "to": "BB",
            "kind": "pipeline",
            "period": m,
            "quantity_baseline": 0.0,
            "quantity_scenario": 1.25,
        }
        for m in MONTHS
    ]
    flows += [
        {
            "arc": "ship-AA-BB",
            "from": "AA@FOB",
            "to": "BB@DES",
            "kind": "ship",
            "period": MONTHS[0],
            "quantity_baseline": 0.5,
            "quantity_scenario": 0.25,
        },
        {
            "arc": "tiny",
            "from": "AA",
            "to": "BB",
            "kind": "pipeline",
            "period": MONTHS[0],
            "quantity_baseline": 1e-9,
            "quantity_scenario": 2e-12,
        },
    ]
    return {
        "nodes": pl.DataFrame(
            {
                "id": ["AA", "BB"],
                "name": [f"Aland: {text}", "Beland"],
                "region": ["CIS", "Europe"],
                "country": ["AA", "BB"],
                "lat": [60.0, 50.0],
                "lon": [30.0, 10.0],
            }
        ),
        "flows": pl.DataFrame(flows),
        "prices": pl.DataFrame(
            {
                "node": ["BB", "BB"],
                "period": MONTHS,
                "price_baseline": [8.0, float("nan")],
                "price_scenario": [5.00004, 5.5],
                "determined": [True, False],
            }
        ),
        "consumption": pl.DataFrame(
            {"node": ["BB", "BB"], "period": MONTHS, "quantity_baseline": [1.0, 1.0], "quantity_scenario": [1.5, 1.5]}
        ),
        "supply": pl.DataFrame({"supplier": ["AA"], "node": ["BB"], "bcm_baseline": [0.5], "bcm_scenario": [2.75]}),
        "gains": pl.DataFrame(
            {
                "group": ["producers", "consumers", "operators"],
                "id": ["seller", "BB", "aa-bb"],
                "musd_change": [12.0, 40.0, 0.001],
            }
        ),
        "owners": pl.DataFrame({"holder": [text, "nobody"], "musd_change": [12.0, 0.001]}),
        "gates": pl.DataFrame(
            {
                "subject": ["aa-bb"],
                "gate": ["g1"],
                "period": [MONTHS[0]],
                "kind": ["repair"],
                "name": [text],
                "source": ["tso"],
                "measure": ["m2"],
                "case": ["baseline"],
            }
        ),
        "bans": pl.DataFrame(
            {
                "trader": ["*", "*"],
                "node": [None, None],
                "arc": ["aa-bb", "aa-bb"],
                "first_period": [MONTHS[0]] * 2,
                "last_period": [MONTHS[1]] * 2,
                "reason": [text] * 2,
                "measure": ["m1"] * 2,
                "source": ["tso"] * 2,
                "case": ["baseline", "scenario"],
            }
        ),
        "changes": pl.DataFrame(
            {
                "id": ["open", "lift"],
                "type": ["open_gate", "lift_measure"],
                "text": [text, ""],
                "status": ["applied", "carried"],
                "effect": [text, ""],
                "from": ["2026-02-01", None],
                "because": ["c1 a1", "c1"],
                "when": ["peace", ""],
                "touches": ["g1", "m1"],
            }
        ),
        "conditions": pl.DataFrame(
            {
                "id": ["peace"],
                "text": [text],
                "assume": ["met"],
                "on": ["2026-01-01"],
                "requires": [""],
                "because": ["a1"],
            }
        ),
        "claims": pl.DataFrame(
            {
                "id": ["c1", "a1"],
                "kind": ["claim", "assumption"],
                "text": [text, text],
                "attribution": [text, ""],
                "factuality": ["PS+", ""],
                "stage": ["idea", ""],
                "conditions": ["", ""],
                "review": ["accepted", ""],
            }
        ),
        "rents": pl.DataFrame(
            {
                "kind": ["arc", "arc"],
                "id": ["aa-bb", "tiny"],
                "period": [MONTHS[1]] * 2,
                "rent_baseline": [0.0, 0.0],
                "rent_scenario": [1.234, 1e-9],
            }
        ),
        "markups": pl.DataFrame(
            {
                "trader": ["seller"],
                "node": ["BB"],
                "period": [MONTHS[0]],
                "markup_baseline": [1.0],
                "markup_scenario": [0.5],
            }
        ),
        "production": pl.DataFrame(
            {
                "supply": ["field"] * 2,
                "trader": ["seller"] * 2,
                "node": ["BB"] * 2,
                "period": MONTHS,
                "quantity_baseline": [1.0, 1.25],
                "quantity_scenario": [0.5, 0.75],
            }
        ),
        "legs": pl.DataFrame({"arc": ["ship-AA-BB"], "period": [MONTHS[0]], "via": ["nsr"]}),
        "findings": pl.DataFrame(
            {
                "id": ["daughter", "mother"],
                "regime": ["ofac", "eu"],
                "test": [text] * 2,
                "baseline": ["certain", "certain"],
                "scenario": ["not", "certain"],
                "flips": [True, False],
                "licences": [text, ""],
                "proof_baseline": [json.dumps(proof), "[]"],
                "proof_scenario": ["[]", "[]"],
                "day": ["2026-02-01"] * 2,
                "source": ["tso"] * 2,
                "locator": [text] * 2,
            }
        ),
        "ownership": pl.DataFrame(
            {
                "owner": ["mother", "stranger", "founder"],
                "owned": ["daughter", "daughter", "mother"],
                "kind": ["title", "title", "votes"],
                "baseline": ["100", None, "50.12345678"],
                "scenario": ["40", "60", "50.12345678"],
                "source": ["tso"] * 3,
                "locator": [text] * 3,
                "note": [text] * 3,
            }
        ),
        "standing": pl.DataFrame(
            {
                "id": ["daughter"],
                "measure": ["m1"],
                "jurisdiction": ["US"],
                "act": [text],
                "article": ["s. 1"],
                "object": [text],
                "mode": ["prohibits"],
                "since": ["2022-03-08"],
                "baseline": ["yes"],
                "scenario": [None],
                "source": ["tso"],
                "locator": [""],
            }
        ),
        "facts": pl.DataFrame(
            {
                "fact": ["f1", "f2"],
                "subject": ["aa-bb", "BB"],
                "attribute": ["capacity_bcm_per_year", "consumption_bcm"],
                "value": [15.0, 12.0],
                "unit": ["bcm_per_year", "bcm"],
                "valid_from": [date(2020, 1, 1), date(2026, 1, 1)],
                "valid_to": [None, None],
                "source": ["tso", "tso"],
                "locator": [text, text],
                "original_value": ["", ""],
                "kind": ["reported", "assumption"],
                "note": ["", ""],
            }
        ),
        "trace": pl.DataFrame(
            {
                "table": ["arcs", "arcs", "demand"],
                "id": ["aa-bb", "aa-bb", "BB"],
                "attribute": ["c", "c", "d"],
                "fact": ["f1", "f1", "f2"],
                "case": ["baseline", "scenario", "baseline"],
            }
        ),
        "sources": pl.DataFrame(
            {
                "id": ["tso"],
                "title": [text],
                "publisher": ["TSO"],
                "url": ["javascript:alert(1)"],
                "published": pl.Series([None], dtype=pl.Date),
                "licence": ["facts"],
                "reliability": ["company"],
                "notice": pl.Series([None], dtype=nothing),
            }
        ),
    }


def summary(text: str = "plain") -> dict[str, Any]:
    """The summary of the same run."""
    return {
        "title": text,
        "question": text,
        "europe_price": {
            "change_percent": -35.0,
            "usd_per_mmbtu": {"baseline": 8.0, "scenario": 5.2},
            "eur_per_mwh": {"baseline": 24.8, "scenario": 16.1},
        },
        "headline": "Europe would pay 35.0 % less for gas (8.0 -> 5.2 USD/MMBtu, 24.8 -> 16.1 EUR/MWh).",
        "from": MONTHS[0],
        "months": 2,
        "claims_used": 1,
        "conditions_assumed_met": ["peace"],
        "conditions_not_met": [],
        "hubs": [{"hub": text, "baseline": 8.0, "scenario": 5.2, "change": -2.8}],
        "corridors": [
            {"corridor": "aa-bb", "from": "AA", "to": "BB", "baseline": 0.0, "scenario": 15.0, "change": 15.0}
        ],
        "suppliers_of_europe": [
            {"supplier": "AA", "baseline": 3.0, "scenario": 16.5, "change": 13.5},
            {"supplier": "CC", "baseline": 1.0, "scenario": 0.9, "change": -0.1},
        ],
        "gains": {
            "consumers": [{"region": "Europe", "musd": 40.0}],
            "largest_gains": [{"group": "producers", "id": "seller", "musd": 1200.0}],
            "largest_losses": [{"group": "producers", "id": "other", "musd": -600.0}],
            "total_musd": 640.0,
            "note": "discounted over the horizon",
        },
        "gates": [{"subject": "aa-bb", "gates": 1, "opened": 1, "still_closed": []}],
        "changes": [],
        "does_not_move": [text],
        "trust": {
            "certificate_passed": True,
            "worst_residual": 1e-9,
            "facts_percent": {"reported": 50, "assumption": 50},
            "last_calibrated_year": 2021,
            "anchored": False,
            "banner": "Levels are not anchored.",
            "notes": [text],
        },
    }


def labels(text: str = "plain") -> Labels:
    """Names and certificates of the same run."""
    certificate: Mapping[str, Any] = {"primal": 1e-9, "passed": True, "worst": {"primal": text}}
    return Labels(
        names={"aa-bb": text, "seller": text, "field": text, "mother": text, "daughter": f"Daughter {text}"},
        certificates={"baseline": certificate},
        made_by={"polynya": "0", "scenario": text},
    )
