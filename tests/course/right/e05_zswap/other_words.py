"""Compares the other way round; asks in another order."""

LOSES = ()


def zswap_is_full(zswap):
    """Whether the pool has more than its share of memory."""
    share = zswap.max_pool_percent * zswap.totalram_pages // 100
    return bool(zswap.pool_pages > share)


def zswap_load_begin(mem, slot, where):
    """The entry of a slot, in use and mapped; -EPERM = zswap has not got the page."""
    number = int(mem.slots[slot].entry)
    if number and mem.slots[slot].frontswap:
        map_entry(mem, number, where)
        mem.entries[number].refcount += 1
        return number
    return -EPERM


def zswap_load_end(mem, number):
    """End a load."""
    unmap_entry(mem, number)
    zswap_entry_put(mem, number, 1)
