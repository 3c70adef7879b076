"""Who is said to say what in one sentence? (sentence -> sources, cues and the span of what they say)

After the Source-Cue-Content view of PARC3 and PolNeAR: `X said that C`, `C, X said`, `C, said X`, `According to X, C`,
`C, according to X`, `it is reported that C`, `something X considers C`. A source inside another's report
(`a source told Bloomberg`, `Bloomberg reported, citing officials`) keeps both: the origin, and the outlet it came via.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from polynya.claims.drafting import words
from polynya.claims.drafting.link import Found, Linker
from polynya.claims.ledger import Attribution, Cue, Via

_SOURCE = r"(?P<source>[^,;:\"“”]{1,120}?)"
_ADVERBS = r"(?:(?:has|have|had|also|later|earlier|again|reportedly|recently|further|then|repeatedly|publicly)\s+)*"
_FIRST = re.compile(
    rf"^(?P<lead>(?:(?:Earlier|Later|On|Last|In|Late|Early|Since|Meanwhile|However|But|And|Yesterday|Today|Also|Separately|Still|Then|At|After|Before|During|This)\b[^,]{{0,60}},\s+)?){_SOURCE}"
    rf"(?P<relative>,[^,]{{3,80}},)?\s+(?P<adverbs>{_ADVERBS})(?P<cue>{words.VERB})\b(?P<rest>.*)$",
    re.DOTALL,
)
_THAT = re.compile(r"^(?P<between>[^,]{0,90}?),?\s*\bthat\s+", re.DOTALL)
_QUOTED = re.compile(r"^[\s,:]*[\"“]")
_WHEN = r"(?:\s+(?:on|in|to|at|during|this|last|earlier|late|yesterday)\b[^,]{0,70})?"
_ADDRESSEE = r"(?:\s+(?:the\s+)?[A-Z][\w.]*(?:\s+[A-Z][\w.]*){0,2})?"
_LAST = re.compile(
    rf",[\"”]?\s+(?:{_SOURCE}\s+{_ADVERBS}(?P<cue>{words.VERB}){_ADDRESSEE}|(?P<cue2>{words.VERB})\s+(?!(?:in|on|at|to|that|during|by|with)\b)(?P<source2>(?:(?!\bthat\b)[^,;\"“”]){{1,120}}?))"
    rf"{_WHEN}[.!?]?[\"”]?$",
    re.DOTALL,
)
_MIDDLE = re.compile(rf",\s+{_SOURCE}\s+(?P<cue>said|says|wrote|told\s+\S+|reported|added),\s+", re.DOTALL)
_ACCORDING_FIRST = re.compile(r"^(?P<cue>According\s+to)\s+(?P<source>[^,;]{1,120}?),\s+", re.DOTALL)
_ACCORDING_LAST = re.compile(r",?\s+(?P<cue>according\s+to)\s+(?P<source>[^,;]{1,120}?)[.!?]?$", re.DOTALL)
_IMPERSONAL = re.compile(
    r"^(?:It\s+(?:is|was|has\s+been)\s+(?P<cue>reported|said|believed|alleged|claimed|announced))\s+that\s+", re.DOTALL
)
_CITING = re.compile(
    r",?\s+(?:citing|quoting|referring\s+to|with\s+reference\s+to)\s+(?P<source>[^,;]{1,100})", re.DOTALL
)
_CITED = re.compile(r"\s*,?\s*(?:citing|quoting|referring\s+to)\s+[^,]{1,100},", re.DOTALL)
_BELIEF = re.compile(
    r"[,–—-]\s*(?P<content>(?:something|a\s+\w+|which)\s+(?:that\s+)?(?P<source>[A-Z][\w.'’-]*(?:\s+[A-Z][\w.'’-]*){0,4})\s+"
    r"(?P<cue>considers|regards|sees|calls|views|deems)\b[^.;]*)"
)
_VIA = re.compile(
    r"\b(?:told|to|with|quoted\s+by|cited\s+by|interviewed\s+by|by)\s+(?:the\s+)?(?P<name>[A-Z][\w.&'’-]*(?:\s+[A-Z][\w.&'’-]*){0,3})"
)
_NOT_CONTENT = re.compile(r"^\s*(?:to\s+(?:comment|respond|answer|say)|comment)\b")


@dataclass(frozen=True, slots=True)
class Said:
    """A stretch of text [start, end), offsets of the whole article, and who says it. No sources: the author."""

    start: int
    end: int
    sources: tuple[Attribution, ...] = ()
    cue: Cue | None = None
    rule: str = "author"
    pronoun: bool = False
    denied: bool = False
    doubts: tuple[str, ...] = ()
    via: Via | None = None  # the outlet that a pronoun spoke to


def attribute(text: str, start: int, end: int, found: Sequence[Found], linker: Linker) -> list[Said]:
    """What is said in the sentence text[start:end], the nested belief last."""
    sentence = text[start:end]
    said = _frame(sentence, start, found, linker) or Said(start, end)
    said = replace(said, end=_trim(text, said.start, said.end))
    nested = _BELIEF.search(text, said.start, said.end)
    if nested is None:
        return [said]
    source = classify(nested["source"], nested.start("source"), found, linker)
    if source is None:
        return [said]
    cue = Cue(text=nested["cue"], lemma=nested["cue"].rstrip("s"), stance="belief", span=list(nested.span("cue")))
    inner = Said(
        nested.start("content"), _trim(text, nested.start("content"), nested.end("content")), (source,), cue, "belief"
    )
    return [replace(said, end=_trim(text, said.start, nested.start())), inner]


def _frame(sentence: str, base: int, found: Sequence[Found], linker: Linker) -> Said | None:
    length = len(sentence)
    match = _IMPERSONAL.match(sentence)
    if match:
        source = Attribution(kind="other")
        doubt = "the text does not say who reports this"
        return Said(base + match.end(), base + length, (source,), _cue(match, base), "impersonal", doubts=(doubt,))
    match = _ACCORDING_FIRST.match(sentence)
    if match:
        return _said(match, base + match.end(), base + length, base, found, linker, "according-first")
    match = _ACCORDING_LAST.search(sentence)
    if match and match.start() > 15:
        return _said(match, base, base + match.start(), base, found, linker, "according-last")
    match = _LAST.search(sentence)
    if match and match.start() > 12:
        said = _said(match, base, base + match.start(), base, found, linker, "source-last")
        if said:
            cue = match.end("cue" if match["cue"] else "cue2")
            told = _outlet_in(sentence[cue:], base + cue, found, linker) if match["cue"] else None
            return _through(said, _via(told, linker)) if told else said
    match = _FIRST.match(sentence)
    if match:
        said = _source_first(match, sentence, base, found, linker)
        if said:
            return said
    match = _MIDDLE.search(sentence)
    if match:
        said = _said(match, base, base + length, base, found, linker, "source-inside")
        if said:
            return said
    return None


def _source_first(
    match: re.Match[str], sentence: str, base: int, found: Sequence[Found], linker: Linker
) -> Said | None:
    lemma = words.LEMMAS[" ".join(match["cue"].split())][0]
    rest, rest_at = match["rest"], match.start("rest")
    if _NOT_CONTENT.match(rest) or (lemma in ("expect", "propose", "promise") and rest.strip().startswith("to ")):
        return None
    cited = _CITED.match(rest)
    if cited:
        rest, rest_at = rest[cited.end() :], rest_at + cited.end()
    that = _THAT.match(rest)
    outlet: Found | None = None
    if that:
        content = rest_at + that.end()
    elif lemma == "tell":
        outlet = next((f for f in found if f.start - base in range(rest_at, rest_at + 6)), None)
        if outlet is None:
            return None
        content = outlet.end - base
    else:
        stripped = rest.lstrip(' ,:"“')
        if len(stripped.split()) < 3 or (lemma not in ("deny", "rule out") and not _clause(stripped)):
            return None
        content = rest_at + len(rest) - len(stripped)
    while content < len(sentence) and sentence[content] in ' ,:"“*_':
        content += 1
    said = _said(match, base + content, base + len(sentence), base, found, linker, "source-first")
    if said is None:
        return None
    between = sentence[rest_at:content]
    via = outlet or _outlet_in(between, base + rest_at, found, linker)
    if via is not None:
        said = _through(said, _via(via, linker))
    return replace(said, denied=lemma in ("deny", "rule out"))


def _through(said: Said, via: Via) -> Said:
    """The same words, by way of an outlet; an outlet's own report needs no way."""
    if said.sources and said.sources[0].kind != "outlet":
        return replace(said, sources=(said.sources[0].model_copy(update={"via": via}),), via=via)
    return replace(said, via=via)


def _said(
    match: re.Match[str], start: int, end: int, base: int, found: Sequence[Found], linker: Linker, rule: str
) -> Said | None:
    groups = match.groupdict()
    name = "source" if groups.get("source") else "source2"
    cue = "cue" if groups.get("cue") else "cue2"
    raw = groups.get(name)
    if not raw:
        return None
    pronoun = bool(words.PRONOUN.match(raw.strip()))
    at = base + match.start(name)
    source = classify(raw, at, found, linker)
    if source is None and not pronoun:
        return None
    citing = _CITING.search(match.string, 0, len(match.string))
    if citing and source is not None and source.kind == "outlet":
        origin = classify(citing["source"], base + citing.start("source"), found, linker)
        if origin is not None:
            reporter = next((f for f in found if f.id == source.id and f.start >= at), None)
            via = _via(reporter, linker) if reporter else Via(outlet=source.name, id=source.id)
            source = origin.model_copy(update={"via": via})
            if base + citing.start() >= start:
                end = min(end, base + citing.start())
    while start < end and match.string[start - base] in ' "“*_':
        start += 1
    sources = (source,) if source is not None else ()
    return Said(start, end, sources, _cue(match, base, cue), rule, pronoun=pronoun and source is None)


def classify(raw: str, at: int, found: Sequence[Found], linker: Linker) -> Attribution | None:
    """What kind of source a noun phrase names; None when it names none."""
    text = raw.strip()
    at += len(raw) - len(raw.lstrip())
    if not text or words.PRONOUN.match(text) or len(text.split()) > 18:
        return None
    span = [at, at + len(text)]
    inside = [f for f in found if at <= f.start and f.end <= at + len(text)]
    outlets = [f for f in inside if linker.kind(f.id) == "outlet"]
    unnamed = words.UNNAMED.search(text)
    names = [f for f in inside if linker.kind(f.id) in _NAMED and not f.adjective]
    people = [f for f in names if linker.kind(f.id) == "person"]
    if people:
        return Attribution(kind="named_person", name=linker.name(people[-1].id), id=people[-1].id, span=span)
    if unnamed and not re.search(r"\b[A-Z][a-z]+\s+[A-Z][a-z]+$", text[unnamed.end() :]):
        single = bool(words.SINGULAR.match(text)) and not re.search(
            r"(?i)\b(sources|officials|people|insiders)\b", text
        )
        single = single or bool(re.match(r"(?i)^(?:an?|one|another)\b", text)) or bool(re.match(r"(?i)^one of\b", text))
        count = words.COUNT.search(text)
        many = None if single else (count[1].lower() if count else "plural")
        via = next((f for f in outlets), None)
        return Attribution(
            kind="unnamed_single" if single else "unnamed_group",
            count=many,
            via=_via(via, linker) if via else None,
            span=span,
        )
    if re.match(r"(?i)^(?:one|some|several|many|most|another|others?|two|both)(?:\s+of\b|$)", text):
        single = bool(re.match(r"(?i)^(?:one|another)\b", text))
        return Attribution(kind="unnamed_single" if single else "unnamed_group", span=span)
    if outlets:
        return Attribution(kind="outlet", name=linker.name(outlets[-1].id), id=outlets[-1].id, span=span)
    if re.search(r"(?i)\b(?:news\s+agency|newspaper|broadcaster|magazine|outlet|daily|weekly)\b", text):
        name = " ".join(re.findall(r"\b[A-Z][\w-]+", text.split("'s")[0])) or None
        return Attribution(kind="outlet", name=name or text, span=span)
    if words.DOCUMENTS.search(text) and not names:
        return Attribution(kind="document", name=_short(text), span=span)
    if names:
        return Attribution(kind="named_org", name=linker.name(names[-1].id), id=names[-1].id, span=span)
    proper = re.search(r"(?:\b[A-Z][\w.'’-]*\s+){1,4}[A-Z][\w'’-]+$", text)
    if proper:
        person = len(proper[0].split()) <= 3 and not re.search(
            r"\b(?:Inc|Ltd|Group|Agency|Ministry|Company|Bank|Commission)\b", text
        )
        return Attribution(kind="named_person" if person else "named_org", name=proper[0], span=span)
    if re.fullmatch(r"(?:The\s+)?[A-Z][\w&.'’-]+", text) and not re.match(
        r"(?i)^(?:the|this|that|there|these)\b\s*$", text
    ):
        return Attribution(kind="named_org", name=text.removeprefix("The "), span=span)
    return None


_NAMED = ("person", "company", "state", "authority", "fund", "consortium", "bloc", "group")


def _short(text: str) -> str:
    return text if len(text) <= 60 else text[:57] + "..."


def _via(found: Found, linker: Linker) -> Via:
    return Via(outlet=linker.name(found.id), id=found.id, span=[found.start, found.end])


def _outlet_in(between: str, at: int, found: Sequence[Found], linker: Linker) -> Found | None:
    return next((f for f in found if at <= f.start < at + len(between) and linker.kind(f.id) == "outlet"), None)


def _cue(match: re.Match[str], base: int, group: str = "cue") -> Cue:
    form = " ".join(match[group].split())
    lemma, stance = words.LEMMAS.get(
        form.lower(), ("according to", "neutral") if "ccording" in form else (form, "neutral")
    )
    a, b = match.span(group)
    return Cue.model_validate({"text": form, "lemma": lemma, "stance": stance, "span": [base + a, base + b]})


_FINITE = re.compile(
    r"(?i)\b(?:is|are|was|were|has|have|had|will|would|could|can|may|might|should|must|do|does|did|be|\w{2,}(?:ed|es)|\w{3,}s)\b"
)


def _clause(text: str) -> bool:
    return bool(_FINITE.search(text)) or text[:1] in '"“'


def _trim(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] in " \n\t.,;:!?*_`–—-":
        end -= 1
    return end
