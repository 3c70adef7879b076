"""The founding scenario: five gates, string B alone, and nothing that the report names is dropped."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from polynya import handover
from polynya.market.inputs import build_inputs
from polynya.pipeline import FOUNDING
from polynya.scenario import Scenario, apply, load_scenario
from polynya.world import World, load_world
from polynya.world.capacity import CapacityReader

JUNE = date(2026, 6, 1)
GATES = {"ns2-repair", "ns2-certification", "ns2-us-sanctions", "ns2-eu-law", "ns2-contract"}


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


@pytest.fixture(scope="module")
def scenario(world: World) -> Scenario:
    return load_scenario(FOUNDING, world)


def string_b(world: World) -> tuple[float | None, set[str]]:
    found = CapacityReader(world).month("nord-stream-2-b", JUNE)
    kinds = {g["id"]: g["gate"] for g in CapacityReader(world).gates("nord-stream-2-b")}
    return found.bcm, {kinds[g] for g in found.closed_gates}


def test_today_five_gates_are_shut(world: World) -> None:
    assert string_b(world) == (0.0, {"repair", "certification", "us-sanctions", "eu-law", "contract"})


def test_lifting_us_sanctions_alone_gives_no_flow_and_names_the_other_four(world: World, scenario: Scenario) -> None:
    changed = apply(scenario, world, without=GATES - {"ns2-us-sanctions"}).world
    assert string_b(changed) == (0.0, {"repair", "certification", "eu-law", "contract"})


@pytest.mark.parametrize("missing", sorted(GATES))
def test_one_shut_gate_is_enough(world: World, scenario: Scenario, missing: str) -> None:
    bcm, closed = string_b(apply(scenario, world, without={missing}).world)
    assert (bcm, len(closed)) == (0.0, 1)


def test_all_gates_open_give_at_most_string_bs_nameplate(world: World, scenario: Scenario) -> None:
    bcm, closed = string_b(apply(scenario, world).world)
    assert closed == set()
    assert bcm is not None
    assert 0 < bcm <= 27.5 * 30 / 365  # June's share of the nameplate; string A stays shut


def test_the_law_shuts_string_b_through_its_gates_and_nothing_else_does(world: World, scenario: Scenario) -> None:
    before, after = (handover.permissions(w, JUNE, 1) for w in (world, apply(scenario, world).world))
    assert "gates" in before.passed_over["eu-833-2014-5af-nord-stream"]
    for law in (before, after):
        assert "nord-stream-2-b" not in law.bans["arc"].to_list()  # a second ban would outlive the gate


def test_without_peace_nothing_follows(world: World, scenario: Scenario) -> None:
    applied = apply(scenario, world, without=["peace-agreement"])
    assert {c.status for c in applied.changes if c.type != "carry"} == {"condition_not_met"}
    assert string_b(applied.world)[0] == 0.0


def test_what_no_engine_computes_is_carried(world: World, scenario: Scenario) -> None:
    carried = {c.id for c in apply(scenario, world).changes if c.status == "carried"}
    assert carried == {
        "sakhalin-volume",
        "joint-projects",
        "refinery-runs",
        "india-china-stakes",
        "northern-sea-route-transit",
    }


def test_every_system_of_the_report_is_in_a_change(scenario: Scenario) -> None:
    text = " ".join(str(c) for c in scenario.file.changes)
    for name in (
        "nord-stream-2",
        "sakhalin",
        "arctic-lng-2",
        "rosneft-deutschland",
        "india",
        "china",
        "northern-sea-route",
    ):
        assert name in text


def test_no_likelihood_is_set_by_us(scenario: Scenario) -> None:
    assert all(x.likelihood is None for x in (*scenario.file.changes, *scenario.file.conditions))


def test_no_change_asks_the_same_question(world: World, scenario: Scenario) -> None:
    everything = [c.id for c in scenario.file.changes]
    changed = apply(scenario, world, without=everything).world
    before, after = (build_inputs(w, JUNE, 1) for w in (world, changed))
    assert all(before.tables[t].equals(after.tables[t]) for t in before.tables)


def test_a_passage_of_the_registry_is_closed(world: World, tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(
        "schema: polynya.scenario/1\nid: p\ntitle: P\nas_of: 2026-01-01\nhorizon: {from: 2026-01, months: 1}\n"
        "assumptions:\n  - {id: a1, text: taken as given}\n"
        "changes:\n  - {id: c, type: close_passage, passage: suez, from: 2026-01-01, because: [a1]}\n"
    )
    change = apply(load_scenario(path, world), world).changes[0]
    assert (change.status, change.effect) == ("applied", "suez is closed")
