"""Says that the entry is gone while somebody still reads it."""

LOSES = ("writeback",)

CHANGES = {
    "zswap_writeback_end": [("return -EAGAIN", "return 0")],
}
