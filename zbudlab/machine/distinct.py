"""Rows of 64 bytes, each kept once, because page content repeats."""

import numpy as np

from zbudlab.layout import CHUNK_SIZE

_FACTORS = np.random.Generator(np.random.PCG64(1)).integers(1 << 63, size=8).astype(np.uint64)


def as_rows(array: np.ndarray) -> np.ndarray:
    """Return the bytes of an array as rows of 64, zero-padded; a view if they need no padding."""
    flat = array.reshape(-1).view(np.uint8)
    if len(flat) % CHUNK_SIZE:
        flat = np.pad(flat, (0, -len(flat) % CHUNK_SIZE))
    return flat.reshape(-1, CHUNK_SIZE)


def unequal(old: np.ndarray, new: np.ndarray) -> np.ndarray:
    """Return the numbers of the rows that differ. old, new: uint8 (n, 64), or one row."""
    words = old.view(np.uint64) != new.view(np.uint64)
    return np.flatnonzero(words.view(np.uint64))  # eight truth values at once


class DistinctRows:
    """Rows of 64 bytes by number. data: uint8 (n, 64); used: how many. Row 0 is all zeros."""

    def __init__(self, data: np.ndarray | None = None) -> None:
        self.data = np.zeros((1024, CHUNK_SIZE), np.uint8) if data is None else data
        self.used = 1 if data is None else len(data)
        self._hashes: np.ndarray | None = None  # built on first use

    def _index(self) -> None:
        hashes, first = np.unique(_hashes(self.data[: self.used]), return_index=True)
        self._hashes = hashes  # sorted
        self._by_hash = first.astype(np.uint32)  # the row of each

    def numbers(self, rows: np.ndarray) -> np.ndarray:
        """Return the numbers of rows, uint32 (n,), and keep new rows. rows: uint8 (n, 64)."""
        if self._hashes is None:
            self._index()
        assert self._hashes is not None
        hashes, first, back = np.unique(_hashes(rows), return_index=True, return_inverse=True)
        at = np.searchsorted(self._hashes, hashes)
        known = self._hashes[np.minimum(at, len(self._hashes) - 1)] == hashes
        found = np.zeros(len(hashes), np.uint32)
        found[known] = self._by_hash[at[known]]
        found[~known] = new = self._append(rows[first[~known]])
        self._hashes = np.insert(self._hashes, at[~known], hashes[~known])
        self._by_hash = np.insert(self._by_hash, at[~known], new)
        numbers = found[back]
        strangers = unequal(self.data[numbers], rows)  # another row has the same hash
        numbers[strangers] = self._append(rows[strangers])
        return numbers

    def _append(self, rows: np.ndarray) -> np.ndarray:
        start, self.used = self.used, self.used + len(rows)
        if self.used > len(self.data) or not self.data.flags.writeable:
            larger = np.zeros((max(self.used, len(self.data) * 3 // 2), CHUNK_SIZE), np.uint8)
            larger[:start] = self.data[:start]
            self.data = larger
        self.data[start : self.used] = rows
        return np.arange(start, self.used, dtype=np.uint32)


def _hashes(rows: np.ndarray) -> np.ndarray:
    """Return a 64-bit hash of each row, uint64 (n,)."""
    words = np.ascontiguousarray(rows).view(np.uint64)
    mixed = (words ^ (words >> np.uint64(31))) * _FACTORS
    mixed ^= mixed >> np.uint64(29)
    return (mixed * (_FACTORS[::-1] | np.uint64(1))).sum(axis=1)
