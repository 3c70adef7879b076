"""What differs between two worlds: rows by their key, values day by day."""

from __future__ import annotations

import json
import shutil
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from polynya.cli import main
from polynya.errors import NotFoundError
from polynya.world import load_world
from polynya.world.diff import diff_text, diff_worlds
from polynya.world.world import World
from tests.world.conftest import facts

CAP = "aa-bb,capacity_bcm_per_year,{v},bcm_per_year,{f},{t},{s},p. 1,,{k},"


def cap(v: float, f: str = "2020-01-01", t: str = "", s: str = "tso", k: str = "reported") -> str:
    return CAP.format(v=v, f=f, t=t, s=s, k=k)


@pytest.fixture
def two(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two equal folders, the second to be bent."""
    facts(tiny, cap(10))
    other = tmp_path_factory.mktemp("other") / "world"
    shutil.copytree(tiny, other)
    return tiny, other


def test_equal_worlds_do_not_differ(two: tuple[Path, Path]) -> None:
    found = diff_worlds(load_world(two[0]), load_world(two[1]))
    assert not found.tables
    assert not found.values
    assert "No row and no value differs" in diff_text(found)


def test_rows_added_removed_and_changed_are_told_apart_by_their_key(two: tuple[Path, Path]) -> None:
    """BB is gone, CC is new, AA moved by one degree."""
    (two[1] / "nodes.csv").write_text(
        "id,name,region,country,lat,lon,note\nAA,Aland,Europe,AA,61,10,\nCC,Celand,Asia,CC,40,10,\n"
    )
    [nodes] = diff_worlds(load_world(two[0]), load_world(two[1])).tables
    assert nodes.name == "nodes"
    assert [r["id"] for r in nodes.added] == ["CC"]
    assert [r["id"] for r in nodes.removed] == ["BB"]
    assert [(c.key, dict(c.columns)) for c in nodes.changed] == [(("AA",), {"lat": (60.0, 61.0)})]


def test_the_order_of_rows_is_no_difference(two: tuple[Path, Path]) -> None:
    lines = (two[1] / "nodes.csv").read_text().splitlines()
    (two[1] / "nodes.csv").write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n")
    assert not diff_worlds(load_world(two[0]), load_world(two[1])).tables


def test_a_row_that_loses_changes_no_value(two: tuple[Path, Path]) -> None:
    """The newspaper's figure is passed over in favour of the operator's, so a row is added but no value moves."""
    facts(two[1], cap(10), cap(3, s="press"))
    found = diff_worlds(load_world(two[0]), load_world(two[1]))
    assert [len(t.added) for t in found.tables] == [1]
    assert found.values == ()


def test_a_source_that_gains_weight_changes_a_value_without_any_fact_changing(two: tuple[Path, Path]) -> None:
    """Both sides carry 10 (operator) and 3 (newspaper); on the second side the newspaper became an official gazette."""
    for folder in two:
        facts(folder, cap(10), cap(3, s="press"))
    text = (two[1] / "sources.csv").read_text()
    (two[1] / "sources.csv").write_text(text.replace("facts,press,", "facts,official,"))
    found = diff_worlds(load_world(two[0]), load_world(two[1]))
    assert [t.name for t in found.tables] == ["sources"]
    assert [(v.before, v.after) for v in found.values] == [(10.0, 3.0)]


def test_an_overlay_for_six_weeks_differs_for_six_weeks(two: tuple[Path, Path], tmp_path: Path) -> None:
    top = tmp_path / "top"
    (top / "facts").mkdir(parents=True)
    facts(top, cap(4, f="2021-03-01", t="2021-04-11", k="assumption"))
    [value] = diff_worlds(load_world(two[0]), load_world(two[0], [top])).values
    assert (value.first, value.last) == (date(2021, 3, 1), date(2021, 4, 11))
    assert (value.before, value.after) == (10.0, 4.0)


def test_what_is_unknown_on_one_side_is_none_and_not_zero(two: tuple[Path, Path]) -> None:
    facts(two[1], cap(10, f="2021-01-01"))
    [value] = diff_worlds(load_world(two[0]), load_world(two[1])).values
    assert (value.before, value.after) == (10.0, None)
    assert (value.first, value.last) == (date(2020, 1, 1), date(2020, 12, 31))


def test_a_yearly_total_differs_for_its_year(two: tuple[Path, Path]) -> None:
    row = "AA,consumption_bcm,{v},bcm,{y}-01-01,{y}-12-31,tso,p. 1,,reported,"
    facts(two[0], row.format(v=7, y=2019), row.format(v=8, y=2020))
    facts(two[1], row.format(v=7, y=2019), row.format(v=9, y=2020))
    [value] = diff_worlds(load_world(two[0]), load_world(two[1])).values
    assert (value.first, value.last, value.before, value.after) == (date(2020, 1, 1), date(2020, 12, 31), 8.0, 9.0)


day = st.integers(0, 40)
step = st.tuples(st.integers(0, 3), day, st.none() | day, st.sampled_from(["tso", "press", "law"]))


@settings(max_examples=60, deadline=None)
@given(old=st.lists(step, max_size=5), new=st.lists(step, max_size=5))
def test_stretches_agree_with_a_comparison_day_by_day(
    old: list[tuple[int, int, int | None, str]], new: list[tuple[int, int, int | None, str]]
) -> None:
    """Naive: resolve both worlds on each of 60 days; the stretches must cover exactly the days that differ."""
    start = date(2021, 1, 1)
    a, b = (_world(start, rows) for rows in (old, new))
    told = {}
    for v in diff_worlds(a, b).values:
        for i in range(60):
            d = start + timedelta(days=i)
            if (v.first is None or v.first <= d) and (v.last is None or d <= v.last):
                assert d not in told  # stretches do not overlap
                told[d] = (v.before, v.after)
    naive = {}
    for i in range(60):
        d = start + timedelta(days=i)
        x, y = (w.resolve("aa-bb", "capacity_bcm_per_year", d) for w in (a, b))
        pair = (None if x is None else x.value, None if y is None else y.value)
        if pair[0] != pair[1]:
            naive[d] = pair
    assert told == naive


KEPT = ("attributes", "sources")  # all that resolving needs
_BASE: dict[str, World] = {}


def _world(start: date, rows: list[tuple[int, int, int | None, str]]) -> World:
    if not _BASE:
        whole = load_world()
        _BASE["w"] = whole.with_tables({n: t.clear() for n, t in whole.tables.items() if n not in KEPT})
    base = _BASE["w"]
    ids = {
        r: base.table("sources").filter(base.table("sources")["reliability"] == r)["id"][0]
        for r in ("company", "press", "official")
    }
    source = {"tso": ids["company"], "press": ids["press"], "law": ids["official"]}
    return base.with_rows(
        "facts",
        [
            {
                "subject": "aa-bb",
                "attribute": "capacity_bcm_per_year",
                "value": float(v),
                "unit": "bcm_per_year",
                "valid_from": start + timedelta(days=f),
                "valid_to": None if t is None else start + timedelta(days=max(f, t)),
                "source": source[s],
                "locator": "x",
                "kind": "reported",
            }
            for v, f, t, s in rows
        ],
    )


def test_the_command_prints_one_document(two: tuple[Path, Path], capsys: pytest.CaptureFixture[str]) -> None:
    facts(two[1], cap(12))
    assert main(["world", "diff", str(two[0]), str(two[1]), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["same"] is False
    assert len(document["tables"]["facts"]["added"]) == 1
    assert len(document["tables"]["facts"]["removed"]) == 1
    # the fact holds from 2020-01-01 on; before that day nothing is known on either side
    assert document["values"] == [
        {
            "subject": "aa-bb",
            "attribute": "capacity_bcm_per_year",
            "unit": "bcm_per_year",
            "from": "2020-01-01",
            "to": None,
            "before": 10.0,
            "after": 12.0,
        }
    ]


def test_the_command_compares_the_reference_with_an_overlay_on_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "facts").mkdir()
    row = "turkstream-2,capacity_bcm_per_year,1,bcm_per_year,2024-02-01,2024-02-29,polynya-assumption,mine,,assumption,"
    facts(tmp_path, row)
    assert main(["world", "diff", "--overlay", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert "turkstream-2  capacity_bcm_per_year  2024-02-01  2024-02-29" in out


def test_nothing_to_compare_is_a_usage_error(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["world", "diff"]) == 2
    assert "nothing to compare" in capsys.readouterr().err


def test_an_overlay_folder_in_place_of_a_world_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["world", "diff", str(tmp_path)]) == NotFoundError.exit_code
    assert "--overlay" in capsys.readouterr().err
