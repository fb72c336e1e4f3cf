"""Takes all users off, so that somebody reads a freed entry."""

LOSES = ("invalidate", "golden")


def zswap_invalidate_page(slot, *machine):
    """Forget what is stored for a slot, if anything is."""
    slots = machine[SLOTS]
    number = int(slots[slot].entry)
    if number:
        slots[slot].entry = 0
        zswap_entry_put(number, 2, *machine)
