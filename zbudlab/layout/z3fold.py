"""z3fold: sizes, flags and the record of a page.

The array of records is empty on a machine without a z3fold pool. It grows when needed, see
`zbudlab.mm.z3fold_tables`. Handles are in zsmalloc's table.
"""

import numpy as np

from zbudlab.layout.memory import PAGE_SIZE
from zbudlab.layout.pools import CHUNK_SIZE, NCHUNKS

Z3FOLD_HDR_CHUNKS = 2  # chunks 0 and 1 are the header, which here is in the table
Z3FOLD_NCHUNKS = NCHUNKS - Z3FOLD_HDR_CHUNKS  #: chunks of a page for objects
Z3FOLD_MAX_SIZE = PAGE_SIZE - (Z3FOLD_HDR_CHUNKS + 1) * CHUNK_SIZE  #: beside a header, bytes: 3904
BIG_CHUNK_GAP = 3  # a middle object moves only if that many chunks are gained

# Objects of a page, in the order in which they come; an object without a header fills its page.
Z3FOLD_HEADLESS = 0
Z3FOLD_FIRST = 1
Z3FOLD_MIDDLE = 2
Z3FOLD_LAST = 3
Z3FOLD_BUDDIES = 4

# The index in a handle's place: one of the above, and whether the object came from another
# page. z3fold keeps the handles of such "foreign" objects in the page that they left.
Z3FOLD_BUDDY_MASK = 3
Z3FOLD_FOREIGN = 4

# Flags of a page.
Z3FOLD_PAGE_HEADLESS = 1
Z3FOLD_MIDDLE_MAPPED = 2
Z3FOLD_NEEDS_COMPACTING = 4  # on the list of compaction work
Z3FOLD_STALE = 8  # without objects, waits for the release work
Z3FOLD_CLAIMED = 16  # held by reclaim or migration: no more objects
Z3FOLD_ISOLATED = 32

Z3FOLD_COUNT_MASK = 3  # mapped_count and foreign_handles have two bits

# Links of a record: `header.next[LRU]`, `.next[BUDDY]`, `.next[WORK]`.
WORK = 2

# List heads of a pool, records from its `z3fold_heads` on: pages by free chunks, 0 to 61. 6.1 has a
# place for none but those; it writes past them when an empty page is listed, so here is one more.
# The LRU list and the list of work start at the first head, by other links.
Z3FOLD_NO_LIST = Z3FOLD_NCHUNKS
Z3FOLD_STALE_LIST = Z3FOLD_NCHUNKS + 1
Z3FOLD_NR_LISTS = Z3FOLD_NCHUNKS + 2

z3fold_header = np.dtype(
    [
        ("next", "u4", (3,)),  # links [LRU, BUDDY, WORK]: records; to itself = on no list
        ("prev", "u4", (3,)),
        ("pfn", "u4"),  # its page frame
        ("owner", "u4"),  # the pool's number + 1; 0 = unused, or a list head
        ("refcount", "i4"),  # objects, queued work, reclaim and isolation
        ("mappings", "i4"),  # the lab's count of mappings
        ("page_state", "u1"),  # Z3FOLD_* flags
        ("listed", "u1"),  # 1 = has a processor: a free in the page queues work
        ("mapped_count", "u1"),  # mappings, as two bits hold them
        ("foreign_handles", "u1"),  # objects that came from other pages
        ("start_middle", "u1"),  # first chunk of the middle object
        ("chunks", "u1", (Z3FOLD_BUDDIES,)),  # size of each object, chunks; 0 = none
        ("handles", "i8", (Z3FOLD_BUDDIES,)),  # handle of each object; 0 = none
        ("words", "i8", (Z3FOLD_BUDDIES,)),  # without page bytes: what the owner wrote in front
    ],
    align=True,
)
