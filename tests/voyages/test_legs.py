"""Legs of the market: the shipped table against searches, dates of fleets and bans, sums."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from polynya.commands.voyage import data_folder, legs_for
from polynya.voyages.bundle import read_rows
from polynya.voyages.legs import SHIPS, build_table, fleet_days, read_table_file, shut_set
from polynya.voyages.voyage import solve


@pytest.fixture(scope="module")
def table():
    return read_table_file(data_folder() / "legs.npz")


@pytest.fixture(scope="module")
def ships():
    return read_rows(data_folder(), "fleet_ships")


def test_shipped_table_is_what_the_builder_gives(bundle, table):
    """A part is built again: two origins, one state of the passages, two months."""
    again = build_table(
        bundle, origins=["ras-laffan", "sabetta"], ships=["lng-174k", "lng-arc7"], shuts=["open"], months=[2, 8]
    )
    known = np.isfinite(again.days)
    assert known.sum() > 100
    assert np.allclose(again.days[known], table.days[known], atol=1e-3)
    assert np.allclose(again.nm[known], table.nm[known], atol=0.2)
    assert (again.way[known] == table.way[known]).all()


def test_table_equals_single_voyages(context, ask, table):
    found = solve(context, ask("Sabetta", "Yangshan", "lng-arc7", "2025-08-15", avoid=("panama",)))
    days, nm, way, _ = table.get("lng-arc7", "open", "sabetta", "yangshan", 8)
    assert found.path.total_days == pytest.approx(days, abs=1e-3)
    assert found.distance_nm == pytest.approx(nm, abs=0.2)
    assert way == "nsr"


def test_every_month_of_a_year_in_a_few_seconds():
    frame = legs_for(date(2025, 1, 1), 12)
    assert frame.columns == [
        "from_node", "to_node", "period", "fleet", "hub", "days", "cost_usd_per_mmbtu", "boil_off_share", "ship_days_per_bcm",
        "lag_share", "distance_nm", "via", "passages", "feasible", "reason",
    ]  # fmt: skip
    assert frame["period"].n_unique() == 12
    assert frame.select("from_node", "to_node", "period", "fleet", "hub").is_duplicated().sum() == 0
    good = frame.filter("feasible")
    assert good.select(pl.col("days", "cost_usd_per_mmbtu", "ship_days_per_bcm").min()).row(0) > (0.0, 0.0, 0.0)
    assert good["boil_off_share"].max() < 0.1
    bad = frame.filter(~pl.col("feasible"))
    assert bad["days"].null_count() == len(bad)
    assert (bad["reason"].str.len_chars() > 0).all()


def test_ship_days_by_hand(bundle):
    """Qatar to Japan in 2021: (2 x 6531 nm / 17 kn / 24 h + 2 x 3 days in port) per cargo delivered."""
    row = (
        legs_for(date(2021, 6, 1), 1)
        .filter((pl.col("from_node") == "QA") & (pl.col("to_node") == "JP"))
        .row(0, named=True)
    )
    days = row["days"]
    assert days == pytest.approx(row["distance_nm"] / 17 / 24, rel=2e-5)  # miles are kept to 0.1
    cargo_t = 174000 * 0.985 * 0.45
    delivered = cargo_t * (1 - days * 75 / cargo_t - 0.04) * 1.36e-6  # 75 t/day burnt, 4 % heel, 1.36 bcm per Mt
    assert row["ship_days_per_bcm"] == pytest.approx((2 * days + 6) / delivered, rel=1e-6)
    assert row["lag_share"] == pytest.approx(days / 30.4)


def test_eu_reloading_ends_with_the_ban():
    def ways(first):
        return set(legs_for(first, 1).filter(pl.col("fleet") == "arc7-yamal")["via"].to_list())

    assert not any(w.startswith(("zeebrugge+", "montoir+")) for w in ways(date(2025, 4, 1)))


def test_red_sea_is_left_aside_since_january_2024_but_not_by_russian_cargoes():
    assert shut_set(date(2023, 6, 1), russian=False) == "open"
    assert shut_set(date(2024, 8, 1), russian=False) == "red-sea"
    assert shut_set(date(2024, 8, 1), russian=True) == "open"
    assert shut_set(date(2023, 10, 1), russian=False) == "no-panama"


def test_aqaba_and_ain_sokhna_stay_within_reach_by_suez():
    frame = legs_for(date(2025, 1, 1), 1).filter(
        (pl.col("from_node") == "US-GULF") & pl.col("to_node").is_in(["JO", "EG"])
    )
    assert frame["feasible"].all()
    assert set(frame["via"]) == {"suez"}


def test_fleet_grows_to_fifteen_and_loses_the_listed_ship(ships):
    days = fleet_days(ships, [date(2018, 6, 1), date(2020, 6, 1), date(2025, 6, 1)], availability=1.0)
    yamal = {r["period"]: r["ship_days"] / 30 for r in days.to_dicts() if r["fleet"] == "arc7-yamal"}
    assert yamal["2018-06"] == pytest.approx(5)  # Christophe de Margerie, Vilkitsky, Litke, Toll, Rusanov
    assert yamal["2020-06"] == pytest.approx(15)
    assert yamal["2025-06"] == pytest.approx(14)  # the first one went to Arctic LNG 2 after its listing


def test_arctic_fleets_serve_only_the_ob(ships):
    frame = legs_for(date(2026, 3, 1), 1)
    arctic = frame.filter(pl.col("fleet") != "conventional")
    assert set(arctic["from_node"]) == {"RU-YAM"}
    listed = arctic.filter(pl.col("fleet").str.contains("arctic-lng-2"))
    assert set(listed["to_node"]) <= {"CN-COAST"}
    assert all(r["ship_class"] in SHIPS for r in ships)
