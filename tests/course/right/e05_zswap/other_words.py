"""Compares the other way round; asks in another order."""

LOSES = ()


def zswap_is_full(zswap):
    """Whether the pool has more than its share of memory."""
    share = zswap.max_pool_percent * zswap.totalram_pages // 100
    return bool(zswap.pool_pages > share)


def zswap_load_begin(slot, where, *machine):
    """The entry of a slot, in use and mapped; -EPERM = zswap has not got the page."""
    slots, entries = machine[SLOTS], machine[ENTRIES]
    number = int(slots[slot].entry)
    if number and slots[slot].frontswap:
        map_entry(number, where, *machine)
        entries[number].refcount += 1
        return number
    return -EPERM


def zswap_load_end(number, *machine):
    """End a load."""
    unmap_entry(number, *machine)
    zswap_entry_put(number, 1, *machine)
