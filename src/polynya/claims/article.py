"""What is the text of an article? (path -> plain text with a hash, safely)

Text and Markdown are taken as they stand, so that offsets are offsets into the user's file: no BOM, line ends as LF.
Of saved HTML only what a reader sees is taken: no scripts, styles, comments, forms, navigation, nor elements that are
hidden; when the page has an <article>, only that. Nothing is fetched and nothing is executed, ever. What the words say
is data: no phrase in an article changes what the program does.
Raises InputError on other encodings, NUL and bidirectional controls, NotFoundError when there is no such file.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Literal

from polynya.errors import Fault, InputError
from polynya.tables import BIDI_CONTROLS, read_text

MAX_BYTES = 4 * 1024 * 1024
Format = Literal["text", "markdown", "html"]


@dataclass(frozen=True, slots=True)
class ArticleText:
    """The text of one article; `offsets` everywhere else count its code points."""

    text: str
    format: Format
    file: str
    title: str = ""
    url: str = ""
    published: str = ""
    language: str = ""

    @property
    def sha256(self) -> str:
        """Hash of the text's UTF-8 bytes."""
        return hash_of(self.text)


def hash_of(text: str) -> str:
    """SHA-256 of the text's UTF-8 bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def read_article(path: Path | str) -> ArticleText:
    """Read an article from a text, Markdown or saved HTML file; the kind follows from the name, then from the content."""
    path = Path(path)
    raw = read_text(path, MAX_BYTES).replace("\r\n", "\n").replace("\r", "\n")
    suffix = path.suffix.lower()
    if suffix in (".html", ".htm", ".xhtml") or (
        suffix not in (".md", ".markdown") and re.match(r"\s*<(!doctype html|html)\b", raw, re.IGNORECASE)
    ):
        return _from_html(raw, str(path))
    if not raw.strip():
        raise InputError(Fault("the article is empty", str(path), 1, 1, fix="Save its text in the file.", code="empty"))
    return ArticleText(raw, "markdown" if suffix in (".md", ".markdown") else "text", str(path))


_VOID = frozenset("area base br col embed hr img input link meta param source track wbr".split())
_SKIPPED = frozenset(
    "script style noscript template iframe object svg math canvas nav footer aside form button select menu dialog "
    "textarea audio video head title".split()
)
_BLOCKS = frozenset(
    "address article blockquote br dd div dl dt figcaption figure h1 h2 h3 h4 h5 h6 header hr li main ol p pre section "
    "table tbody td th thead tr ul body".split()
)
_HIDING = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|opacity\s*:\s*0(\.0+)?\s*(;|$)|font-size\s*:\s*0|"
    r"(left|top|text-indent)\s*:\s*-\d{3,}",
    re.IGNORECASE,
)
_RAW = frozenset(["script", "style", "title", "textarea", "noscript", "iframe", "template"])
_TAG = re.compile(r"<(/?)([A-Za-z][A-Za-z0-9:-]{0,40})")
_TAG_STOP = re.compile(r"[>\"']")
_ATTRIBUTE = re.compile(r"([^\s=/>\"']+)(?:\s*=\s*(\"[^\"]*\"|'[^']*'|[^\s\"'>]+))?")
_LONG_REFERENCE = re.compile(r"&#[xX]?[0-9a-fA-F]{8,};?")
_MAX_TAG = 20_000
_LOWER = {c: c + 32 for c in range(ord("A"), ord("Z") + 1)}


class _Page:
    """Collects visible text, block by block, and what the page says about itself. Linear in the length of the page.

    The standard library's parser takes quadratic time on pages made to hurt, so tags are found by hand: what is never
    closed ends the page, as it does in a browser.
    """

    def __init__(self) -> None:
        self.open: list[tuple[str, bool]] = []  # tag, and whether it and all inside are left out
        self.counts: Counter[str] = Counter()  # how many of each tag are open
        self.body: list[str] = []
        self.article: list[str] = []
        self.title: list[str] = []
        self.meta: dict[str, str] = {}
        self.language = ""

    def feed(self, raw: str) -> None:
        lower = raw.lower() if raw.isascii() else _ascii_lower(raw)
        at = 0
        while at < len(raw):
            mark = raw.find("<", at)
            if mark < 0:
                mark = len(raw)
            self._data(raw[at:mark])
            if mark >= len(raw):
                return
            if raw.startswith("<!--", mark):
                close = raw.find("-->", mark + 4)
                at = close + 3
            elif raw.startswith("<![CDATA[", mark):
                close = raw.find("]]>", mark)
                at = close + 3
            elif raw[mark + 1 : mark + 2] in ("!", "?"):
                close = raw.find(">", mark)
                at = close + 1
            else:
                name = _TAG.match(raw, mark)
                if name is None:
                    self._data("<")
                    at = mark + 1
                    continue
                close = _tag_end(raw, name.end())
                at = close + 1
                tag = name[2].lower()
                if close >= 0 and name[1]:
                    self._end(tag)
                elif close >= 0:
                    self._start(tag, raw[name.end() : close])
                    if tag in _RAW:
                        close = at = lower.find(f"</{tag}", at)
                        if tag == "title" and close >= 0:
                            self.title.append(_unescape(raw[raw.rfind(">", 0, close) + 1 : close]))
            if close < 0:
                return

    def _start(self, tag: str, inside: str) -> None:
        given = {
            m[1].lower(): _unescape(m[2].strip("\"'") if m[2] else "") for m in _ATTRIBUTE.finditer(inside[:_MAX_TAG])
        }
        if tag == "html":
            self.language = given.get("lang", "")
        elif tag == "meta":
            self.meta.setdefault(given.get("property") or given.get("name") or "", given.get("content", ""))
        elif tag == "link" and given.get("rel", "").lower() == "canonical":
            self.meta.setdefault("canonical", given.get("href", ""))
        if tag in _BLOCKS:
            self._write("\n")
        if tag in _VOID or inside.endswith("/"):
            return
        hidden = (
            tag in _SKIPPED
            or "hidden" in given
            or given.get("aria-hidden", "").lower() == "true"
            or bool(_HIDING.search(given.get("style", "")))
        )
        self.open.append((tag, hidden or (bool(self.open) and self.open[-1][1])))
        self.counts[tag] += 1

    def _end(self, tag: str) -> None:
        if tag in _BLOCKS:
            self._write("\n")
        while self.counts[tag]:
            name, _ = self.open.pop()
            self.counts[name] -= 1
            if name == tag:
                return

    def _data(self, data: str) -> None:
        if data:
            self._write(re.sub(r"\s+", " ", _unescape(data)))

    def _write(self, text: str) -> None:
        if self.open and self.open[-1][1]:
            return
        self.body.append(text)
        if self.counts["article"]:
            self.article.append(text)


def _tag_end(raw: str, at: int) -> int:
    """Where the `>` of a tag stands, quotes respected; -1 when it never comes."""
    while True:
        found = _TAG_STOP.search(raw, at)
        if found is None:
            return -1
        if found[0] == ">":
            return found.start()
        closing = raw.find(found[0], found.end())
        if closing < 0:
            return -1
        at = closing + 1


def _ascii_lower(text: str) -> str:
    return text.translate(_LOWER)  # keeps every offset, which str.lower() does not


def _unescape(text: str) -> str:
    return unescape(_LONG_REFERENCE.sub("\ufffd", text)) if "&" in text else text


def _from_html(raw: str, file: str) -> ArticleText:
    page = _Page()
    page.feed(raw)
    text = _blocks("".join(page.article)) or _blocks("".join(page.body))
    if not text:
        raise InputError(
            Fault("the page shows no text", file, 1, 1, fix="Save the text itself as a .txt file.", code="empty")
        )
    for character in text:
        if character in BIDI_CONTROLS or character == "\x00" or "\ud800" <= character <= "\udfff":
            raise InputError(
                Fault(
                    f"the page hides the character U+{ord(character):04X}",
                    file,
                    1,
                    1,
                    fix="Save the text itself as a .txt file, without it.",
                    code="control_character",
                )
            )
    published = page.meta.get("article:published_time") or page.meta.get("date") or ""
    day = re.match(r"\d{4}-\d{2}-\d{2}", published)
    url = page.meta.get("canonical") or page.meta.get("og:url") or ""
    return ArticleText(
        text,
        "html",
        file,
        title=" ".join("".join(page.title).split()),
        url=url if re.match(r"https?://[^\s\"'<>]+$", url) else "",
        published=day[0] if day else "",
        language=page.language if re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z0-9]+)*", page.language) else "",
    )


def _blocks(text: str) -> str:
    lines = (" ".join(line.split()) for line in text.split("\n"))
    return "\n".join(line for line in lines if line)
