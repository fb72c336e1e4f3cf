"""The state of a machine from outside: what is wrong with it, its digest, copies of it.

Views, explanations and conformance tests read through here, and get copies.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.jit import kernel
from zbudlab.layout import (
    FRAME_ANON,
    FRAME_FREE,
    FRAME_FREE_CMA,
    FRAME_IN_CMA,
    FRAME_ISOLATED,
    FRAME_KERNEL,
    FRAME_ORDER_SHIFT,
    FRAME_PINNED,
    FRAME_POOL_FULL,
    FRAME_POOL_PART,
    FREEPAGES,
    LRU,
    MIGRATE_CMA,
    MIGRATE_ISOLATE,
    MIGRATEPAGES,
    SHRINK_LIST,
)
from zbudlab.mm import (
    compaction,
    lru,
    memory,
    page_alloc_check,
    swapfile,
    z3fold_check,
    zbud_check,
    zsmalloc_check,
    zswap7_check,
    zswap_check,
)
from zbudlab.mm.list_head import list_entries
from zbudlab.mm.migrate import owner_references
from zbudlab.mm.page import page_buddy, page_count, page_zpool
from zbudlab.mm.state import State
from zbudlab.mm.zpool import zpool_page_is_full, zpool_page_references

FEW = 64  #: members of a list that are read at first

#: The check of a pool, by its allocator.
POOL_FAULTS = {
    layout.ZPOOL_ZBUD: zbud_check.faults,
    layout.ZPOOL_ZSMALLOC: zsmalloc_check.faults,
    layout.ZPOOL_Z3FOLD: z3fold_check.faults,
}


def list_members(records: np.ndarray, link: int, head: int) -> list[int]:
    """Return the record numbers on a list, first to last."""
    room = FEW
    while True:
        entries = np.empty(min(room, len(records)), np.int64)
        count = list_entries(records, link, head, entries)
        if count < room or room >= len(records):
            return entries[:count].tolist()
        room *= FEW


def _faults(state: State) -> Iterator[tuple[Any, tuple[int, int]]]:
    """Yield what each mechanism finds wrong: (module, (code, where))."""
    yield page_alloc_check, page_alloc_check.first_fault(state.mem)
    yield lru, lru.first_fault(state.mem)
    yield compaction, compaction.first_fault(state.mem)
    yield memory, memory.first_fault(state.mem)
    for number, pool in enumerate(state.pools):
        if pool["created"]:
            yield from POOL_FAULTS[int(pool["kind"])](state.mem, number)
    yield swapfile, swapfile.first_fault(state.mem)
    zswap = zswap7_check if state.zswaps["own_lru"][0] else zswap_check
    yield zswap, zswap.first_fault(state.mem)


def first_fault(state: State) -> str | None:
    """Return the first broken invariant as a sentence; None if all hold."""
    for module, (code, where) in _faults(state):
        if code:
            name = module.__name__.rpartition(".")[2].removesuffix("_check")
            return f"{name}: {module.FAULTS[code].format(where=where)}"
    return None


def stored_in_zswap(state: State) -> np.ndarray:
    """Return for each swap slot whether zswap has its page, bool (slots,)."""
    has: np.ndarray = state.swap_slots["entry"] > 0
    return has if state.zswaps["own_lru"][0] else has & (state.swap_slots["frontswap"] > 0)


def arrays(state: State) -> dict[str, np.ndarray]:
    """Return the machine's arrays by name, as read-only views."""
    views = {}
    for name, array in vars(state).items():
        if (
            isinstance(array, np.ndarray) and name != "frames"
        ):  # `frames` is the same memory as `rows`
            views[name] = array.view()
            views[name].flags.writeable = False
    return views


def sizes(state: State) -> dict[str, int]:
    """Return the host memory of the machine's arrays, bytes: allocated at boot, and grown."""
    page_tables = state.ptes.nbytes + state.lengths.nbytes + state.processes.nbytes
    zsmalloc = (state.zspages, state.size_classes, state.objects, state.handles, state.arenas)
    grown = {
        "tree nodes": state.nodes.nbytes,
        "zswap entries": state.zswap_entries.nbytes + state.lrus.nbytes + state.cgroups.nbytes,
        "zsmalloc": sum(table.nbytes for table in zsmalloc),
        "z3fold": state.z3folds.nbytes,
        "page tables": page_tables,
        "swap": state.swap_slots.nbytes + state.swap_marks.nbytes,
    }
    return {"frames": state.nbytes() - sum(grown.values())} | grown


def digest(state: State, device: Mapping[int, bytes | int]) -> str:
    """Return the SHA-256 of all arrays, their names and shapes, and the swap device by slot."""
    found = hashlib.sha256()
    for name, array in sorted(arrays(state).items()):
        found.update(f"{name} {array.shape}".encode())
        found.update(np.ascontiguousarray(array).view(np.uint8).data)
    for slot, page in sorted(device.items()):
        found.update(f"{slot} ".encode())
        found.update(page if isinstance(page, bytes) else str(page).encode())
    return found.hexdigest()


# --- frames at a glance ------------------------------------------------------------------------


@kernel
def pool_frame(mem, page, pfn):
    """Return the byte that describes a pool page (layout.FRAME_*)."""
    kind = FRAME_POOL_FULL if zpool_page_is_full(mem, pfn) else FRAME_POOL_PART
    return kind | FRAME_PINNED if page_count(page) != zpool_page_references(mem, pfn) else kind


@kernel
def used_frame(mem, page, pfn):
    """Return the byte that describes a frame in use (layout.FRAME_*), without FRAME_IN_CMA."""
    if page_zpool(page):
        return pool_frame(mem, page, pfn)
    if page.mapping == 0:
        return FRAME_KERNEL
    return FRAME_ANON if page_count(page) == owner_references(page) else FRAME_ANON | FRAME_PINNED


@kernel
def free_frame(migratetype, order):
    """Return the byte that describes a frame in a free block (layout.FRAME_*)."""
    kind = FRAME_FREE_CMA if migratetype == MIGRATE_CMA else FRAME_FREE
    if migratetype == MIGRATE_ISOLATE:
        kind |= FRAME_ISOLATED
    return kind | np.int64(order) << FRAME_ORDER_SHIFT


@kernel
def mark_isolated(zone, pages, cells):
    """Mark the frames that wait on the lists of compaction and reclaim."""
    for which in (MIGRATEPAGES, FREEPAGES, SHRINK_LIST):
        head = zone.list_heads + which
        at = np.int64(pages[head].next[LRU])
        for _ in range(cells.shape[0]):
            if at >= cells.shape[0]:
                break
            cells[at] |= FRAME_ISOLATED
            at = np.int64(pages[at].next[LRU])


@kernel(inline=False)
def look_at_frames(mem, cells):
    """Write what each frame is into `cells`, uint8 (frames,): layout.FRAME_*."""
    zone = mem.zones[0]
    free_until = 0
    order = 0
    for pfn in range(cells.shape[0]):
        page = mem.pages[pfn]
        if page_buddy(page):
            order = np.int64(page.order)
            free_until = pfn + (1 << order)
        migratetype = mem.blocks[pfn >> zone.pageblock_order].migratetype
        if pfn < free_until:
            cells[pfn] = free_frame(migratetype, order)
        else:
            in_cma = FRAME_IN_CMA if migratetype == MIGRATE_CMA else 0
            cells[pfn] = used_frame(mem, page, pfn) | in_cma
    mark_isolated(zone, mem.pages, cells)


def frame_cells(state: State) -> np.ndarray:
    """Return what each frame is, uint8 (frames,): layout.FRAME_* with its flags."""
    cells = np.empty(int(state.zone["spanned_pages"]), np.uint8)
    look_at_frames(state.mem, cells)
    return cells


def frame_kinds(state: State) -> np.ndarray:
    """Return what each frame is, uint8 (frames,): layout.FRAME_KINDS by number."""
    return frame_cells(state) & layout.FRAME_KIND_MASK
