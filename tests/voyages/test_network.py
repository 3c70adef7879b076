"""The shipped network: distances against published ones, passages, land, ports."""

from itertools import pairwise

import numpy as np
import pytest

from polynya.voyages.network import GRID_KIND
from polynya.voyages.places import find_place
from polynya.voyages.voyage import answer, solve

# Published distances; sea-distances.org and searoutes.com as quoted in the LNG-Market notebook, except where named
OPEN_OCEAN = [
    ("Ras Laffan", "Sodegaura", "auto", 6512),
    ("Ras Laffan", "Isle of Grain", "suez", 6260),
    ("Ras Laffan", "Zeebrugge", "suez", 6270),
    ("Gladstone", "Yancheng", "auto", 4134),
    ("Sabine Pass", "Sodegaura", "panama", 9205),
    ("Sabine Pass", "Incheon", "panama", 10005),
    ("Sabine Pass", "Barcelona", "auto", 5206),
    ("Sabine Pass", "Rovigo", "auto", 6354),
    ("Bonny", "Incheon", "cape", 10406),
    ("Point Fortin", "Zeebrugge", "auto", 3984),
    ("Point Fortin", "Sodegaura", "panama", 8885),
    ("Arzew", "Zeebrugge", "auto", 1552),
    ("Qalhat", "Sodegaura", "auto", 6046),
    ("Qalhat", "Zeebrugge", "suez", 5800),
    ("Sabetta", "Zeebrugge", "auto", 2477),
    ("Sabetta", "Dunkirk", "auto", 2494),
    ("Boston", "Anchorage", "panama", 7312),  # NOAA, Distances between United States Ports, 1978
    ("Saint Petersburg", "Vladivostok", "suez", 12527),  # Valdai Club
    ("New York", "Colombo", "suez", 8604),  # NGA Pub. 151, second hand
    ("Rotterdam", "Hong Kong", "cape", 13014),
]
NORTHERN_SEA_ROUTE = [
    ("Murmansk", "Yokohama", 5770),  # Valdai Club
    ("Sabetta", "Sodegaura", 4929),
    ("Sabetta", "Incheon", 5671),
    ("Sabetta", "Rudong", 5778),  # window-to-china.eu 2018
    ("Murmansk", "Shanghai", 6500),  # Tschudi table, rounded
    ("Murmansk", "Busan", 6050),
    ("Saint Petersburg", "Vladivostok", 7711),  # Valdai Club
]


@pytest.mark.parametrize(("origin", "destination", "via", "published"), OPEN_OCEAN)
def test_open_ocean_distances_within_one_and_a_half_percent(context, ask, origin, destination, via, published):
    found = solve(
        context, ask(origin, destination, "lng-arc7", "2025-09-05", via=via, avoid=("nsr",) if via == "auto" else ())
    )
    assert found is not None
    assert found.distance_nm == pytest.approx(published, rel=0.015)


@pytest.mark.parametrize(("origin", "destination", "published"), NORTHERN_SEA_ROUTE)
def test_northern_sea_route_distances_within_three_percent(context, ask, origin, destination, published):
    found = solve(context, ask(origin, destination, "lng-arc7", "2025-09-05", via="nsr"))
    assert found is not None
    assert found.distance_nm == pytest.approx(published, rel=0.03)


def test_via_nsr_sails_the_waters_between_novaya_zemlya_and_bering(context, ask):
    document = answer(context, ask("Rotterdam", "Yokohama", "lng-arc7", "2025-09-01", via="nsr"))
    assert {"vilkitsky", "bering"} <= set(document["passages"])
    inside = [leg for leg in document["legs"] if leg["lat"] > 68 and 60 < leg["lon"] <= 180]
    assert len(inside) > 20


def test_dmitry_laptev_is_too_shallow_for_an_lng_carrier(context, ask):
    document = answer(context, ask("Sabetta", "Tokyo", "lng-arc7", "2025-09-01", via="dmitry-laptev"))
    assert not document["feasible"]
    assert "6.7 m" in document["reason"]


def test_sannikov_refuses_a_loaded_aframax_and_lets_a_small_ship_pass(context, ask):
    deep = answer(context, ask("Sabetta", "Tokyo", "tanker-aframax-ice3", "2025-09-01", via="sannikov"))
    assert not deep["feasible"]  # 14.9 m over a fairway of 13 m
    shallow = answer(context, ask("Sabetta", "Tokyo", "general-cargo-arc4", "2025-09-01", via="sannikov"))
    assert shallow["feasible"]
    assert "sannikov" in shallow["passages"]


def test_avoiding_suez_goes_round_the_cape(context, ask):
    document = answer(context, ask("Ras Laffan", "Rotterdam", avoid=("suez",)))
    assert "cape" in document["passages"]
    assert "suez" not in document["passages"]


@pytest.mark.parametrize(
    ("origin", "destination", "ship", "depart", "via"),
    [
        ("Sabetta", "Tokyo", "lng-arc7", "2025-08-20", "nsr"),
        ("Rotterdam", "Shanghai", "lng-174k", "2025-08-20", "suez"),
        ("Sabine Pass", "Tokyo", "lng-174k", "2025-08-20", "panama"),
        ("Saint Petersburg", "Zeebrugge", "tanker-aframax", "2025-08-20", "auto"),
        ("Hammerfest", "Barcelona", "lng-174k", "2025-08-20", "auto"),
        ("Novorossiysk", "Singapore", "tanker-aframax", "2025-08-20", "auto"),
    ],
)
def test_legs_stay_off_the_land(context, ask, origin, destination, ship, depart, via):
    """By the shipped mask, whose cells are 2 nm and count as land from half on: at most 1 nm and one cell, but for canals and ports.

    The strict test, 1 nm on a mask of 1 km, is the next one; it needs global-land-mask.
    """
    network = context.bundle.network

    def over(a, b):
        return float(network.land_nm(a["lat"], a["lon"], np.array([b["lat"]]), np.array([b["lon"]]))[0])

    assert max(land_of_legs(answer(context, ask(origin, destination, ship, depart, via=via)), over)) <= 3.0


def land_of_legs(document, over):
    """Miles over land of every leg that is neither in a canal nor at a port."""
    canals = [(29.0, 31.6, 32.2, 33.0), (8.7, 9.6, -80.2, -79.2), (40.95, 41.3, 28.9, 29.2), (53.8, 54.5, 9.0, 10.2)]
    legs = document["legs"]
    return [
        over(a, b)
        for k, (a, b) in enumerate(pairwise(legs))
        if 2 <= k < len(legs) - 3
        and not any(s <= p["lat"] <= n and w <= p["lon"] <= e for s, n, w, e in canals for p in (a, b))
    ]


@pytest.mark.peer
def test_legs_stay_off_the_land_on_a_mask_of_one_kilometre(context, ask):
    globe = pytest.importorskip("global_land_mask").globe
    from polynya.voyages.geodesy import along, distance_nm

    def over(a, b):
        lat, lon = along(a["lat"], a["lon"], b["lat"], b["lon"], np.linspace(0, 1, 400))
        return globe.is_land(lat, lon).mean() * float(distance_nm(a["lat"], a["lon"], b["lat"], b["lon"]))

    for origin, destination, ship, via in (
        ("Sabetta", "Tokyo", "lng-arc7", "nsr"),
        ("Rotterdam", "Shanghai", "lng-174k", "suez"),
        ("Novorossiysk", "Singapore", "tanker-aframax", "auto"),
        ("Gladstone", "Dahej", "lng-174k", "auto"),
    ):
        assert max(land_of_legs(answer(context, ask(origin, destination, ship, via=via)), over)) <= 1.0


def test_every_port_is_connected_and_near_the_sea(bundle):
    assert set(bundle.network.port_node) == {p["id"] for p in bundle.ports}
    far = {p: nm for p, nm in bundle.network.port_stub_nm.items() if nm > 25}
    assert set(far) <= {"dudinka"}  # 200 nm up the Yenisei, where the mask shows no river


def test_grid_excess_over_the_geodesic_is_small(network):
    """32 neighbours: among open-water pairs the way on the grid is at most 1.3 % longer at the 95th percentile."""
    from scipy.sparse import csr_matrix
    from scipy.sparse.csgraph import dijkstra

    from polynya.voyages.geodesy import distance_nm

    raw = np.asarray(
        distance_nm(
            network.lat[network.tail], network.lon[network.tail], network.lat[network.head], network.lon[network.head]
        )
    )
    both = (network.kind[network.tail] == GRID_KIND) & (network.kind[network.head] == GRID_KIND)
    graph = csr_matrix((raw[both], (network.tail[both], network.head[both])), shape=(network.size, network.size))
    rng = np.random.default_rng(7)
    cells = np.flatnonzero((network.kind == GRID_KIND) & (network.lat > 68) & (network.lon > -15) & (network.lon < 50))
    excess = []
    for start in rng.choice(cells, 12, replace=False):
        d = dijkstra(graph, indices=np.array([start]))[0]
        for goal in rng.choice(cells, 40, replace=False):
            straight = float(distance_nm(network.lat[start], network.lon[start], network.lat[goal], network.lon[goal]))
            clear = (
                network.land_nm(network.lat[start], network.lon[start], network.lat[[goal]], network.lon[[goal]])[0]
                == 0
            )
            if straight > 150 and clear:
                excess.append(d[goal] / straight - 1)
    assert len(excess) > 100
    assert np.percentile(excess, 95) <= 0.013


def test_places_by_name_locode_and_position(bundle):
    for text in ("Sabetta", "RUSAB", "sabetta", "yamal-lng"):
        assert find_place(bundle.network, bundle.ports, text).port == "sabetta"
    assert find_place(bundle.network, bundle.ports, "51.9,3.5").port == ""
