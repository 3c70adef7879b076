"""Who reads which file: a good file for each reader, and the command that reads it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.bad_inputs.corpus import ACTUALS, ANCHOR, BODS, EDGES, FTM, GEM, LEDGER, SHIP
from tests.ensemble.conftest import COINS
from tests.results.test_run import FILES


@dataclass(frozen=True)
class Reader:
    """The file's name, good content, and the arguments that read it: (file, world, output) -> command line."""

    file: str
    good: str | bytes
    command: Callable[[Path, Path, Path], list[str]]


def _scenario(file: Path, world: Path, out: Path) -> list[str]:
    return ["ensemble", str(file), "--world", str(world), "--out", str(out), "-q"]


def _world(file: Path, world: Path, out: Path) -> list[str]:
    return ["run", str(world / "coins.yaml"), "--world", str(world), "--out", str(out), "-q"]


READERS = {
    "scenario": Reader("s.yaml", COINS, _scenario),
    "claims": Reader("c.yaml", LEDGER, lambda f, w, o: ["claims", "check", str(f), "--world", str(w)]),
    "anchor": Reader("a.csv", ANCHOR, lambda f, w, o: [*_scenario(w / "coins.yaml", w, o), "--anchor", str(f)]),
    "edges": Reader(
        "e.csv", EDGES, lambda f, w, o: ["screen", "b", "--edges", str(f), "--listed", str(w / "listed.csv")]
    ),
    "ship": Reader(
        "ship.yaml",
        SHIP,
        lambda f, w, o: ["voyage", "route", "Sabetta", "Tokyo", "--ship", str(f), "--depart", "2025-08-15"],
    ),
    "bods": Reader("b.json", BODS, lambda f, w, o: ["control", "import", str(f), "--format", "bods"]),
    "ftm": Reader("f.json", FTM, lambda f, w, o: ["control", "import", str(f), "--format", "ftm"]),
    "gem": Reader("g.csv", GEM, lambda f, w, o: ["world", "import", "gem", str(f), "--out", str(o)]),
    "gem.xlsx": Reader("g.xlsx", b"", lambda f, w, o: ["world", "import", "gem", str(f), "--out", str(o)]),
    "actuals": Reader(
        "actuals.csv", ACTUALS, lambda f, w, o: ["backcast", "--years", "2022", "--actuals", str(f), "--world", str(w)]
    ),
    **{f"world:{name}": Reader(name, text, _world) for name, text in FILES.items()},
    "world:datapackage.yaml": Reader("datapackage.yaml", "", _world),
}
