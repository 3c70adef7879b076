"""What the page is told: numbers rounded, nothing lost that can be read, nothing kept that cannot."""

from __future__ import annotations

import json

import polars as pl

from polynya.report.payload import Labels, columns, payload, rounded
from polynya.report.sentences import condition_of, parts, sentences, trust_of
from tests.report import made


def document() -> dict:
    return payload(made.tables(), made.summary(), made.labels())


def test_a_flow_too_small_to_read_is_left_out() -> None:
    assert document()["routes"]["arc"] == ["aa-bb", "ship-AA-BB"]


def test_a_gated_corridor_without_flow_is_kept() -> None:
    tables = made.tables()
    tables["gates"] = tables["gates"].with_columns(pl.lit("tiny").alias("subject"))
    assert "tiny" in payload(tables, made.summary(), made.labels())["routes"]["arc"]


def test_months_without_a_row_carry_no_flow_but_an_unknown_price_stays_unknown() -> None:
    d = document()
    ship = d["routes"]["arc"].index("ship-AA-BB")
    assert d["routes"]["b"][ship] == [0.5, 0]  # no row in the second month: no capacity, no flow
    assert d["prices"]["b"] == [[8, None]]  # NaN is no price
    assert d["prices"]["s"] == [[5, 5.5]]  # 5.00004 to three digits
    assert d["prices"]["determined"] == [0]  # one month of two is not pinned


def test_ends_of_a_voyage_are_its_market_nodes() -> None:
    routes = document()["routes"]
    ship = routes["arc"].index("ship-AA-BB")
    assert (routes["from"][ship], routes["to"][ship]) == (0, 1)  # AA@FOB -> AA, BB@DES -> BB


def test_supply_is_per_year() -> None:
    assert document()["supply"]["s"] == [16.5]  # 2.75 bcm in two months


def test_gates_are_one_character_a_month() -> None:
    gate = document()["gates"][0]
    assert (gate["b"], gate["s"]) == ("10", "00")  # closed in January of the baseline only


def test_a_ban_of_both_cases_is_one_row() -> None:
    assert document()["bans"]["case"] == ["both"]


def test_a_change_knows_what_it_acts_on_through_gates_and_measures() -> None:
    opened, lifted = document()["changes"]
    assert opened["arcs"] == ["aa-bb"]  # g1 is a gate of aa-bb
    assert lifted["arcs"] == ["aa-bb"]  # m1 bans aa-bb


def test_a_measure_acts_on_what_its_gates_close() -> None:
    tables = made.tables()
    tables["changes"] = tables["changes"].with_columns(pl.lit("m2").alias("touches"))
    tables["bans"] = tables["bans"].clear()
    assert payload(tables, made.summary(), made.labels())["changes"][0]["arcs"] == ["aa-bb"]  # gate g1 rests on m2


def test_the_trace_points_at_the_facts_once() -> None:
    d = document()
    assert d["trace"]["arcs"] == {"aa-bb": [0]}  # both cases rest on f1
    assert d["trace"]["demand"] == {"BB": [1]}


def test_only_rents_that_bind_are_told() -> None:
    assert document()["rents"]["id"] == ["aa-bb"]


def test_production_and_markups_come_month_by_month() -> None:
    d = document()
    assert d["production"] == {
        "supply": ["field"], "trader": ["seller"], "node": ["BB"], "b": [[1, 1.25]], "s": [[0.5, 0.75]],
    }  # fmt: skip
    assert (d["markups"]["b"], d["markups"]["s"]) == ([[1, 0]], [[0.5, 0]])  # no row in February: no sale, no markup


def test_findings_that_flip_come_first_with_their_proof() -> None:
    first, second = document()["findings"]
    assert (first["id"], first["flips"], second["flips"]) == ("daughter", True, False)
    assert [next(iter(step)) for step in first["proof_baseline"]] == ["owner", "listed"]
    assert first["proof_scenario"] == []


def test_the_sea_is_drawn_where_the_run_has_voyages() -> None:
    sea = document()["sea"]
    arc7 = sea["season"][0]
    assert (arc7["from"], arc7["to"], arc7["ship"]) == ("Sabetta", "Shanghai", "lng-arc7")
    # by distance alone: 5,800 nm against 12,900 nm, so the Northern Sea Route is the shorter voyage in an ice-free month
    assert arc7["days"]["nsr"][7] < arc7["days"]["suez"][7]
    assert len(sea["ice"]) == 12
    area = [sum(len(line) for line in month) for month in sea["ice"]]
    assert area[2] > area[8]  # the edge of March is longer than that of September
    assert all(-180 <= lon <= 180 and 40 <= lat <= 90 for month in sea["ice"] for line in month for lon, lat in line)


def test_tables_that_a_run_lacks_are_left_out() -> None:
    tables = made.tables()
    for name in ("production", "legs", "findings", "ownership", "standing"):
        del tables[name]
    d = payload(tables, made.summary(), made.labels())
    assert (d["production"], d["findings"], d["ownership"], d["standing"], d["sea"]) == ({}, [], {}, {}, {})
    json.dumps(d, allow_nan=False)


def test_small_gains_are_summed_not_lost() -> None:
    gains = document()["gains"]
    assert gains["id"] == ["BB", "seller"]
    assert gains["rest"] == [{"group": "operators", "rows": 1, "change": 0}]


def test_repeated_texts_are_written_once() -> None:
    frame = pl.DataFrame({"t": ["long text"] * 9 + ["other"], "n": range(10)})
    assert columns(frame)["t"] == {"d": ["long text", "other"], "i": [0] * 9 + [1]}


def test_the_document_is_json_without_nan() -> None:
    json.dumps(document(), allow_nan=False)


def test_rounding() -> None:
    assert rounded(2.00001, 3) == 2
    assert rounded(float("inf"), 3) is None
    assert rounded(None, 3) is None
    assert rounded(-1.2346, 3) == -1.235


def test_ways_come_from_the_legs_where_the_run_has_them() -> None:
    tables = made.tables()
    legs = {"arc": ["ship-AA-BB"] * 2, "period": list(made.MONTHS)}
    tables["legs"] = pl.DataFrame({**legs, "via": ["nsr", "nsr"]})
    assert payload(tables, made.summary(), made.labels())["routes"]["via"] == [None, "nsr"]
    tables["legs"] = pl.DataFrame({**legs, "via": ["suez", "nsr"]})  # the route opens in the second month
    assert payload(tables, made.summary(), made.labels())["routes"]["via"] == [None, ["suez", "nsr"]]


def test_the_way_of_today_is_told_where_it_differs() -> None:
    tables = made.tables()
    legs = {"arc": ["ship-AA-BB"] * 2, "period": list(made.MONTHS), "via": ["cape", "cape"]}
    tables["legs"] = pl.DataFrame({**legs, "via_baseline": ["suez", None]})  # the scenario closes the canal
    routes = payload(tables, made.summary(), made.labels())["routes"]
    assert routes["via_b"] == [None, ["suez", "cape"]]
    tables["legs"] = pl.DataFrame({**legs, "via_baseline": ["cape", "cape"]})
    assert payload(tables, made.summary(), made.labels())["routes"]["via_b"] == [None, None]


NAMES = {"aa-bb": "The line", "AA": "United States", "seller": "Seller", "other": "Other"}


def test_three_sentences_with_their_numbers() -> None:
    price, flow, gain = sentences(made.summary(), NAMES)
    assert price == (
        "If this came true, with 1 open condition met, Europe would pay 35.0 % less for gas on average over 2 months "
        "from January 2026: 5.20 instead of 8.00 USD/MMBtu (16.1 instead of 24.8 EUR/MWh)."
    )
    assert flow == (
        "The line would then carry 15.0 bcm a year instead of none; "
        "Europe would get 13.5 bcm a year more from the United States."
    )
    assert gain == (
        "Europe's consumers would gain 0.0 billion USD over 2 months (discounted over the horizon); of all sellers, "
        "operators and states Seller would gain most (+1.2) and Other would lose most (\N{MINUS SIGN}0.6); "
        "all parties in the world together: +0.6 billion USD."
    )


def test_every_number_of_a_sentence_knows_its_trace() -> None:
    """Numbers that only repeat another unit, a count or a date stand beside one that has a trace."""
    for sentence in parts(made.summary(), NAMES):
        numbers = [(text, sel) for text, sel in sentence if any(c.isdigit() for c in text)]
        assert any(sel for _, sel in numbers)
    wanted = [sel for sentence in parts(made.summary(), NAMES) for _, sel in sentence if sel]
    assert wanted == [
        "mean:Europe",
        "mean:Europe",
        "mean:Europe",
        "flow:aa-bb",
        "supply:AA>Europe",
        "gain:region>Europe",
        "gain:producers>seller",
        "gain:producers>other",
        "gain:all>all",
    ]


def test_the_sentences_stand_in_the_document_in_parts() -> None:
    first = document()["sentences"][0]
    assert ("35.0 % less", "mean:Europe") in first


def test_sentences_say_that_nothing_moves() -> None:
    still = made.summary() | {
        "corridors": [],
        "suppliers_of_europe": [],
        "europe_price": {**made.summary()["europe_price"], "change_percent": -0.04},
    }
    price, flow, _ = sentences(still, {})
    assert "would pay the same for gas, to a twentieth of a per cent on average over 2 months" in price
    assert flow == "No pipeline and no supplier of Europe would move by 0.5 bcm a year or more."


def test_a_horizon_in_seasons_is_said_as_a_time() -> None:
    seasons = made.summary() | {"from": "2025-04-01", "months": 24, "span": "24 months and 18 seasons to 2035-winter"}
    price, _, gains = sentences(seasons, {})
    assert "on average from April 2025 to the winter of 2035/36: " in price
    assert "billion USD to the winter of 2035/36 (" in gains
    assert "from April 2025 to the summer of 2035: " in sentences(seasons | {"span": "6 seasons to 2035-summer"}, {})[0]


def test_a_pipe_that_crosses_a_border_comes_first() -> None:
    """A country's own line feeds it and moves more; nobody asks about that one."""
    inside = {
        "corridor": "ugss",
        "from": "RU-WSIB",
        "to": "RU-EUR",
        "baseline": 479.3,
        "scenario": 503.3,
        "change": 24.0,
    }
    across = {"corridor": "ns2", "from": "RU-EUR", "to": "DE", "baseline": 0.0, "scenario": 23.8, "change": 23.8}
    assert sentences(made.summary() | {"corridors": [inside, across]}, {})[1].startswith("ns2 would then carry 23.8")
    assert sentences(made.summary() | {"corridors": [inside]}, {})[1].startswith("ugss would then carry 503.3")


def test_the_condition_is_said() -> None:
    text = condition_of(made.summary() | {"conditions_not_met": ["x"]})
    assert "1 claim" in text
    assert "1 open condition is met, which is assumed" in text
    assert "1 condition taken as not met" in text
    alone = {"claims_used": 0, "conditions_assumed_met": [], "conditions_not_met": []}
    hangs = condition_of(made.summary() | {"claims_used": 0})
    assert "on no claim that anybody reported, and holds only if" in hangs
    assert condition_of(made.summary() | alone) == "This rests on assumptions alone, on no claim that anybody reported."
    many = {"conditions_assumed_met": ["a", "b", "c"], "conditions_without_claim": ["b", "c"]}
    assert "only if 3 open conditions are met, which is assumed (2 of them reported by nobody)." in condition_of(
        made.summary() | many
    )


def test_how_sure_is_said_with_the_errors_of_the_fit() -> None:
    fitted = {
        "base_years": [2019, 2021],
        "errors": {
            "2019": {"corridors_and_pairs": {"error": 0.11}, "prices": {"TTF": {"error": 0.03}}},
            "2021": {
                "corridors_and_pairs": {"error": 0.14},
                "prices": {"TTF": {"error": -0.04}, "JKM": {"error": -0.137}},
            },
        },
    }
    trust = {**made.summary()["trust"], "calibration": fitted}
    text = trust_of(made.summary() | {"trust": trust})
    assert "published prices by up to 14 % and published flows by 14 % (weighted)" in text  # JKM of 2021; pairs of 2021
    assert "read the difference" in text
    assert trust_of(made.summary()) == "Levels are not anchored."  # without a fit the summary's own words
    assert trust_of(made.summary() | {"trust": {**trust, "anchored": True, "banner": ""}}) == ""
    assert "Asked about" not in text  # nobody measured other years
    off = {"price_annual_avg": {"error": 0.3531}, "eu27_import_by_route": {"error": 0.1038}}
    found = {"years": [2020, 2021], "posed_from": [2019], "errors": {"year": off, "expected": {}}}
    more = trust_of(made.summary() | {"trust": {**trust, "unfitted": found}})
    assert (
        "Asked about 2020 and 2021 with nothing but the prices of 2019 (its costs were fitted to 2021 as well), "
        "it missed prices by 35 % and Europe's imports by route by 10 %. Nothing ties"
    ) in more
    half = {**found, "errors": {"year": {"price_annual_avg": {"error": 0.35}}}}
    assert trust_of(made.summary() | {"trust": {**trust, "unfitted": half}}) == text  # half of it says nothing


def test_names_are_only_those_of_things_on_the_page() -> None:
    d = payload(made.tables(), made.summary(), Labels(names={"aa-bb": "Line", "elsewhere": "Not here"}))
    assert d["names"] == {"aa-bb": "Line"}
