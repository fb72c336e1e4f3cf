"""Forgets to unmap the object: the page is never empty."""

LOSES = ("writeback",)

CHANGES = {
    "zswap_writeback_begin": [("unmapped = zpool_unmap_handle(mem, pool, handle)", "unmapped = 0")],
}
