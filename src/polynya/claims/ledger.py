"""What does a ledger of claims hold? (the schema `polynya.claims/1`, as pydantic models)

One row is one proposition that a text reports, asserts or presupposes: in our own words, anchored by offsets in the
text, with the chain of who says so, how firmly, on which condition, at which stage, about whom, reviewed by whom.
Four judgements never merge: `factuality` (how firmly the source puts it; FactBank's scale, Sauri and Pustejovsky
2009), `rating` (what a named human thinks of source and content; Admiralty letters and digits), `rating.likelihood`
(how likely that human thinks the event is; ICD 203 words) and `draft.p` (how sure a drafter was of its reading).
Spans are pairs [start, end) in Unicode code points of the article's text; the article itself stays with its owner.
Not here: which ledgers are acceptable (see `check.py`), what may go downstream (see `downstream.py`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

SCHEMA: Literal["polynya.claims/1"] = "polynya.claims/1"

Layer = Literal["reported", "author", "presupposed"]
SourceKind = Literal[
    "named_person", "named_org", "outlet", "document", "unnamed_single", "unnamed_group", "author", "other"
]
Stance = Literal["neutral", "factive", "distancing", "belief", "intention"]
FactualityValue = Literal["CT+", "PR+", "PS+", "CT-", "PR-", "PS-", "CTu", "Uu"]
Stage = Literal[
    "idea",
    "preliminary_contact",
    "negotiating",
    "agreed",
    "signed",
    "approved",
    "implementing",
    "in_force",
    "done",
    "denied",
    "cancelled",
    "revoked",
]
EventType = Literal[
    "stake_sale",
    "ownership",
    "joint_project",
    "investment",
    "negotiation_status",
    "deal_concluded",
    "peace_agreement",
    "sanction",
    "sanction_lift",
    "licence",
    "flow_resumption",
    "flow_stop",
    "contract_volume",
    "new_pipeline",
    "infrastructure",
    "destruction",
    "repair",
    "nationalisation",
    "settlement",
    "debt_composition",
    "denial",
    "route_development",
    "route_attribute",
    "resource",
    "diplomacy",
    "economic_effect",
    "approval",
    "other",
]
ConditionKind = Literal["precondition", "exception", "concurrent", "implicit"]
ConditionStatus = Literal["open", "met", "failed"]
Likelihood = Literal[
    "almost_no_chance", "very_unlikely", "unlikely", "roughly_even", "likely", "very_likely", "almost_certain"
]
RelationType = Literal["same_as", "corroborates", "contradicts", "updates", "elaborates", "depends_on"]
ReviewStatus = Literal["draft", "accepted", "edited", "rejected"]

# ICD 203 (Analytic Standards, 2015), D.6.e.(2)(a): ranges in percent.
LIKELIHOOD_PERCENT: dict[str, tuple[int, int]] = {
    "almost_no_chance": (1, 5),
    "very_unlikely": (5, 20),
    "unlikely": (20, 45),
    "roughly_even": (45, 55),
    "likely": (55, 80),
    "very_likely": (80, 95),
    "almost_certain": (95, 99),
}

Offset = Annotated[int, Field(ge=0)]
Span = Annotated[list[Offset], Field(min_length=2, max_length=2, description="[start, end) in code points")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
LedgerId = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
ClaimId = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$")]
Day = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$", description="YYYY-MM-DD")]
Instant = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?$",
        description="YYYY-MM-DD, or with a time",
    ),
]
Text = Annotated[str, Field(min_length=1, max_length=2000)]


class Strict(BaseModel):
    """Unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Article(Strict):
    """The text that the ledger reads: where it appeared, and a hash that pins it."""

    id: LedgerId | None = Field(default=None, description="name of this ledger, for relations from other ledgers")
    title: Text | None = Field(default=None, description="in our own words")
    outlet: str | None = Field(default=None, description="registry id of the outlet")
    publisher: str | None = Field(default=None, description="name of the outlet where the registry has no id")
    url: str | None = Field(default=None, pattern=r"^https?://")
    published: Day | None = Field(default=None, description="day of publication; null when the text does not show it")
    published_from: Day | None = Field(
        default=None, description="earliest possible day of publication, when it is not known"
    )
    published_to: Day | None = Field(
        default=None, description="latest possible day of publication, when it is not known"
    )
    retrieved: Day | None = None
    language: str | None = None
    format: Literal["text", "markdown", "html"] = "text"
    file: str | None = None
    sha256: Sha256 = Field(description="of the text's UTF-8 bytes: no BOM, line ends as LF, HTML as extracted")
    chars: Annotated[int, Field(ge=0)] | None = Field(default=None, description="length of the text in code points")
    note: Text | None = None


class Selector(Strict):
    """Where the proposition stands: offsets and a hash of the span, never the words."""

    start: Offset
    end: Offset
    sha256: Sha256


class Via(Strict):
    """Through whom the words came; `via` inside it goes one hop further."""

    outlet: str | None = None
    id: str | None = Field(default=None, description="registry id")
    span: Span | None = None
    via: Via | None = None


class Attribution(Strict):
    """Who says so. The first entry is the origin of the words."""

    role: str | None = None
    kind: SourceKind
    name: str | None = None
    id: str | None = Field(default=None, description="registry id")
    count: str | None = Field(default=None, description="plural, many, two, eight, ... as the text puts it")
    via: Via | None = None
    span: Span | None = None


class Cue(Strict):
    """The word that attributes."""

    text: str
    lemma: str | None = None
    stance: Stance | None = None
    span: Span | None = None


class Factuality(Strict):
    """How firmly the proposition is put, and by whom."""

    value: FactualityValue
    according_to: Literal["source", "author"] | None = None


class Modality(Strict):
    """A word that weakens, projects or negates."""

    text: str
    type: Literal["epistemic", "conditional", "future", "deontic", "ability", "unknown", "evidential", "negation"]
    span: Span | None = None


class Condition(Strict):
    """What must hold first: another claim, or an event of a kind."""

    text: Text = Field(description="in our own words")
    marker: str | None = None
    kind: ConditionKind
    event: EventType | None = None
    claim: str | None = Field(default=None, description="id of the claim that must hold")
    status: ConditionStatus = "open"
    span: Span | None = None


class Time(Strict):
    """When. A relative date stays unresolved while the day of publication is not known."""

    text: str | None = None
    value: str | None = Field(
        default=None,
        pattern=r"^(\d{4}(-\d{2}(-\d{2})?)?|\d{4}-Q[1-4]|XXXX-\d{2}(-\d{2})?|DCT([+-]P\d+[DWMY])?|PAST_REF|FUTURE_REF|PRESENT_REF|P\d+[DWMY]|PX[DWMY])$",
        description="ISO date as far as known; XXXX = year not said; DCT = day of publication",
    )
    inferred: str | None = Field(
        default=None, pattern=r"^\d{4}(-\d{2}(-\d{2})?)?$", description="what a reader inferred"
    )
    refers_to: Literal["event_date", "utterance_date", "report_date"] | None = None
    precision: Literal["day", "week", "month", "year", "vague", "duration"] | None = None
    span: Span | None = None


class Mention(Strict):
    """Something of the registry that the proposition names."""

    text: str | None = None
    id: str = Field(description="registry id")
    role: str | None = None
    span: Span | None = None


class Event(Strict):
    """What the proposition is about."""

    type: EventType
    args: dict[str, str | list[str]] = {}
    plover: str | None = None


class Rating(Strict):
    """A named human's judgement. Nothing automatic ever writes here."""

    source_reliability: Literal["A", "B", "C", "D", "E", "F"] | None = None
    credibility: Annotated[int, Field(ge=1, le=6)] | None = None
    likelihood: Likelihood | None = None
    analytic_confidence: Literal["low", "moderate", "high"] | None = None
    assessed_by: str | None = None
    at: Instant | None = None
    why: Text | None = None


class Relation(Strict):
    """How this claim stands to another one, here (`c03`) or in another ledger (`ledger-id#c03`)."""

    type: RelationType
    claim: str = Field(pattern=r"^([a-z0-9]+(-[a-z0-9]+)*#)?[A-Za-z0-9_-]{1,40}$")


class Draft(Strict):
    """How a row was drafted and what the drafter was unsure of."""

    method: str
    version: str | None = None
    rule: str | None = None
    p: Annotated[float, Field(ge=0, le=1)] | None = None
    unsure: list[str] = []


class Decision(Strict):
    """One signed decision of the past."""

    status: ReviewStatus
    by: str
    at: Instant
    what: str | None = None


class Review(Strict):
    """Whether a named human stands behind the row."""

    status: ReviewStatus
    by: str | None = None
    at: Instant | None = None
    history: list[Decision] = []


class Claim(Strict):
    """One proposition."""

    id: ClaimId
    tier: Literal["core", "context", "background"] | None = None
    text: Text = Field(description="in our own words")
    selector: Selector
    layer: Layer
    attribution: Annotated[list[Attribution], Field(min_length=1)]
    cue: Cue | None = None
    carried_from: str | None = Field(default=None, description="the claim from whose sentence the source carries over")
    factuality: Factuality
    polarity: Literal["positive", "negative", "unknown"] | None = None
    modality: list[Modality] = []
    conditions: list[Condition] = []
    stage: Stage | None = None
    time: Time | None = None
    entities: list[Mention] = []
    event: Event
    rating: Rating | None = None
    relations: list[Relation] = []
    draft: Draft | None = None
    review: Review
    notes: str | None = None


class Ledger(Strict):
    """Everything one text claims, as far as it matters."""

    schema_: Literal["polynya.claims/1"] = Field(alias="schema")
    document: Article
    claims: list[Claim]

    def claim(self, identity: str) -> Claim | None:
        """The claim with this id, or None."""
        return next((c for c in self.claims if c.id == identity), None)
