"""Files and folders as page content: what real memory is made of.

A file is cut into pages, its last page filled up with zeros. A folder stands for all regular
files in it, in the order of their paths.
"""

import hashlib
import os
import stat
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from zbudlab.layout import PAGE_SIZE

LEFT_OUT = {"__pycache__", "site-packages", "dist-packages"}  # of the embedded default


class SourceError(OSError):
    """Files that cannot become page content; the message says which and why."""


@dataclass(frozen=True)
class Content:
    """Pages from files: uint8 (n, 4096), how many files they are from, SHA-256 of the bytes."""

    pages: np.ndarray
    files: int
    skipped: int
    sha256: str


def python_library() -> Path:
    """The folder of the running Python's own library."""
    return Path(sysconfig.get_paths()["stdlib"])


def _folder_files(folder: Path, left_out: set[str]) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in left_out)
        for name in sorted(names):
            path = Path(root, name)
            if path.is_file():
                yield path


def _files(path: Path, left_out: set[str]) -> Iterator[tuple[Path, bool]]:
    """Files that a path stands for, and whether each was named itself; SourceError if none."""
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from None
    if stat.S_ISREG(mode):
        if not path.stat().st_size:
            raise SourceError(f"cannot use {path}: it is empty")
        yield path, True
    elif stat.S_ISDIR(mode):
        found = False
        for file in _folder_files(path, left_out):
            found = True
            yield file, False
        if not found:
            raise SourceError(f"cannot use {path}: there is no file in it")
    else:
        raise SourceError(f"cannot use {path}: it is a device, pipe or socket, not a file")


def _pages_of(path: Path, room: int) -> np.ndarray:
    """The first `room` pages of a file."""
    with open(path, "rb") as file:
        data = file.read(room * PAGE_SIZE)
    padded = np.zeros(-(-len(data) // PAGE_SIZE) * PAGE_SIZE, np.uint8)
    padded[: len(data)] = np.frombuffer(data, np.uint8)
    return padded.reshape(-1, PAGE_SIZE)


def read_content(paths: Iterable[str | Path] | None, limit: int) -> Content:
    """Up to `limit` pages from files and folders; None = the running Python's library.

    Files in a folder that cannot be read are left out and counted; a path that was named itself
    must be readable.
    """
    left_out = LEFT_OUT if paths is None else set()
    parts: list[np.ndarray] = []
    files = skipped = count = 0
    for path in [python_library()] if paths is None else list(paths):
        for file, named in _files(Path(path), left_out):
            if count >= limit:
                break
            try:
                part = _pages_of(file, limit - count)
            except OSError as error:
                if named:
                    raise SourceError(f"cannot read {file}: {error.strerror}") from None
                skipped += 1
                continue
            if len(part):
                parts.append(part)
                files += 1
                count += len(part)
    if not parts:
        raise SourceError("cannot use these files: all are empty or cannot be read")
    pages = np.concatenate(parts)
    return Content(pages, files, skipped, hashlib.sha256(pages).hexdigest())
