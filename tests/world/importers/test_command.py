"""`polynya world import`: an overlay that loads, checks and wins; exit codes; one JSON document."""

from __future__ import annotations

import csv
import json
from datetime import date
from pathlib import Path

import pytest

from polynya.cli import main
from polynya.errors import InputError, UsageError
from polynya.world import load_world
from polynya.world.check import check_world
from polynya.world.importers import read_document
from tests.world.importers.conftest import small as small
from tests.world.importers.conftest import write

GEM = """TerminalName,UnitName,FacilityType,Status,Country,CapacityInBcm/y,StartYear1
Dragon LNG,,Import,Operating,United Kingdom,7.6,2009
Nowhere LNG,,Import,Operating,Atlantis,1,2009
"""


def new_faults(base: Path, overlay: Path) -> set[str]:
    """What `world check` finds with the overlay and not without it (the small world is no whole world)."""
    before = {f.message for f in check_world(load_world(base)).faults}
    after = {f.message for f in check_world(load_world(base, [overlay])).faults}
    return {m for m in after - before if not m.startswith("assertion ")}  # totals of the whole world


def test_the_overlay_loads_checks_and_takes_precedence(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "mine"
    file = write(tmp_path, "gem.csv", GEM)
    assert main(["world", "import", "gem", str(file), "--out", str(out), "--world", str(small), "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert document["facts"] == 1
    assert document["left_out"][0]["name"] == "Nowhere LNG"
    world = load_world(small, [out])
    assert new_faults(small, out) == set()
    found = world.resolve("dragon-lng", "capacity_bcm_per_year", date(2024, 1, 1))
    assert found is not None
    assert found.value == 7.6
    rows = list(csv.DictReader((out / "facts" / "gem.csv").open()))
    assert rows[0]["source"] == "import-gem"
    assert rows[0]["kind"] == "reported"
    assert rows[0]["locator"] == "row 2"
    assert next(csv.DictReader((out / "left_out.csv").open()))["locator"] == "row 3"


def test_every_publisher_gives_an_overlay_that_checks(small: Path, tmp_path: Path) -> None:
    files = {
        "gem": GEM,
        "ei": "Country,Year,Var,Value\nGermany,2021,gasprod_bcm,4.5\nJapan,2021,gasprod_bcm,2.5\n",
        "entsog": "indicator,periodFrom,operatorLabel,pointLabel,directionKey,unit,value\n"
        "Firm Technical,2024-01-01,OP,Bacton,exit,kWh/d,600000000\n",
        "gie": "code,gasDayStart,gasInStorage,workingGasVolume\nDE,2024-01-01,200,250\n",
    }
    names = write(tmp_path, "map.csv", "name,id\nBacton|exit,iuk-gb-be\n")
    for publisher, text in files.items():
        out = tmp_path / publisher
        file = write(tmp_path, f"{publisher}.csv", text)
        arguments = ["world", "import", publisher, str(file), "--out", str(out), "--world", str(small)]
        assert main([*arguments, "--map", str(names)]) == 0
        assert new_faults(small, out) == set()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["gen", "gem.csv"], 2),  # no such importer
        (["gem", "missing.csv"], 6),
        (["gem", "gem.pdf"], 2),  # another kind of file
        (["gie", "gem.csv"], 3),  # another publisher's file
        (["gem", "gem.csv", "--published", "soon"], 2),
    ],
)
def test_exit_codes(
    small: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    code: int,
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path, "gem.csv", GEM)
    write(tmp_path, "gem.pdf", "%PDF")
    full = ["world", "import", *arguments, "--out", "o", "--world", str(small), "--json"]
    assert main(full) == code
    assert "error" in json.loads(capsys.readouterr().out)
    assert not (tmp_path / "o").exists()


def test_a_folder_that_holds_something_is_not_written(small: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    write(out, "notes.txt", "mine")
    file = write(tmp_path, "gem.csv", GEM)
    assert main(["world", "import", "gem", str(file), "--out", str(out), "--world", str(small)]) == 2
    assert [p.name for p in out.iterdir()] == ["notes.txt"]


def test_a_map_to_an_unknown_id_says_what_was_meant(
    small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = write(tmp_path, "map.csv", "name,id\nNowhere LNG,dragon-lgn\n")
    file = write(tmp_path, "gem.csv", GEM)
    arguments = ["world", "import", "gem", str(file), "--out", str(tmp_path / "o"), "--world", str(small)]
    assert main([*arguments, "--map", str(names)]) == 3
    message = capsys.readouterr().err
    assert "map.csv:2" in message
    assert "dragon-lng" in message


def test_a_workbook_is_read_with_its_sheet_and_row(small: Path, tmp_path: Path) -> None:
    pytest.importorskip("fastexcel")
    xlsxwriter = pytest.importorskip("xlsxwriter")
    path = tmp_path / "gem.xlsx"
    book = xlsxwriter.Workbook(str(path))
    book.add_worksheet("About").write(0, 0, "Licence")
    sheet = book.add_worksheet("LNG Terminals")
    for i, row in enumerate(csv.reader(GEM.splitlines())):
        for j, text in enumerate(row):
            sheet.write(i, j, float(text) if text.replace(".", "").isdigit() else text)
    book.close()
    out = tmp_path / "mine"
    assert main(["world", "import", "gem", str(path), "--out", str(out), "--world", str(small)]) == 0
    rows = list(csv.DictReader((out / "facts" / "gem.csv").open()))
    assert (rows[0]["value"], rows[0]["locator"]) == ("7.6", 'sheet "LNG Terminals", row 2')
    assert rows[0]["valid_from"] == "2009-01-01"


def test_a_file_that_only_calls_itself_a_workbook_is_refused(tmp_path: Path) -> None:
    pytest.importorskip("fastexcel")
    with pytest.raises(InputError, match="cannot be read"):
        read_document(write(tmp_path, "x.xlsx", "not a zip"))


def test_a_list_of_records_is_needed_in_json(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no list of records"):
        read_document(write(tmp_path, "x.json", '{"message": "too many requests"}'))
    with pytest.raises(UsageError):
        read_document(write(tmp_path, "x.docx", ""))
