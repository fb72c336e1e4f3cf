"""Files, folders and live processes as page content.

A file is cut into pages, the last one padded with zeros. A folder means all regular files in it, in
the order of their paths. On Linux, a live process of the same user gives the pages of its memory.
"""

import hashlib
import os
import stat
import sysconfig
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from zbudlab.layout import PAGE_SIZE

LEFT_OUT = {"__pycache__", "site-packages", "dist-packages"}  # of the embedded default


class SourceError(OSError):
    """A file cannot be page content; the message says which and why."""


@dataclass(frozen=True)
class Content:
    """The content of pages.

    pages: uint8 (n, 4096); for machines without page bytes compressed lengths, int32 (n,), and
    `lengths` says where they come from. files, skipped: files that were read, and that could not
    be. sha256: of the bytes. private: the pages were read from a live process; a saved log has
    them only on request.
    """

    pages: np.ndarray
    files: int
    skipped: int
    sha256: str
    private: bool = False
    lengths: str = ""


def from_pages(pages: np.ndarray) -> Content:
    """Return content of pages that exist already, uint8 (n, 4096), as if from one file."""
    pages = np.ascontiguousarray(pages, np.uint8)
    return Content(pages, 1, 0, hashlib.sha256(pages.data).hexdigest())


def from_lengths(lengths: np.ndarray, source: str) -> Content:
    """Return compressed lengths, int32 (n,), as content. source: where they come from."""
    return Content(lengths, 0, 0, hashlib.sha256(lengths.data).hexdigest(), lengths=source)


def python_library() -> Path:
    """Return the folder of the standard library of the running Python."""
    return Path(sysconfig.get_paths()["stdlib"])


def _folder_files(folder: Path, left_out: set[str]) -> Iterator[Path]:
    for root, folders, names in os.walk(folder):
        folders[:] = sorted(name for name in folders if name not in left_out)
        for name in sorted(names):
            path = Path(root, name)
            if path.is_file():
                yield path


def _is_folder(path: str | Path) -> bool:
    """Return whether a path is a folder. Raise SourceError unless it is, or is a nonempty file."""
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
    """Raise SourceError unless a path is a readable file that is not empty."""
    if _is_folder(path):
        raise SourceError(f"cannot use {path}: it is a folder, not a file")


def _files(path: str | Path, left_out: set[str]) -> Iterator[tuple[Path, bool]]:
    """Return the files of a path, and whether each was named explicitly; SourceError if none."""
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
    """Read a file into pages, uint8 (n, 4096), as far as they go. Return how many it filled."""
    flat = room.reshape(-1)
    with open(path, "rb") as file:
        size = file.readinto(flat.data)
    pages = -(-size // PAGE_SIZE)
    flat[size : pages * PAGE_SIZE] = 0
    return pages


def read_content(paths: Iterable[str | Path] | None, limit: int) -> Content:
    """Return up to `limit` pages of files and folders; None = the standard library of Python.

    Files in a folder that cannot be read are left out and counted; a path that was given explicitly
    must be readable, or SourceError is raised.
    """
    left_out = LEFT_OUT if paths is None else set()
    pages = np.empty((limit, PAGE_SIZE), np.uint8)  # takes memory only where it is written
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


# --- live processes ----------------------------------------------------------------------------

PROC = Path("/proc")
PRESENT_OR_SWAPPED = np.uint64(3 << 62)  #: bits of an entry of /proc/PID/pagemap
PAGEMAP_STEP = 1 << 20  #: entries read at a time: some programs reserve terabytes
NO_RIGHT = (
    "permission denied; Linux shows you the memory of your own processes only, and with "
    "kernel.yama.ptrace_scope = 1 only that of processes started from this one"
)


def read_process(pid: int | str, limit: int) -> Content:
    """Return up to `limit` pages of the memory of a live process, on Linux.

    pid: a number, or "self" for this process. The pages are those that it has written (in private,
    writable mappings, in memory or in swap), or an evenly spread part of them. The process keeps
    running meanwhile, so the pages are not from one moment. Raises SourceError if they cannot be
    read.
    """
    folder = PROC / str(pid)
    if not (PROC / "self" / "maps").exists():
        raise SourceError("a live process can be read on Linux only: give files or folders")
    if not folder.is_dir():
        raise SourceError(f"cannot read the memory of process {pid}: there is no such process")
    try:
        places = _written_pages(folder)
        if len(places) > limit:
            places = places[np.arange(limit) * len(places) // limit]
        pages = _read_memory(folder, places)
    except PermissionError:
        raise SourceError(f"cannot read the memory of process {pid}: {NO_RIGHT}") from None
    except OSError as error:
        raise SourceError(f"cannot read the memory of process {pid}: {error.strerror}") from None
    if not len(pages):
        raise SourceError(f"process {pid} has no memory: it exited, or is the kernel's")
    return replace(from_pages(pages), private=True)


def _written_pages(folder: Path) -> np.ndarray:
    """Return the numbers of a process's pages in private, writable mappings, int64 (n,)."""
    found = [np.empty(0, np.int64)]
    with open(folder / "pagemap", "rb", buffering=0) as pagemap:
        for line in (folder / "maps").read_text(errors="replace").splitlines():
            span, rights = line.split()[:2]
            start, end = (int(address, 16) // PAGE_SIZE for address in span.split("-"))
            if rights.startswith("rw") and rights.endswith("p"):
                for first in range(start, end, PAGEMAP_STEP):
                    size = min(PAGEMAP_STEP, end - first) * 8
                    entries = np.frombuffer(os.pread(pagemap.fileno(), size, first * 8), "<u8")
                    found.append(first + np.flatnonzero(entries & PRESENT_OR_SWAPPED))
    return np.concatenate(found)


def _read_memory(folder: Path, places: np.ndarray) -> np.ndarray:
    """Return the pages of a process with these numbers, without those freed meanwhile."""
    pages = np.empty((len(places), PAGE_SIZE), np.uint8)
    count = 0
    with open(folder / "mem", "rb", buffering=0) as memory:
        for place in places.tolist():
            try:
                page = os.pread(memory.fileno(), PAGE_SIZE, place * PAGE_SIZE)
            except OSError:
                continue
            if len(page) == PAGE_SIZE:
                pages[count] = np.frombuffer(page, np.uint8)
                count += 1
    return pages[:count]
