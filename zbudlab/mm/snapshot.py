"""A machine's state seen from above: what is wrong with it, its digest, copies of it.

Whoever draws, explains or replays reads through here, and gets copies.
"""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from zbudlab import layout
from zbudlab.mm import (
    compaction,
    lru,
    memory,
    page_alloc_check,
    radix_tree,
    swapfile,
    zbud_check,
    zswap_check,
)
from zbudlab.mm.list_head import list_entries
from zbudlab.mm.state import State


def list_members(records: np.ndarray, link: int, head: int) -> list[int]:
    """The record numbers on a list, first to last."""
    entries = np.empty(len(records), np.int64)
    return entries[: list_entries(records, link, head, entries)].tolist()


def _faults(state: State) -> Iterator[tuple[Any, tuple[int, int]]]:
    """What each mechanism finds wrong: (module, (code, where))."""
    yield page_alloc_check, page_alloc_check.first_fault(*state.buddy)
    yield lru, lru.first_fault(state.zones, state.pages)
    yield compaction, compaction.first_fault(*state.buddy)
    yield memory, memory.first_fault(state.pages, state.ptes, state.processes)
    for number, pool in enumerate(state.pools):
        if pool["created"]:
            yield zbud_check, zbud_check.first_fault(*state.zbud, number)
            if pool["variant"] == layout.ZBUD_SERIES:
                yield radix_tree, radix_tree.first_fault(state.nodes, pool)
    tables = (state.swap_info, state.swap_slots, state.slots_cache)
    yield swapfile, swapfile.first_fault(*tables)
    yield zswap_check, zswap_check.first_fault(*state.zswap)


def first_fault(state: State) -> str | None:
    """The first broken invariant in a sentence, None if all hold."""
    for module, (code, where) in _faults(state):
        if code:
            name = module.__name__.rpartition(".")[2]
            return f"{name.removesuffix('_check')}: {module.FAULTS[code].format(where=where)}"
    return None


def arrays(state: State) -> dict[str, np.ndarray]:
    """The machine's arrays by name, as views that cannot be written."""
    views = {}
    for name, array in vars(state).items():
        if isinstance(array, np.ndarray) and name != "frames":  # frames lie in rows
            views[name] = array.view()
            views[name].flags.writeable = False
    return views


def sizes(state: State) -> dict[str, int]:
    """Host memory that the machine's arrays take, bytes: what is there at once, what has grown."""
    page_tables = state.ptes.nbytes + state.lengths.nbytes + state.processes.nbytes
    grown = {
        "tree nodes": state.nodes.nbytes,
        "zswap entries": state.zswap_entries.nbytes,
        "page tables": page_tables,
        "swap": state.swap_slots.nbytes + state.swap_marks.nbytes,
    }
    return {"frames": state.nbytes() - sum(grown.values())} | grown


def digest(state: State, device: Mapping[int, bytes | int]) -> str:
    """SHA-256 over all arrays, their names, shapes and bytes, and the swap device by slot."""
    found = hashlib.sha256()
    for name, array in sorted(arrays(state).items()):
        found.update(f"{name} {array.shape}".encode())
        found.update(np.ascontiguousarray(array).view(np.uint8).data)
    for slot, page in sorted(device.items()):
        found.update(f"{slot} ".encode())
        found.update(page if isinstance(page, bytes) else str(page).encode())
    return found.hexdigest()


def frame_kinds(state: State) -> np.ndarray:
    """What each page frame is, uint8 (frames,): layout.FRAME_*."""
    frames = int(state.zone["spanned_pages"])
    pages = state.pages[:frames]
    kinds = np.full(frames, layout.FRAME_KERNEL, np.uint8)
    kinds[pages["mapping"] > 0] = layout.FRAME_ANON
    _mark_free(state, kinds)
    in_zbud = np.flatnonzero(pages["mapcount"] == layout.PAGE_ZBUD_MAPCOUNT_VALUE)
    headers = state.rows[in_zbud << int(state.pools[0]["row_shift"])]
    both = (headers["first_chunks"] > 0) & (headers["last_chunks"] > 0)
    kinds[in_zbud] = np.where(both, layout.FRAME_ZBUD_FULL, layout.FRAME_ZBUD_HALF)
    return kinds


def _mark_free(state: State, kinds: np.ndarray) -> None:
    """Mark the frames of all free blocks."""
    frames = len(kinds)
    pages = state.pages[:frames]
    heads = np.flatnonzero(pages["mapcount"] == layout.PAGE_BUDDY_MAPCOUNT_VALUE)
    edges = np.zeros(frames + 1, np.int32)
    edges[heads] += 1
    np.add.at(edges, heads + (1 << pages["order"][heads].astype(np.int64)), -1)
    types = state.blocks["migratetype"][np.arange(frames) >> int(state.zone["pageblock_order"])]
    free = np.cumsum(edges[:frames]) > 0
    kinds[free] = layout.FRAME_FREE
    kinds[free & (types == layout.MIGRATE_CMA)] = layout.FRAME_FREE_CMA
