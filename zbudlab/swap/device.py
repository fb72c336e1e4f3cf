"""What stands behind swap: the device's content, and the swap cache as swap sees it."""

from enum import IntEnum
from errno import EIO

import numpy as np
from numpy.typing import NDArray

from zbudlab.mm.state import State

#: What a page holds: 4096 bytes, or without page bytes a tag.
Content = bytes | int


class SwapWriteError(OSError):
    """Neither zswap nor the swap device took a page: it must stay in memory.

    rc: what zswap had answered.
    """

    def __init__(self, slot: int, rc: int) -> None:
        super().__init__(EIO, f"swap slot {slot}: zswap answered {rc}, the device failed to write")
        self.rc = rc


class SwapDevice:
    """What stands on the swap device, by slot.

    fail: errno with which writes fail from now on; 0 = they work. writes, reads: pages, those
    that worked.
    """

    def __init__(self) -> None:
        self.pages: dict[int, Content] = {}
        self.fail = 0
        self.writes = 0
        self.reads = 0

    def write(self, slot: int, page: Content | NDArray[np.uint8]) -> int:
        """Write a page: 0 or a negative errno."""
        if self.fail:
            return -self.fail
        self.pages[slot] = page if isinstance(page, int) else bytes(page)
        self.writes += 1
        return 0

    def read(self, slot: int) -> Content | None:
        """The page written there last; None = none was."""
        self.reads += 1
        return self.pages.get(slot)

    def discard(self, slots: NDArray[np.int64]) -> None:
        """Slots were freed: their content is of no use."""
        for slot in slots.tolist():
            self.pages.pop(slot, None)


class MarkDevice(SwapDevice):
    """The same on a machine without page bytes, whose pages are marks: `State.swap_marks`."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.state = state

    def write(self, slot: int, page: Content | NDArray[np.uint8]) -> int:
        """Write a mark: 0 or a negative errno."""
        if self.fail:
            return -self.fail
        self.state.swap_marks[slot] = page
        self.writes += 1
        return 0

    def read(self, slot: int) -> Content | None:
        """The mark written there last; 0 = none was."""
        self.reads += 1
        return int(self.state.swap_marks[slot])

    def discard(self, slots: NDArray[np.int64]) -> None:
        """Slots were freed."""
        self.state.swap_marks[slots] = 0


class SwapCachePage(IntEnum):
    """What writeback gets when it asks for a page in the swap cache."""

    NEW = 0  # a fresh page, to decompress into
    EXIST = 1  # the page is in memory already: somebody is loading or storing it
    FAIL = 2  # no memory, or the slot is free


class SwapCache:
    """The swap cache as far as swap must know it: slots whose page is in memory as well.

    stays: whether a page stays there after it was written back (6.1). A machine can have one of
    its own; this one holds pages without taking page frames for them.
    """

    def __init__(self, *, stays: bool = False) -> None:
        self.stays = stays
        self.pages: dict[int, Content | None] = {}  # None: unchanged, also on the device

    def prepare(self, slot: int, *, busy: bool, used: bool) -> SwapCachePage:
        """A page to write back from. busy: being stored or loaded; used: referred to."""
        if busy or slot in self.pages:
            return SwapCachePage.EXIST
        return SwapCachePage.NEW if used else SwapCachePage.FAIL

    def written(self, slot: int, page: Content, error: int) -> bool:
        """Writeback has written the page, or failed to; whether it is safe."""
        if error:
            self.add(slot, page)
        elif self.stays:
            self.add(slot)
        return True

    def add(self, slot: int, page: Content | None = None) -> None:
        """The page is in memory too from now on. page: its content, if nobody else has that."""
        self.pages[slot] = page

    def __contains__(self, slot: int) -> bool:
        return slot in self.pages

    def __getitem__(self, slot: int) -> Content | None:
        return self.pages[slot]

    def drop(self, slot: int) -> None:
        """The page left the cache: stored, freed, or pushed out unchanged."""
        self.pages.pop(slot, None)

    def drop_all(self, slots: NDArray[np.int64]) -> None:
        """The same for many slots; without a cached page this is nothing to do."""
        if self.pages:
            for slot in slots.tolist():
                self.drop(slot)
