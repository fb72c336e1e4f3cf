"""Drops all references, so that a reader uses a freed entry."""

LOSES = ("invalidate",)


def zswap_invalidate_page(mem, slot):
    """Forget what is stored for a slot, if anything is."""
    number = int(mem.slots[slot].entry)
    if number:
        mem.slots[slot].entry = 0
        zswap_entry_put(mem, number, 2)
