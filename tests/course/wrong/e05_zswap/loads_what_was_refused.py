"""Gives an older page than the one that was stored last."""

LOSES = ("load", "golden")


def zswap_load_begin(slot, where, *machine):
    """The entry of a slot, in use and mapped; -EPERM = zswap has not got the page."""
    slots, entries = machine[SLOTS], machine[ENTRIES]
    number = int(slots[slot].entry)
    if number == 0:
        return -EPERM
    entries[number].refcount += 1
    map_entry(number, where, *machine)
    return number


def zswap_load_end(number, *machine):
    """End a load."""
    unmap_entry(number, *machine)
    zswap_entry_put(number, 1, *machine)
