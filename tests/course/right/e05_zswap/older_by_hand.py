"""Drops the older entry by hand."""

LOSES = ()


def store_entry(mem, slot, data, which, length):
    """Store a compressed page under its slot: 0 or a negative errno."""
    zswap = mem.zswaps[0]
    number = zswap_entry_cache_alloc(zswap, mem.entries)
    if number == 0:
        zswap.reject_kmemcache_fail += 1
        return -ENOMEM
    mem.entries[number].slot = slot
    failed = store_object(mem, mem.entries[number], data, which, length)
    if failed:
        zswap_entry_cache_free(zswap, mem.entries, number)
        return failed
    if mem.slots[slot].entry:
        zswap.duplicate_entry += 1
        older = int(mem.slots[slot].entry)
        mem.slots[slot].entry = 0
        zswap_entry_put(mem, older, 1)
    mem.slots[slot].entry = number
    zswap.stored_pages += 1
    zswap.pool_pages = mem.pools[slot_pool(mem, slot)].pages_nr
    return 0
