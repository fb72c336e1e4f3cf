"""The driver: where it is in its work, what it counts, and why it stops."""

import numpy as np

# Why compiled code returns to the host.
STOP_DONE = 0  # all is done
STOP_MEMORY = 1  # no memory, although pages were reclaimed
STOP_ROOM = 2  # tables must grow before pages can be stored
STOP_SHRINK = 3  # the host writes pages out: bytes, or a device or compressor in Python
STOP_SWAP_IN = 4  # the host reads a page back
STOP_OPERATION = 5  # the host runs the operation of the log that is next
STOP_DIFFERS = 6  # the operation gave a different answer from the log's

# What the driver does next with a fault.
PHASE_FAULTS = 0  # faults that need neither reclaim nor swap
PHASE_KSWAPD = 1  # reclaim up to the high watermark, then PHASE_ONE
PHASE_ONE = 2  # one fault, down to the min watermark
PHASE_DIRECT = 3  # reclaim for that fault, then PHASE_ONE again
PHASE_ANSWER = 4  # the host has read the page of that fault: `answer`

# What is done with a page once it is in memory.
ACCESS_TOUCH = 0
ACCESS_LENGTHS = 1  # note its compressed length, and mark it as written
ACCESS_STORE = 2  # write its bytes
ACCESS_FETCH = 3  # read its bytes

# How a page came into memory; 0 = its first touch.
ARRIVED_ZSWAP = 1
ARRIVED_DEVICE = 2
ARRIVED_CACHE = 3
ARRIVED_ZEROS = 4

# Operations of a log that the driver runs; the host runs all others.
RUN_BY_HOST = 0
RUN_ALLOC_PAGES = 1
RUN_FREE_PAGES = 2
RUN_ZBUD_ALLOC = 3
RUN_ZBUD_FREE = 4
RUN_ZBUD_MAP = 5
RUN_ZBUD_UNMAP = 6
RUN_TOUCH = 7
RUN_WRITE_LENGTHS = 8

LAB_POOL = 1  #: the zbud pool of the user's objects; zswap's pool has number 0

#: Events that the driver counts, named as in /proc/vmstat.
DRIVER_EVENTS = ("pgfault", "pgmajfault", "allocstall", "pageoutrun", "pswpout")

progress = np.dtype(
    [
        ("operation", "i8"),  # operations of a log that are done
        ("running", "i8"),  # whether the next one has begun
        ("stop", "i8"),  # STOP_*, why it is not done yet
        ("host_swaps", "i8"),  # whether the host writes pages out and reads them back
        ("phase", "i8"),  # PHASE_*
        ("owner", "i8"),  # the process that accesses its pages
        ("write", "i8"),  # whether it writes them
        ("access", "i8"),  # ACCESS_*
        ("place", "i8"),  # accesses done
        ("answer", "i8"),  # of the host, in PHASE_ANSWER: a frame or NEED_RECLAIM
        ("wanted", "i8"),  # reclaim: pages to free
        ("freed", "i8"),
        ("priority", "i8"),  # of the round
        ("scan", "i8"),  # pages left to scan in the round
        ("freed_before", "i8"),  # pages freed before the round
        ("errors_before", "i8"),  # write errors before the round
        ("failing", "i8"),  # rounds in a row in which all writes failed
        ("failures", "i8"),  # runs of reclaim in a row that freed nothing
        ("count", "i8"),  # pages isolated; for STOP_SHRINK: pages to scan
        ("unmapped", "i8"),  # of these, pages that have a swap slot
        ("writing", "i8"),  # whether these wait to be written out
        ("reserved", "i8"),  # whether the host has made room for them
        ("write_errors", "i8"),
        ("device_writes", "i8"),
        ("device_reads", "i8"),
        *[(event, "i8") for event in DRIVER_EVENTS],
    ],
    align=True,
)
