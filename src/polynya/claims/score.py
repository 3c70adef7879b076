"""How did what was reported turn out? (dated reports with their fate -> counts by firmness, and a score of ratings)

A report comes true only when the event itself is seen. `open` is not failure: it is not counted in any rate, so the
rates say what happened to the settled ones. Small numbers stay small: every rate comes with its 95 % interval
(Clopper and Pearson 1934, exact). Ratings with a likelihood are scored by Brier (1950) against settled outcomes only.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from polynya.claims.ledger import LIKELIHOOD_PERCENT, Ledger

CAME_TRUE = ("done", "in_force", "holds")
DID_NOT = ("no_deal_seen", "not_met", "denied", "cancelled", "not_lifted", "blocked", "not_done", "superseded")
UNSETTLED = ("open", "partly")


@dataclass(frozen=True, slots=True)
class Reported:
    """One report and what became of it."""

    id: str
    date: str
    outlet: str
    subject: str
    event: str
    what: str
    source_kind: str
    stage: str
    condition: str
    claims: tuple[str, ...]
    fate: str
    fate_as_of: str
    since: str

    @property
    def outcome(self) -> bool | None:
        """True: the event was seen. False: it was not, and something else settled it or nothing was seen. None: open."""
        return True if self.fate in CAME_TRUE else False if self.fate in DID_NOT else None

    @property
    def affirms(self) -> bool:
        """Whether the report says that something is so; a denial that holds makes no deal come true."""
        return self.stage != "denied" and self.event != "denial"


def rates(reports: Iterable[Reported], by: str) -> list[dict[str, Any]]:
    """Counts of outcomes, denials left out, by an attribute of the report (`stage`, `source_kind`, `event`, `conditional`, `all`)."""
    groups: dict[str, Counter[str]] = defaultdict(Counter)
    for report in reports:
        if not report.affirms:
            continue
        key = _group(report, by)
        groups[key][{True: "true", False: "not", None: "open"}[report.outcome]] += 1
    rows = []
    for key, count in sorted(groups.items(), key=lambda item: (-sum(item[1].values()), item[0])):
        settled = count["true"] + count["not"]
        low, high = interval(count["true"], settled)
        rows.append(
            {
                "group": key,
                "reports": settled + count["open"],
                "came_true": count["true"],
                "did_not": count["not"],
                "open": count["open"],
                "rate": count["true"] / settled if settled else None,
                "low": low,
                "high": high,
            }
        )
    return rows


def _group(report: Reported, by: str) -> str:
    if by == "all":
        return "all"
    if by == "conditional":
        return "conditional" if report.condition else "unconditional"
    return str(getattr(report, by))


def followed(ledger: Ledger, name: str, reports: Sequence[Reported]) -> list[dict[str, Any]]:
    """For each claim of a ledger: the reports on the same matter, and what became of them."""
    rows = []
    for claim in ledger.claims:
        matching = [r for r in reports if f"{name}#{claim.id}" in r.claims]
        if matching:
            outcomes = Counter(r.fate for r in matching)
            rows.append(
                {
                    "claim": claim.id,
                    "text": claim.text,
                    "factuality": claim.factuality.value,
                    "stage": claim.stage,
                    "reports": [
                        {
                            "id": r.id,
                            "date": r.date,
                            "outlet": r.outlet,
                            "stage": r.stage,
                            "fate": r.fate,
                            "since": r.since,
                        }
                        for r in matching
                    ],
                    "fates": dict(outcomes),
                }
            )
    return rows


def brier(ledgers: Iterable[tuple[str, Ledger]], reports: Sequence[Reported]) -> dict[str, Any]:
    """Mean squared error of signed likelihoods against settled outcomes, 0 best, 0.25 a coin; None without any.

    Only reports of the same kind of event count for a claim; denials do not.
    """
    errors = []
    for name, ledger in ledgers:
        for claim in ledger.claims:
            if claim.rating is None or claim.rating.likelihood is None or not claim.rating.assessed_by:
                continue
            settled = [
                r.outcome
                for r in reports
                if f"{name}#{claim.id}" in r.claims
                and r.affirms
                and r.event == claim.event.type
                and r.outcome is not None
            ]
            if settled:
                low, high = LIKELIHOOD_PERCENT[claim.rating.likelihood]
                errors.append(((low + high) / 200 - any(settled)) ** 2)
    return {"rated_and_settled": len(errors), "brier": sum(errors) / len(errors) if errors else None}


def interval(hits: int, trials: int, level: float = 0.95) -> tuple[float | None, float | None]:
    """Exact binomial interval of a rate, by bisection on the binomial tail. (None, None) without trials."""
    if trials == 0:
        return None, None
    tail = (1 - level) / 2

    def above(p: float) -> float:  # P(X >= hits)
        return sum(math.comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(hits, trials + 1))

    def below(p: float) -> float:  # P(X <= hits)
        return sum(math.comb(trials, k) * p**k * (1 - p) ** (trials - k) for k in range(hits + 1))

    low, high = 0.0, 1.0
    if hits > 0:
        a, b = 0.0, hits / trials
        for _ in range(60):
            middle = (a + b) / 2
            a, b = (middle, b) if above(middle) < tail else (a, middle)
        low = (a + b) / 2
    if hits < trials:
        a, b = hits / trials, 1.0
        for _ in range(60):
            middle = (a + b) / 2
            a, b = (a, middle) if below(middle) < tail else (middle, b)
        high = (a + b) / 2
    return low, high
