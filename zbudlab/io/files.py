"""Output files, written whole or not at all; TOML files; the free memory of this computer."""

import contextlib
import json
import os
import stat
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO

from zbudlab.io.arguments import checked


class InputError(OSError):
    """A file cannot be read; the message says which and why."""


class OutputError(OSError):
    """A file cannot be written; the message says which and why."""


@checked(lambda fault: OutputError(f"cannot write this file: {fault}"))
def check_writable(path: str | Path) -> Path:
    """Return the file at the end of a path's links. Raise OutputError if it cannot be written.

    Call this before the work whose result the file gets.
    """
    target = Path(os.path.realpath(path))
    if os.path.isdir(target):
        raise OutputError(f"cannot write {path}: it is a folder")
    if os.path.exists(target) and not os.path.isfile(target):
        raise OutputError(f"cannot write {path}: it is a device, pipe or socket, not a file")
    if not os.path.isdir(target.parent):
        raise OutputError(f"cannot write {path}: there is no folder {target.parent}")
    try:
        with tempfile.NamedTemporaryFile(**_unfinished(target)):
            pass
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror}") from None
    return target


def _unfinished(target: Path) -> dict[str, Any]:
    """Return the place of a file that is being written, as arguments of `tempfile`."""
    return {"dir": target.parent, "prefix": f".{target.name}-", "suffix": ".part"}


@contextlib.contextmanager
def written_whole(path: str | Path) -> Iterator[BinaryIO]:
    """Open a file for writing in a block. It replaces `path` when the block succeeds."""
    target = check_writable(path)
    descriptor, name = tempfile.mkstemp(**_unfinished(target))
    try:
        with os.fdopen(descriptor, "wb") as file:
            yield file
        with contextlib.suppress(OSError):
            os.chmod(name, 0o644)
        os.replace(name, target)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(name)
        raise


def check_readable(path: str | Path) -> Path:
    """Return the path of a file. OSError if there is none, InputError if it is a device.

    A device such as /dev/zero has no end, so reading it whole would take all memory.
    """
    if os.path.isdir(path):
        raise InputError(f"cannot read {path}: it is a folder")
    mode = os.stat(path).st_mode
    if not stat.S_ISREG(mode) and not stat.S_ISFIFO(mode):
        raise InputError(f"cannot read {path}: it is a device or socket, not a file")
    return Path(path)


def read_text(path: str | Path) -> str:
    """Return the text of a file, invalid bytes replaced; InputError if it is not a file."""
    file = check_readable(path)
    try:
        return file.read_text("utf-8", "replace")
    except OSError as error:  # not every one names the file
        raise InputError(f"cannot read {path}: {error.strerror}") from None


def write_json(path: str | Path, values: Any) -> None:
    """Write plain values to an indented JSON file."""
    with written_whole(path) as file:
        file.write(json.dumps(values, indent=1).encode())


def read_toml(path: Path, refusal: type[ValueError]) -> dict[str, Any]:
    """Return the values in a TOML file. Raise refusal(reason) if there is no such file."""
    try:
        return tomllib.loads(check_readable(path).read_text(encoding="utf-8"))
    except InputError as error:
        raise refusal(str(error)) from None
    except OSError as error:
        raise refusal(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise refusal(f"{path} is not a TOML file: {error}") from None


def host_memory() -> int | None:
    """Return the bytes of memory that are available on this host; None if unknown."""
    try:
        import psutil
    except ImportError:  # on a Unix that lacks a part of it
        return None
    there = int(psutil.virtual_memory().available)
    limit = _address_space()
    return there if limit is None else min(there, limit)


def _address_space() -> int | None:
    """Return the bytes that this process may still allocate (ulimit -v); None = not limited."""
    try:
        import resource

        import psutil
    except ImportError:  # on Windows
        return None
    limit = resource.getrlimit(resource.RLIMIT_AS)[0]
    if limit == resource.RLIM_INFINITY:
        return None
    try:
        return max(limit - int(psutil.Process().memory_info().vms), 0)
    except psutil.Error:  # in a sandbox without /proc
        return None
