"""A lock on a folder: two sweeps cannot write into one, and a crash leaves no stale lock.

The operating system holds the lock on an open file and releases it when the process ends, however
it ends. Record locks are used on Unix because, unlike those of `flock`, they do not pass to forked
workers that may outlive a killed sweep. They do not exclude a second lock in the same process, so
a set of folders does.
"""

import contextlib
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from zbudlab.io.files import OutputError
from zbudlab.sweep.points import SweepError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]
    import msvcrt

NAME = "lock"
PLACE = 1 << 30  #: byte that is locked; on Windows a locked byte cannot be read
_held: set[str] = set()
_guard = threading.Lock()


@contextlib.contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold the lock of an existing folder. Raises SweepError if another sweep holds it."""
    real = os.path.realpath(folder)
    with _guard:
        if real in _held:
            raise SweepError(_refusal(folder, os.getpid()))
        _held.add(real)
    try:
        descriptor = _opened(folder)
        try:
            yield
        finally:
            os.close(descriptor)
    finally:
        _held.discard(real)


def _opened(folder: Path) -> int:
    """Open and lock the file; its descriptor holds the lock."""
    path = folder / NAME
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from None
    try:
        _lock(descriptor)
    except OSError:
        owner = os.read(descriptor, 20).decode(errors="replace").strip()
        os.close(descriptor)
        raise SweepError(_refusal(folder, owner or "unknown")) from None
    if not _is_same(descriptor, path):
        os.close(descriptor)
        raise SweepError(f"another sweep has just finished in {folder}: try again")
    os.ftruncate(descriptor, 0)
    os.write(descriptor, str(os.getpid()).encode())
    return descriptor


def _lock(descriptor: int) -> None:
    if fcntl is not None:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, PLACE)
    else:
        os.lseek(descriptor, PLACE, os.SEEK_SET)
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        os.lseek(descriptor, 0, os.SEEK_SET)


def _is_same(descriptor: int, path: Path) -> bool:
    """Return whether the locked file is still the one at its path: a finished sweep removes it."""
    try:
        return os.path.samestat(os.fstat(descriptor), os.stat(path))
    except OSError:
        return False


def _refusal(folder: Path, owner: object) -> str:
    return f"another sweep (process {owner}) is writing to {folder}: wait, or give another file"
