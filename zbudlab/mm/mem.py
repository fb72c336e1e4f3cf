"""`mem`, the first argument of most kernels: all arrays of a machine under one name.

Linux reaches its memory through global variables (mem_map, swap_info, zswap_trees). Kernels have
no globals, so they get the arrays as one named tuple and read `mem.pages[pfn]`. The name is not
`mm`, which means a process's address space (mm_struct) in Linux.

Compiled code receives one word, the address of `table`, and loads the address and the length of an
array where it uses the array (see `zbudlab.jit`). So a call costs the same however many arrays
there are. Uncompiled code works on the tuple itself.
"""

import functools
from typing import Any, ClassVar, NamedTuple

import numpy as np

from zbudlab import jit, layout


class ArrayTable:
    """A named tuple of arrays that compiled code receives as the address of a table.

    Its class names the parameters of kernels that take it, `group`, which `jit.declare_arrays`
    describes.
    """

    group: ClassVar[str]

    @functools.cached_property
    def table(self: Any) -> np.ndarray:
        """The addresses and shapes of the arrays, as compiled code reads them.

        Raises TypeError if an array differs from its description.
        """
        return jit.array_table(self.group, self._asdict())

    def __reduce__(self: Any) -> tuple[Any, ...]:
        """Copy the arrays only, because `table` holds the addresses of the original."""
        return type(self), tuple(self)


class _Arrays(NamedTuple):
    """The arrays by name. Except `frames`, all have one dimension and one record per element."""

    #: layout.zone (1,): the only zone, with its watermarks, counters and list heads.
    zones: np.ndarray
    #: layout.page (frames + list heads,): struct page by page frame number; list heads follow.
    pages: np.ndarray
    #: layout.pageblock (pageblocks,): migrate type and skip mark of each pageblock.
    blocks: np.ndarray
    #: layout.zbud_pool (pools,): zbud pools by number.
    pools: np.ndarray
    #: layout.zbud_header (rows + list heads,): zbud headers. With page bytes, 64 rows are one
    #: frame and only the first of them can be a header; without, each frame has one row.
    rows: np.ndarray
    #: layout.radix_tree_node (nodes,): nodes of all radix trees; node 0 counts the others.
    nodes: np.ndarray
    #: uint8 (frames, 4096 or 64): the content of each frame, the same memory as `rows`.
    frames: np.ndarray
    #: layout.pte (entries,): page table entries of all processes.
    ptes: np.ndarray
    #: layout.process (processes,): the range of `ptes` and the counters of each process.
    processes: np.ndarray
    #: layout.zswap (1,): zswap's settings and counters.
    zswaps: np.ndarray
    #: layout.swap_info (swap areas,): swap areas by type (`State.swap_info`).
    areas: np.ndarray
    #: layout.swap_slot (slots,): swap slots of all areas (`State.swap_slots`).
    slots: np.ndarray
    #: layout.zswap_entry (entries,): zswap's entries; number 0 is unused (`State.zswap_entries`).
    entries: np.ndarray
    #: layout.swap_slots_cache (1,): slots that 6.1 keeps before it frees them
    #: (`State.slots_cache`).
    caches: np.ndarray
    #: uint32 (slots,), or (0,) with page bytes: what the swap device holds (`State.swap_marks`).
    marks: np.ndarray
    #: layout.zspage (zspages + list heads,): zspages and the list heads of size classes; number 0
    #: is unused.
    zspages: np.ndarray
    #: layout.size_class (pools of zsmalloc * ZS_SIZE_CLASSES,): size classes, see `size_classes`
    #: of a pool.
    size_classes: np.ndarray
    #: uint32 (words,): the words of zsmalloc's objects, a run of them for each zspage.
    objects: np.ndarray
    #: int64 (handles,): the place of the object of each handle of zsmalloc and z3fold; number 0 is
    #: unused.
    handles: np.ndarray
    #: layout.zs_arena (1,): what is free in zspages, objects, handles and z3folds.
    arenas: np.ndarray
    #: layout.zswap_lru (list heads + entries,), or (0,): the lists of zswap entries of each cgroup
    #: (rule `own_lru`).
    lrus: np.ndarray
    #: layout.cgroup (MAX_CGROUPS,), or (0,): memory cgroups (rule `own_lru`).
    cgroups: np.ndarray
    #: layout.z3fold_header (pages + list heads,): pages of z3fold, and its list heads; number 0 is
    #: unused.
    z3folds: np.ndarray


class Memory(ArrayTable, _Arrays):
    """All arrays of a machine, as kernels take them."""

    group = "mem"

    @functools.cached_property
    def table(self) -> np.ndarray:
        """As of every `ArrayTable`; the kernels that its pools need are compiled then."""
        for kind in set(self.pools["kind"].tolist()):
            jit.open_doors(kind)
        return super().table

    @functools.cached_property
    def plain(self) -> "Memory":
        """The same memory for uncompiled code, where records have their fields as attributes."""
        views = Memory(*map(jit.as_record, self))
        views.__dict__["plain"] = views
        return views


jit.declare_arrays(
    Memory.group,
    zones=layout.zone,
    pages=layout.page,
    blocks=layout.pageblock,
    pools=layout.zbud_pool,
    rows=layout.zbud_header,
    nodes=layout.radix_tree_node,
    frames=np.dtype((np.uint8, (layout.PAGE_SIZE,))),
    ptes=layout.pte,
    processes=layout.process,
    zswaps=layout.zswap,
    areas=layout.swap_info,
    slots=layout.swap_slot,
    entries=layout.zswap_entry,
    caches=layout.swap_slots_cache,
    marks=np.dtype(np.uint32),
    zspages=layout.zspage,
    size_classes=layout.size_class,
    objects=np.dtype(np.uint32),
    handles=np.dtype(np.int64),
    arenas=layout.zs_arena,
    lrus=layout.zswap_lru,
    cgroups=layout.cgroup,
    z3folds=layout.z3fold_header,
)
