"""What the registry rests on: counted by hand on a tiny world, and by a naive loop on the whole one."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from polynya.cli import main
from polynya.world import load_world
from polynya.world.coverage import BETWEEN, GROUPS, cover, group_of
from tests.world.conftest import facts

CAP = "aa-bb,capacity_bcm_per_year,{v},bcm_per_year,{f},{t},tso,p. 1,,{k},"
USE = "AA,consumption_bcm,7,bcm,{y}-01-01,{y}-12-31,tso,p. 1,,reported,"


def test_counts_by_hand(tiny: Path) -> None:
    """One link within Europe known from 2020 to mid-2021 (assumed after), one yearly total, one undated share."""
    facts(
        tiny,
        CAP.format(v=1, f="2020-01-01", t="2021-06-30", k="reported"),
        CAP.format(v=2, f="2021-07-01", t="", k="assumption"),
        USE.format(y=2022),
        "BB,demand_share_m01,0.1,1,,,tso,p. 1,,derived,",
    )
    found = cover(load_world(tiny))
    assert dict(found.total) == {"reported": 2, "assumption": 1, "derived": 1}
    assert {k: sum(v.values()) for k, v in found.by_region.items()} == {"Europe": 4}
    years = {y: dict(v) for y, v in found.by_year.items()}
    assert years == {
        "undated": {"derived": 1},
        "2019": {},
        "2020": {"reported": 1},
        "2021": {"reported": 1, "assumption": 1},  # the change is in mid-year: both hold on some of its days
        "2022": {"reported": 1, "assumption": 1},  # the total of 2022, and the capacity that goes on
    }
    assert {k: sum(v.values()) for k, v in found.by_group.items()} == {"capacity": 2, "demand": 2}
    assert set(found.by_node) == {"AA", "BB"}


def test_a_link_of_two_regions_belongs_to_neither(tiny: Path) -> None:
    text = (tiny / "nodes.csv").read_text()
    (tiny / "nodes.csv").write_text(text.replace("Beland,Europe", "Beland,Asia"))
    facts(tiny, CAP.format(v=1, f="2020-01-01", t="", k="reported"))
    assert set(cover(load_world(tiny)).by_region) == {BETWEEN}


def test_every_attribute_of_the_vocabulary_is_about_something() -> None:
    """An attribute without a group would show under its own name; none of the reference world's may."""
    assert [a for a in load_world().attributes if group_of(a) not in GROUPS.values()] == []


def test_the_longest_beginning_decides() -> None:
    assert group_of("production_cost_low_usd_per_mmbtu") == "costs and fees"
    assert group_of("production_capacity_bcm_per_year") == "production"


def test_the_whole_world_agrees_with_a_naive_count() -> None:
    world = load_world()
    found = cover(world)
    rows = world.table("facts").to_dicts()
    assert sum(found.total.values()) == len(rows)
    for cut in (found.by_region, found.by_group):
        assert sum(sum(kinds.values()) for kinds in cut.values()) == len(rows)  # each fact stands in one region
    naive = 0
    for r in rows:  # 2023: what holds on some day of it, totals and states of a day by the day they begin
        over_time = world.attributes[r["attribute"]]["over_time"]
        if r["valid_from"] is None and r["valid_to"] is None:
            continue
        if over_time in ("year", "day"):
            naive += r["valid_from"].year == 2023
        else:
            begins, ends = r["valid_from"] or date.min, r["valid_to"] or date.max
            naive += begins <= date(2023, 12, 31) and ends >= date(2023, 1, 1)
    assert sum(found.by_year["2023"].values()) == naive


def test_the_command_prints_one_document_with_shares(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["world", "coverage", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    total = document["total"]
    kinds = [total[k] for k in ("official", "reported", "derived", "assumption")]
    assert sum(kinds) == total["facts"]
    assert total["assumption_share"] == round(kinds[3] / sum(kinds), 4)


def test_the_command_prints_tables(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["world", "coverage"]) == 0
    assert "assumptions of this project or its user" in capsys.readouterr().out
