"""What users call a place: spellings, scripts, codes, positions; and who may call there."""

from datetime import date

import pytest

from polynya.errors import NotFoundError, UsageError
from polynya.voyages.places import find_place, fold
from polynya.voyages.service import Refusal, designated, listed, refused


@pytest.mark.parametrize(
    ("text", "port"),
    [
        ("St. Petersburg", "saint-petersburg"),
        ("Sankt-Peterburg", "saint-petersburg"),
        ("Владивосток", "vladivostok"),
        ("Мурманск", "murmansk"),
        ("Göteborg", "gothenburg"),
        ("København", "copenhagen"),
        ("Melkøya", "hammerfest"),
        ("Arkhangel'sk", "arkhangelsk"),
        ("Raslaffan", "ras-laffan"),
        ("Port of Rotterdam", "rotterdam"),
        ("NL RTM", "rotterdam"),
        ("nlrtm", "rotterdam"),
        ("Pusan", "busan"),
        ("Saigon", "ho-chi-minh-city"),
        ("Bombay", "mumbai"),
    ],
)
def test_spellings(bundle, text, port):
    assert find_place(bundle.network, bundle.ports, text).port == port


def test_every_port_is_found_by_its_own_name_id_and_code(bundle):
    for port in bundle.ports:
        for text in (port["id"], port["locode"] or port["id"]):
            found = find_place(bundle.network, bundle.ports, text)
            assert found.port == port["id"], text


def test_positions_with_letters_are_those_with_signs(bundle):
    by_letter = find_place(bundle.network, bundle.ports, "33.9S, 17.5E")
    by_sign = find_place(bundle.network, bundle.ports, "-33.9,17.5")
    assert (by_letter.lat, by_letter.lon) == (by_sign.lat, by_sign.lon) == (-33.9, 17.5)


@pytest.mark.parametrize(
    ("text", "kind"), [("Moscow", NotFoundError), ("91,0", UsageError), ("Tripoli, Lebanon", NotFoundError)]
)
def test_what_is_no_place_at_sea_is_refused(bundle, text, kind):
    """A country behind the name is not guessed away: Tripoli in the list is the Libyan one."""
    with pytest.raises(kind):
        find_place(bundle.network, bundle.ports, text)


def test_fold_leaves_no_accent_or_foreign_letter():
    assert fold("Łódź  Ærøskøbing, Nakhódka") == "lodz aeroskobing nakhodka"


ROW = {"ship": "Test", "listed_by": "EU 2024-12-16; OFAC 2025-01-10 (recalled)", "source": "s"}


def test_a_listing_shuts_the_ports_of_who_listed_from_its_day():
    rows = listed([ROW])
    assert refused(rows, ("Test",), ("BE",), date(2024, 12, 15)) == ()
    assert [r.reason for r in refused(rows, ("Test",), ("BE",), date(2024, 12, 16))] == [
        "Test is listed by EU since 2024-12-16"
    ]
    assert refused(rows, ("Test",), ("CN", "RU"), date(2026, 1, 1)) == ()
    assert refused(rows, ("Another",), ("BE",), date(2026, 1, 1)) == ()
    assert len(refused(rows, ("Test",), ("US",), date(2026, 1, 1))) == 1


def test_a_row_for_every_ship_and_country_holds_for_its_days_only():
    row = Refusal("*", ("*",), date(2025, 1, 1), date(2025, 1, 31), "blockade", "s")
    assert refused([row], ("lng-174k",), ("JP",), date(2025, 1, 15)) == (row,)
    assert refused([row], ("lng-174k",), ("JP",), date(2025, 2, 1)) == ()
    assert refused([row], ("lng-174k",), ("",), date(2025, 1, 15)) == ()  # a position has no country


def test_a_designation_of_the_owner_shuts_the_ports_of_that_regime():
    row = {
        "entity": "sovcomflot", "regime": "uk", "programme": "Russia Regulations 2019", "valid_from": date(2022, 3, 24),
        "valid_to": None, "source": "uk-sanctions-list",
    }  # fmt: skip
    rows = designated([row, {**row, "regime": "ssi-2"}, {**row, "entity": "other"}], "sovcomflot", "A ship")
    assert [r.countries for r in rows] == [("GB",)]
    assert refused(rows, ["A ship"], ["GB"], date(2022, 3, 24))
    assert not refused(rows, ["A ship"], ["GB"], date(2022, 3, 23))
    assert designated([row], "", "A ship") == ()
