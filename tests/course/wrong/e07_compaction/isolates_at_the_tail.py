"""Puts isolated pages last on the list: they move in another order."""

LOSES = ("isolate",)


def isolate_movable_page(mem, cc, pfn):
    """Put a page that can move first on the list of pages to move, with a reference."""
    zone = mem.zones[0]
    if page_zbud(mem.pages[pfn]) and zone.zpool_movable:
        get_page(mem.pages[pfn])
    elif isolate_lru_page(zone, mem.pages, pfn):
        cc.finished_update_migrate = 1
    else:
        return
    list_add_tail(mem.pages, LRU, pfn, migratepages(zone))
    cc.nr_migratepages += 1
    cc.isolated += 1


from zbudlab.mm.list_head import list_add_tail  # noqa: E402
