"""The second object of a page takes no reference."""

LOSES = ("alloc", "golden", "machine")


def zbud_alloc(zones, pages, blocks, pools, rows, nodes, number, size, migratetype):
    """A handle for `size` bytes in pool `number`, or -EINVAL, -ENOSPC, -ENOMEM."""
    if size <= 0:
        return -EINVAL
    if size > ZBUD_MAX_SIZE:
        return -ENOSPC
    pool = pools[number]
    chunks = size_to_chunks(size)
    row = find_hole(pool, rows, chunks)
    fresh = row < 0
    if fresh:
        pfn = alloc_pages(zones, pages, blocks, 0, migratetype)
        if pfn < 0:
            return pfn
        row = init_zbud_page(pool, rows, pages, number, pfn)
    pfn = row_pfn(pool, row)
    header = rows[row]
    buddy = LAST if header.first_chunks else FIRST
    handle = new_handle(pool, nodes, header, pfn, buddy)
    if fresh:
        pool.pages_nr += 1
    else:
        list_del(rows, BUDDY, row)
        list_del(rows, LRU, row)
    if buddy == FIRST:
        header.first_chunks = chunks
    else:
        header.last_chunks = chunks
    add_to_home_list(pool, rows, row)
    list_add(rows, LRU, row, pool_list(pool, LRU_LIST))
    return handle
