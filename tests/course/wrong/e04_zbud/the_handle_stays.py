"""The handle is not taken out of the tree, which grows and grows: only a whole machine shows it."""

LOSES = ("free",)


def free_buddy(mem, number, pfn, buddy):
    """Take a buddy out of its page for good; an empty page leaves the pool."""
    pool = mem.pools[number]
    row = header_row(pool, pfn)
    header = mem.rows[row]
    if buddy == FIRST:
        header.first_handle, header.first_chunks = 0, 0
    else:
        header.last_handle, header.last_chunks = 0, 0
    list_del(mem.rows, BUDDY, row)
    if is_empty(header):
        list_del(mem.rows, LRU, row)
        pool.pages_nr -= 1
    else:
        add_to_home_list(pool, mem.rows, row)
    zbud_put_page(mem, pfn)
