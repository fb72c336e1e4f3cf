"""e06_migrate under other rules: what the package does not contain."""

from zbudlab.layout import BUDDY, EAGAIN, LRU, LRU_LIST
from zbudlab.mm.list_head import list_add, list_del
from zbudlab.mm.page import copy_highpage, page_count, set_page_zbud
from zbudlab.mm.zbud_header import add_to_home_list, clear_header, header_row, pool_list
from zbudlab.mm.zbud_migrate import expected_references, move_handle


def migrate_to_the_front(mem, new, old):
    """Move a zbud page; it becomes the newest on both of its lists."""
    pool = mem.pools[mem.pages[old].private]
    old_row, new_row = header_row(pool, old), header_row(pool, new)
    header = mem.rows[old_row]
    if page_count(mem.pages[old]) != expected_references(header):
        return -EAGAIN
    set_page_zbud(mem.pages[new])
    mem.pages[new].mapping = mem.pages[old].mapping
    mem.pages[new].private = mem.pages[old].private
    copy_highpage(mem.frames, new, old)
    failed = move_handle(mem, pool, int(header.first_handle), new, old)
    failed |= move_handle(mem, pool, int(header.last_handle), new, old)
    list_del(mem.rows, LRU, old_row)
    list_del(mem.rows, BUDDY, old_row)
    list_add(mem.rows, LRU, new_row, pool_list(pool, LRU_LIST))
    add_to_home_list(pool, mem.rows, new_row)
    clear_header(header)
    return failed


FUNCTIONS = {"moved-is-new": {"zbud_migrate_page": migrate_to_the_front}}
