"""Asks for the kind of page first."""

LOSES = ()


def isolate_movable_page(mem, cc, pfn):
    """Put a page that can move first on the list of pages to move, with a reference."""
    zone = mem.zones[0]
    if page_zbud(mem.pages[pfn]):
        if not zone.zpool_movable:
            return
        mem.pages[pfn].refcount += 1
    else:
        if not isolate_lru_page(zone, mem.pages, pfn):
            return
        cc.finished_update_migrate = 1
    list_add(mem.pages, LRU, pfn, migratepages(zone))
    cc.nr_migratepages += 1
    cc.isolated += 1


def putback_movable_page(mem, pfn):
    """Undo the isolation of a page that is on no list now."""
    back = put_page if page_zbud(mem.pages[pfn]) else putback_lru_page
    back(mem, pfn)
