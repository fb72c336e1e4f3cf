"""Machines to measure: ours, and those that C works on."""

import numpy as np

from benchmarks.reference import zeroed
from zbudlab import layout
from zbudlab.mm.bootmem import free_pages_memory
from zbudlab.mm.radix_tree import init_radix_tree_nodes
from zbudlab.mm.state import State

SEED = 2013


def machine(frames: int, variant: int, *, nodes: int, page_bytes: bool = True) -> State:
    """Make a machine with one zbud pool and all frames free except 0; the host has its memory."""
    state = State(frames, page_bytes=page_bytes)
    touch(state.frames)
    state.nodes = zeroed(nodes, layout.radix_tree_node)
    init_radix_tree_nodes(state.nodes)
    free_pages_memory(state.mem, 1, frames)
    state.create_pool(0, variant)
    return state


def touch(array: np.ndarray) -> None:
    """Make the system provide an array's memory before anything is timed."""
    array.reshape(-1)[:: layout.PAGE_SIZE] = 0


def frames_for(live: int) -> int:
    """Return frames enough for that many objects, a multiple of the largest block."""
    return -(-live // layout.MAX_ORDER_NR_PAGES) * layout.MAX_ORDER_NR_PAGES


def nodes_for(live: int) -> int:
    """Return radix tree nodes enough for that many handles, however far apart."""
    return 2 * live + 1000
