"""A ledger on a small text of our own, and ways to break it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from polynya.claims.article import hash_of
from polynya.strict_yaml import dump

TEXT = """\
A source told Bloomberg that Gazprom could sell gas if the sanctions are lifted.
Reuters reported that talks go on. Last week Novatek signed nothing.
"""
REGISTRY = frozenset({"gazprom", "novatek", "bloomberg", "reuters", "russia", "united-states"})


def claim(identity: str, words: str, **more: Any) -> dict[str, Any]:
    start = TEXT.index(words)
    row: dict[str, Any] = {
        "id": identity,
        "text": f"In our own words: {identity}.",
        "selector": {"start": start, "end": start + len(words), "sha256": hash_of(words)},
        "layer": "reported",
        "attribution": [{"kind": "unnamed_single", "via": {"outlet": "Bloomberg", "id": "bloomberg"}}],
        "factuality": {"value": "PS+", "according_to": "source"},
        "event": {"type": "contract_volume"},
        "review": {"status": "accepted", "by": "Ada Lovelace", "at": "2026-01-02"},
    }
    return row | more


def ledger() -> dict[str, Any]:
    return {
        "schema": "polynya.claims/1",
        "document": {
            "id": "small",
            "published": "2025-03-15",
            "outlet": "reuters",
            "sha256": hash_of(TEXT),
            "chars": len(TEXT),
        },
        "claims": [
            claim(
                "c01",
                "Gazprom could sell gas",
                conditions=[
                    {"text": "the sanctions go", "marker": "if", "kind": "precondition", "event": "sanction_lift"}
                ],
                entities=[{"text": "Gazprom", "id": "gazprom", "span": [29, 36]}],
            ),
            claim(
                "c02",
                "talks go on",
                attribution=[{"kind": "outlet", "name": "Reuters", "id": "reuters"}],
                factuality={"value": "CT+", "according_to": "source"},
                event={"type": "negotiation_status"},
                stage="negotiating",
            ),
            claim(
                "c03",
                "Novatek signed nothing",
                layer="author",
                attribution=[{"kind": "author"}],
                factuality={"value": "CT-", "according_to": "author"},
                event={"type": "deal_concluded"},
                time={"text": "Last week", "value": "DCT-P1W", "precision": "week"},
            ),
        ],
    }


@pytest.fixture
def small() -> dict[str, Any]:
    return ledger()


@pytest.fixture
def write(tmp_path: Path):
    def to(data: dict[str, Any], name: str = "claims.yaml") -> Path:
        path = tmp_path / name
        path.write_text(dump(data), encoding="utf-8")
        (tmp_path / "article.txt").write_text(TEXT, encoding="utf-8")
        return path

    return to
