"""The committed bundle of the app is what web/app makes, loads nothing from elsewhere, and trusts no text."""

from __future__ import annotations

import pytest

from tests.bundles import built, bundle_of, needs_web, require_shut, require_unaltered, source_sum

BUNDLE = bundle_of("polynya.server")


@needs_web
def test_the_bundle_was_built_from_these_sources() -> None:
    """Of web/app and of the modules that it shares with the report."""
    assert source_sum("app", "src") == built(BUNDLE)["sources"], "run `make web`"


@pytest.mark.parametrize("name", ["app.js", "app.css"])
def test_the_bundle_is_as_it_was_built(name: str) -> None:
    require_unaltered(BUNDLE, name)


@pytest.mark.parametrize("name", ["app.js", "app.css"])
def test_the_bundle_reaches_nothing_but_its_own_server(name: str) -> None:
    require_shut(BUNDLE, name, fetches=1)  # one place asks the server
