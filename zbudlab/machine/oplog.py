"""The log of a machine: every operation, and every step in it, in order.

An operation is what a user asked for; a step is the function of `zbudlab.mm` that did part of it,
with its plain arguments and its result. Replaying needs the operations alone; steps are for those
who want to see what happened. Page content is kept once for each distinct page, with its
compressed form, so that a replay never compresses: libraries change.

Saved, a log is one .npz file (arrays and a JSON header, nothing executable), with the keyframes of
its machine if there are any.
"""

import hashlib
import io
import json
import zlib
from array import array
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile, ZipInfo

import numpy as np

from zbudlab._version import __version__
from zbudlab.content.compressors import Compressor, Data
from zbudlab.io.files import host_memory, written_whole
from zbudlab.layout import PAGE_SIZE, TOO_LONG
from zbudlab.profiles import Profile, rules_of
from zbudlab.swap.journal import Step

FORMAT = 2
READS = (1, 2)  #: formats; 1 had no keyframes
#: What reading a file that is no log, or half of one, may raise.
DAMAGE = (
    *(ValueError, KeyError, TypeError, AttributeError, EOFError),
    *(OSError, BadZipFile, zlib.error, NotImplementedError),
)
TIMES_LOADED = 2  #: of its unpacked size, what a log takes of memory
UNPACKERS = 2  #: threads
KEYFRAMES = "keyframes/"  #: names of their arrays in a file start so
LIBRARIES = ("numpy", "numba", "cramjam", "lz4", "zstandard")


class LogError(ValueError):
    """A file that is no log, or not one that this version reads."""


class Entry(NamedTuple):
    """One operation (depth 0) or step (depth 1)."""

    depth: int
    name: str
    arguments: list[int]
    result: int


class OperationLog:
    """Operations and steps in compact columns, and the pages they wrote."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._numbers: dict[str, int] = {}
        self._depth = array("B")
        self._name = array("H")
        self._start = array("Q", [0])
        self._arguments = array("q")
        self._result = array("q")
        self.numbers: dict[bytes, int] = {}  # by SHA-256 of a page that was written
        self.contents: list[bytes | None] = []  # by number; None = only its digest is known
        self.compressed: dict[bytes, bytes] = {}  # by SHA-256, of every page compressed
        self.lengths: dict[bytes, int] = {}  # the same, where the bytes were left out
        self.keyframes: dict[
            str, np.ndarray
        ] = {}  # arrays of zbudlab.machine.keyframes, from a file
        self._kept: list[int] = []  # entries that each truncation left
        self.private = False  # some pages are of a live process

    def __len__(self) -> int:
        return len(self._name)

    def __getitem__(self, i: int) -> Entry:
        start, end = self._start[i], self._start[i + 1]
        arguments = self._arguments[start:end].tolist()
        return Entry(self._depth[i], self.names[self._name[i]], arguments, self._result[i])

    def __iter__(self) -> Iterator[Entry]:
        return (self[i] for i in range(len(self)))

    def operations(self) -> Iterator[Entry]:
        """The entries a replay needs."""
        return (self[i] for i in range(len(self)) if self._depth[i] == 0)

    def places(self, start: int = 0) -> np.ndarray:
        """Where the operations stand among all entries, from entry `start` on; int64."""
        return start + np.flatnonzero(np.array(self._depth[start:], np.uint8) == 0)

    def results(self) -> np.ndarray:
        """The results of all entries, int64."""
        return np.array(self._result, np.int64)

    def named(self, name: str) -> np.ndarray:
        """Which entries have that name, bool."""
        return np.array(self._name, np.uint16) == self._numbers.get(name, -1)

    def add(self, depth: int, name: str, arguments: Sequence[int], result: int = 0) -> int:
        """Append an entry; its place."""
        numbers = array("q", arguments)  # before anything else: it may refuse
        if name not in self._numbers:
            self._numbers[name] = len(self.names)
            self.names.append(name)
        self._depth.append(depth)
        self._name.append(self._numbers[name])
        self._arguments.extend(numbers)
        self._start.append(len(self._arguments))
        self._result.append(result)
        return len(self) - 1

    def extend(self, steps: Sequence[Step]) -> None:
        """Append steps of the operation that was added last."""
        for name, arguments, result in steps:
            self.add(1, name, arguments, result)

    def set_result(self, i: int, result: int) -> None:
        """Fill in the result of an entry that was added before it was known."""
        self._result[i] = result

    @property
    def cuts(self) -> int:
        """How often the log was truncated."""
        return len(self._kept)

    def kept_since(self, cuts: int) -> int:
        """Return how many of the entries after so many truncations are still the same."""
        return min(self._kept[cuts:], default=len(self))

    def truncate(self, length: int) -> None:
        """Forget all entries but the first `length`; what pages contained is kept."""
        self._kept.append(length)
        for column in (self._depth, self._name, self._result):
            del column[length:]
        del self._start[length + 1 :]
        del self._arguments[self._start[length] :]

    # --- pages ---------------------------------------------------------------------------------

    def content(self, page: bytes) -> int:
        """The number of a page's content, kept once."""
        digest = hashlib.sha256(page).digest()
        if digest not in self.numbers:
            self.numbers[digest] = len(self.contents)
            self.contents.append(page)
        return self.numbers[digest]

    def recording(self, compressor: Compressor) -> Compressor:
        """The same compressor, with all it does kept in the log."""
        return Recording(compressor, self.compressed)

    # --- files ---------------------------------------------------------------------------------

    def save(
        self,
        path: str | Path,
        config: dict[str, Any],
        *,
        content: bool = True,
        keyframes: dict[str, np.ndarray] | None = None,
    ) -> None:
        """Write the log to one file, whole or not at all.

        content=False leaves out page bytes, and so keyframes: hashes and compressed lengths
        stay, and a replay runs on a machine without page bytes.
        """
        arrays = self._as_arrays(self._header(config, content=content), content=content)
        with written_whole(path) as file, ZipFile(file, "w", ZIP_DEFLATED) as archive:
            for name, array in arrays.items():
                _add(archive, name, array, ZIP_DEFLATED)
            for name, array in (keyframes or {}).items() if content else ():
                _add(archive, KEYFRAMES + name, array, ZIP_STORED)  # packed already

    def _header(self, config: dict[str, Any], *, content: bool) -> dict[str, Any]:
        """What a file says of itself."""
        return {
            "format": FORMAT,
            "content": content,
            "config": config,
            "zbudlab": __version__,
            "libraries": {name: version(name) for name in LIBRARIES},
            "names": self.names,
        }

    def _as_arrays(self, header: dict[str, Any], *, content: bool) -> dict[str, np.ndarray]:
        """All of the log as arrays by name."""
        packed = list(self.compressed.items())
        lengths = [len(page) for _, page in packed]
        if not content:
            rules = rules_of(header["config"]["profile"])
            lengths = [self._length(*pair, rules=rules) for pair in packed]
        data = b"".join(page for _, page in packed) if content else b""
        digests = b"".join(digest for digest, _ in packed)
        pages = b"".join(page or b"" for page in self.contents) if content else b""
        return {
            "header": np.frombuffer(json.dumps(header).encode(), np.uint8),
            "depth": np.array(self._depth, np.uint8),
            "name": np.array(self._name, np.uint16),
            "start": _narrow(np.array(self._start, np.int64)),
            "arguments": _narrow(np.array(self._arguments, np.int64)),
            "result": _narrow(np.array(self._result, np.int64)),
            "digests": np.frombuffer(b"".join(self.numbers), np.uint8).reshape(-1, 32),
            "pages": np.frombuffer(pages, np.uint8).reshape(-1, PAGE_SIZE),
            "compressed_digests": np.frombuffer(digests, np.uint8).reshape(-1, 32),
            "compressed_lengths": np.array(lengths, np.int64),
            "compressed": np.frombuffer(data, np.uint8),
        }

    def _length(self, digest: bytes, data: bytes, *, rules: Profile) -> int:
        """A page's compressed length as zswap without page bytes takes it.

        0 = same-filled (rule `same_filled`), -1 = the compressor refused it.
        """
        page = self.contents[self.numbers[digest]] if digest in self.numbers else None
        if rules.same_filled and page and page == page[:8] * (PAGE_SIZE // 8):
            return 0
        refused = not data or (rules.one_page_of_room and len(data) > PAGE_SIZE)
        return -1 if refused else min(len(data), TOO_LONG)

    @classmethod
    def load(cls, path: str | Path) -> tuple["OperationLog", dict[str, Any]]:
        """A log and its header from a file; LogError with the reason for any other file.

        A log is read whole: one that this computer has no memory for is refused.
        """
        with open(path, "rb") as file:
            try:
                with ZipFile(file) as archive:
                    _check_memory(path, archive)
                    arrays = _arrays(archive)
                header = json.loads(arrays["header"].tobytes())
                found, writer = header["format"], header["zbudlab"]
                log = cls._from_arrays(arrays, header) if found in READS else cls()
            except LogError:
                raise
            except DAMAGE as error:
                raise LogError(f"{path} is no log of operations, or a damaged one") from error
        if found not in READS:
            raise LogError(
                f"{path} has log format {found}, this version of zbudlab reads {FORMAT} and older "
                f"(it was written by zbudlab {writer})"
            )
        return log, header

    @classmethod
    def _from_arrays(cls, arrays: dict[str, np.ndarray], header: dict[str, Any]) -> "OperationLog":
        log = cls()
        log.names = header["names"]
        log._numbers = {name: i for i, name in enumerate(log.names)}
        log._depth = _column("B", arrays.pop("depth"))
        log._name = _column("H", arrays.pop("name"))
        log._start = _column("Q", arrays.pop("start"))
        log._arguments = _column("q", arrays.pop("arguments"))
        log._result = _column("q", arrays.pop("result"))
        log.numbers = {row.tobytes(): i for i, row in enumerate(arrays["digests"])}
        digests = [row.tobytes() for row in arrays["compressed_digests"]]
        lengths = arrays["compressed_lengths"].tolist()
        log.lengths = dict(zip(digests, np.minimum(lengths, TOO_LONG).tolist(), strict=True))
        if header["content"]:
            log.contents = [row.tobytes() for row in arrays["pages"]]
            ends = np.cumsum(lengths).tolist()
            data = arrays["compressed"].tobytes()
            log.compressed = {
                digest: data[end - length : end]
                for digest, length, end in zip(digests, lengths, ends, strict=True)
            }
        else:
            log.contents = [None] * len(log.numbers)
        log.keyframes = {
            name.removeprefix(KEYFRAMES): array
            for name, array in arrays.items()
            if name.startswith(KEYFRAMES)
        }
        return log


def _check_memory(path: str | Path, archive: ZipFile) -> None:
    """LogError where a log would take more memory than there is."""
    needed = TIMES_LOADED * sum(member.file_size for member in archive.infolist())
    there = host_memory()
    if there is not None and needed > there:
        raise LogError(
            f"{path} takes {needed >> 20} MiB of memory to open, as a log is read whole: this "
            f"computer has {there >> 20} MiB left"
        )


def _arrays(archive: ZipFile) -> dict[str, np.ndarray]:
    """The arrays of a file by name; unpacked side by side, which takes half as long."""
    names = archive.namelist()
    with ThreadPoolExecutor(UNPACKERS) as threads:
        files = threads.map(archive.read, names)
        return {name[:-4]: _array(file) for name, file in zip(names, files, strict=True)}


def _array(file: bytes) -> np.ndarray:
    """An array of a .npz file, where it lies (np.load reads in small pieces and copies)."""
    head = io.BytesIO(file)
    read = {(1, 0): np.lib.format.read_array_header_1_0}.get(
        np.lib.format.read_magic(head), np.lib.format.read_array_header_2_0
    )
    shape, _, dtype = read(head)
    return np.frombuffer(file, dtype, offset=head.tell()).reshape(shape)


def _column(kind: str, numbers: np.ndarray) -> array:
    """Return the same numbers as a Python array, which can grow."""
    column = array(kind)
    column.frombytes(numbers.astype(kind, copy=False).data.cast("B"))
    return column


def _narrow(numbers: np.ndarray) -> np.ndarray:
    """The same numbers as int32 if they fit: half to read."""
    fits = not len(numbers) or -(1 << 31) <= numbers.min() <= numbers.max() < 1 << 31
    return numbers.astype(np.int32) if fits else numbers


def _add(archive: ZipFile, name: str, array: np.ndarray, kind: int) -> None:
    """Add an array to a .npz file."""
    file = io.BytesIO()
    np.lib.format.write_array(file, array, allow_pickle=False)
    archive.writestr(ZipInfo(f"{name}.npy"), file.getbuffer(), compress_type=kind)


class Recording:
    """A compressor that remembers what it made of each page."""

    def __init__(self, inner: Compressor, table: dict[bytes, bytes]) -> None:
        self.inner = inner
        self.name = inner.name
        self.table = table

    def compress(self, page: Data) -> bytes:
        digest = hashlib.sha256(bytes(page)).digest()
        self.table[digest] = b""  # stays where this fails: a replay takes it as a failure
        data = self.table[digest] = self.inner.compress(page)
        return data

    def decompress(self, data: Data) -> bytes:
        return self.inner.decompress(data)
