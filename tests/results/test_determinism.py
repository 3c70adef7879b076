"""Same inputs, same result bytes: in other processes, with other threads, hash seeds, locales, time zones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from polynya.pipeline import FOUNDING
from polynya.units import added
from tests.ensemble.conftest import small as small

# what a user's machine may differ in; the locales are made for these tests (see `locales`)
SETTINGS = {
    "plain": {"PYTHONHASHSEED": "0", "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "POLARS_MAX_THREADS": "1"},
    "two-threads": {
        "PYTHONHASHSEED": "1",
        "OMP_NUM_THREADS": "2",
        "OPENBLAS_NUM_THREADS": "2",
        "POLARS_MAX_THREADS": "2",
    },
    "turkish": {"PYTHONHASHSEED": "4242", "LC_ALL": "tr_TR.UTF-8", "LANG": "tr_TR.UTF-8", "TZ": "Asia/Kamchatka"},
    "german": {"PYTHONHASHSEED": "random", "LC_ALL": "de_DE.UTF-8", "LANG": "de_DE.UTF-8", "TZ": "America/St_Johns"},
    "c": {"PYTHONHASHSEED": "7", "LC_ALL": "C", "PYTHONUTF8": "0", "COLUMNS": "40", "NO_COLOR": "1"},
}


@pytest.fixture(scope="session", autouse=True)
def locales(tmp_path_factory: pytest.TempPathFactory) -> Path | None:
    """A folder with the locales of the settings, made here; none where localedef or its sources are not installed."""
    folder = tmp_path_factory.mktemp("locales")
    for name in ("tr_TR", "de_DE"):
        try:
            subprocess.run(
                ["localedef", "-i", name, "-f", "UTF-8", str(folder / f"{name}.UTF-8")], check=True, capture_output=True
            )
        except (OSError, subprocess.CalledProcessError):
            return None
    for setting in SETTINGS.values():
        setting["LOCPATH"] = str(folder)
    return folder


@pytest.mark.parametrize(("name", "point"), [("tr_TR.UTF-8", ","), ("de_DE.UTF-8", ",")])
def test_the_locales_are_really_in_force(locales: Path | None, name: str, point: str) -> None:
    if locales is None:
        pytest.skip("localedef or its sources are not installed: the runs in other locales fall back to C")
    ask = "import locale; locale.setlocale(locale.LC_ALL, ''); print(locale.localeconv()['decimal_point'])"
    said = subprocess.run(
        [sys.executable, "-c", ask],
        check=True,
        env={**os.environ, "LC_ALL": name, "LOCPATH": str(locales)},
        capture_output=True,
        text=True,
    )
    assert said.stdout.strip() == point


def manifest(out: Path, setting: str, *arguments: object) -> bytes:
    """The manifest, which holds the hash of every other file but the timings."""
    subprocess.run(
        [sys.executable, "-m", "polynya.cli", *map(str, arguments), "--out", str(out), "-q"],
        check=True,
        env={**os.environ, **SETTINGS[setting]},
        stdout=subprocess.DEVNULL,
    )
    return (out / "manifest.json").read_bytes()


def test_a_small_run_has_the_same_bytes(small: Path, tmp_path: Path) -> None:
    wanted = ("run", small / "mixed.yaml", "--world", small)
    found = {setting: manifest(tmp_path / setting, setting, *wanted) for setting in SETTINGS}
    assert {setting for setting, bytes_ in found.items() if bytes_ != found["plain"]} == set()


def test_an_ensemble_has_the_same_bytes(small: Path, tmp_path: Path) -> None:
    wanted = ("ensemble", small / "mixed.yaml", "--world", small, "-n", 4)
    plain = manifest(tmp_path / "a" / "out", "plain", *wanted, "--workers", 1)
    assert manifest(tmp_path / "b" / "out", "turkish", *wanted, "--workers", 2) == plain


POSED = """
import hashlib
from datetime import date
from polynya.pipeline import FOUNDING, ready
from polynya.results.answer import Question
from polynya.scenario import apply
r = ready(Question(scenario=FOUNDING, first=date(2026, 10, 1), months=2))
for world in (r.base, apply(r.scenario, r.base).world):
    posed = r.pose(world)
    parts = [f.write_csv() for f in (*posed.problem.tables().values(), posed.bans, posed.inputs.trace, posed.inputs.gates)]
    print(hashlib.sha256("".join(parts).encode()).hexdigest())
"""


def test_the_founding_markets_are_posed_alike_whatever_the_hash_seed() -> None:
    """Months in which several bans meet: which measure stands behind one must not depend on the order of a set."""
    found = {
        subprocess.run(
            [sys.executable, "-c", POSED],
            check=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
        ).stdout
        for seed in ("0", "1")  # these two differed once
    }
    assert len(found) == 1


FOUNDING_RUN = ("run", FOUNDING, "--months", 24)


@pytest.fixture(scope="module")
def founding_run(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return manifest(tmp_path_factory.mktemp("plain") / "out", "plain", *FOUNDING_RUN)


@pytest.mark.slow
@pytest.mark.parametrize("setting", [s for s in SETTINGS if s != "plain"])
def test_the_founding_run_has_the_same_bytes(tmp_path: Path, founding_run: bytes, setting: str) -> None:
    assert manifest(tmp_path / "out", setting, *FOUNDING_RUN) == founding_run


def test_a_terminal_without_our_signs_gets_whole_json(small: Path) -> None:
    """A title in Cyrillic on a terminal that speaks ASCII: escaped, never lost."""
    (small / "cyrillic.yaml").write_text((small / "mixed.yaml").read_text().replace("The line may open", "Газ"))
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "polynya.cli",
            "scenario",
            "check",
            str(small / "cyrillic.yaml"),
            "--world",
            str(small),
            "--json",
        ],
        check=True,
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
    )
    assert json.loads(done.stdout)["title"] == "Газ"


def test_the_sum_of_numbers_is_the_same_in_every_python() -> None:
    """Ten tenths, each rounded as it comes, are a digit short of one; `sum` says 1.0 from Python 3.12 on."""
    assert added([0.1] * 10) == 0.9999999999999999
