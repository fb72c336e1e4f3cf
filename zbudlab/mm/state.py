"""The arrays of a machine, and how they grow.

Frames, struct pages and zbud headers are allocated at boot: 32 bytes of struct page and 4096 bytes
of content per frame (or, without page bytes, 64 bytes for a header). Other tables grow when
needed: kernels cannot allocate, so `reserve_*` is called before the operation.
"""

import contextlib
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np

from zbudlab import jit, layout
from zbudlab.mm import z3fold_tables, zpool, zsmalloc_tables, zswap_tables
from zbudlab.mm.bootmem import free_area_init
from zbudlab.mm.growth import grown
from zbudlab.mm.mem import Memory
from zbudlab.mm.radix_tree import RADIX_TREE_PRELOAD_SIZE, init_radix_tree_nodes, radix_tree_preload
from zbudlab.profiles import ZSMALLOC, ZsmallocRules

#: Counters and roots of a pool, which are 0 in a new one.
STARTS_AT_0 = (
    *("pages_nr", "height", "rnode", "items", "last_handle", "free_work"),
    *("z3fold_by_hand", "z3fold_overruns", "z3fold_unseen_mappings"),
)


def zeros(shape: int | tuple[int, ...], dtype: np.dtype | type, offset: int = 0) -> np.ndarray:
    """Return a zeroed array `offset` bytes after a page boundary, so that pages are aligned."""
    dtype = np.dtype(dtype)
    size = int(np.prod(shape)) * dtype.itemsize
    room = np.zeros(size + layout.PAGE_SIZE, np.uint8)
    start = (offset - room.ctypes.data) % layout.PAGE_SIZE
    return room[start : start + size].view(dtype).reshape(shape)


class State:
    """All arrays of one machine.

    frames: number of page frames. page_bytes: whether frames have content. Without it the machine
    is bookkeeping only (64 bytes per frame for headers), and pages carry marks (`marks`;
    `swap_marks` for those on the swap device, by slot). pools: number of pools that can exist.
    """

    #: `mem`, the first argument of kernels, has all arrays by name. It is derived from them, so it
    #: is kept out of `vars(state)`, and is made anew when it is asked for after an array changed.
    __slots__ = ("__dict__", "__weakref__", "mem")
    mem: Memory

    #: Puts an array where the engine can reach it and returns it. Natively that is anywhere; an
    #: engine in WebAssembly (`zbudlab.wasm.hosted`) reaches only its linear memory.
    place: ClassVar[Callable[[np.ndarray], np.ndarray]] = staticmethod(lambda array: array)

    def __init__(
        self, frames: int, *, pageblock_order: int = 9, page_bytes: bool = True, pools: int = 1
    ) -> None:
        jit.require_compiler()
        self.page_bytes = page_bytes
        self._make_frames(frames, pageblock_order)
        self._make_pools(frames, pools)
        self._make_tables()
        self.nodes_limited = False  # fault injection: no memory for more tree nodes or records
        self._ptes_used = 0
        self._holes: list[tuple[int, int]] = []  # unused ranges of ptes: (pages, start)
        free_area_init(self.mem)

    def _make_frames(self, frames: int, pageblock_order: int) -> None:
        """Make the zone, struct pages and pageblocks."""
        whole = -(-frames // layout.MAX_ORDER_NR_PAGES) * layout.MAX_ORDER_NR_PAGES
        self.zones = zeros(1, layout.zone, layout.ZONE_OFFSET)
        self.zones["spanned_pages"] = frames
        self.zones["list_heads"] = whole + layout.ZONE_LISTS_GAP
        self.zones["pageblock_order"] = pageblock_order
        self.zones["zpool_movable"] = 1
        self.pages = zeros(whole + layout.ZONE_LISTS_GAP + layout.NR_LIST_HEADS, layout.page)
        self.blocks = np.zeros(whole >> pageblock_order, layout.pageblock)

    def _make_pools(self, frames: int, pools: int) -> None:
        """Make the content of frames, headers of pages included, and pools with their lists."""
        shift = layout.NCHUNKS_ORDER if self.page_bytes else 0
        header_rows = frames << shift
        first_head = header_rows + layout.POOL_LISTS_GAP
        self.rows = zeros(first_head + pools * layout.NR_POOL_LISTS, layout.zbud_header)
        self.frames = self.rows[:header_rows].view(np.uint8).reshape(frames, -1)
        self.pools = zeros(pools, layout.zbud_pool, layout.POOLS_OFFSET)
        self.pools["list_heads"] = first_head + np.arange(pools) * layout.NR_POOL_LISTS
        self.pools["row_shift"] = shift
        self.nodes = np.zeros(64, layout.radix_tree_node)
        init_radix_tree_nodes(self.nodes)
        zsmalloc_tables.make_tables(self)
        z3fold_tables.make_table(self)

    def _make_tables(self) -> None:
        """Make the tables of processes, swap and zswap."""
        self.ptes = np.zeros(64, layout.pte)
        self.lengths = np.zeros(64, np.int32)
        self.processes = np.zeros(8, layout.process)
        self.zswaps = np.zeros(1, layout.zswap)
        self.zswaps["never_used"] = 1
        self.swap_info = np.zeros(layout.MAX_SWAPFILES, layout.swap_info)
        self.swap_slots = np.zeros(64, layout.swap_slot)
        self.swap_marks = np.zeros(0 if self.page_bytes else 64, np.uint32)
        self.slots_cache = np.zeros(1, layout.swap_slots_cache)
        self.zswap_entries = np.zeros(64, layout.zswap_entry)
        zswap_tables.make_tables(self)
        self.race_actors = np.zeros(0, layout.actor)  # only where a schedule is played
        self.race_slots = np.zeros(0, layout.race_slot)
        self.race_fault = 0  # in which that schedule ended, FAULT_*

    def __setattr__(self, name: str, value: object) -> None:
        """Set an attribute, and drop a `mem` made from the previous arrays."""
        if not isinstance(value, np.ndarray):
            object.__setattr__(self, name, value)
        else:
            object.__setattr__(self, name, State.place(value))
            with contextlib.suppress(AttributeError):
                del self.mem

    def __getattr__(self, name: str) -> Any:
        """Make `mem` when it is first needed."""
        if name != "mem":
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        self.mem = self._memory()
        return self.mem

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
            zspages=self.zspages,
            size_classes=self.size_classes,
            objects=self.objects,
            handles=self.handles,
            arenas=self.arenas,
            lrus=self.lrus,
            cgroups=self.cgroups,
            z3folds=self.z3folds,
        )

    @property
    def marks(self) -> np.ndarray:
        """Without page bytes: what each frame holds instead of content, int64 (frames,).

        A written page carries its place in the table of page table entries, plus 1. It keeps the
        mark wherever it goes: into a frame, zswap's entry, or the swap device.
        """
        return self.frames[:, :8].view(np.int64)[:, 0]

    @property
    def zone(self) -> np.void:
        """The only zone."""
        return self.zones[0]

    def create_pool(
        self,
        number: int,
        variant: int,
        kind: int = layout.ZPOOL_ZBUD,
        zsmalloc: ZsmallocRules | None = None,
    ) -> None:
        """Start pool `number` with the allocator `kind`, layout.ZPOOL_*.

        variant: for zbud, layout.ZBUD_PLAIN or layout.ZBUD_SERIES. zsmalloc: for zsmalloc, its
        rules; None = those of 6.1.
        """
        self.pools[number]["kind"] = kind
        self.pools[number]["variant"] = variant
        for field in STARTS_AT_0:
            self.pools[number][field] = 0
        if kind == layout.ZPOOL_ZSMALLOC:
            zsmalloc_tables.make_classes(self, number, zsmalloc or ZSMALLOC["6.1"])
        if kind == layout.ZPOOL_Z3FOLD:
            z3fold_tables.make_lists(self, number)
        jit.open_doors(kind)
        zpool.zpool_create_pool(self.mem, number)

    def reserve_objects(self, count: int) -> None:
        """Make room for what allocators keep outside frames for `count` more objects."""
        if layout.ZPOOL_ZBUD in self.pools["kind"][self.pools["created"] > 0].tolist():
            self.reserve_nodes(count)
        if not self.nodes_limited:
            zsmalloc_tables.reserve(self, count)
            z3fold_tables.reserve(self, count)

    def reserve_nodes(self, insertions: int) -> None:
        """Make room for the radix tree nodes of that many insertions."""
        if not self.nodes_limited and not radix_tree_preload(self.nodes, insertions):
            used = int(self.nodes[0]["count"])
            self.nodes = grown(self.nodes, used + 1 + insertions * RADIX_TREE_PRELOAD_SIZE)

    def reserve_slots(self, length: int) -> None:
        """Make the table of swap slots at least that long."""
        if length > len(self.swap_slots):
            self.swap_slots = grown(self.swap_slots, length)
        if not self.page_bytes and length > len(self.swap_marks):
            self.swap_marks = grown(self.swap_marks, length)

    def reserve_entries(self, insertions: int) -> None:
        """Make room for the entries of that many pages stored in zswap."""
        needed = 1 + int(self.zswaps[0]["nr_entries"]) + insertions
        if needed > len(self.zswap_entries):
            self.zswap_entries = grown(self.zswap_entries, needed)
            zswap_tables.reserve(self)

    def new_process(self, nr_pages: int) -> int:
        """Create a process with empty page table entries. Return the lowest free number."""
        start = self._new_range(nr_pages)
        unused = np.flatnonzero(self.processes["nr_pages"] == 0)
        if not len(unused):
            unused = np.array([len(self.processes)])
            self.processes = grown(self.processes, len(self.processes) + 1)
        owner = int(unused[0])
        self.processes[owner] = (start, nr_pages, 0, 0, layout.ROOT_CGROUP)
        return owner

    def _new_range(self, nr_pages: int) -> int:
        """Return the start of unused entries: the smallest hole that fits, or the end."""
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
        """Make the entries of a process that exited reusable; neighbouring holes are joined."""
        for length, other in list(self._holes):
            if other + length == start or start + nr_pages == other:
                self._holes.remove((length, other))
                start, nr_pages = min(start, other), nr_pages + length
        self._holes.append((nr_pages, start))

    def nbytes(self) -> int:
        """Return the host memory of all arrays, bytes (`frames` is part of `rows`)."""
        arrays = (a for name, a in vars(self).items() if name != "frames")
        return sum(a.nbytes for a in arrays if isinstance(a, np.ndarray))
