"""Every command that writes: what it writes is whole or not there, on a full disk, without rights, killed at any moment."""

from __future__ import annotations

import os
import random
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from polynya.cli import main
from polynya.whole import hold, renewed, write_whole
from tests.bad_inputs.corpus import LEDGER, PROBLEM
from tests.bad_inputs.readers import PROBLEM_REST
from tests.ensemble.conftest import small as small

AGSI = "gasDayStart,name,gasInStorage,workingGasVolume\n2021-10-01,Germany,200,230\n"
KEEP = "an older file, which stays when nothing new can be written\n"


@pytest.fixture(scope="module")
def given(small: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the commands read: a run, a ledger, an article, a problem folder, a publisher's sheet."""
    folder = tmp_path_factory.mktemp("given")
    assert main(["run", str(small / "coins.yaml"), "--world", str(small), "--out", str(folder / "run"), "-q"]) == 0
    (folder / "problem").mkdir()
    for name, text in {**PROBLEM_REST, "demand.csv": PROBLEM}.items():
        (folder / "problem" / name).write_text(text)
    (folder / "claims.yaml").write_text(LEDGER)
    (folder / "article.md").write_text("# Gas\n\nGazprom may sell gas to Germany again, officials said.\n")
    (folder / "agsi.csv").write_text(AGSI)
    return folder


def _claims(verb: str) -> Callable[[Path, Path, Path], list[str]]:
    def command(given: Path, small: Path, out: Path) -> list[str]:
        file = given / ("article.md" if verb == "new" else "claims.yaml")
        world = [] if verb == "export" else ["--world", str(small)]
        force = [] if verb == "export" else ["--force"]
        return ["claims", verb, str(file), "--out", str(out), *force, *world]

    return command


def _export(form: str) -> Callable[[Path, Path, Path], list[str]]:
    return lambda given, small, out: ["export", str(given / "run"), "--to", form, "--out", str(out)]


SAIL = ["voyage", "route", "Rotterdam", "Hamburg", "--depart", "2025-08-15", "--map"]
FILES: dict[str, Callable[[Path, Path, Path], list[str]]] = {
    "claims new": _claims("new"),
    "claims scenario": _claims("scenario"),
    "claims export": _claims("export"),
    "world show --html": lambda g, s, o: ["world", "show", "BB", "--world", str(s), "--html", str(o)],
    "world show --svg": lambda g, s, o: ["world", "show", "BB", "--world", str(s), "--svg", str(o)],
    "voyage route --map": lambda g, s, o: [*SAIL, str(o)],
}
NEW_FILES: dict[str, Callable[[Path, Path, Path], list[str]]] = {
    "scenario new": lambda g, s, o: ["scenario", "new", str(o)],
}
FOLDERS: dict[str, Callable[[Path, Path, Path], list[str]]] = {
    "run": lambda g, s, o: ["run", str(s / "coins.yaml"), "--world", str(s), "--out", str(o), "-q"],
    "market solve": lambda g, s, o: ["market", "solve", str(g / "problem"), "--out", str(o), "-q"],
    "world import": lambda g, s, o: ["world", "import", "gie", str(g / "agsi.csv"), "--out", str(o)],
    **{f"export {form}": _export(form) for form in ("iamc", "pypsa", "geojson", "netcdf", "csv", "problem")},
}


@contextmanager
def disk_of(most: int) -> Iterator[None]:
    """No file may grow beyond so many bytes, as on a disk that is full then."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def refused(command: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1, one complaint that says what could not be written, no traceback."""
    capsys.readouterr()
    assert main(command) == 1
    err = capsys.readouterr().err
    assert "cannot write here" in err
    assert "Traceback" not in err


@pytest.mark.parametrize("most", [0, 20])
@pytest.mark.parametrize("name", [*FILES, *NEW_FILES, *FOLDERS])
def test_a_full_disk_leaves_the_old_or_nothing(
    name: str, most: int, given: Path, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out.svg"
    if name in FILES:
        out.write_text(KEEP)
    with disk_of(most):
        refused({**FILES, **NEW_FILES, **FOLDERS}[name](given, small, out), capsys)
    assert [(p, p.read_text()) for p in tmp_path.iterdir()] == ([(out, KEEP)] if name in FILES else [])


@pytest.mark.parametrize("name", [*FILES, *NEW_FILES, *FOLDERS])
def test_a_place_that_cannot_be_is_said_in_one_line(
    name: str, given: Path, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Below a file, with a name longer than file systems take; a file also in a folder that is missing."""
    (tmp_path / "file").write_text(KEEP)
    command = {**FILES, **NEW_FILES, **FOLDERS}[name]
    places = [tmp_path / "file" / "out", tmp_path / ("x" * 300)]
    for place in places if name in FOLDERS else [*places, tmp_path / "missing" / "out"]:
        refused(command(given, small, place), capsys)
    assert [p.name for p in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == KEEP


@pytest.mark.slow
@pytest.mark.skipif(os.geteuid() != 0, reason="only root may mount a small disk")
def test_a_small_disk_that_is_really_full(
    given: Path, small: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    disk = tmp_path / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16k", "none", str(disk)], check=True)
    try:
        for name, command in {**FILES, **NEW_FILES, **FOLDERS}.items():
            (disk / "ballast").write_bytes(b"0" * (16 << 10))
            refused(command(given, small, disk / "out"), capsys)
            assert [p.name for p in disk.iterdir()] == ["ballast"], name
    finally:
        subprocess.run(["umount", str(disk)], check=True)


def test_rights_and_links_of_an_older_file_stay(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("old")
    (tmp_path / "real").chmod(0o640)
    (tmp_path / "link").symlink_to("real")
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"
    assert (tmp_path / "real").stat().st_mode & 0o777 == 0o640
    write_whole("/dev/null", "new")  # a device is written to, not replaced
    assert not Path("/dev/null").is_file()


def test_what_is_new_has_the_rights_that_the_user_wants(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        write_whole(tmp_path / "file", "mine")
        with hold(tmp_path / "folder") as folder:
            (folder / "x").write_text("mine")
    finally:
        os.umask(before)
    assert (tmp_path / "file").stat().st_mode & 0o777 == 0o600
    assert (tmp_path / "folder").stat().st_mode & 0o777 == 0o700


def test_a_renewed_folder_keeps_what_it_is_not_given_and_goes_back_when_it_fails(tmp_path: Path) -> None:
    target = tmp_path / "t"
    with renewed(target) as folder:
        (folder / "a").write_text("1")
    with renewed(target) as folder:
        (folder / "b").write_text("2")

    def fail() -> None:
        with renewed(target) as folder:
            (folder / "a").write_text("3")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert {p.name: p.read_text() for p in target.iterdir()} == {"a": "1", "b": "2"}
    assert [p.name for p in tmp_path.iterdir()] == ["t"]


WRITER = """
import sys
from pathlib import Path
from polynya.whole import renewed, write_whole
print("begun", flush=True)
for i in range(10**9):
    write_whole(Path(sys.argv[1]) / "file", f"{i}\\n" * 20_000)
    with renewed(Path(sys.argv[1]) / "folder") as folder:
        for name in "abcdef":
            (folder / name).write_text(f"{i}\\n" * 2_000)
"""


def kill_writers(folder: Path, kills: int, seed: int) -> None:
    """A program that does nothing but write is killed; one number fills every file, and all files of the folder."""
    moments = random.Random(seed)
    for _ in range(kills):
        process = subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(moments.uniform(0.02, 0.12))
        process.send_signal(signal.SIGKILL)
        process.communicate()
        lines = (folder / "file").read_text().split("\n") if (folder / "file").exists() else []
        assert len(lines) in (0, 20_001)
        assert len(set(lines)) in (0, 2)
        said = [p.read_text() for p in sorted((folder / "folder").glob("*"))]
        assert len(said) in (0, 6)  # for the moment between two renames it is not there
        assert len(set(said)) <= 1
        assert all(p.name.startswith(".") for p in folder.iterdir() if p.name not in ("file", "folder"))


def test_a_killed_writer_leaves_no_half_file_and_no_mixed_folder(tmp_path: Path) -> None:
    kill_writers(tmp_path, kills=4, seed=1)


@pytest.mark.slow
def test_two_hundred_killed_writers(tmp_path: Path) -> None:
    kill_writers(tmp_path, kills=200, seed=2)
