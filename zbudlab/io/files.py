"""Output files, written whole or not at all; TOML files; the free memory of this computer."""

import contextlib
import json
import os
import tempfile
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, BinaryIO


class OutputError(OSError):
    """A file cannot be written; the message says which and why."""


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


def write_json(path: str | Path, values: Any) -> None:
    """Write plain values to an indented JSON file."""
    with written_whole(path) as file:
        file.write(json.dumps(values, indent=1).encode())


def read_toml(path: Path, refusal: type[ValueError]) -> dict[str, Any]:
    """Return the values in a TOML file. Raise refusal(reason) if there is no such file."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise refusal(f"cannot read {path}: {error.strerror}") from None
    except ValueError as error:
        raise refusal(f"{path} is not a TOML file: {error}") from None


def host_memory() -> int | None:
    """Return the bytes of memory that are available on this host; None if unknown."""
    try:
        import psutil
    except ImportError:  # on a Unix that lacks a part of it
        return None
    return int(psutil.virtual_memory().available)
