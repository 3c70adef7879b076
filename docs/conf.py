"""Sphinx builds `docs/` as a site that needs no network: no CDN, no fonts; formulas become MathML when it is built.

make docs        # site/index.html
"""

from __future__ import annotations

from typing import Any

from docutils import nodes
from latex2mathml.converter import convert

from polynya import __version__

project = "Polynya"
author = "The Polynya developers"
project_copyright = "The Polynya developers, Apache-2.0"
version = release = __version__
extensions = ["myst_parser"]
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
exclude_patterns = ["conf.py"]
suppress_warnings = ["misc.highlighting_failure", "myst.xref_missing", "toc.not_included"]
html_theme = "alabaster"
html_theme_options = {
    "description": "If what is being reported came true, what would change, and who says so?",
    "fixed_sidebar": True,
    "font_family": "system-ui, 'DejaVu Sans', sans-serif",
    "head_font_family": "system-ui, 'DejaVu Sans', sans-serif",
    "page_width": "1100px",
    "show_powered_by": False,
}
html_sidebars = {"**": ["about.html", "searchfield.html", "navigation.html"]}
html_copy_source = False
html_math_renderer = "mathml"
language = "en"


def _inline(translator: Any, node: nodes.math) -> None:
    translator.body.append(convert(node.astext()))
    raise nodes.SkipNode


def _block(translator: Any, node: nodes.math_block) -> None:
    translator.body.append(f'<div class="math">{convert(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def setup(app: Any) -> dict[str, bool]:
    """Formulas as MathML, which browsers draw without a script."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
