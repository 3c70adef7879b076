"""Is a ledger fit for use? (ledger, article, registry ids -> every fault with file:line:column and a fix)

Faults make a ledger unusable; warnings are what a careful reader would want to know. Checked here: hashes and offsets
against the article, ids against the registry, references, cycles of conditions, relative dates without a day of
publication, ratings that nobody signed, corroboration by one and the same source. What may drive a scenario is
decided in `downstream.py`. Pure: the caller reads the files.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from polynya.claims.article import ArticleText, hash_of
from polynya.claims.ledger import Claim, Ledger, Span, Via
from polynya.claims.origins import UNNAMED, origins
from polynya.errors import Fault, did_you_mean
from polynya.strict_yaml import Document, load, validate

# What signs itself so is not a person; names that people bear too (Claude Monet, Ann Rule) only when they stand alone.
_MACHINES = re.compile(
    r"(?i).*\b(?:spacy|drafter|llms?|\w*gpt\w*|chatbot|bots?|anonymous|nobody|automatic\w*|machine|script)\b.*"
    r"|(?:rules?|draft|model|auto|unknown|polynya|(?:an?\s+)?ai(?:\s+(?:model|assistant))?|(?:claude|gemini|llama|mistral)(?:[- ]?[\d.]+\w*)?)"
)
_RELATIVE = re.compile(
    r"(?i)\b(today|yesterday|tomorrow|tonight|now|ago|recent(ly)?|earlier|later|last|next|this|past|coming|previous"
    r"|monday|tuesday|wednesday|thursday|friday|saturday|sunday)\b"
)
_COPIED_WORDS = 10
_LONGEST_SOUGHT = 4000  # characters; a longer span is not searched for


@dataclass(frozen=True, slots=True)
class Loaded:
    """A ledger together with the positions of everything in its file."""

    ledger: Ledger
    document: Document

    @property
    def name(self) -> str:
        """What other ledgers call it."""
        return self.ledger.document.id or Path(self.document.file).stem


@dataclass(slots=True)
class Report:
    """What the checks found."""

    faults: list[Fault] = field(default_factory=list)
    warnings: list[Fault] = field(default_factory=list)


def load_ledger(path: Path | str) -> Loaded:
    """Read and validate a ledger. Raises InputError with every fault of form, NotFoundError."""
    document = load(path)
    return Loaded(validate(document, Ledger), document)


def check_ledger(
    loaded: Loaded,
    *,
    article: ArticleText | None = None,
    known: Collection[str] | None = None,
    others: Mapping[str, Ledger] | None = None,
) -> Report:
    """Every fault and warning of one ledger.

    `known`: ids of the registry (None: not checked). `article`: the text it reads (None: spans are not compared).
    `others`: further ledgers by name, for relations across.
    """
    report = Report()
    checker = _Checker(loaded, report, known, others or {})
    checker.document(article)
    checker.identities()
    for index, claim in enumerate(loaded.ledger.claims):
        checker.claim(index, claim, article)
    checker.cycles()
    report.faults.sort(key=lambda f: (f.line, f.column))
    report.warnings.sort(key=lambda f: (f.line, f.column))
    return report


class _Checker:
    def __init__(
        self, loaded: Loaded, report: Report, known: Collection[str] | None, others: Mapping[str, Ledger]
    ) -> None:
        self.ledger, self.file, self.name = loaded.ledger, loaded.document, loaded.name
        self.report, self.known, self.others = report, known, others
        self.claim_ids = [c.id for c in self.ledger.claims]
        self.by_id = {c.id: c for c in self.ledger.claims}

    def fault(self, path: tuple[str | int, ...], message: str, fix: str, code: str, *, key: bool = False) -> None:
        self.report.faults.append(self.file.fault(path, message, fix=fix, code=code, key=key))

    def warn(self, path: tuple[str | int, ...], message: str, fix: str, code: str) -> None:
        self.report.warnings.append(self.file.fault(path, message, fix=fix, code=code))

    # --- the document ---

    def document(self, article: ArticleText | None) -> None:
        about = self.ledger.document
        for name in ("published", "published_from", "published_to", "retrieved"):
            self._day(("document", name), getattr(about, name))
        if about.published is None:
            self.warn(
                ("document",),
                "the day of publication is not known; relative dates stay unresolved",
                'Set "published:" once you know it.',
                "no_publication_date",
            )
        if about.outlet:
            self._identity(("document", "outlet"), about.outlet)
        if article is None:
            return
        if about.sha256 != article.sha256:
            self.fault(
                ("document", "sha256"),
                f"{article.file} is not the text of this ledger: its hash is {article.sha256[:12]}..., not {about.sha256[:12]}...",
                "Use the article it was made from, or draft anew with: polynya claims new.",
                "article_mismatch",
            )
        elif about.chars is not None and about.chars != len(article.text):
            self.fault(
                ("document", "chars"),
                f"the article has {len(article.text):,} characters, not {about.chars:,}",
                f"Write {len(article.text)}.",
                "article_mismatch",
            )

    def identities(self) -> None:
        seen: dict[str, int] = {}
        for index, claim in enumerate(self.ledger.claims):
            if claim.id in seen:
                first = self.file.position(("claims", seen[claim.id], "id"))[0]
                self.fault(
                    ("claims", index, "id"),
                    f'the id "{claim.id}" is taken since line {first}',
                    f"Use {self._free_id()}.",
                    "duplicate_id",
                )
            seen.setdefault(claim.id, index)

    def _free_id(self) -> str:
        return next(f"c{n:02d}" for n in range(1, len(self.claim_ids) + 2) if f"c{n:02d}" not in self.by_id)

    # --- one claim ---

    def claim(self, index: int, claim: Claim, article: ArticleText | None) -> None:
        at = ("claims", index)
        self._spans(at, claim, article)
        self._references(at, claim)
        self._sources(at, claim)
        self._time(at, claim)
        self._rating(at, claim)
        self._review(at, claim)
        self._conditions(at, claim)
        if article is not None:
            copied = _copied(claim.text, article.text)
            if copied:
                self.warn(
                    (*at, "text"),
                    f"{copied} words in a row are the article's own",
                    "Put the claim in your own words; the selector keeps the place.",
                    "verbatim",
                )

    def _spans(self, at: tuple[str | int, ...], claim: Claim, article: ArticleText | None) -> None:
        length = len(article.text) if article else self.ledger.document.chars
        selector = claim.selector
        where = (*at, "selector")
        if selector.end <= selector.start:
            self.fault(
                (*where, "end"),
                f"the span ends at {selector.end}, before it begins at {selector.start}",
                "start is inclusive, end exclusive.",
                "bad_span",
            )
        elif length is not None and selector.end > length:
            self.fault(
                (*where, "end"),
                f"the span ends at {selector.end}, but the article has {length:,} characters",
                "Offsets count Unicode code points, not bytes.",
                "bad_span",
            )
        elif article is not None and hash_of(article.text[selector.start : selector.end]) != selector.sha256:
            self.fault(
                where,
                f"the text at {selector.start}-{selector.end} is not the one that {claim.id} was taken from",
                _reanchored(article.text, selector.start, selector.end, selector.sha256),
                "span_mismatch",
            )
        for path, span, text in _small_spans(claim):
            if span[0] >= span[1] or (length is not None and span[1] > length):
                self.fault(
                    (*at, *path), f"the span {span} lies outside the article", "Count code points from 0.", "bad_span"
                )
            elif article is not None and text is not None and article.text[span[0] : span[1]] != text:
                found = article.text.find(text, selector.start)
                fix = f"It stands at [{found}, {found + len(text)}]." if found >= 0 else "Correct the span or the text."
                self.fault((*at, *path), f'the article does not say "{text}" at {span}', fix, "span_mismatch")

    def _identity(self, path: tuple[str | int, ...], identity: str) -> None:
        if self.known is not None and identity not in self.known:
            fix = did_you_mean(identity, self.known) or "See: polynya world list entities."
            self.fault(path, f'nothing in the registry is called "{identity}"', fix, "unknown_id")

    def _references(self, at: tuple[str | int, ...], claim: Claim) -> None:
        for i, mention in enumerate(claim.entities):
            self._identity((*at, "entities", i, "id"), mention.id)
        for i, attribution in enumerate(claim.attribution):
            where: tuple[str | int, ...] = (*at, "attribution", i)
            if attribution.id:
                self._identity((*where, "id"), attribution.id)
            via: Via | None = attribution.via
            while via is not None:
                where = (*where, "via")
                if via.id:
                    self._identity((*where, "id"), via.id)
                via = via.via
        if claim.carried_from is not None:
            self._claim_id((*at, "carried_from"), claim.carried_from, claim)
        for i, condition in enumerate(claim.conditions):
            if condition.claim is not None:
                self._claim_id((*at, "conditions", i, "claim"), condition.claim, None)
        for i, relation in enumerate(claim.relations):
            path = (*at, "relations", i, "claim")
            name, _, identity = relation.claim.rpartition("#")
            if not name or name == self.name:
                self._claim_id(path, identity, claim)
            elif name in self.others:
                ids = [c.id for c in self.others[name].claims]
                if identity not in ids:
                    fix = did_you_mean(identity, ids) or f"Claims there: {', '.join(ids[:30])}."
                    self.fault(path, f'{name} has no claim "{identity}"', fix, "unknown_claim")
            elif self.others:
                fix = did_you_mean(name, self.others) or f"Give its file too; given: {', '.join(self.others)}."
                self.fault(path, f'no ledger is called "{name}"', fix, "unknown_ledger")

    def _claim_id(self, path: tuple[str | int, ...], identity: str, itself: Claim | None) -> None:
        if identity not in self.by_id:
            fix = did_you_mean(identity, self.by_id) or f"Claims here: {', '.join(self.claim_ids[:30])}."
            self.fault(path, f'no claim is called "{identity}"', fix, "unknown_claim")
        elif itself is not None and identity == itself.id:
            self.fault(path, f"{identity} refers to itself", "Name another claim, or drop the line.", "self_reference")

    def _sources(self, at: tuple[str | int, ...], claim: Claim) -> None:
        kinds = {a.kind for a in claim.attribution}
        if claim.layer == "author" and kinds != {"author"}:
            self.fault(
                (*at, "layer"),
                "the layer is the author's, the attribution names somebody else",
                "Write layer: reported, or attribution kind: author.",
                "layer",
            )
        if claim.layer == "reported" and kinds == {"author"}:
            self.fault(
                (*at, "layer"),
                "a reported claim needs the source that it reports",
                "Write layer: author, or name the source.",
                "layer",
            )
        for i, attribution in enumerate(claim.attribution):
            named = attribution.kind in ("named_person", "named_org", "outlet")
            if named and not (attribution.id or attribution.name):
                self.fault(
                    (*at, "attribution", i),
                    f"a {attribution.kind} without a name",
                    'Add "id:" or "name:", or write an unnamed kind.',
                    "unnamed",
                )
        for i, relation in enumerate(claim.relations):
            if relation.type != "corroborates":
                continue
            other = self._other(relation.claim)
            if other is None:
                continue
            mine = origins([claim], self.ledger.document)
            theirs = origins([other[0]], other[1].document)
            if mine | theirs == mine & theirs or (mine <= theirs or theirs <= mine):
                same = (
                    "unnamed sources cannot be told apart" if UNNAMED in mine & theirs else "both go back to one source"
                )
                self.fault(
                    (*at, "relations", i),
                    f"{claim.id} cannot corroborate {relation.claim}: {same}, so they count once",
                    "Write type: same_as.",
                    "same_source",
                )

    def _other(self, reference: str) -> tuple[Claim, Ledger] | None:
        name, _, identity = reference.rpartition("#")
        ledger = self.ledger if not name or name == self.name else self.others.get(name)
        found = ledger.claim(identity) if ledger else None
        return (found, ledger) if found and ledger else None

    def _time(self, at: tuple[str | int, ...], claim: Claim) -> None:
        time = claim.time
        if time is None:
            return
        for name in ("value", "inferred"):
            self._day((*at, "time", name), getattr(time, name))
        resolved = bool(time.value and re.fullmatch(r"\d{4}-\d{2}(-\d{2})?", time.value))
        words = time.text or ""
        undated = bool(words) and not re.search(r"\b\d{4}\b", words)
        if resolved and undated and self.ledger.document.published is None:
            relative = bool(_RELATIVE.search(words))
            what = "is relative to the day of publication" if relative else "names no year"
            self.fault(
                (*at, "time", "value"),
                f'"{words}" {what}, which is not known, so it cannot be {time.value}',
                'Set document.published, or write the year as XXXX (DCT for relative days) and your reading under "inferred:".',
                "relative_date",
            )

    def _rating(self, at: tuple[str | int, ...], claim: Claim) -> None:
        rating = claim.rating
        if rating is None:
            return
        values = (rating.source_reliability, rating.credibility, rating.likelihood, rating.analytic_confidence)
        if all(v is None for v in values):
            return
        where = (*at, "rating")
        if not rating.assessed_by:
            self.fault(
                where,
                f"the rating of {claim.id} is signed by nobody",
                'Add "assessed_by:" with the name of the person who rated, or drop the rating.',
                "unsigned_rating",
                key=True,
            )
        elif not is_person(rating.assessed_by, claim):
            self.fault(
                (*where, "assessed_by"),
                f'"{rating.assessed_by}" is not a person; only a named human rates',
                "Write a person's name, or drop the rating.",
                "unsigned_rating",
            )
        elif rating.at is None:
            self.warn(where, f"the rating of {claim.id} bears no date", 'Add "at:".', "undated_rating")

    def _review(self, at: tuple[str | int, ...], claim: Claim) -> None:
        review = claim.review
        where = (*at, "review")
        if review.at:
            self._day((*where, "at"), review.at[:10])
        if review.status == "draft":
            return
        if not (review.by and review.at):
            missing = " and ".join(n for n, v in (("by:", review.by), ("at:", review.at)) if not v)
            self.warn(
                where,
                f"{claim.id} is {review.status}, but the decision is not signed and dated; it does not go downstream",
                f"Add {missing}, or decide again with: polynya claims review.",
                "unsigned_review",
            )
        elif claim.draft is not None and review.by == claim.draft.method:
            self.fault((*where, "by"), "a drafter cannot review its own draft", "Sign with a name.", "unsigned_review")

    def _conditions(self, at: tuple[str | int, ...], claim: Claim) -> None:
        pending = [c for c in claim.conditions if c.status == "open"]
        if pending and claim.factuality.value == "CT+":
            self.warn(
                (*at, "factuality"),
                f"{claim.id} is put as certain although it hangs on an open condition",
                "Write PS+, PR+ or Uu, or close the condition.",
                "certain_but_conditional",
            )
        for i, condition in enumerate(claim.conditions):
            if condition.status != "open" and condition.claim is None:
                self.warn(
                    (*at, "conditions", i, "status"),
                    f"the condition counts as {condition.status}, but no claim says so",
                    'Name the claim under "claim:".',
                    "unproved_condition",
                )

    def _day(self, path: tuple[str | int, ...], text: str | None) -> None:
        if text and re.fullmatch(r"\d{4}(-\d{2}){0,2}", text):
            parts = [int(p) for p in text.split("-")]
            try:
                date(*[*parts, 1, 1][:3])
            except ValueError as error:
                self.fault(path, f'"{text}" is not a date: {error}', "Write YYYY, YYYY-MM or YYYY-MM-DD.", "bad_date")

    # --- all claims together ---

    def cycles(self) -> None:
        index = {c.id: i for i, c in reversed(list(enumerate(self.ledger.claims)))}
        waits: dict[str, list[tuple[str, tuple[str | int, ...]]]] = {c.id: [] for c in self.ledger.claims}
        carries: dict[str, list[tuple[str, tuple[str | int, ...]]]] = {c.id: [] for c in self.ledger.claims}
        for claim in self.ledger.claims:
            at = ("claims", index[claim.id])
            for i, condition in enumerate(claim.conditions):
                if condition.claim in waits:
                    waits[claim.id].append((condition.claim, (*at, "conditions", i, "claim")))
            for i, relation in enumerate(claim.relations):
                target = relation.claim.removeprefix(f"{self.name}#")
                if relation.type == "depends_on" and target in waits and target != claim.id:
                    waits[claim.id].append((target, (*at, "relations", i, "claim")))
            if claim.carried_from in carries and claim.carried_from != claim.id:
                carries[claim.id].append((claim.carried_from, (*at, "carried_from")))
        for graph, what in ((waits, "conditions form a circle"), (carries, "sources are carried over in a circle")):
            for cycle, path in find_cycles(graph):
                self.fault(path, f"{what}: {' -> '.join(cycle)}", "Drop one of these references.", "cycle")


def find_cycles(
    graph: Mapping[str, list[tuple[str, tuple[str | int, ...]]]],
) -> Iterator[tuple[list[str], tuple[str | int, ...]]]:
    """Cycles of a graph, each closed at its first node, with the place of the edge that closes it; none twice.

    Depth-first search without recursion; every back edge gives one cycle.
    """
    done: set[str] = set()
    reported: set[frozenset[str]] = set()
    for root in graph:
        if root in done:
            continue
        trail: list[str] = [root]
        on_trail = {root}
        steps = [iter(graph[root])]
        while steps:
            for target, path in steps[-1]:
                if target in on_trail:
                    members = trail[trail.index(target) :]
                    if frozenset(members) not in reported:
                        reported.add(frozenset(members))
                        yield [*members, target], path
                elif target not in done:
                    trail.append(target)
                    on_trail.add(target)
                    steps.append(iter(graph.get(target, [])))
                    break
            else:
                steps.pop()
                node = trail.pop()
                on_trail.discard(node)
                done.add(node)


def is_person(name: str, claim: Claim | None = None) -> bool:
    """Whether a name may sign: not a drafter's, not a machine's, not blank."""
    if claim is not None and claim.draft is not None and name == claim.draft.method:
        return False
    return not _MACHINES.fullmatch(name.strip()) and bool(re.search(r"[^\W\d_]{2}", name))


def _small_spans(claim: Claim) -> Iterator[tuple[tuple[str | int, ...], Span, str | None]]:
    """Every further span of a claim with the words it must cover, where the ledger names them."""
    for i, mention in enumerate(claim.entities):
        if mention.span:
            yield ("entities", i, "span"), mention.span, mention.text
    for i, attribution in enumerate(claim.attribution):
        where: tuple[str | int, ...] = ("attribution", i)
        if attribution.span:
            yield (*where, "span"), attribution.span, None
        via: Via | None = attribution.via
        while via is not None:
            where = (*where, "via")
            if via.span:
                yield (*where, "span"), via.span, None
            via = via.via
    if claim.cue and claim.cue.span:
        yield ("cue", "span"), claim.cue.span, claim.cue.text
    for i, modality in enumerate(claim.modality):
        if modality.span:
            yield ("modality", i, "span"), modality.span, modality.text
    for i, condition in enumerate(claim.conditions):
        if condition.span:
            yield ("conditions", i, "span"), condition.span, None
    if claim.time and claim.time.span:
        yield ("time", "span"), claim.time.span, claim.time.text


def _reanchored(text: str, start: int, end: int, sha256: str) -> str:
    """Where a span of this length and hash stands now, searched outwards from its old place."""
    length = end - start
    if length > _LONGEST_SOUGHT:
        return "Select the span again, or draft anew with: polynya claims new."
    for distance in range(1, min(len(text), 20_000)):
        for begin in (start - distance, start + distance):
            if 0 <= begin <= len(text) - length and hash_of(text[begin : begin + length]) == sha256:
                return f"It now stands at start: {begin}, end: {begin + length}."
    return "Select the span again, or draft anew with: polynya claims new."


def _copied(own: str, article: str, at_least: int = _COPIED_WORDS) -> int:
    """Length of the first run of the article's own words in a claim, 0 when it is short."""
    words = re.findall(r"\w+", own.casefold())
    source = _words_of(article)
    for i in range(len(words) - at_least + 1):
        run = at_least
        if f" {' '.join(words[i : i + run])} " in source:
            while i + run < len(words) and f" {' '.join(words[i : i + run + 1])} " in source:
                run += 1
            return run
    return 0


@lru_cache(maxsize=4)
def _words_of(article: str) -> str:
    return " " + " ".join(re.findall(r"\w+", article.casefold())) + " "


def as_json(report: Report) -> dict[str, Any]:
    """Faults and warnings as plain data."""
    return {"faults": [f.as_json() for f in report.faults], "warnings": [w.as_json() for w in report.warnings]}
