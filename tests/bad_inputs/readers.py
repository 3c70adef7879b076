"""Who reads which file: a good file for each reader, and the command that reads it."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from polynya.world.load import package_of
from polynya.world.schema import Resource
from tests.bad_inputs.corpus import (
    ACTUALS,
    ANCHOR,
    BODS,
    EDGES,
    EI,
    FTM,
    GEM,
    LEDGER,
    MAY_SERVE,
    OVERLAY,
    PROBLEM,
    SHIP,
)
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


def _import(publisher: str) -> Callable[[Path, Path, Path], list[str]]:
    return lambda f, w, o: ["world", "import", publisher, str(f), "--out", str(o)]


def _map(file: Path, world: Path, out: Path) -> list[str]:
    sheet = world / "gem.csv"
    sheet.write_text(GEM)
    return ["world", "import", "gem", str(sheet), "--map", str(file), "--world", str(world), "--out", str(out)]


PROBLEM_REST = {
    "periods.csv": "period,weight,days\n2021-01,1,31\n",
    "nodes.csv": "node\nA\n",
    "traders.csv": "trader\nt\n",
    "production.csv": "trader,node,period,step,capacity,cost\nt,A,2021-01,1,5,1\n",
}


def _problem(file: Path, world: Path, out: Path) -> list[str]:
    folder = world / "problem"
    folder.mkdir(exist_ok=True)
    for name, text in PROBLEM_REST.items():
        (folder / name).write_text(text)
    (folder / file.name).unlink(missing_ok=True)
    (folder / file.name).symlink_to(file)
    return ["market", "solve", str(folder), "--out", str(out)]


def _overlay(file: Path, world: Path, out: Path) -> list[str]:
    overlay = world.parent / "overlay"  # beside the world: nothing of it may lie where nothing is to be written
    for old in overlay.rglob("*.csv"):
        old.unlink()
    (overlay / "facts").mkdir(parents=True, exist_ok=True)
    (overlay / ("facts" if file.name == "o.csv" else ".") / file.name).symlink_to(file)
    return [*_world(file, world, out), "--overlay", str(overlay)]


def _table(path: str) -> Callable[[Path, Path, Path], list[str]]:
    """Check the world with an overlay of this one table."""

    def command(file: Path, world: Path, out: Path) -> list[str]:
        overlay = world.parent / "overlay"
        shutil.rmtree(overlay, ignore_errors=True)
        (overlay / path).parent.mkdir(parents=True)
        (overlay / path).symlink_to(file)
        return ["world", "check", "--world", str(world), "--overlay", str(overlay)]

    return command


def _of_table(resource: Resource) -> Reader:
    path = resource.path.replace("*", "f")
    return Reader(Path(path).name, "", _table(path))


def _voyage(option: str) -> Callable[[Path, Path, Path], list[str]]:
    return lambda f, w, o: ["voyage", "route", "Sabetta", "Tokyo", "--depart", "2025-08-15", option, str(f)]


def _base_actuals(file: Path, world: Path, out: Path) -> list[str]:
    good = world / "actuals.csv"
    good.write_text(ACTUALS)
    actuals = ["--actuals", str(good), "--base-actuals", str(file)]
    return ["backcast", "--years", "2022", *actuals, "--world", str(world)]


def _keep(file: Path, world: Path, out: Path) -> list[str]:
    ledger = world / "c.yaml"
    ledger.write_text(LEDGER)
    return ["claims", "scenario", str(ledger), "--keep", str(file), "--world", str(world), "--out", str(out)]


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
    "article": Reader("a.md", "Gas flows.", lambda f, w, o: ["claims", "new", str(f), "--out", str(o)]),
    "article.html": Reader("a.html", "<p>Gas flows.", lambda f, w, o: ["claims", "new", str(f), "--out", str(o)]),
    "problem": Reader("demand.csv", PROBLEM, _problem),
    "may-serve": Reader("m.csv", MAY_SERVE + "x,JP,,,r,s\n", _voyage("--may-serve")),
    "ice": Reader("ice.nc", b"", _voyage("--ice")),
    "ei": Reader("ei.csv", EI, _import("ei")),
    "entsog": Reader("entsog.csv", "", _import("entsog")),
    "entsog.json": Reader("entsog.json", "{}", _import("entsog")),
    "gie": Reader("gie.csv", "", _import("gie")),
    "gie.json": Reader("gie.json", "{}", _import("gie")),
    "map": Reader("map.csv", "name,id\n", _map),
    "overlay": Reader("o.csv", OVERLAY, _overlay),
    "overlay:nodez.csv": Reader("nodez.csv", "", _overlay),
    "base-actuals": Reader("base.csv", ACTUALS, _base_actuals),
    "keep": Reader("k.yaml", COINS, _keep),
    **{f"world:{name}": Reader(name, text, _world) for name, text in FILES.items()},
    **{f"table:{r.path.replace('*', 'f')}": _of_table(r) for r in package_of().resources},
    "world:datapackage.yaml": Reader("datapackage.yaml", "", _world),
}
