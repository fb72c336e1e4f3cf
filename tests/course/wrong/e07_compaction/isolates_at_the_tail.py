"""Puts isolated pages last on the list: they move in another order."""

LOSES = ("isolate", "golden")


def isolate_movable_page(zones, pages, cc, pfn):
    """Put a page that can move first on the list of pages to move, with a reference."""
    zone = zones[0]
    if page_zbud(pages[pfn]) and zone.zpool_movable:
        get_page(pages[pfn])
    elif isolate_lru_page(zone, pages, pfn):
        cc.finished_update_migrate = 1
    else:
        return
    list_add_tail(pages, LRU, pfn, migratepages(zone))
    cc.nr_migratepages += 1
    cc.isolated += 1


from zbudlab.mm.list_head import list_add_tail  # noqa: E402
