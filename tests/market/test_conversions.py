"""Conversions: a refinery by hand, plants that share, recipes that stand still, and liquefaction as an arc with loss."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy.optimize import linprog

from polynya.errors import InputError, NoSolutionError
from polynya.market.certificate import certify
from polynya.market.problem import Problem, read_problem, write_problem
from polynya.market.solve import solve
from tests.market.folder import price, problem, total

NEAR = 1e-6


def two_refineries(**changed: str) -> Problem:
    """Crude at the port for 60; an inland refinery that cracks (0.5 petrol, 0.4 diesel) and a coastal one that does not
    (0.3 petrol, 0.3 diesel, 0.4 fuel oil). Petrol P = 120 - Q, diesel P = 130 - Q, fuel oil at 40 in any quantity."""
    tables = {
        "nodes": "node\ncrude@port\ncrude@inland\npetrol\ndiesel\nfuel-oil",
        "traders": "trader\noil",
        "demand": """node,period,intercept,slope
            petrol,*,120,1
            diesel,*,130,1
            fuel-oil,*,40,0""",
        "production": "trader,node,period,step,capacity,cost\noil,crude@port,*,1,,60",
        "arcs": "arc,from,to,period,capacity,cost\npipe,crude@port,crude@inland,*,80,2",
        "conversions": """conversion,period,plant,capacity,cost
            inland-run,*,inland,,3
            coast-run,*,coast,,1""",
        "yields": """conversion,node,amount
            inland-run,crude@inland,-1
            inland-run,petrol,0.5
            inland-run,diesel,0.4
            coast-run,crude@port,-1
            coast-run,petrol,0.3
            coast-run,diesel,0.3
            coast-run,fuel-oil,0.4""",
        "plants": "plant,period,capacity\ninland,*,50\ncoast,*,100",
    }
    return problem(**{**tables, **changed})


def test_two_refineries_by_hand():
    """Inland runs full (50): petrol 25 + 0.3 r, diesel 20 + 0.3 r. The coast runs while 0.3 p + 0.3 d + 16 = 61:
    0.3 (95 - 0.3 r) + 0.3 (110 - 0.3 r) = 45, so 61.5 - 0.18 r = 45 and r = 91.667, below 100.
    Petrol 95 - 27.5 = 67.5, diesel 110 - 27.5 = 82.5. Inland earns 0.5 x 67.5 + 0.4 x 82.5 - 65 = 1.75 on each of its 50."""
    answer = solve(two_refineries())
    assert answer.certificate["passed"]
    assert total(answer.conversions, conversion="inland-run") == pytest.approx(50, rel=NEAR)
    assert total(answer.conversions, conversion="coast-run") == pytest.approx(16.5 / 0.18, rel=NEAR)
    assert price(answer, "petrol") == pytest.approx(67.5, rel=NEAR)
    assert price(answer, "diesel") == pytest.approx(82.5, rel=NEAR)
    rents = dict(answer.rents.filter(pl.col("kind") == "plant").select("id", "rent").iter_rows())
    assert rents == {"inland": pytest.approx(1.75, rel=1e-5)}
    margin = answer.accounts.filter((pl.col("party") == "operators") & (pl.col("id") == "inland"))["amount"].sum()
    assert margin == pytest.approx(87.5, rel=1e-5)  # 50 x 1.75


def test_accounts_add_up_to_worth_less_resource_costs():
    """Consumers' worth 120 q - q^2/2 and so on, less 60 a unit of crude, 2 of pipe, 3 and 1 of running: nothing else is real."""
    r = 16.5 / 0.18
    petrol, diesel = 25 + 0.3 * r, 20 + 0.3 * r
    worth = 120 * petrol - petrol**2 / 2 + 130 * diesel - diesel**2 / 2 + 40 * 0.4 * r
    answer = solve(
        two_refineries(
            conversions="""conversion,period,plant,capacity,cost,tariff,tax
            inland-run,*,inland,,3,0.5,0.2
            coast-run,*,coast,,1,0,0"""
        )
    )
    assert sum(answer.welfare.values()) - answer.welfare["total"] == pytest.approx(answer.welfare["total"])
    assert answer.welfare["total"] == pytest.approx(worth - 65 * 50 - 61 * r, rel=NEAR)  # tariff and tax are transfers
    assert answer.welfare["states"] == pytest.approx(10, rel=1e-5)  # 0.2 x 50


def test_conversions_of_a_plant_share_its_capacity():
    """Two recipes in one plant of 50: only the cheaper one runs, though the other would earn more diesel."""
    both = two_refineries(
        conversions="""conversion,period,plant,capacity,cost
            inland-run,*,inland,,3
            inland-other,*,inland,,30
            coast-run,*,coast,,1""",
        yields="""conversion,node,amount
            inland-run,crude@inland,-1
            inland-run,petrol,0.5
            inland-run,diesel,0.4
            inland-other,crude@inland,-1
            inland-other,petrol,0.4
            inland-other,diesel,0.5
            coast-run,crude@port,-1
            coast-run,petrol,0.3
            coast-run,diesel,0.3
            coast-run,fuel-oil,0.4""",
    )
    answer = solve(both)
    assert total(answer.conversions, conversion="inland-other") == 0
    assert total(answer.conversions, conversion="inland-run") == pytest.approx(50, rel=NEAR)


def test_a_conversion_of_one_trader_is_run_by_nobody_else():
    """Shares of 30 and 20 of a tolling refinery are its holders': a third seller of crude cannot use them."""
    tolled = two_refineries(
        traders="trader\na\nb\nc",
        production="trader,node,period,step,capacity,cost\na,crude@port,*,1,20,60\nb,crude@port,*,1,,61\nc,crude@port,*,1,,1",
        conversions="""conversion,period,trader,plant,capacity,cost
            inland-run,*,a,inland,30,3
            coast-run,*,b,coast,,1""",
    )
    answer = solve(tolled)
    assert answer.certificate["passed"]
    assert total(answer.conversions, conversion="inland-run") == pytest.approx(
        20, rel=NEAR
    )  # a's crude, not the cheap c's
    assert set(answer.conversions["trader"]) == {"a", "b"}


def test_a_plant_without_a_row_stands_still():
    """No row, no thing: a month without a row in plants.csv is a month in which the plant is shut."""
    shut = two_refineries(periods="period,weight\n1,1\n2,1", plants="plant,period,capacity\ninland,1,50\ncoast,*,100")
    answer = solve(shut)
    assert total(answer.conversions, conversion="inland-run", period="2") == 0
    assert total(answer.conversions, conversion="inland-run", period="1") == pytest.approx(50, rel=NEAR)


def test_what_nobody_takes_stops_the_conversion():
    """Fuel oil without a market: the coast cannot run, and inland alone sets the prices, 120 - 25 and 130 - 20."""
    answer = solve(two_refineries(demand="node,period,intercept,slope\npetrol,*,120,1\ndiesel,*,130,1"))
    assert answer.certificate["passed"]
    assert total(answer.conversions, conversion="coast-run") == 0
    assert price(answer, "petrol") == pytest.approx(95, rel=NEAR)
    assert price(answer, "diesel") == pytest.approx(110, rel=NEAR)


LNG = {
    "periods": "period,weight,cycle,days\n1,1,all,31\n2,0.99,all,28",
    "nodes": "node\nfield\nfob\ndes\nmarket\nother",
    "traders": "trader\nbig\nsmall\nthird",
    "conduct": "trader,node,theta\nbig,*,1",
    "demand": "node,period,intercept,slope\nmarket,*,20,0.5\nother,*,15,0.4",
    "production": """trader,node,period,step,capacity,cost,cost_slope
        big,field,*,1,20,2,0.1
        small,field,*,1,15,3,0.1
        third,market,*,1,6,4,0.2""",
}  # fmt: skip
VOYAGE = "voyage,fob,des,*,,1,0.01\npipe,field,other,*,3,0.5,0"


@pytest.mark.parametrize("solver", ["auto", "clarabel", "block"])
def test_liquefaction_and_regasification_as_conversions_are_arcs_with_loss(solver):
    """The same chain twice: arcs with capacity, cost, tariff and loss, and conversions with yields 1 - loss."""
    as_arcs = problem(
        **LNG,
        arcs=f"""arc,from,to,period,capacity,cost,loss,tariff
            liquefy,field,fob,*,14,1.5,0.09,0.2
            regasify,des,market,*,9,0.3,0.01,0.1
            {VOYAGE.splitlines()[0]},0
            {VOYAGE.splitlines()[1]},0""",
    )
    as_conversions = problem(
        **LNG,
        arcs=f"arc,from,to,period,capacity,cost,loss\n{VOYAGE}",
        conversions="""conversion,period,capacity,cost,tariff
            liquefy,*,14,1.5,0.2
            regasify,*,9,0.3,0.1""",
        yields="conversion,node,amount\nliquefy,field,-1\nliquefy,fob,0.91\nregasify,des,-1\nregasify,market,0.99",
    )
    one, two = solve(as_arcs, solver=solver), solve(as_conversions, solver=solver)
    assert two.certificate["passed"]
    assert dict(two.welfare) == pytest.approx(dict(one.welfare), rel=1e-6)
    for node in ("market", "other"):
        for m in ("1", "2"):
            assert price(two, node, m) == pytest.approx(price(one, node, m), rel=1e-6)
    for name in ("liquefy", "regasify"):
        assert total(two.conversions, conversion=name) == pytest.approx(total(one.flows, arc=name), rel=1e-5)
    old = one.rents.filter(pl.col("id") == "regasify").sort("period")["rent"].to_list()
    assert two.rents.filter(pl.col("id") == "regasify").sort("period")["rent"].to_list() == pytest.approx(old, rel=1e-5)
    assert old  # the terminal binds, so that its rent is compared


def test_a_solution_with_another_activity_fails_its_certificate():
    """One unit more of the coastal refinery: balances break, and with them corrected, nobody would have run it."""
    asked = two_refineries()
    answer = solve(asked)
    more = answer.conversions.with_columns(
        pl.when(pl.col("conversion") == "coast-run")
        .then(pl.col("quantity") + 1)
        .otherwise(pl.col("quantity"))
        .alias("quantity")
    )
    assert not certify(asked, replace(answer, conversions=more))["passed"]
    no_rent = replace(answer, rents=answer.rents.filter(pl.col("kind") != "plant"))
    found = certify(asked, no_rent)
    assert not found["passed"]
    assert "inland-run" in found["worst"]["dual"]


def test_a_left_out_recipe_that_would_pay_is_found():
    """An answer that knows no value of crude inland, and so runs nothing there, is refused: it would pay."""
    asked = two_refineries()
    idle = solve(two_refineries(plants="plant,period,capacity\ninland,*,0\ncoast,*,100"))
    left_out = replace(idle, values=idle.values.filter(pl.col("node") != "crude@inland"))
    found = certify(asked, left_out)
    assert not found["passed"]
    assert found["dual"] > 1e-3


def test_what_stands_in_the_way_is_named():
    """Petrol of 100 must be served; the two plants give 25 + 30 at most."""
    asked = two_refineries(
        demand="node,period,intercept,slope,fixed\npetrol,*,,,100\ndiesel,*,130,1,\nfuel-oil,*,40,0,",
    )
    with pytest.raises(NoSolutionError, match=r"petrol.*through coast and inland"):
        solve(asked)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"yields": "conversion,node,amount\ninland-run,petrol,0.5\ncoast-run,crude@port,-1\ncoast-run,petrol,1"}, "takes nothing"),
        ({"yields": "conversion,node,amount\ninland-run,crude@inland,-1\ncoast-run,crude@port,-1\ncoast-run,petrol,1"}, "delivers nothing"),
        ({"plants": "plant,period,capacity\ninland,*,50"}, 'no plant "coast"'),
        ({"yields": "conversion,node,amount\ninlandrun,petrol,1"}, 'no conversion "inlandrun"'),
        ({"conversions": "conversion,period,plant,capacity,cost\ninland-run,1,inland,,3\ninland-run,2,coast,,3\ncoast-run,*,coast,,1",
          "periods": "period,weight\n1,1\n2,1"}, 'another "plant"'),
    ],
)  # fmt: skip
def test_faults_of_a_recipe_are_named(changed, said):
    with pytest.raises(InputError) as error:
        two_refineries(**changed)
    assert any(said in fault.message for fault in error.value.faults)


def test_a_folder_with_conversions_is_read_back_as_it_was(tmp_path):
    asked = two_refineries()
    write_problem(asked, tmp_path)
    back = read_problem(tmp_path)
    for name, frame in asked.tables().items():
        assert back.tables()[name].equals(frame), name


def test_merging_price_takers_changes_nothing():
    """Three price takers alike are one commodity; kept apart they give the same prices and the same activity."""
    asked = two_refineries(
        traders="trader\na\nb\nc", production="trader,node,period,step,capacity,cost\n*,crude@port,*,1,45,60"
    )
    merged, apart = solve(asked), solve(asked, merge=False)
    assert apart.certificate["passed"]
    assert price(apart, "petrol") == pytest.approx(price(merged, "petrol"), rel=NEAR)
    assert total(apart.conversions) == pytest.approx(total(merged.conversions), rel=NEAR)


@pytest.mark.parametrize("seed", range(8))
def test_random_refining_costs_what_a_naive_program_says(seed):
    """Least cost to serve what is worth serving, written out as one linear program over all goods at once (scipy)."""
    rng = np.random.default_rng(seed)
    crudes, products = ["c0", "c1", "c2"], ["p0", "p1"]
    supply = {c: (rng.uniform(20, 60), rng.uniform(30, 90)) for c in crudes}  # cost, capacity
    wanted = {p: (rng.uniform(80, 140), rng.uniform(20, 60)) for p in products}  # value of lost load, quantity
    plants = {"a": rng.uniform(20, 60), "b": rng.uniform(20, 60)}
    ways = [(f"{plant}-{c}", plant, c, rng.uniform(1, 8), rng.uniform(0.2, 0.6, 2)) for plant in plants for c in crudes]
    rows = [f"{w},{c},-1" for w, _, c, _, _ in ways]
    rows += [f"{w},{p},{y!r}" for w, _, _, _, made in ways for p, y in zip(products, made.tolist(), strict=True)]
    asked = problem(
        nodes="node\n" + "\n".join([*crudes, *products, *(f"{p}-more" for p in products)]),
        traders="trader\none\nother",
        demand="node,period,intercept,slope,fixed,value_of_lost_load\n"
        + "\n".join(f"{p},*,,,{q},{v}" for p, (v, q) in wanted.items())
        + "\n" + "\n".join(f"{p}-more,*,10,0,," for p in products),
        arcs="arc,from,to,period,capacity,cost\n" + "\n".join(f"out-{p},{p},{p}-more,*,,0" for p in products),
        production="trader,node,period,step,capacity,cost\n" + "\n".join(f"one,{c},*,1,{k},{v}" for c, (v, k) in supply.items()),
        conversions="conversion,period,plant,capacity,cost\n" + "\n".join(f"{w},*,{plant},,{v}" for w, plant, _, v, _ in ways),
        yields="conversion,node,amount\n" + "\n".join(rows),
        plants="plant,period,capacity\n" + "\n".join(f"{p},*,{k}" for p, k in plants.items()),
    )  # fmt: skip
    answer = solve(asked)
    assert answer.certificate["passed"]
    # columns: activity of each way, served of each product, sold on of each product
    n, m = len(ways), len(products)
    cost = [v + supply[c][0] for _, _, c, v, _ in ways] + [-wanted[p][0] for p in products] + [-10.0] * m
    balance = np.zeros((m, n + 2 * m))
    for i in range(m):
        balance[i, :n] = [made[i] for *_, made in ways]
        balance[i, n + i] = balance[i, n + m + i] = -1
    shared = [[float(plant == p) for _, plant, _, _, _ in ways] + [0.0] * 2 * m for p in plants]
    bought = [[float(c == x) for _, _, c, _, _ in ways] + [0.0] * 2 * m for x in crudes]
    naive = linprog(
        cost, A_ub=shared + bought, b_ub=[*plants.values(), *(supply[c][1] for c in crudes)], A_eq=balance, b_eq=np.zeros(m),
        bounds=[(0, None)] * n + [(0, wanted[p][1]) for p in products] + [(0, None)] * m,
    )  # fmt: skip
    assert answer.welfare["total"] == pytest.approx(-naive.fun, rel=1e-7)


def test_a_strategic_refiner_restricts_its_run():
    """One refiner with theta 1 and a unit of crude to a unit of petrol at cost 20: 120 - 2 q = 20, q = 50, price 70."""
    answer = solve(
        problem(
            nodes="node\ncrude\npetrol",
            traders="trader\nfirm",
            conduct="trader,node,theta\nfirm,*,1",
            demand="node,period,intercept,slope\npetrol,*,120,1",
            production="trader,node,period,step,capacity,cost\nfirm,crude,*,1,300,15",
            conversions="conversion,period,capacity,cost\nrun,*,,5",
            yields="conversion,node,amount\nrun,crude,-1\nrun,petrol,1",
        )
    )
    assert answer.certificate["passed"]
    assert price(answer, "petrol") == pytest.approx(70, rel=NEAR)
    assert answer.markups["markup"].to_list() == pytest.approx([50], rel=NEAR)
