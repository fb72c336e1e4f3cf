"""Pools, swap and zswap: sizes, flags and record types."""

import numpy as np

from zbudlab.layout.memory import PAGE_SHIFT, PAGE_SIZE, page
from zbudlab.profiles import RULES, ZSMALLOC_RULES

# --- zbud ---------------------------------------------------------------------------------------
NCHUNKS_ORDER = 6
NCHUNKS = 1 << NCHUNKS_ORDER  #: chunks in a page
CHUNK_SHIFT = PAGE_SHIFT - NCHUNKS_ORDER
CHUNK_SIZE = 1 << CHUNK_SHIFT  #: bytes in a chunk
ZHDR_CHUNKS = 1  # chunk 0 of a zbud page is its header
ZBUD_MAX_SIZE = PAGE_SIZE - 2 * CHUNK_SIZE  #: largest object, bytes: 3968

# Allocators behind zpool: `kind` of a pool.
ZPOOL_ZBUD = 0
ZPOOL_ZSMALLOC = 1
ZPOOL_Z3FOLD = 2
DOOR_FREE_SCAN = 16  # of the doors of rule free_scan_stride; those of allocators have `kind`

# A handle is the address of a buddy (v3.11), or a number in a tree (the series).
ZBUD_PLAIN = 0
ZBUD_SERIES = 1

# Buddies of a zbud page, and the links of a zbud header: `header.next[LRU]`, `.next[BUDDY]`.
FIRST = 1
LAST = 2
BUDDY = 1

# A zbud header is the first chunk of its page. With page bytes, memory is rows of one chunk, and
# the header of a page is row pfn << 6. Without page bytes each page has one row, row pfn << 0.
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
            "freed",  # rule keep_page_until_unmap: FIRST and LAST, buddies freed while mapped
            "first_swpentry",  # without page bytes: the first eight bytes that the owner wrote
            "last_swpentry",  # into the buddy
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
            "u1",
            "i8",
            "i8",
        ],
        "offsets": [0, 8, 16, 24, 32, 36, 40, 41, 42, 43, 48, 56],
        "itemsize": CHUNK_SIZE,
    },
    align=True,
)

# All zbud headers start a page, so they share one set of the processor's first cache and evict
# other data there (measured: a quarter slower). Data that every operation needs is kept out of
# that set: list heads follow their records after a gap, the zone and the pools start inside a page.
POOL_LISTS_GAP = 1  # rows
ZONE_LISTS_GAP = CHUNK_SIZE // page.itemsize  # page records
ZONE_OFFSET = PAGE_SIZE // 4  # bytes after the start of a page
POOLS_OFFSET = PAGE_SIZE // 2

# List heads of a pool are rows after memory: unbuddied[1 .. 63], with the buddied list as number
# 0, to which no half-filled page belongs, then the LRU list.
BUDDIED = 0
LRU_LIST = NCHUNKS
NR_POOL_LISTS = NCHUNKS + 1

zbud_pool = np.dtype(
    [
        ("list_heads", "i8"),  # first row of the pool's list heads
        ("row_shift", "i8"),  # header of page pfn is row pfn << row_shift
        ("created", "i8"),  # 1 = the pool exists
        ("kind", "i8"),  # ZPOOL_*: its allocator
        ("variant", "i8"),  # ZBUD_PLAIN or ZBUD_SERIES
        ("pages_nr", "i8"),  # pages in the pool
        ("height", "i8"),  # the handles' radix tree: root, as radix_tree_root
        ("rnode", "i8"),
        ("items", "i8"),
        ("last_handle", "i8"),  # the newest handle
        *((rule, "i8") for rule in ZSMALLOC_RULES),  # zsmalloc; see zbudlab.profiles
        ("size_classes", "i8"),  # zsmalloc: place of its first class in `size_classes`
        ("free_work", "i8"),  # zsmalloc: 1 = empty zspages wait for the deferred work
        ("zswap_entries", "i8"),  # rule own_lru: entries of zswap whose objects it holds
        ("next_pool", "i8"),  # rule own_lru: zswap's next older pool; -1 = none
        ("z3fold_heads", "i8"),  # z3fold: record that heads the first of its lists
        ("z3fold_by_hand", "i8"),  # z3fold: 1 = work runs only when the caller runs it
        ("z3fold_overruns", "i8"),  # z3fold: times that 6.1 would write past its array of lists
        ("z3fold_unseen_mappings", "i8"),  # z3fold: times that four mappings looked like none
    ],
    align=True,
)

# --- radix tree ---------------------------------------------------------------------------------
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

# Node 0 is not a node: its `count` is the number of nodes in use, slots[0] the head of the list of
# free nodes (linked through slots[0]), slots[1] the lowest node never used.
radix_tree_node = np.dtype(
    [
        ("count", "u4"),  # slots in use
        ("parent", "u4"),  # node above; 0 = this is the root
        ("slots", "u4", (RADIX_TREE_MAP_SIZE,)),  # node numbers; items in the lowest level
    ],
    align=True,
)

# --- swap and zswap -----------------------------------------------------------------------------
MAX_SWAPFILES = 29  #: swap areas; their numbers are the swap types 0 .. 28
SWP_TYPE_SHIFT = 57  # a swap entry is type << SWP_TYPE_SHIFT | offset
SWAP_HAS_CACHE = 0x40  # in swap_map: no references, but not free yet
SWAP_MAP_MAX = 0x3E  #: references that a slot can have
SWAP_ZEROS = 2  # in frontswap, rule zeromap: the page has only zeros, and is stored nowhere
SWAP_SLOTS_CACHE_SIZE = 64  # rule swap_slots_cache: freed slots that are kept

swap_info = np.dtype(
    [
        ("start", "i8"),  # first slot of the area in the table of swap slots
        ("nr_slots", "i8"),  # 0 = the area is off
        ("cluster_next", "i8"),  # offset where the search for a free slot starts
        ("inuse_pages", "i8"),  # slots not free
        ("pool", "i8"),  # zswap's pool for the area; -1 = none
    ],
    align=True,
)

swap_slot = np.dtype(
    [
        ("entry", "u4"),  # zswap's tree: the entry of this slot; 0 = none
        ("swap_map", "u1"),  # references; 0 = free
        ("frontswap", "u1"),  # 1 = zswap took the page stored last; SWAP_ZEROS
        ("type", "u1"),  # swap type: the slot's area
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
REFUSED_CGROUP = 10  # rule own_lru: its cgroup was at memory.zswap.max, nothing was written back
REFUSED_LIMIT = 11  # rule own_lru: the pools were at their limit
REFUSED_TREE = 12  # rule own_lru: no memory for a node of the tree of slots
REFUSED_DISABLED = 13  # rule own_lru: zswap is switched off

zswap_entry = np.dtype(
    [
        ("slot", "u4"),  # swap slot
        ("refcount", "i4"),  # 1 for the tree, 1 for each user
        ("length", "u4"),  # compressed, bytes; 0 = same-filled, no object in the pool
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
        ("pool_reached_full", "i8"),  # rule accept_threshold: 1 = refuse until below it
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
        ("fail_entry_alloc", "i8"),  # fault injection: this many further entries fail
        # rule own_lru:
        ("enabled", "i8"),  # 0 = stores are refused
        ("shrinker_enabled", "i8"),
        (
            "current_pool",
            "i8",
        ),  # stores go to this pool; older ones follow (`next_pool`); -1 = none
        ("next_shrink", "i8"),  # the cgroup where the shrink work was last; -1 = starts anew
        ("shrink_work", "i8"),  # 1 = the work is queued
        ("decompress_fail", "i8"),  # counters
        ("reject_compress_fail", "i8"),
        ("stored_incompressible_pages", "i8"),
        ("fail_tree_alloc", "i8"),  # fault injection: this many further insertions fail
        ("fail_decompress", "i8"),  # this many further decompressions fail
    ],
    align=True,
)
