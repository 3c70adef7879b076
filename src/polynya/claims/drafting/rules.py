"""How is a ledger drafted by rules? (article + linker -> rows, each with its rule and its doubts)

Sentences, then who says what, then propositions, then meaning. Nothing is learned and nothing is guessed silently:
every reading that could be wrong stands under `draft.unsure`. The text of a row is put together from what was
recognised, never copied from the article. Not here: what the words mean (see `words.py`, `meaning.py`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from polynya.claims.article import ArticleText, hash_of
from polynya.claims.drafting import meaning, words
from polynya.claims.drafting.attribution import Said, attribute
from polynya.claims.drafting.clauses import Cut, Part, parts
from polynya.claims.drafting.link import Found, Linker
from polynya.claims.ledger import Attribution, Claim, Condition, Draft, Mention
from polynya.claims.sentences import Sentence, split_sentences

METHOD = "rules"
VERSION = "1"


@dataclass(slots=True)
class _Carried:
    """The source that a following sentence may carry on."""

    said: Said
    claim: str
    paragraph: int


@dataclass(frozen=True, slots=True)
class _Row:
    """A row, the rule that made it, and what is unsure about it."""

    claim: Claim
    rule: str
    doubts: list[str]


class RuleDrafter:
    """The default drafter."""

    method = METHOD
    version = VERSION

    def attribute(self, text: str, start: int, end: int, found: Sequence[Found], linker: Linker) -> list[Said]:
        """Who says what in one sentence."""
        return attribute(text, start, end, found, linker)

    def draft(self, article: ArticleText, linker: Linker, published: str | None = None) -> list[Claim]:
        """Rows in the order of the text, all of them drafts."""
        text = article.text
        found = linker.find(text)
        rows: list[Claim] = []
        carried: _Carried | None = None
        for sentence in split_sentences(text, markdown=article.format == "markdown"):
            if _no_statement(text[sentence.start : sentence.end]):
                continue
            inside = [f for f in found if sentence.start <= f.start and f.end <= sentence.end]
            referred = linker.refer(text, found, sentence.start, sentence.end)
            found = sorted([*found, *referred], key=lambda f: f.start)
            inside += referred
            stated = self.attribute(text, sentence.start, sentence.end, inside, linker)
            said, from_ = _carry(stated[0], carried, text, sentence)
            first = len(rows)
            for one, source in [(said, from_), *((s, None) for s in stated[1:])]:
                for part in parts(text, one.start, one.end, inside):
                    number = f"c{len(rows) + 1:02d}"
                    row = _row(number, text, sentence, one, part, source, inside, linker, published)
                    draft = Draft(method=self.method, version=self.version, rule=row.rule, unsure=row.doubts)
                    rows.append(row.claim.model_copy(update={"draft": draft}))
            if len(rows) > first and said.sources:
                carried = _Carried(said, from_ or rows[first].id, sentence.paragraph)
            elif not said.sources and not words.UNCLEAR.search(text, sentence.start, sentence.end):
                carried = None
        return rows


def _no_statement(sentence: str) -> bool:
    return len(sentence.split()) < 4 or sentence.endswith("?")


def _carry(said: Said, carried: _Carried | None, text: str, sentence: Sentence) -> tuple[Said, str | None]:
    """A source goes on into the next sentence of a paragraph when that sentence takes up what was said.

    It does when its subject points back and it is hedged, or when a pronoun is the speaker. It does not when the
    sentence says what is unclear: that is the author speaking.
    """
    if carried is None or carried.paragraph != sentence.paragraph:
        return said, None
    if said.pronoun:
        sources = carried.said.sources
        if said.via is not None and sources:
            sources = (sources[0].model_copy(update={"via": said.via}),)
        return Said(said.start, said.end, sources, said.cue, said.rule, doubts=_CARRIED), carried.claim
    if said.sources or words.UNCLEAR.search(text, said.start, said.end):
        return said, None
    points_back = words.TAKES_UP.match(text[said.start : said.end])
    if points_back and words.MODAL.search(text, said.start, said.end):
        return Said(said.start, said.end, carried.said.sources, None, "carried-over", doubts=_CARRIED), carried.claim
    return said, None


_CARRIED = ("the source is carried over from the sentence before",)


def _row(
    number: str,
    text: str,
    sentence: Sentence,
    said: Said,
    part: Part,
    carried_from: str | None,
    found: Sequence[Found],
    linker: Linker,
    published: str | None,
) -> _Row:
    doubts = [*said.doubts, *meaning.oddities(text[part.start : part.end])]
    own = text[part.start : part.end]
    marks, value, polarity = meaning.modality(text, part.start, part.end)
    governed = value
    if part.scope:
        scope_marks, governed, _ = meaning.modality(text, *part.scope)
        if governed.startswith(("PS", "PR", "U")):
            value, marks = governed, [*scope_marks, *marks]
            doubts.append("the modal before it is taken to govern this half too")
    if part.presupposed:
        value, polarity = "CT+", "positive"
    if said.denied and not part.presupposed:
        value, polarity = "CT-", "negative"
    conditions = [] if part.presupposed else [_condition(text, cut, found, linker) for cut in part.conditions]
    if conditions and value == "CT+":
        value = "Uu"
    if words.UNCLEAR.search(text, part.start, part.end):
        value, polarity = "Uu", "unknown"
    sources = list(said.sources) or [Attribution(kind="author")]
    layer = "presupposed" if part.presupposed else "reported" if said.sources else "author"
    if layer == "presupposed" and not said.sources:
        layer = "author" if part.rule == "presupposed-owner" else layer
    kind = meaning.event_type(own)
    if part.rule == "presupposed-state":
        kind = "sanction" if kind in ("other", "investment", "sanction_lift") else kind
    elif part.scope:
        host = meaning.event_type(text[part.scope[0] : part.scope[1]])
        kind = host if host not in ("other", "infrastructure") else kind
    elif part.rule == "presupposed-owner":
        kind = "ownership"
    at_stage = "in_force" if part.presupposed else meaning.stage(own, value)
    if at_stage in (None, "idea") and part.rule == "that-modal":
        at_stage = meaning.stage(text[sentence.start : sentence.end], value)
    if said.denied:
        at_stage = "denied"
    time, time_doubts = meaning.times(text, part.start, part.end, published)
    if time is None and not part.presupposed:
        time, time_doubts = meaning.times(text, sentence.start, max(sentence.start, said.start), published)
        if time is not None:
            time = time.model_copy(update={"refers_to": "utterance_date" if said.sources else "event_date"})
    elif time is not None and time.precision != "duration":
        time = time.model_copy(update={"refers_to": "event_date"})
    doubts += time_doubts
    mentions = [f for f in found if part.start <= f.start and f.end <= part.end]
    doubts += list(dict.fromkeys(f.doubt for f in mentions if f.doubt))
    doubts += [
        f'"{f.alias}" is an unusual name of {linker.name(f.id)}'
        for f in mentions
        if not f.doubt and _unusual(f, linker)
    ]
    if re.search(r"(?i)\b(?:bloomberg|reuters|correctiv|media|press|agency)\b", own) is None and _second_hand(said):
        doubts.append("reporting about reporting: it counts as one source, however many outlets carry it")
    if kind == "other":
        doubts.append("the kind of event is not recognised")
    claim = Claim.model_validate(
        {
            "id": number,
            "text": _own_words(kind, mentions, value, conditions, linker),
            "selector": {"start": part.start, "end": part.end, "sha256": hash_of(own)},
            "layer": layer,
            "attribution": sources,
            "cue": said.cue,
            "carried_from": carried_from,
            "factuality": {"value": value, "according_to": "source" if said.sources else "author"},
            "polarity": polarity,
            "modality": marks,
            "conditions": conditions,
            "stage": at_stage,
            "time": time,
            "entities": [
                Mention(id=f.id, text=text[f.start : f.end], span=[f.start, f.end]) for f in _distinct(mentions)
            ],
            "event": {"type": kind},
            "review": {"status": "draft"},
        }
    )
    return _Row(claim, f"{said.rule}/{part.rule}", list(dict.fromkeys(doubts)))


def _distinct(mentions: Sequence[Found]) -> list[Found]:
    seen: dict[tuple[int, int, str], Found] = {}
    for f in mentions:
        seen.setdefault((f.start, f.end, f.id), f)
    return list(seen.values())


def _condition(text: str, cut: Cut, found: Sequence[Found], linker: Linker) -> Condition:
    words_ = text[cut.start : cut.end]
    kind = "deal_concluded" if cut.kind == "implicit" else meaning.event_type(words_)
    if kind in ("joint_project", "negotiation_status", "flow_resumption") and re.search(
        r"(?i)\b(?:agreement|deal|accord|pact)\b", words_
    ):
        kind = "deal_concluded"
    mentions = [f for f in found if cut.start <= f.start and f.end <= cut.end]
    return Condition.model_validate(
        {
            "text": _phrase(kind, mentions, linker) if kind != "other" else f'What stands after "{cut.marker.lower()}"',
            "marker": cut.marker.lower(),
            "kind": cut.kind,
            "event": kind,
            "status": "open",
            "span": [cut.start, cut.end],
        }
    )


def _own_words(
    kind: str, mentions: Sequence[Found], value: str, conditions: Sequence[Condition], linker: Linker
) -> str:
    firmly = {
        "PS+": ", possible",
        "PR+": ", probable",
        "Uu": ", not known",
        "CT-": ", said not to be so",
        "PS-": ", possibly not",
        "PR-": ", probably not",
    }.get(value, "")
    if conditions:
        first = conditions[0].text
        firmly += f", on condition: {first[:1].lower()}{first[1:]}"
    return _phrase(kind, mentions, linker) + firmly


def _phrase(kind: str, mentions: Sequence[Found], linker: Linker) -> str:
    names = list(dict.fromkeys(linker.name(f.id) for f in mentions))
    return meaning.PHRASES[kind] + (f": {', '.join(names[:6])}" if names else "")


def _unusual(found: Found, linker: Linker) -> bool:
    """An alias that differs from the name in a word, not only in length or spelling: perhaps a mistranslation."""
    name, alias = linker.name(found.id).casefold().split(), found.alias.casefold().split()
    return len(name) == len(alias) > 2 and sum(a != b for a, b in zip(name, alias, strict=True)) == 1


def _second_hand(said: Said) -> bool:
    return any(s.kind == "outlet" or s.via is not None for s in said.sources)
