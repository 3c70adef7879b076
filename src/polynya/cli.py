"""The command line: which command runs, and what an error looks like from outside.

Imports neither polars nor rich nor NumPy: `polynya --help` must feel instant. Each group of commands is a small
module in `commands/` that imports its engine inside the function that needs it.
"""

from __future__ import annotations

import errno
import io
import os
import sys
import traceback
from collections.abc import Sequence
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import typer

from polynya import __version__
from polynya.errors import EXIT_INTERRUPTED, EXIT_OK, PolynyaError, StorageError, UsageError
from polynya.processes import end_when_told

# what the user's disk or rights refuse; anything else the operating system says is our fault
REFUSALS = (
    *(errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EIO),
    *(errno.EACCES, errno.EPERM, errno.ENOTDIR, errno.EISDIR, errno.ENAMETOOLONG, errno.ELOOP),
)
GROUPS = (
    "run",
    "runs",
    "doubts",
    "export",
    "world",
    "world_import",
    "scenario",
    "market",
    "claims",
    "control",
    "voyage",
    "backcast",
    "calibrate",
    "report",
    "ensemble",
    "serve",
)
SOLVING = {"run", "doubts", "market", "backcast", "calibrate", "ensemble"}  # end within two seconds of Ctrl-C


def _show_version(value: bool) -> None:
    if value:
        typer.echo(f"polynya {__version__}")
        raise typer.Exit()


def build_app() -> typer.Typer:
    """Assemble the commands that exist. A module in `commands/` offers `register(app)`."""
    app = typer.Typer(
        name="polynya",
        rich_markup_mode=None,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        help="If what is being reported came true, what would change, and who says so?\n\nStart with: polynya run",
    )

    @app.callback()
    def root(
        version: bool = typer.Option(
            False, "--version", callback=_show_version, is_eager=True, help="Print the version."
        ),
    ) -> None:
        """The open what-if engine for gas, LNG and Arctic trade."""

    for name in GROUPS:
        if find_spec(f"polynya.commands.{name}") is not None:
            import_module(f"polynya.commands.{name}").register(app)
    return app


@lru_cache(maxsize=1)
def _command() -> Any:
    return typer.main.get_command(build_app())


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line. Returns the exit code (see `errors.py`)."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    as_json = "--json" in arguments
    try:
        result = _command().main(args=arguments, prog_name="polynya", standalone_mode=False)
        return result if isinstance(result, int) else EXIT_OK
    except PolynyaError as error:
        return _fail(error, as_json)
    except typer.Exit as exit_:
        return int(exit_.exit_code)
    except (typer.Abort, KeyboardInterrupt):
        _interrupted(as_json)
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except OSError as error:
        if error.errno not in REFUSALS:
            return _unexpected(error, as_json)
        return _fail(StorageError.of(error, error.filename or "."), as_json)
    except Exception as error:
        # Typer may carry its own copy of click, so a wrong command line is told by what it can do, not by its class.
        if hasattr(error, "format_message"):
            message = str(error.format_message())
            _complain(message if "Usage:" in message else f"polynya: {message}", as_json, _document("usage", message))
            return UsageError.exit_code
        return _unexpected(error, as_json)


def _unexpected(error: Exception, as_json: bool) -> int:
    traceback.print_exc()
    if as_json:
        _complain("", True, _document("internal", f"{type(error).__name__}: {error}"))
    return PolynyaError.exit_code


def _document(code: str, message: str) -> dict[str, object]:
    return {"error": {"code": code, "message": message, "where": ""}}


def _interrupted(as_json: bool) -> None:
    _complain("interrupted", as_json, _document("interrupted", "interrupted"))


def _fail(error: PolynyaError, as_json: bool) -> int:
    _complain(str(error), as_json, error.as_json())
    return error.exit_code


def _complain(text: str, as_json: bool, document: dict[str, object]) -> None:
    if as_json:
        from polynya.console import emit_json

        emit_json(document)
    else:
        sys.stderr.write(text + "\n")


def run() -> None:
    """Entry point of the `polynya` script."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without the sign shows ?, and nothing fails
    if SOLVING.intersection(sys.argv[1:2]):
        code = end_when_told(lambda: _interrupted("--json" in sys.argv))
        if code is not None:
            sys.exit(code)
    sys.exit(main())


if __name__ == "__main__":
    run()
