"""One file, no network, and nothing a user wrote can run."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from html.parser import HTMLParser

import pytest

from polynya.report.html import json_block, page
from tests.report import made


class Elements(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        tag, attrs = self.found[-1] if self.found else ("", {})
        key = attrs.get("id") or attrs.get("type") or tag
        self.text[key] = self.text.get(key, "") + data


def read(html: str) -> Elements:
    parser = Elements()
    parser.feed(html)
    return parser


@pytest.fixture(scope="module", params=["plain", made.EVIL, made.FORMULA, "<!--", "\u2028]]>", "'\"&"])
def text(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def html(text: str) -> str:
    return page(made.tables(text), made.summary(text), made.labels(text))


def test_no_text_opens_an_element(html: str) -> None:
    tags = [tag for tag, _ in read(html).found]
    assert "img" not in tags
    assert tags.count("script") == 2  # the data and the bundle


def test_no_element_loads_anything_or_carries_a_handler(html: str) -> None:
    for tag, attributes in read(html).found:
        assert not {"src", "href", "style", "srcset", "action"} & set(attributes), tag
        assert not any(name.startswith("on") for name in attributes), tag


def test_the_data_come_back_as_they_went_in(html: str, text: str) -> None:
    data = json.loads(read(html).text["data"])
    assert data["title"] == text
    assert data["claims"][0]["attribution"] == text


def test_the_policy_allows_exactly_the_bundle(html: str) -> None:
    found = read(html)
    (policy,) = [
        a["content"] for t, a in found.found if t == "meta" and a.get("http-equiv") == "Content-Security-Policy"
    ]
    rules = dict(part.strip().split(" ", 1) for part in (policy or "").split(";"))
    assert rules["default-src"] == "'none'"
    assert rules["img-src"] == "data: blob:"
    assert "unsafe" not in (policy or "")
    assert "http" not in (policy or "")
    script = re.findall(r"<script>(.*?)</script>", html, re.S)[0]
    style = re.findall(r"<style>(.*?)</style>", html, re.S)[0]
    for name, body in (("script-src", script), ("style-src", style)):
        digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
        assert rules[name] == f"'sha256-{digest}'", name


def test_the_page_says_its_summary_without_a_script() -> None:
    html = page(made.tables(), made.summary(), made.labels())
    static = html[html.index('<main id="plain">') : html.index("</main>")]
    for said in ("35.0 % less", "Levels are not anchored.", "1 of 1 opened", "Certificate passed", "which is assumed"):
        assert said in static


def test_a_json_block_cannot_end_its_element() -> None:
    block = json_block({"t": made.EVIL + "<!--<script>"})
    assert "<" not in block
    assert ">" not in block
    assert json.loads(block)["t"] == made.EVIL + "<!--<script>"


def test_the_same_run_gives_the_same_bytes() -> None:
    one = page(made.tables(), made.summary(), made.labels())
    assert one == page(made.tables(), made.summary(), made.labels())
