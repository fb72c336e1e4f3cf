"""The swap device, and the swap cache as far as swap needs it."""

from enum import IntEnum
from errno import EIO

import numpy as np
from numpy.typing import NDArray

from zbudlab.mm.state import State

#: The content of a page in swap: 4096 bytes, or without page bytes a tag.
SlotContent = bytes | int


class SwapWriteError(OSError):
    """Neither zswap nor the swap device took a page, which must stay in memory.

    rc: zswap's answer, a negative errno.
    """

    def __init__(self, slot: int, rc: int) -> None:
        super().__init__(EIO, f"swap slot {slot}: zswap answered {rc}, the device failed to write")
        self.rc = rc


class SwapDevice:
    """A swap device.

    pages: content by slot. fail: the errno with which all writes fail; 0 = they work. writes,
    reads: pages written and read successfully.
    """

    def __init__(self) -> None:
        self.pages: dict[int, SlotContent] = {}
        self.fail = 0
        self.writes = 0
        self.reads = 0

    def write(self, slot: int, page: SlotContent | NDArray[np.uint8]) -> int:
        """Write a page. Return 0 or a negative errno."""
        if self.fail:
            return -self.fail
        self.pages[slot] = page if isinstance(page, int) else bytes(page)
        self.writes += 1
        return 0

    def read(self, slot: int) -> SlotContent | None:
        """Return the page that was written to a slot last, or None."""
        self.reads += 1
        return self.pages.get(slot)

    def discard(self, slots: NDArray[np.int64]) -> None:
        """Drop the content of slots that were freed."""
        for slot in slots.tolist():
            self.pages.pop(slot, None)


class MarkDevice(SwapDevice):
    """The swap device of a machine without page bytes. It holds marks, in `State.swap_marks`."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state

    def write(self, slot: int, page: SlotContent | NDArray[np.uint8]) -> int:
        """Write a mark. Return 0 or a negative errno."""
        if self.fail:
            return -self.fail
        self.state.swap_marks[slot] = page
        self.writes += 1
        return 0

    def read(self, slot: int) -> SlotContent | None:
        """Return the mark that was written to a slot last; 0 = none."""
        self.reads += 1
        return int(self.state.swap_marks[slot])

    def discard(self, slots: NDArray[np.int64]) -> None:
        """Drop the marks of slots that were freed."""
        self.state.swap_marks[slots] = 0


class SwapCachePage(IntEnum):
    """The answer to writeback's request for a page of the swap cache."""

    NEW = 0  # a fresh page, to decompress into
    EXIST = 1  # the page is in memory already: it is being loaded or stored
    FAIL = 2  # no memory, or the slot is free


class SwapCache:
    """The swap cache: slots whose page is in memory as well. It takes no page frames here.

    stays: whether a page stays after it was written back (rule `swap_cache_keeps_writeback`).
    """

    def __init__(self, *, stays: bool = False) -> None:
        self.stays = stays
        self.pages: dict[int, SlotContent | None] = {}  # None: unchanged, also on the device

    def prepare(self, slot: int, *, busy: bool, used: bool) -> SwapCachePage:
        """Return a page for writeback. busy, used: whether the slot is in use now, or allocated."""
        if busy or slot in self.pages:
            return SwapCachePage.EXIST
        return SwapCachePage.NEW if used else SwapCachePage.FAIL

    def written(self, slot: int, page: SlotContent, error: int) -> bool:
        """Note that a page's write succeeded, or failed with `error`. Return whether it is safe."""
        if error:
            self.add(slot, page)
        elif self.stays:
            self.add(slot)
        return True

    def add(self, slot: int, page: SlotContent | None = None) -> None:
        """Add a page. page: its content, if the device does not have it."""
        self.pages[slot] = page

    def __contains__(self, slot: int) -> bool:
        return slot in self.pages

    def __getitem__(self, slot: int) -> SlotContent | None:
        return self.pages[slot]

    def drop(self, slot: int) -> None:
        """Remove the page of a slot, if there is one."""
        self.pages.pop(slot, None)

    def drop_all(self, slots: NDArray[np.int64]) -> None:
        """Remove the pages of slots, int64 (n,)."""
        if self.pages:
            for slot in slots.tolist():
                self.drop(slot)
