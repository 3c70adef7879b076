"""What of the registry does a text name? (text + aliases -> mentions with spans, doubts said)

Longest alias first, on word boundaries, without guessing: no statistical tagger takes part. Abbreviations must match in
case (`US` is a country, `us` is not); names need a capital unless the alias itself is written small. A bare family
name (`Nord Stream`) means all its numbered members. `the two countries` and `this route` are looked up in what stands
before them, and said to be a reading.
"""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

NOT_FOR_MATCHING = ("not_same_as", "related_name")
_WORD = re.compile(r"\w+")
_GAP = re.compile(r"(\s?[&/'’–-]?\s?|\.|,\s)")
_LEGAL = re.compile(r"[\s,]+(PJSC|OJSC|JSC|LLC|plc|p\.l\.c\.|SE|Inc\.?|Corp\.?|Corporation|Ltd\.?|Limited|GmbH|News)$")
_NEAR = 80  # characters
_SHORT = 5  # letters: an alias so short may be somebody else's too
_EXPANDED = [(re.compile(r"(?i)\bliquefied natural gas\b"), "LNG")]
# Adjective and the country it belongs to, by the country's common name; resolved through the aliases.
DEMONYMS = {
    "Russian": "Russia",
    "American": "United States",
    "German": "Germany",
    "Chinese": "China",
    "Indian": "India",
    "Ukrainian": "Ukraine",
    "Turkish": "Turkey",
    "Japanese": "Japan",
    "British": "United Kingdom",
    "French": "France",
    "Norwegian": "Norway",
    "Swiss": "Switzerland",
    "Danish": "Denmark",
    "Hungarian": "Hungary",
    "Polish": "Poland",
    "Qatari": "Qatar",
    "Serbian": "Serbia",
    "Italian": "Italy",
    "Dutch": "Netherlands",
    "Finnish": "Finland",
    "Swedish": "Sweden",
}
_NOUNS: Mapping[str, tuple[str, ...]] = {
    "country": ("state",),
    "countries": ("state",),
    "states": ("state",),
    "governments": ("state",),
    "sides": ("state",),
    "capitals": ("state",),
    "company": ("company", "consortium"),
    "companies": ("company", "consortium"),
    "firm": ("company", "consortium"),
    "firms": ("company", "consortium"),
    "route": ("sea-route",),
    "pipeline": ("pipeline",),
    "pipelines": ("pipeline",),
    "plant": ("lng-export", "lng-import", "project", "power-plant"),
    "project": ("project", "lng-export"),
    "refinery": ("refinery",),
    "outlet": ("outlet",),
}
_BOTH = re.compile(
    r"(?i)\b(?:the two|both|these two|the)\s+(countries|states|governments|sides|capitals|companies|firms|pipelines)\b"
)
_ONE = re.compile(
    r"(?i)\b(?:this|that|the)\s+(?:\w+\s+){0,2}?(country|company|firm|route|pipeline|plant|project|refinery|outlet)\b"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A mention of something of the registry at [start, end)."""

    start: int
    end: int
    id: str
    alias: str
    doubt: str = ""
    adjective: bool = False
    family: bool = False  # a bare family name, one mention for each member


class Linker:
    """Finds the registry's things in a text.

    `aliases`: rows of (id, alias, kind of alias, language); the names themselves come as aliases of kind `name`.
    `kinds`: id -> kind of thing, used for `the two countries` and for choosing between namesakes.
    """

    def __init__(self, aliases: Iterable[tuple[str, str, str, str]], kinds: Mapping[str, str] | None = None) -> None:
        self.kinds = kinds or {}
        self.by_first: dict[str, list[tuple[tuple[str, ...], str]]] = defaultdict(list)
        self.owners: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)  # key -> id -> alias as written
        self.spellings: dict[tuple[str, ...], set[str]] = defaultdict(set)
        self.names: dict[str, str] = {}
        families: dict[tuple[str, ...], dict[str, str]] = defaultdict(dict)
        self.confusable: dict[str, list[str]] = defaultdict(list)
        for identity, alias, kind, _language in aliases:
            if kind == "not_same_as":
                self.confusable[identity].append(alias)
            if kind in NOT_FOR_MATCHING or not alias:
                continue
            bare = re.sub(r"\s*\([^)]*\)\s*$", "", alias).strip()
            if kind == "name":
                self.names[identity] = _LEGAL.sub("", bare)
            for text in {bare, _LEGAL.sub("", bare)}:
                key = _key(text)
                if not key or (len(key) == 1 and len(text) < 2):
                    continue
                self.owners[key].setdefault(identity, text)
                self.spellings[key].add(text)
                if len(key) > 1 and re.fullmatch(r"\d{1,2}", key[-1]):
                    families[key[:-1]][identity] = text
        self.families = {k for k, members in families.items() if len(members) > 1 and k not in self.owners}
        for key in self.families:
            self.owners[key] = {i: t.rstrip("0123456789 -") for i, t in families[key].items()}
            self.spellings[key] = set(self.owners[key].values())
        for key, owners in self.owners.items():
            self.by_first[key[0]].append((key, next(iter(owners))))
        for options in self.by_first.values():
            options.sort(key=lambda o: -len(o[0]))
        self.adjectives = {a: i for a, name in DEMONYMS.items() if (i := self._id_of(name))}
        self.names |= {i: name for name in DEMONYMS.values() if (i := self._id_of(name))}

    def name(self, identity: str) -> str:
        """The name a reader knows."""
        return self.names.get(identity, identity)

    def kind(self, identity: str) -> str:
        """Kind of thing."""
        return self.kinds.get(identity, "")

    def identify(self, name: str) -> list[str]:
        """Ids that go by exactly this name, whatever its capitals."""
        return list(self.owners.get(_key(name), {}))

    def find(self, text: str) -> list[Found]:
        """Every mention, in order; a bare family name gives one mention per member."""
        words, spans = _words(text)
        found: list[Found] = []
        i = 0
        while i < len(words):
            key = self._longest(words, spans, text, i)
            if key is None:
                adjective = self.adjectives.get(text[spans[i][0] : spans[i][1]])
                if adjective:
                    found.append(Found(*spans[i], adjective, text[spans[i][0] : spans[i][1]], adjective=True))
                i += 1
                continue
            start, end = spans[i][0], spans[i + len(key) - 1][1]
            if text.startswith(".", end) and end - start <= 4 and text[start:end].count("."):
                end += 1
            found += self._mentions(key, start, end)
            i += len(key)
        return self._narrow(found)

    def refer(self, text: str, before: Sequence[Found], start: int, end: int) -> list[Found]:
        """`the two countries`, `this route` in text[start:end], read as what was mentioned last before."""
        found: list[Found] = []
        for match in _BOTH.finditer(text, start, end):
            wanted = _NOUNS.get(match[1].lower(), ())
            pair = self._last(before, wanted, match.start(), 2)
            if len(pair) == 2:
                words = " and ".join(self.name(i) for i in pair)
                found += [
                    Found(match.start(), match.end(), i, match[0], f'"{match[0]}" is read as {words}') for i in pair
                ]
        for match in _ONE.finditer(text, start, end):
            if any(f.start < match.end() and match.start() < f.end for f in before):
                continue
            one = self._last(before, _NOUNS.get(match[1].lower(), ()), match.start(), 1)
            if one:
                found.append(
                    Found(match.start(), match.end(), one[0], match[0], f'"{match[0]}" is read as {self.name(one[0])}')
                )
        return found

    def _last(self, before: Sequence[Found], wanted: tuple[str, ...], at: int, count: int) -> list[str]:
        ids: list[str] = []
        for mention in sorted(before, key=lambda f: -f.start):
            if mention.start >= at or mention.adjective or self.kind(mention.id) not in wanted:
                continue
            if mention.id not in ids:
                ids.append(mention.id)
            if len(ids) == count:
                break
        return ids[::-1]

    def _longest(self, words: list[str], spans: list[tuple[int, int]], text: str, i: int) -> tuple[str, ...] | None:
        for key, _ in self.by_first.get(words[i], ()):
            if tuple(words[i : i + len(key)]) != key:
                continue
            if any(not _GAP.fullmatch(text[spans[j][1] : spans[j + 1][0]]) for j in range(i, i + len(key) - 1)):
                continue
            shown = text[spans[i][0] : spans[i + len(key) - 1][1]]
            if any(_case_fits(shown, alias) for alias in self.spellings[key]):
                return key
        return None

    def _mentions(self, key: tuple[str, ...], start: int, end: int) -> list[Found]:
        owners = self.owners[key]
        if key in self.families:
            members = " or ".join(self.name(i) for i in owners)
            return [Found(start, end, i, a, f'"{a}" may mean {members}', family=True) for i, a in owners.items()]
        if len(owners) == 1:
            identity, alias = next(iter(owners.items()))
            doubt = ""
            for other in self.confusable[identity] if len(alias) <= _SHORT else ():
                if self.names.get(other, "").casefold().startswith(alias.casefold()):
                    doubt = f'"{alias}" is read as {identity}, not {other}'
            return [Found(start, end, identity, alias, doubt)]
        order = {kind: n for n, kind in enumerate(_PREFERRED)}
        ranked = sorted(owners, key=lambda i: (order.get(self.kind(i), len(order)), self.names.get(i) != owners[i]))
        chosen = ranked[0]
        others = ", ".join(ranked[1:4])
        return [Found(start, end, chosen, owners[chosen], f'"{owners[chosen]}" is read as {chosen}, not {others}')]

    def _narrow(self, found: list[Found]) -> list[Found]:
        """A family name close to one of its members means the others."""
        kept = []
        for mention in found:
            if mention.family:
                near = {f.id for f in found if not f.family and abs(f.start - mention.start) < _NEAR}
                left = {f.id for f in found if (f.start, f.end) == (mention.start, mention.end)} - near
                if left and mention.id not in left:
                    continue
                if len(left) == 1:
                    mention = replace(mention, doubt="")
            kept.append(mention)
        return kept

    def _id_of(self, name: str) -> str:
        owners = self.owners.get(_key(name), {})
        return next((i for i in owners if self.kind(i) in ("state", "")), "")


_PREFERRED = ("state", "pipeline", "sea-route", "project", "lng-export", "refinery", "outlet", "person", "company")


def _fold(word: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c)).casefold()


def _key(text: str) -> tuple[str, ...]:
    words = [_fold(w) for w in _WORD.findall(text)]
    return tuple(words[1:] if len(words) > 1 and words[0] == "the" else words)


def _words(text: str) -> tuple[list[str], list[tuple[int, int]]]:
    spans = [m.span() for m in _WORD.finditer(text)]
    words = [_fold(text[a:b]) for a, b in spans]
    for pattern, short in _EXPANDED:
        for match in pattern.finditer(text):
            inside = [k for k, (a, b) in enumerate(spans) if match.start() <= a and b <= match.end()]
            for k in reversed(inside[1:]):
                del spans[k], words[k]
            if inside:
                spans[inside[0]] = match.span()
                words[inside[0]] = short.casefold()
    return words, spans


def _case_fits(shown: str, alias: str) -> bool:
    letters = [c for c in alias if c.isalpha()]
    if not letters:
        return False
    if len(letters) <= 5 and all(c.isupper() for c in letters):
        return "".join(c for c in shown if c.isalpha()).isupper()
    if alias[:1].islower() and " " not in alias:
        return True
    first = next(c for c in shown if c.isalnum())
    return not first.islower() or (" " in alias and alias[:1].islower())
