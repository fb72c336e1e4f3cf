"""Blocks of a traced machine, allocated and freed on the simulated one.

The requests of a trace are repeated here: the same orders and types in the same sequence. The
simulated zone and its free lists differ, so blocks are in other places: a table maps each block of
the trace to the simulated one. A block may be freed in pieces, as the kernel splits huge pages.
Blocks allocated before the trace began are unknown; freeing them is counted and has no other
effect.
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import MAX_ORDER, NO_FRAME
from zbudlab.mm.page_alloc import alloc_pages, prep_new_page, put_page

#: The counts of `follow`, by place.
COUNTS = ("allocations", "frees", "refused", "refused there", "unknown frees", "allocated twice")
ALLOCATIONS, FREES, REFUSED, REFUSED_THERE, UNKNOWN, TWICE = range(len(COUNTS))
LIVE = len(COUNTS)  #: blocks in the table
NR_COUNTS = LIVE + 1
HASH = 0x9E3779B97F4A7C15  #: 2^64 / golden ratio: spreads neighbouring keys


@kernel
def home(table, key):
    """Return the home place of a key in a table of 2^n entries."""
    mixed = np.uint64(key) * np.uint64(HASH)
    return np.int64(mixed >> np.uint64(32)) & (table.shape[0] - 1)


@kernel
def lookup(table, pfn):
    """Return the place of the block that starts at `pfn`, or the empty place for it."""
    at = home(table, pfn + 1)
    while table[at].key != 0 and table[at].key != pfn + 1:
        at = (at + 1) & (table.shape[0] - 1)
    return at


@kernel
def insert(table, counts, pfn, frame, order):
    """Add a block that is not in the table yet."""
    entry = table[lookup(table, pfn)]
    entry.key = pfn + 1
    entry.frame = frame
    entry.order = order
    counts[LIVE] += 1


@kernel
def remove(table, counts, at):
    """Remove an entry, and move up later entries that were displaced by it."""
    last = table.shape[0] - 1
    hole = at
    following = (at + 1) & last
    while table[following].key != 0:
        wanted = home(table, table[following].key)
        if (following - wanted) & last >= (following - hole) & last:
            table[hole].key = table[following].key
            table[hole].frame = table[following].frame
            table[hole].order = table[following].order
            hole = following
        following = (following + 1) & last
    table[hole].key = 0
    counts[LIVE] -= 1


@kernel(inline=False)
def rehash(old, table, counts):
    """Copy all entries into a larger table, which is empty."""
    counts[LIVE] = 0
    for at in range(old.shape[0]):
        if old[at].key != 0:
            insert(table, counts, old[at].key - 1, old[at].frame, old[at].order)


@kernel
def lookup_holding(table, pfn):
    """Return the place of the block that contains `pfn`; -1 if none is known."""
    for order in range(MAX_ORDER):
        start = pfn >> order << order
        if order == 0 or start != pfn >> (order - 1) << (order - 1):
            at = lookup(table, start)
            if table[at].key != 0 and start + (1 << table[at].order) > pfn:
                return at
    return -1


@kernel(inline=False)
def split_to(pages, table, counts, at, pfn, order):
    """Halve a block until `pfn` starts one of that order, and return its place.

    Source: mm/page_alloc.c, split_page (v3.12), which splits into single pages at once.
    """
    while table[at].order > order:
        table[at].order -= 1
        half = table[at].order
        start = table[at].key - 1 + (1 << half)
        frame = np.int64(table[at].frame)
        if frame >= 0:
            pages[frame].order = half
            frame += 1 << half
            prep_new_page(pages, frame, half, np.int64(pages[frame - (1 << half)].migratetype))
        insert(table, counts, start, frame, half)
        if pfn >= start:
            at = lookup(table, start)
    return at


@kernel
def give_back(mem, table, counts, at):
    """Free the simulated block of an entry, and remove the entry."""
    frame = np.int64(table[at].frame)
    if frame >= 0:
        put_page(mem, frame)
    remove(table, counts, at)


@kernel
def allocated(mem, table, counts, event, migratetype):
    """Repeat an allocation of the trace."""
    pfn = np.int64(event.pfn)
    order = np.int64(event.order)
    counts[ALLOCATIONS] += 1
    if pfn >= NO_FRAME:
        counts[REFUSED_THERE] += 1
        return
    at = lookup_holding(table, pfn)
    if at >= 0:
        counts[TWICE] += 1
        give_back(mem, table, counts, at)
    frame = alloc_pages(mem, order, migratetype)
    counts[REFUSED] += frame < 0
    insert(table, counts, pfn, max(frame, -1), order)


@kernel
def freed(mem, table, counts, event):
    """Repeat a free of the trace."""
    pfn = np.int64(event.pfn)
    counts[FREES] += 1
    at = lookup_holding(table, pfn)
    if at < 0:
        counts[UNKNOWN] += 1
        return
    at = split_to(mem.pages, table, counts, at, pfn, np.int64(event.order))
    give_back(mem, table, counts, at)


@kernel(inline=False)
def follow(mem, table, counts, types, events, start, end):
    """Repeat events [start, end). Return where it stopped: `end`, or earlier if the table is full.

    table: layout.traced_block (2^n,). counts: int64 (NR_COUNTS,), grows. types: int64 (8,), the
    simulated migrate type for each of the traced kernel's numbers.
    """
    room = table.shape[0] // 2 - MAX_ORDER
    for at in range(start, end):
        if counts[LIVE] > room:
            return at
        event = events[at]
        if event.alloc:
            migratetype = types[np.int64(event.migratetype) & 7]
            allocated(mem, table, counts, event, migratetype)
        else:
            freed(mem, table, counts, event)
    return end
