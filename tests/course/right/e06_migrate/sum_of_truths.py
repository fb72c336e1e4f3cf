"""Counts in other words, and moves the handles in a loop."""

LOSES = ()


def expected_references(header):
    return 1 + sum(handle > 0 for handle in (header.first_handle, header.last_handle))


def zbud_migrate_page(mem, new, old):
    pool = mem.pools[mem.pages[old].private]
    old_row = header_row(pool, old)
    new_row = header_row(pool, new)
    header = mem.rows[old_row]
    if page_count(mem.pages[old]) != expected_references(header):
        return -EAGAIN
    set_page_zbud(mem.pages[new])
    mem.pages[new].mapping = mem.pages[old].mapping
    mem.pages[new].private = mem.pages[old].private
    copy_highpage(mem.frames, new, old)
    failed = 0
    for handle in (header.first_handle, header.last_handle):
        failed = failed or move_handle(mem, pool, int(handle), new, old)
    list_replace(mem.rows, LRU, old_row, new_row)
    list_replace(mem.rows, BUDDY, old_row, new_row)
    clear_header(header)
    return failed
