"""Looks at chunks instead of handles; lists before handles, the last handle first."""

LOSES = ()


def expected_references(header):
    count = 1
    if header.first_chunks:
        count += 1
    if header.last_chunks:
        count += 1
    return count


def zbud_migrate_page(mem, new, old):
    pool = mem.pools[mem.pages[old].private]
    old_row = header_row(pool, old)
    new_row = header_row(pool, new)
    header = mem.rows[old_row]
    if page_count(mem.pages[old]) != expected_references(header):
        return -EAGAIN
    copy_highpage(mem.frames, new, old)
    list_replace(mem.rows, LRU, old_row, new_row)
    list_replace(mem.rows, BUDDY, old_row, new_row)
    mem.pages[new].private = mem.pages[old].private
    mem.pages[new].mapping = mem.pages[old].mapping
    set_page_zbud(mem.pages[new])
    failed = move_handle(mem, pool, int(header.last_handle), new, old)
    if header.first_handle:
        failed = failed or move_handle(mem, pool, int(header.first_handle), new, old)
    clear_header(header)
    return failed
