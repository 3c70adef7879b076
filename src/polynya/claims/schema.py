"""Which JSON Schema do editors check a ledger against? (the models -> one JSON document)"""

from __future__ import annotations

from typing import Any

from polynya.claims.ledger import SCHEMA, Ledger


def json_schema() -> dict[str, Any]:
    """The published JSON Schema (draft 2020-12); the copy in `data/schemas/` equals it."""
    document = Ledger.model_json_schema(by_alias=True)
    document["title"] = "A ledger of claims"
    document["required"] = ["schema", "document", "claims"]
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA, **document}
