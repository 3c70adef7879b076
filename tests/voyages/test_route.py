"""The search against a naive time-dependent Dijkstra, on small made networks and on the real one."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polynya.voyages.calendar import day_of_year
from polynya.voyages.passages import edge_delays, passage_state
from polynya.voyages.route import allowed_edges, search
from polynya.voyages.voyage import solve

from .naive import naive_earliest


def parts(context, q):
    network = context.bundle.network
    state = passage_state(context.bundle.passage_facts, q.ship, q.depart, q.avoid)
    shut = network.mask_of([g for g in state.shut if g in network.gate_ids])
    return (
        network,
        context.conditions(q.ship, q.depart, q.escort),
        allowed_edges(network, shut, q.ship.draught_m),
        edge_delays(network, state),
    )


PAIRS = [
    ("Sabetta", "Tokyo", "lng-arc7", "2025-07-10"),
    ("Sabetta", "Zeebrugge", "lng-arc7", "2025-02-20"),
    ("Murmansk", "Pevek", "tanker-arc6", "2025-06-25"),
    ("Rotterdam", "Yokohama", "lng-174k", "2025-01-20"),
    ("Hammerfest", "Boryeong", "lng-arc4", "2025-10-20"),
]


@pytest.mark.parametrize(("origin", "destination", "ship", "depart"), PAIRS)
def test_equals_the_naive_time_dependent_dijkstra(context, ask, origin, destination, ship, depart):
    q = ask(origin, destination, ship, depart)
    network, conditions, allowed, delay = parts(context, q)
    expected = naive_earliest(
        network, conditions, q.origin.ends, q.destination.ends, day_of_year(q.depart), allowed, delay
    )
    found = search(network, conditions, q.origin.ends, q.destination.ends, day_of_year(q.depart), allowed, delay)
    assert found is not None
    assert found.total_days == pytest.approx(expected, abs=2e-6)  # 2e-6 days are 0.2 s


@pytest.mark.slow
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_random_queries_equal_the_naive_search(context, ask, data):
    ports = [p["id"] for p in context.bundle.ports]
    origin, destination = data.draw(st.lists(st.sampled_from(ports), min_size=2, max_size=2, unique=True))
    ship = data.draw(st.sampled_from(sorted(context.bundle.ships)))
    depart = f"2025-{data.draw(st.integers(1, 12)):02d}-{data.draw(st.integers(1, 28)):02d}"
    q = ask(origin, destination, ship, depart)
    network, conditions, allowed, delay = parts(context, q)
    expected = naive_earliest(
        network, conditions, q.origin.ends, q.destination.ends, day_of_year(q.depart), allowed, delay
    )
    found = search(network, conditions, q.origin.ends, q.destination.ends, day_of_year(q.depart), allowed, delay)
    if math.isinf(expected):
        assert found is None
    else:
        assert found is not None
        assert found.total_days == pytest.approx(expected, abs=1e-5)


def test_compiled_search_gives_the_same_way(context, ask):
    pytest.importorskip("numba")
    for origin, destination, ship, depart in PAIRS[:2]:
        q = ask(origin, destination, ship, depart)
        network, conditions, allowed, delay = parts(context, q)
        day = day_of_year(q.depart)
        slow = search(network, conditions, q.origin.ends, q.destination.ends, day, allowed, delay)
        fast = search(network, conditions, q.origin.ends, q.destination.ends, day, allowed, delay, fast=True)
        assert slow is not None
        assert fast is not None
        assert fast.total_days == pytest.approx(slow.total_days, abs=2e-6)


def test_waiting_never_helps_while_nothing_opens(context, ask):
    """First in, first out: leaving a day later never means arriving earlier (Arc7, mid-July to mid-October: no rule changes)."""
    arrivals = []
    for day in range(0, 90, 6):
        depart = str(np.datetime64("2025-07-16") + np.timedelta64(day, "D"))
        found = solve(context, ask("Sabetta", "Tokyo", "lng-arc7", depart, via="nsr"))
        assert found is not None
        arrivals.append(day + found.path.total_days)
    assert arrivals == sorted(arrivals)


def test_no_way_is_an_answer_and_not_a_number(context, ask):
    q = ask("Singapore", "Piraeus", avoid=("suez", "gibraltar"))
    assert solve(context, q) is None


def test_via_is_crossed_exactly_once(context, ask):
    found = solve(context, ask("Rotterdam", "Yokohama", via="cape"))
    assert found is not None
    network = context.bundle.network
    crossings = (network.bits[found.path.edges] & np.uint64(network.mask_of(["cape"]))) != 0
    assert crossings.sum() == 1


def test_path_is_connected_and_its_miles_add_up(context, ask):
    found = solve(context, ask("Rotterdam", "Singapore"))
    assert found is not None
    network, path = context.bundle.network, found.path
    assert (network.tail[path.edges] == path.nodes[:-1]).all()
    assert (network.head[path.edges] == path.nodes[1:]).all()
    assert found.distance_nm == pytest.approx(network.nm[path.edges].sum() + path.start_nm + path.end_nm)
