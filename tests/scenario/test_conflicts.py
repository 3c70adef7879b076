"""Scenarios that cannot come true: the planted culprits are named, no one else is, and leaving one out is enough."""

from __future__ import annotations

import statistics
import time
from pathlib import Path

import pytest

from polynya.cli import main
from polynya.errors import InputError
from polynya.pipeline import FOUNDING
from polynya.scenario import load_scenario
from polynya.scenario.changes import conditions_met
from polynya.scenario.conflicts import conflicts, of_scenario
from polynya.scenario.ledger import Claim
from polynya.scenario.schema import ScenarioFile
from polynya.strict_yaml import parse, validate
from polynya.world import World, load_world
from tests.ensemble.conftest import HEAD
from tests.ensemble.conftest import small as small
from tests.scenario.planted import FAMILIES, planted


@pytest.fixture(scope="module")
def reference() -> World:
    return load_world()


def check_planted(reference: World, folder: Path, number: int, seed: int) -> list[float]:
    """Seconds from the command's start to the named culprit, reading of the file included."""
    took = []
    for i, case in enumerate(planted(reference, number, seed)):
        path = folder / f"{i}.yaml"
        path.write_text(case.text)
        begun = time.perf_counter()
        with pytest.raises(InputError) as caught:
            load_scenario(path, reference)
        took.append(time.perf_counter() - begun)
        faults = caught.value.faults
        assert [f.code for f in faults] == ["conflict"], (case, faults)  # one contradiction was planted, one is found
        fault = faults[0]
        named = {c for c in case.clash if f'"{c}"' in fault.message}
        assert named == case.clash, (case.family, fault.message)
        assert '"by-' not in fault.message  # no bystander is accused
        assert all(word in f"{fault.message} {fault.fix}" for word in case.words), (case.words, str(fault))
        assert fault.line > 0
        assert fault.fix
        file = validate(parse(case.text), ScenarioFile)
        for one in case.clash:  # irreducible: without any one of them this contradiction is gone
            rest = file.model_copy(
                update={
                    "changes": [c for c in file.changes if c.id != one],
                    "conditions": [c for c in file.conditions if c.id != one],
                }
            )
            met = {c.id: c.on for c in rest.conditions if c.assume == "met" and c.on}
            assert conflicts(rest, {}, reference, met) == [], (case.family, one)
    return took


def test_planted_contradictions_are_named(reference: World, tmp_path: Path) -> None:
    took = check_planted(reference, tmp_path, 3 * len(FAMILIES), seed=1)
    assert statistics.median(took) < 2.0


@pytest.mark.slow
def test_many_planted_contradictions_are_named(reference: World, tmp_path: Path) -> None:
    took = check_planted(reference, tmp_path, 300, seed=2)
    print(f"300 contradictions: median {statistics.median(took):.3f} s, worst {max(took):.3f} s")
    assert statistics.median(took) < 2.0


def test_the_founding_scenario_contradicts_nothing(reference: World) -> None:
    assert of_scenario(load_scenario(FOUNDING, reference), reference) == []


def test_leaving_one_out_lets_the_command_go_on(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    text = HEAD + (
        "changes:\n"
        "  - {id: opens, type: open_gate, gates: [g1], from: 2021-01-01, because: [a1]}\n"
        "  - {id: shuts, type: close_gate, subject: aa-bb, gate: political, name: a quarrel, from: 2021-02-01, because: [a1]}\n"
    )
    (tmp_path / "s.yaml").write_text(text)
    run = ["run", str(tmp_path / "s.yaml"), "--world", str(small), "-q", "--out"]
    assert main([*run, str(tmp_path / "a")]) == 3
    err = capsys.readouterr().err
    assert f'{tmp_path / "s.yaml"}:10:5: "opens" and "shuts" cannot both hold from 2021-02-01 on' in err
    assert 'End "opens" on 2021-01-31' in err
    assert not (tmp_path / "a").exists()
    assert main([*run, str(tmp_path / "b"), "--without", "shuts"]) == 0
    (tmp_path / "s.yaml").write_text(
        text.replace("from: 2021-01-01, because", "from: 2021-01-01, to: 2021-01-31, because")
    )
    assert main([*run, str(tmp_path / "c")]) == 0  # the repair that it offers works


def test_claims_that_contradict_each_other_are_named(small: Path) -> None:
    world = load_world(small)
    text = HEAD + (
        "changes:\n"
        "  - {id: opens, type: open_gate, gates: [g1], from: 2021-01-01, because: [c1]}\n"
        "  - {id: cold, type: shift_demand, nodes: [BB], factor: 1.1, from: 2021-01-01, because: [c2]}\n"
    )
    file = validate(parse(text), ScenarioFile)

    def claim(identity: str, **more: object) -> Claim:
        return Claim(identity, "t", "x", "CT+", more.pop("stage", ""), (), "accepted", **more)  # type: ignore[arg-type]

    claims = {"c1": claim("c1", contradicts=("c2",)), "c2": claim("c2")}
    found = conflicts(file, claims, world, {})
    assert [(c.changes, c.claims) for c in found] == [(("opens", "cold"), ("c1", "c2"))]
    denied = {"c1": claim("c1", stage="denied"), "c2": claim("c2")}
    assert [(c.changes, c.claims) for c in conflicts(file, denied, world, {})] == [(("opens",), ("c1",))]


def test_a_stake_held_for_more_than_all_of_it_is_named(reference: World) -> None:
    edges = reference.table("ownership")
    row = next(e for e in edges.to_dicts() if e["owned"] == "nord-stream-2-ag" and e["kind"] == "title")
    more = {k: v for k, v in row.items() if not k.startswith("_")} | {"id": "x", "owner": "rosneft", "share": "25"}
    world = reference.with_rows("ownership", [more])
    scenario = load_scenario(FOUNDING, reference)
    found = conflicts(scenario.file, {}, world, conditions_met(scenario))
    assert [c.changes for c in found] == [("stake-nord-stream-2",)]
    assert "125 %" in found[0].message
    assert any("rosneft 25 %" in f for f in found[0].facts)
