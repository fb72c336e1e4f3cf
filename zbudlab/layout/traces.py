"""Recorded traces: record types."""

import numpy as np

# An event of a recorded trace.
block_event = np.dtype(
    [
        ("time", "i8"),  # nanoseconds since the trace's zero; -1 = unknown
        ("pfn", "i8"),  # first frame of the block on the traced machine; NO_FRAME = refused
        ("order", "u1"),
        ("migratetype", "u1"),  # with the traced kernel's number
        ("alloc", "u1"),  # 1 = allocated, 0 = freed
    ],
    align=True,
)
NO_FRAME = 1 << 52  #: larger than any frame number

page_use = np.dtype(
    [
        ("page", "i8"),  # virtual page number
        ("write", "u1"),  # 1 = written
    ],
    align=True,
)

# Blocks of a traced machine and their frames here: an open-addressed table.
traced_block = np.dtype(
    [
        ("key", "i8"),  # first frame there + 1; 0 = no entry
        ("frame", "i8"),  # first frame here; -1 = none was free
        ("order", "i8"),
    ],
    align=True,
)
