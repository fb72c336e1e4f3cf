"""Does not take note of the pool"s new size, so the limit is never reached."""

LOSES = ("store", "golden", "machine")


def store_entry(slot, data, which, length, *machine):
    """Store a compressed page under its slot: 0 or a negative errno."""
    _pools, _areas, slots, entries = (
        machine[POOLS],
        machine[AREAS],
        machine[SLOTS],
        machine[ENTRIES],
    )
    zswap = machine[ZSWAPS][0]
    number = zswap_entry_cache_alloc(zswap, entries)
    if number == 0:
        zswap.reject_kmemcache_fail += 1
        return -ENOMEM
    entries[number].slot = slot
    failed = store_object(entries[number], data, which, length, *machine)
    if failed:
        zswap_entry_cache_free(zswap, entries, number)
        return failed
    if slots[slot].entry:
        zswap.duplicate_entry += 1
        zswap_invalidate_page(slot, *machine)
    slots[slot].entry = number
    zswap.stored_pages += 1
    return 0
