"""The log of a machine: every operation, and every step in it, in order.

An operation is what the user asked for. A step is a call of a function of `zbudlab.mm` that did
part of it, with its integer arguments and its result. Only the operations are needed to rerun a
log; the steps show what happened. Page content is kept once for each distinct page, with its
compressed form: a rerun compresses nothing, so another version of a library changes nothing.

A saved log is one .npz file: arrays and a JSON header, nothing executable, and the keyframes of its
machine if there are any.
"""

import hashlib
import json
from array import array
from collections.abc import Iterator, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile

import numpy as np

from zbudlab._version import __version__
from zbudlab.content.compressors import Compressor, Data
from zbudlab.io.files import check_readable, written_whole
from zbudlab.layout import PAGE_SIZE, TOO_LONG
from zbudlab.machine.logfile import (
    DAMAGE,
    LogError,
    add_array,
    check_memory,
    column,
    narrow,
    read_arrays,
)
from zbudlab.profiles import Profile, rules_of
from zbudlab.swap.journal import LoggedStep

FORMAT = 2
READS = (1, 2)  #: formats; format 1 had no keyframes
KEYFRAMES = "keyframes/"  #: prefix of the names of their arrays in a file
LIBRARIES = ("numpy", "numba", "cramjam", "lz4", "zstandard")


class Entry(NamedTuple):
    """One operation (depth 0) or step (depth 1)."""

    depth: int
    name: str
    arguments: list[int]
    result: int


class OperationLog:
    """Operations and steps in compact columns, and the pages that were written."""

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
        self.compressed: dict[bytes, bytes] = {}  # by SHA-256 of each page that was compressed
        self.lengths: dict[bytes, int] = {}  # by the same, where the bytes were left out
        self.keyframes: dict[
            str, np.ndarray
        ] = {}  # arrays of zbudlab.machine.keyframes, from a file
        self._kept: list[int] = []  # entries that each truncation left
        self.private = False  # some pages were read from a live process

    def __len__(self) -> int:
        return len(self._name)

    def __getitem__(self, i: int) -> Entry:
        start, end = self._start[i], self._start[i + 1]
        arguments = self._arguments[start:end].tolist()
        return Entry(self._depth[i], self.names[self._name[i]], arguments, self._result[i])

    def __iter__(self) -> Iterator[Entry]:
        return (self[i] for i in range(len(self)))

    def operations(self) -> Iterator[Entry]:
        """Return the operations, which a rerun needs."""
        return (self[i] for i in range(len(self)) if self._depth[i] == 0)

    def columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
        """Return the operations as arrays: names, arguments' starts and counts, answers, arguments.

        All are int64, of one element for each operation; names are numbers in `names`. The last has
        the arguments of all entries.
        """
        at = self.places()
        starts = np.array(self._start, np.int64)
        columns = (np.array(self._name, np.int64)[at], starts[at], starts[at + 1] - starts[at])
        return *columns, self.results()[at], np.array(self._arguments, np.int64)

    def places(self, start: int = 0) -> np.ndarray:
        """Return the places of operations among the entries, from entry `start` on, int64."""
        return start + np.flatnonzero(np.array(self._depth[start:], np.uint8) == 0)

    def results(self) -> np.ndarray:
        """Return the results of all entries, int64 (n,)."""
        return np.array(self._result, np.int64)

    def named(self, name: str) -> np.ndarray:
        """Return which entries have a name, bool (n,)."""
        return np.array(self._name, np.uint16) == self._numbers.get(name, -1)

    def add(self, depth: int, name: str, arguments: Sequence[int], result: int = 0) -> int:
        """Append an entry. Return its place."""
        numbers = array("q", arguments)  # first, as this can raise
        if name not in self._numbers:
            self._numbers[name] = len(self.names)
            self.names.append(name)
        self._depth.append(depth)
        self._name.append(self._numbers[name])
        self._arguments.extend(numbers)
        self._start.append(len(self._arguments))
        self._result.append(result)
        return len(self) - 1

    def extend(self, steps: Sequence[LoggedStep]) -> None:
        """Append steps of the operation that was added last."""
        for name, arguments, result in steps:
            self.add(1, name, arguments, result)

    def set_result(self, i: int, result: int) -> None:
        """Set the result of an entry."""
        self._result[i] = result

    @property
    def cuts(self) -> int:
        """How often the log was truncated."""
        return len(self._kept)

    def kept_since(self, cuts: int) -> int:
        """Return how many entries are still the same as after `cuts` truncations."""
        return min(self._kept[cuts:], default=len(self))

    def truncate(self, length: int) -> None:
        """Drop all entries except the first `length`; page content stays."""
        self._kept.append(length)
        for entries in (self._depth, self._name, self._result):
            del entries[length:]
        del self._start[length + 1 :]
        del self._arguments[self._start[length] :]

    # --- pages ---------------------------------------------------------------------------------

    def content(self, page: bytes) -> int:
        """Keep the content of a page once. Return its number."""
        digest = hashlib.sha256(page).digest()
        if digest not in self.numbers:
            self.numbers[digest] = len(self.contents)
            self.contents.append(page)
        return self.numbers[digest]

    def page_lengths(self) -> list[int]:
        """Return the compressed length of each page in a file; 0 if it was never compressed."""
        return [self.lengths.get(digest, 0) for digest in self.numbers]

    def recording(self, compressor: Compressor) -> Compressor:
        """Return a compressor that keeps in the log what this one makes of each page."""
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
        """Write the log to a file, whole or not at all.

        config: of the machine, as plain values. content: False leaves out page bytes and keyframes;
        hashes and compressed lengths stay, and a rerun uses a machine without page bytes.
        keyframes: as arrays. Raises OutputError if the file cannot be written.
        """
        arrays = self._as_arrays(self._header(config, content=content), content=content)
        with written_whole(path) as file, ZipFile(file, "w", ZIP_DEFLATED) as archive:
            for name, array in arrays.items():
                add_array(archive, name, array, ZIP_DEFLATED)
            for name, array in (keyframes or {}).items() if content else ():
                add_array(archive, KEYFRAMES + name, array, ZIP_STORED)  # compressed already

    def _header(self, config: dict[str, Any], *, content: bool) -> dict[str, Any]:
        """Return the header of a file."""
        return {
            "format": FORMAT,
            "content": content,
            "config": config,
            "zbudlab": __version__,
            "libraries": {name: version(name) for name in LIBRARIES},
            "names": self.names,
        }

    def _as_arrays(self, header: dict[str, Any], *, content: bool) -> dict[str, np.ndarray]:
        """Return the whole log as arrays by name."""
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
            "start": narrow(np.array(self._start, np.int64)),
            "arguments": narrow(np.array(self._arguments, np.int64)),
            "result": narrow(np.array(self._result, np.int64)),
            "digests": np.frombuffer(b"".join(self.numbers), np.uint8).reshape(-1, 32),
            "pages": np.frombuffer(pages, np.uint8).reshape(-1, PAGE_SIZE),
            "compressed_digests": np.frombuffer(digests, np.uint8).reshape(-1, 32),
            "compressed_lengths": np.array(lengths, np.int64),
            "compressed": np.frombuffer(data, np.uint8),
        }

    def _length(self, digest: bytes, data: bytes, *, rules: Profile) -> int:
        """Return the compressed length of a page as a machine without page bytes takes it.

        0 = same-filled (rule `same_filled`) or zeros (`zeromap`), -1 = the compressor refused it.
        """
        page = self.contents[self.numbers[digest]] if digest in self.numbers else None
        same = page and page == page[:8] * (PAGE_SIZE // 8)
        if same and (rules.same_filled or (rules.zeromap and not any(page or b""))):
            return 0
        refused = not data or (rules.one_page_of_room and len(data) > PAGE_SIZE)
        return -1 if refused else min(len(data), TOO_LONG)

    @classmethod
    def load(cls, path: str | Path) -> tuple["OperationLog", dict[str, Any]]:
        """Read a log and its header from a file.

        Raises LogError for a damaged or other file, and for a log that does not fit into memory.
        """
        with open(check_readable(path), "rb") as file:
            try:
                with ZipFile(file) as archive:
                    check_memory(path, archive)
                    arrays = read_arrays(archive)
                header = json.loads(arrays["header"].tobytes())
                found, writer = header["format"], header["zbudlab"]
                log = cls._from_arrays(arrays, header) if found in READS else cls()
            except LogError:
                raise
            except DAMAGE as error:
                raise LogError(f"{path} is not a log of operations, or is damaged") from error
        if found not in READS:
            raise LogError(
                f"{path} has log format {found}, this version of zbudlab reads {FORMAT} and older "
                f"(it was written by zbudlab {writer})"
            )
        return log, header

    @classmethod
    def _from_arrays(cls, arrays: dict[str, np.ndarray], header: dict[str, Any]) -> "OperationLog":
        """Return the log in the arrays of a file. Raises ValueError if they do not fit together."""
        log = cls()
        log.names = [str(name) for name in header["names"]]
        log._numbers = {name: i for i, name in enumerate(log.names)}
        log._depth = column("B", arrays.pop("depth"))
        log._name = column("H", arrays.pop("name"))
        log._start = column("Q", arrays.pop("start"))
        log._arguments = column("q", arrays.pop("arguments"))
        log._result = column("q", arrays.pop("result"))
        log._check_columns()
        log.numbers = {row.tobytes(): i for i, row in enumerate(arrays["digests"])}
        log._take_pages(arrays, content=header["content"])
        log.keyframes = {
            name.removeprefix(KEYFRAMES): array
            for name, array in arrays.items()
            if name.startswith(KEYFRAMES)
        }
        return log

    def _check_columns(self) -> None:
        """Raise ValueError if the columns do not describe entries."""
        lengths = {len(self._depth), len(self._name), len(self._result), len(self._start) - 1}
        starts = np.array(self._start, np.int64)
        known = max(self._name, default=-1) < len(self.names)
        ordered = (
            not starts[0] and starts[-1] == len(self._arguments) and (np.diff(starts) >= 0).all()
        )
        if len(lengths) > 1 or not known or not ordered or max(self._depth, default=0) > 1:
            raise ValueError("the columns of the log do not fit together")

    def _take_pages(self, arrays: dict[str, np.ndarray], *, content: bool) -> None:
        """Take pages and their compressed forms from the arrays of a file."""
        digests = [row.tobytes() for row in arrays["compressed_digests"]]
        lengths = arrays["compressed_lengths"]
        given = np.minimum(lengths, TOO_LONG).tolist()
        self.lengths = dict(zip(digests, given, strict=True))
        if not content:
            self.contents = [None] * len(self.numbers)
            return
        self.contents = [row.tobytes() for row in arrays["pages"]]
        ends = np.cumsum(lengths).tolist()
        data = arrays["compressed"].tobytes()
        self.compressed = {
            digest: data[end - length : end]
            for digest, length, end in zip(digests, lengths.tolist(), ends, strict=True)
        }


class Recording:
    """A compressor that keeps what it made of each page. table: by SHA-256 of the page."""

    def __init__(self, inner: Compressor, table: dict[bytes, bytes]) -> None:
        self.inner = inner
        self.name = inner.name
        self.table = table

    def compress(self, page: Data) -> bytes:
        digest = hashlib.sha256(bytes(page)).digest()
        self.table[digest] = b""  # stays if compress() raises: a rerun takes it for a failure
        data = self.table[digest] = self.inner.compress(page)
        return data

    def decompress(self, data: Data) -> bytes:
        return self.inner.decompress(data)
