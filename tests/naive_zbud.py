"""The obvious twins of zbud, as it was in v3.11 and with the series: pages as objects on lists.

A list is a Python list with its head first; frames come from the twin of the page allocator.
"""

from zbudlab.layout import (
    CHUNK_SIZE,
    EAGAIN,
    EFAULT,
    EINVAL,
    ENOENT,
    ENOSPC,
    MIGRATE_MOVABLE,
    MIGRATE_UNMOVABLE,
    NCHUNKS,
    ZBUD_MAX_SIZE,
    ZHDR_CHUNKS,
)


class ZbudPage:
    """A page with its two buddies: what its header says."""

    def __init__(self, pfn):
        self.pfn = pfn
        self.chunks = [0, 0]
        self.handles = [0, 0]
        self.map_counts = [0, 0]

    def home(self):
        return 0 if all(self.chunks) else NCHUNKS - ZHDR_CHUNKS - sum(self.chunks)

    def address(self, side):
        return self.pfn * NCHUNKS + (NCHUNKS - self.chunks[1] if side else ZHDR_CHUNKS)


class ZbudPlain:
    """zbud of v3.11: a handle is an address."""

    migratetype = MIGRATE_UNMOVABLE

    def __init__(self, buddy):
        self.buddy = buddy
        self.pages_nr = 0
        self.lists = [[] for _ in range(NCHUNKS)]  # pages: buddied, then by free chunks
        self.lru = []
        self.buddies = {}  # (page, side) by handle
        self.victims = []  # pages being reclaimed

    def at(self, pfn):
        return next(page for page in self.lru + self.victims if page.pfn == pfn)

    def go_home(self, page):
        for pages in self.lists:
            if page in pages:
                pages.remove(page)
        if any(page.chunks):
            self.lists[page.home()].insert(0, page)

    def used(self, page):
        """Put a page first on the LRU."""
        if page in self.lru:
            self.lru.remove(page)
        self.lru.insert(0, page)

    def new_handle(self, page, side):
        return page.address(side)

    def alloc(self, size):
        if size <= 0:
            return -EINVAL
        if size > ZBUD_MAX_SIZE:
            return -ENOSPC
        chunks = -(-size // CHUNK_SIZE)
        page = next((pages[0] for pages in self.lists[chunks:] if pages), None)
        if page is None:
            pfn = self.buddy.alloc(0, self.migratetype)
            if pfn < 0:
                return pfn
            self.pages_nr += 1
            page = ZbudPage(pfn)
        side = int(page.chunks[0] > 0)
        page.chunks[side] = chunks
        self.go_home(page)
        self.used(page)
        handle = self.new_handle(page, side)
        self.buddies[handle] = page, side
        return handle

    def remove(self, handle):
        """Take a buddy out of its page for good."""
        page, side = self.buddies.pop(handle)
        page.chunks[side] = page.handles[side] = 0
        if page in self.victims:
            return
        self.go_home(page)
        if not any(page.chunks):
            self.leave(page)
            self.buddy.put_page(page.pfn)

    def leave(self, page):
        self.pages_nr -= 1
        if page in self.lru:
            self.lru.remove(page)

    def free(self, handle):
        self.remove(handle)
        return 0

    def map(self, handle):
        return handle

    def unmap(self, handle):
        return 0

    def reclaim_begin(self):
        """The oldest page's frame and handles, 0 where there is none; or -EINVAL."""
        if not self.lru:
            return -EINVAL, [0, 0]
        page = self.lru.pop()
        self.lists[page.home()].remove(page)
        self.victims.append(page)
        return page.pfn, [page.address(side) if page.chunks[side] else 0 for side in (0, 1)]

    def reclaim_end(self, pfn):
        page = self.at(pfn)
        self.victims.remove(page)
        if any(page.chunks):
            self.go_home(page)
            self.used(page)
            return -EAGAIN
        self.leave(page)
        self.buddy.put_page(pfn)
        return 0

    def reclaim(self, retries, evict):
        """Reclaim until a page is free; `evict(handle)` answers 0 when the object is gone."""
        for attempt in range(retries):
            pfn, handles = self.reclaim_begin()
            if pfn < 0:
                return self.nothing_left(attempt)
            for handle in filter(None, handles):
                if evict(handle):
                    break
            if self.reclaim_end(pfn) == 0:
                return 0
        return -EAGAIN if retries else -EINVAL

    def nothing_left(self, attempt):
        return -EINVAL


class ZbudSeries(ZbudPlain):
    """zbud with the series: handles are numbers, pages are counted and can move.

    References of a page: one a mapping, the owner's own included, and one of each who pins it.
    """

    migratetype = MIGRATE_MOVABLE

    def __init__(self, buddy):
        super().__init__(buddy)
        self.last_handle = 0

    def references(self, page, change):
        """Change a page's references; 1 if that freed it."""
        if change < 0:
            return self.buddy.put_page(page.pfn)
        self.buddy.references[page.pfn] += change
        return 0

    def new_handle(self, page, side):
        self.references(page, int(any(page.handles)))  # the first comes with the page
        self.last_handle += 1
        page.handles[side] = self.last_handle
        page.map_counts[side] = 1
        return self.last_handle

    def drop(self, handle):
        """End a mapping or the owner's hold; what is left of them, -1 = no such handle."""
        if handle not in self.buddies:
            return -1
        page, side = self.buddies[handle]
        page.map_counts[side] -= 1
        left = page.map_counts[side]
        if left == 0:
            self.remove(handle)
        else:
            self.references(page, -1)
        return left

    def remove(self, handle):
        page, side = self.buddies.pop(handle)
        page.chunks[side] = page.handles[side] = 0
        self.go_home(page)
        if not any(page.chunks):
            self.leave(page)
        self.references(page, -1)

    def free(self, handle):
        return -ENOENT if self.drop(handle) < 0 else 0

    def map(self, handle):
        if handle not in self.buddies:
            return 0
        page, side = self.buddies[handle]
        page.map_counts[side] += 1
        self.references(page, 1)
        return page.address(side)

    def unmap(self, handle):
        return {-1: -ENOENT, 0: -EFAULT}.get(self.drop(handle), 0)

    def reclaim_begin(self):
        if not self.lru:
            return -EINVAL, [0, 0]
        page = self.lru[-1]
        self.used(page)
        self.references(page, 1)
        return page.pfn, list(page.handles)

    def reclaim_end(self, pfn):
        return 0 if self.buddy.put_page(pfn) else -EAGAIN

    def nothing_left(self, attempt):
        return 0 if attempt else -EINVAL

    def migrate(self, pfn):
        page = self.at(pfn)
        new = self.buddy.alloc(0, MIGRATE_MOVABLE)
        if new < 0:
            return new
        handles = sum(handle > 0 for handle in page.handles)
        if self.buddy.references[pfn] != handles:
            self.buddy.put_page(new)
            return -EAGAIN
        self.buddy.references[pfn] = 1
        self.buddy.put_page(pfn)
        self.buddy.references[new] = handles
        page.pfn = new
        return 0
