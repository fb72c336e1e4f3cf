"""Gives an older page than the one that was stored last."""

LOSES = ("load",)

CHANGES = {
    "zswap_load_begin": [("if not mem.slots[slot].frontswap or number == 0:", "if number == 0:")],
}
