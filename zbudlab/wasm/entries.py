"""The exports of the module: kernels that Python calls, by name, with their parameters' types.

Natively numba looks at the arguments of each call; a module has its types fixed. The name of a
parameter says its type (`NAMED`), with a few exceptions.
"""

import inspect
from typing import Any, NamedTuple

import numpy as np

from zbudlab import layout
from zbudlab.driver import faults, reclaim
from zbudlab.driver import log as driver_log
from zbudlab.experiments import interpreter
from zbudlab.machine import freelists
from zbudlab.mm import (
    bootmem,
    cma,
    compaction,
    inspection,
    list_head,
    lru,
    memory,
    migrate,
    page,
    page_alloc,
    page_alloc_check,
    page_io,
    page_poison,
    radix_tree,
    swapfile,
    vmscan,
    vmstat,
    z3fold_check,
    z3fold_compact,
    zbud,
    zbud_check,
    zbud_header,
    zpool,
    zsmalloc,
    zsmalloc_check,
    zsmalloc_class,
    zsmalloc_compact,
    zsmalloc_object,
    zswap,
    zswap7,
    zswap7_check,
    zswap_cgroup,
    zswap_check,
    zswap_lru,
    zswap_marks,
    zswap_pools,
)


class Rows(NamedTuple):
    """The type of an array in rows without gaps."""

    dtype: np.dtype
    ndim: int = 1


class Group(NamedTuple):
    """The type of a named tuple of arrays: its class, and the types of its fields."""

    named: type
    fields: tuple[Rows, ...]


#: A whole number or a record, an array, a named tuple of arrays, or the name of a table.
Parameter = np.dtype | Rows | Group | str

MEM, WORK, LOG = "mem", "work", "log"  #: arrays that kernels take as the address of a table
INT64, UINT64 = np.dtype(np.int64), np.dtype(np.uint64)
NUMBERS = Rows(INT64)
BYTES = np.dtype(np.uint8)
MOVES, CONTROL = Rows(layout.migration), Rows(layout.compact_control)

#: Types by the name of the parameter; all others are int64.
NAMED: dict[str, Parameter] = {
    MEM: MEM,
    "zone": layout.zone,
    "page": layout.page,
    "pages": Rows(layout.page),
    "blocks": Rows(layout.pageblock),
    "nodes": Rows(layout.radix_tree_node),
    "moves": MOVES,
    "control": CONTROL,
    "area": Rows(layout.cma_area),
    "bitmap": Rows(BYTES),
    "cells": Rows(BYTES),
    "indices": Rows(INT64, 2),
    "data": Rows(BYTES, 2),
    "raw": Rows(BYTES, 2),
    "image": Rows(BYTES, 2),
    "scripts": Rows(INT64, 2),
    "lengths": Rows(np.dtype(np.int32)),
    WORK: WORK,
    LOG: LOG,
    "content": Rows(BYTES, 2),
    "room": Group(interpreter.Room, (MOVES, CONTROL, NUMBERS, NUMBERS)),
    **dict.fromkeys(("answers", "batch", "ends", "entries", "errors", "freed", "found"), NUMBERS),
    **dict.fromkeys(("groups",), NUMBERS),
    **dict.fromkeys(("handles", "kinds", "numbers", "orders", "pageblocks", "places"), NUMBERS),
    **dict.fromkeys(("results", "slots", "starts", "types", "victims", "where"), NUMBERS),
}


class Entry(NamedTuple):
    """One exported function: its name, the kernel `module.function`, the types it takes."""

    name: str
    kernel: str
    parameters: tuple[Parameter, ...]


def entry_of(kernel: object, suffix: str = "", **types: Parameter) -> Entry:
    """Return the entry of a kernel. types: of parameters whose names do not show them."""
    function: Any = getattr(kernel, "py_func", kernel)  # plain where numba's compiler is off
    full = f"{function.__module__.rpartition('.')[2]}.{function.__name__}"
    names = inspect.signature(function).parameters
    given = NAMED | types
    return Entry(full + suffix, full, tuple(given.get(name, INT64) for name in names))


def _tree(kernel: object, root: np.dtype = layout.radix_tree_root, suffix: str = "") -> Entry:
    """Return the entry of a function on radix trees, whose keys use all 64 bits."""
    return entry_of(kernel, suffix, root=root, key=UINT64)


#: Kernels whose parameters all have the types of their names.
PLAIN = (
    bootmem.free_area_init,
    bootmem.free_pages_memory,
    bootmem.init_cma_reserved_pageblocks,
    cma.alloc_contig_range,
    cma.after_busy,
    cma.cma_find,
    cma.cma_mark,
    cma.cma_reserve,
    cma.free_contig_range,
    cma.is_cma_range,
    compaction.compact_zone_order,
    compaction.first_fault,
    compaction.rescan,
    compaction.reset_isolation_suitable,
    driver_log.operations_run,
    faults.faults_run,
    freelists.occupy_frames,
    freelists.release_blocks,
    inspection.look_at_frames,
    interpreter.run_rows,
    interpreter.run_scripts,
    lru.first_fault,
    lru.lru_cache_add,
    lru.lru_cache_del,
    lru.lru_head,
    memory.do_swap_page_begin,
    memory.do_swap_page_end,
    memory.exit_mmap,
    memory.first_fault,
    memory.handle_mm_fault,
    memory.handle_mm_faults,
    memory.page_add_anon_rmap,
    memory.page_remove_rmap,
    migrate.migrate_pool_page,
    migrate.move_to_new_page,
    page.page_lru,
    page.page_zbud,
    page.page_zpool,
    page_alloc.alloc_pages,
    page_alloc.free_list,
    page_alloc.free_one_page,
    page_alloc.get_pageblock_migratetype,
    page_alloc.move_freepages_block,
    page_alloc.put_page,
    page_alloc.set_pageblock_range,
    page_alloc_check.first_fault,
    page_io.swap_discard,
    page_io.swap_writeout_pages,
    page_poison.poison_free_pages,
    radix_tree.init_radix_tree_nodes,
    radix_tree.radix_tree_preload,
    reclaim.reclaim_begin,
    reclaim.reclaim_run,
    swapfile.first_fault,
    swapfile.get_swap_pages,
    swapfile.swap_free,
    swapfile.swap_use,
    swapfile.swapcache_free_entries,
    swapfile.swapoff,
    swapfile.swapon,
    vmscan.add_to_swap,
    vmscan.shrink_begin,
    vmscan.shrink_end,
    vmstat.extfrag_indices,
    z3fold_check.first_fault,
    z3fold_compact.z3fold_compact_work,
    z3fold_compact.z3fold_release_work,
    zbud.zbud_alloc,
    zbud.zbud_free,
    zbud.zbud_handle_exists,
    zbud.zbud_map,
    zbud.zbud_reclaim_begin,
    zbud.zbud_reclaim_end,
    zbud.zbud_unmap,
    zbud_check.first_fault,
    zpool.zpool_create_pool,
    zpool.zpool_free,
    zpool.zpool_isolate_page,
    zpool.zpool_malloc,
    zpool.zpool_map_handle,
    zpool.zpool_next_frame,
    zpool.zpool_object_address,
    zpool.zpool_putback_page,
    zpool.zpool_run_work,
    zpool.zpool_shrink_begin,
    zpool.zpool_shrink_end,
    zpool.zpool_shrink_gave_up,
    zpool.zpool_unmap_handle,
    zsmalloc.async_free_zspage,
    zsmalloc_check.first_fault,
    zsmalloc_class.zs_shrinker_count,
    zsmalloc_compact.zs_compact,
    zsmalloc_object.obj_index,
    zswap.zswap_invalidate_area,
    zswap.zswap_load_batch_end,
    zswap.zswap_load_begin,
    zswap.zswap_load_end,
    zswap.zswap_store_batch,
    zswap.zswap_store_begin,
    zswap.zswap_store_end,
    zswap.zswap_store_refused,
    zswap.zswap_writeback_begin,
    zswap.zswap_writeback_end,
    zswap.zswap_writeback_fail,
    zswap.zswap_writeback_map,
    zswap.zswap_writeback_unmap,
    zswap7.count_swapin,
    zswap7.zswap_decompress_begin,
    zswap7.zswap_decompress_end,
    zswap7.zswap_folio_begin,
    zswap7.zswap_folio_not_stored,
    zswap7.zswap_invalidate,
    zswap7.zswap_load_folio_end,
    zswap7.zswap_store_folio,
    zswap7.zswap_writeback_folio_check,
    zswap7.zswap_writeback_folio_end,
    zswap7_check.first_fault,
    zswap_cgroup.mem_cgroup_create,
    zswap_cgroup.mem_cgroup_zswap_writeback_enabled,
    zswap_cgroup.next_shrink_memcg,
    zswap_cgroup.zswap_shrinker_count,
    zswap_check.first_fault,
    zswap_marks.zswap_store_marks,
    zswap_lru.lru_of,
    zswap_lru.zswap_lru_walk,
    zswap_pools.zswap_accept_thr_pages,
    zswap_pools.zswap_pool_use,
    zswap_pools.zswap_total_pages,
)
#: Exports of other kernels.
OTHERS = (
    entry_of(list_head.list_entries, records=Rows(layout.page)),
    entry_of(list_head.list_entries, ".lrus", records=Rows(layout.zswap_lru)),
    entry_of(list_head.list_entries, ".rows", records=Rows(layout.zbud_header)),
    entry_of(list_head.list_entries, ".z3folds", records=Rows(layout.z3fold_header)),
    entry_of(list_head.list_length, records=Rows(layout.page)),
    entry_of(swapfile.swap_count, slots=Rows(layout.swap_slot)),
    entry_of(zbud_header.handle_pfn, pool=layout.zbud_pool),
    entry_of(zswap.zswap_load_batch_begin, where=Rows(INT64, 2)),
    _tree(radix_tree.radix_tree_delete),
    _tree(radix_tree.radix_tree_insert),
    _tree(radix_tree.radix_tree_lookup),
    _tree(radix_tree.radix_tree_next_hole),
    _tree(radix_tree.radix_tree_replace),
    _tree(radix_tree.first_fault, layout.zbud_pool),
)


def entries() -> list[Entry]:
    """Return all exports, sorted by name."""
    return sorted([*map(entry_of, PLAIN), *OTHERS])
