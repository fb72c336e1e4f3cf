"""All sizes, flags and record types: what a machine's memory looks like.

Each dtype is a struct of C, aligned, a field a line with its meaning. Linux has pointers where
we have numbers: page frame numbers, row numbers, entry numbers; 0 or a list head marks the end.
No field is named like an attribute of numpy's records, so that `record.field` means the same
compiled and uncompiled.
"""

import numpy as np

from zbudlab.profiles import RULES

# --- pages -------------------------------------------------------------------------------------
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
PG_SWAPCACHE = 16  # its content also stands in the swap slot `private`
PG_DIRTY = 32
PG_POISON = 128  # free and filled with poison (checked runs)
PG_HEAD = 64  # first frame of an allocated block, whose order is in `order`

PAGE_POISON = 0xAA  #: what free frames are filled with in checked runs

# Special values of _mapcount: what a page is that no process maps.
PAGE_BUDDY_MAPCOUNT_VALUE = -128  # head of a free block
PAGE_ZPOOL_FIRST = -127  # up to PAGE_ZPOOL_LAST: pages of allocators behind zpool
PAGE_ZBUD_MAPCOUNT_VALUE = -127  # zbud page (patch 3 of the series)
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
        ("private", "u4"),  # zbud: pool; swap cache: swap slot
        ("mapping", "u4"),  # owner: process number + 1; 0 = kernel
        ("index", "u4"),  # place in the table of page table entries (`ptes`)
    ],
    align=True,
)
assert page.itemsize == 32

# List heads stand behind the page records: free lists by order and type, then these.
NR_FREE_LISTS = MAX_ORDER * MIGRATE_TYPES
INACTIVE_ANON = NR_FREE_LISTS
ACTIVE_ANON = NR_FREE_LISTS + 1
MIGRATEPAGES = NR_FREE_LISTS + 2  # compact_control.migratepages: isolated, to be moved
FREEPAGES = NR_FREE_LISTS + 3  # compact_control.freepages: targets
SHRINK_LIST = NR_FREE_LISTS + 4  # isolated by reclaim
NR_LIST_HEADS = NR_FREE_LISTS + 5

pageblock = np.dtype(
    [
        ("migratetype", "u1"),  # what the block's free pages are for
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
        ("list_heads", "i8"),  # where the list heads start in the page records
        ("pageblock_order", "i8"),
        ("nr_free", "i8", (MAX_ORDER,)),  # free blocks by order
        ("nr_free_pages", "i8"),  # NR_FREE_PAGES, pages
        ("nr_free_cma", "i8"),  # NR_FREE_CMA_PAGES, pages
        ("watermark", "i8", (3,)),  # pages: min, low, high
        ("nr_inactive_anon", "i8"),
        ("nr_active_anon", "i8"),
        ("compact_cached_migrate_pfn", "i8"),  # -1 = not set yet
        ("compact_cached_free_pfn", "i8"),
        ("compact_blockskip_flush", "i8"),  # 1 = hints may be forgotten
        ("zpool_movable", "i8"),  # 1 = compaction and CMA may move pages of pools
        ("fail_page_alloc", "i8"),  # fault injection: > 0 = this many allocations to come fail
    ],
    align=True,
)

# --- zbud --------------------------------------------------------------------------------------
NCHUNKS_ORDER = 6
NCHUNKS = 1 << NCHUNKS_ORDER  #: chunks in a page
CHUNK_SHIFT = PAGE_SHIFT - NCHUNKS_ORDER
CHUNK_SIZE = 1 << CHUNK_SHIFT  #: bytes in a chunk
ZHDR_CHUNKS = 1  # chunk 0 of a zbud page holds its header
ZBUD_MAX_SIZE = PAGE_SIZE - 2 * CHUNK_SIZE  #: largest object, bytes: 3968

# Allocators behind zpool: `kind` of a pool.
ZPOOL_ZBUD = 0

# Two ways to hand out a buddy: by its address (v3.11), or by a number in a tree (the series).
ZBUD_PLAIN = 0
ZBUD_SERIES = 1

# Places of a zbud page, also the links of a zbud header: `header.next[LRU]`, `.next[BUDDY]`.
FIRST = 1
LAST = 2
BUDDY = 1

# A zbud header is the first chunk of its page. With page bytes, memory is rows of a chunk and
# the header of a page is row pfn << 6; without them it has one row a page, row pfn << 0.
zbud_header = np.dtype(
    {
        "names": [
            "next",  # links [LRU, BUDDY]: rows
            "prev",
            "first_handle",  # series: index in the pool's tree; 0 = no buddy
            "last_handle",
            "first_map_count",  # series: the owner's 1 + mappings held
            "last_map_count",
            "first_chunks",  # size of the buddy, chunks; 0 = no buddy
            "last_chunks",
            "under_reclaim",  # plain: off all lists, being evicted
            "first_swpentry",  # without page bytes: what the owner wrote into the first eight
            "last_swpentry",  # bytes of the buddy
        ],
        "formats": [
            ("u4", (2,)),
            ("u4", (2,)),
            "i8",
            "i8",
            "i4",
            "i4",
            "u1",
            "u1",
            "u1",
            "i8",
            "i8",
        ],
        "offsets": [0, 8, 16, 24, 32, 36, 40, 41, 42, 48, 56],
        "itemsize": CHUNK_SIZE,
    },
    align=True,
)

# All zbud headers start a page, so they share one set of the processor's first cache and push out
# whatever else starts one (measured: a quarter slower). What every operation needs stands apart:
# list heads a line behind their records, the zone and the pools within a page.
POOL_LISTS_GAP = 1  # rows
ZONE_LISTS_GAP = CHUNK_SIZE // page.itemsize  # page records
ZONE_OFFSET = PAGE_SIZE // 4  # bytes behind the start of a page
POOLS_OFFSET = PAGE_SIZE // 2

# List heads of a pool are rows behind memory: unbuddied[1 .. 63], with the buddied list as
# number 0, which no half-filled page can belong on, then the LRU.
BUDDIED = 0
LRU_LIST = NCHUNKS
NR_POOL_LISTS = NCHUNKS + 1

zbud_pool = np.dtype(
    [
        ("list_heads", "i8"),  # first row of the pool's list heads
        ("row_shift", "i8"),  # header of page pfn is row pfn << row_shift
        ("created", "i8"),  # 1 = there is such a pool
        ("kind", "i8"),  # ZPOOL_*: its allocator
        ("variant", "i8"),  # ZBUD_PLAIN or ZBUD_SERIES
        ("pages_nr", "i8"),  # pages in the pool
        ("height", "i8"),  # the handles' radix tree: root, as radix_tree_root
        ("rnode", "i8"),
        ("items", "i8"),
        ("last_handle", "i8"),  # the newest handle given out
    ],
    align=True,
)

# --- radix tree --------------------------------------------------------------------------------
RADIX_TREE_MAP_SHIFT = 6
RADIX_TREE_MAP_SIZE = 1 << RADIX_TREE_MAP_SHIFT
RADIX_TREE_MAP_MASK = RADIX_TREE_MAP_SIZE - 1

radix_tree_root = np.dtype(
    [
        ("height", "i8"),  # levels of nodes; 0 = none, the only item (key 0) is in rnode
        ("rnode", "i8"),  # node number, or at height 0 the item; 0 = empty
        ("items", "i8"),
    ],
    align=True,
)

# Node 0 is no node: its `count` is the number of nodes in use, slots[0] the head of the list of
# free nodes (through their slots[0]), slots[1] the lowest node never used.
radix_tree_node = np.dtype(
    [
        ("count", "u4"),  # slots in use
        ("parent", "u4"),  # node above; 0 = this is the root
        ("slots", "u4", (RADIX_TREE_MAP_SIZE,)),  # node numbers, in the lowest level items
    ],
    align=True,
)

# --- processes ---------------------------------------------------------------------------------
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
    ],
    align=True,
)

# --- compaction --------------------------------------------------------------------------------
# What compaction answers.
COMPACT_SKIPPED = 0  # not started: it could not help
COMPACT_CONTINUE = 1
COMPACT_PARTIAL = 2  # a block of that order is there now, or no target was left
COMPACT_COMPLETE = 3  # the scanners met

COMPACT_CLUSTER_MAX = 32  #: pages isolated at a time

# Who asks for migration, which decides where the targets come from.
MR_COMPACTION = 0  # the free scanner
MR_CMA = 1  # the page allocator

compact_control = np.dtype(
    [
        ("reason", "i8"),  # MR_*
        ("order", "i8"),  # block wanted; -1 = compact the whole zone
        ("migratetype", "i8"),  # of that block
        ("sync", "i8"),  # 0 = asynchronous: leave pageblocks of other types alone
        ("ignore_skip_hint", "i8"),  # 1 = look everywhere, leave no hints
        ("finished_update_migrate", "i8"),  # 1 = the cached positions stay from here on
        ("finished_update_free", "i8"),
        ("migrate_pfn", "i8"),  # the migrate scanner, rising
        ("free_pfn", "i8"),  # the free scanner, falling
        ("nr_migratepages", "i8"),  # on MIGRATEPAGES when the round started
        ("migrate_scanned", "i8"),  # pages looked at (COMPACTMIGRATE_SCANNED)
        ("free_scanned", "i8"),  # (COMPACTFREE_SCANNED)
        ("isolated", "i8"),  # pages to move and targets together (COMPACTISOLATED)
        ("migrated", "i8"),
        ("failed", "i8"),  # pages not moved, summed over rounds
        ("nr_moves", "i8"),  # entries of the list of moves
    ],
    align=True,
)

# What became of an isolated page; a run has at most one entry a page frame.
migration = np.dtype(
    [
        ("old", "i8"),  # page frames
        ("new", "i8"),  # -1 = not moved
        ("rc", "i8"),  # 0, or why it was not moved: -EAGAIN, -ENOMEM
    ],
    align=True,
)

# --- swap and zswap ----------------------------------------------------------------------------
MAX_SWAPFILES = 29  #: swap areas; their numbers are the swap types 0 .. 28
SWP_TYPE_SHIFT = 57  # a swap entry is type << SWP_TYPE_SHIFT | offset
SWAP_HAS_CACHE = 0x40  # in swap_map: nobody refers to the slot, but it is not free either yet
SWAP_MAP_MAX = 0x3E  #: references that a slot can have
SWAP_SLOTS_CACHE_SIZE = 64  # rule swap_slots_cache: freed slots that are kept

swap_info = np.dtype(
    [
        ("start", "i8"),  # first slot of the area in the table of swap slots
        ("nr_slots", "i8"),  # 0 = the area is off
        ("cluster_next", "i8"),  # offset where the search for a free slot starts
        ("inuse_pages", "i8"),  # slots not free
        ("pool", "i8"),  # zbud pool of what zswap keeps for the area; -1 = zswap keeps nothing
    ],
    align=True,
)

swap_slot = np.dtype(
    [
        ("entry", "u4"),  # zswap's tree: the entry of this slot; 0 = none
        ("swap_map", "u1"),  # references; 0 = free
        ("frontswap", "u1"),  # 1 = zswap took the page stored last
        ("type", "u1"),  # swap type: the area the slot lies in
        ("refusal", "u1"),  # REFUSED_*, why zswap refused the page stored last; 0 = it did not
    ],
    align=True,
)
assert swap_slot.itemsize == 8

swap_slots_cache = np.dtype(
    [
        ("n_ret", "i8"),  # slots kept
        ("slots_ret", "i8", (SWAP_SLOTS_CACHE_SIZE,)),
    ],
    align=True,
)

#: Compressed length of a page that needs more than a page, which no allocator takes.
TOO_LONG = PAGE_SIZE + 1

ZSWAP_HEADER_SIZE = 8  # a stored object starts with its swap entry
ZSWAP_RECLAIM_RETRIES = 8

# Why zswap refused a page. Sentences are in zbudlab.swap.refusals.
REFUSED_NO_POOL = 1
REFUSED_THRESHOLD = 2  # rule accept_threshold: the pool was full and is not yet small enough
REFUSED_FULL = 3  # rule refuse_after_reclaim: the pool was full, and reclaim made room for others
REFUSED_RECLAIM = 4  # the pool was full, and reclaim made no room
REFUSED_ENTRY = 5
REFUSED_COMPRESSOR = 6
REFUSED_LENGTH = 7
REFUSED_FRAME = 8
REFUSED_NODE = 9

zswap_entry = np.dtype(
    [
        ("slot", "u4"),  # swap slot
        ("refcount", "i4"),  # 1 for the tree, 1 for each user
        ("length", "u4"),  # compressed, bytes; 0 = same-filled, nothing in zbud
        ("next_free", "u4"),  # the next of the free entries
        ("handle", "i8"),  # zbud's
        ("word", "i8"),  # same-filled: the eight bytes; without page bytes: tag of the content
    ],
    align=True,
)
assert zswap_entry.itemsize == 32

zswap = np.dtype(
    [
        *((rule, "i8") for rule in RULES),  # the profile's rules; see zbudlab.profiles
        ("totalram_pages", "i8"),
        ("max_pool_percent", "i8"),
        ("accept_threshold_percent", "i8"),  # rule accept_threshold
        ("same_filled_pages_enabled", "i8"),  # rule same_filled, unless switched off
        (
            "pool_reached_full",
            "i8",
        ),  # rule accept_threshold: 1 = refuse until the pool is below the threshold
        ("pool_limit_hit", "i8"),  # counters, named as in debugfs
        ("written_back_pages", "i8"),
        ("reject_reclaim_fail", "i8"),
        ("reject_compress_poor", "i8"),
        ("reject_alloc_fail", "i8"),
        ("reject_kmemcache_fail", "i8"),
        ("duplicate_entry", "i8"),
        ("stored_pages", "i8"),
        ("pool_pages", "i8"),  # of the pool used last (areas can have separate pools)
        ("same_filled_pages", "i8"),
        ("compressed_bytes", "i8"),  # compressed lengths of all entries, without headers
        ("lost_stale", "i8"),  # newer pages on the device overwritten by older ones
        ("lost_write", "i8"),  # pages dropped after a failed write
        ("free_entry", "i8"),  # arena of entries: the first free one; 0 = none
        ("never_used", "i8"),  # the lowest entry never used
        ("nr_entries", "i8"),  # entries in use
        ("fail_entry_alloc", "i8"),  # fault injection: > 0 = this many entries to come fail
    ],
    align=True,
)

# --- frames at a glance ------------------------------------------------------------------------
# What a page frame is, as maps show it: a byte, its kind and what more there is to say.
FRAME_KIND_MASK = 7
FRAME_FREE = 0
FRAME_FREE_CMA = 1
FRAME_ANON = 2  # a process's page
FRAME_POOL_PART = 3  # a page of a pool with room for another object (zbud: one buddy)
FRAME_POOL_FULL = 4  # one without (zbud: two buddies)
FRAME_KERNEL = 5  # allocated and not movable
FRAME_ISOLATED = 8  # taken aside to be moved or reclaimed, or free where nothing is handed out
FRAME_ORDER_SHIFT = 4  # free frames: the order of their block stands above
FRAME_PINNED = 16  # frames in use: it could move, but somebody else holds a reference
FRAME_IN_CMA = 32  # frames in use: in a pageblock of a CMA area
FRAME_KINDS = ("free", "free, CMA", "process", "zbud, one buddy", "zbud, two buddies", "kernel")
POOL_KINDS = (FRAME_POOL_PART, FRAME_POOL_FULL)

# What a chunk of a pool's page is, as maps and figures show it.
PART_FREE = 0
PART_HEADER = 1
PART_FIRST = 2  # zbud: the first buddy; elsewhere neighbouring objects alternate
PART_LAST = 3
PART_NAMES = ("free", "header", "first", "last")

# --- traces ------------------------------------------------------------------------------------
# What a recorded trace says, a record an event.
block_event = np.dtype(
    [
        ("time", "i8"),  # nanoseconds, from whenever the trace counts; -1 = not said
        ("pfn", "i8"),  # first frame of the block on the traced machine; NO_FRAME = it got none
        ("order", "u1"),
        ("migratetype", "u1"),  # as the traced kernel numbers them
        ("alloc", "u1"),  # 1 = allocated, 0 = freed
    ],
    align=True,
)
NO_FRAME = 1 << 52  #: above any frame's number

page_use = np.dtype(
    [
        ("page", "i8"),  # virtual page number
        ("write", "u1"),  # 1 = written
    ],
    align=True,
)

# Blocks of a traced machine and where ours stand: an open-addressed table.
traced_block = np.dtype(
    [
        ("key", "i8"),  # first frame there + 1; 0 = no entry
        ("frame", "i8"),  # first frame here; -1 = we had none to give
        ("order", "i8"),
    ],
    align=True,
)

# --- errors ------------------------------------------------------------------------------------
EPERM = 1
ENOENT = 2
EIO = 5
EAGAIN = 11
ENOMEM = 12
EFAULT = 14
EBUSY = 16
EEXIST = 17
ENODEV = 19
EINVAL = 22
ENOSPC = 28
