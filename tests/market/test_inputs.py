"""Which problem does a world pose? The demand curve's point, who may use a line, the days of a year."""

from __future__ import annotations

from datetime import date
from functools import cache

import polars as pl
import pytest

from polynya.handover import permissions
from polynya.market.inputs import MarketInputs, build_inputs
from polynya.world import World, load_world


@cache
def reference() -> World:
    return load_world()


@cache
def posed(first: date) -> MarketInputs:
    return build_inputs(reference(), first, 1)


def point(inputs: MarketInputs, node: str, quantity_bcm: float) -> float:
    """Price [USD/MMBtu] on the node's demand curve at a quantity."""
    [row] = inputs.tables["demand"].filter(pl.col("node") == node).iter_rows(named=True)
    return float(row["intercept"] - row["slope"] * quantity_bcm)


def value(world: World, subject: str, attribute: str, on: date) -> float:
    found = world.resolve(subject, attribute, on)
    assert found is not None
    return found.value


def test_quantity_and_price_of_a_demand_curve_are_of_one_year() -> None:
    """DE 2023: consumption of 2023 is known, the last price of that year or before is of 2021, so the pair is 2021's."""
    world, june = reference(), date(2023, 6, 1)
    share = value(world, "DE", "demand_share_m06", june)
    used, price = (
        value(world, "DE", a, date(2021, 1, 1)) for a in ("consumption_bcm", "reference_price_usd_per_mmbtu")
    )
    assert world.resolve("DE", "consumption_bcm", date(2023, 1, 1)) is not None
    assert point(posed(june), "DE", used * share) == pytest.approx(price)


def test_nodes_that_fall_back_to_an_earlier_pair_are_named() -> None:
    [note] = [n for n in posed(date(2023, 6, 1)).notes if n.startswith("Demand of 2023")]
    assert "curve of 2021" in note
    assert " DE," in note


def test_a_year_with_both_needs_no_note() -> None:
    assert not [n for n in posed(date(2021, 6, 1)).notes if n.startswith("Demand of")]


def test_once_the_price_of_the_later_year_is_known_the_pair_moves() -> None:
    june = date(2023, 6, 1)
    row = {
        "subject": "DE",
        "attribute": "reference_price_usd_per_mmbtu",
        "value": 13.0,
        "unit": "usd_per_mmbtu",
        "valid_from": date(2023, 1, 1),
        "valid_to": date(2023, 12, 31),
        "source": "polynya-assumption",
        "locator": "test",
        "kind": "assumption",
    }
    world = reference().with_rows("facts", [row])
    inputs = build_inputs(world, june, 1)
    quantity = value(world, "DE", "consumption_bcm", date(2023, 1, 1)) * value(world, "DE", "demand_share_m06", june)
    assert point(inputs, "DE", quantity) == pytest.approx(13.0)
    assert not any(" DE," in n for n in inputs.notes if n.startswith("Demand of"))


def test_what_the_user_anchors_is_not_said_to_fall_back() -> None:
    anchor = {("demand_bcm", "DE", "2023-06"): 4.0, ("price_usd_per_mmbtu", "DE", "2023-06"): 11.0}
    inputs = build_inputs(reference(), date(2023, 6, 1), 1, anchor=anchor)
    assert point(inputs, "DE", 4.0) == pytest.approx(11.0)
    assert not any(" DE," in n for n in inputs.notes if n.startswith("Demand of"))


@pytest.mark.parametrize("line", ["tap-tr-gr", "tap-gr-it"])
def test_only_the_sellers_of_shah_deniz_use_the_trans_adriatic_pipeline(line: str) -> None:
    inputs = posed(date(2023, 6, 1))
    shut = set(inputs.tables["bans"].filter(pl.col("arc") == line)["trader"])
    assert shut == set(inputs.tables["production"]["trader"]) - {"socar"}


def test_the_year_2100_has_no_29_february() -> None:
    """Divisible by four, and yet 365 days: February carries 28/365 of the yearly capacity."""
    february = date(2100, 2, 1)
    supply = "no-shelf"
    yearly = value(reference(), supply, "production_capacity_bcm_per_year", february)
    assert reference().resolve(supply, "availability_share", february) is None
    rows = posed(february).tables["production"].filter(pl.col("step").str.starts_with(supply + "."))
    assert rows["capacity"].sum() == pytest.approx(yearly * 28 / 365)


def test_a_gate_names_every_measure_that_stops_its_route() -> None:
    """Else opening the gate opens nothing: the measure would still shut the route, unseen.

    A route without any gate that a measure shuts to the sellers it names alone is open to others, and has nothing to be opened.
    """
    world = reference()
    routes = set(world.table("corridors")["id"])
    named: dict[str, set[str]] = {}
    for g in world.table("gates").iter_rows(named=True):
        named.setdefault(g["subject"], set()).update((g["measure"] or "").split())
    stops = world.table("measures").filter(
        (pl.col("mode") == "prohibits") & pl.col("commodity").str.contains("any|pipeline-gas")
    )
    for measure in stops.iter_rows(named=True):
        targets = (measure["targets"] or "").split()
        of_sellers = any(t.startswith("trader:") for t in targets)
        for route in routes & set(targets):
            if of_sellers and route not in named:
                continue
            assert measure["id"] in named.get(route, set()), f"{measure['id']} stops {route} without a gate"


def test_opening_the_ukrainian_transit_contract_opens_the_route() -> None:
    world, january = reference(), date(2025, 1, 1)
    shut = permissions(world, january, 1).bans
    assert "brotherhood" not in build_inputs(world, january, 1, bans=shut).tables["arcs"]["arc"]
    ends = pl.when(pl.col("id") == "brotherhood-contract").then(date(2024, 12, 31)).otherwise(pl.col("valid_to"))
    opened = world.with_tables({"gates": world.table("gates").with_columns(ends.alias("valid_to"))})
    inputs = build_inputs(opened, january, 1, bans=permissions(opened, january, 1).bans)
    assert "brotherhood" in inputs.tables["arcs"]["arc"]
    assert not inputs.tables["bans"].filter((pl.col("arc") == "brotherhood") & (pl.col("trader") == "gazprom")).height
    assert not inputs.tables["bans"].filter((pl.col("arc") == "brotherhood") & (pl.col("trader") == "*")).height


def test_years_after_the_last_known_one_lie_on_its_curve_and_the_notes_say_where_it_moves() -> None:
    inputs = build_inputs(reference(), date(2027, 12, 1), 2)
    [said] = [n for n in inputs.notes if n.startswith("Demand of")]
    beginning = "Demand of 2027 to 2028 lies on the curve of 2025, the last year known, moved by the yearly growth of "
    assert said.startswith(beginning + "dated outlooks at ")
    grows = {s for s, a in reference().facts if a == "demand_growth_share_per_year"}
    still = said.removesuffix(".").split("no growth is assumed at ")[1].split(", ")
    assert f"at {len(grows)} of {len(grows) + len(still)} nodes" in said  # none is in both, none in neither
    assert set(still) == set(reference().table("nodes")["id"]) - grows


@pytest.mark.parametrize(
    ("node", "month", "times"),
    [
        ("DE", date(2025, 6, 1), 1.0),  # the year known
        ("DE", date(2028, 6, 1), 0.9792**3),  # -2.08 % in 2026, 2027 and 2028
        ("KR", date(2035, 6, 1), 0.9862**10),
        ("TR", date(2030, 6, 1), 0.9833),  # an outlook for 2026 alone: what is not known adds nothing
        ("QA", date(2030, 6, 1), 1.0),  # no outlook
        ("DE", date(2036, 6, 1), 0.9792**5 * 0.9891**5),  # -1.09 % from 2031 on; outlooks end in 2035
    ],
)
def test_an_outlook_moves_the_curve_at_its_price(node: str, month: date, times: float) -> None:
    world = reference()
    base = date(2025, 1, 1)
    quantity = value(world, node, "consumption_bcm", base) * value(
        world, node, f"demand_share_m{month.month:02d}", base
    )
    inputs = build_inputs(world, month, 1)
    price = value(world, node, "reference_price_usd_per_mmbtu", base)
    assert point(inputs, node, quantity * times) == pytest.approx(price)


def test_a_user_s_outlook_comes_first_and_an_anchored_quantity_is_not_grown() -> None:
    row = {
        "subject": "DE",
        "attribute": "demand_growth_share_per_year",
        "value": 0.1,
        "unit": "1",
        "valid_from": date(2026, 1, 1),
        "valid_to": date(2026, 12, 31),
        "source": "polynya-assumption",
        "locator": "test",
        "kind": "assumption",
    }
    world = reference().with_rows("facts", [row])
    june, base = date(2027, 6, 1), date(2025, 1, 1)
    quantity = value(world, "DE", "consumption_bcm", base) * value(world, "DE", "demand_share_m06", base)
    price = value(world, "DE", "reference_price_usd_per_mmbtu", base)
    assert point(build_inputs(world, june, 1), "DE", quantity * 1.1 * 0.9792) == pytest.approx(price)
    anchored = build_inputs(world, june, 1, anchor={("demand_bcm", "DE", "2027-06"): 5.0})
    assert point(anchored, "DE", 5.0) == pytest.approx(price)


def test_a_seller_that_withholds_offers_no_more_than_it_said() -> None:
    """Gazprom cut Poland on 27 April 2022 and Denmark on 1 June: a cap counts where it holds on the month's 15th day."""
    build = build_inputs(reference(), date(2022, 4, 1), 3)
    caps = {(r["trader"], r["node"], r["period"]): r["maximum"] for r in build.tables["caps"].iter_rows(named=True)}
    assert ("gazprom", "PL", "2022-04") not in caps
    assert caps["gazprom", "PL", "2022-05"] == 0.0
    assert ("gazprom", "DK", "2022-05") not in caps
    assert caps["gazprom", "DK", "2022-06"] == 0.0


def test_a_withheld_sale_is_offered_again_when_its_gate_opens() -> None:
    """Opening one of Poland's two contract gates lifts the cap on Poland alone; a scenario needs nothing else."""
    world = reference()
    gates = world.table("gates")
    opened = world.with_tables({"gates": gates.filter(pl.col("id") != "yamal-europe-contract")})
    kept = {r["node"] for r in build_inputs(world, date(2025, 6, 1), 1).tables["caps"].iter_rows(named=True)}
    left = {r["node"] for r in build_inputs(opened, date(2025, 6, 1), 1).tables["caps"].iter_rows(named=True)}
    assert kept - left == {"PL"}


def test_the_lower_of_two_caps_on_one_sale_counts() -> None:
    """The law leaves 0.3 bcm in the month, the seller offers nothing: nothing is offered."""
    law = pl.DataFrame([{"trader": "gazprom", "node": "PL", "period": "2022-05", "maximum": 0.3, "reason": "made"}])
    [row] = (
        build_inputs(reference(), date(2022, 5, 1), 1, caps=law)
        .tables["caps"]
        .filter(pl.col("node") == "PL")
        .to_dicts()
    )
    assert row["maximum"] == 0.0
    assert "roubles" in row["reason"]


def test_a_short_run_asks_a_store_for_no_more_gain_than_it_ever_had() -> None:
    """Ukraine's stores hold 4.5 bcm on 1 January 2026. From then to about 1 February they went from 13 to 11.395 in 2020 and from
    7.7 to 6.826 in 2022 (to the 22nd): never up, so no gain is asked for. The mean stock of all years at that time is above 8, and
    asking for it would make a month of January fill the stores."""
    rows = posed(date(2026, 1, 1)).tables["storage"].filter(pl.col("storage") == "storage-ua")
    [row] = rows.iter_rows(named=True)
    assert row["initial"] == pytest.approx(4.5)
    assert row["final"] == pytest.approx(4.5)


@pytest.mark.parametrize("start", [date(2026, 1, 1), date(2026, 7, 1)])
def test_a_short_run_never_asks_for_less_than_nothing_or_more_than_fits(start: date) -> None:
    for row in posed(start).tables["storage"].iter_rows(named=True):
        assert row["final"] is None or 0.0 <= row["final"] <= row["working"]


def test_a_short_run_asks_no_store_for_more_than_it_can_take_in() -> None:
    """July to September 2026: Iran's store gained more in an earlier year than its rate of today allows; the rate wins."""
    storage = build_inputs(reference(), date(2026, 7, 1), 3).tables["storage"]
    for store in storage["storage"].unique():
        rows = storage.filter(pl.col("storage") == store)
        most = rows["initial"].sum() + (rows["injection"] * (1.0 - rows["loss"])).sum()
        assert rows["final"].sum() <= most + 1e-9
