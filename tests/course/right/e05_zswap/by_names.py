"""Unpacks the machine by names; drops the older entry by hand."""

LOSES = ()


def store_entry(slot, data, which, length, *machine):
    """Store a compressed page under its slot: 0 or a negative errno."""
    _, _, _, pools, _, _, zswaps, areas, slots, entries, _ = machine
    zswap = zswaps[0]
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
        older = int(slots[slot].entry)
        slots[slot].entry = 0
        zswap_entry_put(older, 1, *machine)
    slots[slot].entry = number
    zswap.stored_pages += 1
    zswap.pool_pages = pools[slot_pool(areas, slots, slot)].pages_nr
    return 0
