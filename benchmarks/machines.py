"""Machines to measure on: ours, and those that C works on."""

import numpy as np

from benchmarks.reference import zeroed
from zbudlab import layout
from zbudlab.mm.bootmem import free_pages_memory
from zbudlab.mm.radix_tree import init_radix_tree_nodes
from zbudlab.mm.state import State

SEED = 2013


def machine(frames: int, variant: int, *, nodes: int, page_bytes: bool = True) -> State:
    """A machine with one zbud pool, all memory free but frame 0, and its memory really there."""
    state = State(frames, page_bytes=page_bytes)
    touch(state.frames)
    state.nodes = zeroed(nodes, layout.radix_tree_node)
    init_radix_tree_nodes(state.nodes)
    free_pages_memory(state.mem, 1, frames)
    state.create_pool(0, variant)
    return state


def touch(array: np.ndarray) -> None:
    """Have the system hand out an array's memory, before anything is timed."""
    array.reshape(-1)[:: layout.PAGE_SIZE] = 0


def frames_for(live: int) -> int:
    """Frames that surely hold that many objects, a whole number of the largest blocks."""
    return -(-live // layout.MAX_ORDER_NR_PAGES) * layout.MAX_ORDER_NR_PAGES


def nodes_for(live: int) -> int:
    """Radix tree nodes for that many handles, however far apart they are."""
    return 2 * live + 1000
