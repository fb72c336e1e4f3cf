"""Leaves the old page on the list of its free chunks."""

LOSES = ("lists", "golden", "machine")


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
    failed = move_handle(pool, nodes, pages, int(header.first_handle), new, old)
    failed |= move_handle(pool, nodes, pages, int(header.last_handle), new, old)
    list_replace(rows, LRU, old_row, new_row)
    clear_header(header)
    return failed
