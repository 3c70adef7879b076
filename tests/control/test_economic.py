"""Where does income go in the end: closed forms, an independent iteration, exact sums, closed loops refused."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polynya.control.economic import UNRECORDED, economic_share
from polynya.control.economic_arrays import group_shares, prepare
from polynya.control.gains import UNITS_PER_MUSD, by_holder, gains_to_owners, split
from polynya.control.graph import Edge, build_graph
from polynya.control.shares import PERCENT, WHOLE
from polynya.errors import InputError

from .conftest import DAY, held


def ultimate(edges, identity):
    return economic_share(build_graph(edges, DAY), identity).ultimate


def test_a_chain_is_a_product():
    edges = [held("S", "H", "60"), held("T", "H", "40"), held("H", "A", "50"), held("U", "A", "50")]
    assert ultimate(edges, "A") == {"S": Fraction(3, 10), "T": Fraction(1, 5), "U": Fraction(1, 2)}


def test_a_self_holding_raises_the_others():
    """Own shares of 20 % pay out again: 40 / 80 each."""
    assert ultimate([held("A", "A", "20"), held("S", "A", "40"), held("T", "A", "40")], "A") == {
        "S": Fraction(1, 2),
        "T": Fraction(1, 2),
    }


def test_two_firms_that_hold_each_other():
    """A = 90 % S + 10 % B, B = 80 % T + 20 % A. x_A = 1 + x_B/5, x_B = x_A/10 -> x_A = 50/49: S gets 45/49, T 4/49."""
    edges = [held("S", "A", "90"), held("B", "A", "10"), held("T", "B", "80"), held("A", "B", "20")]
    assert ultimate(edges, "A") == {"S": Fraction(45, 49), "T": Fraction(4, 49)}


def test_what_nobody_is_recorded_to_hold_stays_unrecorded():
    found = ultimate([held("S", "A", "30"), held("T", "A", None), held("U", "A", "10", "20")], "A")
    assert found == {"S": Fraction(3, 10), "U": Fraction(1, 10), UNRECORDED + "A": Fraction(6, 10)}


def test_a_closed_loop_is_refused_with_its_members():
    edges = [held("A", "B", "100"), held("B", "A", "100"), held("B", "C", "100")]
    with pytest.raises(InputError, match=r"A, B hold themselves to 100 %"):
        ultimate(edges, "C")


def test_a_firm_that_holds_itself_entirely_is_refused():
    with pytest.raises(InputError, match=r"A hold themselves"):
        ultimate([held("A", "A", "100")], "A")


@st.composite
def holdings(draw):
    n = draw(st.integers(2, 7))
    names = [f"n{i}" for i in range(n)]
    edges = []
    for owned in names:
        left = WHOLE - draw(st.sampled_from([0, 1, 5])) * PERCENT
        for owner in draw(st.lists(st.sampled_from(names), max_size=4, unique=True)):
            share = min(draw(st.integers(1, 60)) * PERCENT, left)
            if share > 0:
                left -= share
                edges.append(Edge(owner, owned, share, share))
    return edges


@settings(max_examples=150, deadline=None)
@given(holdings())
def test_shares_add_up_to_one_and_equal_the_series(edges):
    """Against the power series: pay out round after round until almost nothing is left on the way."""
    graph = build_graph(edges, DAY)
    for identity in graph.ids:
        try:
            found = economic_share(graph, identity)
        except InputError:
            continue
        assert sum(found.ultimate.values()) == 1
        assert all(v > 0 for v in found.ultimate.values())
        on_the_way, kept = {identity: 1.0}, dict.fromkeys(graph.ids, 0.0)
        for _ in range(3000):
            step: dict[str, float] = {}
            for node, amount in on_the_way.items():
                holders = graph.holders_of.get(node, ())
                if not holders:
                    kept[node] += amount
                for e in holders:
                    step[e.owner] = step.get(e.owner, 0.0) + amount * e.share_min / WHOLE
            on_the_way = {k: v for k, v in step.items() if v > 1e-16}
        for holder, share in found.ultimate.items():
            if not holder.startswith(UNRECORDED):
                assert kept[holder] == pytest.approx(float(share), abs=1e-6)


@settings(max_examples=100, deadline=None)
@given(holdings())
def test_arrays_equal_the_exact_engine_for_ultimate_holders(edges):
    """On graphs of millions floats are used: the same share of every id's income as the exact one, to 1e-12."""
    graph = build_graph(edges, DAY)
    track = graph.tracks.get("title")
    if track is None:
        return
    try:
        order = prepare(track, len(graph.ids))
        exact = {i: economic_share(graph, i).ultimate for i in graph.ids}
    except InputError:
        return
    sinks = [i for i in graph.ids if not graph.holders_of.get(i)]
    for sink in sinks:
        got = group_shares(order, np.array([graph.index[sink]]))
        for i in graph.ids:
            assert got[graph.index[i]] == pytest.approx(float(exact[i].get(sink, Fraction(0))), abs=1e-12)


def test_arrays_refuse_a_closed_loop():
    graph = build_graph([held("A", "B", "100"), held("B", "A", "100")], DAY)
    with pytest.raises(InputError, match="hold themselves to 100 %"):
        prepare(graph.tracks["title"], 2)


@given(st.integers(-(10**15), 10**15), st.lists(st.integers(1, 1000), min_size=1, max_size=8))
def test_parts_add_up(total, weights):
    shares = [Fraction(w, sum(weights)) for w in weights]
    parts = split(total, shares)
    assert sum(parts) == total
    assert all(abs(p - total * s) < 1 for p, s in zip(parts, shares, strict=True))


def test_gains_add_up_to_the_income_of_each_source():
    graph = build_graph([held("S", "A", "33.3333"), held("T", "A", "66.6667"), held("A", "B", "50")], DAY)
    income = {"A": 1234.56789, "B": -77.1, "elsewhere": 3.0}
    gains = gains_to_owners(income, graph)
    for source, musd in income.items():
        assert sum(g.units for g in gains if g.source == source) == round(Fraction(musd) * UNITS_PER_MUSD)
    assert by_holder(gains)["elsewhere"] == 3.0
    assert by_holder(gains)[UNRECORDED + "B"] == pytest.approx(-38.55)
