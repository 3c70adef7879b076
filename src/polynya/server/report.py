"""How is a run's report shown without trusting it? (report.html -> response)

A run folder may come from somebody else, and its page would run on our origin. A page whose only script is our own bundle
is shown under a policy that lets exactly that script run. Any other (an older version's, a foreign one) is put into a
sandbox: an origin of its own, which this server does not answer to.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path

from fastapi.responses import HTMLResponse

from polynya.report.html import policy

SANDBOX = "sandbox allow-scripts allow-downloads; default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:"


@lru_cache(maxsize=1)
def own_policy() -> str:
    """The policy under which our report runs and nothing else does."""
    bundle = files("polynya.report").joinpath("bundle")
    css, js = (bundle.joinpath(n).read_text(encoding="utf-8") for n in ("report.css", "report.js"))
    return f"{policy(css, js)}; frame-ancestors 'none'"


def report_response(path: Path) -> HTMLResponse:
    """The page with the policy it deserves."""
    text = path.read_text(encoding="utf-8", errors="replace")
    bundle = files("polynya.report").joinpath("bundle", "report.js").read_text(encoding="utf-8")
    header = own_policy() if f"<script>{bundle}</script>" in text else SANDBOX
    return HTMLResponse(text, headers={"content-security-policy": header})
