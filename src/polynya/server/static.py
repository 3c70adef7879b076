"""The page itself: one document, one script, one sheet, one picture. (no templates: nothing of a user is in them)"""

from __future__ import annotations

from importlib.resources import files

from fastapi import APIRouter
from fastapi.responses import Response

router = APIRouter(include_in_schema=False)
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="referrer" content="no-referrer"><title>Polynya</title>
<link rel="icon" href="/icon.svg"><link rel="stylesheet" href="/app.css"></head>
<body><div id="app"></div><noscript><p>This page needs JavaScript. The command line does without: polynya --help</p></noscript>
<script src="/app.js"></script></body></html>
"""
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 32 32"><rect width="32" height="32" rx="5" fill="#20303f"/>'
    '<path d="M5 20c4-9 8-2 12-6s6-5 10-3c1 7-3 14-11 14S6 24 5 20z" fill="#7fc4e8"/></svg>'
)


@router.get("/")
def page() -> Response:
    """The document."""
    return Response(PAGE, media_type="text/html; charset=utf-8")


@router.get("/app.js")
def script() -> Response:
    """The bundle."""
    return Response(
        _bundle("app.js"), media_type="text/javascript; charset=utf-8", headers={"cache-control": "no-cache"}
    )


@router.get("/app.css")
def sheet() -> Response:
    """Its sheet."""
    return Response(_bundle("app.css"), media_type="text/css; charset=utf-8", headers={"cache-control": "no-cache"})


@router.get("/icon.svg")
def icon() -> Response:
    """The picture of the tab."""
    return Response(ICON, media_type="image/svg+xml")


def _bundle(name: str) -> bytes:
    return files("polynya.server").joinpath("bundle", name).read_bytes()
