"""The obvious twin of zsmalloc: zspages as objects on Python lists, heads first.

Frames come from the twin of the page allocator. Fractions are fractions, and a class is looked for.
"""

from collections import defaultdict
from fractions import Fraction

from zbudlab.layout import (
    EAGAIN,
    EBUSY,
    EINVAL,
    ENOENT,
    ENOMEM,
    ENOSPC,
    MIGRATE_MOVABLE,
    PAGE_SIZE,
)

SIZES = range(32, PAGE_SIZE + 1, 16)
FULL = 11


class SizeClass:
    """Size of its places, pages and objects of its zspages."""

    def __init__(self, size, pages):
        self.size = size
        self.pages = pages
        self.objects = PAGE_SIZE * pages // size

    def shape(self):
        return self.pages, self.objects


def chain(rules, size):
    """Pages of a zspage."""
    lengths = range(1, rules.chain_size + 1)
    if rules.least_waste:
        return min(lengths, key=lambda pages: PAGE_SIZE * pages % size)
    share = {n: Fraction(PAGE_SIZE * n // size * size, PAGE_SIZE * n) for n in lengths}
    return max(lengths, key=lambda pages: int(100 * share[pages]))


def size_classes(rules):
    """The class that serves each size, by size; neighbours of one shape share the largest."""
    made = {}
    for size in reversed(SIZES):
        each = SizeClass(size, chain(rules, size))
        above = made.get(size + 16)
        made[size] = above if above and above.shape() == each.shape() else each
    return made


class Zspage:
    """A chain of frames with places for objects."""

    def __init__(self, size_class, frames):
        self.size_class = size_class
        self.frames = frames
        self.handles = {}  # by index
        self.free = list(reversed(range(size_class.objects)))  # a stack
        self.readers = 0
        self.group = None

    def pop(self, handle):
        index = self.free.pop()
        self.handles[index] = handle
        return index

    def push(self, index):
        del self.handles[index]
        self.free.append(index)


class NaiveZsmalloc:
    """A pool. Its operations are called as those of the engine in the tests."""

    def __init__(self, buddy, rules):
        self.buddy = buddy
        self.rules = rules
        self.classes = size_classes(rules)
        self.kept = sorted(set(self.classes.values()), key=lambda each: -each.size)
        self.lists = defaultdict(list)  # by class and group
        self.places = {}  # zspage and index by handle
        self.handles = []  # freed ones, a stack
        self.issued = 0
        self.locked = None  # a frame
        self.queued = False

    # --- what it holds -------------------------------------------------------------------------

    def zspages(self):
        return [zspage for members in self.lists.values() for zspage in members]

    def of_class(self, size_class):
        return [zspage for zspage in self.zspages() if zspage.size_class is size_class]

    def pages_nr(self):
        return sum(len(zspage.frames) for zspage in self.zspages())

    def gain(self, size_class):
        free = sum(len(zspage.free) for zspage in self.of_class(size_class))
        return free // size_class.objects * size_class.pages

    def count(self):
        return sum(map(self.gain, self.kept))

    def frame(self, handle):
        zspage, index = self.places[handle]
        return zspage.frames[index * zspage.size_class.size // PAGE_SIZE]

    # --- lists ---------------------------------------------------------------------------------

    def group_of(self, zspage):
        used, objects = len(zspage.handles), zspage.size_class.objects
        if not used:
            return 0
        if used == objects:
            return FULL
        if self.rules.groups_of_ten_percent:
            return int(Fraction(100 * used, objects)) // 10 + 1
        return 1 if used <= int(Fraction(3 * objects, 4)) else 2

    def insert(self, zspage):
        zspage.group = self.group_of(zspage)
        members = self.lists[zspage.size_class, zspage.group]
        second = members and len(zspage.handles) < len(members[0].handles)
        members.insert(1 if second and self.rules.emptier_goes_second else 0, zspage)

    def remove(self, zspage):
        self.lists[zspage.size_class, zspage.group].remove(zspage)

    def moved(self, zspage):
        """Put a zspage where it belongs, if it is elsewhere."""
        if self.group_of(zspage) != zspage.group:
            self.remove(zspage)
            self.insert(zspage)

    def first(self, size_class, groups):
        return next((m[0] for group in groups if (m := self.lists[size_class, group])), None)

    # --- objects -------------------------------------------------------------------------------

    def frames_for(self, size_class, migratetype):
        frames = []
        for _ in range(size_class.pages):
            pfn = self.buddy.alloc(0, migratetype)
            if pfn < 0:
                for taken in reversed(frames):
                    self.buddy.put_page(taken)
                return None
            frames.append(pfn)
        return frames

    def malloc(self, size):
        if size <= 0:
            return -EINVAL
        if size > PAGE_SIZE:
            return -ENOSPC if self.rules.too_long_is_enospc else -EINVAL
        needed = min(size + 8, PAGE_SIZE)
        size_class = next(self.classes[each] for each in SIZES if each >= needed)
        handle = self.handles[-1] if self.handles else self.issued + 1
        zspage = self.first(size_class, range(FULL - 1, -1, -1))
        if zspage is None:
            frames = self.frames_for(size_class, MIGRATE_MOVABLE)
            if frames is None:
                if not self.handles:  # the number was issued all the same
                    self.issued += 1
                    self.handles.append(handle)
                return -ENOMEM
            zspage = Zspage(size_class, frames)
            index = zspage.pop(handle)
            self.insert(zspage)
        else:
            index = zspage.pop(handle)
            self.moved(zspage)
        if self.handles:
            self.handles.pop()
        else:
            self.issued += 1
        self.places[handle] = zspage, index
        return handle

    def free(self, handle):
        if handle not in self.places:
            return -ENOENT
        zspage, index = self.places.pop(handle)
        zspage.push(index)
        self.moved(zspage)
        if not zspage.handles:
            self.release(zspage)
        self.handles.append(handle)
        return 0

    def release(self, zspage):
        """Free an empty zspage, now or later."""
        if self.locked in zspage.frames:
            self.queued = True
            return
        self.remove(zspage)
        for pfn in zspage.frames:
            self.buddy.put_page(pfn)

    def deferred(self):
        ran, self.queued = self.queued, False
        if ran:
            for size_class in self.kept:
                for zspage in list(self.lists[size_class, 0]):
                    self.release(zspage)
        return ran

    def map(self, handle):
        if handle not in self.places:
            return -1
        zspage, index = self.places[handle]
        zspage.readers += 1
        return self.address(zspage, index)

    def address(self, zspage, index):
        huge = zspage.size_class.shape() == (1, 1)
        at = index * zspage.size_class.size
        return zspage.frames[at // PAGE_SIZE] * PAGE_SIZE + at % PAGE_SIZE + (0 if huge else 8)

    def unmap(self, handle):
        if handle not in self.places or not self.places[handle][0].readers:
            return -ENOENT
        self.places[handle][0].readers -= 1
        return 0

    # --- moving --------------------------------------------------------------------------------

    def migrate(self, pfn):
        zspage = next(each for each in self.zspages() if pfn in each.frames)
        new = self.buddy.alloc(0, MIGRATE_MOVABLE)
        if new < 0:
            return new
        refused = 0
        if self.locked == pfn or self.buddy.references[pfn] > 1:
            refused = -EAGAIN
        elif zspage.readers:
            refused = -EBUSY if self.rules.busy_when_read else -EAGAIN
        if refused:
            self.buddy.put_page(new)
            return refused
        zspage.frames[zspage.frames.index(pfn)] = new
        self.buddy.put_page(pfn)
        return 0

    def compact(self):
        step = self.fill if self.rules.destination_first else self.empty
        return sum(step(size_class) for size_class in self.kept)

    def take(self, size_class, groups):
        zspage = self.first(size_class, groups)
        if zspage:
            self.remove(zspage)
        return zspage

    def shift(self, source, target):
        """Move objects while there is room. Return whether all were moved."""
        for index in sorted(source.handles):
            if not target.free:
                return False
            handle = source.handles[index]
            source.push(index)
            self.places[handle] = target, target.pop(handle)
        return True

    def put_source(self, source):
        self.insert(source)
        if source.handles:
            return 0
        self.release(source)
        return len(source.frames)

    def empty(self, size_class):
        """Compact a class source by source."""
        freed = 0
        while source := self.take(size_class, range(1, FULL)):
            if source.readers or not self.gain_with(size_class, source):
                self.insert(source)
                break
            done = False
            while not done and (target := self.take(size_class, range(FULL - 1, 0, -1))):
                done = self.shift(source, target)
                self.insert(target)
            freed += self.put_source(source)
            if not done:
                break
        return freed

    def gain_with(self, size_class, *taken):
        free = sum(len(zspage.free) for zspage in [*self.of_class(size_class), *taken])
        return free // size_class.objects

    def fill(self, size_class):
        """Compact a class destination by destination."""
        freed, target = 0, None
        while self.gain_with(size_class, *([target] if target else [])):
            target = target or self.take(size_class, range(FULL - 1, 0, -1))
            source = self.take(size_class, range(1, FULL)) if target else None
            if source is None:
                break
            if source.readers:
                self.insert(source)
                break
            self.shift(source, target)
            freed += self.put_source(source)
            if not target.free:
                self.insert(target)
                target = None
        if target:
            self.insert(target)
        return freed
