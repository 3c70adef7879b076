"""Which form does a scenario file have? (the models behind scenario.schema.json)

Every change names its `because:` (ids of claims or of the file's own assumptions) and its day: `from:` or the day on
which the last of its `when:` conditions is met. Likelihoods stay null unless a human sets them. A `range:` is about
the one number of its change (`RANGED`); likelihoods and ranges count in ensembles only.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

SCHEMA = "polynya.scenario/1"

Id = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=80)]
Text = Annotated[str, Field(min_length=1, max_length=2000)]
Share = Annotated[float, Field(ge=0, le=1)]
Capacity = Annotated[float, Field(ge=0, le=400)]


class Strict(BaseModel):
    """A part of the file: unknown keys are refused, nothing can be changed after reading."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def _day(value: object) -> object:
    """Dates are written out in full; a month or a year would leave the day open."""
    if isinstance(value, str):
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise ValueError(f'"{value}" is not a day (YYYY-MM-DD) | Write year, month and day.') from None
    return value


class Horizon(Strict):
    """Which months are computed."""

    from_: Annotated[str, Field(alias="from", pattern=r"^\d{4}-(0[1-9]|1[0-2])$")]
    months: Annotated[int, Field(ge=1, le=240)] = 24
    until: Annotated[int | None, Field(ge=2019, le=2060)] = None  # then seasons, to the winter that begins in this year


class Assumption(Strict):
    """Something that the author of the file takes as given, and says so."""

    id: Id
    text: Text


class Range(Strict):
    """A range, for ensembles."""

    low: float
    high: float

    @model_validator(mode="after")
    def _ordered(self) -> Range:
        if self.low > self.high:
            raise ValueError(f"low ({self.low:g}) is above high ({self.high:g}) | Swap them.")
        return self


class Likelihood(Range):
    """How likely something is, as a range between 0 and 1 that a human gives (ICD 203's "likely" is 0.55 to 0.80)."""

    @model_validator(mode="after")
    def _within(self) -> Likelihood:
        if self.low < 0 or self.high > 1:
            raise ValueError("a likelihood lies between 0 and 1 (80 % is 0.8) | Write a share of one.")
        return self


class Condition(Strict):
    """A claim's or the author's condition, and how this scenario takes it.

    `likelihood` counts in ensembles only: given that everything it requires is met, how likely it is met on `on`.
    """

    id: Id
    text: Text
    because: Annotated[list[str], Field(min_length=1)]
    requires: list[Id] = []
    assume: Literal["met", "open", "failed"]
    on: date | None = None
    likelihood: Likelihood | None = None

    _read_day = field_validator("on", mode="before")(_day)

    @model_validator(mode="after")
    def _dated(self) -> Condition:
        if self.assume == "met" and self.on is None:
            raise ValueError("a condition assumed met needs the day on which it is met (on:) | Add on: YYYY-MM-DD.")
        return self


class _Change(Strict):
    id: Id
    text: Text = "-"
    because: Annotated[list[str], Field(min_length=1)]
    when: list[Id] = []
    from_: Annotated[date | None, Field(alias="from")] = None
    to: date | None = None
    likelihood: Likelihood | None = None

    _read_day = field_validator("from_", "to", mode="before")(_day)

    @model_validator(mode="after")
    def _in_order(self) -> _Change:
        if self.from_ and self.to and self.to < self.from_:
            raise ValueError(f"it ends on {self.to}, before it begins on {self.from_} | Swap the days.")
        return self


class SetFact(_Change):
    """Set an attribute of a thing to a value."""

    type: Literal["set_fact"]
    subject: str
    attribute: str
    value: float
    unit: str
    range: Range | None = None


class RestoreCapacity(_Change):
    """End every cut, outage and limit of a thing; with a value, set its technical maximum too."""

    type: Literal["restore_capacity"]
    subject: str
    capacity_bcm_per_year: Capacity | None = None
    range: Range | None = None


class LoseCapacity(_Change):
    """Leave only a share of a thing's capacity."""

    type: Literal["lose_capacity"]
    subject: str
    remaining_share: Share = 0.0
    range: Range | None = None


class OpenGate(_Change):
    """Open one of the conditions that keep a corridor or plant shut."""

    type: Literal["open_gate"]
    gates: Annotated[list[str], Field(min_length=1)]


class CloseGate(_Change):
    """Shut a corridor or plant by a further condition."""

    type: Literal["close_gate"]
    subject: str
    gate: Literal[
        "repair",
        "certification",
        "us-sanctions",
        "eu-law",
        "national-law",
        "contract",
        "political",
        "construction",
        "feed-gas",
    ]
    name: Text


class LiftMeasure(_Change):
    """End legal measures, and the listings made under them; with targets, for these ships, parties or things alone."""

    type: Literal["lift_measure"]
    measures: Annotated[list[str], Field(min_length=1)]
    targets: Annotated[list[str], Field(min_length=1)] | None = None


class ImposeMeasure(_Change):
    """Put an ended or announced measure of the registry in force; with targets, on these ships, parties or things instead of its own."""

    type: Literal["impose_measure"]
    measures: Annotated[list[str], Field(min_length=1)]
    targets: Annotated[list[str], Field(min_length=1)] | None = None


class LicenseMeasure(_Change):
    """Exempt a party, an asset or a kind of dealing from a measure; who owns whom stays as it is."""

    type: Literal["license_measure"]
    measures: Annotated[list[str], Field(min_length=1)]
    targets: Annotated[list[str], Field(min_length=1)]


class EndLicence(_Change):
    """A licence lapses or is withdrawn; what it relieved bites again."""

    type: Literal["end_licence"]
    licences: Annotated[list[str], Field(min_length=1)]


class EndHolding(_Change):
    """A holding ends without a successor: a trusteeship, a seat, a contract. Votes fall back to the title."""

    type: Literal["end_holding"]
    owned: str
    from_owner: str
    kinds: Annotated[list[Literal["title", "votes", "board", "contract", "trustee"]], Field(min_length=1)]


class TransferStake(_Change):
    """Move a share of something from one holder to another."""

    type: Literal["transfer_stake"]
    owned: str
    from_owner: str
    to_owner: str
    share_percent: Annotated[str, Field(pattern=r"^\d{1,3}(\.\d{1,14})?$")]
    kinds: list[Literal["title", "votes", "board", "contract", "trustee"]] = ["title", "votes"]
    price_musd: float | None = None


class OpenPassage(_Change):
    """Open a strait, canal or sea route."""

    type: Literal["open_passage"]
    passage: str


class ClosePassage(_Change):
    """Close a strait, canal or sea route."""

    type: Literal["close_passage"]
    passage: str


class ShiftDemand(_Change):
    """Scale the demand of nodes at given prices."""

    type: Literal["shift_demand"]
    nodes: Annotated[list[str], Field(min_length=1)]
    factor: Annotated[float, Field(gt=0, le=5)]
    range: Range | None = None


class ShiftCost(_Change):
    """Add to a cost, tariff or tax of a thing."""

    type: Literal["shift_cost"]
    subject: str
    attribute: Literal[
        "transport_cost_usd_per_mmbtu",
        "tariff_usd_per_mmbtu",
        "tax_usd_per_mmbtu",
        "production_cost_low_usd_per_mmbtu",
        "production_cost_high_usd_per_mmbtu",
    ]
    add_usd_per_mmbtu: Annotated[float, Field(ge=-50, le=50)]
    range: Range | None = None


class AddContract(_Change):
    """A long-term contract with take-or-pay."""

    type: Literal["add_contract"]
    seller: str
    node: str
    corridor: str | None = None
    annual_bcm: Capacity
    minimum_share: Share = 0.0
    range: Range | None = None


# Which number of a change its `range:` is about.
RANGED = {
    "set_fact": "value",
    "restore_capacity": "capacity_bcm_per_year",
    "lose_capacity": "remaining_share",
    "shift_demand": "factor",
    "shift_cost": "add_usd_per_mmbtu",
    "add_contract": "annual_bcm",
}


class Carry(_Change):
    """Something reported that no engine computes: carried, and said in the output."""

    type: Literal["carry"]
    subjects: list[str] = []
    reason: Text


Change = Annotated[
    SetFact
    | RestoreCapacity
    | LoseCapacity
    | OpenGate
    | CloseGate
    | LiftMeasure
    | ImposeMeasure
    | LicenseMeasure
    | EndLicence
    | EndHolding
    | TransferStake
    | OpenPassage
    | ClosePassage
    | ShiftDemand
    | ShiftCost
    | AddContract
    | Carry,
    Field(discriminator="type"),
]


class ScenarioFile(Strict):
    """A what-if: conditions, how they are taken, and the changes that follow."""

    schema_: Annotated[Literal["polynya.scenario/1"], Field(alias="schema")]
    id: Id
    title: Text
    question: Text = "What would change if this came true?"
    market: Literal["gas", "oil"] = "gas"  # oil: the three German refineries and their crude
    as_of: date
    horizon: Horizon
    claims: str | None = None
    assumptions: list[Assumption] = []
    conditions: list[Condition] = []
    changes: list[Change] = []

    _read_day = field_validator("as_of", mode="before")(_day)


def json_schema() -> dict[str, object]:
    """The published JSON Schema."""
    document = ScenarioFile.model_json_schema(by_alias=True)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": SCHEMA, **document}
