"""What has been solved already? (content-addressed folder of records: written once, whole or not at all)

    DIR/posed/ab/abc...     what a choice came to: the hash of the market problem it poses, gates, sources
    DIR/solved/12/123...    what a market problem's solution says, or why it has none

A name is the hash of everything that its content depends on, so equal worlds meet in one record, whoever asks and
whenever. A record starts with the hash of its body; it is written to a file of its own, synced, and renamed. A record
that does not carry its hash (a torn disk, a flipped bit) counts as absent and is made again. Times are kept elsewhere.
"""

from __future__ import annotations

import hashlib
import json
import os
import zlib
from contextlib import suppress
from pathlib import Path
from typing import Any

from polynya.errors import StorageError

POSED, SOLVED = "posed", "solved"
MAGIC = b"polynya-ledger-1 "


class Ledger:
    """A folder of records. Several processes may read and write it at once."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def get(self, kind: str, key: str) -> dict[str, Any] | None:
        """The record, or None when there is none that is whole."""
        try:
            raw = self._path(kind, key).read_bytes()
        except OSError:
            return None
        return unpack(raw)

    def has(self, kind: str, key: str) -> bool:
        """Whether there is a whole record."""
        return self.get(kind, key) is not None

    def put(self, kind: str, key: str, record: dict[str, Any]) -> None:
        """Write a record. Raises StorageError when it cannot be written; nothing is left behind then."""
        self.put_raw(kind, key, pack(record))

    def put_raw(self, kind: str, key: str, raw: bytes) -> None:
        """The same for a packed record."""
        path = self._path(kind, key)
        part = path.with_name(f".{key}.{os.getpid()}")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with part.open("wb") as handle:
                handle.write(raw)
                handle.flush()
                os.fsync(handle.fileno())
            part.replace(path)
        except OSError as error:
            with suppress(OSError):
                part.unlink()
            raise StorageError.of(error, self.folder) from None

    def sweep(self) -> None:
        """Remove what writers that were killed have left half-written."""
        for part in self.folder.glob("*/*/.*"):
            pid = part.name.rpartition(".")[2]
            if pid.isdigit() and not _alive(int(pid)):
                with suppress(OSError):
                    part.unlink()

    def _path(self, kind: str, key: str) -> Path:
        return self.folder / kind / key[:2] / key


def pack(record: dict[str, Any]) -> bytes:
    """A record as bytes: equal records, equal bytes."""
    body = zlib.compress(json.dumps(record, sort_keys=True, allow_nan=False, separators=(",", ":")).encode(), 6)
    return MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def unpack(raw: bytes) -> dict[str, Any] | None:
    """The record, or None when the bytes are not those that were packed."""
    head, _, body = raw.partition(b"\n")
    if head != MAGIC + hashlib.sha256(body).hexdigest().encode():
        return None
    document = json.loads(zlib.decompress(body))
    return document if isinstance(document, dict) else None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
