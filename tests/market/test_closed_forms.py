"""Problems whose answer is known without a computer."""

from __future__ import annotations

import pytest

from polynya.market.solve import solve
from tests.market.folder import price, problem, total

NEAR = 1e-6


def test_dantzig_1963_costs_153_675():
    """Two canneries, three markets, freight 90 a case and thousand miles (Dantzig 1963, ch. 3.3): least cost 153.675."""
    miles = {
        ("seattle", "new-york"): 2.5, ("seattle", "chicago"): 1.7, ("seattle", "topeka"): 1.8,
        ("san-diego", "new-york"): 2.5, ("san-diego", "chicago"): 1.8, ("san-diego", "topeka"): 1.4,
    }  # fmt: skip
    asked = problem(
        nodes="node\nseattle\nsan-diego\nnew-york\nchicago\ntopeka",
        traders="trader\ncannery",
        demand="node,period,fixed\nnew-york,1,325\nchicago,1,300\ntopeka,1,275",
        production="trader,node,period,step,capacity,cost\ncannery,seattle,1,1,350,0\ncannery,san-diego,1,1,600,0",
        arcs="arc,from,to,period,capacity,cost,loss\n"
        + "\n".join(f"{a}-{b},{a},{b},1,,{0.09 * m},0" for (a, b), m in miles.items()),
    )
    answer = solve(asked)
    sent = answer.flows.join(asked.arcs, on=["arc", "period"])
    assert (sent["quantity"] * sent["cost"]).sum() == pytest.approx(153.675, abs=1e-9)


@pytest.mark.parametrize("n", [1, 2, 3, 7])
@pytest.mark.parametrize("theta", [0.0, 0.5, 1.0])
def test_n_sellers_with_conjectures(n, theta):
    """P = 10 - Q, cost 2: each sells s with 10 - n s - 2 = theta s, so s = 8 / (n + theta), P = 10 - 8 n / (n + theta)."""
    answer = solve(
        problem(
            nodes="node\nA",
            traders="trader\n" + "\n".join(f"firm-{i}" for i in range(n)),
            conduct=f"trader,node,theta\n*,*,{theta}",
            demand="node,period,intercept,slope\nA,*,10,1",
            production="trader,node,period,step,capacity,cost\n*,A,*,1,,2",
        )
    )
    sold = n * 8 / (n + theta) if theta else 8.0  # price takers sell until P = 2
    assert answer.certificate["passed"]
    assert total(answer.sales) == pytest.approx(sold, rel=NEAR)
    assert price(answer, "A") == pytest.approx(10 - sold, rel=NEAR)


def test_gabriel_et_al_2013_coal_competition_and_cournot():
    """Three firms, two mines each (Gabriel et al. 2013, ch. 3): P = 2.5 - Q / 60000.

    Competition: mines of cost 0.55, 0.62, 0.78, 0.81 run full at 72,000, and the next one, 1.25, sets the price: Q = 75,000.
    Cournot: firm 1 runs both mines (0.81 at the margin), firms 2 and 3 their cheap ones: P = 1.36333, Q = 68,200.
    """
    mines = """trader,node,period,step,capacity,cost
        i1,yard,*,b1,21000,0.55\ni1,yard,*,b2,16000,0.81\ni2,yard,*,b1,17000,0.62\ni2,yard,*,b2,22000,1.25
        i3,yard,*,b1,18000,0.78\ni3,yard,*,b2,14000,1.35"""
    market = {
        "nodes": "node\nyard", "traders": "trader\ni1\ni2\ni3", "production": mines,
        "demand": f"node,period,intercept,slope\nyard,*,2.5,{1 / 60000}",
    }  # fmt: skip
    competition = solve(problem(**market))
    assert price(competition, "yard") == pytest.approx(1.25, abs=1e-7)
    assert total(competition.sales) == pytest.approx(75_000, rel=1e-7)
    cournot = solve(problem(conduct="trader,node,theta\n*,*,1", **market))
    assert price(cournot, "yard") == pytest.approx(1.363333333, abs=1e-7)
    assert total(cournot.sales) == pytest.approx(68_200, rel=1e-6)


def test_a_way_that_gets_dearer_as_more_is_sent():
    """P = 20 - Q at B, made at A for 2, sent for 1 + Q / 2: 20 - Q = 3 + Q / 2, so Q = 34 / 3 and P = 26 / 3.

    A way beside it at a flat 6 takes what is above the point where 1 + Q / 2 = 6: the first carries 10, P = 8, the other 2.
    The rise of the cost is a resource cost: the seller keeps 6 x 10 - (1 x 10 + 10^2 / 4) = 25 of the price difference.
    """
    given = {
        "nodes": "node\nA\nB", "traders": "trader\nf", "demand": "node,period,intercept,slope\nB,*,20,1",
        "production": "trader,node,period,step,capacity,cost\nf,A,*,1,,2",
    }  # fmt: skip
    arcs = "arc,from,to,period,capacity,cost,loss,cost_slope\nab,A,B,*,,1,0,0.5"
    alone = solve(problem(arcs=arcs, **given))
    assert alone.certificate["passed"]
    assert price(alone, "B") == pytest.approx(26 / 3, rel=NEAR)
    assert total(alone.flows) == pytest.approx(34 / 3, rel=NEAR)
    both = solve(problem(arcs=arcs + "\nflat,A,B,*,,6,0,0", **given))
    assert both.certificate["passed"]
    assert price(both, "B") == pytest.approx(8, rel=NEAR)
    assert dict(both.flows.select("arc", "quantity").iter_rows()) == pytest.approx({"ab": 10, "flat": 2}, rel=NEAR)
    assert both.welfare["producers"] == pytest.approx(25, rel=NEAR)
    assert both.welfare["consumers"] == pytest.approx(72, rel=NEAR)


def test_duopoly_over_one_line_pays_congestion_rent():
    """P = 20 - Q, cost 2 and freight 1: unbound Cournot ships 2 (20 - 3) / 3 = 11.33 over a line of 8, so each ships 4.

    P = 12; marginal revenue 12 - 4 = 8; what is left after cost and freight, 8 - 3 = 5, is the line's rent.
    """
    answer = solve(
        problem(
            nodes="node\nA\nB", traders="trader\nf1\nf2", conduct="trader,node,theta\n*,*,1",
            demand="node,period,intercept,slope\nB,*,20,1", production="trader,node,period,step,capacity,cost\n*,A,*,1,,2",
            arcs="arc,from,to,period,capacity,cost,loss\nab,A,B,*,8,1,0",
        )
    )  # fmt: skip
    assert price(answer, "B") == pytest.approx(12, rel=NEAR)
    assert answer.rents.filter(kind="arc")["rent"].item() == pytest.approx(5, rel=NEAR)
    assert answer.welfare["operators"] == pytest.approx(40, rel=NEAR)  # 5 a unit on 8 units
    assert answer.welfare["consumers"] == pytest.approx(32, rel=NEAR)  # 8 x 8 / 2
    assert answer.welfare["producers"] == pytest.approx(32, rel=NEAR)  # 8 units at 12 - 2 - 1 - 5


def test_loss_raises_the_price_at_the_far_end():
    """One price taker at cost 3 sends over an arc of cost 1 that loses 20 %: a delivered unit costs 4 / 0.8 = 5."""
    answer = solve(
        problem(
            nodes="node\nA\nB", traders="trader\nf", demand="node,period,intercept,slope\nB,*,20,1",
            production="trader,node,period,step,capacity,cost\nf,A,*,1,,3", arcs="arc,from,to,period,capacity,cost,loss\nab,A,B,*,,1,0.2",
        )
    )  # fmt: skip
    assert price(answer, "B") == pytest.approx(5, rel=NEAR)
    assert total(answer.flows) == pytest.approx(15 / 0.8, rel=NEAR)


TWO_SEASONS = {"periods": "period,weight\nsummer,1\nwinter,1", "nodes": "node\nA"}
STORE = "storage,node,period,working,injection,withdrawal,cost,loss\nw,A,*,{},{},{},{},{}"


def test_storage_arbitrage_of_price_takers_over_two_seasons():
    """6 produced each season; P = 10 - Q in summer, 20 - Q in winter; injection costs 1 and loses 10 %.

    i injected: 0.9 (20 - 6 - 0.9 i) = (10 - 6 + i) + 1, so 1.81 i = 7.6.
    """
    i = 7.6 / 1.81
    answer = solve(
        problem(
            **TWO_SEASONS, traders="trader\nf", demand="node,period,intercept,slope\nA,summer,10,1\nA,winter,20,1",
            production="trader,node,period,step,capacity,cost\nf,A,*,1,6,0", storage=STORE.format(50, 50, 50, 1, 0.1),
        )
    )  # fmt: skip
    assert answer.storage["injection"].sum() == pytest.approx(i, rel=NEAR)
    assert price(answer, "A", "summer") == pytest.approx(4 + i, rel=NEAR)
    assert price(answer, "A", "winter") == pytest.approx(14 - 0.9 * i, rel=NEAR)


def test_a_monopolist_faces_the_desk_of_a_competitive_store():
    """Cost 2, P = 10 - Q and 20 - Q, injection costs 1. The desk buys i in summer and sells it in winter.

    p1 = (10 + i + 2) / 2, p2 = (20 - i + 2) / 2 from the monopolist, p2 = p1 + 1 from the desk: i = 4, p1 = 8, p2 = 9.
    """
    answer = solve(
        problem(
            **TWO_SEASONS, traders="trader\nm", conduct="trader,node,theta\nm,A,1",
            demand="node,period,intercept,slope\nA,summer,10,1\nA,winter,20,1",
            production="trader,node,period,step,capacity,cost\nm,A,*,1,,2", storage=STORE.format("", "", "", 1, 0),
        )
    )  # fmt: skip
    assert price(answer, "A", "summer") == pytest.approx(8, rel=NEAR)
    assert price(answer, "A", "winter") == pytest.approx(9, rel=NEAR)
    assert answer.storage["trader"].null_count() == 2


def test_an_inframarginal_volume_carries_no_markup():
    """Monopoly, P = 10 - Q, cost 2, 3 sold ahead: 10 - s - (s - 3) = 2, so s = 5.5 and the markup is 5.5 - 3 = 2.5."""
    answer = solve(
        problem(
            nodes="node\nA", traders="trader\nm", conduct="trader,node,theta\nm,A,1", demand="node,period,intercept,slope\nA,*,10,1",
            production="trader,node,period,step,capacity,cost\nm,A,*,1,,2",
            contracts="contract,trader,node,first_period,last_period,minimum,maximum,price,inframarginal\nk,m,A,,,,,4,3",
        )
    )  # fmt: skip
    assert total(answer.sales) == pytest.approx(5.5, rel=NEAR)
    assert answer.markups["markup"].item() == pytest.approx(2.5, rel=NEAR)
    assert answer.welfare["consumers"] == pytest.approx(5.5**2 / 2 + 3 * (4.5 - 4), rel=NEAR)  # 3 bought at 4, not 4.5


def test_a_group_acts_as_one():
    """Two of three symmetric sellers merge: a duopoly of the group and the outsider, P = 10 - Q, cost 1: P = (10 + 2) / 3 = 4."""
    answer = solve(
        problem(
            nodes="node\nA", traders="trader,group\nf1,g\nf2,g\nf3,", conduct="trader,node,theta\n*,*,1",
            demand="node,period,intercept,slope\nA,*,10,1", production="trader,node,period,step,capacity,cost\n*,A,*,1,,1",
        )
    )  # fmt: skip
    assert price(answer, "A") == pytest.approx(4, rel=NEAR)
    assert answer.markups["markup"].to_list() == pytest.approx([3, 3, 3], rel=NEAR)


def test_a_fleet_binds_and_its_day_has_a_price():
    """2 ship-days a unit and 6 days carry 3 units; P = 20 - 3 = 17, and 17 - 4 - 1 = 12 a unit is 6 a ship-day."""
    answer = solve(
        problem(
            nodes="node\nA\nB", traders="trader\nf", demand="node,period,intercept,slope\nB,*,20,1",
            production="trader,node,period,step,capacity,cost\nf,A,*,1,,4", fleets="fleet,period,ship_days\narc7,*,6",
            arcs="arc,from,to,period,capacity,cost,loss,fleet,ship_days\nab,A,B,*,,1,0,arc7,2",
        )
    )  # fmt: skip
    assert price(answer, "B") == pytest.approx(17, rel=NEAR)
    assert answer.rents.filter(kind="fleet")["rent"].item() == pytest.approx(6, rel=NEAR)


def test_a_hub_binds_over_all_ways_through_it_and_a_transfer_has_a_price():
    """Ways ah and bh share 3 units; the first 3 go to the dearer market, P = 20 - 3 = 17 there, and 17 - 4 - 1 = 12 a transfer.

    A market that clears without transfers (10 - 6 = 4 = cost) gets none of them.
    """
    answer = solve(
        problem(
            nodes="node\nA\nB\nC", traders="trader\nf", demand="node,period,intercept,slope\nB,*,20,1\nC,*,10,1",
            production="trader,node,period,step,capacity,cost\nf,A,*,1,,4", hubs="hub,period,capacity\nh,*,3",
            arcs="arc,from,to,period,capacity,cost,loss,hub\nab,A,B,*,,1,0,h\nac,A,C,*,,1,0,h\ndirect,A,C,*,,0,0,",
        )
    )  # fmt: skip
    assert price(answer, "B") == pytest.approx(17, rel=NEAR)
    assert price(answer, "C") == pytest.approx(4, rel=NEAR)
    assert answer.rents.filter(kind="hub")["rent"].item() == pytest.approx(12, rel=NEAR)
    earned = answer.accounts.filter(kind="hub", party="operators")
    assert earned["amount"].sum() == pytest.approx(36, rel=NEAR)  # 3 units at 12


def test_late_deliveries_wrap_around():
    """All of a month's cargoes arrive in the next one; with one month, that is the month itself, and nothing is lost."""
    market = {
        "nodes": "node\nA\nB", "traders": "trader\nf", "production": "trader,node,period,step,capacity,cost\nf,A,*,1,5,1",
        "arcs": "arc,from,to,period,capacity,cost,loss,lag\nab,A,B,*,,1,0,1",
    }  # fmt: skip
    one = solve(problem(demand="node,period,intercept,slope\nB,*,20,1", **market))
    assert price(one, "B") == pytest.approx(15, rel=NEAR)
    two = solve(
        problem(periods="period,weight\na,1\nb,1", demand="node,period,intercept,slope\nB,a,20,1\nB,b,10,1", **market)
    )
    assert (price(two, "B", "a"), price(two, "B", "b")) == pytest.approx((15, 5), rel=NEAR)


def test_investment_counts_from_the_next_period_and_earns_its_cost():
    """Line of 2, P = 20 - Q both years, cost 2. Expansion d at 6 a unit, used in year 2 only: 20 - (2 + d) - 2 = 6, d = 10."""
    answer = solve(
        problem(
            periods="period,weight\ny1,1\ny2,1", nodes="node\nA\nB", traders="trader\nf", demand="node,period,intercept,slope\nB,*,20,1",
            production="trader,node,period,step,capacity,cost\nf,A,*,1,,2", arcs="arc,from,to,period,capacity,cost,loss\nab,A,B,*,2,0,0",
            investments="kind,id,period,maximum,cost\narc,ab,*,,6",
        )
    )  # fmt: skip
    assert total(answer.investments) == pytest.approx(10, rel=NEAR)
    assert price(answer, "B", "y1") == pytest.approx(18, rel=NEAR)
    assert price(answer, "B", "y2") == pytest.approx(8, rel=NEAR)


@pytest.mark.parametrize(("cost", "fill", "grown"), [(99, 2, 0), (99, 4, 1), (1, 2, 3)])
def test_a_store_that_grows_keeps_its_least_fill(cost, fill, grown):
    """A store of 3 that may grow by up to 3, with a least fill at the end of b. Made: 8 a period at no cost.

    P = 10 - Q in a and b, 40 - Q in c, so each unit that fits into the store earns 40 - 11 - (10 - 8 + 1) and more.
    Growth at a cost of 99 comes only where 4 must be in store: 1. At a cost of 1 all that is offered is bought: 3, and
    a least fill of 2 neither grows with the store nor asks for more.
    """
    made = "storage,node,period,working,injection,withdrawal,cost,loss,initial,minimum_fill"
    rows = [f"w,A,{m},3,9,9,0,0,,{fill if m == 'b' else ''}" for m in "abc"]
    answer = solve(
        problem(
            periods="period,weight\na,1\nb,1\nc,1", nodes="node\nA", traders="trader\nf",
            demand="node,period,intercept,slope\nA,a,10,1\nA,b,10,1\nA,c,40,1", storage="\n".join([made, *rows]),
            production="trader,node,period,step,capacity,cost\nf,A,*,1,8,0",
            investments=f"kind,id,period,maximum,cost\nstorage,w,a,3,{cost}",
        )
    )  # fmt: skip
    assert answer.certificate["passed"]
    assert total(answer.investments) == pytest.approx(grown, rel=NEAR, abs=1e-9)
    assert answer.storage.filter(period="b")["level"].sum() == pytest.approx(3 + grown, rel=NEAR)


def test_caps_and_bans_hold():
    """A cap of 1 at B by month, a ban by `*` on C: sales 1, 0 and the rest at A."""
    answer = solve(
        problem(
            nodes="node\nA\nB\nC", traders="trader\nf\ng", demand="node,period,intercept,slope\nA,*,10,1\nB,*,10,1\nC,*,10,1",
            production="trader,node,period,step,capacity,cost\nf,A,*,1,,2\ng,A,*,1,,3",
            arcs="arc,from,to,period,capacity,cost,loss\nab,A,B,*,,0,0\nac,A,C,*,,0,0",
            caps="trader,node,period,maximum,reason\nf,B,*,1,withheld", bans="trader,node,arc,first_period,last_period,reason\n*,C,,*,*,law",
        )
    )  # fmt: skip
    assert total(answer.sales, trader="f", node="B") == pytest.approx(1, rel=NEAR)
    assert total(answer.sales, node="C") == 0
    assert price(answer, "B") == pytest.approx(3, rel=NEAR)  # the uncapped rival sets it
    assert not answer.prices.filter(node="C")["determined"].item()  # nobody trades there


def test_a_kink_gives_an_interval():
    """Fixed demand of 5 exactly at the end of a step of cost 2, next step 7: any price from 2 to 7 clears."""
    answer = solve(
        problem(
            nodes="node\nA", traders="trader\nf", demand="node,period,fixed\nA,*,5",
            production="trader,node,period,step,capacity,cost\nf,A,*,1,5,2\nf,A,*,2,5,7",
        )
    )  # fmt: skip
    row = answer.prices.row(0, named=True)
    assert not row["determined"]
    assert (row["price_lo"], row["price_hi"]) == pytest.approx((2, 7))


TRANSIT = {
    "nodes": "node\nA\nT\nB", "demand": "node,period,intercept,slope\nB,*,20,1",
    "arcs": "arc,from,to,period,capacity,cost,loss\nat,A,T,*,{},1,0\ntb,T,B,*,{},1,0",
}  # fmt: skip


def through(capacities: tuple[str, str], **more: str):
    arcs = TRANSIT["arcs"].format(*capacities)
    made = "trader,node,period,step,capacity,cost\n*,A,*,1,,2"
    return solve(problem(**{**TRANSIT, "traders": "trader\nf", "production": made, **more, "arcs": arcs}))


def test_at_a_transit_node_gas_has_the_worth_of_what_it_cost():
    """Gas passes through T, nobody buys there: it cost 2 + 1, and 3 it is worth, neither more nor less."""
    row = through(("", "")).prices.filter(node="T").row(0, named=True)
    assert row["determined"]
    assert (row["price"], row["price_lo"], row["price_hi"]) == pytest.approx((3, 3, 3))


def test_between_two_full_lines_nothing_pins_the_worth():
    """8 through both lines: 20 - 8 = 12 at B less 1 is the most that gas at T can be worth, 2 + 1 the least: the rent of 8
    may lie with either line."""
    row = through(("8", "8")).prices.filter(node="T").row(0, named=True)
    assert not row["determined"]
    assert (row["price_lo"], row["price_hi"]) == pytest.approx((3, 11))


def test_sellers_whose_gas_has_another_worth_leave_a_transit_node_undetermined():
    """f makes gas for 2, g for 4, each Cournot: at T theirs is worth 3 and 5, and there is no one price."""
    answer = through(
        ("", ""), traders="trader\nf\ng", conduct="trader,node,theta\n*,*,1",
        production="trader,node,period,step,capacity,cost\nf,A,*,1,,2\ng,A,*,1,,4",
    )  # fmt: skip
    row = answer.prices.filter(node="T").row(0, named=True)
    assert not row["determined"]
    assert (row["price_lo"], row["price_hi"]) == pytest.approx((3, 5))


@pytest.mark.parametrize("cycle", [False, True])
def test_a_store_closes_within_a_cycle_only_if_asked(cycle):
    """Winter first, then summer. In a cycle summer feeds winter; in an open horizon an empty store has nothing to give."""
    periods = "period,weight,cycle\nwinter,1,y\nsummer,1,y" if cycle else "period,weight\nwinter,1\nsummer,1"
    answer = solve(
        problem(
            periods=periods, nodes="node\nA", traders="trader\nf", demand="node,period,intercept,slope\nA,winter,20,1\nA,summer,10,1",
            production="trader,node,period,step,capacity,cost\nf,A,*,1,6,0", storage=STORE.format("", "", "", 0, 0),
        )
    )  # fmt: skip
    assert price(answer, "A", "winter") == pytest.approx(9 if cycle else 14, rel=NEAR)  # 12 shared: 20 - 11 = 10 - 1
