"""What does a scenario need to know of a claim? (claims.yaml -> id, text, who says so, how firmly, reviewed or not)"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from polynya import strict_yaml
from polynya.claims.ledger import LIKELIHOOD_PERCENT
from polynya.errors import Fault, InputError

REVIEWED = ("accepted", "edited")


@dataclass(frozen=True, slots=True)
class Claim:
    """One reported proposition, as far as scenarios and traces show it."""

    id: str
    text: str
    attribution: str
    factuality: str
    stage: str
    conditions: tuple[str, ...]
    review: str
    pending: tuple[str, ...] = ()  # conditions that are not known to be met
    likelihood: tuple[float, float] | None = None  # a named human's rating, as a range between 0 and 1
    needs: tuple[str, ...] = ()  # claims that must hold for this one to hold
    failed: bool = False  # one of its conditions is known to have failed
    contradicts: tuple[str, ...] = ()  # claims of the same ledger that say the contrary

    @property
    def reviewed(self) -> bool:
        """Whether a human has accepted it."""
        return self.review in REVIEWED


def read_ledger(path: Path) -> Mapping[str, Claim]:
    """Read the claims of a ledger. Raises InputError when it is not one, NotFoundError when it does not exist."""
    document = strict_yaml.load(path)
    rows = document.data.get("claims") if isinstance(document.data, dict) else None
    if not isinstance(rows, list):
        raise InputError(Fault("a ledger needs a list of claims", str(path), 1, 1, fix="See: polynya claims new."))
    claims: dict[str, Claim] = {}
    faults: list[Fault] = []
    for i, row in enumerate(rows):
        if not isinstance(row, dict) or not isinstance(row.get("id"), str):
            faults.append(document.fault(("claims", i), "a claim needs an id", key=True))
            continue
        if row["id"] in claims:
            faults.append(document.fault(("claims", i, "id"), f'claim "{row["id"]}" stands twice', fix="Keep one."))
        claims[row["id"]] = Claim(
            id=row["id"],
            text=str(row.get("text") or ""),
            attribution=attribution_text(row.get("attribution")),
            factuality=str(_inside(row.get("factuality"), "value") or ""),
            stage=str(row.get("stage") or ""),
            conditions=tuple(str(_inside(c, "text") or "") for c in row.get("conditions") or ()),
            review=str(_inside(row.get("review"), "status") or "draft"),
            pending=tuple(
                str(_inside(c, "text") or "")
                for c in row.get("conditions") or ()
                if (c.get("status") if isinstance(c, dict) else None) != "met"
            ),
            likelihood=_likelihood(_inside(row.get("rating"), "likelihood")),
            needs=tuple(
                c["claim"]
                for c in row.get("conditions") or ()
                if isinstance(c, dict) and isinstance(c.get("claim"), str) and c.get("status") != "met"
            ),
            contradicts=tuple(
                r["claim"]
                for r in row.get("relations") or ()
                if isinstance(r, dict) and r.get("type") == "contradicts" and isinstance(r.get("claim"), str)
            ),
            failed=any(isinstance(c, dict) and c.get("status") == "failed" for c in row.get("conditions") or ()),
        )
    if faults:
        raise InputError(faults)
    return claims


def attribution_text(chain: Any) -> str:
    """The attribution chain in words: `Vladimir Putin (named_person)`, `unnamed_single via bloomberg`."""
    parts = []
    for link in chain if isinstance(chain, list) else []:
        if not isinstance(link, dict):
            continue
        kind = str(link.get("kind") or "")
        name = link.get("name") or link.get("id")
        via = link.get("via")
        outlet = (via.get("outlet") or via.get("id")) if isinstance(via, dict) else via
        parts.append((f"{name} ({kind})" if name else kind) + (f" via {outlet}" if outlet else ""))
    return ", ".join(parts)


def _likelihood(word: Any) -> tuple[float, float] | None:
    percent = LIKELIHOOD_PERCENT.get(word) if isinstance(word, str) else None
    return (percent[0] / 100.0, percent[1] / 100.0) if percent else None


def _inside(value: Any, key: str) -> Any:
    return value.get(key) if isinstance(value, dict) else value
