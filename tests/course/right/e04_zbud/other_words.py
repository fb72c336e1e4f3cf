"""Two early answers, the tree last, chunks by the negative."""

LOSES = ()


def size_to_chunks(size):
    return -(-size // 64)


def free_buddy(mem, number, pfn, buddy):
    """Take a buddy out of its page for good; an empty page leaves the pool."""
    row, pool = header_row(mem.pools[number], pfn), mem.pools[number]
    header = mem.rows[row]
    list_del(mem.rows, BUDDY, row)
    if buddy == FIRST:
        handle, header.first_handle, header.first_chunks = header.first_handle, 0, 0
    else:
        handle, header.last_handle, header.last_chunks = header.last_handle, 0, 0
    radix_tree_delete(mem.nodes, pool, int(handle))
    if is_empty(header):
        list_del(mem.rows, LRU, row)
        pool.pages_nr -= 1
    else:
        add_to_home_list(pool, mem.rows, row)
    zbud_put_page(mem, pfn)
