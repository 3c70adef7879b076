"""How fast does the market engine answer, beside the bare solvers in the same run? (cases -> table)

    python benchmarks/market.py --quick                     5 x 12 and a short (c): within two minutes
    python benchmarks/market.py 5x12 25x12 25x12-own        any cases of --list
    python benchmarks/market.py c --peers                   PyPSA and linopy too, in an environment made for the run
    python benchmarks/market.py --problem DIR               a problem folder of your own, case (a)

Columns: variables and rows of the program; `build` from tables in memory to arrays; `solve` of the engine's own choice
of solver on the whole program; `all` from tables to a certified answer, which may need less than that; steps; what the certificate says; then each general solver on the
same arrays, with its ratio to `solve`. Each runs in a process of its own with one thread and a time limit; seconds of
wall clock and, in brackets, of processor, which on a busy machine is the fairer number.
Not here: the generators (`market_generate`), the peers' programs (`market_peer`).
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import subprocess
import tempfile
import time
import venv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import market_generate as generate
from polynya.market.problem import Problem, read_problem

CASES: dict[str, tuple[str, Callable[[], generate.Tables], float | None]] = {
    "5x12": ("5 strategic x 12 months, storage pooled", lambda: generate.cournot(5, 12), 1.0),
    "5x12-own": ("5 x 12, storage by trader", lambda: generate.cournot(5, 12, "trader"), None),
    "25x12": ("25 x 12, storage pooled", lambda: generate.cournot(25, 12), 10.0),
    "25x12-own": ("25 x 12, storage by trader", lambda: generate.cournot(25, 12, "trader"), 60.0),
    "5x120": ("5 x 120, storage pooled", lambda: generate.cournot(5, 120), None),
    "c": ("price-taking LP, 120 months", generate.price_taking, None),
    "c-short": ("price-taking LP, 12 months", lambda: generate.price_taking(12), None),
    "d": ("multi-year, 9 years x 3 seasons, investments", generate.multi_year, 120.0),
}
QUICK = ["5x12", "c-short"]


def ours(problem: Problem, solver: str, alone: bool = True) -> dict[str, Any]:
    """Build, solve and certify, timed together (cold: first thing in its process) and then apart."""
    from polynya.errors import PolynyaError
    from polynya.market.backends import solve_with
    from polynya.market.classes import classify
    from polynya.market.coded import code
    from polynya.market.formulation import formulate
    from polynya.market.qp import Raw
    from polynya.market.solve import solve, solvers

    start = _now()
    try:
        certificate = solve(problem, solver=solver).certificate
        whole = _since(start)
        terms = {k: v for k, v in certificate.items() if isinstance(v, float)}
        word = f"passed, worst {max(terms, key=lambda k: terms[k])} {max(terms.values()):.0e}"
    except PolynyaError as error:
        whole, word = _since(start), f"NOT PASSED: {error}"
    start = _now()
    coded = code(problem)
    qp, layout = formulate(problem, coded, classify(problem, coded, merge=True))
    build = _since(start)
    name = solvers(solver, qp, layout)[0]
    start = _now()
    raw = solve_with(name, qp) if alone else Raw(qp.lower, qp.row_lower, qp.lower, {"status": "not run alone"})
    return {
        "columns": qp.columns, "rows": qp.rows, "name": name, "build": build, "solve": _since(start), "all": whole,
        "steps": raw.info.get("iterations"), "status": raw.status, "certificate": word, "objective": qp.objective(raw.x),
    }  # fmt: skip


def bare(problem: Problem, solver: str) -> dict[str, Any]:
    """One general solver on the arrays alone."""
    from polynya.market.backends import solve_with
    from polynya.market.classes import classify
    from polynya.market.coded import code
    from polynya.market.formulation import formulate

    coded = code(problem)
    qp, _ = formulate(problem, coded, classify(problem, coded, merge=True))
    start = _now()
    raw = solve_with(solver, qp)
    return {
        "solve": _since(start),
        "status": raw.status,
        "steps": raw.info.get("iterations"),
        "objective": qp.objective(raw.x),
    }


def hand_over(problem: Problem) -> dict[str, Any]:
    """(c): build plus handing the arrays to HiGHS, against HiGHS' own time."""
    from polynya.market.backends import highs_model
    from polynya.market.classes import classify
    from polynya.market.coded import code
    from polynya.market.formulation import formulate

    start = _now()
    coded = code(problem)
    qp, _ = formulate(problem, coded, classify(problem, coded, merge=True))
    model = highs_model(qp)
    made = _since(start)
    model.setOptionValue("solver", "simplex")
    start = _now()
    model.run()
    return {"build": made, "solve": _since(start), "objective": float(model.getInfo().objective_function_value)}


def _now() -> tuple[float, float]:
    return time.perf_counter(), time.process_time()


def _since(start: tuple[float, float]) -> tuple[float, float]:
    return time.perf_counter() - start[0], time.process_time() - start[1]


def _child(pipe: Any, work: Callable[..., dict[str, Any]], arguments: tuple[Any, ...]) -> None:
    try:
        pipe.send(work(*arguments))
    except Exception as error:  # what a solver throws is its result here
        pipe.send({"error": f"{type(error).__name__}: {error}"})


def limited(seconds: float, work: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any]:
    """The work in a process of its own, ended at the limit."""
    here, there = multiprocessing.Pipe(duplex=False)
    process = multiprocessing.get_context("spawn").Process(target=_child, args=(there, work, arguments))
    process.start()
    there.close()
    try:
        return here.recv() if here.poll(seconds) else {"error": f"> {seconds:.0f}"}
    except EOFError:
        return {"error": "died"}
    finally:
        process.terminate()
        process.join()


def peers(tables: generate.Tables, seconds: float) -> dict[str, Any]:
    """PyPSA and linopy in an environment made for this run and thrown away."""
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        venv.create(folder / "env", with_pip=True)
        python = str(folder / "env" / "bin" / "python")
        subprocess.run([python, "-m", "pip", "install", "-q", "pypsa", "linopy", "highspy"], check=True)
        generate.write(tables, folder / "problem")
        script = str(Path(__file__).with_name("market_peer.py"))
        run = subprocess.run(
            [python, script, str(folder / "problem")], capture_output=True, text=True, timeout=seconds, check=False
        )
        if run.returncode:
            return {"error": run.stderr[-400:]}
        return dict(json.loads(run.stdout.splitlines()[-1]))


def both(pair: tuple[float, float]) -> str:
    return f"{pair[0]:.2f} ({pair[1]:.2f})"


def run_case(
    name: str, problem: Problem, target: float | None, others: list[str], limit: float, solver: str
) -> dict[str, Any]:
    result = limited(max(1200.0, 5 * limit), ours, problem, solver, bool(others))
    if "error" in result:
        print(f"{name:10} {result['error']}", flush=True)
        return {"case": name, "ours": result}
    goal = "" if target is None else f"  target {target:.0f}: {'met' if result['all'][0] <= target else 'MISSED'}"
    print(
        f"{name:10} {result['columns']:>8,} x {result['rows']:>7,}  build {both(result['build'])}  "
        f"{result['name']} {both(result['solve'])}, {result['steps']} steps, {result['status']}  all {both(result['all'])}"
        f"{goal}\n{'':10} certificate {result['certificate']}",
        flush=True,
    )
    found: dict[str, Any] = {"case": name, "ours": result}
    for other in others:
        if other == result["name"] or (other == "highs") != (result["name"] == "highs"):
            continue
        it = limited(limit, bare, problem, other)
        found[other] = it
        if "error" in it:
            words = f"{it['error']} s: no answer"
        else:
            ratio = it["solve"][1] / result["all"][1]
            words = f"{both(it['solve'])}, {it['steps']} steps, {it['status']}, {ratio:.1f} times ours from tables to certificate"
        print(f"{'':10} {other}: {words}", flush=True)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", metavar="CASE", help="names of --list; none: all")
    parser.add_argument("--list", action="store_true", help="name the cases and stop")
    parser.add_argument("--quick", action="store_true", help="the short ones, within two minutes")
    parser.add_argument("--problem", type=Path, help="a problem folder as further case (a)")
    parser.add_argument("--solver", default="auto", help="the engine's solver")
    parser.add_argument(
        "--others", default="block,piqp,clarabel", help="general solvers to run beside it; none: only ours"
    )
    parser.add_argument("--limit", type=float, default=90.0, help="seconds for each of them")
    parser.add_argument("--peers", action="store_true", help="(c) by PyPSA and linopy too")
    parser.add_argument("--json", action="store_true", help="one JSON document at the end")
    args = parser.parse_args()
    for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS"):  # for the processes that do the work
        os.environ.setdefault(name, "1")
    if args.list:
        for name, (words, _, target) in CASES.items():
            print(f"{name:10} {words}" + (f", target {target:.0f} s" if target else ""))
        return
    unknown = [c for c in args.cases if c not in CASES]
    if unknown:
        parser.error(f"unknown case {unknown[0]}; one of {', '.join(CASES)}")
    names = args.cases or (QUICK if args.quick else [] if args.problem else list(CASES))
    limit = min(args.limit, 15.0) if args.quick else args.limit
    others = [o for o in args.others.split(",") if o and o != "none"]
    print(f"seconds of wall clock (processor); load before {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    found = []
    if args.problem:
        found.append(run_case("a", read_problem(args.problem), None, others, limit, args.solver))
    for name in names:
        tables = CASES[name][1]()
        problem = Problem.from_tables(tables)
        found.append(run_case(name, problem, CASES[name][2], others, limit, args.solver))
        if name.startswith("c"):
            it = limited(300.0, hand_over, problem)
            if "error" not in it:
                share = it["build"][1] / it["solve"][1]
                print(f"{'':10} build and hand-over {both(it['build'])}, HiGHS alone {both(it['solve'])}: {share:.0%}")
            found[-1]["hand_over"] = it
            if args.peers:
                peer = peers(tables, 600.0)
                found[-1]["peers"] = peer
                print(f"{'':10} peers {json.dumps(peer)}")
    if args.json:
        print(json.dumps(found, default=str))


if __name__ == "__main__":
    main()
