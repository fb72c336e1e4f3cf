"""Stays a user after the load: the entry is never freed."""

LOSES = ("load", "golden", "machine")


def zswap_load_begin(slot, where, *machine):
    """The entry of a slot, in use and mapped; -EPERM = zswap has not got the page."""
    slots, entries = machine[SLOTS], machine[ENTRIES]
    number = int(slots[slot].entry)
    if not slots[slot].frontswap or number == 0:
        return -EPERM
    entries[number].refcount += 1
    map_entry(number, where, *machine)
    return number


def zswap_load_end(number, *machine):
    """End a load."""
    unmap_entry(number, *machine)
