"""What does an ensemble cost beyond its solves, and how does it grow with workers?

    python benchmarks/ensemble.py [--months 12] [--draws 8] [--workers 1,2] [--hand]

Worlds all differ (a demand factor is drawn), so that every draw is posed and solved. Printed per number of workers:
wall seconds; solving (wall seconds summed over workers, and processor seconds); posing (applying the choice and building
the market problem, which `polynya run` does once a case as well); and everything else, as a share of the solving:
starting the workers, talking to them, the ledger, statistics, files. Processor seconds of all processes are what to read on
a machine that is not idle. `--hand`: a world of two nodes whose solve takes milliseconds, to see the fixed costs.
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
    parser.add_argument("--months", type=int, default=12)
    parser.add_argument("--draws", type=int, default=8)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--hand", action="store_true")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        scenario, more = hand(folder) if asked.hand else founding(folder, asked.months)
        base: float | None = None
        print(
            "workers  wall[s]  solving wall[s]  solving cpu[s]  posing wall[s]  all cpu[s]  other cpu / solving cpu  speed-up"
        )
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
            other = cpu - spent["solving_cpu_s"] - spent["posing_cpu_s"]
            print(
                f"{workers:7d}  {wall:7.1f}  {spent['solving_s']:15.1f}  {spent['solving_cpu_s']:14.1f}  {spent['posing_s']:14.1f}  "
                f"{cpu:10.1f}  {100 * other / spent['solving_cpu_s']:21.1f} %  {base / wall:8.2f}"
            )
            print(
                f"         posing cpu {spent['posing_cpu_s']:.1f} s = {100 * spent['posing_cpu_s'] / spent['solving_cpu_s']:.1f} % of solving"
            )


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
