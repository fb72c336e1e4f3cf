"""Pages in compressed form, and back: what zswap asks of a compressor, anybody's.

Without page bytes a page's content is a tag, a whole number, and compressed lengths are given.

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
    compress_pages,
    decompress_pages,
)
from zbudlab.mm import zpool
from zbudlab.mm.state import State
from zbudlab.profiles import Profile
from zbudlab.swap.device import Content


class CannotCompress(ValueError):
    """A compressor raises this for a page that it fails to compress."""


def same_filled(pages: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which pages, uint8 (n, 4096), have eight-byte words that are all equal."""
    words = pages.view(np.int64)
    equal: NDArray[np.bool_] = (words == words[:, :1]).all(axis=1)
    return equal


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
        lengths[lengths < 0] = layout.PAGE_SIZE
    return lengths


def decompressed(using: Compressor, data: NDArray[np.uint8]) -> bytes:
    """The page, PAGE_SIZE bytes, or DamagedData, whatever the compressor does."""
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
    """How zswap compresses the pages of a machine, and makes them whole again.

    compressor: needed where pages have bytes and zswap is enabled. threads: None = one a core.
    rules: the profile's; `same_filled` and `one_page_of_room` matter here.
    """

    def __init__(
        self,
        state: State,
        compressor: Compressor | None,
        threads: int | None,
        *,
        enabled: bool,
        rules: Profile,
    ) -> None:
        if state.page_bytes and enabled and compressor is None:
            raise ValueError("zswap needs a compressor where pages have bytes")
        self.state = state
        self.compressor = compressor
        self.threads = threads
        self.enabled = enabled
        self.rules = rules
        self.failures = 0  #: pages of which the compressor made nothing
        self.error: Exception | None = None  #: the last it raised
        self._room = np.zeros((0, layout.PAGE_SIZE), np.uint8)

    def compressed(
        self, pages: NDArray | None, lengths: ArrayLike | None, count: int
    ) -> tuple[NDArray[np.uint8], NDArray[np.int32], Any]:
        """What `zswap_store_batch` wants: data and lengths; and the pages' contents."""
        if not self.state.page_bytes:
            if lengths is None:
                raise ValueError("pages without bytes are stored with their compressed lengths")
            tags = np.zeros(count, np.int64) if pages is None else np.asarray(pages, np.int64)
            data = np.ascontiguousarray(tags).view(np.uint8).reshape(count, -1)
            return data, np.asarray(lengths, np.int32), tags.tolist()
        if pages is None or lengths is not None:
            raise ValueError("pages are stored with their bytes, and without lengths")
        pages = np.ascontiguousarray(pages)
        if not self.enabled:
            return pages, np.zeros(count, np.int32), pages
        data = self._room_for(count)
        lengths = self._compress(pages, data)
        if self.state.zswaps["same_filled_pages_enabled"][0]:
            same = same_filled(pages)
            lengths[same] = 0
            data[same, :8] = pages[same, :8]
        return data, lengths, pages

    def _room_for(self, count: int) -> NDArray[np.uint8]:
        """Room for compressed pages; the first word, which entries keep, is zero."""
        if len(self._room) < count:
            self._room = np.zeros((count, layout.PAGE_SIZE), np.uint8)
        self._room[:count, :8] = 0
        return self._room[:count]

    def _compress(self, pages: NDArray[np.uint8], data: NDArray[np.uint8]) -> NDArray[np.int32]:
        """Lengths of the compressed pages in `data`; -1 = the compressor refused."""
        assert self.compressor is not None
        try:
            lengths = compressed_lengths(
                self.compressor, pages, data, self.threads, rules=self.rules
            )
        except UnrecordedPage:
            raise
        except Exception as error:  # a compressor may be anybody's
            if len(pages) == 1:
                self.failures += 1
                self.error = error
                return np.array([-1], np.int32)
            each = range(len(pages))
            return np.concatenate([self._compress(pages[i : i + 1], data[i : i + 1]) for i in each])
        self.failures += int(np.count_nonzero(lengths == 0))  # a page has content
        lengths[lengths == 0] = -1
        return lengths

    def page(self, number: int, where: NDArray[np.int64]) -> Content:
        """The content of a mapped entry; where: int64 (2,), its address and length."""
        address, length = where.tolist()
        word = int(self.state.zswap_entries["word"][number])
        if not self.state.page_bytes:
            return word
        if address < 0:
            return np.full(layout.PAGE_SIZE // 8, word, np.int64).tobytes()
        assert self.compressor is not None
        return decompressed(self.compressor, self._object(number, address, length))

    def _object(self, number: int, address: int, length: int) -> NDArray[np.uint8]:
        """Return the compressed bytes of a mapped entry."""
        slot = int(self.state.zswap_entries["slot"][number])
        pool = int(self.state.swap_info["pool"][self.state.swap_slots["type"][slot]])
        return zpool.object_bytes(self.state.mem, pool, address, length)

    def rows(
        self, numbers: NDArray[np.int64], where: NDArray[np.int64], out: NDArray[np.uint8]
    ) -> NDArray[np.int64]:
        """The content of mapped entries into the rows of `out`, uint8 (n, 4096): 0 or -EIO each."""
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
