"""Chains, trees and ranges in the arrays of a machine, followed without trusting any link.

Every number was checked against the length of its table before (`machine.proof`).
"""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from zbudlab import layout
from zbudlab.io.values import INT64_MAX
from zbudlab.layout import LRU, NR_POOL_LISTS, PG_LRU, PTE_PRESENT, ZBUD_SERIES, ZPOOL_ZBUD
from zbudlab.machine import pool_chains
from zbudlab.machine.core import Core
from zbudlab.machine.piles import Broken, check_disjoint, pile
from zbudlab.mm.radix_tree import FREE_LIST, MAX_HEIGHT, NEVER_USED
from zbudlab.mm.state import State


def first_fault(machine: Core) -> str:
    """Say which chain, tree or range is broken first, or return ""."""
    state = machine.state
    try:
        _ranges(state)
        _owners(state, machine.config.frames)
        _isolated(state)
        _zbud_lists(state)
        _tree_nodes(state, machine.config.frames)
        pool_chains.follow(state, machine.config.frames)
        _entries(state)
    except Broken as broken:
        return str(broken)
    return ""


def _ranges(state: State) -> None:
    """Check that processes and holes cover the entries in use without gaps or overlaps."""
    table = state.processes[state.processes["nr_pages"] > 0]
    parts = list(zip(table["start"].tolist(), table["nr_pages"].tolist(), strict=True))
    parts += [(start, pages) for pages, start in state._holes]
    end = 0
    for start, pages in sorted(parts):
        if start != end or pages < 1:
            raise Broken(f"page table entries {end} to {start} belong to two or none")
        end += pages
    if end != state._ptes_used:
        raise Broken(f"page table entries end at {end}, not at {state._ptes_used}")


def _owners(state: State, frames: int) -> None:
    """Check that each page of a process or on an LRU list is named by the entry that it names."""
    own = state.pages[:frames]
    which = np.flatnonzero((own["mapping"] > 0) | (own["page_flags"] & PG_LRU != 0))
    places = own["index"][which]
    if (places >= len(state.ptes)).any() or (own["mapping"][which] == 0).any():
        raise Broken("a page of a process names no page table entry")
    entries = state.ptes[places]
    if ((entries["state"] != PTE_PRESENT) | (entries["value"] != which)).any():
        raise Broken("a page of a process names an entry that does not name it back")


def _isolated(state: State) -> None:
    """Check that nothing is isolated, as must be so between operations."""
    first = int(state.zone["list_heads"])
    heads = first + np.array([layout.MIGRATEPAGES, layout.FREEPAGES, layout.SHRINK_LIST])
    for link in ("next", "prev"):
        if (state.pages[link][heads, LRU] != heads).any():
            raise Broken("pages are isolated")


# --- zbud --------------------------------------------------------------------------------------


def _zbud_lists(state: State) -> None:
    """Check that the lists of zbud pools consist of headers of zbud pages and are closed."""
    frames = int(state.zone["spanned_pages"])
    shift = int(state.pools[0]["row_shift"])
    is_header = np.zeros(len(state.rows), bool)
    zbud = np.flatnonzero(state.pages["mapcount"][:frames] == layout.PAGE_ZBUD_MAPCOUNT_VALUE)
    is_header[zbud << shift] = True
    for pool in state.pools[state.pools["created"] == 1]:
        if pool["kind"] != ZPOOL_ZBUD:
            continue
        first = int(pool["list_heads"])
        for which in range(NR_POOL_LISTS):
            link = 0 if which == layout.LRU_LIST else layout.BUDDY
            _zbud_list(state.rows, is_header, first + which, link)


def _zbud_list(rows: np.ndarray, is_header: NDArray[np.bool_], head: int, link: int) -> None:
    following, before = rows["next"][:, link], rows["prev"][:, link]
    at, length, most = head, 0, len(rows)
    while True:
        after = int(following[at])
        if after >= most or int(before[after]) != at or length > most:
            raise Broken(f"zbud's list {head} is not linked both ways")
        if after == head:
            return
        if not is_header[after]:
            raise Broken(f"zbud's list {head} has row {after}, which is not a header")
        at, length = after, length + 1


# --- arenas ------------------------------------------------------------------------------------


def _tree_nodes(state: State, frames: int) -> None:
    """Check that the nodes of all handle trees form trees, and that the others are free."""
    head, nodes = state.nodes[0], state.nodes
    never = int(head["slots"][NEVER_USED])
    free = pile(int(head["slots"][FREE_LIST]), nodes["slots"][:, 0], never, "tree nodes")
    used = [number for pool in state.pools for number in _tree(nodes, pool, never, frames)]
    check_disjoint(used, free, never, "tree nodes")
    if len(used) != head["count"]:
        raise Broken(f"{len(used)} tree nodes are in use, {head['count']} are counted")


def _tree(nodes: np.ndarray, root: np.void, never_used: int, frames: int) -> Iterator[int]:
    """Yield the nodes of a tree, level by level. Raise Broken for a link that leaves it."""
    height, top = int(root["height"]), int(root["rnode"])
    plain = root["created"] == 1 and root["variant"] != ZBUD_SERIES
    if not 0 <= height <= MAX_HEIGHT or top < 0 or (plain and (height or top)):
        raise Broken(f"a tree of height {height} at node {top}")
    if not height:
        if top > frames:
            raise Broken(f"a tree has item {top}")
        return
    level, parents = np.array([top]), np.array([0])
    for depth in range(height):
        outside = level[(level < 1) | (level >= never_used)]
        if outside.size or len(level) > never_used:
            raise Broken(f"a tree has a node {outside[:1]}")
        if (nodes["parent"][level] != parents).any():
            raise Broken("a node of a tree names another parent")
        yield from level.tolist()
        slots = nodes["slots"][level].astype(np.int64)
        if depth == height - 1 and slots.max() > frames:
            raise Broken(f"a tree has item {slots.max()}")
        parents = np.repeat(level, np.count_nonzero(slots, axis=1))
        level = slots[slots > 0]


def _entries(state: State) -> None:
    """Check that each zswap entry is either free or used by one slot."""
    zswap, entries = state.zswaps[0], state.zswap_entries
    never = int(zswap["never_used"])
    free = pile(int(zswap["free_entry"]), entries["next_free"], never, "zswap entries")
    used = state.swap_slots["entry"][state.swap_slots["entry"] > 0].astype(np.int64)
    check_disjoint(used.tolist(), free, never, "zswap entries")
    if len(used) != zswap["nr_entries"]:
        raise Broken(f"{len(used)} zswap entries are in use, {zswap['nr_entries']} are counted")
    handles = entries["handle"][used]
    most = _most_handles(state)
    if ((handles < 0) | (handles > most)).any():
        raise Broken("a zswap entry has a handle that no pool has")


def _most_handles(state: State) -> int:
    """Return the largest handle that an object in zswap can have."""
    pool = state.pools[0]
    if pool["kind"] != ZPOOL_ZBUD:
        return int(state.arenas["unused_handle"][0]) - 1
    if pool["variant"] == ZBUD_SERIES:
        return INT64_MAX
    return (int(state.zone["spanned_pages"]) << layout.NCHUNKS_ORDER) - 1  # an address in chunks
