"""zsmalloc behind `zbudlab.mm.zpool`: addresses in bytes, and questions about pages.

Source: mm/zsmalloc.c, zs_map_object, zs_unmap_object (v6.1); zs_obj_read_begin, zs_obj_read_end
(v7.2).
"""

import numpy as np

from zbudlab.jit import kernel
from zbudlab.layout import ENOENT
from zbudlab.mm.zsmalloc_object import (
    content_of_object,
    get_zspage,
    handle_to_obj,
    obj_index,
    obj_pfn,
    page_of_chain,
)

# --- objects -----------------------------------------------------------------------------------


@kernel(inline=False)
def zs_object_address(mem, number, handle):
    """Return the address of an object's first byte without mapping it; -1 = no such object."""
    place = handle_to_obj(mem, number, handle)
    if place < 0:
        return -1
    zs = get_zspage(mem, obj_pfn(place))
    size_class = mem.size_classes[mem.zspages[zs].size_class]
    return content_of_object(mem, zs, size_class, obj_index(place))


@kernel(inline=False)
def zs_map_object(mem, number, handle):
    """Map an object: its zspage gets a reader. Return the address of its first byte; -1 = gone."""
    address = zs_object_address(mem, number, handle)
    if address >= 0:
        place = mem.handles[handle]
        mem.zspages[get_zspage(mem, obj_pfn(place))].readers += 1
    return address


@kernel(inline=False)
def zs_unmap_object(mem, number, handle):
    """End a mapping. Return 0, or -ENOENT if the handle is gone or its zspage has no reader."""
    place = handle_to_obj(mem, number, handle)
    if place < 0:
        return -ENOENT
    zspage = mem.zspages[get_zspage(mem, obj_pfn(place))]
    if zspage.readers == 0:
        return -ENOENT
    zspage.readers -= 1
    return 0


@kernel(inline=False)
def zs_next_frame(mem, pfn):
    """Return the frame after `pfn` in its zspage; -1 if `pfn` is the last."""
    zs = get_zspage(mem, pfn)
    if zs == 0:
        return -1
    zspage = mem.zspages[zs]
    at = page_of_chain(mem, zs, pfn) + 1
    if at == mem.size_classes[zspage.size_class].pages_per_zspage:
        return -1
    return np.int64(zspage.chain[at])


# --- pages -------------------------------------------------------------------------------------


@kernel
def zs_page_is_full(mem, pfn):
    """Return whether the page's zspage has no room for another object."""
    zs = get_zspage(mem, pfn)
    if zs == 0:
        return True
    zspage = mem.zspages[zs]
    return zspage.inuse == mem.size_classes[zspage.size_class].objs_per_zspage


@kernel
def zs_page_references(mem, pfn):
    """Return the references that zsmalloc has on a page: one, or none once its zspage is freed."""
    return 1 if get_zspage(mem, pfn) else 0
