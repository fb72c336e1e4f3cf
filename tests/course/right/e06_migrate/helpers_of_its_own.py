"""Helper functions, references moved by numbers, list_add next to the old page."""

LOSES = ()


def move_handle(pool, nodes, pages, handle, new, old):
    if handle == 0:
        return 0
    slot = radix_tree_lookup_slot(nodes, pool, handle)
    if slot < 0 or radix_tree_deref_slot(nodes, pool, slot) != old + 1:
        return -EINVAL
    radix_tree_replace_slot(nodes, pool, slot, new + 1)
    pages[new].refcount += 1
    pages[old].refcount -= 1
    return 0


def in_place_of(rows, link, old_row, new_row):
    list_add(rows, link, new_row, old_row)
    list_del(rows, link, old_row)


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
    for link in (LRU, BUDDY):
        in_place_of(rows, link, old_row, new_row)
    clear_header(header)
    return failed
