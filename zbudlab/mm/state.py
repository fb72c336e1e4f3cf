"""The arrays a machine is made of, and how they grow.

Frames, struct pages and zbud headers are there from the start, 32 bytes of struct page and 4096
bytes of content a frame (or, without page bytes, 64 bytes for the header it may hold). What the
machine learns to need later grows when asked: `reserve` comes before the operation, as kernels
cannot allocate.
"""

import numpy as np

from zbudlab import layout
from zbudlab.mm.page_alloc import free_area_init
from zbudlab.mm.radix_tree import (
    RADIX_TREE_PRELOAD_SIZE,
    init_radix_tree_nodes,
    radix_tree_preload,
)
from zbudlab.mm.zbud import zbud_create_pool


def zeros(shape: int | tuple[int, ...], dtype: np.dtype | type) -> np.ndarray:
    """A zeroed array starting on a page boundary, so that simulated pages lie on real ones."""
    dtype = np.dtype(dtype)
    size = int(np.prod(shape)) * dtype.itemsize
    room = np.zeros(size + layout.PAGE_SIZE, np.uint8)
    start = -room.ctypes.data % layout.PAGE_SIZE
    return room[start : start + size].view(dtype).reshape(shape)


def grown(array: np.ndarray, length: int) -> np.ndarray:
    """A copy of a one-dimensional array with room for `length` records, at least doubled."""
    larger = np.zeros(max(length, 2 * len(array)), array.dtype)
    larger[: len(array)] = array
    return larger


class State:
    """All arrays of one machine.

    frames: number of page frames. page_bytes: whether frames have content; without it the
    machine is bookkeeping only (64 bytes a frame for headers). pools: zbud pools that can exist.
    """

    def __init__(
        self, frames: int, *, pageblock_order: int = 9, page_bytes: bool = True, pools: int = 1
    ) -> None:
        whole = -(-frames // layout.MAX_ORDER_NR_PAGES) * layout.MAX_ORDER_NR_PAGES
        self.zones = np.zeros(1, layout.zone)
        self.zones["spanned_pages"] = frames
        self.zones["list_heads"] = whole
        self.zones["pageblock_order"] = pageblock_order
        self.zones["zbud_movable"] = 1
        self.pages = np.zeros(whole + layout.NR_LIST_HEADS, layout.page)
        self.blocks = np.zeros(whole >> pageblock_order, layout.pageblock)

        shift = layout.NCHUNKS_ORDER if page_bytes else 0
        header_rows = frames << shift
        self.rows = zeros(header_rows + pools * layout.NR_POOL_LISTS, layout.zbud_header)
        self.frames = self.rows[:header_rows].view(np.uint8).reshape(frames, -1)
        self.pools = np.zeros(pools, layout.zbud_pool)
        self.pools["list_heads"] = header_rows + np.arange(pools) * layout.NR_POOL_LISTS
        self.pools["row_shift"] = shift
        self.nodes = np.zeros(64, layout.radix_tree_node)
        init_radix_tree_nodes(self.nodes)
        self.ptes = np.zeros(64, layout.pte)
        self.processes = np.zeros(8, layout.process)
        free_area_init(*self.buddy)

    @property
    def buddy(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What operations of the page allocator take first."""
        return self.zones, self.pages, self.blocks

    @property
    def zbud(self) -> tuple[np.ndarray, ...]:
        """What operations of zbud take first."""
        return self.zones, self.pages, self.blocks, self.pools, self.rows, self.nodes

    @property
    def zone(self) -> np.void:
        """The one zone."""
        return self.zones[0]

    def create_pool(self, number: int, variant: int) -> None:
        """Start zbud pool `number` as layout.ZBUD_PLAIN or layout.ZBUD_SERIES."""
        self.pools[number]["variant"] = variant
        zbud_create_pool(*self.zbud, number)

    def reserve_nodes(self, insertions: int) -> None:
        """Have radix tree nodes enough for that many insertions."""
        if not radix_tree_preload(self.nodes, insertions):
            used = int(self.nodes[0]["count"])
            self.nodes = grown(self.nodes, used + 1 + insertions * RADIX_TREE_PRELOAD_SIZE)

    def nbytes(self) -> int:
        """Bytes that all arrays take together, in host memory."""
        return sum(a.nbytes for a in vars(self).values() if isinstance(a, np.ndarray) and a.base is None) + self.rows.nbytes
