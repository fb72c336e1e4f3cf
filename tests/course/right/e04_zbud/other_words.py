"""Two early answers, the tree last, chunks by the negative."""

LOSES = ()


def size_to_chunks(size):
    return -(-size // 64)


def free_buddy(zones, pages, blocks, pools, rows, nodes, number, pfn, buddy):
    """Take a buddy out of its page for good; an empty page leaves the pool."""
    row, pool = header_row(pools[number], pfn), pools[number]
    header = rows[row]
    list_del(rows, BUDDY, row)
    if buddy == FIRST:
        handle, header.first_handle, header.first_chunks = header.first_handle, 0, 0
    else:
        handle, header.last_handle, header.last_chunks = header.last_handle, 0, 0
    radix_tree_delete(nodes, pool, int(handle))
    if is_empty(header):
        list_del(rows, LRU, row)
        pool.pages_nr -= 1
    else:
        add_to_home_list(pool, rows, row)
    zbud_put_page(zones, pages, blocks, pfn)
