"""The strict YAML reader: what it reads, what it refuses, and where it says the fault is."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Literal

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, Field, field_validator

from polynya.errors import InputError, NotFoundError
from polynya.strict_yaml import MAX_DEPTH, dump, load, parse, validate


def faults_of(text: str, model: type[BaseModel] | None = None) -> list[str]:
    with pytest.raises(InputError) as caught:
        read(text, model)
    return [str(f) for f in caught.value.faults]


def read(text: str, model: type[BaseModel] | None) -> None:
    document = parse(text, "f.yaml")
    if model is not None:
        validate(document, model)


# --- what a scalar is -------------------------------------------------------------------------------------------------


def test_strings_stay_strings():
    """YAML 1.1 readers turn these into False, 8, 750, a date, a float and infinity."""
    document = parse("a: NO\nb: 010\nc: 12:30\nd: 2025-03-13\ne: 1e3\nf: .inf\ng: on\n")
    assert document.data == {"a": "NO", "b": "010", "c": "12:30", "d": "2025-03-13", "e": "1e3", "f": ".inf", "g": "on"}


def test_only_bare_null_tilde_and_nothing_are_null():
    assert parse("a: null\nb: ~\nc:\nd: 'null'\ne: \"\"\nf: none\n").data == {
        "a": None,
        "b": None,
        "c": None,
        "d": "null",
        "e": "",
        "f": "none",
    }


def test_a_key_named_no_or_null_stays_that_word():
    assert parse("NO: 1\nnull: 2\n").data == {"NO": "1", "null": "2"}


def test_bom_and_crlf_are_accepted(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"\xef\xbb\xbfa: 1\r\nb:\r\n  - NO\r\n")
    document = load(path)
    assert document.data == {"a": "1", "b": ["NO"]}
    assert document.position(("b", 0)) == (3, 5)


def test_an_empty_file_has_no_data_and_begins_at_one_one(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes(b"# nothing\n")
    assert load(path).data is None
    assert load(path).position() == (1, 1)


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(NotFoundError):
        load(tmp_path / "none.yaml")


# --- what is refused --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "where", "words"),
    [
        ("a: 1\nb: 2\na: 3\n", "3:1", '"a" stands twice; first in line 1'),
        ("a:\n  - x: 1\n    x: 2\n", "3:5", "first in line 2"),
        ("a: &x 1\n", "1:4", "anchor &x"),
        ("a: 1\nb: *x\n", "2:4", "alias *x"),
        ("a: !!python/object/apply:os.system ['true']\n", "1:4", "tag"),
        ("a: !!str 1\n", "1:4", "tag"),
        ("a: ! 1\n", "1:4", "tag"),
        ("a: 1\n---\nb: 2\n", "2:1", "second document"),
        ("a: x\u202ey\n", "1:5", "U+202E"),
        ("a: 'x\u2066y'\n", "1:6", "U+2066"),
        ('a: 1\nb: "x\\u202ey"\n', "2:4", "U+202E"),  # smuggled in as an escape
        ("a: 1\x00\n", "1:5", "U+0000"),
        ('a: "\\0"\n', "1:4", "U+0000"),
        ("a: 1\n\x07b: 2\n", "2:1", "U+0007"),
        ("a: x\u2028b: 2\n", "1:5", "U+2028"),  # libyaml counts it as a line break, editors do not
        ("? [a, b]\n: 1\n", "1:3", "key must be text"),
        (": 1\n", "1:1", "expected key"),
        ("?\n: 1\n", "1:2", "key is missing"),
        ("a: b: c\n", "1:5", "mapping values"),
        ("a:\n\t- b\n", "2:1", "not valid YAML"),
        ("a: [1, 2\n", "2:1", "not valid YAML"),
        ("a: 'open\n", "2:1", "not valid YAML"),
    ],
)
def test_refused_with_its_place(text, where, words):
    first = faults_of(text)[0]
    assert first.startswith(f"f.yaml:{where}: "), first
    assert words in first


def test_every_duplicate_key_is_reported_at_once():
    assert [f.split(":")[1] for f in faults_of("a: 1\na: 2\nb: 1\nb: 2\n")] == ["2", "4"]


def test_latin_1_is_refused_with_line_and_column(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_bytes("a: 1\nb: Gro\xdf\n".encode("latin-1"))
    with pytest.raises(InputError) as caught:
        load(path)
    assert (caught.value.faults[0].line, caught.value.faults[0].column) == (2, 7)


def test_nesting_is_limited_and_a_hostile_depth_is_quick():
    """The limit itself is accepted; one level more, and 100,000 levels, are refused."""
    assert parse("[" * MAX_DEPTH + "]" * MAX_DEPTH).data is not None
    assert "nested more than" in faults_of("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))[0]
    assert "nested more than" in faults_of("[" * 100_000)[0]


def test_size_is_limited(tmp_path):
    path = tmp_path / "a.yaml"
    path.write_text("a: " + "x" * 100)
    with pytest.raises(InputError, match="at most 50"):
        load(path, max_bytes=50)


# --- positions --------------------------------------------------------------------------------------------------------

DEAL = """\
# a comment
title: Größe ✓ of it
legs:
  - from: RU
    to: NO

  - {from: DE, to: "FR",
     days: 3}
  -   - x
      - y
note: >-
  folded
  text
"""


@pytest.mark.parametrize(
    ("path", "value", "key"),
    [
        ((), (2, 1), (2, 1)),
        (("title",), (2, 8), (2, 1)),
        (("legs",), (4, 3), (3, 1)),
        (("legs", 0), (4, 5), (4, 5)),
        (("legs", 0, "to"), (5, 9), (5, 5)),
        (("legs", 1), (7, 5), (7, 5)),
        (("legs", 1, "to"), (7, 20), (7, 16)),
        (("legs", 1, "days"), (8, 12), (8, 6)),
        (("legs", 2), (9, 7), (9, 7)),
        (("legs", 2, 1), (10, 9), (10, 9)),
        (("note",), (11, 7), (11, 1)),
        (("legs", 0, "absent"), (4, 5), (4, 5)),  # nearest ancestor: the item
        (("absent", "deeper"), (2, 1), (2, 1)),
        (("legs", 9), (3, 1), (3, 1)),
    ],
)
def test_position_of_every_node(path, value, key):
    document = parse(DEAL)
    assert document.position(path) == value
    assert document.key_position(path) == key


# --- against a model --------------------------------------------------------------------------------------------------


class Colour(Enum):
    red = "red"
    green = "green"


class Leg(BaseModel):
    model_config = ConfigDict(extra="forbid")
    start: str = Field(alias="from")
    to: str
    days: int = 0
    share: Annotated[float, Field(ge=0, le=1)] = 0.5
    open: bool = True

    @field_validator("to")
    @classmethod
    def known(cls, value: str) -> str:
        if value == "XX":
            raise ValueError('no node "XX" | Did you mean DE?')
        return value


class Ship(BaseModel):
    kind: Literal["ship"]
    speed: float


class Pipe(BaseModel):
    kind: Literal["pipe"]
    length: float


class Deal(BaseModel):
    title: str
    stage: Literal["idea", "agreed", "signed"] = "idea"
    colour: Colour | None = None
    legs: list[Leg] = []
    means: list[Annotated[Ship | Pipe, Field(discriminator="kind")]] = []
    either: Leg | str | None = None
    mixed: float | str | None = None


def test_a_good_file_becomes_the_model():
    deal = validate(
        parse(
            "title: NO\nstage: agreed\nlegs: [{from: 010, to: NO, days: 7, share: 0.25, open: false}]\n"
            "means: [{kind: ship, speed: -14.5}]\neither: word\ncolour: green\n"
        ),
        Deal,
    )
    leg = deal.legs[0]
    assert (deal.title, leg.start, leg.to, leg.days, leg.share, leg.open) == ("NO", "010", "NO", 7, 0.25, False)
    assert isinstance(deal.means[0], Ship)
    assert deal.means[0].speed == -14.5
    assert deal.either == "word"
    assert deal.colour is Colour.green


def test_a_text_that_may_also_be_a_number_stays_text():
    assert validate(parse("title: t\nmixed: 010\n"), Deal).mixed == "010"


def test_all_faults_at_once_in_order_of_lines():
    text = """\
stage: agred
legs:
  - from: RU
    too: NO
  - from: DE
    to: XX
    days: 1.5
    share: 1.5
colour: grean
extra: 1
"""
    assert faults_of(text, Deal) == [
        'f.yaml:1:1: "title" is missing. Add "title:".',
        'f.yaml:1:8: "stage" cannot be "agred". Did you mean agreed?',
        'f.yaml:3:5: "to" is missing in legs / item 1. Add "to:".',
        'f.yaml:4:5: unknown key "too". Did you mean to?',
        'f.yaml:6:9: "to": no node "XX". Did you mean DE?',
        'f.yaml:7:11: "days": "1.5" is not a whole number. Write digits only: 27.',
        'f.yaml:8:12: "share": "1.5" should be less than or equal to 1. Check sign and unit.',
        'f.yaml:9:9: "colour" cannot be "grean". Did you mean green?',
        'f.yaml:10:1: unknown key "extra". Known keys: colour, either, legs, means, mixed, stage, title.',
    ]


@pytest.mark.parametrize(
    "text",
    ["nan", ".nan", "inf", "-.inf", "1e999", "1_000", "0x10", "0o7", "010", "1e3", " ", "''", "1,5", "½", "١", "true"],
)
def test_numbers_are_plain_decimals_only(text):
    bad = faults_of(f"title: t\nlegs:\n- from: A\n  to: B\n  share: {text}\n", Deal)
    assert len(bad) == 1
    assert bad[0].startswith(("f.yaml:5:10: ", "f.yaml:5:9: "))


def test_a_whole_number_of_200000_digits_is_refused_at_once():
    assert "not a whole number" in faults_of(f"title: t\nlegs: [{{from: A, to: B, days: {'9' * 200_000}}}]\n", Deal)[0]


@pytest.mark.parametrize("text", ["yes", "on", "1", "True", "t", "TRUE"])
def test_booleans_are_true_and_false_only(text):
    assert faults_of(f"title: t\nlegs:\n- from: A\n  to: B\n  open: {text}\n", Deal) == [
        f'f.yaml:5:9: "open": "{text}" is neither true nor false. Write true or false.'
    ]


def test_wrong_shapes_are_said_in_words():
    assert faults_of("title: [a]\nlegs: x\n", Deal) == [
        'f.yaml:1:8: "title": a text is needed, not a list. Write words, in quotes if they hold signs of YAML.',
        'f.yaml:2:7: "legs": a list is needed, not "x". Write [a, b], or a line with a hyphen for each item.',
    ]


def test_a_missing_key_points_at_the_mapping_that_lacks_it():
    class Outer(BaseModel):
        document: Leg

    assert faults_of("x: 1\ndocument:\n  from: RU\n", Outer) == [
        'f.yaml:1:1: unknown key "x". Known keys: document.',
        'f.yaml:2:1: "to" is missing in document. Add "to:".',
    ]


def test_an_empty_document_lacks_its_keys_or_is_no_mapping():
    assert faults_of("# nothing\n", Deal) == [
        'f.yaml:1:1: a mapping is needed, not nothing. Write keys and values, "key: value".'
    ]


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("- kind: shipp\n  speed: 1", 'f.yaml:3:9: "kind" cannot be "shipp". Did you mean ship?'),
        ("- kind: ship\n  sped: 1\n  speed: 1", 'f.yaml:4:3: unknown key "sped". Did you mean speed?'),
        ("- speed: 1", 'f.yaml:3:3: "kind" is missing in means / item 1. Add "kind:".'),
        ("- kind: pipe", 'f.yaml:3:3: "length" is missing in means / item 1. Add "length:".'),
    ],
)
def test_tagged_unions_point_into_the_chosen_branch(text, fault):
    assert faults_of(f"title: t\nmeans:\n{text}\n", Deal) == [fault]


def test_of_a_plain_union_only_the_nearest_branch_is_reported():
    assert faults_of("title: t\neither:\n  from: A\n  toe: B\n", Deal) == [
        'f.yaml:2:1: "to" is missing in either. Add "to:".',
        'f.yaml:4:3: unknown key "toe". Did you mean to?',
    ]


def test_json_errors_list_every_fault():
    with pytest.raises(InputError) as caught:
        validate(parse("stage: agred\n", "f.yaml"), Deal)
    document = caught.value.as_json()["error"]
    assert document["where"] == "f.yaml:1:1"
    assert [f["where"] for f in document["faults"]] == ["f.yaml:1:1", "f.yaml:1:8"]


# --- writing ----------------------------------------------------------------------------------------------------------

TEXTS = st.text(
    st.characters(codec="utf-8", exclude_characters="\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\0")
)
TREES = st.recursive(
    st.none()
    | TEXTS
    | st.sampled_from(["NO", "null", "~", "", "010", "1e3", "- a", "a: b", "#x", " x ", "x\n", "\n\ny"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(TREES)
def test_what_is_written_is_read_back(tree):
    assert parse(dump(tree)).data == tree


def test_typed_values_come_back_as_their_text():
    assert parse(dump({"a": 27.5, "b": 7, "c": True, "d": 1e-7, "e": 1e22})).data == {
        "a": "27.5",
        "b": "7",
        "c": "true",
        "d": "0.0000001",
        "e": "10000000000000000000000",
    }


def test_other_readers_see_the_same_texts():
    """PyYAML resolves by YAML 1.1; what it would mistake for another type is quoted."""
    data = {"a": "NO", "b": "010", "c": "2025-03-13", "d": "12:30", "e": "1_000", "f": ".inf", "g": "0x1f", "n": "null"}
    assert yaml.safe_load(dump(data)) == data


@pytest.mark.parametrize("bad", [float("nan"), float("inf"), {1: "a"}, "\u202e", object(), "a\0"])
def test_what_the_reader_refuses_is_not_written(bad):
    with pytest.raises(ValueError):
        dump({"a": bad})
