"""Arrays in the .npz file of a log: written, and read without a copy where memory allows."""

import io
import zlib
from array import array
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from zipfile import BadZipFile, ZipFile, ZipInfo

import numpy as np

from zbudlab.io.files import host_memory

#: What reading a damaged log, or another file, may raise.
DAMAGE = (
    *(ValueError, KeyError, TypeError, AttributeError, EOFError),
    *(OSError, BadZipFile, zlib.error, NotImplementedError),
)
TIMES_LOADED = 2  #: memory that a log takes, in units of its unpacked size
UNPACKERS = 2  #: threads


class LogError(ValueError):
    """A file is not a log, is damaged, or has a format that this version does not read."""


class NoSuchStop(ValueError, IndexError):
    """A log has no such operation, moment or part."""


def check_memory(path: str | Path, archive: ZipFile) -> None:
    """Raise LogError if a log takes more memory than is available."""
    needed = TIMES_LOADED * sum(member.file_size for member in archive.infolist())
    there = host_memory()
    if there is not None and needed > there:
        raise LogError(
            f"{path} takes {needed >> 20} MiB of memory to open, because a log is read whole: this "
            f"computer has {there >> 20} MiB left"
        )


def read_arrays(archive: ZipFile) -> dict[str, np.ndarray]:
    """Return the arrays of a file by name. Two threads decompress them, in half the time."""
    names = archive.namelist()
    with ThreadPoolExecutor(UNPACKERS) as threads:
        files = threads.map(archive.read, names)
        return {name[:-4]: _array(file) for name, file in zip(names, files, strict=True)}


def _array(file: bytes) -> np.ndarray:
    """Return an array of a .npz file without a copy (np.load reads small pieces and copies)."""
    head = io.BytesIO(file)
    read = {(1, 0): np.lib.format.read_array_header_1_0}.get(
        np.lib.format.read_magic(head), np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read(head)
    return np.frombuffer(file, dtype, offset=head.tell()).reshape(shape)


def column(kind: str, numbers: np.ndarray) -> array:
    """Return numbers as a Python array, which can grow."""
    grows = array(kind)
    grows.frombytes(numbers.astype(kind, copy=False).data.cast("B"))
    return grows


def narrow(numbers: np.ndarray) -> np.ndarray:
    """Return numbers as int32 if they fit, which halves the file."""
    fits = not len(numbers) or -(1 << 31) <= numbers.min() <= numbers.max() < 1 << 31
    return numbers.astype(np.int32) if fits else numbers


def add_array(archive: ZipFile, name: str, array: np.ndarray, kind: int) -> None:
    """Add an array to a .npz file."""
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=False)
    archive.writestr(ZipInfo(f"{name}.npy"), file.getbuffer(), compress_type=kind)
