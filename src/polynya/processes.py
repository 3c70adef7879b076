"""How do processes end? (together with the one that started them; within two seconds of Ctrl-C, whatever they are in)

A solver written in C lets no signal through until it has its answer, which may take a minute. A command that solves
therefore runs in a child; the process that the user sees waits for it, and ends it where it does not end by itself.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable

from polynya.errors import EXIT_INTERRUPTED

_DIE_WITH_PARENT = 1  # PR_SET_PDEATHSIG of Linux
GRACE_S = 1.2  # for a process to tidy up after Ctrl-C before it is ended


def die_with_parent() -> None:
    """Be killed when the thread that started this process ends, also when that was killed itself."""
    import ctypes  # not needed to show a command's help

    parent = os.getppid()
    if sys.platform == "linux":
        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(_DIE_WITH_PARENT, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before we asked
            os._exit(1)


def end_when_told(say: Callable[[], None]) -> int | None:
    """Go on in a child; in the process that called, wait for it and return its exit code, or None in the child.

    Ctrl-C and SIGTERM reach the child as one KeyboardInterrupt; one that is deaf to it is killed after `GRACE_S`; then
    `say` tells of the interruption, of which the exit code is. Where processes cannot fork, the caller goes on by itself.
    """
    if not hasattr(os, "fork"):
        return None
    child = os.fork()
    if not child:
        die_with_parent()
        for each in (signal.SIGINT, signal.SIGTERM):
            signal.signal(each, _once)
        return None
    told = False

    def tell(*_: object) -> None:
        nonlocal told
        if not told:
            told = True
            with contextlib.suppress(ProcessLookupError):
                os.kill(child, signal.SIGINT)
            signal.setitimer(signal.ITIMER_REAL, GRACE_S)

    def kill(*_: object) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, kill)
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, tell)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    # Else it rings while Python ends, when nobody listens any more, and the exit code is lost.
    signal.setitimer(signal.ITIMER_REAL, 0)
    if code >= 0:
        return code
    if not told:
        return 128 - code
    say()
    return EXIT_INTERRUPTED


def _once(*_: object) -> None:
    """The terminal's signal and the one passed on are one interruption; tidying up is not interrupted again."""
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.SIG_IGN)
    raise KeyboardInterrupt
