"""`polynya market`: solve a problem folder, or check one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

if TYPE_CHECKING:
    from polynya.market.answer import Solution

TABLES_SHOWN = (
    "prices", "consumption", "sales", "flows", "conversions", "production", "storage", "rents", "markups", "investments",
    "values", "classes",
)  # fmt: skip


def register(app: typer.Typer) -> None:
    """Add the group."""
    group = typer.Typer(
        no_args_is_help=True,
        help="Solve a market from a folder of tables.\n\nThe folder's tables are described in docs/problem-folder.md.",
    )
    group.command("solve", epilog="Example: polynya market solve examples/market/two-seasons --json")(solve)
    group.command("check", epilog="Example: polynya market check examples/market/two-seasons")(check)
    app.add_typer(group, name="market")


def solve(
    folder: Path = typer.Argument(..., metavar="DIR", help="Problem folder."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
    out: Path | None = typer.Option(
        None, "--out", metavar="DIR2", help="Also write every table of the answer into this new folder, as CSV."
    ),
    solver: str = typer.Option("auto", help="auto, block, piqp, clarabel or highs."),
    quiet: bool = typer.Option(False, "--quiet", "-q", help="No progress on stderr."),
) -> None:
    """Prices, flows, rents and welfare of one market, certified.

    Exit codes: 0 solved and certified, 3 a table is wrong, 4 no solution (the culprit is named), 5 the answer failed
    its certificate.
    """
    from polynya.console import Progress, emit_json
    from polynya.market.problem import read_problem
    from polynya.market.solve import solve as run
    from polynya.whole import require_free

    if out is not None:
        require_free(out)
    progress = Progress(quiet=quiet)
    problem = read_problem(folder)
    solution = run(problem, solver=solver, progress=progress)
    progress.done()
    if out is not None:
        _write(solution, out)
    if as_json:
        emit_json(document(solution))
    else:
        _show(solution)


def check(
    folder: Path = typer.Argument(..., metavar="DIR", help="Problem folder."),
    as_json: bool = typer.Option(False, "--json", help="One JSON document on stdout."),
) -> None:
    """Read a problem folder, name every fault with file:line:column, and count what it holds."""
    from polynya.console import emit_json, say, table
    from polynya.market.problem import read_problem

    tables = read_problem(folder).tables()
    if as_json:
        emit_json({"status": "ok", "rows": {name: frame.height for name, frame in tables.items()}})
    else:
        say(f"{folder}: no fault found")
        say(table(["table", "rows"], [[name, str(frame.height)] for name, frame in tables.items() if frame.height]))


def document(solution: Solution) -> dict[str, Any]:
    """The JSON document of an answer."""
    return {
        "status": solution.status,
        "welfare": dict(solution.welfare),
        "certificate": dict(solution.certificate),
        **{name: getattr(solution, name).to_dicts() for name in TABLES_SHOWN},
        "solver": {k: v for k, v in solution.info.items() if k != "seconds"},
    }


def _write(solution: Solution, folder: Path) -> None:
    from polynya.whole import hold

    with hold(folder) as beside:
        for name, frame in solution.frames().items():
            (beside / f"{name}.csv").write_text(frame.write_csv(line_terminator="\n"), encoding="utf-8")


def _show(solution: Solution) -> None:
    from polynya.console import say, table

    say("prices")
    rows = [
        [
            r["node"],
            r["period"],
            f"{r['price']:.4f}",
            "" if r["determined"] else _interval(r["price_lo"], r["price_hi"]),
        ]
        for r in solution.prices.head(40).iter_rows(named=True)
    ]
    say(table(["node", "period", "price", "not pinned"], rows))
    if solution.prices.height > 40:
        say(f"  ... {solution.prices.height - 40:,} more; --json or --out show everything")
    say("welfare")
    say(table(["party", "money"], [[k, f"{v:,.2f}"] for k, v in solution.welfare.items()]))
    worst = {k: v for k, v in solution.certificate.items() if isinstance(v, float)}
    if worst:
        say("certificate passed: " + ", ".join(f"{k} {v:.0e}" for k, v in worst.items()))


def _interval(low: float | None, high: float | None) -> str:
    return f"{'-inf' if low is None else f'{low:.4f}'} .. {'inf' if high is None else f'{high:.4f}'}"
