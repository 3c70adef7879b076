"""Scenario files: every fault at once with its place; changes do what they say, and only then."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import pytest

from polynya.errors import InputError
from polynya.scenario import apply, load_scenario
from polynya.scenario.dag import find_cycle
from polynya.scenario.schema import json_schema
from polynya.scenario.template import TEMPLATE
from polynya.world import World, load_world
from polynya.world.capacity import CapacityReader
from polynya.world.load import REFERENCE
from tests.world.conftest import facts
from tests.world.conftest import tiny as tiny

HEAD = """schema: polynya.scenario/1
id: test
title: Test
as_of: 2021-01-01
horizon: {from: 2021-01, months: 12}
assumptions:
  - {id: a1, text: taken as given}
"""
CAP = "aa-bb,capacity_bcm_per_year,{v},bcm_per_year,{f},,tso,p. 1,,reported,"
CUT = "aa-bb,availability_share,{v},1,{f},{t},press,p. 2,,reported,"
GATES = """id,subject,gate,name,measure,valid_from,valid_to,note,source,locator
g-repair,aa-bb,repair,not repaired,,2020-01-01,,,press,p. 1
g-contract,aa-bb,contract,nobody buys,,2020-01-01,,,press,p. 1
"""
JANUARY = date(2021, 1, 1)


def write(folder: Path, body: str) -> Path:
    path = folder / "s.yaml"
    path.write_text(HEAD + body)
    return path


def january(world: World, month: date = JANUARY) -> float | None:
    return CapacityReader(world).month("aa-bb", month).bcm


@pytest.fixture
def world(tiny: Path) -> World:
    facts(tiny, CAP.format(v=36.5, f="2020-01-01"), CUT.format(v=0.5, f="2020-06-01", t="2021-06-30"))
    return load_world(tiny)


def test_set_fact_replaces_from_its_day_on(world: World, tiny: Path) -> None:
    body = "changes:\n  - {id: c, type: set_fact, subject: aa-bb, attribute: capacity_bcm_per_year, value: 73, unit: bcm_per_year, from: 2021-01-16, because: [a1]}\n"
    applied = apply(load_scenario(write(tiny, body), world), world)
    # 0.1 bcm a day, half available, for 15 days; then 0.2 a day, half available, for 16 days
    assert january(applied.world) == pytest.approx(15 * 0.05 + 16 * 0.1, rel=1e-12)
    assert january(world) == pytest.approx(31 * 0.05, rel=1e-12)  # the baseline is untouched


def test_restore_capacity_ends_cuts_and_they_come_back_after_to(world: World, tiny: Path) -> None:
    body = "changes:\n  - {id: c, type: restore_capacity, subject: aa-bb, from: 2021-02-01, to: 2021-04-30, because: [a1]}\n"
    changed = apply(load_scenario(write(tiny, body), world), world).world
    shares = [january(changed, date(2021, m, 1)) for m in (1, 2, 4, 5, 7)]
    assert shares == pytest.approx([31 * 0.05, 28 * 0.1, 30 * 0.1, 31 * 0.05, 31 * 0.1])  # cut until the end of June


def test_every_gate_must_open(tiny: Path) -> None:
    facts(tiny, CAP.format(v=36.5, f="2020-01-01"))
    (tiny / "gates.csv").write_text(GATES)
    base = load_world(tiny)
    one = "changes:\n  - {id: c, type: open_gate, gates: [g-repair], from: 2021-01-01, because: [a1]}\n"
    both = one.replace("[g-repair]", "[g-repair, g-contract]")
    closed = CapacityReader(apply(load_scenario(write(tiny, one), base), base).world).month("aa-bb", JANUARY)
    assert (closed.bcm, closed.closed_gates) == (0.0, ("g-contract",))
    assert january(apply(load_scenario(write(tiny, both), base), base).world) == pytest.approx(3.1)


def test_a_change_waits_for_its_conditions_and_takes_the_later_day(world: World, tiny: Path) -> None:
    body = """conditions:
  - {id: peace, text: peace, because: [a1], assume: met, on: 2021-03-01}
  - {id: deal, text: deal, because: [a1], requires: [peace], assume: met, on: 2021-02-01}
  - {id: never, text: never, because: [a1], assume: open}
changes:
  - {id: c, type: set_fact, subject: aa-bb, attribute: capacity_bcm_per_year, value: 73, unit: bcm_per_year, when: [deal], because: [a1]}
  - {id: d, type: set_fact, subject: aa-bb, attribute: capacity_bcm_per_year, value: 1, unit: bcm_per_year, when: [never], because: [a1]}
  - {id: e, type: carry, reason: no engine for it, because: [a1]}
"""
    applied = apply(load_scenario(write(tiny, body), world), world)
    assert [(c.status, c.from_day) for c in applied.changes] == [
        ("applied", date(2021, 3, 1)),  # the deal requires peace, so it takes effect on the later day
        ("condition_not_met", None),
        ("carried", None),
    ]
    assert applied.not_met == ("never",)


def test_leaving_out_a_condition_undoes_what_hangs_on_it(world: World, tiny: Path) -> None:
    body = """conditions:
  - {id: peace, text: peace, because: [a1], assume: met, on: 2021-03-01}
changes:
  - {id: c, type: set_fact, subject: aa-bb, attribute: capacity_bcm_per_year, value: 73, unit: bcm_per_year, when: [peace], because: [a1]}
"""
    scenario = load_scenario(write(tiny, body), world)
    assert apply(scenario, world, without=["peace"]).changes[0].status == "condition_not_met"


def test_no_change_gives_the_same_numbers(world: World, tiny: Path) -> None:
    applied = apply(load_scenario(write(tiny, "changes: []\n"), world), world)
    assert january(applied.world) == january(world)


BAD = {
    "changes:\n  - {id: c, type: set_fact, subject: aa-bbb, attribute: capacity_bcm_per_year, value: 1, unit: bcm_per_year, from: 2021-01-01, because: [a1]}\n": '9:38: "aa-bbb" is not in the registry. Did you mean aa-bb?',
    "changes:\n  - {id: c, type: set_fact, subject: aa-bb, attribute: capacity_bcm_per_year, value: -1, unit: bcm_per_year, from: 2021-01-01, because: [a1]}\n": "plausible is 0 to 800",
    "changes:\n  - {id: c, type: set_fact, subject: aa-bb, attribute: capacity_bcm_per_year, value: nan, unit: bcm_per_year, from: 2021-01-01, because: [a1]}\n": "not a plain decimal",
    "changes:\n  - {id: c, type: set_fact, subject: aa-bb, attribute: capacity_bcm_per_year, value: 1, unit: mtpa, from: 2021-01-01, because: [a1]}\n": "measured in bcm_per_year",
    "changes:\n  - {id: c, type: carry, reason: x, because: [a2]}\n": '9:47: "a2" is neither a claim nor an assumption',
    "changes:\n  - {id: c, type: carri, reason: x, because: [a1]}\n": "carry",
    "changes:\n  - {id: c, type: restore_capacity, subject: aa-bb, because: [a1]}\n": "neither a day",
    "changes:\n  - {id: c, type: restore_capacity, subject: aa-bb, from: 2021-02-30, because: [a1]}\n": "not a day",
    "changes:\n  - {id: c, type: restore_capacity, subjekt: aa-bb, from: 2021-02-03, because: [a1]}\n": "subject",
    "conditions:\n  - {id: x, text: x, because: [a1], requires: [y], assume: met, on: 2021-01-01}\n  - {id: y, text: y, because: [a1], requires: [x], assume: met, on: 2021-01-01}\n": "in a circle: x -> y -> x",
    "conditions:\n  - {id: x, text: x, because: [a1], assume: met}\n": "needs the day",
}


@pytest.mark.parametrize("body", BAD)
def test_faults_have_place_and_fix(world: World, tiny: Path, body: str) -> None:
    with pytest.raises(InputError) as caught:
        load_scenario(write(tiny, body), world)
    assert BAD[body] in str(caught.value)
    assert all(f.line >= 8 for f in caught.value.faults), str(caught.value)  # below the head, which is sound


def test_a_possible_claim_cannot_drive_an_unconditional_change(world: World, tiny: Path) -> None:
    ledger = "claims:\n  - {id: c1, text: maybe, factuality: {value: PS+}, review: {status: accepted}}\n  - {id: c2, text: draft, factuality: {value: CT+}, review: {status: draft}}\n"
    (tiny / "claims.yaml").write_text(ledger)
    change = "claims: claims.yaml\nchanges:\n  - {id: c, type: restore_capacity, subject: aa-bb, from: 2021-02-01, because: [%s]}\n"
    with pytest.raises(InputError, match="only PS\\+ and cannot drive an unconditional change"):
        load_scenario(write(tiny, change % "c1"), world)
    with pytest.raises(InputError, match='"c2" is not reviewed'):
        load_scenario(write(tiny, change % "c2"), world)
    assert load_scenario(write(tiny, change % "c1, a1"), world).claims["c1"].text == "maybe"


def test_a_claim_with_an_open_condition_needs_a_condition_or_an_assumption(world: World, tiny: Path) -> None:
    """However certain its words are; a condition that is met does no harm."""
    ledger = "claims:\n  - {id: c1, text: t, factuality: {value: CT+}, review: {status: accepted}, conditions: [{text: peace, kind: precondition, status: %s}]}\n"
    change = "claims: claims.yaml\nchanges:\n  - {id: c, type: restore_capacity, subject: aa-bb, from: 2021-02-01, because: [%s]}\n"
    (tiny / "claims.yaml").write_text(ledger % "open")
    with pytest.raises(InputError, match=r'"c1" hangs on an open condition \(peace\) and cannot drive'):
        load_scenario(write(tiny, change % "c1"), world)
    load_scenario(write(tiny, change % "c1, a1"), world)
    (tiny / "claims.yaml").write_text(ledger % "met")
    load_scenario(write(tiny, change % "c1"), world)


def test_a_circle_is_named_however_long() -> None:
    chain = {f"n{i}": [f"n{i + 1}"] for i in range(5000)} | {"n5000": ["n0"]}
    assert len(find_cycle(chain)) == 5002  # 5,001 conditions and the first one again
    assert find_cycle({"a": ["b", "c"], "b": ["c"], "c": []}) == []


def test_the_template_passes_its_own_check(tmp_path: Path) -> None:
    path = tmp_path / "new.yaml"
    path.write_text(TEMPLATE)
    assert load_scenario(path, load_world()).file.id == "my-scenario"


def test_the_published_schema_is_the_models_own() -> None:
    published = json.loads((REFERENCE / "schemas" / "scenario.schema.json").read_text())
    assert published == json.loads(json.dumps(json_schema()))


@pytest.mark.parametrize("kind", ["set", "restore"])
def test_a_capacity_of_a_pipeline_of_several_lines_is_refused(tmp_path: Path, kind: str) -> None:
    """The market reads each line; a number on the whole would be accepted and move nothing."""
    base = load_world()
    number = "attribute: capacity_bcm_per_year, value: 5, unit: bcm_per_year"
    how = f"set_fact, {number}" if kind == "set" else "restore_capacity, capacity_bcm_per_year: 5"
    body = f"changes:\n  - {{id: c, type: {how}, subject: turkstream, from: 2025-06-01, because: [a1]}}\n"
    with pytest.raises(InputError, match="turkstream-1, turkstream-2"):
        load_scenario(write(tmp_path, body), base)
    load_scenario(write(tmp_path, body.replace("subject: turkstream,", "subject: turkstream-1,")), base)
    if kind == "set":
        load_scenario(write(tmp_path, body.replace("capacity_bcm", "capacity_limit_bcm")), base)


def test_a_limit_of_many_plants_together_that_binds_none_is_refused(tmp_path: Path) -> None:
    """A cap of 100 bcm on all plants of the United States reads like their sum; each is smaller, and nothing would move."""
    base = load_world()
    body = (
        "changes:\n  - {id: c, type: set_fact, subject: liquefaction-us, attribute: capacity_limit_bcm_per_year, "
        "value: 100, unit: bcm_per_year, from: 2025-06-01, because: [a1]}\n"
    )
    with pytest.raises(InputError, match="binds each of its plants by itself"):
        load_scenario(write(tmp_path, body), base)
    load_scenario(write(tmp_path, body.replace("value: 100", "value: 10")), base)


COST = "{s},transport_cost_usd_per_mmbtu,{v},usd_per_mmbtu,{f},{t},tso,p. 3,,reported,"
DEARER = "changes:\n  - {id: c, type: shift_cost, subject: aa-bb, attribute: transport_cost_usd_per_mmbtu, add_usd_per_mmbtu: 0.5, from: 2021-03-01, because: [a1]}\n"


def costs(world: World, *days: date) -> list[float]:
    return [w.value for d in days if (w := world.resolve("aa-bb", "transport_cost_usd_per_mmbtu", d)) is not None]


def test_a_dearer_line_costs_what_it_did_and_the_shift(tiny: Path) -> None:
    """A cost that steps later steps later still, on top of the shift."""
    facts(
        tiny,
        COST.format(s="aa-bb", v=1, f="2020-01-01", t="2021-06-30"),
        COST.format(s="aa-bb", v=2, f="2021-07-01", t=""),
    )
    world = load_world(tiny)
    found = apply(load_scenario(write(tiny, DEARER), world), world).world
    assert costs(found, JANUARY, date(2021, 3, 1), date(2021, 7, 1)) == [1.0, 1.5, 2.5]


def test_a_shift_counts_from_the_cost_that_a_plant_shares_with_others(tmp_path: Path) -> None:
    """Sabine Pass has no cost of its own: without the shared one a dearer plant would become a cheaper one."""
    base = load_world()
    body = DEARER.replace("aa-bb", "sabine-pass")
    day, cost = date(2021, 3, 1), "transport_cost_usd_per_mmbtu"
    shared = base.resolve("liquefaction-us", cost, day) or base.resolve("liquefaction", cost, day)
    assert base.resolve("sabine-pass", cost, day) is None
    assert shared is not None
    assert shared.value > 0
    found = apply(load_scenario(write(tmp_path, body), base), base).world.resolve("sabine-pass", cost, day)
    assert found is not None
    assert found.value == pytest.approx(shared.value + 0.5)


def test_two_opposite_shifts_cancel(tiny: Path) -> None:
    facts(
        tiny,
        COST.format(s="aa-bb", v=1, f="2020-01-01", t="2021-06-30"),
        COST.format(s="aa-bb", v=2, f="2021-07-01", t=""),
    )
    world = load_world(tiny)
    back = DEARER.splitlines()[1].replace("id: c", "id: d").replace("0.5", "-0.5")
    found = apply(load_scenario(write(tiny, DEARER + back + "\n"), world), world).world
    assert costs(found, JANUARY, date(2021, 3, 1), date(2021, 7, 1)) == [1.0, 1.0, 2.0]


@pytest.mark.parametrize(("subject", "words"), [("gazprom", "is a company"), ("QA", "is a node")])
def test_a_capacity_of_what_has_none_is_refused_with_what_it_has(tmp_path: Path, subject: str, words: str) -> None:
    base = load_world()
    body = f"changes:\n  - {{id: c, type: lose_capacity, subject: {subject}, from: 2025-06-01, because: [a1]}}\n"
    with pytest.raises(InputError, match=words) as caught:
        load_scenario(write(tmp_path, body), base)
    assert any("ru-wsib-gazprom" in f.fix or "ras-laffan" in f.fix for f in caught.value.faults)


def test_a_share_in_per_cent_is_refused_with_how_to_write_it(world: World, tiny: Path) -> None:
    body = "changes:\n  - {id: c, type: lose_capacity, subject: aa-bb, remaining_share: 80, from: 2021-06-01, because: [a1]}\n"
    with pytest.raises(InputError) as caught:
        load_scenario(write(tiny, body), world)
    assert "80 % is 0.8" in caught.value.faults[0].fix


def test_check_names_the_gates_that_keep_a_line_shut(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """String B of Nord Stream 1 is repaired and has a buyer, yet EU law keeps it shut; the founding scenario opens all five gates."""
    from polynya.cli import main
    from polynya.pipeline import FOUNDING

    path = tmp_path / "ns1.yaml"
    path.write_text(
        "schema: polynya.scenario/1\nid: ns1\ntitle: t\nas_of: 2025-11-01\nhorizon: {from: 2026-01, months: 6}\n"
        "assumptions: [{id: a1, text: taken as given}]\nchanges:\n  - {id: repair, type: open_gate, "
        "gates: [nord-stream-1-b-repair, nord-stream-1-b-contract], from: 2026-01-01, because: [a1]}\n"
    )
    assert main(["scenario", "check", str(path)]) == 0
    told = capsys.readouterr().out
    assert (
        "nord-stream-1-b carries nothing in 2026-06, whatever repair does: still shut by nord-stream-1-b-eu-law" in told
    )
    assert main(["scenario", "check", str(FOUNDING)]) == 0
    assert "carries nothing" not in capsys.readouterr().out
