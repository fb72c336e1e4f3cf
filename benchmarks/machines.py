"""Machines to measure on: ours, and C's with our layout, set up alike."""

import numpy as np

from zbudlab import layout
from zbudlab.mm.bootmem import free_pages_memory
from zbudlab.mm.state import State

SEED = 2013


def machine(frames: int, variant: int, *, page_bytes: bool = True) -> State:
    """A machine with one zbud pool, all memory free but frame 0, and its memory really there."""
    state = State(frames, page_bytes=page_bytes)
    free_pages_memory(*state.buddy, 1, frames)
    state.create_pool(0, variant)
    state.reserve_nodes(frames // 8)
    for array in (state.frames, state.nodes):
        touch(array)
    return state


def touch(array: np.ndarray) -> None:
    """Have the system hand out an array's memory, before anything is timed."""
    array.view(np.uint8).reshape(-1)[:: layout.PAGE_SIZE] |= np.uint8(0)


def frames_for(live: int) -> int:
    """Frames that surely hold that many objects, a whole number of the largest blocks."""
    return -(-live // layout.MAX_ORDER_NR_PAGES) * layout.MAX_ORDER_NR_PAGES
