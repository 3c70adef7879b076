"""Whatever is wrong with a file: exit 3, the place, a fix, no traceback, nothing half-written."""

from __future__ import annotations

import csv
import json
import os
import re
import resource
import signal
import time
from collections.abc import Callable
from html import unescape
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from polynya import strict_yaml
from polynya.calibration.actuals import read_actuals
from polynya.claims.article import read_article
from polynya.cli import main
from polynya.control.edge_file import read_edges
from polynya.control.formats.bods import read_bods
from polynya.control.formats.ftm import read_ftm
from polynya.errors import PolynyaError
from polynya.market.problem import Problem, read_problem
from polynya.scenario import load_scenario
from polynya.scenario.ledger import read_ledger
from polynya.tables import spreadsheet_csv
from polynya.world import World, load_world
from polynya.world.anchor import read_anchor
from polynya.world.check import check_world
from polynya.world.importers import Names, ei
from polynya.world.importers.document import read_document
from tests.bad_inputs.corpus import ACTUALS, ANCHOR, BODS, COINS, CORPUS, EDGES, EI, FTM, GEM, LEDGER, PROBLEM, Bad
from tests.bad_inputs.generated import GENERATED, TABLES, TEXTS
from tests.bad_inputs.readers import PROBLEM_REST, READERS
from tests.ensemble.conftest import make_world
from tests.ensemble.conftest import small as small
from tests.results.test_run import FILES

GIGABYTE = 1 << 30
# what says so other than by the size: the format by its first bytes (a NetCDF file may be large), the name
UNREAD = {"ice": "not a NetCDF file", "overlay:nodez.csv": "no table of the world"}


def place(folder: Path, small: Path, bad: Bad, content: bytes) -> tuple[Path, Path]:
    """Write the bad file where its reader looks for it. Returns the file and the world."""
    reader = READERS[bad.reader]
    if bad.reader.startswith("world:"):
        world = make_world(folder / "world")
        (world / reader.file).write_bytes(content)
        return world / reader.file, world
    (small / "listed.csv").write_text("id\na\n")
    file = folder / reader.file
    file.write_bytes(content)
    return file, small


ALL = [*CORPUS, *GENERATED]
# no line in a file that is no text, none when its name is what is wrong
NO_LINE = ("ice", "gem.xlsx", "overlay:nodez.csv")


def test_the_corpus_is_as_large_as_it_is_said_to_be() -> None:
    assert len({(b.reader, b.name) for b in ALL}) == len(ALL) >= 440
    assert len({b.reader for b in ALL}) >= 75
    assert {b.reader for b in ALL} >= set(TEXTS) | {f"table:{path}" for path in TABLES}


@pytest.mark.parametrize("bad", ALL, ids=lambda b: f"{b.reader}: {b.name}")
def test_it_is_refused_with_its_place_and_a_reason(
    bad: Bad, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, world = place(tmp_path, small, bad, bad.raw)
    out = tmp_path / "out"
    before = sorted(p for p in tmp_path.rglob("*"))
    command = READERS[bad.reader].command(file, world, out)
    begun = time.process_time()
    code = main([*command, "--json"])
    took = time.process_time() - begun
    document = json.loads(capsys.readouterr().out)  # exactly one document, errors too
    assert code == 3, document
    error = document["error"] if "error" in document else document["faults"][0]
    faults = error.get("faults") or document.get("faults") or [error]
    text = " ".join(f"{f['message']} {f['fix']}" for f in faults)
    assert bad.words in text
    name = READERS[bad.reader].file
    assert any(re.search(re.escape(name) + re.escape(bad.where), f["where"]) for f in faults), [
        f["where"] for f in faults
    ]
    for fault in faults:
        assert bad.reader in NO_LINE or re.search(r":\d+:\d+$", fault["where"]), "line and column"
        assert fault["fix"]
        assert not fault["fix"].startswith("Correct this"), "a fix of its own"
    assert sorted(p for p in tmp_path.rglob("*") if "ledger" not in p.parts) == before  # nothing was written
    assert took < 4.0 if bad.reader in ("gem.xlsx", "ice") else 2.0, "processor seconds; the first one imports"


ONE_BY_ONE = sorted(r for r in READERS if not r.startswith("table:"))  # all tables come in by one function
SPECIAL: dict[str, Callable[[Path], object]] = {
    "a pipe that nobody writes to": os.mkfifo,
    "a device without an end": lambda path: path.symlink_to("/dev/zero"),
    "a circle of links": lambda path: path.symlink_to(path.name),
    "a folder": Path.mkdir,
}


@pytest.mark.parametrize("reader", [*ONE_BY_ONE, "table:ownership.csv", "table:voyages/ships.csv"])
def test_what_is_no_file_is_refused_and_never_waited_for(
    reader: str, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    signal.signal(signal.SIGALRM, lambda *_: pytest.fail("it waits"))
    others = list(SPECIAL)[1:]
    turn = others[ONE_BY_ONE.index(reader) % len(others)] if reader in ONE_BY_ONE else others[0]
    for name in ("a pipe that nobody writes to", turn):  # each loads a world first, so the others take turns
        make = SPECIAL[name]
        folder = tmp_path / name
        folder.mkdir()
        file, world = place(folder, small, Bad("", reader, b"", "", ""), b"")
        file.unlink()
        make(file)
        command = READERS[reader].command(file, world, folder / "out")
        signal.alarm(20)
        try:
            code = main([*command, "--json"])
        finally:
            signal.alarm(0)
        document = json.loads(capsys.readouterr().out)
        assert code == 3, (name, document)
        error = document["error"] if "error" in document else document["faults"][0]
        assert READERS[reader].file in error["where"]
        assert error["fix"]


@pytest.mark.parametrize("reader", sorted(READERS))
def test_a_gigabyte_is_refused_by_its_size_before_it_is_read(
    reader: str, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, world = place(tmp_path, small, Bad("", reader, b"", "", ""), b"")
    with file.open("wb") as handle:
        handle.truncate(GIGABYTE)  # sparse: it takes no room
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    code = main([*READERS[reader].command(file, world, tmp_path / "out"), "--json"])
    document = json.loads(capsys.readouterr().out)
    assert code == 3
    assert UNREAD.get(reader, "bytes") in json.dumps(document)
    grown_mb = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) / 1024
    assert grown_mb < 512, "the file was read"


HOSTILE = ["=HYPERLINK(1)", "+1+1", "-2+3", "@SUM(A1)", "\tx", "=cmd|' /C calc'!A0"]


def test_text_that_a_spreadsheet_would_run_is_kept_text() -> None:
    frame = pl.DataFrame({"text": [*HOSTILE, "plain"], "number": [-1.5] * (len(HOSTILE) + 1)})
    lines = spreadsheet_csv(frame).splitlines()
    for cell, line in zip(HOSTILE, lines[1:], strict=False):
        assert line.lstrip('"').startswith("'" + cell[:1])
        assert line.endswith("-1.5")  # a number stays a number
    assert lines[-1] == "plain,-1.5"


def test_a_publishers_name_that_a_spreadsheet_would_run_is_kept_text(small: Path, tmp_path: Path) -> None:
    (tmp_path / "g.csv").write_text(GEM.replace("An LNG Terminal", '"=HYPERLINK(""http://x"")"'))
    command = ["world", "import", "gem", str(tmp_path / "g.csv"), "--world", str(small), "--out", str(tmp_path / "o")]
    assert main(command) == 0
    (row,) = csv.DictReader((tmp_path / "o" / "left_out.csv").read_text().splitlines())
    assert row["name"].startswith("'=HYPERLINK")


def test_hostile_text_of_a_scenario_reaches_report_and_tables_as_text(small: Path, tmp_path: Path) -> None:
    evil = "</script><script>alert(1)</script><img src=x onerror=alert(2)>"
    (tmp_path / "s.yaml").write_text(
        COINS.replace("title: The line may open", f"title: '{evil}'").replace("text: a buyer", "text: '=1+1'")
    )
    assert main(["run", str(tmp_path / "s.yaml"), "--world", str(small), "--out", str(tmp_path / "r"), "-q"]) == 0
    assert main(["ensemble", str(tmp_path / "s.yaml"), "--world", str(small), "--out", str(tmp_path / "e"), "-q"]) == 0
    for page in (tmp_path / "r" / "report.html", tmp_path / "e" / "ensemble.html"):
        html = page.read_text()
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "default-src 'none'" in unescape(html)


PAGE = "<html><head><title>T</title></head><body><article><p>Gas &amp; <b>oil</b></p></article></body></html>"


def _read_problem(path: Path) -> Problem:
    folder = path.parent / "problem"
    folder.mkdir(exist_ok=True)
    for name, text in PROBLEM_REST.items():
        (folder / name).write_text(text)
    (folder / "demand.csv").write_bytes(path.read_bytes())
    return read_problem(folder)


# Readers that are fuzzed: a good file, and who reads it.
FUZZED = {
    "scenario": (COINS, ".yaml", load_scenario),
    "ledger": (LEDGER, ".yaml", lambda path, _: read_ledger(path)),
    "yaml": (COINS, ".yaml", lambda path, _: strict_yaml.load(path)),
    "anchor": (ANCHOR, ".csv", read_anchor),
    "edges": (EDGES, ".csv", lambda path, _: read_edges(path)),
    "bods": (BODS, ".json", lambda path, _: read_bods(path)),
    "ftm": (FTM, ".json", lambda path, _: read_ftm(path)),
    "sheet": (GEM, ".csv", lambda path, _: read_document(path)),
    "records": (BODS, ".json", lambda path, _: read_document(path)),
    "article": ("Gas *flows*, says A.\n> quoted\n", ".md", lambda path, _: read_article(path)),
    "page": (PAGE, ".html", lambda path, _: read_article(path)),
    "actuals": (ACTUALS, ".csv", lambda path, _: read_actuals(path)),
    "problem": (PROBLEM, ".csv", lambda path, _: _read_problem(path)),
    "ei": (EI, ".csv", lambda path, world: ei.read(read_document(path), Names.of(world))),
    "names": ("name,id\nAland,AA\n", ".csv", lambda path, world: Names.of(world, path)),
}
TOKENS = [b"NO", b"nan", b"1e999", b"-", b"[", b"{", b"&a", b"*a", b"!!x", b"\x00", b"\xff", b"\n", b",", b'"', b": ", b"null",
          b"\xe2\x80\xae", b"9" * 50, b"2021-02-30", b"../", b"[]", b"{}", b"true", b"\t", b"#", b"'", b"\r", b"1_0"]  # fmt: skip


@st.composite
def mutants(draw: st.DrawFn, seed: bytes) -> bytes:
    """A good file with pieces cut out, doubled, swapped for trouble; or nothing but noise."""
    if draw(st.integers(0, 9)) == 0:
        return draw(st.binary(max_size=200))
    data = seed
    for _ in range(draw(st.integers(1, 4))):
        at, length = draw(st.integers(0, len(data))), draw(st.integers(0, 12))
        piece = draw(st.one_of(st.sampled_from(TOKENS), st.binary(max_size=4), st.just(data[at : at + length] * 2)))
        data = data[:at] + piece + data[at + length :]
    return data


def fuzz(reader: str, folder: Path, world: World, number: int) -> int:
    """Feed a reader with mutants. Whatever it says must be one of our errors, in time. Returns how many were read."""
    good, suffix, read = FUZZED[reader]
    path, count = folder / f"x{suffix}", 0
    codes: set[int] = set()

    @settings(
        max_examples=number, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(mutants(good.encode()))
    def one(data: bytes) -> None:
        nonlocal count
        path.write_bytes(data)
        begun = time.process_time()
        try:
            read(path, world)
        except PolynyaError as error:
            codes.add(error.exit_code)
        assert time.process_time() - begun < 5.0
        count += 1

    one()
    assert codes <= {3, 6}
    return count


@pytest.mark.parametrize("reader", sorted(FUZZED))
def test_no_mutant_breaks_a_reader(reader: str, small: Path, tmp_path: Path) -> None:
    assert fuzz(reader, tmp_path, load_world(small), 60) >= 30


@pytest.mark.slow
@pytest.mark.parametrize("reader", sorted(FUZZED))
def test_no_mutant_of_many_breaks_a_reader(reader: str, small: Path, tmp_path: Path) -> None:
    assert fuzz(reader, tmp_path, load_world(small), 3000) >= 2000


@pytest.mark.parametrize("number", [25, pytest.param(600, marks=pytest.mark.slow)])
def test_no_mutant_of_a_table_breaks_the_world(number: int, tmp_path: Path) -> None:
    world = make_world(tmp_path / "world")
    codes: set[int] = set()

    @settings(
        max_examples=number, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(st.data())
    def one(data: st.DataObject) -> None:
        name = data.draw(st.sampled_from(sorted(FILES)))
        (world / name).write_bytes(data.draw(mutants(FILES[name].encode())))
        try:
            check_world(load_world(world))
        except PolynyaError as error:
            codes.add(error.exit_code)
        finally:
            (world / name).write_text(FILES[name])

    one()
    assert codes <= {3, 6}
