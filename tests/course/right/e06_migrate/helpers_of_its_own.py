"""Helper functions, references moved by numbers, list_add next to the old page."""

LOSES = ()


def move_handle(mem, pool, handle, new, old):
    if handle == 0:
        return 0
    slot = radix_tree_lookup_slot(mem.nodes, pool, handle)
    if slot < 0 or radix_tree_deref_slot(mem.nodes, pool, slot) != old + 1:
        return -EINVAL
    radix_tree_replace_slot(mem.nodes, pool, slot, new + 1)
    mem.pages[new].refcount += 1
    mem.pages[old].refcount -= 1
    return 0


def in_place_of(rows, link, old_row, new_row):
    list_add(rows, link, new_row, old_row)
    list_del(rows, link, old_row)


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
    failed = move_handle(mem, pool, int(header.first_handle), new, old)
    failed |= move_handle(mem, pool, int(header.last_handle), new, old)
    for link in (LRU, BUDDY):
        in_place_of(mem.rows, link, old_row, new_row)
    clear_header(header)
    return failed
