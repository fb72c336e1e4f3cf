"""Keyframes: a machine at moments of its log, from which the log can be rerun.

A keyframe holds what changed since the previous one, in rows of 64 bytes; every eighth is
complete. Page content repeats (a page comes back from swap, a compressed page is stored again), so
each of its rows is kept once and referred to by number. The bookkeeping is compressed as it is.
Keyframes are a number of seconds of work apart, whatever the number of operations, so the time to
reach any moment is bounded.
"""

from __future__ import annotations

import ast
import json
import time
from bisect import bisect_right
from collections import Counter
from typing import Any

import numpy as np
import zstandard

from zbudlab.io.files import host_memory
from zbudlab.layout import CHUNK_SIZE, NCHUNKS, PAGE_SIZE
from zbudlab.machine import proof
from zbudlab.machine.core import Core
from zbudlab.machine.distinct import DistinctRows, as_rows, unequal
from zbudlab.machine.logfile import DAMAGE, LogError
from zbudlab.machine.snapshots import MEMORY, owners, parts

SECONDS = 0.05  #: of work between two keyframes
WHOLE_EVERY = 8  #: keyframes; the others hold changes
LEVEL = 1  #: of zstd
ZERO = np.zeros((1, CHUNK_SIZE), np.uint8)

#: What an operation did that is not in its log entries, as bits.
REJECT, MERGE = 1, 2
_REJECTS = ("reject_reclaim_fail", "reject_compress_poor", "reject_alloc_fail")


class Keyframes:
    """Keyframes of one machine's log, and facts about its operations that the log lacks.

    seconds: CPU seconds of work between two. stops: the number of operations before each. events:
    REJECT and MERGE bits of each operation so far.
    """

    def __init__(self, seconds: float = SECONDS) -> None:
        self.seconds = seconds
        self.stops: list[int] = []
        self.events = bytearray()
        self._packed: list[bytes | memoryview] = []
        self._whole: list[bool] = []
        self._content = DistinctRows()  # of page frames, except the first row of each
        self._pages: list[Any] = []  # on the swap device or in the swap cache
        self._page_numbers: dict[Any, int] = {}
        self._last: dict[str, np.ndarray] = {}  # rows as in the newest keyframe
        self._numbers = np.zeros(0, np.uint32)  # of memory's content, the same
        self._spent = self._cost = 0.0
        self._counts: tuple[int, list[int]] = (0, [])
        self._doubted: set[int] = set()  # keyframes from a file that were not proved yet

    def __len__(self) -> int:
        return len(self.stops)

    @property
    def reached(self) -> int:
        """The number of operations so far."""
        return len(self.events)

    @property
    def nbytes(self) -> int:
        """Roughly how many bytes of memory the keyframes take."""
        rows = self._content.data.nbytes + 12 * self._content.used + self._numbers.nbytes
        last = sum(array.nbytes for array in self._last.values())
        return rows + last + sum(map(len, self._packed)) + len(self._pages) * PAGE_SIZE

    def before(self, stop: int) -> int:
        """Return the number of the last keyframe at a stop or before it."""
        return bisect_right(self.stops, stop) - 1

    # --- taking --------------------------------------------------------------------------------

    def after(self, machine: Core, seconds: float) -> None:
        """Count an operation that took `seconds`, and take a keyframe if one is due."""
        counts = _counts(machine)
        self.events.append(_happened(self._counts, counts))
        self._counts = counts
        self._spent += seconds
        if self._spent >= max(self.seconds, self._cost):
            self.take(machine)

    def resume(self, machine: Core) -> None:
        """Continue with a machine in the state that the last operation left."""
        self._counts = _counts(machine)

    def take(self, machine: Core) -> None:
        """Take a keyframe now, after the operations so far."""
        started = time.process_time()
        self.resume(machine)
        whole = len(self) % WHOLE_EVERY == 0 or not self._last
        arrays, values = self._taken_apart(machine)
        sections: dict[str, np.ndarray] = {}
        for name, array in arrays.items():
            rows = as_rows(array)
            changed = self._update(name, rows)
            content = np.zeros(0, np.int64)
            if name == "rows" and machine.state.page_bytes:
                self._number_content(rows, _split(changed, machine)[1])
            listed = unequal(ZERO, rows) if whole else changed
            if name == "rows" and machine.state.page_bytes:
                listed, content = _split(listed, machine)
                sections["content at"] = _steps(content)
                sections["content"] = _steps(self._numbers[content])
            sections[f"{name} at"] = _steps(listed)
            sections[name] = rows[listed].reshape(-1)
        lengths = {name: len(array) for name, array in arrays.items()}
        self._packed.append(_pack(sections, lengths, repr(values)))
        self._whole.append(whole)
        self.stops.append(self.reached)
        self._spent, self._cost = 0.0, time.process_time() - started

    def truncate(self, machine: Core, stop: int) -> None:
        """Drop everything after a stop to which the machine has returned."""
        kept = self.before(stop) + 1
        for column in (self.stops, self._packed, self._whole):
            del column[kept:]
        del self.events[stop:]
        self._last, self._numbers = {}, self._numbers[:0]  # so the next one is whole
        self.resume(machine)

    def _taken_apart(self, machine: Core) -> tuple[dict[str, np.ndarray], dict[str, Any]]:
        """Return the arrays of a machine by name, and its other values, as literals, by owner."""
        arrays: dict[str, np.ndarray] = {}
        values: dict[str, dict[str, Any]] = {}
        for owner, part in parts(machine).items():
            values[owner] = {}
            for name, value in part.items():
                if isinstance(value, np.ndarray):
                    if name != "frames":  # they are part of `rows`
                        arrays[name] = value
                elif name == "pages":
                    arrays[owner] = self._by_slot(value, len(machine.state.swap_slots))
                else:
                    values[owner][name] = _literal(value)
        return arrays, values

    def _by_slot(self, pages: dict[int, Any], slots: int) -> np.ndarray:
        """Return the number of the page in each slot, from 1, uint32 (slots,); 0 = none."""
        numbers = np.zeros(slots, np.uint32)
        for page in pages.values():
            if page not in self._page_numbers:
                self._pages.append(page)
                self._page_numbers[page] = len(self._pages)
        found = map(self._page_numbers.__getitem__, pages.values())
        numbers[np.fromiter(pages, np.int64, len(pages))] = np.fromiter(found, np.uint32)
        return numbers

    def _update(self, name: str, rows: np.ndarray) -> np.ndarray:
        """Return the numbers of the rows of an array that changed since the last keyframe."""
        last = self._last[name] = _of_length(self._last.get(name, rows[:0]), len(rows))
        changed = unequal(last, rows)
        last[changed] = rows[changed]
        return changed

    def _number_content(self, rows: np.ndarray, changed: np.ndarray) -> None:
        """Keep the rows of content that changed, and their numbers."""
        self._numbers = _of_length(self._numbers, len(rows))
        self._numbers[changed] = self._content.numbers(rows[changed])

    # --- coming back ---------------------------------------------------------------------------

    def restore(self, machine: Core, number: int) -> None:
        """Return the machine to the state of a keyframe. Its log stays as it is.

        A keyframe from a file is proved when it is first used: LogError if it does not describe a
        state of this machine, which then has to be restored from another source.
        """
        if number not in self._doubted:
            return self._restore(machine, number)
        before = proof.constants(machine)
        try:
            self._restore(machine, number)
            fault = proof.fault_of(machine, before)
        except (*DAMAGE, IndexError, OverflowError, RecursionError, MemoryError) as error:
            fault = str(error) or type(error).__name__
        if fault:
            at = self.stops[number]
            raise LogError(f"the keyframe at stop {at} of the log is damaged or forged: {fault}")
        self._doubted.discard(number)

    def _restore(self, machine: Core, number: int) -> None:
        """Return the machine to the state of a keyframe, which is trusted."""
        first = number
        while not self._whole[first]:
            first -= 1
        arrays = _arrays(machine)
        for array in arrays.values():
            array.view(np.uint8)[:] = 0
        for one in range(first, number + 1):
            sections, lengths, values = _unpack(self._packed[one])
            if self._doubted and (fault := proof.fault_of_lengths(lengths, arrays)):
                raise LogError(fault)
            for name, length in lengths.items():
                arrays[name] = _of_length(arrays[name], length)
                _write_rows(arrays[name], _summed(sections[f"{name} at"]), sections[name])
            if "content" in sections:
                at, numbers = (_summed(sections[part]) for part in ("content at", "content"))
                as_rows(arrays["rows"])[at] = self._content.data[numbers]
        self._put_back(machine, arrays, ast.literal_eval(values))

    def _put_back(
        self, machine: Core, arrays: dict[str, np.ndarray], values: dict[str, Any]
    ) -> None:
        """Set the arrays and other values of a machine."""
        if self._doubted and (fault := proof.fault_of_values(values, parts(machine))):
            raise LogError(fault)
        for owner, part in parts(machine).items():
            found: dict[str, Any] = {}
            for name, old in part.items():
                if isinstance(old, np.ndarray):
                    if name not in MEMORY:
                        found[name] = arrays[name]
                elif name == "pages":
                    found[name] = self._of_slots(arrays[owner])
                else:
                    new = values[owner].get(name, {})  # files of older versions lack some
                    found[name] = Counter(new) if isinstance(old, Counter) else new
            for name, value in found.items():  # not through vars(): `State.mem` must follow
                setattr(owners(machine)[owner], name, value)

    def _of_slots(self, numbers: np.ndarray) -> dict[int, Any]:
        """Undo `_by_slot`: return pages by slot."""
        slots = np.flatnonzero(numbers)
        pages = map(self._pages.__getitem__, (numbers[slots] - 1).tolist())
        return dict(zip(slots.tolist(), pages, strict=True))

    # --- files ---------------------------------------------------------------------------------

    def as_arrays(self) -> dict[str, np.ndarray]:
        """Return all keyframes as arrays by name, for a file."""
        kinds = [(type(page) is int) + 2 * isinstance(page, bytes) for page in self._pages]
        words = [page if type(page) is int else 0 for page in self._pages]
        pages = b"".join(page for page in self._pages if isinstance(page, bytes))
        return {
            "stops": np.array(self.stops, np.int64),
            "whole": np.array(self._whole, np.bool_),
            "events": np.frombuffer(bytes(self.events), np.uint8),
            "ends": np.cumsum([len(packed) for packed in self._packed], dtype=np.int64),
            "packed": np.frombuffer(b"".join(self._packed), np.uint8),
            "content": self._content.data[: self._content.used],
            "page_kinds": np.array(kinds, np.uint8),
            "page_words": np.array(words, np.int64),
            "page_bytes": np.frombuffer(pages, np.uint8).reshape(-1, PAGE_SIZE),
        }

    @classmethod
    def from_arrays(cls, arrays: dict[str, np.ndarray]) -> Keyframes:
        """Return the keyframes from the arrays of `as_arrays`. LogError if they do not fit."""
        _check_arrays(arrays)
        self = cls()
        self.stops = arrays["stops"].tolist()
        self._whole = arrays["whole"].tolist()
        self.events = bytearray(arrays["events"].tobytes())
        data, ends = arrays["packed"].data, arrays["ends"].tolist()
        self._packed = [data[a:b] for a, b in zip([0, *ends[:-1]], ends, strict=True)]
        self._content = DistinctRows(arrays["content"])
        pages = iter(arrays["page_bytes"])
        kinds, words = (arrays[f"page_{part}"].tolist() for part in ("kinds", "words"))
        for kind, word in zip(kinds, words, strict=True):
            self._pages.append(next(pages).tobytes() if kind == 2 else word if kind else None)
        self._page_numbers = {page: i for i, page in enumerate(self._pages, 1)}
        self._doubted = set(range(len(self.stops)))
        return self


#: The arrays of keyframes in a file: type and dimensions.
ARRAYS = {
    "stops": ("i8", 1),
    "whole": ("b1", 1),
    "events": ("u1", 1),
    "ends": ("i8", 1),
    "packed": ("u1", 1),
    "content": ("u1", 2),
    "page_kinds": ("u1", 1),
    "page_words": ("i8", 1),
    "page_bytes": ("u1", 2),
}


def _check_arrays(arrays: dict[str, np.ndarray]) -> None:
    """Raise LogError unless the arrays of a file are keyframes."""
    for name, (kind, dimensions) in ARRAYS.items():
        found = arrays.get(name)
        if found is None or found.dtype != np.dtype(kind) or found.ndim != dimensions:
            raise LogError(f"keyframes of the log are damaged: array {name} is not as it must be")
    stops, ends, kinds = arrays["stops"], arrays["ends"], arrays["page_kinds"]
    sound = {
        "stops": len(stops) and not stops[0] and (np.diff(stops) >= 0).all(),
        "events": len(stops) and stops[-1] <= len(arrays["events"]),
        "whole": len(arrays["whole"]) == len(stops) and arrays["whole"][:1].all(),
        "ends": len(ends) == len(stops) and (np.diff(ends, prepend=0) >= 0).all(),
        "packed": len(ends) and ends[-1] == len(arrays["packed"]),
        "content": arrays["content"].shape[1] == CHUNK_SIZE and not arrays["content"][:1].any(),
        "page_kinds": (kinds <= 2).all() and len(kinds) == len(arrays["page_words"]),
        "page_bytes": arrays["page_bytes"].shape == (np.count_nonzero(kinds == 2), PAGE_SIZE),
    }
    if wrong := [name for name, right in sound.items() if not right]:
        raise LogError(f"keyframes of the log are damaged: array {wrong[0]} is not as it must be")


def _literal(value: Any) -> Any:
    """Return a value whose repr is a literal: a Counter becomes a dict of Python's integers."""
    if not isinstance(value, Counter):
        return value
    return {k.item() if isinstance(k, np.generic) else k: int(n) for k, n in value.items()}


# --- rows --------------------------------------------------------------------------------------


def _split(rows: np.ndarray, machine: Core) -> tuple[np.ndarray, np.ndarray]:
    """Split row numbers into possible headers and list heads, and rows of content."""
    content = (rows < len(machine.state.frames) * NCHUNKS) & (rows % NCHUNKS != 0)
    return rows[~content], rows[content]


def _arrays(machine: Core) -> dict[str, np.ndarray]:
    """Return the arrays that a keyframe sets, by name: a machine's, and one for its slots."""
    arrays: dict[str, np.ndarray] = {}
    for owner, part in parts(machine).items():
        for name, value in part.items():
            if isinstance(value, np.ndarray) and name != "frames":
                arrays[name] = value
            elif name == "pages":
                arrays[owner] = np.zeros(0, np.uint32)
    return arrays


def _of_length(array: np.ndarray, length: int) -> np.ndarray:
    """Return an array with that length, cut off or padded with zeros, as tables grow."""
    if len(array) == length:
        return array
    other = np.zeros((length, *array.shape[1:]), array.dtype)
    common = min(length, len(array))
    other[:common] = array[:common]
    return other


def _write_rows(array: np.ndarray, at: np.ndarray, rows: np.ndarray) -> None:
    """Write rows of 64 bytes to an array."""
    if not len(at):
        return
    found = as_rows(array)
    found[at] = rows.reshape(-1, CHUNK_SIZE)
    if array.nbytes % CHUNK_SIZE:  # then as_rows has returned a copy
        array.reshape(-1).view(np.uint8)[:] = found.reshape(-1)[: array.nbytes]


def _steps(numbers: np.ndarray) -> np.ndarray:
    """Return the differences of successive numbers, int32: they are small, and compress well."""
    return np.diff(numbers.astype(np.int64), prepend=0).astype(np.int32)


def _summed(steps: np.ndarray) -> np.ndarray:
    """Undo `_steps`."""
    return np.cumsum(steps, dtype=np.int64)


def _pack(sections: dict[str, np.ndarray], lengths: dict[str, int], values: str) -> bytes:
    """Compress one-dimensional arrays, lengths and a text into bytes."""
    listed = [(name, array.dtype.str, len(array)) for name, array in sections.items()]
    table = json.dumps([listed, lengths, values]).encode()
    pieces = [len(table).to_bytes(8, "little"), table, *(a.tobytes() for a in sections.values())]
    return zstandard.ZstdCompressor(level=LEVEL).compress(b"".join(pieces))


def _unpack(packed: bytes | memoryview) -> tuple[dict[str, np.ndarray], dict[str, int], str]:
    """Undo `_pack`. ValueError if the bytes claim to be larger than this computer's memory."""
    claimed, there = zstandard.frame_content_size(packed), host_memory()
    if claimed < 0 or (there is not None and claimed > there):
        raise ValueError(f"it claims to take {claimed} bytes")
    data = zstandard.ZstdDecompressor().decompress(packed)
    start = 8 + int.from_bytes(data[:8], "little")
    listed, lengths, values = json.loads(data[8:start])
    sections = {}
    for name, kind, length in listed:
        sections[name] = np.frombuffer(data, kind, length, start)
        start += sections[name].nbytes
    return sections, lengths, values


def _counts(machine: Core) -> tuple[int, list[int]]:
    """Return how many pages zswap has refused, and the free blocks by order."""
    zswap = machine.state.zswaps[0]
    rejected = sum(int(zswap[name]) for name in _REJECTS)
    return rejected, machine.state.zone["nr_free"].tolist()


def _happened(before: tuple[int, list[int]], after: tuple[int, list[int]]) -> int:
    """Return REJECT if a page was refused, MERGE if small free blocks became a larger one."""
    bits = REJECT if after[0] > before[0] else 0
    fewer = False
    for old, new in zip(before[1], after[1], strict=True):
        if fewer and new > old:
            return bits | MERGE
        fewer = fewer or new < old
    return bits
