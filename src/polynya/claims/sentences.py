"""Where does each sentence begin and end? (text -> spans in code points)

A full stop ends a sentence unless it belongs to an abbreviation, an initial or a number. A line break ends one unless
the line looks wrapped. Headings, list marks, front matter and code of Markdown are left out. Not here: what a
sentence says (see `drafting/`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_ABBREVIATIONS = frozenset(
    "mr mrs ms dr prof gen col lt sen rep gov st no nos vs etc inc ltd co corp plc llc dept fig sec art para vol p pp "
    "jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun approx est bn mln u.s u.k u.n e.u "
    "e.g i.e a.m p.m d.c".split()
)
_END = re.compile(r"[.!?…]+[\"'”’»)\]]*(?=\s|$)")
_WRAPPED = (55, 140)  # a line of such a length goes on in the next one
_AHEAD = 40  # how far around a full stop is looked, so that time stays linear
_MARK = re.compile(r"\s*(?:#{1,6}\s+|>\s*|[-*+•]\s+|\d{1,3}[.)]\s+|\|)*\s*")


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence [start, end) and the paragraph, counted from 0, that it stands in."""

    start: int
    end: int
    paragraph: int


def split_sentences(text: str, *, markdown: bool = False) -> list[Sentence]:
    """The sentences of a text, in order."""
    found: list[Sentence] = []
    for number, (start, end) in enumerate(_paragraphs(text, markdown)):
        for first, last in _sentences(text, start, end):
            found.append(Sentence(first, last, number))
    return found


def _paragraphs(text: str, markdown: bool) -> Iterator[tuple[int, int]]:
    start: int | None = None
    end = 0
    fenced = front = False
    at = 0
    for index, line in enumerate(text.split("\n")):
        begin, finish = at, at + len(line)
        at = finish + 1
        bare = line.strip()
        if markdown:
            if bare == "---" and (index == 0 or front):
                front = not front
                continue
            if bare.startswith(("```", "~~~")):
                fenced = not fenced
            if front or fenced or bare.startswith(("```", "~~~", "<!--", "|", "#")):
                if start is not None:
                    yield start, end
                    start = None
                continue
        if not bare:
            if start is not None:
                yield start, end
                start = None
            continue
        marked = _MARK.match(line)
        offset = marked.end() if marked else 0
        if start is not None and offset > len(line) - len(line.lstrip()):  # a new list item
            yield start, end
            start = None
        if start is None:
            start = begin + offset
        end = begin + len(line.rstrip())
        if not _WRAPPED[0] <= len(line) <= _WRAPPED[1]:
            yield start, end
            start = None
    if start is not None:
        yield start, end


def _sentences(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    begin = start
    for match in _END.finditer(text, start, end):
        if not _ends_here(text, begin, match, end):
            continue
        yield from _trimmed(text, begin, match.end())
        begin = match.end()
    yield from _trimmed(text, begin, end)


def _ends_here(text: str, begin: int, match: re.Match[str], end: int) -> bool:
    if match.end() >= end or not match[0].startswith("."):
        following = text[match.end() : min(end, match.end() + _AHEAD)].lstrip()[:1]
        return not following or not following.islower()
    word = re.search(r"([\w.]+)$", text[max(begin, match.start() - _AHEAD) : match.start()])
    last = word[1] if word else ""
    following = text[match.end() : min(end, match.end() + _AHEAD)].lstrip()[:1]
    if following.islower() or following in ",;:":
        return False
    if last.lower() in _ABBREVIATIONS:
        # "the U.S. A spokesman" ends one, "the U.S. Treasury" does not: only a determiner or pronoun may follow.
        rest = text[match.end() : min(end, match.end() + _AHEAD)].lstrip()
        return last.lower() in ("u.s", "u.k", "u.n", "e.u", "etc", "inc", "ltd", "plc", "p.m", "a.m", "bn") and bool(
            re.match(r"(The|A|An|It|He|She|They|This|That|These|Those|In|On|At|But|And|According)\b", rest)
        )
    return not (len(last) == 1 and last.isupper() and begin < match.start() - 1)


def _trimmed(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    if any(c.isalnum() for c in text[start:end]):
        yield start, end
