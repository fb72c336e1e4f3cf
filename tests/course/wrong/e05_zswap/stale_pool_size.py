"""Does not take note of the pool"s new size, so the limit is never reached."""

LOSES = ("store",)


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
        zswap_invalidate_page(mem, slot)
    mem.slots[slot].entry = number
    zswap.stored_pages += 1
    return 0
