"""The obvious twins of the engine's mechanisms: dicts and lists, nothing clever, no numba.

They state the rules again, from the descriptions of the golden traces, so that a test can drive a
twin and the engine with the same script and compare what both answer and hold afterwards. A list
here is a Python list with its head first.
"""

from collections import defaultdict
from itertools import count

from zbudlab.layout import (
    EEXIST,
    ENOMEM,
    MAX_ORDER,
    MIGRATE_CMA,
    MIGRATE_MOVABLE,
    MIGRATE_RECLAIMABLE,
    MIGRATE_UNMOVABLE,
    RADIX_TREE_MAP_SHIFT,
)

FALLBACKS = {
    MIGRATE_UNMOVABLE: (MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE),
    MIGRATE_RECLAIMABLE: (MIGRATE_UNMOVABLE, MIGRATE_MOVABLE),
    MIGRATE_MOVABLE: (MIGRATE_CMA, MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE),
}
BOOT_BLOCK = 64  #: frames that boot releases at once


class RadixTree:
    """Items by key; the height and the number of nodes follow from the keys alone."""

    def __init__(self):
        self.items = {}

    def height(self):
        return next(h for h in count() if not max(self.items, default=0) >> self.bits(h))

    def nodes(self):
        levels = range(1, self.height() + 1)
        return sum(len({key >> self.bits(level) for key in self.items}) for level in levels)

    @staticmethod
    def bits(levels):
        return levels * RADIX_TREE_MAP_SHIFT

    def insert(self, key, item):
        if key in self.items:
            return -EEXIST
        self.items[key] = item
        return 0

    def replace(self, key, item):
        old = self.items.get(key, 0)
        if old:
            self.items[key] = item
        return old

    def next_hole(self, key, max_scan):
        for candidate in range(key, key + max_scan):
            if candidate not in self.items:
                return candidate % 2**64
        return (key + max_scan) % 2**64


class Buddy:
    """The page allocator: free blocks on lists by order and type, pageblocks with a type."""

    def __init__(self, frames, pageblock_order, areas=()):
        self.frames = frames
        self.pageblock_order = pageblock_order
        self.types = [MIGRATE_MOVABLE] * -(-frames >> pageblock_order)
        self.lists = defaultdict(list)  # first frames by (order, type)
        self.free = {}  # (order, type) by first frame
        self.orders = {}  # of the blocks in use, by first frame
        self.references = {}  # on them
        self.failures = 0  # allocations to come that fail on request
        self.boot(areas)

    def boot(self, areas):
        edges = [0, *(edge for area in areas for edge in area), self.frames]
        for start, end in zip(edges[::2], edges[1::2], strict=True):
            at = start
            while at < end:
                whole = at % BOOT_BLOCK == 0 and at + BOOT_BLOCK <= end
                self.free_block(at, BOOT_BLOCK.bit_length() - 1 if whole else 0)
                at += BOOT_BLOCK if whole else 1
        for start, end in areas:
            for at in range(start, end, 1 << self.pageblock_order):
                self.types[at >> self.pageblock_order] = MIGRATE_CMA
                self.free_block(at, self.pageblock_order)

    def type_of(self, pfn):
        return self.types[pfn >> self.pageblock_order]

    def set_types(self, pfn, pages, migratetype):
        for at in range(pfn, pfn + pages, 1 << self.pageblock_order):
            self.types[at >> self.pageblock_order] = migratetype

    def nr_free(self):
        return [sum(k == order for k, _ in self.free.values()) for order in range(MAX_ORDER)]

    def free_pages(self, *migratetypes):
        """Free pages; of pageblocks of these types only, where any are given."""
        return sum(
            1 << order
            for pfn, (order, _) in self.free.items()
            if not migratetypes or self.type_of(pfn) in migratetypes
        )

    def is_free(self, pfn, order):
        return pfn in self.free and self.free[pfn][0] == order

    def take(self, pfn):
        order, migratetype = self.free.pop(pfn)
        self.lists[order, migratetype].remove(pfn)
        return order

    def put(self, pfn, order, migratetype, last=False):
        members = self.lists[order, migratetype]
        members.insert(len(members) if last else 0, pfn)
        self.free[pfn] = order, migratetype

    def free_block(self, pfn, order):
        migratetype = self.type_of(pfn)
        while order < MAX_ORDER - 1 and self.is_free(pfn ^ (1 << order), order):
            self.take(pfn ^ (1 << order))
            pfn &= ~(1 << order)
            order += 1
        uncle = (pfn & ~(1 << order)) ^ (2 << order)
        self.put(pfn, order, migratetype, order < MAX_ORDER - 2 and self.is_free(uncle, order + 1))

    def split(self, pfn, order, migratetype):
        for smaller in range(self.take(pfn) - 1, order - 1, -1):
            self.put(pfn + (1 << smaller), smaller, migratetype)
        return pfn

    def claim(self, pfn, migratetype):
        """Move a pageblock's free blocks to a type's lists; the pages moved."""
        start = pfn >> self.pageblock_order << self.pageblock_order
        end = start + (1 << self.pageblock_order)
        if end > self.frames:
            return 0
        moved = 0
        for head in sorted(head for head in self.free if start <= head < end):
            order = self.take(head)
            self.put(head, order, migratetype)
            moved += 1 << order
        return moved

    def steal(self, pfn, order, migratetype):
        if order >= self.pageblock_order:
            self.set_types(pfn, 1 << order, migratetype)
            return
        moved = 0
        if order >= self.pageblock_order // 2 or migratetype == MIGRATE_RECLAIMABLE:
            moved = self.claim(pfn, migratetype)
        if 2 * moved >= 1 << self.pageblock_order:
            self.set_types(pfn, 1, migratetype)

    def find(self, order, migratetype):
        for larger in range(order, MAX_ORDER):
            if members := self.lists[larger, migratetype]:
                return self.split(members[0], order, migratetype)
        for larger in range(MAX_ORDER - 1, order - 1, -1):
            for other in FALLBACKS[migratetype]:
                if members := self.lists[larger, other]:
                    pfn = members[0]
                    if other == MIGRATE_CMA:
                        return self.split(pfn, order, MIGRATE_CMA)
                    self.steal(pfn, larger, migratetype)
                    return self.split(pfn, order, migratetype)
        return -ENOMEM

    def alloc(self, order, migratetype):
        if order >= MAX_ORDER:
            return -ENOMEM
        if self.failures:
            self.failures -= 1
            return -ENOMEM
        pfn = self.find(order, migratetype)
        if pfn >= 0:
            self.orders[pfn] = order
            self.references[pfn] = 1
        return pfn

    def put_page(self, pfn):
        self.references[pfn] -= 1
        if self.references[pfn]:
            return 0
        del self.references[pfn]
        self.free_block(pfn, self.orders.pop(pfn))
        return 1

    def watermark_ok(self, order, mark, use_cma):
        free = self.free_pages() - (1 << order) + 1
        if free - (0 if use_cma else self.free_pages(MIGRATE_CMA)) <= mark:
            return False
        for smaller, blocks in enumerate(self.nr_free()[:order]):
            free -= blocks << smaller
            mark //= 2
            if free <= mark:
                return False
        return True

    def isolate(self, pfn, low):
        """Take a free block as pages of order 0; the pages got."""
        order, _ = self.free[pfn]
        if not self.watermark_ok(0, low + (1 << order), False):
            return 0
        self.take(pfn)
        for at in range(pfn, pfn + (1 << order)):
            if order >= self.pageblock_order - 1 and self.type_of(at) != MIGRATE_CMA:
                self.set_types(at, 1, MIGRATE_MOVABLE)
            self.orders[at] = 0
            self.references[at] = 1
        return 1 << order
