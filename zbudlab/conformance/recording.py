"""Recordings of running kernels: settings, and counters after each operation on a page.

The format is described in tests/data/README.md.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from zbudlab.conformance.trace import TraceError, lines
from zbudlab.content.recorded import NEW, NO_BYTES, OLD, TOO_LONG
from zbudlab.io.streams import name_of
from zbudlab.layout import PAGE_SIZE

STORE, LOAD, FREE, SHRINK, COMPACT = range(5)
LAST_PHASE = 9  #: of the row for the end of the process, which frees everything
#: Columns by kernel. The sixth is what each keeps besides compressed pages.
COLUMNS = {
    OLD: (
        "phase op page content stored same pool_pages zswap_bytes compress_poor written_back slot"
    ),
    NEW: (
        "phase op page content stored incompressible pool_pages zswap_bytes compress_poor "
        "written_back slot limit_hit compress_fail reclaim_fail"
    ),
}
POOL_BEFORE = "#before /sys/kernel/debug/zswap/pool_total_size:"
MOST = 1 << 40  #: numbers of a recording are smaller
MOST_PAGES = 1 << 24  #: pages of the recorded process have smaller numbers
COMPARED = ("stored", "same", "incompressible", "pool_pages")


@dataclass
class Recording:
    """A recording of a running kernel.

    settings: of zswap, by name; `setting` has those that are numbers. rows: int64 (n, columns).
    where: the place of each row in the file. zspages: the pages that zsmalloc had, by the row
    after which it was asked. pool_before: pages of the pool that 6.1 still counts from an earlier
    use.
    """

    name: str
    kernel: str
    settings: dict[str, str]
    rows: NDArray[np.int64]
    where: list[str]
    zspages: dict[int, int] = field(default_factory=dict)
    pool_before: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns."""
        return tuple(COLUMNS[self.kernel].split())

    def column(self, name: str) -> NDArray[np.int64]:
        """Return a column by its name."""
        return self.rows[:, self.columns.index(name)]

    @property
    def compared(self) -> tuple[str, ...]:
        """The names of the counters that the lab is compared with."""
        return tuple(name for name in COMPARED if name in self.columns)

    def setting(self, name: str, default: int) -> int:
        """Return a setting as a number. Raise TraceError if it is not a number."""
        value = self.settings.get(name, str(default))
        if not (value.isdecimal() and len(value) < len(str(MOST))):
            raise TraceError(f"{self.name}: {name} must be a whole number, not {value!r}")
        return int(value)

    @cached_property
    def limited(self) -> bool:
        """Return whether the pool ever reached its limit."""
        return self.kernel == NEW and bool(self.column("limit_hit").max(initial=0))


def read_recording(path: str | Path) -> Recording:
    """Read a recording. TraceError names an invalid line."""
    settings: dict[str, str] = {}
    zspages: dict[int, int] = {}
    rows: list[list[int]] = []
    places: list[str] = []
    kernel = None
    pool_before = 0
    for where, text in lines(path):
        if text.startswith("#columns "):
            kernel = _kernel(where, text)
        elif text.startswith("#param "):
            _, name, *value = text.split()
            settings[name] = " ".join(value)
        elif text.startswith(POOL_BEFORE):
            pool_before = _number(where, text, text.removeprefix(POOL_BEFORE)) // PAGE_SIZE
        elif text.startswith("#snap ") and " nr_zspages " in text:
            zspages[len(rows) - 1] = _number(where, text, text.split(" nr_zspages ")[1])
        elif text.strip() and not text.startswith("#"):
            rows.append(_row(where, text, kernel))
            places.append(where)
    if kernel is None or not rows:
        raise TraceError(f"{name_of(path)} is not a recording: it has no row of counters")
    table = np.array(rows, np.int64)
    return Recording(name_of(path), kernel, settings, table, places, zspages, pool_before)


def _kernel(where: str, text: str) -> str:
    """Return the kernel whose columns a line names."""
    for kernel, columns in COLUMNS.items():
        if text.split()[1:] == columns.split():
            return kernel
    raise TraceError(f"{where}: the columns are those of no known kernel: {text!r}")


def _row(where: str, text: str, kernel: str | None) -> list[int]:
    """Return the numbers of a row."""
    if kernel is None:
        raise TraceError(f"{where}: a row comes before the line with the columns: {text!r}")
    row = [_number(where, text, word) for word in text.split()]
    if len(row) != len(COLUMNS[kernel].split()):
        raise TraceError(f"{where}: a row has {len(COLUMNS[kernel].split())} numbers: {text!r}")
    if not STORE <= row[1] <= COMPACT or not 0 <= row[2] < MOST_PAGES or row[3] < -1:
        raise TraceError(f"{where}: no such operation, page or content: {text!r}")
    return row


def _number(where: str, text: str, words: str) -> int:
    """Return the first word as a whole number."""
    try:
        number = int((words.split() or [""])[0])
    except ValueError:
        raise TraceError(f"{where}: whole numbers are needed: {text!r}") from None
    if abs(number) >= MOST:
        raise TraceError(f"{where}: numbers are smaller than {MOST}: {text!r}")
    return number


def lengths_shown(recording: Recording) -> dict[int, int]:
    """Return the compressed lengths that a recording's own columns show, by content."""
    return _shown_at_once(recording) if recording.kernel == OLD else _shown_later(recording)


def _shown_at_once(recording: Recording) -> dict[int, int]:
    """Return what 6.1 shows: zswap_bytes has a page as soon as it is stored.

    A value that no compressed page can have is skipped.
    """
    stored, charged = recording.column("stored"), recording.column("zswap_bytes")
    added, bytes_added = np.diff(stored, prepend=0), np.diff(charged, prepend=0)
    rows = np.flatnonzero(recording.column("op") == STORE).tolist()
    content = recording.column("content")
    shown = {int(content[at]): int(bytes_added[at]) if added[at] else TOO_LONG for at in rows}
    return {page: length for page, length in shown.items() if 0 <= length <= TOO_LONG}


def _shown_later(recording: Recording) -> dict[int, int]:
    """Return what 7 shows: a store first brings zswap_bytes up to date, unless it is of zeros.

    So a page's length shows when the next one is stored, if nothing else happens in between and
    the pool is not at its limit. That a page is zeros, or does not compress, shows at once. Rarely
    the kernel counts a page before its row is read; then only the sum with the one before shows.
    Of a page that is stored several times the least length counts, as no sum is less; what is as
    long as a page is a sum.
    """
    found: dict[int, int] = {}
    waiting, base, before, kept, last = -1, 0, 0, 0, -1
    names = ("op", "content", "stored", "incompressible", "zswap_bytes", "limit_hit")
    for op, content, stored, whole, charged, hits in zip(
        *(recording.column(name).tolist() for name in names), strict=True
    ):
        if hits:
            break
        if op != STORE:
            waiting = -1
        elif stored == before:
            found[content] = NO_BYTES
        else:
            if waiting >= 0 and charged == base:
                found.pop(last, None)
            elif waiting >= 0 and 0 < (length := charged - base) < PAGE_SIZE:
                found[waiting] = min(length, found.get(waiting, length))
            last = waiting
            waiting, base = (-1, 0) if whole > kept else (content, charged)
            if whole > kept:
                found[content] = PAGE_SIZE
        before, kept = stored, whole
    return found


def solve_by_totals(recording: Recording, lengths: dict[int, int]) -> dict[int, int]:
    """Return lengths of 7 that follow from zswap_bytes as a whole: all other pages are known.

    At least two rows must agree, because a row can be read late.
    """
    names = ("op", "page", "content", "stored", "zswap_bytes", "limit_hit")
    held: dict[int, int] = {}  # content by page
    found: dict[int, Counter[int]] = defaultdict(Counter)
    before = 0
    for op, page, content, stored, charged, hits in zip(
        *(recording.column(name).tolist() for name in names), strict=True
    ):
        if hits:
            break
        if op == STORE and stored > before:
            unknown = [each for each in held.values() if each not in lengths]
            if len(unknown) == 1:
                known = sum(lengths[each] for each in held.values() if each in lengths)
                found[unknown[0]][charged - known] += 1
            held[page] = content
        elif op in (LOAD, FREE):
            held.pop(page, None)
        before = stored
    best = {content: lengths.most_common(1)[0] for content, lengths in found.items()}
    return {content: length for content, (length, rows) in best.items() if rows > 1}
