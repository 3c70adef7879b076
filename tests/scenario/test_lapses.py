"""Licences that lapse or are given, and holdings that end: the registry's own tables, dated."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from polynya.control.inputs import inputs_from_tables
from polynya.errors import InputError
from polynya.scenario import apply, load_scenario
from polynya.world import World, load_world

HEAD = """schema: polynya.scenario/1
id: test
title: Test
as_of: 2026-01-01
horizon: {from: 2026-01, months: 12}
assumptions:
  - {id: a1, text: taken as given}
changes:
"""
DAY = date(2026, 6, 15)


@pytest.fixture(scope="module")
def world() -> World:
    return load_world()


def after(world: World, tmp_path: Path, body: str) -> World:
    path = tmp_path / "s.yaml"
    path.write_text(HEAD + body)
    return apply(load_scenario(path, world), world).world


def licences(world: World, day: date) -> dict[str, str]:
    tables = {n: list(f.iter_rows(named=True)) for n, f in world.tables.items() if n != "facts"}
    return {x.id: x.state(day) for x in inputs_from_tables(tables).licences}


def test_a_licence_lapses_on_its_day(world: World, tmp_path: Path) -> None:
    """In force until the last day of May, ended from June on; the other licences are as they were."""
    body = "  - {id: c, type: end_licence, licences: [us-gl-129-successor], from: 2026-06-01, because: [a1]}\n"
    changed = after(world, tmp_path, body)
    assert licences(changed, date(2026, 5, 31))["us-gl-129-successor"] == "in_force"
    assert licences(changed, DAY)["us-gl-129-successor"] != "in_force"
    left = {k: v for k, v in licences(changed, DAY).items() if k != "us-gl-129-successor"}
    assert left == {k: v for k, v in licences(world, DAY).items() if k != "us-gl-129-successor"}


def test_a_licence_that_a_scenario_gives_covers_its_targets(world: World, tmp_path: Path) -> None:
    """It is a licence of the registry's form: the firms named, the measure relieved, the jurisdiction of the measure."""
    body = (
        "  - {id: c, type: license_measure, measures: [us-eo-14024-rosneft-lukoil], targets: [rosneft], text: all dealings,"
        " from: 2026-06-01, because: [a1]}\n"
    )
    row = after(world, tmp_path, body).table("licences").filter(pl.col("id") == "c-us").row(0, named=True)
    assert (row["targets"], row["measures"], row["jurisdiction"]) == ("rosneft", "us-eo-14024-rosneft-lukoil", "US")
    assert row["what"] == "all dealings"


def test_a_trusteeship_ends_without_a_successor(world: World, tmp_path: Path) -> None:
    body = "  - {id: c, type: end_holding, owned: rosneft-deutschland, from_owner: bundesnetzagentur, kinds: [trustee], from: 2026-06-01, because: [a1]}\n"
    changed = after(world, tmp_path, body).table("ownership")
    mine = changed.filter((pl.col("owned") == "rosneft-deutschland") & (pl.col("kind") == "trustee"))
    assert mine["valid_to"].max() == date(2026, 5, 31)
    titles = pl.col("kind") == "title"
    assert changed.filter(titles).height == world.table("ownership").filter(titles).height


def test_a_holding_that_is_not_there_cannot_end(world: World, tmp_path: Path) -> None:
    body = "  - {id: c, type: end_holding, owned: miro-gmbh, from_owner: bundesnetzagentur, kinds: [trustee], from: 2026-06-01, because: [a1]}\n"
    with pytest.raises(InputError, match="holds nothing of miro-gmbh"):
        after(world, tmp_path, body)


def test_an_unknown_licence_is_named(world: World, tmp_path: Path) -> None:
    body = "  - {id: c, type: end_licence, licences: [us-gl-192], from: 2026-06-01, because: [a1]}\n"
    with pytest.raises(InputError, match="us-gl-192"):
        after(world, tmp_path, body)
