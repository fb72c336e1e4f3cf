"""Frames and content as the recorder of zsmalloc and z3fold numbers them.

It numbers frames from 1 and gives out the frame freed last. Here every second frame of memory stays
in use. No blocks can then merge, so the page allocator's list of single frames is such a stack, and
frame 2 n is the recorder's frame n + 1.
"""

import numpy as np

from zbudlab import layout
from zbudlab.layout import PG_HEAD
from zbudlab.mm import page_alloc
from zbudlab.mm.state import State

PATTERN = np.arange(layout.PAGE_SIZE)


def stack_of_frames(frames: int, pools: int = 1) -> State:
    """Return a machine with `frames` free frames, no two adjacent, and room for `pools` pools."""
    state = State(2 * frames, pools=pools)
    kept = state.pages[1 : 2 * frames : 2]
    kept["refcount"], kept["page_flags"] = 1, PG_HEAD
    for pfn in range(2 * frames - 2, -1, -2):
        page_alloc.free_one_page(state.mem, pfn, 0)
    return state


def frame(pfn: int) -> int:
    """Return the recorder's number of a frame."""
    return pfn // 2 + 1


def content(number: int, size: int) -> np.ndarray:
    """Return the bytes of object `number`, uint8 (size,)."""
    at = PATTERN[:size]
    return ((37 * (number & 0xFF) + 11 * at + (at >> 8)) & 0xFF).astype(np.uint8)
