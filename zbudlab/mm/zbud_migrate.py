"""Moving a zbud page: the purpose of the series.

The header is part of the page, so a copy of the page is also a copy of the header. What remains is
to point the handles at the new page, through the pool's tree, and to give it the old page's place
on both lists.

A flaw of the series, kept here: a handle that was freed while exactly one mapping of it is held
leaves as many references as migration expects, so the page moves while its reader still uses it.

Source: mm/zbud.c, zbud_migrate_page (patch 5 of the series, v2, 11 Sep 2013).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import BUDDY, EAGAIN, EINVAL, LRU
from zbudlab.mm.list_head import list_replace
from zbudlab.mm.page import copy_highpage, get_page, page_count, set_page_zbud
from zbudlab.mm.radix_tree import (
    radix_tree_deref_slot,
    radix_tree_lookup_slot,
    radix_tree_replace_slot,
)
from zbudlab.mm.zbud_header import clear_header, header_row, is_empty


@kernel
def expected_references(header):
    """Return the references that a movable page has: the isolation's and one per handle."""
    return 1 + (header.first_handle != 0) + (header.last_handle != 0)


@kernel
def must_stay(mem, header):
    """Return whether a page stays although all its references are expected.

    A page whose last buddy left is on no list. The series moves it anyway; the rule
    `refuse_emptied_page` does not.
    """
    return mem.zswaps[0].refuse_emptied_page != 0 and is_empty(header)


@kernel
def move_handle(mem, pool, handle, new, old):
    """Point a handle at its new page, and move its reference there.

    Return 0, or -EINVAL if the tree has another page for the handle.
    """
    if handle == 0:
        return 0
    slot = radix_tree_lookup_slot(mem.nodes, pool, handle)
    if slot < 0 or radix_tree_deref_slot(mem.nodes, pool, slot) != old + 1:
        return -EINVAL
    radix_tree_replace_slot(mem.nodes, pool, slot, new + 1)
    get_page(mem.pages[new])
    mem.pages[old].refcount -= 1
    return 0


@kernel
def zbud_migrate_page(mem, new, old):
    """Move zbud page `old` to the fresh frame `new`, with its handles and its place on lists.

    Return 0, or -EAGAIN if the page has a reference other than those of its handles and its
    isolation: another holder may be reading its bytes at their old place. After a move, the caller
    drops the isolation's reference of `old`, which frees it, and the first reference of `new`.
    """
    pool = mem.pools[mem.pages[old].private]
    old_row = header_row(pool, old)
    new_row = header_row(pool, new)
    header = mem.rows[old_row]
    if page_count(mem.pages[old]) != expected_references(header):
        return -EAGAIN
    if must_stay(mem, header):
        return -EAGAIN
    set_page_zbud(mem.pages[new])
    mem.pages[new].mapping = mem.pages[old].mapping
    mem.pages[new].private = mem.pages[old].private
    copy_highpage(mem.frames, new, old)
    failed = move_handle(mem, pool, np.int64(header.first_handle), new, old)
    failed |= move_handle(mem, pool, np.int64(header.last_handle), new, old)
    list_replace(mem.rows, LRU, old_row, new_row)
    list_replace(mem.rows, BUDDY, old_row, new_row)
    clear_header(header)
    return failed
