"""The object's reference is not given back."""

LOSES = ("free", "golden", "machine")


def free_buddy(zones, pages, blocks, pools, rows, nodes, number, pfn, buddy):
    """Take a buddy out of its page for good; an empty page leaves the pool."""
    pool = pools[number]
    row = header_row(pool, pfn)
    header = rows[row]
    if buddy == FIRST:
        handle, header.first_handle, header.first_chunks = header.first_handle, 0, 0
    else:
        handle, header.last_handle, header.last_chunks = header.last_handle, 0, 0
    radix_tree_delete(nodes, pool, handle)
    list_del(rows, BUDDY, row)
    if is_empty(header):
        list_del(rows, LRU, row)
        pool.pages_nr -= 1
    else:
        add_to_home_list(pool, rows, row)
