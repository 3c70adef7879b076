"""Does the bundled registry answer the founding questions, and does it stay sound on every day it has an edge?"""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction

import pytest

from polynya.control.answer import PARTY_KINDS, party_document
from polynya.control.economic import UNRECORDED, economic_share
from polynya.control.inputs import TABLES, ControlInputs, inputs_from_tables
from polynya.errors import NotFoundError
from polynya.world import load_world

FOUNDING = date(2025, 3, 13)


@pytest.fixture(scope="session")
def registry() -> ControlInputs:
    world = load_world()
    return inputs_from_tables({n: world.tables[n].iter_rows(named=True) for n in TABLES})


def blocked(registry: ControlInputs, who: str, regime: str, day: date) -> str:
    return party_document(registry, who, regime, day)["blocked"]


def test_no_day_holds_more_than_everything(registry):
    """build_graph refuses sums above 100 %: true on every day on which a holding begins or ends."""
    days = {d for e in registry.edges for d in (e.valid_from, e.valid_to) if d}
    days |= {e.valid_to + timedelta(days=1) for e in registry.edges if e.valid_to}
    for day in sorted(days):
        registry.graph(day)


def test_gazprom_is_not_blocked_and_not_investable(registry):
    """The report's own condition: sanctions on foreign investment. Gazprom is on no asset-freeze list, yet E.O. 14066 bars new investment."""
    answer = party_document(registry, "gazprom", "ofac", FOUNDING)
    assert answer["blocked"] == "not"
    bars = {m["id"] for m in answer["measures"] if m["effect"] == "investment_ban" and m["mode"] == "prohibits"}
    assert {"us-eo-14066-investment", "us-eo-14071-investment"} <= bars
    assert {m["jurisdiction"] for m in answer["measures"]} == {"US"}


def test_json_has_exactly_the_announced_keys(registry):
    keys = {"id", "regime", "as_of", "blocked", "proof", "measures", "licences", "unknown", "sources"}
    assert set(party_document(registry, "gazprom", "ofac", FOUNDING)) == keys
    assert set(party_document(registry, "gazprom", "all", FOUNDING)) == keys | {"by_regime"}


@pytest.mark.parametrize(
    ("who", "regime", "day", "verdict"),
    [
        ("nord-stream-2-ag", "ofac", date(2022, 2, 22), "not"),
        ("nord-stream-2-ag", "ofac", date(2022, 2, 23), "certain"),
        ("nord-stream-2", "ofac", FOUNDING, "certain"),  # the pipeline: property of the listed company
        ("nord-stream-ag", "ofac", FOUNDING, "not"),  # Gazprom 51 % is not listed
        ("rosneft", "ofac", date(2025, 10, 21), "not"),
        ("rosneft", "ofac", date(2025, 10, 22), "certain"),
        ("vankorneft", "ofac", date(2025, 10, 22), "certain"),  # 50.1 % Rosneft
        ("nayara-energy", "ofac", date(2025, 10, 22), "not"),  # 49.13 %
        ("pck-schwedt", "ofac", date(2025, 10, 22), "certain"),  # 37.5 + 16.67 = 54.17
        ("miro", "ofac", date(2025, 10, 22), "not"),  # 24 %
        ("bayernoil", "ofac", date(2025, 10, 22), "not"),  # 28.57 %
        ("yamal-lng", "uk", FOUNDING, "not"),  # Timchenko 23.5 and Mikhelson 24.76 of Novatek: 48.26, and not added up
        ("arctic-lng-2", "ofac", date(2023, 11, 2), "certain"),
        ("gazprom", "ssi-4", FOUNDING, "certain"),
        ("novatek", "ssi-4", FOUNDING, "not"),  # Directive 2 only
        ("novatek", "ssi-2", FOUNDING, "certain"),
        ("yamal-lng-jsc", "ssi-2", FOUNDING, "certain"),  # 50.1 % Novatek
    ],
)
def test_verdicts(registry, who, regime, day, verdict):
    assert blocked(registry, who, regime, day) == verdict


def test_trusteeship_takes_the_votes_and_the_licence_relieves_the_designation(registry):
    answer = party_document(registry, "rosneft-deutschland", "ofac", date(2025, 12, 1))
    assert answer["blocked"] == "certain"  # title stays with Rosneft
    relieved = {m["id"]: m["relieved_by"] for m in answer["measures"]}
    assert relieved["us-eo-14024-rosneft-lukoil"] == ["us-gl-129"]
    later = party_document(registry, "rosneft-deutschland", "ofac", date(2026, 3, 6))
    assert [x["id"] for x in later["licences"]] == ["us-gl-129-successor"]


def test_sakhalin_energy_self_holding(registry):
    """August 2022: Gazprom 50.00000001378317 %, the company 49.99999998621683 % of itself: all income is Gazprom's."""
    graph = registry.graph(date(2022, 8, 10))
    assert economic_share(graph, "sakhalin-energy-llc").through["gazprom"] == 1


def test_sakhalin_energy_through_every_change_of_hands(registry):
    def of(holder: str, day: date) -> Fraction:
        return 100 * economic_share(registry.graph(day), "sakhalin-2").share_of(holder)

    assert of("shell", date(2022, 8, 1)) == Fraction("27.49999998621683")
    own = 1 - Fraction("27.49999998621683") / 100  # the unallotted share is held by the company itself
    assert of("mitsui", date(2023, 6, 1)) == Fraction("12.5") / own  # so the others receive more
    assert of("novatek", date(2023, 6, 1)) == 0  # approved, later revoked, never held
    assert of("gazprom", date(2024, 6, 1)) == Fraction("77.5")  # 50.00000001378317 + 27.49999998621683


def test_rosneft_owns_part_of_itself(registry):
    """40.4 / (1 - 0.096) = 44.690265...: the state's share of Rosneft's income; never the naive 110.6 % of the vehicle."""
    found = economic_share(registry.graph(FOUNDING), "rosneft")
    assert found.ultimate["russia"] == Fraction(404, 1000) / Fraction(904, 1000)
    assert sum(found.ultimate.values()) == 1
    assert all(v <= Fraction(1000, 904) for v in found.through.values())


def test_unrecorded_holders_are_never_spread_over_the_others(registry):
    found = economic_share(registry.graph(date(2020, 1, 1)), "gazprom")
    # recorded then: 38.37 + 10.97 + 0.89 = 50.23
    assert found.ultimate[UNRECORDED + "gazprom"] == 1 - Fraction("50.23") / 100


def test_conflicting_reports_stay_side_by_side(registry):
    """Who holds the last quarter of the Amur vehicle is contested: neither share is certain."""
    holders = {e.owner: e for e in registry.graph(FOUNDING).holders_of["amur-vehicle"]}
    assert not holders["fossil-trading"].exact
    assert not holders["mercantile-maritime"].exact


def test_names_never_merge_on_similarity(registry):
    assert registry.parties.find("Nord Stream AG") == "nord-stream-ag"
    assert registry.parties.find("Nord Stream 2 AG") == "nord-stream-2-ag"
    assert registry.parties.find("Nord Stream 2") == "nord-stream-2"
    with pytest.raises(NotFoundError, match="Nord Stream 3 AG"):
        registry.parties.find("Nord Stream 3 AG")


def test_the_name_of_a_party_means_that_party(registry):
    parties = {i for i, kind in registry.parties.kinds.items() if kind in PARTY_KINDS}
    shared = {k: v for k, v in registry.parties.by_name.items() if len(v) > 1 and v & parties}
    assert set(shared) <= AMBIGUOUS


AMBIGUOUS = {"sakhalin-1"}  # an id comes before a name, so the word means the project
