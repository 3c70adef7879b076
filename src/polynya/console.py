"""How does the program speak? Results on stdout, progress and complaints on stderr, one JSON document under `--json`."""

from __future__ import annotations

import json
import sys
import time
from typing import Any


def emit_json(document: Any) -> None:
    """Print exactly one JSON document on stdout. NaN and infinities are refused, not written."""
    plain = "utf" not in (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    sys.stdout.write(json.dumps(document, ensure_ascii=plain, allow_nan=False, indent=1) + "\n")
    sys.stdout.flush()


def say(text: str = "") -> None:
    """Print a line of the result on stdout."""
    sys.stdout.write(text + "\n")


def note(text: str) -> None:
    """Print a line of progress or warning on stderr."""
    sys.stderr.write(text + "\n")
    sys.stderr.flush()


class Progress:
    """Progress on stderr: one rewritten line on a terminal, one line a step elsewhere, nothing when quiet."""

    def __init__(self, quiet: bool = False) -> None:
        self.quiet = quiet
        self.started = time.monotonic()
        self._tty = sys.stderr.isatty()
        self._open = False

    def __call__(self, text: str) -> None:
        """Show that a step has begun."""
        if self.quiet:
            return
        line = f"[{time.monotonic() - self.started:5.1f} s] {text}"
        if self._tty:
            sys.stderr.write("\r\x1b[2K" + line)
            self._open = True
        else:
            sys.stderr.write(line + "\n")
        sys.stderr.flush()

    def done(self) -> None:
        """Close the rewritten line."""
        if self._open:
            sys.stderr.write("\n")
            self._open = False


def table(header: list[str], rows: list[list[str]], *, indent: int = 2) -> str:
    """A plain text table: the first column left, numbers right."""
    widths = [max(len(str(r[i])) for r in [header, *rows]) for i in range(len(header))]

    def line(cells: list[str]) -> str:
        out = []
        for i, cell in enumerate(cells):
            text = str(cell)
            left = i == 0 or not _numeric(rows, i)
            out.append(text.ljust(widths[i]) if left else text.rjust(widths[i]))
        return " " * indent + "  ".join(out).rstrip()

    return "\n".join([line(header), *(line(r) for r in rows)])


def _numeric(rows: list[list[str]], i: int) -> bool:
    cells = [str(r[i]).strip() for r in rows if str(r[i]).strip()]
    return bool(cells) and all(
        c.lstrip("+-−<>~").replace(",", "").replace(".", "").replace("%", "").strip().isdigit() or c in "-–"
        for c in cells
    )
