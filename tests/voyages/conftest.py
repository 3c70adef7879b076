"""One bundle and one ice field for all tests of voyages."""

from __future__ import annotations

from datetime import date

import pytest

from polynya.commands.voyage import data_folder
from polynya.voyages.bundle import read_bundle
from polynya.voyages.ice import climatology
from polynya.voyages.places import find_place
from polynya.voyages.voyage import Context, Question


@pytest.fixture(scope="session")
def bundle():
    return read_bundle(data_folder())


@pytest.fixture(scope="session")
def network(bundle):
    return bundle.network


@pytest.fixture(scope="session")
def context(bundle):
    return Context(bundle, climatology(bundle.network.lat, bundle.network.lon, bundle.ice))


@pytest.fixture(scope="session")
def ask(bundle):
    """ask("Sabetta", "Tokyo", "lng-arc7", "2025-08-15", via="nsr") -> Question."""

    def make(origin, destination, ship="lng-174k", depart="2025-08-15", **more):
        return Question(
            origin=find_place(bundle.network, bundle.ports, origin),
            destination=find_place(bundle.network, bundle.ports, destination),
            ship=bundle.ships[ship],
            depart=date.fromisoformat(depart),
            **more,
        )

    return make
