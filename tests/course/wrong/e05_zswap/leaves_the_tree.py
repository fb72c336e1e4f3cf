"""Forgets the slot and frees nothing."""

LOSES = ("invalidate", "golden", "machine")


def zswap_invalidate_page(slot, *machine):
    """Forget what is stored for a slot, if anything is."""
    slots = machine[SLOTS]
    number = int(slots[slot].entry)
    if number:
        slots[slot].entry = 0
