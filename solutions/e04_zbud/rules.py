"""e04_zbud under other rules: what the package does not contain."""

from zbudlab.layout import BUDDY, NCHUNKS
from zbudlab.mm.list_head import list_empty
from zbudlab.mm.zbud_header import pool_list


def find_largest_hole(pool, rows, chunks):
    """The newest page with the largest hole of at least `chunks`; -1 = none."""
    for free_chunks in range(NCHUNKS - 1, chunks - 1, -1):
        head = pool_list(pool, free_chunks)
        if not list_empty(rows, BUDDY, head):
            return int(rows[head].next[BUDDY])
    return -1


FUNCTIONS = {"largest-hole": {"find_hole": find_largest_hole}}
