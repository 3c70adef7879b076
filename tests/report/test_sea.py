"""The season that the report draws is the season that the voyage engine computes today."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

import polynya
from polynya.report.sea import sea
from polynya.voyages.bundle import read_bundle
from polynya.voyages.calendar import MONTHS
from polynya.voyages.ice import climatology
from polynya.voyages.places import find_place
from polynya.voyages.voyage import Context, Question, solve

VOYAGES = Path(polynya.__file__).parent / "data" / "voyages"


@pytest.mark.slow
@pytest.mark.parametrize("month", [2, 8])  # the most and the least ice
def test_a_month_of_the_season_is_the_voyage_itself(month: int) -> None:
    bundle = read_bundle(VOYAGES)
    context = Context(bundle, climatology(bundle.network.lat, bundle.network.lon, bundle.ice))
    for entry in sea()["season"]:
        ends = [find_place(bundle.network, bundle.ports, entry[k], {}) for k in ("from", "to")]
        depart = date(int(entry["year"]), month + 1, 15)
        question = Question(*ends, ship=bundle.ships[entry["ship"]], depart=depart, via="nsr")
        found = solve(context, question)
        drawn = entry["days"]["nsr"][month]
        assert (found is None) == (drawn is None), (entry["from"], entry["to"], MONTHS[month])
        if found is not None:
            assert found.path.total_days == pytest.approx(drawn, abs=0.006)  # written to two digits
