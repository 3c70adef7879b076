"""The committed bundle is what web/ makes: a change there without `make web` is noticed here, without Node.js."""

from __future__ import annotations

import pytest

from tests.bundles import WEB, built, bundle_of, needs_web, require_shut, require_unaltered, source_sum

BUNDLE = bundle_of("polynya.report")


@needs_web
def test_the_bundle_was_built_from_these_sources() -> None:
    assert source_sum("src") == built(BUNDLE)["sources"], "run `make web`"


@pytest.mark.parametrize("name", ["report.js", "report.css"])
def test_the_bundle_is_as_it_was_built(name: str) -> None:
    require_unaltered(BUNDLE, name)


@pytest.mark.parametrize("name", ["report.js", "report.css"])
def test_the_bundle_loads_nothing(name: str) -> None:
    require_shut(BUNDLE, name, fetches=0)


def test_the_bundle_names_the_licences_of_its_parts() -> None:
    head = BUNDLE.joinpath("report.js").read_text(encoding="utf-8").split("*/", 1)[0]
    for part in ("d3-geo", "d3-sankey", "d3-scale", "d3-shape", "topojson-client", "world-atlas"):
        assert part in head


@needs_web
def test_the_lock_names_no_place_to_download_from() -> None:
    assert "resolved" not in (WEB / "package-lock.json").read_text(encoding="utf-8")
