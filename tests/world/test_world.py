"""The registry: which fact holds, what was passed over, how an event in mid-month is prorated."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from polynya.errors import InputError, NotFoundError
from polynya.world import load_world
from polynya.world.check import check_world
from tests.world.conftest import facts

CAP = "aa-bb,capacity_bcm_per_year,{v},bcm_per_year,{f},{t},{s},p. 1,,{k},"


def cap(v: float, f: str = "2020-01-01", t: str = "", s: str = "tso", k: str = "reported") -> str:
    return CAP.format(v=v, f=f, t=t, s=s, k=k)


def messages(folder: Path) -> list[str]:
    return [str(f) for f in check_world(load_world(folder), folder / "none.yaml").faults]


def test_missing_is_not_zero(tiny: Path) -> None:
    facts(tiny, cap(10, f="2020-01-01", t="2020-12-31"))
    assert load_world(tiny).resolve("aa-bb", "capacity_bcm_per_year", date(2021, 1, 1)) is None


def test_official_wins_over_press_and_the_loser_is_kept(tiny: Path) -> None:
    facts(tiny, cap(12, s="press"), cap(10, s="law", k="official"))
    found = load_world(tiny).resolve("aa-bb", "capacity_bcm_per_year", date(2021, 1, 1))
    assert found is not None
    assert found.value == 10  # the gazette is official, the newspaper is not
    assert [f.value for f in found.passed_over] == [12]


def test_the_valid_to_day_itself_still_holds(tiny: Path) -> None:
    facts(tiny, cap(10, t="2020-06-15"), cap(4, f="2020-06-16"))
    world = load_world(tiny)
    assert [world.resolve("aa-bb", "capacity_bcm_per_year", date(2020, 6, d)).value for d in (15, 16)] == [10, 4]  # type: ignore[union-attr]


def test_an_event_in_mid_month_is_prorated_by_days(tiny: Path) -> None:
    facts(tiny, cap(10, t="2020-06-15"), cap(4, f="2020-06-16"))
    pieces = load_world(tiny).over_days("aa-bb", "capacity_bcm_per_year", date(2020, 6, 1), date(2020, 6, 30))
    assert [(d, r.value) for d, r in pieces if r] == [(15, 10.0), (15, 4.0)]  # June has 30 days, the cut is on the 16th


def test_several_limits_at_once_mean_the_smallest(tiny: Path) -> None:
    row = "aa-bb,capacity_limit_bcm_per_year,{v},bcm_per_year,2020-01-01,,{s},p. 1,,reported,"
    facts(tiny, row.format(v=7, s="tso"), row.format(v=3, s="press"))
    assert load_world(tiny).resolve("aa-bb", "capacity_limit_bcm_per_year", date(2021, 1, 1)).value == 3  # type: ignore[union-attr]


def test_an_overlay_wins_and_is_listed(tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    facts(tiny, cap(10, s="law", k="official"))
    top = tmp_path_factory.mktemp("mine")
    (top / "facts").mkdir()
    facts(top, cap(1, s="press", k="assumption"))
    world = load_world(tiny, [top])
    assert world.resolve("aa-bb", "capacity_bcm_per_year", date(2021, 1, 1)).value == 1  # type: ignore[union-attr]
    assert world.layers[-1] == top.name


def test_rows_added_by_a_scenario_win_and_make_another_world(tiny: Path) -> None:
    facts(tiny, cap(10))
    world = load_world(tiny)
    row = {
        "subject": "aa-bb",
        "attribute": "capacity_bcm_per_year",
        "value": 2.0,
        "unit": "bcm_per_year",
        "valid_from": date(2021, 1, 1),
        "source": "tso",
        "locator": "x",
        "kind": "assumption",
    }
    changed = world.with_rows("facts", [row])
    day = date(2021, 6, 1)
    assert (
        world.resolve("aa-bb", "capacity_bcm_per_year", day).value,
        changed.resolve("aa-bb", "capacity_bcm_per_year", day).value,
    ) == (10, 2)  # type: ignore[union-attr]
    assert world.digest != changed.digest


def test_unknown_id_is_an_error_with_did_you_mean(tiny: Path) -> None:
    with pytest.raises(NotFoundError, match="Did you mean aa-bb"):
        load_world(tiny).require("aa-bbb")


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        (
            cap(10).replace("bcm_per_year,2020", "bcm,2020"),
            "facts/a.csv:2:32: capacity_bcm_per_year is stored in bcm_per_year",
        ),
        (cap(27500), "Did you mean 27.5?"),
        (cap(10).replace(",tso,", ",tsu,"), '"tsu" is not in sources.id. Did you mean tso?'),
        (cap(10).replace("aa-bb", "aa-bc"), '"aa-bc" is not in the registry'),
        (cap(10, t="2019-01-01"), "before it begins"),
        (cap(10, f=""), "needs the day from which it holds"),
    ],
)
def test_a_bad_fact_is_named_with_its_place(tiny: Path, row: str, expected: str) -> None:
    facts(tiny, row)
    found = messages(tiny)
    assert any(expected in m for m in found), found
    assert all("a.csv:2:" in m for m in found)


def test_overlap_within_a_source_is_a_fault_across_sources_a_contradiction(tiny: Path) -> None:
    facts(tiny, cap(10), cap(9, f="2020-05-01"))
    assert any("overlaps another row of the same source" in m for m in messages(tiny))
    facts(tiny, cap(10), cap(9, f="2020-05-01", s="press"))
    report = check_world(load_world(tiny), tiny / "none.yaml")
    assert not report.faults
    assert len(report.warnings) == 1


def test_a_demand_node_without_a_way_in_is_a_fault(tiny: Path) -> None:
    shares = [f"{{n}},demand_share_m{m:02d},{1 / 12:.4f},1,,,tso,t,,derived," for m in range(1, 13)]
    rows = [f"{n},consumption_bcm,5,bcm,2021-01-01,2021-12-31,tso,t,,reported," for n in ("AA", "BB")]
    facts(tiny, *rows, *(s.format(n=n) for n in ("AA", "BB") for s in shares))
    found = messages(tiny)
    assert len(found) == 1  # BB is fed by the corridor, AA by nothing
    assert "AA (Aland) has demand but no way in" in found[0]


def test_a_path_out_of_the_package_is_refused(tiny: Path) -> None:
    package = (tiny / "datapackage.yaml").read_text().replace("path: nodes.csv", "path: ../nodes.csv")
    (tiny / "datapackage.yaml").write_text(package)
    with pytest.raises(InputError, match="leaves the package"):
        load_world(tiny)


def test_the_reference_world_is_sound() -> None:
    assert [str(f) for f in check_world(load_world()).faults] == []


def test_the_data_dictionary_in_the_docs_is_the_schemas_own() -> None:
    from polynya.world.dictionary import dictionary

    page = Path(__file__).parents[2] / "docs" / "data" / "dictionary.md"
    assert page.read_text() == dictionary(load_world())
