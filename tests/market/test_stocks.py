"""What is in a store on a day, what must a short run leave in it, and does every month have an answer?"""

from __future__ import annotations

from datetime import date
from functools import cache

import pytest

from polynya.errors import NoSolutionError
from polynya.market.inputs import build_inputs
from polynya.market.solve import solve
from polynya.market.stocks import between, closing, gains
from polynya.pipeline import FOUNDING, Ready, _with_remedy, ready
from polynya.results.answer import Question
from polynya.world import World, load_world
from polynya.world.fact import Fact


def seen(*stocks: tuple[str, float]) -> list[Fact]:
    return [
        Fact("store", "fill_bcm", v, "bcm", date.fromisoformat(d), date.fromisoformat(d), "s", "l", "", "derived", "")
        for d, v in stocks
    ]


def test_between_two_stocks_of_one_season_lies_the_straight_line() -> None:
    known = seen(("2022-04-01", 2.0), ("2022-10-01", 20.3))
    found = between(known, date(2022, 7, 1))  # 91 of 183 days
    assert found is not None
    assert found[0] == pytest.approx(2.0 + 18.3 * 91 / 183)
    assert [f.value for f in found[1]] == [2.0, 20.3]


@pytest.mark.parametrize("day", ["2021-03-01", "2021-05-01"])
def test_no_line_crosses_the_turn_of_spring(day: str) -> None:
    """A store seen on 1 January and 1 August was lowest about 1 April: the line would be far above."""
    assert between(seen(("2021-01-01", 17.5), ("2021-08-01", 11.4)), date.fromisoformat(day)) is None


def test_a_run_ends_with_the_stock_that_was_there() -> None:
    known = seen(("2022-08-31", 1.0), ("2022-10-13", 1.43))
    assert closing(known, 0.9, date(2022, 9, 1), date(2022, 10, 1)) == pytest.approx(1.0 + 0.43 * 31 / 43)


def test_an_unknown_end_asks_for_no_more_gain_than_ever() -> None:
    """Gains from 1 July to 1 August: 1 in 2020, 2 in 2021. 2030 begins at 3: at most 5 is asked for, below the
    usual 6.25 (the mean of the four stocks seen within 45 days of 1 August)."""
    known = seen(("2020-07-01", 6.0), ("2020-08-01", 7.0), ("2021-07-01", 5.0), ("2021-08-01", 7.0))
    assert gains(known, date(2030, 7, 1), date(2030, 8, 1)) == pytest.approx([1.0, 2.0])
    assert closing(known, 3.0, date(2030, 7, 1), date(2030, 8, 1)) == pytest.approx(5.0)
    assert closing(known, 6.5, date(2030, 7, 1), date(2030, 8, 1)) == pytest.approx(6.25)  # the usual stock is enough


def test_a_store_of_which_nothing_is_known_must_only_keep_what_it_has() -> None:
    assert closing([], 4.0, date(2030, 7, 1), date(2030, 8, 1)) == 4.0


@cache
def reference() -> World:
    return load_world()


def test_a_filling_obligation_asks_for_no_more_than_the_law() -> None:
    """Latvia used 1.26, 1.11 and 1.19 bcm in 2019 to 2021: 35 % of the mean, 0.41 bcm, as the operator says of itself
    (4.46 TWh of 12.74 TWh a year is 0.40 bcm); 80 % of its store would be 1.73. Germany's 95 % stays: 35 % of its use is more."""
    rows = build_inputs(reference(), date(2022, 10, 1), 1).tables["storage"]
    due = dict(rows.select("storage", "minimum_fill").iter_rows())
    assert due["storage-lv"] == pytest.approx(0.41, abs=0.02)
    assert due["storage-de"] == pytest.approx(0.95 * 22.184)


def solved(first: date, months: int) -> bool:
    made: Ready = ready(Question(scenario=FOUNDING, first=first, months=months))
    return bool(solve(made.pose(made.base).problem).certificate["passed"])


@pytest.mark.parametrize(
    "first", [date(2020, 6, 1), date(2022, 4, 1), date(2022, 9, 1), date(2022, 10, 1), date(2025, 12, 1)]
)
def test_months_that_asked_too_much_of_a_store_have_an_answer(first: date) -> None:
    """Each ended in exit 4: Ukraine's store was asked for the mean of fuller years, Latvia's for stock that no line could bring."""
    assert solved(first, 1)


@pytest.mark.slow
@pytest.mark.parametrize("months", [1, 3, 12])
@pytest.mark.parametrize("year", range(2019, 2027))
def test_every_month_has_an_answer(year: int, months: int) -> None:
    for month in range(1, 13):
        assert solved(date(year, month, 1), months), f"{year}-{month:02d}"


def test_the_message_says_how_a_user_carries_out_the_repair() -> None:
    error = NoSolutionError(
        "too much", where="store s", fix="The cheapest repair: lower the final stock of store s by 1."
    )
    told = str(_with_remedy(error, "scenario"))
    assert "scenario: too much" in told
    assert "--anchor" in told
    assert "set_fact" not in told
