"""Never isolates zbud pages, which then stand in the way."""

LOSES = ("isolate", "golden", "machine")


def isolate_movable_page(zones, pages, cc, pfn):
    """Put a page that can move first on the list of pages to move, with a reference."""
    zone = zones[0]
    if isolate_lru_page(zone, pages, pfn):
        cc.finished_update_migrate = 1
    else:
        return
    list_add(pages, LRU, pfn, migratepages(zone))
    cc.nr_migratepages += 1
    cc.isolated += 1
