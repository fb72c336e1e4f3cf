"""The obvious twin of z3fold: pages as objects on Python lists, heads first.

Frames come from the twin of the page allocator. An object is a handle and its chunks.
"""

from collections import defaultdict

from zbudlab.layout import EAGAIN, EBUSY, EINVAL, ENOENT, ENOMEM, ENOSPC, PAGE_SIZE

CHUNKS = 62
FIRST, MIDDLE, LAST = 1, 2, 3


class Page:
    """A frame with up to three objects, or one that needs all of it."""

    def __init__(self, frame, whole):
        self.frame = frame
        self.whole = whole
        self.objects = {}  # chunks by place; of a whole page at place 0
        self.handles = {}  # by place
        self.start = 0
        self.foreign = set()  # handles
        self.mapped = 0  # as two bits
        self.pinned = self.claimed = self.waits = self.isolated = self.stale = False
        self.has_cpu = False
        self.held = 0  # by reclaim

    def free(self):
        if MIDDLE not in self.objects:
            return CHUNKS - sum(self.objects.values())
        gaps = [0]
        if FIRST not in self.objects:
            gaps.append(self.start - 2)
        if LAST not in self.objects:
            gaps.append(64 - self.start - self.objects[MIDDLE])
        return max(gaps)

    def place_for(self, chunks):
        if MIDDLE in self.objects:
            fits = FIRST not in self.objects and chunks <= self.start - 2
            return FIRST if fits else LAST
        return next(place for place in (FIRST, LAST, MIDDLE) if place not in self.objects)

    def add(self, chunks, handle):
        place = self.place_for(chunks)
        self.objects[place] = chunks
        self.handles[place] = handle
        if place == MIDDLE:
            self.start = 2 + self.objects[FIRST]
        return place

    def offset(self, place):
        starts = {0: 0, FIRST: 2, MIDDLE: self.start, LAST: 64 - self.objects[place]}
        return starts[place] * 64

    def references(self):
        return len(self.objects) + self.waits + self.isolated + self.held


class NaiveZ3fold:
    """A pool. Its operations are called as those of the engine in the tests."""

    def __init__(self, buddy):
        self.buddy = buddy
        self.lists = defaultdict(list)  # by free chunks
        self.lru, self.work, self.stale = [], [], []
        self.where = {}  # page and place by handle
        self.freed = []  # handles, a stack
        self.issued = 0
        self.isolated = None

    # --- what it holds -------------------------------------------------------------------------

    def pages(self):
        return {page for page, _ in self.where.values()} | set(self.lru) | set(self.work)

    def pages_nr(self):
        held = [self.isolated] if self.isolated else []
        return len({page for page in [*self.pages(), *held] if not page.stale})

    def take_off(self, page, *lists):
        for members in lists or self.lists.values():
            if page in members:
                members.remove(page)

    def enlist(self, page):
        if len(page.objects) < 3:
            self.lists[page.free()].insert(0, page)
            page.has_cpu = True

    def newest(self, page):
        self.take_off(page, self.lru)
        self.lru.insert(0, page)

    # --- objects -------------------------------------------------------------------------------

    def roomy(self, chunks):
        for free in range(chunks, CHUNKS):
            while self.lists[free]:
                page = self.lists[free].pop(0)
                page.has_cpu = False
                if not (page.waits or page.claimed):
                    return page
        return None

    def malloc(self, size):
        if not 0 < size <= PAGE_SIZE:
            return -EINVAL if size <= 0 else -ENOSPC
        whole, chunks = size > 3904, -(-size // 64)
        page = None if whole else self.roomy(chunks)
        if page is None:
            frame = self.buddy.alloc(0, 0)
            if frame < 0:
                return -ENOMEM
            page = Page(frame, whole)
        handle = self.freed.pop() if self.freed else self.issued + 1
        self.issued = max(self.issued, handle)
        if whole:
            page.objects[0], page.handles[0], place = 0, handle, 0
        else:
            place = page.add(chunks, handle)
            self.enlist(page)
        self.newest(page)
        self.where[handle] = page, place
        return handle

    def free(self, handle):
        if handle not in self.where:
            return -ENOENT
        page, place = self.where.pop(handle)
        self.freed.append(handle)
        del page.objects[place], page.handles[place]
        if not page.claimed:
            page.foreign.discard(handle)
        if page.whole:
            if not page.claimed:
                self.take_off(page, self.lru)
                self.buddy.put_page(page.frame)
        elif not self.released(page) and not page.claimed and not page.waits:
            page.waits = True
            if page.has_cpu:
                self.work.append(page)
            else:
                self.compact(page)
        return 0

    def released(self, page):
        """Give a page up if nothing refers to it. Return whether it was."""
        if page.references():
            return False
        self.take_off(page)
        self.take_off(page, self.lru)
        page.stale = True
        self.stale.insert(0, page)
        return True

    # --- work ----------------------------------------------------------------------------------

    def compact(self, page):
        page.waits = False
        self.take_off(page)
        if self.released(page) or page.claimed:
            return
        if len(page.objects) == 1 and not page.foreign and not page.mapped and self.moved(page):
            self.released(page)
            return
        self.tidy(page)
        self.enlist(page)

    def moved(self, page):
        """Move the only object of a page to another one."""
        ((place, chunks),) = page.objects.items()
        target = self.roomy(chunks)
        if target is None:
            return False
        handle = page.handles.pop(place)
        del page.objects[place]
        self.where[handle] = target, target.add(chunks, handle)
        target.foreign.add(handle)
        self.enlist(target)
        return True

    def tidy(self, page):
        """Move the middle object of a page out of the way."""
        if MIDDLE not in page.objects or page.pinned:
            return
        middle, others = page.objects[MIDDLE], set(page.objects) - {MIDDLE}
        if not others:
            handle = page.handles.pop(MIDDLE)
            page.objects[FIRST] = page.objects.pop(MIDDLE)
            page.handles[FIRST] = handle
            self.where[handle] = page, FIRST
        elif others == {FIRST} and page.start - 2 - page.objects[FIRST] >= 3:
            page.start = 2 + page.objects[FIRST]
        elif others == {LAST} and 64 - page.objects[LAST] - page.start - middle >= 3:
            page.start = 64 - page.objects[LAST] - middle

    def compact_work(self):
        count = len(self.work)
        while self.work:
            self.compact(self.work.pop(0))
        return count

    def release_work(self):
        some = bool(self.stale)
        while self.stale:
            self.buddy.put_page(self.stale.pop(0).frame)
        return some

    # --- mappings ------------------------------------------------------------------------------

    def map(self, handle):
        if handle not in self.where:
            return -1
        page, place = self.where[handle]
        page.mapped = (page.mapped + (place > 0)) % 4
        page.pinned = page.pinned or place == MIDDLE
        return self.address(handle)

    def unmap(self, handle):
        page, place = self.where[handle]
        page.mapped = (page.mapped - (place > 0)) % 4
        page.pinned = page.pinned and place != MIDDLE
        return 0

    def address(self, handle):
        page, place = self.where[handle]
        return page.frame * PAGE_SIZE + page.offset(place)

    # --- moving --------------------------------------------------------------------------------

    def isolate(self, frame):
        page = next(each for each in self.pages() if each.frame == frame)
        if page.whole or page.waits or page.claimed or page.mapped or page.foreign:
            return False
        page.claimed = page.isolated = True
        self.take_off(page)
        self.take_off(page, self.lru)
        self.isolated = page
        self.buddy.references[frame] += 1
        return True

    def migrate(self):
        page, self.isolated = self.isolated, None
        new = self.buddy.alloc(0, 2)
        if new < 0:
            self.back(page)
            return new
        if page.mapped or self.buddy.references[page.frame] > 2:
            if self.buddy.references[page.frame] == 2:
                page.claimed = False
                answer = -EBUSY
            else:
                answer = -EAGAIN
            self.back(page)
            self.buddy.put_page(new)
            return answer
        for _ in range(2):
            self.buddy.put_page(page.frame)
        page.frame, page.isolated, page.waits, page.has_cpu = new, False, True, True
        self.work.append(page)
        self.newest(page)
        return 0

    def putback(self):
        page, self.isolated = self.isolated, None
        self.back(page)

    def back(self, page):
        page.isolated = False
        if not self.released(page):
            self.newest(page)
            self.enlist(page)
            page.claimed = False
        self.buddy.put_page(page.frame)

    # --- reclaim -------------------------------------------------------------------------------

    def reclaim(self, keep):
        """Evict the objects of one page, except from the first that `keep` names on."""
        page = next((p for p in reversed(self.lru) if not p.foreign and not p.claimed), None)
        if page is None:
            return -EAGAIN if self.lru else -EINVAL
        page.claimed = True
        page.has_cpu, page.held = False, 1
        self.take_off(page)
        self.take_off(page, self.lru)
        for place in (0, MIDDLE, FIRST, LAST):
            handle = page.handles.get(place)
            if handle is not None:
                if handle in keep:
                    break
                self.free(handle)
        page.held = 0
        if page.whole and not page.objects:
            self.buddy.put_page(page.frame)
            return 0
        if not page.whole and self.released(page):
            return 0
        self.newest(page)
        page.claimed = False
        if not page.whole:
            self.enlist(page)
        return -EAGAIN
