"""Says that the entry is gone while it is still being read."""

LOSES = ("writeback",)

CHANGES = {
    "zswap_writeback_end": [("return -EAGAIN", "return 0")],
}
