"""The documentation builds without a warning into pages that ask the network for nothing."""

from __future__ import annotations

import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest

DOCS = Path(__file__).resolve().parents[2] / "docs"
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not DOCS.is_dir(), reason="a wheel has no docs/")]


class Loads(HTMLParser):
    """Addresses of what a page loads: not its links, which only a reader follows."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        self.found += [v for k, v in attrs if k in ("src", "srcset") and v]
        if tag == "link" and given.get("href") and given.get("rel") in ("stylesheet", "preload", "icon", "preconnect"):
            self.found.append(given["href"] or "")
        if tag == "a" and given.get("href"):
            self.links.append(given["href"] or "")


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--builder", "html", str(DOCS), str(out)]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
    return out


def test_every_page_of_the_docs_is_in_the_site(site: Path) -> None:
    written = {p.relative_to(DOCS).with_suffix("") for p in DOCS.rglob("*.md")}
    built = {p.relative_to(site).with_suffix("") for p in site.rglob("*.html")}
    assert written <= built


def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        loads = Loads()
        loads.feed(page.read_text(encoding="utf-8"))
        assert [a for a in loads.found if "//" in a] == [], page.name
    for sheet in site.rglob("*.css"):
        assert "@import url(http" not in sheet.read_text(encoding="utf-8"), sheet.name


def test_links_between_pages_lead_somewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        loads = Loads()
        loads.feed(page.read_text(encoding="utf-8"))
        for link in loads.links:
            target = link.split("#")[0]
            if target and "//" not in target and not target.startswith("mailto:"):
                assert (page.parent / target).exists(), f"{page.name}: {link}"


def test_formulas_are_drawn_without_a_script(site: Path) -> None:
    page = (site / "math" / "market.html").read_text(encoding="utf-8")
    assert page.count("<math") > 50
    assert "$" not in page
    assert "<script" not in page.split("<body")[1].split('class="document"')[1].split("sphinxsidebar")[0]
