"""The arrays a machine is made of, and how they grow.

Frames, struct pages and zbud headers are there from the start, 32 bytes of struct page and 4096
bytes of content a frame (or, without page bytes, 64 bytes for the header it may hold). What the
machine learns to need later grows when asked: `reserve` comes before the operation, as kernels
cannot allocate.
"""

import numpy as np

from zbudlab import layout
from zbudlab.mm import zpool
from zbudlab.mm.bootmem import free_area_init
from zbudlab.mm.mem import Memory
from zbudlab.mm.radix_tree import RADIX_TREE_PRELOAD_SIZE, init_radix_tree_nodes, radix_tree_preload


def zeros(shape: int | tuple[int, ...], dtype: np.dtype | type, offset: int = 0) -> np.ndarray:
    """A zeroed array `offset` bytes behind a page boundary; so simulated pages lie on real ones."""
    dtype = np.dtype(dtype)
    size = int(np.prod(shape)) * dtype.itemsize
    room = np.zeros(size + layout.PAGE_SIZE, np.uint8)
    start = (offset - room.ctypes.data) % layout.PAGE_SIZE
    return room[start : start + size].view(dtype).reshape(shape)


def grown(array: np.ndarray, length: int) -> np.ndarray:
    """A copy of a one-dimensional array with room for `length` records, at least doubled."""
    larger = np.zeros(max(length, 2 * len(array)), array.dtype)
    larger[: len(array)] = array
    return larger


class State:
    """All arrays of one machine.

    frames: number of page frames. page_bytes: whether frames have content; without it the
    machine is bookkeeping only (64 bytes a frame for headers), and pages bear marks (`marks`;
    `swap_marks`: those on the swap device, by slot). pools: zbud pools that can exist.
    """

    #: `_mem` is derived from the arrays, so it is kept out of `vars(state)`, which are the state.
    __slots__ = ("__dict__", "__weakref__", "_mem")
    _mem: Memory | None

    def __init__(
        self, frames: int, *, pageblock_order: int = 9, page_bytes: bool = True, pools: int = 1
    ) -> None:
        self.page_bytes = page_bytes
        whole = -(-frames // layout.MAX_ORDER_NR_PAGES) * layout.MAX_ORDER_NR_PAGES
        self.zones = zeros(1, layout.zone, layout.ZONE_OFFSET)
        self.zones["spanned_pages"] = frames
        self.zones["list_heads"] = whole + layout.ZONE_LISTS_GAP
        self.zones["pageblock_order"] = pageblock_order
        self.zones["zpool_movable"] = 1
        self.pages = zeros(whole + layout.ZONE_LISTS_GAP + layout.NR_LIST_HEADS, layout.page)
        self.blocks = np.zeros(whole >> pageblock_order, layout.pageblock)

        shift = layout.NCHUNKS_ORDER if page_bytes else 0
        header_rows = frames << shift
        first_head = header_rows + layout.POOL_LISTS_GAP
        self.rows = zeros(first_head + pools * layout.NR_POOL_LISTS, layout.zbud_header)
        self.frames = self.rows[:header_rows].view(np.uint8).reshape(frames, -1)
        self.pools = zeros(pools, layout.zbud_pool, layout.POOLS_OFFSET)
        self.pools["list_heads"] = first_head + np.arange(pools) * layout.NR_POOL_LISTS
        self.pools["row_shift"] = shift
        self.nodes = np.zeros(64, layout.radix_tree_node)
        init_radix_tree_nodes(self.nodes)
        self.ptes = np.zeros(64, layout.pte)
        self.lengths = np.zeros(64, np.int32)
        self.processes = np.zeros(8, layout.process)
        self.zswaps = np.zeros(1, layout.zswap)
        self.zswaps["never_used"] = 1
        self.swap_info = np.zeros(layout.MAX_SWAPFILES, layout.swap_info)
        self.swap_slots = np.zeros(64, layout.swap_slot)
        self.swap_marks = np.zeros(0 if page_bytes else 64, np.uint32)
        self.slots_cache = np.zeros(1, layout.swap_slots_cache)
        self.zswap_entries = np.zeros(64, layout.zswap_entry)
        self.nodes_limited = False  # fault injection: no memory for more tree nodes
        self._ptes_used = 0
        self._holes: list[tuple[int, int]] = []  # unused ranges of ptes: (pages, start)
        free_area_init(self.mem)

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute. `mem` is rebuilt after an array was replaced."""
        object.__setattr__(self, name, value)
        if isinstance(value, np.ndarray):
            self._mem = None

    @property
    def mem(self) -> Memory:
        """What kernels take first: all arrays by name."""
        if self._mem is None:
            self._mem = self._memory()
        return self._mem

    def _memory(self) -> Memory:
        return Memory(
            zones=self.zones,
            pages=self.pages,
            blocks=self.blocks,
            pools=self.pools,
            rows=self.rows,
            nodes=self.nodes,
            frames=self.frames,
            ptes=self.ptes,
            processes=self.processes,
            zswaps=self.zswaps,
            areas=self.swap_info,
            slots=self.swap_slots,
            entries=self.zswap_entries,
            caches=self.slots_cache,
            marks=self.swap_marks,
        )

    @property
    def marks(self) -> np.ndarray:
        """Without page bytes: what stands in each frame in their place, int64 (frames,).

        A page that was written bears its place in the table of page table entries, plus 1; it
        keeps the mark wherever it goes: in a frame, in zswap's entry, on the swap device.
        """
        return self.frames[:, :8].view(np.int64)[:, 0]

    @property
    def zone(self) -> np.void:
        """The one zone."""
        return self.zones[0]

    def create_pool(self, number: int, variant: int, kind: int = layout.ZPOOL_ZBUD) -> None:
        """Start pool `number` with the allocator `kind`, layout.ZPOOL_*.

        variant: for zbud, layout.ZBUD_PLAIN or layout.ZBUD_SERIES.
        """
        self.pools[number]["kind"] = kind
        self.pools[number]["variant"] = variant
        for field in ("pages_nr", "height", "rnode", "items", "last_handle"):
            self.pools[number][field] = 0
        zpool.zpool_create_pool(self.mem, number)

    def reserve_objects(self, count: int) -> None:
        """Make room for what allocators keep outside frames for `count` more objects."""
        self.reserve_nodes(count)

    def reserve_nodes(self, insertions: int) -> None:
        """Have radix tree nodes enough for that many insertions."""
        if not self.nodes_limited and not radix_tree_preload(self.nodes, insertions):
            used = int(self.nodes[0]["count"])
            self.nodes = grown(self.nodes, used + 1 + insertions * RADIX_TREE_PRELOAD_SIZE)

    def reserve_slots(self, length: int) -> None:
        """Have a table of at least that many swap slots."""
        if length > len(self.swap_slots):
            self.swap_slots = grown(self.swap_slots, length)
        if not self.page_bytes and length > len(self.swap_marks):
            self.swap_marks = grown(self.swap_marks, length)

    def reserve_entries(self, insertions: int) -> None:
        """Have entries enough for zswap to store that many pages."""
        needed = 1 + int(self.zswaps[0]["nr_entries"]) + insertions
        if needed > len(self.zswap_entries):
            self.zswap_entries = grown(self.zswap_entries, needed)

    def new_process(self, nr_pages: int) -> int:
        """A process with a range of empty page table entries; its number, the lowest free one."""
        start = self._new_range(nr_pages)
        unused = np.flatnonzero(self.processes["nr_pages"] == 0)
        if not len(unused):
            unused = np.array([len(self.processes)])
            self.processes = grown(self.processes, len(self.processes) + 1)
        owner = int(unused[0])
        self.processes[owner] = (start, nr_pages, 0, 0)
        return owner

    def _new_range(self, nr_pages: int) -> int:
        """Entries that nobody uses: of the smallest hole that fits, else behind all others."""
        fitting = [hole for hole in self._holes if hole[0] >= nr_pages]
        if fitting:
            length, start = min(fitting)
            self._holes.remove((length, start))
            if length > nr_pages:
                self._holes.append((length - nr_pages, start + nr_pages))
            return start
        start = self._ptes_used
        self._ptes_used += nr_pages
        if self._ptes_used > len(self.ptes):
            self.ptes = grown(self.ptes, self._ptes_used)
            self.lengths = grown(self.lengths, len(self.ptes))
        return start

    def free_range(self, start: int, nr_pages: int) -> None:
        """Let the entries of a process that ended be used again; neighbouring holes join."""
        for length, other in list(self._holes):
            if other + length == start or start + nr_pages == other:
                self._holes.remove((length, other))
                start, nr_pages = min(start, other), nr_pages + length
        self._holes.append((nr_pages, start))

    def nbytes(self) -> int:
        """Bytes that all arrays take together, in host memory (`frames` lies in `rows`)."""
        arrays = (a for name, a in vars(self).items() if name != "frames")
        return sum(a.nbytes for a in arrays if isinstance(a, np.ndarray))
