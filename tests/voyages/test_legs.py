"""Legs of the market: the shipped table against searches, dates of fleets and bans, sums."""

from datetime import date

import numpy as np
import polars as pl
import pytest

from polynya.commands.voyage import data_folder, legs_for
from polynya.voyages.bundle import read_rows
from polynya.voyages.legs import SHIPS, build_table, fleet_days, hub_capacity, read_table_file, shut_set
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


def test_a_listed_ship_leaves_the_fleet_that_serves_those_ports(ships):
    """Christophe de Margerie, listed by the EU on 2024-12-16, counts for Yamal until that day even if nobody ends its row."""
    row = next(r for r in ships if r["ship"] == "Christophe de Margerie" and r["fleet"] == "arc7-yamal")
    days = fleet_days([{**row, "valid_to": None, "listed_by": "EU 2024-12-16"}], [date(2024, 12, 1)], availability=1.0)
    assert days["ship_days"].item() == 16  # 1 to 16 December


def test_hub_capacity_follows_its_dates_and_binds_by_the_month():
    rows = read_rows(data_folder(), "hubs")
    got = {
        (r["hub"], r["period"]): r["capacity_bcm"]
        for r in hub_capacity(rows, [date(2019, 6, 1), date(2019, 8, 1), date(2025, 3, 1), date(2025, 4, 1)]).to_dicts()
    }
    assert got["murmansk", "2019-06"] == pytest.approx(18.2 * 30 / 365 * 1.36, rel=1e-6)  # 1.36 bcm a Mt
    assert got["murmansk", "2019-08"] == 0.0  # the Norwegian permit ended on 30 June, Kildin was not ready
    assert got["zeebrugge", "2025-03"] == pytest.approx(8 * 26 / 365 * 1.36, rel=1e-6)  # until the ban of the 27th
    assert got["zeebrugge", "2025-04"] == got["montoir", "2025-04"] == 0.0


def test_every_hub_way_is_a_leg_of_its_own_and_saves_ship_days():
    frame = legs_for(date(2026, 2, 1), 1).filter((pl.col("fleet") == "arc7-yamal") & (pl.col("to_node") == "JP"))
    by = {r["hub"]: r for r in frame.iter_rows(named=True)}
    assert set(by) == {"", "murmansk"}
    assert by["murmansk"]["ship_days_per_bcm"] < 0.5 * by[""]["ship_days_per_bcm"]


def test_arctic_fleets_serve_only_the_ob(ships):
    frame = legs_for(date(2026, 3, 1), 1)
    arctic = frame.filter(pl.col("fleet") != "conventional")
    assert set(arctic["from_node"]) == {"RU-YAM"}
    listed = arctic.filter(pl.col("fleet").str.contains("arctic-lng-2"))
    assert set(listed.filter("feasible")["to_node"]) <= {"CN-COAST"}
    reason = dict(listed.filter(fleet="arc4-arctic-lng-2").select("to_node", "reason").iter_rows())
    assert "is listed by EU since 2024-12-16" in reason["BE"]  # all four are; of the two Arc7 ships one is not
    assert reason["KR"].startswith("no buyer outside China")
    assert all(r["ship_class"] in SHIPS for r in ships)
