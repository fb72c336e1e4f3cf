"""Simulate what surrounds zswap in traces: pages, compressor, answers of the swap cache.

A page (T, O, B) starts with its type, offset and number. All its other bytes follow from these.
"""

import struct
from typing import Any

import numpy as np

from zbudlab.conformance.pool import PoolView
from zbudlab.layout import PAGE_SIZE
from zbudlab.mm.state import State
from zbudlab.swap.compression import CannotCompress
from zbudlab.swap.device import SlotContent, SwapCache, SwapCachePage
from zbudlab.swap.settings import ZswapSettings
from zbudlab.swap.swapping import Swap

STAMP = struct.Struct("<IQI")  # in front of a page: type, offset, number

_ramp = (np.arange(PAGE_SIZE + 256) % 256).astype(np.uint8)


def make_page(type: int, offset: int, number: int) -> np.ndarray:
    """Return the page (T, O, B) of a trace, uint8 (4096,)."""
    page = _ramp[number : number + PAGE_SIZE].copy()
    page[: STAMP.size] = np.frombuffer(STAMP.pack(type, offset, number), np.uint8)
    return page


def page_number(page: SlotContent) -> int:
    """Return B of a page."""
    assert not isinstance(page, int)
    return int(STAMP.unpack_from(page)[2])


class TraceCompressor:
    """Makes as many bytes of a page as the trace says; a length of -1 makes it fail."""

    name = "trace"

    def __init__(self) -> None:
        self.length = 0

    def compress(self, page: Any) -> bytes:
        """Return the first bytes of the page, changed."""
        if self.length < 0:
            raise CannotCompress("the trace says so")
        start = np.frombuffer(page, np.uint8)[: self.length] ^ 0x5A
        return start.tobytes().ljust(self.length, b"\x5a")

    def decompress(self, data: Any) -> bytes:
        """Return the page, which follows from its first bytes; all bytes are checked."""
        start = np.frombuffer(data, np.uint8) ^ 0x5A
        page = make_page(*STAMP.unpack_from(start.tobytes()))
        if not np.array_equal(page[: len(start)], start):
            raise AssertionError(f"{len(start)} bytes of a stored page are not what was stored")
        return page.tobytes()


class TraceCache(SwapCache):
    """Answers for a slot by the trace's policies, and keeps pages whose write failed."""

    def __init__(self) -> None:
        super().__init__()
        self.general = "auto"
        self.policies: dict[int, str] = {}

    def prepare(self, slot: int, *, busy: bool, used: bool) -> SwapCachePage:
        """Answer by the slot's policy or, if it has none, by the default one."""
        policy = self.policies.get(slot, self.general)
        fixed = {"new": SwapCachePage.NEW, "exists": SwapCachePage.EXIST}
        if policy in ("auto", "default"):
            return super().prepare(slot, busy=busy, used=used)
        return fixed.get(policy, SwapCachePage.FAIL)


class TraceSwap(Swap):
    """Swap that records what it writes back."""

    def __init__(self, state: State, settings: ZswapSettings, **parts: Any) -> None:
        super().__init__(state, settings, **parts)
        self.views: dict[int, PoolView] = {}  # by type
        self.evictions: list[list[int]] = []
        self.writes: list[list[int]] = []

    def writeback_entry(self, pool: int, handle: int) -> int:
        """Write an entry back, and record the handle's number and the answer."""
        number = self.views[pool].number(handle)
        answer = super().writeback_entry(pool, handle)
        self.evictions.append([number, answer])
        return answer

    def swap_writepage(self, slot: int, page: SlotContent) -> int:
        """Write a page to the device, and record it with the error."""
        error = super().swap_writepage(slot, page)
        self.writes.append([*self.type_offset(slot), page_number(page), error])
        return error
