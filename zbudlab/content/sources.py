"""Files, folders and live processes as page content: what real memory is made of.

A file is cut into pages, its last page filled up with zeros. A folder stands for all regular
files in it, in the order of their paths. A live process of one's own gives the pages it has, on
Linux.
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
    """Files that cannot become page content; the message says which and why."""


@dataclass(frozen=True)
class Content:
    """What pages hold: uint8 (n, 4096), how many files they are from, SHA-256 of the bytes.

    For machines without page bytes `pages` has compressed lengths, int32 (n,), `lengths` says
    where they come from. private: they were read from a live process, and are in no log that is
    saved without saying so.
    """

    pages: np.ndarray
    files: int
    skipped: int
    sha256: str
    private: bool = False
    lengths: str = ""


def from_pages(pages: np.ndarray) -> Content:
    """Content of pages that are there already, uint8 (n, 4096), as if they came from one file."""
    pages = np.ascontiguousarray(pages, np.uint8)
    return Content(pages, 1, 0, hashlib.sha256(pages.data).hexdigest())


def from_lengths(lengths: np.ndarray, source: str) -> Content:
    """Compressed lengths, int32 (n,), as the content of pages without bytes."""
    return Content(lengths, 0, 0, hashlib.sha256(lengths.data).hexdigest(), lengths=source)


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
    """Return the files of a path, and whether each was named itself; SourceError if none."""
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


# --- live processes ----------------------------------------------------------------------------

PROC = Path("/proc")
PRESENT_OR_SWAPPED = np.uint64(3 << 62)  #: bits of an entry of /proc/PID/pagemap
PAGEMAP_STEP = 1 << 20  #: entries read at a time: some programs reserve terabytes
NO_RIGHT = (
    "permission denied; Linux shows you the memory of your own processes only, and with "
    "kernel.yama.ptrace_scope = 1 only that of processes started from this one"
)


def read_process(pid: int | str, limit: int) -> Content:
    """Up to `limit` pages of a live process's own memory; "self" is this process. Linux only.

    These are the pages that it has written (private and writable mappings, in memory or in swap),
    or as many of them, evenly spread, as the limit allows. It goes on running, so that pages are
    not all of one moment. Raises SourceError, with the reason, where they are unavailable.
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
    """Page numbers of what a process has in private, writable mappings, int64 (n,)."""
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
    """The pages of a process at these page numbers; those that went meanwhile are left out."""
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
