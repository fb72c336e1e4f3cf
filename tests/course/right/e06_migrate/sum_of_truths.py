"""Counts in other words, and moves the handles in a loop."""

LOSES = ()


def expected_references(header):
    return 1 + sum(handle > 0 for handle in (header.first_handle, header.last_handle))


def zbud_migrate_page(zones, pages, blocks, pools, rows, nodes, frames, new, old):
    pool = pools[pages[old].private]
    old_row = header_row(pool, old)
    new_row = header_row(pool, new)
    header = rows[old_row]
    if page_count(pages[old]) != expected_references(header):
        return -EAGAIN
    set_page_zbud(pages[new])
    pages[new].mapping = pages[old].mapping
    pages[new].private = pages[old].private
    copy_highpage(frames, new, old)
    failed = 0
    for handle in (header.first_handle, header.last_handle):
        failed = failed or move_handle(pool, nodes, pages, int(handle), new, old)
    list_replace(rows, LRU, old_row, new_row)
    list_replace(rows, BUDDY, old_row, new_row)
    clear_header(header)
    return failed
