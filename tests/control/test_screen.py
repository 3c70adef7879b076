"""Is the verdict right: worked examples first, then an exact naive oracle on random graphs with cycles and ranges."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polynya.control.graph import KINDS, Edge, build_graph
from polynya.control.rules import rule_on
from polynya.control.screen import Listing, screen
from polynya.control.shares import PERCENT, WHOLE
from polynya.errors import InputError, UsageError

from .conftest import DAY, held
from .naive import naive_eu, naive_ofac, naive_uk

# --- The worked examples of OFAC FAQ 401, with its numbers -----------------------------------------------------------


def test_faq_401_first_example(ask):
    """Blocked X owns 50 % of A, A owns 50 % of B: B is blocked, although X's product of shares is 25 %."""
    assert ask([held("X", "A", "50"), held("A", "B", "50")], ["X"])["B"] == "certain"


def test_faq_401_second_example(ask):
    """X owns 50 % of A and of B; each owns 25 % of C: 25 + 25 = 50, C is blocked."""
    edges = [held("X", "A", "50"), held("X", "B", "50"), held("A", "C", "25"), held("B", "C", "25")]
    assert ask(edges, ["X"])["C"] == "certain"


def test_faq_401_third_example(ask):
    """X owns 50 % of A and 10 % of B; A owns 40 % of B: 10 + 40 = 50, B is blocked."""
    assert ask([held("X", "A", "50"), held("X", "B", "10"), held("A", "B", "40")], ["X"])["B"] == "certain"


def test_faq_401_fourth_example(ask):
    """X owns 50 % of A and 25 % of B, A and B own 25 % each of C: A is blocked, B is not, C has 25 % only."""
    edges = [held("X", "A", "50"), held("X", "B", "25"), held("A", "C", "25"), held("B", "C", "25")]
    assert ask(edges, ["X"]) == {"A": "certain", "B": "not", "C": "not", "X": "certain"}


def test_faq_401_fifth_example(ask):
    """X owns 25 % of A and of B, A and B own 50 % each of C: neither A nor B is blocked, so C is not."""
    edges = [held("X", "A", "25"), held("X", "B", "25"), held("A", "C", "50"), held("B", "C", "50")]
    assert ask(edges, ["X"])["C"] == "not"


def test_faq_399_aggregates_over_persons(ask):
    """X 25 % and Y 25 %, both blocked under whatever programme: 50 %, blocked."""
    assert ask([held("X", "A", "25"), held("Y", "A", "25")], ["X", "Y"])["A"] == "certain"


def test_faq_398_control_alone_does_not_block(ask):
    """All the votes and 49 % of the title: not under OFAC; under EU control the same firm is."""
    edges = [held("X", "A", "49"), held("X", "A", "100", kind="votes")]
    assert ask(edges, ["X"])["A"] == "not"
    assert ask(edges, ["X"], "eu")["A"] == "certain"


# --- Exact sums ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shares", "verdict"),
    [
        (["16.67", "16.67", "16.66"], "certain"),  # 50.00 exactly; as floats /100 some such triples fall below 0.5
        (["33.33", "16.66", "0.01"], "certain"),
        (["10.1", "20.2", "19.7"], "certain"),
        (["49.9999999999"], "not"),
        (["49.99999999999999"], "not"),  # one unit of 1e-14 below
        (["25", "24.99999999999999"], "not"),
    ],
)
def test_sums_are_exact(ask, shares, verdict):
    edges = [held(f"P{i}", "A", s) for i, s in enumerate(shares)]
    assert ask(edges, [e.owner for e in edges])["A"] == verdict


# --- Thresholds by date and regime -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("regime", "day", "share", "verdict"),
    [
        ("eu", date(2024, 7, 2), "50", "not"),  # more than 50 % was needed
        ("eu", date(2024, 7, 2), "50.00000000000001", "certain"),
        ("eu", date(2024, 7, 3), "50", "certain"),  # 50 % or more since
        ("eu", date(2024, 7, 3), "49.99999999999999", "not"),
        ("uk", date(2025, 1, 1), "50", "not"),
        ("uk", date(2025, 1, 1), "50.00000000000001", "certain"),
        ("seco", date(2025, 1, 1), "50", "not"),
        ("ofac", date(2025, 1, 1), "50", "certain"),
    ],
)
def test_threshold(ask, regime, day, share, verdict):
    assert ask([held("X", "A", share)], ["X"], regime, day)["A"] == verdict


def test_united_kingdom_does_not_aggregate_unless_joint(ask):
    """30 + 30 of two listed persons: OFAC, EU and SECO add up, the UK does not, except under a joint arrangement."""
    edges = [held("X", "A", "30"), held("Y", "A", "30")]
    assert {r: ask(edges, ["X", "Y"], r)["A"] for r in ("ofac", "eu", "seco", "uk")} == {
        "ofac": "certain",
        "eu": "certain",
        "seco": "certain",
        "uk": "not",
    }
    assert ask(edges, ["X", "Y"], "uk", joint=(frozenset({"X", "Y"}),))["A"] == "certain"


def test_united_kingdom_follows_one_person_through_several_majorities(ask):
    """X holds 60 % of A and of B, each holds 30 % of C: one person's 60 % of C."""
    edges = [held("X", "A", "60"), held("X", "B", "60"), held("A", "C", "30"), held("B", "C", "30")]
    assert ask(edges, ["X"], "uk")["C"] == "certain"


def test_ofac_before_2014_did_not_aggregate(ask):
    edges = [held("X", "A", "25"), held("Y", "A", "25"), held("X", "B", "50")]
    assert ask(edges, ["X", "Y"], day=date(2014, 8, 12)) == {"A": "not", "B": "certain", "X": "certain", "Y": "certain"}


def test_a_suspended_rule_reaches_nobody_and_an_uncertain_one_nothing_for_certain(ask):
    """The Affiliates Rule: in force, suspended on 2025-11-10, not seen from 2026-11-10."""
    edges = [held("X", "A", "50")]
    days = (date(2025, 10, 1), date(2025, 11, 10), date(2026, 11, 10))
    assert [ask(edges, ["X"], "bis-affiliates", d)["A"] for d in days] == ["certain", "not", "possible"]


def test_unknown_regime_and_too_early_a_day_are_refused(rules):
    with pytest.raises(UsageError, match="no regime"):
        rule_on(rules, "ofca", DAY)
    with pytest.raises(UsageError, match="no ownership rule of eu"):
        rule_on(rules, "eu", date(2000, 1, 1))


# --- Cycles, self-holdings, ranges -----------------------------------------------------------------------------------


def test_two_firms_that_own_each_other_are_not_blocked(ask):
    """The least fixpoint; the greatest one would block both out of nothing."""
    assert ask([held("A", "B", "50"), held("B", "A", "50"), held("X", "A", "1")], ["X"])["A"] == "not"


def test_rosneft_self_holding_does_not_lift_the_state_to_half(ask):
    """40.4 % and 9.6 % that the firm holds of itself through a subsidiary: 40.4 + 9.6 = 50.0, yet not blocked."""
    edges = [held("state-holding", "firm", "40.4"), held("sub", "firm", "9.6"), held("firm", "sub", "100")]
    assert ask(edges, ["state-holding"])["firm"] == "not"


def test_self_holding_counts_once_the_firm_is_reached(ask):
    assert ask([held("A", "A", "60"), held("A", "B", "50")], ["A"])["B"] == "certain"
    assert ask([held("X", "A", "40"), held("A", "A", "60")], ["X"])["A"] == "not"


@pytest.mark.parametrize(
    ("edges", "verdict"),
    [
        ([held("X", "A", "40", "60")], "possible"),
        ([held("X", "A", "50", "60")], "certain"),
        ([held("X", "A", "40", "49.9")], "not"),
        ([held("X", "A", None)], "possible"),
        ([held("X", "A", "30")], "not"),  # 70 % without a recorded holder make nothing possible
        ([held("X", "A", None), held("F", "A", "60")], "not"),  # at most 40 % are left for X
        ([held("X", "A", None), held("F", "A", "50")], "possible"),
        ([held("X", "A", "30"), held("Y", "A", None), held("F", "A", "60")], "not"),
        ([held("X", "A", "30"), held("Y", "A", None), held("F", "A", "45")], "possible"),
    ],
)
def test_ranges_and_unknown_shares(ask, edges, verdict):
    assert ask(edges, ["X", "Y"])["A"] == verdict


def test_dates_of_holdings_and_listings(rules):
    edges = [held("X", "A", "100", valid_from=date(2020, 1, 1), valid_to=date(2021, 12, 31))]
    listed = [Listing("X", valid_from=date(2021, 6, 1))]
    seen = {}
    for day in (date(2021, 5, 31), date(2021, 6, 1), date(2021, 12, 31), date(2022, 1, 1)):
        seen[day] = screen(build_graph(edges, day), listed, rule_on(rules, "ofac", day), day)["A"].blocked
    assert list(seen.values()) == ["not", "certain", "certain", "not"]  # last day inclusive


def test_status(ask):
    """A reported stake is possible, an agreed or revoked one is not held."""
    for status, verdict in (("closed", "certain"), ("reported", "possible"), ("agreed", "not"), ("revoked", "not")):
        assert ask([held("X", "A", "51", status=status)], ["X"])["A"] == verdict


def test_more_than_everything_is_refused():
    with pytest.raises(InputError, match=r"110 percent of A \(title\)"):
        build_graph([held("X", "A", "60"), held("Y", "A", "50")], DAY)


def test_many_unknown_holders_do_not_wrap_around(ask):
    """1,500 unknown holders, each with up to 100 %: their sum is beyond 64 bits, the answer is still possible."""
    edges = [held(f"P{i}", "A", None) for i in range(1500)]
    assert ask(edges, [e.owner for e in edges])["A"] == "possible"


# --- Random graphs against the exact oracle --------------------------------------------------------------------------


@st.composite
def graphs(draw):
    n = draw(st.integers(2, 7))
    names = [f"n{i}" for i in range(n)]
    edges = []
    for owned in names:
        for kind in draw(st.lists(st.sampled_from(KINDS), max_size=2, unique=True)):
            left = WHOLE
            for owner in draw(st.lists(st.sampled_from(names), max_size=4, unique=True)):
                low = min(draw(st.sampled_from([0, 10, 20, 25, 30, 40, 50, 51, 60, 100])) * PERCENT, left)
                if low == 25 * PERCENT and draw(st.booleans()):
                    low -= 1  # one unit of 1e-14 percent
                left -= low
                high = draw(st.sampled_from([low, low, min(WHOLE, low + 20 * PERCENT), WHOLE]))
                edges.append(Edge(owner, owned, low, high, kind))
    listed = draw(st.lists(st.sampled_from(names), max_size=3, unique=True))
    return edges, listed


def rational(edges):
    return [(e.owner, e.owned, e.kind, Fraction(e.share_min, WHOLE), Fraction(e.share_max, WHOLE)) for e in edges]


@settings(max_examples=250, deadline=None)
@given(graphs())
def test_equals_the_exact_oracle(rules, case):
    edges, listed = case
    graph = build_graph(edges, DAY)
    present = set(listed) & set(graph.ids)
    asked = {
        ("ofac", DAY): lambda up: naive_ofac(rational(edges), present, up),
        ("eu", date(2024, 7, 2)): lambda up: naive_eu(rational(edges), present, up, True),
        ("eu", DAY): lambda up: naive_eu(rational(edges), present, up, False),
        ("uk", DAY): lambda up: naive_uk(rational(edges), present, up),
    }
    for (regime, day), oracle in asked.items():
        found = screen(graph, [Listing(i) for i in listed], rule_on(rules, regime, day), day)
        certain, possible = oracle(False), oracle(True)
        expected = {i: "certain" if i in certain else "possible" if i in possible else "not" for i in graph.ids}
        assert {i: f.blocked for i, f in found.items()} == expected, (regime, day)


@settings(max_examples=100, deadline=None)
@given(graphs(), st.randoms())
def test_order_of_rows_does_not_matter(rules, case, random):
    edges, listed = case
    shuffled = edges[:]
    random.shuffle(shuffled)
    rule = rule_on(rules, "ofac", DAY)
    one, two = (screen(build_graph(e, DAY), [Listing(i) for i in listed], rule, DAY) for e in (edges, shuffled))
    assert {i: (f.blocked, f.proof) for i, f in one.items()} == {i: (f.blocked, f.proof) for i, f in two.items()}


@settings(max_examples=100, deadline=None)
@given(graphs(), st.integers(0, 6))
def test_one_more_listing_never_frees_anyone(rules, case, k):
    edges, listed = case
    graph = build_graph(edges, DAY)
    order = {"not": 0, "possible": 1, "certain": 2}
    for regime in ("ofac", "eu", "uk"):
        rule = rule_on(rules, regime, DAY)
        before = screen(graph, [Listing(i) for i in listed], rule, DAY)
        after = screen(graph, [Listing(i) for i in [*listed, f"n{k}"]], rule, DAY)
        assert all(order[after[i].blocked] >= order[before[i].blocked] for i in graph.ids)


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_a_proof_proves(rules, case):
    """The direct holdings of a certain finding meet the test, their owners are reached, and the chain ends in lists."""
    edges, listed = case
    graph = build_graph(edges, DAY)
    for regime in ("ofac", "eu", "uk"):
        rule = rule_on(rules, regime, DAY)
        found = screen(graph, [Listing(i) for i in listed], rule, DAY)
        for identity, finding in found.items():
            if finding.blocked == "not":
                assert not finding.proof
                continue
            if identity in listed:
                assert not finding.proof
                assert [x.id for x in finding.listings] == [identity]
                continue
            reached = {identity}
            for owned in [identity, *dict.fromkeys(e.owner for e in finding.proof if e.owner not in listed)]:
                direct = [e for e in finding.proof if e.owned == owned]
                assert len({e.kind for e in direct}) == 1
                held_there = sum(e.share_min if finding.blocked == "certain" else e.share_max for e in direct)
                assert held_there >= finding.needed[direct[0].kind]
                assert all(found[e.owner].blocked != "not" for e in direct)
                reached.add(owned)
            assert {x.id for x in finding.listings} <= set(listed)
            assert finding.listings


# --- Least against greatest ------------------------------------------------------------------------------------------


def greatest(edges, listed):
    """Start from everyone and free whoever does not meet the test: the largest consistent set, for comparison."""
    ids = {e.owner for e in edges} | {e.owned for e in edges}
    inside = set(ids) | set(listed)
    while True:
        out = {
            i
            for i in inside - set(listed)
            if sum(e.share_min for e in edges if e.owned == i and e.kind == "title" and e.owner in inside) * 2 < WHOLE
        }
        if not out:
            return inside
        inside -= out


@settings(max_examples=100, deadline=None)
@given(graphs())
def test_least_is_within_greatest_and_both_agree_without_cycles(rules, case):
    """They differ only where holdings run in circles: nobody is blocked out of nothing."""
    edges, listed = case
    graph = build_graph(edges, DAY)
    rule = rule_on(rules, "ofac", DAY)
    found = screen(graph, [Listing(i) for i in listed], rule, DAY)
    least = {i for i, f in found.items() if f.blocked == "certain"}
    most = greatest(edges, [i for i in listed if i in graph.index]) & set(graph.ids)
    assert least <= most
    above = {i: {e.owner for e in edges if e.owned == i and e.kind == "title" and e.share_min} for i in graph.ids}
    order: list[str] = []
    while free := [i for i in graph.ids if i not in order and above[i] <= set(order)]:
        order += free
    if len(order) == len(graph.ids):  # no cycle
        assert least == most


def test_the_two_halves_show_the_difference(ask):
    edges = [held("A", "B", "50"), held("B", "A", "50")]
    assert greatest(edges, []) == {"A", "B"}
    assert ask(edges, []) == {"A": "not", "B": "not"}
