"""Every interleaving: record types and codes of the explorer (`zbudlab.races`)."""

import numpy as np

# Kinds of actors that have compiled steps.
ACTOR_USER = 0  # map, read, unmap a handle
ACTOR_FREE = 1
ACTOR_COMPACT = 2
ACTOR_LOAD = 3
ACTOR_STORE = 4
ACTOR_INVALIDATE = 5
ACTOR_WRITEBACK = 6  # reclaim of a page of the pool, which writes back its objects
ACTOR_PROGRAM = 7  # a Python generator, whose requests are the steps
ACTOR_CMA = 8  # a request for the pageblock that the page is in
ACTOR_COUNTER = 9  # adds one to a counter that it shares with others

# RACE_DOORS + ACTOR_*: what the door of an actor's steps is opened with (`zbudlab.jit.doors`).
RACE_DOORS = 100

# Halves that one step joins, for comparison with tables that count them as one.
MERGE_ISOLATE = 1
MERGE_UNMAP = 2

# An actor between two steps. What it will not read again is 0, so that equal moments are equal.
actor = np.dtype(
    [
        ("kind", "i8"),  # ACTOR_*
        ("pc", "i8"),  # the next step; -1 = finished
        ("merge", "i8"),  # MERGE_*
        ("pool", "i8"),
        ("handle", "i8"),
        ("pfn", "i8"),  # the page it works on
        ("new", "i8"),  # migration's target
        ("address", "i8"),  # an address that it may use, bytes; 0 = none
        ("word", "i8"),  # content that it expects, read or will write
        ("failed", "i8"),  # what a function answered
        ("slot", "i8"),  # swap slot
        ("entry", "i8"),  # zswap's entry
        ("head", "i8"),  # of its list of isolated pages, counted from MIGRATEPAGES
        ("passes", "i8"),  # how often it tries to move its page
        ("tries", "i8"),
        ("wait", "i8"),  # 1 = it waits for the lock of a page, 0 = the page then stays (-EAGAIN)
        ("uncounted", "i8"),  # 1 = it migrates without the test of the page's references
        ("block", "i8"),  # a CMA request: the first frame of its pageblock
        ("handles", "i8", (4,)),  # reclaim: objects to evict
        ("next_handle", "i8"),  # reclaim: the next of them
    ],
    align=True,
)

# What a step answers: 0, or one of these.
BLOCKED = -1  # it waits for a lock and has changed nothing
FAULT_MOVED = 1
FAULT_GONE = 2
FAULT_CONTENT = 3
FAULT_FROM_ZERO = 4
FAULT_STALE_HEADER = 5
FAULT_EMPTIED = 6
FAULT_TWO_LISTS = 7
FAULT_REFERENCES = 8
FAULT_POOL = 9
FAULT_LEAK = 10
FAULT_ORDER = 11
FAULT_DEADLOCK = 12
FAULT_OVERWRITTEN = 13
FAULT_LOCK = 14
FAULT_ENTRY = 15
FAULT_ENTRIES = 16
FAULT_LOST_UPDATE = 17

# What the swap device holds for a slot, and which store was the newest.
race_slot = np.dtype(
    [
        ("written", "i8"),  # content of the slot on the device
        ("newest", "i8"),  # content that was stored last, wherever it is
        ("cached", "i8"),  # 1 = the slot has a page in the swap cache
    ],
    align=True,
)

# A state that the search has found. `succ` of the search has its edges.
race_state = np.dtype(
    [
        ("hash", "u8"),
        ("check", "u8"),  # a second, independent hash
        ("at", "i8"),  # its changed words in the ring
        ("words", "i4"),  # how many
        ("parent", "i4"),
        ("by", "i2"),  # the actor whose step led here first
        ("end", "i2"),  # 0 = goes on; 1 = all have finished; -FAULT_* = and this is wrong
    ],
    align=True,
)
