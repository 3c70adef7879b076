"""Do seasons add up? (closed forms on made markets, then the rules for bans, obligations and routes)"""

from __future__ import annotations

from datetime import date
from itertools import pairwise

import polars as pl
import pytest

from polynya.market.answer import Solution
from polynya.market.inputs import MarketInputs
from polynya.market.problem import Problem
from polynya.market.seasons import Period, first_day, horizon_months, joined, joined_legs, plan, season_of
from polynya.market.solve import solve
from polynya.world.capacity import add_months, month_bounds

FIRST = date(2027, 4, 1)


def made(months: int, *, intercept: float = 20.0, cost: float = 4.0, store: bool = False) -> MarketInputs:
    """One market fed by one producer over an arc; winter demand is three times summer's. Cost rises with output."""
    names = [f"{add_months(FIRST, i):%Y-%m}" for i in range(months)]
    days = [float(month_bounds(add_months(FIRST, i))[1].day) for i in range(months)]
    cold = [3.0 if int(n[5:]) in (10, 11, 12, 1, 2, 3) else 1.0 for n in names]
    rows = len(names)
    tables = {
        "periods": pl.DataFrame({"period": names, "weight": [1.0] * rows, "cycle": ["all"] * rows, "days": days}),
        "nodes": pl.DataFrame({"node": ["A", "B"]}),
        "traders": pl.DataFrame({"trader": ["t"], "group": [None]}, schema={"trader": pl.String, "group": pl.String}),
        "demand": pl.DataFrame(
            {
                "node": ["B"] * rows,
                "period": names,
                "intercept": [intercept] * rows,
                "slope": [2.0 / c for c in cold],  # Q = (a - P) x cold / 2
                "fixed": [None] * rows,
                "value_of_lost_load": [None] * rows,
            },
            schema_overrides={"fixed": pl.Float64, "value_of_lost_load": pl.Float64},
        ),
        "production": pl.DataFrame(
            {
                "trader": ["t"] * rows,
                "node": ["A"] * rows,
                "period": names,
                "step": ["s.1"] * rows,
                "capacity": [20.0] * rows,
                "cost": [cost] * rows,
                "cost_slope": [0.2] * rows,
            }
        ),
        "arcs": pl.DataFrame(
            {
                "arc": ["ab"] * rows,
                "from": ["A"] * rows,
                "to": ["B"] * rows,
                "period": names,
                "capacity": [30.0] * rows,
                "cost": [1.0] * rows,
                "loss": [0.0] * rows,
                "tariff": [0.5] * rows,
                "tax": [0.0] * rows,
                "kind": ["pipeline"] * rows,
                "fleet": [None] * rows,
                "ship_days": [None] * rows,
                "lag": [None] * rows,
            },
            schema_overrides={"fleet": pl.String, "ship_days": pl.Float64, "lag": pl.Float64},
        ),
    }
    if store:
        tables["storage"] = pl.DataFrame(
            {
                "storage": ["w"] * rows,
                "node": ["B"] * rows,
                "period": names,
                "working": [60.0] * rows,
                "injection": [10.0] * rows,
                "withdrawal": [10.0] * rows,
                "cost": [0.1] * rows,
                "loss": [0.0] * rows,
                "trader": [None] * rows,
                "initial": [5.0, *[None] * (rows - 1)],
                "final": [*[None] * (rows - 1), 5.0],
                "minimum_fill": [None] * rows,
            },
            schema_overrides={"trader": pl.String, "minimum_fill": pl.Float64},
        )
    gates = pl.DataFrame(schema=dict.fromkeys(("subject", "gate", "period", "kind"), pl.String))
    return MarketInputs(tables=tables, parts=(), gates=gates)


def solved(inputs: MarketInputs) -> Solution:
    answer = solve(Problem.from_tables(dict(inputs.tables)))
    assert answer.certificate["passed"]
    return answer


def test_a_season_of_equal_months_sells_the_sum_of_the_months_at_their_price() -> None:
    """Summer: Q = (20 - P) / 2 a month and P = 4 + 0.2 Q + 1.5, so Q = 14.5 / 2.2 in each of six months."""
    inputs = made(6)
    months, season = solved(inputs), solved(joined(inputs, plan(FIRST, 0, 2027)[:1]))
    each = 14.5 / 2.2
    assert months.consumption["quantity"].to_list() == pytest.approx([each] * 6)
    assert season.consumption["quantity"].to_list() == pytest.approx([6 * each])
    assert season.prices.filter(pl.col("node") == "B")["price"].to_list() == pytest.approx([20 - 2 * each])


def test_months_that_differ_are_one_curve_at_one_price() -> None:
    """At a constant cost of 4 + 1.5 the price is 5.5 in every month, so the season buys what its months buy, exactly."""
    inputs = made(12)
    flat = inputs.tables["production"].with_columns(cost_slope=pl.lit(0.0), capacity=pl.lit(100.0))
    arcs = inputs.tables["arcs"].with_columns(capacity=pl.lit(200.0))
    inputs = MarketInputs({**inputs.tables, "production": flat, "arcs": arcs}, (), inputs.gates)
    year = solved(joined(inputs, [Period("2027", tuple(inputs.tables["periods"]["period"]))]))
    assert year.consumption["quantity"].to_list() == pytest.approx([6 * 14.5 / 2 + 6 * 3 * 14.5 / 2])
    assert year.consumption["quantity"].sum() == pytest.approx(solved(inputs).consumption["quantity"].sum())


def test_without_a_store_a_tail_changes_nothing_before_it() -> None:
    long = solved(joined(made(36), plan(FIRST, 12, 2029)))
    short = solved(made(12))
    first = long.prices.join(short.prices, on=["node", "period"], suffix="_short")
    assert first.height == 24  # two nodes, twelve months
    assert (first["price"] - first["price_short"]).abs().max() == pytest.approx(0.0, abs=1e-7)


def test_with_a_store_a_tail_that_goes_on_as_before_moves_prices_little() -> None:
    """The stock at the end of the months is now free, but the years after are the same: less than 0.1 USD/MMBtu."""
    long = solved(joined(made(60, store=True), plan(FIRST, 24, 2031)))
    short = solved(made(24, store=True))
    both = long.prices.join(short.prices, on=["node", "period"], suffix="_short")
    assert (both["price"] - both["price_short"]).abs().max() < 0.1
    level = {r["period"]: r["level"] for r in long.storage.iter_rows(named=True)}
    assert level["2030-summer"] > 30.0 > level["2030-winter"]  # one turn a year: filled in summer, empty after winter


def test_weights_days_and_capacities_of_a_season() -> None:
    table = joined(made(12), plan(FIRST, 0, 2027)).tables
    assert table["periods"].select("period", "days").rows() == [("2027-summer", 183.0), ("2027-winter", 183.0)]
    assert table["arcs"]["capacity"].to_list() == [180.0, 180.0]
    assert table["production"]["capacity"].to_list() == [120.0, 120.0]
    assert table["production"]["cost"].to_list() == pytest.approx([4.0, 4.0])
    assert table["production"]["cost_slope"].to_list() == pytest.approx([0.2 / 6, 0.2 / 6])


@pytest.mark.parametrize(
    ("first", "months", "until", "expected"),
    [
        (date(2025, 4, 1), 24, 2027, ["2027-summer", "2027-winter"]),
        (date(2025, 7, 1), 24, 2027, ["2027-07-summer", "2027-winter"]),  # July to September, then the winter
        (date(2026, 1, 1), 12, 2026, ["2027-01-winter"]),  # January to March 2027
        (date(2025, 4, 1), 24, None, []),
        (date(2025, 4, 1), 240, 2027, []),  # the months reach further
    ],
)
def test_what_follows_the_months(first: date, months: int, until: int | None, expected: list[str]) -> None:
    periods = plan(first, months, until)
    assert [p.name for p in periods[months:]] == expected
    every = [m for p in periods for m in p.months]
    assert every == [f"{add_months(first, i):%Y-%m}" for i in range(horizon_months(first, months, until))]


def test_names_of_periods_sort_in_the_order_of_time() -> None:
    for first in (date(2025, 4, 1), date(2025, 7, 1), date(2025, 10, 1), date(2026, 1, 1)):
        for months in (0, 2, 24):
            names = [p.name for p in plan(first, months, 2035)]
            assert names == sorted(names)
    assert [season_of(date(2028, m, 1)) for m in (3, 4, 9, 10)] == [
        "2027-winter", "2028-summer", "2028-summer", "2028-winter",
    ]  # fmt: skip


def with_table(months: int, name: str, frame: pl.DataFrame) -> MarketInputs:
    inputs = made(months, store=True)
    return MarketInputs({**inputs.tables, name: frame}, (), inputs.gates)


def ban(first: str, last: str) -> dict[str, str | None]:
    return {"trader": "t", "node": None, "arc": "ab", "first_period": first, "last_period": last, "reason": "law"}


def test_a_ban_closes_a_season_from_half_of_its_days_on_whoever_imposed_its_parts() -> None:
    """May to June and July to August 2027 close the summer together; two months of the winter do not."""
    bans = pl.DataFrame(
        [ban("2027-05", "2027-06"), ban("2027-07", "2027-08"), ban("2027-10", "2027-11")],
        schema_overrides={"node": pl.String},
    )
    out = joined(with_table(12, "bans", bans), plan(FIRST, 0, 2027)).tables["bans"]
    assert out.select("first_period", "last_period").rows() == [("2027-summer", "2027-summer")]


def test_caps_add_up_only_where_every_month_has_one() -> None:
    caps = [
        {"trader": "t", "node": "B", "period": f"{add_months(FIRST, i):%Y-%m}", "maximum": 0.5, "reason": "held back"}
        for i in range(8)
    ]
    out = joined(with_table(12, "caps", pl.DataFrame(caps)), plan(FIRST, 0, 2027)).tables["caps"]
    assert out.select("period", "maximum").rows() == [("2027-summer", 3.0)]


def test_an_obligation_of_november_binds_the_end_of_the_summer() -> None:
    inputs = made(12, store=True)
    due = (
        pl.when(pl.col("period") == "2027-10").then(50.0).when(pl.col("period") == "2028-03").then(8.0)
    )  # dated 1 November and 1 April
    store = inputs.tables["storage"].with_columns(due.alias("minimum_fill"))
    out = joined(with_table(12, "storage", store), plan(FIRST, 0, 2027)).tables["storage"]
    assert out.select("period", "minimum_fill").rows() == [("2027-summer", 50.0), ("2027-winter", 8.0)]
    assert out.select("initial", "final").rows() == [(5.0, None), (None, 5.0)]


def test_a_route_open_in_two_months_carries_what_its_plant_or_fleet_can_in_those() -> None:
    """Plant: 3 bcm a month less 10 % on the way in; fleet: 40 ship-days a month at 20 a bcm, so 2 bcm. Two months: 4."""
    base = made(6).tables["arcs"]
    names = base["period"].to_list()
    plant = base.with_columns(
        arc=pl.lit("plant"), to=pl.lit("A@FOB"), kind=pl.lit("liquefaction"), capacity=pl.lit(3.0), loss=pl.lit(0.1)
    )
    ship = base.with_columns(
        pl.lit("ship").alias("arc"),
        pl.lit("A@FOB").alias("from"),
        pl.lit("ship").alias("kind"),
        pl.lit(None, dtype=pl.Float64).alias("capacity"),
        pl.lit("arc7").alias("fleet"),
        pl.lit(20.0).alias("ship_days"),
    )
    arcs = pl.concat([base, plant, ship.filter(pl.col("period").is_in(names[2:4]))])
    inputs = with_table(6, "arcs", arcs)
    fleets = pl.DataFrame({"fleet": ["arc7"] * 6, "period": names, "ship_days": [40.0] * 6})
    inputs = MarketInputs({**inputs.tables, "fleets": fleets}, (), inputs.gates)
    out = joined(inputs, plan(FIRST, 0, 2027)[:1]).tables
    capacity = dict(out["arcs"].select("arc", "capacity").iter_rows())
    assert capacity == pytest.approx({"ab": 180.0, "plant": 18.0, "ship": 4.0})
    assert out["fleets"]["ship_days"].to_list() == [240.0]
    always = with_table(6, "arcs", pl.concat([base, plant, ship]))
    always = MarketInputs({**always.tables, "fleets": fleets}, (), always.gates)
    route = joined(always, plan(FIRST, 0, 2027)[:1]).tables["arcs"].filter(pl.col("arc") == "ship")
    assert route["capacity"].to_list() == [None]  # open all season: the fleet's ship-days bind by themselves


def test_ways_of_a_season_are_those_of_its_open_months() -> None:
    legs = pl.DataFrame(
        {
            "from_node": ["A"] * 4,
            "to_node": ["B"] * 4,
            "fleet": ["arc7"] * 4,
            "period": ["2027-04", "2027-05", "2027-06", "2027-07"],
            "feasible": [True, True, True, False],
            "days": [10.0, 20.0, 30.0, 99.0],
            "via": ["nsr", "suez", "suez", None],
        }
    )
    out = joined_legs(legs, plan(FIRST, 1, 2027))
    assert out.select("period", "days", "via").rows() == [("2027-04", 10.0, "nsr"), ("2027-05-summer", 25.0, "suez")]


def test_a_gate_is_shut_for_a_season_when_it_is_in_every_month() -> None:
    names = [f"{add_months(FIRST, i):%Y-%m}" for i in range(12)]
    rows = [{"subject": "ab", "gate": "g", "period": n, "kind": "repair"} for n in names[:9]]
    inputs = made(12)
    inputs = MarketInputs(inputs.tables, (), pl.DataFrame(rows))
    assert joined(inputs, plan(FIRST, 0, 2027)).gates["period"].to_list() == ["2027-summer"]


def test_periods_follow_each_other_without_a_gap() -> None:
    every = [m for p in plan(date(2025, 11, 1), 7, 2030) for m in p.months]
    assert all(
        add_months(date.fromisoformat(a + "-01"), 1) == date.fromisoformat(b + "-01") for a, b in pairwise(every)
    )


def test_a_period_is_stamped_at_its_first_day() -> None:
    """Exports put periods on a time axis: the day is that of the first month, whatever the name looks like."""
    for first in (date(2025, 4, 1), date(2025, 7, 1), date(2026, 2, 1)):
        for period in plan(first, 2, 2028):
            assert f"{first_day(period.name):%Y-%m-%d}" == f"{period.months[0]}-01"
