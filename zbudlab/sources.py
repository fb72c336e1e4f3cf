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
    """What pages hold: uint8 (n, 4096), how many files they are from, SHA-256 of the bytes.

    For machines without page bytes `pages` has compressed lengths, int32 (n,), `lengths` says
    where they come from.
    """

    pages: np.ndarray
    files: int
    skipped: int
    sha256: str
    lengths: str = ""


def from_pages(pages: np.ndarray) -> Content:
    """Content of pages that are there already, uint8 (n, 4096), as if they came from one file."""
    pages = np.ascontiguousarray(pages, np.uint8)
    return Content(pages, 1, 0, hashlib.sha256(pages.data).hexdigest())


def from_lengths(lengths: np.ndarray, source: str) -> Content:
    """Compressed lengths, int32 (n,), as the content of pages without bytes."""
    return Content(lengths, 0, 0, hashlib.sha256(lengths.data).hexdigest(), source)


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


def _is_folder(path: str | Path) -> bool:
    """Whether a path is a folder, else a file with something in it; SourceError if neither."""
    try:
        found = os.stat(path)
        if stat.S_ISDIR(found.st_mode):
            os.scandir(path).close()
            return True
        if stat.S_ISREG(found.st_mode):
            open(path, "rb").close()
    except OSError as error:
        raise SourceError(f"cannot read {path}: {error.strerror}") from None
    if not stat.S_ISREG(found.st_mode):
        raise SourceError(f"cannot use {path}: it is a device, pipe or socket, not a file")
    if not found.st_size:
        raise SourceError(f"cannot use {path}: it is empty")
    return False


def check_file(path: str | Path) -> None:
    """Raise SourceError unless there is a file with something in it, and it can be read."""
    if _is_folder(path):
        raise SourceError(f"cannot use {path}: it is a folder, not a file")


def _files(path: str | Path, left_out: set[str]) -> Iterator[tuple[Path, bool]]:
    """Files that a path stands for, and whether each was named itself; SourceError if none."""
    if not _is_folder(path):
        yield Path(path), True
    else:
        found = False
        for file in _folder_files(Path(path), left_out):
            found = True
            yield file, False
        if not found:
            raise SourceError(f"cannot use {path}: there is no file in it")


def _read_pages(path: Path, room: np.ndarray) -> int:
    """Read a file into pages, uint8 (n, 4096), as far as they reach; how many it took."""
    flat = room.reshape(-1)
    with open(path, "rb") as file:
        size = file.readinto(flat.data)
    pages = -(-size // PAGE_SIZE)
    flat[size : pages * PAGE_SIZE] = 0
    return pages


def read_content(paths: Iterable[str | Path] | None, limit: int) -> Content:
    """Up to `limit` pages from files and folders; None = the running Python's library.

    Files in a folder that cannot be read are left out and counted; a path that was named itself
    must be readable.
    """
    left_out = LEFT_OUT if paths is None else set()
    pages = np.empty((limit, PAGE_SIZE), np.uint8)  # takes memory only as it is filled
    files = skipped = count = 0
    for path in [python_library()] if paths is None else list(paths):
        for file, named in _files(path, left_out):
            if count >= limit:
                break
            try:
                taken = _read_pages(file, pages[count:])
            except OSError as error:
                if named:
                    raise SourceError(f"cannot read {file}: {error.strerror}") from None
                skipped += 1
                continue
            files += taken > 0
            count += taken
    if not count:
        raise SourceError("cannot use these files: all are empty or cannot be read")
    pages = pages[:count]
    return Content(pages, files, skipped, hashlib.sha256(pages.data).hexdigest())
