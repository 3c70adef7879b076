"""Which propositions does a stretch of text hold? (span -> spans, with the conditions that each hangs on)

Surface rules, no parser: conditions are cut off (`could ... if`, `after ... reached`), coordinated clauses and
coordinated objects of a deal part, relative clauses and appositions stand on their own, and what a phrase presupposes
(`owned by`, `because of its`, `if the ban is lifted`) becomes a row of its own. Every span stays verbatim.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from polynya.claims.drafting import words
from polynya.claims.drafting.link import Found


@dataclass(frozen=True, slots=True)
class Cut:
    """A condition: its marker and its span without the marker."""

    start: int
    end: int
    marker: str
    kind: str  # precondition | exception | concurrent | implicit


@dataclass(frozen=True, slots=True)
class Part:
    """One proposition at [start, end). `scope`: where the words that govern it begin (its own, or those of its host)."""

    start: int
    end: int
    rule: str
    conditions: tuple[Cut, ...] = ()
    presupposed: bool = False
    scope: tuple[int, int] | None = None  # a host whose modals govern this part too


def parts(text: str, start: int, end: int, found: Sequence[Found]) -> list[Part]:
    """The propositions of text[start:end], in order of their beginnings."""
    result: list[Part] = []
    for first, last in _coordinated_clauses(text, start, end):
        result += _clause_parts(text, first, last, found)
    unique: dict[tuple[int, int], Part] = {}
    for part in result:
        unique.setdefault((part.start, part.end), part)
    return sorted(unique.values(), key=lambda p: (p.start, -p.end))


def _clause_parts(text: str, start: int, end: int, found: Sequence[Found]) -> Iterator[Part]:
    start, end, conditions = _cut_conditions(text, start, end)
    for cut in conditions:
        state = words.CHANGE_OF_STATE.match(text[cut.start : cut.end])
        if state:
            first = cut.start + state.start("what")
            first += len(state["what"]) - len(re.sub(r"^(?:the|all|these|those)\s+", "", state["what"]))
            yield Part(first, cut.start + state.end("what"), "presupposed-state", presupposed=True)
    main_end = end
    restrictive = _RESTRICTIVE.search(text, start, end)
    if restrictive and restrictive.start() - start > 12:
        main_end = restrictive.start()
        head = _last_noun_phrase(text, start, main_end)
        implicit = Cut(*head, "would", "implicit") if restrictive[2].lower() == "would" else None
        yield Part(
            restrictive.start(1),
            end,
            "that-modal",
            conditions + ((implicit,) if implicit else ()),
        )
    relative = _RELATIVE.search(text, start, main_end)
    if relative:
        close = _relative_end(text, relative.end(), main_end)
        yield Part(relative.start(1), close, "relative-clause")
    apposition = _apposition(text, start, main_end, found)
    if apposition:
        yield Part(*apposition, "apposition")
        if re.match(r"[,\s]*(?:$|\w+ing\b)", text[apposition[1] : main_end]):
            main_end = min(main_end, _trimmed(text, start, text.rfind(",", start, apposition[0])))
    for match in _OWNED.finditer(text, start, end):
        if _PREDICATE.search(text[max(start, match.start() - 30) : match.start()]):
            continue
        first = _noun_phrase_start(text, start, match.start())
        last = _phrase_end(text, match.end(), end)
        if first < match.start():
            yield Part(first, last, "presupposed-owner", presupposed=True)
    for match in _CAUSE.finditer(text, start, main_end):
        yield Part(match.start(1), _phrase_end(text, match.end(), main_end, stop_at_and=False), "cause")
    gerund = _GERUND.search(text, start, main_end)
    if gerund:
        first, last = gerund.start(1), _trimmed(text, start, main_end)
        second = _SECOND_VERB.search(text, gerund.end(), last)
        yield Part(first, second.start() if second else last, "gerund-clause")
        if second and last - second.end() > 10:
            yield Part(second.start(1), last, "gerund-clause", scope=(first, second.start()))
    objects = _coordinated_objects(text, start, main_end, found)
    if objects:
        join, second_start = objects
        yield Part(start, _trimmed(text, start, join), "main", conditions)
        yield Part(second_start, main_end, "coordinated-object", conditions, scope=(start, join))
        return
    if len(text[start:main_end].split()) > 1:
        yield Part(start, _trimmed(text, start, main_end), "main", conditions)


_SHORTEST = 12
_FINITE = r"(?:is|are|was|were|has|have|had|will|would|could|can|may|might|should|must|do|does|did|remains?|includes?|holds?|owns?|plans?|wants?)"
_JOIN = re.compile(
    rf",?\s+(?:and|but|while|whereas|although|though)\s+(?=(?:(?:it|he|she|they|there|who|nobody|nothing|no\s+one)\s+(?:also\s+|still\s+)?\w+"
    rf"|(?:the|a|an|its|their|his|this|that|[A-Z][\w'’-]*)\s+(?:[\w'’-]+\s+){{0,5}}?{_FINITE}\b))"
)
_SEMICOLON = re.compile(r";\s+")
_RESTRICTIVE = re.compile(r"\s+((?:that|which|who)\s+(would|could|may|might|will)\b)", re.IGNORECASE)
_RELATIVE = re.compile(r",\s+((?:which|who|whose|where)\s+)", re.IGNORECASE)
_APPOSITION = re.compile(r",\s+((?:the|a|an)\s+)", re.IGNORECASE)
_BETWEEN = re.compile(r"\bbetween\s+[^,]{1,50}$")  # `between A` waits for `and B`
_ANY_FINITE = re.compile(rf"\b{_FINITE}\b")
_OWNED = re.compile(
    r"\s+((?:(?:partly|jointly|majority|wholly|fully|co)[- ]?)?(?:owned|controlled|operated|held|run|backed)"
    r"(?:\s+(?:in\s+part|partly|jointly))?\s+by)\s+"
)
_PREDICATE = re.compile(r"\b(?:is|are|was|were|be|been|being)(?:\s+\w+)?$")
_CAUSE = re.compile(r"\b(?:because\s+of|thanks\s+to|due\s+to|owing\s+to)\s+((?:its|their|his|her|the|a|an)?\s*\w)")
_GERUND = re.compile(
    r"(?i)\b(?:in\s+the\s+context\s+of|amid|against\s+the\s+background\s+of|as\s+part\s+of|with|despite)\s+((?:the\s+)?(?-i:[A-Z])[\w'’.-]*(?:\s+(?-i:[A-Z])[\w'’.-]*){0,3}\s+"
    r"(?:seeking|trying|looking|aiming|planning|preparing|pushing|wanting|hoping|moving|continuing|negotiating|considering))\b"
)
_SECOND_VERB = re.compile(r"\s+and\s+([a-z]+)\s+(?=(?:this|the|a|an|its|their|more|new)\b)")
_DEAL = re.compile(
    r"(?i)\b(?:participat\w+|buy\w*|bought|sell\w*|sold|acquir\w+|join\w*|invest\w*|purchas\w+|tak\w+|suppl\w+|export\w*|develop\w*|propos\w+|offer\w*|cooperat\w+)\b"
)
_OBJECT = r"(?:some|other|several|various|certain|a|an|the|its|their|shares?|stakes?|parts?|interests?|two|three|four|five|six|\d+)\b"
_AND_OBJECT = re.compile(rf"\s+(?:and|as\s+well\s+as)\s+(?={_OBJECT})", re.IGNORECASE)
_THING = re.compile(
    r"(?i)\b(?:projects?|refiner\w+|pipelines?|fields?|plants?|stakes?|shares?|terminals?|LNG|natural gas|companies|company|routes?|ports?|deposits?|mines?|licen[cs]es?)\b"
)
_NOT_BEFORE = (["whether"], ["as"], ["even"], ["soon"])  # `even if`, `as if`: no condition
_EDGE = frozenset(
    "in of for to from with on at by and or as into over between including that which is are was were has have had buying selling may could the".split()
)


def _coordinated_clauses(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    marks = sorted([*_JOIN.finditer(text, start, end), *_SEMICOLON.finditer(text, start, end)], key=lambda m: m.start())
    for match in marks:
        left = text[begin : match.start()]
        if (
            _inside_condition(left)
            or not _has_verb(left)
            or _BETWEEN.search(left)
            or match.start() - begin < _SHORTEST
            or left.count('"') % 2
        ):
            continue
        yield begin, match.start()
        begin = match.end()
    yield begin, end


def _inside_condition(left: str) -> bool:
    """`could X if A is done and B is done`: the second half belongs to the condition."""
    last = max(words.CONDITION.finditer(left), key=lambda m: m.start(), default=None)
    return last is not None and "," not in left[last.end() :] and bool(words.MODAL.search(left[: last.start()]))


def _has_verb(text: str) -> bool:
    return bool(_ANY_FINITE.search(text)) or bool(re.search(r"\b\w{2,}ed\b|\s[a-z]{2,}(?<!s)s\s", text))


def _cut_conditions(text: str, start: int, end: int) -> tuple[int, int, tuple[Cut, ...]]:
    cuts: list[Cut] = []
    inverted = words.INVERTED.match(text, start, end)  # `Should the ice clear early, ...`
    if inverted:
        comma = text.find(",", inverted.end(), end)
        if end - comma > _SHORTEST:
            cuts.append(Cut(inverted.end(), comma, inverted[1], "precondition"))
            start = comma + 1 + len(text[comma + 1 : end]) - len(text[comma + 1 : end].lstrip())
    opening = words.CONDITION.match(text, start, end)
    if opening and _is_condition(opening[0], text[opening.end() : end], leading=True):
        comma = text.find(",", opening.end(), end)
        if comma > 0 and end - comma > _SHORTEST:
            rest = text[comma:end]
            if _is_condition(opening[0], rest):
                cuts.append(Cut(opening.end() + 1, comma, opening[0], _kind(opening[0])))
                start = comma + 1
                while start < end and text[start] == " ":
                    start += 1
    at = start + _SHORTEST
    while at < end:
        match = words.CONDITION.search(text, at, end)
        if match is None:
            break
        main = text[start : match.start()]
        if not _is_condition(match[0], main) or main.split()[-1:] in _NOT_BEFORE:
            at = match.end()
            continue
        close = text.find(", ", match.end(), end)
        close = end if close < 0 else close
        first = match.end()
        while first < close and text[first] == " ":
            first += 1
        last = _trimmed(text, first, close)
        if last > first:
            cuts.append(Cut(first, last, match[0].lower(), _kind(match[0])))
        if close >= end - 2:
            end = _trimmed(text, start, match.start())
            break
        at = close
    return start, end, tuple(cuts)


def _is_condition(marker: str, main: str, *, leading: bool = False) -> bool:
    """`after`, `once`, `when`, `until` only condition what has not happened: a main clause with a modal."""
    word = marker.lower().split()
    if any(w in words.ALWAYS_CONDITIONS or w.startswith("depend") for w in word) or word[:1] == ["only"]:
        return True
    if leading:
        return True
    if word == ["until"]:
        return bool(words.MODAL.search(main)) and bool(words.NEGATION.search(main))
    return bool(words.MODAL.search(main))


def _kind(marker: str) -> str:
    word = marker.lower()
    if word == "unless":
        return "exception"
    return "concurrent" if word in ("as long as", "when") else "precondition"


def _relative_end(text: str, at: int, end: int) -> int:
    comma = text.find(", ", at, end)
    return _trimmed(text, at, end if comma < 0 else comma)


def _apposition(text: str, start: int, end: int, found: Sequence[Found]) -> tuple[int, int] | None:
    for match in _APPOSITION.finditer(text, start, end):
        close = text.find(",", match.end(), end)
        close = end if close < 0 else close
        inside = text[match.start(1) : close]
        named = any(f.end == match.start() for f in found)
        if named and len(inside.split()) >= 4 and not _ANY_FINITE.search(inside):
            return match.start(1), _trimmed(text, match.start(1), close)
    return None


def _coordinated_objects(text: str, start: int, end: int, found: Sequence[Found]) -> tuple[int, int] | None:
    """`buy part of A and shares in B`: both halves name a thing that deals are made of."""
    for match in _AND_OBJECT.finditer(text, start, end):
        left, right = text[start : match.start()], text[match.end() : end]
        if not (_DEAL.search(left) and words.MODAL.search(left)):
            continue
        if _ANY_FINITE.search(right.split(",")[0]):
            continue
        named_left = _THING.search(left) or any(start <= f.start < match.start() for f in found)
        if named_left and _THING.search(right):
            return match.start(), match.end()
    return None


def _noun_phrase_start(text: str, start: int, at: int) -> int:
    """Backwards from a participle to where its noun phrase begins, at most seven words."""
    begin = at
    for match in list(re.finditer(r"[\w'’-]+", text[start:at]))[::-1][:7]:
        if match[0].lower() in _EDGE or "," in text[start + match.end() : begin]:
            if match[0].lower() == "the":
                begin = start + match.start()
            break
        begin = start + match.start()
    return begin


def _last_noun_phrase(text: str, start: int, end: int) -> tuple[int, int]:
    last = re.search(r"\b(?:a|an|the|this|such)\s+(?:[\w'’-]+\s*){1,5}$", text[start:end])
    return (start + last.start(), _trimmed(text, start, end)) if last else (start, end)


def _phrase_end(text: str, at: int, end: int, *, stop_at_and: bool = True) -> int:
    """Where a noun phrase stops: a comma, a verb, or a coordination."""
    stop = re.compile(
        rf",|\s+(?:and\s+(?={_OBJECT})|which|who|{_FINITE})\b" if stop_at_and else rf",|\s+(?:which|who|{_FINITE})\b"
    )
    match = stop.search(text, at, end)
    return _trimmed(text, at, match.start() if match else end)


def _trimmed(text: str, start: int, end: int) -> int:
    while end > start and text[end - 1] in " \n\t.,;:–—-":
        end -= 1
    return end
