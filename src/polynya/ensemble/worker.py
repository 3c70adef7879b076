"""One worker process of the local pool: `python -m polynya.ensemble.worker`, spoken to over its standard streams.

    <- ground and ledger, once    <- a choice    -> what it came to    <- solve | skip    -> solved

A solution is written to the ledger before it is reported, so that it outlives the process that asked for it. When the
other side is gone, the worker ends: on Linux at once, elsewhere when it next looks.
"""

from __future__ import annotations

import os
import pickle
import struct
import sys
import time
import traceback
from pathlib import Path
from typing import IO, Any

from polynya.processes import die_with_parent

HEAD = struct.Struct(">Q")


def send(stream: IO[bytes], message: Any) -> None:
    """One message: its length, then its pickle. Only ever between this program's own processes."""
    body = pickle.dumps(message, protocol=pickle.HIGHEST_PROTOCOL)
    stream.write(HEAD.pack(len(body)))
    stream.write(body)
    stream.flush()


def receive(stream: IO[bytes]) -> Any:
    """The next message. Raises EOFError when the other side is gone."""
    head = _exactly(stream, HEAD.size)
    return pickle.loads(_exactly(stream, HEAD.unpack(head)[0]))  # noqa: S301  from our own process only


def _exactly(stream: IO[bytes], size: int) -> bytes:
    parts = []
    while size:
        part = stream.read(min(size, 1 << 20))
        if not part:
            raise EOFError
        parts.append(part)
        size -= len(part)
    return b"".join(parts)


def serve(source: IO[bytes], sink: IO[bytes]) -> None:
    """Work until there is nobody left to work for."""
    from polynya.ensemble.ledger import SOLVED, Ledger
    from polynya.ensemble.work import Ground, answer, pose, read
    from polynya.errors import StorageError

    g: Ground
    g, folder = receive(source)
    ledger = Ledger(Path(folder))
    while True:
        chosen = receive(source)
        try:
            started, spent = time.perf_counter(), time.process_time()
            found = pose(g, chosen)
            send(sink, ("posed", found.record, time.perf_counter() - started, time.process_time() - spent))
            if receive(source) != "solve" or found.posed is None:
                continue
            started, spent = time.perf_counter(), time.process_time()
            solution = answer(g, found)
            solving = time.process_time() - spent
            record = read(g, found, solution)
            seconds = (time.perf_counter() - started, solving, time.process_time() - spent - solving)
            ledger.put(SOLVED, found.record["solution"], record)
            send(sink, ("solved", *seconds))
        except EOFError:
            raise
        except StorageError as error:
            send(sink, ("storage", error.message, error.where, error.fix))
        except Exception:
            send(sink, ("bug", traceback.format_exc()))


def main() -> None:
    """Keep the answers' stream for answers: whatever a library prints goes to stderr."""
    die_with_parent()
    source = sys.stdin.buffer
    sink = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    try:
        serve(source, sink)
    except (EOFError, BrokenPipeError, KeyboardInterrupt):
        os._exit(0)


if __name__ == "__main__":
    main()
