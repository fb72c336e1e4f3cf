"""Forgets to unmap the object: the page is never empty."""

LOSES = ("writeback", "golden", "machine")


def zswap_writeback_begin(pool, handle, *machine):
    """The entry, in use, of the slot that the object behind a handle names; 0 = none."""
    slots, entries = machine[SLOTS], machine[ENTRIES]
    address = zbud_map(*machine[:ZBUD], pool, handle)
    if address == 0:
        return 0
    swap_entry = read_swp_entry(machine[POOLS][pool], machine[ROWS], machine[FRAMES], address)
    number = int(slots[swp_entry_slot(machine[AREAS], swap_entry)].entry)
    if number:
        entries[number].refcount += 1
    unmapped = 0
    if number and unmapped == -EFAULT:
        zswap_entry_put(number, 1, *machine)
        return 0
    return number


def zswap_writeback_end(number, error, kept, *machine):
    """After the write: 0 if the entry is gone, -EAGAIN if somebody still uses it."""
    machine[ZSWAPS][0].written_back_pages += 1
    if zswap_entry_put(number, 2, *machine):
        return 0
    zswap_rb_erase(machine[SLOTS], machine[ENTRIES], number)
    return -EAGAIN
