"""z3fold behind `zbudlab.mm.zpool`: the owner's word, and questions about pages.

Source: mm/z3fold.c, z3fold_zpool_driver (v6.1).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import (
    PAGE_SHIFT,
    PAGE_SIZE,
    Z3FOLD_FIRST,
    Z3FOLD_HEADLESS,
    Z3FOLD_LAST,
    Z3FOLD_PAGE_HEADLESS,
)
from zbudlab.mm.z3fold_compact import z3fold_compact_work, z3fold_release_work
from zbudlab.mm.z3fold_page import count_objects, offset_of

# --- objects -----------------------------------------------------------------------------------


@kernel
def buddy_at(header, address):
    """Return which object of a page starts at a byte address; 0 = the page has no header."""
    if header.page_state & Z3FOLD_PAGE_HEADLESS:
        return Z3FOLD_HEADLESS
    offset = address & (PAGE_SIZE - 1)
    for buddy in range(Z3FOLD_FIRST, Z3FOLD_LAST):
        if header.chunks[buddy] and offset_of(header, buddy) == offset:
            return buddy
    return Z3FOLD_LAST


@kernel(inline=False)
def z3fold_write_word(mem, address, word):
    """Keep the owner's word for the object at `address` in the page's record (no page bytes)."""
    header = mem.z3folds[np.int64(mem.pages[address >> PAGE_SHIFT].index)]
    header.words[buddy_at(header, address)] = word


@kernel(inline=False)
def z3fold_read_word(mem, address):
    """Return what `z3fold_write_word` kept for the object at `address`."""
    header = mem.z3folds[np.int64(mem.pages[address >> PAGE_SHIFT].index)]
    return header.words[buddy_at(header, address)]


# --- pages -------------------------------------------------------------------------------------


@kernel(inline=False)
def z3fold_page_is_full(mem, pfn):
    """Return whether the page holds three objects, or one without a header."""
    header = mem.z3folds[np.int64(mem.pages[pfn].index)]
    return header.page_state & Z3FOLD_PAGE_HEADLESS != 0 or count_objects(header) == Z3FOLD_LAST


@kernel
def z3fold_page_references(mem, pfn):
    """Return the references that z3fold has on a frame: one, or none once it is freed."""
    return 1 if mem.pages[pfn].index else 0


@kernel(inline=False)
def z3fold_run_work(mem, number):
    """Run the queued compaction of pages, then free the frames of released ones."""
    z3fold_compact_work(mem, number)
    z3fold_release_work(mem, number)
