"""How does something appear on the disk whole or not at all? (content -> a file or a folder in one step)

What is written lies in a hidden sibling until it is complete and synced; then it is renamed. A killed program or a full
disk leaves the old content or none, and at most a hidden remnant that no reader takes for anything.
"""

from __future__ import annotations

import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from polynya.errors import StorageError, UsageError


def write_whole(path: Path | str, content: str | bytes) -> None:
    """Write a file in one step, over an older one if need be; text as UTF-8. Raises StorageError.

    What is a device or a pipe (/dev/stdout) is written to as it is. A link stays a link to the new content.
    """
    raw = content.encode("utf-8") if isinstance(content, str) else content
    target = Path(os.path.realpath(path))
    part = target.with_name(f".{target.name[:100]}.{os.getpid()}-{secrets.token_hex(4)}.part")
    try:
        mode = target.stat().st_mode if target.exists() else None
        if mode is not None and not stat.S_ISREG(mode):
            target.write_bytes(raw)
            return
        handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
        with os.fdopen(handle, "wb") as stream:
            stream.write(raw)
            stream.flush()
            os.fsync(stream.fileno())
        if mode is not None:
            part.chmod(stat.S_IMODE(mode))
        part.replace(target)
    except OSError as error:
        raise StorageError.of(error, path) from None
    finally:
        with suppress(OSError):
            part.unlink()


def require_free(folder: Path) -> None:
    """Raises UsageError unless the folder can be made: it does not exist, or is an empty folder."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UsageError(f"{folder} exists and is not empty; nothing is overwritten.", fix="Choose another --out.")


@contextmanager
def hold(target: Path) -> Iterator[Path]:
    """A hidden sibling folder to write into; it becomes `target` when the block ends well, and is gone otherwise.

    Raises UsageError when `target` is not free, StorageError when the disk refuses.
    """
    require_free(target)
    with _beside(target) as folder:
        yield folder
        settle(folder)
        if target.exists():
            target.rmdir()
        folder.rename(target)
        sync(target.parent)


@contextmanager
def renewed(target: Path) -> Iterator[Path]:
    """A hidden copy of a folder (empty when there is none) that takes its place when the block ends well.

    Files of old and new never lie mixed. Raises StorageError.
    """
    target = Path(os.path.realpath(target))
    with _beside(target) as folder:
        if target.exists():
            shutil.copytree(target, folder, dirs_exist_ok=True)
        yield folder
        settle(folder)
        old = folder.with_name(f"{folder.name}-old")
        if target.exists():
            target.rename(old)
        folder.rename(target)
        sync(target.parent)
        shutil.rmtree(old, ignore_errors=True)


@contextmanager
def _beside(target: Path) -> Iterator[Path]:
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=f".{target.name[:100]}-", dir=target.parent))
    except OSError as error:
        raise StorageError.of(error, target) from None
    try:
        yield folder
    except OSError as error:
        raise StorageError.of(error, target) from None
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def settle(folder: Path) -> None:
    """Flush every file of a folder to the disk, and let others read it: mkdtemp made it private."""
    for path in folder.rglob("*"):
        if path.is_file():
            sync(path)
    umask = os.umask(0)
    os.umask(umask)
    folder.chmod(0o777 & ~umask)


def sync(path: Path) -> None:
    """Flush one file or folder to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
