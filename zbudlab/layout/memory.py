"""Page frames, zones, processes and compaction: sizes, flags and record types."""

import numpy as np

# --- pages --------------------------------------------------------------------------------------
PAGE_SHIFT = 12
PAGE_SIZE = 1 << PAGE_SHIFT
MAX_ORDER = 11  #: free blocks have orders 0 .. MAX_ORDER - 1
MAX_ORDER_NR_PAGES = 1 << (MAX_ORDER - 1)
HUGETLB_PAGE_ORDER = 9  #: a huge page of x86-64; a pageblock is as large, unless configured

# Migrate types, in Linux 3.12's order.
MIGRATE_UNMOVABLE = 0
MIGRATE_RECLAIMABLE = 1
MIGRATE_MOVABLE = 2
MIGRATE_RESERVE = 3
MIGRATE_CMA = 4
MIGRATE_ISOLATE = 5
MIGRATE_TYPES = 6
MIGRATE_NAMES = ("unmovable", "reclaimable", "movable", "reserve", "cma", "isolate")

# Bits of page_flags.
PG_LOCKED = 1
PG_REFERENCED = 2  # the process touched it since reclaim last looked
PG_LRU = 4  # on an LRU list
PG_ACTIVE = 8
PG_SWAPCACHE = 16  # its content is also in the swap slot `private`
PG_DIRTY = 32
PG_POISON = 128  # free and filled with poison (checked runs)
PG_HEAD = 64  # first frame of an allocated block, whose order is in `order`
PG_ISOLATED = 256  # rule mark_isolated: a page of a pool that some compaction holds

PAGE_POISON = 0xAA  #: fills free frames in checked runs

# Special values of _mapcount for pages that no process maps.
PAGE_BUDDY_MAPCOUNT_VALUE = -128  # head of a free block
PAGE_ZPOOL_FIRST = -127  # up to PAGE_ZPOOL_LAST: pages of allocators behind zpool
PAGE_ZBUD_MAPCOUNT_VALUE = -127  # zbud page (patch 3 of the series)
PAGE_ZSMALLOC_MAPCOUNT_VALUE = -126  # page of a zspage
PAGE_Z3FOLD_MAPCOUNT_VALUE = -125  # page of z3fold
PAGE_ZPOOL_LAST = -120

# The list links of a record: `record.next[LRU]`. A struct page is on one list at a time.
LRU = 0

page = np.dtype(
    [
        ("next", "u4", (1,)),  # list links: page frame numbers, or list heads behind them
        ("prev", "u4", (1,)),
        ("refcount", "i4"),  # _count: users; 0 = free
        ("mapcount", "i4"),  # _mapcount: page table entries - 1, or one of the values above
        ("page_flags", "u2"),  # PG_*
        ("order", "u1"),  # order of the block that starts here, free or allocated
        ("migratetype", "u1"),  # of the free list the block is on, or what it was allocated as
        ("private", "u4"),  # page of a pool: the pool; swap cache: swap slot
        ("mapping", "u4"),  # owner: process number + 1; 0 = kernel
        (
            "index",
            "u4",
        ),  # place in the table of page table entries (`ptes`); zsmalloc: zspage; z3fold: record
    ],
    align=True,
)
assert page.itemsize == 32

# List heads follow the page records: free lists by order and type, then these.
NR_FREE_LISTS = MAX_ORDER * MIGRATE_TYPES
INACTIVE_ANON = NR_FREE_LISTS
ACTIVE_ANON = NR_FREE_LISTS + 1
MIGRATEPAGES = NR_FREE_LISTS + 2  # compact_control.migratepages: isolated, to be moved
FREEPAGES = NR_FREE_LISTS + 3  # compact_control.freepages: targets
SHRINK_LIST = NR_FREE_LISTS + 4  # isolated by reclaim
NR_LIST_HEADS = NR_FREE_LISTS + 5

pageblock = np.dtype(
    [
        ("migratetype", "u1"),  # of the block's free pages
        ("skip", "u1"),  # compaction found nothing here
    ],
    align=True,
)

WMARK_MIN = 0
WMARK_LOW = 1
WMARK_HIGH = 2

zone = np.dtype(
    [
        ("spanned_pages", "i8"),  # page frames 0 .. spanned_pages - 1
        ("list_heads", "i8"),  # index of the first list head in the page records
        ("pageblock_order", "i8"),
        ("nr_free", "i8", (MAX_ORDER,)),  # free blocks by order
        ("nr_free_pages", "i8"),  # NR_FREE_PAGES, pages
        ("nr_free_cma", "i8"),  # NR_FREE_CMA_PAGES, pages
        ("watermark", "i8", (3,)),  # pages: min, low, high
        ("nr_inactive_anon", "i8"),
        ("nr_active_anon", "i8"),
        ("compact_cached_migrate_pfn", "i8"),  # -1 = not set yet
        ("compact_cached_free_pfn", "i8"),
        ("compact_blockskip_flush", "i8"),  # 1 = hints may be cleared
        ("zpool_movable", "i8"),  # 1 = compaction and CMA may move pages of pools
        ("fail_page_alloc", "i8"),  # fault injection: this many further allocations fail
    ],
    align=True,
)

# --- processes ----------------------------------------------------------------------------------
PTE_NONE = 0  # never touched: reads as zeros
PTE_PRESENT = 1  # `value` is a page frame
PTE_SWAP = 2  # `value` is a place in the table of swap slots

pte = np.dtype(
    [
        ("value", "u4"),  # page frame or swap slot
        ("state", "u1"),  # PTE_*
        ("accessed", "u1"),  # touched since reclaim last looked
        ("dirty", "u1"),  # written since it was read from swap
    ],
    align=True,
)
assert pte.itemsize == 8

process = np.dtype(
    [
        ("start", "i8"),  # first place in the table of page table entries
        ("nr_pages", "i8"),  # virtual pages; 0 = the process is gone
        ("rss", "i8"),  # pages present
        ("swapents", "i8"),  # pages swapped out
        ("cgroup", "i8"),  # rule own_lru: charged for its pages in zswap
    ],
    align=True,
)

# --- compaction ---------------------------------------------------------------------------------
# Results of compaction.
COMPACT_SKIPPED = 0  # not started, because it could not help
COMPACT_CONTINUE = 1
COMPACT_PARTIAL = 2  # a block of that order is available, or no target was left
COMPACT_COMPLETE = 3  # the scanners met

COMPACT_CLUSTER_MAX = 32  #: pages isolated at a time

# The caller of migration, which decides where the targets come from.
MR_COMPACTION = 0  # the free scanner
MR_CMA = 1  # the page allocator

compact_control = np.dtype(
    [
        ("reason", "i8"),  # MR_*
        ("order", "i8"),  # block wanted; -1 = compact the whole zone
        ("migratetype", "i8"),  # of that block
        ("sync", "i8"),  # 0 = asynchronous: leave pageblocks of other types alone
        ("ignore_skip_hint", "i8"),  # 1 = scan everything, leave no hints
        ("finished_update_migrate", "i8"),  # 1 = the cached positions stay from here on
        ("finished_update_free", "i8"),
        ("migrate_pfn", "i8"),  # the migrate scanner, moving up
        ("free_pfn", "i8"),  # the free scanner, moving down
        ("nr_migratepages", "i8"),  # on MIGRATEPAGES when the round started
        ("migrate_scanned", "i8"),  # pages scanned (COMPACTMIGRATE_SCANNED)
        ("free_scanned", "i8"),  # (COMPACTFREE_SCANNED)
        ("isolated", "i8"),  # pages to move and targets together (COMPACTISOLATED)
        ("migrated", "i8"),
        ("failed", "i8"),  # pages not moved, summed over rounds
        ("nr_moves", "i8"),  # entries of the list of moves
    ],
    align=True,
)

# What happened to an isolated page; a run has at most one entry per page frame.
migration = np.dtype(
    [
        ("old", "i8"),  # page frames
        ("new", "i8"),  # -1 = not moved
        ("rc", "i8"),  # 0, or why it was not moved: -EAGAIN, -ENOMEM
    ],
    align=True,
)

# --- CMA -----------------------------------------------------------------------------------------
cma_area = np.dtype(
    [
        ("base_pfn", "i8"),  # first page frame
        ("nr_pages", "i8"),  # 0 = no area
        ("order_per_bit", "i8"),  # a bit of its bitmap stands for 2^order_per_bit pages
    ],
    align=True,
)

# --- frames at a glance -------------------------------------------------------------------------
# What a page frame is, as maps show it: one byte with its kind and flags.
FRAME_KIND_MASK = 7
FRAME_FREE = 0
FRAME_FREE_CMA = 1
FRAME_ANON = 2  # a process's page
FRAME_POOL_PART = 3  # a page of a pool with room for another object (zbud: one buddy)
FRAME_POOL_FULL = 4  # a page without room (zbud: two buddies)
FRAME_KERNEL = 5  # allocated and not movable
FRAME_ISOLATED = 8  # isolated to be moved or reclaimed, or free in an isolated block
FRAME_ORDER_SHIFT = 4  # free frames: the bits above are the order of their block
FRAME_PINNED = 16  # frames in use: movable, but with another reference
FRAME_IN_CMA = 32  # frames in use: in a pageblock of a CMA area
FRAME_KINDS = ("free", "free, CMA", "process", "zbud, one buddy", "zbud, two buddies", "kernel")
POOL_KINDS = (FRAME_POOL_PART, FRAME_POOL_FULL)

# What a chunk of a pool's page is, as maps and figures show it.
PART_FREE = 0
PART_HEADER = 1
PART_FIRST = 2  # zbud: the first buddy; elsewhere neighbouring objects alternate
PART_LAST = 3
PART_MIDDLE = 4  # z3fold: the middle object
PART_NAMES = ("free", "header", "first", "last", "middle")
