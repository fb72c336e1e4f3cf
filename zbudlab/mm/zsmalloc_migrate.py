"""Moving a page of a zspage to another frame.

Objects keep their numbers, and the zspage its place on its list; only the chain of pages and the
places of the objects that start in the page change.

Source: mm/zsmalloc.c, zs_page_isolate, zs_page_migrate and zs_page_putback (v6.1, v7.2).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import EAGAIN, EBUSY, PAGE_SIZE
from zbudlab.mm.page import copy_highpage, get_page, page_count, set_page_zsmalloc
from zbudlab.mm.page_alloc import put_single_page
from zbudlab.mm.zsmalloc_object import get_zspage, handle_in_word, location_to_obj, page_of_chain


@kernel
def zs_page_isolate(mem, pfn):
    """Hold a page so that it can be moved. Return False if its zspage has been freed."""
    if get_zspage(mem, pfn) == 0:
        return False
    get_page(mem.pages[pfn])
    return True


@kernel
def zs_page_putback(mem, pfn):
    """Drop the reference of an isolation, or the first one of a page that was moved."""
    put_single_page(mem, pfn)


@kernel
def replace_sub_page(mem, zs, new, old):
    """Put frame `new` in place of `old` in a zspage's chain, and in the places of its handles."""
    zspage = mem.zspages[zs]
    size_class = mem.size_classes[zspage.size_class]
    at = page_of_chain(mem, zs, old)
    zspage.chain[at] = new
    first = np.int64(zspage.first_object)
    index = (at * PAGE_SIZE + size_class.object_size - 1) // size_class.object_size
    end = ((at + 1) * PAGE_SIZE + size_class.object_size - 1) // size_class.object_size
    for each in range(index, min(end, size_class.objs_per_zspage)):
        handle = handle_in_word(np.int64(mem.objects[first + each]))
        if handle:
            mem.handles[handle] = location_to_obj(new, each)


@kernel
def join_pool(mem, new, old):
    """Make the fresh frame `new` a page of the pool and of the zspage that `old` belongs to."""
    target = mem.pages[new]
    set_page_zsmalloc(target)
    target.private = mem.pages[old].private
    target.index = mem.pages[old].index


@kernel(inline=False)
def zs_page_migrate(mem, new, old):
    """Move page `old`, which is isolated, to the fresh frame `new`, with its objects.

    Return 0; -EAGAIN if there is another reference; -EBUSY, or without the rule `busy_when_read`
    -EAGAIN, if an object of the zspage is being read. If the zspage was freed after the isolation,
    nothing is left to move, and the answer is 0.
    """
    page = mem.pages[old]
    zs = get_zspage(mem, old)
    if zs == 0:
        join_pool(mem, new, old)
        return 0
    if page_count(page) != 2:
        return -EAGAIN
    if mem.zspages[zs].readers:
        return -EBUSY if mem.pools[page.private].busy_when_read else -EAGAIN
    copy_highpage(mem.frames, new, old)
    replace_sub_page(mem, zs, new, old)
    join_pool(mem, new, old)
    page.index = 0
    get_page(mem.pages[new])
    page.refcount -= 1
    return 0
