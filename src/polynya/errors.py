"""What can go wrong, with the exit code each kind ends in.

    PolynyaError            1  internal
    ├── UsageError          2  the command line is wrong
    ├── InputError          3  a file is wrong: every fault with file:line:column and a fix
    ├── NoSolutionError     4  the question has no answer; the culprit is named
    ├── CertificateError    5  an answer was found but failed its certificate
    ├── StorageError        1  the disk is full, or refuses to be written
    └── NotFoundError       6  an id, run or file does not exist

Nothing here prints: `cli.py` turns an error into text or into one JSON document.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Any

EXIT_OK = 0
EXIT_INTERRUPTED = 130
LONGEST = 2000  # characters of a message


def _with_fix(text: str, fix: str) -> str:
    """Message and fix as two sentences."""
    return f"{text}{'' if text.endswith(('.', '!', '?', ':')) else '.'} {fix}" if fix else text


@dataclass(frozen=True, slots=True)
class Fault:
    """One fault in one place of a user's file. `line` and `column` count from 1; 0 means unknown."""

    message: str
    file: str = ""
    line: int = 0
    column: int = 0
    fix: str = ""
    code: str = "invalid"

    def __post_init__(self) -> None:
        if len(self.message) > LONGEST:  # it quotes a cell or a name as long as the file
            half = LONGEST // 2
            object.__setattr__(self, "message", f"{self.message[:half]} ... {self.message[-half:]}")
        if not self.fix:  # whoever finds a fault should say more than this
            object.__setattr__(self, "fix", f"Correct this {'line' if self.line else 'file'}, then repeat the command.")

    @property
    def where(self) -> str:
        """`file:line:column`, as far as it is known."""
        parts = [self.file] + [str(n) for n in (self.line, self.column) if n]
        return ":".join(p for p in parts if p)

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return _with_fix(text, self.fix)

    def as_json(self) -> dict[str, Any]:
        """The fault as a JSON object."""
        return {"code": self.code, "message": self.message, "where": self.where, "fix": self.fix}


class PolynyaError(Exception):
    """Base of every error that Polynya raises on purpose."""

    code = "internal"
    exit_code = 1

    def __init__(self, message: str, *, where: str = "", fix: str = "", code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.where = where
        self.fix = fix
        if code is not None:
            self.code = code

    def __str__(self) -> str:
        text = f"{self.where}: {self.message}" if self.where else self.message
        return _with_fix(text, self.fix)

    def as_json(self) -> dict[str, Any]:
        """The error as the document that `--json` prints."""
        return {"error": {"code": self.code, "message": self.message, "where": self.where, "fix": self.fix}}


class UsageError(PolynyaError):
    """The command line asks for something that cannot be asked."""

    code = "usage"
    exit_code = 2


class InputError(PolynyaError):
    """A file cannot be used. Carries every fault found, in file order."""

    code = "bad_input"
    exit_code = 3

    def __init__(self, faults: Fault | str | Iterable[Fault], *, where: str = "", fix: str = "") -> None:
        if isinstance(faults, str):
            faults = Fault(faults, file=where, fix=fix)
        listed: Sequence[Fault] = [faults] if isinstance(faults, Fault) else list(faults)
        if not listed:
            raise ValueError("an InputError needs at least one fault")
        self.faults = sorted(listed, key=lambda f: (f.file, f.line, f.column))
        first = self.faults[0]
        super().__init__(first.message, where=first.where, fix=first.fix)

    def __str__(self) -> str:
        return "\n".join(str(f) for f in self.faults)

    def as_json(self) -> dict[str, Any]:
        """The first fault as the error, and all of them under `faults`."""
        document = super().as_json()
        document["error"]["faults"] = [f.as_json() for f in self.faults]
        return document


class NoSolutionError(PolynyaError):
    """The question has no answer: no route, no feasible market. The message names the culprit."""

    code = "no_solution"
    exit_code = 4


class CertificateError(PolynyaError):
    """A result exists but did not pass its certificate; nothing of it may be presented as solved."""

    code = "certificate_failed"
    exit_code = 5


class StorageError(PolynyaError):
    """Something could not be written: a full disk, a quota, a limit, no permission. Nothing half-written is left."""

    code = "storage"

    @staticmethod
    def of(error: OSError, folder: object) -> StorageError:
        """The same as the operating system put it."""
        return StorageError(
            f"cannot write here: {error.strerror or error}",
            where=str(folder),
            fix="Make room or choose another folder, then repeat the command.",
        )


class NotFoundError(PolynyaError):
    """An id, a run, a file or a number that was asked for does not exist."""

    code = "not_found"
    exit_code = 6


def did_you_mean(word: str, known: Iterable[str], *, n: int = 3) -> str:
    """A fix that names the nearest known words, or an empty string when none is near."""
    pool = list(known)
    near = get_close_matches(word, pool, n=n, cutoff=0.6)
    if not near:
        folded = {k.casefold(): k for k in pool}
        near = [folded[m] for m in get_close_matches(word.casefold(), list(folded), n=n, cutoff=0.6)]
    if not near:
        return ""
    return f"Did you mean {' or '.join(near)}?"
