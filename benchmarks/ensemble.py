"""What does an ensemble cost beyond its solves, and how does it grow with workers?

    python benchmarks/ensemble.py [--months 24] [--horizon YEAR] [--draws 32] [--workers 1,2] [--hand]
    python benchmarks/ensemble.py --starts [--horizon 2035] [--draws 4]

Worlds all differ (a demand factor is drawn), so that every draw is posed and solved. Printed per number of workers:
wall seconds, and processor seconds of all processes, which are what to read on a machine that is not idle: solving
(the solver and its certificate, nothing else); posing (applying the choice, building and checking the market problem);
reading (what a solution says, for the ledger); and the rest: starting the programs, the world, the ledger, statistics,
files. `strict` is everything but solving over solving; `loose` counts posing and reading with the solves, as any loop over
worlds has them. `--hand`: a world of two nodes whose solve takes milliseconds, to see the fixed costs.
`--starts`: processor seconds of each solve from nothing and from the answer of today's course.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
FOUNDING = ROOT / "examples" / "gazprom-arctic-2025"
RANGE = (
    "  - {id: cold, type: shift_demand, text: Colder, nodes: ['region:Europe'], factor: 1.0, from: 2025-04-01, "
    "because: [a-days], range: {low: 0.9, high: 1.1}}\n"
)


def main() -> None:
    """Run and print one line per number of workers."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--months", type=int, default=24)
    parser.add_argument("--horizon", type=int)
    parser.add_argument("--starts", action="store_true")
    parser.add_argument("--draws", type=int, default=32)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--hand", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scenario, more = hand(folder) if asked.hand else founding(folder, asked.months)
        if asked.horizon:
            more += ["--horizon", asked.horizon]
        if asked.starts:
            starts(scenario, asked.months, asked.horizon, asked.draws)
            return
        base: float | None = None
        print("workers  wall[s]  solving  posing  reading  rest [processor s]  strict  loose  speed-up")
        for workers in map(int, asked.workers.split(",")):
            out = folder / f"out-{workers}"
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            begun = time.perf_counter()
            command = ["ensemble", scenario, *more, "-n", asked.draws, "--workers", workers, "--out", out, "-q"]
            ledger = ["--resume", folder / f"ledger-{workers}"]
            subprocess.run(
                [sys.executable, "-m", "polynya.cli", *map(str, [*command, *ledger])],
                check=True,
                stdout=subprocess.DEVNULL,
            )
            wall = time.perf_counter() - begun
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
            cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
            spent = json.loads((out / "timings.json").read_text())
            base = base or wall
            solving, posing, reading = (spent[f"{name}_cpu_s"] for name in ("solving", "posing", "reading"))
            rest = cpu - solving - posing - reading
            strict, loose = (cpu - solving) / solving, rest / (solving + posing + reading)
            print(
                f"{workers:7d}  {wall:7.1f}  {solving:7.1f}  {posing:6.1f}  {reading:7.1f}  {rest:18.1f}  "
                f"{100 * strict:4.1f} %  {100 * loose:3.1f} %  {base / wall:8.2f}",
                flush=True,
            )


def starts(scenario: Path, months: int, horizon: int | None, draws: int) -> None:
    """Each drawn world solved from nothing and from today's answer."""
    from polynya.ensemble.choice import choose
    from polynya.ensemble.draw import draw
    from polynya.ensemble.uncertain import uncertain
    from polynya.market.solve import solve
    from polynya.pipeline import ready
    from polynya.results.answer import Question
    from polynya.scenario import apply

    r = ready(Question(scenario=scenario, months=months, horizon=horizon))
    today = solve(r.pose(r.base).problem)
    what = uncertain(r.scenario)
    print("arcs   cold[s]  warm[s]  ratio")
    for choice in draw(what, draws, 1).choices(what):
        problem = r.pose(apply(choose(r.scenario, choice).scenario, r.base).world).problem
        spent = []
        for start in (None, today.start):
            begun = time.process_time()
            solve(problem, start=start)
            spent.append(time.process_time() - begun)
        print(f"{problem.arcs.height}  {spent[0]:7.1f}  {spent[1]:7.1f}  {spent[1] / spent[0]:5.2f}", flush=True)


def founding(folder: Path, months: int) -> tuple[Path, list[object]]:
    """The founding scenario with a drawn demand factor."""
    for file in FOUNDING.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    path = folder / "scenario.yaml"
    path.write_text(path.read_text().replace("changes:\n", "changes:\n" + RANGE, 1))
    return path, ["--months", months]


def hand(folder: Path) -> tuple[Path, list[object]]:
    """The hand-solved world of the tests."""
    from tests.ensemble.conftest import make_world

    world = make_world(folder / "world")
    return world / "mixed.yaml", ["--world", world]


if __name__ == "__main__":
    main()
