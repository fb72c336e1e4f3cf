"""Puts one user after the other; leaves the tree after the put."""

LOSES = ()


def zswap_invalidate_page(mem, slot):
    """Forget what is stored for a slot, if anything is."""
    number = int(mem.slots[slot].entry)
    if number:
        zswap_rb_erase(mem, number)
        zswap_entry_put(mem, number, 1)


def zswap_writeback_begin(mem, pool, handle):
    """The entry, in use, of the slot that the object behind a handle names; 0 = none."""
    address = zpool_map_handle(mem, pool, handle)
    if address < 0:
        return 0
    swap_entry = read_swp_entry(mem, pool, address)
    number = int(mem.slots[swp_entry_slot(mem.areas, swap_entry)].entry)
    if number:
        mem.entries[number].refcount += 1
    unmapped = zpool_unmap_handle(mem, pool, handle)
    if number and unmapped == -EFAULT:
        zswap_entry_put(mem, number, 1)
        return 0
    return number


def zswap_writeback_end(mem, number, error, kept):
    """After the write: 0 if the entry is gone, -EAGAIN if it is still in use."""
    mem.zswaps[0].written_back_pages += 1
    gone = zswap_entry_put(mem, number, 2)
    if gone:
        return 0
    zswap_rb_erase(mem, number)
    return -EAGAIN
