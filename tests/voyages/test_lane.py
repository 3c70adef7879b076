"""Which side of Novaya Zemlya a transit passes, and which waters are no passage at all."""

import pytest

from polynya.voyages.voyage import answer, solve


def test_a_transit_keeps_to_the_kara_gate_and_tells_of_the_quicker_way(context, ask):
    document = answer(context, ask("Rotterdam", "Yokohama", "lng-arc7", "2025-09-05", via="nsr"))
    assert "kara-gate" in document["passages"]
    (other,) = document["alternatives"]
    assert other["via"] == "cape-zhelaniya"
    assert document["days"] - 1.0 <= other["days"] < document["days"]
    assert any("--via cape-zhelaniya" in n for n in document["notes"])
    asked = answer(context, ask("Rotterdam", "Yokohama", "lng-arc7", "2025-09-05", via="cape-zhelaniya"))
    assert asked["days"] == other["days"]
    assert asked["alternatives"] == []


def test_the_quickest_way_is_taken_when_the_lane_costs_more_than_the_allowance(context, ask):
    """From the north of the Barents Sea the Kara Gate is a detour of well over a day."""
    found = solve(context, ask("77.0,45.0", "cape-dezhnev", "lng-arc7", "2025-09-05"))
    assert found is not None
    assert "cape-zhelaniya" in found.gates
    assert found.quicker is None


def test_whoever_avoids_the_kara_gate_rounds_the_cape(context, ask):
    found = solve(context, ask("Murmansk", "Yokohama", "lng-arc7", "2025-09-05", via="nsr", avoid=("kara-gate",)))
    assert found is not None
    assert "cape-zhelaniya" in found.gates


@pytest.mark.parametrize("depart", ["2025-08-10", "2025-09-05"])
def test_the_north_west_passage_stays_south_of_the_queen_elizabeth_islands(context, ask, depart):
    """Rotterdam - Yokohama by the Parry Channel: no way north of Greenland or Ellesmere Island."""
    document = answer(context, ask("Rotterdam", "Yokohama", "lng-arc7", depart, via="nwp"))
    west = [leg["lat"] for leg in document["legs"] if -130 < leg["lon"] < -20]
    assert west
    assert max(west) < 77.0
    assert 7200 < document["distance_nm"] < 8300  # published for one channel or another: 7,300 to 8,200


def test_the_cheapest_way_is_the_best_of_all_ways_by_hand(context, ask):
    """Every combination of canals tried by hand gives no cheaper way."""
    from itertools import combinations

    q = ask("Houston", "Singapore", "lng-174k", "2025-06-01", objective="cost")
    best = solve(context, q)
    assert best is not None
    ways = [
        solve(context, ask("Houston", "Singapore", "lng-174k", "2025-06-01", avoid=left))
        for n in range(3)
        for left in combinations(("suez", "panama"), n)
    ]
    assert best.cost.total_musd == pytest.approx(min(w.cost.total_musd for w in ways if w is not None))


def test_a_ship_that_would_crawl_takes_an_icebreaker_and_one_that_does_not_sails_alone(context, ask):
    slow = solve(context, ask("Sabetta", "cape-dezhnev", "lng-arc4", "2025-12-05"))
    strong = solve(context, ask("Sabetta", "cape-dezhnev", "lng-arc7", "2025-12-05"))
    alone = solve(context, ask("Sabetta", "cape-dezhnev", "lng-arc4", "2025-12-05", escort="none"))
    assert slow is not None
    assert strong is not None
    assert slow.escorted_nm > 500
    assert strong.escorted_nm == 0
    assert alone is None or alone.path.total_days > slow.path.total_days
