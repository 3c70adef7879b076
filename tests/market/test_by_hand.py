"""From a small world to the market's numbers, each worked out by hand: what a slip of the pen in `inputs` would move.

Three months from February 2021 (28, 31 and 30 days); one of everything that can stand in a world.
"""

from __future__ import annotations

import math
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from polynya.market.inputs import MarketInputs, build_inputs
from polynya.world import load_world
from polynya.world.load import REFERENCE

DATES = "2020-01-01,"
FACTS = f"""subject,attribute,value,unit,valid_from,valid_to,source,locator,original_value,kind,note
model,parameter_discount_rate_per_year,0.1,1,,,s,t,,assumption,
model,parameter_lng_detour_factor,1.5,1,,,s,t,,assumption,
model,parameter_shipping_cost_usd_per_mmbtu_per_1000nm,0.4,usd_per_mmbtu,{DATES},s,t,,assumption,
model,parameter_boil_off_share_per_1000nm,0.01,1,{DATES},s,t,,assumption,
model,parameter_most_storage_duty_share_of_use,0.35,1,{DATES},s,t,,official,
BB,consumption_bcm,30,bcm,2019-01-01,2019-12-31,s,t,,reported,
BB,consumption_bcm,40,bcm,2020-01-01,2020-12-31,s,t,,reported,
BB,reference_price_usd_per_mmbtu,8,usd_per_mmbtu,2019-01-01,2019-12-31,s,t,,reported,
BB,price_elasticity_medium,-0.4,1,,,s,t,,assumption,
BB,demand_growth_share_per_year,0.5,1,2019-01-01,2019-12-31,s,t,,reported,
BB,demand_growth_share_per_year,0.1,1,2020-01-01,2020-12-31,s,t,,reported,
BB,demand_growth_share_per_year,-0.2,1,2021-01-01,2021-12-31,s,t,,reported,
BB,demand_factor,1.5,1,2021-04-01,2021-04-30,s,t,,assumption,
BB,demand_price_shift_usd_per_mmbtu,2,usd_per_mmbtu,2021-04-01,2021-04-30,s,t,,assumption,
well,production_capacity_bcm_per_year,36.5,bcm_per_year,{DATES},s,t,,reported,
well,availability_share,0.5,1,2021-03-01,2021-03-31,s,t,,reported,
well,production_cost_low_usd_per_mmbtu,2,usd_per_mmbtu,{DATES},s,t,,assumption,
well,production_cost_high_usd_per_mmbtu,6,usd_per_mmbtu,{DATES},s,t,,assumption,
well,tax_usd_per_mmbtu,0.5,usd_per_mmbtu,{DATES},s,t,,assumption,
home,production_capacity_bcm_per_year,7.3,bcm_per_year,{DATES},s,t,,reported,
home,production_cost_low_usd_per_mmbtu,3,usd_per_mmbtu,{DATES},s,t,,assumption,
home,production_cost_high_usd_per_mmbtu,3,usd_per_mmbtu,{DATES},s,t,,assumption,
aa-bb,capacity_bcm_per_year,73,bcm_per_year,{DATES},s,t,,reported,
aa-bb,capacity_limit_bcm_per_year,36.5,bcm_per_year,2021-03-16,2021-03-25,s,t,,reported,
aa-bb,availability_share,0.8,1,2021-04-01,,s,t,,reported,
aa-bb,transport_cost_usd_per_mmbtu,1,usd_per_mmbtu,{DATES},s,t,,assumption,
aa-bb,loss_share,0.02,1,{DATES},s,t,,assumption,
aa-bb,tariff_usd_per_mmbtu,0.3,usd_per_mmbtu,{DATES},s,t,,assumption,
aa-bb,tax_usd_per_mmbtu,0.1,usd_per_mmbtu,{DATES},s,t,,assumption,
aa-bb,ship_or_pay_musd_per_year,365,musd_per_year,{DATES},s,t,,reported,
out,capacity_bcm_per_year,18.25,bcm_per_year,{DATES},s,t,,reported,
out,loss_share,0.1,1,{DATES},s,t,,assumption,
in,capacity_bcm_per_year,36.5,bcm_per_year,{DATES},s,t,,reported,
store,working_bcm,6,bcm,{DATES},s,t,,reported,
store,injection_bcm_per_day,0.02,bcm_per_day,{DATES},s,t,,reported,
store,withdrawal_bcm_per_day,0.05,bcm_per_day,{DATES},s,t,,reported,
store,storage_cost_usd_per_mmbtu,0.6,usd_per_mmbtu,{DATES},s,t,,assumption,
store,loss_share,0.01,1,{DATES},s,t,,assumption,
store,fill_bcm,2,bcm,2021-01-22,2021-01-22,s,t,,reported,
store,fill_bcm,1,bcm,2021-02-11,2021-02-11,s,t,,reported,
store,fill_bcm,1.5,bcm,2019-05-01,2019-05-01,s,t,,reported,
store,minimum_fill_share,0.2,1,2021-04-01,2021-04-01,s,t,,official,
store,minimum_fill_share,0.9,1,2021-05-01,2021-05-01,s,t,,official,
""" + "".join(
    f"BB,demand_share_m{m:02d},{share},1,,,s,t,,derived,\n"
    for m, share in zip(
        range(1, 13), [0.12, 0.11, 0.1, 0.09, 0.07, 0.06, 0.06, 0.06, 0.07, 0.08, 0.08, 0.1], strict=True
    )
)
TABLES = {
    "sources.csv": "id,title,publisher,url,published,accessed,licence,reliability,notice\ns,Page,P,,,,facts,company,\n",
    "nodes.csv": "id,name,region,country,lat,lon,note\nAA,A,Europe,AA,0,0,\nBB,B,Europe,BB,0,60,\n",
    "traders.csv": "id,name,entity,country,group,note,source,locator\nfirst,F,,AA,,,s,t\nsecond,S,,BB,,,s,t\n",
    "supplies.csv": "id,name,node,trader,note,source,locator\nwell,W,AA,first,,s,t\nhome,H,BB,second,,s,t\n",
    "corridors.csv": "id,name,asset,from_node,to_node,length_km,note,source,locator\naa-bb,L,,AA,BB,1,,s,t\n",
    "assets.csv": (
        "id,kind,name,node,operator,part_of,country,lat,lon,note,source,locator\n"
        "out,lng-export,O,AA,,,AA,,,,s,t\nin,lng-import,I,BB,,,BB,,,,s,t\nstore,gas-storage,S,BB,,,BB,,,,s,t\n"
    ),
    "gates.csv": (
        "id,subject,gate,name,measure,valid_from,valid_to,note,source,locator\n"
        "g1,home,repair,shut,,2021-03-01,2021-03-31,,s,t\ng2,in,repair,shut,,2021-02-01,2021-02-28,,s,t\n"
    ),
    "conduct.csv": (
        "trader,node,theta,kind,source,locator\nfirst,BB,0.9,assumption,s,t\nfirst,*,0.2,assumption,s,t\n"
        "first,region:Europe,0.4,assumption,s,t\n"
        "first,BB,0.7,assumption,s,t\n"
    ),
    "frictions.csv": (
        "way,friction_usd_per_mmbtu,slope_usd_per_mmbtu_per_bcm_per_year,valid_from,valid_to,kind,source,locator\n"
        "aa-bb,0.25,0.01,,,derived,s,t\n"
    ),
    "contracts.csv": (
        "id,name,seller,buyer,node,corridor,annual_bcm,minimum_share,index,price_usd_per_mmbtu,valid_from,valid_to,"
        "in_market,kind,note,source,locator\nc,C,first,,BB,,12,0.7,,5,2021-03-01,,true,reported,,s,t\n"
    ),
    "access.csv": "subject,traders,valid_from,valid_to,kind,reason,source,locator\naa-bb,first,2020-01-01,,reported,r,s,t\n",
    "offer_caps.csv": (
        "trader,node,maximum_bcm_per_year,valid_from,valid_to,gates,kind,reason,source,locator,note\n"
        "first,BB,36.5,2021-02-01,2021-03-31,,reported,w,s,t,\nfirst,BB,73,2021-02-01,2021-02-28,,reported,w2,s,t,\n"
        "second,BB,7.3,2021-02-01,,g1,reported,w,s,t,\n"
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hand")
    (folder / "facts").mkdir()
    for name in ("datapackage.yaml", "attributes.csv"):
        (folder / name).write_bytes((REFERENCE / name).read_bytes())
    for name, text in {**TABLES, "facts/f.csv": FACTS}.items():
        (folder / name).write_text(text)
    return folder


@pytest.fixture
def built(folder: Path) -> MarketInputs:
    return build_inputs(load_world(folder), date(2021, 2, 1), 3)


def column(built: MarketInputs, table: str, name: str, **where: str) -> list[float]:
    frame = built.tables[table]
    return (
        frame.filter(*(pl.col(k) == v for k, v in where.items()))
        .sort("period" if "period" in frame.columns else name)[name]
        .to_list()
    )


def near(*numbers: float) -> object:
    return pytest.approx(list(numbers), rel=1e-12)


def test_time(built: MarketInputs) -> None:
    assert column(built, "periods", "weight") == near(1, 1.1 ** (-1 / 12), 1.1 ** (-2 / 12))
    assert column(built, "periods", "days") == [28, 31, 30]


def test_demand_lies_on_the_last_whole_pair_moved_by_growth(built: MarketInputs) -> None:
    """2019 has quantity and price: 30 bcm at 8. Growth of 2020 and 2021 moves it, that of 2019 is in it already."""
    year = 30 * 1.1 * 0.8
    quantity = [year * 0.11, year * 0.1, year * 0.09 * 1.5]
    price = [8.0, 8.0, 10.0]
    # elasticity -0.4 at the reference point: slope = price / (0.4 quantity), intercept = price + slope quantity = 3.5 price
    assert column(built, "demand", "slope") == near(*(p / (0.4 * q) for p, q in zip(price, quantity, strict=True)))
    assert column(built, "demand", "intercept") == near(28, 28, 35)


def test_supply_steps_and_months(built: MarketInputs) -> None:
    """0.1 bcm a day, half of it in March; cost from 2 to 6 in pieces of 50, 46 and 4 %, tax 0.5 on top."""
    month = [2.8, 1.55, 3.0]
    for step, (share, low, high) in enumerate([(0.5, 0.0, 0.15), (0.46, 0.15, 0.55), (0.04, 0.55, 1.0)], start=1):
        size = [share * m for m in month]
        assert column(built, "production", "capacity", step=f"well.{step}") == near(*size)
        assert column(built, "production", "cost", step=f"well.{step}") == near(*[2.5 + 4 * low] * 3)
        assert column(built, "production", "cost_slope", step=f"well.{step}") == near(
            *(4 * (high - low) / s for s in size)
        )
    home = built.tables["production"].filter(pl.col("step") == "home.1")
    assert home["period"].to_list() == ["2021-02", "2021-04"]  # a gate shuts it all of March
    assert home["capacity"].to_list() == near(0.5 * 0.02 * 28, 0.5 * 0.02 * 30)


def test_a_pipeline(built: MarketInputs) -> None:
    """0.2 bcm a day; ten days of March at 0.1; four fifths from April on."""
    line = {"arc": "aa-bb"}
    assert column(built, "arcs", "capacity", **line) == near(0.2 * 28, 0.2 * 21 + 0.1 * 10, 0.8 * 0.2 * 30)
    assert column(built, "arcs", "cost", **line) == near(1.25, 1.25, 1.25)  # 1 and the friction
    assert column(built, "arcs", "cost_slope", **line) == near(*(0.01 * 365 / d for d in (28, 31, 30)))
    for name, value in (("loss", 0.02), ("tariff", 0.3), ("tax", 0.1)):
        assert column(built, "arcs", name, **line) == near(value, value, value)
    fees = built.fees.sort("period")  # 365 million a year, a million a day
    assert fees["musd"].to_list() == near(28, 31, 30)
    assert set(fees["payer"]) == {"first"}


def test_lng(built: MarketInputs) -> None:
    """A plant's capacity counts what it gives: with a loss of a tenth more goes in. The terminal is shut in February."""
    assert column(built, "arcs", "capacity", arc="out") == near(*(0.05 * d / 0.9 for d in (28, 31, 30)))
    assert column(built, "arcs", "capacity", arc="in") == near(3.1, 3.0)
    ends = {(r["arc"], r["from"], r["to"]) for r in built.tables["arcs"].iter_rows(named=True)}
    assert ends >= {("out", "AA", "AA@FOB"), ("in", "BB@DES", "BB"), ("ship-AA-BB", "AA@FOB", "BB@DES")}
    # 60 degrees of the equator times 1.5, in thousands of nautical miles
    far = 1.5 * math.pi / 3 * 3440.065 / 1000
    assert column(built, "arcs", "cost", arc="ship-AA-BB") == near(0.4 * far, 0.4 * far)
    assert column(built, "arcs", "loss", arc="ship-AA-BB") == near(0.01 * far, 0.01 * far)


def test_a_store(built: MarketInputs) -> None:
    """On 1 February it lies half-way between 2 bcm ten days before and 1 bcm ten days after."""
    assert column(built, "storage", "working") == near(6, 6, 6)
    assert column(built, "storage", "injection") == near(0.02 * 28, 0.02 * 31, 0.02 * 30)
    assert column(built, "storage", "withdrawal") == near(0.05 * 28, 0.05 * 31, 0.05 * 30)
    assert column(built, "storage", "cost") == near(0.6, 0.6, 0.6)
    assert column(built, "storage", "initial") == [pytest.approx(1.5), None, None]
    # at the end of April other years had 1.5; no year shows a gain from February to May, so no more than that is asked
    assert column(built, "storage", "final") == [None, None, pytest.approx(1.5)]
    # a fifth of 6 bcm on 1 April binds the end of March; 90 % on 1 May would be 5.4, the law asks at most 35 % of 35
    assert column(built, "storage", "minimum_fill") == [None, pytest.approx(1.2), pytest.approx(5.4)]


def test_the_law_caps_what_a_store_must_hold(folder: Path) -> None:
    """Used in 2019 and 2020: 30 and 40 bcm. With a tenth as the law's most, 3.5 bcm in place of 5.4; 1.2 stays."""
    path = folder / "facts" / "f.csv"
    kept = path.read_text()
    path.write_text(kept.replace("storage_duty_share_of_use,0.35", "storage_duty_share_of_use,0.1"))
    try:
        built = build_inputs(load_world(folder), date(2021, 2, 1), 3)
    finally:
        path.write_text(kept)
    assert column(built, "storage", "minimum_fill") == [None, pytest.approx(1.2), pytest.approx(3.5)]


def test_contract_conduct_caps_and_access(built: MarketInputs) -> None:
    (contract,) = built.tables["contracts"].to_dicts()
    assert (contract["first_period"], contract["last_period"]) == ("2021-03", "2021-04")
    assert contract["minimum"] == pytest.approx(12 * 2 / 12 * 0.7)
    assert contract["price"] == 5
    conduct = {(r["trader"], r["node"]): r["theta"] for r in built.tables["conduct"].iter_rows(named=True)}
    assert conduct == {
        ("first", "BB"): 0.7
    }  # the node before its region before everywhere, and of two the later; nobody buys at AA
    caps = {(r["trader"], r["period"]): r["maximum"] for r in built.tables["caps"].iter_rows(named=True)}
    assert caps == {  # the lower of two; the second seller's cap holds while its gate is shut
        ("first", "2021-02"): pytest.approx(2.8),
        ("first", "2021-03"): pytest.approx(3.1),
        ("second", "2021-03"): pytest.approx(0.62),
    }
    bans = {(r["trader"], r["arc"]) for r in built.tables["bans"].iter_rows(named=True)}
    assert ("second", "aa-bb") in bans
    assert ("first", "aa-bb") not in bans
