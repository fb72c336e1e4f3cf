"""Looks at chunks in the place of handles; lists before handles, the last handle first."""

LOSES = ()


def expected_references(header):
    count = 1
    if header.first_chunks:
        count += 1
    if header.last_chunks:
        count += 1
    return count


def zbud_migrate_page(zones, pages, blocks, pools, rows, nodes, frames, new, old):
    pool = pools[pages[old].private]
    old_row = header_row(pool, old)
    new_row = header_row(pool, new)
    header = rows[old_row]
    if page_count(pages[old]) != expected_references(header):
        return -EAGAIN
    copy_highpage(frames, new, old)
    list_replace(rows, LRU, old_row, new_row)
    list_replace(rows, BUDDY, old_row, new_row)
    pages[new].private = pages[old].private
    pages[new].mapping = pages[old].mapping
    set_page_zbud(pages[new])
    failed = move_handle(pool, nodes, pages, int(header.last_handle), new, old)
    if header.first_handle:
        failed = failed or move_handle(pool, nodes, pages, int(header.first_handle), new, old)
    clear_header(header)
    return failed
