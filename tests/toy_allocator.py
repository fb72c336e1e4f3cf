"""A toy allocator behind zpool, in plain Python: it shows what an allocator must supply.

It is unlike zbud in each way that the interface allows. An object starts at byte START of a frame
and what does not fit goes on in a second frame. The pool cannot shrink, so zswap puts no header in
front of an object. Handles come from a table, and every page can move unless its object is mapped.
"""

from errno import EAGAIN, EINVAL, ENOENT, ENOMEM, ENOSPC

import numpy as np

from zbudlab import layout
from zbudlab.mm import page_alloc, zpool
from zbudlab.mm.page import copy_highpage
from zbudlab.view.records import record_rows

KIND = 7
MARK = layout.PAGE_ZPOOL_LAST  # mapcount of its pages
START = 2500

FAULTS = ("", "toy pool {where} has a wrong page count")


class Toy:
    """The allocator of one pool. Its functions have the names of zpool's."""

    def __init__(self):
        self.objects = {}  # handle -> [frames, size, mappings]
        self.moved = 0

    def zpool_create_pool(self, mem, number):
        mem.pools[number].created = 1
        return 0

    def zpool_evictable(self, mem, number):
        return False

    def zpool_malloc_support_movable(self, mem, number):
        return True

    def zpool_malloc(self, mem, number, size, migratetype):
        if not 0 < size <= layout.PAGE_SIZE:
            return -ENOSPC if size > 0 else -EINVAL
        frames = []
        for _ in range(1 + (START + size > layout.PAGE_SIZE)):
            pfn = page_alloc.alloc_pages(mem, 0, migratetype)
            if pfn < 0:
                for taken in frames:
                    page_alloc.put_single_page(mem, taken)
                return -ENOMEM
            frames.append(int(pfn))
        for pfn in frames:
            mem.pages[pfn].mapcount = MARK
            mem.pages[pfn].private = number
        mem.pools[number].pages_nr += len(frames)
        mem.pools[number].last_handle += 1
        handle = int(mem.pools[number].last_handle)
        self.objects[handle] = [frames, int(size), 0]
        return handle

    def zpool_free(self, mem, number, handle):
        if handle not in self.objects:
            return -ENOENT
        frames, _, mappings = self.objects.pop(handle)
        assert not mappings
        for pfn in frames:
            page_alloc.put_single_page(mem, pfn)
        mem.pools[number].pages_nr -= len(frames)
        return 0

    def zpool_map_handle(self, mem, number, handle):
        if handle not in self.objects:
            return -1
        self.objects[handle][2] += 1
        return self.zpool_object_address(mem, number, handle)

    def zpool_unmap_handle(self, mem, number, handle):
        self.objects[handle][2] -= 1
        return 0

    def zpool_object_address(self, mem, number, handle):
        if handle not in self.objects:
            return -1
        return (self.objects[handle][0][0] << layout.PAGE_SHIFT) + START

    def zpool_next_frame(self, mem, number, pfn):
        frames = self._object_in(pfn)[0]
        return frames[1] if frames[0] == pfn and len(frames) > 1 else -1

    def zpool_isolate_page(self, mem, pfn):
        if self._object_in(pfn)[2]:
            return False
        mem.pages[pfn].refcount += 1
        return True

    def zpool_putback_page(self, mem, pfn):
        page_alloc.put_single_page(mem, pfn)

    def zpool_migrate_page(self, mem, new, old):
        if mem.pages[old].refcount != 2:
            return -EAGAIN
        copy_highpage(mem.frames, new, old)
        mem.pages[new].mapcount = MARK
        mem.pages[new].private = mem.pages[old].private
        mem.pages[new].refcount += 1
        mem.pages[old].refcount -= 1
        frames = self._object_in(old)[0]
        frames[frames.index(old)] = int(new)
        self.moved += 1
        return 0

    def zpool_page_is_full(self, mem, pfn):
        return True

    def zpool_page_references(self, mem, pfn):
        return 1

    def _object_in(self, pfn):
        return next(found for found in self.objects.values() if pfn in found[0])

    # --- what proofs and views read ------------------------------------------------------------

    def own_references(self, state, pfns):
        return np.ones(len(pfns), np.int64)

    def page_parts(self, state, pfns):
        parts = np.zeros((len(pfns), layout.NCHUNKS), np.uint8)
        for row, pfn in enumerate(pfns.tolist()):
            frames, size, _ = self._object_in(pfn)
            second = pfn != frames[0]
            first = min(size, layout.PAGE_SIZE - START)
            start, end = (0, size - first) if second else (START, START + first)
            parts[row, start // 64 : -(-end // 64)] = layout.PART_FIRST
        return parts

    def find_objects(self, state, pools, handles, lengths, words):
        found = [self.objects.get(handle) for handle in handles.tolist()]
        frames = np.array([each[0][0] if each else -1 for each in found], np.int64)
        there = frames >= 0
        in_pool = there & (state.pages["mapcount"][frames] == MARK)
        fits = np.array([bool(each) and each[1] for each in found]) == lengths
        return frames, in_pool, there, fits, there

    def object_place(self, state, pool, handle):
        return self.objects[handle][0], "a toy"

    def faults(self, mem, number):
        import tests.toy_allocator as module

        pages = sum(len(frames) for frames, _, _ in self.objects.values())
        yield module, (int(pages != mem.pools[number]["pages_nr"]), number)

    def page_for_inspector(self, state, pfn):
        toy = self

        class ToyPage:
            handles = tuple(at for at, found in toy.objects.items() if pfn in found[0])

            def words(self):
                return ["toy", f"{toy._object_in(pfn)[1]} bytes"]

            def lists(self):
                return []

            def parts(self):
                return [
                    ("toy page", record_rows(state.pages[pfn : pfn + 1].view(np.recarray)[0], {}))
                ]

        return ToyPage()


NAMES = sorted(name for name in vars(Toy) if name.startswith("zpool_"))
OF_PAGES = {name: getattr(zpool, name) for name in NAMES if "page" in name}


def behind_zpool(toy, originals):
    """zpool's functions by name: a pool of KIND asks the toy, others what they asked before."""

    def dispatch(name):
        mine, original = getattr(toy, name), originals[name]

        def call(mem, *arguments):
            of_page = name in OF_PAGES
            number = mem.pages[arguments[-1]].private if of_page else arguments[0]
            called = mine if mem.pools[number].kind == KIND else original
            return called(mem, *arguments)

        return call

    return {name: dispatch(name) for name in NAMES}
