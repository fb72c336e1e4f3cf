"""Does not count a load as a user: its end frees the entry."""

LOSES = ("load", "golden", "machine")


def zswap_load_begin(slot, where, *machine):
    """The entry of a slot, in use and mapped; -EPERM = zswap has not got the page."""
    slots, _entries = machine[SLOTS], machine[ENTRIES]
    number = int(slots[slot].entry)
    if not slots[slot].frontswap or number == 0:
        return -EPERM
    map_entry(number, where, *machine)
    return number


def zswap_load_end(number, *machine):
    """End a load."""
    unmap_entry(number, *machine)
    zswap_entry_put(number, 1, *machine)
