"""Clears the old header before it looks there for the handles."""

LOSES = ("handles", "golden", "machine")


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
    clear_header(header)
    failed = move_handle(pool, nodes, pages, int(header.first_handle), new, old)
    failed |= move_handle(pool, nodes, pages, int(header.last_handle), new, old)
    list_replace(rows, LRU, old_row, new_row)
    list_replace(rows, BUDDY, old_row, new_row)
    return failed
