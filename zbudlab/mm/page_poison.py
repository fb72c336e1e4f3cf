"""Poison: free frames are filled with a pattern, so that a write to one is found.

Checked runs do this after each operation: a frame that became free is filled, and one that was
filled before must still be so.

Source: mm/debug-pagealloc.c (v3.12).
"""

from zbudlab.jit import kernel
from zbudlab.layout import PAGE_POISON, PG_POISON
from zbudlab.mm.page import clear_flag, page_buddy, set_flag


@kernel
def is_poisoned(frames, pfn):
    """Return whether every byte of a frame is poison."""
    for byte in range(frames.shape[1]):  # noqa: SIM110  # generators do not compile
        if frames[pfn, byte] != PAGE_POISON:
            return False
    return True


@kernel(inline=False)
def poison_free_pages(mem):
    """Fill frames that became free. Return the first one written to since, or -1."""
    free_until = 0
    for pfn in range(mem.zones[0].spanned_pages):
        page = mem.pages[pfn]
        if page_buddy(page):
            free_until = pfn + (1 << page.order)
        if pfn >= free_until:
            clear_flag(page, PG_POISON)
        elif page.page_flags & PG_POISON == 0:
            mem.frames[pfn, :] = PAGE_POISON
            set_flag(page, PG_POISON)
        elif not is_poisoned(mem.frames, pfn):
            return pfn
    return -1
