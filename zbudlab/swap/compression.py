"""Compress pages for zswap and decompress them, with any compressor.

Without page bytes the content of a page is a tag, an integer, and its compressed length is given.

Source: mm/zswap.c: zswap_frontswap_store, zswap_frontswap_load, zswap_is_page_same_filled
(v3.12.9, v6.1).
"""

from errno import EIO
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from zbudlab import layout
from zbudlab.content.compressors import (
    Compressor,
    DamagedData,
    UnrecordedPage,
    check_pages,
    compress_pages,
    decompress_pages,
    shares_of,
)
from zbudlab.mm import zpool
from zbudlab.mm.state import State
from zbudlab.profiles import Profile
from zbudlab.swap.device import SlotContent
from zbudlab.swap.settings import ZswapSettings
from zbudlab.swap.stored_pages import Raw


class CannotCompress(ValueError):
    """A compressor raises this for a page that it fails to compress."""


def same_filled(pages: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Return which pages, uint8 (n, 4096), repeat one eight-byte word."""
    words = pages.view(np.int64)
    equal: NDArray[np.bool_] = (words == words[:, :1]).all(axis=1)
    return equal


def without_object(pages: NDArray[np.uint8], *, rules: Profile) -> NDArray[np.bool_]:
    """Return which pages, uint8 (n, 4096), need no compressed copy under the rules.

    With `same_filled` those that repeat one word, with `zeromap` those of zeros; their length is 0.
    """
    if rules.same_filled:
        return same_filled(pages)
    if rules.zeromap:
        return np.logical_not(pages.any(axis=1))
    return np.zeros(len(pages), np.bool_)


def compressed_lengths(
    using: Compressor,
    pages: NDArray[np.uint8],
    data: NDArray[np.uint8],
    threads: int | None,
    *,
    rules: Profile,
) -> NDArray[np.int32]:
    """Compress pages into `data` and return the lengths; see `Profile.one_page_of_room`.

    A page that is too long gets -1, or with two pages of room a length above PAGE_SIZE.
    """
    lengths = compress_pages(using, pages, data, threads)
    if not rules.one_page_of_room:
        lengths[lengths < 0] = layout.TOO_LONG
    return lengths


def decompressed(using: Compressor, data: NDArray[np.uint8]) -> bytes:
    """Return the page, PAGE_SIZE bytes. Raise DamagedData for any exception of the compressor."""
    try:
        page = using.decompress(data)
    except DamagedData:
        raise
    except Exception as error:
        raise DamagedData(f"{using.name} cannot decompress {len(data)} bytes: {error}") from error
    if len(page) != layout.PAGE_SIZE:
        raise DamagedData(f"{using.name} made {len(page)} bytes of {len(data)}, not a page")
    return page


class Compression:
    """How zswap compresses the pages of a machine, and decompresses them.

    settings: of zswap; the rules `same_filled` and `one_page_of_room` matter here. compressor:
    needed where pages have bytes and zswap is enabled. failures: pages that the compressor failed
    on; error: the last exception it raised.
    """

    def __init__(
        self, state: State, settings: ZswapSettings, compressor: Compressor | None
    ) -> None:
        if state.page_bytes and settings.enabled and compressor is None:
            raise ValueError("zswap needs a compressor where pages have bytes")
        self.state = state
        self.settings = settings
        self.rules = settings.rules
        self.compressor = compressor
        self.failures = 0
        self.error: Exception | None = None
        self._room = np.zeros((0, layout.PAGE_SIZE), np.uint8)
        self._page = np.zeros((1, layout.PAGE_SIZE), np.uint8)
        self._spare = np.zeros(2 * layout.PAGE_SIZE, np.uint8)

    def compressed(
        self, pages: NDArray | None, lengths: ArrayLike | None, count: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.int32], Any]:
        """Compress pages. Return data and lengths for `zswap_store_batch`, and the contents.

        pages: uint8 (count, 4096); without page bytes tags (count,), with their lengths. contents:
        what the swap device gets of each page. Raises ValueError for a batch of the other kind.
        """
        if not self.state.page_bytes:
            return self._as_given(pages, lengths, count)
        if pages is None or lengths is not None:
            raise ValueError("pages are stored with their bytes, and without lengths")
        pages = np.ascontiguousarray(pages)
        if not self.settings.enabled:
            zeros = without_object(pages, rules=self.rules) if self.rules.zeromap else True
            return pages, np.where(zeros, np.zeros(count, np.int32), np.int32(-1)), pages
        data = self._room_for(count)
        lengths = self._compress(pages, data)
        if self.state.zswaps["same_filled_pages_enabled"][0] or self.rules.zeromap:
            same = without_object(pages, rules=self.rules)
            lengths[same] = 0
            data[same, :8] = pages[same, :8]
        return data, lengths, pages

    def uncompressed(self, slots: NDArray[np.int64], pages: NDArray, codec: int) -> Raw | None:
        """Return pages, uint8 (n, 4096), for compiled code to compress with a C function.

        None = several threads compress so many pages in less time.
        """
        count = len(slots)
        if shares_of(count, self.settings.threads) > 1:
            return None
        if not pages.flags.carray:  # numba knows three types of other arrays
            pages = np.array(pages, order="C")
        check_pages("pages", pages, count)
        return Raw(
            slots=slots,
            pages=pages,
            words=pages.view(np.int64),
            data=self._page,
            spare=self._spare,
            lengths=np.zeros(count, np.int32),
            answers=np.zeros(count, np.int64),
            codec=codec,
            too_long=-1 if self.rules.one_page_of_room else layout.TOO_LONG,
        )

    @staticmethod
    def _as_given(
        tags: NDArray | None, lengths: ArrayLike | None, count: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.int32], Any]:
        """Return what `compressed` returns for pages without bytes."""
        if lengths is None:
            raise ValueError("pages without bytes are stored with their compressed lengths")
        tags = np.zeros(count, np.int64) if tags is None else np.asarray(tags, np.int64)
        data = np.ascontiguousarray(tags).view(np.uint8).reshape(count, -1)
        return data, np.asarray(lengths, np.int32), tags.tolist()

    def _room_for(self, count: int) -> NDArray[np.uint8]:
        """Return room for compressed pages; their first words, which entries keep, are zero."""
        if len(self._room) < count:
            self._room = np.zeros((count, layout.PAGE_SIZE), np.uint8)
        self._room[:count, :8] = 0
        return self._room[:count]

    def _compress(self, pages: NDArray[np.uint8], data: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Compress pages into `data`. Return their lengths; -1 = the compressor failed."""
        assert self.compressor is not None
        try:
            lengths = compressed_lengths(
                self.compressor, pages, data, self.settings.threads, rules=self.rules
            )
        except UnrecordedPage:
            raise
        except Exception as error:  # a compressor of the user can raise anything
            if len(pages) == 1:
                self.failures += 1
                self.error = error
                return np.array([-1], np.int32)
            each = range(len(pages))
            return np.concatenate([self._compress(pages[i : i + 1], data[i : i + 1]) for i in each])
        self.failures += int(np.count_nonzero(lengths == 0))  # no page compresses to nothing
        lengths[lengths == 0] = -1
        return lengths

    def page(self, number: int, where: NDArray[np.int64]) -> SlotContent:
        """Return the content of a mapped entry. where: its address and length, int64 (2,)."""
        address, length = where.tolist()
        word = int(self.state.zswap_entries["word"][number])
        if not self.state.page_bytes:
            return word
        if address < 0:
            return np.full(layout.PAGE_SIZE // 8, word, np.int64).tobytes()
        assert self.compressor is not None
        found = self._object(number, address, length)
        if self.rules.keep_incompressible and length == layout.PAGE_SIZE:
            return found.tobytes()
        return decompressed(self.compressor, found)

    def _object(self, number: int, address: int, length: int) -> NDArray[np.uint8]:
        """Return the compressed bytes of a mapped entry."""
        slot = int(self.state.zswap_entries["slot"][number])
        pool = int(self.state.swap_info["pool"][self.state.swap_slots["type"][slot]])
        return zpool.object_bytes(self.state.mem, pool, address, length)

    def rows(
        self, numbers: NDArray[np.int64], where: NDArray[np.int64], out: NDArray[np.uint8]
    ) -> NDArray[np.int64]:
        """Decompress mapped entries into the rows of `out`. Return 0 or -EIO for each, int64 (n,).

        numbers: of the entries, int64 (n,); negative ones are skipped. where: their
        addresses and lengths, int64 (n, 2). out: uint8 (n, 4096).
        """
        errors = np.zeros(len(numbers), np.int64)
        words = out.view(np.int64)
        address, length = where.T
        for row in np.flatnonzero((numbers > 0) & (address < 0)):
            words[row] = self.state.zswap_entries["word"][numbers[row]]
        stored = (numbers > 0) & (address >= 0)
        split = stored & (address % layout.PAGE_SIZE + length > layout.PAGE_SIZE)
        rows = np.flatnonzero(stored & ~split)
        assert self.compressor is not None
        frames = self.state.frames
        whole = decompress_pages(self.compressor, frames, address[rows], length[rows], out, rows)
        errors[rows[~whole]] = -EIO
        for row in np.flatnonzero(split):  # in two frames
            try:
                found = self._object(int(numbers[row]), int(address[row]), int(length[row]))
                out[row] = np.frombuffer(decompressed(self.compressor, found), np.uint8)
            except DamagedData:
                errors[row] = -EIO
        return errors
