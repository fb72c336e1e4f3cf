"""A loop that counts, and a page prepared by a separate function."""

LOSES = ()


def find_hole(pool, rows, chunks):
    free_chunks = chunks
    while free_chunks < NCHUNKS:
        first = rows[pool_list(pool, free_chunks)].next[BUDDY]
        if first != pool_list(pool, free_chunks):
            return first
        free_chunks += 1
    return -1


def a_page(mem, pool, number, migratetype):
    pfn = alloc_pages(mem, 0, migratetype)
    return pfn if pfn < 0 else init_zbud_page(mem, pool, number, pfn)


def zbud_alloc(mem, number, size, migratetype):
    if not 0 < size <= ZBUD_MAX_SIZE:
        return -EINVAL if size <= 0 else -ENOSPC
    pool, chunks = mem.pools[number], size_to_chunks(size)
    row = find_hole(pool, mem.rows, chunks)
    if row >= 0:
        list_del(mem.rows, BUDDY, row)
        list_del(mem.rows, LRU, row)
        get_page(mem.pages[row_pfn(pool, row)])
    else:
        row = a_page(mem, pool, number, migratetype)
        if row < 0:
            return row
        pool.pages_nr += 1
    header, pfn = mem.rows[row], row_pfn(pool, row)
    if header.first_chunks:
        handle = new_handle(pool, mem.nodes, header, pfn, LAST)
        header.last_chunks = chunks
    else:
        handle = new_handle(pool, mem.nodes, header, pfn, FIRST)
        header.first_chunks = chunks
    add_to_home_list(pool, mem.rows, row)
    list_add(mem.rows, LRU, row, pool_list(pool, LRU_LIST))
    return handle
